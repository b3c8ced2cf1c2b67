package cells_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// cell is a tenant, a disk and a key store, and the processes that work on them
// one after another.
type cell struct {
	t      *testing.T
	where  string
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	reg    link.Registry
	ring   *ring
	files  files
	id     account.ID // of the account or draft that is worked on
	azure  bool
	amazon *amazon
	stays  bool // what is in AWS a person has made
	drops  bool // the key of an AWS account's authority goes once it has signed
	name   account.Name
	scopes []account.AzureScope
	adopts account.ClientID
	before []simcloud.AppState // with the one that is adopted
	theirs []simcloud.PrincipalState

	person   string          // the app that a person has registered; "" where there is none
	brought  map[string]bool // files that a person has uploaded
	left     map[string]bool // apps that stay where they are, by client id
	repoints account.ID      // the draft that is to take the account's place

	was    account.Account // before it got another key
	looked string          // at what worksStill looked last
	watch  func()          // called before and after each call of a process

	points
}

const person = "ada@contoso.com"

// inBubble has a cell with a tenant, an hour of which takes no time.
func inBubble(t *testing.T, adopts bool, f func(*cell)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cell{
			t: t, cloud: simcloud.New(time.Now), reg: registry.Memory(), ring: newRing(), files: files{},
			id: account.ID(uuid.NewString()), brought: map[string]bool{}, left: map[string]bool{},
		}
		c.tenant = c.cloud.AddTenant(simcloud.TenantSpec{
			Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"}, Licensed: true, Reviews: []string{"Guests quarterly"},
		})
		c.cloud.SetLatency(50 * time.Millisecond)
		c.tenant.SetReplication(3 * time.Second)
		c.tenant.AddUser(simcloud.UserSpec{UPN: person, Name: "Ada", Roles: []string{simcloud.GlobalAdministrator}})
		if adopts {
			app := c.tenant.Register("Theirs")
			c.must(c.tenant.AddSecret(app.ClientID, "of another team"))
			c.adopts = account.ClientID(app.ClientID)
			c.before, c.theirs = c.tenant.Apps(), c.principals()
			time.Sleep(time.Minute) // it was there before
		}
		f(c)
	})
}

func (c *cell) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v\nat %s", c.where, err, c.hit)
	}
}

func (c *cell) account() account.Account {
	c.t.Helper()
	a, err := c.reg.Account(c.t.Context(), c.id)
	c.must(err)
	return a
}

// apps are the app registrations beside those that stay where they are.
func (c *cell) apps() (ours []simcloud.AppState) {
	for _, a := range c.tenant.Apps() {
		if !c.left[a.ClientID] {
			ours = append(ours, a)
		}
	}
	return ours
}

// principals are the enterprise apps that an onboarding makes.
func (c *cell) principals() (ours []simcloud.PrincipalState) {
	for _, p := range c.tenant.Principals() {
		if (strings.HasPrefix(p.Name, "Xops 360") || p.Name == "Theirs") && !c.left[p.ClientID] {
			ours = append(ours, p)
		}
	}
	return ours
}

// nothing looks that nothing is left, but what a person made or there was before.
func (c *cell) nothing() {
	c.t.Helper()
	time.Sleep(time.Hour) // until all of it is seen everywhere
	if c.person != "" {
		c.left[c.person] = true
	}
	if c.amazon != nil {
		c.emptyAWS()
	} else if apps, principals, deleted := c.apps(), c.principals(), c.tenant.Deleted(); !reflect.DeepEqual(apps, c.before) || !reflect.DeepEqual(principals, c.theirs) || len(deleted) != 0 {
		c.t.Errorf("%s, at %s: in the tenant are\n%+v\n%+v\n%+v\nbefore there were\n%+v\n%+v", c.where, c.hit, apps, principals, deleted, c.before, c.theirs)
	}
	if len(c.left) == 0 {
		c.inAzure(0)
	}
	if list, err := c.reg.Contents(c.t.Context()); err != nil || len(list.Drafts)+len(list.Accounts) != 0 {
		c.t.Errorf("%s, at %s: left on disk: %+v, %v", c.where, c.hit, list, err)
	}
	if n := c.ring.count(); n != 0 {
		c.t.Errorf("%s, at %s: %d keys are left", c.where, c.hit, n)
	}
}

// connected looks that there is one account, with one of everything.
func (c *cell) connected() {
	c.t.Helper()
	time.Sleep(time.Hour)
	list, err := c.reg.Contents(c.t.Context())
	if err != nil || len(list.Accounts) != 1 || len(list.Drafts) != 0 {
		c.t.Fatalf("%s, at %s: on disk are %+v, %v; want one account", c.where, c.hit, list, err)
	}
	if c.amazon != nil {
		c.connectedAWS()
		return
	}
	acc := c.account()
	apps := c.apps()
	if len(apps) != 1 || len(c.principals()) != 1 || len(c.tenant.Deleted()) != 0 {
		c.t.Fatalf("%s, at %s: %d apps, %d enterprise apps, deleted %v; want one, one, none", c.where, c.hit, len(apps), len(c.principals()), c.tenant.Deleted())
	}
	a := apps[0]
	if len(a.Certificates) != 1 || a.Certificates[0].SHA1 != acc.Key.Certificate.SHA1 {
		c.t.Errorf("%s, at %s: the app's certificates are %+v, the account's %s", c.where, c.hit, a.Certificates, acc.Key.Certificate.SHA1)
	}
	a.Granted = slices.DeleteFunc(a.Granted, func(g string) bool { return g == "Delegated User.Read" }) // the portal's own
	if c.azure {
		c.inAzure(4)
		a.Granted = append(a.Granted, "Application AccessReview.Read.All") // is not its to have
	}
	if len(a.Granted) != 1 || a.Granted[0] != "Application AccessReview.Read.All" || len(a.Roles) != 1 || a.Roles[0] != "Global Reader" {
		c.t.Errorf("%s, at %s: granted %v, roles %v; want one of each", c.where, c.hit, a.Granted, a.Roles)
	}
	if _, there := c.ring.signer(acc.Key.Store, acc.Key.ID); !there || c.ring.count() != 1 {
		c.t.Errorf("%s, at %s: %d keys in the store, want the account's", c.where, c.hit, c.ring.count())
	}
}

// linkedNow looks that the account's checks hold.
func (c *cell) linkedNow() {
	c.t.Helper()
	p := c.process(trouble{})
	verify := p.ops.Verify(c.account())
	c.must(p.end(verify))
	if r := verify.Last().Report; !r.Linked() {
		c.t.Errorf("%s, at %s: afterwards it does not hold: %+v", c.where, c.hit, r.Checks)
	}
}
