package link_test

import (
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// one is a tenant with an app that the draft made and that has its key.
func one() *tenant {
	ten := newTenant()
	d := unlinked()
	d.Link = account.MicrosoftLink{Tenant: "t", Client: "client", Application: "object"}
	d.Made = account.Made{Unique: "u", Application: "object", Principal: "principal"}
	d.Keys = []account.Key{{ID: wish.ID, Stored: true, Certificate: account.Certificate{SHA1: "AA"}}}
	ten.drafts["draft"], ten.keys[wish.ID] = d, true
	ten.apps = []account.App{{Application: "object", Client: "client", Unique: "u", Keys: []account.AppKey{{Thumbprint: "AA"}, {Thumbprint: "BB"}}}}
	ten.principals = []account.ObjectID{"principal"}
	return ten
}

// too is a draft of Azure on that app.
func too() account.Draft {
	return account.Draft{ID: "other", Name: "Fabrikam", Provider: account.Azure, Link: account.AzureLink{MicrosoftLink: account.MicrosoftLink{Tenant: "t", Client: "client"}}}
}

// TestAppThatMayBeSharedStays: where it is not known that nobody else here uses
// the app, it is not deleted, and nothing is.
func TestAppThatMayBeSharedStays(t *testing.T) {
	adopts := too()
	adopts.Link, adopts.Made.Adopt = account.NewLink(account.Azure), "object"
	listed := func(d account.Draft) func(*tenant) {
		return func(ten *tenant) {
			ten.contents.Drafts, ten.drafts[d.ID] = []account.Row{ten.drafts["draft"].Row(), d.Row()}, d
		}
	}
	for name, c := range map[string]struct {
		spoil func(*tenant)
		want  account.Kind
	}{
		"not listed":      {func(ten *tenant) { ten.unlisted = &account.Problem{Kind: account.RegistryUnread} }, account.RegistryUnread},
		"one not read":    {func(ten *tenant) { ten.contents.Damaged = []account.Problem{{Kind: account.RegistryDamaged}} }, account.RegistryDamaged},
		"a draft uses it": {listed(too()), account.AppInUse},
		"a draft is to":   {listed(adopts), account.AppInUse},
		"a draft is away": {func(ten *tenant) { ten.contents.Drafts = []account.Row{too().Row()} }, account.NotFound},
	} {
		t.Run(name, func(t *testing.T) {
			ten := one()
			c.spoil(ten)
			err := ten.takeBack(t)
			if p := account.AsProblem(err); p == nil || p.Kind != c.want || p.Kind == account.AppInUse && p.Subject != "Fabrikam" {
				t.Errorf("%v, want %s", err, c.want)
			}
			if len(ten.apps) != 1 || len(ten.apps[0].Keys) != 2 || len(ten.principals) != 1 || ten.drafts["draft"].Made.Application == "" || !ten.keys[wish.ID] {
				t.Errorf("apps %+v, principals %v, keys %v", ten.apps, ten.principals, ten.keys)
			}
		})
	}
}

// TestOthersDraftsAreNotInTheWay: of another app, and of AWS.
func TestOthersDraftsAreNotInTheWay(t *testing.T) {
	ten := one()
	other, aws := too(), account.Draft{ID: "aws", Provider: account.AWS, Link: account.AWSLink{}}
	other = other.WithMicrosoft(account.MicrosoftLink{Tenant: "t", Client: "another"})
	ten.drafts["other"] = other
	ten.contents.Drafts = []account.Row{ten.drafts["draft"].Row(), other.Row(), aws.Row()}
	if err := ten.takeBack(t); err != nil {
		t.Fatal(err)
	}
	if len(ten.apps)+len(ten.binned)+len(ten.keys) != 0 || len(ten.drafts) != 1 || ten.drafts["other"].ID == "" {
		t.Errorf("apps %v, deleted %v, keys %v, drafts %v", ten.apps, ten.binned, ten.keys, ten.drafts)
	}
}

// TestAppIsLeftToItsOtherAccount, with what was made of it; what is the draft's
// alone goes.
func TestAppIsLeftToItsOtherAccount(t *testing.T) {
	ten := one()
	ten.asks = true
	a := too().Account(time.Now())
	a.Made.Adopt, a.Made.AdoptClient = "object", "client"
	ten.linked["other"], ten.contents.Accounts = a, []account.Row{a.Row()}
	if err := ten.takeBack(t); err != nil {
		t.Fatal(err)
	}
	if len(ten.apps) != 1 || len(ten.apps[0].Keys) != 1 || ten.apps[0].Keys[0].Thumbprint != "BB" || len(ten.principals) != 1 || ten.asks {
		t.Errorf("apps %+v, principals %v, asks %v", ten.apps, ten.principals, ten.asks)
	}
	if m := ten.linked["other"].Made; m.Application != "object" || m.Principal != "principal" || m.Unique != "u" || m.Adopt != "" {
		t.Errorf("it was left %+v", m)
	}
	if len(ten.drafts)+len(ten.keys) != 0 {
		t.Errorf("drafts %v, keys %v", ten.drafts, ten.keys)
	}
}
