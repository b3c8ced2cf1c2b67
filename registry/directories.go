package registry

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Directories tells of the places where the registry keeps its files whether they
// can be written, by this user alone. One that is not there yet is made by the first
// write; then the nearest one above it has to let that happen. Nothing is left behind.
func Directories(now time.Time, places ...string) (found []account.Finding) {
	for _, dir := range places {
		f := account.Finding{Check: account.Check{Name: account.Directories, State: account.Holds, At: now}, Subject: account.Clean(dir, 300), Needed: true}
		if err := writable(dir); err != nil {
			f.State, f.Problem = account.Missing, account.AsProblem(&account.Problem{Kind: account.RegistryUnread, Subject: f.Subject, Err: err})
			found = append(found, f)
			continue
		}
		info, err := os.Stat(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			f.Detail = []string{"not there yet; the first write makes it"}
		case err == nil && runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
			f.State, f.Problem = account.Missing, &account.Problem{Kind: account.DirectoryOpen, Subject: f.Subject, Message: info.Mode().Perm().String()}
		default:
			f.Detail = []string{"can be written, and is this user's alone"}
		}
		found = append(found, f)
	}
	return found
}

// writable is nil where a file can be made in a directory, or in the one above it in
// which it would be made.
func writable(dir string) error {
	info, err := os.Stat(dir)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		dir = filepath.Dir(dir)
		info, err = os.Stat(dir)
	}
	switch {
	case err != nil:
		return err
	case !info.IsDir():
		return errors.New("there is something else than a directory")
	}
	f, err := os.CreateTemp(dir, tempPrefix)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}
