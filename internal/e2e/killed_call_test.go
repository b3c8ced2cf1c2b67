//go:build linux

package e2e_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// inTheBrowser is a command line that asks nothing but the sign-in.
func inTheBrowser(more ...string) []string {
	return append(more, "--sign-in", "browser", "--yes", "--json")
}

var addInTheBrowser = inTheBrowser("add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "contoso.com")

// TestKilledAtEachCall kills the product when one of its calls arrives at the
// service, which carries it out or does not. From the same point resume ends
// Connected with one of everything, and undo leaves nothing of ours anywhere.
func TestKilledAtEachCall(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	calls := m.counted(0, simcloud.Before)
	c := m.runs(addInTheBrowser...)
	m.signsOrDies(c, m.admin(simcloud.GlobalAdministrator))
	c.ends(0)
	total := calls.n()
	if total < 15 {
		t.Fatalf("an onboarding made %d calls; the test does not see them", total)
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for n := 1; n <= total; n++ {
		for _, carried := range []simcloud.Drop{simcloud.Before, simcloud.After} {
			when := map[simcloud.Drop]string{simcloud.Before: "before", simcloud.After: "after"}[carried]
			// Without -faults each of the two ends is tried from every second of them.
			for _, end := range inTurn(n+int(carried), callEnds...) {
				t.Run(fmt.Sprintf("%s call %d, %s", when, n, end), func(t *testing.T) {
					t.Parallel()
					t.Cleanup(func() { told.add("add automatic, kill -9 at a call", "microsoft", t.Failed()) })
					killedAtCall(t, n, carried, end)
				})
			}
		}
	}
}

func killedAtCall(t *testing.T, n int, carried simcloud.Drop, end string) {
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	defer func() { m.keepsSecrets(m.stored()) }()
	calls := m.counted(n, carried)
	c := m.runs(addInTheBrowser...)
	calls.kills(c)
	m.signsOrDies(c, upn)
	c.killed()
	if !m.begun() {
		if m.keys() != 0 || len(m.tenant.Apps()) != 0 {
			t.Errorf("no draft is on disk, and there are %d keys and %+v", m.keys(), m.tenant.Apps())
		}
		return
	}
	m.keepsSecrets(m.stored())
	if end == "undo" {
		m.later()
	}
	c = m.runs(inTheBrowser(end, "Contoso")...)
	m.signsOrDies(c, upn)
	if end == "undo" {
		c.ends(0)
		m.nothing()
		return
	}
	if last := c.ends(0); last.State != "linked" {
		t.Errorf("result %+v", last)
	}
	m.oneApp()
	if a := m.tenant.Apps()[0]; len(a.Roles) != 1 || len(a.Granted) != 1 {
		t.Errorf("the app has roles %v, granted %v; want one of each", a.Roles, a.Granted)
	}
	if k := m.keys(); k != 1 {
		t.Errorf("%d items in the keyring, want 1", k)
	}
}

// killed looks that the command, which has ended, was killed.
func (c *command) killed() {
	c.t.Helper()
	status, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		c.t.Fatalf("it was not killed: %v\n%s\n%s", c.cmd.ProcessState, c.all(), c.errs)
	}
}

// counted counts the product's calls; at the n-th the product is killed.
func (m *machine) counted(n int, carried simcloud.Drop) *callCount {
	k := &callCount{kill: make(chan *command, 1)}
	m.cloud.Inject(simcloud.Fault{Drop: carried, Times: 1, Match: func(r *http.Request) bool {
		if r.RemoteAddr == "" { // the person's browser, which needs no proxy
			return false
		}
		k.mu.Lock()
		k.count++
		mine := k.count == n
		k.mu.Unlock()
		if mine {
			c := <-k.kill
			_ = c.cmd.Process.Kill()
		}
		return mine
	}})
	return k
}

// callCount is how many calls the product made.
type callCount struct {
	mu    sync.Mutex
	count int
	kill  chan *command
}

func (k *callCount) n() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.count
}

func (k *callCount) kills(c *command) { k.kill <- c }

// signsOrDies signs in when the program asks for it, unless it ends before, and
// waits for its end.
func (m *machine) signsOrDies(c *command, upn string) {
	m.t.Helper()
	over := make(chan struct{})
	go func() { _ = c.cmd.Wait(); close(over) }()
	for {
		for _, e := range c.said() {
			if e.Prompt.URL != "" {
				ada := m.tenant.Browser(upn)
				ada.Consent = simcloud.AcceptForEveryone
				// The program may be killed meanwhile, and nobody hears the answer.
				if l, err := ada.Open(m.t.Context(), e.Prompt.URL); err == nil && l.Code != 0 {
					m.t.Fatal(l.Shown)
				}
				<-over
				return
			}
		}
		select {
		case <-c.more:
		case <-over:
			return
		}
	}
}

// begun tells whether a draft or an account is on disk.
func (m *machine) begun() bool {
	for path := range m.files() {
		if strings.Contains(path, "/accounts/") {
			return true
		}
	}
	return false
}
