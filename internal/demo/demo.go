// Package demo is the world of --demo: a simulated cloud with one tenant, and
// an administrator in its portal who does a step when asked.
package demo

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

// The demo's tenant is somewhat slow to spread changes, as a real one is.
const spreading = 3 * time.Second

// administrator is who signs in there.
const administrator = "ada@contoso.com"

// World is the demo's cloud.
type World struct {
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant

	mu     sync.Mutex
	client string // the app that was registered last
}

// New is a world with the tenant Contoso.
func New(now func() time.Time) *World {
	c := simcloud.New(now)
	t := c.AddTenant(simcloud.TenantSpec{
		Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"},
		Licensed: true, Reviews: []string{"Guests of the marketing team", "Members of the finance group"},
	})
	t.SetReplication(spreading)
	t.AddUser(simcloud.UserSpec{UPN: administrator, Name: "Ada Lovelace", Roles: []string{simcloud.GlobalAdministrator}})
	return &World{cloud: c, tenant: t}
}

// Transport reaches the simulated cloud without a socket.
func (w *World) Transport() http.RoundTripper { return w.cloud.Client().Transport }

// Do does a by-hand step in the portal. It returns what the administrator
// brings back on the clipboard, if anything.
func (w *World) Do(_ context.Context, stop string, d account.Draft) (string, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	client := string(d.Microsoft().Client)
	switch stop {
	case "register":
		w.client = w.tenant.Register(account.AppName(d.Name)).ClientID
	case "identifiers":
		if w.client == "" {
			w.client = w.tenant.Register(account.AppName(d.Name)).ClientID
		}
		return w.tenant.OverviewPage(w.client) + "\n" + w.tenant.Initial(), nil
	case "upload":
		return "", w.tenant.Upload(client, []byte(d.Key().Certificate.PEM))
	case "role":
		return "", w.tenant.AssignGlobalReader(client)
	case "permission":
		if err := w.tenant.AddPermission(client, simcloud.Application, "AccessReview.Read.All"); err != nil {
			return "", err
		}
		return "", w.tenant.GrantConsent(client)
	}
	return "", nil
}

// SignIn has Ada, the demo's Global Administrator, type the code of a prompt.
func (w *World) SignIn(_ context.Context, p account.SignInPrompt) error {
	return w.tenant.EnterCode(administrator, p.UserCode)
}

// Page is what the demo's portal shows in place of a real address.
func (w *World) Page(url string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Without --demo your browser would open\n\n%s\n\nIn the demo nothing real is opened. ", url)
	apps := w.tenant.Apps()
	if len(apps) == 0 {
		b.WriteString("There is no app in the demo portal yet.\n")
	} else {
		b.WriteString("The demo portal holds:\n")
	}
	for _, app := range apps {
		fmt.Fprintf(&b, "\n%s\n  Application (client) ID  %s\n  Certificates  %d\n", app.Name, app.ClientID, len(app.Certificates))
	}
	b.WriteString("\nctrl+d on a step does it for you here.")
	return b.String()
}
