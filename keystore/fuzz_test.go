package keystore

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// FuzzOnlyCertificates holds of any text that is to be written as a certificate: one
// that is taken is certificates in PEM and not a byte beside them, least of all a key.
func FuzzOnlyCertificates(f *testing.F) {
	key, err := generate(curveBits)
	if err != nil {
		f.Fatal(err)
	}
	v, err := encode(key)
	if err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{
		"", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", string(v), "\x1b[2J",
		"-----BEGIN CERTIFICATE-----\nProc-Type: 4\n\nMIIB\n-----END CERTIFICATE-----\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if onlyCertificates(s) != nil {
			return
		}
		var again strings.Builder
		for block, rest := pem.Decode([]byte(s)); block != nil; block, rest = pem.Decode(rest) {
			if _, err := x509.ParseCertificate(block.Bytes); err != nil {
				t.Errorf("taken with %v", err)
			}
			again.Write(pem.EncodeToMemory(block))
		}
		if strings.Join(strings.Fields(again.String()), "") != strings.Join(strings.Fields(s), "") {
			t.Errorf("%q is taken", s)
		}
	})
}

// FuzzPhrase holds of any file with a passphrase: it is all of it but one line end, or
// refused in words that hold nothing of it.
func FuzzPhrase(f *testing.F) {
	for _, s := range []string{"", "\n", "\r\n", "correct horse\n", "a\n\n", "\x00", "\xff\xfe", strings.Repeat("x", phraseFileMost), strings.Repeat("x", phraseFileMost+1), "\x1b[2Jsecret"} {
		f.Add([]byte(s))
	}
	path := filepath.Join(f.TempDir(), "phrase")
	f.Fuzz(func(t *testing.T, b []byte) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readPhrase(path, func(fs.FileInfo) bool { return true })
		if err != nil {
			if account.KindOf(err) != account.PassphraseFile || len(b) > 8 && strings.Contains(err.Error(), string(b)) {
				t.Errorf("%v", err)
			}
			return
		}
		rest, ok := strings.CutPrefix(string(b), string(got))
		if !ok || len(got) == 0 || rest != "" && rest != "\n" && rest != "\r\n" && rest != "\r" {
			t.Errorf("%q of %q", got, b)
		}
	})
}
