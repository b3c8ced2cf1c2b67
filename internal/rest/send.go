package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
)

// bodyLimit is the size of the largest answer that is read, after decompression.
const bodyLimit = 4 << 20

// call is what the pipeline's parts share while one call is made.
type call struct {
	gate   string // what a Retry-After of this call holds back
	tries  int
	answer Answer

	stop   context.Context // when it ends, nothing more is sent
	cancel context.CancelFunc
	busy   func() bool // see idle
}

type callKey struct{}

// send makes one call: the response and its whole body, or an account.Problem.
// The Answer is recorded either way.
func (c *Client) send(r *http.Request, gate string) (*http.Response, []byte, Answer, error) {
	this := &call{gate: gate, answer: Answer{Evidence: account.Evidence{At: c.now(), Method: r.Method, Path: path(r)}}}
	ctx, cancel := context.WithCancel(context.WithValue(r.Context(), callKey{}, this))
	defer cancel() // the body is whole when this returns
	this.stop, this.cancel = Stop(r.Context()), cancel
	ctx = policy.WithRetryOptions(ctx, retryOptions(ctx, this, r.Method))
	this.idle()
	defer func() { this.busy() }()
	req, err := runtime.NewRequestFromRequest(r.WithContext(ctx))
	var resp *http.Response
	var body []byte
	if err == nil {
		if resp, err = c.pipeline.Do(req); err == nil {
			body, err = io.ReadAll(resp.Body)
		}
	}
	this.answer.Sent = this.tries
	this.answer.ClientRequestID = Text(r.Header.Get(clientRequestID), 64)
	if err != nil {
		if ended := this.stop.Err(); ended != nil && errors.Is(err, context.Canceled) {
			err = ended // it may be the time that is over
		}
		err = problemOf(this.stop, r.URL.Hostname(), err)
		resp = nil
	} else {
		this.answer.fill(resp)
	}
	record(ctx, this.answer)
	if c.told != nil {
		c.told(this.answer, err)
	}
	return resp, body, this.answer, err
}

// path is the address of a read as evidence keeps it.
func path(r *http.Request) string {
	p := r.URL.Host + r.URL.EscapedPath()
	if r.Method == http.MethodGet && r.URL.RawQuery != "" {
		p += "?" + r.URL.RawQuery
	}
	return Text(p, 400)
}

const clientRequestID = "Client-Request-Id"

type unnamedKey struct{}

// unnamed is a context for calls to services that do not keep an id of ours.
func unnamed(ctx context.Context) context.Context { return context.WithValue(ctx, unnamedKey{}, true) }

// headers puts on every call what a service wants to see.
type headers struct{ c *Client }

func (h headers) Do(req *policy.Request) (*http.Response, error) {
	head := req.Raw().Header
	head.Set("User-Agent", h.c.agent)
	if req.Raw().Context().Value(unnamedKey{}) == nil && head.Get(clientRequestID) == "" {
		head.Set(clientRequestID, uuid.NewString())
	}
	if head.Get("Accept") == "" {
		head.Set("Accept", "application/json")
	}
	return req.Next()
}

// attempt stands around every try: it waits where the service asked to be left
// alone, and notes when the try was made.
type attempt struct{ c *Client }

func (a attempt) Do(req *policy.Request) (*http.Response, error) {
	ctx := req.Raw().Context()
	this, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return req.Next()
	}
	if err := a.c.gate.wait(ctx, this); err != nil {
		return nil, err
	}
	if !this.busy() {
		return nil, this.stop.Err()
	}
	this.tries++
	this.answer.sent = a.c.now()
	resp, err := req.Next()
	this.answer.received = a.c.now()
	if err == nil {
		a.c.gate.hold(this.gate, obey(resp))
	}
	return resp, err
}

// buffered reads the whole answer as part of the try, so that an answer that
// breaks off is retried like one that never came.
type buffered struct{ http *http.Client }

var errTooBig = errors.New("the answer is larger than 4 MiB")

func (b buffered) Do(r *http.Request) (*http.Response, error) {
	resp, err := b.http.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, err
	}
	if len(body) > bodyLimit {
		return nil, errTooBig
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
