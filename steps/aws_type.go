package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// options is a page that asks for one of several and knows nothing else.
type options struct {
	title, why string
	choice     kit.Choice
	live       string
	fill       func(d account.Draft, at int) account.Draft
}

func (o *options) Enter() tea.Cmd  { return nil }
func (o *options) Offers() []Offer { return nil }
func (o *options) Typing() bool    { return false }

// can tells whether the one that one is at may be chosen.
func (o *options) can() bool { return o.choice.Options[o.choice.At()].Off == "" }

func (o *options) Keys() []key.Binding {
	on := enterKey
	on.SetEnabled(o.can())
	return []key.Binding{kit.ChooseKey, on, backKey}
}

func (o *options) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	press, ok := msg.(tea.KeyPressMsg)
	switch {
	case !ok:
	case key.Matches(press, backKey):
		return Back, nil
	case key.Matches(press, enterKey) && o.can():
		return Next, nil
	default:
		o.choice.Update(msg)
	}
	return Stay, nil
}

func (o *options) View(size kit.Size, t kit.Theme) kit.Page {
	p := kit.Page{Title: o.title, Why: o.why, Body: o.choice.Draw(size.Width, t)}
	if o.live != "" {
		p.Live = kit.Mark(size.Width, t.Faint.Render("·"), o.live)
	}
	return p
}

func (o *options) Fill(d account.Draft) account.Draft { return o.fill(d, o.choice.At()) }

// plainOptions asks the same in lines.
func plainOptions(p *Plain, d account.Draft, o *options) (account.Draft, Outcome, error) {
	for {
		p.Say("%s", o.title)
		var titles []string
		for _, c := range o.choice.Options {
			titles = append(titles, spaced(c.Title+".", c.Detail, c.Off))
		}
		n, err := p.Choose("Which", titles...)
		if err != nil {
			return d, Stay, err
		}
		if off := o.choice.Options[n].Off; off != "" {
			p.Say("%s", off)
			continue
		}
		return o.fill(d, n), Next, nil
	}
}

// awsTypeStop asks for the account type, as the portal does.
var awsTypeStop = Stop{
	Name: "aws-type", Label: "Account type",
	Screen: func(e Env, d account.Draft) Step { return newAWSType(e, d) },
	Plain: func(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
		if d.AWS().Type != "" {
			return d, Next, nil
		}
		return plainOptions(p, d, newAWSType(p.Env, d))
	},
}

// awsTypes are the types in the order of the choice.
var awsTypes = []account.AWSType{account.AWSManagement, account.AWSLinked}

func newAWSType(e Env, d account.Draft) *options {
	o := &options{
		title: "Select AWS Account Type",
		why:   "Link a New AWS Account. Xops 360 reads how it is set up, with a certificate whose key stays on this machine.",
		choice: kit.Choice{Options: []kit.Option{
			{Title: account.AWSManagement.String(), Detail: "The management account of an organization, or an account that is in none."},
			{Title: account.AWSLinked.String(), Detail: "A member account of an organization."},
		}},
		fill: func(d account.Draft, at int) account.Draft {
			l := d.AWS()
			l.Type = awsTypes[at]
			d.Link = l
			return d
		},
	}
	if off := AWSLinkedOff(e.Known); off != "" {
		o.choice.Options[1].Off = off
	}
	if d.AWS().Type == account.AWSLinked {
		o.choice.Go(1)
	}
	return o
}

// AWSLinkedOff is why no Linked Account can be linked yet, empty where one can:
// Xops 360 takes the management account first.
func AWSLinkedOff(known []account.Row) string {
	for _, r := range known {
		if r.Provider == account.AWS {
			return ""
		}
	}
	return "Link the management account first."
}

// awsMethodStop asks how the account gives out its credentials.
var awsMethodStop = Stop{
	Name: "aws-method", Label: "Method",
	Screen: func(_ Env, d account.Draft) Step { return newAWSMethod(d) },
	Plain: func(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
		if d.AWS().Method != "" {
			return awsBy(d, d.AWS().Method), Next, nil
		}
		return plainOptions(p, d, newAWSMethod(d))
	},
}

// awsMethods are the methods in the order of the choice.
var awsMethods = []account.AWSMethod{account.ByCertificate, account.ByProfile}

func newAWSMethod(d account.Draft) *options {
	o := &options{
		title: "How is the account to be read?",
		why:   "Either way no AWS access key is made or kept.",
		choice: kit.Choice{Options: []kit.Option{
			{
				Title:  "Certificate (recommended)",
				Detail: "IAM Roles Anywhere: a read-only role that takes a certificate of this machine. It works unattended, and goes with one stack.",
			},
			{
				Title:  "My AWS profile",
				Detail: "A quick look with a profile of this machine. It ends with your session, and nothing is made in AWS.",
			},
		}},
		fill: func(d account.Draft, at int) account.Draft { return awsBy(d, awsMethods[at]) },
	}
	if d.AWS().Method == account.ByProfile {
		o.choice.Go(1)
	}
	if !untouched(d) {
		o.choice.Options[1].Off = awsBegun
	}
	return o
}

// awsBegun is why a draft whose stack was begun goes on as it began.
const awsBegun = "The stack was begun: it is finished, or taken back, with a profile of the account."

// awsBy is a draft with that method; a profile needs no way to be chosen.
func awsBy(d account.Draft, m account.AWSMethod) account.Draft {
	l := d.AWS()
	if l.Method == account.ByProfile && m != account.ByProfile {
		l.Named, l.Role, d.Way = "", "", ""
	}
	if l.Method = m; m == account.ByProfile {
		d.Way = account.ByHand
	}
	d.Link = l
	return d
}
