package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestReleaseIsWhatIsTested holds that a release is built for the systems that the
// tests build for, with the same flags, and stamps a variable that is there.
func TestReleaseIsWhatIsTested(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	release, tests := read(".goreleaser.yaml"), read("test.sh")
	list := func(name string) []string {
		m := regexp.MustCompile(name + `: \[(.+)\]`).FindStringSubmatch(release)
		if m == nil {
			t.Fatalf(".goreleaser.yaml has no list %s", name)
		}
		return strings.Split(m[1], ", ")
	}
	var targets []string
	for _, system := range list("goos") {
		for _, machine := range list("goarch") {
			targets = append(targets, system+"/"+machine)
		}
	}
	m := regexp.MustCompile(`for target in (.+); do`).FindStringSubmatch(tests)
	if m == nil || !slices.Equal(strings.Fields(m[1]), targets) {
		t.Errorf("a release is built for %v, test.sh builds for %v", targets, m)
	}
	for _, flag := range []string{"CGO_ENABLED=0", "-trimpath", "-s -w"} {
		if !strings.Contains(release, flag) || !strings.Contains(tests, flag) {
			t.Errorf("%s is not in both .goreleaser.yaml and test.sh", flag)
		}
	}
	declared := regexp.MustCompile(`\nvar (stamped\w+(?:, stamped\w+)*) string\n`).FindStringSubmatch(read("internal/version/version.go"))
	if declared == nil {
		t.Fatal("package version has no stamps")
	}
	for _, name := range strings.Split(declared[1], ", ") {
		for where, how := range map[string]string{".goreleaser.yaml": module, "release/stamp.sh": "$package"} {
			if how == module {
				how += "/internal/version"
			}
			if !strings.Contains(read(where), "-X "+how+"."+name+"=") {
				t.Errorf("%s does not stamp %s", where, name)
			}
		}
	}
}
