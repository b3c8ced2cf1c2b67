package rest

import (
	"context"
	"crypto/x509"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Answer is what is known of one call besides its body. After a call that
// failed it holds what there was: Status is 0 when nothing came back.
type Answer struct {
	account.Evidence
	Date time.Time     // the service's clock, zero when it did not tell
	Wait time.Duration // what the service asked to be left alone for
	Sent int           // how often it was asked; before the last time it may have been done already

	sent, received time.Time
	chains         [][]*x509.Certificate // by which the host was trusted; none where TLS was not used
}

// Ahead is how far this machine's clock is ahead of the service's (negative:
// behind), to about a second, and whether it could be told. The service's
// Date names a whole second and was written about the middle of the round trip.
func (a Answer) Ahead() (time.Duration, bool) {
	if a.Date.IsZero() {
		return 0, false
	}
	middle := a.sent.Add(a.received.Sub(a.sent) / 2)
	return middle.Sub(a.Date.Add(500 * time.Millisecond)).Round(time.Second), true
}

// Took is how long the last try took until its answer was there.
func (a Answer) Took() time.Duration { return a.received.Sub(a.sent) }

// fill takes from a response what an Answer tells.
func (a *Answer) fill(resp *http.Response) {
	a.Status = resp.StatusCode
	if resp.TLS != nil {
		a.chains = resp.TLS.VerifiedChains
	}
	for _, name := range []string{"request-id", "x-ms-request-id", "x-amzn-requestid"} {
		if v := resp.Header.Get(name); v != "" {
			a.RequestID = Text(v, 64)
			break
		}
	}
	a.Wait = retryAfter(resp)
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		// An answer that a cache kept is older by its Age.
		age, _ := strconv.Atoi(resp.Header.Get("Age"))
		if age < 0 || age > 86400 {
			age = 0
		}
		a.Date = at.Add(time.Duration(age) * time.Second)
	}
}

// Record keeps the Answers of calls. It may be used from any goroutine.
type Record struct {
	mu      sync.Mutex
	answers []Answer
}

type recordKey struct{}

// Recorded is a context whose calls are kept in r, also those that a library
// makes through Client.HTTP.
func Recorded(ctx context.Context, r *Record) context.Context {
	return context.WithValue(ctx, recordKey{}, r)
}

func record(ctx context.Context, a Answer) {
	if r, ok := ctx.Value(recordKey{}).(*Record); ok {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.answers = append(r.answers, a)
	}
}

// Evidence is one entry a call, in the order in which they ended.
func (r *Record) Evidence() []account.Evidence {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]account.Evidence, 0, len(r.answers))
	for _, a := range r.answers {
		out = append(out, a.Evidence)
	}
	return out
}

// Last is the Answer of the call that ended last, and whether there was one.
func (r *Record) Last() (Answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) == 0 {
		return Answer{}, false
	}
	return r.answers[len(r.answers)-1], true
}
