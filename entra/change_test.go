package entra

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

func TestOnboardingInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		t.Run(string(id), func(t *testing.T) {
			spec := licensed()
			spec.Cloud = id
			at(t, spec, func(t *testing.T, d *desk) {
				m, err := d.apply(d.admin)
				d.must(err)
				d.wantWhole()
				graph := string(d.graph)
				want := []string{
					"PATCH /v1.0/applications(uniqueName='" + unique + "')", "PATCH /v1.0/servicePrincipals(appId='" + string(m.app.Client) + "')",
					"POST /v1.0/servicePrincipals/" + graph + "/appRoleAssignedTo", "POST /v1.0/roleManagement/directory/roleAssignments",
				}
				if diff := cmp.Diff(want, d.writes()); diff != "" {
					t.Errorf("writes (-want +got):\n%s", diff)
				}
				if len(m.evidence) != 4 || len(d.cloud.Requests()) != 4 || len(d.paused) != 0 {
					t.Errorf("%d calls with evidence of %d, %d pauses: each change is one call", len(d.cloud.Requests()), len(m.evidence), len(d.paused))
				}
				for i, e := range m.evidence {
					if e.Status != 201 || e.RequestID == "" || e.ClientRequestID == "" || !strings.HasPrefix(want[i], e.Method+" ") || !strings.HasSuffix(e.Path, strings.Split(want[i], " ")[1]) {
						t.Errorf("evidence %+v of %s", e, want[i])
					}
				}
				if !m.app.Created || !m.principal.Created || !m.consent.Created || !m.role.Created || !m.app.OnlyKey(d.key) {
					t.Errorf("made %+v", m)
				}
				target := account.Target{Cloud: id, Link: account.MicrosoftLink{Tenant: account.TenantID(d.tenant.ID()), Client: m.app.Client}, Certificate: d.key}
				if r := d.entra.Verify(t.Context(), target, keyOf()); !r.Linked() || !r.Holds(account.Foreign) {
					t.Errorf("%+v", r)
				}
				d.wantHosts(id)
			})
		})
	}
}

func (d *desk) wantHosts(id account.CloudID) {
	d.t.Helper()
	for _, r := range d.cloud.Requests() {
		if c := id.Cloud(); r.Host != c.Login && r.Host != c.Graph {
			d.t.Errorf("asked %s, which is not of the cloud %s", r.Host, id)
		}
	}
}

func TestSecondRunChangesNothing(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		one, err := d.apply(d.admin)
		d.must(err)
		before := d.tenant.Apps()
		two, err := d.apply(d.admin)
		d.must(err)
		after := d.tenant.Apps()
		after[0].Certificates[0].KeyID = before[0].Certificates[0].KeyID // the service names keys anew
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("changed:\n%s", diff)
		}
		if two.app.Application != one.app.Application || two.principal.ID != one.principal.ID || two.consent.ID != one.consent.ID || two.role.ID != one.role.ID {
			t.Errorf("%+v\nis another than %+v", two, one)
		}
		if two.app.Created || two.principal.Created || two.consent.Created || two.role.Created {
			t.Errorf("said to be made again: %+v", two)
		}
		d.wantFound(one)
	})
}

func (d *desk) wantFound(m made) {
	d.t.Helper()
	ctx := d.t.Context()
	app, _, err := d.admin.FindApplication(ctx, unique)
	d.must(err)
	p, _, err := d.admin.FindPrincipal(ctx, m.app.Client)
	d.must(err)
	consent, _, err := d.admin.FindConsent(ctx, m.principal.ID, d.graph)
	d.must(err)
	role, _, err := d.admin.FindRole(ctx, m.principal.ID)
	d.must(err)
	if app.Application != m.app.Application || !app.OnlyKey(d.key) || p.ID != m.principal.ID || consent.ID != m.consent.ID || role.ID != m.role.ID {
		d.t.Errorf("found %+v %+v %+v %+v, made %+v", app, p, consent, role, m)
	}
}

func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		ctx := t.Context()
		const none = "00001111-aaaa-2222-bbbb-3333cccc4444"
		if app, e, err := d.admin.FindApplication(ctx, unique); err != nil || app.Found() || len(e) != 1 || e[0].Status != 404 {
			t.Errorf("%+v %+v %v", app, e, err)
		}
		if p, _, err := d.admin.FindPrincipal(ctx, none); err != nil || p.Found() {
			t.Errorf("%+v %v", p, err)
		}
		if a, _, err := d.admin.FindConsent(ctx, none, d.graph); err != nil || a.Found() {
			t.Errorf("%+v %v", a, err)
		}
		if a, _, err := d.admin.FindRole(ctx, none); err != nil || a.Found() {
			t.Errorf("%+v %v", a, err)
		}
	})
}

// TestSpreading: every object takes its time, in every wording, and each change
// waits for exactly that.
func TestSpreading(t *testing.T) {
	for name, set := range map[string]func(d *desk){
		"everything 3 s":  func(d *desk) { d.tenant.SetReplication(3 * time.Second) },
		"everything 60 s": func(d *desk) { d.tenant.SetReplication(time.Minute) },
		"other words":     func(d *desk) { d.tenant.SetReplication(time.Minute); d.tenant.SetOtherWording(true) },
		"app alone":       func(d *desk) { d.tenant.SetReplicationOf(simcloud.ApplicationChange, 0, 4*time.Minute) },
		"principal alone": func(d *desk) { d.tenant.SetReplicationOf(simcloud.PrincipalChange, 0, 4*time.Minute) },
		"racing, newer": func(d *desk) {
			d.tenant.SetReplication(time.Minute)
			d.tenant.SetRacingUpserts(true)
			d.tenant.SetNewerConflicts(true)
		},
		"nine and a half": func(d *desk) { d.tenant.SetReplication(9*time.Minute + 30*time.Second) },
		"grants and roles": func(d *desk) {
			d.tenant.SetReplicationOf(simcloud.GrantChange, 0, time.Minute)
			d.tenant.SetReplicationOf(simcloud.RoleChange, 0, time.Minute)
		},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, licensed(), func(t *testing.T, d *desk) {
				set(d)
				for range 2 { // the second run meets what has not spread yet
					_, err := d.apply(d.admin)
					d.must(err)
				}
				d.wantWhole()
				d.wantPauses()
			})
		})
	}
}

func (d *desk) wantPauses() {
	d.t.Helper()
	for _, p := range d.paused {
		if p.Since.IsZero() || p.Next.Before(p.Since) || p.Until.Before(p.Next) || p.Until.Sub(p.Since) > spreadLimit || p.Reason == "" {
			d.t.Errorf("pause %+v", p)
		}
	}
}

func TestSpreadingTooLong(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		app, _, err := d.admin.CreateApplication(t.Context(), account.AppWish{Unique: unique, Name: appIs, Certificate: d.key}, nil)
		d.must(err)
		d.tenant.SetReplicationOf(simcloud.PrincipalChange, 0, time.Hour)
		p, _, err := d.admin.CreatePrincipal(t.Context(), app.Client, appIs, nil)
		d.must(err)
		start := time.Now()
		_, evidence, err := d.admin.GrantConsent(t.Context(), p.ID, d.graph, d.tell)
		if q := d.wantKind(err, account.SpreadingTooLong); q.Message != "Not a valid reference update." || q.RequestID == "" {
			t.Errorf("%+v", q)
		}
		if took := time.Since(start); took != spreadLimit {
			t.Errorf("gave up after %v", took)
		}
		if n := len(evidence); n < 15 || n > 40 {
			t.Errorf("asked %d times", n)
		}
		d.wantPauses()
		_, _, err = d.admin.AssignRole(t.Context(), p.ID, nil)
		d.wantKind(err, account.SpreadingTooLong)
	})
}

// TestOtherRefusalsAreNotWaitedFor: only the texts that are known for it.
func TestOtherRefusalsAreNotWaitedFor(t *testing.T) {
	for _, body := range []string{
		`{"error":{"code":"Request_BadRequest","message":"Not a valid reference."}}`,
		`{"error":{"code":"Request_BadRequest","message":"The appId 'ffff1111-aaaa-2222-bbbb-3333cccc4444' of the service principal does not reference a valid application object."}}`,
		`{"error":{"code":"Request_BadRequest","message":"Something about replication, please retry."}}`,
	} {
		at(t, licensed(), func(t *testing.T, d *desk) {
			m, err := d.apply(d.admin)
			d.must(err)
			d.cloud.Inject(simcloud.Fault{Match: method("PATCH", "POST"), Status: 400, Body: body})
			_, _, err = d.admin.CreatePrincipal(t.Context(), m.app.Client, appIs, d.tell)
			d.wantKind(err, account.Unexpected)
			_, _, err = d.admin.GrantConsent(t.Context(), m.principal.ID, d.graph, d.tell)
			d.wantKind(err, account.Unexpected)
			d.cloud.ClearFaults()
			d.cloud.Inject(simcloud.Fault{Match: method("POST"), Status: 404, Body: `{"error":{"code":"Request_ResourceNotFound","message":"Resource 'ffff1111-aaaa-2222-bbbb-3333cccc4444' does not exist or one of its queried reference-property objects are not present."}}`})
			_, _, err = d.admin.AssignRole(t.Context(), m.principal.ID, d.tell)
			d.wantKind(err, account.Unexpected)
			if len(d.paused) != 0 {
				t.Errorf("%s: waited %+v", body, d.paused)
			}
		})
	}
}

func method(names ...string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return slices.Contains(names, r.Method) && strings.HasPrefix(r.URL.Path, "/v1.0/")
	}
}

// faults are what goes wrong once at one call.
var faults = map[string]simcloud.Fault{
	"503":           {Status: 503},
	"503 and asked": {Status: 503, RetryAfter: "20"},
	"500":           {Status: 500},
	"504 page":      {Status: 504, HTML: true},
	"429":           {Status: 429, RetryAfter: "17"},
	"429 for long":  {Status: 429, RetryAfter: "150"},
	"lost before":   {Drop: simcloud.Before},
	"lost after":    {Drop: simcloud.After},
	"slow":          {SlowBody: true},
}

var fourWrites = []string{"/applications(", "/servicePrincipals(", "/appRoleAssignedTo", "/roleAssignments"}

// TestFaultsAtEachWrite: each ends in done, exactly once, and nothing is asked
// earlier than the service said.
func TestFaultsAtEachWrite(t *testing.T) {
	for name, fault := range faults {
		for _, path := range fourWrites {
			for _, delay := range []time.Duration{0, 40 * time.Second} {
				t.Run(fmt.Sprint(name, " at ", path, " spreading ", delay), func(t *testing.T) {
					at(t, licensed(), func(t *testing.T, d *desk) {
						d.tenant.SetReplication(delay)
						fault.Times, fault.Match = 1, func(r *http.Request) bool {
							return r.Method != http.MethodGet && strings.Contains(r.URL.Path, path)
						}
						d.cloud.Inject(fault)
						m, err := d.apply(d.admin)
						d.must(err)
						d.wantWhole()
						if !m.app.Created || !m.principal.Created || !m.consent.Created || !m.role.Created {
							t.Errorf("not said to be made here: %+v", m)
						}
						d.wantObeyed(path, fault.RetryAfter)
						posts := slices.DeleteFunc(d.writes(), func(w string) bool { return !strings.HasPrefix(w, "POST") || !strings.Contains(w, path) })
						if name == "lost after" && delay == 0 && len(posts) > 1 {
							t.Errorf("made again without a look: %v", posts)
						}
						<-time.After(delay)
						d.wantFound(m)
					})
				})
			}
		}
	}
}

// wantObeyed holds that after its first answer at path nothing at all was asked
// for as long as it said.
func (d *desk) wantObeyed(path, after string) {
	d.t.Helper()
	if after == "" {
		return
	}
	wait, err := time.ParseDuration(after + "s")
	d.must(err)
	asked := d.cloud.Requests()
	for i, r := range asked {
		if r.Method == http.MethodGet || !strings.Contains(r.Path, path) || r.Status < 429 {
			continue
		}
		if i+1 == len(asked) || asked[i+1].Time.Sub(r.Done) < wait {
			d.t.Errorf("asked again too early: %+v", asked[i:])
		}
		if !slices.ContainsFunc(d.paused, func(p account.Pause) bool { return p.Reason == account.AskedToWait }) {
			d.t.Errorf("nobody was told of the pause: %+v", d.paused)
		}
		return
	}
	d.t.Error("the fault was not met")
}

func TestFaultsAtEachRemoval(t *testing.T) {
	for name, fault := range faults {
		for _, path := range []string{"/roleAssignments/", "/appRoleAssignedTo/", "/applications/", "/deletedItems/"} {
			t.Run(name+" at "+path, func(t *testing.T) {
				at(t, licensed(), func(t *testing.T, d *desk) {
					d.tenant.SetReplication(5 * time.Second)
					m, err := d.apply(d.admin)
					d.must(err)
					fault.Times, fault.Match = 1, func(r *http.Request) bool {
						return r.Method == http.MethodDelete && strings.Contains(r.URL.Path, path)
					}
					d.cloud.Inject(fault)
					binned, err := d.undo(d.admin, m, time.Now())
					d.must(err)
					d.wantNothing()
					for _, b := range binned {
						if !b.Purged {
							t.Errorf("%+v", b)
						}
					}
				})
			})
		}
	}
}

// TestLongOutage: what does not get better ends, and is done when it is asked again.
func TestLongOutage(t *testing.T) {
	for i, path := range fourWrites {
		at(t, licensed(), func(t *testing.T, d *desk) {
			d.cloud.Inject(simcloud.Fault{Status: 503, Match: func(r *http.Request) bool {
				return r.Method != http.MethodGet && strings.Contains(r.URL.Path, path)
			}})
			start := time.Now()
			_, err := d.apply(d.admin)
			d.wantKind(err, account.Unavailable)
			if took := time.Since(start); took > time.Minute {
				t.Errorf("%s: ended after %v", path, took)
			}
			if n := len(d.writes()); n > i+4 {
				t.Errorf("%s: %d writes", path, n)
			}
			d.cloud.ClearFaults()
			_, err = d.apply(d.admin)
			d.must(err)
			d.wantWhole()
		})
	}
}

func TestThrottledForHours(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.cloud.Inject(simcloud.Fault{Match: method("PATCH"), Status: 429, RetryAfter: "7200"})
		start := time.Now()
		_, err := d.apply(d.admin)
		if p := d.wantKind(err, account.Throttled); p.Wait < time.Hour || time.Since(start) > time.Second {
			t.Errorf("%+v after %v", p, time.Since(start))
		}
		if len(d.writes()) != 1 {
			t.Errorf("%v", d.writes())
		}
	})
}

func TestTwoAdministratorsRace(t *testing.T) {
	for _, conflict := range []bool{false, true} {
		for _, delay := range []time.Duration{0, 3 * time.Second} {
			at(t, licensed(), func(t *testing.T, d *desk) {
				d.tenant.SetReplication(delay)
				d.tenant.SetRacingUpserts(conflict)
				d.tenant.SetNewerConflicts(conflict)
				other := d.hire("bianca@contoso.com", simcloud.GlobalAdministrator)
				d.cloud.SetLatency(50 * time.Millisecond)
				results := make(chan error, 2)
				for i, a := range []*Administrator{d.admin, other} {
					own := *d
					go func() {
						<-time.After(time.Duration(i) * 10 * time.Millisecond) // both are on the way together
						_, err := own.apply(a)
						results <- err
					}()
				}
				for range 2 {
					d.must(<-results)
				}
				d.wantWhole()
			})
		}
	}
}

func TestTakingBack(t *testing.T) {
	for _, delay := range []time.Duration{0, 3 * time.Second, time.Minute} {
		for _, wait := range []time.Duration{0, time.Hour} {
			t.Run(fmt.Sprint(delay, " after ", wait), func(t *testing.T) {
				at(t, licensed(), func(t *testing.T, d *desk) {
					d.tenant.SetReplication(delay)
					m, err := d.apply(d.admin)
					d.must(err)
					when := time.Now()
					if wait > 0 {
						<-time.After(wait / 2)
					}
					binned, err := d.undo(d.admin, m, when)
					d.must(err)
					d.wantNothing()
					if len(binned) != 2 || !binned[0].Purged || !binned[1].Purged || !binned[0].Until.IsZero() {
						t.Errorf("%+v", binned)
					}
					// Once more, as after a crash before it was noted.
					if _, err := d.undo(d.admin, m, time.Time{}); err != nil {
						t.Error(err)
					}
					if n := len(slices.DeleteFunc(d.writes(), func(w string) bool { return !strings.HasPrefix(w, "DELETE") })); n != 5 {
						t.Errorf("%d removals", n)
					}
				})
			})
		}
	}
}

// TestUndoOfWhatWasJustMade: what has not spread yet is not taken for gone.
func TestUndoOfWhatWasJustMade(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.tenant.SetReplication(2 * time.Minute)
		app, _, err := d.admin.CreateApplication(t.Context(), account.AppWish{Unique: unique, Name: appIs, Certificate: d.key}, nil)
		d.must(err)
		_, err = d.admin.DeleteApplication(t.Context(), app.Application, time.Now(), d.tell)
		d.must(err)
		if bin := d.tenant.Deleted(); len(bin) != 1 || len(d.tenant.Apps()) != 0 {
			t.Errorf("%+v", bin)
		}
		if len(d.paused) == 0 || d.paused[0].Reason != account.MadeUnseen || d.paused[len(d.paused)-1].Reason != account.GoneSeen {
			t.Errorf("%+v", d.paused)
		}
		// Killed after that: the bin tells, without ten minutes of waiting.
		start := time.Now()
		_, err = d.admin.DeleteApplication(t.Context(), app.Application, time.Now(), nil)
		d.must(err)
		if time.Since(start) > time.Second {
			t.Errorf("took %v", time.Since(start))
		}
	})
}

func TestWhoMayNotPurge(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		half := d.hire("bianca@contoso.com", simcloud.PrivilegedRoleAdministrator, simcloud.CloudApplicationAdministrator)
		m, err := d.apply(half)
		d.must(err)
		d.wantWhole()
		when := time.Now()
		binned, err := d.undo(half, m, when)
		p := d.wantKind(err, account.PurgeNotAllowed)
		if p.Subject != string(m.principal.ID) || p.Left < restorable-time.Minute || p.RequestID == "" {
			t.Errorf("%+v", p)
		}
		if len(binned) != 2 || binned[0].Purged || binned[1].Purged || binned[1].Object != m.app.Application || binned[1].Until.Sub(when.Add(restorable)).Abs() > time.Minute {
			t.Errorf("%+v", binned)
		}
		if bin := d.tenant.Deleted(); len(bin) != 2 || len(d.tenant.Apps()) != 0 {
			t.Errorf("%+v", bin)
		}
		// The unique name is kept by the deleted app.
		_, err = d.apply(half)
		if q := d.wantKind(err, account.AppDeleted); q.Subject != string(m.app.Application) {
			t.Errorf("%+v", q)
		}
		_, _, err = d.admin.Purge(t.Context(), time.Now(), nil, m.principal.ID, m.app.Application)
		d.must(err)
		d.wantNothing()
	})
}

func TestRightsMissing(t *testing.T) {
	for _, tt := range []struct {
		name  string
		roles []string
		done  int // changes
		needs string
	}{
		{"nobody", nil, 0, cloudAppAdministrator},
		{"Application Administrator", []string{simcloud.ApplicationAdministrator}, 2, roleAdministrator},
		{"Cloud Application Administrator", []string{simcloud.CloudApplicationAdministrator}, 2, roleAdministrator},
		{"Privileged Role Administrator", []string{simcloud.PrivilegedRoleAdministrator}, 0, cloudAppAdministrator},
		{"both", []string{simcloud.PrivilegedRoleAdministrator, simcloud.CloudApplicationAdministrator}, 4, ""},
		{"with Application Developer", []string{simcloud.PrivilegedRoleAdministrator, simcloud.ApplicationDeveloper}, 4, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			at(t, licensed(), func(t *testing.T, d *desk) {
				d.tenant.SetUsersRegister(false)
				a := d.hire("bianca@contoso.com", tt.roles...)
				_, err := d.apply(a)
				if tt.needs == "" {
					d.must(err)
					return
				}
				if p := d.wantKind(err, account.RightMissing); p.Subject != tt.needs || p.Code != "Authorization_RequestDenied" || p.RequestID == "" {
					t.Errorf("%+v", p)
				}
				// The second administrator does what is left.
				m, err := d.apply(d.admin)
				d.must(err)
				if m.app.Created != (tt.done < 1) || m.principal.Created != (tt.done < 2) || !m.consent.Created {
					t.Errorf("%+v", m)
				}
			})
		})
	}
}

func TestPolicies(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.tenant.SetPolicy(30 * 24 * time.Hour)
		_, err := d.apply(d.admin)
		d.wantKind(err, account.PolicyLife)
		if len(d.tenant.Apps()) != 0 {
			t.Error("an app was made")
		}
		d.key = certify(t, keyOf(), "Xops 360 9f3a61c2", time.Now(), time.Now().Add(30*24*time.Hour))
		_, err = d.apply(d.admin)
		d.must(err)
		d.wantWhole()
	})
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.tenant.SetTrustedAuthorities(true)
		_, err := d.apply(d.admin)
		d.wantKind(err, account.PolicyAuthority)
	})
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.tenant.SetQuota(1)
		_, err := d.apply(d.admin)
		d.wantKind(err, account.QuotaReached)
	})
	for text, want := range map[string]int{
		"Credential lifetime exceeds the max value allowed as per assigned policy '4f9428ab-d614-4792-8e04-d3dfd3c7fd40'.": 0,
		"Credential lifetime exceeds P90D as per assigned policy.":                                                         90,
		"The lifetime must not exceed 30 days.":                                                                            30,
	} {
		if got := lifeIn(text); got != time.Duration(want)*24*time.Hour {
			t.Errorf("lifeIn(%q) = %v", text, got)
		}
	}
}

func TestEndOfTheSignIn(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		m, err := d.apply(d.admin)
		d.must(err)
		<-time.After(3 * time.Hour) // longer than a token lives
		for what, err := range d.everything(m) {
			if account.KindOf(err) != account.SignInOver {
				t.Errorf("%s: %v", what, err)
			}
		}
		d.admin = d.signIn(boss)
		d.admin.Forget()
		asked := len(d.cloud.Requests())
		for what, err := range d.everything(m) {
			if account.KindOf(err) != account.SignInOver {
				t.Errorf("%s: %v", what, err)
			}
		}
		if n := len(d.cloud.Requests()); n != asked {
			t.Errorf("%d calls after Forget", n-asked)
		}
	})
}

// everything asks for everything once.
func (d *desk) everything(m made) map[string]error {
	ctx, a, all := d.t.Context(), d.admin, map[string]error{}
	_, all["survey"] = a.Survey(ctx, account.SurveyWish{Unique: unique})
	_, _, all["find app"] = a.FindApplication(ctx, unique)
	_, _, all["find principal"] = a.FindPrincipal(ctx, m.app.Client)
	_, _, all["find consent"] = a.FindConsent(ctx, m.principal.ID, d.graph)
	_, _, all["find role"] = a.FindRole(ctx, m.principal.ID)
	_, all["apply"] = d.apply(a)
	_, _, all["principal"] = a.CreatePrincipal(ctx, m.app.Client, appIs, nil)
	_, _, all["consent"] = a.GrantConsent(ctx, m.principal.ID, d.graph, nil)
	_, _, all["role"] = a.AssignRole(ctx, m.principal.ID, nil)
	_, _, all["adopt"] = a.Adopt(ctx, m.app.Application, account.AppWish{Certificate: d.key}, nil)
	_, all["abandon"] = a.Abandon(ctx, account.Adoption{App: m.app, Key: true}, d.key, nil)
	_, all["unassign"] = a.UnassignRole(ctx, m.role.ID, time.Time{}, nil)
	_, all["revoke"] = a.RevokeConsent(ctx, d.graph, m.consent.ID, time.Time{}, nil)
	_, all["delete"] = a.DeleteApplication(ctx, m.app.Application, time.Time{}, nil)
	_, all["delete principal"] = a.DeletePrincipal(ctx, m.principal.ID, time.Time{}, nil)
	_, _, all["purge"] = a.Purge(ctx, time.Time{}, nil, m.app.Application)
	return all
}

func TestCancelledWhileItWaits(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		m, err := d.apply(d.admin)
		d.must(err)
		d.tenant.SetReplication(time.Hour)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Second, cancel)
		start := time.Now()
		_, err = d.admin.UnassignRole(ctx, m.role.ID, time.Now(), d.tell)
		d.wantKind(err, account.Cancelled)
		if took := time.Since(start); took != 20*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// TestIDsThatAreNone: nothing that is no id gets into an address.
func TestIDsThatAreNone(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		ctx, a := t.Context(), d.admin
		bad := account.ObjectID("x')/../users")
		all := map[string]error{}
		_, _, all["unique"] = a.FindApplication(ctx, "x')")
		_, _, all["create"] = a.CreateApplication(ctx, account.AppWish{Unique: "A", Certificate: d.key}, nil)
		_, _, all["certificate"] = a.CreateApplication(ctx, account.AppWish{Unique: unique}, nil)
		_, _, all["principal"] = a.CreatePrincipal(ctx, account.ClientID(bad), "x", nil)
		_, _, all["find principal"] = a.FindPrincipal(ctx, account.ClientID(bad))
		_, _, all["consent"] = a.GrantConsent(ctx, bad, d.graph, nil)
		_, _, all["find consent"] = a.FindConsent(ctx, d.graph, bad)
		_, _, all["role"] = a.AssignRole(ctx, bad, nil)
		_, _, all["find role"] = a.FindRole(ctx, bad)
		_, all["delete"] = a.DeleteApplication(ctx, bad, time.Time{}, nil)
		_, all["delete principal"] = a.DeletePrincipal(ctx, "", time.Time{}, nil)
		_, all["unassign"] = a.UnassignRole(ctx, "", time.Time{}, nil)
		_, all["revoke"] = a.RevokeConsent(ctx, d.graph, "", time.Time{}, nil)
		_, _, all["purge"] = a.Purge(ctx, time.Time{}, nil, bad)
		_, _, all["adopt"] = a.Adopt(ctx, bad, account.AppWish{Certificate: d.key}, nil)
		_, all["survey"] = a.Survey(ctx, account.SurveyWish{Unique: "x'"})
		_, all["survey of"] = a.Survey(ctx, account.SurveyWish{Adopt: account.ClientID(bad)})
		for what, err := range all {
			if err == nil {
				t.Errorf("%s: no error", what)
			}
		}
		if n := len(d.cloud.Requests()); n != 0 {
			t.Errorf("%d calls were made", n)
		}
	})
}

func TestNoSecretInWhatChangesTell(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		m, err := d.apply(d.admin)
		d.must(err)
		d.cloud.Inject(simcloud.Fault{Match: simcloud.Host(d.tenant.Cloud().Cloud().Graph), Status: 403})
		values := []any{m, m.evidence, d.admin, struct{ A *Administrator }{d.admin}, d.paused}
		for _, err := range d.everything(m) {
			values = append(values, err)
		}
		d.ear.wantSecret(t, values...)
		if got := fmt.Sprintf("%v %+v %#v %s %x", d.admin, d.admin, d.admin, d.admin, d.admin); strings.Count(got, "administrator "+boss) != 5 {
			t.Errorf("%s", got)
		}
	})
}

// TestStopCutsNoWrite stops while a write is on its way: it is made, and its
// answer is taken; what would come next is not begun.
func TestStopCutsNoWrite(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.cloud.SetLatency(2 * time.Second)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		app, _, err := d.admin.CreateApplication(ctx, account.AppWish{Unique: unique, Name: appIs, Certificate: d.key}, nil)
		if err != nil || !app.Found() {
			t.Fatalf("the write was cut: %v", err)
		}
		before := len(d.writes())
		_, _, err = d.admin.CreatePrincipal(ctx, app.Client, appIs, nil)
		d.wantKind(err, account.Cancelled)
		if n := len(d.writes()); n != before {
			t.Errorf("%d writes were begun after the stop", n-before)
		}
	})
}

// TestStopEndsEveryPause stops while a change waits to be made again: it ends
// at once, and nothing more is written.
func TestStopEndsEveryPause(t *testing.T) {
	for name, fault := range map[string]simcloud.Fault{
		"held back": {Status: 429, RetryAfter: "50"}, "held back for long": {Status: 429, RetryAfter: "150"},
		"503, held back": {Status: 503, RetryAfter: "50"}, "lost": {Drop: simcloud.After},
	} {
		for _, path := range fourWrites {
			t.Run(name+" at "+path, func(t *testing.T) {
				at(t, licensed(), func(t *testing.T, d *desk) {
					fault.Match = func(r *http.Request) bool { return r.Method != http.MethodGet && strings.Contains(r.URL.Path, path) }
					d.cloud.Inject(fault)
					ctx, stop := context.WithCancel(t.Context())
					var paused time.Time
					d.heard = func(account.Pause) {
						if paused.IsZero() {
							paused = time.Now()
							time.AfterFunc(500*time.Millisecond, stop)
						}
					}
					_, err := d.applyIn(ctx, d.admin)
					d.wantKind(err, account.Cancelled)
					if took := time.Since(paused); took != 500*time.Millisecond {
						t.Errorf("ended %v after the stop", took-500*time.Millisecond)
					}
					before := len(d.writes())
					_, err = d.applyIn(ctx, d.admin)
					d.wantKind(err, account.Cancelled)
					if n := len(d.writes()); n != before {
						t.Errorf("%d writes after the stop", n-before)
					}
				})
			})
		}
	}
}

// TestStopCutsReads stops while a read of a change is on its way.
func TestStopCutsReads(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		d.cloud.SetLatency(20 * time.Second)
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, stop)
		start := time.Now()
		_, _, err := d.admin.FindApplication(ctx, unique)
		d.wantKind(err, account.Cancelled)
		if took := time.Since(start); took != time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

// TestUnseenIsNotMadeAgain: where it cannot be looked up whether a create whose
// answer was lost was made, it is not made again.
func TestUnseenIsNotMadeAgain(t *testing.T) {
	at(t, licensed(), func(t *testing.T, d *desk) {
		m, err := d.apply(d.admin)
		d.must(err)
		_, err = d.admin.RevokeConsent(t.Context(), d.graph, m.consent.ID, time.Now(), nil)
		d.must(err)
		d.cloud.ForgetRequests()
		d.cloud.Inject(simcloud.Fault{Match: method("POST"), Drop: simcloud.Before})
		d.cloud.Inject(simcloud.Fault{Match: func(r *http.Request) bool { return r.Method == http.MethodGet }, Status: 403})
		_, _, err = d.admin.GrantConsent(t.Context(), m.principal.ID, d.graph, nil)
		d.wantKind(err, account.RightMissing)
		if w := d.writes(); len(w) != 1 {
			t.Errorf("%v", w)
		}
	})
}
