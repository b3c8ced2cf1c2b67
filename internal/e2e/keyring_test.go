//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// soon is within what a person is told why there is no keyring.
const soon = 2 * time.Second

// TestKeyringThatCannotBeUsed looks that the page says which it is, offers the
// file under a passphrase, and that nothing is lost and no daemon left.
func TestKeyringThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ring func(*testing.T) *keyringtest.Session
		says string
	}{
		"no D-Bus":         {func(*testing.T) *keyringtest.Session { return nil }, "no D-Bus session"},
		"no service":       {func(t *testing.T) *keyringtest.Session { return keyringtest.NoService(t) }, "nobody provides the Secret"},
		"no collection":    {func(t *testing.T) *keyringtest.Session { return keyringtest.NoCollection(t) }, "this user has no"},
		"locked":           {func(t *testing.T) *keyringtest.Session { return keyringtest.Locked(t) }, "The keyring is locked"},
		"stopped daemon":   {func(t *testing.T) *keyringtest.Session { return keyringtest.NotAnswering(t) }, "is there and does not"},
		"never comes up":   {func(t *testing.T) *keyringtest.Session { return keyringtest.ComesNeverUp(t) }, "was started and did not"},
		"of another's bus": {func(t *testing.T) *keyringtest.Session { return keyringtest.Unlocked(t).Second() }, "was started and did not"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := at(t, c.ring(t))
			s := m.start()
			m.walk(s, m.stages()[:5])
			s.SeeWithin(soon, "Key store", c.says, "Use a file under a passphrase")
			m.awaitPassed("identifiers")
			s.Kill()
			s = m.start()
			s.See("Go on with Contoso")
			s.Press("enter")
			s.SeeWithin(soon+time.Second, "Key store", c.says)
			s.Press("ctrl+c")
			s.Restored()
			if left := daemons(m.home); len(left) > 0 {
				t.Errorf("daemons were left: %v", left)
			}
		})
	}
}

// TestFileUnderAPassphrase is the road of a machine without a keyring, to Home,
// with a start in between that asks for the passphrase again.
func TestFileUnderAPassphrase(t *testing.T) {
	t.Parallel()
	const phrase = "correct horse battery staple"
	m := at(t, nil)
	stages := m.stages()
	s := m.start()
	m.walk(s, stages[:5])
	choose(s)
	s.Type("short")
	s.Press("enter")
	s.Type("short")
	s.Press("enter")
	s.SeeWithin(patience, "too short")
	s.Press("esc")
	choose(s)
	s.Type(phrase)
	s.Press("enter")
	s.Type(phrase)
	s.Press("enter")
	s.SeeWithin(patience, "Generate public key & download")
	s.Press("enter")
	s.SeeWithin(patience, "Key stored and read back")
	s.Press("enter")
	s.See("Upload the certificate")
	m.awaitPassed("key")
	s.Kill()

	s = m.start()
	s.See("Go on with Contoso")
	s.Press("enter")
	s.SeeWithin(patience, "The file store is locked", "Enter the passphrase")
	s.Press("enter")
	s.See("Passphrase")
	s.Type("not the passphrase at all")
	s.Press("enter")
	s.SeeWithin(patience, "That is not the passphrase")
	s.Press("ctrl+u")
	s.Type(phrase)
	s.Press("enter")
	s.SeeWithin(patience, "Upload the certificate", "Entra does not know this certificate yet")
	m.walk(s, stages[6:])
	s.See("Home", "Contoso")
	s.Press("ctrl+c")
	s.Restored()
	m.sealed([]byte(phrase), s)
}

func choose(s *ptytest.Screen) {
	s.See("Use a file under a passphrase")
	s.Press("2", "enter")
	s.See("Passphrase", "The same again")
}

// sealed looks that the file store is age files for this user alone, and that
// the passphrase was written nowhere.
func (m *machine) sealed(phrase []byte, s *ptytest.Screen) {
	m.t.Helper()
	sealed := 0
	for path, b := range m.files() {
		m.clean(path, b, [][]byte{phrase})
		if !strings.HasSuffix(path, ".age") {
			continue
		}
		sealed++
		if !strings.HasPrefix(string(b), "age-encryption.org/v1\n") {
			m.t.Errorf("%s is no age file", path)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || filepath.Base(filepath.Dir(path)) != "keys" {
			m.t.Errorf("%s has mode %v", path, info.Mode())
		}
	}
	if sealed != 2 { // the identity and the key
		m.t.Errorf("%d age files, want 2", sealed)
	}
	m.clean("what was drawn", s.Recording(), [][]byte{phrase})
	m.modes()
}
