package steps

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var surveyStop = Stop{
	Name: "survey", Label: "Right tenant", Fleet: true,
	Screen: func(e Env, d account.Draft) Step { return &survey{env: e, draft: d} },
	Plain:  plainSurvey,
}

// survey shows where one signed in, as whom, with which rights, and what of
// ours is there already. Nothing was written when one turns back here.
type survey struct {
	env    Env
	draft  account.Draft
	found  *account.Survey
	wrong  *account.Problem
	choice kit.Choice
	picks  []Outcome
}

func (s *survey) Enter() tea.Cmd {
	admin := s.env.session.admin
	wish := account.SurveyWish{Unique: s.draft.Made.Unique}
	return Ask(s.env, func(ctx context.Context) (account.Survey, error) { return admin.Survey(ctx, wish) })
}

func (s *survey) Typing() bool { return false }

func (s *survey) Keys() []key.Binding {
	if len(s.picks) == 0 {
		return []key.Binding{backKey}
	}
	return []key.Binding{named(enterKey, "choose"), kit.ChooseKey, backKey}
}

func (s *survey) Offers() []Offer {
	if s.found == nil || !lacks(*s.found) {
		return nil
	}
	return []Offer{handOver(s.draft)}
}

func (s *survey) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.Survey]:
		s.answered(msg)
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return SignInAgain, nil
		case key.Matches(msg, enterKey) && len(s.picks) > 0:
			return s.picks[s.choice.At()], nil
		}
		s.choice.Update(msg)
	}
	return Stay, nil
}

func (s *survey) answered(a Answer[account.Survey]) {
	s.wrong = account.AsProblem(a.Err)
	if a.Err == nil {
		s.found, s.env.session.survey = &a.Value, a.Value
	}
	s.choice, s.picks = kit.Choice{}, nil
	add := func(title, detail string, o Outcome) {
		s.choice.Options, s.picks = append(s.choice.Options, kit.Option{Title: title, Detail: detail}), append(s.picks, o)
	}
	switch {
	case s.found == nil:
	case missing(*s.found, account.MayRegister) && s.draft.Made.Application == "":
	case lacks(*s.found):
		add("Go on as far as this account may", "Somebody with the missing role finishes it.", Next)
	default:
		add("Yes, show me the plan", "", Next)
	}
	add("Sign in as somebody else", "", SignInAgain)
	if s.draft.Made.Nothing() {
		add("Do it by hand instead", "With everything that is known already.", ByHandNow)
	}
}

// missing tells whether a right is missing for certain.
func missing(s account.Survey, n account.RightName) bool {
	for _, r := range s.Rights {
		if r.Name == n {
			return r.State == account.Missing
		}
	}
	return false
}

// lacks tells whether a right that linking needs is missing for certain.
func lacks(s account.Survey) bool {
	return missing(s, account.MayRegister) || missing(s, account.MayConsent) || missing(s, account.MayAssign)
}

// rightWords are the rights as people read them.
var rightWords = map[account.RightName]string{
	account.MayRegister: "register the app",
	account.MayConsent:  "grant the permission",
	account.MayAssign:   "assign Global Reader",
	account.MayPurge:    "delete it for good again",
}

func (s *survey) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Is this the right tenant?", Why: "Nothing has been changed. The next page shows every change before it is made."}
	switch {
	case s.wrong != nil:
		p.Body = s.choice.Draw(size.Width, t)
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(s.wrong).Line())
		return p
	case s.found == nil:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the tenant, your roles, and what is there of ours")
		return p
	}
	f := *s.found
	out := []kit.Frame{
		kit.Value(size.Width, t, "Tenant", f.TenantName),
		kit.Value(size.Width, t, "Domains", kit.Cut(strings.Join(f.Domains, ", "), size.Width-18)),
		kit.Value(size.Width, t, "Tenant ID", string(s.draft.Microsoft().Tenant)),
		kit.Value(size.Width, t, "You", f.Person.UPN),
		{Text: t.Faint.Render("You may, or the role that may:")},
	}
	for _, r := range f.Rights {
		out = append(out, rightLine(size.Width, t, r))
	}
	p.Body = kit.Stack(append(out, tagged(size.Width, t, f), kit.Blank, s.choice.Draw(size.Width, t))...)
	if lacks(f) {
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Not all rights. h makes a text for who has them.")
	}
	return p
}

func rightLine(width int, t kit.Theme, r account.Right) kit.Frame {
	text := rightWords[r.Name]
	switch r.State {
	case account.Missing:
		text += ": " + r.Roles[0]
		if r.Name == account.MayPurge {
			return kit.Mark(width, t.Faint.Render("·"), text)
		}
	case account.Unknown:
		text += ": could not be read"
	}
	return kit.Mark(width, Sign(r.State, t), text)
}

// tagged are apps of this program that are there already.
func tagged(width int, t kit.Theme, s account.Survey) kit.Frame {
	var out []kit.Frame
	for _, a := range s.Tagged {
		if a.Application == s.Own.Application && s.Own.Found() {
			continue
		}
		text := fmt.Sprintf("there is an app of this program: %s, made %s", a.Name, a.Made.Format("2 January 2006"))
		if len(a.Owners) > 0 {
			text += ", owner " + strings.Join(a.Owners, ", ")
		}
		out = append(out, kit.Mark(width, t.Warn.Render("!"), text+". Going on makes another."))
	}
	return kit.Stack(out...)
}

// Fill brings what the tenant said of itself.
func (s *survey) Fill(d account.Draft) account.Draft {
	if s.found == nil {
		return d
	}
	m := d.Microsoft()
	m.TenantName = s.found.TenantName
	if s.found.Initial != "" {
		m.Organization = s.found.Initial
	}
	d.Link = m
	return d
}
