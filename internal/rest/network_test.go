package rest

import (
	"bufio"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// secure is a service over TLS with a certificate nobody trusts, and the file
// that makes it trusted.
func secure(t *testing.T) (*httptest.Server, string) {
	t.Helper()
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprintf(w, `{"proto":%q,"agent":%q}`, r.Proto, r.UserAgent())
	}))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, trustFile(t, s)
}

// trustFile is a file that makes a service trusted.
func trustFile(t *testing.T, s *httptest.Server) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func noTrustVariables(t *testing.T) {
	for _, name := range trustVariables {
		t.Setenv(name, "")
	}
}

func TestTrust(t *testing.T) {
	noTrustVariables(t)
	s, file := secure(t)
	c, err := New(Options{Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetJSON(t.Context(), s.URL, Bearer{}, &struct{}{})
	if p := wantKind(t, err, account.Untrusted); p.Subject != "Acme Co" {
		t.Errorf("Subject = %q, want who signed", p.Subject)
	}
	for _, name := range trustVariables {
		t.Run(name, func(t *testing.T) {
			noTrustVariables(t)
			t.Setenv(name, file)
			c, err := New(Options{Version: "1.2.3"})
			if err != nil {
				t.Fatal(err)
			}
			var got struct{ Proto, Agent string }
			if _, err := c.GetJSON(t.Context(), s.URL, Bearer{}, &got); err != nil {
				t.Fatal(err)
			}
			if got.Proto != "HTTP/2.0" || got.Agent != "xops-onboard/1.2.3" {
				t.Errorf("got %+v", got)
			}
			c.CloseIdleConnections()
		})
	}
}

func TestTrustFileThatCannotBeUsed(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(t.TempDir(), "large.pem")
	if err := errors.Join(os.WriteFile(large, nil, 0o600), os.Truncate(large, authorityMost+1)); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{empty, filepath.Join(t.TempDir(), "not-there.pem"), t.TempDir(), large} {
		noTrustVariables(t)
		t.Setenv("AWS_CA_BUNDLE", path)
		_, err := New(Options{})
		if p := wantKind(t, err, account.TrustFile); p.Subject != path || p.Err == nil {
			t.Errorf("problem = %+v", p)
		} else if path == large && !strings.Contains(p.Err.Error(), "more than 16 MiB") {
			t.Errorf("a file that is too large: %v", p.Err)
		}
		if _, err := New(Options{Transport: &service{}}); err != nil {
			t.Errorf("with a transport of its own the environment does not count: %v", err)
		}
	}
}

// proxied is a client behind a proxy that answers every CONNECT with one status.
func proxied(t *testing.T, answer string) *Client {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
				fmt.Fprint(conn, answer)
			}
			conn.Close()
		}
	}()
	proxy := &url.URL{Scheme: "http", Host: l.Addr().String(), User: url.UserPassword("jane", "hunter2")}
	return through(t, http.ProxyURL(proxy))
}

func through(t *testing.T, proxy func(*http.Request) (*url.URL, error)) *Client {
	t.Helper()
	trusted, err := readAuthorities()
	if err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{Transport: network(proxy, trusted.pool())})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProxyThatRefuses(t *testing.T) {
	noTrustVariables(t)
	for status, answer := range map[int]string{
		407: "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
		403: "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
	} {
		_, err := proxied(t, answer).GetJSON(t.Context(), address, Bearer{}, &struct{}{})
		p := wantKind(t, err, account.ProxyRefused)
		if p.Subject != "127.0.0.1" || p.Status != status {
			t.Errorf("problem = %+v", p)
		}
		if strings.Contains(fmt.Sprintf("%v %+v", err, p.Err), "hunter2") {
			t.Errorf("the proxy's password is shown: %v", err)
		}
	}
}

func TestProxyThatCannotBeReachedOrRead(t *testing.T) {
	noTrustVariables(t)
	down := &url.URL{Scheme: "http", Host: "127.0.0.1:1", User: url.UserPassword("jane", "hunter2")}
	_, err := through(t, http.ProxyURL(down)).GetJSON(t.Context(), address, Bearer{}, &struct{}{})
	if p := wantKind(t, err, account.Offline); p.Subject != "127.0.0.1:1" || strings.Contains(fmt.Sprint(err, p.Err), "hunter2") {
		t.Errorf("problem = %v", err)
	}
	_, err = through(t, func(*http.Request) (*url.URL, error) {
		return nil, fmt.Errorf("invalid proxy address %q", "http://jane:hunter2@[")
	}).GetJSON(t.Context(), address, Bearer{}, &struct{}{})
	if p := wantKind(t, err, account.ProxyUnread); strings.Contains(fmt.Sprint(err, p.Err), "hunter2") {
		t.Errorf("problem = %v", err)
	}
}

func TestPlainTextWhereTLSBelongs(t *testing.T) {
	noTrustVariables(t)
	s := httptest.NewServer(http.NotFoundHandler())
	defer s.Close()
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetJSON(t.Context(), strings.Replace(s.URL, "http:", "https:", 1), Bearer{}, &struct{}{})
	wantKind(t, err, account.NotTheService)
}

func TestTimeLimitsAreSet(t *testing.T) {
	tr := network(http.ProxyFromEnvironment, nil)
	for name, d := range map[string]time.Duration{
		"TLS": tr.TLSHandshakeTimeout, "header": tr.ResponseHeaderTimeout, "idle": tr.IdleConnTimeout,
	} {
		if d <= 0 || d > 2*time.Minute {
			t.Errorf("%s time-out is %v", name, d)
		}
	}
	if tr.Proxy == nil || tr.DialContext == nil || tr.MaxIdleConns == 0 {
		t.Error("proxy, dialling or idle connections are without bounds")
	}
}

// TestConnectionsAreKept has many calls in flight again and again, where each
// takes a connection of its own: a handshake costs more than the call.
func TestConnectionsAreKept(t *testing.T) {
	const calls = 500
	var made atomic.Int64
	var here sync.WaitGroup
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		here.Done()
		here.Wait() // until all of them are
	}))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			made.Add(1)
		}
	}
	server.StartTLS()
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	transport := network(func(*http.Request) (*url.URL, error) { return nil, nil }, roots)
	defer transport.CloseIdleConnections()
	for range 3 {
		here.Add(calls)
		var group sync.WaitGroup
		for range calls {
			group.Go(func() {
				r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
				resp, err := transport.RoundTrip(r)
				if err != nil {
					t.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			})
		}
		group.Wait()
	}
	if n := made.Load(); n > calls*5/4 { // one or the other opens one and takes another's
		t.Errorf("%d connections for %d calls at a time", n, calls)
	}
}

// TestProxyThatCannotBeRead holds that nothing goes out around a proxy whose address
// is wrong.
func TestProxyThatCannotBeRead(t *testing.T) {
	noTrustVariables(t)
	t.Setenv("HTTPS_PROXY", "http://ada:secret@%zz")
	s, file := secure(t)
	t.Setenv("AWS_CA_BUNDLE", file)
	c, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.GetJSON(t.Context(), s.URL, Bearer{}, &struct{}{})
	if p := wantKind(t, err, account.ProxyUnread); strings.Contains(fmt.Sprintf("%+v", p), "secret") {
		t.Errorf("a password is in %+v", p)
	}
}
