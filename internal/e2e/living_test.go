//go:build linux

package e2e_test

import (
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/registry"
)

// connect links an account of that name without a question.
func (m *machine) connect(name, upn string) {
	m.t.Helper()
	c := m.runs(inTheBrowser("add", "microsoft", "--automatic", "--name", name, "--tenant", "contoso.com")...)
	m.signsOrDies(c, upn)
	c.ends(0)
}

// connected is a machine with accounts of these names, each with an app of its own.
func connected(t *testing.T, names ...string) (m *machine, upn string) {
	t.Helper()
	m = at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn = m.admin(simcloud.GlobalAdministrator)
	for _, n := range names {
		m.connect(n, upn)
	}
	return m, upn
}

// app is what the tenant has of the app of that name.
func (m *machine) app(name string) simcloud.AppState {
	m.t.Helper()
	for _, a := range m.tenant.Apps() {
		if a.Name == "Xops 360 - "+name {
			return a
		}
	}
	m.t.Fatalf("no app of %s in %+v", name, m.tenant.Apps())
	return simcloud.AppState{}
}

// onlyCertificate is the thumbprint of the one certificate that an app has.
func (m *machine) onlyCertificate(name string) string {
	m.t.Helper()
	certs := m.app(name).Certificates
	if len(certs) != 1 {
		m.t.Fatalf("%s has the certificates %+v, want one", name, certs)
	}
	return certs[0].SHA1
}

// says runs a command for people and gives what it wrote.
func (m *machine) says(code int, args ...string) (out, errs string) {
	m.t.Helper()
	var o, e strings.Builder
	cmd := m.command(args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	_ = cmd.Run()
	if got := cmd.ProcessState.ExitCode(); got != code {
		m.t.Fatalf("%v: exit code %d, want %d\n%s\n%s", args, got, code, o.String(), e.String())
	}
	return o.String(), e.String()
}

// TestCommandListAndVerify has an account in each state, with its exit code.
func TestCommandListAndVerify(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Contoso")
	client := m.app("Contoso").ClientID
	verified := func(code int, says string) {
		t.Helper()
		out, errs := m.says(code, "verify", "Contoso")
		if !strings.HasPrefix(out, "Contoso: "+says) {
			t.Errorf("verify: %q, %q; want %q", out, errs, says)
		}
		last := m.runs("verify", "--all", "--json").ends(code)
		if last.Step != "result" || last.Code != code {
			t.Errorf("verify --all: %+v", last)
		}
	}
	verified(0, "every check holds.\n")
	if out, _ := m.says(0, "list"); !strings.HasPrefix(out, "Contoso: Microsoft Global, tenant Contoso, key ends in 179 days, every check held just now") {
		t.Errorf("list: %q", out)
	}
	m.do(m.tenant.AddSecret(client, "of another team"))
	verified(0, "every check holds, with a warning.\n  Nothing else on the app: holds, with a warning.")
	m.do(m.tenant.RevokeConsent(client))
	verified(3, "a check does not hold.\n")
	if out, _ := m.says(0, "list"); !strings.Contains(out, "a check did not hold just now") {
		t.Errorf("list: %q", out)
	}
	m.do(m.tenant.GrantConsent(client))
	m.do(m.tenant.RemoveGlobalReader(client))
	verified(3, "a check does not hold.\n")
	m.do(m.tenant.AssignGlobalReader(client))
	m.cloud.Inject(simcloud.Fault{Match: simcloud.Path("/oauth2/v2.0/token"), HTML: true})
	verified(6, "something could not be checked.\n")
	m.cloud.ClearFaults()
	m.do(m.tenant.SetEnabled(client, false))
	verified(3, "a check does not hold.\n")
	m.do(m.tenant.DeleteApp(client))
	verified(3, "a check does not hold.\n")
	m.says(2, "verify", "Nobody")
	locked := at(t, keyringtest.Locked(t))
	locked.home, locked.extra = m.home, []string{"XOPS_HOME=" + filepath.Join(m.ring.Map()["XDG_DATA_HOME"], "xops-onboard")}
	if _, errs := locked.says(5, "verify", "Contoso"); !strings.Contains(errs, "The keyring is locked") {
		t.Errorf("locked: %q", errs)
	}
}

// TestCommandRotate rotates a key for real: the tenant has the new certificate
// alone, and the keyring one key.
func TestCommandRotate(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Contoso")
	before, secrets := m.onlyCertificate("Contoso"), m.secrets()
	m.cloud.ForgetRequests()
	c := m.runs("rotate", "Contoso", "--json")
	if last := c.ends(0); last.State != "rotated" {
		t.Errorf("result %+v", last)
	}
	if after := m.onlyCertificate("Contoso"); after == before {
		t.Error("the certificate is the one before")
	}
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want 1", n)
	}
	m.clean("the output", c.all(), append(secrets, m.secrets()...))
	for path, b := range m.files() {
		m.clean(path, b, secrets) // the old key is nowhere any more
	}
	m.says(0, "verify", "Contoso")
	if out, _ := m.says(0, "rotate", "--due", "30d"); out != "No key is due.\n" {
		t.Errorf("due: %q", out)
	}
}

// TestCommandRotateDue does all that are due, and goes on after one that fails.
func TestCommandRotateDue(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Adatum", "Contoso", "Fabrikam")
	before := map[string]string{}
	for _, n := range []string{"Adatum", "Contoso", "Fabrikam"} {
		before[n] = m.onlyCertificate(n)
	}
	m.do(m.tenant.RemoveCertificate(m.app("Contoso").ClientID, before["Contoso"])) // so that it has no proof
	out, errs := m.says(1, "rotate", "--due", "200d")
	if !strings.Contains(out, "Adatum has another key") || !strings.Contains(out, "Fabrikam has another key") || !strings.Contains(out, "Contoso: not rotated.") || !strings.Contains(out, "The old key stays in use") || !strings.Contains(errs, "1 of 3 keys are not rotated") {
		t.Errorf("%s\n%s", out, errs)
	}
	for _, n := range []string{"Adatum", "Fabrikam"} {
		if m.onlyCertificate(n) == before[n] {
			t.Errorf("%s has the certificate it had", n)
		}
	}
	if n := m.keys(); n != 4 { // Contoso's new one waits
		t.Errorf("%d items in the keyring, want 4", n)
	}
	m.says(3, "verify", "--all")
}

// TestCommandRotateByHand waits until the certificate is uploaded.
func TestCommandRotateByHand(t *testing.T) {
	t.Parallel()
	m, upn := connected(t, "Contoso")
	before := m.onlyCertificate("Contoso")
	_, errs := m.says(3, "rotate", "Contoso", "--certificate-out", "out")
	if !strings.Contains(errs, "Upload "+filepath.Join(m.home, "work", "out", "contoso-")) || !strings.Contains(errs, "The old key stays in use") {
		t.Errorf("said %q", errs)
	}
	c := m.runs("rotate", "Contoso", "--certificate-out", "out", "--wait", "10m", "--json")
	c.see(`"step":"trial","state":"pausing"`)
	files, err := filepath.Glob(filepath.Join(m.home, "work", "out", "*.cer"))
	if err != nil || len(files) != 1 {
		t.Fatalf("files %v, %v", files, err)
	}
	cert, err := os.ReadFile(files[0])
	m.do(err)
	m.do(m.tenant.Upload(m.app("Contoso").ClientID, cert))
	c.ends(0)
	second := m.onlyCertificate("Contoso")
	c = m.runs("rotate", "Contoso", "--sign-in", "device-code", "--json")
	m.signs(c, upn)
	c.ends(0)
	if third := m.onlyCertificate("Contoso"); second == before || third == second || m.keys() != 1 {
		t.Errorf("certificates %s, %s, %s; %d keys", before, second, third, m.keys())
	}
}

func TestCommandRenameAndCertificate(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Contoso")
	m.says(0, "rename", "Contoso", "Northwind")
	if out, _ := m.says(0, "list"); !strings.HasPrefix(out, "Northwind: ") || strings.Contains(out, "\nContoso") {
		t.Errorf("list: %q", out)
	}
	out, _ := m.says(0, "certificate", "Northwind", "--certificate-out", "-")
	block, rest := pem.Decode([]byte(out))
	if block == nil || block.Type != "CERTIFICATE" || len(rest) != 0 {
		t.Errorf("not one certificate: %q", out)
	}
	said, _ := m.says(0, "certificate", "Northwind", "--certificate-out", "out")
	files, _ := filepath.Glob(filepath.Join(m.home, "work", "out", "northwind-*.cer"))
	if len(files) != 1 || !strings.Contains(said, files[0]) || !strings.Contains(said, m.onlyCertificate("Contoso")) {
		t.Errorf("said %q, files %v", said, files)
	}
	if b, err := os.ReadFile(files[0]); err != nil || string(b) != out {
		t.Errorf("the file has %q, %v", b, err)
	}
	m.says(0, "verify", "Northwind")
}

// TestCommandMoveKey moves a key to the file store and back.
func TestCommandMoveKey(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Contoso")
	phrase := filepath.Join(m.home, "phrase")
	m.do(os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600))
	m.says(5, "move-key", "Contoso", "--to", "file") // nobody knows a passphrase
	m.extra = append(m.extra, "XOPS_PASSPHRASE_FILE="+phrase)
	aged := func() (n int) {
		for path := range m.files() {
			if strings.HasSuffix(path, ".age") && filepath.Base(path) != "identity.age" {
				n++
			}
		}
		return n
	}
	m.says(0, "move-key", "Contoso", "--to", "file")
	if k, f := m.keys(), aged(); k != 0 || f != 1 {
		t.Errorf("%d keys in the keyring and %d in files, want 0 and 1", k, f)
	}
	m.says(0, "verify", "Contoso")
	m.says(0, "rotate", "Contoso")
	m.says(0, "move-key", "Contoso", "--to", "keyring")
	if k, f := m.keys(), aged(); k != 1 || f != 0 {
		t.Errorf("%d keys in the keyring and %d in files, want 1 and 0", k, f)
	}
	m.extra = nil
	m.says(0, "verify", "Contoso")
}

// TestCommandRemove removes what is here, and with a sign-in all there is.
func TestCommandRemove(t *testing.T) {
	t.Parallel()
	m, upn := connected(t, "Contoso")
	m.says(2, "remove", "Contoso")
	c := m.runs("remove", "Contoso", "--yes", "--sign-in", "device-code", "--json")
	m.signs(c, upn)
	if last := c.ends(0); last.State != "removed" {
		t.Errorf("result %+v", last)
	}
	m.nothing()

	m.connect("Contoso", upn)
	app := m.app("Contoso")
	out, _ := m.says(0, "remove", "Contoso", "--yes")
	if n := m.keys(); n != 0 || !strings.Contains(out, app.ObjectID) || !strings.Contains(out, "https://entra.microsoft.com/#view/") {
		t.Errorf("%d keys, said %q", n, out)
	}
	if list, _ := m.says(0, "list"); list != "" || len(m.tenant.Apps()) != 1 {
		t.Errorf("listed %q, in the tenant %+v", list, m.tenant.Apps())
	}
}

// TestRotationKilledAtEachCall kills a rotation when one of its calls arrives at
// the service, which carries it out or does not. The old key or the new one
// works then, and rotate goes on to one key and one certificate.
func TestRotationKilledAtEachCall(t *testing.T) {
	t.Parallel()
	m, _ := connected(t, "Contoso")
	calls := m.counted(0, simcloud.Before)
	m.runs("rotate", "Contoso", "--json").ends(0)
	total := calls.n()
	if total < 10 {
		t.Fatalf("a rotation made %d calls; the test does not see them", total)
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "c") })
	for n := 1; n <= total; n++ {
		for _, carried := range []simcloud.Drop{simcloud.Before, simcloud.After} {
			when := map[simcloud.Drop]string{simcloud.Before: "before", simcloud.After: "after"}[carried]
			t.Run(fmt.Sprintf("%s call %d", when, n), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { told.add("rotate, kill -9 at a call", "microsoft", t.Failed()) })
				rotationKilled(t, n, carried)
			})
		}
	}
}

func rotationKilled(t *testing.T, n int, carried simcloud.Drop) {
	m, _ := connected(t, "Contoso")
	before := m.onlyCertificate("Contoso")
	calls := m.counted(n, carried)
	c := m.runs("rotate", "Contoso", "--json")
	calls.kills(c)
	_ = c.cmd.Wait()
	c.killed()
	m.says(0, "verify", "Contoso")
	m.later()
	m.runs("rotate", "Contoso", "--json").ends(0)
	if after := m.onlyCertificate("Contoso"); after == before {
		t.Error("the certificate is the one before")
	}
	if k := m.keys(); k != 1 {
		t.Errorf("%d items in the keyring, want 1", k)
	}
	m.says(0, "verify", "Contoso")
}

// later has an hour gone by since something was sent without an answer: it is
// looked for as long as it may be spreading before it is sent again, or taken
// for never made.
func (m *machine) later() {
	m.t.Helper()
	data := filepath.Join(m.ring.Map()["XDG_DATA_HOME"], "xops-onboard")
	gone := account.Owner{Host: registry.Self().Host, Boot: "before", PID: 1, Start: "1"}
	reg, err := registry.Open(data, filepath.Join(data, "state"), gone, registry.Alive)
	m.do(err)
	known, err := reg.Contents(m.t.Context())
	m.do(err)
	for _, row := range known.Accounts {
		_, err := reg.ChangeAccount(m.t.Context(), row.ID, func(a account.Account) (account.Account, error) {
			if a.Next != nil && !a.Next.Sent.IsZero() {
				next := *a.Next
				next.Sent = next.Sent.Add(-time.Hour)
				a.Next = &next
			}
			return a, nil
		})
		m.do(err)
	}
	for _, row := range known.Drafts {
		d, err := reg.Draft(m.t.Context(), row.ID)
		m.do(err)
		for i := range d.Journal {
			d.Journal[i].Begun = d.Journal[i].Begun.Add(-time.Hour)
			if ended := &d.Journal[i].Ended; !ended.IsZero() {
				*ended = ended.Add(-time.Hour)
			}
		}
		m.do(reg.SaveDraft(m.t.Context(), d))
	}
}
