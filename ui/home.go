package ui

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// home is every later start: what needs attention, then one row an account.
type home struct {
	app    *App
	at     int
	moved  bool // the person chose a row
	rows   []homeRow
	last   map[account.ID]account.Report
	active map[account.ID]bool // being verified
	unread int                 // last checks that are still being read
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

// Enter reads the last checks, of as many accounts as anybody looks through.
func (h *home) Enter() tea.Cmd {
	var cmds []tea.Cmd
	for _, r := range h.rows[:min(len(h.rows), 50)] {
		if !r.draft {
			cmds = append(cmds, h.app.lastReport(r.row.ID))
		}
	}
	h.unread = len(cmds)
	return tea.Batch(cmds...)
}

// order puts what needs attention first, the worst of it first, once all that
// was known is read. Later checks move no row under the person's hands.
func (h *home) order() {
	here := h.rows[h.at].row.ID
	now := h.app.ports.Env.Now()
	slices.SortStableFunc(h.rows, func(a, b homeRow) int { return h.need(b, now) - h.need(a, now) })
	h.at = slices.IndexFunc(h.rows, func(r homeRow) bool { return h.moved && r.row.ID == here || !h.moved && !r.draft })
}

// need is how much a row needs attention.
func (h *home) need(r homeRow, now time.Time) int {
	if r.draft {
		return len(badness)
	}
	if r.row.Expires.Sub(now) <= 0 {
		return badness[account.Missing]
	}
	n := 0
	if report, seen := h.last[r.row.ID]; seen {
		worst, _ := Worst(report)
		n = badness[worst]
	}
	if r.row.Expires.Sub(now) < soon {
		n = max(n, badness[account.Warning])
	}
	return n
}

// soon is when the end of a key's life begins to need attention.
const soon = 30 * 24 * time.Hour

func (a *App) lastReport(id account.ID) tea.Cmd {
	reg, ctx := a.ports.Env.Ops.Ports().Registry, a.ctx
	return a.ask(func() tea.Msg {
		r, err := reg.LastReport(ctx, id)
		return reportMsg{id: id, report: r, err: err}
	})
}

// verifyNow verifies an account and brings the report.
func (a *App) verifyNow(id account.ID) tea.Cmd {
	ops, ctx := a.ports.Env.Ops, a.ctx
	return a.ask(func() tea.Msg {
		acc, err := ops.Ports().Registry.Account(ctx, id)
		if err != nil {
			return reportMsg{id: id, err: err, done: true}
		}
		r, err := outcome(ctx, ops.Verify(acc))
		return reportMsg{id: id, report: r, err: err, done: true}
	})
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
		if msg.err == nil {
			h.last[msg.id] = msg.report
		}
		if msg.done {
			delete(h.active, msg.id)
		} else if h.unread--; h.unread == 0 {
			h.order()
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
	h.moved = true
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
		return h.app.askAway(here.row.ID)
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
	live := h.live(size.Width, t, now)
	first, last := window(len(h.rows), h.at, max(3, size.Height-4-live.Height()-kit.Stack(out...).Height()))
	name := 8
	for _, r := range h.rows[first:last] {
		name = min(max(name, lipgloss.Width(string(r.row.Name))), longestName)
	}
	for i := first; i < last; i++ {
		out = append(out, h.line(h.rows[i], i == h.at, name, size.Width, t, now))
	}
	return kit.Page{
		Title: fmt.Sprintf("%d connected", len(h.app.known.Accounts)),
		Why:   "What needs attention comes first.",
		Body:  kit.Stack(out...),
		Live:  live,
	}
}

const longestName = 19

// line is a draft or an account in one line: state, name, provider and age of
// the last check, days left.
func (h *home) line(r homeRow, here bool, name, width int, t kit.Theme, now time.Time) kit.Frame {
	sign, words, left := t.Warn.Render("!"), "not finished", ""
	if !r.draft {
		sign, words = h.state(r.row, t, now)
		words = r.row.Provider.String() + " " + words
		left = days(r.row.Expires.Sub(now))
	}
	mark := "  "
	if here {
		mark = t.Accent.Render("› ")
	}
	called := kit.Cut(string(r.row.Name), name)
	room := width - 4 - name - 2 - lipgloss.Width(left) - 1
	words = kit.Cut(words, room)
	f := kit.Frame{Text: mark + sign + " " + called + strings.Repeat(" ", name-lipgloss.Width(called)+2) + words + strings.Repeat(" ", room-lipgloss.Width(words)+1) + left}
	if here {
		f.Cursor = &tea.Cursor{Shape: tea.CursorBar}
	}
	return f
}

// state is the sign of an account's last check and its age.
func (h *home) state(r account.Row, t kit.Theme, now time.Time) (sign, words string) {
	report, seen := h.last[r.ID]
	switch {
	case h.active[r.ID]:
		return t.Faint.Render("…"), "checking"
	case !seen:
		return t.Faint.Render("·"), "not checked"
	}
	worst, _ := Worst(report)
	return steps.Sign(worst, t), Ago(now.Sub(report.At))
}

// days is how long a key lives still.
func days(left time.Duration) string {
	switch n := int(left / (24 * time.Hour)); {
	case left <= 0:
		return "expired"
	case n == 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}

// live says of the row one is on what its line has no room for.
func (h *home) live(width int, t kit.Theme, now time.Time) kit.Frame {
	r := h.rows[h.at]
	if r.draft {
		return kit.Mark(width, t.Warn.Render("!"), "Not finished: "+draftWords(r.row, now)+". Enter goes on.")
	}
	if left := r.row.Expires.Sub(now); left < soon {
		a := steps.Advise(&account.Problem{Kind: account.ExpiringSoon, Left: left})
		if left <= 0 {
			a = steps.Advise(&account.Problem{Kind: account.Expired})
		}
		return kit.Mark(width, t.Warn.Render("!"), a.Line())
	}
	report, seen := h.last[r.row.ID]
	if worst, problem := Worst(report); seen && problem != nil {
		return kit.Mark(width, steps.Sign(worst, t), steps.Advise(problem).Say+" Enter shows more.")
	}
	return kit.Frame{}
}

// window is the part of n rows that shows around at.
func window(n, at, height int) (first, last int) {
	first = max(0, min(at-height/2, n-height))
	return first, min(n, first+height)
}

// Worst is the worst state of a report's checks, and its problem.
func Worst(r account.Report) (account.CheckState, *account.Problem) {
	worst, problem := account.Holds, (*account.Problem)(nil)
	for _, c := range r.Checks {
		if badness[c.State] > badness[worst] {
			worst, problem = c.State, c.Problem
		}
	}
	return worst, problem
}

var badness = map[account.CheckState]int{account.Holds: 0, account.Warning: 1, account.Waiting: 2, account.Unknown: 3, account.Missing: 4}

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
