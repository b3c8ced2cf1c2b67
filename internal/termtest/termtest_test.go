package termtest_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"charm.land/bubbles/v2/textinput"
	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"
	"github.com/charmbracelet/x/exp/golden"
	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/internal/termtest"
)

// note is a small program: one field, and a line for what happened last.
type note struct {
	in            textinput.Model
	width, height int
	last          string
	dark          bool
	link          string
	title         string
}

func newNote() *note {
	in := textinput.New()
	in.Prompt = "› "
	in.SetVirtualCursor(false)
	in.Focus()
	return &note{in: in, dark: true, link: "https://entra.microsoft.com/", title: "Note"}
}

func (n *note) Init() tea.Cmd { return tea.RequestBackgroundColor }

func (n *note) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		n.width, n.height = msg.Width, msg.Height
	case tea.BackgroundColorMsg:
		n.dark = msg.IsDark()
	case tea.FocusMsg:
		n.last = "focus"
	case tea.BlurMsg:
		n.last = "blur"
	case tea.PasteMsg:
		n.last = fmt.Sprintf("pasted %q", msg.Content)
	case tea.KeyPressMsg:
		n.last = "pressed " + msg.String()
		switch msg.String() {
		case "enter":
			return n, tea.SetClipboard(n.in.Value())
		case "ctrl+c":
			return n, tea.Interrupt
		case "ctrl+d":
			return n, tea.Quit
		case "ctrl+x":
			panic("a model that panics")
		case "ctrl+l":
			return n, tea.Exec(&pause{}, func(err error) tea.Msg { return tea.PasteMsg{Content: fmt.Sprint("returned ", err)} })
		}
	}
	var cmd tea.Cmd
	n.in, cmd = n.in.Update(msg)
	return n, cmd
}

func (n *note) View() tea.View {
	if n.width == 0 {
		return tea.View{AltScreen: true}
	}
	theme := "dark"
	if !n.dark {
		theme = "light"
	}
	v := tea.NewView(strings.Join([]string{
		lipgloss.NewStyle().Bold(true).Foreground(lipgloss.Color("#7D56F4")).Render("Note"),
		n.in.View(),
		n.last,
		fmt.Sprintf("%d×%d %s", n.width, n.height, theme),
		lipgloss.NewStyle().Hyperlink(n.link, "id=1").Render("the portal"),
	}, "\n"))
	v.Cursor = n.in.Cursor()
	v.Cursor.Y++
	v.AltScreen, v.ReportFocus, v.WindowTitle = true, true, n.title
	return v
}

// pause is a program that a model hands the terminal to: it writes a line and
// waits for a key.
type pause struct {
	in  io.Reader
	out io.Writer
}

func (p *pause) SetStdin(r io.Reader)  { p.in = r }
func (p *pause) SetStdout(w io.Writer) { p.out = w }
func (p *pause) SetStderr(io.Writer)   {}
func (p *pause) Run() error {
	if _, err := io.WriteString(p.out, "unbroken\n"); err != nil {
		return err
	}
	_, err := p.in.Read(make([]byte, 1))
	for drawing() { // Bubble Tea does not wait for it, and draws no more if it ends after the return
		runtime.Gosched()
	}
	return err
}

// drawing tells whether a goroutine of a renderer still runs.
func drawing() bool {
	stacks := make([]byte, 1<<20)
	return strings.Contains(string(stacks[:runtime.Stack(stacks, true)]), "startRenderer.func1")
}

// TestAnotherProgramHasTheTerminal holds that no key goes to a reader that the
// program has given up and could not cancel.
func TestAnotherProgramHasTheTerminal(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.See("40×8")
	s.Press("ctrl+l")
	s.See("unbroken")
	if s.AltScreen() {
		t.Error("the other program is not on the normal screen")
	}
	s.Press("x")
	s.See(`pasted "returned <nil>"`)
	s.Press("y")
	s.See("pressed y")
}

func TestTypingIsSeen(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.Type("contoso 1 a")
	s.See("› contoso 1 a")
	s.Until("cursor behind the text", func() bool {
		x, y, visible := s.Cursor()
		return x == len("> contoso 1 a") && y == 1 && visible
	})
	s.Press("backspace", "left", "home", "x")
	s.See("› xcontoso 1", "pressed x")
	golden.RequireEqual(t, s.Text())
}

func TestStylesAreKept(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.See("40×8 dark")
	golden.RequireEqual(t, s.Styled())
	c := s.Cell(0, 0)
	if c.Text != "N" || !c.Bold || c.Fg == nil {
		t.Errorf("Cell(0, 0) = %+v, want a bold coloured N", c)
	}
	r, g, b, _ := c.Fg.RGBA()
	if got := fmt.Sprintf("%02X%02X%02X", r>>8, g>>8, b>>8); got != "7D56F4" {
		t.Errorf("colour of the title = %s, want 7D56F4", got)
	}
}

func TestWideCharactersTakeTwoCells(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.Type("日本👩‍💻é.")
	s.See("› 日本👩‍💻é.")
	if c := s.Cell(2, 1); c.Text != "日" || c.Width != 2 {
		t.Errorf("Cell(2, 1) = %+v, want 日 of width 2", c)
	}
	if c := s.Cell(3, 1); c.Text != "" || c.Width != 0 {
		t.Errorf("Cell(3, 1) = %+v, want the second half of 日", c)
	}
	if c := s.Cell(9, 1); c.Text != "." {
		t.Errorf("Cell(9, 1) = %+v, want the full stop", c)
	}
}

// TestKeysArriveUnderTheirNames holds the table of keys against what Bubble
// Tea makes of it.
func TestKeysArriveUnderTheirNames(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	for _, key := range []string{
		"enter", "esc", "tab", "shift+tab", "space", "backspace", "insert", "delete", "pgup", "pgdown", "f1", "f4",
		"up", "down", "right", "left", "home", "end", "ctrl+a", "ctrl+y", "ctrl+o", "ctrl+]", "alt+x", "?", "é",
	} {
		s.Press(key)
		s.See("pressed " + key)
	}
}

// TestEscapeIsNotTakenForAlt presses escape and a letter at once, both as a
// terminal with the Kitty protocol and as one without.
func TestEscapeIsNotTakenForAlt(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.Press("esc", "a")
	s.See("pressed a")
	s.Raw("\x1b")
	s.Type("b")
	s.See("pressed b")
}

func TestPasteIsOneMessage(t *testing.T) {
	s := termtest.Start(t, newNote(), 60, 8)
	s.Paste("two\nlines\x1b[201~")
	s.See(`pasted "two\nlines"`)
}

func TestResize(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.See("40×8")
	s.Resize(72, 5)
	s.See("72×5")
	s.Gone("40×8")
	if c := s.Cells(); c.Width != 72 || c.Height != 5 {
		t.Errorf("screen is %d×%d, want 72×5", c.Width, c.Height)
	}
}

func TestCopyTitleAndLink(t *testing.T) {
	m := newNote()
	m.title = "Note; with a semicolon"
	m.link = "https://example.com/a;b?c=d"
	s := termtest.Start(t, m, 40, 8)
	s.See("the portal")
	s.Type("kopiert ✓")
	s.Press("enter")
	s.Until("copied", func() bool { return s.Clip() == "kopiert ✓" })
	if got := s.Title(); got != m.title {
		t.Errorf("Title() = %q, want %q", got, m.title)
	}
	if d := cmp.Diff([]string{m.link}, s.Links()); d != "" {
		t.Errorf("Links() (-want +got):\n%s", d)
	}
}

func TestBackground(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.Background(false)
	s.See("light")
	s.Background(true)
	s.See("dark")
}

func TestFocus(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	s.Blur()
	s.See("blur")
	s.Focus()
	s.See("focus")
}

func TestCtrlCInterruptsAndLeavesNothingBehind(t *testing.T) {
	s := termtest.Start(t, newNote(), 40, 8)
	if d := cmp.Diff([]string{"alternate screen", "bracketed paste", "focus reports", "keyboard protocol", "title"}, without(s.LeftBehind(), "grapheme widths", "modified keys")); d != "" {
		t.Errorf("while it runs (-want +got):\n%s", d)
	}
	s.Press("ctrl+c")
	if err := s.Wait(); !errors.Is(err, tea.ErrInterrupted) {
		t.Errorf("Wait() = %v, want %v", err, tea.ErrInterrupted)
	}
	if left := s.LeftBehind(); left != nil {
		t.Errorf("left behind: %q", left)
	}
}

func without(have []string, drop ...string) (kept []string) {
	for _, h := range have {
		found := false
		for _, d := range drop {
			found = found || d == h
		}
		if !found {
			kept = append(kept, h)
		}
	}
	return kept
}

// failures stands for a test that fails, so that failing can be tested.
type failures struct {
	testing.TB
	said    string
	cleanup []func()
}

func (f *failures) Helper()                           {}
func (f *failures) Cleanup(g func())                  { f.cleanup = append(f.cleanup, g) }
func (f *failures) Errorf(format string, args ...any) { f.said += fmt.Sprintf(format, args...) }
func (f *failures) Fatalf(format string, args ...any) {
	f.said += fmt.Sprintf(format, args...)
	panic(f)
}

// failing runs a test that is to fail and gives what it said.
func failing(t *testing.T, test func(t testing.TB)) string {
	t.Helper()
	f := &failures{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(f) {
				panic(r)
			}
		}()
		test(f)
	}()
	for _, g := range f.cleanup {
		g()
	}
	return f.said
}

func TestSeeFailsAtOnceWhenTheProgramHasEnded(t *testing.T) {
	said := failing(t, func(t testing.TB) {
		s := termtest.Start(t, newNote(), 40, 8)
		s.See("the portal")
		s.Press("ctrl+d")
		s.See("what is never drawn")
	})
	for _, want := range []string{`not on the screen: "what is never drawn"`, "the program ended", "┌───"} {
		if !strings.Contains(said, want) {
			t.Errorf("failure does not say %q:\n%s", want, said)
		}
	}
}

func TestPanicOfTheModelFailsTheTest(t *testing.T) {
	said := failing(t, func(t testing.TB) {
		s := termtest.Start(t, newNote(), 40, 8)
		s.Press("ctrl+x")
		_ = s.Wait()
	})
	if !strings.Contains(said, "panic") {
		t.Errorf("nobody was told of the panic: %q", said)
	}
}
