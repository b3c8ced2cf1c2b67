package simcloud

import (
	"fmt"
	"slices"
	"time"
)

// Moment is where a sign-in is refused.
type Moment int

// The moments.
const (
	InBrowser    Moment = iota // the app is told, by the redirect
	OnPage                     // the browser shows a page, and the app is never told
	AtDeviceCode               // the page says so, and so does the answer to the next poll
	AtToken                    // an authorization code is not redeemed
	AtRefresh                  // a refresh token is not
)

// rule is a refusal of sign-ins by a policy of the tenant.
type rule struct {
	code int
	at   []Moment
}

// policyText is what a policy says when it refuses.
type policyText struct {
	code        int
	oauth, text string
	claims      bool // a token must be asked for again, with claims
}

const mfa = "Due to a configuration change made by your administrator, or because you moved to a new location, you must "

// policyTexts are the refusals that a tenant's policies can make. The OAuth
// errors of 530032, 530035 and 90094 are not published.
// Source: learn.microsoft.com/entra/identity-platform/reference-error-codes;
// texts as public reports have them.
var policyTexts = []policyText{
	{53000, "interaction_required", "Device is not in required device state: unknown. Conditional Access policy requires a compliant device, and the device is not compliant. The user must enroll their device with an approved MDM provider like Intune.", true},
	{53001, "interaction_required", "Device is not in required device state: unknown. Conditional Access policy requires a domain joined device, and the device is not domain joined.", true},
	{53003, "invalid_grant", "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.", true},
	{530032, "invalid_grant", "Access has been blocked by a security policy that the tenant admin has configured.", false},
	{530035, "invalid_grant", "Access has been blocked by security defaults. This is due to the request using legacy auth or being deemed unsafe by security defaults policies. For additional information, please visit https://go.microsoft.com/fwlink/?linkid=2198657", false},
	{50072, "interaction_required", mfa + "enroll in multi-factor authentication to access '" + graphAppID + "'.", true},
	{50074, "interaction_required", "Strong Authentication is required.", true},
	{50076, "invalid_grant", mfa + "use multi-factor authentication to access '" + graphAppID + "'.", true},
	{50079, "invalid_grant", mfa + "enroll in multi-factor authentication to access '" + graphAppID + "'.", true},
	{50097, "interaction_required", "Device authentication is required.", true},
	{50158, "interaction_required", "External security challenge not satisfied. User will be redirected to another page or authentication provider to satisfy additional authentication challenges.", true},
	{50196, "invalid_request", "The server terminated an operation because it encountered a client request loop. Please contact your app vendor.", false},
	{65001, "invalid_grant", "The user or administrator has not consented to use the application. Send an interactive authorization request for this user and resource.", false},
	{65004, "access_denied", "User declined to consent to access the app.", false},
	{70043, "invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks by conditional access.", false},
	{90094, "access_denied", "Administrator consent is required.", false},
	{500021, "access_denied", "Access to the tenant is denied.", false},
	{500212, "access_denied", "The user's administrator has set an outbound access policy that doesn't allow access to the resource tenant.", false},
	{500213, "access_denied", "The resource tenant's cross-tenant access policy doesn't allow this user to access this tenant.", false},
}

// policyTextOf is the text of a code; nothing for one that no policy has.
func policyTextOf(code int) policyText {
	for _, p := range policyTexts {
		if p.code == code {
			return p
		}
	}
	return policyText{}
}

// RefuseSignIns lets the tenant's policies refuse people's sign-ins with a
// code, such as 53003 for Conditional Access; the first that applies wins.
// Without a moment it is wherever people sign in or refresh.
func (t *Tenant) RefuseSignIns(code int, at ...Moment) error {
	if policyTextOf(code) == (policyText{}) {
		return fmt.Errorf("no policy refuses with AADSTS%d here", code)
	}
	if at == nil {
		at = []Moment{InBrowser, AtDeviceCode, AtRefresh}
	}
	t.set(func() { t.rules = append(t.rules, rule{code, at}) })
	return nil
}

// AllowSignIns takes all that RefuseSignIns did back.
func (t *Tenant) AllowSignIns() { t.set(func() { t.rules = nil }) }

// refuses is what a policy says at one of the moments, and at which.
func (t *Tenant) refuses(moments ...Moment) (*signInError, Moment) {
	for _, r := range get(t, func() []rule { return t.rules }) {
		for _, m := range moments {
			if slices.Contains(r.at, m) {
				return policyRefusal(r.code), m
			}
		}
	}
	return nil, 0
}

func policyRefusal(code int) *signInError {
	p := policyTextOf(code)
	e := badRequest(code, "%s", p.text).as(p.oauth)
	if p.claims {
		e.claims = `{"access_token":{"capolids":{"essential":true,"values":["6083cef9-7e21-4b4b-a1d4-4b2f4c5a7b0e"]}}}`
	}
	return e
}

// SignIn is one try of a person to sign in, as the sign-in log has it.
type SignIn struct {
	UPN      string
	ClientID string
	How      string // "browser", "device code", "code" (redeemed), "refresh"
	Code     int    // AADSTS; 0 is success
	At       time.Time
}

// maxSignIns bounds the log.
const maxSignIns = 10_000

// SignIns is the sign-in log, oldest first.
func (t *Tenant) SignIns() []SignIn {
	return get(t, func() []SignIn { return slices.Clone(t.signIns) })
}

// log writes the sign-in log.
func (t *Tenant) log(u *user, client, how string, e *signInError) {
	s := SignIn{UPN: u.upn, ClientID: client, How: how}
	if e != nil {
		s.Code = e.code
	}
	t.set(func() {
		s.At = t.c.now()
		if t.signIns = append(t.signIns, s); len(t.signIns) > maxSignIns {
			t.signIns = t.signIns[maxSignIns/2:]
		}
	})
}
