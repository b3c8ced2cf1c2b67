package link

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// Rename gives an account another name here. What its app is called in the
// tenant stays as it is. InputTaken where another account or draft has it.
func (os *Operations) Rename(id account.ID, name account.Name) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		return os.told("account", account.Draft{}, os.write(ctx, TheAccount, func(ctx context.Context) error {
			_, err := os.ports.Registry.ChangeAccount(ctx, id, func(a account.Account) (account.Account, error) {
				a.Name, a.Updated = name, os.ports.Now()
				return a, nil
			})
			return err
		}), nil, tell)
	})
}

// SaveCertificate writes the public certificate of an account's key to a file
// once more. Where it is written is in Last().Path.
func (os *Operations) SaveCertificate(id account.ID, directory string) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		a, err := os.ports.Registry.Account(ctx, id)
		if err != nil {
			return err
		}
		var path string
		err = os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
			c := a.Key.Certificate
			path, err = os.ports.Save.Certificate(ctx, directory, account.CertificateFile(a.Name, c.SHA1), c.PEM)
			return err
		})
		if err != nil {
			tell(Event{Step: "certificate", State: Failed, Problem: account.AsProblem(err)})
			return err
		}
		tell(Event{Step: "certificate", State: Done, Path: path})
		return nil
	})
}

// Remove removes an account: what it made in the tenant where an administrator
// signed in, else only what is here, which is its keys and its record. It
// becomes a draft first, so that what it was is on record until all is gone; a
// run that was stopped is gone on with by TakeBack or ThrowAway of that draft,
// or by Remove again.
func (os *Operations) Remove(id account.ID, by Signed) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		var d account.Draft
		err := os.write(ctx, TheAccount, func(ctx context.Context) (err error) {
			d, err = os.ports.Registry.Reopen(ctx, id)
			return err
		})
		if err != nil {
			return err
		}
		if by.Nobody() {
			return os.throwAway(ctx, d, tell)
		}
		return os.takeBack(ctx, d, by, tell)
	})
}

// Mend ends what a copy of the program that is gone has begun and what can be
// ended without a service: a key in two stores, and a draft whose account is
// there already. What needs a service or a person is left as it is, for Home to
// name: Row.Begun tells. Nothing that a living copy works on is touched. What
// could not be mended is told.
func (os *Operations) Mend() *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		c, err := os.ports.Registry.Contents(ctx)
		if err != nil {
			return err
		}
		for _, row := range c.Accounts {
			var err error
			switch {
			case row.Owned:
			case row.Begun == account.MovingKey:
				err = os.mendMove(ctx, row.ID, tell)
			case row.Begun == account.KeysLeft:
				err = os.mendKeys(ctx, row.ID)
			}
			if err != nil {
				tell(Event{Step: "mend", State: Failed, Problem: account.AsProblem(err)})
			}
		}
		for _, row := range c.Drafts {
			if row.Begun != account.Repointing || row.Owned {
				continue
			}
			if err := os.mendReplaced(ctx, row.ID); err != nil {
				tell(Event{Step: "mend", State: Failed, Problem: account.AsProblem(err)})
			}
		}
		return nil
	})
}

// mendMove deletes the key in the store that is not the account's own, when
// both can be used without asking.
func (os *Operations) mendMove(ctx context.Context, id account.ID, tell func(Event)) error {
	a, err := os.ports.Registry.Account(ctx, id)
	if err != nil || a.Moving == "" {
		return err
	}
	// The account's own store first: the copy is deleted only where the key is
	// seen to be there.
	if s := os.ports.Keys.Probe(ctx, a.Key.Store); s.State != account.StoreReady {
		return &account.Problem{Kind: account.StoreNotUsable, State: s.State, Subject: string(a.Key.Store)}
	}
	if _, err := os.ports.Keys.Open(ctx, a.Key.Store, a.Key.ID); err != nil {
		return err
	}
	if a, err = os.hold(ctx, id); err != nil {
		return err
	}
	defer os.release(ctx, id)
	return (&rotating{os: os, tell: tell, acc: a}).drop(ctx)
}

// mendKeys deletes the keys that nobody needs, where their stores can be used
// without asking.
func (os *Operations) mendKeys(ctx context.Context, id account.ID) error {
	a, err := os.ports.Registry.Account(ctx, id)
	if err != nil {
		return err
	}
	var left []account.Key
	for _, k := range a.Abandoned {
		if os.ports.Keys.Probe(ctx, k.Store).State != account.StoreReady ||
			os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Delete(ctx, k.Store, k.ID) }) != nil {
			left = append(left, k)
		}
	}
	if len(left) == len(a.Abandoned) {
		return nil
	}
	return os.write(ctx, TheAccount, func(ctx context.Context) error {
		_, err := os.ports.Registry.ChangeAccount(ctx, id, func(a account.Account) (account.Account, error) {
			a.Abandoned = left
			return a, nil
		})
		return err
	})
}

// mendReplaced removes a draft that has taken its account's place already.
func (os *Operations) mendReplaced(ctx context.Context, id account.ID) error {
	d, err := os.ports.Registry.Draft(ctx, id)
	if err != nil {
		return err
	}
	a, err := os.ports.Registry.Account(ctx, d.Replaces)
	if err != nil || a.Key.ID != d.Key().ID || d.Key().ID == "" {
		return err
	}
	return os.write(ctx, TheDraft, func(ctx context.Context) error { return os.ports.Registry.Remove(ctx, id) })
}
