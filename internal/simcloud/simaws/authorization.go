package simaws

import (
	"net/http"
	"strings"
	"time"
)

// The algorithms of an Authorization header.
const (
	algHMAC  = "AWS4-HMAC-SHA256"
	algRSA   = "AWS4-X509-RSA-SHA256"
	algECDSA = "AWS4-X509-ECDSA-SHA256"
)

// authorization is an Authorization header of Signature Version 4.
type authorization struct {
	algorithm  string
	credential string // access key id, or serial number
	date       string // of the scope
	region     string
	service    string
	signed     []string // names of headers, as they were given
	signature  string
}

// scope is what the string to sign holds of it.
func (a authorization) scope() string {
	return a.date + "/" + a.region + "/" + a.service + "/aws4_request"
}

func incomplete(format string, args ...any) *failure {
	return refuse(http.StatusBadRequest, "IncompleteSignature", format, args...)
}

// parseAuthorization reads the header.
// Source: docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html.
func parseAuthorization(header string) (authorization, *failure) {
	var a authorization
	algorithm, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if algorithm != algHMAC && algorithm != algRSA && algorithm != algECDSA {
		return a, incomplete("Unsupported AWS 'algorithm': '%s'.", algorithm)
	}
	a.algorithm = algorithm
	seen := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if _, again := seen[name]; !ok || again {
			return a, incomplete("'%s' not a valid key=value pair (missing equal-sign) in Authorization header: '%s'.", strings.TrimSpace(part), header)
		}
		seen[name] = value
	}
	var lacks strings.Builder
	for _, name := range []string{"Credential", "Signature", "SignedHeaders"} {
		if seen[name] == "" {
			lacks.WriteString("Authorization header requires '" + name + "' parameter. ")
		}
	}
	if lacks.Len() > 0 {
		return a, incomplete("%sAuthorization=%s", lacks.String(), header)
	}
	scope := strings.Split(seen["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" {
		return a, incomplete("Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '%s'", seen["Credential"])
	}
	a.credential, a.date, a.region, a.service = scope[0], scope[1], scope[2], scope[3]
	a.signed, a.signature = strings.Split(seen["SignedHeaders"], ";"), seen["Signature"]
	return a, nil
}

const amzDate = "20060102T150405Z"

var amzDateForm = pattern(`^[0-9]{8}T[0-9]{6}Z$`)

// skew is how far a request's date may be from the service's clock.
const skew = 5 * time.Minute

// dated is the date of a request, held against the scope and the clock.
func (k *call) dated(a authorization) (string, *failure) {
	date := k.r.Header.Get("X-Amz-Date")
	if date == "" {
		if t, err := http.ParseTime(k.r.Header.Get("Date")); err == nil {
			date = t.UTC().Format(amzDate)
		}
	}
	t, err := time.Parse(amzDate, date)
	if err != nil || !amzDateForm().MatchString(date) {
		return "", incomplete("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.")
	}
	if a.date != date[:8] {
		return "", mismatch("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s', from '%s'.", a.date, date[:8], date)
	}
	now := k.now.Truncate(time.Second)
	switch {
	case t.Before(now.Add(-skew)):
		return "", mismatch("Signature expired: %s is now earlier than %s (%s - 5 min.)", date, now.Add(-skew).Format(amzDate), now.Format(amzDate))
	case t.After(now.Add(skew)):
		return "", mismatch("Signature not yet current: %s is still later than %s (%s + 5 min.)", date, now.Add(skew).Format(amzDate), now.Format(amzDate))
	}
	return date, nil
}

func mismatch(format string, args ...any) *failure {
	return refuse(http.StatusForbidden, "SignatureDoesNotMatch", format, args...)
}

// signs tells whether a header is among the signed ones.
func (a authorization) signs(name string) bool {
	for _, h := range a.signed {
		if strings.EqualFold(h, name) {
			return true
		}
	}
	return false
}
