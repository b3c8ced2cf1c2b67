package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// lockWait is how long a change waits for another copy of the program. A change
// holds the lock for some milliseconds; making the index of 10,000 accounts
// again takes about a second.
const lockWait = 5 * time.Second

// Registry is accounts and drafts on disk, for one running copy of the program.
// It may be used from several goroutines, and by several processes at a time.
type Registry struct {
	disk  disk
	self  account.Owner
	alive func(account.Owner) bool
	turn  chan struct{} // held by the one goroutine of this process that changes something
	many  int           // how often Many was called and not ended; by turn

	data, accounts, checks string // directories
	index, lock, summary   string // files
}

// Open is the registry with its accounts under data and its last checks under
// state. Both are made by the first write, not here. Self is this process, and
// alive tells whether another one runs.
func Open(data, state string, self account.Owner, alive func(account.Owner) bool) (*Registry, error) {
	// Whole paths: the process may change its directory, and people read them.
	for _, dir := range []*string{&data, &state} {
		whole, err := filepath.Abs(*dir)
		if err != nil {
			return nil, fmt.Errorf("find the registry: %w", err)
		}
		*dir = whole
	}
	return open(files{}, data, state, self, alive), nil
}

// Memory is a registry of which nothing is left: for the demo.
func Memory() *Registry {
	return open(newMemory(), "/data", "/state", Self(), func(account.Owner) bool { return false })
}

func open(d disk, data, state string, self account.Owner, alive func(account.Owner) bool) *Registry {
	return &Registry{
		disk: d, self: self, alive: alive, turn: make(chan struct{}, 1),
		data: data, accounts: filepath.Join(data, "accounts"), checks: filepath.Join(state, "checks"),
		index: filepath.Join(data, "index"), lock: filepath.Join(data, "registry.lock"), summary: filepath.Join(state, "last-checks"),
	}
}

// Contents is everything there is, in order of the names. It reads the index
// alone while that is sound, and makes it again otherwise; where it may not
// write, or another copy does not let go of the lock, it reads the files and
// leaves the index as it is. What cannot be read is in Damaged, never an error.
func (r *Registry) Contents(ctx context.Context) (account.Contents, error) {
	if _, err := r.disk.stamp(r.accounts); errors.Is(err, fs.ErrNotExist) {
		return account.Contents{}, nil
	}
	if x, ok := r.sound(decodeIndex); ok {
		return r.contents(x), nil
	}
	unlock, err := r.locked(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return account.Contents{}, err
		}
		return r.unsure(r.scan()), nil
	}
	defer unlock()
	if x, ok := r.sound(decodeIndex); ok { // another process was just done with it
		return r.contents(x), nil
	}
	r.sweep()
	x, err := r.scan()
	if err == nil {
		r.writeIndex(x)
	}
	return r.unsure(x, err), nil
}

// unsure is contents, or why the files could not be listed.
func (r *Registry) unsure(x index, err error) account.Contents {
	if err != nil {
		return account.Contents{Damaged: []account.Problem{*account.AsProblem(err)}}
	}
	return r.contents(x)
}

// List is Contents of which each account is told, in the same order and with its last
// check, and none is kept: what shows each once needs no room for ten thousand. It need
// not have its Identity. Begin gives whom to tell. It is called again where what was told turns out not to be so, and
// all is told anew. What is told may not wait for anything: the index is open meanwhile,
// and there are systems on which nobody can change it then.
func (r *Registry) List(ctx context.Context, begin func() (tell func(account.Row, account.LastCheck))) (account.Contents, error) {
	if c, ok := r.sideBySide(begin()); ok {
		return c, nil
	}
	all, err := r.Contents(ctx)
	if err != nil {
		return account.Contents{}, err
	}
	checks, stamp, err := r.lastChecks(ctx, all.Accounts)
	if err != nil {
		return account.Contents{}, err
	}
	if stamp != "" {
		_ = r.replace(r.summary, summaryOf(stamp, all.Accounts, checks), false) // without it the next reader reads the reports
	}
	tell := begin()
	for _, a := range all.Accounts {
		tell(a, checks[a.ID])
	}
	all.Accounts = nil
	return all, nil
}

// sideBySide is List where the index and the summary of the checks are sound, and have the
// same accounts in the same order.
func (r *Registry) sideBySide(tell func(account.Row, account.LastCheck)) (account.Contents, bool) {
	var checks *inStep
	switch stamp, err := r.disk.stamp(r.checks); {
	case err == nil:
		summary, end, err := r.openSummary(stamp)
		if err != nil {
			return account.Contents{}, false
		}
		defer end()
		checks = &inStep{summary: summary}
	case !errors.Is(err, fs.ErrNotExist):
		return account.Contents{}, false
	}
	owned := r.owned()
	x, sound := r.sound(func(in io.Reader) (index, error) {
		return readIndex(in, false, func(_ *index, _ int, a account.Row, o account.Owner) {
			a.Owned = owned(o)
			tell(a, checks.of(a.ID))
		})
	})
	if !sound || !checks.ended() {
		return account.Contents{}, false
	}
	return r.contents(x), true
}

// contents is the index as the port lists it. The rows are the index's own.
func (r *Registry) contents(x index) account.Contents {
	if len(x.owners) > 0 {
		owned := r.owned()
		for _, rows := range [][]account.Row{x.accounts, x.drafts} {
			for i := range rows {
				rows[i].Owned = owned(x.owners[rows[i].ID])
			}
		}
	}
	c := account.Contents{Accounts: x.accounts, Drafts: x.drafts}
	for _, p := range x.damaged {
		p.Subject = filepath.Join(r.accounts, p.Subject)
		c.Damaged = append(c.Damaged, p)
	}
	return c
}

// owned is others, which asks once for each process.
func (r *Registry) owned() func(account.Owner) bool {
	asked := map[account.Owner]bool{}
	return func(o account.Owner) bool {
		if o == (account.Owner{}) { // as almost all are
			return false
		}
		owned, known := asked[o]
		if !known {
			owned = r.others(o)
			asked[o] = owned
		}
		return owned
	}
}

// others tells whether a draft or account is in the hands of a living copy of
// the program that is not this one.
func (r *Registry) others(o account.Owner) bool {
	return o != (account.Owner{}) && o != r.self && r.alive(o)
}

// Draft reads a draft whole. NotFound if there is none of that id, or if it has
// become an account; RegistryNewer, RegistryDamaged or RegistryUnread if its
// file is not ours to understand.
func (r *Registry) Draft(_ context.Context, id account.ID) (account.Draft, error) {
	rec, _, err := r.read(id)
	if err != nil {
		return account.Draft{}, err
	}
	if rec.draft == nil {
		return account.Draft{}, notFound()
	}
	return *rec.draft, nil
}

// Account reads an account whole, with the errors of Draft.
func (r *Registry) Account(_ context.Context, id account.ID) (account.Account, error) {
	rec, _, err := r.read(id)
	if err != nil {
		return account.Account{}, err
	}
	if rec.account == nil {
		return account.Account{}, notFound()
	}
	return *rec.account, nil
}

func notFound() error { return &account.Problem{Kind: account.NotFound} }

// read reads the file of an account or draft, and gives its bytes as well.
// NotFound if there is none.
func (r *Registry) read(id account.ID) (record, []byte, error) {
	if !valid(id) {
		return record{}, nil, notFound()
	}
	path := r.file(id)
	data, err := r.disk.read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return record{}, nil, notFound()
	case errors.Is(err, errTooLarge):
		return record{}, nil, &account.Problem{Kind: account.RegistryDamaged, Subject: path, Err: err}
	case err != nil:
		return record{}, nil, &account.Problem{Kind: account.RegistryUnread, Subject: path, Err: err}
	}
	rec, err := decode(data, id)
	if err != nil {
		p := account.AsProblem(err)
		p.Subject = path
		return record{}, nil, p
	}
	return rec, data, nil
}

func (r *Registry) file(id account.ID) string {
	return filepath.Join(r.accounts, string(id)+".json")
}

// valid tells whether an id can be the name of a file: what UUIDs are made of
// and nothing else, so that no id leads out of the directory, names a device or
// differs from another by case alone.
func valid(id account.ID) bool {
	return len(id) > 0 && len(id) <= 64 && strings.Trim(string(id), "0123456789abcdef-") == ""
}

// locked waits for the registry's lock and gives what lets go of it. What this
// process itself is changing is waited for as long as ctx lasts.
func (r *Registry) locked(ctx context.Context) (unlock func(), err error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	}
	defer func() {
		if err != nil {
			<-r.turn
		}
	}()
	wait, cancel := context.WithTimeout(ctx, lockWait)
	defer cancel()
	let, err := r.disk.lock(wait, r.lock)
	switch {
	case err == nil:
		return func() { let(); <-r.turn }, nil
	case ctx.Err() != nil:
		return nil, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
	case wait.Err() != nil:
		return nil, &account.Problem{Kind: account.Busy, Err: err}
	}
	return nil, &account.Problem{Kind: account.RegistryUnread, Subject: r.lock, Err: err}
}
