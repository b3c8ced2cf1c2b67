package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// addAWS is the flags of add aws.
type addAWS struct {
	*line
	name, kind, region, profile, method string
	keyStore, role, outputs, platform   string
	automatic, plan, dropCA             bool
	told                                account.AWSLink // what the flags say, parsed
	store                               account.Store
	accountName                         account.Name
}

func newAddAWS(l *line) *cobra.Command {
	a := &addAWS{line: l}
	cmd := &cobra.Command{
		Use:   "aws",
		Short: "Link an AWS account",
		Long: "Link an AWS account by a read-only role and a certificate of this machine (IAM Roles Anywhere). With --automatic a profile of this machine creates the stack; --plan shows it and changes nothing, --yes asks nothing. " +
			"Without it the template is written here for somebody who uploads it, and --outputs brings back what the stack's Outputs have. " +
			"What is missing is asked on a terminal. Run again with the same name it goes on with the same draft and keys.",
		Example: "xops-onboard add aws --automatic --name Production --type management --profile admin --plan\nxops-onboard add aws --name Production --outputs outputs.txt",
		Args:    l.words(0),
		RunE:    l.does(func(ctx context.Context, _ []string) error { return a.run(ctx) }),
	}
	f := cmd.Flags()
	f.StringVar(&a.name, "name", "", "what the account is called here, the portal's AWS Account Name")
	l.takesDraft(cmd, account.AWS)
	aType.flag(cmd, &a.kind, "type", "the account type: "+aType.words())
	f.StringVar(&a.region, "region", "", "the home region, where the stack and the trust anchor are")
	aRegion.offered(cmd, "region")
	f.StringVar(&a.profile, "profile", "", "the AWS profile to use; environment for the credentials of the environment")
	completes(cmd, "profile", l.profiles)
	aMethod.flag(cmd, &a.method, "method", "how it is read: certificate, or profile for a quick look")
	f.BoolVar(&a.automatic, "automatic", false, "use the profile once and let the program create the stack")
	f.BoolVar(&a.plan, "plan", false, "use the profile, print what would be created, and stop; nothing is written")
	f.BoolVar(&a.dropCA, "drop-ca", false, "delete the authority's key once it has signed; a new certificate then takes a stack update")
	aStore.flag(cmd, &a.keyStore, "key-store", "where the keys are kept: keyring, or file (under a passphrase)")
	f.StringVar(&a.role, "role-arn", "", "with --method profile: a role that the profile takes first")
	f.StringVar(&a.outputs, "outputs", "", "a file with the stack's Outputs, or - for standard input")
	takesFile(cmd, "outputs")
	f.StringVar(&a.platform, "platform-principal", "", "ARN of a principal that the role trusts, too, under an external id that is made and printed")
	return cmd
}

// parse reads the flags that are there.
func (a *addAWS) parse() (err error) {
	t := &a.told
	if a.name != "" {
		if a.accountName, err = account.ParseName(a.name); err != nil {
			return wrong("--name", err)
		}
	}
	if err := cmp.Or(aType.holds("type", a.kind), aMethod.holds("method", a.method), aStore.holds("key-store", a.keyStore)); err != nil {
		return err
	}
	t.Type, t.Method, a.store = account.AWSType(a.kind), account.AWSMethod(a.method), account.Store(a.keyStore)
	if a.region != "" {
		if t.Region, err = account.ParseAWSRegion(a.region); err != nil {
			return wrong("--region", err)
		}
	}
	if a.role != "" {
		if t.Role, err = account.ParseRoleARN(a.role); err != nil {
			return wrong("--role-arn", err)
		}
	}
	if a.platform != "" {
		arn, err := account.ParseARN(a.platform)
		if err != nil {
			return wrong("--platform-principal", err)
		}
		t.Platform.Principal = string(arn)
	}
	return a.together()
}

// together holds that the flags go together.
func (a *addAWS) together() error {
	byProfile := a.told.Method == account.ByProfile
	switch {
	case byProfile && a.certified():
		return errByProfile
	case a.dropCA && a.outputs != "":
		return usage{errors.New("--drop-ca goes with the run that makes the keys, and not with --outputs")}
	case a.role != "" && !byProfile:
		return usage{errors.New("--role-arn goes with --method profile; the role of a stack comes by --outputs")}
	case a.outputs != "" && a.automatic:
		return usage{errors.New("--outputs brings back a stack that was made by hand; --automatic makes one")}
	case a.plan && !a.automatic:
		return usage{errors.New("--plan goes with --automatic")}
	}
	return nil
}

// certified tells whether a flag is there that only an account with a certificate
// takes.
func (a *addAWS) certified() bool {
	return a.automatic || a.plan || a.dropCA || a.outputs != "" || a.platform != "" || a.keyStore != ""
}

// errByProfile is such a flag for an account by a profile.
var errByProfile = usage{errors.New("--method profile makes nothing in AWS, and no key; --automatic, --plan, --drop-ca, --outputs, --key-store and --platform-principal go with a certificate")}

func (a *addAWS) run(ctx context.Context) error {
	if err := a.parse(); err != nil {
		return err
	}
	return a.askRest(ctx, a.add)
}

// add does it, where nothing has to be asked; else it returns the draft for who
// asks.
func (a *addAWS) add(ctx context.Context, w World) (*account.Draft, error) {
	if r, linked := named(w.Known.Accounts, string(a.accountName)); linked && a.name != "" {
		if err := sameProvider(r, account.AWS); err != nil {
			return nil, err
		}
		if a.plan {
			a.voice(w).result([]string{string(r.Name) + " is linked already. Nothing to create."}, result{State: "planned", Changes: []account.PlannedChange{}})
			return nil, nil
		}
		ctx, stop := stoppable(ctx)
		defer stop()
		return nil, a.verified(ctx, w, a.voice(w), r.ID)
	}
	d, err := a.begin(ctx, w)
	if err != nil {
		return nil, err
	}
	if open := a.open(d); len(open) > 0 {
		return &d, a.mayAsk(open, a.plan)
	}
	ctx, stop := stoppable(ctx)
	defer stop()
	v := a.voice(w)
	if !a.plan && a.outputs == "" {
		if d, err = a.saved(ctx, w, d); err != nil {
			return nil, err
		}
	}
	switch {
	case d.AWS().Method == account.ByProfile:
		return nil, a.kept(w, a.looks(ctx, w, v, d), d)
	case d.Way == account.Automatic:
		return nil, a.kept(w, a.creates(ctx, w, v, d), d)
	case a.outputs != "":
		return nil, a.kept(w, a.brings(ctx, w, v, d), d)
	case d.AWS().Role != "": // its Outputs were brought already
		return nil, a.kept(w, a.finish(ctx, w, v, d, 0, newRoleSpreads), d)
	}
	return nil, a.prepares(ctx, w, v, d)
}

// saved has the key store ready, before anybody is asked for anything, and the
// draft on disk, which is then kept whatever happens.
func (a *addAWS) saved(ctx context.Context, w World, d account.Draft) (account.Draft, error) {
	if d.AWS().Method != account.ByProfile {
		if err := a.ready(ctx, w, steps.StoreOf(d)); err != nil {
			return d, err
		}
	}
	d, err := w.Env.Ops.SaveAnswers(ctx, d)
	return d, ended(ctx, err)
}

// kept adds how one goes on; of a plan nothing is kept, and of wrong usage that is
// said by itself.
func (a *addAWS) kept(w World, err error, d account.Draft) error {
	if u := (usage{}); a.plan || errors.As(err, &u) {
		return err
	}
	return w.kept(err, "add aws --name", d)
}

// begin is the draft of that name, or a new one, with all that the flags told.
func (a *addAWS) begin(ctx context.Context, w World) (d account.Draft, err error) {
	if _, begun := named(w.Known.Drafts, string(a.accountName)); begun && a.name != "" {
		if d, err = w.onboarding(ctx, []string{string(a.accountName)}); err != nil {
			return d, err
		}
		if d.Provider != account.AWS {
			return d, usage{fmt.Errorf("--name: %s is a draft of %s", d.Name, d.Provider)}
		}
	} else {
		d = account.Draft{Provider: account.AWS, Name: a.accountName, Link: account.AWSLink{}}
		if a.name != "" {
			d.ID = account.ID(w.Env.NewID())
		}
	}
	if d, err = a.merge(ctx, w, d); err != nil {
		return d, err
	}
	switch k := d.Key(); {
	case a.store != "" && !k.Stored:
		d.Keys = []account.Key{{Store: a.store}}
	case a.store != "" && k.Store != a.store:
		return d, otherStore(d)
	}
	if off := steps.AWSLinkedOff(w.Known.Accounts); off != "" && d.AWS().Type == account.AWSLinked {
		return d, &outcome{err: errors.New(off), code: WrongUsage, hint: "With --type management."}
	}
	d.Trail = awsTrail(d)
	return d, nil
}

// merge puts what the flags told into a draft. What stands already once something
// was made is not changed.
func (a *addAWS) merge(ctx context.Context, w World, d account.Draft) (account.Draft, error) {
	l, t := steps.BeginAWS(w.Env, d.AWS()), a.told
	made, begun := d.Key().Certificate.Made(), link.Bound(d)
	for _, f := range []struct {
		flag       string
		told, have string
		set        func()
		fixed      bool
	}{
		{"--type", string(t.Type), string(l.Type), func() { l.Type = t.Type }, begun},
		{"--region", string(t.Region), string(l.Region), func() { l.Region = t.Region }, made},
		{"--method", string(t.Method), string(l.Method), func() { l.Method = t.Method }, made},
		{"--platform-principal", t.Platform.Principal, l.Platform.Principal, func() { l.Platform = t.Platform }, made},
		{"--role-arn", string(t.Role), string(l.Role), func() { l.Role = t.Role }, made},
	} {
		if f.told == "" || f.told == f.have {
			continue
		}
		if f.fixed {
			return d, usage{fmt.Errorf("%s: %s has begun with %q; choose another --name", f.flag, d.Name, f.have)}
		}
		f.set()
	}
	if l.Region == "" && a.name != "" {
		l.Region = steps.AWSHome(ctx, w.Env)
	}
	if l.Method == "" && (a.automatic || a.outputs != "" || a.yes) {
		l.Method = account.ByCertificate
	}
	if l.Method == account.ByProfile && a.profile != "" {
		l.Named = a.profile
	}
	if t.Role != "" && l.Region != "" {
		if err := steps.RoleThere(t.Role, l.Region); err != nil {
			return d, wrong("--role-arn", err)
		}
	}
	switch {
	case l.Method == account.ByProfile && a.certified():
		return d, errByProfile
	case a.outputs != "" && d.Way == account.Automatic:
		return d, usage{fmt.Errorf("--outputs: %s was begun with --automatic, which reads them by itself; choose another --name for a stack made by hand", d.Name)}
	case a.dropCA && !l.DropCA && begun:
		return d, usage{fmt.Errorf("--drop-ca: %s has begun without it; choose another --name", d.Name)}
	}
	l.DropCA = l.DropCA || a.dropCA
	switch {
	case a.automatic:
		d.Way = account.Automatic
	case l.Method == account.ByProfile, d.Way == "" && (a.outputs != "" || a.yes):
		d.Way = account.ByHand
	}
	if a.profile != "" && l.Method != account.ByProfile && d.Way != account.Automatic {
		return d, usage{errors.New("--profile goes with --automatic, or with --method profile; who creates the stack by hand uses none here")}
	}
	d.Link = l
	return d, nil
}

// awsTrail are the stops that are passed with what is known.
func awsTrail(d account.Draft) []string {
	l, trail := d.AWS(), []string{"cloud"}
	for _, s := range []struct {
		stop  string
		known bool
	}{
		{"aws-type", l.Type != ""},
		{"name", d.Name != "" && l.Region != ""},
		{"aws-method", l.Method != ""},
		{"way", d.Way != "" && l.Method == account.ByCertificate},
	} {
		if !s.known {
			return trail
		}
		trail = append(trail, s.stop)
	}
	for _, s := range d.Trail { // further than the flags reach
		if !slices.Contains(trail, s) {
			trail = append(trail, s)
		}
	}
	return trail
}

// open are the flags that are missing to do it without a question.
func (a *addAWS) open(d account.Draft) (flags []string) {
	l := d.AWS()
	byProfile := l.Method == account.ByProfile
	for _, f := range []struct {
		flag    string
		missing bool
	}{
		{"--name", d.Name == ""},
		{"--type", l.Type == ""},
		{"--profile", byProfile && l.Named == "" || d.Way == account.Automatic && a.profile == ""},
		{"--automatic, or --yes", d.Way == ""},
		{"--yes", d.Way == account.Automatic && !a.yes && !a.plan && (!a.ports.Terminal || a.json)},
	} {
		if f.missing {
			flags = append(flags, f.flag)
		}
	}
	return flags
}

// looks verifies an account that is used by a profile, and links it.
func (a *addAWS) looks(ctx context.Context, w World, v *voice, d account.Draft) error {
	v.say("External id, where the role asks for one: %s", d.AWS().ExternalID)
	return a.finish(ctx, w, v, d, 0, newRoleSpreads)
}

// newRoleSpreads is why checks may hold in a while.
const newRoleSpreads = "A new role takes a minute to be known everywhere."

// creates has a profile create the stack.
func (a *addAWS) creates(ctx context.Context, w World, v *voice, d account.Draft) error {
	if a.plan {
		v.events = v.errs // the plan is one object, and alone
	}
	admin, err := a.signInAWS(ctx, w, v, d, a.profile)
	if err != nil {
		return err
	}
	defer admin.Forget()
	if l, who := d.AWS(), admin.Caller(); !a.plan || l.Account == "" {
		l.Account, l.Alias = who.Account, who.Alias
		d.Link = l
	}
	if a.plan {
		v.result(a.planLines(d), result{State: "planned", Changes: steps.AWSPlanned(admin, d, steps.AWSTemplate(w.Env, d))})
		return nil
	}
	if d, err = steps.PrepareAWS(ctx, w.Env, d, ""); err != nil {
		return ended(ctx, err)
	}
	v.says(a.planLines(d))
	if !a.yes {
		text, err := a.answer(ctx, "Type yes to create the stack")
		if err != nil {
			return err
		}
		if !steps.Yes(text) {
			return &outcome{err: errors.New("nothing was changed in AWS"), code: NotLinked}
		}
	}
	report, _, err := v.follow(ctx, steps.ConnectAWS(w.Env, admin, d))
	if err != nil {
		return notLinked(err, report, d)
	}
	return a.connected(ctx, w, v, d.ID, report)
}

func (a *addAWS) planLines(d account.Draft) []string {
	out := append([]string{"Plan for " + steps.AWSPlace(d.AWS()) + "."}, steps.AWSPlanLines(d)...)
	return append(out, "The same with the AWS CLI: "+steps.AWSCommand(d.AWS()))
}

// prepares makes the keys and writes the template for somebody who uploads it.
func (a *addAWS) prepares(ctx context.Context, w World, v *voice, d account.Draft) error {
	d, err := steps.PrepareAWS(ctx, w.Env, d, w.Env.Place.Directory)
	if err != nil {
		return a.kept(w, ended(ctx, err), d)
	}
	l := d.AWS()
	lines := append([]string{"Template: " + l.File, "The authority's SHA-256: " + d.Authority.Certificate.SHA256}, steps.AWSUpload(d)...)
	if l.Platform.Principal != "" {
		lines = append(lines, "External id for "+l.Platform.Principal+": "+l.ExternalID)
	}
	on := "xops-onboard add aws --name " + word(string(d.Name)) + " --outputs FILE"
	v.result(append(lines, "Then: "+on), result{State: "prepared", Code: NotLinked, AWS: toStack(d)})
	return &outcome{err: fmt.Errorf("%s is not linked yet: the stack is still to be created", d.Name), code: NotLinked, hint: on, said: true}
}

// brings takes the Outputs of a stack that somebody made.
func (a *addAWS) brings(ctx context.Context, w World, v *voice, d account.Draft) error {
	if !d.Key().Certificate.Made() {
		return usage{fmt.Errorf("--outputs: %s has no template yet; run it without --outputs first", d.Name)}
	}
	text, err := a.read()
	if err != nil {
		return usage{fmt.Errorf("--outputs: %w", err)}
	}
	l, err := steps.ReadOutputs(d.AWS(), text)
	if err != nil {
		return wrong("--outputs", err)
	}
	if err := steps.AWSLinkedAlready(w.Known.Accounts, d, l.Account); err != nil {
		return err
	}
	d.Link = l
	if err := a.ready(ctx, w, steps.StoreOf(d)); err != nil {
		return err
	}
	if d, err = w.Env.Ops.SaveAnswers(ctx, d); err != nil {
		return ended(ctx, err)
	}
	return a.finish(ctx, w, v, d, 0, newRoleSpreads)
}

// outputsMost is how much is read of Outputs: the three ARNs are under 500 bytes.
const outputsMost = 1 << 20

func (a *addAWS) read() (string, error) {
	in := a.ports.In
	if a.outputs != "-" {
		f, err := os.Open(a.outputs)
		if err != nil {
			return "", err
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, outputsMost))
	return string(b), err
}
