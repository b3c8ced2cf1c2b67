package registry

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"
)

// memory is a disk that is gone with the process.
type memory struct {
	held chan struct{} // the one lock there is

	mu     sync.Mutex
	files  map[string][]byte
	dirs   map[string]int // how often each changed
	writes int
}

func newMemory() *memory {
	return &memory{held: make(chan struct{}, 1), files: map[string][]byte{}, dirs: map[string]int{}}
}

func (m *memory) read(path string) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.files[path]
	if !ok {
		return nil, fs.ErrNotExist
	}
	return slices.Clone(data), nil
}

func (m *memory) open(path string) (io.ReadCloser, error) {
	data, err := m.read(path)
	if err != nil {
		return nil, err
	}
	return io.NopCloser(bytes.NewReader(data)), nil
}

func (m *memory) list(dir string) (names []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for path := range m.files {
		if filepath.Dir(path) == dir {
			names = append(names, filepath.Base(path))
		}
	}
	return names, nil
}

func (m *memory) stamp(dir string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	n, ok := m.dirs[dir]
	if !ok {
		return "", fs.ErrNotExist
	}
	return strconv.Itoa(n), nil
}

func (m *memory) settled(string) bool { return true } // the stamp counts

func (m *memory) mkdir(dir string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.dirs[dir]; !ok {
		m.dirs[dir] = 1
	}
	return nil
}

func (m *memory) write(dir string, data []byte, _ bool) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.writes++
	temp := filepath.Join(dir, tempPrefix+strconv.Itoa(m.writes))
	m.files[temp] = data
	return temp, nil
}

func (m *memory) rename(temp, path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path] = m.files[temp]
	delete(m.files, temp)
	m.dirs[filepath.Dir(path)]++
	return nil
}

func (m *memory) append(path string, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.files[path] = append(slices.Clone(m.files[path]), data...)
	return nil
}

func (m *memory) remove(path string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, path)
	m.dirs[filepath.Dir(path)]++
	return nil
}

func (m *memory) sync(string) error { return nil }

func (m *memory) sweep(string, time.Time) {}

func (m *memory) lock(ctx context.Context, _ string) (func(), error) {
	select {
	case m.held <- struct{}{}:
		return func() { <-m.held }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
