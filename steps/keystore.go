package steps

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// storeStop is a page only while the keyring is not ready.
var storeStop = Stop{
	Name:   "keystore",
	Skip:   func(d account.Draft) bool { return d.Key().Stored && d.Key().Certificate.Made() },
	Screen: func(e Env, d account.Draft) Step { return newKeyStore(e, d) },
	Plain:  plainStore,
}

// keyStore says why the keyring cannot be used and what can be done: unlock,
// try again, a file under a passphrase, or leave. Nothing is chosen silently.
type keyStore struct {
	env    Env
	draft  account.Draft
	status map[account.Store]account.StoreStatus
	menu   kit.Menu[func() tea.Cmd]
	phrase [2]kit.Field // the passphrase, and again when the store is new
	at     int
	typing bool
	busy   string
	cancel context.CancelFunc
	wrong  *account.Problem
	picked account.Store
	target bool // this store and no other: a key is to be moved there
}

// probed is what both stores can do.
type probed map[account.Store]account.StoreStatus

// unlocked is that a store was made ready, or why not.
type unlocked struct{ store account.Store }

func newKeyStore(e Env, d account.Draft) *keyStore {
	return &keyStore{env: e, draft: d, picked: StoreOf(d)}
}

// newTargetStore makes a store ready for a key that is somewhere else.
func newTargetStore(e Env, d account.Draft, to account.Store) *keyStore {
	return &keyStore{env: e, draft: d, picked: to, target: true}
}

func (s *keyStore) Enter() tea.Cmd {
	s.busy = "Asking the keyring"
	keys := s.env.Ops.Ports().Keys
	return Ask(s.env, func(ctx context.Context) (probed, error) {
		return probed{
			account.Keyring:   keys.Probe(ctx, account.Keyring),
			account.FileStore: keys.Probe(ctx, account.FileStore),
		}, nil
	})
}

func (s *keyStore) Offers() []Offer { return nil }
func (s *keyStore) Typing() bool    { return s.typing }

func (s *keyStore) Keys() []key.Binding {
	switch {
	case s.cancel != nil:
		return []key.Binding{kit.Named(backKey, "stop waiting")}
	case s.busy != "":
		return []key.Binding{backKey}
	case s.typing:
		other := fieldKey
		other.SetEnabled(s.fresh())
		return []key.Binding{kit.Named(enterKey, "take it"), other, backKey}
	}
	return []key.Binding{kit.ChooseKey, kit.Named(enterKey, "choose"), backKey}
}

func (s *keyStore) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[probed]:
		return s.probed(msg.Value), nil
	case Answer[unlocked]:
		return s.unlocked(msg)
	case tea.KeyPressMsg:
		return s.press(msg)
	case tea.PasteMsg:
		if s.typing {
			return Stay, s.phrase[s.at].Update(msg)
		}
	}
	return Stay, nil
}

// probed goes on without a page when the store of this draft is ready.
func (s *keyStore) probed(p probed) Outcome {
	s.busy, s.status = "", p
	if p[s.picked].State == account.StoreReady {
		return Pass
	}
	s.offer()
	return Stay
}

// offer lists what can be done in this state.
func (s *keyStore) offer() {
	s.menu = kit.Menu[func() tea.Cmd]{}
	add := func(title, detail string, do func() tea.Cmd) {
		s.menu.Add(kit.Option{Title: title, Detail: detail}, do)
	}
	ring, file := s.status[account.Keyring], s.status[account.FileStore]
	if s.target && s.picked == account.FileStore {
		title, detail := "Enter the passphrase", "Of the file store of this user on this machine."
		if file.State == account.StoreEmpty {
			title, detail = "Choose a passphrase", "The key goes into a file that only it opens (age, scrypt). You enter it again after every start."
		}
		add(title, detail, s.ask)
		add("Try again", "", s.Enter)
		return
	}
	if s.draft.Key().Stored && s.picked == account.FileStore {
		if file.State != account.StoreEmpty { // a new store would not have this key
			add("Enter the passphrase", "The key is in a file under your passphrase.", s.ask)
		}
		add("Try again", "", s.Enter)
		return
	}
	if ring.State == account.StoreLocked && ring.CanPrompt {
		add("Unlock the keyring", "Your desktop asks for its password; esc stops waiting.", func() tea.Cmd { return s.unlock(account.Keyring, nil, "Waiting for the keyring's own dialog") })
	}
	add("Try again", "After you did what is said above.", s.Enter)
	if !s.draft.Key().Stored {
		detail := "The key goes into a file that only your passphrase opens (age, scrypt). You enter it again after every start."
		switch file.State {
		case account.StoreLocked:
			detail = "The file store is there already; its passphrase opens it."
		case account.StoreReady:
			detail = "It can be used without asking for the passphrase."
		}
		add("Use a file under a passphrase", detail, s.ask)
	}
}

func (s *keyStore) ask() tea.Cmd {
	if s.status[account.FileStore].State == account.StoreReady {
		s.picked = account.FileStore
		return s.Enter()
	}
	s.typing, s.at, s.wrong = true, 0, nil
	s.phrase[0] = kit.NewField("Passphrase", "At least 12 characters. Nobody can bring it back.", "").Secret()
	s.phrase[1] = kit.NewField("The same again", "", "").Secret()
	if !s.fresh() {
		s.phrase[0] = kit.NewField("Passphrase", "Of the file store of this user on this machine.", "").Secret()
	}
	s.phrase[0].Focus()
	return nil
}

// fresh tells whether the file store is made now, so that the passphrase is asked twice.
func (s *keyStore) fresh() bool { return s.status[account.FileStore].State == account.StoreEmpty }

func (s *keyStore) unlock(which account.Store, phrase []byte, words string) tea.Cmd {
	s.busy, s.wrong = words, nil
	keys := s.env.Ops.Ports().Keys
	e := s.env
	e.ctx, s.cancel = context.WithCancel(s.env.ctx)
	return Ask(e, func(ctx context.Context) (unlocked, error) {
		defer clear(phrase)
		return unlocked{which}, keys.Unlock(ctx, which, phrase)
	})
}

func (s *keyStore) unlocked(a Answer[unlocked]) (Outcome, tea.Cmd) {
	s.busy = ""
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	if a.Err != nil {
		s.wrong = account.AsProblem(a.Err)
		return Stay, nil
	}
	s.typing = false
	for i := range s.phrase {
		s.phrase[i].Set("")
	}
	s.picked = a.Value.store
	return Stay, s.Enter()
}

func (s *keyStore) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(msg, backKey):
		return s.back()
	case s.busy != "":
		return Stay, nil
	case s.typing:
		return s.phrasePress(msg)
	case key.Matches(msg, enterKey):
		if do, ok := s.menu.Take(); ok {
			return Stay, do()
		}
		return Stay, nil
	}
	s.menu.Update(msg)
	return Stay, nil
}

func (s *keyStore) back() (Outcome, tea.Cmd) {
	switch {
	case s.cancel != nil:
		s.cancel() // its answer says that it was cancelled
		return Stay, nil
	case s.typing:
		s.typing, s.wrong = false, nil
		s.phrase[0].Set("")
		s.phrase[1].Set("")
		return Stay, nil
	}
	return Back, nil
}

func (s *keyStore) phrasePress(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case msg.String() == "tab" || msg.String() == "shift+tab" || msg.String() == "up" || msg.String() == "down":
		s.other()
	case key.Matches(msg, enterKey):
		if s.fresh() && s.at == 0 {
			s.other()
			return Stay, nil
		}
		if s.fresh() && s.phrase[0].Value() != s.phrase[1].Value() {
			s.phrase[1].Wrong(Advise(&account.Problem{Kind: account.InputMismatch}).Line())
			return Stay, nil
		}
		return Stay, s.unlock(account.FileStore, []byte(s.phrase[0].Value()), "Opening the file store")
	default:
		return Stay, s.phrase[s.at].Update(msg)
	}
	return Stay, nil
}

func (s *keyStore) other() {
	if !s.fresh() {
		return
	}
	s.phrase[s.at].Blur()
	s.at = 1 - s.at
	s.phrase[s.at].Focus()
}

func (s *keyStore) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Key store", Why: "The private key needs a safe place before it is made."}
	if s.status == nil {
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), s.busy)
		return p
	}
	which := account.Keyring
	switch {
	case s.target:
		which = s.picked
		p.Why = "The key is to be moved there."
	case s.draft.Key().Stored:
		which = s.picked
		p.Why = "The private key is there, and cannot be used now."
	}
	state := s.status[which].State
	if s.target && state == account.StoreEmpty {
		which = "" // of a store that was never there nothing is missing
	}
	a := Advise(&account.Problem{Kind: account.StoreNotUsable, Subject: string(which), State: state})
	out := []kit.Frame{kit.Mark(size.Width, t.Warn.Render("!"), a.Say)}
	if a.Do != "" {
		out = append(out, kit.Mark(size.Width, " ", a.Do))
	}
	out = append(out, kit.Blank)
	if s.typing {
		out = append(out, s.phrase[0].Draw(size.Width, t))
		if s.fresh() {
			out = append(out, kit.Blank, s.phrase[1].Draw(size.Width, t))
		}
	} else {
		out = append(out, s.menu.Draw(size.Width, t))
	}
	p.Body = kit.Stack(out...)
	switch {
	case s.busy != "":
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), s.busy)
	case s.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(s.wrong).Line())
	}
	return p
}

// Fill notes the store that was chosen: a key that is not made yet goes there.
func (s *keyStore) Fill(d account.Draft) account.Draft {
	d.Keys = s.draft.Keys
	if !d.Key().Stored {
		k := d.Key()
		k.ID, k.Store = "", s.picked
		d.Keys = []account.Key{k}
	}
	return d
}
