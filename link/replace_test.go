package link_test

import (
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// TestReplaced has a draft take the place of an account, once wherever it is
// begun again: the account keeps its id and its name, and no other key is left.
func TestReplaced(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	next := account.Key{ID: "next", Store: account.FileStore}
	_, err := h.reg.ChangeAccount(t.Context(), a.ID, func(a account.Account) (account.Account, error) { a.Next = &next; return a, nil })
	h.must(err)
	h.keys[account.FileStore][next.ID] = true

	d := account.Draft{ID: "d", Name: a.Name, Provider: account.Microsoft, Replaces: a.ID, Created: time.Now()}
	d.Link = account.MicrosoftLink{Tenant: "t", Client: "another"}
	d.Keys = []account.Key{{ID: "new", Store: account.Keyring, Stored: true}}
	h.keys[account.Keyring]["new"] = true
	h.must(h.reg.SaveDraft(t.Context(), d))
	h.must(end(t, h.ops.Finish(d.ID, holds())))
	h.must(h.reg.SaveDraft(t.Context(), d)) // as if it was killed before the draft went
	h.must(end(t, h.ops.Finish(d.ID, holds())))

	got := h.read(a.ID)
	if got.Name != a.Name || got.Microsoft().Client != "another" || got.Key.ID != "new" || got.Begun() != "" || got.Owner != (account.Owner{}) {
		t.Errorf("the account is %+v", got)
	}
	if len(h.keys[account.Keyring]) != 1 || len(h.keys[account.FileStore]) != 0 {
		t.Errorf("keys left: %v", h.keys)
	}
	if _, err := h.reg.Draft(t.Context(), d.ID); account.KindOf(err) != account.NotFound {
		t.Errorf("the draft is still there: %v", err)
	}
	if r, err := h.reg.LastReport(t.Context(), a.ID); err != nil || !r.Linked() {
		t.Errorf("its report is %+v, %v", r, err)
	}
}

// TestAnswersAfterTheReplacement come too late, which is no trouble: the draft
// has taken the place of its account.
func TestAnswersAfterTheReplacement(t *testing.T) {
	h := newHousehold(t)
	a := h.account(1, account.Keyring)
	d := account.Draft{ID: "00000000-0000-4000-8000-0000000000ff", Name: a.Name, Provider: a.Provider, Replaces: a.ID}
	d.Link = account.MicrosoftLink{Tenant: "t", Client: "another"}
	d.Keys = []account.Key{{ID: "new", Store: account.Keyring, Stored: true}}
	d, err := h.ops.SaveAnswers(t.Context(), d)
	h.must(err)
	if _, err := h.ends(h.ops.Finish(d.ID, holds())); err != nil {
		t.Fatal(err)
	}
	if _, err := h.ops.SaveAnswers(t.Context(), d); err != nil {
		t.Errorf("answers that come after it: %v", err)
	}
	h.must(h.reg.Remove(t.Context(), a.ID))
	if _, err := h.ops.SaveAnswers(t.Context(), d); account.KindOf(err) != account.NotFound {
		t.Errorf("answers of a draft that was thrown away: %v", err)
	}
}
