package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/link"
)

// leaveMsg asks to leave while something is being written.
type leaveMsg struct {
	with  tea.Msg // how the program wanted to end
	since time.Time
}

// Filter holds the program's end while a write is under way. It is for
// tea.WithFilter.
func Filter(m tea.Model, msg tea.Msg) tea.Msg {
	a, ok := m.(*App)
	if !ok {
		return msg
	}
	switch msg.(type) {
	case tea.QuitMsg, tea.InterruptMsg:
		if a.released || a.writing() == "" {
			return msg
		}
		return leaveMsg{with: msg, since: a.ports.Env.Now()}
	}
	return msg
}

// writing is what must not be abandoned now. A draft that was handed to be
// written counts, though its command may not run yet.
func (a *App) writing() link.Written {
	if a.wizard != nil && a.wizard.Saving() {
		return link.TheDraft
	}
	return a.ports.Env.Ops.Writing()
}

var writingWords = map[link.Written]string{
	link.TheDraft:       "the draft",
	link.TheKey:         "the private key, into or out of its store",
	link.TheCertificate: "the certificate file",
	link.TheAccount:     "the account",
	link.TheReport:      "the result of the checks",
	link.TheTenant:      "a change in the tenant",
}

// leave waits for the write, and ends when it is done or has had its time. To
// who asks again it says what is being written.
func (a *App) leave(m leaveMsg) tea.Cmd {
	what := a.writing()
	if what == "" || a.ports.Env.Now().Sub(m.since) > link.MostHeld {
		a.released = true
		return func() tea.Msg { return m.with }
	}
	switch {
	case a.leaving.IsZero():
		a.ports.Env.Ops.End() // else it would wait for Entra, and begin the next change
		a.leaving, a.notice = m.since, "Finishing what is being written; then this ends."
	case a.leaving != m.since:
		a.notice = "Still being written: " + writingWords[what] + ". Five seconds at most."
	}
	return tea.Tick(50*time.Millisecond, func(time.Time) tea.Msg { return m })
}
