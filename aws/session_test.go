package aws

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

func (w *world) session() (account.AWSCredentials, []account.Evidence, error) {
	w.t.Helper()
	return w.aws.Session(w.t.Context(), w.target, w.key)
}

func TestSession(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		keys, evidence, err := w.session()
		w.must(err)
		if left := time.Until(keys.Expires); !strings.HasPrefix(keys.AccessKeyID, "ASIA") || keys.SessionToken == "" || left > time.Hour || left < 59*time.Minute {
			t.Errorf("%d characters of an id, for %s", len(keys.AccessKeyID), left)
		}
		if len(evidence) != 1 || evidence[0].Path != "rolesanywhere.eu-west-1.amazonaws.com CreateSession" || evidence[0].Status != 201 || evidence[0].RequestID == "" {
			t.Errorf("evidence %+v", evidence)
		}
		// The ARNs stand in the body, nothing in the address.
		var sent map[string]any
		if json.Unmarshal([]byte(w.desk.bodies[len(w.desk.bodies)-1]), &sent) != nil || sent["roleArn"] != string(w.target.Link.Role) || sent["durationSeconds"] != 3600.0 {
			t.Errorf("sent %v", sent)
		}
		got := w.cloud.Sessions()
		last := got[len(got)-1]
		if last.SourceIdentity != "CN=xops360-wizard-9f3a61c2" || last.Account != number {
			t.Errorf("AWS sees %+v", last)
		}
	})
}

// TestSessionShowsNoSecret: in no way of printing.
func TestSessionShowsNoSecret(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		keys, evidence, err := w.session()
		w.must(err)
		admin := w.signIn()
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
			for _, v := range []any{keys, &keys, struct{ K account.AWSCredentials }{keys}, admin, evidence} {
				said := fmt.Sprintf(verb, v)
				for _, secret := range []string{keys.SecretAccessKey, keys.SessionToken, keys.AccessKeyID, w.env["AWS_SECRET_ACCESS_KEY"]} {
					if strings.Contains(said, secret) || strings.Contains(said, fmt.Sprintf("%x", secret)) {
						t.Errorf("%s of %T shows a secret", verb, v)
					}
				}
			}
		}
	})
}

// TestSessionRefused: every refusal of CreateSession that is known has a kind of
// its own.
func TestSessionRefused(t *testing.T) {
	for _, c := range []struct {
		status        int
		code, message string
		kind          account.Kind
		subject       string
	}{
		{403, "AccessDeniedException", "Untrusted certificate. Insufficient certificate", account.AWSUntrusted, ""},
		{403, "AccessDeniedException", "Untrusted signing certificate", account.AWSUntrusted, ""},
		{403, "AccessDeniedException", "Unable to assume role for arn:aws:iam::111122223333:role/XopsReadOnly. Some attributes failed to be mapped into session tags.", account.AWSUntrusted, ""},
		{400, "ValidationException", "Some attributes failed to be mapped into session tags", account.AWSUntrusted, ""},
		{403, "AccessDeniedException", "Unable to assume role for arn:aws:iam::111122223333:role/XopsReadOnly", account.AWSRoleNotTaken, ""},
		{403, "AccessDeniedException", "Trust anchor is disabled", account.AWSDisabled, "trust anchor"},
		{403, "AccessDeniedException", "Profile is disabled", account.AWSDisabled, "profile"},
		{403, "AccessDeniedException", "Invalid signature", account.AWSDenied, "rolesanywhere:CreateSession"},
		{403, "AccessDeniedException", "explicit deny in a service control policy", account.AWSOrganization, "rolesanywhere:CreateSession"},
		{404, "ResourceNotFoundException", "Trust anchor arn:x not found", account.AWSGone, "trust anchor"},
		{404, "ResourceNotFoundException", "Profile arn:x not found", account.AWSGone, "profile"},
		{404, "ResourceNotFoundException", "", account.AWSGone, "trust anchor or profile"},
		{400, "ThrottlingException", "Rate exceeded", account.Throttled, ""},
		{400, "ValidationException", "durationSeconds", account.AWSTemplate, ""},
	} {
		inLinked(t, management(), func(w *world) {
			w.desk.refuses("CreateSession", -1, c.status, c.code, c.message)
			_, _, err := w.session()
			p := wantProblem(t, err, c.kind, c.subject)
			if p.RequestID != "req-1" || p.Code != c.code {
				t.Errorf("%+v", p)
			}
		})
	}
}

// TestSessionRefusedByTheCloud: what was changed in the account, as it says so itself.
func TestSessionRefusedByTheCloud(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world) error
		kind   account.Kind
	}{
		"anchor disabled":  {func(w *world) error { return w.account.EnableAnchor(home, string(w.target.Link.Anchor), false) }, account.AWSDisabled},
		"profile disabled": {func(w *world) error { return w.account.EnableProfile(home, string(w.target.Link.Profile), false) }, account.AWSDisabled},
		"anchor gone":      {func(w *world) error { return w.account.DeleteAnchor(home, string(w.target.Link.Anchor)) }, account.AWSGone},
		"profile gone":     {func(w *world) error { return w.account.DeleteProfile(home, string(w.target.Link.Profile)) }, account.AWSGone},
		"role gone":        {func(w *world) error { return w.account.DeleteRole(account.AWSRoleName) }, account.AWSRoleNotTaken},
		"trust without tags": {func(w *world) error {
			return w.account.SetTrust(account.AWSRoleName, strings.Replace(w.account.Roles()[0].Trust, `"sts:TagSession"`, `"sts:AssumeRole"`, 1))
		}, account.AWSRoleNotTaken},
		"another authority": {func(w *world) error {
			other, err := w.aws.Authority(newKey(w.t), w.target.Link, time.Now())
			w.must(err)
			return w.account.SetAnchor(home, string(w.target.Link.Anchor), other.PEM)
		}, account.AWSUntrusted},
		"clock ahead":  {func(w *world) error { w.ahead = 12 * time.Minute; return nil }, account.ClockOff},
		"clock behind": {func(w *world) error { time.Sleep(time.Hour); w.ahead = -12 * time.Minute; return nil }, account.ClockOff},
	} {
		t.Run(name, func(t *testing.T) {
			inLinked(t, management(), func(w *world) {
				w.must(c.change(w))
				_, _, err := w.session()
				p := account.AsProblem(err)
				if p == nil || p.Kind != c.kind || p.RequestID == "" {
					t.Fatalf("got %v, want %s", err, c.kind)
				}
				if c.kind == account.ClockOff && (p.Skew-w.ahead).Abs() > 2*time.Second {
					t.Errorf("the clock is said to be %s ahead, it is %s", p.Skew, w.ahead)
				}
			})
		})
	}
}

// TestSessionLooksBeforeItAsks: what AWS would answer with one AccessDenied is
// found here, without a call.
func TestSessionLooksBeforeItAsks(t *testing.T) {
	leafOf := func(w *world, change func(*x509.Certificate)) account.Certificate {
		top, err := parse(w.target.Authority)
		w.must(err)
		c := &x509.Certificate{
			SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: w.target.Link.LeafCN()}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
		}
		change(c)
		der, err := x509.CreateCertificate(rand.Reader, c, top, w.key.Public(), w.ca)
		w.must(err)
		made, err := x509.ParseCertificate(der)
		w.must(err)
		return account.CertificateOf(made)
	}
	for name, c := range map[string]struct {
		change func(w *world)
		kind   account.Kind
	}{
		"another key":   {func(w *world) { w.key = newKey(w.t) }, account.KeyDamaged},
		"no key":        {func(w *world) { w.key = nil }, account.KeyMissing},
		"run out":       {func(w *world) { time.Sleep(account.AWSLeafLife) }, account.Expired},
		"not yet":       {func(w *world) { w.ahead = -time.Hour }, account.ClockOff},
		"the authority": {func(w *world) { w.target.Leaf, w.key = w.target.Authority, w.ca }, account.AWSUntrusted},
		"no CA:FALSE": {func(w *world) {
			w.target.Leaf = leafOf(w, func(c *x509.Certificate) { c.BasicConstraintsValid = false })
		}, account.AWSUntrusted},
		"no signatures": {func(w *world) {
			w.target.Leaf = leafOf(w, func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })
		}, account.AWSUntrusted},
		"brackets": {func(w *world) {
			w.target.Leaf = leafOf(w, func(c *x509.Certificate) { c.Subject.CommonName = "xops (1)" })
		}, account.AWSUntrusted},
		"a longer subject": {func(w *world) {
			w.target.Leaf = leafOf(w, func(c *x509.Certificate) { c.Subject.Organization = []string{"Contoso"} })
		}, account.AWSUntrusted},
		"another authority": {func(w *world) { w.target.Authority, _ = w.aws.Authority(newKey(w.t), w.target.Link, time.Now()) }, account.AWSUntrusted},
		"no certificate":    {func(w *world) { w.target.Leaf = account.Certificate{} }, account.Unexpected},
		"region of profile": {func(w *world) {
			w.target.Link.Profile = account.ARN(strings.Replace(string(w.target.Link.Profile), "eu-west-1", "eu-west-2", 1))
		}, account.InputNotARN},
		"region of link":   {func(w *world) { w.target.Link.Region = "eu-west-2" }, account.InputNotARN},
		"account of role":  {func(w *world) { w.target.Link.Role = "arn:aws:iam::444455556666:role/XopsReadOnly" }, account.AWSOtherAccount},
		"account of link":  {func(w *world) { w.target.Link.Account = "444455556666" }, account.AWSOtherAccount},
		"partition":        {func(w *world) { w.target.Link.Role = "arn:aws-cn:iam::111122223333:role/XopsReadOnly" }, account.InputNotARN},
		"profile for role": {func(w *world) { w.target.Link.Role = w.target.Link.Profile }, account.InputNotARN},
		"no role":          {func(w *world) { w.target.Link.Role = "" }, account.InputNotARN},
		"a region that is a host": {func(w *world) {
			for _, a := range []*account.ARN{&w.target.Link.Anchor, &w.target.Link.Profile} {
				*a = account.ARN(strings.Replace(string(*a), "eu-west-1", "evil-example", 1))
			}
			w.target.Link.Region = ""
		}, account.InputNotARN},
	} {
		t.Run(name, func(t *testing.T) {
			inLinked(t, management(), func(w *world) {
				c.change(w)
				before := len(w.desk.asked)
				_, _, err := w.session()
				if k := account.KindOf(err); k != c.kind {
					t.Errorf("got %v, want %s", err, c.kind)
				}
				if len(w.desk.asked) != before {
					t.Errorf("asked %v", w.desk.asked[before:])
				}
			})
		})
	}
}

func TestSessionAnswersThatAreNone(t *testing.T) {
	for _, body := range []string{"", "{}", "<html>", `{"credentialSet":[]}`, `{"credentialSet":[{"credentials":{"accessKeyId":"A"}}]}`, `{"credentialSet":[{"roleArn":"arn:aws:iam::111122223333:role/Other","credentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":"2026-11-26T10:00:00Z"}}]}`} {
		inLinked(t, management(), func(w *world) {
			w.desk.says("CreateSession", -1, http.StatusCreated, body)
			_, _, err := w.session()
			if account.KindOf(err) != account.NotTheService {
				t.Errorf("%q: %v", body, err)
			}
		})
	}
}

// TestEndpointsOfThePartitions: where a link's calls go follows from its ARNs.
func TestEndpointsOfThePartitions(t *testing.T) {
	for region, want := range map[account.AWSRegion][]string{
		"eu-west-1":     {"sts.eu-west-1.amazonaws.com", "iam.amazonaws.com", "organizations.us-east-1.amazonaws.com", "rolesanywhere.eu-west-1.amazonaws.com", "cloudformation.eu-west-1.amazonaws.com"},
		"us-gov-east-1": {"sts.us-gov-east-1.amazonaws.com", "iam.us-gov.amazonaws.com", "organizations.us-gov-west-1.amazonaws.com", "rolesanywhere.us-gov-east-1.amazonaws.com", "cloudformation.us-gov-east-1.amazonaws.com"},
		"cn-north-1":    {"sts.cn-north-1.amazonaws.com.cn", "iam.cn-north-1.amazonaws.com.cn", "organizations.cn-northwest-1.amazonaws.com.cn", "rolesanywhere.cn-north-1.amazonaws.com.cn", "cloudformation.cn-north-1.amazonaws.com.cn"},
	} {
		var got []string
		for _, s := range []service{sts, iam, organizations, rolesanywhere, cloudformation} {
			got = append(got, s.host(region))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: %v", region, got)
		}
	}
}

func FuzzReadSession(f *testing.F) {
	f.Add([]byte(`{"credentialSet":[{"roleArn":"r","credentials":{"accessKeyId":"A","secretAccessKey":"s","sessionToken":"t","expiration":"2026-11-26T10:00:00Z"}}]}`))
	f.Add([]byte(`{"credentialSet":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		keys, err := readSession(b, "r")
		if err == nil && !keys.HasKeys() {
			t.Errorf("credentials without a key of %q", b)
		}
	})
}
