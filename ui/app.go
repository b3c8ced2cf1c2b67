// Package ui is the shell: the only tea.Model. It owns the window, the panel,
// dialogs, the line of keys and leaving; what is asked is in steps, what is done
// is in link.
package ui

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// Ports are what the shell needs beside what steps need.
type Ports struct {
	Env  steps.Env
	Open func(ctx context.Context, url string) error // shows an address to the person
	Demo func(url string) string                     // the demo portal's page; nil outside the demo
	Text func(ctx context.Context, name, text string) (path string, err error)
}

// App is the shell.
type App struct {
	ctx   context.Context
	ports Ports
	known account.Contents

	size   kit.Size
	theme  kit.Theme
	scroll kit.Scroll

	page    page // what is open when no wizard is
	wizard  *steps.Wizard
	between bool            // the wizard has ended, and the page after it is not there yet
	here    context.Context // ends when what is open is left
	quit    context.CancelFunc
	visit   int     // counts what was opened
	errand  *errand // what the wizard is for, where it works on an account
	dialog  dialog
	notice  string // a word on what was just done, until the next key

	leaving  time.Time // when leaving was first asked for while something was written
	released bool      // nothing holds the end any more
	ended    string    // what to say after the screen is gone
}

// page is a screen outside the wizard.
type page interface {
	Enter() tea.Cmd
	Update(tea.Msg) tea.Cmd
	View(kit.Size, kit.Theme) kit.Page
	Keys() []key.Binding
	Offers() []steps.Offer
	Typing() bool
	Title() string
}

// New is the shell over what the registry holds.
func New(ctx context.Context, ports Ports, known account.Contents) *App {
	return &App{ctx: ctx, ports: ports, known: known, theme: kit.NewTheme(true), here: ctx, quit: func() {}}
}

// Init opens the first page and asks for the background's colour; until it is
// told, it is taken for dark.
func (a *App) Init() tea.Cmd { return tea.Batch(tea.RequestBackgroundColor, a.begin(), a.mend()) }

// Update is the routing: the window and leaving first, then the dialog, then the page.
func (a *App) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		a.size = kit.Size{Width: msg.Width, Height: msg.Height}
		return a, nil
	case tea.BackgroundColorMsg:
		a.theme = kit.NewTheme(msg.IsDark())
		return a, nil
	case leaveMsg:
		return a, a.leave(msg)
	case asked:
		if msg.visit != a.visit {
			a.late(msg.msg)
			return a, nil
		}
		return a.Update(msg.msg)
	case contentsMsg:
		return a, a.reloaded(msg)
	case awayMsg:
		a.away(msg)
		return a, nil
	case thrownMsg:
		return a, a.thrown(msg)
	case mendedMsg:
		return a, a.mended()
	case didMsg:
		a.notice = string(msg)
		return a, nil
	case tea.KeyPressMsg:
		return a, a.press(msg)
	case tea.PasteMsg:
		if a.dialog != nil {
			return a, a.inDialog(msg)
		}
	}
	return a, a.inner(msg)
}

// press routes a key: the shell's own, then the dialog's, then what the page
// offers, then the page itself.
func (a *App) press(msg tea.KeyPressMsg) tea.Cmd {
	a.notice = ""
	switch {
	case key.Matches(msg, quitKey) && a.dialog == nil && a.holds():
		return a.inner(msg) // it stops between two changes, and asks what then
	case key.Matches(msg, quitKey):
		return tea.Interrupt
	case key.Matches(msg, suspendKey):
		return tea.Suspend
	case a.dialog != nil:
		return a.inDialog(msg)
	case key.Matches(msg, pageUp) && !a.lists():
		a.scrollBy(-5)
		return nil
	case key.Matches(msg, pageDown) && !a.lists():
		a.scrollBy(5)
		return nil
	}
	if cmd, took := a.offered(msg); took {
		return cmd
	}
	if key.Matches(msg, helpKey) && (!a.typing() || msg.String() != "?") {
		a.dialog = a.help()
		return nil
	}
	a.scroll.Held = false // to where one types or chooses
	return a.inner(msg)
}

// inner lets the wizard or the page have a message.
func (a *App) inner(msg tea.Msg) tea.Cmd {
	switch msg.(type) {
	case tea.KeyPressMsg, tea.PasteMsg:
		if a.between {
			return nil
		}
	}
	if a.wizard == nil {
		if late, ok := msg.(visited); ok && late.of() != a.visit {
			return nil
		}
		return a.page.Update(msg)
	}
	before := a.wizard.At()
	outcome, cmd := a.wizard.Update(msg)
	if a.wizard.At() != before {
		a.scroll = kit.Scroll{}
	}
	switch outcome {
	case steps.Finish, steps.Back, steps.Leave:
		if e := a.errand; e != nil {
			a.wizard.Close()
			return tea.Batch(cmd, e.then())
		}
		return tea.Batch(cmd, a.closed())
	case steps.Elsewhere:
		return tea.Batch(cmd, a.elsewhere())
	}
	return cmd
}

// holds tells whether the step wants to be asked before the program ends: once,
// while it is changing something. Where it has stopped, the program ends.
func (a *App) holds() bool {
	if a.wizard == nil {
		return false
	}
	s, ok := a.wizard.Step().(interface{ Holds() bool })
	return ok && s.Holds()
}

// lists tells whether the page is a list, which scrolls by itself.
func (a *App) lists() bool {
	l, ok := a.page.(interface{ Lists() bool })
	return ok && a.wizard == nil && l.Lists()
}

func (a *App) typing() bool {
	if a.wizard != nil {
		return a.wizard.Step().Typing()
	}
	return a.page.Typing()
}

// Ended is what to say after the screen is gone.
func (a *App) Ended() string {
	if a.ports.Demo != nil {
		return "That was the demo: nothing is left of it."
	}
	if a.wizard == nil || a.errand != nil {
		return a.ended
	}
	switch name := string(a.wizard.Draft().Name); a.wizard.Fate() {
	case steps.Linked:
		return name + " is connected."
	case steps.Kept:
		if p := a.wizard.Trouble(); p != nil {
			return "The draft " + name + " is kept, without what you answered last. " + steps.Advise(p).Line()
		}
		return "The draft " + name + " is kept. Start xops-onboard again to go on exactly there."
	case steps.Gone:
		return "Nothing of " + name + " is kept here."
	}
	return a.ended
}

// contentsMsg is the registry read anew.
type contentsMsg struct {
	contents account.Contents
	err      error
	then     func() tea.Cmd
}

// reload reads the registry and then goes on.
func (a *App) reload(then func() tea.Cmd) tea.Cmd {
	reg, ctx := a.ports.Env.Ops.Ports().Registry, a.ctx
	return a.ask(func() tea.Msg {
		c, err := reg.Contents(ctx)
		return contentsMsg{c, err, then}
	})
}

func (a *App) reloaded(m contentsMsg) tea.Cmd {
	if m.err != nil {
		a.notice, a.between = steps.Advise(account.AsProblem(m.err)).Line(), false
		return nil
	}
	a.know(m.contents)
	return m.then()
}

// know takes what the registry holds.
func (a *App) know(c account.Contents) {
	a.known = c
	a.ports.Env.Known, a.ports.Env.Drafts = c.Accounts, c.Drafts
}

// didMsg is a word on what was just done.
type didMsg string
