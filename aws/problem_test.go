package aws

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// TestRefusalsOfEveryService: the codes that all services share.
func TestRefusalsOfEveryService(t *testing.T) {
	for _, c := range []struct {
		code, message string
		status        int
		ahead         time.Duration // this machine's clock
		kind          account.Kind
		subject       string
	}{
		{"InvalidClientTokenId", "The security token included in the request is invalid.", 403, 0, account.AWSKeyUnknown, ""},
		{"SignatureDoesNotMatch", "The request signature we calculated does not match.", 403, 0, account.AWSSecretWrong, ""},
		{"SignatureDoesNotMatch", "Signature expired: 20261126T100000Z is now earlier than 20261126T101500Z", 403, -20 * time.Minute, account.ClockOff, ""},
		{"SignatureDoesNotMatch", "The request signature we calculated does not match.", 403, 7 * time.Minute, account.ClockOff, ""},
		{"ExpiredToken", "The security token included in the request is expired", 403, 0, account.AWSSignInOver, ""},
		{"ExpiredTokenException", "expired", 400, 0, account.AWSSignInOver, ""},
		{"RequestExpired", "Request has expired.", 400, 20 * time.Minute, account.ClockOff, ""},
		{"AccessDenied", "User: arn:aws:iam::111122223333:user/kim is not authorized to perform: iam:GetRole on resource: role XopsReadOnly", 403, 0, account.AWSDenied, "iam:GetRole"},
		{"AccessDenied", "no", 403, 0, account.AWSDenied, "iam:GetRole"},
		{"AccessDeniedException", "User: x is not authorized to perform: sts:SetSourceIdentity on resource: y", 403, 0, account.AWSDenied, "sts:SetSourceIdentity"},
		{"UnauthorizedOperation", "You are not authorized to perform this operation.", 403, 0, account.AWSDenied, "iam:GetRole"},
		{"AccessDenied", "User: x is not authorized to perform: iam:GetRole on resource: y with an explicit deny in a service control policy", 403, 0, account.AWSOrganization, "iam:GetRole"},
		{"EntityAlreadyExists", "Role with name XopsReadOnly already exists.", 409, 0, account.AWSNameTaken, ""},
		{"AlreadyExistsException", "Stack [x] already exists", 400, 0, account.AWSNameTaken, ""},
		{"LimitExceeded", "Cannot exceed quota for RolesPerAccount: 1000", 409, 0, account.QuotaReached, ""},
		{"LimitExceededException", "too many stacks", 400, 0, account.QuotaReached, ""},
		{"MalformedPolicyDocument", "Invalid principal in policy", 400, 0, account.AWSTemplate, ""},
		{"RegionDisabledException", "STS is not activated in this region", 403, 0, account.AWSRegionOff, "eu-west-1"},
		{"AuthFailure", "AWS was not able to validate the provided access credentials", 401, 0, account.AWSRegionOff, "eu-west-1"},
		{"NoSuchEntity", "The role with name XopsReadOnly cannot be found.", 404, 0, account.AWSGone, "role"},
		{"InvalidAction", "Could not find operation", 400, 0, account.Unexpected, ""},
	} {
		d := &desk{now: fixedClock}
		a := at(t, d, func() time.Time { return today.Add(c.ahead) }, nil)
		d.refuses("GetRole", 1, c.status, c.code, c.message)
		_, e, err := as(a).role(ctxOf(t), "XopsReadOnly")
		p := wantProblem(t, err, c.kind, c.subject)
		if p.Code != c.code || p.Status != c.status || p.RequestID != "req-1" || p.Message == "" {
			t.Errorf("%s: the problem does not tell what was said: %+v", c.code, p)
		}
		if c.kind == account.ClockOff && (p.Skew-c.ahead).Abs() > 2*time.Second {
			t.Errorf("%s: the clock is said to be %s ahead, it is %s", c.code, p.Skew, c.ahead)
		}
		if e.Path != "iam.amazonaws.com GetRole" || e.Status != c.status || e.RequestID != "req-1" || e.Method != http.MethodPost {
			t.Errorf("%s: evidence %+v", c.code, e)
		}
	}
}

func TestThrottledCallsAreRepeatedAndGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &desk{}
		a := at(t, d, time.Now, nil)
		d.refuses("GetRole", 2, 400, "Throttling", "Rate exceeded")
		d.says("GetRole", 1, 200, "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::111122223333:role/x</Arn></Role></GetRoleResult></GetRoleResponse>")
		if _, _, err := as(a).role(ctxOf(t), "x"); err != nil || d.count("GetRole") != 3 {
			t.Errorf("after %d calls: %v", d.count("GetRole"), err)
		}
		d.refuses("GetRole", -1, 400, "ThrottlingException", "Rate exceeded")
		_, _, err := as(a).role(ctxOf(t), "x")
		wantProblem(t, err, account.Throttled, "")
		if d.count("GetRole") != 6 {
			t.Errorf("%d calls, want 3 and 3", d.count("GetRole"))
		}
	})
}

func TestWhatIsNotAWS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const page = "<html><body>Sign in to the hotel's network</body></html>"
		for _, c := range []struct {
			status int
			body   string
			kind   account.Kind
		}{
			{200, page, account.NotTheService},
			{200, `{"a":1}`, account.NotTheService},
			{200, "<GetRoleResponse><GetRoleResult><Role><Arn>arn:aws:iam::1", account.NotTheService},
			{200, "<GetRoleResponse/>", account.NotTheService},
			{403, page, account.NotTheService},
			{302, page, account.NotTheService},
			{407, page, account.ProxyRefused},
			{503, page, account.Unavailable},
		} {
			d := &desk{}
			a := at(t, d, time.Now, nil)
			d.says("GetRole", -1, c.status, c.body)
			_, _, err := as(a).role(ctxOf(t), "x")
			p := account.AsProblem(err)
			if p == nil || p.Kind != c.kind || strings.Contains(p.Error(), "hotel") {
				t.Errorf("%d %.20s: %v, want %s", c.status, c.body, err, c.kind)
			}
		}
		d := &desk{}
		a := at(t, d, time.Now, nil)
		d.does("GetRole", -1, func(*http.Request) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Err: errors.New("no route to host")}
		})
		_, _, err := as(a).role(ctxOf(t), "x")
		wantProblem(t, err, account.Offline, "iam.amazonaws.com")
	})
}

func FuzzReadRefusal(f *testing.F) {
	f.Add([]byte("<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"), "")
	f.Add([]byte(`{"__type":"com.amazonaws#Throttling","Message":"slow"}`), "AccessDeniedException:http://x/")
	f.Add([]byte(`{"message":"\u001b[2J"}`), "#:")
	f.Add([]byte("<a><b>"), "")
	f.Fuzz(func(t *testing.T, body []byte, header string) {
		got := rest.Exchanged{Header: http.Header{"X-Amzn-Errortype": {header}}, Body: body}
		code, _ := readRefusal(got)
		if strings.Contains(code, ":") && !strings.Contains(string(body), "<") {
			t.Errorf("code %q", code)
		}
		var into struct {
			ARNs []string `xml:"XResult>AttachedPolicies>member>PolicyArn"`
		}
		if readXML(body, "X", &into) == nil && !strings.Contains(string(body), "XResponse") {
			t.Errorf("%q was read as an answer", body)
		}
	})
}
