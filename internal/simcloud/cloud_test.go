package simcloud_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// TestReplication: every change is seen at once by the administrator and later
// by the services, and each in the words for what is not there yet.
func TestReplication(t *testing.T) {
	w := newWorld(t, account.Global)
	w.tenant.SetReplication(10 * time.Second)
	token := func() answer { return w.request().post(t, w.cloud.Client()) }
	wait := func() { w.clock.forward(10 * time.Second) }

	w.app = w.tenant.Register("Second")
	if len(w.tenant.Apps()) != 2 {
		t.Error("the administrator does not see the app")
	}
	if a := token(); a.code() != 700016 {
		t.Errorf("an app just made: %s", a.text)
	}
	wait()
	if a := token(); a.code() != 700027 {
		t.Errorf("an app without certificate: %s", a.text)
	}
	w.must(w.tenant.Upload(w.app.ClientID, w.pair.der))
	w.clock.forward(9 * time.Second)
	if a := token(); a.code() != 700027 {
		t.Errorf("a certificate just uploaded: %s", a.text)
	}
	w.clock.forward(time.Second)
	w.equip()
	early := w.token()
	wait()
	if a := w.get(early, "/organization"); a.status != 403 {
		t.Errorf("a token from before the role: %d", a.status)
	}
	late := w.token()
	for _, path := range []string{"/organization", "/identityGovernance/accessReviews/definitions"} {
		if a := w.get(late, path); a.status != 200 {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	// What is taken away is still there for the services, too.
	w.must(w.tenant.RemoveGlobalReader(w.app.ClientID))
	w.must(w.tenant.RemoveCertificate(w.app.ClientID, w.pair.sha1()))
	if a := w.get(w.token(), "/organization"); a.status != 200 {
		t.Errorf("a role just taken: %d %s", a.status, a.text)
	}
	w.must(w.tenant.Upload(w.app.ClientID, w.pair.der))
	wait()
	if a := w.get(w.token(), "/organization"); a.status != 403 {
		t.Errorf("a role taken: %d %s", a.status, a.text)
	}
	w.must(w.tenant.DeleteApp(w.app.ClientID))
	if a := token(); a.status != 200 {
		t.Errorf("an app just deleted: %s", a.text)
	}
	wait()
	if a := token(); a.code() != 700016 {
		t.Errorf("an app deleted: %s", a.text)
	}
}

// TestReplicationApart: a token comes before Graph knows who it is for.
func TestReplicationApart(t *testing.T) {
	w := newWorld(t, account.Global)
	w.tenant.SetReplicationApart(0, time.Minute)
	w.app = w.tenant.Register("Second")
	w.must(w.tenant.Upload(w.app.ClientID, w.pair.der))
	w.equip()
	token := w.token()
	a := w.get(token, "/organization")
	if code, message := a.refusal(); a.status != 401 || code != "Authorization_IdentityNotFound" || message != "The identity of the calling application could not be established." {
		t.Errorf("%d %s", a.status, a.text)
	}
	w.clock.forward(time.Minute)
	if a := w.get(token, "/organization"); a.status != 200 {
		t.Errorf("later: %d %s", a.status, a.text)
	}
}

func TestUnknownHost(t *testing.T) {
	c := simcloud.New(nil)
	_, err := c.Client().Get("https://example.com/")
	var dns *net.DNSError
	if !errors.As(err, &dns) || !dns.IsNotFound || dns.Name != "example.com" {
		t.Errorf("got %v", err)
	}
	rec := httptest.NewRecorder()
	c.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "https://example.com/", nil))
	if rec.Code != http.StatusBadGateway {
		t.Errorf("as a handler: %d", rec.Code)
	}
	for _, u := range []string{"http://login.microsoftonline.com/", "https://login.microsoftonline.com:8443/"} {
		if _, err := c.Client().Get(u); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", u, err)
		}
	}
	if hosts := simcloud.Hosts(); len(hosts) != 15+len(simaws.Hosts()) || !slices.IsSorted(hosts) || !slices.Contains(hosts, "sts.eu-west-1.amazonaws.com") {
		t.Errorf("hosts %v", hosts)
	}
}

const anyDiscovery = "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration"

func TestFaultsAreAnswered(t *testing.T) {
	w := newWorld(t, account.Global)
	for name, c := range map[string]struct {
		fault   simcloud.Fault
		url     string
		status  int
		header  string // Retry-After
		content string
		part    string
	}{
		"Graph is busy":      {simcloud.Fault{Status: 429, RetryAfter: "10"}, "https://graph.microsoft.com/v1.0/organization", 429, "10", "application/json;odata", `"code":"TooManyRequests"`},
		"Graph is down":      {simcloud.Fault{Status: 503}, "https://graph.microsoft.com/v1.0/organization", 503, "", "application/json;odata", `"code":"ServiceUnavailable"`},
		"Graph fails":        {simcloud.Fault{Status: 500}, "https://graph.microsoft.com/v1.0/organization", 500, "", "application/json;odata", `"code":"InternalServerError"`},
		"a gateway of Graph": {simcloud.Fault{Status: 504}, "https://graph.microsoft.com/v1.0/organization", 504, "", "application/json;odata", `"code":"UnknownError"`},
		"sign-in is busy":    {simcloud.Fault{Status: 429, RetryAfter: "3"}, anyDiscovery, 429, "3", "application/json", `"error":"temporarily_unavailable"`},
		"sign-in is down":    {simcloud.Fault{Status: 503}, anyDiscovery, 503, "", "application/json", "AADSTS90033"},
		"captive portal":     {simcloud.Fault{HTML: true}, anyDiscovery, 200, "", "text/html", "<h1>Web gateway</h1>"},
		"a proxy's refusal":  {simcloud.Fault{HTML: true, Status: 403}, anyDiscovery, 403, "", "text/html", "login.microsoftonline.com was stopped"},
		"any other body":     {simcloud.Fault{Body: "{"}, anyDiscovery, 200, "", "application/json", "{"},
		"another host":       {simcloud.Fault{Status: 500, Match: simcloud.Host("graph.microsoft.us")}, anyDiscovery, 200, "", "application/json", "issuer"},
		"another path":       {simcloud.Fault{Status: 500, Match: simcloud.Path("/token")}, anyDiscovery, 200, "", "application/json", "issuer"},
	} {
		w.cloud.ClearFaults()
		w.cloud.Inject(c.fault)
		a := do(t, w.cloud.Client(), must(http.NewRequest(http.MethodGet, c.url, nil)))
		if a.status != c.status || a.header.Get("Retry-After") != c.header || !strings.HasPrefix(a.header.Get("Content-Type"), c.content) || !strings.Contains(a.text, c.part) {
			t.Errorf("%s: %d %v\n%s", name, a.status, a.header, a.text)
		}
	}
}

func TestFaultsWearOff(t *testing.T) {
	c := simcloud.New(nil)
	c.Inject(simcloud.Fault{Status: 503, Times: 2})
	c.Inject(simcloud.Fault{Status: 500, Times: 1})
	var got []int
	for range 4 {
		got = append(got, do(t, c.Client(), must(http.NewRequest(http.MethodGet, anyDiscovery, nil))).status)
	}
	if got[0] != 503 || got[1] != 503 || got[2] != 500 || got[3] != 200 {
		t.Errorf("statuses %v", got)
	}
}

func TestDroppedConnections(t *testing.T) {
	for _, drop := range []simcloud.Drop{simcloud.Before, simcloud.After} {
		c := simcloud.New(nil)
		c.Inject(simcloud.Fault{Drop: drop, Times: 1})
		if _, err := c.Client().Get(anyDiscovery); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("in process: %v", err)
		}
		if r := c.Requests(); len(r) != 1 || r[0].Status != 0 || r[0].Done.IsZero() {
			t.Errorf("record %+v", r)
		}
		srv := httptest.NewServer(onSocket(c))
		c.Inject(simcloud.Fault{Drop: drop, Times: 1})
		if _, err := srv.Client().Post(srv.URL, "", nil); !errors.Is(err, io.EOF) {
			t.Errorf("over a socket: %v", err)
		}
		srv.Close()
	}
}

// onSocket asks the sign-in service whatever the address of the socket is.
func onSocket(c *simcloud.Cloud) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host, r.URL.Path = "login.microsoftonline.com", "/common/v2.0/.well-known/openid-configuration"
		c.ServeHTTP(w, r)
	})
}

// TestSlowBody: half an answer arrives and then nothing, until the request is
// given up; neither door hangs.
func TestSlowBody(t *testing.T) {
	c := simcloud.New(nil)
	c.Inject(simcloud.Fault{SlowBody: true})
	read := func(hc *http.Client, url string) (half []byte, err error) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		resp, err := hc.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, url, nil)))
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		half = make([]byte, resp.ContentLength/2)
		if _, err := io.ReadFull(resp.Body, half); err != nil {
			return half, err
		}
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err = io.ReadAll(resp.Body)
		return half, err
	}
	srv := httptest.NewServer(onSocket(c))
	defer srv.Close()
	for url, hc := range map[string]*http.Client{anyDiscovery: c.Client(), srv.URL: srv.Client()} {
		half, err := read(hc, url)
		if !errors.Is(err, context.Canceled) || !bytes.HasPrefix(half, []byte(`{"token_endpoint"`)) {
			t.Errorf("%s: %q, %v", url, half, err)
		}
	}
	resp := must(c.Client().Get(anyDiscovery))
	time.AfterFunc(20*time.Millisecond, func() { resp.Body.Close() })
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("a closed body was read to its end")
	}
}

// TestLatency waits as long as it is told and no longer than it is asked to.
func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := simcloud.New(nil)
		c.SetLatency(200 * time.Millisecond)
		c.Inject(simcloud.Fault{Latency: 10 * time.Second, Match: simcloud.Host("graph.microsoft.com")})
		start := time.Now()
		must(c.Client().Get(anyDiscovery)).Body.Close()
		if took := time.Since(start); took != 200*time.Millisecond {
			t.Errorf("an answer took %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start = time.Now()
		_, err := c.Client().Do(must(http.NewRequestWithContext(ctx, http.MethodGet, "https://graph.microsoft.com/v1.0/organization", nil)))
		if took := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || took != time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		if r := c.Requests(); len(r) != 2 || r[0].Done.Sub(r[0].Time) != 200*time.Millisecond || r[1].Status != 0 {
			t.Errorf("record %+v", r)
		}
	})
}

// TestRecordKeepsNoSecrets: neither the assertion nor the token is remembered.
func TestRecordKeepsNoSecrets(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	token := w.token()
	w.get(token, "/organization?$select=id")
	got := w.cloud.Requests()
	last := got[len(got)-1]
	want := simcloud.Request{Method: "GET", Host: "graph.microsoft.com", Path: "/v1.0/organization", Query: "$select=id", Status: 200, Time: at, Done: at}
	if last != want {
		t.Errorf("got %+v, want %+v", last, want)
	}
	w.cloud.ForgetRequests()
	if len(w.cloud.Requests()) != 0 {
		t.Error("the record was not emptied")
	}
}

// TestManyAtOnce is for the race detector: administrator, app and onlooker.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t, account.Global).equip()
	token := w.token()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 20 {
				app := w.tenant.Register("Another")
				_ = w.tenant.AssignGlobalReader(app.ClientID)
				_ = w.tenant.DeleteApp(app.ClientID)
			}
		})
		all.Go(func() {
			for range 20 {
				w.get(token, "/applications")
				w.tenant.Apps()
				w.cloud.Requests()
			}
		})
		all.Go(func() {
			for i := range 20 {
				w.tenant.SetReplication(time.Duration(i) * time.Millisecond)
				w.cloud.SetClock(0)
				w.cloud.Inject(simcloud.Fault{Times: 1})
			}
		})
	}
	all.Wait()
	if apps := w.tenant.Apps(); len(apps) != 1 {
		t.Errorf("%d apps are left", len(apps))
	}
}
