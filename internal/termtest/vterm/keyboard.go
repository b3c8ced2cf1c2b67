package vterm

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
)

// named is the bytes of the keys that have a name. Cursor keys are in cursor.
var named = map[string]string{
	"enter": "\r", "tab": "\t", "shift+tab": "\x1b[Z", "space": " ", "backspace": "\x7f",
	"insert": "\x1b[2~", "delete": "\x1b[3~", "pgup": "\x1b[5~", "pgdown": "\x1b[6~",
	"ctrl+@": "\x00", "ctrl+space": "\x00", "ctrl+\\": "\x1c", "ctrl+]": "\x1d", "ctrl+^": "\x1e", "ctrl+_": "\x1f",
	"f1": "\x1bOP", "f2": "\x1bOQ", "f3": "\x1bOR", "f4": "\x1bOS",
}

// cursor is the last byte of the keys whose form depends on a mode.
var cursor = map[string]string{"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}

// Press presses keys by name, as Bubble Tea names them: "enter", "esc", "tab",
// "shift+tab", "up", "home", "pgdown", "space", "backspace", "delete", "f1",
// "ctrl+c", "alt+x", or the character itself.
func (s *Screen) Press(keys ...string) {
	s.t.Helper()
	for _, key := range keys {
		seq, ok := s.sequence(key)
		if !ok {
			s.t.Fatalf("no such key: %q", key)
		}
		s.line.push(seq)
	}
}

func (s *Screen) sequence(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seq, ok := named[key]; ok {
		return seq, true
	}
	if final, ok := cursor[key]; ok {
		if s.modes[ansi.ModeCursorKeys] {
			return "\x1bO" + final, true
		}
		return "\x1b[" + final, true
	}
	if key == "esc" {
		if s.keyboard()&ansi.KittyDisambiguateEscapeCodes != 0 {
			return "\x1b[27u", true
		}
		return "\x1b", true
	}
	if letter, ok := strings.CutPrefix(key, "ctrl+"); ok && len(letter) == 1 && letter[0] >= 'a' && letter[0] <= 'z' {
		return string(letter[0] - 'a' + 1), true
	}
	if letter, ok := strings.CutPrefix(key, "alt+"); ok && utf8.RuneCountInString(letter) == 1 {
		return "\x1b" + letter, true
	}
	return key, utf8.RuneCountInString(key) == 1
}

// Type types text, a key press a character.
func (s *Screen) Type(text string) {
	for _, r := range text {
		s.line.push(string(r))
	}
}

// Raw sends bytes as they are, at once.
func (s *Screen) Raw(seq string) { s.line.push(seq) }

// Paste pastes text: in brackets if the program asked for them, else with line
// ends as the enter key, as terminals do.
func (s *Screen) Paste(text string) {
	s.mu.Lock()
	bracketed := s.modes[ansi.ModeBracketedPaste]
	s.mu.Unlock()
	if !bracketed {
		s.line.push(strings.NewReplacer("\r\n", "\r", "\n", "\r").Replace(text))
		return
	}
	s.line.push(ansi.BracketedPasteStart + strings.ReplaceAll(text, ansi.BracketedPasteEnd, "") + ansi.BracketedPasteEnd)
}

// Focus gives the window the focus. Only a program that asked for it is told.
func (s *Screen) Focus() { s.focus(ansi.Focus) }

// Blur takes the focus from the window. Only a program that asked for it is told.
func (s *Screen) Blur() { s.focus(ansi.Blur) }

func (s *Screen) focus(seq string) {
	s.mu.Lock()
	wanted := s.modes[ansi.ModeFocusEvent]
	s.mu.Unlock()
	if wanted {
		s.line.push(seq)
	}
}

// hearKeyboard keeps the flags of the Kitty keyboard protocol
// (https://sw.kovidgoyal.net/kitty/keyboard-protocol/), a stack a screen, and
// xterm's modifyOtherKeys.
func (s *Screen) hearKeyboard() {
	stack := func() *[]int {
		if s.emu.IsAltScreen() {
			return &s.kitty[1]
		}
		return &s.kitty[0]
	}
	s.emu.RegisterCsiHandler(ansi.Command('>', 0, 'u'), func(p ansi.Params) bool {
		flags, _, _ := p.Param(0, 0)
		*stack() = append(*stack(), flags)
		return true
	})
	s.emu.RegisterCsiHandler(ansi.Command('<', 0, 'u'), func(p ansi.Params) bool {
		n, _, _ := p.Param(0, 1)
		st := stack()
		*st = (*st)[:max(0, len(*st)-max(1, n))]
		return true
	})
	s.emu.RegisterCsiHandler(ansi.Command('=', 0, 'u'), func(p ansi.Params) bool {
		flags, _, _ := p.Param(0, 0)
		how, _, _ := p.Param(1, 1)
		st := stack()
		if len(*st) == 0 {
			*st = append(*st, 0)
		}
		top := &(*st)[len(*st)-1]
		switch how {
		case 1:
			*top = flags
		case 2:
			*top |= flags
		case 3:
			*top &^= flags
		}
		return true
	})
	s.emu.RegisterCsiHandler(ansi.Command('?', 0, 'u'), func(ansi.Params) bool {
		s.line.push(fmt.Sprintf("\x1b[?%du", s.keyboard()))
		return true
	})
	s.emu.RegisterCsiHandler(ansi.Command('>', 0, 'm'), func(p ansi.Params) bool {
		if which, _, _ := p.Param(0, 0); which == 4 {
			s.other, _, _ = p.Param(1, 0)
		}
		return true
	})
}

// keyboard is the flags in force. The lock is held.
func (s *Screen) keyboard() int {
	st := s.kitty[0]
	if s.emu.IsAltScreen() {
		st = s.kitty[1]
	}
	if len(st) == 0 {
		return 0
	}
	return st[len(st)-1]
}
