package link_test

import (
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// ends waits for an operation, and tells its stages that were done.
func (h *household) ends(op *link.Operation) (done []string, err error) {
	h.t.Helper()
	for {
		e, err := op.Next(h.t.Context())
		switch {
		case errors.Is(err, io.EOF):
			return done, nil
		case err != nil:
			return done, err
		case e.State == link.Done:
			done = append(done, e.Step)
		}
	}
}

func (h *household) begin(id account.ID, f func(*account.Account)) {
	h.t.Helper()
	_, err := h.reg.ChangeAccount(h.t.Context(), id, func(a account.Account) (account.Account, error) { f(&a); return a, nil })
	h.must(err)
}

// TestMend ends what was begun and needs no service, and nothing else.
func TestMend(t *testing.T) {
	h := newHousehold(t)
	moved, copied, locked, left, rotating := h.account(1, account.FileStore), h.account(2, account.Keyring), h.account(3, account.Keyring), h.account(4, account.Keyring), h.account(5, account.Keyring)
	for _, a := range []account.Account{moved, copied} {
		h.keys[account.Keyring][a.Key.ID], h.keys[account.FileStore][a.Key.ID] = true, true
	}
	h.begin(moved.ID, func(a *account.Account) { a.Moving = account.Keyring })
	h.begin(copied.ID, func(a *account.Account) { a.Moving = account.FileStore })
	h.begin(locked.ID, func(a *account.Account) { a.Moving = account.FileStore })
	delete(h.keys[account.Keyring], locked.Key.ID) // its own key is not to be seen
	h.keys[account.FileStore][locked.Key.ID] = true
	old := account.Key{ID: "old", Store: account.Keyring}
	h.keys[account.Keyring]["old"] = true
	h.begin(left.ID, func(a *account.Account) { a.Abandoned = []account.Key{old} })
	h.begin(rotating.ID, func(a *account.Account) { a.Next = &account.Key{ID: "new", Store: account.Keyring} })

	if _, err := h.ends(h.ops.Mend()); err != nil {
		t.Fatal(err)
	}
	for _, a := range []account.Account{moved, copied, left} {
		if got := h.read(a.ID); got.Begun() != "" {
			t.Errorf("%s: %s is left", a.Name, got.Begun())
		}
		if !h.keys[a.Key.Store][a.Key.ID] {
			t.Errorf("%s: its own key is gone", a.Name)
		}
	}
	if h.keys[account.Keyring][moved.Key.ID] || h.keys[account.FileStore][copied.Key.ID] || h.keys[account.Keyring]["old"] {
		t.Errorf("keys that nobody needs are left: %v", h.keys)
	}
	if !h.keys[account.FileStore][locked.Key.ID] || h.read(locked.ID).Moving == "" {
		t.Error("the only copy of a key was deleted")
	}
	if h.read(rotating.ID).Next == nil {
		t.Error("a rotation was ended")
	}
}

// TestMoveKey moves a key, and back where the copy does not work.
func TestMoveKey(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	done, err := h.ends(h.ops.MoveKey(a.ID, account.FileStore))
	if err != nil || !slices.Equal(done, []string{link.TheCopy, link.TheCheck, link.TheMove, link.TheLeaving}) {
		t.Errorf("%v, %v", done, err)
	}
	if got := h.read(a.ID); got.Key.Store != account.FileStore || got.Moving != "" || h.keys[account.Keyring][a.Key.ID] || !h.keys[account.FileStore][a.Key.ID] {
		t.Errorf("account %+v, keys %v", got, h.keys)
	}
	if done, err := h.ends(h.ops.MoveKey(a.ID, account.FileStore)); err != nil || len(done) != 0 {
		t.Errorf("again: %v, %v", done, err)
	}
	h.accepts = func() error { return &account.Problem{Kind: account.AccessBlocked} }
	if _, err := h.ends(h.ops.MoveKey(a.ID, account.Keyring)); account.KindOf(err) != account.AccessBlocked {
		t.Errorf("the copy that does not work: %v", err)
	}
	if got := h.read(a.ID); got.Key.Store != account.FileStore || got.Moving != "" || h.keys[account.Keyring][a.Key.ID] || !h.keys[account.FileStore][a.Key.ID] {
		t.Errorf("account %+v, keys %v; want it where it was", got, h.keys)
	}
}

// TestMoveWithAuthority moves the key of an authority along, which may be in the
// other store already: there it is no copy, and stays whatever happens.
func TestMoveWithAuthority(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	h.begin(a.ID, func(a *account.Account) {
		a.Authority = &account.Key{ID: "authority", Store: account.FileStore, Stored: true}
	})
	h.keys[account.FileStore]["authority"] = true
	h.accepts = func() error { return &account.Problem{Kind: account.Offline} }
	if _, err := h.ends(h.ops.MoveKey(a.ID, account.FileStore)); account.KindOf(err) != account.Offline {
		t.Errorf("without a network: %v", err)
	}
	if got := h.read(a.ID); got.Key.Store != account.Keyring || got.Moving != "" || !h.keys[account.FileStore]["authority"] || h.keys[account.FileStore][a.Key.ID] {
		t.Errorf("account %+v, keys %v", got, h.keys)
	}
	h.accepts = nil
	for _, to := range []account.Store{account.Keyring, account.FileStore, account.Keyring} {
		if _, err := h.ends(h.ops.MoveKey(a.ID, to)); err != nil {
			t.Fatal(err)
		}
		got := h.read(a.ID)
		if got.Key.Store != to || got.Authority.Store != to || got.Moving != "" || !h.keys[to]["authority"] || !h.keys[to][a.Key.ID] || len(h.keys[account.Keyring])+len(h.keys[account.FileStore]) != 2 {
			t.Errorf("to %s: account %+v, keys %v", to, got, h.keys)
		}
	}
}

// TestRotationEndsMove deletes the copy of a key that a move left, before the
// account has another key and nobody knows of it any more.
func TestRotationEndsMove(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	h.keys[account.FileStore][a.Key.ID] = true
	h.begin(a.ID, func(a *account.Account) { a.Moving = account.FileStore })
	if _, err := h.ends(h.ops.Rotate(a.ID, link.RotateWish{Key: "new", Bits: 2048})); err != nil {
		t.Fatal(err)
	}
	if got := h.read(a.ID); got.Key.ID != "new" || got.Moving != "" || len(h.keys[account.FileStore]) != 0 || len(h.keys[account.Keyring]) != 1 {
		t.Errorf("account %+v, keys %v", got, h.keys)
	}
}

// TestMoveOntoAnother leaves alone what is in the other store under that id.
func TestMoveOntoAnother(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	h.keys[account.FileStore][a.Key.ID] = true
	if _, err := h.ends(h.ops.MoveKey(a.ID, account.FileStore)); account.KindOf(err) != account.KeyDamaged {
		t.Errorf("%v", err)
	}
	if got := h.read(a.ID); got.Key.Store != account.Keyring || got.Moving != "" || !h.keys[account.FileStore][a.Key.ID] || !h.keys[account.Keyring][a.Key.ID] {
		t.Errorf("account %+v, keys %v", got, h.keys)
	}
}

// TestRemoveHere removes an account without a sign-in: every key of it, and its
// record.
func TestRemoveHere(t *testing.T) {
	h := newHousehold(t)
	a, other := h.account(1, account.Keyring), h.account(2, account.Keyring)
	h.keys[account.Keyring]["old"], h.keys[account.Keyring]["new"] = true, true
	h.begin(a.ID, func(a *account.Account) {
		a.Last, a.Next = &account.Key{ID: "old", Store: account.Keyring}, &account.Key{ID: "new", Store: account.Keyring}
	})
	if _, err := h.ends(h.ops.Remove(a.ID, link.Signed{})); err != nil {
		t.Fatal(err)
	}
	c, err := h.reg.Contents(t.Context())
	h.must(err)
	if len(c.Accounts) != 1 || len(c.Drafts) != 0 || len(h.keys[account.Keyring]) != 1 || !h.keys[account.Keyring][other.Key.ID] {
		t.Errorf("left: %+v, keys %v", c, h.keys)
	}
	if _, err := h.ends(h.ops.Remove(a.ID, link.Signed{})); account.KindOf(err) != account.NotFound {
		t.Errorf("again: %v", err)
	}
}

// TestRename leaves the name of another alone.
func TestRename(t *testing.T) {
	h := newHousehold(t)
	a, other := h.account(1, account.Keyring), h.account(2, account.Keyring)
	if _, err := h.ends(h.ops.Rename(a.ID, "Contoso")); err != nil || h.read(a.ID).Name != "Contoso" {
		t.Errorf("%v, %+v", err, h.read(a.ID))
	}
	if _, err := h.ends(h.ops.Rename(a.ID, other.Name)); account.KindOf(err) != account.InputTaken || h.read(a.ID).Name != "Contoso" {
		t.Errorf("%v, %+v", err, h.read(a.ID))
	}
}
