package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

func newRemove(l *line) *cobra.Command {
	var way, profile string
	cmd := &cobra.Command{
		Use:   "remove name",
		Short: "Remove an account",
		Long: "Remove an account with its private key. What the program made in the tenant or in AWS stays there, and is listed, unless an administrator has it removed as well, with --sign-in, or of an AWS account --profile; what a person made in the portal or console stays. " +
			"Run again it goes on.",
		Args: l.words(1),
		RunE: l.does(func(ctx context.Context, names []string) error {
			if len(names) == 0 {
				return noName()
			}
			return l.remove(ctx, names[0], way, profile)
		}),
	}
	l.takesNames(cmd, 1, removable)
	signsIn(cmd, &way)
	l.profiled(cmd, &profile)
	return cmd
}

func (l *line) remove(ctx context.Context, name, signIn, profile string) error {
	way, err := l.parseSignIn(signIn)
	if err != nil {
		return err
	}
	return l.work(ctx, func(ctx context.Context, w World) error {
		d, err := w.leaving(ctx, name)
		if err != nil {
			return err
		}
		ctx, stop := stoppable(ctx)
		defer stop()
		r := removal{line: l, w: w, v: l.voice(w), draft: d, way: way, profile: profile}
		if err := signsFor(d, way, profile); err != nil {
			return err
		}
		if !r.inTenant() {
			r.way, r.profile = "", ""
		}
		if err := r.run(ctx); err != nil {
			k := more(err)
			if now, unread := w.Env.Ops.Ports().Registry.Draft(context.Background(), d.ID); unread == nil && now.Leaving {
				k.say("What is gone stays gone, and the rest is on record. Go on with: xops-onboard remove " + word(string(d.Name)))
			} else if unread != nil {
				k.say("Nothing was removed.")
			}
			return k
		}
		return nil
	})
}

// leaving is the draft that an account is while it is removed; of one whose
// removal was begun, what is left of it.
func (w World) leaving(ctx context.Context, name string) (account.Draft, error) {
	reg := w.Env.Ops.Ports().Registry
	draft, begun := named(w.Known.Drafts, name)
	if begun && draft.Begun == account.Removing {
		if draft.Owned {
			return account.Draft{}, &account.Problem{Kind: account.DraftOwned}
		}
		return reg.Draft(ctx, draft.ID)
	}
	r, err := w.account(name)
	switch {
	case err != nil:
		return account.Draft{}, err
	case r.Owned:
		return account.Draft{}, &account.Problem{Kind: account.AccountInUse}
	case begun:
		return account.Draft{}, &outcome{
			err: fmt.Errorf("there is a draft that is to take the place of %s", r.Name), code: WrongUsage,
			hint: "Take it back first: xops-onboard undo " + word(string(r.Name)),
		}
	}
	a, err := reg.Account(ctx, r.ID)
	return a.Leaving(), err
}

// removal is one run of remove.
type removal struct {
	*line
	w     World
	v     *voice
	draft account.Draft
	way   account.SignInWay // empty where nobody signs in

	profile string // of AWS; empty where nobody signs in
}

// signs tells whether somebody signs in.
func (r removal) signs() bool { return r.way != "" || r.profile != "" }

// inTenant tells whether the program made something in the tenant by itself.
func (r removal) inTenant() bool { return steps.InTenant(r.draft) }

func (r removal) run(ctx context.Context) error {
	stays := r.stays()
	r.v.say("This removes %s here: its private key and its record.", r.draft.Name)
	switch {
	case r.signs():
		r.v.say("In %s it removes:", whereMade(r.draft))
		r.v.says(indented(left(r.draft)))
	case len(stays) > 0:
		r.v.say("This stays:")
		r.v.says(indented(stays))
	}
	if err := r.certain(ctx, r.draft.Name, "This removes the account and its key"); err != nil {
		return err
	}
	if slices.ContainsFunc(r.draft.Keys, func(k account.Key) bool { return k.Store == account.Keyring }) {
		if err := r.ready(ctx, r.w, account.Keyring); err != nil {
			return err // before anything is gone elsewhere
		}
	}
	var by link.Signed
	if r.profile != "" {
		admin, err := r.signInAWS(ctx, r.w, r.v, r.draft, r.profile)
		if err != nil {
			return err
		}
		by = link.Signed{AWS: admin}
		defer by.Forget()
	}
	if r.way != "" {
		var err error
		if by, err = r.signIn(ctx, r.w, r.v, r.draft, r.way, "", steps.InAzure(r.draft)); err != nil {
			return err
		}
		defer by.Forget()
		stays = append(stays, signInLeft(r.draft.Cloud, by.Directory.Person().Client)...)
	}
	_, binned, err := r.v.follow(ctx, r.w.Env.Ops.Remove(r.draft.ID, by))
	if err != nil {
		return err
	}
	r.v.result(r.removed(binned, stays), result{State: "removed", Restorable: toRestorable(binned), Stays: stays})
	return nil
}

// stays is what is not removed, besides what the sign-in of this removal leaves.
func (r removal) stays() (out []stay) {
	switch {
	case !r.inTenant():
		return byHand(r.draft)
	case !r.signs():
		out = left(r.draft)
		if made := r.draft.Made; made.By != "" && r.draft.Provider != account.AWS {
			out = append(out, signInLeft(r.draft.Cloud, made.Client)...)
		}
	}
	return append(out, files(r.draft)...)
}

func (r removal) removed(binned *link.Left, stays []stay) []string {
	text := []string{fmt.Sprintf("%s is removed here: its key and its record.", r.draft.Name)}
	switch {
	case binned != nil:
		for _, b := range binned.Binned {
			text = append(text, steps.BinnedLine(b))
		}
		text = append(text, steps.WhoMayPurge)
	case r.profile != "":
		text[0] = fmt.Sprintf("%s is removed, here and in AWS.", r.draft.Name)
	case r.way != "":
		text[0] = fmt.Sprintf("%s is removed, here and in the tenant.", r.draft.Name)
	}
	if len(stays) > 0 {
		text = append(text, "This stays until somebody deletes it:")
	}
	return append(text, indented(stays)...)
}

func indented(all []stay) (out []string) {
	for _, s := range all {
		out = append(out, "  "+s.String())
	}
	return out
}
