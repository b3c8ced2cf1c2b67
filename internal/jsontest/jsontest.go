// Package jsontest holds the JSON that commands write against the schema that is
// promised to scripts, docs/json.schema.json. Only tests use it.
package jsontest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Schema is the schema of a line, and of each kind of line.
type Schema struct {
	line  *jsonschema.Schema
	kinds map[string]*jsonschema.Schema
}

// kinds tell a kind of line by a field that no other kind has, or whose value no
// other has. What has a step, and is none of these, is progress.
var kinds = []struct{ kind, field, value string }{
	{"result", "step", "result"},
	{"accountResult", "step", "account-result"},
	{"finding", "step", "finding"},
	{"round", "step", "round"},
	{"signIn", "step", "sign-in"},
	{"list", "accounts", ""},
	{"drafts", "drafts", ""},
	{"version", "version", ""},
	{"accessToken", "accessToken", ""},
	{"processCredentials", "Version", ""},
	{"progress", "step", ""},
}

// Read reads the schema from its path.
func Read(path string) (*Schema, error) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	line, err := c.Compile(path)
	if err != nil {
		return nil, err
	}
	s := &Schema{line, map[string]*jsonschema.Schema{}}
	for _, k := range kinds {
		if s.kinds[k.kind], err = c.Compile(path + "#/$defs/" + k.kind); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Kind is the kind of a line; empty for none.
func Kind(line any) string {
	fields, _ := line.(map[string]any)
	for _, k := range kinds {
		if v, ok := fields[k.field]; ok && (k.value == "" || v == k.value) {
			return k.kind
		}
	}
	return ""
}

// Line is the kind of a line of JSON, and why it is not as the schema says.
func (s *Schema) Line(text string) (kind string, err error) {
	line, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return "", fmt.Errorf("no JSON: %w", err)
	}
	kind = Kind(line)
	if kind == "" {
		return "", fmt.Errorf("no kind of line")
	}
	if err := s.kinds[kind].Validate(line); err != nil {
		return kind, err // of one kind, which says more than that it is none
	}
	return kind, s.line.Validate(line)
}

// Hold fails the test for each line of a text that is not as the schema says.
func (s *Schema) Hold(t testing.TB, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if _, err := s.Line(line); err != nil {
			t.Errorf("%s%v", line, err)
		}
	}
}
