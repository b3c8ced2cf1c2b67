package main

import (
	"runtime/debug"

	"github.com/axiomio/xops-onboard/cli"
)

// stamped is the version a release is linked with; else the build tells. The rest
// the build tells always: what it was made of is not for a script to say.
var stamped string

// build is what this program was built from.
func build() cli.Build {
	b := cli.Build{Version: "dev"}
	if info, ok := debug.ReadBuildInfo(); ok {
		b = built(info)
	}
	if stamped != "" {
		b.Version = stamped
	}
	return b
}

// built is a build as Go's toolchain recorded it. Of a build outside a repository,
// or with -buildvcs=false, there is no commit.
func built(info *debug.BuildInfo) cli.Build {
	b := cli.Build{Version: "dev", Go: info.GoVersion}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		b.Version = v
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Commit = s.Value
		case "vcs.time":
			b.Date = s.Value
		case "vcs.modified":
			b.Changed = s.Value == "true"
		}
	}
	return b
}
