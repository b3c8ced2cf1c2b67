package entra

import (
	"context"
	"crypto/subtle"
	"io"
	"log"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// loopback is where the browser's answer is awaited: one port at both loopback
// addresses, so that "localhost" is nobody else's whichever of them it means.
// Source: learn.microsoft.com/entra/identity-platform/reply-url.
type loopback struct {
	listeners []net.Listener
	port      int
	users     []int // whose browser may bring the answer
}

// listenLoopback takes a port that is free at both addresses; PortTaken where
// none is found.
func listenLoopback() (*loopback, error) {
	const tries = 10
	var err error
	for range tries {
		var l *loopback
		if l, err = takePort(); err == nil {
			return l, nil
		}
	}
	return nil, &account.Problem{Kind: account.PortTaken, Subject: "localhost", Err: err}
}

func takePort() (*loopback, error) {
	four, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &loopback{listeners: []net.Listener{four}, port: four.Addr().(*net.TCPAddr).Port, users: bringers(os.Getuid(), os.Getenv)}
	six, err := net.Listen("tcp6", net.JoinHostPort("::1", strconv.Itoa(l.port)))
	switch {
	case err == nil:
		l.listeners = append(l.listeners, six)
	case sixWorks(): // somebody else's, where the browser may go first
		l.close()
		return nil, err
	}
	return l, nil
}

// bringers are the users whose browser may bring the answer: who runs this
// program, and, where that is root, who became root by sudo and has the desktop.
func bringers(uid int, getenv func(string) string) []int {
	users := []int{uid}
	if caller, err := strconv.Atoi(getenv("SUDO_UID")); uid == 0 && err == nil && caller > 0 {
		users = append(users, caller)
	}
	return users
}

// sixWorks tells whether this machine has ::1 at all.
func sixWorks() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}

func (l *loopback) close() {
	for _, one := range l.listeners {
		_ = one.Close()
	}
}

func (l *loopback) redirect() string { return "http://" + localhost(l.port) }

// brought is what a browser brings: a code, or why there is none.
type brought struct {
	code    string
	refusal tokenRefusal
}

// await serves until this user's browser has brought the answer with our state,
// or ctx ends. Whatever else is sent is answered with 404, and another user's
// answer with why it is not taken; neither changes anything, however often.
func (l *loopback) await(ctx context.Context, state string) (brought, error) {
	g := &doorkeeper{host: localhost(l.port), state: state, users: l.users, came: make(chan brought, 1)}
	server := &http.Server{
		Handler:           g,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 10 * time.Second,
		MaxHeaderBytes: 16 << 10, DisableGeneralOptionsHandler: true,
		ErrorLog: log.New(io.Discard, "", 0), // nothing may write over the screen
	}
	server.SetKeepAlivesEnabled(false)
	var all sync.WaitGroup
	defer all.Wait()
	defer server.Close()
	for _, one := range l.listeners {
		all.Go(func() { _ = server.Serve(one) })
	}
	select {
	case b := <-g.came:
		return b, nil
	case <-ctx.Done():
		return brought{}, ctx.Err()
	}
}

// doorkeeper lets one answer in.
type doorkeeper struct {
	host  string // "localhost:port", the name that a browser must have used
	state string
	users []int
	taken atomic.Bool
	came  chan brought
}

// answerLimit is the largest answer that is read. Codes have a few kilobytes.
const answerLimit = 64 << 10

// afterwards is the page that ends the person's way through the browser. It
// needs nothing from anywhere.
const afterwards = `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>xops-onboard</title></head>
<body><h1>xops-onboard has the answer</h1><p>Go back to the terminal: it says how the sign-in went. This window can be closed.</p></body></html>
`

// notYours is for a browser of somebody else on this machine.
const notYours = "xops-onboard only takes the answer of the user who started it."

// ServeHTTP takes the answer, once.
func (g *doorkeeper) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, ok := g.read(w, r)
	if ok && !g.own(r) {
		http.Error(w, notYours, http.StatusForbidden)
		return
	}
	if !ok || !g.taken.CompareAndSwap(false, true) {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(afterwards)))
	h.Set("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, afterwards) // the browser may be gone
	_ = http.NewResponseController(w).Flush()
	g.came <- b // after the page is out: the server ends now
}

// read is the answer in a request, if it is one: a form posted to exactly our
// address under the name localhost, which no page of another name can reach by
// having its own name point here.
func (g *doorkeeper) read(w http.ResponseWriter, r *http.Request) (brought, bool) {
	if r.Method != http.MethodPost || r.RequestURI != "/" || !g.named(r.Host) {
		return brought{}, false
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/x-www-form-urlencoded" {
		return brought{}, false
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, answerLimit))
	if err != nil {
		return brought{}, false
	}
	return readAnswer(string(body), g.state)
}

// own tells whether a request is of a user who may bring the answer.
func (g *doorkeeper) own(r *http.Request) bool {
	local, _ := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	remote, err := net.ResolveTCPAddr("tcp", r.RemoteAddr) // numbers, so that nothing is looked up
	return err == nil && mayBring(local, remote, g.users)
}

// named tells whether host is ours. A browser leaves a port of 80 out.
func (g *doorkeeper) named(host string) bool {
	return host == g.host || host == strings.TrimSuffix(g.host, ":80")
}

// readAnswer reads the form of OAuth 2.0 Form Post Response Mode: one state,
// which must be ours, and one code or one error.
func readAnswer(body, state string) (brought, bool) {
	form, err := url.ParseQuery(body)
	if err != nil || len(form["state"]) != 1 || subtle.ConstantTimeCompare([]byte(form.Get("state")), []byte(state)) != 1 {
		return brought{}, false
	}
	code, oauth := form["code"], form["error"]
	switch {
	case len(code) == 1 && code[0] != "" && len(oauth) == 0:
		return brought{code: code[0]}, true
	case len(oauth) == 1 && oauth[0] != "" && len(code) == 0:
		return brought{refusal: broughtRefusal(oauth[0], form.Get("error_description"))}, true
	}
	return brought{}, false
}
