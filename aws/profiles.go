package aws

import (
	"cmp"
	"context"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// Environment is the name under which the credentials of the environment are
// offered and used. A profile of that name stands back behind them.
const Environment = "environment"

// The kinds of profiles.
const (
	kindSSO         = "SSO"
	kindRole        = "role"
	kindKey         = "access key"
	kindLogin       = "login"
	kindProcess     = "process"
	kindEnvironment = "environment"
)

// filesMost is how much is read of a configuration file.
const filesMost = 4 << 20

// Profiles are the profiles of the AWS configuration files that say how to get
// credentials, in order of their names, and first the environment's where it has
// an access key. It makes no call. A file that is not there or cannot be read has
// none, as for the AWS CLI. Names and regions that are not plain text are left
// out: nobody could tell what was chosen.
func (a *AWS) Profiles(ctx context.Context) ([]account.AWSNamed, error) {
	if err := ctx.Err(); err != nil {
		return nil, &account.Problem{Kind: account.Cancelled, Err: err}
	}
	var all []account.AWSNamed
	if a.env("AWS_ACCESS_KEY_ID") != "" && a.env("AWS_SECRET_ACCESS_KEY") != "" {
		region, _ := account.ParseAWSRegion(a.envRegion())
		all = append(all, account.AWSNamed{Name: Environment, Kind: kindEnvironment, Region: region})
	}
	configuration, credentials := a.files()
	found := map[string]map[string]string{}
	for name, keys := range sections(readFile(configuration)) {
		if profile, ok := strings.CutPrefix(name, "profile "); ok {
			merge(found, strings.TrimSpace(profile), keys)
		} else if strings.EqualFold(name, "default") {
			merge(found, "default", keys)
		}
	}
	for name, keys := range sections(readFile(credentials)) {
		merge(found, name, keys)
	}
	var named []account.AWSNamed
	for name, keys := range found {
		kind := kindOf(keys)
		if kind == "" || name != account.Clean(name, 200) || name == Environment && len(all) > 0 {
			continue
		}
		region, _ := account.ParseAWSRegion(keys["region"])
		named = append(named, account.AWSNamed{Name: name, Kind: kind, Region: region})
	}
	slices.SortFunc(named, func(x, y account.AWSNamed) int {
		return cmp.Or(cmp.Compare(strings.ToLower(x.Name), strings.ToLower(y.Name)), cmp.Compare(x.Name, y.Name))
	})
	return append(all, named...), nil
}

func (a *AWS) envRegion() string { return cmp.Or(a.env("AWS_REGION"), a.env("AWS_DEFAULT_REGION")) }

func merge(into map[string]map[string]string, name string, keys map[string]string) {
	if into[name] == nil {
		into[name] = map[string]string{}
	}
	for k, v := range keys {
		into[name][k] = v
	}
}

// kindOf is how a profile gets its credentials; "" where it has none of its own.
func kindOf(keys map[string]string) string {
	for _, k := range []struct{ key, kind string }{
		{"role_arn", kindRole},
		{"aws_access_key_id", kindKey},
		{"sso_session", kindSSO},
		{"sso_start_url", kindSSO},
		{"login_session", kindLogin},
		{"credential_process", kindProcess},
	} {
		if keys[k.key] != "" {
			return k.kind
		}
	}
	return ""
}

func readFile(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, filesMost))
	if err != nil {
		return ""
	}
	return string(b)
}

// sections reads the sections of a configuration file, with the values that
// stand right below them; what is indented belongs to a value and is not read. It
// is for the list alone, and holds no secret: SignIn reads a profile by the SDK's
// own rules.
// Source: docs.aws.amazon.com/sdkref/latest/guide/file-format.html.
func sections(text string) map[string]map[string]string {
	all := map[string]map[string]string{}
	var into map[string]string
	for line := range strings.Lines(text) {
		plain := strings.TrimSpace(line)
		switch {
		case plain == "", plain[0] == '#', plain[0] == ';':
		case plain[0] == '[':
			name, _, ok := strings.Cut(plain[1:], "]")
			if into = nil; !ok {
				continue
			}
			name = strings.Join(strings.Fields(name), " ")
			if all[name] == nil {
				all[name] = map[string]string{}
			}
			into = all[name]
		case line[0] == ' ', line[0] == '\t', into == nil:
		default:
			key, value, ok := strings.Cut(plain, "=")
			key = strings.ToLower(strings.TrimSpace(key))
			if !ok || key == "aws_secret_access_key" || key == "aws_session_token" {
				continue
			}
			into[key] = strings.TrimSpace(value)
		}
	}
	return all
}
