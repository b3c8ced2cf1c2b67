package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"

	"github.com/axiomio/xops-onboard/account"
)

// reportJSON is how a report stands in a file.
type reportJSON struct {
	Schema int            `json:"schema"`
	Report account.Report `json:"report"`
}

// SaveReport keeps the last verification of an account, without any lock: of
// two at the same time the later stays. It is not forced to the disk, because
// it can be made again. NotFound if there is no such account or draft.
func (r *Registry) SaveReport(_ context.Context, id account.ID, rep account.Report) error {
	if !valid(id) {
		return notFound()
	}
	if _, err := r.disk.read(r.file(id)); errors.Is(err, fs.ErrNotExist) {
		return notFound()
	}
	data, err := json.Marshal(reportJSON{schema, rep})
	if err != nil {
		return fmt.Errorf("write a report: %w", err)
	}
	if err := r.disk.mkdir(r.checks); err != nil {
		return notWritten(r.checks, err)
	}
	return r.replace(r.report(id), data, false)
}

// LastReport reads the last verification of an account. NotFound if there is
// none, also when its file is damaged or a newer version's, because the next
// verification writes another; RegistryUnread if it cannot be read.
func (r *Registry) LastReport(_ context.Context, id account.ID) (account.Report, error) {
	if !valid(id) {
		return account.Report{}, notFound()
	}
	path := r.report(id)
	data, err := r.disk.read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return account.Report{}, notFound()
	case err != nil:
		return account.Report{}, &account.Problem{Kind: account.RegistryUnread, Subject: path, Err: err}
	}
	var in reportJSON
	if json.Unmarshal(data, &in) != nil || in.Schema != schema {
		return account.Report{}, notFound()
	}
	clean(reflect.ValueOf(&in.Report).Elem())
	return in.Report, nil
}

func (r *Registry) removeReport(id account.ID) error {
	if !valid(id) {
		return nil
	}
	if err := r.disk.remove(r.report(id)); err != nil {
		return notWritten(r.report(id), err)
	}
	return nil
}

func (r *Registry) report(id account.ID) string {
	return filepath.Join(r.checks, string(id)+".json")
}
