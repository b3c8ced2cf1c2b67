//go:build linux

package e2e_test

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// TestFirstStartToHome is the main job: from the first start by hand to
// Connected, and at the next start Home.
func TestFirstStartToHome(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	opened := m.browser()
	s := m.start()
	stages := m.stages()
	m.walk(s, stages[:6])
	s.See("Upload the certificate", "Entra does not know this certificate yet")
	s.Press("o")
	s.See("Opened in your browser")
	if want := "https://entra.microsoft.com/#view/"; !strings.HasPrefix(opened(), want) || !strings.Contains(opened(), m.client) {
		t.Errorf("opened %q, want the app's page at %s", opened(), want)
	}
	m.walk(s, stages[6:10])
	s.See("Contoso is connected", "Nothing has been sent to Xops 360", m.client, m.tenant.ID(), "contoso.onmicrosoft.com", "Guests quarterly")
	secrets := m.secrets()
	m.clean("argv or environment", process(strconv.Itoa(s.PID()), "cmdline", "environ"), secrets)
	m.walk(s, stages[10:])
	s.See("Home", "Contoso", "Integrations")
	s.Press("ctrl+c")
	if code := s.ExitCode(); code != 130 {
		t.Errorf("exit code after ctrl+c = %d, want 130", code)
	}
	s.Restored()

	again := m.start()
	again.See("Home", "Contoso")
	again.Press("ctrl+c")
	again.Restored()

	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
	m.oneApp()
	if got := m.certificates(); len(got) != 1 || filepath.Dir(got[0]) != filepath.Join(m.home, "Downloads") {
		t.Errorf("certificates = %v, want one in Downloads", got)
	}
	for path, b := range m.files() {
		m.clean(path, b, secrets)
	}
	for _, screen := range []*ptytest.Screen{s, again} {
		m.clean("what was drawn", screen.Recording(), secrets)
	}
	m.modes()
}

// modes looks that what is kept is for this user alone.
func (m *machine) modes() {
	m.t.Helper()
	for path := range m.files() {
		if !strings.Contains(path, "xops-onboard") {
			continue
		}
		for _, p := range []string{path, filepath.Dir(path)} {
			if info, err := os.Stat(p); err != nil || info.Mode().Perm()&0o077 != 0 {
				m.t.Errorf("%s has mode %v", p, info.Mode())
			}
		}
	}
}

// forms are a stored key's bytes as they could stand in a file: whole and its
// primes, raw, in hex and in base64 at every offset.
func forms(t testing.TB, value string) [][]byte {
	t.Helper()
	parts := strings.Split(value, ".")
	if len(parts) != 4 || parts[0] != "xops1" || parts[1] != "p8" {
		t.Fatalf("the keyring's value has another form: %d parts", len(parts))
	}
	der, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		t.Fatal(err)
	}
	key := parsed.(*rsa.PrivateKey)
	raw := [][]byte{der[len(der)-64:], key.D.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes()}
	all := [][]byte{[]byte(parts[3][:64])}
	for _, r := range raw {
		all = append(all, r, []byte(hex.EncodeToString(r)), []byte(strings.ToUpper(hex.EncodeToString(r))))
		for off := range 3 {
			whole := r[off : off+(len(r)-off)/3*3]
			all = append(all, []byte(base64.StdEncoding.EncodeToString(whole)), []byte(base64.URLEncoding.EncodeToString(whole)))
		}
	}
	return all
}
