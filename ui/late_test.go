package ui_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// slow is a registry that can be made to wait before it answers.
type slow struct {
	link.Registry
	mu   sync.Mutex
	held map[string]chan struct{} // by what it is asked for
	told map[string]int           // how often it has answered
}

// answered tells how often it has.
func (r *slow) answered(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.told[what]
}

// hold has it wait until it is let go when it is asked for that.
func (r *slow) hold(what string) (release func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	free := make(chan struct{})
	r.held[what] = free
	return sync.OnceFunc(func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.held, what)
		close(free)
	})
}

func (r *slow) wait(what string) {
	r.mu.Lock()
	free := r.held[what]
	r.mu.Unlock()
	if free != nil {
		<-free
	}
}

func (r *slow) Draft(ctx context.Context, id account.ID) (account.Draft, error) {
	r.wait("draft")
	return r.Registry.Draft(ctx, id)
}

func (r *slow) Account(ctx context.Context, id account.ID) (account.Account, error) {
	r.wait("account")
	return r.Registry.Account(ctx, id)
}

func (r *slow) Contents(ctx context.Context) (account.Contents, error) {
	r.wait("contents")
	defer func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.told["contents"]++
	}()
	return r.Registry.Contents(ctx)
}

// slowly has the world's registry be a slow one.
func (w *world) slowly() *slow {
	r := &slow{Registry: w.reg, held: map[string]chan struct{}{}, told: map[string]int{}}
	w.reg = r
	return r
}

// TestLateDraft goes away and comes back before the draft that was to go on is
// read: it does not open by itself then.
func TestLateDraft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.left("role", func(d *account.Draft) { d.Name = "Fabrikam" })
	reg := w.slowly()
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("up")
	p.See("› ! Fabrikam")
	release := reg.hold("draft")
	t.Cleanup(release)
	p.Press("enter", "tab")
	p.See("Link a New Azure Account")
	p.Press("tab")
	p.See("1 connected")
	release()
	p.Press("up")
	p.See("› ! Fabrikam")
	p.Press("enter") // and now it does
	p.See("Assign Global Reader")
}

// TestLateDialog goes elsewhere before it is asked whether the draft is to be
// thrown away: the question does not come there.
func TestLateDialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.left("role", func(d *account.Draft) { d.Name = "Fabrikam" })
	reg := w.slowly()
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("up")
	p.See("› ! Fabrikam")
	release := reg.hold("draft")
	t.Cleanup(release)
	p.Press("x", "tab")
	p.See("Link a New Azure Account")
	release()
	p.Press("down")
	p.See("› Link a New Microsoft Account")
	if strings.Contains(p.Text(), "Throw Fabrikam away?") {
		t.Errorf("it is asked here\n%s", p.Picture())
	}
}

// TestKeysAfterTheEnd presses keys while the page after the wizard is read: they
// are none of the wizard's any more.
func TestKeysAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("upload")
	reg := w.slowly()
	p := w.start(80, 24)
	p.See("Go on with Contoso")
	p.Press("down", "enter")
	p.See("Which cloud do you want to link first?")
	release := reg.hold("contents")
	t.Cleanup(release)
	p.Press("esc", "enter", "?")
	p.See("Keys ·") // so the keys before it were taken
	p.Press("esc")
	p.Gone("Keys ·")
	if !strings.Contains(p.Text(), "Which cloud do you want to link first?") {
		t.Errorf("a closed wizard went on\n%s", p.Picture())
	}
	release()
	p.See("Go on with Contoso")
}

// TestThrowAwayAsksForTheName holds that no two keys throw a key away.
func TestThrowAwayAsksForTheName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	w.left("role", func(d *account.Draft) { d.Name = "Fabrikam" })
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("up")
	p.See("› ! Fabrikam")
	p.Press("x")
	p.See("Throw Fabrikam away?", "Type Fabrikam to throw it away")
	p.Press("x", "enter")
	p.See("That is not its name. esc leaves it alone.")
	p.Press("esc")
	p.Gone("Throw Fabrikam away?")
	if _, drafts := w.rows(); drafts != 1 || w.keys.stored() != 2 {
		t.Errorf("%d drafts and %d keys, want 1 and 2", drafts, w.keys.stored())
	}
	p.Press("x")
	p.See("Throw Fabrikam away?")
	p.Paste("Fabrikam")
	p.See("› Fabrikam")
	p.Press("enter")
	p.Gone("Fabrikam")
	if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 1 {
		t.Errorf("%d drafts and %d keys, want 0 and 1", drafts, w.keys.stored())
	}
}

// TestThrowAwayOfNothing takes a second key where there is no key to lose.
func TestThrowAwayOfNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("identifiers")
	p := w.start(80, 24)
	p.choose("Throw Contoso away")
	p.See("Throw Contoso away?", "This deletes here: the draft.")
	p.Press("x")
	p.See("Which cloud do you want to link first?")
}

// TestPasteIntoADialog does not reach the page behind it.
func TestPasteIntoADialog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("identifiers")
	p.Press("f1")
	p.See("Keys ·")
	p.Paste("somebody's secret")
	p.Press("esc")
	p.Gone("Keys ·")
	p.Type("x")
	p.See("› x")
	if strings.Contains(p.Text(), "secret") {
		t.Errorf("it was pasted into the page\n%s", p.Picture())
	}
}

// TestScrollAwayFromTheChoice scrolls a page up whose choice is at its end, and
// has the choice in sight again when one chooses.
func TestScrollAwayFromTheChoice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	p := w.start(80, 24).drive("survey")
	p.Resize(64, 16)
	p.See("› Yes, show me the plan", "↓ pgdn")
	p.Gone("Is this the right tenant?")
	p.Press("pgup", "pgup", "pgup")
	p.See("Is this the right tenant?", "Domains")
	p.Gone("Yes, show me the plan")
	p.Press("pgdown", "pgdown", "pgdown", "pgdown")
	p.See("Do it by hand instead")
	p.Press("pgup", "pgup", "pgup", "pgup")
	p.See("Is this the right tenant?")
	p.Press("down")
	p.See("› Sign in as somebody else")
	p.Press("?")
	p.See("pgup pgdn")
}

// TestLateAccount has the last checks of an account come before the account:
// none is shown before it is known whose they are.
func TestLateAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Contoso", 0)
	reg := w.slowly()
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("enter")
	p.See("days left")
	p.Press("v") // its checks are made, and kept
	p.See("Checked")
	p.Press("esc")
	p.See("1 connected")
	release := reg.hold("account")
	t.Cleanup(release)
	p.Press("enter")
	p.See("Account")
	p.Press("?") // by when it is open, the checks have come
	p.See("Keys")
	p.Press("esc")
	p.Gone("Keys")
	if strings.Contains(p.Text(), "Checked") {
		t.Errorf("checks of nobody\n%s", p.Picture())
	}
	release()
	p.See("Checked")
}

// TestKeyWhileMended presses a key while what another copy left is looked at: it
// does what it says, as nothing was there to be ended.
func TestKeyWhileMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.change(w.linked("Contoso", 0), func(a *account.Account) { a.Moving = account.FileStore })
	w.keys.set(account.Keyring, account.StoreLocked, false) // so that the move cannot be ended
	w.left("register", func(d *account.Draft) { d.Name = "Fabrikam" })
	reg := w.slowly()
	mended, read := reg.hold("account"), reg.hold("draft")
	t.Cleanup(mended)
	t.Cleanup(read)
	p := w.start(80, 24)
	p.See("2 need attention")
	p.Press("down")
	p.See("› ! Fabrikam")
	p.Press("enter")
	before := reg.answered("contents")
	mended()
	p.Until("the registry is read anew", func() bool { return reg.answered("contents") > before })
	p.Press("s", "s", "s", "s")
	p.See("Sorted")
	read()
	p.See("Register the application")
}
