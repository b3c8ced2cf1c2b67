//go:build unix

package registry

import (
	"errors"
	"os"
	"syscall"
)

// sync forces the names in a directory to the disk: without it a rename may be
// undone by a loss of power. Some network file systems cannot, and do without.
func (files) sync(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, syscall.ENOTSUP) {
		return err
	}
	return nil
}

// patiently is for systems where a file that somebody reads cannot be replaced.
func patiently(do func() error) error { return do() }
