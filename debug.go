package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
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
	log  *slog.Logger
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
	d.log = slog.New(slog.NewTextHandler(f, nil)).With("pid", os.Getpid())
	b := build()
	d.log.Info("start", "version", b.Version, "commit", b.Commit, "go", b.Go)
	now := time.Now()
	for _, f := range append(terminalFound(now), rest.Settings(os.Getenv, now)...) {
		d.log.Info("found", "what", steps.FindingTitle(f), "state", f.State, "detail", f.Detail)
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
	d.log.Info("call", "method", a.Method, "to", a.Path, "status", a.Status, "took", a.Took().Round(time.Millisecond), "tries", a.Sent,
		"request", a.RequestID, "clientRequest", a.ClientRequestID, "problem", cmp.Or(string(account.KindOf(err)), "none"))
}

// tell says where the log is.
func (d debugLog) tell(w io.Writer) {
	if d.log != nil {
		fmt.Fprintln(w, "Every call is written to", account.Clean(d.path, 300))
	}
}
