package ui_test

import (
	"testing"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

const otherID = "bbbbcccc-1111-dddd-2222-eeee3333ffff"

// fabrikam is another tenant.
func (w *world) fabrikam() {
	w.t.Helper()
	w.cloud.AddTenant(simcloud.TenantSpec{ID: otherID, Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com", Domains: []string{"fabrikam.com"}})
}

// TestEnterWhileTheTenantIsLookedUp goes on when the answer comes: nothing that
// was pressed is lost.
func TestEnterWhileTheTenantIsLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24).drive("tenant")
	release := w.gate.hold("login.")
	p.Type("contoso.com")
	p.Press("tab")
	p.See("Looking up the tenant")
	p.Type("Ours")
	p.Press("enter")
	p.See("› Ours")
	release()
	p.See("Sign in with a browser")
}

// TestEnterWithoutATenant says what is missing, and what is wrong with what is none.
func TestEnterWithoutATenant(t *testing.T) {
	t.Parallel()
	p := newWorld(t).start(80, 24).drive("tenant")
	p.Press("enter")
	p.See("This is needed to go on.")
	p.Press("tab", "enter") // from the name too
	p.See("This is needed to go on.")
	p.Type("our tenant")
	p.Press("enter")
	p.reads("This is neither an id nor a domain.")
}

// TestTenantTypedOver drops the answer about a text that is not there any more.
func TestTenantTypedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24).drive("tenant")
	release := w.gate.hold("nobody.example")
	p.Type("nobody.example")
	p.Press("enter")
	p.See("Looking up the tenant")
	p.Press("ctrl+u")
	p.Type("contoso.com")
	p.See("Nothing is changed before you have seen the plan") // and nothing is looked up
	release()
	p.Press("enter")
	p.See("Tenant "+tenantID, "› Contoso")
}

// TestAnotherTenant goes back to it and names another: nothing of the first is
// left.
func TestAnotherTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fabrikam()
	p := w.start(80, 24).drive("tenant")
	p.Type("ada@contoso.com")
	p.Press("enter")
	p.See("Tenant "+tenantID, "› Contoso")
	p.Press("enter")
	p.reads("As an administrator of contoso.com.")
	p.Press("esc")
	p.See("› ada@contoso.com", "Tenant "+tenantID)
	p.Press("ctrl+u")
	p.Type(otherID)
	p.Press("enter")
	p.reads("As an administrator of tenant " + otherID + ".")
}

// TestBegunInOneTenant keeps an account in the tenant where something was made
// for it.
func TestBegunInOneTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.fabrikam()
	p := w.halfDone()
	p.choose("Go on with Contoso")
	p.See("Sign in with a browser")
	p.Press("esc")
	p.See("Which tenant?")
	p.Press("ctrl+u")
	p.Type("fabrikam.com")
	p.Press("enter")
	p.reads("Changes were begun in tenant " + tenantID + ", so this account stays there.")
	p.Press("esc")
	p.See("Link a New Microsoft Account")
	p.reads("Changes were begun in the tenant: they are finished, or taken back, signed in.")
	p.Press("2", "enter", "n")
	p.See("Link a New Microsoft Account")
	p.Press("1", "enter")
	p.See("Which tenant?")
	p.Press("enter")
	p.See("Sign in with a browser")
	if got := w.draft().Microsoft().Tenant; got != tenantID {
		t.Errorf("the draft is of tenant %s", got)
	}
}

// TestDomainNotLookedUp goes on by hand only with the tenant's id where its
// domain cannot be looked up.
func TestDomainNotLookedUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 40).walk("identifiers")
	w.offline()
	p.Type(w.app.ClientID)
	p.Press("tab")
	p.Type("contoso.com")
	p.Press("tab")
	p.Type(initial)
	for range 3 {
		p.Press("enter")
		p.reads("Enter tries again; with the tenant's id in place of its domain it goes on all the same.")
	}
	p.Press("shift+tab", "ctrl+u")
	p.Type(tenantID)
	p.Press("enter")
	p.reads("Enter again goes on all the same.")
	p.Press("enter")
	p.See("Generate public key & download")
	if got := w.draft().Microsoft().Tenant; got != tenantID {
		t.Errorf("the draft is of tenant %q", got)
	}
}
