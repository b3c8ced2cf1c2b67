package keystore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"

	"github.com/axiomio/xops-onboard/account"
)

// value is a private key as a store keeps it: xops1.<form>.<fingerprint>.<data>.
//
// The form p8 has an RSA key as PKCS #8 in DER, pq has its two primes one after
// the other, each half the size of the key, for the exponent 65537. A key on P-256
// is xops2.ec, as PKCS #8. The
// fingerprint is the SHA-256 of the public half's SubjectPublicKeyInfo, so that
// a value which a store shortened or mixed up is seen. Fingerprint and data are
// base64url without padding. All of it is ASCII that no shell, quoting or
// character set changes. The number is the version; another form is another
// version.
type value []byte

func (value) Format(f fmt.State, verb rune) { hidden{}.Format(f, verb) }
func (value) MarshalText() ([]byte, error)  { return hidden{}.MarshalText() }

const (
	valueVersion = "xops1"
	formPKCS8    = "p8"
	formPrimes   = "pq"
	curveVersion = "xops2" // with formCurve alone
	formCurve    = "ec"
	exponent     = 65537

	// valueMost is the longest value that is written as p8. Windows keeps 2560
	// bytes a credential (CRED_MAX_CREDENTIAL_BLOB_SIZE,
	// https://learn.microsoft.com/windows/win32/api/wincred/ns-wincred-credentialw).
	valueMost = 2500
)

var (
	encoding   = base64.RawURLEncoding.Strict()
	versioned  = account.Lazily(`^xops[1-9][0-9]{0,8}\.`)
	errNoValue = errors.New("not a key in this program's own form")
)

// encode is the key as a store keeps it.
func encode(of anyKey) (value, error) {
	der, err := x509.MarshalPKCS8PrivateKey(of)
	if err != nil {
		return nil, unexpected(errors.New("a key cannot be encoded"))
	}
	defer clear(der)
	fp, err := fingerprint(of.Public())
	if err != nil {
		return nil, err
	}
	key, ok := of.(*rsa.PrivateKey)
	if !ok {
		return compose(formCurve, fp, der), nil
	}
	if v := compose(formPKCS8, fp, der); len(v) <= valueMost {
		return v, nil
	}
	half := key.N.BitLen() / 16
	if len(key.Primes) != 2 || key.E != exponent || key.Primes[0].BitLen() > 8*half || key.Primes[1].BitLen() > 8*half {
		return nil, unexpected(errors.New("a key has not the usual two primes"))
	}
	primes := make([]byte, 2*half)
	defer clear(primes)
	key.Primes[0].FillBytes(primes[:half])
	key.Primes[1].FillBytes(primes[half:])
	return compose(formPrimes, fp, primes), nil
}

func compose(form, fp string, data []byte) value {
	version := valueVersion
	if form == formCurve {
		version = curveVersion
	}
	v := append(value(nil), version+"."+form+"."+fp+"."...)
	return encoding.AppendEncode(v, data)
}

// decode is the key of a value: KeyNewer if a later version wrote it,
// KeyDamaged if it is not, to the last bit, what was written.
func decode(v value) (anyKey, error) {
	parts := bytes.Split(v, []byte("."))
	known := string(parts[0]) == valueVersion || bytes.HasPrefix(v, []byte(curveVersion+"."+formCurve+"."))
	if len(parts) != 4 || !known {
		if versioned().Match(v) && !known {
			return nil, &account.Problem{Kind: account.KeyNewer}
		}
		return nil, damaged(errNoValue)
	}
	data, err := encoding.AppendDecode(nil, parts[3])
	defer clear(data)
	if err != nil || bytes.ContainsAny(parts[3], "\r\n") { // which the decoder skips
		return nil, damaged(errors.New("the key is not base64url"))
	}
	var key anyKey
	switch form := string(parts[1]); {
	case string(parts[0]) == curveVersion:
		key, err = fromCurve(data)
	case form == formPKCS8:
		key, err = fromPKCS8(data)
	case form == formPrimes:
		key, err = fromPrimes(data)
	default:
		err = errNoValue
	}
	if err != nil {
		return nil, damaged(err)
	}
	if fp, err := fingerprint(key.Public()); err != nil || fp != string(parts[2]) {
		return nil, damaged(errors.New("the key is another one than its fingerprint says"))
	}
	return key, nil
}

func fromPKCS8(der []byte) (*rsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil { // its own words are about structure, and stay out of ours all the same
		return nil, errors.New("the key is not PKCS #8")
	}
	key, ok := parsed.(*rsa.PrivateKey)
	if !ok || !sizes[key.N.BitLen()] || len(key.Primes) != 2 || key.E != exponent {
		return nil, errors.New("the key is not of a kind that is made here")
	}
	// The parser overlooks what follows the key.
	again, err := x509.MarshalPKCS8PrivateKey(key)
	defer clear(again)
	if err != nil || !bytes.Equal(again, der) {
		return nil, errors.New("the key is not PKCS #8 as it is written here")
	}
	return sound(key)
}

// fromCurve reads a key on P-256; the parser looks that its halves fit.
func fromCurve(der []byte) (*ecdsa.PrivateKey, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errors.New("the key is not PKCS #8")
	}
	key, ok := parsed.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, errors.New("the key is not of a kind that is made here")
	}
	again, err := x509.MarshalPKCS8PrivateKey(key)
	defer clear(again)
	if err != nil || !bytes.Equal(again, der) {
		return nil, errors.New("the key is not PKCS #8 as it is written here")
	}
	return key, nil
}

// fromPrimes makes the whole key from its primes.
func fromPrimes(data []byte) (*rsa.PrivateKey, error) {
	bits := 8 * len(data)
	if !sizes[bits] {
		return nil, errors.New("the key has not the size of one made here")
	}
	one := big.NewInt(1)
	p := new(big.Int).SetBytes(data[:len(data)/2])
	q := new(big.Int).SetBytes(data[len(data)/2:])
	n := new(big.Int).Mul(p, q)
	if p.Cmp(q) == 0 || n.BitLen() != bits {
		return nil, errors.New("the primes do not make a key of their size")
	}
	p1, q1 := new(big.Int).Sub(p, one), new(big.Int).Sub(q, one)
	gcd := new(big.Int).GCD(nil, nil, p1, q1)
	lcm := new(big.Int).Div(new(big.Int).Mul(p1, q1), gcd)
	d := new(big.Int).ModInverse(big.NewInt(exponent), lcm)
	if d == nil {
		return nil, errors.New("the primes make no key")
	}
	return sound(&rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: exponent}, D: d, Primes: []*big.Int{p, q}})
}

func sound(key *rsa.PrivateKey) (*rsa.PrivateKey, error) {
	key.Precompute()
	if key.Validate() != nil {
		return nil, errors.New("the key does not hold together")
	}
	return key, nil
}

// fingerprint is the base64url SHA-256 of the DER SubjectPublicKeyInfo.
func fingerprint(pub crypto.PublicKey) (string, error) {
	der, err := x509.MarshalPKIXPublicKey(pub)
	if err != nil {
		return "", unexpected(fmt.Errorf("encode the public key: %w", err))
	}
	sum := sha256.Sum256(der)
	return encoding.EncodeToString(sum[:]), nil
}
