//go:build linux

package e2e_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	endian "encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"sort"
	"strings"
)

// hoard is what may lie nowhere: private keys, tokens, codes, passphrases, in every
// form in which they could. Any piece of one is found that is longer than a hash is
// likely to share by chance.
type hoard struct {
	known   map[string]bool
	needles []needle
	all     []byte         // their texts, one after another
	windows map[uint64]int // where in all a window begins
	likely  []uint64       // a bit for each window, as most of what is searched has none
}

// needle is one form of a secret.
type needle struct {
	kind, form string
	from, to   int // in all
}

const (
	// window is how many bytes are looked up at once: what is searched is cut into
	// windows, and each form has one from every of its bytes.
	window = 8
	// piece is what is found for certain, and the least that counts. Forms that are
	// shorter count whole.
	piece = 20
	bits  = 22
)

// marks of secrets that stand in nothing else, whoever made them.
var secretMarks = []string{"PRIVATE KEY-----", "xops1.p8.", "xops1.pq.", "xops2.ec.", "AGE-SECRET-KEY-1"}

func newHoard() *hoard {
	return &hoard{known: map[string]bool{}, windows: map[uint64]int{}, likely: make([]uint64, 1<<(bits-6))}
}

// text adds a secret that is text.
func (h *hoard) text(kind, secret string) {
	if secret == "" || h.known[secret] {
		return
	}
	h.known[secret] = true
	h.put(kind, "as it is", []byte(secret))
	// In other forms its beginning is enough: there are many of them.
	h.forms(kind, []byte(secret[:min(len(secret), 48)]))
}

// key adds a private key, as the product's own value of a keyring has it.
func (h *hoard) key(value string) {
	if h.known[value] {
		return
	}
	h.known[value] = true
	parts := strings.Split(value, ".")
	der, err := base64.RawURLEncoding.DecodeString(parts[len(parts)-1])
	if err != nil {
		return
	}
	switch key, _ := x509.ParsePKCS8PrivateKey(der); key := key.(type) {
	case *rsa.PrivateKey:
		h.rsa(key)
	case *ecdsa.PrivateKey:
		if b, err := key.Bytes(); err == nil {
			h.number("EC key", b)
		}
	default: // two primes
		h.number("RSA prime", der[:len(der)/2])
		h.number("RSA prime", der[len(der)/2:])
	}
}

// rsa adds what is private of a key, which stands in the same order in PKCS #1 and
// PKCS #8 behind what is public; and each number alone.
func (h *hoard) rsa(key *rsa.PrivateKey) {
	der := x509.MarshalPKCS1PrivateKey(key)
	d := key.D.Bytes()
	private := der[bytes.Index(der, d):]
	h.put("RSA key", "raw", private)
	h.forms("RSA key", private)
	h.put("RSA key", "bytes in decimal", fmt.Append(nil, private))
	for _, n := range [][]byte{d, key.Primes[0].Bytes(), key.Primes[1].Bytes()} {
		h.number("RSA key", n)
	}
}

// number adds a private number alone.
func (h *hoard) number(kind string, n []byte) {
	h.put(kind, "raw", n)
	h.forms(kind, n)
	h.put(kind, "bytes in decimal", fmt.Append(nil, n))
	h.put(kind, "in decimal", []byte(new(big.Int).SetBytes(n).String()))
}

// forms adds encodings, of base64 those of each place in what is encoded around it.
func (h *hoard) forms(kind string, b []byte) {
	h.put(kind, "hex", []byte(hex.EncodeToString(b)))
	h.put(kind, "HEX", []byte(strings.ToUpper(hex.EncodeToString(b))))
	for off := range 3 {
		whole := b[off : off+(len(b)-off)/3*3]
		h.put(kind, "base64", []byte(base64.StdEncoding.EncodeToString(whole)))
		h.put(kind, "base64url", []byte(base64.RawURLEncoding.EncodeToString(whole)))
	}
}

func (h *hoard) put(kind, form string, text []byte) {
	from := len(h.all)
	h.all = append(h.all, text...)
	h.needles = append(h.needles, needle{kind, form, from, len(h.all)})
	for i := from; i+window <= len(h.all); i++ {
		w := endian.LittleEndian.Uint64(h.all[i:])
		if _, there := h.windows[w]; !there {
			h.windows[w] = i
			h.likely[slot(w)>>6] |= 1 << (slot(w) & 63)
		}
	}
}

func slot(w uint64) uint64 { return w * 0x9e3779b97f4a7c15 >> (64 - bits) }

// in is what of the hoard is in some bytes, as they are and without what may stand
// between two pieces of it: line ends, colons, the moves of a screen.
func (h *hoard) in(b []byte) (found []needle) {
	for _, m := range secretMarks {
		if bytes.Contains(b, []byte(m)) {
			found = append(found, needle{kind: "mark", form: m})
		}
	}
	found = h.windowsIn(b, found)
	return h.windowsIn(folded(b), found)
}

func (h *hoard) windowsIn(b []byte, found []needle) []needle {
	for i := 0; i+window <= len(b); i += window {
		w := endian.LittleEndian.Uint64(b[i:])
		if h.likely[slot(w)>>6]&(1<<(slot(w)&63)) == 0 {
			continue
		}
		at, there := h.windows[w]
		if !there {
			continue
		}
		n := h.needles[sort.Search(len(h.needles), func(k int) bool { return h.needles[k].to > at })]
		if h.shared(n, at, b, i) >= min(piece, n.to-n.from) && !slices.Contains(found, n) {
			found = append(found, n)
		}
	}
	return found
}

// shared is how many bytes around a window are the same in both.
func (h *hoard) shared(n needle, at int, b []byte, i int) (length int) {
	for k := 1; at-k >= n.from && i-k >= 0 && h.all[at-k] == b[i-k]; k++ {
		length++
	}
	for k := 0; at+k < n.to && i+k < len(b) && h.all[at+k] == b[i+k]; k++ {
		length++
	}
	return length
}

// folded is what can be hex or base64 of some bytes: without a terminal's sequences, the
// line ends of JSON, and what an address makes of two characters.
func folded(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case encodes[c]:
			out = append(out, c)
		case c == '\x1b' && i+1 < len(b) && b[i+1] == '[':
			for i += 2; i < len(b) && (b[i] < '@' || b[i] > '~'); i++ {
			}
		case c == '\\' && i+1 < len(b) && (b[i+1] == 'n' || b[i+1] == 'r' || b[i+1] == 't'):
			i++
		case c == '%' && i+2 < len(b) && b[i+1] == '2':
			switch b[i+2] | 0x20 {
			case 'b':
				out, i = append(out, '+'), i+2
			case 'f':
				out, i = append(out, '/'), i+2
			}
		}
	}
	return out
}

// encodes are the characters of hex and of both kinds of base64.
var encodes = func() (is [256]bool) {
	for _, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_" {
		is[c] = true
	}
	return is
}()
