package aws

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/aws/aws-sdk-go-v2/service/signin"
	"github.com/aws/aws-sdk-go-v2/service/sso"
	ssotypes "github.com/aws/aws-sdk-go-v2/service/sso/types"

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
	shared, err := a.shared(ctx, profile)
	if err != nil {
		return source{}, nil, sharedProblem(profile, err)
	}
	if err := a.profileElsewhere(&shared); err != nil {
		return source{}, nil, err
	}
	r := resolver{aws: a, region: region}
	keys, err := r.resolve(ctx, &shared)
	s := source{keys: keys, renewal: renewal(&shared)}
	s.region, _ = account.ParseAWSRegion(shared.Region)
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

// sharedProblem is why a profile could not be read.
func sharedProblem(profile string, err error) error {
	name := account.Clean(profile, 200)
	var none config.SharedConfigProfileNotExistError
	var role config.SharedConfigAssumeRoleError
	var file config.SharedConfigLoadError
	switch {
	case errors.As(err, &role):
		return noCredentials(name, "its source_profile has no credentials")
	case errors.As(err, &none):
		return &account.Problem{Kind: account.AWSNoProfile, Subject: name}
	case errors.As(err, &file):
		return noCredentials(name, "the file "+file.Filename+" cannot be read")
	}
	// The error may quote the file.
	return noCredentials(name, "what it says of credentials is incomplete or contradicts itself")
}

func noCredentials(profile, why string) error {
	return &account.Problem{Kind: account.AWSNoCredentials, Subject: profile, Message: account.Clean(why, longestText)}
}

// resolver follows a profile to its credentials in the order of the SDK.
type resolver struct {
	aws      *AWS
	region   account.AWSRegion
	evidence []account.Evidence
}

func (r *resolver) resolve(ctx context.Context, c *config.SharedConfig) (sdk.Credentials, error) {
	keys, err := r.first(ctx, c)
	if err != nil || c.RoleARN == "" {
		return keys, err
	}
	return r.assume(ctx, c, keys)
}

// first are the credentials that a profile has before it takes a role.
func (r *resolver) first(ctx context.Context, c *config.SharedConfig) (sdk.Credentials, error) {
	switch {
	case c.Source != nil:
		return r.resolve(ctx, c.Source)
	case c.Credentials.HasKeys():
		return c.Credentials, nil
	case c.CredentialSource == "Environment":
		if keys := r.aws.environment(); keys.HasKeys() {
			return keys, nil
		}
		return sdk.Credentials{}, noCredentials(c.Profile, "it takes credentials from the environment, which has none")
	case c.CredentialSource != "":
		return sdk.Credentials{}, noCredentials(c.Profile, "credentials of a machine or a container are not used ("+c.CredentialSource+")")
	case c.WebIdentityTokenFile != "":
		return sdk.Credentials{}, noCredentials(c.Profile, "a web identity token is not used")
	case c.SSOSession != nil || c.SSOStartURL != "":
		return r.sso(ctx, c)
	case c.LoginSession != "":
		return r.login(ctx, c)
	case c.CredentialProcess != "":
		return r.process(ctx, c)
	}
	return sdk.Credentials{}, noCredentials(c.Profile, "it says nothing of credentials")
}

// assume takes the role that a profile names.
func (r *resolver) assume(ctx context.Context, c *config.SharedConfig, keys sdk.Credentials) (sdk.Credentials, error) {
	if c.MFASerial != "" {
		return sdk.Credentials{}, noCredentials(c.Profile, "its role asks for the code of an MFA device, which is not asked for here")
	}
	role, err := account.ParseRoleARN(c.RoleARN)
	if err != nil {
		return sdk.Credentials{}, noCredentials(c.Profile, "its role_arn is not the ARN of a role")
	}
	name := c.RoleSessionName
	if name == "" {
		name = sessionName
	}
	form := url.Values{"RoleArn": {string(role)}, "RoleSessionName": {name}}
	if c.ExternalID != "" {
		form.Set("ExternalId", c.ExternalID)
	}
	if c.RoleDurationSeconds != nil && *c.RoleDurationSeconds > 0 {
		form.Set("DurationSeconds", strconv.Itoa(int(c.RoleDurationSeconds.Seconds())))
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

// sso buys a role's credentials with the token that `aws sso login` left. The
// token is read by the SDK's own reader, without the part of it that renews and
// writes.
func (r *resolver) sso(ctx context.Context, c *config.SharedConfig) (sdk.Credentials, error) {
	key, region := c.SSOStartURL, c.SSORegion
	if c.SSOSession != nil {
		key, region = c.SSOSession.Name, c.SSOSession.SSORegion
	}
	where, err := account.ParseAWSRegion(region)
	if err != nil || c.SSOAccountID == "" || c.SSORoleName == "" {
		return sdk.Credentials{}, noCredentials(c.Profile, "its SSO settings are incomplete")
	}
	path, err := ssocreds.StandardCachedTokenFilepath(key)
	if err != nil {
		return sdk.Credentials{}, noCredentials(c.Profile, "no home directory is known")
	}
	// The SDK asks the process's own environment for the home directory.
	if home := r.aws.home(); home != "" {
		path = filepath.Join(home, ".aws", "sso", "cache", filepath.Base(path))
	}
	keys, err := ssocreds.New(ssoPortal{r, where}, c.SSOAccountID, c.SSORoleName, c.SSOStartURL, func(o *ssocreds.Options) {
		o.CachedTokenFilepath = path
	}).Retrieve(ctx)
	var over *ssocreds.InvalidTokenError
	if errors.As(err, &over) {
		return sdk.Credentials{}, &account.Problem{Kind: account.AWSSignInOver}
	}
	return keys, err
}

// ssoPortal is the access portal of IAM Identity Center, as the SDK asks it.
type ssoPortal struct {
	r      *resolver
	region account.AWSRegion
}

// GetRoleCredentials asks for a role's credentials with a token.
// Source: docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html.
func (p ssoPortal) GetRoleCredentials(ctx context.Context, in *sso.GetRoleCredentialsInput, _ ...func(*sso.Options)) (*sso.GetRoleCredentialsOutput, error) {
	query := url.Values{"account_id": {*in.AccountId}, "role_name": {*in.RoleName}}
	body, e, err := p.r.aws.send(ctx, p.region, request{
		service: portal, action: "GetRoleCredentials", method: http.MethodGet, path: "/federation/credentials?" + query.Encode(),
		sign: func(_ context.Context, r *http.Request, _ []byte) error {
			r.Header.Set("X-Amz-Sso_bearer_token", *in.AccessToken)
			return nil
		},
	})
	p.r.evidence = append(p.r.evidence, made(e)...)
	if err != nil {
		if q := account.AsProblem(err); q.Status == http.StatusUnauthorized {
			said := *q
			said.Kind = account.AWSSignInOver
			return nil, &said
		}
		return nil, err
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
		return nil, err
	}
	if got.Role.ID == "" || got.Role.Secret == "" {
		return nil, formMisfit()
	}
	return &sso.GetRoleCredentialsOutput{RoleCredentials: &ssotypes.RoleCredentials{
		AccessKeyId: &got.Role.ID, SecretAccessKey: &got.Role.Secret, SessionToken: &got.Role.Token, Expiration: got.Role.Expires,
	}}, nil
}

// login takes the credentials that `aws login` left, as long as they hold.
func (r *resolver) login(ctx context.Context, c *config.SharedConfig) (sdk.Credentials, error) {
	dir := r.aws.env("AWS_LOGIN_CACHE_DIRECTORY")
	if home := r.aws.home(); dir == "" && home != "" {
		dir = filepath.Join(home, ".aws", "login", "cache")
	}
	path, err := logincreds.StandardCachedTokenFilepath(c.LoginSession, dir)
	if err != nil {
		return sdk.Credentials{}, noCredentials(c.Profile, "no home directory is known")
	}
	keys, err := logincreds.New(noRenewal{}, path).Retrieve(ctx)
	if err != nil {
		return sdk.Credentials{}, &account.Problem{Kind: account.AWSSignInOver}
	}
	return keys, nil
}

// noRenewal does not renew a session.
type noRenewal struct{}

var errOver = errors.New("the session is over")

// CreateOAuth2Token is where the SDK would renew the session of `aws login`.
func (noRenewal) CreateOAuth2Token(context.Context, *signin.CreateOAuth2TokenInput, ...func(*signin.Options)) (*signin.CreateOAuth2TokenOutput, error) {
	return nil, errOver
}

// process runs the program that a profile names, apart from this program's
// terminal: it can neither ask nor write there. Nothing of what it says is kept
// but the credentials.
func (r *resolver) process(ctx context.Context, c *config.SharedConfig) (sdk.Credentials, error) {
	type outcome struct {
		keys sdk.Credentials
		err  error
	}
	// What it started may keep its output open after it was stopped.
	done := make(chan outcome, 1)
	go func() {
		keys, err := processcreds.NewProvider(quiet(c.CredentialProcess)).Retrieve(ctx)
		done <- outcome{keys, err}
	}()
	select {
	case <-ctx.Done():
		return sdk.Credentials{}, noCredentials(c.Profile, "its credential_process did not end in time")
	case got := <-done:
		if got.err != nil {
			return sdk.Credentials{}, noCredentials(c.Profile, "its credential_process gave no credentials; run it by hand to see why")
		}
		return got.keys, nil
	}
}

// quiet is a command line of the system's shell without its input and without
// what it says beside its answer.
func quiet(command string) string {
	if runtime.GOOS == "windows" {
		return "(" + command + ") <NUL 2>NUL"
	}
	return "{ " + command + "\n} </dev/null 2>/dev/null"
}

// plainName is a profile's name that a shell takes as it is.
var plainName = regexp.MustCompile(`^[\w+=,.@%/-]+$`)

// renewal is the command that renews what a profile's credentials come from.
func renewal(c *config.SharedConfig) string {
	for c.Source != nil {
		c = c.Source
	}
	name := c.Profile
	if !plainName.MatchString(name) {
		name = "'" + strings.ReplaceAll(name, "'", `'\''`) + "'"
	}
	switch {
	case c.Credentials.HasKeys():
		return ""
	case c.SSOSession != nil || c.SSOStartURL != "":
		return "aws sso login --profile " + name
	case c.LoginSession != "":
		return "aws login --profile " + name
	}
	return ""
}
