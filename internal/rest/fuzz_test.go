package rest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// FuzzText holds of any text of others: what is kept of it may be drawn, is as short
// as was asked, and has nothing in it that looks like a token.
func FuzzText(f *testing.F) {
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2ln"
	for _, s := range []string{
		token, "Bearer " + token + " x", token[:14], "ey\u200bJ" + token[3:], "e\x1b[0myJ" + token[3:], token[:9] + "\u00ad" + token[9:], token[:20] + "\x00" + token[20:],
		"eyJ\xffhbGciOiJSUzI1NiJ9", "\x1b]52;c;" + token + "\x07", "\u202e", "eyJeyJ" + token, strings.Repeat("eyJ", 100),
	} {
		f.Add(s, 40)
	}
	f.Fuzz(func(t *testing.T, s string, max int) {
		max = 1 + (max%500+500)%500
		got := Text(s, max)
		if !account.Clear(got) || len([]rune(got)) > max || looksLikeToken().MatchString(got) || Text(got, max) != got {
			t.Errorf("Text(%q, %d) = %q", s, max, got)
		}
	})
}

// FuzzStandIn holds of any status and body: what does not say something in JSON is no
// answer, nothing of it is kept, and what a person is told names the host that was asked.
func FuzzStandIn(f *testing.F) {
	for _, body := range []string{"", " ", "<html>\x1b[2J</html>", `{"a":1}`, "null", `{"a":`, "\xef\xbb\xbf{}", "[]", `"eyJhbGciOiJSUzI1NiJ9.e.s"`} {
		for _, status := range []int{100, 200, 204, 302, 401, 407, 429, 500, 511} {
			f.Add(status, body)
		}
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		var into struct {
			Value []struct{ ID, DisplayName string } `json:"value"`
			Next  string                             `json:"@odata.nextLink"`
		}
		err := understood(Answer{Evidence: account.Evidence{Status: status}}, "graph.microsoft.com", []byte(body), &into)
		if err == nil {
			if status/100 != 2 {
				t.Errorf("%d is an answer", status)
			}
			return
		}
		p := account.AsProblem(err)
		if refused, ok := err.(*Refusal); ok {
			p = refused.Problem(account.Unexpected)
		} else if p.Kind != account.ProxyRefused && p.Subject != "graph.microsoft.com" {
			t.Errorf("%d %q: %+v", status, body, p)
		}
		for _, s := range []string{p.Subject, p.Code, p.Message, p.Error()} {
			if !account.Clear(s) || looksLikeToken().MatchString(s) || len(s) > 3000 {
				t.Errorf("%q is kept of %d %q", s, status, body)
			}
		}
	})
}

// FuzzHeaders holds of any headers: nobody waits longer than a day, what azcore is given
// says the same in whole seconds, and ids are short and clear.
func FuzzHeaders(f *testing.F) {
	const date = "Thu, 26 Nov 2026 10:00:00 GMT"
	for _, after := range []string{"", "120", "-1", "1e300", "NaN", "Inf", "0x10", "1_0", "Thu, 26 Nov 2026 10:05:00 GMT", "Thu, 26 Nov 9999 10:05:00 GMT", "Thursday, 26-Nov-26 10:05:00 GMT", "\x1b[2J", "0.0001"} {
		f.Add(after, "", date, "0", "\x1b]52;c;AAAA\x07eyJhbGciOiJSUzI1NiJ9")
		f.Add("", after, date, after, "0d7a469f")
	}
	f.Add("Thu, 26 Nov 2026 10:05:00 GMT", "", "Mon, 01 Jan 0001 00:00:00 GMT", "99999999999999999999", "")
	f.Fuzz(func(t *testing.T, after, ms, date, age, id string) {
		resp := &http.Response{StatusCode: 429, Header: http.Header{"Retry-After": {after}, "Retry-After-Ms": {ms}, "Date": {date}, "Age": {age}, "Request-Id": {id}}}
		var a Answer
		a.fill(resp)
		if a.Wait < 0 || a.Wait > 24*time.Hour || !account.Clear(a.RequestID) || looksLikeToken().MatchString(a.RequestID) || len([]rune(a.RequestID)) > 64 {
			t.Errorf("%+v", a)
		}
		at, err := http.ParseTime(date)
		if err != nil && !a.Date.IsZero() || err == nil && (a.Date.Before(at) || a.Date.Sub(at) > 24*time.Hour) {
			t.Errorf("clock %v of %q, %q old", a.Date, date, age)
		}
		obeyed := obey(resp)
		if obeyed < a.Wait.Truncate(time.Second) || obeyed > 24*time.Hour || a.Wait > 0 && obeyed < a.Wait || obeyed%time.Second != 0 {
			t.Errorf("%v of %v, by %q", obeyed, a.Wait, resp.Header)
		}
		if again := obey(resp); again != obeyed {
			t.Errorf("%v, and then %v", obeyed, again)
		}
	})
}

// FuzzTrustedFile holds of any file that is to be trusted: it is said to be fit where
// a certificate is in it, and the names in it are told as they may be drawn.
func FuzzTrustedFile(f *testing.F) {
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{1}, 32))
	if err != nil {
		f.Fatal(err)
	}
	var all []byte
	for _, name := range []string{"Contoso Root", "a\x1b]52;c;AAAA\x07b\u202e", "", strings.Repeat("x", 64)} {
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}, &x509.Certificate{}, key.Public(), key)
		if err != nil {
			f.Fatal(err)
		}
		one := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		f.Add(one)
		all = append(all, one...)
	}
	f.Add(all)
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----"))
	f.Add([]byte("\x00"))
	path := filepath.Join(f.TempDir(), "ca.pem")
	f.Fuzz(func(t *testing.T, file []byte) {
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		found := trustSet("SSL_CERT_FILE", path)
		if (found.State == account.Holds) != holdsCertificate(file) {
			t.Errorf("%v of %q", found.State, file)
		}
		for _, s := range found.Detail {
			if !account.Clear(s) || len([]rune(s)) > 320 {
				t.Errorf("%q is told of %q", s, file)
			}
		}
	})
}
