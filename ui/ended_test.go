package ui_test

import (
	"context"
	"testing"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
)

// readonly is a registry that takes no draft.
type readonly struct{ link.Registry }

func (readonly) SaveDraft(context.Context, account.Draft) error {
	return &account.Problem{Kind: account.RegistryUnread, Subject: "accounts"}
}

// TestWhatIsSaidAfterTheEnd holds that the last sentence is true, wherever one
// quits.
func TestWhatIsSaidAfterTheEnd(t *testing.T) {
	t.Parallel()
	const kept = "The draft Contoso is kept. Start xops-onboard again to go on exactly there."
	for name, tt := range map[string]struct {
		says string
		to   func(*world) *person
	}{
		"at the first page": {"", func(w *world) *person { return w.start(80, 24).walk("way") }},
		"with a draft":      {kept, func(w *world) *person { return w.start(80, 24).walk("register") }},
		"with one that could not be written": {"", func(w *world) *person {
			w.reg = readonly{w.reg}
			p := w.start(80, 24).walk("register")
			p.reads("The draft is not on disk.")
			return p
		}},
		"with one whose last answer could not be written": {
			"The draft Contoso is kept, without what you answered last. accounts cannot be read or written. Look at its owner and rights.",
			func(w *world) *person {
				w.left("register")
				w.reg = readonly{w.reg}
				p := w.goOn()
				p.Press("enter")
				p.reads("The draft is not on disk.")
				return p
			},
		},
		"where it is linked": {"Contoso is connected.", func(w *world) *person {
			p := w.resume("verify")
			p.See("Linked. Enter goes on.")
			return p
		}},
		"at Connected": {"Contoso is connected.", func(w *world) *person { return w.start(80, 24).walk("connected") }},
		"at Home":      {"Contoso is connected.", func(w *world) *person { return w.start(80, 24).walk("home") }},
		"linked with a sign-in": {"Contoso is connected.", func(w *world) *person {
			w.ada()
			return w.start(80, 24).drive("apply")
		}},
		"taken back": {"Nothing of Contoso is kept here.", func(w *world) *person {
			w.ada()
			p := w.stopInTheMiddle("esc")
			p.choose("Take everything back")
			p.See("Taken back.")
			return p
		}},
		"in the demo": {"That was the demo: nothing is left of it.", func(w *world) *person {
			w.inDemo()
			return w.start(80, 24).walk("register")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			p := tt.to(w)
			p.quit()
			if said := p.app.Ended(); said != tt.says {
				t.Errorf("it says %q, want %q", said, tt.says)
			}
		})
	}
}
