package azure

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/hostile"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// through has an estate's calls answered by s.
func (e *estate) through(s *hostile.Spoiler) {
	e.t.Helper()
	s.Next = e.cloud.Client().Transport
	c, err := rest.New(rest.Options{Transport: s, Version: "test"})
	e.must(err)
	e.rest, e.entra = c, entra.New(c, nil)
	e.azure = New(c, e.entra, nil)
}

func TestHostileVerification(t *testing.T) {
	for name, change := range map[string]func(*estate){
		"holds":      func(e *estate) { e.assign(e.prod, account.AzureReader) },
		"too strong": func(e *estate) { e.assign(e.prod, account.AzureOwner) },
		"no role":    func(*estate) {},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, e *estate) {
				change(e)
				hostile.Every(t, 3, func(s *hostile.Spoiler) []any {
					e.through(s)
					checks, facts := e.azure.See(t.Context(), e.target, keyOf())
					return []any{checks, facts}
				})
			})
		})
	}
}

// TestHostileAdministration holds it of what a person sees and changes.
func TestHostileAdministration(t *testing.T) {
	hostile.Every(t, 20, func(s *hostile.Spoiler) (all []any) {
		in(t, func(t *testing.T, e *estate) {
			a := e.signIn(boss)
			e.through(s)
			a.(*Administrator).rest = e.rest
			survey, err := a.SurveyAzure(t.Context())
			all = append(all, survey, account.AsProblem(err))
			elevated, err := a.Elevate(t.Context())
			all = append(all, elevated, account.AsProblem(err))
			got, trail, err := a.Assign(t.Context(), e.prod, account.AzureReader, e.principal(), e.tell)
			all = append(all, got, trail, account.AsProblem(err), e.paused)
			trail, err = a.Unassign(t.Context(), got.ID, e.tell)
			all = append(all, trail, account.AsProblem(err))
		})
		return all
	})
}

// TestHostileRefusals holds that of a refusal no more is kept than may be shown.
func TestHostileRefusals(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 409, 429, 500} {
		for _, code := range []string{"AuthorizationFailed", "InvalidAuthenticationTokenTenant", "SubscriptionNotFound", "ScopeLocked", hostile.All} {
			synctest.Test(t, func(t *testing.T) {
				e := newEstate(t, account.Global)
				e.cloud.Inject(simcloud.Fault{Match: simcloud.Host(account.Global.Cloud().ARM), Status: status, Body: fmt.Sprintf(`{"error":{"code":%s,"message":%s}}`, hostile.JSON(code), hostile.JSON("The client 'a' "+hostile.All))})
				checks, facts := e.azure.See(t.Context(), e.target, keyOf())
				if text, found := hostile.Kept(hostile.In(checks, facts)); found {
					t.Errorf("%d %.40q: %.300q is kept", status, code, text)
				}
			})
		}
	}
}
