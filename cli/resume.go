package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// resume is the flags of resume.
type resume struct {
	*line
	signInWay, adopt, profile string
	plan                      bool
	wait                      time.Duration
}

func newResume(l *line) *cobra.Command {
	r := &resume{line: l}
	cmd := &cobra.Command{
		Use:   "resume [name]",
		Short: "Go on with what was begun",
		Long: "Go on with a draft where it was left: on the screens, in lines with --plain, or, where an administrator signs in, without a question by --sign-in, of an AWS account --profile, and --yes. " +
			"With --yes alone, or where nobody can be asked, it looks whether somebody finished the rest in the portal, and links the account then.",
		Args: l.words(1),
		RunE: l.does(r.run),
	}
	l.takesNames(cmd, 1, drafts)
	cmd.Flags().BoolVar(&r.plan, "plan", false, "sign in, print what would be changed, and stop; nothing is written")
	signsIn(cmd, &r.signInWay)
	l.profiled(cmd, &r.profile)
	adopts(cmd, &r.adopt)
	cmd.Flags().DurationVar(&r.wait, "wait", 0, "where nobody signs in: how long to go on checking until everything holds")
	return cmd
}

func (r *resume) run(ctx context.Context, args []string) error {
	way, err := r.parseSignIn(r.signInWay)
	var adopt account.ClientID
	if err == nil {
		adopt, err = parseAdopt(r.adopt)
	}
	if err != nil {
		return err
	}
	return r.askRest(ctx, func(ctx context.Context, w World) (*account.Draft, error) {
		d, err := w.onboarding(ctx, args)
		if err != nil {
			return nil, err
		}
		if d.Provider == account.AWS {
			return r.aws(ctx, w, d, way)
		}
		switch err := signsFor(d, way, r.profile); {
		case err != nil:
			return nil, err
		case r.byItself(d, way):
			if err := mayAdopt(w, d, adopt); err != nil {
				return nil, err
			}
			return nil, r.automatic(ctx, w, d, way, adopt)
		case r.looks(d, way, adopt):
			return nil, w.kept(r.check(ctx, w, d), "resume", d)
		case r.handsOn(d, way, adopt):
			a := &addMicrosoft{line: r.line, provider: d.Provider, hand: handFlags{wait: r.wait}}
			ctx, stop := stoppable(ctx)
			defer stop()
			return nil, a.byHand(ctx, w, d, told{})
		}
		return &d, r.asked(d, way, adopt)
	})
}

// byItself tells whether nothing has to be asked, the yes apart.
func (r *resume) byItself(d account.Draft, way account.SignInWay) bool {
	agreed := r.yes || r.plan || r.ports.Terminal && !r.json
	return d.Way == account.Automatic && d.Name != "" && d.Microsoft().Tenant != "" && way != "" && agreed
}

// looks tells whether nobody signs in, and there is something to be checked
// without that.
func (r *resume) looks(d account.Draft, way account.SignInWay, adopt account.ClientID) bool {
	return d.Way == account.Automatic && steps.Checkable(d) && way == "" && adopt == "" && !r.plan && r.alone()
}

// alone tells whether nobody can be asked.
func (r *resume) alone() bool {
	return r.yes || r.json || !r.ports.Terminal && !r.start.Plain
}

// handsOn tells whether a draft by hand has all that has to be told, and is gone on
// with as add does.
func (r *resume) handsOn(d account.Draft, way account.SignInWay, adopt account.ClientID) bool {
	m := d.Microsoft()
	return d.Way == account.ByHand && m.Client != "" && m.Tenant != "" && way == "" && adopt == "" && !r.plan && r.alone()
}

// check looks whether somebody finished the rest in the portal, and makes the
// account then. Nobody signs in, and nothing is changed in the tenant.
func (r *resume) check(ctx context.Context, w World, d account.Draft) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	if err := r.ready(ctx, w, d.Key().Store); err != nil {
		return err
	}
	v := r.voice(w)
	v.say("Checking without a sign-in whether the rest was done in the portal.")
	return r.finish(ctx, w, v, d, r.wait, "What does not hold is done in the portal, or here by who signs in with --sign-in.")
}

// aws goes on with an AWS draft as add aws does that names it, or returns it for
// who asks.
func (r *resume) aws(ctx context.Context, w World, d account.Draft, way account.SignInWay) (*account.Draft, error) {
	switch err := signsFor(d, way, r.profile); {
	case err != nil:
		return nil, err
	case r.adopt != "":
		return nil, usage{errors.New("--adopt is for apps of tenants")}
	case r.plan && d.Way != account.Automatic:
		return nil, usage{fmt.Errorf("--plan: the stack of %s is created by hand", d.Name)}
	case r.profile == "" && !r.yes && !r.plan && !r.json && (r.ports.Terminal || r.start.Plain):
		return &d, nil
	}
	a := &addAWS{line: r.line, name: string(d.Name), accountName: d.Name, profile: r.profile, plan: r.plan, automatic: d.Way == account.Automatic && d.AWS().Method != account.ByProfile}
	return a.add(ctx, w)
}

// asked is why nobody can be asked; nil when somebody can.
func (r *resume) asked(d account.Draft, way account.SignInWay, adopt account.ClientID) error {
	switch {
	case adopt == "" && !r.plan && !r.json && (r.ports.Terminal || r.start.Plain):
		return nil
	case d.Way != account.Automatic && (way != "" || adopt != "" || r.plan):
		return usage{fmt.Errorf("%s is linked by hand: nobody signs in for it here", d.Name)}
	case d.Way != account.Automatic:
		return missing([]string{"--tenant and --client"}, "Name them with: xops-onboard add "+string(d.Provider)+" --yes --name "+word(string(d.Name))+" --tenant … --client … Or go on with --plain, or on a terminal.")
	case d.Microsoft().Tenant == "":
		return &outcome{err: fmt.Errorf("%s has no tenant yet", d.Name), code: WrongUsage, hint: "Name it with: xops-onboard add " + string(d.Provider) + " --automatic --name " + word(string(d.Name)) + " --tenant …"}
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

func (r *resume) automatic(ctx context.Context, w World, d account.Draft, way account.SignInWay, adopt account.ClientID) error {
	ctx, stop := stoppable(ctx)
	defer stop()
	run := &automatic{line: r.line, w: w, v: r.voice(w), draft: d, way: way, store: steps.StoreOf(d), adopt: adopt, plan: r.plan}
	return run.run(ctx)
}
