package link

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
)

// ConnectWish is how an account is to be connected by a signed-in
// administrator.
type ConnectWish struct {
	Key   KeyWish
	Graph account.ObjectID // Microsoft Graph's own enterprise app, as the survey found it
	Lives []time.Duration  // of the certificate, to be tried in this order
	Adopt account.App      // an app that is there and that the person agreed to use; zero: one is made
}

// connects tells whether who signed in can connect that draft.
func (s Signed) connects(d account.Draft) bool {
	return s.Directory != nil && (d.Provider != account.Azure || s.Azure != nil)
}

// The changes of a tenant, in their order.
const (
	TheApplication = "application"
	ThePrincipal   = "principal"
	TheGrant       = "grant"
	TheRole        = "role"
	TheAzureRole   = "azure-role" // and, after a colon, the role and where
	TheStack       = "stack"
)

// adoption is the name that the journal has for TheApplication where an app
// that is there is used: what an attempt may have left is another thing.
const adoption = "adoption"

// Changes are the names of the changes that Connect makes in a tenant.
var Changes = []string{TheApplication, ThePrincipal, TheGrant, TheRole}

// connecting is one run of Connect.
type connecting struct {
	os    *Operations
	by    Signed
	admin Administrator // of the directory
	wish  ConnectWish
	tell  func(Event)
	draft account.Draft

	signer crypto.Signer // of the draft's key, once it was needed: a keyring takes its time
}

// Connect makes everything that a Microsoft or Azure account needs: the key, and
// in the tenant the app registration, its enterprise app, the permission's grant
// and the role, and for Azure its roles there; then it drops the administrator's
// tokens, verifies with the certificate, and makes the draft an account. Each change is on record before
// and after it. What is done already is found and not done again, so that it
// can be stopped between any two changes and started anew.
//
// Where it fails the token is kept, for another try; dropping it then is the
// caller's.
func (os *Operations) Connect(id account.ID, by Signed, wish ConnectWish) *Operation {
	return os.start(func(ctx context.Context, tell func(Event)) error {
		d, err := os.ports.Registry.Draft(ctx, id)
		if err != nil {
			return err
		}
		if !by.connects(d) {
			return &account.Problem{Kind: account.SignInOver}
		}
		c := &connecting{os: os, by: by, admin: by.Directory, wish: wish, tell: tell, draft: d}
		for _, step := range []func(context.Context) error{c.key, c.intent, c.clear, c.application, c.principal, c.grant, c.role, c.azureRoles, c.stepDown} {
			if err := ctx.Err(); err != nil {
				return &account.Problem{Kind: account.Cancelled, Err: err}
			}
			if err := step(ctx); err != nil {
				return err
			}
		}
		by.Forget()
		report, err := c.os.settled(ctx, c.draft, c.check, c.tell)
		if err != nil {
			return err
		}
		return os.finish(ctx, id, report, tell)
	})
}

// key has the private key in its store.
func (c *connecting) key(ctx context.Context) (err error) {
	c.draft, err = c.os.storeKey(ctx, c.draft, ownKey, c.wish.Key, c.tell)
	return err
}

// intent has on record how the draft's app is found again, who signed in, and
// of an app that is to be used what it has before it is touched.
func (c *connecting) intent(ctx context.Context) (err error) {
	was, who := c.draft.Made, c.admin.Person()
	is := was
	is.Unique, is.By, is.Client = "xops-onboard-"+string(c.draft.ID), who.UPN, who.Client
	if c.wish.Graph != "" {
		is.Graph = c.wish.Graph
	}
	if c.wish.Adopt.Found() && was.Application == "" && was.Adopt == "" {
		is.Adopt, is.AdoptClient = c.wish.Adopt.Application, c.wish.Adopt.Client
		if is.Had, _, err = c.admin.Had(ctx, c.wish.Adopt, is.Graph); err != nil {
			return c.os.told(TheApplication, c.draft, err, nil, c.tell)
		}
	}
	if is.Unique == was.Unique && is.By == was.By && is.Client == was.Client && is.Graph == was.Graph && is.Adopt == was.Adopt {
		return nil
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft {
		d.Made = is
		return d
	})
	return err
}

// clear takes back the app that an attempt made whose answer was lost, before
// another is used in its place: there are never two.
func (c *connecting) clear(ctx context.Context) error {
	m := c.draft.Made
	if m.Adopt == "" || m.Adopted != nil || m.Application == "" && !c.lostApp() {
		return nil
	}
	t := &takingBack{*c}
	for _, step := range []func(context.Context) error{t.find, t.application, t.purge} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.draft = t.draft
	return nil
}

// lostApp tells whether an app of the draft's own may be there whose ids are not
// known.
func (c *connecting) lostApp() bool {
	return c.draft.Made.Application == "" && c.undecided(TheApplication) && !c.deleted()
}

// deleted tells whether an app of the draft's own was deleted again.
func (c *connecting) deleted() bool { return c.draft.Last("undo-" + TheApplication).Made() }

// undecided tells whether an attempt at a change may have made it.
func (c *connecting) undecided(change string) bool {
	return c.draft.Undecided(change) != account.Entry{}
}

// run makes one change of the tenant. It is on record before, and what it
// brought is on record after; what was called is evidence.
func (c *connecting) run(ctx context.Context, name string, do func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error)) error {
	step := name
	if name == adoption {
		step = TheApplication
	}
	step, _, _ = strings.Cut(step, ":")
	c.tell(Event{Step: step, State: Doing, Draft: c.draft})
	d, err := c.os.begin(ctx, c.draft.ID, name)
	if err != nil {
		return c.os.told(step, c.draft, err, nil, c.tell)
	}
	c.draft = d
	var made func(account.Draft) account.Draft
	var calls []account.Evidence
	own := c.os.write(ctx, TheTenant, func(context.Context) (err error) {
		made, calls, err = do(ctx, func(p account.Pause) { c.tell(Event{Step: step, State: Pausing, Draft: c.draft, Pause: &p}) })
		return err
	})
	kept := context.WithoutCancel(ctx)
	logged := c.os.ports.Registry.AppendEvidence(kept, d.ID, name, calls)
	d, err = c.os.end(kept, d.ID, name, own, func(d account.Draft) account.Draft {
		if made != nil {
			d = made(d)
		}
		return d
	})
	if err == nil {
		c.draft, err = d, logged
	}
	return c.os.told(step, c.draft, own, err, c.tell)
}

// application is the app registration with its certificate.
func (c *connecting) application(ctx context.Context) error {
	if c.draft.Made.Application != "" || c.draft.Made.Adopted != nil {
		return nil
	}
	change, bring := TheApplication, c.createApplication
	if c.draft.Made.Adopt != "" {
		change, bring = adoption, c.adopt
	}
	if c.undecided(change) && c.draft.Key().Certificate.Made() {
		// It may be there, with the certificate that is on record.
		if err := c.run(ctx, change, bring); account.KindOf(err) != account.PolicyLife {
			return err
		}
	}
	for i, life := range c.wish.Lives {
		if err := c.certificate(ctx, life); err != nil {
			return err
		}
		err := c.run(ctx, change, bring)
		if account.KindOf(err) != account.PolicyLife || i == len(c.wish.Lives)-1 {
			return err
		}
	}
	return nil
}

// certificate makes a certificate of that life.
func (c *connecting) certificate(ctx context.Context, life time.Duration) error {
	k := c.draft.Key()
	signer, err := c.opened(ctx)
	if err == nil {
		k.Certificate, err = c.os.certified(k, signer, life)
	}
	if err != nil {
		return c.os.told("certificate", c.draft, err, nil, c.tell)
	}
	c.draft, err = c.os.change(ctx, c.draft.ID, false, func(d account.Draft) account.Draft { return d.WithKey(k) })
	return c.os.told("certificate", c.draft, nil, err, c.tell)
}

// opened is the draft's key, opened once.
func (c *connecting) opened(ctx context.Context) (_ crypto.Signer, err error) {
	if c.signer == nil {
		k := c.draft.Key()
		c.signer, err = c.os.ports.Keys.Open(ctx, k.Store, k.ID)
	}
	return c.signer, err
}

// check makes the checks of the draft.
func (c *connecting) check(ctx context.Context) account.Report {
	p := draftParty(c.draft)
	signer, err := c.opened(ctx)
	if err != nil {
		return c.os.unopened(p, err)
	}
	return c.os.checkWith(ctx, p, signer)
}

// createApplication looks for the app first: one that is there is ours only
// when an attempt of ours may have made it and its only key is ours.
func (c *connecting) createApplication(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
	cert := c.draft.Key().Certificate
	app, calls, err := c.admin.FindApplication(ctx, c.draft.Made.Unique)
	if err == nil && app.Found() && !(c.earlier(TheApplication) && app.OnlyKey(cert)) {
		return nil, calls, &account.Problem{Kind: account.AppForeign, Subject: app.Name}
	}
	if err == nil && !app.Found() {
		var more []account.Evidence
		app, more, err = c.admin.CreateApplication(ctx, account.AppWish{
			Provider: c.draft.Provider, Unique: c.draft.Made.Unique, Name: account.AppName(c.draft.Name), Certificate: cert,
		}, pause)
		calls = append(calls, more...)
	}
	if err != nil {
		return nil, calls, err
	}
	return func(d account.Draft) account.Draft {
		m := d.Microsoft()
		m.Client, m.Application, m.AppName = app.Client, app.Application, app.Name
		d.Made.Application = app.Application
		return d.WithMicrosoft(m)
	}, calls, nil
}

// adopt adds our certificate and permission to the app that the person named.
func (c *connecting) adopt(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
	adopted, calls, err := c.admin.Adopt(ctx, c.draft.Made.Adopt, account.AppWish{Provider: c.draft.Provider, Certificate: c.draft.Key().Certificate}, pause)
	if err != nil {
		return nil, calls, err
	}
	adopted.Key = true // the certificate is this draft's own, also where an answer was lost
	adopted.Permission = !c.draft.Made.Had.Permission && c.ours(adoption, adopted.Permission)
	return func(d account.Draft) account.Draft {
		m := d.Microsoft()
		m.Client, m.Application, m.AppName = adopted.App.Client, adopted.App.Application, adopted.App.Name
		d.Made.Adopted = &adopted
		return d.WithMicrosoft(m)
	}, calls, nil
}

// principal is the enterprise app. One that is there already is an adopted
// app's own, which is left as it is.
func (c *connecting) principal(ctx context.Context) error {
	if c.draft.Microsoft().Principal != "" {
		return nil
	}
	client := c.draft.Microsoft().Client
	return c.run(ctx, ThePrincipal, func(ctx context.Context, pause func(account.Pause)) (_ func(account.Draft) account.Draft, calls []account.Evidence, err error) {
		var p account.Principal
		if c.draft.Made.Adopted != nil {
			if p, calls, err = c.admin.FindPrincipal(ctx, client); err != nil {
				return nil, calls, err
			}
		}
		if !p.Found() {
			var more []account.Evidence
			p, more, err = c.admin.CreatePrincipal(ctx, client, account.AppName(c.draft.Name), pause)
			if calls = append(calls, more...); err != nil {
				return nil, calls, err
			}
		}
		ours := p.ID != c.draft.Made.Had.Principal && c.ours(ThePrincipal, p.Created)
		return func(d account.Draft) account.Draft {
			m := d.Microsoft()
			m.Principal = p.ID
			if ours {
				d.Made.Principal = p.ID
			}
			return d.WithMicrosoft(m)
		}, calls, nil
	})
}

func (c *connecting) grant(ctx context.Context) error {
	if c.draft.Made.Grant != "" || c.draft.Provider == account.Azure {
		return nil
	}
	return c.run(ctx, TheGrant, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		g, calls, err := c.admin.GrantConsent(ctx, c.draft.Microsoft().Principal, c.draft.Made.Graph, pause)
		ours := err == nil && g.ID != c.draft.Made.Had.Grant && c.ours(TheGrant, g.Created)
		return func(d account.Draft) account.Draft {
			if ours {
				d.Made.Grant = g.ID
			}
			return d
		}, calls, err
	})
}

func (c *connecting) role(ctx context.Context) error {
	if c.draft.Made.Role != "" {
		return nil
	}
	return c.run(ctx, TheRole, func(ctx context.Context, pause func(account.Pause)) (func(account.Draft) account.Draft, []account.Evidence, error) {
		r, calls, err := c.admin.AssignRole(ctx, c.draft.Microsoft().Principal, pause)
		ours := err == nil && r.ID != c.draft.Made.Had.Role && c.ours(TheRole, r.Created)
		return func(d account.Draft) account.Draft {
			if ours {
				d.Made.Role = r.ID
			}
			return d
		}, calls, err
	})
}

// ours tells whether what the running change found or made, and the app did not
// have before, is this draft's doing: all of it where the draft made the app; of
// an adopted one what was made now or may have been made by an earlier attempt.
func (c *connecting) ours(change string, created bool) bool {
	return c.draft.Made.Adopt == "" || created || c.earlier(change)
}

// earlier tells whether an attempt before the one that is running may have made
// the change.
func (c *connecting) earlier(change string) bool {
	d := c.draft
	for i, e := range slices.Backward(d.Journal) {
		if e.Change == change {
			d.Journal = d.Journal[:i] // what comes after it is of other changes
			break
		}
	}
	return d.Undecided(change) != account.Entry{}
}

// spreadLimit is how long the last checks may take to hold: the directory
// spreads what was made.
const spreadLimit = 10 * time.Minute

// settled asks until every check of a draft's account holds and no other is
// waiting, or until the time for that is over: then what makes an account is
// enough. Where time mends nothing it ends at once.
func (os *Operations) settled(ctx context.Context, d account.Draft, check func(context.Context) account.Report, tell func(Event)) (account.Report, error) {
	until := os.ports.Now().Add(spreadLimit)
	for pause := 2 * time.Second; ; pause = min(pause*2, lastPause) {
		tell(Event{Step: "checks", State: Looking, Draft: d})
		r := check(ctx)
		if err := ctx.Err(); err != nil {
			return r, &account.Problem{Kind: account.Cancelled, Err: err}
		}
		left, asked := until.Sub(os.ports.Now()), waitAsked(r)
		wait := max(min(pause, left), asked)
		tell(Event{Step: "checks", State: Looked, Draft: d, Report: &r, Next: os.ports.Now().Add(wait)})
		over := left <= 0 || asked > left
		switch p := lasting(r); {
		case r.Settled(), r.Linked() && over:
			return r, nil
		case p != nil:
			return r, p
		case asked > left:
			return r, &account.Problem{Kind: account.Throttled, Wait: asked}
		case over:
			return r, &account.Problem{Kind: account.SpreadingTooLong}
		}
		select {
		case <-ctx.Done():
			return r, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		case <-time.After(wait):
		}
	}
}

// lasting is why an account's checks do not hold and will not, however long
// they are repeated; nil where they may.
func lasting(r account.Report) *account.Problem {
	for _, c := range r.Checks {
		if c.Problem == nil || r.Linked() {
			continue
		}
		switch c.Problem.Kind {
		case account.ClockOff, account.AccessBlocked, account.AppDisabled, account.CertificateOver, account.SignatureWrong, account.WeakKey, account.PublicClient,
			account.WrongTenant, account.TenantElsewhere, account.ResourceUnknown, account.Expired, account.Untrusted,
			account.AWSUntrusted, account.AWSGone, account.AWSDisabled, account.AWSOtherAccount, account.AWSOrganization, account.AWSEndpoint, account.AWSSignInOver, account.AWSNoProfile, account.AWSNoCredentials,
			account.KeyMissing, account.KeyDamaged, account.KeyNewer, account.StoreNotUsable, account.StoreRanOut, account.WrongPassphrase:
			return c.Problem
		}
	}
	return nil
}
