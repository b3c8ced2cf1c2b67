package steps

import (
	"context"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsSignInStop is the sign-in of AWS: a profile of this machine is used once. It
// has the name that the other sign-in has, as it is the same place of a route.
var awsSignInStop = Stop{
	Name: signInStop.Name, Label: "AWS sign-in", Fleet: true,
	Screen: func(e Env, d account.Draft) Step { return newAWSSignIn(e, d) },
	Plain:  plainAWSSignIn,
}

// awsSignIn lists the profiles, uses the one that is chosen, and shows whose it is
// before anything is made.
type awsSignIn struct {
	pulse
	draft  account.Draft
	menu   kit.Menu[lead]
	listed bool
	named  string // the profile that is asked with
	cancel context.CancelFunc
	who    *account.AWSCaller
	wrong  *account.Problem
	refuse string // why this account cannot be the one
}

func newAWSSignIn(e Env, d account.Draft) *awsSignIn {
	return &awsSignIn{pulse: newPulse(e), draft: d}
}

func (s *awsSignIn) Enter() tea.Cmd {
	s.listed = false
	return Ask(s.env, s.env.Ops.Ports().AWS.Profiles)
}

func (s *awsSignIn) Typing() bool { return false }

func (s *awsSignIn) Keys() []key.Binding {
	switch {
	case s.cancel != nil:
		return []key.Binding{kit.Named(backKey, "stop waiting")}
	case s.ready():
		return []key.Binding{enterKey, kit.Named(backKey, "another profile")}
	}
	on := kit.Named(enterKey, "use it")
	_, can := s.menu.Take()
	on.SetEnabled(can)
	again := kit.Named(againKey, "read the profiles again")
	again.SetEnabled(s.listed)
	return []key.Binding{on, kit.ChooseKey, again, backKey}
}

// ready tells whether somebody is signed in, to an account that can be the one.
func (s *awsSignIn) ready() bool { return s.who != nil && s.refuse == "" && s.wrong == nil }

// Offers is the command that renews a session that has ended.
func (s *awsSignIn) Offers() []Offer {
	if s.wrong == nil || s.wrong.Kind != account.AWSSignInOver || s.wrong.Subject == "" {
		return nil
	}
	return []Offer{{Key: "c", Name: "copy command", Kind: Copy, Title: "Run this", Value: s.wrong.Subject}}
}

func (s *awsSignIn) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[[]account.AWSNamed]:
		s.wrong = account.AsProblem(msg.Err)
		s.list(msg.Value)
	case Answer[signedIn]:
		s.answered(msg)
	case tea.KeyPressMsg:
		return s.press(msg)
	default:
		cmd, _ := s.pulse.update(msg)
		return Stay, cmd
	}
	return Stay, nil
}

// list offers the profiles, and by hand where nothing is made yet.
func (s *awsSignIn) list(all []account.AWSNamed) {
	at := s.menu.At()
	s.listed, s.menu = true, kit.Menu[lead]{}
	for _, p := range all {
		s.menu.Add(kit.Option{Title: ProfileLine(p)}, func() (Outcome, tea.Cmd) { return Stay, s.start(p.Name) })
	}
	if untouched(s.draft) && !s.env.undoes {
		s.menu.Add(kit.Option{Title: "Do it by hand instead", Detail: "You upload a template in the console."}, outcome(ByHandNow))
	}
	if len(s.menu.Options) == 0 {
		s.menu.Add(kit.Option{Title: "Go on later", Detail: "The draft and its keys are kept."}, outcome(Leave))
	}
	s.menu.Go(at)
}

// ProfileLine is a profile as a list has it.
func ProfileLine(p account.AWSNamed) string {
	s := p.Name + ", " + p.Kind
	if p.Kind == p.Name { // the environment
		s = "Environment variables"
	}
	if p.Region != "" {
		s += ", " + string(p.Region)
	}
	return s
}

// start uses a profile and asks whose it is.
func (s *awsSignIn) start(profile string) tea.Cmd {
	s.named, s.who, s.wrong, s.refuse = profile, nil, nil, ""
	e := s.env
	e.ctx, s.cancel = context.WithCancel(s.env.ctx)
	region, sign := s.draft.AWS().Region, s.env.Ops.Ports().AWS.SignIn
	return tea.Batch(s.beat(), Ask(e, func(ctx context.Context) (signedIn, error) {
		admin, err := sign(ctx, profile, region)
		if err != nil {
			return signedIn{}, err
		}
		if ctx.Err() != nil { // nobody waits for it any more
			admin.Forget()
			return signedIn{}, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		}
		return signedIn{link.Signed{AWS: admin}}, nil
	}))
}

func (s *awsSignIn) answered(a Answer[signedIn]) {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.rest()
	if a.Err != nil {
		if s.wrong = account.AsProblem(a.Err); s.wrong.Kind == account.Cancelled {
			s.wrong = nil // by the person
		}
		return
	}
	who := a.Value.by.AWS.Caller()
	s.who = &who
	s.refuse = AWSRefused(s.env, s.draft, who)
	if s.refuse != "" {
		a.Value.by.Forget()
		return
	}
	s.env.session.take(a.Value.by)
}

// AWSRefused is why who signed in cannot do what a draft needs, whatever the
// rights; empty where nothing stands against it.
func AWSRefused(e Env, d account.Draft, who account.AWSCaller) string {
	if p := awsAdministrator(d, who); p != nil {
		return Advise(p).Line()
	}
	if link.Bound(d) || d.Leaving {
		return ""
	}
	if err := AWSLinkedAlready(e.Known, d, who.Account); err != nil {
		return Advise(account.AsProblem(err)).Line()
	}
	return AWSWrongType(d.AWS(), who)
}

func (s *awsSignIn) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case s.cancel != nil:
		if key.Matches(msg, backKey) {
			s.cancel() // its answer says that it was stopped
		}
	case s.ready() && key.Matches(msg, enterKey):
		return Next, nil
	case s.ready() && key.Matches(msg, backKey):
		s.env.session.drop()
		s.who = nil
	case key.Matches(msg, backKey):
		return Back, nil
	case s.ready():
	case key.Matches(msg, enterKey):
		if to, ok := s.menu.Take(); ok {
			return to()
		}
	case key.Matches(msg, againKey) && s.listed:
		return Stay, s.Enter()
	default:
		s.menu.Update(msg)
	}
	return Stay, nil
}

// awsUsed is what becomes of a profile's credentials.
const awsUsed = "Its credentials stay in this program's memory and are dropped after the changes. They are written nowhere."

func (s *awsSignIn) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "AWS sign-in", Why: "A profile of this machine is used once. " + awsUsed}
	if s.ready() {
		p.Title, p.Why = "Is this the right account?", "Nothing was changed."
		p.Body = callerCard(size.Width, t, *s.who, s.named, s.draft.AWS())
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Enter goes on to "+s.next()+".")
		return p
	}
	p.Body = s.menu.Draw(size.Width, t)
	switch {
	case s.cancel != nil:
		p.Live = kit.Mark(size.Width, s.sign(t), "Asking AWS whose profile "+s.named+" is")
	case !s.listed:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the profiles of this machine")
	case s.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(s.wrong).Line())
	case s.refuse != "":
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), s.refuse)
	case !s.profiles():
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), noProfiles)
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "AWS is asked who that is, and nothing is changed.")
	}
	return p
}

// noProfiles is said where this machine has no profile.
const noProfiles = "No AWS profile is on this machine. Make one with aws configure sso or aws login, and read them again."

// profiles tells whether there is one to choose.
func (s *awsSignIn) profiles() bool {
	n := len(s.menu.Options)
	return n > 1 || n == 1 && (s.env.undoes || !untouched(s.draft)) && s.menu.Options[0].Detail == ""
}

func (s *awsSignIn) next() string {
	if s.env.undoes {
		return "what is taken back"
	}
	return "the plan"
}

// callerCard is who AWS says is calling.
func callerCard(width int, t kit.Theme, who account.AWSCaller, profile string, l account.AWSLink) kit.Frame {
	out := []kit.Frame{
		kit.Value(width, t, "Account", awsAccountWords(who.Account, "")),
		kit.Value(width, t, "Alias", orNone(who.Alias)),
		kit.Value(width, t, "Profile", profile),
		kit.Value(width, t, "You", who.ARN),
		kit.Value(width, t, "Home region", string(l.Region)),
	}
	if l.Type != "" {
		out = append(out, kit.Value(width, t, "Type", l.Type.String()+managementWords(who.Management)))
	}
	return kit.Stack(out...)
}

// managementWords say where the type could not be compared with the account.
func managementWords(s account.CheckState) string {
	if s == account.Unknown {
		return "; what it is in its organization could not be read"
	}
	return ""
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// Fill notes whose account it is, until something is made there.
func (s *awsSignIn) Fill(d account.Draft) account.Draft {
	if s.who == nil || link.Bound(d) || d.Leaving {
		return d
	}
	l := d.AWS()
	l.Account, l.Alias = s.who.Account, s.who.Alias
	d.Link = l
	return d
}

func plainAWSSignIn(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	s := newAWSSignIn(p.Env, d)
	s.env.undoes = !p.has(planStop)
	p.Say("A profile of this machine is used once. %s", awsUsed)
	for {
		all, err := p.Env.Ops.Ports().AWS.Profiles(p.ctx)
		if err != nil {
			p.advise(account.AsProblem(err))
		}
		s.list(all)
		if len(all) == 0 {
			p.Say("%s", noProfiles)
		}
		var titles []string
		for _, o := range s.menu.Options {
			titles = append(titles, spaced(o.Title+".", o.Detail))
		}
		n, err := p.Choose("Profile", append(titles, "Read the profiles again", leaveNow.title)...)
		switch {
		case err != nil:
			return d, Stay, err
		case n == len(titles)+1:
			return d, Leave, nil
		case n == len(titles):
			continue
		case n >= len(all):
			if untouched(d) && !s.env.undoes {
				return d, ByHandNow, nil
			}
			return d, Leave, nil
		}
		admin, err := p.Env.Ops.Ports().AWS.SignIn(p.ctx, all[n].Name, d.AWS().Region)
		if err != nil {
			p.advise(account.AsProblem(err))
			continue
		}
		who := admin.Caller()
		p.says(CallerLines(who))
		if refuse := AWSRefused(s.env, d, who); refuse != "" {
			admin.Forget()
			p.Say("%s", refuse)
			continue
		}
		p.Env.session.take(link.Signed{AWS: admin})
		s.who = &who
		return s.Fill(d), Next, nil
	}
}

// CallerLines are who AWS says is calling, in sentences.
func CallerLines(who account.AWSCaller) []string {
	return []string{"Account: " + awsAccountWords(who.Account, who.Alias), "You: " + who.ARN}
}
