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
