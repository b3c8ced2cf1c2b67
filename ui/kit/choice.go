package kit

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
)

// Option is one thing to choose.
type Option struct {
	Title  string
	Detail string
	Off    string // why it cannot be chosen now; empty if it can
}

// Choice is a list of which one option is chosen with ↑ ↓ and enter.
type Choice struct {
	Options []Option
	at      int
}

var (
	up   = Key("", "", "up", "k", "shift+tab")
	down = Key("", "", "down", "j", "tab")
)

// ChooseKey is how the line of keys names choosing.
var ChooseKey = Key("↑↓", "choose", "up", "down")

// Update moves on ↑ and ↓; a digit goes to that option.
func (c *Choice) Update(msg tea.Msg) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok || len(c.Options) == 0 {
		return
	}
	switch {
	case key.Matches(press, up):
		c.at = (c.at + len(c.Options) - 1) % len(c.Options)
	case key.Matches(press, down):
		c.at = (c.at + 1) % len(c.Options)
	default:
		if s := press.String(); len(s) == 1 && s[0] >= '1' && int(s[0]-'1') < len(c.Options) {
			c.at = int(s[0] - '1')
		}
	}
}

// At is the option one is on.
func (c Choice) At() int { return c.at }

// Go goes to an option.
func (c *Choice) Go(i int) { c.at = min(max(i, 0), max(len(c.Options)-1, 0)) }

// Line is one option: its title, and under it what there is to say of it.
func (c Choice) Line(i, width int, t Theme) Frame {
	mark, title := "  ", t.Text
	if i == c.at {
		mark, title = t.Accent.Render("› "), t.Accent
	}
	out := Frame{Text: mark + title.Render(Cut(c.Options[i].Title, width-2))}
	if i == c.at {
		out.Cursor = rest(0, 0)
	}
	for _, s := range []string{c.Options[i].Detail, c.Options[i].Off} {
		if s != "" {
			out = Stack(out, Mark(width, " ", t.Faint.Render(s)))
		}
	}
	return out
}

// Draw is the list, width cells wide.
func (c Choice) Draw(width int, t Theme) Frame {
	var out []Frame
	for i := range c.Options {
		out = append(out, c.Line(i, width, t))
		if i < len(c.Options)-1 {
			out = append(out, Blank)
		}
	}
	return Stack(out...)
}

// Cards is the options as cards under one another; without their borders when
// they would not fit into height lines.
func (c Choice) Cards(size Size, t Theme) Frame {
	out := make([]Frame, 0, len(c.Options))
	for i, o := range c.Options {
		style, title := t.Card, t.Title
		if i == c.at {
			style, title = t.CardHere, t.Accent
		}
		matter := Lines(title.Render(o.Title), Wrap(o.Detail, size.Width-4))
		if o.Off != "" {
			matter = Stack(matter, Frame{Text: Wrap(t.Faint.Render(o.Off), size.Width-4)})
		}
		out = append(out, matter.In(style.Width(size.Width)))
	}
	cards := Stack(out...)
	if cards.Height() > size.Height {
		return c.Draw(size.Width, t)
	}
	y := 1
	for i := range c.at {
		y += out[i].Height()
	}
	cards.Cursor = rest(2, y)
	return cards
}

// Menu is a choice whose options lead somewhere.
type Menu[T any] struct {
	Choice
	to []T
}

// Add adds an option that leads there.
func (m *Menu[T]) Add(o Option, to T) {
	m.Options, m.to = append(m.Options, o), append(m.to, to)
}

// Take is where the option one is on leads; false where it cannot be taken now,
// or where there is none.
func (m Menu[T]) Take() (to T, ok bool) {
	if m.at >= len(m.to) || m.Options[m.at].Off != "" {
		return to, false
	}
	return m.to[m.at], true
}

// rest is the real cursor where nobody types, so that scrolling and screen
// readers follow.
func rest(x, y int) *tea.Cursor {
	return &tea.Cursor{Position: tea.Position{X: x, Y: y}, Shape: tea.CursorBar}
}
