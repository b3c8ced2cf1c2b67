package cells_test

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// trouble is what happens at one point of a process: at its n-th call, or at its n-th
// write to the disk or the key store. The zero trouble troubles nobody.
type trouble struct {
	n     int
	write bool
	what  string
}

// The troubles of a call, and those of a write. A kill ends the process: nothing that
// it does afterwards reaches the disk, the key store or the network. The clock is off
// from that call to the end of the process.
const (
	unavailable  = "503"
	throttled    = "429"
	lostBefore   = "connection lost before the change"
	lostAfter    = "connection lost after the change"
	killedBefore = "killed before the change"
	killedAfter  = "killed after the change"
	page         = "a page of a proxy"
	half         = "half of the answer, and then nothing"
	late         = "an answer half a minute late"
	clockOff     = "a clock that is ten minutes off"
	refused      = "no room, or a store that does not answer"
)

var (
	ofCalls  = []string{unavailable, throttled, lostBefore, lostAfter, killedBefore, killedAfter, page, half, late, clockOff}
	ofWrites = []string{killedBefore, killedAfter, refused}
)

func (tr trouble) String() string {
	if tr.write {
		return fmt.Sprintf("write %d, %s", tr.n, tr.what)
	}
	return fmt.Sprintf("call %d, %s", tr.n, tr.what)
}

const retryAfter = 17 * time.Second

// points are where trouble may come, as a process reaches them.
type points struct {
	mu     sync.Mutex
	hosts  []string // of the calls
	writes int
	hit    string        // the point that was troubled
	host   string        // of it
	told   time.Time     // when the service asked to be left alone
	early  []string      // calls that came earlier than it asked
	off    time.Duration // how far the services' clock is ahead
}

var errDead = errors.New("the process was killed")

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

// writes has the process write something, and that store's refusal where the trouble
// is one.
func (p *running) writes(what string, refusal account.Problem, f func() error) error {
	if err := p.alive(); err != nil {
		return err
	}
	p.mu.Lock()
	p.points.writes++
	mine := p.trouble.write && p.points.writes == p.trouble.n
	if mine {
		p.hit = what
	}
	p.mu.Unlock()
	switch {
	case mine && p.trouble.what == killedBefore:
		p.die()
		return errDead
	case mine && p.trouble.what == refused:
		return &refusal
	}
	err := f()
	if mine && p.trouble.what == killedAfter {
		p.die()
		return errDead
	}
	return err
}

// RoundTrip is a call of the process.
func (p *running) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := p.alive(); err != nil {
		return nil, err
	}
	mine := p.reaches(r)
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
	if mine && p.trouble.what == throttled { // from here on the process knows
		p.mu.Lock()
		p.told = time.Now()
		p.mu.Unlock()
	}
	return resp, err
}

// reaches counts a call, and tells whether it is the one with the trouble.
func (p *running) reaches(r *http.Request) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.hosts = append(p.hosts, r.URL.Host)
	mine := !p.trouble.write && len(p.hosts) == p.trouble.n
	if mine {
		p.hit, p.host = r.Method+" "+r.URL.String(), r.URL.Host
	}
	if now := time.Now(); r.URL.Host == p.host && !p.told.IsZero() && now.After(p.told) && now.Before(p.told.Add(retryAfter)) {
		p.early = append(p.early, r.Method+" "+r.URL.Path)
	}
	return mine
}

// troubled is the call that meets the trouble.
func (p *running) troubled(r *http.Request, next http.RoundTripper) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Troubled", "1")
	fault := simcloud.Fault{Match: func(r *http.Request) bool { return r.Header.Get("Troubled") != "" }, Times: 1}
	switch p.trouble.what {
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
	case clockOff:
		p.ahead(10 * time.Minute)
		return next.RoundTrip(r)
	}
	p.cloud.Inject(fault)
	resp, err := next.RoundTrip(r)
	if p.trouble.what == killedBefore || p.trouble.what == killedAfter {
		p.die()
	}
	return resp, err
}

// ahead has the services' clock ahead of the process's.
func (c *cell) ahead(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = by
	c.cloud.SetClock(by)
}

// serverTime is the time as the services have it.
func (c *cell) serverTime() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// patient looks that nothing was asked of the host earlier than it had said.
func (c *cell) patient() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.early) > 0 {
		c.t.Errorf("%s: %s answered 429 with Retry-After; earlier than that came %v", c.where, c.hit, c.early)
	}
}

// troubleFor is what a person would see of a process that goes on without an end.
const troubleFor = 15 * time.Minute
