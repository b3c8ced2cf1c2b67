package rest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
)

// bodyLimit is the size of the largest answer that is read, after decompression.
const bodyLimit = 4 << 20

// call is one call while it is made.
type call struct {
	gate   string // what a Retry-After of this call holds back
	tries  int
	answer Answer

	stop   context.Context // when it ends, nothing more is sent
	cancel context.CancelFunc
	busy   func() bool // see idle
}

// send makes one call: the response and its whole body, or an account.Problem.
// The Answer is recorded either way.
func (c *Client) send(r *http.Request, gate string) (*http.Response, []byte, Answer, error) {
	this := &call{gate: gate, answer: Answer{Evidence: account.Evidence{At: c.now(), Method: r.Method, Path: path(r)}}}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel() // the body is whole when this returns
	this.stop, this.cancel = Stop(r.Context()), cancel
	this.idle()
	defer func() { this.busy() }()
	c.name(r)
	resp, body, err := c.tries(r.WithContext(ctx), this)
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

// name puts on a call what a service wants to see.
func (c *Client) name(r *http.Request) {
	r.Header.Set("User-Agent", c.agent)
	if r.Context().Value(unnamedKey{}) == nil && r.Header.Get(clientRequestID) == "" {
		r.Header.Set(clientRequestID, uuid.NewString())
	}
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
}

// tries makes a call, and again where that is to be done: the last response
// with its whole body, or what was wrong with the last try.
func (c *Client) tries(r *http.Request, this *call) (*http.Response, []byte, error) {
	fresh, err := repeated(r)
	if err != nil {
		return nil, nil, err
	}
	for {
		resp, body, err := c.try(fresh(), this)
		if ended := r.Context().Err(); ended != nil {
			return nil, nil, ended
		}
		pause, again := this.again(r, resp, err)
		if !again {
			return resp, body, err
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return nil, nil, r.Context().Err()
		}
	}
}

// repeated gives a request as often as it is asked for, each with its body from
// the start.
func repeated(r *http.Request) (func() *http.Request, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return func() *http.Request { return r }, nil
	}
	body, err := io.ReadAll(r.Body)
	_ = r.Body.Close()
	if err != nil {
		return nil, err
	}
	return func() *http.Request {
		r.ContentLength = int64(len(body))
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
		return r
	}, nil
}

// try waits where the service asked to be left alone, makes the call once, and
// notes when that was.
func (c *Client) try(r *http.Request, this *call) (*http.Response, []byte, error) {
	ctx, cancel := context.WithTimeout(r.Context(), tryLimit)
	defer cancel()
	done, err := c.gate.enter(ctx, this)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	if !this.busy() {
		return nil, nil, this.stop.Err()
	}
	this.tries++
	this.answer.sent = c.now()
	resp, body, err := c.whole(r.WithContext(ctx))
	this.answer.received = c.now()
	if err == nil {
		c.gate.hold(this.gate, obey(resp))
	}
	return resp, body, err
}

var errTooBig = errors.New("the answer is larger than 4 MiB")

// whole reads the whole answer as part of the try, so that an answer that
// breaks off is retried like one that never came.
func (c *Client) whole(r *http.Request) (*http.Response, []byte, error) {
	resp, err := c.http.Do(r)
	if err != nil {
		return nil, nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	_ = resp.Body.Close()
	if err != nil {
		return nil, nil, err
	}
	if len(body) > bodyLimit {
		return nil, nil, errTooBig
	}
	return resp, body, nil
}
