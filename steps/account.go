package steps

import (
	"context"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// OfAccount is an account as the draft that the pages of its operations walk
// with. It is nowhere written: the account is on record.
func OfAccount(a account.Account) account.Draft {
	return account.Draft{
		ID: a.ID, Name: a.Name, Provider: a.Provider, Cloud: a.Cloud, Keys: []account.Key{a.Key}, Authority: a.Authority,
		Link: a.Link, Made: a.Made, Created: a.Linked, Updated: a.Updated,
	}
}

// IsApp tells whether an account is an app of a tenant.
func IsApp(a account.Account) bool { return a.Provider != account.AWS }

// AccountValues are what an account's page says beside its offers and its key.
func AccountValues(a account.Account) [][2]string {
	if a.Provider == account.AWS {
		return [][2]string{{"In AWS", AWSStays(a)}}
	}
	return nil
}

// Keyed tells whether an account has a key and a certificate of its own: one of AWS
// that is used with a profile has none.
func Keyed(a account.Account) bool { return a.AWS().Method != account.ByProfile }

// Keyless is what is said of one that has none.
func Keyless(a account.Account) string {
	return string(a.Name) + " is used with a profile and has no key of its own."
}

// HandOverOf is a text for another administrator about what does not hold of an
// account.
func HandOverOf(a account.Account, r account.Report) Offer {
	if a.Provider == account.AWS { // of a change in AWS the stack's template tells
		return Offer{}
	}
	d := OfAccount(a)
	d.Ticked = append(ticks(r, nil), "register")
	// What was made once may be gone by now: what was seen counts.
	d.Made = account.Made{}
	return handOver(d)
}

// PageOf is the portal's page where what a check found can be dealt with.
func PageOf(a account.Account, n account.CheckName) account.PortalPage {
	if a.Provider == account.AWS {
		return a.AWS().StackPage()
	}
	c := a.Cloud.Cloud()
	switch n {
	case account.GlobalReader:
		return c.RolesPage()
	case account.Consent, account.AccessReviews:
		return c.PermissionsPage(a.Microsoft().Client)
	case account.Subscriptions, account.AzureReads, account.KeyVaults, account.AzureReadOnly:
		return iamPage(OfAccount(a))
	}
	return c.CertificatesPage(a.Microsoft().Client)
}

// read has an account read whole.
func (e Env) read(id account.ID) func(context.Context) (account.Account, error) {
	reg := e.Ops.Ports().Registry
	return func(ctx context.Context) (account.Account, error) { return reg.Account(ctx, id) }
}

// StoreName is a key store as people call it.
func StoreName(s account.Store) string {
	if s == account.FileStore {
		return "a file"
	}
	return "the OS keyring"
}

// RemovalWays are how much of an account is removed: everything, or what is here.
func RemovalWays(a account.Account) []kit.Option {
	if a.Provider == account.AWS {
		return []kit.Option{
			{Title: "Remove it here and in AWS", Detail: "With a profile of the account. The stack is deleted, and with it all that it made."},
			{Title: "Remove it here only", Detail: "The stack stays in AWS, and nobody keeps its keys."},
		}
	}
	return []kit.Option{
		{Title: "Remove it here and in the tenant", Detail: "An administrator signs in. What this program made there is deleted, for good where that is allowed."},
		{Title: "Remove it here only", Detail: "What is in the tenant stays there, and nobody keeps its key."},
	}
}

// RemovalOffers are the page where what stays of an account is.
func RemovalOffers(a account.Account) []Offer {
	switch {
	case !Keyed(a):
		return nil
	case a.Provider == account.AWS:
		return []Offer{{Key: "o", Name: "open console", Kind: Open, Title: "The stack", Value: RemovalPage(a).URL}}
	}
	return []Offer{{Key: "o", Name: "open portal", Kind: Open, Title: "App registration", Value: RemovalPage(a).URL}}
}

// DeletedByHand tells whether of what stays something can be deleted on its page.
func DeletedByHand(a account.Account, everything bool) bool {
	if a.Provider == account.AWS {
		return Keyed(a) && !everything
	}
	return true
}

// Removal is what goes with an account here and in the tenant, and what stays
// there. In the tenant only that goes which this program made.
func Removal(a account.Account, everything bool) (here, there, stays []string) {
	here = []string{"the private key, in " + storeWords(a.Key.Store), "the account and its last checks"}
	if a.Provider == account.AWS {
		return awsRemoval(a, everything)
	}
	name := account.Clean(AppName(OfAccount(a)), 120)
	made := madeWords(a.Made, name)
	switch {
	case everything:
		there = made
		if a.Made.Adopted != nil {
			stays = []string{"the app " + name + ", which was there before"}
		}
	case len(made) > 0:
		stays = made
	default:
		stays = []string{"the app registration " + name + ", with its enterprise app, consent and role", "under " + RemovalPage(a).Menu(name)}
		if a.Provider == account.Azure {
			stays = append(stays, "its roles in Azure, which do not go with the app", "under "+iamPage(OfAccount(a)).Menu(name))
		}
	}
	return here, there, stays
}

// assignedWords are roles in Azure, each with where.
func assignedWords(all []account.AzureAssignment) string {
	var out []string
	for _, a := range all {
		out = append(out, a.Role.String()+" on "+a.Scope.ID())
	}
	return strings.Join(out, ", ")
}

// madeWords name what was made in a tenant.
func madeWords(m account.Made, name string) (out []string) {
	for _, w := range []struct {
		made  bool
		words string
	}{
		{len(m.Azure) > 0, "its roles in Azure: " + assignedWords(m.Azure)},
		{m.Elevated, "User Access Administrator over all of Azure, which was taken for the changes"},
		{m.Role != "", "the role Global Reader of the app"},
		{m.Grant != "", "the admin consent to AccessReview.Read.All"},
		{m.Adopted != nil, "our certificate and permission on the app " + name},
		{m.Application != "", "the app registration " + name + " and its enterprise app"},
		{m.Application == "" && m.Principal != "", "the enterprise app " + name},
	} {
		if w.made {
			out = append(out, w.words)
		}
	}
	return out
}

// RemovalPage is where what stays of an account can be deleted by hand.
func RemovalPage(a account.Account) account.PortalPage {
	if a.Provider == account.AWS {
		return a.AWS().StackPage()
	}
	p := a.Cloud.Cloud().CertificatesPage(a.Microsoft().Client)
	p.Path = []string{"Entra ID", "App registrations", "All applications", "{name}", "Delete"}
	return p
}
