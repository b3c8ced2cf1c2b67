package browser

import (
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// detach keeps the program off our console and out of its ctrl+c.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.DETACHED_PROCESS | windows.CREATE_NEW_PROCESS_GROUP}
}
