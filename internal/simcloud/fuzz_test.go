package simcloud

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
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
		for _, r := range routes() {
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
				if !slices.Contains(r.read.filter, p) && !slices.Contains(r.read.filter, "#"+p) {
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

// FuzzBody: what is taken has only declared properties.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"displayName":"x"}`, `{"displayName":null,"tags":[null]}`, `{"keyCredentials":[{"key":"AA==","endDateTime":"2027-01-01T00:00:00Z","keyId":"x"}]}`,
		`{"@odata.type":"#microsoft.graph.application"}`, `{"requiredResourceAccess":[{"resourceAppId":"x","resourceAccess":[{"id":"d07a8cc0-3d51-4b77-b3b0-32704d1f69fa","type":"Role"}]}]}`,
		`{"requiredResourceAccess":[{"resourceAppId":"x","resourceAccess":[{"type":"Role"}]}]}`, `{"requiredResourceAccess":[{"resourceAccess":[]}]}`,
		`{"api":{"requestedAccessTokenVersion":2}}`, `[]`, `{"web":1}`, `{"isDisabled":"x"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, of := range declarations {
			typ := of.name
			var b body
			if json.Unmarshal([]byte(s), &b) != nil || b == nil || b.check(typ) != nil {
				continue
			}
			for name := range b {
				if _, ok := of.is.find(name); !ok && name != "@odata.type" {
					t.Errorf("%s: %q was taken", typ, name)
				}
			}
			if typ == "application" {
				taken(t, b)
			}
		}
	})
}

// taken holds what an application takes of a body that was checked.
func taken(t *testing.T, b body) {
	if list, e := wishes(b); e == nil {
		for _, p := range list {
			if p.value == "" || !isGUID(p.id) || (p.kind != Application && p.kind != Delegated) {
				t.Errorf("%+v was asked for", p)
			}
		}
	}
	if name, e := displayName(b, "Application"); e == nil && (name == "" || utf8.RuneCountInString(name) > 256) {
		t.Errorf("named %q", name)
	}
}

// FuzzProof: nothing that nobody signed is a proof.
func FuzzProof(f *testing.F) {
	part := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
	f.Add(part(`{"alg":"RS256","x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA","kid":"0000000000000000000000000000000000000000"}`) + "." + part(`{"aud":"00000002-0000-0000-c000-000000000000","iss":"a","nbf":0,"exp":1}`) + ".AAAA")
	f.Add("..")
	f.Add("e30.e30.e30")
	key := signingKey().Public().(*rsa.PublicKey)
	f.Fuzz(func(t *testing.T, s string) {
		g := &call{now: time.Unix(0, 0)}
		a := &application{id: "a", keys: []certificate{{key: key, end: time.Unix(1<<40, 0)}}}
		if g.proves(a, s) {
			t.Errorf("%q is taken for a proof", s)
		}
	})
}

// FuzzRedirect: a redirect that fits goes to this machine or exactly where it
// was registered.
func FuzzRedirect(f *testing.F) {
	for _, seed := range []string{"http://localhost", "http://localhost:1", "http://localhost:1/", "http://localhost:1@example.com", "http://LOCALHOST:1", "http://localhost:1#x", "http://localhost:1?x=1", "http://[::1]:1", "http://localhost.:1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !fits("http://localhost", s) || s == "http://localhost" {
			return
		}
		u, err := url.Parse(s)
		if err != nil || u.Scheme != "http" || u.Hostname() != "localhost" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.Port() == "" {
			t.Errorf("%q fits", s)
		}
	})
}

// FuzzScopes: what is taken is a permission that is known, of one Graph.
func FuzzScopes(f *testing.F) {
	for _, seed := range []string{"User.Read", "openid offline_access", "https://graph.microsoft.com/.default", "https://graph.microsoft.com//user.read", "https://management.azure.com/x", "https://management.azure.com/User_Impersonation", "/", "/.default User.Read"} {
		f.Add(seed)
	}
	v := &visit{site: sites()["login.microsoftonline.com"]}
	f.Fuzz(func(t *testing.T, text string) {
		s, e := v.readScopes(text, "https://graph.microsoft.com")
		if e != nil {
			return
		}
		if !v.offers(s.resource) || (s.preset && len(s.values) > 0) {
			t.Errorf("%+v", s)
		}
		for _, value := range s.values {
			if known, ok := delegatedNamed(s.resource, value); !ok || known != value {
				t.Errorf("%q was taken", value)
			}
		}
	})
}

// FuzzPage: the browser reads any page without harm.
func FuzzPage(f *testing.F) {
	at := must(url.Parse("https://login.microsoftonline.com/common/login"))
	for _, seed := range []string{hidden("/x", url.Values{"a": {`"<&`}}), `<form action="%">`, `<form method="POST" action="http://localhost:1"><input type="hidden" name="a" value="b" />`, "AADSTS99999999999999999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p := readPage(at, s)
		p.landing()
		want := url.Values{"a": {s}}
		if got := readPage(at, hidden("/x", want)); got.fields.Get("a") != s && utf8.ValidString(s) && !strings.ContainsAny(s, "\x00\r") {
			t.Errorf("%q came back as %q", s, got.fields.Get("a"))
		}
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
