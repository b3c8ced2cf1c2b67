package turn_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/internal/turn"
)

// watch is how many do something at a time, at most.
type watch struct {
	mu        sync.Mutex
	now, most int
}

func (w *watch) call(d time.Duration) {
	w.add(1)
	time.Sleep(d)
	w.add(-1)
}

func (w *watch) add(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now += n
	w.most = max(w.most, w.now)
}

// TestOneWaitsForItselfAlone has more that wait than may be at work at a time:
// the others are done as if these were not there, and those that come back come
// no more at a time either.
func TestOneWaitsForItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const most, wait, call = 4, 45 * time.Second, 50 * time.Millisecond
		all := append(slices.Repeat([]bool{true}, 40), slices.Repeat([]bool{false}, 20)...)
		var mu sync.Mutex
		var others time.Duration
		var first, again watch
		began := time.Now()
		turn.Each(t.Context(), most, slices.Values(all), func(ctx context.Context, waits bool) {
			if !waits {
				first.call(call)
				mu.Lock()
				defer mu.Unlock()
				others = max(others, time.Since(began))
				return
			}
			turn.Leave(ctx)
			turn.Leave(ctx) // and gives no other's up
			time.Sleep(wait)
			done, err := turn.Enter(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			again.call(call)
		})
		if want := 20 / most * call; others != want {
			t.Errorf("the others were done after %v, want %v", others, want)
		}
		if took, want := time.Since(began), wait+40/most*call; took != want {
			t.Errorf("all were done after %v, want %v", took, want)
		}
		if first.most != most || again.most != most {
			t.Errorf("%d at a time, and %d that came back; want %d", first.most, again.most, most)
		}
	})
}

// TestLateCallsKeepNoOther has calls of those that came back that hang.
func TestLateCallsKeepNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		turn.Each(t.Context(), 1, slices.Values([]bool{true, true, false}), func(ctx context.Context, hangs bool) {
			turn.Leave(ctx)
			time.Sleep(time.Second)
			done, err := turn.Enter(ctx)
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			if hangs {
				time.Sleep(time.Minute)
			} else if took, most := time.Since(began), time.Second+2*turn.Late; took > most {
				t.Errorf("it came to its turn after %v, want %v at most", took, most)
			}
		})
	})
}

// TestTheEnd begins no other once ctx has ended, and keeps nobody waiting.
func TestTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var begun atomic.Int32
		turn.Each(ctx, 2, slices.Values(make([]int, 10)), func(ctx context.Context, _ int) {
			begun.Add(1)
			turn.Leave(ctx)
			time.AfterFunc(time.Second, cancel)
			<-ctx.Done()
			if _, err := turn.Enter(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("entered with %v", err)
			}
		})
		if begun.Load() == 0 {
			t.Error("none was begun")
		}
		turn.Each(ctx, 2, slices.Values(make([]int, 10)), func(context.Context, int) { t.Error("one was begun after the end") })
	})
}

// TestAlone is that whoever takes no turns waits for none.
func TestAlone(t *testing.T) {
	turn.Leave(t.Context())
	turn.Leave(turn.With(t.Context(), nil))
	done, err := turn.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done()
}
