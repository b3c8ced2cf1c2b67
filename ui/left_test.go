package ui_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/demo"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// left puts a draft into the registry that was left at a stop, with all that was
// done before it here and in the portal.
func (w *world) left(at string, change ...func(*account.Draft)) account.Draft {
	w.t.Helper()
	ctx := w.t.Context()
	d := account.Draft{
		ID: account.ID(w.ids.next()), Name: "Contoso", Provider: account.Microsoft, Way: account.ByHand,
		Created: w.clock.Now(), Updated: w.clock.Now(),
	}
	m := account.MicrosoftLink{AppName: account.AppName(d.Name)}
	for _, s := range steps.Routes(d) {
		if s.Name == at {
			break
		}
		switch s.Name {
		case "register":
			w.app = w.tenant.Register(m.AppName)
		case "identifiers":
			d.Cloud = account.Global
			m.Tenant, m.Client, m.Organization = account.TenantID(w.tenant.ID()), account.ClientID(w.app.ClientID), initial
		case "key":
			d.Keys = []account.Key{w.key(d.Name)}
		case "upload":
			w.portal(w.tenant.Upload(w.app.ClientID, []byte(d.Key().Certificate.PEM)))
			d.Ticked = append(d.Ticked, s.Name)
		case "role":
			w.portal(w.tenant.AssignGlobalReader(w.app.ClientID))
			d.Ticked = append(d.Ticked, s.Name)
		case "permission":
			w.portal(w.tenant.AddPermission(w.app.ClientID, simcloud.Application))
			w.portal(w.tenant.GrantConsent(w.app.ClientID))
			d.Ticked = append(d.Ticked, s.Name)
		}
		if s.Name != "keystore" && s.Name != "cloud" {
			d.Trail = append(d.Trail, s.Name)
		}
	}
	d.Link = m
	for _, f := range change {
		f(&d)
	}
	if err := w.reg.SaveDraft(ctx, d); err != nil {
		w.t.Fatal(err)
	}
	return d
}

// key is a key with its certificate, as link makes them.
func (w *world) key(n account.Name) account.Key {
	w.t.Helper()
	ctx := w.t.Context()
	k := account.Key{ID: account.KeyID(w.ids.next()), Store: account.Keyring, Bits: 2048, Stored: true}
	if err := w.keys.Make(ctx, k.Store, k.ID, k.Bits); err != nil {
		w.t.Fatal(err)
	}
	signer, err := w.keys.Open(ctx, k.Store, k.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	if k.Certificate, err = w.keys.Certify(signer, "Xops 360 "+string(k.ID)[:8], w.clock.Now(), link.Lives[0]); err != nil {
		w.t.Fatal(err)
	}
	if k.Saved, err = w.files.Certificate(ctx, w.place.Downloads, account.CertificateFile(n, k.Certificate.SHA1), k.Certificate.PEM); err != nil {
		w.t.Fatal(err)
	}
	return k
}

// resume starts with a draft left at a stop and goes on with it.
func (w *world) resume(at string, change ...func(*account.Draft)) *person {
	w.t.Helper()
	w.left(at, change...)
	return w.goOn()
}

// goOn starts the program and goes on with the first draft.
func (w *world) goOn() *person {
	w.t.Helper()
	p := w.start(80, 24)
	p.See("Go on with")
	p.Press("enter")
	p.Gone("Go on where you left off")
	return p
}

// linked puts an account into the registry that was linked some time ago.
func (w *world) linked(name string, ago time.Duration) account.Account {
	w.t.Helper()
	was := w.clock.Now()
	w.clock.add(-ago)
	defer w.clock.add(was.Sub(w.clock.Now()))
	d := w.left("connected", func(d *account.Draft) {
		d.Name = account.Name(name)
		m := d.Microsoft()
		m.AppName, m.TenantName = account.AppName(d.Name), "Contoso"
		d.Link = m
	})
	a := d.Account(w.clock.Now())
	if err := w.reg.Finish(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// without is a draft whose ticks are gone, as one that was never looked at.
func without(stops ...string) func(*account.Draft) {
	return func(d *account.Draft) {
		d.Ticked = slices.DeleteFunc(slices.Clone(d.Ticked), func(s string) bool { return slices.Contains(stops, s) })
	}
}

// at is a draft that was left at that stop, whatever was done already.
func at(stop string) func(*account.Draft) {
	return func(d *account.Draft) {
		var trail []string
		for _, s := range steps.Routes(*d) {
			if s.Name == stop {
				break
			}
			if s.Name != "keystore" && s.Name != "cloud" {
				trail = append(trail, s.Name)
			}
		}
		d.Trail = trail
	}
}

// offline is a network without a way out.
func (w *world) offline() { w.gate.cut() }

// elsewhere is a machine that the person reached over SSH.
func (w *world) elsewhere() {
	w.place.Remote, w.place.Host, w.place.Downloads = true, "ada@10.0.0.7", "/home/ada"
}

// unlicensed takes the tenant's place by one without a licence for access reviews.
func (w *world) unlicensed() {
	w.tenant = w.cloud.AddTenant(simcloud.TenantSpec{Name: "Northwind", Initial: "northwind.onmicrosoft.com"})
	w.tenant.SetUnlicensed(simcloud.NoLicence)
}

// several is a registry as it looks after some months.
func (w *world) several() {
	w.linked("Adatum", 0)
	w.linked("Contoso", 0)
	w.linked("Northwind Traders", 155*24*time.Hour)
	w.left("role", func(d *account.Draft) { d.Name = "Fabrikam" })
}

// holdKey has the making of the key wait until it is let go, at the latest by
// the end of the test.
func (w *world) holdKey() (free func()) {
	w.keys.mu.Lock()
	defer w.keys.mu.Unlock()
	making := make(chan struct{})
	w.keys.making = making
	free = sync.OnceFunc(func() { close(making) })
	w.t.Cleanup(free)
	return free
}

// ids pastes the three identifiers, each looked up before the next.
func (p *person) ids(client, tenant, organization string) {
	p.w.t.Helper()
	for i, s := range []string{client, tenant, organization} {
		if i > 0 {
			p.Press("tab")
		}
		p.Paste(s)
		p.See("› " + s)
		p.Gone("Looking up the tenant")
	}
}

// damage puts a file into the registry's accounts that cannot be read.
func (w *world) damage(dir, content string) (path string) {
	w.t.Helper()
	path = filepath.Join(dir, "data", "accounts", "5f3c1a70-0000-4000-8000-0000000000ff.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

// mend takes it away again.
func (w *world) mend(path string) {
	w.t.Helper()
	if err := os.Remove(path); err != nil {
		w.t.Fatal(err)
	}
}

// inDemo makes it the world of --demo.
func (w *world) inDemo() {
	d := demo.New(w.clock.Now)
	w.demo, w.page, w.gate.next = d, d.Page, d.Transport()
}

// noKeyring goes on with a draft on a machine whose keyring is in that state.
func (w *world) noKeyring(state account.StoreState, prompts bool, says string) *person {
	w.t.Helper()
	w.keys.set(account.Keyring, state, prompts)
	p := w.resume("keystore")
	p.reads("Key store", says)
	return p
}

// holdProbe has a look at a key store wait until it is let go.
func (w *world) holdProbe() (free func()) {
	w.keys.mu.Lock()
	defer w.keys.mu.Unlock()
	probing := make(chan struct{})
	w.keys.probing = probing
	return sync.OnceFunc(func() { close(probing) })
}

// ownedElsewhere is a draft that another running copy works on.
func (w *world) ownedElsewhere() {
	w.left("upload")
	w.reg = elsewhere{w.reg}
}

// elsewhere is a registry whose drafts belong to another running copy.
type elsewhere struct{ link.Registry }

func (r elsewhere) Contents(ctx context.Context) (account.Contents, error) {
	c, err := r.Registry.Contents(ctx)
	for i := range c.Drafts {
		c.Drafts[i].Owned = true
	}
	return c, err
}

// damaged is a registry with two files that cannot be read.
type damaged struct{ link.Registry }

func (r damaged) Contents(ctx context.Context) (account.Contents, error) {
	c, err := r.Registry.Contents(ctx)
	c.Damaged = []account.Problem{
		{Kind: account.RegistryDamaged, Subject: "/home/ada/.local/share/xops-onboard/accounts/5f3c1a70-0000-4000-8000-000000000001.json"},
		{Kind: account.RegistryNewer, Subject: "/home/ada/.local/share/xops-onboard/accounts/5f3c1a70-0000-4000-8000-000000000002.json"},
	}
	return c, err
}
