package cells_test

import (
	"context"
	"fmt"
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

// signed is who signed in, for an Azure draft to Azure as well.
func (p *running) signed(d account.Draft, admin link.Administrator) (link.Signed, error) {
	by := link.Signed{Directory: admin}
	if !p.azure {
		return by, nil
	}
	wish := account.SignInWish{Cloud: d.Cloud, Tenant: d.Microsoft().Tenant}
	var err error
	by.Azure, err = p.ops.Ports().SignInAzure(p.ctx, account.ByDeviceCode, wish, func(s account.SignInPrompt) {
		if err := p.tenant.EnterCode(person, s.UserCode); err != nil {
			p.t.Errorf("%s: %v", p.where, err)
		}
	})
	return by, err
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
	seen := map[string]int{}
	for _, a := range c.tenant.AzureAssignments() {
		if a.Role != account.AzureOwner {
			seen[string(a.Role)+" "+string(a.Scope)]++
		}
	}
	for what, n := range seen {
		if n != 1 {
			c.t.Errorf("%s, at %s: %s is assigned %d times", c.where, c.hit, what, n)
		}
	}
	if len(seen) != want {
		c.t.Errorf("%s, at %s: in Azure are %v, want %d roles", c.where, c.hit, seen, want)
	}
}

// TestEveryAzureCall has each trouble at each call that linking an Azure account
// makes from its sign-in for Azure on: what comes before is as for Microsoft.
// Resumed it ends Connected with each role once; taken back, nothing is left.
func TestEveryAzureCall(t *testing.T) {
	var hosts []string
	inBubble(t, false, func(c *cell) {
		c.subscribe()
		c.must(c.connect(c.process(0, "")))
		c.connected()
		hosts = c.hosts
	})
	const arm = "management.azure.com"
	var at []int
	for i, h := range hosts {
		if h == arm {
			at = append(at, i+1)
		}
	}
	if len(at) < 8 {
		t.Fatalf("Azure was called %d times; the test does not see them", len(at))
	}
	cells, resumed, back := 0, 0, 0
	for _, n := range at {
		for _, tr := range troubles {
			for _, end := range []string{"resume", "undo"} {
				where := fmt.Sprintf("call %d, %s, %s", n, tr, end)
				inBubble(t, false, func(c *cell) {
					c.subscribe()
					c.where = where
					cells++
					err := c.connect(c.process(n, tr))
					switch {
					case c.hit == "":
						c.t.Fatalf("%s: there was no such call", where)
					case err == nil:
						c.connected()
					case end == "resume":
						resumed++
						c.must(c.connect(c.process(0, "")))
						c.connected()
					default:
						back++
						c.takeBack(c.process(0, ""))
					}
					if tr == throttled {
						c.patient()
					}
				})
			}
		}
	}
	t.Logf("%d calls of Azure, %d cells: %d resumed, %d taken back, the others helped themselves", len(at), cells, resumed, back)
	if resumed == 0 || back == 0 {
		t.Errorf("%d cells were resumed and %d taken back: the troubles trouble nobody", resumed, back)
	}
}
