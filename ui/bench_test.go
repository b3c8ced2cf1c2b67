package ui_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui"
)

// BenchmarkManyAccounts is how long a key press takes, until it is drawn, on a
// screen with 10,000 accounts, as a multiple of the same screen with 10. The
// window is so high that both draw ten of them.
func BenchmarkManyAccounts(b *testing.B) {
	for _, screen := range []struct {
		name string
		open []string
		keys []string // pressed by turns
	}{
		{"home", nil, []string{"down", "up", "down", "pgdown", "end", "up", "home", "pgup"}},
		{"home filter", []string{"/"}, []string{"A", "c", "backspace", "backspace"}},
		{"integrations", []string{"tab"}, []string{"down", "up", "down", "pgdown", "end", "up", "home", "pgup"}},
		{"integrations filter", []string{"tab", "/"}, []string{"A", "c", "backspace", "backspace"}},
	} {
		b.Run(screen.name, func(b *testing.B) {
			few, many := newShell(b, 10), newShell(b, 10_000)
			for _, s := range []*shell{few, many} {
				s.settle(screen.open...)
			}
			for b.Loop() {
				// By turns, so that what else the machine does hits both.
				var took [2][]time.Duration
				for n := range 400 {
					for i, s := range []*shell{few, many} {
						took[i] = append(took[i], s.press(screen.keys[n%len(screen.keys)]))
					}
				}
				b.ReportMetric(float64(median(took[1]))/float64(median(took[0])), "ratio")
				b.ReportMetric(float64(median(took[1]).Microseconds()), "µs/press")
				b.ReportMetric(float64(median(took[0]).Microseconds()), "µs/press-of-10")
			}
		})
	}
}

func median[T cmp.Ordered](all []T) T {
	all = slices.Clone(all)
	slices.Sort(all)
	return all[len(all)/2]
}

// shell is the program without a terminal: a message goes in, and what it asks
// for comes back when it is told to.
type shell struct {
	app  *ui.App
	cmds []tea.Cmd
}

func newShell(b *testing.B, n int) *shell {
	b.Helper()
	c := contents(n)
	s := &shell{app: ui.New(b.Context(), benchPorts(b, c), c)}
	s.cmds = append(s.cmds, s.app.Init())
	s.app.Update(tea.WindowSizeMsg{Width: 80, Height: 21})
	s.settle()
	return s
}

// settle presses keys and has everything answered that was asked for.
func (s *shell) settle(keys ...string) {
	for _, k := range keys {
		s.press(k)
	}
	for len(s.cmds) > 0 {
		cmd := s.cmds[0]
		s.cmds = s.cmds[1:]
		if cmd == nil {
			continue
		}
		done := make(chan tea.Msg, 1)
		go func() { done <- cmd() }()
		select {
		case msg := <-done:
			if batch, ok := msg.(tea.BatchMsg); ok {
				s.cmds = append(s.cmds, batch...)
				continue
			}
			_, next := s.app.Update(msg)
			s.cmds = append(s.cmds, next)
		case <-time.After(2 * time.Second): // it waits for the next minute
		}
	}
}

// press is how long a key takes until it is drawn; what it asks for is answered
// beside the clock.
func (s *shell) press(key string) time.Duration {
	press := tea.KeyPressMsg{Code: rune(key[0]), Text: key}
	if code, named := codes[key]; named {
		press = tea.KeyPressMsg{Code: code}
	}
	begun := time.Now()
	_, cmd := s.app.Update(press)
	s.app.View()
	took := time.Since(begun)
	s.cmds = append(s.cmds, cmd)
	for i := 0; i < len(s.cmds); i++ {
		if s.cmds[i] == nil {
			continue
		}
		msg := s.cmds[i]()
		if batch, ok := msg.(tea.BatchMsg); ok {
			s.cmds = append(s.cmds, batch...)
			continue
		}
		_, next := s.app.Update(msg)
		s.app.View()
		s.cmds = append(s.cmds, next)
	}
	s.cmds = s.cmds[:0]
	return took
}

var codes = map[string]rune{
	"down": tea.KeyDown, "up": tea.KeyUp, "pgdown": tea.KeyPgDown, "pgup": tea.KeyPgUp,
	"home": tea.KeyHome, "end": tea.KeyEnd, "tab": tea.KeyTab, "backspace": tea.KeyBackspace,
}

// contents is a registry that lists that many accounts.
func contents(n int) (c account.Contents) {
	for i := range n {
		id := account.ID(fmt.Sprintf("%08x-1111-4111-8111-111111111111", i))
		c.Accounts = append(c.Accounts, account.Row{
			ID: id, Name: account.Name(fmt.Sprintf("Account %05d", i)), Provider: account.Microsoft, Cloud: account.Global,
			Identity: "global/" + string(id), Expires: today.Add(100 * 24 * time.Hour), Updated: today,
		})
	}
	return c
}

// benchPorts are ports of a machine whose keyring is locked, and that remembers
// a check of each account.
func benchPorts(b *testing.B, c account.Contents) ui.Ports {
	b.Helper()
	keys, files := keystore.Memory()
	now := func() time.Time { return today }
	ops := link.New(b.Context(), link.Ports{Keys: keys, Registry: listed{registry.Memory(), c}, Save: files, Now: now})
	b.Cleanup(ops.Close)
	return ui.Ports{Env: steps.Env{Ops: ops, Now: now, NewID: func() string { return "0" }}}
}

// listed is a registry that lists what there is not.
type listed struct {
	link.Registry
	contents account.Contents
}

func (r listed) Contents(context.Context) (account.Contents, error) { return r.contents, nil }

func (r listed) LastReport(context.Context, account.ID) (account.Report, error) {
	return account.Report{At: today, Checks: []account.Check{{Name: account.CertificateAccepted, State: account.Holds, At: today}}}, nil
}
