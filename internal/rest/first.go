package rest

import (
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// first has the first call to a host go ahead until it has its connection. Where many
// begin at a time each would open one of its own, and then find that they can share one
// (HTTP/2): ten handshakes for each of 32 accounts. The first call's answer is not waited
// for, nor its connection for long, which may never come.
type first struct {
	http.RoundTripper

	mu    sync.Mutex
	hosts map[string]chan struct{} // closed when the first call has a connection, or ended
}

// lead is how long the first call goes ahead at most. A host that cannot be reached takes
// the others so much longer to find that out.
const lead = 2 * time.Second

// RoundTrip makes the request.
func (f *first) RoundTrip(r *http.Request) (*http.Response, error) {
	open, leads := f.door(r.URL.Host)
	if !leads {
		late := time.NewTimer(lead)
		defer late.Stop()
		select {
		case <-open:
			return f.RoundTripper.RoundTrip(r)
		case <-late.C:
			return f.RoundTripper.RoundTrip(r)
		case <-r.Context().Done():
			if r.Body != nil {
				_ = r.Body.Close()
			}
			return nil, r.Context().Err()
		}
	}
	connected := sync.OnceFunc(func() { close(open) })
	defer connected()
	trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { connected() }}
	return f.RoundTripper.RoundTrip(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
}

// door is what is open once a host was reached, and tells whether this call is the first.
func (f *first) door(host string) (open chan struct{}, leads bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	open, known := f.hosts[host]
	if !known {
		open = make(chan struct{})
		f.hosts[host] = open
	}
	return open, !known
}

// CloseIdleConnections gives back connections that nobody uses.
func (f *first) CloseIdleConnections() {
	if c, ok := f.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
