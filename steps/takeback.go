package steps

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var takeBackStop = Stop{
	Name: "takeback", Label: "Take back", Fleet: true, Over: true, Held: true,
	Screen: func(e Env, d account.Draft) Step { return newTakeBack(e, d) },
	Plain:  plainTakeBack,
}

// takeBack removes what the draft made, one line a change, and says what stays.
type takeBack struct{ changing }

func newTakeBack(e Env, d account.Draft) *takeBack {
	b := &takeBack{newChanging(e, d, Leave)}
	b.ways = func(m *kit.Menu[lead]) {
		for _, w := range waysBack {
			m.Add(kit.Option{Title: w.title, Detail: w.detail}, outcome(w.outcome))
		}
	}
	return b
}

func (b *takeBack) Enter() tea.Cmd { return b.begin() }

func (b *takeBack) begin() tea.Cmd {
	if b.draft.Leaving { // an account becomes a draft first, and one that is stays it
		return b.run(b.env.Ops.Remove(b.draft.ID, b.env.session.signed()))
	}
	return b.run(b.env.Ops.TakeBack(b.draft.ID, b.env.session.signed()))
}

// Offers are what is left in the tenant, and where it is.
func (b *takeBack) Offers() []Offer {
	if !b.over || b.draft.Provider == account.AWS {
		return nil
	}
	offers := []Offer{leftBehindPage(b.draft)}
	for i, o := range b.binned() {
		offers = append(offers, Offer{Key: fmt.Sprint(i + 1), Name: "copy " + strings.ToLower(o.what) + " id", Kind: Copy, Title: o.what, Value: string(o.Object)})
	}
	return offers
}

// binned is a deleted object that can be restored, by its name in the portal.
type binned struct {
	account.Binned
	what string
}

func (b *takeBack) binned() (out []binned) {
	if b.left == nil {
		return nil
	}
	for _, o := range b.left.Binned {
		what := "App registration"
		if o.Object == b.made.Principal {
			what = "Enterprise app"
		}
		out = append(out, binned{o, what})
	}
	return out
}

// Fate is what became of the draft.
func (b *takeBack) Fate() Fate {
	if b.over {
		return Gone
	}
	return Kept
}

func (b *takeBack) View(size kit.Size, t kit.Theme) kit.Page {
	out := []kit.Frame{b.body(size, t)}
	if left := b.binned(); len(left) > 0 {
		out = append(out, kit.Blank, kit.Mark(size.Width, t.Warn.Render("!"), "Deleted, and restorable until "+left[0].Until.Format("2 January 2006")+":"))
		for i, o := range left {
			out = append(out, kit.Frame{Text: t.Faint.Render(fmt.Sprintf("%d %s", i+1, o.what))}, kit.Frame{Text: "  " + string(o.Object)})
		}
		out = append(out, kit.Frame{Text: kit.Wrap(WhoMayPurge, size.Width)})
	}
	if b.over && b.draft.Provider != account.AWS {
		out = append(out, kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render(SignInLeft(b.env.Client)), size.Width)})
	}
	p := kit.Page{Title: "Take everything back", Why: "Only what this draft made. What was there before stays.", Body: kit.Stack(out...)}
	what := "draft"
	if b.draft.Leaving {
		p.Title, p.Why, what = "Remove "+string(b.draft.Name), "Only what this program made for it. What was there before stays.", "account"
	}
	switch {
	case b.over && b.left != nil:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Taken back as far as your account may. The key and the "+what+" are deleted here. Enter goes on.")
	case b.over:
		p.Live = kit.Mark(size.Width, t.Good.Render("✓"), "Taken back. The key and the "+what+" are deleted here. Enter goes on.")
	case b.wrong != nil && b.wrong.Kind == account.Cancelled:
		p.Live = kit.Mark(size.Width, t.Warn.Render("!"), "Stopped. What is gone stays gone.")
	case b.wrong != nil:
		p.Live = kit.Mark(size.Width, t.Bad.Render("✗"), Advise(b.wrong).Line())
	case b.asked:
		p.Live = b.stopping(size, t)
	default:
		p.Live = kit.Mark(size.Width, b.sign(t), "Each is looked at that it is gone.")
	}
	return p
}

func (b *takeBack) Fill(d account.Draft) account.Draft {
	d.Made = b.draft.Made
	return d
}
