package main

import (
	"cmp"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/steps"
)

// debugLog is where --debug tells of every call that was made: when, where to, how it
// ended and the ids to quote. There is no token in it, no body, and no query but a
// read's. The zero one is silent.
type debugLog struct {
	path string
	log  *log.Logger // it keeps lines of several calls apart
}

// openDebug opens the log, of which the beginning says what this machine is set to. It
// is appended to, and readable by this user alone.
func openDebug(s cli.Start, state string) (d debugLog, _ error) {
	if !s.Debug {
		return d, nil
	}
	d.path = filepath.Join(state, "debug.log")
	if err := os.MkdirAll(state, 0o700); err != nil {
		return d, notOpened(d.path, err)
	}
	f, err := os.OpenFile(d.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) // until the process ends
	if err != nil {
		return d, notOpened(d.path, err)
	}
	d.log = log.New(f, strconv.Itoa(os.Getpid())+" ", log.LstdFlags|log.Lmicroseconds|log.LUTC|log.Lmsgprefix)
	b := build()
	d.log.Printf("start version=%q commit=%q go=%q", b.Version, b.Commit, b.Go)
	now := time.Now()
	for _, f := range append(terminalFound(now), rest.Settings(os.Getenv, now)...) {
		d.log.Printf("found %q state=%s detail=%q", steps.FindingTitle(f), f.State, f.Detail)
	}
	return d, nil
}

func notOpened(path string, err error) error {
	return &account.Problem{Kind: account.FileNotWritten, Subject: account.Clean(path, 300), Err: err}
}

// called notes a call that is over.
func (d debugLog) called(a rest.Answer, err error) {
	if d.log == nil {
		return
	}
	d.log.Printf("call method=%s to=%q status=%d took=%s tries=%d request=%q clientRequest=%q problem=%s", a.Method, a.Path, a.Status,
		a.Took().Round(time.Millisecond), a.Sent, a.RequestID, a.ClientRequestID, cmp.Or(string(account.KindOf(err)), "none"))
}

// tell says where the log is.
func (d debugLog) tell(w io.Writer) {
	if d.log != nil {
		fmt.Fprintln(w, "Every call is written to", account.Clean(d.path, 300))
	}
}
