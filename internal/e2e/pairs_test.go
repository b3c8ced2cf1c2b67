//go:build linux

package e2e_test

import (
	"flag"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

var everyPair = flag.Bool("faults", false, "have TestPairs make all its cells, not a sample")

// The dimensions of a cell beside what is done: which of its calls, what happens to
// that, how the process is stopped, and what somebody does then.
var (
	callPlaces = []string{"the first call", "a call at a quarter", "a call in the middle", "a call at three quarters", "the last call"}
	callFaults = []string{"nothing", "503 four times", "429", "lost before", "lost after", "a page of a proxy", "late", clockOff}
	callStops  = []string{"goes on", "killed at it", "killed at the next", "interrupted at it", "terminated at the next"}
	callEnds   = []string{"resume", "undo"}
)

// clockOff is that the machine's clock is behind the services', from that call on.
const clockOff = "a clock ten minutes off"

// pair is a cell: what is done, and an index into each dimension.
type pair [5]int

// pairs is a small set of cells in which each value of a dimension meets each value of
// every other one. It takes the cell that has most that is new, again and again.
func pairs(sizes [5]int) (cells []pair) {
	type meeting struct{ a, x, b, y int }
	open := map[meeting]bool{}
	for a := range sizes {
		for b := a + 1; b < len(sizes); b++ {
			for x := range sizes[a] {
				for y := range sizes[b] {
					open[meeting{a, x, b, y}] = true
				}
			}
		}
	}
	meets := func(p pair, upto int) (n int) {
		for a := range upto {
			for b := a + 1; b < upto; b++ {
				if open[meeting{a, p[a], b, p[b]}] {
					n++
				}
			}
		}
		return n
	}
	for turn := 0; len(open) > 0; turn++ {
		var p pair
		// The first two dimensions are the largest: all that meet in them, in turn.
		p[0], p[1] = turn/sizes[1]%sizes[0], turn%sizes[1]
		for d := 2; d < len(sizes); d++ {
			best := -1
			for i := range sizes[d] {
				v := (i + turn) % sizes[d]
				p[d] = v
				if n := meets(p, d+1); best < 0 || n > meets(with(p, d, best), d+1) {
					best = v
				}
			}
			p[d] = best
		}
		if meets(p, len(sizes)) == 0 {
			continue
		}
		for a := range sizes {
			for b := a + 1; b < len(sizes); b++ {
				delete(open, meeting{a, p[a], b, p[b]})
			}
		}
		cells = append(cells, p)
	}
	return cells
}

func with(p pair, d, v int) pair { p[d] = v; return p }

// deed is something that is done to an account of a provider.
type deed struct {
	name, provider string
	before         func(*cell) // with a good network
	line           func(c *cell) []string
	tends          func(*cell) // what the administrator does meanwhile
}

// TestPairs has the real program on a terminal, with a real keyring, behind the proxy:
// each operation of each provider, with each trouble at each of five places among its
// calls, and with each way of being stopped, every two of them together at least once.
// From there it is gone on with until it is Connected, or taken back until nothing is
// left.
func TestPairs(t *testing.T) {
	t.Parallel()
	cells := pairs([5]int{len(deeds), len(callFaults), len(callPlaces), len(callStops), len(callEnds)})
	if len(cells) < 150 {
		t.Fatalf("%d cells, want 150 at least", len(cells))
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "b") })
	for i, p := range cells {
		if !*everyPair && i%8 != i/64%8 { // each dimension's values, in turn
			continue
		}
		d := deeds[p[0]]
		name := fmt.Sprintf("%s %s: %s, %s, %s, %s", d.provider, d.name, callPlaces[p[2]], callFaults[p[1]], callStops[p[3]], callEnds[p[4]])
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() { told.add(d.name, d.provider, t.Failed()) })
			total := calls.of(t, p[0])
			n := 1 + p[2]*max(0, total-1)/(len(callPlaces)-1)
			cellOf(t, d, fault{n, total, callFaults[p[1]], callStops[p[3]], callEnds[p[4]]})
		})
	}
}

// faultCount counts cells, and those in which something was lost.
type faultCount struct {
	mu    sync.Mutex
	cells map[[2]string][2]int
}

func (f *faultCount) add(operation, provider string, lost bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.cells == nil {
		f.cells = map[[2]string][2]int{}
	}
	n := f.cells[[2]string{operation, provider}]
	n[0]++
	if lost {
		n[1]++
	}
	f.cells[[2]string{operation, provider}] = n
}

// tell prints a line each, for faults.sh.
func (f *faultCount) tell(t *testing.T, level string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for what, n := range f.cells {
		t.Logf("faults: %s | %s | %s | %d | %d", level, what[0], what[1], n[0], n[1])
	}
	t.Logf("searched the environment of %d processes; of %d nobody could read it", environments.read.Load(), environments.refused.Load())
}

// cell is a machine on which something is done.
type cell struct {
	*walk
	deed  deed
	calls atomic.Int64 // that it made while the fault was there
}

// newCell is a machine before the deed.
func newCell(t *testing.T, d deed) *cell {
	t.Helper()
	c := &cell{walk: newWalk(t), deed: d}
	if d.before != nil {
		d.before(c)
	}
	c.learns(c.stored()) // a key that the deed ends as well
	return c
}

// fault is what goes wrong in a cell, and what is done then.
type fault struct {
	n, total        int // the call, and how many there are
	what, stop, end string
}

// TestKilledAtEachCallOfEach kills the product at calls of every other operation, which
// are carried out or not: with -faults at each both, with both ends, else at some either.
func TestKilledAtEachCallOfEach(t *testing.T) {
	t.Parallel()
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for i, d := range deeds {
		if d.provider == "microsoft" && (d.name == "add automatic" || d.name == "rotate") {
			continue // TestKilledAtEachCall and TestRotationKilledAtEachCall
		}
		t.Run(d.provider+" "+d.name, func(t *testing.T) {
			t.Parallel()
			for n := 1; n <= calls.of(t, i); n++ {
				if !*everyPair && (n+3*i)%40 != 0 {
					continue
				}
				for _, what := range inTurn(n, "lost before", "lost after") {
					for _, end := range inTurn(n/2, callEnds...) {
						f := fault{n, calls.of(t, i), what, "killed at it", end}
						t.Run(fmt.Sprintf("call %d, %s, %s", f.n, f.what, f.end), func(t *testing.T) {
							t.Parallel()
							t.Cleanup(func() { told.add(d.name+", kill -9 at a call", d.provider, t.Failed()) })
							cellOf(t, d, f)
						})
					}
				}
			}
		})
	}
}

// inTurn are all of them with -faults, else the n-th.
func inTurn(n int, all ...string) []string {
	if *everyPair {
		return all
	}
	return all[n%len(all) : n%len(all)+1]
}

// cellOf is a cell. How many calls are made is not the same each time, as somebody who
// waits looks once more or less: where there were fewer, it is the last of these.
func cellOf(t *testing.T, d deed, f fault) {
	for {
		c := newCell(t, d)
		code := c.struck(f)
		made := int(c.calls.Load())
		if f.total == 0 || made >= f.n || code == cli.NoKeyStore { // see answered
			return
		}
		if made == 0 {
			c.fails("of %d calls it made none: %d", f.total, code)
			return
		}
		t.Logf("of %d calls %d were made: again, at that", f.total, made)
		f.n = made
	}
}

// struck is how the deed ends where something goes wrong, after which all is put right.
func (c *cell) struck(f fault) int {
	defer func() {
		if c.t.Failed() {
			c.t.Logf("it did:\n%s", strings.Join(c.steps, "\n"))
		}
	}()
	code := c.does(c.trouble(f), c.deed.line(c)...)
	if !slices.Contains([]int{-1, 0, 1, 2, 3, 4, 5, 6, 130}, code) {
		c.fails("it ended with %d", code)
	}
	if made := int(c.calls.Load()); f.stop == "killed at it" && f.total > 0 && made >= f.n && code != -1 {
		c.fails("it was not killed at call %d of %d, of which it made %d: %d", f.n, f.total, made, code)
	}
	c.cloud.ClearFaults()
	c.cloud.SetClock(0)
	c.ends(f.end)
	return code
}

// ends is that somebody goes on, or takes all back.
func (c *cell) ends(how string) {
	c.t.Helper()
	c.holds()
	c.later()
	if how == "resume" {
		c.connects()
	} else {
		c.vanishes()
	}
	c.holds()
	c.exact()
}

// trouble is what happens to the n-th call, and when the process is stopped.
func (c *cell) trouble(to fault) chan *ptytest.Screen {
	n := to.n
	f := map[string]simcloud.Fault{
		"503 four times": {Status: 503, Times: 4}, "429": {Status: 429, RetryAfter: "1"}, "lost before": {Drop: simcloud.Before},
		"lost after": {Drop: simcloud.After}, "a page of a proxy": {HTML: true}, "late": {Latency: 1500 * time.Millisecond},
	}[to.what]
	runs := make(chan *ptytest.Screen, 1)
	sig := map[string]os.Signal{"killed at it": syscall.SIGKILL, "killed at the next": syscall.SIGKILL, "interrupted at it": os.Interrupt, "terminated at the next": syscall.SIGTERM}[to.stop]
	if to.total == 0 {
		c.stopsAtWrite(runs, sig)
		return runs
	}
	next := strings.HasSuffix(to.stop, "next")
	var after atomic.Int64
	told := func(count int64, at int) bool {
		if count == int64(at) && sig != nil {
			s := <-runs
			s.Signal(sig)
			if sig == syscall.SIGKILL {
				<-s.Over()
			}
		}
		return true
	}
	f.Times = max(1, f.Times)
	f.Match = func(r *http.Request) bool {
		if simcloud.ByPerson(r) {
			return false
		}
		count := c.calls.Add(1)
		if count >= int64(n) && to.what == clockOff {
			c.cloud.SetClock(10 * time.Minute)
		}
		return count >= int64(n) && (next || told(count, n))
	}
	c.cloud.Inject(f)
	if next {
		c.cloud.Inject(simcloud.Fault{Times: 1, Match: func(r *http.Request) bool {
			return !simcloud.ByPerson(r) && c.calls.Load() >= int64(n) && told(after.Add(1), 1)
		}})
	}
	return runs
}

// stopsAtWrite stops a process that makes no call when it begins to write.
func (c *cell) stopsAtWrite(runs chan *ptytest.Screen, sig os.Signal) {
	if sig == nil {
		return
	}
	dir := filepath.Join(c.ring.Map()["XDG_DATA_HOME"], "xops-onboard", "accounts")
	was := stamp(dir)
	go func() {
		s := <-runs
		look := time.NewTicker(100 * time.Microsecond)
		defer look.Stop()
		for {
			select {
			case <-s.Over():
				return
			case <-look.C:
				if stamp(dir) != was {
					s.Signal(sig)
					return
				}
			}
		}
	}()
}

func stamp(dir string) time.Time {
	info, err := os.Stat(dir)
	if err != nil {
		return time.Time{}
	}
	return info.ModTime()
}

// does runs a command on a terminal, whose sign-ins and other work in the portal
// the administrator does meanwhile.
func (c *cell) does(runs chan *ptytest.Screen, args ...string) int {
	c.t.Helper()
	return c.watches(runs, c.machine.command(args...), args)
}

func (c *cell) watches(runs chan *ptytest.Screen, cmd *exec.Cmd, args []string) int {
	c.t.Helper()
	s := c.onTerminal(cmd, 120, 40)
	if runs != nil {
		runs <- s
	}
	late, look, told := time.After(runLimit), time.NewTicker(20*time.Millisecond), false
	defer look.Stop()
	for {
		select {
		case <-s.Over():
			code := s.ExitCode()
			c.step("%s: %d", strings.Join(args, " "), code)
			c.checked(args, s.Recording())
			return code
		case <-look.C:
			c.answers(string(s.Recording()))
			if c.deed.tends != nil {
				c.deed.tends(c)
			}
		case <-late:
			if told {
				s.Signal(syscall.SIGQUIT)
				_ = s.Wait()
				c.fails("%v does not end\n%.20000s", args, s.Recording())
				return -1
			}
			told, late = true, time.After(endLimit)
			c.step("  interrupted after %v", runLimit)
			s.Signal(os.Interrupt)
		}
	}
}

func (c *cell) checked(args []string, out []byte) {
	c.t.Helper()
	if fell(out) {
		c.fails("%v fell over\n%.6000s", args, fallen(out))
	}
	c.step("    %.1500s", out)
	c.learns(c.stored())
}

// must runs a command that has to end well.
func (c *cell) must(args ...string) {
	c.t.Helper()
	if code := answered(func() int { return c.does(nil, args...) }); code != 0 {
		c.t.Fatalf("%v: %d", args, code)
	}
}

// answered runs a command again, as somebody would, while it ends with that the keyring
// does not answer: three times at most. On a busy machine one can be too busy.
func answered(run func() int) (code int) {
	for range 3 {
		if code = run(); code != cli.NoKeyStore {
			break
		}
	}
	return code
}

// signed are the flags by which an administrator is there.
func (c *cell) signed(args ...string) []string {
	if c.deed.provider == "aws" {
		return append(args, "--profile", "admin", "--yes", "--json")
	}
	return append(args, "--sign-in", "browser", "--yes", "--json")
}

// connects goes on until what was begun is done.
func (c *cell) connects() {
	c.t.Helper()
	for range 3 {
		var draft, linked *entry
		for _, e := range c.ledger().records {
			if e.draft {
				draft = &e
			} else {
				linked = &e
			}
		}
		switch {
		case draft != nil && draft.Leaving:
			c.must(c.signed("remove", draft.Name)...)
		case draft != nil && draft.Way == "automatic":
			c.must(c.signed("resume", draft.Name)...)
		case draft != nil, linked == nil && c.deed.name != "remove":
			c.must(c.deed.line(c)...)
		case linked != nil && linked.Name != c.deed.named(), linked != nil && c.deed.name == "remove", linked != nil && slices.Contains([]string{"rotate", "move key"}, c.deed.name) && c.undone(*linked):
			c.must(c.deed.line(c)...)
		case linked == nil:
			c.empty(c.amazon)
			return
		case linked.Last != nil: // of the app that it was on
			c.must("rotate", linked.Name, "--json")
		default:
			c.must("verify", linked.Name, "--json")
			return
		}
	}
	c.fails("it does not come to an end: %+v", c.ledger().records)
}

// undone tells whether there is something left of the deed.
func (c *cell) undone(e entry) bool {
	if c.deed.name == "move key" {
		return e.Moving != "" || e.Key.Store != "file"
	}
	return e.Next != nil || e.Last != nil || len(e.Abandoned) > 0
}

// vanishes takes back what was begun, and removes what is linked.
func (c *cell) vanishes() {
	c.t.Helper()
	for range 3 {
		records := c.ledger().records
		if len(records) == 0 {
			break
		}
		e := records[0]
		if i := slices.IndexFunc(records, func(e entry) bool { return e.draft }); i >= 0 {
			e = records[i]
		}
		verb := "remove"
		if e.draft && !e.Leaving {
			verb = "undo"
		}
		if e.Way == "automatic" || e.Made.Application+e.Made.Stack+e.Made.Adopt != "" {
			c.must(c.signed(verb, e.Name)...)
		} else {
			c.leaves(e)
			c.must(verb, e.Name, "--yes", "--json")
		}
	}
	if l := c.ledger(); len(l.records)+len(l.ring)+len(l.aged) > 0 {
		c.fails("left here: %+v, %d keys", l.records, len(l.ring)+len(l.aged))
	}
}

// contoso is what every account is called before something is done to it.
const contoso = "Contoso"

// deeds are the operations, of each provider that has them.
var deeds = slices.Concat(
	each("add automatic", nil, func(c *cell) []string { return c.automatic(c.deed.provider) }),
	[]deed{
		{name: "add by hand", provider: "microsoft", before: (*cell).registers, line: (*cell).addsByHand, tends: (*cell).uploadsNew},
		{name: "add by hand", provider: "azure", before: (*cell).registers, line: (*cell).addsByHand, tends: (*cell).uploadsNew},
		{name: "add by hand", provider: "aws", before: (*cell).templated, line: (*cell).bringsOutputs},
	},
	each("verify", (*cell).linked, func(*cell) []string { return []string{"verify", contoso, "--json"} }),
	each("rotate", (*cell).linked, func(*cell) []string { return []string{"rotate", contoso, "--json"} }),
	each("rename", (*cell).linked, func(*cell) []string { return []string{"rename", contoso, "Northwind", "--json"} }),
	each("move key", (*cell).linked, func(*cell) []string { return []string{"move-key", contoso, "--to", "file", "--json"} }),
	each("remove", (*cell).linked, func(c *cell) []string { return c.signed("remove", contoso) }),
	[]deed{
		{name: "re-point", provider: "microsoft", before: (*cell).repointed, line: func(c *cell) []string { return c.signed("resume", contoso) }},
		{name: "re-point", provider: "azure", before: (*cell).repointed, line: func(c *cell) []string { return c.signed("resume", contoso) }},
	},
)

// each is a deed of each provider.
func each(name string, before func(*cell), line func(*cell) []string) (all []deed) {
	for _, p := range []string{"microsoft", "azure", "aws"} {
		all = append(all, deed{name: name, provider: p, before: before, line: line})
	}
	return all
}

func (d deed) named() string {
	if d.name == "rename" {
		return "Northwind"
	}
	return contoso
}

// automatic is the command that links an account by itself.
func (c *cell) automatic(provider string) []string {
	if provider == "aws" {
		return c.signed("add", "aws", "--automatic", "--name", contoso, "--type", "management", "--region", awsRegion)
	}
	return c.signed("add", provider, "--automatic", "--name", contoso, "--tenant", "contoso.com")
}

func (c *cell) linked() { c.must(c.automatic(c.deed.provider)...) }

// registers is an administrator who makes the app in the portal, with all but its
// certificate.
func (c *cell) registers() {
	c.t.Helper()
	c.registered()
	c.do(c.tenant.AssignGlobalReader(c.client))
	c.do(c.tenant.AddPermission(c.client, simcloud.Application, "AccessReview.Read.All"))
	c.do(c.tenant.GrantConsent(c.client))
	c.do(c.assigns(c.tenant.Apps()[0]))
}

func (c *cell) addsByHand() []string {
	args := []string{"add", c.deed.provider, "--name", contoso, "--tenant", "contoso.com", "--client", c.client, "--wait", "1m", "--yes", "--json"}
	if c.deed.provider == "azure" {
		args = append(args, "--scope", string(c.tenant.RootGroup()))
	}
	return args
}

// uploadsNew uploads a certificate that was not there before.
func (c *cell) uploadsNew() {
	if app := c.tenant.Apps()[0]; len(app.Certificates) < len(c.certificates()) {
		_ = c.uploads(app) // it may be half written
	}
}

// templated is a draft whose template somebody made a stack of.
func (c *cell) templated() {
	c.t.Helper()
	if code := answered(func() int {
		return c.does(nil, "add", "aws", "--name", contoso, "--type", "management", "--region", awsRegion, "--yes", "--json")
	}); code != 3 {
		c.t.Fatalf("the template: %d", code)
	}
	c.do(c.stacks())
	table := ""
	for key, value := range c.Stacks(awsRegion)[0].Outputs {
		table += key + "\t" + value + "\n"
	}
	c.do(os.WriteFile(filepath.Join(c.home, "outputs"), []byte(table), 0o600))
}

func (c *cell) bringsOutputs() []string {
	return []string{"add", "aws", "--name", contoso, "--outputs", filepath.Join(c.home, "outputs"), "--yes", "--json"}
}

// repointed is an account that is about to be put on another app.
func (c *cell) repointed() {
	c.t.Helper()
	c.linked()
	c.left[c.tenant.Apps()[0].ClientID] = true // it stays where it is
	s := c.start()
	s.SeeWithin(patience, "Home", contoso)
	s.Press("enter")
	s.See("Application ID")
	s.Press("p")
	s.See("Put Contoso on another app?")
	s.Press("p")
	s.See("Sign in and let the wizard do it")
	s.Press("1", "enter")
	s.See("Which tenant?")
	s.Press("ctrl+u")
	s.Type("contoso.com")
	s.Press("enter")
	s.SeeWithin(patience, "Use a device code") // the tenant is the account's
	s.Press("ctrl+c")
	s.Restored()
}

// calls is how many calls each deed makes.
var calls = totals{counts: func(c *cell) int {
	var n atomic.Int64
	c.cloud.Inject(simcloud.Fault{Match: func(r *http.Request) bool {
		if !simcloud.ByPerson(r) {
			n.Add(1)
		}
		return false
	}})
	c.went(answered(func() int {
		n.Store(0)
		return c.does(nil, c.deed.line(c)...)
	}))
	return int(n.Load())
}}

// went holds that the deed ended well.
func (c *cell) went(code int) {
	c.t.Helper()
	if code != 0 {
		c.t.Fatalf("without trouble it ends with %d\n%s", code, strings.Join(c.steps, "\n"))
	}
}

// totals is how many of something each deed makes, which a run without trouble tells
// once.
type totals struct {
	counts func(*cell) int
	once   [32]sync.Once
	count  [32]int
}

func (a *totals) of(t *testing.T, i int) int {
	a.once[i].Do(func() { a.count[i] = a.counts(newCell(t, deeds[i])) })
	return a.count[i]
}
