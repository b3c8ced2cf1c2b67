package cells_test

import (
	"context"
	"errors"
	"io"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/azure"
	"github.com/axiomio/xops-onboard/entra"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/link"
)

// running is a process.
type running struct {
	*cell
	trouble trouble
	ops     *link.Operations
	ctx     context.Context
	stop    context.CancelFunc

	dead bool // by cell.mu
}

// process starts a process, in whose way that trouble comes.
func (c *cell) process(tr trouble) *running {
	c.t.Helper()
	p := &running{cell: c, trouble: tr}
	p.ctx, p.stop = context.WithCancel(c.t.Context())
	client, err := rest.New(rest.Options{Transport: p, Version: "test", Now: time.Now})
	c.must(err)
	e := entra.New(client, time.Now)
	c.mu.Lock()
	c.hosts, c.points.writes = nil, 0
	c.mu.Unlock()
	c.ahead(0)
	sign := func(ctx context.Context, _ account.SignInWay, wish account.SignInWish, tell func(account.SignInPrompt)) (link.Administrator, error) {
		return e.SignInGraph(ctx, account.ByDeviceCode, wish, tell)
	}
	ports := link.Ports{
		Keys: mortalRing{c.ring, p}, Registry: mortalDisk{c.reg, p}, Microsoft: e, SignIn: sign, Save: mortalFiles{p}, Now: time.Now,
		Azure: azure.New(client, e, time.Now), SignInAzure: signInAzure(client, e),
	}
	if c.amazon != nil {
		ports.AWS = c.aws(client)
	}
	p.ops = link.New(p.ctx, ports)
	return p
}

// over is the end of a process with that error.
func (p *running) over(err error) error {
	p.stop()
	p.ops.Close()
	return err
}

// end waits for an operation, and says how it ended. Meanwhile a person does what
// is theirs to do, and after a while without an end stops it.
func (p *running) end(op *link.Operation) error {
	_, err := p.goOn(op)
	return p.over(err)
}

// goOn is end of an operation after which the process lives on, with the last it told.
func (p *running) goOn(op *link.Operation) (link.Event, error) {
	long := time.AfterFunc(troubleFor, op.Stop)
	defer long.Stop()
	for {
		p.helps()
		if _, err := op.Next(context.WithoutCancel(p.ctx)); err != nil {
			if errors.Is(err, io.EOF) {
				err = p.alive()
			}
			return op.Last(), err
		}
	}
}

// signIn has the administrator sign in for the tenant that is worked on.
func (p *running) signIn(cloud account.CloudID, l account.MicrosoftLink) (link.Administrator, error) {
	wish := account.SignInWish{Cloud: cloud, Tenant: l.Tenant}
	return p.ops.Ports().SignIn(p.ctx, account.ByDeviceCode, wish, p.enters)
}

// signed is who signed in: for AWS by the environment, for Azure to Azure as well.
func (p *running) signed(cloud account.CloudID, l account.MicrosoftLink) (by link.Signed, err error) {
	if p.amazon != nil {
		by.AWS, err = p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
		return by, err
	}
	if by.Directory, err = p.signIn(cloud, l); err != nil || !p.azure {
		return by, err
	}
	return p.signedAzure(by, cloud, l)
}

func (p *running) signedAzure(by link.Signed, cloud account.CloudID, l account.MicrosoftLink) (link.Signed, error) {
	wish := account.SignInWish{Cloud: cloud, Tenant: l.Tenant}
	var err error
	by.Azure, err = p.ops.Ports().SignInAzure(p.ctx, account.ByDeviceCode, wish, p.enters)
	return by, err
}

// enters is the administrator's answer to a device code.
func (p *running) enters(s account.SignInPrompt) {
	if err := p.tenant.EnterCode(person, s.UserCode); err != nil {
		p.t.Errorf("%s: %v", p.where, err)
	}
}

// vanish takes back what was begun and removes what is linked, with an administrator
// where something was made for it, and looks that nothing is left.
func (c *cell) vanish() {
	c.t.Helper()
	c.watch = nil
	list, err := c.reg.Contents(c.t.Context())
	c.must(err)
	for _, row := range list.Drafts {
		d, err := c.reg.Draft(c.t.Context(), row.ID)
		c.must(err)
		p := c.process(trouble{})
		if d.Way != account.Automatic {
			c.must(p.end(p.ops.ThrowAway(d.ID)))
			continue
		}
		by, err := p.signed(d.Cloud, d.Microsoft())
		c.must(err)
		c.must(p.end(p.ops.TakeBack(d.ID, by)))
	}
	list, err = c.reg.Contents(c.t.Context())
	c.must(err)
	for _, row := range list.Accounts {
		c.must(c.process(trouble{}).remove(row.ID))
	}
	c.nothing()
}

// remove removes an account, or goes on with it.
func (p *running) remove(id account.ID) error {
	a, err := p.reg.Account(p.t.Context(), id)
	d := a.Leaving()
	again := account.KindOf(err) == account.NotFound
	if again {
		if d, err = p.reg.Draft(p.t.Context(), id); account.KindOf(err) == account.NotFound {
			return p.over(nil) // it is done
		}
	}
	if err != nil {
		return p.over(err)
	}
	if d.Way == account.ByHand {
		if again {
			return p.end(p.ops.ThrowAway(id))
		}
		return p.end(p.ops.Remove(id, link.Signed{}))
	}
	by, err := p.signed(d.Cloud, d.Microsoft())
	if err != nil {
		return p.over(err)
	}
	if again {
		return p.end(p.ops.TakeBack(id, by))
	}
	return p.end(p.ops.Remove(id, by))
}
