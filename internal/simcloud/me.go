package simcloud

// me is the person that the caller acts for. An app on its own is nobody.
// Source: learn.microsoft.com/graph/api/user-get.
func me(g *call) *graphError {
	u, ok := g.person()
	if !ok {
		return badQuery("/me request is only valid with delegated authentication flow.")
	}
	o := userObject(u.owner())
	delete(o, "@odata.type")
	return g.entity("users", o)
}

// myRoles are the directory roles that the person holds, active and for the
// whole directory. Roles by way of a group are not played.
// Source: learn.microsoft.com/graph/api/user-list-transitivememberof.
func myRoles(g *call) *graphError {
	u, ok := g.person()
	if !ok {
		return badQuery("/me request is only valid with delegated authentication flow.")
	}
	if get(g.t, func() bool { return g.t.hiddenRoles }) {
		return denied
	}
	var all []object
	for _, r := range u.roles {
		if r.scope != "/" {
			continue
		}
		role, _ := findRole(r.role)
		all = append(all, object{
			"@odata.type": "#microsoft.graph.directoryRole", "id": r.role, "deletedDateTime": nil,
			"description": role.description, "displayName": role.name, "roleTemplateId": r.role,
		})
	}
	if g.q.sel != nil {
		g.q.sel = append(g.q.sel, "@odata.type")
	}
	return g.list("directoryObjects", all)
}
