package simaws

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// accessToken is a sign-in at IAM Identity Center.
type accessToken struct {
	expires time.Time
	grants  []grant
}

// grant is an account and a permission set that somebody may use in it.
type grant struct {
	account *Account
	set     string
	user    string
}

// Assign gives a person a permission set in the account: one that allows
// everything, or what is in actions. It makes the role that IAM Identity Center
// makes for it, and is used with an access token, see [Cloud.SignIn].
func (a *Account) Assign(user, set string, administrator bool, actions ...string) Assignment {
	g := grant{a, set, user}
	a.c.set(func() {
		name := "AWSReservedSSO_" + set + "_" + word(16, "0123456789abcdef")
		r := &role{account: a, name: name, path: "/aws-reserved/sso.amazonaws.com/", id: uniqueID("AROA"), maxSession: 43200, created: a.c.now().UTC(), bound: map[string]string{}}
		r.trustText = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sso.amazonaws.com"},"Action":["sts:AssumeRole","sts:TagSession"]}]}`
		r.trust, _ = parsePolicy(r.trustText, trust)
		if administrator {
			r.managed = append(r.managed, a.managedARN("AdministratorAccess"))
		}
		if len(actions) > 0 {
			r.inline = append(r.inline, inline{"AwsSSOInlinePolicy", marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Action": actions, "Resource": "*"}}}), mustAllow(actions)})
		}
		a.roles = append(a.roles, r)
	})
	return Assignment{g}
}

// Assignment is a permission set of a person in an account.
type Assignment struct{ g grant }

// SignIn is a sign-in at IAM Identity Center that holds for so long: the access
// token that the AWS tools keep.
func (c *Cloud) SignIn(lasts time.Duration, of ...Assignment) string {
	token := "aoaAAAAA" + letters(64)
	t := &accessToken{expires: c.now().Add(lasts)}
	for _, a := range of {
		t.grants = append(t.grants, a.g)
	}
	c.set(func() { c.tokens[token] = t })
	return token
}

// portal answers for the portal of IAM Identity Center.
// Source: docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html.
func (k *call) portal() *answer {
	if k.r.Method != http.MethodGet || k.r.URL.Path != "/federation/credentials" {
		return k.refusal(notPlayed("%s %s", k.r.Method, k.r.URL.Path))
	}
	v, f := k.roleCredentials()
	if f != nil {
		return k.refusal(f)
	}
	return &answer{status: http.StatusOK, header: http.Header{"Content-Type": {"application/json"}}, body: marshal(v)}
}

func (k *call) roleCredentials() (any, *failure) {
	t, ok := k.c.tokens[k.r.Header.Get("X-Amz-Sso_bearer_token")]
	if !ok || !k.now.Before(t.expires) {
		return nil, refuse(http.StatusUnauthorized, "UnauthorizedException", "Session token not found or invalid")
	}
	q := k.r.URL.Query()
	number, set := q.Get("account_id"), q.Get("role_name")
	i := slices.IndexFunc(t.grants, func(g grant) bool { return g.account.spec.Number == number && g.set == set })
	if i < 0 {
		return nil, refuse(http.StatusForbidden, "ForbiddenException", "No access")
	}
	g := t.grants[i]
	r := find(g.account.roles, func(r *role) bool { return strings.HasPrefix(r.name, "AWSReservedSSO_"+set+"_") })
	if r == nil {
		return nil, refuse(http.StatusNotFound, "ResourceNotFoundException", "No such role")
	}
	s := k.c.session(&principal{account: g.account, role: r, issued: k.now}, g.user, k.now, 3600)
	return map[string]any{"roleCredentials": map[string]any{
		"accessKeyId": s.id, "secretAccessKey": s.secret, "sessionToken": s.token, "expiration": s.expires.UnixMilli(),
	}}, nil
}
