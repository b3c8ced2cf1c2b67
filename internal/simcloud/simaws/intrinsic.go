package simaws

import (
	"fmt"
	"slices"
	"strings"
)

// functions are the intrinsic functions that CloudFormation has; those that are
// played are in [function].
var functions = []string{
	"Ref", "Condition", "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn", "Fn::Equals",
	"Fn::FindInMap", "Fn::GetAtt", "Fn::GetAZs", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Not", "Fn::Or", "Fn::RefAll",
	"Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString", "Fn::Transform", "Fn::ValueOf", "Fn::ValueOfAll",
}

// pseudo are the parameters that every template has.
var pseudo = []string{"AWS::AccountId", "AWS::NoValue", "AWS::Partition", "AWS::Region", "AWS::StackId", "AWS::StackName", "AWS::URLSuffix", "AWS::NotificationARNs"}

// function is the intrinsic function that an object is, and its argument.
func function(v map[string]any) (name string, arg any, ok bool) {
	if len(v) != 1 {
		return "", nil, false
	}
	for name, arg = range v {
		return name, arg, name == "Ref" || strings.HasPrefix(name, "Fn::")
	}
	return "", nil, false
}

// references are the resources that a value refers to. It refuses functions
// that are none, and references to nothing.
func (t *template) references(v any, block string) ([]string, *failure) {
	var names []string
	add := func(parts ...any) *failure {
		for _, p := range parts {
			more, f := t.references(p, block)
			if f != nil {
				return f
			}
			names = append(names, more...)
		}
		return nil
	}
	switch v := v.(type) {
	case nil:
		return nil, invalid("Template format error: [/%s] 'null' values are not allowed in templates", block)
	case []any:
		return names, add(v...)
	case map[string]any:
		name, arg, ok := function(v)
		if !ok {
			for _, one := range v {
				if f := add(one); f != nil {
					return nil, f
				}
			}
			return names, nil
		}
		own, parts, f := t.refersTo(name, arg, block)
		if f != nil {
			return nil, f
		}
		names = append(names, own...)
		return names, add(parts...)
	}
	return nil, nil
}

// refersTo is what one function refers to, and the values inside it.
func (t *template) refersTo(name string, arg any, block string) (names []string, parts []any, f *failure) {
	switch name {
	case "Ref":
		to, ok := arg.(string)
		if !ok {
			return nil, nil, invalid("Template error: every Ref object must have a single String value.")
		}
		return t.known(to, block)
	case "Fn::GetAtt":
		of, attribute, f := t.attribute(arg)
		if f != nil {
			return nil, nil, f
		}
		if !slices.Contains(resourceTypes()[t.resources[of].typ].attributes, attribute) {
			return nil, nil, invalid("Template error: resource %s does not support attribute type %s in Fn::GetAtt", of, attribute)
		}
		return []string{of}, nil, nil
	case "Fn::Join":
		_, list, f := join(arg)
		return nil, list, f
	case "Fn::Sub":
		return t.substitutes(arg, block)
	}
	if slices.Contains(functions, name) {
		return nil, nil, notPlayed("%s", name)
	}
	return nil, nil, invalid("Template format error: Encountered unsupported function: %s Supported functions are: [%s]", name, strings.Join(functions, ", "))
}

// known is a resource or a pseudo parameter.
func (t *template) known(name, block string) ([]string, []any, *failure) {
	switch {
	case t.resources[name] != nil:
		return []string{name}, nil, nil
	case name == "AWS::NotificationARNs":
		return nil, nil, notPlayed("AWS::NotificationARNs")
	case slices.Contains(pseudo, name):
		return nil, nil, nil
	}
	return nil, nil, unresolved(name, block)
}

const getAttShape = "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute"

func (t *template) attribute(arg any) (of, attribute string, f *failure) {
	list, ok := arg.([]any)
	if !ok || len(list) != 2 {
		return "", "", invalid(getAttShape)
	}
	of, okName := list[0].(string)
	attribute, okAttribute := list[1].(string)
	switch {
	case !okName || !okAttribute || of == "" || attribute == "":
		return "", "", invalid(getAttShape)
	case t.resources[of] == nil:
		return "", "", invalid("Template error: instance of Fn::GetAtt references undefined resource %s", of)
	}
	return of, attribute, nil
}

const joinShape = "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."

func join(arg any) (between string, list []any, f *failure) {
	pair, ok := arg.([]any)
	if !ok || len(pair) != 2 {
		return "", nil, invalid(joinShape)
	}
	between, okText := pair[0].(string)
	list, okList := pair[1].([]any)
	if !okText || !okList {
		return "", nil, invalid(joinShape)
	}
	return between, list, nil
}

const subShape = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"

// sub is the text of a Fn::Sub and the values that it brings along.
func sub(arg any) (text string, values map[string]any, f *failure) {
	if text, ok := arg.(string); ok {
		return text, nil, nil
	}
	pair, ok := arg.([]any)
	if !ok || len(pair) != 2 {
		return "", nil, invalid(subShape)
	}
	text, okText := pair[0].(string)
	values, okMap := pair[1].(map[string]any)
	if !okText || !okMap {
		return "", nil, invalid(subShape)
	}
	return text, values, nil
}

// substitutes is what a Fn::Sub refers to.
func (t *template) substitutes(arg any, block string) (names []string, parts []any, f *failure) {
	text, values, f := sub(arg)
	if f != nil {
		return nil, nil, f
	}
	for _, v := range values {
		parts = append(parts, v)
	}
	for _, name := range variables(text) {
		if _, own := values[name]; own {
			continue
		}
		if of, attribute, isAttribute := strings.Cut(name, "."); isAttribute && t.resources[of] != nil {
			more, _, f := t.refersTo("Fn::GetAtt", []any{of, attribute}, block)
			if f != nil {
				return nil, nil, f
			}
			names = append(names, more...)
			continue
		}
		more, _, f := t.known(name, block)
		if f != nil {
			return nil, nil, f
		}
		names = append(names, more...)
	}
	return names, parts, nil
}

// variables are the names in ${…} of a text; ${!…} is none.
func variables(text string) []string {
	var names []string
	for _, m := range variable().FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(m[1], "!") {
			names = append(names, m[1])
		}
	}
	return names
}

// noValue stands for AWS::NoValue: what has it is left out.
type noValue struct{}

// resolve is a value with all its functions carried out.
func (s *stack) resolve(v any) (any, *failure) {
	switch v := v.(type) {
	case []any:
		out := []any{}
		for _, one := range v {
			r, f := s.resolve(one)
			if f != nil {
				return nil, f
			}
			if r != (noValue{}) {
				out = append(out, r)
			}
		}
		return out, nil
	case map[string]any:
		if name, arg, ok := function(v); ok {
			return s.call(name, arg)
		}
		out := map[string]any{}
		for key, one := range v {
			r, f := s.resolve(one)
			if f != nil {
				return nil, f
			}
			if _, gone := r.(noValue); !gone {
				out[key] = r
			}
		}
		return out, nil
	}
	return v, nil
}

func (s *stack) call(name string, arg any) (any, *failure) {
	switch name {
	case "Ref":
		return s.ref(arg.(string))
	case "Fn::GetAtt":
		list := arg.([]any)
		return s.attribute(list[0].(string), list[1].(string))
	case "Fn::Join":
		between, list, f := join(arg)
		if f != nil {
			return nil, f
		}
		var parts []string
		for _, one := range list {
			r, f := s.resolve(one)
			if f != nil {
				return nil, f
			}
			text, ok := textOf(r)
			if !ok {
				return nil, invalid(joinShape)
			}
			parts = append(parts, text)
		}
		return strings.Join(parts, between), nil
	default: // Fn::Sub; the others were refused when the template was read
		return s.substitute(arg)
	}
}

func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case bool, float64:
		return fmt.Sprint(v), true
	}
	return "", false
}

func (s *stack) substitute(arg any) (any, *failure) {
	text, values, f := sub(arg)
	if f != nil {
		return nil, f
	}
	var refused *failure
	out := variable().ReplaceAllStringFunc(text, func(m string) string {
		name := m[2 : len(m)-1]
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		var r any
		var f *failure
		of, attribute, isAttribute := strings.Cut(name, ".")
		if own, ok := values[name]; ok {
			r, f = s.resolve(own)
		} else if isAttribute && s.template.resources[of] != nil {
			r, f = s.attribute(of, attribute)
		} else {
			r, f = s.ref(name)
		}
		got, ok := textOf(r)
		if f == nil && !ok {
			f = invalid("Template error: variable %s in Fn::Sub expression does not resolve to a string", name)
		}
		if f != nil {
			refused = f
		}
		return got
	})
	return out, refused
}

func (s *stack) ref(name string) (any, *failure) {
	switch name {
	case "AWS::AccountId":
		return s.account.spec.Number, nil
	case "AWS::NoValue":
		return noValue{}, nil
	case "AWS::Partition":
		return s.account.partition.id, nil
	case "AWS::Region":
		return s.region, nil
	case "AWS::StackId":
		return s.id, nil
	case "AWS::StackName":
		return s.name, nil
	case "AWS::URLSuffix":
		return s.account.partition.dns, nil
	}
	r := s.resources[name]
	if r == nil || r.physical == "" {
		return nil, unresolved(name, "Resources")
	}
	return r.physical, nil
}

func (s *stack) attribute(of, name string) (any, *failure) {
	r := s.resources[of]
	if r == nil || r.physical == "" {
		return nil, unresolved(of, "Resources")
	}
	return r.attributes[name], nil
}
