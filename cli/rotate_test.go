package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/registry"
)

const day = 24 * time.Hour

// rotated looks that the account has another key, and that one alone is there.
func (b *bench) rotated(was account.Account) {
	b.t.Helper()
	a, err := b.registry.Account(b.t.Context(), was.ID)
	b.do(err)
	if a.Key.ID == was.Key.ID || a.Begun() != "" || b.on[was.Key.Certificate.PEM] != "" || b.on[a.Key.Certificate.PEM] == "" || b.keys[was.Key.ID] || !b.keys[a.Key.ID] {
		b.t.Errorf("%s: the account is %+v, on the apps are %v, keys %v", was.Name, a, b.on, b.keys)
	}
}

// untouched looks that the account uses the key it had.
func (b *bench) untouched(was account.Account) {
	b.t.Helper()
	a, err := b.registry.Account(b.t.Context(), was.ID)
	b.do(err)
	if a.Key.ID != was.Key.ID || !b.keys[was.Key.ID] || b.on[was.Key.Certificate.PEM] == "" {
		b.t.Errorf("%s: the account is %+v, on the apps are %v, keys %v", was.Name, a, b.on, b.keys)
	}
}

func TestRotate(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	code, out, errs := b.call("rotate", "contoso")
	if code != cli.Done || !strings.HasPrefix(out, "Contoso has another key, until ") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	for _, said := range []string{"New private key: done.", "New certificate: done.", "New certificate, on its way to the app: done.", "Three tokens with the new key: done.", "Old certificate, off the app: done.", "Old private key, deleted: done."} {
		if !strings.Contains(errs, said+"\n") {
			t.Errorf("not said: %q in %q", said, errs)
		}
	}
	b.rotated(a)
	if r, err := b.registry.LastReport(t.Context(), a.ID); err != nil || len(r.Checks) != 5 {
		t.Errorf("verified: %+v, %v", r, err)
	}
}

func TestRotateAsJSON(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	code, out, errs := b.call("rotate", "Contoso", "--json")
	all := objects(t, out)
	last := all[len(all)-1]
	acc, _ := last["account"].(map[string]any)
	if code != cli.Done || errs != "" || all[0]["step"] != "key" || all[0]["state"] != "doing" || last["step"] != "result" || last["state"] != "rotated" || acc["name"] != "Contoso" {
		t.Errorf("code %d, %q, %v … %v", code, errs, all[0], last)
	}
	b.rotated(a)
}

// TestRotationFails says at each stage what works meanwhile, and goes on from
// there.
func TestRotationFails(t *testing.T) {
	for name, tt := range map[string]struct {
		refuse string
		why    account.Kind
		code   int
		says   string
		switched,
		begun bool
	}{
		"the key store is locked":     {"", account.StoreNotUsable, cli.NoKeyStore, "The old key stays in use and works as before.", false, false},
		"the app may not":             {"add", account.ProofRefused, cli.Failed, "The old key stays in use and works as before.", false, true},
		"a policy":                    {"add", account.PolicyAuthority, cli.Failed, "The old key stays in use and works as before.", false, true},
		"no token with the new key":   {"token", account.AccessBlocked, cli.Failed, "The old key stays in use and works as before.", false, true},
		"the old one stays":           {"removeKey", account.Unavailable, cli.Failed, "The new key is in use and works; the old one is not removed yet.", true, true},
		"the old key is not deleted":  {"delete", account.StoreKeptNot, cli.NoKeyStore, "The new key is in use and works; the old one is not removed yet.", true, true},
		"another window has it":       {"held", account.AccountInUse, cli.Failed, "The old key stays in use and works as before.", false, false},
		"its certificate has expired": {"over", account.CertificateOver, cli.NotAllowed, "--sign-in or --certificate-out", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if tt.refuse == "held" { // in memory there is no other window
				reg, err := registry.Open(t.TempDir(), t.TempDir(), registry.Self(), func(account.Owner) bool { return true })
				b.do(err)
				b.registry = reg
			}
			a := b.linked("Contoso", time.Now().Add(9*day))
			refuse := tt.refuse
			switch refuse {
			case "":
				b.store = account.StoreLocked
			case "add":
				refuse = a.Key.Certificate.PEM
			case "over":
				b.change(a.ID, func(x *account.Account) { x.Key.Certificate.NotAfter = time.Now().Add(-time.Hour); a = *x })
			case "held":
				b.change(a.ID, func(x *account.Account) { x.Owner = account.Owner{Host: "elsewhere"}; a = *x })
			}
			b.refuse[refuse] = &account.Problem{Kind: tt.why}
			code, out, errs := b.call("rotate", "Contoso")
			if code != tt.code || out != "" || !strings.Contains(errs, tt.says) || tt.begun != strings.Contains(errs, "Go on with: xops-onboard rotate Contoso") {
				t.Errorf("code %d, want %d; %q, %q", code, tt.code, out, errs)
			}
			if !tt.switched {
				b.untouched(a)
			}
			if !tt.begun {
				return
			}
			b.refuse = map[string]error{}
			if code, _, errs := b.call("rotate", "Contoso"); code != cli.Done {
				t.Errorf("again: code %d, %q", code, errs)
			}
			b.rotated(a)
			if len(b.keys) != 1 || len(b.on) != 1 {
				t.Errorf("%d keys, %d certificates", len(b.keys), len(b.on))
			}
		})
	}
}

func TestRotateDue(t *testing.T) {
	b := newBench(t)
	soon, begun, fails, late := b.linked("Adatum", time.Now().Add(29*day)), b.linked("Contoso", time.Now().Add(150*day)), b.linked("Fabrikam", time.Now().Add(time.Hour)), b.linked("Northwind", time.Now().Add(31*day))
	b.change(begun.ID, func(a *account.Account) {
		a.Next = &account.Key{ID: "0a1b2c3d-4e5f", Store: account.Keyring, Bits: 2048}
	})
	b.refuse[fails.Key.Certificate.PEM] = &account.Problem{Kind: account.ProofRefused}
	code, out, errs := b.call("rotate", "--due", "30d")
	if code != cli.Failed || !strings.Contains(out, "Adatum has another key") || !strings.Contains(out, "Contoso has another key") || !strings.Contains(out, "Fabrikam: not rotated. ") || !strings.Contains(out, "The old key stays in use and works as before.") || !strings.Contains(errs, "1 of 3 keys are not rotated") {
		t.Errorf("code %d\n%s\n%s", code, out, errs)
	}
	if !strings.Contains(errs, "Adatum: Three tokens with the new key: done.") {
		t.Errorf("the stages are without a name: %q", errs)
	}
	b.rotated(soon)
	b.rotated(begun)
	b.untouched(fails)
	b.untouched(late)

	code, out, _ = b.call("rotate", "--due", "720h", "--json")
	all := objects(t, out)
	one, last := all[len(all)-2], all[len(all)-1]
	if code != cli.Failed || all[0]["name"] != "Fabrikam" || one["step"] != "account-result" || one["state"] != "failed" || one["problem"].(map[string]any)["kind"] != "proof-refused" || last["step"] != "result" || last["state"] != "failed" {
		t.Errorf("as JSON: code %d, %v, %v", code, one, last)
	}
	b.refuse = map[string]error{}
	if code, out, _ := b.call("rotate", "--due", "12h"); code != cli.Done || strings.Count(out, "\n") != 1 {
		t.Errorf("again: code %d, %q", code, out)
	}
	b.rotated(fails)
	if code, out, _ := b.call("rotate", "--due", "30d"); code != cli.Done || out != "No key is due.\n" {
		t.Errorf("none: code %d, %q", code, out)
	}
}

// TestRotateDueEndsWithTheWorst has a locked key store, and an app that may not.
func TestRotateDueEndsWithTheWorst(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now())
	b.store = account.StoreLocked
	if code, out, _ := b.call("rotate", "--due", "30d"); code != cli.NoKeyStore || !strings.Contains(out, "Contoso: not rotated.") {
		t.Errorf("locked: code %d, %q", code, out)
	}
	other := b.linked("Fabrikam", time.Now().Add(day))
	b.ready = []account.Store{account.FileStore}
	b.change(other.ID, func(a *account.Account) { a.Key.Store = account.FileStore })
	b.refuse[other.Key.Certificate.PEM] = &account.Problem{Kind: account.ProofRefused}
	if code, out, _ := b.call("rotate", "--due", "30d"); code != cli.Failed || strings.Count(out, "not rotated") != 2 {
		t.Errorf("code %d, %q", code, out)
	}
}

func TestRotateUsage(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now().Add(9*day))
	for _, args := range [][]string{
		{},
		{"Contoso", "--due", "30d"},
		{"--due", "soon"},
		{"--due", "-3h"},
		{"--due", "30d", "--sign-in", "browser"},
		{"Contoso", "--sign-in", "fax"},
		{"Contoso", "--wait", "1h"},
		{"Contoso", "--sign-in", "browser", "--certificate-out", "."},
		{"Nobody"},
	} {
		if code, _, errs := b.call(append([]string{"rotate"}, args...)...); code != cli.WrongUsage || len(b.keys) != 1 {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
}

// TestRotateBySomebody has an administrator bring the certificate, where the
// app's own has expired.
func TestRotateBySomebody(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(-day))
	code, out, errs := b.call("rotate", "Contoso", "--sign-in", "device-code")
	if code != cli.Done || b.signed != 1 || !strings.Contains(out, "Contoso has another key") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	b.rotated(a)
}

// TestRotateByHand writes the certificate, says where it goes, and goes on when
// it was uploaded.
func TestRotateByHand(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(-day))
	code, _, errs := b.call("rotate", "Contoso", "--certificate-out", "/out")
	for _, said := range []string{"Upload /out/contoso-abababab.cer (thumbprint ABAB", "https://entra.microsoft.com/#view/", "Entra does not know this certificate yet", "another file was uploaded; ", "which has expired", "xops-onboard rotate Contoso"} {
		if !strings.Contains(errs, said) {
			t.Errorf("not said: %q in %q", said, errs)
		}
	}
	if code != cli.NotLinked || len(b.saved) != 1 || b.signed != 0 {
		t.Errorf("code %d, saved %v", code, b.saved)
	}
	b.untouched(a)
	clear(b.saved) // somebody deleted the file
	b.went = func(path string) { b.put(b.saved[path]) }
	if code, out, errs := b.call("rotate", "Contoso", "--certificate-out", "/out", "--wait", "1h"); code != cli.Done || !strings.Contains(out, "another key") {
		t.Errorf("uploaded: code %d, %q, %q", code, out, errs)
	}
	b.rotated(a)
	if len(b.keys) != 1 {
		t.Errorf("%d keys", len(b.keys))
	}
}

// TestRotateGoesOnByItself has begun by hand: what somebody uploaded is used,
// and not added once more.
func TestRotateGoesOnByItself(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.call("rotate", "Contoso", "--certificate-out", "/out")
	for _, pem := range b.saved {
		b.put(pem)
	}
	b.refuse[a.Key.Certificate.PEM] = &account.Problem{Kind: account.Unexpected}
	if code, _, errs := b.call("rotate", "Contoso"); code != cli.Done {
		t.Errorf("code %d, %q", code, errs)
	}
	b.rotated(a)
}
