package simcloud

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// authorizationCode redeems a code. Whoever brings a code that does not fit has
// spoilt it.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow.
func (v *visit) authorizationCode(name string, form url.Values) *signInError {
	for _, parameter := range []string{"client_id", "code", "redirect_uri"} {
		if form.Get(parameter) == "" {
			return missing(parameter)
		}
	}
	id := strings.ToLower(form.Get("client_id"))
	client, refusal := v.askedBy(ask{Name: name, Client: id})
	if refusal != nil {
		return refusal
	}
	if e := noSecret(form); e != nil {
		return e
	}
	p, refusal := v.c.redeem(form.Get("code"), v.now)
	if refusal != nil {
		return refusal
	}
	if e := p.fits(client, form); e != nil {
		return e
	}
	t, u, client, refusal := v.found(*p)
	if refusal != nil {
		return refusal
	}
	if e := v.sameTenant(name, t); e != nil {
		return e
	}
	if e, _ := t.refuses(AtToken); e != nil {
		t.log(u, client.id, "code", e)
		return e
	}
	return v.answerCode(t, u, client, *p, form)
}

func (v *visit) answerCode(t *Tenant, u *user, client signInClient, p passage, form url.Values) *signInError {
	text := form.Get("scope")
	if text == "" {
		text = p.Ask.Scope
	}
	s, refusal := v.readScopes(text, graphOf(t.spec.Cloud))
	if refusal != nil {
		return refusal
	}
	return v.issueForPerson(t, u, client, s, issuing{nonce: p.Ask.Nonce, clientInfo: form.Get("client_info") == "1", how: "code"})
}

// noSecret: a public client has none. All redirects here are of the platform
// for mobile and desktop applications.
func noSecret(form url.Values) *signInError {
	if form.Get("client_secret") != "" || form.Get("client_assertion") != "" {
		return badClient(700025, "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.")
	}
	return nil
}

// redeem takes a code, which nobody can do twice.
func (c *Cloud) redeem(code string, now time.Time) (*passage, *signInError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.codes[code]
	switch {
	case !ok:
		return nil, badRequest(9002313, "Invalid request. Request is malformed or invalid.").as("invalid_grant")
	case known.used:
		return nil, badRequest(54005, "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.").as("invalid_grant")
	}
	known.used = true
	if !now.Before(known.made.Add(codeLife)) {
		return nil, badRequest(70008, "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive authorization request for this user and resource.").as("invalid_grant")
	}
	return &known.passage, nil
}

// fits holds a redemption against the request that the code was given for.
func (p passage) fits(client signInClient, form url.Values) *signInError {
	switch {
	case p.Ask.Client != client.id:
		return badRequest(70000, "Provided grant is invalid or malformed. The code was issued to another client.").as("invalid_grant")
	case p.Ask.Redirect != form.Get("redirect_uri"):
		return badRequest(500112, "The reply address '%s' does not match the reply address '%s' provided when requesting Authorization code.", form.Get("redirect_uri"), p.Ask.Redirect).as("invalid_client")
	case p.Ask.Challenge == "":
		return nil // and a verifier for none is passed over
	}
	verifier := form.Get("code_verifier")
	if verifier == "" {
		return badRequest(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.").as("invalid_grant")
	}
	proof := verifier
	if p.Ask.Method == "S256" {
		sum := sha256.Sum256([]byte(verifier))
		proof = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if subtle.ConstantTimeCompare([]byte(proof), []byte(p.Ask.Challenge)) != 1 {
		return badRequest(501481, "The Code_Verifier does not match the code_challenge supplied in the authorization request.").as("invalid_grant")
	}
	return nil
}

// sameTenant: what was given in one tenant is worth nothing in another.
func (v *visit) sameTenant(name string, t *Tenant) *signInError {
	if slices.Contains(anyTenant, strings.ToLower(name)) || t.knows(name) {
		return nil
	}
	return badRequest(700005, "Provided Authorization Code is intended to be used against other tenant, thus rejected.").as("invalid_grant")
}

// refreshable is what a refresh token holds.
type refreshable struct {
	Tenant, User, Client string
	Issued               time.Time
}

// refreshLife is how long a refresh token can lie unused.
// Source: learn.microsoft.com/entra/identity-platform/refresh-tokens.
const refreshLife = 90 * 24 * time.Hour

// refresh gives new tokens for a refresh token, which stays good.
func (v *visit) refresh(name string, form url.Values) *signInError {
	for _, parameter := range []string{"client_id", "refresh_token"} {
		if form.Get(parameter) == "" {
			return missing(parameter)
		}
	}
	if e := noSecret(form); e != nil {
		return e
	}
	var r refreshable
	if sealed, ok := strings.CutPrefix(form.Get("refresh_token"), "1.A"); !ok || !v.c.unseal("refresh", sealed, &r) || !strings.EqualFold(r.Client, form.Get("client_id")) {
		return badRequest(9002313, "Invalid request. Request is malformed or invalid.").as("invalid_grant")
	}
	t, u, client, refusal := v.found(passage{ask{Client: r.Client}, r.Tenant, r.User})
	if refusal != nil {
		return refusal
	}
	if e := v.sameTenant(name, t); e != nil {
		return e
	}
	const layout = "2006-01-02T15:04:05.0000000Z"
	switch e, _ := t.refuses(AtRefresh); {
	case r.Issued.Before(u.since):
		return badRequest(50173, "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have changed or reset their password. The grant was issued on '%s' and the TokensValidFrom date (before which tokens are not valid) for this user is '%s'.", r.Issued.Format(layout), u.since.Format(layout)).as("invalid_grant")
	case !v.now.Before(r.Issued.Add(refreshLife)):
		return badRequest(700082, "The refresh token has expired due to inactivity. The token was issued on %s and was inactive for 90.00:00:00.", r.Issued.Format(layout)).as("invalid_grant")
	case e != nil:
		t.log(u, client.id, "refresh", e)
		return e
	}
	text := form.Get("scope")
	if text == "" {
		text = graphOf(t.spec.Cloud) + "/.default offline_access openid"
	}
	s, refusal := v.readScopes(text, graphOf(t.spec.Cloud))
	if refusal != nil {
		return refusal
	}
	return v.issueForPerson(t, u, client, s, issuing{clientInfo: form.Get("client_info") == "1", how: "refresh"})
}

// issuing is how tokens for a person are answered.
type issuing struct {
	nonce      string
	clientInfo bool
	how        string // for the log; empty where it was logged before
}

// personTokens is the answer.
type personTokens struct {
	Type    string `json:"token_type"`
	Scope   string `json:"scope"`
	Life    int    `json:"expires_in"`
	Longer  int    `json:"ext_expires_in"`
	Token   string `json:"access_token"`
	Refresh string `json:"refresh_token,omitempty"`
	ID      string `json:"id_token,omitempty"`
	Info    string `json:"client_info,omitempty"`
}

// issueForPerson answers with tokens, in which the permissions and directory
// roles of now are frozen.
func (v *visit) issueForPerson(t *Tenant, u *user, client signInClient, s scopes, how issuing) *signInError {
	want, refusal := v.mustConsent(t, u, client, s)
	if refusal != nil {
		return refusal
	}
	have := t.consented(client, u.id)
	if !isGraph(s.resource) {
		have = []string{impersonation}
	}
	if len(want) > 0 || (s.preset && len(have) == 0) {
		return notConsented(client)
	}
	c := claims{Audience: s.resource, Tenant: t.spec.ID, Client: client.id, User: u.id, Scopes: have, Issued: v.now, Expires: v.now.Add(tokenLife)}
	for _, r := range u.roles {
		if r.scope == "/" {
			c.Directory = append(c.Directory, r.role)
		}
	}
	life := int(tokenLife / time.Second)
	a := personTokens{Type: "Bearer", Scope: s.text(have), Life: life, Longer: life, Token: v.c.sealToken(c)}
	if s.offline {
		a.Refresh = v.c.keep("refresh token", "1.A"+v.c.seal("refresh", refreshable{t.spec.ID, u.id, client.id, v.now}))
	}
	if s.openid {
		a.ID = v.idToken(t, u, client.id, how.nonce)
	}
	if how.clientInfo {
		a.Info = v.clientInfo(t, u)
	}
	if how.how != "" {
		t.log(u, client.id, how.how, nil)
	}
	v.headers()
	v.w.Header().Set("Cache-Control", "no-store, no-cache")
	v.w.Header().Set("Pragma", "no-cache")
	writeJSON(v.w, http.StatusOK, a)
	return nil
}
