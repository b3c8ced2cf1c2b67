package ui

import (
	"context"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// begin is where a start leads: what is wrong with the registry, Home once an
// account is connected, the drafts that were left, else the cloud selection.
func (a *App) begin() tea.Cmd {
	a.ports.Env.Known, a.ports.Env.Drafts = a.known.Accounts, a.known.Drafts
	switch {
	case len(a.known.Damaged) > 0 && len(a.known.Accounts) == 0:
		return a.open(newTrouble(a))
	case len(a.known.Accounts) > 0:
		return a.open(newHome(a))
	case len(a.known.Drafts) > 0:
		return a.open(newDrafts(a))
	}
	return a.walk(account.Draft{})
}

// turn leaves what is open, and opens a page or a wizard.
func (a *App) turn(p page, w *steps.Wizard) {
	a.quit()
	a.here, a.quit = context.WithCancel(a.ctx)
	a.visit++
	a.scroll, a.between = kit.Scroll{}, false
	a.page, a.wizard, a.errand = p, w, nil
}

// open opens a page in place of what was.
func (a *App) open(p page) tea.Cmd {
	a.turn(p, nil)
	return p.Enter()
}

// walk opens the wizard.
func (a *App) walk(d account.Draft) tea.Cmd { return a.route(steps.Routes, d) }

// takeBack opens the road that removes what a draft made.
func (a *App) takeBack(d account.Draft) tea.Cmd { return a.route(steps.TakingBack, d) }

// route opens the wizard on a route.
func (a *App) route(r steps.Route, d account.Draft) tea.Cmd {
	a.turn(nil, steps.NewWizard(a.ctx, a.ports.Env, r, d))
	return a.wizard.Init()
}

// asked is an answer for the page that asked for it.
type asked struct {
	msg   tea.Msg
	visit int
}

// ask runs f off the event loop. What it brings is dropped if the page was left.
func (a *App) ask(f func() tea.Msg) tea.Cmd {
	visit := a.visit
	return func() tea.Msg { return asked{f(), visit} }
}

// late is an answer that came after its page was left. It leads nowhere; what
// the registry holds is known all the same.
func (a *App) late(msg tea.Msg) {
	switch m := msg.(type) {
	case contentsMsg:
		if m.err == nil {
			a.know(m.contents)
		}
	case thrownMsg:
		a.kept(m)

	}
}

// closed is after the wizard: the registry says where to.
func (a *App) closed() tea.Cmd {
	if a.wizard.Fate() == steps.Linked {
		a.ended = a.Ended()
	}
	a.wizard.Close()
	a.between = true
	return a.reload(a.begin)
}

// elsewhere is after a wizard that found its account linked already: that
// account's page. A draft that has no key yet is nothing to go on with.
func (a *App) elsewhere() tea.Cmd {
	d := a.wizard.Draft()
	twin, _ := a.wizard.Twin()
	a.wizard.Close()
	a.between = true
	show := func() tea.Cmd { return a.showAccount(twin.ID) }
	if d.Created.IsZero() || d.Key().ID != "" {
		return a.reload(show)
	}
	return a.throw(d, show)
}

// resume goes on with a draft.
func (a *App) resume(id account.ID) tea.Cmd {
	reg, ctx := a.ports.Env.Ops.Ports().Registry, a.ctx
	return a.ask(func() tea.Msg {
		d, err := reg.Draft(ctx, id)
		return resumedMsg{d, err}
	})
}

// resumedMsg is a draft to go on with.
type resumedMsg struct {
	draft account.Draft
	err   error
}

// add links another account of a provider.
func (a *App) add(p account.Provider) tea.Cmd {
	return a.walk(account.Draft{Provider: p, Link: account.NewLink(p)})
}
