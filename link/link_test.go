package link_test

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// world is the ports of these tests. Every call that changes something passes
// by step, which can have it fail before or after it happened.
type world struct {
	mu      sync.Mutex
	drafts  map[account.ID]account.Draft
	linked  map[account.ID]account.Account
	keys    map[account.KeyID]bool
	files   map[string]string
	reports map[account.ID]account.Report
	verify  func(n int) account.Report
	asked   []time.Time

	calls int
	fail  int // the call that fails; 0 for none
	after bool

	held, hold chan struct{} // the first Make or Delete tells on held that it runs, and waits for hold
	first      sync.Once
	makes      int
	evidence   []string // changes
	opens      int
	unusable   account.Store // nothing can be made or deleted in it
	reportless error         // of saving a report
	contents   account.Contents
	unlisted   error // of listing them
}

func newWorld() *world {
	return &world{drafts: map[account.ID]account.Draft{}, linked: map[account.ID]account.Account{}, keys: map[account.KeyID]bool{}, files: map[string]string{}, reports: map[account.ID]account.Report{}}
}

var errKilled = errors.New("killed")

func (w *world) step(ctx context.Context, do func()) error {
	if err := ctx.Err(); err != nil {
		return err // as a port does that is told to end
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls++
	if w.fail != 0 && w.calls > w.fail { // a dead process calls nothing any more
		return errKilled
	}
	if w.calls == w.fail && !w.after {
		return errKilled
	}
	do()
	if w.calls == w.fail {
		return errKilled
	}
	return nil
}

// wait holds the first call that comes by.
func (w *world) wait() {
	if w.hold == nil {
		return
	}
	w.first.Do(func() { close(w.held) })
	<-w.hold
}

func (w *world) ports() link.Ports {
	return link.Ports{
		Keys: struct {
			*keys
			otherKeys
		}{keys: (*keys)(w)},
		Registry: struct {
			*reg
			otherRegistry
		}{reg: (*reg)(w)},
		Microsoft: struct {
			*microsoft
			otherMicrosoft
		}{microsoft: (*microsoft)(w)},
		Save: (*save)(w), Now: time.Now,
	}
}

// The other methods of the ports are not called here.
type (
	otherKeys      struct{ link.Keys }
	otherRegistry  struct{ link.Registry }
	otherMicrosoft struct{ link.Microsoft }
)

type keys world

func (k *keys) Probe(_ context.Context, s account.Store) account.StoreStatus {
	return account.StoreStatus{Store: s, State: account.StoreReady}
}

func (k *keys) Make(ctx context.Context, s account.Store, id account.KeyID, _ int) error {
	(*world)(k).wait()
	if k.unusable != "" && s == k.unusable {
		k.keys[id] = true // it ran out of time, and was made after all
		return &account.Problem{Kind: account.StoreRanOut}
	}
	return (*world)(k).step(ctx, func() { k.keys[id] = true; k.makes++ })
}

func (k *keys) Open(_ context.Context, _ account.Store, id account.KeyID) (crypto.Signer, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.opens++
	if !k.keys[id] {
		return nil, &account.Problem{Kind: account.KeyMissing}
	}
	return ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize)), nil
}

func (k *keys) Delete(ctx context.Context, s account.Store, id account.KeyID) error {
	(*world)(k).wait()
	if id == "" {
		return &account.Problem{Kind: account.Unexpected}
	}
	if k.unusable != "" && s == k.unusable {
		return &account.Problem{Kind: account.StoreNotUsable}
	}
	return (*world)(k).step(ctx, func() { delete(k.keys, id) })
}

func (k *keys) Certify(_ crypto.Signer, subject string, from time.Time, life time.Duration) (account.Certificate, error) {
	return account.Certificate{PEM: subject + life.String(), SHA1: "0123456789ABCDEF0123456789ABCDEF01234567", NotBefore: from, NotAfter: from.Add(life)}, nil
}

func (k *keys) Request(crypto.Signer, string) (string, error) { return "request", nil }

func (k *keys) Unlock(context.Context, account.Store, []byte) error { return nil }

type reg world

func (r *reg) Contents(context.Context) (account.Contents, error) { return r.contents, r.unlisted }

func (r *reg) Draft(_ context.Context, id account.ID) (account.Draft, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, ok := r.drafts[id]
	if !ok {
		return d, &account.Problem{Kind: account.NotFound}
	}
	return d, nil
}

func (r *reg) Account(_ context.Context, id account.ID) (account.Account, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a, ok := r.linked[id]
	if !ok {
		return a, &account.Problem{Kind: account.NotFound}
	}
	return a, nil
}

func (r *reg) SaveDraft(ctx context.Context, d account.Draft) error {
	return (*world)(r).step(ctx, func() { r.drafts[d.ID] = d })
}

func (r *reg) Finish(ctx context.Context, a account.Account) error {
	return (*world)(r).step(ctx, func() { delete(r.drafts, a.ID); r.linked[a.ID] = a })
}

func (r *reg) ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (a account.Account, err error) {
	if a, err = f(r.linked[id]); err != nil {
		return a, err
	}
	return a, (*world)(r).step(ctx, func() { r.linked[id] = a })
}

func (r *reg) Remove(ctx context.Context, id account.ID) error {
	return (*world)(r).step(ctx, func() { delete(r.drafts, id); delete(r.linked, id) })
}

func (r *reg) SaveReport(ctx context.Context, id account.ID, rep account.Report) error {
	if r.reportless != nil {
		return r.reportless
	}
	return (*world)(r).step(ctx, func() { r.reports[id] = rep })
}

func (r *reg) AppendEvidence(ctx context.Context, _ account.ID, change string, _ []account.Evidence) error {
	return (*world)(r).step(ctx, func() { r.evidence = append(r.evidence, change) })
}

func (r *reg) LastReport(context.Context, account.ID) (account.Report, error) {
	return account.Report{}, &account.Problem{Kind: account.NotFound}
}

type save world

func (s *save) Certificate(ctx context.Context, dir, name, pem string) (string, error) {
	path := dir + "/" + name
	err := (*world)(s).step(ctx, func() { s.files[path] = pem })
	return path, err
}

func (s *save) Text(ctx context.Context, dir, name, text string) (string, error) {
	return s.Certificate(ctx, dir, name, text)
}

type microsoft world

func (m *microsoft) Discover(context.Context, account.CloudID, string) (account.Tenant, time.Duration, error) {
	return account.Tenant{}, 0, nil
}

func (m *microsoft) Reach(context.Context, account.CloudID) (time.Duration, []account.Problem) {
	return 0, nil
}

func (m *microsoft) Verify(context.Context, account.Target, crypto.Signer) account.Report {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, time.Now())
	return m.verify(len(m.asked))
}

// holds is a report in which everything that makes an account holds.
func holds() account.Report {
	var r account.Report
	for _, n := range []account.CheckName{account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Consent} {
		r.Checks = append(r.Checks, account.Check{Name: n, State: account.Holds})
	}
	r.Facts = account.Facts{TenantName: "Contoso", Application: "object"}
	return r
}

func unseen(n int) account.Report {
	return account.Report{Checks: []account.Check{{Name: account.CertificateAccepted, State: account.Missing, Problem: &account.Problem{Kind: account.CertificateUnseen}}}}
}

// end waits for an operation and returns what it ended with; nil is well.
func end(t testing.TB, op *link.Operation) error {
	t.Helper()
	for {
		if _, err := op.Next(t.Context()); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

var wish = link.KeyWish{ID: "11111111-2222-4333-8444-555555555555", Store: account.Keyring, Bits: 2048, Life: link.Lives[0], Directory: "/d"}

func begin(t *testing.T, w *world) *link.Operations {
	t.Helper()
	ops := link.New(t.Context(), w.ports())
	t.Cleanup(ops.Close)
	return ops
}

func contoso() account.Draft {
	return account.Draft{ID: "draft", Name: "Contoso", Provider: account.Microsoft, Link: account.MicrosoftLink{Tenant: "t", Client: "c"}}
}

// TestKeyIsMadeOnceWhereverItStops stops MakeKey before and after each of its
// writes, as a kill does, starts it again with another wish, and looks that
// there is one key that the draft knows of; thrown away at the same point there
// is none.
func TestKeyIsMadeOnceWhereverItStops(t *testing.T) {
	whole := newWorld()
	if _, err := begin(t, whole).SaveAnswers(t.Context(), contoso()); err != nil {
		t.Fatal(err)
	}
	whole.calls = 0
	if err := end(t, begin(t, whole).MakeKey("draft", wish)); err != nil {
		t.Fatal(err)
	}
	for _, after := range []bool{false, true} {
		for at := 1; at <= whole.calls; at++ {
			t.Run(fmt.Sprintf("call %d after %v", at, after), func(t *testing.T) {
				w := stopped(t, at, after)
				again := wish
				again.ID = "99999999-2222-4333-8444-555555555555"
				ops := begin(t, w)
				if err := end(t, ops.MakeKey("draft", again)); err != nil {
					t.Fatalf("started again: %v", err)
				}
				d := w.drafts["draft"]
				if len(w.keys) != 1 || len(d.Keys) != 1 || !w.keys[d.Key().ID] || !d.Key().Stored {
					t.Errorf("keys in the store %v, in the draft %+v, want one and the same", w.keys, d.Keys)
				}
				if len(w.files) != 1 || w.files[d.Key().Saved] != d.Key().Certificate.PEM {
					t.Errorf("files %v, saved %q", w.files, d.Key().Saved)
				}

				thrown := stopped(t, at, after)
				if err := end(t, begin(t, thrown).ThrowAway("draft")); err != nil {
					t.Fatalf("throw away: %v", err)
				}
				if len(thrown.keys) != 0 || len(thrown.drafts) != 0 {
					t.Errorf("thrown away, and left: keys %v drafts %v", thrown.keys, thrown.drafts)
				}
			})
		}
	}
}

// stopped is a world in which MakeKey was killed at a call.
func stopped(t *testing.T, at int, after bool) *world {
	t.Helper()
	w := newWorld()
	first := begin(t, w)
	if _, err := first.SaveAnswers(t.Context(), contoso()); err != nil {
		t.Fatal(err)
	}
	w.calls, w.fail, w.after = 0, at, after
	if err := end(t, first.MakeKey("draft", wish)); !errors.Is(err, errKilled) {
		t.Fatalf("it was not killed: %v", err)
	}
	w.calls, w.fail = 0, 0
	return w
}

func TestAnswersLeaveKeysAlone(t *testing.T) {
	w := newWorld()
	ops := begin(t, w)
	d, err := ops.SaveAnswers(t.Context(), contoso())
	if err != nil {
		t.Fatal(err)
	}
	if err := end(t, ops.MakeKey("draft", wish)); err != nil {
		t.Fatal(err)
	}
	d.Name = "Contoso 2" // the wizard's copy knows nothing of the key
	if _, err := ops.SaveAnswers(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	got := w.drafts["draft"]
	if got.Name != "Contoso 2" || !got.Key().Stored || len(got.Journal) != 2 {
		t.Errorf("saved %+v, want the new name with the key and its journal", got)
	}
}

func TestFinishedDraftIsNotWrittenAgain(t *testing.T) {
	w := newWorld()
	ops := begin(t, w)
	d, err := ops.SaveAnswers(t.Context(), contoso())
	if err != nil {
		t.Fatal(err)
	}
	if err := end(t, ops.Finish("draft", holds())); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.SaveAnswers(t.Context(), d); err != nil {
		t.Errorf("late answer: %v", err)
	}
	if len(w.drafts) != 0 || w.linked["draft"].Microsoft().TenantName != "Contoso" {
		t.Errorf("drafts %v, accounts %v", w.drafts, w.linked)
	}
}

// TestChosenStoreIsNotAKey saves the choice of a store with the first answers,
// before there is a key: the key takes its place, and thrown away before or
// after that nothing is in the way.
func TestChosenStoreIsNotAKey(t *testing.T) {
	for _, made := range []bool{false, true} {
		w := newWorld()
		ops := begin(t, w)
		d := contoso()
		d.Keys = []account.Key{{Store: account.Keyring}}
		if _, err := ops.SaveAnswers(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if made {
			if err := end(t, ops.MakeKey("draft", wish)); err != nil {
				t.Fatal(err)
			}
			if ks := w.drafts["draft"].Keys; len(ks) != 1 || ks[0].ID != wish.ID {
				t.Errorf("keys %+v, want the one that was made", ks)
			}
		}
		if err := end(t, ops.ThrowAway("draft")); err != nil {
			t.Errorf("thrown away, its key made %t: %v", made, err)
		}
		if len(w.drafts) != 0 || len(w.keys) != 0 {
			t.Errorf("left: drafts %v, keys %v", w.drafts, w.keys)
		}
	}
}

func TestThrownAwayDraftDoesNotComeBack(t *testing.T) {
	w := newWorld()
	ops := begin(t, w)
	d, err := ops.SaveAnswers(t.Context(), contoso())
	if err != nil {
		t.Fatal(err)
	}
	if err := end(t, ops.ThrowAway("draft")); err != nil {
		t.Fatal(err)
	}
	if _, err := ops.SaveAnswers(t.Context(), d); account.KindOf(err) != account.NotFound {
		t.Errorf("late answer: %v, want not found", err)
	}
	if len(w.drafts) != 0 {
		t.Errorf("it came back: %v", w.drafts)
	}
}

func TestWatchGrowsItsPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.keys["k"] = true
		w.verify = func(n int) account.Report {
			if n == 8 {
				return holds()
			}
			return unseen(n)
		}
		ops := link.New(t.Context(), w.ports())
		d := contoso()
		d.Keys = []account.Key{{ID: "k", Stored: true}}
		if err := end(t, ops.Watch(d)); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(w.asked); i++ {
			gap := w.asked[i].Sub(w.asked[i-1])
			if gap < 5*time.Second || gap > 33*time.Second {
				t.Errorf("pause %d is %v, want 5 s to 33 s", i, gap)
			}
			if i > 1 && i < 5 && gap <= w.asked[i-1].Sub(w.asked[i-2]) {
				t.Errorf("pause %d is %v, not longer than the one before", i, gap)
			}
		}
		ops.Close()
	})
}

// TestWatchWaitsForWhatWaits goes on while the access-review read spreads.
func TestWatchWaitsForWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.keys["k"] = true
		w.verify = func(n int) account.Report {
			r := holds()
			if n < 3 {
				r.Checks = append(r.Checks, account.Check{Name: account.AccessReviews, State: account.Waiting})
			}
			return r
		}
		ops := link.New(t.Context(), w.ports())
		defer ops.Close()
		d := contoso()
		d.Keys = []account.Key{{ID: "k", Stored: true}}
		if err := end(t, ops.Watch(d)); err != nil || len(w.asked) != 3 {
			t.Errorf("ended with %v after %d looks", err, len(w.asked))
		}
	})
}

func TestWatchAsksAtOnceWhenTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.keys["k"] = true
		w.verify = unseen
		ops := link.New(t.Context(), w.ports())
		d := contoso()
		d.Keys = []account.Key{{ID: "k", Stored: true}}
		op := ops.Watch(d)
		synctest.Wait()
		op.Again()
		synctest.Wait()
		if len(w.asked) != 2 || w.asked[1].Sub(w.asked[0]) != 0 {
			t.Errorf("asked at %v, want twice at once", w.asked)
		}
		ops.Close()
	})
}

func TestWatchNeverAsksEarlierThanTheServiceSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.keys["k"] = true
		w.verify = func(n int) account.Report {
			return account.Report{Checks: []account.Check{{Name: account.CertificateAccepted, State: account.Unknown, Problem: &account.Problem{Kind: account.Throttled, Wait: time.Minute}}}}
		}
		ops := link.New(t.Context(), w.ports())
		d := contoso()
		d.Keys = []account.Key{{ID: "k", Stored: true}}
		op := ops.Watch(d)
		synctest.Wait()
		op.Again() // a key press does not shorten what the service asked for
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		for i := 1; i < len(w.asked); i++ {
			if gap := w.asked[i].Sub(w.asked[i-1]); gap < time.Minute {
				t.Errorf("asked again after %v", gap)
			}
		}
		ops.Close()
	})
}

// TestWriteHoldsTheEnd looks that a write is known as one while it runs, and
// that stopping does not cut it.
func TestWriteHoldsTheEnd(t *testing.T) {
	w := newWorld()
	ops := begin(t, w)
	if _, err := ops.SaveAnswers(t.Context(), contoso()); err != nil {
		t.Fatal(err)
	}
	if err := end(t, ops.MakeKey("draft", wish)); err != nil {
		t.Fatal(err)
	}
	w.held, w.hold = make(chan struct{}), make(chan struct{})
	op := ops.ThrowAway("draft")
	<-w.held // the key is being deleted
	op.Stop()
	if ops.Writing() != link.TheKey {
		t.Error("nobody knows that a write is under way")
	}
	close(w.hold)
	<-op.Ended()
	if ops.Writing() != "" {
		t.Error("a write is said to be under way after the end")
	}
	if len(w.keys) != 0 {
		t.Error("the write was cut")
	}
	if _, ok := w.drafts["draft"]; !ok {
		t.Error("it was not stopped between two writes")
	}
}

// TestAnswersKeepWhatWasMade looks that a late answer of the wizard takes
// nothing back that an operation, the registry or the tenant gave.
func TestAnswersKeepWhatWasMade(t *testing.T) {
	w := newWorld()
	ops := begin(t, w)
	d, err := ops.SaveAnswers(t.Context(), unlinked())
	if err != nil {
		t.Fatal(err)
	}
	made := w.drafts["draft"]
	made.Way, made.Cloud, made.Made = account.Automatic, account.China, account.Made{Unique: "u", Application: "object", Grant: "grant"}
	made.Owner = account.Owner{Host: "here", PID: 7}
	made.Journal = []account.Entry{{Change: "key"}}
	made.Link = account.MicrosoftLink{Tenant: "t", Client: "client", Application: "object", Principal: "principal"}
	w.drafts["draft"] = made
	another := d.Microsoft()
	another.Tenant = "another"
	d.Way, d.Cloud, d.Link = account.ByHand, account.Global, another
	d.Created, d.Name = time.Time{}.Add(time.Hour), "Contoso 2"
	got, err := ops.SaveAnswers(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	if m := got.Microsoft(); m.Client != "client" || m.Principal != "principal" || m.Tenant != "t" || got.Way != account.Automatic || got.Cloud != account.China {
		t.Errorf("saved %+v, want the tenant and the ids of what was made", got)
	}
	if !reflect.DeepEqual(got.Made, made.Made) || got.Owner != made.Owner || !got.Created.Equal(made.Created) || len(got.Journal) != 1 || got.Name != "Contoso 2" {
		t.Errorf("saved %+v, had %+v", got, made)
	}
	if kept := w.drafts["draft"]; !reflect.DeepEqual(kept.Made, got.Made) || kept.Name != got.Name {
		t.Errorf("on disk %+v", kept)
	}
}

// TestCloseWaitsSoLong has a write that does not come back: the end waits for
// it until five seconds after it was first asked for, and no longer.
func TestCloseWaitsSoLong(t *testing.T) {
	for _, before := range []time.Duration{0, 3 * time.Second, 7 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			ops := link.New(t.Context(), w.ports())
			if _, err := ops.SaveAnswers(t.Context(), contoso()); err != nil {
				t.Fatal(err)
			}
			w.held, w.hold = make(chan struct{}), make(chan struct{})
			op := ops.MakeKey("draft", wish)
			<-w.held
			start := time.Now()
			ops.End()
			time.Sleep(before)
			ops.Close()
			if took := time.Since(start); took != max(before, link.MostHeld) {
				t.Errorf("asked %v before, the end came after %v", before, took)
			}
			close(w.hold)
			<-op.Ended()
			// What was made after all is on record.
			if d := w.drafts["draft"]; len(w.keys) != 1 || !d.Key().Stored || d.Journal[0].Ended.IsZero() {
				t.Errorf("keys %v, draft %+v", w.keys, d)
			}
		})
	}
}

// TestAnotherStoreLeavesNoKeyBehind has another key store chosen after the
// first one failed: the key that may be in that one is deleted when the account
// is made, or stays on record with it.
func TestAnotherStoreLeavesNoKeyBehind(t *testing.T) {
	for _, mended := range []bool{true, false} {
		w := newWorld()
		w.unusable = account.Keyring
		ops := begin(t, w)
		if _, err := ops.SaveAnswers(t.Context(), contoso()); err != nil {
			t.Fatal(err)
		}
		if err := end(t, ops.MakeKey("draft", wish)); account.KindOf(err) != account.StoreRanOut {
			t.Fatal(err)
		}
		other := wish
		other.ID, other.Store = "99999999-2222-4333-8444-555555555555", account.FileStore
		if err := end(t, ops.MakeKey("draft", other)); err != nil {
			t.Fatal(err)
		}
		if mended {
			w.unusable = ""
		}
		if err := end(t, ops.Finish("draft", holds())); err != nil {
			t.Fatal(err)
		}
		a := w.linked["draft"]
		if a.Key.ID != other.ID || !a.Key.Stored {
			t.Errorf("account's key %+v", a.Key)
		}
		if mended && (len(w.keys) != 1 || !w.keys[other.ID] || len(a.Abandoned) != 0) {
			t.Errorf("keys %v, abandoned %+v", w.keys, a.Abandoned)
		}
		if !mended && (len(a.Abandoned) != 1 || a.Abandoned[0].ID != wish.ID || a.Abandoned[0].Store != account.Keyring) {
			t.Errorf("abandoned %+v", a.Abandoned)
		}
	}
}

// TestLostReportIsNoFailure has the result of checks not be saved: the account
// is made, and the checks were made.
func TestLostReportIsNoFailure(t *testing.T) {
	w := newWorld()
	w.reportless = errors.New("the disk is full")
	w.verify = func(int) account.Report { return holds() }
	ops := begin(t, w)
	if _, err := ops.SaveAnswers(t.Context(), contoso()); err != nil {
		t.Fatal(err)
	}
	op := ops.Finish("draft", holds())
	if err := end(t, op); err != nil || len(w.linked) != 1 || op.Last().State != link.Done {
		t.Errorf("ended with %v, %+v", err, op.Last())
	}
	op = ops.Verify(w.linked["draft"])
	if err := end(t, op); err != nil || op.Last().Report == nil {
		t.Errorf("ended with %v, %+v", err, op.Last())
	}
}

// TestEveryFailureIsTold looks that whatever is begun and fails says so.
func TestEveryFailureIsTold(t *testing.T) {
	for at := 1; at <= 7; at++ {
		w := newWorld()
		ops := begin(t, w)
		if _, err := ops.SaveAnswers(t.Context(), contoso()); err != nil {
			t.Fatal(err)
		}
		w.calls, w.fail = 0, at
		op := ops.MakeKey("draft", wish)
		if err := end(t, op); !errors.Is(err, errKilled) {
			t.Fatalf("change %d: it was not killed: %v", at, err)
		}
		if e := op.Last(); e.State != link.Failed || e.Problem == nil {
			t.Errorf("change %d: told %+v", at, e)
		}
	}
}

func TestBound(t *testing.T) {
	at := time.Unix(1, 0)
	for name, tt := range map[string]struct {
		d    account.Draft
		want bool
	}{
		"nothing":        {account.Draft{}, false},
		"a name alone":   {account.Draft{Made: account.Made{Unique: "u"}}, false},
		"the key":        {account.Draft{Journal: []account.Entry{{Change: "key", Begun: at}}}, false},
		"refused":        {account.Draft{Journal: []account.Entry{{Change: link.TheApplication, Begun: at, Ended: at, Failed: string(account.RightMissing)}}}, false},
		"killed":         {account.Draft{Journal: []account.Entry{{Change: link.TheApplication, Begun: at}}}, true},
		"an answer lost": {account.Draft{Journal: []account.Entry{{Change: link.TheApplication, Begun: at, Ended: at, Failed: string(account.Offline)}}}, true},
		"made":           {account.Draft{Made: account.Made{Application: "a"}}, true},
		"to be adopted":  {account.Draft{Made: account.Made{Adopt: "a"}}, true},
	} {
		if got := link.Bound(tt.d); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
