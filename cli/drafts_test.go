package cli_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
)

// half has the draft Contoso with half of its changes made.
func half(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	b.refuse[link.TheGrant] = &account.Problem{Kind: account.RightMissing, Subject: "Privileged Role Administrator"}
	if code, _, errs := b.call(whole()...); code != cli.NotAllowed {
		t.Fatalf("code %d, %q", code, errs)
	}
	b.refuse = nil
	return b
}

const manualID = "6b1f2f86-0b5c-4f36-9c1d-0d7e3f7a9f10"

// byHand adds the draft Fabrikam Inc, which a person makes by hand.
func (b *bench) byHand() {
	b.t.Helper()
	err := b.registry.SaveDraft(b.t.Context(), account.Draft{
		ID: manualID, Name: "Fabrikam Inc", Provider: account.Microsoft, Way: account.ByHand, Cloud: account.Global,
		Link:  account.MicrosoftLink{Tenant: tenantID, Client: clientID, AppName: "Xops 360 - Fabrikam Inc"},
		Trail: []string{"cloud", "way", "name", "register", "identifiers", "keystore"}, Ticked: []string{"role"},
		Keys: []account.Key{{ID: "key", Store: account.Keyring, Stored: true, Saved: "/home/ada/fabrikam.cer"}},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	b.keys["key"] = true
}

func TestDrafts(t *testing.T) {
	b := newBench(t)
	if code, out, errs := b.call("drafts"); code != cli.Done || out != "" || !strings.Contains(errs, "There is no draft.") {
		t.Errorf("none: code %d, %q, %q", code, out, errs)
	}
	if _, out, _ := b.call("drafts", "--json"); strings.TrimSpace(out) != `{"drafts":[]}` {
		t.Errorf("none as JSON: %q", out)
	}
	b = half(t)
	b.byHand()
	if code, out, _ := b.call("drafts"); code != cli.Done || strings.Count(out, "\n") != 2 || !strings.Contains(out, "Contoso: Microsoft, last changed ") {
		t.Errorf("code %d, %q", code, out)
	}
	_, out, _ := b.call("drafts", "--json")
	list := objects(t, out)[0]["drafts"].([]any)
	if first := list[0].(map[string]any); len(list) != 2 || first["name"] != "Contoso" || first["owned"] != false {
		t.Errorf("as JSON: %v", list)
	}
	// What cannot be read may be a draft.
	b.damaged = []account.Problem{{Kind: account.RegistryDamaged, Subject: "/data/accounts/x.json"}}
	if code, out, errs := b.call("drafts"); code != cli.Failed || strings.Count(out, "\n") != 2 || !strings.Contains(errs, "x.json is damaged") {
		t.Errorf("not all: code %d, %q, %q", code, out, errs)
	}
	none := newBench(t)
	none.damaged = b.damaged
	if code, out, errs := none.call("drafts"); code != cli.Failed || out != "" || strings.Contains(errs, "no draft") {
		t.Errorf("nothing but that: code %d, %q, %q", code, out, errs)
	}
	code, out, _ := none.call("drafts", "--json")
	if all := objects(t, out); code != cli.Failed || len(all) != 1 || all[0]["state"] != "failed" {
		t.Errorf("nothing but that, as JSON: code %d, %q", code, out)
	}
	if code, _, _ := b.call("drafts", "more"); code != cli.WrongUsage {
		t.Errorf("a word too many: code %d", code)
	}
}

func TestResume(t *testing.T) {
	b := half(t)
	code, out, _ := b.call("resume", "--sign-in", "device-code", "--plan", "--json")
	if all := objects(t, out); code != cli.Done || all[0]["changes"].([]any)[0].(map[string]any)["done"] != true || len(b.made) != 2 {
		t.Errorf("the plan: code %d, %s", code, out)
	}
	code, out, errs := b.call("resume", "contoso", "--sign-in", "device-code", "--yes")
	if code != cli.Done || !strings.Contains(out, "Contoso is connected.") || !slices.Equal(b.made, link.Changes) || len(b.keys) != 1 || len(b.contents().Drafts) != 0 {
		t.Errorf("code %d, out %q, errors %q, made %v", code, out, errs, b.made)
	}
}

// TestResumeConnected has an account where a draft is asked for: what was begun on
// it goes on by another command.
func TestResumeConnected(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(100*24*time.Hour))
	for _, begun := range []struct {
		last *account.Key
		says string
	}{
		{nil, "Contoso is connected; there is no draft of it"},
		{&account.Key{ID: "old", Store: account.Keyring}, "Contoso is connected; the key before is not gone yet"},
	} {
		b.change(a.ID, func(a *account.Account) { a.Last = begun.last })
		code, _, errs := b.call("resume", "contoso")
		again := strings.Contains(errs, "Go on with: xops-onboard rotate Contoso")
		if code != cli.WrongUsage || !strings.Contains(errs, begun.says) || again != (begun.last != nil) {
			t.Errorf("code %d, %q", code, errs)
		}
	}
}

// TestResumeChecks looks, without a sign-in, whether somebody did the rest.
func TestResumeChecks(t *testing.T) {
	for state, want := range map[account.CheckState]int{account.Missing: cli.NotLinked, account.Waiting: cli.NotLinked, account.Unknown: cli.Unchecked} {
		b := half(t)
		b.report = checked(account.Holds)
		b.report.Checks[3].State = state
		code, _, errs := b.call("resume")
		if code != want || !strings.Contains(errs, "Contoso is not linked yet") || !strings.Contains(errs, "Admin consent: ") || !strings.Contains(errs, "xops-onboard resume Contoso") || len(b.contents().Drafts) != 1 {
			t.Errorf("%s: code %d, want %d; %q", state, code, want, errs)
		}
	}
	b := half(t)
	b.terminal = true
	code, out, errs := b.call("resume", "--yes")
	if code != cli.Done || !strings.Contains(out, "Contoso is connected.") || b.signed != 1 || len(b.made) != 2 || len(b.contents().Drafts) != 0 || b.ran != nil {
		t.Errorf("code %d, out %q, errors %q, %d sign-ins, made %v", code, out, errs, b.signed, b.made)
	}
	b = half(t)
	code, out, errs = b.call("resume", "--json")
	all := objects(t, out)
	if last := all[len(all)-1]; code != cli.Done || errs != "" || last["state"] != "linked" || len(last["checks"].([]any)) == 0 {
		t.Errorf("as JSON: code %d, %v, %q", code, last, errs)
	}
	b = half(t)
	b.store = account.StoreLocked
	if code, _, _ := b.call("resume"); code != cli.NoKeyStore {
		t.Errorf("locked: code %d", code)
	}
}

func TestResumeEnds(t *testing.T) {
	b := newBench(t)
	if code, _, errs := b.call("resume"); code != cli.WrongUsage || !strings.Contains(errs, "there is no draft") {
		t.Errorf("none: code %d, %q", code, errs)
	}
	b = half(t)
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"Contoso", "--sign-in", "browser"}, "--yes is missing"},
		{[]string{"--plan"}, "--sign-in is missing"},
		{[]string{"Contoso", "--sign-in", "fax"}, "--sign-in: "},
		{[]string{"Nobody"}, `there is no draft "Nobody"`},
		{[]string{"a", "b"}, "one word too many"},
	} {
		if code, _, errs := b.call(append([]string{"resume"}, tt.args...)...); code != cli.WrongUsage || !strings.Contains(errs, tt.says) || b.ran != nil {
			t.Errorf("%v: code %d, %q", tt.args, code, errs)
		}
	}
	b.byHand()
	if code, _, errs := b.call("resume"); code != cli.WrongUsage || !strings.Contains(errs, "Contoso, 'Fabrikam Inc'") {
		t.Errorf("several: code %d, %q", code, errs)
	}
	if code, _, errs := b.call("resume", "fabrikam  inc", "--yes", "--sign-in", "browser"); code != cli.WrongUsage || !strings.Contains(errs, "linked by hand") {
		t.Errorf("by hand: code %d, %q", code, errs)
	}
	if code, _, _ := b.call("--plain", "resume", "Fabrikam Inc"); code != cli.Done || b.ran.Draft.ID != manualID {
		t.Errorf("in lines: code %d, started with %+v", code, b.ran)
	}
	b.terminal = true
	if code, _, _ := b.call("resume", "Contoso"); code != cli.Done || b.ran.Draft.Name != "Contoso" || len(b.made) != 2 {
		t.Errorf("on a terminal: code %d, started with %+v", code, b.ran)
	}
	if code, _, errs := b.call("add", "microsoft", "--automatic", "--name", "Fabrikam Inc"); code != cli.WrongUsage || !strings.Contains(errs, "begun by hand") {
		t.Errorf("the other way: code %d, %q", code, errs)
	}
	if code, out, errs := b.call("resume", "fabrikam  inc", "--yes"); code != cli.Done || !strings.Contains(out, "Fabrikam Inc is connected.") {
		t.Errorf("by hand, and all of it holds: code %d, %q, %q", code, out, errs)
	}
}

func TestUndo(t *testing.T) {
	b := half(t)
	code, _, errs := b.call("undo", "Contoso", "--yes")
	if code != cli.NotAllowed || !strings.Contains(errs, "needs a sign-in") || !strings.Contains(errs, "application-id") || !strings.Contains(errs, "principal-id") || len(b.keys) != 1 {
		t.Errorf("without a sign-in: code %d, %q", code, errs)
	}
	if code, _, errs := b.call("undo", "--sign-in", "device-code"); code != cli.WrongUsage || !strings.Contains(errs, "--yes is missing") {
		t.Errorf("without a yes: code %d, %q", code, errs)
	}
	b.terminal, b.typed = true, "contoso\n"
	if code, _, errs := b.call("undo", "--sign-in", "device-code"); code != cli.Failed || !strings.Contains(errs, "nothing was changed") || b.signed != 1 {
		t.Errorf("another name typed: code %d, %q", code, errs)
	}
	b.refused = &account.Problem{Kind: account.DeviceCodeDeclined}
	if code, _, errs := b.call("undo", "--sign-in", "device-code", "--yes"); code != cli.NotAllowed || !strings.Contains(errs, "xops-onboard undo Contoso") {
		t.Errorf("declined: code %d, %q", code, errs)
	}
	b.refused, b.typed = nil, "Contoso\n"
	code, out, errs := b.call("undo", "--sign-in", "device-code")
	if code != cli.Done || !strings.Contains(out, "Taken back. ") || !strings.Contains(errs, "App and enterprise app, deleted: done.") || !strings.Contains(out, "Command Line Tools") || !strings.Contains(out, "Page: https://entra.microsoft.com/#view/") {
		t.Errorf("code %d, out %q, errors %q", code, out, errs)
	}
	if c := b.contents(); len(c.Drafts) != 0 || len(b.keys) != 0 || !slices.Contains(b.made, "purged") {
		t.Errorf("left: %+v, %d keys, made %v", c, len(b.keys), b.made)
	}
}

// TestUndoMayNotPurge looks that what stays restorable is said, until when and
// who may purge.
func TestUndoMayNotPurge(t *testing.T) {
	for _, json := range []bool{false, true} {
		b := half(t)
		b.purge = false
		args := []string{"undo", "--sign-in", "device-code", "--yes"}
		if json {
			code, out, _ := b.call(append(args, "--json")...)
			all := objects(t, out)
			left, _ := all[len(all)-1]["restorable"].([]any)
			stays, _ := all[len(all)-1]["stays"].([]any)
			if code != cli.Done || len(left) != 2 || len(stays) != 1 || !strings.HasPrefix(stays[0].(map[string]any)["url"].(string), "https://entra.microsoft.com/") || all[len(all)-1]["state"] != "taken-back" {
				t.Errorf("code %d, result %v", code, all[len(all)-1])
			}
			continue
		}
		code, out, _ := b.call(args...)
		if code != cli.Done || !strings.Contains(out, "App registration Xops 360 - Contoso (application-id): deleted, and restorable until 3 February 2030.") || !strings.Contains(out, "Enterprise app Xops 360 - Contoso (principal-id): deleted") || !strings.Contains(out, "Application Administrator or Global Administrator can") {
			t.Errorf("code %d, out %q", code, out)
		}
	}
}

func TestUndoByHand(t *testing.T) {
	b := newBench(t)
	b.byHand()
	code, out, _ := b.call("undo", "Fabrikam Inc", "--yes")
	for _, said := range []string{"app registration Xops 360 - Fabrikam Inc", clientID, "https://entra.microsoft.com/#view/", "Global Reader", "/home/ada/fabrikam.cer"} {
		if !strings.Contains(out, said) {
			t.Errorf("not said: %q in %q", said, out)
		}
	}
	if code != cli.Done || b.signed != 0 {
		t.Errorf("code %d, %d sign-ins", code, b.signed)
	}
	b.nothing()
}

func TestUndoNeedsItsKeyStore(t *testing.T) {
	b := half(t)
	b.store = account.StoreLocked
	if code, _, _ := b.call("undo", "--sign-in", "browser", "--yes"); code != cli.NoKeyStore || b.signed != 1 || len(b.contents().Drafts) != 1 {
		t.Errorf("code %d, %d sign-ins", code, b.signed)
	}
}

func TestVersion(t *testing.T) {
	b := newBench(t)
	for _, asked := range []string{"version", "--version"} {
		if code, out, _ := b.call(asked); code != cli.Done || out != "xops-onboard v1.2.3 (1fa60dd1fc22, 2026-11-26)\n" {
			t.Errorf("%s: %d %q", asked, code, out)
		}
	}
	if code, out, _ := b.call("--version", "--json"); code != cli.Done || !strings.HasPrefix(out, `{"version":"v1.2.3"`) {
		t.Errorf("code %d, %q", code, out)
	}
	_, out, _ := b.call("version", "--json")
	if o := objects(t, out)[0]; o["version"] != "v1.2.3" || o["commit"] != "1fa60dd1fc224d0c3b5ad01f1e5dbd67e6b9f1de" || o["date"] != "2026-11-26T05:34:44Z" {
		t.Errorf("as JSON: %q", out)
	}
}
