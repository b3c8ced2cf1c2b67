package entra

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// integrated is the tag by which the portal lists an enterprise app among all
// others. Source: learn.microsoft.com/graph/api/resources/serviceprincipal.
const integrated = "WindowsAzureActiveDirectoryIntegratedApp"

func (p principal) principal() (account.Principal, error) {
	if !account.IsGUID(p.ID) {
		return account.Principal{}, &account.Problem{Kind: account.Unexpected, Message: "the answer does not name the enterprise app"}
	}
	return account.Principal{ID: account.ObjectID(strings.ToLower(p.ID))}, nil
}

// FindPrincipal is the enterprise app of a client id; the zero Principal where
// there is none to be seen.
// Source: learn.microsoft.com/graph/api/serviceprincipal-get.
func (a *Administrator) FindPrincipal(ctx context.Context, client account.ClientID) (account.Principal, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.Principal, error) {
		p, err := c.principal(ctx, client)
		return found(p, err, cloudAppAdministrator)
	})
}

func (c *change) principal(ctx context.Context, client account.ClientID) (account.Principal, error) {
	if err := needed(account.ObjectID(client)); err != nil {
		return account.Principal{}, err
	}
	var p principal
	if err := c.get(ctx, principalByClient(client)+idSelect, &p); err != nil {
		return account.Principal{}, err
	}
	return p.principal()
}

func principalBody(name string) map[string]any {
	return map[string]any{"displayName": name, "tags": []string{integrated}}
}

// appByClient and principalByClient are the addresses of an app registration and
// of its enterprise app by what the portal calls Application (client) ID.
func appByClient(client account.ClientID) string {
	return "/applications(appId='" + url.PathEscape(strings.ToLower(string(client))) + "')"
}

func principalByClient(client account.ClientID) string {
	return "/servicePrincipals(appId='" + url.PathEscape(strings.ToLower(string(client))) + "')"
}

// CreatePrincipal makes the enterprise app of an app that was just made, and
// waits until the directory knows that one. Of one that is there already it
// sets name and tag.
// Source: learn.microsoft.com/graph/api/serviceprincipal-upsert.
func (a *Administrator) CreatePrincipal(ctx context.Context, client account.ClientID, name string, tell func(account.Pause)) (account.Principal, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.Principal, error) {
		return c.createPrincipal(ctx, client, name)
	})
}

func (c *change) createPrincipal(ctx context.Context, client account.ClientID, name string) (account.Principal, error) {
	if err := needed(account.ObjectID(client)); err != nil {
		return account.Principal{}, err
	}
	for {
		var made principal
		a, err := c.upsert(ctx, principalByClient(client), principalBody(name), &made)
		var said *rest.Refusal
		switch refused := errors.As(err, &said); {
		case err == nil && a.Status == http.StatusCreated:
			p, err := made.principal()
			p.Created = true
			return p, err
		case err == nil, a.Status == http.StatusCreated, refused && conflicting(said):
			p, err := see(ctx, c, account.PrincipalSpreads, func() (account.Principal, error) { return c.principal(ctx, client) })
			p.Created = err == nil && (a.Sent > 1 || a.Status == http.StatusCreated)
			return p, err
		case refused && notSpread(said, string(client)):
		default:
			return account.Principal{}, changeProblem(err, cloudAppAdministrator)
		}
		if err := c.pause(ctx, account.AppSpreads, err); err != nil {
			return account.Principal{}, err
		}
	}
}

// DeletePrincipal moves an enterprise app alone to the deleted items, where the
// app registration was there before and stays. made as in DeleteApplication.
// Source: learn.microsoft.com/graph/api/serviceprincipal-delete.
func (a *Administrator) DeletePrincipal(ctx context.Context, principal account.ObjectID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error) {
	return a.remove(ctx, tell, removal{
		path: "/servicePrincipals/" + string(principal), bin: "/directory/deletedItems/" + string(principal),
		ids: []account.ObjectID{principal}, made: made, needs: cloudAppAdministrator,
	})
}
