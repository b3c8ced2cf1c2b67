package simcloud

import (
	"slices"
	"time"
)

// consented are the delegated permissions that a client has for a person: for
// that one alone, or for everyone. A client with fixed ones needs no consent.
func (t *Tenant) consented(client signInClient, userID string) []string {
	if client.fixed != nil {
		return client.fixed
	}
	var all []string
	p, ok := get(t, t.latest).principals[client.id]
	if !ok {
		return nil
	}
	for _, c := range p.consents {
		if c.user != "" && c.user != userID {
			continue
		}
		for _, s := range c.scopes {
			if !slices.Contains(all, s.value) {
				all = append(all, s.value)
			}
		}
	}
	slices.Sort(all)
	return all
}

// wants are the permissions that a request needs consent for: those it names,
// or with .default those the app is registered with.
func (client signInClient) wants(s scopes) []string {
	if !s.preset || client.app == nil {
		return s.values
	}
	var all []string
	for _, p := range client.app.requested {
		if p.kind == Delegated && p.resource == "" {
			all = append(all, p.value)
		}
	}
	return all
}

// lacking are the permissions that have yet to be consented to.
func lacking(wanted, have []string) []string {
	return slices.DeleteFunc(slices.Clone(wanted), func(w string) bool { return slices.Contains(have, w) })
}

// administrators may consent to any delegated permission, and for everyone.
// Source: learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent.
var administrators = []string{GlobalAdministrator, PrivilegedRoleAdministrator, ApplicationAdministrator, CloudApplicationAdministrator}

// mayConsent tells whether a person may consent to all of these. Of those
// played here only User.Read needs no administrator.
func (t *Tenant) mayConsent(u *user, to []string) bool {
	if u.holds(administrators...) {
		return true
	}
	return !get(t, func() bool { return t.noConsent }) && !slices.ContainsFunc(to, func(v string) bool { return v != "User.Read" })
}

// holds tells whether the person holds one of the roles for the whole directory.
func (u *user) holds(roles ...string) bool {
	return slices.ContainsFunc(u.roles, func(r roleAssignment) bool { return r.scope == "/" && slices.Contains(roles, r.role) })
}

// consent records it, and makes the client's enterprise app if there is none.
func (t *Tenant) consent(client signInClient, userID string, values []string) error {
	return changeOf(t, ConsentChange, func(d *directory, now time.Time) error {
		p, err := t.enterpriseApp(d, client.id, now)
		if err != nil {
			return err
		}
		c := p.consentOf(userID, t, now)
		for _, v := range values {
			s, ok := findPermission(Delegated, v)
			if ok && !slices.Contains(c.scopes, s) {
				c.scopes = append(c.scopes, s)
			}
		}
		return nil
	})
}

// WithdrawConsents takes every delegated permission of a client back, as
// Enterprise applications › Permissions › Review permissions does.
func (t *Tenant) WithdrawConsents(clientID string) error {
	return t.change(func(d *directory, _ time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		p.consents = nil
		return nil
	})
}

// ConsentState is a consent to delegated permissions of Microsoft Graph.
type ConsentState struct {
	ID       string
	ClientID string
	UPN      string // empty: for everyone
	Scopes   []string
}

// Consents are all of them, of whatever app, in no order that means anything.
func (t *Tenant) Consents() []ConsentState {
	d := get(t, t.latest)
	var all []ConsentState
	for _, p := range d.sortedPrincipals() {
		for _, c := range p.consents {
			s := ConsentState{ID: c.id, ClientID: p.client}
			if c.user != "" {
				s.UPN = c.user // a person who is gone is told by id
			}
			if u, ok := d.users[c.user]; ok {
				s.UPN = u.upn
			}
			for _, x := range c.scopes {
				s.Scopes = append(s.Scopes, x.value)
			}
			if len(s.Scopes) > 0 {
				all = append(all, s)
			}
		}
	}
	return all
}
