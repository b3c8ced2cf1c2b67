package steps

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// handOver is a text for another administrator who must do what is still open.
func handOver(d account.Draft) Offer {
	o := Offer{Key: "h", Name: "hand over", Kind: HandOver, Title: "For another administrator"}
	if slices.ContainsFunc(handedOver, func(stop string) bool { return !done(d, stop) }) {
		o.Text = func() string { return HandOverText(d) }
	}
	return o
}

// handedOver are the names of the stops that somebody else can do.
var handedOver = []string{"register", "upload", "role", "permission", "azure-reader"}

// HandOverText is what another administrator needs: which tenant and app, the
// exact clicks that are still open, why, and the links. It holds no secret.
func HandOverText(d account.Draft) string {
	m, c := d.Microsoft(), d.Cloud.Cloud()
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	if d.Provider == account.Azure {
		line("Xops 360 needs the following in Microsoft Entra ID and in Azure, to read how the subscriptions of this tenant are set up.")
	} else {
		line("Xops 360 needs the following in Microsoft Entra ID, to read access reviews of this tenant.")
	}
	if d.Way == account.Automatic {
		line("")
		line("The shortest way: sign in where xops-onboard runs, with the draft %s. It shows every change before it makes it. Or in the portal, as below.", d.Name)
	}
	line("")
	for _, v := range [][2]string{
		{"App registration:", AppName(d)},
		{"Tenant:", string(m.Tenant)},
		{"Organization:", string(m.Organization)},
		{"Application ID:", string(m.Client)},
		{"Thumbprint:", d.Key().Certificate.SHA1},
	} {
		if v[1] != "" {
			line("%-18s%s", v[0], v[1])
		}
	}
	consent, consentClicks := "Add the API permission and grant admin consent (Privileged Role Administrator)", permissionClicks(d)
	if d.Made.HasApp() { // it asks for the permission since it was made
		consent, consentClicks = "Grant admin consent (Privileged Role Administrator)", []string{consentClicks[0], consentClicks[len(consentClicks)-1]}
	}
	parts := []struct {
		title, why, url, stop string
		clicks                []string
	}{
		{"Register the application (who may register apps, or Application Administrator)", "Xops 360 signs in as this app, with a certificate and no secret.", c.AppRegistrationsPage().URL, "register", registerClicks(d)},
		{"Upload the certificate (owner of the app, or Application Administrator)", "Entra recognises the app by it. The file comes from the person who sent you this; compare the thumbprint.", c.CertificatesPage(m.Client).URL, "upload", uploadClicks(d, filepath.Base(d.Key().Saved))},
		{"Assign Global Reader (Privileged Role Administrator)", "It lets the app's set-up be checked without an administrator. It reads only.", c.RolesPage().URL, "role", roleClicks(d)},
		{consent, "AccessReview.Read.All, an application permission, lets Xops 360 read access reviews.", c.PermissionsPage(m.Client).URL, "permission", consentClicks},
		{"Assign Reader in Azure (Owner, User Access Administrator or Role Based Access Control Administrator)", "With it the subscriptions can be read: how they are set up, no data and no secrets.", iamPage(d).URL, "azure-reader", readerClicks(d)},
	}
	for _, p := range parts {
		if done(d, p.stop) || p.stop == "upload" && d.Key().Saved == "" {
			continue
		}
		line("")
		line("%s", p.title)
		line("Why: %s", p.why)
		for i, s := range p.clicks {
			line("  %d. %s", i+1, s)
		}
		line("  %s", p.url)
	}
	line("")
	line("Questions: support@axiomio.com")
	return Plainly(b.String())
}

func done(d account.Draft, stop string) bool {
	switch stop {
	case "register":
		return d.Microsoft().Client != ""
	case "upload":
		return d.Made.HasApp() || slices.Contains(d.Ticked, stop)
	case "role":
		return did(d, link.TheRole) || slices.Contains(d.Ticked, stop)
	case "permission":
		return !asksPermission(d) || did(d, link.TheGrant) || slices.Contains(d.Ticked, stop)
	case "azure-reader":
		return d.Provider != account.Azure || slices.Contains(d.Ticked, stop) || len(d.Azure().Scopes) > 0 && len(d.Made.Azure) >= len(d.Azure().Scopes)*len(d.Azure().Roles())
	}
	return false
}
