package ui_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/registry"
)

func TestFromTheFirstStartToHome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	p.walk("home")
	p.See("Contoso", "Microsoft")
	p.quit()
	if accounts, drafts := w.rows(); accounts != 1 || drafts != 0 {
		t.Errorf("%d accounts and %d drafts, want 1 and 0", accounts, drafts)
	}

	again := w.start(80, 24)
	again.See("1 connected")
	again.quit()
}

// TestRealKey goes the same road with keystore.Memory's own keys and
// certificates.
func TestRealKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.keys.real = true
	p := w.start(80, 24)
	p.walk("home")
	p.quit()
}

// TestBackAndForth goes back from every step to the first page and on again,
// with nothing typed twice.
func TestBackAndForth(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	p.walk("upload")
	p.See("Entra does not know this certificate yet.")
	thumbprint := w.draft().Key().Certificate.SHA1
	for _, title := range []string{"Key stored and read back", "Copy the identifiers", "Register the application", "Name the account", "Link a New Microsoft Account", "Which cloud"} {
		p.Press("esc")
		p.See(title)
	}
	for _, title := range []string{"Link a New Microsoft Account", "Name the account", "Register the application", "Copy the identifiers"} {
		p.Press("enter")
		p.See(title)
	}
	p.See(w.app.ClientID, tenantID, initial)
	p.Press("enter")
	p.See("Key stored and read back")
	p.Press("enter")
	p.See("Upload the certificate")
	if got := w.draft().Key().Certificate.SHA1; got != thumbprint {
		t.Errorf("the certificate is another one now: %s, was %s", got, thumbprint)
	}
	if n := w.keys.stored(); n != 1 {
		t.Errorf("%d keys are stored, want 1", n)
	}
	p.follow("upload", "home")
}

// TestLateAnswer asks, goes back, comes again, and only then gets the first
// answer: nothing may happen.
func TestLateAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("identifiers")
	release := w.gate.hold("login.")
	p.Paste(w.overview())
	p.See("Looking up the tenant")
	p.Press("esc")
	p.See("Register the application")
	p.Press("enter")
	p.See("Copy the identifiers")
	release()
	p.Type("x")
	p.See("› x")
	if strings.Contains(p.Text(), tenantID) {
		t.Errorf("the answer of the first visit arrived:\n%s", p.Picture())
	}
}

func TestResizeAtAnyMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	for _, r := range road {
		for _, size := range [][2]int{{120, 40}, {64, 16}, {63, 16}, {20, 5}, {1, 1}, {64, 15}, {80, 24}} {
			p.Resize(size[0], size[1])
		}
		p.See("Xops 360")
		r.walk(p)
		p.See(r.then)
	}
	p.Resize(63, 16)
	p.See("This window is too small: 64 columns and 16 lines are needed.")
	p.Resize(80, 24)
	p.See("1 connected")
}

// TestKeysInASmallWindow presses keys where the page is not drawn: they act as in
// the smallest window in which it is.
func TestKeysInASmallWindow(t *testing.T) {
	t.Parallel()
	for _, size := range [][2]int{{1, 1}, {20, 5}, {63, 16}} {
		w := newWorld(t)
		w.left("upload")
		p := w.home("Northwind")
		p.See("not finished")
		for _, key := range []string{"?", "down", "esc", "pgdown", "tab", "?", "esc"} {
			p.Resize(size[0], size[1])
			p.Press(key)
		}
		p.Resize(80, 24)
		p.See("Integrations", "Northwind")
	}
}

func TestLightAndDarkWhileRunning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	p.walk("way")
	dark := p.Cell(1, 1).Fg
	p.Background(false)
	p.Until("light", func() bool { return p.Cell(1, 1).Fg != dark })
	p.Background(true)
	p.Until("dark again", func() bool { return p.Cell(1, 1).Fg == dark })
}

func TestWideAndLongNames(t *testing.T) {
	t.Parallel()
	for name, called := range map[string]string{"wide": "東京オフィス 株式会社", "long": strings.Repeat("Contoso ", 7) + "Ltd.", "mixed": "Müller & Söhne 🏭 GmbH"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.start(80, 24)
			p.walk("name")
			p.Paste(called)
			p.reads("The app's name Xops 360 - " + called)
			p.inside()
			p.Press("enter")
			p.See("Register the application")
			p.inside()
			w.app = w.tenant.Register(account.AppName(account.Name(called)))
			p.Press("enter")
			p.See("Copy the identifiers")
			p.follow("identifiers", "home")
			p.inside()
			p.Press("tab")
			p.See("Link a New Azure Account")
			p.inside()
		})
	}
}

// inside expects that no line reaches the last column, which the frame leaves free.
func (p *person) inside() {
	p.w.t.Helper()
	c := p.Cells()
	for y, row := range c.Rows {
		if last := row[c.Width-1]; last.Text != " " {
			p.w.t.Errorf("line %d reaches the edge with %q\n%s", y, last.Text, p.Picture())
			return
		}
	}
}

// TestPastes pastes what people have on their clipboards.
func TestPastes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.app = w.tenant.Register("Xops 360 - Contoso")
	c, tn := w.app.ClientID, tenantID
	for name, paste := range map[string][3]string{
		"braces and capitals": {"{" + strings.ToUpper(c) + "}", "{" + strings.ToUpper(tn) + "}", strings.ToUpper(initial)},
		"quotes":              {`"` + c + `"`, "'" + tn + "'", `"` + initial + `"`},
		"blanks and lines":    {"  " + c + "\r\n", "\t" + tn + " \n", " " + initial + "\n"},
		"without dashes":      {strings.ReplaceAll(c, "-", ""), tn, initial},
		"with the label":      {"Application (client) ID : " + c, "Directory (tenant) ID : " + tn, initial},
		"a domain":            {c, "contoso.com", initial},
		"a sign-in name":      {c, "ada@contoso.com", initial},
		"an address":          {c, "https://" + initial + "/", "https://" + initial},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := w.resume("identifiers")
			for i, s := range paste {
				if i > 0 {
					p.Press("tab")
				}
				p.Paste(s)
			}
			p.See("The same tenant.", c, tn, initial)
			p.Press("enter")
			p.See("Generate public key & download")
		})
	}
}

// TestOverviewPage pastes whole pages of the portal into each field.
func TestOverviewPage(t *testing.T) {
	t.Parallel()
	pages := map[string]func(*world) string{
		"English": func(w *world) string { return w.tenant.OverviewPageIn(w.app.ClientID, "en") },
		"German":  func(w *world) string { return w.tenant.OverviewPageIn(w.app.ClientID, "de") },
		"Japanese, in another order": func(w *world) string {
			return "ディレクトリ (テナント) ID\n:\n" + tenantID + "\nオブジェクト ID\n:\n" + w.app.ObjectID + "\nアプリケーション (クライアント) ID\n:\n" + w.app.ClientID
		},
		"without labels": func(w *world) string { return w.app.ClientID + " " + tenantID },
	}
	for name, page := range pages {
		for tabs, field := range []string{"client", "tenant", "organization"} {
			t.Run(name+" into "+field, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				p := w.resume("identifiers")
				for range tabs {
					p.Press("tab")
				}
				p.Paste(page(w))
				p.See(w.app.ClientID, tenantID, "Tenant found in the Global cloud.")
				p.Until("the cursor rests in the field that is empty", func() bool {
					_, y, _ := p.Cursor()
					return strings.Contains(strings.Split(p.Text(), "\n")[y], "example.onmicrosoft.com")
				})
				p.Paste(initial)
				p.See("The same tenant.")
				p.Press("enter")
				p.See("Generate public key & download")
			})
		}
	}
}

// TestTypedIdentifiersTakeOneEnter types everything and presses enter once.
func TestTypedIdentifiersTakeOneEnter(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("identifiers")
	p.Type(w.app.ClientID)
	p.Press("tab")
	p.Type(tenantID)
	p.Press("tab")
	p.Type(initial)
	p.Press("enter")
	p.See("Generate public key & download")
}

// TestHalfTypedDomain has an answer come while a domain is half typed: what is
// typed is not touched.
func TestHalfTypedDomain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("identifiers")
	p.Type(w.app.ClientID)
	p.Press("tab")
	p.Type(tenantID)
	release := w.gate.hold(tenantID)
	p.Press("tab")
	p.See("Looking up the tenant")
	p.Type("contoso.onmicrosoft.")
	p.See("› contoso.onmicrosoft.")
	release()
	p.reads("No tenant has this domain.")
	p.Type("com")
	p.See("› contoso.onmicrosoft.com")
}

// TestTypingWhileAsking changes the tenant while the old one is looked up: the
// answer to the old one does not come over the new.
func TestTypingWhileAsking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cloud.AddTenant(simcloud.TenantSpec{ID: "bbbbcccc-0000-dddd-1111-eeee2222ffff", Name: "Fabrikam", Initial: "fabrikam.onmicrosoft.com"})
	p := w.resume("identifiers")
	release := w.gate.hold(tenantID)
	p.Press("tab")
	p.Paste(tenantID)
	p.See("Looking up the tenant")
	for range len(tenantID) {
		p.Press("backspace")
	}
	p.Paste("fabrikam.onmicrosoft.com")
	p.See("› fabrikam.onmicrosoft.com")
	release()
	p.See("bbbbcccc-0000-dddd-1111-eeee2222ffff", "Tenant found in the Global cloud.")
}

// TestTenantOfAnotherCloud finds a national cloud from the tenant, and says so
// where the person had named another.
func TestTenantOfAnotherCloud(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.tenant = w.cloud.AddTenant(simcloud.TenantSpec{Name: "Agency", Initial: "agency.onmicrosoft.us", Cloud: account.USGov, Licensed: true})
	p := w.resume("identifiers")
	p.Paste(w.overview())
	p.See("Tenant found in the US Government (GCC High) cloud.")
	p.Press("enter")
	p.See("US Government (GCC High)", "Nothing is made yet.")
	p.Press("enter")
	p.See("Key stored and read back")
	p.Press("enter")
	p.See("entra.microsoft.us/#view/")
	p.follow("upload", "home")

	second := newWorld(t)
	agency := second.cloud.AddTenant(simcloud.TenantSpec{Name: "Agency", Initial: "agency.onmicrosoft.us", Cloud: account.USGov})
	q := second.start(80, 24)
	q.walk("way")
	q.Press("n", "down", "enter") // Global, and no other
	q.See("National cloud: Global")
	q.follow("way", "identifiers")
	q.Press("tab")
	q.Paste(agency.ID())
	q.Press("tab")
	q.reads("No tenant has this id or domain")
}

func TestAnotherDraftsOnStart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("upload")
	w.clock.add(30 * time.Hour)

	p := w.start(80, 24)
	p.See("Go on with Contoso", "step 5 of 8, yesterday")
	p.Press("enter")
	p.See("Upload the certificate", "Entra does not know this certificate yet.")
	p.quit()
	if said := p.app.Ended(); !strings.Contains(said, "The draft Contoso is kept.") {
		t.Errorf("after the end it says %q", said)
	}

	p = w.start(80, 24)
	p.See("Go on with Contoso")
	p.Press("down", "enter")
	p.See("Which cloud do you want to link first?")
	p.walk("name")
	p.Type("Contoso")
	p.Press("enter")
	p.See("Contoso is taken by another account or draft here.")
	p.Press("esc", "esc", "esc")
	p.See("Go on with Contoso")

	if n := w.keys.stored(); n != 1 {
		t.Fatalf("%d keys are stored, want 1", n)
	}
	p.Press("down", "down", "enter")
	p.See("Throw Contoso away?", "This deletes here: the draft and its private key.")
	p.Press("esc")
	p.Gone("Throw Contoso away?")
	p.Press("enter")
	p.See("Throw Contoso away?")
	p.Press("x", "enter")
	p.See("That is not its name.")
	p.Press("backspace")
	p.Paste(" contoso ")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
	if _, drafts := w.rows(); drafts != 0 || w.keys.stored() != 0 {
		t.Errorf("%d drafts and %d keys are left, want none", drafts, w.keys.stored())
	}
}

// TestQuitAtEveryStep quits at each step and starts again: it goes on there,
// and in the end there is one account with one key.
func TestQuitAtEveryStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	p.walk("register")
	at := slices.IndexFunc(road, func(r stretch) bool { return r.name == "register" })
	for ; road[at].name != "verify"; at++ {
		p.quit()
		p = w.start(80, 24)
		p.See("Go on with Contoso")
		p.Press("enter")
		p.See(road[at].then)
		road[at+1].walk(p)
		p.See(road[at+1].then)
	}
	p.See("Linked.")
	p.quit()
	p = w.start(80, 24)
	p.See("1 connected")
	if n := w.keys.stored(); n != 1 {
		t.Errorf("%d keys are stored, want 1", n)
	}
}

// TestDraftOfALivingCopy is nobody else's to touch.
func TestDraftOfALivingCopy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	open := func(pid int) *registry.Registry {
		r, err := registry.Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), account.Owner{Host: "here", PID: pid}, func(account.Owner) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	w.reg = open(1)
	w.left("upload")
	w.reg = open(2)
	p := w.start(80, 24)
	p.See("Go on with Contoso", "Open in another window.", "Start another")
	p.Press("enter")
	if strings.Contains(p.Text(), "Throw Contoso away") {
		t.Errorf("it can be thrown away:\n%s", p.Picture())
	}
	p.Press("down", "enter")
	p.See("Which cloud do you want to link first?")
}

func TestAppThatIsLinkedAlready(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linked("Fabrikam", 0)
	twin := w.app
	p := w.start(80, 24)
	p.See("1 connected")
	p.Press("a")
	p.See("Link a New Microsoft Account")
	p.Press("down", "enter")
	p.follow("way", "identifiers")
	w.app = twin
	p.Paste(w.overview())
	p.reads("This app is linked here already, as Fabrikam.")
	p.Press("enter")
	p.See("Integrations › Fabrikam", "Application ID")
	if accounts, drafts := w.rows(); accounts != 1 || drafts != 0 {
		t.Errorf("%d accounts and %d drafts, want 1 and 0: the draft without a key is dropped", accounts, drafts)
	}
}

func TestRegistryThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"is damaged.": "{", "newer version": `{"schema": 99}`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			dir := t.TempDir()
			reg, err := registry.Open(filepath.Join(dir, "data"), filepath.Join(dir, "state"), registry.Self(), registry.Alive)
			if err != nil {
				t.Fatal(err)
			}
			w.reg = reg
			path := w.damage(dir, content)
			p := w.start(80, 24)
			p.reads("The registry cannot be read", name, "It was left alone.")
			p.Press("r")
			p.See("The registry cannot be read")
			w.mend(path)
			p.Press("r")
			p.See("Which cloud do you want to link first?")
		})
	}
}

// TestWritesHoldTheEnd quits while the key is being made: the program waits
// for it, says so, and to who asks again what it is; then it ends.
func TestWritesHoldTheEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("key")
	p.See("Nothing is made yet.")
	free := w.holdKey()
	p.Press("enter")
	p.See("Making the key")
	p.Press("ctrl+c")
	p.See("Finishing what is being written; then this ends.")
	w.clock.add(time.Second)
	p.Press("ctrl+c")
	p.See("Still being written: the private key, into or out of its store.")
	free()
	if err := p.Wait(); !errors.Is(err, tea.ErrInterrupted) {
		t.Errorf("ended with %v", err)
	}
	if d := w.draft(); d.Key().ID == "" || !d.Key().Stored {
		t.Errorf("the key is not on record: %+v", d.Key())
	}
}

// TestWriteThatHangs holds the end for five seconds and no longer.
func TestWriteThatHangs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.resume("key")
	p.See("Nothing is made yet.")
	w.holdKey()
	p.Press("enter")
	p.See("Making the key")
	p.Press("ctrl+c")
	p.See("Finishing what is being written; then this ends.")
	w.clock.add(6 * time.Second)
	if err := p.Wait(); !errors.Is(err, tea.ErrInterrupted) {
		t.Errorf("ended with %v", err)
	}
}

// TestCalmMovesNothing is ACCESSIBLE: no spinner, no clock.
func TestCalmMovesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.place.Calm = true
	p := w.resume("upload")
	p.See("… Entra does not know this certificate yet.")
	before := p.Text()
	w.clock.add(3 * time.Second)
	p.Background(false) // whatever is drawn anew says the same
	p.Press("?")
	p.See("Keys")
	p.Press("esc")
	p.Gone("Keys ·")
	if after := p.Text(); after != before || strings.ContainsAny(after, "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏") {
		t.Errorf("something moved:\n%s\n\n%s", before, after)
	}
}

// TestWithoutColours keeps every sign, and bold.
func TestWithoutColours(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.left("verify")
	p := w.start(80, 24, tea.WithColorProfile(colorprofile.ASCII))
	p.See("Go on with Contoso")
	p.Press("enter")
	p.See("✓ Upload certificate", "› Verify", "✓ Certificate accepted", "Linked.")
	bold := false
	for _, row := range p.Cells().Rows {
		for _, c := range row {
			if c.Fg != nil || c.Bg != nil {
				t.Fatalf("a cell is coloured: %+v", c)
			}
			bold = bold || c.Bold
		}
	}
	if !bold {
		t.Error("nothing is bold")
	}
}

// TestDemoRoad reaches Home by ctrl+d and enter alone, from the first frame.
func TestDemoRoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.run(20) // the demo's tenant takes three seconds to spread a change
	w.inDemo()
	p := w.start(80, 24)
	p.See("Demo: a simulated cloud. Nothing here is real or kept.")
	p.walk("register")
	for _, next := range []string{"Copy the identifiers", "Generate public key & download"} {
		p.Press("ctrl+d")
		p.reads("Enter goes on.")
		p.Press("enter")
		p.See(next)
	}
	p.Press("enter")
	p.See("Key stored and read back")
	p.Press("enter")
	for _, next := range []string{"Assign Global Reader", "Add the API permission", "Linked."} {
		p.See("ctrl+d")
		p.Press("ctrl+d")
		p.until("Done. Enter goes on.", "r")
		p.Press("enter")
		p.See(next)
	}
	p.follow("verify", "home")
	p.quit()
}
