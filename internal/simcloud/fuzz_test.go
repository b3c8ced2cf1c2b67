package simcloud

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// FuzzAssertion: whatever is sent is read without harm, and what is read is
// what was sent, part by part.
func FuzzAssertion(f *testing.F) {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	good := part(`{"alg":"PS256","x5t#S256":"AAAA"}`) + "." + part(`{"iss":"a","sub":"a","aud":"b","nbf":1,"exp":2}`) + "." + part("sig")
	for _, seed := range []string{
		good, good + "=", "", "..", "a.b.c", "e30.e30.e30", part("null") + "." + part("null") + "." + part("x"),
		part(`{"ALG":"PS256","x5t":"AAAA"}`) + "." + part(`{}`) + "." + part("x"),
		part(`{"alg":"RS256","x5t":"AA+/=="}`) + "." + part(`{"iss":1}`) + "." + part("x"),
		part(`{"alg":"RS256","x5t":"-_"}`) + "." + part(`{"iss":"a","sub":"a","aud":"b","nbf":-1,"exp":1e9}`) + "." + part("x"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, e := readAssertion(s)
		if e != nil {
			if e.status != 400 && e.status != 401 {
				t.Errorf("refused with %d", e.status)
			}
			return
		}
		signed := string(a.signed)
		if s != signed+"."+base64.RawURLEncoding.EncodeToString(a.signature) {
			t.Errorf("%q was taken for %q", s, signed)
		}
		if a.alg != "PS256" && a.alg != "RS256" || a.iss == "" || a.sub == "" || a.aud == "" || (a.sha1 == nil && a.sha256 == nil) {
			t.Errorf("incomplete: %+v", a)
		}
		if _, found := a.find(nil); found {
			t.Error("a key was found among none")
		}
		if a.nbf.Year() > 9999 || a.exp.Year() > 9999 {
			t.Errorf("times %s, %s cannot be told", a.nbf, a.exp)
		}
	})
}

func FuzzUpload(f *testing.F) {
	for _, seed := range []string{"", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\n", "0\x03\x02\x01\x03", "0\x80"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := readCertificate(file)
		if err != nil {
			return
		}
		if bytes.Contains(file, []byte("PRIVATE KEY")) && !bytes.Contains(c.der, []byte("PRIVATE KEY")) {
			t.Error("a file with a private key was taken")
		}
		if c.key.N.BitLen() < 2048 || len(c.thumbprint()) != 40 {
			t.Errorf("%d bits, thumbprint %s", c.key.N.BitLen(), c.thumbprint())
		}
	})
}

// FuzzQuery: what is taken uses options of the route alone.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"", "$select=id,displayName", "$filter=principalId%20eq%20'a''b'", "$filter=principalId eq 'a' and roleDefinitionId eq 'b'",
		"$top=1&$orderby=createdDateTime desc", "$expand=roleDefinition", "$skiptoken=cGFnZSAx", "%zz", "$select=id;x=1", "$filter= eq ''",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, r := range routes {
			q, e := r.read.parse(raw)
			if e != nil {
				if e.status != 400 {
					t.Errorf("refused with %d", e.status)
				}
				continue
			}
			for _, s := range q.sel {
				if !declares(r.read.typ, s) {
					t.Errorf("%s: %q was selected", r.path, s)
				}
			}
			for p := range q.filters {
				if !strings.Contains(strings.Join(r.read.filter, " "), p) {
					t.Errorf("%s: filtered by %q", r.path, p)
				}
			}
			if q.top < 0 || q.skip < 0 {
				t.Errorf("%s: top %d, skip %d", r.path, q.top, q.skip)
			}
		}
	})
}

// FuzzAddress: an address leads to a route, or to a refusal, and never to an
// object by another name than its own.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"applications(appId='x')/owners", "applications('x')", "applications(appId='x''y')", "applications(", "organization/x", "a/b/c", "applications()/(", "%zz", "%27/%28"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, address string) {
		path, keys, e := normal(strings.Split(address, "/"))
		if e == nil && strings.Count(strings.Join(path, "/"), "{}") < len(keys) {
			t.Errorf("%q: path %q with keys %v", address, path, keys)
		}
	})
}
