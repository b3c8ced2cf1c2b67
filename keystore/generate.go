package keystore

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
)

// sizes are the key sizes that are made and read. Entra ID takes RSA alone,
// and nothing under 2048 bits:
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
var sizes = map[int]bool{2048: true, 3072: true, 4096: true}

// curveBits stands for a key on the curve P-256, which IAM Roles Anywhere takes,
// and which fits into every keyring:
// https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html
const curveBits = 256

// anyKey is a private key of a kind that is made here: *rsa.PrivateKey, or
// *ecdsa.PrivateKey on P-256.
type anyKey interface {
	crypto.Signer
	Equal(crypto.PrivateKey) bool
}

// generate makes a key. Of RSA it takes from a tenth of a second to some seconds,
// and cannot be stopped.
func generate(bits int) (anyKey, error) {
	if bits == curveBits {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, unexpected(fmt.Errorf("make a key on P-256: %w", err))
		}
		return key, nil
	}
	if !sizes[bits] {
		return nil, unexpected(fmt.Errorf("no key of %d bits is made", bits))
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, unexpected(fmt.Errorf("make a key of %d bits: %w", bits, err))
	}
	return key, nil
}

// signer is a private key that can only sign. It is no key itself, so nobody can
// take the key out of it by a type assertion, and it prints as dots.
type signer struct {
	hidden
	key anyKey
}

// Public is a copy of the public half.
func (s *signer) Public() crypto.PublicKey {
	switch pub := s.key.Public().(type) {
	case *rsa.PublicKey:
		one := *pub
		return &one
	case *ecdsa.PublicKey:
		one := *pub
		return &one
	default:
		return pub
	}
}

func (s *signer) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(r, digest, opts)
}
