package steps_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// administrator is a person who signed in, over a tenant that does as told.
type administrator struct {
	link.Administrator // what is not used here
	survey             account.Survey
	adoptable          account.Adoptable // what there is of the app that is asked for
	surveyed           error
	longest            time.Duration // of a certificate; 0: any
	refused            map[string]error
	forgotten          int
	made               []string
}

func newAdministrator() *administrator {
	a := &administrator{refused: map[string]error{}}
	a.survey = account.Survey{
		Person: account.Person{UPN: "ada@contoso.com", Tenant: tenant}, TenantName: "Contoso", Domains: []string{"contoso.com", domain}, Initial: domain,
		RolesRead: true, Graph: "graph", Permission: account.Holds,
		Rights: []account.Right{
			{Name: account.MayRegister, Roles: []string{"Application Developer"}, State: account.Holds},
			{Name: account.MayConsent, Roles: []string{"Privileged Role Administrator", "Global Administrator"}, State: account.Holds},
			{Name: account.MayAssign, Roles: []string{"Privileged Role Administrator", "Global Administrator"}, State: account.Holds},
			{Name: account.MayPurge, Roles: []string{"Application Administrator"}, State: account.Missing},
		},
	}
	return a
}

func (a *administrator) Person() account.Person { return a.survey.Person }
func (a *administrator) Forget()                { a.forgotten++ }

func (a *administrator) Survey(_ context.Context, wish account.SurveyWish) (account.Survey, error) {
	s := a.survey
	if wish.Adopt != "" {
		s.Adopted = a.adoptable
	}
	return s, a.surveyed
}

func (a *administrator) Plan(_ account.Survey, _ account.AppWish, made account.Made) []account.PlannedChange {
	return []account.PlannedChange{
		{Name: link.TheApplication, Done: made.Application != ""},
		{Name: link.ThePrincipal, Done: made.Principal != ""},
		{Name: link.TheGrant, Done: made.Grant != ""},
		{Name: link.TheRole, Done: made.Role != ""},
	}
}

func (a *administrator) FindApplication(context.Context, string) (account.App, []account.Evidence, error) {
	return account.App{}, nil, nil
}

// change makes a change, or is refused it.
func (a *administrator) change(name string) error {
	if err := a.refused[name]; err != nil {
		return err
	}
	a.made = append(a.made, name)
	return nil
}

func (a *administrator) CreateApplication(_ context.Context, w account.AppWish, _ func(account.Pause)) (account.App, []account.Evidence, error) {
	if l := w.Certificate.NotAfter.Sub(w.Certificate.NotBefore); a.longest != 0 && l > a.longest {
		return account.App{}, nil, &account.Problem{Kind: account.PolicyLife}
	}
	return account.App{Application: "app", Client: client, Name: w.Name}, nil, a.change(link.TheApplication)
}

func (a *administrator) Had(context.Context, account.App, account.ObjectID) (account.Had, []account.Evidence, error) {
	return account.Had{}, nil, nil
}

func (a *administrator) CreatePrincipal(context.Context, account.ClientID, string, func(account.Pause)) (account.Principal, []account.Evidence, error) {
	return account.Principal{ID: "principal", Created: true}, nil, a.change(link.ThePrincipal)
}

func (a *administrator) GrantConsent(_ context.Context, _, _ account.ObjectID, tell func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	tell(account.Pause{Reason: account.PrincipalSpreads})
	return account.Assignment{ID: "grant"}, nil, a.change(link.TheGrant)
}

func (a *administrator) AssignRole(context.Context, account.ObjectID, func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{ID: "role"}, nil, a.change(link.TheRole)
}

// signsIn is what the port does: what the test says.
func (w *world) signsIn(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
	return w.signIn(ctx, way, wish, tell)
}

// lets has that person sign in, after so many refusals.
func (w *world) lets(a *administrator, refusals ...account.Kind) {
	w.signIn = func(_ context.Context, way account.SignInWay, _ account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		p := account.SignInPrompt{Way: way, URL: "https://login.example/authorize", Port: 43117}
		if way == account.ByDeviceCode {
			p = account.SignInPrompt{Way: way, UserCode: "E6YKH3T4N", VerificationURL: "https://login.example/device"}
		}
		tell(p)
		if len(refusals) > 0 {
			k := refusals[0]
			refusals = refusals[1:]
			return nil, &account.Problem{Kind: k}
		}
		return a, nil
	}
}

func begun() account.Draft {
	return account.Draft{Provider: account.Microsoft, Way: account.Automatic, Link: account.MicrosoftLink{}}
}

// TestPlainAutomatic goes the whole way as lines, each in its order.
func TestPlainAutomatic(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	a.longest = 40 * 24 * time.Hour
	w.lets(a, account.SignInBlocked)
	w.env.Place.Remote, w.env.Place.Host = true, "ada@10.0.0.7"
	said, _, err := talk(t, w, account.Draft{}, "3", "1", "contoso.com", "Contoso", "2", "1", "1", "yes")
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	last := 0
	for _, want := range []string{
		"Tenant " + tenant + ", Global cloud.", "delegated permissions of the enterprise app Microsoft Graph Command Line Tools", "They can be removed under Entra ID › Enterprise apps",
		"Open https://login.example/device in any browser and type this code: E6YKH3T4N", "block this sign-in",
		"1. Sign in with a browser", "Where your browser is, run: ssh -L 43117:localhost:43117 ada@10.0.0.7", "Open this page there: https://login.example/authorize",
		"Tenant: Contoso", "You: ada@contoso.com", "You may grant the permission.", "You may not delete it for good when taking back; it needs Application Administrator.",
		"to do: Register the app Xops 360 - Contoso", "Needs Application Developer: you may.", "PIM reports it as assigned outside of PIM.",
		"Certificate for 180 days: made.", "a policy of the tenant refuses a certificate for 180 days.", "refuses a certificate for 90 days.", "Certificate for 30 days: made.",
		"App registration: done.", "Admin consent: waiting, Entra is spreading the enterprise app.", "Admin consent: done.", "Global Reader: done.",
		"Contoso is connected.", "Nothing has been sent to Xops 360.", "Your sign-in left delegated permissions", "Page: https://entra.microsoft.com/#view/",
	} {
		at := strings.Index(said[last:], want)
		if at < 0 {
			t.Errorf("%q is not said, or not in order:\n%s", want, said)
			continue
		}
		last += at
	}
	if a.forgotten == 0 {
		t.Error("the token is kept")
	}
	if c, err := w.reg.Contents(t.Context()); err != nil || len(c.Accounts) != 1 || len(c.Drafts) != 0 {
		t.Errorf("contents = %+v, %v", c, err)
	}
}

// TestPlainAutomaticEndOfInput ends the input at every question: an error each
// time, nothing is changed, and the token is dropped.
func TestPlainAutomaticEndOfInput(t *testing.T) {
	t.Parallel()
	typed := []string{"3", "1", "contoso.com", "Contoso", "1", "1", "yes"}
	for n := range typed {
		w, a := newWorld(t), newAdministrator()
		w.lets(a)
		said, _, err := talk(t, w, account.Draft{}, typed[:n]...)
		if !errors.Is(err, steps.ErrInputEnded) || len(a.made) > 0 || n >= len(typed)-2 && a.forgotten == 0 {
			t.Errorf("after %d answers: err = %v, want ErrInputEnded; made %v\n%s", n, err, a.made, said)
		}
	}
}

// TestPlainAutomaticStops stops where it cannot go on, and changes nothing.
func TestPlainAutomaticStops(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		set  func(*administrator)
		says string
		more []string // typed after the sign-in
	}{
		"no":          {func(*administrator) {}, "Nothing was changed.", []string{"1", "no"}},
		"may not":     {func(a *administrator) { a.survey.Rights[0].State = account.Missing }, "Rights are missing.", []string{"3"}},
		"authorities": {func(a *administrator) { a.survey.TrustedOnly = true }, "takes certificates of trusted authorities alone", []string{"3"}},
		"permission":  {func(a *administrator) { a.survey.Permission = account.Missing }, "does not offer AccessReview.Read.All", []string{"3"}},
	} {
		w, a := newWorld(t), newAdministrator()
		tt.set(a)
		w.lets(a)
		said, _, err := talk(t, w, begun(), append([]string{"contoso.com", "Contoso", "1"}, tt.more...)...)
		if !errors.Is(err, steps.ErrLater) || !strings.Contains(said, tt.says) || len(a.made) > 0 || a.forgotten == 0 {
			t.Errorf("%s: err = %v, made %v, forgotten %d\n%s", name, err, a.made, a.forgotten, said)
		}
	}
}

// TestPlainAutomaticRefused keeps the draft where a change is refused, and says why.
func TestPlainAutomaticRefused(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	a.refused[link.TheGrant] = &account.Problem{Kind: account.RightMissing, Subject: "Privileged Role Administrator"}
	w.lets(a)
	said, _, err := talk(t, w, begun(), "contoso.com", "Contoso", "1", "1", "yes")
	if account.KindOf(err) != account.RightMissing || !strings.Contains(said, "Admin consent: This account may not do that. It needs the role Privileged Role Administrator.") || a.forgotten == 0 {
		t.Errorf("err = %v\n%s", err, said)
	}
	c, _ := w.reg.Contents(t.Context())
	if len(c.Drafts) != 1 {
		t.Fatalf("drafts = %+v", c.Drafts)
	}
	d, err := w.reg.Draft(t.Context(), c.Drafts[0].ID)
	if err != nil || d.Made.Principal == "" || d.Made.Grant != "" || d.Microsoft().Client != client {
		t.Errorf("the draft is %+v, %v", d, err)
	}
}

// walkAutomatic is a walk up to the page of the survey.
func walkAutomatic(t *testing.T, w *world) *walker {
	t.Helper()
	k := &walker{Wizard: steps.NewWizard(t.Context(), w.env, steps.Routes, account.Draft{Provider: account.Microsoft, Link: account.MicrosoftLink{}}), t: t, together: true}
	t.Cleanup(k.Close)
	k.run(k.Init())
	k.send(letter('1'), enter)
	k.at("tenant")
	k.send(paste("ada@contoso.com"), enter)
	k.send(enter) // the name
	k.at("signin")
	return k
}

func TestWalkAutomatic(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	k := walkAutomatic(t, w)
	k.send(enter)
	k.at("survey")
	k.send(enter)
	k.at("plan")
	k.reads("4 changes.")
	k.send(enter)
	k.at("apply")
	k.reads("Linked. Enter goes on.")
	k.send(enter)
	k.at("connected")
	if len(a.made) != 4 || a.forgotten == 0 {
		t.Errorf("made %v, forgotten %d", a.made, a.forgotten)
	}
}

// TestBackFromThePlan keeps who signed in: the page before is the survey.
func TestBackFromThePlan(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	k := walkAutomatic(t, w)
	k.send(enter, enter)
	k.at("plan")
	k.send(esc)
	k.at("survey")
	k.send(enter)
	k.at("plan")
	if a.forgotten > 0 {
		t.Error("the token is dropped")
	}
}

// TestBackBeforeTheDraftIsOnDisk says yes and goes back before the draft is
// written, which the changes wait for: nothing is changed when it is.
func TestBackBeforeTheDraftIsOnDisk(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	k := walkAutomatic(t, w)
	k.send(enter, enter)
	k.at("plan")
	_, save := k.Update(enter)
	k.at("plan")
	k.send(esc)
	k.at("survey")
	k.run(save)
	k.at("survey")
	if len(a.made) > 0 {
		t.Errorf("made %v", a.made)
	}
}

// TestNothingToChange says so on the plan.
func TestNothingToChange(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	d := w.draft(t, "identifiers")
	d.Way, d.Trail = account.Automatic, []string{"way", "tenant"}
	d.Made = account.Made{Unique: "xops-onboard-x", Application: "app", Principal: "principal", Grant: "grant", Role: "role"}
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	k := &walker{Wizard: steps.NewWizard(t.Context(), w.env, steps.Routes, d), t: t, together: true}
	t.Cleanup(k.Close)
	k.run(k.Init())
	k.send(letter('1'), enter)
	k.at("survey")
	k.reads("✓ Global Reader is assigned")
	k.send(enter)
	k.at("plan")
	k.reads("Nothing to change: all of it is there. Enter goes on.")
	if help := k.Step().Keys()[0].Help().Desc; help != "go on" {
		t.Errorf("enter is to %q, though there is nothing to make", help)
	}
}

// TestAdoptIsOffered as long as no app of the draft's own is there, however it
// came there.
func TestAdoptIsOffered(t *testing.T) {
	t.Parallel()
	own := account.App{Application: "app", Client: client}
	for name, tt := range map[string]struct {
		own  account.App
		made account.Made
		want bool
	}{
		"nothing made":                 {account.App{}, account.Made{}, true},
		"an attempt made nothing":      {account.App{}, account.Made{Unique: "x"}, true},
		"an attempt's answer was lost": {own, account.Made{Unique: "x"}, false},
		"made":                         {own, account.Made{Unique: "x", Application: "app"}, false},
		"adopted":                      {account.App{}, account.Made{Unique: "x", Adopt: "app", Adopted: &account.Adoption{App: own}}, false},
		"about to adopt":               {account.App{}, account.Made{Unique: "x", Adopt: "app", AdoptClient: client}, false},
	} {
		w, a := newWorld(t), newAdministrator()
		a.survey.Own = tt.own
		w.lets(a)
		d := w.draft(t, "identifiers")
		d.Way, d.Trail, d.Made = account.Automatic, []string{"way", "tenant"}, tt.made
		k := &walker{Wizard: steps.NewWizard(t.Context(), w.env, steps.Routes, d), t: t, together: true}
		t.Cleanup(k.Close)
		k.run(k.Init())
		k.send(letter('1'), enter)
		k.at("survey")
		k.send(letter('a'))
		if got := k.At() == "adopt"; got != tt.want {
			t.Errorf("%s: offered %t, want %t", name, got, tt.want)
		}
	}
}

// TestTokenIsDropped goes away from a sign-in in every way there is.
func TestTokenIsDropped(t *testing.T) {
	t.Parallel()
	for name, away := range map[string]func(*walker){
		"esc":              func(k *walker) { k.send(esc) },
		"as somebody else": func(k *walker) { k.send(letter('2'), enter) },
		"by hand":          func(k *walker) { k.send(letter('3'), enter) },
		"esc twice":        func(k *walker) { k.send(enter, esc, esc) },
		"closed":           func(k *walker) { k.Close() },
		"connected":        func(k *walker) { k.send(enter, enter, enter) },
	} {
		w, a := newWorld(t), newAdministrator()
		w.lets(a)
		k := walkAutomatic(t, w)
		k.send(enter)
		k.at("survey")
		if a.forgotten != 0 {
			t.Errorf("%s: the token is dropped too early", name)
		}
		away(k)
		if a.forgotten == 0 {
			t.Errorf("%s: the token is kept, at %q", name, k.At())
		}
	}
}

// TestLateSignInIsDropped has somebody sign in after one went away.
func TestLateSignInIsDropped(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	k := walkAutomatic(t, w)
	w.lets(a)
	_, cmd := k.Update(enter) // its answers wait
	k.send(esc)               // stops waiting
	k.send(esc)
	k.at("signin")
	k.run(k.Init()) // another visit
	k.run(cmd)
	if a.forgotten == 0 {
		t.Error("the token of a sign-in that nobody waits for is kept")
	}
}

// TestSignInAfterTheEnd has somebody sign in after the wizard was closed, whose
// answers nobody takes.
func TestSignInAfterTheEnd(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	k := walkAutomatic(t, w)
	w.lets(a)
	_, cmd := k.Update(enter)
	k.Close()
	var all sync.WaitGroup // one waits for another
	for _, c := range cmd().(tea.BatchMsg) {
		all.Go(func() { c() })
	}
	all.Wait()
	if a.forgotten == 0 {
		t.Error("the token is kept")
	}
}

// TestLifeKnown takes the longest life that the policy is seen to allow.
func TestLifeKnown(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	a.survey.Life, a.survey.PolicyRead, a.longest = 40*24*time.Hour, true, 40*24*time.Hour
	w.lets(a)
	k := walkAutomatic(t, w)
	k.send(enter, enter)
	k.reads("with a certificate for 30 days (the tenant's policy)")
	k.send(enter)
	k.reads("✓ Certificate, 30 days")
	if strings.Contains(k.page(), "refuses") {
		t.Errorf("a refusal was met: %s", k.page())
	}
}

// TestEveryChoiceOfTheSignIn takes each choice of the sign-in page, before and
// after a refusal, on the road to an account and on the one back: each leads
// somewhere, and the road back offers neither the other way nor a check.
func TestEveryChoiceOfTheSignIn(t *testing.T) {
	t.Parallel()
	half := account.Made{Unique: "xops-onboard-x", Application: "app", Principal: "principal"}
	for road, tt := range map[string]struct {
		route steps.Route
		made  account.Made
		next  string // where who signed in comes to
		leads []string
	}{
		"on, nothing made":   {steps.Routes, account.Made{}, "survey", []string{"survey", "signin", "name", "register"}},
		"on, half made":      {steps.Routes, half, "survey", []string{"survey", "signin", "check"}},
		"back, nothing made": {steps.TakingBack, account.Made{}, "takeback", []string{"takeback", "signin"}},
		"back, half made":    {steps.TakingBack, half, "takeback", []string{"takeback", "signin"}},
	} {
		for _, refused := range []account.Kind{"", account.SignInBlocked, account.ConsentMissing, account.StrongerSignIn, account.TenantRestricted, account.Offline} {
			for i, taken := '1', 0; ; i++ {
				w, a := newWorld(t), newAdministrator()
				w.lets(a)
				d := w.draft(t, "identifiers")
				d.Way, d.Made, d.Trail, d.Keys = account.Automatic, tt.made, []string{"way", "tenant"}, nil
				if err := w.reg.SaveDraft(t.Context(), d); err != nil {
					t.Fatal(err)
				}
				k := &walker{Wizard: steps.NewWizard(t.Context(), w.env, tt.route, d), t: t, together: true}
				t.Cleanup(k.Close)
				k.run(k.Init())
				k.at("signin")
				if refused != "" {
					w.lets(a, refused)
					k.send(letter('1'), enter)
				}
				before := k.page()
				k.send(letter(i))
				if i > '1' && k.page() == before { // no such choice
					if taken < 1 {
						t.Errorf("%s, %s: one choice alone", road, refused)
					}
					break
				}
				taken++
				if tt.next == "takeback" && (strings.Contains(before, "Do it by hand") || strings.Contains(before, "Check without")) {
					t.Errorf("%s, %s: offers what takes nothing back:\n%s", road, refused, before)
				}
				k.send(enter)
				if !slices.Contains(tt.leads, k.At()) && k.out != steps.Leave {
					t.Errorf("%s, %s: choice %c leads to %q", road, refused, i, k.At())
				}
			}
		}
	}
}

// TestKeyOfTheSignInIsKnown goes on by hand after the key was made while somebody
// was to sign in: no other size can be chosen for it.
func TestKeyOfTheSignInIsKnown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.lets(newAdministrator(), account.SignInBlocked)
	k := walkAutomatic(t, w)
	k.send(enter)
	k.reads("block this sign-in")
	k.send(enter)
	k.at("register")
	k.send(enter)
	k.at("identifiers")
	k.send(paste(client), tab, tab, paste(domain), enter)
	k.at("key")
	k.send(letter('b'))
	k.reads("RSA 2048")
	if help := k.Step().Keys()[0].Help().Desc; help != "write the certificate" {
		t.Errorf("enter is to %q, though there is a key", help)
	}
}

// TestTypingWhileTheAppIsRead names another app before the first is read: the
// first is not shown.
func TestTypingWhileTheAppIsRead(t *testing.T) {
	t.Parallel()
	w, a := newWorld(t), newAdministrator()
	w.lets(a)
	k := walkAutomatic(t, w)
	k.send(enter)
	k.at("survey")
	k.send(letter('a'))
	k.at("adopt")
	k.send(paste(client))
	_, read := k.Update(enter)
	k.reads("Reading the app")
	k.send(tea.KeyPressMsg{Code: tea.KeyBackspace}, letter('5'))
	k.run(read)
	if strings.Contains(k.page(), "Type yes") {
		t.Errorf("another app than the one that is entered is shown:\n%s", k.page())
	}
	k.send(enter)
	k.reads("Type yes")
}
