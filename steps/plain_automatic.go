package steps

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

func plainTenant(p *Plain, d account.Draft) (account.Draft, error) {
	d, err := p.tenant(d)
	if err != nil {
		return d, err
	}
	m := d.Microsoft()
	p.Say("Tenant %s, %s cloud.", m.Tenant, d.Cloud.Cloud().Name)
	if d, err = p.field(nameField, d); err != nil {
		return d, err
	}
	m = d.Microsoft()
	m.AppName = account.AppName(d.Name)
	d.Link = m
	return d, nil
}

func plainSignIn(p *Plain, d account.Draft) (account.Draft, error) {
	p.Say("As an administrator of %s. What you sign in with stays in this program's memory and is dropped after the changes.", tenantWords(p.Env, d))
	p.Say("%s", SignInLeaves(p.Env.Client))
	rungs := []account.Rung{account.RungBrowser, account.RungDeviceCode}
	for way := account.InBrowser; ; {
		var options []string
		var ways []account.SignInWay
		for _, r := range rungs {
			switch r {
			case account.RungBrowser:
				options, ways = append(options, "Sign in in the browser"), append(ways, account.InBrowser)
			case account.RungDeviceCode:
				options, ways = append(options, "Use a device code"), append(ways, account.ByDeviceCode)
			case account.RungAgain:
				options, ways = append(options, "Sign in again"), append(ways, way)
			}
		}
		n, err := p.Choose("How", append(options, "Leave; the draft is kept")...)
		if err != nil {
			return d, err
		}
		if n == len(ways) {
			return d, ErrLater
		}
		way = ways[n]
		wish := account.SignInWish{Cloud: d.Cloud, Tenant: d.Microsoft().Tenant, Client: p.Env.session.client}
		admin, err := p.Env.Ops.Ports().SignIn(p.ctx, way, wish, p.prompt)
		if err == nil {
			p.Env.session.admin = admin
			return d, nil
		}
		p.Say("%s", Advise(account.AsProblem(err)).Line())
		rungs = account.NextRungs(way, account.KindOf(err))
	}
}

// prompt says what a person needs to sign in.
func (p *Plain) prompt(s account.SignInPrompt) {
	if s.Way == account.ByDeviceCode {
		p.Say("Open %s in any browser and type this code: %s", s.VerificationURL, s.UserCode)
		return
	}
	if p.Env.Place.Remote {
		p.Say("Where your browser is, run: %s", tunnel(p.Env, s.Port))
	}
	p.Say("Open this page: %s", s.URL)
	if !p.Env.Place.Remote && p.Env.Open != nil {
		_ = p.Env.Open(p.ctx, s.URL) // the address is there to be opened by hand
	}
}

func plainSurvey(p *Plain, d account.Draft) (account.Draft, error) {
	s, err := p.Env.session.admin.Survey(p.ctx, d.Made.SurveyWish())
	if err != nil {
		return d, err
	}
	p.Env.session.survey = s
	p.Say("Tenant: %s", s.TenantName)
	p.Say("Domains: %s", strings.Join(s.Domains, ", "))
	p.Say("You: %s", s.Person.UPN)
	states := map[account.CheckState]string{account.Holds: "yes", account.Missing: "no", account.Unknown: "could not be read"}
	for _, r := range s.Rights {
		text := rightWords[r.Name] + ": " + states[r.State]
		if r.State == account.Missing {
			text += "; needs " + strings.Join(r.Roles, " or ")
		}
		p.Say("  %s", text)
	}
	for _, a := range s.Tagged {
		p.Say("There is an app of this program already: %s, made %s. Going on makes another.", a.Name, a.Made.Format("2 January 2006"))
	}
	page := &survey{env: p.Env, draft: d, found: &s}
	switch wrong := page.inTheWay(); {
	case wrong != nil:
		p.Say("%s Nothing was changed.", Advise(wrong).Line())
		return page.Fill(d), ErrLater
	case missing(s, account.MayRegister) && d.Made.Application == "":
		p.Say("Rights are missing. A role that PIM holds eligible must be active. Nothing was changed. For who has them:")
		p.Say("")
		p.Say("%s", HandOverText(page.Fill(d)))
		return page.Fill(d), ErrLater
	}
	return page.Fill(d), nil
}

func plainPlan(p *Plain, d account.Draft) (account.Draft, error) {
	for _, c := range planned(p.Env, d) {
		sign := "to do"
		if c.Done {
			sign = "there"
		}
		who, _ := whoMay(p.Env.session.survey, c.Name)
		p.Say("  %s: %s. %s %s", sign, planSentence(c.Name, d), planWords[c.Name][1], who)
	}
	text, err := p.Ask("Type yes to make these changes", "Nothing has been changed yet.")
	if err != nil {
		return d, err
	}
	if strings.TrimSpace(strings.ToLower(text)) != "yes" {
		p.Say("Nothing was changed.")
		return d, ErrLater
	}
	return d, nil
}

func plainApply(p *Plain, d account.Draft) (account.Draft, error) {
	s := p.Env.session
	defer s.drop()
	op := p.Env.Ops.Connect(d.ID, s.admin, link.ConnectWish{
		Key:   link.KeyWish{ID: account.KeyID(p.Env.NewID()), Store: store(d), Bits: 2048},
		Graph: s.survey.Graph, Lives: lives(s.survey),
	})
	return p.followed(p.ctx, d, op)
}

// followed says what an operation tells, a line a change.
func (p *Plain) followed(ctx context.Context, d account.Draft, op *link.Operation) (account.Draft, error) {
	last := ""
	for {
		e, err := op.Next(ctx)
		if err == io.EOF {
			return d, nil
		}
		if err != nil {
			return d, err
		}
		if e.Draft.ID != "" {
			d = e.Draft
		}
		if e.Report != nil {
			p.report = e.Report
		}
		if text := changeLine(e); text != "" && text != last {
			p.Say("%s", text)
			last = text
		}
	}
}

// changeLine is an event of a change as a sentence; empty for what says nothing new.
func changeLine(e link.Event) string {
	words := applyWords[e.Step]
	switch {
	case words == "":
		return ""
	case e.Step == "certificate" && e.State == link.Done:
		return fmt.Sprintf("%s for %s: made.", words, certificateLife(e.Draft))
	case e.State == link.Done, e.State == link.Looked && e.Report != nil && e.Report.Linked():
		return words + ": done."
	case e.State == link.Failed && e.Step == link.TheApplication && e.Problem.Kind == account.PolicyLife:
		return fmt.Sprintf("%s: a policy of the tenant refuses a certificate for %s.", words, certificateLife(e.Draft))
	case e.State == link.Failed:
		return words + ": " + Advise(e.Problem).Line()
	case e.State == link.Pausing && e.Pause != nil:
		return words + ": waiting, " + pauseWords[e.Pause.Reason] + "."
	case e.State == link.Looked:
		return words + ": waiting, Entra is spreading the changes."
	}
	return ""
}
