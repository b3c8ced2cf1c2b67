package link

import (
	"cmp"
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// curve is the size of an AWS account's keys: 256 bits stand for the curve P-256.
const curve = 256

// AWSWish is how the keys of an AWS account are to be made.
type AWSWish struct {
	Key       account.KeyID // of the leaf, for a draft that has none yet
	Authority account.KeyID // of the authority, likewise
	Store     account.Store
	Directory string // where the template goes; empty: it is not written
}

// PrepareAWS has the keys of an AWS account in their store, both certificates on
// record, and, for a person who uploads it, the template in a file. What is there
// already is kept, so that it can be stopped anywhere and started again.
func (os *Operations) PrepareAWS(id account.ID, wish AWSWish) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		c := &connectingAWS{os: os, wish: wish, tell: tell, draft: d}
		if err := c.keys(ctx); err != nil {
			return err
		}
		return c.save(ctx)
	})
}

// ConnectAWS makes everything that an AWS account needs: both keys, and in AWS
// the stack with the role, the trust anchor and the profile; then it drops the
// administrator's credentials, verifies with a session of its own, and makes the
// draft an account. Each change is on record before and after it.
func (os *Operations) ConnectAWS(id account.ID, admin AWSAdministrator, wish AWSWish) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		if admin == nil {
			return &account.Problem{Kind: account.AWSSignInOver}
		}
		c := &connectingAWS{os: os, wish: wish, tell: tell, draft: d, admin: admin}
		for _, step := range []func(context.Context) error{c.keys, c.intent, c.stack} {
			if err := ctx.Err(); err != nil {
				return &account.Problem{Kind: account.Cancelled, Err: err}
			}
			if err := step(ctx); err != nil {
				return err
			}
		}
		admin.Forget()
		report, err := os.settled(ctx, c.draft, func(ctx context.Context) account.Report { return os.verify(ctx, c.draft) }, tell)
		if err != nil {
			return err
		}
		return os.finish(ctx, id, report, tell)
	})
}

// connectingAWS is one run of PrepareAWS or ConnectAWS.
type connectingAWS struct {
	os    *Operations
	wish  AWSWish
	tell  func(Event)
	draft account.Draft
	admin AWSAdministrator
}

// keys has the authority's key and the leaf's in the store, and a certificate of
// each. The authority's comes first: it signs the other.
func (c *connectingAWS) keys(ctx context.Context) (err error) {
	if c.draft.AWS().Method == account.ByProfile {
		return nil
	}
	for _, k := range []struct {
		at place
		id account.KeyID
	}{{authorityKey, c.wish.Authority}, {ownKey, c.wish.Key}} {
		if k.at.change == authorityKey.change && c.dropped() {
			continue
		}
		c.draft, err = c.os.storeKey(ctx, c.draft, k.at, KeyWish{ID: k.id, Store: c.wish.Store, Bits: curve}, c.tell)
		if err != nil {
			return err
		}
	}
	if err := c.certificates(ctx); err != nil {
		return err
	}
	return c.drop(ctx)
}

// certificates has both certificates on record.
func (c *connectingAWS) certificates(ctx context.Context) error {
	if c.draft.Key().Certificate.Made() {
		return nil
	}
	c.tell(Event{Step: "certificate", State: Doing, Draft: c.draft})
	authority, leaf, err := c.issue(ctx)
	if err != nil {
		return c.os.told("certificate", c.draft, err, nil, c.tell)
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft {
		a, k := authorityKey.of(d), d.Key()
		a.Certificate, k.Certificate = authority, leaf
		return authorityKey.with(d.WithKey(k), a)
	})
	return c.os.told("certificate", c.draft, nil, err, c.tell)
}

func (c *connectingAWS) issue(ctx context.Context) (authority, leaf account.Certificate, err error) {
	a, k, l, now := authorityKey.of(c.draft), c.draft.Key(), c.draft.AWS(), c.os.ports.Now()
	signer, err := c.os.ports.Keys.Open(ctx, a.Store, a.ID)
	if err != nil {
		return authority, leaf, err
	}
	if authority = a.Certificate; !authority.Made() {
		if authority, err = c.os.ports.AWS.Authority(signer, l, now); err != nil {
			return authority, leaf, err
		}
	}
	own, err := c.os.ports.Keys.Open(ctx, k.Store, k.ID)
	if err != nil {
		return authority, leaf, err
	}
	leaf, err = c.os.ports.AWS.Leaf(authority, signer, own.Public(), l, now)
	return authority, leaf, err
}

// dropped tells whether the authority's key has signed and is gone.
func (c *connectingAWS) dropped() bool {
	return c.draft.AWS().DropCA && c.draft.Authority != nil && c.draft.Authority.Certificate.Made() && c.draft.Key().Certificate.Made()
}

// drop deletes the authority's key once it has signed, where that was asked for.
func (c *connectingAWS) drop(ctx context.Context) error {
	a := authorityKey.of(c.draft)
	if !c.dropped() || !a.Stored {
		return nil
	}
	err := c.os.write(ctx, TheKey, func(ctx context.Context) error { return c.os.ports.Keys.Delete(ctx, a.Store, a.ID) })
	if err != nil {
		return c.os.told(authorityKey.change, c.draft, err, nil, c.tell)
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft {
		a.Stored = false
		return authorityKey.with(d, a)
	})
	return c.os.told(authorityKey.change, c.draft, nil, err, c.tell)
}

// template is the stack as it is for this draft.
func (c *connectingAWS) template() (string, error) {
	return c.os.ports.AWS.Template(c.draft.AWS(), authorityKey.of(c.draft).Certificate)
}

// save writes the template for a person who uploads it.
func (c *connectingAWS) save(ctx context.Context) error {
	l := c.draft.AWS()
	if c.wish.Directory == "" {
		return nil
	}
	text, err := c.template()
	if err != nil {
		return c.os.told("template", c.draft, err, nil, c.tell)
	}
	c.tell(Event{Step: "template", State: Doing, Draft: c.draft})
	err = c.os.write(ctx, TheCertificate, func(ctx context.Context) (err error) {
		l.File, err = c.os.ports.Save.Text(ctx, c.wish.Directory, l.StackName()+".json", text)
		return err
	})
	if err != nil {
		return c.os.told("template", c.draft, err, nil, c.tell)
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft {
		now := d.AWS()
		now.File = l.File
		d.Link = now
		return d
	})
	return c.os.told("template", c.draft, nil, err, c.tell)
}

// intent has on record who signed in, and to which account.
func (c *connectingAWS) intent(ctx context.Context) (err error) {
	who := c.admin.Caller()
	if l := c.draft.AWS(); l.Account != "" && l.Account != who.Account {
		return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(who.Account)}
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft {
		l := d.AWS()
		l.Account, l.Alias, l.Stack = who.Account, cmp.Or(who.Alias, l.Alias), l.StackName()
		d.Link, d.Made.By = l, who.ARN
		return d
	})
	return err
}

// stack is the stack in AWS, with what its outputs name.
func (c *connectingAWS) stack(ctx context.Context) error {
	if c.draft.Made.Stack != "" && c.draft.AWS().Role != "" {
		return nil
	}
	text, err := c.template()
	if err != nil {
		return c.os.told(TheStack, c.draft, err, nil, c.tell)
	}
	return c.run(ctx, TheStack, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		s, gone, calls, err := c.makeStack(ctx, text, pause)
		return func(d account.Draft) account.Draft {
			if gone {
				d.Made.Stack = ""
			}
			if s.Found() { // also of one that failed: what is left of it is to be taken back
				d.Made.Stack = s.Name
			}
			if err != nil {
				return d
			}
			l := d.AWS()
			l.Role, l.Anchor, l.Profile, l.StackID = s.Role, s.Anchor, s.Profile, s.ID
			d.Link = l
			return d
		}, calls, err
	})
}

// makeStack makes the stack, or waits for the one that an attempt of ours has
// begun: CreateStack knows it. One that failed is deleted first, and so gone: AWS
// makes none in its place. With an error too it returns what it made.
func (c *connectingAWS) makeStack(ctx context.Context, text string, pause func(account.Pause)) (s account.AWSStack, gone bool, calls []account.Evidence, err error) {
	name := c.draft.AWS().StackName()
	was, calls, err := c.admin.FindStack(ctx, name)
	if err != nil {
		return s, false, calls, err
	}
	var more []account.Evidence
	if was.Failed() {
		ours, more, err := hasTemplate(ctx, c.admin, was, text)
		if calls = append(calls, more...); err == nil && !ours {
			err = &account.Problem{Kind: account.AWSNameTaken, Subject: name}
		}
		if err != nil {
			return s, false, calls, err
		}
		more, err = c.admin.DeleteStack(ctx, string(was.ID), pause)
		if calls = append(calls, more...); err != nil {
			return was, false, calls, err
		}
		gone = true
	}
	s, more, err = c.admin.CreateStack(ctx, name, text, pause)
	return s, gone, append(calls, more...), err
}

// hasTemplate tells whether a stack has that template and no other: it is looked
// at before a stack is deleted of which no answer said that it is ours. Each
// link's template has its tag and its authority in it.
func hasTemplate(ctx context.Context, admin AWSAdministrator, s account.AWSStack, text string) (bool, []account.Evidence, error) {
	have, calls, err := admin.StackTemplate(ctx, string(s.ID))
	return err == nil && have == text, calls, err
}

// run makes one change of the AWS account, on record before and after it.
func (c *connectingAWS) run(ctx context.Context, name string, do func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error)) error {
	all := &connecting{os: c.os, tell: c.tell, draft: c.draft}
	err := all.run(ctx, name, do)
	c.draft = all.draft
	return err
}

// stack deletes the stack, and with it all that it made.
func (t *takingBack) stack(ctx context.Context) error {
	if t.draft.Made.Stack == "" && !t.undecided(TheStack) {
		return nil
	}
	if t.by.AWS == nil {
		return &account.Problem{Kind: account.AWSSignInOver}
	}
	l := t.draft.AWS()
	if who := t.by.AWS.Caller().Account; l.Account != "" && who != l.Account {
		return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(who)}
	}
	return t.away(ctx, TheStack, func(m *account.Made) { m.Stack = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		if t.draft.Made.Stack == "" {
			return t.lostStack(ctx, pause)
		}
		return t.by.AWS.DeleteStack(ctx, t.draft.Made.Stack, pause)
	})
}

// lostStack deletes the stack that an attempt may have made whose answer was
// lost, by its id once its template says that it is ours. Another of its name
// stays: with AWSStackOther, unless the newest attempt ended at that very stack,
// so that there is none of ours.
func (t *takingBack) lostStack(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
	name := t.draft.AWS().StackName()
	text, err := t.os.ports.AWS.Template(t.draft.AWS(), authorityKey.of(t.draft).Certificate)
	if err != nil {
		return nil, err
	}
	s, calls, err := t.by.AWS.FindStack(ctx, name)
	if err != nil || !s.Found() {
		return calls, err
	}
	ours, more, err := hasTemplate(ctx, t.by.AWS, s, text)
	calls = append(calls, more...)
	switch {
	case err != nil:
		return calls, err
	case ours:
		more, err = t.by.AWS.DeleteStack(ctx, string(s.ID), pause)
		return append(calls, more...), err
	case account.Kind(t.draft.Last(TheStack).Failed) == account.AWSNameTaken:
		return calls, nil
	}
	return calls, &account.Problem{Kind: account.AWSStackOther, Subject: name}
}

// staysAWS is the answers of a draft whose stack was begun: the account, the
// region and all names stay what they are.
func staysAWS(d, have account.Draft) account.Draft {
	d.Way, d.Link = have.Way, have.Link
	return d
}

// renewed is a certificate for a key of an account that is to be used next: by
// its authority for AWS, else by itself.
func (os *Operations) renewed(ctx context.Context, a account.Account, k account.Key, signer crypto.Signer, life time.Duration) (account.Certificate, error) {
	if a.Provider != account.AWS {
		return os.certified(k, signer, life)
	}
	if a.Authority == nil || !a.Authority.Stored {
		return account.Certificate{}, &account.Problem{Kind: account.AuthorityGone}
	}
	authority, err := os.ports.Keys.Open(ctx, a.Authority.Store, a.Authority.ID)
	if err != nil {
		return account.Certificate{}, err
	}
	return os.ports.AWS.Leaf(a.Authority.Certificate, authority, signer.Public(), a.AWS(), os.ports.Now())
}
