package simaws

import (
	"net/http"
	"strings"
)

// act does something as the administrator in the console, who may do everything.
func (a *Account) act(region string, do func(by actor) *failure) error {
	a.c.mu.Lock()
	defer a.c.mu.Unlock()
	now := a.c.now().UTC()
	a.c.settle(now)
	if region == "" {
		region = a.partition.global
	}
	f := do(actor{c: a.c, at: now, region: region})
	a.c.settle(now)
	return f.asError()
}

// UploadTemplate is an administrator who makes a stack in the console by
// uploading a template, acknowledging what it may create. It returns the stack's
// id when the stack is begun.
func (a *Account) UploadTemplate(region, stackName, template string) (id string, err error) {
	err = a.act(region, func(by actor) *failure {
		t, f := parseTemplate(template)
		switch {
		case f != nil:
			return f
		case !stackNameForm().MatchString(stackName):
			return violation(stackName, "stackName", "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*")
		case a.live(region, stackName) != nil:
			return refuse(http.StatusBadRequest, "AlreadyExistsException", "Stack [%s] already exists", stackName)
		}
		id = a.newStack(by, stackIn{name: stackName, template: t, capabilities: []string{"CAPABILITY_NAMED_IAM"}}).id
		return nil
	})
	return id, err
}

// UpdateTemplate is an administrator who updates a stack in the console by
// uploading a template in the place of the one it has.
func (a *Account) UpdateTemplate(region, stackName, template string) error {
	return a.act(region, func(by actor) *failure {
		t, f := parseTemplate(template)
		if f != nil {
			return f
		}
		s := a.live(region, stackName)
		if s == nil || s.status == "DELETE_COMPLETE" {
			return noStack(stackName)
		}
		if f := s.updatable(t, s.tags); f != nil {
			return f
		}
		by.note(a, "cloudformation:UpdateStack", s.id)
		s.begin(nil, "", "update")
		was := before{capabilities: s.capabilities, tags: s.tags}
		s.capabilities = []string{"CAPABILITY_NAMED_IAM"}
		s.update(by.at, t, was)
		return nil
	})
}

// DeleteStack deletes a stack, by name or id.
func (a *Account) DeleteStack(region, name string) error {
	return a.act(region, func(by actor) *failure {
		s := a.live(region, name)
		if s == nil || s.status == "DELETE_COMPLETE" {
			return noStack(name)
		}
		by.note(a, "cloudformation:DeleteStack", s.id)
		s.begin(nil, "", "delete")
		s.remove(by.at)
		return nil
	})
}

// CreateRole makes a role with a trust policy.
func (a *Account) CreateRole(name, trustPolicy string) error {
	return a.act("", func(by actor) *failure {
		_, f := a.createRole(by, newRole{name: name, trust: trustPolicy})
		return f
	})
}

// DeleteRole deletes a role with everything that is attached to it.
func (a *Account) DeleteRole(name string) error {
	return a.act("", func(by actor) *failure {
		if r := a.role(name); r != nil {
			r.managed, r.inline = nil, nil
		}
		return a.deleteRole(by, name)
	})
}

// SetTrust changes a role's trust policy.
func (a *Account) SetTrust(role, policy string) error {
	return a.act("", func(by actor) *failure { return a.updateTrust(by, role, policy) })
}

// Attach attaches a managed policy of AWS, as "AdministratorAccess" or
// "job-function/ViewOnlyAccess".
func (a *Account) Attach(role, policy string) error {
	return a.act("", func(by actor) *failure { return a.attach(by, role, a.managedARN(policy)) })
}

// Detach takes it away.
func (a *Account) Detach(role, policy string) error {
	return a.act("", func(by actor) *failure { return a.detach(by, role, a.managedARN(policy)) })
}

// PutInline gives a role an inline policy.
func (a *Account) PutInline(role, name, policy string) error {
	return a.act("", func(by actor) *failure { return a.putInline(by, role, name, policy) })
}

// DeleteInline takes it away.
func (a *Account) DeleteInline(role, name string) error {
	return a.act("", func(by actor) *failure { return a.deleteInline(by, role, name) })
}

// SetMaxSession changes how long sessions of a role can last, in seconds.
func (a *Account) SetMaxSession(role string, seconds int) error {
	return a.act("", func(by actor) *failure {
		r, f := a.changing(by, "iam:UpdateRole", role)
		if f == nil {
			r.maxSession = seconds
			by.note(a, "iam:UpdateRole", r.arn())
		}
		return f
	})
}

// EnableAnchor switches a trust anchor, by its ARN or id.
func (a *Account) EnableAnchor(region, anchor string, on bool) error {
	return a.act(region, func(by actor) *failure { _, f := a.switchAnchor(by, lastOf(anchor), on); return f })
}

// DeleteAnchor deletes a trust anchor, by its ARN or id.
func (a *Account) DeleteAnchor(region, anchor string) error {
	return a.act(region, func(by actor) *failure { _, f := a.deleteAnchor(by, lastOf(anchor)); return f })
}

// SetAnchor puts other certificates into a trust anchor, in PEM.
func (a *Account) SetAnchor(region, anchor, pem string) error {
	return a.act(region, func(by actor) *failure {
		in := anchorIn{Source: &sourceIn{Type: "CERTIFICATE_BUNDLE"}}
		in.Source.Data.PEM = pem
		_, f := a.updateAnchor(by, lastOf(anchor), in)
		return f
	})
}

// EnableProfile switches a profile, by its ARN or id.
func (a *Account) EnableProfile(region, profile string, on bool) error {
	return a.act(region, func(by actor) *failure { _, f := a.switchProfile(by, lastOf(profile), on); return f })
}

// DeleteProfile deletes a profile, by its ARN or id.
func (a *Account) DeleteProfile(region, profile string) error {
	return a.act(region, func(by actor) *failure { _, f := a.deleteProfile(by, lastOf(profile)); return f })
}

// SetProfilePolicies changes what limits the sessions of a profile: managed
// policies of AWS and one inline policy, empty for none.
func (a *Account) SetProfilePolicies(region, profile, policy string, managed ...string) error {
	return a.act(region, func(by actor) *failure {
		arns := []string{}
		for _, m := range managed {
			arns = append(arns, a.managedARN(m))
		}
		_, f := a.updateProfile(by, lastOf(profile), profileIn{Managed: arns, Policy: &policy})
		return f
	})
}

// lastOf is the last part of an ARN.
func lastOf(arn string) string {
	return arn[strings.LastIndexByte(arn, '/')+1:]
}

// EndSessions ends every session of a role at once, as a policy that denies older
// tokens does.
func (a *Account) EndSessions(role string) {
	a.c.set(func() {
		for id, k := range a.c.keys {
			if r := k.who.role; r != nil && r.account == a && r.name == role {
				delete(a.c.keys, id)
			}
		}
	})
}
