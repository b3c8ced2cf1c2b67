package hardening_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/axiomio/xops-onboard/internal/hardening"
)

// TestMain lets the test binary be the two programs of the test.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "hardened", "plain":
			holdSecret(os.Args[1] == "hardened")
			return
		case "spy":
			spy(os.Args[2], os.Args[3])
			return
		}
	}
	os.Exit(m.Run())
}

const inEnvironment = "WITNESS=an environment that is not secret either"

// holdSecret keeps a secret in memory until its standard input ends. It prints
// where, and its limit of core dumps.
func holdSecret(hardened bool) {
	if hardened {
		if err := hardening.Apply(); err != nil {
			fmt.Println("error", err)
			return
		}
	} else {
		mayDump()
	}
	secret := []byte(strings.Repeat("k", 8) + strconv.Itoa(os.Getpid()))
	var core unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &core); err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Printf("%d %d %d %s\n", uintptr(unsafe.Pointer(&secret[0])), core.Cur, core.Max, secret)
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Println(len(secret)) // it is used to the end
}

// mayDump lets this process dump as much as its user may have it.
func mayDump() {
	var core unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_CORE, &core) == nil {
		core.Cur = core.Max
		_ = unix.Setrlimit(unix.RLIMIT_CORE, &core)
	}
}

// spy is the other program of the same user: it prints what it can read of a
// process's memory at an address, and of its environment.
func spy(pid, address string) {
	at, _ := strconv.ParseInt(address, 10, 64)
	mem, err := os.Open("/proc/" + pid + "/mem")
	if err != nil {
		fmt.Println("memory refused")
	} else {
		got := make([]byte, 8)
		_, err := mem.ReadAt(got, at)
		fmt.Printf("memory %s %v\n", got, err)
	}
	environ, err := os.ReadFile("/proc/" + pid + "/environ")
	fmt.Printf("environment %v %v\n", bytes.Contains(environ, []byte(inEnvironment)), err)
	id, _ := strconv.Atoi(pid)
	fmt.Printf("attach %v\n", unix.PtraceSeize(id))
}

func TestOtherProgramsOfTheUserReadNothing(t *testing.T) {
	binary := forEveryUser(t)
	t.Run("hardened", func(t *testing.T) {
		held, said := spyOn(t, binary, "hardened")
		if held.coreSoft != 0 || held.coreHard != 0 {
			t.Errorf("core dumps of %d, at most %d bytes; want 0, 0", held.coreSoft, held.coreHard)
		}
		if !strings.Contains(said, "memory refused") {
			t.Errorf("the memory is open to another process of the user:\n%s", said)
		}
		if !strings.Contains(said, "environment false") {
			t.Errorf("the environment is open to another process of the user:\n%s", said)
		}
		if strings.Contains(said, "attach <nil>") {
			t.Errorf("another process of the user can attach:\n%s", said)
		}
	})
	// What is refused above would be read otherwise.
	t.Run("plain", func(t *testing.T) {
		_, said := spyOn(t, binary, "plain")
		if !strings.Contains(said, "environment true") {
			t.Errorf("the spy reads nothing even of an open process, so this test shows nothing:\n%s", said)
		}
		scope, _ := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope")
		if s := strings.TrimSpace(string(scope)); (s == "" || s == "0") && !strings.Contains(said, "memory kkkkkkkk <nil>") {
			t.Errorf("the spy does not find the secret even in an open process:\n%s", said)
		}
	})
}

// TestACrashLeavesNoCore has the system end a process as it ends one that crashed: the
// hardened one leaves no dump, neither as a file nor to a program that collects them. An
// open one does, where the machine makes any.
func TestACrashLeavesNoCore(t *testing.T) {
	binary := forEveryUser(t)
	for _, kind := range []string{"hardened", "plain"} {
		dumped, files := crashed(t, binary, kind)
		switch {
		case kind == "hardened" && (dumped || len(files) > 0):
			t.Errorf("a hardened process left a dump: %v, %v", dumped, files)
		case kind == "plain" && !dumped && dumps(t):
			t.Error("an open process left no dump either, so this test shows nothing")
		}
	}
}

// crashed ends a process of that kind by a signal that dumps, and tells whether the
// system says that it did, and which files came.
func crashed(t *testing.T, binary, kind string) (dumped bool, files []string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "core")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o777); err != nil { // whoever it runs as
		t.Fatal(err)
	}
	victim := ordinary(binary, kind)
	victim.Dir, victim.Env = dir, append(victim.Env, "GOTRACEBACK=crash")
	in, err := victim.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := victim.Process.Signal(syscall.SIGABRT); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait()
	status, ok := victim.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		t.Fatalf("%s ended with %v, not by a signal", kind, victim.ProcessState)
	}
	files, err = filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return status.CoreDump(), files
}

// dumps tells whether this machine writes the dumps of open processes into files, of as
// many bytes as they take.
func dumps(t *testing.T) bool {
	t.Helper()
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	if err != nil {
		t.Fatal(err)
	}
	var most unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CORE, &most); err != nil {
		t.Fatal(err)
	}
	to := strings.TrimSpace(string(pattern))
	return most.Max > 1<<30 && to != "" && !strings.ContainsAny(to, "|/")
}

type held struct {
	pid                int
	address            string
	coreSoft, coreHard uint64
	secret             string
}

func spyOn(t *testing.T, binary, kind string) (held, string) {
	t.Helper()
	victim := ordinary(binary, kind)
	in, err := victim.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = in.Close()
		_, _ = io.Copy(io.Discard, out)
		if err := victim.Wait(); err != nil {
			t.Errorf("%s ended with %v", kind, err)
		}
	}()
	h := held{pid: victim.Process.Pid}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Sscan(line, &h.address, &h.coreSoft, &h.coreHard, &h.secret); err != nil {
		t.Fatalf("%s said %q: %v", kind, line, err)
	}
	said, err := ordinary(binary, "spy", strconv.Itoa(h.pid), h.address).CombinedOutput()
	if err != nil {
		t.Fatalf("spy: %v\n%s", err, said)
	}
	return h, string(said)
}

// ordinary runs the binary as an ordinary user: the one who runs the test, or
// nobody if that is root, who may read everything.
func ordinary(binary string, args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = []string{inEnvironment, "GORACE=atexit_sleep_ms=0"}
	cmd.Dir = "/"
	if os.Getuid() == 0 {
		const nobody = 65534
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	return cmd
}

// forEveryUser is a copy of the test binary that every user can execute; the
// go command builds it in a directory of its own user.
func forEveryUser(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "hardening")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	path := filepath.Join(dir, "hardening.test")
	if err := os.WriteFile(path, b, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{dir, path} {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return path
}
