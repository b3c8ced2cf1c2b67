//go:build unix

package registry

import (
	"context"
	"errors"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

// connected is an account on disk.
func connected(t *testing.T, r *Registry, id account.ID, name account.Name) account.Account {
	t.Helper()
	d := draft(id, name)
	must(t, r.SaveDraft(t.Context(), d))
	a := d.Account(time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC))
	must(t, r.Finish(t.Context(), a))
	return a
}

// TestAuthoritiesAreKept reads again all that a rotation by another authority has
// on record.
func TestAuthoritiesAreKept(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		want := connected(t, r, one, "Production")
		want.Authority, want.NextAuthority, want.LastAuthority = &account.Key{ID: "a1"}, &account.Key{ID: "a2", Stored: true}, &account.Key{ID: "a0"}
		want.Brought = account.Certificate{PEM: "pem", SHA256: "AB", NotAfter: want.Linked}
		_, err := r.ChangeAccount(t.Context(), one, func(account.Account) (account.Account, error) { return want, nil })
		must(t, err)
		read, err := r.Account(t.Context(), one)
		must(t, err)
		if diff := cmp.Diff(want, read); diff != "" {
			t.Error(diff)
		}
	})
}

func unchanged(a account.Account) (account.Account, error) { return a, nil }

func TestChangeAccount(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		_, err := r.ChangeAccount(t.Context(), one, unchanged)
		wantKind(t, err, account.NotFound, "")
		was := connected(t, r, one, "Contoso")
		other := connected(t, r, two, "Fabrikam")
		must(t, r.SaveDraft(t.Context(), draft(three, "Northwind")))

		got, err := r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) {
			a.ID, a.Name, a.Next = three, "Contoso Ltd", &account.Key{ID: "k2", Store: account.Keyring}
			return a, nil
		})
		must(t, err)
		want := was
		want.Name, want.Next = "Contoso Ltd", &account.Key{ID: "k2", Store: account.Keyring}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		read, err := r.Account(t.Context(), one)
		must(t, err)
		if diff := cmp.Diff(want, read); diff != "" {
			t.Error(diff)
		}
		if row := contents(t, r).Accounts[0]; row.Name != "Contoso Ltd" || row.Begun != account.Rotating {
			t.Errorf("row %+v", row)
		}
		for _, name := range []account.Name{"FABRIKAM", "northwind"} {
			_, err = r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) { a.Name = name; return a, nil })
			if account.KindOf(err) != account.InputTaken {
				t.Errorf("renamed to %s: %v", name, err)
			}
		}
		_, err = r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) { a.Link = other.Link; return a, nil })
		wantKind(t, err, account.AlreadyLinked, "Fabrikam")
		own := errors.New("no")
		if _, err = r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) { a.Name = "x"; return a, own }); !errors.Is(err, own) {
			t.Errorf("error %v", err)
		}
		if again, _ := r.Account(t.Context(), one); again.Name != "Contoso Ltd" {
			t.Errorf("changed in spite of the error: %+v", again)
		}
	})
}

func TestHold(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		mine, theirs := open(me), open(another)
		connected(t, mine, one, "Contoso")
		a, err := theirs.Hold(t.Context(), one)
		must(t, err)
		if a.Owner != another || !contents(t, mine).Accounts[0].Owned || contents(t, theirs).Accounts[0].Owned {
			t.Errorf("held %+v", a.Owner)
		}
		_, err = mine.Hold(t.Context(), one)
		wantKind(t, err, account.AccountInUse, "")
		_, err = mine.ChangeAccount(t.Context(), one, unchanged)
		wantKind(t, err, account.AccountInUse, "")
		_, err = mine.Reopen(t.Context(), one)
		wantKind(t, err, account.AccountInUse, "")
		wantKind(t, mine.Remove(t.Context(), one), account.AccountInUse, "")
		must(t, theirs.Release(t.Context(), one))
		_, err = open(dead).Hold(t.Context(), one)
		must(t, err)
		if contents(t, mine).Accounts[0].Owned {
			t.Error("held by the dead")
		}
		_, err = mine.Hold(t.Context(), one)
		must(t, err)
	})
}

func TestReplace(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		connected(t, r, one, "Contoso")
		d := draft(two, "contoso")
		wantKind(t, r.SaveDraft(t.Context(), d), account.InputTaken, "Contoso")
		d.Replaces = one
		must(t, r.SaveDraft(t.Context(), d))
		if row := contents(t, r).Drafts[0]; row.Begun != account.Repointing {
			t.Errorf("row %+v", row)
		}
		next := d.Account(time.Now())
		next.ID = one
		for range 2 {
			must(t, r.Replace(t.Context(), two, next))
			c := contents(t, r)
			if len(c.Accounts) != 1 || len(c.Drafts) != 0 || c.Accounts[0].ID != one || c.Accounts[0].Identity != next.Identity() {
				t.Errorf("contents %+v", c)
			}
		}
	})
}

func TestReopen(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r := open(me)
		_, err := r.Reopen(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
		must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
		_, err = r.Reopen(t.Context(), two)
		wantKind(t, err, account.NotFound, "") // it never was an account
		a := connected(t, r, one, "Contoso")
		_, err = r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) {
			a.Last, a.Next, a.Moving = &account.Key{ID: "old"}, &account.Key{ID: "new"}, account.FileStore
			return a, nil
		})
		must(t, err)
		for range 2 {
			d, err := r.Reopen(t.Context(), one)
			must(t, err)
			if !d.Leaving || d.Name != a.Name || len(d.Keys) != 4 || d.Key().ID != a.Key.ID || d.Keys[0].Store != account.FileStore || d.Owner != me {
				t.Errorf("draft %+v", d)
			}
		}
		c := contents(t, r)
		if len(c.Accounts) != 0 || len(c.Drafts) != 2 || c.Drafts[0].Begun != account.Removing {
			t.Errorf("contents %+v", c)
		}
		must(t, r.Remove(t.Context(), one))
	})
}

const updates = 150

func init() {
	roles["update"] = func(args []string) {
		r, err := Open(filepath.Join(args[0], "data"), filepath.Join(args[0], "state"), Self(), Alive)
		if err != nil {
			panic(err)
		}
		var all sync.WaitGroup
		for i := range updates {
			all.Go(func() {
				_, err := r.ChangeAccount(context.Background(), one, func(a account.Account) (account.Account, error) {
					a.Abandoned = append(a.Abandoned, account.Key{ID: account.KeyID(args[1] + strconv.Itoa(i))})
					return a, nil
				})
				if err != nil {
					panic(err)
				}
			})
		}
		all.Wait()
	}
}

// TestUpdatesAtOnce has two processes change one account 150 times each, all at
// once: none is lost.
func TestUpdatesAtOnce(t *testing.T) {
	dir := t.TempDir()
	r := asProduct(dir)
	connected(t, r, one, "Contoso")
	var all sync.WaitGroup
	for _, who := range []string{"a", "b"} {
		all.Go(func() {
			if out, err := process("update", dir, who).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", who, err, out)
			}
		})
	}
	all.Wait()
	a, err := r.Account(t.Context(), one)
	must(t, err)
	there := map[account.KeyID]bool{}
	for _, k := range a.Abandoned {
		there[k.ID] = true
	}
	for _, who := range []string{"a", "b"} {
		for i := range updates {
			if !there[account.KeyID(who+strconv.Itoa(i))] {
				t.Fatalf("update %s%d is lost", who, i)
			}
		}
	}
}
