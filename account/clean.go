package account

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// escapes are whole control sequences: CSI, OSC and the other strings of
// ECMA-48, in their 7-bit and 8-bit forms, and what is left of them at the end.
var escapes = Lazily(`(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?` +
	`|(?:\x1b[\]PX^_]|[\x{9d}\x{90}\x{98}\x{9e}\x{9f}])[^\x07\x1b\x{9c}]*(?:\x07|\x1b\\|\x{9c}|$)?` +
	`|\x1b[ -/]*[0-~]?`)

// mostMarks is how many combining marks a character may have.
const mostMarks = 3

// Clean makes text that somebody else wrote fit to be drawn or written: without
// terminal sequences, control characters (C0, DEL, C1), bidirectional controls,
// zero-width and tag characters and invalid UTF-8; line ends and runs of blanks
// become one blank; at most max characters, the cut marked with an ellipsis.
func Clean(s string, max int) string {
	if plain(s) && (max <= 0 || len(s) <= max) {
		return s // as most text is
	}
	s = strings.ToValidUTF8(s, "")
	for before := ""; before != s; { // taking a sequence out may leave another
		before = s
		s = escapes().ReplaceAllString(s, "")
	}
	var b strings.Builder
	marks := 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			r = ' '
		case dropped(r):
			continue
		}
		// A flood of combining marks would be drawn over the lines around it.
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if marks <= mostMarks {
			b.WriteRune(r)
		}
	}
	s = strings.Join(strings.Fields(b.String()), " ")
	if max > 0 && utf8.RuneCountInString(s) > max {
		s = strings.TrimRight(string([]rune(s)[:max-1]), " ") + "…"
	}
	return s
}

// Clear tells whether Clean has nothing to take out of a text but blanks beside one
// another. One of which that is not so was written by something else than this program.
func Clear(s string) bool {
	marks := 0
	for _, r := range s {
		if r >= ' ' && r < 0x7f {
			marks = 0
			continue
		}
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if marks > mostMarks || unicode.IsSpace(r) || dropped(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}

// Escaped is JSON with the characters that Clean takes out written by their
// numbers, as \u009b. It says the same, and a terminal that shows it meets none of
// them: encoding/json leaves DEL, C1 and bidirectional controls as they are.
func Escaped(text []byte) []byte {
	if !bytes.ContainsFunc(text, escaped) {
		return text
	}
	var b bytes.Buffer
	for _, r := range string(text) {
		if !escaped(r) {
			b.WriteRune(r)
			continue
		}
		for _, half := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, half)
		}
	}
	return b.Bytes()
}

// escaped leaves blanks between the values alone.
func escaped(r rune) bool { return r >= 0x7f && (dropped(r) || unicode.IsSpace(r)) }

// dropped tells whether a character is never shown: control characters, what
// turns the direction of text, what has no width, tags and private ones.
func dropped(r rune) bool {
	switch {
	case unicode.Is(unicode.Cc, r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r):
		return true
	case r == '\u2028', r == '\u2029', r == '\u034f', r == '\u115f', r == '\u1160', r == '\u3164', r == '\uffa0', r == '\u17b4', r == '\u17b5':
		return true
	}
	return unicode.Is(unicode.Variation_Selector, r)
}

// plain tells of printable ASCII with one blank between words, without the
// expression and the tables that the rest takes.
func plain(s string) bool {
	blank := true
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' || blank && s[i] == ' ' {
			return false
		}
		blank = s[i] == ' '
	}
	return !blank
}
