package account

import (
	"crypto/fips140"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
)

// CertificateBlock is the PEM type of a certificate.
const CertificateBlock = "CERTIFICATE"

// CertificateOf is a certificate with what people and services compare it by.
func CertificateOf(cert *x509.Certificate) Certificate {
	// SHA-1 names the certificate in the portal and secures nothing; where FIPS
	// 140-3 is enforced it would panic.
	var short [sha1.Size]byte
	fips140.WithoutEnforcement(func() { short = sha1.Sum(cert.Raw) })
	spki := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return Certificate{
		PEM:       string(pem.EncodeToMemory(&pem.Block{Type: CertificateBlock, Bytes: cert.Raw})),
		SHA1:      fmt.Sprintf("%X", short),
		SHA256:    fmt.Sprintf("%X", sha256.Sum256(cert.Raw)),
		SPKI:      base64.RawURLEncoding.EncodeToString(spki[:]),
		NotBefore: cert.NotBefore,
		NotAfter:  cert.NotAfter,
	}
}
