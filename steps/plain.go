package steps

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// ErrInputEnded is that the input ended where an answer was needed. The end of
// the input is never an answer.
var ErrInputEnded = errors.New("the input ended where an answer was needed")

// ErrLater is that the person went away before the account was linked; the
// draft is kept.
var ErrLater = errors.New("not linked yet; the draft is kept")

// Plain walks a route as lines: one question a line, numbered choices, results
// as sentences, nothing that moves. It is for screen readers, dumb terminals and
// pipes, with the same order, parsing and operations as the screens.
type Plain struct {
	Env Env
	In  *bufio.Reader
	Out io.Writer
	// Secret reads a passphrase without echo; nil where there is no terminal.
	Secret func(question string) ([]byte, error)

	ctx    context.Context
	route  Route
	stops  []Stop // of the draft as it is
	report *account.Report
}

// Run walks the route and returns the draft as it ended. A file store is locked
// in every new process, so a key that is in one is unlocked first.
func (p *Plain) Run(ctx context.Context, route Route, d account.Draft) (account.Draft, error) {
	p.ctx, p.route = ctx, route
	p.Env.ctx, p.Env.session = ctx, &session{client: p.Env.Client}
	defer p.Env.session.drop()
	if k := d.Key(); k.Stored && k.Store == account.FileStore {
		if _, o, err := p.ready(d); o == Leave || err != nil {
			return d, later(err)
		}
	}
	p.stops = route(d)
	at, trail := passed(p.stops, d.Trail)
	d.Trail = trail
	for at = next(p.stops, at, d); at < len(p.stops); {
		s := p.stops[at]
		got, o, err := p.stop(s, d)
		if err != nil {
			return got, err
		}
		switch o {
		case Leave:
			return got, ErrLater
		case Finish:
			return got, nil
		}
		d, at = p.move(o, s, got)
		answered := o == Next || o == ByHandNow
		if d.ID == "" || !answered || at == len(p.stops) || p.stops[at].Over {
			continue
		}
		saved, err := p.Env.Ops.SaveAnswers(ctx, d)
		if err != nil {
			return d, err
		}
		d.Created = saved.Created // of the rest this is the newest
	}
	return d, nil
}

// later is the error of who leaves before the end.
func later(err error) error {
	if err == nil {
		return ErrLater
	}
	return err
}

// move goes where a stop says, as the wizard does.
func (p *Plain) move(o Outcome, from Stop, d account.Draft) (account.Draft, int) {
	to := func(s Stop) int { return slices.IndexFunc(p.stops, func(o Stop) bool { return o.Name == s.Name }) }
	switch o {
	case SignInAgain:
		p.Env.session.drop()
		return d, to(signInStop)
	case CheckNow:
		return d, to(checkStop)
	case TakeBackNow:
		p.route, d.Trail = TakingBack, nil
		p.stops = p.route(d)
		if p.Env.session.ready(d) {
			return d, to(takeBackStop)
		}
		return d, next(p.stops, -1, d)
	case ByHandNow:
		p.Env.session.drop()
		d = byHandNow(p.route, d)
		p.stops = p.route(d)
		at, _ := passed(p.stops, d.Trail)
		return d, next(p.stops, at, d)
	}
	if !from.Fleet && !slices.Contains(d.Trail, from.Name) {
		d.Trail = append(slices.Clone(d.Trail), from.Name)
	}
	p.stops = p.route(d)
	return d, next(p.stops, to(from), d)
}

// has tells whether the route has a stop.
func (p *Plain) has(s Stop) bool {
	return slices.ContainsFunc(p.stops, func(o Stop) bool { return o.Name == s.Name })
}

func (p *Plain) stop(s Stop, d account.Draft) (account.Draft, Outcome, error) {
	if s.Label != "" {
		p.Say("")
		p.Say("%s.", s.Label)
	}
	if s.Plain != nil {
		return s.Plain(p, d)
	}
	for _, f := range s.Field {
		var err error
		if d, err = p.field(f, d, ""); err != nil {
			return d, Stay, err
		}
	}
	if s.Name == nameStop.Name {
		m := d.Microsoft()
		m.AppName = account.AppName(d.Name)
		d = d.WithMicrosoft(m)
	}
	return d, Next, nil
}

// field asks until the answer is sound. What is known already is not asked; an
// empty line takes what is proposed, if anything is.
func (p *Plain) field(f Field, d account.Draft, proposed string) (account.Draft, error) {
	if f.Get(d) != "" {
		if got, err := f.Set(p.Env, d, f.Get(d)); err == nil {
			return got, nil
		}
	}
	question := f.Label
	if proposed != "" {
		question += " (Enter takes " + proposed + ")"
	}
	for {
		text, err := p.Ask(question, f.Why)
		if err != nil {
			return d, err
		}
		if strings.TrimSpace(text) == "" {
			text = proposed
		}
		got, err := f.Set(p.Env, d, text)
		if err == nil {
			return got, nil
		}
		p.advise(account.AsProblem(err))
	}
}

// Say writes a line, or lines.
func (p *Plain) Say(format string, a ...any) {
	fmt.Fprintln(p.Out, Plainly(fmt.Sprintf(format, a...)))
}

// Plainly is a text whose lines may be written to a terminal.
func Plainly(text string) string {
	const most = 4000 // more than any line has
	lines := strings.Split(text, "\n")
	for i, s := range lines {
		if !account.Clear(s) {
			lines[i] = s[:len(s)-len(strings.TrimLeft(s, " "))] + account.Clean(s, most)
		}
	}
	return strings.Join(lines, "\n")
}

// Ask asks one question and reads one line.
func (p *Plain) Ask(question, why string) (string, error) {
	if why != "" {
		p.Say("%s", why)
	}
	fmt.Fprint(p.Out, Plainly(question)+": ")
	line, err := p.In.ReadString('\n')
	if err != nil && line == "" {
		p.Say("")
		return "", ErrInputEnded
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// Choose asks for one of several, by its number.
func (p *Plain) Choose(question string, options ...string) (int, error) {
	for i, o := range options {
		p.Say("  %d. %s", i+1, o)
	}
	for {
		text, err := p.Ask(question+fmt.Sprintf(" (1 to %d)", len(options)), "")
		if err != nil {
			return 0, err
		}
		if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n >= 1 && n <= len(options) {
			return n - 1, nil
		}
		p.Say("That is not one of the numbers.")
	}
}

// on asks how to go on.
func (p *Plain) on(ways []wayOn) (int, error) {
	var options []string
	for _, w := range ways {
		if w.detail != "" {
			w.title += ". " + w.detail
		}
		options = append(options, w.title)
	}
	return p.Choose("What now", options...)
}

// leaveNow leaves the draft for another time.
var leaveNow = wayOn{"Leave; the draft is kept", "", Leave}

// advise says what is wrong and what to do.
func (p *Plain) advise(wrong *account.Problem) { p.Say("%s", Advise(wrong).Line()) }

// says says lines.
func (p *Plain) says(lines []string) {
	for _, s := range lines {
		p.Say("%s", s)
	}
}

func (p *Plain) numbered(lines []string) {
	for i, s := range lines {
		p.Say("  %d. %s", i+1, s)
	}
}

func plainCloud(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	p.Say("Which cloud do you want to link first?")
	var options []string
	for _, c := range providers {
		options = append(options, c.title+". "+c.takes)
	}
	n, err := p.Choose("Cloud", options...)
	if err != nil {
		return d, Stay, err
	}
	d.Provider, d.Link = providers[n].provider, account.NewLink(providers[n].provider)
	return d, Next, nil
}

func plainWay(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if d.Way != "" {
		return d, Next, nil
	}
	p.Say("Link a new %s account.", d.Provider)
	p.machine(d)
	for {
		n, err := p.Choose("Way", "Sign in and let the wizard do it", "Do it by hand in "+wordsOfWay(d.Provider).portal+"; the wizard checks every step", "Choose the national cloud: "+cloudLine(d))
		if err != nil {
			return d, Stay, err
		}
		if n < 2 {
			d.Way = []account.Way{account.Automatic, account.ByHand}[n]
			return d, Next, nil
		}
		var clouds []string
		for _, o := range cloudChoice(d).Options {
			clouds = append(clouds, o.Title+", "+o.Detail)
		}
		if n, err = p.Choose("National cloud", clouds...); err != nil {
			return d, Stay, err
		}
		d.Cloud, d.Chosen = chosenCloud(n)
		p.machine(d)
	}
}

// machine says what this machine lacks, if anything.
func (p *Plain) machine(d account.Draft) {
	lacks := lookAround(p.ctx, p.Env, d.Cloud).lacks()
	if len(lacks) == 0 {
		lacks = []string{machineReady + "."}
	}
	p.says(lacks)
}

// byDemo has the demo's administrator do what a stop asks a person to do, and
// returns what that person would come back with. Outside the demo it is nothing.
func (p *Plain) byDemo(stop string, d account.Draft) (string, error) {
	if p.Env.Demo == nil {
		return "", nil
	}
	p.Say("In the demo its administrator does it now.")
	return p.Env.Demo.Do(p.ctx, stop, d)
}

func plainRegister(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	p.numbered(registerClicks(d))
	p.Say("Page: %s", d.Cloud.Cloud().AppRegistrationsPage().URL)
	_, err := p.Ask("Press Enter when it is registered", "")
	if err == nil {
		_, err = p.byDemo("register", d)
	}
	return d, Next, err
}

func plainIdentifiers(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if p.Env.Demo != nil && d.Microsoft().Client == "" {
		page, err := p.byDemo("identifiers", d)
		if err != nil {
			return d, Stay, err
		}
		d = readPage(p.ctx, p.Env, d, account.ReadOverview(page)).draft
		m := d.Microsoft()
		p.Say("The Overview page has client id %s, tenant id %s and organization %s.", m.Client, m.Tenant, m.Organization)
	}
	for {
		var err error
		for i, f := range identifierFields {
			if i == tenantAt {
				d, err = p.tenant(d)
			} else {
				d, err = p.field(f, d, "")
			}
			if err != nil {
				return d, Stay, err
			}
		}
		m := d.Microsoft()
		r := resolve(p.ctx, p.Env, d, string(m.Tenant), string(m.Organization))
		wrong := r.tenant
		if wrong == nil {
			wrong = r.organ
		}
		switch {
		case string(m.Client) == string(m.Tenant):
			p.advise(&account.Problem{Kind: account.InputSameIDs})
			m.Client = ""
		case wrong != nil && r.outside:
			p.advise(wrong)
			return r.draft, Next, nil
		case wrong != nil:
			p.advise(wrong)
			m.Organization = ""
			if r.at == tenantAt {
				m.Tenant = ""
			}
		default:
			d, err = p.resolved(r)
			return d, Next, err
		}
		d = d.WithMicrosoft(m)
	}
}

// tenant asks for the tenant until it is found; a domain is resolved to its id.
// By hand an id is enough where nobody can be asked: it is looked up again later.
func (p *Plain) tenant(d account.Draft) (account.Draft, error) {
	if d.Microsoft().Tenant != "" {
		return d, nil
	}
	question, why := tenantField.Label, "Its id, or a domain of it."
	if d.Way == account.Automatic {
		question, why = "Tenant", whichTenant
	}
	for text := ""; ; {
		var err error
		if text == "" {
			if text, err = p.Ask(question, why); err != nil {
				return d, err
			}
		}
		id, _, err := account.ParseTenant(text)
		if err != nil {
			p.advise(account.AsProblem(err))
			text = ""
			continue
		}
		alone, m := d, d.Microsoft()
		client := m.Client
		m.Client = "" // whether it is the tenant's own id is asked when all are there
		alone = alone.WithMicrosoft(m)
		r := resolve(p.ctx, p.Env, alone, tenantText(text), "")
		if r.tenant == nil {
			m = r.draft.Microsoft()
			m.Client = client
			r.draft = r.draft.WithMicrosoft(m)
			p.Env.session.name(text, m.Tenant)
			p.clock(r.skew)
			return r.draft, nil
		}
		p.advise(r.tenant)
		switch {
		case r.tenant.Kind == account.TenantElsewhere:
			there := account.CloudID(r.tenant.Subject)
			n, err := p.Choose("What now", "Take the cloud "+there.Cloud().Name, "Name another tenant")
			if err != nil {
				return d, err
			}
			if n == 0 {
				d.Cloud, d.Chosen = there, true
				continue
			}
		case r.outside && id != "" && d.Way != account.Automatic:
			return tenantField.Set(p.Env, d, text)
		}
		text = ""
	}
}

// clock says that the clock is off, if it is.
func (p *Plain) clock(skew time.Duration) {
	if skew.Abs() > clockTolerance {
		p.advise(&account.Problem{Kind: account.ClockOff, Skew: skew})
	}
}

func (p *Plain) resolved(r resolved) (account.Draft, error) {
	p.Say("Tenant found in the %s cloud; the organization is the same tenant.", r.draft.Cloud.Cloud().Name)
	for _, row := range p.Env.Known {
		if row.Identity != "" && row.Identity == r.draft.Identity() && row.ID != r.draft.ID {
			return r.draft, &account.Problem{Kind: account.AlreadyLinked, Subject: string(row.Name)}
		}
	}
	return r.draft, nil
}

func plainStore(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	which, o, err := p.ready(d)
	if k := d.Key(); !k.Stored && err == nil {
		k.ID, k.Store = "", which
		d.Keys = []account.Key{k}
	}
	return d, o, err
}

// ready has the key store of the draft ready, or leaves. A key that is not made
// yet may go into the file store instead.
func (p *Plain) ready(d account.Draft) (which account.Store, _ Outcome, _ error) {
	keys := p.Env.Ops.Ports().Keys
	which = StoreOf(d)
	for {
		status := keys.Probe(p.ctx, which)
		if status.State == account.StoreReady {
			return which, Next, nil
		}
		asks := status.State == account.StoreLocked || status.State == account.StoreEmpty && !d.Key().Stored
		if which == account.FileStore && asks {
			if err := p.openFile(status); err != nil {
				return which, Stay, err
			}
			continue
		}
		p.advise(&account.Problem{Kind: account.StoreNotUsable, Subject: string(which), State: status.State})
		options := []string{"Try again", "Leave; the draft is kept"}
		dos := []func() error{func() error { return nil }, nil}
		add := func(option string, do func() error) {
			options, dos = slices.Insert(options, 1, option), slices.Insert(dos, 1, do)
		}
		if !d.Key().Stored && which == account.Keyring {
			add("Use a file under a passphrase", func() error { which = account.FileStore; return nil })
		}
		if which == account.Keyring && status.State == account.StoreLocked && status.CanPrompt {
			add("Unlock the keyring. Your desktop asks for its password", func() error { return keys.Unlock(p.ctx, which, nil) })
		}
		n, err := p.Choose("What now", options...)
		switch {
		case err != nil:
			return which, Stay, err
		case dos[n] == nil:
			return which, Leave, nil
		}
		if err := dos[n](); err != nil {
			p.advise(account.AsProblem(err))
		}
	}
}

func (p *Plain) openFile(status account.StoreStatus) error {
	locked := &account.Problem{Kind: account.StoreNotUsable, Subject: string(account.FileStore), State: status.State}
	if p.Secret == nil {
		p.Say("%s", PassphraseElsewhere)
		return locked
	}
	if status.State == account.StoreLocked {
		p.advise(locked)
	}
	phrase, err := p.Secret("Passphrase")
	if err != nil {
		return ErrInputEnded
	}
	defer clear(phrase)
	if status.State == account.StoreEmpty {
		again, err := p.Secret("The same again")
		if err != nil {
			return ErrInputEnded
		}
		defer clear(again)
		if string(again) != string(phrase) {
			p.advise(&account.Problem{Kind: account.InputMismatch})
			return nil
		}
	}
	err = p.Env.Ops.Ports().Keys.Unlock(p.ctx, account.FileStore, phrase)
	switch account.KindOf(err) {
	case account.WrongPassphrase, account.InputWeakPhrase:
		p.advise(account.AsProblem(err))
		return nil
	}
	return err
}

func plainKey(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if d.Key().Saved == "" {
		wish := NewKey(p.Env, StoreOf(d))
		wish.Life, wish.Directory = link.Lives[0], directory(p.Env, d)
		op := p.Env.Ops.MakeKey(d.ID, wish)
		for {
			e, err := op.Next(p.ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return d, Stay, err
			}
			p.Say("%s", EventLine(e))
			if e.Draft.ID != "" {
				d.Keys = e.Draft.Keys
			}
		}
	}
	k := d.Key()
	p.Say("Certificate file: %s", k.Saved)
	p.Say("Thumbprint (SHA-1): %s", kit.Groups(k.Certificate.SHA1))
	p.Say("Expires: %s", Day(k.Certificate.NotAfter))
	if p.Env.Place.Remote && p.Env.Place.Host != "" {
		p.Say("From the machine with your browser: %s", scp(p.Env, k))
	}
	return d, Next, nil
}

// EventLine is an event of an operation as a sentence.
func EventLine(e link.Event) string {
	words := doingWords[e.Step]
	switch e.State {
	case link.Doing:
		return words + "."
	case link.Done:
		return words + ": done."
	case link.Failed:
		return words + ": " + Advise(e.Problem).Line()
	}
	return words
}

// plainLive says what to click, and looks when the person says it is done.
func plainLive(stop string) func(*Plain, account.Draft) (account.Draft, Outcome, error) {
	return func(p *Plain, d account.Draft) (account.Draft, Outcome, error) { return p.live(stop, d) }
}

func (p *Plain) live(stop string, d account.Draft) (account.Draft, Outcome, error) {
	clicks := map[string]func() []string{
		"upload":     func() []string { return uploadClicks(d, home(p.Env, d.Key().Saved)) },
		"role":       func() []string { return roleClicks(d) },
		"permission": func() []string { return permissionClicks(d) },
	}
	p.numbered(clicks[stop]())
	for did := false; ; did = true {
		text, err := p.Ask("Press Enter when it is done, or type s to go on without it", "")
		if err != nil {
			return d, Stay, err
		}
		if strings.TrimSpace(text) == "s" {
			return d, Next, nil
		}
		if !did {
			if _, err := p.byDemo(stop, d); err != nil {
				return d, Stay, err
			}
		}
		if o, err := p.look(d); o == Leave || err != nil {
			return d, o, err
		}
		d.Ticked = ticks(*p.report, d.Ticked)
		for _, t := range tickedBy {
			if t.stop == stop {
				c, _ := outcomeOf(*p.report, t.check)
				p.says(CheckLines(c))
			}
		}
		if slices.Contains(d.Ticked, stop) {
			return d, Next, nil
		}
	}
}

// look verifies the draft once. Where its key is locked away, that is dealt
// with first.
func (p *Plain) look(d account.Draft) (Outcome, error) {
	for {
		r, err := Look(p.ctx, p.Env, d)
		if err != nil {
			return Stay, err
		}
		p.report = &r
		if !Locked(*p.report) {
			return Stay, nil
		}
		if _, o, err := p.ready(d); o == Leave || err != nil {
			return o, err
		}
	}
}

// plainVerify makes every check, and the account when they allow it.
func plainVerify(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	for {
		if o, err := p.look(d); o == Leave || err != nil {
			return d, o, err
		}
		for _, c := range p.report.Checks {
			p.says(CheckLines(c))
		}
		d.Ticked = ticks(*p.report, d.Ticked)
		if p.report.Linked() {
			return p.finish(d)
		}
		text, err := p.Ask("Not everything holds yet. Press Enter to check again, or type q to leave; the draft is kept", "")
		if err != nil {
			return d, Stay, err
		}
		if strings.TrimSpace(text) == "q" {
			return d, Leave, nil
		}
	}
}

func (p *Plain) finish(d account.Draft) (account.Draft, Outcome, error) {
	op := p.Env.Ops.Finish(d.ID, *p.report)
	for {
		e, err := op.Next(p.ctx)
		if err == io.EOF {
			return d, Next, nil
		}
		if err != nil {
			return d, Stay, err
		}
		if e.State == link.Done {
			d.Link = e.Draft.Link
		}
	}
}

func plainConnected(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	a := d.Account(d.Updated)
	p.Say("")
	p.says(AccountLines(a))
	if p.report != nil && a.Provider != account.AWS {
		what, words := Answered(a, *p.report)
		p.Say("%s: %s", what, words)
	}
	p.Say("%s", connectedNote(a))
	if a.Made.By != "" && a.Provider != account.AWS {
		p.Say("Page: %s", SignInPage(a.Cloud, a.Made.Client).URL)
	}
	return d, Next, nil
}
