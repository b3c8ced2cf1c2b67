package simaws

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
)

// form is the parameters of a Query request.
type form struct{ url.Values }

// list is a list of the Query protocol: name.member.1, name.member.2, …
func (f form) list(name string) []string {
	var all []string
	for i := 1; f.Has(name + ".member." + strconv.Itoa(i)); i++ {
		all = append(all, f.Get(name+".member."+strconv.Itoa(i)))
	}
	return all
}

// structs is a list of structures with those fields.
func (f form) structs(name string, fields ...string) []map[string]string {
	var all []map[string]string
	for i := 1; ; i++ {
		one := map[string]string{}
		for _, field := range fields {
			if key := name + ".member." + strconv.Itoa(i) + "." + field; f.Has(key) {
				one[field] = f.Get(key)
			}
		}
		if len(one) == 0 {
			return all
		}
		all = append(all, one)
	}
}

func (f form) labels(name string) []label {
	var all []label
	for _, s := range f.structs(name, "Key", "Value") {
		all = append(all, label{s["Key"], s["Value"]})
	}
	return all
}

// number is a number within bounds; def where it is not given.
func (f form) number(name, at string, def, low, high int) (int, *failure) {
	if !f.Has(name) {
		return def, nil
	}
	n, err := strconv.Atoi(f.Get(name))
	switch {
	case err != nil:
		return 0, refuse(http.StatusBadRequest, "MalformedInput", "Unexpected value at %s", name)
	case n < low:
		return 0, violation(f.Get(name), at, "have value greater than or equal to "+itoa(low))
	case n > high:
		return 0, violation(f.Get(name), at, "have value less than or equal to "+itoa(high))
	}
	return n, nil
}

func itoa(n int) string { return strconv.Itoa(n) }

// operation answers with what stands in its result, in XML; none has no result.
type operation func(k *call, in form) (string, *failure)

// none is the result of an operation that has none.
const none = "\x00"

// versions are those of the Query services.
var versions = map[service]string{sts: "2011-06-15", iam: "2010-05-08", formation: "2010-05-15", ec2: "2016-11-15"}

// operations are the actions of each Query service. A map literal of the
// package would refer to itself through the calls.
func operations(s service) map[string]operation {
	switch s {
	case sts:
		return map[string]operation{"GetCallerIdentity": getCallerIdentity, "AssumeRole": assumeRole}
	case iam:
		return iamOperations()
	case formation:
		return formationOperations()
	default:
		return map[string]operation{"DescribeRegions": describeRegions}
	}
}

// others are actions that the services have and that are not played: a caller
// who may not do them is told so all the same.
var others = map[service][]string{
	sts: {"AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "DecodeAuthorizationMessage", "GetAccessKeyInfo", "GetFederationToken", "GetSessionToken", "AssumeRoot"},
	iam: {
		"AddUserToGroup", "AttachGroupPolicy", "AttachUserPolicy", "CreateAccessKey", "CreateAccountAlias", "CreateGroup", "CreateLoginProfile",
		"CreatePolicy", "CreatePolicyVersion", "CreateServiceLinkedRole", "CreateUser", "DeleteAccessKey", "DeleteUser", "GenerateCredentialReport",
		"GetAccountAuthorizationDetails", "GetAccountPasswordPolicy", "GetCredentialReport", "GetPolicy", "GetPolicyVersion", "GetUser",
		"ListAccessKeys", "ListAttachedUserPolicies", "ListGroups", "ListInstanceProfiles", "ListPolicies", "ListRoles", "ListRoleTags", "ListUserPolicies",
		"ListUsers", "PutRolePermissionsBoundary", "PutUserPolicy", "SimulateCustomPolicy", "TagRole", "UntagRole", "UpdateRole", "UpdateAccessKey",
	},
	formation: {
		"CancelUpdateStack", "ContinueUpdateRollback", "CreateChangeSet", "CreateStackInstances", "CreateStackSet", "DeleteChangeSet", "DeleteStackSet",
		"DescribeChangeSet", "DescribeStackResource", "DescribeStackSet", "DetectStackDrift", "ExecuteChangeSet", "GetStackPolicy", "GetTemplateSummary",
		"ListChangeSets", "ListExports", "ListStackResources", "ListStacks", "ListStackSets", "SetStackPolicy", "UpdateTerminationProtection", "ValidateTemplate",
	},
	ec2: {
		"DescribeAvailabilityZones", "DescribeImages", "DescribeInstances", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSnapshots",
		"DescribeSubnets", "DescribeVolumes", "DescribeVpcs", "RunInstances", "StopInstances", "TerminateInstances",
	},
}

// query answers for a Query service.
func (k *call) query() *answer {
	result, action, f := k.ask()
	if f != nil {
		return k.refusal(f)
	}
	a := &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"text/xml"}}}
	space := namespaces[k.site.service]
	if k.site.service == ec2 {
		a.body = xmlHead + namespaced(action+"Response", space, text("requestId", k.id)+result)
		return a
	}
	meta := tag("ResponseMetadata", text("RequestId", k.id))
	if result == none {
		a.body = namespaced(action+"Response", space, meta)
	} else {
		a.body = namespaced(action+"Response", space, tag(action+"Result", result)+meta)
	}
	return a
}

// ask reads the request and carries it out.
func (k *call) ask() (result, action string, f *failure) {
	in := form{k.r.URL.Query()}
	if k.r.Method == http.MethodPost {
		v, err := url.ParseQuery(string(k.body))
		if err != nil {
			return "", "", refuse(http.StatusBadRequest, "MalformedQueryString", "The query string contains a syntax error.")
		}
		in.Values = v
	}
	action = in.Get("Action")
	if action == "" {
		return "", "", refuse(http.StatusBadRequest, "MissingAction", "Missing Action")
	}
	run, played := operations(k.site.service)[action]
	known := slices.Contains(others[k.site.service], action)
	if in.Get("Version") != versions[k.site.service] || !played && !known {
		return "", action, refuse(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, in.Get("Version"))
	}
	if f := k.authenticate(); f != nil {
		return "", action, f
	}
	if !played {
		name := string(k.site.service) + ":" + action
		if f := k.may(name, "*"); f != nil {
			return "", action, f
		}
		return "", action, notPlayed("%s", name)
	}
	result, f = run(k, in)
	return result, action, f
}

// page is a page of a list, by a marker that counts.
func page[T any](c *Cloud, all []T, marker string, most int) (items []T, next string, f *failure) {
	if most <= 0 || most > c.page {
		most = c.page
	}
	from := 0
	if marker != "" {
		n, err := strconv.Atoi(marker)
		if err != nil || n <= 0 || n > len(all) {
			return nil, "", invalid("Invalid Marker.")
		}
		from = n
	}
	items = all[from:]
	if len(items) > most {
		items, next = items[:most], itoa(from+most)
	}
	return items, next, nil
}

// truncated is how IAM ends a page.
func truncated(next string) string {
	if next == "" {
		return boolean("IsTruncated", false)
	}
	return boolean("IsTruncated", true) + text("Marker", next)
}
