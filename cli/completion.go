package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// What a shell offers while a command line is typed: the words that a flag takes, and
// names as this machine knows them. Nothing is asked of a service, and what cannot be
// read is not offered. Files are offered where one is taken.

// offered are the words that go on with what was begun, without those that are on the
// line already.
func offered(all []cobra.Completion, args []string, begun string) []cobra.Completion {
	return slices.DeleteFunc(slices.Clone(all), func(c cobra.Completion) bool {
		word, _, _ := strings.Cut(c, "\t")
		return !strings.HasPrefix(word, begun) || slices.Contains(args, word)
	})
}

// completes has a flag of the command offer what f gives.
func completes(cmd *cobra.Command, flag string, f func(ctx context.Context) []cobra.Completion) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(cmd *cobra.Command, _ []string, begun string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return offered(f(cmd.Context()), nil, begun), cobra.ShellCompDirectiveNoFileComp
	}))
}

// must is for what fails only where a command has no such flag.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// takesFile has a flag of the command offer files.
func takesFile(cmd *cobra.Command, flag string) {
	must(cmd.RegisterFlagCompletionFunc(flag, func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveDefault
	}))
}

// takesNames has a command offer names for so many words as it takes.
func (l *line) takesNames(cmd *cobra.Command, most int, which picks) {
	cmd.ValidArgsFunction = func(cmd *cobra.Command, args []string, begun string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		if len(args) < most {
			all = offered(l.names(cmd.Context(), which), args, begun)
		}
		return all, cobra.ShellCompDirectiveNoFileComp
	}
}

// picks tells which of what is linked, or is a draft, is offered.
type picks func(r account.Row, linked bool) bool

func accounts(_ account.Row, linked bool) bool { return linked }

// drafts can be gone on with, or taken back.
func drafts(r account.Row, linked bool) bool { return !linked && r.Begun != account.Removing }

// removable are accounts, and those whose removal was begun.
func removable(r account.Row, linked bool) bool { return linked || r.Begun == account.Removing }

// takesDraft has --name of a command that adds an account offer drafts, with which it
// goes on.
func (l *line) takesDraft(cmd *cobra.Command, p account.Provider) {
	completes(cmd, "name", func(ctx context.Context) []cobra.Completion {
		return l.names(ctx, func(r account.Row, linked bool) bool { return !linked && r.Provider == p && r.Begun == "" })
	})
}

// names are those of accounts and drafts.
func (l *line) names(ctx context.Context, which picks) (all []cobra.Completion) {
	records, err := l.ports.Records(l.start)
	if err != nil {
		return nil
	}
	known, err := records.Contents(ctx)
	if err != nil {
		return nil
	}
	for i, rows := range [][]account.Row{known.Accounts, known.Drafts} {
		for _, r := range rows {
			if which(r, i == 0) {
				all = append(all, cobra.CompletionWithDesc(account.Clean(string(r.Name), textLimit), r.Provider.String()))
			}
		}
	}
	return all
}

// profiles are those of the AWS configuration files.
func (l *line) profiles(ctx context.Context) (all []cobra.Completion) {
	w, err := l.ports.Open(ctx, l.start)
	if err != nil {
		return nil
	}
	defer l.close(w)
	named, err := w.Env.Ops.Ports().AWS.Profiles(ctx)
	if err != nil {
		return nil
	}
	for _, n := range named {
		all = append(all, cobra.CompletionWithDesc(n.Name, n.Kind))
	}
	return all
}
