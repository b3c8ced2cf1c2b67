package cells_test

import (
	"cmp"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/link"
)

// draftID is the draft that is worked on: the account's own, or the one that is to
// take its place.
func (c *cell) draftID() account.ID { return cmp.Or(c.repoints, c.id) }

// answered is the draft of a Microsoft or Azure account, with what was asked.
func (p *running) answered(way account.Way) (account.Draft, error) {
	d, err := p.reg.Draft(p.t.Context(), p.draftID())
	if err == nil {
		return d, nil
	}
	d = account.Draft{
		ID: p.draftID(), Name: cmp.Or(p.name, "Contoso"), Provider: account.Microsoft, Way: way, Cloud: account.Global,
		Link: account.MicrosoftLink{Tenant: account.TenantID(p.tenant.ID()), AppName: account.AppName("Contoso")},
	}
	if p.repoints != "" {
		d.Replaces = p.id
	}
	if p.azure {
		d.Provider, d.Link = account.Azure, account.AzureLink{MicrosoftLink: d.Microsoft(), Scopes: p.scopes, Vaults: true}
	}
	if way == account.ByHand {
		m := d.Microsoft()
		m.Client, m.Organization = account.ClientID(p.person), account.Domain(p.tenant.Initial())
		d = d.WithMicrosoft(m)
	}
	return p.ops.SaveAnswers(p.ctx, d)
}

// connect goes from the sign-in to Connected.
func (c *cell) connect(p *running) error {
	switch {
	case c.done() && c.account().Begun() == account.OldKeyLeft: // of the app it was on
		return p.end(p.ops.Rotate(c.id, link.RotateWish{}))
	case c.done():
		return p.verify()
	}
	d, err := p.answered(account.Automatic)
	if err != nil {
		return p.over(err)
	}
	admin, err := p.signIn(d.Cloud, d.Microsoft())
	if err != nil {
		return p.over(err)
	}
	look := d.SurveyWish()
	look.Adopt = cmp.Or(look.Adopt, p.adopts)
	s, err := admin.Survey(p.ctx, look)
	if err != nil {
		return p.over(err)
	}
	by := link.Signed{Directory: admin}
	if p.azure {
		if by, err = p.signedAzure(by, d.Cloud, d.Microsoft()); err != nil {
			return p.over(err)
		}
	}
	return p.end(p.ops.Connect(d.ID, by, link.ConnectWish{
		Key: newKey(), Graph: s.Graph, Lives: link.Lives, Adopt: s.Adopted.App,
	}))
}

func newKey() link.KeyWish {
	return link.KeyWish{ID: account.KeyID(uuid.NewString()), Store: account.Keyring, Bits: 2048, Life: link.Lives[0], Directory: "downloads"}
}

// done tells whether there is nothing more to link.
func (c *cell) done() bool {
	a, err := c.reg.Account(c.t.Context(), c.id)
	if c.repoints == "" {
		return err == nil
	}
	_, open := c.reg.Draft(c.t.Context(), c.repoints)
	return err == nil && open != nil && !c.left[string(a.Microsoft().Client)]
}

// verify is verifying the account once; an error where a check does not hold.
func (p *running) verify() error {
	op := p.ops.Verify(p.account())
	if err := p.end(op); err != nil {
		return err
	}
	if !op.Last().Report.Linked() {
		return errors.New("a check does not hold")
	}
	return nil
}

// registers is a person who makes the app in the portal, with all but its certificate.
func (c *cell) registers() {
	c.t.Helper()
	app := c.tenant.Register("Xops 360 by hand")
	c.person = app.ClientID
	c.must(c.tenant.AssignGlobalReader(app.ClientID))
	if !c.azure {
		c.must(c.tenant.AddPermission(app.ClientID, simcloud.Application, "AccessReview.Read.All"))
		c.must(c.tenant.GrantConsent(app.ClientID))
		return
	}
	i := slices.IndexFunc(c.tenant.Apps(), func(a simcloud.AppState) bool { return a.ClientID == app.ClientID })
	for _, scope := range c.scopes {
		for _, role := range []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader} {
			c.tenant.AssignAzureRole(scope, role, c.tenant.Apps()[i].PrincipalID)
		}
	}
}

// helps is what a person does in a portal meanwhile: uploads each new file once.
func (p *running) helps() {
	p.mu.Lock()
	there := maps.Clone(p.files)
	p.mu.Unlock()
	for name, text := range there {
		if p.brought[name] {
			continue
		}
		switch {
		case p.person != "" && strings.Contains(text, "CERTIFICATE"):
			p.must(p.tenant.Upload(p.person, []byte(text)))
		case p.amazon != nil:
			p.stacks(name, text)
		}
		p.brought[name] = true
	}
}

// byHand goes from the answers to Connected, with a person in the portal.
func (c *cell) byHand(p *running) error {
	if c.done() {
		return p.verify()
	}
	d, err := p.answered(account.ByHand)
	if err != nil {
		return p.over(err)
	}
	if _, err := p.goOn(p.ops.MakeKey(d.ID, newKey())); err != nil {
		return p.over(err)
	}
	p.helps()
	return p.watched(d.ID)
}

// watched goes from what a person has done to Connected.
func (p *running) watched(id account.ID) error {
	d, err := p.reg.Draft(p.t.Context(), id)
	if err != nil {
		return p.over(err)
	}
	looked, err := p.goOn(p.ops.Watch(d))
	if err != nil {
		return p.over(err)
	}
	return p.end(p.ops.Finish(id, *looked.Report))
}

// linkedByHand is an account that a person has linked.
func (c *cell) linkedByHand() {
	c.t.Helper()
	c.registers()
	c.must(c.byHand(c.process(trouble{})))
	c.connected()
}

// halfway is a draft whose process was killed at that call, when most of it was made.
func (c *cell) halfway(n int, connect func(*cell, *running) error) {
	c.t.Helper()
	if err := connect(c, c.process(trouble{n: n, what: killedAfter})); !errors.Is(err, errDead) && account.KindOf(err) != account.Cancelled {
		c.t.Fatalf("%s: it was not killed: %v", c.where, err)
	}
	d, err := c.reg.Draft(c.t.Context(), c.id)
	c.must(err)
	if d.Made.Nothing() {
		c.t.Fatalf("%s: nothing was made by call %d, %s", c.where, n, c.hit)
	}
}

// repoint is an account that is about to be put on another app, while the one it has
// stays where it is.
func (c *cell) repoint() {
	c.t.Helper()
	c.must(c.connect(c.process(trouble{})))
	c.connected()
	c.left[string(c.account().Microsoft().Client)] = true
	c.repoints = account.ID(uuid.NewString())
}

// repointed looks that it is on another app.
func (c *cell) repointed() {
	c.t.Helper()
	c.connected()
	if a := c.account(); c.left[string(a.Microsoft().Client)] || a.Name != "Contoso" || a.Begun() != "" {
		c.t.Errorf("%s, at %s: the account is %+v", c.where, c.hit, a)
	}
}
