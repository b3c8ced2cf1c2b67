package simcloud_test

import (
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// reads are the addresses of a linked app, with the type of what comes back.
func (w *world) reads() map[string]string {
	app, sp := "/applications(appId='"+w.app.ClientID+"')", "/servicePrincipals(appId='"+w.app.ClientID+"')"
	return map[string]string{
		"/organization": "organization", "/organization/" + tenantID: "organization", "/domains": "domain",
		"/applications": "application", app: "application", "/applications/" + w.app.ObjectID: "application",
		app + "/owners": "user", app + "/federatedIdentityCredentials": "federatedIdentityCredential",
		"/servicePrincipals": "servicePrincipal", sp: "servicePrincipal", "/servicePrincipals/" + w.app.PrincipalID: "servicePrincipal",
		"/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')": "servicePrincipal",
		sp + "/owners": "user", sp + "/appRoleAssignments": "appRoleAssignment", sp + "/oauth2PermissionGrants": "oAuth2PermissionGrant",
		"/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')/appRoleAssignedTo":               "appRoleAssignment",
		"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'" + w.app.PrincipalID + "'": "unifiedRoleAssignment",
		"/roleManagement/directory/roleDefinitions":                                                        "unifiedRoleDefinition",
		"/roleManagement/directory/roleDefinitions/" + simcloud.GlobalReader:                               "unifiedRoleDefinition",
		"/identityGovernance/accessReviews/definitions":                                                    "accessReviewScheduleDefinition",
		"/identityGovernance/accessReviews/definitions/98dcebed-c7f6-46f4-bcf3-000000000001":               "accessReviewScheduleDefinition",
	}
}

// TestWhatOpensWhat holds the table of who may read what: the role opens the
// directory, the permission the access reviews, and neither the other's.
func TestWhatOpensWhat(t *testing.T) {
	for name, c := range map[string]struct {
		equip              func(*world)
		directory, reviews bool
	}{
		"nothing": {func(*world) {}, false, false},
		"role":    {func(w *world) { w.must(w.tenant.AssignGlobalReader(w.app.ClientID)) }, true, false},
		"permission": {func(w *world) {
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, false, true},
		"both":                       {func(w *world) { w.equip() }, true, true},
		"permission without consent": {func(w *world) { w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application)) }, false, false},
		"delegated permission": {func(w *world) {
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Delegated))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, false, false},
		"role in one part of the directory": {func(w *world) {
			w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.GlobalReader, "/administrativeUnits/1"))
		}, false, false},
		"directory permission": {func(w *world) {
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application, "Directory.Read.All"))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, true, false},
		"revoked": {func(w *world) {
			w.equip()
			w.must(w.tenant.RevokeConsent(w.app.ClientID))
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
		}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, account.Global)
			c.equip(w)
			token := w.token()
			for path, typ := range w.reads() {
				opens := c.directory
				if typ == "accessReviewScheduleDefinition" {
					opens = c.reviews
				}
				a := w.get(token, path)
				code, message := a.refusal()
				switch {
				case opens && a.status != 200:
					t.Errorf("%s: %d %s", path, a.status, a.text)
				case !opens && (a.status != 403 || code != "Authorization_RequestDenied" || message != "Insufficient privileges to complete the operation."):
					t.Errorf("%s: %d %s", path, a.status, a.text)
				}
			}
		})
	}
}

// TestTokenKeepsWhatItWasGiven: a token is worth what was true when it was
// issued, in both directions.
func TestTokenKeepsWhatItWasGiven(t *testing.T) {
	w := newWorld(t, account.Global)
	before := w.token()
	w.equip()
	if a := w.get(before, "/organization"); a.status != 403 {
		t.Errorf("a token from before the role opens the directory: %d", a.status)
	}
	after := w.token()
	w.must(w.tenant.RevokeConsent(w.app.ClientID))
	if a := w.get(after, "/identityGovernance/accessReviews/definitions"); a.status != 200 {
		t.Errorf("a token from before the revocation is refused: %d %s", a.status, a.text)
	}
	w.must(w.tenant.SetEnabled(w.app.ClientID, false))
	if a := w.get(after, "/organization"); a.status != 403 {
		t.Errorf("a disabled app reads on: %d %s", a.status, a.text)
	}
	w.must(w.tenant.DeletePrincipal(w.app.ClientID))
	a := w.get(after, "/organization")
	if code, _ := a.refusal(); a.status != 401 || code != "Authorization_IdentityNotFound" {
		t.Errorf("an app without principal: %d %s", a.status, a.text)
	}
}

func TestBearerRefused(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	good := w.token()
	r := w.request()
	r.form.Set("scope", "https://management.azure.com/.default")
	forAzure := r.post(t, w.cloud.Client()).body["access_token"].(string)
	foreign := newWorld(t, account.Global).equip().token()
	forged := []byte(good)
	forged[len(forged)/2] ^= 1
	for name, c := range map[string]struct{ token, message string }{
		"none":               {"", "Access token is empty."},
		"rubbish":            {"abc", "CompactToken parsing failed with error code: 80049217"},
		"one letter off":     {string(forged), "CompactToken parsing failed with error code: 80049217"},
		"of another cloud":   {foreign, "CompactToken parsing failed with error code: 80049217"},
		"of another service": {forAzure, "Access token validation failure. Invalid audience."},
	} {
		a := w.get(c.token, "/organization")
		if code, message := a.refusal(); a.status != 401 || code != "InvalidAuthenticationToken" || message != c.message {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
		if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
			t.Errorf("%s: WWW-Authenticate %q", name, a.header.Get("WWW-Authenticate"))
		}
	}
	w.cloud.SetClock(-10 * time.Minute)
	if _, message := w.get(good, "/organization").refusal(); message != "Access token has expired or is not yet valid." {
		t.Errorf("before it was issued: %s", message)
	}
	w.cloud.SetClock(0)
	w.clock.forward(59 * time.Minute)
	if a := w.get(good, "/organization"); a.status != 200 {
		t.Errorf("after 59 minutes: %d %s", a.status, a.text)
	}
	w.clock.forward(time.Minute)
	if _, message := w.get(good, "/organization").refusal(); message != "Lifetime validation failed, the token is expired." {
		t.Errorf("after an hour: %s", message)
	}
}

// TestTokenIsForOneGraph: where two clouds share a sign-in service, a token is
// still good for its own Graph alone.
func TestTokenIsForOneGraph(t *testing.T) {
	w := newWorld(t, account.USGov).equip()
	r := w.request()
	r.form.Set("scope", "https://dod-graph.microsoft.us/.default")
	a := r.post(t, w.cloud.Client())
	if a.status != 200 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	sibling := a.body["access_token"].(string)
	for host, token := range map[string]string{"dod-graph.microsoft.us": sibling, "graph.microsoft.us": sibling, "graph.microsoft.com": w.token()} {
		req := must(http.NewRequest(http.MethodGet, "https://"+host+"/v1.0/organization", nil))
		req.Header.Set("Authorization", "Bearer "+token)
		a := do(t, w.cloud.Client(), req)
		if _, message := a.refusal(); a.status != 401 || message != "Access token validation failure. Invalid audience." {
			t.Errorf("%s: %d %s", host, a.status, a.text)
		}
	}
}

func TestGraphRefusesWhatItDoesNotKnow(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	token := w.token()
	app := "/applications(appId='" + w.app.ClientID + "')"
	other := "12345678-0000-0000-0000-000000000000"
	for _, c := range []struct {
		method, path string
		status       int
		code         string
		message      string
	}{
		{"GET", "/nonsense", 400, "BadRequest", "Resource not found for the segment 'nonsense'."},
		{"GET", app + "/nonsense", 400, "BadRequest", "Resource not found for the segment 'nonsense'."},
		{"GET", "/roleManagement/directory/nonsense", 400, "BadRequest", "Resource not found for the segment 'nonsense'."},
		{"GET", "/roleManagement", 400, "BadRequest", "Resource not found for the segment 'roleManagement'."},
		{"GET", "/applications(clientId='" + w.app.ClientID + "')", 400, "BadRequest", "Resource not found for the segment 'clientId'."},
		{"GET", "/applications(appId=" + w.app.ClientID + ")", 400, "BadRequest", "Resource not found for the segment"},
		{"GET", "/applications/" + other, 404, "Request_ResourceNotFound", "Resource '" + other + "' does not exist or one of its queried reference-property objects are not present."},
		{"GET", "/applications(appId='" + other + "')", 404, "Request_ResourceNotFound", "Resource '" + other + "'"},
		{"GET", "/applications(uniqueName='xops')", 404, "Request_ResourceNotFound", "Resource 'xops'"},
		{"GET", "/applications/" + w.app.ClientID, 404, "Request_ResourceNotFound", ""},
		{"GET", "/applications/" + w.app.PrincipalID, 404, "Request_ResourceNotFound", ""},
		{"GET", "/servicePrincipals/" + w.app.ObjectID, 404, "Request_ResourceNotFound", ""},
		{"GET", "/applications(appId='" + w.app.ClientID + "'')", 400, "BadRequest", "Resource not found for the segment"},
		{"GET", app + "?$select=nonsense", 400, "BadRequest", "Parsing OData Select and Expand failed: Could not find a property named 'nonsense' on type 'microsoft.graph.application'."},
		{"GET", "/organization?$select=appId", 400, "BadRequest", "Could not find a property named 'appId' on type 'microsoft.graph.organization'."},
		{"GET", app + "?$select=", 400, "BadRequest", "An identifier was expected"},
		{"GET", app + "?$selct=id", 400, "BadRequest", "The query parameter '$selct' is not supported."},
		{"GET", app + "?api-version=1.0", 400, "BadRequest", "The query parameter 'api-version' is not supported."},
		{"GET", app + "?$filter=appId%20eq%20'x'", 400, "BadRequest", "The query parameter '$filter' is not supported."},
		{"GET", app + "?$expand=owners", 400, "BadRequest", "The query parameter '$expand' is not supported."},
		{"GET", app + "?$select=id&$select=appId", 400, "BadRequest", "more than once"},
		{"GET", "/roleManagement/directory/roleAssignments?$expand=roleDefinition,principal", 400, "BadRequest", ""},
		{"GET", "/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20" + w.app.PrincipalID, 400, "BadRequest", "Invalid filter clause"},
		{"GET", "/roleManagement/directory/roleAssignments?$filter=principalId%20ne%20'x'", 400, "BadRequest", "Invalid filter clause"},
		{"GET", "/roleManagement/directory/roleAssignments?$filter=condition%20eq%20'x'", 400, "Request_UnsupportedQuery", "Unsupported or invalid query filter clause specified for property 'condition'"},
		{"GET", "/roleManagement/directory/roleAssignments?$filter=nonsense%20eq%20'x'", 400, "BadRequest", "Could not find a property named 'nonsense'"},
		{"GET", "/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'x'%20or%20principalId%20eq%20'y'", 400, "BadRequest", "Invalid filter clause"},
		{"GET", "/servicePrincipals/" + w.app.PrincipalID + "/appRoleAssignments?$filter=resourceId%20eq%20'" + other + "'", 400, "BadRequest", "Invalid filter clause"},
		{"GET", "/identityGovernance/accessReviews/definitions?$top=0", 400, "BadRequest", "Invalid value '0' for $top"},
		{"GET", "/identityGovernance/accessReviews/definitions?$top=x", 400, "BadRequest", "Invalid value 'x' for $top"},
		{"GET", "/identityGovernance/accessReviews/definitions?$orderby=nonsense", 400, "BadRequest", "nonsense"},
		{"GET", "/identityGovernance/accessReviews/definitions?$skiptoken=nonsense", 400, "BadRequest", "skip token"},
		{"POST", "/organization", 405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target."},
		{"PUT", app, 405, "Request_BadRequest", ""},
		{"DELETE", app + "/owners", 405, "Request_BadRequest", ""},
		// An app that may only read is refused every write, its own included.
		{"PATCH", app, 403, "Authorization_RequestDenied", ""},
		{"DELETE", app, 403, "Authorization_RequestDenied", ""},
		{"POST", "/servicePrincipals/" + w.app.PrincipalID + "/appRoleAssignments", 403, "Authorization_RequestDenied", ""},
		{"POST", "/roleManagement/directory/roleAssignments", 403, "Authorization_RequestDenied", ""},
		{"POST", app + "/addPassword", 501, "NotImplemented", "does not play this yet"},
		{"GET", "/users", 501, "NotImplemented", "does not play this yet"},
	} {
		a := w.graph(c.method, token, c.path)
		if code, message := a.refusal(); a.status != c.status || code != c.code || !strings.Contains(message, c.message) {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.text)
		}
	}
	req := must(http.NewRequest(http.MethodGet, "https://graph.microsoft.com/v2.0/organization", nil))
	req.Header.Set("Authorization", "Bearer "+token)
	if _, message := do(t, w.cloud.Client(), req).refusal(); message != "Invalid version: v2.0" {
		t.Errorf("another version: %s", message)
	}
}

// TestApplicationTells: what the app registration and the enterprise app say of
// themselves after everything was done to them.
func TestApplicationTells(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	id := w.app.ClientID
	w.must(w.tenant.AddSecret(id, "left over"))
	w.must(w.tenant.AddOwner(id, "Alex Wilber"))
	w.must(w.tenant.AddFederatedCredential(id, "actions"))
	w.must(w.tenant.AddPrincipalOwner(id, "Megan Bowen"))
	w.must(w.tenant.AddPrincipalSecret(id, "hidden"))
	token := w.token()
	app, sp := "/applications(appId='"+id+"')", "/servicePrincipals(appId='"+id+"')"

	a := w.get(token, app+"?$select=id,appId,displayName,requiredResourceAccess,passwordCredentials,signInAudience")
	want := map[string]any{
		"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#applications(id,appId,displayName,requiredResourceAccess,passwordCredentials,signInAudience)/$entity",
		"id":             w.app.ObjectID, "appId": id, "displayName": "Xops 360 - Contoso", "signInAudience": "AzureADMyOrg",
		"requiredResourceAccess": []any{map[string]any{"resourceAppId": "00000003-0000-0000-c000-000000000000", "resourceAccess": []any{
			map[string]any{"id": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "type": "Scope"},
			map[string]any{"id": "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa", "type": "Role"},
		}}},
	}
	secrets := a.body["passwordCredentials"].([]any)
	if s := secrets[0].(map[string]any); len(secrets) != 1 || s["displayName"] != "left over" || s["secretText"] != nil {
		t.Errorf("secrets %v", secrets)
	}
	delete(a.body, "passwordCredentials")
	if d := cmp.Diff(want, a.body); d != "" {
		t.Errorf("application (-want +got):\n%s", d)
	}

	for path, name := range map[string]string{
		app + "/owners?$select=id,displayName,userPrincipalName": "Alex Wilber",
		sp + "/owners?$select=id,displayName":                    "Megan Bowen",
	} {
		v := w.get(token, path).value()
		if len(v) != 1 || v[0]["displayName"] != name || v[0]["@odata.type"] != "#microsoft.graph.user" {
			t.Errorf("%s: %v", path, v)
		}
	}
	if v := w.get(token, app+"/federatedIdentityCredentials").value(); len(v) != 1 || v[0]["name"] != "actions" {
		t.Errorf("federated credentials %v", v)
	}
	if s := w.get(token, sp).body["passwordCredentials"].([]any); len(s) != 1 {
		t.Errorf("the enterprise app's own secrets: %v", s)
	}
	grants := w.get(token, sp+"/appRoleAssignments?$filter=resourceId%20eq%20"+w.graphID(token)).value()
	if len(grants) != 1 || grants[0]["appRoleId"] != "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa" || grants[0]["principalId"] != w.app.PrincipalID {
		t.Errorf("grants %v", grants)
	}
	if v := w.get(token, sp+"/oauth2PermissionGrants").value(); len(v) != 1 || v[0]["scope"] != "User.Read" || v[0]["consentType"] != "AllPrincipals" {
		t.Errorf("delegated grants %v", v)
	}
	roles := w.get(token, "/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'"+w.app.PrincipalID+"'%20and%20roleDefinitionId%20eq%20'"+simcloud.GlobalReader+"'&$expand=roleDefinition").value()
	if len(roles) != 1 || roles[0]["directoryScopeId"] != "/" || roles[0]["roleDefinition"].(map[string]any)["displayName"] != "Global Reader" {
		t.Errorf("roles %v", roles)
	}
}

// TestFiltersFilter: another app's things do not come along.
func TestFiltersFilter(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	other := w.tenant.Register("Somebody's")
	w.must(w.tenant.AssignGlobalReader(other.ClientID))
	w.must(w.tenant.GrantConsent(other.ClientID))
	token := w.token()
	for path, want := range map[string]int{
		"/roleManagement/directory/roleAssignments":                                                                     2,
		"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'" + other.PrincipalID + "'":              1,
		"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'" + other.ClientID + "'":                 0,
		"/applications?$filter=displayName%20eq%20'Somebody''s'":                                                        1,
		"/servicePrincipals?$filter=appId%20eq%20'" + other.ClientID + "'":                                              1,
		"/servicePrincipals/" + other.PrincipalID + "/appRoleAssignments":                                               0,
		"/servicePrincipals/" + w.graphID(token) + "/appRoleAssignedTo?$filter=principalId%20eq%20" + other.PrincipalID: 0,
		"/servicePrincipals/" + w.graphID(token) + "/appRoleAssignedTo":                                                 1,
	} {
		if a := w.get(token, path); len(a.value()) != want {
			t.Errorf("%s: %d objects, want %d: %s", path, len(a.value()), want, a.text)
		}
	}
}

// graphID is the object id of Microsoft Graph's own service principal.
func (w *world) graphID(token string) string {
	return w.get(token, "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id").body["id"].(string)
}

func TestGraphKnowsItsOwnRoles(t *testing.T) {
	w := newWorld(t, account.China).equip()
	a := w.get(w.token(), "/servicePrincipals(appId='00000003-0000-0000-c000-000000000000')?$select=id,appRoles")
	found := slices.ContainsFunc(a.body["appRoles"].([]any), func(r any) bool {
		m := r.(map[string]any)
		return m["value"] == "AccessReview.Read.All" && m["id"] == "d07a8cc0-3d51-4b77-b3b0-32704d1f69fa"
	})
	if !found {
		t.Errorf("%s", a.text)
	}
}

// TestKeysComeOnlyWhenAsked: the certificate itself is told of a single object,
// and only by name.
func TestKeysComeOnlyWhenAsked(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	token := w.token()
	app := "/applications(appId='" + w.app.ClientID + "')"
	key := func(v any) map[string]any { return v.([]any)[0].(map[string]any) }
	asked := key(w.get(token, app+"?$select=id,keyCredentials").body["keyCredentials"])
	if asked["key"] != base64.StdEncoding.EncodeToString(w.pair.der) {
		t.Errorf("asked for, the key is %v", asked["key"])
	}
	want := map[string]any{
		"customKeyIdentifier": w.pair.sha1(), "displayName": "CN=xops", "endDateTime": "2027-05-21T10:00:00Z", "startDateTime": "2026-11-22T09:55:00Z",
		"keyId": asked["keyId"], "type": "AsymmetricX509Cert", "usage": "Verify", "key": nil,
	}
	if d := cmp.Diff(want, key(w.get(token, app).body["keyCredentials"])); d != "" {
		t.Errorf("not asked for (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want, key(w.get(token, "/applications?$select=keyCredentials").value()[0]["keyCredentials"])); d != "" {
		t.Errorf("in a list (-want +got):\n%s", d)
	}
}

func TestOrganizationTellsItsDomains(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	v := w.get(w.token(), "/organization?$select=id,displayName,verifiedDomains").value()
	want := []map[string]any{{"id": tenantID, "displayName": "Contoso", "verifiedDomains": []any{
		map[string]any{"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": false, "isInitial": true, "name": "contoso.onmicrosoft.com", "type": "Managed"},
		map[string]any{"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": true, "isInitial": false, "name": "contoso.com", "type": "Managed"},
	}}}
	if d := cmp.Diff(want, v); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestReviewsAndPages(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	token := w.token()
	const path = "/identityGovernance/accessReviews/definitions"
	newest := w.get(token, path+"?$top=1&$select=id,displayName&$orderby=createdDateTime%20desc")
	if v := newest.value(); len(v) != 1 || v[0]["displayName"] != "Guests quarterly" || len(v[0]) != 2 {
		t.Errorf("newest: %s", newest.text)
	}
	if v := w.get(token, path).value(); len(v) != 2 || v[0]["displayName"] != "Guests 2025" {
		t.Errorf("without an order the oldest comes first: %v", v)
	}
	next, _ := newest.body["@odata.nextLink"].(string)
	u, err := url.Parse(next)
	if err != nil || u.Host != "graph.microsoft.com" {
		t.Fatalf("next page %q", next)
	}
	second := w.get(token, strings.TrimPrefix(u.Path, "/v1.0")+"?"+u.RawQuery)
	if v := second.value(); len(v) != 1 || v[0]["displayName"] != "Guests 2025" {
		t.Errorf("second page: %s", second.text)
	}
	if _, more := second.body["@odata.nextLink"]; more {
		t.Error("there is a third page")
	}
}

func TestLongListsComeInPages(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	for range 120 {
		w.tenant.Register("Another")
	}
	token, path, seen := w.token(), "/applications?$select=appId", map[any]bool{}
	for path != "" {
		a := w.get(token, path)
		for _, v := range a.value() {
			seen[v["appId"]] = true
		}
		next, _ := a.body["@odata.nextLink"].(string)
		path = strings.TrimPrefix(next, "https://graph.microsoft.com/v1.0")
	}
	if len(seen) != 121 {
		t.Errorf("%d applications in all pages, want 121", len(seen))
	}
}

func TestUnlicensed(t *testing.T) {
	for _, c := range []struct {
		answers simcloud.Unlicensed
		status  int
		code    string
		message string
	}{
		{simcloud.Empty, 200, "", ""},
		{simcloud.NoReviews, 403, "Forbidden", "User does not have access to any of the reviews."},
		{simcloud.NoLicence, 403, "NoLicense", "User is not authorized to perform the operation. Reason: Tenant does not meet license requirement!"},
	} {
		w := newWorld(t, account.Global)
		plain := w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Reviews: []string{"not seen"}})
		plain.SetUnlicensed(c.answers)
		app := plain.Register("Xops 360 - Fabrikam")
		w.must(plain.Upload(app.ClientID, w.pair.der))
		w.must(plain.AddPermission(app.ClientID, simcloud.Application))
		w.must(plain.GrantConsent(app.ClientID))
		r := w.request()
		r.url = strings.Replace(r.url, tenantID, plain.ID(), 1)
		r.form.Set("client_id", app.ClientID)
		r.claims["iss"], r.claims["sub"], r.claims["aud"] = app.ClientID, app.ClientID, r.url
		token := r.post(t, w.cloud.Client()).body["access_token"].(string)
		a := w.get(token, "/identityGovernance/accessReviews/definitions?$top=1")
		if code, message := a.refusal(); a.status != c.status || code != c.code || message != c.message || len(a.value()) != 0 {
			t.Errorf("%d: %d %s", c.answers, a.status, a.text)
		}
	}
}

func TestGraphHeaders(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	req := must(http.NewRequest(http.MethodGet, "https://graph.microsoft.com/v1.0/applications/x", nil))
	req.Header.Set("Authorization", "bearer "+w.token())
	req.Header.Set("client-request-id", "e70c5c1b-8b47-68c0-3171-3d22f5e0bd54")
	a := do(t, w.cloud.Client(), req)
	inner := a.body["error"].(map[string]any)["innerError"].(map[string]any)
	if inner["client-request-id"] != "e70c5c1b-8b47-68c0-3171-3d22f5e0bd54" || a.header.Get("client-request-id") != inner["client-request-id"] {
		t.Errorf("client-request-id %v, header %q", inner["client-request-id"], a.header.Get("client-request-id"))
	}
	if inner["request-id"] != a.header.Get("request-id") || inner["date"] != "2026-11-22T10:00:00" || a.header.Get("Date") != "Sun, 22 Nov 2026 10:00:00 GMT" {
		t.Errorf("inner error %v, headers %v", inner, a.header)
	}
	if got := a.header.Get("Content-Type"); got != "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8" || a.header.Get("odata-version") != "4.0" {
		t.Errorf("content type %q, version %q", got, a.header.Get("odata-version"))
	}
}

// declared are the properties of each type in the vendor's own metadata.
func declared(t *testing.T) map[string][]string {
	t.Helper()
	f, err := os.Open("testdata/microsoft-graph-v1.csdl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var schema struct {
		Entities []struct {
			Name     string `xml:",attr"`
			Base     string `xml:"BaseType,attr"`
			Property []struct {
				Name string `xml:",attr"`
			}
		} `xml:"EntityType"`
	}
	if err := xml.NewDecoder(f).Decode(&schema); err != nil {
		t.Fatal(err)
	}
	own, base := map[string][]string{}, map[string]string{}
	for _, e := range schema.Entities {
		base[e.Name] = strings.TrimPrefix(e.Base, "graph.")
		for _, p := range e.Property {
			own[e.Name] = append(own[e.Name], p.Name)
		}
	}
	all := map[string][]string{}
	for name := range own {
		for at := name; at != ""; at = base[at] {
			all[name] = append(all[name], own[at]...)
		}
	}
	return all
}

// TestTableIsTheVendors: what can be selected is what is declared.
func TestTableIsTheVendors(t *testing.T) {
	types := declared(t)
	for typ, have := range simcloud.Properties {
		want, ok := types[typ]
		if !ok {
			continue // not in the extract
		}
		if d := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(have))); d != "" {
			t.Errorf("%s (-declared +ours):\n%s", typ, d)
		}
	}
}

// TestDeclarationsAreTheVendors: what can be written is what is declared, of the
// type that is declared.
func TestDeclarationsAreTheVendors(t *testing.T) {
	var schema struct {
		Types []vendorType `xml:"EntityType"`
		Parts []vendorType `xml:"ComplexType"`
	}
	if err := xml.Unmarshal(must(os.ReadFile("testdata/microsoft-graph-v1.csdl")), &schema); err != nil {
		t.Fatal(err)
	}
	all := map[string]vendorType{}
	for _, v := range append(schema.Types, schema.Parts...) {
		all[v.Name] = v
	}
	for typ, have := range simcloud.Declarations {
		want := map[string]string{}
		for at := typ; at != ""; at = strings.TrimPrefix(all[at].Base, "graph.") {
			for _, p := range all[at].Property {
				want[p.Name] = p.Type
				if p.Nullable == "false" {
					want[p.Name] += "!"
				}
			}
		}
		if len(want) == 0 {
			continue // not in the extract
		}
		if d := cmp.Diff(want, have); d != "" {
			t.Errorf("%s (-declared +ours):\n%s", typ, d)
		}
	}
}

type vendorType struct {
	Name     string `xml:",attr"`
	Base     string `xml:"BaseType,attr"`
	Property []struct {
		Name     string `xml:",attr"`
		Type     string `xml:",attr"`
		Nullable string `xml:",attr"`
	}
}

// TestEveryPropertyOfPeoplesReads is TestEveryPropertyIsDeclared for what only
// people read.
func TestEveryPropertyOfPeoplesReads(t *testing.T) {
	w := newTenant(t, account.Global)
	token, types := w.signIn(admin), declared(t)
	w.connect(token)
	w.write("DELETE", token, ours, nil)
	for path, typ := range map[string]string{
		"/me/memberOf": "directoryRole", "/policies/defaultAppManagementPolicy": "tenantAppManagementPolicy", "/policies/authorizationPolicy": "authorizationPolicy",
		"/directory/deletedItems/microsoft.graph.application": "application", "/directory/deletedItems/microsoft.graph.servicePrincipal": "servicePrincipal",
		assignments: "unifiedRoleAssignment",
	} {
		a := w.get(token, path)
		objects := a.value()
		if objects == nil {
			objects = []map[string]any{a.body}
		}
		for _, o := range objects {
			for name := range o {
				if !strings.HasPrefix(name, "@odata.") && !slices.Contains(types[typ], name) && name != "createdDateTime" {
					t.Errorf("%s answers with %s, which %s does not have", path, name, typ)
				}
			}
		}
		if a := w.get(token, path+"?$select="+strings.Join(types[typ], ",")); a.status != 200 {
			t.Errorf("%s with all properties selected: %d %s", path, a.status, a.text)
		}
	}
}

// TestEveryPropertyIsDeclared holds all answers against the vendor's types, and
// every declared property can be selected.
func TestEveryPropertyIsDeclared(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	w.must(w.tenant.AddOwner(w.app.ClientID, "Alex Wilber"))
	w.must(w.tenant.AddPrincipalOwner(w.app.ClientID, "Alex Wilber"))
	w.must(w.tenant.AddFederatedCredential(w.app.ClientID, "actions"))
	token, types := w.token(), declared(t)
	for path, typ := range w.reads() {
		properties, ok := types[typ]
		if !ok {
			continue // not in the extract
		}
		a := w.get(token, path)
		objects := a.value()
		if _, list := a.body["value"]; !list {
			objects = []map[string]any{a.body}
		}
		if len(objects) == 0 {
			t.Errorf("%s: nothing to look at", path)
		}
		for _, o := range objects {
			for name := range o {
				// A recorded service principal has one that is not declared: the type is open.
				recorded := typ == "servicePrincipal" && name == "createdDateTime"
				if !strings.HasPrefix(name, "@odata.") && !slices.Contains(properties, name) && !recorded {
					t.Errorf("%s answers with %s, which %s does not have", path, name, typ)
				}
			}
		}
		join := "?"
		if strings.Contains(path, "?") {
			join = "&"
		}
		if a := w.get(token, path+join+"$select="+strings.Join(properties, ",")); a.status != 200 {
			t.Errorf("%s with all properties selected: %d %s", path, a.status, a.text)
		}
	}
}
