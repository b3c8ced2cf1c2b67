package steps

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

var azureReaderStop = Stop{
	Name: "azure-reader", Label: "Reader", Live: true,
	Skip:   ticked("azure-reader"),
	Screen: func(e Env, d account.Draft) Step { return newAzureReader(e, d) },
	Plain:  plainLive("azure-reader"),
}

func newAzureReader(e Env, d account.Draft) Step {
	p := &portalStep{
		watching: newWatching(e, d, account.AzureReads),
		stop:     "azure-reader",
		title:    "Assign Reader in Azure",
		why:      "With it the account sees the subscriptions. It reads how things are set up, and no data.",
		awaited:  "The app sees no subscription yet.",
		page:     iamPage(d),
		clicks:   readerClicks(d),
	}
	p.offers = []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "Access control (IAM)", Value: p.page.URL},
		{Key: "c", Name: "copy app name", Kind: Copy, Title: "Name of the app", Value: AppName(d)},
	}
	if d.Microsoft().Principal != "" {
		p.offers = append(p.offers, Offer{Key: "a", Name: "copy az commands", Kind: Copy, Title: "The same with the Azure CLI", Value: azCommands(d)})
	}
	return p
}

// iamPage is Access control (IAM) of the first scope that was chosen.
func iamPage(d account.Draft) account.PortalPage {
	scopes := d.Azure().Scopes
	if len(scopes) == 0 {
		return d.Cloud.Cloud().AzureAccessPage("")
	}
	p := d.Cloud.Cloud().AzureAccessPage(scopes[0])
	if scopes[0].ID() == string(d.Azure().Tenant) {
		p.Path[1] = "Tenant Root Group" // as the portal calls it
	}
	return p
}

// readerClicks is what to click, in the portal's own words.
func readerClicks(d account.Draft) []string {
	l := d.Azure()
	roles := "Role: Reader"
	out := []string{iamPage(d).Menu("")}
	if len(l.Scopes) > 1 {
		var names []string
		for _, s := range l.Scopes {
			names = append(names, s.ID())
		}
		out = append(out, "The same on each of: "+strings.Join(names, ", "))
	}
	out = append(out, "Add › Add role assignment", roles,
		"Members: User, group, or service principal › Select members › "+AppName(d),
		"Review + assign")
	if l.Vaults {
		out = append(out, "The same once more with the role Key Vault Reader")
	}
	return out
}

// azCommands are the same with the Azure CLI. Source:
// learn.microsoft.com/cli/azure/role/assignment.
func azCommands(d account.Draft) string {
	l := d.Azure()
	var out []string
	for _, s := range l.Scopes {
		for _, r := range l.Roles() {
			out = append(out, "az role assignment create --assignee-object-id "+string(l.Principal)+
				" --assignee-principal-type ServicePrincipal --role "+quoted(r.String())+" --scope "+quoted(string(s)))
		}
	}
	return strings.Join(out, "\n")
}
