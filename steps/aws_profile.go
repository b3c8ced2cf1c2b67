package steps

import (
	"context"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// awsProfileStop asks for the profile that an account is used with, and for a role
// that it takes first. The session's check ticks it.
var awsProfileStop = Stop{
	Name: "aws-profile", Label: "Profile",
	Screen: func(e Env, d account.Draft) Step { return newAWSProfile(e, d) },
	Plain:  plainAWSProfile,
}

// awsAssumeField takes a role, or nothing.
var awsAssumeField = Field{
	Label: "AWS Role ARN",
	Why:   "A role that the profile takes first. Empty: the profile's own rights are used, as they are.",
	Hint:  "arn:aws:iam::111122223333:role/Audit",
	Get:   func(d account.Draft) string { return string(d.AWS().Role) },
	Set: func(_ Env, d account.Draft, text string) (account.Draft, error) {
		l := d.AWS()
		l.Role = ""
		if strings.TrimSpace(text) != "" {
			role, err := account.ParseRoleARN(text)
			if err != nil {
				return d, err
			}
			if l.Role, err = role, RoleThere(role, l.Region); err != nil {
				return d, err
			}
		}
		d.Link = l
		return d, nil
	},
}

// RoleThere holds that a role is of the region's partition: no credentials reach from
// one into another.
func RoleThere(role account.ARN, region account.AWSRegion) error {
	if role.Partition() != region.Partition() {
		return &account.Problem{Kind: account.InputRoleElsewhere, Subject: role.Partition(), Message: string(region)}
	}
	return nil
}

// awsProfile is the list of profiles, and then the role.
type awsProfile struct {
	env    Env
	draft  account.Draft
	all    []account.AWSNamed
	choice kit.Choice
	listed bool
	wrong  *account.Problem
	field  kit.Field
	typing bool
}

func newAWSProfile(e Env, d account.Draft) *awsProfile {
	p := &awsProfile{env: e, draft: d, field: kit.NewField(awsAssumeField.Label, awsAssumeField.Why, awsAssumeField.Hint)}
	p.field.Set(awsAssumeField.Get(d))
	p.field.Focus()
	return p
}

func (p *awsProfile) Enter() tea.Cmd {
	p.listed = false
	return Ask(p.env, func(ctx context.Context) ([]account.AWSNamed, error) { return p.env.Ops.Ports().AWS.Profiles(ctx) })
}

func (p *awsProfile) Typing() bool { return p.typing }

func (p *awsProfile) Offers() []Offer {
	if p.typing { // letters are text
		return nil
	}
	return []Offer{{Key: "e", Name: "copy external id", Kind: Copy, Title: "External id", Value: p.draft.AWS().ExternalID}}
}

func (p *awsProfile) Keys() []key.Binding {
	if p.typing {
		return []key.Binding{kit.Named(enterKey, "verify"), backKey}
	}
	on := kit.Named(enterKey, "use it")
	on.SetEnabled(len(p.all) > 0)
	again := kit.Named(againKey, "read the profiles again")
	again.SetEnabled(p.listed)
	return []key.Binding{on, kit.ChooseKey, again, backKey}
}

func (p *awsProfile) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[[]account.AWSNamed]:
		p.list(msg)
		return Stay, nil
	case tea.KeyPressMsg:
		return p.press(msg)
	}
	if p.typing {
		return Stay, p.field.Update(msg)
	}
	return Stay, nil
}

func (p *awsProfile) list(a Answer[[]account.AWSNamed]) {
	p.listed, p.all, p.wrong = true, a.Value, account.AsProblem(a.Err)
	p.choice = kit.Choice{}
	for i, n := range p.all {
		p.choice.Options = append(p.choice.Options, kit.Option{Title: ProfileLine(n)})
		if n.Name == p.draft.AWS().Named {
			p.choice.Go(i)
		}
	}
}

func (p *awsProfile) press(msg tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case p.typing && key.Matches(msg, backKey):
		p.typing = false
	case p.typing && key.Matches(msg, enterKey):
		d, err := awsAssumeField.Set(p.env, p.draft, p.field.Value())
		if err != nil {
			p.field.Wrong(Advise(account.AsProblem(err)).Line())
			return Stay, nil
		}
		p.draft = d
		return Next, nil
	case p.typing:
		return Stay, p.field.Update(msg)
	case key.Matches(msg, backKey):
		return Back, nil
	case key.Matches(msg, enterKey):
		if len(p.all) > 0 {
			l := p.draft.AWS()
			l.Named = p.all[p.choice.At()].Name
			p.draft.Link, p.typing = l, true
		}
	case key.Matches(msg, againKey) && p.listed:
		return Stay, p.Enter()
	default:
		p.choice.Update(msg)
	}
	return Stay, nil
}

func (p *awsProfile) View(size kit.Size, t kit.Theme) kit.Page {
	page := kit.Page{
		Title: "Use my AWS profile",
		Why:   "A quick look: it lasts as long as the profile is signed in, and nothing is made or kept in AWS.",
		Body:  p.choice.Draw(size.Width, t),
	}
	if p.typing {
		l := p.draft.AWS()
		page.Why = "Profile " + l.Named + "."
		page.Body = kit.Stack(
			p.field.Draw(size.Width, t), kit.Blank,
			kit.Frame{Text: kit.Wrap(t.Faint.Render("Where the role's trust policy asks for an external id, put this one there. It was made for this account and stays the same."), size.Width)},
			kit.Value(size.Width, t, "External id", l.ExternalID),
		)
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), "With a role, SecurityAudit and ViewOnlyAccess cap the session.")
		return page
	}
	switch {
	case p.wrong != nil:
		page.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(p.wrong).Line())
	case !p.listed:
		page.Live = kit.Mark(size.Width, t.Faint.Render("…"), "Reading the profiles of this machine")
	case len(p.all) == 0:
		page.Live = kit.Mark(size.Width, t.Warn.Render("!"), noProfiles)
	default:
		page.Live = kit.Mark(size.Width, t.Faint.Render("·"), "Only the profile's name is kept.")
	}
	return page
}

func (p *awsProfile) Fill(d account.Draft) account.Draft {
	l, own := d.AWS(), p.draft.AWS()
	l.Named, l.Role = own.Named, own.Role
	d.Link = l
	return d
}

func plainAWSProfile(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	if d.AWS().Named != "" {
		return d, Next, nil
	}
	all, err := p.Env.Ops.Ports().AWS.Profiles(p.ctx)
	if err != nil {
		return d, Stay, err
	}
	if len(all) == 0 {
		p.Say("%s", noProfiles)
		return d, Leave, nil
	}
	var titles []string
	for _, n := range all {
		titles = append(titles, ProfileLine(n))
	}
	n, err := p.Choose("Profile", titles...)
	if err != nil {
		return d, Stay, err
	}
	l := d.AWS()
	l.Named = all[n].Name
	d.Link = l
	p.Say("External id, where the role asks for one: %s", l.ExternalID)
	for {
		text, err := p.Ask(awsAssumeField.Label+" (Enter takes none)", awsAssumeField.Why)
		if err != nil {
			return d, Stay, err
		}
		got, err := awsAssumeField.Set(p.Env, d, text)
		if err == nil {
			return got, Next, nil
		}
		p.advise(account.AsProblem(err))
	}
}
