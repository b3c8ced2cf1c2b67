package ui_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/termtest"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui"
)

func TestMain(m *testing.M) {
	time.Local = time.UTC // screens show the time of day
	fixedKey()            // takes longer than a person waits for a screen
	os.Exit(m.Run())
}

// world is what a journey goes through: the shell as main wires it, over
// simulated clouds, keys and a registry in memory. What is not set before the
// first start is as on a machine where nothing is in the way.
type world struct {
	t      *testing.T
	clock  *clock
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	app    simcloud.App
	keys   *keys
	files  *keystore.MemoryFiles
	reg    link.Registry
	place  steps.Place
	demo   steps.Demo
	page   func(url string) string // the demo portal
	shell  map[string]string       // environment, of AWS
	gate   *gate
	ids    *counter

	browser func(*simcloud.Browser) // changes the person's browser before it is used
	signsTo account.ClientID        // the app that people sign in to; empty for Microsoft's own
	posed   bool                    // what chance picks in a sign-in is the same in every run

	mu     sync.Mutex
	opened []string         // addresses given to the browser
	deaf   bool             // no browser can be opened
	landed simcloud.Landing // where the person's browser came to last
	who    string           // signs in where a browser is opened; nobody does while it is empty
	tokens []*token         // of everybody who signed in
}

const (
	tenantID = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	initial  = "contoso.onmicrosoft.com"
)

// today is when every journey begins.
var today = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, clock: &clock{now: today}, reg: registry.Memory(), ids: &counter{}}
	w.cloud = simcloud.New(w.clock.Now)
	w.tenant = w.cloud.AddTenant(simcloud.TenantSpec{
		ID: tenantID, Name: "Contoso", Initial: initial, Domains: []string{"contoso.com"},
		Licensed: true, Reviews: []string{"Guests of the marketing team", "Members of the finance group"},
	})
	w.keys, w.files = newKeys()
	w.gate = &gate{next: w.cloud.Client().Transport}
	w.place = steps.Place{Home: "/home/ada", Downloads: "/home/ada/Downloads", Directory: "/home/ada"}
	return w
}

// ports are the ways out, as main has them.
func (w *world) ports() link.Ports {
	w.t.Helper()
	client, err := rest.New(rest.Options{Transport: w.gate, Version: "test", Now: w.clock.Now})
	if err != nil {
		w.t.Fatal(err)
	}
	microsoft := entra.New(client, w.clock.Now)
	return link.Ports{
		Keys: w.keys, Registry: w.reg, Microsoft: microsoft, SignIn: w.signIn(microsoft), Save: w.files, Now: w.clock.Now,
		Azure: azure.New(client, microsoft, w.clock.Now), SignInAzure: w.signInAzure(client, microsoft), AWS: w.aws(client),
	}
}

// start is the program started in a terminal of that size.
func (w *world) start(width, height int, opts ...tea.ProgramOption) *person {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	ports := w.ports()
	ops := link.New(ctx, ports)
	known, err := w.reg.Contents(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	env := steps.Env{
		Ops: ops, Place: w.place, Known: known.Accounts, Drafts: known.Drafts, Demo: w.demo, Open: w.open,
		Client: w.signsTo, Now: w.clock.Now, NewID: w.ids.next,
	}
	app := ui.New(ctx, ui.Ports{Env: env, Open: w.open, Demo: w.page, Text: w.text}, known)
	// The program first, then what its operations still write.
	w.t.Cleanup(func() { cancel(); ops.Close() })
	s := termtest.Start(w.t, app, width, height, append([]tea.ProgramOption{tea.WithFilter(ui.Filter)}, opts...)...)
	return &person{Screen: s, w: w, app: app}
}

// open is the browser.
func (w *world) open(_ context.Context, url string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.deaf {
		return fmt.Errorf("no browser")
	}
	w.opened = append(w.opened, url)
	if w.who != "" {
		go w.browse(w.who, url)
	}
	return nil
}

func (w *world) text(ctx context.Context, name, text string) (string, error) {
	return w.files.Text(ctx, w.place.Downloads, name, text)
}

// browsed is the address that was opened last.
func (w *world) browsed() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.opened) == 0 {
		return ""
	}
	return w.opened[len(w.opened)-1]
}

// draft is the only draft there is.
func (w *world) draft() account.Draft {
	w.t.Helper()
	c, err := w.reg.Contents(w.t.Context())
	if err != nil || len(c.Drafts) != 1 {
		w.t.Fatalf("drafts = %v, %v; want one", c.Drafts, err)
	}
	d, err := w.reg.Draft(w.t.Context(), c.Drafts[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// rows is how many accounts and drafts there are.
func (w *world) rows() (accounts, drafts int) {
	w.t.Helper()
	c, err := w.reg.Contents(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return len(c.Accounts), len(c.Drafts)
}

// portal does what an administrator does, and expects that it was possible.
func (w *world) portal(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatalf("in the portal: %v", err)
	}
}

// clock is a clock that stands until it is moved.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	since time.Time // it runs since then, that many times as fast
	times int
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.times == 0 {
		return c.now
	}
	return c.now.Add(time.Since(c.since) * time.Duration(c.times))
}

// run has the clock run that many times as fast as a real one.
func (c *clock) run(times int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.since, c.times = time.Now(), times
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// counter makes ids that are the same in every run.
type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) next() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return fmt.Sprintf("5f3c1a70-0000-4000-8000-%012x", c.n)
}

// gate is a network that can hold what is sent.
type gate struct {
	next http.RoundTripper
	mu   sync.Mutex
	off  bool
	part string        // of the method and address that is held; empty for none
	free chan struct{} // closed when it may go
}

// hold keeps requests back whose method and address contain part, until the returned
// function lets them go.
func (g *gate) hold(part string) (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	free := make(chan struct{})
	g.part, g.free = part, free
	return sync.OnceFunc(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		g.part = ""
		close(free)
	})
}

// cut has nobody get through, as where the network is down.
func (g *gate) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = true
}

// mend takes cut back.
func (g *gate) mend() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.off = false
}

func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	g.mu.Lock()
	off, held, free := g.off, g.part != "" && strings.Contains(r.Method+" "+r.URL.String(), g.part), g.free
	g.mu.Unlock()
	if off {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: r.URL.Hostname(), IsNotFound: true}}
	}
	if held {
		select {
		case <-free:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	return g.next.RoundTrip(r)
}
