package entra

import (
	"encoding/json"
	"net/http"
	"slices"

	"github.com/axiomio/xops-onboard/account"
)

// What a plan shows for what is not known before an earlier change is made.
const (
	uniqueLater    = "{unique name}"
	clientLater    = "{client id of the app}"
	principalLater = "{object id of the enterprise app}"
	keyLater       = "{certificate}"
)

// Plan is what connecting sends, in its order: the very bodies of the changes,
// with names in braces for what an earlier change brings. Done is what made
// says is there already, which is not sent.
func (a *Administrator) Plan(s account.Survey, wish account.AppWish, made account.Made) []account.PlannedChange {
	unique, client, principal := wish.Unique, clientLater, account.ObjectID(principalLater)
	if unique == "" {
		unique = uniqueLater
	}
	if s.Own.Found() {
		client = string(s.Own.Client)
	}
	if made.Principal != "" {
		principal = made.Principal
	}
	root := graphVersion
	app := account.PlannedChange{
		Name: "application", Method: http.MethodPatch, Path: root + "/applications(uniqueName='" + unique + "')",
		Body: forPeople(applicationBody(wish, keyLater)), Done: made.Application != "",
	}
	if there := s.Adopted; there.App.Found() {
		client, principal = string(there.App.Client), there.Principal
		app = adoptionPlan(wish.Provider, there, made)
	}
	all := []account.PlannedChange{
		app,
		{
			Name: "principal", Method: http.MethodPatch, Path: root + "/servicePrincipals(appId='" + client + "')",
			Body: forPeople(principalBody(wish.Name)), Done: made.Principal != "" || s.Adopted.Principal != "",
		},
		{
			Name: "grant", Method: http.MethodPost, Path: root + "/servicePrincipals/" + string(s.Graph) + "/appRoleAssignedTo",
			Body: forPeople(consentBody(principal, s.Graph)), Done: made.Grant != "",
		},
		{
			Name: "role", Method: http.MethodPost, Path: root + roleAssignments,
			Body: forPeople(roleBody(principal)), Done: made.Role != "",
		},
	}
	if !asks(wish.Provider) {
		all = slices.Delete(all, 2, 3) // no grant
	}
	return all
}

// adoptionPlan is what is added to an app that is there; what it has is sent
// back as it was, because Graph replaces the lists whole.
func adoptionPlan(p account.Provider, there account.Adoptable, made account.Made) account.PlannedChange {
	keys := []string{keyLater}
	for range there.App.Keys {
		keys = append([]string{"{a certificate that is there}"}, keys...)
	}
	body := map[string]any{"keyCredentials": keys}
	if asks(p) {
		body["requiredResourceAccess"] = []any{"{what is there}", ourAccess()}
	}
	return account.PlannedChange{
		Name: "adoption", Method: http.MethodPatch, Path: graphVersion + "/applications/" + string(there.App.Application),
		Body: forPeople(body), Done: made.Adopted != nil,
	}
}

// forPeople is a body as JSON, one property a line.
func forPeople(body any) string {
	b, err := json.MarshalIndent(body, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
