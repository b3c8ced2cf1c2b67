package simaws_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// TestEveryServiceRefusesAWrongSignature holds the names that each protocol has
// for the same refusal.
func TestEveryServiceRefusesAWrongSignature(t *testing.T) {
	w := newWorld(t)
	calls := map[string]func(c caller) error{
		"sts":  func(c caller) error { _, err := c.sts().GetCallerIdentity(t.Context(), nil); return err },
		"iam":  func(c caller) error { _, err := c.iam().ListAccountAliases(t.Context(), nil); return err },
		"cfn":  func(c caller) error { _, err := c.formation().DescribeStacks(t.Context(), nil); return err },
		"ra":   func(c caller) error { _, err := c.anywhere().ListProfiles(t.Context(), nil); return err },
		"orgs": func(c caller) error { _, err := c.organizations().DescribeOrganization(t.Context(), nil); return err },
	}
	for service, call := range calls {
		codes := [3]string{"SignatureDoesNotMatch", "InvalidClientTokenId", "ExpiredToken"}
		if service == "ra" || service == "orgs" {
			codes = [3]string{"InvalidSignatureException", "UnrecognizedClientException", "ExpiredTokenException"}
		}
		if err := call(w.as(w.admin)); err != nil {
			t.Errorf("%s: %v", service, err)
		}
		wantError(t, call(w.as(simaws.Key{ID: w.admin.ID, Secret: "no"})), codes[0], "The request signature we calculated does not match")
		wantError(t, call(w.as(simaws.Key{ID: "AKIAAAAAAAAAAAAAAAAA", Secret: "no"})), codes[1], "The security token included in the request is invalid")

		late := w.as(w.admin)
		late.now = func() time.Time { return at.Add(-6 * time.Minute) }
		wantError(t, call(late), codes[0], "Signature expired: 20261122T193019Z is now earlier than 20261122T193119Z (20261122T193619Z - 5 min.)")
		early := w.as(w.admin)
		early.now = func() time.Time { return at.Add(6 * time.Minute) }
		wantError(t, call(early), codes[0], "Signature not yet current: 20261122T194219Z is still later than 20261122T194119Z (20261122T193619Z + 5 min.)")
	}
	w.account.Deactivate(w.admin.ID)
	wantError(t, calls["sts"](w.as(w.admin)), "InvalidClientTokenId", "")
}

// TestScopeBelongsToTheHost holds that a global service is signed for its one
// region, and a token for its session.
func TestScopeBelongsToTheHost(t *testing.T) {
	w := newWorld(t)
	c := w.as(w.admin)
	_, err := iam.NewFromConfig(c.config(), func(o *iam.Options) { o.HTTPSignerV4 = elsewhere{c.signer(), region, ""} }).ListAccountAliases(t.Context(), nil)
	wantError(t, err, "SignatureDoesNotMatch", "Credential should be scoped to a valid region, not 'eu-west-1'.")
	_, err = sts.NewFromConfig(c.config(), func(o *sts.Options) { o.HTTPSignerV4 = elsewhere{c.signer(), "", "iam"} }).GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sts'.")

	c.creds.SessionToken = "mine"
	_, err = c.sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "InvalidClientTokenId", "")
	w, ca, s := linked(t)
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
	who.creds.SessionToken = "other"
	_, err = who.sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "InvalidClientTokenId", "")
}

// elsewhere signs for another region or service than it is told.
type elsewhere struct {
	s               v4.HTTPSigner
	region, service string
}

func (e elsewhere) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, hash, service, region string, at time.Time, opts ...func(*v4.SignerOptions)) error {
	if e.region != "" {
		region = e.region
	}
	if e.service != "" {
		service = e.service
	}
	return e.s.SignHTTP(ctx, creds, r, hash, service, region, at, opts...)
}

// TestRawRequests holds what the vendor's clients never send.
func TestRawRequests(t *testing.T) {
	w := newWorld(t)
	post := func(body string, sign bool) answer {
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.amazonaws.com/", strings.NewReader(body)))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if sign {
			w.must(w.as(w.admin).signer().SignHTTP(t.Context(), w.as(w.admin).creds, req, hexSHA256(body), "sts", "us-east-1", at))
		}
		return w.send(req)
	}
	for body, want := range map[string]string{
		"Action=GetCallerIdentity&Version=2011-06-15": "<Arn>arn:aws:iam::111122223333:user/ada</Arn>",
		"Action=Nothing&Version=2011-06-15":           "<Code>InvalidAction</Code><Message>Could not find operation Nothing for version 2011-06-15</Message>",
		"Action=GetCallerIdentity&Version=2010-05-08": "<Code>InvalidAction</Code>",
		"Version=2011-06-15":                          "<Code>MissingAction</Code>",
		"Action=%zz":                                  "<Code>MalformedQueryString</Code>",
		"Action=GetSessionToken&Version=2011-06-15":   "<Code>NotImplemented</Code>",
	} {
		if a := post(body, true); !strings.Contains(string(a.body), want) {
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
	}
	a := post("Action=GetCallerIdentity&Version=2011-06-15", false)
	if a.status != http.StatusForbidden || !strings.Contains(string(a.body), `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>MissingAuthenticationToken</Code><Message>Request is missing Authentication Token</Message></Error><RequestId>`) {
		t.Errorf("unsigned: %d %s", a.status, a.body)
	}
	if len(a.header.Get("X-Amzn-Requestid")) != 36 || a.header.Get("Date") != at.Format(http.TimeFormat) {
		t.Errorf("headers %v", a.header)
	}
}

// TestHostAndDateMustBeSigned holds what a signature must cover, with one that is
// made here, by hand, since the vendor's clients always cover both.
func TestHostAndDateMustBeSigned(t *testing.T) {
	w := newWorld(t)
	const body, scope = "Action=GetCallerIdentity&Version=2011-06-15", "20261122/us-east-1/sts/aws4_request"
	send := func(signed ...string) answer {
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, "https://sts.amazonaws.com/", strings.NewReader(body)))
		values := map[string]string{"content-type": "application/x-www-form-urlencoded", "host": "sts.amazonaws.com", "x-amz-date": "20261122T193619Z"}
		req.Header.Set("Content-Type", values["content-type"])
		req.Header.Set("X-Amz-Date", values["x-amz-date"])
		var headers strings.Builder
		for _, name := range signed {
			headers.WriteString(name + ":" + values[name] + "\n")
		}
		names := strings.Join(signed, ";")
		canonical := "POST\n/\n\n" + headers.String() + "\n" + names + "\n" + hexSHA256(body)
		key := []byte("AWS4" + w.admin.Secret)
		for _, part := range append(strings.Split(scope, "/"), "AWS4-HMAC-SHA256\n20261122T193619Z\n"+scope+"\n"+hexSHA256(canonical)) {
			m := hmac.New(sha256.New, key)
			m.Write([]byte(part))
			key = m.Sum(nil)
		}
		req.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+w.admin.ID+"/"+scope+", SignedHeaders="+names+", Signature="+hex.EncodeToString(key))
		return w.send(req)
	}
	if a := send("content-type", "host", "x-amz-date"); a.status != http.StatusOK {
		t.Errorf("%d %s", a.status, a.body)
	}
	for missing, signed := range map[string][]string{"'Host' or ':authority' must be": {"content-type", "x-amz-date"}, "'X-Amz-Date' must be": {"content-type", "host"}} {
		if a := send(signed...); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "<Code>SignatureDoesNotMatch</Code>") || !strings.Contains(string(a.body), strings.ReplaceAll(missing, "'", "&#39;")) {
			t.Errorf("%v: %d %s", signed, a.status, a.body)
		}
	}
}

// TestRegionsAreTold holds EC2's own shapes.
func TestRegionsAreTold(t *testing.T) {
	w := newWorld(t)
	ask := func(key simaws.Key, host, query string) answer {
		body := "Action=DescribeRegions&Version=2016-11-15" + query
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+host+"/", strings.NewReader(body)))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		in, _, _ := strings.Cut(strings.TrimPrefix(host, "ec2."), ".")
		w.must(w.as(key).signer().SignHTTP(t.Context(), w.as(key).creds, req, hexSHA256(body), "ec2", in, at))
		return w.send(req)
	}
	south := "<item><regionName>eu-south-1</regionName><regionEndpoint>ec2.eu-south-1.amazonaws.com</regionEndpoint><optInStatus>"
	a := ask(w.admin, "ec2.eu-west-1.amazonaws.com", "&AllRegions=true")
	for _, want := range []string{`<DescribeRegionsResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">`, south + "not-opted-in", "<regionName>eu-west-1</regionName><regionEndpoint>ec2.eu-west-1.amazonaws.com</regionEndpoint><optInStatus>opt-in-not-required"} {
		if !strings.Contains(string(a.body), want) {
			t.Errorf("%s is not in %s", want, a.body)
		}
	}
	if a := ask(w.admin, "ec2.eu-west-1.amazonaws.com", ""); strings.Contains(string(a.body), "eu-south-1") {
		t.Error("a region that is off is told without being asked for")
	}
	if a := ask(w.admin, "ec2.eu-south-1.amazonaws.com", ""); a.status != http.StatusUnauthorized || !strings.Contains(string(a.body), "<Response><Errors><Error><Code>AuthFailure</Code><Message>AWS was not able to validate the provided access credentials</Message></Error></Errors><RequestID>") {
		t.Errorf("in a region that is off: %d %s", a.status, a.body)
	}
	w.account.OptIn("eu-south-1")
	if a := ask(w.admin, "ec2.eu-south-1.amazonaws.com", ""); !strings.Contains(string(a.body), south+"opted-in") {
		t.Errorf("opted in: %s", a.body)
	}
	nobody := w.account.AddUser("nobody", false)
	if a := ask(nobody, "ec2.eu-west-1.amazonaws.com", ""); a.status != http.StatusForbidden || !strings.Contains(string(a.body), "<Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/nobody is not authorized to perform: ec2:DescribeRegions because no identity-based policy allows the ec2:DescribeRegions action</Message>") {
		t.Errorf("without the right: %d %s", a.status, a.body)
	}
}

// TestOrganization holds what each kind of account is told.
func TestOrganization(t *testing.T) {
	w := newWorld(t)
	m := w.cloud.AddAccount(simaws.AccountSpec{Number: member, Name: "dev", Organization: simaws.Member})
	m.SetStatus("SUSPENDED")
	single := w.cloud.AddAccount(simaws.AccountSpec{Number: "777788889999"})
	for who, c := range map[string]caller{"management": w.as(w.admin), "member": w.as(m.AddUser("a", true))} {
		o, err := c.organizations().DescribeOrganization(t.Context(), nil)
		if err != nil || aws.ToString(o.Organization.MasterAccountId) != number || !strings.HasPrefix(aws.ToString(o.Organization.Arn), "arn:aws:organizations::111122223333:organization/o-") {
			t.Errorf("%s: %+v, %v", who, o, err)
		}
	}
	_, err := w.as(single.AddUser("a", true)).organizations().DescribeOrganization(t.Context(), nil)
	wantError(t, err, "AWSOrganizationsNotInUseException", "Your account is not a member of an organization.")
	_, err = w.as(m.AddUser("b", true)).organizations().ListAccounts(t.Context(), nil)
	wantError(t, err, "AccessDeniedException", "You don't have permissions to access this resource.")
	var status interface{ HTTPStatusCode() int }
	if !errors.As(err, &status) || status.HTTPStatusCode() != http.StatusBadRequest {
		t.Errorf("a refusal of JSON 1.1 has a status of its own: %v", err)
	}
	_, err = w.as(w.account.AddUser("c", false)).organizations().ListAccounts(t.Context(), nil)
	wantError(t, err, "AccessDeniedException", "is not authorized to perform: organizations:ListAccounts on resource: *")

	w.cloud.SetPage(1)
	var got []string
	for p := organizations.NewListAccountsPaginator(w.as(w.admin).organizations(), nil); p.HasMorePages(); {
		page := must[*organizations.ListAccountsOutput](t)(p.NextPage(t.Context()))
		for _, a := range page.Accounts {
			got = append(got, aws.ToString(a.Id)+" "+aws.ToString(a.Name)+" "+string(a.Status))
		}
	}
	if strings.Join(got, ", ") != "111122223333 payer ACTIVE, 444455556666 dev SUSPENDED" {
		t.Errorf("accounts %v", got)
	}
}

// TestSignInAtIdentityCenter holds role credentials: who has a token gets those
// of the permission sets it stands for, until it is over.
func TestSignInAtIdentityCenter(t *testing.T) {
	w := newWorld(t)
	a := w.account.Assign("ada@contoso.com", "AdministratorAccess", true)
	token := w.cloud.SignIn(8*time.Hour, a)
	ask := func(token, set string) answer {
		q := url.Values{"account_id": {number}, "role_name": {set}}
		req := must[*http.Request](t)(http.NewRequestWithContext(t.Context(), http.MethodGet, "https://portal.sso.eu-west-1.amazonaws.com/federation/credentials?"+q.Encode(), nil))
		req.Header.Set("X-Amz-Sso_bearer_token", token)
		return w.send(req)
	}
	got := ask(token, "AdministratorAccess")
	if got.status != http.StatusOK || !strings.Contains(string(got.body), `"roleCredentials":{"accessKeyId":"ASIA`) {
		t.Fatalf("%d %s", got.status, got.body)
	}
	c := w.as(w.admin)
	c.creds = credentialsOf(t, got.body)
	who := must[*sts.GetCallerIdentityOutput](t)(c.sts().GetCallerIdentity(t.Context(), nil))
	if arn := aws.ToString(who.Arn); !strings.HasPrefix(arn, "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_AdministratorAccess_") || !strings.HasSuffix(arn, "/ada@contoso.com") {
		t.Errorf("the caller is %s", arn)
	}
	if _, err := c.formation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{}); err != nil {
		t.Error(err)
	}
	if got := ask(token, "Other"); got.code() != "ForbiddenException" {
		t.Errorf("another set: %d %s", got.status, got.body)
	}
	w.clock.forward(8 * time.Hour)
	for _, tk := range []string{token, "none", ""} {
		if got := ask(tk, "AdministratorAccess"); got.status != http.StatusUnauthorized || got.code() != "UnauthorizedException" || got.message() != "Session token not found or invalid" {
			t.Errorf("token %q: %d %s", tk, got.status, got.body)
		}
	}
}

// TestLimiterHoldsTheControlPlaneToOneCallASecond holds the quota of each group.
func TestLimiterHoldsTheControlPlaneToOneCallASecond(t *testing.T) {
	w := newWorld(t)
	w.cloud.SetLimiter(true)
	c := w.as(w.admin).anywhere()
	must[*rolesanywhere.ListProfilesOutput](t)(c.ListProfiles(t.Context(), nil))
	must[*rolesanywhere.ListTrustAnchorsOutput](t)(c.ListTrustAnchors(t.Context(), nil))
	_, err := c.ListProfiles(t.Context(), nil)
	wantError(t, err, "ThrottlingException", "Rate exceeded")
	w.clock.forward(time.Second)
	must[*rolesanywhere.ListProfilesOutput](t)(c.ListProfiles(t.Context(), nil))
}
