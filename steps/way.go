package steps

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/ui/kit"
)

var wayStop = Stop{
	Name:   "way",
	Screen: func(e Env, d account.Draft) Step { return newWay(e, d) },
	Plain:  plainWay,
}

// way is Microsoft → M365: what this machine lacks, the two ways, and the
// national cloud.
type way struct {
	env     Env
	choice  kit.Choice
	clouds  *kit.Choice // open while the person picks a national cloud
	draft   account.Draft
	found   machine
	checked bool
}

// machine is what this machine can do before anything is asked.
type machine struct {
	store  account.StoreStatus
	skew   time.Duration
	unseen []account.Problem // the hosts that could not be reached
}

// wayWords are what a provider's two ways are said to be.
type wayWords struct{ title, why, portal, automatic, byHand string }

func wordsOfWay(p account.Provider) wayWords {
	if p == account.Azure {
		return wayWords{
			title:     LinkTitle(p),
			why:       "Xops 360 reads how your subscriptions are set up, as an app, with a key that stays on this machine.",
			portal:    "the Entra admin center and the Azure portal",
			automatic: "Two sign-ins, usually two to five minutes. Needs a Global Administrator, or a Privileged Role Administrator with Cloud Application Administrator; and for Azure an Owner or User Access Administrator.",
			byHand:    "The manual's road, about fifteen minutes. The wizard checks every step. Needs the same people.",
		}
	}
	return wayWords{
		title:     LinkTitle(account.Microsoft),
		why:       "Microsoft › M365. Xops 360 reads your access reviews as an app, with a key that stays on this machine.",
		portal:    "the Entra admin center",
		automatic: "Usually one to five minutes. Needs a Global Administrator, or a Privileged Role Administrator with Cloud Application Administrator.",
		byHand:    "The manual's road, about ten minutes. The wizard checks every step. Needs the right to register an app, and a Privileged Role Administrator or Global Administrator for consent and role.",
	}
}

const (
	automaticAt = iota
	byHandAt
)

var cloudKey = kit.Key("n", "national cloud")

func newWay(e Env, d account.Draft) *way {
	w := &way{env: e, draft: d}
	words := wordsOfWay(d.Provider)
	w.choice.Options = []kit.Option{
		{Title: "Sign in and let the wizard do it", Detail: words.automatic},
		{Title: "Do it by hand in " + words.portal, Detail: words.byHand},
	}
	if d.Way == account.ByHand {
		w.choice.Go(byHandAt)
	}
	if !untouched(d) {
		w.choice.Options[byHandAt].Off = "Changes were begun in the tenant: they are finished, or taken back, signed in."
	}
	return w
}

func (w *way) Enter() tea.Cmd {
	e, c := w.env, w.draft.Cloud
	return Ask(e, func(ctx context.Context) (machine, error) { return lookAround(ctx, e, c), nil })
}

// lookAround looks at this machine: keyring, clock, way to the service.
func lookAround(ctx context.Context, e Env, c account.CloudID) machine {
	ports := e.Ops.Ports()
	m := machine{store: ports.Keys.Probe(ctx, account.Keyring)}
	m.skew, m.unseen = ports.Microsoft.Reach(ctx, c)
	return m
}

// lacks are sentences of what this machine lacks, the worst first.
func (m machine) lacks() (out []string) {
	for i := range m.unseen {
		out = append(out, Advise(&m.unseen[i]).Line())
	}
	if m.skew.Abs() > clockTolerance {
		out = append(out, Advise(&account.Problem{Kind: account.ClockOff, Skew: m.skew}).Line())
	}
	if m.store.State != account.StoreReady {
		out = append(out, Advise(&account.Problem{Kind: account.StoreNotUsable, State: m.store.State}).Say+" You will be asked what to do before a key is made.")
	}
	return out
}

// machineReady is said of a machine that lacks nothing.
const machineReady = "This machine is ready: keyring, clock and the way to the service"

func (w *way) Offers() []Offer { return nil }
func (w *way) Typing() bool    { return false }

func (w *way) Keys() []key.Binding {
	if w.clouds != nil {
		return []key.Binding{kit.ChooseKey, kit.Named(enterKey, "take it"), backKey}
	}
	on := enterKey
	on.SetEnabled(w.choice.Options[w.choice.At()].Off == "")
	look := againKey
	look.SetEnabled(w.checked)
	cloud := cloudKey
	cloud.SetEnabled(untouched(w.draft))
	return []key.Binding{kit.ChooseKey, on, cloud, look, backKey}
}

func (w *way) Update(msg tea.Msg) (Outcome, tea.Cmd) {
	switch msg := msg.(type) {
	case Answer[machine]:
		w.found, w.checked = msg.Value, true
	case tea.KeyPressMsg:
		if w.clouds != nil {
			return w.pick(msg)
		}
		switch {
		case key.Matches(msg, enterKey) && w.choice.Options[w.choice.At()].Off == "":
			return Next, nil
		case key.Matches(msg, backKey):
			return Back, nil
		case key.Matches(msg, cloudKey) && untouched(w.draft):
			w.clouds = cloudChoice(w.draft)
		case key.Matches(msg, againKey) && w.checked:
			w.checked = false
			return Stay, w.Enter()
		default:
			w.choice.Update(msg)
		}
	}
	return Stay, nil
}

func (w *way) pick(press tea.KeyPressMsg) (Outcome, tea.Cmd) {
	switch {
	case key.Matches(press, enterKey):
		w.draft.Cloud, w.draft.Chosen = chosenCloud(w.clouds.At())
		w.clouds, w.checked = nil, false
		return Stay, w.Enter()
	case key.Matches(press, backKey):
		w.clouds = nil
	default:
		w.clouds.Update(press)
	}
	return Stay, nil
}

// cloudChoice is the national clouds to choose from, the present one marked.
func cloudChoice(d account.Draft) *kit.Choice {
	c := &kit.Choice{Options: []kit.Option{{Title: "Find it from the tenant", Detail: "Global is asked first, then the others."}}}
	for i, id := range account.Clouds {
		c.Options = append(c.Options, kit.Option{Title: id.Cloud().Name, Detail: id.Cloud().Login + ", " + id.Cloud().Graph})
		if d.Chosen && d.Cloud == id {
			c.Go(i + 1)
		}
	}
	return c
}

func chosenCloud(at int) (account.CloudID, bool) {
	if at == 0 {
		return "", false
	}
	return account.Clouds[at-1], true
}

func (w *way) View(size kit.Size, t kit.Theme) kit.Page {
	words := wordsOfWay(w.draft.Provider)
	p := kit.Page{Title: words.title, Why: words.why}
	if w.clouds != nil {
		p.Title, p.Why = "National cloud", "It decides every host, portal link and permission scope together."
		p.Body = w.clouds.Draw(size.Width, t)
		return p
	}
	p.Body = kit.Stack(w.choice.Draw(size.Width, t), kit.Blank, kit.Frame{Text: kit.Wrap(t.Faint.Render("National cloud: ")+cloudLine(w.draft), size.Width)})
	p.Live = w.live(size.Width, t)
	return p
}

func cloudLine(d account.Draft) string {
	if d.Chosen {
		return d.Cloud.Cloud().Name
	}
	return "found from the tenant, Global first"
}

// live says what this machine lacks, if anything.
func (w *way) live(width int, t kit.Theme) kit.Frame {
	if !w.checked {
		return kit.Mark(width, t.Faint.Render("…"), "Looking at this machine: keyring, clock, way to the service")
	}
	if lacks := w.found.lacks(); len(lacks) > 0 {
		return kit.Mark(width, t.Warn.Render("!"), lacks[0])
	}
	return kit.Mark(width, t.Good.Render("✓"), machineReady)
}

// clockTolerance is how far the clock may be off before it is said: Entra ID
// refuses assertions outside their ten minutes (AADSTS700024).
const clockTolerance = 2 * time.Minute

func (w *way) Fill(d account.Draft) account.Draft {
	d.Way = account.ByHand
	if w.choice.At() == automaticAt {
		d.Way = account.Automatic
	}
	if d.Chosen != w.draft.Chosen || d.Cloud != w.draft.Cloud {
		d.Cloud, d.Chosen = w.draft.Cloud, w.draft.Chosen
	}
	return d
}
