package registry

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// boot is the random id of this start of the kernel and the number of our
// process namespace: in another one the same process has another number
// (https://man7.org/linux/man-pages/man7/pid_namespaces.7.html).
func boot() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, _ := os.Readlink("/proc/self/ns/pid")
	return strings.TrimSpace(string(id)) + " " + space
}

// sameKernel tells whether two of boot are of one start of one kernel.
func sameKernel(a, b string) bool {
	a, _, _ = strings.Cut(a, " ")
	b, _, _ = strings.Cut(b, " ")
	return a != "" && a == b
}

// started is when a process was started, in ticks since the kernel was
// (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22).
func started(pid int) (string, state) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		// With hidepid /proc shows no process that we may not trace, and ours
		// make themselves such.
		if pid <= 0 || errors.Is(unix.Kill(pid, 0), unix.ESRCH) {
			return "", gone
		}
		return "", hidden
	}
	// The second field is the program's name in brackets, with anything in it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return "", hidden
	}
	if s := string(fields[0]); s == "Z" || s == "X" { // ended, and not yet waited for
		return "", gone
	}
	return string(fields[19]), running
}
