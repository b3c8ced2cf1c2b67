//go:build unix

package registry_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/registry"
)

func TestDirectories(t *testing.T) {
	dir := t.TempDir()
	mine, open, file := filepath.Join(dir, "mine"), filepath.Join(dir, "open"), filepath.Join(dir, "file")
	for d, mode := range map[string]os.FileMode{mine: 0o700, open: 0o755} {
		if err := os.Mkdir(d, mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	later := filepath.Join(dir, "not", "yet")
	for d, want := range map[string]struct {
		state account.CheckState
		kind  account.Kind
	}{
		mine: {state: account.Holds}, later: {state: account.Holds},
		open: {account.Missing, account.DirectoryOpen}, file: {account.Missing, account.RegistryUnread},
		filepath.Join(file, "under"): {account.Missing, account.RegistryUnread},
	} {
		f := registry.Directories(time.Now(), d)[0]
		if f.State != want.state || want.kind != "" && f.Problem.Kind != want.kind {
			t.Errorf("%s is %+v", d, f)
		}
	}
	for _, d := range []string{mine, open} {
		if left, err := os.ReadDir(d); err != nil || len(left) > 0 {
			t.Errorf("%s has %v, %v", d, left, err)
		}
	}
	if _, err := os.Stat(filepath.Dir(later)); err == nil {
		t.Error("a directory was made")
	}
}
