package rest

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"net"
	"net/http"

	"github.com/axiomio/xops-onboard/account"
)

// problemOf says what stood in the way of an answer.
func problemOf(ctx context.Context, host string, err error) *account.Problem {
	p := &account.Problem{Subject: host, Err: err}
	var known *account.Problem
	var proxy *proxyError
	var op *net.OpError
	var dns *net.DNSError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var timeout interface{ Timeout() bool }
	signer, untrusted := untrustedBy(err)
	switch {
	case errors.As(err, &known):
		if known.Subject == "" {
			known.Subject = host
		}
		return known
	case errors.Is(ctx.Err(), context.Canceled), errors.Is(err, context.Canceled):
		p.Kind, p.Subject = account.Cancelled, ""
	case errors.As(err, &proxy) && proxy.err != nil:
		p.Kind, p.Subject = account.ProxyUnread, ""
	case errors.As(err, &proxy):
		p.Kind, p.Subject, p.Status = account.ProxyRefused, Text(proxy.host, 100), proxy.status
	case untrusted:
		p.Kind, p.Subject = account.Untrusted, signer
	case errors.As(err, &alert):
		p.Kind, p.Subject = account.Untrusted, ""
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		p.Kind = account.NotTheService
	case errors.Is(err, errTooBig):
		p.Kind, p.Message = account.Unexpected, errTooBig.Error()
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		p.Kind, p.Subject = account.TimedOut, notReached(err, host)
	case errors.As(err, &dns), errors.As(err, &op):
		p.Kind, p.Subject = account.Offline, notReached(err, host)
	default:
		// The connection broke before an answer was there.
		p.Kind = account.Offline
	}
	return p
}

// notReached is the host that could not be reached: the proxy, where there is one.
func notReached(err error, host string) string {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "proxyconnect" {
		return host
	}
	var dns *net.DNSError
	if errors.As(op.Err, &dns) {
		return Text(dns.Name, 100)
	}
	var dial *net.OpError
	if errors.As(op.Err, &dial) {
		op = dial
	}
	if op.Addr != nil {
		return Text(op.Addr.String(), 100)
	}
	return host
}

// untrustedBy tells whether err is about a certificate that is not trusted,
// and who signed that certificate.
func untrustedBy(err error) (string, bool) {
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) {
		if len(verify.UnverifiedCertificates) > 0 {
			return signer(verify.UnverifiedCertificates[0]), true
		}
		return "", true
	}
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	switch {
	case errors.As(err, &authority):
		return signer(authority.Cert), true
	case errors.As(err, &invalid):
		return signer(invalid.Cert), true
	case errors.As(err, &name):
		return signer(name.Certificate), true
	}
	return "", false
}

func signer(c *x509.Certificate) string {
	switch {
	case c == nil:
		return ""
	case c.Issuer.CommonName != "":
		return Text(c.Issuer.CommonName, 100)
	case len(c.Issuer.Organization) > 0:
		return Text(c.Issuer.Organization[0], 100)
	}
	return Text(c.Issuer.String(), 100)
}

// standIn is the problem of an answer that is not the service's own, or nil:
// a redirect, a page, nothing at all. Of what is in the body nothing is kept.
func standIn(a Answer, host string, body []byte) *account.Problem {
	p := &account.Problem{Subject: host, Status: a.Status, RequestID: a.RequestID, Wait: a.Wait}
	switch {
	case a.Status == http.StatusProxyAuthRequired:
		p.Kind, p.Subject = account.ProxyRefused, ""
	case a.Status == http.StatusNoContent:
		return nil
	case len(bytes.TrimSpace(body)) > 0 && json.Valid(body) && a.Status/100 != 3:
		return nil
	case a.Status == http.StatusTooManyRequests:
		p.Kind = account.Throttled
	case a.Status >= 500:
		p.Kind = account.Unavailable
	default:
		p.Kind = account.NotTheService
	}
	return p
}

// looksLikeToken matches JSON Web Tokens, whole or cut, wherever they stand.
var looksLikeToken = account.Lazily(`eyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)*`)

// Text makes text that somebody else wrote fit to be kept: as account.Clean,
// and without anything that looks like a token. It is cleaned first: what nobody
// sees may stand inside of a token, and would leave it whole.
func Text(s string, max int) string {
	return account.Clean(looksLikeToken().ReplaceAllString(account.Clean(s, 0), hidden), max)
}
