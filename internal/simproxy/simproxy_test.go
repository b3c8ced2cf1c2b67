package simproxy_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy"
)

const tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

func start(t *testing.T) (*simcloud.Cloud, *simproxy.Proxy) {
	t.Helper()
	c := simcloud.New(nil)
	c.AddTenant(simcloud.TenantSpec{ID: tenantID, Domains: []string{"contoso.com"}})
	p, err := simproxy.Start(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() }) // a test may have closed it
	return c, p
}

// client is a plain client that believes the proxy's authority and no other.
func client(t *testing.T, p *simproxy.Proxy) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(p.CAFile())
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatal("the file holds no certificate")
	}
	u, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{Proxy: http.ProxyURL(u), TLSClientConfig: &tls.Config{RootCAs: pool}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second}
}

const discovery = "/contoso.com/v2.0/.well-known/openid-configuration"

func TestClientReachesTheCloudsByTheirNames(t *testing.T) {
	_, p := start(t)
	hc := client(t, p)
	for _, host := range simcloud.Hosts() {
		resp, err := hc.Get("https://" + host + discovery)
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode == http.StatusBadGateway {
			t.Errorf("%s: nobody answers for it", host)
		}
	}
	resp, err := hc.Get("https://login.microsoftonline.com" + discovery)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var d struct{ Issuer string }
	if err := json.NewDecoder(resp.Body).Decode(&d); err != nil || d.Issuer != "https://login.microsoftonline.com/"+tenantID+"/v2.0" {
		t.Errorf("issuer %q, %v", d.Issuer, err)
	}
}

func TestOtherHostsAreRefusedAndNamed(t *testing.T) {
	_, p := start(t)
	hc := client(t, p)
	for _, u := range []string{"https://example.com/", "https://login.microsoftonline.com:8443/", "https://login.microsoftonline.com.evil.example/"} {
		if resp, err := hc.Get(u); err == nil {
			resp.Body.Close()
			t.Errorf("%s was answered: %s", u, resp.Status)
		}
	}
	resp, err := hc.Get("http://example.org/plain")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("without TLS: %s", resp.Status)
	}
	want := []string{"example.com:443", "login.microsoftonline.com:8443", "login.microsoftonline.com.evil.example:443", "example.org"}
	if d := cmp.Diff(want, p.Refused()); d != "" {
		t.Errorf("refused (-want +got):\n%s", d)
	}
}

// TestAuthorityIsNotTheSystems: who does not take the file does not take the proxy.
func TestAuthorityIsNotTheSystems(t *testing.T) {
	_, p := start(t)
	u, err := url.Parse(p.URL())
	if err != nil {
		t.Fatal(err)
	}
	hc := &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(u)}, Timeout: 10 * time.Second}
	resp, err := hc.Get("https://login.microsoftonline.com" + discovery)
	var unknown x509.UnknownAuthorityError
	if !errors.As(err, &unknown) {
		if err == nil {
			resp.Body.Close()
		}
		t.Errorf("got %v, want an unknown authority", err)
	}
}

func TestFaultsPassThroughTheProxy(t *testing.T) {
	for name, f := range map[string]struct {
		fault simcloud.Fault
		want  string
	}{
		"dropped before": {simcloud.Fault{Drop: simcloud.Before, Times: 1}, "EOF"},
		"dropped after":  {simcloud.Fault{Drop: simcloud.After, Times: 1}, "EOF"},
		"slow body":      {simcloud.Fault{SlowBody: true, Times: 1}, "Client.Timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			c, p := start(t)
			hc := client(t, p)
			hc.Timeout = 300 * time.Millisecond
			c.Inject(f.fault)
			// A POST, because the transport repeats a lost GET by itself.
			resp, err := hc.Post("https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=client_credentials"))
			if err == nil {
				_, err = io.ReadAll(resp.Body)
				resp.Body.Close()
			}
			if err == nil || !strings.Contains(err.Error(), f.want) {
				t.Errorf("got %v, want %s", err, f.want)
			}
		})
	}
}

func TestEnvironmentLeadsHere(t *testing.T) {
	_, p := start(t)
	env := p.Env()
	for _, want := range []string{"HTTPS_PROXY=" + p.URL(), "https_proxy=" + p.URL(), "HTTP_PROXY=" + p.URL(), "NO_PROXY=", "no_proxy=", "SSL_CERT_FILE=" + p.CAFile()} {
		if !slices.Contains(env, want) {
			t.Errorf("%q is not in %q", want, env)
		}
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	_, p := start(t)
	hc := client(t, p)
	resp, err := hc.Get("https://graph.microsoft.com/v1.0/organization")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(p.CAFile()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the authority's certificate is still there: %v", err)
	}
	if resp, err := hc.Get("https://graph.microsoft.com/v1.0/organization"); err == nil {
		resp.Body.Close()
		t.Error("an idle connection is still served")
	}
}
