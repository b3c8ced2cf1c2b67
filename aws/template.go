package aws

import (
	"github.com/axiomio/xops-onboard/account"
)

// Names of the stack's outputs. The first is the one that the product's own
// manual has people copy.
const (
	roleOutput    = "AWSRoleARN"
	anchorOutput  = "TrustAnchorARN"
	profileOutput = "ProfileARN"
)

// sessionLife is how long credentials of the link hold.
const sessionLife = 3600 // seconds

// templateMost is the largest template that CreateStack takes, in bytes.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html.
const templateMost = 51200

// externalIDForm is what an external id is made of, 2 to 1224 characters.
// Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
var externalIDForm = account.Lazily(`^[\w+=,.@:/-]{2,}$`)

// Template is the link's stack: a trust anchor with the authority's certificate, a
// role that only the link's certificate can take, and a profile that caps every
// session with the role's two policies. The same link and certificate give the
// same text. Whether the authority's key is kept (DropCA) makes no difference to
// it: a new leaf then needs a stack with another authority. For an authority that
// is not made yet a placeholder stands in it, for people: AWS takes none of those.
func (*AWS) Template(l account.AWSLink, authority account.Certificate) (string, error) {
	if !authority.Made() {
		authority.PEM = placeholder
	} else if _, err := parse(authority); err != nil {
		return "", err
	}
	if l.Platform.Principal != "" && (len(l.ExternalID) > 1224 || !externalIDForm().MatchString(l.ExternalID)) {
		return "", unexpected("the platform's principal is trusted under an external id alone, and there is none")
	}
	text, err := encode(object{
		"AWSTemplateFormatVersion": "2010-09-09",
		"Description":              "Xops 360 read-only link " + l.Tag + ". Delete this stack to remove the link.",
		"Resources": object{
			"Anchor":  anchorResource(l, authority),
			"Role":    roleResource(l),
			"Profile": profileResource(l),
		},
		"Outputs": object{
			roleOutput:    object{"Value": attribute("Role", "Arn")},
			anchorOutput:  object{"Value": attribute("Anchor", "TrustAnchorArn")},
			profileOutput: object{"Value": attribute("Profile", "ProfileArn")},
		},
	}, "  ")
	if err != nil {
		return "", err
	}
	if len(text) > templateMost {
		return "", unexpected("the template has %d bytes, CloudFormation takes %d", len(text), templateMost)
	}
	return text, nil
}

// placeholder stands for a certificate that is not made yet.
const placeholder = "(the authority's certificate, made with the keys)"

func anchorResource(l account.AWSLink, authority account.Certificate) object {
	return object{
		"Type": "AWS::RolesAnywhere::TrustAnchor",
		"Properties": object{
			"Name": madeName(l), "Enabled": true,
			"Source": object{
				"SourceType": "CERTIFICATE_BUNDLE",
				"SourceData": object{"X509CertificateData": authority.PEM},
			},
		},
	}
}

func roleResource(l account.AWSLink) object {
	return object{
		"Type": "AWS::IAM::Role",
		"Properties": object{
			"RoleName":                 account.AWSRoleName,
			"MaxSessionDuration":       sessionLife,
			"ManagedPolicyArns":        managedReferences(),
			"AssumeRolePolicyDocument": trustDocument(l, attribute("Anchor", "TrustAnchorArn")),
			"Policies":                 []any{object{"PolicyName": denyPolicy, "PolicyDocument": denyDocument()}},
		},
	}
}

func profileResource(l account.AWSLink) object {
	return object{
		"Type": "AWS::RolesAnywhere::Profile",
		"Properties": object{
			"Name": madeName(l), "Enabled": true, "DurationSeconds": sessionLife,
			"RoleArns":          []any{attribute("Role", "Arn")},
			"ManagedPolicyArns": managedReferences(),
		},
	}
}

// madeName is the name of the trust anchor and of the profile.
func madeName(l account.AWSLink) string { return "xops360-" + l.Tag }

func attribute(resource, name string) object {
	return object{"Fn::GetAtt": []string{resource, name}}
}

// managedReferences are the two policies in whatever partition the stack is.
func managedReferences() (all []any) {
	for _, name := range managed {
		all = append(all, object{"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/" + name})
	}
	return all
}
