package entra

import (
	"net/http"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// personKinds are the refusals of a person's sign-in by their number.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes.
var personKinds = map[int]account.Kind{
	53003: account.SignInBlocked, 53004: account.SignInBlocked, 530032: account.SignInBlocked, 530034: account.SignInBlocked, 530035: account.SignInBlocked,
	53000: account.DeviceNotManaged, 53001: account.DeviceNotManaged, 53002: account.DeviceNotManaged, 50097: account.DeviceNotManaged,
	50074: account.StrongerSignIn, 50076: account.StrongerSignIn, 50158: account.StrongerSignIn,
	50072: account.StrongerSignInSetUp, 50079: account.StrongerSignInSetUp,
	65001: account.ConsentMissing, 65004: account.ConsentDeclined, 90094: account.ConsentNotAllowed, 90095: account.ConsentNotAllowed,
	65002: account.ClientUnfit, 50011: account.ClientUnfit, 500112: account.ClientUnfit, 500113: account.ClientUnfit, 900971: account.ClientUnfit,
	7000218: account.ClientUnfit, 700025: account.ClientUnfit, 50194: account.ClientUnfit,
	700016: account.ClientNotThere, 7000112: account.ClientDisabled, 50105: account.ClientNotAssigned,
	50020: account.AccountElsewhere, 50034: account.AccountElsewhere,
	500212: account.GuestRefused, 500213: account.GuestRefused,
	500021: account.TenantRestricted, 500022: account.TenantRestricted,
	50173: account.SignInOver, 70043: account.SignInOver, 700082: account.SignInOver, 54005: account.SignInOver, 70008: account.SignInOver,
	70018: account.DeviceCodeOver, 70019: account.DeviceCodeOver, 70020: account.DeviceCodeOver,
}

// personKind classifies a refusal of a person's sign-in: the OAuth error first
// where it leaves no doubt, then the number, which only picks the explanation.
func (r tokenRefusal) personKind() account.Kind {
	switch r.Error {
	case "authorization_declined":
		return account.DeviceCodeDeclined
	case "expired_token", "bad_verification_code":
		return account.DeviceCodeOver
	}
	switch k := r.kind(); k {
	case account.Throttled, account.Unavailable, account.TenantNotFound, account.TenantElsewhere, account.ResourceUnknown:
		return k
	}
	if k, ok := personKinds[r.code()]; ok {
		return k
	}
	switch r.Error {
	case "interaction_required":
		return account.StrongerSignIn
	case "consent_required":
		return account.ConsentMissing
	case "access_denied":
		return account.ConsentDeclined
	}
	return account.TokenRefused
}

var (
	traceInText       = account.Lazily(`Trace ID: ([0-9a-fA-F-]{36})`)
	correlationInText = account.Lazily(`Correlation ID: ([0-9a-fA-F-]{36})`)
)

// broughtRefusal is a refusal as a browser brings it, without an answer of the service.
func broughtRefusal(oauth, description string) tokenRefusal {
	r := tokenRefusal{Error: rest.Text(oauth, 60), Description: description, status: http.StatusBadRequest}
	if m := traceInText().FindStringSubmatch(description); m != nil {
		r.TraceID = m[1]
	}
	if m := correlationInText().FindStringSubmatch(description); m != nil {
		r.CorrelationID = m[1]
	}
	return r
}
