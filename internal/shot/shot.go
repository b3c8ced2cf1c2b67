// Package shot draws what a terminal shows as SVG: a picture of one screen, or
// one moving picture of several. It draws the cells that a test saw, so a
// picture is as true as the test.
//
// A run of cells of one style is one text element as long as its cells
// (textLength), so columns stay columns in whatever font is there. Blanks
// inside are U+00A0 and those outside are left away; browsers would collapse
// the one and stretch glyphs over the other.
package shot

import (
	"fmt"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
)

// Options is how a picture is drawn. Whether it is dark or light is the
// screen's own affair: vterm.Cells.Dark.
type Options struct {
	Window bool // a window around it, with the terminal's title
}

// Frame is one screen of a moving picture, and how long it stands.
type Frame struct {
	Cells vterm.Cells
	For   time.Duration
}

// The size of things, in SVG units. A cell is as wide as JetBrains Mono's
// characters at that size, and low enough for its lines to join.
const (
	fontSize   = 14.0
	cellWidth  = 8.4
	cellHeight = 18.0
	baseline   = 13.5
	padding    = 14.0
	bar        = 34.0 // a window's title bar
)

// SVG is the picture of one screen.
func SVG(c vterm.Cells, o Options) string {
	p := newPicture(c, o)
	body := p.screen(c)
	return p.document(body, "")
}

// Moving is one picture of several screens of the same size, over and over.
// Where nothing moves (a reader who asked for less motion, a program that draws
// no animations) it is the last of them. It panics without frames.
func Moving(frames []Frame, o Options) string {
	last := len(frames) - 1
	p := newPicture(frames[last].Cells, o)
	var total time.Duration
	for _, f := range frames {
		total += f.For
	}
	var body, css strings.Builder
	fmt.Fprintf(&css, ".f{visibility:hidden;animation:%ss step-end infinite}.l{visibility:visible}", number(total.Seconds()))
	css.WriteString("@media (prefers-reduced-motion:reduce){.f{animation:none!important}}")
	var at time.Duration
	for i, f := range frames {
		class := "f"
		if i == last {
			class = "f l"
		}
		fmt.Fprintf(&body, `<g class="%s" style="animation-name:k%d">%s</g>`+"\n", class, i, p.screen(f.Cells))
		from, to := percent(at, total), percent(at+f.For, total)
		fmt.Fprintf(&css, "@keyframes k%d{0%%{visibility:%s}%s{visibility:visible}%s{visibility:%s}}",
			i, seen(i == 0), from, to, seen(i == last))
		at += f.For
	}
	return p.document(body.String(), css.String())
}

func percent(part, whole time.Duration) string {
	return number(100*float64(part)/float64(whole)) + "%"
}

func seen(yes bool) string {
	if yes {
		return "visible"
	}
	return "hidden"
}

// number is a number as short as a picture needs it.
func number(f float64) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
}
