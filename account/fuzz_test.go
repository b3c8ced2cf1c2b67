package account_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// FuzzAWS holds of any text: what is taken for a name of AWS is short, clear, and
// reads as itself; it may stand in the name of a host, in a form and on a screen.
func FuzzAWS(f *testing.F) {
	for _, s := range []string{
		"123456789012", "1234-5678-9012", " '123456789012' ", "eu-west-1", " US-GOV-WEST-1 ", "cn-north-1", "eu-west-1.evil.example", "eu-" + strings.Repeat("a", 300) + "-1",
		"arn:aws:iam::123456789012:role/XopsReadOnly", `"arn:aws-cn:iam::123456789012:role/a/b/XopsReadOnly",`, "arn:aws:iam::123456789012:root",
		"arn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/0d7a469f-0000-4000-8000-000000000000",
		"TrustAnchorARN\tarn:aws:rolesanywhere:eu-west-1:123456789012:trust-anchor/x\nProfileARN arn:aws:rolesanywhere:eu-west-1:123456789012:profile/y arn:aws:iam::123456789012:role/XopsReadOnly",
		"arn:aws:iam::123456789012:role/\x1b[2J", "arn:aws:iam::123456789012:role/a\u202eb", "arn:aws:s3:::bucket", "arn:aws:" + strings.Repeat("a", 5000) + "::123456789012:x", "", "\u0661\u0662", "eu-west-1\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := account.ParseAWSAccount(s); err == nil {
			if again, err := account.ParseAWSAccount(string(a)); err != nil || again != a || len(a) != 12 || strings.Trim(string(a), "0123456789") != "" {
				t.Errorf("account %q of %q, then %q", a, s, again)
			}
		}
		if r, err := account.ParseAWSRegion(s); err == nil {
			if again, err := account.ParseAWSRegion(string(r)); err != nil || again != r || len(r) > 63 || strings.Trim(string(r), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
				t.Errorf("region %q of %q, then %q", r, s, again)
			}
			if r.DNS() == "" || r.Global() == "" || r.Partition() == "" {
				t.Errorf("region %q has no partition", r)
			}
		}
		if a, err := account.ParseARN(s); err == nil {
			if again, err := account.ParseARN(string(a)); err != nil || again != a || len(a) > 700 || !account.Clear(string(a)) || strings.ContainsAny(string(a), " \"'<>?#%&") {
				t.Errorf("ARN %q of %q, then %q", a, s, again)
			}
			whole := strings.Join([]string{"arn", a.Partition(), a.Service(), string(a.Region()), string(a.Account()), a.Resource()}, ":")
			if whole != string(a) {
				t.Errorf("%q has the parts of %q", a, whole)
			}
		}
		if a, err := account.ParseRoleARN(s); err == nil != (a != "") || a != "" && !strings.HasPrefix(a.Resource(), "role/") {
			t.Errorf("role %q of %q: %v", a, s, err)
		}
		role, anchor, profile := account.AWSOutputs(s)
		for _, a := range []account.ARN{role, anchor, profile} {
			if again, err := account.ParseARN(string(a)); a != "" && (err != nil || again != a || !strings.Contains(s, string(a))) {
				t.Errorf("output %q of %q", a, s)
			}
		}
	})
}

// FuzzPasted holds of any page that is pasted: what is found in it are ids and
// domains as the parsers of one give them, and never the object's id for the client's.
func FuzzPasted(f *testing.F) {
	for _, s := range []string{
		"Application (client) ID\n:\n" + clientID + "\nDirectory (tenant) ID : {AAAABBBB-0000-CCCC-1111-DDDD2222EEEE}", clientID + "\x00" + clientID,
		"Anwendungs-ID (Client) " + clientID + " contoso.onmicrosoft.com", "Application object ID " + clientID, "\u202e" + clientID, strings.Repeat(clientID, 3), "a@b.com http://c.org/x", "\xff\xfe",
		"0000000000000000000000000000000" + "1", "-" + clientID + "-", clientID + "\u200b.com", strings.Repeat("a.", 200) + "com",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		o := account.ReadOverview(s)
		seen := map[string]bool{}
		for _, g := range o.GUIDs {
			if !account.IsGUID(g) || g != strings.ToLower(g) || seen[g] {
				t.Errorf("%q of %q", g, s)
			}
			seen[g] = true
			if c, ok := o.ClientBeside(account.TenantID(g)); ok && (string(c) == g || !account.IsGUID(string(c))) {
				t.Errorf("%q is the client beside %q", c, g)
			}
		}
		for _, d := range o.Domains {
			if again, err := account.ParseDomain(string(d)); err != nil || again != d {
				t.Errorf("domain %q of %q, then %q", d, s, again)
			}
		}
		id, domain, err := account.ParseTenant(s)
		if k := account.KindOf(err); err == nil != ((id == "") != (domain == "")) || err != nil && (id != "" || domain != "" || k == account.Unexpected) {
			t.Errorf("tenant %q %q of %q: %v", id, domain, s, err)
		}
		if len(domain) > 253 || !account.Clear(string(domain)) {
			t.Errorf("domain %q of %q", domain, s)
		}
		if c, err := account.ParseClientID(s); err == nil && !account.IsGUID(string(c)) {
			t.Errorf("client %q of %q", c, s)
		}
	})
}

// fixed is the same key in every process, as the seeds come from another one than
// that which fuzzes.
func fixed(f testing.TB, n byte) *ecdsa.PrivateKey {
	f.Helper()
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), bytes.Repeat([]byte{n}, 32))
	if err != nil {
		f.Fatal(err)
	}
	return key
}

// made is a certificate of a key, from then on for a year.
func made(f testing.TB, key *ecdsa.PrivateKey, from time.Time, name string) []byte {
	f.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: from.AddDate(1, 0, 0),
	}, &x509.Certificate{Subject: pkix.Name{CommonName: "authority"}}, key.Public(), key)
	if err != nil {
		f.Fatal(err)
	}
	return der
}

// TestCertificateForRenewed holds that a file in which the one before comes first
// gives the one that holds.
func TestCertificateForRenewed(t *testing.T) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	key := fixed(t, 1)
	var file []byte
	for _, from := range []time.Time{now.AddDate(-2, 0, 0), now.AddDate(0, 1, 0), now.AddDate(0, -1, 0)} {
		file = append(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made(t, key, from, "x")})...)
	}
	if c, err := account.CertificateFor(file, key.Public(), now); err != nil || !c.NotBefore.Equal(now.AddDate(0, -1, 0)) {
		t.Errorf("from %v: %v", c.NotBefore, err)
	}
}

// FuzzCertificateFor holds of any file that is said to come from an authority: what
// is taken is a certificate of the key that holds now, whole, and once in PEM.
func FuzzCertificateFor(f *testing.F) {
	now := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	key, other := fixed(f, 1), fixed(f, 2)
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	ours, theirs := made(f, key, now.AddDate(0, -1, 0), "\x1b]52;c;AAAA\x07\u202e"), made(f, other, now.AddDate(0, -1, 0), "x")
	old, early := made(f, key, now.AddDate(-3, 0, 0), "old"), made(f, key, now.AddDate(1, 0, 0), "early")
	for _, seed := range [][]byte{
		nil, ours, theirs, block("CERTIFICATE", ours), block("CERTIFICATE REQUEST", ours), append(block("CERTIFICATE", theirs), block("CERTIFICATE", ours)...), block("CERTIFICATE", old), early,
		append([]byte("Bag Attributes\n"), block("CERTIFICATE", ours)...), ours[:len(ours)-1], append(bytes.Clone(ours), 0), []byte("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"), []byte("\xff\xfe-\x00"),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		c, err := account.CertificateFor(file, key.Public(), now)
		if err != nil {
			switch account.KindOf(err) {
			case account.CertificateUnread, account.CertificateOther, account.Expired, account.CertificateEarly:
			default:
				t.Errorf("%v", err)
			}
			if p := account.AsProblem(err); !account.Clear(p.Subject) || !account.Clear(p.Message) || len(p.Subject)+len(p.Message) > 2000 {
				t.Errorf("%+v", p)
			}
			return
		}
		b, rest := pem.Decode([]byte(c.PEM))
		if b == nil || len(bytes.TrimSpace(rest)) > 0 {
			t.Fatalf("PEM %q", c.PEM)
		}
		cert, err := x509.ParseCertificate(b.Bytes)
		if err != nil || !key.Public().(interface{ Equal(crypto.PublicKey) bool }).Equal(cert.PublicKey) || now.Before(c.NotBefore) || now.After(c.NotAfter) {
			t.Errorf("taken: %v from %v to %v", err, c.NotBefore, c.NotAfter)
		}
		if again, err := account.CertificateFor([]byte(c.PEM), key.Public(), now); err != nil || again != c {
			t.Errorf("it is not read again: %v", err)
		}
	})
}
