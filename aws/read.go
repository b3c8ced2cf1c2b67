package aws

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// mostPages is how many pages of a list are read.
const mostPages = 10

// What is read of a link's three things.
type (
	role struct {
		ARN   account.ARN `xml:"Arn"`
		Trust string      `xml:"AssumeRolePolicyDocument"` // escaped
	}
	profile struct {
		ARN         account.ARN   `json:"profileArn"`
		Enabled     bool          `json:"enabled"`
		Roles       []account.ARN `json:"roleArns"`
		Managed     []string      `json:"managedPolicyArns"`
		Policy      string        `json:"sessionPolicy"`
		SessionName bool          `json:"acceptRoleSessionName"`
	}
	anchor struct {
		ARN     account.ARN `json:"trustAnchorArn"`
		Enabled bool        `json:"enabled"`
		Source  struct {
			Type string `json:"sourceType"`
			Data struct {
				PEM string `json:"x509CertificateData"`
			} `json:"sourceData"`
		} `json:"source"`
	}
)

// roleName is the name that a role's ARN ends with, after its path.
func roleName(r account.ARN) string {
	return r.Resource()[strings.LastIndex(r.Resource(), "/")+1:]
}

// id is the last part of an ARN of IAM Roles Anywhere.
func id(a account.ARN) string {
	_, id, _ := strings.Cut(a.Resource(), "/")
	return url.PathEscape(id)
}

// role reads a role. Source: docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html.
func (c caller) role(ctx context.Context, name string) (role, account.Evidence, error) {
	var got struct {
		Role role `xml:"GetRoleResult>Role"`
	}
	e, err := c.form(rest.Idempotent(ctx), iam, "GetRole", url.Values{"RoleName": {name}}, &got)
	if err == nil && got.Role.ARN == "" {
		err = formMisfit()
	}
	return got.Role, e, err
}

// attached reads which managed policies a role has.
func (c caller) attached(ctx context.Context, into *read[[]string], name string) {
	form := url.Values{"RoleName": {name}}
	for range mostPages {
		var got struct {
			ARNs   []string `xml:"ListAttachedRolePoliciesResult>AttachedPolicies>member>PolicyArn"`
			More   bool     `xml:"ListAttachedRolePoliciesResult>IsTruncated"`
			Marker string   `xml:"ListAttachedRolePoliciesResult>Marker"`
		}
		e, err := c.form(rest.Idempotent(ctx), iam, "ListAttachedRolePolicies", form, &got)
		into.evidence = append(into.evidence, made(e)...)
		into.value = append(into.value, got.ARNs...)
		if into.err = err; err != nil || !got.More {
			return
		}
		form.Set("Marker", got.Marker)
	}
	into.err = tooLong("policies")
}

func tooLong(of string) error {
	return unexpected("the list of %s is too long to be read to its end", of)
}

// inline reads the policies that are a role's own.
func (c caller) inline(ctx context.Context, into *read[map[string]string], name string) {
	into.value = map[string]string{}
	var list struct {
		Names []string `xml:"ListRolePoliciesResult>PolicyNames>member"`
		More  bool     `xml:"ListRolePoliciesResult>IsTruncated"`
	}
	e, err := c.form(rest.Idempotent(ctx), iam, "ListRolePolicies", url.Values{"RoleName": {name}}, &list)
	into.evidence = append(into.evidence, made(e)...)
	// A role's own policies have 10,240 characters together: there are never many.
	if err == nil && (list.More || len(list.Names) > mostPages) {
		err = tooLong("the role's own policies")
	}
	if into.err = err; err != nil {
		return
	}
	for _, policy := range list.Names {
		var got struct {
			Document string `xml:"GetRolePolicyResult>PolicyDocument"`
		}
		e, err := c.form(rest.Idempotent(ctx), iam, "GetRolePolicy", url.Values{"RoleName": {name}, "PolicyName": {policy}}, &got)
		into.evidence = append(into.evidence, made(e)...)
		if into.err = err; err != nil {
			return
		}
		into.value[policy] = got.Document
	}
}

// profile reads a profile of IAM Roles Anywhere.
// Source: docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_GetProfile.html.
func (c caller) profile(ctx context.Context, arn account.ARN) (profile, account.Evidence, error) {
	var got struct {
		Profile profile `json:"profile"`
	}
	e, err := c.get(ctx, rolesanywhere, "GetProfile", "/profile/"+id(arn), &got)
	if err == nil && got.Profile.ARN == "" {
		err = formMisfit()
	}
	return got.Profile, e, err
}

// anchor reads a trust anchor.
// Source: docs.aws.amazon.com/rolesanywhere/latest/APIReference/API_GetTrustAnchor.html.
func (c caller) anchor(ctx context.Context, arn account.ARN) (anchor, account.Evidence, error) {
	var got struct {
		Anchor anchor `json:"trustAnchor"`
	}
	e, err := c.get(ctx, rolesanywhere, "GetTrustAnchor", "/trustanchor/"+id(arn), &got)
	if err == nil && got.Anchor.ARN == "" {
		err = formMisfit()
	}
	return got.Anchor, e, err
}

// decision is what the simulator says of one action.
type decision struct {
	Action   string `xml:"EvalActionName"`
	Decision string `xml:"EvalDecision"`
	// Both are empty where there is no organization and no boundary.
	Organization string `xml:"OrganizationsDecisionDetail>AllowedByOrganizations"`
	Boundary     string `xml:"PermissionsBoundaryDecisionDetail>AllowedByPermissionsBoundary"`
}

// decisions are the simulator's, by action in lower case.
type decisions map[string]decision

// allowed tells whether an action is allowed, and where it is not by what.
func (d decision) allowed() (bool, string) {
	switch {
	case d.Decision == "allowed":
		return true, ""
	case d.Organization == "false":
		return false, "service control policy"
	case d.Boundary == "false":
		return false, "boundary"
	case d.Decision == "explicitDeny":
		return false, "explicit deny"
	}
	return false, "implicit"
}

// simulate asks the simulator what a role or a user may do. It says nothing of the
// policies of resources, nor of a session's own.
// Source: docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html.
func (c caller) simulate(ctx context.Context, into *read[decisions], source account.ARN, actions []string) {
	form := url.Values{"PolicySourceArn": {string(source)}}
	for i, action := range actions {
		form.Set("ActionNames.member."+strconv.Itoa(i+1), action)
	}
	into.value = decisions{}
	for range mostPages {
		var got struct {
			Decisions []decision `xml:"SimulatePrincipalPolicyResult>EvaluationResults>member"`
			More      bool       `xml:"SimulatePrincipalPolicyResult>IsTruncated"`
			Marker    string     `xml:"SimulatePrincipalPolicyResult>Marker"`
		}
		e, err := c.form(rest.Idempotent(ctx), iam, "SimulatePrincipalPolicy", form, &got)
		into.evidence = append(into.evidence, made(e)...)
		for _, d := range got.Decisions {
			into.value[strings.ToLower(d.Action)] = d
		}
		if into.err = err; err != nil || !got.More {
			return
		}
		form.Set("Marker", got.Marker)
	}
	into.err = tooLong("decisions")
}

// principal is what the simulator takes for a caller: of an assumed role the role,
// whose path its session's ARN does not tell.
func (c caller) principal(ctx context.Context, who read[account.AWSCaller]) (account.ARN, []account.Evidence, error) {
	if !who.ok() {
		return "", nil, who.err
	}
	arn := account.ARN(who.value.ARN)
	kind, rest, _ := strings.Cut(arn.Resource(), "/")
	switch {
	case arn.Service() == "iam" && kind == "user":
		return arn, nil, nil
	case arn.Service() == "sts" && kind == "assumed-role":
		name, _, _ := strings.Cut(rest, "/")
		found, e, err := c.role(ctx, name)
		return found.ARN, made(e), err
	}
	return "", nil, unexpected("the policy simulator knows roles and users, and this is neither: %s", who.value.ARN)
}
