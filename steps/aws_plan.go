package steps

import (
	"context"
	"path/filepath"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// The plan of an AWS account: before the stack is made by who signed in, and
// before its template is written for who uploads it.
var (
	awsPlanStop = Stop{
		Name: planStop.Name, Label: "Plan", Fleet: true, Makes: true,
		Screen: func(e Env, d account.Draft) Step { return newAWSPlan(e, d, false) },
		Plain:  plainAWSPlan,
	}
	awsTemplateStop = Stop{
		Name: "aws-template", Label: "Template", Makes: true,
		Screen: func(e Env, d account.Draft) Step { return newAWSPlan(e, d, true) },
		Plain:  plainAWSTemplate,
	}
)

// awsPlan says what there will be in AWS, what it can read, and what it cannot.
// By hand it makes the two keys and writes the template; signed in, the keys are
// made while one reads.
type awsPlan struct {
	pulse
	draft  account.Draft
	byHand bool
	making bool
	wrong  *account.Problem
	raw    bool // the template is shown
	stack  awsTemplate
}

// prepared keys are in their store, with both certificates.
type awsPrepared struct{ draft account.Draft }

var (
	templateKey = kit.Key("m", "template")
	dropKey     = kit.Key("d", "drop the authority's key")
	keepKey     = kit.Key("d", "keep the authority's key")
)

func newAWSPlan(e Env, d account.Draft, byHand bool) *awsPlan {
	return &awsPlan{pulse: newPulse(e), draft: d, byHand: byHand}
}

// Enter makes the keys where somebody is signed in, so that the plan has the
// authority's fingerprint. By hand nothing is made before it is wanted.
func (p *awsPlan) Enter() tea.Cmd {
	if p.byHand || certified(p.draft) {
		return nil
	}
	return p.make("")
}

// certified tells whether both certificates of an AWS account are made.
func certified(d account.Draft) bool {
	return d.Authority != nil && d.Authority.Certificate.Made() && d.Key().Certificate.Made()
}

// written tells whether the template is in a file.
func (p *awsPlan) written() bool { return certified(p.draft) && p.draft.AWS().File != "" }

// make has the keys made, and with a directory the template written.
func (p *awsPlan) make(directory string) tea.Cmd {
	p.wrong, p.making = nil, true
	e, d := p.env, p.draft
	return tea.Batch(p.beat(), Ask(e, func(ctx context.Context) (awsPrepared, error) {
		got, err := PrepareAWS(ctx, e, d, directory)
		return awsPrepared{got}, err
	}))
}

// PrepareAWS saves the answers, has the keys of an AWS account made, and with a
// directory its template written. It returns the draft with all that.
func PrepareAWS(ctx context.Context, e Env, d account.Draft, directory string) (account.Draft, error) {
	if _, err := e.Ops.SaveAnswers(ctx, d); err != nil {
		return d, err
	}
	op := e.Ops.PrepareAWS(d.ID, NewAWSKeys(e, StoreOf(d), directory))
	err := wait(ctx, op)
	if made := op.Last().Draft; made.ID != "" {
		d.Keys, d.Authority, d.Link = made.Keys, made.Authority, made.Link
	}
	return d, err
}

func (p *awsPlan) Typing() bool { return false }

func (p *awsPlan) Keys() []key.Binding {
	if p.making {
		return []key.Binding{templateKey}
	}
	on := kit.Named(enterKey, "yes, create it")
	switch {
	case p.byHand && p.written():
		on = enterKey
	case p.byHand:
		on = kit.Named(enterKey, "make the keys, write the template")
	case p.open() == 0:
		on = enterKey
	case p.wrong != nil:
		on = kit.Named(enterKey, "try again")
	}
	drop := dropKey
	if p.draft.AWS().DropCA {
		drop = keepKey
	}
	drop.SetEnabled(p.drops())
	return []key.Binding{on, templateKey, drop, backKey}
}

// drops tells whether it can still be chosen what becomes of the authority's key:
// not once the stack was begun, as then the answer is kept as it was.
func (p *awsPlan) drops() bool {
	if !untouched(p.draft) {
		return false
	}
	if p.draft.AWS().DropCA {
		return p.draft.Authority == nil || p.draft.Authority.Stored || !certified(p.draft)
	}
	return !p.byHand || !p.written()
}

func (p *awsPlan) Offers() []Offer {
	l := p.draft.AWS()
	offers := []Offer{
		{Key: "c", Name: "copy command", Kind: Copy, Title: "The same with the AWS CLI", Value: AWSCommand(l)},
		{Key: "t", Name: "show template", Kind: Show, Title: "Template", Value: p.template()},
	}
	if certified(p.draft) {
		offers = append(offers, Offer{Key: "f", Name: "copy fingerprint", Kind: Copy, Title: "The authority's SHA-256", Value: p.draft.Authority.Certificate.SHA256})
	}
	return offers
}

// template is the stack as it will be sent, as far as it is made.
func (p *awsPlan) template() string { return p.stack.of(p.env, p.draft) }

// AWSPlanned is what will be sent for a draft and its template, by who signed in.
func AWSPlanned(admin link.AWSAdministrator, d account.Draft, template string) []account.PlannedChange {
	all := admin.PlanStack(template)
	for i := range all {
		all[i].Subject = d.AWS().StackName()
		all[i].Done = d.Made.Stack != "" && d.AWS().Role != ""
	}
	return all
}

// AWSCommand makes the same stack with the AWS CLI. Source:
// docs.aws.amazon.com/cli/latest/reference/cloudformation/deploy/.
func AWSCommand(l account.AWSLink) string {
	file := l.File
	if file == "" {
		file = l.StackName() + ".json"
	}
	return "aws cloudformation deploy --template-file " + quoted(file) + " --stack-name " + l.StackName() +
		" --capabilities CAPABILITY_NAMED_IAM --region " + string(l.Region)
}

func (p *awsPlan) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[awsPrepared]:
		p.making = false
		p.rest()
		p.draft.Keys, p.draft.Authority = msg.Value.draft.Keys, msg.Value.draft.Authority
		l := p.draft.AWS()
		l.File = msg.Value.draft.AWS().File
		p.draft.Link = l
		p.wrong = account.AsProblem(msg.Err)
		return Stay, nil
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	cmd, _ := p.pulse.update(msg)
	return Stay, cmd
}

func (p *awsPlan) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(msg, templateKey):
		p.raw = !p.raw
	case p.making: // both keys take a moment, and are waited for
	case key.Matches(msg, backKey):
		if !p.byHand {
			return SignInAgain, nil // the sign-in is no page to go back to, but one to make anew
		}
		return Back, nil
	case key.Matches(msg, enterKey):
		switch {
		case p.byHand && !p.written():
			return Stay, p.make(awsDirectory(p.env, p.draft))
		case !p.byHand && p.wrong != nil:
			return Stay, p.make("")
		}
		return Next, nil
	case key.Matches(msg, dropKey) && p.drops():
		l := p.draft.AWS()
		l.DropCA = !l.DropCA
		p.draft.Link = l
	}
	return Stay, nil
}

// awsDirectory is where the template goes, as a certificate does.
func awsDirectory(e Env, d account.Draft) string {
	if file := d.AWS().File; file != "" {
		return filepath.Dir(file)
	}
	return directory(e, account.Draft{})
}

// open is how many changes are to be made.
func (p *awsPlan) open() int {
	if p.draft.Made.Stack != "" && p.draft.AWS().Role != "" {
		return 0
	}
	return 1
}

func (p *awsPlan) View(size kit.Size, t kit.Theme) kit.Page {
	l := p.draft.AWS()
	page := kit.Page{Title: awsPlanStop.Label, Why: "In " + AWSPlace(l) + ", as one stack. All of it goes when the stack is deleted."}
	if p.byHand {
		page.Title, page.Why = awsTemplateStop.Label, "For one stack in "+AWSPlace(l)+". All of it goes when the stack is deleted."
	}
	if p.raw {
		page.Body = p.sent(size.Width, t)
	} else {
		page.Body = p.sentences(size.Width, t)
	}
	switch {
	case p.making:
		page.Live = kit.Mark(size.Width, p.sign(t), "Making two keys and their certificates")
	case p.wrong != nil:
		page.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(p.wrong).Line())
	case p.byHand && p.written():
		page.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Keys stored and read back, template written. Enter goes on.")
	case p.byHand:
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Nothing is made yet. Enter makes the keys and writes the template; AWS is told nothing.")
	case p.open() == 0:
		page.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Nothing to create: the stack is there. Enter goes on.")
	default:
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), "1 stack. Enter creates it, and not before.")
	}
	return page
}

// AWSPlace is where the stack is, as far as is known.
func AWSPlace(l account.AWSLink) string {
	if l.Account == "" {
		return "region " + string(l.Region)
	}
	return "account " + awsAccountWords(l.Account, l.Alias) + ", " + string(l.Region)
}

// sent is the request as it will be made.
func (p *awsPlan) sent(width int, t kit.Theme) kit.Frame {
	out := []kit.Frame{}
	if admin := p.env.session.aws; admin != nil && !p.byHand {
		for _, c := range AWSPlanned(admin, p.draft, p.template()) {
			out = append(out, kit.Frame{Text: kit.Wrap(c.Method+" "+c.Path, width)})
		}
	}
	for line := range strings.Lines(p.template()) {
		out = append(out, kit.Frame{Text: t.Faint.Render(kit.Cut(strings.TrimRight(line, "\n"), width))})
	}
	return kit.Stack(out...)
}

func (p *awsPlan) sentences(width int, t kit.Theme) kit.Frame {
	var out []kit.Frame
	for _, part := range AWSPlan(p.draft) {
		if len(out) > 0 {
			out = append(out, kit.Blank)
		}
		out = append(out, kit.Frame{Text: t.Label.Render(part.Title)})
		for _, s := range part.Lines {
			out = append(out, kit.Mark(width, t.Faint.Render(part.Sign), s))
		}
	}
	return kit.Stack(out...)
}

// Fill brings along the keys, the file, and what becomes of the authority's key.
func (p *awsPlan) Fill(d account.Draft) account.Draft {
	l, own := d.AWS(), p.draft.AWS()
	l.File, l.DropCA = own.File, own.DropCA
	d.Link, d.Keys, d.Authority = l, p.draft.Keys, p.draft.Authority
	return d
}

// PlanPart is one part of a plan in words.
type PlanPart struct {
	Title, Sign string
	Lines       []string
}

// AWSPlan is what there will be in AWS, what it can read, and what it cannot.
func AWSPlan(d account.Draft) []PlanPart {
	l := d.AWS()
	fingerprint := ". Its fingerprint shows once it is made."
	if certified(d) {
		fingerprint = ", SHA-256 " + kit.Groups(d.Authority.Certificate.SHA256)
	}
	created := []string{
		"Stack " + l.StackName() + ", and in it:",
		"Role " + account.AWSRoleName + " with SecurityAudit and ViewOnlyAccess. Only a certificate with the name " + l.LeafCN() + " can take it.",
		"Trust anchor xops360-" + l.Tag + ": the link's own authority " + l.AuthorityCN() + ", for 2 years" + fingerprint,
		"Profile xops360-" + l.Tag + ": both policies cap every session, for one hour each.",
	}
	if l.Platform.Principal != "" {
		created = append(created, "The role trusts "+account.Clean(l.Platform.Principal, 200)+", too, under the external id "+l.ExternalID+".")
	}
	return []PlanPart{
		{"Created", "+", created},
		{"To be known", "!", []string{
			authorityWords(l),
			"Security teams may have an alert on a trust anchor with an external authority. Give them the stack's name and the fingerprint.",
		}},
		{"Not possible with it", "-", []string{
			"Change, start or delete anything.",
			"Read objects of S3, rows of DynamoDB, secrets, parameters, log events, database logs or users of Cognito, or decrypt: a policy of the role denies that.",
		}},
		{"Possible with it", "·", []string{
			"Read how everything is set up, in all regions: among that names of objects, environment variables of Lambda functions, stack templates, and users of IAM Identity Center.",
			"What stays closed: resources whose own policy keeps the role out, regions that are not enabled, and what a policy of the organization forbids.",
		}},
	}
}

// authorityWords say what becomes of the authority's key, and what that means.
func authorityWords(l account.AWSLink) string {
	if l.DropCA {
		return "The authority's key is deleted once it has signed: nobody can sign another certificate, and after 90 days an administrator has to update the stack."
	}
	return "The authority's key is kept in the key store: the certificate of 90 days is renewed without an administrator, and whoever can use this user's key store can sign one."
}

func plainAWSPlan(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if !certified(d) {
		made, err := PrepareAWS(p.ctx, p.Env, d, "")
		if err != nil {
			p.advise(account.AsProblem(err))
			return made, Stay, err
		}
		d = made
		p.Say("Two keys and their certificates: made.")
	}
	if d.Made.Stack != "" && d.AWS().Role != "" {
		p.Say("Nothing to create: the stack is there.")
		return d, Next, nil
	}
	d, err := p.awsPlan(d, true)
	if err != nil {
		return d, Stay, err
	}
	text, err := p.Ask("Type yes to create the stack", "Nothing was changed in AWS yet.")
	if err != nil {
		return d, Stay, err
	}
	if !Yes(text) {
		p.Say("Nothing was changed in AWS.")
		return d, Leave, nil
	}
	return d, Next, nil
}

// awsPlan says the plan, and asks about the authority's key where that is open.
func (p *Plain) awsPlan(d account.Draft, asks bool) (account.Draft, error) {
	p.Say("In %s:", AWSPlace(d.AWS()))
	p.says(AWSPlanLines(d))
	p.Say("The same with the AWS CLI: %s", AWSCommand(d.AWS()))
	if l := d.AWS(); asks && !l.DropCA && untouched(d) {
		n, err := p.Choose("The authority's key", "Keep it: certificates are renewed without an administrator", "Drop it after signing: each new certificate takes an update of the stack")
		if err != nil {
			return d, err
		}
		l.DropCA = n == 1
		d.Link = l
	}
	return d, nil
}

// AWSPlanLines is AWSPlan in lines.
func AWSPlanLines(d account.Draft) (out []string) {
	for _, part := range AWSPlan(d) {
		out = append(out, part.Title+":")
		for _, s := range part.Lines {
			out = append(out, "  "+s)
		}
	}
	return out
}

func plainAWSTemplate(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if l := d.AWS(); !certified(d) || l.File == "" {
		var err error
		if d, err = p.awsPlan(d, !certified(d)); err != nil {
			return d, Stay, err
		}
		if d, err = PrepareAWS(p.ctx, p.Env, d, awsDirectory(p.Env, d)); err != nil {
			p.advise(account.AsProblem(err))
			return d, Stay, err
		}
	}
	p.Say("Template: %s", d.AWS().File)
	p.Say("The authority's SHA-256: %s", d.Authority.Certificate.SHA256)
	p.Say("Certificate expires: %s", Day(d.Key().Certificate.NotAfter))
	return d, Next, nil
}
