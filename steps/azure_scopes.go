package steps

import (
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// azureScopesStop is the choice of where the account is to read, of what who
// signed in sees.
var azureScopesStop = Stop{
	Name: "azure-scopes", Label: "Subscriptions", Fleet: true,
	Screen: func(e Env, d account.Draft) Step { return &azureScopes{env: e, draft: d} },
	Plain:  plainAzureScopes,
}

// azureScopes shows management groups and subscriptions to pick from.
type azureScopes struct {
	env    Env
	draft  account.Draft
	picks  kit.Picks
	seen   bool
	rising bool // access is being elevated
	wrong  *account.Problem
}

// elevateKey takes access that only a Global Administrator can take.
var elevateKey = kit.Key("e", "elevate my access")

// elevated is that access was taken, or why not.
type elevated struct{}

func (s *azureScopes) Enter() tea.Cmd {
	admin := s.env.session.azure
	return Ask(s.env, func(ctx context.Context) (account.AzureSurvey, error) { return admin.SurveyAzure(ctx) })
}

func (s *azureScopes) Typing() bool    { return false }
func (s *azureScopes) Offers() []Offer { return nil }

// helpless tells whether who signed in may assign roles nowhere.
func (s *azureScopes) helpless() bool { return s.seen && len(s.env.session.tree.May) == 0 }

func (s *azureScopes) Keys() []key.Binding {
	rise := elevateKey
	rise.SetEnabled(s.helpless() && !s.rising)
	on := enterKey
	on.SetEnabled(len(s.chosen()) > 0)
	again := againKey
	again.SetEnabled(s.seen || s.wrong != nil)
	return []key.Binding{on, kit.PickKey, kit.ChooseKey, rise, again, backKey}
}

func (s *azureScopes) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.AzureSurvey]:
		s.answered(msg)
	case Answer[elevated]:
		s.rising = false
		if s.wrong = account.AsProblem(msg.Err); s.wrong == nil {
			s.seen = false
			return Stay, s.Enter()
		}
	case tea.KeyPressMsg:
		return s.press(msg)
	}
	return Stay, nil
}

func (s *azureScopes) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(msg, backKey):
		return Back, nil
	case key.Matches(msg, enterKey) && len(s.chosen()) > 0:
		return Next, nil
	case key.Matches(msg, againKey) && (s.seen || s.wrong != nil):
		s.seen, s.wrong = false, nil
		return Stay, s.Enter()
	case key.Matches(msg, elevateKey) && s.helpless() && !s.rising:
		return Stay, s.elevate()
	}
	s.picks.Update(msg)
	return Stay, nil
}

// elevate takes User Access Administrator over all of Azure: it is on record
// before, and given back after the changes, or with everything else.
func (s *azureScopes) elevate() tea.Cmd {
	s.rising, s.wrong = true, nil
	op := s.env.Ops.Elevate(s.draft.ID, s.env.session.signed())
	return Ask(s.env, func(ctx context.Context) (elevated, error) { return elevated{}, wait(ctx, op) })
}

func (s *azureScopes) answered(a Answer[account.AzureSurvey]) {
	if s.wrong = account.AsProblem(a.Err); s.wrong != nil {
		return
	}
	s.seen, s.env.session.tree = true, a.Value
	s.picks = scopePicks(a.Value, s.draft)
}

// scopePicks are the places to pick from, and whether key vaults are wanted: what
// the draft says already, else the uppermost place where roles may be assigned.
func scopePicks(tree account.AzureSurvey, d account.Draft) (p kit.Picks) {
	l := d.Azure()
	depth := map[account.AzureScope]int{}
	first := true
	for _, g := range tree.Tree {
		if up, ok := depth[g.Parent]; ok && g.Parent != "" {
			depth[g.Scope] = up + 1
		} else {
			depth[g.Scope] = 0
		}
		one := kit.Pick{Title: g.Name, Detail: groupDetail(g), Indent: depth[g.Scope], On: slices.Contains(l.Scopes, g.Scope)}
		if !slices.Contains(tree.May, g.Scope) {
			one.Off = "you may not assign roles here"
		} else if first && len(l.Scopes) == 0 {
			one.On, first = true, false
		}
		p.All = append(p.All, one)
	}
	vaults := kit.Pick{Title: "Key Vault Reader, too", Detail: "names, no values", On: l.Vaults}
	p.All = append(p.All, vaults)
	for i, one := range p.All {
		if one.On {
			p.Go(i)
			break
		}
	}
	return p
}

// groupDetail is what there is to say of a place.
func groupDetail(g account.AzureGroup) string {
	switch {
	case !g.Scope.IsSubscription():
		return "and all under it"
	case g.State != "" && !strings.EqualFold(g.State, "Enabled"):
		return g.State
	}
	return ""
}

// chosen are the scopes that were picked; one under another that was picked adds
// nothing.
func (s *azureScopes) chosen() []account.AzureScope {
	var picked []account.AzureScope
	for i, g := range s.env.session.tree.Tree {
		if i < len(s.picks.All) && s.picks.All[i].On {
			picked = append(picked, g.Scope)
		}
	}
	return uppermost(picked, s.env.session.tree.Tree)
}

// uppermost are those of the scopes that are under no other of them.
func uppermost(picked []account.AzureScope, tree []account.AzureGroup) (out []account.AzureScope) {
	parents := map[account.AzureScope]account.AzureScope{}
	for _, g := range tree {
		parents[g.Scope] = g.Parent
	}
	for _, s := range picked {
		under := false
		for up, steps := parents[s], 0; up != "" && steps < len(tree); up, steps = parents[up], steps+1 {
			under = under || slices.Contains(picked, up)
		}
		if !under {
			out = append(out, s)
		}
	}
	return out
}

func (s *azureScopes) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{
		Title: "What is the account to see?",
		Why:   "It gets Reader there: how things are set up, no data and no secrets.",
	}
	switch {
	case s.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(s.wrong).Line())
	case s.rising:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Taking access; Azure may need a moment")
	case !s.seen:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Asking Azure what you see")
	case s.helpless():
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), helplessWords)
	case len(s.chosen()) == 0:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Pick one at least, with the space bar.")
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is changed yet. The plan comes next.")
	}
	if s.seen && !s.helpless() {
		const around = 6
		p.Body = s.picks.Draw(kit.Size{Width: size.Width, Height: size.Height - around}, t)
	}
	return p
}

// helplessWords are for who may assign roles nowhere.
const helplessWords = "You may assign roles nowhere here. A Global Administrator can elevate access with e: User Access Administrator over everything, which is given back after the changes. Else let the owner of a management group sign in."

func (s *azureScopes) Fill(d account.Draft) account.Draft {
	l := d.Azure()
	if chosen := s.chosen(); len(chosen) > 0 {
		l.Scopes = chosen
		l.Vaults = s.picks.All[len(s.picks.All)-1].On
	}
	d.Link = l
	return d
}

func plainAzureScopes(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	for {
		tree, err := p.Env.session.azure.SurveyAzure(p.ctx)
		if err != nil {
			p.advise(account.AsProblem(err))
			n, asked := p.on(waysBack)
			if asked != nil {
				return d, Stay, err
			}
			return d, waysBack[n].outcome, nil
		}
		p.Env.session.tree = tree
		var may []account.AzureGroup
		for _, g := range tree.Tree {
			if slices.Contains(tree.May, g.Scope) {
				may = append(may, g)
			}
		}
		if len(may) > 0 {
			d, err = p.pickScopes(d, may)
			return d, Next, err
		}
		p.Say("%s", strings.Replace(helplessWords, "with e", "", 1))
		n, err := p.Choose("What now", "Elevate my access; it is given back after the changes", leaveNow.title)
		if err != nil || n == 1 {
			return d, Leave, err
		}
		if err := wait(p.ctx, p.Env.Ops.Elevate(d.ID, p.Env.session.signed())); err != nil {
			p.advise(account.AsProblem(err))
		}
	}
}

// pickScopes asks for numbers of what may be chosen; what is known is not asked.
func (p *Plain) pickScopes(d account.Draft, may []account.AzureGroup) (account.Draft, error) {
	l := d.Azure()
	if len(l.Scopes) > 0 {
		return d, nil
	}
	var options []string
	for _, g := range may {
		options = append(options, strings.Trim(g.Name+", "+g.Scope.ID()+", "+groupDetail(g), ", "))
	}
	n, err := p.Choose("Where is it to get Reader", options...)
	if err != nil {
		return d, err
	}
	l.Scopes = []account.AzureScope{may[n].Scope}
	if l.Vaults, err = p.wantsVaults(l); err != nil {
		return d, err
	}
	d.Link = l
	return d, nil
}

// wantsVaults asks for Key Vault Reader, unless it was declined already.
func (p *Plain) wantsVaults(l account.AzureLink) (bool, error) {
	if !l.Vaults {
		return false, nil
	}
	n, err := p.Choose("Key Vault Reader, too: names of vaults and of what is in them, no values", "Yes", "No")
	return n == 0, err
}

// azureScopeStop asks, by hand, where Reader will be assigned.
var azureScopeStop = Stop{
	Name: "azure-scope", Label: "Subscriptions", Field: []Field{azureScopeField},
	Screen: func(e Env, d account.Draft) Step { return newAzureScope(e, d) },
	Plain:  plainAzureScope,
}

var azureScopeField = Field{
	Label: "Management group or subscription",
	Why:   "The tenant's root group has the tenant's id and covers all subscriptions, also those that come. Several go with a comma between.",
	Get: func(d account.Draft) string {
		var ids []string
		for _, s := range d.Azure().Scopes {
			ids = append(ids, s.ID())
		}
		return strings.Join(ids, ", ")
	},
	Set: func(_ Env, d account.Draft, text string) (account.Draft, error) {
		l := d.Azure()
		l.Scopes = nil
		for _, part := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",; \n\t", r) }) {
			s, err := scopeOf(d, part)
			if err != nil {
				return d, err
			}
			if !slices.Contains(l.Scopes, s) {
				l.Scopes = append(l.Scopes, s)
			}
		}
		if len(l.Scopes) == 0 {
			return d, &account.Problem{Kind: account.InputEmpty}
		}
		d.Link = l
		return d, nil
	},
}

// scopeOf reads a scope; the tenant's own id is its root group's.
func scopeOf(d account.Draft, text string) (account.AzureScope, error) {
	if id, err := account.ParseTenantID(text); err == nil && id == d.Microsoft().Tenant && !strings.Contains(text, "/") {
		return account.ManagementGroup(string(id))
	}
	return account.ParseAzureScope(text)
}

// azureScope asks for the scopes, and whether key vaults are wanted.
type azureScope struct {
	env    Env
	draft  account.Draft
	field  kit.Field
	vaults bool
}

var vaultsKey = kit.Key("tab", "Key Vault Reader, too")

func newAzureScope(e Env, d account.Draft) *azureScope {
	l := d.Azure()
	s := &azureScope{env: e, draft: d, vaults: l.Vaults}
	s.field = kit.NewField(azureScopeField.Label, azureScopeField.Why, string(l.Tenant))
	s.field.Set(azureScopeField.Get(d))
	if len(l.Scopes) == 0 {
		s.field.Set(string(l.Tenant))
	}
	s.field.Focus()
	return s
}

func (s *azureScope) Enter() tea.Cmd      { return nil }
func (s *azureScope) Offers() []Offer     { return nil }
func (s *azureScope) Typing() bool        { return true }
func (s *azureScope) Keys() []key.Binding { return []key.Binding{enterKey, vaultsKey, backKey} }

func (s *azureScope) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(press, enterKey):
			d, err := azureScopeField.Set(s.env, s.draft, s.field.Value())
			if err != nil {
				s.field.Wrong(Advise(account.AsProblem(err)).Line())
				return Stay, nil
			}
			s.draft = d
			return Next, nil
		case key.Matches(press, vaultsKey):
			s.vaults = !s.vaults
			return Stay, nil
		case key.Matches(press, backKey):
			return Back, nil
		}
	}
	return Stay, s.field.Update(msg)
}

func (s *azureScope) View(size kit.Size, t kit.Theme) kit.Page {
	box := "[ ]"
	if s.vaults {
		box = "[x]"
	}
	return kit.Page{
		Title: "What is the account to see?",
		Why:   "It gets Reader there: how things are set up, no data and no secrets.",
		Body: kit.Stack(
			s.field.Draw(size.Width, t), kit.Blank,
			kit.Mark(size.Width, box, " Key Vault Reader, too: names of vaults and of what is in them, no values."),
		),
		Live: kit.Mark(size.Width, t.Faint.Render("·"), "Nothing can be seen of this from here yet. Reader comes next."),
	}
}

func (s *azureScope) Fill(d account.Draft) account.Draft {
	l := d.Azure()
	l.Scopes, l.Vaults = s.draft.Azure().Scopes, s.vaults
	d.Link = l
	return d
}

func plainAzureScope(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	asked := len(d.Azure().Scopes) == 0
	d, err := p.field(azureScopeField, d, string(d.Microsoft().Tenant))
	if err != nil || !asked {
		return d, Next, err
	}
	l := d.Azure()
	if l.Vaults, err = p.wantsVaults(l); err != nil {
		return d, Stay, err
	}
	d.Link = l
	return d, Next, nil
}

// assignable tells whether who signed in may assign roles at all of a draft's
// scopes.
func assignable(tree account.AzureSurvey, d account.Draft) account.CheckState {
	for _, s := range d.Azure().Scopes {
		if !slices.Contains(tree.May, s) {
			return account.Missing
		}
	}
	return account.Holds
}
