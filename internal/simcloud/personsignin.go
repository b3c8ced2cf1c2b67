package simcloud

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"html"
	"net/url"
	"slices"
	"strings"
	"time"
)

// login is the sign-in page's form.
func (v *visit) login() {
	form, refusal := v.form()
	var a ask
	if refusal != nil || !v.c.unseal("login", form.Get("ctx"), &a) {
		v.showRefusal(missingField("ctx"))
		return
	}
	t, u, refusal := v.whoIs(a, form.Get("login"))
	if refusal == nil && subtle.ConstantTimeCompare([]byte(form.Get("passwd")), []byte(v.c.password(u.upn))) != 1 {
		refusal = badRequest(50126, "Error validating credentials due to invalid username or password.")
	}
	if refusal != nil {
		v.showRefusal(refusal)
		return
	}
	v.admit(passage{a, t.spec.ID, u.id})
}

// whoIs finds the person in the tenant that was named, or in their own.
func (v *visit) whoIs(a ask, upn string) (*Tenant, *user, *signInError) {
	home, own, known := v.c.home(upn)
	if slices.Contains(anyTenant, strings.ToLower(a.Name)) {
		if !known || !slices.Contains(v.site.clouds, home.spec.Cloud) || strings.EqualFold(a.Name, "consumers") {
			return nil, nil, noSuchUser(upn, a.Name)
		}
		return home, own, nil
	}
	t, refusal := v.resolve(a.Name)
	if refusal != nil {
		return nil, nil, refusal
	}
	if u, ok := t.seen(login).userNamed(upn); ok {
		return t, u, nil
	}
	if known && home != t {
		client, _ := t.signInClient(t.seen(login), a.Client)
		return nil, nil, badRequest(50020, "User account '%s' from identity provider 'https://sts.windows.net/%s/' does not exist in tenant '%s' and cannot access the application '%s'(%s) in that tenant. The account needs to be added as an external user in the tenant first. Sign out and sign in again with a different Azure Active Directory user account.", upn, home.spec.ID, t.spec.Name, client.id, client.name)
	}
	return nil, nil, noSuchUser(upn, t.spec.Name)
}

func noSuchUser(upn, where string) *signInError {
	return badRequest(50034, "The user account %s does not exist in the %s directory. To sign into this application, the account must be added to the directory.", upn, where).as("invalid_grant")
}

// found looks up who a passage is about.
func (v *visit) found(p passage) (*Tenant, *user, signInClient, *signInError) {
	t, ok := v.c.find(p.Tenant)
	if !ok {
		return nil, nil, signInClient{}, tenantNotFound(p.Tenant)
	}
	u, ok := t.seen(login).users[p.User]
	if !ok {
		return t, nil, signInClient{}, noSuchUser(p.User, t.spec.Name)
	}
	client, refusal := v.clientIn(t, p.Ask.Client)
	return t, u, client, refusal
}

// admit is what happens once it is known who it is.
func (v *visit) admit(p passage) {
	t, u, client, refusal := v.found(p)
	if refusal != nil {
		v.showRefusal(refusal)
		return
	}
	refusal, shown := v.stops(t, u, client, p.Ask)
	want, e := v.toConsent(t, u, client, p.Ask)
	if refusal == nil {
		refusal = e
	}
	if refusal == nil && len(want) > 0 && !t.mayConsent(u, want) {
		refusal = policyRefusal(90094)
	}
	switch {
	case refusal != nil:
		v.turnAway(t, u, p.Ask, refusal, shown)
	case len(want) > 0 || p.Ask.Prompt == "consent":
		v.consentPage(p, client, want, u.holds(administrators...))
	default:
		v.letIn(t, u, p)
	}
}

// stops is what keeps a person out of an app, and whether only the browser is
// told.
func (v *visit) stops(t *Tenant, u *user, client signInClient, a ask) (e *signInError, shown bool) {
	p, ok := t.seen(login).principals[client.id]
	switch {
	case ok && p.disabled:
		return appDisabled(client.id, client.name), a.Device == ""
	case ok && p.needsAssignment && !slices.Contains(p.assigned, u.id):
		return badRequest(50105, "Your administrator has configured the application %s ('%s') to block users unless they are specifically granted ('assigned') access to the application. The signed in user '%s' is blocked because they are not a direct member of a group with access, nor had access directly assigned by an administrator. Please contact your administrator to assign access to this application.", client.name, client.id, u.upn).as("access_denied"), false
	case a.Device != "":
		e, _ = t.refuses(AtDeviceCode)
		return e, false
	}
	e, at := t.refuses(InBrowser, OnPage)
	return e, at == OnPage
}

// toConsent is what the person has yet to consent to.
func (v *visit) toConsent(t *Tenant, u *user, client signInClient, a ask) ([]string, *signInError) {
	s, refusal := v.readScopes(a.Scope, graphOf(t.spec.Cloud))
	if refusal != nil {
		return nil, refusal
	}
	return v.mustConsent(t, u, client, s)
}

// mustConsent refuses what a client with fixed permissions can never have.
func (v *visit) mustConsent(t *Tenant, u *user, client signInClient, s scopes) ([]string, *signInError) {
	if !isGraph(s.resource) {
		return nil, t.mayActInAzure(client)
	}
	want := lacking(client.wants(s), t.consented(client, u.id))
	if client.fixed != nil && len(want) > 0 {
		return nil, notPreauthorized(client, s.resource)
	}
	return want, nil
}

func notPreauthorized(client signInClient, resource string) *signInError {
	return badRequest(65002, "Consent between first party application '%s' and first party resource '%s' must be configured via preauthorization - applications owned and operated by Microsoft must get approval from the API owner before requesting tokens for that API.", client.id, appOf(resource))
}

// mayActInAzure judges a sign-in to Azure Resource Manager: of Microsoft's own
// clients the Azure CLI alone is preauthorised. Of others, whose permission
// nobody has consented to, no page is played that asks for it.
func (t *Tenant) mayActInAzure(client signInClient) *signInError {
	switch {
	case client.app == nil && client.id != AzureCLI:
		return notPreauthorized(client, "")
	case client.app != nil && !client.app.azure:
		return notConsented(client)
	}
	return nil
}

func notConsented(client signInClient) *signInError {
	e := badRequest(65001, "The user or administrator has not consented to use the application with ID '%s' named '%s'. Send an interactive authorization request for this user and resource.", client.id, client.name).as("invalid_grant")
	e.suberror = "consent_required"
	return e
}

// isGraph tells whether a resource is the Graph of some cloud; else it is an
// Azure Resource Manager.
func isGraph(resource string) bool {
	return sites()[strings.TrimPrefix(resource, "https://")].kind == graph
}

// decide is the consent page's form. Whoever closes the window never posts it.
func (v *visit) decide() {
	form, refusal := v.form()
	var p passage
	if refusal != nil || !v.c.unseal("consent", form.Get("ctx"), &p) {
		v.showRefusal(missingField("ctx"))
		return
	}
	t, u, client, refusal := v.found(p)
	if refusal != nil {
		v.showRefusal(refusal)
		return
	}
	want, refusal := v.toConsent(t, u, client, p.Ask)
	everyone := form.Get("everyone") == "true"
	switch {
	case refusal != nil:
	case form.Get("decision") != "accept":
		refusal = policyRefusal(65004)
	case !t.mayConsent(u, want), everyone && !u.holds(administrators...):
		refusal = policyRefusal(90094)
	}
	if refusal != nil {
		v.turnAway(t, u, p.Ask, refusal, false)
		return
	}
	who := u.id
	if everyone {
		who = ""
	}
	if err := t.consent(client, who, want); err != nil {
		v.showRefusal(appNotFound(client.id, t.spec.Name))
		return
	}
	v.letIn(t, u, p)
}

// turnAway tells whoever is to be told.
func (v *visit) turnAway(t *Tenant, u *user, a ask, e *signInError, shown bool) {
	if a.Device != "" {
		t.log(u, a.Client, "device code", e)
		v.c.answerDevice(a.Device, func(d *device) { d.refusal = e })
		v.showRefusal(e)
		return
	}
	t.log(u, a.Client, "browser", e)
	if shown {
		v.showRefusal(e)
		return
	}
	v.back(a, refusalForm(v, e))
}

// letIn gives the app its code, or the device its answer.
func (v *visit) letIn(t *Tenant, u *user, p passage) {
	if p.Ask.Device != "" {
		t.log(u, p.Ask.Client, "device code", nil)
		v.c.answerDevice(p.Ask.Device, func(d *device) { d.who = &p })
		v.page("<p>You have signed in to the application on your device. You may now close this window.</p>")
		return
	}
	t.log(u, p.Ask.Client, "browser", nil)
	answer := url.Values{"code": {v.c.newCode(p, v.now)}, "session_state": {newGUID()}}
	if p.Ask.ClientInfo {
		answer.Set("client_info", v.clientInfo(t, u))
	}
	v.back(p.Ask, answer)
}

// codeLife is how long an authorization code can be redeemed.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
const codeLife = 10 * time.Minute

// authCode is an authorization code that was given out. A redeemed one is kept
// until it would have expired, to be told from one that never was.
type authCode struct {
	passage passage
	made    time.Time
	used    bool
}

func (c *Cloud) newCode(p passage, now time.Time) string {
	b := make([]byte, 48)
	rand.Read(b) // never fails
	code := c.keep("authorization code", "0.A"+base64.RawURLEncoding.EncodeToString(b))
	c.mu.Lock()
	defer c.mu.Unlock()
	for text, old := range c.codes {
		if now.Sub(old.made) > 2*codeLife {
			delete(c.codes, text)
		}
	}
	c.codes[code] = &authCode{passage: p, made: now}
	return code
}

// deviceForm is the page that asks for the code a device shows.
func (v *visit) deviceForm(text string) {
	v.page("<p>" + html.EscapeString(text) + "</p>" + hidden("/common/oauth2/deviceauth", nil) + `<input name="otc" /><button>Next</button></form>`)
}
