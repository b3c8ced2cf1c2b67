package ui

import (
	"context"
	"reflect"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// errand is what a wizard is for that works on an account, and where it leads.
type errand struct {
	title string
	then  func() tea.Cmd
}

// run opens a wizard for an errand.
func (a *App) run(e errand, route steps.Route, d account.Draft) tea.Cmd {
	a.turn(nil, steps.NewWizard(a.ctx, a.ports.Env, route, d))
	a.errand = &e
	return a.wizard.Init()
}

// unlock opens the page of a key store, and then goes on.
func (a *App) unlock(s account.Store, then func() tea.Cmd) tea.Cmd {
	return a.run(errand{"Key store", then}, steps.Unlocking, account.Draft{Keys: []account.Key{{Store: s, Stored: true}}})
}

// rotate opens the way to another key of an account.
func (a *App) rotate(acc account.Account, then func() tea.Cmd) tea.Cmd {
	return a.run(errand{"Integrations › " + string(acc.Name) + " › Rotate key", then}, steps.Rotating, steps.OfAccount(acc))
}

// move opens the way of an account's key to the other store.
func (a *App) move(acc account.Account, then func() tea.Cmd) tea.Cmd {
	return a.run(errand{"Integrations › " + string(acc.Name) + " › Move key", then}, steps.Moving, steps.OfAccount(acc))
}

// home reads the registry anew and opens what a start would open.
func (a *App) home() tea.Cmd { return a.reload(a.begin) }

// account reads the registry anew and opens an account's page.
func (a *App) account(id account.ID) func() tea.Cmd {
	return func() tea.Cmd { return a.reload(func() tea.Cmd { return a.showAccount(id) }) }
}

func (a *App) showAccount(id account.ID) tea.Cmd { return a.open(newAccount(a, id)) }

// mendedMsg is that what a copy that is gone has begun was ended.
type mendedMsg struct{}

// mend ends what a copy of the program that is gone has begun, as far as that
// needs nobody. It is done where the registry names such a thing.
func (a *App) mend() tea.Cmd {
	begun := false
	for _, r := range a.known.Accounts {
		begun = begun || r.Begun == account.MovingKey
	}
	for _, r := range a.known.Drafts {
		begun = begun || r.Begun == account.Repointing
	}
	if !begun {
		return nil
	}
	ops, ctx := a.ports.Env.Ops, a.ctx
	return func() tea.Msg {
		_, _ = ended(ctx, ops.Mend()) // what could not be ended stays on Home
		return mendedMsg{}
	}
}

// mended shows what is left, where that is another thing and Home is still open:
// opened anew it would drop what a key has asked for meanwhile.
func (a *App) mended() tea.Cmd {
	before := a.known
	return a.reload(func() tea.Cmd {
		if _, home := a.page.(*home); home && a.dialog == nil && !reflect.DeepEqual(before, a.known) {
			return a.begin()
		}
		return nil
	})
}

// accountOf reads an account whole, and goes on with it.
func accountOf(a *App, id account.ID) tea.Cmd {
	reg := a.ports.Env.Ops.Ports().Registry
	return ask(a, func(ctx context.Context) (account.Account, error) { return reg.Account(ctx, id) })
}
