// Package browser shows a web page to the person: with $BROWSER, or with what
// the system has for it. The program it starts has no part in this process's
// terminal. It cannot draw over the screen, and a browser that lives in a
// terminal is never started.
package browser

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
)

// ErrNone says that there is nothing here that could show a page to the person.
var ErrNone = errors.New("no browser can be opened from here")

// patience is how long a program that was started is watched for failing.
// After that it counts as started: many do not return before the page is closed.
const patience = 2 * time.Second

// Available tells whether Open has something to start that could show a page
// to the person. getenv gives the environment, as os.Getenv does. On a machine
// that the person is logged in to over SSH only $BROWSER or a forwarded display
// counts: the system's own opener would show the page to somebody else.
func Available(getenv func(string) string) bool {
	return len(opener{runtime.GOOS, getenv, patience}.programs()) > 0
}

// Open shows the page. It returns nil once a program was started that has
// not failed, at the latest after two seconds for each program tried, and the
// error of ctx when that ends before. Only https addresses are opened, and http
// ones of this machine.
func Open(ctx context.Context, address string) error {
	return opener{runtime.GOOS, os.Getenv, patience}.open(ctx, address)
}

// opener is an environment to open pages from.
type opener struct {
	goos     string
	getenv   func(string) string
	patience time.Duration
}

func (o opener) open(ctx context.Context, address string) error {
	if err := allowed(address); err != nil {
		return err
	}
	failed := ErrNone
	for _, program := range o.programs() {
		err := o.start(ctx, program.with(address))
		if err == nil || ctx.Err() != nil {
			return err
		}
		failed = err
	}
	return failed
}

// allowed keeps everything but web pages from being opened: an opener takes
// files, and schemes that start programs, too.
func allowed(address string) error {
	u, err := url.Parse(address)
	if err != nil || strings.ContainsFunc(address, unicode.IsControl) { // Parse lets them pass after a #
		return errors.New("open page: not an address")
	}
	local := slices.Contains([]string{"localhost", "127.0.0.1", "::1"}, u.Hostname())
	if u.Hostname() == "" || u.User != nil || !(u.Scheme == "https" || u.Scheme == "http" && local) {
		return errors.New("open page: neither https nor this machine")
	}
	return nil
}

// start runs the program on its own: no terminal, no streams of ours.
func (o opener) start(ctx context.Context, argv []string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	cmd := exec.Command(argv[0], argv[1:]...) // not bound to ctx: the browser outlives it
	cmd.Env = slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "BROWSER=") })
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(argv[0]), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	late := time.NewTimer(o.patience)
	defer late.Stop()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("run %s: %w", filepath.Base(argv[0]), err)
		}
		return nil
	case <-late.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
