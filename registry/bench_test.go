package registry

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// BenchmarkContents tells what a list of 10,000 accounts costs, and how often
// the cost of one with 10 that is; medians.
func BenchmarkContents(b *testing.B) {
	few, many := filled(b, 10), filled(b, 10_000)
	list := func(r *Registry, n int) time.Duration {
		begin := time.Now()
		c, err := r.Contents(b.Context())
		if err != nil || len(c.Accounts) != n {
			b.Fatalf("%d accounts: %v", len(c.Accounts), err)
		}
		return time.Since(begin)
	}
	var short, long []time.Duration
	for b.Loop() {
		short, long = append(short, list(few, 10)), append(long, list(many, 10_000))
	}
	slices.Sort(short)
	slices.Sort(long)
	s, l := short[len(short)/2], long[len(long)/2]
	b.ReportMetric(float64(l)/float64(s), "ratio")
	b.ReportMetric(float64(l.Microseconds()), "µs/10000")
	b.ReportMetric(float64(s.Microseconds()), "µs/10")
}

// BenchmarkSaveDraft tells what one line of a journal costs.
func BenchmarkSaveDraft(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r, d := filled(b, n), draft("abc", "Draft")
			for b.Loop() {
				if err := r.SaveDraft(b.Context(), d); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScan tells what making the index of 10,000 accounts again costs.
func BenchmarkScan(b *testing.B) {
	r := filled(b, 10_000)
	for b.Loop() {
		if x, err := r.scan(); err != nil || len(x.accounts) != 10_000 {
			b.Fatal(err)
		}
	}
}

// filled is a registry with that many accounts on disk, and its index made.
func filled(b *testing.B, n int) *Registry {
	b.Helper()
	dir := b.TempDir()
	r, err := Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), me, living)
	if err != nil {
		b.Fatal(err)
	}
	if err := r.disk.mkdir(r.accounts); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		id := account.ID(fmt.Sprintf("%08x-1111-4111-8111-111111111111", i))
		d := draft(id, account.Name(fmt.Sprintf("Account number %d", i)))
		d.Link = account.MicrosoftLink{Tenant: account.TenantID(id), Client: account.ClientID(id)}
		data, err := record{account: ptr(d.Account(d.Updated))}.encode(nil)
		if err == nil {
			err = r.replace(r.file(id), data, false)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
	if _, err := r.Contents(b.Context()); err != nil {
		b.Fatal(err)
	}
	return r
}

// BenchmarkManyChanges tells what a change of an account costs where many are made
// and there are 10,000, as a multiple of what it costs where there are 10; medians.
func BenchmarkManyChanges(b *testing.B) {
	few, many := filled(b, 10), filled(b, 10_000)
	for _, r := range []*Registry{few, many} {
		b.Cleanup(r.Many(b.Context()))
	}
	change := func(r *Registry) time.Duration {
		begin := time.Now()
		id := account.ID(fmt.Sprintf("%08x-1111-4111-8111-111111111111", 5))
		if _, err := r.Hold(b.Context(), id); err != nil {
			b.Fatal(err)
		}
		return time.Since(begin)
	}
	for b.Loop() {
		var short, long []time.Duration
		for range 51 {
			short, long = append(short, change(few)), append(long, change(many))
		}
		slices.Sort(short)
		slices.Sort(long)
		s, l := short[len(short)/2], long[len(long)/2]
		b.ReportMetric(float64(l)/float64(s), "ratio")
		b.ReportMetric(float64(l.Microseconds()), "µs/10000")
		b.ReportMetric(float64(s.Microseconds()), "µs/10")
	}
}

func BenchmarkList(b *testing.B) {
	r := filled(b, 10_000)
	for b.Loop() {
		n := 0
		_, err := r.List(b.Context(), func() func(account.Row, account.LastCheck) {
			n = 0
			return func(account.Row, account.LastCheck) { n++ }
		})
		if err != nil || n != 10_000 {
			b.Fatal(n, err)
		}
	}
}
