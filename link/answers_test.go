package link_test

import (
	"context"
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
	for name, others := range map[string]int{"first": 0, "another": 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := newRoad(t)
				for range others {
					r.walk(t)
				}
				r.walk(t)
				n := longest(r.cloud.Requests())
				t.Logf("%d answers one after another", n)
				if n > 9 {
					t.Errorf("%d answers one after another: %+v", n, r.cloud.Requests())
				}
				if r.took != time.Duration(n)*late {
					t.Errorf("took %v: something was waited for besides", r.took)
				}
			})
		})
	}
}

// road is the automatic way with everything real but the cloud.
type road struct {
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	ops    *link.Operations
	entra  *entra.Entra
	walked int
	took   time.Duration // the last walk
}

// late is how late every answer comes.
const late = 50 * time.Millisecond

func newRoad(t *testing.T) *road {
	t.Helper()
	r := &road{cloud: simcloud.New(time.Now)}
	r.tenant = r.cloud.AddTenant(simcloud.TenantSpec{Name: "Contoso", Domains: []string{"contoso.com"}, Licensed: true})
	r.tenant.AddUser(simcloud.UserSpec{UPN: "ada@contoso.com", Roles: []string{simcloud.GlobalAdministrator}})
	client, err := rest.New(rest.Options{Transport: r.cloud.Client().Transport, Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	keys, files := keystore.Memory()
	r.entra = entra.New(client, nil)
	r.ops = link.New(t.Context(), link.Ports{Keys: keys, Registry: registry.Memory(), Microsoft: r.entra, Save: files, Now: time.Now})
	t.Cleanup(r.ops.Close)
	return r
}

// walk goes the whole way once. What was asked from the redeemed sign-in on is
// what the cloud has on record then.
func (r *road) walk(t *testing.T) {
	t.Helper()
	r.walked++
	d := account.Draft{
		ID: account.ID([]string{"0a", "0b", "0c"}[r.walked]), Name: account.Name([]string{"", "Contoso", "Contoso again"}[r.walked]),
		Provider: account.Microsoft, Way: account.Automatic, Cloud: account.Global, Link: account.MicrosoftLink{Tenant: account.TenantID(r.tenant.ID())},
	}
	key := wish
	key.ID = account.KeyID([]string{"", "11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}[r.walked])
	if err := end(t, r.ops.PrepareKey(d, key)); err != nil {
		t.Fatal(err)
	}
	admin, err := r.entra.SignInDevice(t.Context(), account.SignInWish{Tenant: account.TenantID(r.tenant.ID())}, func(p account.SignInPrompt) {
		if err := r.tenant.EnterCode("ada@contoso.com", p.UserCode); err != nil {
			t.Error(err)
		}
	})
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
	if err := end(t, r.ops.Connect(d.ID, admin, link.ConnectWish{Key: key, Graph: s.Graph, Lives: link.Lives})); err != nil {
		t.Fatal(err)
	}
	r.took = time.Since(began)
	if _, err := r.ops.Ports().Registry.Account(context.Background(), d.ID); err != nil {
		t.Error(err)
	}
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
