package hardening

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Apply makes the process undumpable, so that its memory and environment under
// /proc belong to root and no process of the same user can attach to it
// (https://man7.org/linux/man-pages/man2/PR_SET_DUMPABLE.2const.html), and sets
// the size of core dumps to 0 for it and the programs it starts. A program
// that is started gets the first of the two back by being executed.
func Apply() error {
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("make the process undumpable: %w", err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("turn core dumps off: %w", err)
	}
	return nil
}
