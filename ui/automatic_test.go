package ui_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// whole expects that the tenant holds one app with all that it needs, once.
func (w *world) whole() {
	w.t.Helper()
	apps, principals := w.tenant.Apps(), 0
	for _, s := range w.tenant.Principals() {
		if strings.HasPrefix(s.Name, "Xops 360") {
			principals++
		}
	}
	if len(apps) != 1 || principals != 1 {
		w.t.Fatalf("%d apps and %d enterprise apps, want one of each", len(apps), principals)
	}
	if a := apps[0]; len(a.Certificates) != 1 || len(a.Roles) != 1 || !slices.Contains(a.Granted, "Application AccessReview.Read.All") {
		w.t.Errorf("the app has %d certificates, roles %v, granted %v; want one of each", len(a.Certificates), a.Roles, a.Granted)
	}
	if accounts, drafts := w.rows(); accounts != 1 || drafts != 0 || w.keys.stored() != 1 {
		w.t.Errorf("%d accounts, %d drafts, %d keys; want 1, 0, 1", accounts, drafts, w.keys.stored())
	}
}

// bare expects that nothing of ours is in the tenant, nor was.
func (w *world) bare() {
	w.t.Helper()
	if apps, deleted := w.tenant.Apps(), w.tenant.Deleted(); len(apps)+len(deleted) != 0 {
		w.t.Errorf("in the tenant are %v, deleted %v; want nothing", apps, deleted)
	}
}

// TestSignInAndBeConnected counts the keys from the page of the two ways to
// Connected; what is typed and the browser do not count.
func TestSignInAndBeConnected(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.ada()
	p := w.start(80, 24).drive("way")
	p.See("This machine is ready")
	keys := 0
	press := func(k ...string) { keys += len(k); p.Press(k...) }
	press("enter")
	p.See("Which tenant?")
	p.Type("contoso.com")
	press("enter")
	p.See("Tenant "+tenantID, "› Contoso")
	press("enter") // the name is seen, and taken
	p.See("Sign in with a browser")
	p.reads("Microsoft Graph Command Line Tools")
	press("enter")
	p.See("Is this the right tenant?", who, initial+", contoso.com")
	press("enter")
	p.reads("4 changes. Enter makes them; none is made before.", "with a certificate for 180 days", "PIM reports it as assigned outside of PIM.", "Needs Privileged Role Administrator: you may.")
	w.bare()
	press("enter")
	p.See("Linked. Enter goes on.")
	press("enter")
	p.See("Contoso is connected", "Members of the finance group")
	p.reads("Entra ID › Enterprise apps › Microsoft Graph Command Line Tools › Permissions")
	p.Press("o")
	p.See("Opened in your browser.")
	if want := account.Global.Cloud().EnterpriseAppPage("", "").URL; w.browsed() != want {
		t.Errorf("opened %q, want %q", w.browsed(), want)
	}
	if keys > 10 {
		t.Errorf("%d keys were pressed, want 10 at most", keys)
	}
	w.whole()
	w.dropped(1)
	p.Press("enter")
	p.See("1 connected")
	p.quit()
}

// TestSignInToTheCustomersApp names the app that is really left with
// permissions: before the sign-in, on Connected, and by Undo.
func TestSignInToTheCustomersApp(t *testing.T) {
	t.Parallel()
	ours := func(w *world) string {
		w.signsTo = account.ClientID(w.tenant.RegisterSignInClient("Contoso onboarding").ClientID)
		w.ada()
		return string(w.signsTo)
	}
	t.Run("and on", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		app := ours(w)
		p := w.start(120, 40).drive("signin")
		p.reads("Signing in leaves delegated permissions of the enterprise app " + app)
		p.driveFrom("signin", "connected")
		p.reads("Enterprise apps › " + app + " › Permissions")
	})
	t.Run("and back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		app := ours(w)
		p := w.stopInTheMiddle("esc")
		p.choose("Take everything back")
		p.See("Taken back.")
		p.reads("Enterprise apps › " + app + " › Permissions")
	})
}

func TestSignInByDeviceCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t) // the service's own pace
	p := w.start(80, 24).drive("signin")
	p.byCode(w.ada())
	p.See("Is this the right tenant?")
	p.driveFrom("survey", "connected")
	w.whole()
	w.dropped(1)
	if log := w.tenant.SignIns(); len(log) == 0 || log[0].How != "device code" {
		t.Errorf("the sign-in log is %+v", log)
	}
}

// TestSignInOverSSH opens no browser here: it brings the answer over a tunnel.
func TestSignInOverSSH(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.elsewhere()
	who := w.ada()
	p := w.start(80, 24).drive("signin")
	p.reads("an ssh line brings it here")
	p.Press("enter")
	p.See("ssh -L ", ":localhost:", "ada@10.0.0.7")
	p.reads("10:00 left.")
	if w.browsed() != "" {
		t.Errorf("%s was opened here", w.browsed())
	}
	p.Press("t")
	p.Until("the tunnel is copied", func() bool { return strings.HasPrefix(p.Clip(), "ssh -L ") })
	p.Press("ctrl+y")
	p.Until("the address is copied", func() bool { return strings.HasPrefix(p.Clip(), "https://login.microsoftonline.com/") })
	w.clock.add(90 * time.Second)
	p.See("8:30 left.")
	w.browse(who, p.Clip())
	p.See("Is this the right tenant?")
	p.driveFrom("survey", "connected")
	w.whole()
	w.dropped(1)
}

// refusals are how a tenant, or the person, refuses a sign-in; what is said, and
// the ways on, the best first.
var refusals = map[string]struct {
	set  func(*world)
	code bool // by device code
	says string
	next []string
}{
	"53003":                 {refuse(53003, simcloud.InBrowser), false, "A Conditional Access policy or the security defaults of the tenant block this sign-in (AADSTS53003: ", []string{"Do it by hand instead"}},
	"53003 by device code":  {refuse(53003, simcloud.AtDeviceCode), true, "block this sign-in (AADSTS53003: ", []string{"Sign in with a browser", "Do it by hand instead"}},
	"530032":                {refuse(530032, simcloud.InBrowser), false, "block this sign-in (AADSTS530032: ", []string{"Do it by hand instead"}},
	"530032 by device code": {refuse(530032, simcloud.AtDeviceCode), true, "block this sign-in (AADSTS530032: ", []string{"Sign in with a browser", "Do it by hand instead"}},
	"53000":                 {refuse(53000, simcloud.InBrowser), false, "A policy of the tenant wants a device it manages", []string{"Do it by hand instead"}},
	"50076":                 {refuse(50076, simcloud.AtToken), false, "The tenant asks for multifactor authentication, and it was not given.", []string{"Sign in again", "Use a device code", "Do it by hand instead"}},
	"50076 by device code":  {refuse(50076, simcloud.AtDeviceCode), true, "The tenant asks for multifactor authentication, and it was not given.", []string{"Sign in again", "Sign in with a browser", "Do it by hand instead"}},
	"50079":                 {refuse(50079, simcloud.InBrowser), false, "Multifactor authentication must be set up first for this account.", []string{"Sign in again", "Use a device code", "Do it by hand instead"}},
	"50158":                 {refuse(50158, simcloud.InBrowser), false, "The tenant asks for multifactor authentication, and it was not given.", []string{"Sign in again", "Use a device code", "Do it by hand instead"}},
	"65001":                 {refuse(65001, simcloud.AtToken), false, "The app one signs in to has no consent in this tenant.", []string{"Do it by hand instead", "Sign in again"}},
	"65004":                 {func(w *world) { w.browser = func(b *simcloud.Browser) { b.Consent = simcloud.Decline } }, false, "The permissions were not accepted.", []string{"Sign in again", "Do it by hand instead"}},
	"90094":                 {refuse(90094, simcloud.InBrowser), false, "This account may not accept these permissions.", []string{"Do it by hand instead", "Sign in again"}},
	"50105": {func(w *world) {
		w.portal(w.tenant.SetAssignmentRequired(tools, true))
	}, false, "The app one signs in to requires assignment, and this account has none.", []string{"Do it by hand instead", "Sign in again"}},
	"500021": {refuse(500021, simcloud.InBrowser), false, "The network allows sign-ins to certain tenants alone, and not to this one.", []string{"Sign in again", "Go on later"}},
	"500213": {refuse(500213, simcloud.InBrowser), false, "A cross-tenant access policy refuses this guest.", []string{"Sign in again", "Do it by hand instead"}},
}

// tools is Microsoft Graph Command Line Tools.
const tools = "14d82eec-204b-4c2f-b7e8-296a70dab67e"

func refuse(code int, at simcloud.Moment) func(*world) {
	return func(w *world) { w.portal(w.tenant.RefuseSignIns(code, at)) }
}

// TestSignInRefused holds the sentence and the ways on of each refusal, that
// nothing was written, and that a sign-in afterwards goes on.
func TestSignInRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.hurry()
			who := w.ada()
			tt.set(w)
			p := w.start(80, 40).drive("signin")
			if tt.code {
				p.byCode(who)
			} else {
				p.Press("enter")
			}
			p.reads(tt.says)
			at := -1
			for _, way := range tt.next {
				next := strings.Index(p.Text(), way)
				if next <= at {
					t.Errorf("%q is not offered, or not in order\n%s", way, p.Picture())
				}
				at = next
			}
			for _, way := range []string{"Sign in again", "Sign in with a browser", "Use a device code", "Do it by hand instead"} {
				if !slices.Contains(tt.next, way) && offered(p, way) {
					t.Errorf("%q is offered\n%s", way, p.Picture())
				}
			}
			w.bare()
			w.dropped(0)
		})
	}
}

// offered tells whether a way on is a line of its own.
func offered(p *person, way string) bool {
	for _, line := range strings.Split(p.Text(), "\n") {
		if line = strings.TrimSpace(line); strings.HasSuffix(line, "  "+way) || strings.HasSuffix(line, "› "+way) {
			return true
		}
	}
	return false
}

// TestSignInAsSomebodyElse is refused as a person of another tenant, and then
// goes on as one of this.
func TestSignInAsSomebodyElse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com"})
	stranger := other.AddUser(simcloud.UserSpec{UPN: "eve", Roles: []string{simcloud.GlobalAdministrator}})
	w.signsIn(stranger.UPN)
	p := w.start(80, 24).drive("signin")
	p.Press("enter")
	p.reads("Your browser has the sign-in page.", "AADSTS50020 there means that your account is not in this tenant")
	// It is a page that the app never hears of: one stops waiting.
	p.Until("she was refused", func() bool { return w.shown() == 50020 })
	p.Press("esc")
	p.See("Use a device code")
	w.dropped(0)
	w.ada()
	p.driveFrom("signin", "connected")
	w.whole()
}

// TestOtherAccountByDeviceCode types the code as a person of another tenant:
// the page refuses, and nothing comes of it here.
func TestOtherAccountByDeviceCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hurry()
	other := w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com"})
	stranger := other.AddUser(simcloud.UserSpec{UPN: "eve"})
	p := w.start(80, 24).drive("signin")
	p.choose("Use a device code")
	p.See("Type this code")
	p.enterCode(stranger.UPN)
	p.Press("esc")
	p.See("Sign in with a browser")
	w.bare()
	w.dropped(0)
}

// TestSessionOver ends the session in the middle of the changes: one signs in
// again and goes on, and what was done is not done again.
func TestSessionOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("plan")
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/appRoleAssignedTo"), Status: http.StatusUnauthorized, Times: 1})
	p.Press("enter")
	p.reads("The sign-in is over. Sign in again; what is done stays done.")
	p.See("Sign in and go on", "Go on later", "Take everything back")
	p.Press("enter")
	p.See("Sign in with a browser")
	p.driveFrom("signin", "plan")
	p.reads("2 changes")
	p.driveFrom("plan", "connected")
	w.whole()
	w.dropped(2)
}

// TestMayNotRegister is somebody without the first right: nothing is written,
// and by hand takes over, asking nothing that is known.
func TestMayNotRegister(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.administrator("ines", simcloud.PrivilegedRoleAdministrator)
	p := w.start(80, 32).drive("survey")
	p.See("✗ You may not register the app; it needs ", "✓ You may grant the permission", "✓ You may assign Global Reader")
	p.reads("Rights are missing.", "h makes a text")
	if strings.Contains(p.Text(), "Yes, show me the plan") || strings.Contains(p.Text(), "Go on as far") {
		t.Errorf("the plan is offered\n%s", p.Picture())
	}
	p.Press("h")
	p.See("For another administrator")
	p.See("with the draft")
	p.Press("esc")
	p.Gone("For another administrator")
	p.choose("Do it by hand instead")
	p.See("Register the application")
	w.bare()
	w.dropped(1)
	p.registerIt()
	p.See("Copy the identifiers", tenantID, initial)
	p.Paste(w.app.ClientID)
	p.See(w.app.ClientID)
	p.Press("enter")
	p.See("Generate public key & download")
	p.follow("key", "home")
	w.whole()
}

// TestSomebodyElseSignsIn goes back from not enough rights to another person.
func TestSomebodyElseSignsIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.administrator("ines", simcloud.PrivilegedRoleAdministrator)
	p := w.start(80, 24).drive("survey")
	p.choose("Sign in as somebody else")
	p.See("Sign in with a browser")
	w.dropped(1)
	w.ada()
	p.driveFrom("signin", "connected")
	w.whole()
	w.dropped(2)
}

// TestTwoAdministrators has one do the first half and another, on another day,
// the rest.
func TestTwoAdministrators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.administrator("anton", simcloud.ApplicationAdministrator)
	p := w.start(80, 40).drive("survey")
	p.reads("✗ You may not grant the permission; it needs Privileged Role Administrator")
	p.choose("Go on as far as this account may")
	p.reads("! Grant it AccessReview.Read.All", "Needs Privileged Role Administrator: you may not.", "goes as far as you may")
	p.Press("enter")
	p.reads("This account may not do that. It needs the role Privileged Role Administrator.")
	p.Press("h")
	p.See("For another administrator")
	p.reads("Grant admin consent (Privileged Role Administrator)")
	if text := p.prose(); strings.Contains(text, "Add a permission") || strings.Contains(text, "New registration") {
		t.Errorf("the text asks for what is done\n%s", p.Picture())
	}
	p.Press("esc")
	p.Gone("For another administrator")
	p.choose("Go on later")
	p.See("Go on with Contoso")
	w.dropped(1)
	p.quit()

	w.clock.add(20 * time.Hour)
	w.administrator("petra", simcloud.PrivilegedRoleAdministrator)
	p = w.start(80, 40)
	p.See("Go on with Contoso")
	p.Press("enter")
	p.See("Sign in with a browser")
	p.driveFrom("signin", "survey")
	p.reads("✓ The app is registered")
	p.yesThisOne()
	p.reads("2 changes", "✓ Register the app", "It is there.")
	p.driveFrom("plan", "connected")
	w.whole()
	w.dropped(2)
}

// TestRolesUnread goes on where the roles of the person cannot be read.
func TestRolesUnread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetOwnRolesReadable(false)
	p := w.start(80, 24).drive("survey")
	p.reads("? It is not known whether you may register the app", "? It is not known whether you may assign Global Reader")
	p.reads("Your roles could not be read.")
	p.yesThisOne()
	p.reads("Needs Privileged Role Administrator; your roles could not be read.")
	p.driveFrom("plan", "connected")
	w.whole()
}

// TestOursAlready lists an app of this program that is there, and its owner.
func TestOursAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetAdministratorOwns(true)
	w.start(80, 24).drive("connected").quit()
	accounts, _ := w.reg.Contents(t.Context())
	if err := w.reg.Remove(t.Context(), accounts.Accounts[0].ID); err != nil {
		t.Fatal(err)
	}
	p := w.start(80, 40).drive("survey")
	p.reads("There is an app of this program: Xops 360 - Contoso, made 24 November 2026, owner ada", "Going on makes another.")
}

const day = 24 * time.Hour

// TestLifeRefused is a policy that cannot be read beforehand: shorter and
// shorter certificates are tried, a line each.
func TestLifeRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetPolicy(10 * day)
	p := w.start(80, 24).drive("plan")
	p.reads("a certificate for 180 days;")
	p.driveFrom("plan", "apply")
	p.See("! Certificate, 180 days: a policy of the tenant", "! Certificate, 90 days: a policy", "! Certificate, 30 days: a policy", "✓ Certificate, 7 days")
	p.Press("enter")
	p.See("is connected", "1 December 2026")
	w.whole()
}

// TestNoLifeLeft is a policy that takes none of the lives.
func TestNoLifeLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetPolicy(day)
	p := w.start(80, 30).drive("plan")
	p.Press("enter")
	p.reads("None shorter than 7 days is made. Ask the tenant's administrators")
	w.bare()
}

// TestTrustedAuthoritiesOnly stops and says so; what the policy asks for is not
// weakened, and nothing stays in the tenant.
func TestTrustedAuthoritiesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetTrustedAuthorities(true)
	p := w.start(80, 24).drive("plan")
	p.Press("enter")
	p.reads("A policy of the tenant takes certificates of trusted authorities alone. This program does not weaken it.")
	w.bare()
	p.choose("Take everything back")
	p.See("Taken back. The key and the draft are deleted here.")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
	if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 0 {
		t.Errorf("%d drafts and %d keys are left", drafts, w.keys.stored())
	}
	w.dropped(1)
}

// TestSpreading waits for a change to reach all of Entra, with a clock.
func TestSpreading(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.SetReplicationOf(simcloud.ApplicationChange, time.Minute, time.Minute)
	p := w.start(80, 24).drive("plan")
	p.Press("enter")
	p.See("Enterprise app: Entra is spreading the app")
	w.clock.add(50 * time.Second)
	p.See("Entra is spreading the app, 0:50")
	w.clock.run(200)
	p.goOnFromApply()
	p.See("is connected")
	w.whole()
}

// stopInTheMiddle stops the changes after the app is made.
func (w *world) stopInTheMiddle(key string) *person {
	w.t.Helper()
	p := w.start(80, 40).drive("plan")
	w.tenant.SetReplicationOf(simcloud.PrincipalChange, 0, 2*time.Minute)
	p.Press("enter")
	p.See("✓ Enterprise app")
	p.reads("Admin consent: Entra is spreading the enterprise app")
	p.Press(key)
	p.reads("Stopped. What was made is on record, and nothing is lost.")
	w.clock.add(3 * time.Minute)
	w.tenant.SetReplicationOf(simcloud.PrincipalChange, 0, 0)
	p.See("Go on", "Go on later", "Take everything back")
	return p
}

func TestStopInTheMiddle(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"esc", "ctrl+c"} {
		t.Run(key+" and on", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.ada()
			p := w.stopInTheMiddle(key)
			if d := w.draft(); d.Made.Principal == "" || d.Made.Grant != "" {
				t.Errorf("made = %+v, want the enterprise app and no grant", d.Made)
			}
			p.Press("enter")
			p.goOnFromApply()
			p.See("is connected")
			w.whole()
			w.dropped(1)
		})
	}
	t.Run("and later", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.stopInTheMiddle("esc")
		p.choose("Go on later")
		p.See("Go on with Contoso")
		w.dropped(1)
		p.Press("enter")
		p.See("Sign in with a browser")
		p.driveFrom("signin", "plan")
		p.reads("2 changes.", "It is there.")
		p.driveFrom("plan", "connected")
		w.whole()
		w.dropped(2)
	})
	t.Run("and back", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.stopInTheMiddle("esc")
		p.choose("Take everything back")
		p.See("Taken back. The key and the draft are deleted here.")
		p.reads("Entra ID › Enterprise apps › Microsoft Graph Command Line Tools › Permissions")
		w.bare()
		w.dropped(1)
		p.Press("enter")
		p.See("Which cloud do you want to link first?")
		if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 0 {
			t.Errorf("%d drafts and %d keys are left", drafts, w.keys.stored())
		}
	})
	t.Run("ctrl+c twice", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.stopInTheMiddle("ctrl+c")
		p.Press("ctrl+c")
		if err := p.Wait(); !errors.Is(err, tea.ErrInterrupted) {
			t.Errorf("the program ended with %v", err)
		}
		if said := p.app.Ended(); !strings.Contains(said, "The draft Contoso is kept.") {
			t.Errorf("after the end it says %q", said)
		}
		if d := w.draft(); d.Made.Application == "" || !d.Key().Stored {
			t.Errorf("the draft is %+v", d)
		}
	})
}

// halfDone is a draft whose app is made, left on another day.
func (w *world) halfDone() *person {
	w.t.Helper()
	p := w.stopInTheMiddle("esc")
	p.choose("Go on later")
	p.See("Go on with Contoso")
	p.quit()
	w.clock.add(30 * time.Hour)
	return w.start(80, 40)
}

// TestTakeBackLater takes a draft back from the page of drafts, signed in.
func TestTakeBackLater(t *testing.T) {
	t.Parallel()
	t.Run("with the right to purge", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.halfDone()
		p.choose("Throw Contoso away")
		p.reads("everything back needs a sign-in")
		p.Press("b")
		p.signIn()
		p.See("Taken back. The key and the draft are deleted here.", "✓ Both, deleted for good")
		w.bare()
		w.dropped(2)
	})
	t.Run("without", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.halfDone()
		app := w.draft().Made.Application
		w.administrator("carl", simcloud.CloudApplicationAdministrator, simcloud.PrivilegedRoleAdministrator)
		p.choose("Throw Contoso away")
		p.See("Take back Contoso?")
		p.Press("b")
		p.See("Xops 360 · Take back Contoso")
		p.signIn()
		p.reads("Taken back as far as your account may.", "Deleted, and restorable until 25 December 2026:", "1 Enterprise app ", "2 App registration ", "An Application Administrator or Global Administrator can")
		p.Press("2")
		p.Until("the app's object id is copied", func() bool { return p.Clip() == string(app) })
		if n := len(w.tenant.Deleted()); n != 2 || len(w.tenant.Apps()) != 0 {
			t.Errorf("%d deleted objects and %d apps, want 2 and 0", n, len(w.tenant.Apps()))
		}
		w.dropped(2)
	})
	t.Run("esc leaves it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.ada()
		p := w.halfDone()
		p.choose("Throw Contoso away")
		p.See("Take back Contoso?")
		p.Press("b")
		p.See("Sign in with a browser")
		if strings.Contains(p.Text(), "Do it by hand") {
			t.Errorf("by hand cannot take back\n%s", p.Picture())
		}
		p.Press("esc")
		p.See("Go on with Contoso")
		if d := w.draft(); d.Made.Application == "" || !slices.Contains(d.Trail, "tenant") {
			t.Errorf("the draft is %+v", d)
		}
	})
}

// TestAutomaticBackAndForth goes back from every page and on again, with
// nothing typed twice and nothing written.
func TestAutomaticBackAndForth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("plan")
	p.Press("esc")
	p.See("› Yes, show me the plan") // nobody has to sign in for that
	p.yesThisOne()
	p.See("› Plan")
	p.Press("esc")
	p.See("› Yes, show me the plan")
	p.Press("esc")
	p.See("Sign in with a browser")
	w.dropped(1)
	p.signIn()
	p.See("Is this the right tenant?")
	p.Press("esc")
	p.See("Sign in with a browser")
	w.dropped(2)
	for _, title := range []string{"Which tenant?", "Link a New Microsoft Account", "Which cloud"} {
		p.Press("esc")
		p.See(title)
	}
	p.Press("enter")
	p.See("This machine is ready")
	p.Press("enter")
	p.See("Which tenant?", "› contoso.com", tenantID, "› Contoso")
	p.Press("enter")
	p.See("Sign in with a browser")
	w.bare()
	p.driveFrom("signin", "connected")
	w.whole()
	w.dropped(3)
}

// TestLateSignIn has a sign-in answered after one stopped waiting for it.
func TestLateSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	who := w.ada()
	w.signsIn("")
	p := w.start(80, 24).drive("signin")
	p.Press("enter")
	p.See("Your browser has the sign-in page.")
	first := w.browsed()
	p.Press("esc")
	p.See("Use a device code")
	w.browse(who, first) // nobody listens any more
	p.Press("esc")
	p.See("Which tenant?")
	w.dropped(0)
}

// TestLateSurvey leaves the page while it reads.
func TestLateSurvey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("signin")
	release := w.gate.hold("/organization")
	p.Press("enter")
	p.reads("Reading the tenant, your roles")
	p.Press("esc")
	p.See("Sign in with a browser")
	release()
	p.Press("down")
	p.See("› Use a device code")
	w.dropped(1)
}

// TestAutomaticResized makes the window too small and right again on every page.
func TestAutomaticResized(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24)
	for _, r := range automatic {
		for _, size := range [][2]int{{120, 40}, {64, 16}, {63, 16}, {1, 1}, {64, 15}, {80, 24}} {
			p.Resize(size[0], size[1])
		}
		r.walk(p)
		p.See(r.then)
		p.Resize(63, 16)
		p.See("This window is too small")
		p.Resize(80, 24)
		p.See(r.then)
		p.inside()
	}
	w.whole()
}

// TestAutomaticCalm has nothing that moves on its own.
func TestAutomaticCalm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place.Calm = true
	w.ada()
	p := w.start(80, 24).drive("signin")
	who := w.who
	w.signsIn("")
	p.Press("enter")
	p.See("Your browser has the sign-in page.", "… Waiting for your sign-in.")
	if text := p.Text(); strings.Contains(text, "left.") {
		t.Errorf("a clock runs\n%s", p.Picture())
	}
	w.browse(who, w.browsed())
	p.See("Is this the right tenant?")
	p.driveFrom("survey", "connected")
	w.whole()
}
