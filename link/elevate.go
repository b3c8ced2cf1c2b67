package link

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// elevation is the journal's name for access that a person takes over all of
// Azure for the changes alone.
const elevation = "elevation"

// Elevate takes User Access Administrator over all of Azure for the person who
// signed in. Who it is is on record before, and it is, until StepDown or taking
// back gave it back. Who has it already keeps it: nothing is taken then, and
// nothing given back. ElevatedByOther while another person's is to be given back.
func (os *Operations) Elevate(id account.ID, by Signed) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		if by.Azure == nil {
			return &account.Problem{Kind: account.SignInOver}
		}
		c := &connecting{os: os, by: by, admin: by.Directory, tell: tell, draft: d}
		switch has, err := c.climbed(ctx); {
		case err != nil:
			return os.told(elevation, d, err, nil, tell)
		case has:
			return nil
		}
		who := by.Azure.Person()
		c.draft, err = os.change(ctx, id, false, func(d account.Draft) account.Draft {
			d.Made.ElevatedBy, d.Made.ElevatedAs = who.ID, who.UPN
			return d
		})
		if err != nil {
			return os.told(elevation, d, nil, err, tell)
		}
		return c.run(ctx, elevation, func(ctx context.Context, _ func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
			calls, err := by.Azure.Elevate(ctx)
			return func(d account.Draft) account.Draft {
				d.Made.Elevated = d.Made.Elevated || err == nil
				return d
			}, calls, err
		})
	})
}

// climbed tells whether who signed in had the access before this draft took it.
// Where the draft took it, or may have, what there is is the draft's.
func (c *connecting) climbed(ctx context.Context) (bool, error) {
	if c.elevated() {
		return false, c.othersElevation()
	}
	has, _, err := c.by.Azure.Elevated(ctx)
	return has, err
}

// elevated tells whether access was taken, or may have been, and is not given
// back.
func (c *connecting) elevated() bool { return c.draft.Made.Elevated || c.undecided(elevation) }

// othersElevation is why who signed in cannot give back what was taken: a person
// gives back that person's own, and looks at nobody else's.
func (c *connecting) othersElevation() error {
	m := c.draft.Made
	if m.ElevatedBy != "" && c.by.Azure != nil && m.ElevatedBy != c.by.Azure.Person().ID {
		return &account.Problem{Kind: account.ElevatedByOther, Subject: m.ElevatedAs}
	}
	return nil
}

// stepDown gives back what was taken over all of Azure for the changes alone.
func (c *connecting) stepDown(ctx context.Context) error {
	t := &takingBack{*c}
	err := t.elevation(ctx)
	c.draft = t.draft
	return err
}

// elevation gives back what Elevate took. It says when that was: what is not
// shown yet is not taken for gone.
func (t *takingBack) elevation(ctx context.Context) error {
	if !t.elevated() {
		return nil
	}
	if t.by.Azure == nil {
		return &account.Problem{Kind: account.SignInOver}
	}
	if err := t.othersElevation(); err != nil {
		return t.os.told(elevation, t.draft, err, nil, t.tell)
	}
	taken := t.when(elevation)
	return t.away(ctx, elevation, func(m *account.Made) {
		m.Elevated, m.ElevatedBy, m.ElevatedAs = false, "", ""
	}, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.by.Azure.StepDown(ctx, taken, pause)
	})
}
