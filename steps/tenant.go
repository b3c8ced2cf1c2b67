package steps

import (
	"context"
	"strings"
	"unicode"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var tenantStop = Stop{
	Name: "tenant", Label: "Which tenant",
	Field:  []Field{tenantField, nameField},
	Screen: func(e Env, d account.Draft) Step { return newTenant(e, d) },
	Plain:  plainTenant,
}

// tenant asks which tenant is meant, and looks it up at once, without signing
// in. The account's name follows from the domain until the person types one.
type tenant struct {
	env    Env
	draft  account.Draft
	fields [2]kit.Field
	at     int
	own    bool // the person typed a name
	asking bool
	asked  string
	found  resolved
	doubt  *account.Problem
	twin   *account.Row
}

const (
	whichAt = iota
	nameAt
)

func newTenant(e Env, d account.Draft) *tenant {
	s := &tenant{env: e, draft: d, own: d.Name != ""}
	s.fields[whichAt] = kit.NewField("Tenant", "Its id, one of its domains, or your sign-in name there.", "contoso.com")
	s.fields[nameAt] = kit.NewField(nameField.Label, nameField.Why, nameField.Hint)
	s.fields[whichAt].Set(tenantField.Get(d))
	s.fields[nameAt].Set(nameField.Get(d))
	s.focus(whichAt)
	return s
}

func (s *tenant) focus(i int) {
	s.fields[s.at].Blur()
	s.at = i
	s.fields[i].Focus()
}

func (s *tenant) Enter() tea.Cmd      { return nil }
func (s *tenant) Typing() bool        { return true }
func (s *tenant) Offers() []Offer     { return nil }
func (s *tenant) Keys() []key.Binding { return []key.Binding{enterKey, fieldKey, backKey} }

func (s *tenant) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[resolved]:
		return s.answered(msg.Value), nil
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, enterKey):
			return s.enter()
		case key.Matches(msg, fieldKey):
			s.focus(1 - s.at)
			return Stay, s.look()
		}
	}
	before := s.fields[s.at].Value()
	cmd := s.fields[s.at].Update(msg)
	if s.fields[s.at].Value() != before {
		s.doubt, s.twin = nil, nil
		s.own = s.own || s.at == nameAt
	}
	return Stay, cmd
}

// look asks for the tenant that is entered, once.
func (s *tenant) look() tea.Cmd {
	text := s.fields[whichAt].Value()
	if s.asking || s.asked == text {
		return nil
	}
	what := tenantText(text)
	if what == "" {
		_, _, err := account.ParseTenant(text)
		s.fields[whichAt].Wrong(Advise(account.AsProblem(err)).Line())
		return nil
	}
	s.asking = true
	e, d := s.env, s.draft
	return Ask(e, func(ctx context.Context) (resolved, error) { return resolve(ctx, e, d, what, ""), nil })
}

func (s *tenant) answered(r resolved) Outcome {
	s.asking, s.found = false, r
	s.asked = s.fields[whichAt].Value()
	if r.tenant != nil {
		if !r.outside {
			s.fields[whichAt].Wrong(Advise(r.tenant).Line())
			s.focus(whichAt)
		}
		return Stay
	}
	s.draft = r.draft
	s.fields[whichAt].Note("Tenant " + string(r.draft.Microsoft().Tenant) + ", " + r.draft.Cloud.Cloud().Name + " cloud.")
	if !s.own {
		s.fields[nameAt].Set(nameFrom(s.asked))
	}
	return Stay
}

// nameFrom is a friendly name made from a domain: contoso.com is Contoso.
func nameFrom(text string) string {
	d, err := account.ParseDomain(text)
	if err != nil {
		return ""
	}
	first, _, _ := strings.Cut(string(d), ".")
	r := []rune(first)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// enter goes on when the tenant was found and the name is free.
func (s *tenant) enter() (Outcome, tea.Cmd) {
	if s.asking {
		return Stay, nil
	}
	if s.asked != s.fields[whichAt].Value() || s.asked == "" || s.found.tenant != nil {
		s.asked = ""
		return Stay, s.look()
	}
	if s.at == whichAt && !s.own && s.fields[nameAt].Value() != "" {
		s.own = true // it was seen
		s.focus(nameAt)
		return Stay, nil
	}
	d, err := nameField.Set(s.env, s.draft, s.fields[nameAt].Value())
	if err != nil {
		s.fields[nameAt].Wrong(Advise(account.AsProblem(err)).Line())
		s.focus(nameAt)
		return Stay, nil
	}
	if p := s.clockOff(); p != nil && s.doubt == nil {
		s.doubt = p
		return Stay, nil
	}
	s.draft = d
	return Next, nil
}

func (s *tenant) clockOff() *account.Problem {
	if s.found.skew.Abs() <= clockTolerance {
		return nil
	}
	return &account.Problem{Kind: account.ClockOff, Skew: s.found.skew}
}

func (s *tenant) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{
		Title: "Which tenant?",
		Why:   "You sign in to this one and no other. It is looked up now, without signing in.",
		Body:  kit.Stack(s.fields[whichAt].Draw(size.Width, t), kit.Blank, s.fields[nameAt].Draw(size.Width, t)),
	}
	switch {
	case s.asking:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Looking up the tenant")
	case s.found.tenant != nil && s.found.outside:
		a := Advise(s.found.tenant)
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), a.Say+" "+a.Do)
	case s.clockOff() != nil:
		a := Advise(s.clockOff())
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), a.Say+" "+a.Do+" Enter again goes on all the same.")
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is changed before you have seen the plan and said yes.")
	}
	return p
}

// Fill brings the tenant, its cloud, the name, and the sign-in name as a hint
// for the sign-in alone.
func (s *tenant) Fill(d account.Draft) account.Draft {
	text := strings.TrimSpace(s.fields[whichAt].Value())
	if strings.Contains(text, "@") {
		s.env.session.hint = text
	}
	if _, domain, err := account.ParseTenant(text); err == nil && domain != "" {
		s.env.session.named = string(domain)
	}
	d.ID, d.Name, d.Link, d.Cloud = s.draft.ID, s.draft.Name, s.draft.Link, s.draft.Cloud
	m := d.Microsoft()
	m.AppName = account.AppName(d.Name)
	d.Link = m
	return d
}
