package entra

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// restorable is how long a deleted object can be brought back.
// Source: learn.microsoft.com/entra/identity/enterprise-apps/delete-recover-faq.
const restorable = 30 * 24 * time.Hour

// removal is one object to be deleted.
type removal struct {
	path       string // of the object
	bin        string // where it goes; empty: nowhere
	ids        []account.ObjectID
	assignment *account.AssignmentID
	made       time.Time
	needs      string
}

// remove deletes an object and sees it gone.
func (a *Administrator) remove(ctx context.Context, tell func(account.Pause), r removal) ([]account.Evidence, error) {
	if err := needed(r.ids...); err != nil {
		return nil, err
	}
	if r.assignment != nil && *r.assignment == "" {
		return nil, &account.Problem{Kind: account.InputNotID}
	}
	_, evidence, err := do(ctx, a, tell, func(ctx context.Context, c *change) (struct{}, error) { return struct{}{}, c.remove(ctx, r) })
	return evidence, err
}

// remove looks first: only what was seen and is then not there is gone for
// certain. What was made a moment ago and is not shown may be spreading.
func (c *change) remove(ctx context.Context, r removal) error {
	there, err := c.there(ctx, r)
	if err != nil || !there {
		return err
	}
	if _, err := c.write(rest.Idempotent(ctx), rest.Write{Method: http.MethodDelete}, r.path, nil); err != nil && !gone(err) {
		return changeProblem(err, r.needs)
	}
	for {
		err := c.get(ctx, r.path, &struct{}{})
		switch {
		case gone(err):
			return nil
		case err != nil:
			return changeProblem(err, r.needs)
		}
		if err := c.pause(ctx, account.GoneSeen, nil); err != nil {
			return err
		}
	}
}

// there tells whether the object is shown, after it had its time to be.
func (c *change) there(ctx context.Context, r removal) (bool, error) {
	for {
		err := c.get(ctx, r.path, &struct{}{})
		switch {
		case err == nil:
			return true, nil
		case !gone(err):
			return false, changeProblem(err, r.needs)
		case !c.e.now().Before(r.made.Add(spreadLimit)):
			return false, nil
		case r.bin != "" && c.get(ctx, r.bin, &struct{}{}) == nil:
			return false, nil
		}
		if err := c.pause(ctx, account.MadeUnseen, err); err != nil {
			if account.KindOf(err) == account.SpreadingTooLong {
				return false, nil
			}
			return false, err
		}
	}
}

// Purge deletes objects for good that were deleted, each seen gone, in the
// order given: the enterprise app before the app. deleted is when they were;
// as made in DeleteApplication. Where this person may not, what became of each
// is told, and the error is PurgeNotAllowed: they are deleted, and somebody can
// restore them until then.
// Source: learn.microsoft.com/graph/api/directory-deleteditems-delete.
func (a *Administrator) Purge(ctx context.Context, deleted time.Time, tell func(account.Pause), objects ...account.ObjectID) ([]account.Binned, []account.Evidence, error) {
	if err := needed(objects...); err != nil {
		return nil, nil, err
	}
	var all []account.Binned
	var calls []account.Evidence
	var kept error
	// Each has its own time: one that an earlier run deleted is waited for until it
	// would have to be shown, and that is not the time of the next.
	for _, o := range objects {
		b, more, err := do(ctx, a, tell, func(ctx context.Context, c *change) (account.Binned, error) { return c.purge(ctx, o, deleted) })
		calls = append(calls, more...)
		if err != nil && account.KindOf(err) != account.PurgeNotAllowed {
			return all, calls, err
		}
		all = append(all, b)
		kept = cmp.Or(kept, err)
	}
	return all, calls, kept
}

func (c *change) purge(ctx context.Context, o account.ObjectID, deleted time.Time) (account.Binned, error) {
	b := account.Binned{Object: o}
	err := c.remove(ctx, removal{path: "/directory/deletedItems/" + string(o), made: deleted, needs: appAdministrator})
	if p := account.AsProblem(err); err == nil || p.Kind != account.RightMissing {
		b.Purged = err == nil
		return b, err
	}
	b.Until = c.restorableUntil(ctx, o)
	p := kind(account.PurgeNotAllowed, account.AsProblem(err))
	p.Subject, p.Left = string(o), b.Until.Sub(c.e.now())
	return b, p
}

// restorableUntil is until when a deleted object can be brought back.
func (c *change) restorableUntil(ctx context.Context, o account.ObjectID) time.Time {
	var item struct {
		Deleted time.Time `json:"deletedDateTime"`
	}
	if err := c.get(ctx, "/directory/deletedItems/"+string(o)+"?$select=id,deletedDateTime", &item); err != nil || item.Deleted.IsZero() {
		item.Deleted = c.e.now()
	}
	return item.Deleted.Add(restorable)
}
