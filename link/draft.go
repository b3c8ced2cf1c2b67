package link

import (
	"context"
	"slices"

	"github.com/axiomio/xops-onboard/account"
)

// SaveAnswers puts what was asked into the registry: all of d but its keys,
// its journal and what was made, which belong to the operations and stay as
// they are there. It
// returns the whole draft as it then is on disk. A draft that became an account
// meanwhile is left in peace; one that was thrown away is not written again,
// and comes back as NotFound.
func (os *Operations) SaveAnswers(ctx context.Context, d account.Draft) (account.Draft, error) {
	first := d.Created.IsZero()
	got, err := os.change(ctx, d.ID, first, func(have account.Draft) account.Draft {
		if have.ID == "" {
			d.Created = os.ports.Now()
			return d
		}
		d.Keys, d.Authority, d.Journal, d.Made, d.Owner, d.Created = have.Keys, have.Authority, have.Journal, have.Made, have.Owner, have.Created
		return stays(d, have)
	})
	// Asked only afterwards: it may have become one between any two lines.
	if account.KindOf(err) == account.NotFound && os.linked(ctx, d) {
		return d, nil
	}
	return got, err
}

// linked tells whether a draft became an account, or took the place of one.
func (os *Operations) linked(ctx context.Context, d account.Draft) bool {
	if d.Replaces == "" {
		_, err := os.ports.Registry.Account(ctx, d.ID)
		return err == nil
	}
	a, err := os.ports.Registry.Account(ctx, d.Replaces)
	return err == nil && a.Key.ID == d.Key().ID
}

// Bound tells whether something was made in the tenant for a draft, or may have
// been: from then on it stays in that tenant, and on that way.
func Bound(d account.Draft) bool {
	if !d.Undecided(TheStack).Begun.IsZero() {
		return true
	}
	return !d.Made.Nothing() || slices.ContainsFunc(Changes, func(c string) bool { return !d.Undecided(c).Begun.IsZero() })
}

// stays is the answers with what no answer changes any more: once the draft is
// bound, the tenant, its cloud and the way, and the ids of what was
// made there.
func stays(d, have account.Draft) account.Draft {
	if !Bound(have) {
		return d
	}
	if have.Provider == account.AWS {
		return staysAWS(d, have)
	}
	m, was := d.Microsoft(), have.Microsoft()
	d.Way, d.Cloud, d.Chosen, m.Tenant = have.Way, have.Cloud, have.Chosen, was.Tenant
	if have.Made.HasApp() {
		m.Client, m.Application, m.Principal = was.Client, was.Application, was.Principal
	}
	return d.WithMicrosoft(m)
}

// change reads a draft, changes it and writes it, as one write that no other
// change of a draft in this process comes between. With first, one that is not
// on disk yet is the zero Draft; else it is NotFound.
func (os *Operations) change(ctx context.Context, id account.ID, first bool, f func(account.Draft) account.Draft) (account.Draft, error) {
	var d account.Draft
	err := os.write(ctx, TheDraft, func(ctx context.Context) error {
		os.drafts.Lock()
		defer os.drafts.Unlock()
		have, err := os.ports.Registry.Draft(ctx, id)
		if err != nil && !(first && account.KindOf(err) == account.NotFound) {
			return err
		}
		d = f(have)
		d.ID = id
		d.Updated = os.ports.Now()
		return os.ports.Registry.SaveDraft(ctx, d)
	})
	return d, err
}

// begin journals that a change begins, end that it ended or failed.
func (os *Operations) begin(ctx context.Context, id account.ID, change string) (account.Draft, error) {
	return os.change(ctx, id, false, func(d account.Draft) account.Draft {
		d.Journal = append(slices.Clone(d.Journal), account.Entry{Change: change, Begun: os.ports.Now()})
		return d
	})
}

func (os *Operations) end(ctx context.Context, id account.ID, change string, err error, f func(account.Draft) account.Draft) (account.Draft, error) {
	return os.change(ctx, id, false, func(d account.Draft) account.Draft {
		d.Journal = slices.Clone(d.Journal)
		// Another operation on the draft may have begun something since.
		for i, e := range slices.Backward(d.Journal) {
			if e.Change == change && e.Ended.IsZero() {
				d.Journal[i].Ended, d.Journal[i].Failed = os.ports.Now(), string(account.KindOf(err))
				break
			}
		}
		return f(d)
	})
}

// ThrowAway deletes a draft with its keys. What was made in the tenant stays
// there; the screen lists it. The draft goes last, so that a key never stays
// without a record.
func (os *Operations) ThrowAway(id account.ID) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if account.KindOf(err) == account.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		return os.throwAway(ctx, d, tell)
	})
}

func (os *Operations) throwAway(ctx context.Context, d account.Draft, tell func(Event)) error {
	// Owning it first keeps another copy of the program from going on with it.
	d, err := os.change(ctx, d.ID, false, func(d account.Draft) account.Draft { return d })
	if err != nil {
		return err
	}
	for _, k := range d.All() {
		if k.ID == "" { // only a store was chosen
			continue
		}
		tell(Event{Step: "key", State: Doing})
		if err := os.write(ctx, TheKey, func(ctx context.Context) error { return os.ports.Keys.Delete(ctx, k.Store, k.ID) }); err != nil {
			tell(Event{Step: "key", State: Failed, Problem: account.AsProblem(err)})
			return err
		}
		tell(Event{Step: "key", State: Done})
	}
	return os.write(ctx, TheDraft, func(ctx context.Context) error { return os.ports.Registry.Remove(ctx, d.ID) })
}
