package simaws

import (
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
)

// role is an IAM role.
type role struct {
	account     *Account
	name, path  string
	id          string
	description string
	trustText   string
	trust       *policy
	bound       map[string]string // ids of the users and roles that the trust policy names, by ARN
	managed     []string          // ARNs, in the order they were attached
	inline      []inline
	maxSession  int // seconds
	created     time.Time
	usable      time.Time // when it can be taken, as IAM is eventually consistent
	tags        []label
}

// inline is a policy that belongs to one role.
type inline struct {
	name, text string
	policy     *policy
}

// label is a tag of a resource.
type label struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (r *role) arn() string { return r.account.arn("iam", "", "role"+r.path+r.name) }

// policies are what grants something to the role.
func (r *role) policies() []*policy {
	var all []*policy
	for _, arn := range r.managed {
		all = append(all, managedPolicy(r.account.partition, arn))
	}
	for _, p := range r.inline {
		all = append(all, p.policy)
	}
	return all
}

func (a *Account) role(name string) *role {
	return find(a.roles, func(r *role) bool { return strings.EqualFold(r.name, name) })
}

// roleByARN is the role of an ARN, in whatever account.
func (c *Cloud) roleByARN(arn string) *role {
	for _, a := range c.accounts {
		if r := find(a.roles, func(r *role) bool { return r.arn() == arn }); r != nil {
			return r
		}
	}
	return nil
}

// entity is the id of the user or role that an ARN names; ok tells whether the
// account it would be in is known here.
func (c *Cloud) entity(arn string) (id string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 {
		return "", false
	}
	a := c.account(parts[4])
	if a == nil {
		return "", false
	}
	if r := c.roleByARN(arn); r != nil {
		return r.id, true
	}
	if u := find(a.users, func(u *user) bool { return u.arn() == arn }); u != nil {
		return u.id, true
	}
	return "", true
}

func noSuchRole(name string) *failure {
	return refuse(http.StatusNotFound, "NoSuchEntity", "The role with name %s cannot be found.", name)
}

// The quotas of a role.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
const (
	maxTrust   = 2048
	maxInline  = 10240
	maxManaged = 10
)

// length is how long a policy is for a quota, which does not count white space.
func length(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

func limitExceeded(format string, args ...any) *failure {
	return refuse(http.StatusConflict, "LimitExceeded", format, args...)
}

var (
	roleNameForm   = pattern(`^[\w+=,.@-]{1,64}$`)
	policyNameForm = pattern(`^[\w+=,.@-]{1,128}$`)
	pathForm       = pattern(`^(/|/[!-~]+/)$`)
)

// newRole is what a role is made of.
type newRole struct {
	name, path, description, trust string
	maxSession                     int // 0: the default
	tags                           []label
}

func (in *newRole) check() *failure {
	if in.path == "" {
		in.path = "/"
	}
	if in.maxSession == 0 {
		in.maxSession = 3600
	}
	switch {
	case in.name == "":
		return missing("roleName")
	case !roleNameForm().MatchString(in.name):
		return violation(in.name, "roleName", `satisfy regular expression pattern: [\w+=,.@-]+`)
	case !pathForm().MatchString(in.path):
		return violation(in.path, "path", `satisfy regular expression pattern: (\u002F)|(\u002F[\u0021-\u007F]+\u002F)`)
	case in.maxSession < 3600:
		return violation(itoa(in.maxSession), "maxSessionDuration", "have value greater than or equal to 3600")
	case in.maxSession > 43200:
		return violation(itoa(in.maxSession), "maxSessionDuration", "have value less than or equal to 43200")
	case in.trust == "":
		return missing("assumeRolePolicyDocument")
	}
	return nil
}

// createRole makes a role.
func (a *Account) createRole(by actor, in newRole) (*role, *failure) {
	if f := in.check(); f != nil {
		return nil, f
	}
	r := &role{account: a, name: in.name, path: in.path, description: in.description, maxSession: in.maxSession, tags: in.tags}
	if f := by.may("iam:CreateRole", r.arn(), r.arn(), nil); f != nil {
		return nil, f
	}
	if len(in.tags) > 0 {
		if f := by.may("iam:TagRole", r.arn(), r.arn(), nil); f != nil {
			return nil, f
		}
	}
	if a.role(in.name) != nil {
		return nil, refuse(http.StatusConflict, "EntityAlreadyExists", "Role with name %s already exists.", in.name)
	}
	if f := r.setTrust(in.trust); f != nil {
		return nil, f
	}
	r.id, r.created, r.usable = uniqueID("AROA"), by.at, by.at.Add(a.c.spreading)
	a.roles = append(a.roles, r)
	by.note(a, "iam:CreateRole", r.arn())
	return r, nil
}

// setTrust puts a trust policy in place. The users and roles that it names must
// be there, where their account is known here; what it keeps of them is their
// ids, so that it does not trust others who come to have their names.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
func (r *role) setTrust(text string) *failure {
	p, f := parsePolicy(text, trust)
	if f != nil {
		return f
	}
	if length(text) > maxTrust {
		return limitExceeded("Cannot exceed quota for ACLSizePerRole: %d", maxTrust)
	}
	bound := map[string]string{}
	for i := range p.statements {
		for _, arn := range p.statements[i].principals["AWS"] {
			if arn == "*" || accountForm().MatchString(arn) || asItIs().MatchString(arn) {
				continue
			}
			id, known := r.account.c.entity(arn)
			if known && id == "" || !strings.HasPrefix(arn, "arn:") {
				return malformed(`Invalid principal in policy: "AWS":"%s"`, arn)
			}
			bound[arn] = id
		}
	}
	r.trustText, r.trust, r.bound = text, p, bound
	return nil
}

var (
	accountForm = pattern(`^[0-9]{12}$`)
	// asItIs are principals that no id stands for: whole accounts and sessions.
	asItIs = pattern(`^arn:[a-z-]+:(iam::[0-9]{12}:root|sts::[0-9]{12}:assumed-role/[^/]+/[^/]+)$`)
)

// shownTrust is the trust policy as it is read back: in the place of a user or
// role that is gone stands the id it had.
func (r *role) shownTrust() string {
	text := r.trustText
	for arn, id := range r.bound {
		if now, _ := r.account.c.entity(arn); id != "" && now != id {
			text = strings.ReplaceAll(text, `"`+arn+`"`, `"`+id+`"`)
		}
	}
	return text
}

func (a *Account) updateTrust(by actor, name, text string) *failure {
	r, f := a.changing(by, "iam:UpdateAssumeRolePolicy", name)
	if f == nil {
		f = r.setTrust(text)
	}
	if f == nil {
		by.note(a, "iam:UpdateAssumeRolePolicy", r.arn())
	}
	return f
}

// changing is a role that somebody is about to change.
func (a *Account) changing(by actor, action, name string) (*role, *failure) {
	if name == "" {
		return nil, missing("roleName")
	}
	r := a.role(name)
	arn := a.arn("iam", "", "role/"+name)
	if r != nil {
		arn = r.arn()
	}
	if f := by.may(action, arn, "role "+name, nil); f != nil {
		return nil, f
	}
	if r == nil {
		return nil, noSuchRole(name)
	}
	return r, nil
}

func (a *Account) attach(by actor, name, arn string) *failure {
	r, f := a.changing(by, "iam:AttachRolePolicy", name)
	switch {
	case f != nil:
		return f
	case managedPolicy(a.partition, arn) == nil:
		return refuse(http.StatusNotFound, "NoSuchEntity", "Policy %s does not exist or is not attachable.", arn)
	case slices.Contains(r.managed, arn):
		return nil
	case len(r.managed) >= maxManaged:
		return limitExceeded("Cannot exceed quota for PoliciesPerRole: %d", maxManaged)
	}
	r.managed = append(r.managed, arn)
	by.note(a, "iam:AttachRolePolicy", r.arn()+" "+arn)
	return nil
}

func (a *Account) detach(by actor, name, arn string) *failure {
	r, f := a.changing(by, "iam:DetachRolePolicy", name)
	switch {
	case f != nil:
		return f
	case !slices.Contains(r.managed, arn):
		return refuse(http.StatusNotFound, "NoSuchEntity", "Policy %s was not found.", arn)
	}
	r.managed = slices.DeleteFunc(r.managed, func(m string) bool { return m == arn })
	by.note(a, "iam:DetachRolePolicy", r.arn()+" "+arn)
	return nil
}

func (a *Account) putInline(by actor, name, policyName, text string) *failure {
	r, f := a.changing(by, "iam:PutRolePolicy", name)
	if f != nil {
		return f
	}
	if !policyNameForm().MatchString(policyName) {
		return violation(policyName, "policyName", `satisfy regular expression pattern: [\w+=,.@-]+`)
	}
	p, f := parsePolicy(text, identity)
	if f != nil {
		return f
	}
	p.name = policyName
	rest := slices.DeleteFunc(slices.Clone(r.inline), func(i inline) bool { return i.name == policyName })
	total := length(text)
	for _, i := range rest {
		total += length(i.text)
	}
	if total > maxInline {
		return limitExceeded("Maximum policy size of %d bytes exceeded for role %s", maxInline, name)
	}
	r.inline = append(rest, inline{policyName, text, p})
	by.note(a, "iam:PutRolePolicy", r.arn()+" "+policyName)
	return nil
}

func (a *Account) deleteInline(by actor, name, policyName string) *failure {
	r, f := a.changing(by, "iam:DeleteRolePolicy", name)
	switch {
	case f != nil:
		return f
	case !slices.ContainsFunc(r.inline, func(i inline) bool { return i.name == policyName }):
		return noSuchInline(policyName)
	}
	r.inline = slices.DeleteFunc(r.inline, func(i inline) bool { return i.name == policyName })
	by.note(a, "iam:DeleteRolePolicy", r.arn()+" "+policyName)
	return nil
}

func noSuchInline(name string) *failure {
	return refuse(http.StatusNotFound, "NoSuchEntity", "The role policy with name %s cannot be found.", name)
}

func (a *Account) deleteRole(by actor, name string) *failure {
	r, f := a.changing(by, "iam:DeleteRole", name)
	switch {
	case f != nil:
		return f
	case len(r.managed) > 0:
		return refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	case len(r.inline) > 0:
		return refuse(http.StatusConflict, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	}
	a.roles = slices.DeleteFunc(a.roles, func(o *role) bool { return o == r })
	by.note(a, "iam:DeleteRole", r.arn())
	return nil
}

// trusts asks the role's trust policy of a principal of AWS. direct tells that
// it names that very user, role or session, and not their whole account.
func (r *role) trusts(p *principal, action string, context map[string][]string) (f finding, direct bool) {
	q := question{action: action, context: context}
	for i := range r.trust.statements {
		s := &r.trust.statements[i]
		named, very := r.names(s.principals["AWS"], p)
		if !named || !s.matches(q) {
			continue
		}
		if s.deny {
			f.denied = true
			continue
		}
		f.allowed, direct = true, direct || very
	}
	return f, direct
}

// names tells whether a principal is one of those, and whether by themselves.
func (r *role) names(principals []string, p *principal) (named, very bool) {
	for _, n := range principals {
		id, bound := r.bound[n]
		switch {
		case n == "*", n == p.account.spec.Number, n == p.account.ARN():
			named = true
		case n == p.arn && p.user == nil: // a session's own ARN
			named, very = true, true
		case bound && (p.user != nil && id == p.user.id || p.role != nil && id == p.role.id):
			named, very = true, true
		}
	}
	return named, very
}

// trustsService asks the trust policy of a service of AWS.
func (r *role) trustsService(name, action string, context map[string][]string) bool {
	q, allowed := question{action: action, context: context}, false
	for i := range r.trust.statements {
		s := &r.trust.statements[i]
		if !slices.Contains(s.principals["Service"], name) && !slices.Contains(s.principals["AWS"], "*") || !s.matches(q) {
			continue
		}
		if s.deny {
			return false
		}
		allowed = allowed || slices.Contains(s.principals["Service"], name)
	}
	return allowed
}
