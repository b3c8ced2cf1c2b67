package cli

import (
	"io"
	"strconv"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// lines are accounts as a line of each says them, kept until the records are closed:
// who reads them may be in no hurry. What they take is their own text: what is made
// for a line and thrown away would be most of what ten thousand take.
type lines struct {
	full [][]byte
	text []byte

	// what was said of the account before: most have the same
	provider account.Provider
	cloud    account.CloudID
	linked   string // what it says of the two
	state    account.CheckState
	found    string // what it says of that
}

// linesFull is how long a text of lines gets. One that grows without an end is copied
// again and again.
const linesFull = 64 << 10

// account adds the line of an account.
func (l *lines) account(r account.Row, last account.LastCheck, now time.Time) {
	if len(l.text) > linesFull-textLimit {
		l.full, l.text = append(l.full, l.text), nil
	}
	if l.text == nil {
		l.text = make([]byte, 0, linesFull)
	}
	l.theirs(string(r.Name))
	l.what(r)
	l.key(r, now)
	if last == (account.LastCheck{}) {
		l.ours(", not checked yet")
	} else {
		if last.State != l.state {
			l.state, l.found = last.State, ", "+stateWords[last.State]+" "
		}
		l.ours(l.found)
		l.ago(now.Sub(last.At))
	}
	if r.Begun != "" {
		l.of(", ", begunWords[r.Begun])
	}
	if r.Owned {
		l.ours(", in use by another window")
	}
	l.ours("\n")
}

// what tells what is linked.
func (l *lines) what(r account.Row) {
	if l.linked == "" || r.Provider != l.provider || r.Cloud != l.cloud {
		l.provider, l.cloud, l.linked = r.Provider, r.Cloud, ": "+account.Clean(r.Provider.String(), textLimit)
		if r.Provider != account.AWS {
			l.linked += " " + account.Clean(r.Cloud.Cloud().Name, textLimit)
		}
	}
	l.ours(l.linked)
	if r.Provider == account.AWS {
		l.of(" ", r.Holder)
	} else {
		l.of(", tenant ", r.Holder)
	}
}

// key tells how long the account's key is good, or that it has none.
func (l *lines) key(r account.Row, now time.Time) {
	switch left := daysLeft(r.Expires, now); {
	case r.Expires.IsZero() && r.Provider == account.AWS:
		l.ours(", by profile ")
		l.theirs(r.Profile)
	case r.Expires.IsZero():
	case left < 0:
		l.ours(", key expired")
	default:
		l.ours(", key ends in ")
		l.counted(left, "day")
	}
}

// ago is an age in words.
func (l *lines) ago(d time.Duration) {
	switch {
	case d < time.Minute:
		l.ours("just now")
		return
	case d < time.Hour:
		l.counted(int(d.Minutes()), "minute")
	case d < 24*time.Hour:
		l.counted(int(d.Hours()), "hour")
	default:
		l.counted(int(d.Hours()/24), "day")
	}
	l.ours(" ago")
}

// counted is as account.Counted.
func (l *lines) counted(n int, noun string) {
	l.text = strconv.AppendInt(l.text, int64(n), 10)
	l.ours(" ", noun)
	if n != 1 {
		l.ours("s")
	}
}

// of is a name with what stands before it, where there is one.
func (l *lines) of(before, name string) {
	if name != "" {
		l.ours(before)
		l.theirs(name)
	}
}

// ours are words of this program, theirs is what somebody else called something.
func (l *lines) ours(words ...string) {
	for _, w := range words {
		l.text = append(l.text, w...)
	}
}

func (l *lines) theirs(name string) { l.text = append(l.text, account.Clean(name, textLimit)...) }

// write writes the lines, and tells whether there are any.
func (l *lines) write(out io.Writer) (there bool, err error) {
	for _, text := range append(l.full, l.text) {
		if _, err := out.Write(text); err != nil {
			return true, err
		}
	}
	return len(l.text) > 0, nil
}
