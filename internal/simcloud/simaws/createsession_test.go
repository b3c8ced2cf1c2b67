package simaws_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// TestBothKindsOfKeyAndBothFormsGetIn holds what must work: P-256 and RSA, the
// ARNs in the body and in the query.
func TestBothKindsOfKeyAndBothFormsGetIn(t *testing.T) {
	w, ca, s := linked(t)
	for name, r := range map[string]*sessionRequest{
		"P-256": w.request(ca.leaf(t, newKey(t)), s),
		"RSA":   w.request(ca.leaf(t, rsaKey()), s),
	} {
		for _, inQuery := range []bool{false, true} {
			r.inQuery = inQuery
			_, g := w.session(r)
			if got, want := g.CredentialSet[0].Credentials.Expiration, at.Add(time.Hour); !got.Equal(want) {
				t.Errorf("%s, in query %t: ends %s, want %s", name, inQuery, got, want)
			}
		}
	}
}

func TestACertificateBetweenIsSentAlong(t *testing.T) {
	root := newCA(t, "root", func(c *x509.Certificate) { c.MaxPathLenZero, c.MaxPathLen = false, 1 })
	w := newWorld(t)
	tmpl := template(root)
	if _, err := w.account.UploadTemplate(region, "link", toJSON(tmpl)); err != nil {
		t.Fatal(err)
	}
	between := root.leaf(t, newKey(t), func(c *x509.Certificate) {
		c.IsCA, c.KeyUsage, c.ExtKeyUsage, c.Subject = true, x509.KeyUsageCertSign, nil, pkix.Name{CommonName: caCN}
	})
	r := w.request(between.leaf(t, newKey(t)), w.account.Stacks(region)[0])
	if a := w.send(r.build(t)); a.code() != "AccessDeniedException" || a.message() != "Untrusted signing certificate" {
		t.Errorf("without the chain: %s %s", a.code(), a.body)
	}
	r.chain = []*x509.Certificate{between.cert}
	w.session(r)
	r.signed = []string{"content-type", "host", "x-amz-date", "x-amz-x509"}
	r.chain, r.after = nil, func(req *http.Request) { req.Header.Set("X-Amz-X509-Chain", "AAAA") }
	if a := w.send(r.build(t)); a.status != http.StatusForbidden {
		t.Errorf("with a chain that is none: %d %s", a.status, a.body)
	}
}

// TestCreateSessionRefuses is what the real one refuses, each told as it does.
func TestCreateSessionRefuses(t *testing.T) {
	const denied, insufficient, untrusted, signature, unable = "AccessDeniedException", "Untrusted certificate. Insufficient certificate", "Untrusted signing certificate", "Invalid signature", "Unable to assume role for arn:aws:iam::111122223333:role/XopsReadOnly"
	type spoil struct {
		leaf    func(ca pair) pair
		request func(r *sessionRequest)
		world   func(w *world, s simaws.StackState)
		code    string
		text    string
	}
	spoilLeaf := func(f func(*x509.Certificate)) func(ca pair) pair {
		return func(ca pair) pair { return ca.leaf(t, newKey(t), f) }
	}
	for name, c := range map[string]spoil{
		"leaf of another authority with the same name": {leaf: func(pair) pair { return newCA(t, caCN).leaf(t, newKey(t)) }, code: denied, text: untrusted},
		"expired": {leaf: spoilLeaf(func(c *x509.Certificate) {
			c.NotBefore, c.NotAfter = at.AddDate(0, 0, -2), at.AddDate(0, 0, -1)
		}), code: denied, text: insufficient},
		"not valid yet":            {leaf: spoilLeaf(func(c *x509.Certificate) { c.NotBefore = at.Add(time.Minute) }), code: denied, text: insufficient},
		"without digitalSignature": {leaf: spoilLeaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), code: denied, text: insufficient},
		"without basicConstraints": {leaf: spoilLeaf(func(c *x509.Certificate) { c.BasicConstraintsValid = false }), code: denied, text: insufficient},
		"an authority below the authority": {leaf: spoilLeaf(func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
		}), code: denied, text: insufficient},
		"the authority itself":      {leaf: func(ca pair) pair { return ca }, code: denied, text: insufficient},
		"a subject of another name": {leaf: spoilLeaf(func(c *x509.Certificate) { c.Subject.CommonName = "somebody-else" }), code: denied, text: unable},
		"brackets in the subject":   {leaf: spoilLeaf(func(c *x509.Certificate) { c.Subject.CommonName = "xops [4f2a]" }), code: denied, text: unable + ". Some attributes failed to be mapped into session tags. Issuer: [  ]; Subject: [ CN ]; SAN: [  ]"},
		"an umlaut in the subject":  {leaf: spoilLeaf(func(c *x509.Certificate) { c.Subject.Organization = []string{"Müller"} }), code: denied, text: "Subject: [ O ]"},

		"another key":                    {request: func(r *sessionRequest) { r.key = newKey(t) }, code: denied, text: signature},
		"another serial":                 {request: func(r *sessionRequest) { r.serial = "42" }, code: denied, text: signature},
		"serial in hex":                  {request: func(r *sessionRequest) { r.serial = r.leaf.cert.SerialNumber.Text(16) }, code: denied, text: signature},
		"algorithm of another key":       {request: func(r *sessionRequest) { r.algorithm = "AWS4-X509-RSA-SHA256" }, code: denied, text: signature},
		"algorithm of access keys":       {request: func(r *sessionRequest) { r.algorithm = "AWS4-HMAC-SHA256" }, code: denied, text: signature},
		"clock behind":                   {request: func(r *sessionRequest) { r.date = at.Add(-5*time.Minute - time.Second) }, code: denied, text: signature},
		"clock ahead":                    {request: func(r *sessionRequest) { r.date = at.Add(5*time.Minute + time.Second) }, code: denied, text: signature},
		"another region in the scope":    {request: func(r *sessionRequest) { r.region = "us-east-1" }, code: denied, text: signature},
		"another service in the scope":   {request: func(r *sessionRequest) { r.service = "sts" }, code: denied, text: signature},
		"another day in the scope":       {request: func(r *sessionRequest) { r.scopeDate = "20261121" }, code: denied, text: signature},
		"certificate not signed":         {request: func(r *sessionRequest) { r.signed = []string{"content-type", "host", "x-amz-date"} }, code: denied, text: signature},
		"host not signed":                {request: func(r *sessionRequest) { r.signed = []string{"content-type", "x-amz-date", "x-amz-x509"} }, code: denied, text: signature},
		"body changed afterwards":        {request: func(r *sessionRequest) { r.after = func(req *http.Request) { req.Body = http.NoBody } }, code: denied, text: signature},
		"certificate changed afterwards": {request: func(r *sessionRequest) { r.after = func(req *http.Request) { req.Header.Set("X-Amz-X509", "AAAA") } }, code: denied, text: insufficient},
		"not signed at all":              {request: func(r *sessionRequest) { r.after = func(req *http.Request) { req.Header.Del("Authorization") } }, code: "MissingAuthenticationTokenException"},
		"signature without its parts": {request: func(r *sessionRequest) {
			r.after = func(req *http.Request) { req.Header.Set("Authorization", "AWS4-X509-ECDSA-SHA256 x=y") }
		}, code: "IncompleteSignatureException", text: "requires 'Credential' parameter"},
		"a session name": {request: func(r *sessionRequest) { r.body["roleSessionName"] = "mine" }, code: denied},
		"too short":      {request: func(r *sessionRequest) { r.body["durationSeconds"] = 899 }, code: "ValidationException", text: "greater than or equal to 900"},
		"too long":       {request: func(r *sessionRequest) { r.body["durationSeconds"] = 43201 }, code: "ValidationException", text: "less than or equal to 43200"},
		"no role":        {request: func(r *sessionRequest) { delete(r.body, "roleArn") }, code: "ValidationException", text: "roleArn"},
		"a profile that is not there": {request: func(r *sessionRequest) {
			r.body["profileArn"] = strings.Replace(r.body["profileArn"].(string), "profile/", "profile/0", 1)
		}, code: "ResourceNotFoundException"},
		"an anchor of another region": {request: func(r *sessionRequest) {
			r.body["trustAnchorArn"] = strings.Replace(r.body["trustAnchorArn"].(string), region, "us-east-1", 1)
		}, code: "ResourceNotFoundException"},
		"the endpoint of another region":    {request: func(r *sessionRequest) { r.host, r.region = "rolesanywhere.us-east-1.amazonaws.com", "us-east-1" }, code: "ResourceNotFoundException"},
		"a role that is not in the profile": {request: func(r *sessionRequest) { r.body["roleArn"] = "arn:aws:iam::111122223333:role/Other" }, code: denied, text: "Unable to assume role for arn:aws:iam::111122223333:role/Other"},

		"a role that is there and not in the profile": {
			world:   func(w *world, _ simaws.StackState) { w.must(w.account.CreateRole("Other", w.account.Roles()[0].Trust)) },
			request: func(r *sessionRequest) { r.body["roleArn"] = "arn:aws:iam::111122223333:role/Other" }, code: denied, text: "Unable to assume role for arn:aws:iam::111122223333:role/Other",
		},

		"anchor disabled": {world: func(w *world, s simaws.StackState) {
			w.must(w.account.EnableAnchor(region, s.Outputs["TrustAnchorARN"], false))
		}, code: denied},
		"profile disabled": {world: func(w *world, s simaws.StackState) {
			w.must(w.account.EnableProfile(region, s.Outputs["ProfileARN"], false))
		}, code: denied},
		"anchor deleted": {world: func(w *world, s simaws.StackState) {
			w.must(w.account.DeleteAnchor(region, s.Outputs["TrustAnchorARN"]))
		}, code: "ResourceNotFoundException"},
		"profile deleted": {world: func(w *world, s simaws.StackState) { w.must(w.account.DeleteProfile(region, s.Outputs["ProfileARN"])) }, code: "ResourceNotFoundException"},
		"role deleted":    {world: func(w *world, _ simaws.StackState) { w.must(w.account.DeleteRole("XopsReadOnly")) }, code: denied, text: unable},
		"another authority in the anchor": {world: func(w *world, s simaws.StackState) {
			w.must(w.account.SetAnchor(region, s.Outputs["TrustAnchorARN"], newCA(t, caCN).pem()))
		}, code: denied, text: untrusted},
		"the authority is over": {world: func(w *world, _ simaws.StackState) { w.clock.forward(3 * 365 * 24 * time.Hour) }, leaf: spoilLeaf(func(c *x509.Certificate) { c.NotAfter = at.AddDate(9, 0, 0) }), code: denied, text: untrusted},
	} {
		t.Run(name, func(t *testing.T) {
			w, ca, s := linked(t)
			leaf := ca.leaf(t, newKey(t))
			if c.leaf != nil {
				leaf = c.leaf(ca)
			}
			if c.world != nil {
				c.world(w, s)
			}
			r := w.request(leaf, s)
			if c.request != nil {
				c.request(r)
			}
			a := w.send(r.build(t))
			if a.code() != c.code || !strings.Contains(a.message(), c.text) || a.status < 400 {
				t.Errorf("got %d %s: %s\nwant %s: …%s…", a.status, a.code(), a.body, c.code, c.text)
			}
			if n := len(w.cloud.Sessions()); n != 0 {
				t.Errorf("%d sessions were given out", n)
			}
		})
	}
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestTrustPolicyDecides holds that the role's trust policy is read: its three
// actions, its service and each of its conditions.
func TestTrustPolicyDecides(t *testing.T) {
	statement := func(tmpl map[string]any) map[string]any {
		return dig(tmpl, "Resources", "Role", "Properties", "AssumeRolePolicyDocument")["Statement"].([]any)[0].(map[string]any)
	}
	for name, change := range map[string]func(s map[string]any){
		"no TagSession":        func(s map[string]any) { s["Action"] = []any{"sts:AssumeRole", "sts:SetSourceIdentity"} },
		"no SetSourceIdentity": func(s map[string]any) { s["Action"] = []any{"sts:AssumeRole", "sts:TagSession"} },
		"no AssumeRole":        func(s map[string]any) { s["Action"] = []any{"sts:TagSession", "sts:SetSourceIdentity"} },
		"another service":      func(s map[string]any) { s["Principal"] = map[string]any{"Service": "ec2.amazonaws.com"} },
		"another anchor": func(s map[string]any) {
			s["Condition"] = map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/0"}}
		},
		"another subject": func(s map[string]any) {
			s["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/x509Subject/CN": "other"}}
		},
		"another issuer": func(s map[string]any) {
			s["Condition"] = map[string]any{"StringEquals": map[string]any{"aws:PrincipalTag/x509Issuer/CN": "other"}}
		},
		"an unknown key": func(s map[string]any) {
			s["Condition"] = map[string]any{"StringEquals": map[string]any{"sts:ExternalId": "x"}}
		},
		"denied": func(s map[string]any) { s["Effect"] = "Deny" },
	} {
		t.Run(name, func(t *testing.T) {
			w, ca, s := linked(t, func(tmpl map[string]any) { change(statement(tmpl)) })
			a := w.send(w.request(ca.leaf(t, newKey(t)), s).build(t))
			if a.code() != "AccessDeniedException" || a.message() != "Unable to assume role for arn:aws:iam::111122223333:role/XopsReadOnly" {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	t.Run("no conditions", func(t *testing.T) { // any certificate of any anchor: a known mistake, and allowed
		w, ca, s := linked(t, func(tmpl map[string]any) { delete(statement(tmpl), "Condition") })
		called := func(cn string) *sessionRequest {
			return w.request(ca.leaf(t, newKey(t), func(c *x509.Certificate) { c.Subject.CommonName = cn }), s)
		}
		w.session(called("anybody"))
		w.session(called(strings.Repeat("x", 61)))
		if a := w.send(called(strings.Repeat("x", 62)).build(t)); a.code() != "AccessDeniedException" {
			t.Errorf("a name too long to be a source identity: %d %s", a.status, a.body)
		}
	})
}

// TestSessionLastsNoLongerThanItMay holds min(profile, request) and the role's own limit.
func TestSessionLastsNoLongerThanItMay(t *testing.T) {
	w, ca, s := linked(t)
	r := w.request(ca.leaf(t, newKey(t)), s)
	r.body["durationSeconds"] = 43200 // the profile has 3600
	if _, g := w.session(r); !g.CredentialSet[0].Credentials.Expiration.Equal(at.Add(time.Hour)) {
		t.Errorf("ends %s", g.CredentialSet[0].Credentials.Expiration)
	}
	delete(r.body, "durationSeconds")
	who, _ := w.session(r)
	w.clock.forward(time.Hour - time.Second)
	must[*sts.GetCallerIdentityOutput](t)(who.sts().GetCallerIdentity(t.Context(), nil))
	w.clock.forward(time.Second)
	_, err := who.sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "ExpiredToken", "The security token included in the request is expired")
}

// TestRoleLimitsTheProfile holds that a profile cannot ask for more than the role gives.
func TestRoleLimitsTheProfile(t *testing.T) {
	w, ca, s := linked(t, func(tmpl map[string]any) { dig(tmpl, "Resources", "Profile", "Properties")["DurationSeconds"] = 7200 })
	r := w.request(ca.leaf(t, newKey(t)), s)
	w.session(r)
	r.body["durationSeconds"] = 3601
	if a := w.send(r.build(t)); a.code() != "ValidationException" || !strings.Contains(a.message(), "MaxSessionDuration") {
		t.Errorf("%d %s", a.status, a.body)
	}
}

// TestRoleIsUsableOnlyAfterItSpread holds IAM's eventual consistency.
func TestRoleIsUsableOnlyAfterItSpread(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	w.cloud.SetSpreading(20 * time.Second)
	if _, err := w.account.UploadTemplate(region, "link", toJSON(template(ca))); err != nil {
		t.Fatal(err)
	}
	r := w.request(ca.leaf(t, newKey(t)), w.account.Stacks(region)[0])
	w.clock.forward(19 * time.Second)
	if a := w.send(r.build(t)); a.code() != "AccessDeniedException" || !strings.HasPrefix(a.message(), "Unable to assume role for arn:") {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.clock.forward(time.Second)
	w.session(r)
}

// TestSessionIsTheIntersection holds that what is attached to the role later
// does not widen a session that the profile limits, and that a deny of the role
// counts within what the profile allows.
func TestSessionIsTheIntersection(t *testing.T) {
	w, ca, s := linked(t)
	w.must(w.account.Attach("XopsReadOnly", "AdministratorAccess"))
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
	must[*iam.GetRoleOutput](t)(who.iam().GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("XopsReadOnly")}))
	_, err := who.iam().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("XopsReadOnly")})
	wantError(t, err, "AccessDenied", "User: arn:aws:sts::111122223333:assumed-role/XopsReadOnly/")
	wantError(t, err, "AccessDenied", "is not authorized to perform: iam:DeleteRole on resource: role XopsReadOnly because no session policy allows the iam:DeleteRole action")
	_, err = who.iam().CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("x")}) // not played; denied all the same
	wantError(t, err, "AccessDenied", "because no session policy allows the iam:CreateUser action")

	w.must(w.account.PutInline("XopsReadOnly", "no", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"iam:getrole","Resource":"*"}}`))
	_, err = who.iam().GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("XopsReadOnly")})
	wantError(t, err, "AccessDenied", "with an explicit deny in an identity-based policy")

	w.must(w.account.Detach("XopsReadOnly", "SecurityAudit"))
	w.must(w.account.Detach("XopsReadOnly", "AdministratorAccess"))
	_, err = who.iam().ListAccountAliases(t.Context(), nil)
	wantError(t, err, "AccessDenied", "because no identity-based policy allows the iam:ListAccountAliases action")
}

// TestSessionsAreToldAndEndWithTheirRole holds the record of sessions, and that
// credentials are of no use once the role is gone.
func TestSessionsAreToldAndEndWithTheirRole(t *testing.T) {
	w, ca, s := linked(t)
	leaf := ca.leaf(t, newKey(t), func(c *x509.Certificate) { c.SerialNumber = big.NewInt(0xabc123) })
	who, g := w.session(w.request(leaf, s))
	got := w.cloud.Sessions()
	want := simaws.Session{
		Time: at, Account: number, ARN: "arn:aws:sts::111122223333:assumed-role/XopsReadOnly/abc123", Role: s.Outputs["AWSRoleARN"], SourceIdentity: "CN=" + leafCN,
		Expires: at.Add(time.Hour), Anchor: s.Outputs["TrustAnchorARN"], Profile: s.Outputs["ProfileARN"], Serial: "11256099",
	}
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !strings.HasPrefix(g.SubjectArn, "arn:aws:rolesanywhere:eu-west-1:111122223333:subject/") {
		t.Errorf("subject %s", g.SubjectArn)
	}
	w.must(w.account.DeleteRole("XopsReadOnly"))
	_, err := who.sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "InvalidClientTokenId", "The security token included in the request is invalid.")
}

// TestSCPStopsASession holds that a member account's organization can forbid it.
func TestSCPStopsASession(t *testing.T) {
	w := newWorld(t)
	ca := newCA(t, caCN)
	w.account = w.cloud.AddAccount(simaws.AccountSpec{Number: member, Organization: simaws.Member})
	if _, err := w.account.UploadTemplate(region, "link", toJSON(template(ca))); err != nil {
		t.Fatal(err)
	}
	r := w.request(ca.leaf(t, newKey(t)), w.account.Stacks(region)[0])
	w.session(r)
	w.must(w.account.AttachSCP(`{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"sts:AssumeRole","Resource":"*"}}`))
	if a := w.send(r.build(t)); a.code() != "AccessDeniedException" {
		t.Errorf("%d %s", a.status, a.body)
	}
	var v any
	if err := json.Unmarshal([]byte(w.account.Roles()[0].Trust), &v); err != nil {
		t.Errorf("the trust policy reads %v", err)
	}
}

// TestGovCloudAndChina holds that each partition has its own names, and that
// what belongs to one is unknown in another.
func TestGovCloudAndChina(t *testing.T) {
	for part, in := range map[string]struct{ region, dns string }{"aws-us-gov": {"us-gov-east-1", "amazonaws.com"}, "aws-cn": {"cn-northwest-1", "amazonaws.com.cn"}} {
		w, ca := newWorld(t), newCA(t, caCN)
		commercial := w.admin
		w.account = w.cloud.AddAccount(simaws.AccountSpec{Number: member, Partition: part})
		key := w.account.AddUser("ada", true)
		if _, err := w.account.UploadTemplate(in.region, "link", toJSON(template(ca))); err != nil {
			t.Fatal(err)
		}
		s := w.account.Stacks(in.region)[0]
		r := w.request(ca.leaf(t, newKey(t)), s)
		r.host, r.region = "rolesanywhere."+in.region+"."+in.dns, in.region
		who, _ := w.session(r)
		role := must[*iam.GetRoleOutput](t)(who.in(in.region).iam().GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("XopsReadOnly")})).Role
		if !strings.HasPrefix(aws.ToString(role.Arn), "arn:"+part+":iam::") || !strings.HasPrefix(w.account.Roles()[0].Managed[0], "arn:"+part+":iam::aws:policy/") {
			t.Errorf("%s: %s, %v", part, aws.ToString(role.Arn), w.account.Roles()[0].Managed)
		}
		_, err := w.as(commercial).in(in.region).sts().GetCallerIdentity(t.Context(), nil)
		wantError(t, err, "InvalidClientTokenId", "")
		_, err = w.as(key).in("us-east-1").sts().GetCallerIdentity(t.Context(), nil)
		wantError(t, err, "InvalidClientTokenId", "")
	}
}
