package simaws

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
)

// shape is what a property of a resource may be.
type shape struct {
	kind     string // String, Boolean, Number, Json, List or Object
	of       *shape
	fields   map[string]*shape
	required []string
}

var (
	aString  = &shape{kind: "String"}
	aBoolean = &shape{kind: "Boolean"}
	aNumber  = &shape{kind: "Number"}
	aJSON    = &shape{kind: "Json"}
	strs     = &shape{kind: "List", of: aString}
	someTags = &shape{kind: "List", of: object(map[string]*shape{"Key": aString, "Value": aString}, "Key", "Value")}
)

func object(fields map[string]*shape, required ...string) *shape {
	return &shape{kind: "Object", fields: fields, required: required}
}

// fit is a value as the shape wants it, or what is wrong with it. Numbers and
// booleans may be written as strings, and strings as either.
func (s *shape) fit(at string, v any) (any, []string) {
	wrong := func() (any, []string) {
		return nil, []string{fmt.Sprintf("%s: expected type: %s, found: %s", at, s.called(), found(v))}
	}
	switch s.kind {
	case "String":
		if text, ok := textOf(v); ok {
			return text, nil
		}
	case "Boolean":
		if b, ok := v.(bool); ok {
			return b, nil
		}
		if text, ok := v.(string); ok && (text == "true" || text == "false") {
			return text == "true", nil
		}
	case "Number":
		if n, ok := v.(float64); ok {
			return n, nil
		}
		if text, ok := v.(string); ok {
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				return n, nil
			}
		}
	case "Json":
		if m, ok := v.(map[string]any); ok {
			return marshal(m), nil
		}
		if text, ok := v.(string); ok {
			return text, nil
		}
	case "List":
		list, ok := v.([]any)
		if !ok {
			return wrong()
		}
		return s.fitAll(at, list)
	case "Object":
		m, ok := v.(map[string]any)
		if !ok {
			return wrong()
		}
		return s.fitFields(at, m)
	}
	return wrong()
}

func (s *shape) fitAll(at string, list []any) (any, []string) {
	out, wrong := []any{}, []string(nil)
	for i, v := range list {
		r, w := s.of.fit(at+"/"+strconv.Itoa(i), v)
		out, wrong = append(out, r), append(wrong, w...)
	}
	return out, wrong
}

func (s *shape) fitFields(at string, m map[string]any) (any, []string) {
	out, wrong := map[string]any{}, []string(nil)
	for _, name := range s.required {
		if _, ok := m[name]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s: required key [%s] not found", at, name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m)) {
		field, ok := s.fields[name]
		if !ok {
			wrong = append(wrong, fmt.Sprintf("%s: extraneous key [%s] is not permitted", at, name))
			continue
		}
		r, w := field.fit(at+"/"+name, m[name])
		out[name], wrong = r, append(wrong, w...)
	}
	return out, wrong
}

func (s *shape) called() string {
	switch s.kind {
	case "List":
		return "JSONArray"
	case "Object", "Json":
		return "JSONObject"
	}
	return s.kind
}

func found(v any) string {
	switch v.(type) {
	case string:
		return "String"
	case bool:
		return "Boolean"
	case float64:
		return "Number"
	case []any:
		return "JSONArray"
	case map[string]any:
		return "JSONObject"
	}
	return "Null"
}

// properties are a resource's properties, resolved and fitted.
type properties map[string]any

func (p properties) has(name string) bool { _, ok := p[name]; return ok }

func (p properties) text(name string) string { s, _ := p[name].(string); return s }

// textPtr is nil where there is none.
func (p properties) textPtr(name string) *string {
	if s, ok := p[name].(string); ok {
		return &s
	}
	return nil
}

func (p properties) yes(name string) bool { b, _ := p[name].(bool); return b }

func (p properties) number(name string) int { n, _ := p[name].(float64); return int(n) }

func (p properties) list(name string) []string {
	list, ok := p[name].([]any)
	if !ok {
		return nil
	}
	out := []string{}
	for _, v := range list {
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

func (p properties) objects(name string) []properties {
	list, _ := p[name].([]any)
	var out []properties
	for _, v := range list {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

func (p properties) labels() []label {
	var out []label
	for _, t := range p.objects("Tags") {
		out = append(out, label{t.text("Key"), t.text("Value")})
	}
	return out
}

// same tells whether a property is the same in both.
func (p properties) same(o properties, name string) bool {
	return fmt.Sprint(p[name]) == fmt.Sprint(o[name])
}
