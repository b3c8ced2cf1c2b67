package entra

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func states(s account.Survey) (all []account.CheckState) {
	for _, r := range s.Rights {
		all = append(all, r.State)
	}
	return all
}

func TestSurvey(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		s, err := d.admin.Survey(t.Context(), account.SurveyWish{Unique: unique})
		d.must(err)
		if s.TenantName != "Contoso" || string(s.Initial) != d.tenant.Initial() || !slices.Equal(s.Domains, []string{d.tenant.Initial(), "contoso.com"}) || s.Person != d.admin.Person() {
			t.Errorf("%+v", s)
		}
		if !slices.Equal(s.Roles, []string{"Global Administrator"}) || !s.RolesRead || !slices.Equal(states(s), []account.CheckState{account.Holds, account.Holds, account.Holds, account.Holds}) {
			t.Errorf("%v %v %v", s.Roles, s.RolesRead, states(s))
		}
		if s.Permission != account.Holds || !account.IsGUID(string(s.Graph)) || s.Own.Found() || len(s.Tagged) != 0 || !s.TaggedRead || s.PolicyRead {
			t.Errorf("%+v", s)
		}
		if len(s.Evidence) != 5 || len(d.writes()) != 0 {
			t.Errorf("%d reads, writes %v", len(s.Evidence), d.writes())
		}
		d.ear.wantSecret(t, s)
		m, err := d.apply(d.admin)
		d.must(err)
		d.must(d.tenant.AddOwner(string(m.app.Client), "Mallory"))
		s, err = d.admin.Survey(t.Context(), account.SurveyWish{Unique: unique})
		d.must(err)
		if s.Own.Application != m.app.Application || !s.Own.OnlyKey(d.key) || s.Own.Created {
			t.Errorf("%+v", s.Own)
		}
		if len(s.Tagged) != 1 || s.Tagged[0].Client != m.app.Client || s.Tagged[0].Name != appIs || s.Tagged[0].Made.IsZero() || len(s.Tagged[0].Owners) != 1 || !strings.HasPrefix(s.Tagged[0].Owners[0], "Mallory") {
			t.Errorf("%+v", s.Tagged)
		}
	})
}

func TestSurveyOfRights(t *testing.T) {
	const yes, no, unknown = account.Holds, account.Missing, account.Unknown
	for name, tt := range map[string]struct {
		roles []string
		want  []account.CheckState
	}{
		"none":        {nil, []account.CheckState{no, no, no, no}},
		"Application": {[]string{simcloud.ApplicationAdministrator}, []account.CheckState{yes, no, no, yes}},
		"Cloud":       {[]string{simcloud.CloudApplicationAdministrator}, []account.CheckState{yes, no, no, no}},
		"Privileged":  {[]string{simcloud.PrivilegedRoleAdministrator}, []account.CheckState{no, yes, yes, no}},
		"both":        {[]string{simcloud.PrivilegedRoleAdministrator, simcloud.CloudApplicationAdministrator}, []account.CheckState{yes, yes, yes, no}},
	} {
		at(t, licensed(), func(t *testing.T, d *desk) {
			a := d.hire("bianca@contoso.com", tt.roles...)
			s, err := a.Survey(t.Context(), account.SurveyWish{})
			d.must(err)
			if got := states(s); !slices.Equal(got, tt.want) {
				t.Errorf("%s: %v, want %v", name, got, tt.want)
			}
			d.tenant.SetOwnRolesReadable(false)
			s, err = a.Survey(t.Context(), account.SurveyWish{})
			d.must(err)
			if got := states(s); s.RolesRead || !slices.Equal(got, []account.CheckState{unknown, unknown, unknown, unknown}) {
				t.Errorf("%s: %v where nothing can be read", name, got)
			}
		})
	}
}

func TestSurveyThatFails(t *testing.T) {
	for path, want := range map[string]account.Kind{
		"/organization": account.RightMissing, "/servicePrincipals(": account.RightMissing, "/applications(": account.RightMissing,
		"/transitiveMemberOf": "", "/applications": "",
	} {
		at(t, licensed(), func(t *testing.T, d *desk) {
			d.cloud.Inject(simcloud.Fault{Times: 1, Status: 403, Match: func(r *http.Request) bool {
				p := strings.TrimPrefix(r.URL.Path, "/v1.0")
				return p == path || p != "/applications" && path != "/applications" && strings.Contains(p, path)
			}})
			s, err := d.admin.Survey(t.Context(), account.SurveyWish{Unique: unique})
			if s.TaggedRead == (path == "/applications") && err == nil || s.RolesRead == strings.HasPrefix(path, "/transitive") && err == nil {
				t.Errorf("%s: it says it read %+v", path, s)
			}
			if got := account.KindOf(err); got != want {
				t.Errorf("%s: %v, want %q", path, err, want)
			}
			if err != nil && account.AsProblem(err).Subject != globalAdministrator {
				t.Errorf("%s: it needs %q", path, account.AsProblem(err).Subject)
			}
		})
	}
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Body: `{"value":[{"id":"99998888-7777-6666-5555-444433332222","displayName":"Other"}]}`})
		_, err := d.admin.Survey(t.Context(), account.SurveyWish{})
		d.wantKind(err, account.WrongTenant)
	})
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Drop: simcloud.Before})
		start := time.Now()
		_, err := d.admin.Survey(t.Context(), account.SurveyWish{})
		d.wantKind(err, account.Offline)
		if took := time.Since(start); took > surveyLimit {
			t.Errorf("took %v", took)
		}
	})
}

func TestPolicyLimits(t *testing.T) {
	now := time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for text, want := range map[string]struct {
		life    time.Duration
		trusted bool
	}{
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P180D"}]}}`:                                                                            {180 * day, false},
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","maxLifetime":"P180D"},{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P1M2DT3H4M5.5S"}]}}`: {30*day + 3*time.Hour + 4*time.Minute + 5*time.Second, false},
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"trustedCertificateAuthority","state":"enabled"}]}}`:                                                                                            {0, true},
		`{"isEnabled":false,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P180D"}]}}`:                                                                           {0, false},
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"disabled","maxLifetime":"P180D"}]}}`:                                                                           {0, false},
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"soon"}]}}`:                                                                             {0, false},
		`{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P9D","restrictForAppsCreatedAfterDateTime":"2027-01-01T00:00:00Z"}]}}`:                 {0, false},
		`{"isEnabled":true,"applicationRestrictions":null}`: {0, false},
	} {
		var p managementPolicy
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		if life, trusted := p.limits(now); life != want.life || trusted != want.trusted {
			t.Errorf("%s: %v %v", text, life, trusted)
		}
	}
}

// TestSurveyReadsThePolicy: with a client that may, as one of the customer's own.
func TestSurveyReadsThePolicy(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		s, err := d.admin.Survey(t.Context(), account.SurveyWish{})
		d.must(err)
		if asked := d.cloud.Requests(); s.PolicyRead || slices.ContainsFunc(asked, func(r simcloud.Request) bool { return strings.Contains(r.Path, "Policy") }) {
			t.Errorf("asked %+v", asked)
		}
		d.admin.person.Client = "00001111-aaaa-2222-bbbb-3333cccc4444"
		_, err = d.admin.Survey(t.Context(), account.SurveyWish{}) // refused, and that is all
		d.must(err)
		d.cloud.Inject(simcloud.Fault{Match: simcloud.Path("defaultAppManagementPolicy"), Body: `{"isEnabled":true,"applicationRestrictions":{"keyCredentials":[{"restrictionType":"asymmetricKeyLifetime","state":"enabled","maxLifetime":"P90D"}]}}`})
		s, err = d.admin.Survey(t.Context(), account.SurveyWish{})
		d.must(err)
		if !s.PolicyRead || s.Life != 90*24*time.Hour || s.TrustedOnly {
			t.Errorf("%+v", s)
		}
	})
}

// crowd is an app of somebody else with everything foreign on it.
func (d *desk) crowd() simcloud.App {
	d.t.Helper()
	app := d.tenant.Register("Somebody's app")
	foreign := certify(d.t, otherKeyOf(), "somebody else", time.Now().Add(-time.Hour), time.Now().AddDate(0, 3, 0))
	d.must(d.tenant.Upload(app.ClientID, []byte(foreign.PEM)))
	d.must(d.tenant.AddSecret(app.ClientID, "old secret"))
	d.must(d.tenant.AddOwner(app.ClientID, "Mallory"))
	d.must(d.tenant.AddPermission(app.ClientID, simcloud.Delegated))
	return app
}

func TestAdopting(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		app := d.crowd()
		before := d.tenant.Apps()[0]
		s, err := d.admin.Survey(t.Context(), account.SurveyWish{Adopt: account.ClientID(app.ClientID)})
		d.must(err)
		a := s.Adopted
		if string(a.App.Application) != app.ObjectID || string(a.Principal) != app.PrincipalID || a.Unread != nil || len(a.Foreign) != 3 {
			t.Fatalf("%+v", a)
		}
		for i, want := range []string{"certificate CN=somebody else", "client secret old secret", "owner Mallory"} {
			if !strings.HasPrefix(a.Foreign[i], want) {
				t.Errorf("%q, want %q", a.Foreign[i], want)
			}
		}
		adopted, evidence, err := d.admin.Adopt(t.Context(), a.App.Application, account.AppWish{Certificate: d.key}, d.tell)
		d.must(err)
		if !adopted.Key || !adopted.Permission || adopted.App.Client != a.App.Client || len(evidence) != 2 || len(d.writes()) != 1 {
			t.Errorf("%+v %v", adopted, evidence)
		}
		now := d.tenant.Apps()[0]
		if len(now.Certificates) != 2 || now.Certificates[0] != before.Certificates[0] || now.Certificates[1].SHA1 != d.key.SHA1 {
			t.Errorf("%+v", now.Certificates)
		}
		if want := append(slices.Clone(before.Requested), "Application AccessReview.Read.All"); !slices.Equal(now.Requested, want) || len(now.Secrets) != 1 || len(now.Owners) != 1 {
			t.Errorf("%+v", now)
		}
		again, _, err := d.admin.Adopt(t.Context(), a.App.Application, account.AppWish{Certificate: d.key}, d.tell)
		d.must(err)
		if again.Key || again.Permission || len(d.writes()) != 1 {
			t.Errorf("adopted twice: %+v %v", again, d.writes())
		}
		for range 2 {
			_, err = d.admin.Abandon(t.Context(), adopted, d.key, d.tell)
			d.must(err)
		}
		if diff := cmp.Diff(before, d.tenant.Apps()[0]); diff != "" || len(d.writes()) != 2 {
			t.Errorf("not as before:\n%s\n%v", diff, d.writes())
		}
	})
}

// TestNoKeyIsOursBeforeOneIsMade: not even one without an end.
func TestNoKeyIsOursBeforeOneIsMade(t *testing.T) {
	f := findings{application: read[application]{value: application{Keys: []keyCredential{{DisplayName: "CN=endless"}}}}}
	if got := f.everything(New(nil, nil)); len(got) != 1 {
		t.Errorf("%v", got)
	}
}

// TestHad reads what an app has before it is used, and changes nothing.
func TestHad(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		had := func(app account.App) account.Had {
			t.Helper()
			got, _, err := d.admin.Had(t.Context(), app, d.graph)
			d.must(err)
			return got
		}
		m, err := d.apply(d.admin)
		d.must(err)
		if got, want := had(m.app), (account.Had{Principal: m.principal.ID, Grant: m.consent.ID, Role: m.role.ID, Permission: true}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		before := len(d.writes())
		_, err = d.admin.UnassignRole(t.Context(), m.role.ID, time.Now(), nil)
		d.must(err)
		if got, want := had(m.app), (account.Had{Principal: m.principal.ID, Grant: m.consent.ID, Permission: true}); got != want || len(d.writes()) != before+1 {
			t.Errorf("%+v, want %+v", got, want)
		}
		_, err = d.admin.DeletePrincipal(t.Context(), m.principal.ID, time.Now(), nil)
		d.must(err)
		if got, want := had(m.app), (account.Had{Permission: true}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		crowd := d.crowd()
		if got := had(account.App{Application: account.ObjectID(crowd.ObjectID), Client: account.ClientID(crowd.ClientID)}); got.Permission || got.Principal != account.ObjectID(crowd.PrincipalID) {
			t.Errorf("%+v", got)
		}
		// What cannot be read is not taken for nothing.
		for _, path := range []string{"/applications/", "/servicePrincipals(", "/appRoleAssignments", "/roleAssignments"} {
			d.cloud.Inject(simcloud.Fault{Match: func(r *http.Request) bool { return strings.Contains(r.URL.Path, path) }, Status: 403, Times: 1})
			_, _, err := d.admin.Had(t.Context(), account.App{Application: account.ObjectID(crowd.ObjectID), Client: account.ClientID(crowd.ClientID)}, d.graph)
			d.wantKind(err, account.RightMissing)
		}
	})
}

func TestAdoptingFails(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		_, err := d.admin.Survey(t.Context(), account.SurveyWish{Adopt: "00001111-aaaa-2222-bbbb-3333cccc4444"})
		d.wantKind(err, account.AppNotFound)
		app := d.crowd()
		d.tenant.SetPolicy(24 * time.Hour)
		_, _, err = d.admin.Adopt(t.Context(), account.ObjectID(app.ObjectID), account.AppWish{Certificate: d.key}, nil)
		d.wantKind(err, account.PolicyLife)
		d.tenant.SetPolicy(0)
		<-time.After(100 * 24 * time.Hour) // somebody's certificate is over
		d.admin = d.signIn(boss)
		_, _, err = d.admin.Adopt(t.Context(), account.ObjectID(app.ObjectID), account.AppWish{Certificate: d.key}, nil)
		if p := d.wantKind(err, account.ExpiredKeyInWay); !strings.Contains(p.Subject, "CN=somebody else") {
			t.Errorf("%+v", p)
		}
		if n := len(d.tenant.Apps()[0].Certificates); n != 1 {
			t.Errorf("%d certificates", n)
		}
		nobody := d.hire("plain@contoso.com")
		_, _, err = nobody.Adopt(t.Context(), account.ObjectID(app.ObjectID), account.AppWish{Certificate: d.key}, nil)
		d.wantKind(err, account.RightMissing)
	})
}

func TestAdoptingFaults(t *testing.T) {
	for name, fault := range faults {
		t.Run(name, func(t *testing.T) {
			at(t, licensed(), func(t *testing.T, d *desk) {
				app := d.crowd()
				fault.Times, fault.Match = 1, method("PATCH")
				d.cloud.Inject(fault)
				_, _, err := d.admin.Adopt(t.Context(), account.ObjectID(app.ObjectID), account.AppWish{Certificate: d.key}, nil)
				d.must(err)
				if n := len(d.tenant.Apps()[0].Certificates); n != 2 {
					t.Errorf("%d certificates", n)
				}
			})
		})
	}
}

// FuzzWritten: whatever an app's lists hold goes back as it came.
func FuzzWritten(f *testing.F) {
	for _, seed := range []string{
		`{"keyCredentials":[{"keyId":"x","key":"AA==","customKeyIdentifier":null,"new":[1]}],"requiredResourceAccess":[{"resourceAppId":"00000003-0000-0000-c000-000000000000","resourceAccess":[{"id":"d07a8cc0-3d51-4b77-b3b0-32704d1f69fa","type":"Role"},{"id":"y","type":"Scope","more":1}]}]}`,
		`{"keyCredentials":null,"requiredResourceAccess":[{"resourceAppId":7}]}`, `{"requiredResourceAccess":[null,{}]}`, `{"keyCredentials":[null]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var w written
		if json.Unmarshal(body, &w) != nil {
			return
		}
		keys := len(w.Keys)
		if got := len(w.echoed(-1)); got != keys || len(w.keys()) != keys {
			t.Errorf("%d of %d keys", got, keys)
		}
		for _, k := range w.echoed(-1) {
			if string(k["key"]) != "null" {
				t.Errorf("%s is told again", k["key"])
			}
		}
		with, missing := w.withPermission()
		if !missing {
			return
		}
		w.Access = with
		if _, again := w.withPermission(); again {
			t.Error("added and not there")
		}
		if _, had := w.withoutPermission(); !had {
			t.Error("added and not found")
		}
	})
}
