package simcloud

import (
	"net/url"
	"slices"
	"strings"
)

// addOwner makes a person an owner of an application.
// Source: learn.microsoft.com/graph/api/application-post-owners.
func addOwner(g *call) *graphError {
	a, e := g.named()
	if e != nil {
		return e
	}
	if !g.manages(a.owners) {
		return denied
	}
	b, e := g.jsonObject()
	if e != nil {
		return e
	}
	u, ok := g.referenced(b)
	if !ok {
		return noReference
	}
	e = g.change(ApplicationChange, func(d *directory) *graphError {
		now, err := d.app(a.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		if slices.ContainsFunc(now.owners, func(o owner) bool { return o.id == u.id }) {
			return badRequestBody("One or more added object references already exist for the following modified properties: 'owners'.")
		}
		now.owners = append(now.owners, u.owner())
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}

// referenced is the person that a body of only @odata.id points to.
func (g *call) referenced(b body) (*user, bool) {
	to, err := url.Parse(b.str("@odata.id"))
	if err != nil || len(b) != 1 || to.Scheme != "https" || to.Host != g.cloud.Graph {
		return nil, false
	}
	for _, in := range []string{"/v1.0/directoryObjects/", "/v1.0/users/"} {
		if id, ok := strings.CutPrefix(to.Path, in); ok {
			u, ok := g.d.users[strings.ToLower(id)]
			return u, ok
		}
	}
	return nil, false
}

// removeOwner takes it back.
// Source: learn.microsoft.com/graph/api/application-delete-owners.
func removeOwner(g *call) *graphError {
	a, e := g.named()
	if e != nil {
		return e
	}
	if !g.manages(a.owners) {
		return denied
	}
	e = g.change(ApplicationChange, func(d *directory) *graphError {
		now, err := d.app(a.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		had := len(now.owners)
		now.owners = slices.DeleteFunc(now.owners, func(o owner) bool { return strings.EqualFold(o.id, g.keys[1].value) })
		if len(now.owners) == had {
			return noSuchObject(g.keys[1].value)
		}
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}
