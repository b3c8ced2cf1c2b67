package steps

import (
	"context"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// azureSignInStop is the sign-in for Azure Resource Manager, after the one for
// Microsoft Graph: a token of the one is none of the other's.
var azureSignInStop = Stop{
	Name: "azure-signin", Label: "Sign in to Azure", Fleet: true,
	Skip:   func(d account.Draft) bool { return d.Leaving && !InAzure(d) },
	Screen: func(e Env, d account.Draft) Step { return newSignIn(e, d, account.ResourceManager) },
	Plain:  plainSignIn(account.ResourceManager),
}

// signed has somebody sign in for a resource.
func signed(ctx context.Context, e Env, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Signed, error) {
	if wish.For == account.ResourceManager {
		admin, err := e.Ops.Ports().SignInAzure(ctx, way, wish, tell)
		if err != nil {
			return link.Signed{}, err
		}
		return link.Signed{Azure: admin}, nil
	}
	admin, err := e.Ops.Ports().SignIn(ctx, way, wish, tell)
	if err != nil {
		return link.Signed{}, err
	}
	return link.Signed{Directory: admin}, nil
}

// AzureLeaves is what is said before a sign-in for Azure: Microsoft Azure CLI is
// allowed for it beforehand, so that nobody is asked for consent.
func AzureLeaves(client account.ClientID) string {
	if client == "" || client == account.ResourceManager.Client() {
		return "You sign in to Microsoft Azure CLI for this. It is preauthorised for Azure, so no consent is asked for."
	}
	return "You sign in to your own app " + string(client) + ", which needs the delegated permission user_impersonation of Azure Service Management."
}
