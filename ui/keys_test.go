package ui_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
)

// keys is keystore.Memory with one key and certificates that are the same in
// every run, so that thumbprints in pictures stay, and with stores in whatever
// state a test wants. Making a real key takes most of a second under -race.
type keys struct {
	link.Keys
	mu      sync.Mutex
	made    map[account.KeyID][]account.Store
	states  map[account.Store]account.StoreStatus // in place of what the real one says
	unlock  func(ctx context.Context, store account.Store, passphrase []byte) error
	probing chan struct{} // as making, for Probe
	making  chan struct{} // Make waits until it is closed; nil does not wait
	real    bool          // keys and certificates are keystore's own
	refused error         // what Make comes back with
}

func newKeys() (*keys, *keystore.MemoryFiles) {
	k, files := keystore.Memory()
	return &keys{Keys: k, made: map[account.KeyID][]account.Store{}, states: map[account.Store]account.StoreStatus{}}, files
}

// set puts a store into a state.
func (k *keys) set(store account.Store, state account.StoreState, prompts bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.states[store] = account.StoreStatus{Store: store, State: state, CanPrompt: prompts}
}

func (k *keys) Probe(ctx context.Context, store account.Store) account.StoreStatus {
	k.mu.Lock()
	s, ok := k.states[store]
	probing := k.probing
	k.mu.Unlock()
	if probing != nil {
		<-probing
	}
	if ok {
		return s
	}
	return k.Keys.Probe(ctx, store)
}

func (k *keys) Make(ctx context.Context, store account.Store, id account.KeyID, bits int) error {
	k.mu.Lock()
	making, refused := k.making, k.refused
	k.mu.Unlock()
	if making != nil {
		<-making
	}
	if refused != nil {
		return refused
	}
	if k.real {
		return k.Keys.Make(ctx, store, id, bits)
	}
	if s := k.Probe(ctx, store); s.State != account.StoreReady {
		return &account.Problem{Kind: account.StoreNotUsable, State: s.State}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.put(id, store)
	return nil
}

func (k *keys) Open(ctx context.Context, store account.Store, id account.KeyID) (crypto.Signer, error) {
	if k.real {
		return k.Keys.Open(ctx, store, id)
	}
	if s := k.Probe(ctx, store); s.State != account.StoreReady {
		return nil, &account.Problem{Kind: account.StoreNotUsable, State: s.State}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !slices.Contains(k.made[id], store) {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return fixedKey(), nil
}

func (k *keys) Delete(ctx context.Context, store account.Store, id account.KeyID) error {
	if k.real {
		return k.Keys.Delete(ctx, store, id)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.made[id] = slices.DeleteFunc(k.made[id], func(s account.Store) bool { return s == store }); len(k.made[id]) == 0 {
		delete(k.made, id)
	}
	return nil
}

// put has a key in a store; the caller holds mu.
func (k *keys) put(id account.KeyID, store account.Store) {
	if !slices.Contains(k.made[id], store) {
		k.made[id] = append(k.made[id], store)
	}
}

func (k *keys) Copy(ctx context.Context, id account.KeyID, from, to account.Store) error {
	if _, err := k.Open(ctx, from, id); err != nil {
		return err
	}
	return k.Make(ctx, to, id, 0)
}

func (k *keys) List(_ context.Context, store account.Store) (ids []account.KeyID, _ error) {
	if store == account.Keyring {
		return nil, nil // it cannot tell
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, in := range k.made {
		if slices.Contains(in, store) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

func (k *keys) Unlock(ctx context.Context, store account.Store, passphrase []byte) error {
	k.mu.Lock()
	unlock := k.unlock
	k.mu.Unlock()
	if unlock != nil {
		return unlock(ctx, store, passphrase)
	}
	return k.Keys.Unlock(ctx, store, passphrase)
}

// stored is how many keys there are.
func (k *keys) stored() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.made)
}

// Certify makes the same certificate of the same wish.
func (k *keys) Certify(signer crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	if k.real {
		return k.Keys.Certify(signer, subject, from, life)
	}
	serial := sha256.Sum256([]byte(fmt.Sprint(subject, from.UTC(), life)))
	begin := from.UTC().Add(-5 * time.Minute).Truncate(time.Second)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[1:16]), Subject: pkix.Name{CommonName: subject},
		NotBefore: begin, NotAfter: begin.Add(life), KeyUsage: x509.KeyUsageDigitalSignature,
		SignatureAlgorithm: x509.SHA256WithRSA, // PKCS #1 v1.5: the same signature every time
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, signer.Public(), signer)
	if err != nil {
		return account.Certificate{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(signer.Public())
	if err != nil {
		return account.Certificate{}, err
	}
	print := sha256.Sum256(spki)
	return account.Certificate{
		PEM:  string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		SHA1: fmt.Sprintf("%X", sha1.Sum(der)), SHA256: fmt.Sprintf("%X", sha256.Sum256(der)),
		SPKI:      base64.RawURLEncoding.EncodeToString(print[:]),
		NotBefore: template.NotBefore, NotAfter: template.NotAfter,
	}, nil
}

// fixedKey is a key that follows from nothing but this function. It is public,
// and so no key at all outside of tests. The library makes none from a source
// of one's own, so its primes are looked for here.
var fixedKey = sync.OnceValue(func() crypto.Signer {
	source := mathrand.NewChaCha8([32]byte([]byte("xops-onboard: a key for pictures")))
	e := big.NewInt(65537)
	for {
		p, q := fixedPrime(source), fixedPrime(source)
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: int(e.Int64())}, D: d, Primes: []*big.Int{p, q}}
		k.Precompute()
		if err := k.Validate(); err != nil {
			panic(err)
		}
		return k
	}
})

// fixedPrime is the next prime of 1024 bits, its two highest bits set.
func fixedPrime(source io.Reader) *big.Int {
	var b [128]byte
	if _, err := io.ReadFull(source, b[:]); err != nil {
		panic(err)
	}
	b[0] |= 0xc0
	b[127] |= 1
	for p, two := new(big.Int).SetBytes(b[:]), big.NewInt(2); ; p.Add(p, two) {
		if p.ProbablyPrime(10) {
			return p
		}
	}
}

// forget loses every key, as a keyring that was replaced.
func (k *keys) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	clear(k.made)
}

// move has a key in another store.
func (k *keys) move(id account.KeyID, to account.Store) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.made[id] = []account.Store{to}
}
