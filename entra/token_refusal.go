package entra

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// tokenRefusal is an error of the sign-in service. Its text and numbers may
// change: the OAuth error and the status say what class of refusal it is, the
// number only picks the explanation.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes.
type tokenRefusal struct {
	Error         string
	Description   string
	Codes         []int
	TraceID       string
	CorrelationID string
	Timestamp     string

	status int
	answer rest.Answer
}

// readTokenRefusal reads an error body. What it cannot read it leaves empty.
func readTokenRefusal(body []byte, a rest.Answer) tokenRefusal {
	r := tokenRefusal{status: a.Status, answer: a}
	var m map[string]json.RawMessage
	if json.Unmarshal(body, &m) != nil {
		return r
	}
	for name, to := range map[string]*string{
		"error": &r.Error, "error_description": &r.Description, "trace_id": &r.TraceID,
		"correlation_id": &r.CorrelationID, "timestamp": &r.Timestamp,
	} {
		_ = json.Unmarshal(m[name], to) // another type stays empty
	}
	_ = json.Unmarshal(m["error_codes"], &r.Codes)
	return r
}

var codeInText = account.Lazily(`AADSTS(\d{4,9})`)

// code is the AADSTS number, 0 for none.
func (r tokenRefusal) code() int {
	if m := codeInText().FindStringSubmatch(r.Description); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	if len(r.Codes) > 0 && r.Codes[0] > 0 {
		return r.Codes[0]
	}
	return 0
}

// text is the description without its number and its trailers, which were set
// off by line ends once and are by blanks now.
func (r tokenRefusal) text() string {
	s, _, _ := strings.Cut(r.Description, "Trace ID:")
	if head, rest, ok := strings.Cut(s, ": "); ok && codeInText().MatchString(head) {
		s = rest
	}
	return strings.TrimSpace(s)
}

func (r tokenRefusal) problem(now time.Time) *account.Problem { return r.as(r.kind(), now) }

// as is the refusal as a Problem of that kind.
func (r tokenRefusal) as(k account.Kind, now time.Time) *account.Problem {
	p := &account.Problem{
		Kind: k, Code: rest.Text(r.Error, 60), Message: rest.Text(rest.Sentence(r.text()), 200), Status: r.status,
		RequestID: rest.Text(r.TraceID, 64), CorrelationID: rest.Text(r.CorrelationID, 64),
		ServerTime: r.serverTime(), Wait: r.answer.Wait,
	}
	if n := r.code(); n != 0 {
		p.Code = "AADSTS" + strconv.Itoa(n)
	}
	if p.RequestID == "" {
		p.RequestID = r.answer.RequestID
	}
	if p.CorrelationID == "" {
		p.CorrelationID = r.answer.ClientRequestID
	}
	switch p.Kind {
	case account.ClockOff:
		p.Skew = r.skew(now)
	case account.TenantElsewhere:
		if id, ok := cloudNamed(r.text()); ok {
			p.Subject = string(id)
		}
	case account.CertificateOver:
		// A certificate that has not begun yet is reported like one that is
		// over. It was made here a moment ago, by a clock that runs ahead.
		if skew := r.skew(now); skew > 2*time.Minute && r.notBegun() {
			p.Kind, p.Skew = account.ClockOff, skew
		}
	}
	return p
}

// kind classifies. Only the certificate's own family is told apart by its text:
// one number stands for a key that is not there, one that is over and one that
// did not sign this.
func (r tokenRefusal) kind() account.Kind {
	switch {
	case r.status == http.StatusTooManyRequests:
		return account.Throttled
	case r.status >= 500, r.Error == "temporarily_unavailable", r.Error == "server_error":
		return account.Unavailable
	}
	switch n := r.code(); n {
	case 700027, 50012:
		return r.certificateKind()
	case 90002, 900023:
		return account.TenantNotFound
	default:
		if k, ok := kinds[n]; ok {
			return k
		}
	}
	switch r.Error {
	case "invalid_tenant":
		return account.TenantNotFound
	case "invalid_resource":
		return account.ResourceUnknown
	}
	return account.TokenRefused
}

var kinds = map[int]account.Kind{
	700016: account.AppNotFound, 7000229: account.NoPrincipal, 7000112: account.AppDisabled,
	700024: account.ClockOff, 700025: account.PublicClient, 50032: account.WeakKey,
	500011: account.ResourceUnknown, 90038: account.TenantElsewhere,
	53000: account.AccessBlocked, 53001: account.AccessBlocked, 53002: account.AccessBlocked, 53003: account.AccessBlocked,
	53004: account.AccessBlocked, 530032: account.AccessBlocked, 530034: account.AccessBlocked, 530035: account.AccessBlocked,
	50196: account.Throttled,
	90033: account.Unavailable, 90055: account.Unavailable, 90006: account.Unavailable,
	90012: account.Unavailable, 50033: account.Unavailable, 90024: account.Unavailable,
}

func (r tokenRefusal) certificateKind() account.Kind {
	text := strings.ToLower(r.text())
	switch {
	case strings.Contains(text, "expired"):
		return account.CertificateOver
	case strings.Contains(text, "not registered on application"), strings.Contains(text, "key was not found"):
		return account.CertificateUnseen
	case strings.Contains(text, "signature"):
		return account.SignatureWrong
	}
	return account.TokenRefused
}

var (
	currentTime = account.Lazily(`Current time: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)`)
	keyStart    = account.Lazily(`Start=(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d)`)
)

// serverTime is the service's clock: the Date of the answer, or what the error
// says itself; all are UTC.
func (r tokenRefusal) serverTime() time.Time {
	if !r.answer.Date.IsZero() {
		return r.answer.Date
	}
	if m := currentTime().FindStringSubmatch(r.Description); m != nil {
		if t, err := time.Parse("2006-01-02T15:04:05", m[1]); err == nil {
			return t
		}
	}
	t, _ := time.Parse("2006-01-02 15:04:05Z", r.Timestamp)
	return t
}

// skew is how far this machine's clock is ahead.
func (r tokenRefusal) skew(now time.Time) time.Duration {
	if ahead, ok := r.answer.Ahead(); ok {
		return ahead
	}
	if t := r.serverTime(); !t.IsZero() {
		return now.Sub(t).Round(time.Second)
	}
	return 0
}

// notBegun tells whether the key that was found begins after the service's now.
func (r tokenRefusal) notBegun() bool {
	m := keyStart().FindStringSubmatch(r.Description)
	if m == nil {
		return false
	}
	start, err := time.Parse("01/02/2006 15:04:05", m[1])
	return err == nil && start.After(r.serverTime())
}
