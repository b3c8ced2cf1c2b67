package ui_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/shot"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

type screen struct {
	name string
	show func(*world) *person
}

// screens are every screen in every state. Each brings its state about and
// says by what a person knows that it is there.
var screens = []screen{
	{"cloud", func(w *world) *person {
		p := w.start(80, 24)
		p.See("Which cloud do you want to link first?")
		return p
	}},
	{"way-asking", func(w *world) *person {
		w.t.Cleanup(w.gate.hold("login."))
		p := w.start(80, 24).walk("way")
		p.See("Looking at this machine")
		return p
	}},
	{"way", func(w *world) *person {
		p := w.start(80, 24).walk("way")
		p.See("This machine is ready")
		return p
	}},
	{"way-by-hand", func(w *world) *person {
		p := w.start(80, 24).walk("way")
		p.See("This machine is ready")
		p.Press("2")
		p.See("› Do it by hand")
		return p
	}},
	{"way-clock-off", func(w *world) *person {
		w.cloud.SetClock(time.Hour)
		p := w.start(80, 24).walk("way")
		p.reads("1 hour behind")
		return p
	}},
	{"way-offline", func(w *world) *person {
		w.offline()
		p := w.start(80, 24).walk("way")
		p.reads("cannot be reached")
		return p
	}},
	{"way-no-keyring", func(w *world) *person {
		w.keys.set(account.Keyring, account.StoreNoBus, false)
		p := w.start(80, 24).walk("way")
		p.reads("You will be asked")
		return p
	}},
	{"way-clouds", func(w *world) *person {
		p := w.start(80, 24).walk("way")
		p.Press("n")
		p.See("National cloud", "China (21Vianet)")
		return p
	}},
	{"name", func(w *world) *person { return w.start(80, 24).walk("name") }},
	{"name-empty", func(w *world) *person {
		p := w.start(80, 24).walk("name")
		p.Press("enter")
		p.See("This is needed to go on.")
		return p
	}},
	{"name-long", func(w *world) *person {
		p := w.start(80, 24).walk("name")
		p.Paste(strings.Repeat("Contoso ", 7) + "Ltd.")
		p.See("Ltd.", "The app's name")
		return p
	}},
	{"name-taken", func(w *world) *person {
		w.linked("Contoso", 0)
		p := w.start(80, 24)
		p.See("1 connected")
		p.Press("a")
		p.See("Link a New Microsoft Account")
		p.Press("down", "enter")
		p.See("This machine is ready")
		p.Press("2", "enter")
		p.See("Name the account")
		p.Paste("contoso")
		p.Press("enter")
		p.reads("is taken")
		return p
	}},
	{"register", func(w *world) *person { return w.start(80, 24).walk("register") }},
	{"identifiers", func(w *world) *person { return w.start(80, 24).walk("identifiers") }},
	{"identifiers-asking", func(w *world) *person {
		p := w.resume("identifiers")
		w.t.Cleanup(w.gate.hold("login."))
		p.Paste(w.overview())
		p.See("Looking up the tenant")
		return p
	}},
	{"identifiers-found", func(w *world) *person {
		p := w.resume("identifiers")
		p.Paste(w.overview())
		p.See("Enter goes on.")
		return p
	}},
	{"identifiers-not-an-id", func(w *world) *person {
		p := w.resume("identifiers")
		p.Paste("Contoso")
		p.Press("enter")
		p.See("This is not an id.")
		return p
	}},
	{"identifiers-same", func(w *world) *person {
		p := w.resume("identifiers")
		p.ids(tenantID, tenantID, initial)
		p.reads("the same id", "Checked here without signing in")
		return p
	}},
	{"identifiers-no-tenant", func(w *world) *person {
		p := w.resume("identifiers")
		p.ids(w.app.ClientID, w.app.ObjectID, initial)
		p.reads("No tenant has this id or domain", "Checked here without signing in")
		return p
	}},
	{"identifiers-other-organization", func(w *world) *person {
		w.cloud.AddTenant(simcloud.TenantSpec{Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com"})
		p := w.resume("identifiers")
		p.ids(w.app.ClientID, tenantID, "fabrikam.onmicrosoft.com")
		p.reads("another tenant", "Checked here without signing in")
		return p
	}},
	{"identifiers-clock-off", func(w *world) *person {
		w.cloud.SetClock(-time.Hour)
		p := w.resume("identifiers")
		p.Paste(w.overview())
		p.reads("1 hour ahead")
		return p
	}},
	{"identifiers-offline", func(w *world) *person {
		p := w.resume("identifiers")
		w.offline()
		p.Paste(w.overview())
		p.reads("cannot be reached")
		return p
	}},
	{"identifiers-linked-already", func(w *world) *person {
		w.linked("Fabrikam", 0)
		twin := w.app
		w.left("identifiers")
		p := w.start(80, 24)
		p.See("1 connected", "just now")
		p.Press("enter")
		p.See("Copy the identifiers")
		w.app = twin
		p.Paste(w.overview())
		p.reads("linked here already")
		return p
	}},
	{"key", func(w *world) *person {
		p := w.resume("key")
		p.See("Nothing is made yet.")
		return p
	}},
	{"key-making", func(w *world) *person {
		p := w.resume("key")
		p.See("Nothing is made yet.")
		w.holdKey()
		p.Press("enter")
		p.See("Making the key")
		return p
	}},
	{"key-made", func(w *world) *person {
		p := w.resume("key")
		p.See("Nothing is made yet.")
		p.Press("enter")
		p.See("Key stored and read back")
		return p
	}},
	{"key-refused", func(w *world) *person {
		w.keys.refused = &account.Problem{Kind: account.StoreKeptNot}
		p := w.resume("key")
		p.See("Nothing is made yet.")
		p.Press("enter")
		p.reads("kept nothing")
		return p
	}},
	{"key-elsewhere", func(w *world) *person {
		w.elsewhere()
		p := w.resume("key")
		p.See("Nothing is made yet.")
		p.Press("enter")
		p.See("Key stored and read back")
		return p
	}},
	{"keystore-asking", func(w *world) *person {
		w.left("keystore")
		w.t.Cleanup(w.holdProbe())
		p := w.goOn()
		p.See("Asking the keyring")
		return p
	}},
	{"keystore-locked", func(w *world) *person { return w.noKeyring(account.StoreLocked, true, "The keyring is locked.") }},
	{"keystore-locked-no-display", func(w *world) *person { return w.noKeyring(account.StoreLocked, false, "The keyring is locked.") }},
	{"keystore-no-bus", func(w *world) *person {
		return w.noKeyring(account.StoreNoBus, false, "no D-Bus session bus is running.")
	}},
	{"keystore-no-service", func(w *world) *person {
		return w.noKeyring(account.StoreNoService, false, "nobody provides the Secret Service.")
	}},
	{"keystore-no-collection", func(w *world) *person { return w.noKeyring(account.StoreNoCollection, false, "has no keyring yet.") }},
	{"keystore-start-timeout", func(w *world) *person { return w.noKeyring(account.StoreStartTimeout, false, "did not come up.") }},
	{"keystore-unresponsive", func(w *world) *person { return w.noKeyring(account.StoreUnresponsive, false, "does not answer.") }},
	{"keystore-unknown", func(w *world) *person { return w.noKeyring(account.StoreUnknown, false, "ran out of time") }},
	{"keystore-waiting", func(w *world) *person {
		w.keys.unlock = func(ctx context.Context, _ account.Store, _ []byte) error {
			<-ctx.Done()
			return &account.Problem{Kind: account.Cancelled}
		}
		p := w.noKeyring(account.StoreLocked, true, "The keyring is locked.")
		p.Press("enter")
		p.See("Waiting for the keyring's own dialog")
		return p
	}},
	{"keystore-passphrase", func(w *world) *person {
		p := w.noKeyring(account.StoreNoBus, false, "Use a file under a passphrase")
		p.choose("Use a file under a passphrase")
		p.Type("correct horse battery")
		p.Press("enter")
		p.Type("correct horse")
		p.Press("enter")
		p.See("The two are not the same.")
		return p
	}},
	{"keystore-wrong-passphrase", func(w *world) *person {
		w.keys.set(account.FileStore, account.StoreLocked, true)
		w.keys.unlock = func(context.Context, account.Store, []byte) error {
			return &account.Problem{Kind: account.WrongPassphrase}
		}
		p := w.noKeyring(account.StoreNoBus, false, "its passphrase opens it")
		p.choose("Use a file under a passphrase")
		p.Type("correct horse")
		p.Press("enter")
		p.See("That is not the passphrase.")
		return p
	}},
	{"keystore-file-locked", func(w *world) *person {
		w.keys.set(account.FileStore, account.StoreReady, true)
		w.left("upload", func(d *account.Draft) {
			k := d.Key()
			k.Store = account.FileStore
			d.Keys = []account.Key{k}
			w.keys.move(k.ID, account.FileStore)
		})
		w.keys.set(account.FileStore, account.StoreLocked, true)
		p := w.goOn()
		p.See("The file store is locked.", "Enter the passphrase")
		return p
	}},
	{"upload-locked", func(w *world) *person {
		w.left("upload")
		w.keys.set(account.Keyring, account.StoreLocked, true)
		p := w.goOn()
		p.reads("The keyring is locked.", "Looks again in")
		return p
	}},
	{"upload-throttled", func(w *world) *person {
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Status: http.StatusTooManyRequests, RetryAfter: "120"})
		p := w.resume("upload")
		p.reads("The service asked to wait", "Looks again in")
		return p
	}},
	{"upload-proxy-page", func(w *world) *person {
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), HTML: true})
		p := w.resume("upload")
		p.reads("Something else answered instead of the service", "Looks again in")
		return p
	}},
	{"upload-copied", func(w *world) *person {
		p := w.resume("upload")
		p.reads("Looks again in")
		p.Press("t")
		p.See("Copied, if your terminal allows it.")
		return p
	}},
	{"upload-asking", func(w *world) *person {
		w.t.Cleanup(w.gate.hold("/oauth2/v2.0/token"))
		p := w.resume("upload")
		p.See("Asking Entra")
		return p
	}},
	{"upload", func(w *world) *person {
		p := w.resume("upload")
		p.reads("Entra does not know this certificate yet.", "Looks again in")
		return p
	}},
	{"upload-causes", func(w *world) *person {
		p := w.resume("upload")
		p.reads("Entra does not know this certificate yet.", "Looks again in")
		w.clock.add(3 * time.Minute)
		p.Press("r")
		p.reads("One answer for four cases", "Looks again in")
		return p
	}},
	{"upload-wrong-app", func(w *world) *person {
		p := w.resume("upload", func(d *account.Draft) {
			m := d.Microsoft()
			m.Client = account.ClientID(w.app.ObjectID)
			d.Link = m
		})
		p.reads("Entra does not find this app in this tenant.", "Looks again in")
		return p
	}},
	{"upload-disabled", func(w *world) *person {
		w.left("role", without("upload"), at("upload"))
		w.portal(w.tenant.SetEnabled(w.app.ClientID, false))
		p := w.goOn()
		p.reads("The app is disabled", "Looks again in")
		return p
	}},
	{"upload-done", func(w *world) *person {
		p := w.resume("role", without("upload"), at("upload"))
		p.See("Done. Enter goes on.")
		return p
	}},
	{"upload-elsewhere", func(w *world) *person {
		w.elsewhere()
		p := w.resume("upload")
		p.reads("Entra does not know this certificate yet.", "Looks again in")
		return p
	}},
	{"role", func(w *world) *person {
		p := w.resume("role")
		p.reads("The app may not read the directory yet.", "Looks again in")
		return p
	}},
	{"role-causes", func(w *world) *person {
		p := w.resume("role")
		p.reads("The app may not read the directory yet.", "Looks again in")
		w.clock.add(3 * time.Minute)
		p.Press("r")
		p.reads("It cannot be told from here", "Looks again in")
		return p
	}},
	{"role-not-asked", func(w *world) *person {
		p := w.resume("role", without("upload"), func(d *account.Draft) {
			w.portal(w.tenant.RemoveCertificate(w.app.ClientID, d.Key().Certificate.SHA1))
		})
		p.reads("This can be seen once a token is issued", "Looks again in")
		return p
	}},
	{"role-done", func(w *world) *person {
		p := w.resume("permission", without("role"), at("role"))
		p.See("Done. Enter goes on.")
		return p
	}},
	{"permission", func(w *world) *person {
		p := w.resume("permission")
		p.reads("The app does not ask for AccessReview.Read.All yet.", "Looks again in")
		return p
	}},
	{"permission-delegated", func(w *world) *person {
		w.left("permission")
		w.portal(w.tenant.AddPermission(w.app.ClientID, simcloud.Delegated, "AccessReview.Read.All"))
		p := w.goOn()
		p.reads("delegated permission", "Looks again in")
		return p
	}},
	{"permission-not-granted", func(w *world) *person {
		w.left("permission")
		w.portal(w.tenant.AddPermission(w.app.ClientID, simcloud.Application))
		p := w.goOn()
		p.reads("admin consent is not granted", "Looks again in")
		return p
	}},
	{"permission-unseen", func(w *world) *person {
		w.left("permission")
		w.portal(w.tenant.RemoveGlobalReader(w.app.ClientID))
		p := w.goOn()
		p.reads("Access reviews cannot be read yet.", "Looks again in")
		w.clock.add(3 * time.Minute)
		p.Press("r")
		p.reads("Without Global Reader it cannot be told which it is", "Looks again in")
		return p
	}},
	{"permission-done", func(w *world) *person {
		p := w.resume("verify", without("permission"), at("permission"))
		p.See("Done. Enter goes on.")
		return p
	}},
	{"verify-asking", func(w *world) *person {
		w.t.Cleanup(w.gate.hold("/oauth2/v2.0/token"))
		p := w.resume("verify")
		p.See("Asking Entra")
		return p
	}},
	{"verify", func(w *world) *person {
		p := w.resume("verify")
		p.See("Linked. Enter goes on.")
		return p
	}},
	{"verify-open", func(w *world) *person {
		p := w.resume("role", at("verify"))
		p.reads("Not everything holds yet.", "Looks again in")
		return p
	}},
	{"verify-unlicensed", func(w *world) *person {
		w.unlicensed()
		p := w.resume("verify")
		p.See("Linked. Enter goes on.")
		return p
	}},
	{"connected", func(w *world) *person {
		p := w.resume("verify")
		p.See("Linked. Enter goes on.")
		p.Press("enter")
		p.See("is connected", "Members of the finance group")
		return p
	}},
	{"drafts", func(w *world) *person {
		w.left("upload")
		w.clock.add(30 * time.Hour)
		p := w.start(80, 24)
		p.See("Go on with Contoso")
		return p
	}},
	{"drafts-throw-away", func(w *world) *person {
		w.left("upload")
		p := w.start(80, 24)
		p.See("Go on with Contoso")
		p.Press("down", "down", "enter")
		p.See("Throw Contoso away?")
		return p
	}},
	{"drafts-open-elsewhere", func(w *world) *person {
		w.ownedElsewhere()
		p := w.start(80, 24)
		p.See("Open in another window.")
		return p
	}},
	{"registry-damaged", func(w *world) *person {
		w.reg = damaged{w.reg}
		p := w.start(80, 24)
		p.reads("is damaged.", "was written by a newer version")
		return p
	}},
	{"home", func(w *world) *person { return w.home("Contoso") }},
	{"home-asking", func(w *world) *person {
		w.t.Cleanup(w.gate.hold("/oauth2/v2.0/token"))
		w.linked("Contoso", 0)
		p := w.start(80, 24)
		p.See("1 connected", "checking")
		return p
	}},
	{"home-several", func(w *world) *person {
		w.several()
		p := w.start(80, 24)
		p.Until("all are checked", func() bool { return strings.Count(p.Text(), "just now") == 2 })
		return p
	}},
	{"home-attention", func(w *world) *person { return w.troubled() }},
	{"home-locked", func(w *world) *person {
		w.linked("Contoso", 0)
		w.keys.set(account.Keyring, account.StoreLocked, true)
		p := w.start(80, 24)
		p.See("The keyring is locked; u unlocks and checks.")
		return p
	}},
	{"home-filter", func(w *world) *person {
		w.several()
		p := w.start(80, 24)
		p.Until("all are checked", func() bool { return strings.Count(p.Text(), "just now") == 2 })
		p.Press("/")
		p.Type("a")
		p.Gone("Contoso")
		return p
	}},
	{"home-stray", func(w *world) *person {
		w.strayKey()
		p := w.home("Contoso")
		p.See("nobody's, in the")
		p.Press("x")
		p.See("Delete key")
		return p
	}},
	{"home-damaged", func(w *world) *person {
		w.linked("Contoso", 0)
		w.reg = damaged{w.reg}
		p := w.start(80, 24)
		p.reads("1 connected", "is damaged.", "just now")
		return p
	}},
	{"integrations", func(w *world) *person {
		p := w.home("Contoso")
		p.Press("tab")
		p.See("Link a New Azure Account")
		return p
	}},
	{"integrations-filter", func(w *world) *person {
		w.many(40)
		p := w.start(80, 24)
		p.See("40 connected")
		p.Press("tab")
		p.See("Link a New Azure Account")
		p.Press("/")
		p.Type("07")
		p.See("1 of 40 linked")
		return p
	}},
	{"account", func(w *world) *person {
		w.linked("Contoso", 0)
		w.keys.set(account.Keyring, account.StoreLocked, false) // nothing is checked by itself
		p := w.start(80, 24)
		p.See("1 connected", "not checked yet")
		p.Press("enter")
		p.See("Application ID", tenantID)
		return p
	}},
	{"account-checked", func(w *world) *person { return w.accountPage("Contoso") }},
	{"account-consent-gone", func(w *world) *person {
		w.linked("Contoso", 0)
		w.portal(w.tenant.RevokeConsent(w.app.ClientID))
		p := w.start(80, 24)
		p.See("consent was withdrawn")
		p.Press("enter")
		p.See("Checked just now.")
		return p
	}},
	{"account-evidence", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("e", "pgdown", "pgdown", "pgdown")
		p.See("/v1.0/organization")
		return p
	}},
	{"account-locked", func(w *world) *person {
		p := w.accountPage("Contoso")
		w.keys.set(account.Keyring, account.StoreLocked, true)
		p.Press("v")
		p.reads("The keyring is locked.", "u unlock the key store")
		return p
	}},
	{"rotate", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("r")
		p.See("Nothing is changed yet.")
		return p
	}},
	{"rotate-expired", func(w *world) *person {
		w.linked("Contoso", 200*day)
		p := w.start(80, 24)
		p.reads("key has expired r renew")
		p.Press("r")
		p.See("Its certificate has expired")
		return p
	}},
	{"rotate-refused", func(w *world) *person {
		w.linked("Contoso", time.Hour)
		p := w.start(80, 24)
		p.See("1 connected", "just now")
		p.Press("r")
		p.See("Nothing is changed yet.")
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/addKey"), Status: http.StatusForbidden})
		p.Press("enter")
		p.reads("The old key is in use, and works as before.", "› Try again")
		return p
	}},
	{"rotate-upload", func(w *world) *person {
		w.linked("Contoso", 200*day)
		p := w.start(80, 24)
		p.reads("key has expired r renew")
		p.Press("r")
		p.See("› Upload it by hand")
		p.Press("enter")
		p.reads("~/Downloads/contoso-", "Entra does not know it yet")
		return p
	}},
	{"rotate-done", func(w *world) *person {
		w.linked("Contoso", time.Hour)
		p := w.start(80, 24)
		p.See("1 connected", "just now")
		p.Press("r")
		p.See("Nothing is changed yet.")
		p.Press("enter")
		p.reads("The new key is in use, and the old one is gone.")
		return p
	}},
	{"move", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("m")
		p.See("Nothing is changed yet.")
		return p
	}},
	{"move-passphrase", func(w *world) *person {
		w.keys.set(account.FileStore, account.StoreEmpty, true)
		p := w.accountPage("Contoso")
		p.Press("m")
		p.See("Nothing is changed yet.")
		p.Press("enter")
		p.See("Choose a passphrase")
		return p
	}},
	{"move-done", func(w *world) *person {
		w.keys.set(account.FileStore, account.StoreReady, false)
		p := w.accountPage("Contoso")
		p.Press("m")
		p.See("Nothing is changed yet.")
		p.Press("enter")
		p.reads("The key is in a file under your passphrase.")
		return p
	}},
	{"rename", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("n")
		p.See("Rename Contoso")
		return p
	}},
	{"repoint", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("p")
		p.See("Put Contoso on another app?")
		return p
	}},
	{"remove", func(w *world) *person {
		p := w.accountPage("Contoso")
		p.Press("x")
		p.See("Type Contoso to remove it")
		return p
	}},
	{"remove-choice", func(w *world) *person {
		p := w.automatic()
		p.Press("x")
		p.See("Remove it here only")
		return p
	}},
	{"remove-everything", func(w *world) *person {
		p := w.automatic()
		p.Press("x")
		p.See("Remove it here only")
		p.Press("enter")
		p.See("Type Contoso to remove it")
		return p
	}},
	{"demo", func(w *world) *person {
		w.inDemo()
		p := w.start(80, 24).walk("register")
		p.See("ctrl+d do it for me")
		return p
	}},
	{"demo-portal", func(w *world) *person {
		w.inDemo()
		p := w.start(80, 24).walk("register")
		p.Press("o")
		p.See("The demo portal")
		return p
	}},
	{"tenant", func(w *world) *person { return w.start(80, 24).drive("tenant") }},
	{"tenant-asking", func(w *world) *person {
		p := w.start(80, 24).drive("tenant")
		w.t.Cleanup(w.gate.hold("login."))
		p.Type("contoso.com")
		p.Press("enter")
		p.See("Looking up the tenant")
		return p
	}},
	{"tenant-found", func(w *world) *person {
		p := w.start(80, 24).drive("tenant")
		p.Type("ada@contoso.com")
		p.Press("enter")
		p.See("Tenant "+tenantID, "› Contoso")
		return p
	}},
	{"tenant-not-there", func(w *world) *person {
		p := w.start(80, 24).drive("tenant")
		p.Type("nobody.example")
		p.Press("enter")
		p.reads("No tenant has this id or domain")
		return p
	}},
	{"tenant-offline", func(w *world) *person {
		p := w.start(80, 24).drive("tenant")
		w.offline()
		p.Type("contoso.com")
		p.Press("enter")
		p.reads("cannot be reached")
		return p
	}},
	{"signin", func(w *world) *person { return w.start(80, 24).drive("signin") }},
	{"signin-browser", func(w *world) *person {
		p := w.start(80, 24).drive("signin")
		p.Press("enter")
		p.See("Waiting for your sign-in. 10:00 left.")
		return p
	}},
	{"signin-tunnel", func(w *world) *person {
		w.elsewhere()
		p := w.start(80, 24).drive("signin")
		p.Press("enter")
		p.See("Waiting for your sign-in. 10:00 left.")
		return p
	}},
	{"signin-code", func(w *world) *person {
		p := w.start(80, 24).drive("signin")
		p.choose("Use a device code")
		p.See("Waiting for your sign-in. 15:00 left.")
		return p
	}},
	{"signin-blocked", func(w *world) *person {
		w.ada()
		w.portal(w.tenant.RefuseSignIns(53003))
		p := w.start(80, 24).drive("signin")
		p.Press("enter")
		p.reads("block this sign-in")
		return p
	}},
	{"signin-mfa", func(w *world) *person {
		w.ada()
		w.portal(w.tenant.RefuseSignIns(50079))
		p := w.start(80, 24).drive("signin")
		p.Press("enter")
		p.reads("must be set up first")
		return p
	}},
	{"survey-asking", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("signin")
		w.t.Cleanup(w.gate.hold("/organization"))
		p.Press("enter")
		p.reads("Reading the tenant")
		return p
	}},
	{"survey", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("survey")
		p.See("Yes, show me the plan")
		return p
	}},
	{"adopt", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("survey")
		p.See("Yes, show me the plan")
		p.Press("a")
		p.See("Use an app that is there")
		return p
	}},
	{"adopt-foreign", func(w *world) *person {
		w.ada()
		app := w.tenant.Register("Our old app")
		w.portal(w.tenant.AddSecret(app.ClientID, "somebody's secret"))
		p := w.start(80, 24).drive("survey")
		p.See("Yes, show me the plan")
		p.Press("a")
		p.See("Use an app that is there")
		p.Paste(app.ClientID)
		p.Press("enter")
		p.See("Type yes to use it")
		return p
	}},
	{"survey-may-not-register", func(w *world) *person {
		w.administrator("ines", simcloud.PrivilegedRoleAdministrator)
		p := w.start(80, 24).drive("survey")
		p.reads("Rights are missing.")
		return p
	}},
	{"survey-may-not-grant", func(w *world) *person {
		w.administrator("anton", simcloud.ApplicationAdministrator)
		p := w.start(80, 24).drive("survey")
		p.reads("Rights are missing.")
		return p
	}},
	{"survey-unread", func(w *world) *person {
		w.ada()
		w.tenant.SetOwnRolesReadable(false)
		p := w.start(80, 24).drive("survey")
		p.reads("Your roles could not be read.")
		return p
	}},
	{"survey-refused", func(w *world) *person {
		w.ada()
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/organization"), Status: http.StatusForbidden})
		p := w.start(80, 24).drive("survey")
		p.reads("may not read the tenant")
		return p
	}},
	{"plan", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("plan")
		p.reads("4 changes.")
		return p
	}},
	{"plan-raw", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("plan")
		p.Press("m")
		p.See("PATCH /v1.0/applications(uniqueName=")
		return p
	}},
	{"plan-first-half", func(w *world) *person {
		w.administrator("anton", simcloud.ApplicationAdministrator)
		p := w.start(80, 24).drive("survey")
		p.choose("Go on as far as this account may")
		p.reads("goes as far as you may")
		return p
	}},
	{"plan-second-half", func(w *world) *person {
		w.ada()
		p := w.halfDone()
		p.Press("enter")
		p.driveFrom("signin", "plan")
		p.reads("2 changes.")
		return p
	}},
	{"apply-spreading", func(w *world) *person {
		w.ada()
		w.tenant.SetReplicationOf(simcloud.ApplicationChange, 0, 10*time.Minute)
		p := w.start(80, 24).drive("plan")
		p.Press("enter")
		p.reads("Entra is spreading the app")
		w.clock.add(75 * time.Second)
		p.See("Entra is spreading the app, 1:15")
		return p
	}},
	{"apply-stopped", func(w *world) *person {
		w.ada()
		return w.stopInTheMiddle("esc")
	}},
	{"apply-may-not", func(w *world) *person {
		w.administrator("anton", simcloud.ApplicationAdministrator)
		p := w.start(80, 24).drive("survey")
		p.choose("Go on as far as this account may")
		p.reads("goes as far as you may")
		p.Press("enter")
		p.reads("It needs the role Privileged Role Administrator.")
		return p
	}},
	{"apply-session-over", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("plan")
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/appRoleAssignedTo"), Status: http.StatusUnauthorized, Times: 1})
		p.Press("enter")
		p.reads("The sign-in is over.")
		return p
	}},
	{"apply-shorter", func(w *world) *person {
		w.ada()
		w.tenant.SetPolicy(10 * day)
		p := w.start(80, 24).drive("apply")
		return p
	}},
	{"apply-authorities", func(w *world) *person {
		w.ada()
		w.tenant.SetTrustedAuthorities(true)
		p := w.start(80, 24).drive("plan")
		p.Press("enter")
		p.reads("trusted authorities alone")
		return p
	}},
	{"apply-done", func(w *world) *person {
		w.ada()
		return w.start(80, 24).drive("apply")
	}},
	{"connected-automatic", func(w *world) *person {
		w.ada()
		p := w.start(80, 24).drive("connected")
		p.See("Members of the finance group")
		return p
	}},
	{"drafts-take-back", func(w *world) *person {
		w.ada()
		p := w.halfDone()
		p.choose("Throw Contoso away")
		p.See("Take back Contoso?")
		return p
	}},
	{"takeback", func(w *world) *person {
		w.ada()
		p := w.stopInTheMiddle("esc")
		p.choose("Take everything back")
		p.See("Taken back. The key and the draft are deleted here.")
		return p
	}},
	{"takeback-left", func(w *world) *person {
		w.ada()
		p := w.halfDone()
		w.administrator("carl", simcloud.CloudApplicationAdministrator, simcloud.PrivilegedRoleAdministrator)
		p.choose("Throw Contoso away")
		p.See("Take back Contoso?")
		p.Press("b")
		p.signIn()
		p.reads("Taken back as far as your account may.")
		return p
	}},
	{"demo-signin", func(w *world) *person {
		w.inDemo()
		p := w.start(80, 24).drive("tenant")
		p.Type("contoso.com")
		p.Press("enter")
		p.See("✓ Tenant ", "› Contoso")
		p.Press("enter")
		p.See("› Use a device code")
		p.Press("enter")
		p.See("Type this code", "ctrl+d do it for me")
		return p
	}},
	{"quitting", func(w *world) *person {
		p := w.resume("key")
		p.See("Nothing is made yet.")
		w.holdKey()
		p.Press("enter")
		p.See("Making the key")
		p.Press("ctrl+c")
		p.See("Finishing what is being written")
		return p
	}},
	{"help", func(w *world) *person {
		p := w.resume("upload")
		p.reads("Looks again in")
		p.Press("?")
		p.See("Keys", "ctrl+o")
		return p
	}},
	{"hand-over", func(w *world) *person {
		p := w.resume("upload")
		p.reads("Looks again in")
		p.Press("h")
		p.See("For another administrator")
		return p
	}},
}

// TestScreens holds what every screen says, at three sizes, how it looks on dark
// and light, and that ? lists every key that acts.
func TestScreens(t *testing.T) {
	t.Parallel()
	for _, s := range slices.Concat(screens, azureScreens, awsScreens) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.posed = true
			p := s.show(w)
			dark := p.still()
			p.Background(false)
			p.Until("drawn for a light background", func() bool { return p.Cell(1, 1).Fg != dark.Rows[1][1].Fg })
			light := p.still()
			if d := cmp.Diff(dark.Text(), light.Text()); d != "" {
				t.Errorf("light says something else than dark (-dark +light):\n%s", d)
			}
			text := dark.Text()
			for _, size := range [][2]int{{64, 16}, {120, 40}} {
				p.resize(size[0], size[1])
				text += fmt.Sprintf("\n\n%d×%d\n%s", size[0], size[1], p.still().Text())
			}
			golden.RequireEqual(t, text+"\n")
			picture(t, "screens/"+s.name+"-dark", shot.SVG(dark, shot.Options{}))
			picture(t, "screens/"+s.name+"-light", shot.SVG(light, shot.Options{}))
			p.helped()
		})
	}
}

// resize changes the window and waits until all of it is drawn anew.
func (p *person) resize(width, height int) {
	p.Resize(width, height)
	p.Until("drawn for the new size", func() bool {
		lines := strings.Split(p.Text(), "\n")
		return len(lines) == height && ansi.StringWidth(lines[1]) == width-1
	})
}

var (
	again   = regexp.MustCompile(`in \d seconds?`)
	request = regexp.MustCompile(`(?:request|request id|correlation id) ([0-9a-f-]{36})`)
)

// still is the screen with what moves standing still: the spinner, the seconds
// until the next look, which hang on chance, and the ids of requests.
func (p *person) still() vterm.Cells {
	c := p.Cells()
	for y, row := range c.Rows {
		line := make([]string, len(row))
		for x := range row {
			if r, _ := utf8.DecodeRuneInString(row[x].Text); r >= '⠀' && r <= '⣿' {
				row[x].Text = "⠹" // the spinner, wherever it is in its turn
			}
			line[x] = row[x].Text
		}
		text := strings.Join(line, "")
		for _, at := range again.FindAllStringIndex(text, -1) {
			c.Rows[y][utf8.RuneCountInString(text[:at[0]])+len("in ")].Text = "5"
		}
		for _, at := range request.FindAllStringSubmatchIndex(text, -1) {
			n := utf8.RuneCountInString(text[:at[2]])
			for i, r := range "00000000-0000-0000-0000-000000000000" {
				c.Rows[y][n+i].Text = string(r)
			}
		}
	}
	return c
}

// pictures is where the pictures for people are.
const pictures = "../docs/pictures"

// picture holds a picture against the one in docs; -update writes it.
func picture(t *testing.T, name, svg string) {
	t.Helper()
	path := filepath.Join(pictures, filepath.FromSlash(name)+".svg")
	if f := flag.Lookup("update"); f != nil && f.Value.String() == "true" {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(svg), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != svg {
		t.Errorf("%s is stale: go test ./ui -update draws it anew", path)
	}
}
