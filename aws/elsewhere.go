package aws

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// endpointVariables send calls or the fetching of credentials elsewhere than to
// AWS, in the AWS CLI and its kin. Nothing of this program reads where they
// point to; they are looked for so that a person who relies on them is told
// before any call. Those of services that are not called here do not count.
// Source: docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html and
// docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html.
var endpointVariables = []string{
	"AWS_ENDPOINT_URL",
	"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_CLOUDFORMATION", "AWS_ENDPOINT_URL_ROLESANYWHERE",
	"AWS_ENDPOINT_URL_ORGANIZATIONS", "AWS_ENDPOINT_URL_SSO", "AWS_ENDPOINT_URL_SSO_OIDC", "AWS_ENDPOINT_URL_SIGNIN",
	"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
}

// endpointServices are the services of a services section of the configuration
// file that count.
var endpointServices = []string{"sts", "iam", "cloudformation", "rolesanywhere", "organizations", "sso", "sso_oidc", "signin"}

// elsewhere refuses with account.AWSEndpoint where the environment would send
// calls elsewhere, Subject the variable. AWS_IGNORE_CONFIGURED_ENDPOINT_URLS
// says that this is known and not wanted: then nothing is refused, as nothing is
// read of it either way.
func (a *AWS) elsewhere() error {
	if a.ignored() {
		return nil
	}
	for _, name := range endpointVariables {
		if a.env(name) != "" {
			return &account.Problem{Kind: account.AWSEndpoint, Subject: name}
		}
	}
	return nil
}

func (a *AWS) ignored() bool {
	return strings.EqualFold(strings.TrimSpace(a.env("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")), "true")
}

// profileElsewhere refuses as elsewhere where a profile, or one that it takes its
// credentials from, would send calls elsewhere.
func (a *AWS) profileElsewhere(p *sharedProfile) error {
	if a.ignored() {
		return nil
	}
	for ; p != nil; p = p.source {
		what := ""
		switch {
		case p.ignoreEndpoints:
			continue
		case p.endpointURL != "":
			what = "endpoint_url"
		case p.metadataEndpoint != "":
			what = "ec2_metadata_service_endpoint"
		case slices.ContainsFunc(endpointServices, func(s string) bool { return p.services.values[s].nested["endpoint_url"] != "" }):
			what = "endpoint_url of services " + p.servicesName + ","
		default:
			continue
		}
		return &account.Problem{Kind: account.AWSEndpoint, Subject: account.Clean(what+" of profile "+p.name, longestText)}
	}
	return nil
}

// files are the configuration file and the credentials file.
func (a *AWS) files() (configuration, credentials string) {
	configuration, credentials = a.env("AWS_CONFIG_FILE"), a.env("AWS_SHARED_CREDENTIALS_FILE")
	home := a.home()
	if configuration == "" && home != "" {
		configuration = filepath.Join(home, ".aws", "config")
	}
	if credentials == "" && home != "" {
		credentials = filepath.Join(home, ".aws", "credentials")
	}
	return configuration, credentials
}

func (a *AWS) home() string {
	if home := a.env("HOME"); home != "" {
		return home
	}
	return a.env("USERPROFILE")
}
