package cli

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// listedAccount is an account as the list writes it.
type listedAccount struct {
	Name       account.Name     `json:"name"`
	Provider   account.Provider `json:"provider"`
	Cloud      account.CloudID  `json:"cloud,omitempty"`
	AWS        *linkedAWS       `json:"aws,omitempty"`
	Tenant     account.TenantID `json:"tenant,omitempty"`
	TenantName string           `json:"tenantName,omitempty"`
	Expires    time.Time        `json:"expires,omitzero"`   // end of the certificate; an AWS account by a profile has none
	DaysLeft   *int             `json:"daysLeft,omitempty"` // until then; below zero when it is over
	Checked    *lastCheck       `json:"checked,omitempty"`
	Begun      account.Begun    `json:"begun,omitempty"`
	Owned      bool             `json:"owned"` // a living copy of the program works on it
}

// lastCheck is what the newest verification found, and how old it is.
type lastCheck struct {
	At         time.Time          `json:"at"`
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
	l.asJSON(cmd)
	return cmd
}

func (l *line) list(ctx context.Context, w World) error {
	v := l.voice(w)
	out := struct {
		Accounts []listedAccount `json:"accounts"`
	}{make([]listedAccount, 0, len(w.Known.Accounts))}
	for _, r := range w.Known.Accounts {
		a, err := w.listed(ctx, r, v.now())
		if account.KindOf(err) == account.NotFound {
			continue // removed meanwhile
		}
		if err != nil {
			return err
		}
		out.Accounts = append(out.Accounts, a)
	}
	if l.json {
		if err := encode(l.ports.Out, out); err != nil {
			return err
		}
		return w.unread()
	}
	for _, a := range out.Accounts {
		fmt.Fprintln(l.ports.Out, account.Clean(a.String(), textLimit))
	}
	switch {
	case len(w.Known.Drafts) > 0:
		v.say("%s not finished; see them with: xops-onboard drafts", is(len(w.Known.Drafts), "draft"))
	case len(out.Accounts) == 0:
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

func (w World) listed(ctx context.Context, r account.Row, now time.Time) (listedAccount, error) {
	reg := w.Env.Ops.Ports().Registry
	acc, err := reg.Account(ctx, r.ID)
	if err != nil {
		return listedAccount{}, err
	}
	m := acc.Microsoft()
	a := listedAccount{
		Name: acc.Name, Provider: acc.Provider, Cloud: acc.Cloud.Cloud().ID, Tenant: m.Tenant, TenantName: m.TenantName,
		Expires: acc.Key.Certificate.NotAfter, Begun: acc.Begun(), Owned: r.Owned,
	}
	if acc.Provider == account.AWS {
		a.Cloud, a.AWS = "", toStack(account.Draft{Link: acc.Link, Authority: acc.Authority})
	}
	if !a.Expires.IsZero() { // an AWS account by a profile has no certificate
		left := int(math.Floor(a.Expires.Sub(now).Hours() / 24))
		a.DaysLeft = &left
	}
	if last, err := reg.LastReport(ctx, r.ID); err == nil {
		a.Checked = &lastCheck{last.At, int64(now.Sub(last.At).Seconds()), worst(last)}
	}
	return a, nil
}

func (a listedAccount) String() string {
	text := fmt.Sprintf("%s: %s %s", a.Name, a.Provider, a.Cloud.Cloud().Name)
	if a.AWS != nil {
		text = strings.TrimSpace(fmt.Sprintf("%s: %s %s", a.Name, a.Provider, a.AWS.Account))
	}
	if a.TenantName != "" {
		text += ", tenant " + a.TenantName
	}
	switch {
	case a.DaysLeft == nil && a.AWS != nil:
		text += ", by profile " + a.AWS.Named
	case a.DaysLeft == nil:
	case *a.DaysLeft < 0:
		text += ", key expired"
	default:
		text += ", key ends in " + account.Counted(*a.DaysLeft, "day")
	}
	if a.Checked == nil {
		text += ", not checked yet"
	} else {
		text += ", " + stateWords[a.Checked.State] + " " + ago(time.Duration(a.Checked.AgeSeconds)*time.Second)
	}
	if a.Begun != "" {
		text += ", " + begunWords[a.Begun]
	}
	if a.Owned {
		text += ", in use by another window"
	}
	return text
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
