package kit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// Field is one line of text that a person types or pastes: a label, why it is
// asked, the text, and under it what is wrong with it or known of it.
type Field struct {
	Label string
	Why   string
	in    textinput.Model
	wrong string
	note  string
}

// fieldLimit is what a field takes at most. Never the length of what is asked
// for: that would cut a pasted "{GUID}" without a word. A whole pasted page is
// read by the step before it comes here.
const fieldLimit = 4096

// NewField is an empty field; hint is shown while it is.
func NewField(label, why, hint string) Field {
	in := textinput.New()
	in.Prompt = "› "
	in.Placeholder = hint
	in.CharLimit = fieldLimit
	in.SetVirtualCursor(false)
	in.KeyMap.Paste.SetEnabled(false) // it would run clipboard tools; terminals paste by themselves
	return Field{Label: label, Why: why, in: in}
}

// Secret makes the field show dots.
func (f Field) Secret() Field { f.in.EchoMode = textinput.EchoPassword; return f }

// Update lets the field have a message. Changing the text clears what was wrong.
func (f *Field) Update(msg tea.Msg) tea.Cmd {
	before := f.in.Value()
	var cmd tea.Cmd
	f.in, cmd = f.in.Update(msg)
	f.sift()
	if f.in.Value() != before {
		f.wrong, f.note = "", ""
	}
	return cmd
}

// sift takes out what nobody sees and a terminal acts on, as what turns the direction
// of text: a clipboard brings it, and what is typed is drawn as it is. What is not drawn
// stays as it was typed.
func (f *Field) sift() {
	if f.in.EchoMode != textinput.EchoNormal {
		return
	}
	kept, at := make([]rune, 0, len(f.in.Value())), 0
	marks := 0
	all := []rune(f.in.Value())
	for i, r := range all {
		if marks++; !unicode.In(r, unicode.Mn, unicode.Me) {
			marks = 0
		}
		if marks > 3 || unicode.In(r, unseen...) {
			continue
		}
		if kept = append(kept, r); i < f.in.Position() {
			at++
		}
	}
	if len(kept) < len(all) {
		f.in.SetValue(string(kept))
		f.in.SetCursor(at)
	}
}

// unseen are controls, formats, private and line characters, and selectors.
var unseen = []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp, unicode.Variation_Selector}

// Value is the text.
func (f Field) Value() string { return f.in.Value() }

// Set puts text in, with the cursor behind it.
func (f *Field) Set(s string) {
	f.in.SetValue(s)
	f.in.CursorEnd()
	f.sift()
	f.wrong, f.note = "", ""
}

// Wrong says under the field what is wrong; "" takes it back.
func (f *Field) Wrong(s string) { f.wrong = s }

// Note says under the field what is known of it; "" takes it back.
func (f *Field) Note(s string) { f.note = s }

// Focus and Blur give the field the keys and take them away.
func (f *Field) Focus() { f.in.Focus() }

// Blur is the other half of Focus.
func (f *Field) Blur() { f.in.Blur() }

// Focused tells whether the field has the keys.
func (f Field) Focused() bool { return f.in.Focused() }

// Draw is the field, width cells wide.
func (f Field) Draw(width int, t Theme) Frame {
	in := f.in
	in.SetStyles(t.field())
	room := max(width-lipgloss.Width(in.Prompt)-1, 10)
	in.SetWidth(room)
	in.SetCursor(in.Position()) // scrolls to it
	// A text wider than the field scrolls inside it, where the real cursor's
	// place cannot be told (textinput counts runes and ignores its own
	// scrolling, charmbracelet/bubbles #906, #1001): the drawn cursor then.
	long := lipgloss.Width(in.Value()) >= room
	in.SetVirtualCursor(long && in.Focused())
	line := Frame{Text: in.View()}
	if in.Focused() && !long {
		shown := in.Value()
		if in.EchoMode == textinput.EchoPassword {
			shown = strings.Repeat(string(in.EchoCharacter), utf8.RuneCountInString(shown))
		}
		x := lipgloss.Width(in.Prompt + string([]rune(shown)[:in.Position()]))
		line.Cursor = &tea.Cursor{Position: tea.Position{X: x}, Shape: tea.CursorBar, Blink: true}
	}
	var out []Frame
	if f.Label != "" {
		out = append(out, Frame{Text: t.Label.Render(f.Label)})
	}
	if f.Why != "" {
		out = append(out, Frame{Text: Wrap(t.Faint.Render(f.Why), width)})
	}
	out = append(out, line)
	switch {
	case f.wrong != "":
		out = append(out, Mark(width, t.Bad.Render("✗"), f.wrong))
	case f.note != "":
		out = append(out, Mark(width, t.Good.Render("✓"), f.note))
	}
	return Stack(out...)
}
