package simcloud_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

type j = map[string]any

// write sends a body to Graph. Headers come in pairs.
func (w *world) write(method, token, path string, body any, headers ...string) answer {
	w.t.Helper()
	return do(w.t, w.cloud.Client(), w.writing(method, token, path, body, headers...))
}

func (w *world) writing(method, token, path string, body any, headers ...string) *http.Request {
	w.t.Helper()
	var text []byte
	if s, ok := body.(string); ok {
		text = []byte(s)
	} else if body != nil {
		text = must(json.Marshal(body))
	}
	req := must(http.NewRequestWithContext(w.t.Context(), method, "https://"+w.hosts().Graph+"/v1.0"+path, bytes.NewReader(text)))
	req.Header.Set("Authorization", "Bearer "+token)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return req
}

const (
	ours      = "/applications(uniqueName='xops-onboard-1')"
	reviewsID = "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa"
	graphApp  = "00000003-0000-0000-c000-000000000000"
)

var upsert = []string{"Prefer", "create-if-missing"}

func (p pair) credential() j {
	return j{"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.StdEncoding.EncodeToString(p.der), "displayName": "CN=xops"}
}

func (w *world) newApp() j {
	return j{
		"displayName": "Xops 360 - Contoso", "signInAudience": "AzureADMyOrg", "tags": []string{"xops-onboard"}, "keyCredentials": []j{w.pair.credential()},
		"requiredResourceAccess": []j{{"resourceAppId": graphApp, "resourceAccess": []j{{"id": reviewsID, "type": "Role"}}}},
	}
}

// newTenant is a world without any app, and with an administrator.
func newTenant(t *testing.T, in account.CloudID, roles ...string) *world {
	t.Helper()
	w := newWorld(t, in)
	w.must(w.tenant.DeleteApp(w.app.ClientID))
	for _, d := range w.tenant.Deleted() {
		purgeDirectly(w, d.ID)
	}
	w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools))
	if roles == nil {
		roles = []string{simcloud.GlobalAdministrator}
	}
	w.tenant.AddUser(simcloud.UserSpec{UPN: admin, Name: "Adele Vance", Roles: roles})
	// Somebody who may has consented for all.
	w.tenant.AddUser(simcloud.UserSpec{UPN: "root", Roles: []string{simcloud.GlobalAdministrator}})
	a := w.asking()
	a.query.Set("scope", strings.Join(w.fullScopes(append(four, "DelegatedPermissionGrant.ReadWrite.All", "Policy.Read.All", "AccessReview.Read.All")...), " "))
	b := w.tenant.Browser("root@contoso.com")
	b.Consent = simcloud.AcceptForEveryone
	a.open(b)
	return w
}

// purgeDirectly empties the bin with an administrator of its own.
func purgeDirectly(w *world, id string) {
	w.t.Helper()
	if len(w.tenant.Users()) == 0 {
		w.tenant.AddUser(simcloud.UserSpec{UPN: "janitor", Roles: []string{simcloud.GlobalAdministrator}})
	}
	if a := w.write("DELETE", w.signIn("janitor@contoso.com"), "/directory/deletedItems/"+id, nil); a.status != 204 {
		w.t.Fatalf("purge: %d %s", a.status, a.text)
	}
}

// connect is the whole of an onboarding, as a person.
func (w *world) connect(token string) {
	w.t.Helper()
	made := w.write("PATCH", token, ours, w.newApp(), upsert...)
	if made.status != 201 || made.header.Get("Location") == "" {
		w.t.Fatalf("app: %d %s", made.status, made.text)
	}
	w.app = simcloud.App{ClientID: made.body["appId"].(string), ObjectID: made.body["id"].(string)}
	sp := w.write("PATCH", token, w.spPath(), j{"displayName": "Xops 360 - Contoso", "tags": []string{"WindowsAzureActiveDirectoryIntegratedApp"}}, upsert...)
	if sp.status != 201 {
		w.t.Fatalf("principal: %d %s", sp.status, sp.text)
	}
	w.app.PrincipalID = sp.body["id"].(string)
	if a := w.write("POST", token, "/servicePrincipals/"+w.graphID(token)+"/appRoleAssignedTo", w.grant(token)); a.status != 201 || a.body["principalType"] != "ServicePrincipal" {
		w.t.Fatalf("grant: %d %s", a.status, a.text)
	}
	if a := w.write("POST", token, assignments, w.role()); a.status != 201 || a.body["roleDefinitionId"] != simcloud.GlobalReader {
		w.t.Fatalf("role: %d %s", a.status, a.text)
	}
}

const assignments = "/roleManagement/directory/roleAssignments"

func (w *world) spPath() string { return "/servicePrincipals(appId='" + w.app.ClientID + "')" }

func (w *world) grant(token string) j {
	return j{"principalId": w.app.PrincipalID, "resourceId": w.graphID(token), "appRoleId": reviewsID}
}

func (w *world) role() j {
	return j{"@odata.type": "#microsoft.graph.unifiedRoleAssignment", "roleDefinitionId": simcloud.GlobalReader, "principalId": w.app.PrincipalID, "directoryScopeId": "/"}
}

// TestConnect: the whole road in every cloud, a second time, and back.
func TestConnect(t *testing.T) {
	for _, in := range account.Clouds {
		t.Run(string(in), func(t *testing.T) {
			w := newTenant(t, in)
			token := w.signIn(admin)
			if a := w.get(token, ours); a.status != 404 {
				t.Errorf("before: %d", a.status)
			}
			w.connect(token)
			state := w.tenant.Apps()
			want := simcloud.AppState{
				App: w.app, Name: "Xops 360 - Contoso", Enabled: true, UniqueName: "xops-onboard-1", Audience: "AzureADMyOrg", Tags: []string{"xops-onboard"},
				Certificates: state[0].Certificates, Requested: []string{"Application AccessReview.Read.All"}, Granted: []string{"Application AccessReview.Read.All"}, Roles: []string{"Global Reader"},
			}
			if d := cmp.Diff([]simcloud.AppState{want}, state); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			own := w.token()
			for _, path := range []string{"/organization", "/identityGovernance/accessReviews/definitions", w.spPath()} {
				if a := w.get(own, path); a.status != 200 {
					t.Errorf("%s: %d %s", path, a.status, a.text)
				}
			}
			w.again(token)
			w.takeBack(token)
		})
	}
}

// again: what is there is not made twice.
func (w *world) again(token string) {
	w.t.Helper()
	for _, c := range []struct {
		method, path string
		body         any
		status       int
		message      string
	}{
		{"PATCH", ours, j{"displayName": "Xops 360 - Contoso"}, 204, ""},
		{"PATCH", w.spPath(), j{"displayName": "Xops 360 - Contoso"}, 204, ""},
		{"POST", "/servicePrincipals", j{"appId": w.app.ClientID}, 409, "The service principal cannot be created, updated, or restored because the service principal name " + w.app.ClientID + " is already in use."},
		{"POST", w.spPath() + "/appRoleAssignments", w.grant(token), 400, "Permission being assigned already exists on the object"},
		{"POST", assignments, w.role(), 400, "A conflicting object with one or more of the specified property values is present in the directory."},
	} {
		a := w.write(c.method, token, c.path, c.body, upsert...)
		if _, message := a.refusal(); a.status != c.status || message != c.message {
			w.t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.text)
		}
	}
	w.tenant.SetNewerConflicts(true)
	if code, _ := w.write("POST", token, assignments, w.role()).refusal(); code != "Request_MultipleObjectsWithSameKeyValue" {
		w.t.Errorf("newer conflict: %s", code)
	}
	if n := len(w.tenant.Apps()[0].Certificates); n != 1 {
		w.t.Errorf("%d certificates", n)
	}
}

// takeBack removes everything, and sees it gone.
func (w *world) takeBack(token string) {
	w.t.Helper()
	role := w.get(token, assignments+"?$filter=principalId%20eq%20'"+w.app.PrincipalID+"'").value()[0]["id"].(string)
	grant := w.get(token, w.spPath()+"/appRoleAssignments").value()[0]["id"].(string)
	for _, path := range []string{
		assignments + "/" + role, "/servicePrincipals/" + w.graphID(token) + "/appRoleAssignedTo/" + grant, "/applications/" + w.app.ObjectID,
		"/directory/deletedItems/" + w.app.ObjectID, "/directory/deletedItems/" + w.app.PrincipalID,
	} {
		if a := w.get(token, path); a.status != 200 {
			w.t.Errorf("before: %s: %d %s", path, a.status, a.text)
		}
		if a := w.write("DELETE", token, path, nil); a.status != 204 || a.text != "" {
			w.t.Errorf("%s: %d %s", path, a.status, a.text)
		}
		if a := w.get(token, path); a.status != 404 {
			w.t.Errorf("after: %s: %d %s", path, a.status, a.text)
		}
		if a := w.write("DELETE", token, path, nil); a.status != 404 {
			w.t.Errorf("twice: %s: %d %s", path, a.status, a.text)
		}
	}
	if len(w.tenant.Apps()) != 0 || len(w.tenant.Deleted()) != 0 {
		w.t.Errorf("left: %+v %+v", w.tenant.Apps(), w.tenant.Deleted())
	}
	if p := w.tenant.Principals(); len(p) != 1 || p[0].ClientID != simcloud.CommandLineTools {
		w.t.Errorf("left: %+v", p)
	}
}

// TestWhoMayWhat holds the table of roles against every write.
func TestWhoMayWhat(t *testing.T) {
	const create, enrol, change, grant, role, remove, purge = 1, 2, 4, 8, 16, 32, 64
	for name, c := range map[string]struct {
		roles []string
		may   int
	}{
		"nobody":             {[]string{}, create},
		"Global Reader":      {[]string{simcloud.GlobalReader}, create},
		"developer":          {[]string{simcloud.ApplicationDeveloper}, create},
		"app administrator":  {[]string{simcloud.ApplicationAdministrator}, create | enrol | change | remove | purge},
		"cloud app admin":    {[]string{simcloud.CloudApplicationAdministrator}, create | enrol | change | remove},
		"privileged role":    {[]string{simcloud.PrivilegedRoleAdministrator}, create | grant | role},
		"both":               {[]string{simcloud.PrivilegedRoleAdministrator, simcloud.ApplicationAdministrator}, create | enrol | change | grant | role | remove | purge},
		"Global":             {[]string{simcloud.GlobalAdministrator}, create | enrol | change | grant | role | remove | purge},
		"Global, of a guest": {[]string{simcloud.GlobalAdministrator}, create | enrol | change | grant | role | remove | purge},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTenant(t, account.Global, c.roles...)
			token, root := w.signIn(admin), w.signIn("root@contoso.com")
			w.connect(root)
			other := w.write("POST", root, "/applications", j{"displayName": "Other"}).body
			gone := w.write("POST", root, "/applications", j{"displayName": "Gone"}).body
			w.write("DELETE", root, "/applications/"+gone["id"].(string), nil)
			assigned := w.get(root, assignments+"?$filter=principalId%20eq%20'"+w.app.PrincipalID+"'").value()[0]["id"].(string)
			granted := w.get(root, w.spPath()+"/appRoleAssignments").value()[0]["id"].(string)
			for _, x := range []struct {
				bit          int
				method, path string
				body         any
			}{
				{create, "POST", "/applications", j{"displayName": "New"}},
				{create, "PATCH", "/applications(uniqueName='new')", j{"displayName": "New"}},
				{enrol, "POST", "/servicePrincipals", j{"appId": other["appId"]}},
				{change, "PATCH", "/applications/" + w.app.ObjectID, j{"displayName": "Xops"}},
				{change, "PATCH", ours, j{"keyCredentials": []j{w.pair.credential()}}},
				{change, "PATCH", w.spPath(), j{"accountEnabled": true}},
				{change, "POST", "/applications/" + w.app.ObjectID + "/owners/$ref", j{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + w.tenant.Users()[0].ID}},
				{grant, "DELETE", w.spPath() + "/appRoleAssignments/" + granted, nil},
				{grant, "POST", w.spPath() + "/appRoleAssignments", w.grant(root)},
				{role, "DELETE", assignments + "/" + assigned, nil},
				{role, "POST", assignments, w.role()},
				{remove, "DELETE", "/servicePrincipals/" + w.app.PrincipalID, nil},
				{remove, "POST", "/directory/deletedItems/" + w.app.PrincipalID + "/restore", nil},
				{remove, "DELETE", "/applications/" + w.app.ObjectID, nil},
				{purge, "DELETE", "/directory/deletedItems/" + gone["id"].(string), nil},
			} {
				if x.path == "/directory/deletedItems/"+w.app.PrincipalID+"/restore" && c.may&remove == 0 {
					continue // it was not deleted
				}
				a := w.write(x.method, token, x.path, x.body, upsert...)
				code, _ := a.refusal()
				if may := c.may&x.bit != 0; may != (a.status < 300) || (!may && (a.status != 403 || code != "Authorization_RequestDenied")) {
					t.Errorf("%s %s: %d %s", x.method, x.path, a.status, a.text)
				}
			}
		})
	}
}

// TestScopesCount: a Global Administrator's token is worth no more than what
// was consented to.
func TestScopesCount(t *testing.T) {
	w := newTenant(t, account.Global)
	w.connect(w.signIn(admin))
	w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools))
	for scope, opens := range map[string]string{
		"User.Read":                          "me",
		"Application.Read.All":               "read",
		"Application.ReadWrite.All":          "read app",
		"RoleManagement.ReadWrite.Directory": "roles role",
		"RoleManagement.Read.Directory":      "roles",
		"AppRoleAssignment.ReadWrite.All":    "",
		"Policy.Read.All":                    "policy",
		"AccessReview.Read.All":              "reviews",
		"Organization.Read.All":              "org",
	} {
		token := w.signInFor(admin, scope)
		w.must(w.tenant.WithdrawConsents(simcloud.CommandLineTools))
		for _, x := range []struct {
			what, method, path string
			body               any
		}{
			{"me", "GET", "/me", nil},
			{"me", "GET", "/me/transitiveMemberOf/microsoft.graph.directoryRole", nil},
			{"read", "GET", ours, nil},
			{"read", "GET", "/directory/deletedItems/microsoft.graph.application", nil},
			{"app", "PATCH", ours, j{"displayName": "x"}},
			{"roles", "GET", assignments, nil},
			{"grant", "POST", w.spPath() + "/appRoleAssignments", j{}},
			{"policy", "GET", "/policies/defaultAppManagementPolicy", nil},
			{"policy", "GET", "/policies/authorizationPolicy", nil},
			{"reviews", "GET", "/identityGovernance/accessReviews/definitions", nil},
			{"consents", "GET", "/oauth2PermissionGrants", nil},
			{"domains", "GET", "/domains", nil},
		} {
			a := w.write(x.method, token, x.path, x.body)
			if may := slices.Contains(strings.Fields(opens), x.what); may != (a.status < 300) || (!may && a.status != 403) {
				t.Errorf("%s: %s %s: %d %s", scope, x.method, x.path, a.status, a.text)
			}
		}
	}
}

// TestOwnApps: who makes an app owns it, unless an administrator of apps; and
// what follows from it.
func TestOwnApps(t *testing.T) {
	for name, c := range map[string]struct {
		roles    []string
		prepare  func(*world)
		register bool
		owns     bool
		enrol    bool
	}{
		"ordinary":           {[]string{}, nil, true, true, false},
		"developer":          {[]string{simcloud.ApplicationDeveloper}, nil, true, true, true},
		"not allowed":        {[]string{}, func(w *world) { w.tenant.SetUsersRegister(false) }, false, false, false},
		"developer all same": {[]string{simcloud.ApplicationDeveloper}, func(w *world) { w.tenant.SetUsersRegister(false) }, true, true, true},
		"administrator":      {nil, func(w *world) { w.tenant.SetUsersRegister(false) }, true, false, true},
		"administrator owns": {nil, func(w *world) { w.tenant.SetAdministratorOwns(true) }, true, true, true},
		"privileged role":    {[]string{simcloud.PrivilegedRoleAdministrator}, func(w *world) { w.tenant.SetUsersRegister(false) }, false, false, false},
	} {
		w := newTenant(t, account.Global, c.roles...)
		if c.prepare != nil {
			c.prepare(w)
		}
		token := w.signIn(admin)
		made := w.write("POST", token, "/applications", j{"displayName": "Mine"})
		if (made.status == 201) != c.register || (!c.register && made.status != 403) {
			t.Errorf("%s: %d %s", name, made.status, made.text)
		}
		if !c.register {
			continue
		}
		owners := w.get(token, "/applications/"+made.body["id"].(string)+"/owners").value()
		if (len(owners) == 1) != c.owns {
			t.Errorf("%s: owners %v", name, owners)
		}
		if a := w.write("PATCH", token, "/applications/"+made.body["id"].(string), j{"notes": "n"}); a.status != 204 {
			t.Errorf("%s: change: %s", name, a.text)
		}
		if a := w.write("POST", token, "/servicePrincipals", j{"appId": made.body["appId"]}); (a.status == 201) != c.enrol {
			t.Errorf("%s: enrol: %d %s", name, a.status, a.text)
		}
	}
	w := newTenant(t, account.Global, []string{}...)
	w.tenant.AddUser(simcloud.UserSpec{UPN: "kim@fabrikam.com", Guest: true})
	if a := w.write("POST", w.signIn("kim@fabrikam.com"), "/applications", j{"displayName": "Mine"}); a.status != 403 {
		t.Errorf("a guest: %d %s", a.status, a.text)
	}
}

// TestRolesAreFrozen: a role activated after the sign-in counts after the next.
func TestRolesAreFrozen(t *testing.T) {
	w := newTenant(t, account.Global, simcloud.ApplicationAdministrator)
	w.connect(w.signIn("root@contoso.com"))
	before := w.signIn(admin)
	id := w.get(before, "/me?$select=id").body["id"].(string)
	w.must(w.tenant.AssignRole(id, simcloud.PrivilegedRoleAdministrator, "/"))
	if a := w.write("POST", before, assignments, w.role()); a.status != 403 {
		t.Errorf("a token from before: %d %s", a.status, a.text)
	}
	after := w.signIn(admin)
	w.must(w.tenant.RemoveRole(id, simcloud.PrivilegedRoleAdministrator))
	if a := w.write("POST", after, assignments, w.role()); a.status != 400 {
		t.Errorf("a token from while it was held: %d %s", a.status, a.text)
	}
}

// TestMe: who signed in, and which roles they hold.
func TestMe(t *testing.T) {
	w := newTenant(t, account.Global, simcloud.PrivilegedRoleAdministrator, simcloud.CloudApplicationAdministrator)
	token := w.signIn(admin)
	if a := w.get(token, "/me?$select=displayName,userPrincipalName"); a.body["displayName"] != "Adele Vance" || a.body["userPrincipalName"] != admin {
		t.Errorf("%s", a.text)
	}
	for _, path := range []string{"/me/transitiveMemberOf/microsoft.graph.directoryRole?$select=displayName,roleTemplateId", "/me/memberOf"} {
		v := w.get(token, path).value()
		if len(v) != 2 || v[0]["roleTemplateId"] != simcloud.PrivilegedRoleAdministrator || v[1]["displayName"] != "Cloud Application Administrator" || v[0]["@odata.type"] != "#microsoft.graph.directoryRole" {
			t.Errorf("%s: %v", path, v)
		}
	}
	w.tenant.SetOwnRolesReadable(false)
	if a := w.get(token, "/me/memberOf"); a.status != 403 {
		t.Errorf("hidden: %d", a.status)
	}
	org := w.get(token, "/organization").value()[0]
	if org["displayName"] != "Contoso" || org["verifiedDomains"] == nil || org["countryLetterCode"] != nil || org["tenantType"] != nil {
		t.Errorf("with User.Read alone: %v", org)
	}
	x := newWorld(t, account.Global).equip()
	if a := x.get(x.token(), "/me"); a.status != 400 {
		t.Errorf("an app: %d %s", a.status, a.text)
	}
}

// TestPolicies: what restricts certificates can be read before.
func TestPolicies(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	restrictions := func() (bool, []any) {
		b := w.get(token, "/policies/defaultAppManagementPolicy").body
		return b["isEnabled"].(bool), b["applicationRestrictions"].(j)["keyCredentials"].([]any)
	}
	if on, keys := restrictions(); on || len(keys) != 0 {
		t.Errorf("without a policy: %t %v", on, keys)
	}
	w.tenant.SetPolicy(90 * 24 * time.Hour)
	if on, keys := restrictions(); !on || keys[0].(j)["maxLifetime"] != "P90D" || keys[0].(j)["restrictionType"] != "asymmetricKeyLifetime" {
		t.Errorf("with one: %t %v", on, keys)
	}
	w.tenant.SetUsersRegister(false)
	if b := w.get(token, "/policies/authorizationPolicy").body; b["defaultUserRolePermissions"].(j)["allowedToCreateApps"] != false {
		t.Errorf("%v", b)
	}
}

// TestBodiesRefused spoils one thing of a body that is taken.
func TestBodiesRefused(t *testing.T) {
	const bad, graph = "Request_BadRequest", "BadRequest"
	for name, c := range map[string]struct {
		method, path  string
		body          any
		status        int
		code, message string
	}{
		"no name":             {"POST", "/applications", j{}, 400, bad, "A value is required for property 'displayName' of resource 'Application'."},
		"empty name":          {"POST", "/applications", j{"displayName": ""}, 400, bad, "A value is required"},
		"long name":           {"POST", "/applications", j{"displayName": strings.Repeat("x", 257)}, 400, bad, "Invalid value specified for property 'displayName'"},
		"unknown property":    {"POST", "/applications", j{"displayName": "x", "colour": "red"}, 400, bad, "Invalid property 'colour'."},
		"other spelling":      {"POST", "/applications", j{"displayname": "x"}, 400, bad, "Invalid property 'displayname'."},
		"unknown inside":      {"POST", "/applications", j{"displayName": "x", "keyCredentials": []j{{"thumbprint": "x"}}}, 400, bad, "Invalid property 'thumbprint'."},
		"number for text":     {"POST", "/applications", j{"displayName": 1}, 400, graph, "Cannot convert the value of property 'displayName' to the expected type 'Edm.String'."},
		"text for list":       {"POST", "/applications", j{"displayName": "x", "tags": "x"}, 400, graph, "'Collection(Edm.String)'"},
		"null for list":       {"POST", "/applications", j{"displayName": "x", "tags": nil}, 400, graph, "[Nullable=False]"},
		"null inside":         {"POST", "/applications", j{"displayName": "x", "tags": []any{nil}}, 400, graph, "[Nullable=False]"},
		"text for bool":       {"POST", "/applications", j{"displayName": "x", "isFallbackPublicClient": "true"}, 400, graph, "'Edm.Boolean'"},
		"no GUID":             {"POST", "/applications", j{"displayName": "x", "requiredResourceAccess": []j{{"resourceAppId": graphApp, "resourceAccess": []j{{"id": "x", "type": "Role"}}}}}, 400, graph, "'Edm.Guid'"},
		"no type":             {"POST", "/applications", j{"displayName": "x", "requiredResourceAccess": []j{{"resourceAppId": graphApp, "resourceAccess": []j{{"id": reviewsID, "type": "Rule"}}}}}, 400, bad, "'type'"},
		"no permission":       {"POST", "/applications", j{"displayName": "x", "requiredResourceAccess": []j{{"resourceAppId": graphApp, "resourceAccess": []j{{"type": "Role"}}}}}, 400, bad, "'id' of resource 'ResourceAccess'"},
		"no resource":         {"POST", "/applications", j{"displayName": "x", "requiredResourceAccess": []j{{"resourceAccess": []j{{"id": reviewsID, "type": "Role"}}}}}, 400, bad, "'resourceAppId'"},
		"audience":            {"POST", "/applications", j{"displayName": "x", "signInAudience": "Everybody"}, 400, bad, "Invalid value specified for property 'signInAudience' of resource 'Application'."},
		"read-only":           {"POST", "/applications", j{"displayName": "x", "appId": graphApp}, 400, bad, "Property 'appId' is read-only and cannot be set."},
		"unique name":         {"POST", "/applications", j{"displayName": "x", "uniqueName": "x"}, 400, bad, "Property 'uniqueName' is read-only"},
		"secret":              {"POST", "/applications", j{"displayName": "x", "passwordCredentials": []j{{"displayName": "x"}}}, 400, bad, "read-only"},
		"wrong annotation":    {"POST", "/applications", j{"displayName": "x", "@odata.type": "#microsoft.graph.user"}, 400, graph, "annotation"},
		"not played":          {"POST", "/applications", j{"displayName": "x", "web": j{}}, 501, "NotImplemented", "does not play"},
		"no JSON":             {"POST", "/applications", "{", 400, graph, "Unable to read JSON request payload."},
		"a list":              {"POST", "/applications", "[]", 400, graph, "Unable to read JSON"},
		"null":                {"POST", "/applications", "null", 400, graph, "Unable to read JSON"},
		"query":               {"POST", "/applications?$select=id", j{"displayName": "x"}, 400, graph, "The query parameter '$select' is not supported."},
		"upsert without name": {"PATCH", "/applications(uniqueName='new')", j{}, 400, bad, "'displayName'"},
		"by appId":            {"PATCH", "/applications(appId='" + graphApp + "')", j{"displayName": "x"}, 404, "Request_ResourceNotFound", ""},
		"no appId":            {"POST", "/servicePrincipals", j{}, 400, bad, "'appId' of resource 'ServicePrincipal'"},
		"unknown appId":       {"POST", "/servicePrincipals", j{"appId": reviewsID}, 400, bad, "The appId '" + reviewsID + "' of the service principal does not reference a valid application object."},
		"upsert unknown":      {"PATCH", "/servicePrincipals(appId='" + reviewsID + "')", j{"displayName": "x"}, 400, bad, "does not reference a valid application object."},
		"other appId":         {"PATCH", "/servicePrincipals(appId='" + reviewsID + "')", j{"appId": graphApp}, 400, bad, "Property 'appId' is read-only"},
		"Graph's own":         {"PATCH", "/servicePrincipals(appId='" + graphApp + "')", j{"displayName": "x"}, 403, "Authorization_RequestDenied", ""},
		"delete Graph's own":  {"DELETE", "/servicePrincipals(appId='" + graphApp + "')", nil, 403, "Authorization_RequestDenied", ""},
		"secret added":        {"POST", "/applications/ID/addPassword", j{}, 501, "NotImplemented", ""},
		"federated":           {"POST", "/applications/ID/federatedIdentityCredentials", j{}, 501, "NotImplemented", ""},
		"no such method":      {"PUT", "/applications/ID", j{}, 405, bad, "Specified HTTP method is not allowed"},
		"owner of nothing":    {"POST", "/applications/ID/owners/$ref", j{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + reviewsID}, 400, bad, "Not a valid reference update."},
		"purge of nothing":    {"DELETE", "/directory/deletedItems/" + reviewsID, nil, 404, "Request_ResourceNotFound", ""},

		"grant: nothing":             {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{}, 400, bad, "'principalId' of resource 'AppRoleAssignment'"},
		"grant: the app's id":        {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principalId": "ID", "resourceId": "GRAPH", "appRoleId": reviewsID}, 400, bad, "Not a valid reference update."},
		"grant: ids swapped":         {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principalId": "GRAPH", "resourceId": "SP", "appRoleId": reviewsID}, 400, bad, "Not a valid reference update."},
		"grant: on the wrong one":    {"POST", "/servicePrincipals/SP/appRoleAssignedTo", j{"principalId": "SP", "resourceId": "GRAPH", "appRoleId": reviewsID}, 400, bad, "Not a valid reference update."},
		"grant: delegated":           {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principalId": "SP", "resourceId": "GRAPH", "appRoleId": "ebfcd32b-babb-40f4-a14b-42706e83bd28"}, 400, bad, "Permission being assigned was not found on application '" + graphApp + "'."},
		"grant: of another side":     {"DELETE", "/servicePrincipals/SP/appRoleAssignedTo/GRANT", nil, 404, "Request_ResourceNotFound", ""},
		"grant: Graph's as a client": {"DELETE", "/servicePrincipals/GRAPH/appRoleAssignments/GRANT", nil, 404, "Request_ResourceNotFound", ""},
		"grant: read there":          {"GET", "/servicePrincipals/SP/appRoleAssignedTo/GRANT", nil, 404, "Request_ResourceNotFound", ""},
		"grant: of our own":          {"POST", "/servicePrincipals/SP/appRoleAssignedTo", j{"principalId": "SP", "resourceId": "SP", "appRoleId": reviewsID}, 400, bad, "was not found on application"},
		"grant: no GUID":             {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principalId": "x", "resourceId": "GRAPH", "appRoleId": reviewsID}, 400, graph, "'Edm.Guid'"},
		"grant: unknown property":    {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principal": "SP"}, 400, bad, "Invalid property 'principal'."},
		"grant: read-only":           {"POST", "/servicePrincipals/GRAPH/appRoleAssignedTo", j{"principalType": "User"}, 400, bad, "read-only"},

		"role: nothing":       {"POST", assignments, j{}, 400, bad, "'principalId' of resource 'RoleAssignment'"},
		"role: no scope":      {"POST", assignments, j{"principalId": "SP", "roleDefinitionId": simcloud.GlobalReader}, 400, bad, "'directoryScopeId'"},
		"role: wrong scope":   {"POST", assignments, j{"principalId": "SP", "roleDefinitionId": simcloud.GlobalReader, "directoryScopeId": "x"}, 400, bad, "'directoryScopeId'"},
		"role: unknown":       {"POST", assignments, j{"principalId": "SP", "roleDefinitionId": reviewsID, "directoryScopeId": "/"}, 404, "Request_ResourceNotFound", "Resource '" + reviewsID + "'"},
		"role: to the app":    {"POST", assignments, j{"principalId": "ID", "roleDefinitionId": simcloud.GlobalReader, "directoryScopeId": "/"}, 400, bad, "Objects of type Application cannot be assigned to roles."},
		"role: to nobody":     {"POST", assignments, j{"principalId": reviewsID, "roleDefinitionId": simcloud.GlobalReader, "directoryScopeId": "/"}, 404, "Request_ResourceNotFound", "Resource '" + reviewsID + "' does not exist or one of its queried reference-property objects are not present."},
		"role: app scope":     {"POST", assignments, j{"appScopeId": "/"}, 501, "NotImplemented", "appScopeId"},
		"role: unknown thing": {"POST", assignments, j{"assignmentType": "Active"}, 400, bad, "Invalid property 'assignmentType'."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTenant(t, account.Global)
			token := w.signIn(admin)
			w.connect(token)
			granted := w.get(token, w.spPath()+"/appRoleAssignments").value()[0]["id"].(string)
			if !strings.Contains(c.path, "GRANT") {
				w.must(w.tenant.RevokeConsent(w.app.ClientID))
			}
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
			ids := strings.NewReplacer("/GRANT", "/"+granted, "/ID", "/"+w.app.ObjectID, "/SP", "/"+w.app.PrincipalID, "/GRAPH", "/"+w.graphID(token), `"ID"`, `"`+w.app.ObjectID+`"`, `"SP"`, `"`+w.app.PrincipalID+`"`, `"GRAPH"`, `"`+w.graphID(token)+`"`)
			body := c.body
			if m, ok := body.(j); ok {
				body = ids.Replace(string(must(json.Marshal(m))))
			}
			before := fmt.Sprint(w.tenant.Apps(), w.tenant.Principals(), w.tenant.Deleted())
			a := w.write(c.method, token, ids.Replace(c.path), body, upsert...)
			if code, message := a.refusal(); a.status != c.status || code != c.code || !strings.Contains(message, c.message) {
				t.Errorf("%d %s", a.status, a.text)
			}
			if after := fmt.Sprint(w.tenant.Apps(), w.tenant.Principals(), w.tenant.Deleted()); after != before {
				t.Errorf("changed all the same:\n%s\n%s", before, after)
			}
		})
	}
}

func TestContentType(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	for header, want := range map[string]string{"": "Write requests (excluding DELETE) must contain the Content-Type header declaration.", "text/plain": "Entity only allows writes with a JSON Content-Type header."} {
		a := w.write("POST", token, "/applications", `{"displayName":"x"}`, "Content-Type", header)
		if _, message := a.refusal(); a.status != 400 || message != want {
			t.Errorf("%q: %d %s", header, a.status, a.text)
		}
	}
	if a := w.write("POST", token, "/applications", `{"displayName":"x"}`, "Content-Type", "application/json; charset=utf-8"); a.status != 201 || a.body["signInAudience"] != "AzureADandPersonalMicrosoftAccount" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// TestPlainCreateMakesTwins, and an update without the wish to make one does not.
func TestPlainCreateMakesTwins(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	for range 2 {
		if a := w.write("POST", token, "/applications", w.newApp()); a.status != 201 {
			t.Fatalf("%d %s", a.status, a.text)
		}
	}
	if n := len(w.get(token, "/applications?$filter=tags/any(t:t%20eq%20'xops-onboard')").value()); n != 2 || len(w.tenant.Apps()) != 2 {
		t.Errorf("%d apps", n)
	}
	if a := w.write("PATCH", token, ours, w.newApp()); a.status != 404 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := w.write("PATCH", token, "/applications/"+w.tenant.Apps()[0].ObjectID, w.newApp(), upsert...); a.status != 204 {
		t.Errorf("%d %s", a.status, a.text)
	}
}
