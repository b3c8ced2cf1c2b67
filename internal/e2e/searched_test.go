//go:build linux

package e2e_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// passphrase is the one that the walks and cells lay ready in a file.
const passphrase = "correct horse battery staple"

// watched is a process of a machine: what it was told, what it wrote, and what /proc
// has shown of it.
type watched struct {
	args   []string
	wrote  func() []byte
	errors func() []byte // what of that is no result; nil where it cannot be told apart

	mu      sync.Mutex
	shown   [][]byte
	counted sync.Once
}

// environments counts the processes whose environment the tests could read, and those
// whose they could not, as the product wants it; root can read them all.
var environments struct{ read, refused atomic.Int64 }

// watch keeps what /proc shows of a process until it has ended.
func (m *machine) watch(cmd *exec.Cmd, wrote, errors func() []byte) {
	p := &watched{args: cmd.Args[1:], wrote: wrote, errors: errors}
	m.watching.Lock()
	m.watched = append(m.watched, p)
	m.watching.Unlock()
	dir := filepath.Join("/proc", fmt.Sprint(cmd.Process.Pid))
	often := time.NewTicker(time.Millisecond)
	for n := 0; n < 100 && !p.look(dir); n++ { // right after its start nothing is shown yet
		<-often.C
	}
	often.Reset(25 * time.Millisecond)
	go func() {
		defer often.Stop()
		for n := 0; ; n++ {
			if <-often.C; n < 20 || n%20 == 0 {
				if !p.look(dir) {
					return
				}
			}
		}
	}()
}

// look tells whether /proc shows a process, be it that nobody may read it.
func (p *watched) look(dir string) bool {
	line, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil || len(line) == 0 { // of one that has ended and is not waited for it is empty
		return false
	}
	environ, err := os.ReadFile(filepath.Join(dir, "environ"))
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case os.IsPermission(err):
		p.counted.Do(func() { environments.refused.Add(1) })
	case err != nil || len(environ) == 0:
		return false
	default:
		p.counted.Do(func() { environments.read.Add(1) })
	}
	for _, b := range [][]byte{line, environ} {
		if !slices.ContainsFunc(p.shown, func(have []byte) bool { return string(have) == string(b) }) {
			p.shown = append(p.shown, b)
		}
	}
	return true
}

// onTerminal starts a program on a terminal and watches it.
func (m *machine) onTerminal(cmd *exec.Cmd, width, height int) *ptytest.Screen {
	m.t.Helper()
	s := ptytest.Start(m.t, cmd, width, height)
	m.watch(cmd, s.Recording, nil)
	return s
}

// learns adds to the hoard what was in the keyring and what has passed so far.
func (m *machine) learns(keys map[string]string) {
	for _, value := range keys {
		m.hoard.key(value)
	}
	for _, s := range m.cloud.Secrets() {
		m.hoard.text(s.Kind, s.Text)
	}
}

// searched is what of the hoard lies about: in files and their names, in what was
// written to terminals and pipes, in arguments and environments.
func (m *machine) searched() (found []string) {
	m.t.Helper()
	say := func(where string, b []byte, mayBe ...string) {
		for _, n := range m.hoard.in(b) {
			if !slices.Contains(mayBe, n.kind) {
				found = append(found, fmt.Sprintf("%s has a piece of a secret in it: %s, %s", where, n.kind, n.form))
			}
		}
	}
	for path, b := range m.files() {
		say("the name "+path, []byte(path))
		say(path, b, m.mayHave[path])
	}
	m.watching.Lock()
	defer m.watching.Unlock()
	for _, p := range m.watched {
		name := strings.Join(p.args, " ")
		if slices.Contains(p.args, "credentials") { // it writes them as its result, and nothing else there
			say("the output of "+name, p.wrote(), "access token", "secret access key", "session token")
			if p.errors != nil {
				say("the errors of "+name, p.errors())
			}
		} else {
			say("the output of "+name, p.wrote())
		}
		p.mu.Lock()
		for _, b := range p.shown {
			say("the arguments or the environment of "+name, b)
		}
		p.mu.Unlock()
	}
	return found
}

// keepsSecrets holds that nothing lies about of what has passed and of these keys, which
// the keyring has.
func (m *machine) keepsSecrets(keys map[string]string) {
	m.t.Helper()
	m.learns(keys)
	for _, found := range m.searched() {
		m.t.Error(found)
	}
}

// debugs tells whether a test runs with --debug: every third one.
func debugs(t testing.TB) bool {
	h := fnv.New32a()
	_, _ = h.Write([]byte(t.Name()))
	return h.Sum32()%3 == 0
}

// logged holds that a machine whose programs wrote a log has one to be searched.
func (m *machine) logged() {
	m.t.Helper()
	if !slices.ContainsFunc(m.watched, func(p *watched) bool { return slices.Contains(p.args, "--debug") }) {
		return
	}
	log := filepath.Join(m.home, ".local", "state", "xops-onboard", "debug.log")
	if info, err := os.Stat(log); err != nil || info.Size() == 0 {
		m.t.Errorf("no log was written: %v", err)
	}
}
