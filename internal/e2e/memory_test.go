//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// peak is the most memory that a process has had at a time, in bytes, and whether it
// still runs. It is that of its program alone. What wait4 tells is not: a process
// begins in the memory of whoever starts it, and the most of that counts as well.
func peak(pid int) (bytes int, runs bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	kilobytes, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(line), " kB"))
	return kilobytes << 10, err == nil
}

// weighed runs a command, and gives what it writes to its output and its peak, but
// for what the last moment adds.
func weighed(cmd *exec.Cmd) (out string, most int, err error) {
	var b strings.Builder
	cmd.Stdout = &b
	if err := cmd.Start(); err != nil {
		return "", 0, err
	}
	over := make(chan error)
	go func() { over <- cmd.Wait() }()
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case err = <-over:
			return b.String(), most, err
		case <-look.C:
			now, _ := peak(cmd.Process.Pid)
			most = max(most, now)
		}
	}
}
