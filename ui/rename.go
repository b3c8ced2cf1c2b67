package ui

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// rename asks for another name of an account.
type rename struct {
	app   *App
	was   account.Account
	field kit.Field
	busy  bool
}

var takeKey = kit.Key("enter", "rename")

func newRename(a *App, acc account.Account) *rename {
	r := &rename{app: a, was: acc, field: kit.NewField("Friendly name", "", "")}
	r.field.Set(string(acc.Name))
	r.field.Focus()
	return r
}

// renamed is that the account has another name.
type renamed struct{ name account.Name }

func (r *rename) Enter() tea.Cmd        { return nil }
func (r *rename) Offers() []steps.Offer { return nil }
func (r *rename) Typing() bool          { return true }
func (r *rename) Title() string         { return "Integrations › " + string(r.was.Name) + " › Rename" }
func (r *rename) Keys() []key.Binding   { return []key.Binding{takeKey, backKey} }

func (r *rename) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer[renamed]:
		if r.busy = false; msg.err != nil {
			r.field.Wrong(steps.Advise(account.AsProblem(msg.err)).Line())
			return nil
		}
		return r.app.account(r.was.ID)()
	case tea.KeyPressMsg:
		switch {
		case r.busy:
			return nil
		case key.Matches(msg, backKey):
			return r.app.showAccount(r.was.ID)
		case key.Matches(msg, takeKey):
			return r.take()
		}
	}
	return r.field.Update(msg)
}

func (r *rename) take() tea.Cmd {
	name, err := account.ParseName(r.field.Value())
	if err != nil {
		r.field.Wrong(steps.Advise(account.AsProblem(err)).Line())
		return nil
	}
	if name == r.was.Name {
		return r.app.showAccount(r.was.ID)
	}
	r.busy = true
	ops, id := r.app.ports.Env.Ops, r.was.ID
	return ask(r.app, func(ctx context.Context) (renamed, error) {
		_, err := ended(ctx, ops.Rename(id, name))
		return renamed{name}, err
	})
}

func (r *rename) View(size kit.Size, t kit.Theme) kit.Page {
	return kit.Page{
		Title: "Rename " + string(r.was.Name),
		Why:   "It is called so here and in xops-onboard credentials. " + steps.KeepsName(r.was.Provider),
		Body:  r.field.Draw(size.Width, t),
	}
}
