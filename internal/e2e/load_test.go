//go:build linux

package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// never is how often a call is refused that is never answered.
const never = 1 << 30

// TestManyThrottled verifies and rotates 60 accounts of three tenants, one of which
// asks with each of its calls to wait, and an account of which is refused for good:
// each other is done, once, and nothing is asked before it may be.
func TestManyThrottled(t *testing.T) {
	t.Parallel()
	m := newMany(t, prepared, t.TempDir())
	m.refuses = func(n int) (int, time.Duration) {
		switch {
		case n == 4:
			return never, 2 * time.Minute
		case n%3 == 1:
			return 1, time.Second
		}
		return 0, 0
	}
	m.fill(60, 3)
	m.load(60, 1, 6, "holds", "unknown", "verify", "--all", "--json")
	m.fill(60, 3)
	m.load(60, 1, 1, "rotated", "failed", "rotate", "--due", "365d", "--json")
	m.rotated(60, 4)
}

// load runs a command on all n accounts that ends with that code: each account is
// told of once, as done but for those that could not be. It gives what that took.
func (m *many) load(n, not, code int, done, other string, args ...string) used {
	m.t.Helper()
	began := time.Now()
	cmd := m.command(args...)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, most, err := weighed(cmd)
	u := used{time.Since(began), most}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		m.t.Fatal(err)
	}
	told, states := map[string]int{}, map[string]int{}
	for line := range strings.Lines(out) {
		var e struct {
			Step, State string
			Account     struct{ Name string }
		}
		m.must(json.Unmarshal([]byte(line), &e))
		if e.Step == "account-result" {
			told[e.Account.Name]++
			states[e.State]++
		}
	}
	for name, times := range told {
		if times != 1 {
			m.t.Errorf("%s ended %d times", name, times)
		}
	}
	if got := cmd.ProcessState.ExitCode(); got != code || len(told) != n || states[done] != n-not || states[other] != not {
		m.t.Fatalf("%v: code %d, want %d; %d accounts: %v, want %d %s and %d %s; %s", args, got, code, len(told), states, n-not, done, not, other, errs.String())
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.early) > 0 {
		m.t.Errorf("%v: %d calls came before they might, such as %s", args, len(m.early), m.early[0])
	}
	return u
}

// used is what a process used: time, and memory in bytes at most.
type used struct {
	took   time.Duration
	memory int
}

// rotated looks that each account but some has another key, and each app was
// changed once, and nothing is left of the rotations.
func (m *many) rotated(n int, not ...int) {
	m.t.Helper()
	for _, i := range not {
		for _, change := range []string{"addKey", "removeKey"} {
			m.changes[fmt.Sprint(i, " ", change)]++ // so that all are alike
		}
	}
	reg := m.registry()
	for i := range n {
		a, err := reg.Account(m.t.Context(), numbered(i))
		m.must(err)
		refused := false
		for _, r := range not {
			refused = refused || r == i
		}
		if a.Last != nil || a.Owner != (account.Owner{}) || (a.Next != nil) != refused || (a.Key.ID == m.model.Key.ID) != refused {
			m.t.Errorf("account %d is refused: %v, and is %+v", i, refused, a)
		}
		for _, change := range []string{"addKey", "removeKey"} {
			if times := m.changes[fmt.Sprint(i, " ", change)]; times != 1 {
				m.t.Errorf("account %d: %s %d times, want once", i, change, times)
			}
		}
	}
}
