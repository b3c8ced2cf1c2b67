package steps

import (
	"strings"

	"github.com/axiomio/xops-onboard/account"
)

// sharedApp is an app of the draft's tenant that an account of the other of
// Microsoft and Azure has here: one app may serve both. Before the tenant is
// known it is the only such account's, if there is one alone.
func sharedApp(known []account.Row, d account.Draft) (row account.Row, m account.MicrosoftLink, ok bool) {
	for _, r := range known {
		cloud, tenant, client, its := entraIdentity(r)
		if !its || r.Provider == d.Provider || d.Microsoft().Tenant != "" && tenant != d.Microsoft().Tenant {
			continue
		}
		if d.Microsoft().Tenant != "" && cloud != d.Cloud.Cloud().ID {
			continue
		}
		if ok {
			return account.Row{}, account.MicrosoftLink{}, false // which of them is not ours to say
		}
		row, m, ok = r, account.MicrosoftLink{Tenant: tenant, Client: client}, true
	}
	return row, m, ok
}

// entraIdentity reads what an account of Microsoft or Azure is told from others
// by.
func entraIdentity(r account.Row) (cloud account.CloudID, tenant account.TenantID, client account.ClientID, ok bool) {
	if r.Provider != account.Microsoft && r.Provider != account.Azure {
		return "", "", "", false
	}
	parts := strings.Split(strings.TrimPrefix(r.Identity, string(account.Azure)+"/"), "/")
	if len(parts) != 3 {
		return "", "", "", false
	}
	return account.CloudID(parts[0]), account.TenantID(parts[1]), account.ClientID(parts[2]), true
}

// sharedWords offer that app.
func sharedWords(r account.Row, d account.Draft) string {
	return string(r.Name) + " (" + r.Provider.String() + ") is linked here with an app of this tenant, which may serve " + d.Provider.String() + " too."
}
