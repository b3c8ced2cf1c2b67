package entra

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// rolling is a finished world, and a certificate of another key that is to come.
func rolling(t *testing.T, spec simcloud.TenantSpec) (*world, account.Certificate) {
	t.Helper()
	w := finished(t, spec)
	w.target.Link.Application = account.ObjectID(w.app.ObjectID)
	return w, certify(t, otherKeyOf(), "Xops 360 11223344", w.now.Add(-5*time.Minute), w.now.Add(180*24*time.Hour))
}

// TestRollInEveryCloud has an app change its key all by itself.
func TestRollInEveryCloud(t *testing.T) {
	for _, id := range account.Clouds {
		t.Run(string(id), func(t *testing.T) {
			spec := licensed()
			spec.Cloud = id
			w, next := rolling(t, spec)
			ctx := t.Context()
			after := w.target
			after.Certificate = next

			_, err := w.entra.Accepts(ctx, after, otherKeyOf())
			wantRoll(t, "before", err, account.CertificateUnseen)
			if found, _, err := w.entra.FindKey(ctx, w.target, w.key, next); found != "" || err != nil {
				t.Errorf("before it is there: %q, %v", found, err)
			}
			added, calls, err := w.entra.AddKey(ctx, w.target, w.key, next)
			w.must(err)
			if len(calls) != 1 || calls[0].Method != "POST" || !strings.HasSuffix(calls[0].Path, "/addKey") {
				t.Errorf("calls %+v", calls)
			}
			if found, _, err := w.entra.FindKey(ctx, w.target, w.key, next); found != added || added == "" || err != nil {
				t.Errorf("found %q, %v; added %q", found, err, added)
			}
			_, err = w.entra.Accepts(ctx, after, otherKeyOf())
			w.must(err)
			old, _, err := w.entra.FindKey(ctx, after, otherKeyOf(), w.target.Certificate)
			w.must(err)
			for range 2 { // one that is gone is no error
				_, err = w.entra.RemoveKey(ctx, after, otherKeyOf(), old)
				w.must(err)
			}
			if all := w.tenant.Apps()[0].Certificates; len(all) != 1 || all[0].SHA1 != next.SHA1 {
				t.Errorf("certificates %+v, want the new one alone", all)
			}
			_, err = w.entra.Accepts(ctx, w.target, w.key)
			wantRoll(t, "the old one after it is removed", err, account.CertificateUnseen)
			c := id.Cloud()
			for _, host := range w.asked() {
				if host != c.Login && host != c.Graph {
					t.Errorf("asked %s, which is not of the cloud %s", host, id)
				}
			}
		})
	}
}

func wantRoll(t *testing.T, what string, err error, want account.Kind) {
	t.Helper()
	if got := account.KindOf(err); got != want {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

func TestRollRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		set  func(*world)
		want account.Kind
	}{
		"of another app":     {func(w *world) { w.target.Link.Application = account.ObjectID(w.tenant.Register("Other").ObjectID) }, account.RightMissing},
		"no object id":       {func(w *world) { w.target.Link.Application = "" }, account.InputNotID},
		"expired":            {func(w *world) { w.now = w.now.AddDate(1, 0, 0) }, account.CertificateOver},
		"life":               {func(w *world) { w.tenant.SetPolicy(30 * 24 * time.Hour) }, account.PolicyLife},
		"authority":          {func(w *world) { w.tenant.SetTrustedAuthorities(true) }, account.PolicyAuthority},
		"the enterprise app": {func(w *world) { w.target.Link.Application = account.ObjectID(w.app.PrincipalID) }, account.Unexpected},
	} {
		w, next := rolling(t, licensed())
		tt.set(w)
		_, _, err := w.entra.AddKey(t.Context(), w.target, w.key, next)
		wantRoll(t, name, err, tt.want)
		if all := w.tenant.Apps(); len(all[len(all)-1].Certificates) != 1 {
			t.Errorf("%s: certificates %+v", name, all)
		}
	}
}

// TestBadProof is not taken for a bad token.
func TestBadProof(t *testing.T) {
	w, next := rolling(t, licensed())
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/addKey"), Status: 401, Body: `{"error":{"code":"Authentication_MissingOrMalformed","message":"Access Token missing or malformed."}}`})
	_, _, err := w.entra.AddKey(t.Context(), w.target, w.key, next)
	wantRoll(t, "a bad proof", err, account.ProofRefused)
}

// TestAddKeyIsSentOnce: an answer that was lost is not asked for again, which
// could add the certificate twice; a removal may be.
func TestAddKeyIsSentOnce(t *testing.T) {
	w, next := rolling(t, licensed())
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/addKey"), Drop: simcloud.After, Times: 1})
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/removeKey"), Drop: simcloud.After, Times: 1})
	_, calls, err := w.entra.AddKey(t.Context(), w.target, w.key, next)
	wantRoll(t, "lost", err, account.Offline)
	if len(calls) != 1 || len(w.tenant.Apps()[0].Certificates) != 2 {
		t.Errorf("%d calls, certificates %+v", len(calls), w.tenant.Apps()[0].Certificates)
	}
	id, _, err := w.entra.FindKey(t.Context(), w.target, w.key, next)
	w.must(err)
	_, err = w.entra.RemoveKey(t.Context(), w.target, w.key, id)
	w.must(err)
}

// TestProofStaysHere: nothing that is told holds the proof or the token.
func TestProofStaysHere(t *testing.T) {
	w, next := rolling(t, licensed())
	w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
	_, _, err := w.entra.FindKey(t.Context(), w.target, w.key, next)
	wantRoll(t, "without the role", err, account.RoleMissing)
	p, err := proof(w.key, w.target.Certificate, w.target.Link.Application, w.now)
	w.must(err)
	if strings.Contains(p, "=") || strings.Count(p, ".") != 2 {
		t.Errorf("the proof has another form")
	}
	if _, err := proof(otherKeyOf(), w.target.Certificate, w.target.Link.Application, w.now); account.KindOf(err) != account.SignatureWrong {
		t.Errorf("a proof by a key that is not the certificate's: %v", err)
	}
	_, calls, err := w.entra.AddKey(t.Context(), w.target, w.key, next)
	w.must(err)
	for _, c := range calls {
		if strings.Contains(c.Path, "eyJ") {
			t.Errorf("a proof is told: %+v", c)
		}
	}
}
