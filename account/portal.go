package account

import (
	"strings"
	"unicode/utf8"
)

// PortalPage is a page of the Entra admin center: its address, and the menu
// path in the portal's own words for when the address goes stale. "{name}" in a
// path stands for the app's name. What follows # never reaches a server: an
// address that went stale lands on the portal's first page.
// Source of the addresses: github.com/merill/cmd, website/config/commands.csv.
type PortalPage struct {
	URL  string
	Path []string
}

// Menu is the path as one line, with the app's name in its place.
func (p PortalPage) Menu(app string) string {
	return strings.ReplaceAll(strings.Join(p.Path, " › "), "{name}", app)
}

func (c Cloud) blade(path string, menu ...string) PortalPage {
	return PortalPage{"https://" + c.Entra + "/#view/" + path, append([]string{"Entra ID"}, menu...)}
}

// AppRegistrationsPage is the list of app registrations, where a new one is begun.
func (c Cloud) AppRegistrationsPage() PortalPage {
	return c.blade("Microsoft_AAD_RegisteredApps/ApplicationsListBlade/quickStartType~/null/sourceType/Microsoft_AAD_IAM", "App registrations")
}

func (c Cloud) appPage(blade string, id ClientID, menu string) PortalPage {
	if id == "" {
		p := c.AppRegistrationsPage()
		p.Path = append(p.Path, "All applications", "{name}", menu)
		return p
	}
	return c.blade("Microsoft_AAD_RegisteredApps/ApplicationMenuBlade/~/"+blade+"/appId/"+string(id)+"/isMSAApp~/false", "App registrations", "All applications", "{name}", menu)
}

// CertificatesPage is Certificates & secrets of an app; the list of apps while
// its id is not known.
func (c Cloud) CertificatesPage(id ClientID) PortalPage {
	return c.appPage("Credentials", id, "Certificates & secrets")
}

// PermissionsPage is API permissions of an app, as CertificatesPage.
func (c Cloud) PermissionsPage(id ClientID) PortalPage {
	return c.appPage("CallAnAPI", id, "API permissions")
}

// RolesPage is Roles and administrators.
func (c Cloud) RolesPage() PortalPage {
	return c.blade("Microsoft_AAD_IAM/RolesManagementMenuBlade/~/AllRoles", "Roles and administrators")
}

// DomainsPage is Domain names.
func (c Cloud) DomainsPage() PortalPage {
	return c.blade("Microsoft_AAD_IAM/DomainsManagementMenuBlade/~/CustomDomainNames", "Domain names")
}

// EnterpriseAppPage is Permissions of an enterprise app, where what a sign-in
// left behind can be removed; the list of enterprise apps while its object id
// is not known.
func (c Cloud) EnterpriseAppPage(principal ObjectID, client ClientID) PortalPage {
	menu := []string{"Enterprise apps", "{name}", "Permissions"}
	if principal == "" || client == "" {
		return c.blade("Microsoft_AAD_IAM/StartboardApplicationsMenuBlade/~/AppAppsPreview", menu...)
	}
	return c.blade("Microsoft_AAD_IAM/ManagedAppMenuBlade/~/Permissions/objectId/"+string(principal)+"/appId/"+string(client), menu...)
}

// AzureAccessPage is Access control (IAM) of a scope in the Azure portal. For a
// management group, and where none is chosen, its address is the portal's own
// first page: no address of that page is documented.
func (c Cloud) AzureAccessPage(s AzureScope) PortalPage {
	switch {
	case s.IsSubscription():
		return PortalPage{"https://" + c.Azure + "/#resource" + string(s) + "/users", []string{"Subscriptions", s.ID(), "Access control (IAM)"}}
	case s == "":
		return PortalPage{"https://" + c.Azure + "/", []string{"Management groups", "the group", "Access control (IAM)"}}
	}
	return PortalPage{"https://" + c.Azure + "/", []string{"Management groups", s.ID(), "Access control (IAM)"}}
}

// refused are words the portal refuses in an app's name, in lower case.
// Source: github.com/pnp/cli-microsoft365/issues/6367.
var refused = []string{"microsoft"}

// AppName is what the app registration of an account is called:
// "Xops 360 - <friendly name>", without words the portal refuses.
func AppName(n Name) string {
	var kept []string
	for _, w := range strings.Fields(string(n)) {
		bad := false
		for _, r := range refused {
			bad = bad || strings.Contains(strings.ToLower(w), r)
		}
		if !bad {
			kept = append(kept, w)
		}
	}
	if len(kept) == 0 {
		return "Xops 360"
	}
	return "Xops 360 - " + strings.Join(kept, " ")
}

// CertificateFile is the name of a certificate's file:
// "<name as a-z0-9->-<first 8 of the SHA-1>.cer".
func CertificateFile(n Name, sha1 string) string {
	const most = 40
	var b strings.Builder
	for _, r := range strings.ToLower(string(n)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	stem := strings.Trim(b.String(), "-")
	if len(stem) > most {
		stem = strings.Trim(stem[:most], "-")
	}
	if stem == "" {
		stem = "account"
	}
	short := strings.ToLower(sha1)
	if utf8.RuneCountInString(short) > 8 {
		short = short[:8]
	}
	return stem + "-" + short + ".cer"
}
