package steps

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var roleStop = Stop{
	Name: "role", Label: "Global Reader", Live: true,
	Skip:   ticked("role"),
	Screen: func(e Env, d account.Draft) Step { return &role{newWatching(e, d)} },
	Plain:  plainLive("role"),
}

type role struct{ watching }

func (r *role) Keys() []key.Binding { return r.liveKeys(account.GlobalReader) }

func (r *role) Offers() []Offer {
	return []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "Roles and administrators", Value: r.draft.Cloud.Cloud().RolesPage().URL},
		{Key: "c", Name: "copy name", Kind: Copy, Title: "Name of the application", Value: appName(r.draft)},
		handOver(r.draft),
	}
}

func (r *role) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		o, cmd, _ := r.press(press, roleStop.Name)
		return o, cmd
	}
	return Stay, r.update(msg)
}

func (r *role) View(size kit.Size, t kit.Theme) kit.Page {
	return kit.Page{
		Title: "Assign Global Reader",
		Why:   "With it the wizard sees every other step for itself. It only reads; Entra lists it as a privileged role.",
		Body: kit.Stack(
			clicks(size.Width, t, r.draft.Cloud.Cloud().RolesPage(), roleClicks(r.draft)),
			r.why(size.Width, t, account.GlobalReader),
		),
		Live: r.live(size.Width, t, account.GlobalReader, "The role is not seen yet."),
	}
}

func roleClicks(d account.Draft) []string {
	return []string{
		d.Cloud.Cloud().RolesPage().Menu(""),
		"Search for Global Reader and select it",
		"Add assignments, search for " + appName(d) + ", select it, Add",
		"Assignment type Active, where it is asked for",
	}
}
