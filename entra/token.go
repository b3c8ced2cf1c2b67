package entra

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net/url"
	"strings"
	"time"

	msalerrors "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/AzureAD/microsoft-authentication-library-for-go/apps/confidential"
	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// token asks for an app-only token for the cloud's Microsoft Graph with the
// account's certificate. What was asked is in calls.
func (e *Entra) token(ctx context.Context, t account.Target, signer crypto.Signer, calls *rest.Record) (rest.Bearer, error) {
	return e.tokenFor(ctx, account.MicrosoftGraph, t, signer, calls)
}

// AzureToken asks for an app-only token for the cloud's Azure Resource Manager
// with the account's certificate; one is issued whatever roles the app has there.
// Each call is a new token, as one keeps the view of the roles that it began
// with. What was called is told. It fails as Accepts does.
// Source: learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow.
func (e *Entra) AzureToken(ctx context.Context, t account.Target, signer crypto.Signer) (rest.Bearer, []account.Evidence, error) {
	var calls rest.Record
	b, err := e.tokenFor(ctx, account.ResourceManager, t, signer, &calls)
	return b, calls.Evidence(), err
}

// Credentials asks for an app-only token for a resource with the account's
// certificate, for whoever collects data with it. It fails as Accepts does.
func (e *Entra) Credentials(ctx context.Context, of account.Resource, t account.Target, signer crypto.Signer) (account.AppToken, error) {
	var calls rest.Record
	result, err := e.acquire(ctx, of, t, signer, &calls)
	if err != nil {
		return account.AppToken{}, err
	}
	return account.AppToken{Access: result.AccessToken, Type: "Bearer", Expires: result.ExpiresOn.UTC()}, nil
}

// hostOf is the host of a resource in a cloud.
func hostOf(r account.Resource, cloud account.Cloud) string {
	if r == account.ResourceManager {
		return cloud.ARM
	}
	return cloud.Graph
}

// tokenFor is an app-only token together with the host that it is for.
func (e *Entra) tokenFor(ctx context.Context, of account.Resource, t account.Target, signer crypto.Signer, calls *rest.Record) (rest.Bearer, error) {
	result, err := e.acquire(ctx, of, t, signer, calls)
	if err != nil {
		return rest.Bearer{}, err
	}
	return rest.NewBearer(result.AccessToken, hostOf(of, t.Cloud.Cloud()), string(t.Link.Tenant)+"/"+string(t.Link.Client)), nil
}

// acquire asks for an app-only token. Every call is a new client without a
// cache: a permission or role that changed is in new tokens only.
func (e *Entra) acquire(ctx context.Context, of account.Resource, t account.Target, signer crypto.Signer, calls *rest.Record) (confidential.AuthResult, error) {
	var none confidential.AuthResult
	if !account.IsGUID(string(t.Link.Tenant)) || !account.IsGUID(string(t.Link.Client)) {
		return none, &account.Problem{Kind: account.InputNotID}
	}
	thumbprint, err := matching(t.Certificate, signer)
	if err != nil {
		return none, err
	}
	cloud := t.Cloud.Cloud()
	credential := confidential.NewCredFromAssertionCallback(
		func(_ context.Context, o confidential.AssertionRequestOptions) (string, error) {
			if err := ownEndpoint(o.TokenEndpoint, cloud, t.Link.Tenant); err != nil {
				return "", err
			}
			return assertion(signer, thumbprint, o.TokenEndpoint, string(t.Link.Client), e.now())
		})
	app, err := confidential.New("https://"+cloud.Login+"/"+string(t.Link.Tenant), string(t.Link.Client), credential,
		confidential.WithHTTPClient(e.web(cloud.Login)),
		confidential.WithInstanceDiscovery(false),
		// Else MSAL_FORCE_REGION in the environment would change the endpoint.
		confidential.WithAzureRegion("DisableMsalForceRegion"))
	if err != nil {
		return none, &account.Problem{Kind: account.Unexpected, Message: "the sign-in library refused its settings", Err: err}
	}
	ctx = rest.For(ctx, string(t.Link.Client)) // another app of the tenant is not throttled with this one
	result, err := app.AcquireTokenByCredential(rest.Idempotent(rest.Recorded(ctx, calls)), []string{"https://" + hostOf(of, cloud) + "/.default"})
	if err != nil {
		last, _ := calls.Last()
		return none, e.tokenProblem(ctx, err, cloud.Login, last)
	}
	return result, nil
}

// matching is the SHA-256 thumbprint of the certificate, which must be for the
// signer's key: if it is not, no service can accept what the key signs.
func matching(c account.Certificate, signer crypto.Signer) ([]byte, error) {
	block, _ := pem.Decode([]byte(c.PEM))
	if block == nil {
		return nil, &account.Problem{Kind: account.KeyDamaged, Err: errors.New("the certificate cannot be read")}
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, &account.Problem{Kind: account.KeyDamaged, Err: err}
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !public.Equal(signer.Public()) {
		return nil, &account.Problem{Kind: account.SignatureWrong, Err: errors.New("the stored key is not the certificate's")}
	}
	sum := sha256.Sum256(block.Bytes)
	return sum[:], nil
}

// ownEndpoint refuses to sign for an endpoint of another cloud or tenant.
func ownEndpoint(endpoint string, cloud account.Cloud, tenant account.TenantID) error {
	u, err := url.Parse(endpoint)
	if err == nil && u.Scheme == "https" && strings.EqualFold(u.Host, cloud.Login) && guidIn(endpoint) == strings.ToLower(string(tenant)) {
		return nil
	}
	if err == nil {
		if id, ok := cloudNamed(u.Hostname()); ok && id.Cloud().Login != cloud.Login {
			return &account.Problem{Kind: account.TenantElsewhere, Subject: string(id)}
		}
	}
	return &account.Problem{Kind: account.Unexpected, Subject: cloud.Login, Message: "the tenant's token endpoint is not its own"}
}

// assertionLife is how long a client assertion holds; five to ten minutes are
// asked for. Source: learn.microsoft.com/entra/identity-platform/certificate-credentials.
const assertionLife = 10 * time.Minute

// assertion is the signed statement that stands in for a password. The
// thumbprint is base64url without padding, as RFC 7515 has it.
func assertion(signer crypto.Signer, thumbprint []byte, endpoint, client string, now time.Time) (string, error) {
	header, err := json.Marshal(map[string]any{
		"alg": "PS256", "typ": "JWT", "x5t#S256": base64.RawURLEncoding.EncodeToString(thumbprint),
	})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(map[string]any{
		"aud": endpoint, "iss": client, "sub": client, "jti": uuid.NewString(),
		"nbf": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(header) + "." + base64.RawURLEncoding.EncodeToString(claims)
	digest := sha256.Sum256([]byte(text))
	signature, err := signer.Sign(rand.Reader, digest[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256})
	if err != nil {
		return "", account.AsProblem(err)
	}
	return text + "." + base64.RawURLEncoding.EncodeToString(signature), nil
}

// tokenProblem says why there is no token. The library's errors hold the
// request with the assertion, and bodies: nothing of them is kept but what is
// read out here.
func (e *Entra) tokenProblem(ctx context.Context, err error, host string, last rest.Answer) *account.Problem {
	if r, ok := refusalOf(err, last); ok {
		return r.problem(e.now())
	}
	return unanswered(ctx, err, host, last)
}

// refusalOf is what the sign-in service said, if it is the one that refused.
func refusalOf(err error, last rest.Answer) (tokenRefusal, bool) {
	var known *account.Problem
	var refused msalerrors.CallErr
	var unread msalerrors.InvalidJsonErr
	switch {
	case errors.As(err, &known):
	case errors.As(err, &refused):
		return readTokenRefusal(bodyOf(refused), last), true
	case errors.As(err, &unread):
		// The text quotes the body, which may be half of a token.
		r := refusalIn(unread, last)
		return r, r.Error != ""
	case strings.Contains(err.Error(), "AADSTS"): // status 200 with an error in it
		return tokenRefusal{Description: err.Error()[strings.Index(err.Error(), "AADSTS"):], answer: last, status: last.Status}, true
	}
	return tokenRefusal{}, false
}

// unanswered says why there is no answer of the sign-in service.
func unanswered(ctx context.Context, err error, host string, last rest.Answer) *account.Problem {
	var known *account.Problem
	var unread msalerrors.InvalidJsonErr
	p := &account.Problem{Kind: account.Unexpected, Subject: host, Status: last.Status, RequestID: last.RequestID}
	switch {
	case errors.As(err, &known):
		return known
	case errors.As(err, &unread):
		p.Message = "the answer has another form than documented"
	case errors.Is(ctx.Err(), context.Canceled):
		p.Kind, p.Subject = account.Cancelled, ""
	case ctx.Err() != nil:
		p.Kind = account.TimedOut
	default:
		p.Message = rest.Text(rest.Sentence(err.Error()), 200)
	}
	return p
}

// refusalIn is the error that came with status 200 and without what an answer
// must have; empty when the body is none.
func refusalIn(unread msalerrors.InvalidJsonErr, last rest.Answer) tokenRefusal {
	_, body, _ := strings.Cut(unread.Error(), "message was: ")
	return readTokenRefusal([]byte(body), last)
}

// bodyOf is the body of a refusal. Where the library has read it already, the
// error's text has it after its first line.
func bodyOf(refused msalerrors.CallErr) []byte {
	if refused.Resp != nil && refused.Resp.Body != nil {
		if b, err := io.ReadAll(refused.Resp.Body); err == nil && len(b) > 0 {
			return b
		}
	}
	_, body, _ := strings.Cut(refused.Error(), "\n")
	return []byte(body)
}
