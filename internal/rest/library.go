package rest

import (
	"bytes"
	"io"
	"net/http"
)

// HTTP is the Client as the Microsoft Authentication Library takes it: every
// request runs through the same pipeline.
type HTTP struct {
	c    *Client
	host string
}

// HTTP is for calls to one host; a request to another is refused, so that
// nothing that is meant for host goes elsewhere.
func (c *Client) HTTP(host string) *HTTP { return &HTTP{c, host} }

// Do makes the call. What comes back is the service's own JSON, whatever the
// status, or an account.Problem.
func (h *HTTP) Do(r *http.Request) (*http.Response, error) {
	if err := onlyTo(h.host, r.URL); err != nil {
		return nil, err
	}
	resp, body, a, err := h.c.send(r, gateOf(r))
	if err != nil {
		return nil, err
	}
	if p := standIn(a, r.URL.Hostname(), body); p != nil {
		return nil, p
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}

// CloseIdleConnections is the Client's.
func (h *HTTP) CloseIdleConnections() { h.c.CloseIdleConnections() }
