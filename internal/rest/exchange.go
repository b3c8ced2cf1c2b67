package rest

import (
	"net/http"

	"github.com/axiomio/xops-onboard/account"
)

// Exchanged is an answer as it came, whatever its form and status.
type Exchanged struct {
	Answer
	Header http.Header
	Body   []byte
}

// Exchange makes a call whose form is its caller's own, as a request that is
// signed, and hands back the answer as it came. The request goes to host, over
// TLS, or nowhere; no redirect is followed. No header is added to what the
// caller signed but User-Agent, and Accept where there is none. It is repeated
// as all calls are. An account.Problem says that there is no answer, or that a
// proxy gave it (ProxyRefused) or a redirect (NotTheService).
func (c *Client) Exchange(r *http.Request, host string) (Exchanged, error) {
	if err := onlyTo(host, r.URL); err != nil {
		return Exchanged{}, err
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "*/*")
	}
	resp, body, a, err := c.send(r.WithContext(unnamed(r.Context())), gateOf(r))
	if err != nil {
		return Exchanged{Answer: a}, err
	}
	p := &account.Problem{Subject: r.URL.Hostname(), Status: a.Status, RequestID: a.RequestID}
	switch {
	case a.Status == http.StatusProxyAuthRequired:
		p.Kind, p.Subject = account.ProxyRefused, ""
	case a.Status/100 == 3:
		p.Kind = account.NotTheService
	default:
		return Exchanged{Answer: a, Header: resp.Header, Body: body}, nil
	}
	return Exchanged{Answer: a}, p
}
