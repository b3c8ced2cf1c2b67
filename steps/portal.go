package steps

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// portalStep is a step that is done in the portal, and seen from here: what to
// click, what to copy, and what the wizard sees of it now.
type portalStep struct {
	watching
	stop       string
	title, why string
	awaited    string // said while it is not seen
	page       account.PortalPage
	clicks     []string
	offers     []Offer // the portal's page first
}

func (p *portalStep) Keys() []key.Binding { return p.liveKeys() }

func (p *portalStep) Offers() []Offer { return append(slices.Clone(p.offers), handOver(p.seen())) }

func (p *portalStep) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if press, ok := msg.(tea.KeyPressMsg); ok {
		return p.press(press, p.stop)
	}
	return Stay, p.update(msg)
}

func (p *portalStep) View(size kit.Size, t kit.Theme) kit.Page { return p.draw(size, t) }

// draw is the page, with more between the clicks and what to do where it is not
// done.
func (p *portalStep) draw(size kit.Size, t kit.Theme, more ...kit.Frame) kit.Page {
	body := append([]kit.Frame{clicks(size.Width, t, p.page, p.clicks)}, more...)
	return kit.Page{
		Title: p.title, Why: p.why,
		Body: kit.Stack(append(body, p.advice(size.Width, t))...),
		Live: p.live(size.Width, t, p.awaited),
	}
}
