package steps

import "github.com/axiomio/xops-onboard/account"

var permissionStop = Stop{
	Name: "permission", Label: "API permission", Live: true,
	Skip:   ticked("permission"),
	Screen: func(e Env, d account.Draft) Step { return newPermission(e, d) },
	Plain:  plainLive("permission"),
}

const accessReviewPermission = "AccessReview.Read.All"

func newPermission(e Env, d account.Draft) *portalStep {
	page := d.Cloud.Cloud().PermissionsPage(d.Microsoft().Client)
	return &portalStep{
		watching: newWatching(e, d, account.Consent),
		stop:     "permission",
		title:    "Add the API permission",
		why:      "It lets Xops 360 read access reviews, and nothing else.",
		awaited:  "The permission is not seen yet.",
		page:     page,
		clicks:   permissionClicks(d),
		offers: []Offer{
			{Key: "o", Name: "open portal", Kind: Open, Title: "API permissions", Value: page.URL},
			{Key: "c", Name: "copy permission", Kind: Copy, Title: "Permission", Value: accessReviewPermission},
		},
	}
}

func permissionClicks(d account.Draft) []string {
	return []string{
		d.Cloud.Cloud().PermissionsPage(d.Microsoft().Client).Menu(AppName(d)),
		"Add a permission › Microsoft APIs › Microsoft Graph",
		"Application permissions (not Delegated), search for " + accessReviewPermission + ", select it, Add permissions",
		"Grant admin consent, then Yes",
	}
}

// AppName is what a draft's app registration is called, as far as is known; the draft
// may have another name by now.
func AppName(d account.Draft) string {
	if n := d.Microsoft().AppName; n != "" {
		return n
	}
	return account.AppName(d.Name)
}
