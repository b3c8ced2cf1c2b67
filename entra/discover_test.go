package entra

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

const (
	globalLogin = "login.microsoftonline.com"
	usLogin     = "login.microsoftonline.us"
	chinaLogin  = "login.partner.microsoftonline.cn"
)

func TestDiscover(t *testing.T) {
	type tenantIs struct {
		cloud account.CloudID
		gcc   bool
		says  simcloud.Elsewhere
	}
	for _, tt := range []struct {
		name  string
		is    tenantIs
		cloud account.CloudID // asked for
		want  account.CloudID // found in; empty: not found
		kind  account.Kind
		told  string // Subject
		hosts []string
	}{
		{"Global", tenantIs{cloud: account.Global}, "", account.Global, "", "", []string{globalLogin}},
		{"GCC is Global", tenantIs{cloud: account.Global, gcc: true}, "", account.Global, "", "", []string{globalLogin}},
		{"GCC High", tenantIs{cloud: account.USGov}, "", account.USGov, "", "", []string{globalLogin, usLogin, chinaLogin}},
		{"DoD", tenantIs{cloud: account.USGovDoD}, "", account.USGovDoD, "", "", []string{globalLogin, usLogin, chinaLogin}},
		{"China", tenantIs{cloud: account.China}, "", account.China, "", "", []string{globalLogin, usLogin, chinaLogin}},
		{"DoD, Global names the cloud", tenantIs{cloud: account.USGovDoD, says: simcloud.Redirected}, "", account.USGovDoD, "", "", []string{globalLogin, usLogin}},
		{"China, Global names the cloud", tenantIs{cloud: account.China, says: simcloud.Redirected}, "", account.China, "", "", []string{globalLogin, chinaLogin}},
		{"DoD, Global describes it", tenantIs{cloud: account.USGovDoD, says: simcloud.Described}, "", account.USGovDoD, "", "", []string{globalLogin}},
		{"China, Global describes it", tenantIs{cloud: account.China, says: simcloud.Described}, "", account.China, "", "", []string{globalLogin}},
		{"asked in the right cloud", tenantIs{cloud: account.USGov}, account.USGov, account.USGov, "", "", []string{usLogin}},
		{"asked in the neighbour of the same authority", tenantIs{cloud: account.USGovDoD}, account.USGov, "", account.TenantElsewhere, "usgov-dod", []string{usLogin}},
		{"asked in another cloud", tenantIs{cloud: account.USGov}, account.China, "", account.TenantNotFound, "", []string{chinaLogin}},
		{"asked in another cloud, which names the right one", tenantIs{cloud: account.China, says: simcloud.Redirected}, account.Global, "", account.TenantElsewhere, "china", []string{globalLogin}},
		{"asked in another cloud, which describes it", tenantIs{cloud: account.USGov, says: simcloud.Described}, account.Global, "", account.TenantElsewhere, "usgov", []string{globalLogin}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := begun(t, simcloud.TenantSpec{Cloud: tt.is.cloud, GCC: tt.is.gcc, Domains: []string{"contoso.com"}})
			w.tenant.SetElsewhere(tt.is.says)
			for _, name := range []string{w.tenant.ID(), strings.ToUpper(w.tenant.ID()), "contoso.com", " Contoso.COM. ", w.tenant.Initial()} {
				w.cloud.ForgetRequests()
				w.ahead = 3 * time.Minute
				got, ahead, err := w.entra.Discover(t.Context(), tt.cloud, name)
				want := account.Tenant{}
				if tt.want != "" {
					want = account.Tenant{ID: account.TenantID(w.tenant.ID()), Cloud: tt.want}
				}
				if d := cmp.Diff(want, got); d != "" || account.KindOf(err) != tt.kind {
					t.Fatalf("Discover(%q, %q) = %+v, %v", tt.cloud, name, got, err)
				}
				if tt.kind != "" && account.AsProblem(err).Subject != tt.told {
					t.Errorf("Subject = %q, want %q", account.AsProblem(err).Subject, tt.told)
				}
				if d := ahead - 3*time.Minute; d.Abs() > 2*time.Second {
					t.Errorf("ahead %v, want 3m", ahead)
				}
				slices.Sort(tt.hosts)
				if d := cmp.Diff(tt.hosts, w.asked()); d != "" {
					// Whoever answers first ends the others, which then may not have been asked yet.
					if !(tt.want != "" && len(tt.hosts) == 3 && len(w.asked()) == 2) {
						t.Errorf("hosts asked (-want +got):\n%s", d)
					}
				}
			}
		})
	}
}

func TestDiscoverWhatIsNotThere(t *testing.T) {
	w := begun(t, simcloud.TenantSpec{})
	_, _, err := w.entra.Discover(t.Context(), "", "nope.example")
	p := account.AsProblem(err)
	if p.Kind != account.TenantNotFound || p.Code != "AADSTS90002" || p.Message != "Tenant 'nope.example' not found." || p.RequestID == "" {
		t.Errorf("problem = %+v", p)
	}
	if d := cmp.Diff([]string{globalLogin, usLogin, chinaLogin}, w.asked()); d != "" {
		t.Error(d)
	}
}

func TestDiscoverSendsNothingButTenants(t *testing.T) {
	w := begun(t, simcloud.TenantSpec{})
	for _, name := range []string{"", " ", "common", "organizations", "contoso", "../x", "a.b/../c", "a.b?c=d", "a.b#c", "a..b", ".a.b", "a b.c", "bücher.example", strings.Repeat("a.", 200) + "b", "user@contoso.com"} {
		if _, _, err := w.entra.Discover(t.Context(), "", name); account.KindOf(err) != account.InputNotDomain && account.KindOf(err) != account.InputEmpty {
			t.Errorf("Discover(%q) = %v", name, err)
		}
	}
	if hosts := w.asked(); len(hosts) != 0 {
		t.Errorf("asked %v", hosts)
	}
}

func TestDiscoverIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := begun(t, simcloud.TenantSpec{Cloud: account.USGov, Domains: []string{"contoso.com"}})
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Host(chinaLogin), Latency: time.Hour})
		start := time.Now()
		if got, _, err := w.entra.Discover(t.Context(), "", "contoso.com"); err != nil || got.Cloud != account.USGov {
			t.Errorf("a silent cloud stands in the way: %+v, %v", got, err)
		}
		if d := time.Since(start); d > time.Second {
			t.Errorf("took %v", d)
		}
		start = time.Now()
		_, _, err := w.entra.Discover(t.Context(), "", "nope.example")
		p := account.AsProblem(err)
		if p.Kind != account.TenantNotFound || !errors.Is(p.Err, &account.Problem{Kind: account.TimedOut}) {
			t.Errorf("what could not be asked is not told: %+v", p)
		}
		if d := time.Since(start); d > othersLimit {
			t.Errorf("took %v", d)
		}
		w.cloud.ClearFaults()
		w.cloud.Inject(simcloud.Fault{Latency: time.Hour})
		start = time.Now()
		_, _, err = w.entra.Discover(t.Context(), "", "contoso.com")
		if account.KindOf(err) != account.TimedOut || time.Since(start) > discoverLimit {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, _, err := w.entra.Discover(ctx, "", "contoso.com"); account.KindOf(err) != account.Cancelled {
			t.Errorf("cancelled: %v", err)
		}
		w.cloud.ClearFaults()
	})
}

func TestDiscoverWithAFaultOnTheWay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault simcloud.Fault
		kind  account.Kind
	}{
		{"page", simcloud.Fault{HTML: true}, account.NotTheService},
		{"redirect", simcloud.Fault{Status: 302, HTML: true}, account.NotTheService},
		{"no tenant in it", simcloud.Fault{Body: `{"issuer":"https://login.microsoftonline.com/{tenantid}/v2.0"}`}, account.Unexpected},
		{"another tenant in it", simcloud.Fault{Body: `{"issuer":"https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"}`}, account.Unexpected},
		{"two tenants in it", simcloud.Fault{Body: `{"issuer":"https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0","token_endpoint":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token"}`}, account.Unexpected},
		{"lost once", simcloud.Fault{Drop: simcloud.Before, Times: 1}, ""},
		{"unavailable once", simcloud.Fault{Status: 503, Times: 1}, ""},
		{"lost", simcloud.Fault{Drop: simcloud.Before}, account.Offline},
		{"unavailable", simcloud.Fault{Status: 503}, account.Unavailable},
		{"throttled", simcloud.Fault{Status: 429, RetryAfter: "60"}, account.Throttled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := begun(t, simcloud.TenantSpec{})
				w.cloud.Inject(tt.fault)
				start := time.Now()
				_, _, err := w.entra.Discover(t.Context(), "", w.tenant.ID())
				if account.KindOf(err) != tt.kind {
					t.Errorf("Discover = %v, want kind %q", err, tt.kind)
				}
				if d := time.Since(start); d > discoverLimit {
					t.Errorf("took %v", d)
				}
			})
		})
	}
}

func TestReach(t *testing.T) {
	for _, id := range account.Clouds {
		w := begun(t, simcloud.TenantSpec{Cloud: id})
		w.ahead = -time.Hour
		ahead, problems := w.entra.Reach(t.Context(), id)
		if len(problems) != 0 || (ahead+time.Hour).Abs() > 2*time.Second {
			t.Errorf("%s: %v, %v", id, ahead, problems)
		}
		for _, host := range w.asked() {
			if host != id.Cloud().Login && host != id.Cloud().Graph {
				t.Errorf("%s: asked %s", id, host)
			}
		}
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Host(id.Cloud().Graph), HTML: true})
		_, problems = w.entra.Reach(t.Context(), id)
		if len(problems) != 1 || problems[0].Kind != account.NotTheService || problems[0].Subject != id.Cloud().Graph {
			t.Errorf("%s: %v", id, problems)
		}
	}
}

func FuzzDiscovery(f *testing.F) {
	f.Add([]byte(`{"issuer":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/v2.0","token_endpoint":"https://login.microsoftonline.com/aaaabbbb-0000-cccc-1111-dddd2222eeee/oauth2/v2.0/token","tenant_region_sub_scope":"DOD"}`))
	f.Add([]byte(`{"issuer":"https://%zz","token_endpoint":"//x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		var d discovery
		if json.Unmarshal(body, &d) != nil {
			return
		}
		id, ok := d.tenant()
		if ok != account.IsGUID(string(id)) || string(id) != strings.ToLower(string(id)) {
			t.Errorf("tenant %q, %v", id, ok)
		}
		if c := d.cloud(account.Global); !slices.Contains(account.Clouds, c) {
			t.Errorf("cloud %q", c)
		}
	})
}
