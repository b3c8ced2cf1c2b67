package simcloud_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// estate is a tenant's Azure: two groups under the root, two subscriptions.
type estate struct {
	*world
	prod, dev, one, two account.AzureScope
}

func newEstate(t *testing.T, in account.CloudID) *estate {
	t.Helper()
	w := newPeople(t, in)
	e := &estate{world: w}
	e.prod = w.tenant.AddManagementGroup("prod", "Production", "")
	e.dev = w.tenant.AddManagementGroup("dev", "Development", "")
	e.one = w.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: "11111111-1111-4111-8111-111111111111", Name: "Shop", Group: e.prod})
	e.two = w.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: "22222222-2222-4222-8222-222222222222", Name: "Lab", State: "Disabled", Group: e.dev})
	return e
}

// appToken is the app's own for Azure Resource Manager.
func (e *estate) appToken() string {
	e.t.Helper()
	r := e.request()
	r.form.Set("scope", "https://"+e.hosts().ARM+"/.default")
	a := r.post(e.t, e.cloud.Client())
	if a.status != http.StatusOK {
		e.t.Fatal(a.text)
	}
	return a.body["access_token"].(string)
}

// personToken is a person's, got with the Azure CLI by a browser.
func (e *estate) personToken(upn string) string {
	e.t.Helper()
	a := e.asking()
	a.client = simcloud.AzureCLI
	a.query.Set("client_id", a.client)
	a.query.Set("scope", "https://"+e.hosts().ARM+"/user_impersonation openid offline_access profile")
	a.open(e.tenant.Browser(upn))
	a.redeem = url.Values{
		"grant_type": {"authorization_code"}, "client_id": {a.client}, "code": {a.form.Get("code")}, "redirect_uri": {a.query.Get("redirect_uri")},
		"code_verifier": {verifier}, "scope": {a.query.Get("scope")},
	}
	got := a.post("/token", a.redeem)
	if got.status != http.StatusOK {
		e.t.Fatal(got.text, a.form)
	}
	return got.body["access_token"].(string)
}

// arm asks Azure Resource Manager. A path without a version gets the usual one.
func (e *estate) arm(method, token, path, body string) answer {
	e.t.Helper()
	req, err := http.NewRequestWithContext(e.t.Context(), method, "https://"+e.hosts().ARM+path, strings.NewReader(body))
	if err != nil {
		e.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return do(e.t, e.cloud.Client(), req)
}

func (e *estate) wantRefusal(a answer, status int, code, part string) {
	e.t.Helper()
	got, message := a.refusal()
	if a.status != status || got != code || !strings.Contains(message, part) {
		e.t.Errorf("%d %s, want %d %s %q", a.status, a.text, status, code, part)
	}
}

func names(a answer) (all []string) {
	for _, v := range a.value() {
		name, _ := v["displayName"].(string)
		if p, ok := v["properties"].(map[string]any); ok && name == "" {
			name, _ = p["displayName"].(string)
		}
		all = append(all, name)
	}
	return all
}

const (
	subs    = "/subscriptions?api-version=2022-12-01"
	auth    = "/providers/Microsoft.Authorization"
	version = "?api-version=2022-04-01"
	oneGUID = "aaaaaaaa-0000-4000-8000-000000000001"
)

func assignment(scope account.AzureScope, name string) string {
	return string(scope) + auth + "/roleAssignments/" + name + version
}

func wishFor(role account.AzureRole, who, kind string) string {
	return `{"properties":{"roleDefinitionId":"` + auth + `/roleDefinitions/` + string(role) + `","principalId":"` + who + `","principalType":"` + kind + `"}}`
}

func TestAzureInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		e := newEstate(t, id)
		token := e.appToken()
		if a := e.arm("GET", token, subs, ""); a.status != 200 || len(a.value()) != 0 || !strings.Contains(a.text, `"value":[]`) {
			t.Errorf("%s: %d %s", id, a.status, a.text)
		}
		e.tenant.AssignAzureRole(e.prod, account.AzureReader, e.app.PrincipalID)
		if a := e.arm("GET", token, subs, ""); !slices.Equal(names(a), []string{"Shop"}) || a.value()[0]["tenantId"] != tenantID {
			t.Errorf("%s: %d %s", id, a.status, a.text)
		}
		if a := e.arm("GET", e.personToken(admin), subs, ""); a.status != 200 || len(a.value()) != 0 {
			t.Errorf("%s: a Global Administrator sees %s", id, a.text)
		}
	}
}

func TestTokensThatAzureRefuses(t *testing.T) {
	e := newEstate(t, account.Global)
	e.wantRefusal(e.arm("GET", "nonsense", subs, ""), 401, "InvalidAuthenticationToken", "invalid")
	a := e.arm("GET", e.token(), subs, "")
	e.wantRefusal(a, 401, "InvalidAuthenticationToken", "wrong audience or resource 'https://graph.microsoft.com'")
	if !strings.Contains(a.header.Get("WWW-Authenticate"), `authorization_uri="https://login.microsoftonline.com/`) {
		t.Errorf("%v", a.header)
	}
	token := e.appToken()
	if g := e.get(token, "/organization"); g.status != 401 {
		t.Errorf("Graph takes it: %s", g.text)
	}
	other := e.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam"})
	theirs := other.AddSubscription(simcloud.SubscriptionSpec{Name: "Theirs"})
	a = e.arm("GET", token, string(theirs)+"?api-version=2022-12-01", "")
	e.wantRefusal(a, 401, "InvalidAuthenticationTokenTenant", "must match the tenant 'https://sts.windows.net/"+other.ID()+"/'")
	if !strings.Contains(a.header.Get("WWW-Authenticate"), other.ID()) {
		t.Errorf("%v", a.header)
	}
	e.clock.forward(2 * time.Hour)
	e.wantRefusal(e.arm("GET", token, subs, ""), 401, "ExpiredAuthenticationToken", "earlier than current UTC time")
}

func TestVersionsAndAddresses(t *testing.T) {
	e := newEstate(t, account.Global)
	token := e.appToken()
	e.wantRefusal(e.arm("GET", token, "/subscriptions", ""), 400, "MissingApiVersionParameter", "api-version")
	e.wantRefusal(e.arm("GET", token, "/subscriptions?api-version=2030-01-01", ""), 400, "InvalidApiVersionParameter", "'2030-01-01' is invalid")
	e.wantRefusal(e.arm("GET", token, string(e.one)+auth+"/roleAssignments?api-version=2021-04-01", ""), 400, "InvalidResourceType", "roleAssignments")
	e.wantRefusal(e.arm("GET", token, "/subscriptions/33333333-3333-4333-8333-333333333333?api-version=2022-12-01", ""), 404, "SubscriptionNotFound", "could not be found")
	e.wantRefusal(e.arm("PATCH", token, subs, ""), 405, "HttpMethodNotSupported", "PATCH")
	if a := e.arm("GET", token, "/providers/Microsoft.Compute/x"+version, ""); a.status != 501 {
		t.Errorf("%d %s", a.status, a.text)
	}
	e.tenant.AssignAzureRole(e.one, account.AzureReader, e.app.PrincipalID)
	if a := e.arm("GET", token, strings.ToUpper(string(e.one))+"/RESOURCEGROUPS?api-version=2021-04-01&$top=1", ""); a.status != 200 {
		t.Errorf("letters: %s", a.text)
	}
	e.wantRefusal(e.arm("GET", token, string(e.prod)+"?api-version=2021-04-01", ""), 403, "AuthorizationFailed", "'Microsoft.Management/managementGroups/read' over scope '"+string(e.prod)+"'")
	e.tenant.AssignAzureRole(e.tenant.RootGroup(), account.AzureReader, e.app.PrincipalID)
	e.wantRefusal(e.arm("GET", token, "/providers/Microsoft.Management/managementGroups/none?api-version=2021-04-01", ""), 403, "AuthorizationFailed", "none")
}

func TestTheTree(t *testing.T) {
	e := newEstate(t, account.Global)
	token := e.appToken()
	e.wantRefusal(e.arm("GET", token, "/providers/Microsoft.Management/managementGroups?api-version=2021-04-01", ""), 403, "AuthorizationFailed", "managementGroups/read")
	e.tenant.AssignAzureRole(e.tenant.RootGroup(), account.AzureReader, e.app.PrincipalID)
	for path, want := range map[string][]string{
		"/providers/Microsoft.Management/managementGroups?api-version=2021-04-01":                  {"Tenant Root Group", "Production", "Development"},
		string(e.tenant.RootGroup()) + "/descendants?api-version=2021-04-01":                       {"Production", "Shop", "Development", "Lab"},
		string(e.prod) + "/descendants?api-version=2021-04-01":                                     {"Shop"},
		"/providers/Microsoft.Management/managementGroups/PROD/descendants?api-version=2021-04-01": {"Shop"},
	} {
		if a := e.arm("GET", token, path, ""); !slices.Equal(names(a), want) {
			t.Errorf("%s: %s", path, a.text)
		}
	}
	a := e.arm("GET", token, string(e.tenant.RootGroup())+"?api-version=2021-04-01&$expand=children&$recurse=true", "")
	children := a.body["properties"].(map[string]any)["children"].([]any)
	if len(children) != 2 || len(children[0].(map[string]any)["children"].([]any)) != 1 {
		t.Errorf("%s", a.text)
	}
	if a := e.arm("POST", token, "/providers/Microsoft.Management/getEntities?api-version=2021-04-01", ""); len(a.value()) != 5 {
		t.Errorf("%s", a.text)
	}
	e.tenant.MoveSubscription(e.one, e.dev)
	if a := e.arm("GET", token, string(e.prod)+"/descendants?api-version=2021-04-01", ""); len(a.value()) != 0 {
		t.Errorf("%s", a.text)
	}
}

func TestAssigning(t *testing.T) {
	e := newEstate(t, account.Global)
	e.tenant.AddUser(simcloud.UserSpec{UPN: "olga"})
	e.tenant.AddUser(simcloud.UserSpec{UPN: "rita"})
	e.tenant.AssignAzureRole(e.prod, account.AzureOwner, "olga@contoso.com")
	e.tenant.AssignAzureRole(e.prod, account.AzureReader, "rita@contoso.com")
	owner, reader := e.personToken("olga@contoso.com"), e.personToken("rita@contoso.com")
	good := wishFor(account.AzureReader, e.app.PrincipalID, "ServicePrincipal")
	put := func(scope account.AzureScope, name, body string) answer {
		return e.arm("PUT", owner, assignment(scope, name), body)
	}

	e.wantRefusal(e.arm("PUT", reader, assignment(e.one, oneGUID), good), 403, "AuthorizationFailed", "The client 'rita@contoso.com' with object id")
	e.wantRefusal(put(e.two, oneGUID, good), 403, "AuthorizationFailed", "roleAssignments/write' over scope '"+string(e.two)+auth+"/roleAssignments/"+oneGUID+"'")
	e.wantRefusal(put(e.one, "no-guid", good), 400, "InvalidRoleAssignmentId", "GUID")
	e.wantRefusal(put(e.one, oneGUID, `{"properties":{"roleId":"x"}}`), 400, "InvalidRequestContent", "'roleId'")
	e.wantRefusal(put(e.one, oneGUID, `{"role":1}`), 400, "InvalidRequestContent", "'role'")
	e.wantRefusal(put(e.one, oneGUID, wishFor("00000000-0000-4000-8000-000000000000", e.app.PrincipalID, "ServicePrincipal")), 400, "RoleDefinitionDoesNotExist", "does not exist")
	for _, wrong := range []string{e.app.ClientID, e.app.ObjectID} {
		e.wantRefusal(put(e.one, oneGUID, wishFor(account.AzureReader, wrong, "ServicePrincipal")), 400, "PrincipalNotFound", strings.ReplaceAll(wrong, "-", ""))
	}
	e.wantRefusal(put(e.one, oneGUID, wishFor(account.AzureReader, e.tenant.Users()[0].ID, "ServicePrincipal")), 400, "UnmatchedPrincipalType", "has type 'User'")

	if a := put(e.one, oneGUID, good); a.status != 201 || a.body["name"] != oneGUID {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if a := put(e.one, oneGUID, good); a.status != 200 || a.body["name"] != oneGUID {
		t.Errorf("again: %d %s", a.status, a.text)
	}
	e.wantRefusal(put(e.one, oneGUID, wishFor(account.AzureContributor, e.app.PrincipalID, "ServicePrincipal")), 400, "RoleAssignmentUpdateNotPermitted", "not allowed to be updated")
	e.wantRefusal(put(e.one, "aaaaaaaa-0000-4000-8000-000000000002", good), 409, "RoleAssignmentExists", "is "+strings.ReplaceAll(oneGUID, "-", "")+".")
	e.tenant.SetAssignmentLimit(1)
	e.wantRefusal(put(e.one, "aaaaaaaa-0000-4000-8000-000000000003", wishFor(account.AzureKeyVaultReader, e.app.PrincipalID, "ServicePrincipal")), 400, "RoleAssignmentLimitExceeded", "No more role assignments")
	e.tenant.SetAssignmentLimit(0)
	e.tenant.LockAzure(e.one, "keep")
	e.wantRefusal(e.arm("DELETE", owner, assignment(e.one, oneGUID), ""), 409, "ScopeLocked", "are locked: '"+string(e.one)+"'")
	e.wantRefusal(e.arm("DELETE", reader, assignment(e.one, oneGUID), ""), 403, "AuthorizationFailed", "roleAssignments/delete")
	states := e.tenant.AzureAssignments()
	if len(states) != 3 || states[2].RoleName != "Reader" || states[2].Scope != e.one || states[2].Kind != "ServicePrincipal" || states[2].Orphan {
		t.Errorf("%+v", states)
	}
}

func TestDeletedPrincipalLeavesAssignments(t *testing.T) {
	e := newEstate(t, account.Global)
	id := e.tenant.AssignAzureRole(e.one, account.AzureReader, e.app.PrincipalID)
	e.must(e.tenant.DeleteApp(e.app.ClientID))
	states := e.tenant.AzureAssignments()
	if len(states) != 1 || !states[0].Orphan || states[0].ID != id {
		t.Errorf("%+v", states)
	}
	e.must(e.tenant.RemoveAzureRole(id))
	if err := e.tenant.RemoveAzureRole(id); err == nil || len(e.tenant.AzureAssignments()) != 0 {
		t.Error("it is removed twice")
	}
}

// TestAzureSpreads: each of the three takes its own time.
func TestAzureSpreads(t *testing.T) {
	e := newEstate(t, account.Global)
	e.tenant.AssignAzureRole("/", account.AzureOwner, admin)
	owner, token := e.personToken(admin), e.appToken()
	e.tenant.SetAzureDelays(simcloud.AzureDelays{Principals: time.Minute, Assignments: 3 * time.Minute, Reads: 2 * time.Minute})
	fresh := e.tenant.Register("Another")
	body := wishFor(account.AzureReader, fresh.PrincipalID, "ServicePrincipal")
	e.wantRefusal(e.arm("PUT", owner, assignment(e.one, oneGUID), body), 400, "PrincipalNotFound", "replication delay")
	e.clock.forward(time.Minute)
	e.wantRefusal(e.arm("PUT", owner, assignment(e.one, oneGUID), strings.Replace(body, `,"principalType":"ServicePrincipal"`, "", 1)), 400, "PrincipalNotFound", "replication delay")
	if a := e.arm("PUT", owner, assignment(e.one, oneGUID), strings.Replace(body, fresh.PrincipalID, e.app.PrincipalID, 1)); a.status != 201 {
		t.Fatal(a.text)
	}
	mine := func() int { return len(e.arm("GET", token, subs, "").value()) }
	shown := func() int { return e.arm("GET", owner, assignment(e.one, oneGUID), "").status }
	if mine() != 0 || shown() != 404 {
		t.Errorf("at once: %d, %d", mine(), shown())
	}
	e.clock.forward(2 * time.Minute)
	if mine() != 0 || shown() != 200 {
		t.Errorf("after two minutes: %d, %d", mine(), shown())
	}
	e.clock.forward(time.Minute)
	if mine() != 1 {
		t.Error("it is never in force")
	}
	if a := e.arm("DELETE", owner, assignment(e.one, oneGUID), ""); a.status != 200 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := e.arm("DELETE", owner, assignment(e.one, oneGUID), ""); a.status != 204 || mine() != 1 || shown() != 200 {
		t.Errorf("%d, %d, %d", a.status, mine(), shown())
	}
	e.clock.forward(3 * time.Minute)
	if mine() != 0 || shown() != 404 {
		t.Errorf("in the end: %d, %d", mine(), shown())
	}
}

func TestAssignmentsAreListed(t *testing.T) {
	e := newEstate(t, account.Global)
	id := e.app.PrincipalID
	group := e.tenant.AddResourceGroup(e.one, "rg")
	e.tenant.AssignAzureRole(e.tenant.RootGroup(), account.AzureReader, id)
	e.tenant.AssignAzureRole(e.one, account.AzureContributor, id)
	e.tenant.AssignAzureRole(group, account.AzureOwner, id)
	e.tenant.AssignAzureRole(e.two, account.AzureOwner, id)
	e.tenant.AssignAzureRoleToGroup(e.prod, account.AzureKeyVaultReader, id)
	token := e.appToken()
	list := func(scope account.AzureScope, filter string) int {
		path := strings.TrimSuffix(string(scope), "/") + auth + "/roleAssignments" + version
		if filter != "" {
			path += "&$filter=" + url.QueryEscape(filter)
		}
		a := e.arm("GET", token, path, "")
		if a.status != 200 {
			return -a.status
		}
		return len(a.value())
	}
	for _, c := range []struct {
		scope  account.AzureScope
		filter string
		want   int
	}{
		{e.one, "principalId eq '" + id + "'", 3},
		{e.one, "assignedTo('" + id + "')", 4},
		{e.one, "atScope()", 3},
		{e.one, "atScope() and assignedTo('" + id + "')", 3},
		{e.one, "", 4},
		{e.prod, "principalId eq '" + id + "'", 1},
		{e.tenant.RootGroup(), "atScope()", 1},
		{"/", "", -403},
		{e.one, "roleId eq 'x'", -400},
	} {
		if got := list(c.scope, c.filter); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.scope, c.filter, got, c.want)
		}
	}
}

func TestElevating(t *testing.T) {
	e := newEstate(t, account.Global)
	e.tenant.AddUser(simcloud.UserSpec{UPN: "gale", Roles: []string{simcloud.GlobalReader}})
	const path = auth + "/elevateAccess?api-version=2016-07-01"
	for _, token := range []string{e.personToken("gale@contoso.com"), e.appToken()} {
		e.wantRefusal(e.arm("POST", token, path, ""), 403, "AuthorizationFailed", "elevateAccess/action")
	}
	token := e.personToken(admin)
	if a := e.arm("POST", token, path, ""); a.status != 200 || a.text != "" {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if a := e.arm("POST", token, path, ""); a.status != 200 || len(e.tenant.AzureAssignments()) != 1 {
		t.Errorf("twice: %+v", e.tenant.AzureAssignments())
	}
	if a := e.arm("GET", token, subs, ""); len(a.value()) != 2 {
		t.Errorf("%s", a.text)
	}
	up := e.tenant.AzureAssignments()[0]
	if up.Scope != "/" || up.Role != account.AzureUserAccessAdministrator || string(up.ID) != auth+"/roleAssignments/"+up.Name() {
		t.Errorf("%+v", up)
	}
	if a := e.arm("DELETE", token, string(up.ID)+version, ""); a.status != 200 {
		t.Errorf("%s", a.text)
	}
	e.wantRefusal(e.arm("GET", token, string(up.ID)+version, ""), 403, "AuthorizationFailed", "roleAssignments/read")
}

func TestRolesDeniesAndVaults(t *testing.T) {
	e := newEstate(t, account.Global)
	role := e.tenant.DefineAzureRole(e.one, "Starter", []string{"Microsoft.Compute/virtualMachines/start/action"}, nil, nil)
	e.tenant.AssignAzureRole(e.one, account.AzureReader, e.app.PrincipalID)
	e.tenant.AddVault(e.one, "open", true)
	e.tenant.AddVault(e.one, "old", false, e.app.PrincipalID)
	token := e.appToken()
	a := e.arm("GET", token, string(e.one)+auth+"/roleDefinitions/"+string(role)+version, "")
	if a.status != 200 || !strings.Contains(a.text, `"type":"CustomRole"`) || !strings.Contains(a.text, "start/action") {
		t.Errorf("%s", a.text)
	}
	if a := e.arm("GET", token, auth+"/roleDefinitions/"+string(account.AzureReader)+version, ""); a.status != 200 || !strings.Contains(a.text, `"*/read"`) {
		t.Errorf("%s", a.text)
	}
	const vaults = "/providers/Microsoft.KeyVault/vaults?api-version=2023-07-01"
	if a := e.arm("GET", token, string(e.one)+vaults, ""); len(a.value()) != 2 || strings.Count(a.text, `"enableRbacAuthorization":true`) != 1 || strings.Count(a.text, e.app.PrincipalID) != 1 {
		t.Errorf("%s", a.text)
	}
	e.tenant.DenyAzure(e.prod, "fence", []string{"Microsoft.KeyVault/*"}, e.app.PrincipalID)
	e.wantRefusal(e.arm("GET", token, string(e.one)+vaults, ""), 403, "DenyAssignmentAuthorizationFailed", "the deny assignment with name 'fence'")
	if a := e.arm("GET", token, string(e.one)+auth+"/denyAssignments"+version, ""); len(a.value()) != 1 || !strings.Contains(a.text, `"fence"`) {
		t.Errorf("%s", a.text)
	}
}

func TestAzurePagesAndFaults(t *testing.T) {
	e := newEstate(t, account.Global)
	e.tenant.AssignAzureRole(e.tenant.RootGroup(), account.AzureReader, e.app.PrincipalID)
	e.tenant.SetAzurePages(1)
	token := e.appToken()
	a := e.arm("GET", token, subs, "")
	next, _ := a.body["nextLink"].(string)
	path, ok := strings.CutPrefix(next, "https://management.azure.com")
	if !ok || len(a.value()) != 1 {
		t.Fatalf("%s", a.text)
	}
	if a := e.arm("GET", token, path, ""); len(a.value()) != 1 || a.body["nextLink"] != nil {
		t.Errorf("%s", a.text)
	}
	e.wantRefusal(e.arm("GET", token, subs+"&$skiptoken=nonsense", ""), 400, "InvalidSkipToken", "nonsense")
	e.cloud.Inject(simcloud.Fault{Match: simcloud.Host("management.azure.com"), Status: 429, RetryAfter: "7", Times: 1})
	a = e.arm("GET", token, subs, "")
	e.wantRefusal(a, 429, "TooManyRequests", "throttled")
	if a.header.Get("Retry-After") != "7" {
		t.Errorf("%v", a.header)
	}
}

// TestWhoMaySignInForAzure: the Azure CLI, and a client that was allowed to.
func TestWhoMaySignInForAzure(t *testing.T) {
	e := newEstate(t, account.Global)
	client := e.tenant.RegisterSignInClient("Ours")
	ask := func() url.Values {
		a := e.asking()
		a.client = client.ClientID
		a.query.Set("client_id", a.client)
		a.query.Set("scope", "https://management.azure.com/user_impersonation openid")
		a.open(e.tenant.Browser(admin))
		return a.form
	}
	if f := ask(); f.Has("code") || !strings.HasPrefix(f.Get("error_description"), "AADSTS65001") {
		t.Errorf("%v", f)
	}
	e.must(e.tenant.AllowAzure(client.ClientID))
	if f := ask(); !f.Has("code") {
		t.Errorf("%v", f)
	}
}
