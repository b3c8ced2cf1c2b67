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
	wish := s.draft.Made.SurveyWish()
	return Ask(s.env, func(ctx context.Context) (account.Survey, error) { return admin.Survey(ctx, wish) })
}

func (s *survey) Typing() bool { return false }

func (s *survey) Keys() []key.Binding {
	if len(s.picks) == 0 {
		return []key.Binding{backKey}
	}
	use := adoptKey
	use.SetEnabled(s.adoptable())
	return []key.Binding{named(enterKey, "take it"), kit.ChooseKey, use, backKey}
}

var adoptKey = key.NewBinding(key.WithKeys("a"), key.WithHelp("a", "use an app that is there"))

// adoptable tells whether an app that is there can be used instead of a new
// one: as long as none was made.
func (s *survey) adoptable() bool {
	return s.found != nil && s.draft.Made.Nothing() && !missing(*s.found, account.MayRegister)
}

func (s *survey) Offers() []Offer {
	if s.found == nil || !lacks(*s.found, s.draft.Made) {
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
		case key.Matches(msg, adoptKey) && s.adoptable():
			return AdoptInstead, nil
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
	case s.inTheWay() != nil, missing(*s.found, account.MayRegister) && s.draft.Made.Application == "":
	case lacks(*s.found, s.draft.Made):
		add("Go on as far as this account may", "Somebody with the missing role finishes it.", Next)
	default:
		add("Yes, show me the plan", "", Next)
	}
	add("Sign in as somebody else", "", SignInAgain)
	if s.draft.Made.Nothing() && (s.found == nil || !s.found.Own.Found()) {
		add("Do it by hand instead", "With everything that is known already.", ByHandNow)
	}
}

// inTheWay is what in the tenant keeps every way from being made; nil for nothing.
func (s *survey) inTheWay() *account.Problem {
	switch {
	case s.found == nil || s.draft.Made.Application != "":
	case s.found.Permission == account.Missing:
		return &account.Problem{Kind: account.PermissionUnknown}
	case s.found.TrustedOnly:
		return &account.Problem{Kind: account.PolicyAuthority}
	}
	return nil
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

// lacks tells whether a right is missing for certain that is needed for what is
// not made yet.
func lacks(s account.Survey, made account.Made) bool {
	for _, r := range s.Rights {
		if r.State == account.Missing && needed(r.Name, made) {
			return true
		}
	}
	return false
}

// needed tells whether a right is still needed to link.
func needed(n account.RightName, made account.Made) bool {
	switch n {
	case account.MayRegister:
		return made.Application == "" || made.Principal == ""
	case account.MayConsent:
		return made.Grant == ""
	case account.MayAssign:
		return made.Role == ""
	}
	return false
}

// rightWords are the rights as people read them.
var rightWords = map[account.RightName]string{
	account.MayRegister: "register the app",
	account.MayConsent:  "grant the permission",
	account.MayAssign:   "assign Global Reader",
	account.MayPurge:    "delete it for good when taking back",
}

func (s *survey) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Is this the right tenant?", Why: "Nothing was changed yet."}
	switch {
	case s.wrong != nil:
		p.Body = s.choice.Draw(size.Width, t)
		text := Advise(s.wrong).Line()
		if s.wrong.Kind == account.RightMissing {
			text = "This account may not read the tenant. Nothing was changed. Sign in as an administrator of it."
		}
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), text)
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
		kit.Blank,
	}
	for _, r := range f.Rights {
		out = append(out, rightLine(size.Width, t, r, s.draft.Made))
	}
	p.Body = kit.Stack(append(out, tagged(size.Width, t, f), kit.Blank, s.choice.Draw(size.Width, t))...)
	switch wrong := s.inTheWay(); {
	case wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(wrong).Line())
	case lacks(f, s.draft.Made):
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Rights are missing. A role that PIM holds eligible must be active. h makes a text for who has them.")
	case !f.RolesRead:
		p.Live = kit.Mark(size.Width, t.Warn.Render("?"), "Your roles could not be read. If one is missing, the change that needs it says so.")
	}
	return p
}

func rightLine(width int, t kit.Theme, r account.Right, made account.Made) kit.Frame {
	sign, text := Sign(r.State, t), "You may "+rightWords[r.Name]
	switch r.State {
	case account.Missing:
		text = "You may not " + rightWords[r.Name] + "; it needs " + r.Roles[0]
		if !needed(r.Name, made) {
			sign = t.Faint.Render("·")
		}
		if r.Name != account.MayPurge && !needed(r.Name, made) {
			text = "You may not " + rightWords[r.Name] + "; that is done"
		}
	case account.Unknown:
		text = "It is not known whether you may " + rightWords[r.Name]
	}
	return kit.Mark(width, sign, text)
}

// tagged are apps of this program that are there already.
func tagged(width int, t kit.Theme, s account.Survey) kit.Frame {
	out := []kit.Frame{kit.Blank}
	for _, a := range s.Tagged {
		if a.Application == s.Own.Application && s.Own.Found() {
			continue
		}
		text := fmt.Sprintf("There is an app of this program: %s, made %s", a.Name, a.Made.Format("2 January 2006"))
		if len(a.Owners) > 0 {
			text += ", owner " + strings.Join(a.Owners, ", ")
		}
		out = append(out, kit.Mark(width, t.Warn.Render("!"), text+". Going on makes another."))
	}
	if len(out) == 1 {
		return kit.Frame{}
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
