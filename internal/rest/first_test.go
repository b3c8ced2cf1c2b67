package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// TestOneConnectionForAll has many calls begin at a time: those of a service that speaks
// HTTP/2 share a connection, and of one that does not none waits for another's answer.
func TestOneConnectionForAll(t *testing.T) {
	const calls = 40
	for name, test := range map[string]struct {
		http2 bool
		most  int32
	}{
		"HTTP/2":   {true, calls / 4}, // one, but net/http lets others have it a moment after the first does
		"HTTP/1.1": {false, calls},
	} {
		t.Run(name, func(t *testing.T) {
			noTrustVariables(t)
			var connections atomic.Int32
			var all sync.WaitGroup // answered once every call has come
			all.Add(calls)
			s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				all.Done()
				all.Wait()
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte("{}"))
			}))
			s.EnableHTTP2 = test.http2
			s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			s.StartTLS()
			t.Cleanup(s.Close)
			t.Setenv("AWS_CA_BUNDLE", trustFile(t, s)) // SSL_CERT_FILE is read once, for all tests of this process
			c, err := New(Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.CloseIdleConnections)
			var group sync.WaitGroup
			for range calls {
				group.Go(func() {
					if _, err := c.GetJSON(t.Context(), s.URL, Bearer{}, &struct{}{}); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if n := connections.Load(); n > test.most {
				t.Errorf("%d connections for %d calls", n, calls)
			}
		})
	}
}

// TestFirstFails has the first call to a host fail after a while: others are made all the
// same, before it failed and after, and one that is given up while it waits ends.
func TestFirstFails(t *testing.T) { synctest.Test(t, firstFails) }

func firstFails(t *testing.T) {
	broken := errors.New("a connection that is refused")
	begun, fail := make(chan struct{}), make(chan struct{})
	var calls atomic.Int32
	f := &first{hosts: map[string]chan struct{}{}, RoundTripper: roundTrip(func(*http.Request) (*http.Response, error) {
		if calls.Add(1) == 1 {
			close(begun)
			<-fail
		}
		return nil, broken
	})}
	ask := func(ctx context.Context) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.microsoft.com/", nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = f.RoundTrip(r)
		return err
	}
	results := make(chan error, 2)
	go func() { results <- ask(t.Context()) }()
	<-begun
	givenUp, giveUp := context.WithCancel(t.Context())
	giveUp()
	if err := ask(givenUp); !errors.Is(err, context.Canceled) || calls.Load() != 1 {
		t.Errorf("given up: %v after %d calls", err, calls.Load())
	}
	began := time.Now()
	if err := ask(t.Context()); !errors.Is(err, broken) || time.Since(began) < lead {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
	go func() { results <- ask(t.Context()) }()
	close(fail)
	for range 2 {
		if err := <-results; !errors.Is(err, broken) {
			t.Error(err)
		}
	}
	if calls.Load() != 3 {
		t.Errorf("%d calls were made", calls.Load())
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
