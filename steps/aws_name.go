package steps

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// The fields of an AWS account, in the portal's own words where it has some.
var (
	awsNameField = Field{
		Label: "AWS Account Name",
		Why:   nameField.Why,
		Hint:  "Production",
		Get:   nameField.Get,
		Set: func(e Env, d account.Draft, text string) (account.Draft, error) {
			d, err := nameField.Set(e, d, text)
			if err == nil {
				d.Link = BeginAWS(e, d.AWS())
			}
			return d, err
		},
	}
	awsRegionField = Field{
		Label: "Home region",
		Why:   "The certificate trust lives in this region. Monitoring covers all regions.",
		Hint:  "eu-west-1",
		Get:   func(d account.Draft) string { return string(d.AWS().Region) },
		Set: func(_ Env, d account.Draft, text string) (account.Draft, error) {
			r, err := account.ParseAWSRegion(text)
			if err != nil {
				return d, err
			}
			l := d.AWS()
			l.Region = r
			d.Link = l
			return d, nil
		},
	}
	awsNameFields = []Field{awsNameField, awsRegionField}
)

// awsNameStop has the name that the other ways have, so that the trail of a draft
// reads the same.
var awsNameStop = Stop{
	Name: nameStop.Name, Label: "Name and region", Field: awsNameFields,
	Screen: func(e Env, d account.Draft) Step { return newAWSName(e, d) },
	Plain: func(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
		d, err := p.field(awsNameField, d, "")
		if err == nil && untouched(d) {
			d, err = p.field(awsRegionField, d, string(AWSHome(p.ctx, p.Env)))
		}
		return d, Next, err
	},
}

const (
	awsNameAt = iota
	awsRegionAt
)

// awsName asks for the account's name and its home region.
type awsName struct {
	env    Env
	draft  account.Draft
	fields [2]kit.Field
	at     int
	typed  bool // the region is the person's own
}

var regionKey = kit.Key("↑↓", "another region", "up", "down")

func newAWSName(e Env, d account.Draft) *awsName {
	n := &awsName{env: e, draft: d, typed: d.AWS().Region != ""}
	for i, f := range awsNameFields {
		n.fields[i] = kit.NewField(f.Label, f.Why, f.Hint)
		n.fields[i].Set(f.Get(d))
	}
	n.fields[awsNameAt].Focus()
	return n
}

// AWSHome is the region that is proposed: of the profile that the AWS CLI would
// take, else us-east-1.
func AWSHome(ctx context.Context, e Env) account.AWSRegion {
	all, _ := e.Ops.Ports().AWS.Profiles(ctx) // where they cannot be listed nothing is known
	for _, p := range all {
		if p.Region != "" && (p.Kind == "environment" || p.Name == "default") {
			return p.Region
		}
	}
	return account.AWSRegions[0]
}

func (n *awsName) Enter() tea.Cmd {
	if n.typed {
		return nil
	}
	return Ask(n.env, func(ctx context.Context) (account.AWSRegion, error) { return AWSHome(ctx, n.env), nil })
}

func (n *awsName) Offers() []Offer { return nil }
func (n *awsName) Typing() bool    { return true }

func (n *awsName) Keys() []key.Binding {
	other := kit.Key("tab", "next field", "tab", "shift+tab")
	region := regionKey
	region.SetEnabled(n.at == awsRegionAt && untouched(n.draft))
	return []key.Binding{enterKey, other, region, backKey}
}

func (n *awsName) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.AWSRegion]:
		if !n.typed {
			n.fields[awsRegionAt].Set(string(msg.Value))
		}
		return Stay, nil
	case tea.KeyPressMsg:
		switch s := msg.String(); {
		case key.Matches(msg, enterKey):
			return n.enter(), nil
		case key.Matches(msg, backKey):
			return Back, nil
		case s == "tab", s == "shift+tab", n.at == awsNameAt && (s == "up" || s == "down"):
			n.focus(1 - n.at)
			return Stay, nil
		case (s == "up" || s == "down") && untouched(n.draft):
			n.cycle(s == "down")
			return Stay, nil
		}
	}
	if n.at == awsRegionAt {
		if !untouched(n.draft) {
			return Stay, nil // its stack was begun there
		}
		n.typed = true
	}
	return Stay, n.fields[n.at].Update(msg)
}

func (n *awsName) focus(at int) {
	n.fields[n.at].Blur()
	n.at = at
	n.fields[at].Focus()
}

// cycle goes to the next region of those that are known, or to the one before.
func (n *awsName) cycle(down bool) {
	all := account.AWSRegions
	at := slices.Index(all, account.AWSRegion(n.fields[awsRegionAt].Value()))
	if down {
		at++
	} else {
		at = max(at, 0) + len(all) - 1
	}
	n.typed = true
	n.fields[awsRegionAt].Set(string(all[at%len(all)]))
}

// enter goes on where both fields are sound, and else to the one that is not.
func (n *awsName) enter() Outcome {
	d, wrong := n.draft, -1
	for i, f := range awsNameFields {
		got, err := f.Set(n.env, d, n.fields[i].Value())
		if err != nil {
			n.fields[i].Wrong(Advise(account.AsProblem(err)).Line())
			if wrong < 0 {
				wrong = i
			}
			continue
		}
		d = got
	}
	if wrong >= 0 {
		n.focus(wrong)
		return Stay
	}
	n.draft = d
	return Next
}

func (n *awsName) View(size kit.Size, t kit.Theme) kit.Page {
	body := kit.Stack(n.fields[awsNameAt].Draw(size.Width, t), kit.Blank, n.fields[awsRegionAt].Draw(size.Width, t))
	live := kit.Mark(size.Width, t.Faint.Render("·"), "A region that IAM Roles Anywhere has. One that is not in the list can be typed.")
	switch {
	case !untouched(n.draft):
		live = kit.Mark(size.Width, t.Faint.Render("·"), "The stack was begun in this region, so that it stays.")
	case n.at == awsRegionAt:
		var all []string
		for _, r := range account.AWSRegions {
			all = append(all, string(r))
		}
		body = kit.Stack(body, kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render(strings.Join(all, ", ")), size.Width)})
	}
	return kit.Page{
		Title: "Name and home region",
		Why:   cmp.Or(n.draft.AWS().Type.String(), "AWS") + ".",
		Body:  body,
		Live:  live,
	}
}

func (n *awsName) Fill(d account.Draft) account.Draft {
	l, own := d.AWS(), n.draft.AWS()
	d.ID, d.Name = n.draft.ID, n.draft.Name
	l.Tag, l.ExternalID, l.Region = own.Tag, own.ExternalID, own.Region
	d.Link = l
	return d
}
