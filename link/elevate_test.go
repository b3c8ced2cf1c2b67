package link_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// climber is a person signed in to Azure, and who has access over all of it.
type climber struct {
	link.AzureAdministrator
	who    account.Person
	up     map[account.ObjectID]bool
	err    error // of each elevation
	before func()
	roles  map[account.AssignmentID]bool
	lost   error     // of the next assignment, which is made
	told   time.Time // when the last that stepped down was said to have been elevated
}

func (c *climber) Person() account.Person { return c.who }
func (c *climber) Forget()                {}

func (c *climber) Elevated(context.Context) (bool, []account.Evidence, error) {
	return c.up[c.who.ID], nil, nil
}

func (c *climber) Elevate(context.Context) ([]account.Evidence, error) {
	if c.before != nil {
		c.before()
	}
	if c.err == nil || account.KindOf(c.err).MayPass() {
		c.up[c.who.ID] = true
	}
	return nil, c.err
}

func (c *climber) StepDown(_ context.Context, taken time.Time, _ func(account.Pause)) ([]account.Evidence, error) {
	c.told = taken
	delete(c.up, c.who.ID)
	return nil, nil
}

// ascent is a tenant with an Azure draft, and two who may elevate their access.
func ascent(t *testing.T) (ten *tenant, ops *link.Operations, a, b *climber) {
	t.Helper()
	ten = newTenant()
	ops = begin(t, ten.world)
	d := unlinked()
	d.Provider, d.Link = account.Azure, account.AzureLink{MicrosoftLink: d.Microsoft()}
	ten.drafts["draft"] = d
	up := map[account.ObjectID]bool{}
	a = &climber{who: account.Person{ID: "a", UPN: "ada@contoso.com"}, up: up}
	b = &climber{who: account.Person{ID: "b", UPN: "bob@contoso.com"}, up: up}
	return ten, ops, a, b
}

func (t *tenant) signed(c *climber) link.Signed {
	return link.Signed{Directory: &administrator{t: t}, Azure: c}
}

// TestElevationIsOnePersons: another cannot give it back, and the record names
// who can, from before it is taken.
func TestElevationIsOnePersons(t *testing.T) {
	ten, ops, a, b := ascent(t)
	b.up["b"] = true // by another's doing
	a.before = func() {
		if m := ten.drafts["draft"].Made; m.ElevatedBy != "a" || m.ElevatedAs != a.who.UPN {
			t.Errorf("on record before is %+v", m)
		}
	}
	if err := end(t, ops.Elevate("draft", ten.signed(a))); err != nil {
		t.Fatal(err)
	}
	for what, do := range map[string]func(account.ID, link.Signed) *link.Operation{"elevate": ops.Elevate, "take back": ops.TakeBack} {
		p := account.AsProblem(end(t, do("draft", ten.signed(b))))
		if p == nil || p.Kind != account.ElevatedByOther || p.Subject != a.who.UPN {
			t.Errorf("%s by another: %v", what, p)
		}
	}
	if m := ten.drafts["draft"].Made; !a.up["a"] || !a.up["b"] || !m.Elevated || m.ElevatedBy != "a" {
		t.Errorf("up are %v, on record %+v", a.up, m)
	}
	if err := end(t, ops.TakeBack("draft", ten.signed(a))); err != nil || a.up["a"] || !a.up["b"] || a.told.IsZero() {
		t.Errorf("%v; up are %v, taken %v", err, a.up, a.told)
	}
}

// TestElevatedBefore: who has the access already keeps it.
func TestElevatedBefore(t *testing.T) {
	ten, ops, a, _ := ascent(t)
	a.up["a"] = true
	for _, do := range []func(account.ID, link.Signed) *link.Operation{ops.Elevate, ops.TakeBack} {
		if err := end(t, do("draft", ten.signed(a))); err != nil || !a.up["a"] {
			t.Errorf("%v; up are %v", err, a.up)
		}
	}
}

// TestElevationWithoutAnAnswer is given back; one that was refused is nobody's.
func TestElevationWithoutAnAnswer(t *testing.T) {
	ten, ops, a, b := ascent(t)
	b.err, b.up["b"] = &account.Problem{Kind: account.ElevationNotTaken}, false
	if err := end(t, ops.Elevate("draft", ten.signed(b))); account.KindOf(err) != account.ElevationNotTaken {
		t.Fatal(err)
	}
	if d := ten.drafts["draft"]; d.Undecided("elevation") != (account.Entry{}) {
		t.Errorf("the refused one is undecided: %+v", d.Journal)
	}
	a.err = &account.Problem{Kind: account.TimedOut}
	if err := end(t, ops.Elevate("draft", ten.signed(a))); account.KindOf(err) != account.TimedOut || !a.up["a"] {
		t.Fatal(err)
	}
	if err := end(t, ops.Elevate("draft", ten.signed(b))); account.KindOf(err) != account.ElevatedByOther {
		t.Error(err)
	}
	if err := end(t, ops.TakeBack("draft", ten.signed(a))); err != nil || a.up["a"] {
		t.Errorf("%v; up are %v", err, a.up)
	}
}

func (c *climber) Assign(_ context.Context, s account.AzureScope, r account.AzureRole, _ account.ObjectID, _ func(account.Pause)) (account.AzureAssignment, []account.Evidence, error) {
	a := account.AzureAssignment{ID: account.AssignmentID(string(s) + string(r)), Scope: s, Role: r, Made: true}
	c.roles[a.ID] = true
	if err := c.lost; err != nil {
		c.lost = nil
		return account.AzureAssignment{}, nil, err
	}
	return a, nil, nil
}

func (c *climber) FindAssignment(_ context.Context, s account.AzureScope, r account.AzureRole, _ account.ObjectID) (account.AzureAssignment, []account.Evidence, error) {
	a := account.AzureAssignment{ID: account.AssignmentID(string(s) + string(r)), Scope: s, Role: r}
	if !c.roles[a.ID] {
		return account.AzureAssignment{}, nil, nil
	}
	return a, nil, nil
}

func (c *climber) Unassign(_ context.Context, id account.AssignmentID, _ func(account.Pause)) ([]account.Evidence, error) {
	delete(c.roles, id)
	return nil, nil
}

// TestLostRoleElsewhere: an assignment without an answer is taken away, also
// where the person has chosen another scope since.
func TestLostRoleElsewhere(t *testing.T) {
	const one, other = "/subscriptions/11111111-1111-4111-8111-111111111111", "/providers/Microsoft.Management/managementGroups/other"
	for name, goOn := range map[string]func(*link.Operations, link.Signed) *link.Operation{
		"resumed":    func(ops *link.Operations, by link.Signed) *link.Operation { return ops.Connect("draft", by, wanted) },
		"taken back": func(ops *link.Operations, by link.Signed) *link.Operation { return ops.TakeBack("draft", by) },
	} {
		t.Run(name, func(t *testing.T) {
			ten, ops, a, _ := ascent(t)
			ten.verify = unseen
			a.roles, a.lost = map[account.AssignmentID]bool{}, &account.Problem{Kind: account.TimedOut}
			choose := func(s account.AzureScope) {
				d := ten.drafts["draft"]
				l := d.Azure()
				l.Scopes = []account.AzureScope{s}
				d.Link = l
				ten.drafts["draft"] = d
			}
			choose(one)
			if err := end(t, ops.Connect("draft", ten.signed(a), wanted)); account.KindOf(err) != account.TimedOut || len(a.roles) != 1 {
				t.Fatalf("%v, %v", err, a.roles)
			}
			choose(other)
			a.lost = &account.Problem{Kind: account.AzureRoleMissing} // it ends there
			_ = end(t, goOn(ops, ten.signed(a)))
			for id := range a.roles {
				if strings.HasPrefix(string(id), one) {
					t.Errorf("left %v", a.roles)
				}
			}
		})
	}
}
