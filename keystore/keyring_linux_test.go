package keystore

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zalando/go-keyring"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
)

// fast are limits that let a test see what happens when time is over. Those of
// the product are held by TestLimitsOfTheProduct.
var fast = limits{probe: 1500 * time.Millisecond, silent: 700 * time.Millisecond, attended: 2 * time.Second}

// inside is the keys of this process, in a session.
func inside(t *testing.T, s *keyringtest.Session, l limits) (*Keys, *ring) {
	t.Helper()
	s.Use(t)
	k := New(t.TempDir(), os.Getenv)
	r := k.stores[account.Keyring].(*ring)
	r.limits = l
	return k, r
}

// product is the limits of the product.
var product = newRing(none).limits

// took fails a test whose f takes as long as limit or longer.
func took(t *testing.T, limit time.Duration, what string, f func()) {
	t.Helper()
	begin := time.Now()
	f()
	if d := time.Since(begin); d >= limit {
		t.Errorf("%s took %s, the limit is %s", what, d, limit)
	}
}

// ended fails a test in which a call of the library still runs.
func ended(t *testing.T, r *ring) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := r.turns.Acquire(ctx, reads); err != nil {
		t.Error("a call of the library still runs")
		return
	}
	r.turns.Release(reads)
}

func wantKind(t *testing.T, what string, err error, kind account.Kind, state account.StoreState) {
	t.Helper()
	var p *account.Problem
	if !errors.As(err, &p) || p.Kind != kind || p.State != state {
		t.Errorf("%s: %v, want %s %s", what, err, kind, state)
	}
}

// TestStates holds every state of a keyring that Linux knows: what the probe
// says, that it says so within two seconds, that no operation goes further than
// the probe, and that no dbus-launch is ever run.
func TestStates(t *testing.T) {
	display := func(s *keyringtest.Session) func(*testing.T) {
		return func(t *testing.T) { s.Use(t); t.Setenv("DISPLAY", ":99") }
	}
	plain := func(s *keyringtest.Session) func(*testing.T) { return s.Use }
	address := func(a string) func(testing.TB) func(*testing.T) {
		return func(t testing.TB) func(*testing.T) {
			s := keyringtest.NoService(t)
			return func(t *testing.T) { s.Use(t); t.Setenv("DBUS_SESSION_BUS_ADDRESS", a) }
		}
	}
	for name, tt := range map[string]struct {
		session   func(testing.TB) func(*testing.T)
		state     account.StoreState
		canPrompt bool
	}{
		"no address":      {address(""), account.StoreNoBus, false},
		"autolaunch":      {address("autolaunch:"), account.StoreNoBus, false},
		"missing socket":  {address("unix:path=/nowhere/bus"), account.StoreNoBus, false},
		"garbage":         {address("garbage"), account.StoreNoBus, false},
		"unknown scheme":  {address("carrier:pigeon=1"), account.StoreNoBus, false},
		"no service":      {func(t testing.TB) func(*testing.T) { return plain(keyringtest.NoService(t)) }, account.StoreNoService, false},
		"no keyring yet":  {func(t testing.TB) func(*testing.T) { return plain(keyringtest.NoCollection(t)) }, account.StoreNoCollection, false},
		"locked":          {func(t testing.TB) func(*testing.T) { return plain(keyringtest.Locked(t)) }, account.StoreLocked, false},
		"locked, display": {func(t testing.TB) func(*testing.T) { return display(keyringtest.Locked(t)) }, account.StoreLocked, true},
		"stopped daemon":  {func(t testing.TB) func(*testing.T) { return plain(keyringtest.NotAnswering(t)) }, account.StoreUnresponsive, false},
		"never comes up":  {func(t testing.TB) func(*testing.T) { return plain(keyringtest.ComesNeverUp(t)) }, account.StoreStartTimeout, false},
		"second bus":      {func(t testing.TB) func(*testing.T) { return plain(keyringtest.Unlocked(t).Second()) }, account.StoreStartTimeout, false},
		"odd service": {func(t testing.TB) func(*testing.T) {
			return plain(keyringtest.NewFake(t, keyringtest.Behaviour{OddCollections: true}).Session)
		}, account.StoreUnresponsive, false},
		"killed daemon": {func(t testing.TB) func(*testing.T) { s := keyringtest.Unlocked(t); s.Kill(); return plain(s) }, account.StoreNoService, false},
		"bus gone":      {func(t testing.TB) func(*testing.T) { s := keyringtest.Unlocked(t); s.EndBus(); return plain(s) }, account.StoreNoBus, false},
		"stopped bus":   {func(t testing.TB) func(*testing.T) { s := keyringtest.Unlocked(t); s.FreezeBus(); return plain(s) }, account.StoreUnresponsive, false},
		"unlocked":      {func(t testing.TB) func(*testing.T) { return plain(keyringtest.Unlocked(t)) }, account.StoreReady, false},
		"unlocked service": {func(t testing.TB) func(*testing.T) {
			return plain(keyringtest.NewFake(t, keyringtest.Behaviour{}).Session)
		}, account.StoreReady, false},
	} {
		t.Run(name, func(t *testing.T) {
			tt.session(t)(t)
			launched := noLaunch(t)
			k := New(t.TempDir(), os.Getenv)
			var status account.StoreStatus
			took(t, 2*time.Second, "Probe", func() { status = k.Probe(t.Context(), account.Keyring) })
			if status.State != tt.state || status.CanPrompt != tt.canPrompt || status.Store != account.Keyring {
				t.Errorf("Probe = %+v, want %s %v", status, tt.state, tt.canPrompt)
			}
			if status.Detail != account.Clean(status.Detail, 200) {
				t.Errorf("Detail %q is not clean", status.Detail)
			}
			if tt.state != account.StoreReady {
				// What takes the probe all its time takes as long again.
				took(t, 2*time.Second, "Make", func() {
					wantKind(t, "Make", k.Make(t.Context(), account.Keyring, testID, 2048), account.StoreNotUsable, tt.state)
				})
				took(t, 2*time.Second, "Delete", func() {
					wantKind(t, "Delete", k.Delete(t.Context(), account.Keyring, testID), account.StoreNotUsable, tt.state)
				})
			}
			if _, err := os.Stat(launched); err == nil {
				t.Error("dbus-launch was run")
			}
		})
	}
}

// noLaunch puts a dbus-launch in the way that leaves a file when it is run.
func noLaunch(t *testing.T) (launched string) {
	t.Helper()
	dir := t.TempDir()
	launched = filepath.Join(dir, "launched")
	if err := os.WriteFile(filepath.Join(dir, "dbus-launch"), []byte("#!/bin/sh\n: >"+launched+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return launched
}

func TestLimitsOfTheProduct(t *testing.T) {
	if want := (limits{probe: 1500 * time.Millisecond, silent: 5 * time.Second, attended: 2 * time.Minute}); product != want {
		t.Errorf("limits = %+v, want %+v", product, want)
	}
}

// TestKeyring makes, opens and deletes keys of every size in a real keyring.
func TestKeyring(t *testing.T) {
	s := keyringtest.Unlocked(t)
	k, _ := inside(t, s, product)
	ids := map[int]account.KeyID{2048: testID, 3072: testID[:35] + "1", 4096: testID[:35] + "2"}
	for bits, id := range ids {
		if _, err := k.Open(t.Context(), account.Keyring, id); account.KindOf(err) != account.KeyMissing {
			t.Errorf("%d bits, before: %v", bits, err)
		}
		if err := k.Make(t.Context(), account.Keyring, id, bits); err != nil {
			t.Fatalf("Make %d: %v", bits, err)
		}
		first := public(t, k, account.Keyring, id)
		if first.N.BitLen() != bits {
			t.Errorf("made %d bits, want %d", first.N.BitLen(), bits)
		}
		if err := k.Make(t.Context(), account.Keyring, id, bits); err != nil || !public(t, k, account.Keyring, id).Equal(first) {
			t.Errorf("%d bits: Make again changed the key: %v", bits, err)
		}
	}
	if n := s.Search(service); n != len(ids) {
		t.Errorf("%d items of %s, want %d", n, service, len(ids))
	}
	for _, id := range ids {
		for range 2 { // none there is no error
			if err := k.Delete(t.Context(), account.Keyring, id); err != nil {
				t.Errorf("Delete: %v", err)
			}
		}
		if _, err := k.Open(t.Context(), account.Keyring, id); account.KindOf(err) != account.KeyMissing {
			t.Errorf("after Delete: %v", err)
		}
	}
	if n := s.Search(service) + s.Search(selftest); n != 0 {
		t.Errorf("%d items are left", n)
	}
}

// public is the public half of a stored key.
func public(t *testing.T, k *Keys, store account.Store, id account.KeyID) *rsa.PublicKey {
	t.Helper()
	s, err := k.Open(t.Context(), store, id)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return s.Public().(*rsa.PublicKey)
}

// TestForeignValuesAreLeftAlone holds that what a later version wrote, and what
// is damaged, is told as that and never overwritten.
func TestForeignValuesAreLeftAlone(t *testing.T) {
	k, _ := inside(t, keyringtest.Unlocked(t), product)
	for text, kind := range map[string]account.Kind{"xops2.anything": account.KeyNewer, "no key": account.KeyDamaged, string(testValue(t, 2048)[:900]): account.KeyDamaged} {
		if err := keyring.Set(service, string(testID), text); err != nil {
			t.Fatal(err)
		}
		wantKind(t, "Make", k.Make(t.Context(), account.Keyring, testID, 2048), kind, "")
		_, err := k.Open(t.Context(), account.Keyring, testID)
		wantKind(t, "Open", err, kind, "")
		if got, err := keyring.Get(service, string(testID)); err != nil || got != text {
			t.Errorf("the value was changed: %v", err)
		}
	}
}

// TestIDs holds that only names made here reach a store: others could be
// arguments or paths.
func TestIDs(t *testing.T) {
	k := New(filepath.Join(t.TempDir(), "keys"), none)
	for _, id := range []account.KeyID{"", "../x", "a b", "A", testID + "0", "x'y", "a\nb", "identity"} {
		for _, store := range []account.Store{account.Keyring, account.FileStore} {
			wantKind(t, "Make "+string(id), k.Make(t.Context(), store, id, 2048), account.Unexpected, "")
			_, err := k.Open(t.Context(), store, id)
			wantKind(t, "Open "+string(id), err, account.Unexpected, "")
			wantKind(t, "Delete "+string(id), k.Delete(t.Context(), store, id), account.Unexpected, "")
		}
	}
	wantKind(t, "another store", k.Make(t.Context(), "cloud", testID, 2048), account.StoreNotUsable, account.StoreUnsupported)
	if s := k.Probe(t.Context(), "cloud"); s.State != account.StoreUnsupported {
		t.Errorf("Probe of another store = %+v", s)
	}
}

// TestUnansweredWrite holds what happens when a dialog opens in the middle of a
// write and nobody answers: the call ends in time, the state is unknown from
// then on, and the next start is not.
func TestUnansweredWrite(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{Create: keyringtest.Unanswered})
	k, r := inside(t, f.Session, fast)
	took(t, fast.silent+2*time.Second, "Make", func() {
		wantKind(t, "Make", k.Make(t.Context(), account.Keyring, testID, 2048), account.StoreRanOut, account.StoreUnknown)
	})
	ended(t, r)
	if s := k.Probe(t.Context(), account.Keyring); s.State != account.StoreUnknown {
		t.Errorf("afterwards Probe = %+v", s)
	}
	wantKind(t, "Make again", k.Make(t.Context(), account.Keyring, testID, 2048), account.StoreNotUsable, account.StoreUnknown)
	wantKind(t, "Delete", k.Delete(t.Context(), account.Keyring, testID), account.StoreNotUsable, account.StoreUnknown)
	wantKind(t, "Unlock", k.Unlock(t.Context(), account.Keyring, nil), account.StoreNotUsable, account.StoreUnknown)

	f.Set(keyringtest.Behaviour{})
	next := New(t.TempDir(), os.Getenv)
	if err := next.Make(t.Context(), account.Keyring, testID, 2048); err != nil || f.Items() != 1 {
		t.Errorf("the next start: %v, %d items", err, f.Items())
	}
}

// TestLateAnswer holds that the library does not go on with a write of which
// was told that it ran out of time. An unlock dialog opens before the key is
// sent: here the keyring is locked between the probe and the call.
func TestLateAnswer(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{Locked: true, Unlock: keyringtest.Unanswered})
	_, r := inside(t, f.Session, fast)
	_, err := r.call(t.Context(), true, func() (string, error) { return "", keyring.Set(service, string(testID), "late") })
	wantKind(t, "Set", err, account.StoreRanOut, account.StoreUnknown)
	f.Answer()
	if _, err := keyring.Get(service, string(testID)); !errors.Is(err, keyring.ErrNotFound) || f.Items() != 0 {
		t.Errorf("after the late answer: %v, %d items", err, f.Items())
	}
}

// TestDeafService holds the time of a call that the service never answers.
func TestDeafService(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{DeafSession: true})
	k, r := inside(t, f.Session, fast)
	took(t, fast.silent+2*time.Second, "Make", func() {
		wantKind(t, "Make", k.Make(t.Context(), account.Keyring, testID, 2048), account.StoreRanOut, account.StoreUnknown)
	})
	ended(t, r)
}

// TestSaidYesKeptNot holds that a write is not believed: dialogs that are
// dismissed, a service that forgets, and one that gives back something else.
func TestSaidYesKeptNot(t *testing.T) {
	for name, is := range map[string]keyringtest.Behaviour{
		"dismissed": {Create: keyringtest.Dismissed}, "forgets": {Forgets: true}, "spoils": {Spoils: true},
	} {
		t.Run(name, func(t *testing.T) {
			k, _ := inside(t, keyringtest.NewFake(t, is).Session, product)
			wantKind(t, "Make", k.Make(t.Context(), account.Keyring, testID, 2048), account.StoreKeptNot, "")
		})
	}
	t.Run("delete", func(t *testing.T) {
		f := keyringtest.NewFake(t, keyringtest.Behaviour{})
		k, _ := inside(t, f.Session, product)
		if err := k.Make(t.Context(), account.Keyring, testID, 2048); err != nil {
			t.Fatal(err)
		}
		f.Set(keyringtest.Behaviour{Delete: keyringtest.Dismissed})
		wantKind(t, "Delete", k.Delete(t.Context(), account.Keyring, testID), account.StoreKeptNot, "")
		f.Set(keyringtest.Behaviour{Delete: keyringtest.Granted})
		if err := k.Delete(t.Context(), account.Keyring, testID); err != nil || f.Items() != 0 {
			t.Errorf("Delete: %v, %d items", err, f.Items())
		}
	})
}

// TestBusDiesUnderADialog holds that the library's panic ends the call and not
// the process, and that the result is unknown.
func TestBusDiesUnderADialog(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{Create: keyringtest.Unanswered})
	k, _ := inside(t, f.Session, product)
	made := make(chan error, 1)
	go func() { made <- k.Make(t.Context(), account.Keyring, testID, 2048) }()
	f.AwaitDialog()
	f.EndBus()
	took(t, product.silent, "the end", func() { wantKind(t, "Make", <-made, account.StoreRanOut, account.StoreUnknown) })
}

// TestOddServicePanics holds that the library's panic on an odd answer is an
// error, as when the service is replaced between the probe and the call.
func TestOddServicePanics(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{OddCollections: true})
	_, r := inside(t, f.Session, product)
	_, err := r.read(t.Context(), testID)
	wantKind(t, "Get", err, account.StoreNotUsable, account.StoreUnresponsive)
	if !errors.Is(err, errPanicked) || !strings.Contains(err.Error(), "interface conversion") {
		t.Errorf("Get: %v, want the library's panic", err)
	}
}

// TestStoppedReadIsForgotten holds that a read the person stopped waiting for
// ends at once and does not spoil the keyring for the rest of the process.
func TestStoppedReadIsForgotten(t *testing.T) {
	f := keyringtest.NewFake(t, keyringtest.Behaviour{})
	k, r := inside(t, f.Session, product)
	if err := k.Make(t.Context(), account.Keyring, testID, 2048); err != nil {
		t.Fatal(err)
	}
	f.Set(keyringtest.Behaviour{Locked: true, Unlock: keyringtest.Unanswered})
	ctx, stop := context.WithCancel(t.Context())
	read := make(chan error, 1)
	go func() {
		_, err := r.read(ctx, testID)
		read <- err
	}()
	f.AwaitDialog()
	took(t, 2*time.Second, "the end", func() {
		stop()
		wantKind(t, "a stopped read", <-read, account.Cancelled, "")
	})
	f.Set(keyringtest.Behaviour{})
	if _, err := k.Open(t.Context(), account.Keyring, testID); err != nil {
		t.Errorf("Open afterwards: %v", err)
	}
	wantKind(t, "Open with an ended context", func() error { _, err := k.Open(ctx, account.Keyring, testID); return err }(), account.Cancelled, "")
	wantKind(t, "Delete with an ended context", k.Delete(ctx, account.Keyring, testID), account.Cancelled, "")
}

// TestUnlock holds the keyring's own dialog: granted, dismissed, stopped by the
// person, left alone, and a service that dies under it.
func TestUnlock(t *testing.T) {
	begin := func(t *testing.T, is keyringtest.Behaviour) (*keyringtest.Fake, *Keys) {
		f := keyringtest.NewFake(t, is)
		k, _ := inside(t, f.Session, fast)
		t.Setenv("WAYLAND_DISPLAY", "wayland-9")
		return f, k
	}
	locked := keyringtest.Behaviour{Locked: true, Unlock: keyringtest.Unanswered}
	t.Run("open already", func(t *testing.T) {
		_, k := begin(t, keyringtest.Behaviour{})
		if err := k.Unlock(t.Context(), account.Keyring, nil); err != nil {
			t.Error(err)
		}
	})
	t.Run("granted", func(t *testing.T) {
		f, k := begin(t, locked)
		done := make(chan error, 1)
		go func() { done <- k.Unlock(t.Context(), account.Keyring, nil) }()
		f.AwaitDialog()
		f.Answer()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := k.Make(t.Context(), account.Keyring, testID, 2048); err != nil {
			t.Error(err)
		}
	})
	t.Run("dismissed", func(t *testing.T) {
		_, k := begin(t, keyringtest.Behaviour{Locked: true, Unlock: keyringtest.Dismissed})
		wantKind(t, "Unlock", k.Unlock(t.Context(), account.Keyring, nil), account.StoreNotUsable, account.StoreLocked)
	})
	t.Run("stopped", func(t *testing.T) {
		f, k := begin(t, locked)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- k.Unlock(ctx, account.Keyring, nil) }()
		f.AwaitDialog()
		took(t, time.Second, "the end", func() {
			stop()
			wantKind(t, "Unlock", <-done, account.Cancelled, "")
		})
		if n := f.Dialogs(); n != 0 {
			t.Errorf("%d dialogs are still open", n)
		}
		if s := k.Probe(t.Context(), account.Keyring); s.State != account.StoreLocked || !s.CanPrompt {
			t.Errorf("afterwards Probe = %+v", s)
		}
	})
	t.Run("left alone", func(t *testing.T) {
		f, k := begin(t, locked)
		took(t, fast.attended+time.Second, "Unlock", func() {
			wantKind(t, "Unlock", k.Unlock(t.Context(), account.Keyring, nil), account.StoreNotUsable, account.StoreLocked)
		})
		if n := f.Dialogs(); n != 0 {
			t.Errorf("%d dialogs are still open", n)
		}
	})
	t.Run("service dies", func(t *testing.T) {
		f, k := begin(t, locked)
		done := make(chan error, 1)
		go func() { done <- k.Unlock(t.Context(), account.Keyring, nil) }()
		f.AwaitDialog()
		took(t, fast.attended, "the end", func() {
			f.Vanish()
			wantKind(t, "Unlock", <-done, account.StoreNotUsable, account.StoreUnresponsive)
		})
	})
	t.Run("bus dies", func(t *testing.T) {
		f, k := begin(t, locked)
		done := make(chan error, 1)
		go func() { done <- k.Unlock(t.Context(), account.Keyring, nil) }()
		f.AwaitDialog()
		took(t, fast.attended, "the end", func() {
			f.EndBus()
			wantKind(t, "Unlock", <-done, account.StoreNotUsable, account.StoreUnresponsive)
		})
	})
	t.Run("nobody can see a dialog", func(t *testing.T) {
		f, k := begin(t, locked)
		t.Setenv("WAYLAND_DISPLAY", "")
		wantKind(t, "Unlock", k.Unlock(t.Context(), account.Keyring, nil), account.StoreNotUsable, account.StoreLocked)
		if n := f.Dialogs(); n != 0 {
			t.Error("a dialog was opened")
		}
	})
}

// TestAWriteIsAlone holds that reads go side by side in the library, and that
// nothing else is in there while something is written; all are done.
func TestAWriteIsAlone(t *testing.T) {
	k, r := inside(t, keyringtest.Unlocked(t), product)
	if err := k.Make(t.Context(), account.Keyring, testID, 2048); err != nil {
		t.Fatal(err)
	}
	var inside, most atomic.Int64
	read := func() (string, error) {
		n := inside.Add(1)
		defer inside.Add(-1)
		for was := most.Load(); n > was && !most.CompareAndSwap(was, n); was = most.Load() {
		}
		return keyring.Get(service, string(testID))
	}
	write := func() (string, error) {
		if n := inside.Add(reads + 1); n != reads+1 {
			t.Errorf("%d reads are under way beside a write", n-reads-1)
		}
		defer inside.Add(-reads - 1)
		return "", keyring.Set(service, selftest, "x")
	}
	errs := make(chan error)
	for i := range 40 {
		go func() {
			var err error
			if i%10 == 9 {
				_, err = r.call(t.Context(), true, write)
			} else {
				_, err = r.call(t.Context(), false, read)
			}
			errs <- err
		}()
	}
	for range 40 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := most.Load(); n < 2 || n > reads {
		t.Errorf("%d reads were under way at most", n)
	}
}

// TestReadsMeet holds that a read does not wait for another to end.
func TestReadsMeet(t *testing.T) {
	_, r := inside(t, keyringtest.Unlocked(t), product)
	meet := make(chan struct{})
	ends := make(chan error)
	for _, f := range []func() (string, error){
		func() (string, error) { meet <- struct{}{}; return "", nil },
		func() (string, error) { <-meet; return "", nil },
	} {
		go func() {
			_, err := r.call(t.Context(), false, f)
			ends <- err
		}()
	}
	for range 2 {
		if err := <-ends; err != nil {
			t.Error(err)
		}
	}
}

// TestLockedInBetween locks the keyring, or ends its service, after it was found
// ready: the next look sees it, and nobody is asked.
func TestLockedInBetween(t *testing.T) {
	for name, c := range map[string]struct {
		harm func(*keyringtest.Session)
		want account.StoreState
	}{
		"locked":       {func(s *keyringtest.Session) { s.Lock() }, account.StoreLocked},
		"the bus died": {func(s *keyringtest.Session) { s.EndBus() }, account.StoreNoBus},
	} {
		t.Run(name, func(t *testing.T) {
			s := keyringtest.Unlocked(t)
			k, _ := inside(t, s, product)
			if err := k.Make(t.Context(), account.Keyring, testID, 2048); err != nil {
				t.Fatal(err)
			}
			c.harm(s)
			_, err := k.Open(t.Context(), account.Keyring, testID)
			wantKind(t, "Open", err, account.StoreNotUsable, c.want)
		})
	}
}

// TestLibraryKeepsItsWord holds what is known of the library and relied on:
// that it takes the value as it is, under the names we say.
func TestLibraryKeepsItsWord(t *testing.T) {
	s := keyringtest.Unlocked(t)
	_, r := inside(t, s, product)
	v := testValue(t, 3072)
	if err := r.put(t.Context(), testID, v); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("secret-tool", "lookup", "service", service, "username", string(testID))
	cmd.Env = s.Env()
	if out, err := cmd.Output(); err != nil || !bytes.Equal(out, v) {
		t.Errorf("secret-tool lookup: %v", err)
	}
}

// TestCopy moves a key between the keyring and the file store: the same key on
// both sides, and nothing that is in the way is written over.
func TestCopy(t *testing.T) {
	s := keyringtest.Unlocked(t)
	k, _ := inside(t, s, product)
	ctx := t.Context()
	kindOf(t, "of no key", k.Copy(ctx, testID, account.Keyring, account.FileStore), account.KeyMissing)
	if err := k.Make(ctx, account.Keyring, testID, 2048); err != nil {
		t.Fatal(err)
	}
	wantState(t, "to a store without a passphrase", k.Copy(ctx, testID, account.Keyring, account.FileStore), account.StoreEmpty)
	if err := k.Unlock(ctx, account.FileStore, []byte(phrase)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // again is no error
		if err := k.Copy(ctx, testID, account.Keyring, account.FileStore); err != nil {
			t.Fatal(err)
		}
	}
	key := public(t, k, account.Keyring, testID)
	if !public(t, k, account.FileStore, testID).Equal(key) {
		t.Error("the copy is another key")
	}
	if ids, err := k.List(ctx, account.FileStore); err != nil || len(ids) != 1 || ids[0] != testID {
		t.Errorf("List = %v, %v", ids, err)
	}
	if ids, err := k.List(ctx, account.Keyring); err != nil || ids != nil {
		t.Errorf("List of the keyring = %v, %v; it cannot be told", ids, err)
	}
	if err := k.Delete(ctx, account.Keyring, testID); err != nil {
		t.Fatal(err)
	}
	if err := k.Copy(ctx, testID, account.FileStore, account.Keyring); err != nil || !public(t, k, account.Keyring, testID).Equal(key) {
		t.Errorf("back: %v", err)
	}
	if err := k.Delete(ctx, account.Keyring, testID); err != nil {
		t.Fatal(err)
	}
	if err := k.Make(ctx, account.Keyring, testID, 2048); err != nil {
		t.Fatal(err)
	}
	kindOf(t, "onto another key", k.Copy(ctx, testID, account.FileStore, account.Keyring), account.KeyDamaged)
	if !public(t, k, account.FileStore, testID).Equal(key) {
		t.Error("the first key is gone")
	}
}
