package account_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
)

func TestDraftSurvivesItsFile(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	want := account.Draft{
		ID: "d1", Name: "Contoso", Provider: account.Microsoft, Way: account.ByHand, Cloud: account.USGov,
		Keys:  []account.Key{{ID: "k1", Store: account.Keyring, Bits: 2048, Stored: true}},
		Link:  account.MicrosoftLink{Tenant: "aaaabbbb-0000-cccc-1111-dddd2222eeee", Client: "00001111-aaaa-2222-bbbb-3333cccc4444"},
		Trail: []string{"name"}, Journal: []account.Entry{{Change: "key", Begun: at}},
		Owner: account.Owner{Host: "h", PID: 7}, Created: at, Updated: at,
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got account.Draft
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("draft changed on its way (-want +got):\n%s", d)
	}

	finished := want.Account(at)
	if b, err = json.Marshal(finished); err != nil {
		t.Fatal(err)
	}
	var account2 account.Account
	if err := json.Unmarshal(b, &account2); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(finished, account2); d != "" {
		t.Errorf("account changed on its way (-want +got):\n%s", d)
	}
}
