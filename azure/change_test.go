package azure

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

func (e *estate) give(a link.AzureAdministrator, s account.AzureScope, r account.AzureRole) (account.AzureAssignment, []account.Evidence, error) {
	return a.Assign(e.t.Context(), s, r, e.principal(), e.tell)
}

func TestAssignInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		synctest.Test(t, func(t *testing.T) {
			e := newEstate(t, id)
			a := e.signIn(owner)
			plan := a.PlanAzure([]account.AzureScope{e.prod, e.shop}, []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader}, e.principal())
			var made []account.AzureAssignment
			for _, s := range []account.AzureScope{e.prod, e.shop} {
				for _, r := range []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader} {
					m, evidence, err := e.give(a, s, r)
					e.must(err)
					p := plan[len(made)]
					if !m.Made || m.Scope != s || m.Role != r || len(evidence) != 1 || evidence[0].Status != 201 || evidence[0].Method != p.Method || evidence[0].Path != p.Path || p.Path != id.Cloud().ARM+string(m.ID) {
						t.Errorf("%s: %+v %+v, planned %+v", id, m, evidence, p)
					}
					found, _, err := a.FindAssignment(t.Context(), s, r, e.principal())
					if m.Made = false; err != nil || found != m {
						t.Errorf("%s: found %+v %v, made %+v", id, found, err, m)
					}
					made = append(made, m)
				}
			}
			if got := e.ours(); len(got) != 4 || e.calls(http.MethodPut) != 4 || got[0].Kind != "ServicePrincipal" {
				t.Errorf("%s: %+v", id, got)
			}
			for _, m := range made {
				if evidence, err := a.Unassign(t.Context(), m.ID, e.tell); err != nil || len(evidence) != 2 || evidence[0].Status != 200 || evidence[1].Status != 404 {
					t.Errorf("%s: %+v %v", id, evidence, err)
				}
			}
			if len(e.ours()) != 0 || len(e.paused) != 0 {
				t.Errorf("%s: left %+v, paused %+v", id, e.ours(), e.paused)
			}
		})
	}
}

// TestPlanSaysWhatIsSent: the principal's type always, and the role by its id.
func TestPlanSaysWhatIsSent(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		for s, want := range map[account.AzureScope]string{
			e.prod: "/providers/Microsoft.Authorization/roleDefinitions/" + string(account.AzureReader),
			e.shop: string(e.shop) + "/providers/Microsoft.Authorization/roleDefinitions/" + string(account.AzureReader),
		} {
			p := a.PlanAzure([]account.AzureScope{s}, []account.AzureRole{account.AzureReader}, e.principal())[0]
			var body map[string]map[string]string
			e.must(json.Unmarshal([]byte(p.Body), &body))
			if props := body["properties"]; len(props) != 3 || props["roleDefinitionId"] != want || props["principalId"] != string(e.principal()) || props["principalType"] != "ServicePrincipal" {
				t.Errorf("%+v", p)
			}
		}
		later := a.PlanAzure([]account.AzureScope{e.prod}, []account.AzureRole{account.AzureReader}, "")[0]
		if !strings.HasSuffix(later.Path, "/roleAssignments/{id that follows from scope, role and enterprise app}?api-version=2022-04-01") && !strings.HasSuffix(later.Path, "/roleAssignments/{id that follows from scope, role and enterprise app}") || !strings.Contains(later.Body, "{object id of the enterprise app}") {
			t.Errorf("before there is an enterprise app: %+v", later)
		}
		if e.calls(http.MethodPut) != 0 {
			t.Error("a plan was sent")
		}
	})
}

// TestAssignmentName: it follows from scope, role and principal, in whatever
// case of letters, and never changes.
func TestAssignmentName(t *testing.T) {
	const principal = "59e617e5-e447-4adc-8b88-00af644d7c92"
	scope := account.AzureScope("/providers/Microsoft.Management/managementGroups/Prod")
	name := assignmentName(scope, account.AzureReader, principal)
	if name != "cf1e222b-2b29-55ed-a74d-ab6cb7579b27" {
		t.Errorf("%s: what was assigned by an earlier version would not be found again", name)
	}
	if uuid.MustParse(name).Version() != 5 || assignmentName(account.AzureScope(strings.ToUpper(string(scope))), account.AzureReader, account.ObjectID(strings.ToUpper(principal))) != name {
		t.Error("another name for the same")
	}
	for _, other := range []string{
		assignmentName(scope+"x", account.AzureReader, principal), assignmentName(scope, account.AzureKeyVaultReader, principal), assignmentName(scope, account.AzureReader, "69e617e5-e447-4adc-8b88-00af644d7c92"),
	} {
		if other == name {
			t.Error("the same name for another")
		}
	}
}

func TestAgainIsNoError(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		one, _, err := e.give(a, e.prod, account.AzureReader)
		e.must(err)
		two, evidence, err := e.give(a, e.prod, account.AzureReader)
		if err != nil || two.Made || two.ID != one.ID || evidence[0].Status != 200 {
			t.Errorf("%+v %+v %v", two, evidence, err)
		}
		// Somebody else's, under a name of its own.
		theirs := e.assign(e.shop, account.AzureReader)
		got, _, err := e.give(a, e.shop, account.AzureReader)
		if err != nil || got.Made || got.ID != theirs {
			t.Errorf("%+v %v, there is %s", got, err, theirs)
		}
		// In the older wording the refusal names none: it is looked for.
		e.cloud.Inject(simcloud.Fault{Match: e.arm("PUT", ""), Status: 409, Body: `{"error":{"code":"RoleAssignmentExists","message":"The role assignment already exists."}}`, Times: 1})
		if got, _, err = e.give(a, e.shop, account.AzureReader); err != nil || got.ID != theirs || got.Made {
			t.Errorf("%+v %v", got, err)
		}
		if len(e.ours()) != 2 {
			t.Errorf("%+v", e.ours())
		}
	})
}

// TestPrincipalSpreads: 2, 4, 8 … seconds, and two minutes at most.
func TestPrincipalSpreads(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Principals: time.Minute})
		fresh := e.tenant.Register("Fresh")
		start := time.Now()
		m, _, err := a.Assign(t.Context(), e.prod, account.AzureReader, account.ObjectID(fresh.PrincipalID), e.tell)
		if err != nil || !m.Made {
			t.Fatal(m, err)
		}
		next := 2 * time.Second
		for _, p := range e.paused {
			if p.Reason != account.PrincipalSpreads || !p.Since.Equal(start) || p.Until.Sub(p.Since) != spreadLimit || p.Next.Sub(p.Since) != next {
				t.Errorf("%+v, next %v", p, p.Next.Sub(p.Since))
			}
			next = 2*next + 2*time.Second
		}
		if len(e.paused) != 5 || time.Since(start) != 62*time.Second {
			t.Errorf("%d pauses, %v", len(e.paused), time.Since(start))
		}
		// An id that is none is found out after two minutes.
		start = time.Now()
		_, _, err = a.Assign(t.Context(), e.prod, account.AzureReader, account.ObjectID(e.app.ClientID), e.tell)
		p := e.wantKind(err, account.PrincipalSpreading)
		if time.Since(start) != spreadLimit || p.Subject != e.app.ClientID || p.Code != "PrincipalNotFound" {
			t.Errorf("%v %+v", time.Since(start), p)
		}
	})
}

// TestRefusals: every code has a kind of its own.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(e *estate)
		who   string
		scope func(e *estate) account.AzureScope
		want  account.Kind
		check func(e *estate, p *account.Problem) bool
	}{
		"no right": {nil, boss, nil, account.AzureRoleMissing, func(e *estate, p *account.Problem) bool {
			return strings.HasPrefix(p.Subject, "Microsoft.Authorization/roleAssignments/write at "+string(e.prod)+"/") && p.Status == 403 && p.RequestID != ""
		}},
		"a person's id": {func(e *estate) { e.target.Link.Principal = account.ObjectID(e.tenant.Users()[0].ID) }, owner, nil, account.PrincipalWrong, nil},
		"limit":         {func(e *estate) { e.tenant.SetAssignmentLimit(1) }, owner, nil, account.AssignmentsFull, func(e *estate, p *account.Problem) bool { return p.Subject == string(e.prod) }},
		"lock":          {func(e *estate) { e.tenant.LockAzure(e.prod, "keep") }, owner, nil, account.AssignmentLocked, func(_ *estate, p *account.Problem) bool { return p.Code == "ScopeLocked" && p.Message != "" }},
		"deny": {func(e *estate) { e.tenant.DenyAzure(e.prod, "fence", []string{"*/write"}) }, owner, nil, account.AssignmentLocked, func(_ *estate, p *account.Problem) bool {
			return p.Code == "DenyAssignmentAuthorizationFailed"
		}},
		"policy":          {answers(403, "RequestDisallowedByPolicy", "Resource was disallowed by policy."), owner, nil, account.AssignmentLocked, nil},
		"no subscription": {nil, owner, func(*estate) account.AzureScope { return "/subscriptions/33333333-3333-4333-8333-333333333333" }, account.ScopeNotFound, func(_ *estate, p *account.Problem) bool { return strings.HasPrefix(p.Subject, "33333333") }},
		"another tenant's": {nil, owner, func(e *estate) account.AzureScope {
			return e.cloud.AddTenant(simcloud.TenantSpec{ID: "99999999-9999-4999-8999-999999999999", Name: "F"}).AddSubscription(simcloud.SubscriptionSpec{Name: "T"})
		}, account.WrongTenant, func(_ *estate, p *account.Problem) bool { return p.Subject == "99999999-9999-4999-8999-999999999999" }},
		"sign-in over":  {answers(401, "ExpiredAuthenticationToken", "The access token expiry UTC time is earlier."), owner, nil, account.SignInOver, nil},
		"reader needed": {answers(400, "BadRequest", "Reader level access is required on the management group or group ancestors."), owner, nil, account.AzureRoleMissing, nil},
		"other content": {answers(400, "RoleAssignmentUpdateNotPermitted", "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."), owner, nil, account.Unexpected, func(_ *estate, p *account.Problem) bool { return p.Code == "RoleAssignmentUpdateNotPermitted" }},
		"throttled": {func(e *estate) {
			e.cloud.Inject(simcloud.Fault{Match: e.arm("PUT", ""), Status: 429, RetryAfter: "7200"})
		}, owner, nil, account.Throttled, func(_ *estate, p *account.Problem) bool { return p.Wait == 2*time.Hour }},
		"no scope":      {nil, owner, func(*estate) account.AzureScope { return "/subscriptions/x" }, account.InputNotScope, nil},
		"more than one": {nil, owner, func(e *estate) account.AzureScope { return e.shop + "/resourceGroups/rg" }, account.InputNotScope, nil},
		"no id":         {func(e *estate) { e.target.Link.Principal = "x/../y" }, owner, nil, account.InputNotID, nil},
	} {
		in(t, func(t *testing.T, e *estate) {
			a := e.signIn(c.who)
			scope := e.prod
			if c.scope != nil {
				scope = c.scope(e)
			}
			if c.spoil != nil {
				c.spoil(e)
			}
			before := len(e.tenant.AzureAssignments())
			_, _, err := e.give(a, scope, account.AzureReader)
			p := account.AsProblem(err)
			if p == nil || p.Kind != c.want || c.check != nil && !c.check(e, p) {
				t.Errorf("%s: %+v, want %s", name, p, c.want)
			}
			if len(e.tenant.AzureAssignments()) != before {
				t.Errorf("%s: assigned all the same", name)
			}
		})
	}
}

func answers(status int, code, message string) func(*estate) {
	return func(e *estate) {
		e.cloud.Inject(simcloud.Fault{Match: e.arm("PUT", ""), Status: status, Body: `{"error":{"code":"` + code + `","message":"` + message + `"}}`})
	}
}

// TestLostAnswers: whatever is lost, before or after, once or for good, ends in
// what was asked for, once.
func TestLostAnswers(t *testing.T) {
	for _, drop := range []simcloud.Drop{simcloud.Before, simcloud.After} {
		for _, times := range []int{1, 4} { // the pipeline itself asks four times
			in(t, func(t *testing.T, e *estate) {
				a := e.signIn(owner)
				e.cloud.Inject(simcloud.Fault{Match: e.arm("PUT", ""), Drop: drop, Times: times})
				m, evidence, err := e.give(a, e.prod, account.AzureReader)
				if drop == simcloud.Before && times == 4 {
					e.wantKind(err, account.Offline)
					if len(e.ours()) != 0 {
						t.Errorf("%+v", e.ours())
					}
					return
				}
				if err != nil || !m.Made || len(e.ours()) != 1 || m.ID != e.ours()[0].ID || len(evidence) == 0 {
					t.Errorf("%d %d: %+v %v, there is %+v", drop, times, m, err, e.ours())
				}
				e.cloud.ClearFaults()
				e.cloud.Inject(simcloud.Fault{Match: e.arm("DELETE", ""), Drop: drop, Times: 1})
				if _, err := a.Unassign(t.Context(), m.ID, e.tell); err != nil || len(e.ours()) != 0 {
					t.Errorf("%d %d: %v, left %+v", drop, times, err, e.ours())
				}
			})
		}
	}
}

func TestUnassigning(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		m, _, err := e.give(a, e.shop, account.AzureReader)
		e.must(err)
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Reads: 20 * time.Second})
		start := time.Now()
		_, err = a.Unassign(t.Context(), m.ID, e.tell)
		e.must(err)
		if took := time.Since(start); took < 20*time.Second || took > time.Minute || len(e.paused) == 0 || e.paused[0].Reason != account.GoneSeen {
			t.Errorf("took %v, %+v", took, e.paused)
		}
		evidence, err := a.Unassign(t.Context(), m.ID, e.tell) // again: 204
		if err != nil || evidence[0].Status != 204 {
			t.Errorf("%+v %v", evidence, err)
		}
		e.cloud.Inject(simcloud.Fault{Match: e.arm("DELETE", ""), Status: 404, Body: `{"error":{"code":"RoleAssignmentNotFound","message":"no"}}`, Times: 1})
		if _, err := a.Unassign(t.Context(), m.ID, nil); err != nil {
			t.Errorf("%v", err)
		}
		for _, id := range []account.AssignmentID{"", "x", "/subscriptions/" + shop, m.ID + "?x=1", "/../" + m.ID, "https://elsewhere.example" + m.ID, "/providers/Microsoft.Authorization/roleDefinitions/" + account.AssignmentID(shop)} {
			if _, err := a.Unassign(t.Context(), id, nil); account.KindOf(err) != account.InputNotID {
				t.Errorf("%q: %v", id, err)
			}
		}
		e.tenant.SetAzureDelays(simcloud.AzureDelays{})
		m, _, err = e.give(a, e.shop, account.AzureReader)
		e.must(err)
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Reads: time.Hour})
		_, err = a.Unassign(t.Context(), m.ID, nil)
		e.wantKind(err, account.SpreadingTooLong)
		_, err = e.signIn(boss).Unassign(t.Context(), m.ID, nil)
		e.wantKind(err, account.AzureRoleMissing)
	})
}

// TestWaitsAsLongAsAsked: longer than the pipeline waits by itself.
func TestWaitsAsLongAsAsked(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		e.cloud.Inject(simcloud.Fault{Match: e.arm("PUT", ""), Status: 429, RetryAfter: "150", Times: 1})
		start := time.Now()
		if m, _, err := e.give(a, e.prod, account.AzureReader); err != nil || !m.Made {
			t.Fatal(m, err)
		}
		if took := time.Since(start); took < 150*time.Second || took > 160*time.Second || !slices.ContainsFunc(e.paused, func(p account.Pause) bool { return p.Reason == account.AskedToWait }) {
			t.Errorf("%v %+v", took, e.paused)
		}
	})
}

// TestCancelled: a pause ends at once, and nothing more is sent.
func TestCancelled(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		ctx, cancel := context.WithCancel(t.Context())
		_, _, err := a.Assign(ctx, e.prod, account.AzureReader, account.ObjectID(e.app.ClientID), func(account.Pause) { cancel() })
		e.wantKind(err, account.Cancelled)
		if e.calls(http.MethodPut) != 1 {
			t.Errorf("sent %d times", e.calls(http.MethodPut))
		}
	})
}

func TestForgotten(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(owner)
		if a.Person().UPN != owner || told(a) == "" || strings.Contains(told(a), "func(") {
			t.Errorf("%s", told(a))
		}
		a.Forget()
		_, _, err := e.give(a, e.prod, account.AzureReader)
		e.wantKind(err, account.SignInOver)
		_, err = a.SurveyAzure(t.Context())
		e.wantKind(err, account.SignInOver)
		_, err = a.Elevate(t.Context())
		e.wantKind(err, account.SignInOver)
		if e.calls("PUT")+e.calls("GET")+e.calls("POST") != 0 {
			t.Error("asked without a token")
		}
	})
}

func TestElevating(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(boss)
		if _, err := a.StepDown(t.Context(), time.Time{}, nil); err != nil {
			t.Errorf("who never was elevated: %v", err)
		}
		if has, _, err := a.Elevated(t.Context()); has || err != nil {
			t.Errorf("who never was elevated: %v %v", has, err)
		}
		s, err := a.SurveyAzure(t.Context())
		if err != nil || s.Elevated || len(s.Tree) != 0 || len(s.May) != 0 {
			t.Errorf("%+v %v", s, err)
		}
		if evidence, err := a.Elevate(t.Context()); err != nil || len(evidence) != 1 || evidence[0].Status != 200 {
			t.Errorf("%+v %v", evidence, err)
		}
		s, err = a.SurveyAzure(t.Context())
		if err != nil || !s.Elevated || len(s.Tree) != 5 || len(s.May) != 5 || len(s.Untold) != 0 {
			t.Errorf("%+v %v", s, err)
		}
		if _, _, err := e.give(a, e.root, account.AzureReader); err != nil {
			t.Error(err)
		}
		if has, _, err := a.Elevated(t.Context()); !has || err != nil {
			t.Errorf("%v %v", has, err)
		}
		_, err = a.StepDown(t.Context(), time.Now(), nil)
		e.must(err)
		for _, x := range e.tenant.AzureAssignments() {
			if x.Scope == "/" {
				t.Errorf("left %+v", x)
			}
		}
		_, err = e.signIn(owner).Elevate(t.Context())
		e.wantKind(err, account.ElevationNotTaken)
	})
}

// TestStepDownTakesNothingElse: not another's, nor another role, nor elsewhere.
func TestStepDownTakesNothingElse(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(boss)
		e.tenant.AssignAzureRole("/", account.AzureReader, boss)
		e.tenant.AssignAzureRole(e.prod, account.AzureUserAccessAdministrator, boss)
		e.tenant.AssignAzureRole("/", account.AzureUserAccessAdministrator, owner)
		before := len(e.tenant.AzureAssignments())
		_, err := a.Elevate(t.Context())
		e.must(err)
		_, err = a.StepDown(t.Context(), time.Now(), nil)
		e.must(err)
		if got := e.tenant.AzureAssignments(); len(got) != before {
			t.Errorf("%+v", got)
		}
		// Also where the list at the root tells of more than the root.
		id := e.tenant.AssignAzureRole(e.prod, account.AzureUserAccessAdministrator, boss)
		e.cloud.Inject(simcloud.Fault{Match: e.arm("GET", "/roleAssignments"), Body: fmt.Sprintf(`{"value":[{"id":%q,"properties":{"roleDefinitionId":"/x/%s","principalId":%q,"scope":%q}}]}`,
			id, string(account.AzureUserAccessAdministrator), a.Person().ID, e.prod)})
		if _, err := a.StepDown(t.Context(), time.Time{}, nil); err != nil || e.calls("DELETE") != 1 {
			t.Errorf("%v after %d deletions", err, e.calls("DELETE"))
		}
	})
}

// TestStepDownWaitsForTheElevation: what is not in force yet is not forgotten.
func TestStepDownWaitsForTheElevation(t *testing.T) {
	for _, drop := range []simcloud.Drop{simcloud.Not, simcloud.After} {
		in(t, func(t *testing.T, e *estate) {
			a := e.signIn(boss)
			e.tenant.SetAzureDelays(simcloud.AzureDelays{Assignments: 30 * time.Second, Reads: 5 * time.Second})
			e.cloud.Inject(simcloud.Fault{Match: e.arm("POST", ""), Drop: drop, Times: 4})
			if _, err := a.Elevate(t.Context()); (err != nil) != (drop == simcloud.After) {
				t.Fatal(err)
			}
			_, err := a.StepDown(t.Context(), time.Now(), nil)
			e.must(err)
			for _, x := range e.tenant.AzureAssignments() {
				if x.Scope == "/" {
					t.Errorf("left %+v", x)
				}
			}
		})
	}
}

// TestStepDownInANewSignIn: the record says that access was taken, which the
// person may not see yet.
func TestStepDownInANewSignIn(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		e.tenant.SetAzureDelays(simcloud.AzureDelays{Assignments: 7 * time.Minute})
		_, err := e.signIn(boss).Elevate(t.Context())
		e.must(err)
		taken := time.Now()
		if _, err = e.signIn(boss).StepDown(t.Context(), taken, e.tell); err != nil || len(e.paused) == 0 {
			t.Errorf("%v after %d pauses", err, len(e.paused))
		}
		for _, x := range e.tenant.AzureAssignments() {
			if x.Scope == "/" {
				t.Errorf("left %+v", x)
			}
		}
		// Nothing was taken, and the time in which it may spread is over.
		taken = time.Now()
		_, err = e.signIn(boss).StepDown(t.Context(), taken, nil)
		e.wantKind(err, account.SpreadingTooLong)
		time.Sleep(elevationSpread)
		if _, err = e.signIn(boss).StepDown(t.Context(), taken, nil); err != nil {
			t.Error(err)
		}
	})
}

// TestElevationsThatAreNotRead: none is seen, and one may be there.
func TestElevationsThatAreNotRead(t *testing.T) {
	in(t, func(t *testing.T, e *estate) {
		a := e.signIn(boss)
		_, err := a.Elevate(t.Context())
		e.must(err)
		e.endless(assignments)
		_, _, err = a.Elevated(t.Context())
		e.wantKind(err, account.Unexpected)
		_, err = a.StepDown(t.Context(), time.Time{}, nil)
		e.wantKind(err, account.Unexpected)
	})
}
