package rest

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// FuzzExamine has a host answer the doctor with anything: its status, its headers, its
// body, and the name of the authority that signed for it. What is found of it is sound,
// and it ends in the time that one host has.
func FuzzExamine(f *testing.F) {
	for _, s := range []string{"", "Thu, 26 Nov 2026 10:00:00 GMT", "text/html; charset=utf-8", "{}", hostile.Short, "99999999999"} {
		f.Add(200, s, s, s, s, s, s)
		f.Add(503, "Thu, 26 Nov 2026 10:00:00 GMT", s, s, s, "Contoso Root", "Contoso")
		f.Add(302, s, "application/json", s, s, s, "")
	}
	f.Fuzz(func(t *testing.T, status int, date, kind, after, body, name, organization string) {
		if status < 100 || status > 999 {
			return
		}
		root := &x509.Certificate{Subject: pkix.Name{CommonName: name, Organization: []string{organization}}}
		synctest.Test(t, func(t *testing.T) {
			c, err := New(Options{Transport: &service{answers: []func(*http.Request) (*http.Response, error){func(r *http.Request) (*http.Response, error) {
				return &http.Response{
					StatusCode: status, Request: r, Body: io.NopCloser(strings.NewReader(body)), TLS: &tls.ConnectionState{VerifiedChains: [][]*x509.Certificate{{root}}},
					Header: http.Header{"Date": {date}, "Age": {after}, "Content-Type": {kind}, "Retry-After": {after}, "Request-Id": {body}, "Location": {body}},
				}, nil
			}}}})
			if err != nil {
				t.Fatal(err)
			}
			begun := c.now()
			found := c.Examine(t.Context(), []account.Host{{Name: "graph.microsoft.com", Ask: "/", Needed: true}, {Name: "management.azure.com", Ask: "/"}})
			if took := c.now().Sub(begun); took > oneHost {
				t.Errorf("took %v", took)
			}
			if len(found) < 3 {
				t.Errorf("found %+v", found)
			}
			hostile.Sound(t, found)
		})
	})
}

// FuzzSettings puts anything into the variables that change the way out: what the doctor
// tells of them is sound, and has no password of a proxy in it.
func FuzzSettings(f *testing.F) {
	for _, s := range []string{"", "http://proxy:3128", "http://user:hush-hush-hush@proxy.example:3128", "user:hush-hush-hush@proxy", "://hush-hush-hush", "socks5://user:hush-hush-hush@[::1]:1", "http://user:hush-hush-hush@\x1b[2J", "http://%zz:hush-hush-hush@x", "//hush-hush-hush@x", hostile.Short} {
		f.Add(s, "localhost,.example.com", "/etc/ssl/certs")
		f.Add(s, hostile.Texts[6], hostile.Texts[26]+"/none.pem")
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, proxy, except, path string) {
		if strings.Contains(Text(except, 0)+Text(path, 0), "hush-hush-hush") || strings.ContainsRune(path, 0) || strings.HasPrefix(path, "/dev") || strings.HasPrefix(path, "/proc") {
			return
		}
		env := map[string]string{"HTTPS_PROXY": proxy, "NO_PROXY": except, "ALL_PROXY": proxy, "SSL_CERT_FILE": path, "AWS_CA_BUNDLE": except, "GODEBUG": except}
		found := Settings(func(name string) string { return env[name] }, time.Now())
		hostile.Sound(t, found)
		host := ""
		if _, u, err := proxyOf(func(name string) string { return env[name] }); err == nil && u != nil {
			host = u.Host
		}
		for _, text := range hostile.In(found) {
			if strings.Contains(text, "hush-hush-hush") && !strings.Contains(host, "hush-hush-hush") {
				t.Errorf("%q is told of %q", text, proxy)
			}
		}
	})
}
