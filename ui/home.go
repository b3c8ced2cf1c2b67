package ui

import (
	"context"
	"fmt"
	"io"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// home is every later start: what needs attention, then one row an account.
type home struct {
	app    *App
	at     int
	rows   []homeRow
	last   map[account.ID]account.Report
	active map[account.ID]bool // being verified
}

// homeRow is one line of Home: a draft or an account.
type homeRow struct {
	row   account.Row
	draft bool
}

var (
	openKey     = key.NewBinding(key.WithKeys("enter"), key.WithHelp("enter", "open"))
	addKey      = key.NewBinding(key.WithKeys("a"), key.WithHelp("a", "add"))
	throwKey    = key.NewBinding(key.WithKeys("x"), key.WithHelp("x", "throw away"))
	verifyKey   = key.NewBinding(key.WithKeys("v"), key.WithHelp("v", "verify"))
	sectionsKey = key.NewBinding(key.WithKeys("tab"), key.WithHelp("tab", "Integrations"))
)

func newHome(a *App) *home {
	h := &home{app: a, last: map[account.ID]account.Report{}, active: map[account.ID]bool{}}
	for _, r := range a.known.Drafts {
		h.rows = append(h.rows, homeRow{r, true})
	}
	for _, r := range a.known.Accounts {
		h.rows = append(h.rows, homeRow{r, false})
	}
	for h.at < len(h.rows)-1 && h.rows[h.at].draft {
		h.at++
	}
	return h
}

// reportMsg is the newest verification of an account.
type reportMsg struct {
	id     account.ID
	report account.Report
	err    error
	done   bool
}

// Enter reads the last checks of the rows that can be seen.
func (h *home) Enter() tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range h.rows[:min(len(h.rows), 50)] {
		if !r.draft {
			cmds = append(cmds, h.app.lastReport(r.row.ID))
		}
	}
	return tea.Batch(cmds...)
}

func (a *App) lastReport(id account.ID) tea.Cmd {
	reg, ctx := a.ports.Env.Ops.Ports().Registry, a.ctx
	return func() tea.Msg {
		r, err := reg.LastReport(ctx, id)
		return reportMsg{id: id, report: r, err: err}
	}
}

// verifyNow verifies an account and brings the report.
func (a *App) verifyNow(id account.ID) tea.Cmd {
	ops, ctx := a.ports.Env.Ops, a.ctx
	return func() tea.Msg {
		acc, err := ops.Ports().Registry.Account(ctx, id)
		if err != nil {
			return reportMsg{id: id, err: err, done: true}
		}
		r, err := outcome(ctx, ops.Verify(acc))
		return reportMsg{id: id, report: r, err: err, done: true}
	}
}

// outcome waits for a verification.
func outcome(ctx context.Context, op *link.Operation) (r account.Report, err error) {
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

func (h *home) Offers() []steps.Offer { return nil }
func (h *home) Typing() bool          { return false }
func (h *home) Title() string         { return "Home" }

func (h *home) Keys() []key.Binding {
	if h.rows[h.at].draft {
		return []key.Binding{named(openKey, "go on"), throwKey, addKey, sectionsKey, kit.ChooseKey, quitKey}
	}
	return []key.Binding{openKey, addKey, verifyKey, sectionsKey, kit.ChooseKey, quitKey}
}

// named is a binding under another name.
func named(b key.Binding, help string) key.Binding {
	return key.NewBinding(key.WithKeys(b.Keys()...), key.WithHelp(b.Help().Key, help))
}

func (h *home) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case reportMsg:
		if msg.done {
			delete(h.active, msg.id)
		}
		if msg.err == nil {
			h.last[msg.id] = msg.report
		}
	case resumedMsg:
		if msg.err == nil {
			return h.app.walk(msg.draft)
		}
		h.app.notice = steps.Advise(account.AsProblem(msg.err)).Line()
	case tea.KeyPressMsg:
		return h.press(msg)
	}
	return nil
}

func (h *home) press(msg tea.KeyPressMsg) tea.Cmd {
	here := h.rows[h.at]
	switch {
	case msg.String() == "down" || msg.String() == "j":
		h.at = min(h.at+1, len(h.rows)-1)
	case msg.String() == "up" || msg.String() == "k":
		h.at = max(h.at-1, 0)
	case key.Matches(msg, addKey), key.Matches(msg, sectionsKey):
		return h.app.open(newIntegrations(h.app))
	case key.Matches(msg, openKey) && here.draft:
		if here.row.Owned {
			h.app.notice = "This draft is open in another window."
			return nil
		}
		return h.app.resume(here.row.ID)
	case key.Matches(msg, throwKey) && here.draft:
		if here.row.Owned {
			h.app.notice = "This draft is open in another window."
			return nil
		}
		h.app.dialog = throwAway(h.app, here.row)
	case key.Matches(msg, openKey):
		return h.app.open(newAccount(h.app, here.row.ID))
	case key.Matches(msg, verifyKey) && !here.draft && !h.active[here.row.ID]:
		h.active[here.row.ID] = true
		return h.app.verifyNow(here.row.ID)
	}
	return nil
}

func (h *home) View(size kit.Size, t kit.Theme) kit.Page {
	now := h.app.ports.Env.Now()
	var out []kit.Frame
	for i := range h.app.known.Damaged {
		out = append(out, kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(&h.app.known.Damaged[i]).Line()))
	}
	first, last := window(len(h.rows), h.at, max(3, size.Height-4-kit.Stack(out...).Height()))
	for i := first; i < last; i++ {
		r := h.rows[i]
		f := h.accountLine(r.row, size.Width, t, now)
		if r.draft {
			f = kit.Frame{Text: t.Warn.Render("!") + " " + kit.Cut(string(r.row.Name), 20) + t.Faint.Render("  not finished: "+draftWords(r.row, now))}
		}
		mark := "  "
		if i == h.at {
			mark = t.Accent.Render("› ")
		}
		line := kit.Beside(kit.Frame{Text: mark}, 2, kit.Frame{Text: kit.Cut(f.Text, size.Width-2)})
		if i == h.at {
			line.Cursor = &tea.Cursor{Shape: tea.CursorBar}
		}
		out = append(out, line)
	}
	return kit.Page{
		Title: fmt.Sprintf("%d connected", len(h.app.known.Accounts)),
		Why:   "What needs attention comes first.",
		Body:  kit.Stack(out...),
	}
}

// window is the part of n rows that shows around at.
func window(n, at, height int) (first, last int) {
	first = max(0, min(at-height/2, n-height))
	return first, min(n, first+height)
}

// accountLine is an account in one line: state, name, provider, age of the last check, days left.
func (h *home) accountLine(r account.Row, width int, t kit.Theme, now time.Time) kit.Frame {
	report, seen := h.last[r.ID]
	sign, words := t.Faint.Render("·"), "not checked yet"
	switch {
	case h.active[r.ID]:
		sign, words = t.Faint.Render("…"), "checking"
	case seen:
		worst, problem := Worst(report)
		sign, words = steps.Sign(worst, t), Ago(now.Sub(report.At))
		if problem != nil {
			words = steps.Advise(problem).Say
		}
	}
	left := fmt.Sprintf("%d days", int(r.Expires.Sub(now).Hours()/24))
	return kit.Frame{Text: fmt.Sprintf("%s %-20s %-10s %-9s %s", sign, kit.Cut(string(r.Name), 20), r.Provider, left, words)}
}

// Worst is the worst state of a report's checks, and its problem.
func Worst(r account.Report) (account.CheckState, *account.Problem) {
	rank := map[account.CheckState]int{account.Holds: 0, account.Warning: 1, account.Waiting: 2, account.Unknown: 3, account.Missing: 4}
	worst, problem := account.Holds, (*account.Problem)(nil)
	for _, c := range r.Checks {
		if rank[c.State] > rank[worst] {
			worst, problem = c.State, c.Problem
		}
	}
	return worst, problem
}

// sections are the side navigation of Home and Integrations.
func (a *App) sections() []kit.Item {
	switch a.page.(type) {
	case *home:
		return []kit.Item{{Label: "Home", State: kit.Here}, {Label: "Integrations"}}
	case *integrations, *accountPage:
		return []kit.Item{{Label: "Home"}, {Label: "Integrations", State: kit.Here}}
	}
	return nil
}
