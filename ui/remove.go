package ui

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// remove says what goes with an account, here and in the tenant, and asks for
// its name.
type remove struct {
	app    *App
	was    account.Account
	choice kit.Choice // how much goes; only where something in the tenant can
	chosen bool
	field  kit.Field
	busy   bool
	wrong  *account.Problem
}

var goneKey = kit.Key("enter", "remove")

func newRemove(a *App, acc account.Account) *remove {
	r := &remove{app: a, was: acc, field: kit.NewField("Type "+string(acc.Name)+" to remove it", "", "")}
	r.choice.Options = steps.RemovalWays(acc)
	r.field.Focus()
	r.chosen = acc.Made.Nothing()
	if r.chosen {
		r.choice.Go(1)
	}
	return r
}

// removed is that the account is gone.
type removed struct{}

func (r *remove) Enter() tea.Cmd { return nil }
func (r *remove) Typing() bool   { return r.chosen }
func (r *remove) Title() string  { return "Integrations › " + string(r.was.Name) + " › Remove" }

// Offers is the page of what stays in the tenant.
func (r *remove) Offers() []steps.Offer { return steps.RemovalOffers(r.was) }

func (r *remove) Keys() []key.Binding {
	if r.chosen {
		return []key.Binding{goneKey, backKey}
	}
	return []key.Binding{chooseKey, kit.ChooseKey, backKey}
}

func (r *remove) everything() bool { return r.choice.At() == 0 }

func (r *remove) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer[removed]:
		if r.busy = false; msg.err != nil {
			r.wrong = account.AsProblem(msg.err)
			return nil
		}
		r.app.notice = string(r.was.Name) + " is removed here."
		return r.app.home()
	case tea.KeyPressMsg:
		return r.press(msg)
	}
	if r.chosen {
		return r.field.Update(msg)
	}
	return nil
}

func (r *remove) press(msg tea.KeyPressMsg) tea.Cmd {
	switch {
	case r.busy:
		return nil
	case key.Matches(msg, backKey) && r.chosen && !r.was.Made.Nothing():
		r.chosen = false
		r.field.Set("")
		return nil
	case key.Matches(msg, backKey):
		return r.app.showAccount(r.was.ID)
	case !r.chosen && key.Matches(msg, chooseKey):
		r.chosen = true
		return nil
	case !r.chosen:
		r.choice.Update(msg)
		return nil
	case key.Matches(msg, goneKey):
		return r.take()
	}
	return r.field.Update(msg)
}

// take removes the account where its name was typed.
func (r *remove) take() tea.Cmd {
	if name, err := account.ParseName(r.field.Value()); err != nil || name != r.was.Name {
		r.field.Wrong(steps.NotItsName)
		return nil
	}
	if r.everything() {
		a, d := r.app, r.was.Leaving()
		return a.run(errand{"Remove " + string(r.was.Name), a.home}, steps.TakingBack, d)
	}
	r.busy, r.wrong = true, nil
	ops, id := r.app.ports.Env.Ops, r.was.ID
	return ask(r.app, func(ctx context.Context) (removed, error) {
		_, err := ended(ctx, ops.Remove(id, link.Signed{}))
		return removed{}, err
	})
}

func (r *remove) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Remove " + string(r.was.Name), Why: "What is removed cannot be brought back; linking it again makes a new key."}
	if !r.chosen {
		p.Body = r.choice.Draw(size.Width, t)
		return p
	}
	here, there, stays := steps.Removal(r.was, r.everything())
	out := []kit.Frame{}
	list := func(title string, sign string, items []string) {
		if len(items) == 0 {
			return
		}
		out = append(out, kit.Frame{Text: t.Label.Render(title)})
		for _, s := range items {
			out = append(out, kit.Mark(size.Width, sign, s))
		}
		out = append(out, kit.Blank)
	}
	list("Goes here", "-", here)
	where := steps.Where(r.was.Provider)
	list("Goes in "+where, "-", there)
	list("Stays in "+where, "·", stays)
	if len(stays) > 0 && steps.DeletedByHand(r.was, r.everything()) {
		page := steps.RemovalPage(r.was)
		out = append(out[:len(out)-1], kit.Mark(size.Width, " ", kit.Link(t, page.URL, kit.Cut(strings.TrimPrefix(page.URL, "https://"), size.Width-2))), kit.Blank)
	}
	p.Body = kit.Stack(append(out, r.field.Draw(size.Width, t))...)
	switch {
	case r.busy:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Removing the key and the account")
	case r.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(r.wrong).Line())
	}
	return p
}
