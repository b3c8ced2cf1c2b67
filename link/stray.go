package link

import (
	"context"
	"slices"

	"github.com/axiomio/xops-onboard/account"
)

// Strays are the keys of a store that belong to no account and no draft, and the
// accounts whose key is not there, as far as the store and the registry can
// tell: nothing where one of them cannot. Nobody is asked, and no key is opened.
func (os *Operations) Strays(ctx context.Context, store account.Store) (strays []account.KeyID, without []account.ID, err error) {
	// The store first: a key is on record before it is made, so whatever is
	// listed here has an owner that can be read afterwards, if it has any.
	there, err := os.ports.Keys.List(ctx, store)
	if err != nil || len(there) == 0 {
		return nil, nil, err
	}
	c, err := os.ports.Registry.Contents(ctx)
	if err != nil || len(c.Damaged) > 0 { // one of those may be the owner
		return nil, nil, err
	}
	owned, lacking, err := os.owned(ctx, c, store, there)
	if err != nil {
		return nil, nil, err
	}
	// And the store again: a key may have gone with its record meanwhile, or come
	// with it.
	now, err := os.ports.Keys.List(ctx, store)
	if err != nil {
		return nil, nil, err
	}
	for _, k := range there {
		if !owned[k] && slices.Contains(now, k) {
			strays = append(strays, k)
		}
	}
	for id, k := range lacking {
		if !slices.Contains(now, k) {
			without = append(without, id)
		}
	}
	slices.Sort(without)
	return strays, without, nil
}

// owned are the keys that accounts and drafts have, wherever they are, and the
// accounts that should have one in the store which is not among there.
func (os *Operations) owned(ctx context.Context, c account.Contents, store account.Store, there []account.KeyID) (map[account.KeyID]bool, map[account.ID]account.KeyID, error) {
	in := make(map[account.KeyID]bool, len(there))
	for _, k := range there {
		in[k] = true
	}
	owned, lacking := map[account.KeyID]bool{}, map[account.ID]account.KeyID{}
	for _, row := range c.Accounts {
		a, err := os.ports.Registry.Account(ctx, row.ID)
		if err == nil {
			err = ctx.Err()
		}
		if err != nil { // also one that became something else just now
			return nil, nil, err
		}
		for _, k := range a.Leaving().All() {
			owned[k.ID] = true
		}
		if a.Key.Store == store && !in[a.Key.ID] {
			lacking[a.ID] = a.Key.ID
		}
	}
	for _, row := range c.Drafts {
		d, err := os.ports.Registry.Draft(ctx, row.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, k := range d.All() {
			owned[k.ID] = true
		}
	}
	return owned, lacking, nil
}

// DropStray deletes a key that belongs to nobody. It looks once more that it
// does not; one that belongs to somebody by now is kept, and no error.
func (os *Operations) DropStray(store account.Store, id account.KeyID) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		strays, _, err := os.Strays(ctx, store)
		if err != nil || !slices.Contains(strays, id) {
			return err
		}
		return os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Delete(ctx, store, id) })
	})
}
