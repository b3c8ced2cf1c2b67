package ui_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// TestEverythingReachesAnotherMachine is a person over SSH without a browser:
// what must get to another machine can, without the file system.
func TestEverythingReachesAnotherMachine(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.elsewhere()
	w.deaf = true
	p := w.resume("key")
	p.See("Certificate to    ~")
	p.Press("enter")
	p.See("Key stored and read back")
	p.reads("Your browser is on another machine: p shows the certificate alone")
	cert := w.draft().Key().Certificate.PEM

	p.Press("p")
	p.See("-----BEGIN CERTIFICATE-----", "Press Enter to go back.")
	if p.AltScreen() {
		t.Error("the certificate is on the alternate screen, where it cannot be selected whole")
	}
	for line := range strings.Lines(strings.TrimSpace(cert)) {
		p.See(strings.TrimSpace(line))
	}
	p.Raw("\n") // no line discipline here makes one of the enter key
	p.See("Key stored and read back")

	p.Press("m")
	p.See("Copied, if your terminal allows it.")
	p.Until("the certificate is copied", func() bool { return p.Clip() == cert })
	p.Press("enter")
	p.See("Upload the certificate", "Looks again")
	p.Press("s")
	p.Until("the scp line is copied", func() bool { return p.Clip() == "scp ada@10.0.0.7:"+w.draft().Key().Saved+" ." })
	p.Press("t")
	p.Until("the thumbprint is copied", func() bool { return p.Clip() == w.draft().Key().Certificate.SHA1 })

	page := account.Global.Cloud().CertificatesPage(account.ClientID(w.app.ClientID)).URL
	p.Press("o")
	p.See("No browser could be opened here. ctrl+y copies the link, l shows it.")
	p.Press("ctrl+y")
	p.Until("the link is copied", func() bool { return p.Clip() == page })
	p.Resize(200, 40) // unbroken, where the window has the room
	p.Press("l")
	p.See("Certificates & secrets", page, "Thumbprint", w.draft().Key().Certificate.SHA1, "Press Enter to go back.")
	p.Raw("\n")
	p.See("Upload the certificate")
	p.Resize(80, 24)

	p.Press("h")
	p.See("For another administrator")
	p.Press("s")
	p.See("Saved as /home/ada/xops-360-for-another-administrator.txt")
}

// TestBrowserIsElsewhere is a person whose browser is on another machine
// though this one could open one.
func TestBrowserIsElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("key")
	p.See("Certificate to    ~/Downloads")
	p.Press("w")
	p.Until("the file goes to the current directory", func() bool { return !strings.Contains(p.Text(), "Downloads") })
	p.Press("enter")
	p.reads("Your browser is on another machine: p shows the certificate alone", "Certificate file ~/contoso-")
	p.Press("enter")
	p.See("Upload the certificate")
	p.reads("Your browser is on another machine: p shows the certificate alone")
	p.Press("esc")
	p.reads("Key stored and read back", "Your browser is on another machine: p shows the certificate alone")
}

// TestLinksAreLinks opens and copies what the page links to, and has it as a
// hyperlink too.
func TestLinksAreLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("role")
	p.reads("Looks again in")
	page := account.Global.Cloud().RolesPage().URL
	if !slices.Contains(p.Links(), page) {
		t.Errorf("links = %q, want %q", p.Links(), page)
	}
	p.Press("ctrl+o")
	p.See("Opened in your browser.")
	if w.browsed() != page {
		t.Errorf("opened %q, want %q", w.browsed(), page)
	}
	p.Press("c")
	p.Until("the app's name is copied", func() bool { return p.Clip() == "Xops 360 - Contoso" })
}

// TestCtrlOWhileTyping opens the portal though a field has the keys.
func TestCtrlOWhileTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("identifiers")
	p.Type("o?l")
	p.See("› o?l")
	p.Press("ctrl+o")
	p.See("Opened in your browser.")
	if want := account.Global.Cloud().AppRegistrationsPage().URL; w.browsed() != want {
		t.Errorf("opened %q, want %q", w.browsed(), want)
	}
	p.Press("f1")
	p.See("Keys", "ctrl+o", "support@axiomio.com")
}

// TestHandOver holds what the text for another administrator says, and that it
// leaves out what is done.
func TestHandOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("role")
	p.reads("Looks again in")
	p.Press("h")
	p.See("For another administrator")
	p.Press("c")
	p.Until("the text is copied", func() bool { return p.Clip() != "" })
	text := p.Clip()
	for _, want := range []string{
		"Tenant:           " + tenantID, "Organization:     " + initial, "Application ID:   " + w.app.ClientID,
		"Thumbprint:       " + w.draft().Key().Certificate.SHA1, "Assign Global Reader (Privileged Role Administrator)",
		"Add the API permission and grant admin consent", "AccessReview.Read.All", account.Global.Cloud().RolesPage().URL,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the text lacks %q:\n%s", want, text)
		}
	}
	for _, not := range []string{"Upload the certificate", w.draft().Key().Saved, "Register the application", "PRIVATE KEY"} {
		if strings.Contains(text, not) {
			t.Errorf("the text has %q, which is done:\n%s", not, text)
		}
	}
}

// helped opens ? and holds that each key of the line at the bottom is in it, and
// how one leaves.
func (p *person) helped() {
	p.w.t.Helper()
	lines := strings.Split(p.Text(), "\n")
	bottom := strings.TrimSpace(lines[len(lines)-1])
	open := "?"
	switch {
	case strings.HasSuffix(bottom, "f1 more"):
		open = "f1"
	case !strings.HasSuffix(bottom, "? more"):
		return // a dialog, which lists its own, or a word in place of the keys
	}
	p.Press(open)
	p.See("Keys · questions: support@axiomio.com")
	help := p.Text()
	for _, part := range append(strings.Split(bottom, " · "), "ctrl+z suspend", "ctrl+c quit") {
		k, what, _ := strings.Cut(part, " ")
		if k == open {
			continue
		}
		if !regexp.MustCompile(`│ +` + regexp.QuoteMeta(k) + ` +` + regexp.QuoteMeta(strings.TrimSpace(what))).MatchString(help) {
			p.w.t.Errorf("help lacks %q:\n%s", part, help)
		}
	}
}
