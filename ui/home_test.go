package ui_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// home is Home with one account that was checked.
func (w *world) home(name string) *person {
	w.t.Helper()
	w.linked(name, 0)
	p := w.start(80, 24)
	p.See("1 connected", "just now")
	return p
}

// accountPage is the page of an account that was checked.
func (w *world) accountPage(name string) *person {
	w.t.Helper()
	p := w.home(name)
	p.openLine(name)
	p.See("Application ID", "Checked just now.", "Certificate accepted")
	return p
}

// openLine opens the account of that name on Home.
func (p *person) openLine(name string) {
	p.w.t.Helper()
	p.Until(name+" is chosen", func() bool {
		if strings.Contains(p.Text(), "› ✓ "+name) || strings.Contains(p.Text(), "› ! "+name) || strings.Contains(p.Text(), "› ✗ "+name) {
			return true
		}
		p.Press("down")
		return false
	})
	p.Press("enter")
}

// change changes an account on record.
func (w *world) change(a account.Account, f func(*account.Account)) {
	w.t.Helper()
	_, err := w.reg.ChangeAccount(w.t.Context(), a.ID, func(a account.Account) (account.Account, error) { f(&a); return a, nil })
	if err != nil {
		w.t.Fatal(err)
	}
}

// strayKey is a key in the file store that is nobody's.
func (w *world) strayKey() account.KeyID {
	w.keys.set(account.FileStore, account.StoreReady, false)
	id := account.KeyID(w.ids.next())
	w.keys.move(id, account.FileStore)
	return id
}

// many is that many accounts whose keys are locked away.
func (w *world) many(n int) {
	w.t.Helper()
	w.keys.set(account.Keyring, account.StoreLocked, false)
	for i := range n {
		id := account.ID(w.ids.next())
		d := account.Draft{ID: id, Name: account.Name(fmt.Sprintf("Account %05d", i)), Provider: account.Microsoft, Cloud: account.Global, Created: today}
		d.Link = account.MicrosoftLink{Tenant: tenantID, Client: account.ClientID(id)}
		d.Keys = []account.Key{{ID: account.KeyID(id), Store: account.Keyring, Stored: true, Certificate: account.Certificate{PEM: "pem", NotAfter: today.Add(100 * 24 * time.Hour)}}}
		if err := w.reg.SaveDraft(w.t.Context(), d); err != nil {
			w.t.Fatal(err)
		}
		if err := w.reg.Finish(w.t.Context(), d.Account(today)); err != nil {
			w.t.Fatal(err)
		}
	}
}

// troubled is Home with what is wrong in different ways.
func (w *world) troubled() *person {
	w.t.Helper()
	w.linked("Adatum", 0)
	w.linked("Contoso", 171*24*time.Hour)
	w.linked("Fabrikam", 0)
	w.portal(w.tenant.RevokeConsent(w.app.ClientID))
	w.linked("Litware", 0)
	w.portal(w.tenant.AddSecret(w.app.ClientID, "somebody's secret"))
	w.linked("Northwind", 0)
	p := w.start(80, 24)
	p.See("key expires in 8 days", "consent was withdrawn", "something else is on the app", "3 need attention")
	p.Until("all are checked", func() bool { return strings.Count(p.Text(), "just now") == 2 })
	return p
}

// TestWhatNeedsAttention holds that each thing that somebody has to do something
// about is on Home within one check, with the one key that deals with it.
func TestWhatNeedsAttention(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		harm func(*world, account.Account)
		says string // the line, up to its key
		key  string
		then string // what the key leads to
	}{
		{"consent withdrawn", func(w *world, _ account.Account) { w.portal(w.tenant.RevokeConsent(w.app.ClientID)) }, "✗ Contoso consent was withdrawn enter see", "enter", "Press Grant admin consent"},
		{"role removed", func(w *world, _ account.Account) { w.portal(w.tenant.RemoveGlobalReader(w.app.ClientID)) }, "✗ Contoso may not read the directory enter see", "enter", "Global Reader is not assigned"},
		{"app disabled", func(w *world, _ account.Account) { w.portal(w.tenant.SetEnabled(w.app.ClientID, false)) }, "✗ Contoso the app is disabled enter see", "enter", "set Enabled for users"},
		{"app deleted", func(w *world, _ account.Account) { w.portal(w.tenant.DeleteApp(w.app.ClientID)) }, "✗ Contoso Entra does not find its app enter see", "enter", "it was deleted"},
		{"certificate removed", func(w *world, a account.Account) {
			w.portal(w.tenant.RemoveCertificate(w.app.ClientID, a.Key.Certificate.SHA1))
		}, "✗ Contoso key unknown to Entra r renew", "r", "Rotate the key of Contoso"},
		{"a foreign secret", func(w *world, _ account.Account) { w.portal(w.tenant.AddSecret(w.app.ClientID, "backdoor")) }, "! Contoso something else is on the app enter see", "enter", "backdoor"},
		{"a foreign owner", func(w *world, _ account.Account) { w.portal(w.tenant.AddOwner(w.app.ClientID, "Mallory")) }, "! Contoso something else is on the app enter see", "enter", "Mallory"},
		{"a foreign federated credential", func(w *world, _ account.Account) {
			w.portal(w.tenant.AddFederatedCredential(w.app.ClientID, "elsewhere"))
		}, "! Contoso something else is on the app enter see", "enter", "elsewhere"},
		{"expires soon", func(w *world, _ account.Account) { w.clock.add(171 * 24 * time.Hour) }, "! Contoso key expires in 8 days r rotate", "r", "Rotate the key of Contoso"},
		{"expired", func(w *world, _ account.Account) { w.clock.add(181 * 24 * time.Hour) }, "✗ Contoso key has expired r renew", "r", "Its certificate has expired"},
		{"a rotation left", func(w *world, a account.Account) {
			k := account.Key{ID: account.KeyID(w.ids.next()), Store: account.Keyring, Bits: 2048}
			w.change(a, func(a *account.Account) { a.Next = &k })
		}, "! Contoso rotation not finished r go on", "r", "A rotation was begun."},
		{"an old key left", func(w *world, a account.Account) {
			k := w.key("Contoso")
			w.change(a, func(a *account.Account) { a.Last = &k })
		}, "! Contoso its old key is still there r go on", "r", "Enter removes the old key."},
		{"a key being moved", func(w *world, a account.Account) {
			w.change(a, func(a *account.Account) { a.Moving = account.FileStore })
			w.keys.set(account.Keyring, account.StoreLocked, false) // so that it is not mended at start
		}, "! Contoso its key is being moved m go on", "m", "A move was begun."},
		{"being removed", func(w *world, a account.Account) {
			w.linked("Fabrikam", 0)
			if _, err := w.reg.Reopen(w.t.Context(), a.ID); err != nil {
				w.t.Fatal(err)
			}
		}, "! Contoso is being removed enter go on", "enter", "Throw Contoso away?"},
		{"a draft for another app", func(w *world, a account.Account) {
			d := account.Draft{ID: account.ID(w.ids.next()), Name: "Contoso", Provider: account.Microsoft, Way: account.ByHand, Replaces: a.ID, Created: today, Trail: []string{"way"}, Link: account.MicrosoftLink{}}
			if err := w.reg.SaveDraft(w.t.Context(), d); err != nil {
				w.t.Fatal(err)
			}
		}, "! Contoso not yet on another app enter go on", "enter", "Register the application"},
		{"a draft", func(w *world, _ account.Account) {
			w.left("register", func(d *account.Draft) { d.Name = "Fabrikam" })
		}, "! Fabrikam not finished enter go on", "enter", "Register the application"},
		{"the key gone from the keyring", func(w *world, _ account.Account) { w.keys.forget() }, "✗ Contoso private key is gone r renew", "r", "Rotate the key of Contoso"},
		{"the key gone from a file store that is locked", func(w *world, a account.Account) {
			w.change(a, func(a *account.Account) { a.Key.Store = account.FileStore })
			w.keys.forget()
			w.keys.move(w.key("Other").ID, account.FileStore) // there are others
			w.keys.set(account.FileStore, account.StoreLocked, true)
		}, "✗ Contoso private key is gone r renew", "", ""},
		{"a key that is nobody's", func(w *world, _ account.Account) { w.strayKey() }, "nobody's, in the file store x delete", "x", "Delete key"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			a := w.linked("Contoso", 0)
			c.harm(w, a)
			p := w.start(80, 24)
			p.reads(c.says)
			if c.key == "" {
				return
			}
			p.See("1 needs attention")
			p.Press(c.key)
			p.reads(c.then)
		})
	}
}

// TestWorstFirst lists what needs attention by how bad it is, then the others.
func TestWorstFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.troubled()
	last := -1
	for _, s := range []string{"Fabrikam", "Contoso", "Litware", "────", "Adatum", "Northwind"} {
		at := strings.LastIndex(p.Text(), s)
		if at < last {
			t.Fatalf("%s is not in its place:\n%s", s, p.Picture())
		}
		last = at
	}
	p.Press("s")
	p.See("Sorted: in order of the names.")
	p.Until("in order of the names", func() bool {
		text := p.Text()
		return strings.Index(text, "Adatum") < strings.Index(text, "Contoso") && strings.Index(text, "Contoso") < strings.Index(text, "Fabrikam")
	})
	p.Press("s")
	p.See("Sorted: what expires first.")
	p.Until("what expires first", func() bool {
		text := p.Text()
		return strings.Index(text, "Contoso") < strings.Index(text, "Adatum")
	})
}

// TestLockedKeyringBringsNoPrompt until a key is pressed: Home is open, everything
// is asked for, and nobody has unlocked anything.
func TestLockedKeyringBringsNoPrompt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	var prompts atomic.Int32
	w.keys.set(account.Keyring, account.StoreLocked, true)
	w.keys.unlock = func(context.Context, account.Store, []byte) error {
		prompts.Add(1)
		w.keys.set(account.Keyring, account.StoreReady, false)
		return nil
	}
	p := w.start(80, 24)
	p.See("The keyring is locked; u unlocks and checks.", "not checked yet")
	p.Press("v", "down", "tab")
	p.See("Link a New Azure Account")
	p.Press("tab")
	p.See("The keyring is locked; u unlocks and checks.")
	if n := prompts.Load(); n != 0 {
		t.Fatalf("%d prompts before a key asked for one", n)
	}
	p.Press("u")
	p.See("Unlock the keyring")
	p.Press("enter")
	p.See("1 connected", "just now")
	if n := prompts.Load(); n != 1 {
		t.Errorf("%d prompts, want 1", n)
	}
}

// TestChecksStopWhenHomeIsLeft has accounts that were not asked yet left alone.
func TestChecksStopWhenHomeIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 12 {
		w.linked(fmt.Sprintf("Account %02d", i), 0)
	}
	release := w.gate.hold("/oauth2/v2.0/token")
	p := w.start(80, 24)
	p.Until("four are asked at a time", func() bool { return strings.Count(p.Text(), "checking") == 4 })
	p.Press("tab")
	p.See("Link a New Azure Account")
	release()
	p.quit()
	checked := 0
	for _, r := range w.accounts() {
		if _, err := w.reg.LastReport(t.Context(), r.ID); err == nil {
			checked++
		}
	}
	if checked > 4 {
		t.Errorf("%d accounts were checked, want no more than were asked when Home was left", checked)
	}
}

func (w *world) accounts() []account.Row {
	w.t.Helper()
	c, err := w.reg.Contents(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Accounts
}

// TestAnswersAreKept shows the last check with its age at the next start, and
// does not make it again before it is stale.
func TestAnswersAreKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.home("Contoso").quit()
	w.clock.add(10 * time.Minute)
	w.offline() // a check now would show
	p := w.start(80, 24)
	p.See("✓ Contoso", "10 minutes ago")
	p.quit()
	w.clock.add(10 * time.Minute)
	p = w.start(80, 24)
	p.See("? Contoso", "just now")
}

// TestFilter types letters that are keys elsewhere, and goes on with what is found.
func TestFilter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(300)
	p := w.start(80, 24)
	p.See("300 connected", "› · Account 00000")
	p.Press("/")
	p.Type("savx")
	p.See("No name here has that in it.", "› savx")
	for range len("savx") {
		p.Press("backspace")
	}
	p.Paste("0025")
	p.See("Account 00250", "Account 00259")
	p.Gone("Account 00000")
	p.Press("down", "down", "enter")
	p.See("Integrations › Account 00251")
	p.Press("esc")
	p.See("300 connected", "Account 00000")
}

// TestScrolling goes through a long list by pages and to its ends.
func TestScrolling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.many(300)
	for section, keys := range map[string][]string{"Home": nil, "Integrations": {"tab"}} {
		t.Run(section, func(t *testing.T) {
			p := w.start(80, 24)
			p.See("300 connected")
			p.Press(keys...)
			p.See("Account 00000")
			p.Press("pgdown")
			p.Gone("Account 00000")
			p.Press("pgup")
			p.See("Account 00000")
			p.Press("end")
			if section == "Integrations" { // the links are behind the accounts
				p.See("› Link a New AWS Account")
				p.Press("up", "up", "up")
			}
			p.See("Account 00299")
			p.Press("home")
			p.See("Account 00000")
			p.quit()
		})
	}
}

// TestVerifyAll asks for everything, whenever it was checked.
func TestVerifyAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.home("Contoso")
	w.portal(w.tenant.RevokeConsent(w.app.ClientID))
	p.Press("v")
	p.reads("consent was withdrawn", "1 needs attention")
}

// TestMendedAtStart ends a move that a copy of the program left, before anybody
// presses a key.
func TestMendedAtStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.set(account.FileStore, account.StoreReady, false)
	a := w.linked("Contoso", 0)
	if err := w.keys.Copy(t.Context(), a.Key.ID, account.Keyring, account.FileStore); err != nil {
		t.Fatal(err)
	}
	w.change(a, func(a *account.Account) { a.Moving = account.FileStore })
	p := w.start(80, 24)
	p.See("1 connected", "✓ Contoso", "just now")
	p.Gone("is being moved")
	if left, _ := w.keys.List(t.Context(), account.FileStore); len(left) != 0 {
		t.Errorf("keys left in the file store: %v", left)
	}
}

// TestStrayKeyIsDeleted after a question, and no other key with it.
func TestStrayKeyIsDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stray := w.strayKey()
	p := w.home("Contoso")
	p.reads("nobody's, in the file store")
	p.Press("x")
	p.See("Delete key "+string(stray), "in use, keep the key.")
	p.Press("esc")
	p.Gone("Delete key")
	p.Press("x")
	p.reads("Delete key")
	p.Press("x")
	p.Gone("nobody's, in the")
	p.See("1 connected")
	if n := w.keys.stored(); n != 1 {
		t.Errorf("%d keys are left, want the account's", n)
	}
}

// TestAccountOfAnotherWindow is left to it.
func TestAccountOfAnotherWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.reg = inUse{w.reg}
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("r")
	p.See("Another window is working on this account.")
}

// inUse is a registry whose accounts another running copy works on.
type inUse struct{ link.Registry }

func (r inUse) Contents(ctx context.Context) (account.Contents, error) {
	c, err := r.Registry.Contents(ctx)
	for i := range c.Accounts {
		c.Accounts[i].Owned = true
	}
	return c, err
}

// automatic is the page of an account whose app an administrator's sign-in made.
func (w *world) automatic() *person {
	w.t.Helper()
	w.ada()
	p := w.start(80, 24).drive("connected")
	p.See("Members of the finance group")
	p.Press("enter")
	p.See("1 connected", "just now")
	p.openLine("Contoso")
	p.See("Application ID", "Checked just now.")
	return p
}
