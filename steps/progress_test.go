package steps_test

import (
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// TestProgress counts the steps of the way that a draft is on, and of no other.
func TestProgress(t *testing.T) {
	aws := []string{"cloud", "aws-type", "name", "aws-method"}
	for _, c := range []struct {
		row  account.Row
		want string
	}{
		{account.Row{Provider: account.Microsoft, Way: account.ByHand, Passed: []string{"cloud", "way", "name", "register"}}, "step 3 of 8"},
		{account.Row{Provider: account.Microsoft, Way: account.Automatic, Passed: []string{"cloud", "way"}}, "step 1 of 5"},
		{account.Row{Provider: account.AWS, Passed: aws[:3]}, "its way is not chosen yet"},
		{account.Row{Provider: account.AWS, Way: account.Automatic, Passed: append(aws[:4:4], "way")}, "step 4 of 6"},
		{account.Row{Provider: account.AWS, Way: account.ByHand, Passed: append(aws[:4:4], "way", "keystore")}, "step 4 of 7"},
		{account.Row{Provider: account.AWS, Way: account.ByHand, Passed: append(aws[:4:4], "way", "keystore", "aws-template")}, "step 5 of 7"},
		{account.Row{Provider: account.AWS, Way: account.ByHand, Passed: aws}, "step 4 of 5"},
	} {
		if got := steps.Progress(c.row); got != c.want {
			t.Errorf("Progress(%s, %s, %v) = %q, want %q", c.row.Provider, c.row.Way, c.row.Passed, got, c.want)
		}
	}
}
