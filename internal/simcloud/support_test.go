package simcloud_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"io"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// at is when these tests take place.
var at = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) forward(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// keys are RSA keys, made once: making one takes long.
var keys = sync.OnceValue(func() [2]*rsa.PrivateKey {
	var ks [2]*rsa.PrivateKey
	for i := range ks {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		ks[i] = k
	}
	return ks
})

// pair is a certificate and its key.
type pair struct {
	key *rsa.PrivateKey
	der []byte
}

func certificate(t testing.TB, key crypto.Signer, from, to time.Time) []byte {
	t.Helper()
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: "xops"}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func newPair(t testing.TB, n int, now time.Time) pair {
	t.Helper()
	k := keys()[n]
	return pair{k, certificate(t, k, now.Add(-5*time.Minute), now.AddDate(0, 0, 180))}
}

func (p pair) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.der})
}

func (p pair) sha1() string {
	s := sha1.Sum(p.der)
	return strings.ToUpper(hex.EncodeToString(s[:]))
}

// world is a cloud with one tenant whose app has everything.
type world struct {
	t      *testing.T
	clock  *clock
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	app    simcloud.App
	pair   pair
}

const tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"

func newWorld(t *testing.T, in account.CloudID) *world {
	t.Helper()
	return newWorldAt(t, in, at)
}

func newWorldAt(t *testing.T, in account.CloudID, now time.Time) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: now}, pair: newPair(t, 0, now)}
	w.cloud = simcloud.New(w.clock.Now)
	w.tenant = w.cloud.AddTenant(simcloud.TenantSpec{
		ID: tenantID, Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"},
		Cloud: in, Licensed: true, Reviews: []string{"Guests 2025", "Guests quarterly"},
	})
	w.app = w.tenant.Register("Xops 360 - Contoso")
	w.must(w.tenant.Upload(w.app.ClientID, w.pair.pem()))
	return w
}

// equip gives the app its role and its permission.
func (w *world) equip() *world {
	w.t.Helper()
	w.must(w.tenant.AssignGlobalReader(w.app.ClientID))
	w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application))
	w.must(w.tenant.GrantConsent(w.app.ClientID))
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) hosts() account.Cloud { return w.tenant.Cloud().Cloud() }

func (w *world) tokenURL() string {
	return "https://" + w.hosts().Login + "/" + tenantID + "/oauth2/v2.0/token"
}

// jwt signs whatever it is given, as its algorithm says.
func jwt(t testing.TB, key *rsa.PrivateKey, header, claims map[string]any) string {
	t.Helper()
	part := func(v any) string {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(b)
	}
	signed := part(header) + "." + part(claims)
	digest := sha256.Sum256([]byte(signed))
	var opts crypto.SignerOpts = crypto.SHA256
	if header["alg"] == "PS256" {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	}
	sig, err := key.Sign(rand.Reader, digest[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + base64.RawURLEncoding.EncodeToString(sig)
}

// request is a token request before it is spoilt.
type request struct {
	url            string
	header, claims map[string]any
	key            *rsa.PrivateKey
	form           url.Values
}

func (w *world) request() *request {
	s := sha256.Sum256(w.pair.der)
	now := w.clock.Now().Unix()
	return &request{
		url:    w.tokenURL(),
		header: map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(s[:])},
		claims: map[string]any{"aud": w.tokenURL(), "iss": w.app.ClientID, "sub": w.app.ClientID, "jti": "1", "nbf": now, "exp": now + 600},
		key:    w.pair.key,
		form: url.Values{
			"client_id": {w.app.ClientID}, "grant_type": {"client_credentials"}, "scope": {"https://" + w.hosts().Graph + "/.default"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
		},
	}
}

func (r *request) post(t testing.TB, hc *http.Client) answer {
	t.Helper()
	if !r.form.Has("client_assertion") {
		r.form.Set("client_assertion", jwt(t, r.key, r.header, r.claims))
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url, strings.NewReader(r.form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(t, hc, req)
}

// answer is what came back, as JSON.
type answer struct {
	status int
	header http.Header
	body   map[string]any
	text   string
}

func do(t testing.TB, hc *http.Client, req *http.Request) answer {
	t.Helper()
	resp, err := hc.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, text: string(b)}
	_ = json.Unmarshal(b, &a.body) // a page of a proxy is none
	return a
}

// code is the AADSTS code of a refusal, or 0.
func (a answer) code() int {
	codes, _ := a.body["error_codes"].([]any)
	if len(codes) != 1 {
		return 0
	}
	return int(codes[0].(float64))
}

// refusal is the code and message of Graph's error.
func (a answer) refusal() (code, message string) {
	e, _ := a.body["error"].(map[string]any)
	code, _ = e["code"].(string)
	message, _ = e["message"].(string)
	return code, message
}

func (a answer) value() []map[string]any {
	var all []map[string]any
	list, _ := a.body["value"].([]any)
	for _, v := range list {
		all = append(all, v.(map[string]any))
	}
	return all
}

// token is a token of the world's app, which must be given.
func (w *world) token() string {
	w.t.Helper()
	a := w.request().post(w.t, w.cloud.Client())
	if a.status != http.StatusOK {
		w.t.Fatalf("token: %d %s", a.status, a.text)
	}
	return a.body["access_token"].(string)
}

// get asks Graph with a token.
func (w *world) get(token, path string) answer {
	w.t.Helper()
	return w.graph(http.MethodGet, token, path)
}

func (w *world) graph(method, token, path string) answer {
	w.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), method, "https://"+w.hosts().Graph+"/v1.0"+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return do(w.t, w.cloud.Client(), req)
}
