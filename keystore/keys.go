package keystore

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Keys is the key stores of this user on this machine. It prints as dots.
type Keys struct {
	hidden
	stores map[account.Store]backend
}

// backend is one key store. It takes and gives whole values, and knows nothing
// of what is in them.
type backend interface {
	// probe tells what the store can do now, within two seconds. It never asks
	// a person and changes nothing.
	probe(ctx context.Context) account.StoreStatus
	// get reads a value; KeyMissing if there is none.
	get(ctx context.Context, id account.KeyID) (value, error)
	// put stores a value under an id that has none, and reads it back. Once
	// begun it does not end with ctx.
	put(ctx context.Context, id account.KeyID, v value) error
	// remove deletes a value and looks that it is gone. None there is no error.
	// Once begun it does not end with ctx.
	remove(ctx context.Context, id account.KeyID) error
	// list is the ids that the store has; nil where it cannot tell.
	list(ctx context.Context) ([]account.KeyID, error)
	// unlock makes the store ready by asking; it ends when ctx ends.
	unlock(ctx context.Context, passphrase []byte) error
}

// New is the operating system's keyring, and the file store in dir, which is
// made when something is stored there. getenv is os.Getenv: the keyring's
// library reads the address of the session bus from the process's environment
// by itself, and both must see the same one.
func New(dir string, getenv func(string) string) *Keys {
	return &Keys{stores: map[account.Store]backend{
		account.Keyring:   newRing(getenv),
		account.FileStore: newFileStore(dir, getenv),
	}}
}

// Probe tells what a store can do now, within two seconds. It never asks a
// person, and starts no program but, over D-Bus, the keyring's own service.
func (k *Keys) Probe(ctx context.Context, store account.Store) account.StoreStatus {
	b, err := k.store(store)
	if err != nil {
		return account.StoreStatus{Store: store, State: account.StoreUnsupported}
	}
	return b.probe(ctx)
}

// Make has a key under id, of RSA with 2048, 3072 or 4096 bits, or for 256 bits on
// the curve P-256: it makes one,
// stores it, reads it back and compares. A sound key already there is kept,
// whatever its size; KeyDamaged or KeyNewer says that there is something else,
// which is left alone. Otherwise StoreNotUsable, StoreRanOut, StoreKeptNot,
// KeyTooBig, and of the file store what Unlock returns and FileNotWritten.
func (k *Keys) Make(ctx context.Context, store account.Store, id account.KeyID, bits int) error {
	b, err := k.at(store, id)
	if err != nil {
		return err
	}
	switch v, err := b.get(ctx, id); {
	case err == nil:
		defer clear(v)
		_, err = decode(v)
		return err
	case account.KindOf(err) != account.KeyMissing:
		return err
	}
	key, err := generate(bits)
	if err != nil {
		return err
	}
	v, err := encode(key)
	if err != nil {
		return err
	}
	defer clear(v)
	if err := ctx.Err(); err != nil { // making a key takes up to seconds and cannot be stopped
		return cancelled(err)
	}
	return b.put(ctx, id, v)
}

// Open reads the key. KeyMissing if there is none; KeyDamaged, KeyNewer,
// StoreNotUsable and StoreRanOut otherwise, and of the file store what Unlock
// returns. Signatures are PKCS #1 v1.5 or, with *rsa.PSSOptions, PSS; on the curve
// ECDSA in ASN.1.
func (k *Keys) Open(ctx context.Context, store account.Store, id account.KeyID) (crypto.Signer, error) {
	b, err := k.at(store, id)
	if err != nil {
		return nil, err
	}
	v, err := b.get(ctx, id)
	if err != nil {
		return nil, err
	}
	defer clear(v)
	key, err := decode(v)
	if err != nil {
		return nil, err
	}
	return &signer{key: key}, nil
}

// Delete removes the key and looks that it is gone: StoreKeptNot if it is not.
// None there is no error. The file store need not be open for it.
func (k *Keys) Delete(ctx context.Context, store account.Store, id account.KeyID) error {
	b, err := k.at(store, id)
	if err != nil {
		return err
	}
	return b.remove(ctx, id)
}

// Copy has the key of one store in another as well, read back and compared. A
// key under that id there is kept when it is the same, else FileExists or
// KeyDamaged says that something is in the way. The errors are those of Open in
// the one and of Make in the other.
func (k *Keys) Copy(ctx context.Context, id account.KeyID, from, to account.Store) error {
	source, err := k.at(from, id)
	if err != nil {
		return err
	}
	target, err := k.at(to, id)
	if err != nil {
		return err
	}
	v, err := source.get(ctx, id)
	if err != nil {
		return err
	}
	defer clear(v)
	if _, err := decode(v); err != nil {
		return err
	}
	switch there, err := target.get(ctx, id); {
	case err == nil:
		defer clear(there)
		if !bytes.Equal(there, v) {
			return damaged(errors.New("another key is there under that id"))
		}
		return nil
	case account.KindOf(err) != account.KeyMissing:
		return err
	}
	return target.put(ctx, id, v)
}

// List is the ids of all keys in a store, nil where it cannot tell: of the
// keyring nobody can ask that through its library.
func (k *Keys) List(ctx context.Context, store account.Store) ([]account.KeyID, error) {
	b, err := k.store(store)
	if err != nil {
		return nil, err
	}
	return b.list(ctx)
}

// Unlock makes a store ready by asking. The keyring shows its own dialog, for
// at most two minutes. The file store takes the passphrase: it is made under it
// when it is empty (InputWeakPhrase under 12 characters), else opened with it
// (WrongPassphrase) until the process ends; without one it takes that of
// XOPS_PASSPHRASE_FILE or of systemd's credentials (PassphraseFile when that
// cannot be used). It ends when ctx ends, and then nothing happens later.
func (k *Keys) Unlock(ctx context.Context, store account.Store, passphrase []byte) error {
	b, err := k.store(store)
	if err != nil {
		return err
	}
	return b.unlock(ctx, passphrase)
}

func (k *Keys) store(store account.Store) (backend, error) {
	if b := k.stores[store]; b != nil {
		return b, nil
	}
	return nil, &account.Problem{Kind: account.StoreNotUsable, State: account.StoreUnsupported}
}

// at is the store, for an id that is fit to be a name there. Names go through
// a shell-like splitter on macOS and become file names in the file store.
func (k *Keys) at(store account.Store, id account.KeyID) (backend, error) {
	const most = 36 // a UUID
	if id == "" || len(id) > most || strings.Trim(string(id), "0123456789abcdef-") != "" {
		return nil, unexpected(fmt.Errorf("not the id of a key: %q", account.Clean(string(id), most)))
	}
	return k.store(store)
}

// notUsable is that a store cannot be used now, and why.
func notUsable(s account.StoreState, err error) *account.Problem {
	return &account.Problem{Kind: account.StoreNotUsable, State: s, Err: err}
}

func cancelled(err error) *account.Problem {
	return &account.Problem{Kind: account.Cancelled, Err: err}
}

func damaged(err error) *account.Problem {
	return &account.Problem{Kind: account.KeyDamaged, Err: err}
}

// unexpected is for what cannot happen unless a caller is wrong.
func unexpected(err error) *account.Problem {
	return &account.Problem{Kind: account.Unexpected, Message: account.Clean(err.Error(), 200), Err: err}
}

// grace is what a call gets beyond its time to say itself why it ended.
const grace = 250 * time.Millisecond
