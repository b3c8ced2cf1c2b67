package cli_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
)

const adoptedID = "77776666-aaaa-2222-bbbb-3333cccc4444"

// adopting is a bench whose tenant has an app with that on it.
func adopting(t *testing.T, foreign ...string) *bench {
	b := newBench(t)
	b.adoptable = account.Adoptable{App: account.App{Application: "adopted-id", Client: adoptedID, Name: "Our old app"}, Foreign: foreign}
	return b
}

// TestAdopt uses an app that is there, where nothing foreign is on it.
func TestAdopt(t *testing.T) {
	b := adopting(t)
	code, out, errs := b.call(whole("--adopt", adoptedID)...)
	if code != cli.Done || !strings.Contains(out, "Application ID: "+adoptedID) || !strings.Contains(errs, "Nothing else is on it.") || !strings.Contains(errs, "Certificate on the app that is there: done.") {
		t.Errorf("code %d, out %q, errors %q", code, out, errs)
	}
	if want := []string{"adoption", link.ThePrincipal, link.TheGrant, link.TheRole}; !slices.Equal(b.made, want) {
		t.Errorf("made %v, want %v", b.made, want)
	}
}

// TestAdoptForeign never uses an app with something foreign on it without a yes
// that is typed.
func TestAdoptForeign(t *testing.T) {
	b := adopting(t, "Secret: somebody's")
	for _, more := range [][]string{nil, {"--json"}} {
		code, out, errs := b.call(append(whole("--adopt", adoptedID), more...)...)
		if code != cli.NotLinked || !strings.Contains(errs+out, "Secret: somebody's") || !strings.Contains(errs, "xops-onboard resume --adopt "+adoptedID+" Contoso") || len(b.made) != 0 {
			t.Errorf("%v: code %d, out %q, errors %q, made %v", more, code, out, errs, b.made)
		}
	}
	b.terminal, b.typed = true, "y\n"
	if code, _, errs := b.call(whole("--adopt", adoptedID)...); code != cli.NotLinked || !strings.Contains(errs, "Type yes") || len(b.made) != 0 {
		t.Errorf("y: code %d, %q, made %v", code, errs, b.made)
	}
	b.typed = "yes\n"
	if code, _, errs := b.call("resume", "--adopt", adoptedID, "--sign-in", "device-code", "--yes"); code != cli.Done || len(b.made) != 4 || b.made[0] != "adoption" {
		t.Errorf("yes: code %d, %q, made %v", code, errs, b.made)
	}
}

// TestAdoptUnread counts what could not be read as foreign.
func TestAdoptUnread(t *testing.T) {
	b := adopting(t)
	b.adoptable.Unread = &account.Problem{Kind: account.Unavailable, Status: 503}
	if code, _, errs := b.call(whole("--adopt", adoptedID)...); code != cli.NotLinked || !strings.Contains(errs, "Not all of it could be read") || len(b.made) != 0 {
		t.Errorf("code %d, %q, made %v", code, errs, b.made)
	}
}

func TestAdoptPlan(t *testing.T) {
	b := adopting(t, "Secret: somebody's")
	code, out, _ := b.call(whole("--adopt", adoptedID, "--plan")...)
	for _, said := range []string{"to do: Add a certificate to the app that is there.", "App: Our old app", "Client ID: " + adoptedID, "Secret: somebody's"} {
		if !strings.Contains(out, said) {
			t.Errorf("not in the plan: %q in %q", said, out)
		}
	}
	if code != cli.Done {
		t.Errorf("code %d", code)
	}
	code, out, _ = b.call(whole("--adopt", adoptedID, "--plan", "--json")...)
	last := objects(t, out)[0]
	adopted, _ := last["survey"].(map[string]any)["adopted"].(map[string]any)
	if code != cli.Done || last["changes"].([]any)[0].(map[string]any)["name"] != "adoption" || adopted["foreign"].([]any)[0] != "Secret: somebody's" {
		t.Errorf("code %d, %s", code, out)
	}
	b.nothing()
}

func TestAdoptEnds(t *testing.T) {
	b := adopting(t)
	for _, tt := range []struct {
		args []string
		code int
		says string
	}{
		{whole("--adopt", "x"), cli.WrongUsage, "--adopt: This is not an id."},
		{[]string{"add", "microsoft", "--automatic", "--name", "Contoso", "--adopt", adoptedID}, cli.WrongUsage, "--adopt goes without a question"},
		{whole("--adopt", clientID), cli.Failed, "Entra does not find this app"},
	} {
		if code, _, errs := b.call(tt.args...); code != tt.code || !strings.Contains(errs, tt.says) || b.ran != nil || len(b.made) != 0 {
			t.Errorf("%v: code %d, %q", tt.args, code, errs)
		}
	}
	b = half(t)
	b.adoptable = adopting(t).adoptable
	if code, _, errs := b.call("resume", "--adopt", adoptedID, "--sign-in", "browser", "--yes"); code != cli.WrongUsage || !strings.Contains(errs, "Contoso has an app already") {
		t.Errorf("a draft that has one: code %d, %q", code, errs)
	}
	b = adopting(t)
	b.call(whole("--adopt", adoptedID)...)
	if code, _, errs := b.call("add", "microsoft", "--automatic", "--name", "Another", "--tenant", "contoso.com", "--sign-in", "browser", "--yes", "--adopt", adoptedID); code != cli.WrongUsage || !strings.Contains(errs, "Contoso uses this app already.") {
		t.Errorf("an account's: code %d, %q", code, errs)
	}
	if code, _, errs := b.call(whole("--adopt", clientID)...); code != cli.WrongUsage || !strings.Contains(errs, "has an app already") {
		t.Errorf("of a linked account: code %d, %q", code, errs)
	}
}

// TestUndoAdopted says what of an adopted app is ours, and takes only that.
func TestUndoAdopted(t *testing.T) {
	b := adopting(t)
	b.refuse[link.TheGrant] = &account.Problem{Kind: account.RightMissing, Subject: "Privileged Role Administrator"}
	_, _, errs := b.call(whole("--adopt", adoptedID)...)
	if strings.Contains(errs, "Upload the certificate (") || strings.Contains(errs, "Add the API permission and") {
		t.Errorf("handed over is what is done: %q", errs)
	}
	code, _, errs := b.call("undo", "--yes")
	if code != cli.NotAllowed || !strings.Contains(errs, "our certificate and permission on the app Our old app adopted-id") || !strings.Contains(errs, "its enterprise app principal-id") {
		t.Errorf("what there is: code %d, %q", code, errs)
	}
	b.made = nil
	code, out, errs := b.call("undo", "--sign-in", "device-code", "--yes")
	for _, said := range []string{"Enterprise app, deleted: done.", "Our certificate and permission, taken from the app: done."} {
		if !strings.Contains(errs, said) {
			t.Errorf("not said: %q in %q", said, errs)
		}
	}
	if want := []string{"no principal", "no adoption", "purged"}; code != cli.Done || !slices.Equal(b.made, want) || !strings.Contains(out, "Taken back. ") {
		t.Errorf("code %d, out %q, made %v, want %v", code, out, b.made, want)
	}
}
