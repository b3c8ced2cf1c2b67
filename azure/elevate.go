package azure

import (
	"context"
	"net/http"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Elevate gives the person, who is a Global Administrator, User Access
// Administrator at the root, over everything there is and comes. Again is no
// error. ElevationNotTaken for anybody else. It is to be taken back by StepDown.
// Source: learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin.
func (a *Administrator) Elevate(ctx context.Context) ([]account.Evidence, error) {
	_, evidence, err := do(ctx, a, nil, func(ctx context.Context, c *change) (struct{}, error) {
		var nothing any
		_, err := c.write(ctx, rest.Write{Method: http.MethodPost, MayBeEmpty: true}, authorization+"/elevateAccess"+elevationVersion, &nothing)
		p := problemOf(err, persons)
		switch {
		case err == nil:
			a.elevated.Store(true)
			return struct{}{}, nil
		case p.Kind == account.AzureRoleMissing:
			p.Kind, p.Subject = account.ElevationNotTaken, ""
		case account.KindOf(err).MayPass():
			a.elevated.Store(true) // it may have been made
		}
		return struct{}{}, p
	})
	return evidence, err
}

// StepDown takes back what Elevate gave, and sees it gone. Nothing there is no
// error.
func (a *Administrator) StepDown(ctx context.Context) ([]account.Evidence, error) {
	_, evidence, err := do(ctx, a, nil, func(ctx context.Context, c *change) (struct{}, error) {
		all, err := a.ownAtRoot(ctx, c)
		if err != nil {
			return struct{}{}, err
		}
		for _, id := range all {
			if err := c.remove(ctx, id+authorizationVersion); err != nil {
				return struct{}{}, err
			}
		}
		if len(all) > 0 {
			err = c.seeGone(ctx, func() (bool, error) {
				left, err := c.elevations(ctx, a.Person().ID)
				// Who has stepped down may not look there any more.
				return len(left) == 0 && (err == nil || account.KindOf(err) == account.AzureRoleMissing), passing(err)
			})
		}
		if err == nil {
			a.elevated.Store(false)
		}
		return struct{}{}, err
	})
	return evidence, err
}

// passing is err, unless it says that the person may not look.
func passing(err error) error {
	if account.KindOf(err) == account.AzureRoleMissing {
		return nil
	}
	return err
}

// ownAtRoot are the assignments to be taken back. Who is not elevated may not
// look; who has just been elevated may not yet, and is waited for.
func (a *Administrator) ownAtRoot(ctx context.Context, c *change) ([]string, error) {
	for {
		all, err := c.elevations(ctx, a.Person().ID)
		switch {
		case err == nil && (len(all) > 0 || !a.elevated.Load()):
			return all, nil
		case account.KindOf(err) == account.AzureRoleMissing && !a.elevated.Load():
			return nil, nil
		case err != nil && account.KindOf(err) != account.AzureRoleMissing:
			return nil, err
		}
		left, paused := c.pause(ctx, account.MadeUnseen)
		switch {
		case paused != nil:
			return nil, paused
		case !left:
			return nil, &account.Problem{Kind: account.SpreadingTooLong}
		}
	}
}

// elevations are the addresses of a person's User Access Administrator at the
// root. AzureRoleMissing where that person may not look there.
func (c *change) elevations(ctx context.Context, person account.ObjectID) (ids []string, err error) {
	if !isGUID(string(person)) {
		return nil, &account.Problem{Kind: account.InputNotID}
	}
	all, err := collect[assignment](ctx, c, filtered(assignments+authorizationVersion, "principalId eq '"+string(person)+"'"))
	for _, x := range all.Items {
		if x.Properties.Scope == string(account.AzureRoot) && x.role() == string(account.AzureUserAccessAdministrator) &&
			strings.EqualFold(x.Properties.Principal, string(person)) && assignmentID().MatchString(x.ID) {
			ids = append(ids, x.ID)
		}
	}
	if err != nil {
		return ids, problemOf(err, persons)
	}
	return ids, nil
}
