package cells_test

import (
	"fmt"
	"testing"
)

// each has every trouble at each of the calls, in a cell of its own.
func each(t *testing.T, adopts bool, calls []int, f func(c *cell, n int, tr trouble)) {
	t.Helper()
	for _, n := range calls {
		for _, tr := range troubles {
			inBubble(t, adopts, func(c *cell) {
				c.where = fmt.Sprintf("call %d, %s", n, tr)
				f(c, n, tr)
				if tr == throttled {
					c.patient()
				}
			})
		}
	}
}

// counted are the calls from the first to the n-th. With fewer than there must be
// the test does not see them.
func counted(t *testing.T, n, least int) (calls []int) {
	t.Helper()
	if n < least {
		t.Fatalf("%d calls were made; the test does not see them", n)
	}
	for i := range n {
		calls = append(calls, i+1)
	}
	return calls
}

// onboarding is how an account of one provider is linked and taken back.
type onboarding struct {
	provider  string
	adopts    bool
	begin     func(c *cell)
	connect   func(c *cell, p *running) error
	connected func(c *cell)
	back      func(c *cell, p *running)
	varies    bool // of its reads side by side not always as many are made
}

// hosts are those that an onboarding without trouble calls, one after another.
func (o onboarding) hosts(t *testing.T) (hosts []string) {
	t.Helper()
	inBubble(t, o.adopts, func(c *cell) {
		o.begin(c)
		c.must(o.connect(c, c.process(0, "")))
		o.connected(c)
		hosts = c.hosts
	})
	return hosts
}

// everyCall has each trouble at each of the calls of an onboarding. Resumed it ends
// Connected, with one of everything; taken back, nothing is left.
func (o onboarding) everyCall(t *testing.T, calls []int) {
	t.Helper()
	cells, resumed, back := 0, 0, 0
	for _, end := range []string{"resume", "undo"} {
		each(t, o.adopts, calls, func(c *cell, n int, tr trouble) {
			c.where += ", " + end
			o.begin(c)
			err := o.connect(c, c.process(n, tr))
			switch cells++; {
			case c.hit == "" && o.varies:
				cells--
			case c.hit == "":
				c.t.Fatalf("%s: there was no such call", c.where)
			case err == nil: // it helped itself
				o.connected(c)
			case end == "resume":
				resumed++
				c.must(o.connect(c, c.process(0, "")))
				o.connected(c)
			default:
				back++
				o.back(c, c.process(0, ""))
			}
		})
	}
	t.Logf("%d calls, %d cells: %d resumed, %d taken back, the others helped themselves", len(calls), cells, resumed, back)
	tell(t, "add automatic, "+map[bool]string{false: "resumed or undone", true: "an adopted app"}[o.adopts], o.provider, cells)
	if resumed == 0 || back == 0 {
		t.Errorf("%d cells were resumed and %d taken back: the troubles trouble nobody", resumed, back)
	}
}

// rotation is how an account gets another key.
type rotation struct {
	provider, how string // how, where there are several
	begin         func(c *cell)
	rotate        func(c *cell, p *running) error
	between       func(c *cell) // where it has to be rotated again
	varies        bool          // as of an onboarding
}

// everyCall has each trouble at each call of a rotation. Rotated again it ends as
// ended looks for.
func (r rotation) everyCall(t *testing.T, least int, ended func(c *cell)) {
	t.Helper()
	n := 0
	inBubble(t, false, func(c *cell) {
		r.begin(c)
		c.must(r.rotate(c, c.process(0, "")))
		n = c.calls
		ended(c)
	})
	calls, cells, again := counted(t, n, least), 0, 0
	each(t, false, calls, func(c *cell, n int, tr trouble) {
		cells++
		r.begin(c)
		if err := r.rotate(c, c.process(n, tr)); err != nil {
			again++
			r.between(c)
			c.must(r.rotate(c, c.process(0, "")))
		}
		if c.hit == "" && !r.varies {
			c.t.Fatalf("%s: there was no such call", c.where)
		}
		ended(c)
	})
	t.Logf("%d calls, %d cells: %d rotated again, the others helped themselves", len(calls), cells, again)
	tell(t, "rotate"+r.how, r.provider, cells)
	if again == 0 {
		t.Error("the troubles trouble nobody")
	}
}

// tell prints a line for faults.sh. A test that failed lost something.
func tell(t *testing.T, operation, provider string, cells int) {
	t.Helper()
	lost := 0
	if t.Failed() {
		lost = 1
	}
	t.Logf("faults: a | %s | %s | %d | %d", operation, provider, cells, lost)
}

// linkedNow looks that the account's checks hold.
func (c *cell) linkedNow() {
	c.t.Helper()
	p := c.process(0, "")
	verify := p.ops.Verify(c.account())
	c.must(p.end(verify))
	if r := verify.Last().Report; !r.Linked() {
		c.t.Errorf("%s: afterwards it does not hold: %+v", c.where, r.Checks)
	}
}
