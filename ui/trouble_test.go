package ui_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// TestWhatCanBeWrongInEntra holds that every case that an administrator meets
// has a sentence of its own, and a way out beside it.
func TestWhatCanBeWrongInEntra(t *testing.T) {
	t.Parallel()
	const late = 3 * time.Minute // by then the causes are told
	for _, c := range []struct {
		name string
		at   string
		harm func(*world)
		wait time.Duration
		says []string
	}{
		{
			"a wrong client id", "upload", func(w *world) { w.client("11112222-aaaa-3333-bbbb-4444cccc5555") }, 0,
			[]string{"Entra does not find this app in this tenant.", "the app is in another tenant", "i correct the ids"},
		},
		{
			"the Object ID for the client id", "upload", func(w *world) { w.client(w.app.ObjectID) }, 0,
			[]string{"Entra does not find this app in this tenant.", "the Object ID was entered, not the client ID", "i correct the ids"},
		},
		{"an app of another tenant", "upload", func(w *world) {
			other := w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com"})
			w.client(other.Register("Xops 360 - Contoso").ClientID)
		}, 0, []string{"Entra does not find this app in this tenant.", "the app is in another tenant", "i correct the ids"}},
		{
			"the app deleted", "role", func(w *world) { w.portal(w.tenant.DeleteApp(w.app.ClientID)) }, 0,
			[]string{"This can be seen once a token is issued: Entra does not find this app in this tenant.", "i correct the ids"},
		},
		{
			"no enterprise app", "upload", func(w *world) {
				w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
				w.portal(w.tenant.DeletePrincipal(w.app.ClientID))
			}, 0,
			[]string{"The app registration is there, its enterprise app is not.", "Create service principal"},
		},
		{"the app disabled", "upload", func(w *world) {
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
			w.portal(w.tenant.SetEnabled(w.app.ClientID, false))
		}, 0, []string{"The app is disabled in the tenant.", "set Enabled for users to sign-in to Yes."}},
		{"nothing uploaded", "upload", nil, 0, []string{"Entra does not know this certificate yet."}},
		{
			"another certificate uploaded", "upload", func(w *world) {
				other, err := w.keys.Certify(fixedKey(), "Another", w.clock.Now(), time.Hour)
				w.portal(err)
				w.portal(w.tenant.Upload(w.app.ClientID, []byte(other.PEM)))
			}, late,
			[]string{"Entra does not know this certificate yet.", "One answer for four cases; compare the thumbprint:", "another file was uploaded", "it was uploaded to another app", "it is uploaded and still spreading"},
		},
		{"Conditional Access", "upload", func(w *world) {
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
			w.tenant.BlockWorkload(true)
		}, 0, []string{"Conditional Access of the tenant blocks this app's sign-in.", "An administrator must exclude the app or allow this place."}},
		{"a public client", "upload", func(w *world) {
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
			w.portal(w.tenant.SetPublicClient(w.app.ClientID, true))
		}, 0, []string{"The app is set up as a public client", "set Allow public client flows to No."}},
		{"the clock an hour ahead", "upload", func(w *world) {
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
			w.cloud.SetClock(-time.Hour)
		}, 0, []string{"This machine's clock is 1 hour ahead.", "Set it"}},
		{"the clock an hour behind", "upload", func(w *world) {
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
			w.cloud.SetClock(time.Hour)
		}, 0, []string{"This machine's clock is 1 hour behind.", "Set it"}},
		{
			"the role missing", "role", nil, late,
			[]string{"The app may not read the directory yet.", "Global Reader is not assigned to the app", "it was assigned to another app or person", "the assignment is eligible, not active", "it is assigned and still spreading"},
		},
		{"the role on another principal", "role", func(w *world) {
			w.portal(w.tenant.AssignGlobalReader(w.tenant.Register("Something else").ClientID))
		}, late, []string{"The app may not read the directory yet.", "it was assigned to another app or person"}},
		{"no permission", "permission", nil, 0, []string{"The app does not ask for AccessReview.Read.All yet.", "Add it as an application permission."}},
		{"a delegated permission", "permission", func(w *world) {
			w.portal(w.tenant.AddPermission(w.app.ClientID, simcloud.Delegated, "AccessReview.Read.All"))
			w.portal(w.tenant.GrantConsent(w.app.ClientID))
		}, 0, []string{"AccessReview.Read.All was added as a delegated permission.", "Add it once more under Application permissions"}},
		{
			"no consent", "permission", func(w *world) { w.portal(w.tenant.AddPermission(w.app.ClientID, simcloud.Application)) }, 0,
			[]string{"The permission is added, and admin consent is not granted.", "Press Grant admin consent"},
		},
		{
			"the role taken away again, and no permission", "permission", func(w *world) { w.portal(w.tenant.RemoveGlobalReader(w.app.ClientID)) }, late,
			[]string{"Access reviews cannot be read yet.", "Without Global Reader it cannot be told which it is:", "the permission is not added", "admin consent is not granted", "the tenant has no licence for access reviews"},
		},
		{"throttled", "upload", func(w *world) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Status: http.StatusTooManyRequests, RetryAfter: "120"})
		}, 0, []string{"The service asked to wait 120 seconds.", "Looks again in 2 minutes."}},
		{
			"an HTML page of a proxy", "upload", func(w *world) { w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), HTML: true}) }, 0,
			[]string{"Something else answered instead of the service, as a proxy or a sign-in page of the network does.", "look at the proxy"},
		},
		{
			"offline", "upload", func(w *world) { w.offline() }, 0,
			[]string{"login.microsoftonline.com cannot be reached from this machine.", "Look at the network, VPN or proxy (HTTPS_PROXY)."},
		},
		{
			"the key gone from its store", "upload", func(w *world) { w.keys.forget() }, 0,
			[]string{"The private key is not in its store any more."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.left(c.at)
			if c.harm != nil {
				c.harm(w)
			}
			p := w.goOn()
			if c.wait > 0 {
				p.reads(c.says[0], "Looks again in")
				w.clock.add(c.wait)
				p.Press("r")
			}
			p.reads(c.says...)
			if strings.Contains(p.Text(), "policy 4711") {
				t.Errorf("somebody's HTML is on the screen:\n%s", p.Picture())
			}
		})
	}
}

// client puts another client id into the draft that was left.
func (w *world) client(id string) {
	w.t.Helper()
	d := w.draft()
	m := d.Microsoft()
	m.Client = account.ClientID(id)
	d.Link = m
	if err := w.reg.SaveDraft(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

// TestCorrectedIdentifier follows the way out of a wrong client id: back to the
// identifiers, the right one pasted, and on with the same key.
func TestCorrectedIdentifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("upload")
	w.client(w.app.ObjectID)
	p := w.goOn()
	p.reads("Entra does not find this app in this tenant.", "i correct the ids")
	thumbprint := w.draft().Key().Certificate.SHA1
	p.Press("i")
	p.reads("Copy the identifiers", "Was that the Object ID?")
	p.Paste(w.overview())
	p.See(w.app.ClientID, "Enter goes on.")
	p.Press("enter")
	p.See("Key stored and read back")
	p.Press("enter")
	p.See("Upload the certificate", "Entra does not know this certificate yet.")
	if got := w.draft().Key().Certificate.SHA1; got != thumbprint {
		t.Errorf("the certificate is another one: %s, was %s", got, thumbprint)
	}
	p.follow("upload", "home")
}

// TestUnlicensedTenant is linked, with a warning that says what it means.
func TestUnlicensedTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.unlicensed()
	p := w.resume("verify")
	p.reads("The tenant has no licence for access reviews (Entra ID P2 or ID Governance). The link works; there will be nothing to read until it has.", "Linked.")
	p.Press("enter")
	p.See("is connected", "could not be read")
}

// TestOpenStep goes on without a step, and Verify leads back to it.
func TestOpenStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("upload")
	p.See("Entra does not know this certificate yet.")
	p.Press("enter")
	p.reads("Assign Global Reader", "This can be seen once a token is issued: Entra does not know this certificate yet.")
	p.Press("enter")
	p.See("Add the API permission")
	p.Press("enter")
	p.reads("Verify", "Not everything holds yet.")
	p.See("! Upload certificate")
	p.Press("enter")
	p.See("Upload the certificate")
	p.follow("upload", "home")
}

// TestThirtyDayTenant makes shorter certificates for the same key where the
// tenant refuses the longer ones.
func TestThirtyDayTenant(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant.SetPolicy(30 * 24 * time.Hour)
	p := w.resume("upload")
	p.See("Entra does not know this certificate yet.")
	first := w.draft().Key()
	for _, days := range []int{90, 30} {
		if err := w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)); err == nil {
			t.Fatalf("the tenant took %s", w.draft().Key().Certificate.NotAfter)
		}
		p.Press("v")
		p.Until(fmt.Sprintf("there is a certificate of %d days", days), func() bool {
			c := w.draft().Key().Certificate
			return w.draft().Key().Saved != "" && c.NotAfter.Sub(c.NotBefore) == time.Duration(days)*24*time.Hour
		})
		p.See(w.draft().Key().Certificate.SHA1[:8])
		p.Gone("Making a certificate")
	}
	if now := w.draft().Key(); now.ID != first.ID {
		t.Errorf("another key was made: %s, was %s", now.ID, first.ID)
	}
	p.follow("upload", "home")
	p.See("29 days")
}

// TestKeyStorePage says of every state of the keyring what it is and what to do.
func TestKeyStorePage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		state   account.StoreState
		prompts bool
		says    []string
	}{
		{account.StoreLocked, false, []string{"The keyring is locked.", "Logging in to the desktop"}},
		{account.StoreLocked, true, []string{"The keyring is locked.", "Unlock the keyring", "esc stops waiting"}},
		{account.StoreNoBus, false, []string{"no D-Bus session bus is running.", "usual over SSH, in containers and in WSL"}},
		{account.StoreNoService, false, []string{"D-Bus runs, and nobody provides the Secret Service.", "Install gnome-keyring or KWallet"}},
		{account.StoreNoCollection, false, []string{"this user has no keyring yet.", "Log in to the desktop once"}},
		{account.StoreStartTimeout, false, []string{"The keyring service was started and did not come up.", "another session of this user"}},
		{account.StoreUnresponsive, false, []string{"The keyring service is there and does not answer.", "Restart it"}},
		{account.StoreUnknown, false, []string{"An earlier call to the keyring ran out of time", "Start this program again; nothing is lost."}},
		{account.StoreNoLogon, false, []string{"This Windows logon has no credential store"}},
		{account.StoreUnsupported, false, []string{"This system has no keyring that this program knows."}},
	} {
		t.Run(fmt.Sprint(c.state, c.prompts), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.keys.set(account.Keyring, c.state, c.prompts)
			w.left("keystore")
			p := w.goOn()
			p.See("Key store")
			p.reads(append(c.says, "Try again", "Use a file under a passphrase")...)
			p.Press("esc")
			p.See("Copy the identifiers")
			p.Press("enter")
			p.reads(c.says...)
			w.keys.set(account.Keyring, account.StoreReady, false)
			p.reads("Try again")
			p.choose("Try again")
			p.See("Nothing is made yet.", "this user's OS keyring")
		})
	}
}

// choose goes down to an option and takes it.
func (p *person) choose(title string) {
	p.w.t.Helper()
	p.See(title)
	for range 6 {
		if strings.Contains(p.Text(), "› "+title) {
			break
		}
		before := p.Text()
		p.Press("down")
		p.Until("the choice moves", func() bool { return p.Text() != before })
	}
	p.See("› " + title)
	p.Press("enter")
}

// TestUnlockingTheKeyring waits for the keyring's own dialog; esc ends that,
// and so does the dialog when it is answered.
func TestUnlockingTheKeyring(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.set(account.Keyring, account.StoreLocked, true)
	answered := make(chan struct{})
	w.keys.unlock = func(ctx context.Context, _ account.Store, _ []byte) error {
		select {
		case <-ctx.Done():
			return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		case <-answered:
			w.keys.set(account.Keyring, account.StoreReady, false)
			return nil
		}
	}
	w.left("keystore")
	p := w.goOn()
	p.See("The keyring is locked.", "› Unlock the keyring")
	p.Press("enter")
	p.reads("Waiting for the keyring's own dialog", "esc stop waiting")
	p.Press("esc")
	p.reads("This was stopped.")
	p.Press("enter")
	p.reads("Waiting for the keyring's own dialog")
	close(answered)
	p.See("Nothing is made yet.")
}

// TestFileStore is chosen by the person alone, with a passphrase that is asked
// twice; no passphrase is ever on the screen.
func TestFileStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.set(account.Keyring, account.StoreNoBus, false)
	w.keys.real = true
	w.left("keystore")
	p := w.goOn()
	p.See("Key store")
	p.choose("Use a file under a passphrase")
	p.See("Passphrase", "The same again")
	type answer struct{ first, second, says string }
	for _, a := range []answer{
		{"correct horse battery", "correct horse", "The two are not the same."},
		{"tiny-one", "tiny-one", "That passphrase is too short."},
		{"correct horse battery", "correct horse battery", "Nothing is made yet."},
	} {
		p.Type(a.first)
		p.See(strings.Repeat("*", len(a.first)))
		p.Press("enter")
		p.Type(a.second)
		p.Press("enter")
		p.See(a.says)
		if strings.Contains(p.Text(), a.first) {
			t.Fatalf("a passphrase is on the screen:\n%s", p.Picture())
		}
		if a.says == "Nothing is made yet." {
			break
		}
		p.Press("esc")
		p.See("Use a file under a passphrase")
		p.choose("Use a file under a passphrase")
		p.See("The same again")
	}
	p.See("a file under your passphrase")
	p.Press("enter")
	p.See("Key stored and read back")
	if d := w.draft(); d.Key().Store != account.FileStore {
		t.Errorf("the key is in %q, want %q", d.Key().Store, account.FileStore)
	}
	p.Press("enter")
	p.follow("upload", "connected")
	p.reads("The key stays in a file under your passphrase.")
}

// TestLockedFileStore takes its passphrase, and says when it is a wrong one.
func TestLockedFileStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.set(account.Keyring, account.StoreNoBus, false)
	w.keys.set(account.FileStore, account.StoreLocked, true)
	w.keys.unlock = func(_ context.Context, _ account.Store, phrase []byte) error {
		if string(phrase) != "correct horse battery" {
			return &account.Problem{Kind: account.WrongPassphrase}
		}
		w.keys.set(account.FileStore, account.StoreReady, false)
		return nil
	}
	w.left("keystore")
	p := w.goOn()
	p.See("Key store")
	p.choose("Use a file under a passphrase")
	p.See("Of the file store of this user on this machine.")
	p.Type("wrong")
	p.Press("enter")
	p.See("That is not the passphrase.")
	for range len("wrong") {
		p.Press("backspace")
	}
	p.Type("correct horse battery")
	p.Press("enter")
	p.See("Nothing is made yet.", "a file under your passphrase")
}

// TestKeyInALockedFileStore is asked for when a draft goes on whose key is there.
func TestKeyInALockedFileStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.set(account.FileStore, account.StoreReady, true)
	w.left("upload", func(d *account.Draft) {
		k := d.Key()
		k.Store = account.FileStore
		d.Keys = []account.Key{k}
		w.keys.move(k.ID, account.FileStore)
	})
	w.keys.set(account.FileStore, account.StoreLocked, true)
	w.keys.unlock = func(context.Context, account.Store, []byte) error {
		w.keys.set(account.FileStore, account.StoreReady, false)
		return nil
	}
	p := w.goOn()
	p.reads("The file store is locked.", "The private key is there, and cannot be used now.")
	p.choose("Enter the passphrase")
	p.See("Of the file store of this user on this machine.")
	p.Type("correct horse battery")
	p.Press("enter")
	p.See("Entra does not know this certificate yet.")
}

// TestKeyringThatLocks while a step is watched says so, and u leads to the key
// store's page and back.
func TestKeyringThatLocks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("role")
	w.keys.set(account.Keyring, account.StoreLocked, false)
	p := w.goOn()
	p.reads("Assign Global Reader", "The keyring is locked.", "u unlock the key store")
	p.Press("u")
	p.reads("Key store", "Logging in to the desktop of this machine unlocks it.")
	if strings.Contains(p.Text(), "Use a file") {
		t.Errorf("another store is offered for a key that is in this one:\n%s", p.Picture())
	}
	p.Press("esc")
	p.reads("Assign Global Reader", "The keyring is locked.")
	p.Press("u")
	p.reads("Key store", "Logging in to the desktop of this machine unlocks it.")
	w.keys.set(account.Keyring, account.StoreReady, false)
	p.choose("Try again")
	p.reads("Assign Global Reader", "The app may not read the directory yet.")
}

// TestAccountInALockedStore is unlocked from its page, and verified then.
func TestAccountInALockedStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.keys.set(account.Keyring, account.StoreLocked, false)
	p := w.start(80, 24)
	p.See("1 connected")
	p.reads("The keyring is locked; u unlocks and checks.")
	p.Press("enter")
	p.See("Application ID", tenantID)
	p.Press("v")
	p.reads("Logging in to the desktop of this machine unlocks it.", "u unlock the key store")
	p.Press("u")
	p.See("Key store", "Try again")
	w.keys.set(account.Keyring, account.StoreReady, false)
	p.choose("Try again")
	p.See("Checked just now.", "✓ Certificate accepted", "Integrations › Contoso")
}

// TestOfflineForAWhile says so, loses nothing, and goes on when the way is back.
func TestOfflineForAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	w.offline()
	p.walk("way")
	p.reads("login.microsoftonline.com cannot be reached from this machine.", "r check now")
	w.gate.mend()
	p.Press("r")
	p.See("This machine is ready")
	p.follow("way", "identifiers")
	w.offline()
	p.Paste(w.overview())
	p.reads("login.microsoftonline.com cannot be reached from this machine.")
	w.gate.mend()
	p.Paste(w.overview())
	p.See("Enter goes on.")
	p.Press("enter")
	p.See("Nothing is made yet.")
	p.follow("key", "upload")
	w.offline()
	p.until("cannot be reached from this", "r")
	w.gate.mend()
	p.until("Entra does not know this certificate yet.", "r")
}
