//go:build linux

package e2e_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// TestPlainLinesAdopt signs in, uses an app that is there, and is Connected, all
// in lines on pipes.
func TestPlainLinesAdopt(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	m.client = m.tenant.Register("Our old app").ClientID
	m.do(m.tenant.AddSecret(m.client, "somebody's secret"))
	cmd := m.command("--plain")
	p := pipe(t, cmd)
	p.answer("Cloud (1 to 3)", "3")
	p.answer("Way (1 to 3)", "1")
	p.answer("Tenant: ", "contoso.com")
	p.answer("Friendly name (Enter takes Contoso): ", "")
	p.answer("How (1 to 4)", "2")
	p.see("type this code: ")
	p.see("\n")
	_, code, _ := strings.Cut(string(p.all()), "type this code: ")
	m.do(m.tenant.EnterCode(upn, strings.Fields(code)[0]))
	p.see("4. Use an app that is there")
	p.answer("What now (1 to 5)", "4")
	p.answer("Application (client) ID: ", m.client)
	p.see("somebody's secret")
	p.answer("Type yes to use it: ", "yes")
	p.see("Add a certificate to the app that is there.")
	p.answer("Type yes to make these changes: ", "yes")
	p.see("Certificate on the app that is there: done.")
	p.see("Contoso is connected.")
	p.see("Page: https://entra.microsoft.com/#view/")
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if apps := m.tenant.Apps(); len(apps) != 1 || len(apps[0].Certificates) != 1 || len(apps[0].Secrets) != 1 {
		t.Errorf("the tenant has %+v, want the one app with its secret and our certificate", apps)
	}
	if out := p.all(); bytes.ContainsAny(out, "\x1b\x07") {
		t.Error("plain lines have escape sequences in them")
	}
}

// TestPlainDemo walks the demo in lines to Connected, opens no page and no port,
// and leaves nothing.
func TestPlainDemo(t *testing.T) {
	t.Parallel()
	m := at(t, nil)
	opened := m.browser()
	before := len(m.files())
	cmd := m.command("--demo", "--plain")
	p := pipe(t, cmd)
	p.answer("Cloud (1 to 3)", "3")
	p.answer("Way (1 to 3)", "1")
	p.answer("Tenant: ", "contoso.com")
	p.answer("Friendly name (Enter takes Contoso): ", "")
	p.see("1. Use a device code")
	p.answer("How (1 to 3)", "1")
	p.see("In the demo its administrator types it now.")
	p.answer("What now (1 to 5)", "1")
	p.answer("Type yes to make these changes: ", "yes")
	p.see("Contoso is connected.")
	if err := cmd.Wait(); err != nil {
		t.Errorf("the program ended with %v", err)
	}
	if strings.Contains(string(p.all()), "Sign in with a browser") || opened() != "" || len(m.cloud.Requests()) != 0 {
		t.Errorf("opened %q, %d requests\n%s", opened(), len(m.cloud.Requests()), p.all())
	}
	if after := len(m.files()); after != before {
		t.Errorf("%d files, %d before: the demo wrote something", after, before)
	}
	if _, err := os.Stat(filepath.Join(m.home, ".local")); err == nil {
		t.Error("the demo made a directory")
	}
}
