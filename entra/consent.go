package entra

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// FindConsent is the assignment of AccessReview.Read.All to an enterprise app;
// the zero Assignment where there is none to be seen. graph is the object id of
// Microsoft Graph's own enterprise app, which Survey tells.
// Source: learn.microsoft.com/graph/api/serviceprincipal-list-approleassignments.
func (a *Administrator) FindConsent(ctx context.Context, principal, graph account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.Assignment, error) {
		a, err := c.consent(ctx, principal, graph)
		return found(a, err, roleAdministrator)
	})
}

func (c *change) consent(ctx context.Context, principal, graph account.ObjectID) (account.Assignment, error) {
	if err := needed(principal, graph); err != nil {
		return account.Assignment{}, err
	}
	all, err := collect[grant](ctx, c, "/servicePrincipals/"+string(principal)+"/appRoleAssignments")
	for _, g := range all.Items {
		if strings.EqualFold(g.Role, reviewPermission) && strings.EqualFold(g.Resource, string(graph)) && strings.EqualFold(g.Principal, string(principal)) {
			return account.Assignment{ID: account.AssignmentID(rest.Text(g.ID, longestText))}, nil
		}
	}
	return account.Assignment{}, err
}

// GrantConsent gives an enterprise app AccessReview.Read.All for the whole
// organization, which is what admin consent to it does, and waits until the
// directory knows the enterprise app.
// Source: learn.microsoft.com/graph/permissions-grant-via-msgraph.
func (a *Administrator) GrantConsent(ctx context.Context, principal, graph account.ObjectID, tell func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.Assignment, error) {
		if err := needed(principal, graph); err != nil {
			return account.Assignment{}, err
		}
		return c.assign(ctx, plain{
			path:  "/servicePrincipals/" + string(graph) + "/appRoleAssignedTo",
			body:  consentBody(principal, graph),
			on:    []string{string(principal)},
			there: granted,
		}, func(ctx context.Context) (account.Assignment, error) { return c.consent(ctx, principal, graph) })
	})
}

func granted(r *rest.Refusal) bool {
	return strings.HasPrefix(strings.ToLower(r.Text), "permission being assigned already exists on the object")
}

// assign makes an assignment that a Privileged Role Administrator makes.
func (c *change) assign(ctx context.Context, p plain, look func(context.Context) (account.Assignment, error)) (account.Assignment, error) {
	var made struct {
		ID string `json:"id"`
	}
	var seen account.Assignment
	p.into, p.needs = &made, roleAdministrator
	p.look = func(ctx context.Context) (bool, error) {
		var err error
		seen, err = look(ctx)
		return err == nil && seen.Found(), err
	}
	created, err := c.create(ctx, p)
	if err != nil {
		return account.Assignment{}, err
	}
	if !seen.Found() {
		seen.ID = account.AssignmentID(rest.Text(made.ID, longestText))
	}
	seen.Created = created
	return seen, nil
}

// RevokeConsent takes back what GrantConsent gave, and sees it gone. made as in
// DeleteApplication; where the app is deleted next, zero will do, as that
// takes the consent along.
// Source: learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignedto.
func (a *Administrator) RevokeConsent(ctx context.Context, graph account.ObjectID, id account.AssignmentID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error) {
	return a.remove(ctx, tell, removal{
		path: "/servicePrincipals/" + string(graph) + "/appRoleAssignedTo/" + url.PathEscape(string(id)),
		ids:  []account.ObjectID{graph}, assignment: &id, made: made, needs: roleAdministrator,
	})
}

func consentBody(principal, graph account.ObjectID) map[string]string {
	return map[string]string{"principalId": string(principal), "resourceId": string(graph), "appRoleId": reviewPermission}
}
