package registry

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// index is what a list shows of every account and draft, in order of the names.
type index struct {
	stamp    string // of the directory of the files, when it was as the index says
	accounts []account.Row
	drafts   []account.Row
	owners   map[account.ID]account.Owner // the process that worked on one last, where there is one
	damaged  []account.Problem            // Subject is the name of the file
}

// own notes the process that worked on a draft or account last.
func (x *index) own(id account.ID, o account.Owner) {
	if o == (account.Owner{}) {
		return
	}
	if x.owners == nil {
		x.owners = map[account.ID]account.Owner{}
	}
	x.owners[id] = o
}

// order is the order of the list: by name whatever the case, then by id.
func order(a, b account.Row) int {
	if c := strings.Compare(strings.ToLower(string(a.Name)), strings.ToLower(string(b.Name))); c != 0 {
		return c
	}
	return strings.Compare(string(a.ID), string(b.ID))
}

// put makes the rows of an id what rec says; the zero record takes them away.
func (x *index) put(id account.ID, rec record) {
	x.accounts, x.drafts = without(x.accounts, id), without(x.drafts, id)
	delete(x.owners, id)
	switch {
	case rec.account != nil:
		x.accounts = with(x.accounts, rounded(rec.account.Row()))
		x.own(id, rec.account.Owner)
	case rec.draft != nil:
		x.drafts = with(x.drafts, rounded(rec.draft.Row()))
		x.own(id, rec.draft.Owner)
	}
}

func without(rows []account.Row, id account.ID) []account.Row {
	return slices.DeleteFunc(rows, func(r account.Row) bool { return r.ID == id })
}

func with(rows []account.Row, r account.Row) []account.Row {
	at, _ := slices.BinarySearchFunc(rows, r, order)
	return slices.Insert(rows, at, r)
}

// named is InputTaken if another account, or with drafts another draft, has the
// name. The empty name is nobody's, and a draft may have that of the account
// whose place it takes.
func (x index) named(id, replaces account.ID, n account.Name, drafts bool) error {
	all := x.accounts
	if drafts {
		all = slices.Concat(x.accounts, x.drafts)
	}
	for _, r := range all {
		if n != "" && r.ID != id && r.ID != replaces && strings.EqualFold(string(r.Name), string(n)) {
			return &account.Problem{Kind: account.InputTaken, Subject: string(r.Name)}
		}
	}
	return nil
}

// linked is AlreadyLinked if another account has the identity.
func (x index) linked(id account.ID, identity string) error {
	for _, r := range x.accounts {
		if r.ID != id && identity != "" && r.Identity == identity {
			return &account.Problem{Kind: account.AlreadyLinked, Subject: string(r.Name)}
		}
	}
	return nil
}

// rounded is the row as it comes back from the index, which keeps times in
// microseconds of UTC.
func rounded(r account.Row) account.Row {
	r.Expires, r.Updated = moment(micros(r.Expires)), moment(micros(r.Updated))
	return r
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

// The index is JSON, one row a line, written and read by hand: encoding/json
// takes some 60 ms for 10,000 rows, which is longer than the first frame may
// take. The sum is over all that follows its line, so what was torn, edited or
// rotted is found out before it is read.
//
//	{"schema":5,"sum":"9b2e8d01",
//	"stamp":"…","rows":[
//	["account",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated],
//	["owned",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated,host,boot,pid,start],
//	["draft",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated,host,boot,pid,start,way,passed…],
//	["damaged",kind,file]
//	]}
const indexHead = `{"schema":5,"sum":"`

// encode writes the index.
func (x index) encode() []byte {
	b := make([]byte, 0, 256*(len(x.accounts)+len(x.drafts)+1))
	b = appendText(append(append(b, indexHead+noSum...), `"stamp":`...), x.stamp)
	b = append(b, `,"rows":[`...)
	first := true
	next := func(kind string) {
		if !first {
			b = append(b, ',')
		}
		first = false
		b = appendText(append(b, "\n["...), kind)
	}
	for _, a := range x.accounts {
		owner, owned := x.owners[a.ID]
		if !owned {
			next("account")
			b = append(appendRow(b, a), ']')
			continue
		}
		next("owned")
		b = append(appendOwner(appendRow(b, a), owner), ']')
	}
	for _, d := range x.drafts {
		next("draft")
		b = appendOwner(appendRow(b, d), x.owners[d.ID])
		b = append(appendTexts(appendTexts(b, string(d.Way)), d.Passed...), ']')
	}
	for _, p := range x.damaged {
		next("damaged")
		b = append(appendTexts(b, string(p.Kind), p.Subject), ']')
	}
	return sum(append(b, "\n]}\n"...), indexHead)
}

// noSum is the place of a sum, up to what it is over.
const noSum = "00000000\",\n"

// sum puts the sum into a text that begins with the head and noSum.
func sum(b []byte, head string) []byte {
	of := fmt.Sprintf("%08x", crc32.ChecksumIEEE(b[len(head)+len(noSum):]))
	copy(b[len(head):], of)
	return b
}

func appendRow(b []byte, r account.Row) []byte {
	b = appendTexts(b, string(r.ID), string(r.Name), string(r.Provider), string(r.Cloud), r.Identity, string(r.Begun), r.Holder, r.Profile, string(r.Store))
	b = strconv.AppendInt(append(b, ','), micros(r.Expires), 10)
	return strconv.AppendInt(append(b, ','), micros(r.Updated), 10)
}

func appendOwner(b []byte, o account.Owner) []byte {
	b = appendTexts(b, o.Host, o.Boot)
	b = strconv.AppendInt(append(b, ','), int64(o.PID), 10)
	return appendTexts(b, o.Start)
}

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

var errIndex = errors.New("it is not an index of this version")

// decodeIndex reads an index. Whatever is wrong with it is one error: it is
// made again then.
func decodeIndex(text string) (index, error) {
	body, ok := summed(text, indexHead)
	if !ok {
		return index{}, errIndex
	}
	c := cursor{rest: body, odd: unusual(body)} // the rows share this one string
	var x index
	x.accounts = make([]account.Row, 0, strings.Count(body, "\n["))
	c.skip(`"stamp":`)
	x.stamp = c.text()
	c.skip(`,"rows":[`)
	for n := 0; !c.wrong && !c.at("\n]}\n"); n++ {
		if n > 0 {
			c.skip(",")
		}
		c.skip("\n[")
		c.row(&x)
		c.skip("]")
	}
	c.skip("\n]}\n")
	if len(x.accounts) == 0 {
		x.accounts = nil
	}
	if c.wrong || c.rest != "" {
		return index{}, errIndex
	}
	return x, nil
}

// summed is what follows the first line of a file, and whether that line begins
// with head and has its sum.
func summed(text, head string) (body string, ok bool) {
	text, ok = strings.CutPrefix(text, head)
	if at := len(noSum); ok && len(text) >= at && text[8:at] == noSum[8:] {
		return text[at:], fmt.Sprintf("%08x", sumOf(text[at:])) == text[:8]
	}
	return "", false
}

// sumOf is the sum of a text, without a copy of all of it.
func sumOf(text string) uint32 {
	sum := crc32.NewIEEE()
	var part [4096]byte
	for text != "" {
		n := copy(part[:], text)
		_, _ = sum.Write(part[:n])
		text = text[n:]
	}
	return sum.Sum32()
}

// cursor reads text from left to right. Once something is not as expected it
// stays wrong, and what it reads is empty.
type cursor struct {
	rest  string
	odd   bool // there are other characters than those of ASCII that are drawn
	wrong bool
}

func (c *cursor) at(s string) bool { return strings.HasPrefix(c.rest, s) }

func (c *cursor) skip(s string) {
	if !c.at(s) {
		c.fail()
		return
	}
	c.rest = c.rest[len(s):]
}

// fail ends the reading.
func (c *cursor) fail() { c.wrong, c.rest = true, "" }

// text reads a JSON string.
func (c *cursor) text() string {
	c.skip(`"`)
	end := strings.IndexByte(c.rest, '"')
	switch {
	case end < 0:
		c.fail()
		return ""
	case strings.IndexByte(c.rest[:end], '\\') >= 0:
		return c.escaped()
	}
	s := c.rest[:end]
	c.rest = c.rest[end+1:]
	return c.sound(s)
}

// sound is a text that may be drawn; with another it is no index of ours, whose
// texts come from files that were cleaned when they were read.
func (c *cursor) sound(s string) string {
	if c.odd && !account.Clear(s) || strings.IndexByte(s, '\n') >= 0 {
		c.fail()
		return ""
	}
	return s
}

// unusual is quick, as it goes through all of an index.
func unusual(body string) bool {
	for i := range len(body) {
		if b := body[i]; (b < ' ' || b > '~') && b != '\n' {
			return true
		}
	}
	return false
}

// escaped reads what is left of a JSON string after its first quote. It is
// apart because what it decodes into is on the heap, which six strings of
// 10,000 rows would pay for.
func (c *cursor) escaped() (s string) {
	end := 0
	for ; end < len(c.rest) && c.rest[end] != '"'; end++ {
		if c.rest[end] == '\\' {
			end++
		}
	}
	if end >= len(c.rest) || json.Unmarshal([]byte(`"`+c.rest[:end+1]), &s) != nil {
		c.fail()
		return ""
	}
	c.rest = c.rest[end+1:]
	c.odd = true // what stood for a character is one now
	return c.sound(s)
}

// more reads a comma and a string.
func (c *cursor) more() string {
	c.skip(",")
	return c.text()
}

// number reads a comma and a whole number.
func (c *cursor) number() int64 {
	c.skip(",")
	end := 0
	for end < len(c.rest) && c.rest[end] != ',' && c.rest[end] != ']' {
		end++
	}
	n, err := strconv.ParseInt(c.rest[:end], 10, 64)
	if err != nil {
		c.fail()
		return 0
	}
	c.rest = c.rest[end:]
	return n
}

// row reads a row into the index, up to its closing bracket.
func (c *cursor) row(x *index) {
	switch c.text() {
	case "account":
		x.accounts = append(x.accounts, c.common())
	case "owned":
		a := c.common()
		x.own(a.ID, c.owner())
		x.accounts = append(x.accounts, a)
	case "draft":
		d := c.common()
		x.own(d.ID, c.owner())
		d.Way = account.Way(c.more())
		for c.at(",") {
			d.Passed = append(d.Passed, c.more())
		}
		x.drafts = append(x.drafts, d)
	case "damaged":
		x.damaged = append(x.damaged, account.Problem{Kind: account.Kind(c.more()), Subject: c.more()})
	default:
		c.fail()
	}
}

func (c *cursor) common() account.Row {
	return account.Row{
		ID: account.ID(c.more()), Name: account.Name(c.more()), Provider: account.Provider(c.more()), Cloud: account.CloudID(c.more()),
		Identity: c.more(), Begun: account.Begun(c.more()), Holder: c.more(), Profile: c.more(), Store: account.Store(c.more()), Expires: moment(c.number()), Updated: moment(c.number()),
	}
}

func (c *cursor) owner() account.Owner {
	return account.Owner{Host: c.more(), Boot: c.more(), PID: int(c.number()), Start: c.more()}
}

// sound is the index on disk, and whether it can be relied on.
func (r *Registry) sound() (index, bool) {
	// The stamp first: a change that comes between makes them differ.
	stamp, err := r.disk.stamp(r.accounts)
	if err != nil {
		return index{}, false
	}
	data, err := r.disk.read(r.index)
	if err != nil {
		return index{}, false
	}
	x, err := decodeIndex(data)
	if err != nil || !r.fits(x, stamp) {
		return index{}, false
	}
	return x, true
}

// fits tells whether an index is that of the files, whose directory has the stamp.
func (r *Registry) fits(x index, stamp string) bool {
	if x.stamp != stamp {
		return false
	}
	// A file may be mended where it stands, which the directory does not tell.
	for _, p := range x.damaged {
		id, named := strings.CutSuffix(p.Subject, ".json")
		if _, _, err := r.read(account.ID(id)); !named || account.KindOf(err) != p.Kind {
			return false
		}
	}
	return true
}

// scan makes the index from the files. RegistryUnread if they cannot be listed.
func (r *Registry) scan() (x index, err error) {
	// The stamp first: a change meanwhile makes the index unsound.
	if x.stamp, err = r.disk.stamp(r.accounts); err != nil {
		return x, &account.Problem{Kind: account.RegistryUnread, Subject: r.accounts, Err: err}
	}
	names, err := r.disk.list(r.accounts)
	if err != nil {
		return x, &account.Problem{Kind: account.RegistryUnread, Subject: r.accounts, Err: err}
	}
	slices.Sort(names)
	for _, name := range names {
		stem, ok := strings.CutSuffix(name, ".json")
		id := account.ID(stem)
		if !ok || !valid(id) {
			continue // not ours
		}
		rec, _, err := r.read(id)
		switch {
		case account.KindOf(err) == account.NotFound: // gone since it was listed
		case err != nil:
			x.damaged = append(x.damaged, account.Problem{Kind: account.KindOf(err), Subject: name, Err: errors.Unwrap(err)})
		case rec.account != nil:
			x.accounts = append(x.accounts, rounded(rec.account.Row()))
			x.own(id, rec.account.Owner)
		default:
			x.drafts = append(x.drafts, rounded(rec.draft.Row()))
			x.own(id, rec.draft.Owner)
		}
	}
	slices.SortFunc(x.accounts, order)
	slices.SortFunc(x.drafts, order)
	return x, nil
}

// writeIndex puts the index on disk, if it can be, and does not force it there:
// without one the next reader makes it, and nothing is lost.
func (r *Registry) writeIndex(x index) { _ = r.replace(r.index, x.encode(), false) }

// sweep removes what processes that were killed left half written. Only a file
// over an hour old is surely nobody's: reports are written without the lock.
func (r *Registry) sweep() {
	for _, dir := range []string{r.data, r.accounts, r.checks, filepath.Dir(r.summary)} {
		r.disk.sweep(dir, time.Now().Add(-time.Hour))
	}
}
