package ui_test

import (
	"context"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

// signInAzure is entra's sign-in for Azure, as main has it.
func (w *world) signInAzure(client *rest.Client, e *entra.Entra) link.SignInAzure {
	return func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.AzureAdministrator, error) {
		wish.For = account.ResourceManager
		if w.posed && w.person() == "" {
			told := tell
			tell = func(p account.SignInPrompt) { told(w.pose(p)) }
		}
		session, err := e.SignIn(ctx, way, wish, tell)
		if err != nil {
			return nil, err
		}
		return azure.Administer(client, wish.Cloud, session, w.clock.Now), nil
	}
}

// subscribe gives the tenant subscriptions; owner may assign roles over them,
// nobody where it is empty.
func (w *world) subscribe(owner string) {
	production := w.tenant.AddManagementGroup("production", "Production", "")
	w.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: "11111111-1111-4111-8111-111111111111", Name: "Shop", Group: production})
	w.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: "22222222-2222-4222-8222-222222222222", Name: "Archive", Group: production, State: "Disabled"})
	w.tenant.AddSubscription(simcloud.SubscriptionSpec{ID: "33333333-3333-4333-8333-333333333333", Name: "Playground"})
	if owner != "" {
		w.tenant.AssignAzureRole(w.tenant.RootGroup(), account.AzureOwner, owner)
	}
}

// azureWay goes to the choice of the way of an Azure account.
func (w *world) azureWay() *person {
	w.t.Helper()
	p := w.start(80, 24)
	p.See("Which cloud do you want to link first?")
	p.Press("up", "enter")
	p.See("Link a New Azure Account")
	p.See("This machine is ready")
	return p
}

// azureSurvey signs in for the directory, and goes on to Azure's sign-in.
func (w *world) azureSurvey() *person {
	w.t.Helper()
	p := w.azureWay()
	p.goAutomatic()
	p.See("Which tenant?")
	p.nameTenant()
	p.signIn()
	p.See("› Yes, go on to Azure")
	return p
}

// azureScopesPage signs in twice.
func (w *world) azureScopesPage(sees string) *person {
	w.t.Helper()
	p := w.azureSurvey()
	p.Press("enter")
	p.See("Sign in to Azure")
	p.signIn()
	p.See("What is the account to see?")
	p.See(sees)
	return p
}

// ofAzure makes a draft one of an Azure account.
func ofAzure(d *account.Draft) {
	d.Provider = account.Azure
	root, _ := account.ManagementGroup(tenantID)
	d.Link = account.AzureLink{MicrosoftLink: d.Microsoft(), Scopes: []account.AzureScope{root}, Vaults: true}
}

// azureScreens are the screens that an Azure account has of its own.
var azureScreens = []screen{
	{"azure-way", func(w *world) *person { return w.azureWay() }},
	{"azure-survey", func(w *world) *person {
		w.administrator("ada", simcloud.GlobalAdministrator)
		return w.azureSurvey()
	}},
	{"azure-signin", func(w *world) *person {
		w.administrator("ada", simcloud.GlobalAdministrator)
		p := w.azureSurvey()
		p.Press("enter")
		p.See("Azure takes a sign-in of its own")
		return p
	}},
	{"azure-scopes", func(w *world) *person {
		w.subscribe(w.administrator("ada", simcloud.GlobalAdministrator))
		return w.azureScopesPage("[x] Tenant Root Group")
	}},
	{"azure-scopes-none", func(w *world) *person {
		w.subscribe(w.administrator("ada", simcloud.GlobalAdministrator))
		p := w.azureScopesPage("[x] Tenant Root Group")
		p.Press("space")
		p.See("Pick one at least")
		return p
	}},
	{"azure-scopes-no-rights", func(w *world) *person {
		w.administrator("ada", simcloud.GlobalAdministrator)
		w.subscribe("")
		return w.azureScopesPage("You may assign roles nowhere here.")
	}},
	{"azure-plan", func(w *world) *person {
		w.subscribe(w.administrator("ada", simcloud.GlobalAdministrator))
		p := w.azureScopesPage("[x] Tenant Root Group")
		p.Press("enter")
		p.See("5 changes")
		return p
	}},
	{"azure-scope", func(w *world) *person {
		p := w.resume("permission", ofAzure, func(d *account.Draft) {
			l := d.Azure()
			l.Scopes = nil
			d.Link = l
		})
		p.See("What is the account to see?")
		return p
	}},
	{"azure-scope-wrong", func(w *world) *person {
		p := w.resume("permission", ofAzure)
		p.See("What is the account to see?")
		p.Press("ctrl+u")
		p.Type("/subscriptions/nonsense")
		p.Press("enter")
		p.See("neither a management group nor")
		return p
	}},
	{"azure-reader", func(w *world) *person {
		w.subscribe("")
		p := w.resume("permission", ofAzure, func(d *account.Draft) { d.Trail = append(d.Trail, "azure-scope") })
		p.reads("Assign Reader in Azure", "Looks again in")
		return p
	}},
	{"azure-account", func(w *world) *person {
		w.subscribe("")
		d := w.left("connected", func(d *account.Draft) { d.Name = "Contoso" }, ofAzure)
		for _, p := range w.tenant.Principals() {
			if p.ClientID == w.app.ClientID {
				w.tenant.AssignAzureRole(w.tenant.RootGroup(), account.AzureReader, p.ID)
			}
		}
		if err := w.reg.Finish(w.t.Context(), d.Account(w.clock.Now())); err != nil {
			w.t.Fatal(err)
		}
		w.clock.add(time.Hour)
		p := w.start(80, 24)
		p.See("1 connected")
		p.Press("enter")
		p.See("days left")
		p.Press("v")
		p.See("Checked")
		return p
	}},
}

// TestElevation has a Global Administrator take access in Azure, see what there is
// then, and give it back with the changes.
func TestElevation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant.SetReplication(0)
	w.administrator("ada", simcloud.GlobalAdministrator)
	w.subscribe("")
	p := w.azureScopesPage("You may assign roles nowhere here.")
	p.Press("e")
	p.See("[x] Tenant Root Group")
	if n := len(w.tenant.AzureAssignments()); n != 1 {
		t.Errorf("%d assignments, want the elevated access alone", n)
	}
	p.Press("enter")
	p.See("5 changes")
	p.Press("enter")
	p.See("Linked. Enter goes on.")
	for _, a := range w.tenant.AzureAssignments() {
		if a.Role == account.AzureUserAccessAdministrator {
			t.Errorf("the elevated access is still there: %+v", a)
		}
	}
}

// TestElevationRefused is somebody else who tries.
func TestElevationRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.administrator("ada", simcloud.PrivilegedRoleAdministrator, simcloud.CloudApplicationAdministrator)
	w.subscribe("")
	p := w.azureScopesPage("You may assign roles nowhere here.")
	p.Press("e")
	p.See("Only a Global Administrator may elevate access.")
}

// TestAzureVaultsDeclined preselects no Key Vault Reader where it was declined.
func TestAzureVaultsDeclined(t *testing.T) {
	t.Parallel()
	declined := func(d *account.Draft) {
		l := d.Azure()
		l.Scopes, l.Vaults = nil, false
		d.Link = l
	}
	p := newWorld(t).resume("permission", ofAzure, declined)
	p.See("What is the account to see?", "[ ]  Key Vault Reader, too")
}
