package azure

import (
	"context"
	"net/http"
	"strings"
	"time"

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
			return struct{}{}, nil
		case p.Kind == account.AzureRoleMissing:
			p.Kind, p.Subject = account.ElevationNotTaken, ""
		}
		return struct{}{}, p
	})
	return evidence, err
}

// Elevated tells whether the person has what Elevate gives. Who may not look at
// the root does not, or not yet.
func (a *Administrator) Elevated(ctx context.Context) (bool, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (bool, error) {
		all, err := c.elevations(ctx, a.Person().ID)
		return len(all) > 0, passing(err)
	})
}

// elevationSpread is how long an elevation may not be shown to the person, and
// not be in force.
// Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting
// (role assignment changes are not being detected).
const elevationSpread = 10 * time.Minute

// StepDown takes back what Elevate gave, and sees it gone. taken is when that
// was, or may have been: while it may be spreading, nothing there is not taken
// for gone but waited for. Later, or where taken is zero, it is no error.
func (a *Administrator) StepDown(ctx context.Context, taken time.Time, tell func(account.Pause)) ([]account.Evidence, error) {
	_, evidence, err := do(ctx, a, tell, func(ctx context.Context, c *change) (struct{}, error) {
		all, err := a.ownAtRoot(ctx, c, taken.Add(elevationSpread))
		if err != nil {
			return struct{}{}, err
		}
		for _, id := range all {
			if err := c.remove(ctx, id+authorizationVersion); err != nil {
				return struct{}{}, err
			}
		}
		if len(all) == 0 {
			return struct{}{}, nil
		}
		c.until, c.paused = time.Time{}, 0 // it is waited for something else
		return struct{}{}, c.seeGone(ctx, func() (bool, error) {
			left, err := c.elevations(ctx, a.Person().ID)
			// Who has stepped down may not look there any more.
			return len(left) == 0 && (err == nil || account.KindOf(err) == account.AzureRoleMissing), passing(err)
		})
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
// look; who has just been elevated may not yet, and is waited for until then.
func (a *Administrator) ownAtRoot(ctx context.Context, c *change, until time.Time) ([]string, error) {
	// Beside the waiting there has to be time to take it away.
	c.until = time.Now().Add(min(until.Sub(c.now()), changeLimit-spreadLimit))
	for {
		all, err := c.elevations(ctx, a.Person().ID)
		hidden := account.KindOf(err) == account.AzureRoleMissing
		switch {
		case err != nil && !hidden:
			return nil, err
		case err == nil && len(all) > 0, !c.now().Before(until):
			return all, nil
		}
		left, paused := c.pause(ctx, account.MadeUnseen)
		switch {
		case paused != nil:
			return nil, paused
		case !left && c.now().Before(until):
			return nil, &account.Problem{Kind: account.SpreadingTooLong}
		}
	}
}

// elevations are the addresses of a person's User Access Administrator at the
// root. AzureRoleMissing where that person may not look there.
func (c *change) elevations(ctx context.Context, person account.ObjectID) (ids []string, err error) {
	if !account.IsGUID(string(person)) {
		return nil, &account.Problem{Kind: account.InputNotID}
	}
	all, err := collect[assignment](ctx, c, filtered(assignments+authorizationVersion, "principalId eq '"+string(person)+"'"))
	for _, x := range all.Items {
		if x.Properties.Scope == string(account.AzureRoot) && x.role() == string(account.AzureUserAccessAdministrator) &&
			strings.EqualFold(x.Properties.Principal, string(person)) && assignmentID().MatchString(x.ID) {
			ids = append(ids, x.ID)
		}
	}
	switch {
	case err != nil:
		return ids, problemOf(err, persons)
	case all.More && len(ids) == 0:
		return nil, tooLong()
	}
	return ids, nil
}
