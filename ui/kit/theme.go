package kit

import (
	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// Theme is every style, made once for a dark or a light background. One accent
// says where one is; green, amber and red stand for ✓, ! and ✗ alone. Each
// colour has at least 4.5:1 against its background (a test holds it), and no
// meaning is in colour alone.
type Theme struct {
	Text, Title, Faint, Accent, Label lipgloss.Style
	Good, Warn, Bad                   lipgloss.Style
	Key, KeyText, Rule                lipgloss.Style
	Card, CardHere, Dialog, Banner    lipgloss.Style
}

// palette is the theme's colours on one background.
type palette struct{ faint, accent, good, warn, bad, rule string }

var (
	onDark  = palette{faint: "#9AA4AE", accent: "#7FB4FF", good: "#6FD08C", warn: "#E6B450", bad: "#FF8A80", rule: "#5B6670"}
	onLight = palette{faint: "#5A6570", accent: "#0B57C4", good: "#1A6E35", warn: "#8A5A00", bad: "#B3261E", rule: "#A9B2BA"}
)

// NewTheme is the theme for a dark or a light background.
func NewTheme(dark bool) Theme {
	p := onLight
	if dark {
		p = onDark
	}
	plain := lipgloss.NewStyle()
	ink := func(c string) lipgloss.Style { return plain.Foreground(lipgloss.Color(c)) }
	card := plain.Border(lipgloss.RoundedBorder()).Padding(0, 1)
	return Theme{
		Text: plain, Title: plain.Bold(true), Faint: ink(p.faint), Accent: ink(p.accent).Bold(true), Label: plain.Bold(true),
		Good: ink(p.good), Warn: ink(p.warn), Bad: ink(p.bad),
		Key: plain.Bold(true), KeyText: ink(p.faint), Rule: ink(p.rule),
		Card: card.BorderForeground(lipgloss.Color(p.rule)), CardHere: card.BorderForeground(lipgloss.Color(p.accent)),
		Dialog: card.BorderForeground(lipgloss.Color(p.accent)).Padding(1, 2),
		Banner: ink(p.warn).Bold(true),
	}
}

// field is how a text field looks: the terminal's own cursor keeps its colour.
func (t Theme) field() textinput.Styles {
	state := textinput.StyleState{Text: t.Text, Placeholder: t.Faint, Suggestion: t.Faint, Prompt: t.Accent}
	blurred := state
	blurred.Prompt = t.Faint
	return textinput.Styles{Focused: state, Blurred: blurred, Cursor: textinput.CursorStyle{Shape: tea.CursorBar, Blink: true}}
}

// help is how the line of keys looks.
func (t Theme) help() help.Styles {
	return help.Styles{
		Ellipsis: t.KeyText, ShortKey: t.Key, ShortDesc: t.KeyText, ShortSeparator: t.KeyText,
	}
}
