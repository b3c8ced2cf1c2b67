//go:build unix

package browser

import (
	"os/exec"
	"syscall"
)

// detach gives the program a session of its own: no controlling terminal, and
// none of the signals that ours sends.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
