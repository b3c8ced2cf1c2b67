package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// Exit codes.
const (
	Done        = 0
	Failed      = 1
	WrongUsage  = 2
	NotLinked   = 3 // not linked yet, or a check does not hold
	NotAllowed  = 4 // a sign-in or a right is missing
	NoKeyStore  = 5
	Unchecked   = 6 // nothing failed, and something could not be checked
	Interrupted = 130
)

// usage is an error in how the program was called.
type usage struct{ error }

// missing is the error for flags that are needed and not there.
func missing(flags []string, hint string) error {
	verb := "are"
	if len(flags) == 1 {
		verb = "is"
	}
	return &outcome{err: fmt.Errorf("%s %s missing", strings.Join(flags, ", "), verb), code: WrongUsage, hint: hint}
}

// noName is the error where an account has to be named.
func noName() error {
	return &outcome{err: errors.New("which account is missing"), code: WrongUsage, hint: "List them with: xops-onboard list"}
}

// noCommand is the error for a word that is no command of cmd's.
func noCommand(cmd *cobra.Command, word string) error {
	of := cmd.CommandPath()
	name := strings.TrimPrefix(of+" "+word, cmd.Root().Name()+" ")
	hint := "List them with: " + of + " --help"
	cmd.SuggestionsMinimumDistance = 2 // letters that may be others
	if like := cmd.SuggestionsFor(word); len(like) > 0 {
		hint = "Did you mean: " + of + " " + strings.Join(like, ", or "+of+" ")
	}
	return &outcome{err: fmt.Errorf("there is no command %q", account.Clean(name, 60)), code: WrongUsage, hint: hint}
}

// misused is the error for what a command does not take.
func misused(cmd *cobra.Command, err error) error {
	return &outcome{err: err, code: WrongUsage, hint: "What it takes is told by: " + cmd.CommandPath() + " --help"}
}

// wrong is the error for a flag whose value is not sound.
func wrong(flag string, err error) error {
	return usage{fmt.Errorf("%s: %s", flag, steps.Advise(account.AsProblem(err)).Line())}
}

// outcome is how a command ended, where more is known than its error says.
type outcome struct {
	err  error
	code int    // 0: the error's own
	hint string // what to do in this command, after what the error's own advice says
	said bool   // its result is written already

	counts map[account.CheckState]int // of accounts, by how they stand
	checks []account.Check            // that were made
	stack  *linkedAWS                 // of an AWS draft that is not linked yet

	certificate *savedCertificate // that is to be uploaded by hand
}

// notLinked is an error of an account that is not linked, with the checks that were
// made of it; a report of nil is that none was.
func notLinked(err error, r *account.Report, d account.Draft) error {
	if err == nil {
		return nil
	}
	m := more(err)
	if r != nil {
		m.checks = r.Checks
	}
	if d.Provider == account.AWS {
		m.stack = toStack(d)
	}
	return m
}

func (o *outcome) Error() string { return o.err.Error() }
func (o *outcome) Unwrap() error { return o.err }

// more is an error to which what is to be done can be added.
func more(err error) *outcome {
	m := &outcome{err: err, code: code(err)}
	var o *outcome
	if errors.As(err, &o) {
		m.hint, m.counts, m.checks, m.stack, m.certificate = o.hint, o.counts, o.checks, o.stack, o.certificate
	}
	return m
}

// say adds to what is to be done.
func (o *outcome) say(text string) { o.hint = strings.TrimSpace(o.hint + " " + text) }

// kept adds to an error that the draft is kept, and by which command one goes
// on with it.
func (w World) kept(err error, command string, d account.Draft) error {
	if err == nil || w.Env.Demo != nil { // of the demo nothing is kept
		return err
	}
	k := more(err)
	k.say("The draft is kept; go on with: xops-onboard " + command + " " + word(string(d.Name)))
	return k
}

// word is a text as one word of a shell, as it is where it needs no quotes.
func word(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == "" && !strings.HasPrefix(s, "-") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// ended is the error of what ended because ctx did: it was stopped.
func ended(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	}
	return err
}

// code is the exit code of an error.
func code(err error) int {
	var u usage
	var o *outcome
	switch {
	case err == nil:
		return Done
	case errors.Is(err, tea.ErrInterrupted), errors.Is(err, context.Canceled):
		return Interrupted
	case errors.As(err, &u):
		return WrongUsage
	case errors.As(err, &o) && o.code != 0:
		return o.code
	case errors.Is(err, steps.ErrLater):
		return NotLinked
	}
	return codeOf(account.KindOf(err))
}

// codeOf is the exit code of a kind of problem.
func codeOf(k account.Kind) int {
	switch k {
	case account.Cancelled:
		return Interrupted
	case account.StoreNotUsable, account.StoreRanOut, account.StoreKeptNot:
		return NoKeyStore
	case account.SpreadingTooLong:
		return NotLinked
	case account.InputEmpty, account.InputLong, account.InputNotID, account.InputManyIDs, account.InputNotDomain, account.InputNotTenant,
		account.InputTaken, account.InputReserved, account.InputControl, account.AWSNoProfile,
		account.CertificateUnread, account.CertificateOther:
		return WrongUsage
	case account.SignInBlocked, account.DeviceNotManaged, account.StrongerSignIn, account.StrongerSignInSetUp,
		account.ConsentMissing, account.ConsentDeclined, account.ConsentNotAllowed,
		account.ClientUnfit, account.ClientNotThere, account.ClientDisabled, account.ClientNotAssigned,
		account.AccountElsewhere, account.GuestRefused, account.TenantRestricted, account.WrongTenantSignedIn,
		account.AWSSignInOver, account.AWSDenied, account.AWSKeyUnknown, account.AWSSecretWrong, account.AWSNoCredentials, account.AWSOrganization,
		account.AWSOtherAccount, account.AWSNotManagement, account.AuthorityGone,
		account.AzureRoleMissing, account.ElevationNotTaken, account.ElevatedByOther, account.AssignmentLocked,
		account.SignInOver, account.SignInNotMade, account.DeviceCodeOver, account.DeviceCodeDeclined, account.RightMissing:
		return NotAllowed
	}
	return Failed
}

// advice is what an error says, and what to do.
func advice(err error) (say, do string) {
	say = err.Error()
	var p *account.Problem
	if errors.As(err, &p) {
		a := steps.Advise(p)
		say, do = a.Say, a.Do
		if len(a.Causes) > 0 {
			do += " " + strings.Join(a.Causes, "; ") + "."
		}
	}
	var o *outcome
	if errors.As(err, &o) {
		do = strings.TrimSpace(do + " " + o.hint)
	}
	return say, do
}

// tell says an error and a hint, for people.
func tell(w io.Writer, err error, width int) {
	if err == nil || errors.Is(err, tea.ErrInterrupted) {
		return
	}
	say, hint := advice(err)
	fmt.Fprintln(w, steps.Folded("xops-onboard: error: "+account.Clean(say, 500), width))
	if hint != "" {
		fmt.Fprintln(w, steps.Folded("xops-onboard: hint: "+account.Clean(hint, 500), width))
	}
}
