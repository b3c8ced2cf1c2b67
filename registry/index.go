package registry

import (
	"errors"
	"io"
	"path/filepath"
	"slices"
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

// The index is a file of rows:
//
//	["account",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated],
//	["owned",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated,host,boot,pid,start],
//	["draft",id,name,provider,cloud,identity,begun,holder,profile,store,expires,updated,host,boot,pid,start,way,passed…],
//	["damaged",kind,file]
const indexHead = `{"schema":6,"sum":"`

// encode writes the index.
func (x index) encode() []byte {
	b := beginRows(indexHead, x.stamp, len(x.accounts), 256*(len(x.accounts)+len(x.drafts)))
	for _, a := range x.accounts {
		b = beginRow(b)
		if owner, owned := x.owners[a.ID]; owned {
			b = appendOwner(appendRow(append(b, `"owned"`...), a), owner)
		} else {
			b = appendRow(append(b, `"account"`...), a)
		}
		b = append(b, ']')
	}
	for _, d := range x.drafts {
		b = appendOwner(appendRow(append(beginRow(b), `"draft"`...), d), x.owners[d.ID])
		b = append(appendTexts(appendTexts(b, string(d.Way)), d.Passed...), ']')
	}
	for _, p := range x.damaged {
		b = append(appendTexts(append(beginRow(b), `"damaged"`...), string(p.Kind), p.Subject), ']')
	}
	return endRows(b, indexHead)
}

func appendRow(b []byte, r account.Row) []byte {
	b = appendTexts(b, string(r.ID), string(r.Name), string(r.Provider), string(r.Cloud), r.Identity, string(r.Begun), r.Holder, r.Profile, string(r.Store))
	return appendNumber(appendNumber(b, micros(r.Expires)), micros(r.Updated))
}

func appendOwner(b []byte, o account.Owner) []byte {
	return appendTexts(appendNumber(appendTexts(b, o.Host, o.Boot), int64(o.PID)), o.Start)
}

// decodeIndex reads an index whole.
func decodeIndex(in io.Reader) (index, error) {
	return readIndex(in, nil, func(x *index, count int, a account.Row, o account.Owner) {
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

// readIndex reads an index, of which it keeps no account: tell is told each. Where ids are
// known, a row has the one that known gives for it, and no identity: both would be most of
// what is new of it. Whatever is wrong is one error, at the end: the index is made again
// then, and what was told was not so.
func readIndex(in io.Reader, known func([]byte) account.ID, tell told) (index, error) {
	r, err := readRows(in, indexHead)
	if err != nil {
		return index{}, err
	}
	x := index{stamp: r.stamp}
	if err := r.each(func(c *cursor) { c.row(&x, r.room(), known, tell) }); err != nil {
		return index{}, err
	}
	return x, nil
}

// row reads a row into the index, or tells it.
func (c *cursor) row(x *index, count int, known func([]byte) account.ID, tell told) {
	switch string(c.quoted()) {
	case "account":
		tell(x, count, c.common(known), account.Owner{})
	case "owned":
		tell(x, count, c.common(known), c.owner())
	case "draft":
		d := c.common(nil)
		x.own(d.ID, c.owner())
		d.Way = account.Way(c.word())
		for c.at(",") {
			d.Passed = append(d.Passed, c.word())
		}
		x.drafts = append(x.drafts, d)
	case "damaged":
		x.damaged = append(x.damaged, account.Problem{Kind: account.Kind(c.word()), Subject: string(c.field())})
	default:
		c.fail()
	}
}

func (c *cursor) common(known func([]byte) account.ID) (r account.Row) {
	id, name := c.field(), c.field()
	r.Provider, r.Cloud = account.Provider(c.word()), account.CloudID(c.word())
	identity := c.field()
	r.Begun = account.Begun(c.word())
	holder := c.field()
	r.Profile, r.Store = c.word(), account.Store(c.word())
	r.Expires, r.Updated = moment(c.number()), moment(c.number())
	if known != nil {
		r.ID, r.Name, r.Holder = known(id), account.Name(name), string(holder)
		return r
	}
	c.text = append(append(append(append(c.text[:0], id...), name...), identity...), holder...)
	all := string(c.text) // one for all, which is less to keep in order
	r.ID, all = account.ID(all[:len(id)]), all[len(id):]
	r.Name, all = account.Name(all[:len(name)]), all[len(name):]
	r.Identity, r.Holder = all[:len(identity)], all[len(identity):]
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
	slices.SortStableFunc(x.accounts, order)
	slices.SortStableFunc(x.drafts, order)
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
