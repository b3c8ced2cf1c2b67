//go:build linux

package keyringtest

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestNothingIsLeft holds that no process and no file of a session is left
// when its test has ended, whatever state it was in.
func TestNothingIsLeft(t *testing.T) {
	for name, begin := range map[string]func(testing.TB) *Session{
		"unlocked": Unlocked, "locked": Locked, "no collection": NoCollection, "no service": NoService,
		"not answering": NotAnswering, "comes never up": ComesNeverUp,
		"fake": func(t testing.TB) *Session { return NewFake(t, Behaviour{}).Session },
		"second": func(t testing.TB) *Session {
			s := Unlocked(t)
			s.Second().conn.BusObject().Go("org.freedesktop.DBus.StartServiceByName", 0, nil, secretName, uint32(0))
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			var dir string
			t.Run("a test", func(t *testing.T) {
				s := begin(t)
				dir = s.dir
				if len(processes(dir)) == 0 {
					t.Error("no process of the session is seen while it runs")
				}
				s.conn.BusObject().Go("org.freedesktop.DBus.StartServiceByName", 0, nil, secretName, uint32(0))
			})
			if dir == "" {
				t.Fatal("no session was made")
			}
			if left := processes(dir); len(left) > 0 {
				t.Errorf("processes %v are left", left)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("%s is left: %v", dir, err)
			}
		})
	}
}

// TestChildProcess holds that a child process reaches the keyring by the
// environment alone, and that Search counts what is in it.
func TestChildProcess(t *testing.T) {
	s := Unlocked(t)
	if n := s.Search("one"); n != 0 {
		t.Errorf("Search = %d in an empty keyring", n)
	}
	for _, user := range []string{"a", "b"} {
		cmd := exec.Command("secret-tool", "store", "--label=x", "service", "one", "username", user)
		cmd.Env = s.Env()
		cmd.Stdin = strings.NewReader("[/not an item")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("secret-tool store: %v\n%s", err, out)
		}
	}
	if n := s.Search("one"); n != 2 {
		t.Errorf("Search = %d, want 2", n)
	}
	if n := s.Search("two"); n != 0 {
		t.Errorf("Search = %d for another service", n)
	}
}
