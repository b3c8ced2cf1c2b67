package account_test

import (
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

const subscriptionID = "11111111-1111-4111-8111-111111111111"

func TestParseAzureScope(t *testing.T) {
	sub, group := account.AzureScope("/subscriptions/"+subscriptionID), func(id string) account.AzureScope {
		return account.AzureScope("/providers/Microsoft.Management/managementGroups/" + id)
	}
	for in, want := range map[string]account.AzureScope{
		subscriptionID: sub,
		" {" + strings.ToUpper(subscriptionID) + "} ": sub,
		"/subscriptions/" + subscriptionID:            sub,
		"/SUBSCRIPTIONS/" + subscriptionID + "/":      sub,
		`"/subscriptions/` + subscriptionID + `"`:     sub,
		"prod":                 group("prod"),
		"mg-" + subscriptionID: group("mg-" + subscriptionID),
		"a.(b)_c-1":            group("a.(b)_c-1"),
		"/providers/microsoft.management/managementgroups/Prod/":       group("Prod"),
		"/providers/Microsoft.Management/managementGroups/" + tenantID: group(tenantID),
	} {
		got, err := account.ParseAzureScope(in)
		if err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
		if got.ID() != string(want)[strings.LastIndex(string(want), "/")+1:] || got.IsSubscription() != strings.HasPrefix(string(want), "/subscriptions/") {
			t.Errorf("%q: id %q, subscription %v", got, got.ID(), got.IsSubscription())
		}
	}
}

// TestWhatIsBelowAScopeIsNotTheScope: a role is never assigned to more than was
// pasted.
func TestWhatIsBelowAScopeIsNotTheScope(t *testing.T) {
	for in, want := range map[string]account.Kind{
		"": account.InputEmpty, " \u200b ": account.InputEmpty, `""`: account.InputEmpty,
		"/subscriptions/" + subscriptionID + "/resourceGroups/rg":                     account.InputNotScope,
		"/subscriptions/" + subscriptionID + "/providers/Microsoft.KeyVault/vaults/v": account.InputNotScope,
		"https://portal.azure.com/#/subscriptions/" + subscriptionID:                  account.InputNotScope,
		"/subscriptions/":     account.InputNotScope,
		"/subscriptions/prod": account.InputNotScope,
		"/providers/Microsoft.Management/managementGroups/":    account.InputNotScope,
		"/providers/Microsoft.Management/managementGroups/a/b": account.InputNotScope,
		"two words":                     account.InputNotScope,
		"ends.":                         account.InputNotScope,
		"a/../b":                        account.InputNotScope,
		"a?b":                           account.InputNotScope,
		strings.Repeat("g", 91):         account.InputNotScope,
		subscriptionID + " " + tenantID: account.InputNotScope,
	} {
		if got, err := account.ParseAzureScope(in); account.KindOf(err) != want || got != "" {
			t.Errorf("%q: %q %v, want %s", in, got, err, want)
		}
	}
}

func TestAzureRoles(t *testing.T) {
	for role, want := range map[account.AzureRole]string{
		account.AzureReader: "Reader", account.AzureKeyVaultReader: "Key Vault Reader", account.AzureContributor: "Contributor", account.AzureOwner: "Owner",
		account.AzureUserAccessAdministrator: "User Access Administrator", account.AzureAccessControlAdmin: "Role Based Access Control Administrator", "x": "x",
	} {
		if role.String() != want {
			t.Errorf("%q, want %q", role, want)
		}
	}
	l := account.AzureLink{}
	if r := l.Roles(); len(r) != 1 || r[0] != account.AzureReader {
		t.Errorf("%v", r)
	}
	l.Vaults = true
	if r := l.Roles(); len(r) != 2 || r[1] != account.AzureKeyVaultReader {
		t.Errorf("%v", r)
	}
	if l.Provider() != account.Azure {
		t.Errorf("%v", l.Provider())
	}
	if account.MicrosoftGraph.Client() != account.CommandLineTools || account.ResourceManager.Client() != account.AzureCLI {
		t.Error("each resource has its own client")
	}
}

// FuzzAzureScope: what is taken for a scope can stand in an address, is taken
// again as the same, and names nothing that was not pasted.
func FuzzAzureScope(f *testing.F) {
	for _, seed := range []string{
		"", "/", subscriptionID, "/subscriptions/" + subscriptionID, "/subscriptions/" + subscriptionID + "/resourceGroups/x", "prod", "a/../b", "\u017fubscriptions/",
		"/providers/Microsoft.Management/managementGroups/p", "'/subscriptions/{" + subscriptionID + "}/'", "%2e%2e", "a b", "\x00", "..",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		scope, err := account.ParseAzureScope(s)
		if err != nil {
			if k := account.KindOf(err); scope != "" || k != account.InputEmpty && k != account.InputNotScope {
				t.Errorf("%q: %q %v", s, scope, err)
			}
			return
		}
		again, err := account.ParseAzureScope(string(scope))
		if err != nil || again != scope {
			t.Errorf("%q: %q, and then %q %v", s, scope, again, err)
		}
		id := scope.ID()
		if id == "" || id == "." || id == ".." || strings.ContainsAny(id, "/?#% ") {
			t.Errorf("%q: id %q", s, id)
		}
		if want := map[bool]string{true: "/subscriptions/", false: "/providers/Microsoft.Management/managementGroups/"}[scope.IsSubscription()] + id; string(scope) != want {
			t.Errorf("%q: %q", s, scope)
		}
	})
}
