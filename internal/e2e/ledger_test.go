//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// ledger is what is on a machine, read without the product's own packages: the
// registry's files as the JSON they are, and the keyring by secret-tool.
type ledger struct {
	records []entry
	ring    map[string]string // values, by the key's id
	aged    []string          // ids of keys in the file store
}

// entry is an account or a draft, as far as the promises are about it.
type entry struct {
	draft bool

	ID, Name, Provider, Way                      string
	Key, Authority, NextAuthority, LastAuthority *keyEntry
	Next, Last                                   *keyEntry
	Keys, Abandoned                              []keyEntry
	Moving, Replaces                             string
	Leaving                                      bool
	Made                                         struct{ Unique, Application, Stack, Adopt string }
	Microsoft, Azure                             *struct{ Tenant, Client string }
	AWS                                          *struct{ Tag, Stack, Role, Account, Method string }
	Brought                                      struct{ SHA1 string }
	Journal                                      []struct{ Change string }
}

type keyEntry struct {
	ID, Store   string
	Stored      bool
	Certificate struct{ PEM, SHA1 string }
}

// all are the keys that the entry has on record, whatever for.
func (e entry) all() (keys []keyEntry) {
	for _, k := range []*keyEntry{e.Key, e.Authority, e.NextAuthority, e.LastAuthority, e.Next, e.Last} {
		if k != nil {
			keys = append(keys, *k)
		}
	}
	return slices.Concat(keys, e.Keys, e.Abandoned)
}

// client is the app registration that the entry is linked by.
func (e entry) client() string {
	switch {
	case e.Microsoft != nil:
		return e.Microsoft.Client
	case e.Azure != nil:
		return e.Azure.Client
	}
	return ""
}

func (e entry) tenant() string {
	switch {
	case e.Microsoft != nil:
		return e.Microsoft.Tenant
	case e.Azure != nil:
		return e.Azure.Tenant
	}
	return ""
}

// ledger reads what is there. A file that is no record of that name fails the test.
func (m *machine) ledger() (l ledger) {
	m.t.Helper()
	home := filepath.Join(m.ring.Map()["XDG_DATA_HOME"], "xops-onboard")
	files, err := filepath.Glob(filepath.Join(home, "accounts", "????????-*.json"))
	m.do(err)
	slices.Sort(files)
	for _, file := range files {
		b, err := os.ReadFile(file)
		m.do(err)
		var in struct{ Draft, Account *entry }
		if err := json.Unmarshal(b, &in); err != nil || (in.Draft == nil) == (in.Account == nil) {
			m.t.Errorf("%s is not one draft or account: %v", file, err)
			continue
		}
		e := in.Account
		if in.Draft != nil {
			e, in.Draft.draft = in.Draft, true
		}
		if e.ID+".json" != filepath.Base(file) {
			m.t.Errorf("%s has the id %s in it", file, e.ID)
		}
		l.records = append(l.records, *e)
	}
	l.ring = m.stored()
	aged, err := filepath.Glob(filepath.Join(home, "keys", "????????-*.age"))
	m.do(err)
	for _, file := range aged {
		l.aged = append(l.aged, strings.TrimSuffix(filepath.Base(file), ".age"))
	}
	return l
}

// stored are the keyring's items of ours. secret-tool writes values to one stream
// and what an item is named by to another, in the same order.
func (m *machine) stored() map[string]string {
	m.t.Helper()
	var errs bytes.Buffer
	cmd := exec.Command("secret-tool", "search", "--all", "service", "xops-onboard")
	cmd.Env, cmd.Stderr = m.environment(), &errs
	out, err := cmd.Output()
	if err != nil && errs.Len() > 0 {
		m.t.Fatalf("secret-tool: %v\n%s", err, errs.String())
	}
	values, ids := after(string(out), "secret = "), after(errs.String(), "attribute.username = ")
	if len(values) != len(ids) {
		m.t.Fatalf("%d values and %d names in the keyring", len(values), len(ids))
	}
	all := map[string]string{}
	for i, id := range ids {
		all[id] = values[i]
	}
	if len(all) != len(ids) {
		m.t.Errorf("a key is in the keyring twice: %v", ids)
	}
	return all
}

// after are the ends of the lines that begin so.
func after(text, prefix string) (ends []string) {
	for line := range strings.Lines(text) {
		if end, is := strings.CutPrefix(strings.TrimSpace(line), prefix); is {
			ends = append(ends, end)
		}
	}
	return ends
}

// owned holds that every key in a store has an owner, and every key that an owner
// relies on is in a store.
func (l ledger) owned(fails func(string, ...any)) {
	var known []string
	has := func(id string) bool { return l.ring[id] != "" || slices.Contains(l.aged, id) }
	for _, e := range l.records {
		for _, k := range e.all() {
			known = append(known, k.ID)
		}
		if !e.draft && e.Key != nil && e.Key.ID != "" && !has(e.Key.ID) {
			fails("the key of the account %s is in no store", e.Name)
		}
		for _, k := range e.Keys {
			if e.draft && !e.Leaving && k.Stored && !has(k.ID) {
				fails("a key of the draft %s is on record as stored and in no store", e.Name)
			}
		}
	}
	for id := range l.ring {
		if !slices.Contains(known, id) {
			fails("nobody owns the key %s of the keyring", id)
		}
	}
	for _, id := range l.aged {
		if !slices.Contains(known, id) {
			fails("nobody owns the key %s of the file store", id)
		}
	}
}

const uniquePrefix = "xops-onboard-"

// single holds that a tenant has of each account's things one at most, that each
// app made by the program has an owner here, and each certificate on it is on
// record. left are the apps that a removal said it leaves.
func (l ledger) single(apps []simcloud.AppState, principals []simcloud.PrincipalState, roles []simcloud.AzureAssignmentState, left map[string]bool, fails func(string, ...any)) {
	owners := map[string]int{}
	for _, a := range apps {
		id, ours := strings.CutPrefix(a.UniqueName, uniquePrefix)
		for _, set := range [][]string{a.Granted, a.Roles} {
			if len(slices.Compact(slices.Sorted(slices.Values(set)))) != len(set) {
				fails("the app %s has something twice: %v", a.Name, set)
			}
		}
		if !ours || left[a.ClientID] {
			continue
		}
		owners[id]++
		var sums []string
		for _, e := range l.records {
			if e.ID == id || e.Made.Unique == a.UniqueName || e.client() == a.ClientID {
				for _, k := range e.all() {
					sums = append(sums, k.Certificate.SHA1)
				}
			}
		}
		if len(sums) == 0 {
			fails("nobody here knows of the app %s, %s", a.Name, a.ClientID)
			continue
		}
		for _, c := range a.Certificates {
			if !slices.Contains(sums, c.SHA1) {
				fails("the app %s has a certificate that is nowhere on record: %s", a.Name, c.SHA1)
			}
		}
	}
	for id, n := range owners {
		if n > 1 {
			fails("%d apps of %s", n, id)
		}
	}
	clients, taken := map[string]bool{}, map[simcloud.AzureAssignmentState]bool{}
	for _, p := range principals {
		if clients[p.ClientID] {
			fails("two enterprise apps of %s", p.ClientID)
		}
		clients[p.ClientID] = true
	}
	for _, r := range roles {
		r.ID = ""
		if taken[r] {
			fails("assigned twice in Azure: %+v", r)
		}
		if taken[r] = true; r.Orphan {
			fails("assigned in Azure to an enterprise app that is gone: %+v", r)
		}
	}
}
