package steps

import (
	"strings"
	"time"

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
	open    int  // how many of them are to be made
	lacking bool // who signed in may not make all of them
	raw     bool // methods, paths and bodies are shown
}

var rawKey = kit.Key("m", "method, path and body")

func newPlan(e Env, d account.Draft) *plan {
	p := &plan{env: e, draft: d, changes: planned(e, d)}
	for _, c := range p.changes {
		if !c.Done {
			_, may := p.who(c)
			p.open, p.lacking = p.open+1, p.lacking || may == account.Missing
		}
	}
	return p
}

// planned is what will be sent.
func planned(e Env, d account.Draft) []account.PlannedChange {
	return append(Planned(e.session.admin, e.session.survey, d), PlannedInAzure(e.session.azure, e.session.tree.Tree, d)...)
}

// who says which role a change takes, and whether who signed in has it.
func (p *plan) who(c account.PlannedChange) (string, account.CheckState) {
	if c.Name != link.TheAzureRole {
		return whoMay(p.env.session.survey, c.Name)
	}
	if assignable(p.env.session.tree, p.draft) == account.Holds {
		return "Needs Owner or User Access Administrator there: you may.", account.Holds
	}
	return "Needs Owner or User Access Administrator there: you may not.", account.Missing
}

// Planned is what will be sent for a draft in a tenant that was surveyed.
func Planned(admin link.Administrator, s account.Survey, d account.Draft) []account.PlannedChange {
	changes := admin.Plan(s, account.AppWish{
		Provider: d.Provider, Unique: d.Made.Unique, Name: account.AppName(d.Name), Certificate: d.Key().Certificate,
	}, d.Made)
	for i, c := range changes {
		if d.Made.Adopted != nil && c.Name == link.TheApplication {
			changes[i].Name = adoption
		}
		changes[i].Done = c.Done || did(d, c.Name)
	}
	return changes
}

// planWords say what a change does, and why it is needed.
var planWords = map[string][2]string{
	link.TheApplication: {"Register the app {name}", "For this directory only, with a certificate; it asks for AccessReview.Read.All."},
	adoption:            {"Add a certificate to the app that is there", "It asks for AccessReview.Read.All then, too. What it has stays."},
	link.ThePrincipal:   {"Make its enterprise app", "Without it no token is issued."},
	link.TheGrant:       {"Grant it AccessReview.Read.All (admin consent)", "It may then read access reviews."},
	link.TheAzureRole:   {"Assign it {subject}", "It then sees what is there: how things are set up, no data and no secrets."},
	link.TheRole:        {"Assign it Global Reader, for the whole directory", "Its set-up can then be checked without you. It only reads, and is a privileged role: PIM reports it as assigned outside of PIM."},
}

// planRights are the rights that the changes take.
var planRights = map[string]account.RightName{
	link.TheApplication: account.MayRegister, adoption: account.MayRegister, link.ThePrincipal: account.MayRegister,
	link.TheGrant: account.MayConsent, link.TheRole: account.MayAssign,
}

// whoMay says which role a change takes at least, and whether who signed in
// has it.
func whoMay(s account.Survey, change string) (words string, state account.CheckState) {
	for _, r := range s.Rights {
		if r.Name != planRights[change] {
			continue
		}
		words = "Needs " + r.Roles[0]
		switch r.State {
		case account.Holds:
			return words + ": you may.", r.State
		case account.Missing:
			return words + ": you may not.", r.State
		}
		return words + "; your roles could not be read.", account.Unknown
	}
	return "", account.Unknown
}

// planSentence is a change as a sentence.
func planSentence(c account.PlannedChange, d account.Draft) string {
	return strings.NewReplacer("{name}", account.AppName(d.Name), "{subject}", c.Subject).Replace(planWords[c.Name][0])
}

// planWhy is why a change is needed, with how long the certificate will live.
func planWhy(c account.PlannedChange, d account.Draft, s account.Survey) string {
	why := planWords[c.Name][1]
	if strings.HasPrefix(c.Subject, account.AzureKeyVaultReader.String()) {
		why = vaultWhy
	}
	if !asksPermission(d) {
		why = strings.NewReplacer("; it asks for AccessReview.Read.All", "", "It asks for AccessReview.Read.All then, too. ", "").Replace(why)
	}
	if c.Name != link.TheApplication || c.Done {
		return why
	}
	life := "a certificate for " + plural(days(lives(s)[0]), "day")
	if s.Life != 0 {
		life += " (the tenant's policy)"
	}
	return strings.Replace(why, "a certificate", life, 1)
}

// vaultWhy is what Key Vault Reader is for, and what else it allows. Source:
// learn.microsoft.com/azure/role-based-access-control/built-in-roles/security.
const vaultWhy = "It then sees key vaults and the names of what is in them, no values. As Microsoft defines the role it also allows alert rules, deployments and support requests."

// asksPermission tells whether a draft's app asks for a permission of Graph.
func asksPermission(d account.Draft) bool { return d.Provider != account.Azure }

// days is a life in whole days.
func days(d time.Duration) int { return int((d + 12*time.Hour) / (24 * time.Hour)) }

func (p *plan) Enter() tea.Cmd  { return nil }
func (p *plan) Typing() bool    { return false }
func (p *plan) Offers() []Offer { return nil }

func (p *plan) Keys() []key.Binding {
	on := kit.Named(enterKey, "yes, make these changes")
	if p.open == 0 {
		on = enterKey
	}
	return []key.Binding{on, rawKey, backKey}
}

func (p *plan) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(press, enterKey):
			return Next, nil
		case key.Matches(press, rawKey):
			p.raw = !p.raw
		case key.Matches(press, backKey):
			if p.draft.Provider == account.Azure {
				return ScopesAgain, nil
			}
			return SurveyAgain, nil
		}
	}
	return Stay, nil
}

func (p *plan) View(size kit.Size, t kit.Theme) kit.Page {
	page := kit.Page{Title: "Plan", Why: "In " + tenantWords(p.env, p.draft) + ", in this order. All of it can be taken back."}
	var out []kit.Frame
	for i, c := range p.changes {
		if i > 0 && p.raw {
			out = append(out, kit.Blank)
		}
		who, may := p.who(c)
		sign := t.Label.Render("+")
		switch {
		case c.Done:
			sign, who = t.Good.Render("✓"), "It is there."
		case may == account.Missing:
			sign = t.Warn.Render("!")
		}
		why := planWhy(c, p.draft, p.env.session.survey)
		out = append(out, kit.Mark(size.Width, sign, planSentence(c, p.draft)), kit.Mark(size.Width, " ", t.Faint.Render(why+" "+who)))
		if p.raw {
			out = append(out, kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(c.Method+" "+c.Path, size.Width-2)}))
			if c.Body != "" {
				out = append(out, kit.Beside(kit.Frame{Text: " "}, 2, kit.Frame{Text: kit.Wrap(t.Faint.Render(c.Body), size.Width-2)}))
			}
		}
	}
	page.Body = kit.Stack(out...)
	switch {
	case p.open == 0:
		page.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Nothing to change: all of it is there. Enter goes on.")
	case p.lacking:
		page.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Enter goes as far as you may; none is made before.")
	case p.open == 1:
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), "1 change. Enter makes it, and not before.")
	default:
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), plural(p.open, "change")+". Enter makes them; none is made before.")
	}
	return page
}

func (p *plan) Fill(d account.Draft) account.Draft { return d }
