package entra

import (
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// spreading is how long a grant may take until it is in force. There is no
// published figure; ten minutes are not always enough, which
// github.com/microsoftgraph/msgraph-bicep-types/issues/193 reports. A refusal
// after that has another cause.
const spreading = 20 * time.Minute

// judge makes the checks that need a token.
func (f findings) judge(t account.Target, now time.Time) map[account.CheckName]account.Check {
	consent := f.consent()
	return map[account.CheckName]account.Check{
		account.RightTenant:   f.rightTenant(t.Link.Tenant),
		account.GlobalReader:  f.globalReader(),
		account.Consent:       consent,
		account.AccessReviews: f.accessReviews(consent, now),
		account.Foreign:       f.foreign(t.Certificate, now),
	}
}

// undecided is a check whose question was not answered.
func undecided(p *account.Problem) account.Check {
	state := account.Unknown
	if p.Kind == account.IdentitySpreading {
		state = account.Waiting
	}
	return account.Check{State: state, Problem: p}
}

func missing(p *account.Problem) account.Check {
	return account.Check{State: account.Missing, Problem: p}
}

func holds(detail ...string) account.Check {
	return account.Check{State: account.Holds, Detail: detail}
}

// kind is p's cause under another name: same code, message and ids.
func kind(k account.Kind, p *account.Problem) *account.Problem {
	q := account.Problem{}
	if p != nil {
		q = *p
	}
	q.Kind = k
	return &q
}

func evidence(of ...[]account.Evidence) (all []account.Evidence) {
	for _, e := range of {
		all = append(all, e...)
	}
	return all
}

func (f findings) rightTenant(want account.TenantID) (c account.Check) {
	defer func() { c.Evidence = f.organization.evidence }()
	if !f.organization.ok() {
		return undecided(problemOf(f.organization.err))
	}
	if len(f.organization.value) != 1 || !account.IsGUID(f.organization.value[0].ID) {
		return undecided(&account.Problem{Kind: account.Unexpected, Message: "the answer does not name the tenant"})
	}
	o := f.organization.value[0]
	if !strings.EqualFold(o.ID, string(want)) {
		return missing(&account.Problem{Kind: account.WrongTenant, Subject: strings.ToLower(o.ID)})
	}
	return holds(nonEmpty(f.facts().TenantName)...)
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// globalReader holds by the role's assignment. Where there is none to be seen
// it holds by a read that the role allows, unless something else that the app
// has may allow that read too: a role may be given through a group, which the
// list does not show.
func (f findings) globalReader() (c account.Check) {
	defer func() { c.Evidence = evidence(f.roles.evidence, f.organization.evidence) }()
	if f.roles.ok() && f.hasGlobalReader() {
		return holds("assigned, whole directory")
	}
	if f.organization.ok() {
		if !f.otherRights() {
			return holds("seen by reading the organization, which the role allows; the assignment itself is not seen")
		}
		if f.roles.ok() {
			return missing(&account.Problem{Kind: account.RoleMissing})
		}
		return undecided(problemOf(f.roles.err))
	}
	switch {
	case f.roles.ok():
		return missing(kind(account.RoleMissing, problemOf(f.organization.err)))
	case refused(f.organization.err) && refused(f.roles.err):
		return missing(kind(account.RoleMissing, problemOf(f.organization.err)))
	case refused(f.organization.err):
		return undecided(problemOf(f.roles.err))
	}
	return undecided(problemOf(f.organization.err))
}

func (f findings) hasGlobalReader() bool {
	for _, r := range f.roles.value {
		if f.isGlobalReader(r) {
			return true
		}
	}
	return false
}

func (f findings) isGlobalReader(r roleAssignment) bool {
	return strings.EqualFold(r.Role, globalReaderRole) && r.Scope == wholeDirectory && strings.EqualFold(r.Principal, f.principal.value.ID)
}

// otherRights tells whether the app is seen to have rights besides the
// permission and the role, so that a read proves neither.
func (f findings) otherRights() bool {
	for _, r := range f.roles.value {
		if !f.isGlobalReader(r) {
			return true
		}
	}
	for _, g := range f.grants.value {
		if !strings.EqualFold(g.Role, reviewPermission) {
			return true
		}
	}
	return false
}

// consent holds by the grant. Where the grants cannot be read, the read that
// it is for decides.
func (f findings) consent() (c account.Check) {
	defer func() {
		c.Evidence = evidence(f.grants.evidence, f.graph.evidence, f.reviews.evidence, f.application.evidence)
	}()
	if !f.grants.ok() || !f.graph.ok() {
		return f.consentUnseen()
	}
	g, ok := f.ourGrant()
	if !ok {
		if f.grants.more {
			return undecided(&account.Problem{Kind: account.Unexpected, Message: "the list of grants is too long to be read to its end"})
		}
		return f.notGranted()
	}
	if g.Created.IsZero() {
		return holds("granted")
	}
	return holds("since " + g.Created.UTC().Format("2006-01-02 15:04 UTC"))
}

// fresh tells whether a grant is so new that it may still be spreading, by the
// service's clock.
func (f findings) fresh(g grant, now time.Time) bool {
	if !f.grants.date.IsZero() {
		now = f.grants.date
	}
	return !g.Created.IsZero() && now.Sub(g.Created) < spreading
}

func (f findings) ourGrant() (grant, bool) {
	for _, g := range f.grants.value {
		if strings.EqualFold(g.Role, reviewPermission) && strings.EqualFold(g.Resource, f.graph.value.ID) &&
			(!f.principal.ok() || strings.EqualFold(g.Principal, f.principal.value.ID)) {
			return g, true
		}
	}
	return grant{}, false
}

func (f findings) consentUnseen() account.Check {
	if f.reviews.ok() {
		return holds("seen by reading the access reviews; the grant itself is not seen")
	}
	why := f.grants.err
	if why == nil {
		why = f.graph.err
	}
	if refused(f.reviews.err) && refused(why) {
		return missing(kind(account.PermissionUnseen, problemOf(f.reviews.err)))
	}
	if p := problemOf(f.reviews.err); p.Kind != account.ReadRefused && p.Kind != account.NotLicensed {
		return undecided(p)
	}
	return undecided(problemOf(why))
}

// notGranted says how far the permission came: the app's own list of what it
// asks for tells.
func (f findings) notGranted() account.Check {
	if !f.application.ok() {
		if refused(f.application.err) {
			return missing(&account.Problem{Kind: account.PermissionNotGranted})
		}
		return undecided(problemOf(f.application.err))
	}
	k := account.PermissionNotAdded
	for _, r := range f.application.value.Required {
		if !strings.EqualFold(r.App, graphApp) {
			continue
		}
		for _, a := range r.Access {
			switch {
			case a.ours():
				return missing(&account.Problem{Kind: account.PermissionNotGranted})
			case strings.EqualFold(a.ID, reviewDelegated), strings.EqualFold(a.ID, reviewPermission):
				k = account.PermissionDelegated
			}
		}
	}
	return missing(&account.Problem{Kind: k})
}

// accessReviews is the read that the account is for. A refusal that names no
// cause is not given one: while the grant is new it may be spreading, later it
// may as well be the tenant's licence.
func (f findings) accessReviews(consent account.Check, now time.Time) (c account.Check) {
	defer func() { c.Evidence = f.reviews.evidence }()
	if f.reviews.ok() {
		if name := f.facts().Review; name != "" {
			return holds(name)
		}
		return holds("none yet")
	}
	p := problemOf(f.reviews.err)
	switch {
	case p.Kind == account.NotLicensed:
		return account.Check{State: account.Warning, Problem: p}
	case p.Kind != account.ReadRefused:
		return undecided(p)
	case consent.State == account.Missing, consent.State == account.Waiting:
		return account.Check{State: consent.State, Problem: kind(consent.Problem.Kind, p)}
	}
	if g, ok := f.ourGrant(); ok && f.fresh(g, now) {
		return account.Check{State: account.Waiting, Problem: kind(account.PermissionSpreading, p)}
	}
	return undecided(p)
}
