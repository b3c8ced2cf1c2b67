package azure

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Session is a person's sign-in for Azure Resource Manager. It holds the token
// until Forget.
type Session interface {
	Person() account.Person
	// Bearer is the token. SignInOver once it was dropped.
	Bearer() (rest.Bearer, error)
	Forget()
}

// Administrator is a person who signed in, and what can be done in Azure on that
// person's behalf. The token is the session's. It may be used from any goroutine.
//
// Every change can be found again, is done when it is there already, and has its
// way back. What a change tells of is every call that it made.
type Administrator struct {
	rest    *rest.Client
	root    string
	session Session
	now     func() time.Time
}

// Administer is what the person of a session can do in a cloud's Azure. now is
// the wall clock, for pauses; nil is time.Now.
func Administer(client *rest.Client, cloud account.CloudID, s Session, now func() time.Time) *Administrator {
	if now == nil {
		now = time.Now
	}
	return &Administrator{rest: client, root: root(cloud.Cloud()), session: s, now: now}
}

// Person is who signed in.
func (a *Administrator) Person() account.Person { return a.session.Person() }

// Forget drops the token. What is asked afterwards fails with SignInOver.
func (a *Administrator) Forget() { a.session.Forget() }

// Format writes who it is, for every verb.
func (a *Administrator) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "administrator "+a.Person().UPN)
}

const (
	// spreadLimit is how long a new enterprise app, or what was deleted, is waited
	// for. After that the id is looked at again, and not longer for.
	spreadLimit = 2 * time.Minute
	firstPause  = 2 * time.Second
	// changeLimit bounds one change with all its waiting.
	changeLimit = 10 * time.Minute
)

// change is one change being made, with every call that it takes. When its
// context ends, reads and pauses end at once and nothing more is sent; a write
// that was sent is waited for.
type change struct {
	asker
	now  func() time.Time
	tell func(account.Pause)

	paused time.Duration // the last pause
	until  time.Time     // on the monotonic clock

	mu    sync.Mutex // a survey's calls are made side by side
	since time.Time  // of the first pause, by this machine's clock
}

// do runs f as one change; tell, which may be nil, hears of its pauses.
func do[T any](ctx context.Context, a *Administrator, tell func(account.Pause), f func(context.Context, *change) (T, error)) (made T, calls []account.Evidence, err error) {
	bearer, err := a.session.Bearer()
	if err != nil {
		return made, nil, err
	}
	if tell == nil {
		tell = func(account.Pause) {}
	}
	c := &change{asker: asker{a.rest, a.root, bearer}, now: a.now, tell: tell}
	calls, err = rest.Change(ctx, changeLimit, c.heldBack, func(ctx context.Context) (err error) {
		made, err = f(ctx, c)
		return err
	})
	return made, calls, err
}

// heldBack tells of a pause that the pipeline makes.
func (c *change) heldBack(wait time.Duration, asked bool) {
	reason := account.AnswerLost
	if asked {
		reason = account.AskedToWait
	}
	now := c.now()
	c.tell(account.Pause{Reason: reason, Since: c.begun(now), Next: now.Add(wait), Until: now.Add(wait)})
}

// begun is when the first pause began.
func (c *change) begun(now time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.since.IsZero() {
		c.since = now
	}
	return c.since
}

// pause waits before the next look: two seconds, then twice as long each time.
// It tells whether there was time left for that.
func (c *change) pause(ctx context.Context, reason account.PauseReason) (bool, error) {
	now := c.now()
	if c.until.IsZero() {
		c.until = time.Now().Add(spreadLimit)
	}
	left := time.Until(c.until)
	if left <= 0 {
		return false, nil
	}
	c.paused = max(firstPause, 2*c.paused)
	wait := min(c.paused, left)
	c.tell(account.Pause{Reason: reason, Since: c.begun(now), Next: now.Add(wait), Until: now.Add(left)})
	return true, rest.Rested(ctx, wait)
}

func (c *change) get(ctx context.Context, path string, into any) error {
	return rest.Patiently(ctx, func() error {
		_, err := c.rest.GetJSON(ctx, c.root+path, c.bearer, into)
		return err
	})
}

// collect reads a collection.
func collect[T any](ctx context.Context, c *change, address string) (all rest.Collected[T], err error) {
	err = rest.Patiently(ctx, func() (err error) {
		all, err = rest.Collect[T](ctx, c.rest, c.root+address, c.bearer, mostPages)
		return err
	})
	return all, err
}

// write makes a change, all of which here do no harm when they are made twice.
func (c *change) write(ctx context.Context, w rest.Write, path string, into any) (a rest.Answer, err error) {
	w.Address = c.root + path
	err = rest.Patiently(ctx, func() (err error) {
		a, err = c.rest.WriteJSON(rest.Idempotent(rest.Uncut(ctx)), w, c.bearer, into)
		return err
	})
	return a, err
}

// remove deletes what is at an address. Nothing there is no error.
func (c *change) remove(ctx context.Context, address string) error {
	var deleted struct{}
	_, err := c.write(ctx, rest.Write{Method: http.MethodDelete, MayBeEmpty: true}, address, &deleted)
	if err != nil && !gone(err) {
		return problemOf(err, persons)
	}
	return nil
}

// gone tells whether something is not there.
func gone(err error) bool {
	var r *rest.Refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound
}
