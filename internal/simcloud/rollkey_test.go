package simcloud_test

import (
	"crypto/rsa"
	"crypto/sha1"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// proof is one before it is spoilt.
type proof struct {
	header, claims map[string]any
	key            *rsa.PrivateKey
	text           string // if it is set, it is sent as it is
}

func (w *world) proof(p pair) *proof {
	sum := sha1.Sum(p.der)
	now := w.clock.Now().Unix()
	return &proof{
		header: j{"alg": "RS256", "typ": "JWT", "x5t": base64.RawURLEncoding.EncodeToString(sum[:]), "kid": p.sha1()},
		claims: j{"aud": "00000002-0000-0000-c000-000000000000", "iss": w.app.ObjectID, "nbf": now, "exp": now + 600, "iat": now},
		key:    p.key,
	}
}

func (p *proof) sign(t testing.TB) string {
	if p.text != "" {
		return p.text
	}
	return jwt(t, p.key, p.header, p.claims)
}

func (w *world) addKey(token string, p *proof, credential j) answer {
	w.t.Helper()
	return w.write("POST", token, "/applications/"+w.app.ObjectID+"/addKey", j{"keyCredential": credential, "passwordCredential": nil, "proof": p.sign(w.t)})
}

// TestRollsItsKey: an app with no rights at all changes its own key, and every
// moment one of the two works.
func TestRollsItsKey(t *testing.T) {
	for _, in := range account.Clouds {
		w := newWorld(t, in)
		token, old, next := w.token(), w.pair, newPair(t, 1, at)
		added := w.addKey(token, w.proof(old), next.credential())
		if added.status != 200 || added.body["customKeyIdentifier"] != next.sha1() || added.body["key"] != nil || added.body["displayName"] != "CN=xops" {
			t.Fatalf("%d %s", added.status, added.text)
		}
		for _, p := range []pair{old, next} {
			w.pair = p
			w.token()
		}
		oldID := w.tenant.Apps()[0].Certificates[0].KeyID
		remove := func() answer {
			return w.write("POST", token, "/applications(appId='"+w.app.ClientID+"')/removeKey", j{"keyId": oldID, "proof": w.proof(next).sign(t)})
		}
		if a := remove(); a.status != 204 {
			t.Errorf("%d %s", a.status, a.text)
		}
		if a := remove(); a.status != 400 || !strings.Contains(a.text, "No credentials found to be removed.") {
			t.Errorf("twice: %d %s", a.status, a.text)
		}
		if c := w.tenant.Apps()[0].Certificates; len(c) != 1 || c[0].SHA1 != next.sha1() || c[0].KeyID != added.body["keyId"] {
			t.Errorf("%+v", c)
		}
		w.pair = old
		if a := w.request().post(t, w.cloud.Client()); a.code() != 700027 {
			t.Errorf("with the old key: %s", a.text)
		}
	}
}

// TestProofRefused spoils one thing of a proof that is taken.
func TestProofRefused(t *testing.T) {
	for name, spoil := range map[string]func(*world, *proof){
		"none":                func(_ *world, p *proof) { p.text = "x" },
		"four parts":          func(_ *world, p *proof) { p.text = "e30.e30.e30.e30" },
		"padded":              func(w *world, p *proof) { p.text = p.sign(w.t) + "==" },
		"another key":         func(_ *world, p *proof) { p.key = keys()[1] },
		"another certificate": func(w *world, p *proof) { *p = *w.proof(newPair(w.t, 1, at)) },
		"PS256":               func(_ *world, p *proof) { p.header["alg"] = "PS256" },
		"none as algorithm":   func(_ *world, p *proof) { p.header["alg"] = "none" },
		"no thumbprint":       func(_ *world, p *proof) { delete(p.header, "x5t"); delete(p.header, "kid") },
		"wrong kid":           func(_ *world, p *proof) { p.header["kid"] = strings.Repeat("0", 40) },
		"wrong x5t":           func(_ *world, p *proof) { p.header["x5t"] = "AAAA" },
		"audience: Graph":     func(_ *world, p *proof) { p.claims["aud"] = graphApp },
		"no audience":         func(_ *world, p *proof) { delete(p.claims, "aud") },
		"issuer: client id":   func(w *world, p *proof) { p.claims["iss"] = w.app.ClientID },
		"issuer: principal":   func(w *world, p *proof) { p.claims["iss"] = w.app.PrincipalID },
		"no issuer":           func(_ *world, p *proof) { delete(p.claims, "iss") },
		"no start":            func(_ *world, p *proof) { delete(p.claims, "nbf") },
		"no end":              func(_ *world, p *proof) { delete(p.claims, "exp") },
		"too long":            func(_ *world, p *proof) { p.claims["exp"] = unix(601 * time.Second) },
		"over": func(_ *world, p *proof) {
			p.claims["nbf"], p.claims["exp"] = unix(-15*time.Minute), unix(-5*time.Minute)
		},
		"not begun":              func(_ *world, p *proof) { p.claims["nbf"], p.claims["exp"] = unix(6*time.Minute), unix(16*time.Minute) },
		"as text":                func(_ *world, p *proof) { p.claims["exp"] = fmt.Sprint(unix(10 * time.Minute)) },
		"certificate removed":    func(w *world, _ *proof) { w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1())) },
		"last certificate over":  func(w *world, p *proof) { w.over(p) },
		"signed for another app": func(w *world, p *proof) { p.claims["iss"] = w.tenant.Register("Other").ObjectID },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, account.Global)
			token := w.token()
			p := w.proof(w.pair)
			spoil(w, p)
			if name == "last certificate over" {
				token = w.adminToken()
			}
			a := w.addKey(token, p, newPair(t, 1, w.clock.Now()).credential())
			if code, message := a.refusal(); a.status != 401 || code != "Authentication_MissingOrMalformed" || message != "Access Token missing or malformed." {
				t.Errorf("%d %s", a.status, a.text)
			}
		})
	}
	w := newWorld(t, account.Global)
	for name, bend := range map[string]func(*proof){"x5t alone": func(p *proof) { delete(p.header, "kid") }, "kid alone": func(p *proof) { delete(p.header, "x5t") }, "two minutes back": func(p *proof) {
		p.claims["nbf"], p.claims["exp"] = unix(-2*time.Minute), unix(8*time.Minute)
	}} {
		p := w.proof(w.pair)
		bend(p)
		if a := w.addKey(w.token(), p, newPair(t, 1, at).credential()); a.status != 200 {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
}

// over lets the certificate run out.
func (w *world) over(p *proof) {
	w.clock.forward(181 * 24 * time.Hour)
	now := w.clock.Now().Unix()
	p.claims["nbf"], p.claims["exp"] = now, now+600
}

func (w *world) adminToken() string {
	w.tenant.AddUser(simcloud.UserSpec{UPN: admin, Roles: []string{simcloud.GlobalAdministrator}})
	return w.signIn(admin)
}

// TestAddKeyRefused: what is wrong besides the proof, and who may at all.
func TestAddKeyRefused(t *testing.T) {
	w := newWorld(t, account.Global)
	token := w.token()
	good := func() j {
		return j{"keyCredential": newPair(t, 1, at).credential(), "proof": w.proof(w.pair).sign(t)}
	}
	with := func(name string, v any) j { b := good(); b[name] = v; return b }
	without := func(name string) j { b := good(); delete(b, name); return b }
	for name, c := range map[string]struct {
		body    j
		status  int
		message string
	}{
		"unknown parameter": {with("colour", "red"), 400, "The parameter 'colour' in the request payload is not a valid parameter for the operation 'addKey'."},
		"no proof":          {without("proof"), 400, "requires the parameter 'proof'"},
		"no key":            {without("keyCredential"), 400, "requires the parameter 'keyCredential'"},
		"a password":        {with("passwordCredential", j{"secretText": "x"}), 400, "passwordCredential"},
		"unknown inside":    {with("keyCredential", j{"thumbprint": "x"}), 400, "Invalid property 'thumbprint'."},
		"no usage":          {with("keyCredential", j{"type": "AsymmetricX509Cert"}), 400, `The value for the property "usage" in one of your credentials is invalid. Acceptable values are Sign, Verify.`},
		"no certificate":    {with("keyCredential", j{"type": "AsymmetricX509Cert", "usage": "Verify"}), 400, `"key"`},
		"too long":          {with("keyCredential", j{"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.StdEncoding.EncodeToString(certificate(t, keys()[1], at, at.AddDate(1, 0, 0)))}), 400, "Credential lifetime exceeds the max value allowed as per assigned policy"},
	} {
		if name == "too long" {
			w.tenant.SetPolicy(180*24*time.Hour + 10*time.Minute)
		}
		a := w.write("POST", token, "/applications/"+w.app.ObjectID+"/addKey", c.body)
		if _, message := a.refusal(); a.status != c.status || !strings.Contains(message, c.message) {
			t.Errorf("%s: %d %s", name, a.status, a.text)
		}
	}
	if n := len(w.tenant.Apps()[0].Certificates); n != 1 {
		t.Errorf("%d certificates", n)
	}
	other := w.tenant.Register("Other")
	w.app.ObjectID = other.ObjectID
	if a := w.addKey(token, w.proof(w.pair), newPair(t, 1, at).credential()); a.status != 403 {
		t.Errorf("another app's: %d %s", a.status, a.text)
	}
	if a := w.get(token, "/applications/"+w.app.ObjectID+"/addKey"); a.status != 403 && a.status != 405 {
		t.Errorf("read: %d %s", a.status, a.text)
	}
}

// TestKeyCredentials: the list that is sent is the list that is there.
func TestKeyCredentials(t *testing.T) {
	first, second := newPair(t, 0, at), newPair(t, 1, at)
	set := func(c j, name string, v any) j { set(c, name, v); return c }
	weak := certificate(t, weakKey(t), at, at.AddDate(0, 0, 90))
	for name, c := range map[string]struct {
		list    func(oldID string) []j
		prepare func(*world)
		code    string // empty: taken
		left    []string
	}{
		"replaced": {func(string) []j { return []j{second.credential()} }, nil, "", []string{second.sha1()}},
		"emptied":  {func(string) []j { return []j{} }, nil, "", nil},
		"merged":   {func(id string) []j { return []j{set(first.credential(), "keyId", id), second.credential()} }, nil, "", []string{first.sha1(), second.sha1()}},
		"echoed":   {func(id string) []j { return []j{set(set(first.credential(), "keyId", id), "key", nil)} }, nil, "", []string{first.sha1()}},
		"echoed as read": {func(id string) []j {
			return []j{{"keyId": id, "type": "AsymmetricX509Cert", "usage": "Verify", "customKeyIdentifier": first.sha1(), "startDateTime": "2026-11-22T09:55:00Z", "endDateTime": "2027-05-21T10:00:00Z", "displayName": "CN=xops", "key": nil}}
		}, nil, "", []string{first.sha1()}},
		"without a key":    {func(string) []j { return []j{set(first.credential(), "key", nil)} }, nil, "Request_BadRequest", nil},
		"another under it": {func(id string) []j { return []j{set(second.credential(), "keyId", id)} }, nil, "Request_BadRequest", nil},
		"same id twice":    {func(id string) []j { c := set(set(first.credential(), "keyId", id), "key", nil); return []j{c, c} }, nil, "Request_BadRequest", nil},
		"wrong usage":      {func(string) []j { return []j{set(second.credential(), "usage", "Sign")} }, nil, "Request_BadRequest", nil},
		"wrong type":       {func(string) []j { return []j{set(second.credential(), "type", "Symmetric")} }, nil, "Request_BadRequest", nil},
		"no certificate":   {func(string) []j { return []j{set(second.credential(), "key", "aGVsbG8=")} }, nil, "Request_BadRequest", nil},
		"no base64":        {func(string) []j { return []j{set(second.credential(), "key", "%")} }, nil, "BadRequest", nil},
		"PEM in base64": {func(string) []j {
			return []j{set(second.credential(), "key", base64.StdEncoding.EncodeToString(append(second.pem(), "-----BEGIN PRIVATE KEY-----"...)))}
		}, nil, "Request_BadRequest", nil},
		"weak": {func(string) []j { return []j{set(second.credential(), "key", base64.StdEncoding.EncodeToString(weak))} }, nil, "Request_BadRequest", nil},
		"own dates": {func(string) []j {
			return []j{set(set(second.credential(), "startDateTime", "2026-11-22T10:00:00Z"), "endDateTime", "2027-01-01T00:00:00Z")}
		}, nil, "", []string{second.sha1()}},
		"ends too late":    {func(string) []j { return []j{set(second.credential(), "endDateTime", "2027-05-21T10:00:01Z")} }, nil, "KeyCredentialsInvalidEndDate", nil},
		"ends in the past": {func(string) []j { return []j{set(second.credential(), "endDateTime", "2026-11-22T09:59:00Z")} }, nil, "KeyCredentialsInvalidEndDate", nil},
		"starts too early": {func(string) []j { return []j{set(second.credential(), "startDateTime", "2026-11-22T09:54:59Z")} }, nil, "KeyCredentialsInvalidStartDate", nil},
		"starts too late":  {func(string) []j { return []j{set(second.credential(), "startDateTime", "2027-05-21T10:00:00Z")} }, nil, "KeyCredentialsInvalidStartDate", nil},
		"no time":          {func(string) []j { return []j{set(second.credential(), "endDateTime", "2027-01-01")} }, nil, "BadRequest", nil},
		"old one is over": {func(id string) []j { return []j{set(set(first.credential(), "keyId", id), "key", nil)} }, func(w *world) {
			w.clock.forward(181 * 24 * time.Hour)
		}, "KeyCredentialsInvalidEndDate", nil},
		"policy":            {func(string) []j { return []j{second.credential()} }, func(w *world) { w.tenant.SetPolicy(90 * 24 * time.Hour) }, "CredentialInvalidLifetimeAsPerAppPolicy", nil},
		"within the policy": {func(string) []j { return []j{set(second.credential(), "endDateTime", "2027-02-01T00:00:00Z")} }, func(w *world) { w.tenant.SetPolicy(90 * 24 * time.Hour) }, "", []string{second.sha1()}},
		"trusted authority": {func(string) []j { return []j{second.credential()} }, func(w *world) { w.tenant.SetTrustedAuthorities(true) }, "CredentialTypeNotAllowedAsPerAppPolicy", nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, account.Global)
			w.pair = first
			had := w.tenant.Apps()[0].Certificates[0]
			w.must(w.tenant.RemoveCertificate(w.app.ClientID, had.SHA1))
			w.must(w.tenant.Upload(w.app.ClientID, first.pem()))
			if c.prepare != nil {
				c.prepare(w)
			}
			list := c.list(w.tenant.Apps()[0].Certificates[0].KeyID)
			a := w.write("PATCH", w.adminToken(), "/applications/"+w.app.ObjectID, j{"keyCredentials": list})
			if code, _ := a.refusal(); code != c.code || (a.status == 204) != (c.code == "") {
				t.Fatalf("%d %s", a.status, a.text)
			}
			if c.code != "" {
				c.left = []string{first.sha1()}
			}
			var left []string
			for _, k := range w.tenant.Apps()[0].Certificates {
				left = append(left, k.SHA1)
			}
			if !slices.Equal(left, c.left) {
				t.Errorf("left %v, want %v", left, c.left)
			}
		})
	}
}

// TestShorterIsTaken: a tenant that refuses 180 days takes less of the same
// certificate, and the key is good for no longer.
func TestShorterIsTaken(t *testing.T) {
	w := newTenant(t, account.Global)
	w.tenant.SetPolicy(30 * 24 * time.Hour)
	token := w.signIn(admin)
	a := w.write("PATCH", token, ours, w.newApp(), upsert...)
	if code, message := a.refusal(); a.status != 400 || code != "CredentialInvalidLifetimeAsPerAppPolicy" || !strings.HasPrefix(message, "Credential lifetime exceeds the max value allowed as per assigned policy '") {
		t.Errorf("%d %s", a.status, a.text)
	}
	if len(w.tenant.Apps()) != 0 {
		t.Error("an app was made all the same")
	}
	w.pair = pair{keys()[0], certificate(t, keys()[0], at.Add(-5*time.Minute), at.AddDate(0, 0, 29))}
	w.connect(token)
	w.token()
	if got := string(must(json.Marshal(w.get(token, ours+"?$select=keyCredentials").body))); !strings.Contains(got, base64.StdEncoding.EncodeToString(w.pair.der)) {
		t.Errorf("%s", got)
	}
}
