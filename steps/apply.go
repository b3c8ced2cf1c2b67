package steps

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var applyStop = Stop{
	Name: "apply", Label: "Apply and verify", Fleet: true, Held: true,
	Screen: func(e Env, d account.Draft) Step { return newApply(e, d) },
	Plain:  plainApply,
}

// apply makes the changes, one line a change, and then verifies.
type apply struct {
	changing
}

// changing is what applying and taking back share: an operation, what it told
// of each change, and how one leaves it.
type changing struct {
	pulse
	draft  account.Draft
	op     *link.Operation
	words  map[string]string // the names of its changes
	lines  []line
	report *account.Report
	made   account.Made // as it was while there was an app
	left   *link.Left
	wrong  *account.Problem
	over   bool           // it ended well
	life   string         // of the certificate that is tried
	asked  bool           // it was asked to stop
	menu   kit.Menu[lead] // how to go on, after it stopped before its end

	then Outcome               // where it leads when it ended well
	ways func(*kit.Menu[lead]) // how to go on when it did not
}

// line is one change as far as it was told of.
type line struct {
	name  string
	state link.EventState
	pause *account.Pause
	wrong *account.Problem
	life  string // of the certificate
}

// told is an event of the operation.
type told struct{ link.Event }

func newChanging(e Env, d account.Draft, then Outcome) changing {
	return changing{pulse: newPulse(e), draft: d, words: applyWords, then: then}
}

func newApply(e Env, d account.Draft) *apply {
	a := &apply{newChanging(e, d, Next)}
	a.ways = a.stopped
	if d.AWS().DropCA {
		a.words = maps.Clone(applyWords)
		a.words["authority"] = "Authority's private key, deleted when it had signed"
	}
	return a
}

func (a *apply) Enter() tea.Cmd { return a.begin() }

func (a *apply) begin() tea.Cmd {
	s := a.env.session
	if a.draft.Provider == account.AWS {
		return a.run(ConnectAWS(a.env, s.aws, a.draft))
	}
	return a.run(a.env.Ops.Connect(a.draft.ID, s.signed(), Connecting(NewKey(a.env, StoreOf(a.draft)), s.survey, s.adopt)))
}

// NewKey is the key to be made for an account, where it has none yet.
func NewKey(e Env, s account.Store) link.KeyWish {
	return link.KeyWish{ID: account.KeyID(e.NewID()), Store: s, Bits: 2048}
}

// Connecting is how an account is connected in a tenant that was surveyed; the
// app to use is zero where one is made.
func Connecting(k link.KeyWish, s account.Survey, use account.App) link.ConnectWish {
	return link.ConnectWish{Key: k, Graph: s.Graph, Lives: lives(s), Adopt: use}
}

// lives are the lives of a certificate that the tenant may take; what its
// policy is seen to refuse is not tried.
func lives(s account.Survey) []time.Duration {
	var out []time.Duration
	for _, l := range link.Lives {
		if s.Life == 0 || l <= s.Life {
			out = append(out, l)
		}
	}
	if len(out) == 0 {
		out = link.Lives[len(link.Lives)-1:]
	}
	return out
}

func (c *changing) run(op *link.Operation) tea.Cmd {
	c.op, c.wrong, c.menu, c.asked = op, nil, kit.Menu[lead]{}, false
	return tea.Batch(c.follow(), c.beat())
}

func (c *changing) follow() tea.Cmd {
	op := c.op
	return Ask(c.env, func(ctx context.Context) (told, error) {
		e, err := op.Next(ctx)
		return told{e}, err
	})
}

func (c *changing) Typing() bool { return false }

func (c *changing) Offers() []Offer {
	if c.draft.Provider == account.AWS {
		return []Offer{awsHandOver(c.env, c.draft)}
	}
	return []Offer{handOver(c.draft)}
}

// Holds tells whether leaving is asked about first: while it changes something,
// the first time.
func (c *changing) Holds() bool { return c.op != nil && !c.asked }

func (c *changing) Keys() []key.Binding {
	switch {
	case c.stuck():
		return []key.Binding{kit.Named(enterKey, "take it"), kit.ChooseKey}
	case c.over:
		return []key.Binding{enterKey}
	}
	stop := kit.Named(backKey, "stop after this change")
	stop.SetEnabled(!c.asked)
	return []key.Binding{stop}
}

func (c *changing) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[told]:
		return Stay, c.told(msg)
	case tea.KeyPressMsg:
		switch {
		case c.stuck() && key.Matches(msg, enterKey):
			to, _ := c.menu.Take()
			return to()
		case c.over && key.Matches(msg, enterKey):
			return c.then, nil
		case c.stuck():
			c.menu.Update(msg)
		case c.op != nil && (key.Matches(msg, backKey) || msg.String() == "ctrl+c"):
			c.asked = true
			c.op.Stop()
		}
		return Stay, nil
	}
	cmd, _ := c.pulse.update(msg)
	return Stay, cmd
}

func (c *changing) told(a Answer[told]) tea.Cmd {
	c.now = c.env.Now()
	if a.Err != nil {
		c.op = nil
		c.rest()
		if err := ended(a.Err); err != nil {
			c.wrong = account.AsProblem(err)
			c.ways(&c.menu)
			return nil
		}
		c.over = true
		return nil
	}
	e := a.Value.Event
	if e.Draft.ID != "" {
		c.draft = e.Draft
	}
	if m := e.Draft.Made; m.Application != "" {
		c.made = m
	}
	if e.Step == "key" && c.env.undoes {
		e.Step = "undo-key"
	}
	if e.Report != nil {
		c.report = e.Report
	}
	if e.Left != nil {
		c.left = e.Left
	}
	if e.Step == "checks" {
		c.env.session.over = true // the operation dropped the token before them
	}
	c.line(e)
	return c.follow()
}

// line notes an event at its change's line.
func (c *changing) line(e link.Event) {
	if c.words[e.Step] == "" {
		return
	}
	if e.Step == "certificate" {
		c.life = certificateLife(e.Draft)
	}
	if (e.Step == link.TheApplication || e.Step == link.TheAdding) && e.State == link.Failed && account.KindOf(problemOf(e)) == account.PolicyLife {
		c.refusedLife(e)
		return
	}
	for i := range c.lines {
		if c.lines[i].name == e.Step {
			c.lines[i] = line{e.Step, e.State, e.Pause, e.Problem, c.life}
			return
		}
	}
	c.lines = append(c.lines, line{e.Step, e.State, e.Pause, e.Problem, c.life})
}

// stateOf is how far a change is; empty before it began.
func (c *changing) stateOf(name string) link.EventState {
	for _, l := range c.lines {
		if l.name == name {
			return l.state
		}
	}
	return ""
}

func problemOf(e link.Event) error {
	if e.Problem == nil {
		return nil
	}
	return e.Problem
}

// refusedLife leaves a line for a certificate whose life a policy refuses; the
// next one gets lines of its own.
func (c *changing) refusedLife(e link.Event) {
	c.lines = slices.DeleteFunc(c.lines, func(l line) bool { return l.name == e.Step })
	for i := range c.lines {
		if c.lines[i].name == "certificate" {
			c.lines[i] = line{name: lifeRefused, state: link.Failed, wrong: e.Problem, life: c.life}
		}
	}
}

// lifeRefused is the line of a certificate that a policy refuses.
const lifeRefused = "life-refused"

// certificateLife is how long a draft's certificate lives, in words.
func certificateLife(d account.Draft) string {
	cert := d.Key().Certificate
	if !cert.Made() {
		return ""
	}
	return plural(days(cert.NotAfter.Sub(cert.NotBefore)), "day")
}

// applyWords name the changes.
var applyWords = map[string]string{
	"key":                         "Private key",
	"authority":                   "Authority's private key",
	link.TheStack:                 "Stack",
	"undo-" + link.TheStack:       "Stack, deleted with all that it made",
	"certificate":                 "Certificate",
	link.TheApplication:           "App registration",
	link.ThePrincipal:             "Enterprise app",
	link.TheGrant:                 "Admin consent",
	link.TheRole:                  "Global Reader",
	link.TheAzureRole:             "Roles in Azure",
	"elevation":                   "Elevated access",
	"undo-" + link.TheAzureRole:   "Roles in Azure, taken back",
	"undo-elevation":              "Elevated access, given back",
	"checks":                      "Checks with the certificate",
	"account":                     "Account",
	"undo-key":                    "Private key, deleted here",
	"undo-find":                   "Looked for what was made",
	"undo-" + link.TheRole:        "Global Reader, taken back",
	"undo-" + link.TheGrant:       "Admin consent, taken back",
	"undo-" + link.ThePrincipal:   "Enterprise app, deleted",
	"undo-" + link.TheApplication: "App and enterprise app, deleted",
	"undo-" + adoption:            "Our certificate and permission, taken from the app",
	"undo-purge":                  "Both, deleted for good",
}

// pauseWords say why a change waits.
var pauseWords = map[account.PauseReason]string{
	account.AppSpreads:       "Entra is spreading the app",
	account.PrincipalSpreads: "Entra is spreading the enterprise app",
	account.MadeUnseen:       "made, and not shown yet",
	account.GoneSeen:         "still shown",
	account.AnswerLost:       "the answer was lost; looking again",
	account.AskedToWait:      "the service asked to wait",
}

// waitsFor says why a change waits.
func waitsFor(p account.Pause) string {
	if p.Reason == account.StackBuilds {
		return stackWords(p.Detail)
	}
	return pauseWords[p.Reason]
}

// spreadsWords say what is waited for after the changes.
func spreadsWords(p account.Provider) string {
	switch p {
	case account.AWS:
		return "AWS is spreading the role, a minute as a rule"
	case account.Azure:
		return "Entra and Azure are spreading the changes"
	}
	return "Entra is spreading the changes"
}

func (c *changing) body(size kit.Size, t kit.Theme) kit.Frame {
	var out []kit.Frame
	for _, l := range c.lines {
		out = append(out, c.draw(size.Width, t, l))
	}
	if c.wrong != nil && c.wrong.Kind == account.SpreadingTooLong && c.report != nil {
		out = append(out, kit.Blank, Checks(size.Width, t, *c.report, true))
	}
	if c.stuck() {
		out = append(out, kit.Blank, c.menu.Draw(size.Width, t))
	}
	return kit.Stack(out...)
}

func (c *changing) draw(width int, t kit.Theme, l line) kit.Frame {
	words := c.words[l.name]
	switch {
	case l.name == lifeRefused && l.life == "":
		return kit.Mark(width, t.Warn.Render("!"), "A certificate whose life a policy of the tenant refuses")
	case l.name == lifeRefused:
		return kit.Mark(width, t.Warn.Render("!"), "Certificate, "+l.life+": a policy of the tenant refuses that life")
	case l.name == "certificate" && l.life != "":
		words += ", " + l.life
	}
	switch l.state {
	case "":
		return kit.Mark(width, t.Faint.Render("·"), t.Faint.Render(words))
	case link.Done:
		if l.name == "undo-purge" && c.left != nil {
			return kit.Mark(width, t.Warn.Render("!"), "Both: not deleted for good")
		}
		return kit.Mark(width, t.Good.Render("✓"), words)
	case link.Failed:
		if l.wrong != nil && l.wrong.Kind == account.Cancelled {
			return kit.Mark(width, t.Faint.Render("·"), words)
		}
		return kit.Mark(width, t.Bad.Render("✗"), words)
	case link.Looked:
		if c.report != nil && c.report.Linked() {
			return kit.Mark(width, t.Good.Render("✓"), words)
		}
		return kit.Mark(width, t.Faint.Render("…"), words+": "+spreadsWords(c.draft.Provider))
	case link.Pausing:
		if l.pause != nil {
			why := waitsFor(*l.pause)
			if l.name == link.TheTrial {
				why = "Entra does not know it yet"
				if c.draft.Provider == account.AWS {
					why = "AWS does not know it yet"
				}
			}
			return kit.Mark(width, t.Faint.Render("…"), words+": "+why+since(c.now.Sub(l.pause.Since)))
		}
	}
	return kit.Mark(width, t.Faint.Render("…"), words)
}

// since is a clock of how long something waits.
func since(d time.Duration) string {
	if d < time.Second {
		return ""
	}
	return fmt.Sprintf(", %d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}

// stopping is the live line from when one asked to stop until it has.
func (c *changing) stopping(size kit.Size, t kit.Theme) kit.Frame {
	return kit.Mark(size.Width, c.sign(t), "Stopping after this change. ctrl+c ends the program now; the draft is kept.")
}

// stuck tells whether it stopped before its end, so that one chooses how to go on.
func (c *changing) stuck() bool { return len(c.menu.Options) > 0 }

// wayOn is one way to go on from a page; Stay does what the page does once more.
type wayOn struct {
	title, detail string
	outcome       Outcome
}

// waysOn are the ways to go on after a change was refused; linked tells whether
// the checks held already.
func waysOn(wrong *account.Problem, d account.Draft, linked bool) []wayOn {
	on := wayOn{"Go on; what is done stays done", "", Stay}
	switch wrong.Kind {
	case account.SignInOver, account.RightMissing, account.AWSSignInOver, account.AWSDenied, account.AWSOtherAccount:
		on = wayOn{"Sign in and go on", "Somebody else may sign in, too.", SignInAgain}
	case account.PolicyAuthority, account.PolicyLife:
		on = wayOn{"Try again", "Once there is an exception for the app.", Stay}
	}
	ways := []wayOn{on, {"Go on later; the draft and its key are kept", "", Leave}}
	if wrong.Kind == account.RightMissing && d.Made.Nothing() || d.Provider == account.AWS && untouched(d) {
		ways = append(ways, wayOn{"Do it by hand instead", "With everything that is known already.", ByHandNow})
	}
	if !linked {
		ways = append(ways, wayBack)
	}
	return ways
}

// wayBack takes back what was made so far.
var wayBack = wayOn{"Take everything back, the key and the draft too", "", TakeBackNow}

// waysBack are the ways to go on after something could not be taken back.
var waysBack = []wayOn{
	{"Sign in and go on", "What is gone stays gone.", SignInAgain},
	{"Go on later", "The draft and its key are kept.", Leave},
}

// stopped are the ways on after it stopped before its end.
func (a *apply) stopped(m *kit.Menu[lead]) {
	for _, w := range waysOn(a.wrong, a.draft, a.report != nil && a.report.Linked()) {
		do := outcome(w.outcome)
		if w.outcome == Stay {
			do = func() (Outcome, tea.Cmd) { return Stay, a.begin() }
		}
		m.Add(kit.Option{Title: w.title, Detail: w.detail}, do)
	}
}

func (a *apply) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Apply", Why: "One change at a time, each on record before it is made.", Body: a.body(size, t)}
	switch {
	case a.over:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Linked. Enter goes on.")
	case a.wrong != nil && a.wrong.Kind == account.Cancelled:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Stopped. "+stoppedWords(a.draft))
	case a.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(a.wrong).Line())
	case a.asked:
		p.Live = a.stopping(size, t)
	default:
		p.Live = kit.Mark(size.Width, a.sign(t), applyTakes(a.draft.Provider))
	}
	return p
}

// stoppedWords say what becomes of what was begun.
func stoppedWords(d account.Draft) string {
	if d.Provider == account.AWS && d.AWS().Role == "" {
		return "A stack that was begun goes on in AWS; it is on record, and found again."
	}
	return "What was made is on record, and nothing is lost."
}

// applyTakes is how long it takes.
func applyTakes(p account.Provider) string {
	switch p {
	case account.AWS:
		return "Usually one to three minutes, most of it CloudFormation."
	case account.Azure:
		return "Usually two to five minutes, most of it Entra and Azure spreading the changes."
	}
	return "Usually one to five minutes, most of it Entra spreading the changes."
}

// Fate is what became of the draft.
func (a *apply) Fate() Fate {
	if a.over {
		return Linked
	}
	return Kept
}

func (a *apply) Seen() (account.Report, bool) {
	if a.report == nil {
		return account.Report{}, false
	}
	return *a.report, true
}

func (a *apply) Fill(d account.Draft) account.Draft {
	d.Link, d.Keys, d.Authority, d.Made, d.Journal = a.draft.Link, a.draft.Keys, a.draft.Authority, a.draft.Made, a.draft.Journal
	return d
}
