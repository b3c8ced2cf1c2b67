package simcloud

import (
	"slices"
	"strings"
)

// scopes is what an app asks for on a person's behalf.
type scopes struct {
	echo     []string // as they were spelled, without those of OpenID Connect
	values   []string // delegated permissions of the resource
	resource string   // root of the Microsoft Graph or Azure Resource Manager they are for
	preset   bool     // .default: what the app was consented to
	openid   bool
	offline  bool
}

// readScopes reads the scope parameter. A scope without a resource is Microsoft
// Graph's own, of the cloud given. Permissions are told in any case.
// Source: learn.microsoft.com/entra/identity-platform/scopes-oidc.
func (v *visit) readScopes(text, graphRoot string) (scopes, *signInError) {
	var s scopes
	if strings.TrimSpace(text) == "" {
		return s, missing("scope")
	}
	for _, one := range strings.Fields(text) {
		switch strings.ToLower(one) {
		case "openid":
			s.openid = true
		case "offline_access":
			s.offline = true
		case "profile", "email":
		default:
			if e := v.addScope(&s, one, graphRoot); e != nil {
				return s, e
			}
		}
	}
	if s.resource == "" {
		s.resource = graphRoot
	}
	if s.preset && len(s.values) > 0 {
		return s, badRequest(70011, "The provided value for the input parameter 'scope' is not valid. One or more scopes in '%s' are not compatible with each other.", text).as("invalid_scope")
	}
	return s, nil
}

func (v *visit) addScope(s *scopes, one, graphRoot string) *signInError {
	resource, value := graphRoot, one
	if i := strings.LastIndex(one, "/"); i >= 0 {
		resource, value = strings.TrimSuffix(one[:i], "/"), one[i+1:]
	}
	if s.resource != "" && s.resource != resource {
		return badRequest(28000, "Provided value for the input parameter scope is not valid because it contains more than one resource. Scope %s is not valid.", one).as("invalid_request")
	}
	if !v.offers(resource) {
		return badRequest(500011, "The resource principal named %s was not found in the tenant. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.", resource).as("invalid_resource")
	}
	s.resource, s.echo = resource, append(s.echo, one)
	if value == ".default" {
		s.preset = true
		return nil
	}
	known, ok := delegatedNamed(resource, value)
	if !ok {
		return badRequest(650053, "The application asked for scope '%s' that doesn't exist on the resource '%s'. Contact the app vendor.", value, appOf(resource)).as("invalid_client")
	}
	if !slices.Contains(s.values, known) {
		s.values = append(s.values, known)
	}
	return nil
}

// Azure Resource Manager's own app, the same in every tenant, and its one
// delegated permission.
// Source: learn.microsoft.com/entra/identity-platform/v2-admin-consent and
// learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in.
const (
	armAppID      = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
	impersonation = "user_impersonation"
)

// appOf is the app id of a resource.
func appOf(resource string) string {
	if isGraph(resource) {
		return graphAppID
	}
	return armAppID
}

// delegatedNamed is the spelling of a delegated permission of a resource.
func delegatedNamed(resource, value string) (string, bool) {
	if !isGraph(resource) {
		return impersonation, strings.EqualFold(value, impersonation)
	}
	for _, p := range permissions {
		if p.kind == Delegated && strings.EqualFold(p.value, value) {
			return p.value, true
		}
	}
	for _, c := range firstParty {
		for _, f := range c.fixed {
			if strings.EqualFold(f, value) {
				return f, true
			}
		}
	}
	return "", false
}

// text is the scope of an answer: what was asked for as it was spelled, and
// after it what else the token allows.
func (s scopes) text(has []string) string {
	all := slices.Clone(s.echo)
	for _, h := range has {
		if !slices.Contains(s.values, h) {
			all = append(all, s.resource+"/"+h)
		}
	}
	return strings.Join(all, " ")
}
