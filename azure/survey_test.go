package azure

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func (e *estate) survey(upn string) account.AzureSurvey {
	e.t.Helper()
	s, err := e.signIn(upn).SurveyAzure(e.t.Context())
	e.must(err)
	if len(s.Evidence) == 0 {
		e.t.Error("no evidence")
	}
	for i, g := range s.Tree { // parents first
		if g.Parent != "" && !slices.ContainsFunc(s.Tree[:i], func(x account.AzureGroup) bool { return x.Scope == g.Parent }) {
			e.t.Errorf("%s comes before its parent", g.Scope)
		}
	}
	if e.calls("PUT")+e.calls("DELETE")+e.calls("POST") != 0 {
		e.t.Error("a survey changed something")
	}
	return s
}

func TestSurveyInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		synctest.Test(t, func(t *testing.T) {
			e := newEstate(t, id)
			e.tenant.AssignAzureRole(e.root, account.AzureOwner, boss)
			s := e.survey(boss)
			want := []account.AzureGroup{
				{Scope: e.root, Name: "Tenant Root Group"},
				{Scope: e.prod, Name: "Production", Parent: e.root},
				{Scope: e.shop, Name: "Shop", State: "Enabled", Parent: e.prod},
				{Scope: e.dev, Name: "Development", Parent: e.root},
				{Scope: e.lab, Name: "Lab", State: "Warned", Parent: e.dev},
			}
			if !slices.Equal(s.Tree, want) || len(s.May) != 5 || len(s.Untold) != 0 || s.Elevated || s.Partial {
				t.Errorf("%s: %+v", id, s)
			}
			if e.calls("GET") != 5 { // four reads, and one question at the root
				t.Errorf("%s: %d calls", id, e.calls("GET"))
			}
		})
	}
}

// TestSurveyOfAPart: who sees one group, and a subscription whose group is not seen.
func TestSurveyOfAPart(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		inner := e.tenant.AddManagementGroup("inner", "Inner", e.prod)
		e.tenant.AssignAzureRole(e.lab, account.AzureReader, owner)
		s := e.survey(owner)
		want := []account.AzureGroup{
			{Scope: e.prod, Name: "Production"},
			{Scope: inner, Name: "Inner", Parent: e.prod},
			{Scope: e.shop, Name: "Shop", State: "Enabled", Parent: e.prod},
			{Scope: e.lab, Name: "Lab", State: "Warned"},
		}
		if !slices.Equal(s.Tree, want) {
			t.Errorf("%+v", s.Tree)
		}
		if !slices.Equal(s.May, []account.AzureScope{e.prod, inner, e.shop}) || len(s.Untold) != 0 {
			t.Errorf("may %v, untold %v", s.May, s.Untold)
		}
	})
}

// TestWhoMayAssign: by the role, also through a group; what is not known is said.
func TestWhoMayAssign(t *testing.T) {
	for name, c := range map[string]struct {
		give        func(e *estate)
		may, untold bool
	}{
		"Reader":                    {func(e *estate) { e.tenant.AssignAzureRole(e.lab, account.AzureReader, boss) }, false, false},
		"Contributor":               {func(e *estate) { e.tenant.AssignAzureRole(e.lab, account.AzureContributor, boss) }, false, false},
		"User Access Administrator": {func(e *estate) { e.tenant.AssignAzureRole(e.lab, account.AzureUserAccessAdministrator, boss) }, true, false},
		"RBAC Administrator":        {func(e *estate) { e.tenant.AssignAzureRole(e.lab, account.AzureAccessControlAdmin, boss) }, true, false},
		"through a group":           {func(e *estate) { e.tenant.AssignAzureRoleToGroup(e.lab, account.AzureOwner, e.tenant.Users()[0].ID) }, true, false},
		"below alone": {func(e *estate) {
			e.tenant.AssignAzureRole(e.lab, account.AzureReader, boss)
			e.tenant.AssignAzureRole(e.tenant.AddResourceGroup(e.lab, "rg"), account.AzureOwner, boss)
		}, false, false},
		"custom": {func(e *estate) {
			e.tenant.AssignAzureRole(e.lab, e.tenant.DefineAzureRole(e.lab, "C", []string{"*/read", "microsoft.authorization/roleassignments/*"}, nil, nil), boss)
		}, true, false},
		"custom, taken": {func(e *estate) {
			e.tenant.AssignAzureRole(e.lab, e.tenant.DefineAzureRole(e.lab, "C", []string{"*"}, []string{"Microsoft.Authorization/*/write"}, nil), boss)
		}, false, false},
		"not to be read": {func(e *estate) {
			e.tenant.AssignAzureRole(e.lab, e.tenant.DefineAzureRole(e.lab, "C", []string{"Microsoft.Authorization/roleAssignments/write"}, nil, nil), boss)
		}, false, true},
		"under a condition": {func(e *estate) {
			e.tenant.AssignAzureRole(e.lab, account.AzureReader, boss)
			e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", string(e.lab)+"/providers/Microsoft.Authorization/roleAssignments"), Body: fmt.Sprintf(
				`{"value":[{"id":"x","properties":{"roleDefinitionId":"/x/%s","scope":%q,"condition":"@Request[x]"}}]}`, string(account.AzureAccessControlAdmin), e.lab)})
		}, false, true},
	} {
		in(t, func(t *testing.T, e *estate) {
			c.give(e)
			s := e.survey(boss)
			if got := slices.Contains(s.May, e.lab); got != c.may {
				t.Errorf("%s: may %v", name, s.May)
			}
			if got := slices.Contains(s.Untold, e.lab); got != c.untold {
				t.Errorf("%s: untold %v", name, s.Untold)
			}
		})
	}
}

func TestSurveyOfMuch(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.tenant.AssignAzureRole(e.root, account.AzureReader, boss)
		for i := range mostAsked + 30 {
			e.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: fmt.Sprint("S", i)})
		}
		s := e.survey(boss)
		if len(s.May) != 0 || len(s.Untold) != 35 || e.calls("GET") > mostAsked+10 {
			t.Errorf("may %d, untold %d, asked %d", len(s.May), len(s.Untold), e.calls("GET"))
		}
		e.tenant.SetAzurePages(10)
		if s := e.survey(boss); !s.Partial {
			t.Error("what was cut is not said to be")
		}
	})
}

// TestSurveyOfManyGroups: not all are looked into, and one is gone meanwhile.
func TestSurveyOfManyGroups(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		for i := range mostGroups + 10 {
			g := e.tenant.AddManagementGroup(fmt.Sprint("g", i), fmt.Sprint("G", i), e.prod)
			e.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: fmt.Sprint("S", i), Group: g})
		}
		e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", "/g7/descendants"), Status: 404, Body: `{"error":{"code":"NotFound","message":"'/providers/Microsoft.Management/managementGroups/g7' not found"}}`})
		if s := e.survey(owner); !s.Partial || len(s.Tree) < mostGroups {
			t.Errorf("partial %v, %d seen", s.Partial, len(s.Tree))
		}
	})
}

// TestSurveyThatCannotBeMade: the way there is an error, and a refusal is not.
func TestSurveyThatCannotBeMade(t *testing.T) {
	for want, f := range map[account.Kind]simcloud.Fault{
		account.Unavailable: {Status: 503}, account.SignInOver: {Status: 401, Body: `{"error":{"code":"ExpiredAuthenticationToken","message":"over"}}`},
		account.Offline: {Drop: simcloud.Before}, account.NotTheService: {HTML: true},
	} {
		in(t, func(t *testing.T, e *estate) {
			a := e.signIn(owner)
			f.Match = simcloud.Host("management.azure.com")
			e.cloud.Inject(f)
			_, err := a.SurveyAzure(t.Context())
			e.wantKind(err, want)
		})
	}
}

// TestCirclesAreCut: whatever is told of parents, each scope is shown once.
func TestCirclesAreCut(t *testing.T) {
	s := &survey{nodes: map[account.AzureScope]account.AzureGroup{}}
	at := func(id, parent string) (e entry) {
		e.ID, e.Properties.Parent.ID = groups+"/"+id, groups+"/"+parent
		return e
	}
	s.add([]entry{at("a", "b"), at("b", "a"), at("c", "a"), at("d", "d"), at("e", "gone"), {ID: "nonsense"}})
	tree := s.tree()
	want := []account.AzureGroup{{Scope: groups + "/d"}, {Scope: groups + "/a"}, {Scope: groups + "/b", Parent: groups + "/a"}, {Scope: groups + "/c", Parent: groups + "/a"}, {Scope: groups + "/e"}}
	if !slices.Equal(tree, want) {
		t.Errorf("%+v", tree)
	}
}
