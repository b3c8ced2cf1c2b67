package steps

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsWayStop asks who makes the stack. AWS has no national cloud to choose: the
// region decides the partition.
var awsWayStop = Stop{
	Name:   wayStop.Name,
	Screen: func(e Env, d account.Draft) Step { return newAWSWay(e, d) },
	Plain: func(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
		if d.Way != "" {
			return d, Next, nil
		}
		w := newAWSWay(p.Env, d)
		p.Say("%s", storeReady(p.Env.Ops.Ports().Keys.Probe(p.ctx, account.Keyring)))
		return plainOptions(p, d, &w.options)
	},
}

// awsWay is the choice with a look at the keyring beside it.
type awsWay struct {
	options
	env    Env
	status *account.StoreStatus
}

func newAWSWay(e Env, d account.Draft) *awsWay {
	w := &awsWay{env: e, options: options{
		title: "Who creates the stack?",
		why:   "One CloudFormation stack has all of it: the role, the trust anchor and the profile.",
		choice: kit.Choice{Options: []kit.Option{
			{
				Title:  "Let the wizard do it with my AWS sign-in",
				Detail: "One to three minutes. A profile of this machine is used once, and dropped. It needs the right to create stacks, an IAM role and IAM Roles Anywhere.",
			},
			{
				Title:  "I create it myself in the console",
				Detail: "About five minutes. You upload a template that is written here, and bring back its Outputs.",
			},
		}},
		fill: func(d account.Draft, at int) account.Draft {
			d.Way = []account.Way{account.Automatic, account.ByHand}[at]
			return d
		},
	}}
	if d.Way == account.ByHand {
		w.choice.Go(byHandAt)
	}
	if !untouched(d) {
		w.choice.Options[byHandAt].Off = awsBegun
	}
	return w
}

func (w *awsWay) Enter() tea.Cmd {
	keys := w.env.Ops.Ports().Keys
	return Ask(w.env, func(ctx context.Context) (account.StoreStatus, error) { return keys.Probe(ctx, account.Keyring), nil })
}

func (w *awsWay) Keys() []key.Binding {
	again := againKey
	again.SetEnabled(w.status != nil)
	return append(w.options.Keys(), again)
}

func (w *awsWay) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.StoreStatus]:
		w.status = &msg.Value
		return Stay, nil
	case tea.KeyPressMsg:
		if key.Matches(msg, againKey) && w.status != nil {
			w.status = nil
			return Stay, w.Enter()
		}
	}
	return w.options.Update(msg)
}

// storeReady says whether the keyring can be used, and what comes where it cannot.
func storeReady(s account.StoreStatus) string {
	if s.State == account.StoreReady {
		return "The keyring is ready for the two keys."
	}
	return machine{store: s}.lacks()[0]
}

func (w *awsWay) View(size kit.Size, t kit.Theme) kit.Page {
	p := w.options.View(size, t)
	switch {
	case w.status == nil:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Looking at the keyring")
	case w.status.State == account.StoreReady:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), storeReady(*w.status))
	default:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), storeReady(*w.status))
	}
	return p
}
