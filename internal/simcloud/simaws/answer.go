package simaws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// answer is what goes back.
type answer struct {
	status int
	header http.Header
	body   string
}

// failure is a refusal. Its code is that of the Query protocol; the other
// protocols' names for it follow from it.
type failure struct {
	status  int
	code    string
	message string
}

func refuse(status int, code, format string, args ...any) *failure {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &failure{status, code, format}
}

// invalid is a request that does not hold to the model.
func invalid(format string, args ...any) *failure {
	return refuse(http.StatusBadRequest, "ValidationError", format, args...)
}

// violation is how the services speak of one value that does not fit.
func violation(value, at, must string) *failure {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, at, must)
}

// missing is a value that is required and is not there.
func missing(at string) *failure {
	return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", at)
}

// notPlayed is for what the real service does and this one does not.
func notPlayed(format string, args ...any) *failure {
	return refuse(http.StatusNotImplemented, "NotImplemented", "The simulated cloud does not play this: "+format, args...)
}

// otherNames are what the protocols other than Query call a refusal.
var otherNames = map[service]map[string]string{
	rolesAnywhere: restNames,
	portal:        restNames,
	oidc:          restNames,
	organizations: {
		"AccessDenied": "AccessDeniedException", "InvalidClientTokenId": "UnrecognizedClientException",
		"SignatureDoesNotMatch": "InvalidSignatureException", "ExpiredToken": "ExpiredTokenException",
		"MissingAuthenticationToken": "MissingAuthenticationTokenException", "IncompleteSignature": "IncompleteSignatureException",
		"ValidationError": "ValidationException", "InvalidAction": "UnknownOperationException", "Throttling": "TooManyRequestsException",
		"InternalFailure": "ServiceException", "ServiceUnavailable": "ServiceException",
	},
	ec2: {
		"AccessDenied": "UnauthorizedOperation", "InvalidClientTokenId": "AuthFailure", "SignatureDoesNotMatch": "AuthFailure",
		"ExpiredToken": "RequestExpired", "RequestExpired": "RequestExpired", "MissingAuthenticationToken": "AuthFailure",
		"Throttling": "RequestLimitExceeded", "InternalFailure": "InternalError", "ServiceUnavailable": "Unavailable",
	},
}

var restNames = map[string]string{
	"AccessDenied": "AccessDeniedException", "InvalidClientTokenId": "UnrecognizedClientException",
	"SignatureDoesNotMatch": "InvalidSignatureException", "ExpiredToken": "ExpiredTokenException",
	"MissingAuthenticationToken": "MissingAuthenticationTokenException", "IncompleteSignature": "IncompleteSignatureException",
	"ValidationError": "ValidationException", "InvalidAction": "UnknownOperationException", "Throttling": "ThrottlingException",
	"InternalFailure": "InternalServerException", "ServiceUnavailable": "ServiceUnavailableException",
}

// ec2Credentials is what EC2 says of credentials, whatever is wrong with them.
const ec2Credentials = "AWS was not able to validate the provided access credentials"

// in is the refusal as a service words it.
func (f failure) in(s service) failure {
	if name, ok := otherNames[s][f.code]; ok {
		f.code = name
	}
	switch {
	case s == ec2 && f.code == "AuthFailure":
		f.status, f.message = http.StatusUnauthorized, ec2Credentials
	case s == ec2 && f.code == "RequestExpired":
		f.status, f.message = http.StatusBadRequest, "Request has expired."
	case s == ec2 && f.code == "UnauthorizedOperation":
		f.message = "You are not authorized to perform this operation. " + f.message
	case s == organizations && f.status == http.StatusForbidden:
		f.status = http.StatusBadRequest // JSON 1.1 knows no other for what a client did
	}
	return f
}

// refusal is the refusal in the error shape of the service.
func (k *call) refusal(f *failure) *answer {
	e := f.in(k.site.service)
	a := &answer{status: e.status, header: http.Header{}}
	switch k.site.service {
	case rolesAnywhere, portal, oidc:
		a.header.Set("Content-Type", "application/json")
		a.header.Set("X-Amzn-ErrorType", e.code)
		a.body = marshal(map[string]string{"message": e.message})
	case organizations:
		a.header.Set("Content-Type", "application/x-amz-json-1.1")
		a.body = marshal(map[string]string{"__type": e.code, "Message": e.message})
	case ec2:
		a.header.Set("Content-Type", "text/xml;charset=UTF-8")
		a.body = xmlHead + tag("Response", tag("Errors", tag("Error", text("Code", e.code)+text("Message", e.message)))+text("RequestID", k.id))
	default:
		a.header.Set("Content-Type", "text/xml")
		side := "Sender"
		if e.status >= 500 {
			side = "Receiver"
		}
		a.body = namespaced("ErrorResponse", namespaces[k.site.service], tag("Error", text("Type", side)+text("Code", e.code)+text("Message", e.message))+text("RequestId", k.id))
	}
	return a
}

// faults are what a service answers with a status when nothing in particular is
// the matter.
var faults = map[int]failure{
	http.StatusBadRequest:          {400, "ValidationError", "The input fails to satisfy the constraints specified by an AWS service."},
	http.StatusUnauthorized:        {401, "InvalidClientTokenId", "The security token included in the request is invalid."},
	http.StatusForbidden:           {403, "AccessDenied", "Access denied"},
	http.StatusTooManyRequests:     {429, "Throttling", "Rate exceeded"},
	http.StatusInternalServerError: {500, "InternalFailure", "We encountered an internal error. Please try again."},
	http.StatusBadGateway:          {502, "ServiceUnavailable", "Service is unavailable. Please try again later."},
	http.StatusServiceUnavailable:  {503, "ServiceUnavailable", "Service is unavailable. Please try again later."},
	http.StatusGatewayTimeout:      {504, "ServiceUnavailable", "Service is unavailable. Please try again later."},
}

// Fail answers a request with a status, in the error shape of the service that
// it was meant for, and does nothing else. The Query services really throttle
// with 400 and the code Throttling; a status of 429 is kept as it is given.
func (c *Cloud) Fail(w http.ResponseWriter, r *http.Request, status int) {
	k := &call{c: c, r: r, site: sites()[hostOf(r)], id: requestID()}
	f, ok := faults[status]
	if !ok {
		f = failure{status, "InternalFailure", http.StatusText(status)}
		if status < 500 {
			f.code = "ValidationError"
		}
	}
	a := k.refusal(&f)
	a.status = status
	k.send(w, a)
}

// send sends an answer with what every answer has.
func (k *call) send(w http.ResponseWriter, a *answer) {
	for name, v := range a.header {
		w.Header()[name] = v
	}
	w.Header().Set("X-Amzn-Requestid", k.id)
	if w.Header().Get("Date") == "" {
		w.Header().Set("Date", k.c.now().UTC().Format(http.TimeFormat))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body)) // a client that is gone is its own to report
}

func marshal(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // made of our own types
	}
	return strings.TrimSuffix(b.String(), "\n")
}
