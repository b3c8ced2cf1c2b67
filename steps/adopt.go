package steps

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// adoptStop is entered from the survey alone, by who wants to use an app that
// is there already.
var adoptStop = Stop{
	Name: "adopt", Fleet: true,
	Skip:   func(account.Draft) bool { return true },
	Screen: func(e Env, d account.Draft) Step { return newAdopt(e, d) },
}

// adopt asks which app is to be used, shows everything on it that is not this
// program's, and takes a typed yes and nothing less.
type adopt struct {
	env   Env
	draft account.Draft
	which kit.Field
	yes   kit.Field
	found *account.Survey
	asked string // the text that is asked about; empty while none is
}

func newAdopt(e Env, d account.Draft) *adopt {
	a := &adopt{env: e, draft: d}
	a.which = kit.NewField(clientField.Label, adoptWhich, "")
	a.yes = kit.NewField(adoptQuestion, "", "")
	if _, m, ok := sharedApp(e.Known, d); ok {
		a.which.Set(string(m.Client))
	}
	a.which.Focus()
	return a
}

func (a *adopt) Enter() tea.Cmd      { return nil }
func (a *adopt) Typing() bool        { return true }
func (a *adopt) Offers() []Offer     { return nil }
func (a *adopt) Keys() []key.Binding { return []key.Binding{enterKey, backKey} }

func (a *adopt) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.Survey]:
		a.answered(msg)
		return Stay, nil
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return SurveyAgain, nil
		case key.Matches(msg, enterKey):
			return a.enter()
		}
	}
	if a.found != nil {
		return Stay, a.yes.Update(msg)
	}
	cmd := a.which.Update(msg)
	if a.which.Value() != a.asked {
		a.asked = "" // what comes is of another app
	}
	return Stay, cmd
}

func (a *adopt) enter() (Outcome, tea.Cmd) {
	switch {
	case a.asked != "":
		return Stay, nil
	case a.found != nil:
		if !Yes(a.yes.Value()) {
			a.yes.Wrong(adoptRefused + " esc goes back.")
			return Stay, nil
		}
		a.env.session.survey, a.env.session.adopt = *a.found, a.found.Adopted.App
		return Next, nil
	}
	id, err := account.ParseClientID(a.which.Value())
	if err == nil {
		err = Unlinked(a.env.Known, a.draft, id)
	}
	if err != nil {
		a.which.Wrong(Advise(account.AsProblem(err)).Line())
		return Stay, nil
	}
	a.asked = a.which.Value()
	admin, wish := a.env.session.admin, account.SurveyWish{Provider: a.draft.Provider, Unique: a.draft.Made.Unique, Adopt: id}
	return Stay, Ask(a.env, func(ctx context.Context) (account.Survey, error) { return admin.Survey(ctx, wish) })
}

// Unlinked refuses an app of the draft's tenant that an account here has already.
func Unlinked(known []account.Row, d account.Draft, id account.ClientID) error {
	m := d.Microsoft()
	m.Client = id
	d = d.WithMicrosoft(m)
	for _, r := range known {
		if r.Identity == d.Identity() {
			return &account.Problem{Kind: account.AppTaken, Subject: string(r.Name)}
		}
	}
	return nil
}

// The words of adopting an app.
const (
	adoptQuestion = "Type yes to use it"
	adoptWhich    = "Of the app registration to use, from its Overview page."
	adoptWhy      = "Our certificate and permission are added to it. What it has stays, and can then be used beside ours."
	adoptRefused  = "Anything but yes leaves the app alone."
)

// OnApp is what is on an app that is there, a line each, and whether any of it
// is not this program's or could not be read.
func OnApp(a account.Adoptable) (lines []string, foreign bool) {
	if a.Unread != nil {
		lines = append(lines, "Not all of it could be read: "+lowerFirst(Advise(a.Unread).Say))
	}
	lines = append(lines, a.Foreign...)
	if len(lines) == 0 {
		return []string{"Nothing else is on it."}, false
	}
	return lines, true
}

func (a *adopt) answered(msg Answer[account.Survey]) {
	if a.asked == "" {
		return
	}
	a.asked = ""
	if msg.Err != nil {
		a.which.Wrong(Advise(account.AsProblem(msg.Err)).Line())
		return
	}
	a.found = &msg.Value
	a.which.Blur()
	a.yes.Focus()
}

func (a *adopt) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Use an app that is there", Why: adoptWhy}
	if a.found == nil {
		p.Body = a.which.Draw(size.Width, t)
		if a.asked != "" {
			p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the app and all that is on it")
		}
		return p
	}
	app := a.found.Adopted
	out := []kit.Frame{
		kit.Value(size.Width, t, "App", app.App.Name),
		kit.Value(size.Width, t, "Client ID", string(app.App.Client)),
	}
	if !app.App.Made.IsZero() {
		out = append(out, kit.Value(size.Width, t, "Made", Day(app.App.Made)))
	}
	out = append(out, kit.Blank)
	lines, foreign := OnApp(app)
	sign := t.Good.Render("✓")
	if foreign {
		sign = t.Warn.Render("!")
	}
	for _, f := range lines {
		out = append(out, kit.Mark(size.Width, sign, f))
	}
	p.Body = kit.Stack(append(out, kit.Blank, a.yes.Draw(size.Width, t))...)
	return p
}

func (a *adopt) Fill(d account.Draft) account.Draft { return d }
