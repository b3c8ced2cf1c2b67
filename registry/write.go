package registry

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// SaveDraft writes a draft whole and makes this process its owner; when it
// returns nil the draft is on disk, journal and all. DraftOwned if a living
// copy of the program that is not this one works on it; InputTaken if another
// account or draft has the name, which is asked only of a name that the draft
// does not have on disk already, so that an operation under way is never
// refused its journal; NotFound if the draft became an account, or had an owner
// and is gone: it was thrown away and does not come back. Two drafts of the
// same tenant and client are let be: only Finish decides who is linked.
func (r *Registry) SaveDraft(ctx context.Context, d account.Draft) error {
	return r.change(ctx, d.ID, func(have record, all listed) (record, error) {
		switch {
		case have.account != nil, have.draft == nil && d.Owner != (account.Owner{}):
			return record{}, notFound()
		case have.draft != nil && r.others(have.draft.Owner):
			return record{}, &account.Problem{Kind: account.DraftOwned}
		}
		if have.draft == nil || !strings.EqualFold(string(have.draft.Name), string(d.Name)) {
			if err := all.named(d.ID, d.Replaces, d.Name, true); err != nil {
				return record{}, err
			}
		}
		d.Owner = r.self
		return record{draft: &d}, nil
	})
}

// Finish puts the account in the place of the draft of the same id, by one
// rename; doing it again is no error. AlreadyLinked if another account has the
// same cloud, tenant and client; InputTaken if another account has the name;
// DraftOwned as SaveDraft; NotFound if there is neither draft nor account.
func (r *Registry) Finish(ctx context.Context, a account.Account) error {
	return r.change(ctx, a.ID, func(have record, all listed) (record, error) {
		switch {
		case have == record{}:
			return record{}, notFound()
		case have.draft != nil && r.others(have.draft.Owner):
			return record{}, &account.Problem{Kind: account.DraftOwned}
		}
		if err := all.linked(a.ID, a.Identity()); err != nil {
			return record{}, err
		}
		return record{account: &a}, all.named(a.ID, "", a.Name, false)
	})
}

// Remove deletes the account or draft, and its last checks. None there is no
// error. DraftOwned as SaveDraft, AccountInUse as ChangeAccount; a file that cannot be understood stays, and
// says why.
func (r *Registry) Remove(ctx context.Context, id account.ID) error {
	if _, _, err := r.read(id); account.KindOf(err) == account.NotFound {
		return r.removeReport(id)
	}
	return r.change(ctx, id, func(have record, _ listed) (record, error) {
		if have.draft != nil && r.others(have.draft.Owner) {
			return record{}, &account.Problem{Kind: account.DraftOwned}
		}
		if have.account != nil && r.others(have.account.Owner) {
			return record{}, &account.Problem{Kind: account.AccountInUse}
		}
		return record{}, r.removeReport(id)
	})
}

// change reads the file of an id (the zero record if there is none), and the
// index where f asks for it, and makes the file what f says; the zero record
// deletes it. No other change comes between. When f fails nothing was changed.
func (r *Registry) change(ctx context.Context, id account.ID, f func(have record, all listed) (record, error)) error {
	if !valid(id) {
		return fmt.Errorf("change the registry: %q cannot be the id of an account", id)
	}
	if err := r.disk.mkdir(r.accounts); err != nil {
		return notWritten(r.accounts, err)
	}
	unlock, err := r.locked(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	have, old, err := r.read(id)
	if err != nil && account.KindOf(err) != account.NotFound {
		return err
	}
	if r.many > 0 {
		next, err := f(have, r.current)
		if err != nil {
			return err
		}
		return r.put(id, next, old)
	}
	x, err := r.current()
	if err != nil {
		return err
	}
	next, err := f(have, func() (index, error) { return x, nil })
	if err != nil {
		return err
	}
	if err := r.put(id, next, old); err != nil {
		return err
	}
	if next.draft == nil { // seldom enough to look through the directories
		r.sweep()
	}
	x.put(id, next)
	if x.stamp, err = r.disk.stamp(r.accounts); err == nil {
		r.writeIndex(x)
	}
	return nil
}

// listed gives the index as it was before a change.
type listed func() (index, error)

// named is that of the index.
func (all listed) named(id, replaces account.ID, n account.Name, drafts bool) error {
	x, err := all()
	if err != nil {
		return err
	}
	return x.named(id, replaces, n, drafts)
}

// linked is that of the index.
func (all listed) linked(id account.ID, identity string) error {
	x, err := all()
	if err != nil {
		return err
	}
	return x.linked(id, identity)
}

// current is the index as it is now, for who holds the lock.
func (r *Registry) current() (index, error) {
	if x, ok := r.sound(decodeIndex); ok {
		return x, nil
	}
	return r.scan()
}

// put makes the file of an id what rec says. The index goes first: from here on
// until it is back, whoever looks knows that it has to be made again.
func (r *Registry) put(id account.ID, rec record, old []byte) (err error) {
	var data []byte
	if rec != (record{}) {
		if data, err = rec.encode(old); err != nil {
			return err
		}
	}
	if err := r.disk.remove(r.index); err != nil {
		return notWritten(r.index, err)
	}
	path := r.file(id)
	if data != nil {
		return r.replace(path, data, true)
	}
	if err = r.disk.remove(path); err == nil {
		err = r.disk.sync(r.accounts)
	}
	if err != nil {
		return notWritten(path, err)
	}
	return nil
}

// replace puts data in the place of the file, whole or not at all. With sync it
// is on the disk when replace returns nil.
func (r *Registry) replace(path string, data []byte, sync bool) error {
	dir := filepath.Dir(path)
	temp, err := r.disk.write(dir, data, sync)
	if err != nil {
		return notWritten(path, err)
	}
	if err := r.disk.rename(temp, path); err != nil {
		_ = r.disk.remove(temp) // else it is swept up later
		return notWritten(path, err)
	}
	if sync {
		if err := r.disk.sync(dir); err != nil {
			return notWritten(path, err)
		}
	}
	return nil
}

func notWritten(path string, err error) error {
	return &account.Problem{Kind: account.FileNotWritten, Subject: path, Err: err}
}
