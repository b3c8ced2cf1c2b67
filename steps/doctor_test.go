package steps_test

import (
	"strings"
	"testing"

	"charm.land/lipgloss/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// TestFindingLines has what a person reads of a machine fit a terminal, and hosts that
// nobody needs told as one.
func TestFindingLines(t *testing.T) {
	host := func(name string, needed bool, state account.CheckState) account.Finding {
		f := account.Finding{Check: account.Check{Name: account.HostReached, State: state}, Subject: name, Needed: needed}
		if state == account.Holds {
			f.Detail = []string{"answered in 12 ms"}
		} else {
			f.Problem = &account.Problem{Kind: account.Offline, Subject: name}
		}
		return f
	}
	all := []account.Finding{
		host("login.microsoftonline.com", true, account.Missing), host("graph.microsoft.com", true, account.Holds),
		host("login.microsoftonline.us", false, account.Unknown), host("graph.microsoft.us", false, account.Unknown),
	}
	got := strings.Join(steps.FindingLines(all, 0, false), "\n")
	want := `✗ Sign-in: login.microsoftonline.com cannot be reached from this machine.
  Look at the network, VPN or proxy (HTTPS_PROXY).
✓ Microsoft Graph graph.microsoft.com: answered in 12 ms.
? 2 hosts that no account here needs could not be reached: login.microsoftonline.us, graph.microsoft.us.`
	if got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	for _, s := range steps.FindingLines(all, 40, false) {
		if lipgloss.Width(s) > 40 || strings.Contains(s, "\n") {
			t.Errorf("%q does not fit", s)
		}
	}
	if aloud := strings.Join(steps.FindingLines(all, 0, true), "\n"); strings.ContainsAny(aloud, "✓✗") || !strings.HasPrefix(aloud, "In the way. Sign-in: ") {
		t.Errorf("aloud it is %s", aloud)
	}
}
