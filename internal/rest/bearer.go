package rest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/axiomio/xops-onboard/account"
)

// Bearer is an access token together with the one host it may be sent to. It
// shows as "•••" however it is printed, logged or encoded.
type Bearer struct{ s *secret }

type secret struct{ token, host, holder string }

// NewBearer makes a Bearer for one host. The holder names whose token it is
// (tenant and app): what a service throttles is throttled for that holder.
func NewBearer(token, host, holder string) Bearer {
	return Bearer{&secret{token: token, host: host, holder: holder}}
}

const hidden = "•••"

// Format writes the mark of a secret for every verb.
func (b Bearer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String is the mark of a secret.
func (b Bearer) String() string { return hidden }

// MarshalText is the mark of a secret.
func (b Bearer) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (b Bearer) holder() string {
	if b.s == nil {
		return ""
	}
	return b.s.holder
}

// authorize puts the token on a request to its own host, and refuses another.
func (b Bearer) authorize(r *http.Request) error {
	if b.s == nil {
		return nil
	}
	if err := onlyTo(b.s.host, r.URL); err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+b.s.token)
	return nil
}

// onlyTo refuses an address that is not on host, over TLS.
func onlyTo(host string, u *url.URL) error {
	if u.Scheme == "https" && u.Host == host && u.User == nil {
		return nil
	}
	return &account.Problem{
		Kind: account.Unexpected, Subject: Text(u.Hostname(), 100),
		Message: "refused to send what is meant for " + host + " to another host",
	}
}
