package link_test

import (
	"context"
	"errors"

	"github.com/axiomio/xops-onboard/account"
)

// Renew is no part of an onboarding.
func (a *administrator) Renew(context.Context, account.ObjectID, account.Certificate, account.Certificate, func(account.Pause)) ([]account.Evidence, error) {
	return nil, errors.ErrUnsupported
}
