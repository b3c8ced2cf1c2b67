package simcloud

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"
)

// UserSpec describes a person to be added.
type UserSpec struct {
	UPN   string   // sign-in name; without an @ in the tenant's default domain
	Name  string   // display name; empty is the part before the @
	Roles []string // template ids of the directory roles held, active and for the whole directory
	Guest bool     // invited from another tenant, with the name used there
}

// User is a person as the portal lists them.
type User struct {
	ID   string // object id, in this tenant
	UPN  string // the name to sign in with
	Name string
}

// user is a person in the directory.
type user struct {
	id, upn, name string
	guest         bool
	roles         []roleAssignment
	created       time.Time
	since         time.Time // sessions from before are revoked
}

func (u *user) owner() owner { return owner{u.id, u.name, u.upn} }

// AddUser is Users › New user, or › Invite external user. It takes effect at
// once for everyone.
func (t *Tenant) AddUser(spec UserSpec) User {
	if !strings.Contains(spec.UPN, "@") {
		spec.UPN += "@" + t.defaultDomain()
	}
	spec.UPN = strings.ToLower(spec.UPN)
	if spec.Name == "" {
		spec.Name, _, _ = strings.Cut(spec.UPN, "@")
	}
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	u := &user{id: t.newID(), upn: spec.UPN, name: spec.Name, guest: spec.Guest, created: t.c.now()}
	for _, r := range spec.Roles {
		u.roles = append(u.roles, roleAssignment{t.newID(), r, "/"})
	}
	for i, v := range t.versions {
		d := v.dir.clone()
		d.users[u.id] = u
		t.versions[i].dir = d
	}
	return User{u.id, u.upn, u.name}
}

func (t *Tenant) defaultDomain() string {
	return append([]string{t.spec.Initial}, t.spec.Domains...)[min(1, len(t.spec.Domains))]
}

// userNamed is the person with that sign-in name.
func (d *directory) userNamed(upn string) (*user, bool) {
	for _, u := range d.users {
		if strings.EqualFold(u.upn, upn) {
			return u, true
		}
	}
	return nil, false
}

// RevokeSessions is Users › Revoke sessions: refresh tokens from before are
// worth nothing.
func (t *Tenant) RevokeSessions(upn string) error {
	return t.change(func(d *directory, now time.Time) error {
		u, ok := d.userNamed(upn)
		if !ok {
			return notThere(upn)
		}
		copied := *u
		copied.since = now
		d.users[u.id] = &copied
		return nil
	})
}

// SetUsersRegister is User settings › Users can register applications. It is
// on until it is set.
func (t *Tenant) SetUsersRegister(may bool) { t.set(func() { t.noRegister = !may }) }

// SetUsersConsent is Consent and permissions › User consent settings. It is on
// until it is set: people may consent for themselves to what needs no
// administrator.
func (t *Tenant) SetUsersConsent(may bool) { t.set(func() { t.noConsent = !may }) }

// SetOwnRolesReadable decides whether people may list the directory roles that
// they hold with User.Read. It is on until it is set; the vendor does not say
// what scope it takes.
func (t *Tenant) SetOwnRolesReadable(may bool) { t.set(func() { t.hiddenRoles = !may }) }

// SetAdministratorOwns makes also an administrator an owner of the app they
// create. An ordinary person always is; of administrators reports differ.
func (t *Tenant) SetAdministratorOwns(owns bool) { t.set(func() { t.ownsCreated = owns }) }

// SetAssignmentRequired is Enterprise applications › Properties › Assignment
// required. A sign-in client of Microsoft's gets its enterprise app by it.
func (t *Tenant) SetAssignmentRequired(clientID string, required bool) error {
	return t.change(func(d *directory, now time.Time) error {
		p, err := t.enterpriseApp(d, clientID, now)
		if err != nil {
			return err
		}
		p.needsAssignment = required
		return nil
	})
}

// AssignUser is Enterprise applications › Users and groups › Add user.
func (t *Tenant) AssignUser(clientID, upn string) error {
	return t.change(func(d *directory, now time.Time) error {
		p, err := t.enterpriseApp(d, clientID, now)
		if err != nil {
			return err
		}
		u, ok := d.userNamed(upn)
		if !ok {
			return notThere(upn)
		}
		if !slices.Contains(p.assigned, u.id) {
			p.assigned = append(p.assigned, u.id)
		}
		return nil
	})
}

// UserState is a person and what they hold.
type UserState struct {
	User
	Guest bool
	Roles []string // names of directory roles, as in [AppState]
}

// Users are all people, by sign-in name.
func (t *Tenant) Users() []UserState {
	all := map[string]UserState{}
	for _, u := range get(t, t.latest).users {
		all[u.upn] = UserState{User{u.id, u.upn, u.name}, u.guest, roleNames(u.roles)}
	}
	return inOrder(all)
}

// password is what a person signs in with, at whatever tenant. Nobody outside
// the Cloud knows it: people sign in with [Tenant.Browser].
func (c *Cloud) password(upn string) string {
	mac := hmac.New(sha256.New, c.secret)
	mac.Write([]byte(strings.ToLower(upn)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
