package main

import (
	"runtime/debug"

	"github.com/axiomio/xops-onboard/internal/version"
)

// build is what this program was built from: Go's own record, and of a release the
// version that it was linked with.
func build() version.Build {
	b := version.Build{Version: "dev"}
	if info, ok := debug.ReadBuildInfo(); ok {
		b = built(info)
	}
	stamped := version.Stamped()
	if stamped.Version != "" {
		b.Version = stamped.Version
	}
	if b.Commit == "" { // built outside a repository, or with -buildvcs=false
		b.Commit, b.Date = stamped.Commit, stamped.Date
	}
	return b
}

// built is a build as Go's toolchain recorded it.
func built(info *debug.BuildInfo) version.Build {
	b := version.Build{Version: "dev", Go: info.GoVersion}
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
