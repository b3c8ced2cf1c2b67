//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"strconv"
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
	most = peak(b, s.PID())
	s.Press("ctrl+c")
	s.Restored()
	return most, presses
}

// peak is the most memory that a process had at a time, in bytes.
func peak(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		b.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(line), " kB"))
	if err != nil {
		b.Fatal(err)
	}
	return kilobytes << 10
}

// BenchmarkBinary is how large the product is, built as it is released.
func BenchmarkBinary(b *testing.B) {
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.ReportMetric(float64(info.Size())/1e6, "MB")
	}
}
