package aws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

var today = time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func kindOfError(err error) account.Kind {
	var p *account.Problem
	if errors.As(err, &p) {
		return p.Kind
	}
	return ""
}

func TestCertificates(t *testing.T) {
	a, l := New(nil, nil, nil), account.AWSLink{Tag: "9f3a61c2"}
	ca, leafKey := newKey(t), newKey(t)
	authority, err := a.Authority(ca, l, today)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := a.Leaf(authority, ca, leafKey.Public(), l, today)
	if err != nil {
		t.Fatal(err)
	}
	top, err := parse(authority)
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse(leaf)
	if err != nil {
		t.Fatal(err)
	}
	if !top.IsCA || !top.MaxPathLenZero || top.MaxPathLen != 0 || top.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign || top.Subject.String() != "CN=xops360-wizard-ca-9f3a61c2" {
		t.Errorf("authority: CA %v, path %d, usage %b, subject %s", top.IsCA, top.MaxPathLen, top.KeyUsage, top.Subject)
	}
	if c.IsCA || !c.BasicConstraintsValid || c.KeyUsage != x509.KeyUsageDigitalSignature || c.Subject.String() != "CN=xops360-wizard-9f3a61c2" {
		t.Errorf("leaf: CA %v (said: %v), usage %b, subject %s", c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.Subject)
	}
	pool := x509.NewCertPool()
	pool.AddCert(top)
	if _, err := c.Verify(x509.VerifyOptions{Roots: pool, CurrentTime: today, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Errorf("the leaf is not trusted by its authority: %v", err)
	}
	if got := authority.NotAfter.Sub(today); got != account.AWSAuthorityLife {
		t.Errorf("the authority holds %s", got)
	}
	if got := leaf.NotAfter.Sub(today); got != account.AWSLeafLife || !leaf.NotBefore.Equal(today.Add(-5*time.Minute)) {
		t.Errorf("the leaf holds from %s for %s", leaf.NotBefore, got)
	}
	if len(authority.PEM) > 8000 {
		t.Errorf("a trust anchor takes 8000 characters, not %d", len(authority.PEM))
	}
}

func TestLeafIsNotSignedByWhatCannotSign(t *testing.T) {
	a, l := New(nil, nil, nil), account.AWSLink{Tag: "9f3a61c2"}
	ca, leafKey := newKey(t), newKey(t)
	authority, err := a.Authority(ca, l, today)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Leaf(authority, newKey(t), leafKey.Public(), l, today); kindOfError(err) != account.KeyDamaged {
		t.Errorf("another key: %v", err)
	}
	if _, err := a.Leaf(authority, ca, leafKey.Public(), l, today.Add(account.AWSAuthorityLife)); kindOfError(err) != account.Expired {
		t.Errorf("an authority that has run out: %v", err)
	}
	late, err := a.Leaf(authority, ca, leafKey.Public(), l, today.Add(account.AWSAuthorityLife-24*time.Hour))
	if err != nil || !late.NotAfter.Equal(authority.NotAfter) {
		t.Errorf("a leaf of the authority's last day ends %s, the authority %s (%v)", late.NotAfter, authority.NotAfter, err)
	}
	wrong, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Authority(wrong, l, today); err == nil {
		t.Error("an RSA key was taken")
	}
	if _, err := a.Leaf(account.Certificate{PEM: "no"}, ca, leafKey.Public(), l, today); err == nil {
		t.Error("no authority was taken")
	}
}
