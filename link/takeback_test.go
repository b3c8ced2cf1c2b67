package link_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

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
	op := ops.TakeBack("draft", link.Signed{Directory: &administrator{t: ten}})
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

// theirs is a tenant with an app of somebody's that has a key of its own, and
// what else it had.
func theirs(had account.Had) *tenant {
	ten := newTenant()
	ten.apps = []account.App{{Application: "theirs", Client: "c2", Name: "Theirs", Keys: []account.AppKey{{Thumbprint: "AA"}}}}
	ten.asks = had.Permission
	if had.Principal != "" {
		ten.principals = []account.ObjectID{had.Principal}
	}
	if had.Grant != "" {
		ten.grants = []account.AssignmentID{had.Grant}
	}
	if had.Role != "" {
		ten.roles = []account.AssignmentID{had.Role}
	}
	return ten
}

// adopting is the wish to use that app.
var adopting = link.ConnectWish{Key: wish, Graph: "graph", Lives: link.Lives, Adopt: account.App{Application: "theirs", Client: "c2"}}

// hads are what an app may have had.
var hads = map[string]account.Had{
	"nothing":         {},
	"enterprise app":  {Principal: "principal", Permission: true},
	"all of it":       {Principal: "principal", Permission: true, Grant: "grant", Role: "role"},
	"role alone":      {Principal: "principal", Role: "role"},
	"permission, too": {Principal: "principal", Permission: true, Grant: "grant"},
}

// wantHad holds that the app has what it had, and nothing else is there.
func (t *tenant) wantHad(test *testing.T, had account.Had) {
	test.Helper()
	var is account.Had
	if len(t.principals) > 0 {
		is.Principal = t.principals[0]
	}
	if len(t.grants) > 0 {
		is.Grant = t.grants[0]
	}
	if len(t.roles) > 0 {
		is.Role = t.roles[0]
	}
	is.Permission = t.asks
	if is != had || len(t.apps) != 1 || !slices.Equal(t.apps[0].Keys, []account.AppKey{{Thumbprint: "AA"}}) {
		test.Errorf("the app has %+v, and had %+v; apps %+v", is, had, t.apps)
	}
	if len(t.keys)+len(t.drafts)+len(t.binned) != 0 {
		test.Errorf("left: keys %v drafts %v deleted %v", t.keys, t.drafts, t.binned)
	}
}

// TestAdoptedAppKeepsWhatItHad has an app used that is there, killed before and
// after each change, and takes back what was added and nothing else.
func TestAdoptedAppKeepsWhatItHad(t *testing.T) {
	for name, had := range hads {
		t.Run(name, func(t *testing.T) {
			eachKill(t, func() *tenant { return theirs(had) }, adopting, func(t *testing.T, ten *tenant) {
				if ten.linked["draft"].ID != "" {
					return
				}
				if err := ten.takeBack(t); err != nil {
					t.Fatal(err)
				}
				ten.wantHad(t, had)
			})
		})
	}
}

// TestAdoptedOnceWhereverItStops goes on after a kill, stops at the checks, and
// takes everything back: what an earlier run added is known for that.
func TestAdoptedOnceWhereverItStops(t *testing.T) {
	for name, had := range hads {
		t.Run(name, func(t *testing.T) {
			of := func() *tenant {
				ten := theirs(had)
				ten.verify = func(int) account.Report {
					return checked(account.Check{Name: account.RightTenant, State: account.Missing, Problem: &account.Problem{Kind: account.WrongTenant}})
				}
				return ten
			}
			n := 0
			synctest.Test(t, func(t *testing.T) {
				ten := of()
				if err := ten.connectAs(t, adopting, 0, false); account.KindOf(err) != account.WrongTenant {
					t.Fatal(err)
				}
				n = ten.calls
			})
			for _, after := range []bool{false, true} {
				for at := 1; at <= n; at++ {
					t.Run(fmt.Sprintf("write %d after %v", at, after), func(t *testing.T) {
						synctest.Test(t, func(t *testing.T) {
							ten := of()
							if err := ten.connectAs(t, adopting, at, after); !errors.Is(err, errKilled) {
								t.Fatalf("it was not killed: %v", err)
							}
							if err := ten.connectAs(t, adopting, 0, false); account.KindOf(err) != account.WrongTenant {
								t.Fatalf("started again: %v", err)
							}
							if len(ten.apps) != 1 || len(ten.apps[0].Keys) != 2 || len(ten.principals) != 1 || len(ten.grants) != 1 || len(ten.roles) != 1 {
								t.Errorf("apps %+v principals %v grants %v roles %v", ten.apps, ten.principals, ten.grants, ten.roles)
							}
							if err := ten.takeBack(t); err != nil {
								t.Fatal(err)
							}
							ten.wantHad(t, had)
						})
					})
				}
			}
		})
	}
}

// TestSomebodyElsesStaysTheirs has somebody make the enterprise app, the grant
// and the role of an adopted app after it was looked at.
func TestSomebodyElsesStaysTheirs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := theirs(account.Had{})
		ten.looked = func() {
			ten.principals, ten.grants, ten.roles = []account.ObjectID{"principal"}, []account.AssignmentID{"grant"}, []account.AssignmentID{"role"}
		}
		ten.verify = func(int) account.Report {
			return checked(account.Check{Name: account.RightTenant, State: account.Missing, Problem: &account.Problem{Kind: account.WrongTenant}})
		}
		if err := ten.connectAs(t, adopting, 0, false); account.KindOf(err) != account.WrongTenant {
			t.Fatal(err)
		}
		if err := ten.takeBack(t); err != nil {
			t.Fatal(err)
		}
		ten.wantHad(t, account.Had{Principal: "principal", Grant: "grant", Role: "role"})
	})
}

// TestAdoptedAssignmentsAreWaitedFor: on an app that stays, what was made a
// moment ago and is not shown is not taken for gone; where the app goes, it is.
func TestAdoptedAssignmentsAreWaitedFor(t *testing.T) {
	for _, wish := range []link.ConnectWish{wanted, adopting} {
		synctest.Test(t, func(t *testing.T) {
			ten := theirs(account.Had{})
			ten.verify = func(int) account.Report {
				return checked(account.Check{Name: account.RightTenant, State: account.Missing, Problem: &account.Problem{Kind: account.WrongTenant}})
			}
			if err := ten.connectAs(t, wish, 0, false); account.KindOf(err) != account.WrongTenant {
				t.Fatal(err)
			}
			want := []time.Time{{}, {}}
			if wish.Adopt.Found() {
				want = []time.Time{time.Now(), time.Now()}
			}
			time.Sleep(time.Minute)
			if err := ten.takeBack(t); err != nil {
				t.Fatal(err)
			}
			if !slices.EqualFunc(ten.made, want, time.Time.Equal) || !ten.deleted.Equal(time.Now()) {
				t.Errorf("said to be made at %v, want %v, and deleted at %v", ten.made, want, ten.deleted)
			}
		})
	}
}

// TestTakenBackWhereverItStops kills TakeBack before and after each of its
// changes, of a draft whose Connect was killed anywhere: started again it ends
// with what there was before. It waits for what may be there, once.
func TestTakenBackWhereverItStops(t *testing.T) {
	for name, wish := range map[string]link.ConnectWish{"own": wanted, "adopted": adopting} {
		t.Run(name, func(t *testing.T) {
			had := account.Had{Principal: "principal", Grant: "grant"}
			of := func() *tenant {
				if wish.Adopt.Found() {
					return theirs(had)
				}
				return newTenant()
			}
			eachKill(t, of, wish, func(t *testing.T, ten *tenant) {
				if ten.linked["draft"].ID != "" {
					return
				}
				time.Sleep(time.Hour)
				for at := 1; len(ten.drafts) > 0; at++ {
					again := ten.copy()
					err := again.takeBackUntil(t, (at+1)/2, at%2 == 0)
					if err != nil && !errors.Is(err, errKilled) {
						t.Fatal(err)
					}
					start := time.Now()
					if err := again.takeBackUntil(t, 0, false); err != nil && account.KindOf(err) != account.NotFound {
						t.Fatalf("started again after %d: %v", at, err)
					}
					if took := time.Since(start); took != 0 {
						t.Errorf("waited for %v", took)
					}
					if wish.Adopt.Found() {
						again.wantHad(t, had)
					} else if len(again.apps)+len(again.principals)+len(again.grants)+len(again.roles)+len(again.keys)+len(again.drafts)+len(again.binned) != 0 {
						t.Errorf("left after %d: %+v", at, again)
					}
					if err == nil { // it was not killed: that was all
						break
					}
				}
			})
		})
	}
}

// TestPurgeKnowsWhenItWasDeleted takes back again after a purge that failed: what is
// not among the deleted then was purged, unless it was deleted just now.
func TestPurgeKnowsWhenItWasDeleted(t *testing.T) {
	ago := time.Now().Add(-time.Hour).UTC()
	undone := account.Entry{Change: account.Undo + link.TheApplication, Begun: ago, Ended: ago}
	for name, c := range map[string]struct {
		journal []account.Entry
		recent  bool
	}{
		"deleted an hour ago":          {[]account.Entry{undone}, false},
		"deleted, and then made again": {[]account.Entry{undone, {Change: link.TheApplication, Begun: ago, Ended: ago}}, true},
		"deleted just now":             {nil, true},
	} {
		ten := newTenant()
		ops := begin(t, ten.world)
		d := unlinked()
		d.Keys, d.Journal = []account.Key{{ID: wish.ID, Stored: true}}, c.journal
		d.Made = account.Made{Unique: "u", Application: "object", Principal: "principal"}
		ten.keys[wish.ID], ten.drafts["draft"] = true, d
		ten.binned = []account.ObjectID{"object"}
		if err := end(t, ops.TakeBack("draft", link.Signed{Directory: &administrator{t: ten}})); err != nil {
			t.Fatal(err)
		}
		if recent := time.Since(ten.deleted) < 30*time.Minute; recent != c.recent {
			t.Errorf("%s: said to be deleted at %v", name, ten.deleted)
		}
	}
}

// TestUndoDoesNotWaitForWhatGoesAlong takes back right after a grant whose
// answer was lost on an app that is deleted with it.
func TestUndoDoesNotWaitForWhatGoesAlong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := killedWhen(t, newTenant, wanted, func(ten *tenant) bool { return ten.drafts["draft"].Last(link.TheGrant).Change != "" })
		start := time.Now()
		if err := ten.takeBack(t); err != nil || time.Since(start) != 0 || len(ten.apps)+len(ten.drafts) != 0 {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
	})
}

// lost is a tenant in which an app was made whose answer was lost, and which is
// shown only after some time.
func lost(t *testing.T, shown time.Duration) *tenant {
	t.Helper()
	ten := killedWhen(t, newTenant, wanted, func(ten *tenant) bool { return len(ten.apps) == 1 })
	ten.shown = time.Now().Add(shown)
	return ten
}

// TestUndoWaitsForWhatWasLost takes back right after a create whose answer was
// lost: the app is not shown yet, and is waited for, which is told.
func TestUndoWaitsForWhatWasLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, 3*time.Minute)
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		op := ops.TakeBack("draft", link.Signed{Directory: &administrator{t: ten}})
		start, pauses := time.Now(), 0
		for {
			e, err := op.Next(t.Context())
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if e.State == link.Pausing {
				pauses++
				if p := e.Pause; p.Reason != account.AnswerLost || !p.Since.Equal(start) || !p.Next.After(p.Since) || p.Until.Sub(start) != 10*time.Minute {
					t.Errorf("pause %+v", p)
				}
			}
		}
		if took := time.Since(start); pauses == 0 || took < 3*time.Minute || took > 4*time.Minute {
			t.Errorf("took %v with %d pauses", took, pauses)
		}
		if len(ten.apps)+len(ten.binned)+len(ten.keys)+len(ten.drafts) != 0 {
			t.Errorf("left: %+v", ten)
		}
	})
}

// TestUndoOfWhatWasLostLongAgo does not wait, and one that waits can be stopped.
func TestUndoOfWhatWasLostLongAgo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, time.Hour)
		ops := link.New(t.Context(), ten.ports())
		defer ops.Close()
		op := ops.TakeBack("draft", link.Signed{Directory: &administrator{t: ten}})
		time.Sleep(time.Minute)
		start := time.Now()
		op.Stop()
		if err := end(t, op); account.KindOf(err) != account.Cancelled || time.Since(start) != 0 {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
		time.Sleep(2 * time.Hour)
		ten.apps = nil // somebody deleted it
		start = time.Now()
		if err := ten.takeBack(t); err != nil || time.Since(start) != 0 || len(ten.drafts) != 0 {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
	})
}

// TestAdoptingAfterALostCreate uses another app when one was made and its answer
// lost: that one is taken back first, and there are never two.
func TestAdoptingAfterALostCreate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, time.Minute)
		ten.apps = append(ten.apps, theirs(account.Had{}).apps...)
		if err := ten.connectAs(t, adopting, 0, false); err != nil {
			t.Fatal(err)
		}
		if len(ten.apps) != 1 || ten.apps[0].Application != "theirs" || len(ten.apps[0].Keys) != 2 || len(ten.binned) != 0 {
			t.Errorf("apps %+v, deleted %v", ten.apps, ten.binned)
		}
	})
	// And where it is not finished, both are taken back.
	synctest.Test(t, func(t *testing.T) {
		ten := lost(t, time.Minute)
		ten.apps = append(ten.apps, theirs(account.Had{}).apps...)
		if err := ten.connectAs(t, adopting, 1, true); !errors.Is(err, errKilled) || ten.drafts["draft"].Made.Adopt == "" {
			t.Fatalf("%v, %+v", err, ten.drafts["draft"].Made)
		}
		if err := ten.takeBack(t); err != nil {
			t.Fatal(err)
		}
		ten.wantHad(t, account.Had{})
	})
}

// TestWhatWasFoundIsNotLookedForAgain stops right after what was lost was found
// and taken back: it is not waited for another time.
func TestWhatWasFoundIsNotLookedForAgain(t *testing.T) {
	again := func(t *testing.T, ten *tenant, run func(t *testing.T, ten *tenant, at int) error) {
		t.Helper()
		whole := ten.copy()
		if err := run(t, whole, 0); err != nil {
			t.Fatal(err)
		}
		if err := run(t, ten, whole.calls-2); !errors.Is(err, errKilled) {
			t.Fatal(err)
		}
		start := time.Now()
		if err := run(t, ten, 0); err != nil || time.Since(start) != 0 {
			t.Errorf("ended with %v after %v", err, time.Since(start))
		}
	}
	back := func(t *testing.T, ten *tenant, at int) error { return ten.takeBackUntil(t, at, false) }
	t.Run("own app", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ten := lost(t, 0)
			again(t, ten, back)
		})
	})
	for name, wish := range map[string]link.ConnectWish{"own enterprise app": wanted, "enterprise app of another": adopting} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				of := newTenant
				if wish.Adopt.Found() {
					of = func() *tenant { return theirs(account.Had{}) }
				}
				again(t, killedWhen(t, of, wish, func(ten *tenant) bool {
					return len(ten.principals) == 1 && ten.drafts["draft"].Made.Principal == ""
				}), back)
			})
		})
	}
	t.Run("own app, before another is used", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ten := killedWhen(t, func() *tenant {
				ten := lost(t, 0)
				ten.apps = append(ten.apps, theirs(account.Had{}).apps...)
				return ten
			}, adopting, func(ten *tenant) bool { return ten.drafts["draft"].Last("undo-purge").Made() })
			start := time.Now()
			if err := ten.connectAs(t, adopting, 0, false); err != nil || time.Since(start) != 0 {
				t.Errorf("ended with %v after %v", err, time.Since(start))
			}
		})
	})
}

// killedWhen is such a tenant with a Connect that was killed as soon as that held.
func killedWhen(t *testing.T, of func() *tenant, wish link.ConnectWish, holds func(*tenant) bool) *tenant {
	t.Helper()
	for at := 1; ; at++ {
		ten := of()
		if err := ten.connectAs(t, wish, at, true); !errors.Is(err, errKilled) {
			t.Fatalf("it never held: %v", err)
		}
		if holds(ten) {
			return ten
		}
	}
}
