package version

import "testing"

func TestLine(t *testing.T) {
	for want, of := range map[string]Build{
		"xops-onboard dev\n": {Version: "dev"},
		"xops-onboard v1.2.3 (1fa60dd1fc22, 2026-11-26)\n":                {Version: "v1.2.3", Commit: "1fa60dd1fc224d0c3b5ad01f1e5dbd67e6b9f1de", Date: "2026-11-26T05:34:44Z", Go: "go1.26.8"},
		"xops-onboard v1 (1fa60dd, and changes that are not committed)\n": {Version: "v1", Commit: "1fa60dd", Changed: true},
	} {
		if got := of.Line(); got != want {
			t.Errorf("%+v says %q, not %q", of, got, want)
		}
	}
}
