package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// voice is how a command tells what happens: sentences for people beside the
// result, or events as JSON, one object a line.
type voice struct {
	out, errs io.Writer
	outWidth  int // of a terminal; 0 where it is none
	errsWidth int
	events    io.Writer // where events go as JSON
	json      bool
	now       func() time.Time
	wait      func(done <-chan struct{}) // for the end of what was told to stop

	mu   sync.Mutex
	last string // what was said last, which is not said twice
}

// linkedAccount is an account as commands write it. It holds no secret.
type linkedAccount struct {
	Name         account.Name         `json:"name"`
	Provider     account.Provider     `json:"provider"`
	Cloud        account.CloudID      `json:"cloud,omitempty"`
	Tenant       account.TenantID     `json:"tenant,omitempty"`
	TenantName   string               `json:"tenantName,omitempty"`
	Client       account.ClientID     `json:"client,omitempty"`
	Organization account.Domain       `json:"organization,omitempty"`
	Scopes       []account.AzureScope `json:"scopes,omitempty"` // of Azure
	KeyStore     account.Store        `json:"keyStore,omitempty"`
	Expires      moment               `json:"expires,omitzero"` // end of the certificate
	AWS          *linkedAWS           `json:"aws,omitempty"`
}

// result is how a command ended: the last line of its JSON.
type result struct {
	At         moment                  `json:"at"`
	Step       string                  `json:"step"`
	State      string                  `json:"state"` // linked, planned, taken-back, verified, rotated … or failed; of one account how it stands
	Code       int                     `json:"code"`  // exit code
	Account    *linkedAccount          `json:"account,omitempty"`
	Checks     []check                 `json:"checks,omitempty"`
	Changes    []account.PlannedChange `json:"changes,omitzero"`
	Survey     *survey                 `json:"survey,omitempty"`
	Restorable []restorable            `json:"restorable,omitempty"`
	Stays      []stay                  `json:"stays,omitempty"`  // what a person made, and this program does not touch
	Error      string                  `json:"error,omitempty"`  // why it failed, for people
	Advice     string                  `json:"advice,omitempty"` // what to do, for people
	Problem    *toldProblem            `json:"problem,omitempty"`
	Warnings   []string                `json:"warnings,omitempty"`

	Counts      map[account.CheckState]int `json:"counts,omitempty"` // of accounts, by how they stand
	Certificate *savedCertificate          `json:"certificate,omitempty"`
	Request     string                     `json:"requestPath,omitempty"` // path of a signing request
	AWS         *linkedAWS                 `json:"aws,omitempty"`         // of an AWS draft that is not linked yet
}

// textLimit is more than any sentence here has.
const textLimit = 2000

// say says a sentence to people.
func (v *voice) say(format string, a ...any) {
	if v.json {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if text := cleaned(fmt.Sprintf(format, a...)); text != v.last {
		fmt.Fprintln(v.errs, steps.Folded(text, v.errsWidth))
		v.last = text
	}
}

// cleaned is a line that is fit to be written, with the indentation it has.
func cleaned(s string) string {
	return s[:len(s)-len(strings.TrimLeft(s, " "))] + account.Clean(s, textLimit)
}

// says says sentences, one a line.
func (v *voice) says(lines []string) {
	for _, s := range lines {
		v.say("%s", s)
	}
}

// checks says a report.
func (v *voice) checks(r account.Report) {
	for _, c := range r.Checks {
		v.says(steps.CheckLines(c))
	}
}

// line writes one object as JSON.
func (v *voice) line(w io.Writer, x any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	_ = encode(w, x) // nobody could be told that nobody reads
}

// event tells what an operation told.
func (v *voice) event(e link.Event) {
	if v.json {
		v.progress("", e)
		return
	}
	if text := steps.ChangeLine(e); text != "" {
		v.say("%s", text)
	}
}

// progress writes an event as JSON, of an account that is named where there are
// several.
func (v *voice) progress(n account.Name, e link.Event) { v.line(v.events, toProgress(n, e)) }

// prompt tells what a person needs to sign in.
func (v *voice) prompt(e steps.Env, p account.SignInPrompt) {
	if v.json {
		v.line(v.events, asked{moment{v.now()}, "sign-in", "waiting", toPrompt(p)})
		return
	}
	v.says(steps.PromptLines(e, p))
}

// result writes how the command ended: lines for people, r as JSON.
func (v *voice) result(lines []string, r result) {
	v.ends("result", lines, r)
}

// one writes how it ended for one account of several.
func (v *voice) one(lines []string, r result) { v.ends("account-result", lines, r) }

func (v *voice) ends(step string, lines []string, r result) {
	if v.json {
		r.At, r.Step = moment{v.now()}, step
		v.line(v.out, r)
		return
	}
	v.writes(lines)
}

// writes writes lines of a result for people.
func (v *voice) writes(lines []string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range lines {
		fmt.Fprintln(v.out, steps.Folded(cleaned(s), v.outWidth))
	}
}

// follow tells what an operation tells until it ends. It returns the newest
// report, and what could not be taken back.
func (v *voice) follow(ctx context.Context, op *link.Operation) (report *account.Report, left *link.Left, err error) {
	err = v.through(ctx, op, func(e link.Event) {
		if e.Report != nil {
			report = e.Report
		}
		if e.Left != nil {
			left = e.Left
		}
		v.event(e)
	})
	return report, left, err
}

// through gives what an operation tells to tell, which may be nil, until it ends.
func (v *voice) through(ctx context.Context, op *link.Operation, tell func(link.Event)) error {
	for {
		e, err := op.Next(ctx)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case ctx.Err() != nil:
			v.say("Finishing what is being written; then this ends.")
			op.Stop()
			v.wait(op.Ended()) // it has the administrator's token until then
			return ended(ctx, ctx.Err())
		case err != nil:
			return err
		}
		if tell != nil {
			tell(e)
		}
	}
}
