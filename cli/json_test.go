package cli

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/jsontest"
	"github.com/axiomio/xops-onboard/internal/version"
)

// types are what is written as JSON, by their names in the schema.
var types = map[string]reflect.Type{
	"progress": reflect.TypeFor[progress](), "signIn": reflect.TypeFor[asked](), "finding": reflect.TypeFor[examined](), "result": reflect.TypeFor[result](), "round": reflect.TypeFor[round](),
	"list": reflect.TypeFor[listedAccounts](), "drafts": reflect.TypeFor[listedDrafts](), "version": reflect.TypeFor[version.Build](),
	"accessToken": reflect.TypeFor[accessToken](), "processCredentials": reflect.TypeFor[processCredentials](),
	"account": reflect.TypeFor[linkedAccount](), "aws": reflect.TypeFor[linkedAWS](), "listedAccount": reflect.TypeFor[listedAccount](), "lastCheck": reflect.TypeFor[lastCheck](),
	"listedDraft": reflect.TypeFor[listedDraft](), "check": reflect.TypeFor[check](), "evidence": reflect.TypeFor[evidence](), "problem": reflect.TypeFor[toldProblem](),
	"pause": reflect.TypeFor[pause](), "prompt": reflect.TypeFor[prompt](), "restorable": reflect.TypeFor[restorable](), "stay": reflect.TypeFor[stay](),
	"change": reflect.TypeFor[account.PlannedChange](), "certificate": reflect.TypeFor[savedCertificate](), "survey": reflect.TypeFor[survey](),
	"person": reflect.TypeFor[person](), "right": reflect.TypeFor[right](), "app": reflect.TypeFor[app](), "appKey": reflect.TypeFor[appKey](), "adopted": reflect.TypeFor[adopted](),
	"time": reflect.TypeFor[moment](),
}

// TestTimesAsJSON holds that times are in UTC and whole seconds wherever the machine
// is, and time spans in seconds.
func TestTimesAsJSON(t *testing.T) {
	at := time.Date(2026, 11, 26, 8, 0, 0, 999_999_999, time.FixedZone("", 2*60*60))
	p := toProblem(&account.Problem{Kind: account.Throttled, ServerTime: at, Skew: -90 * time.Second, Wait: 1500 * time.Millisecond})
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"serverTime":"2026-11-26T06:00:00Z"`, `"skewSeconds":-90`, `"waitSeconds":2`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %s", want, b)
		}
	}
	if strings.Contains(string(b), "leftSeconds") || p.Text == "" {
		t.Errorf("%s", b)
	}
}

// node is a part of the schema.
type node struct {
	Ref         string           `json:"$ref"`
	Description string           `json:"description"`
	Type        string           `json:"type"`
	Enum        []any            `json:"enum"`
	Const       any              `json:"const"`
	Items       *node            `json:"items"`
	Properties  map[string]*node `json:"properties"`
	Required    []string         `json:"required"`
	More        any              `json:"additionalProperties"`
	Defs        map[string]*node `json:"$defs"`
	OneOf       []*node          `json:"oneOf"`
}

func readSchema(t *testing.T) *node {
	t.Helper()
	b, err := os.ReadFile("../docs/json.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var s node
	if err := json.Unmarshal(b, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// name is the name of what a node refers to; empty where it says it itself.
func (n *node) name() string { return strings.TrimPrefix(n.Ref, "#/$defs/") }

// texts are the values that a node names.
func (s *node) texts(n *node) (out []string) {
	if n.Ref != "" {
		n = s.Defs[n.name()]
	}
	for _, v := range n.Enum {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// TestFieldsOfSchema holds that the schema has the fields that are written and no
// others, each of its type, and says which are always there.
func TestFieldsOfSchema(t *testing.T) {
	s, known := readSchema(t), constants(t, "../account", "../link")
	for name, of := range types {
		def := s.Defs[name]
		if def == nil {
			t.Errorf("the schema has no %s", name)
			continue
		}
		if name == "time" {
			continue
		}
		if def.Description == "" || def.More != false {
			t.Errorf("%s has no description, or takes other fields", name)
		}
		there := map[string]bool{}
		for _, f := range reflect.VisibleFields(of) {
			tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous {
				continue
			}
			there[tag] = true
			p := def.Properties[tag]
			if p == nil || tag == "" {
				t.Errorf("%s.%s is written as %q, which the schema does not have", name, f.Name, tag)
				continue
			}
			if always := options == "" || tag == "changes"; always != slices.Contains(def.Required, tag) && tag != "changes" {
				t.Errorf("%s.%s: always there: %v, and the schema says otherwise", name, tag, always)
			}
			if why := s.unlike(p, f.Type, known); why != "" {
				t.Errorf("%s.%s: %s", name, tag, why)
			}
		}
		for tag := range def.Properties {
			if !there[tag] {
				t.Errorf("the schema has %s.%s, which is never written", name, tag)
			}
		}
	}
	for tag := range s.Defs["accountResult"].Properties {
		if s.Defs["result"].Properties[tag] == nil {
			t.Errorf("the schema has accountResult.%s, which is never written", tag)
		}
	}
}

// unlike is why a part of the schema is not what a type is written as; empty where it
// is. Of a type that has constants every one is in the schema, and nothing else.
func (s *node) unlike(n *node, of reflect.Type, known map[string][]string) string {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if values := known[of.String()]; len(values) > 0 && !open[of] {
		if got := s.texts(n); !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(values))) {
			return fmt.Sprintf("the schema has the values %q, and they are %q", got, values)
		}
		return ""
	}
	want := map[reflect.Kind]string{reflect.String: "string", reflect.Bool: "boolean", reflect.Int: "integer", reflect.Int64: "integer", reflect.Slice: "array", reflect.Map: "object", reflect.Struct: "object"}[of.Kind()]
	if of.Kind() == reflect.Struct {
		if types[n.name()] != of {
			return "the schema refers to another type"
		}
		return ""
	}
	said := n
	if n.Ref != "" {
		said = s.Defs[n.name()]
	}
	if want == "array" && said.Items != nil {
		return s.unlike(said.Items, of.Elem(), known)
	}
	if said.Type != want && said.Const == nil {
		return fmt.Sprintf("the schema says %q, and it is %q", said.Type, want)
	}
	return ""
}

// open are types that have constants and other values, too.
var open = map[reflect.Type]bool{reflect.TypeFor[account.ClientID](): true, reflect.TypeFor[account.AzureScope](): true}

// constants are the values of the constants of packages, by their type.
func constants(t *testing.T, directories ...string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, d := range directories {
		for _, f := range sources(t, d) {
			ast.Inspect(f, func(n ast.Node) bool {
				spec, ok := n.(*ast.ValueSpec)
				if !ok {
					return true
				}
				of := ""
				if id, ok := spec.Type.(*ast.Ident); ok {
					of = filepath.Base(d) + "." + id.Name
				}
				for i, v := range spec.Values {
					if text, ok := literal(v); ok {
						all[of] = append(all[of], text)
						all["="+filepath.Base(d)+"."+spec.Names[i].Name] = []string{text}
					}
				}
				return true
			})
		}
	}
	return all
}

// sources are the files of a package, without its tests.
func sources(t *testing.T, directory string) (all []*ast.File) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(directory, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, f)
	}
	return all
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	text, err := strconv.Unquote(lit.Value)
	return text, err == nil
}

// TestStepsOfSchema holds that the schema has every step that an operation tells,
// and no other.
func TestStepsOfSchema(t *testing.T) {
	s, known := readSchema(t), constants(t, "../link", "../account")
	told := map[string]bool{}
	value := func(e ast.Expr) (string, bool) {
		if text, ok := literal(e); ok {
			return text, true
		}
		id, ok := e.(*ast.Ident)
		if !ok || len(known["=link."+id.Name]) == 0 {
			return "", false
		}
		return known["=link."+id.Name][0], true
	}
	for _, f := range sources(t, "../link") {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				key, ok := n.Key.(*ast.Ident)
				if step, known := value(n.Value); ok && known && (key.Name == "Step" || key.Name == "change") {
					told[step] = true
				}
			case *ast.CallExpr:
				for step := range stepsOf(n, value) {
					told[step] = true
				}
			}
			return true
		})
	}
	// A journal's name for a step that has another here: run, in link/connect.go.
	delete(told, "adoption")
	delete(told, "mend") // at a start of the screens, which no command tells
	want := slices.Sorted(maps.Keys(told))
	if got := slices.Sorted(slices.Values(s.texts(s.Defs["step"]))); !slices.Equal(got, want) {
		t.Errorf("the schema has the steps %q\nand operations tell       %q", got, want)
	}
}

// stepsOf are the steps that a call in link tells: by the names of who tells them.
func stepsOf(call *ast.CallExpr, value func(ast.Expr) (string, bool)) map[string]bool {
	name := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		name = f.Sel.Name
	case *ast.Ident:
		name = f.Name
	}
	out := map[string]bool{}
	for i, arg := range call.Args {
		step, ok := value(arg)
		switch {
		case name == "azureRole" && i == 0: // a role's own name, before the colon
			out["azure-role"], out["undo-azure-role"] = true, true
		case !ok || step == "":
		case name == "told" && i == 0, name == "run" && i == 1, name == "stage" && i == 0:
			out[step] = true
		case name == "away" && i == 1:
			out[account.Undo+step] = true
		}
	}
	return out
}

// TestStatesOfSchema holds that the schema has every state with which commands end,
// their exit codes, and no other.
func TestStatesOfSchema(t *testing.T) {
	s, states, codes := readSchema(t), map[string]bool{}, map[string]bool{}
	for _, f := range sources(t, ".") {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CompositeLit:
				if id, ok := n.Type.(*ast.Ident); !ok || id.Name != "result" {
					return true
				}
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok && kv.Key.(*ast.Ident).Name == "State" {
						if text, ok := literal(kv.Value); ok {
							states[text] = true
						}
					}
				}
			case *ast.ValueSpec:
				for _, v := range n.Values {
					if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.INT && f.Name.Name == "cli" && ast.IsExported(n.Names[0].Name) {
						codes[lit.Value] = true
					}
				}
			}
			return true
		})
	}
	for what, tt := range map[string]struct {
		got  []string
		want map[string]bool
	}{
		"states": {s.texts(s.Defs["result"].Properties["state"]), states}, "exit codes": {s.texts(s.Defs["exitCode"]), codes},
	} {
		if got, want := slices.Sorted(slices.Values(tt.got)), slices.Sorted(maps.Keys(tt.want)); !slices.Equal(got, want) {
			t.Errorf("the schema has the %s %q, and they are %q", what, got, want)
		}
	}
	for _, state := range s.texts(s.Defs["accountResult"].Properties["state"]) {
		if _, ok := verdictWords[account.CheckState(state)]; !ok && !states[state] {
			t.Errorf("the schema has the state %q of an account, which none has", state)
		}
	}
}

var update = flag.Bool("update", false, "write the tables of docs/json.md anew")

// fieldsBegin is where the tables of fields begin in docs/json.md, up to its end.
const fieldsBegin = "## Fields\n"

// TestFieldsOfDocument holds that docs/json.md says what the schema says.
func TestFieldsOfDocument(t *testing.T) {
	const path = "../docs/json.md"
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	head, _, found := strings.Cut(string(b), fieldsBegin)
	want := head + fieldsBegin + fieldTables(t, readSchema(t))
	switch {
	case !found:
		t.Fatalf("%s has no %q", path, fieldsBegin)
	case *update:
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	case want != string(b):
		t.Errorf("%s does not say what the schema says; write it anew with go test ./cli -run TestFieldsOfDocument -update", path)
	}
	for what, values := range map[string][]string{
		"step": readSchema(t).texts(readSchema(t).Defs["step"]), "exit code": readSchema(t).texts(readSchema(t).Defs["exitCode"]),
		"check": readSchema(t).texts(readSchema(t).Defs["checkName"]), "state": readSchema(t).texts(readSchema(t).Defs["result"].Properties["state"]),
	} {
		_, table, _ := strings.Cut(head, "| "+what+" |")
		table, _, _ = strings.Cut(table, "\n\n")
		var said []string
		for _, m := range regexp.MustCompile(`(?m)^\| ([^|]+) \|`).FindAllStringSubmatch(table, -1) {
			for _, v := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(m[1], -1) {
				said = append(said, v[1])
			}
		}
		if !slices.Equal(slices.Sorted(slices.Values(said)), slices.Sorted(slices.Values(values))) {
			t.Errorf("the table of every %s in %s has %q, and they are %q", what, path, said, values)
		}
	}
}

// fieldTables are the fields of the schema in tables.
func fieldTables(t *testing.T, s *node) string {
	t.Helper()
	var b strings.Builder
	inOrder := order(t)
	for _, name := range inOrder.defs {
		def := s.Defs[name]
		switch {
		case def.Properties == nil && def.Enum != nil:
			fmt.Fprintf(&b, "\n### %s\n\n%s\n", name, def.Description)
			if len(def.Enum) < 30 {
				fmt.Fprintf(&b, "One of `%s`.\n", strings.Join(s.texts(def), "`, `"))
			} else {
				b.WriteString("All of them are in the schema.\n")
			}
		case def.Properties != nil:
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n| field | is | there | meaning |\n|---|---|---|---|\n", name, def.Description)
			for _, f := range inOrder.fields[name] {
				there := "where known"
				if slices.Contains(def.Required, f) {
					there = "always"
				}
				what, means := s.is(def.Properties[f])
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f, what, there, means)
			}
		}
	}
	return b.String()
}

// is is what a field is, and means.
func (s *node) is(n *node) (what, means string) {
	means = n.Description
	switch {
	case n.Const != nil:
		return fmt.Sprintf("`%v`", n.Const), means
	case n.Ref == "#/$defs/time":
		return "time", means
	case n.Ref != "":
		if means == "" {
			means = s.Defs[n.name()].Description
		}
		if s.Defs[n.name()].Properties == nil && s.Defs[n.name()].Enum == nil {
			return "object", means
		}
		return "[" + n.name() + "](#" + strings.ToLower(n.name()) + ")", means
	case n.Enum != nil:
		return "`" + strings.Join(s.texts(n), "`, `") + "`", means
	case n.Type == "array":
		of, _ := s.is(n.Items)
		return "list of " + of, means
	}
	return n.Type, means
}

// ordered is the order in which the schema has definitions and their fields.
type ordered struct {
	defs   []string
	fields map[string][]string
}

func order(t *testing.T) ordered {
	t.Helper()
	b, err := os.ReadFile("../docs/json.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var top struct {
		Defs json.RawMessage `json:"$defs"`
	}
	defs := map[string]struct{ Properties json.RawMessage }{}
	if err := json.Unmarshal(b, &top); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(top.Defs, &defs); err != nil {
		t.Fatal(err)
	}
	o := ordered{names(t, top.Defs), map[string][]string{}}
	for name, d := range defs {
		if d.Properties != nil {
			o.fields[name] = names(t, d.Properties)
		}
	}
	return o
}

// names are the names of an object's fields in their order.
func names(t *testing.T, object json.RawMessage) (all []string) {
	t.Helper()
	dec := json.NewDecoder(strings.NewReader(string(object)))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, name.(string))
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// TestExamplesOfJSON holds that docs/json.md shows each kind of line, as the schema
// has it.
func TestExamplesOfJSON(t *testing.T) {
	s, err := jsontest.Read("../docs/json.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, m := range regexp.MustCompile("(?ms)^```json\n(.*?)^```").FindAllStringSubmatch(string(b), -1) {
		for line := range strings.Lines(m[1]) {
			kind, err := s.Line(line)
			if err != nil {
				t.Errorf("%s%v", line, err)
			}
			shown[kind] = true
		}
	}
	for _, l := range readSchema(t).OneOf {
		if !shown[l.name()] {
			t.Errorf("docs/json.md shows no %s", l.name())
		}
	}
}
