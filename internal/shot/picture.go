package shot

import (
	"encoding/xml"
	"fmt"
	"image/color"
	"strings"
	"unicode/utf8"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// picture gathers what the screens of one document share: its styles, and rows
// that look alike.
type picture struct {
	options       Options
	width, height int // cells
	title         string
	theme         theme
	styles        []string
	class         map[string]int
	rows          []string
	row           map[string]int
}

// theme is the colours that are the terminal's own.
type theme struct{ fg, bg, bar, edge, faint string }

var (
	dark  = theme{fg: "#e6edf3", bg: "#0d1117", bar: "#161b22", edge: "#30363d", faint: "#8b949e"}
	light = theme{fg: "#1f2328", bg: "#ffffff", bar: "#f6f8fa", edge: "#d0d7de", faint: "#656d76"}
)

func newPicture(c vterm.Cells, o Options) *picture {
	p := &picture{options: o, width: c.Width, height: c.Height, title: c.Title, theme: light, class: map[string]int{}, row: map[string]int{}}
	if c.Dark {
		p.theme = dark
	}
	return p
}

// screen is the elements of one screen, from its own top left corner.
func (p *picture) screen(c vterm.Cells) string {
	var b strings.Builder
	for y, row := range c.Rows {
		if drawn := p.draw(row); drawn != "" {
			fmt.Fprintf(&b, `<use href="#r%d" y="%s"/>`, numbered(&p.rows, p.row, drawn), number(float64(y)*cellHeight))
		}
	}
	if c.Cursor.Visible {
		under := max(1, c.Rows[c.Cursor.Y][c.Cursor.X].Width)
		fmt.Fprintf(&b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s" fill-opacity=".5"/>`,
			number(float64(c.Cursor.X)*cellWidth), number(float64(c.Cursor.Y)*cellHeight), number(float64(under)*cellWidth), number(cellHeight), p.theme.fg)
	}
	return b.String()
}

// numbered is the number of s in list, where it is put if it is not there.
func numbered(list *[]string, numbers map[string]int, s string) int {
	n, ok := numbers[s]
	if !ok {
		n = len(*list)
		numbers[s], *list = n, append(*list, s)
	}
	return n
}

// draw is the elements of one row, at the height of the first.
func (p *picture) draw(row []vterm.Cell) string {
	var b strings.Builder
	for from := 0; from < len(row); {
		to := from + 1
		for to < len(row) && p.behind(row[to]) == p.behind(row[from]) {
			to++
		}
		if fill := p.behind(row[from]); fill != "" {
			fmt.Fprintf(&b, `<rect x="%s" width="%s" height="%s" fill="%s"/>`,
				number(float64(from)*cellWidth), number(float64(to-from)*cellWidth), number(cellHeight), fill)
		}
		from = to
	}
	for from := 0; from < len(row); {
		to := from + 1
		for to < len(row) && p.joins(row[from], row[to-1], row[to]) {
			to++
		}
		b.WriteString(p.text(row, from, to))
		from = to
	}
	return b.String()
}

// joins tells whether next goes on with the run that began with first. A
// character that the font may not have, or not in this width, stands alone, so
// that another font's width moves nothing else.
func (p *picture) joins(first, before, next vterm.Cell) bool {
	if next.Width == 0 {
		return true // the second half of a wide character
	}
	return plain(before) && plain(next) && p.style(first) == p.style(next)
}

func plain(c vterm.Cell) bool {
	r, n := utf8.DecodeRuneInString(c.Text)
	if c.Width != 1 || n != len(c.Text) {
		return false
	}
	return r < 0x250 || r >= 0x2010 && r <= 0x203a || r >= 0x2500 && r <= 0x259f
}

// text is the cells from from to before to as one element, without the blanks
// at its ends.
func (p *picture) text(row []vterm.Cell, from, to int) string {
	style := p.style(row[from])
	for from < to && row[from].Text == " " {
		from++
	}
	for to > from && row[to-1].Text == " " {
		to--
	}
	if from == to {
		return ""
	}
	var s strings.Builder
	for _, c := range row[from:to] {
		s.WriteString(c.Text)
	}
	class := ""
	if style != "" {
		class = fmt.Sprintf(` class="s%d"`, numbered(&p.styles, p.class, style))
	}
	return fmt.Sprintf(`<text x="%s" y="%s" textLength="%s"%s>%s</text>`,
		number(float64(from)*cellWidth), number(baseline), number(float64(to-from)*cellWidth), class,
		escape(strings.ReplaceAll(s.String(), " ", "\u00a0")))
}

// style is the CSS of a cell's text, empty for the terminal's own.
func (p *picture) style(c vterm.Cell) string {
	var css []string
	if fg := p.front(c); fg != p.theme.fg {
		css = append(css, "fill:"+fg)
	}
	if c.Bold {
		css = append(css, "font-weight:700")
	}
	if c.Faint {
		css = append(css, "fill-opacity:.6")
	}
	if c.Italic {
		css = append(css, "font-style:italic")
	}
	switch {
	case c.Underline && c.Strike:
		css = append(css, "text-decoration:underline line-through")
	case c.Underline:
		css = append(css, "text-decoration:underline")
	case c.Strike:
		css = append(css, "text-decoration:line-through")
	}
	return strings.Join(css, ";")
}

// front is the colour of a cell's text.
func (p *picture) front(c vterm.Cell) string {
	if c.Reverse {
		return hex(c.Bg, p.theme.bg)
	}
	return hex(c.Fg, p.theme.fg)
}

// behind is the colour behind a cell, empty for the terminal's own.
func (p *picture) behind(c vterm.Cell) string {
	if c.Reverse {
		return hex(c.Fg, p.theme.fg)
	}
	return hex(c.Bg, "")
}

func hex(c color.Color, own string) string {
	if c == nil {
		return own
	}
	r, g, b, _ := c.RGBA()
	return fmt.Sprintf("#%02x%02x%02x", r>>8, g>>8, b>>8)
}

// document is the whole file around what was drawn.
func (p *picture) document(body, css string) string {
	w, h := float64(p.width)*cellWidth+2*padding, float64(p.height)*cellHeight+2*padding
	top := padding
	if p.options.Window {
		h, top = h+bar, top+bar
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img">`+"\n",
		number(w), number(h), number(w), number(h))
	fmt.Fprintf(&b, "<title>%s</title>\n<style>", escape(p.title))
	fmt.Fprintf(&b, "text{font:%spx 'JetBrains Mono',SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:%s;white-space:pre}", number(fontSize), p.theme.fg)
	for n, style := range p.styles {
		fmt.Fprintf(&b, ".s%d{%s}", n, style)
	}
	b.WriteString(css + "</style>\n")
	b.WriteString(p.frame(w, h))
	b.WriteString("<defs>\n")
	for n, row := range p.rows {
		fmt.Fprintf(&b, `<g id="r%d">%s</g>`+"\n", n, row)
	}
	fmt.Fprintf(&b, "</defs>\n"+`<g transform="translate(%s %s)">`+"\n%s\n</g>\n</svg>\n", number(padding), number(top), strings.TrimSpace(body))
	return b.String()
}

// frame is the background, with a window's bar if there is one.
func (p *picture) frame(w, h float64) string {
	if !p.options.Window {
		return fmt.Sprintf(`<rect width="%s" height="%s" fill="%s"/>`+"\n", number(w), number(h), p.theme.bg)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<rect x=".5" y=".5" width="%s" height="%s" rx="8" fill="%s" stroke="%s"/>`+"\n", number(w-1), number(h-1), p.theme.bg, p.theme.edge)
	fmt.Fprintf(&b, `<path d="M.5 %sV8.5a8 8 0 0 1 8-8H%sa8 8 0 0 1 8 8V%sz" fill="%s" stroke="%s"/>`+"\n",
		number(bar), number(w-8.5), number(bar), p.theme.bar, p.theme.edge)
	for i, fill := range []string{"#ff5f57", "#febc2e", "#28c840"} {
		fmt.Fprintf(&b, `<circle cx="%d" cy="%s" r="5.5" fill="%s"/>`, 20+i*20, number(bar/2), fill)
	}
	fmt.Fprintf(&b, "\n"+`<text x="50%%" y="%s" text-anchor="middle" style="fill:%s;font-size:12px">%s</text>`+"\n", number(bar/2+4), p.theme.faint, escape(p.title))
	return b.String()
}

func escape(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
