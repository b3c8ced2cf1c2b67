package cli_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// whole is a command line of add that leaves nothing to be asked.
func whole(more ...string) []string {
	return append([]string{"add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "contoso.com", "--sign-in", "device-code", "--yes"}, more...)
}

func TestAddLinks(t *testing.T) {
	b := newBench(t)
	code, out, errs := b.call(whole()...)
	if !strings.Contains(out, "Nothing has been sent to Xops 360.") || !strings.Contains(out, "Your sign-in left delegated permissions") || !strings.Contains(out, "Page: https://entra.microsoft.com/#view/") {
		t.Errorf("not said what was left: %q", out)
	}
	if code != cli.Done || !strings.Contains(out, "Contoso is connected.") || !strings.Contains(out, "Application ID: "+clientID) {
		t.Errorf("code %d, out %q", code, out)
	}
	for _, said := range []string{"type this code: ABCDEFGHJ", "App registration: done.", "Global Reader: done.", "Checks with the certificate: done.", "Microsoft Graph Command Line Tools"} {
		if !strings.Contains(errs, said) {
			t.Errorf("not said: %q in %q", said, errs)
		}
	}
	if want := link.Changes; !slices.Equal(b.made, want) || len(b.keys) != 1 || len(b.contents().Accounts) != 1 {
		t.Errorf("made %v with %d keys and %+v", b.made, len(b.keys), b.contents())
	}
}

func TestAddLinksAsJSON(t *testing.T) {
	b := newBench(t)
	code, out, errs := b.call(whole("--json")...)
	all := objects(t, out)
	prompt, _ := all[0]["prompt"].(map[string]any)
	if code != cli.Done || errs != "" || all[0]["step"] != "sign-in" || prompt["userCode"] != "ABCDEFGHJ" {
		t.Errorf("code %d, errors %q, first %v", code, errs, all[0])
	}
	for _, x := range all {
		if x["at"] == nil || x["step"] == nil || x["state"] == nil {
			t.Errorf("an event without at, step or state: %v", x)
		}
	}
	last := all[len(all)-1]
	acc, _ := last["account"].(map[string]any)
	if last["step"] != "result" || last["state"] != "linked" || last["code"] != 0.0 || acc["client"] != clientID || acc["tenant"] != tenantID {
		t.Errorf("result %v", last)
	}
}

// TestAddBeginsWithTheSignInName takes the tenant of a sign-in name, and signs
// in as that person.
func TestAddBeginsWithTheSignInName(t *testing.T) {
	b := newBench(t)
	args := whole()
	args[slices.Index(args, "contoso.com")] = "ada@contoso.com"
	if code, _, errs := b.call(args...); code != cli.Done || b.hint != "ada@contoso.com" || !strings.Contains(errs, steps.BrowserError) {
		t.Errorf("code %d, hint %q, %q", code, b.hint, errs)
	}
}

// TestPassphraseElsewhere says where a passphrase comes from when nobody is asked.
func TestPassphraseElsewhere(t *testing.T) {
	b := newBench(t)
	b.store = account.StoreLocked
	if code, _, errs := b.call(whole("--key-store", "file")...); code != cli.NoKeyStore || !strings.Contains(errs, steps.PassphraseElsewhere) {
		t.Errorf("code %d, %q", code, errs)
	}
}

// TestAddAgain looks that a linked account is verified and nothing changed, and
// what comes of its checks.
func TestAddAgain(t *testing.T) {
	b := newBench(t)
	b.call(whole()...)
	for state, want := range map[account.CheckState]int{
		account.Holds: cli.Done, account.Warning: cli.Done, account.Missing: cli.NotLinked, account.Waiting: cli.NotLinked, account.Unknown: cli.Unchecked,
	} {
		b.report = checked(state)
		if code, _, errs := b.call(whole()...); code != want || !strings.Contains(errs, "Access reviews readable: ") {
			t.Errorf("%s: code %d, want %d; %q", state, code, want, errs)
		}
		if code, out, _ := b.call(whole("--json")...); code != want || objects(t, out)[0]["step"] != "checks" {
			t.Errorf("%s as JSON: code %d", state, code)
		}
	}
	if b.signed != 1 || len(b.made) != 4 || len(b.keys) != 1 {
		t.Errorf("%d sign-ins, made %v, %d keys", b.signed, b.made, len(b.keys))
	}
	code, out, _ := b.call(whole("--plan", "--json")...)
	if all := objects(t, out); code != cli.Done || len(all) != 1 || len(all[0]["changes"].([]any)) != 0 {
		t.Errorf("the plan of a linked account: code %d, %s", code, out)
	}
	if code, _, errs := b.call("add", "microsoft", "--name", "contoso", "--tenant", "fabrikam.com"); code != cli.Failed || !strings.Contains(errs, "No tenant has this") {
		t.Errorf("another tenant: code %d, %q", code, errs)
	}
}

func TestPlanWritesNothing(t *testing.T) {
	b := newBench(t)
	b.survey.Rights[2].State = account.Missing
	args := whole("--plan")
	code, out, errs := b.call(args...)
	for _, said := range []string{"Register the app Xops 360 - Contoso", "4 changes. Nothing was changed yet.", "You may not assign Global Reader; it needs Role to assign."} {
		if !strings.Contains(out, said) {
			t.Errorf("not in the plan: %q in %q", said, out)
		}
	}
	if code != cli.Done || !strings.Contains(errs, "ABCDEFGHJ") || strings.Contains(out, "ABCDEFGHJ") {
		t.Errorf("code %d, errors %q", code, errs)
	}
	b.nothing()

	code, out, errs = b.call(append(args, "--json")...)
	all := objects(t, out)
	if code != cli.Done || len(all) != 1 || all[0]["state"] != "planned" || objects(t, errs)[0]["step"] != "sign-in" {
		t.Fatalf("code %d, out %q, errors %q", code, out, errs)
	}
	for _, x := range all[0]["changes"].([]any) {
		if c := x.(map[string]any); c["method"] == "" || c["path"] == "" || c["body"] == "" {
			t.Errorf("a change without method, path or body: %v", c)
		}
	}
	b.nothing()
}

func TestAddSaysWhichFlagsAreMissing(t *testing.T) {
	for _, tt := range []struct {
		args []string
		says string
	}{
		{nil, "--automatic or --client, --name, --tenant, --yes are missing"},
		{[]string{"--automatic", "--name", "Contoso", "--tenant", "contoso.com"}, "--sign-in, --yes are missing"},
		{[]string{"--automatic", "--name", "Contoso", "--tenant", "contoso.com", "--sign-in", "browser"}, "--yes is missing"},
		{[]string{"--automatic", "--plan", "--name", "Contoso"}, "--tenant, --sign-in are missing"},
		{[]string{"--name", "Contoso", "--tenant", "contoso.com", "--plan", "--plain", "--sign-in", "browser"}, "--automatic is missing"},
		{[]string{"--name", "\x1b[2J"}, "--name: There are control characters"},
		{[]string{"--tenant", "contoso"}, "--tenant: This is neither an id nor a domain."},
		{[]string{"--cloud", "mars"}, "--cloud: "},
		{[]string{"--sign-in", "fax"}, "--sign-in: "},
		{[]string{"--key-store", "paper"}, "--key-store: "},
		{[]string{"--sign-in-client", "x"}, "--sign-in-client: "},
		{[]string{"more"}, `"more" is one word too many`},
		{[]string{"--nonsense"}, "unknown flag"},
	} {
		b := newBench(t)
		code, _, errs := b.call(append([]string{"add", "microsoft"}, tt.args...)...)
		if code != cli.WrongUsage || !strings.Contains(errs, tt.says) || b.ran != nil {
			t.Errorf("%v: code %d, %q; want %q", tt.args, code, errs, tt.says)
		}
		b.nothing()
	}
	b := newBench(t)
	for _, args := range [][]string{{"add"}, {"add", "nonsense"}} {
		if code, _, errs := b.call(args...); code != cli.WrongUsage {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
	code, out, _ := b.call("add", "microsoft", "--json")
	if last := objects(t, out)[0]; code != cli.WrongUsage || last["state"] != "failed" || last["code"] != 2.0 {
		t.Errorf("as JSON: code %d, %v", code, last)
	}
}

// TestAddAsksTheRest looks what the wizard begins with.
func TestAddAsksTheRest(t *testing.T) {
	b := newBench(t)
	b.terminal = true
	if code, _, errs := b.call("add", "microsoft"); code != cli.Done || b.ran == nil || !slices.Equal(b.ran.Draft.Trail, []string{"cloud"}) {
		t.Fatalf("code %d, %q, started with %+v", code, errs, b.ran)
	}
	b.call("add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "contoso.com", "--key-store", "file")
	d := b.ran.Draft
	if !slices.Equal(d.Trail, []string{"cloud", "way", "tenant"}) || d.ID == "" || d.Name != "Contoso" || d.Microsoft().Tenant != tenantID || d.Key().Store != account.FileStore || d.Way != account.Automatic {
		t.Errorf("started with %+v", d)
	}
	b.terminal = false
	b.ran = nil
	if code, _, errs := b.call("--plain", "add", "microsoft", "--automatic", "--cloud", "global"); code != cli.Done || b.ran == nil {
		t.Fatalf("in lines: code %d, %q", code, errs)
	}
	if d := b.ran.Draft; !b.ran.Plain || !slices.Equal(d.Trail, []string{"cloud", "way"}) || !d.Chosen || d.Cloud != account.Global {
		t.Errorf("started in lines with %+v", d)
	}
	b.nothing()
}

// TestAddAsksForTheYes is a person at a terminal who gave all but the yes.
func TestAddAsksForTheYes(t *testing.T) {
	args := slices.DeleteFunc(whole(), func(s string) bool { return s == "--yes" })
	b := newBench(t)
	b.terminal, b.typed = true, "no\n"
	if code, _, errs := b.call(args...); code != cli.NotLinked || !strings.Contains(errs, "nothing was changed") || len(b.made) != 0 || len(b.contents().Drafts) != 1 {
		t.Errorf("no: code %d, %q, made %v", code, errs, b.made)
	}
	b.typed = ""
	if code, _, _ := b.call(args...); code != cli.Failed || len(b.made) != 0 {
		t.Errorf("nothing typed: code %d, made %v", code, b.made)
	}
	b.typed = "yes\n"
	if code, _, errs := b.call(args...); code != cli.Done || len(b.keys) != 1 {
		t.Errorf("yes: code %d, %q, %d keys", code, errs, len(b.keys))
	}
}

// TestAddEnds holds the exit code of everything that can be in the way.
func TestAddEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		with   func(*bench)
		code   int
		says   string
		drafts int
		keys   int // -1: the sign-in may have ended before the key was made
	}{
		"no key store":     {func(b *bench) { b.store = account.StoreNoBus }, cli.NoKeyStore, "no D-Bus session", 0, 0},
		"blocked":          {func(b *bench) { b.refused = &account.Problem{Kind: account.SignInBlocked} }, cli.NotAllowed, "resume Contoso", 1, -1},
		"nobody signed in": {func(b *bench) { b.refused = &account.Problem{Kind: account.DeviceCodeOver} }, cli.NotAllowed, "The code has expired", 1, -1},
		"offline":          {func(b *bench) { b.refused = &account.Problem{Kind: account.Offline, Subject: "x"} }, cli.Failed, "x cannot be reached", 1, -1},
		"interrupted":      {func(b *bench) { b.refused = context.Canceled }, cli.Interrupted, "", 1, -1},
		"may not register": {func(b *bench) { b.survey.Rights[0].State = account.Missing }, cli.NotAllowed, "It needs the role Role to register.", 1, 1},
		"trusted only":     {func(b *bench) { b.survey.TrustedOnly = true }, cli.Failed, "trusted authorities", 1, 1},
		"spreads for long": {func(b *bench) { b.refuse[link.ThePrincipal] = &account.Problem{Kind: account.SpreadingTooLong} }, cli.NotLinked, "within ten minutes", 1, 1},
		"unexpected":       {func(b *bench) { b.refuse[link.TheRole] = errors.New("so\x1b[2J") }, cli.Failed, "unexpected", 1, 1},
	} {
		b := newBench(t)
		tt.with(b)
		code, out, errs := b.call(whole()...)
		if code != tt.code || !strings.Contains(errs, tt.says) || out != "" {
			t.Errorf("%s: code %d, want %d; out %q, errors %q", name, code, tt.code, out, errs)
		}
		if c := b.contents(); len(c.Drafts) != tt.drafts || len(c.Accounts) != 0 || tt.keys >= 0 && len(b.keys) != tt.keys {
			t.Errorf("%s: %+v with %d keys", name, c, len(b.keys))
		}
	}
	b := newBench(t)
	if code, _, errs := b.call(whole("--cloud", "china")...); code != cli.Failed || !strings.Contains(errs, "another cloud") {
		t.Errorf("another cloud: code %d, %q", code, errs)
	}
	b.nothing()
}

// TestTwoAdministrators has one make what they may, and another go on with the
// same draft and key.
func TestTwoAdministrators(t *testing.T) {
	b := newBench(t)
	b.survey.Rights[1].State = account.Missing
	b.refuse[link.TheGrant] = &account.Problem{Kind: account.RightMissing, Subject: "Privileged Role Administrator"}
	code, out, errs := b.call(whole("--json")...)
	all := objects(t, out)
	last := all[len(all)-1]
	if code != cli.NotAllowed || strings.Count(errs, "\n") != 2 || !strings.Contains(errs, "It needs the role Privileged Role Administrator.") || last["state"] != "failed" || last["code"] != 4.0 {
		t.Errorf("code %d, errors %q, result %v", code, errs, last)
	}
	if c := b.contents(); len(c.Drafts) != 1 || len(b.made) != 2 {
		t.Fatalf("%+v, made %v", c, b.made)
	}
	if _, _, errs := b.call(whole()...); !strings.Contains(errs, "For who has the missing role:") || !strings.Contains(errs, clientID) || !strings.Contains(errs, "You may not grant the permission; it needs Role to consent.") {
		t.Errorf("said %q", errs)
	}
	b.survey.Rights[1].State, b.refuse = account.Holds, nil
	if code, _, errs := b.call(whole("--key-store", "file")...); code != cli.WrongUsage || !strings.Contains(errs, "--key-store") {
		t.Errorf("another store: code %d, %q", code, errs)
	}
	if code, _, errs := b.call(whole()...); code != cli.Done || !slices.Equal(b.made, link.Changes) || len(b.keys) != 1 {
		t.Errorf("again: code %d, %q, made %v, %d keys", code, errs, b.made, len(b.keys))
	}
}

// TestAddAzureWithoutVaults brings to who asks the rest whether Key Vault Reader is
// wanted.
func TestAddAzureWithoutVaults(t *testing.T) {
	for _, args := range [][]string{{"--name", "Contoso"}, {"--name", "Contoso", "--no-key-vaults"}, {"--automatic"}, {"--automatic", "--no-key-vaults"}} {
		b := newBench(t)
		b.terminal = true
		code, _, errs := b.call(append([]string{"add", "azure"}, args...)...)
		if code != cli.Done || b.ran == nil || b.ran.Draft == nil || b.ran.Draft.Azure().Vaults == slices.Contains(args, "--no-key-vaults") {
			t.Errorf("%v: %d, %+v, %q", args, code, b.ran, errs)
		}
	}
}
