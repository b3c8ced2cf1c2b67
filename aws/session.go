package aws

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// createSession is the one call that no SDK has.
const createSession = "CreateSession"

// Session buys credentials for an hour: for a link ByCertificate with the leaf's
// key, for one ByProfile with the profile. A profile without a role gives what it
// has, which may hold for longer, and whose Expires is zero where that is not
// known. AWSUntrusted, AWSRoleNotTaken, AWSGone, AWSDisabled, ClockOff and their
// kin say why there are none; a role that cannot be taken may only not have spread
// yet.
func (a *AWS) Session(ctx context.Context, t account.AWSTarget, signer crypto.Signer) (account.AWSCredentials, []account.Evidence, error) {
	keys, evidence, err := a.session(rest.For(ctx, string(t.Link.Account)), t, signer)
	if err != nil {
		return account.AWSCredentials{}, evidence, err
	}
	return account.AWSCredentials{
		AccessKeyID: keys.AccessKeyID, SecretAccessKey: keys.SecretAccessKey, SessionToken: keys.SessionToken, Expires: keys.Expires,
	}, evidence, nil
}

func (a *AWS) session(ctx context.Context, t account.AWSTarget, signer crypto.Signer) (sdk.Credentials, []account.Evidence, error) {
	if t.Link.Method == account.ByProfile {
		return a.profileSession(ctx, t.Link)
	}
	leaf, err := a.presentable(t, signer)
	if err != nil {
		return sdk.Credentials{}, nil, err
	}
	body, err := json.Marshal(map[string]any{
		"durationSeconds": sessionLife, "profileArn": t.Link.Profile, "roleArn": t.Link.Role, "trustAnchorArn": t.Link.Anchor,
	})
	if err != nil {
		return sdk.Credentials{}, nil, unexpected("write the request: %w", err)
	}
	// Nothing is made by this call, so it may be repeated.
	answer, e, err := a.send(rest.Idempotent(ctx), t.Link.Anchor.Region(), request{
		service: rolesanywhere, action: createSession, method: http.MethodPost, path: "/sessions", content: "application/json", body: body,
		sign: func(_ context.Context, r *http.Request, body []byte) error {
			return signX509(r, body, leaf, signer, t.Link.Anchor.Region(), a.now())
		},
	})
	if err != nil {
		return sdk.Credentials{}, made(e), err
	}
	keys, err := readSession(answer, t.Link.Role)
	return keys, made(e), err
}

// readSession reads the answer of CreateSession.
func readSession(answer []byte, role account.ARN) (sdk.Credentials, error) {
	var got struct {
		Set []struct {
			Role        account.ARN `json:"roleArn"`
			Credentials struct {
				ID      string    `json:"accessKeyId"`
				Secret  string    `json:"secretAccessKey"`
				Token   string    `json:"sessionToken"`
				Expires time.Time `json:"expiration"`
			} `json:"credentials"`
		} `json:"credentialSet"`
	}
	if err := readJSON(answer, &got); err != nil {
		return sdk.Credentials{}, err
	}
	if len(got.Set) != 1 {
		return sdk.Credentials{}, formMisfit()
	}
	c := got.Set[0].Credentials
	if c.ID == "" || c.Secret == "" || c.Token == "" || c.Expires.IsZero() || got.Set[0].Role != role {
		return sdk.Credentials{}, formMisfit()
	}
	return sdk.Credentials{AccessKeyID: c.ID, SecretAccessKey: c.Secret, SessionToken: c.Token, CanExpire: true, Expires: c.Expires}, nil
}

// nameForm is what a common name can be that becomes a session tag: others fail.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html.
var nameForm = account.Lazily(`^[A-Za-z0-9 _.:/=+@-]{1,61}$`)

// presentable looks at everything that AWS would answer with one and the same
// AccessDenied, and gives the leaf that is to be presented.
func (a *AWS) presentable(t account.AWSTarget, signer crypto.Signer) (*x509.Certificate, error) {
	if err := consistent(t.Link); err != nil {
		return nil, err
	}
	leaf, err := parse(t.Leaf)
	if err != nil {
		return nil, err
	}
	now := a.now()
	untrusted := func(why string) error {
		return &account.Problem{Kind: account.AWSUntrusted, Subject: account.Clean(leaf.Subject.CommonName, 100), Message: why}
	}
	switch {
	case signer == nil:
		return nil, &account.Problem{Kind: account.KeyMissing}
	case !fits(leaf, signer):
		return nil, &account.Problem{Kind: account.KeyDamaged, Message: "the stored key is not that of the certificate"}
	case now.Before(leaf.NotBefore):
		return nil, &account.Problem{Kind: account.ClockOff, Skew: now.Sub(leaf.NotBefore), Message: "the certificate does not hold yet by this machine's clock"}
	case !now.Before(leaf.NotAfter):
		return nil, &account.Problem{Kind: account.Expired, Subject: account.Clean(leaf.Subject.CommonName, 100)}
	case leaf.IsCA || !leaf.BasicConstraintsValid:
		return nil, untrusted("the certificate has to say CA:FALSE")
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return nil, untrusted("the certificate is not for digital signatures")
	case !nameForm().MatchString(leaf.Subject.CommonName) || len(leaf.Subject.Names) != 1:
		return nil, untrusted("the certificate's subject has to be one common name of plain characters")
	}
	if !t.Authority.Made() {
		return leaf, nil
	}
	authority, err := parse(t.Authority)
	switch {
	case err != nil:
		return nil, err
	case leaf.CheckSignatureFrom(authority) != nil:
		return nil, untrusted("the certificate is not signed by the link's authority")
	case !now.Before(authority.NotAfter):
		return nil, &account.Problem{Kind: account.Expired, Subject: account.Clean(authority.Subject.CommonName, 100)}
	}
	return leaf, nil
}

// consistent looks that the link's three names belong together: trust anchor,
// profile and the call's host share their region, and all of them their account.
func consistent(l account.AWSLink) error {
	wrong := func(subject account.ARN, why string) error {
		return &account.Problem{Kind: account.InputNotARN, Subject: account.Clean(string(subject), longestText), Message: why}
	}
	for _, want := range []struct {
		arn      account.ARN
		service  string
		resource string
	}{{l.Anchor, "rolesanywhere", "trust-anchor/"}, {l.Profile, "rolesanywhere", "profile/"}, {l.Role, "iam", "role/"}} {
		if _, err := account.ParseARN(string(want.arn)); err != nil {
			return wrong(want.arn, "it is no ARN")
		}
		if want.arn.Service() != want.service || !strings.HasPrefix(want.arn.Resource(), want.resource) {
			return wrong(want.arn, "it is not of a "+strings.TrimSuffix(want.resource, "/"))
		}
		if want.arn.Partition() != l.Anchor.Partition() {
			return wrong(want.arn, "it is of another partition than the trust anchor")
		}
		if want.arn.Account() != l.Anchor.Account() {
			return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(want.arn.Account()), Message: "the link's ARNs are of different accounts"}
		}
	}
	region, err := account.ParseAWSRegion(string(l.Anchor.Region()))
	switch {
	case err != nil || region.Partition() != l.Anchor.Partition():
		return wrong(l.Anchor, "its region is not of its partition")
	case l.Profile.Region() != region:
		return wrong(l.Profile, "it is in another region than the trust anchor")
	case l.Region != "" && l.Region != region:
		return wrong(l.Anchor, "it is in another region than the link")
	case l.Account != "" && l.Account != l.Anchor.Account():
		return &account.Problem{Kind: account.AWSOtherAccount, Subject: string(l.Anchor.Account())}
	}
	return nil
}

const x509Algorithm = "AWS4-X509-ECDSA-SHA256"

// signX509 signs a request as SigV4 does, with the certificate in the place of an
// access key: the credential is its serial number in decimal, and the signature
// the key's own over the string to sign, without a key that is derived.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/authentication-sign-process.html.
func signX509(r *http.Request, body []byte, leaf *x509.Certificate, key crypto.Signer, region account.AWSRegion, now time.Time) error {
	stamp := now.UTC().Format("20060102T150405Z")
	scope := stamp[:8] + "/" + string(region) + "/" + string(rolesanywhere) + "/aws4_request"
	r.Header.Set("X-Amz-Date", stamp)
	r.Header.Set("X-Amz-X509", base64.StdEncoding.EncodeToString(leaf.Raw))
	const signed = "content-type;host;x-amz-date;x-amz-x509"
	canonical := strings.Join([]string{
		r.Method, r.URL.EscapedPath(), "",
		"content-type:" + r.Header.Get("Content-Type"), "host:" + r.URL.Host,
		"x-amz-date:" + stamp, "x-amz-x509:" + r.Header.Get("X-Amz-X509"), "",
		signed, hexSum(body),
	}, "\n")
	digest := sha256.Sum256([]byte(strings.Join([]string{x509Algorithm, stamp, scope, hexSum([]byte(canonical))}, "\n")))
	signature, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil {
		return unexpected("sign the request: %w", err)
	}
	r.Header.Set("Authorization", x509Algorithm+" Credential="+leaf.SerialNumber.String()+"/"+scope+
		", SignedHeaders="+signed+", Signature="+hex.EncodeToString(signature))
	return nil
}

func hexSum(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
