//go:build unix

package keystore

import (
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// FuzzSealed puts anything into the files of the file store: the sealed identity and a
// sealed key as they are on the disk, and what is inside of each. A key that comes of
// it signs; what is said else is sound, and holds nothing of what was inside.
func FuzzSealed(f *testing.F) {
	made, err := newIdentity([]byte(phrase), 4)
	if err != nil {
		f.Fatal(err)
	}
	key, err := generate(curveBits)
	if err != nil {
		f.Fatal(err)
	}
	v, err := encode(key)
	if err != nil {
		f.Fatal(err)
	}
	whole, err := seal(v, made.identity.Recipient())
	if err != nil {
		f.Fatal(err)
	}
	for which := range uint8(4) {
		for _, s := range []string{
			"", string(made.sealed), string(whole), string(v), made.identity.String(), made.identity.String() + "\n", "AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ", "age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 4\n" + strings.Repeat("A", 43) + "\n--- x\n",
			"age-encryption.org/v1\n-> scrypt AAAAAAAAAAAAAAAAAAAAAA 63\n" + strings.Repeat("A", 43) + "\n--- x\n", "age-encryption.org/v1\n-> X25519 " + hostile.Mark + "\n\n--- \x1b[2J\n", hostile.Short, strings.Repeat("age-encryption.org/v1\n", 3000),
		} {
			f.Add(which, []byte(s))
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, body []byte) {
		lock, sealed := made.sealed, whole
		switch which % 4 {
		case 0:
			lock = body
		case 1:
			sealed = body
		case 2:
			lock = sealedTo(t, body, nil)
		case 3:
			sealed = sealedTo(t, body, made.identity.Recipient())
		}
		for name, b := range map[string][]byte{identityFile: lock, "k.age": sealed} {
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		k, _ := reopened(t, dir, nil)
		shut := k.Unlock(t.Context(), account.FileStore, []byte(phrase))
		signer, err := k.Open(t.Context(), account.FileStore, "k")
		ids, unlisted := k.List(t.Context(), account.FileStore)
		hostile.Sound(t, shut, err, unlisted)
		if len(ids) != 1 || shut == nil && (signer == nil) != (err != nil) {
			t.Errorf("%d keys, %v, %v", len(ids), shut, err)
		}
		for _, err := range []error{shut, err} {
			if err != nil && len(body) > 16 && strings.Contains(err.Error(), string(body[:16])) {
				t.Errorf("%v quotes the file", err)
			}
		}
		if signer != nil {
			sum := sha256.Sum256(body)
			if _, err := signer.Sign(rand.Reader, sum[:], crypto.SHA256); err != nil {
				t.Errorf("it signs nothing: %v", err)
			}
		}
	})
}

// sealedTo is a body as it would be sealed, under the passphrase where there is nobody
// to seal it to.
func sealedTo(t *testing.T, body []byte, to age.Recipient) []byte {
	t.Helper()
	if to == nil {
		r, err := age.NewScryptRecipient(phrase)
		if err != nil {
			t.Fatal(err)
		}
		r.SetWorkFactor(4)
		to = r
	}
	sealed, err := seal(body, to)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}
