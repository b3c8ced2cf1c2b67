package ui

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// integrations shows the providers' cards: the accounts of each, and linking
// another. Of many accounts only those around the chosen one are drawn.
type integrations struct {
	app    *App
	listed cards // of a.known, or those that the filter lets through
	filter *kit.Field
	all    []int // how many accounts of each there are
	at     int   // counted through all cards: the accounts of each, and then its link
}

// cards are the accounts of each provider, in the order of links.
type cards [][]account.Row

// dealt are the rows by their providers.
func dealt(rows []account.Row) cards {
	c := make(cards, len(links))
	for _, r := range rows {
		for i, l := range links {
			if l == r.Provider {
				c[i] = append(c[i], r)
			}
		}
	}
	return c
}

// count is how many lines can be chosen.
func (c cards) count() (n int) {
	for _, rows := range c {
		n += len(rows) + 1
	}
	return n
}

// place is which card a line is on, and which line of it.
func (c cards) place(at int) (card, line int) {
	for i, rows := range c {
		if at <= len(rows) || i == len(c)-1 {
			return i, at
		}
		at -= len(rows) + 1
	}
	return 0, 0
}

// links are the cards, each with what can be linked.
var links = []account.Provider{account.Microsoft, account.Azure, account.AWS}

var (
	homeKey = kit.Key("tab", "Home", "tab", "esc")
	backKey = kit.Key("esc", "back")
)

func newIntegrations(a *App) *integrations {
	p := &integrations{app: a, listed: dealt(a.known.Accounts)}
	for _, rows := range p.listed {
		p.all = append(p.all, len(rows))
	}
	return p
}

func (p *integrations) Enter() tea.Cmd        { return nil }
func (p *integrations) Offers() []steps.Offer { return nil }
func (p *integrations) Typing() bool          { return p.filter != nil }
func (p *integrations) Title() string         { return "Integrations" }
func (p *integrations) Lists() bool           { return true }

func (p *integrations) Keys() []key.Binding {
	if p.filter != nil {
		return []key.Binding{openKey, kit.ChooseKey, unfilterKey, leafKey, quitKey}
	}
	return []key.Binding{openKey, kit.ChooseKey, filterKey, homeKey, leafKey, endsKey, quitKey}
}

// filtered is the accounts that the filter lets through.
type filtered struct {
	rows cards
	by   string
}

func (p *integrations) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer[filtered]:
		if p.filter != nil && msg.value.by == p.filter.Value() {
			p.listed, p.at = msg.value.rows, 0
		}
	case tea.PasteMsg:
		return p.typed(msg)
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	return nil
}

func (p *integrations) press(msg tea.KeyPressMsg) tea.Cmd {
	n := p.listed.count()
	if to, ok := step(msg, p.at, n, p.rows(), p.filter != nil); ok {
		p.at = to
		return nil
	}
	switch {
	case key.Matches(msg, openKey):
		return p.open()
	case p.filter != nil:
		return p.typed(msg)
	case key.Matches(msg, homeKey):
		return p.app.home()
	case key.Matches(msg, filterKey):
		f := kit.NewField("", "", "part of a name")
		f.Focus()
		p.filter = &f
	}
	return nil
}

func (p *integrations) open() tea.Cmd {
	card, line := p.listed.place(p.at)
	if line < len(p.listed[card]) {
		return p.app.showAccount(p.listed[card][line].ID)
	}
	return p.app.add(links[card])
}

// typed lets the filter have what is typed; what it lets through is looked for
// beside the screen.
func (p *integrations) typed(msg tea.Msg) tea.Cmd {
	if p.filter == nil {
		return nil
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, unfilterKey) {
		p.filter, p.listed, p.at = nil, dealt(p.app.known.Accounts), 0
		return nil
	}
	before := p.filter.Value()
	cmd := p.filter.Update(msg)
	if p.filter.Value() == before {
		return cmd
	}
	all, by := p.app.known.Accounts, p.filter.Value()
	return tea.Batch(cmd, ask(p.app, func(context.Context) (filtered, error) {
		return filtered{dealt(containing(all, by)), by}, nil
	}))
}

// containing is the rows whose name has that in it.
func containing(all []account.Row, part string) []account.Row {
	part = strings.ToLower(strings.TrimSpace(part))
	var out []account.Row
	for _, r := range all {
		if strings.Contains(strings.ToLower(string(r.Name)), part) {
			out = append(out, r)
		}
	}
	return out
}

// rows is how many accounts are drawn at a time of the card one is on; of the
// others the first few are.
func (p *integrations) rows() int {
	const around = 20 // the frame, title, and the rest of the cards
	return max(3, p.app.size.Height-around)
}

const fewRows = 2

func (p *integrations) View(size kit.Size, t kit.Theme) kit.Page {
	var out []kit.Frame
	if p.filter != nil {
		out = append(out, p.filter.Draw(size.Width, t))
	}
	here, line := p.listed.place(p.at)
	for i := range links {
		on := -1
		if i == here {
			on = line
		}
		out = append(out, p.card(i, on, size.Width, t))
	}
	return kit.Page{
		Title: "Integrations",
		Why:   "The accounts that are linked, and linking another.",
		Body:  kit.Stack(out...),
	}
}

// card is a provider's card with the line one is on; -1 where that is another's.
func (p *integrations) card(i, on, width int, t kit.Theme) kit.Frame {
	rows, style := p.listed[i], t.Card
	if on >= 0 {
		style = t.CardHere
	}
	inner := width - style.GetHorizontalFrameSize()
	title := t.Title.Render(steps.Card(links[i]))
	if all := p.all[i]; all > 0 || i == 0 {
		title += t.Faint.Render(counted(len(rows), all))
	}
	matter := []kit.Frame{{Text: title}}
	most := p.rows()
	if on < 0 {
		most = min(most, fewRows)
	}
	first, last := window(len(rows), min(max(on, 0), len(rows)), most)
	for at := first; at < last; at++ {
		matter = append(matter, p.item(string(rows[at].Name), at == on, inner, t))
	}
	matter = append(matter, p.item(steps.LinkTitle(links[i]), on == len(rows), inner, t))
	return kit.Stack(matter...).In(style.Width(width))
}

// counted is how many accounts there are, and how many of them are listed.
func counted(listed, all int) string {
	if listed == all {
		return fmt.Sprintf("  %d linked", all)
	}
	return fmt.Sprintf("  %d of %d linked", listed, all)
}

// item is one line that can be chosen.
func (p *integrations) item(title string, here bool, width int, t kit.Theme) kit.Frame {
	mark, style := "  ", t.Text
	if here {
		mark, style = t.Accent.Render("› "), t.Accent
	}
	f := kit.Frame{Text: mark + style.Render(kit.Cut(title, width-2))}
	if here && p.filter == nil {
		f.Cursor = &tea.Cursor{Shape: tea.CursorBar}
	}
	return f
}
