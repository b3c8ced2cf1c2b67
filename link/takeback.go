package link

import (
	"context"
	"slices"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Left is what taking back could not remove.
type Left struct {
	Binned []account.Binned `json:"binned"` // deleted, and restorable until then: this person may not delete for good
}

// TakeBack removes what the draft made in the tenant: the role, the grant, the
// app registration with its enterprise app, and then both deleted objects for
// good, each looked at that it is gone; and then, here, the key and the draft.
// It removes what this draft made and nothing else. What stays restorable is
// told with the event of the change "purge". The token is kept, as by Connect,
// when it fails, and dropped when it is done.
func (os *Operations) TakeBack(id account.ID, admin Administrator) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		t := &takingBack{connecting{os: os, admin: admin, tell: tell, draft: d}}
		for _, step := range []func(context.Context) error{t.find, t.role, t.grant, t.adopted, t.application, t.purge} {
			if err := ctx.Err(); err != nil {
				return &account.Problem{Kind: account.Cancelled, Err: err}
			}
			if err := step(ctx); err != nil {
				return err
			}
		}
		admin.Forget()
		return os.throwAway(ctx, t.draft, tell)
	})
}

// takingBack is one run of TakeBack.
type takingBack struct{ connecting }

// took is a change of the draft that forgets something that was made.
type took = func(*account.Made)

// away makes one change that takes something away.
func (t *takingBack) away(ctx context.Context, name string, forget took, do func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error)) error {
	return t.run(ctx, "undo-"+name, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
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
	// Of an adopted app only what is on record is taken back.
	if m := t.draft.Made; m.Adopt != "" || m.Unique == "" || m.Application != "" && m.Principal != "" && m.Grant != "" && m.Role != "" {
		return nil
	}
	if !t.made("undo-" + TheApplication).IsZero() {
		return nil // deleted, and all that hung on it
	}
	return t.run(ctx, "undo-find", func(ctx context.Context, _ func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		made, calls, err := t.lost(ctx)
		return func(d account.Draft) account.Draft {
			d.Made = made
			return d
		}, calls, err
	})
}

// lost is what was made with what is found in the tenant of it.
func (t *takingBack) lost(ctx context.Context) (m account.Made, calls []account.Evidence, err error) {
	m = t.draft.Made
	client := t.draft.Microsoft().Client
	if m.Application == "" {
		app, more, err := t.admin.FindApplication(ctx, m.Unique)
		calls = append(calls, more...)
		if err != nil || !app.Found() || !app.OnlyKey(t.draft.Key().Certificate) {
			return m, calls, err
		}
		m.Application, client = app.Application, app.Client
	}
	if m.Principal == "" {
		p, more, err := t.admin.FindPrincipal(ctx, client)
		calls = append(calls, more...)
		if err != nil || !p.Found() {
			return m, calls, err
		}
		m.Principal = p.ID
	}
	if m.Grant == "" {
		g, more, err := t.admin.FindConsent(ctx, m.Principal, m.Graph)
		calls = append(calls, more...)
		if err != nil {
			return m, calls, err
		}
		m.Grant = g.ID
	}
	if m.Role == "" {
		r, more, err := t.admin.FindRole(ctx, m.Principal)
		calls = append(calls, more...)
		if err != nil {
			return m, calls, err
		}
		m.Role = r.ID
	}
	return m, calls, nil
}

// made is when a change ended, by the journal; the zero time if it is not there.
func (t *takingBack) made(change string) (at time.Time) {
	for _, e := range t.draft.Journal {
		if e.Change == change && !e.Ended.IsZero() {
			at = e.Ended
		}
	}
	return at
}

func (t *takingBack) role(ctx context.Context) error {
	if t.draft.Made.Role == "" {
		return nil
	}
	// What is not shown is taken for gone: the app goes next, and takes it along.
	return t.away(ctx, TheRole, func(m *account.Made) { m.Role = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.UnassignRole(ctx, t.draft.Made.Role, time.Time{}, pause)
	})
}

func (t *takingBack) grant(ctx context.Context) error {
	if t.draft.Made.Grant == "" {
		return nil
	}
	return t.away(ctx, TheGrant, func(m *account.Made) { m.Grant = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.RevokeConsent(ctx, t.draft.Made.Graph, t.draft.Made.Grant, time.Time{}, pause)
	})
}

// adopted takes from an app that was there before what was added to it, and its
// enterprise app only if that was made.
func (t *takingBack) adopted(ctx context.Context) error {
	a := t.draft.Made.Adopted
	switch {
	case a == nil && t.draft.Made.Adopt == "":
		return nil
	case a == nil: // the answer was lost: the certificate, if it is there, is ours
		a = &account.Adoption{App: account.App{Application: t.draft.Made.Adopt}, Key: true}
	}
	if p := t.draft.Made.Principal; p != "" {
		err := t.away(ctx, ThePrincipal, func(m *account.Made) { m.Principal = "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
			return t.admin.DeletePrincipal(ctx, p, t.made(ThePrincipal), pause)
		})
		if err != nil {
			return err
		}
	}
	return t.away(ctx, "adoption", func(m *account.Made) { m.Adopt, m.AdoptClient, m.Adopted = "", "", nil }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.Abandon(ctx, *a, t.draft.Key().Certificate, pause)
	})
}

// application deletes the app registration; its enterprise app goes with it.
func (t *takingBack) application(ctx context.Context) error {
	if t.draft.Made.Application == "" {
		return nil
	}
	return t.away(ctx, TheApplication, func(*account.Made) {}, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.DeleteApplication(ctx, t.draft.Made.Application, t.made(TheApplication), pause)
	})
}

// purge deletes both deleted objects for good. A person who may not leaves
// them restorable, which is told and no failure.
func (t *takingBack) purge(ctx context.Context) error {
	if t.draft.Made.Application == "" {
		return nil
	}
	var left Left
	err := t.away(ctx, "purge", func(m *account.Made) { m.Application, m.Principal = "", "" }, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		objects := []account.ObjectID{t.draft.Made.Principal, t.draft.Made.Application}
		objects = slices.DeleteFunc(objects, func(o account.ObjectID) bool { return o == "" })
		binned, calls, err := t.admin.Purge(ctx, t.made("undo-"+TheApplication), pause, objects...)
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

// named is a deleted object with what a person finds it by.
func (t *takingBack) named(b account.Binned) account.Binned {
	b.Kind, b.Name = account.BinnedApplication, account.AppName(t.draft.Name)
	if b.Object == t.draft.Made.Principal {
		b.Kind = account.BinnedPrincipal
	}
	return b
}
