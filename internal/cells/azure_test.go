package cells_test

import (
	"context"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

// signInAzure is entra's sign-in for Azure, as main has it.
func signInAzure(client *rest.Client, e *entra.Entra) link.SignInAzure {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.AzureAdministrator, error) {
		wish.For = account.ResourceManager
		session, err := e.SignIn(ctx, way, wish, tell)
		if err != nil {
			return nil, err
		}
		return azure.Administer(client, wish.Cloud, session, time.Now), nil
	}
}

// subscribe gives the tenant a group and a subscription beside it, over which the
// person may assign roles, and the cell's account its place there.
func (c *cell) subscribe() {
	group := c.tenant.AddManagementGroup("production", "Production", "")
	c.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: "Shop", Group: group})
	alone := c.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: "Playground"})
	c.tenant.AssignAzureRole(c.tenant.RootGroup(), account.AzureOwner, person)
	c.tenant.SetAzureDelays(simcloud.AzureDelays{Principals: 3 * time.Second, Assignments: 3 * time.Second, Reads: 3 * time.Second})
	c.azure, c.scopes = true, []account.AzureScope{group, alone}
}

// inAzure looks that the app has so many roles there, each once.
func (c *cell) inAzure(want int) {
	c.t.Helper()
	if seen := c.onceInAzure(); len(seen) != want {
		c.t.Errorf("%s, at %s: in Azure are %v, want %d roles", c.where, c.hit, seen, want)
	}
}

// onceInAzure are the roles beside the owner's and those of apps that stay, by principal
// and place, and looks that each is there once.
func (c *cell) onceInAzure() map[string]int {
	c.t.Helper()
	skip := map[string]bool{}
	for _, a := range c.tenant.Apps() {
		skip[a.PrincipalID] = c.left[a.ClientID]
	}
	seen := map[string]int{}
	for _, a := range c.tenant.AzureAssignments() {
		if a.Role != account.AzureOwner && !skip[a.Principal] {
			seen[string(a.Role)+" "+string(a.Scope)+" "+a.Principal]++
		}
	}
	for what, n := range seen {
		if n != 1 {
			c.t.Errorf("%s, at %s: %s is assigned %d times", c.where, c.hit, what, n)
		}
	}
	return seen
}

// TestOneAppForTwo has one app serve a Microsoft account and an Azure account:
// removing the one that made it leaves the other working, and removing that one
// leaves nothing.
func TestOneAppForTwo(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.must(c.connect(c.process(trouble{})))
		first := c.id
		acc, err := c.reg.Account(t.Context(), first)
		c.must(err)
		c.subscribe()
		c.id, c.adopts, c.name = account.ID("5f3c1a70-0000-4000-8000-0000000000aa"), acc.Microsoft().Client, "Contoso Azure"
		c.must(c.connect(c.process(trouble{})))
		c.id, c.adopts = first, ""
		if n := len(c.tenant.Apps()); n != 1 {
			t.Fatalf("%d apps, want one for both", n)
		}
		c.must(c.process(trouble{}).remove(first))
		second := account.ID("5f3c1a70-0000-4000-8000-0000000000aa")
		acc, err = c.reg.Account(t.Context(), second)
		c.must(err)
		app := c.tenant.Apps()[0]
		if len(app.Certificates) != 1 || app.Certificates[0].SHA1 != acc.Key.Certificate.SHA1 || len(app.Granted) != 0 || len(app.Roles) != 1 {
			t.Errorf("of the app is left %+v", app)
		}
		p := c.process(trouble{})
		op := p.ops.Verify(acc)
		c.must(p.end(op))
		if r := op.Last().Report; !r.Linked() {
			t.Errorf("the other does not hold any more: %+v", r.Checks)
		}
		c.must(c.process(trouble{}).remove(second))
		time.Sleep(time.Hour)
		if apps, deleted := c.tenant.Apps(), c.tenant.Deleted(); len(apps) != 0 || len(deleted) != 0 {
			t.Errorf("left are %+v, deleted %+v", apps, deleted)
		}
		c.inAzure(0)
		if n := c.ring.count(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
}
