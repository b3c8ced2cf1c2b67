package registry

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// onDisk is a registry in a new directory, with an account and a draft.
func onDisk(t *testing.T) *Registry {
	t.Helper()
	r := empty(t)
	must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
	must(t, r.Finish(t.Context(), draft(one, "Contoso").Account(time.Now())))
	must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
	return r
}

func empty(t *testing.T) *Registry {
	t.Helper()
	dir := t.TempDir()
	r, err := Open(filepath.Join(dir, "home", "data"), filepath.Join(dir, "home", "state"), me, living)
	must(t, err)
	return r
}

// TestReadingMakesNothing holds that looking leaves no trace.
func TestReadingMakesNothing(t *testing.T) {
	r := empty(t)
	wantNames(t, r, "")
	_, err := r.Draft(t.Context(), one)
	wantKind(t, err, account.NotFound, "")
	must(t, r.Remove(t.Context(), one))
	if _, err := os.Lstat(filepath.Dir(r.data)); !os.IsNotExist(err) {
		t.Errorf("%s is there", filepath.Dir(r.data))
	}
}

// TestForThisUserAlone holds the modes of all that is made.
func TestForThisUserAlone(t *testing.T) {
	r := onDisk(t)
	must(t, r.SaveReport(t.Context(), one, account.Report{}))
	seen := 0
	must(t, filepath.WalkDir(filepath.Dir(r.data), func(path string, e fs.DirEntry, err error) error {
		must(t, err)
		info, err := e.Info()
		must(t, err)
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = fs.ModeDir | 0o700
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %s, want %s", path, info.Mode(), want)
		}
		seen++
		return nil
	}))
	if seen != 5+6 { // home, data, accounts, state, checks; two accounts, index, lock and its queue, report
		t.Errorf("%d files and directories", seen)
	}
}

func TestPathsAreWhole(t *testing.T) {
	t.Chdir(t.TempDir())
	r, err := Open("data", "state", me, living)
	must(t, err)
	if !filepath.IsAbs(r.accounts) || !filepath.IsAbs(r.checks) {
		t.Errorf("directories %s and %s", r.accounts, r.checks)
	}
}

// TestFilesInTrouble holds that a file which cannot be understood is listed, is
// an error for whoever wants it, and stays byte for byte.
func TestFilesInTrouble(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       account.Kind
	}{
		{"newer", `{"schema":2,"account":{"id":"` + string(one) + `","link":7}}`, account.RegistryNewer},
		{"empty", ``, account.RegistryDamaged},
		{"zeros", "\x00\x00\x00\x00", account.RegistryDamaged},
		{"torn", `{"schema":1,"account":{"id":"1111`, account.RegistryDamaged},
		{"more behind", `{"schema":1,"account":{"id":"` + string(one) + `"}}{}`, account.RegistryDamaged},
		{"no schema", `{"account":{"id":"` + string(one) + `"}}`, account.RegistryDamaged},
		{"another's id", `{"schema":1,"account":{"id":"` + string(two) + `"}}`, account.RegistryDamaged},
		{"both", `{"schema":1,"account":{"id":"` + string(one) + `"},"draft":{"id":"` + string(one) + `"}}`, account.RegistryDamaged},
		{"neither", `{"schema":1}`, account.RegistryDamaged},
		{"wrong type", `{"schema":1,"account":{"id":"` + string(one) + `","name":7}}`, account.RegistryDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := onDisk(t)
			sound, err := os.ReadFile(r.file(one))
			must(t, err)
			must(t, os.WriteFile(r.file(one), []byte(tt.text), 0o600))
			must(t, os.Remove(r.index))
			for range 2 { // from the files, then from the index
				wantNames(t, r, "[Fabrikam], "+string(tt.want)+" "+filepath.Base(r.file(one)))
				if p := contents(t, r).Damaged[0]; p.Subject != r.file(one) {
					t.Errorf("the path is %s", p.Subject)
				}
			}
			_, err = r.Account(t.Context(), one)
			wantKind(t, err, tt.want, r.file(one))
			d := draft(one, "Contoso")
			wantKind(t, r.SaveDraft(t.Context(), d), tt.want, r.file(one))
			wantKind(t, r.Finish(t.Context(), d.Account(d.Updated)), tt.want, r.file(one))
			wantKind(t, r.Remove(t.Context(), one), tt.want, r.file(one))
			must(t, r.SaveDraft(t.Context(), draft(three, "Northwind"))) // the others go on
			if got, err := os.ReadFile(r.file(one)); err != nil || string(got) != tt.text {
				t.Errorf("it is %q now: %v", got, err)
			}
			must(t, os.WriteFile(r.file(one), sound, 0o600)) // mended where it stands
			wantNames(t, r, "Contoso, [Fabrikam], [Northwind]")
		})
	}
}

// TestLinkInPlaceOfAFile holds that nothing is read or written through a link.
func TestLinkInPlaceOfAFile(t *testing.T) {
	r := onDisk(t)
	elsewhere := filepath.Join(t.TempDir(), "elsewhere.json")
	must(t, os.Rename(r.file(one), elsewhere))
	must(t, os.Symlink(elsewhere, r.file(one)))
	before, err := os.ReadFile(elsewhere)
	must(t, err)
	wantNames(t, r, "[Fabrikam], registry-unread "+filepath.Base(r.file(one)))
	wantKind(t, r.SaveDraft(t.Context(), draft(one, "A")), account.RegistryUnread, r.file(one))
	wantKind(t, r.Remove(t.Context(), one), account.RegistryUnread, r.file(one))
	if after, err := os.ReadFile(elsewhere); err != nil || !bytes.Equal(before, after) {
		t.Errorf("what it leads to was changed: %v", err)
	}
}

// TestFileTooLarge has a record and an index that are larger than any of ours.
func TestFileTooLarge(t *testing.T) {
	r := onDisk(t)
	must(t, os.Truncate(r.file(one), most+1))
	must(t, os.Truncate(r.index, most+1))
	wantNames(t, r, "[Fabrikam], registry-damaged "+filepath.Base(r.file(one)))
	err := r.SaveDraft(t.Context(), draft(one, "A"))
	wantKind(t, err, account.RegistryDamaged, r.file(one))
	if !errors.Is(err, errTooLarge) { // it was not read to find that out
		t.Errorf("the cause is %v", err)
	}
}

// TestIndexIsMadeAgain holds that whatever happens to the index costs nothing.
func TestIndexIsMadeAgain(t *testing.T) {
	sound := func(t *testing.T, r *Registry) []byte {
		data, err := os.ReadFile(r.index)
		must(t, err)
		return data
	}
	for name, harm := range map[string]func(t *testing.T, r *Registry){
		"missing":   func(t *testing.T, r *Registry) { must(t, os.Remove(r.index)) },
		"empty":     func(t *testing.T, r *Registry) { must(t, os.Truncate(r.index, 0)) },
		"torn":      func(t *testing.T, r *Registry) { must(t, os.Truncate(r.index, int64(len(sound(t, r))-9))) },
		"edited":    func(t *testing.T, r *Registry) { harmIndex(t, r, "Contoso", "Rewrite") },
		"newer":     func(t *testing.T, r *Registry) { harmIndex(t, r, `"schema":`, `"schema":1`) },
		"directory": func(t *testing.T, r *Registry) { must(t, os.Remove(r.index)); must(t, os.Mkdir(r.index, 0o700)) },
		"of before": func(t *testing.T, r *Registry) {
			old := sound(t, r)
			must(t, r.Remove(t.Context(), two))
			must(t, r.SaveDraft(t.Context(), draft(two, "Fabrikam")))
			must(t, os.WriteFile(r.index, bytes.ReplaceAll(old, []byte("Fabrikam"), []byte("Northwnd")), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := onDisk(t)
			harm(t, r)
			wantNames(t, r, "Contoso, [Fabrikam]")
			must(t, r.SaveDraft(t.Context(), draft(three, "Adatum")))
			wantNames(t, r, "Contoso, [Adatum], [Fabrikam]")
			if _, ok := r.sound(decodeIndex); !ok {
				t.Error("the index is not sound afterwards")
			}
		})
	}
}

func harmIndex(t *testing.T, r *Registry, old, text string) {
	t.Helper()
	data, err := os.ReadFile(r.index)
	must(t, err)
	must(t, os.WriteFile(r.index, bytes.ReplaceAll(data, []byte(old), []byte(text)), 0o600))
}

// TestFilesOfOtherHands holds that files which came or went by other hands are noticed.
func TestFilesOfOtherHands(t *testing.T) {
	r := onDisk(t)
	data, err := record{draft: &account.Draft{ID: three, Name: "Adatum"}}.encode(nil)
	must(t, err)
	must(t, os.WriteFile(r.file(three), data, 0o600))
	must(t, os.WriteFile(filepath.Join(r.accounts, "Contoso copy.json"), data, 0o600))
	wantNames(t, r, "Contoso, [Adatum], [Fabrikam]")
	must(t, os.Remove(r.file(two)))
	wantNames(t, r, "Contoso, [Adatum]")
}

// TestContentsReadsTheIndexAlone holds that a sound index is enough: no file of
// an account is opened.
func TestContentsReadsTheIndexAlone(t *testing.T) {
	r := onDisk(t)
	wantNames(t, r, "Contoso, [Fabrikam]")
	count := &counting{disk: r.disk}
	r.disk = count
	wantNames(t, r, "Contoso, [Fabrikam]")
	if want := []string{r.index, r.index}; !slices.Equal(count.reads, want) || count.other != 0 { // List and Contents
		t.Errorf("reads %v and %d other calls", count.reads, count.other)
	}
}

type counting struct {
	disk
	reads []string
	other int
}

func (c *counting) read(path string) ([]byte, error) {
	c.reads = append(c.reads, path)
	return c.disk.read(path)
}

func (c *counting) open(path string) (io.ReadCloser, error) {
	c.reads = append(c.reads, path)
	return c.disk.open(path)
}

func (c *counting) list(dir string) ([]string, error) {
	c.other++
	return c.disk.list(dir)
}

// TestNoPlaceToWrite holds what is said when a file stands where a directory
// belongs. (Root may write where modes say no.)
func TestNoPlaceToWrite(t *testing.T) {
	t.Run("accounts", func(t *testing.T) {
		r := empty(t)
		must(t, os.MkdirAll(r.data, 0o700))
		must(t, os.WriteFile(r.accounts, nil, 0o600))
		wantNames(t, r, "registry-unread accounts")
		wantKind(t, r.SaveDraft(t.Context(), draft(one, "A")), account.FileNotWritten, r.accounts)
	})
	t.Run("data", func(t *testing.T) {
		r := empty(t)
		must(t, os.MkdirAll(filepath.Dir(r.data), 0o700))
		must(t, os.WriteFile(r.data, nil, 0o600))
		wantNames(t, r, "registry-unread accounts")
		wantKind(t, r.SaveDraft(t.Context(), draft(one, "A")), account.FileNotWritten, r.accounts)
	})
	t.Run("checks", func(t *testing.T) {
		r := onDisk(t)
		must(t, os.MkdirAll(filepath.Dir(r.checks), 0o700))
		must(t, os.WriteFile(r.checks, nil, 0o600))
		wantKind(t, r.SaveReport(t.Context(), one, account.Report{}), account.FileNotWritten, r.checks)
	})
	t.Run("lock", func(t *testing.T) { // reading goes on without it
		r := onDisk(t)
		must(t, os.Remove(r.lock))
		must(t, os.Mkdir(r.lock, 0o700))
		must(t, os.Remove(r.index))
		must(t, os.Mkdir(r.index, 0o700))
		wantNames(t, r, "Contoso, [Fabrikam]")
	})
}

// TestReportsMayBeLost holds that a report which cannot be understood is none.
func TestReportsMayBeLost(t *testing.T) {
	r := onDisk(t)
	for _, text := range []string{"", `{"schema":2,"report":{}}`, `{"schema":1,"report":7}`} {
		must(t, r.SaveReport(t.Context(), one, account.Report{}))
		must(t, os.WriteFile(r.report(one), []byte(text), 0o600))
		_, err := r.LastReport(t.Context(), one)
		wantKind(t, err, account.NotFound, "")
	}
	must(t, os.Remove(r.report(one)))
	must(t, os.Mkdir(r.report(one), 0o700))
	_, err := r.LastReport(t.Context(), one)
	wantKind(t, err, account.RegistryUnread, r.report(one))
}

// TestLeftoversAreSwept holds that what killed processes left goes after an
// hour, and that a process which is writing keeps its file.
func TestLeftoversAreSwept(t *testing.T) {
	r := onDisk(t)
	must(t, r.SaveReport(t.Context(), one, account.Report{}))
	long := time.Now().Add(-2 * time.Hour)
	for _, dir := range []string{r.data, r.accounts, r.checks, filepath.Dir(r.summary)} {
		for _, name := range []string{tempPrefix + "old", tempPrefix + "young", "other"} {
			must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
		}
		for _, name := range []string{tempPrefix + "old", "other"} {
			must(t, os.Chtimes(filepath.Join(dir, name), long, long))
		}
	}
	must(t, r.Remove(t.Context(), two))
	for _, dir := range []string{r.data, r.accounts, r.checks, filepath.Dir(r.summary)} {
		for name, stays := range map[string]bool{tempPrefix + "old": false, tempPrefix + "young": true, "other": true} {
			if _, err := os.Lstat(filepath.Join(dir, name)); (err == nil) != stays {
				t.Errorf("%s in %s: %v", name, dir, err)
			}
		}
	}
	wantNames(t, r, "Contoso")
	if _, ok := r.sound(decodeIndex); !ok {
		t.Error("the index is not sound after sweeping")
	}
}
