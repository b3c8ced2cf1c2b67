package cli_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
)

// linked adds an account with a key of its own, as an automatic onboarding
// leaves it.
func (b *bench) linked(name account.Name, expires time.Time) account.Account {
	b.t.Helper()
	id := account.ID(uuid.NewString())
	key := account.Key{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Stored: true}
	key.Certificate = account.Certificate{PEM: "certificate of " + string(name), SHA1: strings.Repeat("CD", 20), NotBefore: expires.AddDate(0, -6, 0), NotAfter: expires}
	link := account.MicrosoftLink{
		Tenant: tenantID, Client: account.ClientID(uuid.NewString()), TenantName: "Contoso Ltd", Organization: "contoso.onmicrosoft.com",
		AppName: account.AppName(name), Application: "application-id", Principal: "principal-id",
	}
	d := account.Draft{
		ID: id, Name: name, Provider: account.Microsoft, Way: account.Automatic, Cloud: account.Global, Link: link, Keys: []account.Key{key},
		Made: account.Made{Unique: "xops-onboard-x", Graph: "graph", Application: "application-id", Principal: "principal-id", Grant: "grant-id", Role: "role-id", By: "ada@contoso.com"},
	}
	b.do(b.registry.SaveDraft(b.t.Context(), d))
	a := d.Account(time.Now())
	b.do(b.registry.Finish(b.t.Context(), a))
	b.keys[key.ID] = true
	b.put(key.Certificate.PEM)
	return a
}

func (b *bench) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// change changes an account on disk.
func (b *bench) change(id account.ID, f func(*account.Account)) {
	b.t.Helper()
	_, err := b.registry.ChangeAccount(b.t.Context(), id, func(a account.Account) (account.Account, error) { f(&a); return a, nil })
	b.do(err)
}

func TestList(t *testing.T) {
	b := newBench(t)
	if code, out, errs := b.call("list"); code != cli.Done || out != "" || !strings.Contains(errs, "There is no account.") {
		t.Errorf("none: code %d, %q, %q", code, out, errs)
	}
	if _, out, _ := b.call("list", "--json"); strings.TrimSpace(out) != `{"accounts":[]}` {
		t.Errorf("none as JSON: %q", out)
	}
	now := time.Now()
	contoso := b.linked("Contoso", now.Add(171*24*time.Hour+time.Hour))
	fabrikam := b.linked("Fabrikam", now.Add(-time.Hour))
	b.byHand()
	b.change(fabrikam.ID, func(a *account.Account) { a.Last = &account.Key{ID: "old"} })
	report := checked(account.Missing)
	report.At = now.Add(-3*time.Minute - time.Second)
	b.do(b.registry.SaveReport(t.Context(), contoso.ID, report))
	code, out, errs := b.call("list")
	want := "Contoso: Microsoft Global, tenant Contoso Ltd, key ends in 171 days, a check did not hold 3 minutes ago\n" +
		"Fabrikam: Microsoft Global, tenant Contoso Ltd, key expired, not checked yet, the key before is not gone yet\n"
	if code != cli.Done || out != want || !strings.Contains(errs, "1 draft is not finished") {
		t.Errorf("code %d\n%s\n%s", code, out, errs)
	}
	_, out, _ = b.call("list", "--json")
	list := objects(t, out)[0]["accounts"].([]any)
	first, second := list[0].(map[string]any), list[1].(map[string]any)
	last, _ := first["checked"].(map[string]any)
	if len(list) != 2 || first["name"] != "Contoso" || first["daysLeft"] != 171.0 || first["tenant"] != tenantID || last["state"] != "missing" || last["ageSeconds"].(float64) < 181 {
		t.Errorf("as JSON: %v", first)
	}
	if second["begun"] != "old-key" || second["daysLeft"] != -1.0 || second["checked"] != nil || second["owned"] != false {
		t.Errorf("as JSON: %v", second)
	}
}

// TestListAWS has the end of a certificate, and none where there is none.
func TestListAWS(t *testing.T) {
	b := newBench(t)
	b.linkedAWS(false)
	b.byProfile()
	_, out, _ := b.call("list", "--json")
	list := objects(t, out)[0]["accounts"].([]any)
	if one := list[0].(map[string]any); one["expires"] == nil || one["daysLeft"] == nil {
		t.Errorf("by a certificate: %v", one)
	}
	one := list[1].(map[string]any)
	for _, name := range []string{"expires", "daysLeft"} {
		if _, there := one[name]; there {
			t.Errorf("by a profile there is %s: %v", name, one)
		}
	}
	if of, _ := one["aws"].(map[string]any); of["configProfile"] != "admin" || of["externalId"] != "external-id" {
		t.Errorf("by a profile: %v", one)
	}
}

// TestListIsNotAll says that something could not be read, and lists the rest.
func TestListIsNotAll(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now())
	b.damaged = []account.Problem{{Kind: account.RegistryDamaged, Subject: "/data/accounts/x.json"}}
	code, out, errs := b.call("list")
	if code != cli.Failed || !strings.HasPrefix(out, "Contoso: ") || !strings.Contains(errs, "/data/accounts/x.json is damaged") {
		t.Errorf("code %d, %q, %q", code, out, errs)
	}
	b = newBench(t)
	b.damaged = []account.Problem{{Kind: account.RegistryDamaged, Subject: "/data/accounts/x.json"}}
	if code, out, errs := b.call("list"); code != cli.Failed || out != "" || strings.Contains(errs, "no account") {
		t.Errorf("nothing but that: code %d, %q, %q", code, out, errs)
	}
	code, out, _ = b.call("list", "--json")
	if all := objects(t, out); code != cli.Failed || len(all) != 1 || all[0]["state"] != "failed" {
		t.Errorf("nothing but that, as JSON: code %d, %q", code, out)
	}
}
