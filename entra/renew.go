package entra

import (
	"context"
	"slices"

	"github.com/axiomio/xops-onboard/account"
)

// Renew adds a certificate to an app whose own has expired, and takes that one
// away in the same change: Graph takes no list with an expired certificate in
// it. All else on the app is kept; an expired certificate that is somebody
// else's is ExpiredKeyInWay. Where the new one is there already nothing is changed.
// Source: learn.microsoft.com/graph/api/application-update.
func (a *Administrator) Renew(ctx context.Context, app account.ObjectID, expired, next account.Certificate, tell func(account.Pause)) ([]account.Evidence, error) {
	_, calls, err := do(ctx, a, tell, func(ctx context.Context, c *change) (struct{}, error) {
		return struct{}{}, c.renew(ctx, app, expired, next)
	})
	return calls, err
}

func (c *change) renew(ctx context.Context, app account.ObjectID, expired, next account.Certificate) error {
	w, _, err := c.written(ctx, app)
	if err != nil {
		return err
	}
	if w.keyAt(next) >= 0 {
		return nil
	}
	key, err := appKey(next)
	if err != nil {
		return err
	}
	if at := w.keyAt(expired); at >= 0 {
		w.Keys = slices.Delete(w.Keys, at, at+1)
	}
	return c.patch(ctx, w, map[string]any{"keyCredentials": append(w.echoed(-1), asMap(key))})
}
