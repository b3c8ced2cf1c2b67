package registry

import (
	"errors"
	"strconv"

	"golang.org/x/sys/windows"
)

// boot is empty: the time a process was created, to 100 nanoseconds, tells it
// from one of an earlier start as well.
func boot() string { return "" }

func sameKernel(string, string) bool { return false }

// started is when a process was created.
func started(pid int) (string, state) {
	if pid <= 0 {
		return "", gone
	}
	h, err := windows.OpenProcess(windows.PROCESS_QUERY_LIMITED_INFORMATION|windows.SYNCHRONIZE, false, uint32(pid))
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) { // Windows for: no such process
		return "", gone
	}
	if err != nil {
		return "", hidden
	}
	defer func() { _ = windows.CloseHandle(h) }()
	// It can have ended and still be there, while somebody holds a handle.
	if e, err := windows.WaitForSingleObject(h, 0); err == nil && e == windows.WAIT_OBJECT_0 {
		return "", gone
	}
	var created, exited, kernel, user windows.Filetime
	if err := windows.GetProcessTimes(h, &created, &exited, &kernel, &user); err != nil {
		return "", hidden
	}
	return strconv.FormatInt(created.Nanoseconds(), 10), running
}
