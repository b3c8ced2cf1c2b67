package cells_test

import (
	"fmt"
	"testing"
)

// operation is something that is done to an account of one provider.
type operation struct {
	name, provider string
	adopts         bool                            // with an app that is there
	begin          func(c *cell)                   // what there is before; nil: nothing
	run            func(c *cell, p *running) error // to its end; again, it goes on
	ended          func(c *cell)                   // looks that it is done whole
	undo           func(c *cell)                   // takes all back, and looks that nothing is left; nil where it is itself that
	least          int                             // how many calls are made at least, else the test does not see them
	varies         bool                            // of its reads side by side not always as many are made
}

// matrix has each trouble at each point of each operation, in a cell of its own.
// Resumed it ends whole; undone instead, nothing is left.
func matrix(t *testing.T, operations []operation) {
	t.Helper()
	for _, o := range operations {
		for _, end := range o.ends() {
			t.Run(o.provider+" "+o.name+", "+end, func(t *testing.T) {
				t.Parallel()
				o.everyPoint(t, end)
			})
		}
	}
}

// ends are what somebody may do afterwards.
func (o operation) ends() []string {
	if o.undo == nil {
		return []string{"resume"}
	}
	return []string{"resume", "undo"}
}

// tally is how the cells of an operation went.
type tally struct {
	cells  int
	needed int // in so many somebody had to do something afterwards
	missed int // the call was not made
}

func (o operation) everyPoint(t *testing.T, end string) {
	var n tally
	defer func() { o.tell(t, n) }()
	for i, tr := range o.points(t) {
		if i%every == 0 {
			inBubble(t, o.adopts, func(c *cell) { o.cell(c, tr, end, &n) })
		}
	}
	t.Logf("%d cells: in %d there was something to %s; of %d the call was not made", n.cells, n.needed, end, n.missed)
	if every == 1 && n.needed == 0 {
		t.Error("the troubles trouble nobody")
	}
}

// points are the troubles of an operation: each that there is, at each call and each
// write that it makes without any.
func (o operation) points(t *testing.T) (all []trouble) {
	t.Helper()
	inBubble(t, o.adopts, func(c *cell) {
		o.begins(c)
		c.must(o.run(c, c.process(trouble{})))
		calls, writes := len(c.hosts), c.points.writes
		o.ended(c)
		if calls < o.least {
			t.Fatalf("%d calls were made; the test does not see them", calls)
		}
		for i := range calls {
			for _, what := range ofCalls {
				all = append(all, trouble{i + 1, false, what})
			}
		}
		for i := range writes {
			for _, what := range ofWrites {
				all = append(all, trouble{i + 1, true, what})
			}
		}
	})
	return all
}

func (o operation) begins(c *cell) {
	if o.begin != nil {
		o.begin(c)
	}
	c.hit = ""
}

// cell is one trouble, and what somebody does then.
func (o operation) cell(c *cell, tr trouble, end string, n *tally) {
	c.t.Helper()
	c.where = fmt.Sprintf("%s, %s", tr, end)
	o.begins(c)
	err := o.run(c, c.process(tr))
	switch n.cells++; {
	case c.hit == "" && o.varies:
		n.cells, n.missed = n.cells-1, n.missed+1
		return
	case c.hit == "":
		c.t.Fatalf("%s: there was no such point", c.where)
	}
	c.sound()
	switch {
	case end == "undo":
		n.needed++
		o.undo(c)
	case err == nil && !c.begun(): // it helped itself
		o.ended(c)
	default:
		n.needed++
		if err := o.run(c, c.process(trouble{})); err != nil {
			c.t.Fatalf("%s, at %s: run again it ends with %v", c.where, c.hit, err)
		}
		o.ended(c)
	}
	c.sound()
	if tr.what == throttled {
		c.patient()
	}
}

// tell prints a line for faults.sh. A test that failed lost something.
func (o operation) tell(t *testing.T, n tally) {
	t.Helper()
	lost := 0
	if t.Failed() {
		lost = 1
	}
	t.Logf("faults: a | %s | %s | %d | %d", o.name, o.provider, n.cells, lost)
}
