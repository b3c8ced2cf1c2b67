//go:build linux

package keyringtest

import (
	"bufio"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/godbus/dbus/v5"
)

const (
	secretName = "org.freedesktop.secrets"
	secretPath = dbus.ObjectPath("/org/freedesktop/secrets")
	loginPath  = secretPath + "/collection/login"

	// patience is how long a daemon gets for what takes it milliseconds.
	patience = 30 * time.Second
)

// Session is a session bus and, mostly, a keyring on it.
type Session struct {
	// Address is the address of the session bus.
	Address string

	t    testing.TB
	dir  string
	env  map[string]string
	bus  *exec.Cmd
	ring *exec.Cmd  // nil where none was started here
	conn *dbus.Conn // the test's own
}

// Unlocked is a session with an unlocked keyring.
func Unlocked(t testing.TB) *Session {
	t.Helper()
	s := start(t, "")
	s.daemon("--unlock")
	return s
}

// Locked is a session with a keyring that was locked. Nobody can be asked for
// its password.
func Locked(t testing.TB) *Session {
	t.Helper()
	s := Unlocked(t)
	s.Lock()
	return s
}

// NoCollection is a session whose keyring service the bus starts when it is
// asked for, for a user who has no keyring yet.
func NoCollection(t testing.TB) *Session {
	t.Helper()
	return start(t, "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets")
}

// NoService is a session whose bus knows of no keyring.
func NoService(t testing.TB) *Session {
	t.Helper()
	return start(t, "")
}

// NotAnswering is a session with an unlocked keyring whose daemon was stopped.
func NotAnswering(t testing.TB) *Session {
	t.Helper()
	s := Unlocked(t)
	s.Freeze()
	return s
}

// ComesNeverUp is a session whose bus starts a keyring service that never
// takes its name.
func ComesNeverUp(t testing.TB) *Session {
	t.Helper()
	return start(t, "/bin/sleep 600")
}

// Second is another bus of the same user, where the daemon of the first one
// serves already: started again, it does not come up.
func (s *Session) Second() *Session {
	s.t.Helper()
	other := &Session{t: s.t, dir: s.dir, env: maps.Clone(s.env)}
	s.t.Cleanup(other.end)
	other.startBus("second", "/usr/bin/gnome-keyring-daemon --start --foreground --components=secrets")
	return other
}

// start starts a bus. If service is not empty, the bus starts that command
// when somebody asks for the Secret Service.
func start(t testing.TB, service string) *Session {
	t.Helper()
	dir, err := os.MkdirTemp("", "ring") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	s := &Session{t: t, dir: dir}
	t.Cleanup(func() {
		s.end()
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove the keyring's directory: %v", err)
		}
	})
	s.env = map[string]string{
		"XDG_RUNTIME_DIR": filepath.Join(dir, "run"), "XDG_DATA_HOME": filepath.Join(dir, "data"),
		"XDG_CACHE_HOME": filepath.Join(dir, "cache"), "DISPLAY": "", "WAYLAND_DISPLAY": "", "GNOME_KEYRING_CONTROL": "",
		"XOPS_PASSPHRASE_FILE": "", "CREDENTIALS_DIRECTORY": "",
	}
	for _, name := range []string{"run", "data", "cache"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.startBus("bus", service)
	return s
}

const busConfig = `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
 <type>session</type><keep_umask/><auth>EXTERNAL</auth>
 <listen>unix:path=%s</listen>
 <servicedir>%s</servicedir>
 <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
`

func (s *Session) startBus(name, service string) {
	s.t.Helper()
	dir := filepath.Join(s.dir, name)
	services := filepath.Join(dir, "services")
	if err := os.MkdirAll(services, 0o700); err != nil {
		s.t.Fatal(err)
	}
	if service != "" {
		s.write(filepath.Join(services, secretName+".service"), "[D-BUS Service]\nName="+secretName+"\nExec="+service+"\n")
	}
	config := filepath.Join(dir, "bus.conf")
	s.write(config, fmt.Sprintf(busConfig, filepath.Join(dir, "socket"), services))
	s.bus = s.command("dbus-daemon", "--nofork", "--print-address", "--config-file="+config)
	out, err := s.bus.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	s.run(s.bus)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		s.t.Fatalf("dbus-daemon told no address: %v", err)
	}
	s.Address = strings.TrimSpace(line)
	s.env["DBUS_SESSION_BUS_ADDRESS"] = s.Address
	s.conn = s.connect()
}

// connect is a connection to the bus, closed when the test ends. A bus that
// does not answer fails the test.
func (s *Session) connect() *dbus.Conn {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	slow := time.AfterFunc(patience, cancel)
	defer slow.Stop()
	conn, err := dbus.Connect(s.Address, dbus.WithContext(ctx))
	if err != nil {
		cancel()
		s.t.Fatalf("connect to the session bus: %v", err)
	}
	s.t.Cleanup(func() { _ = conn.Close(); cancel() })
	return conn
}

// daemon starts gnome-keyring and waits until it serves, with --unlock until
// its keyring is open. On a busy machine the daemon can fall over its own start
// (it asserts that it knows who asks, before it does); then it is started again.
func (s *Session) daemon(args ...string) {
	s.t.Helper()
	for range 5 {
		ring := s.command("gnome-keyring-daemon", append([]string{"--foreground", "--components=secrets"}, args...)...)
		ring.Stdin = strings.NewReader("test only") // an empty password would unlock nothing
		s.ring = ring
		s.run(ring)
		fell := make(chan struct{})
		go func() { _ = ring.Wait(); close(fell) }()
		open := false
		s.until("the keyring is open", func() bool {
			select {
			case <-fell:
				return true
			default:
			}
			var locked dbus.Variant
			err := s.conn.Object(secretName, loginPath).Call("org.freedesktop.DBus.Properties.Get", dbus.FlagNoAutoStart, "org.freedesktop.Secret.Collection", "Locked").Store(&locked)
			open = err == nil && locked.Value() == false
			return open
		})
		if open {
			return
		}
	}
	s.t.Fatalf("the keyring's daemon ends by itself, again and again\n%s", s.logs())
}

// Lock locks the keyring.
func (s *Session) Lock() {
	s.t.Helper()
	var locked []dbus.ObjectPath
	var prompt dbus.ObjectPath
	if err := s.conn.Object(secretName, secretPath).Call("org.freedesktop.Secret.Service.Lock", 0, []dbus.ObjectPath{loginPath}).Store(&locked, &prompt); err != nil || len(locked) != 1 {
		s.t.Fatalf("lock the keyring: %v %v", locked, err)
	}
}

// Freeze stops the daemon, so that it does not answer.
func (s *Session) Freeze() { s.signal(s.owner(), syscall.SIGSTOP) }

// FreezeBus stops the bus, so that it takes connections and does not answer.
func (s *Session) FreezeBus() { s.signal(s.bus.Process.Pid, syscall.SIGSTOP) }

// Kill ends the daemon and waits until the bus knows.
func (s *Session) Kill() {
	s.t.Helper()
	s.signal(s.owner(), syscall.SIGKILL)
	s.until("the daemon is gone", func() bool {
		var owned bool
		return s.conn.BusObject().Call("org.freedesktop.DBus.NameHasOwner", 0, secretName).Store(&owned) == nil && !owned
	})
}

// EndBus ends the bus.
func (s *Session) EndBus() {
	_ = s.bus.Process.Kill()
	_, _ = s.bus.Process.Wait()
}

// owner is the process that serves the keyring.
func (s *Session) owner() int {
	s.t.Helper()
	var pid uint32
	if err := s.conn.BusObject().Call("org.freedesktop.DBus.GetConnectionUnixProcessID", 0, secretName).Store(&pid); err != nil {
		s.t.Fatalf("who serves the keyring: %v", err)
	}
	return int(pid)
}

func (s *Session) signal(pid int, sig syscall.Signal) {
	s.t.Helper()
	if err := syscall.Kill(pid, sig); err != nil {
		s.t.Fatal(err)
	}
}

// Map is what the session adds to an environment; an empty value is for what
// has to be unset.
func (s *Session) Map() map[string]string { return maps.Clone(s.env) }

// Env is the test's environment with the session's in its place, for a child
// process. There is no display in it; add DISPLAY for a person in front of one.
func (s *Session) Env() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		_, ours := s.env[name]
		return ours
	})
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		if s.env[name] != "" {
			env = append(env, name+"="+s.env[name])
		}
	}
	return env
}

// Use puts the test's own process into the session until the test ends. The
// connection that godbus shares in a process is closed then, or the next test
// would find this bus.
func (s *Session) Use(t *testing.T) {
	for name, v := range s.env {
		t.Setenv(name, v)
	}
	t.Cleanup(func() {
		_ = s.bus.Process.Signal(syscall.SIGCONT) // a frozen bus would be waited for
		if conn, err := dbus.SessionBus(); err == nil {
			_ = conn.Close()
		}
	})
}

// Search is how many items of that service the keyring has, as secret-tool
// sees it.
func (s *Session) Search(service string) int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "secret-tool", "search", "--all", "service", service)
	cmd.Env = s.Env()
	out, err := cmd.Output()
	if err != nil {
		s.t.Fatalf("secret-tool search: %v", err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		if strings.HasPrefix(line, "[/") {
			n++
		}
	}
	return n
}

// command is a command in the session, with a process group of its own.
func (s *Session) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Env = s.Env()
	cmd.Dir = s.dir
	// Should the test be killed, its daemons go too.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

func (s *Session) run(cmd *exec.Cmd) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(s.dir, filepath.Base(cmd.Path)+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer log.Close()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start %s: %v", cmd.Path, err)
	}
}

func (s *Session) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// until waits for a condition that comes true by itself within milliseconds.
func (s *Session) until(what string, holds func() bool) {
	s.t.Helper()
	deadline := time.Now().Add(patience)
	for range time.Tick(2 * time.Millisecond) {
		if holds() {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("waited in vain until %s\n%s", what, s.logs())
		}
	}
}

// logs is what the daemons said.
func (s *Session) logs() string {
	var b strings.Builder
	logs, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		fmt.Fprintf(&b, "%s: %s\n", filepath.Base(name), text)
	}
	return b.String()
}

// end kills whatever runs in the session, what the bus started included, and
// waits until it is gone.
func (s *Session) end() {
	for _, cmd := range []*exec.Cmd{s.bus, s.ring} {
		if cmd != nil && cmd.Process != nil {
			// The whole group at once: what the bus is starting just now may not
			// be seen yet.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			_, _ = cmd.Process.Wait()
		}
	}
	deadline := time.Now().Add(patience)
	for range time.Tick(2 * time.Millisecond) {
		left := processes(s.dir)
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		if time.Now().After(deadline) {
			s.t.Errorf("processes %v of the keyring do not end", left)
			return
		}
	}
}

// processes are those that run in the session: its directory is in their
// environment, or is where they were started. While a process becomes another
// program its environment cannot be seen.
func processes(dir string) []int {
	var pids []int
	entries, _ := os.ReadDir("/proc")
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		env, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		in, _ := os.Readlink(filepath.Join("/proc", e.Name(), "cwd"))
		if in == dir || strings.Contains(string(env), "XDG_RUNTIME_DIR="+dir+"/") {
			pids = append(pids, pid)
		}
	}
	return pids
}
