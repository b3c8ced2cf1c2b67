package simcloud

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// shownAt are the assignments at exactly a scope that are shown now.
func (g *armCall) shownAt(scope string) (all []*assigned) {
	for _, a := range g.t.az.assignments {
		if strings.EqualFold(a.scope, scope) && a.shown.holds(g.wall) {
			all = append(all, a)
		}
	}
	return all
}

var (
	byPrincipal = account.Lazily(`^principalId eq '([0-9a-fA-F-]{36})'$`)
	byAssigned  = account.Lazily(`^assignedTo\('([0-9a-fA-F-]{36})'\)$`)
)

// listAssignments lists those at, above and, where the scope is a subscription
// or less, below it; atScope() leaves those below out. Of a management group
// none of what is below it is listed: that the vendor's own client finds there
// is not documented.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest.
func listAssignments(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.Authorization/roleAssignments/read", g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	keep, below, e := g.filter()
	if e != nil {
		return armAnswer{}, e
	}
	_, narrow := prefixFold(g.scope, "/subscriptions/")
	var all []object
	for _, a := range g.t.az.assignments {
		if a.shown.holds(g.wall) && keep(a) && (g.t.within(g.scope, a.scope) || below && narrow && g.t.within(a.scope, g.scope)) {
			all = append(all, g.assignment(a))
		}
	}
	return g.list(all, nil)
}

// filter reads the option: what is kept, and whether what is below the scope is.
func (g *armCall) filter() (keep func(*assigned) bool, below bool, e *armError) {
	keep, below = func(*assigned) bool { return true }, true
	text := g.q.Get("$filter")
	for _, part := range strings.Split(text, " and ") {
		switch one := byPrincipal().FindStringSubmatch(part); {
		case text == "":
		case part == "atScope()":
			below = false
		case one != nil:
			keep = func(a *assigned) bool { return strings.EqualFold(a.principal, one[1]) }
		case byAssigned().MatchString(part):
			who := byAssigned().FindStringSubmatch(part)[1]
			keep = func(a *assigned) bool { return a.is(strings.ToLower(who)) }
		default:
			return nil, false, armProblem(http.StatusBadRequest, "UnsupportedFilter", "The filter '%s' is not supported. Supported filters are either 'atScope()', 'principalId eq '{value}'' or 'assignedTo('{value}')'.", text)
		}
	}
	return keep, below, nil
}

func (g *armCall) assignment(a *assigned) object {
	role, _ := g.t.az.role(a.role)
	at := a.made.Format("2006-01-02T15:04:05.0000000Z")
	return object{
		"id": a.id(), "type": "Microsoft.Authorization/roleAssignments", "name": a.name,
		"properties": object{
			"roleDefinitionId": role.definition(a.scope)["id"], "principalId": a.principal, "principalType": a.kind, "scope": a.scope,
			"condition": nil, "conditionVersion": nil, "createdOn": at, "updatedOn": at, "createdBy": a.by, "updatedBy": a.by,
			"delegatedManagedIdentityResourceId": nil, "description": nil,
		},
	}
}

// address is the whole address of the assignment that is asked for.
func (g *armCall) address() string {
	return strings.TrimSuffix(g.scope, "/") + authorizationPath + "/roleAssignments/" + g.name
}

func oneAssignment(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.Authorization/roleAssignments/read", g.scope, g.address()); e != nil {
		return armAnswer{}, e
	}
	for _, a := range g.shownAt(g.scope) {
		if strings.EqualFold(a.name, g.name) {
			return armAnswer{http.StatusOK, g.assignment(a)}, nil
		}
	}
	return armAnswer{}, armProblem(http.StatusNotFound, "RoleAssignmentNotFound", "The role assignment '%s' is not found.", g.name)
}

// assignmentWish is what is asked to be assigned.
type assignmentWish struct{ role, principal, kind string }

// readWish reads the body.
func (g *armCall) readWish(b armBody) (assignmentWish, *armError) {
	var w assignmentWish
	top, e := members(json.RawMessage(b), "RoleAssignment", "properties")
	if e != nil {
		return w, e
	}
	p, e := members(top["properties"], "RoleAssignmentProperties", "roleDefinitionId", "principalId", "principalType", "description", "condition", "conditionVersion", "delegatedManagedIdentityResourceId")
	if e != nil {
		return w, e
	}
	for name, to := range map[string]*string{"roleDefinitionId": &w.role, "principalId": &w.principal, "principalType": &w.kind} {
		if raw, ok := p[name]; ok && json.Unmarshal(raw, to) != nil {
			return w, invalidContent("Error converting value to type 'System.String'. Path 'properties." + name + "'")
		}
	}
	if !isGUID(w.principal) {
		return w, armProblem(http.StatusBadRequest, "InvalidPrincipalId", "A valid principal ID must be provided for role assignment.")
	}
	if w.kind != "" && !slices.Contains([]string{"User", "Group", "ServicePrincipal", "ForeignGroup", "Device"}, w.kind) {
		return w, invalidContent("Error converting value '" + w.kind + "' to type 'PrincipalType'")
	}
	_, w.role, _ = cutFold(w.role, authorizationPath+"/roleDefinitions/")
	w.principal = strings.ToLower(w.principal)
	return w, nil
}

// putAssignment makes a role assignment, or says that it is there.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-rest
// and learn.microsoft.com/azure/role-based-access-control/troubleshooting.
func putAssignment(g *armCall, b armBody) (armAnswer, *armError) {
	if e := g.mayChange("write"); e != nil {
		return armAnswer{}, e
	}
	if !isGUID(g.name) {
		return armAnswer{}, armProblem(http.StatusBadRequest, "InvalidRoleAssignmentId", "The role assignment ID '%s' is not valid. The role assignment ID must be a GUID.", g.name)
	}
	w, e := g.readWish(b)
	if e != nil {
		return armAnswer{}, e
	}
	role, ok := g.t.az.role(w.role)
	if !ok || (role.scope != "" && !g.t.within(g.scope, role.scope)) {
		return armAnswer{}, armProblem(http.StatusBadRequest, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", strings.ReplaceAll(w.role, "-", ""))
	}
	if e := g.principalFor(w); e != nil {
		return armAnswer{}, e
	}
	if a, e := g.there(w, role.id); a != nil || e != nil {
		return armAnswer{http.StatusOK, a}, e
	}
	a := &assigned{name: strings.ToLower(g.name), scope: g.scope, role: role.id, principal: w.principal, kind: g.kindOf(w.principal), by: g.who()}
	g.t.beginAssignment(a)
	return armAnswer{http.StatusCreated, g.assignment(a)}, nil
}

// there is the assignment that is there under this name, or why another one or
// no more is taken.
func (g *armCall) there(w assignmentWish, role string) (object, *armError) {
	n := 0
	for _, a := range g.t.az.assignments {
		same := strings.EqualFold(a.role, role) && strings.EqualFold(a.principal, w.principal)
		switch named := strings.EqualFold(a.name, g.name); {
		case !a.shown.to.IsZero() || !strings.EqualFold(a.scope, g.scope):
			continue
		case named && same:
			return g.assignment(a), nil
		case named:
			return nil, armProblem(http.StatusBadRequest, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated.")
		case same:
			return nil, armProblem(http.StatusConflict, "RoleAssignmentExists", "The role assignment already exists. The ID of the existing role assignment is %s.", strings.ReplaceAll(a.name, "-", ""))
		}
		n++
	}
	limit := 500
	if _, ok := prefixFold(g.scope, "/subscriptions/"); ok {
		limit = 4000
	}
	if g.t.az.limit > 0 {
		limit = g.t.az.limit
	}
	if n >= limit {
		return nil, armProblem(http.StatusBadRequest, "RoleAssignmentLimitExceeded", "The role assignment limit exceeded for the scope '%s'. No more role assignments can be created.", g.scope)
	}
	return nil, nil
}

// freshFor is how long a principal whose type was not said may be looked up
// where it is not known yet.
const freshFor = 10 * time.Minute

// principalFor looks the principal up.
func (g *armCall) principalFor(w assignmentWish) *armError {
	kind := g.kindOf(w.principal)
	fresh := false
	if p, ok := g.d.principalByID(w.principal); ok {
		fresh = w.kind == "" && g.t.az.delays.Principals > 0 && g.now.Sub(p.created) < freshFor
	}
	switch {
	case kind == "" || fresh:
		return armProblem(http.StatusBadRequest, "PrincipalNotFound", "Principal %s does not exist in the directory %s. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype", strings.ReplaceAll(w.principal, "-", ""), g.t.spec.ID)
	case w.kind != "" && w.kind != kind:
		return armProblem(http.StatusBadRequest, "UnmatchedPrincipalType", "The PrincipalId '%s' has type '%s' , which is different from specified PrinciaplType '%s'.", strings.ReplaceAll(w.principal, "-", ""), kind, w.kind)
	}
	return nil
}

// kindOf is what the directory has under an object id, as seen from here.
func (g *armCall) kindOf(id string) string {
	if _, ok := g.d.principalByID(id); ok {
		return "ServicePrincipal"
	}
	if _, ok := g.d.users[id]; ok {
		return "User"
	}
	return ""
}

// mayChange judges a change of the assignment of the address: the caller's
// right, locks, and what a subscription's state allows.
func (g *armCall) mayChange(what string) *armError {
	if e := g.needs("Microsoft.Authorization/roleAssignments/"+what, g.scope, g.address()); e != nil {
		return e
	}
	for _, l := range g.t.az.locks {
		if g.t.within(g.scope, l.scope) {
			return armProblem(http.StatusConflict, "ScopeLocked", "The scope '%s' cannot perform %s operation because following scope(s) are locked: '%s'. Please remove the lock and try again.", g.address(), what, l.scope)
		}
	}
	for _, s := range g.t.above(g.scope) {
		if sub, ok := g.t.sub(s); ok && sub.state == "Disabled" {
			return armProblem(http.StatusConflict, "ReadOnlyDisabledSubscription", "The subscription '%s' is disabled and therefore marked as read only. You cannot perform any write actions on this subscription until it is re-enabled.", sub.id)
		}
	}
	return nil
}

func deleteAssignment(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.mayChange("delete"); e != nil {
		return armAnswer{}, e
	}
	for _, a := range g.t.az.assignments {
		if strings.EqualFold(a.scope, g.scope) && strings.EqualFold(a.name, g.name) && a.shown.to.IsZero() {
			body := g.assignment(a)
			g.t.endAssignment(a)
			return armAnswer{http.StatusOK, body}, nil
		}
	}
	return armAnswer{http.StatusNoContent, nil}, nil
}

func listDefinitions(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.Authorization/roleDefinitions/read", g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	var all []object
	for _, r := range slices.Concat(builtIn, g.t.az.custom) {
		if r.scope == "" || g.t.within(g.scope, r.scope) {
			all = append(all, r.definition(g.scope))
		}
	}
	return g.list(all, nil)
}

// oneDefinition tells what a role allows: everybody, at the top, of those that
// are built in.
func oneDefinition(g *armCall, _ armBody) (armAnswer, *armError) {
	r, ok := g.t.az.role(g.name)
	where := g.scope
	if g.scope == "/" && ok {
		where = r.scope
	}
	if where != "" {
		if e := g.needs("Microsoft.Authorization/roleDefinitions/read", where, where+authorizationPath+"/roleDefinitions/"+g.name); e != nil {
			return armAnswer{}, e
		}
	}
	if !ok {
		return armAnswer{}, armProblem(http.StatusNotFound, "RoleDefinitionDoesNotExist", "The specified role definition with ID '%s' does not exist.", strings.ReplaceAll(g.name, "-", ""))
	}
	return armAnswer{http.StatusOK, r.definition(g.scope)}, nil
}

// listDenies lists those at and above the scope, and with them those below.
// Source: learn.microsoft.com/azure/role-based-access-control/deny-assignments.
func listDenies(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.Authorization/denyAssignments/read", g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	filter := g.q.Get("$filter")
	if filter != "" && filter != "atScope()" {
		return armAnswer{}, armProblem(http.StatusBadRequest, "UnsupportedFilter", "The filter '%s' is not supported.", filter)
	}
	var all []object
	for _, d := range g.t.az.denies {
		if g.t.within(g.scope, d.scope) || filter == "" && g.t.within(d.scope, g.scope) {
			all = append(all, d.object())
		}
	}
	return g.list(all, nil)
}

func (d denyAssignment) object() object {
	who := []object{}
	for _, p := range d.principals {
		who = append(who, object{"id": p, "type": "ServicePrincipal"})
	}
	if d.principals == nil {
		who = []object{{"id": "00000000-0000-0000-0000-000000000000", "type": "SystemDefined"}}
	}
	return object{
		"id": strings.TrimSuffix(d.scope, "/") + authorizationPath + "/denyAssignments/" + d.id, "name": d.id, "type": "Microsoft.Authorization/denyAssignments",
		"properties": object{
			"denyAssignmentName": d.name, "description": "", "scope": d.scope, "isSystemProtected": true, "doNotApplyToChildScopes": false,
			"permissions": []object{{"actions": d.actions, "notActions": []string{}, "dataActions": []string{}, "notDataActions": []string{}}},
			"principals":  who, "excludePrincipals": []object{},
		},
	}
}

// elevate gives a Global Administrator User Access Administrator above all
// management groups.
// Source: learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin.
func elevate(g *armCall, _ armBody) (armAnswer, *armError) {
	if g.caller.User == "" || !slices.Contains(g.caller.Directory, GlobalAdministrator) {
		return armAnswer{}, armProblem(http.StatusForbidden, "AuthorizationFailed", "The client '%s' with object id '%s' does not have authorization to perform action 'Microsoft.Authorization/elevateAccess/action' over scope '/' or the scope is invalid. If access was recently granted, please refresh your credentials.", g.who(), g.who())
	}
	for _, a := range g.t.az.assignments {
		if a.scope == "/" && a.principal == g.who() && a.role == string(account.AzureUserAccessAdministrator) && a.shown.to.IsZero() {
			return armAnswer{http.StatusOK, nil}, nil
		}
	}
	a := &assigned{name: g.t.newID(), scope: "/", role: string(account.AzureUserAccessAdministrator), principal: g.who(), kind: "User", by: g.who()}
	g.t.beginAssignment(a)
	return armAnswer{http.StatusOK, nil}, nil
}
