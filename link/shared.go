package link

import (
	"cmp"
	"context"

	"github.com/axiomio/xops-onboard/account"
)

// sharer is another account here that uses the draft's app, empty where there is
// none: one app may serve a Microsoft and an Azure account of the same tenant.
// Where that cannot be told it is an error, as the app may be deleted next; and
// AppInUse where the app that this draft made is another draft's as well.
func (t *takingBack) sharer(ctx context.Context) (account.ID, error) {
	m := t.draft.Microsoft()
	if m.Client == "" {
		return "", nil
	}
	c, err := t.os.ports.Registry.Contents(ctx)
	switch {
	case err != nil:
		return "", err
	case len(c.Damaged) > 0: // one of those may be the other
		return "", &c.Damaged[0]
	}
	ours := map[string]bool{}
	for _, p := range []account.Provider{account.Microsoft, account.Azure} {
		ours[account.Draft{Cloud: t.draft.Cloud, Link: account.NewLink(p)}.WithMicrosoft(m).Identity()] = true
	}
	for _, row := range c.Accounts {
		if row.ID != t.draft.ID && row.ID != t.draft.Replaces && ours[row.Identity] {
			return row.ID, nil
		}
	}
	if t.draft.Made.Application == "" {
		return "", nil // the app stays for whoever made it
	}
	for _, row := range c.Drafts {
		if row.ID == t.draft.ID || row.Provider == account.AWS {
			continue
		}
		d, err := t.os.ports.Registry.Draft(ctx, row.ID)
		if err != nil { // also one that became an account just now
			return "", err
		}
		if ours[d.Identity()] || d.Made.Adopt == t.draft.Made.Application {
			return "", &account.Problem{Kind: account.AppInUse, Subject: string(d.Name)}
		}
	}
	return "", nil
}

// leaveTo leaves the app to the account that uses it too, with what was made of it
// and that account needs, to be taken back with that one. What is this draft's
// alone is taken from the app: its certificate, and the permission if the other
// has no use for it.
func (t *takingBack) leaveTo(ctx context.Context, other account.ID) error {
	made := t.draft.Made
	app := cmp.Or(made.Application, made.Adopt, t.draft.Microsoft().Application)
	if made.Adopted != nil {
		app = made.Adopted.App.Application
	}
	if app == "" {
		return nil
	}
	err := t.os.write(ctx, TheAccount, func(ctx context.Context) error {
		_, err := t.os.ports.Registry.ChangeAccount(ctx, other, func(a account.Account) (account.Account, error) {
			if made.Application != "" {
				a.Made.Application, a.Made.Adopt, a.Made.AdoptClient, a.Made.Adopted = made.Application, "", "", nil
				a.Made.Unique = cmp.Or(made.Unique, a.Made.Unique)
			}
			a.Made.Principal = cmp.Or(made.Principal, a.Made.Principal)
			a.Made.Role = cmp.Or(made.Role, a.Made.Role)
			a.Made.Graph = cmp.Or(a.Made.Graph, made.Graph)
			return a, nil
		})
		return err
	})
	if err != nil {
		return err
	}
	asked := t.draft.Provider == account.Microsoft && made.Application != "" || made.Adopted != nil && made.Adopted.Permission
	forget := func(m *account.Made) {
		m.Application, m.Principal, m.Role, m.Adopt, m.AdoptClient, m.Adopted = "", "", "", "", "", nil
	}
	return t.away(ctx, adoption, forget, func(ctx context.Context, pause func(account.Pause)) ([]account.Evidence, error) {
		return t.admin.Abandon(ctx, account.Adoption{App: account.App{Application: app}, Key: true, Permission: asked}, t.draft.Key().Certificate, pause)
	})
}
