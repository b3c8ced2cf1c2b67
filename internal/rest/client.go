// Package rest makes the calls of this program to the clouds: one pipeline for
// Microsoft Graph, for Azure Resource Manager, for AWS (Exchange) and, wrapped as
// an HTTP client, for the Microsoft Authentication Library. It knows the way (proxy, trust, time-outs,
// retries, paging, error bodies) and nothing of what is asked for.
//
// What holds for every call:
//   - It ends: by its context, after 60 s a try, after three retries.
//   - Status 429 is retried for every call; 5xx and answers that were lost only
//     for reads and for calls marked Idempotent. What a service said in
//     Retry-After is obeyed, across calls too: nothing is asked again earlier.
//   - No redirect is followed, and a Bearer goes to its own host only.
//   - Answers beyond 4 MiB are refused.
//   - Errors are account.Problems, or a *Refusal where the service itself said
//     no; none holds a token, an assertion or a proxy's password.
package rest

import (
	"net/http"
	"sync"
	"time"
)

// Options is what a Client is made of.
type Options struct {
	// Transport carries the requests; nil is the network, with the proxy of the
	// environment, trusting the system's authorities and those in the PEM files
	// that SSL_CERT_FILE and AWS_CA_BUNDLE name.
	Transport http.RoundTripper
	// Version of the program, for the User-Agent header.
	Version string
	// Told is told of each call when it is over, with how it ended. It may be nil.
	Told func(Answer, error)
	// Now is the wall clock, for evidence and to compare with the services'
	// clocks; nil is time.Now.
	Now func() time.Time
}

// Client makes calls. It may be used from any goroutine.
type Client struct {
	http  *http.Client
	gate  gate
	now   func() time.Time
	agent string
	told  func(Answer, error)
}

// New makes a Client. It fails with account.TrustFile when a file that the
// environment names for trusted certificates cannot be used; Subject is its path.
func New(o Options) (*Client, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	transport := o.Transport
	if transport == nil {
		trusted, err := readAuthorities()
		if err != nil {
			return nil, err
		}
		way := later(sync.OnceValue(func() *http.Transport { return network(fromEnvironment, trusted.pool()) }))
		transport = &first{RoundTripper: way, hosts: map[string]chan struct{}{}}
	}
	c := &Client{now: o.Now, agent: "xops-onboard/" + o.Version, told: o.Told}
	c.http = &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// CloseIdleConnections gives back connections that nobody uses.
func (c *Client) CloseIdleConnections() { c.http.CloseIdleConnections() }
