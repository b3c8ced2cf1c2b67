package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// disk is where the files are: files or memory. A file that is not there is
// fs.ErrNotExist.
type disk interface {
	read(path string) ([]byte, error)
	// open is read, for what need not be in memory as a whole.
	open(path string) (io.ReadCloser, error)
	list(dir string) ([]string, error)
	// stamp changes whenever a file of the directory comes, goes or is replaced.
	stamp(dir string) (string, error)
	// settled tells that the stamp has been so for a while, so that another
	// change gives another.
	settled(dir string) bool
	// mkdir makes a directory and what leads to it, for this user alone.
	mkdir(dir string) error
	// write makes a file of a new name in the directory, for this user alone.
	// With sync its content is on the disk.
	write(dir string, data []byte, sync bool) (temp string, err error)
	rename(temp, path string) error
	// append adds to the end of a file, for this user alone, and forces it to
	// the disk; it makes the file.
	append(path string, data []byte) error
	// remove deletes a file. None there is no error.
	remove(path string) error
	// sync forces the names in a directory to the disk.
	sync(dir string) error
	// sweep removes files of write that are older and were never renamed.
	sweep(dir string, before time.Time)
	// lock waits for the lock of that path until ctx ends.
	lock(ctx context.Context, path string) (unlock func(), err error)
}

// files is the disk of this machine.
type files struct{}

// tempPrefix begins the name of a file that is not whole yet.
const tempPrefix = ".new-"

// most is more than any file of the registry has: an index of 10,000 accounts has
// some two million bytes.
const most = 64 << 20

var (
	errNotPlain = errors.New("it is not a plain file")
	errTooLarge = fmt.Errorf("it has more than %d MiB", most>>20)
)

// open opens plain files alone: what a link, a pipe or a device gives is not what
// this program wrote there.
func (files) open(path string) (f io.ReadCloser, err error) {
	info, err := os.Lstat(path)
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errNotPlain
	case info.Size() > most:
		return nil, errTooLarge
	}
	err = patiently(func() (err error) {
		f, err = os.Open(path)
		return err
	})
	return f, err
}

func (d files) read(path string) ([]byte, error) {
	f, err := d.open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && len(data) > most {
		err = errTooLarge
	}
	return data, err
}

func (files) list(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	return d.Readdirnames(-1)
}

func (files) stamp(dir string) (string, error) {
	info, err := os.Stat(dir)
	if err != nil {
		return "", err
	}
	return strconv.FormatInt(info.ModTime().UnixNano(), 36), nil
}

func (files) settled(dir string) bool {
	info, err := os.Stat(dir)
	return err == nil && time.Since(info.ModTime()) > unsettled
}

func (f files) mkdir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := f.mkdir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if info, statErr := os.Stat(dir); statErr == nil && info.IsDir() {
			return nil // another process was first
		}
		return err
	}
	return f.sync(parent)
}

func (files) write(dir string, data []byte, sync bool) (temp string, err error) {
	f, err := os.CreateTemp(dir, tempPrefix+"*")
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	if err := f.Chmod(0o600); err != nil { // whatever the umask took away
		return "", err
	}
	if _, err := f.Write(data); err != nil {
		return "", err
	}
	if sync {
		if err := f.Sync(); err != nil {
			return "", err
		}
	}
	return f.Name(), f.Close()
}

func (files) rename(temp, path string) error {
	return patiently(func() error { return os.Rename(temp, path) })
}

func (files) append(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Sync(), f.Close())
}

func (files) remove(path string) error {
	err := patiently(func() error { return os.Remove(path) })
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (f files) sweep(dir string, before time.Time) {
	names, _ := f.list(dir)
	for _, name := range names {
		if !strings.HasPrefix(name, tempPrefix) {
			continue
		}
		path := filepath.Join(dir, name)
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.ModTime().Before(before) {
			_ = os.Remove(path)
		}
	}
}

// lock takes the lock of path, which asks again and again and would let who just
// had it have it once more, many times over. So one waits for it in a queue of
// one place: who comes back stands behind who is there.
func (files) lock(ctx context.Context, path string) (func(), error) {
	queue, l := flock.New(path+".queue", flock.SetPermissions(0o600)), flock.New(path, flock.SetPermissions(0o600))
	for _, take := range []*flock.Flock{queue, l} {
		if _, err := take.TryLockContext(ctx, 5*time.Millisecond); err != nil {
			_ = queue.Unlock()
			return nil, fmt.Errorf("lock: %w", err)
		}
	}
	_ = queue.Unlock()
	return func() { _ = l.Unlock() }, nil
}
