package entra

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// Reach tells which of the cloud's two hosts, sign-in and Microsoft Graph,
// cannot be reached from here, and how far this machine's clock is ahead of the
// sign-in service's (negative: behind; 0 where it could not be told). It sends
// no token and names no tenant: that Graph refuses is an answer. It ends within
// ten seconds.
func (e *Entra) Reach(ctx context.Context, cloud account.CloudID) (time.Duration, []account.Problem) {
	ctx, cancel := context.WithTimeout(ctx, discoverLimit)
	defer cancel()
	c := cloud.Cloud()
	asked := []string{
		"https://" + c.Login + "/common/v2.0/.well-known/openid-configuration",
		"https://" + c.Graph + graphVersion + "/organization",
	}
	answers, failures := make([]rest.Answer, len(asked)), make([]error, len(asked))
	var all sync.WaitGroup
	for i, address := range asked {
		all.Go(func() {
			var anything map[string]any
			answers[i], failures[i] = e.rest.GetJSON(ctx, address, rest.Bearer{}, &anything)
		})
	}
	all.Wait()
	var problems []account.Problem
	for _, err := range failures {
		var said *rest.Refusal
		if err != nil && !errors.As(err, &said) {
			problems = append(problems, *account.AsProblem(err))
		}
	}
	ahead, _ := answers[0].Ahead()
	return ahead, problems
}
