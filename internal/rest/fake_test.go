package rest

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// seen is a request as it arrived, and when.
type seen struct {
	at   time.Time
	host string
	auth string
	id   string
}

// service answers requests one after another; the last answer is for all that follow.
type service struct {
	answers []func(*http.Request) (*http.Response, error)

	mu   sync.Mutex
	seen []seen
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	s.mu.Lock()
	n := len(s.seen)
	s.seen = append(s.seen, seen{time.Now(), r.URL.Host, r.Header.Get("Authorization"), r.Header.Get("Client-Request-Id")})
	s.mu.Unlock()
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return s.answers[min(n, len(s.answers)-1)](r)
}

// pauses are the times between the requests.
func (s *service) pauses() (d []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.seen); i++ {
		d = append(d, s.seen[i].at.Sub(s.seen[i-1].at))
	}
	return d
}

func (s *service) asked() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

func says(status int, body string, header ...string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Content-Type": {"application/json"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
}

func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func newClient(t *testing.T, answers ...func(*http.Request) (*http.Response, error)) (*Client, *service) {
	t.Helper()
	s := &service{answers: answers}
	c, err := New(Options{Transport: s, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

func wantKind(t *testing.T, err error, want account.Kind) *account.Problem {
	t.Helper()
	var p *account.Problem
	if !errors.As(err, &p) || p.Kind != want {
		t.Fatalf("got %v, want kind %q", err, want)
	}
	return p
}

const address = "https://graph.microsoft.com/v1.0/organization"
