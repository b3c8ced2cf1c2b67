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
	hint  string           // sign-in name to begin with
	store account.Store    // for a key that is not made yet
	adopt account.ClientID // of the app to use; zero: one is made
	plan  bool
	hand  handFlags // of it the size of the key, and the certificate's life
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
	on := "resume"
	if a.adopt != "" {
		on += " --adopt " + string(a.adopt)
	}
	return a.w.kept(err, on, a.draft)
}

// onlyPlan signs in and says what would be changed. It writes nothing.
func (a *automatic) onlyPlan(ctx context.Context) error {
	a.v.events = a.v.errs // the plan is one object, and alone
	by, err := a.signIn(ctx, a.w, a.v, a.draft, a.way, a.hint, a.azure())
	if err != nil {
		return err
	}
	defer by.Forget()
	s, err := a.survey(ctx, by.Directory)
	if err != nil {
		return err
	}
	changes, err := a.planned(ctx, by, s)
	if err != nil {
		return err
	}
	a.v.result(a.planLines(s, changes), result{State: "planned", Changes: changes, Survey: toSurvey(s), Warnings: steps.Warnings(s, a.draft)})
	return nil
}

// connect makes the changes. The key pair is made while the person signs in.
func (a *automatic) connect(ctx context.Context) error {
	op := a.w.Env.Ops.PrepareKey(a.draft, a.keyWish())
	by, err := a.signIn(ctx, a.w, a.v, a.draft, a.way, a.hint, a.azure())
	if err != nil {
		return err
	}
	defer by.Forget()
	if _, _, err := a.v.follow(ctx, op); err != nil {
		return err
	}
	s, err := a.survey(ctx, by.Directory)
	if err != nil {
		return err
	}
	if err := a.mayGoOn(s); err != nil {
		return err
	}
	changes, err := a.planned(ctx, by, s)
	if err != nil {
		return err
	}
	a.v.says(a.planLines(s, changes))
	if err := a.agreed(ctx, s); err != nil {
		return err
	}
	if a.draft, err = a.w.Env.Ops.SaveAnswers(ctx, a.draft); err != nil {
		return ended(ctx, err)
	}
	wish := steps.Connecting(a.keyWish(), s, s.Adopted.App)
	wish.Lives = a.hand.lives(wish.Lives)
	report, _, err := a.v.follow(ctx, a.w.Env.Ops.Connect(a.draft.ID, by, wish))
	if err != nil {
		return notLinked(err, report, a.draft)
	}
	id := a.draft.ID
	if a.draft.Replaces != "" {
		id = a.draft.Replaces
	}
	return a.connected(ctx, a.w, a.v, id, report)
}

// azure tells whether a sign-in for Azure is needed, too.
func (a *automatic) azure() bool { return a.draft.Provider == account.Azure }

// planned is what will be sent. Of an Azure account that names no place yet, the
// uppermost one is taken where who signed in may assign roles.
func (a *automatic) planned(ctx context.Context, by link.Signed, s account.Survey) ([]account.PlannedChange, error) {
	changes := steps.Planned(by.Directory, s, a.draft)
	if !a.azure() {
		return changes, nil
	}
	tree, err := by.Azure.SurveyAzure(ctx)
	if err != nil {
		return nil, ended(ctx, err)
	}
	if a.draft, err = steps.ScopedTo(a.draft, tree); err != nil {
		return nil, err
	}
	return append(changes, steps.PlannedInAzure(by.Azure, tree.Tree, a.draft)...), nil
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

func (a *automatic) keyWish() link.KeyWish { return a.hand.sized(steps.NewKey(a.w.Env, a.store)) }

// survey looks what there is, and puts what the tenant says of itself into the draft.
func (a *automatic) survey(ctx context.Context, admin link.Administrator) (account.Survey, error) {
	wish := a.draft.SurveyWish()
	if a.adopt != "" {
		wish.Adopt = a.adopt
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
	a.draft = a.draft.WithMicrosoft(m)
	return s, nil
}

// mayGoOn refuses what would come to nothing. Where only a later change needs
// somebody else, this person makes what they may, and the draft waits.
func (a *automatic) mayGoOn(s account.Survey) error {
	if p := steps.InTheWay(s, a.draft); p != nil {
		return p
	}
	for _, r := range s.Rights {
		if made := a.draft.Made; r.Name == account.MayRegister && r.State == account.Missing && !made.HasApp() {
			return &account.Problem{Kind: account.RightMissing, Subject: strings.Join(r.Roles, " or ")}
		}
	}
	a.v.says(steps.Warnings(s, a.draft))
	return nil
}

// planLines is the plan in sentences.
func (a *automatic) planLines(s account.Survey, changes []account.PlannedChange) []string {
	out := []string{fmt.Sprintf("Plan for tenant %s, %s, as %s.", account.Clean(s.TenantName, 100), a.draft.Microsoft().Tenant, s.Person.UPN)}
	open := 0
	for i, c := range changes {
		if !c.Done {
			open++
		}
		out = append(out, fmt.Sprintf("  %d. %s", i+1, steps.PlannedLine(c, a.draft, s)))
	}
	if a.adopts(s) {
		for _, text := range steps.AdoptableLines(s.Adopted) {
			out = append(out, "  "+text)
		}
	}
	if a.plan {
		out = append(out, steps.Warnings(s, a.draft)...)
	}
	switch open {
	case 0:
		return append(out, "Nothing to change: all of it is there.")
	case 1:
		return append(out, "1 change. Nothing was changed yet.")
	}
	return append(out, fmt.Sprintf("%d changes. Nothing was changed yet.", open))
}

// adopts tells whether an app that is there is to be used, and was not agreed to
// before.
func (a *automatic) adopts(s account.Survey) bool {
	return s.Adopted.App.Found() && a.draft.Made.Adopt == "" && a.draft.Made.Adopted == nil
}

// agreed asks for the yes, where it was not given. To an app with something
// foreign on it only a person can say it, after seeing what that is.
func (a *automatic) agreed(ctx context.Context, s account.Survey) error {
	_, foreign := steps.OnApp(s.Adopted)
	switch asks := a.ports.Terminal && !a.json; {
	case a.adopts(s) && foreign && !asks:
		return &outcome{
			err:  fmt.Errorf("on the app %s is what this program did not put there: %s", s.Adopted.App.Name, strings.Join(onApp(s), "; ")),
			code: NotLinked, hint: "Using it takes a yes that is typed after seeing that: on a terminal, or in lines with --plain. Nothing was changed.",
		}
	case a.adopts(s) && foreign:
	case a.yes:
		return nil
	}
	text, err := a.answer(ctx, "Type yes to make these changes")
	if err != nil {
		return err
	}
	if !steps.Yes(text) {
		return &outcome{err: errors.New("nothing was changed"), code: NotLinked}
	}
	return nil
}

func onApp(s account.Survey) []string {
	lines, _ := steps.OnApp(s.Adopted)
	return lines
}

// answer asks the person one question. Reading cannot be stopped, so that it is
// left alone when ctx ends; the program ends soon after.
func (l *line) answer(ctx context.Context, question string) (string, error) {
	fmt.Fprint(l.errs, steps.Folded(account.Clean(question, textLimit)+": ", l.ports.ErrsWidth))
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
func (l *line) connected(ctx context.Context, w World, v *voice, id account.ID, report *account.Report) error {
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, id)
	if err != nil {
		return ended(ctx, err)
	}
	r := result{State: "linked", Account: toLinked(acc)}
	if report != nil {
		r.Checks = toChecks(report.Checks)
	}
	text := steps.AccountLines(acc)
	if c := acc.Made.Client; acc.Made.By != "" && acc.Provider != account.AWS {
		text, r.Stays = append(text, steps.SignInLeftLines(acc.Cloud, c)...), signInLeft(acc.Cloud, c)
	}
	v.result(text, r)
	return nil
}

func toLinked(a account.Account) *linkedAccount {
	if a.Provider == account.AWS {
		return &linkedAccount{
			Name: a.Name, Provider: a.Provider, KeyStore: a.Key.Store, Expires: moment{a.Key.Certificate.NotAfter},
			AWS: toStack(account.Draft{Link: a.Link, Authority: a.Authority}),
		}
	}
	m := a.Microsoft()
	return &linkedAccount{
		Name: a.Name, Provider: a.Provider, Cloud: a.Cloud.Cloud().ID, Tenant: m.Tenant, TenantName: m.TenantName, Client: m.Client,
		Organization: m.Organization, Scopes: a.Azure().Scopes, KeyStore: a.Key.Store, Expires: moment{a.Key.Certificate.NotAfter},
	}
}

// verified checks an account that is linked already, and changes nothing.
func (l *line) verified(ctx context.Context, w World, v *voice, id account.ID) error {
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, id)
	if err != nil {
		return err
	}
	if acc.Key.Store != "" { // of an AWS account by a profile there is no key
		if err := l.ready(ctx, w, acc.Key.Store); err != nil {
			return err
		}
	}
	report, _, err := v.follow(ctx, w.Env.Ops.Verify(acc))
	if err != nil {
		return err
	}
	v.checks(*report)
	switch report.Worst() {
	case account.Missing:
		return &outcome{err: fmt.Errorf("%s is linked, and a check does not hold", acc.Name), code: NotLinked, checks: report.Checks}
	case account.Unknown:
		return &outcome{err: fmt.Errorf("%s is linked, and something could not be checked", acc.Name), code: Unchecked, checks: report.Checks}
	}
	v.result(append(steps.AccountLines(acc), "It was linked already: nothing was changed, and every check holds."), result{State: "linked", Account: toLinked(acc), Checks: toChecks(report.Checks)})
	return nil
}
