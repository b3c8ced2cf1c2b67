package registry

import (
	"bytes"
	"context"
	"encoding/json"
	"path/filepath"

	"github.com/axiomio/xops-onboard/account"
)

// evidenceLine is one call of a change, as it stands in the copy for people.
type evidenceLine struct {
	Account account.ID `json:"account"`
	Change  string     `json:"change"`
	account.Evidence
}

// AppendEvidence adds what was called for a change to evidence.log in the state
// directory: a line a call, without tokens and bodies. The file only grows, and
// is forced to disk. FileNotWritten if it cannot be.
func (r *Registry) AppendEvidence(_ context.Context, id account.ID, change string, calls []account.Evidence) error {
	if len(calls) == 0 {
		return nil
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, c := range calls {
		if err := enc.Encode(evidenceLine{id, change, c}); err != nil {
			return err
		}
	}
	dir := filepath.Dir(r.checks)
	path := filepath.Join(dir, "evidence.log")
	if err := r.disk.mkdir(dir); err != nil {
		return notWritten(dir, err)
	}
	if err := r.disk.append(path, account.Escaped(b.Bytes())); err != nil {
		return notWritten(path, err)
	}
	return nil
}
