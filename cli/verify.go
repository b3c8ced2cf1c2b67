package cli

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"iter"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
	"github.com/axiomio/xops-onboard/steps"
)

// verify is the flags of verify, and what the rounds before found.
type verify struct {
	*line
	all, watch bool
	wait       time.Duration
	before     map[account.ID]uint64 // how each account stood, to tell what changed
}

func newVerify(l *line) *cobra.Command {
	r := &verify{line: l, before: map[account.ID]uint64{}}
	cmd := &cobra.Command{
		Use:   "verify [name…]",
		Short: "Check that accounts still hold",
		Long: "Ask the real services whether accounts hold, each with its own key, and keep what was found for list and the screens. Nothing is changed. " +
			"With --wait it looks again until every check holds or the time is over; with --watch every minute until it is stopped, and tells what changed.",
		Example: "xops-onboard verify --all",
		Args:    cobra.ArbitraryArgs,
		RunE: l.does(func(ctx context.Context, names []string) error {
			switch {
			case r.all && len(names) > 0:
				return usage{errors.New("--all is every account; it takes no name")}
			case r.watch && r.wait != 0:
				return usage{errors.New("--watch goes on until it is stopped; --wait until everything holds")}
			case r.wait < 0:
				return usage{errors.New("--wait: it is a time such as 10m")}
			}
			return l.work(ctx, func(ctx context.Context, w World) error {
				rows, err := w.chosen(names, r.all)
				if err != nil {
					return err
				}
				return r.run(ctx, w, rows)
			})
		}),
	}
	l.takesNames(cmd, math.MaxInt, accounts)
	cmd.Flags().BoolVar(&r.all, "all", false, "every account")
	cmd.Flags().BoolVar(&r.watch, "watch", false, "look again every minute, and tell what changed, until it is stopped")
	cmd.Flags().DurationVar(&r.wait, "wait", 0, "how long to look again until every check holds")
	return cmd
}

const (
	verifying = 32 // accounts at a time

	watchPause = time.Minute // between two rounds that are watched
	firstPause = 5 * time.Second
	lastPause  = 30 * time.Second // between two rounds until everything holds
)

// run verifies these accounts once, or in rounds.
func (r *verify) run(ctx context.Context, w World, rows []account.Row) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	v := r.voice(w)
	end := v.now().Add(r.wait)
	for pause := firstPause; ; pause = min(pause*3/2, lastPause) {
		found, verdict := r.round(ctx, w, v, rows)
		switch {
		case ctx.Err() != nil:
			return ended(ctx, ctx.Err())
		case r.watch:
			pause = watchPause
		case verdict == nil:
			v.result(nil, result{State: "verified", Counts: found})
			return nil
		case found == nil, !v.now().Before(end):
			return verdict
		default:
			pause = min(pause, end.Sub(v.now()))
		}
		if v.json {
			v.line(v.events, round{moment{v.now()}, "round", "waiting", found, moment{v.now().Add(pause)}})
		}
		if err := rested(ctx, pause); err != nil {
			return ended(ctx, err)
		}
		if c, err := w.Env.Ops.Ports().Registry.Contents(ctx); err == nil && r.all { // also what was added meanwhile
			rows = c.Accounts
		}
	}
}

// round is the end of one of several, as JSON.
type round struct {
	At     moment                     `json:"at"`
	Step   string                     `json:"step"`
	State  string                     `json:"state"`
	Counts map[account.CheckState]int `json:"counts,omitempty"` // of accounts, by how they stand
	Next   moment                     `json:"next"`             // when it looks again
}

// rested waits, unless ctx ends.
func rested(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// round verifies these accounts, and tells of each when it is done and stands
// otherwise than before. Without counts it could not begin. Of an account no more
// is kept than how it stands: there may be very many.
func (r *verify) round(ctx context.Context, w World, v *voice, rows []account.Row) (map[account.CheckState]int, error) {
	stores := stores(slices.Values(rows))
	if shut := r.shut(ctx, w, stores); len(shut) > 0 && len(shut) == len(stores) {
		return nil, shut[stores[0]]
	}
	var mu sync.Mutex
	found := map[account.CheckState]int{}
	turn.Each(ctx, verifying, slices.Values(rows), func(ctx context.Context, row account.Row) {
		a, report, err := v.report(ctx, w, row)
		if ctx.Err() != nil || account.KindOf(err) == account.NotFound { // removed meanwhile
			return
		}
		state := account.Unknown
		if err == nil {
			state = report.Worst()
		}
		stands := standing(report, err)
		mu.Lock()
		found[state]++
		was, known := r.before[a.ID]
		same := known && was == stands
		r.before[a.ID] = stands
		mu.Unlock()
		if !same {
			v.verified(a, state, report, err)
		}
	})
	if r.all && ctx.Err() == nil {
		v.say("%s: %d hold, %d do not, %d could not be checked.", account.Counted(all(found), "account"), found[account.Holds]+found[account.Warning], found[account.Missing], found[account.Unknown])
		if err := unread(w.Known); err != nil {
			return nil, err
		}
	}
	return found, verdict(rows, found)
}

// all is how many accounts were looked at.
func all(found map[account.CheckState]int) (n int) {
	for _, of := range found {
		n += of
	}
	return n
}

// seed is of the sums by which two standings are compared.
var seed = maphash.MakeSeed()

// standing is the sum of how an account stands, to be compared with how it stood.
func standing(r account.Report, err error) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	fmt.Fprintf(&h, "%s", account.KindOf(err))
	for _, c := range r.Checks {
		fmt.Fprintf(&h, " %s %s %s %q", c.Name, c.State, account.KindOf(problem(c)), c.Detail)
	}
	return h.Sum64()
}

// verdict is the error of what did not hold, or could not be checked.
func verdict(rows []account.Row, found map[account.CheckState]int) error {
	which := func(n int) string {
		if len(rows) == 1 {
			return string(rows[0].Name)
		}
		return fmt.Sprintf("%d of %s", n, account.Counted(all(found), "account"))
	}
	switch {
	case found[account.Missing] > 0:
		return &outcome{err: fmt.Errorf("%s: a check does not hold", which(found[account.Missing])), code: NotLinked, counts: found}
	case found[account.Unknown] > 0:
		return &outcome{err: fmt.Errorf("%s: something could not be checked", which(found[account.Unknown])), code: Unchecked, counts: found}
	}
	return nil
}

// report verifies an account, as one of several, and keeps what that found.
func (v *voice) report(ctx context.Context, w World, row account.Row) (account.Account, account.Report, error) {
	a, err := w.of(ctx, row)
	if err != nil {
		return a, account.Report{}, err
	}
	op := w.Env.Ops.VerifyInTurn(turn.Of(ctx), a)
	if err := v.through(ctx, op, nil); err != nil {
		return a, account.Report{}, err
	}
	return a, *op.Last().Report, nil
}

// verified tells how an account stands: in a line, with what does not hold
// under it.
func (v *voice) verified(a account.Account, state account.CheckState, r account.Report, err error) {
	text := []string{string(a.Name) + ": " + verdictWords[state] + "."}
	one := result{State: string(state), Code: stateCodes[state], Account: toLinked(a), Checks: toChecks(r.Checks)}
	if err != nil {
		say, _ := advice(err)
		text, one.Problem = append(text, "  "+say), toProblem(account.AsProblem(err))
	}
	for _, c := range r.Checks {
		if c.State == account.Holds {
			continue
		}
		for _, s := range steps.CheckLines(c) {
			text = append(text, "  "+s)
		}
	}
	v.one(text, one)
}

// verdictWords are how an account stands.
var verdictWords = map[account.CheckState]string{
	account.Holds: "every check holds", account.Warning: "every check holds, with a warning",
	account.Missing: "a check does not hold", account.Unknown: "something could not be checked",
}

// stateCodes are the exit codes of a command that verified that account alone.
var stateCodes = map[account.CheckState]int{account.Missing: NotLinked, account.Unknown: Unchecked}

// chosen are the accounts of these names, each once, or all; without a name
// the only one there is.
func (w World) chosen(names []string, all bool) (rows []account.Row, err error) {
	if all || len(names) == 0 && len(w.Known.Accounts) == 1 {
		return w.Known.Accounts, nil
	}
	switch {
	case len(names) == 0 && len(w.Known.Accounts) == 0:
		return nil, &outcome{err: errors.New("there is no account yet"), code: WrongUsage, hint: "Link one with: xops-onboard add"}
	case len(names) == 0:
		return nil, &outcome{err: errors.New("which account is missing"), code: WrongUsage, hint: "Name it, or write --all. List them with: xops-onboard list"}
	}
	seen := map[account.ID]bool{}
	for _, n := range names {
		r, err := w.account(n)
		if err != nil {
			return nil, err
		}
		if !seen[r.ID] {
			seen[r.ID] = true
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// account is the row of the account of that name.
func (w World) account(name string) (account.Row, error) {
	if r, ok := named(w.Known.Accounts, name); ok {
		return r, nil
	}
	r, begun := named(w.Known.Drafts, name)
	switch {
	case begun && r.Begun == account.Removing:
		return r, &outcome{err: fmt.Errorf("%s is being removed", r.Name), code: WrongUsage, hint: "Go on with: xops-onboard remove " + word(string(r.Name))}
	case begun:
		return r, &outcome{err: fmt.Errorf("%s is not linked yet", r.Name), code: WrongUsage, hint: "Go on with: xops-onboard resume " + word(string(r.Name))}
	}
	return r, &outcome{err: fmt.Errorf("there is no account %q", account.Clean(strings.TrimSpace(name), 60)), code: WrongUsage, hint: "List them with: xops-onboard list"}
}

// of is the account of a row; no more than the row says where it cannot be read.
func (w World) of(ctx context.Context, row account.Row) (account.Account, error) {
	a, err := w.Env.Ops.Ports().Registry.Account(ctx, row.ID)
	if err != nil {
		a = account.Account{ID: row.ID, Name: row.Name, Provider: row.Provider, Cloud: row.Cloud}
	}
	return a, err
}

// stores are the key stores of these accounts, the first account's first. An AWS
// account by a profile has none.
func stores(rows iter.Seq[account.Row]) (all []account.Store) {
	for r := range rows {
		if r.Store != "" && !slices.Contains(all, r.Store) {
			all = append(all, r.Store)
		}
	}
	return all
}

// shut is why key stores cannot be used, of those that cannot.
func (l *line) shut(ctx context.Context, w World, stores []account.Store) map[account.Store]error {
	why := map[account.Store]error{}
	for _, s := range stores {
		if err := l.ready(ctx, w, s); err != nil {
			why[s] = err
		}
	}
	return why
}
