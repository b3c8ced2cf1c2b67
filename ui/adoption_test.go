package ui_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// adopt goes from the survey to the plan with an app that is there.
func (p *person) adopt(client string, foreign ...string) {
	p.w.t.Helper()
	p.See("› Yes, show me the plan")
	p.Press("a")
	p.See("Use an app that is there")
	p.Paste(client)
	p.Press("enter")
	p.reads(append(foreign, "Type yes to use it")...)
	p.Type("no")
	p.Press("enter")
	p.reads("Anything but yes leaves the app alone.")
	for range "no" {
		p.Press("backspace")
	}
	p.Type("yes")
	p.Press("enter")
	p.reads("+ Add a certificate to the app that is there", "✓ Make its enterprise app")
}

// TestAdoptOurs uses an app that this program made before, whose key is lost:
// what is on it is shown, and it is linked.
func TestAdoptOurs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.start(80, 24).drive("connected").quit()
	c, err := w.reg.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.reg.Remove(t.Context(), c.Accounts[0].ID); err != nil {
		t.Fatal(err)
	}
	app := w.tenant.Apps()[0]
	w.clock.add(time.Hour) // the certificate is another then
	p := w.start(80, 40).drive("survey")
	p.reads("There is an app of this program: Xops 360 - Contoso, made 24 November 2026")
	p.adopt(app.ClientID, "Client ID "+app.ClientID, "! ")
	p.driveFrom("plan", "connected")
	p.See(app.ClientID)
	apps := w.tenant.Apps()
	if len(apps) != 1 || len(apps[0].Certificates) != 2 || len(apps[0].Roles) != 1 {
		t.Errorf("the tenant has %+v, want one app with both certificates and one role", apps)
	}
}

// TestAdoptAndTakeBack stops after the app was added to and takes back: the app
// is as it was.
func TestAdoptAndTakeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	app := w.tenant.Register("Our old app")
	w.portal(w.tenant.AddSecret(app.ClientID, "somebody's secret"))
	before := w.tenant.Apps()
	p := w.start(80, 40).drive("survey")
	p.adopt(app.ClientID, "App Our old app", "somebody's secret")
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/appRoleAssignedTo"), Status: http.StatusUnauthorized, Times: 1})
	p.Press("enter")
	p.reads("The sign-in is over.")
	p.Press("h")
	p.See("For another administrator")
	p.reads("App registration: Our old app", "Grant admin consent (Privileged Role Administrator)")
	if text := p.prose(); strings.Contains(text, "Upload the certificate") || strings.Contains(text, "Add a permission") {
		t.Errorf("the text asks for what is done\n%s", p.Picture())
	}
	p.Press("esc")
	p.Gone("For another administrator")

	// On another day it is known what is done, and what was added to.
	p.choose("Go on later")
	p.See("Go on with Contoso")
	p.quit()
	w.clock.add(20 * time.Hour)
	p = w.start(80, 40)
	p.choose("Throw Contoso away")
	p.reads("Take back Contoso?", "This draft added to an app that was there")
	p.Press("esc")
	p.Gone("Take back Contoso?")
	p.choose("Go on with Contoso")
	p.See("Sign in with a browser")
	p.driveFrom("signin", "survey")
	p.reads("✓ The app is registered")
	if strings.Contains(p.Text(), "use an app that is there") {
		t.Errorf("another app is offered\n%s", p.Picture())
	}
	p.yesThisOne()
	p.reads("2 changes.", "✓ Add a certificate to the app that is there", "✓ Make its enterprise app")
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/roleAssignments"), Status: http.StatusForbidden, Times: 1})
	p.Press("enter")
	p.reads("✓ Admin consent", "This account may not do that.")
	p.choose("Take everything back")
	p.See("Taken back. The key and the draft are deleted here.", "✓ Admin consent, taken back", "✓ Our certificate and permission, taken from the app", "✓ Private key, deleted here")
	if d := cmp.Diff(before, w.tenant.Apps()); d != "" {
		t.Errorf("the app is another (-before +after):\n%s", d)
	}
	if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 0 {
		t.Errorf("%d drafts and %d keys are left", drafts, w.keys.stored())
	}
}

// TestAdoptWhatIsLinked is refused: that app has its account here.
func TestAdoptWhatIsLinked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Fabrikam", 0)
	w.ada()
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("a")
	p.See("Link a New Microsoft Account")
	p.Press("down", "enter")
	p.driveFrom("way", "survey")
	p.See("› Yes, show me the plan")
	p.Press("a")
	p.See("Use an app that is there")
	p.Paste(w.app.ClientID)
	p.Press("enter")
	p.reads("Fabrikam uses this app already.")
	if strings.Contains(p.prose(), "Enter goes to that account") || strings.Contains(p.prose(), "Choose another name") {
		t.Errorf("it says what does not hold here\n%s", p.Picture())
	}
}
