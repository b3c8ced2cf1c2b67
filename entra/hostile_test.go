package entra

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// client is a client whose answers are spoiled.
func (w *world) client(s *hostile.Spoiler) *Entra {
	s.Next = w.cloud.Client().Transport
	c, err := rest.New(rest.Options{Transport: s, Version: "test"})
	w.must(err)
	return New(c, w.clock)
}

func TestHostileVerification(t *testing.T) {
	for name, change := range map[string]func(*world){
		"holds":         func(*world) {},
		"no consent":    func(w *world) { w.must(w.tenant.RevokeConsent(w.app.ClientID)) },
		"not uploaded":  func(w *world) { w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.target.Certificate.SHA1)) },
		"another's key": func(w *world) { w.upload(otherKeyOf(), "somebody") },
		"no app":        func(w *world) { w.must(w.tenant.DeleteApp(w.app.ClientID)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := finished(t, licensed())
				change(w)
				hostile.Every(t, 3, func(s *hostile.Spoiler) []any {
					return []any{w.client(s).Verify(t.Context(), w.target, w.key)}
				})
			})
		})
	}
}

func TestHostileDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := finished(t, licensed())
		hostile.Every(t, 3, func(s *hostile.Spoiler) []any {
			found, _, err := w.client(s).Discover(t.Context(), w.tenant.Cloud(), "contoso.com")
			return []any{found, account.AsProblem(err)}
		})
	})
}

// TestHostileSignIn holds it of a sign-in by device code, and of what is found then.
func TestHostileSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		app := account.ClientID(d.crowd().ClientID)
		hostile.Every(t, 40, func(s *hostile.Spoiler) (all []any) {
			s.Next = d.cloud.Client().Transport
			c, err := rest.New(rest.Options{Transport: s, Version: "test"})
			d.must(err)
			a, err := New(c, nil).SignInGraph(t.Context(), account.ByDeviceCode, d.wish(), func(p account.SignInPrompt) {
				all = append(all, p)
				_ = d.tenant.EnterCode(boss, p.UserCode) // which may be another
			})
			all = append(all, account.AsProblem(err))
			if err == nil {
				survey, err := a.Survey(t.Context(), account.SurveyWish{Adopt: app})
				all = append(all, survey, account.AsProblem(err), a.person)
			}
			return all
		})
	})
}

// TestHostileChanges holds it of every change of a tenant.
func TestHostileChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hostile.Every(t, 20, func(s *hostile.Spoiler) []any {
			d := newDesk(t, licensed())
			d.admin = d.signIn(boss)
			survey, err := d.admin.Survey(t.Context(), account.SurveyWish{})
			d.must(err)
			d.graph = survey.Graph
			s.Next = d.ear.next
			d.ear.next = s
			m, err := d.apply(d.admin)
			return []any{m.app, m.principal, m.consent, m.role, m.evidence, account.AsProblem(err), d.paused}
		})
	})
}

// TestHostilePages holds that of a page that stands in for an answer nothing is kept.
func TestHostilePages(t *testing.T) {
	for _, status := range []int{200, 302, 401, 403, 404, 407, 429, 502} {
		for _, body := range []string{"<html><title>" + hostile.All + "</title></html>", fmt.Sprintf(`{"error":%s,"error_description":%s,"trace_id":%[1]s,"error_codes":[%[1]s]}`, hostile.JSON(hostile.All), hostile.JSON("AADSTS700016: "+hostile.All))} {
			synctest.Test(t, func(t *testing.T) {
				w := finished(t, licensed())
				w.cloud.Inject(simcloud.Fault{Status: status, Body: body})
				if text, found := hostile.Kept(hostile.In(w.verify())); found {
					t.Errorf("%d: %.300q is kept", status, text)
				}
			})
		}
	}
}
