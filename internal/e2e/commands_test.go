//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/jsontest"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// event is a line of a command's JSON, as far as these tests look.
type event struct {
	Step    string
	State   string
	Code    int
	Prompt  struct{ UserCode, URL string }
	Changes []struct{ Method, Path, Body string }
	Account struct{ Client string }
}

// command is a running command: its JSON and what it said beside it.
type command struct {
	*lines
	cmd  *exec.Cmd
	errs *bytes.Buffer
}

// runs starts a command whose output is JSON.
func (m *machine) runs(args ...string) *command {
	m.t.Helper()
	cmd := m.command(args...)
	c := &command{lines: &lines{t: m.t, more: make(chan struct{}, 1)}, cmd: cmd, errs: &bytes.Buffer{}}
	cmd.Stdout, cmd.Stderr = c.lines, c.errs
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { _ = cmd.Process.Kill() })
	m.watch(cmd, c.all, nil)
	return c
}

// signs waits for the code of a sign-in, and types it; an administrator consents
// for everyone.
func (m *machine) signs(c *command, upn string) {
	m.t.Helper()
	c.see(`"userCode":"`)
	var code string
	for code == "" {
		c.see(`"}}`) // the end of the event
		for _, e := range c.said() {
			code += e.Prompt.UserCode
		}
	}
	ada := m.tenant.Browser(upn)
	ada.Consent = simcloud.AcceptForEveryone
	landed, err := ada.EnterCode(m.t.Context(), code)
	m.do(err)
	if landed.Code != 0 {
		m.t.Fatal(landed.Shown)
	}
}

// said are the lines so far that are whole; each must be JSON.
func (c *command) said() (all []event) {
	c.t.Helper()
	for s := range strings.Lines(string(c.all())) {
		if !strings.HasSuffix(s, "\n") {
			break
		}
		var e event
		if err := json.Unmarshal([]byte(s), &e); err != nil {
			c.t.Fatalf("no JSON: %q: %v", s, err)
		}
		promised(c.t, s)
		all = append(all, e)
	}
	return all
}

// schema is what is promised of the JSON that commands write.
var schema = sync.OnceValues(func() (*jsontest.Schema, error) { return jsontest.Read("../../docs/json.schema.json") })

// promised looks that lines of JSON are as they are promised.
func promised(t testing.TB, lines string) {
	t.Helper()
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	s.Hold(t, lines)
}

// ends waits for the command's end with that exit code, and gives its last line.
func (c *command) ends(code int) (last event) {
	c.t.Helper()
	_ = c.cmd.Wait()
	if got := c.cmd.ProcessState.ExitCode(); got != code {
		c.t.Fatalf("exit code %d, want %d\n%s\n%s", got, code, c.all(), c.errs)
	}
	all := c.said()
	if len(all) == 0 {
		c.t.Fatalf("nothing was written; %s", c.errs)
	}
	return all[len(all)-1]
}

// byItself is a command line that asks nothing.
func byItself(more ...string) []string {
	return append([]string{"add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "contoso.com", "--sign-in", "device-code", "--json"}, more...)
}

// nothing looks that nothing is left in the tenant, in the keyring and on disk.
func (m *machine) nothing() {
	m.t.Helper()
	if apps, deleted := m.tenant.Apps(), m.tenant.Deleted(); len(apps) != 0 || len(deleted) != 0 {
		m.t.Errorf("left in the tenant: %+v, deleted %+v", apps, deleted)
	}
	if n := m.keys(); n != 0 {
		m.t.Errorf("%d items in the keyring, want none", n)
	}
	for path := range m.files() {
		if filepath.Base(filepath.Dir(path)) == "accounts" && strings.HasSuffix(path, ".json") && len(filepath.Base(path)) > 40 {
			m.t.Errorf("left on disk: %s", path)
		}
	}
}

// plan signs in for the plan alone, whose prompt is not on stdout: there the
// plan is one object.
func (m *machine) plan(upn string) (plan event) {
	m.t.Helper()
	cmd := m.command(byItself("--plan")...)
	var out bytes.Buffer
	c := &command{lines: &lines{t: m.t, more: make(chan struct{}, 1)}, cmd: cmd}
	cmd.Stdout, cmd.Stderr = &out, c.lines
	m.do(cmd.Start())
	m.signs(c, upn)
	m.do(cmd.Wait())
	m.do(json.Unmarshal(out.Bytes(), &plan))
	return plan
}

// TestCommandPlan prints the plan and leaves nothing anywhere.
func TestCommandPlan(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	upn := m.admin(simcloud.GlobalAdministrator)
	before := len(m.files())
	plan := m.plan(upn)
	if plan.State != "planned" || len(plan.Changes) != 4 {
		t.Fatalf("the plan is %+v", plan)
	}
	for _, ch := range plan.Changes {
		if ch.Method == "" || ch.Path == "" || ch.Body == "" {
			t.Errorf("a change without method, path or body: %+v", ch)
		}
	}
	m.nothing()
	if after := len(m.files()); after != before {
		t.Errorf("%d files, %d before: the plan wrote something", after, before)
	}
}

// TestCommandLinks links without a question, and a second time changes nothing.
func TestCommandLinks(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	c := m.runs(byItself("--yes")...)
	m.signs(c, upn)
	last := c.ends(0)
	if last.Step != "result" || last.State != "linked" || last.Account.Client != m.tenant.Apps()[0].ClientID || c.errs.Len() != 0 {
		t.Errorf("result %+v, errors %q", last, c.errs)
	}
	secrets := m.secrets()
	m.clean("the output", c.all(), secrets)
	m.cloud.ForgetRequests()
	again := m.runs(byItself("--yes")...)
	if last := again.ends(0); last.State != "linked" || len(again.said()) != 3 {
		t.Errorf("again: %s", again.all())
	}
	for _, r := range m.cloud.Requests() {
		if r.Method != "GET" && !strings.HasSuffix(r.Path, "/oauth2/v2.0/token") {
			t.Errorf("again it sent %s %s", r.Method, r.Path)
		}
	}
	m.oneApp()
	m.do(m.tenant.RemoveGlobalReader(last.Account.Client))
	m.runs(byItself("--yes")...).ends(3)
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
}

// killed is a machine on which a run was killed between two changes.
func killed(t *testing.T) (m *machine, upn string) {
	t.Helper()
	m = at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn = m.admin(simcloud.GlobalAdministrator)
	m.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/appRoleAssignedTo"), Latency: patience})
	c := m.runs(byItself("--yes")...)
	m.signs(c, upn)
	c.see(`"step":"grant","state":"doing"`)
	_ = c.cmd.Process.Kill()
	_ = c.cmd.Wait()
	m.cloud.ClearFaults()
	if len(m.tenant.Apps()) != 1 || m.keys() != 1 {
		t.Fatalf("killed in the middle with %+v and %d keys", m.tenant.Apps(), m.keys())
	}
	return m, upn
}

// TestCommandResume goes on after a kill, with the same app and key.
func TestCommandResume(t *testing.T) {
	t.Parallel()
	m, upn := killed(t)
	list := m.runs("drafts", "--json")
	list.see(`"name":"Contoso"`)
	list.ends(0)
	c := m.runs("resume", "--sign-in", "device-code", "--yes", "--json")
	m.signs(c, upn)
	if last := c.ends(0); last.State != "linked" {
		t.Errorf("result %+v", last)
	}
	m.oneApp()
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
}

// TestCommandStopped is told to stop while it waits, and keeps the draft.
func TestCommandStopped(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	m.tenant.SetReplicationApart(15*time.Second, 0) // no token is issued for the app, so that it waits
	c := m.runs(byItself("--yes")...)
	m.signs(c, upn)
	c.see(`"step":"checks","state":"looked"`)
	m.do(c.cmd.Process.Signal(os.Interrupt))
	if last := c.ends(130); last.State != "failed" || last.Code != 130 || !strings.Contains(c.errs.String(), "xops-onboard resume Contoso") {
		t.Errorf("result %+v, said %q", last, c.errs)
	}
	c = m.runs(byItself("--yes")...)
	m.signs(c, upn)
	c.ends(0)
	m.oneApp()
}

// TestCommandUndo takes everything back after a kill.
func TestCommandUndo(t *testing.T) {
	t.Parallel()
	m, upn := killed(t)
	refused := m.runs("undo", "Contoso", "--yes", "--json")
	refused.ends(4)
	if !strings.Contains(refused.errs.String(), "needs a sign-in") || m.keys() != 1 {
		t.Errorf("without a sign-in: %s, %d keys", refused.errs, m.keys())
	}
	c := m.runs("undo", "--sign-in", "device-code", "--yes", "--json")
	m.signs(c, upn)
	if last := c.ends(0); last.State != "taken-back" {
		t.Errorf("result %+v", last)
	}
	m.nothing()
}

// TestCommandMissesFlags looks that what is missing is said, and nothing done.
func TestCommandMissesFlags(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	c := m.runs("add", "microsoft", "--automatic", "--name", "Contoso", "--json")
	if last := c.ends(2); last.State != "failed" || last.Code != 2 {
		t.Errorf("result %+v", last)
	}
	if want := "xops-onboard: error: --tenant, --sign-in, --yes are missing\n"; !strings.HasPrefix(c.errs.String(), want) {
		t.Errorf("said %q, want %q", c.errs, want)
	}
	if n := len(m.cloud.Requests()); n != 0 {
		t.Errorf("%d requests", n)
	}
	m.nothing()
}

// TestCommandWrongRoles signs in as somebody who may not, and keeps the draft.
func TestCommandWrongRoles(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	m.tenant.SetUsersRegister(false)
	m.tenant.AddUser(simcloud.UserSpec{UPN: "grace@contoso.com", Roles: []string{simcloud.GlobalAdministrator}})
	m.plan("grace@contoso.com") // so that what one signs in to has its consent, and the roles alone are wrong
	upn := m.admin(simcloud.GlobalReader)
	c := m.runs(byItself("--yes")...)
	m.signs(c, upn)
	if last := c.ends(4); last.State != "failed" || last.Code != 4 {
		t.Errorf("result %+v", last)
	}
	if said := c.errs.String(); !strings.Contains(said, "It needs the role") || !strings.Contains(said, "Application Administrator") || !strings.Contains(said, "xops-onboard resume Contoso") {
		t.Errorf("said %q", said)
	}
	list := m.runs("drafts", "--json")
	list.see(`"name":"Contoso"`)
	list.ends(0)
	if len(m.tenant.Apps()) != 0 {
		t.Errorf("the tenant has %+v", m.tenant.Apps())
	}
}

// TestCommandOpensTheWizard begins on the screens where the flags end, and goes
// on with a draft there.
func TestCommandOpensTheWizard(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	s := m.start("add", "microsoft", "--automatic", "--name", "Contoso", "--tenant", "contoso.com")
	s.SeeWithin(patience, "Sign in", "Use a device code")
	s.Press("ctrl+c")
	s.Restored()
	s = m.start("resume", "Contoso")
	s.SeeWithin(patience, "Sign in", "Use a device code")
	s.Press("ctrl+c")
	s.Restored()
	s = m.start("add", "microsoft")
	s.See("Sign in and let the wizard do it")
	s.Press("ctrl+c")
	s.Restored()
}
