package keystore

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"io"
)

// sizes are the key sizes that are made and read. Entra ID takes RSA alone,
// and nothing under 2048 bits:
// https://learn.microsoft.com/entra/identity-platform/certificate-credentials
var sizes = map[int]bool{2048: true, 3072: true, 4096: true}

// generate makes a key. It takes from a tenth of a second to some seconds, and
// cannot be stopped.
func generate(bits int) (*rsa.PrivateKey, error) {
	if !sizes[bits] {
		return nil, unexpected(fmt.Errorf("no key of %d bits is made", bits))
	}
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return nil, unexpected(fmt.Errorf("make a key of %d bits: %w", bits, err))
	}
	return key, nil
}

// signer is a private key that can only sign. It is no *rsa.PrivateKey, so
// nobody can take the key out of it by a type assertion, and it prints as dots.
type signer struct {
	hidden
	key *rsa.PrivateKey
}

// Public is a copy of the public half.
func (s *signer) Public() crypto.PublicKey {
	pub := s.key.PublicKey
	return &pub
}

func (s *signer) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	return s.key.Sign(r, digest, opts)
}
