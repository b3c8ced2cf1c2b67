//go:build linux

package e2e_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
)

// planted are secrets of every kind, as the machine comes to know of them.
type planted struct {
	values map[string]string // of the keyring
	raw    map[string][]byte // what could lie about, by what it is
	texts  map[string]string
}

func plant(t *testing.T) planted {
	t.Helper()
	p := planted{values: map[string]string{}, raw: map[string][]byte{}, texts: map[string]string{}}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	scalar, err := curve.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(curve)
	if err != nil {
		t.Fatal(err)
	}
	for form, k := range map[string]crypto.Signer{"xops1.p8.": key, "xops2.ec.": curve} {
		der, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		p.values[form] = form + "fingerprint." + base64.RawURLEncoding.EncodeToString(der)
		p.raw["PKCS #8 "+form] = der
	}
	p.raw["PKCS #1"], p.raw["SEC 1"], p.raw["scalar"] = x509.MarshalPKCS1PrivateKey(key), sec1, scalar
	p.raw["d"], p.raw["p"], p.raw["q"] = key.D.Bytes(), key.Primes[0].Bytes(), key.Primes[1].Bytes()
	for _, kind := range []string{"access token", "refresh token", "device code", "authorization code", "PKCE verifier", "client assertion", "proof of possession", "secret access key", "session token"} {
		p.texts[kind] = "0.A" + rand.Text() + "-" + rand.Text() + "_" + rand.Text()
	}
	p.texts["passphrase"] = passphrase
	return p
}

// written are encodings of some bytes, each as others write them.
func written(b []byte) map[string][]byte {
	all := map[string][]byte{
		"raw": b, "hex": []byte(hex.EncodeToString(b)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(b))), "hex with colons": fmt.Appendf(nil, "% x", b),
		"base64 in a URL": []byte(strings.ReplaceAll(strings.ReplaceAll(base64.StdEncoding.EncodeToString(b), "+", "%2B"), "/", "%2f")),
		"base64url":       []byte(base64.URLEncoding.EncodeToString(b)), "base64 in JSON": []byte(strings.Join(broken(base64.StdEncoding.EncodeToString(b), 64), `\n`)),
		"base64 on a screen": []byte(strings.Join(broken(base64.StdEncoding.EncodeToString(b), 17), "\x1b[0m│\x1b[12;3H\x1b[1m")),
		"PEM":                pem.EncodeToMemory(&pem.Block{Type: "X", Bytes: b}),
	}
	for off := range 3 { // as a part of something longer
		all[fmt.Sprint("base64 in the middle, ", off)] = []byte(base64.StdEncoding.EncodeToString(slices.Concat(make([]byte, off), b, []byte("abcd"))))
	}
	for _, columns := range []int{20, 33, 60, 76} {
		all[fmt.Sprint("base64 in lines of ", columns)] = []byte(strings.Join(broken(base64.StdEncoding.EncodeToString(b), columns), "\r\n"))
	}
	return all
}

func broken(s string, columns int) (lines []string) {
	for len(s) > columns {
		lines, s = append(lines, s[:columns]), s[columns:]
	}
	return append(lines, s)
}

// TestHoardFindsEachSecretInEachForm plants them among other bytes, and holds that
// nothing is found of what is public.
func TestHoardFindsEachSecretInEachForm(t *testing.T) {
	t.Parallel()
	p := plant(t)
	h := newHoard()
	for _, value := range p.values {
		h.key(value)
	}
	for kind, text := range p.texts {
		h.text(kind, text)
		p.raw[kind] = []byte(text)
	}
	around := []byte(strings.Repeat("nothing of it is here. ", 5))
	for what, raw := range p.raw {
		all := written(raw)
		if len(what) == 1 || what == "scalar" {
			all["decimal"], all["bytes"] = []byte(new(big.Int).SetBytes(raw).String()), fmt.Append(nil, raw)
		}
		if len(raw) > 200 || len(what) == 1 { // half of it
			all["half"] = raw[len(raw)/2:]
		}
		for form, b := range all {
			for off := range 3 {
				if len(h.in(slices.Concat(around[:len(around)-off], b, around))) == 0 {
					t.Errorf("%s, %s, is not found", what, form)
				}
			}
		}
	}
	for _, form := range []string{"xops1.p8.", "xops2.ec."} {
		parsed, err := x509.ParsePKCS8PrivateKey(p.raw["PKCS #8 "+form])
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKIXPublicKey(parsed.(crypto.Signer).Public())
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range written(der) {
			if found := h.in(b); len(found) > 0 {
				t.Errorf("a public key, %s, is %+v", name, found)
			}
		}
	}
	if found := h.in(bytes.Repeat(around, 1000)); len(found) > 0 {
		t.Errorf("found %+v in nothing", found)
	}
}

// TestSearchedPlaces puts a secret into each place of a machine where one could lie, and
// holds that it is found there and that nothing is found without it.
func TestSearchedPlaces(t *testing.T) {
	t.Parallel()
	secret := "0.A" + rand.Text() + rand.Text()
	file := func(name string) func(*walk, string) {
		return func(w *walk, text string) {
			path := os.Expand(name, func(v string) string { return map[string]string{"HOME": w.home}[v] + w.ring.Map()[v] })
			w.do(os.MkdirAll(filepath.Dir(path), 0o700))
			w.do(os.WriteFile(path, []byte("it is "+text), 0o600))
		}
	}
	runs := func(env string, script string, args ...string) func(*walk, string) {
		return func(w *walk, text string) {
			cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, args...)...)
			for i, a := range cmd.Args {
				cmd.Args[i] = strings.ReplaceAll(a, "SECRET", text)
			}
			cmd.Env = []string{"PATH=" + os.Getenv("PATH"), strings.ReplaceAll(env, "SECRET", text)}
			s := w.onTerminal(cmd, 80, 24)
			s.See("ready")
			s.Press("enter")
			_ = s.Wait()
		}
	}
	wrote := func(script string, args ...string) func(*walk, string) {
		return func(w *walk, text string) {
			cmd := exec.Command("/bin/sh", append([]string{"-c", script, "sh"}, args...)...)
			cmd.Env = []string{"TEXT=" + hex.EncodeToString([]byte(text))[:30]}
			in := strings.NewReader(text + "\n")
			var both, errs output
			cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &both, &errs
			w.do(cmd.Run())
			w.watched = append(w.watched, &watched{args: append([]string{"sh"}, args...), wrote: both.all, errors: errs.all})
		}
	}
	const reads = "read text; "
	for place, put := range map[string]func(*walk, string){
		"HOME": file("${HOME}/notes"), "TMPDIR": file("${HOME}/tmp/x/y"), "the certificates": file("${HOME}/Downloads/a.cer"), "the directory of the session": file("${XDG_RUNTIME_DIR}/x"),
		"data": file("${XDG_DATA_HOME}/xops-onboard/accounts/x.json"), "cache": file("${XDG_CACHE_HOME}/x"), "the log": file("${HOME}/.local/state/xops-onboard/debug.log"), "a name": file("${HOME}/" + secret),
		"a screen": runs("A=b", `printf '\033[1m%s\033[0m ready' "$(printf %s SECRET)"; read x`), "an argument": runs("A=b", "echo ready; read x", "SECRET"), "the environment": runs("TEXT=SECRET", "echo ready; read x"),
		"the output": wrote(reads + `echo "$text"`), "the errors": wrote(reads+`echo "$text" >&2; echo none`, "credentials"), "the result of credentials": wrote(reads+`echo "$text"`, "credentials"),
	} {
		t.Run(place, func(t *testing.T) {
			t.Parallel()
			w := &walk{machine: at(t, keyringtest.NoService(t))}
			w.cloud.KeepSecrets()
			w.hoard.text("refresh token", secret)
			if place != "a name" {
				put(w, "something else, which is as long as that")
				if found := w.searched(); len(found) != 0 {
					t.Errorf("found without it: %v", found)
				}
			}
			put(w, secret)
			if found := w.searched(); len(found) == 0 {
				t.Error("it is not found")
			}
		})
	}
}

// TestCredentialsMayWriteThem: tokens are the result of that command, and of no other;
// a key is no result of any.
func TestCredentialsMayWriteThem(t *testing.T) {
	t.Parallel()
	w := &walk{machine: at(t, keyringtest.NoService(t))}
	token, key := rand.Text()+rand.Text(), rand.Text()+rand.Text()
	w.hoard.text("access token", token)
	w.hoard.text("refresh token", key)
	says := func(args []string, wrote, errors string) int {
		w.watched = []*watched{{args: args, wrote: func() []byte { return []byte(wrote) }, errors: func() []byte { return []byte(errors) }}}
		return len(w.searched())
	}
	for name, n := range map[string]int{
		"its result": says([]string{"credentials", "Contoso"}, token, ""), "its errors": says([]string{"credentials", "Contoso"}, token, token) - 1,
		"another secret": says([]string{"credentials", "Contoso"}, token+" "+key, "") - 1, "another command": says([]string{"verify", "Contoso"}, token, "") - 1,
	} {
		if n != 0 {
			t.Errorf("%s: %d more are found than should be", name, n)
		}
	}
}

// TestSearchIsQuick holds that a search of a machine is not felt: a cell has some keys
// and a hundred tokens, and some megabytes to be searched.
func TestSearchIsQuick(t *testing.T) {
	t.Parallel()
	p := plant(t)
	h := newHoard()
	for _, value := range p.values {
		h.key(value)
	}
	for range 100 {
		h.text("access token", strings.Repeat(rand.Text(), 15))
	}
	noise := make([]byte, 4<<20)
	_, _ = rand.Read(noise)
	best := time.Hour
	for range 5 {
		begun := time.Now()
		h.in(noise)
		best = min(best, time.Since(begun))
	}
	t.Logf("%d forms, %d windows, 4 MiB in %v", len(h.needles), len(h.windows), best)
	if best > time.Second { // 30 ms on a machine that is idle
		t.Errorf("4 MiB take %v", best)
	}
}
