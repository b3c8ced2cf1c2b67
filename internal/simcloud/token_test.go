package simcloud_test

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func set(m map[string]any, name string, v any) {
	if v == nil {
		delete(m, name)
		return
	}
	m[name] = v
}

func header(name string, v any) func(*world, *request) {
	return func(_ *world, r *request) { set(r.header, name, v) }
}

func claim(name string, v any) func(*world, *request) {
	return func(_ *world, r *request) { set(r.claims, name, v) }
}

func form(name string, values ...string) func(*world, *request) {
	return func(_ *world, r *request) {
		if r.form[name] = values; values == nil {
			delete(r.form, name)
		}
	}
}

func unix(d time.Duration) int64 { return at.Add(d).Unix() }

// TestTokenRefused spoils one thing at a time of a request that is served.
func TestTokenRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*world, *request)
		status int
		oauth  string
		code   int
		text   string // part of the description
	}{
		"unknown client":        {form("client_id", "12345678-0000-0000-0000-000000000000"), 400, "unauthorized_client", 700016, "Application with identifier '12345678-0000-0000-0000-000000000000' was not found in the directory 'Contoso'."},
		"object id":             {func(w *world, r *request) { r.form.Set("client_id", w.app.ObjectID) }, 400, "unauthorized_client", 700016, "was not found"},
		"client id of no shape": {form("client_id", "xops"), 400, "unauthorized_client", 700016, "was not found"},
		"no client id":          {form("client_id"), 400, "invalid_request", 900144, "'client_id'"},
		"app deleted":           {func(w *world, _ *request) { w.must(w.tenant.DeleteApp(w.app.ClientID)) }, 400, "unauthorized_client", 700016, "was not found"},
		"principal deleted":     {func(w *world, _ *request) { w.must(w.tenant.DeletePrincipal(w.app.ClientID)) }, 401, "invalid_client", 7000229, "is missing service principal in the tenant " + tenantID},
		"disabled":              {func(w *world, _ *request) { w.must(w.tenant.SetEnabled(w.app.ClientID, false)) }, 400, "unauthorized_client", 7000112, "is disabled."},
		"public client":         {func(w *world, _ *request) { w.must(w.tenant.SetPublicClient(w.app.ClientID, true)) }, 401, "invalid_client", 700025, "Client is public"},
		"conditional access":    {func(w *world, _ *request) { w.tenant.BlockWorkload(true) }, 400, "invalid_grant", 53003, "Conditional Access"},
		"no grant type":         {form("grant_type"), 400, "invalid_request", 900144, "'grant_type'"},
		"grant type not known":  {form("grant_type", "password"), 400, "unsupported_grant_type", 70003, "'password'"},
		"no credential":         {form("client_assertion", ""), 401, "invalid_client", 7000218, "'client_assertion' or 'client_secret'"},
		"secret":                {func(_ *world, r *request) { r.form.Set("client_assertion", ""); r.form.Set("client_secret", "x") }, 401, "invalid_client", 7000215, "Invalid client secret provided."},
		"no assertion type":     {form("client_assertion_type"), 400, "invalid_request", 900144, "'client_assertion_type'"},
		"other assertion type":  {form("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"), 400, "invalid_request", 900144, ""},
		"parameter twice":       {form("client_id", "a", "b"), 400, "invalid_request", 9000411, "duplicated"},
		"no scope":              {form("scope"), 400, "invalid_request", 900144, "'scope'"},
		"named scope":           {form("scope", "https://graph.microsoft.com/AccessReview.Read.All"), 400, "invalid_scope", 1002012, "/.default"},
		"two resources":         {form("scope", "https://graph.microsoft.com/.default https://management.azure.com/.default"), 400, "invalid_scope", 70011, "more than one resource"},
		"another cloud's Graph": {form("scope", "https://graph.microsoft.us/.default"), 400, "invalid_resource", 500011, "The resource principal named https://graph.microsoft.us was not found in the tenant named Contoso."},
		"Graph over http":       {form("scope", "http://graph.microsoft.com/.default"), 400, "invalid_resource", 500011, ""},
		"common":                {func(_ *world, r *request) { r.url = strings.Replace(r.url, tenantID, "common", 1) }, 400, "invalid_request", 50059, ""},
		"organizations":         {func(_ *world, r *request) { r.url = strings.Replace(r.url, tenantID, "organizations", 1) }, 400, "invalid_request", 50059, ""},
		"unknown tenant":        {func(_ *world, r *request) { r.url = strings.Replace(r.url, tenantID, "nope.example", 1) }, 400, "invalid_request", 90002, "Tenant 'nope.example' not found."},
		"malformed tenant":      {func(_ *world, r *request) { r.url = strings.Replace(r.url, tenantID, "con toso", 1) }, 400, "invalid_request", 900023, "neither a valid DNS name"},
		"tenant of other cloud": {func(_ *world, r *request) {
			r.url = strings.Replace(r.url, "login.microsoftonline.com", "login.microsoftonline.us", 1)
		}, 400, "invalid_request", 90002, ""},
		"told of the right one": {func(w *world, r *request) {
			w.tenant.SetElsewhere(simcloud.Redirected)
			r.url = strings.Replace(r.url, "login.microsoftonline.com", "login.partner.microsoftonline.cn", 1)
		}, 400, "invalid_request", 90038, "National Cloud 'microsoftonline.com'"},

		"not uploaded": {func(w *world, _ *request) { w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1())) }, 401, "invalid_client", 700027, "is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '"},
		"disabled and not uploaded": {func(w *world, _ *request) {
			w.must(w.tenant.SetEnabled(w.app.ClientID, false))
			w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1()))
		}, 401, "invalid_client", 700027, "The key was not found."},
		"uploaded to another app": {func(w *world, r *request) {
			other := w.tenant.Register("Other")
			r.form.Set("client_id", other.ClientID)
			r.claims["iss"], r.claims["sub"] = other.ClientID, other.ClientID
		}, 401, "invalid_client", 700027, "The key was not found."},
		"other key, our thumbprint": {func(_ *world, r *request) { r.key = keys()[1] }, 401, "invalid_client", 700027, "Key was found, but use of the key to verify the signature failed."},
		"signature of another text": {func(w *world, r *request) {
			real := strings.Split(jwt(w.t, r.key, r.header, r.claims), ".")
			r.claims["jti"] = "2"
			forged := strings.Split(jwt(w.t, r.key, r.header, r.claims), ".")
			r.form.Set("client_assertion", forged[0]+"."+forged[1]+"."+real[2])
		}, 401, "invalid_client", 700027, "verify the signature failed"},
		"RS256 said, PS256 done": {func(w *world, r *request) {
			parts := strings.Split(jwt(w.t, r.key, r.header, r.claims), ".")
			r.header["alg"] = "RS256"
			r.form.Set("client_assertion", strings.Split(jwt(w.t, r.key, r.header, r.claims), ".")[0]+"."+parts[1]+"."+parts[2])
		}, 401, "invalid_client", 700027, "verify the signature failed"},
		"certificate over": {func(w *world, r *request) {
			w.clock.forward(181 * 24 * time.Hour)
			r.claims["nbf"], r.claims["exp"] = w.clock.Now().Unix(), w.clock.Now().Unix()+600
		}, 401, "invalid_client", 700027, "The key used is expired., Thumbprint of key used by client: '"},
		"certificate not begun": {func(w *world, r *request) {
			w.clock.forward(-time.Hour)
			r.claims["nbf"], r.claims["exp"] = w.clock.Now().Unix(), w.clock.Now().Unix()+600
		}, 401, "invalid_client", 700027, "Found key 'Start=11/22/2026 09:55:00, End=05/21/2027 10:00:00'"},
		"two thumbprints, one wrong": {header("x5t", base64.RawURLEncoding.EncodeToString(make([]byte, 20))), 401, "invalid_client", 700027, "The key was not found."},
		"thumbprint as hex text": {func(w *world, r *request) {
			r.header["x5t#S256"] = base64.RawURLEncoding.EncodeToString([]byte(w.pair.sha1()))
		}, 401, "invalid_client", 700027, "The key was not found."},

		"no algorithm":           {header("alg", "none"), 401, "invalid_client", 5002738, "'none' is not a supported signature algorithm"},
		"HS256":                  {header("alg", "HS256"), 401, "invalid_client", 5002738, "'HS256'"},
		"no thumbprint":          {header("x5t#S256", nil), 401, "invalid_client", 5002723, "nor keyId specified in token header"},
		"critical header":        {header("crit", []string{"b64"}), 400, "invalid_request", 50027, "malformed"},
		"no issuer":              {claim("iss", nil), 400, "invalid_request", 90014, "'iss'"},
		"no subject":             {claim("sub", nil), 400, "invalid_request", 90014, "'sub'"},
		"no audience":            {claim("aud", nil), 400, "invalid_request", 90014, "'aud'"},
		"no beginning":           {claim("nbf", nil), 400, "invalid_request", 90014, "'nbf'"},
		"no end":                 {claim("exp", nil), 400, "invalid_request", 90014, "'exp'"},
		"end as text":            {claim("exp", fmt.Sprint(unix(time.Minute))), 400, "invalid_request", 90014, "'exp'"},
		"end beyond all time":    {claim("exp", 1e18), 400, "invalid_request", 90014, "'exp'"},
		"other subject":          {claim("sub", tenantID), 400, "invalid_request", 50048, "Subject must match the issuer claim"},
		"other issuer":           {func(_ *world, r *request) { r.claims["iss"], r.claims["sub"] = tenantID, tenantID }, 401, "invalid_client", 700021, "doesn't match 'client_id'"},
		"audience: issuer":       {claim("aud", "https://login.microsoftonline.com/"+tenantID+"/v2.0"), 401, "invalid_client", 700023, "audience claim does not match"},
		"audience: other cloud":  {claim("aud", "https://login.microsoftonline.us/"+tenantID+"/oauth2/v2.0/token"), 401, "invalid_client", 700023, ""},
		"audience: other tenant": {claim("aud", "https://login.microsoftonline.com/common/oauth2/v2.0/token"), 401, "invalid_client", 700023, ""},
		"audience: http":         {claim("aud", "http://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/token"), 401, "invalid_client", 700023, ""},
		"audiences":              {claim("aud", []string{"https://login.microsoftonline.com/" + tenantID + "/oauth2/v2.0/token"}), 400, "invalid_request", 90014, "'aud'"},
		"begins in six minutes":  {claim("nbf", unix(6*time.Minute)), 401, "invalid_client", 700024, "Current time: 2026-11-22T10:00:00.0000000Z, assertion valid from 2026-11-22T10:06:00.0000000Z, expiry time of assertion 2026-11-22T10:10:00.0000000Z."},
		"over for five minutes":  {claim("exp", unix(-5*time.Minute)), 401, "invalid_client", 700024, "expiry time of assertion 2026-11-22T09:55:00.0000000Z"},
		// The certificate was made five minutes back by that clock, and is not valid yet either.
		"client's clock ahead":  {func(w *world, _ *request) { w.cloud.SetClock(-15 * time.Minute) }, 401, "invalid_client", 700027, "The key used is expired."},
		"client's clock behind": {func(w *world, _ *request) { w.cloud.SetClock(16 * time.Minute) }, 401, "invalid_client", 700024, "Current time: 2026-11-22T10:16:00.0000000Z"},

		"audience with a query": {claim("aud", "https://login.microsoftonline.com/"+tenantID+"/oauth2/v2.0/token?x=1"), 401, "invalid_client", 700023, ""},
		"another salt": {func(w *world, r *request) {
			r.form.Set("client_assertion", salted(w.t, r))
		}, 401, "invalid_client", 700027, "verify the signature failed"},
		"a line end inside": {func(w *world, r *request) {
			signed := jwt(w.t, r.key, r.header, r.claims)
			r.form.Set("client_assertion", signed[:9]+"\n"+signed[9:])
		}, 400, "invalid_request", 50027, ""},
		"no token at all": {form("client_assertion", "x"), 400, "invalid_request", 50027, ""},
		"four parts":      {form("client_assertion", "e30.e30.e30.e30"), 400, "invalid_request", 50027, ""},
		"padded": {func(w *world, r *request) {
			parts := strings.Split(jwt(w.t, r.key, r.header, r.claims), ".")
			r.form.Set("client_assertion", parts[0]+"."+parts[1]+"."+parts[2]+"==")
		}, 400, "invalid_request", 50027, ""},
		"not JSON": {form("client_assertion", "bm8.bm8.bm8"), 400, "invalid_request", 50027, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, account.Global)
			r := w.request()
			c.spoil(w, r)
			a := r.post(t, w.cloud.Client())
			if a.status != c.status || a.body["error"] != c.oauth || a.code() != c.code {
				t.Errorf("got %d %v %d, want %d %s %d\n%s", a.status, a.body["error"], a.code(), c.status, c.oauth, c.code, a.text)
			}
			text, _ := a.body["error_description"].(string)
			if !strings.HasPrefix(text, fmt.Sprintf("AADSTS%d: ", c.code)) || !strings.Contains(text, c.text) {
				t.Errorf("description %q lacks %q", text, c.text)
			}
			if _, given := a.body["access_token"]; given {
				t.Error("a token was given all the same")
			}
		})
	}
}

// salted is an assertion whose salt is as long as fits, where RFC 7518 wants it
// as long as the digest.
func salted(t *testing.T, r *request) string {
	whole := jwt(t, r.key, r.header, r.claims)
	signed := whole[:strings.LastIndex(whole, ".")]
	digest := sha256.Sum256([]byte(signed))
	sig := must(rsa.SignPSS(rand.Reader, r.key, crypto.SHA256, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}))
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// TestTokenServed bends a request in the ways the real service puts up with.
func TestTokenServed(t *testing.T) {
	for name, bend := range map[string]func(*world, *request){
		"as it is":   func(*world, *request) {},
		"as MSAL Go": form("scope", "https://graph.microsoft.com/.default openid offline_access profile"),
		"RS256, x5t": func(w *world, r *request) {
			s := sha1.Sum(w.pair.der)
			r.header = map[string]any{"alg": "RS256", "x5t": base64.RawURLEncoding.EncodeToString(s[:])}
		},
		"thumbprint in standard base64 with padding": func(w *world, r *request) {
			s := sha256.Sum256(w.pair.der)
			r.header["x5t#S256"] = base64.StdEncoding.EncodeToString(s[:])
		},
		"both thumbprints": func(w *world, r *request) {
			s := sha1.Sum(w.pair.der)
			r.header["x5t"] = base64.StdEncoding.EncodeToString(s[:])
		},
		"clock ahead by less than five minutes": claim("nbf", unix(4*time.Minute)),
		"clock behind by less":                  claim("exp", unix(-4*time.Minute)),
		"far end":                               claim("exp", unix(365*24*time.Hour)),
		"by domain": func(_ *world, r *request) {
			r.url = strings.Replace(r.url, tenantID, "contoso.com", 1)
			r.claims["aud"] = r.url
		},
		"domain asked, id signed": func(_ *world, r *request) { r.url = strings.Replace(r.url, tenantID, "Contoso.OnMicrosoft.com", 1) },
		"capitals":                func(w *world, r *request) { r.form.Set("client_id", strings.ToUpper(w.app.ClientID)) },
		"by another name of the service": func(_ *world, r *request) {
			r.url = strings.Replace(r.url, "login.microsoftonline.com", "login.windows.net", 1)
			r.claims["aud"] = r.url
		},
		"second certificate": func(w *world, r *request) {
			p := newPair(w.t, 1, at)
			w.must(w.tenant.Upload(w.app.ClientID, p.der))
			s := sha256.Sum256(p.der)
			r.key, r.header["x5t#S256"] = p.key, base64.RawURLEncoding.EncodeToString(s[:])
		},
		"for Azure": form("scope", "https://management.azure.com/.default"),
		"enabled again": func(w *world, _ *request) {
			w.must(w.tenant.SetEnabled(w.app.ClientID, false))
			w.must(w.tenant.SetEnabled(w.app.ClientID, true))
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, account.Global)
			r := w.request()
			bend(w, r)
			a := r.post(t, w.cloud.Client())
			if a.status != http.StatusOK || a.body["token_type"] != "Bearer" || a.body["expires_in"] != 3599.0 {
				t.Fatalf("%d %s", a.status, a.text)
			}
			for _, absent := range []string{"scope", "refresh_token", "id_token"} {
				if _, ok := a.body[absent]; ok {
					t.Errorf("an app's token comes without %s", absent)
				}
			}
			if strings.Count(a.body["access_token"].(string), ".") != 0 {
				t.Error("the token can be looked into")
			}
			if a.header.Get("Cache-Control") != "no-store, no-cache" {
				t.Errorf("Cache-Control %q", a.header.Get("Cache-Control"))
			}
		})
	}
}

func TestTokenNamesTheThumbprint(t *testing.T) {
	w := newWorld(t, account.Global)
	w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1()))
	a := w.request().post(t, w.cloud.Client())
	s := sha256.Sum256(w.pair.der)
	want := "Thumbprint of key used by client: '" + strings.ToUpper(hex.EncodeToString(s[:])) + "', Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '" + w.app.ClientID + "'."
	if !strings.Contains(a.body["error_description"].(string), want) {
		t.Errorf("%q lacks %q", a.body["error_description"], want)
	}
}

var trailers = regexp.MustCompile(`^AADSTS\d+: .* Trace ID: ([0-9a-f-]{36}) Correlation ID: ([0-9a-f-]{36}) Timestamp: (\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ)$`)

// TestRefusalCanBeTraced: the ids of a refusal are those of its headers, the
// client's own id comes back, and the clock is the service's.
func TestRefusalCanBeTraced(t *testing.T) {
	w := newWorld(t, account.Global)
	w.cloud.SetClock(time.Hour)
	r := w.request()
	r.form.Set("grant_type", "x")
	req, err := http.NewRequest(http.MethodPost, r.url, strings.NewReader(r.form.Encode()))
	w.must(err)
	const mine = "5c9fb43f-f058-45ba-9bb3-8c65e1a78aa1"
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	req.Header.Set("Client-Request-Id", mine)
	req.Header.Set("Return-Client-Request-Id", "true")
	a := do(t, w.cloud.Client(), req)
	m := trailers.FindStringSubmatch(a.body["error_description"].(string))
	if m == nil {
		t.Fatalf("no trailers in %q", a.body["error_description"])
	}
	if m[1] != a.body["trace_id"] || m[1] != a.header.Get("x-ms-request-id") {
		t.Errorf("trace %s, %v, %s", m[1], a.body["trace_id"], a.header.Get("x-ms-request-id"))
	}
	if m[2] != mine || a.body["correlation_id"] != mine || a.header.Get("client-request-id") != mine {
		t.Errorf("correlation %s, %v, %s", m[2], a.body["correlation_id"], a.header.Get("client-request-id"))
	}
	if m[3] != "2026-11-22 11:00:00Z" || a.body["timestamp"] != m[3] || a.header.Get("Date") != "Sun, 22 Nov 2026 11:00:00 GMT" {
		t.Errorf("time %s, %v, %s", m[3], a.body["timestamp"], a.header.Get("Date"))
	}
	if a.body["error_uri"] != "https://login.microsoftonline.com/error?code=70003" {
		t.Errorf("error_uri %v", a.body["error_uri"])
	}
}

func TestOldWording(t *testing.T) {
	w := newWorld(t, account.Global)
	w.tenant.SetOldWording(true)
	r := w.request()
	r.key = keys()[1]
	a := r.post(t, w.cloud.Client())
	if d := a.body["error_description"].(string); !strings.HasPrefix(d, "AADSTS700027: Client assertion contains an invalid signature. [Reason - The key was not found.]\r\nTrace ID: ") {
		t.Errorf("%q", d)
	}
}

// TestFormOnly: what stands in the query, or comes as JSON, is no parameter.
func TestFormOnly(t *testing.T) {
	w := newWorld(t, account.Global)
	r := w.request()
	r.form.Set("client_assertion", jwt(t, r.key, r.header, r.claims))
	for name, req := range map[string]*http.Request{
		"in the query": must(http.NewRequest(http.MethodPost, r.url+"?"+r.form.Encode(), nil)),
		"as JSON":      must(http.NewRequest(http.MethodPost, r.url, strings.NewReader(`{"grant_type":"client_credentials"}`))),
		"with GET":     must(http.NewRequest(http.MethodGet, r.url+"?"+r.form.Encode(), nil)),
	} {
		if name == "in the query" {
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		if a := do(t, w.cloud.Client(), req); a.status != http.StatusBadRequest {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if got := w.cloud.Requests(); len(got) != 3 || got[0].Status != 400 || got[0].Host != "login.microsoftonline.com" {
		t.Errorf("record %+v", got)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
