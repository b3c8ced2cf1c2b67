//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// inAzure gives the tenant subscriptions, over which somebody may assign roles.
func (m *machine) inAzure(upn string) {
	production := m.tenant.AddManagementGroup("production", "Production", "")
	m.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: "Shop", Group: production})
	m.tenant.AddSubscription(simcloud.SubscriptionSpec{Name: "Playground"})
	m.tenant.AssignAzureRole(m.tenant.RootGroup(), account.AzureOwner, upn)
}

// assigned are the roles in Azure that are an enterprise app's.
func (m *machine) assigned() (all []simcloud.AzureAssignmentState) {
	m.t.Helper()
	for _, a := range m.tenant.AzureAssignments() {
		if a.Role != account.AzureOwner {
			all = append(all, a)
		}
	}
	return all
}

// azureSigned signs in for Azure as well, by a code.
func (m *machine) azureSigned(s *ptytest.Screen, upn string) {
	m.t.Helper()
	s.SeeWithin(patience, "Sign in to Azure", "Use a device code")
	m.byCode(s, upn)
}

// TestAzureAutomatic signs in twice, picks what is to be seen, and is connected;
// removing it takes two sign-ins too and leaves nothing.
func TestAzureAutomatic(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	m.inAzure(upn)
	s := m.start()
	s.See("Which cloud do you want to link first?")
	s.Press("up", "enter")
	s.See("Link a New Azure Account", "Sign in and let the wizard do it")
	s.Press("1", "enter")
	s.See("Which tenant?")
	s.Type("contoso.com")
	s.Press("enter")
	s.See(m.tenant.ID(), "Contoso")
	s.Press("enter")
	s.SeeWithin(patience, "Sign in", "Use a device code")
	m.byCode(s, upn)
	s.SeeWithin(patience, "Is this the right tenant?", "Yes, go on to Azure")
	if strings.Contains(s.Text(), "grant") {
		t.Errorf("a right that is not needed is asked for:\n%s", s.Text())
	}
	s.Press("enter")
	m.azureSigned(s, upn)
	s.SeeWithin(patience, "What is the account to see?", "[x] Tenant Root Group", "[ ] Production", "[x] Key Vault Reader")
	s.Press("enter")
	s.See("Plan", "5 changes", "Register the app")
	if n := len(m.tenant.Apps()) + len(m.assigned()); n != 0 {
		t.Errorf("before the yes there are %d apps and roles", n)
	}
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Contoso is connected", "Shop, Playground")
	secrets := m.secrets()
	s.Press("enter")
	s.See("Home", "1 connected", "Azure")
	s.Press("enter")
	s.See("Reader in Azure", "root group: Reader")
	s.Press("ctrl+c")
	s.Restored()
	app := m.app("Contoso")
	if len(app.Granted) != 0 || len(m.assigned()) != 2 {
		t.Errorf("granted %v, assigned %+v", app.Granted, m.assigned())
	}
	for path, b := range m.files() {
		m.clean(path, b, secrets)
	}
	m.clean("what was drawn", s.Recording(), secrets)

	m.runs("verify", "Contoso", "--json").ends(0)
	m.runs("rotate", "Contoso", "--json").ends(0)
	c := m.runs("remove", "Contoso", "--yes", "--sign-in", "device-code", "--json")
	m.signs(c, upn)
	m.signsAgain(c, upn)
	if last := c.ends(0); last.State != "removed" {
		t.Errorf("result %+v", last)
	}
	m.nothing()
	if left := m.assigned(); len(left) != 0 {
		t.Errorf("left in Azure: %+v", left)
	}
}

// signsAgain waits for the code of a second sign-in, and types it.
func (m *machine) signsAgain(c *command, upn string) {
	m.t.Helper()
	var codes []string
	for len(codes) < 2 {
		c.see(`"}}`)
		codes = nil
		for _, e := range c.said() {
			if e.Prompt.UserCode != "" {
				codes = append(codes, e.Prompt.UserCode)
			}
		}
	}
	m.do(m.tenant.EnterCode(upn, codes[1]))
}

// TestAzureByHand walks the road in both portals to Home.
func TestAzureByHand(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.inAzure(m.admin(simcloud.GlobalAdministrator))
	s := m.start()
	s.See("Which cloud do you want to link first?")
	s.Press("up", "enter")
	s.See("Link a New Azure Account")
	stages := m.stages()
	m.walk(s, stages[1:8])
	s.SeeWithin(patience, "What is the account to see?", m.tenant.ID())
	s.Press("enter")
	s.SeeWithin(patience, "Assign Reader in Azure", "Tenant Root Group", "Key Vault Reader")
	var principal string
	for _, p := range m.tenant.Principals() {
		if p.ClientID == m.client {
			principal = p.ID
		}
	}
	for _, role := range []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader} {
		m.tenant.AssignAzureRole(m.tenant.RootGroup(), role, principal)
	}
	m.again(s)
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Contoso is connected", "Shop, Playground")
	s.Press("enter")
	s.See("Home", "1 connected")
}

// TestAddAzureByFlags asks nothing: the plan, the account, and once more.
func TestAddAzureByFlags(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	m.tenant.SetReplication(0)
	upn := m.admin(simcloud.GlobalAdministrator)
	m.inAzure(upn)
	args := []string{"add", "azure", "--automatic", "--name", "Contoso", "--tenant", "contoso.com", "--sign-in", "device-code", "--scope", "/providers/Microsoft.Management/managementGroups/production", "--no-key-vaults", "--json", "--yes"}
	c := m.runs(args...)
	m.signs(c, upn)
	m.signsAgain(c, upn)
	if last := c.ends(0); last.State != "linked" {
		t.Errorf("result %+v", last)
	}
	if got := m.assigned(); len(got) != 1 || got[0].Scope.ID() != "production" || got[0].Role != account.AzureReader {
		t.Errorf("assigned %+v", got)
	}
	if last := m.runs(args...).ends(0); last.State != "linked" || len(m.tenant.Apps()) != 1 {
		t.Errorf("again: %+v", last)
	}
}

// TestCredentials has a program use what `credentials` prints, against the services
// that it is for.
func TestCredentials(t *testing.T) {
	t.Parallel()
	m, upn := connected(t, "Contoso")
	m.inAzure(upn)
	for scope, address := range map[string]string{
		"graph": "https://graph.microsoft.com/v1.0/organization",
		"azure": "https://management.azure.com/subscriptions?api-version=2022-12-01",
	} {
		out, errs := m.says(0, "credentials", "Contoso", "--scope", scope)
		var got struct{ AccessToken, TokenType string }
		m.do(json.Unmarshal([]byte(out), &got))
		if errs != "" || got.TokenType != "Bearer" {
			t.Errorf("%s: said %q beside %q", scope, errs, got.TokenType)
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		m.do(err)
		r.Header.Set("Authorization", "Bearer "+got.AccessToken)
		resp, err := m.cloud.Client().Do(r)
		m.do(err)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: the token gets %d", scope, resp.StatusCode)
		}
		for path, b := range m.files() {
			if bytes.Contains(b, []byte(got.AccessToken)) {
				t.Errorf("%s has the token in it", path)
			}
		}
	}
}
