package link

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// AWS is AWS as operations need it.
type AWS interface {
	// Authority makes the certificate of the link's own authority, signed by its
	// key.
	Authority(key crypto.Signer, l account.AWSLink, from time.Time) (account.Certificate, error)
	// Leaf makes a certificate for the public key, signed by the authority's.
	Leaf(authority account.Certificate, key crypto.Signer, leaf crypto.PublicKey, l account.AWSLink, from time.Time) (account.Certificate, error)
	// Template is the link's stack for CloudFormation, as JSON.
	Template(l account.AWSLink, authority account.Certificate) (string, error)

	// Session buys credentials for an hour with the leaf's key, or for a link
	// ByProfile with the profile (signer nil). AWSUntrusted and its kin.
	Session(ctx context.Context, t account.AWSTarget, signer crypto.Signer) (account.AWSCredentials, []account.Evidence, error)
	// Verify makes the checks of an AWS account. It always returns a report: what
	// could not be asked is Unknown in it.
	Verify(ctx context.Context, t account.AWSTarget, signer crypto.Signer) account.Report

	// Profiles are the profiles of the AWS configuration files, and the
	// environment where it has credentials. It makes no call.
	Profiles(ctx context.Context) ([]account.AWSNamed, error)
	// SignIn uses a profile once, and asks who that is. AWSSignInOver has the
	// command that renews it. AWSEndpoint where the environment or the profile
	// would send credentials elsewhere than to AWS.
	SignIn(ctx context.Context, profile string, region account.AWSRegion) (AWSAdministrator, error)
}

// AWSAdministrator is whose profile is used, and what can be done in the account
// with it. It holds the credentials until Forget. What it returns tells of every
// call that was made.
type AWSAdministrator interface {
	Caller() account.AWSCaller
	Forget()

	// PlanStack is what CreateStack would send.
	PlanStack(template string) []account.PlannedChange
	// FindStack looks for a stack; the zero stack where there is none.
	FindStack(ctx context.Context, name string) (account.AWSStack, []account.Evidence, error)
	// StackTemplate is the template that the stack has, by which it is seen
	// whether it is ours.
	StackTemplate(ctx context.Context, name string) (string, []account.Evidence, error)
	// CreateStack makes the stack and waits until it is whole, telling how far each
	// resource is. The request carries a token that follows from the template, so
	// that one whose answer was lost is not made twice. One of that name with the
	// very template is waited for; another is AWSNameTaken. AWSStackFailed. A stack
	// that comes with an error is ours, and is there or may be.
	CreateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error)
	// UpdateStack puts a template in the place of the stack's, as CreateStack.
	UpdateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error)
	// DeleteStack deletes the stack and waits until it is gone. None there is no error.
	DeleteStack(ctx context.Context, name string, tell func(account.Pause)) ([]account.Evidence, error)
}
