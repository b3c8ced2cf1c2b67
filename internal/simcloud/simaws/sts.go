package simaws

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"time"
)

// getCallerIdentity needs no permission and cannot be denied.
func getCallerIdentity(k *call, _ form) (string, *failure) {
	if f := k.stsOn(); f != nil {
		return "", f
	}
	return text("Arn", k.who.arn) + text("UserId", k.who.userID) + text("Account", k.who.account.spec.Number), nil
}

// stsOn refuses where STS is switched off.
func (k *call) stsOn() *failure {
	if !k.site.global && slices.Contains(k.who.account.off, k.site.region) {
		return refuse(http.StatusForbidden, "RegionDisabledException", "STS is not activated in this region for account:%s. Your account administrator can activate STS in this region using the IAM Console.", k.who.account.spec.Number)
	}
	return nil
}

var (
	sessionNameForm = pattern(`^[\w+=,.@-]{2,64}$`)
	externalIDForm  = pattern(`^[\w+=,.@:/-]{2,}$`)
	sourceForm      = pattern(`^[\w+=,.@-]{2,64}$`)
	roleARNForm     = pattern(`^arn:[a-z-]+:iam::[0-9]{12}:role/.+$`)
)

// assuming is what AssumeRole is asked for.
type assuming struct {
	roleARN, session, external, source string
	seconds                            int
	limits                             []*policy
	limited                            bool
	tags                               []label
	transitive                         []string
}

func (k *call) assuming(in form) (assuming, *failure) {
	a := assuming{roleARN: in.Get("RoleArn"), session: in.Get("RoleSessionName"), external: in.Get("ExternalId"), source: in.Get("SourceIdentity"), tags: in.labels("Tags"), transitive: in.list("TransitiveTagKeys")}
	switch {
	case a.roleARN == "":
		return a, missing("roleArn")
	case a.session == "":
		return a, missing("roleSessionName")
	case !roleARNForm().MatchString(a.roleARN):
		return a, invalid("%s is invalid", a.roleARN)
	case !sessionNameForm().MatchString(a.session):
		return a, violation(a.session, "roleSessionName", `satisfy regular expression pattern: [\w+=,.@-]*`)
	case len(a.external) > 1224:
		return a, violation(a.external[:20]+"...", "externalId", "have length less than or equal to 1224")
	case in.Has("ExternalId") && !externalIDForm().MatchString(a.external):
		return a, violation(a.external, "externalId", `satisfy regular expression pattern: [\w+=,.@:\/-]*`)
	case in.Has("SourceIdentity") && !sourceForm().MatchString(a.source):
		return a, violation(a.source, "sourceIdentity", `satisfy regular expression pattern: [\w+=,.@-]*`)
	case in.Has("SerialNumber") || in.Has("TokenCode"):
		return a, notPlayed("MFA of AssumeRole")
	}
	var f *failure
	if a.seconds, f = in.number("DurationSeconds", "durationSeconds", 3600, 900, 43200); f != nil {
		return a, f
	}
	arns := []string{}
	for _, p := range in.structs("PolicyArns", "arn") {
		arns = append(arns, p["arn"])
	}
	a.limits, a.limited, f = sessionPolicies(k.site.partition, arns, in.Get("Policy"))
	return a, f
}

// sessionPolicies reads what limits a session.
// Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
func sessionPolicies(in *partition, arns []string, text string) (limits []*policy, limited bool, f *failure) {
	if len(arns) > 10 {
		return nil, false, violation(strings.Join(arns, ","), "policyArns", "have length less than or equal to 10")
	}
	for _, arn := range arns {
		p := managedPolicy(in, arn)
		if p == nil {
			return nil, false, refuse(http.StatusBadRequest, "MalformedPolicyDocument", "Policy %s does not exist or is not attachable.", arn)
		}
		limits = append(limits, p)
	}
	if text != "" {
		if len(text) > 2048 {
			return nil, false, violation(text, "policy", "have length less than or equal to 2048")
		}
		p, f := parsePolicy(text, identity)
		if f != nil {
			return nil, false, f
		}
		limits = append(limits, p)
	}
	return limits, len(arns) > 0 || text != "", nil
}

func assumeRole(k *call, in form) (string, *failure) {
	if f := k.stsOn(); f != nil {
		return "", f
	}
	a, f := k.assuming(in)
	if f != nil {
		return "", f
	}
	role := k.c.roleByARN(a.roleARN)
	if role != nil && k.now.Before(role.usable) {
		role = nil // not everywhere yet
	}
	if f := k.assumable(role, &a); f != nil {
		return "", f
	}
	if k.who.role != nil && a.seconds > 3600 {
		return "", invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
	}
	if a.seconds > role.maxSession {
		return "", invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	p := &principal{account: role.account, role: role, limits: a.limits, limited: a.limited, sourceIdentity: a.source, issued: k.now, tags: map[string]string{}}
	for _, t := range a.tags {
		p.tags[t.Key] = t.Value
	}
	p.transitive = a.transitive
	s := k.c.session(p, a.session, k.now, a.seconds)
	return tag("Credentials", s.xml()) + tag("AssumedRoleUser", text("AssumedRoleId", p.userID)+text("Arn", p.arn)) +
		text("PackedPolicySize", itoa(packed(a.limits))) + given("SourceIdentity", a.source), nil
}

// assumable refuses a caller who may not take the role, and completes what is
// asked for with what a session carries along.
//
// A source identity cannot be taken off once it is there: it travels into every
// further role, and needs sts:SetSourceIdentity on both sides; so it is with
// tags that are transitive and sts:TagSession.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html.
func (k *call) assumable(role *role, a *assuming) *failure {
	refusal := func(action string) *failure {
		return denied("User: %s is not authorized to perform: %s on resource: %s", k.who.arn, action, a.roleARN)
	}
	if role == nil {
		return refusal("sts:AssumeRole")
	}
	if k.who.sourceIdentity != "" {
		if a.source != "" && a.source != k.who.sourceIdentity {
			return refusal("sts:SetSourceIdentity")
		}
		a.source = k.who.sourceIdentity
	}
	for _, key := range k.who.transitive {
		if slices.ContainsFunc(a.tags, func(t label) bool { return t.Key == key }) {
			return invalid("The specified tag key %s is a transitive tag and cannot be overridden.", key)
		}
		a.tags, a.transitive = append(a.tags, label{key, k.who.tags[key]}), append(a.transitive, key)
	}
	actions := []string{"sts:AssumeRole"}
	if a.source != "" {
		actions = append(actions, "sts:SetSourceIdentity")
	}
	if len(a.tags) > 0 {
		actions = append(actions, "sts:TagSession")
	}
	context := map[string]string{"sts:RoleSessionName": a.session}
	if a.external != "" {
		context["sts:ExternalId"] = a.external
	}
	if a.source != "" {
		context["sts:SourceIdentity"] = a.source
	}
	for _, t := range a.tags {
		context["aws:RequestTag/"+t.Key] = t.Value
	}
	for _, action := range actions {
		if !k.bothSides(role, action, with(nil, context)) {
			return refusal(action)
		}
	}
	return nil
}

// bothSides tells whether the role's trust policy and the caller's policies
// allow an action. Within one account the trust policy alone is enough where it
// names the caller and not the whole account; what limits a session limits it
// all the same.
func (k *call) bothSides(role *role, action string, context map[string][]string) bool {
	trusted, direct := role.trusts(k.who, action, merge(k.who.context(k.now), context))
	s := k.who.weigh(question{action, role.arn(), context}, k.now)
	switch {
	case trusted.denied, !trusted.allowed, s.organization.denied, s.identity.denied, s.session.denied:
		return false
	case s.limited && !s.session.allowed:
		return false
	}
	return s.identity.allowed || direct && k.who.account == role.account
}

// packed is a made-up percentage of the room for session policies and tags.
func packed(limits []*policy) int {
	if len(limits) == 0 {
		return 0
	}
	return 4 * len(limits)
}

// issued is a session's credentials.
type issued struct {
	id, secret, token string
	expires           time.Time
}

func (s issued) xml() string {
	return text("AccessKeyId", s.id) + text("SecretAccessKey", s.secret) + text("SessionToken", s.token) + moment("Expiration", s.expires)
}

// session gives credentials out for a session of a role.
func (c *Cloud) session(p *principal, name string, now time.Time, seconds int) issued {
	p.arn = p.account.arn("sts", "", "assumed-role/"+p.role.name+"/"+name)
	p.userID = p.role.id + ":" + name
	s := issued{
		id:      "ASIA" + word(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"),
		secret:  word(40, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"),
		token:   "IQoJb3JpZ2lu" + base64.StdEncoding.EncodeToString(random(180)),
		expires: now.Add(time.Duration(seconds) * time.Second).Truncate(time.Second),
	}
	c.keys[s.id] = &credential{secret: s.secret, token: s.token, expires: s.expires, who: p}
	c.sessions = append(c.sessions, Session{
		Time: now, Account: p.account.spec.Number, ARN: p.arn, Role: p.role.arn(), SourceIdentity: p.sourceIdentity, Expires: s.expires,
	})
	return s
}
