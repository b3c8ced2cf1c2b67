package steps

import "github.com/axiomio/xops-onboard/account"

var roleStop = Stop{
	Name: "role", Label: "Global Reader", Live: true,
	Skip:   ticked("role"),
	Screen: func(e Env, d account.Draft) Step { return newRole(e, d) },
	Plain:  plainLive("role"),
}

func newRole(e Env, d account.Draft) *portalStep {
	page := d.Cloud.Cloud().RolesPage()
	return &portalStep{
		watching: newWatching(e, d, account.GlobalReader),
		stop:     "role",
		title:    "Assign Global Reader",
		why:      "With it the wizard sees every other step for itself. It only reads; Entra lists it as a privileged role.",
		awaited:  "The role is not seen yet.",
		page:     page,
		clicks:   roleClicks(d),
		offers: []Offer{
			{Key: "o", Name: "open portal", Kind: Open, Title: "Roles and administrators", Value: page.URL},
			{Key: "c", Name: "copy name", Kind: Copy, Title: "Name of the application", Value: AppName(d)},
		},
	}
}

func roleClicks(d account.Draft) []string {
	return []string{
		d.Cloud.Cloud().RolesPage().Menu(""),
		"Search for Global Reader and select it",
		"Add assignments, search for " + AppName(d) + ", select it, Add",
		"Assignment type Active, where it is asked for",
	}
}
