package account

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// AWSLink is a link to one AWS account.
type AWSLink struct {
	Type    AWSType    `json:"type,omitempty"`
	Account AWSAccount `json:"account,omitempty"`
	Alias   string     `json:"alias,omitempty"`  // the account's alias, cleaned; empty for none
	Region  AWSRegion  `json:"region,omitempty"` // where the trust anchor, the profile and the stack are
	Method  AWSMethod  `json:"method,omitempty"`
	Tag     string     `json:"tag,omitempty"` // 8 hex digits, random: part of every name that is made
	Role    ARN        `json:"role,omitempty"`
	Anchor  ARN        `json:"anchor,omitempty"`  // of IAM Roles Anywhere
	Profile ARN        `json:"profile,omitempty"` // of IAM Roles Anywhere
	Stack   string     `json:"stack,omitempty"`   // the stack's name
	StackID ARN        `json:"stackId,omitempty"`
	File    string     `json:"file,omitempty"`   // path of the template, once it was written
	DropCA  bool       `json:"dropCA,omitempty"` // the authority's key is deleted once it has signed
	// Named is the profile of the AWS configuration files that is used where
	// Method is ByProfile.
	Named      string      `json:"named,omitempty"`
	ExternalID string      `json:"externalId,omitempty"` // made once a draft; not a secret
	Platform   AWSPlatform `json:"platform,omitzero"`
}

// Provider is AWS.
func (AWSLink) Provider() Provider { return AWS }

// AWSPlatform is the principal of Xops 360 itself, where one is configured: the
// role then trusts it too, under the external id.
type AWSPlatform struct {
	Principal string `json:"principal,omitempty"` // an ARN
}

// AWSType is which kind of account is linked, as the portal asks for it.
type AWSType string

// The types.
const (
	AWSManagement AWSType = "management"
	AWSLinked     AWSType = "linked"
)

// String is the type as the portal names it.
func (t AWSType) String() string {
	switch t {
	case AWSManagement:
		return "Management Account"
	case AWSLinked:
		return "Linked Account"
	}
	return string(t)
}

// AWSMethod is how an AWS account gives out its credentials.
type AWSMethod string

// The methods.
const (
	ByCertificate AWSMethod = "certificate" // IAM Roles Anywhere
	ByProfile     AWSMethod = "profile"     // a profile of the AWS configuration files, and sts:AssumeRole
)

// AWSAccount is the number of an AWS account: 12 digits.
type AWSAccount string

// AWSRegion is the code of a region, as eu-west-1.
type AWSRegion string

// ARN is an Amazon Resource Name. It is made by ParseARN or read from AWS.
type ARN string

// AWSRoleName is the role's name in every linked account.
const AWSRoleName = "XopsReadOnly"

// The lives of the authority and of the leaf certificate.
const (
	AWSAuthorityLife = 2 * 365 * 24 * time.Hour
	AWSLeafLife      = 90 * 24 * time.Hour
)

// AuthorityExpiring is how long before its end an authority's certificate is called
// out, and another may be put into the trust anchor in its place: somebody has to.
const AuthorityExpiring = 60 * 24 * time.Hour

// AWSRegions are the regions that a trust anchor can be in, the most used
// first. One that is not here can be named.
// Source: docs.aws.amazon.com/general/latest/gr/rolesanywhere.html.
var AWSRegions = []AWSRegion{
	"us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "sa-east-1",
	"eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-north-1", "eu-south-1",
	"ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-east-1",
	"af-south-1", "me-south-1", "us-gov-west-1", "us-gov-east-1",
}

var (
	regionForm  = Lazily(`^[a-z]{2}(-[a-z]{1,20}){1,3}-[0-9]$`)
	accountForm = Lazily(`^[0-9]{12}$`)
	arnForm     = Lazily(`^arn:(aws|aws-us-gov|aws-cn):([a-z0-9-]{1,60}):([a-z0-9-]{0,60}):([0-9]{12}):([\w+=,.@:/-]{1,512})$`)
)

// ParseAWSAccount reads an account's number, also with the dashes that the
// console shows. InputEmpty or InputNotAWSAccount otherwise.
func ParseAWSAccount(s string) (AWSAccount, error) {
	s = strings.NewReplacer("-", "", " ", "", `"`, "", "'", "").Replace(strings.TrimSpace(s))
	switch {
	case s == "":
		return "", &Problem{Kind: InputEmpty}
	case !accountForm().MatchString(s):
		return "", &Problem{Kind: InputNotAWSAccount}
	}
	return AWSAccount(s), nil
}

// ParseAWSRegion reads a region's code. InputEmpty or InputNotRegion otherwise.
func ParseAWSRegion(s string) (AWSRegion, error) {
	s = strings.ToLower(strings.TrimSpace(s))
	switch {
	case s == "":
		return "", &Problem{Kind: InputEmpty}
	case !regionForm().MatchString(s):
		return "", &Problem{Kind: InputNotRegion}
	}
	return AWSRegion(s), nil
}

// ParseARN reads an ARN as people paste it, in quotes or with blanks around it.
// InputEmpty or InputNotARN otherwise.
func ParseARN(s string) (ARN, error) {
	s = strings.Trim(strings.TrimSpace(s), `"', `)
	switch {
	case s == "":
		return "", &Problem{Kind: InputEmpty}
	case !arnForm().MatchString(s):
		return "", &Problem{Kind: InputNotARN}
	}
	return ARN(s), nil
}

// ParseRoleARN reads the ARN of a role. InputNotRole says that it is another
// thing's, Subject of what.
func ParseRoleARN(s string) (ARN, error) {
	a, err := ParseARN(s)
	if err != nil {
		return "", err
	}
	if a.Service() != "iam" || !strings.HasPrefix(a.Resource(), "role/") {
		return "", &Problem{Kind: InputNotRole, Subject: Clean(a.Service()+" "+a.Resource(), 80)}
	}
	return a, nil
}

// AWSOutputs are the three names that a stack's Outputs have, read from a paste of
// the whole table or of any part of it: by their shape, in any order. What is
// not there is empty; of two different ones of a kind none is taken.
func AWSOutputs(s string) (role, anchor, profile ARN) {
	seen := map[*ARN][]ARN{}
	for _, word := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n\"',;|<>", r) }) {
		a, err := ParseARN(word)
		if err != nil {
			continue
		}
		var into *ARN
		switch kind, _, _ := strings.Cut(a.Resource(), "/"); a.Service() + " " + kind {
		case "iam role":
			into = &role
		case "rolesanywhere trust-anchor":
			into = &anchor
		case "rolesanywhere profile":
			into = &profile
		default:
			continue
		}
		if !slices.Contains(seen[into], a) {
			seen[into] = append(seen[into], a)
		}
	}
	for into, all := range seen {
		if len(all) == 1 {
			*into = all[0]
		}
	}
	return role, anchor, profile
}

func (a ARN) part(n int) string {
	parts := strings.SplitN(string(a), ":", 6)
	if len(parts) != 6 {
		return ""
	}
	return parts[n]
}

// Partition is aws, aws-us-gov or aws-cn.
func (a ARN) Partition() string { return a.part(1) }

// Service is the part that names the service, as "iam".
func (a ARN) Service() string { return a.part(2) }

// Region is empty where the service has none.
func (a ARN) Region() AWSRegion { return AWSRegion(a.part(3)) }

// Account is whose it is.
func (a ARN) Account() AWSAccount { return AWSAccount(a.part(4)) }

// Resource is the last part, as "role/XopsReadOnly".
func (a ARN) Resource() string { return a.part(5) }

// Partition is the part of AWS that a region belongs to.
func (r AWSRegion) Partition() string {
	switch {
	case strings.HasPrefix(string(r), "us-gov-"):
		return "aws-us-gov"
	case strings.HasPrefix(string(r), "cn-"):
		return "aws-cn"
	}
	return "aws"
}

// DNS is the domain of the partition's services.
func (r AWSRegion) DNS() string {
	if r.Partition() == "aws-cn" {
		return "amazonaws.com.cn"
	}
	return "amazonaws.com"
}

// Global is the region that calls of the partition's global services, IAM, are
// signed for.
func (r AWSRegion) Global() AWSRegion {
	switch r.Partition() {
	case "aws-us-gov":
		return "us-gov-west-1"
	case "aws-cn":
		return "cn-north-1"
	}
	return "us-east-1"
}

// StackName is the name of the stack that the link's tag gives.
func (l AWSLink) StackName() string { return "xops360-link-" + l.Tag }

// AuthorityCN and LeafCN are the common names of the link's two certificates.
func (l AWSLink) AuthorityCN() string { return "xops360-wizard-ca-" + l.Tag }

// LeafCN is the common name that the role asks of a certificate.
func (l AWSLink) LeafCN() string { return "xops360-wizard-" + l.Tag }

// AWSTarget is what is verified of an AWS account: the link, and for
// ByCertificate its two certificates.
type AWSTarget struct {
	Link      AWSLink
	Authority Certificate
	Leaf      Certificate
}

// AWSCaller is who AWS says is calling. Texts are cleaned.
type AWSCaller struct {
	Account AWSAccount `json:"account"`
	ARN     string     `json:"arn"` // also of kinds that ARN does not parse, as a root user's
	Alias   string     `json:"alias,omitempty"`
	// Management tells whether the account is its organization's management
	// account, or in no organization, Holds; Missing: it is a member; Unknown.
	Management CheckState `json:"management"`
}

// AWSNamed is a profile of the AWS configuration files, as far as they tell
// without a call.
type AWSNamed struct {
	Name   string    `json:"name"`
	Kind   string    `json:"kind"` // "SSO", "role", "access key", "login", "process", "environment"
	Region AWSRegion `json:"region,omitempty"`
}

// AWSStack is a CloudFormation stack as far as it was read.
type AWSStack struct {
	ID      ARN    `json:"id"`
	Name    string `json:"name"`
	Status  string `json:"status"`           // "CREATE_COMPLETE" and its kin
	Reason  string `json:"reason,omitempty"` // of the first resource that failed, cleaned
	Role    ARN    `json:"role,omitempty"`
	Anchor  ARN    `json:"anchor,omitempty"`
	Profile ARN    `json:"profile,omitempty"`
}

// Failed tells whether it is what is left of one that could not be made, which
// stands in the way of another of its name. Source:
// docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html.
func (s AWSStack) Failed() bool {
	switch s.Status {
	case "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED":
		return true
	}
	return false
}

// Found tells whether there is one.
func (s AWSStack) Found() bool { return s.ID != "" }

// AWSCredentials are what an AWS account is for, for one hour. They are secret,
// and shown to whoever asked for them and nobody else.
type AWSCredentials struct {
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string
	Expires         time.Time
}

// Format hides them, for every verb.
func (AWSCredentials) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String hides them.
func (AWSCredentials) String() string { return hidden }

// MarshalText hides them from encoders: whoever is to have them writes their
// fields.
func (AWSCredentials) MarshalText() ([]byte, error) { return []byte(hidden), nil }

const hidden = "•••"
