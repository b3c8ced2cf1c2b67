package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// heard keeps what was sent.
type heard struct {
	next         http.RoundTripper
	method, body string
	header       http.Header
}

func (h *heard) RoundTrip(r *http.Request) (*http.Response, error) {
	h.method, h.body, h.header = r.Method, "", r.Header
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		h.body = string(b)
	}
	return h.next.RoundTrip(r)
}

func writer(t *testing.T, answers ...func(*http.Request) (*http.Response, error)) (*Client, *service, *heard) {
	t.Helper()
	s := &service{answers: answers}
	h := &heard{next: s}
	c, err := New(Options{Transport: h, Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	return c, s, h
}

func TestWriteJSON(t *testing.T) {
	b := NewBearer("t", "graph.microsoft.com", "tenant/app")
	c, _, h := writer(t, says(201, `{"id":"x"}`))
	var into struct{ ID string }
	a, err := c.WriteJSON(t.Context(), Write{Method: "PATCH", Address: address, Body: map[string]int{"n": 1}, CreateIfMissing: true}, b, &into)
	if err != nil || into.ID != "x" || a.Status != 201 || a.Sent != 1 || a.Method != "PATCH" {
		t.Fatalf("%+v %v %+v", a, err, into)
	}
	if h.method != "PATCH" || h.body != `{"n":1}` || h.header.Get("Prefer") != "create-if-missing" || h.header.Get("Content-Type") != "application/json" || h.header.Get("Authorization") != "Bearer t" {
		t.Errorf("sent %s %s %v", h.method, h.body, h.header)
	}
	c, _, h = writer(t, says(204, ""))
	if a, err := c.WriteJSON(t.Context(), Write{Method: "DELETE", Address: address}, b, nil); err != nil || a.Status != 204 {
		t.Errorf("%+v %v", a, err)
	}
	if h.body != "" || h.header.Get("Content-Type") != "" || h.header.Get("Prefer") != "" {
		t.Errorf("sent %q %v", h.body, h.header)
	}
	c, s, _ := writer(t, says(200, "{}"))
	if _, err := c.WriteJSON(t.Context(), Write{Method: "POST", Address: "https://graph.microsoft.us/v1.0/x"}, b, nil); err == nil || s.asked() != 0 {
		t.Errorf("sent to another cloud: %v", err)
	}
	for _, bad := range []Write{{Method: "POST", Address: address, Body: func() {}}, {Method: "PO ST", Address: address}} {
		if _, err := c.WriteJSON(t.Context(), bad, b, nil); account.KindOf(err) != account.Unexpected {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestRefusedWrite(t *testing.T) {
	c, _, _ := writer(t, says(409, `{"error":{"code":"Request_MultipleObjectsWithSameKeyValue","message":"A conflict."}}`))
	_, err := c.WriteJSON(t.Context(), Write{Method: "POST", Address: address, Body: 1}, Bearer{}, nil)
	var r *Refusal
	if !errors.As(err, &r) || r.Status != 409 || r.Message != "A conflict." {
		t.Errorf("%v", err)
	}
}

// TestWritesAreRepeated: a lost answer or a 5xx only where it does no harm, 429
// everywhere; and the body is sent again.
func TestWritesAreRepeated(t *testing.T) {
	for name, tt := range map[string]struct {
		first      func(*http.Request) (*http.Response, error)
		idempotent bool
		want       int
	}{
		"lost":             {fails(syscall.ECONNRESET), false, 1},
		"503":              {says(503, `{"error":{"code":"x"}}`), false, 1},
		"429":              {says(429, `{"error":{"code":"x"}}`, "Retry-After", "7"), false, 2},
		"lost, idempotent": {fails(syscall.ECONNRESET), true, 2},
		"503, idempotent":  {says(503, `{"error":{"code":"x"}}`), true, 2},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, s, h := writer(t, tt.first, says(201, `{}`))
			ctx := t.Context()
			if tt.idempotent {
				ctx = Idempotent(ctx)
			}
			var told []bool
			ctx = listening(ctx, func(wait time.Duration, asked bool) {
				if wait <= 0 {
					t.Errorf("%s: a pause of %v", name, wait)
				}
				told = append(told, asked)
			})
			a, err := c.WriteJSON(ctx, Write{Method: "POST", Address: address, Body: "x"}, Bearer{}, &struct{}{})
			if s.asked() != tt.want || (err == nil) != (tt.want == 2) || h.body != `"x"` || a.Sent != tt.want {
				t.Errorf("%s: sent %d times, %+v %v, body %q", name, s.asked(), a, err, h.body)
			}
			if len(told) != tt.want-1 || tt.want == 2 && told[0] != (name == "429") {
				t.Errorf("%s: told of %v", name, told)
			}
		})
	}
}

func TestNoPauseAfterTheLastTry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := writer(t, says(503, `{"error":{"code":"x"}}`))
		told := 0
		ctx := listening(t.Context(), func(time.Duration, bool) { told++ })
		_, err := c.GetJSON(ctx, address, Bearer{}, &struct{}{})
		if wantKind(t, err, account.Unavailable); told != s.asked()-1 {
			t.Errorf("told of %d pauses, asked %d times", told, s.asked())
		}
	})
}

func TestPausesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := writer(t, says(429, `{"error":{"code":"x"}}`, "Retry-After", "40"), says(200, `{}`))
		short, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		told := 0
		listen := func(ctx context.Context) context.Context {
			return listening(ctx, func(wait time.Duration, asked bool) {
				if told++; !asked || wait > 40*time.Second {
					t.Errorf("%v %v", wait, asked)
				}
			})
		}
		b := NewBearer("t", "graph.microsoft.com", "tenant/app")
		_, err := c.GetJSON(listen(short), address, b, &struct{}{})
		if wantKind(t, err, account.Throttled); told != 0 {
			t.Error("told of a pause that is not made")
		}
		if _, err := c.GetJSON(listen(t.Context()), address, b, &struct{}{}); err != nil || told != 1 || s.asked() != 2 {
			t.Errorf("%v, told %d times, asked %d times", err, told, s.asked())
		}
	})
}

// TestUncutEndsBetweenTwoTries stops a write that must not be abandoned: while
// it waits it ends at once and is sent no more, and what was sent is waited for.
func TestUncutEndsBetweenTwoTries(t *testing.T) {
	slow := func(after func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			select {
			case <-time.After(20 * time.Second):
				return after(r)
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
		}
	}
	held := says(429, `{"error":{"code":"TooManyRequests"}}`, "Retry-After", "40")
	for name, tt := range map[string]struct {
		answers []func(*http.Request) (*http.Response, error)
		want    account.Kind
		after   time.Duration
		asked   int
	}{
		"asked to wait":         {[]func(*http.Request) (*http.Response, error){held}, account.Cancelled, 5 * time.Second, 1},
		"lost, before it again": {[]func(*http.Request) (*http.Response, error){fails(io.ErrUnexpectedEOF)}, account.Cancelled, 5 * time.Second, 3},
		"on its way":            {[]func(*http.Request) (*http.Response, error){slow(says(201, `{}`))}, "", 20 * time.Second, 1},
		"on its way, and 503":   {[]func(*http.Request) (*http.Response, error){slow(says(503, `{}`))}, account.Unavailable, 20 * time.Second, 1},
		"on its way, and lost":  {[]func(*http.Request) (*http.Response, error){slow(fails(io.ErrUnexpectedEOF))}, account.Cancelled, 20 * time.Second, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, s, _ := writer(t, tt.answers...)
				ctx, stop := context.WithCancel(t.Context())
				time.AfterFunc(5*time.Second, stop)
				start := time.Now()
				_, err := c.WriteJSON(Uncut(Idempotent(ctx)), Write{Method: "PATCH", Address: address}, Bearer{}, &struct{}{})
				if account.KindOf(err) != tt.want {
					t.Errorf("ended with %v, want %q", err, tt.want)
				}
				if took := time.Since(start); took != tt.after || s.asked() != tt.asked {
					t.Errorf("asked %d times in %v, want %d in %v", s.asked(), took, tt.asked, tt.after)
				}
				// Stopped, nothing is sent.
				_, err = c.WriteJSON(Uncut(ctx), Write{Method: "PATCH", Address: address}, Bearer{}, nil)
				wantKind(t, err, account.Cancelled)
				if s.asked() != tt.asked {
					t.Error("something was sent after the stop")
				}
			})
		})
	}
}

// TestUncutEndsWithItsTime looks that the end of the time there is ends the
// waiting as a stop does, and is told as what it is.
func TestUncutEndsWithItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, s, _ := writer(t, says(429, `{}`, "Retry-After", "40"), says(200, `{}`))
		b := NewBearer("t", "graph.microsoft.com", "tenant/app")
		if _, err := c.WriteJSON(t.Context(), Write{Method: "PATCH", Address: address}, b, &struct{}{}); err != nil {
			t.Fatal(err)
		}
		s.answers = []func(*http.Request) (*http.Response, error){says(429, `{}`, "Retry-After", "40")}
		short, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		_, err := c.WriteJSON(Uncut(short), Write{Method: "PATCH", Address: address}, b, &struct{}{})
		if p := wantKind(t, err, account.Throttled); p.Wait != 40*time.Second {
			t.Errorf("%+v", p)
		}
		// The gate would open after the end.
		_, err = c.WriteJSON(Uncut(short), Write{Method: "PATCH", Address: address}, b, &struct{}{})
		if p := wantKind(t, err, account.Throttled); p.Wait != 40*time.Second || s.asked() != 3 {
			t.Errorf("%+v, asked %d times", p, s.asked())
		}
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, stop)
		start := time.Now()
		_, err = c.WriteJSON(Uncut(ctx), Write{Method: "PATCH", Address: address}, b, &struct{}{})
		if wantKind(t, err, account.Cancelled); time.Since(start) != 5*time.Second || s.asked() != 3 {
			t.Errorf("held back, it ended after %v, asked %d times", time.Since(start), s.asked())
		}
	})
}

// TestEmptyAnswers: 200 without a body is an answer only where it was said to be.
func TestEmptyAnswers(t *testing.T) {
	for _, c := range []struct {
		may  bool
		said func(*http.Request) (*http.Response, error)
		want account.Kind
	}{
		{true, says(200, ""), ""},
		{false, says(200, ""), account.NotTheService},
		{true, says(302, ""), account.NotTheService},
		{true, says(200, "<html>"), account.NotTheService},
	} {
		client, _, _ := writer(t, c.said)
		if _, err := client.WriteJSON(t.Context(), Write{Method: "POST", Address: address, MayBeEmpty: c.may}, Bearer{}, nil); account.KindOf(err) != c.want {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
