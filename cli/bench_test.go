package cli_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/internal/jsontest"
	"github.com/axiomio/xops-onboard/internal/version"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
)

const (
	tenantID = "00001111-aaaa-2222-bbbb-3333cccc4444"
	clientID = "99998888-aaaa-2222-bbbb-3333cccc4444"
)

// bench is a machine, a tenant and who signs in there, as small as commands
// need them.
type bench struct {
	t        *testing.T
	registry *registry.Registry
	keys     map[account.KeyID]bool
	store    account.StoreState
	ready    []account.Store // whatever store says
	terminal bool
	typed    string

	survey    account.Survey
	adoptable account.Adoptable // what there is of the app that is asked for
	app       account.App
	hint      string           // of the last sign-in
	made      []string         // changes of the tenant, in their order
	refuse    map[string]error // by a change's name
	purge     bool             // may be done
	refused   error            // the sign-in
	signed    int              // sign-ins
	held      int              // tokens that were not dropped
	report    account.Report
	reports   map[account.ClientID]account.Report   // of accounts whose is another
	asked     func(context.Context, account.Target) // called when an account is verified

	damaged []account.Problem // files of the registry

	mu    sync.Mutex
	on    map[string]string // ids of certificates on apps, by what they are
	saved map[string]string // files, by their paths
	place steps.Place
	says  func(text string) // called with what is said beside the result
	went  func(path string) // called when a file was written

	ran *cli.Start
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, registry: registry.Memory(), keys: map[account.KeyID]bool{}, store: account.StoreReady, refuse: map[string]error{}, purge: true, on: map[string]string{}, saved: map[string]string{}}
	b.survey = account.Survey{TenantName: "Con\x1b[2Jtoso", Initial: "contoso.onmicrosoft.com", Person: account.Person{UPN: "ada@contoso.com"}, RolesRead: true, Permission: account.Holds, Graph: "graph"}
	for _, n := range []account.RightName{account.MayRegister, account.MayConsent, account.MayAssign, account.MayPurge} {
		b.survey.Rights = append(b.survey.Rights, account.Right{Name: n, State: account.Holds, Roles: []string{"Role to " + string(n)}})
	}
	b.report = checked(account.Holds)
	return b
}

// checked is a report whose last check is in that state.
func checked(last account.CheckState) (r account.Report) {
	for _, n := range []account.CheckName{account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Consent} {
		r.Checks = append(r.Checks, account.Check{Name: n, State: account.Holds})
	}
	r.Checks = append(r.Checks, account.Check{Name: account.AccessReviews, State: last})
	return r
}

// call runs a command line.
func (b *bench) call(args ...string) (code int, out, errs string) {
	b.t.Helper()
	before := os.Args
	defer func() { os.Args = before }()
	os.Args = append([]string{"xops-onboard"}, args...)
	var o, e bytes.Buffer
	code = cli.Execute(b.t.Context(), cli.Ports{
		Run:  func(_ context.Context, s cli.Start) error { b.ran = &s; return nil },
		Open: b.open, Records: b.records, In: strings.NewReader(b.typed), Out: &o, Terminal: b.terminal, Shown: b.terminal, Build: built,
	}, said{&e, b})
	if b.held != 0 {
		b.t.Errorf("%v: %d tokens of the administrator were not dropped", args, b.held)
	}
	for _, text := range []string{o.String(), e.String()} {
		if strings.Contains(text, "\x1b") {
			b.t.Errorf("%v wrote a terminal's sequence: %q", args, text)
		}
	}
	b.promised(args, o.String(), e.String())
	if code != 0 && (!strings.Contains(e.String(), "xops-onboard: error: ") || strings.Count(e.String(), "xops-onboard: error: ") != 1) {
		b.t.Errorf("%v: code %d without one line of error: %q", args, code, e.String())
	}
	return code, o.String(), e.String()
}

// schema is what is promised of the JSON that commands write.
var schema = sync.OnceValues(func() (*jsontest.Schema, error) { return jsontest.Read("../docs/json.schema.json") })

// promised looks that the JSON of a command is as it is promised.
func (b *bench) promised(args []string, out, errs string) {
	b.t.Helper()
	s, err := schema()
	if err != nil {
		b.t.Fatal(err)
	}
	if slices.Contains(args, "--json") || args[0] == "credentials" {
		s.Hold(b.t, out)
	}
	for text := range strings.Lines(errs) { // the events of a plan
		if strings.HasPrefix(text, "{") {
			s.Hold(b.t, text)
		}
	}
}

// said is what is said beside the result, and who listens.
type said struct {
	*bytes.Buffer
	b *bench
}

func (s said) Write(text []byte) (int, error) {
	if s.b.says != nil {
		s.b.says(string(text))
	}
	return s.Buffer.Write(text)
}

// built is what the program is said to be built from.
func built() version.Build {
	return version.Build{Version: "v1.2.3", Commit: "1fa60dd1fc224d0c3b5ad01f1e5dbd67e6b9f1de", Date: "2026-11-26T05:34:44Z"}
}

func (b *bench) open(ctx context.Context, _ cli.Start) (cli.World, error) {
	ops := link.New(ctx, link.Ports{
		Keys: struct {
			*keys
			otherKeys
		}{keys: (*keys)(b)},
		Registry:  b.registry,
		Microsoft: (*microsoft)(b),
		SignIn:    b.signIn, Save: (*files)(b), AWS: noProfiles{}, Now: time.Now,
	})
	known, err := b.registry.Contents(ctx)
	known.Damaged = append(known.Damaged, b.damaged...)
	env := steps.Env{Ops: ops, Known: known.Accounts, Drafts: known.Drafts, Now: time.Now, NewID: uuid.NewString, Place: b.place}
	return cli.World{Env: env, Known: known, Close: ops.Close}, err
}

// records are the registry, with files that cannot be read.
func (b *bench) records(cli.Start) (link.Registry, error) {
	return harmed{b.registry, b.damaged}, nil
}

type harmed struct {
	link.Registry
	damaged []account.Problem
}

func (h harmed) List(ctx context.Context, begin func() func(account.Row, account.LastCheck)) (account.Contents, error) {
	others, err := h.Registry.List(ctx, begin)
	others.Damaged = append(others.Damaged, h.damaged...)
	return others, err
}

func (b *bench) signIn(_ context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
	b.hint = wish.Hint
	if wish.Tenant != tenantID {
		b.t.Errorf("signed in to tenant %q", wish.Tenant)
	}
	if way == account.ByDeviceCode {
		tell(account.SignInPrompt{Way: way, UserCode: "ABCDEFGHJ", VerificationURL: "https://microsoft.com/devicelogin"})
	} else {
		tell(account.SignInPrompt{Way: way, URL: "https://login.microsoftonline.com/authorize"})
	}
	if b.refused != nil {
		return nil, b.refused
	}
	b.signed++
	b.held++
	return &administrator{bench: b}, nil
}

// contents is what the registry lists.
func (b *bench) contents() account.Contents {
	b.t.Helper()
	c, err := b.registry.Contents(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	return c
}

// nothing looks that nothing was written anywhere.
func (b *bench) nothing() {
	b.t.Helper()
	if c := b.contents(); len(c.Accounts)+len(c.Drafts) != 0 || len(b.keys) != 0 || len(b.made) != 0 {
		b.t.Errorf("left: %+v, keys %v, made %v", c, b.keys, b.made)
	}
}

// objects are the lines of a JSON output; the last is the result.
func objects(t *testing.T, out string) (all []map[string]any) {
	t.Helper()
	for s := range strings.Lines(out) {
		var x map[string]any
		if err := json.Unmarshal([]byte(s), &x); err != nil {
			t.Fatalf("no JSON object: %q: %v", s, err)
		}
		all = append(all, x)
	}
	if len(all) == 0 {
		t.Fatal("nothing was written")
	}
	return all
}

type keys bench

// The other methods of the port are not called here.
type otherKeys struct{ link.Keys }

func (k *keys) Probe(_ context.Context, s account.Store) account.StoreStatus {
	if slices.Contains(k.ready, s) {
		return account.StoreStatus{Store: s, State: account.StoreReady}
	}
	return account.StoreStatus{Store: s, State: k.store}
}

func (k *keys) Make(_ context.Context, _ account.Store, id account.KeyID, _ int) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[id] = true
	return nil
}

func (k *keys) Open(ctx context.Context, s account.Store, _ account.KeyID) (crypto.Signer, error) {
	if state := k.Probe(ctx, s).State; state != account.StoreReady {
		return nil, &account.Problem{Kind: account.StoreNotUsable, State: state}
	}
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nil
}

func (k *keys) Delete(_ context.Context, _ account.Store, id account.KeyID) error {
	if err := k.refuse["delete"]; err != nil {
		return err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, id)
	return nil
}

func (k *keys) Certify(_ crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	return account.Certificate{PEM: subject, SHA1: strings.Repeat("AB", 20), NotBefore: from, NotAfter: from.Add(life)}, nil
}

// Copy has nothing to do: there is one place for both stores.
func (k *keys) Copy(context.Context, account.KeyID, account.Store, account.Store) error { return nil }

func (k *keys) Unlock(context.Context, account.Store, []byte) error { return nil }

type microsoft bench

func (m *microsoft) Discover(_ context.Context, cloud account.CloudID, tenant string) (account.Tenant, time.Duration, error) {
	switch {
	case tenant != tenantID && tenant != "contoso.com":
		return account.Tenant{}, 0, &account.Problem{Kind: account.TenantNotFound}
	case cloud != "" && cloud != account.Global:
		return account.Tenant{}, 0, &account.Problem{Kind: account.TenantElsewhere, Subject: "global"}
	}
	return account.Tenant{ID: tenantID, Cloud: account.Global}, 0, nil
}

func (m *microsoft) Reach(context.Context, account.CloudID) (time.Duration, []account.Problem) {
	return 0, nil
}

func (m *microsoft) Verify(ctx context.Context, t account.Target, _ crypto.Signer) account.Report {
	if m.asked != nil {
		m.asked(ctx, t)
	}
	if r, ok := m.reports[t.Link.Client]; ok {
		return r
	}
	return m.report
}

// Accepts takes what is on an app.
func (m *microsoft) Credentials(_ context.Context, of account.Resource, t account.Target, _ crypto.Signer) (account.AppToken, error) {
	return account.AppToken{Access: "token of " + string(t.Link.Client) + " for " + string(of), Type: "Bearer", Expires: time.Date(2026, 11, 26, 11, 0, 0, 0, time.UTC)}, nil
}

func (m *microsoft) Accepts(_ context.Context, t account.Target, _ crypto.Signer) ([]account.Evidence, error) {
	if err := m.refuse["token"]; err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.on[t.Certificate.PEM] == "" {
		return nil, &account.Problem{Kind: account.CertificateUnseen}
	}
	return nil, nil
}

func (m *microsoft) FindKey(_ context.Context, _ account.Target, _ crypto.Signer, next account.Certificate) (string, []account.Evidence, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.on[next.PEM], nil, nil
}

// AddKey may be refused to the app that has a certificate.
func (m *microsoft) AddKey(_ context.Context, t account.Target, _ crypto.Signer, next account.Certificate) (string, []account.Evidence, error) {
	if err := m.refuse[t.Certificate.PEM]; err != nil {
		return "", nil, err
	}
	return (*bench)(m).put(next.PEM), nil, nil
}

func (m *microsoft) RemoveKey(_ context.Context, _ account.Target, _ crypto.Signer, credential string) ([]account.Evidence, error) {
	if err := m.refuse["removeKey"]; err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.on, func(_, id string) bool { return id == credential })
	return nil, nil
}

// put has a certificate on an app.
func (b *bench) put(certificate string) (id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	id = uuid.NewString()
	b.on[certificate] = id
	return id
}

type files bench

func (f *files) Text(ctx context.Context, dir, name, text string) (string, error) {
	return f.Certificate(ctx, dir, name, text)
}

func (f *files) Certificate(_ context.Context, dir, name, pem string) (string, error) {
	path := dir + "/" + name
	f.mu.Lock()
	f.saved[path] = pem
	f.mu.Unlock()
	if f.went != nil {
		f.went(path)
	}
	return path, nil
}

// administrator is who signed in.
type administrator struct {
	*bench
	dropped bool
}

func (a *administrator) Person() account.Person { return a.survey.Person }

func (a *administrator) Forget() {
	if !a.dropped {
		a.dropped = true
		a.held--
	}
}

func (a *administrator) Survey(_ context.Context, wish account.SurveyWish) (account.Survey, error) {
	s := a.survey
	if wish.Adopt != "" {
		if wish.Adopt != a.adoptable.App.Client {
			return s, &account.Problem{Kind: account.AppNotFound}
		}
		s.Adopted = a.adoptable
	}
	return s, nil
}

func (a *administrator) Plan(s account.Survey, w account.AppWish, m account.Made) []account.PlannedChange {
	app := account.PlannedChange{Name: link.TheApplication, Method: "PATCH", Path: "/v1.0/applications", Body: w.Name, Done: m.Application != ""}
	if s.Adopted.App.Found() {
		app.Name, app.Done = "adoption", m.Adopted != nil
	}
	return []account.PlannedChange{
		app,
		{Name: link.ThePrincipal, Method: "PATCH", Path: "/v1.0/servicePrincipals", Body: "{}", Done: m.Principal != ""},
		{Name: link.TheGrant, Method: "POST", Path: "/v1.0/appRoleAssignedTo", Body: "{}", Done: m.Grant != ""},
		{Name: link.TheRole, Method: "POST", Path: "/v1.0/roleAssignments", Body: "{}", Done: m.Role != ""},
	}
}

// change makes a change, unless it is refused.
func (a *administrator) change(name string) error {
	if a.dropped {
		a.t.Errorf("%s with a token that was dropped", name)
	}
	if err := a.refuse[name]; err != nil {
		return err
	}
	a.made = append(a.made, name)
	return nil
}

func (a *administrator) FindApplication(context.Context, string) (account.App, []account.Evidence, error) {
	return a.app, nil, nil
}

func (a *administrator) CreateApplication(_ context.Context, w account.AppWish, _ func(account.Pause)) (account.App, []account.Evidence, error) {
	if err := a.change(link.TheApplication); err != nil {
		return account.App{}, nil, err
	}
	a.app = account.App{Application: "application-id", Client: clientID, Name: w.Name, Unique: w.Unique, Keys: []account.AppKey{{Thumbprint: w.Certificate.SHA1}}}
	return a.app, nil, nil
}

func (a *administrator) Had(context.Context, account.App, account.ObjectID) (account.Had, []account.Evidence, error) {
	return account.Had{}, nil, nil
}

func (a *administrator) Adopt(_ context.Context, _ account.ObjectID, w account.AppWish, _ func(account.Pause)) (account.Adoption, []account.Evidence, error) {
	a.put(w.Certificate.PEM)
	return account.Adoption{App: a.adoptable.App, Key: true}, nil, a.change("adoption")
}

func (a *administrator) Renew(_ context.Context, _ account.ObjectID, old, next account.Certificate, _ func(account.Pause)) ([]account.Evidence, error) {
	a.mu.Lock()
	delete(a.on, old.PEM)
	a.mu.Unlock()
	a.put(next.PEM)
	return nil, a.change("renewal")
}

func (a *administrator) Abandon(context.Context, account.Adoption, account.Certificate, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no adoption")
}

func (a *administrator) DeletePrincipal(context.Context, account.ObjectID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no principal")
}

func (a *administrator) FindPrincipal(context.Context, account.ClientID) (account.Principal, []account.Evidence, error) {
	return account.Principal{}, nil, nil
}

func (a *administrator) CreatePrincipal(context.Context, account.ClientID, string, func(account.Pause)) (account.Principal, []account.Evidence, error) {
	return account.Principal{ID: "principal-id", Created: true}, nil, a.change(link.ThePrincipal)
}

func (a *administrator) FindConsent(context.Context, account.ObjectID, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{}, nil, nil
}

func (a *administrator) GrantConsent(context.Context, account.ObjectID, account.ObjectID, func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{ID: "grant-id"}, nil, a.change(link.TheGrant)
}

func (a *administrator) FindRole(context.Context, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{}, nil, nil
}

func (a *administrator) AssignRole(context.Context, account.ObjectID, func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	return account.Assignment{ID: "role-id"}, nil, a.change(link.TheRole)
}

func (a *administrator) UnassignRole(context.Context, account.AssignmentID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no role")
}

func (a *administrator) RevokeConsent(context.Context, account.ObjectID, account.AssignmentID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	return nil, a.change("no grant")
}

func (a *administrator) DeleteApplication(context.Context, account.ObjectID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	a.app = account.App{}
	return nil, a.change("no application")
}

func (a *administrator) Purge(_ context.Context, _ time.Time, _ func(account.Pause), objects ...account.ObjectID) (out []account.Binned, _ []account.Evidence, _ error) {
	for _, o := range objects {
		out = append(out, account.Binned{Object: o, Purged: a.purge, Until: time.Date(2030, 2, 3, 0, 0, 0, 0, time.UTC)})
	}
	if !a.purge {
		return out, nil, &account.Problem{Kind: account.PurgeNotAllowed}
	}
	return out, nil, a.change("purged")
}
