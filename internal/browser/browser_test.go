//go:build unix

package browser

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// TestMain lets the test binary be a program that opens a page.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "open" {
		fmt.Println("before")
		err := Open(context.Background(), os.Args[2])
		fmt.Println("after", err)
		return
	}
	os.Exit(m.Run())
}

const page = "https://entra.microsoft.com/#view/x?a=b&c=d;e"

// script writes a program of that name into dir.
func script(t *testing.T, dir, name, body string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// environment is a getenv of these pairs.
func environment(pairs ...string) func(string) string {
	return func(name string) string {
		for _, p := range pairs {
			if value, ok := strings.CutPrefix(p, name+"="); ok {
				return value
			}
		}
		return ""
	}
}

// TestNothingReachesTheScreen runs an opener that writes wherever it can, in a
// program on a terminal.
func TestNothingReachesTheScreen(t *testing.T) {
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	noisy := script(t, dir, "noisy", `
echo noise; echo noise >&2
(echo noise >/dev/tty) 2>/dev/null
cat                               # would wait for the keyboard
printf %s "$1" >`+opened)

	cmd := exec.Command(os.Args[0], "open", page)
	cmd.Env = append(os.Environ(), "BROWSER="+noisy)
	s := ptytest.Start(t, cmd, 60, 10)
	s.See("after <nil>")
	_ = s.Wait()
	if d := cmp.Diff("before\r\nafter <nil>\r\n", string(s.Recording())); d != "" {
		t.Errorf("on the terminal (-want +got):\n%s", d)
	}
	got, err := os.ReadFile(opened)
	if err != nil || string(got) != page {
		t.Errorf("opened %q, %v; want %q", got, err, page)
	}
}

func TestHangingOpenerDoesNotBlock(t *testing.T) {
	dir := t.TempDir()
	pid := filepath.Join(dir, "pid")
	hang := script(t, dir, "hang", `echo $$ >`+pid+`.new; mv `+pid+`.new `+pid+`; exec sleep 60`)
	env := environment("BROWSER=" + hang)
	alive := func() bool {
		b, err := os.ReadFile(pid)
		if err != nil {
			t.Fatalf("the opener was not started: %v", err)
		}
		n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
		t.Cleanup(func() { _ = syscall.Kill(n, syscall.SIGKILL) })
		return syscall.Kill(n, 0) == nil
	}

	if err := (opener{runtime.GOOS, env, 300 * time.Millisecond}).open(t.Context(), page); err != nil {
		t.Errorf("open = %v, want nil: it was started and has not failed", err)
	}
	if !alive() {
		t.Error("the program was ended; a browser in the foreground would be gone")
	}

	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := (opener{runtime.GOOS, env, time.Hour}).open(ctx, page); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("open = %v, want the end of its context", err)
	}
	alive()
}

func TestNextIsTriedWhenOneFails(t *testing.T) {
	dir := t.TempDir()
	opened := filepath.Join(dir, "opened")
	script(t, dir, "fails", "exit 3")
	script(t, dir, "works", `printf '%s\n' "$@" "$BROWSER" >`+opened)
	t.Setenv("BROWSER", "something")
	o := opener{runtime.GOOS, environment("PATH="+dir, "BROWSER=missing:fails:works --new --url=%s"), patience}
	if err := o.open(t.Context(), page); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(opened)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff("--new\n--url="+page+"\n\n", string(got)); d != "" {
		t.Errorf("arguments and $BROWSER (-want +got):\n%s", d)
	}

	o.getenv = environment("PATH="+dir, "BROWSER=fails")
	if err := o.open(t.Context(), page); err == nil || !strings.Contains(err.Error(), "run fails: exit status 3") {
		t.Errorf("open = %v, want the failure of the only one", err)
	}
	o.getenv = environment("PATH=" + dir)
	if err := o.open(t.Context(), page); !errors.Is(err, ErrNone) {
		t.Errorf("open = %v, want %v", err, ErrNone)
	}
}

func TestWhatIsOpened(t *testing.T) {
	o := opener{runtime.GOOS, environment(), patience} // has nothing to open with
	for _, test := range []struct {
		address string
		allowed bool
	}{
		{page, true},
		{"https://login.microsoftonline.com/contoso.com/v2.0", true},
		{"http://localhost:8400/", true},
		{"http://127.0.0.1:8400/?x", true},
		{"http://[::1]:8400/", true},
		{"http://example.com/", false},
		{"http://localhost.example.com/", false},
		{"http://localhost@example.com/", false},
		{"https://user@example.com/", false},
		{"https://", false},
		{"https:///etc/passwd", false},
		{"HTTPS://example.com", true},
		{"file:///etc/passwd", false},
		{"javascript:alert(1)", false},
		{"ms-settings:", false},
		{"--help", false},
		{"/etc/passwd", false},
		{"", false},
		{"https://example.com/\n-x", false},
		{"https://example.com/\x1b[2J", false},
	} {
		if err := o.open(t.Context(), test.address); errors.Is(err, ErrNone) != test.allowed {
			t.Errorf("open(%q) = %v, allowed should be %v", test.address, err, test.allowed)
		}
	}
}

func FuzzAllowed(f *testing.F) {
	f.Add(page)
	f.Add("http://localhost:1/")
	f.Add("-x")
	f.Fuzz(func(t *testing.T, address string) {
		if allowed(address) != nil {
			return
		}
		if lower := strings.ToLower(address); !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
			t.Errorf("%q would be opened", address)
		}
		if strings.ContainsFunc(address, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			t.Errorf("%q would be opened", address)
		}
	})
}

func TestAvailable(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"xdg-open", "wslview", "firefox", "lynx", "rundll32"} {
		script(t, dir, name, "exit 1")
	}
	if err := os.Symlink(filepath.Join(dir, "lynx"), filepath.Join(dir, "x-www-browser")); err != nil {
		t.Fatal(err)
	}
	path := "PATH=" + dir
	for _, test := range []struct {
		name string
		goos string
		env  []string
		want string // what would be started, without its directory
	}{
		{"linux desktop", "linux", []string{path, "DISPLAY=:0"}, "xdg-open"},
		{"wayland", "linux", []string{path, "WAYLAND_DISPLAY=wayland-0"}, "xdg-open"},
		{"linux without a display", "linux", []string{path}, ""},
		{"linux without an opener", "linux", []string{"PATH=/nowhere", "DISPLAY=:0"}, ""},
		{"ssh without a display", "linux", []string{path, "SSH_CONNECTION=1 2 3 4"}, ""},
		{"ssh with a forwarded display", "linux", []string{path, "SSH_CONNECTION=1 2 3 4", "DISPLAY=localhost:10.0"}, "xdg-open"},
		{"a helper over ssh", "linux", []string{path, "SSH_CONNECTION=1 2 3 4", "BROWSER=" + dir + "/firefox"}, "firefox"},
		{"text browser chosen", "linux", []string{path, "BROWSER=lynx"}, ""},
		{"text browser under another name", "linux", []string{path, "BROWSER=x-www-browser"}, ""},
		{"text browser, then another", "linux", []string{path, "BROWSER=lynx:firefox"}, "firefox"},
		{"chosen one before the system's", "linux", []string{path, "DISPLAY=:0", "BROWSER=firefox"}, "firefox xdg-open"},
		{"relative directories are not searched", "linux", []string{"PATH=.:bin", "BROWSER=firefox"}, ""},
		{"wsl", "linux", []string{path, "WSL_DISTRO_NAME=Debian"}, "wslview"},
		{"wsl over ssh", "linux", []string{path, "WSL_DISTRO_NAME=Debian", "SSH_TTY=/dev/pts/0"}, ""},
		{"freebsd desktop", "freebsd", []string{path, "DISPLAY=:0"}, "xdg-open"},
		{"windows", "windows", []string{path}, "rundll32 url.dll,FileProtocolHandler"},
		{"windows over ssh", "windows", []string{path, "SSH_CONNECTION=1 2 3 4"}, ""},
		{"macOS over ssh", "darwin", []string{path, "SSH_CONNECTION=1 2 3 4"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, p := range (opener{goos: test.goos, getenv: environment(test.env...)}).programs() {
				got = append(got, strings.Join(append([]string{filepath.Base(p[0])}, p[1:]...), " "))
			}
			if d := cmp.Diff(test.want, strings.Join(got, " ")); d != "" {
				t.Errorf("programs (-want +got):\n%s", d)
			}
		})
	}
	if Available(environment()) && runtime.GOOS == "linux" {
		t.Error("Available without anything")
	}
	if !Available(environment(path, "BROWSER=firefox")) {
		t.Error("not Available with $BROWSER")
	}
}
