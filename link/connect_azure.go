package link

import (
	"context"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// azureRole is the journal's name for one role at one scope.
func azureRole(role account.AzureRole, scope account.AzureScope) string {
	return TheAzureRole + ":" + string(role) + string(scope)
}

// OfAzure tells whether a change of a journal is one in Azure.
func OfAzure(change string) bool {
	return strings.HasPrefix(change, TheAzureRole+":") || change == elevation
}

// azureRoles has the enterprise app have its roles at every scope.
func (c *connecting) azureRoles(ctx context.Context) error {
	l, ok := c.draft.Link.(account.AzureLink)
	if !ok {
		return nil
	}
	if err := c.unwanted(ctx, l); err != nil {
		return err
	}
	for _, scope := range l.Scopes {
		for _, role := range l.Roles() {
			if err := ctx.Err(); err != nil {
				return &account.Problem{Kind: account.Cancelled, Err: err}
			}
			if err := c.azureRole(ctx, scope, role); err != nil {
				return err
			}
		}
	}
	return nil
}

// unwanted takes away what an earlier run assigned where the person has chosen
// otherwise since.
func (c *connecting) unwanted(ctx context.Context, l account.AzureLink) error {
	t := &takingBack{*c}
	for _, a := range c.draft.Made.Azure {
		if slices.Contains(l.Scopes, a.Scope) && slices.Contains(l.Roles(), a.Role) {
			continue
		}
		if err := t.unassign(ctx, a); err != nil {
			return err
		}
	}
	c.draft = t.draft
	return nil
}

func (c *connecting) azureRole(ctx context.Context, scope account.AzureScope, role account.AzureRole) error {
	name := azureRole(role, scope)
	if c.draft.Last(name).Made() && !c.draft.Last("undo-"+name).Made() {
		return nil
	}
	return c.run(ctx, name, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		a, calls, err := c.by.Azure.Assign(ctx, scope, role, c.draft.Microsoft().Principal, pause)
		// Of an app of the draft's own nobody else knew; of one that was there, what
		// was assigned before is not ours to take away.
		ours := err == nil && c.ours(name, a.Made)
		return func(d account.Draft) account.Draft {
			if ours && !slices.ContainsFunc(d.Made.Azure, func(have account.AzureAssignment) bool { return have.ID == a.ID }) {
				d.Made.Azure = append(slices.Clone(d.Made.Azure), a)
			}
			return d
		}, calls, err
	})
}

// azureRoles takes the roles in Azure away. One whose answer was lost has the
// same address as if it had come.
func (t *takingBack) azureRoles(ctx context.Context) error {
	l, ok := t.draft.Link.(account.AzureLink)
	if !ok {
		return nil
	}
	for _, scope := range l.Scopes {
		for _, role := range l.Roles() {
			if t.undecided(azureRole(role, scope)) && t.draft.Microsoft().Principal != "" {
				if err := t.lostAzureRole(ctx, scope, role); err != nil {
					return err
				}
			}
		}
	}
	if len(t.draft.Made.Azure) > 0 && t.by.Azure == nil {
		return &account.Problem{Kind: account.SignInOver}
	}
	for len(t.draft.Made.Azure) > 0 {
		if err := ctx.Err(); err != nil {
			return &account.Problem{Kind: account.Cancelled, Err: err}
		}
		if err := t.unassign(ctx, t.draft.Made.Azure[0]); err != nil {
			return err
		}
	}
	return nil
}

func (t *takingBack) unassign(ctx context.Context, a account.AzureAssignment) error {
	forget := func(m *account.Made) {
		m.Azure = slices.DeleteFunc(slices.Clone(m.Azure), func(have account.AzureAssignment) bool { return have.ID == a.ID })
	}
	return t.away(ctx, azureRole(a.Role, a.Scope), forget, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.by.Azure.Unassign(ctx, a.ID, pause)
	})
}

// lostAzureRole has on record an assignment that an attempt made without an
// answer.
func (t *takingBack) lostAzureRole(ctx context.Context, scope account.AzureScope, role account.AzureRole) error {
	if t.by.Azure == nil {
		return &account.Problem{Kind: account.SignInOver}
	}
	return t.run(ctx, "undo-find", func(ctx context.Context, _ func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		a, calls, err := t.by.Azure.FindAssignment(ctx, scope, role, t.draft.Microsoft().Principal)
		return func(d account.Draft) account.Draft {
			known := slices.ContainsFunc(d.Made.Azure, func(have account.AzureAssignment) bool { return have.ID == a.ID })
			if err == nil && a.ID != "" && !known {
				d.Made.Azure = append(slices.Clone(d.Made.Azure), a)
			}
			return d
		}, calls, err
	})
}
