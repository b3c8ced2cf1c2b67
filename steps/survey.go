package steps

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
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
	env   Env
	draft account.Draft
	found *account.Survey
	wrong *account.Problem
	menu  kit.Menu[Outcome]
}

func (s *survey) Enter() tea.Cmd {
	admin := s.env.session.admin
	wish := s.draft.SurveyWish()
	return Ask(s.env, func(ctx context.Context) (account.Survey, error) { return admin.Survey(ctx, wish) })
}

func (s *survey) Typing() bool { return false }

func (s *survey) Keys() []key.Binding {
	if len(s.menu.Options) == 0 {
		return []key.Binding{backKey}
	}
	use := adoptKey
	use.SetEnabled(s.adoptable())
	return []key.Binding{kit.Named(enterKey, "take it"), kit.ChooseKey, use, backKey}
}

var adoptKey = kit.Key("a", "use an app that is there")

// adoptable tells whether an app that is there can be used instead of a new
// one: as long as none was made, not even by an attempt whose answer was lost.
func (s *survey) adoptable() bool {
	return s.found != nil && s.draft.Made.Nothing() && !s.found.Own.Found() && !missing(*s.found, account.MayRegister)
}

func (s *survey) Offers() []Offer {
	if s.found == nil || !lacks(*s.found, s.draft) {
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
		case key.Matches(msg, enterKey):
			to, _ := s.menu.Take()
			return to, nil
		}
		s.menu.Update(msg)
	}
	return Stay, nil
}

func (s *survey) answered(a Answer[account.Survey]) {
	s.wrong = account.AsProblem(a.Err)
	if a.Err == nil {
		s.found, s.env.session.survey = &a.Value, a.Value
	}
	s.menu = kit.Menu[Outcome]{}
	for _, w := range s.ways() {
		s.menu.Add(kit.Option{Title: w.title, Detail: w.detail}, w.outcome)
	}
}

// ways are how one goes on from what there is.
func (s *survey) ways() (ways []wayOn) {
	switch {
	case s.found == nil:
	case s.inTheWay() != nil, missing(*s.found, account.MayRegister) && !s.draft.Made.HasApp():
	case lacks(*s.found, s.draft):
		ways = append(ways, wayOn{"Go on as far as this account may", "Somebody with the missing role finishes it.", Next})
	default:
		yes := "Yes, show me the plan"
		if s.draft.Provider == account.Azure {
			yes = "Yes, go on to Azure"
		}
		ways = append(ways, wayOn{yes, "", Next})
	}
	ways = append(ways, wayOn{"Sign in as somebody else", "", SignInAgain})
	if s.draft.Made.Nothing() && (s.found == nil || !s.found.Own.Found()) {
		ways = append(ways, wayOn{"Do it by hand instead", "With everything that is known already.", ByHandNow})
	}
	return ways
}

// inTheWay is what in the tenant keeps every way from being made; nil for nothing.
func (s *survey) inTheWay() *account.Problem {
	switch {
	case s.found == nil || s.draft.Made.HasApp():
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
func lacks(s account.Survey, d account.Draft) bool {
	for _, r := range s.Rights {
		if r.State == account.Missing && needed(r.Name, d) {
			return true
		}
	}
	return false
}

// needed tells whether a right is still needed to link.
func needed(n account.RightName, d account.Draft) bool {
	switch n {
	case account.MayRegister:
		return !did(d, link.TheApplication) || !did(d, link.ThePrincipal)
	case account.MayConsent:
		return !did(d, link.TheGrant)
	case account.MayAssign:
		return !did(d, link.TheRole)
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

// doneWords are what the rights are for, where it is done.
var doneWords = map[account.RightName]string{
	account.MayRegister: "The app is registered",
	account.MayConsent:  "The permission is granted",
	account.MayAssign:   "Global Reader is assigned",
}

func (s *survey) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Is this the right tenant?", Why: "Nothing is changed before you have seen the plan."}
	switch {
	case s.wrong != nil:
		p.Body = s.menu.Draw(size.Width, t)
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), unsurveyed(s.wrong))
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
		out = append(out, rightLine(size.Width, t, r, s.draft))
	}
	p.Body = kit.Stack(append(out, s.taggedApps(size.Width, t), kit.Blank, s.menu.Draw(size.Width, t))...)
	switch wrong := s.inTheWay(); {
	case wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(wrong).Line())
	case lacks(f, s.draft):
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Rights are missing. A role that PIM holds eligible must be active. h makes a text for who has them.")
	case !f.RolesRead:
		p.Live = kit.Mark(size.Width, t.Warn.Render("?"), "Your roles could not be read. If one is missing, the change that needs it says so.")
	}
	return p
}

// unsurveyed is why there is nothing to be seen of a tenant.
func unsurveyed(p *account.Problem) string {
	if p.Kind == account.RightMissing {
		return "This account may not read the tenant. Nothing was changed. Sign in as an administrator of it."
	}
	return Advise(p).Line()
}

func rightLine(width int, t kit.Theme, r account.Right, d account.Draft) kit.Frame {
	sign := Sign(r.State, t)
	switch {
	case needed(r.Name, d):
	case doneWords[r.Name] != "":
		sign = t.Good.Render("✓")
	case r.State == account.Missing:
		sign = t.Faint.Render("·")
	}
	return kit.Mark(width, sign, rightText(r, d))
}

// rightText is a right in words.
func rightText(r account.Right, d account.Draft) string {
	switch {
	case doneWords[r.Name] != "" && !needed(r.Name, d):
		return doneWords[r.Name]
	case r.State == account.Missing:
		return "You may not " + rightWords[r.Name] + "; it needs " + r.Roles[0]
	case r.State == account.Unknown:
		return "It is not known whether you may " + rightWords[r.Name]
	}
	return "You may " + rightWords[r.Name]
}

// taggedApps are apps of this program that are there already.
func (s *survey) taggedApps(width int, t kit.Theme) kit.Frame {
	out := []kit.Frame{kit.Blank}
	for _, a := range others(*s.found) {
		out = append(out, kit.Mark(width, t.Warn.Render("!"), s.tagged(a)))
	}
	if len(out) == 1 {
		return kit.Frame{}
	}
	return kit.Stack(out...)
}

// others are the apps of this program that are there and not this draft's own.
func others(s account.Survey) []account.App {
	return slices.DeleteFunc(slices.Clone(s.Tagged), func(a account.App) bool {
		return s.Own.Found() && a.Application == s.Own.Application || s.Adopted.App.Found() && a.Application == s.Adopted.App.Application
	})
}

// tagged says that there is an app of this program already; one that an account
// here has may be used for this one, too.
func (s *survey) tagged(a account.App) string {
	if r, m, ok := sharedApp(s.env.Known, s.draft); ok && m.Client == a.Client {
		return sharedWords(r, s.draft) + " a uses it; going on makes another."
	}
	return taggedText(a)
}

// taggedText says that there is an app of this program already.
func taggedText(a account.App) string {
	text := fmt.Sprintf("There is an app of this program: %s, made %s", a.Name, Day(a.Made))
	if len(a.Owners) > 0 {
		text += ", owner " + strings.Join(a.Owners, ", ")
	}
	return text + ". Going on makes another."
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
	d = d.WithMicrosoft(m)
	return d
}
