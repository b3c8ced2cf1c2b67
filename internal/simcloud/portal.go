package simcloud

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// PortalError is a refusal as the Entra admin center shows it.
type PortalError struct {
	Code    string // Graph's, where there is one
	Message string
}

// Error is the sentence a person reads.
func (e *PortalError) Error() string { return e.Message }

func refused(code, format string, args ...any) error {
	return &PortalError{code, fmt.Sprintf(format, args...)}
}

func notThere(id string) error {
	return refused("Request_ResourceNotFound", "Resource '%s' does not exist or one of its queried reference-property objects are not present.", id)
}

// App is what the portal shows of a registration just made.
type App struct {
	ClientID    string // Application (client) ID
	ObjectID    string // of the application
	PrincipalID string // object id of the enterprise app
}

// Register is App registrations › New registration, for this directory only.
// It makes the application and its service principal, and the application asks
// for the delegated User.Read, as the portal has it.
func (t *Tenant) Register(name string) App {
	return t.register(&application{name: name})
}

// register makes the application, with what a new one has besides.
func (t *Tenant) register(a *application) App {
	var made App
	t.always(func(d *directory, now time.Time) {
		userRead, _ := findPermission(Delegated, "User.Read")
		a.client, a.id, a.created, a.audience, a.requested = t.newID(), t.newID(), now, "AzureADMyOrg", []permission{userRead}
		d.apps[a.client] = a
		made = App{ClientID: a.client, ObjectID: a.id, PrincipalID: t.addPrincipal(d, a.client, now).id}
	})
	return made
}

// addPrincipal makes a service principal for an application that is there.
func (t *Tenant) addPrincipal(d *directory, client string, now time.Time) *principal {
	p := &principal{id: t.newID(), client: client, name: d.apps[client].name, created: now, tags: []string{integrated}}
	d.principals[client] = p
	return p
}

// integrated is the tag that makes an enterprise app show in the portal's list.
const integrated = "WindowsAzureActiveDirectoryIntegratedApp"

// consentOf is the consent of one person, or of everyone, made if need be. What
// it returns may be changed until the next consent is made.
func (p *principal) consentOf(user string, t *Tenant, now time.Time) *consent {
	for i := range p.consents {
		if p.consents[i].user == user {
			p.consents[i].scopes = slices.Clone(p.consents[i].scopes)
			return &p.consents[i]
		}
	}
	p.consents = append(p.consents, consent{id: t.newID(), user: user, created: now})
	return &p.consents[len(p.consents)-1]
}

// Rename is Branding & properties › Name.
func (t *Tenant) Rename(clientID, name string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.name = name
		if p, err := d.principal(clientID); err == nil {
			p.name = name
		}
		return nil
	})
}

// RemoveCertificate is Certificates & secrets › Delete. sha1 is the thumbprint
// as the portal lists it.
func (t *Tenant) RemoveCertificate(clientID, sha1 string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		had := len(a.keys)
		a.keys = slices.DeleteFunc(a.keys, func(k certificate) bool { return strings.EqualFold(k.thumbprint(), sha1) })
		if len(a.keys) == had {
			return notThere(sha1)
		}
		return nil
	})
}

// AddSecret is Client secrets › New client secret. The value is nobody's: no
// token can be had with it.
func (t *Tenant) AddSecret(clientID, name string) error {
	return t.change(func(d *directory, now time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.secrets = append(a.secrets, secret{keyID: t.newID(), name: name, start: now, end: now.AddDate(0, 6, 0)})
		return nil
	})
}

// AddOwner is App registrations › Owners › Add owners, with a person of that name.
func (t *Tenant) AddOwner(clientID, name string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.owners, err = t.withOwner(a.owners, name)
		return err
	})
}

// AddPrincipalOwner is Enterprise applications › Owners › Add.
func (t *Tenant) AddPrincipalOwner(clientID, name string) error {
	return t.change(func(d *directory, _ time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		p.owners, err = t.withOwner(p.owners, name)
		return err
	})
}

func (t *Tenant) withOwner(owners []owner, name string) ([]owner, error) {
	user := strings.ToLower(strings.Join(strings.Fields(name), ".")) + "@" + t.spec.Initial
	if slices.ContainsFunc(owners, func(o owner) bool { return o.user == user }) {
		return nil, refused("Request_BadRequest", "One or more added object references already exist for the following modified properties: 'owners'.")
	}
	return append(owners, owner{t.newID(), name, user}), nil
}

// AddPrincipalSecret puts a client secret on the enterprise app itself, which
// the portal cannot, but Graph can: a way in that the app registration does not
// show. The value is nobody's.
func (t *Tenant) AddPrincipalSecret(clientID, name string) error {
	return t.change(func(d *directory, now time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		p.secrets = append(p.secrets, secret{keyID: t.newID(), name: name, start: now, end: now.AddDate(0, 6, 0)})
		return nil
	})
}

// AddFederatedCredential is Federated credentials › Add credential: tokens of
// an outside issuer are accepted in place of a certificate.
func (t *Tenant) AddFederatedCredential(clientID, name string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.federated = append(a.federated, federated{t.newID(), name, "https://token.actions.githubusercontent.com", "repo:octo-org/octo-repo:ref:refs/heads/main"})
		return nil
	})
}

// SetPublicClient is Authentication › Allow public client flows.
func (t *Tenant) SetPublicClient(clientID string, public bool) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.public = public
		return nil
	})
}

// AddPermission is API permissions › Add a permission › Microsoft Graph: the
// wish, not yet the consent. Without values it is AccessReview.Read.All.
func (t *Tenant) AddPermission(clientID string, kind Kind, values ...string) error {
	if len(values) == 0 {
		values = []string{accessReviewRead}
	}
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		for _, v := range values {
			p, ok := findPermission(kind, v)
			if !ok {
				return refused("Request_BadRequest", "No results: %s permission %s", kind, v)
			}
			if !slices.Contains(a.requested, p) {
				a.requested = append(a.requested, p)
			}
		}
		return nil
	})
}

// RemovePermission is API permissions › Remove permission: the wish goes, a
// consent stays, as the portal warns.
func (t *Tenant) RemovePermission(clientID string, kind Kind, value string) error {
	return t.change(func(d *directory, _ time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		a.requested = slices.DeleteFunc(a.requested, func(p permission) bool { return p.kind == kind && p.value == value })
		return nil
	})
}

// GrantConsent is API permissions › Grant admin consent: every permission the
// app asks for is granted, and delegated ones it no longer asks for are
// withdrawn. A missing service principal is made.
// Source: learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent.
func (t *Tenant) GrantConsent(clientID string) error {
	return t.change(func(d *directory, now time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		p, err := d.principal(clientID)
		if err != nil {
			p = t.addPrincipal(d, a.client, now)
		}
		everyone := p.consentOf("", t, now)
		everyone.scopes = nil
		for _, want := range a.requested {
			if want.kind == Delegated {
				everyone.scopes = append(everyone.scopes, want)
				continue
			}
			if !slices.ContainsFunc(p.grants, func(g grant) bool { return g.role == want.id }) {
				p.grants = append(p.grants, grant{t.newID(), want.id, want.value, now})
			}
		}
		return nil
	})
}

// RevokeConsent withdraws every consent the app has.
func (t *Tenant) RevokeConsent(clientID string) error {
	return t.change(func(d *directory, _ time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		p.grants, p.consents = nil, nil
		return nil
	})
}

// SetEnabled is Enterprise applications › Properties › Enabled for users to sign-in.
func (t *Tenant) SetEnabled(clientID string, enabled bool) error {
	return t.change(func(d *directory, _ time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		p.disabled = !enabled
		return nil
	})
}

// CreatePrincipal is App registrations › Overview › Create service principal.
func (t *Tenant) CreatePrincipal(clientID string) error {
	return t.change(func(d *directory, now time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		if _, ok := d.principals[a.client]; ok {
			return refused("Request_MultipleObjectsWithSameKeyValue", "The service principal cannot be created, updated, or restored because the service principal name %s is already in use.", a.client)
		}
		t.addPrincipal(d, a.client, now)
		return nil
	})
}

// DeletePrincipal is Enterprise applications › Properties › Delete. Its roles
// and grants go with it.
func (t *Tenant) DeletePrincipal(clientID string) error {
	return t.change(func(d *directory, now time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		d.deletePrincipal(p, now)
		return nil
	})
}

// DeleteApp is App registrations › Delete. In its home tenant the service
// principal goes with the application. Both can be restored for thirty days.
func (t *Tenant) DeleteApp(clientID string) error {
	return t.change(func(d *directory, now time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		d.deleteApp(a, now)
		return nil
	})
}

// AssignGlobalReader is Roles and administrators › Global Reader › Add
// assignments, active and for the whole directory.
func (t *Tenant) AssignGlobalReader(clientID string) error {
	p, ok := get(t, t.latest).principals[strings.ToLower(clientID)]
	if !ok {
		return notThere(clientID) // the picker does not find it
	}
	return t.AssignRole(p.id, GlobalReader, "/")
}

// RemoveGlobalReader takes the role back.
func (t *Tenant) RemoveGlobalReader(clientID string) error {
	return t.change(func(d *directory, _ time.Time) error {
		p, err := d.principal(clientID)
		if err != nil {
			return err
		}
		had := len(p.roles)
		p.roles = slices.DeleteFunc(p.roles, func(r roleAssignment) bool { return r.role == GlobalReader })
		if len(p.roles) == had {
			return notThere(clientID)
		}
		return nil
	})
}

// AssignRole assigns a directory role to the object of that id, at a scope: "/"
// or a part of the directory such as "/administrativeUnits/…". People and
// service principals can hold one; an application is refused as the service
// refuses it.
// Source: learn.microsoft.com/graph/api/rbacapplication-post-roleassignments.
func (t *Tenant) AssignRole(objectID, roleID, scope string) error {
	return t.change(func(d *directory, _ time.Time) error {
		if _, ok := findRole(roleID); !ok {
			return notThere(roleID)
		}
		if _, ok := d.appByID(objectID); ok {
			return refused("Request_BadRequest", "Objects of type Application cannot be assigned to roles.")
		}
		roles, ok := d.rolesOf(objectID)
		if !ok {
			return notThere(objectID)
		}
		if slices.ContainsFunc(*roles, func(r roleAssignment) bool { return r.role == roleID && r.scope == scope }) {
			return refused("Request_BadRequest", conflict)
		}
		*roles = append(*roles, roleAssignment{t.newID(), roleID, scope})
		return nil
	})
}

// RemoveRole takes a directory role back from the person or service principal
// of that object id, at whatever scope.
func (t *Tenant) RemoveRole(objectID, roleID string) error {
	return t.change(func(d *directory, _ time.Time) error {
		roles, ok := d.rolesOf(objectID)
		if !ok {
			return notThere(objectID)
		}
		had := len(*roles)
		*roles = slices.DeleteFunc(*roles, func(r roleAssignment) bool { return r.role == roleID })
		if len(*roles) == had {
			return notThere(roleID)
		}
		return nil
	})
}

const conflict = "A conflicting object with one or more of the specified property values is present in the directory."

// rolesOf are the roles of a person or service principal, fit to be changed.
func (d *directory) rolesOf(objectID string) (*[]roleAssignment, bool) {
	if u, ok := d.users[strings.ToLower(objectID)]; ok {
		copied := *u
		copied.roles = slices.Clone(u.roles)
		d.users[u.id] = &copied
		return &copied.roles, true
	}
	found, ok := d.principalByID(objectID)
	if !ok {
		return nil, false
	}
	p, err := d.principal(found.client)
	return &p.roles, err == nil
}
