package simaws

import (
	"slices"
	"time"
)

// profile is a profile of IAM Roles Anywhere.
type profile struct {
	id, arn, name    string
	enabled          bool
	roles            []string // ARNs
	managed          []string // ARNs of session policies
	policy           string   // inline session policy
	seconds          int
	acceptName       bool
	created, updated time.Time
	createdBy        string
	tags             []label
}

func (p *profile) detail() map[string]any {
	m := map[string]any{
		"profileId": p.id, "profileArn": p.arn, "name": p.name, "enabled": p.enabled, "roleArns": p.roles, "managedPolicyArns": p.managed,
		"durationSeconds": p.seconds, "acceptRoleSessionName": p.acceptName, "requireInstanceProperties": false,
		"createdAt": stamp(p.created), "updatedAt": stamp(p.updated), "createdBy": p.createdBy,
		"attributeMappings": []map[string]any{
			{"certificateField": "x509Issuer", "mappingRules": []map[string]string{{"specifier": "*"}}},
			{"certificateField": "x509SAN", "mappingRules": []map[string]string{{"specifier": "DNS"}, {"specifier": "URI"}, {"specifier": "Name/*"}}},
			{"certificateField": "x509Subject", "mappingRules": []map[string]string{{"specifier": "*"}}},
		},
	}
	if p.policy != "" {
		m["sessionPolicy"] = p.policy
	}
	return m
}

// profileIn is what a profile is made of or changed to.
type profileIn struct {
	Name       *string  `json:"name"`
	Roles      []string `json:"roleArns"`
	Managed    []string `json:"managedPolicyArns"`
	Policy     *string  `json:"sessionPolicy"`
	Seconds    *int     `json:"durationSeconds"`
	Enabled    bool     `json:"enabled"`
	AcceptName *bool    `json:"acceptRoleSessionName"`
	Instance   *bool    `json:"requireInstanceProperties"`
	Tags       []label  `json:"tags"`
}

var anyRoleARN = pattern(`^arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)$`)

func (in *profileIn) check(a *Account) *failure {
	if f := checkName(in.Name); f != nil {
		return f
	}
	switch {
	case in.Seconds != nil && *in.Seconds < 900:
		return violation(itoa(*in.Seconds), "durationSeconds", "have value greater than or equal to 900")
	case in.Seconds != nil && *in.Seconds > 43200:
		return violation(itoa(*in.Seconds), "durationSeconds", "have value less than or equal to 43200")
	case len(in.Roles) > maxRoles:
		return violation("", "roleArns", "have length less than or equal to 250")
	case in.Instance != nil && *in.Instance:
		return notPlayed("instance properties")
	}
	for _, arn := range in.Roles {
		if !anyRoleARN().MatchString(arn) {
			return violation(arn, "roleArns", "satisfy regular expression pattern: arn:aws(-[^:]+)?:iam(:.*){2}(:role.*)")
		}
	}
	for _, arn := range in.Managed {
		if managedPolicy(a.partition, arn) == nil {
			return invalid("Invalid managed policy ARN: %s", arn)
		}
	}
	if in.Policy != nil && *in.Policy != "" {
		if _, f := parsePolicy(*in.Policy, identity); f != nil {
			return invalid("Invalid session policy: %s", f.message)
		}
	}
	return nil
}

// pass asks whether the actor may hand the roles to the service.
func (by actor) pass(roles []string) *failure {
	for _, arn := range roles {
		if f := by.may("iam:PassRole", arn, arn, map[string]string{"iam:PassedToService": "rolesanywhere.amazonaws.com"}); f != nil {
			return f
		}
	}
	return nil
}

func (a *Account) createProfile(by actor, in profileIn) (*profile, *failure) {
	arn := anywhereARN(a, by.region, "profile", "*")
	if f := by.may("rolesanywhere:CreateProfile", arn, arn, nil); f != nil {
		return nil, f
	}
	if f := by.tagged(a, in.Tags, "profile"); f != nil {
		return nil, f
	}
	switch {
	case in.Name == nil:
		return nil, missing("name")
	case in.Roles == nil:
		return nil, missing("roleArns")
	}
	if f := in.check(a); f != nil {
		return nil, f
	}
	if f := by.pass(in.Roles); f != nil {
		return nil, f
	}
	r := a.in(by.region)
	if len(r.profiles) >= maxProfiles {
		return nil, invalid("Profile limit exceeded")
	}
	p := &profile{id: uuid(), enabled: in.Enabled, seconds: 3600, created: by.at, createdBy: by.name(), tags: in.Tags}
	p.arn = anywhereARN(a, by.region, "profile", p.id)
	p.put(in, by.at)
	r.profiles = append(r.profiles, p)
	by.note(a, "rolesanywhere:CreateProfile", p.arn)
	return p, nil
}

// put puts what is given in.
func (p *profile) put(in profileIn, at time.Time) {
	if in.Name != nil {
		p.name = *in.Name
	}
	if in.Roles != nil {
		p.roles = in.Roles
	}
	if in.Managed != nil {
		p.managed = in.Managed
	}
	if in.Policy != nil {
		p.policy = *in.Policy
	}
	if in.Seconds != nil {
		p.seconds = *in.Seconds
	}
	if in.AcceptName != nil {
		p.acceptName = *in.AcceptName
	}
	p.updated = at
}

func (a *Account) profileOf(by actor, action, id string) (*profile, *failure) {
	arn := anywhereARN(a, by.region, "profile", id)
	if f := by.may("rolesanywhere:"+action, arn, arn, nil); f != nil {
		return nil, f
	}
	if p := find(a.in(by.region).profiles, func(p *profile) bool { return p.id == id }); p != nil {
		return p, nil
	}
	return nil, notFound("Profile", id)
}

func (a *Account) updateProfile(by actor, id string, in profileIn) (*profile, *failure) {
	p, f := a.profileOf(by, "UpdateProfile", id)
	if f == nil {
		f = in.check(a)
	}
	if f == nil {
		f = by.pass(in.Roles)
	}
	if f != nil {
		return nil, f
	}
	p.put(in, by.at)
	by.note(a, "rolesanywhere:UpdateProfile", p.arn)
	return p, nil
}

func (a *Account) switchProfile(by actor, id string, on bool) (*profile, *failure) {
	action := "DisableProfile"
	if on {
		action = "EnableProfile"
	}
	p, f := a.profileOf(by, action, id)
	if f != nil {
		return nil, f
	}
	p.enabled, p.updated = on, by.at
	by.note(a, "rolesanywhere:"+action, p.arn)
	return p, nil
}

func (a *Account) deleteProfile(by actor, id string) (*profile, *failure) {
	p, f := a.profileOf(by, "DeleteProfile", id)
	if f != nil {
		return nil, f
	}
	r := a.in(by.region)
	r.profiles = slices.DeleteFunc(r.profiles, func(o *profile) bool { return o == p })
	by.note(a, "rolesanywhere:DeleteProfile", p.arn)
	return p, nil
}
