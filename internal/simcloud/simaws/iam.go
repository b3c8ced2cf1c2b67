package simaws

import (
	"net/url"
	"strings"
)

// iamOperations are those of IAM.
func iamOperations() map[string]operation {
	return map[string]operation{
		"GetRole":                  getRole,
		"ListAttachedRolePolicies": listAttached,
		"ListRolePolicies":         listInline,
		"GetRolePolicy":            getInline,
		"GetAccountSummary":        getAccountSummary,
		"ListAccountAliases":       listAliases,
		"SimulatePrincipalPolicy":  simulate,

		"CreateRole": func(k *call, in form) (string, *failure) {
			n, f := in.number("MaxSessionDuration", "maxSessionDuration", 0, 3600, 43200)
			if f != nil {
				return "", f
			}
			if in.Has("PermissionsBoundary") {
				return "", notPlayed("permissions boundaries")
			}
			r, f := k.who.account.createRole(k.actor(), newRole{in.Get("RoleName"), in.Get("Path"), in.Get("Description"), in.Get("AssumeRolePolicyDocument"), n, in.labels("Tags")})
			if f != nil {
				return "", f
			}
			return tag("Role", r.xml()), nil
		},
		"UpdateAssumeRolePolicy": change(func(k *call, in form) *failure {
			return k.who.account.updateTrust(k.actor(), in.Get("RoleName"), in.Get("PolicyDocument"))
		}),
		"AttachRolePolicy": change(func(k *call, in form) *failure {
			return k.who.account.attach(k.actor(), in.Get("RoleName"), in.Get("PolicyArn"))
		}),
		"DetachRolePolicy": change(func(k *call, in form) *failure {
			return k.who.account.detach(k.actor(), in.Get("RoleName"), in.Get("PolicyArn"))
		}),
		"PutRolePolicy": change(func(k *call, in form) *failure {
			return k.who.account.putInline(k.actor(), in.Get("RoleName"), in.Get("PolicyName"), in.Get("PolicyDocument"))
		}),
		"DeleteRolePolicy": change(func(k *call, in form) *failure {
			return k.who.account.deleteInline(k.actor(), in.Get("RoleName"), in.Get("PolicyName"))
		}),
		"DeleteRole": change(func(k *call, in form) *failure {
			return k.who.account.deleteRole(k.actor(), in.Get("RoleName"))
		}),
	}
}

// change is an operation without a result.
func change(do func(k *call, in form) *failure) operation {
	return func(k *call, in form) (string, *failure) { return none, do(k, in) }
}

// reading is the role that a read asks for.
func (k *call) reading(action string, in form) (*role, *failure) {
	return k.who.account.changing(k.actor(), action, in.Get("RoleName"))
}

// escaped is a policy document as IAM answers with it, encoded by RFC 3986.
func escaped(document string) string {
	return strings.ReplaceAll(url.QueryEscape(document), "+", "%20")
}

func (r *role) xml() string {
	tags := ""
	if len(r.tags) > 0 {
		tags = labelled(r.tags)
	}
	return text("Path", r.path) + text("RoleName", r.name) + text("RoleId", r.id) + text("Arn", r.arn()) +
		moment("CreateDate", r.created) + text("AssumeRolePolicyDocument", escaped(r.shownTrust())) + given("Description", r.description) +
		text("MaxSessionDuration", itoa(r.maxSession)) + tags + tag("RoleLastUsed")
}

func labelled(tags []label) string {
	var items []string
	for _, t := range tags {
		items = append(items, text("Key", t.Key)+text("Value", t.Value))
	}
	return members("Tags", items)
}

func getRole(k *call, in form) (string, *failure) {
	r, f := k.reading("iam:GetRole", in)
	if f != nil {
		return "", f
	}
	return tag("Role", r.xml()), nil
}

func listAttached(k *call, in form) (string, *failure) {
	r, f := k.reading("iam:ListAttachedRolePolicies", in)
	if f != nil {
		return "", f
	}
	n, f := in.number("MaxItems", "maxItems", 0, 1, 1000)
	if f != nil {
		return "", f
	}
	arns, next, f := page(k.c, r.managed, in.Get("Marker"), n)
	if f != nil {
		return "", f
	}
	var items []string
	for _, arn := range arns {
		items = append(items, text("PolicyName", arn[strings.LastIndexByte(arn, '/')+1:])+text("PolicyArn", arn))
	}
	return members("AttachedPolicies", items) + truncated(next), nil
}

func listInline(k *call, in form) (string, *failure) {
	r, f := k.reading("iam:ListRolePolicies", in)
	if f != nil {
		return "", f
	}
	n, f := in.number("MaxItems", "maxItems", 0, 1, 1000)
	if f != nil {
		return "", f
	}
	policies, next, f := page(k.c, r.inline, in.Get("Marker"), n)
	if f != nil {
		return "", f
	}
	var items []string
	for _, p := range policies {
		items = append(items, plain(p.name))
	}
	return members("PolicyNames", items) + truncated(next), nil
}

func getInline(k *call, in form) (string, *failure) {
	r, f := k.reading("iam:GetRolePolicy", in)
	if f != nil {
		return "", f
	}
	for _, p := range r.inline {
		if p.name == in.Get("PolicyName") {
			return text("RoleName", r.name) + text("PolicyName", p.name) + text("PolicyDocument", escaped(p.text)), nil
		}
	}
	return "", noSuchInline(in.Get("PolicyName"))
}

// getAccountSummary tells a part of the real summary.
func getAccountSummary(k *call, _ form) (string, *failure) {
	if f := k.may("iam:GetAccountSummary", "*"); f != nil {
		return "", f
	}
	a, entries := k.who.account, ""
	for _, e := range []struct {
		key string
		n   int
	}{
		{"Users", len(a.users)},
		{"UsersQuota", 5000},
		{"Roles", len(a.roles)},
		{"RolesQuota", 1000},
		{"Groups", 0},
		{"MFADevices", 0},
		{"AccountMFAEnabled", 1},
		{"AccountAccessKeysPresent", 0},
		{"AttachedPoliciesPerRoleQuota", maxManaged},
		{"AccessKeysPerUserQuota", 2},
	} {
		entries += tag("entry", text("key", e.key)+text("value", itoa(e.n)))
	}
	return tag("SummaryMap", entries), nil
}

func listAliases(k *call, _ form) (string, *failure) {
	if f := k.may("iam:ListAccountAliases", "*"); f != nil {
		return "", f
	}
	var items []string
	if alias := k.who.account.spec.Alias; alias != "" {
		items = append(items, plain(alias))
	}
	return members("AccountAliases", items) + truncated(""), nil
}
