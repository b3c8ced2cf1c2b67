package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// choice is what a flag takes that takes one of a few words.
type choice []string

var (
	aCloud  = choiceOf(account.Clouds...)
	aStore  = choiceOf(account.Keyring, account.FileStore)
	aWay    = choiceOf(account.InBrowser, account.ByDeviceCode)
	aType   = choiceOf(account.AWSManagement, account.AWSLinked)
	aMethod = choiceOf(account.ByCertificate, account.ByProfile)
	aRegion = choiceOf(account.AWSRegions...) // and others
	aSize   = choice{"2048", "3072", "4096"}
	aScope  = choice{"graph", "azure"}
)

func choiceOf[T ~string](words ...T) (c choice) {
	for _, w := range words {
		c = append(c, string(w))
	}
	return c
}

// flag gives a command a flag that takes one of them.
func (c choice) flag(cmd *cobra.Command, into *string, name, usage string) {
	cmd.Flags().StringVar(into, name, "", usage)
	c.offered(cmd, name)
}

// offered has a flag of the command offer them.
func (c choice) offered(cmd *cobra.Command, flag string) {
	completes(cmd, flag, func(context.Context) []cobra.Completion { return c })
}

// holds is that what the flag of that name says is one of them, or nothing.
func (c choice) holds(flag, text string) error {
	if text == "" || slices.Contains(c, text) {
		return nil
	}
	return usage{fmt.Errorf("--%s: it is %s, not %q", flag, c.words(), account.Clean(text, 40))}
}

// words lists them: a, b or c.
func (c choice) words() string {
	last := len(c) - 1
	return strings.Join(c[:last], ", ") + " or " + c[last]
}
