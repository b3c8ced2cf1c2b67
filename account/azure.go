package account

import (
	"strings"
)

// AzureLink is a link to Azure by an app registration in Entra ID, which is as a
// Microsoft account's, and by roles in Azure Resource Manager.
type AzureLink struct {
	MicrosoftLink
	Scopes []AzureScope `json:"scopes,omitempty"` // where Reader is to hold
	Vaults bool         `json:"vaults,omitempty"` // Key Vault Reader is wanted there too
}

// Provider is Azure.
func (AzureLink) Provider() Provider { return Azure }

// AzureScope is a place in Azure where a role is assigned, as Azure Resource
// Manager writes it in addresses: a management group or a subscription. With
// one exception it is made by ManagementGroup, Subscription or ParseAzureScope:
// AzureRoot.
type AzureScope string

// AzureRoot is above all management groups. Nobody has a role here but who took
// it by elevating access. Source:
// learn.microsoft.com/azure/role-based-access-control/elevate-access-global-admin.
const AzureRoot AzureScope = "/"

const (
	managementGroups = "/providers/Microsoft.Management/managementGroups/"
	subscriptions    = "/subscriptions/"
)

// groupID is what the id of a management group may be. Source:
// learn.microsoft.com/azure/governance/management-groups/create-management-group-portal.
var groupID = Lazily(`^[A-Za-z0-9_().-]{1,90}$`)

// ManagementGroup is the scope of a management group's id. InputNotScope
// otherwise. The id of a tenant's root group is the tenant's own.
func ManagementGroup(id string) (AzureScope, error) {
	if !groupID().MatchString(id) || strings.HasSuffix(id, ".") {
		return "", &Problem{Kind: InputNotScope}
	}
	return AzureScope(managementGroups + id), nil
}

// Subscription is the scope of a subscription's id, which must stand alone: what
// is below a subscription is not taken for the whole of it. InputNotScope otherwise.
func Subscription(id string) (AzureScope, error) {
	g, err := oneGUID(id)
	if err != nil || !strings.EqualFold(g, strings.Trim(strings.TrimSpace(visible(id)), "{}")) {
		return "", &Problem{Kind: InputNotScope}
	}
	return AzureScope(subscriptions + g), nil
}

// ParseAzureScope reads a scope as people paste it: a whole scope in any case of
// letters, a subscription's id, or a management group's. A GUID alone is a
// subscription's: the root group, whose id is the tenant's, is pasted whole.
// InputEmpty or InputNotScope otherwise.
func ParseAzureScope(s string) (AzureScope, error) {
	s = strings.Trim(strings.TrimSpace(visible(s)), `"'`)
	s = strings.TrimSuffix(s, "/")
	if s == "" {
		return "", &Problem{Kind: InputEmpty}
	}
	for prefix, make := range map[string]func(string) (AzureScope, error){managementGroups: ManagementGroup, subscriptions: Subscription} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			return make(s[len(prefix):])
		}
	}
	if scope, err := Subscription(s); err == nil {
		return scope, nil
	}
	return ManagementGroup(s)
}

// ID is the scope's last part: a management group's id or a subscription's.
func (s AzureScope) ID() string { return string(s)[strings.LastIndex(string(s), "/")+1:] }

// IsSubscription tells whether it is a subscription; else it is a management group.
func (s AzureScope) IsSubscription() bool { return strings.HasPrefix(string(s), subscriptions) }

// AzureRole is a built-in role of Azure, by the id that it has in every tenant.
// Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles.
type AzureRole string

// The roles that an account has or must not have, and those that may assign them.
const (
	AzureReader                  AzureRole = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
	AzureKeyVaultReader          AzureRole = "21090545-7ca7-4776-b22c-e363652d74d2"
	AzureContributor             AzureRole = "b24988ac-6180-42a0-ab88-20f7382dd24c"
	AzureOwner                   AzureRole = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
	AzureUserAccessAdministrator AzureRole = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
	AzureAccessControlAdmin      AzureRole = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
)

// String is the role's name in the portal.
func (r AzureRole) String() string {
	switch r {
	case AzureReader:
		return "Reader"
	case AzureKeyVaultReader:
		return "Key Vault Reader"
	case AzureContributor:
		return "Contributor"
	case AzureOwner:
		return "Owner"
	case AzureUserAccessAdministrator:
		return "User Access Administrator"
	case AzureAccessControlAdmin:
		return "Role Based Access Control Administrator"
	}
	return string(r)
}

// Roles are what the link needs at each of its scopes.
func (l AzureLink) Roles() []AzureRole {
	if l.Vaults {
		return []AzureRole{AzureReader, AzureKeyVaultReader}
	}
	return []AzureRole{AzureReader}
}

// AzureAssignment is a role that was assigned at a scope.
type AzureAssignment struct {
	ID    AssignmentID `json:"id"` // the whole address of the assignment
	Scope AzureScope   `json:"scope"`
	Role  AzureRole    `json:"role"`
	Made  bool         `json:"-"` // by the very call that returns it
}

// AzureGroup is a management group or subscription as the tree shows it.
type AzureGroup struct {
	Scope  AzureScope `json:"scope"`
	Name   string     `json:"name"`             // display name, cleaned
	State  string     `json:"state,omitempty"`  // of a subscription: Enabled, Warned, PastDue, Disabled, Deleted
	Parent AzureScope `json:"parent,omitempty"` // empty where none is seen
}

// AzureSurvey is what an administrator sees of Azure before anything is changed.
type AzureSurvey struct {
	Tree     []AzureGroup `json:"tree"`     // what the person sees, parents first
	May      []AzureScope `json:"may"`      // scopes of the tree where the person may assign roles
	Untold   []AzureScope `json:"untold"`   // scopes of the tree of which May could not be told
	Partial  bool         `json:"partial"`  // there is more to the tree than was read
	Elevated bool         `json:"elevated"` // the person has User Access Administrator at the root
	Evidence []Evidence   `json:"evidence"`
}
