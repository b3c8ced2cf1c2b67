package ui

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// accountPage is one account: its values, its checks, and what can be done with
// it.
type accountPage struct {
	app      *App
	id       account.ID
	account  account.Account
	report   *account.Report
	active   bool
	evidence bool
	wrong    *account.Problem
}

var (
	evidenceKey = kit.Key("e", "evidence")
	renameKey   = kit.Key("n", "rename")
	repointKey  = kit.Key("p", "another app")
	saveKey     = kit.Key("s", "save certificate")
	removeKey   = kit.Key("x", "remove")
)

func newAccount(a *App, id account.ID) *accountPage { return &accountPage{app: a, id: id} }

// reported is the newest verification of an account.
type reported struct {
	report account.Report
	made   bool // just now
}

func (p *accountPage) Enter() tea.Cmd {
	reg, id := p.app.ports.Env.Ops.Ports().Registry, p.id
	return tea.Batch(
		accountOf(p.app, id),
		ask(p.app, func(ctx context.Context) (reported, error) {
			r, err := reg.LastReport(ctx, id)
			return reported{report: r}, err
		}),
	)
}

// verify makes the checks now.
func (p *accountPage) verify() tea.Cmd {
	p.active, p.wrong = true, nil
	ops, acc := p.app.ports.Env.Ops, p.account
	return ask(p.app, func(ctx context.Context) (reported, error) {
		r, err := outcome(ctx, ops.Verify(acc))
		return reported{r, true}, err
	})
}

// outcome waits for a verification, and stops it when nobody waits any more.
func outcome(ctx context.Context, op *link.Operation) (r account.Report, err error) {
	defer context.AfterFunc(ctx, op.Stop)()
	for {
		e, err := op.Next(ctx)
		if err == io.EOF {
			return r, nil
		}
		if err != nil {
			return r, err
		}
		if e.Report != nil {
			r = *e.Report
		}
	}
}

func (p *accountPage) Typing() bool  { return false }
func (p *accountPage) Title() string { return "Integrations › " + p.named() }

// named is the account's name, once it is read.
func (p *accountPage) named() string { return cmp.Or(string(p.account.Name), "Account") }

// Seen is the newest report, for the request ids to quote.
func (p *accountPage) Seen() (account.Report, bool) {
	if p.report == nil {
		return account.Report{}, false
	}
	return *p.report, true
}

func (p *accountPage) Offers() []steps.Offer {
	if p.account.ID == "" {
		return nil
	}
	offers := steps.AccountOffers(p.account)
	if c, ok := p.failing(); ok {
		offers = append(offers,
			steps.Offer{Key: "o", Name: "open portal", Kind: steps.Open, Title: "The page in the portal", Value: steps.PageOf(p.account, c.Name).URL},
			steps.HandOverOf(p.account, *p.report),
		)
	}
	return offers
}

// failing is the first check that somebody in the tenant can make hold.
func (p *accountPage) failing() (account.Check, bool) {
	if p.report == nil {
		return account.Check{}, false
	}
	for _, c := range p.report.Checks {
		if c.State == account.Missing || c.Problem != nil && c.Problem.Kind == account.ForeignFound {
			return c, true
		}
	}
	return account.Check{}, false
}

func (p *accountPage) Keys() []key.Binding {
	shown := evidenceKey
	shown.SetEnabled(p.report != nil)
	if p.account.ID == "" {
		return []key.Binding{backKey}
	}
	rotates, repoints, saves, moves := rotateKey, repointKey, saveKey, moveKey
	repoints.SetEnabled(steps.IsApp(p.account))
	saves.SetEnabled(steps.IsApp(p.account))
	rotates.SetEnabled(steps.Keyed(p.account))
	moves.SetEnabled(steps.Keyed(p.account))
	keys := []key.Binding{verifyKey, rotates, shown, renameKey, repoints, saves, moves, removeKey, backKey}
	if p.locked() {
		keys = append([]key.Binding{steps.UnlockKey}, keys...)
	}
	return keys
}

// locked tells whether the checks could not be made because the key is locked away.
func (p *accountPage) locked() bool { return p.report != nil && !p.active && steps.Locked(*p.report) }

func (p *accountPage) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer[account.Account]:
		p.account = msg.value
		p.wrong = account.AsProblem(msg.err)
		if p.active && msg.err == nil {
			return p.verify()
		}
	case answer[reported]:
		p.reported(msg)
	case answer[saved]:
		if p.wrong = account.AsProblem(msg.err); p.wrong == nil {
			p.app.notice = "Saved as " + msg.value.path
		}
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	return nil
}

func (p *accountPage) reported(m answer[reported]) {
	switch {
	case m.value.made:
		p.active, p.wrong = false, account.AsProblem(m.err)
	case p.report != nil: // a newer one came first
		return
	}
	if m.err == nil {
		p.report = &m.value.report
	}
}

func (p *accountPage) press(msg tea.KeyPressMsg) tea.Cmd {
	back := p.app.account(p.id)
	switch {
	case key.Matches(msg, backKey):
		return p.app.home()
	case key.Matches(msg, evidenceKey):
		p.evidence = !p.evidence && p.report != nil
		p.app.scroll = kit.Scroll{}
		return nil
	case p.account.ID == "":
		return nil
	case key.Matches(msg, verifyKey):
		if p.active {
			return nil
		}
		return p.verify()
	case key.Matches(msg, steps.UnlockKey) && p.locked():
		a, id := p.app, p.id
		return a.unlock(p.account.Key.Store, func() tea.Cmd {
			page := newAccount(a, id)
			page.active = true // it is verified once it is read
			return a.open(page)
		})
	case key.Matches(msg, rotateKey) && steps.Keyed(p.account):
		return p.app.rotate(p.account, back)
	case key.Matches(msg, moveKey) && steps.Keyed(p.account):
		return p.app.move(p.account, back)
	case key.Matches(msg, renameKey):
		return p.app.open(newRename(p.app, p.account))
	case key.Matches(msg, repointKey) && steps.IsApp(p.account):
		p.app.dialog = repoint(p.app, p.account)
	case key.Matches(msg, saveKey) && steps.IsApp(p.account):
		return p.save()
	case key.Matches(msg, removeKey):
		return p.app.open(newRemove(p.app, p.account))
	}
	return nil
}

// saved is where the certificate was written.
type saved struct{ path string }

// save writes the certificate once more, to where the browser looks.
func (p *accountPage) save() tea.Cmd {
	env := p.app.ports.Env
	dir := env.Place.Downloads
	if env.Place.Remote {
		dir = env.Place.Directory
	}
	id := p.id
	return ask(p.app, func(ctx context.Context) (saved, error) {
		e, err := ended(ctx, env.Ops.SaveCertificate(id, dir))
		return saved{e.Path}, err
	})
}

// repoint says what happens to an account that is put on another app, and asks.
func repoint(a *App, acc account.Account) dialog {
	m := acc.Microsoft()
	name := steps.AppName(steps.OfAccount(acc))
	text := string(acc.Name) + " keeps its name here, and gets another app, with a new key. Until the checks of that app hold, nothing changes: the account works as it does now.\n\n" +
		"Then the key of the present app is deleted here. In the tenant the app " + account.Clean(name, 120) + " (" + string(m.Client) + ") stays as it is; this program will not know of it any more. Delete it under Entra ID › App registrations when nobody needs it."
	return &textDialog{title: "Put " + string(acc.Name) + " on another app?", text: text, actions: []action{{
		key: kit.Key("p", "go on"),
		do: func() tea.Cmd {
			return a.walk(account.Draft{
				ID: account.ID(a.ports.Env.NewID()), Name: acc.Name, Provider: acc.Provider, Replaces: acc.ID,
				Link: acc.WithMicrosoft(account.MicrosoftLink{AppName: account.AppName(acc.Name)}).Link,
			})
		},
	}}}
}

func (p *accountPage) View(size kit.Size, t kit.Theme) kit.Page {
	v := kit.Page{Title: p.named(), Why: steps.Card(p.account.Provider)}
	now := p.app.ports.Env.Now()
	var out []kit.Frame
	if p.account.ID != "" {
		for _, o := range steps.AccountOffers(p.account) {
			out = append(out, kit.Value(size.Width, t, o.Key+" "+o.Title, o.Value))
		}
		out = append(out, kit.Value(size.Width, t, "  Key", keyWords(p.account, now)))
		for _, v := range steps.AccountValues(p.account) {
			out = append(out, kit.Value(size.Width, t, "  "+v[0], v[1]))
		}
	}
	checked := p.report != nil && p.account.ID != "" // a report that comes first waits for whose it is
	if checked {
		r := steps.OfStore(*p.report, p.account.Key.Store)
		out = append(out, kit.Blank, steps.Checks(size.Width, t, r, true))
		if p.evidence {
			out = append(out, kit.Blank, evidence(size.Width, t, *p.report))
		}
	}
	v.Body = kit.Stack(out...)
	switch {
	case p.wrong != nil:
		v.Live = kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(p.wrong).Line())
	case p.active:
		v.Live = kit.Mark(size.Width, t.Faint.Render("…"), steps.Asking(p.account.Provider))
	case checked:
		v.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Checked "+Ago(now.Sub(p.report.At))+".")
	}
	return v
}

// keyWords say where the key is and how long it lives.
func keyWords(a account.Account, now time.Time) string {
	if !steps.Keyed(a) {
		return "none; profile " + a.AWS().Named
	}
	s := steps.StoreName(a.Key.Store)
	left := days(a.Key.Certificate.NotAfter.Sub(now))
	if left != "expired" {
		left += " left"
	}
	return "in " + s + ", " + left
}

// evidence is what was asked, what came back, and when.
func evidence(width int, t kit.Theme, r account.Report) kit.Frame {
	var out []kit.Frame
	for _, c := range r.Checks {
		if len(c.Evidence) > 0 {
			out = append(out, kit.Frame{Text: t.Label.Render(steps.CheckTitle(c.Name))})
		}
		for _, e := range c.Evidence {
			host, path, _ := strings.Cut(e.Path, "/")
			out = append(out,
				kit.Frame{Text: fmt.Sprintf("  %s  %d  %s %s", e.At.Local().Format(time.TimeOnly), e.Status, e.Method, host)},
				kit.Mark(width, " ", "/"+path),
				kit.Mark(width, " ", t.Faint.Render("request "+e.RequestID)),
			)
		}
	}
	return kit.Stack(out...)
}
