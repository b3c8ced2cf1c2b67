package simcloud

import (
	"net/http"
	"slices"
	"strings"
)

// createPrincipal makes a service principal for an application of this tenant,
// or for one of Microsoft's sign-in clients.
// Source: learn.microsoft.com/graph/api/serviceprincipal-post-serviceprincipals.
func createPrincipal(g *call) *graphError {
	b, e := g.body("servicePrincipal")
	if e != nil {
		return e
	}
	if e := b.require("ServicePrincipal", "appId"); e != nil {
		return e
	}
	return g.makePrincipal(b.str("appId"), b)
}

// makePrincipal judges and makes it. The application must have reached this
// Graph.
func (g *call) makePrincipal(appID string, b body) *graphError {
	appID = strings.ToLower(appID)
	app := g.d.apps[appID]
	first := slices.ContainsFunc(firstParty, func(c signInClient) bool { return c.id == appID })
	if !g.mayEnrol(app) {
		return denied
	}
	if app == nil && !first {
		return g.noBacking(appID)
	}
	var made *principal
	missing := g.noBacking(appID)
	e := g.change(PrincipalChange, func(d *directory) *graphError {
		if _, ok := d.principals[appID]; ok {
			return inUse(appID)
		}
		if e := g.t.hasRoom(d); e != nil {
			return e
		}
		p, err := g.t.enterpriseApp(d, appID, g.now)
		if err != nil {
			return missing
		}
		p.tags = nil
		made = p
		return g.setPrincipal(p, b)
	})
	if e != nil {
		return e
	}
	return g.created("servicePrincipals", g.principal(made))
}

// mayEnrol tells whether the caller may make a service principal: an
// administrator of applications, or an Application Developer for an application
// of their own.
func (g *call) mayEnrol(app *application) bool {
	if !g.caller.hasOne(writeApps) {
		return false
	}
	if g.caller.User == "" || g.caller.holds(appAdministrators...) {
		return true
	}
	return app != nil && g.caller.holds(ApplicationDeveloper) && g.owns(app.owners)
}

// noBacking is what is said of an application that is not there yet, in either
// of the wordings that are seen.
func (g *call) noBacking(appID string) *graphError {
	if get(g.t, func() bool { return g.t.otherWords }) {
		return badRequestBody("When using this permission, the backing application of the service principal being created must in the local tenant")
	}
	return badRequestBody("The appId '%s' of the service principal does not reference a valid application object.", appID).about("NoBackingApplicationObject", "appId")
}

// SetOtherWording makes Graph tell of an application that has not spread yet in
// the other of the two ways it has.
func (t *Tenant) SetOtherWording(other bool) { t.set(func() { t.otherWords = other }) }

func inUse(appID string) *graphError {
	return problem(http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", "The service principal cannot be created, updated, or restored because the service principal name "+appID+" is already in use.").about("ObjectConflict", "servicePrincipalNames")
}

// updatePrincipal changes one; by appId, and if that is asked for, it makes one
// that is not there.
// Source: learn.microsoft.com/graph/api/serviceprincipal-upsert.
func updatePrincipal(g *call) *graphError {
	if !g.caller.hasOne(writeApps) {
		return denied
	}
	b, e := g.body("servicePrincipal")
	if e != nil {
		return e
	}
	seen, e := g.namedPrincipal()
	if e != nil && (e.status != http.StatusNotFound || g.keys[0].by != "appId" || !g.upserts()) {
		return e
	}
	if e == nil && seen == nil {
		return denied // Microsoft's own
	}
	client := g.keys[0].value
	if seen != nil {
		client = seen.client
	} else if p, ok := get(g.t, g.t.latest).principals[strings.ToLower(client)]; !ok || get(g.t, func() bool { return g.t.racyUpserts }) {
		if ok {
			return inUse(p.client)
		}
		if given := b.str("appId"); given != "" && !strings.EqualFold(given, client) {
			return badRequestBody("Property 'appId' is read-only and cannot be set.")
		}
		return g.makePrincipal(client, b)
	}
	return g.patchPrincipal(client, b)
}

func (g *call) patchPrincipal(client string, b body) *graphError {
	e := g.change(PrincipalChange, func(d *directory) *graphError {
		p, err := d.principal(client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		if !g.manages(p.owners) {
			return denied
		}
		return g.setPrincipal(p, b)
	})
	if e != nil {
		return e
	}
	return g.done()
}

// setPrincipal sets what the body names. c.mu is held.
func (g *call) setPrincipal(p *principal, b body) *graphError {
	for _, name := range b.names() {
		if strings.HasPrefix(name, "@odata.") {
			continue
		}
		var e *graphError
		switch name {
		case "appId":
			if !strings.EqualFold(b.str(name), p.client) {
				e = badRequestBody("Property 'appId' is read-only and cannot be set.")
			}
		case "displayName":
			p.name, e = displayName(b, "ServicePrincipal")
		case "accountEnabled":
			p.disabled = string(b[name]) == "false"
		case "appRoleAssignmentRequired":
			p.needsAssignment = string(b[name]) == "true"
		case "tags":
			p.tags = nil
			e = b.into(name, &p.tags)
		default:
			e = cannotSet("servicePrincipal", name)
		}
		if e != nil {
			return e
		}
	}
	return nil
}

// deletePrincipal moves one to the deleted items.
// Source: learn.microsoft.com/graph/api/serviceprincipal-delete.
func deletePrincipal(g *call) *graphError {
	if !g.caller.hasOne(writeApps) {
		return denied
	}
	seen, e := g.namedPrincipal()
	if e != nil {
		return e
	}
	if seen == nil {
		return denied // Microsoft's own
	}
	e = g.change(PrincipalChange, func(d *directory) *graphError {
		p, err := d.principal(seen.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		if !g.manages(p.owners) {
			return denied
		}
		d.deletePrincipal(p, g.now)
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}
