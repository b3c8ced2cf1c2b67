package aws

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// judge makes the checks that need a session.
func (f findings) judge(t account.AWSTarget) map[account.CheckName]account.Check {
	made := map[account.CheckName]account.Check{
		account.AWSIdentity:    f.whose(t.Link),
		account.AWSPermissions: f.permissions(t.Link),
		account.AWSReadOnly:    f.readOnly(t.Link),
	}
	if t.Link.Method != account.ByProfile {
		made[account.AWSTrust] = f.trust(t)
		made[account.AWSPolicies] = f.policies(t.Link)
	}
	return made
}

// undecided is a check whose question was not answered.
func undecided(p *account.Problem) account.Check {
	return account.Check{State: account.Unknown, Problem: p}
}

func missing(p *account.Problem) account.Check {
	return account.Check{State: account.Missing, Problem: p}
}

func holds(detail ...string) account.Check {
	return account.Check{State: account.Holds, Detail: detail}
}

// whose is that the session is the role's, in the account that is linked.
func (f findings) whose(l account.AWSLink) (c account.Check) {
	defer func() { c.Evidence = f.identity.evidence }()
	if !f.identity.ok() {
		return undecided(account.AsProblem(f.identity.err))
	}
	who := f.identity.value
	if l.Account != "" && who.Account != l.Account {
		return missing(&account.Problem{Kind: account.AWSOtherAccount, Subject: string(who.Account)})
	}
	session := "assumed-role/" + roleName(l.Role) + "/"
	if l.Role != "" && !strings.HasPrefix(account.ARN(who.ARN).Resource(), session) {
		return missing(&account.Problem{Kind: account.InputNotRole, Subject: who.ARN})
	}
	return holds(who.ARN)
}

// finding is something that is not as it was made.
type finding struct {
	kind    account.Kind
	subject string
	line    string
}

// trust is that the role, the trust anchor and the profile are as the stack made
// them: whoever could change one of them could let others in, or widen a session.
func (f findings) trust(t account.AWSTarget) (c account.Check) {
	defer func() { c.Evidence = slices.Concat(f.role.evidence, f.profile.evidence, f.anchor.evidence) }()
	var found []finding
	var open []error
	for _, look := range []func(account.AWSTarget) ([]finding, error){f.roleChanged, f.profileChanged, f.anchorChanged} {
		more, err := look(t)
		found = append(found, more...)
		if err != nil {
			open = append(open, err)
		}
	}
	var detail []string
	for _, x := range found {
		detail = append(detail, account.Clean(x.line, 600))
	}
	switch {
	case len(found) > 0:
		c = missing(&account.Problem{Kind: found[0].kind, Subject: found[0].subject})
	case len(open) > 0:
		c = undecided(account.AsProblem(open[0]))
	default:
		return holds()
	}
	for _, err := range open {
		p := account.AsProblem(err)
		detail = append(detail, strings.TrimSpace("could not be checked: "+p.Subject+" "+string(p.Kind)))
	}
	c.Detail = detail
	return c
}

// absent is a thing that is not there, or why it could not be read.
func absent(what string, err error) ([]finding, error) {
	if account.AsProblem(err).Kind == account.AWSGone {
		return []finding{{account.AWSGone, what, "the " + what + " is not there"}}, nil
	}
	return nil, err
}

func (f findings) roleChanged(t account.AWSTarget) ([]finding, error) {
	if !f.role.ok() {
		return absent("role", f.role.err)
	}
	ours, err := encode(trustDocument(t.Link, string(t.Link.Anchor)), "")
	if err != nil {
		return nil, err
	}
	lines, err := differences(f.role.value.Trust, ours)
	var found []finding
	if f.role.value.ARN != t.Link.Role {
		found = append(found, finding{account.AWSTrustChanged, "", "the role of that name is " + string(f.role.value.ARN) + ", ours is " + string(t.Link.Role)})
	}
	for _, line := range lines {
		found = append(found, finding{account.AWSTrustChanged, "", "the role's trust policy: " + line})
	}
	return found, err
}

func (f findings) profileChanged(t account.AWSTarget) (found []finding, err error) {
	if !f.profile.ok() {
		return absent("profile", f.profile.err)
	}
	p := f.profile.value
	changed := func(line string) { found = append(found, finding{account.AWSTrustChanged, "", "the profile " + line}) }
	if !p.Enabled {
		found = append(found, finding{account.AWSDisabled, "profile", "the profile is disabled"})
	}
	if len(p.Roles) != 1 || p.Roles[0] != t.Link.Role {
		changed(fmt.Sprintf("gives out the roles %v, ours gives out %s", p.Roles, t.Link.Role))
	}
	if !sameSet(p.Managed, managedARNs(region(t.Link))) {
		changed(fmt.Sprintf("has the session policies %v, ours has %v", p.Managed, managedARNs(region(t.Link))))
	}
	if strings.TrimSpace(p.Policy) != "" {
		changed("has a session policy of its own, ours has none")
	}
	if p.SessionName {
		changed("accepts session names, ours does not")
	}
	return found, nil
}

func (f findings) anchorChanged(t account.AWSTarget) (found []finding, err error) {
	if !f.anchor.ok() {
		return absent("trust anchor", f.anchor.err)
	}
	a := f.anchor.value
	if !a.Enabled {
		found = append(found, finding{account.AWSDisabled, "trust anchor", "the trust anchor is disabled"})
	}
	certs, err := parseAll(a.Source.Data.PEM)
	if a.Source.Type != "CERTIFICATE_BUNDLE" || err != nil || len(certs) == 0 {
		return append(found, finding{account.AWSAuthorityOther, "", "the trust anchor does not hold the link's authority but " + a.Source.Type}), nil
	}
	ours := false
	for _, cert := range certs {
		if strings.EqualFold(fingerprint(cert), t.Authority.SHA256) {
			ours = true
			continue
		}
		found = append(found, finding{account.AWSAuthorityOther, "", "the trust anchor has another certificate: " + cert.Subject.CommonName + ", SHA-256 " + fingerprint(cert)})
	}
	if !ours {
		found = append(found, finding{account.AWSAuthorityOther, "", "the trust anchor does not have the link's authority, SHA-256 " + t.Authority.SHA256})
	}
	return found, nil
}

func sameSet(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// policies is that both managed policies are attached, that the role's own policy
// denies reads of data, and that nothing else gives it more. More than ours is a
// warning: sessions by certificate are capped by the profile's session policies.
func (f findings) policies(l account.AWSLink) (c account.Check) {
	defer func() { c.Evidence = slices.Concat(f.attached.evidence, f.inline.evidence) }()
	var lacks, strong []string
	var open error
	if f.attached.ok() {
		want := managedARNs(region(l))
		for _, arn := range want {
			if !slices.Contains(f.attached.value, arn) {
				lacks = append(lacks, "not attached: "+arn)
			}
		}
		for _, arn := range f.attached.value {
			if !slices.Contains(want, arn) {
				strong = append(strong, "attached, not ours: "+account.Clean(arn, longestText))
			}
		}
	} else {
		open = f.attached.err
	}
	if f.inline.ok() {
		moreLacks, moreStrong := ownPolicies(f.inline.value)
		lacks, strong = append(lacks, moreLacks...), append(strong, moreStrong...)
	} else if open == nil {
		open = f.inline.err
	}
	detail := append(lacks, strong...)
	switch {
	case open != nil && account.AsProblem(open).Kind == account.AWSGone:
		return missing(account.AsProblem(open))
	case len(lacks) > 0:
		c = missing(&account.Problem{Kind: account.AWSPolicyMissing})
	case open != nil:
		c = undecided(account.AsProblem(open))
	case len(strong) > 0:
		c = account.Check{State: account.Warning, Problem: &account.Problem{Kind: account.AWSPolicyStrong}}
	default:
		c = holds()
	}
	c.Detail = detail
	return c
}

// ownPolicies judges the policies that are the role's own: ours has to deny what
// it was made to, another may deny more and allow nothing.
func ownPolicies(found map[string]string) (lacks, strong []string) {
	ours, err := encode(denyDocument(), "")
	if err != nil {
		return []string{err.Error()}, nil
	}
	if _, ok := found[denyPolicy]; !ok {
		lacks = append(lacks, "the role's own policy "+denyPolicy+" is not there, which denies reads of data")
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		shown := account.Clean(name, 128)
		all, err := statements(found[name])
		if err != nil || slices.ContainsFunc(all, func(s statement) bool { return s.effect != "Deny" }) {
			strong = append(strong, "the role's own policy "+shown+" allows something, ours allow nothing")
		}
		if name != denyPolicy {
			continue
		}
		if lines, err := differences(found[name], ours); err != nil || len(lines) > 0 {
			lacks = append(lacks, "the role's own policy "+shown+" is not as it was made: "+strings.Join(lines, "; "))
		}
	}
	return lacks, strong
}
