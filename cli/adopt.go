package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// adopts gives a command --adopt.
func adopts(cmd *cobra.Command, id *string) {
	cmd.Flags().StringVar(id, "adopt", "", "client id of an app that is there, to be used instead of a new one; what is on it is shown, and what is not this program's takes a typed yes")
}

// parseAdopt reads --adopt; empty for none.
func parseAdopt(text string) (account.ClientID, error) {
	if text == "" {
		return "", nil
	}
	id, err := account.ParseClientID(text)
	if err != nil {
		return "", wrong("--adopt", err)
	}
	return id, nil
}

// mayAdopt refuses an app where the draft has another, or where an account here
// uses it.
func mayAdopt(w World, d account.Draft, id account.ClientID) error {
	has := d.Microsoft().Client
	if d.Made.Adopt != "" {
		has = d.Made.AdoptClient
	}
	switch {
	case id == "" || id == has:
		return nil
	case !d.Made.Nothing():
		return usage{fmt.Errorf("--adopt: %s has an app already", d.Name)}
	}
	if err := steps.Unlinked(w.Known.Accounts, d, id); err != nil {
		return wrong("--adopt", err)
	}
	return nil
}
