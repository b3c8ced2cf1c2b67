package link_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
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
	longest    time.Duration // of a certificate; 0 for no limit
	mayPurge   bool
}

// administrator is somebody signed in to a tenant. Like the real one it looks
// first and does what is done already no second time.
type administrator struct {
	t         *tenant
	forgotten bool
}

func (a *administrator) Person() account.Person { return account.Person{UPN: "ada@contoso.com"} }
func (a *administrator) Forget()                { a.forgotten = true }

func (a *administrator) Survey(context.Context, account.SurveyWish) (account.Survey, error) {
	return account.Survey{}, nil
}

func (a *administrator) Plan(account.Survey, account.AppWish, account.Made) []account.PlannedChange {
	return nil
}

func (a *administrator) FindApplication(_ context.Context, unique string) (account.App, []account.Evidence, error) {
	for _, app := range a.t.apps {
		if app.Unique == unique {
			return app, nil, nil
		}
	}
	return account.App{}, nil, nil
}

func (a *administrator) CreateApplication(_ context.Context, w account.AppWish, _ func(account.Pause)) (app account.App, calls []account.Evidence, err error) {
	if l := w.Certificate.NotAfter.Sub(w.Certificate.NotBefore); a.t.longest != 0 && l > a.t.longest {
		return app, calls, &account.Problem{Kind: account.PolicyLife, Left: a.t.longest}
	}
	err = a.t.step(func() {
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

func (a *administrator) CreatePrincipal(context.Context, account.ClientID, string, func(account.Pause)) (account.Principal, []account.Evidence, error) {
	err := a.t.once(&a.t.principals, "principal")
	return account.Principal{ID: "principal"}, nil, err
}

func (a *administrator) GrantConsent(context.Context, account.ObjectID, account.ObjectID, func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	had := len(a.t.grants) > 0
	err := once(a.t, &a.t.grants, "grant")
	return account.Assignment{ID: "grant", Created: !had}, nil, err
}

func (a *administrator) AssignRole(context.Context, account.ObjectID, func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	had := len(a.t.roles) > 0
	err := once(a.t, &a.t.roles, "role")
	return account.Assignment{ID: "role", Created: !had}, nil, err
}

func (t *tenant) once(all *[]account.ObjectID, id account.ObjectID) error { return once(t, all, id) }

func once[T comparable](t *tenant, all *[]T, id T) error {
	if slices.Contains(*all, id) {
		return nil
	}
	return t.step(func() { *all = append(*all, id) })
}

func (a *administrator) Adopt(_ context.Context, app account.ObjectID, c account.Certificate, _ func(account.Pause)) (account.Adoption, []account.Evidence, error) {
	i := slices.IndexFunc(a.t.apps, func(x account.App) bool { return x.Application == app })
	added := !slices.ContainsFunc(a.t.apps[i].Keys, func(k account.AppKey) bool { return k.Is(c) })
	if added {
		if err := a.t.step(func() { a.t.apps[i].Keys = append(slices.Clone(a.t.apps[i].Keys), account.AppKey{Thumbprint: c.SHA1}) }); err != nil {
			return account.Adoption{}, nil, err
		}
	}
	return account.Adoption{App: a.t.apps[i], Key: true, Permission: true}, nil, nil
}

func (a *administrator) Abandon(_ context.Context, adopted account.Adoption, c account.Certificate, _ func(account.Pause)) ([]account.Evidence, error) {
	i := slices.IndexFunc(a.t.apps, func(x account.App) bool { return x.Application == adopted.App.Application })
	return nil, a.t.step(func() {
		a.t.apps[i].Keys = slices.DeleteFunc(slices.Clone(a.t.apps[i].Keys), func(k account.AppKey) bool { return k.Is(c) })
	})
}

func (a *administrator) DeletePrincipal(_ context.Context, p account.ObjectID, _ time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	return nil, gone(a.t, &a.t.principals, p)
}

func (a *administrator) UnassignRole(_ context.Context, id account.AssignmentID, _ time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	return nil, gone(a.t, &a.t.roles, id)
}

func (a *administrator) RevokeConsent(_ context.Context, _ account.ObjectID, id account.AssignmentID, _ time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	return nil, gone(a.t, &a.t.grants, id)
}

func (a *administrator) DeleteApplication(context.Context, account.ObjectID, time.Time, func(account.Pause)) ([]account.Evidence, error) {
	if len(a.t.apps) == 0 {
		return nil, nil
	}
	return nil, a.t.step(func() {
		a.t.binned = append([]account.ObjectID{"object"}, a.t.principals...)
		a.t.apps, a.t.principals = nil, nil
	})
}

func (a *administrator) Purge(_ context.Context, _ time.Time, _ func(account.Pause), objects ...account.ObjectID) (all []account.Binned, _ []account.Evidence, _ error) {
	for _, o := range objects {
		if !a.t.mayPurge {
			all = append(all, account.Binned{Object: o, Until: time.Now().Add(30 * 24 * time.Hour)})
			continue
		}
		if err := gone(a.t, &a.t.binned, o); err != nil {
			return all, nil, err
		}
		all = append(all, account.Binned{Object: o, Purged: true})
	}
	if !a.t.mayPurge {
		return all, nil, &account.Problem{Kind: account.PurgeNotAllowed}
	}
	return all, nil, nil
}

func gone[T comparable](t *tenant, all *[]T, id T) error {
	if !slices.Contains(*all, id) {
		return nil
	}
	return t.step(func() { *all = slices.DeleteFunc(*all, func(x T) bool { return x == id }) })
}

func newTenant() *tenant {
	w := newWorld()
	w.verify = func(int) account.Report { return holds() }
	return &tenant{world: w, mayPurge: true}
}

func (t *tenant) connect(test *testing.T, ops *link.Operations) error {
	return end(test, ops.Connect("draft", &administrator{t: t}, link.ConnectWish{Key: wish, Graph: "graph", Lives: link.Lives}))
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

// TestConnectedOnceWhereverItStops kills Connect before and after each of its
// writes, on disk, in the key store and in the tenant. Started again it ends
// Connected with one of each; taken back at the same point nothing is left.
func TestConnectedOnceWhereverItStops(t *testing.T) {
	const most = 40
	for _, after := range []bool{false, true} {
		for at := 1; at <= most; at++ {
			t.Run(fmt.Sprintf("write %d after %v", at, after), func(t *testing.T) {
				ten := stoppedConnecting(t, at, after)
				if err := ten.connect(t, begin(t, ten.world)); err != nil && ten.linked["draft"].ID == "" {
					t.Fatalf("started again: %v", err)
				}
				if len(ten.apps) != 1 || len(ten.principals) != 1 || len(ten.grants) != 1 || len(ten.roles) != 1 || len(ten.keys) != 1 || len(ten.linked) != 1 {
					t.Errorf("apps %v principals %v grants %v roles %v keys %v accounts %d, want one of each", ten.apps, ten.principals, ten.grants, ten.roles, ten.keys, len(ten.linked))
				}
				if a := ten.linked["draft"]; !ten.apps[0].OnlyKey(a.Key.Certificate) || a.Microsoft().Client != "client" {
					t.Errorf("account %+v does not fit the app %+v", a, ten.apps[0])
				}

				back := stoppedConnecting(t, at, after)
				if back.linked["draft"].ID != "" {
					return // an account already: there is no draft to take back
				}
				if err := end(t, begin(t, back.world).TakeBack("draft", &administrator{t: back})); err != nil {
					t.Fatalf("take back: %v", err)
				}
				if len(back.apps)+len(back.principals)+len(back.grants)+len(back.roles)+len(back.keys)+len(back.drafts)+len(back.binned) != 0 {
					t.Errorf("taken back, and left: %+v", back)
				}
			})
		}
	}
}

func stoppedConnecting(t *testing.T, at int, after bool) *tenant {
	t.Helper()
	ten := newTenant()
	first := begin(t, ten.world)
	if _, err := first.SaveAnswers(t.Context(), unlinked()); err != nil {
		t.Fatal(err)
	}
	ten.calls, ten.fail, ten.after = 0, at, after
	_ = ten.connect(t, first)
	ten.calls, ten.fail = 0, 0
	return ten
}

// TestShorterLifeForAPolicy looks that a certificate whose life the tenant
// refuses is made again, shorter, for the same key.
func TestShorterLifeForAPolicy(t *testing.T) {
	ten := newTenant()
	ten.longest = 30 * 24 * time.Hour
	ops := begin(t, ten.world)
	ten.begun(t, ops)
	if err := ten.connect(t, ops); err != nil {
		t.Fatal(err)
	}
	a := ten.linked["draft"]
	if got := a.Key.Certificate.NotAfter.Sub(a.Key.Certificate.NotBefore); got != ten.longest || len(ten.keys) != 1 || len(ten.apps) != 1 {
		t.Errorf("life %v with %d keys and %d apps, want %v, one and one", got, len(ten.keys), len(ten.apps), ten.longest)
	}
}

// TestNoLifeIsShortEnough looks that a policy that refuses every life ends it
// with nothing in the tenant.
func TestNoLifeIsShortEnough(t *testing.T) {
	ten := newTenant()
	ten.longest = time.Hour
	ops := begin(t, ten.world)
	ten.begun(t, ops)
	if err := ten.connect(t, ops); account.KindOf(err) != account.PolicyLife || len(ten.apps) != 0 || len(ten.linked) != 0 {
		t.Errorf("ended with %v, apps %v", err, ten.apps)
	}
}

// TestForeignAppUnderOurName looks that an app that has the draft's own name
// and was not made by an attempt on record is left alone.
func TestForeignAppUnderOurName(t *testing.T) {
	for name, keys := range map[string][]account.AppKey{"no attempt": {{Thumbprint: "0123456789ABCDEF0123456789ABCDEF01234567"}}, "another key": {{Thumbprint: "F"}}} {
		ten := newTenant()
		ten.apps = []account.App{{Application: "theirs", Unique: "xops-onboard-draft", Name: "Theirs", Keys: keys}}
		ops := begin(t, ten.world)
		ten.begun(t, ops)
		if err := ten.connect(t, ops); account.KindOf(err) != account.AppForeign {
			t.Errorf("%s: ended with %v", name, err)
		}
		if err := end(t, ops.TakeBack("draft", &administrator{t: ten})); err != nil && name == "another key" {
			t.Errorf("%s: take back: %v", name, err)
		}
		if name == "another key" && len(ten.apps) != 1 {
			t.Errorf("%s: somebody else's app was deleted", name)
		}
	}
}

// TestTokenIsDroppedBeforeTheChecks looks that the administrator's token is
// gone when the certificate is tried.
func TestTokenIsDroppedBeforeTheChecks(t *testing.T) {
	ten := newTenant()
	admin := &administrator{t: ten}
	ten.verify = func(int) account.Report {
		if !admin.forgotten {
			t.Error("the checks began with the administrator's token still held")
		}
		return holds()
	}
	ops := begin(t, ten.world)
	ten.begun(t, ops)
	if err := end(t, ops.Connect("draft", admin, link.ConnectWish{Key: wish, Lives: link.Lives})); err != nil {
		t.Fatal(err)
	}
}

// TestSpreadingIsWaitedFor has the checks hold only after some minutes, and
// never: then it ends after ten, with the draft kept.
func TestSpreadingIsWaitedFor(t *testing.T) {
	for _, soon := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			ten := newTenant()
			ready := time.Now().Add(3 * time.Minute)
			ten.verify = func(n int) account.Report {
				if soon && time.Now().After(ready) {
					return holds()
				}
				return unseen(n)
			}
			ops := link.New(t.Context(), ten.ports())
			defer ops.Close()
			if _, err := ops.SaveAnswers(t.Context(), unlinked()); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			err := ten.connect(t, ops)
			switch took := time.Since(began); {
			case soon && (err != nil || len(ten.linked) != 1 || took > 4*time.Minute):
				t.Errorf("ended with %v after %v", err, took)
			case !soon && (account.KindOf(err) != account.SpreadingTooLong || len(ten.drafts) != 1 || took != 10*time.Minute):
				t.Errorf("ended with %v after %v and %d drafts", err, took, len(ten.drafts))
			}
		})
	}
}

// checked is a report of everything that makes an account, with one check
// changed or added.
func checked(c account.Check) account.Report {
	r := holds()
	for i := range r.Checks {
		if r.Checks[i].Name == c.Name {
			r.Checks[i] = c
			return r
		}
	}
	r.Checks = append(r.Checks, c)
	return r
}

// TestAccessReviewsAreWaitedFor has the read that the permission is for refused
// while that spreads: it is waited for, and does not stand in the way when the
// time is over, as the tenant's licence may be the cause.
func TestAccessReviewsAreWaitedFor(t *testing.T) {
	for _, after := range []time.Duration{0, 3 * time.Minute, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			ten := newTenant()
			ready := time.Now().Add(after)
			ten.verify = func(int) account.Report {
				if time.Now().Before(ready) {
					return checked(account.Check{Name: account.AccessReviews, State: account.Waiting, Problem: &account.Problem{Kind: account.PermissionSpreading}})
				}
				return holds()
			}
			ops := link.New(t.Context(), ten.ports())
			defer ops.Close()
			began := time.Now()
			ten.begun(t, ops)
			if err := ten.connect(t, ops); err != nil || len(ten.linked) != 1 {
				t.Errorf("ended with %v", err)
			}
			if took, want := time.Since(began), min(after, 10*time.Minute); took < want || took > want+30*time.Second {
				t.Errorf("took %v, want %v", took, want)
			}
		})
	}
}

// TestWhatDoesNotSpreadIsNotWaitedFor has a check fail for a cause that time
// does not mend: it ends at once, and says which.
func TestWhatDoesNotSpreadIsNotWaitedFor(t *testing.T) {
	for _, kind := range []account.Kind{account.ClockOff, account.AccessBlocked, account.KeyMissing, account.StoreNotUsable, account.WrongTenant, account.Throttled} {
		synctest.Test(t, func(t *testing.T) {
			ten := newTenant()
			ten.verify = func(int) account.Report {
				return checked(account.Check{Name: account.CertificateAccepted, State: account.Missing, Problem: &account.Problem{Kind: kind, Wait: time.Hour}})
			}
			ops := link.New(t.Context(), ten.ports())
			defer ops.Close()
			ten.begun(t, ops)
			began := time.Now()
			err := ten.connect(t, ops)
			if took := time.Since(began); account.KindOf(err) != kind || took != 0 || len(ten.drafts) != 1 {
				t.Errorf("%s: ended with %v after %v", kind, err, took)
			}
		})
	}
}

// TestRetryAfterIsObeyedByTheLastChecks has the service ask to be left alone
// for less than there is time.
func TestRetryAfterIsObeyedByTheLastChecks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := newTenant()
		ten.verify = func(n int) account.Report {
			if n == 1 {
				return checked(account.Check{Name: account.CertificateAccepted, State: account.Unknown, Problem: &account.Problem{Kind: account.Throttled, Wait: 5 * time.Minute}})
			}
			return holds()
		}
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		ten.begun(t, ops)
		if err := ten.connect(t, ops); err != nil || len(ten.asked) != 2 || ten.asked[1].Sub(ten.asked[0]) != 5*time.Minute {
			t.Errorf("ended with %v, asked at %v", err, ten.asked)
		}
	})
}

// TestWhoMayNotPurge looks that taking back then tells what stays restorable.
func TestWhoMayNotPurge(t *testing.T) {
	ten := newTenant()
	ten.mayPurge = false
	ten.verify = unseen
	ops := begin(t, ten.world)
	d := unlinked()
	d.Keys = []account.Key{{ID: wish.ID, Stored: true}}
	ten.keys[wish.ID] = true
	d.Made = account.Made{Unique: "u", Application: "object", Principal: "principal", Grant: "grant", Role: "role"}
	ten.apps, ten.principals = []account.App{{Application: "object", Unique: "u"}}, []account.ObjectID{"principal"}
	ten.drafts["draft"] = d
	op := ops.TakeBack("draft", &administrator{t: ten})
	var left *link.Left
	for {
		e, err := op.Next(t.Context())
		if err != nil {
			break
		}
		if e.Left != nil {
			left = e.Left
		}
	}
	if left == nil || len(left.Binned) != 2 || left.Binned[0].Until.IsZero() || left.Binned[0].Kind != account.BinnedPrincipal || left.Binned[1].Kind != account.BinnedApplication || left.Binned[1].Name == "" {
		t.Fatalf("left = %+v, want both objects and until when", left)
	}
	if len(ten.drafts) != 0 || len(ten.keys) != 0 {
		t.Errorf("drafts %v, keys %v", ten.drafts, ten.keys)
	}
}

// TestAdoptedAppKeepsWhatItHad uses an app that is there, with an enterprise
// app and a key of its own, and takes back only what was added.
func TestAdoptedAppKeepsWhatItHad(t *testing.T) {
	ten := newTenant()
	theirs := account.AppKey{Thumbprint: "AA"}
	ten.apps = []account.App{{Application: "theirs", Client: "c2", Name: "Theirs", Keys: []account.AppKey{theirs}}}
	ten.principals = []account.ObjectID{"principal"}
	ten.verify = unseen
	ops := begin(t, ten.world)
	ten.begun(t, ops)
	admin := &administrator{t: ten}
	op := ops.Connect("draft", admin, link.ConnectWish{Key: wish, Graph: "graph", Lives: link.Lives, Adopt: ten.apps[0]})
	for {
		e, err := op.Next(t.Context())
		if err != nil {
			t.Fatalf("ended with %v before the checks", err)
		}
		if e.Step == "checks" {
			break
		}
	}
	op.Stop()
	<-op.Ended()
	if len(ten.apps) != 1 || len(ten.apps[0].Keys) != 2 || len(ten.grants) != 1 || len(ten.roles) != 1 {
		t.Fatalf("apps %+v grants %v roles %v", ten.apps, ten.grants, ten.roles)
	}
	if err := end(t, ops.TakeBack("draft", &administrator{t: ten})); err != nil {
		t.Fatal(err)
	}
	if len(ten.apps) != 1 || !slices.Equal(ten.apps[0].Keys, []account.AppKey{theirs}) || len(ten.principals) != 1 || len(ten.grants)+len(ten.roles)+len(ten.keys) != 0 || len(ten.drafts) != 0 {
		t.Errorf("left: apps %+v principals %v keys %v drafts %d", ten.apps, ten.principals, ten.keys, len(ten.drafts))
	}
}

// TestKeyIsMadeByOneOperation has the key prepared while somebody signs in, and
// Connect come before it is done: one key is made, once.
func TestKeyIsMadeByOneOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := newTenant()
		ten.held, ten.hold = make(chan struct{}), make(chan struct{})
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		prepare := ops.PrepareKey(unlinked(), wish)
		<-ten.held // the key is being made
		other := wish
		other.ID = "99999999-2222-4333-8444-555555555555"
		connect := ops.Connect("draft", &administrator{t: ten}, link.ConnectWish{Key: other, Graph: "graph", Lives: link.Lives})
		synctest.Wait() // it came as far as it can
		close(ten.hold)
		if err := end(t, prepare); err != nil {
			t.Fatal(err)
		}
		if err := end(t, connect); err != nil {
			t.Fatal(err)
		}
		if len(ten.keys) != 1 || ten.makes != 1 || !ten.keys[ten.linked["draft"].Key.ID] {
			t.Errorf("keys %v made %d times, account's %s", ten.keys, ten.makes, ten.linked["draft"].Key.ID)
		}
	})
}
