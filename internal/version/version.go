// Package version is what a program was built from, and the whole program where that is
// all that it is asked: see init.
package version

import (
	"os"
	"slices"
)

// What a release is linked with (go build -ldflags "-X …"), as Go's own record of a build
// has it: version, commit and the commit's date, in RFC 3339. All are there, or none.
var stampedVersion, stampedCommit, stampedDate string

// Stamped is what the program was linked with: the zero Build where it was built without.
func Stamped() Build {
	return Build{Version: stampedVersion, Commit: stampedCommit, Date: stampedDate}
}

// init is `xops-onboard version`, or --version, of a program that was stamped. Before the first line of
// main, the libraries for terminals, TLS and signing in set themselves up, which takes
// longer than all else that happens then; a script that asks many machines for the version
// need not wait for that. Go sets packages up in the order of their paths, each as soon as
// what it imports is (The Go Programming Language Specification, "Program
// initialization"). So this package comes before them while it imports no more than it
// does: runtime/debug, which would know of any build, comes after them already.
// TestVersionComesFirst holds that.
//
// Everything else is left to package cli: any other command line, help and JSON, a program
// without a stamp, and an output that takes nothing.
func init() {
	if stampedVersion == "" || len(os.Args) != 2 || !slices.Contains([]string{"version", "--version"}, os.Args[1]) {
		return
	}
	if _, err := os.Stdout.WriteString(Stamped().Line()); err == nil {
		os.Exit(0)
	}
}

// Build is what a program was built from. What is not known is empty.
type Build struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	Date    string `json:"date,omitempty"` // of the commit
	Changed bool   `json:"changed,omitempty"`
	Go      string `json:"go,omitempty"`
}

// Line says it: the version and, where they are known, the commit and its day.
func (b Build) Line() string {
	const short, day = len("1fa60dd1fa60"), len("2026-11-26")
	line := "xops-onboard " + b.Version
	if b.Commit != "" {
		line += " (" + b.Commit[:min(short, len(b.Commit))]
		if b.Date != "" {
			line += ", " + b.Date[:min(day, len(b.Date))]
		}
		if b.Changed {
			line += ", and changes that are not committed"
		}
		line += ")"
	}
	return line + "\n"
}
