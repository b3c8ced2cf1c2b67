package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/axiomio/xops-onboard/account"
)

// TestManyChanges makes many changes, with another process that looks and changes
// between two of them: each sees at every moment what there is, and the index that
// is left is that of the files.
func TestManyChanges(t *testing.T) {
	places(t, func(t *testing.T, open func(account.Owner) *Registry) {
		r, other := open(me), open(another)
		for i, id := range []account.ID{one, two, three} {
			d := draft(id, account.Name(fmt.Sprintf("Account %d", i)))
			must(t, r.SaveDraft(t.Context(), d))
			must(t, r.Finish(t.Context(), d.Account(d.Updated)))
		}
		indexed := func(want bool) {
			t.Helper()
			if _, err := r.disk.read(r.index); errors.Is(err, fs.ErrNotExist) == want {
				t.Errorf("an index: %v, want %v", !want, want)
			}
		}
		rename := func(by *Registry, id account.ID, to account.Name) {
			t.Helper()
			_, err := by.ChangeAccount(t.Context(), id, func(a account.Account) (account.Account, error) { a.Name = to; return a, nil })
			must(t, err)
		}
		end, inner := r.Many(t.Context()), r.Many(t.Context())
		rename(r, one, "Northwind")
		indexed(false)
		rename(r, two, "Fabrikam")
		inner()
		indexed(false)
		wantNames(t, other, "Account 2, Fabrikam, Northwind")
		indexed(true)
		rename(r, one, "Adatum")
		indexed(false)
		rename(other, three, "Contoso")
		rename(r, two, "Litware")
		_, err := r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) { a.Name = "Contoso"; return a, nil })
		wantKind(t, err, account.InputTaken, "Contoso")
		wantNames(t, open(dead), "Adatum, Contoso, Litware") // whose process was killed, as it were
		rename(r, one, "Proseware")
		end()
		indexed(true)
		x, ok := r.sound(decodeIndex)
		whole, err := r.scan()
		must(t, err)
		if diff := cmp.Diff(whole, x, cmp.AllowUnexported(index{}), cmpopts.EquateEmpty()); !ok || diff != "" {
			t.Errorf("the index is sound: %v; it differs from the files: %s", ok, diff)
		}
		rename(r, one, "Adatum")
		indexed(true)
	})
}
