package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

func newMoveKey(l *line) *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "move-key name",
		Short: "Move an account's key to the other key store",
		Long:  "Move the private key of an account between the keyring and the file store: it is copied, read back, tried with a token, and only then deleted where it was. Run again it goes on.",
		Args:  l.words(1),
		RunE: l.does(func(ctx context.Context, names []string) error {
			switch err := aStore.holds("to", to); {
			case len(names) == 0:
				return noName()
			case to == "":
				return missing([]string{"--to"}, "It is "+aStore.words()+".")
			case err != nil:
				return err
			}
			return l.work(ctx, func(ctx context.Context, w World) error { return l.moveKey(ctx, w, names[0], account.Store(to)) })
		}),
	}
	l.takesNames(cmd, 1, accounts)
	aStore.flag(cmd, &to, "to", "keyring, or file (under a passphrase)")
	return cmd
}

// movingWords are the stages of a move.
var movingWords = map[string]string{
	link.TheCopy: "Copy in the other store", link.TheCheck: "Token with the copy", link.TheMove: "Account, with the copy", link.TheLeaving: "Key where it was, deleted",
}

// placeWords are the key stores.
var placeWords = map[account.Store]string{account.Keyring: "this user's OS keyring", account.FileStore: "a file under your passphrase"}

func (l *line) moveKey(ctx context.Context, w World, name string, to account.Store) error {
	r, err := w.account(name)
	if err != nil {
		return err
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	reg := w.Env.Ops.Ports().Registry
	acc, err := reg.Account(ctx, r.ID)
	if err != nil {
		return err
	}
	if !steps.Keyed(acc) {
		return keyless(acc)
	}
	v := l.voice(w)
	if _, elsewhere := link.Elsewhere(acc, to); !elsewhere && acc.Moving == "" {
		v.result([]string{fmt.Sprintf("The key of %s is in %s already.", acc.Name, placeWords[to])}, result{State: "moved", Account: toLinked(acc)})
		return nil
	}
	if err := l.moved(ctx, w, v, acc, to); err != nil {
		return l.where(w, acc, to, err)
	}
	if acc, err = reg.Account(ctx, r.ID); err != nil {
		return ended(ctx, err)
	}
	v.result([]string{fmt.Sprintf("The key of %s is in %s now, and nowhere else.", acc.Name, placeWords[to])}, result{State: "moved", Account: toLinked(acc)})
	return nil
}

func (l *line) moved(ctx context.Context, w World, v *voice, acc account.Account, to account.Store) error {
	for _, s := range []account.Store{account.Keyring, account.FileStore} {
		if err := l.ready(ctx, w, s); err != nil {
			return err
		}
	}
	return v.through(ctx, w.Env.Ops.MoveKey(acc.ID, to), func(e link.Event) {
		if l.json {
			v.progress("", e)
		} else if text := stageLine(movingWords, e); text != "" {
			v.say("%s", text)
		}
	})
}

// where adds to why a move ended early where the key is, and how to go on.
func (l *line) where(w World, was account.Account, to account.Store, err error) error {
	now, unread := w.Env.Ops.Ports().Registry.Account(context.Background(), was.ID)
	if unread != nil {
		now = was
	}
	k := more(err)
	k.say("The key in use is in " + placeWords[now.Key.Store] + ".")
	if now.Moving != "" {
		k.say("It may be in " + placeWords[now.Moving] + " as well. Go on with: xops-onboard move-key " + word(string(was.Name)) + " --to " + string(to))
	}
	return k
}
