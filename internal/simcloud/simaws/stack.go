package simaws

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// stack is a stack of CloudFormation.
type stack struct {
	account                   *Account
	region, name, id          string
	template                  *template
	status, reason            string
	created, updated, deleted time.Time
	capabilities              []string
	tags                      []label
	onFailure                 string
	protected                 bool
	resources                 map[string]*stackResource
	old                       []*stackResource // replaced or no longer declared; deleted at the end of an update
	told                      map[string]string
	events                    []event           // oldest first
	tokens                    map[string]string // operations, by the token of their request

	by    *principal // whose rights are used; nil is the administrator in the console
	token string     // of the operation under way
	next  []step     // what is still to be done
}

// stackResource is one of its resources.
type stackResource struct {
	stack            *stack
	account          *Account
	logical, typ     string
	physical, wanted string
	status, why      string
	at               time.Time
	properties       properties
	attributes       map[string]string
	retain           bool
}

// event is one line of what happened to a stack.
type event struct {
	id, logical, physical, typ, status, reason, token string
	at                                                time.Time
}

// step is something that happens at a time.
type step struct {
	at time.Time
	do func(at time.Time)
}

// settle does everything that is due by now, in its order.
func (c *Cloud) settle(now time.Time) {
	for {
		var due *stack
		for _, a := range c.accounts {
			for _, r := range a.regional {
				for _, s := range r.stacks {
					if len(s.next) > 0 && !s.next[0].at.After(now) && (due == nil || s.next[0].at.Before(due.next[0].at)) {
						due = s
					}
				}
			}
		}
		if due == nil {
			return
		}
		first := due.next[0]
		due.next = due.next[1:]
		first.do(first.at)
	}
}

func (s *stack) after(at time.Time, do func(at time.Time)) {
	s.next = append(s.next, step{at.Add(s.account.c.resourceTime), do})
}

func (s *stack) actor(at time.Time) actor {
	return actor{c: s.account.c, who: s.by, at: at, via: "cloudformation", region: s.region}
}

// becomes sets the stack's status and tells of it.
func (s *stack) becomes(at time.Time, status, reason string) {
	s.status, s.reason = status, reason
	s.tell(at, s.name, s.id, "AWS::CloudFormation::Stack", status, reason)
}

func (s *stack) tell(at time.Time, logical, physical, typ, status, reason string) {
	s.events = append(s.events, event{uuid(), logical, physical, typ, status, reason, s.token, at})
}

func (r *stackResource) becomes(at time.Time, status, reason string) {
	r.status, r.why, r.at = status, reason, at
	r.stack.tell(at, r.logical, r.physical, r.typ, status, reason)
}

// begin starts an operation.
func (s *stack) begin(who *principal, token, operation string) {
	s.by, s.token, s.next = who, token, nil
	if token != "" {
		s.tokens[token] = operation
	}
}

// create makes the stack.
func (s *stack) create(at time.Time) {
	s.becomes(at, "CREATE_IN_PROGRESS", "User Initiated")
	s.createNext(at, s.template.order)
}

func (s *stack) createNext(at time.Time, rest []string) {
	if len(rest) == 0 {
		if f := s.finish(); f != nil {
			s.rollback(at, f.message)
			return
		}
		s.becomes(at, "CREATE_COMPLETE", "")
		return
	}
	r := s.resource(rest[0])
	s.resources[r.logical] = r
	r.becomes(at, "CREATE_IN_PROGRESS", "")
	s.after(at, func(at time.Time) {
		if f := s.make(at, r); f != nil {
			r.becomes(at, "CREATE_FAILED", r.reason(f))
			s.rollback(at, fmt.Sprintf("The following resource(s) failed to create: [%s]. ", r.logical))
			return
		}
		r.becomes(at, "CREATE_COMPLETE", "")
		s.createNext(at, rest[1:])
	})
}

// resource is a new resource as the template declares it.
func (s *stack) resource(name string) *stackResource {
	d := s.template.resources[name]
	return &stackResource{stack: s, account: s.account, logical: name, typ: d.typ, retain: d.retain}
}

// make makes a resource.
func (s *stack) make(at time.Time, r *stackResource) *failure {
	p, f := s.wanted(r)
	if f != nil {
		return f
	}
	r.properties = p
	return resourceTypes()[r.typ].create(s.actor(at), r, p)
}

// wanted are the properties that the template wants for a resource.
func (s *stack) wanted(r *stackResource) (properties, *failure) {
	v, f := s.resolve(s.template.resources[r.logical].properties)
	if f != nil {
		return nil, refuse(f.status, propertiesWrong, "%s", f.message)
	}
	return r.fitted(v)
}

// finish resolves the outputs.
func (s *stack) finish() *failure {
	told := map[string]string{}
	for name, o := range s.template.outputs {
		v, f := s.resolve(o.value)
		if f != nil {
			return f
		}
		text, ok := textOf(v)
		if !ok {
			return invalid("Template format error: The Value field of every Outputs member must evaluate to a String.")
		}
		told[name] = text
	}
	s.told = told
	return nil
}

// rollback takes back what a create made, as far as the caller wants that.
func (s *stack) rollback(at time.Time, why string) {
	switch s.onFailure {
	case "DO_NOTHING":
		s.becomes(at, "CREATE_FAILED", why)
	case "DELETE":
		s.becomes(at, "DELETE_IN_PROGRESS", why+"Delete requested by user.")
		s.deleteNext(at, s.backwards(), s.deletion())
	default:
		s.becomes(at, "ROLLBACK_IN_PROGRESS", why+"Rollback requested by user.")
		s.deleteNext(at, s.backwards(), func(at time.Time, failed []string) {
			if len(failed) > 0 {
				s.becomes(at, "ROLLBACK_FAILED", "The following resource(s) failed to delete: ["+strings.Join(failed, ", ")+"]. ")
				return
			}
			s.becomes(at, "ROLLBACK_COMPLETE", "")
		})
	}
}

// backwards are the resources in the order in which they are deleted: each
// before those it needs.
func (s *stack) backwards() []*stackResource {
	var all []*stackResource
	for _, name := range s.template.order {
		if r := s.resources[name]; r != nil {
			all = append(all, r)
		}
	}
	slices.Reverse(all)
	return append(slices.Clone(s.old), all...)
}

// deleteNext deletes resources, and says in the end which it could not.
func (s *stack) deleteNext(at time.Time, rest []*stackResource, done func(at time.Time, failed []string)) {
	s.deleteSome(at, rest, nil, done)
}

func (s *stack) deleteSome(at time.Time, rest []*stackResource, failed []string, done func(at time.Time, failed []string)) {
	if len(rest) == 0 {
		done(at, failed)
		return
	}
	r := rest[0]
	switch {
	case r.physical == "" || r.status == "DELETE_COMPLETE":
		s.deleteSome(at, rest[1:], failed, done)
		return
	case r.retain && r.status != "CREATE_FAILED":
		r.becomes(at, "DELETE_SKIPPED", "")
		s.deleteSome(at, rest[1:], failed, done)
		return
	}
	r.becomes(at, "DELETE_IN_PROGRESS", "")
	s.after(at, func(at time.Time) {
		if f := resourceTypes()[r.typ].remove(s.actor(at), r); f != nil {
			r.becomes(at, "DELETE_FAILED", r.reason(f))
			s.deleteSome(at, rest[1:], append(failed, r.logical), done)
			return
		}
		r.becomes(at, "DELETE_COMPLETE", "")
		s.deleteSome(at, rest[1:], failed, done)
	})
}

// remove deletes the stack.
func (s *stack) remove(at time.Time) {
	s.becomes(at, "DELETE_IN_PROGRESS", "User Initiated")
	s.deleteNext(at, s.backwards(), s.deletion())
}

func (s *stack) deletion() func(at time.Time, failed []string) {
	return func(at time.Time, failed []string) {
		if len(failed) > 0 {
			s.becomes(at, "DELETE_FAILED", "The following resource(s) failed to delete: ["+strings.Join(failed, ", ")+"]. ")
			return
		}
		s.deleted = at
		s.becomes(at, "DELETE_COMPLETE", "")
	}
}

// before is what a stack was before an update.
type before struct {
	template     *template
	resources    map[string]*stackResource
	properties   map[string]properties // of those that were changed
	capabilities []string
	tags         []label
	made         []*stackResource
}

// update puts another template in the place of the stack's.
func (s *stack) update(at time.Time, t *template, was before) {
	was.template, was.resources, was.properties = s.template, maps.Clone(s.resources), map[string]properties{}
	s.template, s.updated = t, at
	s.becomes(at, "UPDATE_IN_PROGRESS", "User Initiated")
	s.updateNext(at, t.order, &was)
}

func (s *stack) updateNext(at time.Time, rest []string, was *before) {
	if len(rest) == 0 {
		if f := s.finish(); f != nil {
			s.updateBack(at, f.message, was)
			return
		}
		s.cleanUp(at, was)
		return
	}
	name, t := rest[0], s.template.resources[rest[0]]
	r := s.resources[name]
	if r == nil || r.status == "DELETE_COMPLETE" || r.typ != t.typ {
		s.updateMaking(at, s.resource(name), rest, was)
		return
	}
	r.retain = t.retain
	p, f := s.wanted(r)
	switch {
	case f == nil && fmt.Sprint(p) == fmt.Sprint(r.properties):
		s.updateNext(at, rest[1:], was)
	case f == nil && slices.ContainsFunc(resourceTypes()[r.typ].replace, func(n string) bool { return !p.same(r.properties, n) }):
		s.updateMaking(at, s.resource(name), rest, was)
	default:
		s.updateChanging(at, r, rest, was)
	}
}

// updateMaking makes a resource that is new, or takes the place of another.
func (s *stack) updateMaking(at time.Time, r *stackResource, rest []string, was *before) {
	s.resources[r.logical] = r
	r.becomes(at, "CREATE_IN_PROGRESS", "")
	s.after(at, func(at time.Time) {
		f := s.make(at, r)
		if r.physical != "" {
			was.made = append(was.made, r)
		}
		if f != nil {
			r.becomes(at, "CREATE_FAILED", r.reason(f))
			s.updateBack(at, fmt.Sprintf("The following resource(s) failed to create: [%s]. ", r.logical), was)
			return
		}
		r.becomes(at, "CREATE_COMPLETE", "")
		s.updateNext(at, rest[1:], was)
	})
}

func (s *stack) updateChanging(at time.Time, r *stackResource, rest []string, was *before) {
	r.becomes(at, "UPDATE_IN_PROGRESS", "")
	s.after(at, func(at time.Time) {
		p, f := s.wanted(r)
		if f == nil {
			was.properties[r.logical] = r.properties
			f = resourceTypes()[r.typ].update(s.actor(at), r, p)
			r.properties = p // also of one that got half way: it is taken back from there
		}
		if f != nil {
			r.becomes(at, "UPDATE_FAILED", r.reason(f))
			s.updateBack(at, fmt.Sprintf("The following resource(s) failed to update: [%s]. ", r.logical), was)
			return
		}
		r.becomes(at, "UPDATE_COMPLETE", "")
		s.updateNext(at, rest[1:], was)
	})
}

// cleanUp deletes what an update left over.
func (s *stack) cleanUp(at time.Time, was *before) {
	s.old = nil
	for _, name := range was.template.order {
		r := was.resources[name]
		if r != nil && s.resources[name] != r {
			s.old = append(s.old, r)
		} else if s.template.resources[name] == nil && r != nil {
			s.old = append(s.old, r)
			delete(s.resources, name)
		}
	}
	slices.Reverse(s.old)
	s.becomes(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "")
	s.deleteNext(at, s.old, func(at time.Time, _ []string) {
		s.old = nil // what could not be deleted is no longer the stack's
		s.becomes(at, "UPDATE_COMPLETE", "")
	})
}

// updateBack takes an update back.
func (s *stack) updateBack(at time.Time, why string, was *before) {
	s.becomes(at, "UPDATE_ROLLBACK_IN_PROGRESS", why)
	var back []*stackResource
	for _, name := range s.template.order {
		if r := was.resources[name]; r != nil && was.properties[name] != nil {
			back = append(back, r)
		}
	}
	s.template, s.resources, s.capabilities, s.tags = was.template, was.resources, was.capabilities, was.tags
	s.backNext(at, back, was)
}

func (s *stack) backNext(at time.Time, rest []*stackResource, was *before) {
	if len(rest) == 0 {
		s.becomes(at, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "")
		slices.Reverse(was.made)
		s.deleteNext(at, was.made, func(at time.Time, _ []string) { s.becomes(at, "UPDATE_ROLLBACK_COMPLETE", "") })
		return
	}
	r := rest[0]
	r.becomes(at, "UPDATE_IN_PROGRESS", "")
	s.after(at, func(at time.Time) {
		p := was.properties[r.logical]
		if f := resourceTypes()[r.typ].update(s.actor(at), r, p); f != nil {
			r.becomes(at, "UPDATE_FAILED", r.reason(f))
			s.becomes(at, "UPDATE_ROLLBACK_FAILED", fmt.Sprintf("The following resource(s) failed to update: [%s]. ", r.logical))
			return
		}
		r.properties = p
		r.becomes(at, "UPDATE_COMPLETE", "")
		s.backNext(at, rest[1:], was)
	})
}
