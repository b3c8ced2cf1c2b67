package ui_test

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/internal/shot"
)

// TestPictureOfTheRoad is the moving picture of README: the first start to
// Connected, by hand.
func TestPictureOfTheRoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := w.start(80, 24)
	var frames []shot.Frame
	take := func(stand time.Duration, says ...string) {
		p.reads(says...)
		frames = append(frames, shot.Frame{Cells: p.still(), For: stand})
	}
	const glance, look, read = 700 * time.Millisecond, 1800 * time.Millisecond, 2800 * time.Millisecond
	take(look, "Which cloud do you want to link first?")
	p.Press("enter")
	take(look, "This machine is ready")
	p.Press("2", "enter")
	p.Type("Contoso")
	take(look, "The app's name Xops 360 - Contoso")
	p.Press("enter")
	take(read, "Register the application")
	p.registerIt()
	take(glance, "Copy the identifiers")
	p.Paste(w.overview())
	take(look, "Tenant found in the Global cloud.", "The same tenant.", "Enter goes on.")
	p.Press("enter")
	take(glance, "Nothing is made yet.")
	p.Press("enter")
	take(look, "Key stored and read back")
	p.Press("enter")
	take(read, "Entra does not know this certificate yet.", "Looks again in")
	w.portal(w.tenant.Upload(w.app.ClientID, []byte(w.draft().Key().Certificate.PEM)))
	p.Press("r")
	take(glance, "Done. Enter goes on.")
	p.Press("enter")
	take(look, "The app may not read the directory yet.", "Looks again in")
	w.portal(w.tenant.AssignGlobalReader(w.app.ClientID))
	p.Press("r")
	take(glance, "Done. Enter goes on.")
	p.Press("enter")
	take(look, "The app does not ask for AccessReview.Read.All yet.", "Looks again in")
	w.portal(w.tenant.AddPermission(w.app.ClientID, "Application"))
	w.portal(w.tenant.GrantConsent(w.app.ClientID))
	p.Press("r")
	take(glance, "Done. Enter goes on.")
	p.Press("enter")
	take(read, "Linked. Enter goes on.")
	p.Press("enter")
	take(2*read, "Contoso is connected", "Members of the finance group")
	picture(t, "by-hand", shot.Moving(frames, shot.Options{Window: true}))
}

// TestPicturesOfReadme are the two that stand beside one another there.
func TestPicturesOfReadme(t *testing.T) {
	t.Parallel()
	t.Run("upload", func(t *testing.T) {
		t.Parallel()
		p := newWorld(t).resume("upload")
		p.reads("Entra does not know this certificate yet.", "Looks again in")
		picture(t, "upload-dark", shot.SVG(p.still(), shot.Options{Window: true}))
	})
	t.Run("home", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.several()
		p := w.start(80, 24)
		p.See("3 connected")
		p.Until("all are checked, and the worst is chosen", func() bool {
			text := p.Text()
			return strings.Count(text, "just now") == 2 && strings.Contains(text, "› ! Northwind")
		})
		dark := p.Cell(1, 1).Fg
		p.Background(false)
		p.Until("light", func() bool { return p.Cell(1, 1).Fg != dark })
		picture(t, "home-light", shot.SVG(p.still(), shot.Options{Window: true}))
	})
}
