package steps

import (
	"cmp"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// Rotating is the way of an account to another key: by the app itself, by an
// administrator who signs in, or by hand in the portal.
func Rotating(d account.Draft) []Stop {
	switch {
	case d.Way == account.Automatic && d.Provider == account.AWS:
		return []Stop{rotateWayStop, awsSignInStop, rotateStop}
	case d.Way == account.Automatic:
		return []Stop{rotateWayStop, signInStop, rotateStop}
	}
	return []Stop{rotateWayStop, rotateStop}
}

var (
	rotateWayStop = Stop{
		Name: "rotate-way", Over: true,
		Screen: func(e Env, d account.Draft) Step { return newRotateWay(e, d) },
	}
	rotateStop = Stop{
		Name: "rotate", Fleet: true, Over: true, Held: true,
		Screen: func(e Env, d account.Draft) Step { return newRotate(e, d) },
	}
)

// rotateWay says what a rotation does, and asks who brings the new certificate
// to the app.
type rotateWay struct {
	env    Env
	draft  account.Draft
	known  *account.Account
	wrong  *account.Problem
	choice kit.Choice
}

// rotateWays are the ways in the order of the choice.
var rotateWays = []account.Way{"", account.Automatic, account.ByHand}

func newRotateWay(e Env, d account.Draft) *rotateWay { return &rotateWay{env: e, draft: d} }

func (r *rotateWay) Enter() tea.Cmd {
	return Ask(r.env, r.env.read(r.draft.ID))
}

func (r *rotateWay) Offers() []Offer { return nil }
func (r *rotateWay) Typing() bool    { return false }

func (r *rotateWay) Keys() []key.Binding {
	on := kit.Named(enterKey, "begin")
	on.SetEnabled(r.can())
	return []key.Binding{on, kit.ChooseKey, backKey}
}

// can tells whether the way one is at can be gone.
func (r *rotateWay) can() bool {
	return r.known != nil && (r.onlyRest() || r.choice.Options[r.choice.At()].Off == "")
}

// onlyRest tells whether the account has its new key already, and only the old
// one is left.
func (r *rotateWay) onlyRest() bool { return r.known.Next == nil && r.known.Last != nil }

func (r *rotateWay) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.Account]:
		if r.wrong = account.AsProblem(msg.Err); r.wrong == nil {
			r.offer(msg.Value)
		}
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, enterKey):
			if r.can() {
				return Next, nil
			}
			return Stay, nil
		}
		r.choice.Update(msg)
	}
	return Stay, nil
}

// offer lists the ways, at the one that is likely: the app itself while its
// certificate is valid, and the one that was begun.
func (r *rotateWay) offer(a account.Account) {
	r.known = &a
	if a.Provider == account.AWS {
		r.choice = awsRotates(a, r.env.Now())
		return
	}
	itself := kit.Option{Title: "The app changes its key itself", Detail: "No administrator is needed."}
	at := 0
	if !a.Key.Certificate.NotAfter.After(r.env.Now()) {
		itself.Off, at = "Its certificate has expired, so it cannot prove what it is.", 2
	}
	if a.Next != nil && a.Next.Saved != "" {
		at = 2
	}
	r.choice = kit.Choice{Options: []kit.Option{
		itself,
		{Title: "An administrator signs in", Detail: "As Cloud Application Administrator, or as an owner of the app."},
		{Title: "Upload it by hand", Detail: "In the Entra admin center; the certificate is written to a file, and the page waits for it."},
	}}
	r.choice.Go(at)
}

func (r *rotateWay) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{
		Title: "Rotate the key of " + string(r.draft.Name),
		Why:   "A new key is made and tried before the old one goes. Until then the old one is in use, and works.",
	}
	switch {
	case r.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(r.wrong).Line())
		return p
	case r.known == nil:
		p.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the account")
		return p
	case r.onlyRest():
		p.Why = "The new key is in use. The old one is still to be removed from the app and from its store."
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Enter removes the old key.")
		return p
	}
	if r.known.Provider == account.AWS {
		p.Why = cmp.Or(awsRotatesWhy(*r.known, r.env.Now()), p.Why)
	}
	p.Body = r.choice.Draw(size.Width, t)
	p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is changed yet. Enter begins.")
	if r.known.Next != nil {
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "A rotation was begun. Enter goes on with the same new key.")
	}
	return p
}

// Fill notes the way. What is left of one that was switched already, the app
// does itself.
func (r *rotateWay) Fill(d account.Draft) account.Draft {
	d.Way = ""
	if !r.onlyRest() {
		d.Way = rotateWays[r.choice.At()]
	}
	return d
}

// rotate gives the account another key, one line a stage.
type rotate struct {
	changing
	page account.PortalPage // where the certificate is uploaded; by hand alone
	read bool               // the draft has the key whose certificate that is, and not the old one
}

// rotateWords name the stages.
var rotateWords = map[string]string{
	link.TheNewKey:         "New private key, stored and read back",
	link.TheNewCertificate: "Certificate for it",
	link.TheAdding:         "Certificate on the app",
	link.TheTrial:          "Three tokens in a row with the new key",
	link.TheSwitch:         "The account uses the new key",
	link.TheRemoval:        "Old certificate taken from the app",
	link.TheDeletion:       "Old key deleted",
}

func newRotate(e Env, d account.Draft) *rotate {
	r := &rotate{changing: newChanging(e, d, Leave)}
	r.words, r.ways = rotateWords, r.stopped
	if d.Provider == account.AWS {
		r.words, r.page = awsRotateWords(d.Way), d.AWS().StackPage()
	}
	if r.byHand() && d.Provider != account.AWS {
		r.page = d.Cloud.Cloud().CertificatesPage(d.Microsoft().Client)
		r.words = map[string]string{}
		for name, words := range rotateWords {
			r.words[name] = words
		}
		r.words[link.TheAdding] = "Certificate written to a file"
	}
	return r
}

func (r *rotate) byHand() bool { return r.draft.Way == account.ByHand }

func (r *rotate) Enter() tea.Cmd { return r.begin() }

func (r *rotate) begin() tea.Cmd {
	r.lines = nil
	for _, name := range link.Rotations {
		if r.words[name] != "" {
			r.lines = append(r.lines, line{name: name})
		}
	}
	wish := link.RotateWish{Key: account.KeyID(r.env.NewID()), Bits: max(r.draft.Key().Bits, 2048), Lives: link.Lives}
	if r.draft.Provider == account.AWS {
		wish.Bits, wish.Authority = r.draft.Key().Bits, account.KeyID(r.env.NewID()) // of its curve
	}
	switch r.draft.Way {
	case account.Automatic:
		wish.Admin, wish.AWS = r.env.session.admin, r.env.session.aws
	case account.ByHand:
		wish.Directory = directory(r.env, r.draft)
	}
	return r.run(r.env.Ops.Rotate(r.draft.ID, wish))
}

// uploading tells whether a person's upload is waited for.
func (r *rotate) uploading() bool {
	return r.byHand() && r.op != nil && r.stateOf(link.TheAdding) == link.Done && r.stateOf(link.TheTrial) != link.Done
}

func (r *rotate) Offers() []Offer {
	if !r.uploading() || !r.read {
		return nil
	}
	k := r.draft.Key()
	if r.draft.Provider == account.AWS {
		return []Offer{
			{Key: "o", Name: "open console", Kind: Open, Title: "The stack", Value: r.page.URL},
			{Key: "c", Name: "copy path", Kind: Copy, Title: "Template file", Value: k.Saved},
		}
	}
	return append([]Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "Certificates & secrets", Value: r.page.URL},
		{Key: "c", Name: "copy path", Kind: Copy, Title: "Certificate file", Value: k.Saved},
		{Key: "t", Name: "copy thumbprint", Kind: Copy, Title: "Thumbprint", Value: k.Certificate.SHA1},
		r.handOver(),
	}, elsewhereOffers(r.env, k)...)
}

// handOver asks somebody else for the upload alone.
func (r *rotate) handOver() Offer {
	d := r.draft
	d.Made, d.Ticked = account.Made{}, []string{"register", "role", "permission"}
	return handOver(d)
}

func (r *rotate) Keys() []key.Binding {
	keys := r.changing.Keys()
	if r.uploading() {
		return append([]key.Binding{againKey, kit.Named(backKey, "go on later")}, keys[1:]...)
	}
	return keys
}

func (r *rotate) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if a, ok := msg.(Answer[account.Account]); ok {
		if a.Err == nil && a.Value.Next != nil {
			r.draft, r.read = r.draft.WithKey(*a.Value.Next), true
		}
		return Stay, nil
	}
	if r.uploading() {
		_, focused := msg.(tea.FocusMsg)
		press, _ := msg.(tea.KeyPressMsg)
		if focused || key.Matches(press, againKey) {
			r.op.Again()
			return Stay, nil
		}
	}
	before := r.stateOf(link.TheAdding)
	o, cmd := r.changing.Update(msg)
	r.passed()
	if r.byHand() && before != link.Done && r.uploading() {
		cmd = tea.Batch(cmd, Ask(r.env, r.env.read(r.draft.ID))) // what is to be uploaded
	}
	return o, cmd
}

// passed notes the stages before one that was begun: an earlier run did them.
func (r *rotate) passed() {
	for i := len(r.lines) - 1; i > 0; i-- {
		if r.lines[i].state != "" && r.lines[i-1].state == "" {
			r.lines[i-1].state = link.Done
		}
	}
}

// stopped says how one can go on.
func (r *rotate) stopped(m *kit.Menu[lead]) {
	switched := r.stateOf(link.TheSwitch) == link.Done
	m.Add(kit.Option{Title: "Try again, with the same new key"}, func() (Outcome, tea.Cmd) { return Stay, r.begin() })
	if other := r.draft.Provider != account.AWS || r.draft.Way != "" || r.wrong.Kind == account.AuthorityGone; other && !switched {
		by := "an administrator"
		if r.draft.Provider == account.AWS {
			by = "a profile"
		}
		m.Add(kit.Option{Title: "Another way: " + by + ", or by hand"}, outcome(Back))
	}
	m.Add(kit.Option{Title: "Go on later, from Home"}, outcome(Leave))
	if itselfNot(r.wrong.Kind) && r.draft.Provider != account.AWS && r.draft.Way == "" && !switched {
		m.Go(1)
	}
}

// itselfNot tells whether a problem keeps the app from changing its key itself,
// however often it tries.
func itselfNot(k account.Kind) bool {
	switch k {
	case account.CertificateOver, account.Expired, account.CertificateUnseen, account.KeyMissing, account.KeyDamaged,
		account.ProofRefused, account.SignatureWrong, account.ExpiredKeyInWay:
		return true
	}
	return false
}

func (r *rotate) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: "Rotate the key of " + string(r.draft.Name), Why: "Each stage is on record before it is made.", Body: r.body(size, t)}
	if r.uploading() && r.read && r.draft.Provider == account.AWS {
		p.Why = awsRotateWhy
		p.Body = kit.Stack(r.waits(size.Width, t), kit.Blank, clicks(size.Width, t, r.page, updateClicks(r.draft, home(r.env, r.draft.Key().Saved))))
	} else if r.uploading() && r.read {
		k := r.draft.Key()
		more := []kit.Frame{
			kit.Blank, clicks(size.Width, t, r.page, uploadClicks(r.draft, home(r.env, k.Saved))), kit.Blank,
			{Text: kit.Wrap(t.Faint.Render("Thumbprint ")+kit.Groups(k.Certificate.SHA1), size.Width)},
		}
		if r.env.Place.Remote {
			more = append(more, elsewhere(size.Width, t, r.env, k))
		}
		p.Why = "Entra recognises the app by the new key once its certificate is uploaded. Until then the old one stays."
		p.Body = kit.Stack(append([]kit.Frame{r.waits(size.Width, t)}, more...)...)
	}
	switch {
	case r.over:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "The new key is in use, and the old one is gone. Enter goes on.")
	case r.wrong != nil && r.wrong.Kind == account.Cancelled:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Stopped. "+r.inUse())
	case r.wrong != nil && r.draft.Provider == account.AWS:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), AWSAfterRotation(r.wrong, r.draft.Way, r.stateOf(link.TheSwitch) == link.Done).Line())
	case r.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), AfterRotation(r.wrong, r.draft.Way == "", r.stateOf(link.TheSwitch) == link.Done).Line())
	case r.asked:
		p.Live = kit.Mark(size.Width, r.sign(t), "Stopping after this stage. "+r.inUse())
	case r.uploading() && r.draft.Provider == account.AWS:
		p.Live = kit.Mark(size.Width, r.sign(t), "AWS does not know the new authority yet. The old key works meanwhile.")
	case r.uploading():
		p.Live = kit.Mark(size.Width, r.sign(t), "Entra does not know the new certificate yet. The old key works meanwhile.")
	case r.draft.Provider == account.AWS && r.draft.Way != "":
		p.Live = kit.Mark(size.Width, r.sign(t), awsRotateWhy)
	default:
		p.Live = kit.Mark(size.Width, r.sign(t), "The old key works until the new one does.")
	}
	return p
}

// waits is the line of the trial alone, where the room is needed for what the
// person has to do.
func (r *rotate) waits(width int, t kit.Theme) kit.Frame {
	for _, l := range r.lines {
		if l.name == link.TheTrial {
			return r.draw(width, t, l)
		}
	}
	return kit.Frame{}
}

// inUse says which key the account uses now.
func (r *rotate) inUse() string {
	switch {
	case r.stateOf(link.TheSwitch) == link.Done:
		return "The new key is in use; the old one is not removed yet."
	case r.draft.Provider == account.AWS && r.draft.Way != "":
		return awsRotateWhy
	}
	return "The old key is in use, and works as before."
}

func (r *rotate) Fill(d account.Draft) account.Draft { return d }
