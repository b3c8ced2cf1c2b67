package steps

import (
	"fmt"
	"slices"

	"github.com/axiomio/xops-onboard/account"
)

// Progress says how far a draft in a list is on its way: "step 5 of 8". Of one whose
// way is not chosen yet there is nothing to count.
func Progress(r account.Row) string {
	if r.Way == "" {
		return "its way is not chosen yet"
	}
	n, of := 0, 0
	for _, s := range Routes(onItsWay(r)) {
		if s.Label == "" {
			continue
		}
		of++
		if slices.Contains(r.Passed, s.Name) {
			n = of
		}
	}
	return fmt.Sprintf("step %d of %d", min(n+1, of), of)
}

// onItsWay is a draft with the route that the one in the list has. Only an AWS account
// by a profile has its way without having been asked for it.
func onItsWay(r account.Row) account.Draft {
	d := account.Draft{Provider: r.Provider, Way: r.Way}
	if r.Provider == account.AWS && slices.Contains(r.Passed, awsMethodStop.Name) && !slices.Contains(r.Passed, awsWayStop.Name) && r.Way == account.ByHand {
		d.Link = account.AWSLink{Method: account.ByProfile}
	}
	return d
}
