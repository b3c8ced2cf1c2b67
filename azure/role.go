package azure

import (
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// permission is what a role allows, or a deny assignment takes away, of the
// control plane and of data.
// Source: learn.microsoft.com/azure/role-based-access-control/role-definitions.
type permission struct {
	Actions        []string `json:"actions"`
	NotActions     []string `json:"notActions"`
	DataActions    []string `json:"dataActions"`
	NotDataActions []string `json:"notDataActions"`
}

// definition is a role.
type definition struct {
	Properties struct {
		Name        string       `json:"roleName"`
		Permissions []permission `json:"permissions"`
	} `json:"properties"`
}

// matches tells whether an operation fits a pattern, whatever the case of
// letters. Each * stands for any characters, slashes too; nothing else is special.
func matches(pattern, operation string) bool {
	pattern, operation = strings.ToLower(pattern), strings.ToLower(operation)
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == operation
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(operation) < len(first)+len(last) || !strings.HasPrefix(operation, first) || !strings.HasSuffix(operation, last) {
		return false
	}
	rest := operation[len(first) : len(operation)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return true
}

func matchesAny(patterns []string, operation string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matches(p, operation) })
}

// something stands for a part of an operation that could be any. No operation
// has it, so that only a pattern with a * in its place fits.
const something = "\ue000"

// samples are operations that stand for all that a pattern fits beyond reads;
// none for a pattern of reads. Where it ends in a *, there is one for each kind of
// operation, and one for each kind that the pattern has begun to spell.
// Source: learn.microsoft.com/azure/role-based-access-control/resource-provider-operations.
func samples(pattern string) (all []string) {
	lower := strings.ToLower(pattern)
	if strings.HasSuffix(lower, "/read") {
		return nil
	}
	head, open := strings.CutSuffix(lower, "*")
	head = strings.ReplaceAll(head, "*", something)
	if !open {
		return []string{head}
	}
	for _, kind := range []string{"/write", "/delete", "/action"} {
		all = append(all, head+something+kind)
		for n := range len(kind) {
			if strings.HasSuffix(head, kind[:n+1]) {
				all = append(all, head+kind[n+1:])
			}
		}
	}
	return all
}

// beyond are the patterns that allow more than reads, less those that taken
// takes away wholly.
func beyond(patterns, taken []string) (all []string) {
	for _, p := range patterns {
		if slices.ContainsFunc(samples(p), func(s string) bool { return !matchesAny(taken, s) }) {
			all = append(all, p)
		}
	}
	return all
}

// beyondRead is what a role allows besides reading, as it is written in the
// role, less what was denied.
func (d definition) beyondRead(denied []permission) (all []string) {
	var actions, data []string
	for _, x := range denied {
		// What a deny assignment leaves out is not worked out: it counts for nothing.
		if len(x.NotActions) == 0 {
			actions = append(actions, x.Actions...)
		}
		if len(x.NotDataActions) == 0 {
			data = append(data, x.DataActions...)
		}
	}
	for _, p := range d.Properties.Permissions {
		all = append(all, beyond(p.Actions, slices.Concat(p.NotActions, actions))...)
		all = append(all, beyond(p.DataActions, slices.Concat(p.NotDataActions, data))...)
	}
	return all
}

// readsAll tells whether a role allows everything that Reader does.
func (d definition) readsAll() bool {
	const anyRead = something + "/" + something + "/read"
	return slices.ContainsFunc(d.Properties.Permissions, func(p permission) bool {
		return matchesAny(p.Actions, anyRead) && !slices.ContainsFunc(p.NotActions, touchesReads)
	})
}

// touchesReads tells whether a pattern takes away any read.
func touchesReads(pattern string) bool {
	p := strings.ToLower(pattern)
	return strings.HasSuffix(p, "/read") || strings.HasSuffix(p, "*")
}

// readsVaults tells whether a role allows what Key Vault Reader is for: the
// vaults, and the names of what is in them.
func (d definition) readsVaults() bool {
	const in = "Microsoft.KeyVault/vaults/" + something + "/read"
	var control, data bool
	for _, p := range d.Properties.Permissions {
		control = control || matchesAny(p.Actions, in) && !slices.ContainsFunc(p.NotActions, touchesReads)
		data = data || matchesAny(p.DataActions, in) && !slices.ContainsFunc(p.NotDataActions, touchesReads)
	}
	return control && data
}

// allows tells whether a role allows one operation.
func (d definition) allows(operation string) bool {
	return slices.ContainsFunc(d.Properties.Permissions, func(p permission) bool {
		return matchesAny(p.Actions, operation) && !matchesAny(p.NotActions, operation)
	})
}

// assigning is the operation of whoever assigns roles.
const assigning = "Microsoft.Authorization/roleAssignments/write"

// strong are the built-in roles that are known to change something, whatever is
// read of them.
var strong = []account.AzureRole{
	account.AzureContributor, account.AzureOwner, account.AzureUserAccessAdministrator, account.AzureAccessControlAdmin,
}

// reader is Reader, which need not be asked for.
// Source: learn.microsoft.com/azure/role-based-access-control/built-in-roles.
var reader = builtIn(account.AzureReader, permission{Actions: []string{"*/read"}})

func builtIn(role account.AzureRole, p permission) (d definition) {
	d.Properties.Name, d.Properties.Permissions = role.String(), []permission{p}
	return d
}
