package simcloud

import (
	"net/http"
	"time"
)

// Request is one request that arrived. It holds no body, no header and no
// token; a query is kept as it came, and none of the routes takes a secret
// there: what an app puts into the address it sends a browser to stands in that
// browser's history as well.
type Request struct {
	Method string
	Host   string
	Path   string // decoded
	Query  string // raw
	Action string // of AWS: "sts:AssumeRole"; empty elsewhere
	Status int    // 0: not answered yet, or the connection was dropped
	Time   time.Time
	Done   time.Time // when it was answered or dropped; zero before
	Person bool      // of a person's browser, and not of an app
}

// maxRequests bounds the record, for a demo that is left open.
const maxRequests = 20_000

// Requests are the requests so far, in the order they arrived; the oldest are
// forgotten after some 20,000. Times are by the clock given to New.
func (c *Cloud) Requests() []Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Request, len(c.requests))
	for i, r := range c.requests {
		all[i] = *r
	}
	return all
}

// ForgetRequests empties the record.
func (c *Cloud) ForgetRequests() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = nil
}

func (c *Cloud) record(r *http.Request) *Request {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry := &Request{Method: r.Method, Host: hostOf(r), Path: r.URL.Path, Query: r.URL.RawQuery, Time: c.now(), Person: ByPerson(r), Action: actionOf(r)}
	if len(c.requests) >= maxRequests {
		c.requests = append([]*Request(nil), c.requests[maxRequests/2:]...)
	}
	c.requests = append(c.requests, entry)
	return entry
}

func (c *Cloud) finish(entry *Request, status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entry.Status, entry.Done = status, c.now()
}
