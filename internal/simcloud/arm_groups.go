package simcloud

import (
	"net/http"
	"strings"
)

const (
	readGroup        = "Microsoft.Management/managementGroups/read"
	readSubscription = "Microsoft.Resources/subscriptions/read"
)

// listSubscriptions answers with those in which the caller has any role; with
// none of them, and no error, where there is none.
// Source: learn.microsoft.com/rest/api/resources/subscriptions/list.
func listSubscriptions(g *armCall, _ armBody) (armAnswer, *armError) {
	var all []object
	for _, s := range g.t.az.subs {
		if g.t.touches(g.who(), "/subscriptions/"+s.id, g.wall) {
			all = append(all, g.subscription(s))
		}
	}
	return g.list(all, object{"count": object{"type": "Total", "value": len(all)}})
}

func (g *armCall) subscription(s subscription) object {
	return object{
		"id": "/subscriptions/" + s.id, "authorizationSource": "RoleBased", "managedByTenants": []string{},
		"subscriptionId": s.id, "tenantId": g.t.spec.ID, "displayName": s.name, "state": s.state,
		"subscriptionPolicies": object{"locationPlacementId": "Public_2014-09-01", "quotaId": "EnterpriseAgreement_2014-09-01", "spendingLimit": "Off"},
	}
}

func oneSubscription(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs(readSubscription, g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	s, _ := g.t.sub(g.scope)
	return armAnswer{http.StatusOK, g.subscription(s)}, nil
}

// sub is the subscription of a scope.
func (t *Tenant) sub(scope string) (subscription, bool) {
	for _, s := range t.az.subs {
		if strings.EqualFold("/subscriptions/"+s.id, scope) {
			return s, true
		}
	}
	return subscription{}, false
}

// locations are a few of them, one of which is no place for customers.
func locations(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.Resources/subscriptions/locations/read", g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	var all []object
	for _, name := range []string{"westeurope", "northeurope", "centraluseuap"} {
		all = append(all, object{"id": g.scope + "/locations/" + name, "name": name, "type": "Region", "displayName": name, "metadata": object{"regionType": "Physical", "regionCategory": "Recommended"}})
	}
	return g.list(all, nil)
}

// listResourceGroups answers with those that the caller may read; 403 where the
// subscription's are not.
func listResourceGroups(g *armCall, _ armBody) (armAnswer, *armError) {
	const read = "Microsoft.Resources/subscriptions/resourceGroups/read"
	if e := g.needs(read, g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	var all []object
	for _, r := range g.t.az.resources {
		if g.t.within(r.scope, g.scope) {
			all = append(all, object{"id": r.scope, "name": r.name, "type": "Microsoft.Resources/resourceGroups", "location": r.location, "properties": object{"provisioningState": "Succeeded"}})
		}
	}
	if g.q.Get("$top") == "1" {
		all = all[:min(1, len(all))]
	}
	return g.list(all, nil)
}

// listVaults tells of each vault which of the two models of access it has.
// Source: learn.microsoft.com/rest/api/keyvault/keyvault/vaults/list-by-subscription.
func listVaults(g *armCall, _ armBody) (armAnswer, *armError) {
	if e := g.needs("Microsoft.KeyVault/vaults/read", g.scope, g.scope); e != nil {
		return armAnswer{}, e
	}
	var all []object
	for _, v := range g.t.az.vaults {
		if v.sub != strings.TrimPrefix(g.scope, "/subscriptions/") {
			continue
		}
		policies := []object{}
		for _, who := range v.readers {
			policies = append(policies, object{"tenantId": g.t.spec.ID, "objectId": who, "permissions": object{"keys": []string{"get", "list"}, "secrets": []string{"list"}, "certificates": []string{"get", "list"}}})
		}
		properties := object{"tenantId": g.t.spec.ID, "sku": object{"family": "A", "name": "standard"}, "accessPolicies": policies, "vaultUri": "https://" + v.name + ".vault.azure.net/", "provisioningState": "Succeeded"}
		if v.rbac {
			properties["enableRbacAuthorization"] = true
		}
		all = append(all, object{
			"id":   g.scope + "/resourceGroups/vaults/providers/Microsoft.KeyVault/vaults/" + v.name,
			"name": v.name, "type": "Microsoft.KeyVault/vaults", "location": "westeurope", "tags": object{}, "properties": properties,
		})
	}
	return g.list(all, nil)
}

// allGroups are all management groups, the root first.
func (t *Tenant) allGroups() []managementGroup {
	return append([]managementGroup{{t.spec.ID, "Tenant Root Group", ""}}, t.az.groups...)
}

// listGroups answers with those that the caller may read.
// Source: learn.microsoft.com/rest/api/managementgroups/management-groups/list.
func listGroups(g *armCall, _ armBody) (armAnswer, *armError) {
	var all []object
	for _, m := range g.t.allGroups() {
		if scope := groupsPath + "/" + m.id; g.may(readGroup, scope) {
			all = append(all, object{"id": scope, "type": "Microsoft.Management/managementGroups", "name": m.id, "properties": object{"tenantId": g.t.spec.ID, "displayName": m.name}})
		}
	}
	if all == nil {
		return armAnswer{}, g.needs(readGroup, "/", "/providers/Microsoft.Management")
	}
	return g.list(all, nil)
}

// group is the management group of the address, which the caller may read.
func (g *armCall) group() (managementGroup, *armError) {
	if e := g.needs(readGroup, g.scope, g.scope); e != nil {
		return managementGroup{}, e
	}
	for _, m := range g.t.allGroups() {
		if strings.EqualFold(m.id, g.name) {
			return m, nil
		}
	}
	return managementGroup{}, armProblem(http.StatusNotFound, "NotFound", "'%s' not found", g.scope)
}

func oneGroup(g *armCall, _ armBody) (armAnswer, *armError) {
	m, e := g.group()
	if e != nil {
		return armAnswer{}, e
	}
	details := object{"version": 1, "updatedTime": "2026-01-01T00:00:00.0000000Z", "updatedBy": g.t.spec.ID}
	if m.parent != "" {
		details["parent"] = object{"id": groupsPath + "/" + m.parent, "name": m.parent}
	}
	properties := object{"tenantId": g.t.spec.ID, "displayName": m.name, "details": details}
	if g.q.Get("$expand") == "children" {
		properties["children"] = g.children(m.id, g.q.Get("$recurse") == "true")
	}
	return armAnswer{http.StatusOK, object{"id": groupsPath + "/" + m.id, "type": "/providers/Microsoft.Management/managementGroups", "name": m.id, "properties": properties}}, nil
}

func (g *armCall) children(of string, recurse bool) []object {
	all := []object{}
	for _, m := range g.t.az.groups {
		if !strings.EqualFold(m.parent, of) {
			continue
		}
		o := object{"id": groupsPath + "/" + m.id, "type": "/providers/Microsoft.Management/managementGroups", "name": m.id, "displayName": m.name}
		if recurse {
			o["children"] = g.children(m.id, true)
		}
		all = append(all, o)
	}
	for _, s := range g.t.az.subs {
		if strings.EqualFold(s.group, of) {
			all = append(all, object{"id": "/subscriptions/" + s.id, "type": "/subscriptions", "name": s.id, "displayName": s.name})
		}
	}
	return all
}

// descendants are all below, each with its parent.
// Source: learn.microsoft.com/rest/api/managementgroups/management-groups/get-descendants.
func descendants(g *armCall, _ armBody) (armAnswer, *armError) {
	m, e := g.group()
	if e != nil {
		return armAnswer{}, e
	}
	return g.list(g.below(m.id), nil)
}

func (g *armCall) below(of string) (all []object) {
	for _, m := range g.t.az.groups {
		if strings.EqualFold(m.parent, of) {
			all = append(append(all, g.descendant(groupsPath+"/"+m.id, "Microsoft.Management/managementGroups", m.id, m.name, of)), g.below(m.id)...)
		}
	}
	for _, s := range g.t.az.subs {
		if strings.EqualFold(s.group, of) {
			all = append(all, g.descendant("/subscriptions/"+s.id, "/subscriptions", s.id, s.name, of))
		}
	}
	return all
}

func (g *armCall) descendant(id, kind, name, shown, parent string) object {
	return object{"id": id, "type": kind, "name": name, "properties": object{"displayName": shown, "parent": object{"id": groupsPath + "/" + parent}}}
}

// entities are all groups and subscriptions that the caller sees.
// Source: learn.microsoft.com/rest/api/managementgroups/entities/list.
func entities(g *armCall, _ armBody) (armAnswer, *armError) {
	var all []object
	for _, m := range g.t.allGroups() {
		if g.may(readGroup, groupsPath+"/"+m.id) {
			all = append(all, g.entity(g.descendant(groupsPath+"/"+m.id, "Microsoft.Management/managementGroups", m.id, m.name, m.parent), m.parent))
		}
	}
	for _, s := range g.t.az.subs {
		if g.t.touches(g.who(), "/subscriptions/"+s.id, g.wall) {
			all = append(all, g.entity(g.descendant("/subscriptions/"+s.id, "/subscriptions", s.id, s.name, s.group), s.group))
		}
	}
	return g.list(all, object{"count": len(all)})
}

// entity adds what an entity tells besides. A root has no parent.
func (g *armCall) entity(o object, parent string) object {
	p := o["properties"].(object)
	p["tenantId"], p["permissions"], p["inheritedPermissions"] = g.t.spec.ID, "view", "view"
	if parent == "" {
		p["parent"] = object{"id": nil}
	}
	return o
}
