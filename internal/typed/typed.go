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

// Read reads from the terminal, into more than four bytes.
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
	mu    sync.Mutex // not held while a terminal is waited for
	begun []byte     // the first bytes of a character, which may be one
	state
}

type state struct {
	escape     bool // the byte before was ESC
	parameters bool // the bytes before began a control sequence
	separators int  // it has had so many
}

// read reads, and keeps a character back of which the rest has not come.
func (g *guard) read(from io.Reader, b []byte) (int, error) {
	const room = utf8.UTFMax // for what was kept back
	if len(b) <= room {
		return 0, io.ErrShortBuffer
	}
	n, err := from.Read(b[room:])
	g.mu.Lock()
	defer g.mu.Unlock()
	kept := copy(b, g.begun)
	n = kept + copy(b[kept:], b[room:room+n])
	g.begun = g.begun[:0]
	for i := 0; i < n; {
		switch {
		case b[i] < utf8.RuneSelf:
			b[i] = g.passed(b[i])
			i++
		case err == nil && !utf8.FullRune(b[i:n]):
			g.begun = append(g.begun, b[i:n]...)
			return i, nil
		default:
			r, size := utf8.DecodeRune(b[i:n])
			if r == utf8.RuneError && size == 1 {
				b[i] = g.passed('?')
			} else {
				g.state = state{}
			}
			i += size
		}
	}
	return n, err
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
