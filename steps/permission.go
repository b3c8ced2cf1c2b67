package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var permissionStop = Stop{
	Name: "permission", Label: "API permission", Live: true,
	Skip:   ticked("permission"),
	Screen: func(e Env, d account.Draft) Step { return &permission{newWatching(e, d)} },
	Plain:  plainLive("permission"),
}

type permission struct{ watching }

func (p *permission) Keys() []key.Binding { return p.liveKeys(account.Consent) }

func (p *permission) Offers() []Offer {
	return []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "API permissions", Value: p.page().URL},
		{Key: "c", Name: "copy permission", Kind: Copy, Title: "Permission", Value: accessReviewPermission},
		handOver(p.draft),
	}
}

const accessReviewPermission = "AccessReview.Read.All"

func (p *permission) page() account.PortalPage {
	return p.draft.Cloud.Cloud().PermissionsPage(p.draft.Microsoft().Client)
}

func (p *permission) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		o, cmd, _ := p.press(press, permissionStop.Name)
		return o, cmd
	}
	return Stay, p.update(msg)
}

func (p *permission) View(size kit.Size, t kit.Theme) kit.Page {
	return kit.Page{
		Title: "Add the API permission",
		Why:   "It lets Xops 360 read access reviews, and nothing else.",
		Body: kit.Stack(
			clicks(size.Width, t, p.page(), permissionClicks(p.draft)),
			p.why(size.Width, t, account.Consent),
		),
		Live: p.live(size.Width, t, account.Consent, "The permission is not seen yet."),
	}
}

func permissionClicks(d account.Draft) []string {
	return []string{
		d.Cloud.Cloud().PermissionsPage(d.Microsoft().Client).Menu(appName(d)),
		"Add a permission › Microsoft APIs › Microsoft Graph",
		"Application permissions (not Delegated), search for " + accessReviewPermission + ", select it, Add permissions",
		"Grant admin consent, then Yes",
	}
}

// appName is what the app registration is called, as far as is known.
func appName(d account.Draft) string {
	if n := d.Microsoft().AppName; n != "" {
		return n
	}
	return account.AppName(d.Name)
}
