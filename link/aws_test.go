package link_test

import (
	"crypto"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// papers are the certificates of an AWS account, and nothing else of AWS.
type papers struct{ link.AWS }

func (papers) Authority(crypto.Signer, account.AWSLink, time.Time) (account.Certificate, error) {
	return account.Certificate{PEM: "authority"}, nil
}

func (papers) Leaf(account.Certificate, crypto.Signer, crypto.PublicKey, account.AWSLink, time.Time) (account.Certificate, error) {
	return account.Certificate{PEM: "leaf"}, nil
}

// TestAnotherStoreLeavesNoAuthorityBehind has another key store chosen after the
// first one failed with the authority's key: it may be in that one, and is deleted
// when the account is made, or the draft thrown away, or stays on record.
func TestAnotherStoreLeavesNoAuthorityBehind(t *testing.T) {
	first := link.AWSWish{Key: "11111111-2222-4333-8444-555555555555", Authority: "22222222-2222-4333-8444-555555555555", Store: account.Keyring}
	other := link.AWSWish{Key: "33333333-2222-4333-8444-555555555555", Authority: "44444444-2222-4333-8444-555555555555", Store: account.FileStore}
	prepared := func(t *testing.T) (*world, *link.Operations) {
		w := newWorld()
		w.unusable = account.Keyring
		ports := w.ports()
		ports.AWS = papers{}
		ops := link.New(t.Context(), ports)
		t.Cleanup(ops.Close)
		d := account.Draft{ID: "draft", Name: "Production", Provider: account.AWS, Link: account.AWSLink{Method: account.ByCertificate}}
		if _, err := ops.SaveAnswers(t.Context(), d); err != nil {
			t.Fatal(err)
		}
		if err := end(t, ops.PrepareAWS("draft", first)); account.KindOf(err) != account.StoreRanOut {
			t.Fatal(err)
		}
		if err := end(t, ops.PrepareAWS("draft", other)); err != nil {
			t.Fatal(err)
		}
		if d := w.drafts["draft"]; d.Key().ID != other.Key || d.Authority.ID != other.Authority || len(w.keys) != 3 {
			t.Fatalf("keys %+v, authority %+v, %d in the stores", d.Keys, d.Authority, len(w.keys))
		}
		return w, ops
	}
	for _, mended := range []bool{true, false} {
		w, ops := prepared(t)
		if mended {
			w.unusable = ""
		}
		if err := end(t, ops.Finish("draft", holds())); err != nil {
			t.Fatal(err)
		}
		a := w.linked["draft"]
		if mended && (len(w.keys) != 2 || !w.keys[other.Key] || !w.keys[other.Authority] || len(a.Abandoned) != 0) {
			t.Errorf("keys %v, abandoned %+v", w.keys, a.Abandoned)
		}
		if !mended && (len(a.Abandoned) != 1 || a.Abandoned[0].ID != first.Authority || a.Abandoned[0].Store != account.Keyring) {
			t.Errorf("abandoned %+v", a.Abandoned)
		}
	}
	w, ops := prepared(t)
	w.unusable = ""
	if err := end(t, ops.ThrowAway("draft")); err != nil || len(w.keys) != 0 {
		t.Errorf("thrown away: %v, keys %v", err, w.keys)
	}
}
