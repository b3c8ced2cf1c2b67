//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// inBrowser is a command line whose sign-in is in the browser.
func inBrowser(args ...string) []string {
	return append(args, "--sign-in", "browser", "--yes", "--json")
}

// adds are the flags of add that leave nothing to be asked but the sign-in.
var adds = []string{"add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "ada@contoso.com"}

// signsHere signs in in the browser that the command opened on this machine.
func (m *machine) signsHere(c *command, upn string, opened func() string) {
	m.t.Helper()
	c.see(`"url":"`)
	var url string
	for url == "" {
		c.see(`}}`) // the end of the event
		for _, e := range c.said() {
			url += e.Prompt.URL
		}
	}
	if !strings.Contains(url, "login_hint=ada") && c.cmd.Args[1] == "add" {
		m.t.Errorf("the sign-in does not begin with the name that was given: %s", url)
	}
	ada := m.tenant.Browser(upn)
	ada.Consent = simcloud.AcceptForMe
	landed, err := ada.Open(m.t.Context(), url)
	m.do(err)
	if landed.Code != 0 {
		m.t.Fatal(landed.Shown)
	}
	if !strings.Contains(opened(), url) {
		m.t.Errorf("opened %q, want %q", opened(), url)
	}
}

// TestCommandsInTheBrowser adds, goes on after a kill, and takes back, each with
// a sign-in in the browser of this machine.
func TestCommandsInTheBrowser(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	opened := m.browser()
	stop := func() {
		m.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/appRoleAssignedTo"), Latency: patience})
		c := m.runs(inBrowser(adds...)...)
		m.signsHere(c, upn, opened)
		c.see(`"step":"grant","state":"doing"`)
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
		m.cloud.ClearFaults()
		if len(m.tenant.Apps()) != 1 || m.keys() != 1 {
			t.Fatalf("killed in the middle with %+v and %d keys", m.tenant.Apps(), m.keys())
		}
	}
	stop()
	c := m.runs(inBrowser("undo", "Contoso")...)
	m.signsHere(c, upn, opened)
	if last := c.ends(0); last.State != "taken-back" {
		t.Errorf("undo: %+v", last)
	}
	m.nothing()

	stop()
	c = m.runs(inBrowser("resume", "Contoso")...)
	m.signsHere(c, upn, opened)
	if last := c.ends(0); last.State != "linked" {
		t.Errorf("resume: %+v", last)
	}
	m.oneApp()
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
}

// TestCommandAddInTheBrowser links in one go.
func TestCommandAddInTheBrowser(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	opened := m.browser()
	c := m.runs(inBrowser(adds...)...)
	m.signsHere(c, upn, opened)
	if last := c.ends(0); last.State != "linked" {
		t.Errorf("add: %+v", last)
	}
	m.oneApp()
}

// TestCommandResumeChecks finishes without a sign-in what somebody did in the
// portal, and says what is missing before.
func TestCommandResumeChecks(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.ApplicationAdministrator)
	c := m.runs(byItself("--yes")...)
	m.signs(c, upn)
	c.ends(4)
	c = m.runs("resume", "--json")
	if last := c.ends(3); last.State != "failed" || !strings.Contains(c.errs.String(), "Contoso is not linked yet") {
		t.Errorf("before: %+v, %s", last, c.errs)
	}
	client := m.tenant.Apps()[0].ClientID
	m.do(m.tenant.GrantConsent(client))
	m.do(m.tenant.AssignGlobalReader(client))
	if last := m.runs("resume", "--json").ends(0); last.State != "linked" || last.Account.Client != client {
		t.Errorf("after: %+v", last)
	}
	m.oneApp()
}

// TestCommandAdopts refuses an app with a secret on it where nobody can type a
// yes, and uses it where somebody does.
func TestCommandAdopts(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	m.client = m.tenant.Register("Our old app").ClientID
	m.do(m.tenant.AddSecret(m.client, "somebody's secret"))
	c := m.runs(byItself("--yes", "--adopt", m.client)...)
	m.signs(c, upn)
	if last := c.ends(3); last.State != "failed" || !strings.Contains(c.errs.String(), "somebody's secret") {
		t.Errorf("without a terminal: %+v, %s", last, c.errs)
	}
	if apps := m.tenant.Apps(); len(apps) != 1 || len(apps[0].Certificates) != 0 {
		t.Fatalf("the tenant has %+v", apps)
	}
	const wide = 200 // so that no line with a code breaks
	s := ptytest.Start(t, m.command("resume", "--adopt", m.client, "--sign-in", "device-code", "--yes"), wide, 40)
	s.SeeWithin(patience, "type this code: ")
	_, code, _ := strings.Cut(s.Text(), "type this code: ")
	m.do(m.tenant.EnterCode(upn, strings.Fields(code)[0]))
	s.SeeWithin(patience, "somebody's secret", "Type yes to make these changes")
	s.Type("yes")
	s.Press("enter")
	s.SeeWithin(patience, "Contoso is connected.")
	apps := m.tenant.Apps()
	if len(apps) != 1 || len(apps[0].Certificates) != 1 || len(apps[0].Secrets) != 1 {
		t.Errorf("the tenant has %+v, want the one app with its secret and our certificate", apps)
	}
}
