package ui_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/termtest"
	"github.com/axiomio/xops-onboard/ui"
)

// person sits before the screen, and has the portal open in a browser.
type person struct {
	*termtest.Screen
	w   *world
	app *ui.App
}

// stretch is one step of the road: what the person does there, and what is on
// the screen then. It is named after where it leads.
type stretch struct {
	name string
	walk func(*person)
	then string
}

// road is the way by hand.
var road = []stretch{
	{"way", (*person).chooseMicrosoft, "Link a New Microsoft Account"},
	{"name", (*person).goByHand, "Name the account"},
	{"register", (*person).nameIt, "Register the application"},
	{"identifiers", (*person).registerIt, "Copy the identifiers"},
	{"key", (*person).pasteOverview, "Generate public key & download"},
	{"upload", (*person).makeKey, "Upload the certificate"},
	{"role", (*person).uploadIt, "Assign Global Reader"},
	{"permission", (*person).assignRole, "Add the API permission"},
	{"verify", (*person).grantIt, "Verify"},
	{"connected", (*person).verifyIt, "is connected"},
	{"home", (*person).goHome, "1 connected"},
}

// walk goes the road by hand up to the step of that name.
func (p *person) walk(to string) *person {
	p.w.t.Helper()
	p.follow("", to)
	return p
}

// follow goes the road from one step, or from its beginning, to another.
func (p *person) follow(from, to string) {
	p.w.t.Helper()
	at := slices.IndexFunc(road, func(r stretch) bool { return r.name == from })
	for _, r := range road[at+1:] {
		r.walk(p)
		p.See(r.then)
		if r.name == to {
			return
		}
	}
	p.w.t.Fatalf("the road has no step %q after %q", to, from)
}

func (p *person) chooseMicrosoft() {
	p.See("Which cloud do you want to link first?")
	p.Press("enter")
}

func (p *person) goByHand() {
	p.See("This machine is ready")
	p.Press("2", "enter")
}

func (p *person) nameIt() {
	p.Type("Contoso")
	p.See("Xops 360 - Contoso")
	p.Press("enter")
}

func (p *person) registerIt() {
	p.w.app = p.w.tenant.Register("Xops 360 - Contoso")
	p.Press("enter")
}

// overview is what the person has on the clipboard after the app's Overview page and Domain names.
func (w *world) overview() string {
	return w.tenant.OverviewPage(w.app.ClientID) + "\n" + w.tenant.Initial()
}

func (p *person) pasteOverview() {
	p.Paste(p.w.overview())
	p.See(p.w.app.ClientID, "Tenant found in the Global cloud.", "The same tenant.", "Enter goes on.")
	p.Press("enter")
}

func (p *person) makeKey() {
	p.See("Nothing is made yet.")
	p.Press("enter")
	p.See("Key stored and read back, certificate written.")
	p.Press("enter")
}

func (p *person) uploadIt() {
	p.See("Entra does not know this certificate yet.")
	p.w.portal(p.w.tenant.Upload(p.w.app.ClientID, []byte(p.w.draft().Key().Certificate.PEM)))
	p.done()
}

func (p *person) assignRole() {
	p.See("The app may not read the directory yet.")
	p.w.portal(p.w.tenant.AssignGlobalReader(p.w.app.ClientID))
	p.done()
}

func (p *person) grantIt() {
	p.See("The app does not ask for AccessReview.Read.All yet.")
	p.w.portal(p.w.tenant.AddPermission(p.w.app.ClientID, simcloud.Application))
	p.w.portal(p.w.tenant.GrantConsent(p.w.app.ClientID))
	p.done()
}

// done has the wizard look now, and goes on.
func (p *person) done() {
	p.Press("r")
	p.See("Done. Enter goes on.")
	p.Press("enter")
}

func (p *person) verifyIt() {
	p.See("Linked. Enter goes on.")
	p.Press("enter")
}

func (p *person) goHome() { p.Press("enter") }

// reads waits until the texts are on the page, wherever its lines are broken.
func (p *person) reads(texts ...string) {
	p.w.t.Helper()
	p.Until(fmt.Sprintf("the page reads %q", texts), func() bool {
		prose := p.prose()
		return !slices.ContainsFunc(texts, func(s string) bool { return !strings.Contains(prose, s) })
	})
}

// prose is what the page says as one line: without the panel beside it, and as
// it is where there is none.
func (p *person) prose() string {
	c := p.Cells()
	var texts []string
	for _, from := range []int{24, 0} {
		var words []string
		for _, row := range c.Rows {
			var line strings.Builder
			for _, cell := range row[min(from, len(row)):] {
				line.WriteString(cell.Text)
			}
			words = append(words, strings.Fields(line.String())...)
		}
		texts = append(texts, strings.Join(words, " "))
	}
	return strings.Join(texts, "\n")
}

// until presses a key at every change of the screen until a text is there: for
// what takes an unknown number of looks.
func (p *person) until(text, key string) {
	p.w.t.Helper()
	p.Until(fmt.Sprintf("%q comes after pressing %s", text, key), func() bool {
		if strings.Contains(p.Text(), text) {
			return true
		}
		p.Press(key)
		return false
	})
}

// quit ends the program with ctrl+c, and expects that it ended so and left the
// terminal as it was.
func (p *person) quit() {
	p.w.t.Helper()
	p.Press("ctrl+c")
	if err := p.Wait(); !errors.Is(err, tea.ErrInterrupted) {
		p.w.t.Errorf("the program ended with %v, want %v", err, tea.ErrInterrupted)
	}
	if left := p.LeftBehind(); len(left) > 0 {
		p.w.t.Errorf("left behind in the terminal: %v", left)
	}
}
