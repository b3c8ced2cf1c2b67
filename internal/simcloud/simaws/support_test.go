package simaws_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// at is when these tests take place.
var at = time.Date(2026, 11, 22, 19, 36, 19, 0, time.UTC)

const (
	number = "111122223333"
	member = "444455556666"
	region = "eu-west-1"
)

// clock is a clock that tests turn.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) forward(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

// direct answers requests without a socket.
type direct struct{ h http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	in := r.Clone(r.Context())
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, in)
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// world is AWS with one management account and an administrator.
type world struct {
	t       testing.TB
	clock   *clock
	cloud   *simaws.Cloud
	account *simaws.Account
	admin   simaws.Key
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, clock: &clock{now: at}}
	w.cloud = simaws.New(w.clock.Now)
	w.account = w.cloud.AddAccount(simaws.AccountSpec{Number: number, Name: "payer", Alias: "contoso", Organization: simaws.Management})
	w.admin = w.account.AddUser("ada", true)
	return w
}

// in is the same world in another test, as a fuzz target has one for each input.
func (w *world) in(t testing.TB) *world {
	o := *w
	o.t = t
	return &o
}

// caller are credentials and where they are used.
type caller struct {
	cloud  *simaws.Cloud
	creds  aws.Credentials
	region string
	now    func() time.Time
}

func (w *world) as(k simaws.Key) caller {
	return caller{w.cloud, aws.Credentials{AccessKeyID: k.ID, SecretAccessKey: k.Secret}, region, w.clock.Now}
}

func (c caller) in(region string) caller { c.region = region; return c }

func (c caller) config() aws.Config {
	return aws.Config{
		Region: c.region, HTTPClient: &http.Client{Transport: direct{c.cloud}}, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return c.creds, nil }),
		APIOptions:  nil,
	}
}

// at signs with the test's clock and not the machine's.
func (c caller) signer() v4.HTTPSigner { return timed{v4.NewSigner(), c.now} }

type timed struct {
	s   *v4.Signer
	now func() time.Time
}

func (t timed) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, opts ...func(*v4.SignerOptions)) error {
	return t.s.SignHTTP(ctx, creds, r, hash, service, region, t.now(), opts...)
}

func (c caller) sts() *sts.Client {
	return sts.NewFromConfig(c.config(), func(o *sts.Options) { o.HTTPSignerV4 = c.signer() })
}

func (c caller) iam() *iam.Client {
	return iam.NewFromConfig(c.config(), func(o *iam.Options) { o.HTTPSignerV4 = c.signer() })
}

func (c caller) formation() *cloudformation.Client {
	return cloudformation.NewFromConfig(c.config(), func(o *cloudformation.Options) { o.HTTPSignerV4 = c.signer() })
}

func (c caller) anywhere() *rolesanywhere.Client {
	return rolesanywhere.NewFromConfig(c.config(), func(o *rolesanywhere.Options) { o.HTTPSignerV4 = c.signer() })
}

func (c caller) organizations() *organizations.Client {
	return organizations.NewFromConfig(c.config(), func(o *organizations.Options) { o.HTTPSignerV4 = c.signer() })
}

// wantError holds an SDK error against a code and a part of its message.
func wantError(t testing.TB, err error, code, part string) {
	t.Helper()
	var e smithy.APIError
	switch {
	case err == nil:
		t.Errorf("no error, want %s %q", code, part)
	case !errors.As(err, &e):
		t.Errorf("%v is not the service's, want %s", err, code)
	case e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), part):
		t.Errorf("got %s: %s\nwant %s: …%s…", e.ErrorCode(), e.ErrorMessage(), code, part)
	}
}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Authorities and leaves.

type pair struct {
	key  crypto.Signer
	cert *x509.Certificate
}

func (p pair) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw}))
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
}

var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

const (
	caCN   = "xops360-wizard-ca-4f2a"
	leafCN = "xops360-wizard-4f2a"
)

func newCA(t testing.TB, cn string, spoil ...func(*x509.Certificate)) pair {
	t.Helper()
	key := newKey(t)
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, NotBefore: at.Add(-5 * time.Minute), NotAfter: at.AddDate(2, 0, 0),
		BasicConstraintsValid: true, IsCA: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	for _, f := range spoil {
		f(c)
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, c, key.Public(), key))
	return pair{key, must[*x509.Certificate](t)(x509.ParseCertificate(der))}
}

func (ca pair) leaf(t testing.TB, key crypto.Signer, spoil ...func(*x509.Certificate)) pair {
	t.Helper()
	c := &x509.Certificate{
		SerialNumber: must[*big.Int](t)(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))), Subject: pkix.Name{CommonName: leafCN},
		NotBefore: at.Add(-5 * time.Minute), NotAfter: at.AddDate(0, 0, 90), BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, f := range spoil {
		f(c)
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, c, ca.cert, key.Public(), ca.key))
	return pair{key, must[*x509.Certificate](t)(x509.ParseCertificate(der))}
}

// template is a link's stack, as CloudFormation's documentation has one made.
func template(ca pair) map[string]any {
	sub := func(s string) any { return map[string]any{"Fn::Sub": s} }
	att := func(of, name string) any { return map[string]any{"Fn::GetAtt": []any{of, name}} }
	policies := []any{
		sub("arn:${AWS::Partition}:iam::aws:policy/SecurityAudit"),
		map[string]any{"Fn::Join": []any{"", []any{"arn:", map[string]any{"Ref": "AWS::Partition"}, ":iam::aws:policy/job-function/ViewOnlyAccess"}}},
	}
	return map[string]any{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "read-only link",
		"Resources": map[string]any{
			"Anchor": map[string]any{"Type": "AWS::RolesAnywhere::TrustAnchor", "Properties": map[string]any{
				"Name": "xops360-4f2a", "Enabled": true,
				"Source": map[string]any{"SourceType": "CERTIFICATE_BUNDLE", "SourceData": map[string]any{"X509CertificateData": ca.pem()}},
			}},
			"Role": map[string]any{"Type": "AWS::IAM::Role", "Properties": map[string]any{
				"RoleName": "XopsReadOnly", "MaxSessionDuration": 3600, "ManagedPolicyArns": policies,
				"AssumeRolePolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
					"Effect": "Allow", "Principal": map[string]any{"Service": "rolesanywhere.amazonaws.com"},
					"Action": []any{"sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"},
					"Condition": map[string]any{
						"ArnEquals":    map[string]any{"aws:SourceArn": att("Anchor", "TrustAnchorArn")},
						"StringEquals": map[string]any{"aws:PrincipalTag/x509Subject/CN": leafCN, "aws:PrincipalTag/x509Issuer/CN": caCN},
					},
				}}},
				"Policies": []any{map[string]any{"PolicyName": "DenyDataReads", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{
					"Effect": "Deny", "Action": []any{"s3:GetObject", "rds:DownloadDBLogFilePortion", "cognito-idp:ListUsers*"}, "Resource": "*",
				}}}}},
			}},
			"Profile": map[string]any{"Type": "AWS::RolesAnywhere::Profile", "Properties": map[string]any{
				"Name": "xops360-4f2a", "Enabled": true, "DurationSeconds": 3600, "RoleArns": []any{att("Role", "Arn")}, "ManagedPolicyArns": policies,
			}},
		},
		"Outputs": map[string]any{
			"AWSRoleARN":     map[string]any{"Value": att("Role", "Arn")},
			"TrustAnchorARN": map[string]any{"Value": att("Anchor", "TrustAnchorArn")},
			"ProfileARN":     map[string]any{"Value": sub("${Profile.ProfileArn}")},
		},
	}
}

func toJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// dig is what lies at a path in a template.
func dig(v any, path ...string) map[string]any {
	for _, p := range path {
		v = v.(map[string]any)[p]
	}
	return v.(map[string]any)
}

// linked is a world with the stack in it.
func linked(t testing.TB, change ...func(map[string]any)) (*world, pair, simaws.StackState) {
	t.Helper()
	w, ca := newWorld(t), newCA(t, caCN)
	tmpl := template(ca)
	for _, f := range change {
		f(tmpl)
	}
	if _, err := w.account.UploadTemplate(region, "xops360-link", toJSON(tmpl)); err != nil {
		t.Fatal(err)
	}
	s := w.account.Stacks(region)[0]
	if s.Status != "CREATE_COMPLETE" {
		t.Fatalf("stack is %s: %s", s.Status, s.Reason)
	}
	return w, ca, s
}

// sessionRequest is a CreateSession before it is spoilt. It is signed here, by
// the vendor's description of the process and with nothing of the server's.
type sessionRequest struct {
	leaf      pair
	chain     []*x509.Certificate
	host      string
	region    string
	service   string
	date      time.Time
	scopeDate string
	serial    string
	algorithm string
	signed    []string
	inQuery   bool
	body      map[string]any
	key       crypto.Signer
	query     url.Values
	after     func(*http.Request)
}

func (w *world) request(leaf pair, s simaws.StackState) *sessionRequest {
	r := &sessionRequest{
		leaf: leaf, host: "rolesanywhere." + region + ".amazonaws.com", region: region, service: "rolesanywhere", date: w.clock.Now(),
		serial: leaf.cert.SerialNumber.String(), signed: []string{"content-type", "host", "x-amz-date", "x-amz-x509"}, key: leaf.key,
		body: map[string]any{"durationSeconds": 3600, "profileArn": s.Outputs["ProfileARN"], "roleArn": s.Outputs["AWSRoleARN"], "trustAnchorArn": s.Outputs["TrustAnchorARN"]},
	}
	r.algorithm = "AWS4-X509-ECDSA-SHA256"
	if _, ok := leaf.key.(*rsa.PrivateKey); ok {
		r.algorithm = "AWS4-X509-RSA-SHA256"
	}
	return r
}

func hexSHA256(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func (r *sessionRequest) build(t testing.TB) *http.Request {
	t.Helper()
	u := "https://" + r.host + "/sessions"
	body := r.body
	if r.inQuery {
		q := url.Values{}
		body = map[string]any{"durationSeconds": r.body["durationSeconds"]}
		for _, name := range []string{"profileArn", "roleArn", "trustAnchorArn"} {
			q.Set(name, r.body[name].(string))
		}
		r.query = q
		u += "?" + q.Encode()
	}
	text := toJSON(body)
	req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, u, strings.NewReader(text)))
	date := r.date.UTC().Format("20060102T150405Z")
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Date", date)
	req.Header.Set("X-Amz-X509", base64.StdEncoding.EncodeToString(r.leaf.cert.Raw))
	if len(r.chain) > 0 {
		var parts []string
		for _, c := range r.chain {
			parts = append(parts, base64.StdEncoding.EncodeToString(c.Raw))
		}
		req.Header.Set("X-Amz-X509-Chain", strings.Join(parts, ","))
		r.signed = append(r.signed, "x-amz-x509-chain")
	}
	slices.Sort(r.signed)
	var headers strings.Builder
	for _, name := range r.signed {
		v := req.Header.Get(name)
		if name == "host" {
			v = r.host
		}
		fmt.Fprintf(&headers, "%s:%s\n", name, v)
	}
	scopeDate := r.scopeDate
	if scopeDate == "" {
		scopeDate = date[:8]
	}
	scope := scopeDate + "/" + r.region + "/" + r.service + "/aws4_request"
	query := strings.ReplaceAll(r.query.Encode(), "+", "%20")
	canonical := "POST\n/sessions\n" + query + "\n" + headers.String() + "\n" + strings.Join(r.signed, ";") + "\n" + hexSHA256(text)
	sum := sha256.Sum256([]byte(r.algorithm + "\n" + date + "\n" + scope + "\n" + hexSHA256(canonical)))
	sig := must[[]byte](t)(r.key.Sign(rand.Reader, sum[:], crypto.SHA256))
	req.Header.Set("Authorization", fmt.Sprintf("%s Credential=%s/%s, SignedHeaders=%s, Signature=%s", r.algorithm, r.serial, scope, strings.Join(r.signed, ";"), hex.EncodeToString(sig)))
	if r.after != nil {
		r.after(req)
	}
	return req
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (w *world) send(req *http.Request) answer {
	w.t.Helper()
	resp := must[*http.Response](w.t)((&http.Client{Transport: direct{w.cloud}}).Do(req))
	defer resp.Body.Close()
	return answer{resp.StatusCode, resp.Header, must[[]byte](w.t)(io.ReadAll(resp.Body))}
}

func (a answer) code() string { return a.header.Get("X-Amzn-Errortype") }

func (a answer) message() string {
	var m struct{ Message string }
	_ = json.Unmarshal(a.body, &m) // a page of something else has none
	return m.Message
}

// granted is a CreateSession that was granted.
type granted struct {
	CredentialSet []struct {
		AssumedRoleUser struct{ Arn, AssumedRoleID string }
		Credentials     struct {
			AccessKeyID, SecretAccessKey, SessionToken string
			Expiration                                 time.Time
		}
		PackedPolicySize        int
		RoleArn, SourceIdentity string
	}
	SubjectArn string
}

func (w *world) session(r *sessionRequest) (caller, granted) {
	w.t.Helper()
	a := w.send(r.build(w.t))
	if a.status != http.StatusCreated {
		w.t.Fatalf("CreateSession: %d %s", a.status, a.body)
	}
	var g granted
	if err := json.NewDecoder(bytes.NewReader(a.body)).Decode(&g); err != nil || len(g.CredentialSet) != 1 {
		w.t.Fatalf("%s: %v", a.body, err)
	}
	c := g.CredentialSet[0].Credentials
	return caller{w.cloud, aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}, region, w.clock.Now}, g
}

// credentialsOf reads role credentials of IAM Identity Center.
func credentialsOf(t testing.TB, body []byte) aws.Credentials {
	t.Helper()
	var v struct {
		RoleCredentials struct {
			AccessKeyID, SecretAccessKey, SessionToken string
			Expiration                                 int64
		}
	}
	if err := json.Unmarshal(body, &v); err != nil || v.RoleCredentials.Expiration != at.Add(time.Hour).UnixMilli() {
		t.Fatalf("%s: %v", body, err)
	}
	return aws.Credentials{AccessKeyID: v.RoleCredentials.AccessKeyID, SecretAccessKey: v.RoleCredentials.SecretAccessKey, SessionToken: v.RoleCredentials.SessionToken}
}
