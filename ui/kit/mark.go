package kit

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// Mark is text behind a sign, its further lines under its first.
func Mark(width int, sign, text string) Frame {
	lead := sign + " "
	w := lipgloss.Width(lead)
	f := Frame{Text: Wrap(text, width-w)}
	return Beside(Frame{Text: lead}, w, f)
}

// Numbered is a list of things to do.
func Numbered(width int, t Theme, items ...string) Frame {
	out := make([]Frame, len(items))
	for i, s := range items {
		out[i] = Mark(width, t.Label.Render(fmt.Sprint(i+1))+" ", s)
	}
	return Stack(out...)
}

// Value is a labelled value that is shown whole, on lines of its own if it must be.
func Value(width int, t Theme, label, value string) Frame {
	const column = 18
	name := Frame{Text: t.Faint.Render(label)}
	if lipgloss.Width(label) < column && lipgloss.Width(value) <= width-column {
		return Beside(name, column, Frame{Text: value})
	}
	return Stack(name, Mark(width, " ", value))
}

// Groups is hex in groups of eight, as a person compares a thumbprint.
func Groups(hex string) string {
	var out []string
	for len(hex) > 8 {
		out, hex = append(out, hex[:8]), hex[8:]
	}
	return strings.Join(append(out, hex), " ")
}

// Link is text that terminals which know hyperlinks (OSC 8) make clickable. The
// id keeps it one link when it is broken over lines.
func Link(t Theme, url, text string) string {
	return t.Accent.UnsetBold().Underline(true).Hyperlink(url, "id="+url).Render(text)
}
