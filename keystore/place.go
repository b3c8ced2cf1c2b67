package keystore

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// place writes a file that was not there, for this user alone: it is there
// whole, and on disk, or it is not there. fs.ErrExist if it was.
func place(dir, name string, content []byte) error {
	if err := makeDir(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, name+".*.new") // 0600, and never over another file
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := named(f.Name(), filepath.Join(dir, name)); err != nil {
		return err
	}
	return syncDir(dir)
}

// makeDir makes a directory that is missing, and has its name on disk.
func makeDir(dir string, mode fs.FileMode) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// named gives a file its name, which nothing may have yet. A second link does
// that in one step; where the file system has none, a look goes before.
func named(from, to string) error {
	err := os.Link(from, to)
	if err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fs.ErrExist)
	}
	return os.Rename(from, to)
}

// sweep takes away what a killed process left of writing this file.
func sweep(dir, name string) {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), name+".") && strings.HasSuffix(e.Name(), ".new") {
			_ = os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// syncDir has the names in a directory on disk. Windows does that by itself.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// readRegular reads a file of the store, and nothing that was put in its
// place. fs.ErrNotExist is passed on.
func readRegular(name string) ([]byte, error) {
	before, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, unread(name, err)
	}
	if !before.Mode().IsRegular() || before.Size() > fileMost {
		return nil, damaged(errors.New("not a regular file of this program's"))
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unread(name, err)
	}
	defer f.Close()
	if after, err := f.Stat(); err != nil || !os.SameFile(before, after) {
		return nil, damaged(errors.New("the file was changed while it was read"))
	}
	b, err := io.ReadAll(io.LimitReader(f, fileMost))
	if err != nil {
		return nil, unread(name, err)
	}
	return b, nil
}

func unread(name string, err error) *account.Problem {
	return &account.Problem{Kind: account.RegistryUnread, Subject: name, Err: err}
}

func notWritten(name string, err error) *account.Problem {
	return &account.Problem{Kind: account.FileNotWritten, Subject: name, Err: err}
}
