package aws

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach gives the program a console of its own that nobody sees. With none at
// all each program that it starts would open one.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW | windows.CREATE_NEW_PROCESS_GROUP}
}
