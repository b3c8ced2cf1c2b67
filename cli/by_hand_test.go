package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

var byHand = []string{"add", "microsoft", "--name", "Contoso", "--tenant", tenantID, "--client", clientID, "--yes"}

// TestAddByHand makes the key and the certificate of an app that somebody registered,
// says what is open, and goes on with the same ones when that is done.
func TestAddByHand(t *testing.T) {
	b := newBench(t)
	b.report.Checks[3] = account.Check{Name: account.Consent, State: account.Missing, Problem: &account.Problem{Kind: account.PermissionNotGranted}}
	code, out, errs := b.call(byHand...)
	if code != cli.NotLinked || out != "" || len(b.keys) != 1 || len(b.saved) != 1 || b.signed != 0 {
		t.Fatalf("code %d, %q, %q; %d keys, files %v", code, out, errs, len(b.keys), b.saved)
	}
	for _, says := range []string{"Certificate file: ", "Grant admin consent", "go on with: xops-onboard add microsoft --yes --name Contoso"} {
		if !strings.Contains(errs, says) {
			t.Errorf("%q is not said: %q", says, errs)
		}
	}
	if strings.Contains(errs, "Upload the certificate (") {
		t.Errorf("what is done is asked for: %q", errs)
	}

	code, out, _ = b.call("add", "microsoft", "--name", "Contoso", "--yes", "--json")
	last := objects(t, out)
	r := last[len(last)-1]
	if c, ok := r["certificate"].(map[string]any); code != cli.NotLinked || r["state"] != "failed" || !ok || c["path"] == "" || len(b.keys) != 1 || len(b.saved) != 1 {
		t.Errorf("again: code %d, %v; %d keys, files %v", code, r, len(b.keys), b.saved)
	}

	b.report = checked(account.Holds)
	code, out, errs = b.call("add", "microsoft", "--name", "Contoso", "--yes", "--wait", "1m")
	if code != cli.Done || !strings.Contains(out, "Contoso is connected.") || len(b.keys) != 1 || len(b.contents().Accounts) != 1 {
		t.Fatalf("when it holds: code %d, %q, %q", code, out, errs)
	}
	code, out, _ = b.call(byHand...)
	if code != cli.Done || !strings.Contains(out, "nothing was changed") || len(b.keys) != 1 || len(b.contents().Accounts) != 1 {
		t.Errorf("of one that is linked: code %d, %q", code, out)
	}
	other := strings.ReplaceAll(strings.Join(byHand, "\n"), clientID, "77778888-aaaa-2222-bbbb-3333cccc4444")
	if code, _, errs := b.call(strings.Split(other, "\n")...); code != cli.WrongUsage || !strings.Contains(errs, "--client: Contoso is linked by another app") {
		t.Errorf("with another app: code %d, %q", code, errs)
	}
}

func TestAddByHandSaysWhatIsWrong(t *testing.T) {
	for _, tt := range []struct {
		more []string
		says string
	}{
		{[]string{"--key-size", "1024"}, "--key-size: it is 2048, 3072 or 4096"},
		{[]string{"--valid-days", "366"}, "--valid-days: it is from 1 to 365"},
		{[]string{"--wait", "-1s"}, "--wait: "},
		{[]string{"--client", "x"}, "--client: "},
		{[]string{"--client", tenantID}, "--client: "},
		{[]string{"--organization", "x y"}, "--organization: "},
		{[]string{"--automatic"}, "--client goes by hand"},
		{[]string{"--plan"}, "--automatic is missing"},
		{[]string{"--sign-in", "browser"}, "--sign-in goes with --automatic"},
	} {
		b := newBench(t)
		if code, _, errs := b.call(append(slices.Clone(byHand), tt.more...)...); code != cli.WrongUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: code %d, %q; want %q", tt.more, code, errs, tt.says)
		}
		b.nothing()
	}
	b := newBench(t)
	if code, _, errs := b.call("add", "microsoft", "--name", "Contoso", "--tenant", tenantID, "--certificate-out", "/tmp", "--yes"); code != cli.WrongUsage || !strings.Contains(errs, "--client is missing") {
		t.Errorf("without a client: code %d, %q", code, errs)
	}
}
