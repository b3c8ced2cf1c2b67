package simcloud

import (
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// roleDefinition is a role of Azure: what it allows of the control plane, and
// of the data.
type roleDefinition struct {
	id, name, scope             string // scope "" is built in
	actions, notActions         []string
	dataActions, notDataActions []string
	description                 string
}

// builtIn are the built-in roles that are played, with the permissions that the
// vendor publishes. Key Vault Reader really has more than reads.
// Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles.
var builtIn = []roleDefinition{
	{id: string(account.AzureReader), name: "Reader", actions: []string{"*/read"}, description: "View all resources, but does not allow you to make any changes."},
	{id: string(account.AzureKeyVaultReader), name: "Key Vault Reader", description: "Read metadata of key vaults and its certificates, keys, and secrets.", actions: []string{
		"Microsoft.Authorization/*/read", "Microsoft.Insights/alertRules/*", "Microsoft.Resources/deployments/*", "Microsoft.Resources/subscriptions/resourceGroups/read",
		"Microsoft.Support/*", "Microsoft.KeyVault/checkNameAvailability/read", "Microsoft.KeyVault/deletedVaults/read", "Microsoft.KeyVault/locations/*/read",
		"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/operations/read",
	}, dataActions: []string{"Microsoft.KeyVault/vaults/*/read", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"}},
	{id: string(account.AzureContributor), name: "Contributor", actions: []string{"*"}, description: "Grants full access to manage all resources, but does not allow you to assign roles in Azure RBAC.", notActions: []string{
		"Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
		"Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete", "Microsoft.Compute/galleries/share/action",
	}},
	{id: string(account.AzureOwner), name: "Owner", actions: []string{"*"}, description: "Grants full access to manage all resources, including the ability to assign roles in Azure RBAC."},
	{id: string(account.AzureUserAccessAdministrator), name: "User Access Administrator", actions: []string{"*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"}, description: "Lets you manage user access to Azure resources."},
	{id: string(account.AzureAccessControlAdmin), name: "Role Based Access Control Administrator", description: "Manage access to Azure resources by assigning roles using Azure RBAC.", actions: []string{
		"Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete", "*/read", "Microsoft.Support/*",
	}},
	{id: "ac63b705-f282-497d-ac71-919bf39d939d", name: "Management Group Reader", actions: []string{"Microsoft.Management/managementGroups/read"}, description: "Management Group Reader Role"},
}

// DefineAzureRole is Access control (IAM) › Add custom role at a scope.
func (t *Tenant) DefineAzureRole(scope account.AzureScope, name string, actions, notActions, dataActions []string) (role account.AzureRole) {
	t.set(func() {
		role = account.AzureRole(t.newID())
		t.az.custom = append(t.az.custom, roleDefinition{id: string(role), name: name, scope: string(scope), actions: actions, notActions: notActions, dataActions: dataActions})
	})
	return role
}

// role is the definition of that id.
func (a *azure) role(id string) (roleDefinition, bool) {
	for _, r := range slices.Concat(builtIn, a.custom) {
		if strings.EqualFold(r.id, id) {
			return r, true
		}
	}
	return roleDefinition{}, false
}

// allows tells whether the role allows an action of the control plane.
func (r roleDefinition) allows(action string) bool {
	return matchesAny(r.actions, action) && !matchesAny(r.notActions, action)
}

func matchesAny(patterns []string, action string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(strings.ToLower(p), strings.ToLower(action)) })
}

// matches tells whether an action fits a pattern, in which each * stands for
// any characters, slashes too.
// Source: learn.microsoft.com/azure/role-based-access-control/role-definitions.
func matches(pattern, action string) bool {
	head, tail, wild := strings.Cut(pattern, "*")
	switch {
	case !wild:
		return pattern == action
	case !strings.HasPrefix(action, head):
		return false
	}
	for rest := action[len(head):]; ; rest = rest[1:] {
		if matches(tail, rest) {
			return true
		}
		if rest == "" {
			return false
		}
	}
}

// judge tells whether a principal may do something at a scope now, and if a deny
// assignment is what keeps it, which. c.mu is held.
func (t *Tenant) judge(principal, action, scope string, now time.Time) (bool, *denyAssignment) {
	above, allowed := t.above(scope), false
	at := func(s string) bool {
		return slices.ContainsFunc(above, func(one string) bool { return strings.EqualFold(one, s) })
	}
	for _, a := range t.az.assignments {
		if a.inForce.holds(now) && a.is(principal) && at(a.scope) {
			r, _ := t.az.role(a.role)
			allowed = allowed || r.allows(action)
		}
	}
	if !allowed {
		return false, nil
	}
	for i, d := range t.az.denies {
		if at(d.scope) && matchesAny(d.actions, action) && (d.principals == nil || slices.Contains(d.principals, principal)) {
			return false, &t.az.denies[i]
		}
	}
	return true, nil
}

// touches tells whether a principal has any role at, above or below a scope now.
func (t *Tenant) touches(principal, scope string, now time.Time) bool {
	return slices.ContainsFunc(t.az.assignments, func(a *assigned) bool {
		return a.inForce.holds(now) && a.is(principal) && (t.within(scope, a.scope) || t.within(a.scope, scope))
	})
}

// definition is a role as it is answered, at a scope.
func (r roleDefinition) definition(scope string) object {
	kind, assignable := "BuiltInRole", []string{"/"}
	prefix := ""
	if r.scope != "" {
		kind, assignable = "CustomRole", []string{r.scope}
	}
	if _, ok := prefixFold(scope, "/subscriptions/"); ok {
		prefix = scope
	}
	list := func(s []string) []string { return append([]string{}, s...) }
	return object{
		"id": prefix + authorizationPath + "/roleDefinitions/" + r.id, "name": r.id, "type": "Microsoft.Authorization/roleDefinitions",
		"properties": object{
			"roleName": r.name, "type": kind, "description": r.description, "assignableScopes": assignable,
			"permissions": []object{{
				"actions": list(r.actions), "notActions": list(r.notActions), "dataActions": list(r.dataActions), "notDataActions": list(r.notDataActions),
			}},
		},
	}
}
