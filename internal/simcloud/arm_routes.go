package simcloud

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// armRoute is one address of Azure Resource Manager, after its scope.
type armRoute struct {
	method   string
	path     string // lower case; "{}" stands for a name
	scoped   bool   // at any scope; else the path is the whole address
	kind     string // namespace and type of the resource; empty for subscriptions themselves
	versions []string
	options  []string
	do       func(*armCall, armBody) (armAnswer, *armError)
}

// armBody is the JSON of a write, nil for none.
type armBody json.RawMessage

// Versions that the vendor documents, the newest first.
// Source: learn.microsoft.com/rest/api (resources, managementgroups,
// authorization, keyvault).
var (
	subscriptionVersions  = []string{"2022-12-01", "2021-01-01", "2020-01-01"}
	resourceVersions      = []string{"2024-03-01", "2022-09-01", "2021-04-01"}
	groupVersions         = []string{"2023-04-01", "2021-04-01", "2020-05-01"}
	authorizationVersions = []string{"2022-04-01", "2020-04-01-preview", "2018-09-01-preview", "2015-07-01"}
	elevationVersions     = []string{"2016-07-01", "2015-07-01"}
	vaultVersions         = []string{"2023-07-01", "2022-07-01"}
)

var armRoutes = sync.OnceValue(allARMRoutes)

func allARMRoutes() []armRoute {
	const (
		sub      = "/subscriptions/{}"
		group    = "/providers/microsoft.management/managementgroups"
		role     = "/providers/microsoft.authorization/"
		filter   = "$filter"
		get, put = http.MethodGet, http.MethodPut
	)
	assignments, groups := "Microsoft.Authorization/roleAssignments", "Microsoft.Management/managementGroups"
	return []armRoute{
		{method: get, path: "/subscriptions", versions: subscriptionVersions, do: listSubscriptions},
		{method: get, path: sub, versions: subscriptionVersions, do: oneSubscription},
		{method: get, path: sub + "/locations", versions: subscriptionVersions, do: locations},
		{method: get, path: sub + "/resourcegroups", kind: "Microsoft.Resources/resourceGroups", versions: resourceVersions, options: []string{"$top", filter}, do: listResourceGroups},
		{method: get, path: sub + "/providers/microsoft.keyvault/vaults", kind: "Microsoft.KeyVault/vaults", versions: vaultVersions, options: []string{"$top"}, do: listVaults},
		{method: get, path: group, kind: groups, versions: groupVersions, do: listGroups},
		{method: get, path: group + "/{}", kind: groups, versions: groupVersions, options: []string{"$expand", "$recurse", filter}, do: oneGroup},
		{method: get, path: group + "/{}/descendants", kind: groups, versions: groupVersions, options: []string{"$top"}, do: descendants},
		{method: http.MethodPost, path: "/providers/microsoft.management/getentities", kind: "Microsoft.Management/getEntities", versions: groupVersions, do: entities},
		{method: http.MethodPost, path: role + "elevateaccess", kind: "Microsoft.Authorization/elevateAccess", versions: elevationVersions, do: elevate},
		{method: get, scoped: true, path: role + "roleassignments", kind: assignments, versions: authorizationVersions, options: []string{filter}, do: listAssignments},
		{method: get, scoped: true, path: role + "roleassignments/{}", kind: assignments, versions: authorizationVersions, do: oneAssignment},
		{method: put, scoped: true, path: role + "roleassignments/{}", kind: assignments, versions: authorizationVersions, do: putAssignment},
		{method: http.MethodDelete, scoped: true, path: role + "roleassignments/{}", kind: assignments, versions: authorizationVersions, do: deleteAssignment},
		{method: get, scoped: true, path: role + "roledefinitions", kind: "Microsoft.Authorization/roleDefinitions", versions: authorizationVersions, options: []string{filter}, do: listDefinitions},
		{method: get, scoped: true, path: role + "roledefinitions/{}", kind: "Microsoft.Authorization/roleDefinitions", versions: authorizationVersions, do: oneDefinition},
		{method: get, scoped: true, path: role + "denyassignments", kind: "Microsoft.Authorization/denyAssignments", versions: authorizationVersions, options: []string{filter}, do: listDenies},
	}
}

// find is the route of the request's address, with its scope and name.
func (g *armCall) find() (armRoute, *armError) {
	var segments []string
	for _, s := range strings.Split(strings.Trim(g.r.URL.EscapedPath(), "/"), "/") {
		plain, err := url.PathUnescape(s)
		if err != nil || plain == "" || strings.Contains(plain, "/") {
			return armRoute{}, armProblem(http.StatusBadRequest, "InvalidRequestUri", "The request URI is malformed.")
		}
		segments = append(segments, plain)
	}
	path := "/" + strings.Join(segments, "/")
	methods := false
	for _, r := range armRoutes() {
		name, scope, ok := r.fits(segments)
		if !ok {
			continue
		}
		if methods = true; r.method == g.r.Method {
			g.name, g.scope = name, scope
			return r, nil
		}
	}
	if methods {
		return armRoute{}, armProblem(http.StatusMethodNotAllowed, "HttpMethodNotSupported", "The http method '%s' is not supported for this resource type.", g.r.Method)
	}
	return armRoute{}, g.notPlayed(g.r.Method + " " + path)
}

// fits tells whether an address is the route's, and takes its scope and name.
func (r armRoute) fits(segments []string) (name, scope string, ok bool) {
	want := strings.Split(strings.Trim(r.path, "/"), "/")
	if !r.scoped && len(segments) != len(want) || len(segments) < len(want) {
		return "", "", false
	}
	head, tail := segments[:len(segments)-len(want)], segments[len(segments)-len(want):]
	for i, w := range want {
		switch {
		case w == "{}":
			name = tail[i]
		case !strings.EqualFold(w, tail[i]):
			return "", "", false
		}
	}
	if r.scoped {
		scope, ok = scopeOf(head)
		return name, scope, ok
	}
	switch {
	case strings.HasPrefix(r.path, "/subscriptions/{}"):
		scope = "/subscriptions/" + strings.ToLower(name)
	case strings.HasPrefix(r.path, strings.ToLower(groupsPath)+"/{}"):
		scope = groupsPath + "/" + name
	}
	return name, scope, true
}

// scopeOf reads what stands before the provider.
func scopeOf(s []string) (string, bool) {
	lower := func(i int) string { return strings.ToLower(s[i]) }
	switch {
	case len(s) == 0:
		return "/", true
	case len(s) == 2 && lower(0) == "subscriptions":
		return "/subscriptions/" + lower(1), true
	case len(s) == 4 && lower(0) == "subscriptions" && lower(2) == "resourcegroups":
		return "/subscriptions/" + lower(1) + "/resourceGroups/" + s[3], true
	case len(s) == 4 && strings.EqualFold("/"+strings.Join(s[:3], "/"), groupsPath):
		return groupsPath + "/" + s[3], true
	}
	return "", false
}

// body is the JSON of a write that has one.
func (g *armCall) body(r armRoute) (armBody, *armError) {
	if r.method != http.MethodPut {
		return nil, nil
	}
	mediaType, _, _ := mime.ParseMediaType(g.r.Header.Get("Content-Type"))
	if mediaType != "application/json" {
		return nil, armProblem(http.StatusUnsupportedMediaType, "UnsupportedMediaType", "The content media type '%s' is not supported. Only 'application/json' is supported.", mediaType)
	}
	text, err := io.ReadAll(g.r.Body)
	if err != nil || !json.Valid(text) {
		return nil, invalidContent("Unexpected end of content while loading JObject.")
	}
	return text, nil
}

func invalidContent(why string) *armError {
	return armProblem(http.StatusBadRequest, "InvalidRequestContent", "The request content was invalid and could not be deserialized: '%s'.", why)
}

// members reads an object of JSON and refuses what is not among the names.
func members(raw json.RawMessage, of string, names ...string) (map[string]json.RawMessage, *armError) {
	var m map[string]json.RawMessage
	if json.Unmarshal(raw, &m) != nil || m == nil {
		return nil, invalidContent("Error converting value to type '" + of + "'")
	}
	for name := range m {
		if !slices.Contains(names, name) {
			return nil, invalidContent("Could not find member '" + name + "' on object of type '" + of + "'")
		}
	}
	return m, nil
}
