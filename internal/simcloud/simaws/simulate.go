package simaws

import (
	"net/http"
	"slices"
	"strings"
)

// simulate is SimulatePrincipalPolicy: what the policies of a user or role, and
// those of the organization, say to a list of actions. Conditions whose keys are
// not given do not hold, and statements of the organization that have any are
// left out.
// Source: docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html.
func simulate(k *call, in form) (string, *failure) {
	source := in.Get("PolicySourceArn")
	if source == "" {
		return "", missing("policySourceArn")
	}
	if f := k.may("iam:SimulatePrincipalPolicy", source); f != nil {
		return "", f
	}
	for _, name := range []string{"ResourcePolicy", "ResourceOwner", "CallerArn", "ResourceHandlingOption", "PolicyInputList.member.1", "PermissionsBoundaryPolicyInputList.member.1"} {
		if in.Has(name) {
			return "", notPlayed("%s of SimulatePrincipalPolicy", name)
		}
	}
	s, f := k.simulation(source, in)
	if f != nil {
		return "", f
	}
	n, f := in.number("MaxItems", "maxItems", 0, 1, 1000)
	if f != nil {
		return "", f
	}
	questions, next, f := page(k.c, s.questions, in.Get("Marker"), n)
	if f != nil {
		return "", f
	}
	var items []string
	for _, q := range questions {
		items = append(items, s.result(q))
	}
	return members("EvaluationResults", items) + truncated(next), nil
}

// simulation is what is simulated.
type simulation struct {
	account   *Account
	policies  []*policy
	questions []question
}

func (k *call) simulation(source string, in form) (simulation, *failure) {
	s := simulation{account: k.who.account}
	if !strings.HasPrefix(source, "arn:"+s.account.partition.id+":iam::") {
		return s, refuse(http.StatusBadRequest, "InvalidInput", "Invalid Entity Arn: %s does not clearly define entity type and name.", source)
	}
	if r := find(s.account.roles, func(r *role) bool { return r.arn() == source }); r != nil {
		s.policies = r.policies()
	} else if u := find(s.account.users, func(u *user) bool { return u.arn() == source }); u != nil {
		s.policies = u.policies
	} else {
		return s, refuse(http.StatusNotFound, "NoSuchEntity", "The entity with ARN %s cannot be found.", source)
	}
	actions, resources := in.list("ActionNames"), in.list("ResourceArns")
	if len(actions) == 0 {
		return s, missing("actionNames")
	}
	if len(resources) == 0 {
		resources = []string{"*"}
	}
	context := map[string][]string{}
	for i, e := range in.structs("ContextEntries", "ContextKeyName", "ContextKeyType") {
		context[strings.ToLower(e["ContextKeyName"])] = in.list("ContextEntries.member." + itoa(i+1) + ".ContextKeyValues")
	}
	for _, action := range actions {
		if name, what, ok := strings.Cut(action, ":"); !ok || name == "" || what == "" || strings.ContainsAny(action, "* ") {
			return s, refuse(http.StatusBadRequest, "InvalidInput", "Invalid Action: %s", action)
		}
		for _, resource := range resources {
			s.questions = append(s.questions, question{action, resource, context})
		}
	}
	return s, nil
}

func (s simulation) result(q question) string {
	own := ask(s.policies, q, false)
	var org finding
	if s.account.spec.Organization == Member {
		org = ask(s.account.denies, q, true)
	}
	decision := "implicitDeny"
	switch {
	case own.denied, org.denied:
		decision = "explicitDeny"
	case own.allowed:
		decision = "allowed"
	}
	var matched []string
	if decision != "implicitDeny" {
		for _, name := range slices.Compact(own.matched) {
			matched = append(matched, text("SourcePolicyId", name)+text("SourcePolicyType", "IAM Policy"))
		}
	}
	detail := ""
	if s.account.spec.Organization != None {
		detail = tag("OrganizationsDecisionDetail", boolean("AllowedByOrganizations", !org.denied))
	}
	return text("EvalActionName", q.action) + text("EvalResourceName", q.resource) + text("EvalDecision", decision) +
		members("MatchedStatements", matched) + members("MissingContextValues", nil) + detail
}
