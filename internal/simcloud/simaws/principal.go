package simaws

import (
	"fmt"
	"net/http"
	"slices"
	"time"
)

// credential is a key with which requests are signed.
type credential struct {
	secret   string
	token    string    // of a session
	expires  time.Time // zero for a user's
	inactive bool
	who      *principal
}

// usable tells whether there still is somebody behind the key.
func (c *credential) usable() bool {
	return !c.inactive && (c.who.role == nil || slices.Contains(c.who.account.roles, c.who.role))
}

// user is an IAM user.
type user struct {
	account  *Account
	name     string
	id       string
	policies []*policy
}

func (u *user) arn() string { return u.account.arn("iam", "", "user/"+u.name) }

func (u *user) principal() *principal {
	return &principal{account: u.account, user: u, arn: u.arn(), userID: u.id}
}

// principal is who a request is made by: a user, or a session of a role.
type principal struct {
	account *Account
	user    *user
	role    *role
	arn     string
	userID  string

	limits         []*policy // of the session; what they do not allow it may not do
	limited        bool
	sourceIdentity string
	tags           map[string]string
	transitive     []string // keys of the tags that go along
	issued         time.Time
}

// identities are the policies that grant something to the principal.
func (p *principal) identities() []*policy {
	if p.user != nil {
		return p.user.policies
	}
	return p.role.policies()
}

// context is what conditions know of the principal.
func (p *principal) context(now time.Time) map[string][]string {
	arn, kind := p.arn, "User"
	if p.role != nil {
		arn, kind = p.role.arn(), "AssumedRole"
	}
	m := with(nil, map[string]string{
		"aws:PrincipalArn": arn, "aws:PrincipalAccount": p.account.spec.Number, "aws:PrincipalType": kind,
		"aws:userid": p.userID, "aws:CurrentTime": now.UTC().Format(time.RFC3339), "aws:EpochTime": fmt.Sprint(now.Unix()),
		"aws:SecureTransport": "true", "aws:PrincipalIsAWSService": "false",
	})
	if p.user != nil {
		m = with(m, map[string]string{"aws:username": p.user.name})
	}
	if p.sourceIdentity != "" {
		m = with(m, map[string]string{"aws:SourceIdentity": p.sourceIdentity})
	}
	if !p.issued.IsZero() {
		m = with(m, map[string]string{"aws:TokenIssueTime": p.issued.UTC().Format(time.RFC3339)})
	}
	if p.account.spec.Organization != None {
		m = with(m, map[string]string{"aws:PrincipalOrgID": p.account.c.orgID})
	}
	for key, v := range p.tags {
		m = with(m, map[string]string{"aws:PrincipalTag/" + key: v})
	}
	return m
}

// scales are what every kind of policy says to one question.
type scales struct {
	organization, identity, session finding
	limited                         bool
}

// weigh asks all policies that bear on a principal.
func (p *principal) weigh(q question, now time.Time) scales {
	q.context = merge(p.context(now), q.context)
	s := scales{identity: ask(p.identities(), q, false), limited: p.limited}
	if p.account.spec.Organization == Member {
		s.organization = ask(p.account.denies, q, false)
	}
	if p.limited {
		s.session = ask(p.limits, q, false)
	}
	return s
}

func merge(a, b map[string][]string) map[string][]string {
	out := with(a, nil)
	for k, v := range b {
		out[k] = v
	}
	return out
}

// because is why not, in the words that AWS appends to a denial; empty when it
// is allowed.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html.
func (s scales) because(action string) string {
	switch {
	case s.organization.denied:
		return "with an explicit deny in a service control policy"
	case s.identity.denied:
		return "with an explicit deny in an identity-based policy"
	case s.session.denied:
		return "with an explicit deny in a session policy"
	case !s.identity.allowed:
		return "because no identity-based policy allows the " + action + " action"
	case s.limited && !s.session.allowed:
		return "because no session policy allows the " + action + " action"
	}
	return ""
}

func denied(format string, args ...any) *failure {
	return refuse(http.StatusForbidden, "AccessDenied", format, args...)
}

// actor is who makes a change, and where.
type actor struct {
	c   *Cloud
	who *principal // nil is the administrator in the console, who may do everything
	at  time.Time
	via string // the service that acts for them; empty for the request itself
	// region is where it is made.
	region string
}

func (k *call) actor() actor {
	return actor{c: k.c, who: k.who, at: k.now, region: k.site.region}
}

// may refuses what the actor may not do. named is the resource as the text of
// the refusal has it; empty leaves it out.
func (a actor) may(action, resource, named string, context map[string]string) *failure {
	if a.who == nil {
		return nil
	}
	q := question{action, resource, with(nil, context)}
	q.context["aws:requestedregion"] = []string{a.region}
	why := a.who.weigh(q, a.at).because(action)
	if why == "" {
		return nil
	}
	if named != "" {
		named = " on resource: " + named
	}
	return denied("User: %s is not authorized to perform: %s%s %s", a.who.arn, action, named, why)
}

// may is for a resource that a refusal names by its ARN.
func (k *call) may(action, resource string) *failure {
	return k.actor().may(action, resource, resource, nil)
}

// name is who that is, for the journal.
func (a actor) name() string {
	if a.who == nil {
		return "console"
	}
	return a.who.arn
}

// note writes a change into the journal.
func (a actor) note(account *Account, action, resource string) {
	a.c.journal = append(a.c.journal, Change{Time: a.at, Account: account.spec.Number, Region: a.region, Who: a.name(), Via: a.via, Action: action, Resource: resource})
}

// find is the first of those that hold, or nothing.
func find[T any](all []*T, holds func(*T) bool) *T {
	if i := slices.IndexFunc(all, holds); i >= 0 {
		return all[i]
	}
	return nil
}
