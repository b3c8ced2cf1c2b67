package kit

import (
	"strings"

	"charm.land/bubbles/v2/help"
	"charm.land/bubbles/v2/key"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/ansi"
)

// Page is one screen's matter: a title, one faint line that says why, the body
// and the live line. The live line is pinned under the body, which scrolls when
// it is taller than the room between.
type Page struct {
	Title string
	Why   string
	Body  Frame
	Live  Frame // at most three lines
}

// Scroll is how far down a page is scrolled. The cursor and what stands under it
// are kept in sight, unless a person has scrolled away from them.
type Scroll struct {
	Offset int
	Held   bool // by a person
}

// Draw is the page in a room, scrolled as far as that goes. It tells at which
// line it begins, and how far one can scroll: 0 when everything shows.
func (p Page) Draw(size Size, t Theme, s Scroll) (f Frame, at, far int) {
	head := Frame{Text: Wrap(t.Title.Render(p.Title), size.Width)}
	if p.Why != "" {
		head = Stack(head, Frame{Text: Wrap(t.Faint.Render(p.Why), size.Width)})
	}
	top := Stack(head, Blank, p.Body)
	live := p.Live
	room := size.Height - live.Height()
	if live.Text == "" && top.Height() <= room {
		return top, 0, 0
	}
	room = max(room-1, 1) // for a line that is blank, or says that there is more
	cut, at, far := scroll(top, room, s)
	gap := Frame{Text: strings.Repeat("\n", max(0, room-cut.Height())) + more(at > 0, at < far, t)}
	if live.Text == "" {
		return Stack(cut, gap), at, far
	}
	if live.Cursor == nil && cut.Cursor == nil {
		// The real cursor rests on the live line when no field has it, so that a
		// screen reader follows what is said there.
		live.Cursor = rest(0, 0)
	}
	return Stack(cut, gap, live), at, far
}

// more is the line under a cut frame: which way there is more, and by which key.
func more(above, below bool, t Theme) string {
	switch {
	case above && below:
		return t.Faint.Render("↑ pgup  ↓ pgdn")
	case above:
		return t.Faint.Render("↑ pgup")
	case below:
		return t.Faint.Render("↓ pgdn")
	}
	return " "
}

// scroll cuts a frame to height lines. It tells where it is cut, and how far one
// could go.
func scroll(f Frame, height int, s Scroll) (cut Frame, at, far int) {
	lines := strings.Split(f.Text, "\n")
	far = max(0, len(lines)-height)
	offset := min(max(s.Offset, 0), far)
	if c := f.Cursor; c != nil && !s.Held {
		begin, end := around(lines, c.Y)
		offset = max(offset, end-height+1)
		offset = min(offset, begin)
		offset = min(max(offset, 0), far)
	}
	cut = f.At(0, -offset)
	cut.Text = strings.Join(lines[offset:min(len(lines), offset+height)], "\n")
	if c := cut.Cursor; c != nil && (c.Y < 0 || c.Y >= height) {
		cut.Cursor = nil // it was scrolled away from
	}
	return cut, offset, far
}

// around is the first and the last line of what belongs to a line: over a field
// stand its label and why it is asked, under it what is wrong with it.
func around(lines []string, y int) (begin, end int) {
	blank := func(i int) bool { return strings.TrimSpace(ansi.Strip(lines[i])) == "" }
	const over = 2
	for begin = y; begin > max(0, y-over) && !blank(begin-1); {
		begin--
	}
	for end = y; end+1 < len(lines) && !blank(end+1); {
		end++
	}
	return begin, end
}

// Wrap breaks styled text into lines of at most width cells, at blanks only, so
// that ids, paths and hyphenated names stay whole; what is longer than a line
// is broken where the line ends.
func Wrap(s string, width int) string {
	if width < 1 {
		return s
	}
	// The wrapper takes every hyphen for a place to break (charmbracelet/x/ansi,
	// Wrap), so hyphens sit the wrapping out as another character of their width.
	const hyphen = "\ue000"
	s = lipgloss.Wrap(strings.ReplaceAll(s, "-", hyphen), width, "")
	return strings.ReplaceAll(s, hyphen, "-")
}

// Fold is Wrap that breaks no word: an address that is longer than width stays whole,
// to be selected and copied.
func Fold(s string, width int) string {
	if width < 1 {
		return s
	}
	const hyphen = "\ue000" // as in Wrap
	return strings.ReplaceAll(ansi.Wordwrap(strings.ReplaceAll(s, "-", hyphen), width, ""), hyphen, "-")
}

// Cut is text cut to width cells, with an ellipsis when something is missing.
func Cut(s string, width int) string { return ansi.Truncate(s, width, "…") }

// KeyLine is the line of keys: as many as fit in width, in order, and last the
// key that shows all of them.
func KeyLine(width int, t Theme, keys []key.Binding, more key.Binding) string {
	h := help.New()
	h.Styles = t.help()
	h.ShortSeparator, h.Ellipsis = " · ", "…"
	last := h.ShortHelpView([]key.Binding{more})
	line := ""
	for _, k := range keys {
		if !k.Enabled() {
			continue
		}
		next := line + h.ShortHelpView([]key.Binding{k}) + t.KeyText.Render(" · ")
		if lipgloss.Width(next)+lipgloss.Width(last) > width {
			continue // a shorter one behind it may still fit
		}
		line = next
	}
	return Cut(line+last, width)
}
