package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
)

// resume is the flags of resume.
type resume struct {
	*line
	signInWay string
	plan      bool
}

func newResume(l *line) *cobra.Command {
	r := &resume{line: l}
	cmd := &cobra.Command{
		Use:   "resume [name]",
		Short: "Go on with what was begun",
		Long:  "Go on with a draft where it was left: on the screens, in lines with --plain, or, where an administrator signs in, without a question by --sign-in and --yes.",
		Args:  l.words(1),
		RunE:  l.does(r.run),
	}
	cmd.Flags().BoolVar(&r.plan, "plan", false, "sign in, print what would be changed, and stop; nothing is written")
	signsIn(cmd, &r.signInWay)
	l.asJSON(cmd)
	l.asksNothing(cmd)
	return cmd
}

func (r *resume) run(ctx context.Context, args []string) error {
	way, err := parseWay(r.signInWay)
	if err == nil {
		_, err = r.signInClient()
	}
	if err != nil {
		return err
	}
	var asks *account.Draft
	err = r.work(ctx, func(ctx context.Context, w World) error {
		d, err := w.draft(ctx, args)
		if err != nil {
			return err
		}
		if r.byItself(d, way) {
			return r.automatic(ctx, w, d, way)
		}
		asks = &d
		return r.asked(d, way)
	})
	if err != nil {
		return err
	}
	if asks == nil {
		return nil
	}
	s := r.start
	s.Draft = asks
	return r.ports.Run(ctx, s)
}

// byItself tells whether nothing has to be asked, the yes apart.
func (r *resume) byItself(d account.Draft, way account.SignInWay) bool {
	agreed := r.yes || r.plan || r.ports.Terminal && !r.json
	return d.Way == account.Automatic && d.Name != "" && d.Microsoft().Tenant != "" && way != "" && agreed
}

// asked is why nobody can be asked; nil when somebody can.
func (r *resume) asked(d account.Draft, way account.SignInWay) error {
	switch {
	case !r.plan && !r.json && (r.ports.Terminal || r.start.Plain):
		return nil
	case d.Way != account.Automatic:
		return usage{fmt.Errorf("%s is linked by hand, which takes a terminal, or --plain", d.Name)}
	case d.Microsoft().Tenant == "":
		return &outcome{err: fmt.Errorf("%s has no tenant yet", d.Name), code: WrongUsage, hint: "Name it with: xops-onboard add microsoft --automatic --name " + word(string(d.Name)) + " --tenant …"}
	}
	var flags []string
	if way == "" {
		flags = append(flags, "--sign-in")
	}
	if !r.yes && !r.plan {
		flags = append(flags, "--yes")
	}
	return missing(flags, "They are asked on a terminal, or in lines with --plain.")
}

func (r *resume) automatic(ctx context.Context, w World, d account.Draft, way account.SignInWay) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	store := d.Key().Store
	if store == "" {
		store = account.Keyring
	}
	run := &automatic{line: r.line, w: w, v: r.voice(w), draft: d, way: way, store: store, plan: r.plan}
	return run.run(ctx)
}
