package cells_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/link"
)

// watched is an administrator of whom is counted what was asked.
type watched struct {
	link.AWSAdministrator
	forgets, updates int
}

func (w *watched) Forget() { w.forgets++; w.AWSAdministrator.Forget() }

func (w *watched) UpdateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error) {
	w.updates++
	return w.AWSAdministrator.UpdateStack(ctx, name, template, tell)
}

// renewing is a rotation by that administrator.
func (c *cell) renewing(p *running, by link.AWSAdministrator) *link.Operation {
	return p.ops.Rotate(c.id, link.RotateWish{
		Key: account.KeyID(uuid.NewString()), Authority: account.KeyID(uuid.NewString()), Bits: 256,
		Lives: []time.Duration{account.AWSLeafLife}, AWS: by,
	})
}

// stoppedAt runs an operation until a stage begins, and stops it there.
func (c *cell) stoppedAt(p *running, op *link.Operation, stage string) {
	c.t.Helper()
	for {
		e, err := op.Next(context.WithoutCancel(p.ctx))
		if err != nil {
			if account.KindOf(err) != account.Cancelled {
				c.t.Errorf("it ended %v", err)
			}
			return
		}
		if e.Step == stage {
			op.Stop()
		}
	}
}

// TestAWSTrialAgain goes on with a rotation whose trial did not end: the same
// person's credentials are there still, and the stack is not asked for once more.
func TestAWSTrialAgain(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		c.drops = true
		c.must(c.connectAWS(c.process(trouble{})))
		p := c.process(trouble{})
		admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
		c.must(err)
		by := &watched{AWSAdministrator: admin}
		c.stoppedAt(p, c.renewing(p, by), link.TheTrial)
		if by.forgets != 0 || by.updates != 1 {
			t.Errorf("before the trial held: forgotten %d times, %d updates", by.forgets, by.updates)
		}
		c.must(p.end(c.renewing(p, by)))
		if by.forgets == 0 || by.updates != 1 {
			t.Errorf("afterwards: forgotten %d times, %d updates", by.forgets, by.updates)
		}
	})
}

// TestAWSAuthorityEnds gives an account whose authority still signs, and soon will
// not, another one without an outage: nothing of the old one is left.
func TestAWSAuthorityEnds(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		c.must(c.connectAWS(c.process(trouble{})))
		before := c.account()
		if link.MayRenewAuthority(before, time.Now()) {
			t.Error("a new authority is called out")
		}
		p := c.process(trouble{})
		c.must(p.end(p.ops.Rotate(c.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 256, Lives: []time.Duration{account.AWSLeafLife}})))
		time.Sleep(account.AWSAuthorityLife - account.AuthorityExpiring + time.Hour)
		if a := c.account(); !link.MayRenewAuthority(a, time.Now()) || !link.Signs(a, time.Now()) {
			t.Error("it signs, and another may be brought")
		}
		// One that was begun without an administrator has a certificate of the old one.
		p = c.process(trouble{})
		c.stoppedAt(p, p.ops.Rotate(c.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 256, Lives: []time.Duration{account.AWSLeafLife}}), link.TheTrial)
		p.stop()
		p.ops.Close()
		p = c.process(trouble{})
		op, err := c.byStack(p)
		c.must(err)
		c.must(p.end(op))
		after := c.account()
		if after.Authority.ID == before.Authority.ID || !after.Authority.Stored || after.Begun() != "" || c.ring.count() != 2 || after.LastAuthority != nil || link.MayRenewAuthority(after, time.Now()) {
			t.Errorf("the authority is %+v, the last %+v, begun %q, %d keys", after.Authority, after.LastAuthority, after.Begun(), c.ring.count())
		}
		c.linkedNow()
	})
}

// TestAWSNextAuthorityEnds goes on with a rotation that was left for so long that
// the authority which it brought is over: the same key gets another certificate.
func TestAWSNextAuthorityEnds(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		c.drops = true
		c.must(c.connectAWS(c.process(trouble{})))
		p := c.process(trouble{})
		op, err := c.byStack(p)
		c.must(err)
		c.stoppedAt(p, op, link.TheTrial)
		p.stop()
		p.ops.Close()
		next := c.account().NextAuthority
		time.Sleep(account.AWSAuthorityLife + time.Hour)
		p = c.process(trouble{})
		op, err = c.byStack(p)
		c.must(err)
		c.must(p.end(op))
		a := c.account()
		if a.Authority.ID != next.ID || a.Authority.Certificate.SHA256 == next.Certificate.SHA256 || a.Brought.Made() || a.Begun() != "" || c.ring.count() != 1 {
			t.Errorf("the authority is %+v, begun %q, %d keys", a.Authority, a.Begun(), c.ring.count())
		}
	})
}
