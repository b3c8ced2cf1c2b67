package steps

import (
	"context"
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var connectedStop = Stop{
	Name: "connected", Over: true,
	Screen: func(e Env, d account.Draft) Step { return &connected{env: e, draft: d} },
	Plain:  plainConnected,
}

// connected says exactly what there is now, and what was not done.
type connected struct {
	env   Env
	draft account.Draft
	last  account.Report
}

func (c *connected) Enter() tea.Cmd {
	reg, id := c.env.Ops.Ports().Registry, c.draft.ID
	if c.draft.Replaces != "" {
		id = c.draft.Replaces
	}
	return Ask(c.env, func(ctx context.Context) (account.Report, error) { return reg.LastReport(ctx, id) })
}

func (c *connected) Typing() bool        { return false }
func (c *connected) Keys() []key.Binding { return []key.Binding{kit.Named(enterKey, "Home")} }

// Fate is what became of the draft.
func (c *connected) Fate() Fate { return Linked }

func (c *connected) Offers() []Offer {
	offers := AccountOffers(c.draft.Account(c.draft.Updated))
	if c.draft.Provider == account.AWS {
		if c.draft.AWS().Method == account.ByProfile {
			return offers
		}
		return append(offers, Offer{Key: "o", Name: "open console", Kind: Open, Title: "The stack", Value: c.draft.AWS().StackPage().URL})
	}
	if c.draft.Made.By != "" {
		offers = append(offers, leftBehindPage(c.draft))
	}
	return offers
}

// AccountOffers are the values of the Xops 360 form.
func AccountOffers(a account.Account) []Offer {
	if a.Provider == account.AWS {
		return awsOffers(a)
	}
	m := a.Microsoft()
	return []Offer{
		{Key: "1", Name: "copy name", Kind: Copy, Title: "Account name", Value: string(a.Name)},
		{Key: "2", Name: "copy app id", Kind: Copy, Title: "Application ID", Value: string(m.Client)},
		{Key: "3", Name: "copy tenant id", Kind: Copy, Title: "Tenant ID", Value: string(m.Tenant)},
		{Key: "4", Name: "copy organization", Kind: Copy, Title: "Organization ID", Value: string(m.Organization)},
	}
}

func (c *connected) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[account.Report]:
		if msg.Err == nil {
			c.last = msg.Value
		}
	case tea.KeyPressMsg:
		if key.Matches(msg, enterKey) || key.Matches(msg, backKey) {
			return Finish, nil
		}
	}
	return Stay, nil
}

func (c *connected) View(size kit.Size, t kit.Theme) kit.Page {
	a := c.draft.Account(c.draft.Updated)
	if a.Provider == account.AWS {
		return awsConnected(size, t, a)
	}
	var values []kit.Frame
	for _, o := range AccountOffers(a) {
		values = append(values, kit.Value(size.Width, t, o.Key+" "+o.Title, o.Value))
	}
	what, words := Answered(a, c.last)
	return kit.Page{
		Title: string(a.Name) + " is connected",
		Why:   "Nothing has been sent to Xops 360. The key stays in " + storeWords(a.Key.Store) + ".",
		Body: kit.Stack(
			kit.Frame{Text: kit.Wrap("Enter these in the Xops 360 form:", size.Width)},
			kit.Stack(values...),
			kit.Value(size.Width, t, "Tenant", a.Microsoft().TenantName),
			kit.Value(size.Width, t, what, words),
			kit.Value(size.Width, t, "Key expires", Day(a.Key.Certificate.NotAfter)),
			kit.Value(size.Width, t, "Renewed by", RenewLine(a.Name)),
			kit.Blank,
			kit.Frame{Text: kit.Wrap(t.Faint.Render(connectedNote(a)), size.Width)},
		),
		Live: kit.Mark(size.Width, t.Good.Render("✓"), "Linked. Enter goes to Home."),
	}
}

// connectedNote is what stays to be known: who can use the key, and what a
// sign-in left behind.
func connectedNote(a account.Account) string {
	if a.Provider == account.AWS {
		return "Whoever collects data on this machine as this user asks: xops-onboard credentials " + quoted(string(a.Name))
	}
	if a.Made.By != "" {
		return SignInLeft(a.Made.Client)
	}
	return "Whoever collects data on this machine as this user can use the key."
}

// RenewLine is the command that gives an account another key, without any
// administrator.
func RenewLine(n account.Name) string { return "xops-onboard rotate " + quoted(string(n)) }

// Answered is a real answer of the account, and what it is.
func Answered(a account.Account, r account.Report) (what, words string) {
	if a.Provider == account.Azure {
		return "Subscriptions", SubscriptionWords(r)
	}
	return "Access reviews", ReviewWords(r)
}

// SubscriptionWords are the subscriptions that the account sees.
func SubscriptionWords(r account.Report) string {
	const most = 3
	var names []string
	for _, s := range r.Facts.Subscriptions {
		names = append(names, s.Name)
	}
	switch {
	case len(names) == 0:
		return "could not be read"
	case len(names) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

// ReviewWords is a real answer of the account: the newest access review.
func ReviewWords(r account.Report) string {
	switch {
	case r.Facts.Review != "":
		return r.Facts.Review
	case r.Facts.ReviewsRead:
		return "none yet"
	}
	return "could not be read"
}

func (c *connected) Fill(d account.Draft) account.Draft { return d }
