package aws

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// desk stands between the program and the cloud: it keeps what was asked, and
// answers in the cloud's place where a test says so.
type desk struct {
	cloud http.Handler
	now   func() time.Time

	mu      sync.Mutex
	asked   []string // "host action"
	bodies  []string
	instead []rule
}

type rule struct {
	action string
	times  int // how often; negative: always
	answer func(*http.Request) (*http.Response, error)
}

// says has an action be answered so, times times.
func (d *desk) says(action string, times, status int, body string, header ...string) {
	d.does(action, times, func(r *http.Request) (*http.Response, error) {
		h := http.Header{"Date": {d.now().UTC().Format(http.TimeFormat)}, "X-Amzn-Requestid": {"req-1"}}
		for i := 0; i+1 < len(header); i += 2 {
			h.Set(header[i], header[i+1])
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	})
}

func (d *desk) does(action string, times int, answer func(*http.Request) (*http.Response, error)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.instead = append(d.instead, rule{action, times, answer})
}

// refuses has an action be refused in the service's own form.
func (d *desk) refuses(action string, times, status int, code, message string) {
	switch action {
	case "CreateSession", "GetProfile", "GetTrustAnchor", "GetRoleCredentials":
		d.says(action, times, status, fmt.Sprintf(`{"message":%q}`, message), "X-Amzn-Errortype", code+":http://internal.amazon.com/")
	case "DescribeOrganization":
		d.says(action, times, status, fmt.Sprintf(`{"__type":"com.amazonaws#%s","Message":%q}`, code, message))
	default:
		d.says(action, times, status, "<ErrorResponse><Error><Type>Sender</Type><Code>"+code+"</Code><Message>"+message+"</Message></Error><RequestId>req-1</RequestId></ErrorResponse>")
	}
}

func (d *desk) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	action := actionOf(r, string(body))
	d.mu.Lock()
	d.asked = append(d.asked, r.URL.Host+" "+action)
	d.bodies = append(d.bodies, string(body))
	var answer func(*http.Request) (*http.Response, error)
	for i := range d.instead {
		if x := &d.instead[i]; x.action == action && x.times != 0 {
			x.times--
			answer = x.answer
			break
		}
	}
	d.mu.Unlock()
	if answer != nil {
		return answer(r)
	}
	if d.cloud == nil {
		return nil, fmt.Errorf("nobody answers %s", action)
	}
	in := r.Clone(r.Context())
	in.Body, in.Host, in.RequestURI = io.NopCloser(bytes.NewReader(body)), r.URL.Host, r.URL.RequestURI()
	w := httptest.NewRecorder()
	d.cloud.ServeHTTP(w, in)
	return w.Result(), nil
}

func actionOf(r *http.Request, body string) string {
	if t := r.Header.Get("X-Amz-Target"); t != "" {
		return t[strings.LastIndex(t, ".")+1:]
	}
	for prefix, action := range map[string]string{
		"/sessions": "CreateSession", "/profile/": "GetProfile", "/trustanchor/": "GetTrustAnchor", "/federation/credentials": "GetRoleCredentials",
	} {
		if strings.HasPrefix(r.URL.Path, prefix) {
			return action
		}
	}
	form, _ := url.ParseQuery(body)
	return form.Get("Action")
}

// count is how often an action was asked for.
func (d *desk) count(action string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.asked {
		if strings.HasSuffix(a, " "+action) {
			n++
		}
	}
	return n
}

func (d *desk) hosts() (hosts []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range d.asked {
		host, _, _ := strings.Cut(a, " ")
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	slices.Sort(hosts)
	return hosts
}

// at makes an AWS that asks through the desk, with that environment.
func at(t testing.TB, d *desk, now func() time.Time, env map[string]string) *AWS {
	t.Helper()
	if d.now == nil {
		d.now = now
	}
	c, err := rest.New(rest.Options{Transport: d, Version: "test", Now: now})
	if err != nil {
		t.Fatal(err)
	}
	return New(c, now, func(name string) string { return env[name] })
}

func fixedClock() time.Time { return today }

// as is a caller with some credentials in eu-west-1.
func as(a *AWS) caller {
	return caller{a, "eu-west-1", with(sdk.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "wJalrXUtnFEMI"})}
}

func ctxOf(t testing.TB) context.Context { return t.Context() }

func wantProblem(t testing.TB, err error, kind account.Kind, subject string) *account.Problem {
	t.Helper()
	p := account.AsProblem(err)
	if p == nil || p.Kind != kind || p.Subject != subject {
		t.Fatalf("got %v, want %s about %q", err, kind, subject)
	}
	return p
}
