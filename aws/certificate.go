package aws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// backdate is how long before its making a certificate begins to hold, for
// services whose clock is behind this machine's.
const backdate = 5 * time.Minute

// Authority makes the self-signed certificate of the link's own authority: P-256,
// two years. It can sign leaves and nothing below them. IAM Roles Anywhere wants
// CA:TRUE and keyCertSign of the certificate that a trust anchor has, and CA:FALSE
// of the one that signs in, so a link needs two.
// Source: docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html.
func (*AWS) Authority(key crypto.Signer, l account.AWSLink, from time.Time) (account.Certificate, error) {
	pub, err := p256(key.Public())
	if err != nil {
		return account.Certificate{}, err
	}
	template := &x509.Certificate{
		// No serial number: the library takes a random one of 159 bits.
		Subject:               pkix.Name{CommonName: l.AuthorityCN()},
		NotBefore:             begin(from),
		NotAfter:              from.UTC().Add(account.AWSAuthorityLife).Truncate(time.Second),
		BasicConstraintsValid: true,
		IsCA:                  true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		SignatureAlgorithm:    x509.ECDSAWithSHA256,
	}
	return issue(template, template, pub, key)
}

// Leaf makes the certificate that the link signs in with: P-256, ninety days, or
// as long as the authority holds. Its subject is one common name and no more, as
// every part of it becomes a session tag. An authority that has run out signs
// nothing: Expired.
func (*AWS) Leaf(authority account.Certificate, key crypto.Signer, leaf crypto.PublicKey, l account.AWSLink, from time.Time) (account.Certificate, error) {
	pub, err := p256(leaf)
	if err != nil {
		return account.Certificate{}, err
	}
	parent, err := parse(authority)
	if err != nil {
		return account.Certificate{}, err
	}
	if !fits(parent, key) {
		return account.Certificate{}, &account.Problem{Kind: account.KeyDamaged, Message: "the authority's key is not that of its certificate"}
	}
	if !from.Before(parent.NotAfter) {
		return account.Certificate{}, &account.Problem{Kind: account.Expired, Subject: parent.Subject.CommonName}
	}
	end := from.UTC().Add(account.AWSLeafLife).Truncate(time.Second)
	if end.After(parent.NotAfter) {
		end = parent.NotAfter
	}
	template := &x509.Certificate{
		Subject:               pkix.Name{CommonName: l.LeafCN()},
		NotBefore:             begin(from),
		NotAfter:              end,
		BasicConstraintsValid: true, // CA:FALSE has to be there
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		SignatureAlgorithm:    x509.ECDSAWithSHA256,
	}
	return issue(template, parent, pub, key)
}

func begin(from time.Time) time.Time { return from.UTC().Add(-backdate).Truncate(time.Second) }

func p256(key crypto.PublicKey) (*ecdsa.PublicKey, error) {
	pub, ok := key.(*ecdsa.PublicKey)
	if !ok || pub.Curve != elliptic.P256() {
		return nil, unexpected("no certificate for AWS is made of %T: the key has to be on P-256", key)
	}
	return pub, nil
}

// issue signs a certificate, reads it back and looks that the signature is the
// signer's.
func issue(template, parent *x509.Certificate, pub *ecdsa.PublicKey, key crypto.Signer) (account.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, pub, key)
	if err != nil {
		return account.Certificate{}, unexpected("make the certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return account.Certificate{}, unexpected("read the certificate: %w", err)
	}
	signer := parent
	if parent == template {
		signer = cert
	}
	if err := cert.CheckSignatureFrom(signer); err != nil {
		return account.Certificate{}, unexpected("check the certificate: %w", err)
	}
	return account.CertificateOf(cert), nil
}

func fingerprint(cert *x509.Certificate) string { return fmt.Sprintf("%X", sha256.Sum256(cert.Raw)) }

// parse reads a certificate of the link's.
func parse(c account.Certificate) (*x509.Certificate, error) {
	all, err := parseAll(c.PEM)
	if err != nil {
		return nil, err
	}
	if len(all) != 1 {
		return nil, unexpected("there are %d certificates where one belongs", len(all))
	}
	return all[0], nil
}

// parseAll reads the certificates of a PEM text.
func parseAll(text string) (all []*x509.Certificate, err error) {
	for block, rest := pem.Decode([]byte(text)); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != account.CertificateBlock {
			continue
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, unexpected("read the certificate: %w", err)
		}
		all = append(all, cert)
	}
	return all, nil
}

// fits tells whether the key is the certificate's.
func fits(cert *x509.Certificate, key crypto.Signer) bool {
	pub, ok := key.Public().(interface{ Equal(crypto.PublicKey) bool })
	return ok && pub.Equal(cert.PublicKey)
}
