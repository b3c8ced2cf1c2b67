package registry

import (
	"os"
	"runtime"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// Self is this process: the host, its start, and what tells this process from
// an earlier one of the same number. What the system does not tell is empty.
func Self() account.Owner {
	pid := os.Getpid()
	start, _ := started(pid)
	return account.Owner{Host: host(), Boot: boot(), PID: pid, Start: start}
}

// host is the system's name. On macOS without its domain, which a laptop there
// takes from the network it is in.
func host() string {
	name, _ := os.Hostname()
	if runtime.GOOS == "darwin" {
		name, _, _ = strings.Cut(name, ".")
	}
	return name
}

// Alive tells whether the process runs that an owner names. A process of the
// same number that was started at another time is another one, and a host that
// was started anew runs none of the old. What cannot be told from here counts
// as alive, because it is not ours to touch then: a process of another host, or
// of another container.
func Alive(o account.Owner) bool { return alive(o, Self(), started) }

// state is how much is known of a process.
type state int

const (
	gone    state = iota // there is none of that number
	running              // there is one, and its start is known
	hidden               // there is one, or it cannot be told
)

// alive is Alive as seen by me, on a system where started tells of processes.
func alive(o, me account.Owner, started func(pid int) (string, state)) bool {
	switch {
	case o == account.Owner{}:
		return false
	case o.Boot == me.Boot && (o.Boot != "" || o.Host == me.Host):
		// The same start of the same system, also where the host was renamed.
		start, is := started(o.PID)
		return is == hidden || is == running && (start == o.Start || o.Start == "")
	case o.Boot == "" || me.Boot == "" || sameKernel(o.Boot, me.Boot):
		return true // not told, or another container
	}
	return o.Host != me.Host
}
