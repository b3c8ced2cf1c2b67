package simcloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// signInError is a refusal of the sign-in service.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes;
// the texts as public reports and recorded answers have them.
type signInError struct {
	status  int
	oauth   string // the error of OAuth 2.0
	code    int    // AADSTS
	message string

	suberror string
	claims   string // what a token must be asked for with, as JSON
}

func badRequest(code int, format string, args ...any) *signInError {
	return &signInError{status: http.StatusBadRequest, oauth: "invalid_request", code: code, message: fmt.Sprintf(format, args...)}
}

func badClient(code int, format string, args ...any) *signInError {
	return &signInError{status: http.StatusUnauthorized, oauth: "invalid_client", code: code, message: fmt.Sprintf(format, args...)}
}

func (e *signInError) as(oauth string) *signInError {
	copied := *e
	copied.oauth = oauth
	return &copied
}

func missing(parameter string) *signInError {
	return badRequest(900144, "The request body must contain the following parameter: '%s'.", parameter)
}

func tenantNotFound(name string) *signInError {
	return badRequest(90002, "Tenant '%s' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.", name)
}

// visit is one request to the sign-in service.
type visit struct {
	c           *Cloud
	w           http.ResponseWriter
	r           *http.Request
	site        site
	now         time.Time // the service's
	trace       string
	correlation string
	oldWords    bool
}

func (v *visit) headers() {
	h := v.w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	h.Set("x-ms-request-id", v.trace)
	h.Set("x-ms-ests-server", "2.1.22500.9 - WEULR1 ProdSlices")
	if strings.EqualFold(v.r.Header.Get("return-client-request-id"), "true") {
		h.Set("client-request-id", v.correlation)
	}
}

// describeRefusal is the text of a refusal. Until about 2023 its three trailers stood
// on lines of their own.
func (v *visit) describeRefusal(e *signInError) string {
	between := " "
	if v.oldWords {
		between = "\r\n"
	}
	return strings.Join([]string{
		fmt.Sprintf("AADSTS%d: %s", e.code, e.message), "Trace ID: " + v.trace,
		"Correlation ID: " + v.correlation, "Timestamp: " + v.stamp(),
	}, between)
}

func (v *visit) stamp() string { return v.now.Format("2006-01-02 15:04:05Z") }

// refuse answers with the error body that the service documents.
func (v *visit) refuse(e *signInError) {
	v.headers()
	v.w.Header().Set("Cache-Control", "no-store, no-cache")
	v.w.Header().Set("Pragma", "no-cache")
	writeJSON(v.w, e.status, signInErrorBody{
		Error: e.oauth, Description: v.describeRefusal(e), Codes: []int{e.code}, Timestamp: v.stamp(),
		Trace: v.trace, Correlation: v.correlation,
		URI: fmt.Sprintf("https://%s/error?code=%d", hostOf(v.r), e.code), Suberror: e.suberror, Claims: e.claims,
	})
}

type signInErrorBody struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
	Codes       []int  `json:"error_codes"`
	Timestamp   string `json:"timestamp"`
	Trace       string `json:"trace_id"`
	Correlation string `json:"correlation_id"`
	URI         string `json:"error_uri"`
	Suberror    string `json:"suberror,omitempty"`
	Claims      string `json:"claims,omitempty"`
}

// writeJSON writes v as the services do: without escaping of < > &.
func writeJSON(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.Encode(v) // the reader may be gone; nobody else is to be told
}

// loginFault is a failure of the sign-in service itself.
func (c *Cloud) loginFault(w http.ResponseWriter, r *http.Request, status int) {
	v := c.visit(w, r, sites()[hostOf(r)])
	e := &signInError{status: status, oauth: "temporarily_unavailable", code: 90033, message: "A transient error has occurred. Please try again."}
	if status == http.StatusTooManyRequests {
		e.code, e.message = 90055, "Server terminated the request because it received too many of them."
	}
	v.refuse(e)
}
