package typed

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	uv "github.com/charmbracelet/ultraviolet"
)

// decoded is what Bubble Tea's decoder makes of what comes in pieces of that size, as text.
func decoded(t *testing.T, sent []byte, piece int) (typed string) {
	t.Helper()
	var r io.Reader = bytes.NewReader(sent)
	if piece > 0 {
		r = &pieces{sent, piece}
	}
	d := uv.NewTerminalReader(Reader(r), "xterm-256color")
	d.EscTimeout = time.Millisecond
	events := make(chan uv.Event)
	ended := make(chan error, 1)
	go func() { ended <- d.StreamEvents(t.Context(), events) }()
	hangs := time.After(20 * time.Second)
	for {
		select {
		case <-hangs:
			t.Fatalf("%q is not decoded in 20 seconds", sent)
		case e := <-events:
			switch e := e.(type) {
			case uv.KeyPressEvent:
				typed += e.Text
			case uv.PasteEvent:
				typed += e.Content
			}
		case err := <-ended:
			if err != nil && !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			return typed
		}
	}
}

// pieces gives so many bytes at a time.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(b, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}

// harmful are what the decoder panics at: control sequences of more parameters than it has
// room for, and what begins with a byte of C1.
var harmful = []string{
	"\x9bM!!!", "\x9b>A0\x9bMA0\xe7", "\xe7\x9bM!!!", "\xe0\x9bM!", "\x8fP", "\x9d1;\x07", "\x98\x9c", "ě\x9b",
	"\x1b[" + strings.Repeat(";", 32) + "1m",
	"\x1b[" + strings.Repeat("1:", 40) + "2u",
	"\x1bP" + strings.Repeat("1;", 300) + "q\x1b\\",
	"\x9b" + strings.Repeat(";", 40) + "1m",
	"\x90?" + strings.Repeat(";", 40) + "1m",
	"\x1b[200~pasted \x1b[" + strings.Repeat("1;", 50) + "1m and more\x1b[201~",
	"\x1b\x1b[>" + strings.Repeat(";1", 33) + "c",
	"\xe0\x9b" + strings.Repeat(";", 33) + "1m",
}

func TestHarmfulIsPassed(t *testing.T) {
	for _, s := range harmful {
		for _, piece := range []int{0, 1, 7, 33} {
			if got := decoded(t, []byte(s+"ok"), piece); !strings.HasSuffix(got, "ok") {
				t.Errorf("%q in pieces of %d: what comes after it is %q", s, piece, got)
			}
		}
	}
}

// TestNothingElseIsTouched holds that what a terminal sends and a person pastes stays as
// it is, however it is cut.
func TestNothingElseIsTouched(t *testing.T) {
	for _, s := range []string{
		"Contoso;:;:" + strings.Repeat(";", 100), "\x1b[1;5A", "\x1b[<35;120;40M", "\x1b[200~" + strings.Repeat("a;", 500) + "\x1b[201~",
		"\x1b[" + strings.Repeat(";", most) + "1m", "\x1b]11;rgb:1;1" + strings.Repeat(";", 60) + "\x07", "\x1b;" + strings.Repeat(";", 60), "Ö;1;2", "ě" + strings.Repeat(";1", 60), "漢字😀\u009b\ufffd",
	} {
		for _, r := range []io.Reader{strings.NewReader(s), iotest.OneByteReader(strings.NewReader(s))} {
			if got, err := io.ReadAll(Reader(r)); err != nil || string(got) != s {
				t.Errorf("%q became %q, %v", s, got, err)
			}
		}
		for _, room := range []int{1, 2, 5} {
			got, err := io.ReadAll(&little{Reader(strings.NewReader(s)), room})
			if err != nil || string(got) != s {
				t.Errorf("%q, read %d bytes at a time, became %q, %v", s, room, got, err)
			}
		}
	}
}

// little reads so many bytes at a time, as what is given the terminal may.
type little struct {
	from io.Reader
	room int
}

func (l *little) Read(b []byte) (int, error) { return l.from.Read(b[:min(len(b), l.room)]) }

// FuzzDecoder holds of anything a terminal may send, in any pieces: the decoder ends, and
// does not panic.
func FuzzDecoder(f *testing.F) {
	for i, s := range harmful {
		f.Add([]byte(s), i)
	}
	for _, s := range []string{"q", "\x1b", "\x1b[A", "\x1bOP", "\x1b[1;2u", "\x1b[<0;1;1M", "\x1b[200~a\x1b[201~", "\x1b]11;rgb:0000/0000/0000\x07", "\x1b[?2026;2$y", "\x1b[0;0;65;1;0;1_", "\x1bP1$r0m\x1b\\", "\x1b_Gi=1;OK\x1b\\", "\xff\xfe", "ä漢😀\u200d"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, sent []byte, piece int) {
		decoded(t, sent, max(0, piece%64))
	})
}
