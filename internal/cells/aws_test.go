package cells_test

import (
	"context"
	"strings"
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

// answeredAWS is the draft of an AWS account, with what was asked.
func (p *running) answeredAWS(way account.Way) (account.Draft, error) {
	if d, err := p.reg.Draft(p.t.Context(), p.id); err == nil {
		return d, nil
	}
	return p.ops.SaveAnswers(p.ctx, account.Draft{
		ID: p.id, Name: "Contoso", Provider: account.AWS, Way: way,
		Link: account.AWSLink{Type: account.AWSManagement, Region: home, Method: account.ByCertificate, Tag: "4f2a9c10", DropCA: p.drops},
	})
}

// connectAWS goes from the profile to Connected.
func (c *cell) connectAWS(p *running) error {
	if c.done() {
		return p.verify()
	}
	d, err := p.answeredAWS(account.Automatic)
	if err != nil {
		return p.over(err)
	}
	admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
	if err != nil {
		return p.over(err)
	}
	return p.end(p.ops.ConnectAWS(d.ID, admin, newKeys()))
}

func newKeys() link.AWSWish {
	return link.AWSWish{Key: account.KeyID(uuid.NewString()), Authority: account.KeyID(uuid.NewString()), Store: account.Keyring}
}

// byHandAWS goes from the answers to Connected, with a person who makes a stack of the
// template and brings its Outputs back.
func (c *cell) byHandAWS(p *running) error {
	if c.done() {
		return p.verify()
	}
	d, err := p.answeredAWS(account.ByHand)
	if err != nil {
		return p.over(err)
	}
	wish := newKeys()
	wish.Directory = "downloads"
	if _, err := p.goOn(p.ops.PrepareAWS(d.ID, wish)); err != nil {
		return p.over(err)
	}
	p.helps()
	time.Sleep(time.Minute)
	stacks := p.amazon.Stacks(home)
	if d, err = p.reg.Draft(p.t.Context(), d.ID); err != nil || len(stacks) == 0 {
		return p.over(err)
	}
	l, text := d.AWS(), ""
	for name, value := range stacks[0].Outputs {
		text += name + " " + value + "\n"
	}
	l.Role, l.Anchor, l.Profile = account.AWSOutputs(text)
	d.Link = l
	if d, err = p.ops.SaveAnswers(p.ctx, d); err != nil {
		return p.over(err)
	}
	return p.watched(d.ID)
}

// stacks is a person who makes a stack of a template, or updates it.
func (p *running) stacks(file, template string) {
	name := strings.TrimSuffix(file, ".json")
	if _, err := p.amazon.UploadTemplate(home, name, template); err != nil {
		p.must(p.amazon.UpdateTemplate(home, name, template))
	}
	p.stays = true
}

// emptyAWS looks that nothing is left of what was made by itself.
func (c *cell) emptyAWS() {
	c.t.Helper()
	if c.stays {
		return
	}
	for _, s := range c.amazon.Stacks(home) {
		if s.Status != "DELETE_COMPLETE" {
			c.t.Errorf("%s, at %s: stack %s is %s", c.where, c.hit, s.Name, s.Status)
		}
	}
	if r, a, f := len(c.amazon.Roles()), len(c.amazon.Anchors(home)), len(c.amazon.Profiles(home)); a+f != 0 || r > 1 { // AWS's own role for anchors stays
		c.t.Errorf("%s, at %s: %d roles, %d anchors, %d profiles are left", c.where, c.hit, r, a, f)
	}
}

// soundAWS looks that there are never two of anything.
func (c *cell) soundAWS() {
	c.t.Helper()
	live := 0
	for _, s := range c.amazon.Stacks(home) {
		if !s.Gone() {
			live++
		}
	}
	if a, f := len(c.amazon.Anchors(home)), len(c.amazon.Profiles(home)); live > 1 || a > 1 || f > 1 {
		c.t.Errorf("%s, at %s: %d stacks, %d anchors, %d profiles", c.where, c.hit, live, a, f)
	}
}

// connectedAWS looks that there is one account with one of everything.
func (c *cell) connectedAWS() {
	c.t.Helper()
	acc := c.account()
	if a, f := len(c.amazon.Anchors(home)), len(c.amazon.Profiles(home)); a != 1 || f != 1 {
		c.t.Errorf("%s, at %s: %d anchors, %d profiles; want one of each", c.where, c.hit, a, f)
	}
	live := 0
	for _, s := range c.amazon.Stacks(home) {
		if s.Status == "CREATE_COMPLETE" || s.Status == "UPDATE_COMPLETE" {
			live++
		}
	}
	if live != 1 {
		c.t.Errorf("%s, at %s: stacks are %+v", c.where, c.hit, c.amazon.Stacks(home))
	}
	want := 2
	if c.drops {
		want = 1
	}
	if acc.Authority == nil || c.ring.count() != want {
		c.t.Errorf("%s, at %s: %d keys in the store, want the leaf's and the authority's, where it is kept", c.where, c.hit, c.ring.count())
	}
}
