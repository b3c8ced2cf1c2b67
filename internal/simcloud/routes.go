package simcloud

import (
	"net/http"
	"slices"
	"strings"
)

// readsDirectory tells whether a token opens the directory's reads: by a role
// that may read everything, or by the permission for it.
// Source: learn.microsoft.com/graph/permissions-overview.
func readsDirectory(c claims) bool {
	return slices.Contains(c.Directory, GlobalReader) || slices.Contains(c.Directory, GlobalAdministrator) || slices.Contains(c.Roles, "Directory.Read.All")
}

// readsReviews: no directory role replaces the permission for an app.
// Source: learn.microsoft.com/graph/api/accessreviewset-list-definitions.
func readsReviews(c claims) bool { return slices.Contains(c.Roles, accessReviewRead) }

var routes = allRoutes()

func allRoutes() []route {
	one := func(typ string) reading { return reading{typ: typ, options: "$select"} }
	many := func(typ string, filter ...string) reading {
		return reading{typ: typ, options: "$select $filter $top $skiptoken", filter: filter}
	}
	app, sp := "applications/{}", "servicePrincipals/{}"
	write := func(methods ...string) []string { return methods }
	all := []route{
		{path: "organization", get: organizations, read: one("organization")},
		{path: "organization/{}", get: organization, read: one("organization"), writes: write(http.MethodPatch)},
		{path: "domains", get: domains, read: one("domain"), writes: write(http.MethodPost)},
		{path: "applications", get: applications, read: many("application", "appId", "displayName"), writes: write(http.MethodPost)},
		{path: app, get: oneApplication, read: one("application"), writes: write(http.MethodPatch, http.MethodDelete)},
		{path: app + "/owners", get: owners, read: many("user")},
		{path: app + "/owners/$ref", get: refOnly, read: reading{typ: "user"}, writes: write(http.MethodPost)},
		{path: app + "/federatedIdentityCredentials", get: federatedCredentials, read: many("federatedIdentityCredential", "name", "issuer", "subject"), writes: write(http.MethodPost)},
		{path: "servicePrincipals", get: principals, read: many("servicePrincipal", "appId", "displayName"), writes: write(http.MethodPost)},
		{path: sp, get: onePrincipal, read: one("servicePrincipal"), writes: write(http.MethodPatch, http.MethodDelete)},
		{path: sp + "/owners", get: principalOwners, read: many("user")},
		{path: sp + "/owners/$ref", get: refOnly, read: reading{typ: "user"}, writes: write(http.MethodPost)},
		{path: sp + "/appRoleAssignments", get: appRoleAssignments, read: many("appRoleAssignment", "#resourceId", "#appRoleId"), writes: write(http.MethodPost)},
		{path: sp + "/appRoleAssignedTo", get: appRoleAssignedTo, read: many("appRoleAssignment", "#principalId", "#appRoleId"), writes: write(http.MethodPost)},
		{path: sp + "/oauth2PermissionGrants", get: permissionGrants, read: many("oAuth2PermissionGrant")},
		{path: "roleManagement/directory/roleAssignments", get: roleAssignments, writes: write(http.MethodPost), read: reading{
			typ: "unifiedRoleAssignment", options: "$select $filter $top $skiptoken $expand",
			filter: []string{"principalId", "roleDefinitionId", "directoryScopeId"}, expand: []string{"roleDefinition", "principal"},
		}},
		{path: "roleManagement/directory/roleAssignments/{}", get: oneRoleAssignment, writes: write(http.MethodDelete), read: reading{
			typ: "unifiedRoleAssignment", options: "$select $expand", expand: []string{"roleDefinition", "principal"},
		}},
		{path: "roleManagement/directory/roleDefinitions", get: roleDefinitions, read: many("unifiedRoleDefinition", "id", "templateId", "displayName"), writes: write(http.MethodPost)},
		{path: "roleManagement/directory/roleDefinitions/{}", get: oneRoleDefinition, read: one("unifiedRoleDefinition"), writes: write(http.MethodPatch, http.MethodDelete)},
		{path: "identityGovernance/accessReviews/definitions", get: reviews, writes: write(http.MethodPost), allows: readsReviews, read: reading{
			typ: "accessReviewScheduleDefinition", options: "$select $top $skip $skiptoken $orderby", order: []string{"createdDateTime", "displayName", "status"},
		}},
		{path: "identityGovernance/accessReviews/definitions/{}", get: review, writes: write(http.MethodPut, http.MethodDelete), allows: readsReviews, read: one("accessReviewScheduleDefinition")},
	}
	for i := range all {
		if all[i].allows == nil {
			all[i].allows = readsDirectory
		}
	}
	return all
}

// elsewhere are addresses that Graph has and that are not played, with all that
// is below them.
var elsewhere = []string{
	"$batch", "auditLogs", "directory", "directoryObjects", "directoryRoles", "groups", "identity", "me",
	"oauth2PermissionGrants", "policies", "reports", "security", "subscribedSkus", "users",
	"roleManagement/directory/roleAssignmentScheduleRequests", "roleManagement/directory/roleAssignmentSchedules",
	"roleManagement/directory/roleEligibilitySchedules", "identityGovernance/entitlementManagement",
	"identityGovernance/accessReviews/historyDefinitions",
	"organization/{}/branding", "organization/{}/extensions", "organization/{}/certificateBasedAuthConfiguration",
	"applications/{}/addKey", "applications/{}/removeKey", "applications/{}/addPassword", "applications/{}/removePassword",
	"servicePrincipals/{}/addKey", "servicePrincipals/{}/removeKey", "servicePrincipals/{}/addPassword", "servicePrincipals/{}/removePassword",
	"servicePrincipals/{}/memberOf", "servicePrincipals/{}/transitiveMemberOf",
	"identityGovernance/accessReviews/definitions/{}/instances",
}

// refOnly answers for an address that can only be written to.
func refOnly(*call) *graphError {
	return &graphError{http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."}
}

func organizations(g *call) *graphError { return g.list("organization", []object{g.organization()}) }

func organization(g *call) *graphError {
	o, e := g.object([]object{g.organization()})
	if e != nil {
		return e
	}
	return g.entity("organization", o)
}

func domains(g *call) *graphError { return g.list("domains", g.domains()) }

func applications(g *call) *graphError {
	var all []object
	for _, a := range g.d.sortedApps() {
		all = append(all, g.application(a, false))
	}
	return g.list("applications", all)
}

// named is the application that the address names.
func (g *call) named() (*application, *graphError) {
	var a *application
	var ok bool
	switch k := g.keys[0]; k.by {
	case "id":
		a, ok = g.d.appByID(k.value)
	case "appId":
		a, ok = g.d.apps[strings.ToLower(k.value)]
	case "uniqueName": // the portal gives none
	default:
		return nil, badQuery("Resource not found for the segment '%s'.", k.by)
	}
	if !ok {
		return nil, noSuchObject(g.keys[0].value)
	}
	return a, nil
}

func oneApplication(g *call) *graphError {
	a, e := g.named()
	if e != nil {
		return e
	}
	return g.entity("applications", g.application(a, g.q.selects("keyCredentials")))
}

func owners(g *call) *graphError {
	a, e := g.named()
	if e != nil {
		return e
	}
	return g.people(a.owners)
}

// people answers with directory objects, which tell their type whatever is selected.
func (g *call) people(owners []owner) *graphError {
	var all []object
	for _, o := range owners {
		all = append(all, userObject(o))
	}
	if g.q.sel != nil {
		g.q.sel = append(g.q.sel, "@odata.type")
	}
	return g.list("directoryObjects", all)
}

func federatedCredentials(g *call) *graphError {
	a, e := g.named()
	if e != nil {
		return e
	}
	var all []object
	for _, f := range a.federated {
		all = append(all, object{"id": f.id, "name": f.name, "issuer": f.issuer, "subject": f.subject, "description": nil, "audiences": []string{"api://AzureADTokenExchange"}})
	}
	return g.list("applications('"+a.id+"')/federatedIdentityCredentials", all)
}

func principals(g *call) *graphError {
	all := []object{g.graphPrincipal()}
	for _, a := range g.d.sortedPrincipals() {
		all = append(all, g.principal(a))
	}
	return g.list("servicePrincipals", all)
}

// namedPrincipal is the service principal that the address names; nil is
// Microsoft Graph's own.
func (g *call) namedPrincipal() (*principal, *graphError) {
	var p *principal
	var ok bool
	switch k := g.keys[0]; k.by {
	case "id":
		p, ok = g.d.principalByID(k.value)
		ok = ok || strings.EqualFold(k.value, g.d.graph)
	case "appId":
		p, ok = g.d.principals[strings.ToLower(k.value)]
		ok = ok || strings.EqualFold(k.value, graphAppID)
	default:
		return nil, badQuery("Resource not found for the segment '%s'.", k.by)
	}
	if !ok {
		return nil, noSuchObject(g.keys[0].value)
	}
	return p, nil
}

func onePrincipal(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	if p == nil {
		return g.entity("servicePrincipals", g.graphPrincipal())
	}
	return g.entity("servicePrincipals", g.principal(p))
}

func principalOwners(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	if p == nil {
		return g.people(nil)
	}
	return g.people(p.owners)
}

func appRoleAssignments(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	var all []object
	if p != nil {
		all = g.grants(p)
	}
	return g.list("servicePrincipals('"+g.keys[0].value+"')/appRoleAssignments", all)
}

func appRoleAssignedTo(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	var all []object
	if p == nil { // nobody else offers roles
		for _, p := range g.d.sortedPrincipals() {
			all = append(all, g.grants(p)...)
		}
	}
	return g.list("servicePrincipals('"+g.keys[0].value+"')/appRoleAssignedTo", all)
}

func permissionGrants(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	var all []object
	if p != nil && len(p.delegated) > 0 {
		var scopes []string
		for _, d := range p.delegated {
			scopes = append(scopes, d.value)
		}
		all = append(all, object{"id": p.delegatedID, "clientId": p.id, "consentType": "AllPrincipals", "principalId": nil, "resourceId": g.d.graph, "scope": strings.Join(scopes, " ")})
	}
	return g.list("oauth2PermissionGrants", all)
}

func roleAssignments(g *call) *graphError {
	return g.list("roleManagement/directory/roleAssignments", g.roleAssignments())
}

func oneRoleAssignment(g *call) *graphError {
	o, e := g.object(g.roleAssignments())
	if e != nil {
		return e
	}
	return g.entity("roleManagement/directory/roleAssignments", o)
}

func roleDefinitions(g *call) *graphError {
	return g.list("roleManagement/directory/roleDefinitions", roleObjects())
}

func oneRoleDefinition(g *call) *graphError {
	o, e := g.object(roleObjects())
	if e != nil {
		return e
	}
	return g.entity("roleManagement/directory/roleDefinitions", o)
}

// unlicensed is the refusal for want of a licence, if there is one.
func (g *call) unlicensed() *graphError {
	if g.t.spec.Licensed {
		return nil
	}
	switch get(g.t, func() Unlicensed { return g.t.unlicence }) {
	case NoReviews:
		return &graphError{http.StatusForbidden, "Forbidden", "User does not have access to any of the reviews."}
	case NoLicence:
		return &graphError{http.StatusForbidden, "NoLicense", "User is not authorized to perform the operation. Reason: Tenant does not meet license requirement!"}
	}
	return nil
}

func reviews(g *call) *graphError {
	if e := g.unlicensed(); e != nil {
		return e
	}
	return g.list("identityGovernance/accessReviews/definitions", g.reviews())
}

func review(g *call) *graphError {
	if e := g.unlicensed(); e != nil {
		return e
	}
	o, e := g.object(g.reviews())
	if e != nil {
		return e
	}
	return g.entity("identityGovernance/accessReviews/definitions", o)
}
