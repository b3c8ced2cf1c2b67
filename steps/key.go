package steps

import (
	"fmt"
	"io"
	"path/filepath"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var keyStop = Stop{
	Name: "key", Label: "Generate key", Makes: true,
	Screen: func(e Env, d account.Draft) Step { return newGenerate(e, d) },
	Plain:  plainKey,
}

// generate makes the key pair and the certificate file with one key press.
type generate struct {
	pulse
	draft account.Draft
	op    *link.Operation
	doing string
	wrong *account.Problem
	bits  int
}

var (
	makeKey      = kit.Key("enter", "generate public key & download")
	bitsKey      = kit.Key("b", "key size")
	elsewhereKey = kit.Key("w", "browser is elsewhere")
)

func newGenerate(e Env, d account.Draft) *generate {
	g := &generate{pulse: newPulse(e), draft: d, bits: 2048}
	if b := d.Key().Bits; b != 0 {
		g.bits = b
	}
	return g
}

func (g *generate) Enter() tea.Cmd { return nil }
func (g *generate) Typing() bool   { return false }
func (g *generate) made() bool     { return g.op == nil && g.draft.Key().Saved != "" }

func (g *generate) Keys() []key.Binding {
	switch {
	case g.op != nil:
		return nil
	case g.made():
		return []key.Binding{enterKey, backKey}
	case g.draft.Key().Stored:
		return []key.Binding{kit.Named(enterKey, "write the certificate"), elsewhereKey, backKey}
	}
	return []key.Binding{makeKey, bitsKey, elsewhereKey, backKey}
}

func (g *generate) Offers() []Offer {
	if !g.made() {
		return nil
	}
	k := g.draft.Key()
	return append([]Offer{
		{Key: "c", Name: "copy path", Kind: Copy, Title: "Certificate file", Value: k.Saved},
		{Key: "t", Name: "copy thumbprint", Kind: Copy, Title: "Thumbprint", Value: k.Certificate.SHA1},
	}, elsewhereOffers(g.env, k)...)
}

func (g *generate) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		return g.press(msg)
	case Answer[link.Event]:
		return Stay, g.event(msg)
	}
	cmd, _ := g.pulse.update(msg)
	return Stay, cmd
}

func (g *generate) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case g.op != nil: // a key that is being made is waited for: it takes a second
	case key.Matches(msg, enterKey):
		if g.made() {
			return Next, nil
		}
		return Stay, g.start()
	case key.Matches(msg, backKey):
		return Back, nil
	case key.Matches(msg, bitsKey) && !g.draft.Key().Stored:
		g.bits = map[int]int{2048: 3072, 3072: 4096, 4096: 2048}[g.bits]
	case key.Matches(msg, elsewhereKey) && !g.made():
		g.env.Place.Remote = !g.env.Place.Remote
		g.env.session.remote = g.env.Place.Remote // for the pages after this one, too
	}
	return Stay, nil
}

func (g *generate) start() tea.Cmd {
	g.wrong, g.doing = nil, "key"
	wish := link.KeyWish{
		ID: account.KeyID(g.env.NewID()), Store: StoreOf(g.draft), Bits: g.bits,
		Life: link.Lives[0], Directory: directory(g.env, g.draft),
	}
	g.op = g.env.Ops.MakeKey(g.draft.ID, wish)
	return tea.Batch(Watch(g.env, g.op), g.beat())
}

// StoreOf is where a draft's key is, or goes.
func StoreOf(d account.Draft) account.Store {
	if k := d.Key(); k.Store != "" {
		return k.Store
	}
	return account.Keyring
}

// directory is where the certificate file goes: to Downloads, where the
// browser looks; to the current directory when the browser is elsewhere.
func directory(e Env, d account.Draft) string {
	if saved := d.Key().Saved; saved != "" {
		return filepath.Dir(saved)
	}
	if e.Place.Remote {
		return e.Place.Directory
	}
	return e.Place.Downloads
}

func (g *generate) event(a Answer[link.Event]) tea.Cmd {
	if a.Err != nil {
		if a.Err != io.EOF {
			g.wrong = account.AsProblem(a.Err)
		}
		if d := g.op.Last().Draft; d.ID != "" {
			g.draft.Keys = d.Keys
		}
		g.op = nil
		g.rest()
		return nil
	}
	g.doing = a.Value.Step
	if a.Value.Draft.ID != "" {
		g.draft.Keys = a.Value.Draft.Keys
	}
	return Watch(g.env, g.op)
}

func (g *generate) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{
		Title: "Generate public key & download",
		Why:   "The private half is made here and goes into " + storeWords(StoreOf(g.draft)) + ". Only the public half leaves this machine.",
	}
	if g.made() {
		p.Body = made(size.Width, t, g.env, g.draft)
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Key stored and read back, certificate written.")
		return p
	}
	p.Body = kit.Stack(
		kit.Value(size.Width, t, "Key", fmt.Sprintf("RSA %d", g.bits)),
		kit.Value(size.Width, t, "Valid for", fmt.Sprintf("%d days", int(link.Lives[0]/(24*time.Hour)))),
		kit.Value(size.Width, t, "Private half to", storeWords(StoreOf(g.draft))),
		kit.Value(size.Width, t, "Certificate to", home(g.env, directory(g.env, g.draft))),
	)
	switch {
	case g.wrong != nil:
		a := Advise(g.wrong)
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), a.Say+" "+a.Do)
	case g.op != nil:
		p.Live = kit.Mark(size.Width, g.sign(t), doingWords[g.doing])
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is made yet. One key press makes all of it.")
	}
	return p
}

// doingWords are the changes of link.MakeKey as they run.
var doingWords = map[string]string{
	"key":         "Making the key, storing it and reading it back",
	"certificate": "Making the certificate and writing the file",
}

// made shows the certificate: where it is and what to compare it by.
func made(width int, t kit.Theme, e Env, d account.Draft) kit.Frame {
	k := d.Key()
	out := []kit.Frame{
		kit.Value(width, t, "Certificate file", home(e, k.Saved)),
		kit.Value(width, t, "Expires", k.Certificate.NotAfter.Format("2 January 2006")),
		kit.Value(width, t, "Private half in", storeWords(k.Store)),
		kit.Blank,
		kit.Lines(t.Faint.Render("Thumbprint (SHA-1, as the portal shows it)"), kit.Groups(k.Certificate.SHA1)),
	}
	if e.Place.Remote { // how it gets there matters more than a second thumbprint
		return kit.Stack(append(out, elsewhere(width, t, e, k))...)
	}
	out = append(out, kit.Lines(t.Faint.Render("SHA-256"), kit.Wrap(kit.Groups(k.Certificate.SHA256), width)))
	return kit.Stack(out...)
}

// storeWords is a key store as people call it.
func storeWords(s account.Store) string {
	if s == account.FileStore {
		return "a file under your passphrase"
	}
	return "this user's OS keyring"
}

func (g *generate) Fill(d account.Draft) account.Draft {
	d.Keys = g.draft.Keys
	return d
}
