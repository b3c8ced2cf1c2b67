package simcloud

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// object is one entity as JSON.
type object map[string]any

// graphError is a refusal of Microsoft Graph.
// Source: learn.microsoft.com/graph/errors.
type graphError struct {
	status        int
	code, message string
	details       []object
}

func problem(status int, code, message string) *graphError {
	return &graphError{status: status, code: code, message: message}
}

// about adds what Graph says of the property in question.
func (e *graphError) about(code, target string) *graphError {
	copied := *e
	copied.details = []object{{"code": code, "message": e.message, "target": target}}
	return &copied
}

func badRequestBody(format string, args ...any) *graphError {
	return problem(http.StatusBadRequest, "Request_BadRequest", fmt.Sprintf(format, args...))
}

func badQuery(format string, args ...any) *graphError {
	return problem(http.StatusBadRequest, "BadRequest", fmt.Sprintf(format, args...))
}

func unauthorized(message string) *graphError {
	return problem(http.StatusUnauthorized, "InvalidAuthenticationToken", message)
}

func noSuchObject(id string) *graphError {
	return problem(http.StatusNotFound, "Request_ResourceNotFound", fmt.Sprintf("Resource '%s' does not exist or one of its queried reference-property objects are not present.", id))
}

var denied = problem(http.StatusForbidden, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")

// call is one request to Graph.
type call struct {
	c       *Cloud
	w       http.ResponseWriter
	r       *http.Request
	cloud   account.Cloud
	now     time.Time // the service's
	request string    // its id
	client  string    // the client's id for it

	t      *Tenant
	d      *directory // as Graph sees it
	caller claims
	keys   []key
	q      query
}

// key is what an address names an object by.
type key struct{ by, value string }

func (c *Cloud) graphCall(w http.ResponseWriter, r *http.Request, id account.CloudID) *call {
	g := &call{c: c, w: w, r: r, cloud: id.Cloud(), now: c.serverTime(), request: newGUID(), client: r.Header.Get("client-request-id")}
	if g.client == "" {
		g.client = g.request
	}
	h := w.Header()
	h.Set("request-id", g.request)
	h.Set("client-request-id", g.client)
	h.Set("x-ms-ags-diagnostic", `{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"004","RoleInstance":"AM2PEPF0001C3D8"}}`)
	h.Set("Strict-Transport-Security", "max-age=31536000")
	h.Set("Cache-Control", "no-cache")
	return g
}

func (c *Cloud) serveGraph(w http.ResponseWriter, r *http.Request, id account.CloudID) {
	g := c.graphCall(w, r, id)
	if e := g.serve(); e != nil {
		g.refuse(e)
	}
}

// serve authenticates, finds the route, reads the options, authorises and
// answers, in this order; a write's body is read after the caller was judged.
func (g *call) serve() *graphError {
	if e := g.authenticate(); e != nil {
		return e
	}
	route, e := g.find()
	if e != nil {
		return e
	}
	if g.r.Method != http.MethodGet {
		return g.write(route)
	}
	if g.q, e = route.read.parse(g.r.URL.RawQuery); e != nil {
		return e
	}
	if e := g.counts(); e != nil {
		return e
	}
	if e := g.identify(); e != nil {
		return e
	}
	if !route.mayRead(g.caller) {
		return denied
	}
	return route.get(g)
}

// counts: the number of directory objects comes from an index of its own, and
// only to those who say that they know.
// Source: learn.microsoft.com/graph/aad-advanced-queries.
func (g *call) counts() *graphError {
	if g.q.count && !strings.EqualFold(g.r.Header.Get("ConsistencyLevel"), "eventual") {
		return badRequestBody("$count is not currently supported.")
	}
	return nil
}

// authenticate opens the bearer token and checks that it is meant for this Graph.
func (g *call) authenticate() *graphError {
	scheme, token, ok := strings.Cut(g.r.Header.Get("Authorization"), " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") || token == "" {
		return unauthorized("Access token is empty.")
	}
	claims, ok := g.c.openToken(token)
	if !ok {
		return unauthorized("CompactToken parsing failed with error code: 80049217")
	}
	if !claims.Expires.After(g.now) {
		return unauthorized("Lifetime validation failed, the token is expired.")
	}
	if claims.Issued.After(g.now.Add(tolerance)) {
		return unauthorized("Access token has expired or is not yet valid.")
	}
	t, ok := g.c.find(claims.Tenant)
	if !ok || claims.Audience != "https://"+g.cloud.Graph || t.spec.Cloud != g.cloud.ID {
		return unauthorized("Access token validation failure. Invalid audience.")
	}
	g.t, g.d, g.caller = t, t.seen(graph), claims
	return nil
}

// identify looks the caller up in the directory.
func (g *call) identify() *graphError {
	if g.caller.User != "" {
		if _, ok := g.person(); !ok {
			return problem(http.StatusUnauthorized, "Authorization_IdentityNotFound", "The identity of the calling user could not be established.")
		}
		return nil
	}
	p, ok := g.d.principalByID(g.caller.Principal)
	if !ok {
		return problem(http.StatusUnauthorized, "Authorization_IdentityNotFound", "The identity of the calling application could not be established.")
	}
	if p.disabled {
		return problem(http.StatusForbidden, "Authorization_IdentityDisabled", "The identity of the calling application is disabled.")
	}
	return nil
}

// route is one address of Graph.
type route struct {
	path   string // "{}" stands for a key
	get    func(*call) *graphError
	read   reading
	allows func(claims) bool // who may read: an app
	people right             // and a person, or an app with the same permission
	do     map[string]operation
	writes []string // methods that Graph has here and that are not played
}

// find is the route of the request's address.
func (g *call) find() (route, *graphError) {
	segments := strings.Split(strings.Trim(g.r.URL.EscapedPath(), "/"), "/")
	if segments[0] != "v1.0" {
		return route{}, badQuery("Invalid version: %s", segments[0])
	}
	path, keys, e := normal(segments[1:])
	if e != nil {
		return route{}, e
	}
	g.keys = keys
	for _, r := range routes() {
		if r.path == strings.Join(path, "/") {
			return r, nil
		}
	}
	address := strings.Join(path, "/") + "/"
	if slices.ContainsFunc(elsewhere, func(e string) bool { return strings.HasPrefix(address, e+"/") }) {
		return route{}, g.notPlayed(g.r.Method + " " + g.r.URL.Path)
	}
	return route{}, badQuery("Resource not found for the segment '%s'.", unknownSegment(path))
}

// collections are followed by a key.
var collections = []string{
	"applications", "servicePrincipals", "organization", "definitions", "roleDefinitions", "roleAssignments", "domains",
	"deletedItems", "oauth2PermissionGrants", "appRoleAssignedTo", "appRoleAssignments", "owners",
}

// normal brings an address into one form: a key of its own segment for
// name(property='value'), name('value') and name/value alike.
func normal(segments []string) (path []string, keys []key, e *graphError) {
	for _, escaped := range segments {
		s, err := url.PathUnescape(escaped)
		if err != nil {
			return nil, nil, badQuery("The address is malformed.")
		}
		name, inside, has := strings.Cut(s, "(")
		if !has {
			path = append(path, s)
			continue
		}
		k, ok := parenthesis(inside)
		if !ok {
			return nil, nil, badQuery("Resource not found for the segment '%s'.", s)
		}
		path, keys = append(path, name, "{}"), append(keys, k)
	}
	// A segment after a collection that is no name of its own is a key.
	for i := 1; i < len(path); i++ {
		if path[i] != "{}" && slices.Contains(collections, path[i-1]) && !strings.HasPrefix(path[i], "$") && !strings.HasPrefix(path[i], "microsoft.graph.") {
			keys = append(keys, key{"id", path[i]})
			path[i] = "{}"
		}
	}
	return path, keys, nil
}

// parenthesis reads what stands in them: 'value' or property='value'.
func parenthesis(s string) (key, bool) {
	s, ok := strings.CutSuffix(s, ")")
	by, quoted, named := strings.Cut(s, "=")
	if !named {
		by, quoted = "id", s
	}
	value, rest, isText := literal(quoted, true)
	return key{by, value}, ok && isText && rest == ""
}

// unknownSegment is the first segment no route goes through.
func unknownSegment(path []string) string {
	for n := 1; n <= len(path); n++ {
		if !slices.ContainsFunc(routes(), func(r route) bool { return strings.HasPrefix(r.path+"/", strings.Join(path[:n], "/")+"/") }) {
			return path[n-1]
		}
	}
	return path[len(path)-1] // a way to somewhere, and nothing there
}

// object is the one with the id that the address names.
func (g *call) object(all []object) (object, *graphError) {
	k := g.keys[0]
	if k.by != "id" {
		return nil, badQuery("Resource not found for the segment '%s'.", k.by)
	}
	for _, o := range all {
		if s, _ := o["id"].(string); k.value != "" && strings.EqualFold(s, k.value) {
			return o, nil
		}
	}
	return nil, noSuchObject(k.value)
}

const graphJSON = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

func (g *call) send(status int, v any) {
	h := g.w.Header()
	h.Set("Content-Type", graphJSON)
	h.Set("odata-version", "4.0")
	h.Set("x-ms-resource-unit", "1")
	writeJSON(g.w, status, v)
}

func (g *call) context(of string) string {
	return "https://" + g.cloud.Graph + "/v1.0/$metadata#" + of
}

// entity answers with one object; set is the name of its collection.
func (g *call) entity(set string, o object) *graphError {
	shaped := g.q.shape(o)
	shaped["@odata.context"] = g.context(set + g.q.context() + "/$entity")
	g.send(http.StatusOK, shaped)
	return nil
}

// list answers with a page of objects.
func (g *call) list(set string, all []object) *graphError {
	kept := slices.DeleteFunc(slices.Clone(all), func(o object) bool { return !g.q.keeps(o) })
	if by := g.q.order; by != "" {
		slices.SortStableFunc(kept, func(x, y object) int {
			n := strings.Compare(fmt.Sprint(x[by]), fmt.Sprint(y[by]))
			if g.q.desc {
				n = -n
			}
			return n
		})
	}
	size := pageSize
	if g.q.top > 0 {
		size = g.q.top
	}
	from := min(g.q.skip, len(kept))
	to := min(from+size, len(kept))
	body := object{"@odata.context": g.context(set + g.q.context())}
	if to < len(kept) {
		body["@odata.nextLink"] = g.next(to)
	}
	page := make([]object, 0, to-from)
	for _, o := range kept[from:to] {
		page = append(page, g.q.shape(o))
	}
	body["value"] = page
	if g.q.count {
		body["@odata.count"] = len(kept)
	}
	g.send(http.StatusOK, body)
	return nil
}

// next is the address of the page that begins there.
func (g *call) next(at int) string {
	q := g.r.URL.Query()
	q.Del("$skip")
	q.Set("$skiptoken", skipToken(at))
	return "https://" + g.cloud.Graph + g.r.URL.EscapedPath() + "?" + q.Encode()
}

// refuse answers with Graph's error body.
func (g *call) refuse(e *graphError) {
	if e.status == http.StatusUnauthorized {
		g.w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="", authorization_uri="https://%s/common/oauth2/authorize", client_id=%q`, g.cloud.Login, graphAppID))
	}
	body := object{
		"code": e.code, "message": e.message,
		"innerError": object{"date": g.now.Format("2006-01-02T15:04:05"), "request-id": g.request, "client-request-id": g.client},
	}
	if e.details != nil {
		body["details"] = e.details
	}
	g.send(e.status, object{"error": body})
}

// graphFault is a failure of Graph itself.
func (c *Cloud) graphFault(w http.ResponseWriter, r *http.Request, status int) {
	e := problem(status, "UnknownError", "")
	switch status {
	case http.StatusTooManyRequests:
		e.code, e.message = "TooManyRequests", "Please retry again later."
	case http.StatusInternalServerError:
		e.code, e.message = "InternalServerError", "Internal server error."
	case http.StatusServiceUnavailable:
		e.code, e.message = "ServiceUnavailable", "Service is temporarily unavailable. Please wait and retry again."
	}
	c.graphCall(w, r, sites()[hostOf(r)].clouds[0]).refuse(e)
}
