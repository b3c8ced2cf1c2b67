package link

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// The stages of moving a key to another store, in their order.
const (
	TheCopy    = "copy"   // in the other store, read back and compared
	TheCheck   = "check"  // a token with the copy
	TheMove    = "switch" // the account uses the copy
	TheLeaving = "forget" // the key leaves the store it was in
)

// MoveKey moves the key of an account to another store: copied, read back, a
// token with the copy, then deleted where it was. The account knows of both
// places all the while. Where the copy does not work it is deleted again. The key
// of an AWS account's authority, which may be in another store than the account's,
// goes with it. KeyMissing for an account that has no key.
func (os *Operations) MoveKey(id account.ID, to account.Store) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		acc, err := os.hold(ctx, id)
		if err != nil {
			return err
		}
		defer os.release(ctx, id)
		if accountParty(acc, acc.Key).keyless() {
			return &account.Problem{Kind: account.KeyMissing}
		}
		m := &rotating{os: os, tell: tell, acc: acc}
		from, elsewhere := Elsewhere(acc, to)
		if !elsewhere {
			return m.leave(ctx) // an earlier run came this far, or there is nothing to do
		}
		err = m.copy(ctx, to)
		if err == nil {
			err = m.stage(TheMove, func() error {
				return m.change(ctx, func(a *account.Account) {
					a.Key.Store, a.Moving = to, from
					if a.Authority != nil {
						k := *a.Authority
						k.Store = to
						a.Authority = &k
					}
				})
			})
		}
		if err != nil {
			m.undo(context.WithoutCancel(ctx), err)
			return err
		}
		return m.leave(ctx)
	})
}

// Elsewhere is the store of a key in use that is not in the one where they are to be.
func Elsewhere(a account.Account, to account.Store) (account.Store, bool) {
	for _, k := range a.Own() {
		if k.Stored && k.Store != to {
			return k.Store, true
		}
	}
	return "", false
}

// copy has the key in the other store as well, and sees that it works from there.
func (r *rotating) copy(ctx context.Context, to account.Store) error {
	err := r.stage(TheCopy, func() error {
		if err := r.change(ctx, func(a *account.Account) { a.Moving = to }); err != nil {
			return err
		}
		for _, k := range r.acc.Own() {
			if !k.Stored || k.Store == to {
				continue // an authority's that has signed and is gone, or that is there
			}
			if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Copy(ctx, k.ID, k.Store, to) }); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return r.stage(TheCheck, func() error {
		k := r.acc.Key
		k.Store = to
		return r.accepted(ctx, k)
	})
}

// undo deletes what was copied; where that fails too it stays on record. What
// was there before under the key's id is not a copy, and stays.
func (r *rotating) undo(ctx context.Context, why error) {
	if k := account.KindOf(why); k == account.KeyDamaged || k == account.KeyNewer || k == account.FileExists {
		_ = r.change(ctx, func(a *account.Account) { a.Moving = "" })
		return
	}
	_ = r.drop(ctx)
}

// leave deletes the key where it was.
func (r *rotating) leave(ctx context.Context) error {
	if r.acc.Moving == "" {
		return nil
	}
	return r.stage(TheLeaving, func() error { return r.drop(ctx) })
}

// drop deletes what was copied in the store that is not the account's own. A key
// that is at home there is no copy.
func (r *rotating) drop(ctx context.Context) error {
	from := r.acc.Moving
	if from == "" {
		return nil
	}
	for _, k := range r.acc.Own() {
		if k.Store == from {
			continue
		}
		if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Delete(ctx, from, k.ID) }); err != nil {
			return err
		}
	}
	return r.change(ctx, func(a *account.Account) { a.Moving = "" })
}
