package ui_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// only is the one account there is, as it is on record.
func (w *world) only() account.Account {
	w.t.Helper()
	rows := w.accounts()
	if len(rows) != 1 {
		w.t.Fatalf("%d accounts, want one", len(rows))
	}
	a, err := w.reg.Account(w.t.Context(), rows[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

// certificates are the thumbprints on the account's app.
func (w *world) certificates() (out []string) {
	w.t.Helper()
	for _, a := range w.tenant.Apps() {
		if a.ClientID == w.app.ClientID {
			for _, c := range a.Certificates {
				out = append(out, c.SHA1)
			}
		}
	}
	return out
}

// rotated expects that the account has another key, in use and the only one.
func (p *person) rotated(before account.Account) {
	w := p.w
	w.t.Helper()
	p.reads("✓ New private key", "✓ Old key deleted", "The new key is in use, and the old one is gone. Enter goes on.")
	a := w.only()
	if a.Key.ID == before.Key.ID || a.Begun() != "" || w.keys.stored() != 1 {
		w.t.Errorf("the account is %+v, %d keys are stored", a, w.keys.stored())
	}
	if got := w.certificates(); len(got) != 1 || got[0] != a.Key.Certificate.SHA1 {
		w.t.Errorf("on the app: %v, want %s", got, a.Key.Certificate.SHA1)
	}
}

// TestRotateFromHome is one key press, one enter, and no administrator.
func TestRotateFromHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", 0)
	w.clock.add(171 * 24 * time.Hour)
	p := w.start(80, 24)
	p.reads("key expires in 8 days r rotate")
	p.Press("r")
	p.reads("Rotate the key of Contoso", "No administrator is needed.", "Nothing is changed yet. Enter begins.")
	p.Press("enter")
	p.rotated(before)
	p.Press("enter")
	p.See("1 connected", "✓ Contoso", "179 days")
}

// TestRotationThatFails says that the old key works, and goes on with the same
// new key.
func TestRotationThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", time.Hour) // else the new certificate would be the same
	p := w.start(80, 24)
	p.See("1 connected", "just now")
	p.Press("r")
	p.See("Nothing is changed yet.")
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/addKey"), Status: 403, Times: 1})
	p.Press("enter")
	p.reads("The old key is in use, and works as before.", "✗ Certificate on the app", "› Try again")
	first := w.only()
	if first.Next == nil || first.Key.ID != before.Key.ID {
		t.Fatalf("the account is %+v, want the old key and a new one on its way", first)
	}
	p.Press("down", "down")
	p.See("› Go on later, from Home")
	p.Press("enter")
	p.reads("rotation not finished r go on")
	p.Press("r")
	p.reads("A rotation was begun. Enter goes on with the same new key.")
	p.Press("enter")
	p.rotated(before)
	if a := w.only(); a.Key.ID != first.Next.ID {
		t.Errorf("another key was made: %s, want %s", a.Key.ID, first.Next.ID)
	}
}

// TestRotationThatCannotEnd after the switch says which key is in use.
func TestRotationThatCannotEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", time.Hour) // else the new certificate would be the same
	p := w.start(80, 24)
	p.See("1 connected", "just now")
	p.Press("r")
	p.See("Nothing is changed yet.")
	w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/removeKey"), Status: 403, Times: 1})
	p.Press("enter")
	p.reads("The new key is in use; the old one is not removed yet.", "✗ Old certificate taken from the app", "› Try again")
	if strings.Contains(p.Text(), "Another way") {
		t.Errorf("another way is offered where there is none:\n%s", p.Picture())
	}
	p.Press("enter")
	p.rotated(before)
}

// TestExpiredKeyByHand puts a new certificate in where the app cannot: the page
// shows what to click, and goes on by itself once it is uploaded.
func TestExpiredKeyByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", 0)
	w.clock.add(200 * 24 * time.Hour)
	p := w.start(80, 24)
	p.reads("key has expired r renew")
	p.Press("r")
	p.reads("Its certificate has expired, so it cannot prove what it is.", "› Upload it by hand")
	p.Press("enter")
	p.reads("Certificates › Upload certificate", "~/Downloads/contoso-", "Thumbprint", "Entra does not know the new certificate yet.", "o open portal")
	if strings.Contains(p.Text(), before.Key.Certificate.SHA1[:8]) {
		t.Errorf("the old certificate is shown:\n%s", p.Picture())
	}
	w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.only().Next.Certificate.PEM)))
	p.Press("r")
	p.See("The new key is in use, and the old one is gone.")
	p.Press("enter")
	p.See("1 connected", "✓ Contoso", "179 days")
	if a := w.only(); a.Key.ID == before.Key.ID || a.Begun() != "" {
		t.Errorf("the account is %+v", a)
	}
}

// TestUploadLater leaves a rotation by hand, and goes on with it where it was.
func TestUploadLater(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", time.Hour) // else the new certificate would be the same
	p := w.accountPageOf("Contoso")
	p.Press("r")
	p.See("Nothing is changed yet.")
	p.Press("down", "down", "enter")
	p.reads("~/Downloads/contoso-", "Entra does not know the new certificate yet.")
	next := w.only().Next.Certificate
	p.Press("esc")
	p.reads("Stopped. The old key is in use, and works as before.")
	p.choose("Go on later, from Home")
	p.See("Integrations › Contoso", "Application ID")
	w.portal(w.tenant.Upload(w.app.ClientID, []byte(next.PEM)))
	p.Press("esc")
	p.reads("rotation not finished r go on")
	p.Press("r")
	p.See("A rotation was begun.", "› Upload it by hand")
	p.Press("enter")
	p.rotated(before)
}

// accountPageOf opens the page of an account that is there.
func (w *world) accountPageOf(name string) *person {
	w.t.Helper()
	p := w.start(80, 24)
	p.See("connected", "just now")
	p.openLine(name)
	p.See("Application ID", "Checked just now.")
	return p
}

// TestExpiredKeyByAnAdministrator has one sign in and bring the certificate.
func TestExpiredKeyByAnAdministrator(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.linked("Contoso", 0)
	w.clock.add(200 * 24 * time.Hour)
	p := w.start(80, 24)
	p.reads("key has expired r renew")
	p.Press("r")
	p.See("› Upload it by hand")
	p.Press("up")
	p.See("› An administrator signs in")
	p.Press("enter")
	p.See("Sign in with a browser")
	p.Press("enter")
	p.See("The new key is in use, and the old one is gone.")
	p.Press("enter")
	p.See("1 connected", "✓ Contoso", "179 days")
}

// TestRename keeps everything but the name, and takes no other's.
func TestRename(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Adatum", 0)
	before := w.linked("Contoso", 0)
	p := w.accountPageOf("Contoso")
	p.Press("n")
	p.See("Rename Contoso", "› Contoso")
	for range len("Contoso") {
		p.Press("backspace")
	}
	p.Type("Adatum")
	p.Press("enter")
	p.See("Adatum is taken by another account or draft here.")
	p.Type(" Corp")
	p.Press("enter")
	p.See("Integrations › Adatum Corp", "Application ID")
	a, err := w.reg.Account(t.Context(), before.ID)
	if err != nil || a.Name != "Adatum Corp" || a.Key != before.Key {
		t.Errorf("the account is %+v, %v", a, err)
	}
	p.Press("esc")
	p.See("2 connected", "Adatum Corp")
}

// TestMoveKey brings the key to the file store, which is made for it, and back.
func TestMoveKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", 0)
	w.keys.set(account.FileStore, account.StoreEmpty, true)
	w.keys.unlock = func(_ context.Context, s account.Store, phrase []byte) error {
		if s != account.FileStore || string(phrase) != "correct horse battery" {
			return errors.New("not asked for")
		}
		w.keys.set(account.FileStore, account.StoreReady, false)
		return nil
	}
	p := w.accountPageOf("Contoso")
	p.Press("m")
	p.reads("Move the key of Contoso", "From this user's OS keyring", "To a file under your passphrase", "Nothing is changed yet.")
	p.Press("enter")
	p.reads("The key is to be moved there.", "› Choose a passphrase")
	p.Press("enter")
	p.Type("correct horse battery")
	p.Press("enter")
	p.Type("correct horse battery")
	p.Press("enter")
	p.reads("✓ Deleted where it was", "The key is in a file under your passphrase.")
	p.Press("enter")
	p.reads("Integrations › Contoso", "in a file, 179 days left")
	if a := w.only(); a.Key.Store != account.FileStore || a.Key.ID != before.Key.ID || a.Begun() != "" || w.keys.stored() != 1 {
		t.Errorf("the account is %+v, %d keys", a, w.keys.stored())
	}
	w.clock.add(5 * time.Minute)
	p.See("✓ Certificate accepted")
	p.Press("v")
	p.See("Checked just now.")
	p.Press("m")
	p.reads("To this user's OS keyring", "Nothing is changed yet.")
	p.Press("enter")
	p.reads("The key is in this user's OS keyring.")
	p.Press("enter")
	p.reads("in the OS keyring, 179 days left")
}

// TestMoveThatFails leaves the key where it was, and the copy nowhere.
func TestMoveThatFails(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.keys.set(account.FileStore, account.StoreReady, false)
	p := w.accountPageOf("Contoso")
	p.Press("m")
	p.See("Nothing is changed yet.")
	w.offline()
	p.Press("enter")
	p.reads("cannot be reached from this machine.", "› Try again", "The key is in use where it was.")
	if a := w.only(); a.Key.Store != account.Keyring || a.Begun() != "" {
		t.Errorf("the account is %+v", a)
	}
	if left, _ := w.keys.List(t.Context(), account.FileStore); len(left) != 0 {
		t.Errorf("copies left: %v", left)
	}
	w.gate.mend()
	p.Press("enter")
	p.reads("The key is in a file under your passphrase.")
}

// TestSaveCertificateAgain says where it is.
func TestSaveCertificateAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	p := w.accountPageOf("Contoso")
	p.Press("s")
	p.See("Saved as /home/ada/Downloads/contoso-")
}

// TestHandOverOfAnAccount names what does not hold, and nothing else.
func TestHandOverOfAnAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.portal(w.tenant.RevokeConsent(w.app.ClientID))
	p := w.start(80, 40)
	p.See("consent was withdrawn")
	p.Press("enter")
	p.See("Checked just now.")
	p.Press("h")
	p.reads("For another administrator", "grant admin consent", w.app.ClientID)
	if text := p.Text(); strings.Contains(text, "Assign Global Reader") || strings.Contains(text, "Upload the certificate") {
		t.Errorf("what holds is asked for as well:\n%s", p.Picture())
	}
}

// TestRepoint puts an account on another app: it keeps its id and name, and the
// old key goes.
func TestRepoint(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", 0)
	p := w.accountPageOf("Contoso")
	p.Press("p")
	p.reads("Put Contoso on another app?", "keeps its name here", before.Microsoft().AppName)
	p.Press("p")
	p.See("Link a New Microsoft Account", "Another app for Contoso")
	p.Press("2", "enter")
	p.See("Register the application", "Xops 360 - Contoso", "✓ Friendly name")
	p.follow("register", "connected")
	p.See("Members of the finance group")
	p.Press("enter")
	p.See("1 connected", "✓ Contoso")
	a := w.only()
	if a.ID != before.ID || a.Name != before.Name || a.Identity() == before.Identity() || a.Key.ID == before.Key.ID || a.Begun() != "" {
		t.Errorf("the account is %+v, was %+v", a, before)
	}
	if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 1 {
		t.Errorf("%d drafts and %d keys are left, want none and one", drafts, w.keys.stored())
	}
}

// TestRepointToTheSameApp is nothing to do.
func TestRepointToTheSameApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.linked("Contoso", 0)
	app := w.app
	p := w.accountPageOf("Contoso")
	p.Press("p")
	p.See("Put Contoso on another app?")
	p.Press("p")
	p.See("Link a New Microsoft Account")
	p.Press("2", "enter")
	p.See("Register the application")
	p.Press("enter")
	p.See("Copy the identifiers")
	w.app = app
	p.Paste(w.overview())
	p.reads("linked here already, as Contoso.")
	p.Press("enter")
	p.See("Integrations › Contoso", "Application ID")
	if a := w.only(); a.Key.ID != before.Key.ID {
		t.Errorf("the account is %+v", a)
	}
	if _, drafts := w.rows(); drafts != 0 {
		t.Errorf("%d drafts are left", drafts)
	}
}

// TestRemoveHere asks for the name, says what stays in the tenant, and ends at
// the selection when nothing is left.
func TestRemoveHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	p := w.accountPageOf("Contoso")
	p.Press("x")
	p.reads("Remove Contoso", "Goes here", "the private key, in this user's OS keyring", "Stays in the tenant", "the app registration Xops 360 - Contoso", "App registrations › All applications › Xops 360 - Contoso › Delete")
	p.Type("contoso2")
	p.Press("enter")
	p.See("That is not its name; nothing is removed.")
	for range len("contoso2") {
		p.Press("backspace")
	}
	p.Type("Contoso")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
	if accounts, drafts := w.rows(); accounts+drafts+w.keys.stored() != 0 {
		t.Errorf("%d accounts, %d drafts and %d keys are left", accounts, drafts, w.keys.stored())
	}
	if len(w.tenant.Apps()) != 1 {
		t.Error("the app is gone from the tenant, and nobody signed in")
	}
}

// TestRemoveInTheTenant has an administrator sign in, and leaves nothing.
func TestRemoveInTheTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("connected")
	p.See("Members of the finance group")
	p.Press("enter")
	p.See("1 connected", "just now")
	p.openLine("Contoso")
	p.See("Application ID", "Checked just now.")
	p.Press("x")
	p.reads("Remove it here and in the tenant", "Remove it here only")
	p.Press("enter")
	p.reads("Goes in the tenant", "the role Global Reader of the app", "the app registration Xops 360 - Contoso and its enterprise app", "Type Contoso to remove it")
	p.Type("Contoso")
	p.Press("enter")
	p.See("Sign in with a browser")
	p.Press("esc")
	p.See("1 connected") // nothing was begun
	p.openLine("Contoso")
	p.See("Application ID", "Checked just now.")
	p.Press("x")
	p.See("Remove it here and in the tenant")
	p.Press("enter")
	p.See("Type Contoso to remove it")
	p.Type("Contoso")
	p.Press("enter")
	p.See("Sign in with a browser")
	p.Press("enter")
	p.reads("Taken back. The key and the account are deleted here.")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
	if accounts, drafts := w.rows(); accounts+drafts+w.keys.stored() != 0 {
		t.Errorf("%d accounts, %d drafts and %d keys are left", accounts, drafts, w.keys.stored())
	}
	if len(w.tenant.Apps())+len(w.tenant.Deleted()) != 0 {
		t.Errorf("left in the tenant: %v %v", w.tenant.Apps(), w.tenant.Deleted())
	}
}

// TestRemovalThatStopped is gone on with from Home, and at the next start.
func TestRemovalThatStopped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("connected")
	p.See("Members of the finance group")
	p.Press("enter")
	p.See("1 connected", "just now")
	a := w.only()
	if _, err := w.reg.Reopen(t.Context(), a.ID); err != nil {
		t.Fatal(err)
	}
	p.quit()
	p = w.start(80, 24)
	p.See("› Go on removing Contoso")
	if strings.Contains(p.Text(), "Throw Contoso away") {
		t.Errorf("it can be thrown away beside that:\n%s", p.Picture())
	}
	p.Press("enter")
	p.See("Take back Contoso?")
	p.Press("b")
	p.See("Sign in with a browser")
	p.Press("enter")
	p.reads("The key and the account are deleted here.")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
}
