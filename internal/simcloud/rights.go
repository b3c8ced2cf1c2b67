package simcloud

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// Whoever calls Graph is an app on its own, whose application permissions and
// directory roles count, or an app on a person's behalf: then both the app's
// delegated permissions and the person's directory roles must allow it. What
// counts is what the token holds.
// Source: learn.microsoft.com/graph/permissions-overview and the permission
// tables of each page.

// right is what a call takes.
type right struct {
	any   string   // permissions, separated by blanks, one of which is needed
	also  string   // the same, where two are needed
	roles []string // directory roles, one of which a person needs; nil: none. A Global Administrator may do anything
}

// allows judges the caller.
func (r right) allows(c claims) bool {
	if r.any == "" {
		return false
	}
	if !c.hasOne(r.any) || (r.also != "" && !c.hasOne(r.also)) {
		return false
	}
	return c.User == "" || r.roles == nil || c.holds(r.roles...)
}

// hasOne tells whether the token has one of the permissions, of the kind that
// fits it.
func (c claims) hasOne(of string) bool {
	have := c.Roles
	if c.User != "" {
		have = c.Scopes
	}
	return slices.ContainsFunc(strings.Fields(of), func(p string) bool { return slices.Contains(have, p) })
}

// holds tells whether one of the directory roles is in the token, or the one
// that may do everything.
func (c claims) holds(roles ...string) bool {
	return slices.Contains(c.Directory, GlobalAdministrator) || slices.ContainsFunc(roles, func(r string) bool { return slices.Contains(c.Directory, r) })
}

// Permissions for reading and writing, by what they open.
const (
	readApps   = "Application.Read.All Application.ReadWrite.All Directory.Read.All"
	writeApps  = "Application.ReadWrite.All"
	readRoles  = "RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory Directory.Read.All"
	writeRoles = "RoleManagement.ReadWrite.Directory"
	readScopes = "DelegatedPermissionGrant.ReadWrite.All Directory.Read.All"
)

var (
	appAdministrators  = []string{ApplicationAdministrator, CloudApplicationAdministrator}
	roleAdministrators = []string{PrivilegedRoleAdministrator}
	readers            = []string{PrivilegedRoleAdministrator, GlobalReader}
)

// mayRead judges a read: an app by what it was granted or the role it holds, a
// person by the route's right.
func (r route) mayRead(c claims) bool {
	if c.User == "" {
		return r.allows(c) || (r.people.any != "" && r.people.allows(c))
	}
	return r.people.allows(c)
}

// manages tells whether the caller may change an object with these owners.
func (g *call) manages(owners []owner) bool {
	if !g.caller.hasOne(writeApps) {
		return false
	}
	return g.caller.User == "" || g.caller.holds(appAdministrators...) || g.owns(owners)
}

func (g *call) owns(owners []owner) bool {
	return g.caller.User != "" && slices.ContainsFunc(owners, func(o owner) bool { return o.id == g.caller.User })
}

// person is who the caller acts for.
func (g *call) person() (*user, bool) {
	u, ok := g.d.users[g.caller.User]
	return u, ok
}

// mayRegister tells whether the caller may make an app registration.
// Source: learn.microsoft.com/entra/identity/role-based-access-control/delegate-app-roles.
func (g *call) mayRegister() bool {
	if !g.caller.hasOne(writeApps) {
		return false
	}
	if g.caller.User == "" || g.caller.holds(ApplicationAdministrator, CloudApplicationAdministrator, ApplicationDeveloper) {
		return true
	}
	u, ok := g.person()
	return ok && !u.guest && !get(g.t, func() bool { return g.t.noRegister })
}

// operation is a write that is played.
type operation struct {
	do    func(*call) *graphError
	right right // empty: do judges
}

// change makes a change of the directory. f looks objects up in g.d, as Graph
// sees them, and changes d, which is what is true.
func (g *call) change(what Change, f func(d *directory) *graphError) *graphError {
	return changeOf(g.t, what, func(d *directory, _ time.Time) *graphError { return f(d) })
}

// write carries a write out.
func (g *call) write(r route) *graphError {
	o, played := r.do[g.r.Method]
	if !played && !slices.Contains(r.writes, g.r.Method) {
		return problem(http.StatusMethodNotAllowed, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
	}
	if e := g.identify(); e != nil {
		return e
	}
	switch {
	case !played && g.caller.User != "":
		return g.notPlayed(g.r.Method + " " + g.r.URL.Path)
	case !played, o.right.any != "" && !o.right.allows(g.caller):
		return denied
	}
	var e *graphError
	if g.q, e = (reading{}).parse(g.r.URL.RawQuery); e != nil {
		return e
	}
	return o.do(g)
}

// created answers with an object just made.
func (g *call) created(set string, o object) *graphError {
	g.w.Header().Set("Location", "https://"+g.cloud.Graph+"/v2/"+g.t.spec.ID+"/directoryObjects/"+o["id"].(string))
	o["@odata.context"] = g.context(set + "/$entity")
	g.send(http.StatusCreated, o)
	return nil
}

// done answers with nothing.
func (g *call) done() *graphError {
	g.w.WriteHeader(http.StatusNoContent)
	return nil
}

// upserts tells whether the caller wants what is not there to be made.
// Source: learn.microsoft.com/graph/api/application-upsert.
func (g *call) upserts() bool {
	for _, line := range g.r.Header.Values("Prefer") {
		for _, p := range strings.Split(line, ",") {
			if strings.EqualFold(strings.TrimSpace(p), "create-if-missing") {
				return true
			}
		}
	}
	return false
}

// conflicts is the refusal of what is there already, in the words the tenant's
// Graph has for it. c.mu is held.
func (g *call) conflicts() *graphError {
	if g.t.newConflicts {
		return problem(http.StatusConflict, "Request_MultipleObjectsWithSameKeyValue", conflict).about("ConflictingObjects", "")
	}
	return badRequestBody(conflict).about("ConflictingObjects", "")
}
