package aws

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
)

// sessionName is how sessions of a role are called that a profile leads to.
const sessionName = "xops-onboard"

// source is where an administrator's credentials come from.
type source struct {
	keys    sdk.Credentials
	region  account.AWSRegion // that the profile names; empty for none
	renewal string            // the command that renews it; empty where there is none
}

// named gets the credentials of a profile, or of the environment. Calls are made
// for region where the profile does not say where they belong. A session that is
// over is not renewed here: that would write into the AWS CLI's own files; the
// command that renews it is the Subject of AWSSignInOver.
func (a *AWS) named(ctx context.Context, profile string, region account.AWSRegion) (source, []account.Evidence, error) {
	if err := a.elsewhere(); err != nil {
		return source{}, nil, err
	}
	if keys := a.environment(); profile == Environment && keys.HasKeys() {
		set, _ := account.ParseAWSRegion(a.envRegion())
		return source{keys: keys, region: set}, nil, nil
	}
	p, err := a.shared(profile)
	if err != nil {
		return source{}, nil, err
	}
	if err := a.profileElsewhere(p); err != nil {
		return source{}, nil, err
	}
	r := resolver{aws: a, region: region}
	keys, err := r.resolve(ctx, p)
	s := source{keys: keys, renewal: renewal(p)}
	s.region, _ = account.ParseAWSRegion(p.region)
	return s, r.evidence, renewed(err, s.renewal)
}

// renewed names the command that renews a session where it is over.
func renewed(err error, command string) error {
	var p *account.Problem
	if errors.As(err, &p) && p.Kind == account.AWSSignInOver {
		said := *p
		said.Subject = command
		return &said
	}
	return err
}

func (a *AWS) environment() sdk.Credentials {
	return sdk.Credentials{
		AccessKeyID: a.env("AWS_ACCESS_KEY_ID"), SecretAccessKey: a.env("AWS_SECRET_ACCESS_KEY"), SessionToken: a.env("AWS_SESSION_TOKEN"),
	}
}

func noCredentials(profile, why string) error {
	return &account.Problem{Kind: account.AWSNoCredentials, Subject: account.Clean(profile, 200), Message: account.Clean(why, longestText)}
}

// resolver follows a profile to its credentials in the order of the SDK.
type resolver struct {
	aws      *AWS
	region   account.AWSRegion
	evidence []account.Evidence
}

func (r *resolver) resolve(ctx context.Context, p *sharedProfile) (sdk.Credentials, error) {
	keys, err := r.first(ctx, p)
	if err != nil || p.roleARN == "" {
		return keys, err
	}
	return r.assume(ctx, p, keys)
}

// first are the credentials that a profile has before it takes a role.
func (r *resolver) first(ctx context.Context, p *sharedProfile) (sdk.Credentials, error) {
	switch {
	case p.source != nil:
		return r.resolve(ctx, p.source)
	case p.keys.HasKeys():
		return p.keys, nil
	case p.credentialSource == "Environment":
		if keys := r.aws.environment(); keys.HasKeys() {
			return keys, nil
		}
		return sdk.Credentials{}, noCredentials(p.name, "it takes credentials from the environment, which has none")
	case p.credentialSource != "":
		return sdk.Credentials{}, noCredentials(p.name, "credentials of a machine or a container are not used ("+p.credentialSource+")")
	case p.webIdentityTokenFile != "":
		return sdk.Credentials{}, noCredentials(p.name, "a web identity token is not used")
	case p.ssoSession != "" || p.ssoStartURL != "":
		return r.sso(ctx, p)
	case p.loginSession != "":
		return r.login(p)
	case p.credentialProcess != "":
		return r.process(ctx, p)
	}
	return sdk.Credentials{}, noCredentials(p.name, "it says nothing of credentials")
}

// assume takes the role that a profile names.
func (r *resolver) assume(ctx context.Context, p *sharedProfile, keys sdk.Credentials) (sdk.Credentials, error) {
	if p.mfaSerial != "" {
		return sdk.Credentials{}, noCredentials(p.name, "its role asks for the code of an MFA device, which is not asked for here")
	}
	role, err := account.ParseRoleARN(p.roleARN)
	if err != nil {
		return sdk.Credentials{}, noCredentials(p.name, "its role_arn is not the ARN of a role")
	}
	name := p.roleSessionName
	if name == "" {
		name = sessionName
	}
	form := url.Values{"RoleArn": {string(role)}, "RoleSessionName": {name}}
	if p.externalID != "" {
		form.Set("ExternalId", p.externalID)
	}
	if p.roleDuration > 0 {
		form.Set("DurationSeconds", strconv.Itoa(int(p.roleDuration.Seconds())))
	}
	got, e, err := caller{r.aws, r.region, with(keys)}.assumeRole(ctx, form)
	r.evidence = append(r.evidence, made(e)...)
	return got, err
}

// assumeRole takes a role.
func (c caller) assumeRole(ctx context.Context, form url.Values) (sdk.Credentials, account.Evidence, error) {
	var got struct {
		ID      string    `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
		Secret  string    `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
		Token   string    `xml:"AssumeRoleResult>Credentials>SessionToken"`
		Expires time.Time `xml:"AssumeRoleResult>Credentials>Expiration"`
	}
	e, err := c.form(ctx, sts, "AssumeRole", form, &got)
	if err == nil && (got.ID == "" || got.Secret == "" || got.Token == "") {
		err = formMisfit()
	}
	if err != nil {
		return sdk.Credentials{}, e, err
	}
	return sdk.Credentials{AccessKeyID: got.ID, SecretAccessKey: got.Secret, SessionToken: got.Token, CanExpire: true, Expires: got.Expires}, e, nil
}

// sso buys a role's credentials with the token that `aws sso login` left.
func (r *resolver) sso(ctx context.Context, p *sharedProfile) (sdk.Credentials, error) {
	key, region := p.ssoStartURL, p.ssoRegion
	if p.ssoSession != "" {
		key, region = p.ssoSession, p.sessionRegion
	}
	where, err := account.ParseAWSRegion(region)
	if err != nil || p.ssoAccountID == "" || p.ssoRoleName == "" {
		return sdk.Credentials{}, noCredentials(p.name, "its SSO settings are incomplete")
	}
	path := r.aws.ssoCache(key)
	if path == "" {
		return sdk.Credentials{}, noCredentials(p.name, "no home directory is known")
	}
	token, err := r.aws.ssoToken(path)
	if err != nil {
		return sdk.Credentials{}, err
	}
	return r.roleCredentials(ctx, where, token, url.Values{"account_id": {p.ssoAccountID}, "role_name": {p.ssoRoleName}})
}

// roleCredentials asks the access portal of IAM Identity Center for a role's
// credentials with a token.
// Source: docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html.
func (r *resolver) roleCredentials(ctx context.Context, region account.AWSRegion, token string, query url.Values) (sdk.Credentials, error) {
	body, e, err := r.aws.send(ctx, region, request{
		service: portal, action: "GetRoleCredentials", method: http.MethodGet, path: "/federation/credentials?" + query.Encode(),
		sign: func(_ context.Context, r *http.Request, _ []byte) error {
			r.Header.Set("X-Amz-Sso_bearer_token", token)
			return nil
		},
	})
	r.evidence = append(r.evidence, made(e)...)
	if err != nil {
		if q := account.AsProblem(err); q.Status == http.StatusUnauthorized {
			said := *q
			said.Kind = account.AWSSignInOver
			return sdk.Credentials{}, &said
		}
		return sdk.Credentials{}, err
	}
	var got struct {
		Role struct {
			ID      string `json:"accessKeyId"`
			Secret  string `json:"secretAccessKey"`
			Token   string `json:"sessionToken"`
			Expires int64  `json:"expiration"` // milliseconds
		} `json:"roleCredentials"`
	}
	if err := readJSON(body, &got); err != nil {
		return sdk.Credentials{}, err
	}
	k := got.Role
	if k.ID == "" || k.Secret == "" {
		return sdk.Credentials{}, formMisfit()
	}
	return sdk.Credentials{
		AccessKeyID: k.ID, SecretAccessKey: k.Secret, SessionToken: k.Token, CanExpire: true, Expires: time.UnixMilli(k.Expires).UTC(),
	}, nil
}

// login takes the credentials that `aws login` left, as long as they hold.
func (r *resolver) login(p *sharedProfile) (sdk.Credentials, error) {
	path := r.aws.loginCache(p.loginSession)
	if path == "" {
		return sdk.Credentials{}, noCredentials(p.name, "no home directory is known")
	}
	return r.aws.loginKeys(path)
}

// plainName is a profile's name that a shell takes as it is.
var plainName = account.Lazily(`^[\w+=,.@%/-]+$`)

// renewal is the command that renews what a profile's credentials come from.
func renewal(p *sharedProfile) string {
	for p.source != nil {
		p = p.source
	}
	name := p.name
	if !plainName().MatchString(name) {
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	switch {
	case p.keys.HasKeys():
		return ""
	case p.ssoSession != "" || p.ssoStartURL != "":
		return "aws sso login --profile " + name
	case p.loginSession != "":
		return "aws login --profile " + name
	}
	return ""
}
