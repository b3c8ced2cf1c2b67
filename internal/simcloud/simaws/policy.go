package simaws

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// policy is a policy document.
type policy struct {
	name       string // for the simulator
	statements []statement
}

// statement is one of its statements. Lists hold one where one was given.
type statement struct {
	sid          string
	deny         bool
	principals   map[string][]string // by kind: AWS, Service, Federated
	actions      []string
	notActions   []string
	resources    []string
	notResources []string
	conditions   []condition
}

// condition is one operator with one key; all of them must hold.
type condition struct {
	operator string // without prefix and suffix
	quantity string // ForAllValues, ForAnyValue, or empty
	ifExists bool
	key      string // in small letters
	values   []string
}

// use is what a policy is for, which decides what must stand in it.
type use int

const (
	identity use = iota // attached to a user or role, or to a session
	trust               // of a role
	control             // of an organization
)

func malformed(format string, args ...any) *failure {
	return refuse(http.StatusBadRequest, "MalformedPolicyDocument", format, args...)
}

const syntax = "Syntax errors in policy."

// parsePolicy reads a policy document.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
func parsePolicy(text string, of use) (*policy, *failure) {
	var doc struct {
		Version   string
		ID        *string `json:"Id"`
		Statement json.RawMessage
	}
	if !json.Valid([]byte(text)) {
		return nil, malformed("This policy contains invalid Json")
	}
	if strict(text, &doc) != nil || (doc.Version != "" && doc.Version != "2012-10-17" && doc.Version != "2008-10-17") {
		return nil, malformed(syntax)
	}
	raw, ok := oneOrMore[json.RawMessage](doc.Statement)
	if !ok || len(raw) == 0 {
		return nil, malformed(syntax)
	}
	p := &policy{}
	sids := map[string]bool{}
	for _, r := range raw {
		s, f := parseStatement(r)
		if f == nil {
			f = s.check(of)
		}
		if f != nil {
			return nil, f
		}
		if s.sid != "" && sids[s.sid] {
			return nil, malformed("Statement IDs (SID) in a single policy must be unique.")
		}
		sids[s.sid] = true
		p.statements = append(p.statements, *s)
	}
	return p, nil
}

// strict decodes one JSON value that holds nothing unknown.
func strict(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return io.ErrUnexpectedEOF
	}
	return nil
}

// oneOrMore reads what may be one value or a list.
func oneOrMore[T any](raw json.RawMessage) ([]T, bool) {
	if len(raw) == 0 {
		return nil, true
	}
	var list []T
	if bytes.HasPrefix(bytes.TrimSpace(raw), []byte("[")) {
		return list, json.Unmarshal(raw, &list) == nil
	}
	var one T
	if bytes.Equal(bytes.TrimSpace(raw), []byte("null")) || json.Unmarshal(raw, &one) != nil {
		return nil, false
	}
	return []T{one}, true
}

func parseStatement(raw json.RawMessage) (*statement, *failure) {
	var in struct {
		Sid, Effect                              string
		Principal                                json.RawMessage
		Action, NotAction, Resource, NotResource json.RawMessage
		Condition                                map[string]map[string]json.RawMessage
	}
	if strict(string(raw), &in) != nil || (in.Effect != "Allow" && in.Effect != "Deny") {
		return nil, malformed(syntax)
	}
	s := &statement{sid: in.Sid, deny: in.Effect == "Deny"}
	for _, l := range []struct {
		raw  json.RawMessage
		into *[]string
	}{{in.Action, &s.actions}, {in.NotAction, &s.notActions}, {in.Resource, &s.resources}, {in.NotResource, &s.notResources}} {
		list, ok := oneOrMore[string](l.raw)
		if !ok {
			return nil, malformed(syntax)
		}
		*l.into = list
	}
	var ok bool
	if s.principals, ok = parsePrincipal(in.Principal); !ok {
		return nil, malformed(syntax)
	}
	if s.conditions, ok = parseConditions(in.Condition); !ok {
		return nil, malformed(syntax)
	}
	return s, nil
}

func parsePrincipal(raw json.RawMessage) (map[string][]string, bool) {
	if len(raw) == 0 {
		return nil, true
	}
	var all string
	if json.Unmarshal(raw, &all) == nil {
		return map[string][]string{"AWS": {"*"}}, all == "*"
	}
	var kinds map[string]json.RawMessage
	if json.Unmarshal(raw, &kinds) != nil || len(kinds) == 0 {
		return nil, false
	}
	out := map[string][]string{}
	for kind, r := range kinds {
		list, ok := oneOrMore[string](r)
		if !ok || len(list) == 0 || !slices.Contains([]string{"AWS", "Service", "Federated", "CanonicalUser"}, kind) {
			return nil, false
		}
		out[kind] = list
	}
	return out, true
}

var sidForm = pattern(`^[0-9A-Za-z]*$`)

// check refuses a statement that its kind of policy cannot have.
func (s *statement) check(of use) *failure {
	switch {
	case of != trust && !sidForm().MatchString(s.sid):
		return malformed("Statement IDs (SID) should match the regular expression [0-9A-Za-z]*.")
	case len(s.actions)+len(s.notActions) == 0:
		return malformed("Policy statement must contain actions.")
	case len(s.actions) > 0 && len(s.notActions) > 0, len(s.resources) > 0 && len(s.notResources) > 0:
		return malformed(syntax)
	}
	if of == trust {
		return s.checkTrust()
	}
	if s.principals != nil {
		return malformed("Policy document should not specify a principal.")
	}
	for _, a := range slices.Concat(s.actions, s.notActions) {
		if a != "*" && !strings.Contains(a, ":") {
			return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
		}
	}
	if len(s.resources)+len(s.notResources) == 0 {
		return malformed("Policy statement must contain resources.")
	}
	for _, r := range slices.Concat(s.resources, s.notResources) {
		if r != "*" && (!strings.HasPrefix(r, "arn:") || strings.Count(r, ":") < 5) {
			return malformed("Resource %s must be in ARN format or \"*\".", r)
		}
	}
	return nil
}

var servicePrincipal = pattern(`^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$`)

func (s *statement) checkTrust() *failure {
	switch {
	case len(s.resources)+len(s.notResources) > 0:
		return malformed("Has prohibited field Resource")
	case s.principals == nil:
		return malformed("Missing required field Principal")
	}
	for _, a := range slices.Concat(s.actions, s.notActions) {
		if a != "*" && !strings.HasPrefix(strings.ToLower(a), "sts:") {
			return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
		}
	}
	for _, name := range s.principals["Service"] {
		if !servicePrincipal().MatchString(name) {
			return malformed(`Invalid principal in policy: "SERVICE":"%s"`, name)
		}
	}
	return nil
}

// question is what is asked of policies.
type question struct {
	action   string
	resource string
	context  map[string][]string // by condition key in small letters
}

// matches tells whether a statement speaks of the question, principal aside.
func (s *statement) matches(q question) bool {
	if len(s.notActions) > 0 == glob(slices.Concat(s.actions, s.notActions), q.action, true) {
		return false
	}
	if len(s.resources)+len(s.notResources) > 0 && len(s.notResources) > 0 == q.within(slices.Concat(s.resources, s.notResources)) {
		return false
	}
	for _, c := range s.conditions {
		if !c.holds(q.context) {
			return false
		}
	}
	return true
}

// within tells whether the resource is one of those, whose variables are filled.
func (q question) within(patterns []string) bool {
	for _, p := range patterns {
		if wildcard(fill(p, q.context), q.resource) {
			return true
		}
	}
	return false
}

// glob tells whether one of the patterns fits.
func glob(patterns []string, s string, fold bool) bool {
	for _, p := range patterns {
		if fold {
			p, s = strings.ToLower(p), strings.ToLower(s)
		}
		if wildcard(p, s) {
			return true
		}
	}
	return false
}

// wildcard matches * to anything and ? to one character.
func wildcard(pattern, s string) bool {
	p, i, star, mark := 0, 0, -1, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

var variable = pattern(`\$\{([^}]*)\}`)

// fill puts policy variables in; one that is not known matches nothing.
func fill(pattern string, context map[string][]string) string {
	return variable().ReplaceAllStringFunc(pattern, func(v string) string {
		switch key := v[2 : len(v)-1]; key {
		case "*", "?", "$":
			return key
		default:
			if values := context[strings.ToLower(key)]; len(values) == 1 {
				return values[0]
			}
			return v
		}
	})
}

// finding is what policies of one kind say.
type finding struct {
	allowed, denied bool
	by              string   // the policy that decided
	matched         []string // all that matched
}

// ask asks policies. skipConditions leaves out statements that have any, as the
// simulator does with those of an organization.
func ask(policies []*policy, q question, skipConditions bool) finding {
	var f finding
	for _, p := range policies {
		for i := range p.statements {
			s := &p.statements[i]
			if skipConditions && len(s.conditions) > 0 || !s.matches(q) {
				continue
			}
			f.matched = append(f.matched, p.name)
			switch {
			case s.deny:
				f.denied, f.by = true, p.name
			case !f.denied:
				f.allowed, f.by = true, p.name
			}
		}
	}
	return f
}

// with is a context with more in it.
func with(context map[string][]string, more map[string]string) map[string][]string {
	out := maps.Clone(context)
	if out == nil {
		out = map[string][]string{}
	}
	for k, v := range more {
		out[strings.ToLower(k)] = []string{v}
	}
	return out
}
