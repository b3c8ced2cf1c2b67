package simcloud

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"syscall"
)

// Client is an http.Client whose requests are answered here: no socket is
// opened, and a host that is not one of [Hosts] is not found. Requests end when
// their context ends.
func (c *Cloud) Client() *http.Client {
	return &http.Client{Transport: inProcess{c}}
}

type inProcess struct{ c *Cloud }

// RoundTrip answers on the caller's goroutine.
func (p inProcess) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close()
	}
	ctx := req.Context()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, ok := siteOf(hostOf(req)); !ok {
		dns := &net.DNSError{Err: "no such host", Name: req.URL.Hostname(), IsNotFound: true}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dns}
	}
	if req.URL.Scheme != "https" || (req.URL.Port() != "" && req.URL.Port() != "443") {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	in := req.Clone(ctx)
	if in.Host == "" {
		in.Host = req.URL.Host
	}
	in.RequestURI = req.URL.RequestURI()
	if in.Body == nil {
		in.Body = http.NoBody
	}
	w := &received{header: http.Header{}}
	if !p.serve(w, in) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	}
	return w.response(req), nil
}

// serve tells whether the handler came to its end.
func (p inProcess) serve(w http.ResponseWriter, r *http.Request) (ok bool) {
	defer func() {
		if e := recover(); e != nil && e != http.ErrAbortHandler {
			panic(e)
		}
	}()
	p.c.ServeHTTP(w, r)
	return true
}

// received is an answer as the client gets it.
type received struct {
	header  http.Header
	sent    http.Header // as it was when the status was written
	status  int
	body    bytes.Buffer
	stalled bool
}

func (w *received) Header() http.Header { return w.header }

func (w *received) WriteHeader(status int) {
	if w.status == 0 {
		w.status, w.sent = status, w.header.Clone()
	}
}

func (w *received) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

func (w *received) stall() { w.stalled = true }

func (w *received) response(req *http.Request) *http.Response {
	w.WriteHeader(http.StatusOK)
	length := int64(w.body.Len())
	if l, err := strconv.ParseInt(w.sent.Get("Content-Length"), 10, 64); err == nil {
		length = l
	}
	var body io.ReadCloser = io.NopCloser(&w.body)
	if w.stalled {
		body = &stalledBody{sent: &w.body, ctx: req.Context(), closed: make(chan struct{})}
	}
	return &http.Response{
		Status: strconv.Itoa(w.status) + " " + http.StatusText(w.status), StatusCode: w.status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.sent, Body: body, ContentLength: length, Request: req,
	}
}

// stalledBody gives what was sent and then nothing, until the request is given up.
type stalledBody struct {
	sent   *bytes.Buffer
	ctx    context.Context
	once   sync.Once
	closed chan struct{}
}

func (b *stalledBody) Read(p []byte) (int, error) {
	if b.sent.Len() > 0 {
		return b.sent.Read(p)
	}
	select {
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	case <-b.closed:
		return 0, net.ErrClosed
	}
}

func (b *stalledBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}
