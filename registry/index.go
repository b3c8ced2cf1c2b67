package registry

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
	"sort"
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

// inOrder puts rows, no two of one id, into that order. Not by package slices, which is
// compiled anew for each type of element: for one as large as this it takes ten kB.
func inOrder(rows []account.Row) {
	sort.Slice(rows, func(i, j int) bool { return order(rows[i], rows[j]) < 0 })
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

// The index is a file of rows, each with a letter first:
//
//	a: an account; id, name, provider, cloud, identity, begun, holder, profile, store, expires, updated
//	o: one that a process worked on last; as before, then host, boot, pid and start of the process
//	d: a draft; as before, then way and what was passed
//	x: a file that could not be read; kind of the problem, name of the file
const indexHead = "xops-onboard index 7\n"

// encode writes the index.
func (x index) encode() []byte {
	w := writeRows(indexHead, x.stamp, len(x.accounts), 200*(len(x.accounts)+len(x.drafts)))
	for _, a := range x.accounts {
		owner, owned := x.owners[a.ID]
		if w.begin(); owned {
			w.row('o', a)
			w.owner(owner)
		} else {
			w.row('a', a)
		}
		w.end()
	}
	for _, d := range x.drafts {
		w.begin()
		w.row('d', d)
		w.owner(x.owners[d.ID])
		w.word(string(d.Way))
		for _, p := range d.Passed {
			w.word(p)
		}
		w.end()
	}
	for _, p := range x.damaged {
		w.begin()
		w.b = append(w.b, 'x')
		w.word(string(p.Kind))
		w.text(p.Subject)
		w.end()
	}
	return w.file()
}

func (w *rowsWriter) row(letter byte, r account.Row) {
	w.b = append(w.b, letter)
	w.text(string(r.ID))
	w.text(string(r.Name))
	w.word(string(r.Provider))
	w.word(string(r.Cloud))
	w.text(r.Identity)
	w.word(string(r.Begun))
	w.text(r.Holder)
	w.word(r.Profile)
	w.word(string(r.Store))
	w.number(micros(r.Expires))
	w.number(micros(r.Updated))
}

func (w *rowsWriter) owner(o account.Owner) {
	w.word(o.Host)
	w.word(o.Boot)
	w.number(int64(o.PID))
	w.word(o.Start)
}

// decodeIndex reads an index whole.
func decodeIndex(in io.Reader) (index, error) {
	return readIndex(in, true, func(x *index, count int, a account.Row, o account.Owner) {
		if x.accounts == nil {
			x.accounts = make([]account.Row, 0, count)
		}
		x.accounts = append(x.accounts, a)
		x.own(a.ID, o)
	})
}

// told is told an account of an index, and the process that worked on it last. Count is
// how many to have room for.
type told func(x *index, count int, a account.Row, o account.Owner)

// readIndex reads an index, of which it keeps no account: tell is told each, without its
// identity where it need not be whole. Whatever is wrong is one error, at the end: the
// index is made again then, and what was told was not so.
func readIndex(in io.Reader, whole bool, tell told) (index, error) {
	r, err := readRows(in, indexHead)
	if err != nil {
		return index{}, err
	}
	x := index{stamp: r.stamp}
	if err := r.each(func(c *cursor) { c.indexed(&x, r.room(), whole, tell) }); err != nil {
		return index{}, err
	}
	return x, nil
}

// indexed reads a row into the index, or tells it.
func (c *cursor) indexed(x *index, count int, whole bool, tell told) {
	switch c.letter() {
	case 'a':
		tell(x, count, c.row(whole), account.Owner{})
	case 'o':
		tell(x, count, c.row(whole), c.owner())
	case 'd':
		d := c.row(true)
		x.own(d.ID, c.owner())
		d.Way = account.Way(c.word())
		for len(c.rest) > 0 {
			d.Passed = append(d.Passed, c.word())
		}
		x.drafts = append(x.drafts, d)
	case 'x':
		x.damaged = append(x.damaged, account.Problem{Kind: account.Kind(c.word()), Subject: string(c.text())})
	default:
		c.fail()
	}
}

// row is what rows of accounts and drafts have. The texts of one are one text: that is less
// to keep in order.
func (c *cursor) row(whole bool) (r account.Row) {
	id, name := c.text(), c.text()
	r.Provider, r.Cloud = account.Provider(c.word()), account.CloudID(c.word())
	var identity []byte
	if whole {
		identity = c.text()
	} else {
		c.unseen()
	}
	r.Begun = account.Begun(c.word())
	holder := c.text()
	r.Profile, r.Store = c.word(), account.Store(c.word())
	r.Expires, r.Updated = moment(c.number()), moment(c.number())
	all := c.kept(id, name, holder, identity)
	r.ID, all = account.ID(all[:len(id)]), all[len(id):]
	r.Name, all = account.Name(all[:len(name)]), all[len(name):]
	r.Holder, r.Identity = all[:len(holder)], all[len(holder):]
	return r
}

func (c *cursor) owner() account.Owner {
	return account.Owner{Host: c.word(), Boot: c.word(), PID: int(c.number()), Start: c.word()}
}

// sound reads the index on disk, and tells whether it can be relied on.
func (r *Registry) sound(read func(io.Reader) (index, error)) (x index, sound bool) {
	// The stamp first: a change that comes between makes them differ.
	stamp, err := r.disk.stamp(r.accounts)
	if err != nil {
		return index{}, false
	}
	in, err := r.disk.open(r.index)
	if err != nil {
		return index{}, false
	}
	defer in.Close()
	x, err = read(in)
	return x, err == nil && r.fits(x, stamp)
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
	inOrder(x.accounts)
	inOrder(x.drafts)
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
