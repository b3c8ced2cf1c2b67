package main

import (
	"runtime/debug"
	"testing"

	"github.com/axiomio/xops-onboard/internal/version"
)

func TestBuilt(t *testing.T) {
	set := func(pairs ...string) (s []debug.BuildSetting) {
		for i := 0; i < len(pairs); i += 2 {
			s = append(s, debug.BuildSetting{Key: pairs[i], Value: pairs[i+1]})
		}
		return s
	}
	for name, tt := range map[string]struct {
		info debug.BuildInfo
		want version.Build
	}{
		"a tag": {
			debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "v1.2.3"}, Settings: set("vcs", "git", "vcs.revision", "1fa60dd", "vcs.time", "2026-11-26T05:34:44Z", "vcs.modified", "false")},
			version.Build{Version: "v1.2.3", Commit: "1fa60dd", Date: "2026-11-26T05:34:44Z", Go: "go1.26.8"},
		},
		"a changed tree": {
			debug.BuildInfo{GoVersion: "go1.26.8", Main: debug.Module{Version: "(devel)"}, Settings: set("vcs.revision", "1fa60dd", "vcs.modified", "true")},
			version.Build{Version: "dev", Commit: "1fa60dd", Changed: true, Go: "go1.26.8"},
		},
		"no repository": {debug.BuildInfo{GoVersion: "go1.26.8"}, version.Build{Version: "dev", Go: "go1.26.8"}},
	} {
		if got := built(&tt.info); got != tt.want {
			t.Errorf("%s: %+v, want %+v", name, got, tt.want)
		}
	}
}
