package cells_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
	"github.com/axiomio/xops-onboard/link"
)

const home = "eu-west-1"

// amazon is an AWS account and the access key of its administrator.
type amazon struct {
	*simaws.Account
	key simaws.Key
}

// port is aws as main has it.
type port struct{ *aws.AWS }

func (p port) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	admin, err := p.AWS.SignIn(ctx, profile, region)
	if err != nil {
		return nil, err
	}
	return admin, nil
}

func (c *cell) aws(client *rest.Client) link.AWS {
	return port{aws.New(client, time.Now, func(name string) string {
		return map[string]string{"AWS_ACCESS_KEY_ID": c.amazon.key.ID, "AWS_SECRET_ACCESS_KEY": c.amazon.key.Secret, "AWS_REGION": home}[name]
	})}
}

// inAmazon gives the cell an AWS account, where it takes a while until a stack is
// made and its role can be taken.
func (c *cell) inAmazon() {
	a := c.cloud.AWS().AddAccount(simaws.AccountSpec{Name: "Contoso", Alias: "contoso", Organization: simaws.Management})
	c.amazon = &amazon{a, a.AddUser("ada", true)}
	c.cloud.AWS().SetResourceTime(2 * time.Second)
	c.cloud.AWS().SetSpreading(5 * time.Second)
}

// connectAWS goes from the profile to Connected.
func (c *cell) connectAWS(p *running) error {
	op, err := c.beginAWS(p)
	if err != nil {
		p.stop()
		p.ops.Close()
		return err
	}
	return p.end(op)
}

func (c *cell) beginAWS(p *running) (*link.Operation, error) {
	d, err := p.reg.Draft(p.t.Context(), p.id)
	if err != nil {
		d = account.Draft{
			ID: p.id, Name: "Contoso", Provider: account.AWS, Way: account.Automatic,
			Link: account.AWSLink{Type: account.AWSManagement, Region: home, Method: account.ByCertificate, Tag: "4f2a9c10", DropCA: c.drops},
		}
		if d, err = p.ops.SaveAnswers(p.ctx, d); err != nil {
			return nil, err
		}
	}
	admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
	if err != nil {
		return nil, err
	}
	return p.ops.ConnectAWS(d.ID, admin, link.AWSWish{
		Key: account.KeyID(uuid.NewString()), Authority: account.KeyID(uuid.NewString()), Store: account.Keyring,
	}), nil
}

// backAWS takes everything back, and looks that nothing is left.
func (c *cell) backAWS(p *running) {
	c.t.Helper()
	admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
	c.must(err)
	c.must(p.end(p.ops.TakeBack(p.id, link.Signed{AWS: admin})))
	c.emptyAWS()
}

func (c *cell) emptyAWS() {
	c.t.Helper()
	for _, s := range c.amazon.Stacks(home) {
		if s.Status != "DELETE_COMPLETE" {
			c.t.Errorf("%s, at %s: stack %s is %s", c.where, c.hit, s.Name, s.Status)
		}
	}
	if r, a, f := len(c.amazon.Roles()), len(c.amazon.Anchors(home)), len(c.amazon.Profiles(home)); a+f != 0 || r > 1 { // AWS's own role for anchors stays
		c.t.Errorf("%s, at %s: %d roles, %d anchors, %d profiles are left", c.where, c.hit, r, a, f)
	}
	if list, err := c.reg.Contents(c.t.Context()); err != nil || len(list.Drafts)+len(list.Accounts) != 0 {
		c.t.Errorf("%s: left on disk: %+v, %v", c.where, list, err)
	}
	if n := c.ring.count(); n != 0 {
		c.t.Errorf("%s: %d keys are left", c.where, n)
	}
}

// connectedAWS looks that there is one account with one of everything.
func (c *cell) connectedAWS() {
	c.t.Helper()
	acc, err := c.reg.Account(c.t.Context(), c.id)
	c.must(err)
	if a, f := len(c.amazon.Anchors(home)), len(c.amazon.Profiles(home)); a != 1 || f != 1 {
		c.t.Errorf("%s, at %s: %d anchors, %d profiles; want one of each", c.where, c.hit, a, f)
	}
	live := 0
	for _, s := range c.amazon.Stacks(home) {
		if s.Status == "CREATE_COMPLETE" {
			live++
		}
	}
	if live != 1 {
		c.t.Errorf("%s, at %s: stacks are %+v", c.where, c.hit, c.amazon.Stacks(home))
	}
	if acc.Authority == nil || c.ring.count() != 2 {
		c.t.Errorf("%s: %d keys in the store, want the leaf's and the authority's", c.where, c.ring.count())
	}
}

// TestEveryAWSCall has each trouble at each call of linking an AWS account.
// Resumed it ends Connected, with one stack; taken back, nothing is left.
func TestEveryAWSCall(t *testing.T) {
	o := onboarding{provider: "aws", begin: (*cell).inAmazon, connect: (*cell).connectAWS, connected: (*cell).connectedAWS, back: (*cell).backAWS, varies: true}
	o.everyCall(t, counted(t, len(o.hosts(t)), 10))
}

// TestAWSRotation gives an account another leaf with trouble at each call: the old
// one works until the new one does, and nobody is asked.
func TestAWSRotation(t *testing.T) {
	var before account.Account
	r := rotation{provider: "aws", varies: true, between: func(*cell) {}}
	r.begin = func(c *cell) {
		c.inAmazon()
		c.must(c.connectAWS(c.process(0, "")))
		before = c.account()
	}
	r.rotate = func(c *cell, p *running) error {
		return p.end(p.ops.Rotate(c.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 256, Lives: []time.Duration{account.AWSLeafLife}}))
	}
	r.everyCall(t, 1, func(c *cell) {
		after := c.account()
		if after.Key.ID == before.Key.ID || after.Key.Certificate.SHA256 == before.Key.Certificate.SHA256 || after.Begun() != "" || c.ring.count() != 2 {
			c.t.Errorf("%s: the key is %+v, begun %q, %d keys", c.where, after.Key, after.Begun(), c.ring.count())
		}
		c.linkedNow()
	})
}

// TestAWSRotationByStack gives an account whose authority's key was dropped
// another leaf, with trouble at each call: another authority signs it, which an
// administrator's update of the stack brings to the trust anchor. Without one
// nothing is begun.
func TestAWSRotationByStack(t *testing.T) {
	var before account.Account
	r := rotation{provider: "aws", how: " by the stack", varies: true, between: func(*cell) {}}
	r.begin = func(c *cell) {
		c.inAmazon()
		c.drops = true
		c.must(c.connectAWS(c.process(0, "")))
		before = c.account()
		if c.ring.count() != 1 {
			c.t.Errorf("%s: %d keys, want the leaf's alone", c.where, c.ring.count())
		}
	}
	r.rotate = func(c *cell, p *running) error {
		op, err := c.rotateByStack(p)
		if err != nil {
			p.stop()
			p.ops.Close()
			return err
		}
		return p.end(op)
	}
	inBubble(t, false, func(c *cell) {
		r.begin(c)
		alone := c.process(0, "")
		err := alone.end(alone.ops.Rotate(c.id, link.RotateWish{Key: account.KeyID(uuid.NewString()), Bits: 256, Lives: []time.Duration{account.AWSLeafLife}}))
		if account.KindOf(err) != account.AuthorityGone || c.ring.count() != 1 {
			t.Errorf("without an administrator: %v, %d keys", err, c.ring.count())
		}
	})
	r.everyCall(t, 1, func(c *cell) {
		after := c.account()
		if after.Key.ID == before.Key.ID || after.Authority.ID == before.Authority.ID || after.Authority.Stored || after.Begun() != "" || c.ring.count() != 1 {
			c.t.Errorf("%s: the key is %+v, the authority %+v, begun %q, %d keys", c.where, after.Key, after.Authority, after.Begun(), c.ring.count())
		}
		c.linkedNow()
	})
}

var theCurveKeys = sync.OnceValue(func() (all [4]crypto.Signer) {
	for i := range all {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			panic(err)
		}
		all[i] = k
	}
	return all
})
