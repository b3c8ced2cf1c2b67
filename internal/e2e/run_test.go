//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// run runs a command whose sign-ins an administrator answers.
func (w *walk) run(end time.Duration, sig os.Signal, args ...string) (code int, out []byte) {
	w.t.Helper()
	cmd := w.machine.command(args...)
	var both, errs output
	cmd.Stdout, cmd.Stderr = &both, io.MultiWriter(&both, &errs)
	w.do(cmd.Start())
	w.watch(cmd, both.all, errs.all)
	over := make(chan struct{})
	go func() { _ = cmd.Wait(); close(over) }()
	late, look := time.After(end), time.NewTicker(20*time.Millisecond)
	defer look.Stop()
	told := false
	for {
		select {
		case <-over:
			if out = both.all(); fell(out) {
				w.fails("%v fell over:\n%s", args, out)
			}
			return cmd.ProcessState.ExitCode(), out
		case <-look.C:
			w.answers(string(both.all()))
		case <-late:
			if told {
				_ = cmd.Process.Signal(syscall.SIGQUIT) // with all its goroutines
				<-over
				w.fails("%v does not end %v after %v\n%s", args, endLimit, sig, both.all())
				return -1, both.all()
			}
			told, late = true, time.After(endLimit)
			w.step("  %v after %v", sig, end)
			_ = cmd.Process.Signal(sig)
		}
	}
}

// answers has the administrator sign in where the text asks for it.
func (w *walk) answers(text string) {
	for _, prompt := range append(between(text, `"userCode":"`, `"`), between(text, `"url":"`, `"`)...) {
		prompt = strings.ReplaceAll(prompt, `\u0026`, "&")
		if w.typed[prompt] {
			continue
		}
		w.typed[prompt] = true
		ada := w.tenant.Browser(w.upn)
		ada.Consent = simcloud.AcceptForEveryone
		ctx, cancel := context.WithTimeout(w.t.Context(), endLimit)
		// The program may be killed meanwhile, or the page be a fault's.
		if strings.HasPrefix(prompt, "https://login.") {
			_, _ = ada.Open(ctx, prompt)
		} else if len(prompt) == 9 {
			_, _ = ada.EnterCode(ctx, prompt)
		}
		cancel()
	}
}

// between are the texts between two marks.
func between(text, from, to string) (all []string) {
	for _, part := range strings.Split(text, from)[1:] {
		if found, _, ends := strings.Cut(part, to); ends {
			all = append(all, found)
		}
	}
	return all
}

// output is what a command wrote so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) all() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.b.Bytes())
}

// fallen is what a program says from where it fell over.
func fallen(b []byte) string {
	at := slices.MinFunc(marks, func(x, y string) int { return last(b, x) - last(b, y) })
	return string(b[last(b, at):])
}

func last(b []byte, mark string) int {
	if i := bytes.Index(b, []byte(mark)); i >= 0 {
		return i
	}
	return len(b)
}

// marks are what a Go program that falls over has in its last words.
var marks = []string{"panic", "goroutine ", "runtime error", "DATA RACE"}

// fell tells whether a program says that it fell over.
func fell(b []byte) bool {
	return slices.ContainsFunc(marks, func(s string) bool { return bytes.Contains(b, []byte(s)) })
}
