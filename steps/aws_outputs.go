package steps

import (
	"cmp"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsOutputsField takes the stack's Outputs, whole or one ARN after another.
var awsOutputsField = Field{
	Label: "Outputs",
	Why:   "The whole table, in any language, or the three ARNs one after another.",
	Hint:  "arn:aws:iam::111122223333:role/" + account.AWSRoleName,
	Get: func(d account.Draft) string {
		if l := d.AWS(); l.Role != "" && l.Anchor != "" && l.Profile != "" {
			return strings.Join([]string{string(l.Role), string(l.Anchor), string(l.Profile)}, " ")
		}
		return ""
	},
	Set: func(e Env, d account.Draft, text string) (account.Draft, error) {
		l, err := ReadOutputs(d.AWS(), text)
		if err != nil {
			return d, err
		}
		d.Link = l
		return d, AWSLinkedAlready(e.Known, d, l.Account)
	},
}

// awsOutputsStop is what comes back from the console. The session's check ticks it.
var awsOutputsStop = Stop{
	Name: "aws-outputs", Label: "Outputs", Field: []Field{awsOutputsField},
	Skip:   ticked("aws-outputs"),
	Screen: func(e Env, d account.Draft) Step { return newAWSOutputs(e, d) },
	Plain:  plainAWSOutputs,
}

// ReadOutputs is a link with what of a stack's Outputs is in a text. All three have
// to be there, or to have been, and to agree with one another and the link: of one
// account, in its region.
func ReadOutputs(l account.AWSLink, text string) (account.AWSLink, error) {
	if strings.TrimSpace(text) == "" {
		return l, &account.Problem{Kind: account.InputEmpty}
	}
	role, anchor, profile := account.AWSOutputs(text)
	role, anchor, profile = cmp.Or(role, l.Role), cmp.Or(anchor, l.Anchor), cmp.Or(profile, l.Profile)
	if role == "" && anchor == "" && profile == "" {
		return l, &account.Problem{Kind: account.InputNotARN}
	}
	if !strings.HasSuffix(string(role), "/"+account.AWSRoleName) && role != "" {
		return l, &account.Problem{Kind: account.InputNotRole, Subject: role.Resource()}
	}
	for _, a := range []account.ARN{anchor, profile} {
		if a != "" && a.Region() != l.Region {
			return l, &account.Problem{Kind: account.InputOutputsRegion, Subject: string(a.Region()), Message: string(l.Region)}
		}
	}
	number := l.Account // once a stack was seen to be there it is the one
	for _, a := range []account.ARN{role, anchor, profile} {
		switch {
		case a == "":
			continue
		case a.Partition() != l.Region.Partition():
			return l, &account.Problem{Kind: account.InputOutputsRegion, Subject: a.Partition(), Message: string(l.Region)}
		case number != "" && a.Account() != number:
			return l, &account.Problem{Kind: account.InputOutputsAccount, Subject: string(a.Account())}
		}
		number = a.Account()
	}
	for _, a := range []struct {
		arn  account.ARN
		name string
	}{{role, "AWSRoleARN"}, {anchor, "TrustAnchorARN"}, {profile, "ProfileARN"}} {
		if a.arn == "" {
			return l, &account.Problem{Kind: account.InputOutputsOpen, Subject: a.name}
		}
	}
	l.Role, l.Anchor, l.Profile, l.Account, l.Stack = role, anchor, profile, number, l.StackName()
	return l, nil
}

// awsOutputs takes the Outputs of the stack.
type awsOutputs struct {
	env   Env
	draft account.Draft
	field kit.Field
	text  string // all that was brought so far
	demo  demoHand
}

func newAWSOutputs(e Env, d account.Draft) *awsOutputs {
	o := &awsOutputs{env: e, draft: d, text: awsOutputsField.Get(d)}
	o.field = kit.NewField(awsOutputsField.Label, awsOutputsField.Why, awsOutputsField.Hint)
	o.field.Focus()
	// What was read before is read again from what is brought now.
	o.draft.Link = unread(d)
	return o
}

// unread is a draft's link without what Outputs told: those that come count. Of
// who signed in before, the account is not held against them.
func unread(d account.Draft) account.AWSLink {
	l := d.AWS()
	if !link.Bound(d) {
		l.Account = ""
	}
	l.Role, l.Anchor, l.Profile = "", "", ""
	return l
}

func (o *awsOutputs) Enter() tea.Cmd { return nil }
func (o *awsOutputs) Typing() bool   { return true }

func (o *awsOutputs) Offers() []Offer {
	return []Offer{{Name: "open console", Kind: Open, Title: "Stacks", Value: o.draft.AWS().StackPage().URL}}
}

func (o *awsOutputs) Keys() []key.Binding {
	clear := clearKey
	clear.SetEnabled(o.text != "")
	return o.demo.keys(o.env, []key.Binding{enterKey, clear, backKey})
}

// clearKey forgets what was brought.
var clearKey = kit.Key("ctrl+u", "start over")

func (o *awsOutputs) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[handed]:
		o.demo.done(msg)
		o.demo.said = ""
		o.bring(string(msg.Value))
		return Stay, nil
	case tea.PasteMsg:
		o.bring(msg.Content)
		return Stay, nil
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, enterKey):
			return o.enter(), nil
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, clearKey):
			o.text = ""
			o.field.Set("")
			return Stay, nil
		case o.demo.wants(o.env, msg):
			return Stay, o.demo.do(o.env, awsStackStop.Name, o.draft)
		}
	}
	return Stay, o.field.Update(msg)
}

// bring adds a text to what was brought: what it has of an ARN takes the place of
// what was there of its kind.
func (o *awsOutputs) bring(text string) {
	if role, anchor, profile := account.AWSOutputs(text); role == "" && anchor == "" && profile == "" {
		o.field.Set("")
		o.field.Wrong(Advise(&account.Problem{Kind: account.InputNotARN}).Line())
		return
	}
	o.text = strings.Join(o.latest(text), " ")
	o.field.Set("")
	if _, err := awsOutputsField.Set(o.env, o.draft, o.text); err != nil {
		o.field.Wrong(Advise(account.AsProblem(err)).Line())
	}
}

// latest are the ARNs of what was brought with those of a newer text in place.
func (o *awsOutputs) latest(text string) (out []string) {
	r, a, p := account.AWSOutputs(o.text)
	nr, na, np := account.AWSOutputs(text)
	for _, arn := range []account.ARN{cmp.Or(nr, r), cmp.Or(na, a), cmp.Or(np, p)} {
		if arn != "" {
			out = append(out, string(arn))
		}
	}
	return out
}

func (o *awsOutputs) enter() Outcome {
	if typed := o.field.Value(); strings.TrimSpace(typed) != "" {
		before := o.text
		if o.bring(typed); o.text == before {
			return Stay
		}
	}
	d, err := awsOutputsField.Set(o.env, o.draft, o.text)
	if err != nil {
		o.field.Wrong(Advise(account.AsProblem(err)).Line())
		return Stay
	}
	o.draft = d
	return Next
}

func (o *awsOutputs) View(size kit.Size, t kit.Theme) kit.Page {
	role, anchor, profile := account.AWSOutputs(o.text)
	body := []kit.Frame{o.field.Draw(size.Width, t), kit.Blank}
	for _, a := range []struct {
		name string
		arn  account.ARN
	}{{"AWSRoleARN", role}, {"TrustAnchorARN", anchor}, {"ProfileARN", profile}} {
		sign, text := t.Faint.Render("·"), t.Faint.Render("not there yet")
		if a.arn != "" {
			sign, text = t.Good.Render("✓"), string(a.arn)
		}
		body = append(body, kit.Mark(size.Width, sign, t.Label.Render(a.name)), kit.Mark(size.Width, " ", text))
	}
	p := kit.Page{
		Title: "Bring back the Outputs",
		Why:   "From the stack's tab Outputs. They are names and no secrets.",
		Body:  kit.Stack(body...),
	}
	_, err := awsOutputsField.Set(o.env, o.draft, o.text)
	switch {
	case o.demo.err != nil:
		p.Live = o.demo.line(size.Width, t, "")
	case err == nil:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "All three agree: account "+awsAccountWords(role.Account(), "")+", "+string(anchor.Region())+". Enter verifies.")
	default:
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Told apart by their shape, and checked here without asking AWS.")
	}
	return p
}

func (o *awsOutputs) Fill(d account.Draft) account.Draft {
	d.Link = o.draft.Link
	return d
}

func plainAWSOutputs(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if awsOutputsField.Get(d) != "" {
		return d, Next, nil
	}
	if p.Env.Demo != nil {
		page, err := p.byDemo(awsStackStop.Name, d)
		if err != nil {
			return d, Stay, err
		}
		if got, err := awsOutputsField.Set(p.Env, withAWS(d, unread(d)), page); err == nil {
			p.Say("The Outputs have role %s.", got.AWS().Role)
			return got, Next, nil
		}
	}
	// A table has lines, and an answer is one: ARN by ARN it is asked.
	l := unread(d)
	for l.Role == "" || l.Anchor == "" || l.Profile == "" {
		text, err := p.Ask(awsMissing(l), "From the tab Outputs; several in one line are taken, too.")
		if err != nil {
			return d, Stay, err
		}
		role, anchor, profile := account.AWSOutputs(text)
		got, err := ReadOutputs(l, text)
		switch account.KindOf(err) {
		case "":
			l = got
		case account.InputOutputsOpen:
			l.Role, l.Anchor, l.Profile = cmp.Or(role, l.Role), cmp.Or(anchor, l.Anchor), cmp.Or(profile, l.Profile)
		default:
			p.advise(account.AsProblem(err))
		}
	}
	d = withAWS(d, l)
	return d, Next, AWSLinkedAlready(p.Env.Known, d, l.Account)
}

// awsMissing is the first of the Outputs that is not known.
func awsMissing(l account.AWSLink) string {
	switch {
	case l.Role == "":
		return "AWSRoleARN"
	case l.Anchor == "":
		return "TrustAnchorARN"
	}
	return "ProfileARN"
}

func withAWS(d account.Draft, l account.AWSLink) account.Draft {
	d.Link = l
	return d
}
