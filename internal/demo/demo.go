// Package demo is the world of --demo: a simulated cloud with one tenant, and
// an administrator in its portal who does a step when asked.
package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// The demo's tenant is somewhat slow to spread changes, as a real one is.
const spreading = 3 * time.Second

// building is how long CloudFormation takes for each resource there.
const building = time.Second

// administrator is who signs in there.
const administrator = "ada@contoso.com"

// World is the demo's cloud.
type World struct {
	cloud  *simcloud.Cloud
	tenant *simcloud.Tenant
	amazon *simaws.Account
	shell  map[string]string

	template Templates

	mu     sync.Mutex
	client string // the app that was registered last
}

// Environment is what the demo's shell has: an AWS administrator's credentials.
// They are worth something in the simulated cloud alone.
func (w *World) Environment(name string) string { return w.shell[name] }

// New is a world with the tenant Contoso, its subscriptions, and an AWS account.
func New(now func() time.Time) *World {
	c := simcloud.New(now)
	t := c.AddTenant(simcloud.TenantSpec{
		Name: "Contoso", Initial: "contoso.onmicrosoft.com", Domains: []string{"contoso.com"},
		Licensed: true, Reviews: []string{"Guests of the marketing team", "Members of the finance group"},
	})
	t.SetReplication(spreading)
	t.AddUser(simcloud.UserSpec{UPN: administrator, Name: "Ada Lovelace", Roles: []string{simcloud.GlobalAdministrator}})
	inAzure(t)
	c.AWS().SetResourceTime(building)
	amazon := c.AWS().AddAccount(simaws.AccountSpec{Name: "Contoso", Alias: "contoso", Organization: simaws.Management})
	key := amazon.AddUser("ada", true)
	return &World{cloud: c, tenant: t, amazon: amazon, shell: map[string]string{
		"AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": key.Secret, "AWS_REGION": "eu-west-1",
	}}
}

// inAzure gives the tenant management groups and subscriptions, over which Ada may
// assign roles.
func inAzure(t *simcloud.Tenant) {
	t.SetAzureDelays(simcloud.AzureDelays{Principals: spreading, Assignments: spreading})
	production := t.AddManagementGroup("production", "Production", "")
	t.AddSubscription(simcloud.SubscriptionSpec{Name: "Shop", Group: production})
	data := t.AddSubscription(simcloud.SubscriptionSpec{Name: "Data", Group: production})
	t.AddSubscription(simcloud.SubscriptionSpec{Name: "Playground"})
	t.AddVault(data, "contoso-data", true)
	t.AssignAzureRole(t.RootGroup(), account.AzureOwner, administrator)
}

// Transport reaches the simulated cloud without a socket.
func (w *World) Transport() http.RoundTripper { return w.cloud.Client().Transport }

// Do does a by-hand step in the portal. It returns what the administrator
// brings back on the clipboard, if anything.
func (w *World) Do(ctx context.Context, stop string, d account.Draft) (string, error) {
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
	case "azure-reader":
		l := d.Azure()
		for _, scope := range l.Scopes {
			for _, role := range l.Roles() {
				w.tenant.AssignAzureRole(scope, role, w.principal(client))
			}
		}
	case "aws-stack":
		return w.stack(ctx, d)
	case "permission":
		if err := w.tenant.AddPermission(client, simcloud.Application, "AccessReview.Read.All"); err != nil {
			return "", err
		}
		return "", w.tenant.GrantConsent(client)
	}
	return "", nil
}

// Templates makes a template of a draft, as the program does.
type Templates func(l account.AWSLink, authority account.Certificate) (string, error)

// Upload tells the demo's administrator how a draft's template is made: it is what
// was written to a file, which is in the program's memory.
func (w *World) Upload(t Templates) { w.template = t }

// stack is a stack that is made in the console from the draft's template, unless it
// is there, and its Outputs as the console's table has them, once it is whole.
func (w *World) stack(ctx context.Context, d account.Draft) (string, error) {
	l := d.AWS()
	if _, there := w.outputs(l); !there {
		if w.template == nil || d.Authority == nil {
			return "", errors.New("there is no template yet")
		}
		text, err := w.template(l, d.Authority.Certificate)
		if err != nil {
			return "", err
		}
		if _, err := w.amazon.UploadTemplate(string(l.Region), l.StackName(), text); err != nil {
			return "", err
		}
	}
	look := time.NewTicker(building / 4)
	defer look.Stop()
	for {
		if outputs, _ := w.outputs(l); len(outputs) > 0 {
			return table(outputs), nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// table are Outputs as they are copied from the console.
func table(outputs map[string]string) string {
	var b strings.Builder
	b.WriteString("Key\tValue\tDescription\tExport name\n")
	for _, name := range slices.Sorted(maps.Keys(outputs)) {
		b.WriteString(name + "\t" + outputs[name] + "\t-\t-\n")
	}
	return b.String()
}

// outputs are those of a draft's stack, and whether there is one.
func (w *World) outputs(l account.AWSLink) (map[string]string, bool) {
	for _, s := range w.amazon.Stacks(string(l.Region)) {
		if s.Name == l.StackName() && !s.Gone() {
			return s.Outputs, true
		}
	}
	return nil, false
}

// principal is the object id of an app's enterprise app, which registering made.
func (w *World) principal(client string) string {
	for _, p := range w.tenant.Principals() {
		if p.ClientID == client {
			return p.ID
		}
	}
	return ""
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
