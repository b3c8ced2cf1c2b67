package registry

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Files of rows are the index and the summary of the last checks. Whatever is in them is
// in other files too, as JSON, so they are written to be read fast: `list` of 10,000
// accounts is promised in five times what `version` takes, and its start alone is two of
// them. A row at a time is read, and nothing of it kept but what was asked for: memory that is touched for the first time is most of what reading
// costs on many machines.
//
// A file is a line of text that says what it is; the CRC-32 (IEEE) of all that follows,
// so that what was torn, edited or rotted is found out; a stamp; how many rows a reader
// has to have room for, which is no promise; the rows; and a row of no length. Numbers of
// four and eight bytes are little-endian, others as in encoding/binary. A row is its length
// in four bytes and then
//
//	a text: its length and its bytes;
//	a word, which many rows have: its number among those that came before, from one on, or
//	zero and the text of a new one;
//	a number: eight bytes.

// rowMost is more than a row of ours has. A file with a longer one is none of ours,
// and is made again each time.
const rowMost = 64 << 10

// errRows is whatever is wrong with a file of rows: it is made again then.
var errRows = errors.New("it is not a file of rows of this version")

const (
	sumSize    = 4
	lengthSize = 4
	numberSize = 8
)

// rowsWriter makes a file of rows in memory.
type rowsWriter struct {
	b     []byte
	words map[string]uint64
	body  int // where it begins
	last  int // where the last row does
}

// writeRows begins a file of rows.
func writeRows(head, stamp string, count, size int) *rowsWriter {
	w := &rowsWriter{b: make([]byte, 0, len(head)+len(stamp)+100+size), words: map[string]uint64{}}
	w.b = append(append(w.b, head...), make([]byte, sumSize)...)
	w.body = len(w.b)
	w.text(stamp)
	w.b = binary.AppendUvarint(w.b, uint64(count))
	return w
}

func (w *rowsWriter) begin() {
	w.last = len(w.b)
	w.b = append(w.b, make([]byte, lengthSize)...)
}

func (w *rowsWriter) end() {
	binary.LittleEndian.PutUint32(w.b[w.last:], uint32(len(w.b)-w.last-lengthSize))
}

func (w *rowsWriter) text(s string) {
	w.b = append(binary.AppendUvarint(w.b, uint64(len(s))), s...)
}

func (w *rowsWriter) word(s string) {
	n := w.words[s]
	w.b = binary.AppendUvarint(w.b, n)
	if n == 0 {
		w.words[s] = uint64(len(w.words) + 1)
		w.text(s)
	}
}

func (w *rowsWriter) number(n int64) { w.b = binary.LittleEndian.AppendUint64(w.b, uint64(n)) }

// file ends the file, and is it.
func (w *rowsWriter) file() []byte {
	w.b = append(w.b, make([]byte, lengthSize)...)
	binary.LittleEndian.PutUint32(w.b[w.body-sumSize:], crc32.ChecksumIEEE(w.b[w.body:]))
	return w.b
}

// rows is a file of rows that is read.
type rows struct {
	stamp string
	count int

	in    *bufio.Reader
	sum   hash.Hash32
	want  uint32
	words []string
}

// readRows reads what is before the rows.
func readRows(in io.Reader, head string) (*rows, error) {
	before := make([]byte, len(head)+sumSize)
	if _, err := io.ReadFull(in, before); err != nil || string(before[:len(head)]) != head {
		return nil, errRows
	}
	r := &rows{sum: crc32.NewIEEE(), want: binary.LittleEndian.Uint32(before[len(head):])}
	r.in = bufio.NewReaderSize(io.TeeReader(in, r.sum), rowMost)
	first, _ := r.in.Peek(rowMost)
	c := cursor{rest: first}
	r.stamp, r.count = string(c.text()), int(c.uvarint())
	if c.wrong {
		return nil, errRows
	}
	_, err := r.in.Discard(len(first) - len(c.rest))
	return r, err
}

// room is how many rows to have room for at first, whatever the file says.
func (r *rows) room() int { return max(0, min(r.count, 1<<16)) }

// next is the next row, until the one after it is read; io.EOF after the last, where all
// is as the sum says. It has no other error than that and errRows.
func (r *rows) next(c *cursor) error {
	length, err := r.in.Peek(lengthSize)
	if err != nil {
		return errRows
	}
	n := int64(binary.LittleEndian.Uint32(length))
	_, _ = r.in.Discard(lengthSize)
	if n == 0 {
		if _, err := r.in.ReadByte(); errors.Is(err, io.EOF) && r.sum.Sum32() == r.want {
			return io.EOF
		}
		return errRows
	}
	if n > rowMost {
		return errRows
	}
	if c.rest, err = r.in.Peek(int(n)); err != nil {
		return errRows
	}
	_, _ = r.in.Discard(int(n))
	c.words = &r.words
	return nil
}

// each has read read every row whole.
func (r *rows) each(read func(*cursor)) error {
	var c cursor
	for {
		switch err := r.next(&c); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		if read(&c); !c.over() {
			return errRows
		}
	}
}

// cursor reads a row from left to right. Once something is not as expected it stays
// wrong, and what it reads is empty.
type cursor struct {
	rest  []byte
	words *[]string
	texts strings.Builder // that are kept
	wrong bool
}

// fail ends the reading.
func (c *cursor) fail() { c.wrong, c.rest = true, nil }

// over tells that all was read, and was as expected.
func (c *cursor) over() bool { return !c.wrong && len(c.rest) == 0 }

// some are the next bytes.
func (c *cursor) some(n uint64) []byte {
	if n > uint64(len(c.rest)) {
		c.fail()
		return nil
	}
	b := c.rest[:n]
	c.rest = c.rest[n:]
	return b
}

func (c *cursor) letter() byte {
	if b := c.some(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *cursor) uvarint() uint64 {
	n, size := binary.Uvarint(c.rest)
	if size <= 0 {
		c.fail()
		return 0
	}
	c.rest = c.rest[size:]
	return n
}

func (c *cursor) number() int64 {
	b := c.some(numberSize)
	if b == nil {
		return 0
	}
	return int64(binary.LittleEndian.Uint64(b))
}

// text is a text that may be drawn, until the next row is read. With another it is no
// file of ours, whose texts come from files that were cleaned when they were read.
func (c *cursor) text() []byte {
	b := c.unseen()
	if !plain(b) && !account.Clear(string(b)) {
		c.fail()
		return nil
	}
	return b
}

// kept are texts as one that stays. Those of many rows have their room together, which is
// less to keep in order.
func (c *cursor) kept(texts ...[]byte) string {
	size := 0
	for _, t := range texts {
		size += len(t)
	}
	if c.texts.Cap()-c.texts.Len() < size {
		c.texts = strings.Builder{}
		c.texts.Grow(max(size, rowMost))
	}
	before := c.texts.Len()
	for _, t := range texts {
		_, _ = c.texts.Write(t)
	}
	return c.texts.String()[before:]
}

// unseen is a text that nobody will see.
func (c *cursor) unseen() []byte { return c.some(c.uvarint()) }

func plain(text []byte) bool {
	for _, b := range text {
		if b < ' ' || b > '~' {
			return false
		}
	}
	return true
}

func (c *cursor) word() string {
	n := c.uvarint()
	if n == 0 && !c.wrong {
		s := string(c.text())
		*c.words = append(*c.words, s)
		return s
	}
	if c.wrong || n > uint64(len(*c.words)) {
		c.fail()
		return ""
	}
	return (*c.words)[n-1]
}

func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func moment(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
