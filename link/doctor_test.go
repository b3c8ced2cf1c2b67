package link_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// shelf is key stores with these keys, of which some are locked.
type shelf struct {
	otherKeys
	keys  map[account.KeyID]crypto.Signer
	state map[account.Store]account.StoreState
	mu    sync.Mutex
	asked []account.KeyID
}

func (s *shelf) Probe(_ context.Context, store account.Store) account.StoreStatus {
	return account.StoreStatus{Store: store, State: s.state[store]}
}

func (s *shelf) Open(_ context.Context, store account.Store, id account.KeyID) (crypto.Signer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, id)
	if k, ok := s.keys[id]; ok {
		return k, nil
	}
	return nil, &account.Problem{Kind: account.KeyMissing}
}

func (s *shelf) List(_ context.Context, store account.Store) (all []account.KeyID, _ error) {
	if store == account.FileStore {
		all = append(all, "mine", "nobodys")
	}
	return all, nil
}

// book is a registry with these accounts.
type book struct {
	otherRegistry
	accounts []account.Account
	damaged  []account.Problem
}

func (b book) Contents(context.Context) (c account.Contents, _ error) {
	for _, a := range b.accounts {
		c.Accounts = append(c.Accounts, a.Row())
	}
	c.Damaged = b.damaged
	return c, nil
}

func (b book) Account(_ context.Context, id account.ID) (account.Account, error) {
	for _, a := range b.accounts {
		if a.ID == id {
			return a, nil
		}
	}
	return account.Account{}, &account.Problem{Kind: account.NotFound}
}

func curveKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keyed is an account of that name whose certificate is of that key.
func keyed(t *testing.T, name string, id account.KeyID, store account.Store, k *ecdsa.PrivateKey) account.Account {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}}, &x509.Certificate{}, k.Public(), k)
	if err != nil {
		t.Fatal(err)
	}
	c := account.Certificate{PEM: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}
	return account.Account{ID: account.ID(name), Name: account.Name(name), Provider: account.Azure, Cloud: account.USGov, Link: account.NewLink(account.Azure), Key: account.Key{ID: id, Store: store, Stored: true, Certificate: c}}
}

// examined is what a machine tells, by name and subject.
func examined(t *testing.T, m link.Machine) (all map[string]account.Finding, hosts []account.Host) {
	t.Helper()
	all = map[string]account.Finding{}
	m.Now = time.Now
	m.Reach = func(_ context.Context, h []account.Host) []account.Finding { hosts = h; return nil }
	err := m.Examine(t.Context(), func(found []account.Finding) {
		for _, f := range found {
			all[string(f.Name)+" "+f.Subject] = f
		}
	})
	if err != nil {
		t.Error(err)
	}
	return all, hosts
}

func TestExamineKeys(t *testing.T) {
	mine, other := curveKey(t), curveKey(t)
	s := &shelf{
		keys:  map[account.KeyID]crypto.Signer{"mine": mine, "swapped": other},
		state: map[account.Store]account.StoreState{account.FileStore: account.StoreReady, account.Keyring: account.StoreLocked},
	}
	b := book{accounts: []account.Account{
		keyed(t, "Sound", "mine", account.FileStore, mine), keyed(t, "Swapped", "swapped", account.FileStore, mine),
		keyed(t, "Gone", "gone", account.FileStore, mine), keyed(t, "Shut", "shut", account.Keyring, mine),
	}}
	all, hosts := examined(t, link.Machine{Keys: s, Registry: b, Itself: []account.Finding{{Check: account.Check{Name: account.ProxyInUse}}}})
	for what, kind := range map[string]account.Kind{"keys Swapped": account.KeyOther, "keys Gone": account.KeyMissing, "keys-owned ": account.KeysNobodys} {
		if f := all[what]; f.State != account.Missing || f.Problem.Kind != kind {
			t.Errorf("%s is %+v", what, f)
		}
	}
	if d := all["keys-owned "].Detail; len(d) != 1 || d[0] != "nobodys" {
		t.Errorf("keys of nobody are %q", d)
	}
	if f := all["keyring "]; f.State != account.Unknown || !f.Needed || f.Problem.State != account.StoreLocked {
		t.Errorf("a locked keyring is %+v", f)
	}
	if f := all["file-store "]; f.State != account.Holds || !f.Needed {
		t.Errorf("the file store is %+v", f)
	}
	for _, id := range s.asked {
		if id == "shut" {
			t.Error("a key in a locked store was asked for")
		}
	}
	if _, ok := all["proxy "]; !ok {
		t.Error("what the machine told of itself is left out")
	}
	needed := map[string]bool{}
	for _, h := range hosts {
		if h.Needed {
			needed[h.Name] = true
		}
	}
	if len(needed) != 3 || !needed["login.microsoftonline.us"] || !needed["graph.microsoft.us"] || !needed["management.usgovcloudapi.net"] {
		t.Errorf("of Azure accounts in US Gov are needed %v", needed)
	}
}

// TestExamineAFreshMachine holds that what nobody uses is not in the way, and that
// one store has to be there.
func TestExamineAFreshMachine(t *testing.T) {
	s := &shelf{state: map[account.Store]account.StoreState{account.FileStore: account.StoreEmpty, account.Keyring: account.StoreNoBus}}
	all, _ := examined(t, link.Machine{Keys: s, Registry: book{}})
	if f := all["keyring "]; f.State != account.Missing || !f.Needed {
		t.Errorf("without any store the keyring is %+v", f)
	}
	if f := all["file-store "]; f.State != account.Holds || f.Needed {
		t.Errorf("a file store that nobody made is %+v", f)
	}
	k := curveKey(t)
	s.state[account.FileStore], s.keys = account.StoreReady, map[account.KeyID]crypto.Signer{"mine": k}
	all, _ = examined(t, link.Machine{Keys: s, Registry: book{accounts: []account.Account{keyed(t, "A", "mine", account.FileStore, k)}}})
	if f := all["keyring "]; f.State != account.Unknown || f.Needed {
		t.Errorf("with keys in files the keyring is %+v", f)
	}
}

// TestExamineWhatCannotBeOpened tells of what there is.
func TestExamineWhatCannotBeOpened(t *testing.T) {
	path := "/data/accounts/x.json"
	all, _ := examined(t, link.Machine{Registry: book{damaged: []account.Problem{{Kind: account.RegistryDamaged, Subject: path}}}})
	if f := all["records "]; f.State != account.Missing || f.Problem.Subject != path || len(all) != 1 {
		t.Errorf("%+v", all)
	}
	if all, _ := examined(t, link.Machine{}); len(all) != 0 {
		t.Errorf("of nothing there is %+v", all)
	}
}
