package registry

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Files of rows are the index and the summary of the last checks. They are JSON, one
// row a line, written and read by hand: encoding/json takes some 60 ms for 10,000 rows,
// which is longer than the first frame may take. A line at a time is read, and nothing
// of it kept but what was asked for: memory that is touched for the first time is most
// of what reading costs. The sum is over all that follows its line, so that what was
// torn, edited or rotted is found out.
//
//	{"schema":6,"sum":"9b2e8d01",
//	"stamp":"…","count":2,"rows":[
//	[…],
//	[…]
//	]}
//
// The count is how many rows a reader has to have room for, and no promise.

// lineMost is more than a row of ours has. A file with a longer one is none of ours,
// and is made again each time.
const lineMost = 64 << 10

// errRows is whatever is wrong with a file of rows: it is made again then.
var errRows = errors.New("it is not a file of rows of this version")

// noSum is the place of a sum, up to what it is over.
const noSum = "00000000\",\n"

// beginRows begins a file of rows whose first line begins with head.
func beginRows(head, stamp string, count, size int) []byte {
	b := append(append(make([]byte, 0, 100+size), head...), noSum...)
	b = appendText(append(b, `"stamp":`...), stamp)
	return append(strconv.AppendInt(append(b, `,"count":`...), int64(count), 10), `,"rows":[`...)
}

// beginRow begins the next row.
func beginRow(b []byte) []byte {
	if b[len(b)-1] == ']' {
		b = append(b, ',')
	}
	return append(b, "\n["...)
}

// endRows ends the file, and puts the sum into it.
func endRows(b []byte, head string) []byte {
	b = append(b, "\n]}\n"...)
	copy(b[len(head):], fmt.Sprintf("%08x", crc32.ChecksumIEEE(b[len(head)+len(noSum):])))
	return b
}

func appendNumber(b []byte, n int64) []byte { return strconv.AppendInt(append(b, ','), n, 10) }

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = appendText(append(b, ','), s)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	if strings.IndexFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return append(append(append(b, '"'), s...), '"')
	}
	quoted, _ := json.Marshal(s) // of a string it cannot fail
	return append(b, quoted...)
}

// rows is a file of rows that is read.
type rows struct {
	stamp string
	count int

	in   *bufio.Reader
	want string // the sum
	sum  hash.Hash32
}

// readRows reads the two lines before the rows.
func readRows(in io.Reader, head string) (*rows, error) {
	r := &rows{in: bufio.NewReaderSize(in, lineMost), sum: crc32.NewIEEE()}
	first, err := r.in.ReadSlice('\n')
	if err != nil || len(first) != len(head)+len(noSum) || string(first[:len(head)]) != head || string(first[len(head)+8:]) != noSum[8:] {
		return nil, errRows
	}
	r.want = string(first[len(head):][:8])
	var c cursor
	if !r.line(&c) {
		return nil, errRows
	}
	c.skip(`"stamp":`)
	r.stamp = string(c.quoted())
	c.skip(`,"count":`)
	r.count = int(c.digits())
	c.skip(`,"rows":[`)
	if !c.over() {
		return nil, errRows
	}
	return r, nil
}

// room is how many rows to have room for at first, whatever the file says.
func (r *rows) room() int { return max(0, min(r.count, 1<<16)) }

// line is the next line, without its end, until the one after it is read.
func (r *rows) line(c *cursor) bool {
	line, err := r.in.ReadSlice('\n')
	if err != nil {
		return false
	}
	_, _ = r.sum.Write(line)
	c.rest = line[:len(line)-1]
	c.odd = unusual(c.rest)
	return true
}

// each has read read every row, from its opening to its closing bracket. It has no other
// error than errRows.
func (r *rows) each(read func(*cursor)) error {
	c := cursor{words: map[string]string{}}
	for n, more := 0, true; r.line(&c); n++ {
		if c.at("]") {
			c.skip("]}")
			if n > 0 && more || !c.over() || !r.whole() {
				return errRows
			}
			return nil
		}
		if !more {
			return errRows
		}
		c.skip("[")
		read(&c)
		c.skip("]")
		if more = c.at(","); more {
			c.skip(",")
		}
		if !c.over() {
			return errRows
		}
	}
	return errRows
}

// whole tells that nothing follows, and that the sum is that of what was read.
func (r *rows) whole() bool {
	_, err := r.in.ReadByte()
	return errors.Is(err, io.EOF) && fmt.Sprintf("%08x", r.sum.Sum32()) == r.want
}

// cursor reads a line from left to right. Once something is not as expected it stays
// wrong, and what it reads is empty.
type cursor struct {
	rest  []byte
	text  []byte            // where a row puts its texts together
	words map[string]string // that were read before, each once
	odd   bool              // there are other characters than those of ASCII that are drawn
	wrong bool
}

func (c *cursor) at(s string) bool { return len(c.rest) >= len(s) && string(c.rest[:len(s)]) == s }

func (c *cursor) skip(s string) {
	if !c.at(s) {
		c.fail()
		return
	}
	c.rest = c.rest[len(s):]
}

// fail ends the reading.
func (c *cursor) fail() { c.wrong, c.rest = true, nil }

// over tells that all was read, and was as expected.
func (c *cursor) over() bool { return !c.wrong && len(c.rest) == 0 }

// quoted reads a JSON string, which is there until the next line is read.
func (c *cursor) quoted() []byte {
	c.skip(`"`)
	end := bytes.IndexByte(c.rest, '"')
	switch {
	case end < 0:
		c.fail()
		return nil
	case bytes.IndexByte(c.rest[:end], '\\') >= 0:
		return c.escaped()
	}
	s := c.rest[:end]
	c.rest = c.rest[end+1:]
	return c.sound(s)
}

// sound is a text that may be drawn; with another it is no file of ours, whose
// texts come from files that were cleaned when they were read.
func (c *cursor) sound(s []byte) []byte {
	if c.odd && !account.Clear(string(s)) {
		c.fail()
		return nil
	}
	return s
}

func unusual(line []byte) bool {
	for _, b := range line {
		if b < ' ' || b > '~' {
			return true
		}
	}
	return false
}

// escaped reads what is left of a JSON string after its first quote.
func (c *cursor) escaped() []byte {
	end := 0
	for ; end < len(c.rest) && c.rest[end] != '"'; end++ {
		if c.rest[end] == '\\' {
			end++
		}
	}
	var s string
	if end >= len(c.rest) || json.Unmarshal(slices.Concat([]byte{'"'}, c.rest[:end+1]), &s) != nil {
		c.fail()
		return nil
	}
	c.rest = c.rest[end+1:]
	c.odd = true // what stood for a character is one now
	return c.sound([]byte(s))
}

// field reads a comma and then a JSON string.
func (c *cursor) field() []byte {
	c.skip(",")
	return c.quoted()
}

// word is field, of which many rows have the same.
func (c *cursor) word() string {
	b := c.field()
	if len(b) == 0 {
		return ""
	}
	if s, known := c.words[string(b)]; known {
		return s
	}
	s := string(b)
	c.words[s] = s
	return s
}

// number reads a comma and a whole number.
func (c *cursor) number() int64 {
	c.skip(",")
	return c.digits()
}

func (c *cursor) digits() int64 {
	end := 0
	for end < len(c.rest) && c.rest[end] != ',' && c.rest[end] != ']' {
		end++
	}
	n, err := strconv.ParseInt(string(c.rest[:end]), 10, 64)
	if err != nil {
		c.fail()
		return 0
	}
	c.rest = c.rest[end:]
	return n
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
