package steps

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Day is a date as people read it.
func Day(t time.Time) string { return t.Format("2 January 2006") }

// plural is a count with its noun.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lowerFirst is a sentence as the second part of another.
func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	r, n := utf8.DecodeRuneInString(s)
	if n < len(s) {
		if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
			return s // an abbreviation
		}
	}
	for _, name := range []string{"Entra", "Microsoft", "Conditional"} {
		if len(s) >= len(name) && s[:len(name)] == name {
			return s
		}
	}
	return string(unicode.ToLower(r)) + s[n:]
}

// spaced are sentences, one after another.
func spaced(sentences ...string) string {
	return strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
}
