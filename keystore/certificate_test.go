package keystore

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

const day = 24 * time.Hour

var noon = time.Date(2026, 3, 1, 12, 0, 0, 987654321, time.FixedZone("there", 3600))

func certify(t *testing.T, bits int) (account.Certificate, *x509.Certificate) {
	t.Helper()
	made, err := (*Keys)(nil).Certify(&signer{key: testKey(t, bits)}, "Xops 360 0f8fad5b", noon, 180*day)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode([]byte(made.PEM))
	if block == nil || len(rest) != 0 {
		t.Fatalf("not one block of PEM:\n%s", made.PEM)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return made, cert
}

func TestCertificate(t *testing.T) {
	made, cert := certify(t, 2048)
	begin := time.Date(2026, 3, 1, 10, 55, 0, 0, time.UTC)
	if !cert.NotBefore.Equal(begin) || !made.NotBefore.Equal(begin) || cert.NotAfter.Sub(begin) != 180*day || !made.NotAfter.Equal(cert.NotAfter) {
		t.Errorf("holds from %s to %s; told %s to %s", cert.NotBefore, cert.NotAfter, made.NotBefore, made.NotAfter)
	}
	if cert.Subject.String() != "CN=Xops 360 0f8fad5b" || cert.IsCA || !cert.BasicConstraintsValid ||
		cert.KeyUsage != x509.KeyUsageDigitalSignature || len(cert.ExtKeyUsage) != 1 || cert.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth ||
		cert.SignatureAlgorithm != x509.SHA256WithRSA || len(cert.SubjectKeyId) != 20 || cert.SerialNumber.BitLen() < 100 {
		t.Errorf("certificate: %+v", cert)
	}
	_, again := certify(t, 2048)
	if cert.SerialNumber.Cmp(again.SerialNumber) == 0 {
		t.Error("two certificates have the same number")
	}
	fp, err := fingerprint(&testKey(t, 2048).PublicKey)
	if err != nil || made.SPKI != fp || strings.Split(string(testValue(t, 2048)), ".")[2] != fp {
		t.Errorf("SPKI = %s, the key's is %s", made.SPKI, fp)
	}
}

// TestOpensslReadsTheCertificate holds both thumbprints, the signature and the
// extensions against another implementation, for every size.
func TestOpensslReadsTheCertificate(t *testing.T) {
	for bits := range sizes {
		made, _ := certify(t, bits)
		name := filepath.Join(t.TempDir(), "c.cer")
		if err := os.WriteFile(name, []byte(made.PEM), 0o600); err != nil {
			t.Fatal(err)
		}
		for digest, want := range map[string]string{"-sha1": made.SHA1, "-sha256": made.SHA256} {
			out, err := exec.Command("openssl", "x509", "-in", name, "-noout", "-fingerprint", digest).Output()
			_, got, _ := strings.Cut(strings.TrimSpace(string(out)), "=")
			if err != nil || strings.ReplaceAll(got, ":", "") != want {
				t.Errorf("%d bits: openssl says %s = %s (%v), want %s", bits, digest, got, err, want)
			}
		}
		text, err := exec.Command("openssl", "x509", "-in", name, "-noout", "-text").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{
			"Version: 3", "sha256WithRSAEncryption", fmt.Sprintf("Public-Key: (%d bit)", bits), "X509v3 Key Usage: critical\n                Digital Signature\n",
			"TLS Web Client Authentication\n", "X509v3 Basic Constraints: critical\n                CA:FALSE\n", "X509v3 Subject Key Identifier:",
		} {
			if !strings.Contains(string(text), want) {
				t.Errorf("%d bits: openssl does not say %q:\n%s", bits, want, text)
			}
		}
		if out, err := exec.Command("openssl", "verify", "-check_ss_sig", "-partial_chain", "-attime", fmt.Sprint(noon.Unix()), "-trusted", name, name).CombinedOutput(); err != nil {
			t.Errorf("%d bits: openssl verify: %v\n%s", bits, err, out)
		}
	}
}

func TestCertifyRefuses(t *testing.T) {
	key := &signer{key: testKey(t, 2048)}
	for _, tt := range []struct {
		subject string
		life    time.Duration
	}{{"x", 366 * day}, {"x", 0}, {"x", -day}, {"", day}, {strings.Repeat("x", 65), day}} {
		if c, err := (*Keys)(nil).Certify(key, tt.subject, noon, tt.life); account.KindOf(err) != account.Unexpected || c.Made() {
			t.Errorf("Certify(%q, %s) = %v, %v", tt.subject, tt.life, c, err)
		}
	}
}

// TestCertifyUnderFIPS makes a certificate in a process that may use approved
// algorithms alone: the SHA-1 thumbprint would end it.
func TestCertifyUnderFIPS(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestCertificate$", "-test.v")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only")
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("--- PASS: TestCertificate")) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestSigner holds that a key signs as tokens need it, and is nothing else.
func TestSigner(t *testing.T) {
	key := testKey(t, 2048)
	var s crypto.Signer = &signer{key: key}
	digest := sha256.Sum256([]byte("an assertion"))
	opts := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
	sig, err := s.Sign(rand.Reader, digest[:], opts)
	if err != nil || rsa.VerifyPSS(&key.PublicKey, crypto.SHA256, digest[:], sig, opts) != nil {
		t.Errorf("PS256: %v", err)
	}
	sig, err = s.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, digest[:], sig) != nil {
		t.Errorf("RS256: %v", err)
	}
	if _, is := any(s).(*rsa.PrivateKey); is {
		t.Error("a signer is a *rsa.PrivateKey")
	}
	if _, is := any(s).(crypto.Decrypter); is {
		t.Error("a signer decrypts")
	}
	pub := s.Public().(*rsa.PublicKey)
	if !pub.Equal(&key.PublicKey) || pub == &key.PublicKey {
		t.Error("Public is not a copy of the public half")
	}
}

// TestNothingPrintsAKey prints everything that holds a key in every way, and
// looks for the key's bytes.
func TestNothingPrintsAKey(t *testing.T) {
	key := testKey(t, 2048)
	v := testValue(t, 2048)
	keys, _ := Memory()
	if err := keys.stores[account.Keyring].put(t.Context(), testID, v); err != nil {
		t.Fatal(err)
	}
	opener := newFileStore(t.TempDir(), none)
	opener.work = 1
	files := &Keys{stores: map[account.Store]backend{account.FileStore: opener}}
	phrase := []byte("canary passphrase")
	if err := files.Unlock(t.Context(), account.FileStore, phrase); err != nil {
		t.Fatal(err)
	}
	s := crypto.Signer(&signer{key: key})
	_, broken := decode(append(v[:len(v):len(v)], 'A'))
	holders := map[string]any{
		"signer": s, "signer inside": struct{ s crypto.Signer }{s}, "signers": []crypto.Signer{s}, "value": v, "values": []value{v},
		"memory": keys, "memory store": keys.stores[account.Keyring], "file store": files, "opened": opener.opened.Load(), "opener": opener, "inside": struct{ k *Keys }{files}, "broken": broken,
	}
	secrets := map[string]string{
		"the value": string(v[60:100]), "a prime": key.Primes[0].String(), "a prime in hex": hex.EncodeToString(key.Primes[0].Bytes())[:40],
		"a prime's words": fmt.Sprint(key.Primes[0].Bits()[:2]), "its bytes": fmt.Sprint([]byte(v[60:80]))[1:40],
		"an identity": "AGE-SECRET", "a passphrase": string(phrase),
	}
	for name, h := range holders {
		encoded, _ := json.Marshal(h)
		var logged bytes.Buffer
		slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "h", h)
		slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "h", h)
		printed := fmt.Sprintf("%v %+v %#v %s %x %q %d", h, h, h, h, h, h, h) + string(encoded) + logged.String()
		for what, secret := range secrets {
			if strings.Contains(strings.ToLower(printed), strings.ToLower(secret)) {
				t.Errorf("%s prints %s", name, what)
			}
		}
	}
	for name, h := range map[string]any{"signer": s, "value": v, "keys": keys, "store": opener, "opened": opener.opened.Load(), "memory": keys.stores[account.Keyring]} {
		if got := fmt.Sprintf("%v %+v %#v %s %d", h, h, h, h, h); got != "••• ••• ••• ••• •••" {
			t.Errorf("%s does not print as dots", name)
		}
	}
}

func none(string) string { return "" }
