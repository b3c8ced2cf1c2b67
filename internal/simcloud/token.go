package simcloud

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// tokenLife is how long a token lasts, less the second the service takes off.
const tokenLife = 3599 * time.Second

// token is the token endpoint.
func (v *visit) token(tenant string) {
	form, refusal := v.form()
	if refusal == nil {
		switch grant := form.Get("grant_type"); grant {
		case "client_credentials":
			refusal = v.clientCredentials(tenant, form)
		case "authorization_code":
			refusal = v.authorizationCode(tenant, form)
		case "refresh_token":
			refusal = v.refresh(tenant, form)
		case "urn:ietf:params:oauth:grant-type:device_code", "device_code": // the second is an older draft's, and Microsoft's own Go library's
			refusal = v.pollDevice(tenant, form)
		case "":
			refusal = missing("grant_type")
		default:
			refusal = badRequest(70003, "The app requested an unsupported grant type '%s'.", grant).as("unsupported_grant_type")
		}
	}
	if refusal != nil {
		v.refuse(refusal)
	}
}

// form reads the body. What stands in the query is no part of it.
func (v *visit) form() (url.Values, *signInError) {
	mediaType, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type"))
	if mediaType != "application/x-www-form-urlencoded" {
		return nil, missing("grant_type") // nothing else is read
	}
	if err := v.r.ParseForm(); err != nil {
		return nil, missing("grant_type")
	}
	for name, values := range v.r.PostForm {
		if len(values) > 1 {
			return nil, badRequest(9000411, "The request is not properly formatted. The parameter '%s' is duplicated.", name)
		}
	}
	return v.r.PostForm, nil
}

// clientCredentials gives an app its own token for a certificate's signature.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func (v *visit) clientCredentials(name string, form url.Values) *signInError {
	if slices.Contains(anyTenant, strings.ToLower(name)) {
		return badRequest(50059, "No tenant-identifying information found in either the request or implied by any provided credentials.")
	}
	t, refusal := v.resolve(name)
	if refusal != nil {
		return refusal
	}
	if form.Get("client_id") == "" {
		return missing("client_id")
	}
	resource, refusal := scope(form.Get("scope"))
	if refusal != nil {
		return refusal
	}
	d := t.seen(login)
	app, ok := d.apps[strings.ToLower(form.Get("client_id"))]
	if !ok {
		return appNotFound(form.Get("client_id"), t.spec.Name)
	}
	if refusal := v.credential(t, app, form); refusal != nil {
		return refusal
	}
	principal, ok := d.principals[app.client]
	if !ok {
		return badClient(7000229, "The client application %s is missing service principal in the tenant %s. See instructions here: https://go.microsoft.com/fwlink/?linkid=2225119", app.client, t.spec.ID)
	}
	if principal.disabled {
		return appDisabled(app.client, app.name)
	}
	if get(t, func() bool { return t.blocked }) {
		return policyRefusal(53003)
	}
	if !v.offers(resource) {
		return badRequest(500011, "The resource principal named %s was not found in the tenant named %s. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", resource, t.spec.Name).as("invalid_resource")
	}
	v.issue(t, app, principal, resource)
	return nil
}

// credential checks what the app proves itself with.
func (v *visit) credential(t *Tenant, app *application, form url.Values) *signInError {
	if app.public {
		if e := noSecret(form); e != nil {
			return e
		}
	}
	proof := form.Get("client_assertion")
	switch {
	case proof == "" && form.Get("client_secret") != "":
		return badClient(7000215, "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '%s'.", app.client)
	case proof == "":
		return secretNeeded()
	case form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer":
		return missing("client_assertion_type")
	}
	a, refusal := readAssertion(proof)
	if refusal != nil {
		return refusal
	}
	return v.verify(a, app, func(aud string) bool { return v.isEndpoint(aud, t) })
}

// isEndpoint tells whether an audience is the token endpoint of this tenant at
// the host that was asked.
func (v *visit) isEndpoint(aud string, t *Tenant) bool {
	u, err := url.Parse(aud)
	if err != nil || u.Scheme != "https" || u.RawQuery != "" || u.Fragment != "" || !strings.EqualFold(u.Host, hostOf(v.r)) {
		return false
	}
	tenant, rest, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	return rest == "oauth2/v2.0/token" && t.knows(tenant)
}

// scope is the resource that is asked for. Client credentials name exactly one,
// as all that was consented to; what OpenID Connect adds is passed over.
func scope(s string) (string, *signInError) {
	var resource string
	for _, one := range strings.Fields(s) {
		switch {
		case one == "openid", one == "profile", one == "offline_access":
		case !strings.HasSuffix(one, "/.default"):
			return "", badRequest(1002012, "The provided value for scope %s is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier (application ID URI).", s).as("invalid_scope")
		case resource != "":
			return "", badRequest(70011, "The provided value for the input parameter 'scope' is not valid. The scope %s contains more than one resource.", s).as("invalid_scope")
		default:
			resource = strings.TrimSuffix(one, "/.default")
		}
	}
	if resource == "" {
		return "", missing("scope")
	}
	return resource, nil
}

// offers tells whether a resource is known at this sign-in service: Microsoft
// Graph and Azure Resource Manager of its own clouds.
func (v *visit) offers(resource string) bool {
	return slices.ContainsFunc(v.site.clouds, func(id account.CloudID) bool {
		return resource == "https://"+id.Cloud().Graph || resource == "https://"+id.Cloud().ARM
	})
}

// claims is what a token allows, as it was when the token was issued.
type claims struct {
	Audience  string    `json:"aud"`
	Tenant    string    `json:"tid"`
	Client    string    `json:"appid"`
	Principal string    `json:"oid"`
	Roles     []string  `json:"roles,omitempty"` // application permissions
	Directory []string  `json:"wids"`            // directory roles
	User      string    `json:"user,omitempty"`  // object id of the person, if it is not the app's own
	Scopes    []string  `json:"scp,omitempty"`
	Issued    time.Time `json:"iat"`
	Expires   time.Time `json:"exp"`
}

// issue answers with a token. An app without any permission gets one too.
func (v *visit) issue(t *Tenant, app *application, p *principal, resource string) {
	c := claims{
		Audience: resource, Tenant: t.spec.ID, Client: app.client, Principal: p.id,
		Issued: v.now, Expires: v.now.Add(tokenLife),
	}
	for _, g := range p.grants {
		c.Roles = append(c.Roles, g.value)
	}
	for _, r := range p.roles {
		if r.scope == "/" {
			c.Directory = append(c.Directory, r.role)
		}
	}
	c.Directory = append(c.Directory, everyApp)
	v.headers()
	v.w.Header().Set("Cache-Control", "no-store, no-cache")
	v.w.Header().Set("Pragma", "no-cache")
	writeJSON(v.w, http.StatusOK, struct {
		Type   string `json:"token_type"`
		Life   int    `json:"expires_in"`
		Longer int    `json:"ext_expires_in"`
		Token  string `json:"access_token"`
	}{"Bearer", int(tokenLife / time.Second), int(tokenLife / time.Second), v.c.sealToken(c)})
}

// sealToken makes a token that nobody else can read or make. Clients must not
// look into access tokens, and cannot look into these.
// Source: learn.microsoft.com/entra/identity-platform/access-tokens.
func (c *Cloud) sealToken(v claims) string { return c.keep("access token", c.seal("access", v)) }

func (c *Cloud) openToken(token string) (claims, bool) {
	var v claims
	ok := c.unseal("access", token, &v)
	return v, ok
}

// seal makes something of one kind that only unseal of that kind opens.
func (c *Cloud) seal(kind string, v any) string {
	plain, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and times can be marshalled
	}
	nonce := make([]byte, c.tokens.NonceSize())
	rand.Read(nonce) // never fails
	return base64.RawURLEncoding.EncodeToString(c.tokens.Seal(nonce, nonce, plain, []byte(kind)))
}

func (c *Cloud) unseal(kind, sealed string, v any) bool {
	b, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(b) < c.tokens.NonceSize() {
		return false
	}
	plain, err := c.tokens.Open(nil, b[:c.tokens.NonceSize()], b[c.tokens.NonceSize():], []byte(kind))
	return err == nil && json.Unmarshal(plain, v) == nil
}
