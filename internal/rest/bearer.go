package rest

import (
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/axiomio/xops-onboard/account"
)

// Bearer is an access token together with the one host it may be sent to. It
// shows as "•••" however it is printed, logged or encoded; as part of another
// value whose fields fmt cannot call, it shows as an address, which is why the
// secret stands behind a function.
type Bearer struct{ open func() secret }

type secret struct{ token, host, holder string }

// NewBearer makes a Bearer for one host. The holder names whose token it is
// (tenant and app): what a service throttles is throttled for that holder.
func NewBearer(token, host, holder string) Bearer {
	s := secret{token: token, host: host, holder: holder}
	return Bearer{func() secret { return s }}
}

const hidden = "•••"

// Format writes the mark of a secret for every verb.
func (b Bearer) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, hidden) }

// String is the mark of a secret.
func (b Bearer) String() string { return hidden }

// MarshalText is the mark of a secret.
func (b Bearer) MarshalText() ([]byte, error) { return []byte(hidden), nil }

func (b Bearer) holder() string {
	if b.open == nil {
		return ""
	}
	return b.open().holder
}

// authorize puts the token on a request to its own host, and refuses another.
func (b Bearer) authorize(r *http.Request) error {
	if b.open == nil {
		return nil
	}
	s := b.open()
	if err := onlyTo(s.host, r.URL); err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+s.token)
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
