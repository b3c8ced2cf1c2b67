package simcloud

import (
	"bytes"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"
)

// What the upload page says of a file that is no public certificate.
const (
	wrongFile = "The file could not be read. Upload a certificate (public key) with one of the following file types: .cer, .pem, .crt"
	wrongKey  = "The certificate's key is not supported. Upload a certificate with an RSA key of at least 2048 bits."
)

// Upload is Certificates & secrets › Upload certificate, with the content of
// the file: PEM or DER, the public certificate alone. The tenant's policy is
// applied.
// Source: learn.microsoft.com/entra/identity-platform/howto-create-self-signed-certificate
// and learn.microsoft.com/entra/identity-platform/certificate-credentials.
func (t *Tenant) Upload(clientID string, file []byte) error {
	cert, err := readCertificate(file)
	if err != nil {
		return err
	}
	return t.change(func(d *directory, now time.Time) error {
		a, err := d.app(clientID)
		if err != nil {
			return err
		}
		if err := t.allows(cert, now); err != nil {
			return err
		}
		if slices.ContainsFunc(a.keys, func(k certificate) bool { return k.sha1 == cert.sha1 }) {
			return refused("Request_BadRequest", "A certificate with the thumbprint %s has been added already.", cert.thumbprint())
		}
		cert.keyID = t.newID()
		a.keys = append(a.keys, cert)
		return nil
	})
}

// allows applies the app management policy. c.mu is held.
func (t *Tenant) allows(cert certificate, now time.Time) error {
	if t.trustedCA {
		return refused("CredentialTypeNotAllowedAsPerAppPolicy", "Credential type not allowed as per assigned policy '%s'.", t.policy)
	}
	if t.maxLife > 0 && cert.end.Sub(cert.start) > t.maxLife {
		return refused("CredentialInvalidLifetimeAsPerAppPolicy", "Credential lifetime exceeds the max value allowed as per assigned policy '%s'.", t.policy)
	}
	if !cert.end.After(now) {
		return refused("KeyCredentialsInvalidEndDate", "Key credential end date is invalid.")
	}
	return nil
}

// readCertificate reads one public certificate, as PEM or DER.
func readCertificate(file []byte) (certificate, error) {
	der := file
	if bytes.Contains(file, []byte("-----BEGIN ")) {
		var err error
		if der, err = onlyCertificate(file); err != nil {
			return certificate{}, err
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return certificate{}, refused("", wrongFile)
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < 2048 {
		return certificate{}, refused("", wrongKey)
	}
	return certificate{
		name: c.Subject.String(), der: c.Raw, key: key, sha1: sha1.Sum(c.Raw), sha256: sha256.Sum256(c.Raw),
		start: c.NotBefore.UTC(), end: c.NotAfter.UTC(),
	}, nil
}

// onlyCertificate is the DER of the one certificate in PEM text. Anything else
// in the text, a private key above all, is refused.
func onlyCertificate(text []byte) ([]byte, error) {
	if bytes.Contains(text, []byte("PRIVATE KEY-----")) { // also where the block is damaged and would be passed over
		return nil, refused("", wrongFile)
	}
	var der []byte
	for {
		block, rest := pem.Decode(text)
		if block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || der != nil {
			return nil, refused("", wrongFile)
		}
		der, text = block.Bytes, rest
	}
	if der == nil {
		return nil, refused("", wrongFile)
	}
	return der, nil
}

// thumbprint is what the portal lists.
func (k certificate) thumbprint() string { return strings.ToUpper(hex.EncodeToString(k.sha1[:])) }
