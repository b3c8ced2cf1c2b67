package cli

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// listedAccounts are all accounts as JSON.
type listedAccounts struct {
	Accounts []listedAccount `json:"accounts"`
}

// listedAccount is an account as the list writes it.
type listedAccount struct {
	linkedAccount
	DaysLeft *int          `json:"daysLeft,omitempty"` // until the certificate's end; below zero when it is over
	Checked  *lastCheck    `json:"checked,omitempty"`
	Begun    account.Begun `json:"begun,omitempty"`
	Owned    bool          `json:"owned"` // a living copy of the program works on it
}

// lastCheck is what the newest verification found, and how old it is.
type lastCheck struct {
	At         moment             `json:"at"`
	AgeSeconds int64              `json:"ageSeconds"`
	State      account.CheckState `json:"state"` // of the worst check
}

func newList(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts",
		Long: "List the accounts with what is known of them here: nothing is asked of a service. The last check is that of verify or of the screens. " +
			"With --json an account has expires and daysLeft, unless it is an AWS account by a profile, which has no certificate.",
		Args: l.words(0),
		RunE: l.does(func(ctx context.Context, _ []string) error {
			return l.work(ctx, l.list)
		}),
	}
	return cmd
}

func (l *line) list(ctx context.Context, w World) error {
	v := l.voice(w)
	out := listedAccounts{make([]listedAccount, 0, len(w.Known.Accounts))}
	checks, err := w.Env.Ops.Ports().Registry.LastChecks(ctx)
	if err != nil {
		return err
	}
	if !l.json {
		return l.listLines(v, w, checks)
	}
	for _, r := range w.Known.Accounts {
		a, err := w.listed(ctx, r, checks, v.now())
		if account.KindOf(err) == account.NotFound {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		out.Accounts = append(out.Accounts, a)
	}
	if err := encode(l.ports.Out, out); err != nil {
		return err
	}
	return w.unread()
}

// listLines writes the list for people. What it says is in the rows: no
// account's own file is read.
func (l *line) listLines(v *voice, w World, checks map[account.ID]account.LastCheck) error {
	out := bufio.NewWriter(l.ports.Out)
	now := v.now()
	for _, r := range w.Known.Accounts {
		fmt.Fprintln(out, account.Clean(inList(r, checks[r.ID], now), textLimit))
	}
	if err := out.Flush(); err != nil {
		return err
	}
	switch {
	case len(w.Known.Drafts) > 0:
		v.say("%s not finished; see them with: xops-onboard drafts", is(len(w.Known.Drafts), "draft"))
	case len(w.Known.Accounts) == 0:
		v.say("There is no account.")
	}
	return w.unread()
}

// unread is the first record that could not be read. What is listed is not all
// then, and no script may take it for that.
func (w World) unread() error {
	if len(w.Known.Damaged) == 0 {
		return nil
	}
	return &w.Known.Damaged[0]
}

func (w World) listed(ctx context.Context, r account.Row, checks map[account.ID]account.LastCheck, now time.Time) (listedAccount, error) {
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, r.ID)
	if err != nil {
		return listedAccount{}, err
	}
	a := listedAccount{linkedAccount: *toLinked(acc), Begun: acc.Begun(), Owned: r.Owned}
	return a.dated(checks[r.ID], now), nil
}

// dated is the account with what follows from the time it is.
func (a listedAccount) dated(last account.LastCheck, now time.Time) listedAccount {
	if !a.Expires.IsZero() { // an AWS account by a profile has no certificate
		left := daysLeft(a.Expires.Time, now)
		a.DaysLeft = &left
	}
	if last != (account.LastCheck{}) {
		a.Checked = &lastCheck{moment{last.At}, int64(now.Sub(last.At).Seconds()), last.State}
	}
	return a
}

func daysLeft(end, now time.Time) int { return int(math.Floor(end.Sub(now).Hours() / 24)) }

// inList is an account as one line says it.
func inList(r account.Row, last account.LastCheck, now time.Time) string {
	parts := make([]string, 0, 6)
	say := func(part string) { parts = append(parts, part) }
	if r.Provider == account.AWS {
		say(strings.TrimSpace(string(r.Name) + ": " + r.Provider.String() + " " + r.Holder))
	} else {
		say(string(r.Name) + ": " + r.Provider.String() + " " + r.Cloud.Cloud().Name)
		if r.Holder != "" {
			say("tenant " + r.Holder)
		}
	}
	switch left := daysLeft(r.Expires, now); {
	case r.Expires.IsZero() && r.Provider == account.AWS:
		say("by profile " + r.Profile)
	case r.Expires.IsZero():
	case left < 0:
		say("key expired")
	default:
		say("key ends in " + account.Counted(left, "day"))
	}
	if last == (account.LastCheck{}) {
		say("not checked yet")
	} else {
		say(stateWords[last.State] + " " + ago(now.Sub(last.At)))
	}
	if r.Begun != "" {
		say(begunWords[r.Begun])
	}
	if r.Owned {
		say("in use by another window")
	}
	return strings.Join(parts, ", ")
}

// stateWords are the worst check of an account.
var stateWords = map[account.CheckState]string{
	account.Holds: "every check held", account.Warning: "every check held, one with a warning",
	account.Missing: "a check did not hold", account.Unknown: "something could not be checked",
}

// begunWords are what was begun and not ended.
var begunWords = map[account.Begun]string{
	account.Rotating: "a rotation was begun", account.OldKeyLeft: "the key before is not gone yet", account.MovingKey: "a move of its key was begun",
	account.KeysLeft: "keys that nobody needs could not be deleted", account.Removing: "its removal was begun", account.Repointing: "is to take the place of the account of that name",
}

// ago is an age in words.
func ago(d time.Duration) string {
	switch {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return account.Counted(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return account.Counted(int(d.Hours()), "hour") + " ago"
	}
	return account.Counted(int(d.Hours()/24), "day") + " ago"
}

// is is a count with its noun and verb.
func is(n int, noun string) string {
	if n == 1 {
		return account.Counted(n, noun) + " is"
	}
	return account.Counted(n, noun) + " are"
}
