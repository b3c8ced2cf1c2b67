package steps

import (
	"time"

	"charm.land/bubbles/v2/spinner"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/ui/kit"
)

// pulse is what moves on a live line while something is awaited: the spinner,
// and the time of a clock in whole seconds. With ACCESSIBLE both stand still.
type pulse struct {
	env   Env
	now   time.Time
	spin  spinner.Model
	beats bool
	round int // of the beats: a tick of an earlier one is none of this one's
}

// clockMsg moves the clock.
type clockMsg struct {
	visit *visit
	round int
}

func (c clockMsg) of() *visit { return c.visit }

func newPulse(e Env) pulse {
	return pulse{env: e, now: e.Now(), spin: spinner.New(spinner.WithSpinner(spinner.MiniDot))}
}

// beat has it move from now on. However often that is asked, one clock runs.
func (p *pulse) beat() tea.Cmd {
	if p.beats || p.env.Place.Calm {
		return nil
	}
	p.beats = true
	p.round++
	return tea.Batch(p.spin.Tick, p.tick())
}

// rest has it stand still.
func (p *pulse) rest() { p.beats = false }

func (p *pulse) tick() tea.Cmd {
	m := clockMsg{p.env.visit, p.round}
	return tea.Tick(time.Second, func(time.Time) tea.Msg { return m })
}

// update lets it have a message; false if it was none of its own.
func (p *pulse) update(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case clockMsg:
		if !p.beats || msg.round != p.round {
			return nil, true
		}
		p.now = p.env.Now()
		return p.tick(), true
	case spinner.TickMsg:
		if !p.beats {
			return nil, true
		}
		var cmd tea.Cmd
		p.spin, cmd = p.spin.Update(msg)
		return cmd, true
	}
	return nil, false
}

// sign is the sign before the live line: it turns while something is awaited.
func (p *pulse) sign(t kit.Theme) string {
	if p.env.Place.Calm {
		return t.Faint.Render("…")
	}
	return t.Accent.Render(p.spin.View())
}
