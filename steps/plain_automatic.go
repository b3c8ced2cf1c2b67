package steps

import (
	"io"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

func plainTenant(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	d, err := p.tenant(d)
	if err != nil {
		return d, Stay, err
	}
	m := d.Microsoft()
	p.Say("Tenant %s, %s cloud.", m.Tenant, d.Cloud.Cloud().Name)
	if d, err = p.field(nameField, d, nameFrom(p.Env.session.typedFor(d))); err != nil {
		return d, Stay, err
	}
	m = d.Microsoft()
	m.AppName = account.AppName(d.Name)
	d = d.WithMicrosoft(m)
	return d, Next, nil
}

// turn is one way to sign in, or to go on without.
type turn struct {
	title   string
	way     account.SignInWay // empty: without
	outcome Outcome
}

// turns are what helps of the rungs, and what needs no sign-in now.
func (p *Plain) turns(d account.Draft, way account.SignInWay, rungs []account.Rung) (out []turn) {
	for _, r := range rungs {
		t := turn{title: rungWords[r]}
		switch r {
		case account.RungAgain:
			t.way = way
		case account.RungBrowser:
			t.way = account.InBrowser
		case account.RungDeviceCode:
			t.way = account.ByDeviceCode
		case account.RungByHand:
			t.outcome = ByHandNow
		}
		switch {
		case t.way == account.InBrowser && p.Env.Demo != nil: // it would open a port
		case t.outcome == ByHandNow && !(untouched(d) && p.has(planStop)):
		default:
			out = append(out, t)
		}
	}
	if Checkable(d) && p.has(checkStop) {
		out = append(out, turn{title: checkInstead, outcome: CheckNow})
	}
	if len(rungs) == 0 { // nothing helps from here, now
		out = append(out, turn{title: rungWords[account.RungAgain], way: way})
	}
	if !untouched(d) && p.has(planStop) {
		out = append(out, turn{title: wayBack.title, outcome: TakeBackNow})
	}
	return append(out, turn{title: leaveNow.title, outcome: Leave})
}

// plainSignIn has somebody sign in for a resource.
func plainSignIn(of account.Resource) func(*Plain, account.Draft) (account.Draft, Outcome, error) {
	return func(p *Plain, d account.Draft) (account.Draft, Outcome, error) { return p.signIn(of, d) }
}

func (p *Plain) signIn(of account.Resource, d account.Draft) (account.Draft, Outcome, error) {
	if of == account.ResourceManager {
		p.Say("Azure takes a sign-in of its own, as somebody who may assign roles there. %s", AzureLeaves(p.Env.Client))
	} else {
		p.Say("As an administrator of %s. What you sign in with stays in this program's memory and is dropped after the changes.", tenantWords(p.Env, d))
		p.Say("%s", SignInLeaves(p.Env.Client))
	}
	rungs := []account.Rung{account.RungBrowser, account.RungDeviceCode, account.RungByHand}
	for way := account.InBrowser; ; {
		turns := p.turns(d, way, rungs)
		var options []string
		for _, t := range turns {
			options = append(options, t.title)
		}
		n, err := p.Choose("How", options...)
		if err != nil {
			return d, Stay, err
		}
		if turns[n].way == "" {
			return d, turns[n].outcome, nil
		}
		way = turns[n].way
		by, err := SignIn(p.ctx, p.Env, d, of, way, p.Env.session.hint(d), func(s account.SignInPrompt) { p.says(PromptLines(p.Env, s)) })
		if err == nil {
			p.Env.session.take(by)
			return d, Next, nil
		}
		p.advise(account.AsProblem(err))
		rungs = account.NextRungs(way, account.KindOf(err))
	}
}

func plainSurvey(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	page := &survey{env: p.Env, draft: d}
	s, err := p.Env.session.admin.Survey(p.ctx, d.SurveyWish())
	if err != nil {
		p.Say("%s", unsurveyed(account.AsProblem(err)))
		ways := append(page.ways(), leaveNow)
		n, err := p.on(ways)
		return d, ways[n].outcome, err
	}
	page.found, p.Env.session.survey = &s, s
	p.surveyed(page)
	d = page.Fill(d)
	var apps []account.ClientID // that can be used; the empty one is asked for
	ways := page.ways()
	first := len(ways)
	if page.adoptable() && page.inTheWay() == nil {
		for _, a := range others(s) {
			ways, apps = append(ways, wayOn{"Use the app " + a.Name + ", " + string(a.Client), "", AdoptInstead}), append(apps, a.Client)
		}
		ways, apps = append(ways, wayOn{"Use an app that is there", "", AdoptInstead}), append(apps, "")
	}
	ways = append(ways, leaveNow)
	for {
		n, err := p.on(ways)
		if err != nil || ways[n].outcome != AdoptInstead {
			return d, ways[n].outcome, err
		}
		if used, err := p.adopt(d, apps[n-first]); used || err != nil {
			return d, Next, err
		}
	}
}

// surveyed says what there is, and what stands in the way.
func (p *Plain) surveyed(page *survey) {
	s := page.found
	p.Say("Tenant: %s", s.TenantName)
	p.Say("Domains: %s", strings.Join(s.Domains, ", "))
	p.Say("Tenant ID: %s", page.draft.Microsoft().Tenant)
	p.Say("You: %s", s.Person.UPN)
	for _, r := range s.Rights {
		p.Say("  %s", RightLine(r, page.draft))
	}
	if !page.draft.Made.HasApp() {
		for _, a := range others(*s) {
			p.Say("%s", taggedText(a))
		}
	}
	switch wrong := page.inTheWay(); {
	case wrong != nil:
		p.Say("%s Nothing was changed.", Advise(wrong).Line())
	case missing(*s, account.MayRegister) && !page.draft.Made.HasApp():
		p.Say("Rights are missing. A role that PIM holds eligible must be active. Nothing was changed. For who has them:")
		p.Say("")
		p.Say("%s", HandOverText(page.draft))
	}
}

// adopt has an app used that is there, if a yes is typed after all that is on
// it. Where no id is given, it is asked for.
func (p *Plain) adopt(d account.Draft, id account.ClientID) (used bool, _ error) {
	for id == "" {
		text, err := p.Ask(clientField.Label, adoptWhich)
		if err != nil {
			return false, err
		}
		if id, err = account.ParseClientID(text); err != nil {
			p.advise(account.AsProblem(err))
		}
	}
	err := Unlinked(p.Env.Known, d, id)
	var found account.Survey
	if err == nil {
		found, err = p.Env.session.admin.Survey(p.ctx, account.SurveyWish{Provider: d.Provider, Unique: d.Made.Unique, Adopt: id})
	}
	if err != nil {
		p.advise(account.AsProblem(err))
		return false, nil
	}
	p.says(AdoptableLines(found.Adopted))
	answer, err := p.Ask(adoptQuestion, "")
	switch {
	case err != nil:
		return false, err
	case !Yes(answer):
		p.Say("%s", adoptRefused)
		return false, nil
	}
	p.Env.session.survey, p.Env.session.adopt = found, found.Adopted.App
	return true, nil
}

func plainPlan(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	open := 0
	for _, c := range planned(p.Env, d) {
		p.Say("  %s", PlannedLine(c, d, p.Env.session.survey))
		if !c.Done {
			open++
		}
	}
	if open == 0 {
		p.Say("Nothing to change: all of it is there.")
		return d, Next, nil
	}
	text, err := p.Ask("Type yes to make these changes", "Nothing has been changed yet.")
	if err != nil {
		return d, Stay, err
	}
	if !Yes(text) {
		p.Say("Nothing was changed.")
		return d, Leave, nil
	}
	return d, Next, nil
}

func plainApply(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	for {
		s := p.Env.session
		var op *link.Operation
		if d.Provider == account.AWS {
			op = ConnectAWS(p.Env, s.aws, d)
		} else {
			op = p.Env.Ops.Connect(d.ID, s.signed(), Connecting(NewKey(p.Env, StoreOf(d)), s.survey, s.adopt))
		}
		_, err := p.followed(&d, op)
		if err == nil {
			s.drop()
			return d, Next, nil
		}
		wrong := account.AsProblem(err)
		linked := p.report != nil && p.report.Linked()
		if wrong.Kind == account.SpreadingTooLong && p.report != nil {
			for _, c := range p.report.Checks {
				p.says(CheckLines(c))
			}
		}
		if wrong.Kind == account.RightMissing {
			p.Say("For who has the missing role:")
			p.Say("%s", HandOverText(d))
		}
		ways := waysOn(wrong, d, linked)
		n, asked := p.on(ways)
		switch {
		case asked != nil:
			return d, Stay, err // nobody can be asked: what was refused is why it ends
		case ways[n].outcome != Stay:
			return d, ways[n].outcome, nil
		}
	}
}

func plainTakeBack(p *Plain, d account.Draft) (account.Draft, Outcome, error) {
	left, err := p.followed(&d, p.Env.Ops.TakeBack(d.ID, p.Env.session.signed()))
	if err == nil {
		p.Env.session.drop()
		p.says(TakenBackLines(left))
		if d.Provider != account.AWS {
			p.says(SignInLeftLines(d.Cloud, p.Env.Client))
		}
		return d, Finish, nil
	}
	n, asked := p.on(waysBack)
	if asked != nil {
		return d, Stay, err
	}
	return d, waysBack[n].outcome, nil
}

// followed says what an operation tells, a line a change, and keeps the draft
// as it comes of it. It returns what could not be taken back.
func (p *Plain) followed(d *account.Draft, op *link.Operation) (left *link.Left, _ error) {
	last, told := "", false
	for {
		e, err := op.Next(p.ctx)
		if err == io.EOF {
			return left, nil
		}
		if err != nil {
			if !told {
				p.advise(account.AsProblem(err))
			}
			return left, err
		}
		if e.Draft.ID != "" {
			trail := d.Trail
			*d = e.Draft
			d.Trail = trail
		}
		if e.Report != nil {
			p.report = e.Report
		}
		if e.Left != nil {
			left = e.Left
		}
		if e.Step == "checks" {
			p.Env.session.over = true // the token is dropped before them
		}
		told = e.State == link.Failed
		if text := ChangeLine(e); text != "" && text != last {
			p.Say("%s", text)
			last = text
		}
	}
}
