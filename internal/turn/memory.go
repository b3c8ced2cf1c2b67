package turn

import (
	"math"
	"runtime/debug"
)

// What a process tries to get along with, in bytes, however many wait for their turn: a
// tenant that throttles has some of its accounts wait with all their calls, the more of
// them the faster the machine is. Of very many accounts the list alone would be as much,
// which has about a quarter of what is allowed for each.
const (
	memory = 64 << 20
	ofEach = 4 << 10
)

// LimitMemory has the process, which has listed so many accounts, collect what nobody
// needs the more often the nearer it is to that, which is no bound: what is needed it gets.
// Where somebody set another limit (GOMEMLIMIT, but for "off") it does nothing.
func LimitMemory(accounts int) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(max(memory, ofEach*int64(accounts)))
	}
}
