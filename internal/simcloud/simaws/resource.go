package simaws

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// resourceType is a kind of resource that CloudFormation makes.
type resourceType struct {
	service    string // as its refusals name it
	shape      *shape
	attributes []string
	replace    []string // properties whose change makes another resource
	create     func(by actor, r *stackResource, p properties) *failure
	update     func(by actor, r *stackResource, p properties) *failure
	remove     func(by actor, r *stackResource) *failure
}

// resourceTypes are the types that are played.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference.
var resourceTypes = sync.OnceValue(func() map[string]*resourceType {
	return map[string]*resourceType{
		"AWS::RolesAnywhere::TrustAnchor": {
			service: "RolesAnywhere", attributes: []string{"TrustAnchorArn", "TrustAnchorId"},
			shape: object(map[string]*shape{
				"Name": aString, "Enabled": aBoolean, "Tags": someTags,
				"NotificationSettings": {kind: "List", of: object(map[string]*shape{"Channel": aString, "Enabled": aBoolean, "Event": aString, "Threshold": aNumber}, "Enabled", "Event")},
				"Source": object(map[string]*shape{
					"SourceType": aString,
					"SourceData": object(map[string]*shape{"X509CertificateData": aString, "AcmPcaArn": aString}),
				}, "SourceType", "SourceData"),
			}, "Name", "Source"),
			create: makeAnchor, update: changeAnchor, remove: removeAnchor,
		},
		"AWS::RolesAnywhere::Profile": {
			service: "RolesAnywhere", attributes: []string{"ProfileArn", "ProfileId"},
			shape: object(map[string]*shape{
				"Name": aString, "Enabled": aBoolean, "Tags": someTags, "DurationSeconds": aNumber, "RoleArns": strs, "ManagedPolicyArns": strs,
				"SessionPolicy": aString, "AcceptRoleSessionName": aBoolean, "RequireInstanceProperties": aBoolean,
				"AttributeMappings": {kind: "List", of: aJSON},
			}, "Name", "RoleArns"),
			create: makeProfile, update: changeProfile, remove: removeProfile,
		},
		"AWS::IAM::Role": {
			service: "Iam", attributes: []string{"Arn", "RoleId"}, replace: []string{"RoleName", "Path"},
			shape: object(map[string]*shape{
				"RoleName": aString, "Path": aString, "Description": aString, "AssumeRolePolicyDocument": aJSON, "ManagedPolicyArns": strs,
				"MaxSessionDuration": aNumber, "PermissionsBoundary": aString, "Tags": someTags,
				"Policies": {kind: "List", of: object(map[string]*shape{"PolicyName": aString, "PolicyDocument": aJSON}, "PolicyName", "PolicyDocument")},
			}, "AssumeRolePolicyDocument"),
			create: makeRole, update: changeRole, remove: removeRole,
		},
	}
})

// handlerCodes are how a handler classes what a service refuses.
var handlerCodes = map[string]string{
	"AccessDenied": "AccessDenied", "EntityAlreadyExists": "AlreadyExists", "NoSuchEntity": "NotFound", "ResourceNotFoundException": "NotFound",
	"LimitExceeded": "ServiceLimitExceeded", "Throttling": "Throttling", "ValidationError": "InvalidRequest", "MalformedPolicyDocument": "InvalidRequest",
}

// reason is what stands in the event of a resource that a service refused.
func (r *stackResource) reason(f *failure) string {
	if f.code == propertiesWrong {
		return f.message
	}
	t := resourceTypes()[r.typ]
	code, ok := handlerCodes[f.code]
	if !ok {
		code = "GeneralServiceException"
	}
	message := fmt.Sprintf("%s (Service: %s, Status Code: %d, Request ID: %s)", f.message, t.service, f.status, requestID())
	if code == "AlreadyExists" {
		message = fmt.Sprintf("Resource of type '%s' with identifier '%s' already exists.", r.typ, r.wanted)
	}
	return fmt.Sprintf("Resource handler returned message: %q (RequestToken: %s, HandlerErrorCode: %s)", message, uuid(), code)
}

const propertiesWrong = "propertiesWrong"

// fitted are the properties of a resource as its type wants them.
func (r *stackResource) fitted(resolved any) (properties, *failure) {
	v, wrong := resourceTypes()[r.typ].shape.fit("#", resolved)
	if len(wrong) > 0 {
		return nil, refuse(http.StatusBadRequest, propertiesWrong, "Properties validation failed for resource %s with message:\n[%s]", r.logical, strings.Join(wrong, ", "))
	}
	return v.(map[string]any), nil
}

// gone makes it no failure that what is to be deleted is not there.
func gone(f *failure) *failure {
	if f != nil && f.status == http.StatusNotFound {
		return nil
	}
	return f
}

func anchorFrom(p properties) anchorIn {
	in := anchorIn{Name: p.textPtr("Name"), Enabled: p.yes("Enabled"), Tags: p.labels()}
	source, _ := p["Source"].(map[string]any)
	in.Source = &sourceIn{Type: properties(source).text("SourceType")}
	data, _ := source["SourceData"].(map[string]any)
	in.Source.Data.PEM, in.Source.Data.ACM = properties(data).text("X509CertificateData"), properties(data).text("AcmPcaArn")
	for _, n := range p.objects("NotificationSettings") {
		in.Notify = append(in.Notify, notifying{n.text("Event")})
	}
	return in
}

func makeAnchor(by actor, r *stackResource, p properties) *failure {
	n, f := r.account.createAnchor(by, anchorFrom(p))
	if f != nil {
		return f
	}
	r.physical, r.attributes = n.id, map[string]string{"TrustAnchorArn": n.arn, "TrustAnchorId": n.id}
	_, f = r.account.anchorOf(by, "GetTrustAnchor", n.id)
	return f
}

func changeAnchor(by actor, r *stackResource, p properties) *failure {
	n, f := r.account.updateAnchor(by, r.physical, anchorFrom(p))
	if f == nil && n.enabled != p.yes("Enabled") {
		_, f = r.account.switchAnchor(by, r.physical, p.yes("Enabled"))
	}
	return f
}

func removeAnchor(by actor, r *stackResource) *failure {
	_, f := r.account.deleteAnchor(by, r.physical)
	return gone(f)
}

func profileFrom(p properties) profileIn {
	in := profileIn{Name: p.textPtr("Name"), Roles: p.list("RoleArns"), Managed: p.list("ManagedPolicyArns"), Policy: p.textPtr("SessionPolicy"), Enabled: p.yes("Enabled"), Tags: p.labels()}
	if p.has("DurationSeconds") {
		n := p.number("DurationSeconds")
		in.Seconds = &n
	}
	for name, into := range map[string]**bool{"AcceptRoleSessionName": &in.AcceptName, "RequireInstanceProperties": &in.Instance} {
		if p.has(name) {
			b := p.yes(name)
			*into = &b
		}
	}
	return in
}

func makeProfile(by actor, r *stackResource, p properties) *failure {
	if p.has("AttributeMappings") {
		return notPlayed("attribute mappings")
	}
	n, f := r.account.createProfile(by, profileFrom(p))
	if f != nil {
		return f
	}
	r.physical, r.attributes = n.id, map[string]string{"ProfileArn": n.arn, "ProfileId": n.id}
	_, f = r.account.profileOf(by, "GetProfile", n.id)
	return f
}

func changeProfile(by actor, r *stackResource, p properties) *failure {
	in := profileFrom(p)
	if in.Managed == nil {
		in.Managed = []string{}
	}
	if in.Policy == nil {
		in.Policy = new(string)
	}
	n, f := r.account.updateProfile(by, r.physical, in)
	if f == nil && n.enabled != p.yes("Enabled") {
		_, f = r.account.switchProfile(by, r.physical, p.yes("Enabled"))
	}
	return f
}

func removeProfile(by actor, r *stackResource) *failure {
	_, f := r.account.deleteProfile(by, r.physical)
	return gone(f)
}

func makeRole(by actor, r *stackResource, p properties) *failure {
	if p.has("PermissionsBoundary") {
		return notPlayed("permissions boundaries")
	}
	name := p.text("RoleName")
	if name == "" {
		name = fmt.Sprintf("%.20s-%.20s-%s", r.stack.name, r.logical, strings.ToUpper(letters(12)))
	}
	r.wanted = name
	n, f := r.account.createRole(by, newRole{name, p.text("Path"), p.text("Description"), p.text("AssumeRolePolicyDocument"), p.number("MaxSessionDuration"), p.labels()})
	if f != nil {
		return f
	}
	r.physical, r.attributes = name, map[string]string{"Arn": n.arn(), "RoleId": n.id}
	for _, arn := range p.list("ManagedPolicyArns") {
		if f := r.account.attach(by, name, arn); f != nil {
			return f
		}
	}
	for _, i := range p.objects("Policies") {
		if f := r.account.putInline(by, name, i.text("PolicyName"), i.text("PolicyDocument")); f != nil {
			return f
		}
	}
	_, f = r.account.changing(by, "iam:GetRole", name)
	return f
}

func changeRole(by actor, r *stackResource, p properties) *failure {
	a, name, was := r.account, r.physical, r.properties
	n, f := a.changing(by, "iam:GetRole", name)
	if f != nil {
		return f
	}
	if !p.same(was, "MaxSessionDuration") || !p.same(was, "Description") {
		if f := by.may("iam:UpdateRole", n.arn(), "role "+name, nil); f != nil {
			return f
		}
		n.description, n.maxSession = p.text("Description"), 3600
		if p.has("MaxSessionDuration") {
			n.maxSession = p.number("MaxSessionDuration")
		}
		by.note(a, "iam:UpdateRole", n.arn())
	}
	if !p.same(was, "AssumeRolePolicyDocument") {
		if f := a.updateTrust(by, name, p.text("AssumeRolePolicyDocument")); f != nil {
			return f
		}
	}
	return r.changePolicies(by, p)
}

// changePolicies attaches and puts what is new, and takes away what is no longer
// declared; what others have attached it leaves alone.
func (r *stackResource) changePolicies(by actor, p properties) *failure {
	a, name, was := r.account, r.physical, r.properties
	for _, arn := range p.list("ManagedPolicyArns") {
		if !slices.Contains(was.list("ManagedPolicyArns"), arn) {
			if f := a.attach(by, name, arn); f != nil {
				return f
			}
		}
	}
	for _, arn := range was.list("ManagedPolicyArns") {
		if !slices.Contains(p.list("ManagedPolicyArns"), arn) {
			if f := gone(a.detach(by, name, arn)); f != nil {
				return f
			}
		}
	}
	kept := map[string]bool{}
	for _, i := range p.objects("Policies") {
		kept[i.text("PolicyName")] = true
		if f := a.putInline(by, name, i.text("PolicyName"), i.text("PolicyDocument")); f != nil {
			return f
		}
	}
	for _, i := range was.objects("Policies") {
		if !kept[i.text("PolicyName")] {
			if f := gone(a.deleteInline(by, name, i.text("PolicyName"))); f != nil {
				return f
			}
		}
	}
	return nil
}

func removeRole(by actor, r *stackResource) *failure {
	a, name := r.account, r.physical
	if a.role(name) == nil {
		return nil
	}
	for _, arn := range r.properties.list("ManagedPolicyArns") {
		if f := gone(a.detach(by, name, arn)); f != nil {
			return f
		}
	}
	for _, i := range r.properties.objects("Policies") {
		if f := gone(a.deleteInline(by, name, i.text("PolicyName"))); f != nil {
			return f
		}
	}
	return gone(a.deleteRole(by, name))
}
