package steps_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/ansi"
	"github.com/google/go-cmp/cmp"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
	"github.com/axiomio/xops-onboard/ui/kit"
)

const (
	client = "00001111-aaaa-2222-bbbb-3333cccc4444"
	tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	domain = "contoso.onmicrosoft.com"
)

var (
	enter = tea.KeyPressMsg{Code: tea.KeyEnter}
	esc   = tea.KeyPressMsg{Code: tea.KeyEscape}
	tab   = tea.KeyPressMsg{Code: tea.KeyTab}
)

func letter(r rune) tea.KeyPressMsg { return tea.KeyPressMsg{Code: r, Text: string(r)} }

// world is the ports of these tests: what a service says is what the test says.
type world struct {
	link.Keys // what is not called here
	mu        sync.Mutex
	discover  func(cloud account.CloudID, tenant string) (account.Tenant, time.Duration, error)
	verify    func(n int) account.Report // n counts from 1
	looks     []time.Time
	store     map[account.Store]account.StoreState
	phrase    string // of the file store
	refuse    error  // what making a key comes back with
	unsaved   error  // what writing a certificate comes back with
	signIn    link.SignIn
	reg       link.Registry
	env       steps.Env
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		reg:   registry.Memory(),
		store: map[account.Store]account.StoreState{account.Keyring: account.StoreReady, account.FileStore: account.StoreEmpty},
	}
	w.discover = func(_ account.CloudID, s string) (account.Tenant, time.Duration, error) {
		if s == tenant || strings.HasSuffix(s, "contoso.com") || s == domain {
			return account.Tenant{ID: tenant, Cloud: account.Global}, 0, nil
		}
		return account.Tenant{}, 0, &account.Problem{Kind: account.TenantNotFound}
	}
	w.verify = func(int) account.Report { return report() }
	n := 0
	w.env = steps.Env{
		Now: time.Now, Place: steps.Place{Calm: true, Home: "/home/ada", Downloads: "/home/ada/Downloads", Directory: "/home/ada"},
		NewID: func() string { n++; return fmt.Sprintf("5f3c1a70-0000-4000-8000-%012x", n) },
	}
	w.over(t, w.reg)
	return w
}

// over puts the operations over that registry.
func (w *world) over(t *testing.T, reg link.Registry) {
	w.reg = reg
	w.env.Ops = link.New(t.Context(), link.Ports{Keys: w, Registry: reg, Microsoft: entra{w: w}, SignIn: w.signsIn, Save: w, Now: time.Now})
	t.Cleanup(w.env.Ops.Close)
}

// Probe and what follows make world a link.Keys and a link.Save.
func (w *world) Probe(_ context.Context, s account.Store) account.StoreStatus {
	w.mu.Lock()
	defer w.mu.Unlock()
	return account.StoreStatus{Store: s, State: w.store[s]}
}

func (w *world) Make(context.Context, account.Store, account.KeyID, int) error { return w.refuse }

func (w *world) Open(_ context.Context, s account.Store, _ account.KeyID) (crypto.Signer, error) {
	if state := w.Probe(context.Background(), s).State; state != account.StoreReady {
		return nil, &account.Problem{Kind: account.StoreNotUsable, State: state}
	}
	return nil, nil
}

func (w *world) Delete(context.Context, account.Store, account.KeyID) error { return nil }

func (w *world) Certify(_ crypto.Signer, _ string, from time.Time, life time.Duration) (account.Certificate, error) {
	sha := strings.Repeat("9F3A61C2", 4) + fmt.Sprintf("%08X", int(life.Hours()))
	return account.Certificate{PEM: "PEM", SHA1: sha, SHA256: sha + "77D041BE90AC5E128F0B3D6A", NotBefore: from, NotAfter: from.Add(life)}, nil
}

func (w *world) Unlock(_ context.Context, s account.Store, phrase []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.store[s] == account.StoreLocked && string(phrase) != w.phrase:
		return &account.Problem{Kind: account.WrongPassphrase}
	case len(phrase) < 12:
		return &account.Problem{Kind: account.InputWeakPhrase}
	}
	w.store[s], w.phrase = account.StoreReady, string(phrase)
	return nil
}

func (w *world) Text(ctx context.Context, dir, name, text string) (string, error) {
	return w.Certificate(ctx, dir, name, text)
}

func (w *world) Certificate(_ context.Context, dir, name, _ string) (string, error) {
	return dir + "/" + name, w.unsaved
}

// entra is world as a link.Microsoft.
type entra struct {
	link.Microsoft // what is not called here
	w              *world
}

func (e entra) Discover(ctx context.Context, c account.CloudID, s string) (account.Tenant, time.Duration, error) {
	if err := ctx.Err(); err != nil {
		return account.Tenant{}, 0, &account.Problem{Kind: account.Cancelled, Err: err}
	}
	return e.w.discover(c, s)
}

func (e entra) Reach(context.Context, account.CloudID) (time.Duration, []account.Problem) {
	return 0, nil
}

func (e entra) Verify(context.Context, account.Target, crypto.Signer) account.Report {
	e.w.mu.Lock()
	e.w.looks = append(e.w.looks, time.Now())
	n := len(e.w.looks)
	e.w.mu.Unlock()
	return e.w.verify(n)
}

// report is one in which everything holds but the checks that are named.
func report(but ...account.Check) account.Report {
	r := account.Report{At: time.Now()}
	for _, n := range []account.CheckName{account.CertificateAccepted, account.RightTenant, account.GlobalReader, account.Consent, account.AccessReviews, account.Foreign, account.KeyLife} {
		c := account.Check{Name: n, State: account.Holds}
		for _, b := range but {
			if b.Name == n {
				c = b
			}
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

func missing(n account.CheckName, k account.Kind) account.Check {
	return account.Check{Name: n, State: account.Missing, Problem: &account.Problem{Kind: k}}
}

// draft is one that was left at the stop of that name.
func (w *world) draft(t *testing.T, at string) account.Draft {
	t.Helper()
	d := account.Draft{
		ID: "5f3c1a70-0000-4000-8000-00000000000d", Name: "Contoso", Provider: account.Microsoft, Way: account.ByHand, Cloud: account.Global, Created: time.Now(),
		Link: account.MicrosoftLink{Tenant: tenant, Client: client, Organization: domain, AppName: "Xops 360 - Contoso"},
		Keys: []account.Key{{ID: "5f3c1a70-0000-4000-8000-00000000000f", Store: account.Keyring, Bits: 2048, Stored: true, Saved: "/home/ada/contoso.cer"}},
	}
	d.Keys[0].Certificate, _ = w.Certify(nil, "", time.Now(), link.Lives[0])
	for _, s := range steps.MicrosoftByHand(d) {
		if s.Name == at {
			break
		}
		if s.Name != "cloud" && s.Name != "keystore" { // passed without a page
			d.Trail = append(d.Trail, s.Name)
		}
	}
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	return d
}

// walker sends messages to a wizard, and what its commands bring.
type walker struct {
	*steps.Wizard
	t   *testing.T
	out steps.Outcome

	together bool // commands of a batch run side by side, as one may wait for another
}

func walk(t *testing.T, w *world, d account.Draft) *walker {
	t.Helper()
	k := &walker{Wizard: steps.NewWizard(t.Context(), w.env, steps.MicrosoftByHand, d), t: t}
	t.Cleanup(k.Close)
	k.run(k.Init())
	return k
}

// send sends messages, one after another, with all that comes of each.
func (k *walker) send(msgs ...tea.Msg) {
	for _, m := range msgs {
		var cmd tea.Cmd
		k.out, cmd = k.Update(m)
		k.run(cmd)
	}
}

// run runs a command and sends what it brings.
func (k *walker) run(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	switch msg := cmd().(type) {
	case nil:
	case tea.BatchMsg:
		if k.together {
			came := make([]chan tea.Msg, len(msg))
			for i, c := range msg {
				came[i] = make(chan tea.Msg, 1)
				go func() {
					if c == nil {
						came[i] <- nil
						return
					}
					came[i] <- c()
				}()
			}
			for _, ch := range came {
				m := <-ch
				k.run(func() tea.Msg { return m })
			}
			return
		}
		for _, c := range msg {
			k.run(c)
		}
	default:
		k.send(msg)
	}
}

// page is the step as it is drawn, without its styles and line ends.
func (k *walker) page() string {
	f, _, _ := k.Step().View(kit.Size{Width: 76, Height: 60}, kit.NewTheme(true)).Draw(kit.Size{Width: 76, Height: 60}, kit.NewTheme(true), kit.Scroll{})
	return strings.Join(strings.Fields(ansi.Strip(f.Text)), " ")
}

func (k *walker) at(stop string) {
	k.t.Helper()
	if k.At() != stop {
		k.t.Fatalf("at %q, want %q\n%s", k.At(), stop, k.page())
	}
}

func (k *walker) reads(text string) {
	k.t.Helper()
	if !strings.Contains(k.page(), text) {
		k.t.Fatalf("%s does not say %q:\n%s", k.At(), text, k.page())
	}
}

func paste(s string) tea.PasteMsg { return tea.PasteMsg{Content: s} }

func TestWalkToTheKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := walk(t, w, account.Draft{})
	k.at("cloud")
	k.send(enter)
	k.at("way")
	k.send(enter)
	k.at("name")
	k.send(paste(" Contoso "), enter)
	k.at("register")
	k.send(enter)
	k.at("identifiers")
	k.send(paste("{"+strings.ToUpper(client)+"}"), tab, paste("ada@contoso.com"), tab, paste(domain), enter)
	k.at("key")
	k.send(enter)
	k.reads("Key stored and read back")
	want := account.MicrosoftLink{Tenant: tenant, Client: client, Organization: domain, AppName: "Xops 360 - Contoso"}
	if d := cmp.Diff(want, k.Draft().Microsoft()); d != "" {
		t.Errorf("link (-want +got):\n%s", d)
	}
	on, err := w.reg.Draft(t.Context(), k.Draft().ID)
	if err != nil || !on.Key().Stored {
		t.Errorf("on disk: %+v, %v", on, err)
	}
}

// TestLateAnswer asks, goes back, comes again, and delivers the first answer:
// nothing may happen.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := walk(t, w, w.draft(t, "identifiers"))
	k.at("identifiers")
	_, late := k.Update(paste("x " + client + " " + tenant))
	k.send(esc)
	k.at("register")
	k.send(enter)
	k.at("identifiers")
	before := k.page()
	k.run(late)
	if d := cmp.Diff(before, k.page()); d != "" {
		t.Errorf("a late answer changed the page (-before +after):\n%s", d)
	}
}

// TestLateAnswerIsCancelled holds that who left is not waited for.
func TestLateAnswerIsCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := walk(t, w, w.draft(t, "identifiers"))
	_, late := k.Update(paste("x " + client + " " + tenant))
	k.send(esc)
	w.discover = func(account.CloudID, string) (account.Tenant, time.Duration, error) {
		t.Error("asked though the step was left")
		return account.Tenant{}, 0, nil
	}
	k.run(late)
}

// TestEnterLeadsToWhatIsWrong has the cursor in the field to be corrected.
func TestEnterLeadsToWhatIsWrong(t *testing.T) {
	t.Parallel()
	for at, ids := range [][3]string{{tenant, tenant, domain}, {client, client[:35] + "5", domain}, {client, tenant, "nobody.example"}} {
		w := newWorld(t)
		d := w.draft(t, "identifiers")
		d.Link = account.MicrosoftLink{}
		k := walk(t, w, d)
		k.send(paste(ids[0]), tab, paste(ids[1]), tab, paste(ids[2]), enter)
		k.at("identifiers")
		k.send(letter('x'))
		k.reads(ids[at] + "x")
	}
}

// TestOneWriteAtATime changes the draft while it is being written: it is
// written once more, and last as it was last.
func TestOneWriteAtATime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := walk(t, w, w.draft(t, "register"))
	_, first := k.Update(enter) // its save does not run yet
	if !k.Saving() {
		t.Fatal("not saving")
	}
	k.send(esc, enter, esc) // three more changes
	k.run(first)
	if k.Saving() {
		t.Error("still saving")
	}
	on, err := w.reg.Draft(t.Context(), k.Draft().ID)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(k.Draft().Trail, on.Trail); d != "" {
		t.Errorf("trail (-wizard +disk):\n%s", d)
	}
}

// TestTickedStopsAreNotAskedAgain goes on from the upload to what is open.
func TestTickedStopsAreNotAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.verify = func(int) account.Report { return report(missing(account.Consent, account.PermissionNotGranted)) }
		k := follow(t, w, w.draft(t, "upload"))
		k.reads("Done. Enter goes on.")
		k.press(enter)
		k.at("permission")
		k.reads("admin consent is not granted.")
	})
}

// TestChangedIdentifierVoidsTicks holds that nothing stays ticked that hung on
// another id.
func TestChangedIdentifierVoidsTicks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "key")
	d.Ticked = []string{"upload", "role"}
	k := walk(t, w, d)
	k.at("key")
	k.send(esc)
	k.at("identifiers")
	for range len(client) {
		k.send(tea.KeyPressMsg{Code: tea.KeyBackspace})
	}
	k.send(paste("11112222-aaaa-3333-bbbb-4444cccc5555"), enter)
	k.at("key")
	if got := k.Draft().Ticked; len(got) > 0 {
		t.Errorf("ticked: %v", got)
	}
}

// TestFileStoreIsUnlockedFirst goes on with a draft whose key is in a file.
func TestFileStoreIsUnlockedFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "register")
	d.Keys[0].Store = account.FileStore
	w.store[account.FileStore], w.phrase = account.StoreLocked, "correct horse battery"
	k := walk(t, w, d)
	k.at("keystore")
	k.reads("The file store is locked.")
	k.send(enter, paste("wrong"), enter)
	k.reads("That is not the passphrase.")
	for range len("wrong") {
		k.send(tea.KeyPressMsg{Code: tea.KeyBackspace})
	}
	k.send(paste("correct horse battery"), enter)
	k.at("register")

	w.store[account.FileStore] = account.StoreReady
	k = walk(t, w, d)
	k.at("register")
}

// TestLostFileStoreIsNotMadeAnew offers no new store in the place of the one
// that held the key.
func TestLostFileStoreIsNotMadeAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "register")
	d.Keys[0].Store = account.FileStore
	k := walk(t, w, d)
	k.at("keystore")
	k.reads("The file store is not there any more.")
	if strings.Contains(k.page(), "passphrase") {
		t.Errorf("a passphrase is asked for:\n%s", k.page())
	}
}

func TestDraftThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "register")
	if err := w.reg.Remove(t.Context(), d.ID); err != nil {
		t.Fatal(err)
	}
	k := walk(t, w, d)
	k.send(enter)
	if p := k.Trouble(); p == nil || p.Kind != account.NotFound {
		t.Errorf("Trouble() = %v, want that it was not found", p)
	}
}

// follower runs commands side by side, as the program does, for steps that are
// watched. It is for a synctest bubble.
type follower struct {
	*walker
	msgs  chan tea.Msg
	count int // of what came
}

func follow(t *testing.T, w *world, d account.Draft) *follower {
	t.Helper()
	f := &follower{&walker{Wizard: steps.NewWizard(t.Context(), w.env, steps.MicrosoftByHand, d), t: t}, make(chan tea.Msg, 64), 0}
	f.start(f.Init())
	f.settle()
	t.Cleanup(f.Close)
	return f
}

func (f *follower) start(cmd tea.Cmd) {
	if cmd == nil {
		return
	}
	go func() {
		switch msg := cmd().(type) {
		case nil:
		case tea.BatchMsg:
			for _, c := range msg {
				f.start(c)
			}
		default:
			f.msgs <- msg
		}
	}()
}

// settle delivers what has come until nothing more comes by itself.
func (f *follower) settle() {
	for {
		synctest.Wait()
		select {
		case m := <-f.msgs:
			f.deliver(m)
		default:
			return
		}
	}
}

func (f *follower) deliver(m tea.Msg) {
	f.count++
	var cmd tea.Cmd
	f.out, cmd = f.Update(m)
	f.start(cmd)
}

func (f *follower) press(m tea.Msg) { f.deliver(m); f.settle() }

// sleep lets time pass.
func (f *follower) sleep(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(time.Second, time.Until(end)))
		f.settle()
	}
}

// TestWatchingGrowsPatient looks close at first and then less often, at once on
// a key and when the window gets the focus, and tells the causes after two minutes.
func TestWatchingGrowsPatient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.verify = func(int) account.Report {
			return report(missing(account.CertificateAccepted, account.CertificateUnseen))
		}
		f := follow(t, w, w.draft(t, "upload"))
		f.reads("Entra does not know this certificate yet.")
		if strings.Contains(f.page(), "four cases") {
			t.Errorf("the causes are told at once:\n%s", f.page())
		}
		looked := func() int { w.mu.Lock(); defer w.mu.Unlock(); return len(w.looks) }
		if n := looked(); n != 1 {
			t.Errorf("looked %d times at once, want once", n)
		}
		f.press(letter('r'))
		f.press(tea.FocusMsg{})
		if n := looked(); n != 3 {
			t.Errorf("looked %d times, want at once on a key and on focus", n)
		}
		f.sleep(3 * time.Minute)
		f.reads("One answer for four cases; compare the thumbprint:")
		f.reads("it was uploaded to another app")
		for i := 4; i < len(w.looks); i++ {
			pause, last := w.looks[i].Sub(w.looks[i-1]), w.looks[i-1].Sub(w.looks[i-2])
			if pause < 4*time.Second || pause > 34*time.Second || i > 5 && pause < last*8/10 {
				t.Errorf("looks %d and %d are %v apart", i-1, i, pause)
			}
		}
	})
}

// TestTicksStayWhileWalking leaves a live step and comes back: what was seen is
// known at once, and it is one watch that runs.
func TestTicksStayWhileWalking(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.verify = func(int) account.Report { return report(missing(account.GlobalReader, account.RoleMissing)) }
		f := follow(t, w, w.draft(t, "upload"))
		f.reads("Done. Enter goes on.")
		f.press(enter)
		f.at("role")
		f.reads("The app may not read the directory yet.")
		f.press(esc)
		f.at("upload")
		f.reads("Done. Enter goes on.")
	})
}

// TestFinishThatFails says why, and can be tried again.
func TestFinishThatFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		d := w.draft(t, "verify")
		twin := d.Account(time.Now())
		twin.ID, twin.Name = "5f3c1a70-0000-4000-8000-0000000000aa", "Other"
		other := d
		other.ID, other.Name = twin.ID, twin.Name
		if err := errors.Join(w.reg.SaveDraft(t.Context(), other), w.reg.Finish(t.Context(), twin)); err != nil {
			t.Fatal(err)
		}
		f := follow(t, w, d)
		f.at("verify")
		f.reads("This app is linked here already, as Other.")
		f.press(enter)
		if f.At() == "connected" {
			t.Error("connected in spite of it")
		}
	})
}

// full is a disk that takes no account while it is full.
type full struct {
	link.Registry
	tries int
	err   error
}

func (r *full) Finish(ctx context.Context, a account.Account) error {
	r.tries++
	if r.err != nil {
		return r.err
	}
	return r.Registry.Finish(ctx, a)
}

// TestFinishIsTriedOnce where the disk is full, though a spinner turns: once more
// for each enter, and then it is linked.
func TestFinishIsTriedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		disk := &full{Registry: w.reg, err: &account.Problem{Kind: account.RegistryUnread, Subject: "accounts"}}
		w.over(t, disk)
		w.env.Place.Calm = false
		f := follow(t, w, w.draft(t, "verify"))
		f.reads("accounts cannot be read or written.")
		f.sleep(5 * time.Second)
		if disk.tries != 1 {
			t.Errorf("tried %d times, want once", disk.tries)
		}
		f.press(enter)
		f.sleep(2 * time.Second)
		if disk.tries != 2 || f.At() != "verify" {
			t.Errorf("tried %d times, at %s; want twice, at verify", disk.tries, f.At())
		}
		disk.err = nil
		f.press(enter)
		f.reads("Linked. Enter goes on.")
		f.press(enter)
		f.at("connected")
		f.sleep(2 * time.Second)
	})
}

// FuzzPaste pastes anything into the identifiers. What comes of it is sound.
func FuzzPaste(f *testing.F) {
	for _, s := range []string{
		client, client + " " + tenant, "Application (client) ID\n:\n" + client + "\nDirectory (tenant) ID\n:\n" + tenant,
		tenant + " " + tenant, "\x1b[31m" + client + "\x00", "{" + client + "}{" + tenant + "}" + domain, "", strings.Repeat(client+" ", 50),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := newWorld(t)
		d := w.draft(t, "identifiers")
		d.Link = account.MicrosoftLink{}
		k := walk(t, w, d)
		k.send(paste(s), enter)
		if strings.ContainsAny(k.page(), "\x1b\x00\u009b") {
			t.Errorf("control characters are drawn: %q", k.page())
		}
		if k.At() == "identifiers" {
			return
		}
		m := k.Draft().Microsoft()
		if m.Tenant != tenant || m.Client == "" || string(m.Client) == string(m.Tenant) || m.Organization == "" {
			t.Errorf("went on with %+v", m)
		}
	})
}

// TestShorterCertificateIsKept makes a shorter certificate and goes back: it is
// the one that is shown from then on, as it is the one on disk.
func TestShorterCertificateIsKept(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		unseen := true
		w.verify = func(int) account.Report {
			if unseen {
				return report(missing(account.CertificateAccepted, account.CertificateUnseen))
			}
			return report(missing(account.Consent, account.PermissionNotGranted))
		}
		f := follow(t, w, w.draft(t, "upload"))
		f.at("upload")
		f.press(letter('v'))
		f.reads("Entra does not know this certificate yet.")
		f.press(esc)
		f.at("key")
		c := f.Draft().Key().Certificate
		if life := c.NotAfter.Sub(c.NotBefore); life != link.Lives[1] {
			t.Errorf("the certificate lives %v, want the shorter one", life)
		}
		f.reads("Expires " + c.NotAfter.Format("2 January 2006"))
		f.press(enter)
		f.at("upload")
		unseen = false
		f.press(letter('r'))
		f.reads("Done. Enter goes on.")
		f.press(letter('v')) // does nothing any more
		if c := f.Draft().Key().Certificate; c.NotAfter.Sub(c.NotBefore) != link.Lives[1] {
			t.Errorf("another certificate was made in the place of the one that is accepted: %v", c.NotAfter.Sub(c.NotBefore))
		}
		f.reads("Done. Enter goes on.")
	})
}

// TestKeyIsSeenAgain makes the key and goes back before anything is written:
// the page knows it when one comes again.
func TestKeyIsSeenAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	d := w.draft(t, "key")
	d.Keys = nil
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	k := walk(t, w, d)
	k.send(letter('b'), enter)
	k.reads("Key stored and read back")
	_, save := k.Update(esc) // the save's answer waits
	k.at("identifiers")
	_, cmd := k.Update(enter)
	k.run(cmd)
	if k.At() == "identifiers" {
		k.send(enter)
	}
	k.at("key")
	k.reads("Key stored and read back")
	k.run(save)
	if got := k.Draft().Key().Bits; got != 3072 {
		t.Errorf("the key has %d bits, want the 3072 that were chosen", got)
	}
}

// TestUnansweredLookKeepsTicks loses the network: what held is ticked as before.
func TestUnansweredLookKeepsTicks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.verify = func(n int) account.Report {
			if n == 1 {
				return report(missing(account.Consent, account.PermissionNotGranted))
			}
			lost := func(n account.CheckName, k account.Kind) account.Check {
				return account.Check{Name: n, State: account.Unknown, Problem: &account.Problem{Kind: k}}
			}
			return report(lost(account.CertificateAccepted, account.Offline), lost(account.GlobalReader, account.NotAsked), lost(account.Consent, account.NotAsked))
		}
		f := follow(t, w, w.draft(t, "permission"))
		if d := cmp.Diff([]string{"upload", "role"}, f.Draft().Ticked); d != "" {
			t.Errorf("ticked (-want +got):\n%s", d)
		}
		f.press(letter('r'))
		f.reads("cannot be reached")
		if d := cmp.Diff([]string{"upload", "role"}, f.Draft().Ticked); d != "" {
			t.Errorf("ticked after a look without an answer (-want +got):\n%s", d)
		}
	})
}

// TestAnswersOfAnEarlierWizard come to the next one at the same page: nothing
// may happen, and its draft stays its own.
func TestAnswersOfAnEarlierWizard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := walk(t, w, w.draft(t, "register"))
	_, saved := k.Update(enter)
	k.at("identifiers")
	_, found := k.Update(paste("x " + client + " " + tenant))
	d := w.draft(t, "register")
	d.ID, d.Name, d.Link, d.Keys = "5f3c1a70-0000-4000-8000-0000000000bb", "Fabrikam", account.MicrosoftLink{}, nil
	next := walk(t, w, d)
	_, own := next.Update(enter)
	next.at("identifiers")
	before := next.page()
	next.run(saved)
	next.run(found)
	if d := cmp.Diff(before, next.page()); d != "" {
		t.Errorf("the page changed (-before +after):\n%s", d)
	}
	if !next.Saving() || next.Draft().Key().ID != "" {
		t.Errorf("the other draft's answer was taken: saving %t, key %q", next.Saving(), next.Draft().Key().ID)
	}
	next.run(own)
	if next.Saving() {
		t.Error("its own was not")
	}
}

// TestNothingMovesWhenItIsDone counts the ticks that are asked for: none once
// the check holds, and one kind again when it does not any more.
func TestNothingMovesWhenItIsDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.env.Place.Calm = false
		holds := true
		w.verify = func(int) account.Report {
			if holds {
				return report(missing(account.Consent, account.PermissionNotGranted))
			}
			return report(missing(account.GlobalReader, account.RoleMissing))
		}
		f := follow(t, w, w.draft(t, "role"))
		f.reads("Done. Enter goes on.")
		f.sleep(2 * time.Second)
		f.count = 0
		f.sleep(2 * time.Second) // before the next look
		if f.count > 0 {
			t.Errorf("%d messages came in two seconds, though it is done", f.count)
		}
		holds = false
		f.press(letter('r'))
		f.count = 0
		f.sleep(3 * time.Second)
		if f.count < 3 {
			t.Errorf("%d messages came in three seconds, though it waits", f.count)
		}
		holds = true
		f.press(letter('r'))
		f.sleep(2 * time.Second) // the last ticks
	})
}

// TestSizeAfterAFailure chooses another size after a key was refused as too big:
// that one is made.
func TestSizeAfterAFailure(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.refuse = &account.Problem{Kind: account.KeyTooBig}
	d := w.draft(t, "key")
	d.Keys = nil
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	k := walk(t, w, d)
	k.send(letter('b'), letter('b'), enter)
	k.reads("The key is too big for this key store. Choose 2048 bits.")
	w.refuse = nil
	k.send(letter('b'))
	k.reads("RSA 2048")
	k.send(enter)
	k.reads("Key stored and read back")
	if got := k.Draft().Key().Bits; got == 4096 {
		t.Errorf("the key has %d bits", got)
	}
	k.send(enter)
	if got := k.Draft().Key().Bits; got != 2048 {
		t.Errorf("the key has %d bits, want the 2048 that were chosen", got)
	}
}

// TestDoubtAfterAShorterCertificate makes one, and then learns that Entra does
// not know the app: i leads to the ids, and not to where one is.
func TestDoubtAfterAShorterCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		says := account.CertificateUnseen
		w.verify = func(int) account.Report { return report(missing(account.CertificateAccepted, says)) }
		f := follow(t, w, w.draft(t, "upload"))
		f.press(letter('v'))
		f.reads("Entra does not know this certificate yet.")
		says = account.AppNotFound
		f.press(letter('r'))
		f.reads("Entra does not find this app in this tenant.")
		f.press(letter('i'))
		f.at("identifiers")
	})
}

// TestLooksGoOnAfterAShorterCertificate holds that the end of the verification
// of the one before is not taken for the end of this one's.
func TestLooksGoOnAfterAShorterCertificate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		r := report(missing(account.CertificateAccepted, account.CertificateUnseen))
		w.verify = func(int) account.Report { return r }
		f := follow(t, w, w.draft(t, "upload"))
		f.press(letter('v'))
		r = report(missing(account.Consent, account.PermissionNotGranted))
		f.press(letter('r'))
		f.reads("Done. Enter goes on.")
		for _, k := range f.Step().Keys() {
			if k.Help().Key == "r" && !k.Enabled() {
				t.Error("no other look can be asked for, though not everything holds")
			}
		}
	})
}
