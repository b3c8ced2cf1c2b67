//go:build unix

package keystore

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// saves are the two that write files; what holds for both is asked of both.
type saves interface {
	Certificate(ctx context.Context, dir, name, pem string) (string, error)
	Text(ctx context.Context, dir, name, text string) (string, error)
}

// TestNames holds how a name is found, on disk and in memory alike.
func TestNames(t *testing.T) {
	_, memory := Memory()
	for what, s := range map[string]saves{"disk": Files{}, "memory": memory} {
		dir := t.TempDir()
		for _, step := range []struct{ name, text, want string }{
			{"a.cer", "one", "a.cer"},
			{"a.cer", "one", "a.cer"},
			{"a.cer", "two", "a-2.cer"},
			{"a.cer", "three", "a-3.cer"},
			{"a.cer", "two", "a-2.cer"},
			{"a", "one", "a"},
			{"a", "two", "a-2"},
		} {
			got, err := s.Text(t.Context(), dir, step.name, step.text)
			if err != nil || got != filepath.Join(dir, step.want) {
				t.Errorf("%s: Text(%s, %s) = %q, %v, want %s", what, step.name, step.text, got, err, step.want)
			}
		}
		for _, name := range []string{"", ".", "..", "../x", "/x", "a/b", `a\b`, "a\x00"} {
			if path, err := s.Text(t.Context(), dir, name, "x"); account.KindOf(err) != account.FileNotWritten || path != "" {
				t.Errorf("%s: the name %q: %q, %v", what, name, path, err)
			}
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		if _, err := s.Text(ctx, dir, "b", "x"); account.KindOf(err) != account.Cancelled {
			t.Errorf("%s: an ended context: %v", what, err)
		}
	}
	if path, err := memory.Text(t.Context(), "~/Downloads", "x.txt", "y"); err != nil || path != "~/Downloads/x.txt" {
		t.Errorf("in memory a directory is any text: %q, %v", path, err)
	}
}

// TestOnlyCertificates holds that nothing but certificates is written as one.
func TestOnlyCertificates(t *testing.T) {
	made, _ := certify(t, 2048)
	key := "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"
	_, memory := Memory()
	for what, s := range map[string]saves{"disk": Files{}, "memory": memory} {
		dir := t.TempDir()
		for _, text := range []string{"", "x", key, made.PEM + key, key + made.PEM, "secret\n" + made.PEM, made.PEM + "secret", strings.Replace(made.PEM, "MII", "AAA", 1), strings.Replace(made.PEM, "-----\n", "-----\nKey: secret\n\n", 1)} {
			if _, err := s.Certificate(t.Context(), dir, "c.cer", text); account.KindOf(err) != account.FileNotWritten {
				t.Errorf("%s: %q was written: %v", what, account.Clean(text, 60), err)
			}
		}
		if names := files(t, dir); len(names) != 0 {
			t.Errorf("%s: files %v", what, names)
		}
		for _, text := range []string{made.PEM, made.PEM + made.PEM} {
			if _, err := s.Certificate(t.Context(), dir, "c.cer", text); err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
}

// TestFilesOnDisk holds modes, the directory that is made, and that a link in
// the file's place is neither followed nor replaced.
func TestFilesOnDisk(t *testing.T) {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	made, _ := certify(t, 2048)
	dir := filepath.Join(t.TempDir(), "new", "Downloads")
	path, err := Files{}.Certificate(t.Context(), dir, "c.cer", made.PEM)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]os.FileMode{dir: 0o755, path: 0o644} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want %v", name, info.Mode(), err, want)
		}
	}
	if b, err := os.ReadFile(path); err != nil || string(b) != made.PEM {
		t.Errorf("the file: %v", err)
	}
	target := filepath.Join(t.TempDir(), "target")
	for name, at := range map[string]string{"d.cer": target, "e.cer": path} { // one that leads to nothing, one to the same content
		if err := os.Symlink(at, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
		want := filepath.Join(dir, strings.TrimSuffix(name, ".cer")+"-2.cer")
		if got, err := (Files{}).Certificate(t.Context(), dir, name, made.PEM); err != nil || got != want {
			t.Errorf("over a link: %q, %v, want %q", got, err, want)
		}
	}
	// A link is told from a file even when it has the length of the text.
	write0(t, filepath.Join(dir, "t.txt"), []byte("hello"))
	if err := os.Symlink("t.txt", filepath.Join(dir, "l.txt")); err != nil {
		t.Fatal(err)
	}
	if got, err := (Files{}).Text(t.Context(), dir, "l.txt", "hello"); err != nil || filepath.Base(got) != "l-2.txt" {
		t.Errorf("over a link to the same: %q, %v", got, err)
	}
	if _, err := os.Lstat(target); err == nil {
		t.Error("a link was followed")
	}
}

// TestNoPlace holds that a directory that is none is told, with the path.
func TestNoPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	write0(t, file, []byte("x"))
	for _, dir := range []string{file, filepath.Join(file, "below"), "/proc/nowhere"} {
		_, err := Files{}.Text(t.Context(), dir, "a.txt", "x")
		var p *account.Problem
		if !errors.As(err, &p) || p.Kind != account.FileNotWritten || p.Subject != filepath.Join(dir, "a.txt") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	dir := t.TempDir()
	t.Chdir(dir)
	if got, err := (Files{}).Text(t.Context(), ".", "a.txt", "x"); err != nil || !filepath.IsAbs(got) {
		t.Errorf("a relative directory gives %q, %v, want a whole path", got, err)
	}
}

// TestNothingHalfWritten runs out of room in a process that may write 100
// bytes a file.
func TestNothingHalfWritten(t *testing.T) {
	if dir := os.Getenv("KEYSTORE_TEST_DIR"); dir != "" {
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: 100, Max: 100}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
		path, err := Files{}.Text(t.Context(), dir, "a.txt", strings.Repeat("x", 101))
		if account.KindOf(err) != account.FileNotWritten || path != "" {
			os.Exit(3)
		}
		k, _ := reopened(t, filepath.Join(dir, "keys"), nil)
		if account.KindOf(unlock(t, k, phrase)) != account.FileNotWritten {
			os.Exit(4)
		}
		os.Exit(0)
	}
	dir := t.TempDir()
	cmd := exec.Command(os.Args[0], "-test.run=^TestNothingHalfWritten$")
	cmd.Env = append(os.Environ(), "KEYSTORE_TEST_DIR="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if names := files(t, dir); len(names) != 1 || len(files(t, filepath.Join(dir, "keys"))) != 0 {
		t.Errorf("left: %v, %v", names, files(t, filepath.Join(dir, "keys")))
	}
}

// TestMemory holds that the demo's stores do as the real ones.
func TestMemory(t *testing.T) {
	k, _ := Memory()
	if s := k.Probe(t.Context(), account.Keyring); s.State != account.StoreReady || s.Store != account.Keyring {
		t.Errorf("Probe = %+v", s)
	}
	if s := k.Probe(t.Context(), account.FileStore); s.State != account.StoreEmpty || !s.CanPrompt || s.Store != account.FileStore {
		t.Errorf("Probe = %+v", s)
	}
	wantState(t, "Make", k.Make(t.Context(), account.FileStore, testID, 2048), account.StoreEmpty)
	kindOf(t, "a short passphrase", unlock(t, k, "short"), account.InputWeakPhrase)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	for _, store := range []account.Store{account.Keyring, account.FileStore} {
		if err := k.Make(t.Context(), store, testID, 2048); err != nil {
			t.Fatal(err)
		}
		s, err := k.Open(t.Context(), store, testID)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := k.Certify(s, "x", noon, day); err != nil || !c.Made() {
			t.Errorf("Certify: %v", err)
		}
		if err := k.Delete(t.Context(), store, testID); err != nil {
			t.Error(err)
		}
		_, err = k.Open(t.Context(), store, testID)
		kindOf(t, "after Delete", err, account.KeyMissing)
	}
}
