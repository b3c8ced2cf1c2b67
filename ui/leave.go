package ui

import (
	"time"

	tea "charm.land/bubbletea/v2"
)

// leaveMsg asks to leave while something is being written.
type leaveMsg struct {
	with  tea.Msg // how the program wanted to end
	since time.Time
	again bool // from our own clock, not from a person
}

// leaveAfter is how long a write holds the program's end.
const leaveAfter = 5 * time.Second

// Filter holds the program's end while a write is under way. It is for
// tea.WithFilter.
func Filter(m tea.Model, msg tea.Msg) tea.Msg {
	a, ok := m.(*App)
	if !ok {
		return msg
	}
	switch msg.(type) {
	case tea.QuitMsg, tea.InterruptMsg:
		if a.leaving || !a.ports.Env.Ops.Writing() {
			return msg
		}
		return leaveMsg{with: msg, since: a.ports.Env.Now()}
	}
	return msg
}

// leave waits for the write, and ends when it is done or has had its time.
func (a *App) leave(m leaveMsg) tea.Cmd {
	if !a.ports.Env.Ops.Writing() || a.ports.Env.Now().Sub(m.since) > leaveAfter {
		a.leaving = true
		return func() tea.Msg { return m.with }
	}
	a.notice = "Finishing what is being written; then this ends."
	m.again = true
	return tea.Tick(50*time.Millisecond, func(time.Time) tea.Msg { return m })
}
