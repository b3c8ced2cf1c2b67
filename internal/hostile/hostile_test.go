package hostile

import (
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// TestTextsAreHostile holds that each is found where it comes through, and not where
// it was cleaned.
func TestTextsAreHostile(t *testing.T) {
	for _, s := range Texts {
		clean := account.Clean(s, 300)
		if Lines(clean) != "" || Raw("\x1b[1m"+clean+"\x1b[m\x1b[H") != "" {
			t.Errorf("%q is found in %q", s, clean)
		}
	}
	for _, s := range []string{Texts[0], Texts[1], Texts[6], "a\x1bcb", "\u202e", "\u009b", "\x00"} {
		if Raw("\x1b[1m"+s) == "" {
			t.Errorf("%q is not found", s)
		}
	}
}
