// Package typed is what a terminal sends, made fit for what decodes it. A person may
// paste anything, and there is what makes the decoder panic, in a goroutine of Bubble
// Tea's that nobody can recover: the program would be gone, and the terminal left as it
// was set for the screens. That is
//
//   - a control sequence of more than 32 parameters (github.com/charmbracelet/x/ansi
//     v0.11.9, DecodeSequence: an index out of range);
//   - a mouse event after the one byte 0x9b (github.com/charmbracelet/ultraviolet of
//     2026-10-08, parseX10MouseEvent: a slice out of range), and with it whatever else
//     begins with a byte of C1 that stands alone, which no terminal of ours sends.
//
// FuzzDecoder looks for more.
package typed

import (
	"io"
	"os"
	"slices"
	"sync"
	"unicode/utf8"
)

// Terminal is a terminal that is read through this package. On Windows, Bubble Tea reads
// the console itself where it is the standard input, and nothing of this holds.
type Terminal struct {
	*os.File
	guard guard
}

// From is the terminal of a file.
func From(f *os.File) *Terminal { return &Terminal{File: f} }

// Read reads from the terminal.
func (t *Terminal) Read(b []byte) (int, error) { return t.guard.read(t.File, b) }

// Reader is what another reader gives, as a Terminal would give it.
func Reader(r io.Reader) io.Reader { return &reader{from: r} }

type reader struct {
	from  io.Reader
	guard guard
}

func (r *reader) Read(b []byte) (int, error) { return r.guard.read(r.from, b) }

// most is how many separators of parameters a control sequence may have. No terminal
// sends half as many.
const most = 31

// guard looks at bytes as they pass, however they are cut. While a program gives the
// terminal back and takes it again, the read before may still be waiting: two readers may
// come at a time.
type guard struct {
	mu   sync.Mutex // not held while a terminal is waited for
	kept []byte     // what came and was not given
	fit  int        // so many bytes of it may be given; after them comes what may begin a character
	state
}

type state struct {
	escape     bool // the byte before was ESC
	parameters bool // the bytes before began a control sequence
	separators int  // it has had so many
}

// read reads, and keeps a character back of which the rest has not come. It asks for no
// more than it can give with what it has: who waits until the terminal has something would
// not come for what is left here.
func (g *guard) read(from io.Reader, b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	g.mu.Lock()
	if g.fit > 0 {
		defer g.mu.Unlock()
		return g.give(b), nil
	}
	room := b[:max(1, len(b)-len(g.kept))]
	g.mu.Unlock()

	n, err := from.Read(room)

	g.mu.Lock()
	defer g.mu.Unlock()
	g.kept = append(g.kept, room[:n]...)
	g.look(err != nil)
	n = g.give(b)
	if g.fit > 0 {
		err = nil // it comes again after what is left
	}
	return n, err
}

// give gives what is fit to be given, as far as there is room.
func (g *guard) give(b []byte) int {
	n := copy(b, g.kept[:g.fit])
	g.kept = slices.Delete(g.kept, 0, n)
	g.fit -= n
	return n
}

// look makes fit what has come: all of it where no more will.
func (g *guard) look(last bool) {
	for g.fit < len(g.kept) {
		rest := g.kept[g.fit:]
		switch r, size := utf8.DecodeRune(rest); {
		case rest[0] < utf8.RuneSelf:
			rest[0] = g.passed(rest[0])
			g.fit++
		case !last && !utf8.FullRune(rest):
			return
		case r == utf8.RuneError && size == 1:
			rest[0] = g.passed('?')
			g.fit++
		default:
			g.state = state{}
			g.fit += size
		}
	}
}

// passed is the byte that passes for c. A separator that is too many is a digit: the
// sequence stays one, of the same length, that means nothing to anybody.
func (s *state) passed(c byte) byte {
	const esc = 0x1b
	if !s.parameters || c < '0' || c > '?' {
		*s = state{parameters: s.escape && (c == '[' || c == 'P'), escape: c == esc}
		return c
	}
	if c == ';' || c == ':' {
		if s.separators++; s.separators > most {
			return '0'
		}
	}
	return c
}
