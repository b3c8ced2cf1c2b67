package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// Moving is the way of an account's key to the other store. Both are made ready
// first, by asking where they have to ask.
func Moving(account.Draft) []Stop {
	return []Stop{moveStop, fromStoreStop, toStoreStop, movingStop}
}

var (
	moveStop = Stop{
		Name: "move", Over: true,
		Screen: func(e Env, d account.Draft) Step { return &move{env: e, draft: d} },
	}
	fromStoreStop = Stop{Name: "from-store", Over: true, Fleet: true, Screen: storeStop.Screen}
	toStoreStop   = Stop{
		Name: "to-store", Over: true, Fleet: true,
		Screen: func(e Env, d account.Draft) Step { return newTargetStore(e, d, other(StoreOf(d))) },
	}
	movingStop = Stop{
		Name: "moving", Over: true, Fleet: true, Held: true,
		Screen: func(e Env, d account.Draft) Step { return newMoving(e, d) },
	}
)

// other is the store that a key is not in.
func other(s account.Store) account.Store {
	if s == account.FileStore {
		return account.Keyring
	}
	return account.FileStore
}

// move says from where to where, and what will happen.
type move struct {
	env   Env
	draft account.Draft
	known *account.Account
	wrong *account.Problem
}

func (m *move) Enter() tea.Cmd  { return Ask(m.env, m.env.read(m.draft.ID)) }
func (m *move) Offers() []Offer { return nil }
func (m *move) Typing() bool    { return false }

func (m *move) Keys() []key.Binding {
	on := kit.Named(enterKey, "begin")
	on.SetEnabled(m.known != nil)
	return []key.Binding{on, backKey}
}

func (m *move) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.Account]:
		if m.wrong = account.AsProblem(msg.Err); m.wrong == nil {
			m.known = &msg.Value
		}
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, enterKey) && m.known != nil:
			return Next, nil
		}
	}
	return Stay, nil
}

func (m *move) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Move the key of " + string(m.draft.Name), Why: "It stays on this machine, and its certificate stays as it is."}
	switch {
	case m.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(m.wrong).Line())
	case m.known == nil:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the account")
	case m.known.Moving != "":
		p.Body = kit.Stack(
			kit.Value(size.Width, t, "In use", storeWords(m.known.Key.Store)),
			kit.Value(size.Width, t, "Perhaps also in", storeWords(m.known.Moving)),
		)
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "A move was begun. Enter deletes the key where it is not in use.")
	default:
		from := m.known.Key.Store
		p.Body = kit.Stack(
			kit.Value(size.Width, t, "From", storeWords(from)),
			kit.Value(size.Width, t, "To", storeWords(other(from))),
			kit.Blank,
			kit.Numbered(
				size.Width, t,
				"The key is copied, read back and compared.",
				"A token is asked for with the copy.",
				"The account uses the copy.",
				"The key is deleted where it was.",
			),
		)
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is changed yet. Enter begins.")
	}
	return p
}

// Fill brings the key as it is on record: where a move was begun, it goes from
// the store where it is not in use.
func (m *move) Fill(d account.Draft) account.Draft {
	k := m.known.Key
	if m.known.Moving != "" {
		k.Store = m.known.Moving
	}
	d.Keys = []account.Key{k}
	return d
}

// moving moves the key, one line a stage.
type moving struct{ changing }

// moveWords name the stages.
var moveWords = map[string]string{
	link.TheCopy:    "Copied, read back and compared",
	link.TheCheck:   "A token with the copy",
	link.TheMove:    "The account uses the copy",
	link.TheLeaving: "Deleted where it was",
}

func newMoving(e Env, d account.Draft) *moving {
	m := &moving{newChanging(e, d, Leave)}
	m.words, m.ways = moveWords, m.stopped
	return m
}

func (m *moving) Enter() tea.Cmd { return m.begin() }

func (m *moving) begin() tea.Cmd {
	m.lines = nil
	return m.run(m.env.Ops.MoveKey(m.draft.ID, other(StoreOf(m.draft))))
}

func (m *moving) Offers() []Offer { return nil }

// stopped says how one can go on.
func (m *moving) stopped(menu *kit.Menu[lead]) {
	menu.Add(kit.Option{Title: "Try again"}, func() (Outcome, tea.Cmd) { return Stay, m.begin() })
	leave := kit.Option{Title: "Leave it", Detail: "The key is in use where it was."}
	if m.stateOf(link.TheMove) == link.Done {
		leave = kit.Option{Title: "Go on later", Detail: "Home offers it until it is done."}
	}
	menu.Add(leave, outcome(Leave))
}

func (m *moving) View(size kit.Size, t kit.Theme) kit.Page {
	to := storeWords(other(StoreOf(m.draft)))
	p := kit.Page{Title: "Move the key of " + string(m.draft.Name), Why: "To " + to + ".", Body: m.body(size, t)}
	switch {
	case m.over:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "The key is in "+to+". Enter goes on.")
	case m.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(m.wrong).Line())
	default:
		p.Live = kit.Mark(size.Width, m.sign(t), "The key works all the while.")
	}
	return p
}

func (m *moving) Fill(d account.Draft) account.Draft { return d }
