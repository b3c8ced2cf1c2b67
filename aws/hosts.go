package aws

import "github.com/axiomio/xops-onboard/account"

// service is a service of AWS by the name that its requests are signed for.
type service string

const (
	sts            service = "sts"
	iam            service = "iam"
	cloudformation service = "cloudformation"
	rolesanywhere  service = "rolesanywhere"
	organizations  service = "organizations"
	portal         service = "sso" // the access portal of IAM Identity Center
)

// apiVersions are the versions of the services that take forms.
var apiVersions = map[service]string{sts: "2011-06-15", iam: "2010-05-08", cloudformation: "2010-05-15"}

// host is where the service is for a region. IAM and Organizations are one for a
// whole partition. These are the only hosts that are asked.
// Source: docs.aws.amazon.com/general/latest/gr/aws-service-information.html.
func (s service) host(r account.AWSRegion) string {
	switch s {
	case iam:
		switch r.Partition() {
		case "aws-us-gov":
			return "iam.us-gov.amazonaws.com"
		case "aws-cn":
			return "iam.cn-north-1." + r.DNS()
		}
		return "iam.amazonaws.com"
	case organizations:
		return "organizations." + string(s.signedFor(r)) + "." + r.DNS()
	case portal:
		return "portal.sso." + string(r) + "." + r.DNS()
	}
	return string(s) + "." + string(r) + "." + r.DNS()
}

// signedFor is the region that the service wants a request for r signed for.
func (s service) signedFor(r account.AWSRegion) account.AWSRegion {
	switch {
	case s == organizations && r.Partition() == "aws-cn":
		return "cn-northwest-1"
	case s == iam, s == organizations:
		return r.Global()
	}
	return r
}
