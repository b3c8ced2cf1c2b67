package cells_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/link"
)

// TestRotationAtEveryCall has each trouble at each call of a rotation. At every
// moment the account's own key gets a token; and rotated again it ends with one
// key and its one certificate.
func TestRotationAtEveryCall(t *testing.T) {
	var before account.Account
	r := rotation{provider: "microsoft", rotate: (*cell).rotate, between: (*cell).works}
	r.begin = func(c *cell) {
		c.linked()
		before = c.account()
	}
	r.everyCall(t, 10, func(c *cell) { c.rotated(before) })
}

// linked is an account that was connected an hour ago.
func (c *cell) linked() {
	c.t.Helper()
	c.must(c.connect(c.process(0, "")))
	c.connected()
	c.watch = c.works
}

func (c *cell) account() account.Account {
	c.t.Helper()
	a, err := c.reg.Account(c.t.Context(), c.id)
	c.must(err)
	return a
}

func (c *cell) rotate(p *running) error {
	return p.end(p.ops.Rotate(p.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 2048, Lives: link.Lives}))
}

// works looks that a token is issued for the account's key as it is on disk now.
func (c *cell) works() {
	a, err := c.reg.Account(c.t.Context(), c.id)
	if err != nil {
		c.t.Errorf("%s: %v", c.where, err)
		return
	}
	signer, ok := c.ring.signer(a.Key.ID)
	if !ok {
		c.t.Errorf("%s, at %s: the account's key is not in the store", c.where, c.hit)
		return
	}
	client, err := rest.New(rest.Options{Transport: c.cloud.Client().Transport, Version: "test", Now: time.Now})
	c.must(err)
	target := account.Target{Cloud: a.Cloud, Link: a.Microsoft(), Certificate: a.Key.Certificate}
	if _, err := entra.New(client, time.Now).Accepts(c.t.Context(), target, signer); err != nil {
		c.t.Errorf("%s, at %s: the account's key gets no token: %v", c.where, c.hit, err)
	}
}

// rotated looks that the account has another key, and nothing else is left.
func (c *cell) rotated(before account.Account) {
	c.t.Helper()
	c.connected()
	c.works()
	a := c.account()
	if a.Key.ID == before.Key.ID || a.Next != nil || a.Last != nil || a.Owner != (account.Owner{}) {
		c.t.Errorf("%s, at %s: the account is %+v", c.where, c.hit, a)
	}
}
