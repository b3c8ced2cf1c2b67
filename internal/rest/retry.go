package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"github.com/axiomio/xops-onboard/account"
)

const (
	tryLimit   = 60 * time.Second
	maxRetries = 3
	firstDelay = 800 * time.Millisecond
	maxDelay   = 60 * time.Second
)

type idempotentKey struct{}

// Idempotent is a context whose calls may be made twice without harm: they are
// repeated when their answer is lost or is a 5xx. Reads always are.
func Idempotent(ctx context.Context) context.Context {
	return context.WithValue(ctx, idempotentKey{}, true)
}

type uncutKey struct{}

// Uncut is a context for calls that must not be abandoned: a try that was sent
// is waited for though ctx ends. Once ctx has ended nothing more is sent, and
// the waiting before a try ends with it.
func Uncut(ctx context.Context) context.Context {
	return context.WithValue(context.WithoutCancel(ctx), uncutKey{}, ctx)
}

// Stop is the context by whose end a call is stopped: the one that Uncut was
// given, else ctx itself. Who pauses between calls pauses by it.
func Stop(ctx context.Context) context.Context {
	if asked, ok := ctx.Value(uncutKey{}).(context.Context); ok {
		return asked
	}
	return ctx
}

func retryOptions(ctx context.Context, this *call, method string) policy.RetryOptions {
	twice, _ := ctx.Value(idempotentKey{}).(bool)
	twice = twice || method == http.MethodGet || method == http.MethodHead
	return policy.RetryOptions{
		MaxRetries: maxRetries, TryTimeout: tryLimit, RetryDelay: firstDelay, MaxRetryDelay: maxDelay,
		ShouldRetry: func(resp *http.Response, err error) bool {
			if err != nil {
				return twice && lost(err) && this.pauses(ctx, longest(this.tries), false)
			}
			switch resp.StatusCode {
			case http.StatusTooManyRequests:
			case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
				if !twice {
					return false
				}
			default:
				return false
			}
			if wait := retryAfter(resp); wait > 0 {
				return this.pauses(ctx, wait, true)
			}
			return this.pauses(ctx, longest(this.tries), false)
		},
	}
}

// pauses tells whether there is time for a pause, and whoever listens that it
// is made. azcore makes none after the last try, nor a longer one than maxDelay.
func (c *call) pauses(ctx context.Context, wait time.Duration, asked bool) bool {
	if c.stop.Err() != nil || !fits(c.stop, wait) {
		return false
	}
	if c.tries <= maxRetries && wait <= maxDelay {
		pausing(ctx, wait, asked)
	}
	c.idle()
	return true
}

// idle lets the call end at once when it is stopped, as long as nothing is on
// its way. busy is the end of that: it tells whether a try may still be sent.
func (c *call) idle() { c.busy = context.AfterFunc(c.stop, c.cancel) }

// longest is the longest pause azcore makes after that many tries: it knows
// its own jitter, we know its bound.
func longest(tries int) time.Duration {
	return time.Duration(1<<min(tries, 10)-1) * firstDelay * 13 / 10
}

// fits tells whether there is time left after a pause. What does not fit ends
// with the answer that is there, which tells more than a context that ran out.
func fits(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > pause
}

// lost tells whether the request may have arrived and its answer did not. A
// connection that was never made, or that is not to be trusted, is not that:
// the next try would end the same way.
func lost(err error) bool {
	var dial *net.OpError
	var dns *net.DNSError
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var proxy *proxyError
	switch {
	case errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect"),
		errors.As(err, &dns), errors.As(err, &unverified), errors.As(err, &unknown), errors.As(err, &record),
		errors.As(err, &proxy), errors.Is(err, errTooBig), errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, context.Canceled):
		return false
	}
	return true
}

// obey is the time the response asks to be left alone for. It also rewrites
// the headers that say so into whole seconds, rounded up: azcore would read a
// date against this machine's clock, which may be wrong, where only the
// service's own Date tells how long is meant.
func obey(resp *http.Response) time.Duration {
	wait := retryAfter(resp)
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms", "Retry-After"} {
		resp.Header.Del(name)
	}
	if wait > 0 {
		resp.Header.Set("Retry-After", strconv.FormatInt(int64(math.Ceil(wait.Seconds())), 10))
	}
	return retryAfter(resp)
}

// retryAfter reads the headers that ask to be left alone: milliseconds,
// seconds, or a date. At most a day.
func retryAfter(resp *http.Response) time.Duration {
	const most = 24 * time.Hour
	for _, name := range []string{"Retry-After-Ms", "X-Ms-Retry-After-Ms"} {
		if n, err := strconv.ParseFloat(resp.Header.Get(name), 64); err == nil && n > 0 {
			return time.Duration(min(n, float64(most.Milliseconds())) * float64(time.Millisecond))
		}
	}
	v := resp.Header.Get("Retry-After")
	if n, err := strconv.ParseFloat(v, 64); err == nil && n > 0 {
		return time.Duration(min(n, most.Seconds()) * float64(time.Second))
	}
	until, err := http.ParseTime(v)
	if err != nil {
		return 0
	}
	from, err := http.ParseTime(resp.Header.Get("Date"))
	if err != nil {
		from = time.Now()
	}
	return min(max(until.Sub(from), 0), most)
}

// gate remembers who asked to be left alone until when. It counts on the
// monotonic clock.
type gate struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (g *gate) hold(what string, wait time.Duration) {
	if wait <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	for k, t := range g.until {
		if t.Before(now) {
			delete(g.until, k)
		}
	}
	if g.until == nil {
		g.until = map[string]time.Time{}
	}
	if t := now.Add(wait); t.After(g.until[what]) {
		g.until[what] = t
	}
}

// wait returns when what the call asks may be asked, or with account.Throttled
// when that is after the end of the try or of the call.
func (g *gate) wait(ctx context.Context, c *call) error {
	for {
		g.mu.Lock()
		left := time.Until(g.until[c.gate])
		g.mu.Unlock()
		if left <= 0 {
			return nil
		}
		if !fits(ctx, left) || !fits(c.stop, left) {
			return heldBack{&account.Problem{Kind: account.Throttled, Wait: left}}
		}
		pausing(ctx, left, true)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(left):
		}
	}
}

// heldBack is a call that was not made. azcore knows by its method that there
// is nothing to repeat.
type heldBack struct{ *account.Problem }

func (heldBack) NonRetriable()   {}
func (h heldBack) Unwrap() error { return h.Problem }
