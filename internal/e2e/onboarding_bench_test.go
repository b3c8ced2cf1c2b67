//go:build linux

package e2e_test

import (
	"os"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// BenchmarkOnboarding is the most memory that the built binary has at a time
// from its start to Home, on the automatic way with an OS keyring, and how many
// keys a person presses from the way's page on. Promised are 45 MB and ten.
func BenchmarkOnboarding(b *testing.B) {
	for b.Loop() {
		most, presses := onboarded(b)
		b.ReportMetric(float64(most)/1e6, "MB")
		b.ReportMetric(float64(presses), "presses")
	}
}

func onboarded(b *testing.B) (most, presses int) {
	b.Helper()
	m := at(b, keyringtest.Unlocked(b))
	m.tenant.SetReplication(0)
	ada := m.tenant.Browser(m.admin(simcloud.GlobalAdministrator))
	ada.Consent = simcloud.AcceptForMe
	opened := m.browser()
	s := m.start()
	press := func(keys ...string) { presses += len(keys); s.Press(keys...) }
	s.SeeWithin(patience, "Which cloud do you want to link first?")
	s.Press("enter")
	s.SeeWithin(patience, "Sign in and let the wizard do it")
	press("enter")
	s.SeeWithin(patience, "Which tenant?")
	s.Type("contoso.com")
	press("enter")
	s.SeeWithin(patience, m.tenant.ID(), "Contoso")
	press("enter")
	s.SeeWithin(patience, "Sign in", "Use a device code")
	press("enter")
	s.Until("the page is opened", func() bool { return opened() != "" })
	if _, err := ada.Open(b.Context(), strings.TrimSpace(opened())); err != nil {
		b.Fatal(err)
	}
	s.SeeWithin(patience, "Is this the right tenant?", "Yes, show me the plan")
	press("enter")
	s.SeeWithin(patience, "Plan", "4 changes")
	press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	press("enter")
	s.SeeWithin(patience, "Contoso is connected")
	press("enter")
	s.SeeWithin(patience, "Home", "1 connected")
	most, runs := peak(s.PID())
	if !runs {
		b.Fatal("the program has ended")
	}
	s.Press("ctrl+c")
	s.Restored()
	return most, presses
}

// TestBinary holds how large the product may be, built as it is released: whoever
// installs it does so over slow lines as well.
func TestBinary(t *testing.T) {
	t.Parallel()
	const most = 18_000_000
	if size := binarySize(t); size > most {
		t.Errorf("it has %d bytes, and may have %d", size, most)
	}
}

// BenchmarkBinary tells how large it is.
func BenchmarkBinary(b *testing.B) {
	size := binarySize(b)
	for b.Loop() {
		b.ReportMetric(float64(size)/1e3, "kB") // in MB it would be rounded to 10,000 bytes
	}
}

func binarySize(t testing.TB) int64 {
	t.Helper()
	info, err := os.Stat(binary)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
