package registry

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// verified saves what a verification found.
func verified(t *testing.T, r *Registry, id account.ID, at time.Time, s account.CheckState) {
	t.Helper()
	if err := r.SaveReport(t.Context(), id, account.Report{At: at, Checks: []account.Check{{Name: account.Consent, State: s}}}); err != nil {
		t.Fatal(err)
	}
}

// wantChecks holds what the list tells of every account that was verified.
func wantChecks(t *testing.T, r *Registry, want map[account.ID]account.LastCheck) {
	t.Helper()
	var have map[account.ID]account.LastCheck
	_, err := r.List(t.Context(), func() func(account.Row, account.LastCheck) {
		have = map[account.ID]account.LastCheck{}
		return func(a account.Row, last account.LastCheck) {
			if last != (account.LastCheck{}) {
				have[a.ID] = last
			}
		}
	})
	if err != nil || !maps.Equal(have, want) {
		t.Errorf("the last checks are %v, %v, want %v", have, err, want)
	}
}

// linked puts accounts of those ids and names into the registry.
func linked(t *testing.T, r *Registry, ids ...account.ID) {
	t.Helper()
	for _, id := range ids {
		d := draft(id, account.Name(id))
		must(t, r.SaveDraft(t.Context(), d))
		must(t, r.Finish(t.Context(), d.Account(time.Now())))
	}
}

// wantSummary holds whether there is a summary.
func wantSummary(t *testing.T, r *Registry, there bool) {
	t.Helper()
	if _, err := r.disk.read(r.summary); (err == nil) != there {
		t.Errorf("a summary is there: %v, want %v", err == nil, there)
	}
}

// TestLastChecksAreTheReports has a summary between two verifications, also of
// another process, and none that a report could escape.
func TestLastChecksAreTheReports(t *testing.T) {
	r := empty(t)
	other, err := Open(r.data, filepath.Dir(r.checks), another, living)
	if err != nil {
		t.Fatal(err)
	}
	wantChecks(t, r, nil)
	linked(t, r, one, two)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	verified(t, r, one, at, account.Missing)
	wantChecks(t, r, map[account.ID]account.LastCheck{one: {At: at, State: account.Missing}})
	wantSummary(t, r, false) // another report may have the same stamp

	settle(t, r)
	wantChecks(t, r, map[account.ID]account.LastCheck{one: {At: at, State: account.Missing}})
	wantSummary(t, r, true)
	verified(t, other, one, at.Add(time.Hour), account.Holds)
	verified(t, other, two, at, account.Warning)
	want := map[account.ID]account.LastCheck{one: {At: at.Add(time.Hour), State: account.Holds}, two: {At: at, State: account.Warning}}
	wantChecks(t, r, want)
	settle(t, r)
	wantChecks(t, r, want)
	if err := r.Remove(t.Context(), one); err != nil {
		t.Fatal(err)
	}
	wantChecks(t, other, map[account.ID]account.LastCheck{two: {At: at, State: account.Warning}})
}

// settle makes the reports as old as those of yesterday.
func settle(t *testing.T, r *Registry) {
	t.Helper()
	then := time.Now().Add(-24 * time.Hour)
	if err := os.Chtimes(r.checks, then, then); err != nil {
		t.Fatal(err)
	}
}

// TestSummaryIsRead takes the reports away where no stamp tells of it: what is
// listed can be from the summary alone.
func TestSummaryIsRead(t *testing.T) {
	r := Memory()
	linked(t, r, one)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	verified(t, r, one, at, account.Holds)
	want := map[account.ID]account.LastCheck{one: {At: at, State: account.Holds}}
	wantChecks(t, r, want)
	disk := r.disk.(*memory)
	report := disk.files[r.report(one)]
	delete(disk.files, r.report(one))
	wantChecks(t, r, want)

	// Harmed anywhere it is not believed.
	whole := disk.files[r.summary]
	for i := range whole {
		harmed := append([]byte(nil), whole...)
		harmed[i] ^= 1
		disk.files[r.summary] = harmed
		wantChecks(t, r, nil)
		disk.files[r.summary] = whole[:i]
		wantChecks(t, r, nil)
	}
	disk.files[r.report(one)] = report
	delete(disk.files, r.summary)
	wantChecks(t, r, want)
}

// TestSummaryIsInStep holds that the summary follows the accounts as they come, go and
// change their order, and that each check stays with its account.
func TestSummaryIsInStep(t *testing.T) {
	r := Memory()
	linked(t, r, one, two)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	want := map[account.ID]account.LastCheck{one: {At: at, State: account.Holds}, two: {At: at.Add(time.Hour), State: account.Warning}}
	for id, last := range want {
		verified(t, r, id, last.At, last.State)
	}
	for _, change := range []func(){
		func() {},
		func() { linked(t, r, three) },
		func() {
			_, err := r.ChangeAccount(t.Context(), one, func(a account.Account) (account.Account, error) { a.Name = "zzz"; return a, nil })
			must(t, err)
		},
		func() { must(t, r.Remove(t.Context(), two)); delete(want, two) },
		func() { must(t, r.Remove(t.Context(), three)) },
	} {
		change()
		if _, inStep := r.sideBySide(func(account.Row, account.LastCheck) {}); inStep {
			t.Error("the summary is that of the accounts before they changed")
		}
		wantChecks(t, r, want)
		if _, inStep := r.sideBySide(func(account.Row, account.LastCheck) {}); !inStep {
			t.Error("the summary was not written anew")
		}
		wantChecks(t, r, want)
	}
}

// TestCheckOfADraftIsItsAccounts has a draft verified before the summary was written, which
// is of accounts alone, and not since.
func TestCheckOfADraftIsItsAccounts(t *testing.T) {
	r := Memory()
	linked(t, r, one)
	at := time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)
	d := draft(two, "Fabrikam")
	must(t, r.SaveDraft(t.Context(), d))
	verified(t, r, two, at, account.Holds)
	wantChecks(t, r, nil)
	must(t, r.Finish(t.Context(), d.Account(time.Now())))
	for range 2 {
		wantChecks(t, r, map[account.ID]account.LastCheck{two: {At: at, State: account.Holds}})
	}
}

// unreadable is a disk on which one file cannot be read.
type unreadable struct {
	*memory
	path string
}

func (u unreadable) read(path string) ([]byte, error) {
	if path == u.path {
		return nil, errors.New("an error of the disk")
	}
	return u.memory.read(path)
}

// TestNothingIsSummedUpInPart: what could not be read now may be read later.
func TestNothingIsSummedUpInPart(t *testing.T) {
	r := Memory()
	linked(t, r, one, two)
	for _, id := range []account.ID{one, two} {
		verified(t, r, id, time.Time{}, account.Holds)
	}
	whole := r.disk.(*memory)
	r.disk = unreadable{whole, r.report(one)}
	wantChecks(t, r, map[account.ID]account.LastCheck{two: {State: account.Holds}})
	r.disk = whole
	wantChecks(t, r, map[account.ID]account.LastCheck{one: {State: account.Holds}, two: {State: account.Holds}})
	if _, err := whole.read(r.summary); errors.Is(err, fs.ErrNotExist) {
		t.Error("there is no summary where every report was read")
	}
}
