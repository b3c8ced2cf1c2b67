package steps_test

import (
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// TestFindingLines has hosts that nobody needs told as one, and a problem's name once.
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
	got := strings.Join(steps.FindingLines(all, false), "\n")
	want := `✗ Sign-in: login.microsoftonline.com cannot be reached from this machine.
  Look at the network, VPN or proxy (HTTPS_PROXY).
✓ Microsoft Graph graph.microsoft.com: answered in 12 ms.
? 2 hosts that no account here needs could not be reached: login.microsoftonline.us, graph.microsoft.us.`
	if got != want {
		t.Errorf("said\n%s\nwant\n%s", got, want)
	}
	if aloud := strings.Join(steps.FindingLines(all, true), "\n"); strings.ContainsAny(aloud, "✓✗") || !strings.HasPrefix(aloud, "In the way. Sign-in: ") {
		t.Errorf("aloud it is %s", aloud)
	}
}

// TestFolded keeps lines of commands inside a terminal, with words and addresses whole.
func TestFolded(t *testing.T) {
	address := "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationMenuBlade"
	for line, want := range map[string]string{
		"short": "short",
		"a line of well-known words that goes on":    "a line of well-known\nwords that goes on",
		"  a line that is further in than others":    "  a line that is\n  further in than\n  others",
		"✗ Sign-in: it cannot be reached from here":  "✗ Sign-in: it cannot\n  be reached from\n  here",
		"12. Add assignments, and search for it":     "12. Add assignments,\n    and search for\n    it",
		"  " + address:                               "  " + address,
		"The page is " + address + " in the portal.": "The page is\n" + address + "\nin the portal.",
	} {
		if got := steps.Folded(line, 20); got != want {
			t.Errorf("%q is\n%s\nwant\n%s", line, got, want)
		}
		if got := steps.Folded(line, 0); got != line {
			t.Errorf("without a terminal it is %q", got)
		}
	}
}
