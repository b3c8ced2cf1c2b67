package simcloud

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net/http"
	"sync"
)

// signingKey is the sign-in services' own, made when it is first needed.
var signingKey = sync.OnceValue(func() crypto.Signer {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err) // the size is supported, and randomness never fails
	}
	return k
})

func signingKeyID() string {
	sum := sha256.Sum256(signingKey().Public().(*rsa.PublicKey).N.Bytes())
	return base64.RawURLEncoding.EncodeToString(sum[:20])
}

// keySet tells the key that ID tokens are signed with.
// Source: learn.microsoft.com/entra/identity-platform/access-tokens.
func (v *visit) keySet(tenant string) {
	key := signingKey().Public().(*rsa.PublicKey)
	v.headers()
	v.w.Header().Set("Cache-Control", "max-age=86400, private")
	writeJSON(v.w, http.StatusOK, object{"keys": []object{{
		"kty": "RSA", "use": "sig", "kid": signingKeyID(), "x5t": signingKeyID(),
		"n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": base64.RawURLEncoding.EncodeToString(big.NewInt(int64(key.E)).Bytes()),
		"issuer": "https://" + hostOf(v.r) + "/" + tenant + "/v2.0",
	}}})
}

// idToken tells the client who signed in.
// Source: learn.microsoft.com/entra/identity-platform/id-token-claims-reference.
func (v *visit) idToken(t *Tenant, u *user, client, nonce string) string {
	now := v.now.Unix()
	sub := sha256.Sum256([]byte(u.id + client))
	claims := object{
		"aud": client, "iss": "https://" + t.spec.Cloud.Cloud().Login + "/" + t.spec.ID + "/v2.0",
		"iat": now, "nbf": now, "exp": v.now.Add(tokenLife).Unix(), "name": u.name, "oid": u.id, "preferred_username": u.upn,
		"sub": base64.RawURLEncoding.EncodeToString(sub[:]), "tid": t.spec.ID, "uti": v.trace, "ver": "2.0",
	}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	return signed(object{"typ": "JWT", "alg": "RS256", "kid": signingKeyID()}, claims)
}

func signed(header, claims object) string {
	text := jsonText(header) + "." + jsonText(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := signingKey().Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		panic(err) // an RSA key signs a digest
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature)
}

func jsonText(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers can be marshalled
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// clientInfo tells the person's home: the account's own id, also of a guest.
func (v *visit) clientInfo(t *Tenant, u *user) string {
	home, id := t, u.id
	if u.guest {
		if h, own, ok := v.c.home(u.upn); ok {
			home, id = h, own.id
		}
	}
	return jsonText(object{"uid": id, "utid": home.spec.ID})
}

// home is the tenant that a sign-in name belongs to, and the person there.
func (c *Cloud) home(upn string) (*Tenant, *user, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.tenants {
		if u, ok := t.latest().userNamed(upn); ok && !u.guest {
			return t, u, true
		}
	}
	return nil, nil, false
}
