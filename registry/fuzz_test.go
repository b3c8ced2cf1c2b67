package registry

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/hostile"
)

// FuzzFiles puts anything into one of the files of a registry, and beside them under
// any name, and reads all there is as every command does: what comes is sound, and
// what is not ours is damaged, absent, or made again.
func FuzzFiles(f *testing.F) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	good, err := record{account: ptr(draft(one, "Contoso").Account(at))}.encode(nil)
	if err != nil {
		f.Fatal(err)
	}
	report := `{"schema":1,"report":{"at":"2026-03-01T12:00:00Z","checks":[{"name":"consent","state":"holds","detail":["x"],"problem":{"kind":"offline","subject":"x"}}],"facts":{"tenantName":"x","review":"y"}}}`
	for which := range uint8(5) {
		for _, body := range []string{"", "null", "{}", report, string(good), strings.ReplaceAll(report, `"x"`, hostile.JSON(hostile.Short)), strings.ReplaceAll(string(good), "Contoso", "\\u001b]52;c;AA\\u0007"), string(summaryOf("s", []account.Row{{ID: one}}, lastChecks{one: {At: at, State: account.Holds}})), strings.Replace(report, "2026-03-01T12:00:00Z", "9999-12-31T23:59:59.999999999+14:00", 1)} {
			f.Add(which, "22222222-2222-4222-8222-222222222222.json", []byte(body))
			f.Add(which, "x\x1b]52;c;AAAA\x07.json", []byte(body))
		}
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, which uint8, name string, body []byte) {
		must(t, os.RemoveAll(dir))
		r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), me, living)
		must(t, err)
		must(t, r.SaveDraft(t.Context(), draft(one, "Contoso")))
		must(t, r.SaveReport(t.Context(), one, account.Report{At: at, Checks: []account.Check{{Name: account.Consent, State: account.Holds}}}))
		if name == "" || strings.ContainsAny(name, "/\x00") || len(name) > 200 || name == "." || name == ".." {
			name = "x.json"
		}
		put := []string{r.file(one), r.index, r.report(one), r.summary, filepath.Join(r.accounts, name)}
		if err := os.WriteFile(put[int(which)%len(put)], body, 0o600); err != nil {
			return // a name that this system has not
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c, err := r.Contents(ctx)
		hostile.Sound(t, c, err)
		listed := account.Contents{}
		others, err := r.List(ctx, func() func(account.Row, account.LastCheck) {
			listed = account.Contents{}
			return func(a account.Row, last account.LastCheck) {
				listed.Accounts = append(listed.Accounts, a)
				hostile.Sound(t, last, nil)
			}
		})
		listed.Drafts, listed.Damaged = others.Drafts, others.Damaged
		hostile.Sound(t, listed, err)
		if diff := cmp.Diff(c, listed, briefly); diff != "" {
			t.Errorf("List is not Contents: %s", diff)
		}
		checks, _, err := r.lastChecks(ctx, c.Accounts)
		hostile.Sound(t, checks, err)
		for _, id := range []account.ID{one, two} {
			d, missing := r.Draft(ctx, id)
			a, absent := r.Account(ctx, id)
			last, never := r.LastReport(ctx, id)
			hostile.Sound(t, d, missing, a, absent, last, never)
		}
	})
}
