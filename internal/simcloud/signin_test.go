package simcloud_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/public"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

const (
	admin    = "admin@contoso.com"
	verifier = "dBjftJeZ4CVP-mBEF92oW-hT8mSxhhxJIdXLGr7_6Gg"
)

// four are the permissions that onboarding asks a person for.
var four = []string{"Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory", "User.Read"}

// fullScopes spells permissions as addresses, as apps ask for them.
func (w *world) fullScopes(values ...string) []string {
	var all []string
	for _, v := range values {
		all = append(all, "https://"+w.hosts().Graph+"/"+v)
	}
	return all
}

// newPeople is a world with a Global Administrator.
func newPeople(t *testing.T, in account.CloudID) *world {
	t.Helper()
	w := newWorld(t, in)
	w.tenant.AddUser(simcloud.UserSpec{UPN: admin, Name: "Adele Vance", Roles: []string{simcloud.GlobalAdministrator}})
	return w
}

// app is an app on this machine that waits for a browser. It hears of an answer
// without a socket.
type app struct {
	w        *world
	tenant   string
	client   string
	query    url.Values
	redeem   url.Values
	answered *http.Request
	form     url.Values
}

// RoundTrip is the app's own page.
func (a *app) RoundTrip(req *http.Request) (*http.Response, error) {
	a.answered = req
	if err := req.ParseForm(); err != nil {
		return nil, err
	}
	a.form = req.Form
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader("You can close this window.")), Header: http.Header{}, Request: req}, nil
}

func (w *world) asking() *app {
	sum := sha256.Sum256([]byte(verifier))
	scope := strings.Join(append(w.fullScopes(four...), "openid", "offline_access", "profile"), " ")
	a := &app{w: w, tenant: tenantID, client: simcloud.CommandLineTools}
	a.query = url.Values{
		"client_id": {a.client}, "redirect_uri": {"http://localhost:44713"}, "response_type": {"code"}, "response_mode": {"form_post"}, "state": {"s1"}, "nonce": {"n1"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}, "code_challenge_method": {"S256"}, "scope": {scope}, "prompt": {"select_account"},
	}
	a.redeem = url.Values{"grant_type": {"authorization_code"}, "client_id": {a.client}, "redirect_uri": {"http://localhost:44713"}, "code_verifier": {verifier}, "scope": {scope}, "client_info": {"1"}}
	return a
}

func (a *app) base() string { return "https://" + a.w.hosts().Login + "/" + a.tenant + "/oauth2/v2.0" }

// open lets a person's browser go where the app sends it.
func (a *app) open(b *simcloud.Browser) simcloud.Landing {
	a.w.t.Helper()
	b.Loopback = a
	l, err := b.Open(a.w.t.Context(), a.base()+"/authorize?"+a.query.Encode())
	a.w.must(err)
	return l
}

func (a *app) post(path string, form url.Values) answer {
	a.w.t.Helper()
	req := must(http.NewRequestWithContext(a.w.t.Context(), http.MethodPost, a.base()+path, strings.NewReader(form.Encode())))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return do(a.w.t, a.w.cloud.Client(), req)
}

func (a *app) token() answer {
	a.w.t.Helper()
	if a.form.Get("code") != "" && !a.redeem.Has("code") {
		a.redeem.Set("code", a.form.Get("code"))
	}
	return a.post("/token", a.redeem)
}

// signIn is a person's token with the four permissions, consented for themselves.
func (w *world) signIn(upn string) string {
	w.t.Helper()
	return w.signInFor(upn, four...)
}

func (w *world) signInFor(upn string, scopes ...string) string {
	w.t.Helper()
	a := w.asking()
	a.query.Set("scope", strings.Join(w.fullScopes(scopes...), " "))
	a.redeem.Set("scope", a.query.Get("scope"))
	if l := a.open(w.tenant.Browser(upn)); l.Status != 200 {
		w.t.Fatalf("%s: %+v", upn, l)
	}
	got := a.token()
	if got.status != 200 {
		w.t.Fatalf("%s: %d %s (%v)", upn, got.status, got.text, a.form)
	}
	return got.body["access_token"].(string)
}

func TestSignInServed(t *testing.T) {
	for _, in := range account.Clouds {
		w := newPeople(t, in)
		a := w.asking()
		if l := a.open(w.tenant.Browser(admin)); l.Status != 200 || l.Answer != "You can close this window." {
			t.Fatalf("%s: %+v", in, l)
		}
		if r := a.answered; r.Method != "POST" || r.URL.String() != "http://localhost:44713" || r.Header.Get("Origin") != "https://"+w.hosts().Login || a.form.Get("state") != "s1" || a.form.Get("session_state") == "" {
			t.Errorf("%s: %s %s %v %v", in, r.Method, r.URL, r.Header, a.form)
		}
		got := a.token()
		if got.status != 200 || got.body["token_type"] != "Bearer" || got.body["scope"] != strings.Join(w.fullScopes(four...), " ") {
			t.Fatalf("%s: %d %s", in, got.status, got.text)
		}
		me := w.get(got.body["access_token"].(string), "/organization?$select=id")
		if me.status != 200 {
			t.Errorf("%s: %s", in, me.text)
		}
		w.checkIDToken(got.body["id_token"].(string))
		uid := w.tenant.Users()[0].ID
		info, err := base64.RawURLEncoding.DecodeString(got.body["client_info"].(string))
		if err != nil || string(info) != fmt.Sprintf(`{"uid":%q,"utid":%q}`, uid, tenantID) {
			t.Errorf("%s: client_info %s", in, info)
		}
		if s := w.tenant.SignIns(); len(s) != 2 || s[0].UPN != admin || s[0].How != "browser" || s[1].How != "code" || s[1].Code != 0 {
			t.Errorf("%s: sign-ins %+v", in, s)
		}
	}
}

// checkIDToken verifies it with the key the service publishes.
func (w *world) checkIDToken(token string) {
	w.t.Helper()
	keys := do(w.t, w.cloud.Client(), must(http.NewRequest(http.MethodGet, "https://"+w.hosts().Login+"/"+tenantID+"/discovery/v2.0/keys", nil)))
	k := keys.body["keys"].([]any)[0].(map[string]any)
	n := must(base64.RawURLEncoding.DecodeString(k["n"].(string)))
	parts := strings.Split(token, ".")
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: 65537}
	if err := rsa.VerifyPKCS1v15(key, 5, digest[:], must(base64.RawURLEncoding.DecodeString(parts[2]))); err != nil {
		w.t.Errorf("id token: %v", err)
	}
	var c map[string]any
	w.must(json.Unmarshal(must(base64.RawURLEncoding.DecodeString(parts[1])), &c))
	if c["tid"] != tenantID || c["preferred_username"] != admin || c["nonce"] != "n1" || c["aud"] != simcloud.CommandLineTools ||
		c["iss"] != "https://"+w.hosts().Login+"/"+tenantID+"/v2.0" || c["oid"] != w.tenant.Users()[0].ID {
		w.t.Errorf("id token %v", c)
	}
}

// ask changes one parameter of the authorize request; nil takes it away.
func ask(name string, values ...string) func(*world, *app) {
	return func(_ *world, a *app) {
		if a.query[name] = values; values == nil {
			delete(a.query, name)
		}
	}
}

// TestAuthorizeShows spoils one thing of a request that is served, in ways that
// the app is never told of.
func TestAuthorizeShows(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world, *app)
		upn   string
		code  int
		text  string
	}{
		"no client":            {ask("client_id"), "", 900144, "'client_id'"},
		"unknown client":       {ask("client_id", tenantID), "", 700016, "was not found in the directory 'Contoso'"},
		"tools not there":      {func(w *world, _ *app) { w.tenant.SetCommandLineTools(false) }, "", 700016, simcloud.CommandLineTools},
		"no redirect":          {ask("redirect_uri"), "", 900971, ""},
		"redirect with a path": {ask("redirect_uri", "http://localhost:44713/back"), "", 50011, "The redirect URI 'http://localhost:44713/back'"},
		"with a slash":         {ask("redirect_uri", "http://localhost:44713/"), "", 50011, ""},
		"127.0.0.1":            {ask("redirect_uri", "http://127.0.0.1:44713"), "", 50011, ""},
		"[::1]":                {ask("redirect_uri", "http://[::1]:44713"), "", 50011, ""},
		"https":                {ask("redirect_uri", "https://localhost:44713"), "", 50011, ""},
		"elsewhere":            {ask("redirect_uri", "http://localhost.example.com:44713"), "", 50011, ""},
		"with a user":          {ask("redirect_uri", "http://localhost:44713@example.com"), "", 50011, ""},
		"no redirect known":    {func(w *world, a *app) { a.query.Set("client_id", w.app.ClientID) }, "", 500113, "No reply address is registered"},
		"unknown tenant":       {func(_ *world, a *app) { a.tenant = "nope.example" }, "", 90002, "'nope.example' not found"},
		"single, organizations": {func(w *world, a *app) {
			a.query.Set("client_id", w.tenant.RegisterSignInClient("Ours").ClientID)
			a.tenant = "organizations"
		}, "", 50194, "not configured as a multi-tenant application"},
		"nobody": {nil, "nobody@contoso.com", 50034, "The user account nobody@contoso.com does not exist in the Contoso directory."},
		"another tenant's": {func(w *world, _ *app) {
			w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam"}).AddUser(simcloud.UserSpec{UPN: "kim@fabrikam.com"})
		}, "kim@fabrikam.com", 50020, "does not exist in tenant 'Contoso'"},
		"disabled": {func(w *world, _ *app) {
			w.must(w.tenant.SetAssignmentRequired(simcloud.CommandLineTools, false))
			w.must(w.tenant.SetEnabled(simcloud.CommandLineTools, false))
		}, "", 7000112, "(Microsoft Graph Command Line Tools) is disabled."},
		"policy with a page": {func(w *world, _ *app) { w.must(w.tenant.RefuseSignIns(53003, simcloud.OnPage)) }, "", 53003, "Conditional Access"},
		"personal":           {func(_ *world, a *app) { a.tenant = "consumers" }, "", 50034, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newPeople(t, account.Global)
			a := w.asking()
			if c.spoil != nil {
				c.spoil(w, a)
			}
			upn := c.upn
			if upn == "" {
				upn = admin
			}
			l := a.open(w.tenant.Browser(upn))
			if l.Code != c.code || l.Status != 0 || !strings.Contains(l.Shown, c.text) || a.answered != nil {
				t.Errorf("%+v", l)
			}
		})
	}
}

// TestAuthorizeTells spoils one thing of a request that is served, in ways that
// the app is told of.
func TestAuthorizeTells(t *testing.T) {
	plain := func(w *world) string { return w.tenant.AddUser(simcloud.UserSpec{UPN: "joni"}).UPN }
	for name, c := range map[string]struct {
		spoil   func(*world, *app)
		who     func(*world) string
		consent simcloud.Consenting
		code    int
		oauth   string
	}{
		"response type":      {ask("response_type", "token"), nil, 0, 700054, "unsupported_response_type"},
		"no response type":   {ask("response_type"), nil, 0, 900144, "invalid_request"},
		"response mode":      {ask("response_mode", "post"), nil, 0, 70007, "unsupported_response_mode"},
		"no scope":           {ask("scope"), nil, 0, 900144, "invalid_request"},
		"unknown scope":      {ask("scope", "https://graph.microsoft.com/Everything.All"), nil, 0, 650053, "invalid_client"},
		"two resources":      {ask("scope", "https://graph.microsoft.com/User.Read https://management.azure.com/user_impersonation"), nil, 0, 28000, "invalid_request"},
		"unknown resource":   {ask("scope", "https://graph.microsoft.us/User.Read"), nil, 0, 500011, "invalid_resource"},
		"default and more":   {ask("scope", "https://graph.microsoft.com/.default User.Read"), nil, 0, 70011, "invalid_scope"},
		"challenge too long": {ask("code_challenge", strings.Repeat("a", 44)), nil, 0, 501491, "invalid_request"},
		"no challenge":       {ask("code_challenge"), nil, 0, 900144, "invalid_request"},
		"challenge method":   {ask("code_challenge_method", "S512"), nil, 0, 50149, "invalid_request"},
		"prompt":             {ask("prompt", "always"), nil, 0, 90023, "invalid_request"},
		"no prompt":          {ask("prompt", "none"), nil, 0, 50058, "login_required"},
		"declined":           {nil, nil, simcloud.Decline, 65004, "access_denied"},
		"no administrator":   {nil, plain, 0, 90094, "access_denied"},
		"not even User.Read": {func(w *world, a *app) { w.tenant.SetUsersConsent(false); a.query.Set("scope", "User.Read") }, plain, 0, 90094, "access_denied"},
		"not for everyone":   {ask("scope", "User.Read"), plain, simcloud.AcceptForEveryone, 90094, "access_denied"},
		"assignment":         {func(w *world, _ *app) { w.must(w.tenant.SetAssignmentRequired(simcloud.CommandLineTools, true)) }, nil, 0, 50105, "access_denied"},
		"policy":             {func(w *world, _ *app) { w.must(w.tenant.RefuseSignIns(53003)) }, nil, 0, 53003, "invalid_grant"},
		"device compliance":  {func(w *world, _ *app) { w.must(w.tenant.RefuseSignIns(53000)) }, nil, 0, 53000, "interaction_required"},
		"the CLI's":          {ask("client_id", simcloud.AzureCLI), nil, 0, 65002, "invalid_request"},
		"for Azure":          {ask("scope", "https://management.azure.com/user_impersonation"), nil, 0, 65002, "invalid_request"},
		"unknown of Azure":   {ask("scope", "https://management.azure.com/User.Read"), nil, 0, 650053, "invalid_client"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newPeople(t, account.Global)
			a, upn := w.asking(), admin
			if c.who != nil {
				upn = c.who(w)
			}
			if c.spoil != nil {
				c.spoil(w, a)
			}
			b := w.tenant.Browser(upn)
			b.Consent = c.consent
			l := a.open(b)
			if l.Status != 200 || a.form.Get("error") != c.oauth || !strings.HasPrefix(a.form.Get("error_description"), fmt.Sprintf("AADSTS%d: ", c.code)) || a.form.Get("state") != "s1" {
				t.Errorf("%+v %v", l, a.form)
			}
			if a.form.Has("code") {
				t.Error("a code was given all the same")
			}
		})
	}
}

// bend changes one parameter of the redemption; none takes it away.
func bend(name string, values ...string) func(*world, *app) {
	return func(_ *world, a *app) {
		if a.redeem[name] = values; values == nil {
			delete(a.redeem, name)
		}
	}
}

// TestCodeRefused spoils one thing of a redemption that is served.
func TestCodeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*world, *app)
		status int
		oauth  string
		code   int
	}{
		"no client":         {bend("client_id"), 400, "invalid_request", 900144},
		"no code":           {bend("code", ""), 400, "invalid_request", 900144},
		"no redirect":       {bend("redirect_uri"), 400, "invalid_request", 900144},
		"unknown code":      {bend("code", "0.Axxx"), 400, "invalid_grant", 9002313},
		"twice":             {func(_ *world, a *app) { a.token() }, 400, "invalid_grant", 54005},
		"other client":      {bend("client_id", simcloud.AzureCLI), 400, "invalid_grant", 70000},
		"other redirect":    {bend("redirect_uri", "http://localhost:44714"), 400, "invalid_client", 500112},
		"no verifier":       {bend("code_verifier"), 400, "invalid_grant", 501481},
		"other verifier":    {bend("code_verifier", strings.Repeat("a", 43)), 400, "invalid_grant", 501481},
		"the challenge":     {func(_ *world, a *app) { a.redeem.Set("code_verifier", a.query.Get("code_challenge")) }, 400, "invalid_grant", 501481},
		"a secret":          {bend("client_secret", "x"), 401, "invalid_client", 700025},
		"ten minutes later": {func(w *world, _ *app) { w.clock.forward(10 * time.Minute) }, 400, "invalid_grant", 70008},
		"other tenant": {func(w *world, a *app) {
			a.tenant = w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam"}).ID()
		}, 400, "invalid_grant", 700005},
		"more than was asked": {bend("scope", "https://graph.microsoft.com/Policy.Read.All"), 400, "invalid_grant", 65001},
		"consent withdrawn": {func(w *world, _ *app) {
			w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools))
		}, 400, "invalid_grant", 65001},
		"policy":  {func(w *world, _ *app) { w.must(w.tenant.RefuseSignIns(50076, simcloud.AtToken)) }, 400, "invalid_grant", 50076},
		"unknown": {bend("client_id", tenantID), 400, "unauthorized_client", 700016},
	} {
		t.Run(name, func(t *testing.T) {
			w := newPeople(t, account.Global)
			a := w.asking()
			a.open(w.tenant.Browser(admin))
			a.redeem.Set("code", a.form.Get("code"))
			c.spoil(w, a)
			got := a.token()
			if got.status != c.status || got.body["error"] != c.oauth || got.code() != c.code {
				t.Errorf("%d %s", got.status, got.text)
			}
			if got.code() == 50076 && got.body["claims"] == nil {
				t.Error("no claims to ask with")
			}
			if _, given := got.body["access_token"]; given {
				t.Error("a token was given all the same")
			}
		})
	}
}

// TestModes: the answer in the address comes with a path and as GET; an
// unforgiving page stays where it is.
func TestModes(t *testing.T) {
	w := newPeople(t, account.Global)
	a := w.asking()
	a.query.Set("response_mode", "query")
	a.open(w.tenant.Browser(admin))
	if r := a.answered; r.Method != "GET" || r.URL.Path != "/" || a.form.Get("code") == "" || a.form.Get("state") != "s1" {
		t.Errorf("query: %s %s", r.Method, r.URL)
	}
	if got := a.token(); got.status != 200 {
		t.Errorf("%s", got.text)
	}
	b := w.asking()
	b.query.Set("prompt", "consent")
	closing := w.tenant.Browser(admin)
	closing.Consent = simcloud.CloseWindow
	if l := b.open(closing); b.answered != nil || !strings.Contains(l.Shown, "Permissions requested by Microsoft Graph Command Line Tools") {
		t.Errorf("closed: %+v", l)
	}
	hostile := w.tenant.Browser(admin)
	hostile.Tamper = func(v url.Values) { v.Set("state", "other") }
	if b.open(hostile); b.form.Get("state") != "other" {
		t.Errorf("tampered: %v", b.form)
	}
}

// TestConsentIsKept: once consented, nobody is asked again; for everyone it
// holds for everyone.
func TestConsentIsKept(t *testing.T) {
	w := newPeople(t, account.Global)
	joni := w.tenant.AddUser(simcloud.UserSpec{UPN: "joni"})
	for _, c := range []struct {
		consent simcloud.Consenting
		granted string
		others  bool
	}{
		{simcloud.AcceptForMe, admin, false},
		{simcloud.AcceptForEveryone, "", true},
	} {
		a := w.asking()
		b := w.tenant.Browser(admin)
		b.Consent = c.consent
		if a.open(b); a.form.Get("code") == "" {
			t.Fatalf("%v", a.form)
		}
		grants := w.tenant.Consents()
		if len(grants) != 1 || grants[0].UPN != c.granted || grants[0].ClientID != simcloud.CommandLineTools || len(grants[0].Scopes) != 4 {
			t.Errorf("grants %+v", grants)
		}
		again := w.asking()
		declines := w.tenant.Browser(admin)
		declines.Consent = simcloud.Decline
		if again.open(declines); again.form.Get("code") == "" {
			t.Errorf("asked again: %v", again.form)
		}
		other := w.asking()
		if other.open(w.tenant.Browser(joni.UPN)); other.form.Has("code") != c.others {
			t.Errorf("somebody else: %v", other.form)
		}
		w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools))
	}
}

// TestAnyTenant: where no tenant is named, the person's own is meant.
func TestAnyTenant(t *testing.T) {
	for _, name := range []string{"organizations", "common", "contoso.com"} {
		w := newPeople(t, account.Global)
		a := w.asking()
		a.tenant = name
		a.open(w.tenant.Browser(admin))
		got := a.token()
		if got.status != 200 {
			t.Fatalf("%s: %s", name, got.text)
		}
		w.checkIDToken(got.body["id_token"].(string))
	}
}

// TestGuest: a guest has another id here than at home, and the account's id is
// the one at home.
func TestGuest(t *testing.T) {
	w := newPeople(t, account.Global)
	home := w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam"})
	own := home.AddUser(simcloud.UserSpec{UPN: "kim@fabrikam.com"})
	here := w.tenant.AddUser(simcloud.UserSpec{UPN: "kim@fabrikam.com", Guest: true, Roles: []string{simcloud.GlobalAdministrator}})
	a := w.asking()
	a.open(w.tenant.Browser("kim@fabrikam.com"))
	got := a.token()
	info, err := base64.RawURLEncoding.DecodeString(got.body["client_info"].(string))
	if err != nil || string(info) != fmt.Sprintf(`{"uid":%q,"utid":%q}`, own.ID, home.ID()) || own.ID == here.ID {
		t.Errorf("%s", info)
	}
}

// TestOwnClient: a client of the customer's own, of one tenant, with its own
// redirect.
func TestOwnClient(t *testing.T) {
	w := newPeople(t, account.Global)
	ours := w.tenant.RegisterSignInClient("Ours", "http://localhost", "http://127.0.0.1:8400")
	for redirect, code := range map[string]int{"http://localhost:1": 0, "http://127.0.0.1:8400": 0, "http://127.0.0.1:8401": 50011} {
		a := w.asking()
		a.query.Set("client_id", ours.ClientID)
		a.query.Set("redirect_uri", redirect)
		a.redeem.Set("client_id", ours.ClientID)
		a.redeem.Set("redirect_uri", redirect)
		if l := a.open(w.tenant.Browser(admin)); l.Code != code {
			t.Errorf("%s: %+v", redirect, l)
		}
		if code == 0 {
			if got := a.token(); got.status != 200 {
				t.Errorf("%s: %s", redirect, got.text)
			}
		}
	}
	w.must(w.tenant.SetPublicClient(ours.ClientID, false))
	a := w.asking()
	if got := a.post("/devicecode", url.Values{"client_id": {ours.ClientID}, "scope": {"User.Read"}}); got.status != 401 || got.code() != 7000218 {
		t.Errorf("device code without public client flows: %s", got.text)
	}
	b := w.asking()
	b.query.Set("client_id", ours.ClientID)
	b.query.Set("scope", "https://graph.microsoft.com/.default")
	b.redeem = url.Values{"grant_type": {"authorization_code"}, "client_id": {ours.ClientID}, "redirect_uri": {"http://localhost:44713"}, "code_verifier": {verifier}, "scope": {"https://graph.microsoft.com/.default"}}
	b.open(w.tenant.Browser(admin))
	if got := b.token(); got.status != 200 || !strings.HasPrefix(got.body["scope"].(string), "https://graph.microsoft.com/.default") {
		t.Errorf(".default: %s", got.text)
	}
}

func TestRefresh(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*world, url.Values)
		code  int
	}{
		"as it is":      {func(*world, url.Values) {}, 0},
		"without scope": {func(_ *world, f url.Values) { f.Del("scope") }, 0},
		"rubbish":       {func(_ *world, f url.Values) { f.Set("refresh_token", "1.Axx") }, 9002313},
		"access token":  {func(_ *world, f url.Values) { f.Set("refresh_token", f.Get("refresh_token")[3:]) }, 9002313},
		"other client":  {func(_ *world, f url.Values) { f.Set("client_id", simcloud.AzureCLI) }, 9002313},
		"none":          {func(_ *world, f url.Values) { f.Del("refresh_token") }, 900144},
		"revoked":       {func(w *world, _ url.Values) { w.clock.forward(time.Second); w.must(w.tenant.RevokeSessions(admin)) }, 50173},
		"ninety days":   {func(w *world, _ url.Values) { w.clock.forward(90 * 24 * time.Hour) }, 700082},
		"policy":        {func(w *world, _ url.Values) { w.must(w.tenant.RefuseSignIns(70043)) }, 70043},
		"no consent":    {func(w *world, _ url.Values) { w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools)) }, 65001},
	} {
		w := newPeople(t, account.Global)
		a := w.asking()
		a.open(w.tenant.Browser(admin))
		f := url.Values{"grant_type": {"refresh_token"}, "client_id": {a.client}, "refresh_token": {a.token().body["refresh_token"].(string)}, "scope": {"User.Read"}}
		c.spoil(w, f)
		if got := a.post("/token", f); got.code() != c.code || (got.status == 200) != (c.code == 0) {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
}

// TestDeviceCode walks one through all that a poll can answer.
func TestDeviceCode(t *testing.T) {
	for _, grant := range []string{"device_code", "urn:ietf:params:oauth:grant-type:device_code"} {
		w := newPeople(t, account.Global)
		a := w.asking()
		start := a.post("/devicecode", url.Values{"client_id": {a.client}, "scope": {a.query.Get("scope")}, "client_info": {"1"}})
		user := start.body["user_code"].(string)
		if start.status != 200 || start.body["expires_in"] != 900.0 || start.body["interval"] != 5.0 || start.body["verification_uri"] != "https://microsoft.com/devicelogin" || !strings.Contains(start.body["message"].(string), user) {
			t.Fatalf("%s", start.text)
		}
		f := url.Values{"grant_type": {grant}, "client_id": {a.client}, "device_code": {start.body["device_code"].(string)}}
		poll := func(after time.Duration, want string) answer {
			t.Helper()
			w.clock.forward(after)
			got := a.post("/token", f)
			if e, _ := got.body["error"].(string); e != want {
				t.Errorf("after %s: %q, want %q", after, e, want)
			}
			return got
		}
		poll(0, "authorization_pending")
		poll(4999*time.Millisecond, "slow_down")
		poll(9999*time.Millisecond, "slow_down")
		poll(14999*time.Millisecond, "slow_down")
		poll(20*time.Second, "authorization_pending")
		if err := w.tenant.EnterCode(admin, "WRONG"); err == nil {
			t.Error("a wrong code was taken")
		}
		w.must(w.tenant.EnterCode(admin, " "+strings.ToLower(user)))
		if err := w.tenant.EnterCode(admin, user); err == nil {
			t.Error("a code was taken twice")
		}
		if got := poll(20*time.Second, ""); got.status != 200 || got.body["scope"] != strings.Join(w.fullScopes(four...), " ") || got.body["client_info"] == nil {
			t.Errorf("%d %s", got.status, got.text)
		}
		poll(20*time.Second, "bad_verification_code")
	}
}

func TestDeviceCodeRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*world)
		consent simcloud.Consenting
		upn     string
		wait    time.Duration
		oauth   string
		code    int
	}{
		"expired":        {nil, 0, "-", 15 * time.Minute, "expired_token", 70020},
		"declined":       {nil, simcloud.Decline, admin, 0, "authorization_declined", 70000},
		"window closed":  {nil, simcloud.CloseWindow, admin, 0, "authorization_pending", 70016},
		"blocked":        {func(w *world) { w.must(w.tenant.RefuseSignIns(53003, simcloud.AtDeviceCode)) }, 0, admin, 0, "invalid_grant", 53003},
		"MFA":            {func(w *world) { w.must(w.tenant.RefuseSignIns(50076)) }, 0, admin, 0, "invalid_grant", 50076},
		"no admin":       {func(w *world) { w.tenant.AddUser(simcloud.UserSpec{UPN: "joni"}) }, 0, "joni@contoso.com", 0, "access_denied", 90094},
		"not assigned":   {func(w *world) { w.must(w.tenant.SetAssignmentRequired(simcloud.CommandLineTools, true)) }, 0, admin, 0, "access_denied", 50105},
		"wrong person":   {nil, 0, "nobody@contoso.com", 0, "authorization_pending", 70016},
		"another client": {nil, 0, "cli", 0, "bad_verification_code", 70018},
		"a secret":       {nil, 0, "secret", 0, "invalid_client", 700025},
	} {
		w := newPeople(t, account.Global)
		if c.prepare != nil {
			c.prepare(w)
		}
		a := w.asking()
		start := a.post("/devicecode", url.Values{"client_id": {a.client}, "scope": {a.query.Get("scope")}})
		f := url.Values{"grant_type": {"device_code"}, "client_id": {a.client}, "device_code": {start.body["device_code"].(string)}}
		switch c.upn {
		case "-":
		case "cli":
			f.Set("client_id", simcloud.AzureCLI)
		case "secret":
			f.Set("client_secret", "x")
		default:
			b := w.tenant.Browser(c.upn)
			b.Consent = c.consent
			must(b.EnterCode(t.Context(), start.body["user_code"].(string)))
		}
		w.clock.forward(c.wait)
		want := http.StatusBadRequest
		if c.oauth == "invalid_client" {
			want = http.StatusUnauthorized
		}
		if got := a.post("/token", f); got.status != want || got.body["error"] != c.oauth || got.code() != c.code {
			t.Errorf("%s: %d %s", name, got.status, got.text)
		}
	}
	w := newPeople(t, account.China)
	a := w.asking()
	if got := a.post("/devicecode", url.Values{"client_id": {tenantID}, "scope": {"User.Read"}}); got.code() != 700016 {
		t.Errorf("unknown client: %s", got.text)
	}
	if got := a.post("/devicecode", url.Values{"client_id": {a.client}}); got.code() != 900144 {
		t.Errorf("no scope: %s", got.text)
	}
}

// TestMSALSignsIn: Microsoft's own library signs a person in, in every cloud,
// over a real loopback address and by device code.
func TestMSALSignsIn(t *testing.T) {
	for _, in := range account.Clouds {
		t.Run(string(in), func(t *testing.T) {
			w := newWorldAt(t, in, time.Now())
			w.tenant.AddUser(simcloud.UserSpec{UPN: admin, Roles: []string{simcloud.GlobalAdministrator}})
			client := must(public.New(simcloud.CommandLineTools, public.WithAuthority("https://"+w.hosts().Login+"/"+tenantID),
				public.WithHTTPClient(w.cloud.Client()), public.WithInstanceDiscovery(false)))
			l, form := loopback(t)
			redirect := "http://localhost:" + l
			scopes := w.fullScopes(four...)
			address := must(client.AuthCodeURL(t.Context(), simcloud.CommandLineTools, redirect, scopes))
			u := must(url.Parse(address))
			q := u.Query()
			state := rand.Text()
			secret := rand.Text() + rand.Text()
			sum := sha256.Sum256([]byte(secret))
			q.Set("state", state)
			q.Set("response_mode", "form_post")
			q.Set("code_challenge", base64.RawURLEncoding.EncodeToString(sum[:]))
			q.Set("code_challenge_method", "S256")
			u.RawQuery = q.Encode()
			landed := must(w.tenant.Browser(admin).Open(t.Context(), u.String()))
			got := <-form
			if landed.Status != 200 || got.Get("state") != state {
				t.Fatalf("%+v %v", landed, got)
			}
			byCode := must(client.AcquireTokenByAuthCode(t.Context(), got.Get("code"), redirect, scopes, public.WithChallenge(secret)))
			dc := must(client.AcquireTokenByDeviceCode(t.Context(), scopes))
			w.must(w.tenant.EnterCode(admin, dc.Result.UserCode))
			byDevice := must(dc.AuthenticationResult(t.Context()))
			alone := must(client.AcquireTokenInteractive(t.Context(), scopes, public.WithOpenURL(func(u string) error {
				go w.tenant.Browser(admin).Open(t.Context(), u)
				return nil
			})))
			for _, r := range []public.AuthResult{byCode, byDevice, alone} {
				if r.IDToken.TenantID != tenantID || r.Account.PreferredUsername != admin || len(r.DeclinedScopes) != 0 {
					t.Errorf("%+v", r.Account)
				}
				if a := w.get(r.AccessToken, "/organization?$select=id"); a.status != 200 {
					t.Errorf("%s", a.text)
				}
			}
			if slices.ContainsFunc(w.cloud.Requests(), func(r simcloud.Request) bool { return r.Host != w.hosts().Login && r.Host != w.hosts().Graph }) {
				t.Errorf("a host of another cloud was asked")
			}
		})
	}
}

// loopback waits on a port of this machine for one form.
func loopback(t *testing.T) (port string, form <-chan url.Values) {
	t.Helper()
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan url.Values, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.ParseForm() == nil {
			got <- r.PostForm
		}
	})}
	go srv.Serve(l)
	t.Cleanup(func() { srv.Close() })
	_, port, err = net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port, got
}

// TestAddressesOfSignIn: what is not played says so, and what takes one method
// takes no other.
func TestAddressesOfSignIn(t *testing.T) {
	w := newPeople(t, account.Global)
	for _, c := range []struct {
		method, path string
		status, code int
	}{
		{"GET", "/" + tenantID + "/v2.0/adminconsent", 501, 0},
		{"GET", "/" + tenantID + "/oauth2/authorize", 501, 0},
		{"GET", "/nonsense", 404, 0},
		{"GET", "/x/common/discovery/instance", 404, 0},
		{"GET", "/" + tenantID + "/oauth2/v2.0/token", 400, 900561},
		{"POST", "/" + tenantID + "/discovery/v2.0/keys", 400, 900561},
		{"PUT", "/" + tenantID + "/oauth2/v2.0/authorize", 400, 900561},
		{"GET", "/" + tenantID + "/login", 400, 900561},
		{"GET", "/common/oauth2/deviceauth", 200, 0},
	} {
		a := do(t, w.cloud.Client(), must(http.NewRequest(c.method, "https://login.microsoftonline.com"+c.path, nil)))
		if a.status != c.status || a.code() != c.code {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.text)
		}
	}
}

// TestOnlyThePersonSignsIn: the pages let nobody in who does not know the
// password, and take nothing that the service did not make.
func TestOnlyThePersonSignsIn(t *testing.T) {
	w := newPeople(t, account.Global)
	a := w.asking()
	page := do(t, w.cloud.Client(), must(http.NewRequest(http.MethodGet, a.base()+"/authorize?"+a.query.Encode(), nil))).text
	_, ctx, _ := strings.Cut(page, `name="ctx" value="`)
	ctx, _, _ = strings.Cut(ctx, `"`)
	post := func(path string, form url.Values) string {
		req := must(http.NewRequest(http.MethodPost, "https://login.microsoftonline.com"+path, strings.NewReader(form.Encode())))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return do(t, w.cloud.Client(), req).text
	}
	for name, text := range map[string]string{
		"AADSTS50126":  post("/"+tenantID+"/login", url.Values{"ctx": {ctx}, "login": {admin}, "passwd": {"guess"}}),
		"AADSTS90014":  post("/"+tenantID+"/login", url.Values{"ctx": {ctx + "x"}, "login": {admin}}),
		"AADSTS90014:": post("/common/Consent/Set", url.Values{"ctx": {ctx}, "decision": {"accept"}}),
	} {
		if !strings.Contains(text, name) {
			t.Errorf("%s: %s", name, text)
		}
	}
	if len(w.tenant.Consents()) != 0 {
		t.Errorf("%+v", w.tenant.Consents())
	}
}

// TestLetInAgain: who is assigned gets in, and so does everybody after the
// policies are taken back.
func TestLetInAgain(t *testing.T) {
	w := newPeople(t, account.Global)
	w.must(w.tenant.SetAssignmentRequired(simcloud.CommandLineTools, true))
	w.must(w.tenant.AssignUser(simcloud.CommandLineTools, admin))
	w.must(w.tenant.RefuseSignIns(53003))
	if err := w.tenant.RefuseSignIns(1); err == nil {
		t.Error("a refusal that there is not")
	}
	a := w.asking()
	a.open(w.tenant.Browser(admin))
	if s := w.tenant.SignIns(); a.form.Get("error") != "invalid_grant" || a.form.Get("claims") == "" || len(s) != 1 || s[0].Code != 53003 {
		t.Errorf("%v %+v", a.form, s)
	}
	w.tenant.AllowSignIns()
	w.signIn(admin)
	if p := w.tenant.Principals(); len(p) != 2 || p[0].Granted[0] != "Delegated Application.ReadWrite.All for "+admin {
		t.Errorf("%+v", p)
	}
	requests := w.cloud.Requests()
	if slices.ContainsFunc(requests, func(r simcloud.Request) bool { return r.Person == strings.HasSuffix(r.Path, "/token") }) {
		t.Errorf("%+v", requests)
	}
}
