package link_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// household is accounts in a real registry in memory, over key stores and a
// tenant that do as told.
type household struct {
	t   *testing.T
	reg *registry.Registry
	ops *link.Operations

	mu       sync.Mutex
	keys     map[account.Store]map[account.KeyID]bool
	states   map[account.Store]account.StoreState
	probes   map[account.Store]int
	verified []account.ClientID
	most     int // checks at the same time
	under    int
	slow     time.Duration // a check
	accepts  func() error
	asked    int // tokens
}

func newHousehold(t *testing.T) *household {
	t.Helper()
	h := &household{t: t, reg: registry.Memory(), states: map[account.Store]account.StoreState{}, probes: map[account.Store]int{}}
	h.keys = map[account.Store]map[account.KeyID]bool{account.Keyring: {}, account.FileStore: {}}
	h.ops = link.New(t.Context(), link.Ports{
		Keys: householdKeys{householdPort{h}}, Registry: h.reg, Microsoft: householdTenant{h: h}, Save: householdFiles{}, Now: time.Now,
	})
	return h
}

// account puts an account into the registry, with its key.
func (h *household) account(n int, store account.Store) account.Account {
	h.t.Helper()
	id := fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
	d := account.Draft{ID: account.ID(id), Name: account.Name(fmt.Sprintf("Account %d", n)), Provider: account.Microsoft, Created: time.Now()}
	d.Link = account.MicrosoftLink{Tenant: "t", Client: account.ClientID(id)}
	d.Keys = []account.Key{{ID: account.KeyID(id), Store: store, Stored: true, Certificate: account.Certificate{PEM: "pem", SHA1: "0123456789"}}}
	a := d.Account(time.Now())
	h.must(h.reg.SaveDraft(h.t.Context(), d))
	h.must(h.reg.Finish(h.t.Context(), a))
	h.keys[store][a.Key.ID] = true
	return a
}

func (h *household) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *household) read(id account.ID) account.Account {
	h.t.Helper()
	a, err := h.reg.Account(h.t.Context(), id)
	h.must(err)
	return a
}

type householdPort struct{ h *household }

// householdKeys is the key stores.
type householdKeys struct{ householdPort }

func (k householdKeys) Probe(_ context.Context, s account.Store) account.StoreStatus {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	k.h.probes[s]++
	state := k.h.states[s]
	if state == "" {
		state = account.StoreReady
	}
	return account.StoreStatus{Store: s, State: state}
}

func (k householdKeys) Make(_ context.Context, s account.Store, id account.KeyID, _ int) error {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	k.h.keys[s][id] = true
	return nil
}

func (k householdKeys) Open(_ context.Context, s account.Store, id account.KeyID) (crypto.Signer, error) {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	if !k.h.keys[s][id] {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nil
}

func (k householdKeys) Delete(_ context.Context, s account.Store, id account.KeyID) error {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	delete(k.h.keys[s], id)
	return nil
}

func (k householdKeys) Copy(_ context.Context, id account.KeyID, _, to account.Store) error {
	if k.h.keys[to][id] {
		return &account.Problem{Kind: account.KeyDamaged}
	}
	return k.Make(context.Background(), to, id, 0)
}

func (k householdKeys) List(_ context.Context, s account.Store) (ids []account.KeyID, _ error) {
	k.h.mu.Lock()
	defer k.h.mu.Unlock()
	for id := range k.h.keys[s] {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func (k householdKeys) Certify(_ crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	return account.Certificate{PEM: subject, SHA1: "0123456789", NotBefore: from, NotAfter: from.Add(life)}, nil
}

func (k householdKeys) Request(crypto.Signer, string) (string, error) { return "request", nil }

func (k householdKeys) Unlock(context.Context, account.Store, []byte) error { return nil }

// householdTenant is a tenant in which everything holds.
type householdTenant struct {
	link.Microsoft // what is not called here
	h              *household
}

func (m householdTenant) Verify(ctx context.Context, t account.Target, _ crypto.Signer) account.Report {
	m.h.mu.Lock()
	m.h.under++
	m.h.most = max(m.h.most, m.h.under)
	m.h.verified = append(m.h.verified, t.Link.Client)
	m.h.mu.Unlock()
	select {
	case <-time.After(m.h.slow):
	case <-ctx.Done():
	}
	m.h.mu.Lock()
	m.h.under--
	m.h.mu.Unlock()
	return holds()
}

func (m householdTenant) Accepts(context.Context, account.Target, crypto.Signer) ([]account.Evidence, error) {
	m.h.mu.Lock()
	defer m.h.mu.Unlock()
	m.h.asked++
	if m.h.accepts != nil {
		return nil, m.h.accepts()
	}
	return nil, nil
}

func (m householdTenant) FindKey(context.Context, account.Target, crypto.Signer, account.Certificate) (string, []account.Evidence, error) {
	return "", nil, nil
}

type householdFiles struct{}

func (f householdFiles) Text(ctx context.Context, dir, name, text string) (string, error) {
	return f.Certificate(ctx, dir, name, text)
}

func (householdFiles) Certificate(_ context.Context, dir, name, _ string) (string, error) {
	return dir + "/" + name, nil
}

// found is all that a round finds.
func (h *household) found(r *link.Round) (all []link.Found) {
	h.t.Helper()
	for {
		f, err := r.Next(h.t.Context())
		if err == io.EOF {
			return all
		}
		h.must(err)
		if !f.Asking {
			all = append(all, f)
		}
	}
}

// TestRoundIsBounded verifies no more accounts at a time than it may, each once,
// and keeps what it found.
func TestRoundIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHousehold(t)
		h.slow = time.Second
		var ids []account.ID
		for n := range 20 {
			ids = append(ids, h.account(n, account.Keyring).ID)
		}
		if got := h.found(h.ops.VerifyAll(ids, 4)); len(got) != 20 || h.most != 4 || len(h.verified) != 20 {
			t.Errorf("%d found, %d checks, %d at a time; want 20, 20 and 4", len(got), len(h.verified), h.most)
		}
		for _, id := range ids {
			if r, err := h.reg.LastReport(t.Context(), id); err != nil || !r.Linked() {
				t.Errorf("the report of %s is %+v, %v", id, r, err)
			}
		}
		h.ops.Close()
	})
}

// TestRoundStops begins no other account once it is told to stop, whether
// anybody takes what it found or not.
func TestRoundStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHousehold(t)
		h.slow = time.Second
		var ids []account.ID
		for n := range 20 {
			ids = append(ids, h.account(n, account.Keyring).ID)
		}
		r := h.ops.VerifyAll(ids, 4)
		if _, err := r.Next(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.Stop()
		if rest := h.found(r); len(rest) > 3 || len(h.verified) > 8 {
			t.Errorf("stopped after one, and %d more were found, %d checks made", len(rest), len(h.verified))
		}
		h.ops.Close()
	})
}

// TestRoundAsksNobody passes over the accounts of a store that is locked, says
// so once, and leaves their last reports as they are.
func TestRoundAsksNobody(t *testing.T) {
	h := newHousehold(t)
	var ids []account.ID
	for n := range 10 {
		ids = append(ids, h.account(n, []account.Store{account.Keyring, account.FileStore}[n%2]).ID)
	}
	h.states[account.FileStore] = account.StoreLocked
	locked := 0
	for _, f := range h.found(h.ops.VerifyAll(ids, 1)) {
		if p := account.AsProblem(f.Err); p != nil {
			locked++
			if p.Kind != account.StoreNotUsable || p.Subject != string(account.FileStore) || p.State != account.StoreLocked {
				t.Errorf("found %v, want that the file store is locked", p)
			}
		}
	}
	if locked != 1 || len(h.verified) != 5 || h.probes[account.FileStore] != 1 {
		t.Errorf("told %d times, %d checks, probed %d times; want 1, 5 and 1", locked, len(h.verified), h.probes[account.FileStore])
	}
	if _, err := h.reg.LastReport(t.Context(), ids[1]); account.KindOf(err) != account.NotFound {
		t.Errorf("a report of an account in the locked store was kept: %v", err)
	}
}

// TestStrays names the keys that nobody has and the accounts that lack theirs,
// and deletes only the former.
func TestStrays(t *testing.T) {
	h := newHousehold(t)
	first, second := h.account(1, account.FileStore), h.account(2, account.FileStore)
	h.account(3, account.Keyring)
	delete(h.keys[account.FileStore], second.Key.ID)
	h.keys[account.FileStore]["stray"] = true
	next := account.Key{ID: "next", Store: account.FileStore}
	_, err := h.reg.ChangeAccount(t.Context(), first.ID, func(a account.Account) (account.Account, error) { a.Next = &next; return a, nil })
	h.must(err)
	h.keys[account.FileStore][next.ID] = true
	h.must(h.reg.SaveDraft(t.Context(), account.Draft{ID: "d", Name: "Draft", Keys: []account.Key{{ID: "drafted", Store: account.FileStore}}}))
	h.keys[account.FileStore]["drafted"] = true

	strays, without, err := h.ops.Strays(t.Context(), account.FileStore)
	h.must(err)
	if !slices.Equal(strays, []account.KeyID{"stray"}) || !slices.Equal(without, []account.ID{second.ID}) {
		t.Errorf("strays %v, without their key %v", strays, without)
	}
	for _, k := range []account.KeyID{"stray", next.ID, "drafted", first.Key.ID} {
		h.must(end(t, h.ops.DropStray(account.FileStore, k)))
	}
	if left, _ := (householdKeys{householdPort{h}}).List(t.Context(), account.FileStore); len(left) != 3 || slices.Contains(left, "stray") {
		t.Errorf("left in the store: %v", left)
	}
}

// TestUploadIsLookedForAtOnce does not wait for its pause when it is told that a
// person has uploaded the certificate.
func TestUploadIsLookedForAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHousehold(t)
		a := h.account(1, account.Keyring)
		h.accepts = func() error { return &account.Problem{Kind: account.CertificateUnseen} }
		began := time.Now()
		op := h.ops.Rotate(a.ID, link.RotateWish{Key: "next-key", Bits: 2048, Lives: link.Lives, Directory: "/d"})
		for {
			e, err := op.Next(t.Context())
			h.must(err)
			if e.State == link.Pausing {
				break
			}
		}
		h.mu.Lock()
		h.accepts = nil
		h.mu.Unlock()
		op.Again()
		h.must(end(t, op))
		if took := time.Since(began); took >= time.Second {
			t.Errorf("it took %v, want no pause", took)
		}
		if got := h.read(a.ID); got.Key.ID != "next-key" || got.Last != nil || h.keys[account.Keyring][a.Key.ID] {
			t.Errorf("the account is %+v, its old key is there: %v", got, h.keys[account.Keyring][a.Key.ID])
		}
		h.ops.Close()
	})
}
