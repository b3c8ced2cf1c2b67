package cli

import (
	"context"
	"fmt"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/steps"
)

// finish verifies a draft with its own key, and makes it an account where the
// checks allow it. The hint is for where they do not.
func (l *line) finish(ctx context.Context, w World, v *voice, d account.Draft, hint string) error {
	report, err := steps.Look(ctx, w.Env, d)
	if err != nil {
		return ended(ctx, err)
	}
	v.checks(report)
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
