package link_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// authority signs requests, as the one that a tenant trusts.
type authority struct {
	t    *testing.T
	key  crypto.Signer
	cert *x509.Certificate
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	a := &authority{t: t, key: curveKey(t)}
	a.cert = a.sign(a.key.Public(), time.Hour, true)
	return a
}

func (a *authority) sign(key crypto.PublicKey, life time.Duration, ca bool) *x509.Certificate {
	a.t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Contoso"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(life), IsCA: ca, BasicConstraintsValid: true}
	parent := a.cert
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return c
}

// answers is what comes back for a request: the authority's own certificate first.
func (a *authority) answers(request string, life time.Duration) []byte {
	a.t.Helper()
	block, _ := pem.Decode([]byte(request))
	if block == nil || block.Type != "CERTIFICATE REQUEST" {
		a.t.Fatalf("the request is %q", request)
	}
	r, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		a.t.Fatal(err)
	}
	if err := r.CheckSignature(); err != nil {
		a.t.Fatal(err)
	}
	out := pem.EncodeToMemory(&pem.Block{Type: account.CertificateBlock, Bytes: a.cert.Raw})
	return append(out, pem.EncodeToMemory(&pem.Block{Type: account.CertificateBlock, Bytes: a.sign(r.PublicKey, life, false).Raw})...)
}

// onApp is Entra that takes the certificates with these thumbprints.
type onApp struct {
	link.Microsoft
	taken map[string]bool
}

func (m onApp) Accepts(_ context.Context, t account.Target, _ crypto.Signer) ([]account.Evidence, error) {
	if m.taken[t.Certificate.SHA1] {
		return nil, nil
	}
	return nil, &account.Problem{Kind: account.CertificateUnseen}
}

func TestRequestedCertificate(t *testing.T) {
	ctx := t.Context()
	keys, _ := keystore.Memory()
	dir := t.TempDir()
	reg, entra := registry.Memory(), onApp{taken: map[string]bool{}}
	ops := link.New(ctx, link.Ports{Keys: keys, Registry: reg, Save: keystore.Files{}, Microsoft: entra, Now: time.Now})
	defer ops.Close()
	id := account.ID(uuid.NewString())
	end := func(op *link.Operation) link.Event {
		t.Helper()
		for {
			if _, err := op.Next(ctx); err != nil {
				if err != io.EOF {
					t.Fatal(err)
				}
				return op.Last()
			}
		}
	}
	fails := func(op *link.Operation, kind account.Kind) {
		t.Helper()
		for {
			if _, err := op.Next(ctx); err != nil {
				if account.KindOf(err) != kind {
					t.Errorf("it ended %v, want %s", err, kind)
				}
				return
			}
		}
	}
	if _, err := ops.SaveAnswers(ctx, account.Draft{ID: id, Name: "Contoso", Provider: account.Microsoft, Link: account.MicrosoftLink{Tenant: "t", Client: "c"}}); err != nil {
		t.Fatal(err)
	}
	end(ops.MakeKey(id, link.KeyWish{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Life: link.Lives[0], Directory: dir}))

	ca := newAuthority(t)
	path := end(ops.RequestCertificate(id, dir)).Path
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	request := string(text)
	answer := ca.answers(request, time.Hour)
	fails(ops.ImportCertificate(id, []byte("nothing"), dir), account.CertificateUnread)
	fails(ops.ImportCertificate(id, pem.EncodeToMemory(&pem.Block{Type: account.CertificateBlock, Bytes: ca.cert.Raw}), dir), account.CertificateOther)
	fails(ops.ImportCertificate(id, ca.answers(request, -time.Second), dir), account.Expired)
	end(ops.ImportCertificate(id, answer, dir))
	d, err := reg.Draft(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	first := d.Key().Certificate
	if saved, err := os.ReadFile(d.Key().Saved); err != nil || string(saved) != first.PEM || first.NotAfter.After(time.Now().Add(2*time.Hour)) {
		t.Errorf("the draft has %+v, and the file %q, %v", d.Key(), saved, err)
	}

	// Of an account it takes the place of the one before when Entra takes it.
	if err := reg.Finish(ctx, d.Account(time.Now())); err != nil {
		t.Fatal(err)
	}
	second := ca.answers(request, 2*time.Hour)
	fails(ops.ImportCertificate(id, second, dir), account.CertificateUnseen)
	if a, err := reg.Account(ctx, id); err != nil || a.Key.Certificate != first {
		t.Errorf("a certificate that is not on the app changed the account: %+v, %v", a.Key, err)
	}
	signer, err := keys.Open(ctx, account.Keyring, d.Key().ID)
	if err != nil {
		t.Fatal(err)
	}
	c, err := account.CertificateFor(second, signer.Public(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	entra.taken[c.SHA1] = true
	end(ops.ImportCertificate(id, second, dir))
	if a, err := reg.Account(ctx, id); err != nil || a.Key.Certificate != c || a.Key.ID != d.Key().ID {
		t.Errorf("the account has %+v, %v", a.Key, err)
	}
}
