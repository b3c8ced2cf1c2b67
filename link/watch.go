package link

import (
	"cmp"
	"context"
	"math/rand/v2"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
)

// The pauses between two looks of a watch: it begins close and grows, because
// the service takes many like requests in a short time for a loop (AADSTS50196).
const (
	firstPause = 5 * time.Second
	lastPause  = 30 * time.Second
)

// Watch verifies a draft again and again until every check of an account holds
// and none is waiting, or it is stopped. It changes nothing. Again makes it look at once.
func (os *Operations) Watch(d account.Draft) *Operation {
	var o *Operation
	ready := make(chan struct{})
	o = os.start(func(ctx context.Context, tell func(Event)) error {
		<-ready
		for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
			tell(Event{Step: "checks", State: Looking, Draft: d, Report: o.Last().Report})
			r := os.verify(ctx, d)
			if ctx.Err() != nil {
				return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
			}
			// A little chance keeps copies that were started together apart.
			asked, again := waitAsked(r), o.again
			wait := max(pause, asked) + rand.N(pause/10)
			if asked > 0 {
				again = nil // the service said how long; a key press does not shorten that
			}
			tell(Event{Step: "checks", State: Looked, Draft: d, Report: &r, Next: os.ports.Now().Add(wait)})
			if r.Settled() {
				return nil
			}
			select {
			case <-ctx.Done():
				return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
			case <-again:
				pause = firstPause
			case <-time.After(wait):
			}
		}
	})
	close(ready)
	return o
}

// waitAsked is how long a service asked to be left alone.
func waitAsked(r account.Report) (wait time.Duration) {
	for _, c := range r.Checks {
		if c.Problem != nil && c.Problem.Kind == account.Throttled {
			wait = max(wait, c.Problem.Wait)
		}
	}
	return wait
}

// verify makes the checks of a draft, or says in a report why none could be made.
func (os *Operations) verify(ctx context.Context, d account.Draft) account.Report {
	return os.check(ctx, draftParty(d))
}

// Verify makes the checks of an account once and keeps what they found.
func (os *Operations) Verify(a account.Account) *Operation { return os.VerifyInTurn(nil, a) }

// VerifyInTurn is Verify where it is one of several that take turns; nil is none.
func (os *Operations) VerifyInTurn(t *turn.Turn, a account.Account) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		tell(Event{Step: "checks", State: Looking})
		r := os.checkInTurn(turn.With(ctx, t), a)
		if err := ctx.Err(); err != nil {
			return &account.Problem{Kind: account.Cancelled, Err: err}
		}
		os.keep(ctx, a.ID, r)
		tell(Event{Step: "checks", State: Looked, Report: &r})
		return nil
	})
}

// keep saves what the last checks found. Where it cannot be saved nothing is
// lost that cannot be asked again, and what it tells of is not undone by it.
func (os *Operations) keep(ctx context.Context, id account.ID, r account.Report) {
	_ = os.write(ctx, TheReport, func(ctx context.Context) error { return os.ports.Registry.SaveReport(ctx, id, r) })
}

// Finish makes the draft an account, with what the report learned of the
// tenant. The report must be one that holds; the account is on disk when it
// returns nil. Keys that another one came in the place of are deleted, or stay
// on the account as abandoned.
func (os *Operations) Finish(id account.ID, r account.Report) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error { return os.finish(ctx, id, r, tell) })
}

func (os *Operations) finish(ctx context.Context, id account.ID, r account.Report, tell func(Event)) error {
	tell(Event{Step: "account", State: Doing})
	d, err := os.ports.Registry.Draft(ctx, id)
	if err != nil {
		return os.told("account", d, err, nil, tell)
	}
	abandoned, err := os.deleteOlder(ctx, d)
	if err != nil {
		return os.told("account", d, err, nil, tell)
	}
	if d.Replaces != "" {
		return os.told("account", d, os.replace(ctx, d, abandoned, r), nil, tell)
	}
	err = os.write(ctx, TheAccount, func(ctx context.Context) (err error) {
		os.drafts.Lock()
		defer os.drafts.Unlock()
		if d, err = os.ports.Registry.Draft(ctx, id); err != nil {
			return err
		}
		d.Link = learned(d.Link, r.Facts)
		a := d.Account(os.ports.Now())
		a.Abandoned = abandoned
		return os.ports.Registry.Finish(ctx, a)
	})
	if err == nil {
		os.keep(ctx, id, r)
	}
	return os.told("account", d, err, nil, tell)
}

// deleteOlder deletes all keys of a draft but the newest: another store was
// chosen after they were begun. What cannot be deleted is returned.
func (os *Operations) deleteOlder(ctx context.Context, d account.Draft) (left []account.Key, err error) {
	for _, k := range d.Keys[:max(len(d.Keys)-1, 0)] {
		if k.ID == "" { // only a store was chosen
			continue
		}
		err := os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Delete(ctx, k.Store, k.ID) })
		switch {
		case ctx.Err() != nil:
			return nil, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		case err != nil:
			left = append(left, k)
		}
	}
	return left, nil
}

// learned is a link with what a verification found out about the other side.
func learned(link account.Link, f account.Facts) account.Link {
	switch l := link.(type) {
	case account.AzureLink:
		l.MicrosoftLink = learnedApp(l.MicrosoftLink, f)
		return l
	case account.AWSLink:
		if f.Caller == nil {
			return l
		}
		l.Account, l.Alias = cmp.Or(l.Account, f.Caller.Account), cmp.Or(f.Caller.Alias, l.Alias)
		return l
	case account.MicrosoftLink:
		return learnedApp(l, f)
	}
	return link
}

func learnedApp(l account.MicrosoftLink, f account.Facts) account.MicrosoftLink {
	for to, from := range map[*string]string{&l.TenantName: f.TenantName, &l.AppName: f.AppName} {
		if from != "" {
			*to = from
		}
	}
	if f.Application != "" {
		l.Application = f.Application
	}
	if f.Principal != "" {
		l.Principal = f.Principal
	}
	if f.Initial != "" { // any domain of the tenant was taken; this is the one that is meant
		l.Organization = f.Initial
	}
	return l
}
