package steps

import (
	"context"
	"slices"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// Route is the order of stops. It may depend on what is known so far.
type Route func(account.Draft) []Stop

// next is the first stop after at that is not skipped. It is the whole state machine.
func next(stops []Stop, at int, d account.Draft) int {
	for at++; at < len(stops) && stops[at].Skip != nil && stops[at].Skip(d); at++ {
	}
	return at
}

// Wizard walks a draft along a route. It is not a tea.Model: the shell is.
type Wizard struct {
	env   Env
	route Route
	draft account.Draft
	stop  Stop
	step  Step

	ctx   context.Context // the program's
	leave context.CancelFunc
	visit *visit

	saving  bool
	unsaved bool
	held    func() tea.Cmd   // enters the stop that waits for the draft to be on disk
	trouble *account.Problem // why the draft is not on disk

	aside bool // at the key store's page, beside the route

	doubted string           // the stop whose answers the newest report speaks against
	doubt   *account.Problem // what it says
	watched *link.Operation
	subject string // what is watched: tenant, client and certificate
}

// NewWizard begins with a draft, which may be a new one or one to go on with.
func NewWizard(ctx context.Context, env Env, route Route, d account.Draft) *Wizard {
	env, d = env.begun(d)
	w := &Wizard{env: env, route: route, draft: d, ctx: ctx, leave: func() {}}
	w.env.watch = w.watch
	w.env.session = &session{client: env.Client, remote: env.Place.Remote}
	return w
}

// Init enters the first stop, or where the draft was left. A file store is
// locked in every new process, so a key that is in one is unlocked first.
func (w *Wizard) Init() tea.Cmd {
	if k := w.draft.Key(); k.Stored && k.Store == account.FileStore {
		return w.unlock()
	}
	stops := w.route(w.draft)
	return w.enter(stops, next(stops, w.passed(stops), w.draft))
}

// unlock enters the key store's page beside the route.
func (w *Wizard) unlock() tea.Cmd {
	w.aside = true
	return w.enter([]Stop{storeStop}, 0)
}

// on enters the first stop after at that is not skipped; after the last the
// wizard is over.
func (w *Wizard) on(stops []Stop, at int) (Outcome, tea.Cmd) {
	at = next(stops, at, w.draft)
	if at == len(stops) {
		w.Close()
		return Finish, nil
	}
	if s := stops[at]; s.Held && !s.Over {
		// Its operation goes on with the draft as it is on disk, and no answer
		// may be written over what that brings.
		w.held = func() tea.Cmd { return w.enter(stops, at) }
		return Stay, w.save()
	}
	cmd := w.enter(stops, at)
	return Stay, tea.Batch(cmd, w.save())
}

// passed is the place of the last stop of the trail; the trail is cut where
// the route does not know it any more.
func (w *Wizard) passed(stops []Stop) int {
	var at int
	at, w.draft.Trail = passed(stops, w.draft.Trail)
	return at
}

// passed is the place of the last stop of a trail, and the trail as far as
// those stops know it.
func passed(stops []Stop, trail []string) (at int, known []string) {
	at = -1
	for i, name := range trail {
		j := place(stops, name)
		if j < 0 {
			return at, slices.Clone(trail[:i])
		}
		at = j
	}
	return at, trail
}

// byHandNow is the draft as it goes on by hand, from the last stop that both
// ways share; the only page between asks the name, where that is not known.
func byHandNow(route Route, d account.Draft) account.Draft {
	d.Way = account.ByHand
	_, d.Trail = passed(route(d), d.Trail)
	if d.Name != "" && !slices.Contains(d.Trail, nameStop.Name) {
		d.Trail = append(slices.Clone(d.Trail), nameStop.Name)
	}
	return d
}

func (w *Wizard) enter(stops []Stop, at int) tea.Cmd {
	at = min(at, len(stops)-1)
	w.leave()
	w.held = nil
	w.visit = new(visit)
	w.stop = stops[at]
	env := w.env
	env.visit, env.Place.Remote = w.visit, w.env.session.remote
	if w.stop.Name == w.doubted {
		env.doubt = w.doubt
	}
	env.undoes = w.Undoes()
	env.ctx, w.leave = context.WithCancel(w.ctx)
	if !w.stop.Live {
		w.unwatch()
	}
	w.step = w.stop.Screen(env, w.draft)
	cmd := w.step.Enter()
	w.see() // what it joins may have seen something already
	return cmd
}

// see notes what the newest report says of the stops.
func (w *Wizard) see() {
	live, ok := w.step.(interface{ Seen() (account.Report, bool) })
	if !ok {
		return
	}
	if r, seen := live.Seen(); seen {
		w.draft.Ticked = ticks(r, w.draft.Ticked)
		w.doubted, w.doubt = doubts(r)
	}
}

// watch joins the verification of the draft that runs, or starts one.
func (w *Wizard) watch(d account.Draft) *link.Operation {
	subject := d.Identity() + " " + d.Key().Certificate.SHA256
	if w.watched != nil && subject == w.subject {
		return w.watched
	}
	w.unwatch()
	w.watched, w.subject = w.env.Ops.Watch(d), subject
	return w.watched
}

func (w *Wizard) unwatch() {
	if w.watched != nil {
		w.watched.Stop()
		w.watched = nil
	}
}

// Close leaves the step and stops what was watched for it.
func (w *Wizard) Close() {
	w.leave()
	w.unwatch()
	w.env.session.drop()
}

// savedMsg is a draft that was written, or why not.
type savedMsg struct {
	by    *Wizard // who wrote it: an earlier wizard's is none of this one's
	draft account.Draft
	err   error
}

// Update lets the step have a message and goes where it says. It answers
// Back when there is nowhere to go back to, Finish and Elsewhere when the wizard is
// over, and Stay otherwise.
func (w *Wizard) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case visited:
		if msg.of() != w.visit {
			if late, ok := msg.(Answer[signedIn]); ok {
				late.Value.by.Forget() // nobody waits for it any more
			}
			return Stay, nil
		}
	case savedMsg:
		if msg.by != w {
			return Stay, nil
		}
		return Stay, w.saved(msg)
	}
	outcome, cmd := w.step.Update(msg)
	if w.stop.Makes {
		w.fill()
	}
	w.see()
	moved, more := w.move(outcome)
	return moved, tea.Batch(cmd, more)
}

// fill has the step's part in the draft. What hung on something that is another
// now is not ticked any more.
func (w *Wizard) fill() {
	before := w.draft
	w.draft = w.step.Fill(w.draft)
	w.draft.Ticked = w.still(before)
}

func (w *Wizard) move(o Outcome) (Outcome, tea.Cmd) {
	if w.aside && (o == Next || o == Pass || o == Back) {
		w.aside = false
		stops := w.route(w.draft)
		return w.on(stops, w.passed(stops))
	}
	switch o {
	case Next, Pass:
		w.fill()
		if o == Next && !w.stop.Fleet && !slices.Contains(w.draft.Trail, w.stop.Name) {
			w.draft.Trail = append(slices.Clone(w.draft.Trail), w.stop.Name)
		}
		stops := w.route(w.draft)
		at := place(stops, w.stop.Name)
		if at < 0 { // the way changed: on from the last stop both routes share
			at = w.passed(stops)
		}
		return w.on(stops, at)
	case Unlock:
		return Stay, w.unlock()
	case Back:
		n := len(w.draft.Trail)
		if n == 0 {
			return Back, nil
		}
		stops := w.route(w.draft)
		at := place(stops, w.draft.Trail[n-1])
		w.draft.Trail = slices.Clone(w.draft.Trail[:n-1])
		cmd := w.enter(stops, max(at, 0))
		return Stay, tea.Batch(cmd, w.save())
	case FirstOpen:
		stops := w.route(w.draft)
		for at, s := range stops {
			if w.open(s) {
				w.draft.Trail = before(stops, at, w.draft.Trail)
				cmd := w.enter(stops, at)
				return Stay, tea.Batch(cmd, w.save())
			}
		}
	case ByHandNow:
		w.draft = byHandNow(w.route, w.step.Fill(w.draft))
		w.env.session.drop()
		stops := w.route(w.draft)
		return w.on(stops, w.passed(stops))
	case SignInAgain:
		w.draft = w.step.Fill(w.draft)
		w.env.session.drop()
		return Stay, w.jump(signInStop)
	case CheckNow:
		return Stay, w.jump(checkStop)
	case AdoptInstead:
		w.draft = w.step.Fill(w.draft)
		return Stay, w.jump(adoptStop)
	case ScopesAgain:
		return Stay, w.jump(azureScopesStop)
	case SurveyAgain:
		w.env.session.adopt = account.App{}
		return Stay, w.jump(surveyStop)
	case TakeBackNow:
		w.draft = w.step.Fill(w.draft)
		w.route, w.draft.Trail = TakingBack, nil
		stops := w.route(w.draft)
		at := next(stops, -1, w.draft) // sign in, unless somebody is
		if w.env.session.ready(w.draft) {
			at = place(stops, takeBackStop.Name)
		}
		return Stay, w.enter(stops, at)
	case Finish, Elsewhere, Leave:
		w.Close()
		return o, nil
	}
	return Stay, nil
}

// jump enters a stop of the route out of order; one that is not on it is nowhere
// to go.
func (w *Wizard) jump(to Stop) tea.Cmd {
	stops := w.route(w.draft)
	at := place(stops, to.Name)
	if at < 0 {
		return nil
	}
	return w.enter(stops, at)
}

// place is where in a route the stop of that name is; -1 where it is not on it.
func place(stops []Stop, name string) int {
	return slices.IndexFunc(stops, func(s Stop) bool { return s.Name == name })
}

// open tells whether a stop needs the person again.
func (w *Wizard) open(s Stop) bool {
	return s.Name == w.doubted || checked(s.Name) && !slices.Contains(w.draft.Ticked, s.Name)
}

// before is the part of a trail that lies before a stop.
func before(stops []Stop, at int, trail []string) []string {
	var out []string
	for _, name := range trail {
		if place(stops, name) < at {
			out = append(out, name)
		}
	}
	return out
}

// tickedBy is the check that ticks a stop.
var tickedBy = []struct {
	stop  string
	check account.CheckName
}{
	{"upload", account.CertificateAccepted},
	{"role", account.GlobalReader},
	{"permission", account.Consent},
	{"azure-reader", account.AzureReads},
	{"aws-outputs", account.AWSSession},
	{"aws-profile", account.AWSSession},
}

// checked tells whether a check ticks a stop; else passing it does.
func checked(stop string) bool {
	for _, t := range tickedBy {
		if t.stop == stop {
			return true
		}
	}
	return false
}

// ticks are the names of the stops whose check holds; of a check that got no
// answer it is as it was before.
func ticks(r account.Report, before []string) []string {
	var out []string
	for _, t := range tickedBy {
		c, asked := r.Check(t.check)
		unanswered := !asked || c.State == account.Unknown
		if r.Holds(t.check) || unanswered && slices.Contains(before, t.stop) {
			out = append(out, t.stop)
		}
	}
	return out
}

// doubts is the stop whose answers a report speaks against, and how: what Entra
// says of an app or tenant that it does not know may be a wrong id. Empty for none.
func doubts(r account.Report) (stop string, why *account.Problem) {
	for _, n := range []account.CheckName{account.CertificateAccepted, account.RightTenant} {
		c, _ := r.Check(n)
		if c.Problem == nil || c.State == account.Holds {
			continue
		}
		switch c.Problem.Kind {
		case account.AppNotFound, account.TenantNotFound, account.TenantElsewhere, account.WrongTenant:
			return "identifiers", c.Problem
		}
	}
	return "", nil
}

// still is what stays ticked: nothing that hung on an identifier, a cloud or a
// certificate which is another now.
func (w *Wizard) still(before account.Draft) []string {
	if before.Identity() != w.draft.Identity() || before.Key().Certificate.SHA256 != w.draft.Key().Certificate.SHA256 {
		w.doubted, w.doubt = "", nil
		return nil
	}
	return w.draft.Ticked
}

// save writes the draft once it has a name, and with it an id. One write at a time: what changes
// meanwhile is written after it.
func (w *Wizard) save() tea.Cmd {
	if w.draft.ID == "" || w.stop.Over {
		return nil
	}
	if w.saving {
		w.unsaved = true
		return nil
	}
	w.saving, w.unsaved = true, false
	ops, ctx, d := w.env.Ops, w.ctx, w.draft
	return func() tea.Msg {
		got, err := ops.SaveAnswers(ctx, d)
		return savedMsg{w, got, err}
	}
}

func (w *Wizard) saved(m savedMsg) tea.Cmd {
	w.saving = false
	w.trouble = account.AsProblem(m.err)
	if m.err == nil {
		w.draft.Created = m.draft.Created
		// A key that was made meanwhile, as while somebody signs in, is this draft's.
		if m.draft.Key().Stored {
			w.draft.Keys = m.draft.Keys
		}
		if m.draft.Authority != nil {
			w.draft.Authority = m.draft.Authority
		}
	}
	if w.unsaved {
		return w.save()
	}
	if on := w.held; on != nil && m.err == nil {
		return on()
	}
	w.held = nil
	return nil
}

// Saving tells whether the draft is on its way to the disk.
func (w *Wizard) Saving() bool { return w.saving }

// Trouble is why the draft could not be written, nil when it could.
func (w *Wizard) Trouble() *account.Problem { return w.trouble }

// Fate is what became of a draft.
type Fate int

// The fates.
const (
	Unwritten Fate = iota // nothing of it is on disk
	Kept                  // it can be gone on with
	Linked                // it is an account
	Gone                  // it is taken back, or was thrown away
)

// Fate is what became of the draft so far.
func (w *Wizard) Fate() Fate {
	if s, ok := w.step.(interface{ Fate() Fate }); ok {
		if f := s.Fate(); f != Kept {
			return f
		}
	}
	switch {
	case w.draft.Created.IsZero():
		return Unwritten
	case w.trouble != nil && w.trouble.Kind == account.NotFound:
		return Gone
	}
	return Kept
}

// Draft is the draft as it is now.
func (w *Wizard) Draft() account.Draft { return w.draft }

// Twin is the account that has what was asked already, where there is one.
func (w *Wizard) Twin() (account.Row, bool) {
	if s, ok := w.step.(interface{ Twin() (account.Row, bool) }); ok {
		return s.Twin()
	}
	return account.Row{}, false
}

// Step is the step one is at.
func (w *Wizard) Step() Step { return w.step }

// At is the name of the stop one is at.
func (w *Wizard) At() string { return w.stop.Name }

// Linking is whose account is being linked, empty while that is asked: whoever goes back
// to that question has the answer in the draft, which counts for nothing there.
func (w *Wizard) Linking() account.Provider {
	if w.stop.Name == cloudStop.Name {
		return ""
	}
	return w.draft.Provider
}

// Undoes tells whether everything is being taken back.
func (w *Wizard) Undoes() bool { return place(w.route(w.draft), takeBackStop.Name) >= 0 }

// Panel is the list of steps as the panel shows it; none while it is not chosen
// which steps there are.
func (w *Wizard) Panel() []kit.Item {
	if w.draft.Way == "" || w.Linking() == "" || w.stop.Name == wayStop.Name {
		return nil
	}
	var items []kit.Item
	stops := w.route(w.draft)
	here := place(stops, w.stop.Name)
	for i, s := range stops {
		if s.Label == "" {
			continue
		}
		passed := slices.Contains(w.draft.Trail, s.Name) || s.Fleet && i < here // those are not remembered
		passed = passed || i < here && s.Skip != nil && s.Skip(w.draft)
		it := kit.Item{Label: s.Label}
		switch {
		case s.Name == w.stop.Name:
			it.State = kit.Here
		case passed && w.open(s):
			it.State = kit.Open
		case passed, slices.Contains(w.draft.Ticked, s.Name):
			it.State = kit.Done
		}
		items = append(items, it)
	}
	return items
}
