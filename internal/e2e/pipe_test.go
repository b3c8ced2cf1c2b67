//go:build linux

package e2e_test

import (
	"bytes"
	"io"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// lines is a program on pipes, and what it has written.
type lines struct {
	t    testing.TB
	in   io.Writer
	mu   sync.Mutex
	out  bytes.Buffer
	read int // up to here it was looked at
	more chan struct{}
}

// Write takes what the program writes.
func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case l.more <- struct{}{}:
	default:
	}
	return l.out.Write(b)
}

func pipe(t *testing.T, cmd *exec.Cmd) *lines {
	t.Helper()
	l := &lines{t: t, more: make(chan struct{}, 1)}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.in = in
	cmd.Stdout, cmd.Stderr = l, l
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return l
}

// see waits for a text behind what was seen before.
func (l *lines) see(text string) {
	l.t.Helper()
	late := time.After(patience)
	for {
		l.mu.Lock()
		at := bytes.Index(l.out.Bytes()[l.read:], []byte(text))
		if at >= 0 {
			l.read += at + len(text)
		}
		l.mu.Unlock()
		if at >= 0 {
			return
		}
		select {
		case <-l.more:
		case <-late:
			l.t.Fatalf("not written: %q\n%s", text, l.all())
		}
	}
}

// answer waits for a question and answers it.
func (l *lines) answer(question, text string) {
	l.t.Helper()
	l.see(question)
	if _, err := io.WriteString(l.in, text+"\n"); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lines) all() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.out.Bytes())
}
