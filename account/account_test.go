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

// TestUndecided: what was refused, made or taken back is decided.
func TestUndecided(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	lost := account.Entry{Change: "elevation", Begun: at, Ended: at, Failed: string(account.TimedOut)}
	refused := account.Entry{Change: "elevation", Begun: at, Ended: at, Failed: string(account.ElevationNotTaken)}
	undone := account.Entry{Change: "undo-elevation", Begun: at, Ended: at}
	undoing := account.Entry{Change: "undo-elevation", Begun: at}
	for name, c := range map[string]struct {
		journal []account.Entry
		want    account.Entry
	}{
		"lost":                 {[]account.Entry{lost}, lost},
		"refused":              {[]account.Entry{refused}, account.Entry{}},
		"lost, then refused":   {[]account.Entry{lost, refused}, lost},
		"taken back":           {[]account.Entry{lost, undone}, account.Entry{}},
		"being taken back":     {[]account.Entry{lost, undoing}, lost},
		"taken back, and lost": {[]account.Entry{undone, lost}, lost},
	} {
		if got := (account.Draft{Journal: c.journal}).Undecided("elevation"); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
