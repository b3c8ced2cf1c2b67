package link

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
)

// RotateWish is how an account gets another key.
type RotateWish struct {
	Key   account.KeyID   // of the new key, where none is on its way in
	Bits  int             // of the new key
	Lives []time.Duration // of its certificate, to be tried in this order
	// Who brings the certificate to the app: an administrator who signed in, a
	// person who uploads the file that is written to Directory, or, with neither,
	// the app itself, which takes a certificate that is still valid.
	Admin     Administrator
	Directory string

	// Of an AWS account whose authority signs no more, or soon will not
	// (MayRenewAuthority): who updates the stack with another one, and the id of that
	// one's key.
	AWS       AWSAdministrator
	Authority account.KeyID

	Turn *turn.Turn // where it is one of several that take turns; nil is none
}

// The stages of a rotation, in their order. The old key works until TheSwitch,
// the new one from TheTrial on.
const (
	TheNewKey         = "key"
	TheNewCertificate = "certificate"
	TheAdding         = "add"    // the certificate comes onto the app
	TheTrial          = "trial"  // a token with it, three times in a row
	TheSwitch         = "switch" // the account uses it
	TheRemoval        = "remove" // the old certificate leaves the app
	TheDeletion       = "forget" // the old key leaves its store
)

// Rotations are the names of the stages of a rotation.
var Rotations = []string{TheNewKey, TheAuthority, TheNewCertificate, TheAdding, TheTrial, TheSwitch, TheRemoval, TheDeletion}

// rotating is one run of Rotate.
type rotating struct {
	os   *Operations
	wish RotateWish
	tell func(Event)
	acc  account.Account

	again <-chan struct{} // to look at once; nil where nobody tells
}

// Rotate gives an account another key: made and stored, its certificate on the
// app, a token for it three times in a row; then the account uses it, the old
// certificate is removed and the old key deleted. What is about to be done is on
// record before it is done, so that it can be stopped between any two stages and
// started anew. Until the new key is seen to work the old one stays in use, and
// works: whatever fails before leaves everything as it was, beside a new key and
// perhaps its certificate, with which the next run goes on. Only where a stack gets
// another authority (RotateWish.AWS) does AWS refuse the old key from then on.
//
// Again makes it look at once for a certificate that a person uploads.
func (os *Operations) Rotate(id account.ID, wish RotateWish) *Operation {
	var o *Operation
	ready := make(chan struct{})
	o = os.start(func(ctx context.Context, tell func(Event)) error {
		<-ready
		ctx = turn.With(ctx, wish.Turn)
		acc, err := os.hold(ctx, id)
		if err != nil {
			return err
		}
		defer os.release(ctx, id)
		r := &rotating{os: os, wish: wish, tell: tell, acc: acc, again: o.again}
		if err := r.signable(); err != nil {
			return err
		}
		if err := r.settle(ctx); err != nil {
			return err
		}
		stages := []func(context.Context) error{r.key, r.bring, r.trial, r.swap, r.remove, r.forget}
		if acc.Next == nil && acc.Last != nil { // one that was switched already
			stages = stages[4:]
		}
		for _, stage := range stages {
			if err := ctx.Err(); err != nil {
				return &account.Problem{Kind: account.Cancelled, Err: err}
			}
			if err := stage(ctx); err != nil {
				return err
			}
		}
		os.recheck(ctx, r.acc)
		return nil
	})
	close(ready)
	return o
}

// settle ends a move of the key that was begun: once the account has another key,
// nobody would know of the copy any more. It is deleted only where the key is seen
// to be at home.
func (r *rotating) settle(ctx context.Context) error {
	if r.acc.Moving == "" {
		return nil
	}
	if _, err := r.os.ports.Keys.Open(ctx, r.acc.Key.Store, r.acc.Key.ID); err != nil {
		return err
	}
	return r.drop(ctx)
}

// hold makes this process the one that works on the account.
func (os *Operations) hold(ctx context.Context, id account.ID) (acc account.Account, err error) {
	err = os.write(ctx, TheAccount, func(ctx context.Context) (err error) {
		acc, err = os.ports.Registry.Hold(ctx, id)
		return err
	})
	return acc, err
}

// release lets go of it. Where that fails, the end of this process does it.
func (os *Operations) release(ctx context.Context, id account.ID) {
	_ = os.write(context.WithoutCancel(ctx), TheAccount, func(ctx context.Context) error { return os.ports.Registry.Release(ctx, id) })
}

// recheck verifies an account and keeps what that found. What was asked for is
// done by then, and not undone by it.
func (os *Operations) recheck(ctx context.Context, a account.Account) {
	r := os.check(ctx, accountParty(a, a.Key))
	if ctx.Err() == nil {
		os.keep(ctx, a.ID, r)
	}
}

// targetOf is what is asked about an account with one of its keys.
func targetOf(a account.Account, k account.Key) account.Target {
	return accountParty(a, k).target()
}

// stage runs one stage, and tells how it began and ended.
func (r *rotating) stage(name string, f func() error) error {
	r.tell(Event{Step: name, State: Doing})
	if err := f(); err != nil {
		r.tell(Event{Step: name, State: Failed, Problem: account.AsProblem(err)})
		return err
	}
	r.tell(Event{Step: name, State: Done})
	return nil
}

// change changes the account on disk, which is not cancelled half way.
func (r *rotating) change(ctx context.Context, f func(*account.Account)) error {
	return r.os.write(ctx, TheAccount, func(ctx context.Context) (err error) {
		r.acc, err = r.os.ports.Registry.ChangeAccount(ctx, r.acc.ID, func(a account.Account) (account.Account, error) {
			f(&a)
			a.Updated = r.os.ports.Now()
			return a, nil
		})
		return err
	})
}

// next changes the key that is on its way in.
func (r *rotating) next(ctx context.Context, f func(*account.Key)) error {
	return r.change(ctx, func(a *account.Account) {
		k := *a.Next
		f(&k)
		a.Next = &k
	})
}

// key has the new key in the store of the old one.
func (r *rotating) key(ctx context.Context) error {
	if r.acc.Next != nil && r.acc.Next.Stored {
		return nil
	}
	return r.stage(TheNewKey, func() error {
		if r.acc.Next == nil {
			k := account.Key{ID: r.wish.Key, Store: r.acc.Key.Store, Bits: r.wish.Bits}
			if err := r.change(ctx, func(a *account.Account) { a.Next = &k }); err != nil {
				return err
			}
		}
		k := *r.acc.Next
		if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Make(ctx, k.Store, k.ID, k.Bits) }); err != nil {
			return err
		}
		return r.next(ctx, func(k *account.Key) { k.Stored = true })
	})
}

// bring has a certificate for the new key, of a life that the tenant takes, on
// the app. One that an earlier run may have brought there is looked for first.
func (r *rotating) bring(ctx context.Context) error {
	if r.acc.Provider == account.AWS {
		return r.leaf(ctx)
	}
	now := r.os.ports.Now()
	if c := r.acc.Next.Certificate; c.Made() && c.NotAfter.After(now.Add(time.Hour)) {
		if there, err := r.there(ctx); err != nil || there {
			return err
		}
		if err := r.add(ctx); account.KindOf(err) != account.PolicyLife {
			return err
		}
	}
	for i, life := range r.wish.Lives {
		if err := r.certificate(ctx, life); err != nil {
			return err
		}
		if err := r.add(ctx); account.KindOf(err) != account.PolicyLife || i == len(r.wish.Lives)-1 {
			return err
		}
	}
	return nil
}

func (r *rotating) certificate(ctx context.Context, life time.Duration) error {
	return r.stage(TheNewCertificate, func() error {
		k := *r.acc.Next
		signer, err := r.os.ports.Keys.Open(ctx, k.Store, k.ID)
		if err != nil {
			return err
		}
		cert, err := r.os.renewed(ctx, r.becoming(), k, signer, life)
		if err != nil {
			return err
		}
		return r.next(ctx, func(k *account.Key) { k.Certificate, k.Saved, k.Credential, k.Sent = cert, "", "", time.Time{} })
	})
}

// subject is what a certificate is for: nothing of the customer's is in it.
func subject(id account.KeyID) string { return "Xops 360 " + string(id)[:8] }

// add brings the certificate to the app.
func (r *rotating) add(ctx context.Context) error {
	return r.stage(TheAdding, func() error {
		switch {
		case r.wish.Admin != nil:
			return r.addedBy(ctx, r.wish.Admin)
		case r.wish.Directory != "":
			return r.saved(ctx)
		}
		return r.addItself(ctx)
	})
}

// addItself has the app add the certificate. It is sent once: where its answer
// is lost, the certificate is looked for as long as it may be spreading, before
// it is sent again.
func (r *rotating) addItself(ctx context.Context) error {
	if err := r.learn(ctx); err != nil {
		return err
	}
	old, err := r.os.ports.Keys.Open(ctx, r.acc.Key.Store, r.acc.Key.ID)
	if err != nil {
		return err
	}
	for tries := 1; ; tries++ {
		if err := r.next(ctx, func(k *account.Key) { k.Sent = r.os.ports.Now() }); err != nil {
			return err
		}
		var id string
		var asked bool // for the change itself, and not for its token alone
		sent := r.called(ctx, "rotate-add", func(ctx context.Context) (calls []account.Evidence, err error) {
			id, calls, err = r.os.ports.Microsoft.AddKey(ctx, targetOf(r.acc, r.acc.Key), old, r.acc.Next.Certificate)
			asked = len(calls) > 0
			return calls, err
		})
		if sent == nil || !asked || !account.Passing(sent) { // it is known
			if err := r.next(context.WithoutCancel(ctx), func(k *account.Key) { k.Credential, k.Sent = id, time.Time{} }); sent == nil {
				return err
			}
			return sent
		}
		found, err := r.looked(ctx, old, sent)
		if found || err != nil {
			return err
		}
		if tries == mostTries {
			return sent
		}
	}
}

// looked looks for a certificate that was sent without an answer, for as long as
// it may be spreading.
func (r *rotating) looked(ctx context.Context, old crypto.Signer, said error) (found bool, err error) {
	w := r.waiting(TheAdding, account.AnswerLost)
	w.end = w.end.Add(-r.os.ports.Now().Sub(r.acc.Next.Sent))
	for {
		if found, err = r.shown(ctx, old); found || err != nil && !account.Passing(err) {
			return found, err
		}
		if err != nil {
			said = err
		}
		err := w.rest(ctx, said)
		if account.KindOf(err) == account.SpreadingTooLong {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		said = nil
	}
}

const mostTries = 3

// addedBy has an administrator add it, with all that is on the app kept. Entra
// changes no list that holds an expired certificate; the account's own, which is
// of no use any more, goes with the same change.
func (r *rotating) addedBy(ctx context.Context, admin Administrator) error {
	if err := r.learn(ctx); err != nil {
		return err
	}
	app := r.acc.Microsoft().Application
	pause := func(p account.Pause) { r.tell(Event{Step: TheAdding, State: Pausing, Pause: &p}) }
	// By the ctx that a stop ends: the port waits for what was sent, and for nothing else.
	return r.called(ctx, "rotate-add", func(context.Context) (calls []account.Evidence, err error) {
		if old := r.acc.Key.Certificate; !old.NotAfter.After(r.os.ports.Now()) {
			return admin.Renew(ctx, app, old, r.acc.Next.Certificate, pause)
		}
		_, calls, err = admin.Adopt(ctx, app, account.AppWish{Provider: r.acc.Provider, Certificate: r.acc.Next.Certificate}, pause)
		return calls, err
	})
}

// learn has the object id of the app on record, by which its certificates are
// changed. An account that was linked by hand may not know it.
func (r *rotating) learn(ctx context.Context) error {
	l := r.acc.Microsoft()
	if l.Application != "" {
		return nil
	}
	if r.wish.Admin != nil {
		s, err := r.wish.Admin.Survey(ctx, account.SurveyWish{Adopt: l.Client})
		if err != nil {
			return err
		}
		l.Application = s.Adopted.App.Application
	} else {
		report := r.os.check(ctx, accountParty(r.acc, r.acc.Key))
		if c, _ := report.Check(account.CertificateAccepted); c.Problem != nil && c.State != account.Holds {
			return c.Problem
		}
		l = learnedApp(l, report.Facts)
	}
	if l.Application == "" {
		return &account.Problem{Kind: account.RoleMissing} // it may not be read
	}
	return r.change(ctx, func(a *account.Account) { *a = a.WithMicrosoft(l) })
}

// saved writes the certificate for a person who uploads it.
func (r *rotating) saved(ctx context.Context) error {
	var path string
	err := r.os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
		c := r.acc.Next.Certificate
		path, err = r.os.ports.Save.Certificate(ctx, r.wish.Directory, account.CertificateFile(r.acc.Name, c.SHA1), c.PEM)
		return err
	})
	if err != nil {
		return err
	}
	return r.next(ctx, func(k *account.Key) { k.Saved = path })
}

// called makes calls that change the tenant and keeps what was called. f is given
// a context that no stop ends, for a port that does not see to it itself that
// what was sent is waited for.
func (r *rotating) called(ctx context.Context, change string, f func(context.Context) ([]account.Evidence, error)) error {
	var calls []account.Evidence
	err := r.os.write(ctx, TheTenant, func(ctx context.Context) (err error) {
		calls, err = f(ctx)
		return err
	})
	kept := r.os.ports.Registry.AppendEvidence(context.WithoutCancel(ctx), r.acc.ID, change, calls)
	if err == nil {
		err = kept
	}
	return err
}

// there tells whether an earlier run has brought the certificate to the app.
func (r *rotating) there(ctx context.Context) (bool, error) {
	switch {
	case r.wish.Admin != nil: // to whom adding again is no change
		return false, nil
	case r.wish.Directory != "": // nor to who writes the file, unless it went
		return false, nil
	case r.acc.Next.Credential != "":
		return true, nil
	case r.acc.Next.Sent.IsZero() && r.acc.Next.Saved == "":
		return false, nil
	}
	old, err := r.os.ports.Keys.Open(ctx, r.acc.Key.Store, r.acc.Key.ID)
	if err != nil {
		return false, err
	}
	if r.acc.Next.Sent.IsZero() { // a person may have uploaded it
		return r.shown(ctx, old)
	}
	return r.looked(ctx, old, nil)
}

// shown tells whether the certificate is seen on the app: by Graph, or by Entra,
// which may be faster, and which tells also where the app may not read itself.
func (r *rotating) shown(ctx context.Context, old crypto.Signer) (bool, error) {
	id, _, err := r.os.ports.Microsoft.FindKey(ctx, targetOf(r.acc, r.acc.Key), old, r.acc.Next.Certificate)
	if id != "" {
		return true, r.next(ctx, func(k *account.Key) { k.Credential, k.Sent = id, time.Time{} })
	}
	if err != nil && account.KindOf(err) != account.RoleMissing {
		return false, err
	}
	err = r.accepted(ctx, *r.acc.Next)
	if account.KindOf(err) == account.CertificateUnseen {
		return false, nil
	}
	return err == nil, err
}

// accepted is nil when a token is issued for a key.
func (r *rotating) accepted(ctx context.Context, k account.Key) error {
	signer, err := r.os.ports.Keys.Open(ctx, k.Store, k.ID)
	if err != nil {
		return err
	}
	p := accountParty(r.becoming(), k)
	if p.provider == account.AWS {
		_, _, err = r.os.ports.AWS.Session(ctx, p.aws(), signer)
		return err
	}
	_, err = r.os.ports.Microsoft.Accepts(ctx, p.target(), signer)
	return err
}

// inARow is how many tokens are asked for with a new key before it is used:
// Entra's servers learn of it one after another.
const inARow = 3

// trial asks for tokens with the new key. A person who uploads the certificate
// is waited for as long as it takes.
func (r *rotating) trial(ctx context.Context) error {
	return r.stage(TheTrial, func() error {
		w := r.waiting(TheTrial, account.MadeUnseen)
		w.endless = r.wish.Admin == nil && r.wish.AWS == nil && r.wish.Directory != ""
		for got := 0; got < inARow; {
			err := r.accepted(ctx, *r.acc.Next)
			switch {
			case err == nil:
				got++
				continue
			case !r.unseen(err):
				return err
			}
			got = 0
			if err := w.rest(ctx, err); err != nil {
				return err
			}
		}
		if r.wish.AWS != nil { // not before: where the trial fails, the same person tries again
			r.wish.AWS.Forget()
		}
		return nil
	})
}

// waiting is a row of pauses that grow, for as long as the directory may take.
type waiting struct {
	r       *rotating
	step    string
	reason  account.PauseReason
	since   time.Time // by this machine's clock
	end     time.Time // on the monotonic clock
	pause   time.Duration
	endless bool // it is a person who is waited for
}

func (r *rotating) waiting(step string, reason account.PauseReason) *waiting {
	return &waiting{r: r, step: step, reason: reason, since: r.os.ports.Now(), end: time.Now().Add(spreadLimit), pause: firstPause}
}

// rest makes one pause, at least as long as the service asked for. It fails
// with SpreadingTooLong, and what was said last, when the time is over.
func (w *waiting) rest(ctx context.Context, said error) error {
	left, asked := time.Until(w.end), time.Duration(0)
	if p := account.AsProblem(said); p != nil {
		asked = p.Wait
	}
	wait := max(w.pause, asked)
	switch {
	case w.endless:
		left = 0
	case wait > left:
		return &account.Problem{Kind: account.SpreadingTooLong, Err: said}
	}
	w.pause = min(w.pause*3/2, lastPause)
	now := w.r.os.ports.Now()
	p := account.Pause{Reason: w.reason, Since: w.since, Next: now.Add(wait)}
	if left > 0 {
		p.Until = now.Add(left)
	}
	w.r.tell(Event{Step: w.step, State: Pausing, Pause: &p})
	if asked > 0 {
		turn.Leave(ctx)
	}
	again := w.r.again
	if !w.endless || asked > 0 {
		again = nil // what the directory or the service needs, no key press shortens
	}
	select {
	case <-ctx.Done():
		return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	case <-again:
		w.pause = firstPause
		return nil
	case <-time.After(wait):
		return nil
	}
}

// swap has the account use the new key.
func (r *rotating) swap(ctx context.Context) error {
	return r.stage(TheSwitch, func() error {
		return r.change(ctx, func(a *account.Account) {
			old := a.Key
			a.Last, a.Key, a.Next = &old, *a.Next, nil
			succeed(a)
		})
	})
}

// remove takes the old certificate from the app. One that is not shown there is
// gone: it was there long before.
func (r *rotating) remove(ctx context.Context) error {
	if r.acc.Last == nil || !r.acc.Last.Certificate.Made() || r.acc.Provider == account.AWS {
		return nil
	}
	return r.stage(TheRemoval, func() error {
		signer, err := r.os.ports.Keys.Open(ctx, r.acc.Key.Store, r.acc.Key.ID)
		if err != nil {
			return err
		}
		at := targetOf(r.acc, r.acc.Key)
		// What the app shows counts; without the right to read, what is on record.
		id, _, err := r.os.ports.Microsoft.FindKey(ctx, at, signer, r.acc.Last.Certificate)
		if account.KindOf(err) == account.RoleMissing && r.acc.Last.Credential != "" {
			id, err = r.acc.Last.Credential, nil
		}
		if err != nil || id == "" {
			return err
		}
		if err := r.learn(ctx); err != nil {
			return err
		}
		at = targetOf(r.acc, r.acc.Key)
		return r.called(ctx, "rotate-remove", func(ctx context.Context) ([]account.Evidence, error) {
			return r.os.ports.Microsoft.RemoveKey(ctx, at, signer, id)
		})
	})
}

// forget deletes the old key, and an old authority's before it: both are on record
// until both are gone.
func (r *rotating) forget(ctx context.Context) error {
	if r.acc.Last == nil {
		return nil
	}
	return r.stage(TheDeletion, func() error {
		if err := r.dropAuthority(ctx); err != nil {
			return err
		}
		for _, k := range []*account.Key{r.acc.LastAuthority, r.acc.Last} {
			if k == nil {
				continue
			}
			if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Delete(ctx, k.Store, k.ID) }); err != nil {
				return err
			}
		}
		return r.change(ctx, func(a *account.Account) { a.Last, a.LastAuthority = nil, nil })
	})
}
