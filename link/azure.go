package link

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// Azure is Azure Resource Manager as operations need it. What an app and its
// certificate are in the directory is Microsoft's to check.
type Azure interface {
	// See makes the checks of what an account sees in Azure, with the app's own
	// certificate and a new token: Subscriptions, AzureReads, KeyVaults where
	// Vaults is wanted, and AzureReadOnly. It always returns each of them: what
	// could not be asked is Unknown.
	See(ctx context.Context, t account.AzureTarget, signer crypto.Signer) ([]account.Check, account.Facts)
}

// SignInAzure has an administrator sign in for Azure Resource Manager, as SignIn
// does for Microsoft Graph: a token of one is none of the other's.
type SignInAzure func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (AzureAdministrator, error)

// AzureAdministrator is a person who signed in, and what can be done in Azure on
// that person's behalf. It holds the token until Forget. What it returns tells of
// every call that was made.
type AzureAdministrator interface {
	Person() account.Person
	Forget()

	// SurveyAzure reads what there is, and changes nothing.
	SurveyAzure(ctx context.Context) (account.AzureSurvey, error)
	// PlanAzure is what Assign would send for each of those roles at each scope.
	PlanAzure(scopes []account.AzureScope, roles []account.AzureRole, principal account.ObjectID) []account.PlannedChange
	// FindAssignment looks for a role of the enterprise app at exactly that scope;
	// the zero assignment where there is none.
	FindAssignment(ctx context.Context, scope account.AzureScope, role account.AzureRole, principal account.ObjectID) (account.AzureAssignment, []account.Evidence, error)
	// Assign has the enterprise app have the role at the scope. One that is there
	// is no error. It waits while the enterprise app spreads.
	Assign(ctx context.Context, scope account.AzureScope, role account.AzureRole, principal account.ObjectID, tell func(account.Pause)) (account.AzureAssignment, []account.Evidence, error)
	// Unassign takes an assignment away and sees that it is gone. None there is no
	// error.
	Unassign(ctx context.Context, id account.AssignmentID, tell func(account.Pause)) ([]account.Evidence, error)
	// Elevated tells whether the person has User Access Administrator over
	// everything, as far as that person may look.
	Elevated(ctx context.Context) (bool, []account.Evidence, error)
	// Elevate gives it to the person, who is a Global Administrator; StepDown takes
	// that person's away again, and waits for what was taken just now and is not
	// shown yet.
	Elevate(ctx context.Context) ([]account.Evidence, error)
	StepDown(ctx context.Context, taken time.Time, tell func(account.Pause)) ([]account.Evidence, error)
}
