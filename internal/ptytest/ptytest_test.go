//go:build unix

package ptytest_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/term"

	"github.com/axiomio/xops-onboard/internal/ptytest"
)

// programs is what the test binary is when it is started under one of these
// names as its first argument.
var programs = map[string]func() int{
	"note":  runNote,
	"plain": runPlain,
	"dirty": runDirty,
}

func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if run, ok := programs[os.Args[1]]; ok {
			os.Exit(run())
		}
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // else every program that ends well takes a second to
	os.Exit(m.Run())
}

func program(name string) *exec.Cmd { return exec.Command(os.Args[0], name) }

// note is a full-screen program that shows what it is told.
type note struct {
	width, height int
	typed, last   string
	dark          bool
}

func (n note) Init() tea.Cmd { return tea.RequestBackgroundColor }

func (n note) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		n.width, n.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		n.dark = msg.IsDark()
	case tea.PasteMsg:
		n.last = fmt.Sprintf("pasted %q", msg.Content)
	case tea.KeyPressMsg:
		n.last, n.typed = "pressed "+msg.String(), n.typed+msg.Text
		switch msg.String() {
		case "enter":
			return n, tea.SetClipboard(n.typed)
		case "ctrl+c":
			return n, tea.Interrupt
		case "ctrl+d":
			return n, tea.Quit
		}
	}
	return n, nil
}

func (n note) View() tea.View {
	v := tea.NewView(fmt.Sprintf("typed %s\n%s\n%d×%d dark %v", n.typed, n.last, n.width, n.height, n.dark))
	v.AltScreen, v.WindowTitle = true, "Note"
	v.Cursor = tea.NewCursor(len("typed ")+len(n.typed), 0)
	return v
}

func runNote() int {
	switch _, err := tea.NewProgram(note{}).Run(); {
	case errors.Is(err, tea.ErrInterrupted):
		return 130
	case err != nil:
		return 1
	}
	fmt.Println("good bye")
	return 0
}

// runPlain asks one question a line, as a program in plain mode does.
func runPlain() int {
	fmt.Print("Name: ")
	in := bufio.NewScanner(os.Stdin)
	in.Scan()
	fmt.Printf("Hello %s.\n", in.Text())
	fmt.Fprintln(os.Stderr, "an error line")
	return 3
}

// runDirty leaves the terminal as no program should.
func runDirty() int {
	_, _ = term.MakeRaw(os.Stdin.Fd())
	fmt.Print("\x1b[?1049h\x1b[?25lgone")
	return 0
}

func TestFullScreenProgram(t *testing.T) {
	s := ptytest.Start(t, program("note"), 60, 10)
	s.See("60×10 dark true")
	s.Type("abc")
	s.Press("enter", "esc", "x")
	s.See("typed abcx", "pressed x")
	s.Paste("one\ntwo")
	s.See(`pasted "one\ntwo"`)
	s.Until("copied", func() bool { return s.Clip() == "abc" })
	if x, y, visible := s.Cursor(); x != len("typed abcx") || y != 0 || !visible {
		t.Errorf("cursor at %d,%d visible %v, want behind the text", x, y, visible)
	}
	if s.Title() != "Note" || !s.AltScreen() {
		t.Errorf("title %q, alternate screen %v; want Note, true", s.Title(), s.AltScreen())
	}
	s.Background(false)
	s.See("dark false")
	s.Resize(72, 12)
	s.See("72×12")

	s.Press("ctrl+d")
	if code := s.ExitCode(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	s.See("good bye")
	s.Restored()
	if !bytes.Contains(s.Recording(), []byte("\x1b[?1049h")) {
		t.Error("the recording lacks the alternate screen")
	}
}

func TestEndings(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(*ptytest.Screen)
		code int
	}{
		{"ctrl+c", func(s *ptytest.Screen) { s.Press("ctrl+c") }, 130},
		{"SIGINT", func(s *ptytest.Screen) { s.Signal(os.Interrupt) }, 130},
		{"SIGTERM", func(s *ptytest.Screen) { s.Signal(syscall.SIGTERM) }, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := ptytest.Start(t, program("note"), 60, 10)
			s.See("60×10 dark true")
			test.end(s)
			if code := s.ExitCode(); code != test.code {
				t.Errorf("exit code %d, want %d", code, test.code)
			}
			s.Restored()
		})
	}
}

func TestKillLeavesTheScreenAsItWas(t *testing.T) {
	s := ptytest.Start(t, program("note"), 60, 10)
	s.See("60×10 dark true")
	s.Kill()
	if code := s.ExitCode(); code != -1 {
		t.Errorf("exit code %d, want -1 for a signal", code)
	}
	s.See("60×10 dark true")
	if len(s.LeftBehind()) == 0 {
		t.Error("a killed program cannot have put the terminal back")
	}
}

func TestPlainProgram(t *testing.T) {
	s := ptytest.Start(t, program("plain"), 60, 10)
	s.See("Name:")
	s.Type("Contoso")
	s.Press("enter")
	s.See("Name: Contoso", "Hello Contoso.", "an error line")
	if code := s.ExitCode(); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	s.Restored()
}

func TestStandardErrorElsewhere(t *testing.T) {
	var errs strings.Builder
	cmd := program("plain")
	cmd.Stderr = &errs
	s := ptytest.Start(t, cmd, 60, 10)
	s.Type("x\r")
	_ = s.Wait()
	s.See("Hello x.")
	s.Gone("an error line")
	if errs.String() != "an error line\n" {
		t.Errorf("standard error = %q", errs.String())
	}
}

// told is a test that fails without failing.
type told struct {
	testing.TB
	said string
}

func (f *told) Helper()                           {}
func (f *told) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }

func TestRestoredNamesWhatWasLeft(t *testing.T) {
	f := &told{TB: t}
	s := ptytest.Start(f, program("dirty"), 60, 10)
	s.Restored()
	for _, want := range []string{"settings of the terminal", "alternate screen", "hidden cursor"} {
		if !strings.Contains(f.said, want) {
			t.Errorf("it does not say %q: %s", want, f.said)
		}
	}
}
