package aws

import "github.com/axiomio/xops-onboard/account"

// shownVariables are those of AWS that change where this program looks, and those
// that change where others call and it does not obey.
// Source: docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html.
var shownVariables = []struct{ name, does string }{
	{"AWS_CONFIG_FILE", "profiles are read from there"},
	{"AWS_SHARED_CREDENTIALS_FILE", "profiles are read from there"},
	{"AWS_LOGIN_CACHE_DIRECTORY", "sessions of aws login are read from there"},
	{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "what sends calls elsewhere than to AWS is passed over"},
	{"AWS_PROFILE", "not obeyed: a profile is named"},
	{"AWS_USE_FIPS_ENDPOINT", "not obeyed"},
	{"AWS_USE_DUALSTACK_ENDPOINT", "not obeyed"},
	{"AWS_STS_REGIONAL_ENDPOINTS", "not obeyed: the region's own is asked"},
}

// Settings are the variables of AWS that change where calls go, or where profiles are
// read: AWSEndpoint for those that would send calls elsewhere, which this program
// refuses. Their values are not told.
func (a *AWS) Settings() (found []account.Finding) {
	refused := a.elsewhere() != nil
	for _, name := range endpointVariables {
		if a.env(name) == "" {
			continue
		}
		f := account.Finding{Check: account.Check{Name: account.VariableSet, State: account.Holds, Detail: []string{"passed over"}}, Subject: name}
		if refused {
			f.State, f.Detail, f.Problem = account.Missing, nil, &account.Problem{Kind: account.AWSEndpoint, Subject: name}
		}
		found = append(found, f)
	}
	for _, v := range shownVariables {
		if a.env(v.name) != "" {
			found = append(found, account.Finding{Check: account.Check{Name: account.VariableSet, State: account.Holds, Detail: []string{v.does}}, Subject: v.name})
		}
	}
	for i := range found {
		found[i].At = a.now()
	}
	return found
}
