package vterm

import (
	"bytes"
	"io"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

// escapePause is left between a lone ESC byte and what follows. Programs take
// what comes within 50 ms for the rest of a sequence.
const escapePause = 100 * time.Millisecond

// Line is the program's end of a terminal. What is written to it is drawn;
// what is read from it is key presses and the terminal's answers, in order, a
// press a read. Neither ever waits for the other side, so an answer to a query
// cannot hold up a program that is drawing.
type Line struct {
	s *Screen

	in      sync.Mutex
	arrived sync.Cond
	chunks  [][]byte
	readers int             // the ticket given out last
	loops   map[string]bool // goroutines that read for a program's own loop; true: given up
	wire    bool
	newest  []int
	paused  time.Time // no delivery before
	hungUp  bool

	out  sync.Mutex
	held []byte // a synchronised update that is not whole yet
}

func newLine(s *Screen) *Line {
	l := &Line{s: s, loops: map[string]bool{}}
	l.arrived.L = &l.in
	go func() { // the emulator's answers; ends when Close closes its pipe
		var buf [4096]byte
		for {
			n, err := s.emu.Read(buf[:])
			if n > 0 {
				l.push(string(buf[:n]))
			}
			if err != nil {
				return
			}
		}
	}()
	return l
}

// push sends bytes to the program, which may read them when it likes.
func (l *Line) push(seq string) {
	l.in.Lock()
	defer l.in.Unlock()
	l.chunks = append(l.chunks, []byte(seq))
	l.arrived.Broadcast()
}

// Read gives the next key press or answer. If several goroutines read, the one
// that came last gets it: the others are readers that the program has given up
// and cannot cancel. For the same reason the goroutine that reads for a program's
// loop gets nothing any more once the program gives up its keyboard, also when it
// comes back to read only then.
func (l *Line) Read(p []byte) (int, error) {
	goroutine, loop := reader()
	l.in.Lock()
	defer l.in.Unlock()
	given := l.loops[goroutine]
	if loop {
		l.loops[goroutine] = given
	}
	l.readers++
	me := l.readers
	if !given {
		l.newest = append(l.newest, me)
		defer l.leave(me)
	}
	for {
		switch wait := time.Until(l.paused); {
		case l.hungUp:
			return 0, io.EOF
		case len(l.chunks) == 0 || l.loops[goroutine] || l.newest[len(l.newest)-1] != me:
		case wait > 0:
			time.AfterFunc(wait, l.wake)
		default:
			return l.take(p), nil
		}
		l.arrived.Wait()
	}
}

// reader is the goroutine that reads, and whether it does so for a program's
// loop, which reads through what it can cancel.
func reader() (goroutine string, loop bool) {
	stack := string(debug.Stack())
	goroutine, _, _ = strings.Cut(stack, " [")
	return goroutine, strings.Contains(stack, "cancelreader")
}

// wake has the readers look again. It takes the lock, so that a reader that has
// looked already is waiting by then and hears it.
func (l *Line) wake() {
	l.in.Lock()
	defer l.in.Unlock()
	l.arrived.Broadcast()
}

// Wire tells that one reader alone takes everything for good, as a pty's does:
// who reads behind it is not seen from here.
func (l *Line) Wire() {
	l.in.Lock()
	defer l.in.Unlock()
	l.wire = true
}

// letGo is told when the program gives up its keyboard.
func (l *Line) letGo() {
	l.in.Lock()
	defer l.in.Unlock()
	if l.wire {
		return
	}
	for goroutine := range l.loops {
		l.loops[goroutine] = true
	}
}

func (l *Line) leave(reader int) {
	for i, r := range l.newest {
		if r == reader {
			l.newest = append(l.newest[:i], l.newest[i+1:]...)
		}
	}
	l.arrived.Broadcast()
}

func (l *Line) take(p []byte) int {
	n := copy(p, l.chunks[0])
	if l.chunks[0] = l.chunks[0][n:]; len(l.chunks[0]) == 0 {
		l.chunks = l.chunks[1:]
	}
	if n == 1 && p[0] == 0x1b {
		l.paused = time.Now().Add(escapePause)
	}
	return n
}

var (
	beginUpdate = []byte("\x1b[?2026h")
	endUpdate   = []byte("\x1b[?2026l")
)

// Write draws. A synchronised update is drawn when it is whole.
func (l *Line) Write(p []byte) (int, error) {
	l.out.Lock()
	defer l.out.Unlock()
	l.held = append(l.held, p...)
	if n := drawable(l.held); n > 0 {
		l.s.draw(l.held[:n])
		l.held = append(l.held[:0:0], l.held[n:]...)
	}
	return len(p), nil
}

// drawable is how many bytes of b can be drawn now.
func drawable(b []byte) int {
	begin := bytes.LastIndex(b, beginUpdate)
	if begin >= 0 && !bytes.Contains(b[begin:], endUpdate) {
		return begin
	}
	for n := min(len(beginUpdate)-1, len(b)); n > 0; n-- { // may be the start of a mark
		if bytes.HasSuffix(b, beginUpdate[:n]) {
			return len(b) - n
		}
	}
	return len(b)
}

// Resize changes the size of the screen. Telling the program is its runner's business.
func (l *Line) Resize(width, height int) {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.emu.Resize(width, height)
	l.s.tell()
}

// Ended tells the screen that the program will write no more, and why. It is
// called once.
func (l *Line) Ended(why string) {
	l.out.Lock()
	defer l.out.Unlock()
	if len(l.held) > 0 {
		l.s.draw(l.held)
		l.held = nil
	}
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	l.s.ended = why
	close(l.s.over)
	l.s.tell()
}

// Close ends reads with io.EOF and stops the terminal. Nothing may be written after.
func (l *Line) Close() {
	l.in.Lock()
	l.hungUp = true
	l.arrived.Broadcast()
	l.in.Unlock()
	if pipe, ok := l.s.emu.InputPipe().(io.Closer); ok { // the emulator's own Close races with Read
		_ = pipe.Close()
	}
}
