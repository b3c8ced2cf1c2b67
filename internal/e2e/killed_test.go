//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
)

// TestKilledAtEachWrite kills a process before and after each write of an
// onboarding by hand: to the registry, to the keyring, to the certificate file.
// Somebody goes on from there on the screens and ends Connected with one key and one
// certificate; or throws the draft away, and no key is left.
func TestKilledAtEachWrite(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	total := m.dies(t, deadly{})
	if total < 6 {
		t.Fatalf("an onboarding made %d writes; the test does not see them", total)
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for n := 1; n <= total; n++ {
		for _, after := range []bool{false, true} {
			d := deadly{n: n, after: after}
			t.Run(d.String(), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { told.add("add by hand, kill -9 at a write, then screens", "microsoft", t.Failed()) })
				diedByHand(t, d)
			})
		}
	}
}

func (d deadly) String() string {
	return fmt.Sprintf("%s write %d", map[bool]string{false: "before", true: "after"}[d.after], d.n)
}

func diedByHand(t *testing.T, d deadly) {
	m := at(t, keyringtest.Unlocked(t))
	m.dies(t, d)
	s := m.start()
	if m.goOn(s) {
		m.oneApp()
	}
	s.Press("ctrl+c")
	s.Restored()
	if keys := m.keys(); keys != 1 {
		t.Errorf("%d items in the keyring, want 1", keys)
	}
	if got := m.certificates(); len(got) != 1 {
		t.Errorf("certificates = %v, want one", got)
	}

	away := at(t, m.ring)
	away.home, away.extra = m.home, []string{"XOPS_HOME=" + filepath.Join(m.home, "second")}
	away.dies(t, d)
	s = away.start()
	s.Until("a page", func() bool { return away.stage(s.Text()) != "" })
	if away.stage(s.Text()) != "Go on with Contoso" {
		return // nothing was begun, or it is an account already
	}
	s.Press("up", "enter")
	away.throwAway(s)
	s.See("Which cloud do you want to link first?")
	if keys := away.keys(); keys != 1 {
		t.Errorf("%d items in the keyring after one was thrown away, want the first one's alone", keys)
	}
}

// dies onboards by hand until the process kills itself; else it gives how many writes
// that makes.
func (m *machine) dies(t *testing.T, d deadly) int {
	t.Helper()
	m.client = m.tenant.Register("Xops 360 - Contoso").ClientID
	d.count = filepath.Join(t.TempDir(), "count")
	cmd := d.mortal(m.command("add", "microsoft", "--name", "Contoso", "--tenant", m.tenant.ID(), "--client", m.client, "--yes", "--json"))
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); d.n == 0 && code != 3 || d.n > 0 && code != -1 {
		t.Fatalf("%s: %v\n%s", d, cmd.ProcessState, out)
	}
	if d.n == 0 {
		return d.written(t)
	}
	return 0
}

// written is how many writes the process made, which lived.
func (d deadly) written(t testing.TB) int {
	t.Helper()
	text, err := os.ReadFile(d.count)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKilledAtEachWriteOfEach kills a process before and after the writes of every
// operation: with -faults at each, with both ends, else at some with either. From there it is gone on with by the
// product, or taken back.
func TestKilledAtEachWriteOfEach(t *testing.T) {
	t.Parallel()
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for i, deed := range deeds {
		t.Run(deed.provider+" "+deed.name, func(t *testing.T) {
			t.Parallel()
			total := writes.of(t, i)
			t.Logf("%d writes", total)
			for n := range 2 * total {
				if !*everyPair && (n+7*i)%20 != 0 {
					continue
				}
				d := deadly{n: n/2 + 1, after: n%2 == 1}
				for _, end := range inTurn(n/2+n, callEnds...) {
					t.Run(fmt.Sprintf("%s, %s", d, end), func(t *testing.T) {
						t.Parallel()
						t.Cleanup(func() { told.add(deed.name+", kill -9 at a write", deed.provider, t.Failed()) })
						writeOf(t, deed, d, end)
					})
				}
			}
		})
	}
}

// writeOf is a cell. How many writes are made is not the same each time, as not each look
// at what spreads writes: where there were fewer, it is the last of these.
func writeOf(t *testing.T, deed deed, d deadly, end string) {
	for {
		c := newCell(t, deed)
		d.count = filepath.Join(t.TempDir(), "count")
		if c.diedAt(d, end) {
			return
		}
		made := d.written(t)
		if made == 0 || made >= d.n {
			c.fails("it was not killed %s, and made %d", d, made)
			return
		}
		t.Logf("%d writes were made: again, at that", made)
		d.n = made
	}
}

// diedAt tells whether the deed was killed at a write. In either case somebody goes on.
func (c *cell) diedAt(d deadly, end string) bool {
	defer func() {
		if c.t.Failed() {
			c.t.Logf("it did:\n%s", strings.Join(c.steps, "\n"))
		}
	}()
	code := c.dies(d, c.deed.line(c)...)
	if !slices.Contains([]int{-1, 0, 3, cli.NoKeyStore}, code) {
		c.fails("it was not killed %s: %d", d, code)
	}
	c.ends(end)
	return code == -1 || code == cli.NoKeyStore // see answered
}

// dies runs a command whose process kills itself. It writes no log.
func (c *cell) dies(d deadly, args ...string) int {
	c.t.Helper()
	debug := c.debug
	c.debug = false
	cmd := d.mortal(c.machine.command(args...))
	c.debug = debug
	return c.watches(nil, cmd, args)
}

// writes is how many writes each deed makes.
var writes = totals{counts: func(c *cell) int {
	c.t.Helper()
	d := deadly{count: filepath.Join(c.t.TempDir(), "count")}
	c.went(answered(func() int { return c.dies(d, c.deed.line(c)...) }))
	n := d.written(c.t)
	if n == 0 {
		c.t.Fatal("no write was made; the test does not see them")
	}
	return n
}}
