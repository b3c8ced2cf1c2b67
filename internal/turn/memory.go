package turn

import (
	"math"
	"runtime/debug"
)

// Memory is what a process tries to get along with, in bytes, however many wait for
// their turn: a tenant that throttles has some of its accounts wait with all their calls,
// the more of them the faster the machine is.
const Memory = 64 << 20

// LimitMemory has the process collect what nobody needs the more often the nearer it is
// to Memory, which is no bound: what is needed it gets. Where somebody said otherwise
// (GOMEMLIMIT) it does nothing.
func LimitMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(Memory)
	}
}
