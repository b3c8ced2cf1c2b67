package steps

import (
	"context"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var registerStop = Stop{
	Name: "register", Label: "Register the app",
	Screen: func(e Env, d account.Draft) Step { return &register{env: e, draft: d} },
	Plain:  plainRegister,
}

// register is a step that nothing can be seen of before the identifiers are known.
type register struct {
	env   Env
	draft account.Draft
	demo  demoHand
}

func (r *register) Enter() tea.Cmd { return nil }
func (r *register) Typing() bool   { return false }

func (r *register) Keys() []key.Binding {
	keys := []key.Binding{kit.Named(enterKey, "done, go on"), backKey}
	if _, _, ok := sharedApp(r.env.Known, r.draft); ok {
		keys = append(keys, useKey)
	}
	return r.demo.keys(r.env, keys)
}

func (r *register) Offers() []Offer {
	page := r.draft.Cloud.Cloud().AppRegistrationsPage()
	return []Offer{
		{Key: "o", Name: "open portal", Kind: Open, Title: "App registrations", Value: page.URL},
		{Key: "c", Name: "copy name", Kind: Copy, Title: "Name of the application", Value: account.AppName(r.draft.Name)},
		handOver(r.draft),
	}
}

func (r *register) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.KeyPressMsg:
		switch {
		case key.Matches(msg, enterKey):
			return Next, nil
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, useKey):
			if _, m, ok := sharedApp(r.env.Known, r.draft); ok {
				r.draft = r.draft.WithMicrosoft(m)
				return Next, nil
			}
		case r.demo.wants(r.env, msg):
			return Stay, r.demo.do(r.env, registerStop.Name, r.draft)
		}
	case Answer[handed]:
		r.demo.done(msg)
	}
	return Stay, nil
}

// words are what there is to say before the identifiers are known.
func (r *register) words() string {
	if row, _, ok := sharedApp(r.env.Known, r.draft); ok {
		return sharedWords(row, r.draft) + " u uses it, with a certificate of its own; Enter goes on with a new one."
	}
	return "Nothing can be seen of this step from here. The identifiers come next."
}

func (r *register) View(size kit.Size, t kit.Theme) kit.Page {
	page := r.draft.Cloud.Cloud().AppRegistrationsPage()
	return kit.Page{
		Title: "Register the application",
		Why:   "The app registration is what Xops 360 signs in as. It gets no secret, only a certificate.",
		Body:  clicks(size.Width, t, page, registerClicks(r.draft)),
		Live:  r.demo.line(size.Width, t, r.words()),
	}
}

// Fill takes the ids of an app that is used once more.
func (r *register) Fill(d account.Draft) account.Draft {
	if m := r.draft.Microsoft(); m.Client != "" {
		m.AppName = ""
		d = d.WithMicrosoft(m)
	}
	return d
}

// useKey has an app used that an account here has already.
var useKey = kit.Key("u", "use the app that is linked")

// registerClicks is what to click, in the portal's own words.
func registerClicks(d account.Draft) []string {
	return []string{
		d.Cloud.Cloud().AppRegistrationsPage().Menu("") + " › New registration",
		"Name: " + account.AppName(d.Name),
		"Supported account types: Accounts in this organizational directory only",
		"Register. Leave the Redirect URI empty.",
	}
}

// clicks is what to do in the portal, a line each, with the address of the page
// under the way to it: clickable where the terminal can. It is shown as far as
// it fits; l shows it whole.
func clicks(width int, t kit.Theme, page account.PortalPage, lines []string) kit.Frame {
	const indent = 3
	list := kit.Numbered(width, t, lines...)
	first := kit.Numbered(width, t, lines[0]).Height()
	address := kit.Link(t, page.URL, kit.Cut(strings.TrimPrefix(page.URL, "https://"), width-indent))
	rows := strings.Split(list.Text, "\n")
	return kit.Lines(slices.Insert(rows, first, strings.Repeat(" ", indent)+address)...)
}

// demoHand is the demo's administrator on one page: outside the demo it does nothing.
type demoHand struct {
	busy bool
	said string
	err  error
}

// handed is what the demo's administrator came back with.
type handed string

func (h *demoHand) wants(e Env, press tea.KeyPressMsg) bool {
	return e.Demo != nil && !h.busy && key.Matches(press, demoKey)
}

func (h *demoHand) do(e Env, stop string, d account.Draft) tea.Cmd {
	h.busy = true
	return Ask(e, func(ctx context.Context) (handed, error) {
		s, err := e.Demo.Do(ctx, stop, d)
		return handed(s), err
	})
}

// signIn has the demo's administrator type the code.
func (h *demoHand) signIn(e Env, p account.SignInPrompt) tea.Cmd {
	h.busy = true
	return Ask(e, func(ctx context.Context) (handed, error) { return "", e.Demo.SignIn(ctx, p) })
}

func (h *demoHand) done(a Answer[handed]) {
	h.busy, h.err = false, a.Err
	h.said = "Done in the demo portal."
}

func (h *demoHand) keys(e Env, keys []key.Binding) []key.Binding {
	if e.Demo == nil {
		return keys
	}
	return append([]key.Binding{demoKey}, keys...)
}

// line is the demo's word on the live line, or what stands there otherwise.
func (h *demoHand) line(width int, t kit.Theme, otherwise string) kit.Frame {
	switch {
	case h.err != nil:
		return kit.Mark(width, t.Bad.Render("✗"), Advise(account.AsProblem(h.err)).Line())
	case h.said != "":
		return kit.Mark(width, t.Good.Render("✓"), h.said+" Enter goes on.")
	case otherwise == "":
		return kit.Frame{}
	}
	return kit.Mark(width, t.Faint.Render("·"), otherwise)
}
