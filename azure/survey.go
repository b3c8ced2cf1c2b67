package azure

import (
	"context"
	"strings"
	"sync"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

const (
	// mostGroups bounds how many management groups are looked into where the root
	// is not seen, mostAsked at how many scopes it is asked who may assign roles.
	mostGroups = 40
	mostAsked  = 200
)

// entry is a management group or subscription as it is listed, also among the
// descendants of a group.
type entry struct {
	ID         string `json:"id"`
	Properties struct {
		Name   string `json:"displayName"`
		Parent struct {
			ID string `json:"id"`
		} `json:"parent"`
	} `json:"properties"`
}

// survey is what was read.
type survey struct {
	a *Administrator
	c *change

	mu      sync.Mutex
	nodes   map[account.AzureScope]account.AzureGroup
	order   []account.AzureScope // in which they were met
	partial bool
}

// SurveyAzure reads what the person sees of Azure, and changes nothing: the
// management groups and subscriptions, parents first, and at which of them the
// person may assign roles, by what is assigned to the person, also through
// groups. Where that cannot be told it says so. It ends within 45 seconds.
func (a *Administrator) SurveyAzure(ctx context.Context) (account.AzureSurvey, error) {
	ctx, cancel := context.WithTimeout(ctx, seeLimit)
	defer cancel()
	found, evidence, err := do(ctx, a, nil, func(ctx context.Context, c *change) (account.AzureSurvey, error) {
		s := &survey{a: a, c: c, nodes: map[account.AzureScope]account.AzureGroup{}}
		return s.read(ctx)
	})
	found.Evidence = evidence
	return found, err
}

func (s *survey) read(ctx context.Context) (found account.AzureSurvey, err error) {
	var all sync.WaitGroup
	var listed, whole rest.Collected[entry]
	var subs rest.Collected[subscription]
	var up []string
	var errs [4]error
	top, _ := account.ManagementGroup(string(s.a.Person().Tenant)) // its id is a GUID, or nothing is found under it
	all.Go(func() { listed, errs[0] = collect[entry](ctx, s.c, groups+groupsVersion) })
	all.Go(func() { subs, errs[1] = collect[subscription](ctx, s.c, subscriptions+subscriptionsVersion) })
	all.Go(func() { whole, errs[2] = s.descendants(ctx, top) })
	all.Go(func() { up, errs[3] = s.c.elevations(ctx, s.a.Person().ID) })
	all.Wait()
	for _, err := range errs {
		if p := failed(err); p != nil {
			return found, p
		}
	}
	s.partial = listed.More || subs.More || whole.More
	s.add(listed.Items)
	s.add(whole.Items)
	if errs[2] != nil {
		if err := s.lookInto(ctx, listed.Items); err != nil {
			return found, err
		}
	}
	s.addSubscriptions(subs.Items)
	found.Elevated = len(up) > 0
	found.Tree = s.tree()
	found.Partial = s.partial
	found.May, found.Untold = s.may(ctx, found.Tree, found.Elevated)
	return found, nil
}

// failed is why a read brought nothing, unless the person does not see what was
// asked for, or it is gone.
func failed(err error) *account.Problem {
	p := problemOf(err, persons)
	if p != nil && (p.Kind == account.AzureRoleMissing || p.Kind == account.ScopeNotFound) {
		return nil
	}
	return p
}

func (s *survey) descendants(ctx context.Context, g account.AzureScope) (rest.Collected[entry], error) {
	return collect[entry](ctx, s.c, string(g)+"/descendants"+groupsVersion)
}

// lookInto reads what is below each group that is seen, side by side, where the
// root's own list may not be read.
func (s *survey) lookInto(ctx context.Context, listed []entry) error {
	var seen []account.AzureScope
	for _, e := range listed {
		if scope, ok := scopeOf(e.ID); ok && !scope.IsSubscription() {
			seen = append(seen, scope)
		}
	}
	if len(seen) > mostGroups {
		seen, s.partial = seen[:mostGroups], true
	}
	var all sync.WaitGroup
	var first error
	free := make(chan struct{}, mostAtOnce)
	for _, scope := range seen {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			below, err := s.descendants(ctx, scope)
			s.add(below.Items)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.partial = s.partial || below.More
			if p := failed(err); p != nil && first == nil {
				first = p
			}
		})
	}
	all.Wait()
	return first
}

// scopeOf is the scope of an address, if it is one.
func scopeOf(id string) (account.AzureScope, bool) {
	if !strings.HasPrefix(id, "/") {
		return "", false
	}
	s, err := account.ParseAzureScope(id)
	return s, err == nil
}

// add keeps entries; what is told of one twice is put together.
func (s *survey) add(entries []entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range entries {
		scope, ok := scopeOf(e.ID)
		if !ok {
			continue
		}
		g, known := s.nodes[scope]
		if !known {
			s.order = append(s.order, scope)
		}
		g.Scope = scope
		if name := rest.Text(e.Properties.Name, longestText); name != "" {
			g.Name = name
		}
		if parent, ok := scopeOf(e.Properties.Parent.ID); ok && parent != scope {
			g.Parent = parent
		}
		s.nodes[scope] = g
	}
}

func (s *survey) addSubscriptions(subs []subscription) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, x := range subs {
		scope, err := account.Subscription(x.ID)
		if err != nil {
			continue
		}
		g, known := s.nodes[scope]
		if !known {
			s.order = append(s.order, scope)
		}
		g.Scope, g.Name, g.State = scope, rest.Text(x.Name, longestText), rest.Text(x.State, 20)
		s.nodes[scope] = g
	}
}

// tree are the nodes, parents first and otherwise in the order in which they
// were met. A parent that is not seen is none; a circle is cut.
func (s *survey) tree() []account.AzureGroup {
	below := map[account.AzureScope][]account.AzureGroup{}
	placed := map[account.AzureScope]bool{}
	for _, scope := range s.order {
		g := s.nodes[scope]
		below[g.Parent] = append(below[g.Parent], g)
	}
	var all []account.AzureGroup
	var place func(parent account.AzureScope)
	place = func(parent account.AzureScope) {
		for _, g := range below[parent] {
			if !placed[g.Scope] {
				placed[g.Scope] = true
				all = append(all, g)
				place(g.Scope)
			}
		}
	}
	place("")
	for _, scope := range s.order {
		if !placed[scope] { // its parent is not seen, or it is in a circle
			g := s.nodes[scope]
			g.Parent, placed[scope] = "", true
			all = append(all, g)
			place(scope)
		}
	}
	return all
}

// may are the scopes of the tree at which the person may assign roles, and those
// of which that could not be told. What holds at a group holds below it, and is
// not asked again there.
func (s *survey) may(ctx context.Context, tree []account.AzureGroup, elevated bool) (may, untold []account.AzureScope) {
	told := map[account.AzureScope]verdict{}
	asked := 0
	for level := s.level(tree, told); len(level) > 0; level = s.level(tree, told) {
		var all sync.WaitGroup
		free := make(chan struct{}, mostAtOnce)
		answers := make([]verdict, len(level))
		for i, g := range level {
			switch {
			case elevated || told[g.Parent] == yes:
				answers[i] = yes
			case asked == mostAsked:
				answers[i] = unknown
			default:
				asked++
				all.Go(func() {
					free <- struct{}{}
					defer func() { <-free }()
					answers[i] = s.mayAt(ctx, g.Scope)
				})
			}
		}
		all.Wait()
		for i, g := range level {
			told[g.Scope] = answers[i]
		}
	}
	for _, g := range tree {
		switch told[g.Scope] {
		case yes:
			may = append(may, g.Scope)
		case unknown:
			untold = append(untold, g.Scope)
		}
	}
	return may, untold
}

// verdict is whether the person may assign roles at a scope.
type verdict int

const (
	unasked verdict = iota
	yes
	no
	unknown
)

// level are the nodes whose parents were asked about, and which were not.
func (s *survey) level(tree []account.AzureGroup, told map[account.AzureScope]verdict) (all []account.AzureGroup) {
	for _, g := range tree {
		if told[g.Scope] == unasked && (g.Parent == "" || told[g.Parent] != unasked) {
			all = append(all, g)
		}
	}
	return all
}

// mayAt asks what is assigned to the person at and above a scope, also through
// groups. An assignment under a condition leaves it open.
func (s *survey) mayAt(ctx context.Context, scope account.AzureScope) verdict {
	all, err := collect[assignment](ctx, s.c, filtered(at(scope, assignments+authorizationVersion), "atScope() and assignedTo('"+string(s.a.Person().ID)+"')"))
	if err != nil || all.More {
		return unknown
	}
	is := no
	for _, a := range all.Items {
		switch s.assigns(ctx, scope, a.role()) {
		case yes:
			if a.Properties.Condition == "" {
				return yes
			}
			is = unknown
		case unknown:
			is = unknown
		}
	}
	return is
}

// assigns tells whether a role may assign roles.
func (s *survey) assigns(ctx context.Context, scope account.AzureScope, role string) verdict {
	switch account.AzureRole(role) {
	case account.AzureOwner, account.AzureUserAccessAdministrator, account.AzureAccessControlAdmin:
		return yes
	case account.AzureReader, account.AzureContributor, account.AzureKeyVaultReader:
		return no
	}
	if !account.IsGUID(role) {
		return unknown
	}
	var d definition
	switch err := s.c.get(ctx, at(scope, definitions+role+authorizationVersion), &d); {
	case err != nil:
		return unknown
	case d.allows(assigning):
		return yes
	}
	return no
}
