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

// integrations shows the providers' cards: Microsoft's accounts, and linking
// another of each provider. Of many accounts only those around the chosen one
// are drawn.
type integrations struct {
	app    *App
	listed []account.Row // of a.known, or those that the filter lets through
	filter *kit.Field
	at     int // in the list, and behind it the links
}

// links are what can be linked, behind the accounts.
var links = []struct {
	card, title, off string
	provider         account.Provider
}{
	{"Microsoft › M365", "Link a New Microsoft Account", "", account.Microsoft},
	{"Azure", "Link a New Azure Account", notYet, account.Azure},
	{"AWS", "Link a New AWS Account", notYet, account.AWS},
}

const notYet = "Not available yet in this version."

var (
	homeKey = key.NewBinding(key.WithKeys("tab", "esc"), key.WithHelp("tab", "Home"))
	backKey = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))
)

func newIntegrations(a *App) *integrations {
	return &integrations{app: a, listed: a.known.Accounts}
}

func (p *integrations) Enter() tea.Cmd        { return nil }
func (p *integrations) Offers() []steps.Offer { return nil }
func (p *integrations) Typing() bool          { return p.filter != nil }
func (p *integrations) Title() string         { return "Integrations" }
func (p *integrations) Lists() bool           { return true }

func (p *integrations) Keys() []key.Binding {
	open := openKey
	open.SetEnabled(p.at < len(p.listed) || links[p.at-len(p.listed)].off == "")
	if p.filter != nil {
		return []key.Binding{open, kit.ChooseKey, unfilterKey, leafKey, quitKey}
	}
	return []key.Binding{open, kit.ChooseKey, filterKey, homeKey, leafKey, endsKey, quitKey}
}

// filtered is the accounts that the filter lets through.
type filtered struct {
	rows []account.Row
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
	n := len(p.listed) + len(links)
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
	if p.at < len(p.listed) {
		return p.app.showAccount(p.listed[p.at].ID)
	}
	if l := links[p.at-len(p.listed)]; l.off == "" {
		return p.app.add(l.provider)
	}
	return nil
}

// typed lets the filter have what is typed; what it lets through is looked for
// beside the screen.
func (p *integrations) typed(msg tea.Msg) tea.Cmd {
	if p.filter == nil {
		return nil
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, unfilterKey) {
		p.filter, p.listed, p.at = nil, p.app.known.Accounts, 0
		return nil
	}
	before := p.filter.Value()
	cmd := p.filter.Update(msg)
	if p.filter.Value() == before {
		return cmd
	}
	all, by := p.app.known.Accounts, p.filter.Value()
	return tea.Batch(cmd, ask(p.app, func(context.Context) (filtered, error) {
		return filtered{containing(all, by), by}, nil
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

// rows is how many accounts are drawn at a time.
func (p *integrations) rows() int {
	const around = 20 // the frame, title, and the rest of the cards
	return max(3, p.app.size.Height-around)
}

func (p *integrations) View(size kit.Size, t kit.Theme) kit.Page {
	var out []kit.Frame
	if p.filter != nil {
		out = append(out, p.filter.Draw(size.Width, t))
	}
	for i, l := range links {
		at := len(p.listed) + i
		style := t.Card
		if p.at == at || i == 0 && p.at < at {
			style = t.CardHere
		}
		inner := size.Width - style.GetHorizontalFrameSize()
		title := t.Title.Render(l.card)
		var matter []kit.Frame
		if i == 0 {
			title += t.Faint.Render(counted(len(p.listed), len(p.app.known.Accounts)))
			matter = p.accounts(inner, t)
		}
		matter = append([]kit.Frame{{Text: title}}, matter...)
		matter = append(matter, p.item(l.title, p.at == at, inner, t))
		if l.off != "" {
			matter = append(matter, kit.Mark(inner, " ", t.Faint.Render(l.off)))
		}
		out = append(out, kit.Stack(matter...).In(style.Width(size.Width)))
	}
	return kit.Page{
		Title: "Integrations",
		Why:   "The accounts that are linked, and linking another.",
		Body:  kit.Stack(out...),
	}
}

// counted is how many accounts there are, and how many of them are listed.
func counted(listed, all int) string {
	if listed == all {
		return fmt.Sprintf("  %d linked", all)
	}
	return fmt.Sprintf("  %d of %d linked", listed, all)
}

// accounts are the accounts around the chosen one.
func (p *integrations) accounts(width int, t kit.Theme) []kit.Frame {
	first, last := window(len(p.listed), min(p.at, len(p.listed)), p.rows())
	var out []kit.Frame
	for i := first; i < last; i++ {
		out = append(out, p.item(string(p.listed[i].Name), p.at == i, width, t))
	}
	return out
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
