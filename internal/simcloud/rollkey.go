package simcloud

import (
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"
)

// badProof is all that Graph says of a proof it does not take.
var badProof = problem(http.StatusUnauthorized, "Authentication_MissingOrMalformed", "Access Token missing or malformed.")

// rolls finds the application whose key is rolled: an app may roll its own with
// no permission at all, a person and another app need the rights to change it.
// In every case the proof shows who holds a key.
func (g *call) rolls() (*application, *graphError) {
	own := g.caller.User == ""
	a, e := g.named()
	switch {
	case e != nil && !g.caller.hasOne(readApps) && !readsDirectory(g.caller):
		return nil, denied
	case e != nil:
		return nil, e
	case own && strings.EqualFold(a.client, g.caller.Client), g.manages(a.owners):
		return a, nil
	}
	return nil, denied
}

// action reads the parameters of an action.
func (g *call) action(name string, types map[string]string) (body, *graphError) {
	b, e := g.jsonObject()
	if e != nil {
		return nil, e
	}
	for _, n := range b.names() {
		declared, ok := types[n]
		if !ok {
			return nil, badQuery("The parameter '%s' in the request payload is not a valid parameter for the operation '%s'.", n, name)
		}
		if e := checkValue(n, declared, b[n]); e != nil {
			return nil, e
		}
	}
	for n, declared := range types {
		if _, ok := b[n]; !ok && strings.HasSuffix(declared, "!") {
			return nil, badQuery("The operation '%s' requires the parameter '%s', which is missing in the request payload.", name, n)
		}
	}
	return b, nil
}

// addKey adds a certificate to an application.
// Source: learn.microsoft.com/graph/api/application-addkey and
// learn.microsoft.com/graph/application-rollkey-prooftoken.
func addKey(g *call) *graphError {
	a, e := g.rolls()
	if e != nil {
		return e
	}
	b, e := g.action("addKey", map[string]string{"keyCredential": "graph.keyCredential!", "passwordCredential": "graph.passwordCredential", "proof": "Edm.String!"})
	if e != nil {
		return e
	}
	if !g.proves(a, b.str("proof")) {
		return badProof
	}
	if p, ok := b["passwordCredential"]; ok && string(p) != "null" {
		return badRequestBody("The property \"passwordCredential\" is only for credentials of type X509CertAndPassword.")
	}
	k, e := readKey(b["keyCredential"])
	if e == nil {
		e = k.check()
	}
	if e != nil {
		return e
	}
	return g.putKey(a, k)
}

// putKey adds it and answers with it.
func (g *call) putKey(a *application, k keyCredential) *graphError {
	var added certificate
	e := g.change(KeyChange, func(d *directory) *graphError {
		now, err := d.app(a.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		if slices.ContainsFunc(now.keys, func(c certificate) bool { return strings.EqualFold(c.keyID, k.KeyID) }) {
			return badRequestBody("Update to existing credential with KeyId '%s' is not allowed.", k.KeyID)
		}
		var e *graphError
		if added, e = g.newKey(k); e != nil {
			return e
		}
		now.keys = append(now.keys, added)
		return nil
	})
	if e != nil {
		return e
	}
	o := keyObject(added, false)
	o["@odata.context"] = g.context("microsoft.graph.keyCredential")
	g.send(http.StatusOK, o)
	return nil
}

// removeKey takes one away, also the very last: whether the real service does
// that is not published.
// Source: learn.microsoft.com/graph/api/application-removekey.
func removeKey(g *call) *graphError {
	a, e := g.rolls()
	if e != nil {
		return e
	}
	b, e := g.action("removeKey", map[string]string{"keyId": "Edm.Guid!", "proof": "Edm.String!"})
	if e != nil {
		return e
	}
	if !g.proves(a, b.str("proof")) {
		return badProof
	}
	e = g.change(KeyChange, func(d *directory) *graphError {
		now, err := d.app(a.client)
		if err != nil {
			return noSuchObject(g.keys[0].value)
		}
		had := len(now.keys)
		now.keys = slices.DeleteFunc(now.keys, func(c certificate) bool { return strings.EqualFold(c.keyID, b.str("keyId")) })
		if len(now.keys) == had {
			return badRequestBody("No credentials found to be removed.")
		}
		return nil
	})
	if e != nil {
		return e
	}
	return g.done()
}

// oldGraphAppID is the directory graph from before Microsoft Graph, which a
// proof is addressed to.
const oldGraphAppID = "00000002-0000-0000-c000-000000000000"

// proofLife is the longest that a proof may be good.
const proofLife = 10 * time.Minute

// proves judges a proof: signed by the key of a certificate of the application
// that is valid now, for the old directory graph, in the application's name,
// and for ten minutes at most. Only RS256 is documented, and only that is
// taken. Padding is not. How far clocks may be apart is not published.
func (g *call) proves(a *application, proof string) bool {
	parts := strings.Split(proof, ".")
	if len(parts) != 3 || len(proof) > maxAssertion {
		return false
	}
	header, ok1 := jsonPart(parts[0])
	claims, ok2 := jsonPart(parts[1])
	signature, ok3 := base64Part(parts[2])
	if !ok1 || !ok2 || !ok3 {
		return false
	}
	if alg, _ := text(header, "alg"); alg != "RS256" {
		return false
	}
	aud, _ := text(claims, "aud")
	iss, _ := text(claims, "iss")
	nbf, hasStart := instant(claims, "nbf")
	exp, hasEnd := instant(claims, "exp")
	if aud != oldGraphAppID || !strings.EqualFold(iss, a.id) || !hasStart || !hasEnd {
		return false
	}
	if exp.Sub(nbf) > proofLife || nbf.After(g.now.Add(tolerance)) || !exp.After(g.now.Add(-tolerance)) {
		return false
	}
	signed := assertion{alg: "RS256", signed: []byte(parts[0] + "." + parts[1]), signature: signature}
	x5t, _ := text(header, "x5t")
	kid, _ := text(header, "kid")
	return slices.ContainsFunc(a.keys, func(k certificate) bool {
		return k.isCalled(x5t, kid) && !k.start.After(g.now) && k.end.After(g.now) && signed.signedBy(k.key)
	})
}

// isCalled tells whether a header names the certificate: by one of the two, and
// by both if both are there.
func (k certificate) isCalled(x5t, kid string) bool {
	if x5t == "" && kid == "" {
		return false
	}
	return (x5t == "" || x5t == base64.RawURLEncoding.EncodeToString(k.sha1[:])) && (kid == "" || strings.EqualFold(kid, hex.EncodeToString(k.sha1[:])))
}
