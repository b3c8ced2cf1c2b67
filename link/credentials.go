package link

import (
	"context"
	"crypto"

	"github.com/axiomio/xops-onboard/account"
)

// AWSCredentials buys credentials of an AWS account for an hour: with its own key,
// or with the profile that it is used by. They are told to nobody else.
func (os *Operations) AWSCredentials(ctx context.Context, a account.Account) (account.AWSCredentials, error) {
	p := accountParty(a, a.Key)
	var signer crypto.Signer
	if !p.keyless() {
		var err error
		if signer, err = os.ports.Keys.Open(ctx, a.Key.Store, a.Key.ID); err != nil {
			return account.AWSCredentials{}, err
		}
	}
	c, _, err := os.ports.AWS.Session(ctx, p.aws(), signer)
	return c, err
}

// Credentials asks for a token of a Microsoft or Azure account's app, for a
// resource. It is told to nobody else.
func (os *Operations) Credentials(ctx context.Context, a account.Account, of account.Resource) (account.AppToken, error) {
	signer, err := os.ports.Keys.Open(ctx, a.Key.Store, a.Key.ID)
	if err != nil {
		return account.AppToken{}, err
	}
	return os.ports.Microsoft.Credentials(ctx, of, accountParty(a, a.Key).target(), signer)
}
