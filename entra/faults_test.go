package entra

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// listener hears what passes: the assertions that are sent and the tokens that
// come back. Where echo is set it answers the token request with what was sent.
type listener struct {
	next http.RoundTripper
	echo int // status

	mu      sync.Mutex
	secrets []string
	jtis    map[string]bool
	header  map[string]any
	claims  map[string]any
}

func (l *listener) RoundTrip(r *http.Request) (*http.Response, error) {
	var form url.Values
	if r.Body != nil {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(b))
		form, _ = url.ParseQuery(string(b))
		l.hear(form.Get("client_assertion"))
	}
	if l.echo != 0 && len(form) > 0 {
		body := fmt.Sprintf(`{"error":"invalid_client","error_description":"AADSTS50027: cannot read %s. Trace ID: x","assertion":%q}`, form.Get("client_assertion"), form.Encode())
		return &http.Response{StatusCode: l.echo, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
	}
	resp, err := l.next.RoundTrip(r)
	if err != nil || len(form) == 0 {
		return resp, err
	}
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(b))
	var answer struct {
		Token string `json:"access_token"`
	}
	if json.Unmarshal(b, &answer) == nil && answer.Token != "" {
		l.mu.Lock()
		l.secrets = append(l.secrets, answer.Token)
		l.mu.Unlock()
	}
	return resp, nil
}

func (l *listener) hear(assertion string) {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.secrets = append(l.secrets, parts[2], parts[1])
	decode(parts[0], &l.header)
	decode(parts[1], &l.claims)
	if l.jtis == nil {
		l.jtis = map[string]bool{}
	}
	if id, ok := l.claims["jti"].(string); ok {
		l.jtis[id] = true
	}
}

func TestNoSecretInAnyReport(t *testing.T) {
	for name, change := range map[string]func(w *world, l *listener){
		"all well":            func(*world, *listener) {},
		"refused":             func(w *world, _ *listener) { w.must(w.tenant.SetEnabled(w.app.ClientID, false)) },
		"the form comes back": func(_ *world, l *listener) { l.echo = 401 },
		"and as an outage":    func(_ *world, l *listener) { l.echo = 503 },
		"and with 200":        func(_ *world, l *listener) { l.echo = 200 },
		"half of a token": func(w *world, l *listener) {
			l.secrets = append(l.secrets, "c2VjcmV0LXRva2Vu")
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Body: `{"access_token":"c2VjcmV0LXRva2Vu","expires_in":"soon"}`})
		},
		"Graph's pages": func(w *world, _ *listener) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Host("graph.microsoft.com"), HTML: true})
		},
		"lost": func(w *world, _ *listener) {
			w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Drop: simcloud.After})
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := finished(t, licensed())
				l := &listener{next: w.cloud.Client().Transport}
				w.through(l)
				change(w, l)
				r := w.verify()
				all := shown(t, r)
				if len(l.secrets) < 2 {
					t.Fatal("nothing was heard")
				}
				for _, s := range l.secrets {
					if strings.Contains(all, s) {
						t.Errorf("%q is shown in\n%s", s, all)
					}
				}
			})
		})
	}
}

// shown is a report in every form a person or a log could get it.
func shown(t *testing.T, r account.Report) string {
	t.Helper()
	j, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	all.Write(j)
	for _, c := range r.Checks {
		if c.Problem != nil {
			fmt.Fprintf(&all, "%v %+v %#v", c.Problem, *c.Problem, *c.Problem)
			for err := c.Problem.Err; err != nil; {
				fmt.Fprintf(&all, "%v %+v %#v", err, err, err)
				u, ok := err.(interface{ Unwrap() error })
				if !ok {
					break
				}
				err = u.Unwrap()
			}
		}
	}
	return all.String()
}

func TestAssertion(t *testing.T) {
	w := finished(t, licensed())
	l := &listener{next: w.cloud.Client().Transport}
	w.through(l)
	w.ahead = 90 * time.Second
	w.verify()
	thumbprint, err := matching(w.target.Certificate, w.key)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]any{"alg": "PS256", "typ": "JWT", "x5t#S256": encoded(thumbprint)}, l.header); d != "" {
		t.Error(d)
	}
	delete(l.claims, "jti")
	wantClaims := map[string]any{
		"aud": "https://login.microsoftonline.com/" + w.tenant.ID() + "/oauth2/v2.0/token",
		"iss": w.app.ClientID, "sub": w.app.ClientID,
		"nbf": float64(w.clock().Unix()), "exp": float64(w.clock().Add(10 * time.Minute).Unix()),
	}
	if d := cmp.Diff(wantClaims, l.claims); d != "" {
		t.Error(d)
	}
	w.verify()
	if len(l.jtis) != 2 {
		t.Errorf("%d different jti in two runs", len(l.jtis))
	}
}

func TestFaultsOnTheWay(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault simcloud.Fault
		check account.CheckName
		want  want
	}{
		{"token lost once", simcloud.Fault{Match: simcloud.Path("/token"), Times: 1, Drop: simcloud.After}, account.CertificateAccepted, want{account.Holds, ""}},
		{"token unavailable once", simcloud.Fault{Match: simcloud.Path("/token"), Times: 1, Status: 503}, account.CertificateAccepted, want{account.Holds, ""}},
		{"token throttled", simcloud.Fault{Match: simcloud.Path("/token"), Times: 1, Status: 429, RetryAfter: "7"}, account.CertificateAccepted, want{account.Holds, ""}},
		{"token unavailable", simcloud.Fault{Match: simcloud.Path("/token"), Status: 503}, account.CertificateAccepted, want{account.Unknown, account.Unavailable}},
		{"token lost", simcloud.Fault{Match: simcloud.Path("/token"), Drop: simcloud.Before}, account.CertificateAccepted, want{account.Unknown, account.Offline}},
		{"discovery unavailable", simcloud.Fault{Match: simcloud.Path("openid-configuration"), Status: 500}, account.CertificateAccepted, want{account.Unknown, account.Unavailable}},
		{"discovery lost", simcloud.Fault{Match: simcloud.Path("openid-configuration"), Drop: simcloud.Before}, account.CertificateAccepted, want{account.Unknown, account.Offline}},
		{"token slow", simcloud.Fault{Match: simcloud.Path("/token"), SlowBody: true}, account.CertificateAccepted, want{account.Unknown, account.TimedOut}},
		{"organization lost once", simcloud.Fault{Match: simcloud.Path("/organization"), Times: 1, Drop: simcloud.Before}, account.RightTenant, want{account.Holds, ""}},
		{"organization throttled", simcloud.Fault{Match: simcloud.Path("/organization"), Times: 1, Status: 429, RetryAfter: "11"}, account.RightTenant, want{account.Holds, ""}},
		{"organization throttled for long", simcloud.Fault{Match: simcloud.Path("/organization"), Status: 429, RetryAfter: "400"}, account.RightTenant, want{account.Unknown, account.Throttled}},
		{"organization slow", simcloud.Fault{Match: simcloud.Path("/organization"), SlowBody: true}, account.RightTenant, want{account.Unknown, account.TimedOut}},
		{"reviews unavailable", simcloud.Fault{Match: simcloud.Path("accessReviews"), Status: 504}, account.AccessReviews, want{account.Unknown, account.Unavailable}},
		{"grants unavailable", simcloud.Fault{Match: simcloud.Path("appRoleAssignments"), Status: 503}, account.Consent, want{account.Holds, ""}},
		{"roles unavailable", simcloud.Fault{Match: simcloud.Path("roleAssignments"), Status: 503}, account.GlobalReader, want{account.Holds, ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := finished(t, licensed())
				w.cloud.Inject(tt.fault)
				start := time.Now()
				r := w.verify()
				w.wantCheck(r, tt.check, tt.want)
				if d := time.Since(start); d > verifyLimit {
					t.Errorf("took %v", d)
				}
				if tt.fault.RetryAfter != "" && tt.want.state == account.Holds {
					if d := time.Since(start); fmt.Sprint(int(d.Seconds())) != tt.fault.RetryAfter {
						t.Errorf("asked again after %v, want %s s", d, tt.fault.RetryAfter)
					}
				}
				if len(r.Checks) != len(names("")) {
					t.Errorf("%d checks", len(r.Checks))
				}
			})
		})
	}
}

// A key press looks again at once, yet never earlier than the service asked.
func TestLookingAgainDoesNotAskEarlier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := finished(t, licensed())
		w.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/token"), Times: 1, Status: 429, RetryAfter: "90"})
		for range 3 {
			c := w.wantCheck(w.verify(), account.CertificateAccepted, want{account.Unknown, account.Throttled})
			if c.Problem.Wait < 80*time.Second || c.Problem.Wait > 90*time.Second {
				t.Errorf("Wait = %v", c.Problem.Wait)
			}
			<-time.After(time.Second)
		}
		if n := tokens(w); n != 1 {
			t.Errorf("asked for a token %d times", n)
		}
		<-time.After(90 * time.Second)
		w.wantCheck(w.verify(), account.CertificateAccepted, want{account.Holds, ""})
	})
}

func tokens(w *world) (n int) {
	for _, r := range w.cloud.Requests() {
		if strings.HasSuffix(r.Path, "/token") {
			n++
		}
	}
	return n
}

func TestCancelledVerifyReportsWhole(t *testing.T) {
	for _, tt := range []struct {
		name string
		slow func(*http.Request) bool
		at   account.CheckName
	}{
		{"at the token", simcloud.Path("/token"), account.CertificateAccepted},
		{"at the reads", simcloud.Path("/organization"), account.RightTenant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := finished(t, licensed())
				w.cloud.Inject(simcloud.Fault{Match: tt.slow, Latency: time.Hour})
				ctx, cancel := context.WithCancel(t.Context())
				time.AfterFunc(3*time.Second, cancel)
				start := time.Now()
				r := w.entra.Verify(ctx, w.target, w.key)
				if d := time.Since(start); d != 3*time.Second {
					t.Errorf("ended after %v", d)
				}
				w.wantCheck(r, tt.at, want{account.Unknown, account.Cancelled})
				w.wantCheck(r, account.KeyLife, want{account.Holds, ""})
				if len(r.Checks) != len(names("")) || r.At.IsZero() {
					t.Errorf("%d checks", len(r.Checks))
				}
			})
		})
	}
}

func TestOffline(t *testing.T) {
	w := finished(t, licensed())
	c, err := rest.New(rest.Options{Transport: http.NewFileTransport(http.Dir(t.TempDir()))})
	if err != nil {
		t.Fatal(err)
	}
	r := New(c, nil).Verify(t.Context(), w.target, w.key)
	w.wantCheck(r, account.CertificateAccepted, want{account.Unknown, account.NotTheService})
}

func FuzzTokenRefusal(f *testing.F) {
	for _, seed := range []string{
		`{"error":"invalid_client","error_description":"AADSTS700027: The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was not found., Thumbprint of key used by client: 'AB'] Trace ID: x Correlation ID: y Timestamp: 2026-11-22 10:00:00Z","error_codes":[700027],"timestamp":"2026-11-22 10:00:00Z","trace_id":"x","correlation_id":"y"}`,
		`{"error":"invalid_client","error_description":"AADSTS700027: x [Reason - The key used is expired., Found key 'Start=01/22/2026 09:13:33, End=01/23/2026 09:13:33']\r\nTrace ID: x"}`,
		`{"error":"invalid_client","error_description":"AADSTS700024: Current time: 2026-11-22T11:08:01.5274809Z, assertion valid from"}`,
		`{"error":["x"],"error_codes":["y"],"error_description":7}`, `[]`, `null`, `{`, `{"error_codes":[-1]}`,
		`json decode error: x` + "\nraw message was: {}",
	} {
		f.Add([]byte(seed), 401)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		r := readTokenRefusal(body, rest.Answer{Evidence: account.Evidence{Status: status}})
		p := r.problem(today)
		if p.Kind == "" || len([]rune(p.Message)) > 200 {
			t.Errorf("problem = %+v", p)
		}
		_ = p.Error()
	})
}

// TestRegionOfTheEnvironmentDoesNotCount: the library would ask another host
// for the token where MSAL_FORCE_REGION says so.
func TestRegionOfTheEnvironmentDoesNotCount(t *testing.T) {
	t.Setenv("MSAL_FORCE_REGION", "westeurope")
	w := finished(t, licensed())
	if r := w.verify(); !r.Linked() {
		t.Errorf("%+v", r.Checks[0])
	}
	if hosts := w.asked(); len(hosts) != 2 {
		t.Errorf("asked %v", hosts)
	}
}
