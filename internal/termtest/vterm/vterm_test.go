package vterm_test

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// TestUpdateIsSeenWhole writes a synchronised update a byte at a time: a
// reader sees the screen before it or after it, and nothing between.
func TestUpdateIsSeenWhole(t *testing.T) {
	s, line := vterm.New(t, 20, 3)
	defer line.Close()
	write := func(text string) {
		for _, b := range []byte(text) {
			_, _ = line.Write([]byte{b})
		}
	}
	write("before")
	update := "\x1b[?2026h\x1b[H\x1b[2Kafter ✓\r\nsecond\x1b[?2026l"
	for i := range len(update) - 1 {
		write(update[i : i+1])
		if got := s.Text(); got != "before" {
			t.Fatalf("after %d bytes of the update the screen says %q", i+1, got)
		}
	}
	write(update[len(update)-1:])
	if d := cmp.Diff("after ✓\nsecond", s.Text()); d != "" {
		t.Errorf("screen (-want +got):\n%s", d)
	}

	write("\x1b[?2026h broken off")
	line.Ended("killed")
	s.See("broken off")
}

func TestAnswersAndKeysNeverBlock(t *testing.T) {
	s, line := vterm.New(t, 20, 3)
	defer line.Close()
	_, _ = line.Write([]byte(strings.Repeat("\x1b[c", 50_000))) // nobody reads the answers
	s.Paste(strings.Repeat("x", 1<<20))
}

// cancelreaderLoop reads as a program's loop does: once more after each press,
// whenever it gets around to it.
func cancelreaderLoop(line *vterm.Line, got chan<- string, more <-chan struct{}) {
	for range more {
		var b [16]byte
		n, err := line.Read(b[:])
		if err != nil {
			return
		}
		got <- string(b[:n])
	}
}

// TestLateReaderGetsNothing has the loop that read before the keyboard was given
// up come back after somebody else began to read: that one gets the press.
func TestLateReaderGetsNothing(t *testing.T) {
	for range 50 { // who comes first is chance
		lateReader(t)
	}
}

func lateReader(t *testing.T) {
	s, line := vterm.New(t, 20, 3)
	defer line.Close()
	got, more := make(chan string), make(chan struct{})
	go cancelreaderLoop(line, got, more)
	defer close(more)
	_, _ = io.WriteString(line, "\x1b[>1u")
	more <- struct{}{}
	s.Press("a")
	if b := <-got; b != "a" {
		t.Fatalf("the loop got %q", b)
	}
	_, _ = io.WriteString(line, "\x1b[<u") // it gives up its keyboard
	other := make(chan string, 1)
	go func() {
		var b [16]byte
		n, _ := line.Read(b[:])
		other <- string(b[:n])
	}()
	for range 100 {
		runtime.Gosched()
	}
	more <- struct{}{} // the loop comes back
	for range 100 {
		runtime.Gosched()
	}
	s.Raw("\n")
	select {
	case b := <-other:
		if b != "\n" {
			t.Errorf("got %q", b)
		}
	case b := <-got:
		t.Fatalf("the loop got %q, which nobody hears", b)
	}
}

// TestChangeOfScreenKeepsTheKeyboard has a program draw on the normal screen first,
// as Bubble Tea does where its first frame comes before its first view: who reads for
// it goes on to read.
func TestChangeOfScreenKeepsTheKeyboard(t *testing.T) {
	s, line := vterm.New(t, 20, 3)
	defer line.Close()
	got, more := make(chan string), make(chan struct{})
	go cancelreaderLoop(line, got, more)
	defer close(more)
	_, _ = io.WriteString(line, "\x1b[>1u")
	more <- struct{}{}
	s.Press("a")
	<-got
	_, _ = io.WriteString(line, "\x1b[<1u\x1b[?1049h\x1b[>1u")
	more <- struct{}{}
	s.Press("b")
	select {
	case b := <-got:
		if b != "b" {
			t.Errorf("the loop got %q", b)
		}
	case <-time.After(vterm.Patience):
		t.Fatal("the loop gets nothing any more")
	}
}
