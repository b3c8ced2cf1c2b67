package registry

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// schema is the version of the files. A change that an older version of this
// program would misread raises it; a field that it may overlook does not.
const schema = 1

// record is what one file holds: a draft or an account.
type record struct {
	draft   *account.Draft
	account *account.Account
}

// recordJSON is how a record stands in a file.
type recordJSON struct {
	Schema  int             `json:"schema"`
	Draft   json.RawMessage `json:"draft,omitempty"`
	Account json.RawMessage `json:"account,omitempty"`
}

var errShape = errors.New("it is not one draft or account of that id")

// decode reads a record whose file has the name of id. RegistryNewer or
// RegistryDamaged otherwise, without Subject.
func decode(data []byte, id account.ID) (record, error) {
	var in recordJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return record{}, damaged(err)
	}
	if in.Schema > schema {
		return record{}, &account.Problem{Kind: account.RegistryNewer}
	}
	var rec record
	var is account.ID
	var err error
	switch {
	case in.Schema != schema, (in.Draft == nil) == (in.Account == nil):
		err = errShape
	case in.Draft != nil:
		rec.draft = new(account.Draft)
		err = json.Unmarshal(in.Draft, rec.draft)
		is = rec.draft.ID
	default:
		rec.account = new(account.Account)
		err = json.Unmarshal(in.Account, rec.account)
		is = rec.account.ID
	}
	if err == nil && is != id {
		err = errShape
	}
	if err != nil {
		return record{}, damaged(err)
	}
	rec.clean()
	return rec, nil
}

// clean makes the texts of a record fit to be drawn: whoever can write files here
// may have edited this one.
func (rec record) clean() {
	if rec.draft != nil {
		clean(reflect.ValueOf(rec.draft).Elem())
	}
	if rec.account != nil {
		clean(reflect.ValueOf(rec.account).Elem())
	}
}

func damaged(err error) error {
	return &account.Problem{Kind: account.RegistryDamaged, Err: err}
}

// encode writes a record, with all that old, the file it takes the place of,
// has and this version does not know. Old is nil if there was none.
func (rec record) encode(old []byte) ([]byte, error) {
	fresh, err := rec.generic()
	if err != nil {
		return nil, err
	}
	if old != nil {
		if fresh, err = rec.carry(fresh, old); err != nil {
			return nil, err
		}
	}
	data, err := json.MarshalIndent(fresh, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("write an account's file: %w", err)
	}
	return append(data, '\n'), nil
}

// carry is fresh with the unknown fields of old. What this version knows of old
// is what it writes of it again; all else is unknown.
func (rec record) carry(fresh map[string]any, old []byte) (map[string]any, error) {
	was, err := parse(old)
	if err != nil {
		return nil, err
	}
	id := rec.id()
	before, err := decode(old, id)
	if err != nil {
		return nil, err
	}
	known, err := before.generic()
	if err != nil {
		return nil, err
	}
	if before.draft != nil && rec.account != nil { // a draft's fields go on as its account's
		for _, m := range []map[string]any{was, known} {
			m["account"] = m["draft"]
			delete(m, "draft")
		}
	}
	return keep(fresh, was, known).(map[string]any), nil
}

func (rec record) id() account.ID {
	if rec.draft != nil {
		return rec.draft.ID
	}
	return rec.account.ID
}

// generic is the record as any program would read its JSON.
func (rec record) generic() (map[string]any, error) {
	out := struct {
		Schema  int              `json:"schema"`
		Draft   *account.Draft   `json:"draft,omitempty"`
		Account *account.Account `json:"account,omitempty"`
	}{schema, rec.draft, rec.account}
	data, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write an account's file: %w", err)
	}
	return parse(data)
}

func parse(data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber() // a number that is not ours goes through as it was written
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, damaged(err)
	}
	return m, nil
}

// keep is fresh with what old has and known, our own reading of old, has not.
// Elements of a list are the same where their ids are, or their places if they
// have no id.
func keep(fresh, old, known any) any {
	switch f := fresh.(type) {
	case map[string]any:
		o, isMap := old.(map[string]any)
		k, alsoMap := known.(map[string]any)
		if !isMap || !alsoMap {
			return fresh
		}
		for name, v := range o {
			mine, ours := folded(k, name)
			place, taken := folded(f, name)
			switch {
			case ours && taken:
				f[place] = keep(f[place], v, k[mine])
			case !ours && !taken:
				f[name] = v
			}
		}
	case []any:
		o, isList := old.([]any)
		k, alsoList := known.([]any)
		if !isList || !alsoList || len(o) != len(k) {
			return fresh
		}
		for i := range f {
			if j := same(f, k, i); j >= 0 {
				f[i] = keep(f[i], o[j], k[j])
			}
		}
	}
	return fresh
}

// folded finds a field as encoding/json does, whatever the case of its letters:
// a file may not end up with two that would be read as one.
func folded(m map[string]any, name string) (string, bool) {
	if _, ok := m[name]; ok {
		return name, true
	}
	for have := range m {
		if strings.EqualFold(have, name) {
			return have, true
		}
	}
	return "", false
}

// same is where in old the element i of fresh is, -1 if it is new.
func same(fresh, old []any, i int) int {
	id := func(v any) any {
		m, _ := v.(map[string]any)
		return m["id"]
	}
	if id(fresh[i]) == nil {
		if i < len(old) {
			return i
		}
		return -1
	}
	for j := range old {
		if id(old[j]) == id(fresh[i]) {
			return j
		}
	}
	return -1
}
