//go:build unix

package keystore

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"filippo.io/age"

	"github.com/axiomio/xops-onboard/account"
)

const phrase = "six words that nobody guesses here"

// filed is a file store in a new directory, of a work factor that is quick.
func filed(t *testing.T, env map[string]string) (*Keys, *fileStore) {
	t.Helper()
	return reopened(t, filepath.Join(t.TempDir(), "data", "keys"), env)
}

// reopened is the file store of another process.
func reopened(t *testing.T, dir string, env map[string]string) (*Keys, *fileStore) {
	t.Helper()
	k := New(dir, func(name string) string { return env[name] })
	s := k.stores[account.FileStore].(*fileStore)
	s.work = 4
	return k, s
}

func unlock(t *testing.T, k *Keys, with string) error {
	t.Helper()
	return k.Unlock(t.Context(), account.FileStore, []byte(with))
}

func state(t *testing.T, k *Keys) account.StoreState {
	t.Helper()
	return k.Probe(t.Context(), account.FileStore).State
}

func kindOf(t *testing.T, what string, err error, kind account.Kind) {
	t.Helper()
	var p *account.Problem
	if !errors.As(err, &p) || p.Kind != kind {
		t.Errorf("%s: %v, want %s", what, err, kind)
	}
}

// TestFileStore walks the whole life of a store: empty, made, a key in it,
// locked in the next process, a wrong passphrase, open, deleted.
func TestFileStore(t *testing.T) {
	k, s := filed(t, nil)
	if got := k.Probe(t.Context(), account.FileStore); got.State != account.StoreEmpty || !got.CanPrompt || got.Store != account.FileStore {
		t.Errorf("at first Probe = %+v", got)
	}
	kindOf(t, "Make without a passphrase", k.Make(t.Context(), account.FileStore, testID, 2048), account.StoreNotUsable)
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the directory is there before anything is stored: %v", err)
	}
	kindOf(t, "11 characters", unlock(t, k, "elevenchars"), account.InputWeakPhrase)
	kindOf(t, "11 characters in 22 bytes", unlock(t, k, strings.Repeat("ä", 11)), account.InputWeakPhrase)
	if err := unlock(t, k, phrase); err != nil || state(t, k) != account.StoreReady {
		t.Fatalf("Unlock: %v, then %s", err, state(t, k))
	}
	if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
		t.Fatal(err)
	}
	pub := publicOf(t, k)
	for name, mode := range map[string]fs.FileMode{"": 0o700, "identity.age": 0o600, string(testID) + ".age": 0o600} {
		info, err := os.Stat(filepath.Join(s.dir, name))
		if err != nil || info.Mode().Perm() != mode {
			t.Errorf("%q has mode %v (%v), want %v", name, info.Mode(), err, mode)
		}
	}
	if names := files(t, s.dir); len(names) != 2 {
		t.Errorf("files: %v", names)
	}

	next, _ := reopened(t, s.dir, nil)
	if got := next.Probe(t.Context(), account.FileStore); got.State != account.StoreLocked || !got.CanPrompt {
		t.Errorf("in the next process Probe = %+v", got)
	}
	_, err := next.Open(t.Context(), account.FileStore, testID)
	wantState(t, "Open", err, account.StoreLocked)
	_, err = next.Open(t.Context(), account.FileStore, testID[:35]+"0")
	kindOf(t, "Open of no key", err, account.KeyMissing)
	wantState(t, "Unlock without a passphrase", next.Unlock(t.Context(), account.FileStore, nil), account.StoreLocked)
	kindOf(t, "a wrong passphrase", unlock(t, next, phrase+" "), account.WrongPassphrase)
	kindOf(t, "a short passphrase", unlock(t, next, "x"), account.WrongPassphrase)
	if err := unlock(t, next, phrase); err != nil {
		t.Fatal(err)
	}
	kindOf(t, "a wrong passphrase for an open store", unlock(t, next, phrase+"!"), account.WrongPassphrase)
	if state(t, next) != account.StoreReady || publicOf(t, next) != pub {
		t.Error("the key is another one in the next process")
	}
	if err := next.Make(t.Context(), account.FileStore, testID, 3072); err != nil || publicOf(t, next) != pub {
		t.Errorf("Make changed a sound key: %v", err)
	}

	locked, _ := reopened(t, s.dir, nil)
	for range 2 {
		if err := locked.Delete(t.Context(), account.FileStore, testID); err != nil {
			t.Errorf("Delete: %v", err)
		}
	}
	if names := files(t, s.dir); len(names) != 1 || names[0] != "identity.age" {
		t.Errorf("after Delete: %v", names)
	}
}

func publicOf(t *testing.T, k *Keys) string {
	t.Helper()
	s, err := k.Open(t.Context(), account.FileStore, testID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := k.Certify(s, "x", noon, day)
	if err != nil {
		t.Fatal(err)
	}
	return c.SPKI
}

func wantState(t *testing.T, what string, err error, state account.StoreState) {
	t.Helper()
	kindOf(t, what, err, account.StoreNotUsable)
	if got := account.AsProblem(err).State; got != state {
		t.Errorf("%s: state %s, want %s", what, got, state)
	}
}

func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// TestFilesAreAge holds that the age library alone, given the passphrase,
// reads the key, and that the identity costs what it should.
func TestFilesAreAge(t *testing.T) {
	k, s := filed(t, nil)
	s.work = newFileStore("", none).work
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(filepath.Join(s.dir, "identity.age"))
	if err != nil {
		t.Fatal(err)
	}
	header := strings.Fields(string(sealed[:bytes.Index(sealed, []byte("---"))]))
	if len(header) < 5 || header[2] != "scrypt" || header[4] != "17" {
		t.Errorf("identity: %q", header)
	}
	id, err := age.NewScryptIdentity(phrase)
	if err != nil {
		t.Fatal(err)
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	if err != nil {
		t.Fatal(err)
	}
	ids, err := age.ParseIdentities(r)
	if err != nil || len(ids) != 1 {
		t.Fatalf("identities: %v", err)
	}
	key, err := os.ReadFile(filepath.Join(s.dir, string(testID)+".age"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err = age.Decrypt(bytes.NewReader(key), ids...); err != nil {
		t.Fatal(err)
	}
	var plain bytes.Buffer
	if _, err := plain.ReadFrom(r); err != nil || !strings.HasPrefix(plain.String(), "xops1.p8.") {
		t.Errorf("the key in the file: %v", err)
	}
	if bytes.Contains(key, []byte("xops1")) || bytes.Contains(sealed, []byte("AGE-SECRET")) {
		t.Error("a file has something in the clear")
	}
}

// TestDamagedFiles holds that files that were cut, changed or replaced are told
// as damaged, are left as they are, and are not followed.
func TestDamagedFiles(t *testing.T) {
	k, s := filed(t, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
		t.Fatal(err)
	}
	key, identity := s.path(string(testID)+".age"), s.path(identityFile)
	for _, name := range []string{key, identity} {
		whole, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		look := func(what string) {
			t.Helper()
			if name == identity {
				next, _ := reopened(t, s.dir, nil)
				if k := account.KindOf(unlock(t, next, phrase)); k != account.KeyDamaged && k != account.WrongPassphrase {
					t.Errorf("identity %s: %s", what, k)
				}
				return
			}
			_, err := k.Open(t.Context(), account.FileStore, testID)
			kindOf(t, "key "+what, err, account.KeyDamaged)
			kindOf(t, "Make, key "+what, k.Make(t.Context(), account.FileStore, testID, 2048), account.KeyDamaged)
		}
		for cut := 0; cut < len(whole); cut += 64 {
			write0(t, name, whole[:cut])
			look("cut")
		}
		for i := 0; i < len(whole); i += 97 {
			changed := bytes.Clone(whole)
			changed[i] ^= 0x20
			write0(t, name, changed)
			look("changed")
		}
		target := filepath.Join(t.TempDir(), "elsewhere")
		write0(t, target, whole)
		if err := errors.Join(os.Remove(name), os.Symlink(target, name)); err != nil {
			t.Fatal(err)
		}
		look("a link")
		if err := errors.Join(os.Remove(name), os.Mkdir(name, 0o700)); err != nil {
			t.Fatal(err)
		}
		look("a directory")
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		write0(t, name, bytes.Repeat(whole, 1+(64<<10)/len(whole)))
		look("too large")
		write0(t, name, whole)
	}
	if _, err := k.Open(t.Context(), account.FileStore, testID); err != nil {
		t.Errorf("whole again: %v", err)
	}
	link := filepath.Join(t.TempDir(), "target")
	write0(t, link, []byte("x"))
	if err := errors.Join(os.Remove(key), os.Symlink(link, key)); err != nil {
		t.Fatal(err)
	}
	if err := k.Delete(t.Context(), account.FileStore, testID); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(link); err != nil {
		t.Errorf("Delete followed a link: %v", err)
	}
}

func write0(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestWorkFactorTooLarge holds that a file put in the identity's place cannot
// take all memory.
func TestWorkFactorTooLarge(t *testing.T) {
	k, s := filed(t, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	sealed, err := os.ReadFile(s.path(identityFile))
	if err != nil {
		t.Fatal(err)
	}
	heavy := bytes.Replace(sealed, []byte(" 4\n"), []byte(" 21\n"), 1)
	if bytes.Equal(heavy, sealed) {
		t.Fatal("no work factor found")
	}
	write0(t, s.path(identityFile), heavy)
	next, _ := reopened(t, s.dir, nil)
	kindOf(t, "Unlock", unlock(t, next, phrase), account.KeyDamaged)
}

// TestIdentityTakenAway holds that no key is encrypted to an identity of which
// the file is gone or another one: nobody could read it later.
func TestIdentityTakenAway(t *testing.T) {
	k, s := filed(t, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(s.path(identityFile)); err != nil {
		t.Fatal(err)
	}
	wantState(t, "gone", k.Make(t.Context(), account.FileStore, testID, 2048), account.StoreEmpty)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	other, o := filed(t, nil)
	if err := unlock(t, other, phrase); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(o.path(identityFile), s.path(identityFile)); err != nil {
		t.Fatal(err)
	}
	wantState(t, "another", k.Make(t.Context(), account.FileStore, testID, 2048), account.StoreLocked)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
		t.Error(err)
	}
}

// TestPassphraseLaidReady holds the two ways to have no question asked.
func TestPassphraseLaidReady(t *testing.T) {
	credentials := t.TempDir()
	name := filepath.Join(t.TempDir(), "phrase")
	for file, text := range map[string]string{name: phrase + "\n", filepath.Join(credentials, "xops-passphrase"): phrase} {
		write0(t, file, []byte(text))
	}
	_, s := filed(t, nil)
	for _, env := range []map[string]string{
		{"XOPS_PASSPHRASE_FILE": name},
		{"CREDENTIALS_DIRECTORY": credentials},
		{"XOPS_PASSPHRASE_FILE": name, "CREDENTIALS_DIRECTORY": "/nowhere"},
	} {
		k, s := reopened(t, s.dir, env)
		if got := k.Probe(t.Context(), account.FileStore); got.State != account.StoreReady || got.CanPrompt || s.opened.Load() != nil {
			t.Errorf("%v: Probe = %+v", env, got)
		}
		if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
			t.Errorf("%v: %v", env, err)
		}
	}
	k, _ := reopened(t, s.dir, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Errorf("the line end was taken for a part of it: %v", err)
	}
	k, _ = reopened(t, s.dir, map[string]string{"CREDENTIALS_DIRECTORY": t.TempDir()})
	if state(t, k) != account.StoreLocked {
		t.Error("credentials without ours make a store ready")
	}
}

// TestPassphraseFileRefused holds what is not taken for a passphrase file, and
// that nothing else is tried then.
func TestPassphraseFileRefused(t *testing.T) {
	dir := t.TempDir()
	make := func(name string, mode fs.FileMode, text string) string {
		name = filepath.Join(dir, name)
		write0(t, name, []byte(text))
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
		return name
	}
	foreign := make("foreign", 0o600, phrase)
	if err := os.Chown(foreign, 12345, -1); err != nil {
		foreign = make("foreign", 0o604, phrase) // only root can give a file away
	}
	k0, s := filed(t, nil)
	if err := unlock(t, k0, phrase); err != nil {
		t.Fatal(err)
	}
	for what, name := range map[string]string{
		"missing": filepath.Join(dir, "none"), "a directory": dir, "a device": "/dev/zero", "empty": make("empty", 0o600, ""),
		"a line end": make("nl", 0o600, "\n"), "for the group": make("g", 0o640, phrase), "for others": make("o", 0o604, phrase),
		"somebody's": foreign, "too long": make("long", 0o600, strings.Repeat("x", 4097)),
	} {
		k, _ := reopened(t, s.dir, map[string]string{"XOPS_PASSPHRASE_FILE": name})
		if got := k.Probe(t.Context(), account.FileStore); got.State != account.StoreLocked || got.Detail == "" {
			t.Errorf("%s: Probe = %+v", what, got)
		}
		for call, err := range map[string]error{
			"Make":   k.Make(t.Context(), account.FileStore, testID, 2048),
			"Unlock": k.Unlock(t.Context(), account.FileStore, nil),
		} {
			kindOf(t, what+": "+call, err, account.PassphraseFile)
			if p := account.AsProblem(err); p.Subject != name {
				t.Errorf("%s: Subject = %q", what, p.Subject)
			}
		}
		if err := unlock(t, k, phrase); err != nil {
			t.Errorf("%s: a passphrase that was typed: %v", what, err)
		}
	}
	credentials := t.TempDir()
	write0(t, filepath.Join(credentials, "xops-passphrase"), []byte(phrase))
	for mode, kind := range map[fs.FileMode]account.Kind{0o440: "", 0o400: "", 0o444: account.PassphraseFile, 0o460: account.PassphraseFile} {
		if err := os.Chmod(filepath.Join(credentials, "xops-passphrase"), mode); err != nil {
			t.Fatal(err)
		}
		k, _ := reopened(t, s.dir, map[string]string{"CREDENTIALS_DIRECTORY": credentials})
		if got := account.KindOf(k.Unlock(t.Context(), account.FileStore, nil)); got != kind {
			t.Errorf("a credential of mode %o: %q, want %q", mode, got, kind)
		}
	}
}

// TestTwoMakeTheStore holds that of many that make a store at once one wins,
// and the others open that one.
func TestTwoMakeTheStore(t *testing.T) {
	_, first := filed(t, nil)
	var group sync.WaitGroup
	for i := range 8 {
		k, _ := reopened(t, first.dir, nil)
		id := testID[:35] + account.KeyID("0123456789abcdef"[i:i+1])
		group.Go(func() {
			if err := unlock(t, k, phrase); err != nil {
				t.Errorf("Unlock: %v", err)
			}
			if err := k.Make(t.Context(), account.FileStore, id, 2048); err != nil {
				t.Errorf("Make: %v", err)
			}
		})
	}
	group.Wait()
	k, _ := reopened(t, first.dir, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if _, err := k.Open(t.Context(), account.FileStore, testID[:35]+account.KeyID("0123456789abcdef"[i:i+1])); err != nil {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if names := files(t, first.dir); len(names) != 9 {
		t.Errorf("files: %v", names)
	}
}

// TestFileStoreEndsWithItsContext holds that a stopped Unlock writes nothing.
func TestFileStoreEndsWithItsContext(t *testing.T) {
	k, s := filed(t, nil)
	s.work = 13
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- k.Unlock(ctx, account.FileStore, []byte(phrase)) }()
	for range time.Tick(time.Millisecond) { // until it is under way
		if len(s.turn) > 0 {
			break
		}
	}
	stop()
	kindOf(t, "Unlock", <-done, account.Cancelled)
	if _, err := os.Stat(s.dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was written: %v", err)
	}
	kindOf(t, "Delete", k.Delete(ctx, account.FileStore, testID), account.Cancelled)
}

// TestLeftoversAreSwept holds that what a killed process left of a write goes
// with the next one, and with the key.
func TestLeftoversAreSwept(t *testing.T) {
	k, s := filed(t, nil)
	if err := unlock(t, k, phrase); err != nil {
		t.Fatal(err)
	}
	left := s.path(string(testID) + ".age.12345.new")
	write0(t, left, []byte("x"))
	if err := k.Make(t.Context(), account.FileStore, testID, 2048); err != nil {
		t.Fatal(err)
	}
	if names := files(t, s.dir); len(names) != 2 {
		t.Errorf("after Make: %v", names)
	}
	write0(t, left, []byte("x"))
	if err := k.Delete(t.Context(), account.FileStore, testID); err != nil {
		t.Fatal(err)
	}
	if names := files(t, s.dir); len(names) != 1 {
		t.Errorf("after Delete: %v", names)
	}
}

// TestNoPlaceForKeys holds what is told when the directory cannot be made.
func TestNoPlaceForKeys(t *testing.T) {
	in := filepath.Join(t.TempDir(), "a file")
	write0(t, in, []byte("x"))
	k, _ := reopened(t, filepath.Join(in, "keys"), nil)
	err := unlock(t, k, phrase)
	if kind := account.KindOf(err); kind != account.FileNotWritten && kind != account.RegistryUnread {
		t.Errorf("Unlock: %v", err)
	}
	if s := state(t, k); s != account.StoreUnresponsive {
		t.Errorf("Probe: %s", s)
	}
}
