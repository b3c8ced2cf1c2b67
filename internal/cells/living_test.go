package cells_test

import (
	"slices"
	"testing"

	"github.com/axiomio/xops-onboard/account"
)

// cloud is a provider as the operations on its accounts differ by it.
type cloud struct {
	name          string
	begin         func(*cell) // what is there before anything else
	connect, hand func(*cell, *running) error
	calls         int // that linking makes at least
	killed        int // a call of linking at which most is made
	varies        bool
}

var (
	inMicrosoft = cloud{"microsoft", func(*cell) {}, (*cell).connect, (*cell).byHand, 15, 16, false}
	inAzure     = cloud{"azure", (*cell).subscribe, (*cell).connect, (*cell).byHand, 15, 30, false}
	inAWS       = cloud{"aws", (*cell).inAmazon, (*cell).connectAWS, (*cell).byHandAWS, 10, 12, true}
)

// TestMicrosoft, TestAzure and TestAWS have each trouble at each point of each
// operation on the accounts of a provider.
func TestMicrosoft(t *testing.T) {
	t.Parallel()
	matrix(t, slices.Concat(inMicrosoft.operations(), inMicrosoft.repointing(), []operation{
		{
			name: "add automatic, an adopted app", provider: "microsoft", adopts: true, least: 15,
			run: (*cell).connect, ended: (*cell).connected, undo: (*cell).vanish,
		},
		{
			name: "rotate, by an administrator", provider: "microsoft", begin: inMicrosoft.watched, least: 10,
			run: (*cell).rotateByAdministrator, ended: (*cell).rotated, undo: (*cell).vanish,
		},
		{
			name: "rotate, by a person who uploads", provider: "microsoft", begin: (*cell).linkedByHand, least: 5,
			run: (*cell).rotateByHand, ended: (*cell).rotated, undo: (*cell).vanish,
		},
	}))
}

func TestAzure(t *testing.T) {
	t.Parallel()
	matrix(t, slices.Concat(inAzure.operations(), inAzure.repointing()))
}

func TestAWS(t *testing.T) {
	t.Parallel()
	matrix(t, slices.Concat(inAWS.operations(), []operation{{
		name: "rotate, by the stack", provider: "aws", least: 5, varies: true,
		begin: func(c *cell) { c.drops = true; inAWS.linked(c); c.has() },
		run:   (*cell).rotateByStack, ended: (*cell).rotatedAuthority, undo: (*cell).vanish,
	}}))
}

// linked is an account of the provider.
func (p cloud) linked(c *cell) {
	c.t.Helper()
	p.begin(c)
	c.must(p.connect(c, c.process(trouble{})))
	c.connected()
}

// watched is an account of the provider whose key has to work at every moment from
// now on.
func (p cloud) watched(c *cell) {
	c.t.Helper()
	p.linked(c)
	c.has()
	if c.amazon == nil {
		c.watch = c.worksStill
	}
}

// operations are those that all providers have.
func (p cloud) operations() []operation {
	of := func(o operation) operation {
		o.provider, o.varies = p.name, p.varies
		if o.begin == nil {
			o.begin = p.linked
		}
		if o.ended == nil {
			o.ended = func(c *cell) { c.connected(); c.linkedNow() }
		}
		return o
	}
	return []operation{
		of(operation{name: "add automatic", least: p.calls, begin: p.begin, run: p.connect, ended: (*cell).connected, undo: (*cell).vanish}),
		of(operation{name: "add by hand", least: 4, begin: p.registered, run: p.hand, ended: (*cell).connected, undo: (*cell).vanish}),
		of(operation{name: "verify", least: 4, run: func(_ *cell, r *running) error { return r.verify() }, undo: (*cell).vanish}),
		of(operation{name: "rotate", least: 1, begin: p.watched, run: (*cell).rotate, ended: (*cell).rotated, undo: (*cell).vanish}),
		of(operation{name: "rename", run: (*cell).rename, ended: (*cell).renamed, undo: (*cell).vanish}),
		of(operation{name: "move key", least: 1, run: (*cell).move, ended: (*cell).moved, undo: (*cell).vanish}),
		of(operation{name: "remove", least: 2, run: (*cell).removal, ended: (*cell).nothing}),
		of(operation{name: "take back a draft", least: 2, begin: p.killedHalfway, run: (*cell).removal, ended: (*cell).nothing}),
	}
}

// registered is what a person has made before the program is told of it.
func (p cloud) registered(c *cell) {
	p.begin(c)
	if c.amazon == nil {
		c.registers()
	}
}

func (p cloud) killedHalfway(c *cell) {
	p.begin(c)
	c.halfway(p.killed, p.connect)
}

// repointing puts an account on another app.
func (p cloud) repointing() []operation {
	begin := func(c *cell) { p.begin(c); c.repoint() }
	return []operation{{
		name: "re-point", provider: p.name, begin: begin, least: p.calls,
		run: (*cell).connect, ended: (*cell).repointed, undo: (*cell).vanish,
	}}
}

func (c *cell) removal(p *running) error { return p.remove(c.id) }

func (c *cell) rename(p *running) error { return p.end(p.ops.Rename(c.id, "Northwind")) }

func (c *cell) renamed() {
	c.t.Helper()
	c.connected()
	if a := c.account(); a.Name != "Northwind" {
		c.t.Errorf("%s, at %s: it is called %s", c.where, c.hit, a.Name)
	}
}

// move has the keys in the other store.
func (c *cell) move(p *running) error { return p.end(p.ops.MoveKey(c.id, account.FileStore)) }

func (c *cell) moved() {
	c.t.Helper()
	c.connected()
	c.linkedNow()
	a := c.account()
	for _, k := range a.Own() {
		if k.Store != account.FileStore || !c.holds(k) {
			c.t.Errorf("%s, at %s: a key is in %s", c.where, c.hit, k.Store)
		}
	}
	if a.Begun() != "" {
		c.t.Errorf("%s, at %s: begun is %s", c.where, c.hit, a.Begun())
	}
}
