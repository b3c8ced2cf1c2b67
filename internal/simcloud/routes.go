package simcloud

import (
	"net/http"
	"slices"
	"strings"
	"sync"
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

var routes = sync.OnceValue(allRoutes)

func allRoutes() []route {
	all := slices.Concat(tenantRoutes(), applicationRoutes(), principalRoutes(), roleRoutes(), personRoutes(), reviewRoutes())
	for i := range all {
		if all[i].allows == nil {
			all[i].allows = readsDirectory
		}
	}
	return all
}

// one and many are what reads of one object and of a list take of options.
func one(typ string) reading { return reading{typ: typ, options: "$select"} }

func many(typ string, filter ...string) reading {
	return reading{typ: typ, options: "$select $filter $top $skiptoken", filter: filter}
}

// counted are lists of directory objects, which can be counted.
func counted(typ string, filter ...string) reading {
	r := many(typ, filter...)
	r.options += " $count"
	return r
}

func tenantRoutes() []route {
	org := right{any: "User.Read Organization.Read.All Directory.Read.All"}
	policy := right{any: "Policy.Read.All", roles: []string{GlobalReader, ApplicationAdministrator, CloudApplicationAdministrator, PrivilegedRoleAdministrator}}
	return []route{
		{path: "organization", get: organizations, read: one("organization"), people: org},
		{path: "organization/{}", get: organization, read: one("organization"), people: org, writes: []string{http.MethodPatch}},
		{path: "domains", get: domains, read: one("domain"), people: right{any: "Domain.Read.All Directory.Read.All"}, writes: []string{http.MethodPost}},
		// Whether Global Reader opens these to an app is not known: here it does not.
		{path: "policies/defaultAppManagementPolicy", get: appManagementPolicy, read: one("tenantAppManagementPolicy"), people: policy, allows: nobody, writes: []string{http.MethodPatch}},
		{path: "policies/authorizationPolicy", get: authorizationPolicy, read: one("authorizationPolicy"), people: policy, allows: nobody, writes: []string{http.MethodPatch}},
	}
}

func nobody(claims) bool { return false }

func applicationRoutes() []route {
	app, read := "applications/{}", right{any: readApps}
	return []route{
		{path: "applications", get: applications, read: counted("application", "appId", "displayName"), people: read, do: map[string]operation{http.MethodPost: {do: createApplication}}},
		{path: app, get: oneApplication, read: one("application"), people: read, do: map[string]operation{http.MethodPatch: {do: updateApplication}, http.MethodDelete: {do: deleteApplication}}},
		{path: app + "/owners", get: owners, read: many("user"), people: read},
		{path: app + "/owners/$ref", get: refOnly, read: reading{typ: "user"}, people: read, do: map[string]operation{http.MethodPost: {do: addOwner}}},
		{path: app + "/owners/{}/$ref", get: refOnly, read: reading{typ: "user"}, people: read, do: map[string]operation{http.MethodDelete: {do: removeOwner}}},
		{path: app + "/federatedIdentityCredentials", get: federatedCredentials, read: many("federatedIdentityCredential", "name", "issuer", "subject"), people: read, writes: []string{http.MethodPost}},
		{path: app + "/addKey", get: refOnly, people: read, do: map[string]operation{http.MethodPost: {do: addKey}}},
		{path: app + "/removeKey", get: refOnly, people: read, do: map[string]operation{http.MethodPost: {do: removeKey}}},
		{path: "directory/deletedItems/microsoft.graph.application", get: deletedApps, read: counted("application", "appId", "displayName"), people: read},
		{path: "directory/deletedItems/microsoft.graph.servicePrincipal", get: deletedPrincipals, read: counted("servicePrincipal", "appId", "displayName"), people: read},
		{path: "directory/deletedItems/{}", get: deletedItem, read: one("directoryObject"), people: read, do: map[string]operation{http.MethodDelete: {do: purge, right: purging}}},
		{path: "directory/deletedItems/{}/restore", get: refOnly, people: read, do: map[string]operation{http.MethodPost: {do: restore, right: right{any: writeApps, roles: appAdministrators}}}},
	}
}

func principalRoutes() []route {
	sp, read := "servicePrincipals/{}", right{any: readApps}
	create := map[string]operation{http.MethodPost: {do: createGrant, right: granting}}
	remove := map[string]operation{http.MethodDelete: {do: deleteGrant, right: granting}}
	consents := right{any: readScopes}
	return []route{
		{path: "servicePrincipals", get: principals, read: counted("servicePrincipal", "appId", "displayName"), people: read, do: map[string]operation{http.MethodPost: {do: createPrincipal, right: right{any: writeApps}}}},
		{path: sp, get: onePrincipal, read: one("servicePrincipal"), people: read, do: map[string]operation{http.MethodPatch: {do: updatePrincipal}, http.MethodDelete: {do: deletePrincipal}}},
		{path: sp + "/owners", get: principalOwners, read: many("user"), people: read},
		{path: sp + "/owners/$ref", get: refOnly, read: reading{typ: "user"}, people: read, writes: []string{http.MethodPost}},
		{path: sp + "/appRoleAssignments", get: allGrants, read: many("appRoleAssignment", "#resourceId", "#appRoleId"), people: read, do: create},
		{path: sp + "/appRoleAssignments/{}", get: oneGrant, read: one("appRoleAssignment"), people: read, do: remove},
		{path: sp + "/appRoleAssignedTo", get: allGrants, read: many("appRoleAssignment", "#principalId", "#appRoleId"), people: read, do: create},
		{path: sp + "/appRoleAssignedTo/{}", get: oneGrant, read: one("appRoleAssignment"), people: read, do: remove},
		{path: sp + "/oauth2PermissionGrants", get: permissionGrants, read: many("oAuth2PermissionGrant"), people: consents},
		{path: "oauth2PermissionGrants", get: consentsOfAll, read: many("oAuth2PermissionGrant", "clientId", "principalId", "resourceId", "consentType"), people: consents, writes: []string{http.MethodPost}},
		{path: "oauth2PermissionGrants/{}", get: oneConsent, read: one("oAuth2PermissionGrant"), people: consents, writes: []string{http.MethodPatch}, do: map[string]operation{
			http.MethodDelete: {do: deleteConsent, right: right{any: "DelegatedPermissionGrant.ReadWrite.All", roles: administrators}},
		}},
	}
}

func roleRoutes() []route {
	read := right{any: readRoles, roles: readers}
	change := right{any: writeRoles, roles: roleAdministrators}
	filter, expand := []string{"principalId", "roleDefinitionId", "directoryScopeId"}, []string{"roleDefinition", "principal"}
	return []route{
		{path: "roleManagement/directory/roleAssignments", get: roleAssignments, people: read, do: map[string]operation{http.MethodPost: {do: createRoleAssignment, right: change}}, read: reading{
			typ: "unifiedRoleAssignment", options: "$select $filter $top $skiptoken $expand", filter: filter, expand: expand,
		}},
		{path: "roleManagement/directory/roleAssignments/{}", get: oneRoleAssignment, people: read, do: map[string]operation{http.MethodDelete: {do: deleteRoleAssignment, right: change}}, read: reading{
			typ: "unifiedRoleAssignment", options: "$select $expand", expand: expand,
		}},
		{path: "roleManagement/directory/roleDefinitions", get: roleDefinitions, people: read, read: many("unifiedRoleDefinition", "id", "templateId", "displayName"), writes: []string{http.MethodPost}},
		{path: "roleManagement/directory/roleDefinitions/{}", get: oneRoleDefinition, people: read, read: one("unifiedRoleDefinition"), writes: []string{http.MethodPatch, http.MethodDelete}},
	}
}

func personRoutes() []route {
	read := right{any: "User.Read Directory.Read.All"}
	roles := reading{typ: "directoryRole", options: "$select $top $skiptoken $count"}
	all := []route{{path: "me", get: me, read: one("user"), people: read, allows: everybody, writes: []string{http.MethodPatch}}}
	for _, of := range []string{"memberOf", "transitiveMemberOf"} {
		all = append(all,
			route{path: "me/" + of, get: myRoles, read: roles, people: read, allows: everybody},
			route{path: "me/" + of + "/microsoft.graph.directoryRole", get: myRoles, read: roles, people: read, allows: everybody})
	}
	return all
}

// everybody: an app is told that it is no person.
func everybody(claims) bool { return true }

func reviewRoutes() []route {
	read := right{any: accessReviewRead, roles: []string{GlobalReader}}
	return []route{
		{path: "identityGovernance/accessReviews/definitions", get: reviews, writes: []string{http.MethodPost}, allows: readsReviews, people: read, read: reading{
			typ: "accessReviewScheduleDefinition", options: "$select $top $skip $skiptoken $orderby", order: []string{"createdDateTime", "displayName", "status"},
		}},
		{path: "identityGovernance/accessReviews/definitions/{}", get: review, writes: []string{http.MethodPut, http.MethodDelete}, allows: readsReviews, people: read, read: one("accessReviewScheduleDefinition")},
	}
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
	"applications/{}/addPassword", "applications/{}/removePassword",
	"servicePrincipals/{}/addKey", "servicePrincipals/{}/removeKey", "servicePrincipals/{}/addPassword", "servicePrincipals/{}/removePassword",
	"applications/$count", "applications/{}/appManagementPolicies", "applications/{}/extensionProperties", "servicePrincipals/$count",
	"servicePrincipals/{}/federatedIdentityCredentials", "servicePrincipals/{}/ownedObjects", "servicePrincipals/{}/createdObjects", "servicePrincipals/{}/appManagementPolicies",
	"servicePrincipals/{}/memberOf", "servicePrincipals/{}/transitiveMemberOf",
	"identityGovernance/accessReviews/definitions/{}/instances",
}

// refOnly answers for an address that can only be written to.
func refOnly(*call) *graphError {
	return problem(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
}

func organizations(g *call) *graphError {
	return g.list("organization", []object{g.visibleOrganization()})
}

// visibleOrganization is what the caller may see of it: with User.Read alone
// little more than the name.
// Source: learn.microsoft.com/graph/api/organization-list.
func (g *call) visibleOrganization() object {
	o := g.organization()
	if g.caller.User == "" || g.caller.hasOne("Organization.Read.All Directory.Read.All") {
		return o
	}
	for name := range o {
		if name != "id" && name != "displayName" && name != "verifiedDomains" {
			o[name] = nil
		}
	}
	return o
}

func organization(g *call) *graphError {
	o, e := g.object([]object{g.visibleOrganization()})
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
	case "uniqueName":
		a, ok = g.d.byUniqueName(k.value)
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

// grantSide is from which side the address looks at app role assignments.
func (g *call) grantSide() string {
	if strings.Contains(g.r.URL.Path, "/appRoleAssignedTo") {
		return "appRoleAssignedTo"
	}
	return "appRoleAssignments"
}

// holders are the service principals whose app role assignments stand at the
// address: the one it names, or everybody where they are assigned to Microsoft
// Graph. Nobody else offers roles.
func (g *call) holders() ([]*principal, *graphError) {
	p, e := g.namedPrincipal()
	assigned := g.grantSide() == "appRoleAssignedTo"
	switch {
	case e != nil:
		return nil, e
	case p == nil && assigned:
		return g.d.sortedPrincipals(), nil
	case p != nil && !assigned:
		return []*principal{p}, nil
	}
	return nil, nil
}

func allGrants(g *call) *graphError {
	holders, e := g.holders()
	if e != nil {
		return e
	}
	var all []object
	for _, p := range holders {
		all = append(all, g.grants(p)...)
	}
	return g.list("servicePrincipals('"+g.keys[0].value+"')/"+g.grantSide(), all)
}

func oneGrant(g *call) *graphError {
	holders, e := g.holders()
	if e != nil {
		return e
	}
	for _, p := range holders {
		for _, o := range g.grants(p) {
			if strings.EqualFold(o["id"].(string), g.keys[1].value) {
				return g.entity("appRoleAssignments", o)
			}
		}
	}
	return noSuchObject(g.keys[1].value)
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

func permissionGrants(g *call) *graphError {
	p, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	var all []object
	if p != nil {
		all = g.consents(p)
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
		return problem(http.StatusForbidden, "Forbidden", "User does not have access to any of the reviews.")
	case NoLicence:
		return problem(http.StatusForbidden, "NoLicense", "User is not authorized to perform the operation. Reason: Tenant does not meet license requirement!")
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
