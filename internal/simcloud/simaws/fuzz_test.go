package simaws_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// FuzzAuthorization holds that no Authorization header that was not signed gets
// anything, whatever it looks like, from an ordinary service or from CreateSession.
func FuzzAuthorization(f *testing.F) {
	w, ca, s := linked(f)
	leaf := ca.leaf(f, newKey(f))
	for _, seed := range []string{
		"", "AWS4-HMAC-SHA256", "AWS4-HMAC-SHA256 Credential=" + w.admin.ID + "/20261122/us-east-1/sts/aws4_request, SignedHeaders=host;x-amz-date, Signature=00",
		"AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request,SignedHeaders=;;,Signature=x", "AWS4-HMAC-SHA256 Credential=//// ,, ==",
		"AWS4-X509-ECDSA-SHA256 Credential=" + leaf.cert.SerialNumber.String() + "/20261122/eu-west-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date;x-amz-x509, Signature=3044",
		"AWS4-X509-RSA-SHA256 Credential=1/20261122/eu-west-1/rolesanywhere/aws4_request, SignedHeaders=host;x-amz-date;x-amz-x509, Signature=zz", "Bearer x",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		w := w.in(t)
		for _, target := range []string{"https://sts.amazonaws.com/", "https://rolesanywhere." + region + ".amazonaws.com/sessions"} {
			body := "Action=GetCallerIdentity&Version=2011-06-15"
			if strings.HasSuffix(target, "/sessions") {
				body = toJSON(w.request(leaf, s).body)
			}
			req := must[*http.Request](t)(http.NewRequest(http.MethodPost, target, strings.NewReader(body)))
			req.Header = w.request(leaf, s).build(t).Header
			req.Header.Set("Authorization", header)
			if a := w.send(req); a.status < 400 || a.status >= 500 {
				t.Errorf("%q got %d from %s", header, a.status, target)
			}
		}
	})
}

// FuzzTemplate holds that whatever is uploaded ends whole or not at all.
func FuzzTemplate(f *testing.F) {
	ca := newCA(f, caCN)
	for _, seed := range []string{
		toJSON(template(ca)), `{}`, `{"Resources":{}}`, `{"Resources":{"A":null}}`, `{"Resources":{"A":{"Type":"AWS::IAM::Role"}}}`,
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":{"Fn::Sub":["${x}",{"x":{"Ref":"AWS::NoValue"}}]}}}}}`,
		`{"Resources":{"A":{"Type":"AWS::RolesAnywhere::Profile","Properties":{"Name":{"Fn::Join":["",[{"Ref":"AWS::Region"},1,true]]},"RoleArns":[{"Ref":"AWS::NoValue"}]}}},"Outputs":{"O":{"Value":{"Ref":"A"}}}}`,
		`{"Resources":{"A":{"Type":"AWS::RolesAnywhere::TrustAnchor","Properties":{"Name":"a","Source":{"SourceType":"CERTIFICATE_BUNDLE","SourceData":{"X509CertificateData":"x"}}}}}}`,
		`{"Outputs":{"O":{"Value":{"Fn::Sub":"${!x}${A.Arn}"}}},"Resources":{"A":{"Type":"AWS::IAM::Role","DependsOn":["A"]}}}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := newWorld(t)
		_, err := w.account.UploadTemplate(region, "x", body)
		stacks := w.account.Stacks(region)
		if err != nil {
			if len(stacks) != 0 {
				t.Errorf("%v, and yet there is a stack", err)
			}
			return
		}
		left := len(w.account.Roles()) + len(w.account.Anchors(region)) + len(w.account.Profiles(region))
		switch s := stacks[0]; s.Status {
		case "CREATE_COMPLETE":
			if left != len(s.Resources) {
				t.Errorf("whole, with %d of %d resources", left, len(s.Resources))
			}
		case "ROLLBACK_COMPLETE":
			if left != 0 {
				t.Errorf("taken back, with %d resources", left)
			}
		default:
			t.Errorf("the stack is %s", s.Status)
		}
		w.must(w.account.DeleteStack(region, "x"))
		if s := w.account.Stacks(region)[0]; !s.Gone() {
			t.Errorf("deleted, it is %s", s.Status)
		}
	})
}

// FuzzPolicy holds that a document that is taken reads back as it was given, and
// that a trust policy lets nobody in by being strange.
func FuzzPolicy(f *testing.F) {
	for _, seed := range []string{
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`,
		`{"Statement":{"Effect":"Deny","Action":["s3:*"],"Resource":["*","arn:aws:s3:::${aws:username}/*"]}}`,
		`{"Statement":{"Effect":"Allow","NotAction":"iam:*","NotResource":"arn:aws:iam::*:role/*","Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a*",true,1]}}}}`,
		`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026"},"Null":{"x":true}}}}`,
		`{"Statement":[{"Effect":"Allow"},null]}`, `{"Statement":"x"}`, `[]`, `{`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, document string) {
		w := newWorld(t)
		w.must(w.account.CreateRole("R", trust(number, onlyAssume, "")))
		if w.account.PutInline("R", "p", document) == nil && w.account.Roles()[0].Inline["p"] != document {
			t.Error("another document comes back")
		}
		before := w.account.Roles()[0].Trust
		if err := w.account.SetTrust("R", document); err != nil && w.account.Roles()[0].Trust != before {
			t.Error("refused, and yet it is another")
		}
		nobody := w.as(w.account.AddUser("nobody", false))
		if !utf8.ValidString(document) {
			return
		}
		who, err := assume(t, nobody, assumeIn("arn:aws:iam::111122223333:role/R"))
		if err == nil && !strings.Contains(document, "nobody") {
			t.Errorf("nobody became %v by %s", who.creds.AccessKeyID, document)
		}
	})
}

// FuzzRequest holds that a signed request of any content is answered: with what
// it asked for, or with a refusal, and never with a failure of the service.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		"Action=CreateStack&Version=2010-05-15&StackName=x&TemplateBody={}", "Action=DescribeStacks&Version=2010-05-15&NextToken=-1",
		"Action=DescribeStackEvents&Version=2010-05-15&StackName=", "Action=UpdateStack&Version=2010-05-15&Capabilities.member.1=x", "Action=&Version", "%",
	} {
		f.Add(seed)
	}
	shared := newWorld(f)
	f.Fuzz(func(t *testing.T, body string) {
		w := shared.in(t)
		req := must[*http.Request](t)(http.NewRequest(http.MethodPost, "https://cloudformation."+region+".amazonaws.com/", strings.NewReader(body)))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		c := w.as(w.admin)
		w.must(c.signer().SignHTTP(t.Context(), c.creds, req, hexSHA256(body), "cloudformation", region, at))
		name := simaws.Action(req)
		if a := w.send(req); a.status >= 500 && a.status != http.StatusNotImplemented || strings.Contains(string(a.body), "<Code>SignatureDoesNotMatch") {
			t.Errorf("%q (%s): %d %s", body, name, a.status, a.body)
		}
	})
}
