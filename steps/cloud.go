package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// providers is the table of the cloud selection.
var providers []providerRow

type providerRow struct {
	provider          account.Provider
	title, takes      string
	byHand, automatic Route
}

// The routes have this selection as their first stop, so the table is filled in
// when both are there.
func init() {
	providers = []providerRow{
		{account.AWS, "AWS", "An AWS account, by a read-only role. Two to five minutes. Needs who may create a CloudFormation stack with an IAM role.", AWSByHand, AWSAutomatic},
		{account.Azure, "Azure", "Subscriptions of an Azure tenant. Two to fifteen minutes. Needs an Owner of them, and who may register apps.", AzureByHand, AzureAutomatic},
		{account.Microsoft, "Microsoft", "Microsoft 365 (Entra ID). One to ten minutes. Needs a Global Administrator, or a Privileged Role Administrator who may register apps.", MicrosoftByHand, MicrosoftAutomatic},
	}
}

// Card is a provider's card, as Integrations names it.
func Card(p account.Provider) string {
	if p == account.Microsoft {
		return "Microsoft › M365"
	}
	return p.String()
}

// Asking is what is asked while an account of a provider is verified.
func Asking(p account.Provider) string {
	switch p {
	case account.AWS:
		return "Asking AWS, with credentials of one hour"
	case account.Azure:
		return "Asking Entra, Microsoft Graph and Azure"
	}
	return "Asking Entra and Microsoft Graph"
}

// cloudStop is the first-time selection. Once an account is connected it does
// not appear again: Integrations brings the provider along.
var cloudStop = Stop{
	Name:   "cloud",
	Skip:   func(d account.Draft) bool { return d.Provider != "" },
	Screen: func(e Env, d account.Draft) Step { return newCloud() },
	Plain:  plainCloud,
}

type cloud struct {
	choice kit.Choice
}

func newCloud() *cloud {
	c := &cloud{}
	for i, p := range providers {
		c.choice.Options = append(c.choice.Options, kit.Option{Title: p.title, Detail: p.takes})
		if p.provider == account.Microsoft {
			c.choice.Go(i)
		}
	}
	return c
}

func (c *cloud) Enter() tea.Cmd  { return nil }
func (c *cloud) Offers() []Offer { return nil }
func (c *cloud) Typing() bool    { return false }

func (c *cloud) Keys() []key.Binding {
	return []key.Binding{kit.ChooseKey, named(enterKey, "choose "+providers[c.choice.At()].title)}
}

func (c *cloud) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case key.Matches(press, enterKey):
			return Next, nil
		case key.Matches(press, backKey):
			return Back, nil
		}
	}
	c.choice.Update(msg)
	return Stay, nil
}

func (c *cloud) View(size kit.Size, t kit.Theme) kit.Page {
	return kit.Page{
		Title: "Which cloud do you want to link first?",
		Why:   "Xops 360 monitors what you link. Others can follow, under Integrations.",
		Body:  c.choice.Cards(kit.Size{Width: min(size.Width, 76), Height: size.Height - 5}, t),
	}
}

func (c *cloud) Fill(d account.Draft) account.Draft {
	d.Provider = providers[c.choice.At()].provider
	if d.Link == nil || d.Link.Provider() != d.Provider {
		d.Link = account.NewLink(d.Provider)
	}
	return d
}
