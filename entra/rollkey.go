package entra

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // a thumbprint, which the proof is found by
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// rollLimit bounds one call of an app that rolls its key, its token included.
const rollLimit = 2 * time.Minute

// Accepts asks for a token with the certificate and drops it: nil when one was
// issued. The kinds of its error are those of the check CertificateAccepted.
func (e *Entra) Accepts(ctx context.Context, t account.Target, signer crypto.Signer) ([]account.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, rollLimit)
	defer cancel()
	var asked rest.Record
	_, err := e.token(ctx, t, signer, &asked)
	return asked.Evidence(), err
}

// roll runs f with the app's own token. The token's calls are not told: they
// change nothing.
func roll[T any](ctx context.Context, e *Entra, t account.Target, signer crypto.Signer, f func(context.Context, asker) (T, error)) (v T, _ []account.Evidence, err error) {
	ctx, cancel := context.WithTimeout(ctx, rollLimit)
	defer cancel()
	var asked, calls rest.Record
	bearer, err := e.token(ctx, t, signer, &asked)
	if err != nil {
		return v, nil, err
	}
	q := asker{e.rest, "https://" + t.Cloud.Cloud().Graph + graphVersion, bearer}
	v, err = f(rest.Recorded(ctx, &calls), q)
	return v, calls.Evidence(), err
}

// FindKey is the id that a certificate has on the app itself, read with the
// app's own token; empty where it is not there, or not shown yet. RoleMissing
// where the app may not read itself.
// Source: learn.microsoft.com/graph/api/application-get.
func (e *Entra) FindKey(ctx context.Context, t account.Target, signer crypto.Signer, next account.Certificate) (string, []account.Evidence, error) {
	return roll(ctx, e, t, signer, func(ctx context.Context, q asker) (string, error) {
		var app application
		_, err := q.rest.GetJSON(ctx, q.root+"/applications(appId='"+string(t.Link.Client)+"')"+registrationSelect, q.bearer, &app)
		var said *rest.Refusal
		switch {
		case errors.As(err, &said) && said.Status == http.StatusForbidden:
			return "", said.Problem(account.RoleMissing)
		case err != nil:
			return "", changeProblem(err, "")
		}
		for _, k := range app.Keys {
			if k.is(next) && account.IsGUID(k.KeyID) {
				return strings.ToLower(k.KeyID), nil
			}
		}
		return "", nil
	})
}

// AddKey has the app add a certificate to itself, without any administrator,
// which takes a proof that it holds one that is valid. It is sent once: what an
// answer that was lost has done is found by FindKey or Accepts. The id is empty
// where the answer tells none.
// Source: learn.microsoft.com/graph/api/application-addkey.
func (e *Entra) AddKey(ctx context.Context, t account.Target, signer crypto.Signer, next account.Certificate) (string, []account.Evidence, error) {
	key, err := appKey(next)
	if err != nil {
		return "", nil, err
	}
	return roll(ctx, e, t, signer, func(ctx context.Context, q asker) (string, error) {
		var added keyCredential
		a, err := e.proven(ctx, q, t, signer, "addKey", map[string]any{"keyCredential": key, "passwordCredential": nil}, &added)
		switch {
		case err == nil && account.IsGUID(added.KeyID):
			return strings.ToLower(added.KeyID), nil
		case err == nil, a.Status == http.StatusOK: // done; only its body tells nothing
			return "", nil
		}
		return "", rollProblem(err)
	})
}

// RemoveKey has the app remove a certificate from itself by its id. One that is
// not there is no error.
// Source: learn.microsoft.com/graph/api/application-removekey.
func (e *Entra) RemoveKey(ctx context.Context, t account.Target, signer crypto.Signer, credential string) ([]account.Evidence, error) {
	if !account.IsGUID(credential) {
		return nil, &account.Problem{Kind: account.InputNotID}
	}
	_, calls, err := roll(ctx, e, t, signer, func(ctx context.Context, q asker) (struct{}, error) {
		_, err := e.proven(rest.Idempotent(ctx), q, t, signer, "removeKey", map[string]any{"keyId": credential}, nil)
		var said *rest.Refusal
		if errors.As(err, &said) && said.Status == http.StatusBadRequest && strings.HasPrefix(strings.ToLower(said.Text), "no credentials found to be removed") {
			err = nil
		}
		if err != nil {
			return struct{}{}, rollProblem(err)
		}
		return struct{}{}, nil
	})
	return calls, err
}

// proven is an action of the app on itself, with a proof.
func (e *Entra) proven(ctx context.Context, q asker, t account.Target, signer crypto.Signer, action string, body map[string]any, into any) (rest.Answer, error) {
	if err := needed(t.Link.Application); err != nil {
		return rest.Answer{}, err
	}
	p, err := proof(signer, t.Certificate, t.Link.Application, e.now())
	if err != nil {
		return rest.Answer{}, err
	}
	body["proof"] = p
	return q.rest.WriteJSON(ctx, rest.Write{Method: http.MethodPost, Address: q.root + "/applications/" + string(t.Link.Application) + "/" + action, Body: body}, q.bearer, into)
}

// rollProblem classifies why an app could not change its own keys. Graph gives
// the answer of a bad bearer token for a bad proof; the token was issued just now.
// Source: learn.microsoft.com/graph/application-rollkey-prooftoken.
func rollProblem(err error) *account.Problem {
	var r *rest.Refusal
	if errors.As(err, &r) && r.Status == http.StatusUnauthorized {
		return r.Problem(account.ProofRefused)
	}
	return changeProblem(err, "")
}

// oldGraph is the directory's own API from before Microsoft Graph, which a
// proof is addressed to.
const oldGraph = "00000002-0000-0000-c000-000000000000"

const (
	proofLife = 10 * time.Minute // the longest that is taken
	proofLead = time.Minute      // for a clock that is ahead
)

// proof is the signed statement of an app that it holds a certificate's key:
// RS256, found by the SHA-1 thumbprint, without padding.
// Source: learn.microsoft.com/graph/application-rollkey-prooftoken.
func proof(signer crypto.Signer, c account.Certificate, app account.ObjectID, now time.Time) (string, error) {
	if _, err := matching(c, signer); err != nil {
		return "", err
	}
	block, _ := pem.Decode([]byte(c.PEM)) // matching has read it
	sum := sha1.Sum(block.Bytes)          //nolint:gosec // a thumbprint
	from := now.Add(-proofLead)
	parts := make([]string, 2)
	for i, part := range []map[string]any{
		{"alg": "RS256", "typ": "JWT", "kid": strings.ToUpper(hex.EncodeToString(sum[:])), "x5t": base64.RawURLEncoding.EncodeToString(sum[:])},
		{"aud": oldGraph, "iss": string(app), "nbf": from.Unix(), "iat": from.Unix(), "exp": from.Add(proofLife).Unix()},
	} {
		b, err := json.Marshal(part)
		if err != nil {
			return "", err
		}
		parts[i] = base64.RawURLEncoding.EncodeToString(b)
	}
	text := strings.Join(parts, ".")
	digest := sha256.Sum256([]byte(text))
	signature, err := rsaSignature(signer, digest[:])
	if err != nil {
		return "", err
	}
	return text + "." + signature, nil
}

// rsaSignature is a signature by PKCS #1 v1.5, base64url without padding.
func rsaSignature(signer crypto.Signer, digest []byte) (string, error) {
	b, err := signer.Sign(rand.Reader, digest, crypto.SHA256)
	if err != nil {
		return "", account.AsProblem(err)
	}
	return base64.RawURLEncoding.EncodeToString(b), nil
}
