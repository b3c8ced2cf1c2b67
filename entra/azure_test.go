package entra

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// subscriptions is how Azure Resource Manager answers a bearer.
func (d *desk) subscriptions(b rest.Bearer) error {
	var into map[string]any
	_, err := d.entra.rest.GetJSON(d.t.Context(), "https://"+d.tenant.Cloud().Cloud().ARM+"/subscriptions?api-version=2022-12-01", b, &into)
	return err
}

func (d *desk) forAzure() account.SignInWish {
	w := d.wish()
	w.For = account.ResourceManager
	return w
}

// byCode signs somebody in for what the wish says.
func (d *desk) byCode(upn string, wish account.SignInWish) (*Session, error) {
	return d.entra.SignIn(d.t.Context(), account.ByDeviceCode, wish, func(p account.SignInPrompt) {
		_ = d.tenant.EnterCode(upn, p.UserCode) // a refusal is told to the app as well
	})
}

func TestAzureTokenOfTheApp(t *testing.T) {
	for _, id := range account.Clouds {
		spec := licensed()
		spec.Cloud = id
		w := finished(t, spec)
		b, evidence, err := w.entra.AzureToken(t.Context(), w.target, w.key)
		w.must(err)
		c := id.Cloud()
		var into map[string]any
		if _, err := w.rest.GetJSON(t.Context(), "https://"+c.ARM+"/subscriptions?api-version=2022-12-01", b, &into); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		if _, err := w.rest.GetJSON(t.Context(), "https://"+c.Graph+"/v1.0/organization", b, &into); account.KindOf(err) != account.Unexpected {
			t.Errorf("%s: Azure's token was sent to Graph: %v", id, err)
		}
		if last := evidence[len(evidence)-1]; last.Status != 200 || !strings.HasSuffix(last.Path, "/oauth2/v2.0/token") {
			t.Errorf("%s: %+v", id, evidence)
		}
		if b2, _, err := w.entra.AzureToken(t.Context(), w.target, w.key); err != nil || b2.String() != "•••" || w.tokens() != 2 {
			t.Errorf("%s: %v after %d tokens: each call is a new one", id, err, w.tokens())
		}
	}
}

// tokens is how many were asked for.
func (w *world) tokens() (n int) {
	for _, r := range w.cloud.Requests() {
		if strings.HasSuffix(r.Path, "/token") {
			n++
		}
	}
	return n
}

func TestAzureTokenRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(w *world)
		want  account.Kind
	}{
		"no certificate": {func(w *world) { w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.target.Certificate.SHA1)) }, account.CertificateUnseen},
		"clock":          {func(w *world) { w.ahead = time.Hour }, account.ClockOff},
		"no such app":    {func(w *world) { w.must(w.tenant.DeleteApp(w.app.ClientID)) }, account.AppNotFound},
		"no such tenant": {func(w *world) { w.target.Link.Tenant = "99999999-9999-4999-8999-999999999999" }, account.TenantNotFound},
		"blocked":        {func(w *world) { w.tenant.BlockWorkload(true) }, account.AccessBlocked},
	} {
		w := finished(t, licensed())
		c.spoil(w)
		b, evidence, err := w.entra.AzureToken(t.Context(), w.target, w.key)
		if account.KindOf(err) != c.want || len(evidence) == 0 || b.String() != "•••" {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestSignInForAzure(t *testing.T) {
	for _, id := range account.Clouds {
		synctest.Test(t, func(t *testing.T) {
			spec := licensed()
			spec.Cloud = id
			d := newDesk(t, spec)
			s, err := d.byCode(boss, d.forAzure())
			d.must(err)
			if p := s.Person(); p.UPN != boss || p.Client != account.AzureCLI || !strings.EqualFold(string(p.Tenant), d.tenant.ID()) {
				t.Errorf("%s: %+v", id, p)
			}
			b, err := s.Bearer()
			d.must(err)
			d.must(d.subscriptions(b))
			d.ear.wantSecret(t, s, b, s.Person())
			if len(d.tenant.Consents()) != 0 {
				t.Errorf("%s: left behind %+v", id, d.tenant.Consents())
			}
			s.Forget()
			if b, err = s.Bearer(); account.KindOf(err) != account.SignInOver {
				t.Errorf("%s: %v", id, err)
			}
			if err := d.subscriptions(b); err == nil {
				t.Errorf("%s: the token is still there", id)
			}
		})
	}
}

func TestSignInForAzureInABrowser(t *testing.T) {
	d := newDesk(t, licensed())
	var prompt account.SignInPrompt
	var all sync.WaitGroup
	s, err := d.entra.SignIn(t.Context(), account.InBrowser, d.forAzure(), func(p account.SignInPrompt) {
		prompt = p
		all.Go(func() {
			if _, err := d.tenant.Browser(boss).Open(t.Context(), p.URL); err != nil {
				t.Error(err)
			}
		})
	})
	all.Wait()
	d.must(err)
	u, err := url.Parse(prompt.URL)
	d.must(err)
	if q := u.Query(); q.Get("client_id") != simcloud.AzureCLI || !strings.Contains(q.Get("scope"), "https://management.azure.com/user_impersonation") || strings.Contains(q.Get("scope"), "graph") {
		t.Errorf("%s", prompt.URL)
	}
	b, err := s.Bearer()
	d.must(err)
	d.must(d.subscriptions(b))
}

// TestWhoMaySignInForAzure: each refusal keeps its kind.
func TestWhoMaySignInForAzure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		own := d.tenant.RegisterSignInClient("Ours")
		with := func(client string) account.SignInWish {
			w := d.forAzure()
			w.Client = account.ClientID(client)
			return w
		}
		_, err := d.byCode(boss, with(simcloud.CommandLineTools))
		if p := d.wantKind(err, account.ClientUnfit); p.Code != "AADSTS65002" {
			t.Errorf("%+v", p)
		}
		_, err = d.byCode(boss, with(own.ClientID))
		d.wantKind(err, account.ConsentMissing)
		d.must(d.tenant.AllowAzure(own.ClientID))
		s, err := d.byCode(boss, with(own.ClientID))
		d.must(err)
		if s.Person().Client != account.ClientID(own.ClientID) {
			t.Errorf("%+v", s.Person())
		}
		d.must(d.tenant.RefuseSignIns(53003, simcloud.AtDeviceCode))
		_, err = d.byCode(boss, d.forAzure())
		d.wantKind(err, account.SignInBlocked)
	})
}

// TestAnAdministratorIsForGraph: whatever is wished for.
func TestAnAdministratorIsForGraph(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, licensed())
		a, err := d.entra.SignInGraph(t.Context(), account.ByDeviceCode, d.forAzure(), func(p account.SignInPrompt) { d.must(d.tenant.EnterCode(boss, p.UserCode)) })
		d.must(err)
		if _, err := a.Survey(t.Context(), account.SurveyWish{}); err != nil || a.Person().Client != account.CommandLineTools {
			t.Errorf("%v %+v", err, a.Person())
		}
	})
}

func TestAnAdministratorInABrowserIsForGraph(t *testing.T) {
	d := newDesk(t, licensed())
	var all sync.WaitGroup
	a, err := d.entra.SignInGraph(t.Context(), account.InBrowser, d.forAzure(), func(p account.SignInPrompt) {
		all.Go(func() {
			if _, err := d.tenant.Browser(boss).Open(t.Context(), p.URL); err != nil {
				t.Error(err)
			}
		})
	})
	all.Wait()
	d.must(err)
	if _, err := a.Survey(t.Context(), account.SurveyWish{}); err != nil || a.Person().Client != account.CommandLineTools {
		t.Errorf("%v %+v", err, a.Person())
	}
}
