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
	report *account.Report
}

// Run walks the route and returns the draft as it ended.
func (p *Plain) Run(ctx context.Context, route Route, d account.Draft) (account.Draft, error) {
	p.ctx, p.Env.ctx, p.Env.session = ctx, ctx, &session{client: p.Env.Client}
	defer p.Env.session.drop()
	stops := route(d)
	at := -1
	for _, name := range d.Trail {
		if i := slices.IndexFunc(stops, func(s Stop) bool { return s.Name == name }); i >= 0 {
			at = i
		}
	}
	for at = next(stops, at, d, p.Env.Known); at < len(stops); at = next(stops, at, d, p.Env.Known) {
		s := stops[at]
		var err error
		if d, err = p.stop(s, d); err != nil {
			return d, err
		}
		if !s.Fleet {
			d.Trail = append(slices.Clone(d.Trail), s.Name)
		}
		stops = route(d)
		if i := slices.IndexFunc(stops, func(o Stop) bool { return o.Name == s.Name }); i >= 0 {
			at = i
		}
		if d.ID == "" || s.Over {
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

func (p *Plain) stop(s Stop, d account.Draft) (account.Draft, error) {
	if s.Label != "" {
		p.Say("")
		p.Say("%s.", s.Label)
	}
	if s.Plain != nil {
		return s.Plain(p, d)
	}
	for _, f := range s.Field {
		var err error
		if d, err = p.field(f, d); err != nil {
			return d, err
		}
	}
	if s.Name == nameStop.Name {
		m := d.Microsoft()
		m.AppName = account.AppName(d.Name)
		d.Link = m
	}
	return d, nil
}

// field asks until the answer is sound. What is known already is not asked.
func (p *Plain) field(f Field, d account.Draft) (account.Draft, error) {
	if f.Get(d) != "" {
		if got, err := f.Set(p.Env, d, f.Get(d)); err == nil {
			return got, nil
		}
	}
	for {
		text, err := p.Ask(f.Label, f.Why)
		if err != nil {
			return d, err
		}
		got, err := f.Set(p.Env, d, text)
		if err == nil {
			return got, nil
		}
		p.Say("%s", Advise(account.AsProblem(err)).Line())
	}
}

// Say writes a line.
func (p *Plain) Say(format string, a ...any) { fmt.Fprintf(p.Out, format+"\n", a...) }

// Ask asks one question and reads one line.
func (p *Plain) Ask(question, why string) (string, error) {
	if why != "" {
		p.Say("%s", why)
	}
	fmt.Fprintf(p.Out, "%s: ", question)
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

func (p *Plain) numbered(lines []string) {
	for i, s := range lines {
		p.Say("  %d. %s", i+1, s)
	}
}

func plainCloud(p *Plain, d account.Draft) (account.Draft, error) {
	for {
		p.Say("Which cloud do you want to link first?")
		var options []string
		for _, c := range providers {
			options = append(options, strings.TrimSpace(c.title+". "+c.takes+" "+c.off))
		}
		n, err := p.Choose("Cloud", options...)
		if err != nil {
			return d, err
		}
		if providers[n].off == "" {
			d.Provider, d.Link = providers[n].provider, account.MicrosoftLink{}
			return d, nil
		}
		p.Say("%s: %s", providers[n].title, providers[n].off)
	}
}

func plainWay(p *Plain, d account.Draft) (account.Draft, error) {
	if d.Way != "" {
		return d, nil
	}
	p.Say("Link a new Microsoft account.")
	n, err := p.Choose("Way", "Sign in and let the wizard do it", "Do it by hand in the Entra admin center; the wizard checks every step")
	d.Way = []account.Way{account.Automatic, account.ByHand}[n]
	return d, err
}

func plainRegister(p *Plain, d account.Draft) (account.Draft, error) {
	p.numbered(registerClicks(d))
	p.Say("Page: %s", d.Cloud.Cloud().AppRegistrationsPage().URL)
	_, err := p.Ask("Press Enter when it is registered", "")
	return d, err
}

func plainIdentifiers(p *Plain, d account.Draft) (account.Draft, error) {
	for {
		var err error
		for _, f := range identifierFields {
			if f.Flag == tenantField.Flag {
				d, err = p.tenant(d)
			} else {
				d, err = p.field(f, d)
			}
			if err != nil {
				return d, err
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
			p.Say("%s", Advise(&account.Problem{Kind: account.InputSameIDs}).Line())
			m.Client = ""
		case wrong != nil && r.outside:
			p.Say("%s", Advise(wrong).Line())
			return r.draft, nil
		case wrong != nil:
			p.Say("%s", Advise(wrong).Line())
			m.Organization = ""
			if r.at == tenantAt {
				m.Tenant = ""
			}
		default:
			return p.resolved(r)
		}
		d.Link = m
	}
}

// tenant asks for the tenant; a domain is resolved to its id.
func (p *Plain) tenant(d account.Draft) (account.Draft, error) {
	if d.Microsoft().Tenant != "" {
		return d, nil
	}
	for {
		text, err := p.Ask(tenantField.Label, "Its id, or a domain of it.")
		if err != nil {
			return d, err
		}
		if tenantText(text) == "" {
			_, _, err = account.ParseTenant(text)
			p.Say("%s", Advise(account.AsProblem(err)).Line())
			continue
		}
		alone, m := d, d.Microsoft()
		client := m.Client
		m.Client = "" // whether it is the tenant's own id is asked when all are there
		alone.Link = m
		r := resolve(p.ctx, p.Env, alone, tenantText(text), "")
		if r.tenant == nil {
			m = r.draft.Microsoft()
			m.Client = client
			r.draft.Link = m
			return r.draft, nil
		}
		p.Say("%s", Advise(r.tenant).Line())
		if r.outside {
			return tenantField.Set(p.Env, d, text)
		}
	}
}

func (p *Plain) resolved(r resolved) (account.Draft, error) {
	p.Say("Tenant found in the %s cloud; the organization is the same tenant.", r.draft.Cloud.Cloud().Name)
	if r.skew.Abs() > clockTolerance {
		p.Say("%s", Advise(&account.Problem{Kind: account.ClockOff, Skew: r.skew}).Line())
	}
	for _, row := range p.Env.Known {
		if row.Identity != "" && row.Identity == r.draft.Identity() && row.ID != r.draft.ID {
			return r.draft, &account.Problem{Kind: account.AlreadyLinked, Subject: string(row.Name)}
		}
	}
	return r.draft, nil
}

func plainStore(p *Plain, d account.Draft) (account.Draft, error) {
	keys := p.Env.Ops.Ports().Keys
	which := store(d)
	for {
		status := keys.Probe(p.ctx, which)
		if status.State == account.StoreReady {
			break
		}
		if which == account.FileStore {
			if err := p.openFile(status); err != nil {
				return d, err
			}
			continue
		}
		p.Say("%s", Advise(&account.Problem{Kind: account.StoreNotUsable, State: status.State}).Line())
		n, err := p.Choose("What now", "Try again", "Use a file under a passphrase", "Leave; the draft is kept")
		switch {
		case err != nil:
			return d, err
		case n == 1:
			which = account.FileStore
		case n == 2:
			return d, ErrLater
		}
	}
	if !d.Key().Stored {
		k := d.Key()
		k.ID, k.Store = "", which
		d.Keys = []account.Key{k}
	}
	return d, nil
}

func (p *Plain) openFile(status account.StoreStatus) error {
	if p.Secret == nil {
		return &account.Problem{Kind: account.StoreNotUsable, State: status.State}
	}
	phrase, err := p.Secret("Passphrase")
	if err != nil {
		return ErrInputEnded
	}
	if status.State == account.StoreEmpty {
		again, err := p.Secret("The same again")
		if err != nil {
			return ErrInputEnded
		}
		if string(again) != string(phrase) {
			p.Say("%s", Advise(&account.Problem{Kind: account.InputMismatch}).Line())
			return nil
		}
	}
	err = p.Env.Ops.Ports().Keys.Unlock(p.ctx, account.FileStore, phrase)
	clear(phrase)
	switch account.KindOf(err) {
	case account.WrongPassphrase, account.InputWeakPhrase:
		p.Say("%s", Advise(account.AsProblem(err)).Line())
		return nil
	}
	return err
}

func plainKey(p *Plain, d account.Draft) (account.Draft, error) {
	if d.Key().Saved == "" {
		op := p.Env.Ops.MakeKey(d.ID, link.KeyWish{
			ID: account.KeyID(p.Env.NewID()), Store: store(d), Bits: 2048, Life: link.Lives[0], Directory: directory(p.Env, d),
		})
		for {
			e, err := op.Next(p.ctx)
			if err == io.EOF {
				break
			}
			if err != nil {
				return d, err
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
	p.Say("Expires: %s", k.Certificate.NotAfter.Format("2 January 2006"))
	if p.Env.Place.Remote && p.Env.Place.Host != "" {
		p.Say("From the machine with your browser: %s", scp(p.Env, k))
	}
	return d, nil
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
func plainLive(stop string) func(*Plain, account.Draft) (account.Draft, error) {
	return func(p *Plain, d account.Draft) (account.Draft, error) {
		clicks := map[string]func() []string{
			"upload":     func() []string { return uploadClicks(p.Env, d) },
			"role":       func() []string { return roleClicks(d) },
			"permission": func() []string { return permissionClicks(d) },
		}
		if c := clicks[stop]; c != nil {
			p.numbered(c())
		} else {
			return p.verify(d)
		}
		name := map[string]account.CheckName{"upload": account.CertificateAccepted, "role": account.GlobalReader, "permission": account.Consent}[stop]
		for {
			text, err := p.Ask("Press Enter when it is done, or type s to go on without it", "")
			if err != nil {
				return d, err
			}
			if strings.TrimSpace(text) == "s" {
				return d, nil
			}
			if err := p.look(d); err != nil {
				return d, err
			}
			d.Ticked = ticks(*p.report)
			c, _ := p.report.Check(name)
			p.check(c)
			if p.report.Holds(name) {
				return d, nil
			}
		}
	}
}

// look verifies the draft once.
func (p *Plain) look(d account.Draft) error {
	op := p.Env.Ops.Watch(d)
	defer op.Stop()
	for {
		e, err := op.Next(p.ctx)
		if err != nil {
			return err
		}
		if e.State == link.Looked {
			p.report = e.Report
			return nil
		}
	}
}

func (p *Plain) check(c account.Check) {
	states := map[account.CheckState]string{
		account.Holds: "holds", account.Waiting: "waiting", account.Missing: "does not hold", account.Warning: "holds, with a warning", account.Unknown: "could not be checked",
	}
	text := checkNames[c.Name] + ": " + states[c.State] + "."
	if c.Problem != nil {
		a := Advise(c.Problem)
		text += " " + a.Line()
		for _, s := range a.Causes {
			text += "\n  - " + s
		}
	}
	for _, s := range c.Detail {
		text += "\n  " + s
	}
	p.Say("%s", text)
}

// verify makes every check, and the account when they allow it.
func (p *Plain) verify(d account.Draft) (account.Draft, error) {
	for {
		if err := p.look(d); err != nil {
			return d, err
		}
		for _, c := range p.report.Checks {
			p.check(c)
		}
		d.Ticked = ticks(*p.report)
		if p.report.Linked() {
			return p.finish(d)
		}
		text, err := p.Ask("Not everything holds yet. Press Enter to check again, or type q to leave; the draft is kept", "")
		if err != nil {
			return d, err
		}
		if strings.TrimSpace(text) == "q" {
			return d, ErrLater
		}
	}
}

func (p *Plain) finish(d account.Draft) (account.Draft, error) {
	op := p.Env.Ops.Finish(d.ID, *p.report)
	for {
		e, err := op.Next(p.ctx)
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return d, err
		}
		if e.State == link.Done {
			d.Link = e.Draft.Link
		}
	}
}

func plainConnected(p *Plain, d account.Draft) (account.Draft, error) {
	p.Say("")
	p.Say("%s is connected.", d.Name)
	p.Say("Nothing has been sent to Xops 360. The key stays in %s.", storeWords(d.Key().Store))
	for _, o := range AccountOffers(d.Account(d.Updated)) {
		p.Say("%s: %s", o.Title, o.Value)
	}
	if p.report != nil {
		p.Say("Access reviews: %s", ReviewWords(*p.report))
	}
	p.Say("%s", connectedNote(d.Account(d.Updated)))
	return d, nil
}
