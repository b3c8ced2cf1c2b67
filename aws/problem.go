package aws

import (
	"net/http"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// This file alone says what an answer of AWS means.

// clockBound is how far AWS lets a request's time be off.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html.
const clockBound = 5 * time.Minute

// refusal is AWS saying no, in its own words. All texts are cleaned.
type refusal struct {
	service service
	action  string
	region  account.AWSRegion
	code    string
	message string
	answer  rest.Answer
}

// Error is the code and the message.
func (r *refusal) Error() string {
	return string(r.service) + ":" + r.action + ": " + r.code + ": " + r.message
}

// said tells whether the message has one of the texts in it, in any case of letters.
func (r *refusal) said(texts ...string) bool { return holdsAny(r.message, texts...) }

func holdsAny(s string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(s), strings.ToLower(t)) {
			return true
		}
	}
	return false
}

// clockOff tells whether this machine's clock is further off than AWS allows.
func (r *refusal) clockOff() (time.Duration, bool) {
	ahead, ok := r.answer.Ahead()
	return ahead, ok && ahead.Abs() > clockBound
}

// problem is the refusal as a person can do something about it.
func (r *refusal) problem() *account.Problem {
	p := &account.Problem{
		Kind: account.Unexpected, Code: r.code, Message: r.message, Status: r.answer.Status,
		RequestID: r.answer.RequestID, ServerTime: r.answer.Date, Wait: r.answer.Wait,
	}
	ahead, off := r.clockOff()
	session := r.service == rolesanywhere && r.action == createSession
	switch {
	case r.throttled():
		p.Kind = account.Throttled
	case r.answer.Status >= 500:
		p.Kind, p.Subject = account.Unavailable, r.service.host(r.region)
	case r.ofClock(), off && r.ofSignature(), off && session && r.denied():
		p.Kind, p.Skew = account.ClockOff, ahead
	case session:
		p.Kind, p.Subject = r.session()
	default:
		p.Kind, p.Subject = r.kind()
	}
	return p
}

// kind is what the codes mean that all services share. The four names of a
// denial are one.
func (r *refusal) kind() (account.Kind, string) {
	switch r.code {
	case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
		return account.AWSKeyUnknown, ""
	case "SignatureDoesNotMatch", "InvalidSignatureException":
		return account.AWSSecretWrong, ""
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired":
		return account.AWSSignInOver, ""
	case "RegionDisabledException", "OptInRequired", "AuthFailure":
		return account.AWSRegionOff, string(r.region)
	case "EntityAlreadyExists", "EntityAlreadyExistsException", "AlreadyExistsException":
		return account.AWSNameTaken, ""
	case "LimitExceeded", "LimitExceededException", "ServiceQuotaExceededException", "AccountLimitExceeded":
		return account.QuotaReached, ""
	case "NoSuchEntity", "NoSuchEntityException", "ResourceNotFoundException":
		return account.AWSGone, r.gone()
	case "OperationInProgressException", "ConcurrentModification", "ConcurrentModificationException":
		return account.AWSStackBusy, ""
	case "MalformedPolicyDocument", "MalformedPolicyDocumentException", "ValidationError", "ValidationException",
		"InsufficientCapabilitiesException", "InsufficientCapabilities", "PackedPolicyTooLarge", "InvalidInput":
		return account.AWSTemplate, ""
	}
	if r.denied() {
		return denial(r.message, string(r.service)+":"+r.action)
	}
	return account.Unexpected, ""
}

// session is what CreateSession's refusals mean: nearly all of them are one
// AccessDeniedException, and only the text tells them apart. What is signed, and
// so wrong on this side, was looked at before the call.
func (r *refusal) session() (account.Kind, string) {
	switch {
	case r.said("untrusted certificate", "insufficient certificate", "untrusted signing certificate", "mapped into session tags"):
		return account.AWSUntrusted, ""
	case r.said("unable to assume role"):
		return account.AWSRoleNotTaken, ""
	case r.said("disabled", "not enabled"):
		return account.AWSDisabled, r.gone()
	case r.code == "ResourceNotFoundException":
		return account.AWSGone, r.gone()
	}
	return r.kind()
}

// gone is which of the link's three things a message is about.
func (r *refusal) gone() string {
	switch {
	case r.said("trust anchor", "trust-anchor", "trustanchor"):
		return "trust anchor"
	case r.said("profile"):
		return "profile"
	case r.said("role"):
		return "role"
	}
	switch r.action {
	case "GetTrustAnchor":
		return "trust anchor"
	case "GetProfile":
		return "profile"
	case createSession:
		return "trust anchor or profile"
	}
	if r.service == iam {
		return "role"
	}
	return string(r.service)
}

// denied tells whether it is a want of rights.
func (r *refusal) denied() bool {
	switch r.code {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException", "ForbiddenException":
		return true
	}
	return false
}

func (r *refusal) ofSignature() bool {
	return r.code == "SignatureDoesNotMatch" || r.code == "InvalidSignatureException"
}

// ofClock tells whether it says itself that the time is wrong.
func (r *refusal) ofClock() bool {
	switch r.code {
	case "RequestExpired", "RequestTimeTooSkewed", "RequestInTheFuture":
		return true
	}
	return r.said("signature expired", "signature not yet current")
}

// throttled tells whether it is asked to be called less often; only some services
// say so with status 429.
func (r *refusal) throttled() bool {
	switch r.code {
	case "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled", "RequestThrottledException",
		"TooManyRequestsException", "RequestLimitExceeded", "SlowDown", "PriorRequestNotComplete", "BandwidthLimitExceeded":
		return true
	}
	return r.answer.Status == http.StatusTooManyRequests
}

var actionForm = account.Lazily(`not authorized to perform:? ([a-z0-9-]+:[A-Za-z]+)`)

// denial says by whom something was denied, and what: the action that the message
// names, else the one that was asked for.
func denial(message, action string) (account.Kind, string) {
	if m := actionForm().FindStringSubmatch(message); m != nil {
		action = m[1]
	}
	if holdsAny(message, "service control policy", "resource control policy") {
		return account.AWSOrganization, action
	}
	return account.AWSDenied, action
}

// stackProblem is why a stack failed, by the reason of the first resource that did.
func stackProblem(stack, resource, reason string) *account.Problem {
	p := &account.Problem{Kind: account.AWSStackFailed, Subject: stack, Message: reason}
	switch {
	case holdsAny(reason, "already exists"):
		p.Kind, p.Subject = account.AWSNameTaken, resource
	case holdsAny(reason, "service control policy", "resource control policy", "not authorized to perform", "access denied", "accessdenied"):
		p.Kind, p.Subject = denial(reason, resource)
	case holdsAny(reason, "limitexceeded", "limit exceeded", "quota"):
		p.Kind, p.Subject = account.QuotaReached, resource
	}
	return p
}
