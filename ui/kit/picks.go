package kit

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Pick is one thing that can be picked, or not.
type Pick struct {
	Title  string
	Detail string
	Indent int // under which of those before it
	On     bool
	Off    string // why it cannot be picked; empty if it can
}

// Picks is a list of which any number is picked, with ↑ ↓ and the space bar. Of a
// long one what is around the line one is on is shown.
type Picks struct {
	All []Pick
	at  int
}

// PickKey is how the line of keys names picking.
var PickKey = Key("space", "pick")

// Update moves on ↑ and ↓, and picks on the space bar.
func (p *Picks) Update(msg tea.Msg) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok || len(p.All) == 0 {
		return
	}
	switch {
	case key.Matches(press, up):
		p.at = (p.at + len(p.All) - 1) % len(p.All)
	case key.Matches(press, down):
		p.at = (p.at + 1) % len(p.All)
	case key.Matches(press, PickKey) && p.All[p.at].Off == "":
		p.All[p.at].On = !p.All[p.at].On
	}
}

// Go goes to one.
func (p *Picks) Go(i int) { p.at = min(max(i, 0), max(len(p.All)-1, 0)) }

// Draw is the list, width cells wide and at most height lines high.
func (p Picks) Draw(size Size, t Theme) Frame {
	room := max(3, size.Height)
	first := max(0, min(p.at-room/2, len(p.All)-room))
	var out []Frame
	for i := first; i < min(len(p.All), first+room); i++ {
		out = append(out, p.line(i, size.Width, t))
	}
	return Stack(out...)
}

func (p Picks) line(i, width int, t Theme) Frame {
	one := p.All[i]
	mark, style := "  ", t.Text
	if i == p.at {
		mark, style = t.Accent.Render("› "), t.Accent
	}
	box := "[ ] "
	switch {
	case one.Off != "":
		box, style = "    ", t.Faint
	case one.On:
		box = "[x] "
	}
	text := strings.Repeat("  ", one.Indent) + box + one.Title
	detail := one.Detail
	if one.Off != "" {
		detail = one.Off
	}
	f := Frame{Text: mark + style.Render(Cut(text, width-2))}
	if room := width - 2 - len([]rune(text)) - 2; detail != "" && room > 8 {
		f.Text += "  " + t.Faint.Render(Cut(detail, room))
	}
	if i == p.at {
		f.Cursor = rest(0, 0)
	}
	return f
}
