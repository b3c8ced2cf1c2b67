package steps

import (
	"slices"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// AzureByHand is Microsoft's road without the permission, and then the roles in
// Azure: what the account is to see is named before, so that it can be looked for.
func AzureByHand(account.Draft) []Stop {
	return []Stop{
		cloudStop, wayStop, nameStop, registerStop, identifiersStop, storeStop, keyStop,
		uploadStop, roleStop, azureScopeStop, azureReaderStop, verifyStop, connectedStop,
	}
}

// AzureAutomatic is the road of who signs in, twice: Azure takes a sign-in of its
// own.
func AzureAutomatic(account.Draft) []Stop {
	return []Stop{
		cloudStop, wayStop, tenantStop, storeStop, signInStop, surveyStop, adoptStop,
		azureSignInStop, azureScopesStop, planStop, applyStop, checkStop, connectedStop,
	}
}

// InAzure tells whether taking a draft back takes a sign-in for Azure.
func InAzure(d account.Draft) bool {
	return len(d.Made.Azure) > 0 || d.Made.Elevated || slices.ContainsFunc(d.Journal, func(e account.Entry) bool {
		return link.OfAzure(e.Change) && d.Undecided(e.Change) != account.Entry{}
	})
}

// scopeWords is a scope as people call it, by the names that a survey saw.
func scopeWords(s account.AzureScope, tree []account.AzureGroup) string {
	for _, g := range tree {
		if g.Scope == s && g.Name != "" {
			return g.Name
		}
	}
	if s.IsSubscription() {
		return "subscription " + s.ID()
	}
	return "management group " + s.ID()
}

// ScopedTo is an Azure draft with a place to read: its own, if who signed in may
// assign roles there, else the uppermost where that person may. AzureRoleMissing
// where there is none.
func ScopedTo(d account.Draft, tree account.AzureSurvey) (account.Draft, error) {
	l := d.Azure()
	if len(l.Scopes) == 0 {
		for _, g := range tree.Tree {
			if slices.Contains(tree.May, g.Scope) {
				l.Scopes = []account.AzureScope{g.Scope}
				break
			}
		}
		d.Link = l
	}
	if len(l.Scopes) == 0 || assignable(tree, d) == account.Missing {
		return d, &account.Problem{Kind: account.AzureRoleMissing, Subject: "Microsoft.Authorization/roleAssignments/write"}
	}
	return d, nil
}

// PlannedInAzure are the roles in Azure that will be assigned.
func PlannedInAzure(admin link.AzureAdministrator, tree []account.AzureGroup, d account.Draft) (all []account.PlannedChange) {
	l := d.Azure()
	if admin == nil || d.Provider != account.Azure {
		return nil
	}
	all = admin.PlanAzure(l.Scopes, l.Roles(), d.Microsoft().Principal)
	i := 0
	for _, s := range l.Scopes {
		for _, r := range l.Roles() {
			all[i].Subject = r.String() + " on " + scopeWords(s, tree)
			all[i].Done = slices.ContainsFunc(d.Made.Azure, func(a account.AzureAssignment) bool { return a.Scope == s && a.Role == r })
			i++
		}
	}
	return all
}
