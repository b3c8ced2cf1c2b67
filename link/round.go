package link

import (
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
)

// Round is the verification of many accounts, some of them at a time. Whoever
// watches it may come and go; it waits with the next account until what it found
// was taken.
type Round struct {
	found  chan Found
	cancel context.CancelFunc
	ended  chan struct{}
}

// Found is what a round found of one account: that it is being asked, then a
// report, or why there is none. That a key store is not to be used without
// asking is told once for each store, with the store as Subject; its other
// accounts are passed over.
type Found struct {
	ID     account.ID
	Asking bool
	Report account.Report
	Err    error
}

// Next waits for what is found next; io.EOF when all accounts were looked at or
// the round was stopped, and ctx's error when that ended first.
func (r *Round) Next(ctx context.Context) (Found, error) {
	select {
	case f := <-r.found:
		return f, nil
	case <-ctx.Done():
		return Found{}, context.Cause(ctx)
	case <-r.ended:
		return Found{}, io.EOF
	}
}

// Stop ends the round, and does not wait.
func (r *Round) Stop() { r.cancel() }

// VerifyAll verifies accounts in their order, at most that many at a time, and
// keeps what each check found. Those that wait for their own service count no
// longer (turn). No key store is used that would have to ask.
func (os *Operations) VerifyAll(ids []account.ID, atOnce int) *Round {
	ctx, cancel := context.WithCancel(os.ctx)
	r := &Round{found: make(chan Found), cancel: cancel, ended: make(chan struct{})}
	var stores closedStores
	os.launch(func() {
		defer close(r.ended)
		defer cancel()
		turn.Each(ctx, atOnce, slices.Values(ids), func(ctx context.Context, id account.ID) {
			if f, told := os.look(ctx, id, &stores, r.tell(ctx)); told {
				r.tell(ctx)(f)
			}
		})
	})
	return r
}

// tell waits until what was found is taken, or nobody is to be told any more.
func (r *Round) tell(ctx context.Context) func(Found) {
	return func(f Found) {
		select {
		case r.found <- f:
		case <-ctx.Done():
		}
	}
}

// closedStores are the key stores that were seen not to be ready in one round.
type closedStores struct {
	mu  sync.Mutex
	all map[account.Store]bool
}

// is tells whether a store was seen so; close notes it, and tells whether it is news.
func (c *closedStores) is(s account.Store) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[s]
}

func (c *closedStores) close(s account.Store) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := c.all[s]
	if c.all == nil {
		c.all = map[account.Store]bool{}
	}
	c.all[s] = true
	return !was
}

// look verifies one account and keeps what it found; false where there is
// nothing to tell of it.
func (os *Operations) look(ctx context.Context, id account.ID, closed *closedStores, tell func(Found)) (Found, bool) {
	a, err := os.ports.Registry.Account(ctx, id)
	if account.KindOf(err) == account.NotFound { // removed meanwhile
		return Found{}, false
	}
	if err != nil {
		return Found{ID: id, Err: err}, true
	}
	store := a.Key.Store
	if closed.is(store) {
		return Found{}, false
	}
	if accountParty(a, a.Key).keyless() { // no store is asked for it
	} else if s := os.ports.Keys.Probe(ctx, store); s.State != account.StoreReady {
		return Found{ID: id, Err: &account.Problem{Kind: account.StoreNotUsable, State: s.State, Subject: string(store)}}, closed.close(store)
	}
	tell(Found{ID: id, Asking: true})
	r := os.checkInTurn(ctx, a)
	if ctx.Err() != nil {
		return Found{}, false
	}
	if c := r.Admission(); c.Problem != nil && c.Problem.Kind == account.StoreNotUsable {
		// It was locked in between. What was found before says more.
		return Found{ID: id, Err: c.Problem}, closed.close(store)
	}
	err = os.write(ctx, TheReport, func(ctx context.Context) error { return os.ports.Registry.SaveReport(ctx, id, r) })
	return Found{ID: id, Report: r, Err: err}, true
}

// checkInTurn makes the checks of an account as one of several: when they take
// long it waits for its own service, and gives its turn up.
func (os *Operations) checkInTurn(ctx context.Context, a account.Account) account.Report {
	defer time.AfterFunc(turn.Late, func() { turn.Leave(ctx) }).Stop()
	return os.check(ctx, accountParty(a, a.Key))
}
