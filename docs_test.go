package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
)

// documents are the texts for people, by their paths.
func documents(t *testing.T) map[string]string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md").Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	all := map[string]string{}
	for _, name := range strings.Fields(string(out)) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

var (
	linked  = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	unsaid  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// TestLinksOfDocuments holds that what a document points to in the repository is
// there: pages, pictures, and headings.
func TestLinksOfDocuments(t *testing.T) {
	all := documents(t)
	for name, text := range all {
		for _, m := range linked.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
				continue
			}
			file, anchor, _ := strings.Cut(m[1], "#")
			to := name
			if file != "" {
				to = filepath.Join(filepath.Dir(name), file)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
			if anchor != "" && !slices.Contains(anchors(all[to]), anchor) {
				t.Errorf("%s links to %s; there is no such heading", name, m[1])
			}
		}
	}
}

var path = regexp.MustCompile(`^[\w./-]+\.(go|md|sh|ya?ml)$`)

// TestFilesOfDocuments holds that the files of the repository that a document
// names are there, by their path or by their name alone.
func TestFilesOfDocuments(t *testing.T) {
	out, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatal(err)
	}
	files := "\n/" + strings.ReplaceAll(string(out), "\n", "\n/")
	for name, text := range documents(t) {
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			if path.MatchString(m[1]) && !strings.Contains(files, "/"+strings.TrimPrefix(m[1], "./")+"\n") {
				t.Errorf("%s names %s, which is not there", name, m[1])
			}
		}
	}
}

// anchors are the names by which a document's headings are linked to.
func anchors(text string) (names []string) {
	for _, m := range heading.FindAllStringSubmatch(text, -1) {
		names = append(names, strings.ReplaceAll(unsaid.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-"))
	}
	return names
}

// printed is what the program prints of itself.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	out, errs, words := os.Stdout, os.Stderr, os.Args
	defer func() { os.Stdout, os.Stderr, os.Args = out, errs, words }()
	os.Stdout, os.Stderr, os.Args = f, f, append([]string{"xops-onboard"}, args...)
	none := func(cli.Start) (link.Registry, error) { return records(cli.Start{Demo: true}) }
	cli.Execute(t.Context(), cli.Ports{Out: f, Records: none}, io.Discard)
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// program is the program's own commands and flags, by the words before them.
type program map[string][]string

// learn asks the program for the commands and flags under those words, as a shell
// asks it to complete a line.
func (p program) learn(t *testing.T, words ...string) {
	for _, last := range []string{"", "--"} {
		for line := range strings.Lines(printed(t, append(append([]string{"__complete"}, words...), last)...)) {
			name, _, told := strings.Cut(line, "\t")
			if !told {
				continue
			}
			under := strings.Join(words, " ")
			p[under] = append(p[under], name)
			if last == "" && len(words) < 2 && name != "help" {
				p.learn(t, append(slices.Clone(words), name)...)
			}
		}
	}
}

// wrong is the first word of a command line, after the program's name, that the
// program does not know; empty if it knows them all.
func (p program) wrong(line string) string {
	at, named := "", false
	for _, word := range strings.Fields(line) {
		word = strings.TrimRight(word, ".,;:")
		switch {
		case strings.ContainsAny(word, "|><&#"):
			return ""
		case strings.HasPrefix(word, "--"):
			if flag, _, _ := strings.Cut(word, "="); !slices.Contains(p[at], flag) {
				return word
			}
		case slices.Contains(p[at], word):
			at, named = strings.TrimSpace(at+" "+word), true
		case !named || at == "add" || at == "completion":
			return word
		}
	}
	return ""
}

var (
	fence   = regexp.MustCompile("(?ms)^```[^\n]*\n(.*?)^```")
	span    = regexp.MustCompile("`([^`\n]+)`")
	called  = regexp.MustCompile(`(?:^|[\s=]|bin/)(?:xops-onboard|go run \.) +([^ ].*)$`)
	setting = regexp.MustCompile(`XOPS_[A-Z_]+`)
)

// TestCommandsOfDocuments holds that the program has the commands and flags that
// documents name, and reads the variables. In tables under the heading "command",
// and where a command's name begins it, a line is the program's without its name.
func TestCommandsOfDocuments(t *testing.T) {
	p := program{}
	p.learn(t)
	if !slices.Contains(p["add aws"], "--drop-ca") || slices.Contains(p["list"], "--all") {
		t.Fatalf("the program's commands are not read as they are: %v", p)
	}
	var flags []string
	for _, names := range p {
		flags = append(flags, names...)
	}
	source := sources(t)
	for name, text := range documents(t) {
		check := func(line string) {
			if word := p.wrong(line); word != "" {
				t.Errorf("%s names %q, and the program has no %s there", name, line, word)
			}
		}
		var lines []string
		for _, m := range fence.FindAllStringSubmatch(text, -1) {
			lines = append(lines, strings.Split(m[1], "\n")...)
		}
		text = fence.ReplaceAllString(text, "")
		for _, row := range tables(text)["command"] {
			for _, m := range span.FindAllStringSubmatch(row, -1) {
				if !strings.HasPrefix(m[1], "--") { // the rest of a line, looked at below
					check(m[1])
				}
			}
		}
		for _, m := range span.FindAllStringSubmatch(text, -1) {
			lines = append(lines, m[1])
			first, more, _ := strings.Cut(m[1], " ")
			switch {
			case strings.HasPrefix(first, "--"):
				if !slices.Contains(flags, first) {
					t.Errorf("%s names %s, and no command has it", name, first)
				}
			case more != "" && slices.Contains(p[""], first):
				check(m[1])
			}
		}
		for _, line := range lines {
			if m := called.FindStringSubmatch(line); m != nil {
				check(m[1])
			}
		}
		for _, v := range setting.FindAllString(text+strings.Join(lines, " "), -1) {
			if !strings.Contains(source, `"`+v+`"`) {
				t.Errorf("%s names %s, which nothing reads", name, v)
			}
		}
	}
}

// tables are the first cells of a document's tables, by the first cell's heading.
func tables(text string) map[string][]string {
	all, head := map[string][]string{}, ""
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) < 3 || cells[0] != "" {
			head = ""
			continue
		}
		cell := strings.TrimSpace(cells[1])
		switch {
		case head == "":
			head = cell
			if head == "" {
				head = "-"
			}
		case strings.Trim(cell, "-: ") != "":
			all[head] = append(all[head], cell)
		}
	}
	return all
}

// sources is the product's own code, in one piece.
func sources(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "*.go", ":!*_test.go", ":!internal/sim*").Output()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range strings.Fields(string(out)) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	return b.String()
}

// TestSentencesOfTroubleshooting holds that the guide quotes what the program
// says: each sentence of its tables under "it says" is one of the sentences that
// advice is made of, with something in the place of what is found out.
func TestSentencesOfTroubleshooting(t *testing.T) {
	text, err := os.ReadFile("docs/guide.md")
	if err != nil {
		t.Fatal(err)
	}
	said, quoted := sentences(t), tables(string(text))["it says"]
	if len(said) < 100 || len(quoted) < 50 {
		t.Fatalf("only %d sentences are said and %d quoted", len(said), len(quoted))
	}
	for _, q := range quoted {
		if !slices.ContainsFunc(said, func(r *regexp.Regexp) bool { return r.MatchString(q) }) {
			t.Errorf("the guide quotes %q, and the program does not say that", q)
		}
	}
}

// sentences are what advice says, each as a pattern.
func sentences(t *testing.T) (all []*regexp.Regexp) {
	t.Helper()
	files, err := filepath.Glob("steps/advice*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			kv, ok := n.(*ast.KeyValueExpr)
			if ok {
				if key, ok := kv.Key.(*ast.Ident); ok && key.Name == "Say" {
					if p := pattern(kv.Value); len(p) > len(anything)+10 {
						all = append(all, regexp.MustCompile("^"+p+"$"))
					}
				}
			}
			return true
		})
	}
	return all
}

// anything stands in a pattern for what is found out when the program runs.
const anything = `.+`

var verb = regexp.MustCompile(`%[a-z]`)

// pattern is what an expression can say.
func pattern(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return regexp.QuoteMeta(text)
	case *ast.BinaryExpr:
		return pattern(e.X) + pattern(e.Y)
	case *ast.CallExpr:
		if f, ok := e.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "Sprintf" {
			return verb.ReplaceAllString(pattern(e.Args[0]), anything)
		}
		return `.*` // a word, or nothing
	}
	return anything
}
