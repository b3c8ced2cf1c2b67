// Package termtest runs a Bubble Tea model in a virtual terminal, so that a
// test types and reads as a person does. The words are those of [vterm.Screen].
//
// The model runs in a real tea.Program: its commands run, its escape sequences
// are drawn, its queries are answered. Nothing here sleeps; See waits for what
// a person would see.
package termtest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/axiomio/xops-onboard/internal/termtest/vterm"
	"github.com/axiomio/xops-onboard/internal/typed"
)

// Screen is a terminal that a model runs in.
type Screen struct {
	*vterm.Screen
	t       testing.TB
	line    *vterm.Line
	all     stream
	program *tea.Program
	err     error // what Run returned, when it is over
}

// Start runs the model in a dark terminal of that size, with true colours,
// and returns when its first frame with anything in it is drawn. The options come after those of
// the terminal. The program is killed when the test ends.
func Start(t testing.TB, m tea.Model, width, height int, opts ...tea.ProgramOption) *Screen {
	t.Helper()
	screen, line := vterm.New(t, width, height)
	s := &Screen{Screen: screen, t: t, line: line}
	s.program = tea.NewProgram(m, append([]tea.ProgramOption{
		tea.WithInput(typed.Reader(line)), tea.WithOutput(output{line, &s.all}), tea.WithWindowSize(width, height), tea.WithoutSignals(),
		tea.WithEnvironment([]string{"TERM=xterm-256color", "COLORTERM=truecolor"}),
		tea.WithColorProfile(colorprofile.TrueColor), // an output that is no terminal has no colours and links otherwise
	}, opts...)...)
	go func() {
		_, s.err = s.program.Run()
		line.Ended(fmt.Sprint(s.err))
	}()
	t.Cleanup(s.stop)
	select {
	case <-screen.Drawn():
	case <-screen.Over():
	case <-time.After(vterm.Patience):
		t.Fatalf("nothing was drawn after %v", vterm.Patience)
	}
	return s
}

// stop ends the program if it still runs. A panic in the model fails the test
// even if nobody waited for the end.
func (s *Screen) stop() {
	s.program.Kill()
	select {
	case <-s.Over():
		if errors.Is(s.err, tea.ErrProgramPanic) {
			s.t.Errorf("the program ended: %v", s.err)
		}
	case <-time.After(vterm.Patience):
		s.t.Errorf("the program does not end when it is killed: Update or View hangs")
	}
	s.line.Close()
}

// Stream is everything that the program has written to the terminal.
func (s *Screen) Stream() string {
	s.all.mu.Lock()
	defer s.all.mu.Unlock()
	return string(s.all.all)
}

// Wait waits until the program has ended and gives what Run returned.
func (s *Screen) Wait() error {
	s.t.Helper()
	s.Screen.Wait()
	return s.err
}

// Resize changes the size of the window and tells the program.
func (s *Screen) Resize(width, height int) {
	s.line.Resize(width, height)
	s.program.Send(tea.WindowSizeMsg{Width: width, Height: height})
}
