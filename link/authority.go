package link

import (
	"cmp"
	"context"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// TheAuthority is the stage of an AWS account's rotation whose authority signs
// nothing any more: another authority, which the stack is then updated with.
const TheAuthority = "authority"

// silenced tells whether the authority of an AWS account signs nothing any more,
// as its key was dropped or its certificate is over.
func silenced(a account.Account, now time.Time) bool {
	return a.Authority == nil || !a.Authority.Stored || !a.Authority.Certificate.NotAfter.After(now)
}

// Signs tells whether the authority of an AWS account signs its next certificate
// itself, so that nobody has to change anything in AWS.
func Signs(a account.Account, now time.Time) bool { return a.NextAuthority == nil && !silenced(a, now) }

// MayRenewAuthority tells whether a rotation of the account may bring another
// authority, by RotateWish.AWS or its Directory: the one that it has signs no more,
// or ends soon, and with it whatever it signs. As long as it signs (Signs) a
// rotation without either is well too, and nothing changes in AWS.
func MayRenewAuthority(a account.Account, now time.Time) bool {
	return a.Provider == account.AWS && a.AWS().Method != account.ByProfile && (!Signs(a, now) || silenced(a, now.Add(account.AuthorityExpiring)))
}

// signable is nil where somebody signs, or brings, the next certificate of the
// account: it is asked before a key is made that nobody could sign.
func (r *rotating) signable() error {
	if r.acc.Provider != account.AWS || r.acc.Last != nil || r.acc.NextAuthority != nil || r.wish.AWS != nil || r.wish.Directory != "" {
		return nil
	}
	if silenced(r.acc, r.os.ports.Now()) {
		return &account.Problem{Kind: account.AuthorityGone}
	}
	return nil
}

// leaf has a certificate of an AWS account for the new key that the trust anchor
// takes. It knows the authority, so that nobody in AWS has to be told of a new
// leaf, as long as there is an authority that signs. Where somebody brings another
// one, the one that ends soon goes too, while the old key still works.
func (r *rotating) leaf(ctx context.Context) error {
	brings, now := r.wish.AWS != nil || r.wish.Directory != "", r.os.ports.Now()
	anew := !Signs(r.acc, now) || brings && MayRenewAuthority(r.acc, now)
	// An earlier run may have brought the new authority to the trust anchor.
	earlier := r.acc.NextAuthority != nil && r.acc.NextAuthority.Certificate.Made() && r.acc.Next.Certificate.Made()
	if anew {
		if err := r.authority(ctx); err != nil {
			return err
		}
	}
	if c := r.acc.Next.Certificate; !c.Made() || !c.NotAfter.After(r.os.ports.Now().Add(time.Hour)) {
		if err := r.certificate(ctx, account.AWSLeafLife); err != nil {
			return err
		}
	}
	if !anew {
		return nil
	}
	if !brings {
		err := r.accepted(ctx, *r.acc.Next)
		if account.KindOf(err) == account.AWSUntrusted {
			return &account.Problem{Kind: account.AuthorityGone, Err: err}
		}
		return err
	}
	if earlier && r.accepted(ctx, *r.acc.Next) == nil { // who signed in may be forgotten already
		return nil
	}
	return r.stage(TheAdding, func() error { return r.anchor(ctx) })
}

// authority has the key of another authority in the store, and its certificate.
// One that ran out before it was used is issued anew for the same key.
func (r *rotating) authority(ctx context.Context) error {
	if k := r.acc.NextAuthority; k != nil && k.Certificate.NotAfter.After(r.os.ports.Now()) {
		return nil
	}
	return r.stage(TheAuthority, func() error {
		if r.acc.NextAuthority == nil {
			k := account.Key{ID: r.wish.Authority, Store: r.acc.Key.Store, Bits: curve}
			err := r.change(ctx, func(a *account.Account) {
				next := *a.Next
				next.Certificate = account.Certificate{} // the authority before may have signed one
				a.NextAuthority, a.Next = &k, &next
			})
			if err != nil {
				return err
			}
		}
		k := *r.acc.NextAuthority
		if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Make(ctx, k.Store, k.ID, k.Bits) }); err != nil {
			return err
		}
		signer, err := r.os.ports.Keys.Open(ctx, k.Store, k.ID)
		if err != nil {
			return err
		}
		was := k.Certificate
		if k.Certificate, err = r.os.ports.AWS.Authority(signer, r.acc.AWS(), r.os.ports.Now()); err != nil {
			return err
		}
		k.Stored = true
		return r.change(ctx, func(a *account.Account) { a.NextAuthority, a.Brought = &k, was })
	})
}

// anchor brings the new authority to the trust anchor: by the stack, which an
// administrator's credentials update, or for which the template is written.
func (r *rotating) anchor(ctx context.Context) error {
	l := r.acc.AWS()
	text, err := r.os.ports.AWS.Template(l, r.acc.NextAuthority.Certificate)
	if err != nil {
		return err
	}
	if r.wish.AWS == nil {
		return r.savedTemplate(ctx, text)
	}
	if who := r.wish.AWS.Caller().Account; who != l.Account {
		return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(who)}
	}
	name := cmp.Or(r.acc.Made.Stack, l.StackName())
	pause := func(p account.Pause) { r.tell(Event{Step: TheAdding, State: Pausing, Pause: &p}) }
	// By the ctx that a stop ends: the port waits for the answer to what it sent, and
	// AWS goes on with the stack though nobody looks.
	return r.called(ctx, "rotate-stack", func(context.Context) (calls []account.Evidence, err error) {
		calls, err = r.ours(ctx, name, text)
		if err != nil {
			return calls, err
		}
		_, more, err := r.wish.AWS.UpdateStack(ctx, name, text, pause)
		return append(calls, more...), err
	})
}

// ours is nil where the stack is as this program made it, or as it is about to
// be: an update would undo what somebody else changed in it.
func (r *rotating) ours(ctx context.Context, name, text string) ([]account.Evidence, error) {
	have, calls, err := r.wish.AWS.StackTemplate(ctx, name)
	if err != nil || have == text {
		return calls, err
	}
	was := []account.Certificate{r.acc.Brought}
	if r.acc.Authority != nil {
		was = append(was, r.acc.Authority.Certificate)
	}
	for _, c := range was {
		if !c.Made() {
			continue
		}
		before, err := r.os.ports.AWS.Template(r.acc.AWS(), c)
		if err != nil || have == before {
			return calls, err
		}
	}
	return calls, &account.Problem{Kind: account.AWSStackOther, Subject: name}
}

// savedTemplate writes the template for a person who updates the stack.
func (r *rotating) savedTemplate(ctx context.Context, text string) error {
	var path string
	err := r.os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
		path, err = r.os.ports.Save.Text(ctx, r.wish.Directory, r.acc.AWS().StackName()+".json", text)
		return err
	})
	if err != nil {
		return err
	}
	return r.next(ctx, func(k *account.Key) { k.Saved = path })
}

// becoming is the account as it is once it uses the new key.
func (r *rotating) becoming() account.Account {
	a := r.acc
	if a.NextAuthority != nil {
		a.Authority = a.NextAuthority
	}
	return a
}

// unseen tells whether a new key may be accepted in a while.
func (r *rotating) unseen(err error) bool {
	switch account.KindOf(err) {
	case account.CertificateUnseen:
		return true
	case account.AWSUntrusted: // the trust anchor has had the new authority for a moment
		return r.acc.NextAuthority != nil
	}
	return account.Passing(err)
}

// succeed has a's new authority in the place of the one before, whose key goes with
// the old one.
func succeed(a *account.Account) {
	if a.NextAuthority == nil {
		return
	}
	a.LastAuthority = nil
	if a.Authority != nil && a.Authority.Stored {
		a.LastAuthority = a.Authority
	}
	a.Authority, a.NextAuthority, a.Brought = a.NextAuthority, nil, account.Certificate{}
}

// dropAuthority deletes the authority's key once it has signed, where that was
// asked for when the account was linked.
func (r *rotating) dropAuthority(ctx context.Context) error {
	a := r.acc.Authority
	if a == nil || !a.Stored || !r.acc.AWS().DropCA {
		return nil
	}
	if err := r.os.write(ctx, TheKey, func(ctx context.Context) error { return r.os.ports.Keys.Delete(ctx, a.Store, a.ID) }); err != nil {
		return err
	}
	return r.change(ctx, func(acc *account.Account) {
		k := *acc.Authority
		k.Stored = false
		acc.Authority = &k
	})
}
