package registry

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/axiomio/xops-onboard/account"
)

const (
	one   = account.ID("11111111-1111-4111-8111-111111111111")
	two   = account.ID("22222222-2222-4222-8222-222222222222")
	three = account.ID("33333333-3333-4333-8333-333333333333")
)

var (
	me      = account.Owner{Host: "here", Boot: "b", PID: 1, Start: "1"}
	another = account.Owner{Host: "here", Boot: "b", PID: 2, Start: "2"}
	dead    = account.Owner{Host: "here", Boot: "b", PID: 3, Start: "3"}
)

func living(o account.Owner) bool { return o == me || o == another }

// draft is a draft with something in every field.
func draft(id account.ID, name account.Name) account.Draft {
	at := time.Date(2026, 3, 1, 12, 0, 0, 123456000, time.UTC)
	return account.Draft{
		ID: id, Name: name, Provider: account.Microsoft, Way: account.ByHand, Cloud: "global", Chosen: true,
		Keys: []account.Key{{
			ID: "k-" + account.KeyID(id), Store: account.Keyring, Bits: 2048, Stored: true, Saved: "/home/a/a.cer",
			Certificate: account.Certificate{PEM: "-----BEGIN CERTIFICATE-----\n", SHA1: "AB", SHA256: "CD", SPKI: "ef", NotBefore: at, NotAfter: at.AddDate(0, 6, 0)},
		}},
		Link:  account.MicrosoftLink{Tenant: "t-" + account.TenantID(id), Client: "c-" + account.ClientID(id), Organization: "a.onmicrosoft.com", TenantName: `A "B" & <Ö>`},
		Trail: []string{"provider", "way", "name"}, Ticked: []string{"name"},
		Journal: []account.Entry{{Change: "key", Begun: at, Ended: at}, {Change: "certificate", Begun: at, Failed: "file-not-written"}},
		Created: at, Updated: at,
	}
}

// places are the two kinds of disk. A place opens the same registry for any process.
func places(t *testing.T, test func(t *testing.T, open func(self account.Owner) *Registry)) {
	t.Run("disk", func(t *testing.T) {
		dir := t.TempDir()
		test(t, func(self account.Owner) *Registry {
			r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), self, living)
			if err != nil {
				t.Fatal(err)
			}
			return r
		})
	})
	t.Run("memory", func(t *testing.T) {
		m := newMemory()
		test(t, func(self account.Owner) *Registry { return open(m, "/data", "/state", self, living) })
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantKind(t *testing.T, err error, want account.Kind, subject string) {
	t.Helper()
	if p := account.AsProblem(err); p == nil || p.Kind != want || p.Subject != subject {
		t.Errorf("error %v, want %s: %s", err, want, subject)
	}
}

func contents(t *testing.T, r *Registry) account.Contents {
	t.Helper()
	c, err := r.Contents(t.Context())
	must(t, err)
	return c
}

// briefly compares what List may leave away, and what the index does.
var briefly = cmp.Options{cmpopts.IgnoreFields(account.Row{}, "Identity"), cmpopts.IgnoreFields(account.Problem{}, "Err"), cmpopts.EquateEmpty()}

// listing is what List tells.
func listing(t *testing.T, r *Registry) (c account.Contents) {
	t.Helper()
	var accounts []account.Row
	c, err := r.List(t.Context(), func() func(account.Row, account.LastCheck) {
		accounts = nil
		return func(a account.Row, _ account.LastCheck) { accounts = append(accounts, a) }
	})
	must(t, err)
	if len(c.Accounts) > 0 {
		t.Error("List keeps accounts")
	}
	c.Accounts = accounts
	return c
}

// names are what a list shows: accounts, then drafts in brackets, then files in trouble.
func names(t *testing.T, r *Registry) string {
	t.Helper()
	told := listing(t, r) // first, as Contents mends the index
	c := contents(t, r)
	if diff := cmp.Diff(c, told, briefly); diff != "" {
		t.Errorf("List is not Contents: %s", diff)
	}
	var s []string
	for _, row := range c.Accounts {
		s = append(s, string(row.Name))
	}
	for _, row := range c.Drafts {
		s = append(s, "["+string(row.Name)+"]")
	}
	for _, p := range c.Damaged {
		s = append(s, fmt.Sprintf("%s %s", p.Kind, filepath.Base(p.Subject)))
	}
	return strings.Join(s, ", ")
}

func wantNames(t *testing.T, r *Registry, want string) {
	t.Helper()
	if got := names(t, r); got != want {
		t.Errorf("lists %q, want %q", got, want)
	}
}

func TestNothingThere(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		if c := contents(t, r); len(c.Accounts)+len(c.Drafts)+len(c.Damaged) != 0 {
			t.Errorf("contents %+v", c)
		}
		_, err := r.Draft(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		_, err = r.Account(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		_, err = r.LastReport(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		wantKind(t, r.Finish(t.Context(), draft(one, "A").Account(time.Now())), account.NotFound, "")
		wantKind(t, r.SaveReport(t.Context(), one, account.Report{}), account.NotFound, "")
		must(t, r.Remove(t.Context(), one))
	})
}

func TestDraftComesBackWhole(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		d := draft(one, "Contoso")
		must(t, open(me).SaveDraft(t.Context(), d))
		d.Owner = me
		second := open(another)
		got, err := second.Draft(t.Context(), one)
		must(t, err)
		if diff := cmp.Diff(d, got); diff != "" {
			t.Error(diff)
		}
		row := d.Row()
		row.Owned = true
		if diff := cmp.Diff(account.Contents{Drafts: []account.Row{row}}, contents(t, second)); diff != "" {
			t.Error(diff)
		}
		if contents(t, open(me)).Drafts[0].Owned {
			t.Error("a draft of our own is shown as open in another window")
		}
		_, err = second.Account(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
	})
}

func TestFinishReplacesTheDraft(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r, d := open(me), draft(one, "Contoso")
		must(t, r.SaveDraft(t.Context(), d))
		a := d.Account(d.Updated.Add(time.Hour))
		must(t, r.Finish(t.Context(), a))
		must(t, r.Finish(t.Context(), a)) // again, as after a crash
		got, err := open(another).Account(t.Context(), one)
		must(t, err)
		if diff := cmp.Diff(a, got); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(account.Contents{Accounts: []account.Row{a.Row()}}, contents(t, open(another))); diff != "" {
			t.Error(diff)
		}
		_, err = r.Draft(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		for _, d.Owner = range []account.Owner{{}, me} { // a late write of a screen
			wantKind(t, r.SaveDraft(t.Context(), d), account.NotFound, "")
		}
	})
}

func TestRemoveTakesTheReportAlong(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r, d := open(me), draft(one, "Contoso")
		must(t, r.SaveDraft(t.Context(), d))
		must(t, r.Finish(t.Context(), d.Account(d.Updated)))
		rep := account.Report{At: d.Updated, Checks: []account.Check{{Name: account.Consent, State: account.Holds, At: d.Updated}}}
		must(t, r.SaveReport(t.Context(), one, account.Report{}))
		must(t, r.SaveReport(t.Context(), one, rep))
		got, err := open(another).LastReport(t.Context(), one)
		must(t, err)
		if diff := cmp.Diff(rep, got); diff != "" {
			t.Error(diff)
		}
		must(t, r.Remove(t.Context(), one))
		must(t, r.Remove(t.Context(), one))
		_, err = r.LastReport(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		wantNames(t, open(another), "")
	})
}

func TestOwners(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		mine := open(me)
		must(t, open(another).SaveDraft(t.Context(), draft(one, "Theirs")))
		must(t, open(dead).SaveDraft(t.Context(), draft(two, "Left")))
		c := contents(t, mine)
		if len(c.Drafts) != 2 || c.Drafts[0].Owned || !c.Drafts[1].Owned {
			t.Errorf("drafts %+v, want Left free and Theirs owned", c.Drafts)
		}
		theirs, left := draft(one, "Theirs"), draft(two, "Left")
		wantKind(t, mine.SaveDraft(t.Context(), theirs), account.DraftOwned, "")
		wantKind(t, mine.Finish(t.Context(), theirs.Account(time.Now())), account.DraftOwned, "")
		wantKind(t, mine.Remove(t.Context(), one), account.DraftOwned, "")
		must(t, mine.SaveDraft(t.Context(), left))
		wantKind(t, open(another).SaveDraft(t.Context(), left), account.DraftOwned, "")
		got, err := mine.Draft(t.Context(), two)
		must(t, err)
		if got.Owner != me {
			t.Errorf("owner %+v, want this process", got.Owner)
		}
	})
}

func TestThrownAwayStaysAway(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
		d, err := r.Draft(t.Context(), one)
		must(t, err)
		must(t, r.Remove(t.Context(), one))
		wantKind(t, r.SaveDraft(t.Context(), d), account.NotFound, "")
		wantNames(t, r, "")
	})
}

func TestNames(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r, a := open(me), draft(one, "Contoso")
		must(t, r.SaveDraft(t.Context(), a))
		must(t, r.Finish(t.Context(), a.Account(a.Updated)))
		must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
		wantKind(t, r.SaveDraft(t.Context(), draft(three, "CONTOSO")), account.InputTaken, "Contoso")
		wantKind(t, r.SaveDraft(t.Context(), draft(three, "fabrikam")), account.InputTaken, "Fabrikam")
		must(t, r.SaveDraft(t.Context(), draft(three, "")))
		must(t, r.SaveDraft(t.Context(), draft(two, "")))
		must(t, r.SaveDraft(t.Context(), draft(three, "fabrikam")))
		wantNames(t, r, "Contoso, [], [fabrikam]")
		taken := draft(two, "contoso").Account(a.Updated)
		wantKind(t, r.Finish(t.Context(), taken), account.InputTaken, "Contoso")
	})
}

// TestTwinNamesKeepTheirJournal holds that a name which is there twice, as after
// a backup was brought back, does not stop an operation from writing its journal.
func TestTwinNamesKeepTheirJournal(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
		twin, err := record{draft: &account.Draft{ID: two, Name: "Contoso"}}.encode(nil)
		must(t, err)
		must(t, r.replace(r.file(two), twin, true))
		must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
		wantNames(t, r, "[Contoso], [Contoso]")
	})
}

func TestLinkedOnce(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r, a, b := open(me), draft(one, "Contoso"), draft(two, "Fabrikam")
		must(t, r.SaveDraft(t.Context(), a))
		must(t, r.Finish(t.Context(), a.Account(a.Updated)))
		b.Link = a.Link
		must(t, r.SaveDraft(t.Context(), b))
		wantKind(t, r.Finish(t.Context(), b.Account(b.Updated)), account.AlreadyLinked, "Contoso")
		b.Cloud = "china"
		must(t, r.Finish(t.Context(), b.Account(b.Updated)))
	})
}

// TestIdsStayInTheirDirectory holds that an id which is not made of what UUIDs
// are made of reaches no file.
func TestIdsStayInTheirDirectory(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		for _, id := range []account.ID{"", ".", "..", "../index", "a/b", `a\b`, "A", "nul", "a.json", "\x00", account.ID(strings.Repeat("a", 65))} {
			d := draft(id, "A")
			if err := r.SaveDraft(t.Context(), d); err == nil {
				t.Errorf("%q was written", id)
			}
			if err := r.Finish(t.Context(), d.Account(d.Updated)); err == nil {
				t.Errorf("%q was finished", id)
			}
			wantKind(t, r.SaveReport(t.Context(), id, account.Report{}), account.NotFound, "")
			_, err := r.LastReport(t.Context(), id)
			wantKind(t, err, account.NotFound, "")
			_, err = r.Draft(t.Context(), id)
			wantKind(t, err, account.NotFound, "")
			must(t, r.Remove(t.Context(), id))
		}
		wantNames(t, r, "")
	})
}

func TestInOrderOfNames(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		for i, n := range []account.Name{"delta", "Alpha", "Ötzi", "charlie", "Bravo"} {
			must(t, r.SaveDraft(t.Context(), draft(account.ID(fmt.Sprint(i)), n)))
		}
		want := "[Alpha], [Bravo], [charlie], [delta], [Ötzi]"
		wantNames(t, r, want)
		must(t, r.disk.remove(r.index))
		wantNames(t, r, want)
	})
}

// TestBusy holds how long a change waits, and that reading does not need the lock.
func TestBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(newMemory(), "/data", "/state", me, living)
		must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
		unlock, err := r.disk.lock(t.Context(), r.lock)
		must(t, err)
		before := time.Now()
		wantKind(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")), account.Busy, "")
		if waited := time.Since(before); waited != lockWait {
			t.Errorf("waited %s", waited)
		}
		must(t, r.disk.remove(r.index)) // as while the holder writes
		wantNames(t, r, "[Contoso]")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wantKind(t, r.SaveDraft(ctx, draft(two, "Fabrikam")), account.Cancelled, "")
		unlock()
		must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
	})
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if play, ok := roles[os.Args[1]]; ok {
			play(os.Args[2:])
			os.Exit(0)
		}
	}
	os.Exit(m.Run())
}

// roles are what the test binary does as another process, by its first argument.
var roles = map[string]func(args []string){}
