package simcloud

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/axiomio/xops-onboard/account"
)

// loginRoute is an address of the sign-in service, after the tenant.
type loginRoute struct {
	get, post func(v *visit, tenant string)
}

var loginRoutes = sync.OnceValue(allLoginRoutes)

func allLoginRoutes() map[string]loginRoute {
	alone := func(f func(*visit)) func(*visit, string) { return func(v *visit, _ string) { f(v) } }
	return map[string]loginRoute{
		"v2.0/.well-known/openid-configuration": {get: (*visit).discover},
		"discovery/v2.0/keys":                   {get: (*visit).keySet},
		"oauth2/v2.0/token":                     {post: (*visit).token},
		"oauth2/v2.0/authorize":                 {get: (*visit).authorize, post: (*visit).authorize},
		"oauth2/v2.0/devicecode":                {post: (*visit).deviceCode},
		"login":                                 {post: alone((*visit).login)},

		"common/discovery/instance": {get: alone((*visit).instance)},
		"common/Consent/Set":        {post: alone((*visit).decide)},
		"common/oauth2/deviceauth":  {get: alone((*visit).enterCode), post: alone((*visit).enterCode)},
	}
}

// notAtLogin are addresses that the sign-in service has and that are not played.
var notAtLogin = []string{"v2.0/adminconsent", "adminconsent", "oauth2/v2.0/logout", "oauth2/logout", "oauth2/authorize", "oauth2/token", "oauth2/devicecode", "kerberos"}

// serveLogin answers for a sign-in service.
func (c *Cloud) serveLogin(w http.ResponseWriter, r *http.Request, s site) {
	v := c.visit(w, r, s)
	whole := strings.TrimPrefix(r.URL.Path, "/")
	tenant, rest, _ := strings.Cut(whole, "/")
	route, ok := loginRoutes()[whole]
	if !ok || !strings.HasPrefix(whole, "common/") {
		route, ok = loginRoutes()[rest]
		ok = ok && !strings.HasPrefix(rest, "common/")
	}
	switch {
	case !ok && slices.Contains(notAtLogin, rest):
		http.Error(w, "The simulated cloud does not play this yet: "+r.Method+" "+r.URL.Path, http.StatusNotImplemented)
	case !ok:
		http.NotFound(w, r)
	case r.Method == http.MethodPost && route.post != nil:
		route.post(v, tenant)
	case r.Method == http.MethodGet && route.get != nil:
		route.get(v, tenant)
	default:
		v.refuse(badRequest(900561, "The endpoint only accepts %s requests. Received a %s request.", route.accepts(), r.Method))
	}
}

func (l loginRoute) accepts() string {
	switch {
	case l.post == nil:
		return "GET"
	case l.get == nil:
		return "POST"
	}
	return "GET, POST"
}

func (c *Cloud) visit(w http.ResponseWriter, r *http.Request, s site) *visit {
	v := &visit{c: c, w: w, r: r, site: s, now: c.serverTime(), trace: newGUID(), correlation: r.Header.Get("client-request-id")}
	if !isGUID(v.correlation) {
		v.correlation = newGUID()
	}
	return v
}

// Words in the place of a tenant that name no tenant.
var anyTenant = []string{"common", "organizations", "consumers"}

// dnsName is what the service takes for a domain; anything else is malformed.
var dnsName = account.Lazily(`^[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$`)

// resolve is the tenant of that name, if it lives in a cloud of this sign-in
// service. The tenant comes also with the error, when it lives elsewhere.
func (v *visit) resolve(name string) (*Tenant, *signInError) {
	if !isGUID(name) && !dnsName().MatchString(name) {
		return nil, badRequest(900023, "Specified tenant identifier '%s' is neither a valid DNS name, nor a valid external domain.", name)
	}
	t, ok := v.c.find(name)
	if !ok {
		return nil, tenantNotFound(name)
	}
	if slices.Contains(v.site.clouds, t.spec.Cloud) {
		v.oldWords = get(t, func() bool { return t.oldWords })
		return t, nil
	}
	if get(t, func() Elsewhere { return t.elsewhere }) == NotFound {
		return t, tenantNotFound(name)
	}
	return t, badRequest(90038, "Tenant '%s' request is being redirected to the National Cloud '%s'.", name, instanceName(t.spec.Cloud))
}

// instanceName is how the services call a cloud.
func instanceName(id account.CloudID) string {
	return strings.TrimPrefix(id.Cloud().Login, "login.")
}

// oldGraph is the host of the directory graph before Microsoft Graph.
func oldGraph(id account.CloudID) string {
	if id.Cloud().ID == account.China {
		return "graph.chinacloudapi.cn"
	}
	return "graph.windows.net"
}

// configuration is an OpenID Connect discovery document.
// Source: learn.microsoft.com/entra/identity-platform/v2-protocols-oidc.
type configuration struct {
	TokenEndpoint      string   `json:"token_endpoint"`
	TokenAuth          []string `json:"token_endpoint_auth_methods_supported"`
	JWKS               string   `json:"jwks_uri"`
	ResponseModes      []string `json:"response_modes_supported"`
	SubjectTypes       []string `json:"subject_types_supported"`
	IDTokenAlgs        []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes      []string `json:"response_types_supported"`
	Scopes             []string `json:"scopes_supported"`
	Issuer             string   `json:"issuer"`
	RequestURI         bool     `json:"request_uri_parameter_supported"`
	UserInfo           string   `json:"userinfo_endpoint"`
	Authorization      string   `json:"authorization_endpoint"`
	DeviceAuth         string   `json:"device_authorization_endpoint"`
	HTTPLogout         bool     `json:"http_logout_supported"`
	FrontchannelLogout bool     `json:"frontchannel_logout_supported"`
	EndSession         string   `json:"end_session_endpoint"`
	Kerberos           string   `json:"kerberos_endpoint"`
	Region             *string  `json:"tenant_region_scope"`
	SubScope           string   `json:"tenant_region_sub_scope,omitempty"`
	Instance           string   `json:"cloud_instance_name"`
	CloudGraph         string   `json:"cloud_graph_host_name"`
	MSGraph            string   `json:"msgraph_host"`
	RBAC               string   `json:"rbac_url"`
}

func (v *visit) discover(name string) {
	if slices.Contains(anyTenant, strings.ToLower(name)) {
		id := v.site.clouds[0]
		v.describe(configure(hostOf(v.r), strings.ToLower(name), "{tenantid}", id))
		return
	}
	t, refusal := v.resolve(name)
	described := t != nil && get(t, func() Elsewhere { return t.elsewhere }) == Described
	if refusal != nil && !described {
		if refusal.code == 90002 {
			refusal = refusal.as("invalid_tenant")
		}
		v.refuse(refusal)
		return
	}
	id := t.spec.Cloud
	d := configure(id.Cloud().Login, t.spec.ID, t.spec.ID, id)
	d.Region, d.SubScope = regionOf(t)
	v.describe(d)
}

func (v *visit) describe(d configuration) {
	v.headers()
	v.w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(v.w, http.StatusOK, d)
}

// configure is the document of a tenant; in the one for no tenant in
// particular the issuer holds a place for the id.
func configure(host, tenant, issuer string, id account.CloudID) configuration {
	base := "https://" + host + "/" + tenant
	return configuration{
		TokenEndpoint: base + "/oauth2/v2.0/token",
		TokenAuth:     []string{"client_secret_post", "private_key_jwt", "client_secret_basic", "self_signed_tls_client_auth"},
		JWKS:          base + "/discovery/v2.0/keys",
		ResponseModes: []string{"query", "fragment", "form_post"},
		SubjectTypes:  []string{"pairwise"},
		IDTokenAlgs:   []string{"RS256"},
		ResponseTypes: []string{"code", "id_token", "code id_token", "id_token token"},
		Scopes:        []string{"openid", "profile", "email", "offline_access"},
		Issuer:        "https://" + host + "/" + issuer + "/v2.0",
		UserInfo:      "https://" + id.Cloud().Graph + "/oidc/userinfo",
		Authorization: base + "/oauth2/v2.0/authorize",
		DeviceAuth:    base + "/oauth2/v2.0/devicecode",
		HTTPLogout:    true, FrontchannelLogout: true,
		EndSession: base + "/oauth2/v2.0/logout",
		Kerberos:   base + "/kerberos",
		Instance:   instanceName(id), CloudGraph: oldGraph(id), MSGraph: id.Cloud().Graph, RBAC: "https://pas.windows.net",
	}
}

// regionOf is what discovery tells of where a tenant is; the second part tells
// the two US Government clouds apart.
func regionOf(t *Tenant) (region *string, sub string) {
	r := "EU"
	switch t.spec.Cloud {
	case account.USGov:
		r, sub = "USGov", "DODCON"
	case account.USGovDoD:
		r, sub = "USGov", "DOD"
	case account.China:
		r = "AS"
	default:
		if t.spec.GCC {
			r, sub = "NA", "GCC"
		}
	}
	return &r, sub
}

// instanceMetadata is the same at every host.
var instanceMetadata = json.RawMessage(`[` +
	`{"preferred_network":"login.microsoftonline.com","preferred_cache":"login.windows.net","aliases":["login.microsoftonline.com","login.windows.net","login.microsoft.com","sts.windows.net"]},` +
	`{"preferred_network":"login.partner.microsoftonline.cn","preferred_cache":"login.partner.microsoftonline.cn","aliases":["login.partner.microsoftonline.cn","login.chinacloudapi.cn"]},` +
	`{"preferred_network":"login.microsoftonline.us","preferred_cache":"login.microsoftonline.us","aliases":["login.microsoftonline.us","login.usgovcloudapi.net"]}]`)

// instance tells a client whether an authority is one of the sign-in services.
func (v *visit) instance() {
	q := v.r.URL.Query()
	if v := q.Get("api-version"); v != "1.1" && v != "1.0" {
		q.Del("authorization_endpoint") // the version decides how the rest is read
	}
	asked, err := url.Parse(q.Get("authorization_endpoint"))
	if q.Get("authorization_endpoint") == "" || err != nil {
		v.refuse(badRequest(50050, "The request is malformed."))
		return
	}
	host := strings.ToLower(asked.Host)
	if asked.Scheme != "https" || sites()[host].kind != login {
		v.refuse(badRequest(50049, "Unknown or invalid instance.").as("invalid_instance"))
		return
	}
	tenant, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	v.headers()
	v.w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(v.w, http.StatusOK, struct {
		Endpoint string          `json:"tenant_discovery_endpoint"`
		Version  string          `json:"api-version"`
		Metadata json.RawMessage `json:"metadata"`
	}{"https://" + host + "/" + tenant + "/v2.0/.well-known/openid-configuration", "1.1", instanceMetadata})
}
