package steps

import (
	"context"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// watching is what the live steps share: the draft is verified again and again
// while one is there, and what was found so far is known at once.
type watching struct {
	pulse
	draft  account.Draft
	proof  account.CheckName // the check that shows the step is done; empty for none
	op     *link.Operation
	over   bool // everything holds, so that nothing is looked at any more
	report *account.Report
	next   time.Time // when it looks again; zero while it looks
	demo   demoHand
}

func newWatching(e Env, d account.Draft, proof account.CheckName) watching {
	return watching{pulse: newPulse(e), draft: d, proof: proof}
}

// looked is an event of a verification; of an earlier certificate's it says
// nothing any more.
type looked struct {
	link.Event
	by *link.Operation
}

// Enter joins the verification of the draft.
func (w *watching) Enter() tea.Cmd {
	before, followed := w.op, !w.over
	w.op, w.over = w.env.watch(w.draft), false
	if last := w.op.Last(); last.State != "" {
		w.take(last)
		w.op.Again() // what the person did meanwhile should be seen at once
	}
	if w.op == before && followed {
		return w.beat() // its events come already, and each to one alone
	}
	return w.follow()
}

// follow waits for what is seen next. Nothing moves once the step is done.
func (w *watching) follow() tea.Cmd {
	op := w.op
	next := Ask(w.env, func(ctx context.Context) (looked, error) {
		e, err := op.Next(ctx)
		return looked{e, op}, err
	})
	if w.done() {
		w.rest()
		return next
	}
	return tea.Batch(next, w.beat())
}

// seen is the draft with what was seen of it ticked.
func (w *watching) seen() account.Draft {
	d := w.draft
	if w.report != nil {
		d.Ticked = ticks(*w.report, d.Ticked)
	}
	return d
}

// done tells whether the step is done, as was seen.
func (w *watching) done() bool { return w.report != nil && w.report.Holds(w.proof) }

func (w *watching) take(e link.Event) {
	if e.Report != nil {
		r := OfStore(*e.Report, StoreOf(w.draft))
		w.report = &r
		w.over = w.over || r.Linked() // then it ends
	}
	w.next = e.Next
	if e.State == link.Looking {
		w.next = time.Time{}
	}
}

// update lets the watching have a message that is no key press.
func (w *watching) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case Answer[looked]:
		if msg.Value.by != w.op {
			return nil
		}
		w.now = w.env.Now()
		if msg.Err != nil { // it ended: everything holds, or the program is leaving
			w.take(w.op.Last())
			w.next, w.over = time.Time{}, true
			w.rest()
			return nil
		}
		w.take(msg.Value.Event)
		return w.follow()
	case Answer[handed]:
		w.demo.done(msg)
		w.op.Again()
	case tea.FocusMsg:
		w.op.Again()
	default:
		cmd, _ := w.pulse.update(msg)
		return cmd
	}
	return nil
}

// Seen is the newest report.
func (w *watching) Seen() (account.Report, bool) {
	if w.report == nil {
		return account.Report{}, false
	}
	return *w.report, true
}

// Typing is false: live steps have no field.
func (w *watching) Typing() bool { return false }

// Fill adds nothing: the wizard follows what is seen.
func (w *watching) Fill(d account.Draft) account.Draft { return d }

// check is the check's newest outcome; false before the first look. Where it
// could not even be begun, the first check says why.
func (w *watching) check(n account.CheckName) (account.Check, bool) {
	if w.report == nil {
		return account.Check{}, false
	}
	return outcomeOf(*w.report, n)
}

// outcomeOf is how a check ended; where none could even be begun, the first
// says why.
func outcomeOf(r account.Report, n account.CheckName) (account.Check, bool) {
	if c, ok := r.Check(n); ok {
		return c, true
	}
	return r.Check(account.CertificateAccepted)
}

// waited is how long this has been watched.
func (w *watching) waited() time.Duration {
	if w.op == nil {
		return 0
	}
	return w.now.Sub(w.op.Began())
}

// clockWords say when it looks again.
func (w *watching) clockWords() string {
	switch left := w.next.Sub(w.now).Round(time.Second); {
	case w.env.Place.Calm:
		return ""
	case w.next.IsZero():
		return "Looking now."
	case left > 0:
		return "Looks again in " + seconds(left) + "."
	}
	return "Looking now."
}

// liveKeys are the keys of a live step: to go on first once its check holds,
// else what brings it nearer.
func (w *watching) liveKeys(more ...key.Binding) []key.Binding {
	if w.done() {
		return append([]key.Binding{enterKey, backKey, w.again()}, more...)
	}
	keys := append([]key.Binding{againKey, kit.Named(enterKey, "go on without it")}, more...)
	if w.locked() {
		keys = append([]key.Binding{UnlockKey}, keys...)
	}
	if w.doubted() {
		keys = append([]key.Binding{correctKey}, keys...)
	}
	return w.demo.keys(w.env, append(keys, backKey))
}

// again is the key that has it look at once, as long as it looks at all.
func (w *watching) again() key.Binding {
	k := againKey
	k.SetEnabled(!w.over)
	return k
}

// press is what the live steps' common keys do.
func (w *watching) press(press tea.KeyPressMsg, stop string) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(press, enterKey):
		return Next, nil
	case key.Matches(press, backKey):
		return Back, nil
	case key.Matches(press, againKey):
		w.op.Again()
		return Stay, nil
	case key.Matches(press, correctKey) && w.doubted():
		return FirstOpen, nil
	case key.Matches(press, UnlockKey) && w.locked():
		return Unlock, nil
	case w.demo.wants(w.env, press):
		return Stay, w.demo.do(w.env, stop, w.draft)
	}
	return Stay, nil
}

// locked tells whether nothing can be asked because the key is locked away.
func (w *watching) locked() bool { return w.report != nil && Locked(*w.report) }

// doubted tells whether what was seen speaks against the ids.
func (w *watching) doubted() bool {
	if w.report == nil {
		return false
	}
	stop, _ := doubts(*w.report)
	return stop != ""
}

// ticked tells whether a stop's check held when it was last seen.
func ticked(name string) func(account.Draft) bool {
	return func(d account.Draft) bool { return slices.Contains(d.Ticked, name) }
}

// live is the live line: what is seen of the step now, for certain.
func (w *watching) live(width int, t kit.Theme, awaited string) kit.Frame {
	c, seen := w.check(w.proof)
	if w.demo.err != nil {
		return w.demo.line(width, t, "")
	}
	switch {
	case !seen:
		return kit.Mark(width, w.sign(t), "Asking Entra for the first time")
	case c.State == account.Holds || c.State == account.Warning:
		return kit.Mark(width, t.Good.Render("✓"), "Done. Enter goes on.")
	case c.Problem == nil:
		return w.clocked(width, t, kit.Mark(width, w.sign(t), awaited))
	}
	say := Advise(c.Problem).Say
	if c.Problem.Kind == account.NotAsked {
		say = "This can be seen once a token is issued: " + lowerFirst(w.upfront())
	}
	sign := w.sign(t)
	if certain(c.Problem.Kind) {
		sign = t.Bad.Render("✗")
	}
	return w.clocked(width, t, kit.Mark(width, sign, say))
}

// clocked is a live line with its clock on a line of its own, so that nothing
// else moves while it runs.
func (w *watching) clocked(width int, t kit.Theme, f kit.Frame) kit.Frame {
	words := w.clockWords()
	if words == "" {
		return f
	}
	return kit.Stack(f, kit.Mark(width, " ", t.Faint.Render(words)))
}

// upfront is why no token is issued.
func (w *watching) upfront() string {
	c, _ := w.check(account.CertificateAccepted)
	if c.Problem == nil {
		return ""
	}
	return Advise(c.Problem).Say
}

// advice is what to do where the step is not done: below the clicks, where there is room.
func (w *watching) advice(width int, t kit.Theme) kit.Frame {
	c, seen := w.check(w.proof)
	if !seen || c.Problem == nil || c.State == account.Holds || c.Problem.Kind == account.NotAsked {
		return kit.Frame{}
	}
	a := Advise(c.Problem)
	if spreads(c.Problem.Kind) && w.waited() < causesAfter {
		return kit.Frame{}
	}
	out := []kit.Frame{kit.Blank}
	if a.Do != "" {
		out = append(out, kit.Frame{Text: kit.Wrap(a.Do, width)})
	}
	for _, s := range a.Causes {
		out = append(out, kit.Mark(width, t.Faint.Render("·"), s))
	}
	return kit.Stack(out...)
}

// spreads tells whether a kind is what one sees of every change that was just
// made. An app that Entra does not find was made some steps ago.
func spreads(k account.Kind) bool {
	return k == account.CertificateUnseen || k == account.RoleMissing || k == account.PermissionUnseen || k == account.AzureNotInForce
}

// causesAfter is how long "not yet" stands alone. After that the person should
// compare.
const causesAfter = 2 * time.Minute

// seconds is a duration as people say it.
func seconds(d time.Duration) string {
	if d >= 2*time.Minute {
		return plural(int(d.Minutes()), "minute")
	}
	return plural(int(d.Seconds()), "second")
}
