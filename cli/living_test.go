package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

func TestRename(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.linked("Northwind", time.Now().Add(9*day))
	b.byHand()
	for _, tt := range []struct {
		args []string
		says string
	}{
		{[]string{"Contoso"}, "are needed"},
		{[]string{"Nobody", "Somebody"}, `there is no account "Nobody"`},
		{[]string{"Contoso", "NORTHWIND"}, "Northwind is taken"},
		{[]string{"Contoso", "fabrikam inc"}, "Fabrikam Inc is taken"},
		{[]string{"Contoso", " "}, "needed"},
	} {
		if code, _, errs := b.call(append([]string{"rename"}, tt.args...)...); code != cli.WrongUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%v: code %d, %q", tt.args, code, errs)
		}
	}
	if code, out, _ := b.call("rename", "contoso", "Contoso  EU"); code != cli.Done || out != "Contoso is called Contoso EU now. Its app is called what it was: Xops 360 - Contoso.\n" {
		t.Errorf("code %d, %q", code, out)
	}
	code, out, _ := b.call("rename", "Contoso EU", "CONTOSO EU", "--json")
	last := objects(t, out)[0]
	if code != cli.Done || last["state"] != "renamed" || last["account"].(map[string]any)["name"] != "CONTOSO EU" {
		t.Errorf("as JSON: code %d, %v", code, last)
	}
	if now, err := b.registry.Account(t.Context(), a.ID); err != nil || now.Name != "CONTOSO EU" || now.Key.ID != a.Key.ID {
		t.Errorf("the account is %+v, %v", now, err)
	}
}

func TestCertificate(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.place.Downloads, b.place.Directory = "/home/ada/Downloads", "/srv/ada"
	if code, out, _ := b.call("certificate", "Contoso"); code != cli.Done || !strings.HasPrefix(out, "Certificate: /home/ada/Downloads/contoso-cdcdcdcd.cer\nThumbprint: CDCD") {
		t.Errorf("code %d, %q", code, out)
	}
	b.place.Remote = true
	code, out, _ := b.call("certificate", "Contoso", "--json")
	saved, _ := objects(t, out)[0]["certificate"].(map[string]any)
	if code != cli.Done || saved["path"] != "/srv/ada/contoso-cdcdcdcd.cer" || saved["sha1"] != a.Key.Certificate.SHA1 || saved["pem"] != nil {
		t.Errorf("where the browser is elsewhere: code %d, %v", code, saved)
	}
	if _, out, _ := b.call("certificate", "Contoso", "--certificate-out", "/there"); !strings.Contains(out, "/there/contoso-") || len(b.saved) != 3 {
		t.Errorf("to a directory: %q", out)
	}
	if code, out, _ := b.call("certificate", "Contoso", "--certificate-out", "-"); code != cli.Done || out != a.Key.Certificate.PEM || len(b.saved) != 3 {
		t.Errorf("to standard output: code %d, %q", code, out)
	}
	_, out, _ = b.call("certificate", "Contoso", "--certificate-out", "-", "--json")
	if saved, _ := objects(t, out)[0]["certificate"].(map[string]any); saved["pem"] != a.Key.Certificate.PEM {
		t.Errorf("as JSON: %v", saved)
	}
	if code, _, _ := b.call("certificate"); code != cli.WrongUsage {
		t.Errorf("without a name: code %d", code)
	}
}

func TestMoveKey(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	code, out, errs := b.call("move-key", "Contoso", "--to", "file")
	if code != cli.Done || out != "The key of Contoso is in a file under your passphrase now, and nowhere else.\n" || !strings.Contains(errs, "Token with the copy: done.\n") || !strings.Contains(errs, "Key where it was, deleted: done.\n") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	now, err := b.registry.Account(t.Context(), a.ID)
	if b.do(err); now.Key.Store != account.FileStore || now.Moving != "" || now.Key.ID != a.Key.ID {
		t.Errorf("the account is %+v", now)
	}
	if code, out, _ := b.call("move-key", "Contoso", "--to", "file"); code != cli.Done || !strings.Contains(out, "already") {
		t.Errorf("again: code %d, %q", code, out)
	}
	code, out, _ = b.call("move-key", "Contoso", "--to", "keyring", "--json")
	all := objects(t, out)
	if last := all[len(all)-1]; code != cli.Done || all[0]["step"] != "copy" || last["state"] != "moved" || last["account"].(map[string]any)["keyStore"] != "keyring" {
		t.Errorf("as JSON: code %d, %v", code, all)
	}
	for _, args := range [][]string{{}, {"Contoso"}, {"Contoso", "--to", "paper"}, {"Nobody", "--to", "file"}} {
		if code, _, errs := b.call(append([]string{"move-key"}, args...)...); code != cli.WrongUsage {
			t.Errorf("%v: code %d, %q", args, code, errs)
		}
	}
}

// TestMoveKeyFails says where the key is.
func TestMoveKeyFails(t *testing.T) {
	b := newBench(t)
	a := b.linked("Contoso", time.Now().Add(9*day))
	b.store, b.ready = account.StoreLocked, []account.Store{account.Keyring}
	if code, _, errs := b.call("move-key", "Contoso", "--to", "file"); code != cli.NoKeyStore || !strings.Contains(errs, "The key in use is in this user's OS keyring.") {
		t.Errorf("locked: code %d, %q", code, errs)
	}
	b.store = account.StoreReady
	b.refuse["token"] = &account.Problem{Kind: account.AccessBlocked}
	if code, _, errs := b.call("move-key", "Contoso", "--to", "file"); code != cli.Failed || !strings.Contains(errs, "The key in use is in this user's OS keyring.") || strings.Contains(errs, "Go on with") {
		t.Errorf("no token: code %d, %q", code, errs)
	}
	delete(b.refuse, "token")
	b.refuse["delete"] = &account.Problem{Kind: account.StoreKeptNot}
	if code, _, errs := b.call("move-key", "Contoso", "--to", "file"); code != cli.NoKeyStore || !strings.Contains(errs, "The key in use is in a file under your passphrase. It may be in this user's OS keyring as well. Go on with: xops-onboard move-key Contoso --to file") {
		t.Errorf("not deleted: code %d, %q", code, errs)
	}
	delete(b.refuse, "delete")
	if code, _, errs := b.call("move-key", "Contoso", "--to", "file"); code != cli.Done {
		t.Errorf("again: code %d, %q", code, errs)
	}
	if now, err := b.registry.Account(t.Context(), a.ID); err != nil || now.Begun() != "" || now.Key.Store != account.FileStore {
		t.Errorf("the account is %+v, %v", now, err)
	}
}
