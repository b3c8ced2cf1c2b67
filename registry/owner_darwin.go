package registry

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// boot is the id of this start of the system. It is not the time of the start,
// which moves when the clock is set.
func boot() string {
	id, _ := unix.Sysctl("kern.bootsessionuuid")
	return id
}

func sameKernel(string, string) bool { return false }

// started is when a process was started.
func started(pid int) (string, state) {
	if pid <= 0 {
		return "", gone
	}
	p, err := unix.SysctlKinfoProc("kern.proc.pid", pid)
	if err != nil {
		if errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			return "", gone
		}
		return "", hidden
	}
	const zombie = 5 // SZOMB of sys/proc.h
	if p.Proc.P_stat == zombie {
		return "", gone
	}
	at := p.Proc.P_starttime
	return fmt.Sprintf("%d.%06d", at.Sec, at.Usec), running
}
