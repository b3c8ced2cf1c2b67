package simcloud

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Parts of Azure Resource Manager's addresses.
const (
	groupsPath        = "/providers/Microsoft.Management/managementGroups"
	authorizationPath = "/providers/Microsoft.Authorization"
)

// armError is a refusal of Azure Resource Manager.
// Source: learn.microsoft.com/rest/api/azure and the troubleshooting pages of
// learn.microsoft.com/azure/role-based-access-control; texts as public reports
// have them.
type armError struct {
	status        int
	code, message string
	challenge     string // WWW-Authenticate, for 401
}

func armProblem(status int, code, format string, args ...any) *armError {
	return &armError{status: status, code: code, message: fmt.Sprintf(format, args...)}
}

// armCall is one request to Azure Resource Manager.
type armCall struct {
	c      *Cloud
	r      *http.Request
	site   site
	host   string
	now    time.Time // the service's
	wall   time.Time // by which things spread
	q      url.Values
	scope  string // that the address names; "/" is above all
	name   string // of what the address names at the scope
	t      *Tenant
	d      *directory // as Azure Resource Manager sees it
	caller claims
}

// armAnswer is what is answered; a nil body is none.
type armAnswer struct {
	status int
	body   any
}

func (c *Cloud) serveARM(w http.ResponseWriter, r *http.Request, s site) {
	g := &armCall{c: c, r: r, site: s, host: hostOf(r), now: c.serverTime(), q: r.URL.Query()}
	h := w.Header()
	h.Set("x-ms-request-id", newGUID())
	h.Set("x-ms-correlation-request-id", newGUID())
	h.Set("x-ms-routing-request-id", "WESTEUROPE:"+newGUID())
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("Cache-Control", "no-cache")
	a, e := g.serve()
	if e != nil {
		g.refuse(w, e)
		return
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	h.Set("Content-Type", "application/json; charset=utf-8")
	writeJSON(w, a.status, a.body)
}

func (g *armCall) refuse(w http.ResponseWriter, e *armError) {
	if e.challenge != "" {
		w.Header().Set("WWW-Authenticate", e.challenge)
	}
	w.Header().Set("x-ms-failure-cause", "gateway")
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	writeJSON(w, e.status, object{"error": object{"code": e.code, "message": e.message}})
}

// armFault is a failure of Azure Resource Manager itself.
func (c *Cloud) armFault(w http.ResponseWriter, r *http.Request, status int) {
	e := armProblem(status, "InternalServerError", "Encountered internal server error. Diagnostic information: timestamp '%s', subscription id '', tracking id '%s', request correlation id '%s'.", c.serverTime().Format("20060102T150405Z"), newGUID(), newGUID())
	switch status {
	case http.StatusTooManyRequests:
		e = armProblem(status, "TooManyRequests", "The request is being throttled as the limit has been reached for operation type - Read_ObservationWindow_00:05:00. For more information, see - https://aka.ms/srpthrottlinglimits")
	case http.StatusServiceUnavailable:
		e = armProblem(status, "ServerTimeout", "The request timed out. Diagnostic information: timestamp '%s'.", c.serverTime().Format("20060102T150405Z"))
	}
	w.Header().Set("x-ms-request-id", newGUID())
	(&armCall{}).refuse(w, e)
}

// serve authenticates, finds the route, holds the version and the options
// against it, and answers under the lock.
func (g *armCall) serve() (armAnswer, *armError) {
	if e := g.authenticate(); e != nil {
		return armAnswer{}, e
	}
	route, e := g.find()
	if e != nil {
		return armAnswer{}, e
	}
	if e := g.asked(route); e != nil {
		return armAnswer{}, e
	}
	b, e := g.body(route)
	if e != nil {
		return armAnswer{}, e
	}
	g.c.mu.Lock()
	defer g.c.mu.Unlock()
	g.wall = g.c.now()
	if e := g.ownSubscription(); e != nil {
		return armAnswer{}, e
	}
	return route.do(g, b)
}

// authenticate opens the bearer token and checks that it is meant for Azure
// Resource Manager of this tenant's cloud.
func (g *armCall) authenticate() *armError {
	scheme, token, ok := strings.Cut(g.r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return g.unauthorized("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
	}
	c, ok := g.c.openToken(token)
	if !ok {
		return g.unauthorized("InvalidAuthenticationToken", "The access token is invalid.")
	}
	if !c.Expires.After(g.now) {
		return g.unauthorized("ExpiredAuthenticationToken", "The access token expiry UTC time '%s' is earlier than current UTC time '%s'.", c.Expires.Format("1/2/2006 3:04:05 PM"), g.now.Format("1/2/2006 3:04:05 PM"))
	}
	t, ok := g.c.find(c.Tenant)
	if !ok || c.Audience != "https://"+g.host || !slices.Contains(g.site.clouds, t.spec.Cloud) {
		return g.unauthorized("InvalidAuthenticationToken", "The access token has been obtained for wrong audience or resource '%s'. It should exactly match with one of the allowed audiences 'https://%s/'.", c.Audience, g.host)
	}
	g.t, g.d, g.caller = t, t.seen(arm), c
	return nil
}

func (g *armCall) unauthorized(code, format string, args ...any) *armError {
	e := armProblem(http.StatusUnauthorized, code, format, args...)
	login := g.site.clouds[0].Cloud().Login
	e.challenge = fmt.Sprintf(`Bearer authorization_uri="https://%s/common", error="invalid_token", error_description="%s"`, login, e.message)
	return e
}

// asked holds the query against the route: the version first of all.
func (g *armCall) asked(r armRoute) *armError {
	version := g.q.Get("api-version")
	switch {
	case version == "":
		return armProblem(http.StatusBadRequest, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.")
	case slices.Contains(r.versions, version):
	case r.kind == "":
		return armProblem(http.StatusBadRequest, "InvalidApiVersionParameter", "The api-version '%s' is invalid. The supported versions are '%s'.", version, strings.Join(r.versions, ","))
	default:
		namespace, kind, _ := strings.Cut(r.kind, "/")
		return armProblem(http.StatusBadRequest, "InvalidResourceType", "The resource type '%s' could not be found in the namespace '%s' for api version '%s'. The supported api-versions are '%s'.", kind, namespace, version, strings.Join(r.versions, ","))
	}
	for name, values := range g.q {
		known := name == "api-version" || strings.EqualFold(name, "$skiptoken") || slices.Contains(r.options, name)
		if !known || len(values) != 1 {
			return g.notPlayed("the query option " + name)
		}
	}
	return nil
}

func (g *armCall) notPlayed(what string) *armError {
	return armProblem(http.StatusNotImplemented, "NotImplemented", "The simulated cloud does not play this yet: %s", what)
}

// who is the object id that roles are assigned to.
func (g *armCall) who() string {
	if g.caller.User != "" {
		return g.caller.User
	}
	return g.caller.Principal
}

// needs refuses who may not do something. of is the address in the text.
func (g *armCall) needs(action, scope, of string) *armError {
	may, deny := g.t.judge(g.who(), action, scope, g.wall)
	if may {
		return nil
	}
	name := g.who()
	if u, ok := g.d.users[g.caller.User]; ok {
		name = u.upn
	}
	if deny != nil {
		return armProblem(http.StatusForbidden, "DenyAssignmentAuthorizationFailed", "The client '%s' with object id '%s' has permission to perform action '%s' on scope '%s'; however, the access is denied because of the deny assignment with name '%s' and Id '%s' at scope '%s'.", name, g.who(), action, of, deny.name, strings.ReplaceAll(deny.id, "-", ""), deny.scope)
	}
	return armProblem(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action '%s' over scope '%s' or the scope is invalid. If access was recently granted, please refresh your credentials.", name, g.who(), action, of)
}

// may tells whether the caller may do something at a scope.
func (g *armCall) may(action, scope string) bool {
	may, _ := g.t.judge(g.who(), action, scope, g.wall)
	return may
}

// ownSubscription refuses an address in a subscription of another tenant, or in
// none.
func (g *armCall) ownSubscription() *armError {
	id, ok := prefixFold(g.scope, "/subscriptions/")
	if !ok {
		return nil
	}
	id, _, _ = strings.Cut(strings.ToLower(id), "/")
	for _, t := range g.c.tenants {
		if !slices.ContainsFunc(t.az.subs, func(s subscription) bool { return s.id == id }) {
			continue
		}
		if t == g.t {
			return nil
		}
		e := armProblem(http.StatusUnauthorized, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer 'https://sts.windows.net/%s/'. It must match the tenant 'https://sts.windows.net/%s/' associated with this subscription. Please use the authority (URL) 'https://login.windows.net/%s' to get the token. Note, if the subscription is transferred to another tenant there is no impact to the services, but information about new tenant could take time to propagate (up to an hour).", g.t.spec.ID, t.spec.ID, t.spec.ID)
		e.challenge = fmt.Sprintf(`Bearer authorization_uri="https://login.windows.net/%s", error="invalid_token", error_description="The access token is from the wrong issuer. It must match the tenant associated with this subscription. Please use correct authority to get the token."`, t.spec.ID)
		return e
	}
	return armProblem(http.StatusNotFound, "SubscriptionNotFound", "The subscription '%s' could not be found.", id)
}

// list answers with a page.
func (g *armCall) list(all []object, more object) (armAnswer, *armError) {
	from := 0
	if token := g.q.Get("$skiptoken"); token != "" {
		for from < len(all) && skipToken(from) != token {
			from++
		}
		if from == len(all) {
			return armAnswer{}, armProblem(http.StatusBadRequest, "InvalidSkipToken", "The skip token '%s' is not valid.", token)
		}
	}
	size := g.t.az.page
	if size == 0 {
		size = len(all)
	}
	from = min(from, len(all))
	to := min(from+size, len(all))
	body := object{"value": append([]object{}, all[from:to]...)}
	for name, v := range more {
		body[name] = v
	}
	if to < len(all) {
		q := g.r.URL.Query()
		q.Set("$skiptoken", skipToken(to))
		body["nextLink"] = "https://" + g.host + g.r.URL.EscapedPath() + "?" + q.Encode()
	}
	return armAnswer{http.StatusOK, body}, nil
}
