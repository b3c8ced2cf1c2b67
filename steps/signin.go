package steps

import (
	"context"
	"fmt"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var signInStop = Stop{
	Name: "signin", Label: "Sign in", Fleet: true,
	Screen: func(e Env, d account.Draft) Step { return newSignIn(e, d, account.MicrosoftGraph) },
	Plain:  plainSignIn(account.MicrosoftGraph),
}

// signIn has an administrator sign in, by the first rung of the ladder that
// works: a browser here or at the end of a tunnel, else a code typed anywhere.
type signIn struct {
	pulse
	of      account.Resource
	draft   account.Draft
	menu    kit.Menu[lead]
	way     account.SignInWay
	prompt  *account.SignInPrompt
	prompts chan account.SignInPrompt
	cancel  context.CancelFunc // while somebody is waited for
	wrong   *account.Problem
	demo    demoHand
}

// signedIn is who signed in.
type signedIn struct{ by link.Signed }

// untouched tells whether nothing was made in the tenant, nor may have been, so
// that the other way can take over.
func untouched(d account.Draft) bool { return !link.Bound(d) }

func newSignIn(e Env, d account.Draft, of account.Resource) *signIn {
	s := &signIn{pulse: newPulse(e), draft: d, of: of}
	s.offer(account.RungBrowser, account.RungDeviceCode, account.RungByHand)
	return s
}

// rungWords name the rungs.
var rungWords = map[account.Rung]string{
	account.RungAgain:      "Sign in again",
	account.RungBrowser:    "Sign in with a browser",
	account.RungDeviceCode: "Use a device code",
	account.RungByHand:     "Do it by hand instead",
}

// checkInstead is what can be done where the rest is somebody else's.
const checkInstead = "Check without signing in"

// Checkable tells whether there is something that the checks can ask with: our
// certificate on an app that has its enterprise app.
func Checkable(d account.Draft) bool { return d.Made.HasApp() && d.Microsoft().Principal != "" }

// offer lists ways to go on. The demo has no browser to open.
func (s *signIn) offer(rungs ...account.Rung) {
	s.menu = kit.Menu[lead]{}
	add := s.menu.Add
	begin := func(way account.SignInWay) lead {
		return func() (Outcome, tea.Cmd) { return Stay, s.start(way) }
	}
	for _, r := range rungs {
		switch r {
		case account.RungAgain:
			add(kit.Option{Title: rungWords[r]}, begin(s.way))
		case account.RungBrowser:
			o := kit.Option{Title: rungWords[r], Detail: "The browser comes back to this program by itself."}
			if s.env.Place.Remote {
				o.Detail = "Your browser is on another machine: an ssh line brings it here."
			}
			if s.env.Demo != nil {
				o.Off = "Not in the demo, which opens no port."
			}
			add(o, begin(account.InBrowser))
		case account.RungDeviceCode:
			add(kit.Option{Title: rungWords[r], Detail: "A code that you type in any browser. Many tenants block it."}, begin(account.ByDeviceCode))
		case account.RungByHand:
			if untouched(s.draft) && !s.env.undoes {
				add(kit.Option{Title: rungWords[r], Detail: "With everything that is known already."}, outcome(ByHandNow))
			}
		}
	}
	if Checkable(s.draft) && !s.env.undoes {
		add(kit.Option{Title: checkInstead, Detail: "Where somebody else did the rest in the portal."}, outcome(CheckNow))
	}
	if len(s.menu.Options) == 0 { // nothing helps from here, now
		add(kit.Option{Title: "Sign in again"}, begin(s.way))
		add(kit.Option{Title: "Go on later", Detail: "The draft and its key are kept."}, outcome(Leave))
	}
	if s.env.Demo != nil || s.env.Place.Remote && len(s.menu.Options) > 1 && rungs[0] == account.RungBrowser && s.env.Place.Host == "" {
		s.menu.Go(1)
	}
}

func (s *signIn) Enter() tea.Cmd {
	if s.draft.Key().Stored || s.draft.Name == "" || s.env.undoes || s.of != account.MicrosoftGraph {
		return nil
	}
	// The key pair takes up to seconds: it is made while the person signs in.
	op := s.env.Ops.PrepareKey(s.draft, link.KeyWish{ID: account.KeyID(s.env.NewID()), Store: StoreOf(s.draft), Bits: 2048})
	return Ask(s.env, func(ctx context.Context) (prepared, error) { return prepared{}, wait(ctx, op) })
}

// prepared is that the key is in its store; what went wrong with it shows when
// it is needed.
type prepared struct{}

func (s *signIn) Typing() bool { return false }

func (s *signIn) Keys() []key.Binding {
	if s.cancel != nil {
		stop := []key.Binding{kit.Named(backKey, "stop waiting")}
		if s.prompt == nil {
			return stop
		}
		return s.demo.keys(s.env, stop)
	}
	on := kit.Named(enterKey, "take it")
	_, can := s.menu.Take()
	on.SetEnabled(can)
	return []key.Binding{on, kit.ChooseKey, backKey}
}

func (s *signIn) Offers() []Offer {
	if s.prompt == nil || s.cancel == nil {
		return nil
	}
	p := s.prompt
	if p.Way == account.ByDeviceCode {
		return []Offer{
			{Key: "c", Name: "copy code", Kind: Copy, Title: "Code", Value: p.UserCode},
			{Key: "o", Name: "open page", Kind: Open, Title: "Page to type it", Value: p.VerificationURL},
		}
	}
	offers := []Offer{{Key: "o", Name: "open again", Kind: Open, Title: "Sign-in", Value: p.URL}}
	if s.env.Place.Remote {
		offers = append(offers, Offer{Key: "t", Name: "copy tunnel", Kind: Copy, Title: "Run this where your browser is", Value: tunnel(s.env, p.Port)})
	}
	return offers
}

// tunnel is the line that brings the browser's answer to this machine.
func tunnel(e Env, port int) string {
	host := e.Place.Host
	if host == "" {
		host = "HOST"
	}
	return fmt.Sprintf("ssh -L %d:localhost:%d %s", port, port, quoted(host))
}

// start begins a sign-in that way.
func (s *signIn) start(way account.SignInWay) tea.Cmd {
	s.way, s.prompt, s.wrong, s.demo = way, nil, nil, demoHand{}
	s.prompts = make(chan account.SignInPrompt, 1)
	e := s.env
	e.ctx, s.cancel = context.WithCancel(s.env.ctx)
	wish := account.SignInWish{Cloud: s.draft.Cloud, Tenant: s.draft.Microsoft().Tenant, Hint: s.env.session.hint(s.draft), Client: s.env.session.client, For: s.of}
	prompts := s.prompts
	return tea.Batch(
		Ask(e, func(ctx context.Context) (account.SignInPrompt, error) {
			select {
			case p := <-prompts:
				return p, nil
			case <-ctx.Done():
				return account.SignInPrompt{}, ctx.Err()
			}
		}),
		Ask(e, func(ctx context.Context) (signedIn, error) {
			by, err := signed(ctx, e, way, wish, func(p account.SignInPrompt) { prompts <- p })
			if err == nil && ctx.Err() != nil { // nobody waits for it any more
				by.Forget()
				return signedIn{}, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
			}
			return signedIn{by}, err
		}),
		s.beat(),
	)
}

func (s *signIn) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.SignInPrompt]:
		return Stay, s.prompted(msg)
	case Answer[signedIn]:
		return s.answered(msg), nil
	case Answer[handed]:
		s.demo.done(msg)
	case tea.KeyPressMsg:
		return s.press(msg)
	default:
		cmd, _ := s.pulse.update(msg)
		return Stay, cmd
	}
	return Stay, nil
}

// prompted has what the person needs; a browser on this machine is opened.
func (s *signIn) prompted(a Answer[account.SignInPrompt]) tea.Cmd {
	if a.Err != nil || s.cancel == nil {
		return nil
	}
	s.prompt, s.now = &a.Value, s.env.Now()
	if a.Value.Way != account.InBrowser || s.env.Place.Remote || s.env.Open == nil {
		return nil
	}
	open, url := s.env.Open, a.Value.URL
	return Ask(s.env, func(ctx context.Context) (opened, error) { return opened{}, open(ctx, url) })
}

// opened is that a browser was asked to open; that it could not shows by o.
type opened struct{}

func (s *signIn) answered(a Answer[signedIn]) Outcome {
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.rest()
	s.prompt = nil
	if a.Err != nil {
		p := account.AsProblem(a.Err)
		rungs := account.NextRungs(s.way, p.Kind)
		if p.Kind == account.Cancelled { // by the person
			s.wrong, rungs = nil, []account.Rung{account.RungBrowser, account.RungDeviceCode, account.RungByHand}
		} else {
			s.wrong = p
		}
		s.offer(rungs...)
		return Stay
	}
	s.env.session.take(a.Value.by)
	return Next
}

func (s *signIn) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case s.cancel != nil && key.Matches(msg, backKey):
		s.cancel() // its answer says that it was stopped
	case s.cancel != nil && s.prompt != nil && s.demo.wants(s.env, msg):
		return Stay, s.demo.signIn(s.env, *s.prompt)
	case s.cancel != nil:
	case key.Matches(msg, backKey):
		return Back, nil
	case key.Matches(msg, enterKey):
		if to, ok := s.menu.Take(); ok {
			return to()
		}
	default:
		s.menu.Update(msg)
	}
	return Stay, nil
}

// SignInApp is what the enterprise app that people sign in to is found by: the
// portal's search takes names and application ids.
func SignInApp(client account.ClientID) string {
	if client == "" || client == account.CommandLineTools {
		return "Microsoft Graph Command Line Tools"
	}
	return string(client)
}

// leftBehind is what a sign-in leaves in the tenant, which this program cannot
// take back: it may have been there before.
func leftBehind(client account.ClientID) string {
	return "Signing in leaves delegated permissions of the enterprise app " + SignInApp(client) + ": for you, or for everyone if you tick that on Microsoft's page. They may have been there before, so they are not taken back."
}

// leftBehindPath is where they can be removed.
func leftBehindPath(client account.ClientID) string {
	return "Entra ID › Enterprise apps › " + SignInApp(client) + " › Permissions"
}

// leftBehindPage is the portal's page from which one comes there.
func leftBehindPage(d account.Draft) Offer {
	return Offer{Key: "o", Name: "open portal", Kind: Open, Title: "Enterprise apps", Value: SignInPage(d.Cloud, d.Made.Client).URL}
}

func (s *signIn) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Sign in", Why: "As an administrator of " + tenantWords(s.env, s.draft) + ". The token stays in memory, and is dropped after the changes."}
	leaves := leftBehind(s.env.Client)
	if s.of == account.ResourceManager {
		p.Title, p.Why = "Sign in to Azure", "Azure takes a sign-in of its own, as somebody who may assign roles there. That token stays in memory, too."
		leaves = AzureLeaves(s.env.Client)
	}
	switch {
	case s.cancel == nil:
		p.Body = s.menu.Draw(size.Width, t)
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), leaves)
		if s.wrong != nil {
			p.Body = kit.Stack(p.Body, kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render(leaves), size.Width)})
			a := Advise(s.wrong)
			p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), a.Say+" "+a.Do)
		}
		return p
	default:
		p.Why = "As an administrator of " + tenantWords(s.env, s.draft) + "."
	}
	switch {
	case s.prompt == nil:
		p.Live = kit.Mark(size.Width, s.sign(t), "Asking the sign-in service")
		return p
	case s.prompt.Way == account.ByDeviceCode:
		p.Body = deviceCode(size, t, *s.prompt)
	default:
		p.Body = browserPage(size.Width, t, s.env, *s.prompt)
	}
	p.Live = s.demo.line(size.Width, t, "")
	if p.Live.Text == "" || s.demo.err == nil {
		p.Live = kit.Mark(size.Width, s.sign(t), "Waiting for your sign-in. "+s.left())
	}
	return p
}

// left is how long the prompt is worth something.
func (s *signIn) left() string {
	left := s.prompt.Expires.Sub(s.now)
	if s.env.Place.Calm || left <= 0 {
		return ""
	}
	return fmt.Sprintf("%d:%02d left.", int(left.Minutes()), int(left.Seconds())%60)
}

func deviceCode(size kit.Size, t kit.Theme, p account.SignInPrompt) kit.Frame {
	width, gap := size.Width, kit.Frame{}
	if size.Height > 12 {
		gap = kit.Blank
	}
	return kit.Stack(
		kit.Numbered(width, t, "Open "+p.VerificationURL+" in any browser", "Type this code, and sign in there"),
		gap,
		kit.Frame{Text: t.Label.Render(kit.Big(p.UserCode, width))},
		kit.Blank,
		kit.Value(width, t, "Code", p.UserCode),
	)
}

func browserPage(width int, t kit.Theme, e Env, p account.SignInPrompt) kit.Frame {
	// Of an error that Microsoft's page shows, nobody tells this program.
	refused := kit.Frame{Text: kit.Wrap(t.Faint.Render("If that page shows an error, esc stops waiting. AADSTS50020 there means that your account is not in this tenant: sign in with one that is."), width)}
	if !e.Place.Remote {
		return kit.Stack(
			kit.Frame{Text: kit.Wrap("Your browser has the sign-in page. Sign in there; this page goes on by itself.", width)},
			kit.Blank,
			kit.Frame{Text: kit.Wrap(t.Faint.Render("If no page opened: o opens it again, ctrl+y copies the link, l shows it."), width)},
			kit.Blank,
			refused,
		)
	}
	return kit.Stack(
		kit.Mark(width, t.Label.Render("1")+" ", "Run this where your browser is, and leave it open"),
		kit.Mark(width, "  ", tunnel(e, p.Port)),
		kit.Mark(width, t.Label.Render("2")+" ", "Open this there; ctrl+y copies it, l shows it whole"),
		kit.Mark(width, "  ", kit.Link(t, p.URL, kit.Cut(p.URL, width-3))),
		kit.Blank,
		refused,
	)
}

// tenantWords is the tenant as people call it, as far as is known.
func tenantWords(e Env, d account.Draft) string {
	m := d.Microsoft()
	_, domain, _ := account.ParseTenant(e.session.typedFor(d))
	switch {
	case m.TenantName != "":
		return m.TenantName
	case domain != "":
		return string(domain)
	case m.Organization != "":
		return string(m.Organization)
	}
	return "tenant " + string(m.Tenant)
}

func (s *signIn) Fill(d account.Draft) account.Draft { return d }

// wait waits for an operation's end.
func wait(ctx context.Context, op *link.Operation) error {
	for {
		if _, err := op.Next(ctx); err != nil {
			return ended(err)
		}
	}
}
