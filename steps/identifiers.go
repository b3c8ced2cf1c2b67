package steps

import (
	"context"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var clientField = Field{
	Label: "Application (client) ID", Hint: "paste the whole Overview page here, if you like",
	Get: func(d account.Draft) string { return string(d.Microsoft().Client) },
	Set: func(_ Env, d account.Draft, s string) (account.Draft, error) {
		id, err := account.ParseClientID(s)
		m := d.Microsoft()
		m.Client = id
		d = d.WithMicrosoft(m)
		return d, err
	},
}

var tenantField = Field{
	Label: "Directory (tenant) ID", Hint: "id or domain",
	Get: func(d account.Draft) string { return string(d.Microsoft().Tenant) },
	Set: func(_ Env, d account.Draft, s string) (account.Draft, error) {
		id, _, err := account.ParseTenant(s)
		m := d.Microsoft()
		m.Tenant = id
		d = d.WithMicrosoft(m)
		return d, err
	},
}

var organizationField = Field{
	Label: "Organization ID", Why: "The initial domain, under Entra ID › Domain names.", Hint: "example.onmicrosoft.com",
	Get: func(d account.Draft) string { return string(d.Microsoft().Organization) },
	Set: func(_ Env, d account.Draft, s string) (account.Draft, error) {
		o, err := account.ParseDomain(s)
		m := d.Microsoft()
		m.Organization = o
		d = d.WithMicrosoft(m)
		return d, err
	},
}

var identifiersStop = Stop{
	Name: "identifiers", Label: "Identifiers",
	Field:  identifierFields,
	Screen: func(e Env, d account.Draft) Step { return newIdentifiers(e, d) },
	Plain:  plainIdentifiers,
}

// identifiers asks for the three ids, and looks up what can be looked up
// without signing in.
type identifiers struct {
	env    Env
	draft  account.Draft
	fields [3]kit.Field
	at     int
	asking bool
	of     string // the texts that are asked about
	page   bool   // what is asked about came as a whole page
	typing bool   // the field with the focus was typed in last
	enters bool   // enter was pressed: on when nothing stands in the way
	asked  string // the texts that were resolved, so that enter asks once
	found  resolved
	doubt  *account.Problem // enter goes on in spite of it
	twin   *account.Row     // this app is linked here already
	demo   demoHand
}

const (
	clientAt = iota
	tenantAt
	organizationAt
)

// resolved is what discovery says of what was entered.
type resolved struct {
	draft   account.Draft
	skew    time.Duration
	tenant  *account.Problem
	organ   *account.Problem
	at      int  // the field that is wrong
	outside bool // the service could not be asked at all
}

func newIdentifiers(e Env, d account.Draft) *identifiers {
	s := &identifiers{env: e, draft: d}
	for i, f := range identifierFields {
		s.fields[i] = kit.NewField(f.Label, f.Why, f.Hint)
		s.fields[i].Set(f.Get(d))
	}
	s.focus(clientAt)
	if e.doubt != nil {
		s.fields[clientAt].Wrong(doubtWords(e.doubt))
	}
	return s
}

// doubtWords ask again for an id that Entra does not know.
func doubtWords(p *account.Problem) string {
	if p.Kind == account.AppNotFound {
		return Advise(p).Say + " Was that the Object ID? Or is the tenant another?"
	}
	return Advise(p).Line()
}

// identifierFields are the stop's fields, in the order of the page.
var identifierFields = []Field{clientField, tenantField, organizationField}

func (s *identifiers) focus(i int) {
	s.typing = false
	s.fields[s.at].Blur()
	s.at = (i + len(s.fields)) % len(s.fields)
	s.fields[s.at].Focus()
}

func (s *identifiers) Enter() tea.Cmd { return nil }
func (s *identifiers) Typing() bool   { return true }

func (s *identifiers) Keys() []key.Binding {
	return s.demo.keys(s.env, []key.Binding{enterKey, fieldKey, backKey})
}

func (s *identifiers) Offers() []Offer {
	c := s.draft.Cloud.Cloud()
	return []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "App registrations", Value: c.AppRegistrationsPage().URL},
		{Name: "open domain names", Kind: Open, Title: "Domain names", Value: c.DomainsPage().URL},
		handOver(s.draft),
	}
}

func (s *identifiers) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return s.press(msg)
	case tea.PasteMsg:
		return Stay, s.paste(msg)
	case Answer[resolved]:
		return s.answered(msg)
	case Answer[handed]:
		s.demo.done(msg)
		if msg.Err == nil && msg.Value != "" {
			return Stay, s.paste(tea.PasteMsg{Content: string(msg.Value)})
		}
	default:
		return Stay, s.fields[s.at].Update(msg)
	}
	return Stay, nil
}

func (s *identifiers) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(msg, backKey):
		return Back, nil
	case s.demo.wants(s.env, msg):
		return Stay, s.demo.do(s.env, "identifiers", s.draft)
	case key.Matches(msg, enterKey):
		return s.enter()
	case msg.String() == "tab" || msg.String() == "down":
		s.focus(s.at + 1)
		return Stay, s.resolve(false)
	case msg.String() == "shift+tab" || msg.String() == "up":
		s.focus(s.at - 1)
		return Stay, s.resolve(false)
	}
	before := s.texts()
	cmd := s.fields[s.at].Update(msg)
	if s.texts() != before {
		s.doubt, s.twin, s.typing = nil, nil, true
	}
	return Stay, cmd
}

func (s *identifiers) texts() string {
	return s.fields[0].Value() + "\n" + s.fields[1].Value() + "\n" + s.fields[2].Value()
}

// paste takes a whole Overview page apart; anything less goes into the field.
func (s *identifiers) paste(msg tea.PasteMsg) tea.Cmd {
	s.typing = false
	over := account.ReadOverview(msg.Content)
	if len(over.GUIDs) < 2 {
		cmd := s.fields[s.at].Update(tea.PasteMsg{Content: strings.Join(strings.Fields(msg.Content), " ")})
		return tea.Batch(cmd, s.resolve(false))
	}
	if s.asking {
		return nil
	}
	s.page = true
	e, d := s.env, s.draft
	return s.ask(func(ctx context.Context) resolved { return readPage(ctx, e, d, over) })
}

// ask asks about the fields as they are now.
func (s *identifiers) ask(f func(context.Context) resolved) tea.Cmd {
	s.asking, s.of = true, s.texts()
	return Ask(s.env, func(ctx context.Context) (resolved, error) { return f(ctx), nil })
}

// readPage finds out which of the page's ids is the tenant: the one that
// resolves. Of the others the labels say which is the client's; without labels
// it is the first.
func readPage(ctx context.Context, e Env, d account.Draft, over account.Overview) resolved {
	m := d.Microsoft()
	m.Tenant, m.Client = "", ""
	for _, g := range over.TenantFirst() {
		t, _, err := e.Ops.Ports().Microsoft.Discover(ctx, fixed(d), g)
		if err == nil {
			m.Tenant = t.ID
			break
		}
		if k := account.KindOf(err); k != account.TenantNotFound && k != account.TenantElsewhere {
			return resolved{draft: d, tenant: account.AsProblem(err), at: tenantAt, outside: true}
		}
	}
	if c, ok := over.ClientBeside(m.Tenant); ok {
		m.Client = c
	}
	if m.Organization == "" {
		for _, dom := range over.Domains {
			if isInitial(dom) {
				m.Organization = dom
			}
		}
	}
	d = d.WithMicrosoft(m)
	if m.Tenant == "" {
		return resolved{draft: d, tenant: &account.Problem{Kind: account.TenantNotFound}, at: tenantAt}
	}
	return resolve(ctx, e, d, string(m.Tenant), string(m.Organization))
}

// fixed is the cloud to ask: the one the person chose, or "" to find it.
func fixed(d account.Draft) account.CloudID {
	if d.Chosen {
		return d.Cloud
	}
	return ""
}

// enter checks every field; when all are sound they are looked up, and when
// nothing stands in the way the step is over.
func (s *identifiers) enter() (Outcome, tea.Cmd) {
	if s.asking {
		s.enters = true
		return Stay, nil
	}
	if s.asked == s.texts() && s.ready() {
		if s.twin != nil {
			return Elsewhere, nil
		}
		if s.clean() {
			return Next, nil
		}
	}
	return Stay, s.resolve(true)
}

// clean tells whether what was looked up stands in the way of nothing. What
// could not be asked stands in the way once: enter again goes on.
func (s *identifiers) clean() bool {
	p := s.problem()
	if p == nil {
		return true
	}
	if !s.passable(p) {
		return false
	}
	was := s.doubt
	s.doubt = p
	return was != nil
}

// passable tells whether enter again may go on in spite of it: where it could
// not be asked, with an id that need not be looked up, and where the clock is off.
func (s *identifiers) passable(p *account.Problem) bool {
	return p.Kind == account.ClockOff || s.found.outside && s.draft.Microsoft().Tenant != ""
}

func (s *identifiers) problem() *account.Problem {
	switch {
	case s.found.tenant != nil:
		return s.found.tenant
	case s.found.organ != nil:
		return s.found.organ
	case s.found.skew.Abs() > clockTolerance:
		return &account.Problem{Kind: account.ClockOff, Skew: s.found.skew}
	}
	return nil
}

// resolve looks up what is there. With all set, every field must be sound first.
func (s *identifiers) resolve(all bool) tea.Cmd {
	if s.asking || !all && s.asked == s.texts() {
		return nil
	}
	d := s.draft
	for i, f := range identifierFields {
		var err error
		d, err = f.Set(s.env, d, s.fields[i].Value()) // with an error it is empty
		switch {
		case err == nil:
		case all:
			s.fields[i].Wrong(Advise(account.AsProblem(err)).Line())
			s.focus(i)
			return nil
		case i == tenantAt:
			return nil
		}
	}
	if m := d.Microsoft(); all && string(m.Client) == string(m.Tenant) && m.Client != "" {
		s.fields[clientAt].Wrong(Advise(&account.Problem{Kind: account.InputSameIDs}).Line())
		s.focus(clientAt)
		return nil
	}
	s.enters = all
	e, tenant := s.env, tenantText(s.fields[tenantAt].Value())
	organization := string(d.Microsoft().Organization)
	return s.ask(func(ctx context.Context) resolved { return resolve(ctx, e, d, tenant, organization) })
}

// tenantText is what to ask for a tenant: its id, else its domain.
func tenantText(s string) string {
	id, domain, err := account.ParseTenant(s)
	if err != nil {
		return ""
	}
	if id != "" {
		return string(id)
	}
	return string(domain)
}

// resolve asks the service for the tenant and for the organization, which must be the same.
func resolve(ctx context.Context, e Env, d account.Draft, tenant, organization string) resolved {
	r := resolved{draft: d}
	ask := e.Ops.Ports().Microsoft.Discover
	t, skew, err := ask(ctx, fixed(d), tenant)
	r.skew = skew
	if err != nil {
		r.tenant, r.at = account.AsProblem(err), tenantAt
		r.outside = !aboutTenant(r.tenant.Kind)
		return r
	}
	m := d.Microsoft()
	if string(m.Client) == string(t.ID) {
		r.tenant, r.at = &account.Problem{Kind: account.InputSameIDs}, clientAt
		return r
	}
	m.Tenant, d.Cloud = t.ID, t.Cloud
	if organization == "" && isInitial(account.Domain(tenant)) {
		m.Organization = account.Domain(tenant)
	}
	d = d.WithMicrosoft(m)
	r.draft = d
	if organization == "" {
		return r
	}
	o, _, err := ask(ctx, d.Cloud, organization)
	switch {
	case account.KindOf(err) == account.TenantNotFound:
		r.organ, r.at = &account.Problem{Kind: account.OrganizationNone}, organizationAt
	case err != nil:
		r.organ, r.at = account.AsProblem(err), organizationAt
		r.outside = !aboutTenant(r.organ.Kind)
	case o.ID != t.ID:
		r.organ, r.at = &account.Problem{Kind: account.OrganizationOther, Subject: string(o.ID)}, organizationAt
	}
	return r
}

// aboutTenant tells whether a problem is the tenant's own, not the way's to the service.
func aboutTenant(k account.Kind) bool {
	return k == account.TenantNotFound || k == account.TenantElsewhere || k == account.OrganizationOther || k == account.OrganizationNone
}

func (s *identifiers) answered(a Answer[resolved]) (Outcome, tea.Cmd) {
	page, enters := s.page, s.enters
	s.asking, s.page, s.enters, s.doubt = false, false, false, nil
	if !page && s.texts() != s.of { // typed on meanwhile: that is what counts
		return Stay, s.resolve(enters)
	}
	s.found, s.draft = a.Value, a.Value.draft
	for i, f := range identifierFields {
		// The field that is being typed in stays as it is: "contoso." is not done yet.
		if v := f.Get(s.draft); v != "" && (enters || i != s.at || !s.typing) {
			s.fields[i].Set(v)
		}
	}
	s.asked = s.texts()
	if p := s.problem(); p != nil && p.Kind != account.ClockOff && !s.found.outside {
		s.fields[s.found.at].Wrong(Advise(p).Line())
		if enters {
			s.focus(s.found.at)
		}
		return Stay, nil
	}
	if s.found.tenant == nil {
		s.fields[tenantAt].Note("Tenant found in the " + s.draft.Cloud.Cloud().Name + " cloud.")
		if s.found.organ == nil && s.fields[organizationAt].Value() != "" {
			s.fields[organizationAt].Note(organizationNote(s.draft.Microsoft().Organization))
		}
	}
	for _, r := range s.env.Known {
		if r.Identity != "" && r.Identity == s.draft.Identity() && r.ID != s.draft.ID {
			s.twin = &r
		}
	}
	if page {
		s.toEmpty()
	}
	if enters && s.ready() && s.twin == nil && s.clean() {
		return Next, nil
	}
	return Stay, nil
}

// isInitial tells whether a domain is one that a tenant got when it was made.
func isInitial(d account.Domain) bool {
	return strings.Contains(string(d), ".onmicrosoft.") || strings.Contains(string(d), ".onmschina.")
}

// organizationNote says that the domain is the tenant's, and where it does not
// look like the initial one.
func organizationNote(d account.Domain) string {
	if isInitial(d) {
		return "The same tenant."
	}
	return "The same tenant. Its initial domain usually ends in onmicrosoft.com; it is looked up when the app can read."
}

// toEmpty goes on to what a pasted page did not fill. After anything else the
// focus stays where the person has it.
func (s *identifiers) toEmpty() {
	for i := range s.fields {
		if s.fields[i].Value() == "" {
			s.focus(i)
			return
		}
	}
}

// Twin is the account that has these ids already.
func (s *identifiers) Twin() (account.Row, bool) {
	if s.twin == nil {
		return account.Row{}, false
	}
	return *s.twin, true
}

func (s *identifiers) View(size kit.Size, t kit.Theme) kit.Page {
	fields := make([]kit.Frame, 0, 5)
	for i := range s.fields {
		if i > 0 && size.Height > 16 {
			fields = append(fields, kit.Blank)
		}
		fields = append(fields, s.fields[i].Draw(size.Width, t))
	}
	return kit.Page{
		Title: "Copy the identifiers",
		Why:   "From the app's Overview page. Pasting the whole page into any field fills what it holds, in any language.",
		Body:  kit.Stack(fields...),
		Live:  s.live(size.Width, t),
	}
}

func (s *identifiers) live(width int, t kit.Theme) kit.Frame {
	switch p := s.problem(); {
	case s.asking:
		return kit.Mark(width, t.Faint.Render("…"), "Looking up the tenant, without signing in")
	case s.twin != nil:
		return kit.Mark(width, t.Warn.Render("!"), Advise(&account.Problem{Kind: account.AlreadyLinked, Subject: string(s.twin.Name)}).Say+" Enter goes to that account, where it can be verified; another app needs other ids.")
	case p != nil && s.asked == s.texts() && (s.found.outside || p.Kind == account.ClockOff):
		a, enter := Advise(p), " Enter again goes on all the same."
		if !s.passable(p) {
			enter = " Enter tries again; with the tenant's id in place of its domain it goes on all the same."
		}
		return kit.Mark(width, t.Warn.Render("!"), a.Say+" "+a.Do+enter)
	case s.demo.err != nil:
		return s.demo.line(width, t, "")
	case s.asked == s.texts() && p == nil && s.ready():
		return kit.Mark(width, t.Good.Render("✓"), "Enter goes on.")
	}
	return kit.Mark(width, t.Faint.Render("·"), "Checked here without signing in. Whether the client id is right shows when the certificate is uploaded.")
}

func (s *identifiers) ready() bool {
	for i := range s.fields {
		if s.fields[i].Value() == "" {
			return false
		}
	}
	return true
}

func (s *identifiers) Fill(d account.Draft) account.Draft {
	d.Link, d.Cloud = s.draft.Link, s.draft.Cloud
	return d
}
