//go:build unix && !linux && !darwin

package registry

import (
	"errors"

	"golang.org/x/sys/unix"
)

// boot is not known here, so a process is told by its number alone.
func boot() string { return "" }

func sameKernel(string, string) bool { return false }

// started tells whether there is a process, and not since when.
func started(pid int) (string, state) {
	if pid <= 0 || errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
		return "", gone
	}
	return "", hidden
}
