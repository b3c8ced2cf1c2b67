package azure

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func TestSeeInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		synctest.Test(t, func(t *testing.T) {
			e := newEstate(t, id)
			e.assign(e.root, account.AzureReader)
			e.target.Scopes = []account.AzureScope{e.root, e.shop}
			checks, facts := e.azure.See(t.Context(), e.target, keyOf())
			for _, c := range checks {
				if c.State != account.Holds || len(c.Evidence) == 0 {
					t.Errorf("%s: %+v", id, c)
				}
			}
			want := []account.AzureGroup{{Scope: e.shop, Name: "Shop", State: "Enabled"}, {Scope: e.lab, Name: "Lab", State: "Warned"}}
			if !slices.Equal(facts.Subscriptions, want) {
				t.Errorf("%s: %+v", id, facts)
			}
			for _, r := range e.cloud.Requests() {
				if c := id.Cloud(); r.Host != c.Login && r.Host != c.ARM {
					t.Errorf("%s: asked %s", id, r.Host)
				}
			}
			if s := told(checks, facts); strings.Contains(s, "Bearer") || strings.Contains(s, "client_assertion") {
				t.Errorf("%s", s)
			}
		})
	}
}

// TestNothingAssigned: an empty list is no error, and all waits with it.
func TestNothingAssigned(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.target.Vaults = true
		made := e.see()
		e.wantIn(made, account.Subscriptions, account.Waiting, account.NoSubscriptions)
		p := e.wantIn(made, account.AzureReads, account.Waiting, account.AzureNotInForce).Problem
		if p.Subject != "Reader on prod" || p.Code != "AuthorizationFailed" {
			t.Errorf("%+v", p)
		}
		e.wantIn(made, account.KeyVaults, account.Waiting, account.AzureNotInForce)
		e.wantIn(made, account.AzureReadOnly, account.Waiting, account.AzureRoleMissing)
	})
}

// TestSpreading: what was assigned counts when it is in force, with a new token.
func TestSpreading(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Assignments: 8 * time.Minute})
		e.assign(e.prod, account.AzureReader)
		e.want(account.AzureReads, account.Waiting, account.AzureNotInForce)
		time.Sleep(8 * time.Minute)
		made := e.see()
		e.wantIn(made, account.Subscriptions, account.Holds, "", "Shop")
		e.wantIn(made, account.AzureReads, account.Holds, "", "prod: Reader")
		// A second one is shown, and not in force: the read says so.
		e.target.Scopes = []account.AzureScope{e.prod, e.lab}
		e.tenant.AssignAzureRole(e.lab, account.AzureKeyVaultReader, e.app.PrincipalID)
		e.want(account.AzureReads, account.Missing, account.AzureNotInForce)
	})
}

// TestShownAndNotInForce: an assignment that is shown is not missing.
func TestShownAndNotInForce(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, e.tenant.DefineAzureRole(e.prod, "Lists", []string{"Microsoft.Authorization/*/read"}, nil, nil))
		e.want(account.AzureReads, account.Missing, account.AzureNotInForce)
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Assignments: time.Minute})
		e.assign(e.prod, account.AzureReader)
		e.want(account.AzureReads, account.Waiting, account.AzureNotInForce)
		time.Sleep(time.Minute)
		e.want(account.AzureReads, account.Holds, "")
	})
}

func TestEveryScopeCounts(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, account.AzureReader)
		e.target.Scopes = []account.AzureScope{e.prod, e.shop, e.dev}
		c := e.want(account.AzureReads, account.Missing, account.AzureNotInForce, "prod: Reader", shop+": Reader, inherited from prod")
		if !strings.HasSuffix(c.Problem.Subject, " on "+e.dev.ID()) {
			t.Errorf("%+v", c.Problem)
		}
		e.assign(e.lab, account.AzureReader) // below dev is not dev
		e.want(account.AzureReads, account.Missing, account.AzureNotInForce)
		e.assign(e.dev, account.AzureReader)
		e.want(account.AzureReads, account.Holds, "")
		e.target.Scopes = nil
		e.want(account.AzureReads, account.Unknown, account.NotAsked)
	})
}

// TestBelowIsNotAt: a role in a resource group is none in its subscription.
func TestBelowIsNotAt(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		rg := e.tenant.AddResourceGroup(e.shop, "rg")
		e.assign(rg, account.AzureReader)
		e.assign(e.shop, account.AzureKeyVaultReader) // which lets it list
		e.target.Scopes = []account.AzureScope{e.shop}
		e.want(account.AzureReads, account.Missing, account.AzureNotInForce)
	})
}

// TestWhatIncludesReader: other roles do, and what is less does not.
func TestWhatIncludesReader(t *testing.T) {
	for name, c := range map[string]struct {
		actions, not []string
		want         account.CheckState
	}{
		"all":                   {[]string{"*"}, nil, account.Holds},
		"reads":                 {[]string{"*/READ"}, nil, account.Holds},
		"less writes":           {[]string{"*"}, []string{"*/write", "*/delete"}, account.Holds},
		"less some reads":       {[]string{"*/read"}, []string{"Microsoft.Compute/*/read"}, account.Missing},
		"less a namespace":      {[]string{"*"}, []string{"Microsoft.KeyVault/*"}, account.Missing},
		"one namespace":         {[]string{"Microsoft.Compute/*/read", "Microsoft.Authorization/*/read", "Microsoft.Resources/*/read"}, nil, account.Missing},
		"no regular expression": {[]string{".*/read", "Microsoft.Authorization/*/read", "Microsoft.Resources/*/read"}, nil, account.Missing},
	} {
		in(t, func(t *testing.T, e *estate) {
			e.target.Scopes = []account.AzureScope{e.shop}
			e.assign(e.shop, e.tenant.DefineAzureRole(e.shop, "Custom "+name, c.actions, c.not, nil))
			got := e.see()[account.AzureReads]
			if got.State != c.want {
				t.Errorf("%s: %s %v %q", name, got.State, got.Problem, got.Detail)
			}
		})
	}
}

// TestThroughAGroup: what the app may through a group, it may.
func TestThroughAGroup(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.tenant.AssignAzureRoleToGroup(e.prod, account.AzureReader, e.app.PrincipalID)
		made := e.see()
		e.wantIn(made, account.AzureReads, account.Holds, "", "prod: Reader, through a group")
		e.wantIn(made, account.AzureReadOnly, account.Holds, "")
		e.tenant.AssignAzureRoleToGroup(e.prod, account.AzureContributor, e.tenant.Users()[0].ID)
		e.want(account.AzureReadOnly, account.Holds, "")
		rg := e.tenant.AddResourceGroup(e.shop, "rg")
		e.tenant.AssignAzureRoleToGroup(rg, account.AzureContributor, e.app.PrincipalID)
		e.want(account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Contributor at rg, through a group allows *")
	})
	in(t, func(t *testing.T, e *estate) {
		e.tenant.AssignAzureRoleToGroup(e.prod, account.AzureContributor, e.app.PrincipalID)
		made := e.see()
		e.wantIn(made, account.AzureReads, account.Holds, "", "prod: Contributor, through a group")
		e.wantIn(made, account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Contributor at prod, through a group allows *")
	})
}

// endless is a list of nothing whose pages do not end.
func (e *estate) endless(part string) {
	e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", part), Body: `{"value":[],"nextLink":"https://management.azure.com` + string(e.shop) + part + `?api-version=2022-04-01"}`})
}

// TestListsThatDoNotEnd: what is not in the part that was read may be in the rest.
func TestListsThatDoNotEnd(t *testing.T) {
	for part, want := range map[string]map[account.CheckName]account.CheckState{
		assignments:                     {account.AzureReads: account.Unknown, account.AzureReadOnly: account.Unknown, account.KeyVaults: account.Unknown},
		"/providers/Microsoft.KeyVault": {account.AzureReads: account.Holds, account.AzureReadOnly: account.Holds, account.KeyVaults: account.Unknown},
		// Whatever is denied, Reader is in force.
		authorization + "/denyAssignments": {account.AzureReads: account.Holds, account.AzureReadOnly: account.Holds, account.KeyVaults: account.Holds},
	} {
		in(t, func(t *testing.T, e *estate) {
			e.target.Vaults, e.target.Scopes = true, []account.AzureScope{e.shop}
			e.assign(e.shop, account.AzureReader)
			e.assign(e.shop, account.AzureKeyVaultReader)
			e.endless(part)
			made := e.see()
			for n, state := range want {
				if got := made[n]; got.State != state || state == account.Unknown && got.Problem.Kind != account.Unexpected {
					t.Errorf("%s: %s is %s, %v %q", part, n, got.State, got.Problem, got.Detail)
				}
			}
			told := slices.ContainsFunc(made[account.AzureReads].Detail, func(l string) bool { return strings.Contains(l, "not known whether a deny assignment") })
			if told != strings.HasSuffix(part, "denyAssignments") {
				t.Errorf("%s: %q", part, made[account.AzureReads].Detail)
			}
		})
	}
}

// TestSubscriptionsThatCannotBeListed: what is in those is not known then.
func TestSubscriptionsThatCannotBeListed(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.target.Vaults = true
		e.assign(e.prod, account.AzureReader)
		e.assign(e.prod, account.AzureKeyVaultReader)
		e.cloud.Inject(simcloud.Fault{Match: func(r *http.Request) bool { return r.URL.Path == subscriptions }, Status: 500})
		made := e.see()
		e.wantIn(made, account.AzureReads, account.Holds, "")
		e.wantIn(made, account.AzureReadOnly, account.Unknown, account.Unavailable)
		e.wantIn(made, account.KeyVaults, account.Unknown, account.Unavailable)
	})
}

func TestWithoutThePrincipal(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.target.Link.Principal, e.target.Vaults = "", true
		e.assign(e.prod, account.AzureContributor)
		made := e.see()
		e.wantIn(made, account.AzureReads, account.Holds, "", "seen by reading")
		e.wantIn(made, account.AzureReadOnly, account.Unknown, account.NotAsked)
		e.wantIn(made, account.KeyVaults, account.Unknown, account.NotAsked)
	})
}

func TestKeyVaults(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.target.Vaults = true
		e.assign(e.prod, account.AzureReader)
		if c := e.want(account.KeyVaults, account.Missing, account.AzureNotInForce); c.Problem.Subject != "Key Vault Reader on prod" {
			t.Errorf("%+v", c.Problem)
		}
		e.assign(e.prod, account.AzureKeyVaultReader)
		e.tenant.AddVault(e.shop, "open", true)
		e.tenant.AddVault(e.shop, "ours", false, e.app.PrincipalID)
		e.want(account.KeyVaults, account.Holds, "", "prod: Key Vault Reader")
		e.tenant.AddVault(e.shop, "old", false)
		c := e.want(account.KeyVaults, account.Warning, account.VaultsByPolicy, "old in "+shop)
		if s := strings.Join(c.Detail, " "); strings.Contains(s, "open") || strings.Contains(s, "ours") {
			t.Errorf("%q", c.Detail)
		}
		e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", "/vaults"), Status: 403, Body: `{"error":{"code":"AuthorizationFailed","message":"no"}}`})
		e.want(account.KeyVaults, account.Unknown, account.AzureRoleMissing)
	})
}

func TestReadOnly(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.target.Vaults = true
		e.assign(e.prod, account.AzureReader)
		e.assign(e.prod, account.AzureKeyVaultReader)
		// Key Vault Reader, as the vendor made it, is said and no alarm.
		e.want(account.AzureReadOnly, account.Holds, "", "Key Vault Reader at prod allows Microsoft.Insights/alertRules/*, Microsoft.Resources/deployments/*, Microsoft.Support/*")
		e.target.Vaults = false
		e.want(account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Key Vault Reader at prod allows")
	})
}

func TestTooStrong(t *testing.T) {
	for name, c := range map[string]struct {
		role func(e *estate) account.AzureRole
		at   func(e *estate) account.AzureScope
		want string
	}{
		"Contributor":             {builtInRole(account.AzureContributor), func(e *estate) account.AzureScope { return e.prod }, "Contributor at prod allows *"},
		"Owner":                   {builtInRole(account.AzureOwner), func(e *estate) account.AzureScope { return e.root }, "Owner at "},
		"access":                  {builtInRole(account.AzureUserAccessAdministrator), func(*estate) account.AzureScope { return "/" }, "User Access Administrator at the root of the tenant allows Microsoft.Authorization/*"},
		"in a subscription below": {builtInRole(account.AzureContributor), func(e *estate) account.AzureScope { return e.shop }, "Contributor at " + shop},
		"in a resource group":     {builtInRole(account.AzureContributor), func(e *estate) account.AzureScope { return e.tenant.AddResourceGroup(e.shop, "rg") }, "Contributor at rg"},
		"one action":              {custom([]string{"*/read", "Microsoft.Compute/virtualMachines/start/action"}, nil, nil), shopOf, "start/action"},
		"data":                    {custom([]string{"*/read"}, nil, []string{"Microsoft.KeyVault/vaults/secrets/getSecret/action"}), shopOf, "getSecret/action"},
		"not all taken":           {custom([]string{"*"}, []string{"*/write", "*/delete"}, nil), shopOf, "allows *"},
	} {
		in(t, func(t *testing.T, e *estate) {
			e.assign(e.prod, account.AzureReader)
			e.assign(c.at(e), c.role(e))
			made := e.see()
			e.wantIn(made, account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, c.want)
			if got := made[account.AzureReads]; got.State != account.Holds {
				t.Errorf("%s: %+v", name, got)
			}
		})
	}
}

func builtInRole(r account.AzureRole) func(*estate) account.AzureRole {
	return func(*estate) account.AzureRole { return r }
}

func custom(actions, not, data []string) func(*estate) account.AzureRole {
	return func(e *estate) account.AzureRole {
		return e.tenant.DefineAzureRole(e.shop, "Custom", actions, not, data)
	}
}

func shopOf(e *estate) account.AzureScope { return e.shop }

// TestNotTooStrong: what changes nothing is no alarm.
func TestNotTooStrong(t *testing.T) {
	for name, role := range map[string]func(*estate) account.AzureRole{
		"reads":     custom([]string{"Microsoft.Compute/*/read", "*/Read"}, nil, []string{"Microsoft.KeyVault/vaults/*/read"}),
		"all taken": custom([]string{"*"}, []string{"*/write", "*/delete", "*/action"}, nil),
	} {
		in(t, func(t *testing.T, e *estate) {
			e.assign(e.prod, account.AzureReader)
			e.assign(e.shop, role(e))
			if c := e.see()[account.AzureReadOnly]; c.State != account.Holds {
				t.Errorf("%s: %s %q", name, c.State, c.Detail)
			}
		})
	}
}

// TestRolesThatCannotBeRead: Contributor is known for what it is, another is not.
func TestRolesThatCannotBeRead(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, account.AzureReader)
		e.assign(e.shop, custom([]string{"*/read"}, nil, nil)(e))
		e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", "/roleDefinitions/"), Status: 403, Body: `{"error":{"code":"AuthorizationFailed","message":"no"}}`})
		e.want(account.AzureReadOnly, account.Unknown, account.AzureRoleMissing)
		e.assign(e.shop, account.AzureContributor)
		e.want(account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Contributor at "+shop)
	})
}

func TestDenyAssignments(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, account.AzureReader)
		e.assign(e.prod, account.AzureContributor)
		e.tenant.DenyAzure(e.prod, "others", []string{"*/write", "*/delete", "*/action"}, "00000000-0000-4000-8000-000000000000")
		e.want(account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Contributor")
		e.tenant.DenyAzure(e.prod, "half", []string{"*/write"}, e.app.PrincipalID)
		made := e.see()
		e.wantIn(made, account.AzureReadOnly, account.Warning, account.AzureRoleTooStrong, "Contributor")
		e.wantIn(made, account.AzureReads, account.Holds, "", "a deny assignment keeps a part: half")
		e.tenant.DenyAzure(e.prod, "rest", []string{"*/write", "*/delete", "*/action"})
		e.want(account.AzureReadOnly, account.Holds, "", "Contributor at prod, whose changes a deny assignment keeps")
		e.tenant.DenyAzure(e.prod, "fence", []string{"*"})
		c := e.want(account.AzureReads, account.Missing, account.AssignmentLocked)
		if c.Problem.Code != "DenyAssignmentAuthorizationFailed" {
			t.Errorf("%+v", c.Problem)
		}
	})
}

// TestNoToken: each refusal of the sign-in service is told, and nothing is asked.
func TestNoToken(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(e *estate)
		want  account.Kind
	}{
		"certificate": {func(e *estate) { e.must(e.tenant.RemoveCertificate(e.app.ClientID, e.target.Certificate.SHA1)) }, account.CertificateUnseen},
		"clock":       {func(e *estate) { e.cloud.SetClock(-time.Hour) }, account.ClockOff},
		"app":         {func(e *estate) { e.must(e.tenant.DeleteApp(e.app.ClientID)) }, account.AppNotFound},
		"tenant":      {func(e *estate) { e.target.Link.Tenant = "99999999-9999-4999-8999-999999999999" }, account.TenantNotFound},
	} {
		in(t, func(t *testing.T, e *estate) {
			c.spoil(e)
			e.target.Vaults = true
			made := e.see()
			if got := made[account.Subscriptions]; got.State != account.Unknown || got.Problem.Kind != c.want || len(got.Evidence) == 0 {
				t.Errorf("%s: %+v", name, got)
			}
			for _, n := range []account.CheckName{account.AzureReads, account.KeyVaults, account.AzureReadOnly} {
				e.wantIn(made, n, account.Unknown, account.NotAsked)
			}
			if e.calls("GET") != 0 {
				t.Errorf("%s: asked without a token", name)
			}
		})
	}
}

// TestWhatGoesWrongOnTheWay: what could not be asked is unknown, and not missing.
func TestWhatGoesWrongOnTheWay(t *testing.T) {
	for name, c := range map[string]struct {
		fault simcloud.Fault
		want  account.Kind
	}{
		"5xx":       {simcloud.Fault{Status: 500}, account.Unavailable},
		"throttled": {simcloud.Fault{Status: 429, RetryAfter: "300"}, account.Throttled},
		"lost":      {simcloud.Fault{Drop: simcloud.Before}, account.Offline},
		"a page":    {simcloud.Fault{HTML: true}, account.NotTheService},
		"401":       {simcloud.Fault{Status: 401, Body: `{"error":{"code":"InvalidAuthenticationToken","message":"The access token is invalid."}}`}, account.TokenRefused},
		"slow":      {simcloud.Fault{Latency: time.Minute}, account.TimedOut},
	} {
		in(t, func(t *testing.T, e *estate) {
			e.assign(e.prod, account.AzureReader)
			e.target.Vaults = true
			c.fault.Match = simcloud.Host("management.azure.com")
			e.cloud.Inject(c.fault)
			start := time.Now()
			made := e.see()
			if took := time.Since(start); took > seeLimit {
				t.Errorf("%s: took %v", name, took)
			}
			for n, got := range made {
				if got.State != account.Unknown || got.Problem.Kind != c.want && got.Problem.Kind != account.NotAsked {
					t.Errorf("%s: %s %+v", name, n, got)
				}
			}
			e.wantIn(made, account.Subscriptions, account.Unknown, c.want)
		})
	}
}

// TestScopesThatAreNotThere: of another tenant, and none at all.
func TestScopesThatAreNotThere(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, account.AzureReader)
		other := e.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam"})
		e.target.Scopes = []account.AzureScope{other.AddSubscription(simcloud.SubscriptionSpec{Name: "Theirs"})}
		if c := e.want(account.AzureReads, account.Missing, account.WrongTenant); c.Problem.Subject != other.ID() {
			t.Errorf("%+v", c.Problem)
		}
		const none = "33333333-3333-4333-8333-333333333333"
		e.target.Scopes = []account.AzureScope{"/subscriptions/" + none}
		if c := e.want(account.AzureReads, account.Missing, account.ScopeNotFound); c.Problem.Subject != none {
			t.Errorf("%+v", c.Problem)
		}
		e.target.Scopes = []account.AzureScope{"/subscriptions/" + none + "?x=/"}
		e.want(account.AzureReads, account.Unknown, account.InputNotScope)
	})
}

func TestPages(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.root, account.AzureReader)
		for i := range 6 {
			e.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: fmt.Sprint("S", i)})
		}
		e.tenant.SetAzurePages(1)
		e.want(account.Subscriptions, account.Holds, "", "S5")
		for i := range 6 {
			e.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: fmt.Sprint("T", i)})
		}
		made := e.see()
		e.wantIn(made, account.Subscriptions, account.Holds, "", "and more than these 10, which were not read")
		e.wantIn(made, account.AzureReadOnly, account.Holds, "", "looked into 10 subscriptions and not into all of them")
	})
}

func TestTooManySubscriptions(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.prod, account.AzureReader)
		for i := range mostSubscriptions + 20 {
			e.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: fmt.Sprint("S", i), Group: e.prod})
		}
		e.want(account.AzureReadOnly, account.Holds, "", "looked into 250 subscriptions and not into all of them")
		if n := e.calls(http.MethodGet); n > mostSubscriptions+10 {
			t.Errorf("asked %d times", n)
		}
	})
}

// TestSideBySide: a look takes as long as its three rounds, and not as its calls.
func TestSideBySide(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.assign(e.root, account.AzureReader)
		e.target.Scopes = []account.AzureScope{e.root, e.prod, e.dev}
		e.cloud.Inject(simcloud.Fault{Match: simcloud.Host("management.azure.com"), Latency: time.Second})
		start := time.Now()
		e.see()
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
