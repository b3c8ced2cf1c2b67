package ui

import (
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// The measures of the frame, in cells.
const (
	leastWidth, leastHeight = 64, 16
	panelFrom               = 80 // from this width on the panel is a column
	panelWidth              = 22
	pageWidth               = 76 // longer lines are hard to read
	chrome                  = 4  // header, rule, blank, keys

	titleMost = 120 // characters of a window's title
)

// View draws the frame: header, rule, panel and page, keys.
func (a *App) View() tea.View {
	v := tea.NewView("")
	v.AltScreen, v.ReportFocus = true, true
	v.WindowTitle = "Xops 360 · " + account.Clean(a.title(), titleMost)
	switch {
	case a.size.Width == 0 || a.size.Height == 0 || a.page == nil && a.wizard == nil:
		return v
	case a.size.Width < leastWidth || a.size.Height < leastHeight:
		v.SetContent(small(a.size))
		return v
	}
	f := a.frame()
	v.SetContent(f.Text)
	v.Cursor = f.Cursor
	return v
}

// small is the sentence for a window that is too small, itself cut to it.
func small(size kit.Size) string {
	text := kit.Wrap("This window is too small: 64 columns and 16 lines are needed. Or use xops-onboard --plain.", size.Width)
	lines := strings.Split(text, "\n")
	return strings.Join(lines[:min(len(lines), size.Height)], "\n")
}

// measure is the size that the frame is drawn for. Keys act in a smaller window too,
// and before its size is known; what they have to know of the frame is that of the
// smallest one.
func (a *App) measure() kit.Size {
	return kit.Size{Width: max(a.size.Width, leastWidth), Height: max(a.size.Height, leastHeight)}
}

// layout is where the panel goes, as a column or a line, and the room that is
// left for the page.
func (a *App) layout() (items []kit.Item, column bool, line kit.Frame, room kit.Size) {
	size := a.measure()
	inner := size.Width - 2
	room = kit.Size{Width: min(inner, pageWidth), Height: size.Height - chrome}
	items = a.panel()
	column = len(items) > 0 && size.Width >= panelFrom
	switch {
	case column:
		room.Width = min(inner-panelWidth-1, pageWidth)
	case len(items) > 0:
		text := kit.SectionLine(items, inner, a.theme)
		if a.wizard != nil && a.errand == nil {
			text = kit.PanelLine(items, inner, a.theme)
		}
		line = kit.Stack(kit.Frame{Text: text}, kit.Blank)
		room.Height -= line.Height()
	}
	return items, column, line, room
}

// drawn is the page in its room, where it begins, and how far it can be scrolled.
func (a *App) drawn(room kit.Size) (f kit.Frame, at, far int) {
	return a.matter(room).Draw(room, a.theme, a.scroll)
}

// scrollBy scrolls the page by so many lines, as far as it goes.
func (a *App) scrollBy(lines int) {
	_, _, _, room := a.layout()
	if _, at, far := a.drawn(room); far > 0 {
		a.scroll = kit.Scroll{Offset: min(max(at+lines, 0), far), Held: true}
	}
}

// scrolls tells whether not all of the page shows.
func (a *App) scrolls() bool {
	_, _, _, room := a.layout()
	_, _, far := a.drawn(room)
	return far > 0
}

func (a *App) frame() kit.Frame {
	inner := a.size.Width - 2
	items, column, line, room := a.layout()
	matter, _, _ := a.drawn(room)
	if column {
		matter = kit.Beside(kit.Frame{Text: kit.Panel(items, panelWidth-1, a.theme)}, panelWidth+1, matter)
	}
	matter = kit.Stack(line, matter)
	bottom := a.bottom(inner)
	matter.Text = tall(matter.Text, a.size.Height-2-len(bottom))
	f := kit.Stack(
		kit.Frame{Text: a.header(inner)},
		kit.Frame{Text: a.rule(inner)},
		matter,
		kit.Lines(bottom...),
	)
	f = f.In(lipgloss.NewStyle().PaddingLeft(1))
	return a.over(f)
}

// tall is a text of exactly so many lines.
func tall(text string, height int) string {
	lines := strings.Split(text, "\n")
	return strings.Join(append(lines, make([]string, max(0, height-len(lines)))...)[:height], "\n")
}

// matter is the page or the step.
func (a *App) matter(room kit.Size) kit.Page {
	if a.wizard == nil {
		return a.page.View(room, a.theme)
	}
	p := a.wizard.Step().View(room, a.theme)
	if trouble := a.wizard.Trouble(); trouble != nil {
		p.Live = kit.Mark(room.Width, a.theme.Bad.Render("✗"), "The draft is not on disk. "+steps.Advise(trouble).Line())
	}
	return p
}

func (a *App) title() string {
	switch {
	case a.errand != nil:
		return a.errand.title
	case a.wizard != nil && a.wizard.Undoes():
		return "Take back " + string(a.wizard.Draft().Name)
	case a.wizard != nil && a.wizard.Draft().Replaces != "":
		return "Another app for " + string(a.wizard.Draft().Name)
	case a.wizard != nil && a.wizard.Linking() != "":
		return "Link a new " + a.wizard.Linking().String() + " account"
	case a.page != nil:
		return a.page.Title()
	}
	return "Welcome"
}

// header is product, where one is, and cloud and tenant once they are known.
func (a *App) header(width int) string {
	left := a.theme.Title.Render("Xops 360") + a.theme.Faint.Render(" · ") + a.title()
	right := ""
	if p, ok := a.page.(interface{ Aside() string }); ok && a.wizard == nil {
		right = p.Aside()
	}
	if a.wizard != nil {
		right = steps.Whereabouts(a.wizard.Draft())
	}
	right = kit.Cut(right, max(0, width-lipgloss.Width(left)-2))
	gap := max(1, width-lipgloss.Width(left)-lipgloss.Width(right))
	return kit.Cut(left+strings.Repeat(" ", gap)+a.theme.Faint.Render(right), width)
}

// rule is the thin line; in the demo it says so.
func (a *App) rule(width int) string {
	if a.ports.Demo == nil {
		return a.theme.Rule.Render(strings.Repeat("─", width))
	}
	words := " Demo: a simulated cloud. Nothing here is real or kept. "
	rest := max(0, width-lipgloss.Width(words)-2)
	return a.theme.Rule.Render("──") + a.theme.Banner.Render(words) + a.theme.Rule.Render(strings.Repeat("─", rest))
}

func (a *App) panel() []kit.Item {
	if a.wizard != nil && a.errand == nil {
		return a.wizard.Panel()
	}
	return a.sections()
}

// bottom is the notice while there is one, else the keys, under a blank line. A
// notice is shown whole: a longer one takes the blank line, too, and more if it
// must.
func (a *App) bottom(width int) []string {
	if a.notice != "" {
		lines := strings.Split(kit.Wrap(a.theme.Accent.Render(a.notice), width), "\n")
		if len(lines) == 1 {
			return append([]string{" "}, lines...)
		}
		return lines
	}
	more := helpKey
	if a.typing() {
		more = helpTyping
	}
	if a.dialog != nil {
		more = closeKey
	}
	return []string{" ", kit.KeyLine(width, a.theme, a.keys(), more)}
}

// keysFirst is how many of a page's own keys come before what it offers.
const keysFirst = 2

// keys are all keys that act now: what the page is for, what it offers, the rest.
func (a *App) keys() []key.Binding {
	if a.dialog != nil {
		return a.dialog.keys()
	}
	var keys []key.Binding
	typing := a.typing()
	if a.wizard != nil {
		keys = a.wizard.Step().Keys()
	} else {
		keys = a.page.Keys()
	}
	if typing {
		return keys
	}
	var offered []key.Binding
	for _, o := range a.offers() {
		if o.Key != "" && o.There() {
			offered = append(offered, kit.Key(o.Key, o.Name))
		}
	}
	return slices.Insert(slices.Clone(keys), min(keysFirst, len(keys)), offered...)
}
