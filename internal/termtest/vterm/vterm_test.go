package vterm_test

import (
	"strings"
	"testing"

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
