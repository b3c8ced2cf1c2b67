package azure

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// What is read of Azure Resource Manager's objects.
type (
	subscription struct {
		ID    string `json:"subscriptionId"`
		Name  string `json:"displayName"`
		State string `json:"state"`
	}
	assignment struct {
		ID         string `json:"id"`
		Properties struct {
			Role      string `json:"roleDefinitionId"`
			Principal string `json:"principalId"`
			Scope     string `json:"scope"`
			Condition string `json:"condition"`
		} `json:"properties"`
	}
	deny struct {
		Properties struct {
			Name        string       `json:"denyAssignmentName"`
			Scope       string       `json:"scope"`
			Permissions []permission `json:"permissions"`
			NotBelow    bool         `json:"doNotApplyToChildScopes"`
			Principals  []subject    `json:"principals"`
			Excluded    []subject    `json:"excludePrincipals"`
		} `json:"properties"`
	}
	subject struct {
		ID string `json:"id"`
	}
	vault struct {
		Name       string `json:"name"`
		Properties struct {
			RBAC     bool `json:"enableRbacAuthorization"`
			Policies []struct {
				Object string `json:"objectId"`
			} `json:"accessPolicies"`
		} `json:"properties"`
	}
)

// role is the id of the role that was assigned.
func (a assignment) role() string { return strings.ToLower(lastPart(a.Properties.Role)) }

// below tells whether an assignment that was listed at a scope is of something
// in it. What is in a management group is not listed with it.
func (a assignment) below(s account.AzureScope) bool {
	prefix := string(s) + "/"
	return len(a.Properties.Scope) > len(prefix) && strings.EqualFold(a.Properties.Scope[:len(prefix)], prefix)
}

// answer is what one question brought.
type answer[T any] struct {
	value    T
	err      error
	more     bool // there are pages beyond the bound
	evidence []account.Evidence
}

// unread is why it is not all there; nil where it is.
func (a answer[T]) unread() *account.Problem {
	switch {
	case a.err != nil:
		return problemOf(a.err, apps)
	case a.more:
		return tooLong()
	}
	return nil
}

// tooLong is why a list does not tell what is not in it.
func tooLong() *account.Problem {
	return &account.Problem{Kind: account.Unexpected, Message: "a list is too long to be read to its end"}
}

// list asks for a collection.
func list[T any](ctx context.Context, q asker, address string) answer[[]T] {
	all, err := rest.Collect[T](ctx, q.rest, q.root+address, q.bearer, mostPages)
	return answer[[]T]{all.Items, err, all.More, all.Evidence}
}

// one asks for an object.
func one[T any](ctx context.Context, q asker, address string) answer[T] {
	var v T
	a, err := q.rest.GetJSON(ctx, q.root+address, q.bearer, &v)
	return answer[T]{v, err, false, []account.Evidence{a.Evidence}}
}

// place is what was read at one scope.
type place struct {
	scope   account.AzureScope
	chosen  bool
	roles   answer[[]assignment] // of the app and its groups, as far as it is known
	denies  answer[[]deny]       // only of a chosen scope
	probe   answer[struct{}]     // a read that Reader allows, only of a chosen scope
	vaults  answer[[]vault]      // only of a subscription, where they are wanted
	assured bool                 // the subscription is one that the app sees
}

// look is one look at an account's Azure.
type look struct {
	asker
	t    account.AzureTarget
	free chan struct{} // one for each call that may be in flight

	token         []account.Evidence
	subscriptions answer[[]subscription]
	places        []*place // those chosen first
	skipped       int      // subscriptions that were not looked into
	definitions   map[string]answer[definition]
}

// read asks everything: first what is seen and what holds at the scopes that
// were chosen, then in each subscription that is seen, then what the roles are
// that were found.
func (l *look) read(ctx context.Context) *look {
	for _, s := range l.t.Scopes {
		l.places = append(l.places, &place{scope: s, chosen: true})
	}
	var all sync.WaitGroup
	l.ask(&all, func() { l.subscriptions = list[subscription](ctx, l.asker, subscriptions+subscriptionsVersion) })
	for _, p := range l.places {
		if p.roles.err = needed(p.scope); p.roles.err != nil {
			continue
		}
		l.ask(&all, func() { p.roles = l.rolesAt(ctx, p.scope) })
		l.ask(&all, func() {
			p.denies = list[deny](ctx, l.asker, filtered(at(p.scope, authorization+"/denyAssignments"+authorizationVersion), "atScope()"))
		})
		l.ask(&all, func() { p.probe = one[struct{}](ctx, l.asker, probeOf(p.scope)) })
	}
	all.Wait()
	l.enter()
	for _, p := range l.places {
		if !p.chosen {
			l.ask(&all, func() { p.roles = l.rolesAt(ctx, p.scope) })
		}
		if l.t.Vaults && p.assured {
			l.ask(&all, func() {
				p.vaults = list[vault](ctx, l.asker, at(p.scope, "/providers/Microsoft.KeyVault/vaults"+vaultsVersion))
			})
		}
	}
	all.Wait()
	l.define(ctx)
	return l
}

// ask makes one call when there is room for it.
func (l *look) ask(all *sync.WaitGroup, call func()) {
	all.Go(func() {
		l.free <- struct{}{}
		defer func() { <-l.free }()
		call()
	})
}

// rolesAt are the app's roles at and above a scope, in a subscription also in it;
// those of groups that it is in, too. Without the app's object id there are none.
// Source: learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest.
func (l *look) rolesAt(ctx context.Context, s account.AzureScope) answer[[]assignment] {
	p := string(l.t.Link.Principal)
	if !account.IsGUID(p) { // that the list can be read tells something all the same
		a := list[assignment](ctx, l.asker, filtered(at(s, assignments+authorizationVersion), "atScope()"))
		a.value = nil
		return a
	}
	filter := "assignedTo('" + p + "')"
	if !s.IsSubscription() {
		filter = "atScope() and " + filter
	}
	return list[assignment](ctx, l.asker, filtered(at(s, assignments+authorizationVersion), filter))
}

// isApp tells whether an object id is the app's.
func (l *look) isApp(id string) bool {
	return l.t.Link.Principal != "" && strings.EqualFold(id, string(l.t.Link.Principal))
}

// probeOf is a read that Reader allows at a scope.
func probeOf(s account.AzureScope) string {
	if s.IsSubscription() {
		return at(s, "/resourcegroups"+resourcesVersion+"&$top=1")
	}
	return string(s) + groupsVersion
}

// probing is the operation of that read.
func probing(s account.AzureScope) string {
	if s.IsSubscription() {
		return "Microsoft.Resources/subscriptions/resourceGroups/read"
	}
	return "Microsoft.Management/managementGroups/read"
}

// enter adds the subscriptions that are seen to what is looked into.
func (l *look) enter() {
	for _, s := range l.subscriptions.value {
		scope, err := account.Subscription(s.ID)
		if err != nil {
			continue
		}
		if i := slices.IndexFunc(l.places, func(p *place) bool { return p.scope == scope }); i >= 0 {
			l.places[i].assured = true
			continue
		}
		if len(l.places) == len(l.t.Scopes)+mostSubscriptions {
			l.skipped++
			continue
		}
		l.places = append(l.places, &place{scope: scope, assured: true})
	}
}

// define reads the roles that were found, each once, at a scope where it was
// found: one of the customer's own is told where the app may read.
func (l *look) define(ctx context.Context) {
	l.definitions = map[string]answer[definition]{string(account.AzureReader): {value: reader}}
	found := map[string]account.AzureScope{}
	for _, p := range l.places {
		for _, a := range p.roles.value {
			if id := a.role(); id != string(account.AzureReader) && account.IsGUID(id) && found[id] == "" {
				found[id] = p.scope
			}
		}
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	for id, scope := range found {
		l.ask(&all, func() {
			d := one[definition](ctx, l.asker, at(scope, definitions+id+authorizationVersion))
			mu.Lock()
			defer mu.Unlock()
			l.definitions[id] = d
		})
	}
	all.Wait()
}

// facts are the subscriptions that are seen.
func (l *look) facts() (f account.Facts) {
	for _, s := range l.subscriptions.value {
		if scope, err := account.Subscription(s.ID); err == nil {
			f.Subscriptions = append(f.Subscriptions, account.AzureGroup{Scope: scope, Name: rest.Text(s.Name, longestText), State: rest.Text(s.State, 20)})
		}
	}
	return f
}
