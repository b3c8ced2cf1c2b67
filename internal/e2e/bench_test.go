//go:build linux

package e2e_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/startbench"
	"github.com/axiomio/xops-onboard/registry"
)

// BenchmarkFirstFrame is how long the first frame takes, as a multiple of an
// empty Bubble Tea program's on the same terminal in the same run.
func BenchmarkFirstFrame(b *testing.B) {
	home := b.TempDir()
	empty := startbench.Empty(b)
	compare(b, started(home, "choose Microsoft"), empty)
}

// BenchmarkFirstFrameOfMany is how long the first frame takes with 10,000
// accounts, Home with their count and the first of them, as a multiple of what
// it takes with none.
func BenchmarkFirstFrameOfMany(b *testing.B) {
	home := b.TempDir()
	populate(b, filepath.Join(home, ".local", "share", "xops-onboard"), 10_000)
	// What Home shows of them is drawn before its line of keys.
	compare(b, started(home, "verify all"), started(b.TempDir(), "choose Microsoft"))
}

// BenchmarkVersion is how long version takes, from executed to ended, as a
// multiple of an empty command line's.
func BenchmarkVersion(b *testing.B) {
	measured(b, startbench.CompareRuns, ended(b.TempDir(), "xops-onboard", "version"), startbench.EmptyCommand(b))
}

// BenchmarkStart is how long a command takes that does nothing and starts as all others
// but version do, as a multiple of an empty command line's that links the same libraries:
// what is more than 1 is this program's own.
func BenchmarkStart(b *testing.B) {
	measured(b, startbench.CompareRuns, ended(b.TempDir(), "version", "version", "--json"), startbench.LinkedCommand(b))
}

// BenchmarkListOfMany is how long the list of 10,000 accounts takes, each
// verified before, as a multiple of version's; and how long where one was
// verified a moment ago, so that all reports are read.
func BenchmarkListOfMany(b *testing.B) {
	home := b.TempDir()
	data := filepath.Join(home, ".local", "share", "xops-onboard")
	populate(b, data, 10_000)
	checks := verifiedAll(b, data, filepath.Join(home, ".local", "state", "xops-onboard"), 10_000)
	list, version := ended(home, "every check held", "list"), ended(home, "xops-onboard", "version")
	b.Run("verified=before", func(b *testing.B) {
		then := time.Now().Add(-time.Hour)
		if err := os.Chtimes(checks, then, then); err != nil {
			b.Fatal(err)
		}
		measured(b, startbench.CompareRuns, list, version)
	})
	b.Run("verified=now", func(b *testing.B) {
		listed := list.Command
		list.Command = func() *exec.Cmd {
			now := time.Now()
			if err := os.Chtimes(checks, now, now); err != nil {
				b.Fatal(err)
			}
			return listed()
		}
		measured(b, startbench.CompareRuns, list, version)
	})
}

// verifiedAll is the directory of the reports, with one for each account of
// populate: one by the registry itself, and the others copies.
func verifiedAll(b *testing.B, data, state string, n int) (dir string) {
	b.Helper()
	reg, err := registry.Open(data, state, registry.Self(), registry.Alive)
	if err != nil {
		b.Fatal(err)
	}
	var checks []account.Check
	for _, name := range []account.CheckName{account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Consent} {
		checks = append(checks, account.Check{Name: name, State: account.Holds, At: time.Now()})
	}
	if err := reg.SaveReport(b.Context(), numbered(0), account.Report{At: time.Now(), Checks: checks}); err != nil {
		b.Fatal(err)
	}
	dir = filepath.Join(state, "checks")
	report, err := os.ReadFile(filepath.Join(dir, string(numbered(0))+".json"))
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i < n; i++ {
		if err := os.WriteFile(filepath.Join(dir, string(numbered(i))+".json"), report, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

func numbered(i int) account.ID {
	return account.ID(fmt.Sprintf("%08x-1111-4111-8111-111111111111", i))
}

func compare(b *testing.B, program, measure startbench.Program) {
	b.Helper()
	measured(b, startbench.Compare, program, measure)
}

func measured(b *testing.B, by func(program, measure startbench.Program, n int) (startbench.Result, error), program, measure startbench.Program) {
	b.Helper()
	for b.Loop() {
		r, err := by(program, measure, 21)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(r.Ratio, "ratio")
		b.ReportMetric(float64(r.Program.Microseconds())/1000, "ms/start")
		b.ReportMetric(float64(r.Measure.Microseconds())/1000, "ms/measure")
	}
}

// ended is the product of a user with that home directory, with a command that ends.
func ended(home, last string, args ...string) startbench.Program {
	of := started(home, last)
	return startbench.Program{Last: last, Command: func() *exec.Cmd {
		cmd := of.Command()
		cmd.Args = append(cmd.Args, args...)
		return cmd
	}}
}

// started is the product of a user with that home directory.
func started(home, last string) startbench.Program {
	return startbench.Program{Last: last, Command: func() *exec.Cmd {
		cmd := exec.Command(binary)
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TERM=xterm-256color", "COLORTERM=truecolor"}
		return cmd
	}}
}

// populate makes a registry of that many accounts: one by the registry itself,
// and the others after its file, as each change is forced to the disk.
func populate(b *testing.B, data string, n int) {
	b.Helper()
	reg, err := registry.Open(data, filepath.Join(data, "state"), registry.Self(), registry.Alive)
	if err != nil {
		b.Fatal(err)
	}
	id := func(i int) string { return string(numbered(i)) }
	name := func(i int) string { return fmt.Sprintf("Account %05d", i) }
	d := account.Draft{ID: account.ID(id(0)), Name: account.Name(name(0)), Provider: account.Microsoft, Cloud: account.Global, Created: time.Now()}
	d.Link = account.MicrosoftLink{Tenant: account.TenantID(id(0)), Client: account.ClientID(id(0))}
	d.Keys = []account.Key{{ID: account.KeyID(id(0)), Store: account.Keyring, Stored: true, Certificate: account.Certificate{PEM: "pem", NotAfter: time.Now().Add(100 * 24 * time.Hour)}}}
	if err := reg.SaveDraft(b.Context(), d); err != nil {
		b.Fatal(err)
	}
	if err := reg.Finish(b.Context(), d.Account(time.Now())); err != nil {
		b.Fatal(err)
	}
	first := filepath.Join(data, "accounts", id(0)+".json")
	model, err := os.ReadFile(first)
	if err != nil {
		b.Fatal(err)
	}
	for i := 1; i < n; i++ {
		file := bytes.ReplaceAll(bytes.ReplaceAll(model, []byte(id(0)), []byte(id(i))), []byte(name(0)), []byte(name(i)))
		if err := os.WriteFile(filepath.Join(data, "accounts", id(i)+".json"), file, 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if c, err := reg.Contents(b.Context()); err != nil || len(c.Accounts) != n {
		b.Fatalf("the registry lists %d accounts, %v, want %d", len(c.Accounts), err, n)
	}
}
