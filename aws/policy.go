package aws

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// Names in the role's policies.
const (
	certificateSid = "WizardCertificate"
	platformSid    = "PlatformOptional"
	denySid        = "NoReadsOfData"
	denyPolicy     = "XopsNoReadsOfData"
	policyVersion  = "2012-10-17"
)

// managed are the two policies that the role has and the profile repeats as
// session policies, below a partition's ":iam::aws:policy/". Their content
// changes often and is AWS's to keep, so they are named and not copied.
// Source: docs.aws.amazon.com/aws-managed-policy/latest/reference/SecurityAudit.html
// and docs.aws.amazon.com/aws-managed-policy/latest/reference/ViewOnlyAccess.html.
var managed = []string{"SecurityAudit", "job-function/ViewOnlyAccess"}

// managedARNs are the two policies in a region's partition.
func managedARNs(r account.AWSRegion) (arns []string) {
	for _, name := range managed {
		arns = append(arns, "arn:"+r.Partition()+":iam::aws:policy/"+name)
	}
	return arns
}

// dataReads are reads of data that the two policies allow in part, and the role
// is denied altogether.
var dataReads = []string{
	"cognito-idp:ListUsers*",
	"dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan",
	"kms:Decrypt",
	"logs:FilterLogEvents", "logs:GetLogEvents",
	"rds:DownloadDBLogFilePortion",
	"s3:GetObject", "s3:GetObjectVersion",
	"secretsmanager:GetSecretValue",
	"ssm:GetParameter*",
}

// object is a JSON object whose properties are written in order of their names.
type object = map[string]any

// denyDocument is the inline policy that denies reads of data.
func denyDocument() object {
	return object{"Version": policyVersion, "Statement": []any{
		object{"Sid": denySid, "Effect": "Deny", "Action": dataReads, "Resource": "*"},
	}}
}

// trustDocument is who may take the role: whoever signs in to this very trust
// anchor with a certificate of these names, and the platform under its external
// id where one is configured. Without the conditions every certificate of every
// anchor in the account could take it. All three actions are needed.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
func trustDocument(l account.AWSLink, anchor any) object {
	statements := []any{object{
		"Sid": certificateSid, "Effect": "Allow",
		"Principal": object{"Service": "rolesanywhere.amazonaws.com"},
		"Action":    []string{"sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"},
		"Condition": object{
			"ArnEquals": object{"aws:SourceArn": anchor},
			"StringEquals": object{
				"aws:PrincipalTag/x509Subject/CN": l.LeafCN(),
				"aws:PrincipalTag/x509Issuer/CN":  l.AuthorityCN(),
			},
		},
	}}
	if l.Platform.Principal != "" {
		statements = append(statements, object{
			"Sid": platformSid, "Effect": "Allow",
			"Principal": object{"AWS": l.Platform.Principal},
			"Action":    "sts:AssumeRole",
			"Condition": object{"StringEquals": object{"sts:ExternalId": l.ExternalID}},
		})
	}
	return object{"Version": policyVersion, "Statement": statements}
}

// statement is a policy's statement in one form, whichever of the forms that mean
// the same it was written in: one property a line, lists sorted.
type statement struct {
	sid    string
	effect string
	parts  map[string]string // of everything but Sid
}

// statements reads a policy, which IAM hands out as JSON that is escaped as in a
// URL. Source: docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html.
func statements(policy string) ([]statement, error) {
	var doc struct {
		Statement json.RawMessage
	}
	if !strings.HasPrefix(strings.TrimSpace(policy), "{") {
		// PathUnescape, as + means itself in IAM's RFC 3986 escapes.
		plain, err := url.PathUnescape(policy)
		if err != nil {
			return nil, unexpected("the policy cannot be read")
		}
		policy = plain
	}
	if json.Unmarshal([]byte(policy), &doc) != nil {
		return nil, unexpected("the policy cannot be read")
	}
	var many []object
	var one object
	switch {
	case json.Unmarshal(doc.Statement, &many) == nil:
	case json.Unmarshal(doc.Statement, &one) == nil:
		many = []object{one}
	default:
		return nil, unexpected("the policy's statements cannot be read")
	}
	var all []statement
	for _, m := range many {
		s := statement{parts: map[string]string{}}
		for name, value := range m {
			switch name {
			case "Sid":
				s.sid, _ = value.(string)
			case "Effect":
				s.effect, _ = value.(string) // one that is none differs from ours
				s.parts[name] = s.effect
			case "Action", "NotAction":
				s.parts[name] = canonical(lower(value)) // IAM ignores their case
			default:
				s.parts[name] = canonical(value)
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// lower is a text, or a list of texts, in small letters.
func lower(v any) any {
	switch v := v.(type) {
	case string:
		return strings.ToLower(v)
	case []any:
		small := make([]any, len(v))
		for i := range v {
			small[i] = lower(v[i])
		}
		return small
	}
	return v
}

// canonical is a part of a policy in one form: a value alone is as a list of it,
// lists have no order, an account's number is its root.
func canonical(v any) string {
	switch v := v.(type) {
	case map[string]any:
		var lines []string
		for name, value := range v {
			lines = append(lines, name+"="+canonical(value))
		}
		slices.Sort(lines)
		return "{" + strings.Join(lines, " ") + "}"
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, strings.TrimSuffix(strings.TrimPrefix(canonical(item), "["), "]"))
		}
		slices.Sort(items)
		return "[" + strings.Join(slices.Compact(items), " ") + "]"
	case string:
		if m := accountAlone().FindStringSubmatch(v); m != nil {
			v = m[1] + m[2]
		}
		return "[" + v + "]"
	}
	return "[" + fmt.Sprint(v) + "]"
}

// accountAlone is a principal that is a whole account, in either form.
var accountAlone = account.Lazily(`^(?:arn:[a-z-]+:iam::([0-9]{12}):root|([0-9]{12}))$`)

func (s statement) equal(t statement) bool {
	if len(s.parts) != len(t.parts) {
		return false
	}
	for name, value := range s.parts {
		if t.parts[name] != value {
			return false
		}
	}
	return true
}

// named is the statement as a difference names it.
func (s statement) named() string {
	if s.sid != "" {
		return "statement " + s.sid
	}
	return "a statement without Sid for " + s.parts["Principal"]
}

// differences are what keeps a policy from being ours, a line each, and none
// where it is. What a statement is called does not matter.
func differences(found, ours string) ([]string, error) {
	have, err := statements(found)
	if err != nil {
		return nil, err
	}
	want, err := statements(ours)
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, w := range want {
		if i := slices.IndexFunc(have, w.equal); i >= 0 {
			have = slices.Delete(have, i, i+1)
			continue
		}
		i := slices.IndexFunc(have, func(h statement) bool { return h.sid == w.sid })
		if i < 0 {
			lines = append(lines, w.named()+" is not there")
			continue
		}
		lines = append(lines, have[i].against(w)...)
		have = slices.Delete(have, i, i+1)
	}
	for _, h := range have {
		lines = append(lines, h.named()+" is not ours: "+h.effect+" "+h.parts["Principal"])
	}
	for i := range lines {
		lines[i] = account.Clean(lines[i], longestText)
	}
	return lines, nil
}

// against names the parts in which the statement is another than ours.
func (s statement) against(ours statement) (lines []string) {
	names := map[string]bool{}
	for n := range s.parts {
		names[n] = true
	}
	for n := range ours.parts {
		names[n] = true
	}
	for n := range names {
		if s.parts[n] != ours.parts[n] {
			lines = append(lines, ours.named()+": "+n+" is "+orNone(s.parts[n])+", ours is "+orNone(ours.parts[n]))
		}
	}
	slices.Sort(lines)
	return lines
}

func orNone(s string) string {
	if s == "" {
		return "not there"
	}
	return s
}

// encode writes JSON for people and for AWS, the same for the same value.
func encode(v any, indent string) (string, error) {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		return "", unexpected("write JSON: %w", err)
	}
	return strings.TrimSuffix(b.String(), "\n"), nil
}
