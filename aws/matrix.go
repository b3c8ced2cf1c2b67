package aws

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// group is one line of the permission matrix.
type group struct {
	name    string
	actions []string
}

// matrix is what the monitoring needs, a line a kind of thing.
var matrix = []group{
	{"identity", []string{"iam:GetAccountSummary", "iam:ListRoles", "iam:GenerateCredentialReport"}},
	{"compute", []string{"ec2:DescribeInstances"}},
	{"network", []string{"ec2:DescribeSecurityGroups"}},
	{"storage", []string{"s3:ListAllMyBuckets", "s3:GetBucketPolicyStatus"}},
	{"databases", []string{"rds:DescribeDBInstances", "dynamodb:ListTables"}},
	{"keys", []string{"kms:ListKeys", "kms:GetKeyRotationStatus"}},
	{"logging", []string{"cloudtrail:DescribeTrails", "config:DescribeConfigurationRecorders"}},
	{"detection", []string{"guardduty:ListDetectors", "securityhub:DescribeHub"}},
	{"containers", []string{"eks:ListClusters", "ecr:DescribeRepositories"}},
}

// organizationGroup is asked for a management account alone.
var organizationGroup = group{"organization", []string{"organizations:DescribeOrganization", "organizations:ListAccounts"}}

// writes are changes that have to be denied. They are put to the simulator and
// never tried.
var writes = []string{"ec2:TerminateInstances", "iam:CreateUser", "s3:DeleteBucket", "kms:ScheduleKeyDeletion"}

func groups(l account.AWSLink) []group {
	if l.Type == account.AWSManagement {
		return append(append([]group{}, matrix...), organizationGroup)
	}
	return matrix
}

func matrixActions(l account.AWSLink) (all []string) {
	for _, g := range groups(l) {
		all = append(all, g.actions...)
	}
	return all
}

// plainReads are the denied reads of data as the simulator takes them, which knows
// no wildcards.
func plainReads() (all []string) {
	for _, action := range dataReads {
		all = append(all, strings.TrimSuffix(action, "*"))
	}
	return all
}

func deniedActions() []string { return append(append([]string{}, writes...), plainReads()...) }

// permissions is the matrix: a line a group that holds, misses something or could
// not be checked. The last two are never one.
func (f findings) permissions(l account.AWSLink) (c account.Check) {
	defer func() { c.Evidence = f.may.evidence }()
	missed, unanswered := false, false
	var detail []string
	for _, g := range groups(l) {
		line, state := lineOf(f.may, g)
		detail = append(detail, g.name+": "+line)
		missed = missed || state == account.Missing
		unanswered = unanswered || state == account.Unknown
	}
	switch {
	case missed:
		c = missing(&account.Problem{Kind: account.AWSPermission})
	case unanswered && !f.may.ok():
		c = undecided(account.AsProblem(f.may.err))
	case unanswered:
		c = undecided(unexpected("the policy simulator left actions out of its answer"))
	default:
		c = holds()
	}
	c.Detail = detail
	return c
}

// lineOf is what the simulator said of a group.
func lineOf(r read[decisions], g group) (string, account.CheckState) {
	var lacks, open []string
	for _, action := range g.actions {
		d, ok := r.value[strings.ToLower(action)]
		if !ok {
			open = append(open, action)
			continue
		}
		if yes, why := d.allowed(); !yes {
			lacks = append(lacks, action+" ("+why+")")
		}
	}
	why := "no answer for " + strings.Join(open, ", ")
	if !r.ok() {
		p := account.AsProblem(r.err)
		why = strings.Trim(string(p.Kind)+" "+p.Code, " ")
	}
	switch {
	case len(lacks) > 0 && len(open) > 0:
		return "missing: " + strings.Join(lacks, ", ") + "; could not be checked: " + why, account.Missing
	case len(lacks) > 0:
		return "missing: " + strings.Join(lacks, ", "), account.Missing
	case len(open) > 0:
		return "could not be checked: " + why, account.Unknown
	}
	return "holds", account.Holds
}

// readOnly is that the simulator denies writes and reads of data. Of a link by a
// profile that is a warning: nobody promised it of that profile, and a session with
// the link's role is capped by its session policies, of which the simulator knows
// nothing.
func (f findings) readOnly(l account.AWSLink) (c account.Check) {
	defer func() { c.Evidence = f.mayNot.evidence }()
	var allowed, denied, open []string
	for _, action := range deniedActions() {
		d, ok := f.mayNot.value[strings.ToLower(action)]
		switch yes, why := d.allowed(); {
		case !ok:
			open = append(open, action)
		case yes:
			allowed = append(allowed, action)
		default:
			denied = append(denied, action+" ("+why+")")
		}
	}
	switch {
	case len(allowed) > 0 && l.Method == account.ByProfile:
		c = account.Check{State: account.Warning, Problem: &account.Problem{Kind: account.AWSWritable}}
	case len(allowed) > 0:
		c = missing(&account.Problem{Kind: account.AWSWritable})
	case !f.mayNot.ok():
		c = undecided(account.AsProblem(f.mayNot.err))
	case len(open) > 0:
		c = undecided(unexpected("the policy simulator left actions out of its answer"))
	default:
		c = holds()
	}
	for _, line := range []struct {
		what    string
		actions []string
	}{{"allowed: ", allowed}, {"denied: ", denied}, {"could not be checked: ", open}} {
		if len(line.actions) > 0 {
			c.Detail = append(c.Detail, line.what+strings.Join(line.actions, ", "))
		}
	}
	return c
}
