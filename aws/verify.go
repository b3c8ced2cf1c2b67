package aws

import (
	"cmp"
	"context"
	"crypto"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// verifyLimit bounds a whole verification.
const verifyLimit = 45 * time.Second

// The checks in the order in which they are reported: of a link by certificate,
// and of one by a profile, of which neither certificates nor a trust policy are
// ours.
var (
	certificateNames = []account.CheckName{
		account.AWSSession, account.AWSIdentity, account.AWSTrust, account.AWSPolicies,
		account.AWSPermissions, account.AWSReadOnly, account.AuthorityLife, account.KeyLife,
	}
	profileNames = []account.CheckName{
		account.AWSSession, account.AWSIdentity, account.AWSPermissions, account.AWSReadOnly,
	}
)

// Verify makes the checks of an AWS account with one new session: AWSSession,
// AWSIdentity, AWSTrust, AWSPolicies, AWSPermissions, AWSReadOnly, AuthorityLife
// and KeyLife, and for a link ByProfile AWSSession, AWSIdentity, AWSPermissions
// and AWSReadOnly. What it can do is told by AWS's policy simulator, and nothing is
// ever tried. It ends within 45 seconds, or when ctx does, and always returns every
// check: what could not be asked is Unknown.
func (a *AWS) Verify(ctx context.Context, t account.AWSTarget, signer crypto.Signer) account.Report {
	ctx, cancel := context.WithTimeout(rest.For(ctx, string(t.Link.Account)), verifyLimit)
	defer cancel()
	names, made := profileNames, map[account.CheckName]account.Check{}
	if t.Link.Method != account.ByProfile {
		names = certificateNames
		made[account.AuthorityLife] = t.Authority.LifeLeft(account.AuthorityExpiring, a.now())
		made[account.KeyLife] = t.Leaf.LifeLeft(account.Expiring, a.now())
	}
	r := account.Report{}
	keys, evidence, err := a.session(ctx, t, signer)
	session := account.Check{State: account.Holds, Evidence: evidence}
	if err != nil {
		p := account.AsProblem(err)
		session.State, session.Problem = refusedState(p), p
	} else {
		if keys.CanExpire {
			session.Detail = []string{"credentials until " + keys.Expires.UTC().Format("15:04 UTC")}
		}
		found := caller{a, region(t.Link), with(keys)}.read(ctx, t.Link)
		r.Facts = found.facts()
		for n, c := range found.judge(t) {
			made[n] = c
		}
	}
	made[account.AWSSession] = session
	r.At = a.now()
	r.Checks = account.InOrder(names, made, r.At)
	return r
}

// region is where a link's calls go: where its trust anchor is.
func region(l account.AWSLink) account.AWSRegion {
	return cmp.Or(l.Anchor.Region(), l.Region, usual)
}

// refusedState is how the session's check ends: Missing when AWS, or a look at the
// certificate, gave an answer about the link, Unknown when there was none.
func refusedState(p *account.Problem) account.CheckState {
	switch p.Kind {
	case account.Offline, account.TimedOut, account.ProxyRefused, account.Untrusted, account.NotTheService,
		account.Throttled, account.Unavailable, account.Cancelled, account.Unexpected, account.AWSEndpoint:
		return account.Unknown
	}
	return account.Missing
}

// read is one question to AWS: what came, or why nothing did.
type read[T any] struct {
	value    T
	err      error
	evidence []account.Evidence
}

func (r read[T]) ok() bool { return r.err == nil }

// ask puts a question.
func ask[T any](into *read[T], question func() (T, account.Evidence, error)) {
	v, e, err := question()
	into.value, into.err = v, err
	into.evidence = append(into.evidence, made(e)...)
}

// findings is what one verification read.
type findings struct {
	identity read[account.AWSCaller]
	alias    read[string]
	master   read[account.AWSAccount]
	role     read[role]
	attached read[[]string]
	inline   read[map[string]string] // policies by name
	profile  read[profile]
	anchor   read[anchor]
	may      read[decisions] // the permission matrix
	mayNot   read[decisions] // writes and reads of data
}

// read asks everything side by side, nine questions at a time at most; what
// belongs together, and what AWS allows once a second, one after another.
func (c caller) read(ctx context.Context, l account.AWSLink) findings {
	var f findings
	var all sync.WaitGroup
	all.Go(func() { ask(&f.alias, func() (string, account.Evidence, error) { return c.alias(ctx) }) })
	all.Go(func() { ask(&f.master, func() (account.AWSAccount, account.Evidence, error) { return c.master(ctx) }) })
	whoIs := func() {
		ask(&f.identity, func() (account.AWSCaller, account.Evidence, error) { return c.identity(ctx) })
	}
	mayWhat := func(source account.ARN) {
		all.Go(func() { c.simulate(ctx, &f.may, source, matrixActions(l)) })
		all.Go(func() { c.simulate(ctx, &f.mayNot, source, deniedActions()) })
	}
	if l.Method == account.ByProfile {
		whoIs() // the simulator has to be told who that is
		source, e, err := c.principal(ctx, f.identity)
		f.may, f.mayNot = read[decisions]{err: err, evidence: e}, read[decisions]{err: err, evidence: e}
		if err == nil {
			mayWhat(source)
		}
	} else {
		all.Go(whoIs)
		name := roleName(l.Role)
		all.Go(func() { ask(&f.role, func() (role, account.Evidence, error) { return c.role(ctx, name) }) })
		all.Go(func() { c.attached(ctx, &f.attached, name) })
		all.Go(func() { c.inline(ctx, &f.inline, name) })
		all.Go(func() {
			ask(&f.profile, func() (profile, account.Evidence, error) { return c.profile(ctx, l.Profile) })
			ask(&f.anchor, func() (anchor, account.Evidence, error) { return c.anchor(ctx, l.Anchor) })
		})
		mayWhat(l.Role)
	}
	all.Wait()
	return f
}

// facts are who the account is.
func (f findings) facts() account.Facts {
	if !f.identity.ok() {
		return account.Facts{}
	}
	who := f.identity.value
	who.Alias, who.Management = f.alias.value, isManagement(who.Account, f.master)
	return account.Facts{Caller: &who}
}
