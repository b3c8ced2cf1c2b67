package cli_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

// TestRemoveHere removes what is here, and says what stays in the tenant, by the
// name that the app has there.
func TestRemoveHere(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.change(a.ID, func(a *account.Account) { a.Name, a.Key.Saved = "Other", "/home/ada/contoso.cer" })
	if code, _, errs := b.call("remove", "Other"); code != cli.WrongUsage || !strings.Contains(errs, "--yes is missing") || !strings.Contains(errs, "Nothing was removed.") || len(b.contents().Accounts) != 1 {
		t.Errorf("without a yes: code %d, %q", code, errs)
	}
	code, out, errs := b.call("remove", "other", "--yes")
	for _, said := range []string{"Other is removed here", "app registration Xops 360 - Contoso application-id: Entra ID › App registrations", "its enterprise app principal-id", "grant-id", "role-id", "https://entra.microsoft.com/#view/", "certificate file /home/ada/contoso.cer", "Command Line Tools"} {
		if !strings.Contains(out, said) {
			t.Errorf("not said: %q in %q", said, out)
		}
	}
	if code != cli.Done || b.signed != 0 || !strings.Contains(errs, "This removes Other here") {
		t.Errorf("code %d, %q, %d sign-ins", code, errs, b.signed)
	}
	b.nothing()
}

func TestRemoveEverywhere(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.change(a.ID, func(a *account.Account) {
		a.Last, a.Next = &account.Key{ID: "old", Store: account.Keyring}, &account.Key{ID: "new", Store: account.Keyring}
	})
	b.keys["old"], b.keys["new"] = true, true
	b.terminal, b.typed = true, "contoso\n"
	if code, _, errs := b.call("remove", "Contoso", "--sign-in", "device-code"); code != cli.Failed || b.signed != 0 || !strings.Contains(errs, "that is not its name") {
		t.Errorf("another name typed: code %d, %q", code, errs)
	}
	b.typed = "Contoso\n"
	code, out, errs := b.call("remove", "Contoso", "--sign-in", "device-code")
	if code != cli.Done || b.signed != 1 || !strings.HasPrefix(out, "Contoso is removed, here and in the tenant.\n") || !strings.Contains(out, "Command Line Tools") || strings.Contains(out, "application-id") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	if !strings.Contains(errs, "In tenant "+tenantID+" it removes:") || !strings.Contains(errs, "application-id") {
		t.Errorf("not said before: %q", errs)
	}
	if c := b.contents(); len(c.Accounts)+len(c.Drafts)+len(b.keys) != 0 || !slices.Contains(b.made, "purged") {
		t.Errorf("left: %+v, keys %v, made %v", c, b.keys, b.made)
	}
}

func TestRemoveAsJSON(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now().Add(9*day))
	b.purge = false
	code, out, errs := b.call("remove", "Contoso", "--sign-in", "browser", "--yes", "--json")
	all := objects(t, out)
	last := all[len(all)-1]
	left, _ := last["restorable"].([]any)
	if code != cli.Done || errs != "" || last["state"] != "removed" || len(left) != 2 || len(last["stays"].([]any)) != 1 {
		t.Errorf("code %d, %v, %q", code, last, errs)
	}
	b = newBench(t)
	b.linked("Contoso", time.Now().Add(9*day))
	code, out, _ = b.call("remove", "Contoso", "--yes", "--json")
	all = objects(t, out)
	if last := all[len(all)-1]; code != cli.Done || len(last["stays"].([]any)) != 5 {
		t.Errorf("here alone: code %d, %v", code, last)
	}
}

// TestRemoveByHand asks nobody to sign in for what a person made, which stays.
func TestRemoveByHand(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.change(a.ID, func(a *account.Account) { a.Made = account.Made{} })
	code, out, _ := b.call("remove", "Contoso", "--yes", "--sign-in", "browser")
	if code != cli.Done || b.signed != 0 || !strings.Contains(out, "app registration Xops 360 - Contoso, with its enterprise app, consent and role") || !strings.Contains(out, string(a.Microsoft().Client)) || !strings.Contains(out, "Global Reader of that app") {
		t.Errorf("code %d, %q", code, out)
	}
	b.nothing()
}

// TestRemoveGoesOn was stopped half way: the account is found by its name until
// all of it is gone, and only to be removed.
func TestRemoveGoesOn(t *testing.T) {
	stopped := func(t *testing.T) *bench {
		b := newBench(t)
		b.linked("Contoso", time.Now().Add(9*day))
		b.refuse["no application"] = &account.Problem{Kind: account.RightMissing}
		code, _, errs := b.call("remove", "Contoso", "--yes", "--sign-in", "browser")
		if code != cli.NotAllowed || !strings.Contains(errs, "the rest is on record. Go on with: xops-onboard remove Contoso") || len(b.keys) != 1 {
			t.Fatalf("code %d, %q", code, errs)
		}
		b.refuse = map[string]error{}
		return b
	}
	b := stopped(t)
	if _, out, _ := b.call("drafts"); !strings.Contains(out, "Contoso: Microsoft, ") || !strings.Contains(out, "its removal was begun") {
		t.Errorf("drafts: %q", out)
	}
	for _, args := range [][]string{{"resume"}, {"resume", "Contoso", "--yes"}, {"verify", "Contoso"}, {"rotate", "Contoso"}, whole()} {
		if code, _, errs := b.call(args...); code != cli.WrongUsage || !strings.Contains(errs, "xops-onboard remove Contoso") || b.ran != nil {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
	if code, out, errs := b.call("remove", "contoso", "--yes", "--sign-in", "browser"); code != cli.Done || !strings.HasPrefix(out, "Contoso is removed, here and in the tenant.") || !slices.Contains(b.made, "purged") {
		t.Errorf("goes on: code %d, %q, %q", code, out, errs)
	}
	b = stopped(t)
	if code, out, _ := b.call("remove", "Contoso", "--yes"); code != cli.Done || !strings.Contains(out, "application-id") || strings.Contains(out, "role-id") || len(b.keys) != 0 {
		t.Errorf("here alone: code %d, %q", code, out)
	}
	b = stopped(t)
	if code, _, errs := b.call("undo", "--yes", "--sign-in", "browser"); code != cli.Done || len(b.keys) != 0 || len(b.contents().Drafts) != 0 {
		t.Errorf("undo: code %d, %q", code, errs)
	}
}

func TestRemoveRefuses(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.byHand()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{nil, "which account is missing"},
		{[]string{"Nobody", "--yes"}, `there is no account "Nobody"`},
		{[]string{"Fabrikam Inc", "--yes"}, "xops-onboard resume 'Fabrikam Inc'"},
		{[]string{"Contoso", "--sign-in", "fax"}, "--sign-in"},
	} {
		if code, _, errs := b.call(append([]string{"remove"}, tt.args...)...); code != cli.WrongUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: code %d, %q", tt.args, code, errs)
		}
	}
	b.store = account.StoreLocked
	if code, _, errs := b.call("remove", "Contoso", "--yes", "--sign-in", "browser"); code != cli.NoKeyStore || b.signed != 0 || !strings.Contains(errs, "Nothing was removed.") {
		t.Errorf("locked: code %d, %q", code, errs)
	}
	b.store = account.StoreReady
	b.replacing(a, "another")
	if code, _, errs := b.call("remove", "Contoso", "--yes"); code != cli.WrongUsage || !strings.Contains(errs, "xops-onboard undo Contoso") || len(b.contents().Accounts) != 1 {
		t.Errorf("with a draft that is to take its place: code %d, %q", code, errs)
	}
}

// replacing adds a draft that is to take an account's place with another key.
func (b *bench) replacing(a account.Account, key account.KeyID) account.ID {
	b.t.Helper()
	d := account.Draft{
		ID: account.ID(uuid.NewString()), Name: a.Name, Provider: a.Provider, Way: account.ByHand, Cloud: a.Cloud, Link: a.Link, Replaces: a.ID,
		Keys: []account.Key{{ID: key, Store: account.Keyring, Stored: true}},
	}
	b.do(b.registry.SaveDraft(b.t.Context(), d))
	b.keys[key] = true
	return d.ID
}

// TestUndoOfWhatIsToTakeAPlace leaves the account and its key and app alone,
// also where it took the account's place already and was not removed.
func TestUndoOfWhatIsToTakeAPlace(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.replacing(a, "another")
	if _, out, _ := b.call("drafts"); !strings.Contains(out, "is to take the place of the account of that name") {
		t.Errorf("drafts: %q", out)
	}
	code, out, errs := b.call("undo", "Contoso", "--yes")
	if code != cli.Done || strings.Contains(out, "app registration") || !b.keys[a.Key.ID] || b.keys["another"] || len(b.contents().Drafts) != 0 || len(b.contents().Accounts) != 1 {
		t.Errorf("code %d, %q, %q, keys %v", code, out, errs, b.keys)
	}
	b.replacing(a, a.Key.ID)
	for _, command := range []string{"undo", "resume"} {
		if code, _, errs := b.call(command, "Contoso", "--yes"); code != cli.WrongUsage || !b.keys[a.Key.ID] || len(b.contents().Accounts) != 1 {
			t.Errorf("%s of one that took its place: code %d, %q, keys %v", command, code, errs, b.keys)
		}
	}
	if len(b.contents().Drafts) != 0 {
		t.Errorf("left: %+v", b.contents())
	}
}
