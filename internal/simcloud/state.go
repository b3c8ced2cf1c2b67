package simcloud

import (
	"slices"
	"time"
)

// AppState is everything on an app registration and its enterprise app, as the
// administrator sees it.
type AppState struct {
	App
	Name         string
	Enabled      bool // there is an enterprise app, and it may sign in
	Certificates []CertificateState
	Secrets      []string // names
	Owners       []string // names
	Federated    []string // names of federated credentials
	Requested    []string // "Application AccessReview.Read.All"; as the app asks
	Granted      []string // the same; as consented
	Roles        []string // names of directory roles, with the scope when it is not the whole directory
	UniqueName   string
	Audience     string // signInAudience
	Tags         []string
}

// CertificateState is one certificate of an app.
type CertificateState struct {
	KeyID     string
	SHA1      string // upper-case hex
	NotBefore time.Time
	NotAfter  time.Time
}

// Apps are all app registrations, by name and client id. Enterprise apps
// without a registration are not among them.
func (t *Tenant) Apps() []AppState {
	d := get(t, t.latest)
	all := map[string]AppState{}
	for _, a := range d.apps {
		all[a.name+a.client] = state(a, d.principals[a.client])
	}
	return inOrder(all)
}

// inOrder is what a map holds, in order of its keys.
func inOrder[T any](of map[string]T) (all []T) {
	var keys []string
	for k := range of {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		all = append(all, of[k])
	}
	return all
}

func state(a *application, p *principal) AppState {
	s := AppState{App: App{ClientID: a.client, ObjectID: a.id}, Name: a.name, UniqueName: a.uniqueName, Audience: a.audience, Tags: a.tags}
	for _, k := range a.keys {
		s.Certificates = append(s.Certificates, CertificateState{k.keyID, k.thumbprint(), k.start, k.end})
	}
	for _, x := range a.secrets {
		s.Secrets = append(s.Secrets, x.name)
	}
	for _, o := range a.owners {
		s.Owners = append(s.Owners, o.name)
	}
	for _, f := range a.federated {
		s.Federated = append(s.Federated, f.name)
	}
	for _, r := range a.requested {
		s.Requested = append(s.Requested, string(r.kind)+" "+r.value)
	}
	if p == nil {
		return s
	}
	s.PrincipalID, s.Enabled = p.id, !p.disabled
	for _, g := range p.grants {
		s.Granted = append(s.Granted, string(Application)+" "+g.value)
	}
	for _, c := range p.consents {
		for _, g := range c.scopes {
			s.Granted = append(s.Granted, string(Delegated)+" "+g.value)
		}
	}
	s.Roles = roleNames(p.roles)
	return s
}

func roleNames(roles []roleAssignment) []string {
	var names []string
	for _, r := range roles {
		role, _ := findRole(r.role)
		name := role.name
		if name == "" {
			name = r.role
		}
		if r.scope != "/" {
			name += " at " + r.scope
		}
		names = append(names, name)
	}
	return names
}

// PrincipalState is an enterprise app, with or without a registration in this
// tenant.
type PrincipalState struct {
	ID       string
	ClientID string
	Name     string
	Enabled  bool
	Tags     []string
	Granted  []string // as in [AppState]; delegated ones for one person end in " for" and their sign-in name
	Roles    []string // as in [AppState]
}

// Principals are all enterprise apps but Microsoft Graph's own, by name and
// client id.
func (t *Tenant) Principals() []PrincipalState {
	d := get(t, t.latest)
	all := map[string]PrincipalState{}
	for _, p := range d.principals {
		s := PrincipalState{ID: p.id, ClientID: p.client, Name: p.name, Enabled: !p.disabled, Tags: p.tags, Roles: roleNames(p.roles)}
		for _, g := range p.grants {
			s.Granted = append(s.Granted, string(Application)+" "+g.value)
		}
		for _, c := range p.consents {
			for _, x := range c.scopes {
				s.Granted = append(s.Granted, string(Delegated)+" "+x.value+d.forWhom(c.user))
			}
		}
		all[s.Name+s.ClientID] = s
	}
	return inOrder(all)
}

func (d *directory) forWhom(id string) string {
	if id == "" {
		return ""
	}
	if u, ok := d.users[id]; ok {
		id = u.upn
	}
	return " for " + id
}
