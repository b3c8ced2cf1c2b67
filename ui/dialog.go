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

// dialog lies over the page and takes what is typed and pasted.
type dialog interface {
	update(msg tea.Msg, room kit.Size, t kit.Theme) (cmd tea.Cmd, open bool)
	keys() []key.Binding
	draw(kit.Size, kit.Theme) kit.Frame
}

// inDialog lets the dialog have what was typed or pasted. One that closes may
// have opened another.
func (a *App) inDialog(msg tea.Msg) tea.Cmd {
	d := a.dialog
	cmd, open := d.update(msg, a.dialogRoom(), a.theme)
	if !open && a.dialog == d {
		a.dialog = nil
	}
	return cmd
}

// dialogRoom is how big a dialog can be.
func (a *App) dialogRoom() kit.Size {
	size := a.measure()
	return kit.Size{Width: min(size.Width-4, pageWidth), Height: size.Height - chrome + 1}
}

// over lays the dialog over the frame.
func (a *App) over(f kit.Frame) kit.Frame {
	if a.dialog == nil {
		return f
	}
	// Header, rule and keys stay; half words beside the box would only distract.
	box := a.dialog.draw(a.dialogRoom(), a.theme)
	x := max(0, (a.size.Width-lipgloss.Width(box.Text))/2)
	y := max(2, (a.size.Height-1-box.Height())/2)
	lines := strings.Split(f.Text, "\n")
	for i := y; i < min(y+box.Height(), len(lines)); i++ {
		lines[i] = ""
	}
	text := lipgloss.NewCompositor(
		lipgloss.NewLayer(strings.Join(lines, "\n")),
		lipgloss.NewLayer(box.Text).X(x).Y(y).Z(1),
	).Render()
	return kit.Frame{Text: text, Cursor: box.At(x, y).Cursor}
}

// textDialog shows a text; with actions it can do something with it.
type textDialog struct {
	title   string
	text    string
	actions []action
	offset  int // how far it is scrolled
}

// action is a key of a dialog. It closes the dialog.
type action struct {
	key key.Binding
	do  func() tea.Cmd
}

func (d *textDialog) update(msg tea.Msg, room kit.Size, t kit.Theme) (tea.Cmd, bool) {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil, true
	}
	for _, act := range d.actions {
		if key.Matches(press, act.key) {
			return act.do(), false
		}
	}
	lines, height := d.lines(room, t)
	far := max(0, len(lines)-height)
	switch {
	case key.Matches(press, pageDown, downKey):
		d.offset = min(d.offset+1, far)
	case key.Matches(press, pageUp, upKey):
		d.offset = max(0, min(d.offset, far)-1)
	case key.Matches(press, closeKey):
		return nil, false
	}
	return nil, true
}

var (
	downKey = kit.Key("", "", "down", "j")
	upKey   = kit.Key("", "", "up", "k")
)

func (d *textDialog) keys() []key.Binding {
	var keys []key.Binding
	for _, act := range d.actions {
		keys = append(keys, act.key)
	}
	return keys
}

// lines is the text as it is broken in that room, and how many of its lines fit.
func (d *textDialog) lines(size kit.Size, t kit.Theme) (lines []string, height int) {
	style := boxed(t)
	for line := range strings.Lines(d.text) {
		lines = append(lines, hanging(strings.TrimRight(line, "\n"), size.Width-style.GetHorizontalFrameSize())...)
	}
	return lines, max(1, size.Height-style.GetVerticalFrameSize()-2)
}

func (d *textDialog) draw(size kit.Size, t kit.Theme) kit.Frame {
	lines, height := d.lines(size, t)
	lines = lines[min(d.offset, max(0, len(lines)-height)):]
	if len(lines) > height {
		lines = append(lines[:height-1:height-1], t.Faint.Render("↓ more"))
	}
	return kit.Stack(kit.Frame{Text: t.Title.Render(d.title)}, kit.Blank, kit.Lines(lines...)).In(boxed(t))
}

// boxed is the box of a dialog.
func boxed(t kit.Theme) lipgloss.Style { return t.Dialog.Padding(0, 2) }

// typedDialog asks for a name to be typed before something is lost for good.
type typedDialog struct {
	title string
	text  string
	name  string
	does  string // what enter does then
	do    func() tea.Cmd
	field kit.Field
}

func newTyped(title, text, name, does string, do func() tea.Cmd) *typedDialog {
	d := &typedDialog{title: title, text: text, name: name, does: does, do: do}
	d.field = kit.NewField("Type "+name+" to "+does, "", "")
	d.field.Focus()
	return d
}

func (d *typedDialog) keys() []key.Binding {
	return []key.Binding{kit.Key("enter", d.does)}
}

func (d *typedDialog) update(msg tea.Msg, _ kit.Size, _ kit.Theme) (tea.Cmd, bool) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch press.String() {
		case "esc":
			return nil, false
		case "enter":
			if !strings.EqualFold(strings.TrimSpace(d.field.Value()), d.name) {
				d.field.Wrong("That is not its name. esc leaves it alone.")
				return nil, true
			}
			return d.do(), false
		}
	}
	return d.field.Update(msg), true
}

func (d *typedDialog) draw(size kit.Size, t kit.Theme) kit.Frame {
	style := boxed(t)
	width := size.Width - style.GetHorizontalFrameSize()
	field := d.field.Draw(width, t)
	text := strings.Split(kit.Wrap(d.text, width), "\n")
	if room := max(1, size.Height-style.GetVerticalFrameSize()-3-field.Height()); len(text) > room {
		text = text[:room]
	}
	return kit.Stack(kit.Frame{Text: t.Title.Render(d.title)}, kit.Blank, kit.Lines(text...), kit.Blank, field).In(style)
}

// hanging is a line wrapped so that what follows stands under its first word:
// behind blanks, and behind the number of a list's item.
func hanging(line string, width int) []string {
	rest := strings.TrimLeft(line, " 0123456789.")
	lead := len(line) - len(rest)
	if lead == 0 || line[0] != ' ' || lead > 8 {
		return strings.Split(kit.Wrap(line, width), "\n")
	}
	out := strings.Split(kit.Wrap(rest, width-lead), "\n")
	for i := range out {
		out[i] = strings.Repeat(" ", lead) + out[i]
	}
	out[0] = line[:lead] + out[0][lead:]
	return out
}

// everywhere are the keys that act on this page beside its own.
func (a *App) everywhere() []key.Binding {
	var keys []key.Binding
	offers := a.offers()
	if slices.ContainsFunc(offers, func(o steps.Offer) bool { return o.Kind == steps.Open }) {
		keys = append(keys, linkKey, copyKey)
	}
	if list(offers) != "" && !a.typing() {
		keys = append(keys, listKey)
	}
	if a.scrolls() {
		keys = append(keys, scrollKey)
	}
	return append(keys, suspendKey, quitKey)
}

// help is every key that acts now, and whom to ask.
func (a *App) help() dialog {
	var all []key.Binding
	width := 0
	for _, k := range append(a.keys(), a.everywhere()...) {
		known := slices.ContainsFunc(all, func(have key.Binding) bool { return have.Help().Key == k.Help().Key })
		if k.Enabled() && !known {
			all, width = append(all, k), max(width, lipgloss.Width(k.Help().Key))
		}
	}
	var b strings.Builder
	for _, k := range all {
		b.WriteString(a.theme.Key.Render(k.Help().Key) + strings.Repeat(" ", width-lipgloss.Width(k.Help().Key)+2) + k.Help().Desc + "\n")
	}
	if ids := a.requestIDs(); ids != "" {
		b.WriteString("\nQuote when you ask: " + ids)
	}
	return &textDialog{title: "Keys · questions: support@axiomio.com", text: b.String()}
}

// requestIDs are the newest answers' ids, for support.
func (a *App) requestIDs() string {
	seen, ok := a.step().(interface{ Seen() (account.Report, bool) })
	if !ok {
		return ""
	}
	r, ok := seen.Seen()
	if !ok {
		return ""
	}
	var ids []string
	for _, c := range r.Checks {
		if c.Problem != nil && c.Problem.RequestID != "" && len(ids) < 3 {
			ids = append(ids, "request "+c.Problem.RequestID)
		}
	}
	return strings.Join(ids, ", ")
}

func (a *App) step() any {
	if a.wizard == nil {
		return a.page
	}
	return a.wizard.Step()
}

// handOver shows a text for another administrator.
func (a *App) handOver(o steps.Offer) dialog {
	text := o.Text()
	keyed := func(k, help string, do func() tea.Cmd) action {
		return action{kit.Key(k, help), do}
	}
	return &textDialog{title: o.Title, text: text, actions: []action{
		keyed("c", "copy", func() tea.Cmd { a.notice = "Copied, if your terminal allows it."; return tea.SetClipboard(text) }),
		keyed("s", "save as a file", func() tea.Cmd { return a.saveText("xops-360-for-another-administrator.txt", text) }),
		keyed("l", "show on the normal screen", func() tea.Cmd { return show(a.ctx, text) }),
	}}
}
