package simcloud

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// restorable is how long a deleted object can be brought back.
// Source: learn.microsoft.com/entra/identity/enterprise-apps/delete-recover-faq.
const restorable = 30 * 24 * time.Hour

// deleteApp moves an application and, this being its home, its service
// principal to the deleted items.
func (d *directory) deleteApp(a *application, now time.Time) {
	delete(d.apps, a.client)
	d.deleted[a.id] = &deleted{app: a, at: now}
	if p, ok := d.principals[a.client]; ok {
		d.deletePrincipal(p, now)
	}
}

// deletePrincipal moves a service principal to the deleted items. What it was
// granted and assigned goes, and does not come back with it: of a restored one
// the vendor does not say.
func (d *directory) deletePrincipal(p *principal, now time.Time) {
	delete(d.principals, p.client)
	copied := *p
	copied.grants, copied.consents, copied.roles, copied.assigned = nil, nil, nil, nil
	d.deleted[p.id] = &deleted{principal: &copied, at: now}
}

// inBin is the deleted object of that id, if it is still there.
func (d *directory) inBin(id string, now time.Time) (*deleted, bool) {
	x, ok := d.deleted[id]
	return x, ok && now.Before(x.at.Add(restorable))
}

// binned are the deleted objects of one kind, or of both, as objects.
func (g *call) binned(apps, principals bool) []object {
	var all []object
	for _, id := range slices.Sorted(maps.Keys(g.d.deleted)) {
		x, ok := g.d.inBin(id, g.now)
		if !ok || (x.app != nil && !apps) || (x.principal != nil && !principals) {
			continue
		}
		all = append(all, g.inBin(x))
	}
	return all
}

func (g *call) inBin(x *deleted) object {
	var o object
	if x.app != nil {
		o = g.application(x.app, false)
		o["@odata.type"] = "#microsoft.graph.application"
	} else {
		o = g.principal(x.principal)
		o["@odata.type"] = "#microsoft.graph.servicePrincipal"
	}
	o["deletedDateTime"] = stamp(x.at)
	return o
}

// deletedApps lists those of one type, which the address must name.
// Source: learn.microsoft.com/graph/api/directory-deleteditems-list.
func deletedApps(g *call) *graphError {
	return g.list("applications", g.binned(true, false))
}

func deletedPrincipals(g *call) *graphError {
	return g.list("servicePrincipals", g.binned(false, true))
}

func deletedItem(g *call) *graphError {
	o, e := g.object(g.binned(true, true))
	if e != nil {
		return e
	}
	return g.entity("directoryObjects", o)
}

// purging is the right to delete for good.
// Source: learn.microsoft.com/graph/api/directory-deleteditems-delete.
var purging = right{any: writeApps, roles: []string{ApplicationAdministrator}}

// purge deletes for good.
func purge(g *call) *graphError {
	id := strings.ToLower(g.keys[0].value)
	if _, ok := g.d.inBin(id, g.now); !ok {
		return noSuchObject(g.keys[0].value)
	}
	e := g.change(changeOfBin(g.d.deleted[id]), func(d *directory) *graphError {
		if _, ok := d.inBin(id, g.now); !ok {
			return noSuchObject(g.keys[0].value)
		}
		delete(d.deleted, id)
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}

func changeOfBin(x *deleted) Change {
	if x.app != nil {
		return ApplicationChange
	}
	return PrincipalChange
}

// restore brings one back, each on its own.
// Source: learn.microsoft.com/graph/api/directory-deleteditems-restore.
func restore(g *call) *graphError {
	id := strings.ToLower(g.keys[0].value)
	x, ok := g.d.inBin(id, g.now)
	if !ok {
		return noSuchObject(g.keys[0].value)
	}
	e := g.change(changeOfBin(x), func(d *directory) *graphError {
		x, ok := d.inBin(id, g.now)
		if !ok {
			return noSuchObject(g.keys[0].value)
		}
		if x.app != nil {
			d.apps[x.app.client] = x.app
		} else if _, taken := d.principals[x.principal.client]; taken {
			return inUse(x.principal.client)
		} else {
			d.principals[x.principal.client] = x.principal
		}
		delete(d.deleted, id)
		return nil
	})
	if e != nil {
		return e
	}
	o := g.inBin(x)
	o["deletedDateTime"] = nil
	return g.entity("directoryObjects", o)
}

// DeletedState is an object that can still be restored.
type DeletedState struct {
	ID       string
	Kind     string // "application" or "servicePrincipal"
	Name     string
	ClientID string
	At       time.Time
}

// Deleted are the deleted items, as the administrator sees them now.
func (t *Tenant) Deleted() []DeletedState {
	now := t.c.serverTime()
	d := get(t, t.latest)
	var all []DeletedState
	for _, id := range slices.Sorted(maps.Keys(d.deleted)) {
		x, ok := d.inBin(id, now)
		switch {
		case !ok:
		case x.app != nil:
			all = append(all, DeletedState{id, "application", x.app.name, x.app.client, x.at})
		default:
			all = append(all, DeletedState{id, "servicePrincipal", x.principal.name, x.principal.client, x.at})
		}
	}
	return all
}
