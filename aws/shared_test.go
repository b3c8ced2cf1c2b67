package aws

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

// What differs from config.LoadSharedConfigProfile, beside what is not used here:
//
//   - A value of the SDK's own calls, which are not made, may be anything (max_attempts,
//     retry_mode and those of unusedForm): the SDK refuses a profile for a wrong one.
//   - A value that is one quotation mark is that; the SDK panics.
//   - "[]" opens no section; the SDK has a profile without a name of it, and cannot read it.
//   - A file larger than filesMost is refused.

// unusedForm is the SDK refusing a value that is not used here.
var unusedForm = regexp.MustCompile(`(?s)^error fetching config from profile, .*, failed to load (ec2_metadata_service_endpoint_mode|defaults_mode|max_attempts|retry_mode|` +
	`disable_request_compression|disable_clock_skew_correction|request_min_compression_size_bytes|account_id_endpoint_mode|` +
	`request_checksum_calculation|response_checksum_validation) from shared config, `)

var errUnreadable = errors.New("the file cannot be read")

// oracle is the SDK's word on a profile, in this package's terms. compared is false
// where the SDK fails for what is not used here, or panics.
func oracle(configuration, credentials, profile string) (p *sharedProfile, why error, compared bool) {
	defer func() {
		if recover() != nil {
			p, why, compared = nil, nil, false
		}
	}()
	c, err := config.LoadSharedConfigProfile(context.Background(), profile, func(o *config.LoadSharedConfigOptions) {
		o.ConfigFiles, o.CredentialsFiles = []string{configuration}, []string{credentials}
	})
	if err == nil {
		return ofSDK(&c), nil, true
	}
	var file config.SharedConfigLoadError
	var source config.SharedConfigAssumeRoleError
	var none config.SharedConfigProfileNotExistError
	var role config.CredentialRequiresARNError
	switch text := err.Error(); {
	case errors.As(err, &file):
		return nil, errUnreadable, true
	case errors.As(err, &source):
		return nil, errNoSource, true
	case errors.As(err, &none), strings.Contains(text, "could not find profile section name"):
		return nil, errNoProfile, true
	case errors.As(err, &role):
		return nil, errNoRole, true
	case unusedForm.MatchString(text):
		return nil, nil, false
	case strings.Contains(text, "partial credentials found"):
		return nil, errHalfKey, true
	case strings.Contains(text, "only one credential type"):
		return nil, errManySources, true
	case strings.Contains(text, "failed to find SSO session section"):
		return nil, errNoSession, true
	}
	return nil, err, true
}

// ofSDK is the SDK's profile as far as it is used here.
func ofSDK(c *config.SharedConfig) *sharedProfile {
	if c == nil {
		return nil
	}
	p := &sharedProfile{
		name: c.Profile, region: c.Region,
		roleARN: c.RoleARN, externalID: c.ExternalID, mfaSerial: c.MFASerial, roleSessionName: c.RoleSessionName,
		sourceProfile: c.SourceProfileName, source: ofSDK(c.Source),
		credentialSource: c.CredentialSource, credentialProcess: c.CredentialProcess, webIdentityTokenFile: c.WebIdentityTokenFile,
		loginSession: c.LoginSession,
		ssoSession:   c.SSOSessionName, ssoRegion: c.SSORegion, ssoStartURL: c.SSOStartURL, ssoAccountID: c.SSOAccountID, ssoRoleName: c.SSORoleName,
		endpointURL: c.BaseEndpoint, metadataEndpoint: c.EC2IMDSEndpoint,
		ignoreEndpoints: c.IgnoreConfiguredEndpoints != nil && *c.IgnoreConfiguredEndpoints,
		servicesName:    c.ServicesSectionName, services: section{values: map[string]value{}},
	}
	p.keys.AccessKeyID, p.keys.SecretAccessKey, p.keys.SessionToken = c.Credentials.AccessKeyID, c.Credentials.SecretAccessKey, c.Credentials.SessionToken
	if c.RoleDurationSeconds != nil {
		p.roleDuration = *c.RoleDurationSeconds
	}
	if c.SSOSession != nil {
		p.sessionRegion = c.SSOSession.SSORegion
	}
	for service, nested := range c.Services.ServiceValues {
		p.services.values[service] = value{nested: nested}
	}
	return p
}

// asSDK is a profile without what the SDK does not keep of a services section.
func asSDK(p *sharedProfile) *sharedProfile {
	if p == nil {
		return nil
	}
	q := *p
	q.source, q.services = asSDK(p.source), section{values: map[string]value{}}
	for service, v := range p.services.values {
		q.services.values[service] = value{nested: v.nested}
	}
	return &q
}

var unexported = cmp.Exporter(func(reflect.Type) bool { return true })

// agree reads a profile in both ways, and looks that they say the same.
func agree(t *testing.T, a *AWS, profile string) {
	t.Helper()
	configuration, credentials := a.files()
	want, why, compared := oracle(configuration, credentials, profile)
	all, err := a.load()
	var got *sharedProfile
	if err != nil {
		err = errUnreadable
	} else {
		got, err = sharedOf(all, profile, map[string]bool{})
	}
	switch {
	case !compared:
	case (err == nil) != (why == nil), !errors.Is(err, why):
		t.Errorf("%q: %v, the SDK says %v", profile, err, why)
	default:
		if diff := cmp.Diff(want, asSDK(got), unexported); diff != "" {
			t.Errorf("%q differs (-SDK +own):\n%s", profile, diff)
		}
	}
}

// keys is a key pair of a section.
const keys = "aws_access_key_id = AKIA1\naws_secret_access_key = hush\n"

const arn = "role_arn = arn:aws:iam::111122223333:role/Build\n"

// sharedFiles are what a profile "x" is read from, and why it cannot be.
var sharedFiles = map[string]struct {
	configuration, credentials string
	why                        error
}{
	"nothing":                      {"", "", errNoProfile},
	"keys":                         {"[profile x]\n" + keys + "aws_session_token = hush2\nregion=eu-west-1", "", nil},
	"keys apart":                   {"[profile x]\nregion = eu-west-1\n", "[x]\n" + keys, nil},
	"keys in both":                 {"[profile x]\naws_access_key_id = A\naws_secret_access_key = B\naws_session_token = C\nregion = r1\n", "[x]\n" + keys + "region = r2\n", nil},
	"without prefix":               {"[x]\n" + keys, "", errNoProfile},
	"prefix in credentials":        {"", "[profile x]\n" + keys, errNoProfile},
	"default":                      {"[default]\nregion = r\n[profile x]\n" + arn + "source_profile = default\n", "[default]\n" + keys, nil},
	"profile default":              {"[default]\n" + keys + "[profile default]\nregion = r\n[profile x]\n" + arn + "source_profile = default\n", "", errNoSource},
	"Default":                      {"[Default]\n" + keys + "[profile x]\n" + arn + "source_profile = Default\n", "", nil},
	"half, id":                     {"[profile x]\naws_access_key_id = A\n", "", errHalfKey},
	"half, secret":                 {"", "[x]\naws_secret_access_key = hush\n", errHalfKey},
	"half over whole":              {"[profile x]\n" + keys, "[x]\naws_access_key_id = A\n", errHalfKey},
	"whole over half":              {"[profile x]\naws_access_key_id = A\n", "[x]\n" + keys, nil},
	"half healed":                  {"[profile x]\naws_access_key_id = A\n", "[x]\nregion = r\n", nil},
	"empty key":                    {"[profile x]\naws_access_key_id =\naws_secret_access_key = hush\n", "", nil},
	"role":                         {"[profile x]\n" + arn + "source_profile = y\nexternal_id = e\nduration_seconds = 900\nrole_session_name = n\nmfa_serial = m\n[profile y]\n" + keys, "", nil},
	"role of a role":               {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + arn + "source_profile = z\n[profile z]\n" + keys, "", nil},
	"role in credentials":          {"[profile x]\nrole_arn = a\nsource_profile = nobody\n", "[x]\n" + arn + "source_profile = y\n[y]\n" + keys, nil},
	"role of itself":               {"[profile x]\n" + arn + "source_profile = x\n" + keys, "", nil},
	"role of itself without keys":  {"[profile x]\n" + arn + "source_profile = x\n", "", errNoSource},
	"role of itself, process":      {"[profile x]\n" + arn + "source_profile = x\ncredential_process = p\n", "", errManySources},
	"round":                        {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + arn + "source_profile = x\n", "", errNoSource},
	"round with SSO":               {"[profile x]\n" + arn + "source_profile = y\nsso_session = s\n[profile y]\n" + arn + "source_profile = x\n[sso-session s]\nsso_region = r\n", "", nil},
	"no source":                    {"[profile x]\n" + arn + "source_profile = nobody\n", "", errNoSource},
	"no source further on":         {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + arn + "source_profile = z\n", "", errNoSource},
	"source with nothing":          {"[profile x]\n" + arn + "source_profile = y\n[profile y]\nregion = r\n", "", errNoSource},
	"source with half":             {"[profile x]\n" + arn + "source_profile = y\n[profile y]\naws_access_key_id = A\n", "", errHalfKey},
	"source with role and keys":    {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + arn + "source_profile = z\n" + keys, "", nil},
	"source of aws login":          {"[profile x]\n" + arn + "source_profile = y\n[profile y]\nlogin_session = l\n", "", errNoSource},
	"source process":               {"[profile x]\n" + arn + "source_profile = y\n[profile y]\ncredential_process = p\n", "", nil},
	"source SSO":                   {"[profile x]\n" + arn + "source_profile = y\n[profile y]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\n[sso-session s]\nsso_region = eu-west-1\nsso_start_url = u\n", "", nil},
	"source without role":          {"[profile x]\nsource_profile = y\n[profile y]\n" + keys, "", errNoRole},
	"machine":                      {"[profile x]\n" + arn + "credential_source = Ec2InstanceMetadata\n", "", nil},
	"machine without role":         {"[profile x]\ncredential_source = Environment\n", "", errNoRole},
	"web":                          {"[profile x]\n" + arn + "web_identity_token_file = /f\n", "", nil},
	"web without role":             {"[profile x]\nweb_identity_token_file = /f\n", "", errNoRole},
	"both sources":                 {"[profile x]\n" + arn + "source_profile = y\ncredential_source = Environment\n[profile y]\n" + keys, "", errManySources},
	"source and process":           {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + keys, "[x]\ncredential_process = p\n", errManySources},
	"process":                      {"[profile x]\ncredential_process = tool --flag \"a b\" # for x\n", "", nil},
	"login":                        {"[profile x]\nlogin_session = arn:aws:iam::111122223333:user/kim\n", "", nil},
	"login in credentials":         {"[profile x]\nlogin_session = a\n", "[x]\nlogin_session = b\n", nil},
	"SSO":                          {"[profile x]\nsso_session = s\nsso_account_id = 1\nsso_role_name = n\n[sso-session s]\nsso_region = eu-west-1\nsso_start_url = u\n", "", nil},
	"SSO, settings doubled":        {"[profile x]\nsso_session = s\nsso_region = r\nsso_start_url = v\n[sso-session s]\nsso_region = eu-west-1\nsso_start_url = u\n", "", nil},
	"SSO, quoted blanks":           {"[profile x]\nsso_session = ' s '\n[sso-session s]\nsso_region = r\n", "", nil},
	"SSO source with a region":     {"[profile x]\n" + arn + "source_profile = y\n[profile y]\nsso_region = r\n", "", nil},
	"SSO without section":          {"[profile x]\nsso_session = s\n", "", errNoSession},
	"SSO section half":             {"[profile x]\nsso_session = s\n[sso-session s]\nsso_start_url = u\n", "", nil},
	"SSO section in credentials":   {"[profile x]\nsso_session = s\n", "[sso-session s]\nsso_region = r\n", nil},
	"SSO section in both":          {"[profile x]\nsso_session = s\n[sso-session s]\nsso_region = r\nsso_start_url = u\n", "[sso-session s]\nsso_region = r2\n", nil},
	"SSO section as profile":       {"[profile x]\nsso_session = s\n[sso-session s]\nsso_region = r\n[profile sso-session s]\nsso_region = r2\n", "", nil},
	"SSO, older":                   {"[profile x]\nsso_region = r\nsso_start_url = u\nsso_account_id = 1\nsso_role_name = n\n", "", nil},
	"SSO, older, incomplete":       {"[profile x]\nsso_start_url = u\n", "", nil},
	"SSO and role":                 {"[profile x]\n" + arn + "source_profile = y\nsso_start_url = u\nsso_account_id = 1\n[profile y]\n" + keys, "", nil},
	"endpoint":                     {"[profile x]\n" + keys + "endpoint_url = http://e\nec2_metadata_service_endpoint = http://m\n", "", nil},
	"endpoint in credentials":      {"[profile x]\n", "[x]\n" + keys + "endpoint_url = http://e\nec2_metadata_service_endpoint = http://m\nservices = s\n", nil},
	"endpoint in credentials only": {"", "[x]\n" + keys + "endpoint_url = http://e\n", nil},
	"endpoint ignored":             {"[profile x]\n" + keys + "ignore_configured_endpoint_urls = TRUE\nendpoint_url = http://e\n", "", nil},
	"endpoint not ignored":         {"[profile x]\n" + keys + "ignore_configured_endpoint_urls = yes\nendpoint_url = http://e\n", "", nil},
	"services":                     {"[profile x]\n" + keys + "services = s\n[services s]\nsts =\n  endpoint_url = http://e # not a comment\n  other : o\niam =\n\tENDPOINT_URL=http://i\n", "", nil},
	"services elsewhere":           {"[profile x]\n" + keys + "services = none\n", "", nil},
	"services of a source":         {"[profile x]\n" + arn + "source_profile = y\n[profile y]\ncredential_process = p\nservices = s\n[services s]\nsts =\n  endpoint_url = http://e\n", "", nil},
	"services of a source's keys":  {"[profile x]\n" + arn + "source_profile = y\n[profile y]\n" + keys + "services = s\n[services s]\nsts =\n  endpoint_url = http://e\n", "", nil},
	"nested in a profile":          {"[profile x]\ns3 =\n  role_arn = a\n  source_profile = b\nregion = r\n", "", nil},
	"nested without a key":         {"[profile x]\n  region = r # it is\n  role_arn = a\n", "", nil},
	"continued":                    {"[profile x]\ncredential_process = tool\n  --flag\n\t--other # kept\nregion = r\n", "", nil},
	"profile of a profile":         {"[profile profile x]\nregion = a\n[profile x]\nregion = b\n[profile profile profile x]\nregion = c\n", "", nil},
	"comment of a section":         {"[profile x] ; c\nregion = r\n[profile x;y]\nregion = s\n", "", nil},
	"comments":                     {"# a\n ; b\n[profile x] # c\nregion = r;s #t\nrole_arn = a#b\texternal\t#c\n", "", nil},
	"quotes":                       {"[profile x]\nregion = 'r'\nexternal_id = \"e\nrole_session_name = ''\nmfa_serial = '\"m\"'\n", "", nil},
	"colons and capitals":          {"[profile x]\nREGION : r = s\nexternal_id = a:b\nrole_session_name=n=o\n", "", nil},
	"twice":                        {"[profile x]\nregion = a\n" + keys + "[profile y]\n[profile x]\nregion = b\nregion = c\n", "", nil},
	"blanks":                       {"  [\tprofile \t x  ]  \r\nregion = r \r\n" + strings.ReplaceAll(keys, "\n", "\r\n"), "", nil},
	"no section":                   {"region = r\n[profile x\n" + keys + "[profile x]\n= v\nnonsense\n  k = w\nregion\n", "", nil},
	"duration":                     {"[profile x]\nduration_seconds = 0x10\n", "", nil},
	"duration, not a number":       {"[profile x]\nduration_seconds = long\n", "", nil},
	"duration, beyond all":         {"[profile x]\nduration_seconds = 9223372036854775807\n", "", nil},
	"duration in credentials":      {"[profile x]\nduration_seconds = 1\n", "[x]\nduration_seconds = 2\n", nil},
	// What differs.
	"unused, wrong": {"[profile x]\n" + keys + "max_attempts = many\n", "", nil},
	"lone quote":    {"[profile x]\nregion = '\n" + keys, "", nil},
	"no name":       {"[]\n[profile x]\n[ ]\n" + keys, "", nil},
}

func TestSharedReadsAsTheSDK(t *testing.T) {
	for name, c := range sharedFiles {
		t.Run(name, func(t *testing.T) {
			a := at(t, &desk{}, fixedClock, homeWith(t, c.configuration, c.credentials))
			all, err := a.load()
			if err != nil {
				t.Fatal(err)
			}
			p, err := sharedOf(all, "x", map[string]bool{})
			if !errors.Is(err, c.why) {
				t.Errorf("%v, not %v", err, c.why)
			}
			if said := fmt.Sprintf("%v|%+v|%#v|%s|%q|%v", p, all["x"], all["x"], all, all, err); strings.Contains(said, "hush") {
				t.Errorf("a secret is told: %s", said)
			}
			for profile := range all {
				agree(t, a, profile)
			}
			agree(t, a, "x")
			agree(t, a, "")
		})
	}
}

// pieces are what lines of a file are put together from.
var pieces = [][]string{
	{"", "", "", "", " ", "\t", "  "},
	{
		"[profile x]", "[profile y]", "[x]", "[y]", "[default]", "[Default]", "[profile default]", "[sso-session s]", "[services s]", "[profile profile x]",
		"[profile sso-session s]", "[ profile\tx ]", "[profile x y]", "[", "]", "[]", "#", ";", "sts", "iam =", "=", "more",
		"aws_access_key_id", "aws_secret_access_key", "aws_access_key_id = A", "aws_secret_access_key = B", "aws_session_token", "role_arn", "source_profile", "source_profile = y",
		"source_profile = x", "source_profile = default", "credential_source", "credential_process", "web_identity_token_file", "sso_session = s", "sso_region", "sso_start_url",
		"login_session", "services = s", "endpoint_url", "ec2_metadata_service_endpoint", "ignore_configured_endpoint_urls = true", "duration_seconds", "Region",
	},
	{"", "", " ", " = ", " = ", "=", ":", " : ", "\t=\t"},
	{"", "a", "b", "12", "'c'", "\"d\"", "'e", "f #g", "h ;i", "j#k", "l = m", "n:o", "[p]", "\u00a0q\u00a0"},
	{"\n", "\n", "\n", "\n", "\n", "\r\n", " \n", "\n\n", " # r\n", "\t; s\n", ""},
}

// madeUp is a file of any lines.
func madeUp(r *rand.Rand) string {
	var text strings.Builder
	text.WriteString([]string{"[profile x]\n", "[x]\n", "[default]\n", ""}[r.IntN(4)])
	for range r.IntN(24) {
		for _, p := range pieces {
			text.WriteString(p[r.IntN(len(p))])
		}
	}
	return text.String()
}

// TestSharedReadsAnythingAsTheSDK: files that nobody would write.
func TestSharedReadsAnythingAsTheSDK(t *testing.T) {
	env := homeWith(t, "", "")
	a := at(t, &desk{}, fixedClock, env)
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	for i := range 1000 {
		made := [2]string{madeUp(r), madeUp(r)}
		for n, name := range []string{"config", "credentials"} {
			if err := os.WriteFile(filepath.Join(env["HOME"], ".aws", name), []byte(made[n]), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, profile := range []string{"x", "y", "default", "Default", "x y", "profile x", "sso-session s"} {
			agree(t, a, profile)
		}
		if t.Failed() {
			t.Fatalf("seed %d, file %d:\n%s\n--\n%s", seed, i, made[0], made[1])
		}
	}
}

// TestSharedFilesThatCannotBeRead: one that is not there is empty, and one that is
// no file is told by its path.
func TestSharedFilesThatCannotBeRead(t *testing.T) {
	env := homeWith(t, "[profile x]\n"+keys, "")
	a := at(t, &desk{}, fixedClock, env)
	credentials := filepath.Join(env["HOME"], ".aws", "credentials")
	for _, change := range []func() error{
		func() error { return os.Remove(credentials) },
		func() error { return os.Mkdir(credentials, 0o700) },
	} {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		agree(t, a, "x")
	}
	_, err := a.shared("x")
	p := wantProblem(t, err, account.AWSNoCredentials, "x")
	if !strings.Contains(p.Message, credentials) {
		t.Errorf("it says %q", p.Message)
	}
	if all, err := a.Profiles(ctxOf(t)); err != nil || len(all) != 1 {
		t.Errorf("listed %v, %v", all, err)
	}
	env["AWS_SHARED_CREDENTIALS_FILE"] = filepath.Join(env["HOME"], "large")
	if err := os.WriteFile(env["AWS_SHARED_CREDENTIALS_FILE"], make([]byte, filesMost+1), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = a.shared("x")
	wantProblem(t, err, account.AWSNoCredentials, "x")
}

// bracketed are the names between the brackets of a text.
var bracketed = regexp.MustCompile(`\[([^\]\n]*)\]`)

func FuzzShared(f *testing.F) {
	for _, c := range sharedFiles {
		f.Add(c.configuration, c.credentials)
	}
	f.Add(configuration, credentialsFile)
	f.Add("[a]\n=x\n[]\n[b\nkey=1\n\xff[c]\r\nregion = \x1b[2J", "")
	dir := f.TempDir()
	env := map[string]string{"AWS_CONFIG_FILE": filepath.Join(dir, "config"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(dir, "credentials")}
	a := New(nil, fixedClock, func(name string) string { return env[name] })
	f.Fuzz(func(t *testing.T, configuration, credentials string) {
		for name, text := range map[string]string{"AWS_CONFIG_FILE": configuration, "AWS_SHARED_CREDENTIALS_FILE": credentials} {
			if err := os.WriteFile(env[name], []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		all, err := a.load()
		if err != nil {
			t.Fatal(err)
		}
		asked := map[string]bool{"x": true, "default": true, "": true}
		for name := range all {
			asked[name] = true
		}
		for _, m := range bracketed.FindAllStringSubmatch(configuration+"\n"+credentials, -1) {
			asked[m[1]] = true
			asked[strings.TrimPrefix(m[1], profilePrefix)] = true
		}
		for name := range asked {
			agree(t, a, name)
		}
		listed, err := a.Profiles(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range listed {
			if _, ok := all[l.Name]; !ok || l.Name != account.Clean(l.Name, 200) {
				t.Errorf("%q is listed", l.Name)
			}
		}
	})
}
