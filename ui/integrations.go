package ui

import (
	"fmt"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// integrations shows the providers' cards and their accounts.
type integrations struct {
	app    *App
	choice kit.Choice
	picks  []func() tea.Cmd
}

var (
	homeKey = key.NewBinding(key.WithKeys("tab", "esc"), key.WithHelp("tab", "Home"))
	backKey = key.NewBinding(key.WithKeys("esc"), key.WithHelp("esc", "back"))
)

func newIntegrations(a *App) *integrations {
	p := &integrations{app: a}
	add := func(o kit.Option, do func() tea.Cmd) {
		p.choice.Options = append(p.choice.Options, o)
		p.picks = append(p.picks, do)
	}
	for _, r := range a.known.Accounts {
		if r.Provider == account.Microsoft {
			add(kit.Option{Title: string(r.Name)}, func() tea.Cmd { return a.open(newAccount(a, r.ID)) })
		}
	}
	add(kit.Option{Title: "Link a New Microsoft Account"}, func() tea.Cmd { return a.add(account.Microsoft) })
	off := "Not available yet in this version."
	add(kit.Option{Title: "Link a New Azure Account", Off: off}, nil)
	add(kit.Option{Title: "Link a New AWS Account", Off: off}, nil)
	return p
}

func (p *integrations) Enter() tea.Cmd        { return nil }
func (p *integrations) Offers() []steps.Offer { return nil }
func (p *integrations) Typing() bool          { return false }
func (p *integrations) Title() string         { return "Integrations" }

func (p *integrations) Keys() []key.Binding {
	open := openKey
	open.SetEnabled(p.picks[p.choice.At()] != nil)
	return []key.Binding{kit.ChooseKey, open, homeKey}
}

func (p *integrations) Update(msg tea.Msg) tea.Cmd {
	press, ok := msg.(tea.KeyPressMsg)
	if !ok {
		return nil
	}
	switch {
	case key.Matches(press, homeKey):
		return p.app.reload(p.app.begin)
	case key.Matches(press, openKey):
		if do := p.picks[p.choice.At()]; do != nil {
			return do()
		}
		return nil
	}
	p.choice.Update(press)
	return nil
}

func (p *integrations) View(size kit.Size, t kit.Theme) kit.Page {
	return kit.Page{
		Title: "Integrations",
		Why:   "The accounts that are linked, and linking another.",
		Body:  p.cards(size.Width, t),
	}
}

// cards are the providers, each with what can be chosen in it.
func (p *integrations) cards(width int, t kit.Theme) kit.Frame {
	n := len(p.choice.Options)
	var out []kit.Frame
	for _, c := range []struct {
		title    string
		from, to int
	}{{"Microsoft › M365", 0, n - 2}, {"Azure", n - 2, n - 1}, {"AWS", n - 1, n}} {
		style := t.Card
		if p.choice.At() >= c.from && p.choice.At() < c.to {
			style = t.CardHere
		}
		inner := width - style.GetHorizontalFrameSize()
		matter := []kit.Frame{{Text: t.Title.Render(c.title)}}
		for i := c.from; i < c.to; i++ {
			matter = append(matter, p.choice.Line(i, inner, t))
		}
		out = append(out, kit.Stack(matter...).In(style.Width(width)))
	}
	return kit.Stack(out...)
}

// accountPage is one account: its values and its checks.
type accountPage struct {
	app      *App
	id       account.ID
	account  account.Account
	report   *account.Report
	active   bool
	evidence bool
	wrong    *account.Problem
}

var evidenceKey = key.NewBinding(key.WithKeys("e"), key.WithHelp("e", "evidence"))

func newAccount(a *App, id account.ID) *accountPage { return &accountPage{app: a, id: id} }

// accountMsg is an account read from the registry.
type accountMsg struct {
	account account.Account
	err     error
}

func (p *accountPage) Enter() tea.Cmd {
	reg, ctx, id := p.app.ports.Env.Ops.Ports().Registry, p.app.ctx, p.id
	return tea.Batch(p.app.lastReport(id), p.app.ask(func() tea.Msg {
		acc, err := reg.Account(ctx, id)
		return accountMsg{acc, err}
	}))
}

func (p *accountPage) Typing() bool  { return false }
func (p *accountPage) Title() string { return "Integrations › " + string(p.account.Name) }

func (p *accountPage) Offers() []steps.Offer {
	if p.account.ID == "" {
		return nil
	}
	return steps.AccountOffers(p.account)
}

func (p *accountPage) Keys() []key.Binding {
	shown := evidenceKey
	shown.SetEnabled(p.report != nil)
	if p.locked() {
		return []key.Binding{steps.UnlockKey, verifyKey, shown, backKey}
	}
	return []key.Binding{verifyKey, shown, backKey}
}

// locked tells whether nothing could be checked because the key is locked away.
func (p *accountPage) locked() bool { return p.report != nil && !p.active && steps.Locked(*p.report) }

func (p *accountPage) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case accountMsg:
		p.account = msg.account
		p.wrong = account.AsProblem(msg.err)
	case reportMsg:
		if msg.id != p.id {
			return nil
		}
		if msg.done {
			p.active, p.wrong = false, account.AsProblem(msg.err)
		}
		if msg.err == nil {
			p.report = &msg.report
		}
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return p.app.reload(p.app.begin)
		case key.Matches(msg, evidenceKey):
			p.evidence = !p.evidence
		case key.Matches(msg, verifyKey) && !p.active:
			p.active = true
			return p.app.verifyNow(p.id)
		case key.Matches(msg, steps.UnlockKey) && p.locked():
			return p.app.unlock(p.account)
		}
	}
	return nil
}

func (p *accountPage) View(size kit.Size, t kit.Theme) kit.Page {
	v := kit.Page{Title: string(p.account.Name), Why: "Microsoft › M365"}
	if p.account.ID == "" {
		v.Title = "Account"
	}
	var out []kit.Frame
	for _, o := range p.Offers() {
		out = append(out, kit.Value(size.Width, t, o.Key+" "+o.Title, o.Value))
	}
	if p.report != nil {
		r := steps.OfStore(*p.report, p.account.Key.Store)
		out = append(out, kit.Blank, steps.Checks(size.Width, t, r, true))
		if p.evidence {
			out = append(out, kit.Blank, evidence(size.Width, t, *p.report))
		}
	}
	v.Body = kit.Stack(out...)
	switch {
	case p.wrong != nil:
		v.Live = kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(p.wrong).Line())
	case p.active:
		v.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Asking Entra and Microsoft Graph")
	case p.report != nil:
		v.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Checked "+Ago(p.app.ports.Env.Now().Sub(p.report.At))+".")
	}
	return v
}

// evidence is what was asked, what came back, and when.
func evidence(width int, t kit.Theme, r account.Report) kit.Frame {
	var out []kit.Frame
	for _, c := range r.Checks {
		if len(c.Evidence) > 0 {
			out = append(out, kit.Frame{Text: t.Label.Render(steps.CheckTitle(c.Name))})
		}
		for _, e := range c.Evidence {
			host, path, _ := strings.Cut(e.Path, "/")
			out = append(out,
				kit.Frame{Text: fmt.Sprintf("  %s  %d  %s %s", e.At.Local().Format(time.TimeOnly), e.Status, e.Method, host)},
				kit.Mark(width, " ", "/"+path),
				kit.Mark(width, " ", t.Faint.Render("request "+e.RequestID)),
			)
		}
	}
	return kit.Stack(out...)
}
