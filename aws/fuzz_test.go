package aws

import (
	"crypto/sha1"
	"encoding/hex"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// What AWS answers, for what is to be changed of it.
const (
	sessionAnswer  = `{"credentialSet":[{"assumedRoleUser":{"arn":"arn:aws:sts::111122223333:assumed-role/XopsReadOnly/x","assumedRoleId":"AROA:x"},"credentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":"2000-01-01T01:00:00Z"},"packedPolicySize":1,"roleArn":"arn:aws:iam::111122223333:role/XopsReadOnly","sourceIdentity":"x"}],"subjectArn":"arn:aws:rolesanywhere:eu-west-1:111122223333:subject/x"}`
	identityAnswer = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>arn:aws:sts::111122223333:assumed-role/XopsReadOnly/x</Arn><UserId>AROA:x</UserId><Account>111122223333</Account></GetCallerIdentityResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	roleAnswer     = `<GetRoleResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><GetRoleResult><Role><Arn>arn:aws:iam::111122223333:role/XopsReadOnly</Arn><AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument><MaxSessionDuration>3600</MaxSessionDuration><PermissionsBoundary><PermissionsBoundaryArn>x</PermissionsBoundaryArn></PermissionsBoundary></Role></GetRoleResult></GetRoleResponse>`
	stackAnswer    = `<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackId>arn:aws:cloudformation:eu-west-1:111122223333:stack/x/y</StackId><StackName>x</StackName><StackStatus>ROLLBACK_COMPLETE</StackStatus><StackStatusReason>no</StackStatusReason><Outputs><member><OutputKey>AWSRoleARN</OutputKey><OutputValue>arn:aws:iam::111122223333:role/XopsReadOnly</OutputValue></member></Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>`
	eventsAnswer   = `<DescribeStackEventsResponse><DescribeStackEventsResult><StackEvents><member><Timestamp>2000-01-01T00:00:01Z</Timestamp><ResourceStatus>CREATE_FAILED</ResourceStatus><LogicalResourceId>Role</LogicalResourceId><ResourceStatusReason>API: iam:CreateRole User is not authorized</ResourceStatusReason></member></StackEvents><NextToken>t</NextToken></DescribeStackEventsResult></DescribeStackEventsResponse>`
	orgAnswer      = `{"Organization":{"Arn":"arn:aws:organizations::111122223333:organization/o-x","FeatureSet":"ALL","Id":"o-x","MasterAccountArn":"arn:aws:organizations::111122223333:account/o-x/111122223333","MasterAccountEmail":"a@b","MasterAccountId":"111122223333"}}`
	anchorAnswer   = `{"trustAnchor":{"enabled":true,"name":"x","source":{"sourceData":{"x509CertificateData":"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"},"sourceType":"CERTIFICATE_BUNDLE"},"trustAnchorArn":"arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/x"},"profile":{"enabled":false,"roleArns":["x"],"durationSeconds":3600}}`
	simulateAnswer = `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>true</IsTruncated><Marker>m</Marker><EvaluationResults><member><EvalActionName>s3:GetObject</EvalActionName><EvalDecision>allowed</EvalDecision><EvalResourceName>*</EvalResourceName></member></EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`
	refusedXML     = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>User: arn:aws:sts::1:x is not authorized to perform: iam:GetRole on resource: y with an explicit deny in a service control policy</Message></Error><RequestId>r</RequestId></ErrorResponse>`
	refusedJSON    = `{"__type":"com.amazonaws.organizations.v20161128#AccessDeniedException","Message":"You don't have permissions to access this resource."}`
)

// answered runs f against a tape with one answer changed, in a bubble, and holds that
// what comes of it is sound and came to an end.
func answered(t *testing.T, tape *hostile.Tape, c hostile.Change, env map[string]string, f func(t *testing.T, a *AWS) []any) {
	t.Helper()
	tape.Answered(t, c, 6*time.Hour, func(t *testing.T, way http.RoundTripper) []any {
		client, err := rest.New(rest.Options{Transport: way, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		return f(t, New(client, time.Now, func(name string) string { return env[name] }))
	})
}

// recorded has a world's calls recorded.
func (w *world) recorded(tape *hostile.Tape) {
	w.t.Helper()
	c, err := rest.New(rest.Options{Transport: tape.Record(w.desk), Version: "test", Now: w.clock})
	w.must(err)
	w.aws = New(c, w.clock, func(name string) string { return w.env[name] })
}

// FuzzVerify answers one call of a whole verification, or every one, with anything:
// Roles Anywhere, STS, IAM and Organizations. The checks are told all the same.
func FuzzVerify(f *testing.F) {
	hostile.Seeds(f, 20, sessionAnswer, identityAnswer, roleAnswer, orgAnswer, anchorAnswer, simulateAnswer, refusedXML, refusedJSON)
	var tape hostile.Tape
	var w *world
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if w == nil {
			inLinked(t, management(), func(made *world) {
				w = made
				w.must(w.account.PutInline(account.AWSRoleName, "extra", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`))
				w.recorded(&tape)
				if w.verify(); tape.Len() < 8 {
					t.Fatalf("%d answers", tape.Len())
				}
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), w.env, func(t *testing.T, a *AWS) []any {
			r := a.Verify(t.Context(), w.target, w.key)
			hostile.Told(t, r, 3)
			return []any{r}
		})
	})
}

// FuzzStack does it of a sign-in, and of a stack from its making to its end.
func FuzzStack(f *testing.F) {
	hostile.Seeds(f, 20, identityAnswer, stackAnswer, eventsAnswer, orgAnswer, refusedXML,
		`<CreateStackResponse><CreateStackResult><StackId>x</StackId></CreateStackResult></CreateStackResponse>`, `<GetTemplateResponse><GetTemplateResult><TemplateBody>{}</TemplateBody></GetTemplateResult></GetTemplateResponse>`)
	var tape hostile.Tape
	var w *world
	var template string
	env := homeWith(f, "", "")
	all := func(t *testing.T, a *AWS) (out []any) {
		name := w.target.Link.StackName()
		admin, err := a.SignIn(t.Context(), Environment, w.target.Link.Region)
		if out = append(out, err); err != nil {
			return out
		}
		tell := func(p account.Pause) { out = append(out, p) }
		made, trail, err := admin.CreateStack(t.Context(), name, template, tell)
		found, seen, unseen := admin.FindStack(t.Context(), name)
		_, read, unread := admin.StackTemplate(t.Context(), name)
		changed, how, unchanged := admin.UpdateStack(t.Context(), name, template+" ", tell)
		gone, left := admin.DeleteStack(t.Context(), name, tell)
		return append(out, admin.Caller(), made, trail, err, found, seen, unseen, read, unread, changed, how, unchanged, gone, left)
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if w == nil {
			synctest.Test(t, func(t *testing.T) {
				w = newWorld(t, env, management())
				w.target.Link = account.AWSLink{Type: account.AWSManagement, Account: number, Region: home, Method: account.ByCertificate, Tag: "9f3a61c2"}
				w.certify()
				var err error
				template, err = w.aws.Template(w.target.Link, w.target.Authority)
				w.must(err)
				w.recorded(&tape)
				all(t, w.aws)
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), env, all)
	})
}

// FuzzProfile does it of the calls by which a profile's credentials are got: of the
// access portal, and of a role. What was got is never shown.
func FuzzProfile(f *testing.F) {
	hostile.Seeds(f, 6, identityAnswer, refusedXML, `{"roleCredentials":{"accessKeyId":"ASIA","secretAccessKey":"s","sessionToken":"t","expiration":9223372036854775807}}`,
		`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken><Expiration>2000-01-01T01:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
	var tape hostile.Tape
	env := homeWith(f, configuration+"\n[profile build-sso]\nrole_arn = arn:aws:iam::111122223333:role/Build\nsource_profile = admin\n", "")
	all := func(t *testing.T, a *AWS) []any {
		admin, err := a.SignIn(t.Context(), "build-sso", home)
		if err != nil {
			return []any{err}
		}
		return []any{admin.Caller(), admin.renewal}
	}
	f.Fuzz(func(t *testing.T, at uint8, place, status uint16, raw bool, text string) {
		if tape.Len() == 0 {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, env, management())
				w.must(w.account.CreateRole("Build", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`))
				w.ssoToken("corp", w.cloud.SignIn(24*time.Hour, w.account.Assign("kim", "AdministratorAccess", true)), time.Now().Add(24*time.Hour))
				w.recorded(&tape)
				all(t, w.aws)
			})
		}
		answered(t, &tape, hostile.Changed(at, place, status, raw, text), env, all)
	})
}

// FuzzConfiguration puts anything into each file that a profile is read from, and signs
// in by it: what is said of that is sound, and of the files nothing is in it.
func FuzzConfiguration(f *testing.F) {
	token := `{"startUrl":"https://corp.awsapps.com/start","region":"eu-west-1","accessToken":"hush-hush-hush","expiresAt":"2999-01-01T00:00:00Z"}`
	for _, s := range []string{"", configuration, credentialsFile, token, "[profile build]\nrole_arn = " + hostile.Short, "[profile " + hostile.Short + "]\naws_access_key_id = A\n", "[build]\naws_access_key_id = A\naws_secret_access_key = hush-hush-hush\n", strings.Repeat("[profile build]\nsource_profile = build\n", 50), "\xef\xbb\xbf[default]\r\nregion=\x00"} {
		f.Add(s, s, s)
		f.Add(configuration, s, token)
		f.Add(s, credentialsFile, s)
	}
	for _, s := range hostile.Texts[:20] { // in a name, and in each setting that is told of
		f.Add("[profile build]\nrole_arn = arn:aws:iam::111122223333:role/x\nsource_profile = "+s+"\n[profile "+s+"]\ncredential_source = "+s+"\n", "", "")
		f.Add("[profile build]\ncredential_source = "+s+"\n[profile admin]\nsso_session = "+s+"\nregion = "+s+"\nendpoint_url = "+s+"\n", "", "")
		f.Add("[profile build]\nsource_profile = "+s+"\nrole_arn = "+s+"\n[profile admin]\nlogin_session = "+s+"\n", "", "")
	}
	env := homeWith(f, "", "")
	sum := sha1.Sum([]byte("corp"))
	cache := filepath.Join(env["HOME"], ".aws", "sso", "cache", hex.EncodeToString(sum[:])+".json")
	if err := os.MkdirAll(filepath.Dir(cache), 0o700); err != nil {
		f.Fatal(err)
	}
	silent := &desk{cloud: http.NotFoundHandler()}
	f.Fuzz(func(t *testing.T, config, credentials, cached string) {
		if strings.Contains(strings.ToLower(config+credentials), "process") {
			return // it would be run
		}
		for name, text := range map[string]string{filepath.Join(env["HOME"], ".aws", "config"): config, filepath.Join(env["HOME"], ".aws", "credentials"): credentials, cache: cached} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		synctest.Test(t, func(t *testing.T) {
			a := at(t, silent, time.Now, env)
			profiles, err := a.Profiles(t.Context())
			hostile.Sound(t, profiles, err, a.Settings())
			for i, p := range append(profiles, account.AWSNamed{Name: "build"}, account.AWSNamed{Name: "admin"}) {
				if i > 20 {
					break
				}
				_, err := a.SignIn(t.Context(), p.Name, "")
				hostile.Sound(t, err)
				if err == nil || strings.Contains(err.Error(), "hush-hush-hush") {
					t.Errorf("%s: %v", p.Name, err)
				}
			}
		})
	})
}
