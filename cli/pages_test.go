package cli_test

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
)

// printed runs a command line of the libraries', which print to the process's own
// standard output, and gives what was printed.
func printed(t *testing.T, args ...string) string {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	aside, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer aside.Close()
	out, errs, words := os.Stdout, os.Stderr, os.Args
	defer func() { os.Stdout, os.Stderr, os.Args = out, errs, words }()
	os.Stdout, os.Stderr, os.Args = f, aside, append([]string{"xops-onboard"}, args...)
	if code := cli.Execute(t.Context(), cli.Ports{Out: f, Records: noRecords}, io.Discard); code != cli.Done {
		t.Errorf("%v ended with code %d", args, code)
	}
	text, err := os.ReadFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// noRecords are what a machine has on which nothing was done.
func noRecords(cli.Start) (link.Registry, error) { return registry.Memory(), nil }

// commands are the commands under one, each as its words.
func commands(t *testing.T, under ...string) (all [][]string) {
	t.Helper()
	for line := range strings.Lines(printed(t, append(append([]string{"__complete"}, under...), "")...)) {
		name, _, described := strings.Cut(line, "\t")
		if !described || strings.HasPrefix(name, ":") || len(under) > 0 && under[0] == "help" {
			continue
		}
		words := append(append([]string{}, under...), name)
		all = append(append(all, words), commands(t, words...)...)
	}
	return all
}

func TestEveryCommandHasHelp(t *testing.T) {
	all := append(commands(t), nil)
	if len(all) < 20 {
		t.Fatalf("only these commands were found: %v", all)
	}
	for _, words := range all {
		if help := printed(t, append(words, "--help")...); !strings.Contains(help, "USAGE") || !strings.Contains(help, "xops-onboard "+strings.Join(words, " ")) {
			t.Errorf("%v --help says %q", words, help)
		}
	}
}

// TestPagesForPackages holds what a release is packed with: completions for four
// shells, and a manual page that knows every command.
func TestPagesForPackages(t *testing.T) {
	for shell, has := range map[string]string{
		"bash": "complete -o default -F __start_xops-onboard xops-onboard", "zsh": "#compdef xops-onboard",
		"fish": "complete -c xops-onboard", "powershell": "Register-ArgumentCompleter -CommandName 'xops-onboard'",
	} {
		if text := printed(t, "completion", shell); !strings.Contains(text, has) {
			t.Errorf("%s: %q is not in the completion of %d bytes", shell, has, len(text))
		}
	}
	page := printed(t, "man")
	if !strings.HasPrefix(page, ".TH XOPS-ONBOARD 1 ") {
		t.Errorf("the manual page begins with %.60q", page)
	}
	for _, has := range []string{".SH EXIT STATUS", ".SH ENVIRONMENT", ".SH FILES", ".SH EXAMPLES", "Ask the real services whether accounts hold", "verify\\fP [name"} {
		if !strings.Contains(page, has) {
			t.Errorf("%q is not on the manual page", has)
		}
	}
	for _, words := range commands(t) {
		if name := words[len(words)-1]; !strings.Contains(page, `\fB`+name+`\fP`) {
			t.Errorf("the manual page does not know %v", words)
		}
	}
}
