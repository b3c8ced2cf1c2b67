package registry

import (
	"fmt"
	"hash/crc32"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/axiomio/xops-onboard/account"
)

// odd are texts that JSON has to escape, or that look like its own.
var odd = []string{"", `"`, `\`, `\"`, `],`, "\n]}\n", "Ö ä 漢 😀", "<b>&", "\x00\x1f\x7f", "\u2028", "a,b"}

func TestIndexComesBack(t *testing.T) {
	var x index
	x.stamp = "s"
	for i, s := range odd {
		row := account.Row{ID: account.ID(fmt.Sprint(i)), Name: account.Name(s), Provider: account.Provider(s), Cloud: account.CloudID(s), Identity: s, Begun: account.Begun(s)}
		owned := row
		owned.ID += "-owned"
		x.accounts = append(x.accounts, row, owned)
		x.own(owned.ID, account.Owner{Host: s, Boot: s, PID: i + 1, Start: s})
		row.ID += "-draft"
		row.Expires, row.Updated = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1, 1, 2, 0, 0, 0, 1000, time.UTC)
		row.Way, row.Passed = account.Way(s), append([]string(nil), odd[:i]...)
		x.drafts = append(x.drafts, row)
		x.own(row.ID, account.Owner{Host: s, Boot: s, PID: -i, Start: s})
		x.damaged = append(x.damaged, account.Problem{Kind: account.Kind(s), Subject: s})
	}
	got, err := decodeIndex(string(x.encode()))
	must(t, err)
	if diff := cmp.Diff(x, got, cmp.AllowUnexported(index{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if _, err := decodeIndex(string(index{}.encode())); err != nil {
		t.Errorf("the empty index: %v", err)
	}
}

// TestIndexIsWholeOrNothing holds that no beginning of an index passes for one,
// and none with one byte changed.
func TestIndexIsWholeOrNothing(t *testing.T) {
	x := index{stamp: "s"}
	x.put(one, record{draft: ptr(draft(one, "Contoso"))})
	data := x.encode()
	for i := range data {
		if _, err := decodeIndex(string(data[:i])); err == nil {
			t.Errorf("%d of %d bytes pass", i, len(data))
		}
		bad := append([]byte(nil), data...)
		bad[i] ^= 1
		if _, err := decodeIndex(string(bad)); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
}

// FuzzDecodeIndex holds of any text with the right sum: it is read or refused,
// and what was read comes back from what is written of it.
func FuzzDecodeIndex(f *testing.F) {
	x := index{stamp: "s", damaged: []account.Problem{{Kind: account.RegistryNewer, Subject: "a.json"}}}
	x.put(one, record{draft: ptr(draft(one, "Contoso"))})
	x.put(two, record{account: ptr(draft(two, `Ö "x"`).Account(time.Now()))})
	f.Add(x.encode()[len(indexHead)+11:])
	f.Add([]byte("\"stamp\":\"\",\"rows\":[\n[\"account\",\"\\"))
	f.Fuzz(func(t *testing.T, body []byte) {
		x, err := decodeIndex(fmt.Sprintf("%s%08x\",\n%s", indexHead, crc32.ChecksumIEEE(body), body))
		if err != nil {
			return
		}
		got, err := decodeIndex(string(x.encode()))
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeIndex(string(got.encode()))
		must(t, err)
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(index{})); diff != "" {
			t.Error(diff)
		}
	})
}
