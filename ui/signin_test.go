package ui_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

// token is an administrator who tells whether the token was dropped.
type token struct {
	link.Administrator
	forgotten atomic.Bool
}

func (a *token) Forget() {
	a.forgotten.Store(true)
	a.Administrator.Forget()
}

// signIn is entra's sign-in as operations know it, as main has it.
func (w *world) signIn(e *entra.Entra) link.SignIn {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		if w.posed && w.person() == "" {
			told := tell
			tell = func(p account.SignInPrompt) { told(w.pose(p)) }
		}
		admin, err := e.SignInGraph(ctx, way, wish, tell)
		if err != nil {
			return nil, err
		}
		t := &token{Administrator: admin}
		w.mu.Lock()
		defer w.mu.Unlock()
		w.tokens = append(w.tokens, t)
		return t, nil
	}
}

// pose has a prompt that is the same in every run, and leads nowhere.
func (w *world) pose(p account.SignInPrompt) account.SignInPrompt {
	p.Expires = w.clock.Now().Add(10 * time.Minute)
	if p.Way == account.ByDeviceCode {
		p.Expires, p.UserCode = p.Expires.Add(5*time.Minute), "E6YKH3T4N"
		return p
	}
	before, after, _ := strings.Cut(p.URL, "localhost%3A")
	p.URL = before + "localhost%3A43117" + strings.TrimLeft(after, "0123456789")
	p.Port = 43117
	return p
}

// dropped expects that so many people signed in, and that no token is kept.
func (w *world) dropped(signIns int) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.tokens) != signIns {
		w.t.Errorf("%d people signed in, want %d", len(w.tokens), signIns)
	}
	for i, t := range w.tokens {
		if !t.forgotten.Load() {
			w.t.Errorf("the token of sign-in %d is kept", i+1)
		}
	}
}

// browse is the person's browser, gone to an address.
func (w *world) browse(who, url string) {
	b := w.tenant.Browser(who)
	if w.browser != nil {
		w.browser(b)
	}
	l, _ := b.Open(w.t.Context(), url)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.landed = l
}

// shown is the error on the page that the browser shows; 0 for none.
func (w *world) shown() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.landed.Code
}

// administrator adds a person with directory roles, who signs in from now on.
func (w *world) administrator(name string, roles ...string) string {
	w.t.Helper()
	u := w.tenant.AddUser(simcloud.UserSpec{UPN: name, Roles: roles})
	w.signsIn(u.UPN)
	return u.UPN
}

// ada is a Global Administrator, who signs in from now on.
func (w *world) ada() string { return w.administrator("ada", simcloud.GlobalAdministrator) }

// person is who signs in where a browser is opened.
func (w *world) person() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.who
}

// signsIn has that person sign in wherever a browser is opened.
func (w *world) signsIn(who string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.who = who
}

// hurry has a device's code asked for every second.
func (w *world) hurry() { w.gate.next = hurried{w.gate.next} }

// hurried is a cloud that lets a device ask every second.
type hurried struct{ next http.RoundTripper }

func (h hurried) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := h.next.RoundTrip(r)
	if err != nil || !strings.HasSuffix(r.URL.Path, "/devicecode") {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = bytes.ReplaceAll(body, []byte(`"interval":5`), []byte(`"interval":1`))
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

// automatic is the road of who signs in, as far as a person walks it.
var automatic = []stretch{
	{"way", (*person).chooseMicrosoft, "Link a New Microsoft Account"},
	{"tenant", (*person).goAutomatic, "Which tenant?"},
	{"signin", (*person).nameTenant, "Sign in with a browser"},
	{"survey", (*person).signIn, "Is this the right tenant?"},
	{"plan", (*person).yesThisOne, "› Plan"},
	{"apply", (*person).yesDoIt, "Linked. Enter goes on."},
	{"connected", (*person).goOnFromApply, "is connected"},
}

// drive goes the automatic road to the page of that name.
func (p *person) drive(to string) *person {
	p.w.t.Helper()
	p.driveFrom("", to)
	return p
}

func (p *person) driveFrom(from, to string) {
	p.w.t.Helper()
	at := slices.IndexFunc(automatic, func(r stretch) bool { return r.name == from })
	for _, r := range automatic[at+1:] {
		r.walk(p)
		p.See(r.then)
		if r.name == to {
			return
		}
	}
	p.w.t.Fatalf("the road has no page %q after %q", to, from)
}

func (p *person) goAutomatic() {
	p.See("This machine is ready")
	p.Press("1", "enter")
}

func (p *person) nameTenant() {
	p.Type("contoso.com")
	p.Press("enter")
	p.See("Tenant " + tenantID)
	p.Press("enter")
}

func (p *person) signIn() {
	p.See("Sign in with a browser")
	p.Press("1", "enter")
}

func (p *person) yesThisOne() {
	p.See("› Yes, show me the plan")
	p.Press("enter")
}

func (p *person) yesDoIt() { p.Press("enter") }

func (p *person) goOnFromApply() {
	p.See("Linked. Enter goes on.")
	p.Press("enter")
}

// byCode signs in with a device's code, as that person.
func (p *person) byCode(who string) {
	p.w.t.Helper()
	p.See("Use a device code")
	p.choose("Use a device code")
	p.See("Type this code")
	p.enterCode(who)
}

// enterCode types the code that the screen shows. What the page then says is
// on the screen too.
func (p *person) enterCode(who string) {
	p.w.t.Helper()
	p.See("Code  ")
	var code string
	for _, line := range strings.Split(p.Text(), "\n") {
		if _, after, ok := strings.Cut(line, "Code  "); ok {
			code = strings.TrimSpace(after)
		}
	}
	b := p.w.tenant.Browser(who)
	if p.w.browser != nil {
		p.w.browser(b)
	}
	if _, err := b.EnterCode(p.w.t.Context(), code); err != nil {
		p.w.t.Fatal(err)
	}
}
