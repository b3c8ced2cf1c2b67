package simcloud

import (
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// azure is what a tenant has in Azure. It is guarded by c.mu. Scopes are in the
// spelling in which they were made; they are compared in any case of letters.
type azure struct {
	groups      []managementGroup // without the root, whose id is the tenant's
	subs        []subscription
	resources   []resourceGroup
	vaults      []vault
	assignments []*assigned
	custom      []roleDefinition
	denies      []denyAssignment
	locks       []lock
	delays      AzureDelays
	limit       int // assignments a scope takes; 0: as many as the vendor says
	page        int // entries of a page; 0: all
}

type managementGroup struct{ id, name, parent string } // parent is an id

type subscription struct{ id, name, state, group string } // group is an id

type resourceGroup struct{ scope, name, location string }

type vault struct {
	sub, name string
	rbac      bool
	readers   []string // object ids that have an access policy
}

// assigned is a role assignment. It is in force, and shown, from a time on and
// until another.
type assigned struct {
	name, scope, role, principal, kind, by string
	members                                []string // of the group that it is assigned to
	made                                   time.Time
	inForce, shown                         span
}

// span is from when until when something is so; a zero end is open.
type span struct{ from, to time.Time }

func (s span) holds(at time.Time) bool {
	return !at.Before(s.from) && (s.to.IsZero() || at.Before(s.to))
}

type denyAssignment struct {
	name, id, scope string
	actions         []string
	principals      []string // object ids; none: everybody
}

type lock struct{ scope, name string }

// AzureDelays are how long it takes until Azure Resource Manager goes by what
// happened. What happened before they were set keeps its own delay.
type AzureDelays struct {
	Principals  time.Duration // a new service principal is found
	Assignments time.Duration // a role assignment, or its end, is in force
	Reads       time.Duration // a role assignment, or its end, is shown
}

// SetAzureDelays sets them; [Tenant.SetReplication] has no say here.
func (t *Tenant) SetAzureDelays(d AzureDelays) { t.set(func() { t.az.delays = d }) }

// SetAzurePages makes lists come in pages of that many entries; 0 is one page.
func (t *Tenant) SetAzurePages(entries int) { t.set(func() { t.az.page = entries }) }

// SetAssignmentLimit is how many role assignments a scope takes; 0 is what the
// vendor documents.
// Source: learn.microsoft.com/azure/role-based-access-control/troubleshoot-limits.
func (t *Tenant) SetAssignmentLimit(n int) { t.set(func() { t.az.limit = n }) }

// RootGroup is the scope of the tenant's root management group.
func (t *Tenant) RootGroup() account.AzureScope {
	return account.AzureScope(groupsPath + "/" + t.spec.ID)
}

// AddManagementGroup is Management groups › Create. An empty parent is the root.
func (t *Tenant) AddManagementGroup(id, name string, parent account.AzureScope) account.AzureScope {
	t.set(func() {
		t.az.groups = append(t.az.groups, managementGroup{id, name, t.groupOf(parent)})
	})
	return account.AzureScope(groupsPath + "/" + id)
}

func (t *Tenant) groupOf(parent account.AzureScope) string {
	if parent == "" {
		return t.spec.ID
	}
	return parent.ID()
}

// SubscriptionSpec describes a subscription to be added.
type SubscriptionSpec struct {
	ID    string             // empty is made up
	Name  string             // display name
	State string             // Enabled (also if empty), Warned, PastDue, Disabled or Deleted
	Group account.AzureScope // its management group; empty is the root
}

// AddSubscription adds one to the tenant.
func (t *Tenant) AddSubscription(spec SubscriptionSpec) account.AzureScope {
	if spec.State == "" {
		spec.State = "Enabled"
	}
	t.set(func() {
		if spec.ID == "" {
			spec.ID = t.newID()
		}
		t.az.subs = append(t.az.subs, subscription{strings.ToLower(spec.ID), spec.Name, spec.State, t.groupOf(spec.Group)})
	})
	return account.AzureScope("/subscriptions/" + strings.ToLower(spec.ID))
}

// MoveSubscription is Management groups › Move.
func (t *Tenant) MoveSubscription(sub, to account.AzureScope) {
	t.set(func() {
		for i, s := range t.az.subs {
			if s.id == sub.ID() {
				t.az.subs[i].group = t.groupOf(to)
			}
		}
	})
}

// AddResourceGroup is Resource groups › Create.
func (t *Tenant) AddResourceGroup(sub account.AzureScope, name string) account.AzureScope {
	scope := string(sub) + "/resourceGroups/" + name
	t.set(func() { t.az.resources = append(t.az.resources, resourceGroup{scope, name, "westeurope"}) })
	return account.AzureScope(scope)
}

// AddVault is Key vaults › Create, with Azure role-based access control (rbac)
// or with access policies for those who may list.
func (t *Tenant) AddVault(sub account.AzureScope, name string, rbac bool, readers ...string) {
	t.set(func() { t.az.vaults = append(t.az.vaults, vault{sub.ID(), name, rbac, readers}) })
}

// AssignAzureRole is Access control (IAM) › Add role assignment, to an object id
// or to a person by sign-in name. It is in force after the delay.
func (t *Tenant) AssignAzureRole(scope account.AzureScope, role account.AzureRole, who string) account.AssignmentID {
	d := get(t, t.latest)
	a := &assigned{scope: string(scope), role: string(role), principal: who, kind: "ServicePrincipal"}
	if u, ok := d.userNamed(who); ok {
		a.principal, a.kind = u.id, "User"
	}
	return t.addAssignment(a)
}

// AssignAzureRoleToGroup is the same for a security group with those members.
func (t *Tenant) AssignAzureRoleToGroup(scope account.AzureScope, role account.AzureRole, members ...string) account.AssignmentID {
	a := &assigned{scope: string(scope), role: string(role), kind: "Group", members: members}
	t.set(func() { a.principal = t.newID() })
	return t.addAssignment(a)
}

func (t *Tenant) addAssignment(a *assigned) (id account.AssignmentID) {
	t.set(func() {
		a.name = t.newID()
		t.beginAssignment(a)
		id = account.AssignmentID(a.id())
	})
	return id
}

// beginAssignment records an assignment. c.mu is held.
func (t *Tenant) beginAssignment(a *assigned) {
	now := t.c.now()
	a.made = now.Add(t.c.offset).UTC()
	a.inForce.from, a.shown.from = arrives(now, t.az.delays.Assignments), arrives(now, t.az.delays.Reads)
	t.az.assignments = append(t.az.assignments, a)
}

// endAssignment takes one away. c.mu is held.
func (t *Tenant) endAssignment(a *assigned) {
	now := t.c.now()
	a.inForce.to, a.shown.to = now.Add(t.az.delays.Assignments), now.Add(t.az.delays.Reads)
}

// RemoveAzureRole is Access control (IAM) › Remove.
func (t *Tenant) RemoveAzureRole(id account.AssignmentID) (err error) {
	err = notThere(string(id))
	t.set(func() {
		for _, a := range t.az.assignments {
			if strings.EqualFold(a.id(), string(id)) && a.shown.to.IsZero() {
				t.endAssignment(a)
				err = nil
			}
		}
	})
	return err
}

// id is the whole address of an assignment.
func (a *assigned) id() string {
	return strings.TrimSuffix(a.scope, "/") + authorizationPath + "/roleAssignments/" + a.name
}

// is tells whether the assignment is for a principal: its own, or its group's.
func (a *assigned) is(principal string) bool {
	return strings.EqualFold(a.principal, principal) || slices.Contains(a.members, principal)
}

// DenyAzure makes a deny assignment, as a managed application does, for those
// object ids or for everybody.
func (t *Tenant) DenyAzure(scope account.AzureScope, name string, actions []string, principals ...string) {
	t.set(func() {
		t.az.denies = append(t.az.denies, denyAssignment{name, t.newID(), string(scope), actions, principals})
	})
}

// LockAzure is Locks › Add, read-only: nothing at or below the scope is changed.
func (t *Tenant) LockAzure(scope account.AzureScope, name string) {
	t.set(func() { t.az.locks = append(t.az.locks, lock{string(scope), name}) })
}

// AzureAssignmentState is a role assignment, as whoever may see all does.
type AzureAssignmentState struct {
	ID        account.AssignmentID
	Scope     account.AzureScope
	Role      account.AzureRole
	RoleName  string
	Principal string // object id
	Kind      string // ServicePrincipal, User or Group
	Orphan    bool   // its principal is not in the directory any more
}

// AzureAssignments are all role assignments, oldest first.
func (t *Tenant) AzureAssignments() []AzureAssignmentState {
	d := get(t, t.latest)
	return get(t, func() (all []AzureAssignmentState) {
		for _, a := range t.az.assignments {
			if !a.shown.to.IsZero() {
				continue
			}
			_, isApp := d.principalByID(a.principal)
			_, isUser := d.users[a.principal]
			role, _ := t.az.role(a.role)
			all = append(all, AzureAssignmentState{
				account.AssignmentID(a.id()), account.AzureScope(a.scope), account.AzureRole(a.role), role.name, a.principal, a.kind,
				!isApp && !isUser && a.kind != "Group",
			})
		}
		return all
	})
}

// above are a scope and all that is above it, nearest first, "/" last.
func (t *Tenant) above(scope string) []string {
	all := []string{}
	if sub, _, ok := cutFold(scope, "/resourceGroups/"); ok {
		all, scope = append(all, scope), sub
	}
	group := ""
	if id, ok := prefixFold(scope, "/subscriptions/"); ok {
		all = append(all, scope)
		for _, s := range t.az.subs {
			if strings.EqualFold(s.id, id) {
				group = s.group
			}
		}
	}
	if id, ok := prefixFold(scope, groupsPath+"/"); ok {
		group = id
	}
	for n := 0; group != "" && n < 10; n++ { // six levels are allowed
		all = append(all, groupsPath+"/"+group)
		group = t.parentOf(group)
	}
	return append(all, "/")
}

// parentOf is the id of a management group's parent; none for the root.
func (t *Tenant) parentOf(id string) string {
	for _, g := range t.az.groups {
		if strings.EqualFold(g.id, id) {
			return g.parent
		}
	}
	return ""
}

// within tells whether a scope is another, or below it.
func (t *Tenant) within(scope, other string) bool {
	return slices.ContainsFunc(t.above(scope), func(s string) bool { return strings.EqualFold(s, other) })
}

func prefixFold(s, prefix string) (rest string, ok bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return "", false
	}
	return s[len(prefix):], true
}

func cutFold(s, sep string) (before, after string, ok bool) {
	i := strings.Index(strings.ToLower(s), strings.ToLower(sep))
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// Name is the assignment's own id, the last part of ID.
func (s AzureAssignmentState) Name() string {
	return string(s.ID[strings.LastIndex(string(s.ID), "/")+1:])
}
