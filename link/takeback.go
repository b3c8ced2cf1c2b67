package link

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Left is what taking back could not remove.
type Left struct {
	Binned []account.Binned // deleted, and restorable until then: this person may not delete for good
}

// TakeBack removes what the draft made in the tenant: the role, the grant, the
// app registration with its enterprise app, and then both deleted objects for
// good, each looked at that it is gone; and then, here, the key and the draft.
// It removes what this draft made and nothing else. What stays restorable is
// told with the event of the change "purge". The token is kept, as by Connect,
// when it fails, and dropped when it is done.
func (os *Operations) TakeBack(id account.ID, by Signed) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		return os.takeBack(ctx, d, by, tell)
	})
}

func (os *Operations) takeBack(ctx context.Context, d account.Draft, by Signed, tell func(Event)) error {
	t := &takingBack{connecting{os: os, by: by, admin: by.Directory, tell: tell, draft: d}}
	steps, err := t.steps(ctx)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := ctx.Err(); err != nil {
			return &account.Problem{Kind: account.Cancelled, Err: err}
		}
		if err := step(ctx); err != nil {
			return err
		}
	}
	by.Forget()
	return os.throwAway(ctx, t.draft, tell)
}

// steps are what is taken away, in order. A role in Azure goes before the app: of
// an app that is gone its assignments stay behind.
func (t *takingBack) steps(ctx context.Context) ([]func(context.Context) error, error) {
	switch {
	case t.draft.Provider == account.AWS:
		return []func(context.Context) error{t.stack}, nil
	case t.admin == nil:
		return nil, &account.Problem{Kind: account.SignInOver}
	}
	other, err := t.sharer(ctx)
	switch {
	case err != nil:
		return nil, err
	case other != "":
		return []func(context.Context) error{t.find, t.azureRoles, t.elevation, t.grant, func(ctx context.Context) error { return t.leaveTo(ctx, other) }}, nil
	}
	return []func(context.Context) error{t.find, t.azureRoles, t.elevation, t.role, t.grant, t.adopted, t.application, t.purge}, nil
}

// takingBack is one run of TakeBack.
type takingBack struct{ connecting }

// took is a change of the draft that forgets something that was made.
type took = func(*account.Made)

// away makes one change that takes something away.
func (t *takingBack) away(ctx context.Context, name string, forget took, do func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error)) error {
	return t.run(ctx, account.Undo+name, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		calls, err := do(ctx, pause)
		return func(d account.Draft) account.Draft {
			if err == nil {
				forget(&d.Made)
			}
			return d
		}, calls, err
	})
}

// find finds what attempts made whose answers were lost: it is there, and the
// draft does not know its ids.
func (t *takingBack) find(ctx context.Context) error {
	switch {
	case !slices.ContainsFunc(Changes, t.undecided):
		return nil
	case t.draft.Made.Adopt == "" && t.deleted(), t.draft.Last("undo-" + adoption).Made():
		return nil // it is gone, and all that hung on it
	}
	return t.run(ctx, "undo-find", func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		made, calls, err := t.lost(ctx, pause)
		return func(d account.Draft) account.Draft {
			d.Made = made
			return d
		}, calls, err
	})
}

// lost is what was made, with what is found in the tenant of it.
func (t *takingBack) lost(ctx context.Context, pause func(account.Pause)) (m account.Made, calls []account.Evidence, err error) {
	m = t.draft.Made
	look := func(change string, find func() (found bool, calls []account.Evidence, err error)) {
		if err != nil || !t.undecided(change) {
			return
		}
		begun := t.draft.Undecided(change).Begun
		if m.Adopt == "" && (change == TheGrant || change == TheRole) {
			begun = time.Time{} // the app goes next, and takes it along
		}
		var more []account.Evidence
		more, err = t.await(ctx, begun, pause, find)
		calls = append(calls, more...)
	}
	client := t.draft.Microsoft().Client
	if t.lostApp() {
		look(TheApplication, func() (bool, []account.Evidence, error) {
			app, calls, err := t.admin.FindApplication(ctx, m.Unique)
			if app.OnlyKey(t.draft.Key().Certificate) {
				m.Application, client = app.Application, app.Client
			}
			return app.Found(), calls, err
		})
	}
	if m.Principal == "" && client != "" {
		look(ThePrincipal, func() (bool, []account.Evidence, error) {
			p, calls, err := t.admin.FindPrincipal(ctx, client)
			if p.ID != m.Had.Principal {
				m.Principal = p.ID
			}
			return p.Found(), calls, err
		})
	}
	principal := cmp.Or(m.Principal, t.draft.Microsoft().Principal)
	if m.Grant == "" && principal != "" {
		look(TheGrant, func() (bool, []account.Evidence, error) {
			g, calls, err := t.admin.FindConsent(ctx, principal, m.Graph)
			if g.ID != m.Had.Grant {
				m.Grant = g.ID
			}
			return g.Found(), calls, err
		})
	}
	if m.Role == "" && principal != "" {
		look(TheRole, func() (bool, []account.Evidence, error) {
			r, calls, err := t.admin.FindRole(ctx, principal)
			if r.ID != m.Had.Role {
				m.Role = r.ID
			}
			return r.Found(), calls, err
		})
	}
	return m, calls, err
}

// lookAgain is how soon what is not shown is looked for again.
const lookAgain = 5 * time.Second

// await looks for what an attempt may have made until it is shown: a directory
// shows it after a while, ten minutes after the attempt at most.
func (t *takingBack) await(ctx context.Context, begun time.Time, pause func(account.Pause), find func() (bool, []account.Evidence, error)) (calls []account.Evidence, err error) {
	since, until := t.os.ports.Now(), begun.Add(spreadLimit)
	for {
		found, more, err := find()
		calls = append(calls, more...)
		now := t.os.ports.Now()
		if err != nil || found || !now.Before(until) {
			return calls, err
		}
		wait := min(lookAgain, until.Sub(now))
		pause(account.Pause{Reason: account.AnswerLost, Since: since, Next: now.Add(wait), Until: until})
		select {
		case <-ctx.Done():
			return calls, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		case <-time.After(wait):
		}
	}
}

// when is when a change was made, by the journal, or may have been.
func (t *takingBack) when(change string) time.Time {
	e := t.draft.Last(change)
	if e.Ended.IsZero() {
		return e.Begun
	}
	return e.Ended
}

// hung is when a change was made on an app that stays. The zero time where the
// app is deleted next and takes it along: what is not shown is taken for gone.
func (t *takingBack) hung(change string) time.Time {
	if t.draft.Made.Adopt == "" {
		return time.Time{}
	}
	return t.when(change)
}

func (t *takingBack) role(ctx context.Context) error {
	if t.draft.Made.Role == "" {
		return nil
	}
	return t.away(ctx, TheRole, func(m *account.Made) { m.Role = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.UnassignRole(ctx, t.draft.Made.Role, t.hung(TheRole), pause)
	})
}

func (t *takingBack) grant(ctx context.Context) error {
	if t.draft.Made.Grant == "" {
		return nil
	}
	return t.away(ctx, TheGrant, func(m *account.Made) { m.Grant = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.RevokeConsent(ctx, t.draft.Made.Graph, t.draft.Made.Grant, t.hung(TheGrant), pause)
	})
}

// adopted takes from an app that was there before what was added to it, and its
// enterprise app only if that was made.
func (t *takingBack) adopted(ctx context.Context) error {
	m := t.draft.Made
	if m.Adopt == "" {
		return nil
	}
	a := m.Adopted
	if a == nil { // the answer was lost: the certificate, if it is there, is ours
		a = &account.Adoption{App: account.App{Application: m.Adopt}, Key: true, Permission: t.undecided(adoption) && !m.Had.Permission}
	}
	if m.Principal != "" {
		err := t.away(ctx, ThePrincipal, func(*account.Made) {}, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
			return t.admin.DeletePrincipal(ctx, m.Principal, t.when(ThePrincipal), pause)
		})
		if err != nil {
			return err
		}
	}
	return t.away(ctx, adoption, func(m *account.Made) { m.Adopt, m.AdoptClient, m.Adopted = "", "", nil }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.Abandon(ctx, *a, t.draft.Key().Certificate, pause)
	})
}

// application deletes the app registration; its enterprise app goes with it.
func (t *takingBack) application(ctx context.Context) error {
	if t.draft.Made.Application == "" {
		return nil
	}
	return t.away(ctx, TheApplication, func(*account.Made) {}, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.DeleteApplication(ctx, t.draft.Made.Application, t.when(TheApplication), pause)
	})
}

// purge deletes what was deleted for good. A person who may not leaves
// them restorable, which is told and no failure.
func (t *takingBack) purge(ctx context.Context) error {
	objects := []account.ObjectID{t.draft.Made.Principal, t.draft.Made.Application}
	objects = slices.DeleteFunc(objects, func(o account.ObjectID) bool { return o == "" })
	if len(objects) == 0 {
		return nil
	}
	deleted := t.binnedAt(ThePrincipal)
	if at := t.binnedAt(TheApplication); at.After(deleted) {
		deleted = at
	}
	var left Left
	err := t.away(ctx, "purge", func(m *account.Made) { m.Application, m.Principal = "", "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		binned, calls, err := t.admin.Purge(ctx, deleted, pause, objects...)
		for _, b := range binned {
			if !b.Purged {
				left.Binned = append(left.Binned, t.named(b))
			}
		}
		if account.KindOf(err) == account.PurgeNotAllowed {
			err = nil // told as left
		}
		return calls, err
	})
	if err == nil && len(left.Binned) > 0 {
		t.tell(Event{Step: "purge", State: Done, Draft: t.draft, Left: &left})
	}
	return err
}

// binnedAt is when what a change made was deleted, by the journal. Taken back again it is
// deleted again, which changes nothing: the first time counts, since it was made last.
func (t *takingBack) binnedAt(change string) (at time.Time) {
	for _, e := range t.draft.Journal {
		switch {
		case e.Change == change:
			at = time.Time{}
		case e.Change == account.Undo+change && e.Made() && at.IsZero():
			at = e.Ended
		}
	}
	return at
}

// named is a deleted object with what a person finds it by.
func (t *takingBack) named(b account.Binned) account.Binned {
	b.Kind, b.Name = account.BinnedApplication, account.AppName(t.draft.Name)
	if b.Object == t.draft.Made.Principal {
		b.Kind = account.BinnedPrincipal
	}
	return b
}
