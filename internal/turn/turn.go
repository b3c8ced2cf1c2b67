// Package turn has pieces of work done some at a time. A piece that its own
// service asks to wait gives its turn up and keeps no other from having one; what
// it still asks afterwards it asks in turn with those that gave theirs up as well.
package turn

import (
	"context"
	"iter"
	"sync"
	"time"
)

// Late is how long a call may take that counts: one that takes longer waits for
// its own service alone.
const Late = 5 * time.Second

// Turn is that of one piece of work.
type Turn struct {
	again chan struct{} // the turns of those that gave theirs up, as many as there are of the others

	mu     sync.Mutex
	giveUp func() // nil once it was given up
}

type key struct{}

// With is a context for work that has the turn; nil is none, and is never waited for.
func With(ctx context.Context, t *Turn) context.Context { return context.WithValue(ctx, key{}, t) }

// Of is the turn that a context's work has, nil for none.
func Of(ctx context.Context) *Turn {
	t, _ := ctx.Value(key{}).(*Turn)
	return t
}

// Each does f for all of them in their order, so many at a time, and waits for
// the last. The context of each has its turn. When ctx ends no other is begun.
func Each[T any](ctx context.Context, most int, all iter.Seq[T], f func(context.Context, T)) {
	first, again := make(chan struct{}, most), make(chan struct{}, most)
	var group sync.WaitGroup
	defer group.Wait()
	for x := range all {
		giveUp, err := taken(ctx, first)
		if err != nil {
			return
		}
		t := &Turn{again: again, giveUp: giveUp}
		group.Go(func() {
			defer t.leave()
			f(With(ctx, t), x)
		})
	}
}

// Leave gives up the turn of a context's work, because it waits for its own service.
func Leave(ctx context.Context) {
	if t := Of(ctx); t != nil {
		t.leave()
	}
}

// Enter waits until the work of ctx, which may have given its turn up, may do one
// thing more, and gives what tells that it is done.
func Enter(ctx context.Context) (done func(), err error) {
	t := Of(ctx)
	if t == nil || t.has() {
		return func() {}, nil
	}
	giveUp, err := taken(ctx, t.again)
	if err != nil {
		return nil, err
	}
	late := time.AfterFunc(Late, giveUp)
	return func() { late.Stop(); giveUp() }, nil
}

// taken takes one of some turns, and gives what gives it up, once.
func taken(ctx context.Context, turns chan struct{}) (giveUp func(), err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case turns <- struct{}{}:
		return sync.OnceFunc(func() { <-turns }), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (t *Turn) has() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.giveUp != nil
}

func (t *Turn) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.giveUp != nil {
		t.giveUp()
		t.giveUp = nil
	}
}
