package keystore

import (
	"bytes"
	"context"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/account"
)

// Memory is key stores and files of which nothing is left, for the demo. Keys
// are really made and really sign. The keyring is ready; the file store waits
// for its first passphrase.
func Memory() (*Keys, *MemoryFiles) {
	return &Keys{stores: map[account.Store]backend{
		account.Keyring:   &memory{store: account.Keyring, open: true, values: map[account.KeyID]value{}},
		account.FileStore: &memory{store: account.FileStore, values: map[account.KeyID]value{}},
	}}, &MemoryFiles{files: map[string]string{}}
}

// memory is a key store in memory.
type memory struct {
	hidden
	store  account.Store
	mu     sync.Mutex
	open   bool
	values map[account.KeyID]value
}

func (m *memory) probe(context.Context) account.StoreStatus {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.open {
		return account.StoreStatus{Store: m.store, State: account.StoreReady}
	}
	return account.StoreStatus{Store: m.store, State: account.StoreEmpty, CanPrompt: true}
}

func (m *memory) get(ctx context.Context, id account.KeyID) (value, error) {
	if err := m.usable(ctx); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.values[id]
	if !ok {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return bytes.Clone(v), nil
}

func (m *memory) put(ctx context.Context, id account.KeyID, v value) error {
	if err := m.usable(ctx); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.values[id] = bytes.Clone(v)
	return nil
}

func (m *memory) remove(ctx context.Context, id account.KeyID) error {
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.values[id])
	delete(m.values, id)
	return nil
}

func (m *memory) list(context.Context) ([]account.KeyID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.values)), nil
}

func (m *memory) unlock(ctx context.Context, passphrase []byte) error {
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.open && utf8.RuneCount(passphrase) < phraseLeast {
		return &account.Problem{Kind: account.InputWeakPhrase}
	}
	m.open = true
	return nil
}

func (m *memory) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	if state := m.probe(ctx).State; state != account.StoreReady {
		return notUsable(state, nil)
	}
	return nil
}

// MemoryFiles is Files of which nothing is left. A directory is any text.
type MemoryFiles struct {
	mu    sync.Mutex
	files map[string]string
}

// Certificate keeps pem under the name that Files would give it.
func (f *MemoryFiles) Certificate(ctx context.Context, dir, name, pem string) (string, error) {
	if err := onlyCertificates(pem); err != nil {
		return "", notWritten(filepath.Join(dir, name), err)
	}
	return f.Text(ctx, dir, name, pem)
}

// Text keeps text under the name that Files would give it.
func (f *MemoryFiles) Text(ctx context.Context, dir, name, text string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", cancelled(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	err := plainName(name)
	if err == nil {
		name, err = firstName(name, func(name string) (bool, error) {
			path := filepath.Join(dir, name)
			if _, taken := f.files[path]; !taken {
				f.files[path] = text
			}
			return f.files[path] == text, nil
		})
	}
	if err != nil {
		return "", notWritten(filepath.Join(dir, name), err)
	}
	return filepath.Join(dir, name), nil
}
