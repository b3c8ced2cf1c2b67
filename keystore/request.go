package keystore

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
)

// Request makes a certificate signing request (PKCS #10) for the key, in PEM: for an
// authority that a tenant trusts where it takes no other certificates. Subject is as
// Certify's; what the authority makes of it is its own to decide.
func (*Keys) Request(key crypto.Signer, subject string) (string, error) {
	if _, ok := key.Public().(*rsa.PublicKey); !ok || subject == "" || len(subject) > subjectMost {
		return "", unexpected(fmt.Errorf("no request is made of %T for %q", key.Public(), subject))
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject: pkix.Name{CommonName: subject}, SignatureAlgorithm: x509.SHA256WithRSA,
	}, key)
	if err != nil {
		return "", unexpected(fmt.Errorf("make the request: %w", err))
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})), nil
}
