package steps

import (
	"slices"
	"strings"

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
	where             string // its things are, beside here
	keeps             string // what there keeps its name when an account gets another
	byHand, automatic Route
}

// The routes have this selection as their first stop, so the table is filled in
// when both are there.
func init() {
	providers = []providerRow{
		{account.AWS, "AWS", "An AWS account, by a read-only role. Two to five minutes. Needs somebody who may create a CloudFormation stack with an IAM role.", "AWS", "What is in AWS keeps its name.", AWSByHand, AWSAutomatic},
		{account.Azure, "Azure", "Subscriptions of an Azure tenant. Two to fifteen minutes. Needs an Owner of them, and somebody who may register apps.", "the tenant", appKeeps, AzureByHand, AzureAutomatic},
		{account.Microsoft, "Microsoft", "Microsoft 365 (Entra ID). One to ten minutes. Needs a Global Administrator, or a Privileged Role Administrator who may register apps.", "the tenant", appKeeps, MicrosoftByHand, MicrosoftAutomatic},
	}
}

// appKeeps is what of an app keeps its name.
const appKeeps = "Its app in the tenant keeps its name."

// rowOf is a provider's row of the table.
func rowOf(p account.Provider) providerRow {
	for _, r := range providers {
		if r.provider == p {
			return r
		}
	}
	return providerRow{}
}

// LinkTitle is what linking another account of a provider is called.
func LinkTitle(p account.Provider) string { return "Link a New " + p.String() + " Account" }

// Where is where the things of a provider's account are, beside here.
func Where(p account.Provider) string { return rowOf(p).where }

// KeepsName is what keeps its name when an account gets another.
func KeepsName(p account.Provider) string { return rowOf(p).keeps }

// Whereabouts are the cloud and tenant of a draft, or the region and the account, once
// they are known.
func Whereabouts(d account.Draft) string {
	var parts []string
	switch l, m := d.AWS(), d.Microsoft(); {
	case d.Provider == account.AWS:
		parts = []string{string(l.Region), string(l.Account)}
	case d.Cloud != "":
		parts = []string{d.Cloud.Cloud().Name, string(m.Organization)}
	}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " · ")
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
	return []key.Binding{kit.ChooseKey, kit.Named(enterKey, "choose "+providers[c.choice.At()].title)}
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
