package azure

import (
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
)

// Versions of the interfaces that are called.
// Source: learn.microsoft.com/rest/api (resources, managementgroups,
// authorization, keyvault).
const (
	subscriptionsVersion = "?api-version=2022-12-01"
	resourcesVersion     = "?api-version=2021-04-01"
	groupsVersion        = "?api-version=2021-04-01"
	authorizationVersion = "?api-version=2022-04-01"
	elevationVersion     = "?api-version=2016-07-01"
	vaultsVersion        = "?api-version=2023-07-01"
)

const (
	authorization = "/providers/Microsoft.Authorization"
	assignments   = authorization + "/roleAssignments"
	definitions   = authorization + "/roleDefinitions/"
	groups        = "/providers/Microsoft.Management/managementGroups"
	subscriptions = "/subscriptions"
)

// at is the address of something at a scope.
func at(s account.AzureScope, path string) string { return strings.TrimSuffix(string(s), "/") + path }

// filtered is the address of a list with a filter.
func filtered(address, filter string) string { return address + "&$filter=" + url.PathEscape(filter) }

// namespace is this program's own for the names of role assignments. Never
// change it: a name that was derived before would not be found again.
var namespace = uuid.MustParse("8f7b8c2e-3d0a-4b55-9a41-6f6f0a4f8d19")

// assignmentName is the name of the assignment of a role to a principal at a
// scope: a UUID of version 5 (RFC 9562) of scope, role and principal in lower
// case with a blank between, so that a second run asks for the same assignment
// and no twin is made.
func assignmentName(s account.AzureScope, role account.AzureRole, principal account.ObjectID) string {
	return uuid.NewSHA1(namespace, []byte(strings.ToLower(string(s)+" "+string(role)+" "+string(principal)))).String()
}

// assignmentAddress is the whole address of that assignment.
func assignmentAddress(s account.AzureScope, role account.AzureRole, principal account.ObjectID) string {
	return at(s, assignments+"/"+assignmentName(s, role, principal))
}

// definitionAddress is how an assignment at a scope names a built-in role.
func definitionAddress(s account.AzureScope, role account.AzureRole) string {
	if s.IsSubscription() {
		return at(s, definitions+string(role))
	}
	return definitions + string(role)
}

// assignmentID is what the address of a role assignment may be, at the scopes
// that this program assigns roles at.
var assignmentID = account.Lazily(`(?i)^(?:/subscriptions/[0-9a-f-]{36}|/providers/Microsoft\.Management/managementGroups/[a-z0-9_().-]{1,90})?/providers/Microsoft\.Authorization/roleAssignments/[0-9a-f-]{36}$`)

// lastPart is what stands after the last slash.
func lastPart(s string) string { return s[strings.LastIndex(s, "/")+1:] }

// needed refuses what must not get into an address: a scope that is none, and
// ids that are none.
func needed(s account.AzureScope, ids ...string) error {
	if again, err := account.ParseAzureScope(string(s)); err != nil || again != s {
		return &account.Problem{Kind: account.InputNotScope}
	}
	for _, id := range ids {
		if !account.IsGUID(id) {
			return &account.Problem{Kind: account.InputNotID}
		}
	}
	return nil
}
