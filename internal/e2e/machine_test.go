//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
)

// binary is the product as it is released; TestMain builds it once.
var binary string

// machine is a computer of somebody who links an account: a home directory, a
// session with a keyring or without, a tenant behind a proxy, and who
// administers that.
type machine struct {
	t      testing.TB
	ring   *keyringtest.Session // nil where there is no session at all
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	proxy  *simproxy.Proxy
	home   string
	extra  []string // of the environment
	client string   // of the app that was registered last

	debug    bool // commands write a log of their calls
	hoard    *hoard
	mayHave  map[string]string // of files of the person's own, which kind of secret is in it
	watching sync.Mutex
	watched  []*watched
}

// at is a machine with that session; nil for none.
func at(t testing.TB, ring *keyringtest.Session) *machine {
	t.Helper()
	cloud := simcloud.New(nil)
	cloud.KeepSecrets()
	m := &machine{t: t, ring: ring, cloud: cloud, home: t.TempDir(), hoard: newHoard(), mayHave: map[string]string{}}
	m.tenant = cloud.AddTenant(simcloud.TenantSpec{
		Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"},
		Licensed: true, Reviews: []string{"Guests quarterly"},
	})
	proxy, err := simproxy.Start(cloud)
	if err != nil {
		t.Fatal(err)
	}
	m.proxy = proxy
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Errorf("close the proxy: %v", err)
		}
		if r := proxy.Refused(); len(r) > 0 {
			t.Errorf("hosts were asked that are no cloud's: %v", r)
		}
	})
	for _, dir := range []string{"Downloads", "tmp", "work"} {
		if err := os.Mkdir(filepath.Join(m.home, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

// environment is all that the program finds there.
func (m *machine) environment() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + m.home, "TMPDIR=" + filepath.Join(m.home, "tmp"), "LANG=C.UTF-8"}
	if m.ring != nil {
		for name, v := range m.ring.Map() {
			if v != "" {
				env = append(env, name+"="+v)
			}
		}
	} else {
		run := filepath.Join(m.home, "run")
		_ = os.Mkdir(run, 0o700)
		env = append(env, "XDG_RUNTIME_DIR="+run)
	}
	env = append(env, m.proxy.Env()...)
	return append(env, m.extra...)
}

// browser gives the person a browser here, which notes the pages it opens.
func (m *machine) browser() (opened func() string) {
	m.t.Helper()
	log := filepath.Join(m.home, "opened")
	script := filepath.Join(m.home, "browse")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho noise; echo \"$1\" >>"+log+"\n"), 0o755); err != nil {
		m.t.Fatal(err)
	}
	m.extra = append(m.extra, "BROWSER="+script)
	return func() string { b, _ := os.ReadFile(log); return string(b) }
}

func (m *machine) command(args ...string) *exec.Cmd {
	if m.debug {
		args = append(slices.Clone(args), "--debug")
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = m.environment()
	cmd.Dir = filepath.Join(m.home, "work")
	return cmd
}

// start starts the program on a terminal of 80 by 24.
func (m *machine) start(args ...string) *ptytest.Screen {
	m.t.Helper()
	return m.onTerminal(m.command(args...), 80, 24)
}

// stages are the pages of the by-hand road: what one sees there, and what the
// person does to get to the next.
func (m *machine) stages() []stage {
	return []stage{
		{"Which cloud do you want to link first?", "", func(s *ptytest.Screen) { s.Press("enter") }},
		{"Do it by hand in the Entra admin center", "cloud", func(s *ptytest.Screen) { s.Press("2", "enter") }},
		{"Name the account", "way", func(s *ptytest.Screen) { s.Type("Contoso"); s.Press("enter") }},
		{"Register the application", "name", func(s *ptytest.Screen) {
			if m.client == "" {
				m.client = m.tenant.Register("Xops 360 - Contoso").ClientID
			}
			s.Press("enter")
		}},
		{"Copy the identifiers", "register", func(s *ptytest.Screen) {
			s.Paste(m.tenant.OverviewPage(m.client) + "\n" + m.tenant.Initial())
			s.See(m.client, "The same tenant", "Enter goes on")
			s.Press("enter")
		}},
		{"Generate public key & download", "identifiers", func(s *ptytest.Screen) {
			s.Press("enter")
			s.SeeWithin(patience, "Key stored and read back")
			s.Press("enter")
		}},
		{"Upload the certificate", "key", func(s *ptytest.Screen) {
			s.See("Entra does not know this certificate yet")
			m.upload()
			m.again(s)
		}},
		{"Assign Global Reader", "upload", func(s *ptytest.Screen) {
			m.do(m.tenant.AssignGlobalReader(m.client))
			m.again(s)
		}},
		{"Add the API permission", "role", func(s *ptytest.Screen) {
			m.do(m.tenant.AddPermission(m.client, simcloud.Application, "AccessReview.Read.All"))
			m.do(m.tenant.GrantConsent(m.client))
			m.again(s)
		}},
		{"Linked. Enter goes on.", "permission", func(s *ptytest.Screen) { s.Press("enter") }},
		{"Contoso is connected", "verify", func(s *ptytest.Screen) { s.Press("enter") }},
	}
}

// awaitPassed waits until the draft on disk has that stop behind it, which the
// screen does not tell.
func (m *machine) awaitPassed(stop string) {
	m.t.Helper()
	late := time.After(patience)
	for look := time.NewTicker(10 * time.Millisecond); !m.passed(stop); {
		select {
		case <-look.C:
		case <-late:
			m.t.Fatalf("the stop %s is not on disk", stop)
		}
	}
}

// passed tells whether the draft on disk has that stop behind it.
func (m *machine) passed(stop string) bool {
	for path, b := range m.files() {
		var file struct{ Draft struct{ Trail []string } }
		// Not the file that is being written beside it.
		name, is := strings.CutSuffix(filepath.Base(path), ".json")
		if is && uuid.Validate(name) == nil && json.Unmarshal(b, &file) == nil && slices.Contains(file.Draft.Trail, stop) {
			return true
		}
	}
	return false
}

// stage is one page and what is done there.
type stage struct {
	title string
	after string // the stop before it
	do    func(*ptytest.Screen)
}

// patience is for what takes a busy machine long: a key of 2048 bits has a
// long tail, a keyring is started.
const patience = 30 * time.Second

// walk goes from the page one is at to Home.
func (m *machine) walk(s *ptytest.Screen, stages []stage) {
	m.t.Helper()
	for _, p := range stages {
		s.SeeWithin(patience, p.title)
		p.do(s)
	}
}

// again has the page look now, until it ticks, and goes on.
func (m *machine) again(s *ptytest.Screen) {
	m.t.Helper()
	s.Press("r")
	s.SeeWithin(patience, "Done. Enter goes on.")
	s.Press("enter")
}

func (m *machine) do(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

// upload uploads the one certificate file that was written.
func (m *machine) upload() {
	m.t.Helper()
	files := m.certificates()
	if len(files) != 1 {
		m.t.Fatalf("certificate files = %v, want one", files)
	}
	pem, err := os.ReadFile(files[0])
	if err != nil {
		m.t.Fatal(err)
	}
	m.do(m.tenant.Upload(m.client, pem))
}

func (m *machine) certificates() (found []string) {
	for _, dir := range []string{"Downloads", "work"} {
		some, err := filepath.Glob(filepath.Join(m.home, dir, "*.cer"))
		if err != nil {
			m.t.Fatal(err)
		}
		found = append(found, some...)
	}
	return found
}

// keys is how many private keys of ours the keyring has.
func (m *machine) keys() int { return m.ring.Search("xops-onboard") }

// apps is what is in the tenant, and looks that it is one app with one certificate.
func (m *machine) oneApp() {
	m.t.Helper()
	apps := m.tenant.Apps()
	if len(apps) != 1 || len(apps[0].Certificates) != 1 {
		m.t.Errorf("the tenant has %+v, want one app with one certificate", apps)
	}
}

// files are all files below the machine's directories, with what is in them.
func (m *machine) files() map[string][]byte {
	m.t.Helper()
	roots := []string{m.home}
	if m.ring != nil {
		for _, name := range []string{"XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CACHE_HOME"} {
			roots = append(roots, m.ring.Map()[name])
		}
	}
	all := map[string][]byte{}
	for _, root := range roots {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // what is being written is renamed meanwhile
			}
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			switch b, err := os.ReadFile(path); {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				return err
			default:
				all[path] = b
			}
			return nil
		})
		if err != nil {
			m.t.Fatal(err)
		}
	}
	return all
}

// secrets is the private key in every form in which it could lie about.
func (m *machine) secrets() [][]byte {
	m.t.Helper()
	cmd := exec.Command("secret-tool", "search", "--all", "service", "xops-onboard")
	cmd.Env = m.environment()
	out, err := cmd.Output()
	if err != nil {
		m.t.Fatal(err)
	}
	_, value, ok := strings.Cut(string(out), "secret = ")
	if !ok {
		m.t.Fatalf("no secret in the keyring: %s", out)
	}
	value, _, _ = strings.Cut(value, "\n")
	return forms(m.t, value)
}

// clean looks that a text or file has no piece of the key in it.
func (m *machine) clean(what string, b []byte, secrets [][]byte) {
	m.t.Helper()
	for _, s := range secrets {
		if bytes.Contains(b, s) {
			m.t.Errorf("%s has %d bytes of the private key in it", what, len(s))
		}
	}
}

// process is what /proc shows of a running program.
func process(pid string, what ...string) []byte {
	var all []byte
	for _, w := range what {
		f, err := os.Open(filepath.Join("/proc", pid, w))
		if err != nil {
			continue
		}
		b, _ := io.ReadAll(f)
		_ = f.Close()
		all = append(all, b...)
	}
	return all
}

// daemons are the processes of buses and keyrings that are not the tests' own.
func daemons(home string) (found []string) {
	pids, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range pids {
		env, _ := os.ReadFile(filepath.Join(p, "environ"))
		line, _ := os.ReadFile(filepath.Join(p, "cmdline"))
		name := strings.ReplaceAll(string(line), "\x00", " ")
		if bytes.Contains(env, []byte("HOME="+home+"\x00")) && (strings.Contains(name, "dbus") || strings.Contains(name, "keyring")) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == mortalName {
		os.Exit(onMortalPorts(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == preparedName {
		os.Exit(onPreparedKeys(os.Args[2:]))
	}
	os.Exit(run(m))
}

// stamps are what the program of the tests is said to be built from.
const stamps = "-X " + stamped + "Version=v0.0.0 -X " + stamped + "Commit=1fa60dd1fc224d0c3b5ad01f1e5dbd67e6b9f1de -X " + stamped + "Date=2026-11-26T05:34:44Z"

const stamped = "github.com/axiomio/xops-onboard/internal/version.stamped"

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "xops-onboard")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w "+stamps, "-o", binary, "github.com/axiomio/xops-onboard")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the product: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// landings are where a start can lead, and what one does there.
var landings = []string{"Which cloud do you want to link first?", "Go on with Contoso", "1 connected"}

// stage is the landing that a screen shows; empty for none.
func (m *machine) stage(text string) string {
	for _, l := range landings {
		if strings.Contains(text, l) {
			return l
		}
	}
	return ""
}

// goOn goes from wherever a start leads to Home. It tells whether there was
// anything to go.
func (m *machine) goOn(s *ptytest.Screen) (gone bool) {
	m.t.Helper()
	s.Until("a page", func() bool { return m.stage(s.Text()) != "" })
	stages := m.stages()
	landed := m.stage(s.Text())
	switch landed {
	case landings[0]:
		m.walk(s, stages)
	case landings[1]:
		s.Press("enter")
		at := -1
		s.Until("a step", func() bool {
			for i, p := range stages {
				if strings.Contains(s.Text(), p.title) {
					at = i
				}
			}
			return at >= 0
		})
		if at == 5 && strings.Contains(s.Text(), "Key stored and read back") {
			s.Press("enter")
			at++
		}
		m.walk(s, stages[at:])
	}
	s.See("Home", "1 connected")
	return landed != landings[2]
}
