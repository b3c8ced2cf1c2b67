package turn_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/axiomio/xops-onboard/internal/turn"
)

func TestLimitMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for before, want := range map[int64]int64{math.MaxInt64: turn.Memory, 1 << 40: 1 << 40, 32 << 20: 32 << 20} {
		debug.SetMemoryLimit(before)
		turn.LimitMemory()
		if got := debug.SetMemoryLimit(-1); got != want {
			t.Errorf("a limit of %d became %d, want %d", before, got, want)
		}
	}
}
