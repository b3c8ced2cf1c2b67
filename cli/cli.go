// Package cli is the command line: one file a command. A command fills a draft
// from its flags and runs the same operations as the screens.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"charm.land/fang/v2"
	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/version"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// Start is how the program is to run.
type Start struct {
	Demo         bool
	Plain        bool
	Debug        bool           // every call is written to a log
	SignInClient string         // client id of the app to sign in to; empty: Microsoft's own
	Draft        *account.Draft // to go on with, or as far as flags told; nil: what the registry says
}

// Ports are what commands need, wired in main.
type Ports struct {
	// Run opens the screens, or plain lines where they are asked for or no
	// terminal is there.
	Run func(ctx context.Context, s Start) error
	// Open is what a command works on.
	Open func(ctx context.Context, s Start) (World, error)
	// Records are the accounts and drafts alone, for what asks nothing else.
	Records func(s Start) (link.Registry, error)
	// Machine is this machine, to be looked at also where Open fails.
	Machine func(s Start) link.Machine

	In       io.Reader
	Out      io.Writer // results
	Terminal bool      // a person is there to be asked
	Shown    bool      // Out is a terminal, so that whoever is there reads it
	// How wide the terminals are that results go to and what is said beside them; 0
	// where there is none.
	OutWidth, ErrsWidth int
	// Secret reads a passphrase without echo; nil where there is no terminal.
	Secret func(question string) ([]byte, error)
	Build  func() version.Build // what the program was built from
}

// World is what a command works on: operations, and what the registry lists.
type World struct {
	Env   steps.Env
	Known account.Contents
	Close func() // waits for what is being written
}

// Execute runs the command line and returns the exit code.
func Execute(ctx context.Context, ports Ports, errs io.Writer) int {
	l := line{ports: ports, errs: errs}
	err := fang.Execute(ctx, newRoot(&l), fang.WithoutManpage(), fang.WithoutVersion(), // -v would be taken for verbose
		fang.WithErrorHandler(func(io.Writer, fang.Styles, error) {})) // told once, here
	if l.err == nil && err != nil {
		l.err = usage{err}
	}
	l.tell()
	return code(l.err)
}

// line is one command line, and as it ended. An error is kept here and not given to
// fang: before it writes one, fang asks the terminal for its colours and waits
// for the answer, two seconds or, where somebody else reads it, for good
// (charm.land/fang/v2 v2.0.1, mustColorscheme).
type line struct {
	ports Ports
	start Start
	errs  io.Writer
	json  bool // the result is JSON
	yes   bool // nothing is asked
	err   error

	told  sync.Once // that it is to stop
	until time.Time // for what is being written then
}

// does is a command's function that keeps its error.
func (l *line) does(f func(context.Context, []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		if l.err == nil {
			l.err = f(cmd.Context(), args)
		}
		return nil
	}
}

// words lets a command have so many arguments and no more.
func (l *line) words(most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > most {
			l.err = surplus(cmd, args, most)
		}
		return nil
	}
}

// surplus is that there are more words than so many.
func surplus(cmd *cobra.Command, args []string, most int) error {
	if cmd.HasSubCommands() {
		return noCommand(cmd, args[0])
	}
	return misused(cmd, fmt.Errorf("%q is one word too many", account.Clean(args[most], 60)))
}

func newRoot(l *line) *cobra.Command {
	var version bool
	root := &cobra.Command{
		Use:   "xops-onboard",
		Short: "Link cloud accounts to Xops 360",
		Long:  "xops-onboard links your cloud accounts to Xops 360 from a terminal. Started alone it opens the wizard, or Home once an account is connected.",
		Args:  l.words(0),
		RunE: l.does(func(ctx context.Context, _ []string) error {
			if version {
				return l.version()
			}
			if l.json {
				return usage{errors.New("--json is for commands; without one the screens open")}
			}
			return l.ports.Run(ctx, l.start)
		}),
	}
	root.Flags().BoolVar(&version, "version", false, "print the version") // as people try it; the command is version
	// Every command takes these, so that a script may give them to all alike.
	root.PersistentFlags().BoolVar(&l.json, "json", false, "write JSON: one object, or one a line with the result last")
	root.PersistentFlags().BoolVar(&l.yes, "yes", false, "ask nothing, and do it")
	root.PersistentFlags().BoolVar(&l.start.Demo, "demo", false, "use a simulated cloud; nothing is real or kept")
	root.PersistentFlags().BoolVar(&l.start.Plain, "plain", false, "ask and answer in lines, for screen readers and pipes")
	root.PersistentFlags().BoolVar(&l.start.Debug, "debug", false, "write every call to a log in the state directory: no token, no body")
	root.PersistentFlags().StringVar(&l.start.SignInClient, "sign-in-client", "", "client id of an app of yours to sign in to, instead of Microsoft Graph Command Line Tools")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		l.err = misused(cmd, err)
		if slices.Contains(os.Args[1:], "--json") {
			l.json = true // flags behind the one that is wrong are not read
		}
		return nil
	})
	root.AddCommand(newAdd(l), newList(l), newVerify(l), newRotate(l), newRename(l), newCertificate(l), newMoveKey(l), newRemove(l), newDrafts(l), newResume(l), newUndo(l), newCredentials(l), newDoctor(l), newMan(l), newVersion(l))
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	l.ofCobra(root)
	return root
}

// ofCobra has the commands that cobra brings refuse words that they do not know,
// instead of showing help as if it had been asked for.
func (l *line) ofCobra(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "help":
			show := cmd.Run
			cmd.Run = func(cmd *cobra.Command, args []string) {
				if of, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					_ = l.words(0)(of, rest)
					return
				}
				show(cmd, args)
			}
		case "completion":
			cmd.Args, cmd.RunE = l.words(0), func(cmd *cobra.Command, args []string) error {
				if len(args) > 0 {
					return nil
				}
				return cmd.Help()
			}
		}
	}
}

// work opens what a command works on, has it work, and waits for what is being
// written then.
func (l *line) work(ctx context.Context, do func(context.Context, World) error) error {
	w, err := l.ports.Open(ctx, l.start)
	if err != nil {
		return err
	}
	defer l.close(w)
	if known := w.Known; len(known.Damaged) > 0 && len(known.Accounts)+len(known.Drafts) == 0 {
		return &known.Damaged[0] // never as if there were nothing
	}
	return do(ctx, w)
}

// askRest works as work does, and opens the screens or lines with the draft that do
// returns, of which something is left to be asked; nil for none.
func (l *line) askRest(ctx context.Context, do func(context.Context, World) (*account.Draft, error)) error {
	var asks *account.Draft
	err := l.work(ctx, func(ctx context.Context, w World) (err error) {
		asks, err = do(ctx, w)
		return err
	})
	if err != nil || asks == nil {
		return err
	}
	s := l.start
	s.Draft = asks
	return l.ports.Run(ctx, s)
}

// mayAsk is why what these flags would tell cannot be asked; nil where it can.
func (l *line) mayAsk(flags []string, plan bool) error {
	if plan || l.json || !l.ports.Terminal && !l.start.Plain {
		return missing(flags, "Without a terminal nothing is asked. --plain asks in lines.")
	}
	return nil
}

// close ends what runs, between two writes.
func (l *line) close(w World) {
	done := make(chan struct{})
	go func() { defer close(done); w.Close() }()
	l.wait(done)
}

// wait waits for the end of what was told to stop. What is written then is on
// record as begun, so that after the time there is nothing is lost.
func (l *line) wait(done <-chan struct{}) {
	l.told.Do(func() { l.until = time.Now().Add(link.MostHeld) })
	select {
	case <-done:
	case <-time.After(time.Until(l.until)):
	}
}

// voice is how a command tells what happens.
func (l *line) voice(w World) *voice {
	now := w.Env.Now
	if now == nil {
		now = time.Now
	}
	return &voice{
		out: l.ports.Out, events: l.ports.Out, errs: l.errs, outWidth: l.ports.OutWidth, errsWidth: l.ports.ErrsWidth,
		json: l.json, now: now, wait: l.wait,
	}
}

// tell says how it ended, for people, and as JSON where that was asked for.
func (l *line) tell() {
	if l.err == nil {
		return
	}
	var told *outcome
	if errors.As(l.err, &told) && told.said {
		if !l.json {
			tell(l.errs, l.err, l.ports.ErrsWidth)
		}
		return
	}
	if l.json {
		say, do := advice(l.err)
		r := result{State: "failed", Code: code(l.err), Error: account.Clean(say, textLimit), Advice: account.Clean(do, textLimit), Problem: toProblem(problemOf(l.err))}
		var o *outcome
		if errors.As(l.err, &o) {
			r.Counts, r.Checks, r.AWS, r.Certificate = o.counts, toChecks(o.checks), o.stack, o.certificate
		}
		l.voice(World{}).result(nil, r)
	}
	tell(l.errs, l.err, l.ports.ErrsWidth)
}
