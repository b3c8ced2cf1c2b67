//go:build linux

package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// TestKilledOnEachPage kills the program on every page and starts it again: it
// goes on at that page, and ends Connected with one key.
func TestKilledOnEachPage(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	stages := m.stages()
	s := m.start()
	for i, p := range stages[:9] {
		s.SeeWithin(patience, p.title)
		if i > 2 { // from the name on there is something to go on with
			m.awaitPassed(p.after)
			s.Kill()
			s = m.start()
			s.See("Go on where you left off", "Go on with Contoso")
			s.Press("enter")
			s.SeeWithin(patience, p.title)
		}
		p.do(s)
	}
	s.SeeWithin(patience, stages[9].title) // Verify made the account
	s.Kill()
	s = m.start()
	s.See("Home", "Contoso")
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
	m.oneApp()
	if got := m.certificates(); len(got) != 1 {
		t.Errorf("certificates = %v, want one", got)
	}
}

// throwAway says what the dialog asks for: the name of a draft that has a key,
// else a second key.
func (m *machine) throwAway(s *ptytest.Screen) {
	s.See("Throw Contoso away?")
	if !strings.Contains(s.Text(), "Type Contoso to throw it away") {
		s.Press("x")
		return
	}
	s.Type("Contoso")
	s.Press("enter")
}

// TestThrownAway looks that a draft that is thrown away takes its key along,
// and that the next start begins at the beginning.
func TestThrownAway(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	stages := m.stages()
	s := m.start()
	m.walk(s, stages[:6])
	s.See("Upload the certificate")
	s.Press("ctrl+c")
	if code := s.ExitCode(); code != 130 {
		t.Errorf("exit code = %d, want 130", code)
	}
	if n := m.keys(); n != 1 {
		t.Fatalf("%d items in the keyring before, want 1", n)
	}
	s = m.start()
	s.See("Go on with Contoso", "Throw Contoso away")
	s.Press("up", "enter")
	s.See("Throw Contoso away?", "stays there")
	m.throwAway(s)
	s.See("Which cloud do you want to link first?")
	s.Press("ctrl+c")
	s.Restored()
	if n := m.keys(); n != 0 {
		t.Errorf("%d items in the keyring, want none", n)
	}
	again := m.start()
	again.See("Which cloud do you want to link first?")
}

// TestSecondWindow looks that a draft that is open in one window is nobody
// else's to touch, and free again when that window is gone.
func TestSecondWindow(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	first := m.start()
	m.walk(first, m.stages()[:3])
	first.See("Register the application")
	second := m.start()
	second.See("Go on with Contoso", "Open in another window.")
	second.Press("enter")
	second.See("Open in another window.")
	second.Press("ctrl+c")
	second.Restored()
	first.Kill()
	third := m.start()
	third.See("Go on with Contoso")
	third.Gone("Open in another window.")
}

// TestDemo walks the demo by what its screens say, and looks that nothing is
// left of it: the next start without it is the first one still.
func TestDemo(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.extra = append(m.extra, "HTTPS_PROXY=http://127.0.0.1:1", "SSL_CERT_FILE=/nonexistent", "XOPS_HOME="+filepath.Join(m.home, "other"))
	before := len(m.files())
	s := m.start("--demo")
	demo := func(title, done string) {
		s.See(title)
		s.Press("ctrl+d")
		s.SeeWithin(patience, done)
		s.Press("enter")
	}
	s.See("Which cloud do you want to link first?", "Demo: a simulated cloud")
	s.Press("enter")
	s.See("Do it by hand in the Entra admin center")
	s.Press("2", "enter")
	s.See("Name the account")
	s.Type("Contoso")
	s.Press("enter")
	demo("Register the application", "Done in the demo portal")
	demo("Copy the identifiers", "Enter goes on.")
	s.See("Generate public key & download")
	s.Press("enter")
	s.SeeWithin(patience, "Key stored and read back")
	s.Press("enter")
	demo("Upload the certificate", "Done. Enter goes on.")
	demo("Assign Global Reader", "Done. Enter goes on.")
	demo("Add the API permission", "Done. Enter goes on.")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Contoso is connected")
	s.Press("enter")
	s.See("Home", "1 connected")
	s.Press("ctrl+c")
	s.Restored()
	if after := len(m.files()); after != before {
		t.Errorf("%d files before the demo, %d after", before, after)
	}
	if n := m.keys(); n != 0 {
		t.Errorf("%d items in the keyring after the demo", n)
	}
	if asked := m.cloud.Requests(); len(asked) > 0 {
		t.Errorf("the demo asked outside: %+v", asked[0])
	}
	m.extra = nil
	real := m.start()
	real.See("Which cloud do you want to link first?")
	real.Gone("Demo")
}

// TestOverSSH is a machine without a browser: everything that must reach
// another machine does so by what the screen offers, without the file system.
func TestOverSSH(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.extra = append(m.extra, "SSH_CONNECTION=192.0.2.7 50222 192.0.2.1 22")
	stages := m.stages()
	s := m.start()
	m.walk(s, stages[:3])
	s.See("Register the application")
	s.Press("o")
	s.See("No browser could be opened here")
	s.Press("ctrl+y")
	s.Until("the link is copied", func() bool { return strings.HasPrefix(s.Clip(), "https://entra.microsoft.com/") })
	if links := s.Links(); len(links) == 0 || links[0] != s.Clip() {
		t.Errorf("links = %v, want what was copied", links)
	}
	m.walk(s, stages[3:5])
	s.See("Generate public key & download", filepath.Join("~", "work"))
	s.Press("enter")
	s.SeeWithin(patience, "Key stored and read back", "Your browser is on another machine", "192.0.2.1:")
	shown(t, s)
	s.Press("enter")
	s.See("Upload the certificate", "Entra does not know this certificate yet")
	s.Press("m")
	s.Until("the certificate is copied", func() bool { return strings.HasPrefix(s.Clip(), "-----BEGIN CERTIFICATE-----") })
	m.do(m.tenant.Upload(m.client, []byte(s.Clip())))
	m.again(s)
	m.walk(s, stages[7:])
	s.See("Home")
	if got := m.certificates(); len(got) != 1 || filepath.Base(filepath.Dir(got[0])) != "work" {
		t.Errorf("certificates = %v, want one in the current directory", got)
	}
}

// shown looks that the certificate stands alone on the normal screen, to be
// selected, and that enter leads back.
func shown(t *testing.T, s *ptytest.Screen) {
	t.Helper()
	s.Press("p")
	s.See("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "Press Enter to go back")
	if s.AltScreen() {
		t.Error("the certificate is shown on the alternate screen")
	}
	s.Press("enter")
	s.See("Key stored and read back")
}

// TestPlainLines walks the same road as lines on pipes, for screen readers.
func TestPlainLines(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.client = m.tenant.Register("Xops 360 - Contoso").ClientID
	cmd := m.command("--plain")
	p := pipe(t, cmd)
	p.answer("Cloud (1 to 3)", "3")
	p.answer("Way (1 to 3)", "2")
	p.answer("Friendly name", "Contoso")
	p.answer("Press Enter when it is registered", "")
	p.answer("Application (client) ID", m.client)
	p.answer("Directory (tenant) ID", "contoso.com")
	p.answer("Organization ID", m.tenant.Initial())
	p.see("Making the key, storing it and reading it back: done.")
	p.answer("type s to go on without it", "")
	p.see("Entra does not know this certificate yet")
	m.upload()
	p.answer("type s to go on without it", "")
	p.see("Certificate accepted: holds.")
	p.answer("type s to go on without it", "")
	p.see("The app may not read the directory yet")
	m.do(m.tenant.AssignGlobalReader(m.client))
	p.answer("type s to go on without it", "")
	p.see("Global Reader: holds.")
	m.do(m.tenant.AddPermission(m.client, "Application", "AccessReview.Read.All"))
	m.do(m.tenant.GrantConsent(m.client))
	p.answer("type s to go on without it", "")
	p.see("Contoso is connected.")
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if out := p.all(); bytes.ContainsAny(out, "\x1b\x07") {
		t.Error("plain lines have escape sequences in them")
	}
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
}

// TestEndOfInput looks that the end of the input is no answer, and keeps the draft.
func TestEndOfInput(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	cmd := m.command("--plain")
	cmd.Stdin = strings.NewReader("3\n2\nContoso\n")
	out, err := cmd.CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("the input ended where an answer was needed")) {
		t.Errorf("ended with %v:\n%s", err, out)
	}
	s := m.start()
	s.See("Go on with Contoso")
}

// TestUnreadableTrust looks that authorities that cannot be read stop the
// program before it asks anything.
func TestUnreadableTrust(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.extra = append(m.extra, "SSL_CERT_FILE="+filepath.Join(m.home, "none.pem"))
	out, err := m.command().CombinedOutput()
	if err == nil || !bytes.Contains(out, []byte("none.pem")) {
		t.Errorf("ended with %v:\n%s", err, out)
	}
	if _, err := os.Stat(filepath.Join(m.home, ".local")); err == nil {
		t.Error("something was written before")
	}
}

// TestShownTextEnds tells the program to end while a text is shown on the normal
// screen, where ctrl+c is a signal.
func TestShownTextEnds(t *testing.T) {
	t.Parallel()
	for how, code := range map[string]int{"ctrl+c": 130, "SIGTERM": 0, "SIGHUP": 130} {
		m := at(t, keyringtest.Unlocked(t))
		m.extra = append(m.extra, "SSH_CONNECTION=192.0.2.7 50222 192.0.2.1 22")
		s := m.start()
		m.walk(s, m.stages()[:3])
		s.See("Register the application")
		s.Press("l")
		s.See("Press Enter to go back")
		switch how {
		case "SIGTERM":
			s.Signal(syscall.SIGTERM)
		case "SIGHUP":
			s.Signal(syscall.SIGHUP)
		default:
			s.Press(how)
		}
		if got := s.ExitCode(); got != code {
			t.Errorf("%s: exit code %d, want %d", how, got, code)
		}
		if how != "SIGHUP" { // then nobody is before the terminal
			s.Restored()
		}
	}
}
