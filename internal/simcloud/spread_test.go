package simcloud_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// TestWritesSpread: what was made a moment ago is not there yet for the next
// call, in the words that Graph has for it, and is there later.
func TestWritesSpread(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.tenant.SetReplication(3 * time.Second)
	later := func() { w.clock.forward(3 * time.Second) }
	refusedWith := func(what string, a answer, status int, text string) {
		t.Helper()
		if _, message := a.refusal(); a.status != status || !strings.Contains(message, text) {
			t.Errorf("%s: %d %s", what, a.status, a.text)
		}
	}
	made := w.write("PATCH", token, ours, w.newApp(), upsert...)
	w.app = simcloud.App{ClientID: made.body["appId"].(string), ObjectID: made.body["id"].(string)}
	refusedWith("app read", w.get(token, ours), 404, "Resource 'xops-onboard-1' does not exist")
	refusedWith("app by id", w.get(token, "/applications/"+w.app.ObjectID), 404, w.app.ObjectID)
	refusedWith("change", w.write("PATCH", token, "/applications/"+w.app.ObjectID, j{"notes": "x"}), 404, w.app.ObjectID)
	if a := w.write("PATCH", token, ours, j{"displayName": "x"}, upsert...); a.status != 204 || len(w.tenant.Apps()) != 1 {
		t.Errorf("upsert again: %d %s", a.status, a.text)
	}
	w.tenant.SetRacingUpserts(true)
	refusedWith("racing upsert", w.write("PATCH", token, ours, j{"displayName": "x"}, upsert...), 400, "A conflicting object")
	enrol := func() answer {
		return w.write("PATCH", token, w.spPath(), j{"displayName": "x"}, upsert...)
	}
	a := enrol()
	refusedWith("principal", a, 400, "The appId '"+w.app.ClientID+"' of the service principal does not reference a valid application object.")
	if d := a.body["error"].(j)["details"].([]any)[0].(j); d["code"] != "NoBackingApplicationObject" || d["target"] != "appId" {
		t.Errorf("details %v", d)
	}
	w.tenant.SetOtherWording(true)
	refusedWith("other words", enrol(), 400, "When using this permission, the backing application of the service principal being created must in the local tenant")
	later()
	sp := enrol()
	if sp.status != 201 {
		t.Fatalf("%d %s", sp.status, sp.text)
	}
	w.app.PrincipalID = sp.body["id"].(string)
	refusedWith("principal again", enrol(), 409, "already in use")
	grant := func() answer {
		return w.write("POST", token, "/servicePrincipals/"+w.graphID(token)+"/appRoleAssignedTo", w.grant(token))
	}
	refusedWith("grant", grant(), 400, "Not a valid reference update.")
	refusedWith("grant from the other side", w.write("POST", token, "/servicePrincipals/"+w.app.PrincipalID+"/appRoleAssignments", w.grant(token)), 404, w.app.PrincipalID)
	refusedWith("role", w.write("POST", token, assignments, w.role()), 404, "Resource '"+w.app.PrincipalID+"' does not exist")
	if c := w.request().post(t, w.cloud.Client()).code(); c != 7000229 {
		t.Errorf("token: %d", c)
	}
	later()
	if a := grant(); a.status != 201 {
		t.Errorf("%d %s", a.status, a.text)
	}
	refusedWith("grant again", grant(), 400, "Permission being assigned already exists on the object")
	if n := len(w.get(token, w.spPath()+"/appRoleAssignments").value()); n != 0 {
		t.Errorf("a grant just made is read: %d", n)
	}
	if a := w.write("POST", token, assignments, w.role()); a.status != 201 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := w.get(w.token(), "/organization"); a.status != 403 {
		t.Errorf("a token from before the role arrived: %d", a.status)
	}
	later()
	if a := w.get(w.token(), "/organization"); a.status != 200 {
		t.Errorf("later: %d", a.status)
	}
}

// TestSpreadOfOne: one kind of change is slow, and the others are not.
func TestSpreadOfOne(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.tenant.SetReplicationOf(simcloud.RoleChange, time.Minute, 0)
	w.connect(token)
	own := w.token()
	if a := w.get(own, "/identityGovernance/accessReviews/definitions"); a.status != 200 {
		t.Errorf("grant: %d %s", a.status, a.text)
	}
	if a := w.get(own, "/organization"); a.status != 403 {
		t.Errorf("role: %d", a.status)
	}
	w.clock.forward(time.Minute)
	if a := w.get(w.token(), "/organization"); a.status != 200 {
		t.Errorf("later: %d", a.status)
	}
}

// TestLostAnswers: a change whose answer is lost was made, and one whose request
// was lost was not; asking again tells them apart.
func TestLostAnswers(t *testing.T) {
	for drop, first := range map[simcloud.Drop]int{simcloud.Before: 201, simcloud.After: 204} {
		w := newTenant(t, account.Global)
		token := w.signIn(admin)
		lose := func(part string) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path(part), Times: 1, Drop: drop})
		}
		lose("/applications(")
		if _, err := w.cloud.Client().Do(w.writing("PATCH", token, ours, w.newApp(), upsert...)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%v", err)
		}
		if a := w.write("PATCH", token, ours, j{"displayName": "x"}, upsert...); a.status != first || len(w.tenant.Apps()) != 1 {
			t.Errorf("drop %d: %d %s", drop, a.status, a.text)
		}
		lose("/token")
		a := w.asking()
		a.open(w.tenant.Browser(admin))
		a.redeem.Set("code", a.form.Get("code"))
		req := must(http.NewRequest(http.MethodPost, a.base()+"/token", strings.NewReader(a.redeem.Encode())))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if _, err := w.cloud.Client().Do(req); err == nil {
			t.Error("not lost")
		}
		if got := a.token(); (got.status == 200) != (drop == simcloud.Before) {
			t.Errorf("drop %d: the code a second time: %d %s", drop, got.status, got.text)
		}
	}
	w := newTenant(t, account.Global)
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/devicecode"), Status: 429, RetryAfter: "7", Times: 1})
	if a := w.asking().post("/devicecode", nil); a.status != 429 || a.header.Get("Retry-After") != "7" {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// TestDeletedItems: what is deleted can be restored for thirty days.
func TestDeletedItems(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.connect(token)
	if a := w.write("DELETE", token, ours, nil); a.status != 204 {
		t.Fatalf("%d %s", a.status, a.text)
	}
	for typ, id := range map[string]string{"application": w.app.ObjectID, "servicePrincipal": w.app.PrincipalID} {
		v := w.get(token, "/directory/deletedItems/microsoft.graph."+typ).value()
		if len(v) != 1 || v[0]["id"] != id || v[0]["deletedDateTime"] != "2026-11-22T10:00:00Z" {
			t.Errorf("%s: %v", typ, v)
		}
	}
	if n := len(w.tenant.Deleted()); n != 2 {
		t.Errorf("%d in the bin", n)
	}
	if a := w.request().post(t, w.cloud.Client()); a.code() != 700016 {
		t.Errorf("token of a deleted app: %s", a.text)
	}
	if a := w.write("PATCH", token, ours, w.newApp(), upsert...); a.status != 400 {
		t.Errorf("the name again: %d %s", a.status, a.text)
	}
	for _, id := range []string{w.app.ObjectID, w.app.PrincipalID} {
		if a := w.write("POST", token, "/directory/deletedItems/"+id+"/restore", nil); a.status != 200 || a.body["id"] != id || a.body["deletedDateTime"] != nil {
			t.Errorf("restore: %d %s", a.status, a.text)
		}
	}
	if s := w.tenant.Apps()[0]; !s.Enabled || len(s.Roles)+len(s.Granted) != 0 || len(s.Certificates) != 1 {
		t.Errorf("restored: %+v", s)
	}
	w.write("DELETE", token, ours, nil)
	w.clock.forward(30*24*time.Hour - time.Second)
	token = w.signIn(admin)
	if a := w.get(token, "/directory/deletedItems/"+w.app.ObjectID); a.status != 200 {
		t.Errorf("before the thirty days are over: %d", a.status)
	}
	w.clock.forward(time.Second)
	if a := w.get(token, "/directory/deletedItems/"+w.app.ObjectID); a.status != 404 || len(w.tenant.Deleted()) != 0 {
		t.Errorf("after thirty days: %d", a.status)
	}
}

// TestQuota: where there is no room, nothing is made, and the bin counts.
func TestQuota(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.tenant.SetQuota(2) // the command line tools have one
	gone := w.write("POST", token, "/applications", j{"displayName": "x"})
	w.write("DELETE", token, "/applications/"+gone.body["id"].(string), nil)
	a := w.write("POST", token, "/applications", j{"displayName": "x"})
	if code, _ := a.refusal(); a.status != 403 || code != "Directory_QuotaExceeded" {
		t.Errorf("%d %s", a.status, a.text)
	}
	w.write("DELETE", token, "/directory/deletedItems/"+gone.body["id"].(string), nil)
	if a := w.write("POST", token, "/applications", j{"displayName": "x"}); a.status != 201 {
		t.Errorf("%d %s", a.status, a.text)
	}
}

// TestCounting: a number comes only to those who take the index for what it is.
func TestCounting(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.connect(token)
	if a := w.write("GET", token, "/applications?$count=true", nil); a.status != 400 || !strings.Contains(a.text, "$count is not currently supported.") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if a := w.write("GET", token, "/applications?$count=true", nil, "ConsistencyLevel", "eventual"); a.status != 200 || a.body["@odata.count"] != 1.0 {
		t.Errorf("%d %s", a.status, a.text)
	}
	for filter, want := range map[string]int{
		"tags/any(t:t%20eq%20'xops-onboard')": 1, "tags/any(t:%20t%20eq%20'xops')": 0, "tags/any(t:x%20eq%20'xops')": -1, "tags%20eq%20'xops-onboard'": -1,
	} {
		if a := w.get(token, "/applications?$filter="+filter); (a.status == 200) != (want >= 0) || len(a.value()) != max(want, 0) {
			t.Errorf("%s: %d %s", filter, a.status, a.text)
		}
	}
}

// TestOwnersAndConsents: the two things that are changed besides.
func TestOwnersAndConsents(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	w.connect(token)
	id := w.tenant.Users()[0].ID
	ref := j{"@odata.id": "https://graph.microsoft.com/v1.0/directoryObjects/" + id}
	for _, c := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"POST", ours + "/owners/$ref", ref, 204},
		{"POST", ours + "/owners/$ref", ref, 400},
		{"POST", ours + "/owners/$ref", j{"@odata.id": "https://example.com/v1.0/directoryObjects/" + id}, 400},
		{"DELETE", ours + "/owners/" + id + "/$ref", nil, 204},
		{"DELETE", ours + "/owners/" + id + "/$ref", nil, 404},
	} {
		if a := w.write(c.method, token, c.path, c.body); a.status != c.status {
			t.Errorf("%s %s: %d %s", c.method, c.path, a.status, a.text)
		}
	}
	grants := w.get(token, "/oauth2PermissionGrants").value()
	if len(grants) != 1 || grants[0]["consentType"] != "AllPrincipals" || grants[0]["id"] != w.tenant.Consents()[0].ID {
		t.Errorf("%v", grants)
	}
	one := "/oauth2PermissionGrants/" + grants[0]["id"].(string)
	for _, want := range []int{204, 404} {
		if a := w.write("DELETE", token, one, nil); a.status != want {
			t.Errorf("%d %s", a.status, a.text)
		}
	}
	if a := w.get(token, one); a.status != 404 || len(w.tenant.Consents()) != 0 {
		t.Errorf("%d %v", a.status, w.tenant.Consents())
	}
}

// TestPeopleHoldRoles: people's roles are listed as apps' are, to those who may
// read them, and one for a part of the directory lets nobody write.
func TestPeopleHoldRoles(t *testing.T) {
	w := newTenant(t, account.Global, simcloud.GlobalReader)
	root := w.signIn("root@contoso.com")
	w.connect(root)
	id := w.tenant.Users()[0].ID
	w.must(w.tenant.AssignRole(id, simcloud.ApplicationAdministrator, "/administrativeUnits/1"))
	token := w.signIn(admin)
	v := w.get(token, assignments+"?$filter=principalId%20eq%20'"+id+"'&$expand=principal").value()
	if len(v) != 2 || v[0]["principal"].(j)["userPrincipalName"] != admin || v[1]["directoryScopeId"] != "/administrativeUnits/1" {
		t.Errorf("%v", v)
	}
	if n := len(w.get(root, assignments).value()); n != 5 {
		t.Errorf("%d assignments", n) // of the janitor, of root, two of ours, and the app's
	}
	if a := w.write("PATCH", token, ours, j{"notes": "x"}); a.status != 403 {
		t.Errorf("%d %s", a.status, a.text)
	}
	if v := w.get(token, "/me/memberOf").value(); len(v) != 1 {
		t.Errorf("%v", v)
	}
	if u := w.tenant.Users()[0]; len(u.Roles) != 2 || u.Roles[1] != "Application Administrator at /administrativeUnits/1" {
		t.Errorf("%+v", u)
	}
}

// TestUpsertsAtOnce: of many upserts of one name at the same moment one makes
// the app, and all are answered.
func TestUpsertsAtOnce(t *testing.T) {
	w := newTenant(t, account.Global)
	token := w.signIn(admin)
	for i := range 10 {
		name := fmt.Sprintf("/applications(uniqueName='xops-onboard-%d')", i)
		start, statuses := make(chan struct{}), make(chan int, 200)
		for range cap(statuses) {
			req := w.writing("PATCH", token, name, j{"displayName": "x"}, upsert...)
			go func() {
				<-start
				resp, err := w.cloud.Client().Do(req)
				if err != nil {
					statuses <- 0
					return
				}
				resp.Body.Close()
				statuses <- resp.StatusCode
			}()
		}
		close(start)
		made := 0
		for range cap(statuses) {
			select {
			case s := <-statuses:
				if s == http.StatusCreated {
					made++
				} else if s != http.StatusNoContent {
					t.Errorf("%d", s)
				}
			case <-time.After(10 * time.Second):
				t.Fatal("no answer")
			}
		}
		if made != 1 || len(w.tenant.Apps()) != i+1 {
			t.Fatalf("%d made, %d apps", made, len(w.tenant.Apps()))
		}
	}
}
