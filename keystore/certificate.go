package keystore

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

const (
	// backdate is how long before its making a certificate begins to hold, for
	// services whose clock is behind this machine's.
	backdate = 5 * time.Minute
	// lifeMost is the longest life of a certificate.
	lifeMost = 365 * 24 * time.Hour
	// subjectMost is the longest common name that X.509 allows (RFC 5280,
	// ub-common-name).
	subjectMost = 64
)

// Certify makes a self-signed certificate for the key, fit for signing as a
// client and nothing else. It holds from five minutes before from, to the
// second, and life is all of its time, those minutes included, because tenants
// limit the time from the beginning to the end. Life is at most 365 days;
// subject is its common name, 64 characters at most.
func (*Keys) Certify(key crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	pub, ok := key.Public().(*rsa.PublicKey)
	if !ok || subject == "" || len(subject) > subjectMost || life < time.Hour || life > lifeMost {
		return account.Certificate{}, unexpected(fmt.Errorf("no certificate is made of %T for %q and %s", key.Public(), subject, life))
	}
	id := sha256.Sum256(x509.MarshalPKCS1PublicKey(pub))
	begin := from.UTC().Add(-backdate).Truncate(time.Second)
	template := &x509.Certificate{
		// No serial number: the library takes a random one of 159 bits.
		Subject:               pkix.Name{CommonName: subject},
		NotBefore:             begin,
		NotAfter:              begin.Add(life),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
		SubjectKeyId:          id[:20], // the library sets it for authorities alone
		SignatureAlgorithm:    x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, pub, key)
	if err != nil {
		return account.Certificate{}, unexpected(fmt.Errorf("make the certificate: %w", err))
	}
	return describe(der, pub)
}

// describe reads a certificate back and looks that its signature is the key's.
func describe(der []byte, pub *rsa.PublicKey) (account.Certificate, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return account.Certificate{}, unexpected(fmt.Errorf("read the certificate: %w", err))
	}
	if !pub.Equal(cert.PublicKey) {
		return account.Certificate{}, unexpected(errors.New("the certificate is of another key"))
	}
	// Not CheckSignatureFrom: it wants an authority, which this is not.
	if err := cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature); err != nil {
		return account.Certificate{}, unexpected(fmt.Errorf("check the certificate: %w", err))
	}
	return account.CertificateOf(cert), nil
}
