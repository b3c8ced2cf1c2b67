package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

const (
	boss   = "adele@contoso.com" // a Global Administrator
	unique = "xops-onboard-6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
	appIs  = "Xops 360 - Contoso"
)

// desk is an administrator's: a tenant with people in it, and this program. Its
// clock is the bubble's.
type desk struct {
	t      *testing.T
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	ear    *ear
	entra  *Entra
	admin  *Administrator
	graph  account.ObjectID
	key    account.Certificate
	paused []account.Pause
	heard  func(account.Pause) // hears of pauses too, if it is there
}

func newDesk(t *testing.T, spec simcloud.TenantSpec) *desk {
	t.Helper()
	d := &desk{t: t, cloud: simcloud.New(time.Now)}
	d.tenant = d.cloud.AddTenant(spec)
	d.tenant.AddUser(simcloud.UserSpec{UPN: boss, Name: "Adele Vance", Roles: []string{simcloud.GlobalAdministrator}})
	d.ear = &ear{next: d.cloud.Client().Transport}
	c, err := rest.New(rest.Options{Transport: d.ear, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	d.entra = New(c, nil)
	d.key = certify(t, keyOf(), "Xops 360 9f3a61c2", time.Now().Add(-5*time.Minute), time.Now().Add(180*24*time.Hour))
	return d
}

// at is a desk in a bubble, with somebody signed in.
func at(t *testing.T, spec simcloud.TenantSpec, f func(t *testing.T, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, spec)
		d.admin = d.signIn(boss)
		s, err := d.admin.Survey(t.Context(), account.SurveyWish{})
		d.must(err)
		d.graph = s.Graph
		d.cloud.ForgetRequests()
		f(t, d)
	})
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) wish() account.SignInWish {
	return account.SignInWish{Cloud: d.tenant.Cloud(), Tenant: account.TenantID(d.tenant.ID())}
}

// signIn is somebody's sign-in by device code, which needs no socket.
func (d *desk) signIn(upn string) *Administrator {
	d.t.Helper()
	a, err := d.entra.SignInGraph(d.t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) { d.must(d.tenant.EnterCode(upn, p.UserCode)) })
	d.must(err)
	return a
}

// hire adds somebody with roles and signs them in.
func (d *desk) hire(upn string, roles ...string) *Administrator {
	d.t.Helper()
	d.tenant.AddUser(simcloud.UserSpec{UPN: upn, Roles: roles})
	// What needs an administrator's consent was consented to before, for everyone.
	d.must(d.tenant.WithdrawConsents(simcloud.CommandLineTools))
	_, err := d.entra.SignInGraph(d.t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
		b := d.tenant.Browser(boss)
		b.Consent = simcloud.AcceptForEveryone
		if l, err := b.EnterCode(d.t.Context(), p.UserCode); err != nil || l.Code != 0 {
			d.t.Fatal(l, err)
		}
	})
	d.must(err)
	return d.signIn(upn)
}

func (d *desk) tell(p account.Pause) {
	d.paused = append(d.paused, p)
	if d.heard != nil {
		d.heard(p)
	}
}

// made is what the four changes made.
type made struct {
	app           account.App
	principal     account.Principal
	consent, role account.Assignment
	evidence      []account.Evidence
}

func (m *made) note(e []account.Evidence) { m.evidence = append(m.evidence, e...) }

// apply makes the four changes.
func (d *desk) apply(a *Administrator) (m made, err error) { return d.applyIn(d.t.Context(), a) }

func (d *desk) applyIn(ctx context.Context, a *Administrator) (m made, err error) {
	var e []account.Evidence
	m.app, e, err = a.CreateApplication(ctx, account.AppWish{Unique: unique, Name: appIs, Certificate: d.key}, d.tell)
	if m.note(e); err != nil {
		return m, err
	}
	m.principal, e, err = a.CreatePrincipal(ctx, m.app.Client, appIs, d.tell)
	if m.note(e); err != nil {
		return m, err
	}
	m.consent, e, err = a.GrantConsent(ctx, m.principal.ID, d.graph, d.tell)
	if m.note(e); err != nil {
		return m, err
	}
	m.role, e, err = a.AssignRole(ctx, m.principal.ID, d.tell)
	m.note(e)
	return m, err
}

// undo takes it all back, as things that were made at that time.
func (d *desk) undo(a *Administrator, m made, at time.Time) ([]account.Binned, error) {
	ctx := d.t.Context()
	if _, err := a.UnassignRole(ctx, m.role.ID, at, d.tell); err != nil {
		return nil, fmt.Errorf("role: %w", err)
	}
	if _, err := a.RevokeConsent(ctx, d.graph, m.consent.ID, at, d.tell); err != nil {
		return nil, fmt.Errorf("consent: %w", err)
	}
	if _, err := a.DeleteApplication(ctx, m.app.Application, at, d.tell); err != nil {
		return nil, fmt.Errorf("application: %w", err)
	}
	binned, _, err := a.Purge(ctx, time.Now(), d.tell, m.principal.ID, m.app.Application)
	return binned, err
}

// wantWhole holds that the tenant has one app of ours with all it needs, and no more.
func (d *desk) wantWhole() simcloud.AppState {
	d.t.Helper()
	apps := d.tenant.Apps()
	if len(apps) != 1 {
		d.t.Fatalf("%d apps: %+v", len(apps), apps)
	}
	a := apps[0]
	got := fmt.Sprint(a.Name, a.Enabled, len(a.Certificates), a.Secrets, a.Owners, a.Federated, a.Requested, a.Granted, a.Roles, a.UniqueName, a.Audience, a.Tags)
	want := fmt.Sprint(appIs, true, 1, []string(nil), []string(nil), []string(nil), []string{"Application AccessReview.Read.All"}, []string{"Application AccessReview.Read.All"}, []string{"Global Reader"}, unique, "AzureADMyOrg", []string{"xops-onboard"})
	if got != want || a.Certificates[0].SHA1 != d.key.SHA1 {
		d.t.Errorf("there is\n%s, want\n%s", got, want)
	}
	return a
}

// wantNothing holds that nothing of ours is left.
func (d *desk) wantNothing() {
	d.t.Helper()
	if apps, bin := d.tenant.Apps(), d.tenant.Deleted(); len(apps)+len(bin) != 0 {
		d.t.Errorf("left: %+v, deleted %+v", apps, bin)
	}
	for _, p := range d.tenant.Principals() {
		if p.ClientID != simcloud.CommandLineTools {
			d.t.Errorf("left: %+v", p)
		}
	}
}

// writes are the calls that change something, without their hosts.
func (d *desk) writes() (all []string) {
	for _, r := range d.cloud.Requests() {
		if r.Method != http.MethodGet && !strings.HasSuffix(r.Path, "/token") && !strings.HasSuffix(r.Path, "/devicecode") && !r.Person {
			all = append(all, r.Method+" "+r.Path)
		}
	}
	return all
}

func (d *desk) wantKind(err error, want account.Kind) *account.Problem {
	d.t.Helper()
	p := account.AsProblem(err)
	if p == nil || p.Kind != want {
		d.t.Fatalf("got %v, want kind %q", err, want)
	}
	return p
}

// ear hears the secrets of a sign-in that pass: tokens, codes, verifiers.
type ear struct {
	next http.RoundTripper

	mu       sync.Mutex
	secrets  []string
	verifier string
	polls    []time.Time
}

func (l *ear) RoundTrip(r *http.Request) (*http.Response, error) {
	var form url.Values
	if r.Body != nil && strings.Contains(r.URL.Path, "/oauth2/") {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		form, _ = url.ParseQuery(string(b))
		l.keep(form.Get("code"), form.Get("code_verifier"), form.Get("device_code"))
		l.mu.Lock()
		if v := form.Get("code_verifier"); v != "" {
			l.verifier = v
		}
		if form.Has("device_code") {
			l.polls = append(l.polls, time.Now())
		}
		l.mu.Unlock()
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil || form == nil {
		return resp, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return resp, nil // a body that breaks off
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	var answer map[string]any
	if json.Unmarshal(b, &answer) == nil {
		for _, name := range []string{"access_token", "refresh_token", "id_token", "device_code"} {
			s, _ := answer[name].(string)
			l.keep(s)
		}
	}
	return resp, nil
}

func (l *ear) keep(secrets ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range secrets {
		if s != "" && !slices.Contains(l.secrets, s) {
			l.secrets = append(l.secrets, s)
		}
	}
}

// wantSecret holds that nothing that was heard is in what is shown of the values.
func (l *ear) wantSecret(t *testing.T, values ...any) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.secrets) == 0 {
		t.Fatal("nothing was heard")
	}
	for _, v := range values {
		j, _ := json.Marshal(v)
		all := string(j)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			all += fmt.Sprintf(verb, v)
		}
		if err, ok := v.(error); ok {
			for ; err != nil; err = unwrapped(err) {
				all += fmt.Sprintf("%v %+v %#v", err, err, err)
			}
		}
		for _, s := range l.secrets {
			if strings.Contains(all, s) || len(s) > 40 && strings.Contains(all, s[len(s)-40:]) {
				t.Errorf("%q is in %s", s, all)
			}
		}
	}
}

func unwrapped(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}
