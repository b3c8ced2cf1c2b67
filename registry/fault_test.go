package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

// steps is a disk that counts what changes it and, at one of these calls, does
// what the test says instead.
type steps struct {
	disk
	n, at   int
	instead func(call string, half func()) error
}

// step is a call that changes the disk; half does what a call that is broken
// off leaves.
func (s *steps) step(call string, half func(), do func() error) error {
	s.n++
	if s.n == s.at {
		return s.instead(call, half)
	}
	return do()
}

func nothing() {}

func (s *steps) mkdir(dir string) error {
	return s.step("mkdir", nothing, func() error { return s.disk.mkdir(dir) })
}

func (s *steps) write(dir string, data []byte, sync bool) (temp string, err error) {
	half := func() { _, _ = s.disk.write(dir, data[:len(data)/2], false) }
	err = s.step("write", half, func() error { temp, err = s.disk.write(dir, data, sync); return err })
	return temp, err
}

func (s *steps) rename(temp, path string) error {
	return s.step("rename", nothing, func() error { return s.disk.rename(temp, path) })
}

func (s *steps) remove(path string) error {
	return s.step("remove", nothing, func() error { return s.disk.remove(path) })
}

func (s *steps) sync(dir string) error {
	return s.step("sync", nothing, func() error { return s.disk.sync(dir) })
}

// life is an onboarding and another that is thrown away, as calls of the
// registry. Each tells when it returned nil.
func life(ctx context.Context, r *Registry, done func(call string)) error {
	a, b := draft(one, "Contoso"), draft(two, "Fabrikam")
	a.Journal, b.Journal = nil, nil
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"draft", func() error { return r.SaveDraft(ctx, a) }},
		{"other", func() error { return r.SaveDraft(ctx, b) }},
		{"begun", func() error { a.Journal = []account.Entry{{Change: "key"}}; return r.SaveDraft(ctx, a) }},
		{"thrown", func() error { return r.Remove(ctx, two) }},
		{"account", func() error { return r.Finish(ctx, a.Account(a.Updated)) }},
		{"report", func() error { return r.SaveReport(ctx, one, account.Report{At: a.Updated}) }},
		{"list", func() error { _, err := r.Contents(ctx); return err }},
	} {
		if err := call.do(); err != nil {
			return fmt.Errorf("%s: %w", call.name, err)
		}
		done(call.name)
	}
	return nil
}

// wantNothingLost holds that the registry is sound and has all that was done.
func wantNothingLost(t *testing.T, r *Registry, done []string) {
	t.Helper()
	c := contents(t, r)
	for _, p := range c.Damaged {
		t.Errorf("damaged: %v", &p)
	}
	scanned, err := r.scan()
	if err != nil && len(done) > 0 {
		t.Fatal(err)
	}
	fromFiles := r.contents(scanned)
	if fmt.Sprint(c.Accounts) != fmt.Sprint(fromFiles.Accounts) || fmt.Sprint(c.Drafts) != fmt.Sprint(fromFiles.Drafts) {
		t.Errorf("the list says\n%v, the files\n%v", c, fromFiles)
	}
	was := func(call string) bool { return slices.Contains(done, call) }
	has := func(rows []account.Row, id account.ID) bool {
		return slices.ContainsFunc(rows, func(r account.Row) bool { return r.ID == id })
	}
	if was("draft") && !has(c.Drafts, one) && !has(c.Accounts, one) {
		t.Error("the draft is lost")
	}
	if was("account") && !has(c.Accounts, one) {
		t.Error("the account is lost")
	}
	if was("thrown") && has(c.Drafts, two) {
		t.Error("the draft that was thrown away is back")
	}
	if d, err := r.Draft(t.Context(), one); was("begun") && err == nil && len(d.Journal) != 1 {
		t.Error("the journal is lost")
	}
	if _, err := r.LastReport(t.Context(), one); was("report") && err != nil {
		t.Errorf("the report is lost: %v", err)
	}
}

var errFull = errors.New("no space left on device")

// TestEveryWriteFails has each call that changes the disk fail once, whole or
// half done: what was done stays, the caller learns of it, and afterwards it works.
func TestEveryWriteFails(t *testing.T) {
	for at, all := 1, false; !all && !t.Failed(); at++ {
		for _, half := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d %v", at, half), func(t *testing.T) {
				r := empty(t)
				s := &steps{disk: r.disk, at: at, instead: func(_ string, broken func()) error {
					if half {
						broken()
					}
					return errFull
				}}
				r.disk = s
				var done []string
				err := life(t.Context(), r, func(call string) { done = append(done, call) })
				all = s.n < at
				if k := account.KindOf(err); err != nil && k != account.FileNotWritten {
					t.Errorf("error %v, want %s", err, account.FileNotWritten)
				}
				wantNothingLost(t, r, done)
				if left := leftovers(t, r); !half && len(left) > 0 {
					t.Errorf("left behind: %v", left)
				}
				r.disk = files{}
				d := draft(three, "Northwind")
				must(t, r.SaveDraft(t.Context(), d))
				wantNothingLost(t, r, done)
			})
		}
	}
}

// leftovers are the files that were never given their name.
func leftovers(t *testing.T, r *Registry) (left []string) {
	t.Helper()
	for _, dir := range []string{r.data, r.accounts, r.checks} {
		found, err := filepath.Glob(filepath.Join(dir, tempPrefix+"*"))
		must(t, err)
		left = append(left, found...)
	}
	return left
}

// TestOnDiskWhenItReturns holds the order of calls that makes a change survive a
// loss of power: the index away, the content forced to the disk, the name given
// to it, the name forced to the disk; only then the index.
func TestOnDiskWhenItReturns(t *testing.T) {
	r := onDisk(t)
	told := &listening{disk: r.disk}
	r.disk = told
	must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
	file := filepath.Base(r.file(two))
	want := []string{"remove index", "write accounts true", "rename " + file, "sync accounts", "write data false", "rename index"}
	if diff := cmp.Diff(want, told.calls); diff != "" {
		t.Error(diff)
	}
	told.calls = nil
	must(t, r.Remove(t.Context(), two))
	want = []string{"remove " + file, "remove index", "remove " + file, "sync accounts", "write data false", "rename index"}
	if diff := cmp.Diff(want, told.calls); diff != "" {
		t.Error(diff)
	}
}

// listening is a disk that tells what was done to it, in order.
type listening struct {
	disk
	calls []string
}

func (o *listening) write(dir string, data []byte, sync bool) (string, error) {
	o.calls = append(o.calls, fmt.Sprintf("write %s %v", filepath.Base(dir), sync))
	return o.disk.write(dir, data, sync)
}

func (o *listening) rename(temp, path string) error {
	o.calls = append(o.calls, "rename "+filepath.Base(path))
	return o.disk.rename(temp, path)
}

func (o *listening) remove(path string) error {
	o.calls = append(o.calls, "remove "+filepath.Base(path))
	return o.disk.remove(path)
}

func (o *listening) sync(dir string) error {
	o.calls = append(o.calls, "sync "+filepath.Base(dir))
	return o.disk.sync(dir)
}

// TestChangeBetweenStampAndIndex holds that a reader which comes between two
// looks of its own at a change does not take the old list for the new.
func TestChangeBetweenStampAndIndex(t *testing.T) {
	r := onDisk(t)
	other := open(files{}, r.data, t.TempDir(), me, living)
	between := &interposed{disk: r.disk}
	between.before = func(path string) {
		if path == r.index {
			between.before = nil
			must(t, other.SaveDraft(t.Context(), draft(three, "Adatum")))
		}
	}
	r.disk = between
	wantNames(t, r, "Contoso, [Adatum], [Fabrikam]")
}

// interposed is a disk where something happens before a file is read.
type interposed struct {
	disk
	before func(path string)
}

func (i *interposed) read(path string) ([]byte, error) {
	if i.before != nil {
		i.before(path)
	}
	return i.disk.read(path)
}

func (i *interposed) open(path string) (io.ReadCloser, error) {
	if i.before != nil {
		i.before(path)
	}
	return i.disk.open(path)
}

// TestCrashWithinOneTick holds that a change whose index was not written is
// noticed though the directory's time did not move.
func TestCrashWithinOneTick(t *testing.T) {
	r := onDisk(t)
	was, err := r.disk.stamp(r.accounts)
	must(t, err)
	crashed := &steps{disk: still{r.disk, was}, at: 6, instead: func(call string, _ func()) error {
		if call != "write" {
			t.Errorf("the call is %s, want the index's write", call)
		}
		panic(errFull)
	}}
	r.disk = crashed
	func() {
		defer func() { _ = recover() }()
		_ = r.SaveDraft(t.Context(), draft(three, "Adatum"))
	}()
	r.disk = still{files{}, was}
	wantNames(t, r, "Contoso, [Adatum], [Fabrikam]")
}

// still is a disk whose clock stands.
type still struct {
	disk
	time string
}

func (s still) stamp(string) (string, error) { return s.time, nil }
