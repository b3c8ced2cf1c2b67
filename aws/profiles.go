package aws

import (
	"cmp"
	"context"
	"maps"
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
	environment := false
	if a.env("AWS_ACCESS_KEY_ID") != "" && a.env("AWS_SECRET_ACCESS_KEY") != "" {
		region, _ := account.ParseAWSRegion(a.envRegion())
		environment = true
		all = append(all, account.AWSNamed{Name: Environment, Kind: kindEnvironment, Region: region})
	}
	found, _ := a.load() // what cannot be read is told when a profile is used
	for _, name := range slices.SortedFunc(maps.Keys(found), func(x, y string) int {
		return cmp.Or(cmp.Compare(strings.ToLower(x), strings.ToLower(y)), cmp.Compare(x, y))
	}) {
		s := found[name]
		kind := kindOf(s)
		if kind == "" || strings.HasPrefix(name, sessionPrefix) || strings.HasPrefix(name, servicesPrefix) ||
			name != account.Clean(name, 200) || name == Environment && environment {
			continue
		}
		region, _ := account.ParseAWSRegion(s.text("region"))
		all = append(all, account.AWSNamed{Name: name, Kind: kind, Region: region})
	}
	return all, nil
}

func (a *AWS) envRegion() string { return cmp.Or(a.env("AWS_REGION"), a.env("AWS_DEFAULT_REGION")) }

// kindOf is how a profile gets its credentials; "" where it has none of its own.
// Half of a key pair is told when the profile is used.
func kindOf(s section) string {
	for _, k := range []struct{ key, kind string }{
		{"role_arn", kindRole},
		{keyID, kindKey},
		{"sso_session", kindSSO},
		{"sso_start_url", kindSSO},
		{"login_session", kindLogin},
		{"credential_process", kindProcess},
	} {
		if s.text(k.key) != "" {
			return k.kind
		}
	}
	return ""
}
