package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

func TestAnswersThatAreNotTheServices(t *testing.T) {
	const page = `<!DOCTYPE html><html><body>Stopped by policy 4711</body></html>`
	for _, tt := range []struct {
		name   string
		answer func(*http.Request) (*http.Response, error)
		want   account.Kind
	}{
		{"a page with 200", says(200, page, "Content-Type", "text/html"), account.NotTheService},
		{"a page with 403", says(403, page, "Content-Type", "text/html"), account.NotTheService},
		{"a page that claims to be JSON", says(200, page), account.NotTheService},
		{"half of an answer", says(200, `{"value":[`), account.NotTheService},
		{"nothing", says(200, ""), account.NotTheService},
		{"a redirect", says(302, page, "Location", "https://portal.example/login"), account.NotTheService},
		{"a redirect with JSON", says(307, `{}`, "Location", "https://graph.microsoft.com/other"), account.NotTheService},
		{"proxy wants a password", says(407, page), account.ProxyRefused},
		{"throttled with a page", says(429, page, "Retry-After", "120"), account.Throttled},
		{"another form", says(200, `{"id":["not","text"]}`), account.Unexpected},
		{"too large", says(200, `"`+strings.Repeat("a", bodyLimit)+`"`), account.Unexpected},
		{"501 with a page", says(501, page), account.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, s := newClient(t, tt.answer)
			a, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{ ID string }{})
			p := wantKind(t, err, tt.want)
			if strings.Contains(err.Error(), "4711") || strings.Contains(fmt.Sprint(p.Err), "4711") {
				t.Errorf("a stranger's page is shown: %v", err)
			}
			if s.asked() != 1 {
				t.Errorf("asked %d times, want once", s.asked())
			}
			if a.Path != "graph.microsoft.com/v1.0/organization" || a.ClientRequestID == "" || a.At.IsZero() {
				t.Errorf("evidence is not whole: %+v", a.Evidence)
			}
		})
	}
}

func TestNoWay(t *testing.T) {
	for _, tt := range []struct {
		name    string
		err     error
		want    account.Kind
		subject string
	}{
		{"no such name", &net.OpError{Op: "dial", Err: &net.DNSError{Name: "graph.microsoft.com", IsNotFound: true}}, account.Offline, "graph.microsoft.com"},
		{"no route", &net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, account.Offline, "graph.microsoft.com"},
		{"connecting takes too long", &net.OpError{Op: "dial", Err: context.DeadlineExceeded}, account.TimedOut, "graph.microsoft.com"},
		{"no such proxy", &net.OpError{Op: "proxyconnect", Err: &net.DNSError{Name: "proxy.corp", IsNotFound: true}}, account.Offline, "proxy.corp"},
		{"the proxy is down", &net.OpError{Op: "proxyconnect", Err: &net.OpError{Op: "dial", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 3128}, Err: syscall.ECONNREFUSED}}, account.Offline, "10.0.0.1:3128"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, s := newClient(t, fails(tt.err))
			_, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
			if p := wantKind(t, err, tt.want); p.Subject != tt.subject {
				t.Errorf("Subject = %q, want %q", p.Subject, tt.subject)
			}
			if s.asked() != 1 {
				t.Errorf("asked %d times, want once", s.asked())
			}
		})
	}
}

const token = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl"

func TestTokenGoesToItsOwnHostOnly(t *testing.T) {
	b := NewBearer(token, "graph.microsoft.com", "t/a")
	for _, elsewhere := range []string{
		"https://graph.microsoft.us/v1.0/organization", "https://graph.microsoft.com:8443/v1.0/organization",
		"http://graph.microsoft.com/v1.0/organization", "https://graph.microsoft.com@evil.example/", "https://evil.example/graph.microsoft.com",
	} {
		c, s := newClient(t, says(200, `{}`))
		if _, err := c.GetJSON(t.Context(), elsewhere, b, &struct{}{}); err == nil || s.asked() != 0 {
			t.Errorf("%s: %v, %d requests", elsewhere, err, s.asked())
		}
		r, err := http.NewRequest(http.MethodPost, elsewhere, strings.NewReader("client_assertion=x"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.HTTP("graph.microsoft.com").Do(r); err == nil || s.asked() != 0 {
			t.Errorf("library, %s: %v, %d requests", elsewhere, err, s.asked())
		}
	}
	c, s := newClient(t, says(200, `{}`))
	if _, err := c.GetJSON(t.Context(), address, b, &struct{}{}); err != nil {
		t.Fatal(err)
	}
	if s.seen[0].auth != "Bearer "+token {
		t.Error("the token does not arrive where it belongs")
	}
}

func TestBearerIsNotShown(t *testing.T) {
	b := NewBearer(token, "graph.microsoft.com", "t/a")
	in := struct {
		Shown  Bearer
		hidden Bearer
		Ptr    *Bearer
	}{b, b, &b}
	var all strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&all, verb+verb+verb, b, &b, in)
	}
	j, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(j)
	if strings.Contains(all.String(), "c2lnbmF0dXJl") || strings.Contains(all.String(), fmt.Sprintf("%x", "c2lnbmF0dXJl")) {
		t.Errorf("the token is shown: %s", all.String())
	}
}

func TestTokensInTextsOfOthersAreHidden(t *testing.T) {
	c, _ := newClient(t, says(400, `{"error":{"code":"bad","message":"cannot read `+token+` here"}}`))
	_, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
	r, ok := err.(*Refusal)
	if !ok || strings.Contains(r.Text+r.Message+r.Error(), "c2lnbmF0dXJl") || !strings.Contains(r.Text, "cannot read "+hidden+" here") {
		t.Errorf("refusal = %+v", err)
	}
}

func TestPages(t *testing.T) {
	type item struct{ ID string }
	page := func(id, next string) func(*http.Request) (*http.Response, error) {
		return says(200, fmt.Sprintf(`{"value":[{"id":%q}],"@odata.nextLink":%q}`, id, next))
	}
	c, s := newClient(t, page("1", address+"?$skiptoken=2"), page("2", address+"?$skiptoken=3"), says(200, `{"value":[{"id":"3"}]}`))
	got, err := Collect[item](t.Context(), c, address, Bearer{}, 5)
	if err != nil || got.More || len(got.Evidence) != 3 {
		t.Fatalf("Collect = %+v, %v", got, err)
	}
	if d := cmp.Diff([]item{{"1"}, {"2"}, {"3"}}, got.Items); d != "" {
		t.Error(d)
	}
	if s.asked() != 3 {
		t.Errorf("asked %d times", s.asked())
	}

	endless, s2 := newClient(t, page("1", address))
	if got, err := Collect[item](t.Context(), endless, address, Bearer{}, 4); err != nil || !got.More || s2.asked() != 4 {
		t.Errorf("endless pages: %d items, more %v, %v, %d requests", len(got.Items), got.More, err, s2.asked())
	}

	away, s3 := newClient(t, page("1", "https://evil.example/v1.0/organization"))
	if got, err := Collect[item](t.Context(), away, address, NewBearer(token, "graph.microsoft.com", ""), 4); err == nil || s3.asked() != 1 || len(got.Items) != 1 {
		t.Errorf("followed to another host: %+v, %v, %d requests", got, err, s3.asked())
	}
}

func TestClockComparison(t *testing.T) {
	server := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		sent   time.Time
		took   time.Duration
		header []string
		want   time.Duration
		known  bool
	}{
		{"same", server.Add(-500 * time.Millisecond), 2 * time.Second, nil, 0, true},
		{"an hour ahead", server.Add(time.Hour), time.Second, nil, time.Hour, true},
		{"behind", server.Add(-3 * time.Minute), 3 * time.Second, nil, -3*time.Minute + time.Second, true},
		{"kept by a cache", server.Add(time.Minute), time.Second, []string{"Age", "60"}, 0, true},
		{"no date", server, 0, []string{"Date", "soon"}, 0, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			times := []time.Time{tt.sent, tt.sent, tt.sent.Add(tt.took)}
			now := func() time.Time {
				at := times[0]
				if len(times) > 1 {
					times = times[1:]
				}
				return at
			}
			s := &service{answers: []func(*http.Request) (*http.Response, error){
				says(200, `{}`, append([]string{"Date", server.Format(http.TimeFormat)}, tt.header...)...),
			}}
			c, err := New(Options{Transport: s, Now: now})
			if err != nil {
				t.Fatal(err)
			}
			a, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
			if err != nil {
				t.Fatal(err)
			}
			if got, known := a.Ahead(); got != tt.want || known != tt.known {
				t.Errorf("Ahead() = %v, %v, want %v, %v", got, known, tt.want, tt.known)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		code       string
		codes      []string
		message    string
	}{
		{
			"usual", `{"error":{"code":"Authorization_RequestDenied","message":"Insufficient privileges to complete the operation. More.","innerError":{"date":"2026-11-22T10:17:06","request-id":"x"}}}`,
			"Authorization_RequestDenied",
			[]string{"Authorization_RequestDenied"},
			"Insufficient privileges to complete the operation.",
		},
		{
			"details", `{"error":{"code":"Request_BadRequest","message":"m","details":[{"code":"ConflictingObjects","message":"n","target":"t"}]}}`,
			"Request_BadRequest",
			[]string{"Request_BadRequest", "ConflictingObjects"},
			"m",
		},
		{
			"nested, other spelling", `{"error":{"code":"","message":"","innererror":{"code":"NoLicense","message":"inner"}}}`,
			"NoLicense",
			[]string{"NoLicense"},
			"inner",
		},
		{"message as object", `{"odata.error":{"code":"Request_X","message":{"lang":"en","value":"old path"}}}`, "Request_X", []string{"Request_X"}, "old path"},
		{"code as number", `{"error":{"code":429,"message":"m"}}`, "429", []string{"429"}, "m"},
		{
			"sign-in's form", `{"error":"invalid_tenant","error_description":"AADSTS90002: Tenant 'nope.example' not found. Check."}`,
			"invalid_tenant",
			[]string{"invalid_tenant"},
			"AADSTS90002: Tenant 'nope.example' not found.",
		},
		{"a gateway's", `{"statusCode":403,"message":"Forbidden by gateway"}`, "", nil, "Forbidden by gateway"},
		{"null", `null`, "", nil, ""},
		{"error null", `{"error":null}`, "", nil, ""},
		{"a list", `[1,2]`, "", nil, ""},
		{"control characters", `{"error":{"code":"X","message":"one\nTrace ID: y"}}`, "X", []string{"X"}, "one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, _ := newClient(t, says(403, tt.body, "request-id", "93b6f17e"))
			_, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{})
			r, ok := err.(*Refusal)
			if !ok {
				t.Fatalf("got %v", err)
			}
			if r.Code != tt.code || r.Message != tt.message || r.Status != 403 || r.RequestID != "93b6f17e" {
				t.Errorf("refusal = %+v", r)
			}
			if d := cmp.Diff(tt.codes, r.Codes); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"error":{"code":"a","message":"b","innerError":{"code":"c","innererror":{}},"details":[{"code":"d"}]}}`,
		`{"error":"invalid_client","error_description":"AADSTS700027: x"}`, `{"error":[{"code":1}],"message":{"value":"eyJhbGciOiJSUzI1NiJ9.e.s"}}`, `[]`, `"`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := readRefusal(Answer{}, body)
		if len(r.Codes) > 0 != (r.Code != "") || len(r.Codes) > 20 {
			t.Errorf("codes %q, first %q", r.Codes, r.Code)
		}
		_ = r.Error()
		_ = r.Problem(account.Unexpected).Error()
	})
}

// closing tells when a body is closed.
type closing struct {
	io.Reader
	closed *int
}

func (c closing) Close() error { *c.closed++; return nil }

// TestBodiesAreClosed: else the connection is never used again.
func TestBodiesAreClosed(t *testing.T) {
	closed := 0
	with := func(status int) func(*http.Request) (*http.Response, error) {
		return func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: closing{strings.NewReader(`{}`), &closed}, Request: r}, nil
		}
	}
	c, _ := newClient(t, with(200), with(403))
	if _, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{}); err != nil || closed != 1 {
		t.Errorf("%v, closed %d times", err, closed)
	}
	if _, err := c.GetJSON(t.Context(), address, Bearer{}, &struct{}{}); err == nil || closed != 2 {
		t.Errorf("%v, closed %d times", err, closed)
	}
}

// TestCollectFollowsBothSpellings: Azure Resource Manager has a name of its own
// for the next page.
func TestCollectFollowsBothSpellings(t *testing.T) {
	c, s := newClient(t, says(200, `{"value":[1],"nextLink":"https://graph.microsoft.com/2"}`), says(200, `{"value":[2]}`))
	all, err := Collect[int](t.Context(), c, address, Bearer{}, 5)
	if err != nil || len(all.Items) != 2 || all.More || s.asked() != 2 {
		t.Errorf("%+v %v after %d", all, err, s.asked())
	}
	c, s = newClient(t, says(200, `{"value":[1],"nextLink":"https://elsewhere.example/2"}`))
	if _, err := Collect[int](t.Context(), c, address, Bearer{}, 5); err == nil || s.asked() != 1 {
		t.Errorf("another host's page was asked for: %v", err)
	}
}

// TestToldOfEachCall holds that whoever writes a log is told of every call, also of
// one that failed, and of nothing secret.
func TestToldOfEachCall(t *testing.T) {
	var told []string
	s := &service{answers: []func(*http.Request) (*http.Response, error){says(200, `{"access_token":"secret"}`), says(403, `{"error":{"code":"secret-body"}}`)}}
	c, err := New(Options{Transport: s, Told: func(a Answer, err error) { told = append(told, fmt.Sprintf("%+v %v", a, err)) }})
	if err != nil {
		t.Fatal(err)
	}
	var into struct{}
	bearer := NewBearer("secret-token", "graph.microsoft.com", "app")
	_, _ = c.GetJSON(t.Context(), address, bearer, &into)
	_, _ = c.GetJSON(t.Context(), address, bearer, &into)
	if len(told) != 2 || !strings.Contains(told[1], "graph.microsoft.com/v1.0/organization") || !strings.Contains(told[1], "403") {
		t.Errorf("told %q", told)
	}
	if strings.Contains(strings.Join(told, " "), "secret") {
		t.Errorf("told of a secret: %q", told)
	}
}
