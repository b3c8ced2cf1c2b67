package aws

import (
	"cmp"
	"context"
	"net/url"
	"strconv"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// profileSession gets credentials of a link ByProfile: the profile's own, or those
// of the link's role, taken with them under the external id. Both managed policies
// are session policies then, so that the session can do no more than they allow,
// whatever the role may. A role that is taken with a role's credentials gives one
// hour at most.
// Source: docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
func (a *AWS) profileSession(ctx context.Context, l account.AWSLink) (sdk.Credentials, []account.Evidence, error) {
	region := cmp.Or(l.Region, usual)
	s, evidence, err := a.named(ctx, l.Named, region)
	if err != nil || l.Role == "" {
		return s.keys, evidence, err
	}
	if _, err := account.ParseRoleARN(string(l.Role)); err != nil {
		return sdk.Credentials{}, evidence, err
	}
	form := url.Values{
		"RoleArn": {string(l.Role)}, "RoleSessionName": {sessionName + "-" + l.Tag}, "DurationSeconds": {strconv.Itoa(sessionLife)},
	}
	if l.ExternalID != "" {
		form.Set("ExternalId", l.ExternalID)
	}
	for i, arn := range managedARNs(region) {
		form.Set("PolicyArns.member."+strconv.Itoa(i+1)+".arn", arn)
	}
	keys, e, err := caller{a, region, with(s.keys)}.assumeRole(rest.Idempotent(ctx), form)
	return keys, append(evidence, made(e)...), renewed(err, s.renewal)
}
