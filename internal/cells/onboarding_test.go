package cells_test

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// trouble is what happens to one call of an onboarding.
type trouble string

// The troubles of a call. A kill ends the process: nothing that it does
// afterwards reaches the disk, the key store or the network.
const (
	unavailable  trouble = "503"
	throttled    trouble = "429"
	lostBefore   trouble = "connection lost before the change"
	lostAfter    trouble = "connection lost after the change"
	killedBefore trouble = "killed before the change"
	killedAfter  trouble = "killed after the change"
	page         trouble = "a page of a proxy"
	half         trouble = "half of the answer, and then nothing"
	late         trouble = "an answer half a minute late"
)

var troubles = []trouble{unavailable, throttled, lostBefore, lostAfter, killedBefore, killedAfter, page, half, late}

// TestEveryCall has each trouble at each call of an automatic onboarding, of a
// new app and of one that is adopted. Resumed it ends Connected, with one of
// everything; taken back instead, nothing of ours is left anywhere.
func TestEveryCall(t *testing.T) {
	for name, adopts := range map[string]bool{"a new app": false, "an adopted app": true} {
		t.Run(name, func(t *testing.T) {
			o := onboarding{provider: "microsoft", adopts: adopts, begin: func(*cell) {}, connect: (*cell).connect, connected: (*cell).connected, back: (*cell).takeBack}
			o.everyCall(t, counted(t, len(o.hosts(t)), 15))
		})
	}
}

// cell is a tenant, a disk and a key store, and the processes that work on them
// one after another.
type cell struct {
	t      *testing.T
	where  string
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	reg    link.Registry
	ring   *ring
	id     account.ID
	azure  bool
	amazon *amazon
	drops  bool // the key of an AWS account's authority goes once it has signed
	name   account.Name
	scopes []account.AzureScope
	hosts  []string // of the calls
	adopts account.ClientID
	before []simcloud.AppState // with the one that is adopted
	theirs []simcloud.PrincipalState

	watch func() // called before and after each call of a process

	mu    sync.Mutex
	calls int
	hit   string    // the call that was troubled
	host  string    // of it
	told  time.Time // when the service asked to be left alone
	early []string  // calls that came earlier than it asked
}

const (
	person     = "ada@contoso.com"
	retryAfter = 17 * time.Second
)

func inBubble(t *testing.T, adopts bool, f func(*cell)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := &cell{t: t, cloud: simcloud.New(time.Now), reg: registry.Memory(), ring: &ring{keys: map[account.KeyID]int{}}, id: account.ID(uuid.NewString())}
		c.tenant = c.cloud.AddTenant(simcloud.TenantSpec{
			Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"}, Licensed: true, Reviews: []string{"Guests quarterly"},
		})
		c.cloud.SetLatency(50 * time.Millisecond)
		c.tenant.SetReplication(3 * time.Second)
		c.tenant.AddUser(simcloud.UserSpec{UPN: person, Name: "Ada", Roles: []string{simcloud.GlobalAdministrator}})
		if adopts {
			app := c.tenant.Register("Theirs")
			c.must(c.tenant.AddSecret(app.ClientID, "of another team"))
			c.adopts = account.ClientID(app.ClientID)
			c.before, c.theirs = c.tenant.Apps(), c.principals()
			time.Sleep(time.Minute) // it was there before
		}
		f(c)
	})
}

func (c *cell) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatalf("%s: %v\nat %s", c.where, err, c.hit)
	}
}

// running is a process, whose n-th call is troubled; none for 0.
type running struct {
	*cell
	n    int
	what trouble
	ops  *link.Operations
	ctx  context.Context
	stop context.CancelFunc

	dead bool // by cell.mu
}

var errDead = errors.New("the process was killed")

func (c *cell) process(n int, what trouble) *running {
	c.t.Helper()
	p := &running{cell: c, n: n, what: what}
	p.ctx, p.stop = context.WithCancel(c.t.Context())
	client, err := rest.New(rest.Options{Transport: p, Version: "test", Now: time.Now})
	c.must(err)
	e := entra.New(client, time.Now)
	c.mu.Lock()
	c.calls, c.hosts = 0, nil
	c.mu.Unlock()
	sign := func(ctx context.Context, _ account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		return e.SignInGraph(ctx, account.ByDeviceCode, wish, tell)
	}
	ports := link.Ports{
		Keys: mortalRing{c.ring, p}, Registry: mortalDisk{c.reg, p}, Microsoft: e, SignIn: sign, Save: nil, Now: time.Now,
		Azure: azure.New(client, e, time.Now), SignInAzure: signInAzure(client, e),
	}
	if c.amazon != nil {
		ports.AWS = c.aws(client)
	}
	p.ops = link.New(p.ctx, ports)
	return p
}

// die ends the process: nothing reaches anything any more.
func (p *running) die() {
	p.mu.Lock()
	p.dead = true
	p.mu.Unlock()
	p.stop()
}

// alive is nil, or that it was killed.
func (p *running) alive() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dead {
		return errDead
	}
	return nil
}

// RoundTrip is a call of the process.
func (p *running) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.alive(); err != nil {
		return nil, err
	}
	p.mu.Lock()
	p.calls++
	p.hosts = append(p.hosts, r.URL.Host)
	mine := p.calls == p.n
	if mine {
		p.hit, p.host = r.Method+" "+r.URL.String(), r.URL.Host
	}
	if now := time.Now(); r.URL.Host == p.host && !p.told.IsZero() && now.After(p.told) && now.Before(p.told.Add(retryAfter)) {
		p.early = append(p.early, r.Method+" "+r.URL.Path)
	}
	p.mu.Unlock()
	if p.watch != nil {
		p.watch()
	}
	next := p.cloud.Client().Transport
	var resp *http.Response
	var err error
	if mine {
		resp, err = p.troubled(r, next)
	} else {
		resp, err = next.RoundTrip(r)
	}
	if p.watch != nil {
		p.watch()
	}
	if mine && p.what == throttled { // from here on the process knows
		p.mu.Lock()
		p.told = time.Now()
		p.mu.Unlock()
	}
	return resp, err
}

// troubled is the call that meets the trouble.
func (p *running) troubled(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Troubled", "1")
	fault := simcloud.Fault{Match: func(r *http.Request) bool { return r.Header.Get("Troubled") != "" }, Times: 1}
	switch p.what {
	case unavailable:
		fault.Status = http.StatusServiceUnavailable
	case throttled:
		fault.Status, fault.RetryAfter = http.StatusTooManyRequests, fmt.Sprint(retryAfter.Seconds())
	case lostBefore, killedBefore:
		fault.Drop = simcloud.Before
	case lostAfter, killedAfter:
		fault.Drop = simcloud.After
	case page:
		fault.HTML = true
	case half:
		fault.SlowBody = true
	case late:
		fault.Latency = 30 * time.Second
	}
	p.cloud.Inject(fault)
	resp, err := next.RoundTrip(r)
	if p.what == killedBefore || p.what == killedAfter {
		p.die()
	}
	return resp, err
}

// patient looks that nothing was asked of the host earlier than it had said.
func (c *cell) patient() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.early) > 0 {
		c.t.Errorf("%s: %s answered 429 with Retry-After; earlier than that came %v", c.where, c.hit, c.early)
	}
}

// end waits for an operation, and says how it ended.
func (p *running) end(op *link.Operation) error {
	for {
		if _, err := op.Next(context.WithoutCancel(p.ctx)); err != nil {
			p.stop()
			p.ops.Close()
			if errors.Is(err, io.EOF) {
				return p.alive()
			}
			return err
		}
	}
}

// administrator signs in, and reads the tenant.
func (p *running) administrator() (account.Draft, link.Administrator, account.Survey, error) {
	d, err := p.reg.Draft(p.t.Context(), p.id)
	if err != nil { // nothing is on disk yet
		d = account.Draft{
			ID: p.id, Name: cmp.Or(p.name, "Contoso"), Provider: account.Microsoft, Way: account.Automatic, Cloud: account.Global,
			Link: account.MicrosoftLink{Tenant: account.TenantID(p.tenant.ID()), AppName: account.AppName("Contoso")},
		}
		if p.azure {
			d.Provider, d.Link = account.Azure, account.AzureLink{MicrosoftLink: d.Microsoft(), Scopes: p.scopes, Vaults: true}
		}
		if d, err = p.ops.SaveAnswers(p.ctx, d); err != nil {
			return d, nil, account.Survey{}, err
		}
	}
	wish := account.SignInWish{Cloud: d.Cloud, Tenant: d.Microsoft().Tenant}
	admin, err := p.ops.Ports().SignIn(p.ctx, account.ByDeviceCode, wish, func(s account.SignInPrompt) {
		if err := p.tenant.EnterCode(person, s.UserCode); err != nil {
			p.t.Errorf("%s: %v", p.where, err)
		}
	})
	if err != nil {
		return d, nil, account.Survey{}, err
	}
	look := d.SurveyWish()
	if look.Adopt == "" {
		look.Adopt = p.adopts
	}
	s, err := admin.Survey(p.ctx, look)
	return d, admin, s, err
}

// connect goes from the sign-in to Connected.
func (c *cell) connect(p *running) error {
	d, admin, s, err := p.administrator()
	if err != nil {
		p.stop()
		p.ops.Close()
		return err
	}
	wish := link.ConnectWish{Key: link.KeyWish{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048}, Graph: s.Graph, Lives: link.Lives}
	wish.Adopt = s.Adopted.App
	by, err := p.signed(d, admin)
	if err != nil {
		p.stop()
		p.ops.Close()
		return err
	}
	return p.end(p.ops.Connect(d.ID, by, wish))
}

// takeBack takes everything back, and looks that nothing is left.
func (c *cell) takeBack(p *running) {
	c.t.Helper()
	d, admin, _, err := p.administrator()
	c.must(err)
	by, err := p.signed(d, admin)
	c.must(err)
	c.must(p.end(p.ops.TakeBack(d.ID, by)))
	time.Sleep(time.Hour) // until all of it is seen everywhere
	if apps, principals, deleted := c.tenant.Apps(), c.principals(), c.tenant.Deleted(); !reflect.DeepEqual(apps, c.before) || !reflect.DeepEqual(principals, c.theirs) || len(deleted) != 0 {
		c.t.Errorf("%s, at %s: in the tenant are\n%+v\n%+v\n%+v\nbefore there were\n%+v\n%+v", c.where, c.hit, apps, principals, deleted, c.before, c.theirs)
	}
	if list, err := c.reg.Contents(c.t.Context()); err != nil || len(list.Drafts)+len(list.Accounts) != 0 {
		c.t.Errorf("%s: left on disk: %+v, %v", c.where, list, err)
	}
	if n := c.ring.count(); n != 0 {
		c.t.Errorf("%s: %d keys are left", c.where, n)
	}
	c.inAzure(0)
}

// principals are the enterprise apps that an onboarding makes.
func (c *cell) principals() (ours []simcloud.PrincipalState) {
	for _, p := range c.tenant.Principals() {
		if strings.HasPrefix(p.Name, "Xops 360") || p.Name == "Theirs" {
			ours = append(ours, p)
		}
	}
	return ours
}

// connected looks that there is one account, with one of everything.
func (c *cell) connected() {
	c.t.Helper()
	time.Sleep(time.Hour)
	list, err := c.reg.Contents(c.t.Context())
	if err != nil || len(list.Accounts) != 1 || len(list.Drafts) != 0 {
		c.t.Fatalf("%s, at %s: on disk are %+v, %v; want one account", c.where, c.hit, list, err)
	}
	acc, err := c.reg.Account(c.t.Context(), c.id)
	c.must(err)
	apps := c.tenant.Apps()
	if len(apps) != 1 || len(c.principals()) != 1 || len(c.tenant.Deleted()) != 0 {
		c.t.Fatalf("%s: %d apps, %d enterprise apps, deleted %v; want one, one, none", c.where, len(apps), len(c.principals()), c.tenant.Deleted())
	}
	a := apps[0]
	if len(a.Certificates) != 1 || a.Certificates[0].SHA1 != acc.Key.Certificate.SHA1 {
		c.t.Errorf("%s, at %s: the app's certificates are %+v, the account's %s", c.where, c.hit, a.Certificates, acc.Key.Certificate.SHA1)
	}
	if c.azure {
		c.inAzure(4)
		a.Granted = append(a.Granted, "Application AccessReview.Read.All") // is not its to have
	}
	if len(a.Granted) != 1 || a.Granted[0] != "Application AccessReview.Read.All" || len(a.Roles) != 1 || a.Roles[0] != "Global Reader" {
		c.t.Errorf("%s: granted %v, roles %v; want one of each", c.where, a.Granted, a.Roles)
	}
	if _, there := c.ring.signer(acc.Key.ID); !there || c.ring.count() != 1 {
		c.t.Errorf("%s: %d keys in the store, want the account's", c.where, c.ring.count())
	}
}

// ring is a key store whose keys are made beforehand, which takes long.
type ring struct {
	link.Keys // what is not used here
	mu        sync.Mutex
	keys      map[account.KeyID]int // place among theKeys
	made      int
}

var theKeys = sync.OnceValue(func() (all [3]crypto.Signer) {
	for i := range all {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[i] = k
	}
	return all
})

func (r *ring) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys)
}

// change makes one change of the ring by a process.
func (r *ring) change(p *running, f func(map[account.KeyID]int)) error {
	if err := p.alive(); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := maps.Clone(r.keys)
	f(keys)
	r.keys = keys
	return nil
}

// mortalRing is the ring as a process has it.
type mortalRing struct {
	*ring
	p *running
}

func (m mortalRing) Probe(_ context.Context, s account.Store) account.StoreStatus {
	return account.StoreStatus{Store: s, State: account.StoreReady}
}

func (m mortalRing) Make(_ context.Context, _ account.Store, id account.KeyID, bits int) error {
	return m.change(m.p, func(keys map[account.KeyID]int) {
		if _, there := keys[id]; !there {
			keys[id] = m.made % len(theKeys())
			if bits == 256 {
				keys[id] = m.made%len(theCurveKeys()) + curved
			}
			m.made++
		}
	})
}

// curved is added to the place of a key on P-256.
const curved = 100

func (m mortalRing) Delete(_ context.Context, _ account.Store, id account.KeyID) error {
	return m.change(m.p, func(keys map[account.KeyID]int) { delete(keys, id) })
}

func (m mortalRing) Open(_ context.Context, _ account.Store, id account.KeyID) (crypto.Signer, error) {
	signer, ok := m.signer(id)
	if !ok {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return signer, m.p.alive()
}

// signer is a key of the ring.
func (r *ring) signer(id account.KeyID) (crypto.Signer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.keys[id]
	if i >= curved {
		return theCurveKeys()[i-curved], ok
	}
	return theKeys()[i], ok
}

var certifier, _ = keystore.Memory()

func (m mortalRing) Request(s crypto.Signer, subject string) (string, error) {
	return certifier.Request(s, subject)
}

func (m mortalRing) Certify(s crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	return certifier.Certify(s, subject, from, life)
}

// mortalDisk is the registry as a process has it.
type mortalDisk struct {
	link.Registry
	p *running
}

func (m mortalDisk) SaveDraft(ctx context.Context, d account.Draft) error {
	return m.unless(func() error { return m.Registry.SaveDraft(ctx, d) })
}

func (m mortalDisk) Finish(ctx context.Context, a account.Account) error {
	return m.unless(func() error { return m.Registry.Finish(ctx, a) })
}

func (m mortalDisk) Remove(ctx context.Context, id account.ID) error {
	return m.unless(func() error { return m.Registry.Remove(ctx, id) })
}

func (m mortalDisk) SaveReport(ctx context.Context, id account.ID, r account.Report) error {
	return m.unless(func() error { return m.Registry.SaveReport(ctx, id, r) })
}

func (m mortalDisk) AppendEvidence(ctx context.Context, id account.ID, change string, calls []account.Evidence) error {
	return m.unless(func() error { return m.Registry.AppendEvidence(ctx, id, change, calls) })
}

func (m mortalDisk) ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (a account.Account, err error) {
	err = m.unless(func() error { a, err = m.Registry.ChangeAccount(ctx, id, f); return err })
	return a, err
}

func (m mortalDisk) Hold(ctx context.Context, id account.ID) (a account.Account, err error) {
	err = m.unless(func() error { a, err = m.Registry.Hold(ctx, id); return err })
	return a, err
}

func (m mortalDisk) Release(ctx context.Context, id account.ID) error {
	return m.unless(func() error { return m.Registry.Release(ctx, id) })
}

func (m mortalDisk) Reopen(ctx context.Context, id account.ID) (d account.Draft, err error) {
	err = m.unless(func() error { d, err = m.Registry.Reopen(ctx, id); return err })
	return d, err
}

func (m mortalDisk) unless(f func() error) error {
	if err := m.p.alive(); err != nil {
		return err
	}
	return f()
}
