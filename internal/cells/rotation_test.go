package cells_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/link"
)

// rotate gives the account another key by itself.
func (c *cell) rotate(p *running) error {
	wish := link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 2048, Lives: link.Lives}
	if c.amazon != nil {
		wish.Bits, wish.Lives = 256, []time.Duration{account.AWSLeafLife}
	}
	return c.rotateBy(p, wish)
}

// rotateBy is done where an earlier run came so far that nothing is left of it.
func (c *cell) rotateBy(p *running, wish link.RotateWish) error {
	if a := c.account(); a.Key.ID != c.was.Key.ID && a.Begun() == "" {
		return p.verify()
	}
	return p.end(p.ops.Rotate(p.id, wish))
}

// rotateByAdministrator has an administrator bring the certificate.
func (c *cell) rotateByAdministrator(p *running) error {
	a := c.account()
	admin, err := p.signIn(a.Cloud, a.Microsoft())
	if err != nil {
		return p.over(err)
	}
	return c.rotateBy(p, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 2048, Lives: link.Lives, Admin: admin})
}

// rotateByHand has a person upload the certificate.
func (c *cell) rotateByHand(p *running) error {
	return c.rotateBy(p, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 2048, Lives: link.Lives, Directory: "downloads"})
}

// rotateByStack has an administrator's update of the stack bring another authority.
func (c *cell) rotateByStack(p *running) error {
	if a := c.account(); a.Key.ID != c.was.Key.ID && a.Begun() == "" {
		return p.verify()
	}
	op, err := c.byStack(p)
	if err != nil {
		return p.over(err)
	}
	return p.end(op)
}

func (c *cell) byStack(p *running) (*link.Operation, error) {
	admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
	if err != nil {
		return nil, err
	}
	return c.renewing(p, admin), nil
}

// has is a rotation's account as it was before.
func (c *cell) has() { c.was = c.account() }

// worksStill is works where the account's key or the app's certificates are others than
// they were when it last looked.
func (c *cell) worksStill() {
	state := fmt.Sprint(c.account().Key.ID)
	for _, a := range c.apps() {
		state += fmt.Sprint(a.Certificates)
	}
	if state != c.looked {
		c.looked = state
		c.works()
	}
}

// works looks that a token is issued for the account's key as it is on disk now.
func (c *cell) works() {
	a, err := c.reg.Account(c.t.Context(), c.id)
	if err != nil {
		c.t.Errorf("%s: %v", c.where, err)
		return
	}
	signer, ok := c.ring.signer(a.Key.Store, a.Key.ID)
	if !ok {
		c.t.Errorf("%s, at %s: the account's key is not in the store", c.where, c.hit)
		return
	}
	client, err := rest.New(rest.Options{Transport: c.cloud.Client().Transport, Version: "test", Now: c.serverTime})
	c.must(err)
	target := account.Target{Cloud: a.Cloud, Link: a.Microsoft(), Certificate: a.Key.Certificate}
	if _, err := entra.New(client, c.serverTime).Accepts(c.t.Context(), target, signer); err != nil {
		c.t.Errorf("%s, at %s: the account's key gets no token: %v", c.where, c.hit, err)
	}
}

// rotated looks that the account has another key, and nothing else is left.
func (c *cell) rotated() {
	c.t.Helper()
	c.connected()
	a := c.account()
	if c.amazon == nil {
		c.works()
	} else {
		c.linkedNow()
	}
	if a.Key.ID == c.was.Key.ID || a.Key.Certificate.SHA256 == c.was.Key.Certificate.SHA256 || a.Begun() != "" {
		c.t.Errorf("%s, at %s: the account is %+v", c.where, c.hit, a)
	}
}

// rotatedAuthority looks that the authority is another one, too.
func (c *cell) rotatedAuthority() {
	c.t.Helper()
	c.rotated()
	if a := c.account(); a.Authority.ID == c.was.Authority.ID || a.Authority.Stored {
		c.t.Errorf("%s, at %s: the authority is %+v", c.where, c.hit, a.Authority)
	}
}

// TestAWSRotationAlone is refused before anything is begun, where the authority's key
// was dropped and no administrator is there.
func TestAWSRotationAlone(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		c.drops = true
		c.must(c.connectAWS(c.process(trouble{})))
		c.has()
		if err := c.rotate(c.process(trouble{})); account.KindOf(err) != account.AuthorityGone || c.ring.count() != 1 {
			t.Errorf("without an administrator: %v, %d keys", err, c.ring.count())
		}
	})
}
