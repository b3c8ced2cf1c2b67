package cli

import (
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestOneWaitsForItselfAlone has some that take long: they take no other's turn.
func TestOneWaitsForItselfAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := slices.Repeat([]bool{true}, 40) // throttled for as long as a verification may take
		all = append(all, slices.Repeat([]bool{false}, 320)...)
		var mu sync.Mutex
		var others time.Duration
		began := time.Now()
		atOnce(t.Context(), 32, slow, all, func(throttled bool) {
			if throttled {
				time.Sleep(45 * time.Second)
				return
			}
			time.Sleep(50 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			others = time.Since(began)
		})
		if most := 2*slow + time.Second; others > most {
			t.Errorf("the others were done after %v, want %v at most", others, most)
		}
	})
}
