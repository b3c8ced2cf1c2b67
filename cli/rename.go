package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

func newRename(l *line) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rename old new",
		Short: "Call an account something else",
		Long:  "Call an account something else here. What its app is called in the tenant stays as it is.",
		Args:  l.words(2),
		RunE: l.does(func(ctx context.Context, names []string) error {
			if len(names) < 2 {
				return &outcome{err: errors.New("the name it has and the name it is to have are needed"), code: WrongUsage, hint: "List the accounts with: xops-onboard list"}
			}
			return l.work(ctx, func(ctx context.Context, w World) error { return l.rename(ctx, w, names[0], names[1]) })
		}),
	}
	l.takesNames(cmd, 1, accounts)
	return cmd
}

func (l *line) rename(ctx context.Context, w World, from, to string) error {
	r, err := w.account(from)
	if err != nil {
		return err
	}
	name, err := account.ParseName(to)
	if err != nil {
		return err
	}
	v := l.voice(w)
	if err := v.through(ctx, w.Env.Ops.Rename(r.ID, name), nil); err != nil {
		return err
	}
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, r.ID)
	if err != nil {
		return err
	}
	keeps := steps.KeepsName(acc.Provider)
	if steps.IsApp(acc) {
		keeps = "Its app is called what it was: " + steps.AppName(steps.OfAccount(acc)) + "."
	}
	v.result([]string{fmt.Sprintf("%s is called %s now. %s", r.Name, acc.Name, keeps)}, result{State: "renamed", Account: toLinked(acc)})
	return nil
}
