package simcloud_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// TestSecretsAreKept: what an app shows is kept though its answer is lost, of what is
// signed the signature alone, and nothing before somebody wants it.
func TestSecretsAreKept(t *testing.T) {
	c := simcloud.New(nil)
	c.AddTenant(simcloud.TenantSpec{Name: "Contoso", Domains: []string{"contoso.com"}})
	c.Inject(simcloud.Fault{Drop: simcloud.Before})
	ask := func(kind, body string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if resp, err := c.Client().Do(r); err == nil {
			_ = resp.Body.Close()
			t.Error("it was to be lost")
		}
	}
	form := url.Values{"code": {"c0de"}, "code_verifier": {"v3rifier"}, "client_assertion": {"eyJh.eyJi.s1gnature"}, "scope": {"openid"}}.Encode()
	ask("application/x-www-form-urlencoded", form)
	if all := c.Secrets(); len(all) != 0 {
		t.Errorf("%v are kept", all)
	}
	c.KeepSecrets()
	ask("application/x-www-form-urlencoded", form)
	ask("application/json", `{"proof":"eyJh.eyJi.pr00f","keyId":"x"}`)
	want := []simcloud.Secret{
		{Kind: "authorization code", Text: "c0de"},
		{Kind: "PKCE verifier", Text: "v3rifier"},
		{Kind: "client assertion", Text: "s1gnature"},
		{Kind: "proof of possession", Text: "pr00f"},
	}
	all := c.Secrets()
	if len(all) != len(want) {
		t.Errorf("kept %v", all)
	}
	for _, s := range want {
		if !slices.Contains(all, s) {
			t.Errorf("%v is not kept of %v", s, all)
		}
	}
}
