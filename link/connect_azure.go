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

// ofAzureRole is the role and the scope of such a name.
func ofAzureRole(change string) (role account.AzureRole, scope account.AzureScope, ok bool) {
	what, ok := strings.CutPrefix(change, TheAzureRole+":")
	at := strings.Index(what, "/")
	if !ok || at < 0 {
		return "", "", false
	}
	return account.AzureRole(what[:at]), account.AzureScope(what[at:]), true
}

// undecidedRole is a role that an attempt may have assigned.
type undecidedRole struct {
	role  account.AzureRole
	scope account.AzureScope
}

// undecidedRoles are all of them, by the journal: what the person has chosen
// since does not tell where an earlier attempt assigned something.
func (c *connecting) undecidedRoles() (all []undecidedRole) {
	for _, e := range c.draft.Journal {
		role, scope, ok := ofAzureRole(e.Change)
		if u := (undecidedRole{role, scope}); ok && c.undecided(e.Change) && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	return all
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
	wanted := func(role account.AzureRole, scope account.AzureScope) bool {
		return slices.Contains(l.Scopes, scope) && slices.Contains(l.Roles(), role)
	}
	for _, u := range c.undecidedRoles() {
		if wanted(u.role, u.scope) {
			continue // it is assigned again, which is the same change
		}
		if err := t.lostAzureRole(ctx, u.scope, u.role); err != nil {
			return err
		}
	}
	for _, a := range t.draft.Made.Azure {
		if wanted(a.Role, a.Scope) {
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
	if _, ok := t.draft.Link.(account.AzureLink); !ok {
		return nil
	}
	for _, u := range t.undecidedRoles() {
		if err := t.lostAzureRole(ctx, u.scope, u.role); err != nil {
			return err
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
// answer. Where the scope is gone, there is none.
func (t *takingBack) lostAzureRole(ctx context.Context, scope account.AzureScope, role account.AzureRole) error {
	if t.draft.Microsoft().Principal == "" {
		return nil
	}
	if t.by.Azure == nil {
		return &account.Problem{Kind: account.SignInOver}
	}
	return t.run(ctx, "undo-find", func(ctx context.Context, _ func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		a, calls, err := t.by.Azure.FindAssignment(ctx, scope, role, t.draft.Microsoft().Principal)
		if account.KindOf(err) == account.ScopeNotFound {
			err = nil
		}
		return func(d account.Draft) account.Draft {
			known := slices.ContainsFunc(d.Made.Azure, func(have account.AzureAssignment) bool { return have.ID == a.ID })
			if err == nil && a.ID != "" && !known {
				d.Made.Azure = append(slices.Clone(d.Made.Azure), a)
			}
			return d
		}, calls, err
	})
}
