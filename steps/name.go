package steps

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var nameField = Field{
	Label: "Friendly name",
	Why:   "What this account is called here and in Xops 360.",
	Hint:  "Contoso",
	Get:   func(d account.Draft) string { return string(d.Name) },
	Set: func(e Env, d account.Draft, text string) (account.Draft, error) {
		n, err := account.ParseName(text)
		if err != nil {
			return d, err
		}
		for _, rows := range [][]account.Row{e.Known, e.Drafts} {
			for _, r := range rows {
				if r.ID != d.ID && r.ID != d.Replaces && strings.EqualFold(string(r.Name), string(n)) {
					return d, &account.Problem{Kind: account.InputTaken, Subject: string(r.Name)}
				}
			}
		}
		if d.ID == "" {
			d.ID = account.ID(e.NewID())
		}
		d.Name = n
		return d, nil
	},
}

var nameStop = Stop{
	Name: "name", Label: "Friendly name", Field: []Field{nameField},
	Skip:   func(d account.Draft) bool { return d.Replaces != "" }, // it keeps its name
	Screen: func(e Env, d account.Draft) Step { return newName(e, d) },
}

type name struct {
	env   Env
	field kit.Field
	draft account.Draft
}

func newName(e Env, d account.Draft) *name {
	n := &name{env: e, draft: d, field: kit.NewField(nameField.Label, "", nameField.Hint)}
	n.field.Set(nameField.Get(d))
	n.field.Focus()
	return n
}

func (n *name) Enter() tea.Cmd      { return nil }
func (n *name) Offers() []Offer     { return nil }
func (n *name) Typing() bool        { return true }
func (n *name) Keys() []key.Binding { return []key.Binding{enterKey, backKey} }

func (n *name) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(press, enterKey):
			d, err := nameField.Set(n.env, n.draft, n.field.Value())
			if err != nil {
				n.field.Wrong(Advise(account.AsProblem(err)).Line())
				return Stay, nil
			}
			n.draft = d
			return Next, nil
		case key.Matches(press, backKey):
			return Back, nil
		}
	}
	return Stay, n.field.Update(msg)
}

func (n *name) View(size kit.Size, t kit.Theme) kit.Page {
	body := n.field.Draw(size.Width, t)
	if parsed, err := account.ParseName(n.field.Value()); err == nil {
		body = kit.Stack(body, kit.Blank, kit.Value(size.Width, t, "The app's name", account.AppName(parsed)))
	}
	return kit.Page{Title: "Name the account", Why: nameField.Why, Body: body}
}

func (n *name) Fill(d account.Draft) account.Draft {
	d.ID, d.Name = n.draft.ID, n.draft.Name
	m := d.Microsoft()
	m.AppName = account.AppName(n.draft.Name)
	d = d.WithMicrosoft(m)
	return d
}
