// Package entra asks Entra ID and Microsoft Graph: which tenant is meant, and
// what an account's own certificate can see of its app. An Administrator who
// signed in changes a tenant with it: one app, what it needs, and back. Every
// answer is classified into account.Problems; what cannot be told is said to be
// unknown.
package entra

import (
	"context"
	"crypto"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Entra is Entra ID and Microsoft Graph of every cloud. It may be used from
// any goroutine.
type Entra struct {
	rest *rest.Client
	now  func() time.Time
	met  metadata
}

// New makes an Entra that asks through client. now is the wall clock, which is
// compared with the services'; nil is time.Now.
func New(client *rest.Client, now func() time.Time) *Entra {
	if now == nil {
		now = time.Now
	}
	return &Entra{rest: client, now: now}
}

// verifyLimit bounds a whole verification.
const verifyLimit = 45 * time.Second

// names are the checks of a provider's accounts, in the order in which they are
// reported.
func names(p account.Provider) []account.CheckName {
	if !asks(p) {
		return []account.CheckName{account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Foreign, account.KeyLife}
	}
	return []account.CheckName{
		account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Consent,
		account.AccessReviews, account.Foreign, account.KeyLife,
	}
}

// Verify makes the checks of an account's app registration with the key's own
// certificate: a new token, then the reads that prove what it can do, side by
// side. It ends within 45 seconds, or when ctx does, and always returns every
// check: what could not be asked is Unknown. A token only proves the app, its
// enterprise app and the certificate; nothing is taken from what is in it, as
// learn.microsoft.com/entra/identity-platform/access-tokens asks of clients.
func (e *Entra) Verify(ctx context.Context, t account.Target, signer crypto.Signer) account.Report {
	ctx, cancel := context.WithTimeout(ctx, verifyLimit)
	defer cancel()
	var asked rest.Record
	bearer, err := e.token(ctx, t, signer, &asked)
	certificate := account.Check{State: account.Holds, Evidence: asked.Evidence()}
	r := account.Report{}
	made := map[account.CheckName]account.Check{account.KeyLife: t.Certificate.LifeLeft(account.Expiring, e.now())}
	if err != nil {
		p := account.AsProblem(err)
		certificate.State, certificate.Problem = refusedState(p), p
		certificate.Detail = objectIDMistake(p, t.Link)
	} else {
		found := e.read(ctx, t, bearer)
		r.Facts = found.facts()
		for n, c := range found.judge(t, e.now()) {
			made[n] = c
		}
	}
	made[account.CertificateAccepted] = certificate
	r.At = e.now()
	r.Checks = account.InOrder(names(t.Provider), made, r.At)
	return r
}

// refusedState is how the certificate check ends: Missing when Entra ID gave
// an answer about the app, Unknown when there was none.
func refusedState(p *account.Problem) account.CheckState {
	switch p.Kind {
	case account.AppNotFound, account.NoPrincipal, account.AppDisabled, account.CertificateUnseen, account.CertificateOver,
		account.SignatureWrong, account.ClockOff, account.AccessBlocked, account.PublicClient, account.WeakKey,
		account.TenantNotFound, account.TenantElsewhere, account.ResourceUnknown, account.TokenRefused:
		return account.Missing
	}
	return account.Unknown
}

// objectIDMistake tells where an unknown app is an object id for certain: it
// is the one an earlier verification read. AADSTS700016 alone has other causes.
func objectIDMistake(p *account.Problem, l account.MicrosoftLink) []string {
	if p.Kind != account.AppNotFound || l.Client == "" {
		return nil
	}
	switch {
	case strings.EqualFold(string(l.Client), string(l.Application)):
		return []string{"the client ID is the Object ID of the app registration"}
	case strings.EqualFold(string(l.Client), string(l.Principal)):
		return []string{"the client ID is the Object ID of the enterprise app"}
	}
	return nil
}
