package azure

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

// What link asks for.
var (
	_ link.Azure              = (*Azure)(nil)
	_ link.AzureAdministrator = (*Administrator)(nil)
	_ Tokens                  = (*entra.Entra)(nil)
	_ Session                 = (*entra.Session)(nil)
)

// signInAzure is how main puts entra and azure together.
func signInAzure(e *entra.Entra, client *rest.Client, now func() time.Time) link.SignInAzure {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.AzureAdministrator, error) {
		wish.For = account.ResourceManager
		s, err := e.SignIn(ctx, way, wish, tell)
		if err != nil {
			return nil, err // not a nil *Administrator in an interface
		}
		return Administer(client, wish.Cloud, s, now), nil
	}
}

var keyOf = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func certify(t *testing.T, k crypto.Signer, from, to time.Time) account.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Xops 360"}, NotBefore: from, NotAfter: to, KeyUsage: x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	one, two := sha1.Sum(der), sha256.Sum256(der)
	return account.Certificate{
		PEM:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		SHA1: strings.ToUpper(hex.EncodeToString(one[:])), SHA256: strings.ToUpper(hex.EncodeToString(two[:])), NotBefore: from, NotAfter: to,
	}
}

const (
	boss  = "adele@contoso.com" // a Global Administrator with no role in Azure
	owner = "olga@contoso.com"  // Owner of Production
	shop  = "11111111-1111-4111-8111-111111111111"
	lab   = "22222222-2222-4222-8222-222222222222"
)

// estate is a tenant with an app and an Azure: Production with Shop, and
// Development with Lab, under the root. Its clock is the bubble's.
type estate struct {
	t      *testing.T
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	app    simcloud.App
	target account.AzureTarget
	rest   *rest.Client
	entra  *entra.Entra
	azure  *Azure
	paused []account.Pause

	root, prod, dev, shop, lab account.AzureScope
}

func newEstate(t *testing.T, id account.CloudID) *estate {
	t.Helper()
	e := &estate{t: t, cloud: simcloud.New(time.Now)}
	e.tenant = e.cloud.AddTenant(simcloud.TenantSpec{Name: "Contoso", Domains: []string{"contoso.com"}, Cloud: id})
	e.tenant.AddUser(simcloud.UserSpec{UPN: boss, Name: "Adele Vance", Roles: []string{simcloud.GlobalAdministrator}})
	e.tenant.AddUser(simcloud.UserSpec{UPN: owner, Name: "Olga"})
	e.root = e.tenant.RootGroup()
	e.prod = e.tenant.AddManagementGroup("prod", "Production", "")
	e.dev = e.tenant.AddManagementGroup("dev", "Development", "")
	e.shop = e.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: shop, Name: "Shop", Group: e.prod})
	e.lab = e.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: lab, Name: "Lab", State: "Warned", Group: e.dev})
	e.tenant.AssignAzureRole(e.prod, account.AzureOwner, owner)
	e.app = e.tenant.Register("Xops 360 - Contoso")
	key := certify(t, keyOf(), time.Now().Add(-5*time.Minute), time.Now().Add(180*24*time.Hour))
	e.must(e.tenant.Upload(e.app.ClientID, []byte(key.PEM)))
	e.target = account.AzureTarget{
		Target: account.Target{
			Cloud: id, Certificate: key,
			Link: account.MicrosoftLink{Tenant: account.TenantID(e.tenant.ID()), Client: account.ClientID(e.app.ClientID), Principal: account.ObjectID(e.app.PrincipalID)},
		},
		Scopes: []account.AzureScope{e.prod},
	}
	c, err := rest.New(rest.Options{Transport: e.cloud.Client().Transport, Version: "test"})
	e.must(err)
	e.rest, e.entra = c, entra.New(c, nil)
	e.azure = New(c, e.entra, nil)
	return e
}

// in is an estate in a bubble.
func in(t *testing.T, f func(t *testing.T, e *estate)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, newEstate(t, account.Global)) })
}

func (e *estate) must(err error) {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
}

func (e *estate) principal() account.ObjectID { return e.target.Link.Principal }

func (e *estate) assign(s account.AzureScope, r account.AzureRole) account.AssignmentID {
	return e.tenant.AssignAzureRole(s, r, e.app.PrincipalID)
}

// signIn is somebody's sign-in for Azure, put together as main does it.
func (e *estate) signIn(upn string) link.AzureAdministrator {
	e.t.Helper()
	wish := account.SignInWish{Cloud: e.tenant.Cloud(), Tenant: account.TenantID(e.tenant.ID())}
	a, err := signInAzure(e.entra, e.rest, nil)(e.t.Context(), account.ByDeviceCode, wish, func(p account.SignInPrompt) { e.must(e.tenant.EnterCode(upn, p.UserCode)) })
	e.must(err)
	e.cloud.ForgetRequests()
	return a
}

func (e *estate) tell(p account.Pause) { e.paused = append(e.paused, p) }

// ours are the assignments of the app, as the tenant has them.
func (e *estate) ours() (all []simcloud.AzureAssignmentState) {
	for _, s := range e.tenant.AzureAssignments() {
		if s.Principal == e.app.PrincipalID {
			all = append(all, s)
		}
	}
	return all
}

// see makes the checks.
func (e *estate) see() map[account.CheckName]account.Check {
	e.t.Helper()
	checks, _ := e.azure.See(e.t.Context(), e.target, keyOf())
	made := map[account.CheckName]account.Check{}
	for _, c := range checks {
		made[c.Name] = c
		if (c.State == account.Holds) != (c.Problem == nil) || c.At.IsZero() {
			e.t.Errorf("%s: %+v", c.Name, c)
		}
	}
	want := 3
	if e.target.Vaults {
		want = 4
	}
	if len(checks) != want || len(made) != want {
		e.t.Fatalf("checks %+v", checks)
	}
	return made
}

// want holds how the checks end.
func (e *estate) want(n account.CheckName, state account.CheckState, kind account.Kind, detail ...string) account.Check {
	e.t.Helper()
	return e.wantIn(e.see(), n, state, kind, detail...)
}

func (e *estate) wantIn(made map[account.CheckName]account.Check, n account.CheckName, state account.CheckState, kind account.Kind, detail ...string) account.Check {
	e.t.Helper()
	c := made[n]
	var got account.Kind
	if c.Problem != nil {
		got = c.Problem.Kind
	}
	if c.State != state || got != kind {
		e.t.Errorf("%s: %s %q (%v %q), want %s %q", n, c.State, got, c.Problem, c.Detail, state, kind)
	}
	for _, d := range detail {
		if !slices.ContainsFunc(c.Detail, func(l string) bool { return strings.Contains(l, d) }) {
			e.t.Errorf("%s: %q does not tell %q", n, c.Detail, d)
		}
	}
	return c
}

func (e *estate) wantKind(err error, want account.Kind) *account.Problem {
	e.t.Helper()
	p := account.AsProblem(err)
	if p == nil || p.Kind != want {
		e.t.Fatalf("got %v, want kind %q", err, want)
	}
	return p
}

// arm matches calls of Azure Resource Manager by method and a part of the path.
func (e *estate) arm(method, part string) func(*http.Request) bool {
	host := e.tenant.Cloud().Cloud().ARM
	return func(r *http.Request) bool {
		return r.URL.Host == host && r.Method == method && strings.Contains(r.URL.Path, part)
	}
}

// calls are the calls of Azure Resource Manager of a method.
func (e *estate) calls(method string) (n int) {
	for _, r := range e.cloud.Requests() {
		if r.Host == e.tenant.Cloud().Cloud().ARM && r.Method == method {
			n++
		}
	}
	return n
}

// told is everything that is shown of values.
func told(values ...any) string {
	var all strings.Builder
	for _, v := range values {
		j, _ := json.Marshal(v)
		fmt.Fprintf(&all, "%s %v %+v %#v ", j, v, v, v)
	}
	return all.String()
}
