// Package azure asks Azure Resource Manager: what an account's own certificate
// can see of the customer's subscriptions, and whether it can do more than see.
// An Administrator who signed in assigns the roles for that and takes them away.
//
// What holds of everything here: a new token for every look, as a token keeps
// the view of the roles it began with; management groups and subscriptions by
// their addresses and never by their names; every answer is classified into
// account.Problems in problem.go alone; what cannot be told is said to be
// unknown. Who the app is in the directory is asked elsewhere.
package azure

import (
	"context"
	"crypto"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Tokens gives out the app's own tokens.
type Tokens interface {
	// AzureToken is a new app-only token for the Azure Resource Manager of the
	// target's cloud, asked with the account's certificate. It tells what was
	// called, and fails with an account.Problem.
	AzureToken(ctx context.Context, t account.Target, signer crypto.Signer) (rest.Bearer, []account.Evidence, error)
}

// Azure is Azure Resource Manager of every cloud. It may be used from any
// goroutine.
type Azure struct {
	rest   *rest.Client
	tokens Tokens
	now    func() time.Time
}

// New makes an Azure that asks through client. now is the wall clock, for the
// time of checks; nil is time.Now.
func New(client *rest.Client, tokens Tokens, now func() time.Time) *Azure {
	if now == nil {
		now = time.Now
	}
	return &Azure{client, tokens, now}
}

const (
	// seeLimit bounds a whole look.
	seeLimit = 45 * time.Second
	// mostPages bounds each list, mostSubscriptions how many are looked into,
	// mostAtOnce how many calls are in flight.
	mostPages         = 10
	mostSubscriptions = 250
	mostAtOnce        = 12
	longestText       = 120
)

// See makes the checks of what an account sees in Azure: the app's own new
// token, then the reads that prove what it can do, side by side. It ends within
// 45 seconds, or when ctx does, and always returns Subscriptions, AzureReads,
// KeyVaults where the target wants vaults, and AzureReadOnly: what could not be
// asked is Unknown. Roles are told by the object id of the enterprise app in the
// target's link; without it what was assigned is not known, only what it allows.
func (a *Azure) See(ctx context.Context, t account.AzureTarget, signer crypto.Signer) ([]account.Check, account.Facts) {
	ctx, cancel := context.WithTimeout(ctx, seeLimit)
	defer cancel()
	bearer, asked, err := a.tokens.AzureToken(ctx, t.Target, signer)
	made := map[account.CheckName]account.Check{}
	var facts account.Facts
	if err != nil {
		c := undecided(account.AsProblem(err))
		c.Evidence = asked
		made[account.Subscriptions] = c
	} else {
		f := (&look{asker: asker{a.rest, root(t.Cloud.Cloud()), bearer}, t: t, free: make(chan struct{}, mostAtOnce)}).read(ctx)
		f.token = asked
		made, facts = f.judge(), f.facts()
	}
	names := []account.CheckName{account.Subscriptions, account.AzureReads}
	if t.Vaults {
		names = append(names, account.KeyVaults)
	}
	return account.InOrder(append(names, account.AzureReadOnly), made, a.now()), facts
}

// root is where a cloud's addresses begin.
func root(c account.Cloud) string { return "https://" + c.ARM }

// asker puts questions with a token.
type asker struct {
	rest   *rest.Client
	root   string
	bearer rest.Bearer
}
