package steps

import (
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsStackStop is the stack as somebody makes it in the console. What came of it
// shows in the Outputs.
var awsStackStop = Stop{
	Name: "aws-stack", Label: "Create the stack",
	Skip:   ticked("aws-outputs"),
	Screen: func(e Env, d account.Draft) Step { return &awsStack{env: e, draft: d} },
	Plain:  plainAWSStack,
}

// awsStack says what to click in the console.
type awsStack struct {
	env   Env
	draft account.Draft
	demo  demoHand
	stack awsTemplate
}

func (s *awsStack) Enter() tea.Cmd { return nil }
func (s *awsStack) Typing() bool   { return false }

func (s *awsStack) Keys() []key.Binding {
	return s.demo.keys(s.env, []key.Binding{kit.Named(enterKey, "to the Outputs"), backKey})
}

func (s *awsStack) Offers() []Offer {
	l := s.draft.AWS()
	offers := []Offer{
		{Key: "o", Name: "open console", Kind: Open, Title: "CloudFormation, Create stack", Value: l.Region.CreateStackPage().URL},
		{Key: "c", Name: "copy path", Kind: Copy, Title: "Template file", Value: l.File},
		{Key: "n", Name: "copy stack name", Kind: Copy, Title: "Stack name", Value: l.StackName()},
		awsHandOver(s.env, s.draft),
		{Key: "a", Name: "copy AWS CLI line", Kind: Copy, Title: "The same with the AWS CLI", Value: AWSCommand(l)},
		{Key: "p", Name: "show template", Kind: Show, Title: "Template", Value: s.stack.of(s.env, s.draft)},
		{Key: "m", Name: "copy template", Kind: Copy, Title: "Template", Value: s.stack.of(s.env, s.draft)},
	}
	if line := scpFile(s.env, l.File); line != "" {
		offers = append(offers, Offer{Key: "s", Name: "copy scp line", Kind: Copy, Title: "Copy it from your machine with", Value: line})
	}
	return offers
}

// scpFile is a line that copies a file to the machine with the browser; empty
// where that is this machine.
func scpFile(e Env, file string) string {
	if !e.Place.Remote || e.Place.Host == "" || file == "" {
		return ""
	}
	return scp(e, account.Key{Saved: file})
}

func (s *awsStack) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[handed]:
		s.demo.done(msg)
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, enterKey):
			return Next, nil
		case key.Matches(msg, backKey):
			return Back, nil
		case s.demo.wants(s.env, msg):
			return Stay, s.demo.do(s.env, awsStackStop.Name, s.draft)
		}
	}
	return Stay, nil
}

// stackClicks is what to click, in the console's own words.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-console-create-stack.html.
func stackClicks(d account.Draft, file string) []string {
	l := d.AWS()
	where := l.Region.CreateStackPage().Menu("")
	if l.Account != "" {
		where += ", in account " + awsAccountWords(l.Account, "")
	}
	return []string{
		where,
		"Upload a template file: " + file,
		"Stack name: " + l.StackName() + "; nothing else",
		"Acknowledge IAM resources with custom names; Submit",
		"At CREATE_COMPLETE copy the table of tab Outputs",
	}
}

func (s *awsStack) View(size kit.Size, t kit.Theme) kit.Page {
	l := s.draft.AWS()
	body := []kit.Frame{clicks(size.Width, t, l.Region.CreateStackPage(), stackClicks(s.draft, home(s.env, l.File)))}
	if s.env.Place.Remote {
		body = append(body, kit.Blank)
		if line := scpFile(s.env, l.File); line != "" {
			body = append(body, kit.Frame{Text: t.Faint.Render("Run this where your browser is; s copies it:")}, kit.Frame{Text: kit.Wrap(line, size.Width)})
		}
		body = append(body, kit.Frame{Text: kit.Wrap("p shows the template alone, to save as a .json file where your browser is; m copies it.", size.Width)})
	}
	return kit.Page{
		Title: "Create the stack",
		Why:   "In the AWS console, region " + string(l.Region) + ".",
		Body:  kit.Stack(body...),
		Live:  s.demo.line(size.Width, t, "Nothing can be seen of this step from here. The Outputs come next."),
	}
}

func (s *awsStack) Fill(d account.Draft) account.Draft { return d }

// plainAWSStack says what to click.
func plainAWSStack(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	l := d.AWS()
	p.numbered(stackClicks(d, home(p.Env, l.File)))
	p.Say("Page: %s", l.Region.CreateStackPage().URL)
	if line := scpFile(p.Env, l.File); line != "" {
		p.Say("From the machine with your browser: %s", line)
	}
	p.Say("Or with the AWS CLI: %s", AWSCommand(l))
	_, err := p.Ask("Press Enter when it is created", "")
	return d, Next, err
}

// awsHandOver is the text for somebody else who makes the stack.
func awsHandOver(e Env, d account.Draft) Offer {
	return Offer{
		Key: "h", Name: "hand over", Kind: HandOver, Title: "For another administrator",
		Text: func() string { return AWSHandOverText(d, AWSTemplate(e, d)) },
	}
}

// AWSHandOverText is what another administrator needs to make the stack: what it
// is, where, the exact clicks, and the template. It holds no secret.
func AWSHandOverText(d account.Draft, template string) string {
	l := d.AWS()
	var b strings.Builder
	line := func(s ...string) { b.WriteString(strings.Join(s, "") + "\n") }
	line("Xops 360 needs one CloudFormation stack in AWS, to read how the account is set up. It reads only.")
	line()
	for _, part := range AWSPlan(d) {
		line(part.Title, ":")
		for _, s := range part.Lines {
			line("  - ", s)
		}
	}
	line()
	line("How, in the AWS console:")
	for i, s := range stackClicks(d, "the template below, saved as "+l.StackName()+".json") {
		line("  ", string(rune('1'+i)), ". ", s)
	}
	line("  ", l.Region.CreateStackPage().URL)
	line("Or: ", AWSCommand(account.AWSLink{Tag: l.Tag, Region: l.Region}))
	line()
	line("Send back the whole table of the tab Outputs: it holds names and no secret.")
	line()
	line("Template:")
	line(strings.TrimSpace(template))
	line()
	line("Questions: support@axiomio.com")
	return b.String()
}

// AWSUpload are the steps of who makes the stack by hand, in sentences.
func AWSUpload(d account.Draft) (out []string) {
	l := d.AWS()
	for i, s := range stackClicks(d, l.File) {
		out = append(out, "  "+string(rune('1'+i))+". "+s)
	}
	return append(out, "Page: "+l.Region.CreateStackPage().URL, "Or with the AWS CLI: "+AWSCommand(l))
}
