package account

import (
	"crypto"
	"crypto/fips140"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"time"
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

// CertificateFor reads a file that an authority gave, PEM or DER, and takes from it
// the certificate of the key that holds now; others, such as the authority's own, are
// passed over.
// CertificateUnread where none is in it, CertificateOther where none is the key's, Expired
// where it is over, and CertificateEarly where it does not hold yet.
func CertificateFor(file []byte, key crypto.PublicKey, now time.Time) (Certificate, error) {
	own, ok := key.(interface{ Equal(crypto.PublicKey) bool })
	all := certificatesIn(file)
	if len(all) == 0 || !ok {
		return Certificate{}, &Problem{Kind: CertificateUnread}
	}
	why := CertificateOther
	for _, c := range all {
		switch {
		case !own.Equal(c.PublicKey):
		case !c.NotAfter.After(now): // another of the key may come after it
			why = Expired
		case c.NotBefore.After(now):
			why = CertificateEarly
		default:
			return CertificateOf(c), nil
		}
	}
	return Certificate{}, &Problem{Kind: why}
}

// certificatesIn are the certificates of a file, in its order.
func certificatesIn(file []byte) (all []*x509.Certificate) {
	if c, err := x509.ParseCertificate(file); err == nil {
		return []*x509.Certificate{c}
	}
	for block, rest := pem.Decode(file); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != CertificateBlock {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// RequestFile is the name of the file of a signing request, as CertificateFile is that
// of a certificate.
func RequestFile(n Name, id KeyID) string {
	return strings.TrimSuffix(CertificateFile(n, string(id)), ".cer") + ".csr"
}
