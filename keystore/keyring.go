package keystore

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/zalando/go-keyring"
	"golang.org/x/sync/semaphore"

	"github.com/axiomio/xops-onboard/account"
)

// The rules of this file. The library is called only when the probe says that
// the keyring is ready, because it hangs where the service does
// (https://github.com/zalando/go-keyring/issues/118) and starts daemons that
// stay where there is no bus. A write is alone, reads go side by side; each call
// is on a goroutine that recovers, because it panics when the bus goes away
// while it waits. A call has a time; when that is over the connection under it,
// which all calls share, is closed: that ends the call and keeps the service
// from storing the key when somebody answers a dialog later. After that nothing
// is certain, and the keyring is not used again by this process. What a write
// says is not believed: it says yes when a dialog was dismissed.

// service is the name that all keys have in common in a keyring, for ever. It
// has no colon, which separates service and user on Windows.
const service = "xops-onboard"

// selftest is the service of what is looked for and never stored.
const selftest = "xops-onboard-selftest"

// limits are how long the keyring may take.
type limits struct {
	probe    time.Duration // until it has told its state; starting a service cold takes 20 ms
	silent   time.Duration // a call that asks nobody; the slowest seen took 0.6 s
	attended time.Duration // a person in front of a dialog
}

// ring is the operating system's keyring.
type ring struct {
	getenv func(string) string
	limits limits
	turns  *semaphore.Weighted // a read takes one, a write all
	known  known               // what a look keeps for the next
	lost   atomic.Bool         // a call ran out of time: the state is unknown from then on
	starts atomic.Bool         // the system is starting the service for a probe
}

func newRing(getenv func(string) string) *ring {
	return &ring{
		getenv: getenv,
		limits: limits{probe: 1500 * time.Millisecond, silent: 5 * time.Second, attended: 2 * time.Minute},
		turns:  semaphore.NewWeighted(reads),
	}
}

// errRanOut is why the context of a call ended when nobody ended it.
var errRanOut = errors.New("the keyring did not answer in time")

// probe looks, on a goroutine of its own, as not every system's look ends with
// its context.
func (r *ring) probe(ctx context.Context) account.StoreStatus {
	status := account.StoreStatus{Store: account.Keyring, State: account.StoreUnknown}
	if r.lost.Load() {
		return status
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.limits.probe, errRanOut)
	defer cancel()
	looked := make(chan account.StoreStatus, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				looked <- account.StoreStatus{State: account.StoreUnresponsive, Detail: panicked(p).Error()}
			}
		}()
		state, canPrompt, detail := r.look(ctx)
		looked <- account.StoreStatus{State: state, CanPrompt: canPrompt, Detail: detail}
	}()
	timer := time.NewTimer(r.limits.probe + grace)
	defer timer.Stop()
	select {
	case status = <-looked:
	case <-timer.C:
		status.State, status.Detail = account.StoreUnresponsive, errRanOut.Error()
		if r.starts.Load() {
			status.State = account.StoreStartTimeout
		}
	}
	status.Store, status.Detail = account.Keyring, account.Clean(status.Detail, 200)
	return status
}

// usable is nil when the keyring can be used without asking anybody.
func (r *ring) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	status := r.probe(ctx)
	if err := ctx.Err(); err != nil {
		return cancelled(err)
	}
	if status.State == account.StoreReady {
		return nil
	}
	var err error
	if status.Detail != "" {
		err = errors.New(status.Detail)
	}
	return notUsable(status.State, err)
}

func (r *ring) get(ctx context.Context, id account.KeyID) (value, error) {
	if err := r.usable(ctx); err != nil {
		return nil, err
	}
	return r.read(ctx, id)
}

func (r *ring) read(ctx context.Context, id account.KeyID) (value, error) {
	text, err := r.call(ctx, false, func() (string, error) { return keyring.Get(service, string(id)) })
	return value(text), err
}

// list cannot tell: the library reads and writes single items.
func (r *ring) list(context.Context) ([]account.KeyID, error) { return nil, nil }

func (r *ring) put(ctx context.Context, id account.KeyID, v value) error {
	if tooBig(runtime.GOOS, id, v) {
		return &account.Problem{Kind: account.KeyTooBig}
	}
	if err := r.usable(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := r.call(ctx, true, func() (string, error) { return "", keyring.Set(service, string(id), string(v)) }); err != nil {
		return err
	}
	back, err := r.read(ctx, id)
	defer clear(back)
	switch {
	case account.KindOf(err) == account.KeyMissing, err == nil && !bytes.Equal(back, v):
		return &account.Problem{Kind: account.StoreKeptNot}
	}
	return err
}

func (r *ring) remove(ctx context.Context, id account.KeyID) error {
	if err := r.usable(ctx); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	_, err := r.call(ctx, true, func() (string, error) { return "", keyring.Delete(service, string(id)) })
	if err != nil && account.KindOf(err) != account.KeyMissing {
		return err
	}
	left, err := r.read(ctx, id)
	defer clear(left)
	switch {
	case err == nil:
		return &account.Problem{Kind: account.StoreKeptNot}
	case account.KindOf(err) == account.KeyMissing:
		return nil
	}
	return err
}

func (r *ring) unlock(ctx context.Context, _ []byte) error {
	status := r.probe(ctx)
	if status.State == account.StoreLocked && status.CanPrompt {
		ctx, cancel := context.WithTimeoutCause(ctx, r.limits.attended, errRanOut)
		defer cancel()
		if err := r.ask(ctx); err != nil {
			return err
		}
	}
	return r.usable(ctx)
}

// answer is what a call of the library gave.
type answer struct {
	text string
	err  error
}

// call makes one call of the library. A read ends with ctx for its caller, a
// write does not: it is not known of a write that was left half way whether it
// happened. A read that was left goes on by itself until its time is over.
func (r *ring) call(ctx context.Context, writes bool, f func() (string, error)) (string, error) {
	over := time.Now().Add(r.limits.silent)
	turns := int64(1)
	if writes {
		turns = reads
	}
	wait, cancel := context.WithDeadlineCause(ctx, over, errRanOut)
	defer cancel()
	if err := r.turns.Acquire(wait, turns); err != nil { // this one never began
		if context.Cause(wait) == errRanOut {
			return "", notUsable(account.StoreUnresponsive, errRanOut)
		}
		return "", cancelled(err)
	}
	if r.lost.Load() {
		r.turns.Release(turns)
		return "", notUsable(account.StoreUnknown, nil)
	}
	ends := make(chan answer, 1)
	go func() {
		defer r.turns.Release(turns)
		ends <- r.timed(time.Until(over), f)
	}()
	select {
	case a := <-ends:
		if a.err == errRanOut {
			return "", &account.Problem{Kind: account.StoreRanOut, State: account.StoreUnknown, Err: errRanOut}
		}
		return a.text, problem(a.err, writes)
	case <-ctx.Done():
		return "", cancelled(ctx.Err())
	}
}

// timed calls f, and ends it when its time is over. What is after that is not
// known, of this call and of all others.
func (r *ring) timed(limit time.Duration, f func() (string, error)) answer {
	done := make(chan answer, 1)
	go func() { done <- guarded(f) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case a := <-done:
		return a
	case <-timer.C:
	}
	r.lost.Store(true)
	go hangUp() // looking for the connection hangs where the bus does
	select {    // the call ends at once; where it cannot be ended it is left alone
	case <-done:
	case <-time.After(grace):
	}
	return answer{err: errRanOut}
}

// guarded calls f and makes an error of a panic.
func guarded(f func() (string, error)) (a answer) {
	defer func() {
		if p := recover(); p != nil {
			a = answer{err: panicked(p)}
		}
	}()
	text, err := f()
	return answer{text, err}
}

var errPanicked = errors.New("the keyring's library panicked")

// panicked is a panic as an error; only the runtime's own words are repeated,
// as others could hold anything.
func panicked(p any) error {
	if e, ok := p.(runtime.Error); ok {
		return fmt.Errorf("%w: %w", errPanicked, e)
	}
	return errPanicked
}

// problem classifies an error of the library.
func problem(err error, wrote bool) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, keyring.ErrNotFound):
		return &account.Problem{Kind: account.KeyMissing}
	case errors.Is(err, keyring.ErrSetDataTooBig):
		return &account.Problem{Kind: account.KeyTooBig}
	case errors.Is(err, keyring.ErrUnsupportedPlatform):
		return notUsable(account.StoreUnsupported, err)
	}
	state := account.StoreUnresponsive
	if !errors.Is(err, errPanicked) {
		state = stateOf(err)
	}
	if wrote && state == account.StoreUnresponsive {
		// It went away in the middle, so the write may have happened.
		return &account.Problem{Kind: account.StoreRanOut, State: account.StoreUnknown, Err: err}
	}
	return notUsable(state, err)
}

// tooBig tells whether a system's keyring refuses a value. The library looks
// too, on macOS only after it has started a program, which then stays.
func tooBig(goos string, id account.KeyID, v value) bool {
	switch goos {
	case "windows":
		const most = 2560
		return len(v) > most
	case "darwin":
		// What the library writes to /usr/bin/security, whose lines end there.
		const most = 4096
		line := len("add-generic-password -U -s  -a  -w go-keyring-base64:\n") + len(service) + len(id) + base64.StdEncoding.EncodedLen(len(v))
		return line > most
	}
	return false
}
