package link_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// tenant is a directory that an administrator changes; what is changed stays
// when the process dies.
type tenant struct {
	*world
	apps       []account.App
	principals []account.ObjectID
	grants     []account.AssignmentID
	roles      []account.AssignmentID
	binned     []account.ObjectID
	asks       bool          // the app that is there asks for the permission
	longest    time.Duration // of a certificate; 0 for no limit
	mayPurge   bool
	who        account.Person // signs in

	shown   time.Time   // before it no app of a unique name is shown
	looked  func()      // happens once what an app had was looked at
	during  func()      // happens once when a grant is made and not answered yet
	made    []time.Time // when what was unassigned and revoked was said to be made
	deleted time.Time   // when what was purged was said to be deleted
}

// administrator is somebody signed in to a tenant. Like the real one it looks
// first and does what is done already no second time.
type administrator struct {
	t         *tenant
	forgotten bool
}

func (a *administrator) Person() account.Person { return a.t.who }
func (a *administrator) Forget()                { a.forgotten = true }

func (a *administrator) Survey(context.Context, account.SurveyWish) (account.Survey, error) {
	return account.Survey{}, nil
}

func (a *administrator) Plan(account.Survey, account.AppWish, account.Made) []account.PlannedChange {
	return nil
}

func (a *administrator) FindApplication(_ context.Context, unique string) (account.App, []account.Evidence, error) {
	for _, app := range a.t.apps {
		if app.Unique == unique && !time.Now().Before(a.t.shown) {
			return app, nil, nil
		}
	}
	return account.App{}, nil, nil
}

func (a *administrator) Had(context.Context, account.App, account.ObjectID) (account.Had, []account.Evidence, error) {
	had := account.Had{Permission: a.t.asks}
	if len(a.t.principals) > 0 {
		had.Principal = a.t.principals[0]
	}
	if len(a.t.grants) > 0 {
		had.Grant = a.t.grants[0]
	}
	if len(a.t.roles) > 0 {
		had.Role = a.t.roles[0]
	}
	if a.t.looked != nil {
		a.t.looked()
	}
	return had, nil, nil
}

func (a *administrator) CreateApplication(ctx context.Context, w account.AppWish, _ func(account.Pause)) (app account.App, calls []account.Evidence, err error) {
	if l := w.Certificate.NotAfter.Sub(w.Certificate.NotBefore); a.t.longest != 0 && l > a.t.longest {
		return app, calls, &account.Problem{Kind: account.PolicyLife, Left: a.t.longest}
	}
	err = a.t.step(ctx, func() {
		app = account.App{Application: "object", Client: "client", Name: w.Name, Unique: w.Unique, Keys: []account.AppKey{{Thumbprint: w.Certificate.SHA1}}}
		a.t.apps = append(a.t.apps, app)
	})
	return app, []account.Evidence{{Method: "PATCH"}}, err
}

func (a *administrator) FindPrincipal(context.Context, account.ClientID) (account.Principal, []account.Evidence, error) {
	if len(a.t.principals) == 0 {
		return account.Principal{}, nil, nil
	}
	return account.Principal{ID: a.t.principals[0]}, nil, nil
}

func (a *administrator) FindConsent(context.Context, account.ObjectID, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	if len(a.t.grants) == 0 {
		return account.Assignment{}, nil, nil
	}
	return account.Assignment{ID: a.t.grants[0]}, nil, nil
}

func (a *administrator) FindRole(context.Context, account.ObjectID) (account.Assignment, []account.Evidence, error) {
	if len(a.t.roles) == 0 {
		return account.Assignment{}, nil, nil
	}
	return account.Assignment{ID: a.t.roles[0]}, nil, nil
}

func (a *administrator) CreatePrincipal(ctx context.Context, _ account.ClientID, _ string, _ func(account.Pause)) (account.Principal, []account.Evidence, error) {
	had := len(a.t.principals) > 0
	err := once(ctx, a.t, &a.t.principals, "principal")
	return account.Principal{ID: "principal", Created: !had}, nil, err
}

func (a *administrator) GrantConsent(ctx context.Context, _ account.ObjectID, _ account.ObjectID, _ func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	had := len(a.t.grants) > 0
	err := once(ctx, a.t, &a.t.grants, "grant")
	if f := a.t.during; f != nil {
		a.t.during = nil
		f()
	}
	return account.Assignment{ID: "grant", Created: !had}, nil, err
}

func (a *administrator) AssignRole(ctx context.Context, _ account.ObjectID, _ func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	had := len(a.t.roles) > 0
	err := once(ctx, a.t, &a.t.roles, "role")
	return account.Assignment{ID: "role", Created: !had}, nil, err
}

func once[T comparable](ctx context.Context, t *tenant, all *[]T, id T) error {
	if slices.Contains(*all, id) {
		return nil
	}
	return t.step(ctx, func() { *all = append(*all, id) })
}

func (a *administrator) Adopt(ctx context.Context, app account.ObjectID, wish account.AppWish, _ func(account.Pause)) (account.Adoption, []account.Evidence, error) {
	i := slices.IndexFunc(a.t.apps, func(x account.App) bool { return x.Application == app })
	done := account.Adoption{App: a.t.apps[i], Permission: !a.t.asks}
	done.Key = !slices.ContainsFunc(a.t.apps[i].Keys, func(k account.AppKey) bool { return k.Is(wish.Certificate) })
	if !done.Key && !done.Permission {
		return done, nil, nil
	}
	return done, nil, a.t.step(ctx, func() {
		a.t.asks = true
		if done.Key {
			a.t.apps[i].Keys = append(slices.Clone(a.t.apps[i].Keys), account.AppKey{Thumbprint: wish.Certificate.SHA1})
		}
	})
}

func (a *administrator) Abandon(ctx context.Context, adopted account.Adoption, c account.Certificate, _ func(account.Pause)) ([]account.Evidence, error) {
	i := slices.IndexFunc(a.t.apps, func(x account.App) bool { return x.Application == adopted.App.Application })
	return nil, a.t.step(ctx, func() {
		a.t.apps[i].Keys = slices.DeleteFunc(slices.Clone(a.t.apps[i].Keys), func(k account.AppKey) bool { return adopted.Key && k.Is(c) })
		a.t.asks = a.t.asks && !adopted.Permission
	})
}

func (a *administrator) DeletePrincipal(ctx context.Context, p account.ObjectID, _ time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	if !slices.Contains(a.t.principals, p) {
		return nil, nil
	}
	return nil, a.t.step(ctx, func() {
		a.t.principals = slices.DeleteFunc(a.t.principals, func(o account.ObjectID) bool { return o == p })
		a.t.binned = append(a.t.binned, p)
	})
}

func (a *administrator) UnassignRole(ctx context.Context, id account.AssignmentID, made time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	a.t.made = append(a.t.made, made)
	return nil, gone(ctx, a.t, &a.t.roles, id)
}

func (a *administrator) RevokeConsent(ctx context.Context, _ account.ObjectID, id account.AssignmentID, made time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	a.t.made = append(a.t.made, made)
	return nil, gone(ctx, a.t, &a.t.grants, id)
}

func (a *administrator) DeleteApplication(ctx context.Context, id account.ObjectID, _ time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	i := slices.IndexFunc(a.t.apps, func(x account.App) bool { return x.Application == id })
	if i < 0 {
		return nil, nil
	}
	return nil, a.t.step(ctx, func() {
		a.t.binned = append(a.t.binned, id)
		if a.t.apps = slices.Delete(a.t.apps, i, i+1); len(a.t.apps) == 0 { // it was the one that they hung on
			a.t.binned = append(a.t.binned, a.t.principals...)
			a.t.principals = nil
		}
	})
}

func (a *administrator) Purge(ctx context.Context, deleted time.Time, _ func(account.Pause), objects ...account.ObjectID) (all []account.Binned, _ []account.Evidence, _ error) {
	a.t.deleted = deleted
	for _, o := range objects {
		if !a.t.mayPurge {
			all = append(all, account.Binned{Object: o, Until: time.Now().Add(30 * 24 * time.Hour)})
			continue
		}
		if err := gone(ctx, a.t, &a.t.binned, o); err != nil {
			return all, nil, err
		}
		all = append(all, account.Binned{Object: o, Purged: true})
	}
	if !a.t.mayPurge {
		return all, nil, &account.Problem{Kind: account.PurgeNotAllowed}
	}
	return all, nil, nil
}

func gone[T comparable](ctx context.Context, t *tenant, all *[]T, id T) error {
	if !slices.Contains(*all, id) {
		return nil
	}
	return t.step(ctx, func() { *all = slices.DeleteFunc(*all, func(x T) bool { return x == id }) })
}

func newTenant() *tenant {
	w := newWorld()
	w.verify = func(int) account.Report { return holds() }
	return &tenant{world: w, mayPurge: true, who: account.Person{UPN: "ada@contoso.com"}}
}

// wanted is how most tests have an account connected.
var wanted = link.ConnectWish{Key: wish, Graph: "graph", Lives: link.Lives}

func (t *tenant) connect(test *testing.T, ops *link.Operations) error {
	return end(test, ops.Connect("draft", link.Signed{Directory: &administrator{t: t}}, wanted))
}

// begun puts the draft on disk.
func (t *tenant) begun(test *testing.T, ops *link.Operations) {
	test.Helper()
	if _, err := ops.SaveAnswers(test.Context(), unlinked()); err != nil {
		test.Fatal(err)
	}
}

func unlinked() account.Draft {
	d := contoso()
	d.Link = account.MicrosoftLink{Tenant: "t"}
	return d
}

// copy is the tenant, and this machine, as they are now.
func (t *tenant) copy() *tenant {
	c := newTenant()
	c.drafts, c.linked, c.keys = maps.Clone(t.drafts), maps.Clone(t.linked), maps.Clone(t.keys)
	c.apps, c.principals, c.grants, c.roles, c.binned = slices.Clone(t.apps), slices.Clone(t.principals), slices.Clone(t.grants), slices.Clone(t.roles), slices.Clone(t.binned)
	c.asks = t.asks
	return c
}
