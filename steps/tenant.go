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
	own    bool   // the name is the person's, or was seen by it
	asking string // the text that is being looked up; empty: none
	enters bool   // enter was pressed meanwhile: on when nothing stands in the way
	asked  string // the text that was looked up
	found  resolved
	doubt  bool // the clock's warning was seen, enter goes on in spite of it
}

const (
	whichAt = iota
	nameAt
)

// lookedUp is what discovery says of a text.
type lookedUp struct {
	text string
	resolved
}

// whichTenant is what names a tenant.
const whichTenant = "Its id, one of its domains, or your sign-in name there."

func newTenant(e Env, d account.Draft) *tenant {
	s := &tenant{env: e, draft: d, own: d.Name != ""}
	s.fields[whichAt] = kit.NewField("Tenant", whichTenant, "contoso.com")
	s.fields[nameAt] = kit.NewField(nameField.Label, nameField.Why, nameField.Hint)
	s.fields[whichAt].Set(tenantField.Get(d))
	if text := e.session.typedFor(d); text != "" {
		s.fields[whichAt].Set(text)
	}
	s.fields[nameAt].Set(nameField.Get(d))
	if d.Microsoft().Tenant != "" { // it was looked up before
		s.asked, s.found = s.fields[whichAt].Value(), resolved{draft: d}
		s.note()
	}
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
	case Answer[lookedUp]:
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
		s.doubt, s.enters = false, false
		s.own = s.own || s.at == nameAt
	}
	return Stay, cmd
}

// look asks for the tenant that is entered, once.
func (s *tenant) look() tea.Cmd {
	text := s.fields[whichAt].Value()
	if s.asking == text || s.asked == text {
		return nil
	}
	what := tenantText(text)
	if what == "" {
		_, _, err := account.ParseTenant(text)
		s.wrong(account.AsProblem(err))
		return nil
	}
	s.asking = text
	e, d := s.env, s.draft
	wanted := d.Azure().Vaults
	d.Link = account.NewLink(d.Provider) // nothing of another tenant's comes along
	if l, azure := d.Link.(account.AzureLink); azure {
		l.Vaults = wanted
		d.Link = l
	}
	return Ask(e, func(ctx context.Context) (lookedUp, error) { return lookedUp{text, resolve(ctx, e, d, what, "")}, nil })
}

// wrong says under the field what is wrong with the tenant.
func (s *tenant) wrong(p *account.Problem) {
	s.fields[whichAt].Wrong(Advise(p).Line())
	s.focus(whichAt)
}

func (s *tenant) note() {
	s.fields[whichAt].Note("Tenant " + string(s.found.draft.Microsoft().Tenant) + ", " + s.found.draft.Cloud.Cloud().Name + " cloud.")
}

func (s *tenant) answered(l lookedUp) Outcome {
	if s.asking == l.text {
		s.asking = ""
	}
	if l.text != s.fields[whichAt].Value() {
		return Stay // typed on meanwhile: that is what counts
	}
	enters := s.enters
	s.enters, s.asked, s.found = false, l.text, s.kept(l.resolved)
	if p := s.found.tenant; p != nil {
		if !s.found.outside {
			s.wrong(p)
		}
		return Stay
	}
	s.note()
	if !s.own {
		s.fields[nameAt].Set(nameFrom(l.text))
	}
	if enters {
		return s.goOn()
	}
	return Stay
}

// kept is what was found, with all that is known of the tenant where it is the
// draft's. A draft that began to make something there stays there.
func (s *tenant) kept(r resolved) resolved {
	was := s.draft.Microsoft().Tenant
	switch {
	case r.tenant != nil:
	case r.draft.Microsoft().Tenant == was:
		r.draft.Link = s.draft.Link
	case !untouched(s.draft):
		r.tenant = &account.Problem{Kind: account.TenantFixed, Subject: string(was)}
	}
	return r
}

// nameFrom is a friendly name made from a domain: contoso.com is Contoso.
func nameFrom(text string) string {
	_, d, err := account.ParseTenant(text)
	if err != nil || d == "" {
		return ""
	}
	first, _, _ := strings.Cut(string(d), ".")
	r := []rune(first)
	r[0] = unicode.ToUpper(r[0])
	return string(r)
}

// enter goes on when the tenant was found, and looks it up before.
func (s *tenant) enter() (Outcome, tea.Cmd) {
	if s.asked == s.fields[whichAt].Value() && s.asked != "" && s.found.tenant == nil {
		return s.goOn(), nil
	}
	if s.fields[whichAt].Value() == "" { // tab may leave it empty, enter not
		s.wrong(&account.Problem{Kind: account.InputEmpty})
		return Stay, nil
	}
	s.asked = "" // again, where it was not found
	cmd := s.look()
	s.enters = s.asking != ""
	return Stay, cmd
}

// goOn is over when the name was seen and is free.
func (s *tenant) goOn() Outcome {
	if !s.own && s.fields[nameAt].Value() != "" {
		s.own = true
		s.focus(nameAt)
		return Stay
	}
	d, err := nameField.Set(s.env, s.found.draft, s.fields[nameAt].Value())
	if err != nil {
		s.fields[nameAt].Wrong(Advise(account.AsProblem(err)).Line())
		s.focus(nameAt)
		return Stay
	}
	if s.clockOff() != nil && !s.doubt {
		s.doubt = true
		return Stay
	}
	s.draft = d
	return Next
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
	case s.asking != "":
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Looking up the tenant")
	case s.found.tenant != nil && s.found.outside:
		a := Advise(s.found.tenant)
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), a.Say+" "+a.Do+" Enter tries again.")
	case s.clockOff() != nil:
		a := Advise(s.clockOff())
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), a.Say+" "+a.Do+" Enter again goes on all the same.")
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is changed before you have seen the plan and said yes.")
	}
	return p
}

// Fill brings the tenant, its cloud and the name; what was typed for the tenant
// stays with the sign-in.
func (s *tenant) Fill(d account.Draft) account.Draft {
	d.ID, d.Name, d.Cloud = s.draft.ID, s.draft.Name, s.draft.Cloud
	m := s.draft.Microsoft()
	m.AppName = account.AppName(d.Name)
	d = d.WithMicrosoft(m)
	s.env.session.name(s.fields[whichAt].Value(), m.Tenant)
	return d
}
