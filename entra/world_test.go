package entra

import (
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
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

var (
	keyOf      = sync.OnceValue(func() *rsa.PrivateKey { return newKey() })
	otherKeyOf = sync.OnceValue(func() *rsa.PrivateKey { return newKey() })
)

func newKey() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
}

func certify(t *testing.T, k crypto.Signer, subject string, from, to time.Time) account.Certificate {
	t.Helper()
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: subject}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha1.Sum(der), sha256.Sum256(der)
	return account.Certificate{
		PEM:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		SHA1: strings.ToUpper(hex.EncodeToString(one[:])), SHA256: strings.ToUpper(hex.EncodeToString(two[:])),
		NotBefore: from.Truncate(time.Second), NotAfter: to.Truncate(time.Second),
	}
}

// world is a tenant with an app whose onboarding is finished, and the program
// that looks at it. Tests take something away.
type world struct {
	t      *testing.T
	now    time.Time // of the cloud and, with ahead, of this machine
	ahead  time.Duration
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	app    simcloud.App
	target account.Target
	key    crypto.Signer
	rest   *rest.Client
	entra  *Entra
}

var today = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// begun is a world with a tenant and a registered app, and nothing else.
func begun(t *testing.T, spec simcloud.TenantSpec) *world {
	t.Helper()
	w := &world{t: t, now: today, key: keyOf()}
	w.cloud = simcloud.New(func() time.Time { return w.now })
	w.tenant = w.cloud.AddTenant(spec)
	w.app = w.tenant.Register("Xops 360 - Contoso")
	w.target = account.Target{
		Cloud:       w.tenant.Cloud(),
		Link:        account.MicrosoftLink{Tenant: account.TenantID(w.tenant.ID()), Client: account.ClientID(w.app.ClientID)},
		Certificate: certify(t, w.key, "Xops 360 9f3a61c2", today.Add(-5*time.Minute), today.Add(180*24*time.Hour)),
	}
	w.through(w.cloud.Client().Transport)
	return w
}

func (w *world) through(transport http.RoundTripper) {
	w.t.Helper()
	c, err := rest.New(rest.Options{Transport: transport, Version: "test", Now: w.clock})
	if err != nil {
		w.t.Fatal(err)
	}
	w.rest, w.entra = c, New(c, w.clock)
}

func (w *world) clock() time.Time { return w.now.Add(w.ahead) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// finished is a world in which every step is done, an hour ago.
func finished(t *testing.T, spec simcloud.TenantSpec) *world {
	t.Helper()
	w := begun(t, spec)
	w.must(w.tenant.Upload(w.app.ClientID, []byte(w.target.Certificate.PEM)))
	w.must(w.tenant.AssignGlobalReader(w.app.ClientID))
	w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application))
	w.must(w.tenant.GrantConsent(w.app.ClientID))
	w.now = w.now.Add(time.Hour)
	return w
}

func licensed() simcloud.TenantSpec {
	return simcloud.TenantSpec{Name: "Contoso", Domains: []string{"contoso.com"}, Licensed: true, Reviews: []string{"Old", "Guests quarterly"}}
}

func (w *world) verify() account.Report {
	w.t.Helper()
	return w.entra.Verify(w.t.Context(), w.target, w.key)
}

// asked are the hosts that were asked.
func (w *world) asked() (hosts []string) {
	for _, r := range w.cloud.Requests() {
		if !slices.Contains(hosts, r.Host) {
			hosts = append(hosts, r.Host)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// want is how a check is to end.
type want struct {
	state account.CheckState
	kind  account.Kind
}

func (w *world) wantCheck(r account.Report, n account.CheckName, want want) account.Check {
	w.t.Helper()
	c, ok := r.Check(n)
	if !ok {
		w.t.Fatalf("there is no check %s", n)
	}
	var got account.Kind
	if c.Problem != nil {
		got = c.Problem.Kind
	}
	if c.State != want.state || got != want.kind {
		w.t.Errorf("%s: %s %q (%v), want %s %q", n, c.State, got, c.Problem, want.state, want.kind)
	}
	if (c.State == account.Holds) != (c.Problem == nil) {
		w.t.Errorf("%s: state %s with problem %v", n, c.State, c.Problem)
	}
	return c
}

func decode(part string, into any) {
	if b, err := base64.RawURLEncoding.DecodeString(part); err == nil {
		_ = json.Unmarshal(b, into)
	}
}

func encoded(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
