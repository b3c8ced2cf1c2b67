package aws

import (
	"crypto/ecdsa"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

func management() simaws.AccountSpec {
	return simaws.AccountSpec{Alias: "contoso-prod", Organization: simaws.Management}
}

func TestVerifyALinkedAccount(t *testing.T) {
	for _, partition := range []string{"aws", "aws-us-gov"} {
		spec := management()
		spec.Partition = partition
		inLinked(t, spec, func(w *world) {
			start := time.Now()
			r := w.verify()
			if len(r.Checks) != 8 || time.Since(start) > verifyLimit {
				t.Errorf("%d checks in %s", len(r.Checks), time.Since(start))
			}
			for i, c := range r.Checks {
				if c.Name != certificateNames[i] {
					t.Errorf("check %d is %s", i, c.Name)
				}
				w.want(r, c.Name, account.Holds, "")
				if c.Name != account.KeyLife && c.Name != account.AuthorityLife && len(c.Evidence) == 0 {
					t.Errorf("%s has no evidence", c.Name)
				}
				for _, e := range c.Evidence {
					if e.Status == 0 || e.RequestID == "" || strings.Count(e.Path, " ") != 1 || strings.ContainsAny(e.Path, "?&=") {
						t.Errorf("%s: evidence %+v", c.Name, e)
					}
				}
			}
			c, _ := r.Check(account.AWSPermissions)
			w.wantDetail(c, "storage: holds")
			w.wantDetail(c, "organization: holds")
			c, _ = r.Check(account.AWSReadOnly)
			w.wantDetail(c, "s3:GetObject (explicit deny)")
			w.wantDetail(c, "ec2:TerminateInstances (implicit)")
			who := r.Facts.Caller
			if who == nil || who.Account != number || who.Alias != "contoso-prod" || who.Management != account.Holds || !strings.Contains(who.ARN, "assumed-role/XopsReadOnly/") {
				t.Errorf("caller %+v", who)
			}
		})
	}
}

// TestVerifySeesWhatWasChanged: each thing that somebody else may have changed in
// the account.
func TestVerifySeesWhatWasChanged(t *testing.T) {
	const roleName = account.AWSRoleName
	allowAll := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`
	for name, c := range map[string]struct {
		change func(w *world) error
		check  account.CheckName
		state  account.CheckState
		kind   account.Kind
		detail string
	}{
		"the trust policy lets another in": {
			func(w *world) error {
				trust := w.account.Roles()[0].Trust
				return w.account.SetTrust(roleName, strings.Replace(trust, `"Statement":[`, `"Statement":[{"Sid":"Door","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"},`, 1))
			},
			account.AWSTrust, account.Missing, account.AWSTrustChanged, "statement Door is not ours",
		},
		"a session policy is gone": {
			func(w *world) error {
				return w.account.SetProfilePolicies(home, string(w.target.Link.Profile), "", "SecurityAudit")
			},
			account.AWSTrust, account.Missing, account.AWSTrustChanged, "the profile has the session policies",
		},
		"a policy is detached": {
			func(w *world) error { return w.account.Detach(roleName, "job-function/ViewOnlyAccess") },
			account.AWSPolicies, account.Missing, account.AWSPolicyMissing, "not attached: arn:aws:iam::aws:policy/job-function/ViewOnlyAccess",
		},
		"more is attached": {
			func(w *world) error { return w.account.Attach(roleName, "AdministratorAccess") },
			account.AWSPolicies, account.Warning, account.AWSPolicyStrong, "attached, not ours: arn:aws:iam::aws:policy/AdministratorAccess",
		},
		"an own policy allows more": {
			func(w *world) error { return w.account.PutInline(roleName, "extra", allowAll) },
			account.AWSPolicies, account.Warning, account.AWSPolicyStrong, "policy extra allows something",
		},
		"the denial is gone": {
			func(w *world) error { return w.account.DeleteInline(roleName, denyPolicy) },
			account.AWSPolicies, account.Missing, account.AWSPolicyMissing, "is not there, which denies reads of data",
		},
		"the denial is thinner": {
			func(w *world) error {
				return w.account.PutInline(roleName, denyPolicy, `{"Version":"2012-10-17","Statement":[{"Sid":"NoReadsOfData","Effect":"Deny","Action":"kms:Decrypt","Resource":"*"}]}`)
			},
			account.AWSPolicies, account.Missing, account.AWSPolicyMissing, "is not as it was made",
		},
		"writes are allowed": {
			func(w *world) error { return w.account.PutInline(roleName, "extra", allowAll) },
			account.AWSReadOnly, account.Missing, account.AWSWritable, "allowed: ec2:TerminateInstances",
		},
	} {
		t.Run(name, func(t *testing.T) {
			inLinked(t, management(), func(w *world) {
				w.must(c.change(w))
				got := w.want(w.verify(), c.check, c.state, c.kind)
				w.wantDetail(got, c.detail)
			})
		})
	}
}

func TestVerifyTellsMissingFromUncheckable(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.must(w.account.PutInline(account.AWSRoleName, "more", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["s3:GetBucketPolicyStatus","kms:ListKeys"],"Resource":"*"}]}`))
		c := w.want(w.verify(), account.AWSPermissions, account.Missing, account.AWSPermission)
		w.wantDetail(c, "storage: missing: s3:GetBucketPolicyStatus (explicit deny)")
		w.wantDetail(c, "keys: missing: kms:ListKeys (explicit deny)")
		w.wantDetail(c, "compute: holds")
	})
	inLinked(t, management(), func(w *world) {
		w.must(w.account.Detach(account.AWSRoleName, "SecurityAudit"))
		w.must(w.account.Detach(account.AWSRoleName, "job-function/ViewOnlyAccess"))
		r := w.verify()
		c := w.want(r, account.AWSPermissions, account.Unknown, account.AWSDenied)
		w.wantDetail(c, "identity: could not be checked: aws-denied AccessDenied")
		w.want(r, account.AWSReadOnly, account.Unknown, account.AWSDenied)
		w.want(r, account.AWSTrust, account.Unknown, account.AWSDenied)
		w.want(r, account.AWSIdentity, account.Holds, "")
	})
	inLinked(t, management(), func(w *world) {
		w.desk.says("SimulatePrincipalPolicy", -1, 200, `<SimulatePrincipalPolicyResponse><SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults>
			<member><EvalActionName>ec2:DescribeInstances</EvalActionName><EvalDecision>allowed</EvalDecision></member>
			<member><EvalActionName>kms:ListKeys</EvalActionName><EvalDecision>explicitDeny</EvalDecision><OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail></member>
			<member><EvalActionName>kms:GetKeyRotationStatus</EvalActionName><EvalDecision>implicitDeny</EvalDecision><PermissionsBoundaryDecisionDetail><AllowedByPermissionsBoundary>false</AllowedByPermissionsBoundary></PermissionsBoundaryDecisionDetail></member>
			<member><EvalActionName>s3:ListAllMyBuckets</EvalActionName><EvalDecision>implicitDeny</EvalDecision></member>
			</EvaluationResults></SimulatePrincipalPolicyResult></SimulatePrincipalPolicyResponse>`)
		r := w.verify()
		c := w.want(r, account.AWSPermissions, account.Missing, account.AWSPermission)
		w.wantDetail(c, "compute: holds")
		w.wantDetail(c, "keys: missing: kms:ListKeys (service control policy), kms:GetKeyRotationStatus (boundary)")
		w.wantDetail(c, "storage: missing: s3:ListAllMyBuckets (implicit); could not be checked: no answer for s3:GetBucketPolicyStatus")
		w.wantDetail(c, "network: could not be checked: no answer for ec2:DescribeSecurityGroups")
		w.want(r, account.AWSReadOnly, account.Unknown, account.Unexpected)
	})
}

// TestVerifyReadsPagesToTheirEnd: the simulator and the lists may answer in pieces.
func TestVerifyReadsPagesToTheirEnd(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.cloud.SetPage(3)
		for _, c := range w.verify().Checks {
			if c.State != account.Holds {
				t.Errorf("%s: %s %v %q", c.Name, c.State, c.Problem, c.Detail)
			}
		}
	})
}

func TestVerifyAtTheControlPlanesPace(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.cloud.SetLimiter(true)
		w.want(w.verify(), account.AWSTrust, account.Holds, "")
	})
}

func TestVerifyAsksNothingWithoutASession(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.must(w.account.EnableProfile(home, string(w.target.Link.Profile), false))
		before := len(w.desk.asked)
		r := w.verify()
		for _, n := range []account.CheckName{account.AWSIdentity, account.AWSTrust, account.AWSPolicies, account.AWSPermissions, account.AWSReadOnly} {
			w.want(r, n, account.Unknown, account.NotAsked)
		}
		w.want(r, account.KeyLife, account.Holds, "")
		if got := len(w.desk.asked) - before; got != 1 {
			t.Errorf("asked %d times", got)
		}
	})
}

func TestVerifySeesAnotherAuthorityAndWhatIsGone(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		// As a rotation does: another's certificate beside ours.
		other, err := w.aws.Authority(newKey(t), w.target.Link, time.Now())
		w.must(err)
		w.must(w.account.SetAnchor(home, string(w.target.Link.Anchor), w.target.Authority.PEM+other.PEM))
		c := w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSAuthorityOther)
		w.wantDetail(c, "SHA-256 "+other.SHA256)
	})
	inLinked(t, management(), func(w *world) {
		other, err := w.aws.Authority(newKey(t), w.target.Link, time.Now())
		w.must(err)
		w.desk.says("GetTrustAnchor", -1, 200, fmt.Sprintf(`{"trustAnchor":{"trustAnchorArn":"a","enabled":true,"source":{"sourceType":"CERTIFICATE_BUNDLE","sourceData":{"x509CertificateData":%q}}}}`, other.PEM))
		c := w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSAuthorityOther)
		w.wantDetail(c, "does not have the link's authority, SHA-256 "+w.target.Authority.SHA256)
	})
	for action, thing := range map[string]string{"GetProfile": "profile", "GetTrustAnchor": "trust anchor"} {
		inLinked(t, management(), func(w *world) {
			w.desk.refuses(action, -1, 404, "ResourceNotFoundException", "not found")
			c := w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSGone)
			if c.Problem.Subject != thing {
				t.Errorf("gone is %q", c.Problem.Subject)
			}
		})
	}
	// Disabled between the session and the read.
	inLinked(t, management(), func(w *world) {
		w.desk.says("GetTrustAnchor", -1, 200, `{"trustAnchor":{"trustAnchorArn":"a","enabled":false,"source":{"sourceType":"AWS_ACM_PCA"}}}`)
		w.desk.says("GetProfile", -1, 200, `{"profile":{"profileArn":"a","enabled":false,"acceptRoleSessionName":true,"sessionPolicy":"{}","roleArns":["x"]}}`)
		c := w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSDisabled)
		for _, line := range []string{"the profile is disabled", "the trust anchor is disabled", "accepts session names", "session policy of its own", "gives out the roles", "does not hold the link's authority"} {
			w.wantDetail(c, line)
		}
	})
}

func TestVerifyOtherAccountsAndEndings(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.desk.says("GetCallerIdentity", -1, 200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>444455556666</Account><Arn>arn:aws:sts::444455556666:assumed-role/XopsReadOnly/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>")
		c := w.want(w.verify(), account.AWSIdentity, account.Missing, account.AWSOtherAccount)
		if c.Problem.Subject != "444455556666" {
			t.Errorf("found %q", c.Problem.Subject)
		}
	})
	inLinked(t, management(), func(w *world) {
		w.desk.says("GetCallerIdentity", -1, 200, "<GetCallerIdentityResponse><GetCallerIdentityResult><Account>111122223333</Account><Arn>arn:aws:sts::111122223333:assumed-role/Other/x</Arn></GetCallerIdentityResult></GetCallerIdentityResponse>")
		w.want(w.verify(), account.AWSIdentity, account.Missing, account.InputNotRole)
	})
	inLinked(t, management(), func(w *world) {
		time.Sleep(account.AWSLeafLife - 29*24*time.Hour)
		r := w.verify()
		w.want(r, account.KeyLife, account.Warning, account.ExpiringSoon)
		w.want(r, account.AuthorityLife, account.Holds, "")
		time.Sleep(30 * 24 * time.Hour)
		r = w.verify()
		w.want(r, account.KeyLife, account.Missing, account.Expired)
		w.want(r, account.AWSSession, account.Missing, account.Expired)
	})
}

func TestVerifyOfAMember(t *testing.T) {
	inLinked(t, simaws.AccountSpec{Organization: simaws.Member}, func(w *world) {
		w.target.Link.Type = account.AWSLinked
		w.must(w.account.AttachSCP(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"ec2:DescribeInstances","Resource":"*"}]}`))
		r := w.verify()
		c := w.want(r, account.AWSPermissions, account.Missing, account.AWSPermission)
		w.wantDetail(c, "compute: missing: ec2:DescribeInstances (service control policy)")
		for _, line := range c.Detail {
			if strings.HasPrefix(line, "organization") {
				t.Errorf("a member is asked for its organization: %s", line)
			}
		}
		if r.Facts.Caller.Management == account.Holds {
			t.Error("a member is said to be the management account")
		}
	})
}

// TestVerifyRejectsAnotherKey: nothing is sent with a key that is not the
// certificate's.
func TestVerifyRejectsAnotherKey(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		before := len(w.desk.asked)
		w.key = newKey(t)
		if _, ok := w.key.Public().(*ecdsa.PublicKey); !ok {
			t.Fatal("no key")
		}
		w.want(w.verify(), account.AWSSession, account.Missing, account.KeyDamaged)
		if len(w.desk.asked) != before {
			t.Errorf("asked %v", w.desk.asked[before:])
		}
	})
}

// TestVerifyEndsInTime: a service that never answers, and one that is left.
func TestVerifyEndsInTime(t *testing.T) {
	hangs := func(r *http.Request) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	inLinked(t, management(), func(w *world) {
		w.desk.does("GetRole", -1, hangs)
		w.desk.does("SimulatePrincipalPolicy", -1, hangs)
		begun := time.Now()
		r := w.verify()
		if took := time.Since(begun); took > verifyLimit || len(r.Checks) != 8 {
			t.Errorf("%d checks after %s", len(r.Checks), took)
		}
		w.want(r, account.AWSTrust, account.Unknown, account.TimedOut)
		w.want(r, account.AWSPermissions, account.Unknown, account.TimedOut)
		w.want(r, account.AWSPolicies, account.Holds, "")
		w.desk.does("CreateSession", -1, hangs)
		w.want(w.verify(), account.AWSSession, account.Unknown, account.TimedOut)
	})
}

// TestVerifyTrustsThePlatformThatIsConfigured, and no other.
func TestVerifyTrustsThePlatformThatIsConfigured(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.cloud.AddAccount(simaws.AccountSpec{Number: "999988887777"})
		l := &w.target.Link
		l.Platform.Principal, l.ExternalID = "arn:aws:iam::999988887777:root", "3b1f6a6e-ff6c"
		w.wantDetail(w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSTrustChanged), "statement PlatformOptional is not there")
		template, err := w.aws.Template(*l, w.target.Authority)
		w.must(err)
		_, _, err = w.signIn().UpdateStack(w.t.Context(), l.Stack, template, silent)
		w.must(err)
		w.want(w.verify(), account.AWSTrust, account.Holds, "")
		l.ExternalID = "another"
		w.wantDetail(w.want(w.verify(), account.AWSTrust, account.Missing, account.AWSTrustChanged), "statement PlatformOptional: Condition is")
	})
}

// TestVerifyIsNotFooledByPages: an answer that is nobody's is no empty list.
func TestVerifyIsNotFooledByPages(t *testing.T) {
	inLinked(t, management(), func(w *world) {
		w.desk.says("ListAttachedRolePolicies", -1, 200, "<html><body>Sign in to the hotel's network</body></html>")
		w.want(w.verify(), account.AWSPolicies, account.Unknown, account.NotTheService)
	})
}
