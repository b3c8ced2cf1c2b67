package simcloud

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// byUniqueName is the application that was made under that name.
func (d *directory) byUniqueName(name string) (*application, bool) {
	for _, a := range d.apps {
		if a.uniqueName != "" && strings.EqualFold(a.uniqueName, name) {
			return a, true
		}
	}
	return nil, false
}

// createApplication is a plain create: made twice, it makes twins.
// Source: learn.microsoft.com/graph/api/application-post-applications.
func createApplication(g *call) *graphError {
	if !g.mayRegister() {
		return denied
	}
	b, e := g.body("application")
	if e != nil {
		return e
	}
	var made *application
	e = g.change(ApplicationChange, func(d *directory) (e *graphError) {
		made, e = g.makeApplication(d, b, "")
		return e
	})
	if e != nil {
		return e
	}
	return g.created("applications", g.application(made, false))
}

// makeApplication makes one, under a unique name or none. c.mu is held.
func (g *call) makeApplication(d *directory, b body, uniqueName string) (*application, *graphError) {
	if e := b.require("Application", "displayName"); e != nil {
		return nil, e
	}
	if e := g.t.hasRoom(d); e != nil {
		return nil, e
	}
	made := &application{client: g.t.newID(), id: g.t.newID(), created: g.now, uniqueName: uniqueName, audience: "AzureADandPersonalMicrosoftAccount"}
	if e := g.setApplication(made, b); e != nil {
		return nil, e
	}
	if u, ok := g.person(); ok && (g.t.ownsCreated || !g.caller.holds(appAdministrators...)) {
		made.owners = []owner{u.owner()}
	}
	d.apps[made.client] = made
	return made, nil
}

// SetQuota limits how many apps and enterprise apps there may be, deleted ones
// included; 0 takes the limit back.
// Source: learn.microsoft.com/entra/identity/users/directory-service-limits-restrictions.
func (t *Tenant) SetQuota(objects int) { t.set(func() { t.quota = objects }) }

// hasRoom applies the quota. c.mu is held.
func (t *Tenant) hasRoom(d *directory) *graphError {
	if t.quota > 0 && len(d.apps)+len(d.principals)+len(d.deleted) >= t.quota {
		return problem(http.StatusForbidden, "Directory_QuotaExceeded", "The directory object quota limit for the Tenant has been exceeded. Please ask your administrator to increase the quota limit or delete objects to reduce the used quota.")
	}
	return nil
}

// updateApplication changes one; by unique name, and if that is asked for, it
// makes one that is not there.
// Source: learn.microsoft.com/graph/api/application-update and
// learn.microsoft.com/graph/api/application-upsert.
func updateApplication(g *call) *graphError {
	if !g.caller.hasOne(writeApps) {
		return denied
	}
	b, e := g.body("application")
	if e != nil {
		return e
	}
	seen, e := g.named()
	if e != nil && (e.status != http.StatusNotFound || g.keys[0].by != "uniqueName" || !g.upserts()) {
		return e
	}
	if seen == nil {
		return g.upsertApplication(b)
	}
	e = g.change(ApplicationChange, func(d *directory) *graphError { return g.patchApplication(d, seen.client, b) })
	if e != nil {
		return e
	}
	return g.done()
}

// upsertApplication is an upsert of what this Graph does not see. The name is
// unique where the write goes, whatever is seen here; whether a deleted
// application keeps it is not published, and here it does. It is one change, so
// that of two at once the second meets what the first has made.
func (g *call) upsertApplication(b body) *graphError {
	name, may := g.keys[0].value, g.mayRegister()
	var made *application
	e := g.change(ApplicationChange, func(d *directory) (e *graphError) {
		hidden, taken := d.byUniqueName(name)
		switch {
		case d.keepsName(name, g.now), taken && g.t.racyUpserts:
			return g.conflicts()
		case taken:
			return g.patchApplication(d, hidden.client, b)
		case !may:
			return denied
		}
		made, e = g.makeApplication(d, b, name)
		return e
	})
	switch {
	case e != nil:
		return e
	case made == nil:
		return g.done()
	}
	return g.created("applications", g.application(made, false))
}

// keepsName tells whether a deleted application that can be restored has the
// unique name.
func (d *directory) keepsName(name string, now time.Time) bool {
	for id, x := range d.deleted {
		if _, there := d.inBin(id, now); there && x.app != nil && strings.EqualFold(x.app.uniqueName, name) {
			return true
		}
	}
	return false
}

// SetRacingUpserts decides what an upsert says of an application that was made
// a moment ago and that Graph does not show yet: a conflict, or as if it were
// there. The vendor does not tell.
func (t *Tenant) SetRacingUpserts(conflict bool) { t.set(func() { t.racyUpserts = conflict }) }

// SetNewerConflicts decides how what is there already is refused: 409 and
// Request_MultipleObjectsWithSameKeyValue, or 400 and Request_BadRequest as it
// has been for long. Both are seen.
func (t *Tenant) SetNewerConflicts(newer bool) { t.set(func() { t.newConflicts = newer }) }

// patchApplication sets what the body names. c.mu is held.
func (g *call) patchApplication(d *directory, client string, b body) *graphError {
	a, err := d.app(client)
	if err != nil {
		return noSuchObject(g.keys[0].value)
	}
	if !g.manages(a.owners) {
		return denied
	}
	return g.setApplication(a, b)
}

// readOnly are properties that nobody sets.
var readOnly = table[[]string]{
	{"application", []string{
		"id", "deletedDateTime", "appId", "applicationTemplateId", "createdDateTime", "createdByAppId", "disabledByMicrosoftStatus",
		"publisherDomain", "uniqueName", "certification", "verifiedPublisher", "passwordCredentials",
	}},
	{"servicePrincipal", []string{
		"id", "deletedDateTime", "appDisplayName", "appDescription", "appOwnerOrganizationId", "applicationTemplateId", "createdByAppId",
		"disabledByMicrosoftStatus", "servicePrincipalType", "signInAudience", "verifiedPublisher", "passwordCredentials",
	}},
}

func cannotSet(typ, name string) *graphError {
	if all, _ := readOnly.find(typ); slices.Contains(all, name) {
		return badRequestBody("Property '%s' is read-only and cannot be set.", name)
	}
	return problem(http.StatusNotImplemented, "NotImplemented", "The simulated cloud does not play this yet: property "+name+" of "+typ)
}

var audiences = []string{"AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"}

// setApplication sets what the body names. c.mu is held.
func (g *call) setApplication(a *application, b body) *graphError {
	for _, name := range b.names() {
		if strings.HasPrefix(name, "@odata.") {
			continue
		}
		var e *graphError
		switch name {
		case "displayName":
			a.name, e = displayName(b, "Application")
		case "signInAudience":
			if a.audience = b.str(name); !slices.Contains(audiences, a.audience) {
				e = badRequestBody("Invalid value specified for property 'signInAudience' of resource 'Application'.")
			}
		case "tags":
			a.tags = nil
			e = b.into(name, &a.tags)
		case "isFallbackPublicClient":
			a.public = string(b[name]) == "true"
		case "publicClient":
			var p struct{ RedirectURIs []string }
			e = b.into(name, &p)
			a.redirects = p.RedirectURIs
		case "notes", "description", "serviceManagementReference":
			if a.texts == nil {
				a.texts = map[string]any{}
			}
			a.texts[name] = orNull(b.str(name))
		case "requiredResourceAccess":
			a.requested, e = wishes(b)
		case "keyCredentials":
			a.keys, e = g.replaceKeys(a.keys, b)
		default:
			e = cannotSet("application", name)
		}
		if e != nil {
			return e
		}
	}
	return nil
}

func displayName(b body, resource string) (string, *graphError) {
	name := b.str("displayName")
	if name == "" || len([]rune(name)) > 256 {
		return "", badRequestBody("Invalid value specified for property 'displayName' of resource '%s'.", resource)
	}
	return name, nil
}

// wishes reads requiredResourceAccess. Nobody checks that there is such a
// permission.
func wishes(b body) ([]permission, *graphError) {
	var all []struct {
		ResourceAppID  string
		ResourceAccess []struct{ ID, Type string }
	}
	if e := b.into("requiredResourceAccess", &all); e != nil {
		return nil, e
	}
	var out []permission
	for _, r := range all {
		if r.ResourceAppID == "" {
			return nil, badRequestBody("Invalid value specified for property 'resourceAppId' of resource 'RequiredResourceAccess'.")
		}
		for _, x := range r.ResourceAccess {
			if x.ID == "" {
				return nil, badRequestBody("Invalid value specified for property 'id' of resource 'ResourceAccess'.")
			}
			p, ok := wish(r.ResourceAppID, strings.ToLower(x.ID), x.Type)
			if !ok {
				return nil, badRequestBody("Invalid value specified for property 'type' of resource 'ResourceAccess'.")
			}
			out = append(out, p)
		}
	}
	return out, nil
}

func wish(resource, id, typ string) (permission, bool) {
	kind, ok := map[string]Kind{"Role": Application, "Scope": Delegated}[typ]
	p := permission{kind: kind, value: id, id: id, resource: strings.ToLower(resource)}
	if p.resource != graphAppID {
		return p, ok
	}
	p.resource = ""
	for _, known := range permissions {
		if known.kind == kind && known.id == id {
			return known, ok
		}
	}
	return p, ok
}

// deleteApplication moves one to the deleted items.
// Source: learn.microsoft.com/graph/api/application-delete.
func deleteApplication(g *call) *graphError {
	if !g.caller.hasOne(writeApps) {
		return denied
	}
	seen, e := g.named()
	if e != nil {
		return e
	}
	e = g.change(ApplicationChange, func(d *directory) *graphError {
		a, err := d.app(seen.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		if !g.manages(a.owners) {
			return denied
		}
		d.deleteApp(a, g.now)
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}
