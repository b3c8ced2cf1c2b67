package azure

import (
	"errors"
	"net/http"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// kinds are the refusals of Azure Resource Manager by their code, in lower case.
// Source: learn.microsoft.com/azure/role-based-access-control/troubleshooting,
// learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors
// and learn.microsoft.com/azure/azure-resource-manager/management/lock-resources.
var kinds = map[string]account.Kind{
	"authorizationfailed":       account.AzureRoleMissing,
	"linkedauthorizationfailed": account.AzureRoleMissing,

	"denyassignmentauthorizationfailed": account.AssignmentLocked,
	"scopelocked":                       account.AssignmentLocked,
	"requestdisallowedbypolicy":         account.AssignmentLocked,
	"readonlydisabledsubscription":      account.AssignmentLocked,

	"subscriptionnotfound":  account.ScopeNotFound,
	"invalidsubscriptionid": account.ScopeNotFound,

	"principalnotfound":           account.PrincipalSpreading,
	"unmatchedprincipaltype":      account.PrincipalWrong,
	"invalidprincipalid":          account.PrincipalWrong,
	"roleassignmentlimitexceeded": account.AssignmentsFull,

	"invalidauthenticationtokentenant": account.WrongTenant,
}

// exists is the code of an assignment that is there under another name.
const exists = "RoleAssignmentExists"

// whose is whose token was sent.
type whose bool

const (
	apps    whose = false
	persons whose = true
)

// problemOf classifies why something was not answered or not done.
func problemOf(err error, w whose) *account.Problem {
	var r *rest.Refusal
	if !errors.As(err, &r) {
		return account.AsProblem(err)
	}
	p := r.Problem(kindOf(r, w))
	switch p.Kind {
	case account.AzureRoleMissing:
		p.Subject = denied(r.Text)
	case account.WrongTenant:
		p.Subject = rightTenant(r.Text)
	case account.ScopeNotFound:
		p.Subject = quoted(r.Text)
	}
	return p
}

func kindOf(r *rest.Refusal, w whose) account.Kind {
	if k, ok := kinds[strings.ToLower(r.Code)]; ok {
		return k
	}
	switch {
	case r.Status == http.StatusUnauthorized && w == persons:
		return account.SignInOver
	case r.Status == http.StatusUnauthorized:
		return account.TokenRefused
	case r.Status == http.StatusNotFound:
		return account.ScopeNotFound
	case strings.Contains(strings.ToLower(r.Text), "reader level access is required"):
		return account.AzureRoleMissing
	}
	return account.Unexpected
}

var (
	deniedText = account.Lazily(`(?i)perform action '([^']{1,200})' over scope '([^']{1,400})`)
	tenantText = account.Lazily(`(?i)must match the tenant '[^']{0,100}?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})`)
	quotedText = account.Lazily(`'([^']{1,300})'`)
)

// denied is the action and the scope that a refusal names.
func denied(text string) string {
	m := deniedText().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return rest.Text(m[1]+" at "+m[2], 400)
}

// rightTenant is the id of the tenant whose token it would have taken.
func rightTenant(text string) string {
	m := tenantText().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return strings.ToLower(m[1])
}

func quoted(text string) string {
	m := quotedText().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return rest.Text(lastPart(m[1]), longestText)
}

// said tells whether err is a refusal with that code.
func said(err error, code string) bool {
	var r *rest.Refusal
	return errors.As(err, &r) && r.Has(code)
}

// refused tells whether err says that the roles in force do not allow it.
func refused(err error) bool {
	return err != nil && problemOf(err, apps).Kind == account.AzureRoleMissing
}

// bare is a GUID without dashes, as RoleAssignmentExists names one.
var bare = account.Lazily(`(?i)\b([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\b`)

// existing is the name of the assignment that a refusal says is there; empty in
// the older wording, which names none.
func existing(err error) string {
	var r *rest.Refusal
	if !errors.As(err, &r) {
		return ""
	}
	m := bare().FindStringSubmatch(r.Text)
	if m == nil {
		return ""
	}
	return strings.ToLower(strings.Join(m[1:], "-"))
}
