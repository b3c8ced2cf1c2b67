package registry

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

// unknown is a draft with fields that this version does not know, everywhere.
const unknown = `{"schema":1,"by":"9.9","draft":{"id":"11111111-1111-4111-8111-111111111111","name":"Contoso","labels":["a","b"],"big":12345678901234567890,
"keys":[{"id":"old","store":"keyring","bits":2048,"stored":true,"certificate":{"pem":"p"},"slot":1},
{"id":"new","store":"keyring","bits":2048,"stored":true,"certificate":{"pem":"q","kept":true},"slot":2}],
"microsoft":{"tenant":"t","client":"c","region":{"x":1}},"journal":[{"change":"key","begun":"2026-03-01T12:00:00Z","call":"7"}],
"owner":{},"azure":{"subscription":"s"},"Trail":["a"],"created":"2026-03-01T12:00:00Z","updated":"2026-03-01T12:00:00Z"}}`

// at is the value under a path in a file; "-" if there is none.
func at(t *testing.T, r *Registry, path string) string {
	t.Helper()
	data, err := os.ReadFile(r.file(one))
	must(t, err)
	var v any
	must(t, json.Unmarshal(data, &v))
	for _, name := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			v = in[len(in)-int(name[0]-'0')] // from the end
		}
	}
	if v == nil {
		return "-"
	}
	out, err := json.Marshal(v)
	must(t, err)
	return string(out)
}

// TestUnknownFieldsSurvive holds that a field of a later version goes through
// every rewrite, also where keys come and go and where a draft becomes an account.
func TestUnknownFieldsSurvive(t *testing.T) {
	r := empty(t)
	must(t, os.MkdirAll(r.accounts, 0o700))
	must(t, os.WriteFile(r.file(one), []byte(unknown), 0o600))
	d, err := r.Draft(t.Context(), one)
	must(t, err)
	d.Name, d.Trail = "Fabrikam", nil
	d.Keys = append(d.Keys[1:], account.Key{ID: "newest"}) // the old key goes, another comes
	d.Journal = append(d.Journal, account.Entry{Change: "certificate"})
	must(t, r.SaveDraft(t.Context(), d))
	want := func(path, want string) {
		t.Helper()
		if got := at(t, r, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	want("by", `"9.9"`)
	want("draft.name", `"Fabrikam"`)
	want("draft.labels", `["a","b"]`)
	want("draft.azure", `{"subscription":"s"}`)
	want("draft.microsoft.region", `{"x":1}`)
	want("draft.keys.2.slot", `2`)
	want("draft.keys.2.certificate.kept", `true`)
	want("draft.keys.1.slot", `-`)
	want("draft.journal.2.call", `"7"`)
	want("draft.journal.1.call", `-`)
	want("draft.Trail", `-`) // what is known and now empty is not unknown
	if data, err := os.ReadFile(r.file(one)); err != nil || !strings.Contains(string(data), "12345678901234567890") {
		t.Errorf("the number was rounded: %v", err)
	}

	d.Name, d.Keys, d.Trail = "Fabrikam", d.Keys[:1], []string{"b"}
	must(t, r.SaveDraft(t.Context(), d))
	want("draft.trail", `["b"]`)
	want("draft.keys.1.slot", `2`)

	must(t, r.Finish(t.Context(), d.Account(d.Updated)))
	want("by", `"9.9"`)
	want("draft", `-`)
	want("account.name", `"Fabrikam"`)
	want("account.labels", `["a","b"]`)
	want("account.microsoft.region", `{"x":1}`)
	want("account.journal", `-`)
	want("account.owner", `-`)
}

// FuzzDecode holds of any file: it is read or refused, and what was read is
// still there after it was written again.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(unknown))
	data, err := record{draft: ptr(draft(one, "Contoso"))}.encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"schema":1,"account":{"id":"11111111-1111-4111-8111-111111111111","NAME":"x","name":"y","microsoft":null}}`))
	f.Add([]byte(`{"schema":2}`))
	f.Add([]byte(`{"schema":1,"draft":{"id":"11111111-1111-4111-8111-111111111111","name":"\u001b]52;c;AAAA\u0007\u202e","keys":[{"saved":"a\u0090b","certificate":{"pem":"-----BEGIN X\n\u009b2J\n"}}],"aws":{"alias":"\u0000"}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		rec, err := decode(data, one)
		if err != nil {
			if k := account.KindOf(err); k != account.RegistryDamaged && k != account.RegistryNewer {
				t.Fatalf("error %v", err)
			}
			return
		}
		for _, s := range texts(reflect.ValueOf(rec.draft), reflect.ValueOf(rec.account)) {
			if fit(s) != s {
				t.Errorf("%q is not to be drawn", s)
			}
		}
		again, err := rec.encode(data)
		if err != nil {
			t.Fatalf("read and not written: %v", err)
		}
		got, err := decode(again, one)
		if err != nil {
			t.Fatalf("written and not read: %v\n%s", err, again)
		}
		plain, err := rec.encode(nil)
		must(t, err)
		same, err := got.encode(nil)
		must(t, err)
		if diff := cmp.Diff(string(plain), string(same)); diff != "" {
			t.Errorf("changed by being rewritten: %s", diff)
		}
		rows := index{}
		rows.put(one, rec)
		if _, err := decodeIndex(bytes.NewReader(rows.encode())); err != nil {
			t.Errorf("its row cannot be read: %v", err)
		}
	})
}

func ptr[T any](v T) *T { return &v }
