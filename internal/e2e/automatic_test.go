//go:build linux

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// admin is who signs in, with those roles.
func (m *machine) admin(roles ...string) string {
	m.tenant.AddUser(simcloud.UserSpec{UPN: "ada@contoso.com", Name: "Ada Lovelace", Roles: roles})
	return "ada@contoso.com"
}

// toSignIn goes from the first page to the sign-in.
func (m *machine) toSignIn(s *ptytest.Screen) {
	m.t.Helper()
	s.See("Which cloud do you want to link first?")
	s.Press("enter")
	s.See("Sign in and let the wizard do it")
	s.Press("1", "enter")
	s.See("Which tenant?")
	s.Type("contoso.com")
	s.Press("enter")
	s.See(m.tenant.ID(), "Contoso")
	s.Press("enter")
	s.SeeWithin(patience, "Sign in", "Use a device code")
}

// TestAutomatic is one sign-in in the browser, and everything else by itself.
func TestAutomatic(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	ada := m.tenant.Browser(m.admin(simcloud.GlobalAdministrator))
	ada.Consent = simcloud.AcceptForMe
	opened := m.browser()
	s := m.start()
	m.toSignIn(s)
	s.Press("enter")
	s.See("Your browser has the sign-in page")
	s.Until("the page is opened", func() bool { return opened() != "" })
	if _, err := ada.Open(t.Context(), strings.TrimSpace(opened())); err != nil {
		t.Fatal(err)
	}
	s.SeeWithin(patience, "Is this the right tenant?", "ada@contoso.com", "Yes, show me the plan")
	if apps := m.tenant.Apps(); len(apps) != 0 {
		t.Errorf("before the yes the tenant has %+v", apps)
	}
	s.Press("enter")
	s.See("Plan", "4 changes")
	s.Press("m")
	s.See("PATCH /v1.0/applications")
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Contoso is connected", m.tenant.ID(), "Microsoft Graph Command Line Tools")
	secrets := m.secrets()
	s.Press("enter")
	s.See("Home", "1 connected")
	s.Press("ctrl+c")
	s.Restored()
	m.oneApp()
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
	evidence := 0
	for path, b := range m.files() {
		m.clean(path, b, secrets)
		if strings.HasSuffix(path, "evidence.log") {
			evidence = strings.Count(string(b), "\n")
		}
		if strings.Contains(string(b), "eyJ0eX") || strings.Contains(string(b), "code_verifier") {
			t.Errorf("%s has a token in it", path)
		}
	}
	if evidence < 4 {
		t.Errorf("%d lines of evidence, want one a change at least", evidence)
	}
	m.clean("what was drawn", s.Recording(), secrets)
}

// TestAutomaticOverSSH signs in by a device code, where no browser is here.
func TestAutomaticOverSSH(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	upn := m.admin(simcloud.GlobalAdministrator)
	m.extra = append(m.extra, "SSH_CONNECTION=192.0.2.7 50222 192.0.2.1 22")
	s := m.start()
	m.toSignIn(s)
	s.Press("1", "enter")
	s.See("ssh -L", "192.0.2.1")
	s.Press("esc")
	s.See("Use a device code")
	s.Press("2", "enter")
	s.See("Type this code", "https://microsoft.com/devicelogin")
	s.Press("c")
	s.Until("the code is copied", func() bool { return len(s.Clip()) == 9 })
	if err := m.tenant.EnterCode(upn, s.Clip()); err != nil {
		t.Fatal(err)
	}
	s.SeeWithin(patience, "Is this the right tenant?", "Yes, show me the plan")
	s.Press("enter")
	s.See("4 changes")
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	m.oneApp()
}

// TestFirstHalf is an Application Administrator, who may not grant; somebody
// who may finishes it after a new start, with one app in the end.
func TestFirstHalf(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.admin(simcloud.ApplicationAdministrator)
	m.tenant.AddUser(simcloud.UserSpec{UPN: "grace@contoso.com", Roles: []string{simcloud.GlobalAdministrator}})
	s := m.start()
	m.toSignIn(s)
	m.byCode(s, "ada@contoso.com")
	s.SeeWithin(patience, "Go on as far as this account may", "Rights are missing")
	s.Press("enter")
	s.See("Enter goes as far as you may")
	s.Press("enter")
	s.SeeWithin(patience, "This account may not do that", "Sign in and go on", "Take everything back")
	s.Kill()

	s = m.start()
	s.See("Go on with Contoso")
	s.Press("enter")
	s.SeeWithin(patience, "Use a device code")
	m.byCode(s, "grace@contoso.com")
	s.SeeWithin(patience, "Yes, show me the plan")
	s.Press("enter")
	s.See("2 changes")
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	m.oneApp()
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
}

func (m *machine) byCode(s *ptytest.Screen, upn string) {
	m.t.Helper()
	s.Press("2", "enter")
	s.See("Type this code")
	s.Press("c")
	s.Until("the code is copied", func() bool { return len(s.Clip()) == 9 && strings.Contains(s.Text(), s.Clip()) })
	m.do(m.tenant.EnterCode(upn, s.Clip()))
}

// TestTakenBack stops in the middle, takes everything back after a new start,
// and looks that nothing is left, deleted items included.
func TestTakenBack(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.admin(simcloud.GlobalAdministrator)
	m.tenant.SetReplicationApart(time.Hour, 0) // no token is issued for the app, so that it waits
	s := m.start()
	m.toSignIn(s)
	m.byCode(s, "ada@contoso.com")
	s.SeeWithin(patience, "Yes, show me the plan")
	s.Press("enter")
	s.See("4 changes")
	s.Press("enter")
	s.SeeWithin(patience, "✓ Global Reader")
	s.Press("esc")
	s.SeeWithin(patience, "Go on later", "Take everything back")
	s.Press("2", "enter")
	s.SeeWithin(patience, "Go on with Contoso", "Throw Contoso away")
	s.Press("up", "enter")
	s.See("Take back Contoso?")
	s.Press("b")
	s.SeeWithin(patience, "Use a device code")
	m.byCode(s, "ada@contoso.com")
	s.SeeWithin(patience, "Taken back. The key and the draft are deleted here.")
	s.Press("enter")
	s.See("Which cloud do you want to link first?")
	if apps, deleted := m.tenant.Apps(), m.tenant.Deleted(); len(apps) != 0 || len(deleted) != 0 {
		t.Errorf("left in the tenant: %+v, deleted %+v", apps, deleted)
	}
	if n := m.keys(); n != 0 {
		t.Errorf("%d items in the keyring, want none", n)
	}
}

// TestAdoptedApp uses an app that is there: everything foreign on it is shown,
// nothing less than yes is taken, and what it had stays.
func TestAdoptedApp(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.admin(simcloud.GlobalAdministrator)
	m.client = m.tenant.Register("Our old app").ClientID
	m.do(m.tenant.AddSecret(m.client, "somebody's secret"))
	s := m.start()
	m.toSignIn(s)
	m.byCode(s, "ada@contoso.com")
	s.SeeWithin(patience, "Yes, show me the plan")
	s.Press("a")
	s.See("Use an app that is there")
	s.Type(m.client)
	s.Press("enter")
	s.SeeWithin(patience, "Our old app", "secret", "Type yes to use it")
	s.Press("enter")
	s.See("Anything but yes leaves the app alone")
	s.Type("yes")
	s.Press("enter")
	s.See("Plan", "Add a certificate to the app that is there")
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	apps := m.tenant.Apps()
	if len(apps) != 1 || len(apps[0].Certificates) != 1 || len(apps[0].Secrets) != 1 {
		t.Errorf("the tenant has %+v, want the one app with its secret and our certificate", apps)
	}
}

// TestRestDoneByHand is an Application Administrator's first half, whose rest
// somebody does in the portal: it is finished without another sign-in.
func TestRestDoneByHand(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.admin(simcloud.ApplicationAdministrator)
	s := m.start()
	m.toSignIn(s)
	m.byCode(s, "ada@contoso.com")
	s.SeeWithin(patience, "Go on as far as this account may")
	s.Press("enter")
	s.See("Enter goes as far as you may")
	s.Press("enter")
	s.SeeWithin(patience, "Sign in and go on", "Go on later")
	s.Press("2", "enter")
	s.See("Go on with Contoso")
	client := m.tenant.Apps()[0].ClientID
	m.do(m.tenant.GrantConsent(client))
	m.do(m.tenant.AssignGlobalReader(client))
	s.Press("enter")
	s.SeeWithin(patience, "Check without signing in")
	s.Press("3", "enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Contoso is connected")
	m.oneApp()
}
