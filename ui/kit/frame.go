package kit

import (
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
)

// Size is a room to draw in, in cells.
type Size struct{ Width, Height int }

// Frame is drawn text and where in it the real cursor rests; nil if nowhere.
type Frame struct {
	Text   string
	Cursor *tea.Cursor
}

// Lines is a frame of lines, without a cursor.
func Lines(lines ...string) Frame { return Frame{Text: strings.Join(lines, "\n")} }

// Height is the number of lines.
func (f Frame) Height() int {
	if f.Text == "" {
		return 0
	}
	return strings.Count(f.Text, "\n") + 1
}

// At is the frame with its cursor moved by x and y, for a caller that puts its
// text there.
func (f Frame) At(x, y int) Frame {
	if f.Cursor != nil {
		c := *f.Cursor
		c.X, c.Y = c.X+x, c.Y+y
		f.Cursor = &c
	}
	return f
}

// In is the frame drawn in a style; the cursor moves with the text.
func (f Frame) In(style lipgloss.Style) Frame {
	x := style.GetMarginLeft() + style.GetBorderLeftSize() + style.GetPaddingLeft()
	y := style.GetMarginTop() + style.GetBorderTopSize() + style.GetPaddingTop()
	g := f.At(x, y)
	g.Text = style.Render(f.Text)
	return g
}

// Stack puts frames under one another. The last cursor wins; empty frames take no line.
func Stack(fs ...Frame) Frame {
	var (
		texts  []string
		cursor *tea.Cursor
		y      int
	)
	for _, f := range fs {
		if f.Text == "" {
			continue
		}
		if moved := f.At(0, y); moved.Cursor != nil {
			cursor = moved.Cursor
		}
		texts = append(texts, f.Text)
		y += f.Height()
	}
	return Frame{Text: strings.Join(texts, "\n"), Cursor: cursor}
}

// Beside puts right next to left, which is padded to width cells.
func Beside(left Frame, width int, right Frame) Frame {
	l, r := strings.Split(left.Text, "\n"), strings.Split(right.Text, "\n")
	out := make([]string, max(len(l), len(r)))
	for i := range out {
		var a, b string
		if i < len(l) {
			a = l[i]
		}
		if i < len(r) {
			b = r[i]
		}
		if pad := width - lipgloss.Width(a); pad > 0 {
			a += strings.Repeat(" ", pad)
		}
		out[i] = strings.TrimRight(a+b, " ")
	}
	f := Frame{Text: strings.Join(out, "\n"), Cursor: left.Cursor}
	if moved := right.At(width, 0); moved.Cursor != nil {
		f.Cursor = moved.Cursor
	}
	return f
}

// Blank is an empty line.
var Blank = Frame{Text: " "}
