package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Write is one call that changes something.
type Write struct {
	Method  string // POST, PUT, PATCH or DELETE
	Address string
	Body    any // as JSON; nil sends none
	// CreateIfMissing makes a PATCH an upsert.
	// Source: learn.microsoft.com/graph/api/application-upsert.
	CreateIfMissing bool
	// MayBeEmpty is for what is answered with 200 and no body, which else is not
	// the service's answer.
	MayBeEmpty bool
}

// WriteJSON makes the change and reads what comes back into into, if anything
// does: an answer without a body (204) leaves it alone. It fails as GetJSON
// does. Unless ctx is Idempotent the change is not repeated when its answer is
// lost or is a 5xx; whether it was made has to be looked up then.
func (c *Client) WriteJSON(ctx context.Context, w Write, bearer Bearer, into any) (Answer, error) {
	body, err := json.Marshal(w.Body)
	if err != nil {
		return Answer{}, &account.Problem{Kind: account.Unexpected, Message: "the change cannot be written down", Err: err}
	}
	var r *http.Request
	if w.Body == nil {
		r, err = http.NewRequestWithContext(ctx, w.Method, w.Address, nil)
	} else {
		r, err = http.NewRequestWithContext(ctx, w.Method, w.Address, bytes.NewReader(body))
	}
	if err != nil {
		return Answer{}, &account.Problem{Kind: account.Unexpected, Message: "the address cannot be read", Err: err}
	}
	if w.Body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if w.CreateIfMissing {
		r.Header.Set("Prefer", "create-if-missing")
	}
	if err := bearer.authorize(r); err != nil {
		return Answer{}, err
	}
	_, answer, a, err := c.send(r, bearer.holder()+" "+r.URL.Host+r.URL.Path)
	if err != nil {
		return a, err
	}
	if a.Status == http.StatusNoContent || w.MayBeEmpty && a.Status == http.StatusOK && len(bytes.TrimSpace(answer)) == 0 {
		return a, nil
	}
	return a, understood(a, r.URL.Hostname(), answer, into)
}

type pauseKey struct{}

// listening is a context whose calls tell before they wait to ask again, for that long at
// most: because the service asked to be left alone (asked), or because it did not answer.
func listening(ctx context.Context, tell func(wait time.Duration, asked bool)) context.Context {
	return context.WithValue(ctx, pauseKey{}, tell)
}

// Change does f as one change, which takes so long at most, and gives its calls, also where
// it failed. They tell of their pauses: how long at most, and whether the service asked to
// be left alone.
func Change(ctx context.Context, most time.Duration, tell func(wait time.Duration, asked bool), f func(context.Context) error) ([]account.Evidence, error) {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	var calls Record
	err := f(listening(Recorded(ctx, &calls), tell))
	return calls.Evidence(), err
}

func pausing(ctx context.Context, wait time.Duration, asked bool) {
	if tell, ok := ctx.Value(pauseKey{}).(func(time.Duration, bool)); ok {
		tell(wait, asked)
	}
}
