package cells_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
)

// ring is two key stores, whose keys are made beforehand: that takes long.
type ring struct {
	link.Keys // what is not used here
	mu        sync.Mutex
	keys      map[shelf]crypto.Signer
	made      int
}

// shelf is where a key is.
type shelf struct {
	store account.Store
	id    account.KeyID
}

func newRing() *ring { return &ring{keys: map[shelf]crypto.Signer{}} }

var theKeys = sync.OnceValue(func() (all [3]crypto.Signer) {
	for i := range all {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		all[i] = k
	}
	return all
})

var theCurveKeys = sync.OnceValue(func() (all [4]crypto.Signer) {
	for i := range all {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		all[i] = k
	}
	return all
})

func (r *ring) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.keys)
}

// signer is a key of the ring.
func (r *ring) signer(s account.Store, id account.KeyID) (crypto.Signer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	signer, ok := r.keys[shelf{s, id}]
	return signer, ok
}

// mortalRing is the ring as a process has it.
type mortalRing struct {
	*ring
	p *running
}

// change makes one change of the ring by the process.
func (m mortalRing) change(what string, s account.Store, f func() error) error {
	refusal := account.Problem{Kind: account.StoreNotUsable, State: account.StoreUnresponsive, Subject: string(s)}
	return m.p.writes(what, refusal, func() error {
		m.mu.Lock()
		defer m.mu.Unlock()
		return f()
	})
}

func (m mortalRing) Probe(_ context.Context, s account.Store) account.StoreStatus {
	return account.StoreStatus{Store: s, State: account.StoreReady}
}

func (m mortalRing) Make(_ context.Context, s account.Store, id account.KeyID, bits int) error {
	return m.change("make a key", s, func() error {
		if _, there := m.keys[shelf{s, id}]; there {
			return nil
		}
		m.keys[shelf{s, id}] = theKeys()[m.made%len(theKeys())]
		if bits == 256 {
			m.keys[shelf{s, id}] = theCurveKeys()[m.made%len(theCurveKeys())]
		}
		m.made++
		return nil
	})
}

func (m mortalRing) Delete(_ context.Context, s account.Store, id account.KeyID) error {
	return m.change("delete a key", s, func() error {
		delete(m.keys, shelf{s, id})
		return nil
	})
}

func (m mortalRing) Copy(_ context.Context, id account.KeyID, from, to account.Store) error {
	return m.change("copy a key", to, func() error {
		k, there := m.keys[shelf{from, id}]
		if !there {
			return &account.Problem{Kind: account.KeyMissing}
		}
		m.keys[shelf{to, id}] = k
		return nil
	})
}

func (m mortalRing) Open(_ context.Context, s account.Store, id account.KeyID) (crypto.Signer, error) {
	signer, ok := m.signer(s, id)
	if !ok {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return signer, m.p.alive()
}

var certifier, _ = keystore.Memory()

func (m mortalRing) Request(s crypto.Signer, subject string) (string, error) {
	return certifier.Request(s, subject)
}

func (m mortalRing) Certify(s crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	return certifier.Certify(s, subject, from, life)
}
