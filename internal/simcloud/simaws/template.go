package simaws

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// template is a template of CloudFormation, as far as it is played.
type template struct {
	body        string
	description string
	resources   map[string]*declared
	order       []string // each resource after those it needs
	outputs     map[string]*output
}

// declared is a resource as a template declares it.
type declared struct {
	typ        string
	properties map[string]any
	needs      []string
	retain     bool
}

// output is what a stack tells.
type output struct {
	value       any
	description string
}

// maxTemplate is how long a template that is sent along may be, in bytes.
const maxTemplate = 51200

var (
	sections       = []string{"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings", "Conditions", "Transform", "Hooks", "Globals", "Resources", "Outputs"}
	resourceFields = []string{"Type", "Properties", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Condition", "CreationPolicy", "UpdatePolicy"}
	logicalForm    = pattern(`^[A-Za-z0-9]{1,255}$`)
)

// parseTemplate reads a template and refuses what cannot be one. Properties are
// looked at only when a resource is made, as the real service does.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html.
func parseTemplate(body string) (*template, *failure) {
	if len(body) > maxTemplate {
		return nil, violation(body[:20]+"...", "templateBody", "have length less than or equal to 51200")
	}
	if !strings.HasPrefix(strings.TrimSpace(body), "{") {
		return nil, notPlayed("templates that are not JSON")
	}
	var doc map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		line, column := whereIn(body, err)
		return nil, invalid("Template format error: JSON not well-formed. (line %d, column %d)", line, column)
	}
	for _, name := range slices.Sorted(maps.Keys(doc)) {
		switch {
		case !slices.Contains(sections, name):
			return nil, invalid("Invalid template property or properties [%s]", name)
		case slices.Contains([]string{"Parameters", "Rules", "Mappings", "Conditions", "Transform", "Hooks", "Globals"}, name):
			return nil, notPlayed("the section %s of a template", name)
		}
	}
	t := &template{body: body, resources: map[string]*declared{}, outputs: map[string]*output{}}
	if f := t.head(doc); f != nil {
		return nil, f
	}
	if f := t.declare(doc["Resources"]); f != nil {
		return nil, f
	}
	if f := t.tell(doc["Outputs"]); f != nil {
		return nil, f
	}
	return t, t.sort()
}

// whereIn is where a JSON text goes wrong.
func whereIn(body string, err error) (line, column int) {
	at := len(body)
	if e, ok := err.(*json.SyntaxError); ok {
		at = min(at, int(e.Offset))
	}
	before := body[:at]
	return strings.Count(before, "\n") + 1, at - strings.LastIndexByte(before, '\n')
}

func (t *template) head(doc map[string]json.RawMessage) *failure {
	if raw, ok := doc["AWSTemplateFormatVersion"]; ok && string(raw) != `"2010-09-09"` {
		return invalid("Template format error: unsupported value for AWSTemplateFormatVersion.")
	}
	if raw, ok := doc["Description"]; ok && (json.Unmarshal(raw, &t.description) != nil || string(raw) == "null") {
		return invalid("Template format error: every Description member must be a string.")
	}
	if len(t.description) > 1024 {
		return invalid("Template format error: 'Description' length is greater than 1024.")
	}
	return nil
}

func (t *template) declare(raw json.RawMessage) *failure {
	var all map[string]map[string]json.RawMessage
	if len(raw) > 0 && json.Unmarshal(raw, &all) != nil {
		return invalid("Template format error: Any Resources member must be an object.")
	}
	if len(all) == 0 {
		return invalid("Template format error: At least one Resources member must be defined.")
	}
	var unknown []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		d, f := declare(name, all[name])
		if f != nil {
			return f
		}
		if _, ok := resourceTypes()[d.typ]; !ok {
			unknown = append(unknown, d.typ)
		}
		t.resources[name] = d
	}
	if len(unknown) > 0 {
		return unrecognized(unknown)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if f := t.needs(t.resources[name]); f != nil {
			return f
		}
	}
	return nil
}

// unrecognized refuses types that are not played: as the real service does where
// it has no such type, and as not played where it has one.
func unrecognized(types []string) *failure {
	for _, typ := range types {
		if strings.HasPrefix(typ, "AWS::IAM::") || strings.HasPrefix(typ, "AWS::S3::") || strings.HasPrefix(typ, "AWS::Lambda::") || strings.HasPrefix(typ, "AWS::CloudFormation::") {
			return notPlayed("resources of type %s", typ)
		}
	}
	return invalid("Template format error: Unrecognized resource types: [%s]", strings.Join(types, ", "))
}

func declare(name string, in map[string]json.RawMessage) (*declared, *failure) {
	if !logicalForm().MatchString(name) {
		return nil, invalid("Template format error: Resource name %s is non alphanumeric.", name)
	}
	for _, field := range slices.Sorted(maps.Keys(in)) {
		if !slices.Contains(resourceFields, field) {
			return nil, invalid("Invalid template resource property '%s'", field)
		}
		if slices.Contains([]string{"Condition", "CreationPolicy", "UpdatePolicy"}, field) {
			return nil, notPlayed("%s of a resource", field)
		}
	}
	d := &declared{properties: map[string]any{}}
	if json.Unmarshal(in["Type"], &d.typ) != nil || d.typ == "" {
		return nil, invalid("Template format error: [/Resources/%s] Every Resources object must contain a Type member.", name)
	}
	if raw, ok := in["Properties"]; ok && (json.Unmarshal(raw, &d.properties) != nil || d.properties == nil) {
		return nil, invalid("Template format error: [/Resources/%s/Properties] 'null' values are not allowed in templates", name)
	}
	needs, ok := oneOrMore[string](in["DependsOn"])
	if !ok {
		return nil, invalid("Template format error: DependsOn must be a string or list of strings.")
	}
	d.needs = needs
	for _, field := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		raw, ok := in[field]
		if !ok {
			continue
		}
		var policy string
		if json.Unmarshal(raw, &policy) != nil || !slices.Contains([]string{"Delete", "Retain", "RetainExceptOnCreate"}, policy) {
			return nil, invalid("Template format error: Unrecognized %s %s for resource %s", field, raw, name)
		}
		d.retain = d.retain || field == "DeletionPolicy" && policy != "Delete"
	}
	return d, nil
}

func (t *template) tell(raw json.RawMessage) *failure {
	var all map[string]struct {
		Value       any
		Description string
		Condition   json.RawMessage
		Export      json.RawMessage
	}
	if len(raw) > 0 && strict(string(raw), &all) != nil {
		return invalid("Template format error: Any Outputs member must be an object.")
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		o := all[name]
		switch {
		case !logicalForm().MatchString(name):
			return invalid("Template format error: Output name %s is non alphanumeric.", name)
		case o.Value == nil:
			return invalid("Template format error: Every Outputs member must contain a Value object")
		case o.Condition != nil || o.Export != nil:
			return notPlayed("Condition and Export of an output")
		}
		if _, f := t.references(o.Value, "Outputs"); f != nil {
			return f
		}
		t.outputs[name] = &output{o.Value, o.Description}
	}
	return nil
}

// needs adds to a resource what its properties refer to.
func (t *template) needs(d *declared) *failure {
	for _, name := range d.needs {
		if t.resources[name] == nil {
			return unresolved(name, "Resources")
		}
	}
	for _, v := range d.properties {
		names, f := t.references(v, "Resources")
		if f != nil {
			return f
		}
		d.needs = append(d.needs, names...)
	}
	slices.Sort(d.needs)
	d.needs = slices.Compact(d.needs)
	return nil
}

func unresolved(name, block string) *failure {
	return invalid("Template format error: Unresolved resource dependencies [%s] in the %s block of the template", name, block)
}

// sort puts the resources into an order.
func (t *template) sort() *failure {
	done := map[string]bool{}
	for len(t.order) < len(t.resources) {
		before := len(t.order)
		for _, name := range slices.Sorted(maps.Keys(t.resources)) {
			if !done[name] && !slices.ContainsFunc(t.resources[name].needs, func(n string) bool { return !done[n] }) {
				done[name], t.order = true, append(t.order, name)
			}
		}
		if len(t.order) == before {
			var circle []string
			for _, name := range slices.Sorted(maps.Keys(t.resources)) {
				if !done[name] {
					circle = append(circle, name)
				}
			}
			return invalid("Circular dependency between resources: [%s]", strings.Join(circle, ", "))
		}
	}
	return nil
}

// capability is what a caller must acknowledge; empty for nothing.
func (t *template) capability() string {
	need := ""
	for _, d := range t.resources {
		if d.typ != "AWS::IAM::Role" {
			continue
		}
		if _, named := d.properties["RoleName"]; named {
			return "CAPABILITY_NAMED_IAM"
		}
		need = "CAPABILITY_IAM"
	}
	return need
}

// same tells whether another template would change nothing.
func (t *template) same(o *template) bool {
	return fmt.Sprint(t.plain()) == fmt.Sprint(o.plain())
}

// plain is what counts of a template; maps are printed in order.
func (t *template) plain() map[string]any {
	m := map[string]any{"description": t.description}
	for name, d := range t.resources {
		m["r:"+name] = []any{d.typ, d.properties, d.needs, d.retain}
	}
	for name, o := range t.outputs {
		m["o:"+name] = []any{o.value, o.description}
	}
	return m
}
