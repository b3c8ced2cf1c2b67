package steps_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

const otherClient = "22221111-aaaa-2222-bbbb-3333cccc4444"

func (a *administrator) Adopt(_ context.Context, app account.ObjectID, _ account.AppWish, _ func(account.Pause)) (account.Adoption, []account.Evidence, error) {
	return account.Adoption{App: a.adoptable.App, Key: true}, nil, a.change("adoption of " + string(app))
}

func (a *administrator) FindPrincipal(context.Context, account.ClientID) (account.Principal, []account.Evidence, error) {
	return account.Principal{}, nil, nil
}

func (a *administrator) FindConsent(context.Context, account.ObjectID, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{}, nil, nil
}

func (a *administrator) FindRole(context.Context, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{}, nil, nil
}

func (a *administrator) Abandon(context.Context, account.Adoption, account.Certificate, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("abandoned")
}

func (a *administrator) DeletePrincipal(context.Context, account.ObjectID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no principal")
}

func (a *administrator) DeleteApplication(context.Context, account.ObjectID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no application")
}

func (a *administrator) Purge(_ context.Context, _ time.Time, _ func(account.Pause), objects ...account.ObjectID) (out []account.Binned, _ []account.Evidence, _ error) {
	for _, o := range objects {
		out = append(out, account.Binned{Object: o, Until: time.Date(2030, 2, 3, 0, 0, 0, 0, time.UTC)})
	}
	return out, nil, &account.Problem{Kind: account.PurgeNotAllowed}
}

// says looks that all of it is said, in that order.
func says(t *testing.T, said string, wants ...string) {
	t.Helper()
	rest := said
	for _, want := range wants {
		_, after, ok := strings.Cut(rest, want)
		if !ok {
			t.Errorf("%q is not said, or not in order:\n%s", want, said)
			continue
		}
		rest = after
	}
}

// foreign is a tenant with an app of this program that has a secret.
func foreign() *administrator {
	a := newAdministrator()
	app := account.App{Application: "object", Client: otherClient, Name: "Old app", Made: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}
	a.survey.Tagged = []account.App{app}
	a.adoptable = account.Adoptable{App: app, Foreign: []string{"Secret: somebody's"}}
	return a
}

// TestPlainAdopts uses an app that is there: all that is foreign on it is said,
// and nothing less than yes is taken.
func TestPlainAdopts(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), foreign()
	w.lets(a)
	said, d, err := talk(t, w, begun(), "contoso.com", "Contoso", "1",
		"4", "y", // the app that was found: that is no yes
		"5", "no id", otherClient, " Yes ", "yes")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	says(t, said, "There is an app of this program: Old app, made 2 January 2026. Going on makes another.", "4. Use the app Old app, "+otherClient,
		"App: Old app", "Client ID: "+otherClient, "Made: 2 January 2026", "Secret: somebody's", "What it has stays", "Type yes to use it", "Anything but yes leaves the app alone.",
		"5. Use an app that is there", "This is not an id.", "Type yes to use it", "Certificate on the app that is there: done.", "Contoso is connected.", "Application ID: "+otherClient)
	if want := []string{"adoption of object", link.ThePrincipal, link.TheGrant, link.TheRole}; !slices.Equal(a.made, want) || d.Made.Adopted == nil {
		t.Errorf("made %v, want %v; the draft made %+v", a.made, want, d.Made)
	}
}

// TestPlainAdoptsNoLinkedApp refuses an app that an account here has.
func TestPlainAdoptsNoLinkedApp(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), foreign()
	w.lets(a)
	w.env.Known = []account.Row{{ID: "5f3c1a70-0000-4000-8000-0000000000aa", Name: "Other", Identity: "global/" + tenant + "/" + otherClient}}
	said, _, err := talk(t, w, begun(), "contoso.com", "Contoso", "1", "4", "6")
	says(t, said, "Other uses this app already.")
	if !errors.Is(err, steps.ErrLater) || len(a.made) > 0 {
		t.Errorf("err = %v, made %v", err, a.made)
	}
}

// TestPlainTakesAnAdoptedAppBack goes on with a draft whose app was there
// before: it counts as there, and only what was added is taken back.
func TestPlainTakesAnAdoptedAppBack(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), foreign()
	w.lets(a)
	a.refused[link.TheGrant] = &account.Problem{Kind: account.RightMissing, Subject: "Privileged Role Administrator"}
	begin := []string{"contoso.com", "Contoso", "1", "4", "yes", "yes"}
	said, _, err := talk(t, w, begun(), append(begin, "2")...)
	if !errors.Is(err, steps.ErrLater) {
		t.Fatalf("err = %v\n%s", err, said)
	}
	c, _ := w.reg.Contents(t.Context())
	d, _ := w.reg.Draft(t.Context(), c.Drafts[0].ID)
	said, _, err = talk(t, w, d, "4") // take back
	if !errors.Is(err, steps.ErrInputEnded) {
		t.Fatalf("err = %v\n%s", err, said)
	}
	says(t, said, "Check without signing in", "Take everything back, the key and the draft too", "Sign in.")
	said, _, _ = talk(t, w, d, "1")
	if strings.Contains(said, "Use an app that is there") {
		t.Errorf("another app is offered:\n%s", said)
	}
	a.made = nil
	said, _, err = talk(t, w, d, "4", "1")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	says(t, said, "Enterprise app, deleted: done.", "Our certificate and permission, taken from the app: done.", "Not deleted for good.", "Taken back as far as your account may.", "Enterprise app Xops 360 - Contoso (principal): deleted, and restorable until",
		"Your sign-in left delegated permissions", "Page: https://entra.microsoft.com/#view/")
	if want := []string{"no principal", "abandoned"}; !slices.Equal(a.made, want) {
		t.Errorf("taken back: %v, want %v", a.made, want)
	}
	if c, _ := w.reg.Contents(t.Context()); len(c.Drafts) != 0 {
		t.Errorf("drafts = %+v", c.Drafts)
	}
}

// TestPlainHint begins the sign-in with the name that was entered for the tenant.
func TestPlainHint(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	var hint string
	inner := w.signIn
	w.signIn = func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		hint = wish.Hint
		return inner(ctx, way, wish, tell)
	}
	said, d, _ := talk(t, w, begun(), " ada@contoso.com", "", "1")
	says(t, said, "Friendly name (Enter takes Contoso): ", "As an administrator of contoso.com.", "Open this page: ", steps.BrowserError)
	if hint != "ada@contoso.com" || d.Name != "Contoso" {
		t.Errorf("hint = %q, name %q", hint, d.Name)
	}
}

// TestPlainAfterARefusedSignIn offers what the page offers.
func TestPlainAfterARefusedSignIn(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a, account.SignInBlocked)
	said, d, _ := talk(t, w, begun(), "contoso.com", "Contoso", "1", "1")
	says(t, said, "block this sign-in", "1. Do it by hand instead", "2. Leave; the draft is kept", "Register the app.")
	if d.Way != account.ByHand || d.Name != "Contoso" || d.Microsoft().Tenant != tenant || strings.Contains(said, "Friendly name.") {
		t.Errorf("by hand it goes on with %+v\n%s", d, said)
	}

	w = newWorld(t)
	w.lets(a, account.SignInBlocked)
	d = w.half(t)
	said, _, err := talk(t, w, d, "1", "1")
	says(t, said, "block this sign-in", "1. Check without signing in", "2. Take everything back", "3. Leave", "Global Reader: holds.", "Contoso is connected.")
	if c, _ := w.reg.Contents(t.Context()); err != nil || len(c.Accounts) != 1 || len(a.made) > 0 {
		t.Errorf("checked without a sign-in: %v, %+v, made %v", err, c, a.made)
	}

	w = newWorld(t)
	w.lets(a, account.SignInBlocked)
	_, _, err = talk(t, w, w.half(t), "1", "3")
	if !errors.Is(err, steps.ErrLater) {
		t.Errorf("left: %v", err)
	}
}

// half is a draft whose app and enterprise app are made.
func (w *world) half(t *testing.T) account.Draft {
	t.Helper()
	d := w.draft(t, "upload")
	d.Way, d.Trail = account.Automatic, []string{"way", "tenant"}
	m := d.Microsoft()
	m.Application, m.Principal = "app", "principal"
	d.Link, d.Made = m, account.Made{Unique: "u", Graph: "graph", Application: "app", Principal: "principal", By: "ada@contoso.com"}
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestPlainAfterARefusedChange tries again, goes on later, and takes back.
func TestPlainAfterARefusedChange(t *testing.T) {
	t.Parallel()
	refused := &account.Problem{Kind: account.Unavailable, Status: 503}
	w, a := newWorld(t), newAdministrator()
	a.refused[link.TheRole] = refused
	w.lets(a)
	said, _, err := talk(t, w, begun(), "contoso.com", "Contoso", "1", "1", "yes", "1", "2")
	says(t, said, "Admin consent: done.", "Global Reader: The service has a problem of its own (HTTP 503).", "1. Go on; what is done stays done", "2. Go on later; the draft and its key are kept", "3. Take everything back", "Global Reader: The service has a problem")
	if !errors.Is(err, steps.ErrLater) || !slices.Equal(a.made, link.Changes[:3]) || a.forgotten == 0 {
		t.Errorf("err = %v, made %v", err, a.made)
	}

	w, a = newWorld(t), newAdministrator()
	a.refused[link.ThePrincipal] = &account.Problem{Kind: account.RightMissing, Subject: "Cloud Application Administrator"}
	w.lets(a)
	said, _, err = talk(t, w, begun(), "contoso.com", "Contoso", "1", "1", "yes", "3")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	says(t, said, "Take back.", "App and enterprise app, deleted: done.", "Not deleted for good.", "Taken back as far as your account may.",
		"App registration Xops 360 - Contoso (app): deleted, and restorable until 3 February 2030.", "An Application Administrator or Global Administrator can")
	if strings.Contains(said, "deleted for good: done") {
		t.Errorf("it is said to be gone:\n%s", said)
	}
	if c, _ := w.reg.Contents(t.Context()); len(c.Drafts) != 0 {
		t.Errorf("drafts = %+v", c.Drafts)
	}
}

// TestPlainLockedFileStore asks for the passphrase first, and where nobody can
// be asked says where it comes from.
func TestPlainLockedFileStore(t *testing.T) {
	t.Parallel()
	locked := func() (*world, account.Draft) {
		w := newWorld(t)
		w.store[account.FileStore], w.phrase = account.StoreLocked, "correct horse battery"
		d := w.draft(t, "role")
		d.Keys[0].Store = account.FileStore
		return w, d
	}
	w, d := locked()
	said, _, err := talk(t, w, d, "", "", "")
	says(t, said, steps.PassphraseElsewhere)
	if account.KindOf(err) != account.StoreNotUsable || strings.Contains(said, ": .") {
		t.Errorf("err = %v\n%s", err, said)
	}

	w, d = locked()
	phrases := []string{"wrong horse battery", "correct horse battery"}
	var out bytes.Buffer
	p := steps.Plain{Env: w.env, Out: &out, In: bufio.NewReader(strings.NewReader("\n\n"))}
	p.Secret = func(string) ([]byte, error) {
		s := phrases[0]
		phrases = phrases[1:]
		return []byte(s), nil
	}
	if _, err := p.Run(t.Context(), steps.Routes, d); err != nil {
		t.Errorf("%v\n%s", err, out.String())
	}
	says(t, out.String(), "The file store is locked.", "That is not the passphrase.", "Global Reader: holds.", "Contoso is connected.")
}

// TestPlainLockedWhileLooking says why nothing can be checked.
func TestPlainLockedWhileLooking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "role")
	w.store[account.Keyring] = account.StoreLocked
	said, _, err := talk(t, w, d, "", "2")
	says(t, said, "The keyring is locked.", "1. Try again", "2. Leave; the draft is kept")
	if !errors.Is(err, steps.ErrLater) || strings.Contains(said, ": .") {
		t.Errorf("err = %v\n%s", err, said)
	}
}

// demo is an administrator in a portal that does nothing but note.
type demo struct {
	did    []string
	signed []account.SignInWay
}

func (d *demo) Do(_ context.Context, stop string, _ account.Draft) (string, error) {
	d.did = append(d.did, stop)
	return "Application (client) ID\n" + client + "\nDirectory (tenant) ID\n" + tenant + "\n" + domain, nil
}

func (d *demo) SignIn(_ context.Context, p account.SignInPrompt) error {
	d.signed = append(d.signed, p.Way)
	return nil
}

// TestPlainDemo walks both ways with nothing but Enter beside the choices: the
// demo's administrator does the rest, and no port is opened.
func TestPlainDemo(t *testing.T) {
	t.Parallel()
	w, a, d := newWorld(t), newAdministrator(), &demo{}
	w.env.Demo = d
	w.lets(a)
	w.env.Open = func(context.Context, string) error { t.Error("a browser is opened"); return nil }
	said, _, err := talk(t, w, begun(), "contoso.com", "Contoso", "1", "1", "yes")
	says(t, said, "1. Use a device code", "In the demo its administrator types it now.", "Contoso is connected.")
	if err != nil || strings.Contains(said, "Sign in with a browser") || !slices.Equal(d.signed, []account.SignInWay{account.ByDeviceCode}) {
		t.Errorf("%v, signed in by %v\n%s", err, d.signed, said)
	}

	w, d = newWorld(t), &demo{}
	w.env.Demo = d
	w.verify = func(n int) account.Report {
		all := []account.Check{missing(account.CertificateAccepted, account.CertificateUnseen), missing(account.GlobalReader, account.RoleMissing), missing(account.Consent, account.PermissionNotAdded)}
		return report(all[min(n-1, len(all)):]...)
	}
	said, _, err = talk(t, w, account.Draft{Provider: account.Microsoft, Way: account.ByHand, Link: account.MicrosoftLink{}}, "Contoso", "", "", "", "", "")
	says(t, said, "In the demo its administrator does it now.", "The Overview page has client id "+client, "Contoso is connected.")
	if want := []string{"register", "identifiers", "upload", "role", "permission"}; err != nil || !slices.Equal(d.did, want) {
		t.Errorf("%v, done %v, want %v\n%s", err, d.did, want, said)
	}
}

// TestPlainNationalCloud chooses a cloud, and takes the one in which the tenant is.
func TestPlainNationalCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store[account.Keyring] = account.StoreNoBus
	var asked []account.CloudID
	w.discover = func(c account.CloudID, _ string) (account.Tenant, time.Duration, error) {
		asked = append(asked, c)
		if c != account.China {
			return account.Tenant{}, 0, &account.Problem{Kind: account.TenantElsewhere, Subject: string(account.China)}
		}
		return account.Tenant{ID: tenant, Cloud: account.China}, time.Hour, nil
	}
	said, d, _ := talk(t, w, account.Draft{Provider: account.Microsoft, Link: account.MicrosoftLink{}}, "3", "3", "1", "contoso.com", "1", "Contoso")
	says(t, said, "no D-Bus session bus is running. You will be asked what to do before a key is made.", "3. Choose the national cloud: found from the tenant, Global first",
		"3. US Government (GCC High)", "Choose the national cloud: US Government (GCC High)", "This tenant is in another cloud: China (21Vianet).", "1. Take the cloud China (21Vianet)",
		"clock is 1 hour ahead", "China (21Vianet) cloud.")
	if d.Cloud != account.China || !d.Chosen || !slices.Equal(asked, []account.CloudID{account.USGov, account.China}) {
		t.Errorf("the cloud is %q, asked %v", d.Cloud, asked)
	}
}

// TestPlainOfflineWithADomain asks again: without an id there is nothing to go on with.
func TestPlainOfflineWithADomain(t *testing.T) {
	t.Parallel()
	for _, way := range []account.Way{account.ByHand, account.Automatic} {
		w := newWorld(t)
		up, inner := false, w.discover
		w.discover = func(c account.CloudID, s string) (account.Tenant, time.Duration, error) {
			if up {
				return inner(c, s)
			}
			up = true
			return account.Tenant{}, 0, &account.Problem{Kind: account.Offline, Subject: "login.microsoftonline.com"}
		}
		typed := []string{"Contoso", "", client, "contoso.com", "contoso.com"}
		if way == account.Automatic {
			typed = []string{tenant, "contoso.com"}
		}
		said, d, err := talk(t, w, account.Draft{Provider: account.Microsoft, Way: way, Link: account.MicrosoftLink{}}, typed...)
		says(t, said, "login.microsoftonline.com cannot be reached from this machine.", "Its id, ")
		if !errors.Is(err, steps.ErrInputEnded) || d.Microsoft().Tenant != tenant {
			t.Errorf("%s: err = %v, tenant %q\n%s", way, err, d.Microsoft().Tenant, said)
		}
	}
}
