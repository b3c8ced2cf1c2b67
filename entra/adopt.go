package entra

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// adoptable is an app that the person named, and everything on it.
func (q asker) adoptable(ctx context.Context, client account.ClientID, e *Entra) (account.Adoptable, error) {
	var f findings
	q.readApp(ctx, &f, client, "")
	switch {
	case gone(f.application.err):
		return account.Adoptable{}, &account.Problem{Kind: account.AppNotFound, Subject: string(client)}
	case !f.application.ok():
		return account.Adoptable{}, changeProblem(f.application.err, cloudAppAdministrator)
	}
	app, err := f.application.value.app()
	if err != nil {
		return account.Adoptable{}, err
	}
	a := account.Adoptable{App: app}
	if gone(f.principal.err) { // and with it all that hangs on it
		for _, err := range []*error{&f.principal.err, &f.principalOwners.err, &f.grants.err, &f.roles.err} {
			*err = nil
		}
	} else if f.principal.ok() && account.IsGUID(f.principal.value.ID) {
		a.Principal = account.ObjectID(strings.ToLower(f.principal.value.ID))
	}
	a.Foreign = f.everything(e)
	a.Unread = f.unread()
	return a, nil
}

// everything is what is foreign to an app of which nothing is ours yet.
func (f findings) everything(e *Entra) []string {
	keys, twins := f.foreignKeys(account.Certificate{}, e.now())
	found := append(keys, twins...)
	for _, more := range [][]string{f.foreignSecrets(e.now()), f.foreignTrust(), f.foreignOwners(), f.foreignRights()} {
		found = append(found, more...)
	}
	return found
}

// written is what of an app is written as a list that replaces the one before,
// as it came: what this program does not know of is sent back as well.
type written struct {
	ID     string                       `json:"id"`
	Client string                       `json:"appId"`
	Name   string                       `json:"displayName"`
	Keys   []map[string]json.RawMessage `json:"keyCredentials"`
	Access []map[string]json.RawMessage `json:"requiredResourceAccess"`
}

// Had is what there is on an app already of what linking needs.
func (a *Administrator) Had(ctx context.Context, app account.App, graph account.ObjectID) (account.Had, []account.Evidence, error) {
	return do(ctx, a, nil, func(ctx context.Context, c *change) (account.Had, error) { return c.had(ctx, app, graph) })
}

func (c *change) had(ctx context.Context, app account.App, graph account.ObjectID) (had account.Had, err error) {
	w, _, err := c.written(ctx, app.Application)
	if err != nil {
		return had, err
	}
	_, missing := w.withPermission()
	had.Permission = !missing
	p, err := c.principal(ctx, app.Client)
	if p, err = found(p, err, cloudAppAdministrator); err != nil || !p.Found() {
		return had, err // without it there is nothing that could hang on it
	}
	had.Principal = p.ID
	grant, err := c.consent(ctx, p.ID, graph)
	if grant, err = found(grant, err, roleAdministrator); err != nil {
		return had, err
	}
	role, err := c.role(ctx, p.ID)
	role, err = found(role, err, roleAdministrator)
	had.Grant, had.Role = grant.ID, role.ID
	return had, err
}

// Adopt adds the certificate, and the permission to what it asks for where the
// provider's accounts need one, to an app that was there already. Nothing that is on it is dropped; of an app that has
// them already nothing is changed. Graph takes no list with an expired
// certificate in it: that is ExpiredKeyInWay, and nobody's certificate is
// dropped for it.
// Source: learn.microsoft.com/graph/api/application-update and
// learn.microsoft.com/graph/applications-how-to-add-certificate.
func (a *Administrator) Adopt(ctx context.Context, app account.ObjectID, wish account.AppWish, tell func(account.Pause)) (account.Adoption, []account.Evidence, error) {
	return do(ctx, a, tell, func(ctx context.Context, c *change) (account.Adoption, error) {
		return c.adopt(ctx, app, wish)
	})
}

func (c *change) adopt(ctx context.Context, app account.ObjectID, wish account.AppWish) (account.Adoption, error) {
	w, is, err := c.written(ctx, app)
	if err != nil {
		return account.Adoption{}, err
	}
	key, err := appKey(wish.Certificate)
	if err != nil {
		return account.Adoption{}, err
	}
	done := account.Adoption{App: is}
	change := map[string]any{}
	if w.keyAt(wish.Certificate) < 0 {
		done.Key = true
		change["keyCredentials"] = append(w.echoed(-1), asMap(key))
	}
	if access, missing := w.withPermission(); missing && asks(wish.Provider) {
		done.Permission = true
		change["requiredResourceAccess"] = access
	}
	return done, c.patch(ctx, w, change)
}

// Abandon takes back what Adopt added, and no more.
func (a *Administrator) Abandon(ctx context.Context, adopted account.Adoption, certificate account.Certificate, tell func(account.Pause)) ([]account.Evidence, error) {
	_, evidence, err := do(ctx, a, tell, func(ctx context.Context, c *change) (struct{}, error) {
		return struct{}{}, c.abandon(ctx, adopted, certificate)
	})
	return evidence, err
}

func (c *change) abandon(ctx context.Context, adopted account.Adoption, certificate account.Certificate) error {
	w, _, err := c.written(ctx, adopted.App.Application)
	if gone(err) {
		return nil
	}
	if err != nil {
		return err
	}
	change := map[string]any{}
	if at := w.keyAt(certificate); at >= 0 && adopted.Key {
		change["keyCredentials"] = w.echoed(at)
	}
	if access, had := w.withoutPermission(); had && adopted.Permission {
		change["requiredResourceAccess"] = access
	}
	return c.patch(ctx, w, change)
}

// written reads what is to be written back.
func (c *change) written(ctx context.Context, app account.ObjectID) (written, account.App, error) {
	var w written
	if err := needed(app); err != nil {
		return w, account.App{}, err
	}
	if err := c.get(ctx, "/applications/"+string(app)+writtenSelect, &w); err != nil {
		return w, account.App{}, changeProblem(err, cloudAppAdministrator)
	}
	is, err := application{ID: w.ID, Client: w.Client, DisplayName: w.Name, Keys: w.keys()}.app()
	return w, is, err
}

// patch makes the change, if there is one.
func (c *change) patch(ctx context.Context, w written, change map[string]any) error {
	if len(change) == 0 {
		return nil
	}
	_, err := c.write(rest.Idempotent(ctx), rest.Write{Method: http.MethodPatch, Body: change}, "/applications/"+w.ID, nil)
	if err == nil {
		return nil
	}
	p := changeProblem(err, cloudAppAdministrator)
	if p.Kind == account.PolicyLife && strings.EqualFold(p.Code, "KeyCredentialsInvalidEndDate") {
		for _, k := range w.keys() {
			if k.End.Before(c.e.now()) {
				p.Kind, p.Subject = account.ExpiredKeyInWay, k.line("", c.e.now())
				return p
			}
		}
	}
	return p
}

func (w written) keys() []keyCredential {
	var keys []keyCredential
	// What cannot be read of a key is left empty: it is no certificate of ours.
	for _, raw := range w.Keys {
		var k keyCredential
		if b, err := json.Marshal(raw); err == nil {
			_ = json.Unmarshal(b, &k)
		}
		keys = append(keys, k)
	}
	return keys
}

// keyAt is the place of the certificate among the keys, -1 for none.
func (w written) keyAt(c account.Certificate) int {
	for i, k := range w.keys() {
		if k.is(c) {
			return i
		}
	}
	return -1
}

// echoed are all keys but one, without their certificates: a key that is named
// by its id and not told again stays.
func (w written) echoed(but int) []map[string]json.RawMessage {
	all := []map[string]json.RawMessage{}
	for i, k := range w.Keys {
		if i == but {
			continue
		}
		echo := map[string]json.RawMessage{}
		maps.Copy(echo, k)
		echo["key"] = json.RawMessage("null")
		all = append(all, echo)
	}
	return all
}

func asMap(key writtenKey) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	b, err := json.Marshal(key)
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		panic(err) // texts, bytes and times can be written
	}
	return m
}

// graphAccess is what an app asks of Microsoft Graph, and where that stands; -1 for nothing.
func (w written) graphAccess() (int, []json.RawMessage) {
	for i, r := range w.Access {
		var app string
		var items []json.RawMessage
		if json.Unmarshal(r["resourceAppId"], &app) == nil && strings.EqualFold(app, graphApp) && json.Unmarshal(r["resourceAccess"], &items) == nil {
			return i, items
		}
	}
	return -1, nil
}

func isOurs(raw json.RawMessage) bool {
	var a accessItem
	return json.Unmarshal(raw, &a) == nil && a.ours()
}

// withPermission is the list with our permission in it, and whether it was missing.
func (w written) withPermission() ([]map[string]json.RawMessage, bool) {
	at, items := w.graphAccess()
	for _, raw := range items {
		if isOurs(raw) {
			return nil, false
		}
	}
	ours := json.RawMessage(`{"id":"` + reviewPermission + `","type":"Role"}`)
	return w.withGraphAccess(at, append(items, ours)), true
}

// withoutPermission is the list without our permission, and whether it was there.
func (w written) withoutPermission() (all []map[string]json.RawMessage, had bool) {
	at, items := w.graphAccess()
	var kept []json.RawMessage
	for _, raw := range items {
		if isOurs(raw) {
			had = true
			continue
		}
		kept = append(kept, raw)
	}
	return w.withGraphAccess(at, kept), had
}

func (w written) withGraphAccess(at int, items []json.RawMessage) []map[string]json.RawMessage {
	all := []map[string]json.RawMessage{}
	for i, r := range w.Access {
		if i != at {
			all = append(all, r)
		}
	}
	if len(items) == 0 {
		return all
	}
	b, err := json.Marshal(items)
	if err != nil {
		panic(err) // it was read a moment ago
	}
	return append(all, map[string]json.RawMessage{"resourceAppId": json.RawMessage(`"` + graphApp + `"`), "resourceAccess": b})
}
