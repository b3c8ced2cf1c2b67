package link

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Lives are the lives of a certificate that are tried, longest first: tenants
// may have a policy that refuses the longer ones.
var Lives = []time.Duration{180 * day, 90 * day, 30 * day, 7 * day}

const day = 24 * time.Hour

// KeyWish is how a key is to be made.
type KeyWish struct {
	ID        account.KeyID // for a draft that has no key yet
	Store     account.Store
	Bits      int
	Life      time.Duration
	Directory string // where the certificate file goes
}

// MakeKey has the draft's private key in its store and the certificate in a
// file: the change "key" (made, stored, read back) and the change
// "certificate" (made, written). Each is on record before it begins and after
// it ended, and what is there already is kept, so that it can be stopped
// anywhere and started again.
func (os *Operations) MakeKey(id account.ID, wish KeyWish) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		if d, err = os.storeKey(ctx, d, ownKey, wish, tell); err != nil {
			return err
		}
		_, err = os.saveCertificate(ctx, d, wish, tell)
		return err
	})
}

// PrepareKey saves what was asked and has the draft's private key in its
// store, while somebody signs in. No certificate is made: its life may have to
// be another.
func (os *Operations) PrepareKey(d account.Draft, wish KeyWish) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.SaveAnswers(ctx, d)
		if err == nil {
			_, err = os.storeKey(ctx, d, ownKey, wish, tell)
		}
		return err
	})
}

// NewCertificate makes another certificate for the key that the draft has
// already, of another life, and writes it to a file of its own.
func (os *Operations) NewCertificate(id account.ID, life time.Duration, directory string) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.change(ctx, id, false, func(d account.Draft) account.Draft {
			k := d.Key()
			k.Certificate, k.Saved = account.Certificate{}, ""
			return d.WithKey(k)
		})
		if err != nil {
			return err
		}
		_, err = os.saveCertificate(ctx, d, KeyWish{Life: life, Directory: directory}, tell)
		return err
	})
}

// place is which of a draft's keys is meant.
type place struct {
	change string
	of     func(account.Draft) account.Key
	with   func(account.Draft, account.Key) account.Draft
}

// The places: the key that an account uses, and the one of its authority.
var (
	ownKey       = place{"key", account.Draft.Key, account.Draft.WithKey}
	authorityKey = place{"authority", func(d account.Draft) account.Key {
		if d.Authority == nil {
			return account.Key{}
		}
		return *d.Authority
	}, withAuthority}
)

// withAuthority is the draft with k as its authority's key. One that it takes the
// place of may be in its store: it is on record as older than the draft's own.
func withAuthority(d account.Draft, k account.Key) account.Draft {
	if was := d.Authority; was != nil && was.ID != "" && was.ID != k.ID {
		own := d.Keys
		if len(own) == 0 { // the newest is the draft's own, though it is not made yet
			own = []account.Key{{Store: k.Store}}
		}
		d.Keys = append([]account.Key{*was}, own...)
	}
	d.Authority = &k
	return d
}

// storeKey has a key of the draft in its store.
func (os *Operations) storeKey(ctx context.Context, d account.Draft, at place, wish KeyWish, tell func(Event)) (account.Draft, error) {
	if at.of(d).Stored {
		return d, nil
	}
	// Two operations may want the same key, as PrepareKey and Connect do: the
	// second waits, and finds what the first has made.
	select {
	case os.keys <- struct{}{}:
		defer func() { <-os.keys }()
	case <-ctx.Done():
		return d, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	}
	d, err := os.ports.Registry.Draft(ctx, d.ID)
	if err != nil {
		return d, os.told(at.change, d, err, nil, tell)
	}
	k := at.of(d)
	if k.Stored {
		return d, nil
	}
	if k.ID == "" || k.Store != wish.Store {
		k = account.Key{ID: wish.ID, Store: wish.Store}
	}
	k.Bits = wish.Bits // another size may be wished for after an attempt that failed
	tell(Event{Step: at.change, State: Doing, Draft: d})
	// The key's name is on disk before the key is anywhere: whatever happens
	// next, somebody knows of it.
	if d, err = os.change(ctx, d.ID, false, func(d account.Draft) account.Draft { return at.with(d, k) }); err != nil {
		return d, os.told(at.change, d, err, nil, tell)
	}
	if d, err = os.begin(ctx, d.ID, at.change); err != nil {
		return d, os.told(at.change, d, err, nil, tell)
	}
	made := os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Make(ctx, k.Store, k.ID, k.Bits) })
	d, err = os.end(context.WithoutCancel(ctx), d.ID, at.change, made, func(d account.Draft) account.Draft {
		k.Stored = made == nil
		return at.with(d, k)
	})
	return d, os.told(at.change, d, made, err, tell)
}

// saveCertificate is the change "certificate".
func (os *Operations) saveCertificate(ctx context.Context, d account.Draft, wish KeyWish, tell func(Event)) (account.Draft, error) {
	tell(Event{Step: "certificate", State: Doing, Draft: d})
	k := d.Key()
	if !k.Certificate.Made() {
		cert, err := os.certify(ctx, d, wish.Life)
		if err != nil {
			return d, os.told("certificate", d, err, nil, tell)
		}
		k.Certificate = cert
		if d, err = os.change(ctx, d.ID, false, func(d account.Draft) account.Draft { return d.WithKey(k) }); err != nil {
			return d, os.told("certificate", d, err, nil, tell)
		}
	}
	d, err := os.begin(ctx, d.ID, "certificate")
	if err != nil {
		return d, os.told("certificate", d, err, nil, tell)
	}
	saved := os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
		k.Saved, err = os.ports.Save.Certificate(ctx, wish.Directory, account.CertificateFile(d.Name, k.Certificate.SHA1), k.Certificate.PEM)
		return err
	})
	d, err = os.end(context.WithoutCancel(ctx), d.ID, "certificate", saved, func(d account.Draft) account.Draft { return d.WithKey(k) })
	return d, os.told("certificate", d, saved, err, tell)
}

func (os *Operations) certify(ctx context.Context, d account.Draft, life time.Duration) (account.Certificate, error) {
	k := d.Key()
	signer, err := os.ports.Keys.Open(ctx, k.Store, k.ID)
	if err != nil {
		return account.Certificate{}, err
	}
	return os.certified(k, signer, life)
}

func (os *Operations) certified(k account.Key, signer crypto.Signer, life time.Duration) (account.Certificate, error) {
	return os.ports.Keys.Certify(signer, subject(k.ID), os.ports.Now(), life)
}

// told tells how a change ended, and returns the error it ended with: its own,
// or that of the record.
func (os *Operations) told(step string, d account.Draft, own, record error, tell func(Event)) error {
	err := own
	if err == nil {
		err = record
	}
	if err != nil {
		tell(Event{Step: step, State: Failed, Draft: d, Problem: account.AsProblem(err)})
		return err
	}
	tell(Event{Step: step, State: Done, Draft: d})
	return nil
}
