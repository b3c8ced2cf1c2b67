package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/turn"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// rotate is the flags of rotate.
type rotate struct {
	*line
	due, signInWay, directory, profile string
	wait                               time.Duration
}

func newRotate(l *line) *cobra.Command {
	r := &rotate{line: l}
	cmd := &cobra.Command{
		Use:   "rotate [name]",
		Short: "Give an account another key",
		Long: "Give an account another key and certificate. The app adds the certificate to itself, without any administrator; the old key is in use, and works, until the new one is seen to work. " +
			"Where the app cannot do that, because its certificate has expired, an administrator signs in with --sign-in, or uploads the file that --certificate-out writes. " +
			"Of an AWS account the link's own authority signs; where its key was dropped, or it ends within 60 days, --profile updates the stack with another authority, or --certificate-out writes the template for somebody who does. " +
			"Run again it goes on where it was stopped.",
		Example: "xops-onboard rotate Contoso\nxops-onboard rotate --due 30d",
		Args:    l.words(1),
		RunE:    l.does(r.run),
	}
	l.takesNames(cmd, 1, accounts)
	f := cmd.Flags()
	f.StringVar(&r.due, "due", "", "every account whose certificate ends within that time, such as 30d or 12h, or whose rotation was begun")
	f.StringVar(&r.directory, "certificate-out", "", "write the new certificate, or of an AWS account the template, into this directory for somebody who uploads it")
	must(cmd.MarkFlagDirname("certificate-out"))
	f.DurationVar(&r.wait, "wait", 0, "how long to wait until it is uploaded; run again it goes on")
	signsIn(cmd, &r.signInWay)
	l.profiled(cmd, &r.profile)
	return cmd
}

// rotating is how many keys are rotated at a time: each is made here, and much
// of a rotation is waiting.
const rotating = 8

func (r *rotate) run(ctx context.Context, names []string) error {
	way, err := r.parseSignIn(r.signInWay)
	if err != nil {
		return err
	}
	within, err := parseDue(r.due)
	switch {
	case err != nil:
		return err
	case (r.due == "") == (len(names) == 0):
		return &outcome{err: errors.New("which account is missing"), code: WrongUsage, hint: "Name one, or write --due 30d for all whose certificate ends by then."}
	case r.due != "" && (way != "" || r.directory != "" || r.profile != ""):
		return usage{errors.New("--due has the accounts do it by themselves; --sign-in, --profile and --certificate-out go with a name")}
	case (way != "" || r.profile != "") && r.directory != "":
		return usage{errors.New("--certificate-out has a person do what --sign-in or --profile does")}
	case r.wait != 0 && r.directory == "":
		return usage{errors.New("--wait goes with --certificate-out")}
	}
	return r.work(ctx, func(ctx context.Context, w World) error {
		ctx, stop := stoppable(ctx)
		defer stop()
		if r.due != "" {
			return r.several(ctx, w, within)
		}
		row, err := w.account(names[0])
		if err != nil {
			return err
		}
		return r.one(ctx, w, row, way)
	})
}

// parseDue reads 30d, or what Go calls a duration.
func parseDue(text string) (time.Duration, error) {
	if text == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil {
			return time.Duration(n) * 24 * time.Hour, nil
		}
	} else if d, err := time.ParseDuration(text); err == nil && d >= 0 {
		return d, nil
	}
	return 0, usage{fmt.Errorf("--due: it is a time such as 30d or 12h, not %q", account.Clean(text, 40))}
}

// one rotates the key of one account.
func (r *rotate) one(ctx context.Context, w World, row account.Row, way account.SignInWay) error {
	acc, err := w.Env.Ops.Ports().Registry.Account(ctx, row.ID)
	if err != nil {
		return err
	}
	if !steps.Keyed(acc) {
		return keyless(acc)
	}
	v := r.voice(w)
	if err := r.brought(ctx, w, v, acc, way); err != nil {
		return r.kept(w, acc, err)
	}
	if acc, err = w.Env.Ops.Ports().Registry.Account(ctx, row.ID); err != nil {
		return ended(ctx, err)
	}
	v.result(rotatedLines(acc, v.now()), result{State: "rotated", Account: toLinked(acc)})
	return nil
}

func rotatedLines(a account.Account, now time.Time) []string {
	lines := []string{fmt.Sprintf("%s has another key, until %s. The one before is removed.", a.Name, steps.Day(a.Key.Certificate.NotAfter))}
	if a.Provider == account.AWS && link.Signs(a, now) && link.MayRenewAuthority(a, now) {
		lines = append(lines, fmt.Sprintf("Its authority ends on %s: a rotation with --profile or --certificate-out brings another.", steps.Day(a.Authority.Certificate.NotAfter)))
	}
	return lines
}

// brought rotates the key of an account whose new certificate somebody may have
// to bring to the app.
func (r *rotate) brought(ctx context.Context, w World, v *voice, acc account.Account, way account.SignInWay) error {
	if acc.Provider == account.AWS && !link.MayRenewAuthority(acc, w.Env.Now()) && (r.profile != "" || r.directory != "") {
		return usage{errors.New("the link's own authority signs the new certificate, and nothing changes in AWS; it takes neither --profile nor --certificate-out")}
	}
	if err := signsFor(account.Draft{Provider: acc.Provider}, way, r.profile); err != nil {
		return err
	}
	if err := r.ready(ctx, w, acc.Key.Store); err != nil {
		return err
	}
	wish := r.wish(ctx, w, acc)
	switch {
	case r.directory != "":
		wish.Directory = r.directory
		return r.byHand(ctx, w, v, acc, wish)
	case way != "":
		by, err := r.signIn(ctx, w, v, account.Draft{Name: acc.Name, Cloud: acc.Cloud, Link: acc.Link}, way, "", false)
		if err != nil {
			return err
		}
		defer by.Forget()
		wish.Admin = by.Directory
	case r.profile != "":
		admin, err := r.signInAWS(ctx, w, v, acc.Leaving(), r.profile)
		if err != nil {
			return err
		}
		defer admin.Forget()
		wish.AWS = admin
	}
	return r.rotated(ctx, w, v, acc, wish, r.stages(v, acc, ""))
}

func (r *rotate) wish(ctx context.Context, w World, acc account.Account) link.RotateWish {
	bits := acc.Key.Bits
	if bits == 0 {
		bits = steps.NewKey(w.Env, acc.Key.Store).Bits
	}
	wish := link.RotateWish{Key: account.KeyID(w.Env.NewID()), Bits: bits, Lives: link.Lives, Turn: turn.Of(ctx)}
	if acc.Provider == account.AWS {
		wish.Authority = account.KeyID(w.Env.NewID())
	}
	return wish
}

// rotated rotates a key, and tells each stage.
func (r *rotate) rotated(ctx context.Context, w World, v *voice, acc account.Account, wish link.RotateWish, tell func(link.Event)) error {
	if over := expired(acc, v.now()); over && wish.Admin == nil && wish.Directory == "" {
		return &account.Problem{Kind: account.CertificateOver}
	}
	return v.through(ctx, w.Env.Ops.Rotate(acc.ID, wish), tell)
}

// expired tells whether an account's certificate has run out, so that it cannot
// prove what it is. Of an AWS account the authority signs another all the same.
func expired(a account.Account, now time.Time) bool {
	return a.Provider != account.AWS && !a.Key.Certificate.NotAfter.After(now)
}

// stages tells the stages of a rotation, of an account that is named where there
// are several.
func (r *rotate) stages(v *voice, acc account.Account, name account.Name) func(link.Event) {
	words := rotationWords
	if acc.Provider == account.AWS {
		words = awsRotationWords
	}
	return func(e link.Event) {
		if r.json {
			v.progress(name, e)
			return
		}
		if text := stageLine(words, e); text != "" && name != "" {
			v.say("%s: %s", name, text)
		} else if text != "" {
			v.say("%s", text)
		}
	}
}

// rotationWords are the stages of a rotation.
var rotationWords = map[string]string{
	link.TheNewKey: "New private key", link.TheNewCertificate: "New certificate", link.TheAdding: "New certificate, on its way to the app",
	link.TheTrial: "Three tokens with the new key", link.TheSwitch: "Account, with the new key",
	link.TheRemoval: "Old certificate, off the app", link.TheDeletion: "Old private key, deleted",
}

// awsRotationWords are the stages of an AWS account's rotation.
var awsRotationWords = map[string]string{
	link.TheNewKey: "New private key", link.TheAuthority: "Key of a new authority", link.TheNewCertificate: "New certificate, signed by the authority",
	link.TheAdding: "Stack, with the new authority", link.TheTrial: "Three sessions with the new key", link.TheSwitch: "Account, with the new key",
	link.TheDeletion: "Old private key, deleted",
}

// stageLine is an event of a stage as a sentence; empty for what says nothing new.
func stageLine(words map[string]string, e link.Event) string {
	switch name := words[e.Step]; {
	case name == "":
		return ""
	case e.State == link.Done:
		return name + ": done."
	case e.State == link.Failed && e.Problem.Kind == account.PolicyLife:
		return name + ": a policy of the tenant refuses one that lives so long."
	case e.State == link.Failed:
		return name + ": " + steps.Advise(e.Problem).Line()
	case e.State == link.Pausing && e.Pause != nil && e.Pause.Reason == account.AnswerLost:
		return name + ": waiting, its answer was lost; looking whether it is there."
	case e.State == link.Pausing && e.Pause != nil && e.Pause.Reason == account.StackBuilds:
		return name + ": CloudFormation is at work."
	case e.State == link.Pausing:
		return name + ": waiting until the service knows of it."
	}
	return ""
}

// byHand writes the certificate, and waits until somebody has uploaded it, for
// as long as was asked.
func (r *rotate) byHand(ctx context.Context, w World, v *voice, acc account.Account, wish link.RotateWish) error {
	tell := r.stages(v, acc, "")
	var over sync.Once
	patient, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	err := r.rotated(patient, w, v, acc, wish, func(e link.Event) {
		tell(e)
		if e.Step == link.TheTrial && e.State == link.Pausing {
			over.Do(func() {
				r.upload(ctx, w, v, acc)
				time.AfterFunc(r.wait, func() { stop(errNotUploaded) })
			})
		}
	})
	if errors.Is(context.Cause(patient), errNotUploaded) && account.KindOf(err) == account.Cancelled {
		unseen := account.CertificateUnseen
		if acc.Provider == account.AWS {
			unseen = account.AuthorityGone
		}
		return &outcome{err: &account.Problem{Kind: unseen}, code: NotLinked}
	}
	return err
}

// errNotUploaded is that it was waited long enough.
var errNotUploaded = errors.New("it was not uploaded in time")

// upload says what somebody has to do with the new certificate.
func (r *rotate) upload(ctx context.Context, w World, v *voice, acc account.Account) {
	now, err := w.Env.Ops.Ports().Registry.Account(ctx, acc.ID)
	if err != nil || now.Next == nil {
		return // what is wrong is told by what comes next
	}
	if acc.Provider == account.AWS {
		page := acc.AWS().StackPage()
		v.say("Update the stack %s with the template %s: replace the current template. From then on AWS takes the new key alone.", acc.AWS().StackName(), now.Next.Saved)
		v.say("Where: %s, %s", page.Menu(""), page.URL)
		return
	}
	m := acc.Microsoft()
	page := acc.Cloud.Cloud().CertificatesPage(m.Client)
	v.say("Upload %s (thumbprint %s) to the app, and leave the old certificate: this program removes it.", now.Next.Saved, now.Next.Certificate.SHA1)
	v.say("Where: %s, %s", page.Menu(m.AppName), page.URL)
}

// kept adds to why a rotation ended early what works meanwhile, and how to go on.
func (r *rotate) kept(w World, was account.Account, err error) error {
	k := more(err)
	now, unread := w.Env.Ops.Ports().Registry.Account(context.Background(), was.ID)
	if unread != nil {
		now = was
	}
	again := "xops-onboard rotate " + word(string(was.Name))
	over := expired(now, r.voice(w).now())
	switch {
	case now.Next == nil && now.Last != nil:
		k.say("The new key is in use and works; the old one is not removed yet. Go on with: " + again)
		return k
	case now.Key.ID != was.Key.ID:
		k.say("The new key is in use and works, and the old one is removed.")
		return k
	case account.KindOf(err) == account.CertificateOver, over:
		if account.KindOf(err) == account.CertificateOver {
			k.code = NotAllowed
		}
		k.say("The account keeps its old key, which has expired. Go on with --sign-in or --certificate-out: " + again)
		return k
	}
	if now.NextAuthority != nil || account.KindOf(err) == account.AuthorityGone {
		k.say("The old key stays in use; AWS takes it until the stack is updated, and the new one from then on. Go on with --profile or --certificate-out, or with neither once the stack is updated: " + again)
		return k
	}
	k.say("The old key stays in use and works as before.")
	if now.Next != nil {
		k.say("Go on with: " + again)
	}
	return k
}

// several rotates all keys that are due, several at a time. What fails keeps
// none of the others.
func (r *rotate) several(ctx context.Context, w World, within time.Duration) error {
	v := r.voice(w)
	due := isDue(w.Known.Accounts, v.now().Add(within))
	shut := r.shut(ctx, w, stores(due))
	var mu sync.Mutex
	var codes []int // of those that were not rotated
	n := 0
	defer w.Env.Ops.Ports().Registry.Many(ctx)()
	turn.Each(ctx, rotating, due, func(ctx context.Context, row account.Row) {
		a, err := w.of(ctx, row)
		if account.KindOf(err) == account.NotFound { // removed meanwhile
			return
		}
		err = cmp.Or(err, shut[a.Key.Store])
		if err == nil {
			err = r.rotated(ctx, w, v, a, r.wish(ctx, w, a), r.stages(v, a, a.Name))
		}
		if err != nil {
			err = r.kept(w, a, err)
		}
		mu.Lock()
		if n++; err != nil {
			codes = append(codes, code(err))
		}
		mu.Unlock()
		r.told(w, v, a, err)
	})
	if err := ctx.Err(); err != nil {
		return ended(ctx, err)
	}
	if err := unread(w.Known); err != nil {
		return err
	}
	if len(codes) > 0 {
		return &outcome{err: fmt.Errorf("%d of %s not rotated", len(codes), is(n, "key")), code: worstCode(codes)}
	}
	text := []string(nil)
	if n == 0 {
		text = []string{"No key is due."}
	}
	v.result(text, result{State: "rotated"})
	return nil
}

// isDue gives those whose certificate ends before then, or whose rotation was
// begun. They stay where they are: there may be very many.
func isDue(rows []account.Row, then time.Time) iter.Seq[account.Row] {
	return func(yield func(account.Row) bool) {
		for _, row := range rows {
			profile := row.Expires.IsZero() // an AWS account by one has no certificate
			if !profile && (rotates(row) || row.Expires.Before(then)) && !yield(row) {
				return
			}
		}
	}
}

// rotates tells whether a rotation was begun and is not ended.
func rotates(row account.Row) bool {
	return row.Begun == account.Rotating || row.Begun == account.OldKeyLeft
}

// told tells how it ended for one account of several.
func (r *rotate) told(w World, v *voice, a account.Account, err error) {
	if err != nil {
		say, do := advice(err)
		v.one([]string{string(a.Name) + ": not rotated. " + say, "  " + do}, result{State: "failed", Code: code(err), Account: toLinked(a), Error: account.Clean(say, textLimit), Advice: account.Clean(do, textLimit), Problem: toProblem(problemOf(err))})
		return
	}
	if now, err := w.Env.Ops.Ports().Registry.Account(context.Background(), a.ID); err == nil {
		a = now
	}
	v.one(rotatedLines(a, v.now()), result{State: "rotated", Account: toLinked(a)})
}

// problemOf is the problem in an error, nil for none.
func problemOf(err error) *account.Problem {
	var p *account.Problem
	errors.As(err, &p)
	return p
}

// worstCode is the exit code of several that did not end well.
func worstCode(codes []int) int {
	for _, c := range []int{Interrupted, Failed, NoKeyStore, NotAllowed, NotLinked, WrongUsage} {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return Unchecked
}
