package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

func TestRetryAfterIsNeverUndercut(t *testing.T) {
	for _, tt := range []struct {
		name   string
		status int
		header []string
		atLeast,
		atMost time.Duration
	}{
		{"seconds", 429, []string{"Retry-After", "17"}, 17 * time.Second, 17 * time.Second},
		{"milliseconds, rounded up", 429, []string{"Retry-After-Ms", "1500"}, 1500 * time.Millisecond, 2 * time.Second},
		{"unavailable", 503, []string{"Retry-After", "9"}, 9 * time.Second, 9 * time.Second},
		// This machine's clock says the year 2000 in the bubble: only the service's own Date tells what is meant.
		{"a date, our clock wrong", 429, []string{"Date", "Tue, 24 Nov 2026 10:00:00 GMT", "Retry-After", "Tue, 24 Nov 2026 10:00:21 GMT"}, 21 * time.Second, 21 * time.Second},
		{"a fraction", 429, []string{"Retry-After", "2.5"}, 2500 * time.Millisecond, 3 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := newClient(t, says(tt.status, `{"error":{"code":"TooManyRequests"}}`, tt.header...), says(200, `{"id":"x"}`))
				var into struct{ ID string }
				a, err := c.GetJSON(t.Context(), address, Bearer{}, &into)
				if err != nil || into.ID != "x" || a.Status != 200 {
					t.Fatalf("GetJSON = %+v, %v, %+v", a, err, into)
				}
				if p := s.pauses(); len(p) != 1 || p[0] < tt.atLeast || p[0] > tt.atMost {
					t.Errorf("asked again after %v, want %v to %v", p, tt.atLeast, tt.atMost)
				}
			})
		})
	}
}

// What one call was told holds for the next: a person who presses a key does
// not have the service asked earlier.
func TestRetryAfterHoldsForLaterCalls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, says(429, `{"error":{"code":"TooManyRequests"}}`, "Retry-After", "40"), says(200, `{}`))
		b := NewBearer("t", "graph.microsoft.com", "tenant/app")
		short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		for range 2 {
			_, err := c.GetJSON(short, address, b, &struct{}{})
			if p := wantKind(t, err, account.Throttled); p.Wait < 39*time.Second || p.Wait > 40*time.Second || p.Subject != "graph.microsoft.com" {
				t.Errorf("Wait = %v of %q, want 40s of graph.microsoft.com", p.Wait, p.Subject)
			}
		}
		if s.asked() != 1 {
			t.Fatalf("asked %d times, want once", s.asked())
		}
		if _, err := c.GetJSON(short, address, NewBearer("t", "graph.microsoft.com", "another/app"), &struct{}{}); err != nil {
			t.Errorf("another app is held back too: %v", err)
		}
		if _, err := c.GetJSON(t.Context(), address, b, &struct{}{}); err != nil {
			t.Fatal(err)
		}
		if got := s.seen[2].at.Sub(s.seen[0].at); got < 40*time.Second {
			t.Errorf("asked again after %v, want 40s", got)
		}
	})
}

func TestRetryAfterBeyondTheEndIsAnAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, says(429, `{"error":{"code":"TooManyRequests","message":"Please retry again later."}}`, "Retry-After", "300"))
		start := time.Now()
		_, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
		if p := wantKind(t, err, account.Throttled); p.Wait != 300*time.Second || p.Code != "TooManyRequests" {
			t.Errorf("problem = %+v", p)
		}
		if s.asked() != 1 || time.Since(start) > time.Second {
			t.Errorf("asked %d times in %v, want one answer at once", s.asked(), time.Since(start))
		}
	})
}

func TestRetriesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, says(503, `{"error":{"code":"ServiceUnavailable"}}`))
		_, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
		if p := wantKind(t, err, account.Unavailable); p.Status != 503 {
			t.Errorf("status %d", p.Status)
		}
		if s.asked() != 1+maxRetries {
			t.Errorf("asked %d times, want %d", s.asked(), 1+maxRetries)
		}
		for _, x := range s.seen[1:] {
			if x.id == "" || x.id != s.seen[0].id {
				t.Errorf("client-request-id %q, want the first try's %q", x.id, s.seen[0].id)
			}
		}
	})
}

// With a deadline the last answer is told, not that time ran out.
func TestRetriesEndBeforeTheContextDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := newClient(t, says(503, `{"error":{"code":"ServiceUnavailable"}}`))
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		_, err := c.GetJSON(ctx, address, Bearer{}, &struct{}{})
		wantKind(t, err, account.Unavailable)
	})
}

func TestOnlyWhatMayBeRepeatedIs(t *testing.T) {
	lost := fails(syscall.ECONNRESET)
	broken := func(r *http.Request) (*http.Response, error) {
		resp, _ := says(200, "")(r)
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"half":`), failing{}))
		return resp, nil
	}
	for _, tt := range []struct {
		name   string
		method string
		twice  bool
		answer func(*http.Request) (*http.Response, error)
		want   int
	}{
		{"read, lost answer", http.MethodGet, false, lost, 2},
		{"read, answer broke off", http.MethodGet, false, broken, 2},
		{"write, lost answer", http.MethodPost, false, lost, 1},
		{"write, answer broke off", http.MethodPost, false, broken, 1},
		{"write, unavailable", http.MethodPost, false, says(503, `{}`), 1},
		{"write, throttled", http.MethodPost, false, says(429, `{}`, "Retry-After", "1"), 2},
		{"token, lost answer", http.MethodPost, true, lost, 2},
		{"token, answer broke off", http.MethodPost, true, broken, 2},
		{"token, unavailable", http.MethodPost, true, says(504, `{}`), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s := newClient(t, tt.answer, says(200, `{}`))
				ctx := t.Context()
				if tt.twice {
					ctx = Idempotent(ctx)
				}
				r, err := http.NewRequestWithContext(ctx, tt.method, "https://login.example/x", strings.NewReader("a=b"))
				if err != nil {
					t.Fatal(err)
				}
				_, _ = c.HTTP("login.example").Do(r)
				if s.asked() != tt.want {
					t.Errorf("asked %d times, want %d", s.asked(), tt.want)
				}
			})
		})
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestWaitingEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, says(429, `{}`, "Retry-After", "30"))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		start := time.Now()
		_, err := c.GetJSON(ctx, address, Bearer{}, &struct{}{})
		wantKind(t, err, account.Cancelled)
		if d := time.Since(start); d != 5*time.Second || s.asked() != 1 {
			t.Errorf("ended after %v and %d requests", d, s.asked())
		}
	})
}

func TestSlowAnswerTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s := newClient(t, func(r *http.Request) (*http.Response, error) { <-r.Context().Done(); return nil, r.Context().Err() })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		_, err := c.GetJSON(ctx, address, Bearer{}, &struct{}{})
		if p := wantKind(t, err, account.TimedOut); p.Subject != "graph.microsoft.com" {
			t.Errorf("Subject = %q", p.Subject)
		}
		if s.asked() != 2 || s.pauses()[0] < tryLimit {
			t.Errorf("tries apart %v, want two, the first of %v", s.pauses(), tryLimit)
		}
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error("the cause is lost")
		}
	})
}
