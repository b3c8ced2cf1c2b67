package cli_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/steps"
)

// called runs a command line and gives its exit code and what it said.
func called(t *testing.T, ends error, args ...string) (code int, said string, started *cli.Start) {
	t.Helper()
	before := os.Args
	defer func() { os.Args = before }()
	os.Args = append([]string{"xops-onboard"}, args...)
	var errs bytes.Buffer
	code = cli.Execute(t.Context(), cli.Ports{Run: func(_ context.Context, s cli.Start) error {
		started = &s
		return ends
	}}, &errs)
	return code, errs.String(), started
}

func TestExitCodes(t *testing.T) {
	for name, tt := range map[string]struct {
		ends error
		code int
		says string
	}{
		"well":         {nil, cli.Done, ""},
		"interrupted":  {tea.ErrInterrupted, cli.Interrupted, ""},
		"later":        {steps.ErrLater, cli.NotLinked, "the draft is kept"},
		"no key store": {&account.Problem{Kind: account.StoreNotUsable, State: account.StoreNoBus}, cli.NoKeyStore, "no D-Bus session"},
		"in use":       {&account.Problem{Kind: account.AppInUse, Subject: "Fabrikam"}, cli.Failed, "The draft Fabrikam is on this app too"},
		"another's":    {&account.Problem{Kind: account.ElevatedByOther, Subject: "ada@contoso.com"}, cli.NotAllowed, "as ada@contoso.com"},
		"no role":      {&account.Problem{Kind: account.AzureRoleMissing}, cli.NotAllowed, "hint:"},
		"a problem":    {&account.Problem{Kind: account.Untrusted, Subject: "/x.pem"}, cli.Failed, "hint:"},
		"Azure role":   {&account.Problem{Kind: account.AzureRoleMissing}, cli.NotAllowed, "for want of a role"},
		"no elevation": {&account.Problem{Kind: account.ElevationNotTaken}, cli.NotAllowed, "Only a Global Administrator"},
		"locked":       {&account.Problem{Kind: account.AssignmentLocked}, cli.NotAllowed, "deny assignment"},
		"AWS denied":   {&account.Problem{Kind: account.AWSDenied}, cli.NotAllowed, "for want of a permission"},
		"no authority": {&account.Problem{Kind: account.AuthorityGone}, cli.NotAllowed, "signs no certificate that AWS takes"},
		"another":      {errors.New("read\x1b[2J this"), cli.Failed, "error: read this"},
	} {
		code, said, _ := called(t, tt.ends)
		if code != tt.code || !strings.Contains(said, tt.says) || tt.says == "" && said != "" || strings.Contains(said, "\x1b") {
			t.Errorf("%s: code %d, said %q; want %d and %q", name, code, said, tt.code, tt.says)
		}
	}
}

func TestWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"--nonsense"}, {"nonsense"}, {"--plain=maybe"}, {"help", "nonsense"}, {"completion", "tcsh"}, {"man", "nonsense"}} {
		code, said, started := called(t, nil, args...)
		if code != cli.WrongUsage || !strings.HasPrefix(said, "xops-onboard: error: ") || started != nil {
			t.Errorf("%v: code %d, said %q, started %v", args, code, said, started != nil)
		}
	}
}

func TestFlags(t *testing.T) {
	_, _, started := called(t, nil, "--demo", "--plain", "--sign-in-client", "c")
	if started == nil || *started != (cli.Start{Demo: true, Plain: true, SignInClient: "c"}) {
		t.Errorf("started with %+v", started)
	}
}

// TestWrongFlagAsJSON tells of a wrong flag as JSON, also where --json stands behind it.
func TestWrongFlagAsJSON(t *testing.T) {
	b := newBench(t)
	for _, args := range [][]string{{"list", "--json", "--wrong"}, {"list", "--wrong", "--json"}, {"verify", "--wait=soon", "--json"}, {"credentials", "--wrong", "--json"}, {"--json"}} {
		code, out, _ := b.call(args...)
		if last := objects(t, out)[0]; code != cli.WrongUsage || last["state"] != "failed" || last["code"] != 2.0 {
			t.Errorf("%v: code %d, %q", args, code, out)
		}
	}
	if code, out, _ := b.call("credentials"); code != cli.WrongUsage || out != "" {
		t.Errorf("without --json: code %d, %q", code, out)
	}
}
