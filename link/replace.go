package link

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// replace puts what a draft brought in the place of the account it replaces,
// which keeps its id and its name, and then deletes the key the account had. It
// may be done again wherever it stopped. Where the old key cannot be deleted now
// it stays on record, for Rotate to end.
func (os *Operations) replace(ctx context.Context, d account.Draft, abandoned []account.Key, r account.Report) error {
	was, err := os.hold(ctx, d.Replaces)
	if err != nil {
		return err
	}
	defer os.release(ctx, was.ID)
	now := was
	if was.Key.ID != d.Key().ID { // else an earlier run came this far
		if err := os.dropBegun(ctx, was); err != nil {
			return err
		}
		old := was.Key
		now = d.Account(os.ports.Now())
		now.ID, now.Name, now.Owner, now.Last = was.ID, was.Name, was.Owner, &old
		now.Link, now.Abandoned = learned(d.Link, r.Facts), abandoned
	}
	err = os.write(ctx, TheAccount, func(ctx context.Context) error { return os.ports.Registry.Replace(ctx, d.ID, now) })
	if err != nil {
		return err
	}
	_ = (&rotating{os: os, tell: func(Event) {}, acc: now}).forget(ctx)
	os.keep(ctx, was.ID, r)
	return nil
}

// dropBegun deletes the keys that operations left on an account beside its own:
// once the account is another they would be nobody's.
func (os *Operations) dropBegun(ctx context.Context, a account.Account) error {
	for _, k := range a.Leaving().All() {
		if k.Store == a.Key.Store && (k.ID == a.Key.ID || a.Authority != nil && k.ID == a.Authority.ID) {
			continue
		}
		if err := os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Delete(ctx, k.Store, k.ID) }); err != nil {
			return err
		}
	}
	return nil
}
