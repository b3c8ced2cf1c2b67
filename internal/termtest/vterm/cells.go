package vterm

import (
	"image/color"
	"slices"
	"strings"

	"github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/ansi"
)

// Cells is what a screen showed at one moment.
type Cells struct {
	Width, Height int
	Rows          [][]Cell // Height rows of Width cells
	Cursor        Cursor
	Title         string
	Dark          bool // the terminal's own background
}

// Cursor is the cursor's place, from 0.
type Cursor struct {
	X, Y    int
	Visible bool
}

// Cell is one cell. A wide character has Width 2 and is followed by a cell of
// Width 0.
type Cell struct {
	Text      string // one character as people count them; " " where nothing is
	Width     int
	Fg, Bg    color.Color // nil is the terminal's own
	Bold      bool
	Faint     bool
	Italic    bool
	Underline bool
	Reverse   bool
	Strike    bool
	Link      string // target of a hyperlink
}

// Cells is the screen as it is now.
func (s *Screen) Cells() Cells {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.emu.CursorPosition()
	c := Cells{
		Width: s.emu.Width(), Height: s.emu.Height(), Title: s.title, Dark: s.dark,
		Cursor: Cursor{X: at.X, Y: at.Y, Visible: s.modes[ansi.ModeTextCursorEnable]},
	}
	c.Rows = make([][]Cell, c.Height)
	for y := range c.Rows {
		c.Rows[y] = s.row(y, c.Width)
	}
	return c
}

// Cell is the cell at column x and row y, from 0; blank outside the screen.
func (s *Screen) Cell(x, y int) Cell {
	c := s.Cells()
	if x < 0 || y < 0 || x >= c.Width || y >= c.Height {
		return Cell{Text: " ", Width: 1}
	}
	return c.Rows[y][x]
}

func (s *Screen) row(y, width int) []Cell {
	row := make([]Cell, width)
	behind := 0 // cells that the wide character before covers
	for x := range row {
		c := s.emu.CellAt(x, y)
		switch {
		case behind > 0:
			behind--
			row[x] = Cell{}
		case c == nil || c.Content == "":
			row[x] = Cell{Text: " ", Width: 1}
		default:
			row[x] = cell(c)
			behind = c.Width - 1
		}
	}
	return row
}

func cell(c *uv.Cell) Cell {
	has := func(attr uint8) bool { return c.Style.Attrs&attr != 0 }
	return Cell{
		Text: c.Content, Width: c.Width, Fg: c.Style.Fg, Bg: c.Style.Bg,
		Bold: has(uv.AttrBold), Faint: has(uv.AttrFaint), Italic: has(uv.AttrItalic),
		Reverse: has(uv.AttrReverse), Strike: has(uv.AttrStrikethrough),
		Underline: c.Style.Underline != uv.UnderlineNone,
		Link:      strings.ReplaceAll(c.Link.URL, hiddenSemicolon, ";"),
	}
}

// Text is as Screen.Text.
func (c Cells) Text() string {
	lines := make([]string, c.Height)
	for y := range lines {
		lines[y] = c.line(y)
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func (c Cells) line(y int) string {
	var b strings.Builder
	for _, cell := range c.Rows[y] {
		b.WriteString(cell.Text)
	}
	return strings.TrimRight(b.String(), " ")
}

// Links is as Screen.Links.
func (c Cells) Links() []string {
	var links []string
	for _, row := range c.Rows {
		for _, cell := range row {
			if cell.Link != "" && !slices.Contains(links, cell.Link) {
				links = append(links, cell.Link)
			}
		}
	}
	return links
}
