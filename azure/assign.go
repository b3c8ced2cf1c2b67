package azure

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// wanted is the body of an assignment. The principal's type is always said: else
// the service looks a new enterprise app up where it may not be known yet.
// Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting.
type wanted struct {
	Properties wantedProperties `json:"properties"`
}

type wantedProperties struct {
	Role      string `json:"roleDefinitionId"`
	Principal string `json:"principalId"`
	Kind      string `json:"principalType"`
}

func assignmentBody(s account.AzureScope, role account.AzureRole, principal account.ObjectID) wanted {
	return wanted{wantedProperties{definitionAddress(s, role), string(principal), "ServicePrincipal"}}
}

// What a plan shows for what is not known before the enterprise app is made. The
// id of an assignment follows from it.
const (
	idLater        = "{id that follows from scope, role and enterprise app}"
	principalLater = "{object id of the enterprise app}"
)

// PlanAzure is what Assign would send for each of those roles at each scope; with
// names in braces while there is no principal yet.
func (a *Administrator) PlanAzure(scopes []account.AzureScope, roles []account.AzureRole, principal account.ObjectID) (all []account.PlannedChange) {
	for _, s := range scopes {
		for _, r := range roles {
			address, who := assignmentAddress(s, r, principal), principal
			if principal == "" {
				address, who = strings.Replace(address, assignmentName(s, r, principal), idLater, 1), principalLater
			}
			body, _ := json.MarshalIndent(assignmentBody(s, r, who), "", " ") // strings can be marshalled
			all = append(all, account.PlannedChange{
				Name: "azure-role", Method: http.MethodPut, Path: strings.TrimPrefix(a.root, "https://") + address, Body: string(body),
			})
		}
	}
	return all
}

// FindAssignment looks for a role of the enterprise app at exactly that scope;
// the zero assignment where there is none to be seen.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest.
func (a *Administrator) FindAssignment(ctx context.Context, scope account.AzureScope, role account.AzureRole, principal account.ObjectID) (account.AzureAssignment, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.AzureAssignment, error) {
		if err := needed(scope, string(role), string(principal)); err != nil {
			return account.AzureAssignment{}, err
		}
		return c.find(ctx, scope, role, principal)
	})
}

func (c *change) find(ctx context.Context, s account.AzureScope, role account.AzureRole, principal account.ObjectID) (account.AzureAssignment, error) {
	all, err := collect[assignment](ctx, c, filtered(at(s, assignments+authorizationVersion), "principalId eq '"+string(principal)+"'"))
	for _, x := range all.Items {
		if strings.EqualFold(x.Properties.Scope, string(s)) && x.role() == strings.ToLower(string(role)) && strings.EqualFold(x.Properties.Principal, string(principal)) && assignmentID().MatchString(x.ID) {
			return account.AzureAssignment{ID: account.AssignmentID(x.ID), Scope: s, Role: role}, nil
		}
	}
	switch {
	case err != nil:
		return account.AzureAssignment{}, problemOf(err, persons)
	case all.More:
		return account.AzureAssignment{}, tooLong()
	}
	return account.AzureAssignment{}, nil
}

// Assign has the enterprise app have the role at the scope; one that is there
// already is no error. It waits, two minutes at most, while the enterprise app
// spreads to Azure.
//
// Problems: InputNotScope, InputNotID, AzureRoleMissing, PrincipalSpreading,
// PrincipalWrong, AssignmentsFull, AssignmentLocked, ScopeNotFound, and those of
// the way there.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-rest.
func (a *Administrator) Assign(ctx context.Context, scope account.AzureScope, role account.AzureRole, principal account.ObjectID, tell func(account.Pause)) (account.AzureAssignment, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.AzureAssignment, error) {
		if err := needed(scope, string(role), string(principal)); err != nil {
			return account.AzureAssignment{}, err
		}
		return c.assign(ctx, scope, role, principal)
	})
}

// assign makes the same PUT until it is known how it ended. Its address follows
// from what is assigned, so that the second is the first's.
func (c *change) assign(ctx context.Context, s account.AzureScope, role account.AzureRole, principal account.ObjectID) (account.AzureAssignment, error) {
	address := assignmentAddress(s, role, principal)
	is := account.AzureAssignment{ID: account.AssignmentID(address), Scope: s, Role: role}
	for {
		var answered struct{}
		a, err := c.write(ctx, rest.Write{Method: http.MethodPut, Body: assignmentBody(s, role, principal)}, address+authorizationVersion, &answered)
		switch {
		case err == nil || a.Status == http.StatusCreated: // also where the body cannot be read
			is.Made = a.Status == http.StatusCreated || a.Sent > 1
			return is, nil
		case said(err, exists):
			return c.existing(ctx, is, principal, err)
		case account.KindOf(err).MayPass():
			return c.afterLost(ctx, is, principal, err)
		}
		p := problemOf(err, persons)
		switch p.Kind {
		case account.PrincipalSpreading:
			left, err := c.pause(ctx, account.PrincipalSpreads)
			if err != nil {
				return account.AzureAssignment{}, err
			}
			if left {
				continue
			}
			p.Subject = string(principal)
		case account.AssignmentsFull:
			p.Subject = string(s)
		}
		return account.AzureAssignment{}, p
	}
}

// existing is the assignment that is there under another name, which the
// refusal tells, or a look where it does not.
func (c *change) existing(ctx context.Context, is account.AzureAssignment, principal account.ObjectID, err error) (account.AzureAssignment, error) {
	name := existing(err)
	if name == "" {
		return c.find(ctx, is.Scope, is.Role, principal)
	}
	is.ID = account.AssignmentID(at(is.Scope, assignments+"/"+name))
	return is, nil
}

// afterLost looks whether what was sent last was done, when no answer came
// however often it was sent.
func (c *change) afterLost(ctx context.Context, is account.AzureAssignment, principal account.ObjectID, lost error) (account.AzureAssignment, error) {
	found, err := c.find(ctx, is.Scope, is.Role, principal)
	if err != nil || found.ID == "" {
		return account.AzureAssignment{}, problemOf(lost, persons)
	}
	found.Made = strings.EqualFold(string(found.ID), string(is.ID))
	return found, nil
}

// Unassign takes an assignment away and sees that it is gone. None there is no
// error. InputNotID for what is no address of one.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-rest.
func (a *Administrator) Unassign(ctx context.Context, id account.AssignmentID, tell func(account.Pause)) ([]account.Evidence, error) {
	_, evidence, err := do(ctx, a, tell, func(ctx context.Context, c *change) (struct{}, error) {
		if !assignmentID().MatchString(string(id)) {
			return struct{}{}, &account.Problem{Kind: account.InputNotID}
		}
		address := string(id) + authorizationVersion
		if err := c.remove(ctx, address); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, c.seeGone(ctx, func() (bool, error) {
			var is struct{}
			err := c.get(ctx, address, &is)
			if gone(err) {
				return true, nil
			}
			return false, err
		})
	})
	return evidence, err
}

// seeGone looks until what was deleted is not shown any more. SpreadingTooLong
// after two minutes.
func (c *change) seeGone(ctx context.Context, look func() (gone bool, err error)) error {
	for {
		gone, err := look()
		switch {
		case gone:
			return nil
		case err != nil:
			return problemOf(err, persons)
		}
		left, err := c.pause(ctx, account.GoneSeen)
		switch {
		case err != nil:
			return err
		case !left:
			return &account.Problem{Kind: account.SpreadingTooLong}
		}
	}
}
