package keystore

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// testKey is a key of that many bits, made once.
func testKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	testKeys.Lock()
	defer testKeys.Unlock()
	if testKeys.m[bits] == nil {
		key, err := generate(bits)
		if err != nil {
			t.Fatal(err)
		}
		testKeys.m[bits] = key.(*rsa.PrivateKey)
	}
	return testKeys.m[bits]
}

var testKeys = struct {
	sync.Mutex
	m map[int]*rsa.PrivateKey
}{m: map[int]*rsa.PrivateKey{}}

const testID account.KeyID = "0f8fad5b-d9cb-469f-a165-70867728950e"

func testValue(t testing.TB, bits int) value {
	t.Helper()
	v, err := encode(testKey(t, bits))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestValueFitsEveryStore holds that a key of each size comes back the same,
// in the form it should have, of letters that nothing changes, and short enough
// for Windows and macOS.
func TestValueFitsEveryStore(t *testing.T) {
	for bits, form := range map[int]string{2048: "p8", 3072: "p8", 4096: "pq"} {
		v := testValue(t, bits)
		if !bytes.HasPrefix(v, []byte("xops1."+form+".")) {
			t.Errorf("%d bits begin with %q, want form %s", bits, string(v[:9]), form)
		}
		if strings.Trim(string(v), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") != "" {
			t.Errorf("%d bits: unsafe characters", bits)
		}
		for _, goos := range []string{"windows", "darwin", "linux"} {
			if tooBig(goos, testID, v) {
				t.Errorf("%d bits: %d bytes are too big for %s", bits, len(v), goos)
			}
		}
		key, err := decode(v)
		if err != nil || !key.Equal(testKey(t, bits)) {
			t.Errorf("%d bits do not come back: %v", bits, err)
		}
	}
}

// TestCurve holds that a key on P-256 is made, comes back the same, signs, and is
// of a version that earlier programs know to be newer; of another curve none is read.
func TestCurve(t *testing.T) {
	keys, _ := Memory()
	if err := keys.Make(t.Context(), account.Keyring, testID, curveBits); err != nil {
		t.Fatal(err)
	}
	key, err := keys.Open(t.Context(), account.Keyring, testID)
	if err != nil {
		t.Fatal(err)
	}
	pub, ok := key.Public().(*ecdsa.PublicKey)
	digest := sha256.Sum256([]byte("x"))
	signed, err := key.Sign(rand.Reader, digest[:], crypto.SHA256)
	if err != nil || !ok || pub.Curve != elliptic.P256() || !ecdsa.VerifyASN1(pub, digest[:], signed) {
		t.Errorf("a signature of %T: %v", key.Public(), err)
	}
	made, err := generate(curveBits)
	if err != nil {
		t.Fatal(err)
	}
	v, err := encode(made)
	if back, again := decode(v); err != nil || again != nil || !back.Equal(made) || !bytes.HasPrefix(v, []byte("xops2.ec.")) {
		t.Errorf("%q does not come back: %v, %v", string(v[:9]), err, again)
	}
	if _, err := decode(v[:len(v)-4]); account.KindOf(err) != account.KeyDamaged {
		t.Errorf("a short one: %v", err)
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	fp, err := fingerprint(other.Public())
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(compose(formCurve, fp, der)); account.KindOf(err) != account.KeyDamaged {
		t.Errorf("P-384: %v", err)
	}
	der, err = x509.MarshalPKCS8PrivateKey(testKey(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decode(compose(formCurve, strings.Split(string(testValue(t, 2048)), ".")[2], der)); account.KindOf(err) != account.KeyDamaged {
		t.Errorf("an RSA key in the curve's form: %v", err)
	}
}

// TestPrimesAreTheKey holds that the two primes alone make the same key for
// every size, private exponent included.
func TestPrimesAreTheKey(t *testing.T) {
	for bits := range sizes {
		key := testKey(t, bits)
		data := make([]byte, bits/8)
		key.Primes[0].FillBytes(data[:bits/16])
		key.Primes[1].FillBytes(data[bits/16:])
		fp, err := fingerprint(&key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decode(compose(formPrimes, fp, data))
		if err != nil || !got.Equal(key) || got.(*rsa.PrivateKey).D.Cmp(key.D) != 0 {
			t.Errorf("%d bits: %v", bits, err)
		}
	}
}

func TestLimits(t *testing.T) {
	long := func(n int) value { return bytes.Repeat([]byte("x"), n) }
	// 53 characters of the command around the names, 12 + 36 of names, and
	// base64: 2994 bytes make 3992, and 4093 in all; one more makes 4097.
	for _, tt := range []struct {
		goos string
		size int
		want bool
	}{
		{"windows", 2560, false},
		{"windows", 2561, true},
		{"darwin", macMost, false},
		{"darwin", macMost + 1, true},
		{"linux", 100_000, false},
	} {
		if got := tooBig(tt.goos, testID, long(tt.size)); got != tt.want {
			t.Errorf("tooBig(%s, %d bytes) = %v", tt.goos, tt.size, got)
		}
	}
}

// macMost is the longest value whose command the library does not refuse,
// by the library's own sum.
var macMost = func() int {
	n := 0
	for len(fmt.Sprintf("add-generic-password -U -s %s -a %s -w %s\n", service, testID, "go-keyring-base64:"+strings.Repeat("x", (n+3)/3*4))) <= 4096 {
		n++
	}
	return n
}()

// TestTampering changes every part of a value, and every character of it.
func TestTampering(t *testing.T) {
	for _, bits := range []int{2048, 4096} {
		v := testValue(t, bits)
		other := testValue(t, 3072)
		parts := strings.Split(string(v), ".")
		for name, text := range map[string]string{
			"empty":             "",
			"shortened":         string(v[:len(v)-1]),
			"cut in half":       string(v[:len(v)/2]),
			"longer":            string(v) + "A",
			"line end":          string(v) + "\n",
			"another part":      string(v) + ".A",
			"another form":      "xops1.ec." + parts[2] + "." + parts[3],
			"the other form":    "xops1." + map[string]string{"p8": "pq", "pq": "p8"}[parts[1]] + "." + parts[2] + "." + parts[3],
			"another print":     "xops1." + parts[1] + "." + strings.Split(string(other), ".")[2] + "." + parts[3],
			"no print":          "xops1." + parts[1] + ".." + parts[3],
			"another program's": "ghp_0123456789",
			"version 0":         "xops0" + string(v[5:]),
			"version 01":        "xops01" + string(v[5:]),
		} {
			if _, err := decode(value(text)); account.KindOf(err) != account.KeyDamaged {
				t.Errorf("%d bits, %s: %v", bits, name, err)
			}
		}
		for _, version := range []string{"xops2", "xops10", "xops999999999"} {
			if _, err := decode(value(version + string(v[5:]))); account.KindOf(err) != account.KeyNewer {
				t.Errorf("%s: %v", version, err)
			}
		}
		for i := 0; i < len(v); i += 1 + len(v)/60 {
			changed := bytes.Clone(v)
			changed[i] ^= 1
			if _, err := decode(changed); err == nil {
				t.Errorf("%d bits: character %d changed, and nobody saw it", bits, i)
			}
		}
	}
}

// TestTrailingData holds that what the parser of PKCS #8 overlooks is seen.
func TestTrailingData(t *testing.T) {
	der, err := x509.MarshalPKCS8PrivateKey(testKey(t, 2048))
	if err != nil {
		t.Fatal(err)
	}
	fp := strings.Split(string(testValue(t, 2048)), ".")[2]
	if _, err := decode(compose(formPKCS8, fp, der)); err != nil {
		t.Fatal(err)
	}
	if _, err := decode(compose(formPKCS8, fp, append(der, 0))); account.KindOf(err) != account.KeyDamaged {
		t.Errorf("a byte more: %v", err)
	}
}

// TestOtherKinds holds that a key of a kind that is not made here is refused.
func TestOtherKinds(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []any{small, curve} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decode(compose(formPKCS8, strings.Repeat("A", 43), der)); account.KindOf(err) != account.KeyDamaged {
			t.Errorf("%T: %v", key, err)
		}
	}
	if _, err := generate(1024); account.KindOf(err) != account.Unexpected {
		t.Errorf("a key of 1024 bits: %v", err)
	}
}

// TestOpensslReadsTheKey holds that what is stored is PKCS #8 as others know it.
func TestOpensslReadsTheKey(t *testing.T) {
	v := testValue(t, 3072)
	der, err := encoding.DecodeString(string(v[bytes.LastIndexByte(v, '.')+1:]))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("openssl", "pkey", "-inform", "DER", "-check", "-noout")
	cmd.Stdin = bytes.NewReader(der)
	if out, err := cmd.CombinedOutput(); err != nil || !bytes.Contains(out, []byte("Key is valid")) {
		t.Errorf("openssl pkey -check: %v\n%s", err, out)
	}
}

// FuzzValue holds that whatever a store gives back is a sound key or an error
// of the two kinds, and that a key comes back once more as the same.
func FuzzValue(f *testing.F) {
	v := testValue(f, 2048)
	f.Add([]byte(v))
	f.Add([]byte("xops1.pq." + strings.Repeat("A", 43) + "." + strings.Repeat("_", 342)))
	f.Add([]byte("xops1.pq." + strings.Repeat("A", 43) + "." + strings.Repeat("A", 342)))
	f.Add([]byte("xops2.x"))
	if curve, err := generate(curveBits); err == nil {
		if v, err := encode(curve); err == nil {
			f.Add([]byte(v))
		}
	}
	f.Add([]byte("..."))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := decode(b)
		if err != nil {
			if k := account.KindOf(err); k != account.KeyDamaged && k != account.KeyNewer {
				t.Fatalf("%v", err)
			}
			return
		}
		again, err := encode(key)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := decode(again); err != nil || !back.Equal(key) {
			t.Fatalf("a key does not come back: %v", err)
		}
	})
}
