package link_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// kills is how often a run of Connect changes something, each of which a kill
// may come before or after.
func kills(t *testing.T, ten *tenant, wish link.ConnectWish) int {
	t.Helper()
	if err := ten.connectAs(t, wish, 0, false); err != nil {
		t.Fatal(err)
	}
	return ten.calls
}

// connectAs is a run of Connect by a process of its own, which is killed before
// or after its nth change, unless that is 0.
func (t *tenant) connectAs(test *testing.T, wish link.ConnectWish, at int, after bool) error {
	test.Helper()
	ops := link.New(test.Context(), t.ports())
	defer ops.Close()
	if t.drafts["draft"].ID == "" {
		t.begun(test, ops)
	}
	t.calls, t.fail, t.after = 0, at, after
	err := end(test, ops.Connect("draft", link.Signed{Directory: &administrator{t: t}}, wish))
	t.fail = 0
	return err
}

// takeBack is a run of TakeBack by a process of its own; takeBackUntil one that
// is killed, as by connectAs.
func (t *tenant) takeBack(test *testing.T) error { return t.takeBackUntil(test, 0, false) }

func (t *tenant) takeBackUntil(test *testing.T, at int, after bool) error {
	test.Helper()
	ops := link.New(test.Context(), t.ports())
	defer ops.Close()
	t.calls, t.fail, t.after = 0, at, after
	err := end(test, ops.TakeBack("draft", link.Signed{Directory: &administrator{t: t}}))
	t.fail = 0
	return err
}

// eachKill runs f in a bubble of its own for each kill of a run of Connect in
// such a tenant. The last of all changes saves the report, which is no part of
// what is promised.
func eachKill(t *testing.T, of func() *tenant, wish link.ConnectWish, f func(t *testing.T, ten *tenant)) {
	t.Helper()
	n := 0
	synctest.Test(t, func(t *testing.T) { n = kills(t, of(), wish) })
	if n < 20 {
		t.Fatalf("%d changes", n)
	}
	for _, after := range []bool{false, true} {
		for at := 1; at <= n; at++ {
			t.Run(fmt.Sprintf("write %d after %v", at, after), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					ten := of()
					if err := ten.connectAs(t, wish, at, after); at < n && !errors.Is(err, errKilled) {
						t.Fatalf("it was not killed: %v", err)
					}
					f(t, ten)
				})
			})
		}
	}
}

// TestConnectedOnceWhereverItStops kills Connect before and after each of its
// writes, on disk, in the key store and in the tenant. Started again it ends
// Connected with one of each; taken back at the same point nothing is left.
func TestConnectedOnceWhereverItStops(t *testing.T) {
	eachKill(t, newTenant, wanted, func(t *testing.T, ten *tenant) {
		if err := ten.connectAs(t, wanted, 0, false); err != nil && ten.linked["draft"].ID == "" {
			t.Fatalf("started again: %v", err)
		}
		if len(ten.apps) != 1 || len(ten.principals) != 1 || len(ten.grants) != 1 || len(ten.roles) != 1 || len(ten.keys) != 1 || len(ten.linked) != 1 {
			t.Errorf("apps %v principals %v grants %v roles %v keys %v accounts %d, want one of each", ten.apps, ten.principals, ten.grants, ten.roles, ten.keys, len(ten.linked))
		}
		if a := ten.linked["draft"]; !ten.apps[0].OnlyKey(a.Key.Certificate) || a.Microsoft().Client != "client" {
			t.Errorf("account %+v does not fit the app %+v", a, ten.apps[0])
		}
	})
	eachKill(t, newTenant, wanted, func(t *testing.T, ten *tenant) {
		if ten.linked["draft"].ID != "" {
			return // an account already: there is no draft to take back
		}
		if err := ten.takeBack(t); err != nil {
			t.Fatal(err)
		}
		if len(ten.apps)+len(ten.principals)+len(ten.grants)+len(ten.roles)+len(ten.keys)+len(ten.drafts)+len(ten.binned) != 0 {
			t.Errorf("taken back, and left: %+v", ten)
		}
	})
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
	if got := a.Key.Certificate.NotAfter.Sub(a.Key.Certificate.NotBefore); got != ten.longest || len(ten.keys) != 1 || len(ten.apps) != 1 || ten.opens != 1 {
		t.Errorf("life %v with %d keys opened %d times and %d apps, want %v, one, once and one", got, len(ten.keys), ten.opens, len(ten.apps), ten.longest)
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
// and was not made by an attempt on record is left alone, however often it is
// tried, also when the draft is taken back.
func TestForeignAppUnderOurName(t *testing.T) {
	for name, thumbprint := range map[string]string{"our key, no attempt": "0123456789ABCDEF0123456789ABCDEF01234567", "another key": "F"} {
		synctest.Test(t, func(t *testing.T) {
			ten := newTenant()
			ten.apps = []account.App{{Application: "theirs", Unique: "xops-onboard-draft", Name: "Theirs", Keys: []account.AppKey{{Thumbprint: thumbprint}}}}
			for range 3 {
				if err := ten.connectAs(t, wanted, 0, false); account.KindOf(err) != account.AppForeign || len(ten.linked) != 0 {
					t.Errorf("%s: ended with %v", name, err)
				}
			}
			if err := ten.takeBack(t); err != nil || len(ten.apps) != 1 || len(ten.keys)+len(ten.drafts) != 0 {
				t.Errorf("%s: take back: %v, apps %v", name, err, ten.apps)
			}
		})
	}
}

// TestLostAppThatIsNotOursAlone looks that an app that an attempt may have made
// is not taken for ours when somebody has put a key on it.
func TestLostAppThatIsNotOursAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, 0)
		ten.apps[0].Keys = append(ten.apps[0].Keys, account.AppKey{Thumbprint: "F"})
		for range 2 {
			if err := ten.connectAs(t, wanted, 0, false); account.KindOf(err) != account.AppForeign {
				t.Errorf("ended with %v", err)
			}
		}
	})
}

// TestLostAppIsFoundByTheCertificateOnRecord goes on with a shorter life after a
// create whose answer was lost: the app has the certificate of before.
func TestLostAppIsFoundByTheCertificateOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, 0)
		before := ten.drafts["draft"].Key().Certificate
		shorter := wanted
		shorter.Lives = link.Lives[2:]
		if err := ten.connectAs(t, shorter, 0, false); err != nil {
			t.Fatal(err)
		}
		if a := ten.linked["draft"]; a.Key.Certificate != before || len(ten.apps) != 1 || !ten.apps[0].OnlyKey(before) {
			t.Errorf("account %+v, apps %+v", a, ten.apps)
		}
	})
	// It was never made, and the policy refuses the certificate on record.
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, 0)
		ten.apps, ten.longest = nil, link.Lives[2]
		shorter := wanted
		shorter.Lives = link.Lives[2:]
		if err := ten.connectAs(t, shorter, 0, false); err != nil {
			t.Fatal(err)
		}
		if c := ten.linked["draft"].Key.Certificate; c.NotAfter.Sub(c.NotBefore) != link.Lives[2] || !ten.apps[0].OnlyKey(c) {
			t.Errorf("certificate %+v, apps %+v", c, ten.apps)
		}
	})
}

// TestChangesEndUnderTheirName has another operation begin and end a change of
// the draft while one of the tenant is made.
func TestChangesEndUnderTheirName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := newTenant()
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		ten.begun(t, ops)
		var after account.Draft
		ten.during = func() {
			if err := end(t, ops.NewCertificate("draft", link.Lives[1], "/d")); err != nil {
				t.Error(err)
			}
		}
		ten.verify = func(int) account.Report {
			after = ten.drafts["draft"]
			return holds()
		}
		if err := ten.connect(t, ops); err != nil {
			t.Fatal(err)
		}
		for _, e := range after.Journal {
			if !e.Made() || e.Ended.Before(e.Begun) {
				t.Errorf("the journal has %+v", e)
			}
		}
	})
}

// TestStopBetweenTwoChanges stops while a change is being made: it is made and on
// record with its evidence, and the next one is not begun.
func TestStopBetweenTwoChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := newTenant()
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		ten.begun(t, ops)
		var op *link.Operation
		ready := make(chan struct{})
		ten.during = func() { <-ready; op.Stop() }
		op = ops.Connect("draft", link.Signed{Directory: &administrator{t: ten}}, wanted)
		close(ready)
		if err := end(t, op); account.KindOf(err) != account.Cancelled {
			t.Fatalf("ended with %v", err)
		}
		d := ten.drafts["draft"]
		if d.Made.Grant != "grant" || !d.Last(link.TheGrant).Made() || !slices.Contains(ten.evidence, link.TheGrant) {
			t.Errorf("made %+v, journal %+v, evidence %v", d.Made, d.Journal, ten.evidence)
		}
		if e := op.Last(); len(ten.roles) != 0 || e.Step != link.TheGrant || e.State != link.Done {
			t.Errorf("roles %v, told last %+v", ten.roles, e)
		}
	})
}

// TestWhoSignedInLastIsOnRecord has a second person finish what a first began.
func TestWhoSignedInLastIsOnRecord(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, 0)
		if by := ten.drafts["draft"].Made.By; by != "ada@contoso.com" {
			t.Errorf("first by %q", by)
		}
		ten.who = account.Person{UPN: "grace@contoso.com", Client: "another"}
		if err := ten.connectAs(t, wanted, 0, false); err != nil {
			t.Fatal(err)
		}
		if m := ten.linked["draft"].Made; m.By != "grace@contoso.com" || m.Client != "another" || m.Graph != "graph" {
			t.Errorf("%+v", m)
		}
	})
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
	if err := end(t, ops.Connect("draft", link.Signed{Directory: admin}, link.ConnectWish{Key: wish, Lives: link.Lives})); err != nil {
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
		connect := ops.Connect("draft", link.Signed{Directory: &administrator{t: ten}}, link.ConnectWish{Key: other, Graph: "graph", Lives: link.Lives})
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
