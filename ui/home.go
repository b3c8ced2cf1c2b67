package ui

import (
	"context"
	"fmt"
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
// While it is open the accounts are checked in the background, as far as their
// key stores answer without asking.
type home struct {
	app     *App
	all     []*entry           // what is listed or not; commands read it, so it is never written to
	at      map[account.ID]int // where an account is in all; nil until the last checks are read
	listing listing
	sort    sorting
	filter  *kit.Field // while it is typed
	here    int        // the entry one is at, in all
	moved   bool       // the person chose it
	changed int        // counts what was found since the page was opened
	order   bool       // the order is being made

	round   *link.Round
	asking  map[account.ID]bool
	closed  map[account.Store]account.StoreState // key stores that would have to ask
	locked  map[account.Store]account.StoreState // as far as this round has seen
	waiting bool                                 // a look at what is stale is due
	wanted  bool                                 // all are to be checked, once it is known which there are
}

var (
	openKey     = kit.Key("enter", "open")
	addKey      = kit.Key("a", "add")
	throwKey    = kit.Key("x", "throw away")
	verifyKey   = kit.Key("v", "verify")
	rotateKey   = kit.Key("r", "rotate key")
	moveKey     = kit.Key("m", "move key")
	filterKey   = kit.Key("/", "filter")
	unfilterKey = kit.Key("esc", "all of them")
	sortKey     = kit.Key("s", "sort")
	sectionsKey = kit.Key("tab", "Integrations")
	leafKey     = kit.Key("pgup/pgdn", "by pages", "pgup", "pgdown")
	endsKey     = kit.Key("home/end", "first, last", "home", "end")
)

// The bounds of what is checked without being asked for.
const (
	atOnce    = 4                // accounts at a time
	fresh     = 15 * time.Minute // for how long a check is not made again
	lookEvery = time.Minute
	allAtOnce = 16 // accounts at a time where all are asked for

	afterFirstFrame = 50 * time.Millisecond
)

func newHome(a *App) *home {
	h := &home{app: a, asking: map[account.ID]bool{}}
	h.all = entries(a.known, a.ports.Env.Now())
	h.ordered(arrange(h.all, byNeed, ""))
	return h
}

// ordered takes a listing over. Who has not chosen a line is at the first.
func (h *home) ordered(l listing) {
	h.listing = l
	if len(l.order) > 0 && (!h.moved || !slices.Contains(l.order, h.here)) {
		h.here = l.order[0]
	}
}

// The answers that Home waits for, beside remembered and strays.
type (
	arranged struct {
		listing listing
		changed int // as it was when the order was begun
	}
	found struct { // by a round
		by *link.Round
		link.Found
	}
	drawn   struct{} // the first frame is
	due     struct{} // it is time to look at what is stale
	dropped struct{} // a stray key was deleted
)

// Enter looks for what is known of the accounts; at the start of the program
// only once its first frame is drawn.
func (h *home) Enter() tea.Cmd {
	if h.app.visit == 1 {
		return later(h.app, afterFirstFrame, drawn{})
	}
	return h.look()
}

// look reads the last checks, and looks for keys that are nobody's.
func (h *home) look() tea.Cmd {
	ports, ops, all, now := h.app.ports.Env.Ops.Ports(), h.app.ports.Env.Ops, h.all, h.app.ports.Env.Now()
	return tea.Batch(
		ask(h.app, func(ctx context.Context) (remembered, error) {
			return remember(ctx, ports.Registry, all, now, byNeed, "")
		}),
		ask(h.app, func(ctx context.Context) (strays, error) {
			keys, without, err := ops.Strays(ctx, account.FileStore)
			return strays{keys, without}, err
		}),
	)
}

// check begins a round of checks: of what is stale, or of everything.
func (h *home) check(age time.Duration, many int) tea.Cmd {
	if h.at == nil {
		h.wanted = h.wanted || age == 0
		return nil
	}
	ops, all, now := h.app.ports.Env.Ops, h.all, h.app.ports.Env.Now()
	h.waiting = false
	return ask(h.app, func(ctx context.Context) (*link.Round, error) {
		ids := stale(all, now, age)
		if len(ids) == 0 {
			return nil, nil
		}
		r := ops.VerifyAll(ids, many)
		context.AfterFunc(ctx, r.Stop) // nobody looks any more
		return r, nil
	})
}

func (h *home) follow() tea.Cmd {
	r := h.round
	return ask(h.app, func(ctx context.Context) (found, error) {
		f, err := r.Next(ctx)
		return found{r, f}, err
	})
}

// wait looks again at what is stale after a while.
func (h *home) wait() tea.Cmd {
	if h.waiting {
		return nil
	}
	h.waiting = true
	return later(h.app, lookEvery, due{})
}

func (h *home) Update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case answer[remembered]:
		return h.remembered(msg)
	case answer[strays]:
		return h.strayed(msg)
	case answer[arranged]:
		return h.arranged(msg.value)
	case answer[*link.Round]:
		return h.begun(msg.value)
	case answer[found]:
		return h.found(msg)
	case answer[drawn]:
		return h.look()
	case answer[due]:
		if h.waiting = false; h.round != nil {
			return nil
		}
		return h.check(fresh, atOnce)
	case answer[account.Account]:
		return h.chosen(msg)
	case answer[dropped]:
		if msg.err != nil {
			h.app.notice = steps.Advise(account.AsProblem(msg.err)).Line()
			return nil
		}
		return h.app.home()
	case resumedMsg:
		if msg.err == nil {
			return h.app.goOn(msg.draft)
		}
		h.app.notice = steps.Advise(account.AsProblem(msg.err)).Line()
	case tea.PasteMsg:
		return h.typed(msg)
	case tea.KeyPressMsg:
		return h.press(msg)
	}
	return nil
}

func (h *home) remembered(m answer[remembered]) tea.Cmd {
	if m.err != nil {
		return nil
	}
	// What was found of strays meanwhile is kept.
	for i, e := range h.all {
		if i >= len(m.value.all) {
			m.value.all = append(m.value.all, e)
		} else if e.lost {
			m.value.all[i] = m.value.all[i].with(h.app.ports.Env.Now(), func(e *entry) { e.lost = true })
		}
	}
	h.all, h.at = m.value.all, m.value.at
	check := func() tea.Cmd { return h.check(fresh, atOnce) }
	if h.wanted {
		check = func() tea.Cmd { return h.check(0, allAtOnce) }
	}
	if h.changed == 0 && h.sort == byNeed && h.filter == nil {
		h.ordered(m.value.listing)
		return check()
	}
	return tea.Batch(h.arrange(), check())
}

func (h *home) strayed(m answer[strays]) tea.Cmd {
	if m.err != nil || len(m.value.keys)+len(m.value.without) == 0 {
		return nil
	}
	now := h.app.ports.Env.Now()
	h.all = slices.Clone(h.all)
	for _, k := range m.value.keys {
		e := entry{stray: k, row: &account.Row{Name: account.Name("Key " + string(k)[:min(8, len(k))])}}
		h.all = append(h.all, e.with(now, func(*entry) {}))
	}
	for _, id := range m.value.without {
		if i := slices.IndexFunc(h.all, func(e *entry) bool { return e.row.ID == id }); i >= 0 {
			h.all[i] = h.all[i].with(now, func(e *entry) { e.lost = true })
		}
	}
	h.changed++
	return h.arrange()
}

// begun takes a round over, in the place of one that may be under way.
func (h *home) begun(r *link.Round) tea.Cmd {
	if h.round != nil {
		h.round.Stop()
	}
	clear(h.asking)
	h.round, h.locked = r, map[account.Store]account.StoreState{}
	if r == nil {
		return h.wait()
	}
	return h.follow()
}

// found is what the round found of one account.
func (h *home) found(m answer[found]) tea.Cmd {
	switch {
	case m.value.by != h.round:
		return nil
	case m.err != nil: // it is over
		h.round, h.closed = nil, h.locked
		clear(h.asking)
		return h.wait()
	}
	f := m.value
	delete(h.asking, f.ID)
	i, ok := h.at[f.ID]
	switch p := account.AsProblem(f.Err); {
	case !ok:
	case f.Asking:
		h.asking[f.ID] = true
	case p != nil && p.Kind == account.StoreNotUsable:
		h.locked[account.Store(p.Subject)] = p.State
	case f.Err == nil:
		before := h.all[i].need.rank
		h.all = slices.Clone(h.all)
		h.all[i] = h.all[i].with(h.app.ports.Env.Now(), func(e *entry) { e.seen = sighted(f.Report) })
		if h.all[i].need.rank != before {
			h.changed++
			return tea.Batch(h.follow(), h.arrange())
		}
	}
	return h.follow()
}

// arrange has the order made anew.
func (h *home) arrange() tea.Cmd {
	if h.order {
		return nil // it is, and again when something changed meanwhile
	}
	h.order = true
	all, by, filter, changed := h.all, h.sort, h.words(), h.changed
	return ask(h.app, func(context.Context) (arranged, error) {
		return arranged{arrange(all, by, filter), changed}, nil
	})
}

func (h *home) arranged(m arranged) tea.Cmd {
	h.order = false
	h.ordered(m.listing)
	if m.changed != h.changed {
		return h.arrange()
	}
	return nil
}

func (h *home) words() string {
	if h.filter == nil {
		return ""
	}
	return h.filter.Value()
}

func (h *home) Offers() []steps.Offer { return nil }
func (h *home) Typing() bool          { return h.filter != nil }
func (h *home) Title() string         { return "Home" }
func (h *home) Lists() bool           { return true }

// Aside is how many need somebody, at the right of the header.
func (h *home) Aside() string {
	switch n := h.listing.needy; n {
	case 0:
		return ""
	case 1:
		return "1 needs attention"
	default:
		return fmt.Sprintf("%d need attention", n)
	}
}

func (h *home) Keys() []key.Binding {
	e, ok := h.entry()
	open, deal := openKey, e.need.deal
	if e.need.rank > 0 && deal.Help().Key == openKey.Help().Key {
		open = deal
	}
	open.SetEnabled(ok && e.stray == "")
	if h.filter != nil {
		return []key.Binding{open, kit.ChooseKey, unfilterKey, leafKey, quitKey}
	}
	unlock := steps.UnlockKey
	unlock.SetEnabled(len(h.closed) > 0)
	keys := []key.Binding{open}
	if e.need.rank > 0 && deal.Help().Key != openKey.Help().Key {
		keys = append(keys, deal)
	}
	keys = append(keys, unlock, addKey, kit.Named(verifyKey, "verify all"), filterKey, sortKey, sectionsKey)
	if e.draft {
		keys = append(keys, throwKey)
	} else if ok && e.stray == "" && deal.Help().Key != rotateKey.Help().Key {
		rotates := rotateKey
		rotates.SetEnabled(!e.row.Expires.IsZero()) // an AWS account by a profile has no certificate
		keys = append(keys, rotates)
	}
	return append(keys, kit.ChooseKey, leafKey, endsKey, quitKey)
}

// entry is the line one is at; false where none is listed.
func (h *home) entry() (entry, bool) {
	if len(h.listing.order) == 0 {
		return entry{row: &account.Row{}, need: nobody}, false
	}
	return *h.all[h.here], true
}

func (h *home) press(msg tea.KeyPressMsg) tea.Cmd {
	if h.choose(msg) {
		return nil
	}
	e, ok := h.entry()
	if key.Matches(msg, openKey) {
		return h.open(e, ok)
	}
	if h.filter != nil {
		return h.typed(msg)
	}
	switch {
	case key.Matches(msg, addKey), key.Matches(msg, sectionsKey):
		return h.app.open(newIntegrations(h.app))
	case key.Matches(msg, verifyKey):
		return h.check(0, allAtOnce)
	case key.Matches(msg, sortKey):
		h.sort = (h.sort + 1) % sortings
		h.changed++
		h.app.notice = "Sorted: " + sortWords[h.sort] + "."
		return h.arrange()
	case key.Matches(msg, filterKey):
		f := kit.NewField("", "", "part of a name")
		f.Focus()
		h.filter = &f
		return nil
	case key.Matches(msg, steps.UnlockKey) && len(h.closed) > 0:
		return h.unlock()
	}
	return h.deal(msg, e, ok)
}

// deal is what a key does with the line one is at.
func (h *home) deal(msg tea.KeyPressMsg, e entry, ok bool) tea.Cmd {
	switch {
	case !ok:
		return nil
	case e.row.Owned && key.Matches(msg, throwKey, rotateKey, moveKey):
		h.app.notice = ownedWords(e)
		return nil
	case key.Matches(msg, throwKey) && e.stray != "":
		h.app.dialog = dropStray(h.app, e.stray)
		return nil
	case key.Matches(msg, throwKey) && e.draft:
		return h.app.askAway(e.row.ID)
	case e.draft, e.stray != "":
		return nil
	case key.Matches(msg, rotateKey), key.Matches(msg, moveKey) && e.need.rank == movingKey:
		return accountOf(h.app, e.row.ID)
	}
	return nil
}

// chosen goes on with the account whose key is to be dealt with.
func (h *home) chosen(m answer[account.Account]) tea.Cmd {
	switch {
	case m.err != nil:
		h.app.notice = steps.Advise(account.AsProblem(m.err)).Line()
		return nil
	case !steps.Keyed(m.value):
		h.app.notice = steps.Keyless(m.value)
		return nil
	case m.value.Begun() == account.MovingKey:
		return h.app.move(m.value, h.app.home)
	}
	return h.app.rotate(m.value, h.app.home)
}

func (h *home) open(e entry, ok bool) tea.Cmd {
	switch {
	case !ok, e.stray != "":
		return nil
	case e.draft && e.row.Owned:
		h.app.notice = ownedWords(e)
		return nil
	case e.draft && e.row.Begun == account.Removing:
		return h.app.askAway(e.row.ID)
	case e.draft:
		return h.app.resume(e.row.ID)
	}
	return h.app.showAccount(e.row.ID)
}

func ownedWords(e entry) string {
	if e.draft {
		return steps.Advise(&account.Problem{Kind: account.DraftOwned}).Say
	}
	return steps.Advise(&account.Problem{Kind: account.AccountInUse}).Say
}

// unlock opens the page of the first key store that would have to ask.
func (h *home) unlock() tea.Cmd {
	for _, s := range []account.Store{account.Keyring, account.FileStore} {
		if _, closed := h.closed[s]; closed {
			return h.app.unlock(s, h.app.home)
		}
	}
	return nil
}

// dropStray asks before a key is deleted that belongs to nobody.
func dropStray(a *App, k account.KeyID) dialog {
	text := "The file store has a private key that no account and no draft here knows of. It may be from a copy of this program's files that was brought back, or from one that was moved away. If that copy is still in use, keep the key."
	ops := a.ports.Env.Ops
	return &textDialog{title: "Delete key " + string(k) + "?", text: text, actions: []action{{
		key: kit.Key("x", "delete it"),
		do: func() tea.Cmd {
			return ask(a, func(ctx context.Context) (dropped, error) {
				_, err := ended(ctx, ops.DropStray(account.FileStore, k))
				return dropped{}, err
			})
		},
	}}}
}

// typed lets the filter have what is typed.
func (h *home) typed(msg tea.Msg) tea.Cmd {
	if h.filter == nil {
		return nil
	}
	if press, ok := msg.(tea.KeyPressMsg); ok && key.Matches(press, unfilterKey) {
		h.filter = nil
		h.changed++
		return h.arrange()
	}
	before := h.filter.Value()
	cmd := h.filter.Update(msg)
	if h.filter.Value() == before {
		return cmd
	}
	h.changed++
	return tea.Batch(cmd, h.arrange())
}

// choose moves to another line; false where the key is for something else.
func (h *home) choose(msg tea.KeyPressMsg) bool {
	n := len(h.listing.order)
	at := max(0, slices.Index(h.listing.order, h.here))
	to, ok := step(msg, at, n, h.page(), h.filter != nil)
	if !ok {
		return false
	}
	if n > 0 {
		h.here, h.moved = h.listing.order[to], true
	}
	return true
}

// step is where a key leads in a list of n that shows so many at a time; letters
// count as keys only where nothing is typed.
func step(msg tea.KeyPressMsg, at, n, page int, typing bool) (to int, ok bool) {
	switch k := msg.String(); {
	case k == "down", k == "j" && !typing:
		to = at + 1
	case k == "up", k == "k" && !typing:
		to = at - 1
	case k == "pgdown":
		to = at + page
	case k == "pgup":
		to = at - page
	case k == "home" && !typing:
		to = 0
	case k == "end" && !typing:
		to = n - 1
	default:
		return at, false
	}
	return min(max(to, 0), max(n-1, 0)), true
}

// page is how many lines a leaf through the list skips.
func (h *home) page() int { return max(1, h.app.size.Height-chrome-8) }

func (h *home) View(size kit.Size, t kit.Theme) kit.Page {
	now := h.app.ports.Env.Now()
	var out []kit.Frame
	for i := range h.app.known.Damaged {
		out = append(out, kit.Mark(size.Width, t.Bad.Render("✗"), steps.Advise(&h.app.known.Damaged[i]).Line()))
	}
	if h.filter != nil {
		out = append(out, h.filter.Draw(size.Width, t))
	}
	const around = 7 // title, blank, rule, and what is pinned under the list
	room := max(3, size.Height-around-kit.Stack(out...).Height())
	out = append(out, h.lines(size.Width, room, t, now))
	return kit.Page{
		Title: fmt.Sprintf("%d connected", len(h.app.known.Accounts)),
		Body:  kit.Stack(out...),
		Live:  h.live(size.Width, t, now),
	}
}

const longestName = 19

// lines are the lines around the one that is chosen.
func (h *home) lines(width, room int, t kit.Theme, now time.Time) kit.Frame {
	order := h.listing.order
	if len(order) == 0 {
		return kit.Frame{Text: t.Faint.Render("No name here has that in it.")}
	}
	first, last := window(len(order), max(0, slices.Index(order, h.here)), room)
	name := 8
	for _, i := range order[first:last] {
		name = min(max(name, lipgloss.Width(string(h.all[i].row.Name))), longestName)
	}
	var out []kit.Frame
	for at := first; at < last; at++ {
		if at == h.listing.split && at > 0 {
			out = append(out, kit.Frame{Text: t.Rule.Render(strings.Repeat("─", width))})
		}
		out = append(out, h.line(h.all[order[at]], order[at] == h.here && h.filter == nil, order[at] == h.here, name, width, t, now))
	}
	return kit.Stack(out...)
}

// line is an entry in one line: what it needs and by which key; else its
// provider, the age of its last check and how long its key lives.
func (h *home) line(e *entry, cursor, here bool, name, width int, t kit.Theme, now time.Time) kit.Frame {
	sign, words, right := h.state(e, t, now)
	mark := "  "
	if here {
		mark = t.Accent.Render("› ")
	}
	called := kit.Cut(string(e.row.Name), name)
	room := max(8, width-4-name-2-lipgloss.Width(right)-1)
	words = kit.Cut(words, room)
	f := kit.Frame{Text: mark + sign + " " + called + strings.Repeat(" ", max(0, name-lipgloss.Width(called))+2) + words + strings.Repeat(" ", room-lipgloss.Width(words)+1) + right}
	if cursor {
		f.Cursor = &tea.Cursor{Shape: tea.CursorBar}
	}
	return f
}

// state is what is said of an entry: its sign, the words and what stands at the
// right.
func (h *home) state(e *entry, t kit.Theme, now time.Time) (sign, words, right string) {
	if n := e.need; n.rank > 0 {
		k := n.deal.Help()
		return steps.Sign(n.state, t), n.say, t.Key.Render(k.Key) + " " + k.Desc
	}
	if e.draft {
		return t.Faint.Render("·"), "open in another window", ""
	}
	if !e.row.Expires.IsZero() { // an AWS account by a profile has no certificate
		right = days(e.row.Expires.Sub(now))
	}
	provider := fmt.Sprintf("%-11s", e.row.Provider)
	switch {
	case h.asking[e.row.ID]:
		return t.Faint.Render("…"), provider + "checking", right
	case e.seen == nil:
		return t.Faint.Render("·"), provider + "not checked yet", right
	}
	return steps.Sign(e.seen.worst, t), provider + Ago(now.Sub(e.seen.at)), right
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

// live says of the line one is at what there is no room for in it, and which key
// stores would have to ask.
func (h *home) live(width int, t kit.Theme, now time.Time) kit.Frame {
	var out []kit.Frame
	if e, ok := h.entry(); ok {
		out = append(out, h.said(e, width, t, now))
	}
	for _, s := range []account.Store{account.Keyring, account.FileStore} {
		if state, closed := h.closed[s]; closed {
			out = append(out, kit.Mark(width, t.Warn.Render("!"), steps.ClosedStore(s, state)))
		}
	}
	return kit.Stack(out...)
}

func (h *home) said(e entry, width int, t kit.Theme, now time.Time) kit.Frame {
	sign := steps.Sign(e.need.state, t)
	switch {
	case e.stray != "":
		return kit.Mark(width, sign, "This private key belongs to no account and no draft here. x asks before it is deleted.")
	case e.draft && e.row.Begun == account.Removing:
		return kit.Mark(width, sign, "Its removal was begun. Enter goes on with it.")
	case e.draft && e.need.rank > 0:
		return kit.Mark(width, sign, "Not finished: "+draftWords(*e.row, now)+". Enter goes on.")
	case e.need.rank == rotating, e.need.rank == movingKey:
		return kit.Mark(width, sign, "It works as before. "+e.need.deal.Help().Key+" goes on where it stopped.")
	}
	var p *account.Problem
	switch {
	case e.need.rank == expiresSoon || e.need.rank == hasExpired:
		p = &account.Problem{Kind: account.ExpiringSoon, Left: e.row.Expires.Sub(now)}
		if p.Left <= 0 {
			p.Kind = account.Expired
		}
	case e.need.rank == keyGone:
		p = &account.Problem{Kind: account.KeyMissing}
	case e.seen == nil:
		return kit.Frame{}
	case e.need.rank > 0:
		p = e.seen.wrong
	default:
		p, sign = e.seen.other, steps.Sign(e.seen.worst, t)
	}
	if p == nil {
		return kit.Frame{}
	}
	return kit.Mark(width, sign, steps.Advise(p).Say+" Enter shows more.")
}

// window is the part of n rows that shows around at.
func window(n, at, height int) (first, last int) {
	first = max(0, min(at-height/2, n-height))
	return first, min(n, first+height)
}

// sections are the side navigation of Home and Integrations.
func (a *App) sections() []kit.Item {
	switch a.page.(type) {
	case *home:
		return []kit.Item{{Label: "Home", State: kit.Here}, {Label: "Integrations"}}
	case *integrations, *accountPage, *rename, *remove, nil:
		return []kit.Item{{Label: "Home"}, {Label: "Integrations", State: kit.Here}}
	}
	return nil
}
