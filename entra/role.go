package entra

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

const roleAssignments = "/roleManagement/directory/roleAssignments"

// rolesOf is the address of the role assignments of an enterprise app.
func rolesOf(principal string) string {
	return roleAssignments + "?$filter=principalId%20eq%20'" + principal + "'"
}

// FindRole is the assignment of Global Reader, for the whole directory, to an
// enterprise app; the zero Assignment where there is none to be seen.
// Source: learn.microsoft.com/graph/api/rbacapplication-list-roleassignments.
func (a *Administrator) FindRole(ctx context.Context, principal account.ObjectID) (account.Assignment, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.Assignment, error) {
		a, err := c.role(ctx, principal)
		return found(a, err, roleAdministrator)
	})
}

func (c *change) role(ctx context.Context, principal account.ObjectID) (account.Assignment, error) {
	if err := needed(principal); err != nil {
		return account.Assignment{}, err
	}
	all, err := collect[roleAssignment](ctx, c, rolesOf(string(principal)))
	for _, r := range all.Items {
		if strings.EqualFold(r.Role, globalReaderRole) && r.Scope == wholeDirectory && strings.EqualFold(r.Principal, string(principal)) {
			return account.Assignment{ID: account.AssignmentID(rest.Text(r.ID, longestText))}, nil
		}
	}
	return account.Assignment{}, err
}

// AssignRole assigns Global Reader, active and for the whole directory, to an
// enterprise app, and waits until the directory knows that one.
// Source: learn.microsoft.com/graph/api/rbacapplication-post-roleassignments.
func (a *Administrator) AssignRole(ctx context.Context, principal account.ObjectID, tell func(account.Pause)) (account.Assignment, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.Assignment, error) {
		if err := needed(principal); err != nil {
			return account.Assignment{}, err
		}
		return c.assign(ctx, plain{
			path:  roleAssignments,
			body:  roleBody(principal),
			on:    []string{string(principal)},
			there: conflicting,
		}, func(ctx context.Context) (account.Assignment, error) { return c.role(ctx, principal) })
	})
}

// UnassignRole takes back what AssignRole assigned, and sees it gone. made as
// in RevokeConsent.
// Source: learn.microsoft.com/graph/api/unifiedroleassignment-delete.
func (a *Administrator) UnassignRole(ctx context.Context, id account.AssignmentID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error) {
	return a.remove(ctx, tell, removal{
		path: roleAssignments + "/" + url.PathEscape(string(id)), assignment: &id, made: made, needs: roleAdministrator,
	})
}

func roleBody(principal account.ObjectID) map[string]string {
	return map[string]string{
		"@odata.type": "#microsoft.graph.unifiedRoleAssignment", "roleDefinitionId": globalReaderRole,
		"principalId": string(principal), "directoryScopeId": wholeDirectory,
	}
}
