package steps

import (
	"fmt"

	"github.com/axiomio/xops-onboard/account"
)

func adviseAzure(p *account.Problem) (Advice, bool) {
	switch p.Kind {
	case account.InputNotScope:
		return Advice{Say: "This is neither a management group nor a subscription.", Do: "Copy its ID in the Azure portal; a subscription's is 32 hexadecimal digits."}, true
	case account.AzureRoleMissing:
		return Advice{Say: "Azure refuses this for want of a role.", Do: asksFor(p) + "Reading takes Reader. Assigning roles takes Owner, User Access Administrator or Role Based Access Control Administrator at that scope. One that is new may take minutes to spread."}, true
	case account.AzureNotInForce:
		return Advice{
			Say: fmt.Sprintf("%s is not in force for the app yet.", subjectOr(p, "The role")),
			Do:  "It cannot be told from here which it is:",
			Causes: []string{
				"it is not assigned to the app",
				"it was assigned to another app or person",
				"it was assigned at another place",
				"it is assigned and still spreading, minutes as a rule",
			},
		}, true
	case account.NoSubscriptions:
		return Advice{
			Say: "The app signs in and sees no subscription yet.",
			Do:  "It cannot be told from here which it is:",
			Causes: []string{
				"Reader is not assigned to the app",
				"it was assigned to another app or person",
				"it was assigned where there is no subscription",
				"it is assigned and still spreading, minutes as a rule",
			},
		}, true
	case account.ScopeNotFound:
		return Advice{Say: fmt.Sprintf("Azure has no management group or subscription %s that can be seen.", p.Subject), Do: "Compare it with the portal. The first management group of a tenant may take 15 minutes to appear."}, true
	case account.PrincipalSpreading:
		return Advice{Say: "The enterprise app has not reached Azure yet.", Do: "It is spreading; this is tried again."}, true
	case account.PrincipalWrong:
		return Advice{Say: "The id that the role is for is not an enterprise app's.", Do: "Choose the app by its name in the portal's list of members."}, true
	case account.AssignmentsFull:
		return Advice{Say: fmt.Sprintf("%s takes no more role assignments.", p.Subject), Do: "Remove some that nobody needs, or choose another scope."}, true
	case account.AssignmentLocked:
		return Advice{Say: "A lock or a deny assignment in Azure keeps this from being changed.", Do: "Its owner must lift it first."}, true
	case account.AzureRoleTooStrong:
		return Advice{Say: "The app has a role in Azure that may change things:", Do: "Remove it under Access control (IAM), unless somebody wants it."}, true
	case account.ElevationNotTaken:
		return Advice{Say: "Only a Global Administrator may elevate access.", Do: "Let one do it, under Entra ID › Properties › Access management for Azure resources, or have the owner of a management group assign the role."}, true
	case account.ElevatedByOther:
		return Advice{Say: fmt.Sprintf("%s elevated access in Azure, and it is still to be given back.", subjectOr(p, "Another person")), Do: fmt.Sprintf("Sign in to Azure as %s, who alone can give it back here.", subjectOr(p, "that person"))}, true
	case account.VaultsByPolicy:
		return Advice{Say: "Key vaults that go by access policies are not opened by Key Vault Reader:", Do: "Give the app List there for keys, secrets and certificates, and never Get for secrets, which reads their values."}, true
	}
	return Advice{}, false
}

// asksFor is the action that Azure refused, in its own words.
func asksFor(p *account.Problem) string {
	if p.Subject == "" {
		return ""
	}
	return "It asks for " + p.Subject + ". "
}

// about is what a problem is about, after "for".
func about(p *account.Problem) string {
	if p.Subject == "" {
		return ""
	}
	return ": " + p.Subject
}
