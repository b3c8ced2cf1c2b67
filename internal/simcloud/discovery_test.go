package simcloud_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func discover(t *testing.T, c *simcloud.Cloud, host, tenant string) answer {
	t.Helper()
	// With the bare question mark that MSAL Go adds.
	return do(t, c.Client(), must(http.NewRequest(http.MethodGet, "https://"+host+"/"+tenant+"/v2.0/.well-known/openid-configuration?", nil)))
}

func TestDiscoveryDescribesTheTenant(t *testing.T) {
	for _, c := range []struct {
		in            account.CloudID
		sub, instance any
	}{
		{account.Global, nil, "microsoftonline.com"},
		{account.USGov, "DODCON", "microsoftonline.us"},
		{account.USGovDoD, "DOD", "microsoftonline.us"},
		{account.China, nil, "partner.microsoftonline.cn"},
	} {
		w := newWorld(t, c.in)
		for _, name := range []string{tenantID, strings.ToUpper(tenantID), "contoso.com", "Contoso.onmicrosoft.com"} {
			a := discover(t, w.cloud, w.hosts().Login, name)
			for field, want := range map[string]any{
				"issuer":                  "https://" + w.hosts().Login + "/" + tenantID + "/v2.0",
				"token_endpoint":          w.tokenURL(),
				"authorization_endpoint":  "https://" + w.hosts().Login + "/" + tenantID + "/oauth2/v2.0/authorize",
				"msgraph_host":            w.hosts().Graph,
				"cloud_instance_name":     c.instance,
				"tenant_region_sub_scope": c.sub,
			} {
				if a.status != 200 || a.body[field] != want {
					t.Errorf("%s, %s: %s is %v, want %v", c.in, name, field, a.body[field], want)
				}
			}
		}
	}
}

func TestDiscoveryOfGCC(t *testing.T) {
	c := simcloud.New(nil)
	c.AddTenant(simcloud.TenantSpec{Initial: "agency.onmicrosoft.com", GCC: true})
	if a := discover(t, c, "login.microsoftonline.com", "agency.onmicrosoft.com"); a.body["tenant_region_sub_scope"] != "GCC" || a.body["msgraph_host"] != "graph.microsoft.com" {
		t.Errorf("%s", a.text)
	}
}

func TestDiscoveryRefused(t *testing.T) {
	w := newWorld(t, account.USGov)
	for name, c := range map[string]struct {
		answers      simcloud.Elsewhere
		host, tenant string
		oauth        string
		code         int
	}{
		"unknown":                 {simcloud.NotFound, "login.microsoftonline.us", "nope.example", "invalid_tenant", 90002},
		"unknown id":              {simcloud.NotFound, "login.microsoftonline.us", "00000000-0000-0000-0000-000000000000", "invalid_tenant", 90002},
		"other cloud":             {simcloud.NotFound, "login.microsoftonline.com", tenantID, "invalid_tenant", 90002},
		"other cloud, redirected": {simcloud.Redirected, "login.microsoftonline.com", "contoso.com", "invalid_request", 90038},
		"one word":                {simcloud.NotFound, "login.microsoftonline.com", "contoso", "invalid_request", 900023},
		"an address":              {simcloud.NotFound, "login.microsoftonline.com", "admin@contoso.com", "invalid_request", 900023},
	} {
		w.tenant.SetElsewhere(c.answers)
		a := discover(t, w.cloud, c.host, c.tenant)
		if a.status != 400 || a.body["error"] != c.oauth || a.code() != c.code {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	w.tenant.SetElsewhere(simcloud.Described)
	a := discover(t, w.cloud, "login.microsoftonline.com", tenantID)
	if a.status != 200 || a.body["token_endpoint"] != w.tokenURL() || a.body["msgraph_host"] != "graph.microsoft.us" {
		t.Errorf("described elsewhere: %d %s", a.status, a.text)
	}
}

func TestDiscoveryOfNoTenant(t *testing.T) {
	a := discover(t, simcloud.New(nil), "login.microsoftonline.com", "organizations")
	if a.body["issuer"] != "https://login.microsoftonline.com/{tenantid}/v2.0" || a.body["token_endpoint"] != "https://login.microsoftonline.com/organizations/oauth2/v2.0/token" || a.body["tenant_region_scope"] != nil {
		t.Errorf("%s", a.text)
	}
}

func TestInstanceDiscovery(t *testing.T) {
	c := simcloud.New(nil)
	ask := func(q url.Values) answer {
		return do(t, c.Client(), must(http.NewRequest(http.MethodGet, "https://login.microsoftonline.com/common/discovery/instance?"+q.Encode(), nil)))
	}
	for _, host := range []string{"login.microsoftonline.com", "login.microsoftonline.us", "login.partner.microsoftonline.cn", "login.windows.net"} {
		a := ask(url.Values{"api-version": {"1.1"}, "authorization_endpoint": {"https://" + host + "/" + tenantID + "/oauth2/v2.0/authorize"}})
		if a.status != 200 || a.body["tenant_discovery_endpoint"] != "https://"+host+"/"+tenantID+"/v2.0/.well-known/openid-configuration" || len(a.body["metadata"].([]any)) != 3 {
			t.Errorf("%s: %d %s", host, a.status, a.text)
		}
	}
	for name, q := range map[string]url.Values{
		"unknown host": {"api-version": {"1.1"}, "authorization_endpoint": {"https://login.evil.example/common/oauth2/v2.0/authorize"}},
		"Graph":        {"api-version": {"1.1"}, "authorization_endpoint": {"https://graph.microsoft.com/common/oauth2/v2.0/authorize"}},
		"http":         {"api-version": {"1.1"}, "authorization_endpoint": {"http://login.microsoftonline.com/common/oauth2/v2.0/authorize"}},
	} {
		if a := ask(q); a.status != 400 || a.body["error"] != "invalid_instance" || a.code() != 50049 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	for name, q := range map[string]url.Values{
		"nothing asked": {"api-version": {"1.1"}},
		"no version":    {"authorization_endpoint": {"https://login.microsoftonline.com/common/oauth2/v2.0/authorize"}},
	} {
		if a := ask(q); a.status != 400 || a.code() != 50050 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}
