package entra

import (
	"crypto"
	"crypto/rsa"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func TestFinishedAccountHoldsInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		t.Run(string(id), func(t *testing.T) {
			spec := licensed()
			spec.Cloud = id
			w := finished(t, spec)
			r := w.verify()
			for _, n := range names("") {
				c := w.wantCheck(r, n, want{account.Holds, ""})
				if n != account.KeyLife && len(c.Evidence) == 0 {
					t.Errorf("%s has no evidence", n)
				}
				for _, e := range c.Evidence {
					if e.Status != 200 || e.ClientRequestID == "" || e.RequestID == "" || e.Path == "" || e.Method == "" || e.At.IsZero() {
						t.Errorf("%s: evidence is not whole: %+v", n, e)
					}
				}
			}
			if !r.Linked() {
				t.Error("not linked")
			}
			wantFacts := account.Facts{
				TenantName: "Contoso", Domains: []string{w.tenant.Initial(), "contoso.com"}, Initial: account.Domain(w.tenant.Initial()),
				AppName: "Xops 360 - Contoso", Application: account.ObjectID(w.app.ObjectID), Principal: account.ObjectID(w.app.PrincipalID),
				Review: "Guests quarterly", ReviewsRead: true,
			}
			if d := cmp.Diff(wantFacts, r.Facts); d != "" {
				t.Errorf("facts (-want +got):\n%s", d)
			}
			c := id.Cloud()
			for _, host := range w.asked() {
				if host != c.Login && host != c.Graph {
					t.Errorf("asked %s, which is not of the cloud %s", host, id)
				}
			}
		})
	}
}

func TestEveryRunAsksForANewToken(t *testing.T) {
	w := finished(t, licensed())
	w.must(w.tenant.RevokeConsent(w.app.ClientID))
	w.wantCheck(w.verify(), account.Consent, want{account.Missing, account.PermissionNotGranted})
	w.must(w.tenant.GrantConsent(w.app.ClientID))
	w.wantCheck(w.verify(), account.Consent, want{account.Holds, ""})
}

func TestCertificate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   want
		code   string
	}{
		{"not uploaded", func(w *world) { w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.target.Certificate.SHA1)) }, want{account.Missing, account.CertificateUnseen}, "AADSTS700027"},
		{"another one uploaded", func(w *world) {
			w.target.Certificate = certify(w.t, w.key, "other", today, today.AddDate(0, 1, 0))
		}, want{account.Missing, account.CertificateUnseen}, "AADSTS700027"},
		{"over", func(w *world) { w.now = w.now.AddDate(1, 0, 0) }, want{account.Missing, account.CertificateOver}, "AADSTS700027"},
		{"another key signs", func(w *world) { w.key = impostor{keyOf(), otherKeyOf()} }, want{account.Missing, account.SignatureWrong}, "AADSTS700027"},
		{"the store's key is another", func(w *world) { w.key = otherKeyOf() }, want{account.Missing, account.SignatureWrong}, ""},
		{"unknown client", func(w *world) { w.target.Link.Client = "00001111-aaaa-2222-bbbb-3333cccc4444" }, want{account.Missing, account.AppNotFound}, "AADSTS700016"},
		{"object id", func(w *world) {
			w.target.Link.Application = account.ObjectID(w.app.ObjectID)
			w.target.Link.Client = account.ClientID(w.app.ObjectID)
		}, want{account.Missing, account.AppNotFound}, "AADSTS700016"},
		{"app deleted", func(w *world) { w.must(w.tenant.DeleteApp(w.app.ClientID)) }, want{account.Missing, account.AppNotFound}, "AADSTS700016"},
		{"no enterprise app", func(w *world) { w.must(w.tenant.DeletePrincipal(w.app.ClientID)) }, want{account.Missing, account.NoPrincipal}, "AADSTS7000229"},
		{"disabled", func(w *world) { w.must(w.tenant.SetEnabled(w.app.ClientID, false)) }, want{account.Missing, account.AppDisabled}, "AADSTS7000112"},
		{"public client", func(w *world) { w.must(w.tenant.SetPublicClient(w.app.ClientID, true)) }, want{account.Missing, account.PublicClient}, "AADSTS700025"},
		{"blocked", func(w *world) { w.tenant.BlockWorkload(true) }, want{account.Missing, account.AccessBlocked}, "AADSTS53003"},
		{"unknown tenant", func(w *world) { w.target.Link.Tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee" }, want{account.Missing, account.TenantNotFound}, "AADSTS90002"},
		{"another cloud", func(w *world) { w.target.Cloud = account.China }, want{account.Missing, account.TenantNotFound}, "AADSTS90002"},
		{"another cloud, told", func(w *world) { w.tenant.SetElsewhere(simcloud.Redirected); w.target.Cloud = account.USGov }, want{account.Missing, account.TenantElsewhere}, "AADSTS90038"},
		{"another cloud, described", func(w *world) { w.tenant.SetElsewhere(simcloud.Described); w.target.Cloud = account.USGov }, want{account.Missing, account.TenantElsewhere}, ""},
		{"no tenant at all", func(w *world) { w.target.Link.Tenant = "../common" }, want{account.Unknown, account.InputNotID}, ""},
		{"no certificate", func(w *world) { w.target.Certificate = account.Certificate{} }, want{account.Unknown, account.KeyDamaged}, ""},
		{"a page instead", func(w *world) { w.cloud.Inject(simcloud.Fault{HTML: true}) }, want{account.Unknown, account.NotTheService}, ""},
		{"a page instead of the token", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), HTML: true})
		}, want{account.Unknown, account.NotTheService}, ""},
		{"JSON of another form", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Body: `{"access_token":7}`})
		}, want{account.Unknown, account.Unexpected}, ""},
		{"an error with 200", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Body: `{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'x' was not found in the directory 'y'. Trace ID: z"}`})
		}, want{account.Missing, account.AppNotFound}, "AADSTS700016"},
		{"throttled for long", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Status: 429, RetryAfter: "120"})
		}, want{account.Unknown, account.Throttled}, "AADSTS90055"},
	} {
		for _, old := range []bool{false, true} {
			if old && tt.want.kind == account.SignatureWrong {
				continue // the older wording does not tell it from a certificate that is not there
			}
			t.Run(tt.name, func(t *testing.T) {
				w := finished(t, licensed())
				w.tenant.SetOldWording(old)
				tt.change(w)
				r := w.verify()
				c := w.wantCheck(r, account.CertificateAccepted, tt.want)
				if c.Problem.Code != tt.code {
					t.Errorf("Code = %q, want %q", c.Problem.Code, tt.code)
				}
				if m := c.Problem.Message; strings.Contains(m, "AADSTS") || strings.Contains(m, "Trace ID") {
					t.Errorf("Message = %q", m)
				}
				for _, n := range names("")[1:] {
					if n != account.KeyLife {
						w.wantCheck(r, n, want{account.Unknown, account.NotAsked})
					}
				}
				if r.Linked() || w.target.Certificate.Made() && len(r.Checks) != len(names("")) {
					t.Error("linked, or checks are missing")
				}
				for _, host := range w.asked() {
					if host != w.target.Cloud.Cloud().Login {
						t.Errorf("asked %s without a token", host)
					}
				}
			})
		}
	}
}

// impostor says that it is one key and signs with another.
type impostor struct {
	*rsa.PrivateKey
	signs *rsa.PrivateKey
}

func (i impostor) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return i.signs.Sign(random, digest, opts)
}

func TestObjectIDInThePlaceOfTheClientIDIsTold(t *testing.T) {
	w := finished(t, licensed())
	w.target.Link.Client = account.ClientID(w.app.ObjectID)
	if c, _ := w.verify().Check(account.CertificateAccepted); len(c.Detail) != 0 {
		t.Errorf("guessed: %q", c.Detail)
	}
	w.target.Link.Application = account.ObjectID(w.app.ObjectID)
	if c, _ := w.verify().Check(account.CertificateAccepted); len(c.Detail) != 1 || !strings.Contains(c.Detail[0], "Object ID") {
		t.Errorf("Detail = %q", c.Detail)
	}
}

func TestClockOff(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		w := finished(t, licensed())
		w.ahead = off
		c := w.wantCheck(w.verify(), account.CertificateAccepted, want{account.Missing, account.ClockOff})
		if d := c.Problem.Skew - off; d.Abs() > 2*time.Second {
			t.Errorf("Skew = %v, want %v", c.Problem.Skew, off)
		}
		if !c.Problem.ServerTime.Equal(w.now) {
			t.Errorf("ServerTime = %v, want %v", c.Problem.ServerTime, w.now)
		}
	}
}

// A certificate made a moment ago by a clock that runs ahead has not begun yet
// for the service, which reports it like one that is over.
func TestCertificateOfAFastClock(t *testing.T) {
	w := begun(t, licensed())
	w.ahead = 4 * time.Minute
	w.target.Certificate = certify(t, w.key, "Xops 360 x", w.clock(), w.clock().AddDate(0, 6, 0))
	w.must(w.tenant.Upload(w.app.ClientID, []byte(w.target.Certificate.PEM)))
	c := w.wantCheck(w.verify(), account.CertificateAccepted, want{account.Missing, account.ClockOff})
	if d := c.Problem.Skew - w.ahead; d.Abs() > 2*time.Second {
		t.Errorf("Skew = %v", c.Problem.Skew)
	}
}

func TestPermission(t *testing.T) {
	for _, tt := range []struct {
		name     string
		change   func(w *world)
		consent  want
		reviews  want
		linked   bool
		readable bool
	}{
		{"nothing added", func(w *world) {
			w.must(w.tenant.RevokeConsent(w.app.ClientID))
			w.must(w.tenant.RemovePermission(w.app.ClientID, simcloud.Application, "AccessReview.Read.All"))
		}, want{account.Missing, account.PermissionNotAdded}, want{account.Missing, account.PermissionNotAdded}, false, false},
		{"delegated", func(w *world) {
			w.must(w.tenant.RevokeConsent(w.app.ClientID))
			w.must(w.tenant.RemovePermission(w.app.ClientID, simcloud.Application, "AccessReview.Read.All"))
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Delegated))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, want{account.Missing, account.PermissionDelegated}, want{account.Missing, account.PermissionDelegated}, false, false},
		{
			"not granted", func(w *world) { w.must(w.tenant.RevokeConsent(w.app.ClientID)) },
			want{account.Missing, account.PermissionNotGranted},
			want{account.Missing, account.PermissionNotGranted},
			false, false,
		},
		{
			"grants unreadable, review read works", func(w *world) { w.must(w.tenant.RemoveGlobalReader(w.app.ClientID)) },
			want{account.Holds, ""},
			want{account.Holds, ""},
			false, true,
		},
		{"grants unreadable, review read refused", func(w *world) {
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
			w.must(w.tenant.RevokeConsent(w.app.ClientID))
		}, want{account.Missing, account.PermissionUnseen}, want{account.Missing, account.PermissionUnseen}, false, false},
		{"granted, another permission too", func(w *world) {
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application, "User.Read.All"))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, want{account.Holds, ""}, want{account.Holds, ""}, true, true},
		{"application unreadable", func(w *world) {
			w.must(w.tenant.RevokeConsent(w.app.ClientID))
			w.cloud.Inject(simcloud.Fault{Match: onlyApplication, HTML: true})
		}, want{account.Unknown, account.NotTheService}, want{account.Unknown, account.ReadRefused}, false, false},
		{"ordering not taken", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("accessReviews"), Times: 1, Status: 400})
		}, want{account.Holds, ""}, want{account.Holds, ""}, true, true},
		{"review read gets a page", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("accessReviews"), HTML: true})
		}, want{account.Holds, ""}, want{account.Unknown, account.NotTheService}, true, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := finished(t, licensed())
			tt.change(w)
			r := w.verify()
			w.wantCheck(r, account.Consent, tt.consent)
			w.wantCheck(r, account.AccessReviews, tt.reviews)
			if r.Linked() != tt.linked || r.Facts.ReviewsRead != tt.readable {
				t.Errorf("Linked() = %v, ReviewsRead = %v", r.Linked(), r.Facts.ReviewsRead)
			}
		})
	}
}

func onlyApplication(r *http.Request) bool {
	return strings.HasPrefix(r.URL.Path, "/v1.0/applications(") && strings.HasSuffix(r.URL.Path, ")")
}

// A refusal that names no cause may be a grant that is spreading, or a licence
// that is missing. Which of the two is not told; only how old the grant is.
func TestRefusalWithoutACauseIsNotGivenOne(t *testing.T) {
	for _, tt := range []struct {
		name    string
		answer  simcloud.Unlicensed
		age     time.Duration
		consent want
		reviews want
		linked  bool
	}{
		{"grant is new", simcloud.NoReviews, time.Minute, want{account.Holds, ""}, want{account.Waiting, account.PermissionSpreading}, true},
		{"grant is old", simcloud.NoReviews, time.Hour, want{account.Holds, ""}, want{account.Unknown, account.ReadRefused}, true},
		{"licence named", simcloud.NoLicence, time.Minute, want{account.Holds, ""}, want{account.Warning, account.NotLicensed}, true},
		{"empty list", simcloud.Empty, time.Minute, want{account.Holds, ""}, want{account.Holds, ""}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := finished(t, simcloud.TenantSpec{})
			w.tenant.SetUnlicensed(tt.answer)
			w.now = today.Add(tt.age)
			w.ahead = 3 * time.Minute // the service's clock counts
			r := w.verify()
			w.wantCheck(r, account.Consent, tt.consent)
			w.wantCheck(r, account.AccessReviews, tt.reviews)
			if r.Linked() != tt.linked {
				t.Errorf("Linked() = %v", r.Linked())
			}
		})
	}
}

func TestGlobalReader(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world)
		role   want
		tenant want
		detail string
	}{
		{"assigned", func(*world) {}, want{account.Holds, ""}, want{account.Holds, ""}, "assigned"},
		{
			"not assigned", func(w *world) { w.must(w.tenant.RemoveGlobalReader(w.app.ClientID)) },
			want{account.Missing, account.RoleMissing},
			want{account.Unknown, account.ReadRefused},
			"",
		},
		{"assignments unreadable, organization readable", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("roleAssignments"), Status: 403, Body: denied})
		}, want{account.Holds, ""}, want{account.Holds, ""}, "reading the organization"},
		{"assigned, organization refused", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Status: 403, Body: denied})
		}, want{account.Holds, ""}, want{account.Unknown, account.ReadRefused}, "assigned"},
		{"a permission reads in its place", func(w *world) {
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application, "Directory.Read.All"))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, want{account.Missing, account.RoleMissing}, want{account.Holds, ""}, ""},
		{"another role reads in its place", func(w *world) {
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
			w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.GlobalAdministrator, "/"))
		}, want{account.Missing, account.RoleMissing}, want{account.Holds, ""}, ""},
		{"for a part of the directory only", func(w *world) {
			w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
			w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.GlobalReader, "/administrativeUnits/x"))
		}, want{account.Missing, account.RoleMissing}, want{account.Unknown, account.ReadRefused}, ""},
		{"pages in the way", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Host("graph.microsoft.com"), HTML: true})
		}, want{account.Unknown, account.NotTheService}, want{account.Unknown, account.NotTheService}, ""},
		{"Graph does not know the app yet", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Host("graph.microsoft.com"), Status: 401, Body: `{"error":{"code":"Authorization_IdentityNotFound","message":"The identity of the calling application could not be established."}}`})
		}, want{account.Waiting, account.IdentitySpreading}, want{account.Waiting, account.IdentitySpreading}, ""},
		{"another tenant answers", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Body: `{"value":[{"id":"11111111-2222-3333-4444-555555555555","displayName":"Fabrikam"}]}`})
		}, want{account.Holds, ""}, want{account.Missing, account.WrongTenant}, "assigned"},
		{"nobody answers for the tenant", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Body: `{"value":[]}`})
		}, want{account.Holds, ""}, want{account.Unknown, account.Unexpected}, "assigned"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := finished(t, licensed())
			tt.change(w)
			r := w.verify()
			c := w.wantCheck(r, account.GlobalReader, tt.role)
			w.wantCheck(r, account.RightTenant, tt.tenant)
			if !strings.Contains(strings.Join(c.Detail, "\n"), tt.detail) {
				t.Errorf("Detail = %q, want %q in it", c.Detail, tt.detail)
			}
		})
	}
}

const denied = `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation."}}`

func TestForeign(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(w *world)
		want   want
		detail []string
	}{
		{"another certificate", func(w *world) { w.upload(otherKeyOf(), "backdoor") }, want{account.Warning, account.ForeignFound}, []string{"certificate CN=backdoor", "until 2026-12-24"}},
		{"another installation", func(w *world) { w.upload(otherKeyOf(), "Xops 360 77aa00bb") }, want{account.Warning, account.AnotherInstallation}, []string{"CN=Xops 360 77aa00bb"}},
		{"secret", func(w *world) { w.must(w.tenant.AddSecret(w.app.ClientID, "ci")) }, want{account.Warning, account.ForeignFound}, []string{"client secret ci"}},
		{"owner", func(w *world) { w.must(w.tenant.AddOwner(w.app.ClientID, "Adele Vance")) }, want{account.Warning, account.ForeignFound}, []string{"owner Adele Vance, adele.vance@"}},
		{"federated", func(w *world) { w.must(w.tenant.AddFederatedCredential(w.app.ClientID, "octo")) }, want{account.Warning, account.ForeignFound}, []string{"federated credential octo, https://token.actions.githubusercontent.com, repo:octo-org"}},
		{"permission", func(w *world) {
			w.must(w.tenant.AddPermission(w.app.ClientID, simcloud.Application, "User.Read.All"))
			w.must(w.tenant.GrantConsent(w.app.ClientID))
		}, want{account.Warning, account.ForeignFound}, []string{"permission Microsoft Graph, df021288-bdef-4463-88db-98f22de89214"}},
		{"role", func(w *world) { w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.GlobalAdministrator, "/")) }, want{account.Warning, account.ForeignFound}, []string{"directory role Global Administrator"}},
		{"role in a part", func(w *world) {
			w.must(w.tenant.AssignRole(w.app.PrincipalID, simcloud.GlobalReader, "/administrativeUnits/x"))
		}, want{account.Warning, account.ForeignFound}, []string{"directory role Global Reader", "scope /administrativeUnits/x"}},
		{"names that draw", func(w *world) { w.must(w.tenant.AddSecret(w.app.ClientID, "a\x1b[2Jb\u202e")) }, want{account.Warning, account.ForeignFound}, []string{"client secret a"}},
		{"owners unreadable", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/owners"), Status: 403, Body: denied})
		}, want{account.Unknown, account.ReadRefused}, nil},
		{"owners unreadable, a secret found", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/owners"), Status: 403, Body: denied})
			w.must(w.tenant.AddSecret(w.app.ClientID, "ci"))
		}, want{account.Warning, account.ForeignFound}, []string{"client secret ci"}},
		{"nothing readable", func(w *world) { w.must(w.tenant.RemoveGlobalReader(w.app.ClientID)) }, want{account.Unknown, account.ReadRefused}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := finished(t, licensed())
			tt.change(w)
			c := w.wantCheck(w.verify(), account.Foreign, tt.want)
			all := strings.Join(c.Detail, "\n")
			for _, d := range tt.detail {
				if !strings.Contains(all, d) {
					t.Errorf("Detail = %q, want %q in it", c.Detail, d)
				}
			}
			if strings.Contains(all, w.target.Certificate.SHA1) {
				t.Errorf("our own certificate is called foreign: %q", c.Detail)
			}
		})
	}
}

func (w *world) upload(k *rsa.PrivateKey, subject string) {
	w.t.Helper()
	w.must(w.tenant.Upload(w.app.ClientID, []byte(certify(w.t, k, subject, today, today.AddDate(0, 1, 0)).PEM)))
}

func TestKeyLife(t *testing.T) {
	for left, want := range map[time.Duration]want{
		31 * 24 * time.Hour: {account.Holds, ""},
		29 * 24 * time.Hour: {account.Warning, account.ExpiringSoon},
		-time.Second:        {account.Missing, account.Expired},
	} {
		w := finished(t, licensed())
		w.target.Certificate.NotAfter = w.now.Add(left)
		c := w.wantCheck(w.verify(), account.KeyLife, want)
		if c.State == account.Warning && c.Problem.Left != left {
			t.Errorf("Left = %v, want %v", c.Problem.Left, left)
		}
	}
}

// TestRolesAreAskedForWithTheRest: the enterprise app's object id, where it is
// known, saves an answer; where it is another, what it is counts.
func TestRolesAreAskedForWithTheRest(t *testing.T) {
	for name, tt := range map[string]struct {
		id    func(w *world) string
		asked int
	}{
		"known":   {func(w *world) string { return strings.ToUpper(w.app.PrincipalID) }, 1},
		"unknown": {func(*world) string { return "" }, 1},
		"another": {func(*world) string { return "99998888-7777-6666-5555-444433332222" }, 2},
	} {
		w := finished(t, licensed())
		w.target.Link.Principal = account.ObjectID(tt.id(w))
		r := w.verify()
		w.wantCheck(r, account.GlobalReader, want{account.Holds, ""})
		asked := 0
		for _, q := range w.cloud.Requests() {
			if strings.HasSuffix(q.Path, "/roleAssignments") {
				asked++
			}
		}
		if asked != tt.asked || !r.Linked() {
			t.Errorf("%s: asked %d times, linked %v", name, asked, r.Linked())
		}
	}
	// And where the enterprise app cannot be read, its roles are not judged.
	w := finished(t, licensed())
	w.target.Link.Principal = account.ObjectID(w.app.PrincipalID)
	w.cloud.Inject(simcloud.Fault{Status: 403, Match: func(r *http.Request) bool {
		return strings.HasPrefix(r.URL.Path, "/v1.0/servicePrincipals(appId='"+strings.ToLower(w.app.ClientID)) && strings.HasSuffix(r.URL.Path, ")")
	}})
	if c, _ := w.verify().Check(account.GlobalReader); c.State == account.Missing {
		t.Errorf("%+v", c)
	}
}

// TestMetadataIsKept: a tenant's endpoints are asked for once an hour, and what
// names none is not kept.
func TestMetadataIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := finished(t, licensed())
		asked := func() (n int) {
			for _, q := range w.cloud.Requests() {
				if strings.HasSuffix(q.Path, "/openid-configuration") {
					n++
				}
			}
			return n
		}
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/openid-configuration"), Times: 1, Body: `{"issuer":"https://login.microsoftonline.com/x"}`})
		if w.verify().Linked() {
			t.Error("linked without a token endpoint")
		}
		for range 3 {
			if !w.verify().Linked() {
				t.Error("not linked")
			}
		}
		if n := asked(); n != 2 {
			t.Errorf("asked %d times, want 2", n)
		}
		time.Sleep(time.Hour)
		w.verify()
		if n := asked(); n != 3 {
			t.Errorf("asked %d times, want 3", n)
		}
	})
}
