package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// automatic is one run of the automatic way: sign in, look, plan, and, unless
// it is for the plan alone, make the changes and verify.
type automatic struct {
	*line
	w     World
	v     *voice
	draft account.Draft
	way   account.SignInWay
	store account.Store // for a key that is not made yet
	plan  bool
}

// passed are the stops that flags stand for; the screens go on after them.
var passed = []string{"cloud", "way", "tenant", "keystore"}

func (a *automatic) run(ctx context.Context) error {
	if a.plan {
		return a.onlyPlan(ctx)
	}
	if k := a.draft.Key(); k.Stored {
		a.store = k.Store
	}
	if err := a.ready(ctx, a.w, a.store); err != nil {
		return err
	}
	if len(a.draft.Trail) < len(passed) {
		a.draft.Trail = passed
	}
	d, err := a.w.Env.Ops.SaveAnswers(ctx, a.draft)
	if err != nil {
		return ended(ctx, err)
	}
	a.draft = d
	err = a.connect(ctx)
	if account.KindOf(err) == account.RightMissing {
		a.handOver(ctx)
	}
	return a.w.kept(err, "resume", a.draft)
}

// onlyPlan signs in and says what would be changed. It writes nothing.
func (a *automatic) onlyPlan(ctx context.Context) error {
	a.v.events = a.v.errs // the plan is one object, and alone
	admin, err := a.signIn(ctx, a.w, a.v, a.draft, a.way)
	if err != nil {
		return err
	}
	defer admin.Forget()
	s, err := a.survey(ctx, admin)
	if err != nil {
		return err
	}
	changes := a.changes(admin, s)
	a.v.result(a.planText(s, changes), result{State: "planned", Changes: changes, Survey: &s, Warnings: warnings(s, a.draft)})
	return nil
}

// connect makes the changes. The key pair is made while the person signs in.
func (a *automatic) connect(ctx context.Context) error {
	op := a.w.Env.Ops.PrepareKey(a.draft, a.keyWish())
	admin, err := a.signIn(ctx, a.w, a.v, a.draft, a.way)
	if err != nil {
		return err
	}
	defer admin.Forget()
	if _, _, err := a.v.follow(ctx, op); err != nil {
		return err
	}
	s, err := a.survey(ctx, admin)
	if err != nil {
		return err
	}
	if err := a.mayGoOn(s); err != nil {
		return err
	}
	for text := range strings.Lines(a.planText(s, a.changes(admin, s))) {
		a.v.say("%s", text)
	}
	if err := a.agreed(ctx); err != nil {
		return err
	}
	if a.draft, err = a.w.Env.Ops.SaveAnswers(ctx, a.draft); err != nil {
		return ended(ctx, err)
	}
	report, _, err := a.v.follow(ctx, a.w.Env.Ops.Connect(a.draft.ID, admin, link.ConnectWish{Key: a.keyWish(), Graph: s.Graph, Lives: steps.Lives(s)}))
	if err != nil {
		return err
	}
	return a.connected(ctx, report)
}

// handOver says what somebody with the missing role needs to know.
func (a *automatic) handOver(ctx context.Context) {
	d, err := a.w.Env.Ops.Ports().Registry.Draft(ctx, a.draft.ID)
	if err != nil {
		return // the error that it is for is told
	}
	a.v.say("For who has the missing role:")
	for text := range strings.Lines(steps.HandOverText(d)) {
		a.v.say("%s", text)
	}
}

func (a *automatic) keyWish() link.KeyWish {
	const bits = 2048
	return link.KeyWish{ID: account.KeyID(a.w.Env.NewID()), Store: a.store, Bits: bits}
}

// survey looks what there is, and puts what the tenant says of itself into the draft.
func (a *automatic) survey(ctx context.Context, admin link.Administrator) (account.Survey, error) {
	wish := a.draft.Made.SurveyWish()
	if adopted := a.draft.Made.Adopted; adopted != nil { // on the screens, before
		wish.Adopt = adopted.App.Client
	}
	s, err := admin.Survey(ctx, wish)
	if err != nil {
		return s, ended(ctx, err)
	}
	m := a.draft.Microsoft()
	m.TenantName, m.AppName = s.TenantName, account.AppName(a.draft.Name)
	if s.Initial != "" {
		m.Organization = s.Initial
	}
	a.draft.Link = m
	return s, nil
}

func (a *automatic) changes(admin link.Administrator, s account.Survey) []account.PlannedChange {
	return admin.Plan(s, account.AppWish{
		Unique: a.draft.Made.Unique, Name: account.AppName(a.draft.Name), Certificate: a.draft.Key().Certificate,
	}, a.draft.Made)
}

// mayGoOn refuses what would come to nothing. Where only a later change needs
// somebody else, this person makes what they may, and the draft waits.
func (a *automatic) mayGoOn(s account.Survey) error {
	if p := steps.InTheWay(s, a.draft); p != nil {
		return p
	}
	for _, r := range s.Rights {
		if made := a.draft.Made; r.Name == account.MayRegister && r.State == account.Missing && made.Application == "" && made.Adopted == nil {
			return &account.Problem{Kind: account.RightMissing, Subject: strings.Join(r.Roles, " or ")}
		}
	}
	for _, text := range warnings(s, a.draft) {
		a.v.say("%s", text)
	}
	return nil
}

// warnings are what whoever says yes ought to know.
func warnings(s account.Survey, d account.Draft) (out []string) {
	for _, r := range s.Rights {
		if r.State != account.Holds && steps.Needed(r.Name, d.Made) {
			out = append(out, steps.RightLine(r))
		}
	}
	for _, app := range s.Tagged {
		if app.Application != d.Made.Application {
			out = append(out, fmt.Sprintf("There is an app of this program already: %s, made %s. Going on makes another.", app.Name, day(app.Made)))
		}
	}
	if p := steps.InTheWay(s, d); p != nil {
		out = append(out, steps.Advise(p).Line())
	}
	return out
}

// planText is the plan in sentences, one a line.
func (a *automatic) planText(s account.Survey, changes []account.PlannedChange) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Plan for tenant %s, %s, as %s.\n", account.Clean(s.TenantName, 100), a.draft.Microsoft().Tenant, s.Person.UPN)
	open := 0
	for i, c := range changes {
		if !c.Done {
			open++
		}
		fmt.Fprintf(&b, "  %d. %s\n", i+1, steps.PlannedLine(c, a.draft))
	}
	if a.plan {
		for _, text := range warnings(s, a.draft) {
			fmt.Fprintln(&b, text)
		}
	}
	switch open {
	case 0:
		b.WriteString("Nothing to change: all of it is there.\n")
	case 1:
		b.WriteString("1 change. Nothing was changed yet.\n")
	default:
		fmt.Fprintf(&b, "%d changes. Nothing was changed yet.\n", open)
	}
	return b.String()
}

// agreed asks for the yes, where it was not given.
func (a *automatic) agreed(ctx context.Context) error {
	if a.yes {
		return nil
	}
	text, err := a.answer(ctx, "Type yes to make these changes")
	if err != nil {
		return err
	}
	if !strings.EqualFold(text, "yes") {
		return &outcome{err: errors.New("nothing was changed"), code: NotLinked}
	}
	return nil
}

// answer asks the person one question. Reading cannot be stopped, so that it is
// left alone when ctx ends; the program ends soon after.
func (l *line) answer(ctx context.Context, question string) (string, error) {
	fmt.Fprintf(l.errs, "%s: ", question)
	read := make(chan string, 1)
	go func() {
		defer close(read)
		if text, err := bufio.NewReader(l.ports.In).ReadString('\n'); err == nil || text != "" {
			read <- text
		}
	}()
	select {
	case text, ok := <-read:
		if !ok {
			fmt.Fprintln(l.errs)
			return "", steps.ErrInputEnded
		}
		return strings.TrimSpace(text), nil
	case <-ctx.Done():
		fmt.Fprintln(l.errs)
		return "", ended(ctx, ctx.Err())
	}
}

// connected writes the account that came of it.
func (a *automatic) connected(ctx context.Context, report *account.Report) error {
	acc, err := a.w.Env.Ops.Ports().Registry.Account(ctx, a.draft.ID)
	if err != nil {
		return ended(ctx, err)
	}
	r := result{State: "linked", Account: toLinked(acc)}
	if report != nil {
		r.Checks = report.Checks
	}
	a.v.result(accountText(acc), r)
	return nil
}

func toLinked(a account.Account) *linkedAccount {
	m := a.Microsoft()
	return &linkedAccount{
		Name: a.Name, Provider: a.Provider, Cloud: a.Cloud.Cloud().ID, Tenant: m.Tenant, TenantName: m.TenantName, Client: m.Client,
		Organization: m.Organization, KeyStore: a.Key.Store, Expires: a.Key.Certificate.NotAfter,
	}
}

// accountText is what the Xops 360 form asks for.
func accountText(a account.Account) string {
	text := string(a.Name) + " is connected.\n"
	for _, o := range steps.AccountOffers(a) {
		text += o.Title + ": " + o.Value + "\n"
	}
	return text + "Key expires: " + day(a.Key.Certificate.NotAfter) + "\n"
}

// verified checks an account that is linked already, and changes nothing.
func (l *line) verified(ctx context.Context, w World, v *voice, id account.ID) error {
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := l.ready(ctx, w, acc.Key.Store); err != nil {
		return err
	}
	report, _, err := v.follow(ctx, w.Env.Ops.Verify(acc))
	if err != nil {
		return err
	}
	for _, c := range report.Checks {
		v.say("%s", steps.CheckLine(c))
	}
	switch worst(*report) {
	case account.Missing:
		return &outcome{err: fmt.Errorf("%s is linked, and a check does not hold", acc.Name), code: NotLinked}
	case account.Unknown:
		return &outcome{err: fmt.Errorf("%s is linked, and something could not be checked", acc.Name), code: Unchecked}
	}
	v.result(accountText(acc)+"It was linked already: nothing was changed, and every check holds.\n", result{State: "linked", Account: toLinked(acc), Checks: report.Checks})
	return nil
}

// worst is Missing where a check does not hold, else Unknown where one could
// not be made, else Holds.
func worst(r account.Report) account.CheckState {
	state := account.Holds
	for _, c := range r.Checks {
		switch c.State {
		case account.Missing, account.Waiting:
			return account.Missing
		case account.Unknown:
			state = account.Unknown
		}
	}
	return state
}
