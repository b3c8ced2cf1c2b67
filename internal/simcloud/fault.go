package simcloud

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// Drop is when a connection is lost.
type Drop int

// The moments. After is the bad one: the change was made, and nobody is told.
const (
	Not Drop = iota
	Before
	After
)

// Fault is something that goes wrong on the way. The zero Fault, matched to a
// request, does nothing to it.
type Fault struct {
	Match func(*http.Request) bool // nil matches every request; it must leave the body alone
	Times int                      // how many matching requests; 0 is all of them

	Latency time.Duration // wait before anything else, in real time, and no longer than the request lives
	Drop    Drop          // lose the connection before or after the request was carried out

	Status     int    // answer this instead; in the service's own shape unless Body or HTML is given
	RetryAfter string // the header, with Status
	Body       string // answer this JSON, with Status or 200
	HTML       bool   // answer a page of a proxy or captive portal, with Status or 200
	SlowBody   bool   // half of the body arrives, and then nothing until the request is given up
}

// Path matches requests whose path contains part, such as "/oauth2/v2.0/token".
func Path(part string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.Path, part) }
}

// Host matches requests to a host.
func Host(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return hostOf(r) == name }
}

// Action matches requests to AWS by what they ask for, as policies name it:
// "sts:AssumeRole", "cloudformation:CreateStack", "rolesanywhere:CreateSession".
func Action(name string) func(*http.Request) bool {
	return func(r *http.Request) bool { return name != "" && actionOf(r) == name }
}

type actionKey struct{}

// withAction reads what a request to AWS asks for, which stands in its body, so
// that faults and the record can tell without touching the body.
func withAction(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), actionKey{}, simaws.Action(r)))
}

func actionOf(r *http.Request) string {
	name, _ := r.Context().Value(actionKey{}).(string)
	return name
}

type activeFault struct {
	Fault
	left int // -1: without end
}

// Inject adds a fault. A request meets the first fault that matches it; those of
// people's browsers do as well, see [ByPerson].
func (c *Cloud) Inject(f Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	left := f.Times
	if left <= 0 {
		left = -1
	}
	c.faults = append(c.faults, &activeFault{f, left})
}

// ClearFaults takes all faults back.
func (c *Cloud) ClearFaults() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.faults = nil
}

// fault takes the first fault that matches, or none. Match is called without
// the lock, so that it may ask the Cloud.
func (c *Cloud) fault(r *http.Request) Fault {
	c.mu.Lock()
	faults := append([]*activeFault(nil), c.faults...)
	c.mu.Unlock()
	for _, f := range faults {
		if f.Match != nil && !f.Match(r) {
			continue
		}
		if c.use(f) {
			return f.Fault
		}
	}
	return Fault{}
}

func (c *Cloud) use(f *activeFault) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f.left == 0 {
		return false
	}
	if f.left > 0 {
		f.left--
	}
	return true
}

// play carries the request out, or does to it what the fault says.
func (c *Cloud) play(f Fault, w http.ResponseWriter, r *http.Request) {
	if f.Drop == Before {
		panic(http.ErrAbortHandler)
	}
	if f.Drop == After {
		c.route(newAnswer(w.Header()), r)
		panic(http.ErrAbortHandler)
	}
	replaced := f.Status != 0 || f.HTML || f.Body != ""
	if !replaced && !f.SlowBody {
		c.route(w, r)
		return
	}
	a := newAnswer(w.Header())
	if replaced {
		c.instead(f, a, r)
	} else {
		c.route(a, r)
	}
	a.send(w, r, f.SlowBody)
}

// instead is what the fault answers.
func (c *Cloud) instead(f Fault, w http.ResponseWriter, r *http.Request) {
	status := f.Status
	if status == 0 {
		status = http.StatusOK
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	switch {
	case f.HTML:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<!DOCTYPE html><html><head><title>Access</title></head><body><h1>Web gateway</h1><p>Your request to %s was stopped by policy 4711.</p></body></html>\n", hostOf(r))
	case f.Body != "":
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, f.Body)
	default:
		c.failure(w, r, status)
	}
}

// failure is a status in the shape of the service that was asked.
func (c *Cloud) failure(w http.ResponseWriter, r *http.Request, status int) {
	switch s, _ := siteOf(hostOf(r)); s.kind {
	case graph:
		c.graphFault(w, r, status)
	case arm:
		c.armFault(w, r, status)
	case amazon:
		c.aws.Fail(w, r, status)
	default:
		c.loginFault(w, r, status)
	}
}

// answer holds an answer back until it is known whether it may be sent.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func newAnswer(h http.Header) *answer         { return &answer{header: h.Clone()} }
func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(b []byte) (int, error) { a.WriteHeader(http.StatusOK); return a.body.Write(b) }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// stalls is a ResponseWriter that can end its body with silence by itself.
type stalls interface{ stall() }

// send sends the answer; half of it, and then silence, when it is slow.
func (a *answer) send(w http.ResponseWriter, r *http.Request, slow bool) {
	for k, v := range a.header {
		w.Header()[k] = v
	}
	a.WriteHeader(http.StatusOK)
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
	if !slow {
		w.Write(a.body.Bytes())
		return
	}
	w.Write(a.body.Bytes()[:a.body.Len()/2])
	if s, ok := unwrap(w).(stalls); ok {
		s.stall()
		return
	}
	http.NewResponseController(w).Flush()
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

func unwrap(w http.ResponseWriter) http.ResponseWriter {
	if u, ok := w.(*watched); ok {
		return u.ResponseWriter
	}
	return w
}
