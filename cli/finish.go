package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// finish verifies a draft with its own key, once or until everything holds or the time
// is over, and makes it an account where the checks allow it. The hint is for where
// they do not.
func (l *line) finish(ctx context.Context, w World, v *voice, d account.Draft, wait time.Duration, hint string) error {
	report, err := v.watched(ctx, w, d, wait, account.Report{})
	if err != nil {
		return ended(ctx, err)
	}
	return l.linkedBy(ctx, w, v, d, report, hint)
}

// linkedBy makes the draft an account where a report allows it.
func (l *line) linkedBy(ctx context.Context, w World, v *voice, d account.Draft, report account.Report, hint string) error {
	if !report.Linked() {
		code := NotLinked
		if report.Worst() == account.Unknown {
			code = Unchecked
		}
		return notLinked(&outcome{err: fmt.Errorf("%s is not linked yet", d.Name), code: code, hint: hint}, &report, d)
	}
	if _, _, err := v.follow(ctx, w.Env.Ops.Finish(d.ID, report)); err != nil {
		return err
	}
	id := d.ID
	if d.Replaces != "" {
		id = d.Replaces
	}
	return l.connected(ctx, w, v, id, &report)
}

// watched is what the checks of a draft find when everything holds, or when the time
// is over: at once where there is none. It tells of each check that is not as it was
// in the report before.
func (v *voice) watched(ctx context.Context, w World, d account.Draft, wait time.Duration, last account.Report) (account.Report, error) {
	patient, stop := ctx, context.CancelFunc(func() {})
	if wait > 0 {
		patient, stop = context.WithTimeout(ctx, wait)
	}
	defer stop()
	op := w.Env.Ops.Watch(d)
	defer op.Stop()
	for looked := false; ; {
		// The first look is waited for also where the time is shorter.
		next := patient
		if !looked {
			next = ctx
		}
		e, err := op.Next(next)
		switch {
		case err == io.EOF, err != nil && looked && ctx.Err() == nil && patient.Err() != nil:
			return last, nil
		case err != nil:
			return last, err
		case e.State != link.Looked:
			continue
		}
		v.changed(last, *e.Report)
		last, looked = *e.Report, true
		if wait == 0 || patient.Err() != nil {
			return last, nil
		}
		if v.json {
			v.event(e)
		}
	}
}

// changed tells of the checks that are not as they were before.
func (v *voice) changed(before, now account.Report) {
	for _, c := range now.Checks {
		was, made := before.Check(c.Name)
		if !made || was.State != c.State || account.KindOf(problem(was)) != account.KindOf(problem(c)) {
			v.says(steps.CheckLines(c))
		}
	}
}

// problem is why a check did not hold, as an error that is nil for none.
func problem(c account.Check) error {
	if c.Problem == nil {
		return nil
	}
	return c.Problem
}
