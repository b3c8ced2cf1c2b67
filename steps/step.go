// Package steps asks: a wizard over a route of stops, one file a step, and all
// words for problems (advice.go). What it finds out goes into a draft; what is
// done with it happens in package link.
package steps

import (
	"context"
	"time"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// Outcome is what a step says after a message.
type Outcome int

// The outcomes.
const (
	Stay         Outcome = iota
	Next                 // this stop is done, the next one
	Pass                 // nothing to ask here: the next one, and Back does not come here
	Back                 // the one before
	FirstOpen            // the first stop whose check does not hold, or whose answers are in doubt
	Unlock               // the key store's page, and then here again
	Finish               // the account is linked, the wizard is over
	Elsewhere            // the wizard is over without one: what was asked is linked already, as Wizard.Twin
	Leave                // the wizard is over for now; the draft is kept, or gone
	ByHandNow            // the other way, with all that is known
	SignInAgain          // back to the sign-in
	TakeBackNow          // what was made in the tenant is removed
	AdoptInstead         // an app that is there is to be used
	SurveyAgain          // back to what there is
	ScopesAgain          // back to what of Azure is to be seen
	CheckNow             // what somebody else may have done is looked at
)

// lead is where a choice on a step leads.
type lead = func() (Outcome, tea.Cmd)

// outcome is a choice that leads there and does nothing else.
func outcome(o Outcome) lead { return func() (Outcome, tea.Cmd) { return o, nil } }

// Step is one screen of the wizard, from when it is entered to when it is left.
type Step interface {
	Enter() tea.Cmd
	Update(tea.Msg) (Outcome, tea.Cmd)
	View(kit.Size, kit.Theme) kit.Page
	Keys() []key.Binding
	// Offers are what can be copied, opened or shown from here.
	Offers() []Offer
	// Typing tells whether a field has the keys, so that letters are text.
	Typing() bool
	// Fill is the draft with what the step adds; asked once, on Next.
	Fill(account.Draft) account.Draft
}

// Stop is a place on a route.
type Stop struct {
	Name   string
	Label  string                   // in the panel; empty: the stop is not listed
	Live   bool                     // the draft is verified while one is here
	Over   bool                     // the draft is an account from here on, and not saved any more
	Held   bool                     // leaving is asked about there first
	Fleet  bool                     // what it finds out is gone with the program: passing it is not remembered
	Makes  bool                     // what it makes is made, whichever way one leaves
	Skip   func(account.Draft) bool // nil never skips
	Field  []Field                  // what it asks, for plain lines
	Screen func(Env, account.Draft) Step
	Plain  func(*Plain, account.Draft) (account.Draft, Outcome, error) // nil: the fields are asked one by one
}

// Field is one thing that is asked. The form and the plain question are made
// from it.
type Field struct {
	Label string
	Why   string
	Hint  string
	Get   func(account.Draft) string
	Set   func(Env, account.Draft, string) (account.Draft, error)
}

// Offer is something on the page that must reach another place: another
// window, another machine, another person.
type Offer struct {
	Key   string // the letter; empty: only in the list of all
	Name  string // "copy path"
	Kind  OfferKind
	Title string // what it is: "Application (client) ID"
	Value string
	Text  func() string // in place of Value: what is made only when it is wanted
}

// There tells whether there is something to offer yet.
func (o Offer) There() bool { return o.Value != "" || o.Text != nil }

// OfferKind is where an offer goes.
type OfferKind int

// The kinds.
const (
	Copy     OfferKind = iota // to the clipboard, by OSC 52
	Open                      // to a browser; Value is the address
	Show                      // alone on the normal screen
	HandOver                  // a text for somebody else
)

// Place is what this machine tells of where the person sits.
type Place struct {
	Remote    bool   // the person's browser is on another machine
	Host      string // user@host, for scp; empty if not known
	Downloads string // where certificates go when the browser is here
	Directory string // where they go when it is not
	Home      string // shown as ~
	Calm      bool   // nothing moves on its own: ACCESSIBLE
}

// Env is what steps need of the world.
type Env struct {
	Ops    *link.Operations
	Place  Place
	Known  []account.Row // accounts
	Drafts []account.Row
	Demo   Demo                                        // nil outside the demo
	Open   func(ctx context.Context, url string) error // shows an address to the person; nil: nothing is opened by itself
	Client account.ClientID                            // app that people sign in to; zero: Microsoft Graph Command Line Tools
	Now    func() time.Time
	NewID  func() string // a fresh UUID
	Begin  *Begin        // what the first wizard begins with; nil: with nothing

	ctx     context.Context
	visit   *visit
	session *session         // who signed in, between the stops of one wizard
	doubt   *account.Problem // why the answers of this stop are asked again
	undoes  bool             // the road takes everything back
	watch   func(account.Draft) *link.Operation
}

// Demo plays the administrator in the demo's portal. Do does what a person
// would do at that stop, and returns the text such a person would come back
// with on the clipboard, if any.
type Demo interface {
	Do(ctx context.Context, stop string, d account.Draft) (clipboard string, err error)
	// SignIn has the administrator type the code of a prompt.
	SignIn(ctx context.Context, p account.SignInPrompt) error
}

// demoKey is the key that has the demo's administrator do a step.
var demoKey = kit.Key("ctrl+d", "do it for me in the demo portal")

// Answer brings back what Ask asked for.
type Answer[T any] struct {
	Value T
	Err   error
	visit *visit
}

// visit is one entry into a step. No two are the same, of whatever wizard.
type visit struct{ _ byte }

func (a Answer[T]) of() *visit { return a.visit }

// visited is every message that is for one visit alone, whatever it brings.
type visited interface{ of() *visit }

// Ask runs f off the event loop. Its answer is dropped if the step was left,
// whose context f gets.
func Ask[T any](e Env, f func(context.Context) (T, error)) tea.Cmd {
	return func() tea.Msg {
		v, err := f(e.ctx)
		return Answer[T]{v, err, e.visit}
	}
}

// Watch waits for the next event of an operation; the step asks for it again
// until the operation ends, which comes as io.EOF or its error.
func Watch(e Env, op *link.Operation) tea.Cmd { return Ask(e, op.Next) }
