package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"maps"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
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

// again tells after a try whether there is another, and after which pause.
func (c *call) again(r *http.Request, resp *http.Response, err error) (time.Duration, bool) {
	twice, _ := r.Context().Value(idempotentKey{}).(bool)
	twice = twice || r.Method == http.MethodGet || r.Method == http.MethodHead
	if err != nil {
		if !twice || !lost(err) {
			return 0, false
		}
		return c.pause(r.Context(), 0)
	}
	switch resp.StatusCode {
	case http.StatusTooManyRequests:
		turn.Leave(r.Context())
	case http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		if !twice {
			return 0, false
		}
	default:
		return 0, false
	}
	return c.pause(r.Context(), retryAfter(resp))
}

// pause is how long to wait after a try, asked for by the service or growing
// with the tries, and whether there is time for that and for another try.
// Whoever listens is told of it.
func (c *call) pause(ctx context.Context, asked time.Duration) (time.Duration, bool) {
	wait, most := asked, asked
	if asked <= 0 {
		grown := time.Duration(1<<c.tries-1) * firstDelay
		wait, most = time.Duration(float64(grown)*(0.8+rand.Float64()/2)), grown*13/10
	}
	if c.tries > maxRetries || most > maxDelay || c.stop.Err() != nil || !fits(c.stop, most) {
		return 0, false
	}
	if asked > 0 {
		turn.Leave(ctx)
	}
	pausing(ctx, most, asked > 0)
	c.idle()
	return wait, true
}

// idle lets the call end at once when it is stopped, as long as nothing is on
// its way. busy is the end of that: it tells whether a try may still be sent.
func (c *call) idle() { c.busy = context.AfterFunc(c.stop, c.cancel) }

// fits tells whether there is time left after a pause. What does not fit ends
// with the answer that is there, which tells more than a context that ran out.
func fits(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > pause
}

// lost tells whether the request may have arrived and its answer did not. A
// connection that was never made, or that is not to be trusted, and a call that
// was held back, are not that: the next try would end the same way.
func lost(err error) bool {
	var dial *net.OpError
	var dns *net.DNSError
	var unverified *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var record tls.RecordHeaderError
	var proxy *proxyError
	var held heldBack
	switch {
	case errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect"),
		errors.As(err, &dns), errors.As(err, &unverified), errors.As(err, &unknown), errors.As(err, &record),
		errors.As(err, &proxy), errors.As(err, &held), errors.Is(err, errTooBig), errors.Is(err, http.ErrSchemeMismatch), errors.Is(err, context.Canceled):
		return false
	}
	return true
}

// obey is the time the response asks to be left alone for. It also rewrites
// the headers that say so into whole seconds, rounded up, so that whoever reads
// them later reads the same.
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

type holderKey struct{}

// For is a context whose calls without a Bearer are those of one holder: a
// Retry-After that one of them gets holds back that holder's, and no other's.
func For(ctx context.Context, holder string) context.Context {
	return context.WithValue(ctx, holderKey{}, holder)
}

// gateOf is what a Retry-After of a call without a Bearer holds back.
func gateOf(r *http.Request) string {
	holder, _ := r.Context().Value(holderKey{}).(string)
	return holder + " " + r.URL.Host + r.URL.Path
}

// gate remembers who asked to be left alone until when. It counts on the
// monotonic clock.
type gate struct {
	mu    sync.Mutex
	until map[string]time.Time
	most  int // as many are in until before it is looked what is over
}

func (g *gate) hold(what string, wait time.Duration) {
	if wait <= 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if len(g.until) >= g.most {
		maps.DeleteFunc(g.until, func(_ string, t time.Time) bool { return t.Before(now) })
		g.most = max(2*len(g.until), 64)
	}
	if g.until == nil {
		g.until = map[string]time.Time{}
	}
	if t := now.Add(wait); t.After(g.until[what]) {
		g.until[what] = t
	}
}

// enter waits until what the call asks may be asked, and it is the call's turn,
// and gives what tells that the call is over. It fails as wait does.
func (g *gate) enter(ctx context.Context, c *call) (done func(), err error) {
	for {
		if err := g.wait(ctx, c); err != nil {
			return nil, err
		}
		done, err := turn.Enter(ctx)
		if err != nil || g.left(c.gate) <= 0 {
			return done, err
		}
		done() // another call was asked to leave it alone meanwhile
	}
}

func (g *gate) left(what string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Until(g.until[what])
}

// wait returns when what the call asks may be asked, or with account.Throttled
// when that is after the end of the try or of the call.
func (g *gate) wait(ctx context.Context, c *call) error {
	for {
		left := g.left(c.gate)
		if left <= 0 {
			return nil
		}
		if !fits(ctx, left) || !fits(c.stop, left) {
			return heldBack{&account.Problem{Kind: account.Throttled, Wait: left}}
		}
		turn.Leave(ctx)
		pausing(ctx, left, true)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(left):
		}
	}
}

// heldBack is a call that was not made.
type heldBack struct{ *account.Problem }

func (h heldBack) Unwrap() error { return h.Problem }
