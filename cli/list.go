package cli

import (
	"context"
	"math"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
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
		RunE: l.does(func(ctx context.Context, _ []string) error { return l.list(ctx) }),
	}
	return cmd
}

// list opens the records alone, and keeps no row of them: it is asked often, and of
// many accounts.
func (l *line) list(ctx context.Context) error {
	records, err := l.ports.Records(l.start)
	if err != nil {
		return err
	}
	write := l.listLines
	if l.json {
		write = l.listObjects
	}
	others, err := write(ctx, records)
	if err != nil {
		return err
	}
	return unread(others)
}

// unread is the first record that could not be read. What is listed is not all
// then, and no script may take it for that.
func unread(known account.Contents) error {
	if len(known.Damaged) == 0 {
		return nil
	}
	return &known.Damaged[0]
}

// listObjects writes the list for programs.
func (l *line) listObjects(ctx context.Context, records link.Registry) (others account.Contents, err error) {
	type row struct {
		id    account.ID
		last  account.LastCheck
		owned bool
	}
	var rows []row
	others, err = records.List(ctx, func() func(account.Row, account.LastCheck) {
		rows = nil
		return func(r account.Row, last account.LastCheck) { rows = append(rows, row{r.ID, last, r.Owned}) }
	})
	if err != nil || len(rows) == 0 && len(others.Damaged) > 0 { // never as if there were nothing
		return others, err
	}
	out := listedAccounts{make([]listedAccount, 0, len(rows))}
	now := time.Now()
	for _, r := range rows {
		a, err := records.Account(ctx, r.id)
		if account.KindOf(err) == account.NotFound {
			continue // removed meanwhile
		}
		if err != nil {
			return others, err
		}
		listed := listedAccount{linkedAccount: *toLinked(a), Begun: a.Begun(), Owned: r.owned}
		out.Accounts = append(out.Accounts, listed.dated(r.last, now))
	}
	return others, encode(l.ports.Out, out)
}

// listLines writes the list for people. What it says is in the rows: no
// account's own file is read.
func (l *line) listLines(ctx context.Context, records link.Registry) (others account.Contents, err error) {
	var out lines
	now := time.Now()
	others, err = records.List(ctx, func() func(account.Row, account.LastCheck) {
		out = lines{}
		return func(r account.Row, last account.LastCheck) { out.account(r, last, now) }
	})
	if err != nil {
		return others, err
	}
	there, err := out.write(l.ports.Out)
	if err != nil {
		return others, err
	}
	switch v := l.voice(World{}); {
	case len(others.Drafts) > 0:
		v.say("%s not finished; see them with: xops-onboard drafts", is(len(others.Drafts), "draft"))
	case !there && len(others.Damaged) == 0:
		v.say("There is no account.")
	}
	return others, nil
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

// is is a count with its noun and verb.
func is(n int, noun string) string {
	if n == 1 {
		return account.Counted(n, noun) + " is"
	}
	return account.Counted(n, noun) + " are"
}
