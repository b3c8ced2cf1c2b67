package vterm

import (
	"encoding/base64"
	"fmt"
	"image/color"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/vt"
)

// Patience is how long See, Gone and Until wait.
const Patience = 20 * time.Second

// Screen is a terminal as the person before it has it. Its methods may be
// called from the test's goroutine while the program draws.
type Screen struct {
	t    testing.TB
	line *Line

	mu      sync.Mutex // guards what follows, and every use of emu but its Read
	emu     *vt.Emulator
	changed chan struct{} // closed and replaced after each change
	drawn   chan struct{} // closed after the first that shows anything
	first   sync.Once
	over    chan struct{} // closed when the program has ended
	ended   string        // why, empty while it runs
	title   string
	clip    string
	dark    bool
	asked   bool // the program has asked for the background
	modes   map[ansi.Mode]bool
	kitty   [2][]int // keyboard flags pushed on the main and the alternate screen
	other   int      // modifyOtherKeys
	busy    bool     // a progress bar is shown
}

// New makes a terminal of that many columns and rows, and the program's end of
// its line. The terminal is dark. Close the line when the program has ended.
func New(t testing.TB, width, height int) (*Screen, *Line) {
	s := &Screen{
		t: t, emu: vt.NewEmulator(width, height), changed: make(chan struct{}), drawn: make(chan struct{}), over: make(chan struct{}),
		dark: true, modes: map[ansi.Mode]bool{},
	}
	s.line = newLine(s)
	s.emu.SetCallbacks(vt.Callbacks{
		EnableMode:  func(m ansi.Mode) { s.modes[m] = true },
		DisableMode: func(m ansi.Mode) { s.modes[m] = false },
	})
	s.modes[ansi.ModeTextCursorEnable] = true
	s.hear()
	s.paint()
	return s, s.line
}

// hear registers what the emulator leaves to its user or gets wrong.
func (s *Screen) hear() {
	for _, cmd := range []int{0, 2} { // vt drops titles that hold a semicolon
		s.emu.RegisterOscHandler(cmd, func(data []byte) bool {
			_, s.title, _ = strings.Cut(string(data), ";")
			return true
		})
	}
	s.emu.RegisterOscHandler(8, swapLink)
	s.emu.RegisterOscHandler(11, func(data []byte) bool {
		if string(data) != "11;?" {
			return false
		}
		s.asked = true
		s.tellBackground() // here, so that it cannot overtake what Background tells
		return true
	})
	s.emu.RegisterOscHandler(9, func(data []byte) bool { // 9;4;STATE;PERCENT
		if part := strings.Split(string(data), ";"); len(part) > 2 && part[1] == "4" {
			s.busy = part[2] != "0"
		}
		return true
	})
	s.emu.RegisterOscHandler(52, s.copied)
	s.emu.RegisterCsiHandler(ansi.Command('?', '$', 'p'), s.reportMode)
	s.hearKeyboard()
}

// swapLink puts right what vt does with OSC 8: it takes "8;params;uri" for
// "8;uri;params" and ignores addresses that hold a semicolon. The handler is
// given the parser's own bytes, so they are changed in place and passed on.
func swapLink(data []byte) bool {
	if part := strings.SplitN(string(data), ";", 3); len(part) == 3 {
		copy(data, part[0]+";"+strings.ReplaceAll(part[2], ";", hiddenSemicolon)+";"+part[1])
	}
	return false
}

// hiddenSemicolon stands for a semicolon in an address inside the emulator. No
// cell can hold it otherwise: it is a control character.
const hiddenSemicolon = "\x1f"

func (s *Screen) copied(data []byte) bool {
	part := strings.SplitN(string(data), ";", 3)
	if len(part) != 3 || part[2] == "?" { // reading is refused, as terminals do
		return true
	}
	if text, err := base64.StdEncoding.DecodeString(part[2]); err == nil {
		s.clip = string(text)
	}
	return true
}

// reportMode answers for the two modes that vt does not know of and that this
// terminal has: synchronised updates, and widths by grapheme clusters.
func (s *Screen) reportMode(params ansi.Params) bool {
	n, _, _ := params.Param(0, 0)
	mode := ansi.DECMode(n)
	if mode != ansi.ModeSynchronizedOutput && mode != ansi.ModeUnicodeCore {
		return false
	}
	setting := ansi.ModeReset
	if s.modes[mode] {
		setting = ansi.ModeSet
	}
	s.line.push(ansi.ReportMode(mode, setting))
	return true
}

// Background makes the terminal dark or light. A program that has asked for
// the background is told, as terminals that report changes do.
func (s *Screen) Background(dark bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dark = dark
	s.paint()
	if s.modes[ansi.ModeLightDark] {
		n := 1
		if !dark {
			n = 2
		}
		s.line.push(fmt.Sprintf("\x1b[?997;%dn", n))
	} else if s.asked {
		s.tellBackground()
	}
}

func (s *Screen) tellBackground() {
	rgb := ansi.XRGBColor{Color: s.emu.BackgroundColor()}
	s.line.push(ansi.SetBackgroundColor(rgb.String()))
}

func (s *Screen) paint() {
	fg, bg := color.Color(color.White), color.Color(color.Black)
	if !s.dark {
		fg, bg = bg, fg
	}
	s.emu.SetDefaultForegroundColor(fg)
	s.emu.SetDefaultBackgroundColor(bg)
}

// draw is what the program wrote, as far as it is to be seen.
func (s *Screen) draw(p []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.asksKeyboard()
	_, _ = s.emu.Write(p)
	s.tell()
	// A program that changes between the screens gives the keyboard of one up and
	// asks for the other's in one breath.
	if before && !s.asksKeyboard() {
		s.line.letGo()
	}
	if s.asksKeyboard() && strings.TrimSpace(s.emu.String()) != "" {
		s.first.Do(func() { close(s.drawn) })
	}
}

// asksKeyboard tells whether the program has asked for a keyboard protocol on one of
// the screens, and not given it up.
func (s *Screen) asksKeyboard() bool { return len(s.kitty[0])+len(s.kitty[1]) > 0 }

// Drawn is closed when a Bubble Tea program has drawn its first frame with
// anything in it. Before that it draws an empty one, as it does not know the
// size of the window. That it is Bubble Tea's shows in its asking for a
// keyboard protocol.
func (s *Screen) Drawn() <-chan struct{} { return s.drawn }

// Over is closed when the program has ended.
func (s *Screen) Over() <-chan struct{} { return s.over }

// Wait waits until the program has ended, and fails the test with the screen
// otherwise.
func (s *Screen) Wait() {
	s.t.Helper()
	select {
	case <-s.over:
	case <-time.After(Patience):
		s.t.Fatalf("the program still runs after %v\n%s", Patience, s.Picture())
	}
}

func (s *Screen) tell() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// See waits until every text is on the screen, each within one line, and fails
// the test with the screen otherwise.
func (s *Screen) See(texts ...string) {
	s.t.Helper()
	s.SeeWithin(Patience, texts...)
}

// SeeWithin is See for what takes longer.
func (s *Screen) SeeWithin(d time.Duration, texts ...string) {
	s.t.Helper()
	s.wait(d, fmt.Sprintf("not on the screen: %s", quote(texts)), func() bool {
		have := s.Text()
		return !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(have, text) })
	})
}

// Gone waits until none of the texts is on the screen.
func (s *Screen) Gone(texts ...string) {
	s.t.Helper()
	s.wait(Patience, fmt.Sprintf("still on the screen: %s", quote(texts)), func() bool {
		have := s.Text()
		return !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(have, text) })
	})
}

// Until waits until holds says yes. It is asked after each change of the
// terminal, and what names it in the failure.
func (s *Screen) Until(what string, holds func() bool) {
	s.t.Helper()
	s.wait(Patience, "does not hold: "+what, holds)
}

func (s *Screen) wait(d time.Duration, failure string, holds func() bool) {
	s.t.Helper()
	late := time.NewTimer(d)
	defer late.Stop()
	for {
		s.mu.Lock()
		changed, ended := s.changed, s.ended
		s.mu.Unlock()
		if holds() {
			return
		}
		if ended != "" {
			s.t.Fatalf("%s; the program ended: %s\n%s", failure, ended, s.Picture())
		}
		select {
		case <-changed:
		case <-late.C:
			s.t.Fatalf("after %v %s\n%s", d, failure, s.Picture())
		}
	}
}

// Picture is the screen in a frame, for failures.
func (s *Screen) Picture() string {
	c := s.Cells()
	var b strings.Builder
	fmt.Fprintf(&b, "┌%s┐ %d×%d %s\n", strings.Repeat("─", c.Width), c.Width, c.Height, c.Title)
	for y := range c.Height {
		line := c.line(y)
		fmt.Fprintf(&b, "│%s%s│\n", line, strings.Repeat(" ", max(0, c.Width-ansi.StringWidth(line))))
	}
	fmt.Fprintf(&b, "└%s┘ cursor %d,%d visible %v\n", strings.Repeat("─", c.Width), c.Cursor.X, c.Cursor.Y, c.Cursor.Visible)
	return b.String()
}

// Text is the screen's text: a line a row, without trailing blanks and without
// empty lines at the end.
func (s *Screen) Text() string { return s.Cells().Text() }

// Styled is the screen with its styles and links as escape sequences.
func (s *Screen) Styled() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.ReplaceAll(s.emu.Render(), hiddenSemicolon, ";")
}

// Cursor is where the cursor is, from 0, and whether it is shown.
func (s *Screen) Cursor() (x, y int, visible bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.emu.CursorPosition()
	return at.X, at.Y, s.modes[ansi.ModeTextCursorEnable]
}

// Title is the window's title.
func (s *Screen) Title() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.title
}

// Clip is the text that the program copied last, by OSC 52.
func (s *Screen) Clip() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clip
}

// Links is the targets of the hyperlinks on the screen, each once, in reading order.
func (s *Screen) Links() []string { return s.Cells().Links() }

// AltScreen tells whether the program is on the alternate screen.
func (s *Screen) AltScreen() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.emu.IsAltScreen()
}

// LeftBehind names what the program changed in the terminal and did not put
// back: modes, the keyboard protocol, a hidden cursor, a progress bar, the title.
func (s *Screen) LeftBehind() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var left []string
	for _, m := range []struct {
		mode ansi.Mode
		name string
	}{
		{ansi.ModeAltScreenSaveCursor, "alternate screen"},
		{ansi.ModeBracketedPaste, "bracketed paste"},
		{ansi.ModeFocusEvent, "focus reports"},
		{ansi.ModeMouseNormal, "mouse"},
		{ansi.ModeMouseButtonEvent, "mouse buttons"},
		{ansi.ModeMouseAnyEvent, "mouse motion"},
		{ansi.ModeMouseExtSgr, "mouse encoding"},
		{ansi.ModeSynchronizedOutput, "synchronised update"},
		{ansi.ModeUnicodeCore, "grapheme widths"},
		{ansi.ModeLightDark, "reports of light and dark"},
		{ansi.ModeInBandResize, "reports of the size"},
		{ansi.ModeCursorKeys, "application cursor keys"},
	} {
		if s.modes[m.mode] {
			left = append(left, m.name)
		}
	}
	if !s.modes[ansi.ModeTextCursorEnable] {
		left = append(left, "hidden cursor")
	}
	if len(s.kitty[0])+len(s.kitty[1]) > 0 {
		left = append(left, "keyboard protocol")
	}
	if s.other != 0 {
		left = append(left, "modified keys")
	}
	if s.busy {
		left = append(left, "progress bar")
	}
	if s.title != "" {
		left = append(left, "title")
	}
	return left
}

func quote(texts []string) string {
	quoted := make([]string, len(texts))
	for i, text := range texts {
		quoted[i] = fmt.Sprintf("%q", text)
	}
	return strings.Join(quoted, ", ")
}
