package simaws

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// route is an operation of IAM Roles Anywhere.
type route struct {
	method, path string // {id} stands for an id
	action       string
	group        string // of the quota; empty for what is not of the control plane
}

// routes are the operations.
// Source: docs.aws.amazon.com/rolesanywhere/latest/APIReference.
var routes = []route{
	{"POST", "/sessions", "CreateSession", ""},
	{"POST", "/trustanchors", "CreateTrustAnchor", "trust-anchor"},
	{"GET", "/trustanchors", "ListTrustAnchors", "trust-anchor"},
	{"GET", "/trustanchor/{id}", "GetTrustAnchor", "trust-anchor"},
	{"PATCH", "/trustanchor/{id}", "UpdateTrustAnchor", "trust-anchor"},
	{"DELETE", "/trustanchor/{id}", "DeleteTrustAnchor", "trust-anchor"},
	{"POST", "/trustanchor/{id}/enable", "EnableTrustAnchor", "trust-anchor"},
	{"POST", "/trustanchor/{id}/disable", "DisableTrustAnchor", "trust-anchor"},
	{"POST", "/profiles", "CreateProfile", "profile"},
	{"GET", "/profiles", "ListProfiles", "profile"},
	{"GET", "/profile/{id}", "GetProfile", "profile"},
	{"PATCH", "/profile/{id}", "UpdateProfile", "profile"},
	{"DELETE", "/profile/{id}", "DeleteProfile", "profile"},
	{"POST", "/profile/{id}/enable", "EnableProfile", "profile"},
	{"POST", "/profile/{id}/disable", "DisableProfile", "profile"},
	{"GET", "/ListTagsForResource", "ListTagsForResource", "tag"},
	// What follows is not played.
	{"POST", "/TagResource", "TagResource", "tag"},
	{"POST", "/UntagResource", "UntagResource", "tag"},
	{"GET", "/subjects", "ListSubjects", "subject"},
	{"GET", "/subject/{id}", "GetSubject", "subject"},
	{"POST", "/crls", "ImportCrl", "crl"},
	{"GET", "/crls", "ListCrls", "crl"},
	{"GET", "/crl/{id}", "GetCrl", "crl"},
	{"DELETE", "/crl/{id}", "DeleteCrl", "crl"},
	{"PATCH", "/put-notifications-settings", "PutNotificationSettings", "notification"},
}

// findRoute is the route of a request, and the id in its path.
func findRoute(method, path string) (route, string) {
	for _, r := range routes {
		before, after, hasID := strings.Cut(r.path, "{id}")
		if r.method != method {
			continue
		}
		if !hasID {
			if path == r.path {
				return r, ""
			}
			continue
		}
		id, ok := strings.CutPrefix(path, before)
		if ok {
			id, ok = strings.CutSuffix(id, after)
		}
		if ok && id != "" && !strings.Contains(id, "/") {
			return r, id
		}
	}
	return route{}, ""
}

// anywhere answers for IAM Roles Anywhere.
func (k *call) anywhere() *answer {
	r, id := findRoute(k.r.Method, k.r.URL.Path)
	var status int
	var v any
	var f *failure
	switch r.action {
	case "":
		f = refuse(http.StatusNotFound, "UnknownOperationException", "Unable to determine service/operation name to be authorized")
	case "CreateSession":
		status, v, f = k.createSession()
	default:
		if f = k.authenticate(); f == nil {
			f = k.within(r.group)
		}
		if f == nil {
			status, v, f = k.manage(r, id)
		}
	}
	if f != nil {
		return k.refusal(f)
	}
	return &answer{status: status, header: http.Header{"Content-Type": {"application/json"}}, body: marshal(v)}
}

// within holds a call to the quota of its group.
func (k *call) within(group string) *failure {
	r := k.who.account.in(k.site.region)
	if k.c.limited && k.now.Sub(r.last[group]) < time.Second {
		return refuse(http.StatusTooManyRequests, "Throttling", "Rate exceeded")
	}
	r.last[group] = k.now
	return nil
}

// manage is the control plane.
func (k *call) manage(r route, id string) (int, any, *failure) {
	a, by := k.who.account, k.actor()
	var ai anchorIn
	var pi profileIn
	switch r.action {
	case "CreateTrustAnchor", "UpdateTrustAnchor":
		if f := k.decode(&ai); f != nil {
			return 0, nil, f
		}
	case "CreateProfile", "UpdateProfile":
		if f := k.decode(&pi); f != nil {
			return 0, nil, f
		}
	}
	if id != "" && !uuidForm(id) {
		return 0, nil, violation(id, "id", "satisfy regular expression pattern: [a-f0-9]{8}-([a-z0-9]{4}-){3}[a-z0-9]{12}")
	}
	switch r.action {
	case "CreateTrustAnchor":
		n, f := a.createAnchor(by, ai)
		return wrapAnchor(http.StatusCreated, n, f)
	case "GetTrustAnchor":
		n, f := a.anchorOf(by, r.action, id)
		return wrapAnchor(http.StatusOK, n, f)
	case "UpdateTrustAnchor":
		n, f := a.updateAnchor(by, id, ai)
		return wrapAnchor(http.StatusOK, n, f)
	case "DeleteTrustAnchor":
		n, f := a.deleteAnchor(by, id)
		return wrapAnchor(http.StatusOK, n, f)
	case "EnableTrustAnchor", "DisableTrustAnchor":
		n, f := a.switchAnchor(by, id, r.action == "EnableTrustAnchor")
		return wrapAnchor(http.StatusOK, n, f)
	case "CreateProfile":
		p, f := a.createProfile(by, pi)
		return wrapProfile(http.StatusCreated, p, f)
	case "GetProfile":
		p, f := a.profileOf(by, r.action, id)
		return wrapProfile(http.StatusOK, p, f)
	case "UpdateProfile":
		p, f := a.updateProfile(by, id, pi)
		return wrapProfile(http.StatusOK, p, f)
	case "DeleteProfile":
		p, f := a.deleteProfile(by, id)
		return wrapProfile(http.StatusOK, p, f)
	case "EnableProfile", "DisableProfile":
		p, f := a.switchProfile(by, id, r.action == "EnableProfile")
		return wrapProfile(http.StatusOK, p, f)
	case "ListTrustAnchors":
		return list(k, r.action, "trustAnchors", a.in(k.site.region).anchors, (*anchor).detail)
	case "ListProfiles":
		return list(k, r.action, "profiles", a.in(k.site.region).profiles, (*profile).detail)
	case "ListTagsForResource":
		return k.listTags()
	}
	if f := k.may("rolesanywhere:"+r.action, "*"); f != nil {
		return 0, nil, f
	}
	return 0, nil, notPlayed("rolesanywhere:%s", r.action)
}

func wrapAnchor(status int, n *anchor, f *failure) (int, any, *failure) {
	if f != nil {
		return 0, nil, f
	}
	return status, map[string]any{"trustAnchor": n.detail()}, nil
}

func wrapProfile(status int, p *profile, f *failure) (int, any, *failure) {
	if f != nil {
		return 0, nil, f
	}
	return status, map[string]any{"profile": p.detail()}, nil
}

// list is a page of anchors or profiles.
func list[T any](k *call, action, name string, all []T, detail func(T) map[string]any) (int, any, *failure) {
	if f := k.may("rolesanywhere:"+action, "*"); f != nil {
		return 0, nil, f
	}
	size, err := strconv.Atoi(k.r.URL.Query().Get("pageSize"))
	if err != nil {
		size = 0
	}
	some, next, f := page(k.c, all, k.r.URL.Query().Get("nextToken"), size)
	if f != nil {
		return 0, nil, f
	}
	items := []map[string]any{}
	for _, one := range some {
		items = append(items, detail(one))
	}
	v := map[string]any{name: items}
	if next != "" {
		v["nextToken"] = next
	}
	return http.StatusOK, v, nil
}

func (k *call) listTags() (int, any, *failure) {
	arn, r := k.r.URL.Query().Get("resourceArn"), k.who.account.in(k.site.region)
	if f := k.may("rolesanywhere:ListTagsForResource", arn); f != nil {
		return 0, nil, f
	}
	tags := []label{}
	if n := find(r.anchors, func(n *anchor) bool { return n.arn == arn }); n != nil {
		tags = append(tags, n.tags...)
	} else if p := find(r.profiles, func(p *profile) bool { return p.arn == arn }); p != nil {
		tags = append(tags, p.tags...)
	} else {
		return 0, nil, notFound("Resource", arn)
	}
	return http.StatusOK, map[string]any{"tags": tags}, nil
}

// decode reads a JSON body; what is unknown in it is passed over.
func (k *call) decode(into any) *failure {
	if json.Unmarshal(k.body, into) != nil {
		return refuse(http.StatusBadRequest, "SerializationException", "Unexpected value in request body")
	}
	return nil
}

func uuidForm(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		hex := s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'f'
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !hex {
			return false
		}
	}
	return true
}
