package link

import (
	"context"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// SignIn has an administrator sign in to a tenant. It tells what a person has
// to be shown as soon as that is known, and waits for the sign-in as long as
// it is worth something. A refusal is a Problem; account.NextRungs says what
// may help.
type SignIn func(ctx context.Context, way account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (Administrator, error)

// Signed is who signed in, and to what; nil where nobody is.
type Signed struct {
	Directory Administrator      // Microsoft Graph
	Azure     AzureAdministrator // Azure Resource Manager
	AWS       AWSAdministrator
}

// Forget drops all that was signed in with.
func (s Signed) Forget() {
	if s.Directory != nil {
		s.Directory.Forget()
	}
	if s.Azure != nil {
		s.Azure.Forget()
	}
	if s.AWS != nil {
		s.AWS.Forget()
	}
}

// Nobody tells whether nobody signed in.
func (s Signed) Nobody() bool { return s.Directory == nil && s.Azure == nil && s.AWS == nil }

// Administrator is a person who signed in, and what can be done in the tenant
// on that person's behalf. It holds the token until Forget. Every change looks
// whether it is done already, so that an answer that was lost does no harm;
// while the directory spreads what was made before, it pauses and tells so.
// What it returns tells of every call that was made.
type Administrator interface {
	Person() account.Person
	Forget()

	// Survey reads what there is, and changes nothing.
	Survey(ctx context.Context, wish account.SurveyWish) (account.Survey, error)
	// Plan is what the changes would send, in their order; Done is what made
	// says is there.
	Plan(s account.Survey, wish account.AppWish, made account.Made) []account.PlannedChange

	FindApplication(ctx context.Context, unique string) (account.App, []account.Evidence, error)
	CreateApplication(ctx context.Context, wish account.AppWish, tell func(account.Pause)) (account.App, []account.Evidence, error)
	// Had is what an app that is there has, before Adopt adds our key and
	// permission to it. Abandon takes away what that added, and no more.
	Had(ctx context.Context, app account.App, graph account.ObjectID) (account.Had, []account.Evidence, error)
	Adopt(ctx context.Context, app account.ObjectID, wish account.AppWish, tell func(account.Pause)) (account.Adoption, []account.Evidence, error)
	Abandon(ctx context.Context, adopted account.Adoption, certificate account.Certificate, tell func(account.Pause)) ([]account.Evidence, error)
	// Renew adds a certificate to an app and takes away the account's own that has
	// expired, in one change.
	Renew(ctx context.Context, app account.ObjectID, expired, next account.Certificate, tell func(account.Pause)) ([]account.Evidence, error)
	FindPrincipal(ctx context.Context, client account.ClientID) (account.Principal, []account.Evidence, error)
	CreatePrincipal(ctx context.Context, client account.ClientID, name string, tell func(account.Pause)) (account.Principal, []account.Evidence, error)
	FindConsent(ctx context.Context, principal, graph account.ObjectID) (account.Assignment, []account.Evidence, error)
	GrantConsent(ctx context.Context, principal, graph account.ObjectID, tell func(account.Pause)) (account.Assignment, []account.Evidence, error)
	FindRole(ctx context.Context, principal account.ObjectID) (account.Assignment, []account.Evidence, error)
	AssignRole(ctx context.Context, principal account.ObjectID, tell func(account.Pause)) (account.Assignment, []account.Evidence, error)

	// Of what was made at that time, what is not shown yet is waited for.
	UnassignRole(ctx context.Context, id account.AssignmentID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error)
	RevokeConsent(ctx context.Context, graph account.ObjectID, id account.AssignmentID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error)
	DeleteApplication(ctx context.Context, application account.ObjectID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error)
	DeletePrincipal(ctx context.Context, principal account.ObjectID, made time.Time, tell func(account.Pause)) ([]account.Evidence, error)
	// Purge deletes for good what was deleted at that time; PurgeNotAllowed,
	// and until when each can be restored, where this person may not.
	Purge(ctx context.Context, deleted time.Time, tell func(account.Pause), objects ...account.ObjectID) ([]account.Binned, []account.Evidence, error)
}
