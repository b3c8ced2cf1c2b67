package steps

import (
	"context"
	"io"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var verifyStop = Stop{
	Name: "verify", Label: "Verify", Live: true,
	Screen: func(e Env, d account.Draft) Step { return &verify{watching: newWatching(e, d, "")} },
	Plain:  plainVerify,
}

// checkStop is Verify for who was handed the rest to somebody else, who did it
// in the portal: it finishes without a sign-in, and is entered only for that.
var checkStop = Stop{
	Name: "check", Live: true, Fleet: true,
	Skip:   func(account.Draft) bool { return true },
	Screen: verifyStop.Screen,
	Plain:  plainVerify,
}

// verify shows every check, and makes the account when those hold that make one.
type verify struct {
	watching
	finish *link.Operation
	linked bool
	wrong  *account.Problem
}

// finished is an event of the operation that makes the account.
type finished struct{ link.Event }

func (v *verify) Keys() []key.Binding {
	on := kit.Named(enterKey, "go on")
	switch {
	case v.wrong != nil:
		on = kit.Named(enterKey, "try again")
	case !v.linked:
		on = kit.Named(enterKey, "to the first open step")
		on.SetEnabled(v.report != nil && v.finish == nil)
	}
	unlock := UnlockKey
	unlock.SetEnabled(v.locked())
	return []key.Binding{on, unlock, v.again(), backKey}
}

func (v *verify) Offers() []Offer {
	if v.draft.Provider == account.AWS {
		return nil
	}
	return []Offer{handOver(v.seen())}
}

func (v *verify) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[finished]:
		return Stay, v.finishing(msg)
	case tea.KeyPressMsg:
		if key.Matches(msg, enterKey) {
			switch {
			case v.linked:
				return Next, nil
			case v.wrong != nil:
				v.wrong = nil
				return Stay, v.link()
			case v.report != nil && v.finish == nil:
				return FirstOpen, nil
			}
			return Stay, nil
		}
		return v.press(msg, verifyStop.Name)
	}
	cmd := v.update(msg)
	return Stay, tea.Batch(cmd, v.link())
}

// Enter looks whether what is known already makes the account.
func (v *verify) Enter() tea.Cmd { return tea.Batch(v.watching.Enter(), v.link()) }

// link makes the account as soon as the checks allow it.
func (v *verify) link() tea.Cmd {
	if v.report == nil || !v.report.Settled() || v.finish != nil || v.linked || v.wrong != nil {
		return nil
	}
	v.finish = v.env.Ops.Finish(v.draft.ID, *v.report)
	return tea.Batch(v.finishes(), v.beat())
}

func (v *verify) finishes() tea.Cmd {
	op := v.finish
	return Ask(v.env, func(ctx context.Context) (finished, error) {
		e, err := op.Next(ctx)
		return finished{e}, err
	})
}

func (v *verify) finishing(a Answer[finished]) tea.Cmd {
	switch a.Err {
	case nil:
		if a.Value.State == link.Done {
			v.draft.Link = a.Value.Draft.Link
		}
		return v.finishes()
	case io.EOF:
		v.linked = true
	default:
		v.wrong = account.AsProblem(a.Err)
	}
	v.finish = nil
	v.rest()
	return nil
}

// Fate is what became of the draft.
func (v *verify) Fate() Fate {
	if v.linked {
		return Linked
	}
	return Kept
}

func (v *verify) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{
		Title: "Verify",
		Why:   "Each line was asked of the service with the stored key.",
	}
	if v.report == nil {
		p.Live = kit.Mark(size.Width, v.sign(t), Asking(v.draft.Provider))
		return p
	}
	p.Body = Checks(size.Width, t, *v.report, false)
	switch {
	case v.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(v.wrong).Line())
	case v.linked:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Linked. Enter goes on.")
	case v.finish != nil:
		p.Live = kit.Mark(size.Width, v.sign(t), "Writing the account")
	default:
		p.Live = v.clocked(size.Width, t, kit.Mark(size.Width, v.sign(t), "Not everything holds yet. The draft is kept; you can leave and go on later."))
	}
	return p
}

// Fill brings along what the verification learned.
func (v *verify) Fill(d account.Draft) account.Draft {
	d.Link = v.draft.Link
	return v.watching.Fill(d)
}
