package simcloud

import (
	"slices"
	"strings"
)

// granting is the right to assign app roles: two permissions, of which
// Application.ReadWrite.All is not the first, and for Microsoft Graph's
// application permissions the Privileged Role Administrator.
// Source: learn.microsoft.com/graph/permissions-grant-via-msgraph.
var granting = right{any: "AppRoleAssignment.ReadWrite.All", also: readApps, roles: roleAdministrators}

var noReference = badRequestBody("Not a valid reference update.")

// createGrant assigns an app role: admin consent to an application permission.
// It can be asked of the resource and of the client.
// Source: learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto.
func createGrant(g *call) *graphError {
	b, e := g.body("appRoleAssignment")
	if e != nil {
		return e
	}
	for _, name := range b.names() {
		if !slices.Contains([]string{"principalId", "resourceId", "appRoleId", "@odata.type"}, name) {
			return badRequestBody("Property '%s' is read-only and cannot be set.", name)
		}
	}
	if e := b.require("AppRoleAssignment", "principalId", "resourceId", "appRoleId"); e != nil {
		return e
	}
	at, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	side := "resourceId"
	if g.grantSide() == "appRoleAssignments" {
		side = "principalId"
	}
	if here := g.idOf(at); !strings.EqualFold(b.str(side), here) {
		return noReference
	}
	holder, ok := g.d.principalByID(b.str("principalId"))
	resource, known := g.d.principalByID(b.str("resourceId"))
	switch isGraph := strings.EqualFold(b.str("resourceId"), g.d.graph); {
	case !ok, !known && !isGraph:
		return noReference
	case !isGraph:
		return noSuchRole(resource.client)
	}
	return g.grant(holder, strings.ToLower(b.str("appRoleId")))
}

// idOf is the object id of a service principal; nil is Microsoft Graph's.
func (g *call) idOf(p *principal) string {
	if p == nil {
		return g.d.graph
	}
	return p.id
}

func noSuchRole(client string) *graphError {
	return badRequestBody("Permission being assigned was not found on application '%s'.", client)
}

func (g *call) grant(holder *principal, role string) *graphError {
	i := slices.IndexFunc(permissions, func(p permission) bool { return p.kind == Application && p.id == role })
	if i < 0 {
		return noSuchRole(graphAppID)
	}
	made := grant{role: role, value: permissions[i].value, created: g.now}
	e := g.change(GrantChange, func(d *directory) *graphError {
		p, err := d.principal(holder.client)
		if err != nil {
			return noReference
		}
		if slices.ContainsFunc(p.grants, func(x grant) bool { return x.role == role }) {
			return badRequestBody("Permission being assigned already exists on the object")
		}
		made.id = g.t.newID()
		p.grants = append(p.grants, made)
		return nil
	})
	if e != nil {
		return e
	}
	o := g.grants(&principal{id: holder.id, name: holder.name, grants: []grant{made}})[0]
	return g.created("servicePrincipals('"+g.keys[0].value+"')/"+g.grantSide(), o)
}

// deleteGrant withdraws it.
// Source: learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignedto.
func deleteGrant(g *call) *graphError {
	holders, e := g.holders()
	if e != nil {
		return e
	}
	id := g.keys[1].value
	is := func(x grant) bool { return strings.EqualFold(x.id, id) }
	for _, seen := range holders {
		if !slices.ContainsFunc(seen.grants, is) {
			continue
		}
		e := g.change(GrantChange, func(d *directory) *graphError {
			p, err := d.principal(seen.client)
			if err != nil || !slices.ContainsFunc(p.grants, is) {
				return noSuchObject(id)
			}
			p.grants = slices.DeleteFunc(p.grants, is)
			return nil
		})
		if e != nil {
			return e
		}
		return g.done()
	}
	return noSuchObject(id)
}

// consentsOfAll are the oauth2PermissionGrants of the tenant.
func consentsOfAll(g *call) *graphError { return g.list("oauth2PermissionGrants", g.allConsents()) }

func (g *call) allConsents() []object {
	var all []object
	for _, p := range g.d.sortedPrincipals() {
		all = append(all, g.consents(p)...)
	}
	return all
}

func oneConsent(g *call) *graphError {
	o, e := g.object(g.allConsents())
	if e != nil {
		return e
	}
	return g.entity("oauth2PermissionGrants", o)
}

// deleteConsent withdraws delegated permissions.
// Source: learn.microsoft.com/graph/api/oauth2permissiongrant-delete.
func deleteConsent(g *call) *graphError {
	id := g.keys[0].value
	is := func(c consent) bool { return strings.EqualFold(c.id, id) }
	for _, seen := range g.d.principals {
		if !slices.ContainsFunc(seen.consents, is) {
			continue
		}
		e := g.change(ConsentChange, func(d *directory) *graphError {
			p, err := d.principal(seen.client)
			if err != nil || !slices.ContainsFunc(p.consents, is) {
				return noSuchObject(id)
			}
			p.consents = slices.DeleteFunc(p.consents, is)
			return nil
		})
		if e != nil {
			return e
		}
		return g.done()
	}
	return noSuchObject(id)
}
