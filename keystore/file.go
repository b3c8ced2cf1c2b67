package keystore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"filippo.io/age"

	"github.com/axiomio/xops-onboard/account"
)

const (
	// identityFile holds the one age identity that all keys are encrypted to,
	// itself encrypted under the passphrase. The age command reads both:
	// age -d -i identity.age <id>.age.
	identityFile = "identity.age"
	// workFactor makes one guess of the passphrase cost about 0.7 s and 128 MiB
	// (scrypt with N = 2^17, r = 8, as OWASP asks for at least:
	// https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
	workFactor = 17
	// workFactorMost keeps a file that was put in the identity's place from
	// taking all memory.
	workFactorMost = 20
	// phraseLeast is how many characters a new passphrase has at least.
	phraseLeast = 12
	// fileMost is more than any file here has.
	fileMost = 64 << 10
)

// fileStore is keys in age files under one passphrase.
type fileStore struct {
	hidden
	dir    string
	getenv func(string) string
	work   int           // scrypt's work factor for a new identity
	turn   chan struct{} // held by who opens or makes the identity
	opened atomic.Pointer[opened]
}

// opened is the identity, and the file it came from.
type opened struct {
	hidden
	identity *age.X25519Identity
	sealed   []byte
}

func newFileStore(dir string, getenv func(string) string) *fileStore {
	return &fileStore{dir: dir, getenv: getenv, work: workFactor, turn: make(chan struct{}, 1)}
}

// probe opens nothing: that takes most of a second. With a passphrase at hand
// the store counts as ready.
func (s *fileStore) probe(context.Context) account.StoreStatus {
	status := account.StoreStatus{Store: account.FileStore, State: account.StoreLocked, CanPrompt: true}
	_, err := os.Lstat(s.path(identityFile))
	phrase, wrong := givenPhrase(s.getenv)
	given := phrase != nil && wrong == nil
	clear(phrase)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		status.State = account.StoreEmpty
	case err != nil:
		return account.StoreStatus{Store: account.FileStore, State: account.StoreUnresponsive, Detail: account.Clean(err.Error(), 200)}
	case s.opened.Load() != nil:
		status.State = account.StoreReady
	}
	switch {
	case wrong != nil:
		status.Detail = account.Clean(wrong.Error(), 200)
	case given:
		status.State = account.StoreReady
	}
	if status.State == account.StoreReady {
		status.CanPrompt = false
	}
	return status
}

func (s *fileStore) get(ctx context.Context, id account.KeyID) (value, error) {
	name := s.path(string(id) + ".age")
	sealed, err := readRegular(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &account.Problem{Kind: account.KeyMissing}
	case err != nil:
		return nil, err
	}
	o, err := s.identity(ctx, false)
	if err != nil {
		return nil, err
	}
	r, err := age.Decrypt(bytes.NewReader(sealed), o.identity)
	if err != nil {
		return nil, damaged(errNotSealed)
	}
	v, err := io.ReadAll(io.LimitReader(r, fileMost))
	if err != nil {
		clear(v)
		return nil, damaged(err)
	}
	return v, nil
}

func (s *fileStore) put(ctx context.Context, id account.KeyID, v value) error {
	o, err := s.identity(ctx, true)
	if err != nil {
		return err
	}
	// The identity in memory is worth nothing once its file is another one:
	// nobody could read the key after this process.
	if on, err := readRegular(s.path(identityFile)); err != nil || !bytes.Equal(on, o.sealed) {
		s.opened.Store(nil)
		return notUsable(s.probe(ctx).State, errors.New("the identity's file was changed or removed"))
	}
	sealed, err := seal(v, o.identity.Recipient())
	if err != nil {
		return err
	}
	name := string(id) + ".age"
	sweep(s.dir, name)
	switch err := place(s.dir, name, sealed); {
	case errors.Is(err, fs.ErrExist):
		return &account.Problem{Kind: account.FileExists, Subject: s.path(name)}
	case err != nil:
		return notWritten(s.path(name), err)
	}
	back, err := s.get(context.WithoutCancel(ctx), id)
	defer clear(back)
	if err == nil && !bytes.Equal(back, v) {
		return &account.Problem{Kind: account.StoreKeptNot}
	}
	return err
}

func (s *fileStore) remove(ctx context.Context, id account.KeyID) error {
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	name := string(id) + ".age"
	if err := os.Remove(s.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return notWritten(s.path(name), err)
	}
	sweep(s.dir, name)
	if err := syncDir(s.dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return notWritten(s.path(name), err)
	}
	if _, err := os.Lstat(s.path(name)); !errors.Is(err, fs.ErrNotExist) {
		return &account.Problem{Kind: account.StoreKeptNot, Err: err}
	}
	return nil
}

// list reads the names of the files, which needs no passphrase.
func (s *fileStore) list(context.Context) (ids []account.KeyID, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, unexpected(fmt.Errorf("list the keys: %w", err))
	}
	for _, e := range entries {
		if id, ok := strings.CutSuffix(e.Name(), ".age"); ok && e.Name() != identityFile && !strings.HasPrefix(id, ".") {
			ids = append(ids, account.KeyID(id))
		}
	}
	return ids, nil
}

// unlock opens the store, or makes it. A passphrase that does not open it is
// told so even when the store is open already.
func (s *fileStore) unlock(ctx context.Context, passphrase []byte) error {
	if len(passphrase) == 0 {
		_, err := s.identity(ctx, true)
		return err
	}
	_, err := s.held(ctx, func() (*opened, error) { return s.open(ctx, passphrase, true) })
	return err
}

// identity is the opened identity. With a passphrase at hand it opens it, and
// makes it where that is allowed.
func (s *fileStore) identity(ctx context.Context, mayMake bool) (*opened, error) {
	if o := s.opened.Load(); o != nil {
		return o, nil
	}
	return s.held(ctx, func() (*opened, error) {
		if o := s.opened.Load(); o != nil {
			return o, nil
		}
		phrase, err := givenPhrase(s.getenv)
		defer clear(phrase)
		switch {
		case err != nil:
			return nil, err
		case phrase == nil:
			return nil, notUsable(s.probe(ctx).State, nil)
		}
		return s.open(ctx, phrase, mayMake)
	})
}

// held runs f while nobody else opens or makes the identity: each of them
// takes 128 MiB.
func (s *fileStore) held(ctx context.Context, f func() (*opened, error)) (*opened, error) {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, cancelled(ctx.Err())
	}
	defer func() { <-s.turn }()
	if err := ctx.Err(); err != nil {
		return nil, cancelled(err)
	}
	o, err := f()
	if err == nil {
		s.opened.Store(o)
	}
	return o, err
}

func (s *fileStore) open(ctx context.Context, passphrase []byte, mayMake bool) (*opened, error) {
	sealed, err := readRegular(s.path(identityFile))
	switch {
	case errors.Is(err, fs.ErrNotExist) && mayMake:
		return s.create(ctx, passphrase)
	case errors.Is(err, fs.ErrNotExist):
		return nil, notUsable(account.StoreEmpty, nil)
	case err != nil:
		return nil, err
	}
	phrase := bytes.Clone(passphrase) // the work may outlive the caller, who clears his
	return unhurried(ctx, func() (*opened, error) {
		defer clear(phrase)
		identity, err := unseal(sealed, phrase)
		return &opened{identity: identity, sealed: sealed}, err
	})
}

// create makes the identity under a new passphrase. Where another process was
// faster, the passphrase has to be that one's.
func (s *fileStore) create(ctx context.Context, passphrase []byte) (*opened, error) {
	if utf8.RuneCount(passphrase) < phraseLeast {
		return nil, &account.Problem{Kind: account.InputWeakPhrase}
	}
	phrase := bytes.Clone(passphrase)
	o, err := unhurried(ctx, func() (*opened, error) {
		defer clear(phrase)
		return newIdentity(phrase, s.work)
	})
	if err != nil {
		return nil, err
	}
	err = place(s.dir, identityFile, o.sealed)
	switch {
	case errors.Is(err, fs.ErrExist):
		return s.open(ctx, passphrase, false)
	case err != nil:
		return nil, notWritten(s.path(identityFile), err)
	}
	sweep(s.dir, identityFile)
	// Opening it again would cost another 0.7 s and tell nothing about the disk.
	if back, err := readRegular(s.path(identityFile)); err != nil || !bytes.Equal(back, o.sealed) {
		return nil, &account.Problem{Kind: account.StoreKeptNot, Err: err}
	}
	return o, nil
}

func (s *fileStore) path(name string) string { return filepath.Join(s.dir, name) }

func newIdentity(passphrase []byte, work int) (*opened, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, unexpected(fmt.Errorf("make an age identity: %w", err))
	}
	r, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return nil, unexpected(err)
	}
	r.SetWorkFactor(work)
	sealed, err := seal([]byte(identity.String()+"\n"), r)
	return &opened{identity: identity, sealed: sealed}, err
}

// errNotSealed stands in for what age says of a file that it does not open: it quotes
// the file, which may be a key that somebody put there unsealed.
var errNotSealed = errors.New("the file is not sealed to this store, or not whole")

// unseal opens an identity: WrongPassphrase, or KeyDamaged.
func unseal(sealed, passphrase []byte) (*age.X25519Identity, error) {
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, &account.Problem{Kind: account.WrongPassphrase}
	}
	id.SetMaxWorkFactor(workFactorMost)
	r, err := age.Decrypt(bytes.NewReader(sealed), id)
	var other *age.NoIdentityMatchError
	switch {
	case errors.As(err, &other):
		return nil, &account.Problem{Kind: account.WrongPassphrase}
	case err != nil:
		return nil, damaged(errNotSealed)
	}
	text, err := io.ReadAll(io.LimitReader(r, fileMost))
	defer clear(text)
	if err != nil {
		return nil, damaged(err)
	}
	identity, err := age.ParseX25519Identity(strings.TrimSpace(string(text)))
	if err != nil { // its words could quote the identity
		return nil, damaged(errors.New("the file holds no age identity"))
	}
	return identity, nil
}

func seal(plain []byte, to age.Recipient) ([]byte, error) {
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = w.Write(plain)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, unexpected(fmt.Errorf("encrypt: %w", err))
	}
	return sealed.Bytes(), nil
}

// unhurried runs what takes most of a second and cannot be stopped. When ctx
// ends it returns at once, and what f gives is dropped; f changes nothing.
func unhurried[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		var none T
		return none, cancelled(ctx.Err())
	}
}
