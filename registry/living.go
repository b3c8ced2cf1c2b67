package registry

import (
	"context"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// ChangeAccount makes an account what f makes of it, as one change that no other
// comes between, and returns it as it then is on disk. AccountInUse while a
// living copy of the program that is not this one works on it; NotFound if there
// is none; InputTaken and AlreadyLinked where f gave it the name or the identity
// of another; else f's own error, and nothing was changed.
func (r *Registry) ChangeAccount(ctx context.Context, id account.ID, f func(account.Account) (account.Account, error)) (account.Account, error) {
	var now account.Account
	err := r.change(ctx, id, func(have record, all listed) (_ record, err error) {
		switch {
		case have.account == nil:
			return record{}, notFound()
		case r.others(have.account.Owner):
			return record{}, &account.Problem{Kind: account.AccountInUse}
		}
		was := *have.account
		if now, err = f(was); err != nil {
			return record{}, err
		}
		now.ID = id
		if !strings.EqualFold(string(now.Name), string(was.Name)) {
			if err := all.named(id, "", now.Name, true); err != nil {
				return record{}, err
			}
		}
		if now.Identity() != was.Identity() {
			if err := all.linked(id, now.Identity()); err != nil {
				return record{}, err
			}
		}
		return record{account: &now}, nil
	})
	return now, err
}

// Hold makes this process the one that works on an account, with the errors of
// ChangeAccount, and Release ends that. An owner that was killed holds nothing.
func (r *Registry) Hold(ctx context.Context, id account.ID) (account.Account, error) {
	return r.ChangeAccount(ctx, id, func(a account.Account) (account.Account, error) { a.Owner = r.self; return a, nil })
}

// Release lets go of an account that this process holds.
func (r *Registry) Release(ctx context.Context, id account.ID) error {
	_, err := r.ChangeAccount(ctx, id, func(a account.Account) (account.Account, error) { a.Owner = account.Owner{}; return a, nil })
	return err
}

// Replace puts a in the place of the account of its id, and then deletes the
// draft that brought it; doing it again is no error. The errors are those of
// ChangeAccount and Finish.
func (r *Registry) Replace(ctx context.Context, draft account.ID, a account.Account) error {
	if _, err := r.ChangeAccount(ctx, a.ID, func(account.Account) (account.Account, error) { return a, nil }); err != nil {
		return err
	}
	return r.Remove(ctx, draft)
}

// Reopen makes an account a draft of the same id, and this process its owner,
// as the first step of removing it: what it made can be taken back from there,
// whatever happens in between. Doing it again is no error. AccountInUse and
// NotFound as ChangeAccount.
func (r *Registry) Reopen(ctx context.Context, id account.ID) (account.Draft, error) {
	var d account.Draft
	err := r.change(ctx, id, func(have record, _ listed) (record, error) {
		switch {
		case have.draft != nil && r.others(have.draft.Owner):
			return record{}, &account.Problem{Kind: account.DraftOwned}
		case have.draft != nil && have.draft.Leaving:
			d = *have.draft
		case have.account == nil:
			return record{}, notFound()
		case r.others(have.account.Owner):
			return record{}, &account.Problem{Kind: account.AccountInUse}
		default:
			d = have.account.Leaving()
		}
		d.Owner = r.self
		return record{draft: &d}, nil
	})
	return d, err
}
