package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var planStop = Stop{
	Name: "plan", Label: "Plan", Fleet: true,
	Screen: func(e Env, d account.Draft) Step { return newPlan(e, d) },
	Plain:  plainPlan,
}

// plan shows every change of the tenant before it is made.
type plan struct {
	env     Env
	draft   account.Draft
	changes []account.PlannedChange
	raw     bool // methods, paths and bodies are shown
}

var rawKey = key.NewBinding(key.WithKeys("m"), key.WithHelp("m", "method, path and body"))

func newPlan(e Env, d account.Draft) *plan { return &plan{env: e, draft: d, changes: planned(e, d)} }

// planned is what will be sent.
func planned(e Env, d account.Draft) []account.PlannedChange {
	return e.session.admin.Plan(e.session.survey, account.AppWish{
		Unique: d.Made.Unique, Name: account.AppName(d.Name), Certificate: d.Key().Certificate,
	}, d.Made)
}

// planWords say what a change does, why it is needed, and who may do it.
var planWords = map[string][3]string{
	link.TheApplication: {"Register the app %s with a certificate", "For this directory only; it asks for AccessReview.Read.All.", "Cloud Application Administrator"},
	link.ThePrincipal:   {"Make its enterprise app", "Without it no token is issued.", "Cloud Application Administrator"},
	link.TheGrant:       {"Grant it AccessReview.Read.All (admin consent)", "It reads access reviews, and nothing else.", "Privileged Role Administrator"},
	link.TheRole:        {"Assign it Global Reader, active, everywhere", "A privileged role that reads only; PIM reports it as assigned outside of PIM.", "Privileged Role Administrator"},
}

// planSentence is a change as a sentence.
func planSentence(name string, d account.Draft) string {
	w := planWords[name]
	if name == link.TheApplication {
		return replaceName(w[0], account.AppName(d.Name))
	}
	return w[0]
}

func (p *plan) Enter() tea.Cmd  { return nil }
func (p *plan) Typing() bool    { return false }
func (p *plan) Offers() []Offer { return nil }

func (p *plan) Keys() []key.Binding {
	return []key.Binding{named(enterKey, "yes, make these changes"), rawKey, backKey}
}

func (p *plan) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(press, enterKey):
			return Next, nil
		case key.Matches(press, rawKey):
			p.raw = !p.raw
		case key.Matches(press, backKey):
			return SignInAgain, nil
		}
	}
	return Stay, nil
}

func (p *plan) View(size kit.Size, t kit.Theme) kit.Page {
	page := kit.Page{Title: "Plan", Why: "These changes, in this order, in " + tenantWords(p.env, p.draft) + ". All of them can be taken back."}
	var out []kit.Frame
	open := 0
	for i, c := range p.changes {
		if i > 0 && p.raw {
			out = append(out, kit.Blank)
		}
		w := planWords[c.Name]
		sign := t.Label.Render("+")
		if c.Done {
			sign = t.Good.Render("✓")
		} else {
			open++
		}
		out = append(out, kit.Mark(size.Width, sign, planSentence(c.Name, p.draft)), kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(t.Faint.Render(w[1]+" "+w[2]+"."), size.Width-2)}))
		if p.raw {
			out = append(out, kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(c.Method+" "+c.Path, size.Width-2)}))
			if c.Body != "" {
				out = append(out, kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(t.Faint.Render(c.Body), size.Width-2)}))
			}
		}
	}
	page.Body = kit.Stack(out...)
	page.Live = kit.Mark(size.Width, t.Faint.Render("·"), plural(open, "change")+". Enter says yes; nothing was changed yet.")
	if open == 0 {
		page.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Nothing to change: all of it is there. Enter goes on to the checks.")
	}
	return page
}

func (p *plan) Fill(d account.Draft) account.Draft { return d }
