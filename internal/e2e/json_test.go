//go:build linux

package e2e_test

import (
	"strings"
	"testing"
)

// TestJSONOfDemo holds that what commands write on a machine that has nothing, and of
// the whole simulated cloud, is as it is promised.
func TestJSONOfDemo(t *testing.T) {
	t.Parallel()
	m := at(t, nil)
	for args, code := range map[string]int{
		"list": 0, "drafts": 0, "version": 0, "doctor": 0, "verify --all": 0, "rotate --due 30d": 0,
		"add microsoft --automatic --name Contoso --tenant contoso.com --sign-in device-code --plan": 0,
		"add azure --automatic --name Contoso --tenant contoso.com --sign-in device-code --plan":     0,
		"add microsoft": 2, "verify Nobody": 2, "list --wrong": 2,
	} {
		out, errs := m.says(code, append(strings.Fields(args), "--demo", "--json")...)
		if out == "" {
			t.Errorf("%s wrote nothing; %s", args, errs)
		}
		promised(t, out)
		for line := range strings.Lines(errs) { // the events of a plan
			if strings.HasPrefix(line, "{") {
				promised(t, line)
			}
		}
	}
}
