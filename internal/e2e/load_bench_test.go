//go:build linux

package e2e_test

import (
	"os"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// The sizes that are compared, and how many accounts are of a tenant.
const (
	fewAccounts, manyAccounts = 1_000, 10_000
	ofOneTenant               = 2
)

// BenchmarkVerifyThrottled is the most memory that verify --all of 10,000 accounts
// takes, and its time for each account, as multiples of what it is of 1,000. One in
// ten accounts is asked to wait two seconds with each of its calls, and one in a
// hundred is refused for good; the other account of its tenant is not. It is the built binary with the
// keyring: the file store has a scrypt at its start that takes more memory than all
// of this.
func BenchmarkVerifyThrottled(b *testing.B) {
	m := newMany(b, account.Keyring, b.TempDir())
	m.compare(b, func(n int) used {
		return m.load(n, n/100, 6, "holds", "unknown", "verify", "--all", "--json")
	})
}

// BenchmarkRotateThrottled is the same of rotate --due, with keys made before, and
// in memory where there is a disk of that kind: what it measures is neither the
// making of keys, an eighth of a second each, nor the disk.
func BenchmarkRotateThrottled(b *testing.B) {
	home, err := os.MkdirTemp("/dev/shm", "many-")
	if err != nil {
		home = b.TempDir()
	}
	b.Cleanup(func() { _ = os.RemoveAll(home) })
	m := newMany(b, prepared, home)
	m.compare(b, func(n int) used {
		return m.load(n, n/100, 1, "rotated", "failed", "rotate", "--due", "365d", "--json")
	})
}

// compare does some work on few accounts and on many.
func (m *many) compare(b *testing.B, work func(n int) used) {
	m.refuses = func(n int) (int, time.Duration) {
		switch tenant := n % m.tenants; {
		case n%100 == 99:
			return never, 2 * time.Minute
		case tenant%5 == 0 && n/m.tenants%2 == 0:
			return 1, 2 * time.Second
		}
		return 0, 0
	}
	of := func(n int) used {
		m.fill(n, n/ofOneTenant)
		u := work(n)
		b.Logf("%d accounts: %v, %d KiB, %d calls", n, u.took.Round(time.Millisecond), u.memory>>10, m.slow(0))
		return u
	}
	for b.Loop() {
		few, many := of(fewAccounts), of(manyAccounts)
		b.ReportMetric(float64(many.memory)/float64(few.memory), "memory")
		b.ReportMetric(many.took.Seconds()/few.took.Seconds()*fewAccounts/manyAccounts, "time")
		b.ReportMetric(float64(many.memory)/(1<<20), "MiB")
		b.ReportMetric(many.took.Seconds(), "s/run")
	}
}
