package kit

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"
)

// ItemState is where an item of the panel stands.
type ItemState int

// The states of an item.
const (
	ToCome ItemState = iota
	Done
	Here
	Open // passed, and its check does not hold yet
)

// Item is one line of the panel.
type Item struct {
	Label string
	State ItemState
}

// Panel is the list of steps, width cells wide.
func Panel(items []Item, width int, t Theme) string {
	lines := make([]string, len(items))
	for i, it := range items {
		mark, text := t.Faint.Render("·"), t.Faint
		switch it.State {
		case Done:
			mark, text = t.Good.Render("✓"), t.Text
		case Here:
			mark, text = t.Accent.Render("›"), t.Accent
		case Open:
			mark, text = t.Warn.Render("!"), t.Text
		}
		lines[i] = mark + " " + text.Render(Cut(it.Label, width-2))
	}
	return lipgloss.JoinVertical(lipgloss.Left, lines...)
}

// SectionLine is the side navigation as one line, for narrow windows.
func SectionLine(items []Item, width int, t Theme) string {
	parts := make([]string, len(items))
	for i, it := range items {
		text := t.Faint
		if it.State == Here {
			text = t.Accent
		}
		parts[i] = text.Render(it.Label)
	}
	return Cut(strings.Join(parts, t.Faint.Render(" · ")), width)
}

// PanelLine is the list of steps as one line, for narrow windows: "Step 7 of 8 · API permission".
func PanelLine(items []Item, width int, t Theme) string {
	for i, it := range items {
		if it.State == Here {
			return Cut(t.Accent.Render(fmt.Sprintf("Step %d of %d", i+1, len(items)))+t.Faint.Render(" · ")+it.Label, width)
		}
	}
	return ""
}
