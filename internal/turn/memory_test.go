package turn_test

import (
	"math"
	"runtime/debug"
	"testing"

	"github.com/axiomio/xops-onboard/internal/turn"
)

func TestLimitMemory(t *testing.T) {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for _, test := range []struct {
		before   int64
		accounts int
		want     int64
	}{{math.MaxInt64, 0, 64 << 20}, {math.MaxInt64, 10_000, 64 << 20}, {math.MaxInt64, 100 << 10, 400 << 20}, {1 << 40, 10, 1 << 40}, {32 << 20, 100 << 10, 32 << 20}} {
		debug.SetMemoryLimit(test.before)
		turn.LimitMemory(test.accounts)
		if got := debug.SetMemoryLimit(-1); got != test.want {
			t.Errorf("with %d accounts a limit of %d became %d, want %d", test.accounts, test.before, got, test.want)
		}
	}
}
