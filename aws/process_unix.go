//go:build unix

package aws

import (
	"os/exec"
	"syscall"
)

// detach gives the program a session of its own, which has no controlling terminal.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
