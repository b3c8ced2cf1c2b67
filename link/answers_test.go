package link_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// TestNineAnswers: from the redeemed sign-in to Connected no more than nine
// answers come one after another, also where an app of this program is there
// already.
func TestNineAnswers(t *testing.T) {
	for name, before := range map[string]int{"first": 0, "another": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRoad(t, func(m link.Microsoft) link.Ports {
					keys, files := keystore.Memory()
					return link.Ports{Keys: keys, Registry: registry.Memory(), Microsoft: m, Save: files, Now: time.Now}
				})
				for range before {
					r.walk(t, r.byCode)
				}
				n, took := r.walk(t, r.byCode)
				if n > 9 {
					t.Errorf("%d answers one after another: %+v", n, r.cloud.Requests())
				}
				if took != time.Duration(n)*late {
					t.Errorf("took %v: something was waited for besides", took)
				}
			})
		})
	}
}

// late is how late every answer comes.
const late = 50 * time.Millisecond

// road is the automatic way with the product's own parts, but for the cloud.
type road struct {
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	ops    *link.Operations
	entra  *entra.Entra
	walked int
}

func newRoad(t testing.TB, ports func(link.Microsoft) link.Ports) *road {
	t.Helper()
	r := &road{cloud: simcloud.New(time.Now)}
	r.tenant = r.cloud.AddTenant(simcloud.TenantSpec{Name: "Contoso", Domains: []string{"contoso.com"}, Licensed: true})
	r.tenant.AddUser(simcloud.UserSpec{UPN: "ada@contoso.com", Roles: []string{simcloud.GlobalAdministrator}})
	client, err := rest.New(rest.Options{Transport: r.cloud.Client().Transport, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	r.entra = entra.New(client, nil)
	r.ops = link.New(t.Context(), ports(r.entra))
	t.Cleanup(r.ops.Close)
	return r
}

// byCode is a sign-in that needs no socket, and some virtual time.
func (r *road) byCode(t testing.TB, wish account.SignInWish) (link.Administrator, error) {
	return r.entra.SignInGraph(t.Context(), account.ByDeviceCode, wish, func(p account.SignInPrompt) {
		if err := r.tenant.EnterCode("ada@contoso.com", p.UserCode); err != nil {
			t.Error(err)
		}
	})
}

// walk goes the whole way once, and tells how many answers came one after
// another from the redeemed sign-in on, and how long that took.
func (r *road) walk(t testing.TB, signIn func(testing.TB, account.SignInWish) (link.Administrator, error)) (answers int, took time.Duration) {
	t.Helper()
	r.walked++
	d := account.Draft{
		ID: account.ID(fmt.Sprintf("%08x-1111-4333-8444-555555555555", r.walked)), Name: account.Name(fmt.Sprint("Contoso ", r.walked)),
		Provider: account.Microsoft, Way: account.Automatic, Cloud: account.Global, Link: account.MicrosoftLink{Tenant: account.TenantID(r.tenant.ID())},
	}
	key := wish
	key.ID = account.KeyID(fmt.Sprintf("%08x-2222-4333-8444-555555555555", r.walked))
	if err := end(t, r.ops.PrepareKey(d, key)); err != nil {
		t.Fatal(err)
	}
	admin, err := signIn(t, account.SignInWish{Tenant: account.TenantID(r.tenant.ID())})
	if err != nil {
		t.Fatal(err)
	}
	r.cloud.ForgetRequests()
	r.cloud.SetLatency(late)
	defer r.cloud.SetLatency(0)
	began := time.Now()
	s, err := admin.Survey(t.Context(), account.SurveyWish{})
	if err != nil {
		t.Fatal(err)
	}
	if err := end(t, r.ops.Connect(d.ID, link.Signed{Directory: admin}, link.ConnectWish{Key: key, Graph: s.Graph, Lives: link.Lives})); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	if _, err := r.ops.Ports().Registry.Account(t.Context(), d.ID); err != nil {
		t.Error(err)
	}
	return longest(r.cloud.Requests()), took
}

// longest is how many requests came one after another, each begun when the one
// before was answered.
func longest(all []simcloud.Request) (n int) {
	slices.SortFunc(all, func(a, b simcloud.Request) int { return a.Done.Compare(b.Done) })
	var done time.Time
	for _, r := range all {
		if !r.Time.Before(done) {
			n, done = n+1, r.Done
		}
	}
	return n
}
