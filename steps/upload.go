package steps

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var uploadStop = Stop{
	Name: "upload", Label: "Upload certificate", Live: true, Makes: true,
	Skip:   ticked("upload"),
	Screen: func(e Env, d account.Draft) Step { return newUpload(e, d) },
	Plain:  plainLive("upload"),
}

type upload struct {
	portalStep
	making *link.Operation // another certificate of a shorter life
	wrong  *account.Problem
}

func newUpload(e Env, d account.Draft) *upload {
	u := &upload{portalStep: portalStep{
		watching: newWatching(e, d, account.CertificateAccepted),
		stop:     "upload",
		title:    "Upload the certificate",
		why:      "Entra recognises the app by the key that was made here.",
		awaited:  "Entra does not know this certificate yet.",
	}}
	u.show()
	return u
}

// show has the page tell of the certificate there is.
func (u *upload) show() {
	k := u.draft.Key()
	u.page = u.draft.Cloud.Cloud().CertificatesPage(u.draft.Microsoft().Client)
	u.clicks = uploadClicks(u.draft, home(u.env, u.draft.Key().Saved))
	u.offers = []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "Certificates & secrets", Value: u.page.URL},
		{Key: "c", Name: "copy path", Kind: Copy, Title: "Certificate file", Value: k.Saved},
		{Key: "t", Name: "copy thumbprint", Kind: Copy, Title: "Thumbprint", Value: k.Certificate.SHA1},
	}
}

func (u *upload) Offers() []Offer {
	return append(u.portalStep.Offers(), elsewhereOffers(u.env, u.draft.Key())...)
}

var shorterKey = kit.Key("v", "shorter validity")

func (u *upload) Keys() []key.Binding {
	if u.making != nil {
		return nil
	}
	shorter := shorterKey
	shorter.SetEnabled(u.shortens())
	return u.liveKeys(shorter)
}

func (u *upload) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	if a, ok := msg.(Answer[remade]); ok {
		return Stay, u.remade(a)
	}
	if press, ok := msg.(tea.KeyPressMsg); ok {
		switch {
		case u.making != nil: // it takes a moment, and the draft is another then
			return Stay, nil
		case key.Matches(press, shorterKey) && u.shortens():
			return Stay, u.shorter()
		}
		u.wrong = nil
	}
	return u.portalStep.Update(msg)
}

// shorter makes the next shorter certificate for the same key, for a tenant
// whose policy refuses this one's validity.
func (u *upload) shorter() tea.Cmd {
	life, _ := shorterLife(u.draft.Key().Certificate)
	u.wrong = nil
	u.making = u.env.Ops.NewCertificate(u.draft.ID, life, directory(u.env, u.draft))
	return u.remaking()
}

// shortens tells whether a shorter certificate can be made: not in the place of
// one that the tenant has taken.
func (u *upload) shortens() bool {
	_, shorter := shorterLife(u.draft.Key().Certificate)
	return shorter && !u.done()
}

// remade is an event of the operation that makes another certificate, told
// apart from those of the watch, which goes on beside it.
type remade struct{ link.Event }

func (u *upload) remaking() tea.Cmd {
	op := u.making
	return Ask(u.env, func(ctx context.Context) (remade, error) {
		e, err := op.Next(ctx)
		return remade{e}, err
	})
}

func shorterLife(c account.Certificate) (time.Duration, bool) {
	for _, l := range link.Lives {
		if l < c.NotAfter.Sub(c.NotBefore)-time.Hour {
			return l, true
		}
	}
	return 0, false
}

func (u *upload) remade(a Answer[remade]) tea.Cmd {
	if a.Err == nil {
		if len(a.Value.Draft.Keys) > 0 {
			u.draft.Keys = a.Value.Draft.Keys
			u.show()
		}
		return u.remaking()
	}
	if a.Err != io.EOF {
		u.wrong = account.AsProblem(a.Err)
	}
	u.making, u.report = nil, nil
	return u.Enter() // the new certificate is watched from now on
}

// Fill keeps the certificate that is watched.
func (u *upload) Fill(d account.Draft) account.Draft {
	d.Keys = u.draft.Keys
	return u.watching.Fill(d)
}

func (u *upload) View(size kit.Size, t kit.Theme) kit.Page {
	k := u.draft.Key()
	p := u.draw(size, t, kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render("Thumbprint ")+kit.Groups(k.Certificate.SHA1), size.Width)})
	if u.env.Place.Remote {
		p.Body = kit.Stack(p.Body, elsewhere(size.Width, t, u.env, k))
	}
	switch {
	case u.making != nil:
		p.Live = kit.Mark(size.Width, u.sign(t), "Making a certificate of a shorter validity for the same key")
	case u.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(u.wrong).Line())
	}
	return p
}

// uploadClicks is what to click, in the portal's own words.
func uploadClicks(d account.Draft, file string) []string {
	return []string{
		d.Cloud.Cloud().CertificatesPage(d.Microsoft().Client).Menu(AppName(d)),
		"Certificates › Upload certificate",
		file,
		"Add. It can take a minute until Entra knows it.",
	}
}

// home is a path as people write it.
func home(e Env, path string) string {
	if rel, err := filepath.Rel(e.Place.Home, path); e.Place.Home != "" && err == nil && !strings.HasPrefix(rel, "..") {
		return "~" + string(filepath.Separator) + rel
	}
	return path
}
