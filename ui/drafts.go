package ui

import (
	"errors"
	"fmt"
	"io"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// drafts is the first page while no account is connected and a draft was left.
type drafts struct {
	app   *App
	menu  kit.Menu[func() tea.Cmd]
	wrong *account.Problem
}

var (
	chooseKey = kit.Key("enter", "choose")
	againKey  = kit.Key("r", "try again")
)

func newDrafts(a *App) *drafts {
	p := &drafts{app: a}
	for _, r := range a.known.Drafts {
		o := kit.Option{Title: "Go on with " + string(r.Name), Detail: draftWords(r, a.ports.Env.Now())}
		if r.Begun == account.Removing {
			o = kit.Option{Title: "Go on removing " + string(r.Name), Detail: "It was an account, and its removal was begun."}
		}
		if r.Owned {
			o.Off = "Open in another window."
		}
		p.menu.Add(o, func() tea.Cmd { return a.resume(r.ID) })
	}
	p.menu.Add(kit.Option{Title: "Start another"}, func() tea.Cmd { return a.walk(account.Draft{}) })
	for _, r := range a.known.Drafts {
		if !r.Owned && r.Begun != account.Removing {
			p.menu.Add(kit.Option{Title: "Throw " + string(r.Name) + " away"}, func() tea.Cmd { return a.askAway(r.ID) })
		}
	}
	return p
}

// draftWords say how far a draft is and since when: "step 5 of 8, yesterday".
func draftWords(r account.Row, now time.Time) string {
	return fmt.Sprintf("%s, %s, %s", r.Provider, steps.Progress(r), Ago(now.Sub(r.Updated)))
}

// Ago is an age as people say it.
func Ago(d time.Duration) string {
	count := func(n int, noun string) string {
		if n == 1 {
			return "1 " + noun + " ago"
		}
		return fmt.Sprintf("%d %ss ago", n, noun)
	}
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d.Minutes()), "minute")
	case d < 24*time.Hour:
		return count(int(d.Hours()), "hour")
	case d < 48*time.Hour:
		return "yesterday"
	}
	return count(int(d.Hours()/24), "day")
}

func (p *drafts) Enter() tea.Cmd        { return nil }
func (p *drafts) Offers() []steps.Offer { return nil }
func (p *drafts) Typing() bool          { return false }
func (p *drafts) Title() string         { return "Go on" }
func (p *drafts) Keys() []key.Binding   { return []key.Binding{kit.ChooseKey, chooseKey} }

func (p *drafts) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case resumedMsg:
		if msg.err != nil {
			p.wrong = account.AsProblem(msg.err)
			return nil
		}
		return p.app.goOn(msg.draft)
	case tea.KeyPressMsg:
		if key.Matches(msg, chooseKey) {
			if do, ok := p.menu.Take(); ok {
				return do()
			}
			return nil
		}
		p.menu.Update(msg)
	}
	return nil
}

func (p *drafts) View(size kit.Size, t kit.Theme) kit.Page {
	v := kit.Page{
		Title: "Go on where you left off",
		Why:   "Nothing is lost: the draft and its key are kept.",
		Body:  p.menu.Draw(size.Width, t),
	}
	if p.wrong != nil {
		v.Live = kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(p.wrong).Line())
	}
	return v
}

// awayMsg is a draft that may be thrown away.
type awayMsg struct {
	draft account.Draft
	err   error
}

// goOn goes on with a draft; with what was an account, with its removal.
func (a *App) goOn(d account.Draft) tea.Cmd {
	if d.Leaving {
		a.away(awayMsg{draft: d})
		return nil
	}
	return a.walk(d)
}

// askAway reads the draft, as what it made in the tenant decides what is asked.
func (a *App) askAway(id account.ID) tea.Cmd {
	reg, ctx := a.ports.Env.Ops.Ports().Registry, a.ctx
	return a.ask(func() tea.Msg {
		d, err := reg.Draft(ctx, id)
		return awayMsg{d, err}
	})
}

func (a *App) away(m awayMsg) {
	switch {
	case m.err != nil:
		a.notice = steps.Advise(account.AsProblem(m.err)).Line()
	case steps.InTenant(m.draft):
		a.dialog = takeBack(a, m.draft)
	default:
		a.dialog = throwAway(a, m.draft)
	}
}

// takeBack asks what is to become of a draft that made something in its tenant.
func takeBack(a *App, d account.Draft) dialog {
	bound := func(k, help string, do func() tea.Cmd) action {
		return action{kit.Key(k, help), do}
	}
	text, left := steps.TakeBackWords(d)
	return &textDialog{title: "Take back " + string(d.Name) + "?", text: text, actions: []action{
		bound("b", "take everything back", func() tea.Cmd { return a.takeBack(d) }),
		bound("x", "throw it away here only", func() tea.Cmd { a.dialog = typedAway(a, d, left); return nil }),
	}}
}

// throwAway asks before a draft is thrown away, and says what stays.
func throwAway(a *App, d account.Draft) dialog {
	text := steps.ThrowAwayWords(d)
	if d.Key().ID != "" {
		return typedAway(a, d, text)
	}
	return &textDialog{title: awayTitle(d), text: text, actions: []action{{
		key: kit.Key("x", "throw it away"),
		do:  func() tea.Cmd { return a.throw(d, a.begin) },
	}}}
}

// typedAway has the name typed of a draft that has a key: nobody brings that back.
func typedAway(a *App, d account.Draft, text string) dialog {
	return newTyped(awayTitle(d), text, string(d.Name), "throw it away", func() tea.Cmd { return a.throw(d, a.begin) })
}

func awayTitle(d account.Draft) string { return "Throw " + string(d.Name) + " away?" }

// thrownMsg is a draft that was thrown away, or why not, and what comes then.
type thrownMsg struct {
	name account.Name
	err  error
	then func() tea.Cmd
}

func (a *App) throw(d account.Draft, then func() tea.Cmd) tea.Cmd {
	op, ctx := a.ports.Env.Ops.ThrowAway(d.ID), a.ctx
	return a.ask(func() tea.Msg {
		for {
			if _, err := op.Next(ctx); err != nil {
				return thrownMsg{d.Name, err, then}
			}
		}
	})
}

func (a *App) thrown(m thrownMsg) tea.Cmd {
	a.kept(m)
	return a.reload(m.then)
}

// kept says of a draft that could not be thrown away that it is there, and why.
func (a *App) kept(m thrownMsg) {
	if !errors.Is(m.err, io.EOF) {
		a.notice = string(m.name) + " is kept. " + steps.Advise(account.AsProblem(m.err)).Line()
	}
}

// trouble is the page for a registry that cannot be read. It never falls
// through to the cloud selection, as if there were no accounts.
type trouble struct{ app *App }

func newTrouble(a *App) *trouble { return &trouble{a} }

func (p *trouble) Enter() tea.Cmd        { return nil }
func (p *trouble) Offers() []steps.Offer { return nil }
func (p *trouble) Typing() bool          { return false }
func (p *trouble) Title() string         { return "Registry" }
func (p *trouble) Keys() []key.Binding   { return []key.Binding{againKey} }

func (p *trouble) Update(msg tea.Msg) tea.Cmd {
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, againKey) {
		return p.app.reload(p.app.begin)
	}
	return nil
}

func (p *trouble) View(size kit.Size, t kit.Theme) kit.Page {
	out := make([]kit.Frame, 0, len(p.app.known.Damaged)+2)
	for i := range p.app.known.Damaged {
		out = append(out, kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(&p.app.known.Damaged[i]).Line()))
	}
	return kit.Page{
		Title: "The registry cannot be read",
		Why:   "It lists your accounts. Nothing was changed, and nothing will be while this stands.",
		Body:  kit.Stack(append(out, kit.Blank, kit.Frame{Text: "Questions: support@axiomio.com"})...),
	}
}
