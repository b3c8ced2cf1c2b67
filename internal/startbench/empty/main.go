// Command empty is the least that a Bubble Tea program can be: one word on the
// alternate screen. Package startbench measures other programs against it.
package main

import (
	"fmt"
	"os"

	tea "charm.land/bubbletea/v2"
)

type empty struct{}

func (empty) Init() tea.Cmd { return nil }

func (e empty) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyPressMsg); ok {
		return e, tea.Quit
	}
	return e, nil
}

func (empty) View() tea.View { return tea.View{Content: "empty", AltScreen: true} }

func main() {
	if _, err := tea.NewProgram(empty{}).Run(); err != nil {
		fmt.Fprintln(os.Stderr, "empty:", err)
		os.Exit(1)
	}
}
