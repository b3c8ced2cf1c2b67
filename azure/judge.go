package azure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// undecided is a check whose question was not answered.
func undecided(p *account.Problem) account.Check {
	return account.Check{State: account.Unknown, Problem: p}
}

func missing(p *account.Problem) account.Check {
	return account.Check{State: account.Missing, Problem: p}
}

func waiting(p *account.Problem) account.Check {
	return account.Check{State: account.Waiting, Problem: p}
}

func holds(detail ...string) account.Check {
	return account.Check{State: account.Holds, Detail: detail}
}

func (l *look) judge() map[account.CheckName]account.Check {
	made := map[account.CheckName]account.Check{
		account.Subscriptions: l.seesSubscriptions(),
		account.AzureReads:    l.reads(),
		account.AzureReadOnly: l.readOnly(),
	}
	if l.t.Vaults {
		made[account.KeyVaults] = l.keyVaults()
	}
	return made
}

// seesSubscriptions: an empty list is no error. It says that no role is in force
// yet, and not whether one was assigned.
func (l *look) seesSubscriptions() (c account.Check) {
	defer func() { c.Evidence = slices.Concat(l.token, l.subscriptions.evidence) }()
	if err := l.subscriptions.err; err != nil {
		return undecided(problemOf(err, apps))
	}
	if l.seesNothing() {
		return waiting(&account.Problem{Kind: account.NoSubscriptions})
	}
	c = holds()
	for _, s := range l.facts().Subscriptions {
		c.Detail = append(c.Detail, named(s))
	}
	if l.subscriptions.more {
		c.Detail = append(c.Detail, fmt.Sprintf("and more than these %d, which were not read", len(l.subscriptions.value)))
	}
	return c
}

// named is a subscription or group as people know it.
func named(g account.AzureGroup) string {
	name := g.Name
	if name == "" {
		name = g.Scope.ID()
	}
	if g.State != "" && g.State != "Enabled" {
		name += " (" + g.State + ")"
	}
	return name
}

// seesNothing tells whether nothing of the app's roles has arrived anywhere. All
// that is refused then may be spreading as well as never assigned.
func (l *look) seesNothing() bool {
	return l.subscriptions.err == nil && len(l.subscriptions.value) == 0
}

// reads: Reader, or what includes it, is in force at every scope that was chosen.
func (l *look) reads() account.Check {
	return l.everywhere(func(p *place) account.Check { return l.readsAt(p) })
}

// everywhere is a check of each scope that was chosen, as one: the worst of
// them, with a line for each.
func (l *look) everywhere(check func(*place) account.Check) account.Check {
	if len(l.t.Scopes) == 0 {
		return undecided(&account.Problem{Kind: account.NotAsked})
	}
	var all account.Check
	severity := []account.CheckState{"", account.Holds, account.Unknown, account.Waiting, account.Missing}
	for _, p := range l.places[:len(l.t.Scopes)] {
		c := check(p)
		if slices.Index(severity, c.State) > slices.Index(severity, all.State) {
			all.State, all.Problem = c.State, c.Problem
		}
		for _, d := range c.Detail {
			all.Detail = append(all.Detail, l.place(p.scope)+": "+d)
		}
		all.Evidence = slices.Concat(all.Evidence, p.roles.evidence, p.denies.evidence, p.probe.evidence)
	}
	return all
}

// place is a scope as people call it: the tenant's root group has no name of its
// own that is worth reading.
func (l *look) place(s account.AzureScope) string {
	if strings.EqualFold(s.ID(), string(l.t.Link.Tenant)) {
		return "the root group"
	}
	return s.ID()
}

// readsAt is whether Reader is in force at a scope. An assignment that is shown
// may not be in force yet: a read that it allows tells.
func (l *look) readsAt(p *place) account.Check {
	if c, ok := l.notListed(p); !ok {
		return c
	}
	by, unread := l.roleFor(p, definition.readsAll)
	switch err := p.probe.err; {
	case err != nil && !refused(err):
		return l.refusedAt(err, p.scope)
	case err != nil && by != "":
		return waiting(l.notInForce(problemOf(err, apps), p.scope))
	case err != nil && unread != nil:
		return undecided(unread)
	case err != nil:
		return l.refusedAt(err, p.scope)
	case by != "":
		return holds(append([]string{by}, l.kept(p)...)...)
	case unread != nil:
		return undecided(unread)
	case l.lesserAllows(p):
		return missing(l.lacks(account.AzureReader, p.scope))
	}
	return holds("seen by reading; the assignment itself is not seen")
}

// notListed is how a check ends where the roles at a scope cannot be listed, and
// whether they can. Reader allows that list: who is refused it has no Reader.
func (l *look) notListed(p *place) (account.Check, bool) {
	if p.roles.err == nil {
		return account.Check{}, true
	}
	return l.refusedAt(p.roles.err, p.scope), false
}

// refusedAt is how a check ends whose read was not answered.
func (l *look) refusedAt(err error, s account.AzureScope) account.Check {
	switch p := problemOf(err, apps); p.Kind {
	case account.AzureRoleMissing:
		p = l.notInForce(p, s)
		if l.seesNothing() {
			return waiting(p)
		}
		return missing(p)
	case account.ScopeNotFound, account.AssignmentLocked, account.WrongTenant:
		return missing(p)
	default:
		return undecided(p)
	}
}

// lacks is that a role is not assigned.
func (l *look) lacks(role account.AzureRole, s account.AzureScope) *account.Problem {
	return &account.Problem{Kind: account.AzureNotInForce, Subject: role.String() + " on " + l.place(s)}
}

// notInForce is a refusal for what it means: Reader, which would allow what was
// asked, does not hold at that place.
func (l *look) notInForce(p *account.Problem, s account.AzureScope) *account.Problem {
	q := *p
	q.Kind, q.Subject = account.AzureNotInForce, account.AzureReader.String()+" on "+l.place(s)
	return &q
}

// roleFor is the assignment at or above a scope whose role allows enough, as a
// line; or why that could not be told.
func (l *look) roleFor(p *place, enough func(definition) bool) (by string, unread *account.Problem) {
	for _, a := range p.roles.value {
		if a.below(p.scope) {
			continue
		}
		d := l.definitions[a.role()]
		switch {
		case d.err != nil:
			unread = problemOf(d.err, apps)
		case enough(d.value):
			return l.roleName(a) + l.inherited(a, p.scope) + l.through(a), nil
		}
	}
	if unread == nil && p.roles.more {
		unread = tooLong()
	}
	return "", unread
}

// through says where a role is not the app's own.
func (l *look) through(a assignment) string {
	if l.isApp(a.Properties.Principal) {
		return ""
	}
	return ", through a group"
}

// inherited says where a role comes from, if not from the scope itself.
func (l *look) inherited(a assignment, s account.AzureScope) string {
	if strings.EqualFold(a.Properties.Scope, string(s)) {
		return ""
	}
	return ", inherited from " + l.scopeText(a)
}

func (l *look) scopeText(a assignment) string {
	if a.Properties.Scope == string(account.AzureRoot) {
		return "the root of the tenant"
	}
	return rest.Text(l.place(account.AzureScope(a.Properties.Scope)), longestText)
}

// roleName is the role's name as the portal has it.
func (l *look) roleName(a assignment) string {
	if name := rest.Text(l.definitions[a.role()].value.Properties.Name, longestText); name != "" {
		return name
	}
	return rest.Text(account.AzureRole(a.role()).String(), longestText)
}

// lesserAllows tells whether another role of the app than Reader allows the read
// that was made, so that it proves nothing.
func (l *look) lesserAllows(p *place) bool {
	return slices.ContainsFunc(p.roles.value, func(a assignment) bool {
		return l.definitions[a.role()].value.allows(probing(p.scope))
	})
}

// kept are the deny assignments at or above a scope that keep something from the app.
func (l *look) kept(p *place) (lines []string) {
	if p.denies.unread() != nil {
		lines = append(lines, "not known whether a deny assignment keeps a part: not all could be read")
	}
	for _, d := range p.denies.value {
		if l.applies(d) {
			lines = append(lines, "a deny assignment keeps a part: "+rest.Text(d.Properties.Name, longestText))
		}
	}
	return lines
}

// everybody is who a deny assignment names to mean all.
// Source: learn.microsoft.com/azure/role-based-access-control/deny-assignments.
const everybody = "00000000-0000-0000-0000-000000000000"

// applies tells whether a deny assignment is for the app.
func (l *look) applies(d deny) bool {
	is := func(s subject) bool { return l.isApp(s.ID) }
	return (slices.ContainsFunc(d.Properties.Principals, is) || slices.ContainsFunc(d.Properties.Principals, func(s subject) bool { return s.ID == everybody })) &&
		!slices.ContainsFunc(d.Properties.Excluded, is)
}

// keyVaults: Key Vault Reader is in force at every scope that was chosen. Vaults
// on access policies are named, as that role does not open them.
func (l *look) keyVaults() account.Check {
	c := l.everywhere(l.vaultsAt)
	var closed []string
	unread := problemOf(l.subscriptions.err, apps)
	for _, p := range l.places {
		c.Evidence = append(c.Evidence, p.vaults.evidence...)
		if u := p.vaults.unread(); u != nil {
			unread = u
		}
		for _, v := range p.vaults.value {
			if l.closed(v) {
				closed = append(closed, rest.Text(v.Name, longestText)+" in "+p.scope.ID())
			}
		}
	}
	c.Detail = append(c.Detail, l.unlooked()...)
	switch {
	case c.State != account.Holds:
	case len(closed) > 0:
		c.State, c.Problem, c.Detail = account.Warning, &account.Problem{Kind: account.VaultsByPolicy}, append(closed, c.Detail...)
	case unread != nil:
		c.State, c.Problem = account.Unknown, unread
	}
	return c
}

// closed tells whether a vault is on access policies and has none for the app.
func (l *look) closed(v vault) bool {
	if v.Properties.RBAC {
		return false
	}
	for _, p := range v.Properties.Policies {
		if l.isApp(p.Object) {
			return false
		}
	}
	return true
}

func (l *look) vaultsAt(p *place) account.Check {
	if c, ok := l.notListed(p); !ok {
		return c
	}
	by, unread := l.roleFor(p, definition.readsVaults)
	switch {
	case by != "":
		return holds(by)
	case unread != nil:
		return undecided(unread)
	case l.t.Link.Principal == "":
		return undecided(&account.Problem{Kind: account.NotAsked, Message: "the object id of the enterprise app is not known"})
	}
	return missing(l.lacks(account.AzureKeyVaultReader, p.scope))
}

// unlooked says what was too much to be looked into.
func (l *look) unlooked() []string {
	if l.skipped == 0 && !l.subscriptions.more {
		return nil
	}
	looked := 0
	for _, p := range l.places {
		if p.assured {
			looked++
		}
	}
	return []string{fmt.Sprintf("looked into %d subscriptions and not into all of them", looked)}
}

// readOnly: no role of the app or of its groups, at the chosen scopes, above them
// and in the subscriptions that are seen, allows more than reading.
func (l *look) readOnly() (c account.Check) {
	var evidence []account.Evidence
	defer func() { c.Evidence = evidence }()
	if l.t.Link.Principal == "" {
		return undecided(&account.Problem{Kind: account.NotAsked, Message: "the object id of the enterprise app is not known"})
	}
	seen := map[string]bool{}
	var over, fine []string
	unread := problemOf(l.subscriptions.err, apps)
	for _, p := range l.places {
		evidence = append(evidence, p.roles.evidence...)
		if u := p.roles.unread(); u != nil {
			unread = u
		}
		for _, a := range p.roles.value {
			if id := strings.ToLower(a.ID); seen[id] {
				continue
			}
			seen[strings.ToLower(a.ID)] = true
			d := l.definitions[a.role()]
			evidence = append(evidence, d.evidence...)
			line, is := l.exceeds(a, p)
			switch {
			case is:
				over = append(over, line)
			case line != "":
				fine = append(fine, line)
			}
			if u := d.unread(); u != nil {
				unread = u
			}
		}
	}
	fine = append(fine, l.unlooked()...)
	switch {
	case len(over) > 0:
		return account.Check{State: account.Warning, Problem: &account.Problem{Kind: account.AzureRoleTooStrong}, Detail: over}
	case unread != nil && l.seesNothing() && unread.Kind == account.AzureRoleMissing:
		return waiting(unread)
	case unread != nil:
		return undecided(unread)
	}
	return holds(fine...)
}

// exceeds tells whether a role allows more than reading, and what, as a line.
// Key Vault Reader does as the vendor made it; where it is wanted it is named
// and no more.
func (l *look) exceeds(a assignment, p *place) (string, bool) {
	role := account.AzureRole(a.role())
	d := l.definitions[a.role()]
	where := l.roleName(a) + " at " + l.scopeText(a) + l.through(a)
	what := d.value.beyondRead(l.deniedFor(a, p))
	switch {
	case d.err != nil:
		return where, slices.Contains(strong, role)
	case len(what) == 0 && len(d.value.beyondRead(nil)) > 0:
		return where + ", whose changes a deny assignment keeps", false
	case len(what) == 0:
		return "", false
	}
	const mostNamed = 5
	if len(what) > mostNamed {
		what = append(what[:mostNamed], fmt.Sprintf("and %d more", len(what)-mostNamed))
	}
	line := where + " allows " + rest.Text(strings.Join(what, ", "), 300)
	if role == account.AzureKeyVaultReader && l.t.Vaults {
		return line + ", as Microsoft defines the role", false
	}
	return line, true
}

// deniedFor is what deny assignments take from the app wherever that role holds.
func (l *look) deniedFor(a assignment, p *place) (all []permission) {
	for _, d := range p.denies.value {
		here := strings.EqualFold(d.Properties.Scope, a.Properties.Scope)
		// One above the scope holds there too, unless the role came from above as well.
		above := !d.Properties.NotBelow && strings.EqualFold(a.Properties.Scope, string(p.scope))
		if l.applies(d) && (here || above || a.below(p.scope) && !d.Properties.NotBelow) {
			all = append(all, d.Properties.Permissions...)
		}
	}
	return all
}
