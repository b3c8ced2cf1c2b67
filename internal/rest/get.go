package rest

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// GetJSON reads address into into. The zero Bearer asks without a token. It
// fails with an account.Problem when there is no answer of the service
// (Offline, TimedOut, ProxyRefused, Untrusted, NotTheService, Cancelled) or
// none now (Throttled, Unavailable), and with a *Refusal when the service said no.
func (c *Client) GetJSON(ctx context.Context, address string, bearer Bearer, into any) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Answer{}, &account.Problem{Kind: account.Unexpected, Message: "the address cannot be read", Err: err}
	}
	if err := bearer.authorize(r); err != nil {
		return Answer{}, err
	}
	_, body, a, err := c.send(r, bearer.holder()+" "+r.URL.Host+r.URL.Path)
	if err != nil {
		return a, err
	}
	return a, understood(a, r.URL.Hostname(), body, into)
}

// understood reads a whole answer.
func understood(a Answer, host string, body []byte, into any) error {
	if p := standIn(a, host, body); p != nil {
		return p
	}
	if a.Status/100 != 2 {
		r := readRefusal(a, body)
		switch {
		case a.Status == http.StatusTooManyRequests:
			return withHost(r.Problem(account.Throttled), host)
		case a.Status >= 500:
			return withHost(r.Problem(account.Unavailable), host)
		}
		return r
	}
	if err := json.Unmarshal(body, into); err != nil {
		// The error may quote what was read.
		return &account.Problem{
			Kind: account.Unexpected, Subject: host, Status: a.Status, RequestID: a.RequestID,
			Message: "the answer has another form than documented",
		}
	}
	return nil
}

func withHost(p *account.Problem, host string) *account.Problem {
	p.Subject = host
	return p
}

// Collected is a collection as far as it was read.
type Collected[T any] struct {
	Items    []T
	More     bool      // there are pages beyond the bound
	Date     time.Time // the service's clock at the last page
	Evidence []account.Evidence
}

// Collect reads a collection, at most so many pages. The next page's address
// is the service's own, and is followed on the same host only. With an error,
// what was read before it is there. Source: learn.microsoft.com/graph/paging, and
// learn.microsoft.com/rest/api/azure for Azure Resource Manager, which spells it
// nextLink.
func Collect[T any](ctx context.Context, c *Client, address string, bearer Bearer, pages int) (Collected[T], error) {
	var all Collected[T]
	var page []T
	seen, err := c.collect(ctx, address, bearer, pages, &page, func() { all.Items, page = append(all.Items, page...), nil })
	all.More, all.Date, all.Evidence = seen.More, seen.Date, seen.Evidence
	return all, err
}

// collect is Collect whatever the items are, so that there is one of it: each
// page is read into items, and taken from there.
func (c *Client) collect(ctx context.Context, address string, bearer Bearer, pages int, items any, take func()) (all Collected[struct{}], err error) {
	first, err := url.Parse(address)
	if err != nil {
		return all, &account.Problem{Kind: account.Unexpected, Message: "the address cannot be read", Err: err}
	}
	for range pages {
		page := struct {
			Value any    `json:"value"`
			Next  string `json:"@odata.nextLink"`
			ARM   string `json:"nextLink"`
		}{Value: items}
		a, err := c.GetJSON(ctx, address, bearer, &page)
		all.Evidence = append(all.Evidence, a.Evidence)
		all.Date = a.Date
		if err != nil {
			return all, err
		}
		take()
		address = cmp.Or(page.Next, page.ARM)
		if address == "" {
			return all, nil
		}
		next, err := url.Parse(address)
		if err != nil {
			return all, &account.Problem{Kind: account.Unexpected, Subject: first.Hostname(), Message: "the next page's address cannot be read"}
		}
		if err := onlyTo(first.Host, next); err != nil {
			return all, err
		}
	}
	all.More = true
	return all, nil
}
