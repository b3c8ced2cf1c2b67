package registry

import (
	"errors"
	"time"

	"golang.org/x/sys/windows"
)

// sync does nothing: Windows has no such call for directories, and NTFS keeps
// the order of renames in its journal.
func (files) sync(string) error { return nil }

// patiently does what may fail because another process, ours or a virus
// scanner, has the file open for a moment. It gives up after two seconds.
func patiently(do func() error) error {
	for end := time.Now().Add(2 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := do()
		if err == nil || time.Now().After(end) {
			return err
		}
		if !errors.Is(err, windows.ERROR_SHARING_VIOLATION) && !errors.Is(err, windows.ERROR_ACCESS_DENIED) {
			return err
		}
	}
}
