package hardening

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// Apply sets the size of core dumps to 0 for this process and the programs it
// starts. Reading the memory of another process needs the user's consent on
// macOS as it is.
func Apply() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("turn core dumps off: %w", err)
	}
	return nil
}
