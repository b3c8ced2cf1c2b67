package registry

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/axiomio/xops-onboard/account"
)

// odd are texts of any kind that may be drawn.
var odd = []string{"", `"`, `\`, `\"`, `],`, `]}`, "Ö ä 漢 😀", "<b>&", "\ufffd", "a,b"}

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
	got, err := decodeIndex(bytes.NewReader(x.encode()))
	must(t, err)
	if diff := cmp.Diff(x, got, cmp.AllowUnexported(index{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if _, err := decodeIndex(bytes.NewReader(index{}.encode())); err != nil {
		t.Errorf("the empty index: %v", err)
	}
}

// TestIndexHoldsNoHostileText holds that an index with a text that would not be drawn
// is none, even with the right sum: it is made again from the files.
func TestIndexHoldsNoHostileText(t *testing.T) {
	for _, s := range hostileTexts {
		for name, x := range map[string]index{
			"name":    {accounts: []account.Row{{ID: one, Name: account.Name(s)}}},
			"stop":    {drafts: []account.Row{{ID: one, Passed: []string{s}}}},
			"damaged": {damaged: []account.Problem{{Kind: account.RegistryDamaged, Subject: s}}},
		} {
			if got, err := decodeIndex(bytes.NewReader(x.encode())); err == nil {
				t.Errorf("%s %q is read: %+v", name, s, got)
			}
		}
	}
}

// TestIndexIsWholeOrNothing holds that no beginning of an index passes for one,
// and none with one byte changed.
func TestIndexIsWholeOrNothing(t *testing.T) {
	x := index{stamp: "s"}
	x.put(one, record{draft: ptr(draft(one, "Contoso"))})
	data := x.encode()
	for i := range data {
		if _, err := decodeIndex(bytes.NewReader(data[:i])); err == nil {
			t.Errorf("%d of %d bytes pass", i, len(data))
		}
		bad := append([]byte(nil), data...)
		bad[i] ^= 1
		if _, err := decodeIndex(bytes.NewReader(bad)); err == nil {
			t.Errorf("byte %d can be changed", i)
		}
	}
}

// TestListBeginsAgain has an index of which the end is not as its sum says: what was told
// of it does not count, and all is told anew from the files.
func TestListBeginsAgain(t *testing.T) {
	r := onDisk(t)
	must(t, r.SaveReport(t.Context(), one, account.Report{At: time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC), Checks: []account.Check{{State: account.Missing}}}))
	settle(t, r)
	listing(t, r)
	harmIndex(t, r, "Contoso", "Rewrite")
	var begun []string
	_, err := r.List(t.Context(), func() func(account.Row, account.LastCheck) {
		begun = append(begun, "")
		return func(a account.Row, last account.LastCheck) {
			begun[len(begun)-1] += fmt.Sprint(a.Name, " ", last.State, last.At.Hour())
		}
	})
	if err != nil || len(begun) != 2 || begun[0] != "Rewrite missing8" || begun[1] != "Contoso missing8" {
		t.Errorf("%q, %v", begun, err)
	}
	if _, sound := r.sound(decodeIndex); !sound {
		t.Error("the index is not sound afterwards")
	}
}

// FuzzDecodeIndex holds of any text with the right sum: it is read or refused,
// and what was read comes back from what is written of it.
func FuzzDecodeIndex(f *testing.F) {
	x := index{stamp: "s", damaged: []account.Problem{{Kind: account.RegistryNewer, Subject: "a.json"}}}
	x.put(one, record{draft: ptr(draft(one, "Contoso"))})
	x.put(two, record{account: ptr(draft(two, `Ö "x"`).Account(time.Now()))})
	f.Add(x.encode()[len(indexHead)+sumSize:])
	f.Add([]byte("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x02\x00\x00\x00x\x05"))
	x.put(two, record{account: ptr(draft(two, "\u202eC\u009b2J\x1b[2J").Account(time.Now()))})
	f.Add(x.encode()[len(indexHead)+sumSize:])
	f.Fuzz(func(t *testing.T, body []byte) {
		x, err := decodeIndex(bytes.NewReader(slices.Concat([]byte(indexHead), binary.LittleEndian.AppendUint32(nil, crc32.ChecksumIEEE(body)), body)))
		if err != nil {
			return
		}
		for _, r := range append(x.accounts, x.drafts...) {
			if !account.Clear(string(r.Name)) || !account.Clear(r.Identity) || !account.Clear(string(r.Provider)) {
				t.Errorf("a row that is not to be drawn: %+v", r)
			}
		}
		got, err := decodeIndex(bytes.NewReader(x.encode()))
		if err != nil {
			t.Fatal(err)
		}
		again, err := decodeIndex(bytes.NewReader(got.encode()))
		must(t, err)
		if diff := cmp.Diff(got, again, cmp.AllowUnexported(index{})); diff != "" {
			t.Error(diff)
		}
	})
}
