package simaws

import (
	"maps"
	"slices"
	"time"
)

// RoleState is a role as the administrator sees it.
type RoleState struct {
	Name, ARN, ID string
	Trust         string // the trust policy, in JSON
	MaxSession    time.Duration
	Managed       []string          // ARNs, in the order they were attached
	Inline        map[string]string // policies by name, in JSON
	Created       time.Time
}

// AnchorState is a trust anchor.
type AnchorState struct {
	Name, ARN, ID    string
	Enabled          bool
	PEM              string
	Certificates     [][]byte // DER
	Created, Updated time.Time
}

// ProfileState is a profile of IAM Roles Anywhere.
type ProfileState struct {
	Name, ARN, ID    string
	Enabled          bool
	Roles            []string // ARNs
	Managed          []string // ARNs
	SessionPolicy    string
	Duration         time.Duration
	Created, Updated time.Time
}

// StackState is a stack, also one that was deleted.
type StackState struct {
	Name, ID         string
	Status, Reason   string
	Template         string
	Outputs          map[string]string
	Resources        map[string]string // status, by logical id
	Created, Updated time.Time
}

// Gone tells whether it was deleted.
func (s StackState) Gone() bool { return s.Status == "DELETE_COMPLETE" }

// look reads something when everything that is due was done.
func look[T any](a *Account, read func() T) T {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	a.c.settle(a.c.now().UTC())
	return read()
}

// Roles are the roles, without those of AWS's own services.
func (a *Account) Roles() []RoleState {
	return look(a, func() []RoleState {
		var all []RoleState
		for _, r := range a.roles {
			s := RoleState{Name: r.name, ARN: r.arn(), ID: r.id, Trust: r.shownTrust(), MaxSession: time.Duration(r.maxSession) * time.Second, Managed: slices.Clone(r.managed), Inline: map[string]string{}, Created: r.created}
			for _, p := range r.inline {
				s.Inline[p.name] = p.text
			}
			all = append(all, s)
		}
		return all
	})
}

// Anchors are the trust anchors of a region.
func (a *Account) Anchors(region string) []AnchorState {
	return look(a, func() []AnchorState {
		var all []AnchorState
		for _, n := range a.in(region).anchors {
			s := AnchorState{Name: n.name, ARN: n.arn, ID: n.id, Enabled: n.enabled, PEM: n.pem, Created: n.created, Updated: n.updated}
			for _, c := range n.certificates {
				s.Certificates = append(s.Certificates, c.Raw)
			}
			all = append(all, s)
		}
		return all
	})
}

// Profiles are the profiles of a region.
func (a *Account) Profiles(region string) []ProfileState {
	return look(a, func() []ProfileState {
		var all []ProfileState
		for _, p := range a.in(region).profiles {
			all = append(all, ProfileState{
				Name: p.name, ARN: p.arn, ID: p.id, Enabled: p.enabled, Roles: slices.Clone(p.roles), Managed: slices.Clone(p.managed),
				SessionPolicy: p.policy, Duration: time.Duration(p.seconds) * time.Second, Created: p.created, Updated: p.updated,
			})
		}
		return all
	})
}

// Stacks are the stacks of a region, oldest first, also those that were deleted.
func (a *Account) Stacks(region string) []StackState {
	return look(a, func() []StackState {
		var all []StackState
		for _, s := range a.in(region).stacks {
			st := StackState{Name: s.name, ID: s.id, Status: s.status, Reason: s.reason, Template: s.template.body, Outputs: maps.Clone(s.told), Resources: map[string]string{}, Created: s.created, Updated: s.updated}
			for name, r := range s.resources {
				st.Resources[name] = r.status
			}
			all = append(all, st)
		}
		return all
	})
}
