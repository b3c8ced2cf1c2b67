// Package cli is the command line: one file a command. A command fills a draft
// from its flags and runs the same operations as the screens.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"

	tea "charm.land/bubbletea/v2"
	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// Exit codes.
const (
	Done        = 0
	Failed      = 1
	WrongUsage  = 2
	NotLinked   = 3
	NoKeyStore  = 5
	Interrupted = 130
)

// Start is how the program is to run.
type Start struct {
	Demo         bool
	Plain        bool
	SignInClient string // client id of the app to sign in to; empty: Microsoft's own
}

// Ports are what commands need, wired in main.
type Ports struct {
	// Run opens the screens, or plain lines where they are asked for or no
	// terminal is there.
	Run func(ctx context.Context, s Start) error
}

// usage is an error in how the program was called.
type usage struct{ error }

// Execute runs the command line and returns the exit code.
func Execute(ctx context.Context, ports Ports, errs io.Writer) int {
	var l line
	err := fang.Execute(ctx, newRoot(ports, &l), fang.WithoutVersion()) // -v would be taken for verbose
	if l.err == nil && err != nil {
		l.err = usage{err}
	}
	tell(errs, l.err)
	return code(l.err)
}

// line is one command line as it ended. An error is kept here and not given to
// fang: before it writes one, fang asks the terminal for its colours and waits
// for the answer, two seconds or, where somebody else reads it, for good
// (charm.land/fang/v2 v2.0.1, mustColorscheme).
type line struct{ err error }

// does is a command's function that keeps its error.
func (l *line) does(f func(*cobra.Command) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, _ []string) error {
		if l.err == nil {
			l.err = f(cmd)
		}
		return nil
	}
}

func newRoot(ports Ports, l *line) *cobra.Command {
	var s Start
	root := &cobra.Command{
		Use:   "xops-onboard",
		Short: "Link cloud accounts to Xops 360",
		Long:  "xops-onboard links your cloud accounts to Xops 360 from a terminal. Started alone it opens the wizard, or Home once an account is connected.",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				l.err = usage{fmt.Errorf("there is no command %q", account.Clean(args[0], 60))}
			}
			return nil
		},
		RunE: l.does(func(cmd *cobra.Command) error { return ports.Run(cmd.Context(), s) }),
	}
	root.PersistentFlags().BoolVar(&s.Demo, "demo", false, "use a simulated cloud; nothing is real or kept")
	root.PersistentFlags().BoolVar(&s.Plain, "plain", false, "ask and answer in lines, for screen readers and pipes")
	root.PersistentFlags().StringVar(&s.SignInClient, "sign-in-client", "", "client id of an app of yours to sign in to, instead of Microsoft Graph Command Line Tools")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		l.err = usage{err}
		return nil
	})
	return root
}

// code is the exit code of an error.
func code(err error) int {
	var u usage
	switch {
	case err == nil:
		return Done
	case errors.Is(err, tea.ErrInterrupted), errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &u):
		return WrongUsage
	case errors.Is(err, steps.ErrLater):
		return NotLinked
	}
	switch account.KindOf(err) {
	case account.StoreNotUsable, account.StoreRanOut, account.StoreKeptNot:
		return NoKeyStore
	}
	return Failed
}

// tell says an error and a hint, for people.
func tell(w io.Writer, err error) {
	if err == nil || errors.Is(err, tea.ErrInterrupted) {
		return
	}
	say, hint := err.Error(), ""
	var p *account.Problem
	if errors.As(err, &p) {
		a := steps.Advise(p)
		say, hint = a.Say, a.Do
	}
	fmt.Fprintf(w, "xops-onboard: error: %s\n", account.Clean(say, 500))
	if hint != "" {
		fmt.Fprintf(w, "xops-onboard: hint: %s\n", account.Clean(hint, 500))
	}
}
