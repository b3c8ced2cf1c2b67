package link_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// BenchmarkConnected is the automatic way from the redeemed sign-in to
// Connected, with the key pair made, a real keyring and a registry on disk, and
// every answer 50 ms late: how many answers come one after another, and how
// long it takes as a multiple of their sum (median of ten). Promised are nine
// and 1.25.
func BenchmarkConnected(b *testing.B) {
	for name, value := range keyringtest.Unlocked(b).Map() {
		b.Setenv(name, value)
	}
	for b.Loop() {
		var ratios []float64
		most := 0
		for range 10 {
			dir := b.TempDir()
			r := newRoad(b, func(m link.Microsoft) link.Ports {
				reg, err := registry.Open(dir, filepath.Join(dir, "state"), registry.Self(), registry.Alive)
				if err != nil {
					b.Fatal(err)
				}
				return link.Ports{Keys: keystore.New(filepath.Join(dir, "keys"), os.Getenv), Registry: reg, Microsoft: m, Save: keystore.Files{}, Now: time.Now}
			})
			answers, took := r.walk(b, r.inBrowser)
			most = max(most, answers)
			ratios = append(ratios, took.Seconds()/(time.Duration(answers)*late).Seconds())
		}
		slices.Sort(ratios)
		b.ReportMetric(float64(most), "answers")
		b.ReportMetric((ratios[4]+ratios[5])/2, "ratio")
	}
}

// inBrowser is a sign-in without waiting.
func (r *road) inBrowser(t testing.TB, wish account.SignInWish) (link.Administrator, error) {
	return r.entra.SignInGraph(t.Context(), account.InBrowser, wish, func(p account.SignInPrompt) {
		ada := r.tenant.Browser("ada@contoso.com")
		ada.Consent = simcloud.AcceptForMe
		go func() {
			if _, err := ada.Open(t.Context(), p.URL); err != nil {
				t.Error(err)
			}
		}()
	})
}
