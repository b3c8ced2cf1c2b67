package simcloud

import (
	"slices"
	"strings"
)

// createRoleAssignment assigns a directory role to a person or a service
// principal that has reached this Graph.
// Source: learn.microsoft.com/graph/api/rbacapplication-post-roleassignments.
func createRoleAssignment(g *call) *graphError {
	b, e := g.roleBody()
	if e != nil {
		return e
	}
	holder, role, scope := b.str("principalId"), strings.ToLower(b.str("roleDefinitionId")), b.str("directoryScopeId")
	if _, ok := findRole(role); !ok {
		return noSuchObject(role)
	}
	if scope != "/" && !strings.HasPrefix(scope, "/administrativeUnits/") {
		return badRequestBody("Invalid value specified for property 'directoryScopeId' of resource 'RoleAssignment'.")
	}
	if _, ok := g.d.appByID(holder); ok {
		return badRequestBody("Objects of type Application cannot be assigned to roles.")
	}
	_, isPrincipal := g.d.principalByID(holder)
	if _, isPerson := g.d.users[strings.ToLower(holder)]; !isPrincipal && !isPerson {
		return noSuchObject(holder)
	}
	made := roleAssignment{role: role, scope: scope}
	e = g.change(RoleChange, func(d *directory) *graphError {
		roles, ok := d.rolesOf(holder)
		if !ok {
			return noSuchObject(holder)
		}
		if slices.ContainsFunc(*roles, func(r roleAssignment) bool { return r.role == role && r.scope == scope }) {
			return g.conflicts()
		}
		made.id = g.t.newID()
		*roles = append(*roles, made)
		return nil
	})
	if e != nil {
		return e
	}
	return g.created("roleManagement/directory/roleAssignments", object{"id": made.id, "principalId": strings.ToLower(holder), "directoryScopeId": scope, "roleDefinitionId": role})
}

// roleBody is what is asked to be assigned.
func (g *call) roleBody() (body, *graphError) {
	b, e := g.body("unifiedRoleAssignment")
	if e != nil {
		return nil, e
	}
	for _, name := range b.names() {
		if !slices.Contains([]string{"principalId", "roleDefinitionId", "directoryScopeId", "@odata.type"}, name) {
			return nil, g.notPlayed("property " + name + " of a role assignment")
		}
	}
	return b, b.require("RoleAssignment", "principalId", "roleDefinitionId", "directoryScopeId")
}

// deleteRoleAssignment takes it back.
// Source: learn.microsoft.com/graph/api/unifiedroleassignment-delete.
func deleteRoleAssignment(g *call) *graphError {
	id := g.keys[0].value
	is := func(r roleAssignment) bool { return strings.EqualFold(r.id, id) }
	holder := ""
	for _, p := range g.d.principals {
		if slices.ContainsFunc(p.roles, is) {
			holder = p.id
		}
	}
	for _, u := range g.d.users {
		if slices.ContainsFunc(u.roles, is) {
			holder = u.id
		}
	}
	e := g.change(RoleChange, func(d *directory) *graphError {
		roles, ok := d.rolesOf(holder)
		if !ok || !slices.ContainsFunc(*roles, is) {
			return noSuchObject(id)
		}
		*roles = slices.DeleteFunc(*roles, is)
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}
