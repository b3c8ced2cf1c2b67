package simcloud

import (
	"crypto/rsa"
	"maps"
	"slices"
	"strings"
	"time"
)

// directory is what a tenant holds at one moment. It and everything in it is
// never written to once it is a version: changes copy what they touch.
type directory struct {
	graph      string                  // object id of Microsoft Graph's own service principal
	apps       map[string]*application // by client id
	principals map[string]*principal   // by client id
	users      map[string]*user        // by object id
	deleted    map[string]*deleted     // by object id; for thirty days
}

// application is an app registration.
type application struct {
	id, client, name string
	created          time.Time
	keys             []certificate
	secrets          []secret
	owners           []owner
	federated        []federated
	requested        []permission
	public           bool // the Authentication blade allows public client flows
	azure            bool // it may act in Azure for whoever signs in

	uniqueName string
	audience   string // signInAudience
	tags       []string
	redirects  []string       // of the platform for mobile and desktop applications
	texts      map[string]any // description, notes and the like, as given
}

// principal is an enterprise app, an application's service principal.
type principal struct {
	id, client, name string
	created          time.Time
	disabled         bool
	grants           []grant
	consents         []consent
	roles            []roleAssignment
	owners           []owner
	secrets          []secret
	tags             []string
	needsAssignment  bool     // appRoleAssignmentRequired
	assigned         []string // people's object ids
	foreign          string   // the tenant that owns the application, if not this one
}

// consent is an oauth2PermissionGrant: what an app may do for one person, or
// for everyone.
type consent struct {
	id, user string // user "" is everyone
	created  time.Time
	scopes   []permission
}

// deleted is an object that can still be restored: one of the two.
type deleted struct {
	app       *application
	principal *principal
	at        time.Time
}

type certificate struct {
	keyID      string
	name       string // the subject
	der        []byte
	key        *rsa.PublicKey
	sha1       [20]byte
	sha256     [32]byte
	start, end time.Time
}

type secret struct {
	keyID, name string
	start, end  time.Time
}

type owner struct{ id, name, user string }

type federated struct{ id, name, issuer, subject string }

// grant is an app role assignment: an application permission with consent.
type grant struct {
	id, role, value string
	created         time.Time
}

type roleAssignment struct{ id, role, scope string }

func newDirectory(graph string) *directory {
	return &directory{graph: graph, apps: map[string]*application{}, principals: map[string]*principal{}, users: map[string]*user{}, deleted: map[string]*deleted{}}
}

func (d *directory) clone() *directory {
	return &directory{graph: d.graph, apps: maps.Clone(d.apps), principals: maps.Clone(d.principals), users: maps.Clone(d.users), deleted: maps.Clone(d.deleted)}
}

// app is the application of that client id, fit to be changed.
func (d *directory) app(client string) (*application, error) {
	a, ok := d.apps[strings.ToLower(client)]
	if !ok {
		return nil, notThere(client)
	}
	copied := *a
	copied.keys, copied.secrets = slices.Clone(a.keys), slices.Clone(a.secrets)
	copied.owners, copied.federated = slices.Clone(a.owners), slices.Clone(a.federated)
	copied.requested, copied.tags = slices.Clone(a.requested), slices.Clone(a.tags)
	copied.redirects, copied.texts = slices.Clone(a.redirects), maps.Clone(a.texts)
	d.apps[a.client] = &copied
	return &copied, nil
}

// principal is the service principal of that client id, fit to be changed.
func (d *directory) principal(client string) (*principal, error) {
	p, ok := d.principals[strings.ToLower(client)]
	if !ok {
		return nil, notThere(client)
	}
	copied := *p
	copied.grants, copied.consents = slices.Clone(p.grants), slices.Clone(p.consents)
	copied.roles, copied.owners, copied.secrets = slices.Clone(p.roles), slices.Clone(p.owners), slices.Clone(p.secrets)
	copied.tags, copied.assigned = slices.Clone(p.tags), slices.Clone(p.assigned)
	d.principals[p.client] = &copied
	return &copied, nil
}

// appByID is the application with that object id.
func (d *directory) appByID(id string) (*application, bool) {
	for _, a := range d.apps {
		if a.id == strings.ToLower(id) {
			return a, true
		}
	}
	return nil, false
}

// principalByID is the service principal with that object id.
func (d *directory) principalByID(id string) (*principal, bool) {
	for _, p := range d.principals {
		if p.id == strings.ToLower(id) {
			return p, true
		}
	}
	return nil, false
}

// version is a directory and from when on the services see it.
type version struct {
	dir              *directory
	toLogin, toGraph time.Time
	toAzure          time.Time
}

// change makes a new version, as an administrator in the portal does.
func (t *Tenant) change(f func(d *directory, now time.Time) error) error {
	return changeOf(t, anyChange, f)
}

// always is a change that nothing can refuse.
func (t *Tenant) always(f func(d *directory, now time.Time)) {
	changeOf(t, anyChange, func(d *directory, now time.Time) bool { f(d, now); return false })
}

// changeOf makes a new version, unless f refuses with anything but the zero E.
// f gets ids with t.newID; its time is the service's.
func changeOf[E comparable](t *Tenant, what Change, f func(d *directory, now time.Time) E) E {
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	now := t.c.now()
	d := t.latest().clone()
	var none E
	if refusal := f(d, now.Add(t.c.offset).UTC()); refusal != none {
		return refusal
	}
	// What all services are past is not needed any more.
	t.versions = t.versions[min(t.seenAt(login, now), t.seenAt(graph, now), t.seenAt(arm, now)):]
	delay, ok := t.spread[what]
	if !ok {
		delay = spreading{t.toLogin, t.toGraph}
	}
	t.versions = append(slices.Clip(t.versions), version{d, arrives(now, delay.toLogin), arrives(now, delay.toGraph), arrives(now, t.az.delays.Principals)})
	return none
}

// arrives is when a change is seen; without a delay always, even if the clock
// is turned back.
func arrives(now time.Time, delay time.Duration) time.Time {
	if delay <= 0 {
		return time.Time{}
	}
	return now.Add(delay)
}

// latest is what the administrator sees. c.mu is held.
func (t *Tenant) latest() *directory { return t.versions[len(t.versions)-1].dir }

// seenAt is the index of the version a service sees. c.mu is held.
func (t *Tenant) seenAt(k kind, now time.Time) int {
	for i := len(t.versions) - 1; i > 0; i-- {
		from := t.versions[i].toGraph
		switch k {
		case login:
			from = t.versions[i].toLogin
		case arm:
			from = t.versions[i].toAzure
		}
		if !from.After(now) {
			return i
		}
	}
	return 0
}

// seen is the directory as a service sees it now.
func (t *Tenant) seen(k kind) *directory {
	return get(t, func() *directory { return t.versions[t.seenAt(k, t.c.now())].dir })
}
