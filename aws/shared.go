package aws

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
)

// sharedProfile is what the configuration files say of a profile, as far as it is
// used here: texts as they stand there, empty where nothing is said. Its rules are
// those of config.LoadSharedConfigProfile of the AWS SDK, which would add 0.2 MB to
// the program and link clients that are never used; the tests hold that both read
// the same.
type sharedProfile struct {
	name   string
	keys   sdk.Credentials // none, or an access key with its secret
	region string

	roleARN         string
	externalID      string
	mfaSerial       string
	roleSessionName string
	roleDuration    time.Duration // zero or less: not said
	sourceProfile   string
	source          *sharedProfile // that the role is taken with

	credentialSource     string
	credentialProcess    string
	webIdentityTokenFile string
	loginSession         string

	// With an sso_session, sessionRegion is of its section; without one, ssoRegion
	// and ssoStartURL stand in the profile itself.
	ssoSession    string
	sessionRegion string
	ssoRegion     string
	ssoStartURL   string
	ssoAccountID  string
	ssoRoleName   string

	endpointURL      string
	metadataEndpoint string // ec2_metadata_service_endpoint
	ignoreEndpoints  bool
	servicesName     string
	services         section // of that name
}

// Format hides all but the name, for every verb.
func (p sharedProfile) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "profile "+p.name) }

// Why a profile cannot be used. None of them quotes the files but for names.
var (
	errNoProfile   = errors.New("there is no such profile")
	errNoSource    = errors.New("its source_profile has no credentials")
	errHalfKey     = errors.New("half of a key pair is given")
	errNoRole      = errors.New("source_profile, credential_source and web_identity_token_file ask for a role_arn")
	errManySources = errors.New("more than one of source_profile, credential_source, credential_process and web_identity_token_file is given")
	errNoSession   = errors.New("its sso_session has no section")
)

// shared reads a profile of the configuration files.
func (a *AWS) shared(profile string) (*sharedProfile, error) {
	all, err := a.load()
	var p *sharedProfile
	if err == nil {
		p, err = sharedOf(all, profile, map[string]bool{})
	}
	if err == nil {
		return p, nil
	}
	if errors.Is(err, errNoProfile) {
		return nil, &account.Problem{Kind: account.AWSNoProfile, Subject: account.Clean(profile, 200)}
	}
	return nil, noCredentials(profile, err.Error())
}

// sharedOf reads a profile and those that it takes its credentials from. seen are
// those that led to it: one that comes again gives its own credentials and leads
// no further.
func sharedOf(all map[string]section, name string, seen map[string]bool) (*sharedProfile, error) {
	s, ok := all[name]
	if !ok {
		return nil, errNoProfile
	}
	if s.half {
		return nil, of(name, errHalfKey)
	}
	p := profileOf(name, s)
	if seen[name] {
		p.roleARN, p.externalID, p.mfaSerial, p.roleSessionName, p.sourceProfile = "", "", "", "", ""
	} else if p.roleARN == "" && (p.sourceProfile != "" || p.credentialSource != "" || p.webIdentityTokenFile != "") {
		return nil, of(name, errNoRole)
	}
	if len(seen) > 0 && p.keys.HasKeys() {
		return p, nil
	}
	seen[name] = true
	if p.ways() > 1 {
		return nil, of(name, errManySources)
	}
	if p.sourceProfile != "" {
		if err := p.follow(all, seen); err != nil {
			return nil, err
		}
	}
	if p.ssoSession != "" {
		session, ok := all[sessionPrefix+strings.TrimSpace(p.ssoSession)]
		if !ok {
			return nil, of(name, errNoSession)
		}
		p.sessionRegion = session.text("sso_region")
	}
	p.services = all[servicesPrefix+p.servicesName]
	return p, nil
}

// profileOf are the values of a profile's own section.
func profileOf(name string, s section) *sharedProfile {
	p := &sharedProfile{
		name: name, region: s.text("region"),
		roleARN: s.text("role_arn"), externalID: s.text("external_id"), mfaSerial: s.text("mfa_serial"),
		roleSessionName: s.text("role_session_name"), sourceProfile: s.text("source_profile"),
		credentialSource: s.text("credential_source"), credentialProcess: s.text("credential_process"),
		webIdentityTokenFile: s.text("web_identity_token_file"), loginSession: s.text("login_session"),
		ssoSession: s.text("sso_session"), ssoRegion: s.text("sso_region"), ssoStartURL: s.text("sso_start_url"),
		ssoAccountID: s.text("sso_account_id"), ssoRoleName: s.text("sso_role_name"),
		endpointURL: s.text("endpoint_url"), metadataEndpoint: s.text("ec2_metadata_service_endpoint"),
		ignoreEndpoints: strings.EqualFold(s.text("ignore_configured_endpoint_urls"), "true"), servicesName: s.text("services"),
	}
	if seconds, err := strconv.ParseInt(s.text("duration_seconds"), 0, 64); err == nil {
		p.roleDuration = time.Duration(seconds) * time.Second
	}
	if keys := (sdk.Credentials{AccessKeyID: s.text(keyID), SecretAccessKey: s.text(keySecret), SessionToken: s.text(keyToken)}); keys.HasKeys() {
		p.keys = keys
	}
	return p
}

// ways counts how many of the ways are given that exclude one another.
func (p *sharedProfile) ways() (n int) {
	for _, way := range []string{p.sourceProfile, p.credentialSource, p.credentialProcess, p.webIdentityTokenFile} {
		if way != "" {
			n++
		}
	}
	return n
}

// follow reads the source_profile. What the profile says itself of credentials
// does not hold then.
func (p *sharedProfile) follow(all map[string]section, seen map[string]bool) (err error) {
	p.keys = sdk.Credentials{}
	p.ssoAccountID, p.ssoRegion, p.ssoRoleName, p.ssoStartURL = "", "", "", ""
	p.source, err = sharedOf(all, p.sourceProfile, seen)
	if errors.Is(err, errNoProfile) || err == nil && !p.source.leads() {
		return of(p.name, errNoSource)
	}
	return err
}

// of says of which profile something is true.
func of(profile string, why error) error { return fmt.Errorf("profile %s: %w", profile, why) }

// leads tells whether a profile can be a source; one of `aws login` cannot.
func (p *sharedProfile) leads() bool {
	return p.ways() > 0 || p.keys.HasKeys() || p.ssoSession != "" ||
		p.ssoRegion != "" || p.ssoAccountID != "" || p.ssoStartURL != "" || p.ssoRoleName != ""
}
