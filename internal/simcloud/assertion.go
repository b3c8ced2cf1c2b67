package simcloud

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// assertion is a client assertion as read, before anything in it is believed.
// Source: learn.microsoft.com/entra/identity-platform/certificate-credentials;
// the refusals as recorded in the tests of Microsoft's own libraries
// (github.com/AzureAD/microsoft-authentication-library-for-dotnet).
type assertion struct {
	alg           string
	sha1, sha256  []byte // thumbprints of the header; nil when it has none
	iss, sub, aud string
	nbf, exp      time.Time
	signed        []byte
	signature     []byte
}

const maxAssertion = 64 << 10

// readAssertion reads a compact JWT with one RSA signature.
func readAssertion(text string) (assertion, *signInError) {
	malformed := badRequest(50027, "JWT token is invalid or malformed.")
	parts := strings.Split(text, ".")
	if len(parts) != 3 || len(text) > maxAssertion {
		return assertion{}, malformed
	}
	header, ok1 := jsonPart(parts[0])
	payload, ok2 := jsonPart(parts[1])
	signature, ok3 := base64Part(parts[2])
	if !ok1 || !ok2 || !ok3 {
		return assertion{}, malformed
	}
	a := assertion{signed: []byte(parts[0] + "." + parts[1]), signature: signature}
	if e := a.readHeader(header); e != nil {
		return assertion{}, e
	}
	if e := a.readClaims(payload); e != nil {
		return assertion{}, e
	}
	return a, nil
}

func (a *assertion) readHeader(h map[string]json.RawMessage) *signInError {
	a.alg, _ = text(h, "alg")
	if a.alg != "PS256" && a.alg != "RS256" {
		return badClient(5002738, "Invalid JWT token. '%s' is not a supported signature algorithm. Supported signing algorithms are: 'RS256,PS256'", a.alg)
	}
	if _, ok := h["crit"]; ok {
		return badRequest(50027, "JWT token is invalid or malformed.") // RFC 7515: what is critical must be understood
	}
	a.sha256, a.sha1 = thumb(h, "x5t#S256"), thumb(h, "x5t")
	if a.sha256 == nil && a.sha1 == nil {
		return badClient(5002723, "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token header.")
	}
	return nil
}

func (a *assertion) readClaims(p map[string]json.RawMessage) *signInError {
	var ok [5]bool
	a.iss, ok[0] = text(p, "iss")
	a.sub, ok[1] = text(p, "sub")
	a.aud, ok[2] = text(p, "aud")
	a.nbf, ok[3] = instant(p, "nbf")
	a.exp, ok[4] = instant(p, "exp")
	for i, name := range []string{"iss", "sub", "aud", "nbf", "exp"} {
		if !ok[i] {
			return missingField(name)
		}
	}
	return nil
}

func missingField(name string) *signInError {
	return badRequest(90014, "The required field '%s' is missing from the credential. Ensure that you have all the necessary parameters for the login request.", name)
}

// base64Part decodes base64url without padding, and nothing that only looks
// like it.
func base64Part(s string) ([]byte, bool) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, false // the decoder passes over them
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	return b, err == nil
}

// jsonPart decodes one JSON object. Names are kept as they are, because the
// standard decoder would take them in any case.
func jsonPart(s string) (map[string]json.RawMessage, bool) {
	b, ok := base64Part(s)
	if !ok {
		return nil, false
	}
	var m map[string]json.RawMessage
	err := json.Unmarshal(b, &m)
	return m, err == nil && m != nil
}

func text(m map[string]json.RawMessage, name string) (string, bool) {
	var s *string
	if err := json.Unmarshal(m[name], &s); err != nil || s == nil {
		return "", false
	}
	return *s, *s != ""
}

// instant reads seconds since 1970 up to the year 9999.
func instant(m map[string]json.RawMessage, name string) (time.Time, bool) {
	n, err := strconv.ParseInt(string(m[name]), 10, 64)
	return time.Unix(n, 0).UTC(), err == nil && n >= 0 && n <= 253402300799
}

// thumb reads a thumbprint in either alphabet of base64 and with or without
// padding, as the service does: Microsoft's own Go library writes it in the
// standard alphabet.
func thumb(h map[string]json.RawMessage, name string) []byte {
	s, ok := text(h, name)
	if !ok {
		return nil
	}
	s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(s), "=")
	b, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return []byte(s) // something was sent; it will not be found
	}
	return b
}

// thumbprint is what the service calls the key by when it refuses it.
func (a assertion) thumbprint() string {
	b := a.sha1
	if a.sha256 != nil {
		b = a.sha256
	}
	return strings.ToUpper(hex.EncodeToString(b))
}

// find is the certificate the header names. Both thumbprints must fit if there
// are two.
func (a assertion) find(keys []certificate) (certificate, bool) {
	for _, k := range keys {
		if (a.sha256 == nil || string(a.sha256) == string(k.sha256[:])) && (a.sha1 == nil || string(a.sha1) == string(k.sha1[:])) {
			return k, true
		}
	}
	return certificate{}, false
}

func (a assertion) signedBy(key *rsa.PublicKey) bool {
	digest := sha256.Sum256(a.signed)
	if a.alg == "PS256" {
		return rsa.VerifyPSS(key, crypto.SHA256, digest[:], a.signature, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}) == nil
	}
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], a.signature) == nil
}

// tolerance is how far clocks may be apart. The service publishes none; five
// minutes is what its libraries use.
const tolerance = 5 * time.Minute

// where tells of the ways to look at an app's keys.
const where = "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id '%s'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the corresponding service endpoint and https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query request URL, such as 'https://graph.microsoft.com/beta/applications/%s']"

// verify judges an assertion for an application at the service's time.
// audience tells whether a claim names the endpoint that was asked.
func (v *visit) verify(a assertion, app *application, audience func(string) bool) *signInError {
	const documentation = "Review the documentation at https://docs.microsoft.com/azure/active-directory/develop/active-directory-certificate-credentials ."
	switch {
	case !strings.EqualFold(a.iss, a.sub):
		return badRequest(50048, "Subject must match the issuer claim in the client assertion.")
	case !strings.EqualFold(a.iss, app.client):
		return badClient(700021, "Client assertion application identifier doesn't match 'client_id' parameter. %s", documentation)
	case !audience(a.aud):
		return badClient(700023, "Client assertion audience claim does not match Realm issuer. %s", documentation)
	}
	if e := v.verifyKey(a, app); e != nil {
		return e
	}
	if a.nbf.After(v.now.Add(tolerance)) || !a.exp.After(v.now.Add(-tolerance)) {
		const layout = "2006-01-02T15:04:05.0000000Z"
		return badClient(700024, "Client assertion is not within its valid time range. Current time: %s, assertion valid from %s, expiry time of assertion %s. %s",
			v.now.Format(layout), a.nbf.Format(layout), a.exp.Format(layout), documentation)
	}
	return nil
}

// verifyKey looks the key up and checks the signature with it.
func (v *visit) verifyKey(a assertion, app *application) *signInError {
	k, ok := a.find(app.keys)
	signed := ok && a.signedBy(k.key)
	found := "Found key 'Start=" + k.start.Format("01/02/2006 15:04:05") + ", End=" + k.end.Format("01/02/2006 15:04:05") + "'"
	switch {
	case v.oldWords && !signed:
		return badClient(700027, "Client assertion contains an invalid signature. [Reason - The key was not found.]")
	case !ok:
		return badClient(700027, "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: '%s', "+where, a.thumbprint(), app.client, app.client)
	case !signed:
		return badClient(700027, "Client assertion contains an invalid signature. [Reason - Key was found, but use of the key to verify the signature failed., Thumbprint of key used by client: '%s', %s, "+where, a.thumbprint(), found, app.client, app.client)
	case !k.end.After(v.now), k.start.After(v.now):
		return badClient(700027, "Client assertion contains an invalid signature. [Reason - The key used is expired., Thumbprint of key used by client: '%s', %s]", a.thumbprint(), found)
	}
	return nil
}
