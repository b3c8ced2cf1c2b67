package entra

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

const (
	// spreadLimit is how long a change waits for an earlier one to reach every
	// part of the directory. There is no published figure; see
	// github.com/microsoftgraph/msgraph-bicep-types/issues/193.
	spreadLimit = 10 * time.Minute
	// changeLimit bounds one change with all its waiting.
	changeLimit = 15 * time.Minute
)

// pauses are between two looks, each a fifth shorter or longer by chance.
var pauses = []time.Duration{2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second, 30 * time.Second}

// change is one change being made, with every call that it takes. When its
// context ends, reads and pauses end at once and nothing more is sent; a write
// that was sent is waited for.
type change struct {
	q    asker
	e    *Entra
	tell func(account.Pause)

	paused int
	since  time.Time // of the first pause, by this machine's clock
	until  time.Time // on the monotonic clock
}

// do runs f as one change; tell, which may be nil, hears of its pauses.
func do[T any](ctx context.Context, a *Administrator, tell func(account.Pause), f func(context.Context, *change) (T, error)) (made T, calls []account.Evidence, err error) {
	q, err := a.asker()
	if err != nil {
		return made, nil, err
	}
	if tell == nil {
		tell = func(account.Pause) {}
	}
	c := &change{q: q, e: a.e, tell: tell}
	calls, err = rest.Change(ctx, changeLimit, c.heldBack, func(ctx context.Context) (err error) {
		made, err = f(ctx, c)
		return err
	})
	return made, calls, err
}

// heldBack tells of a pause that the pipeline makes.
func (c *change) heldBack(wait time.Duration, asked bool) {
	reason := account.AnswerLost
	if asked {
		reason = account.AskedToWait
	}
	now := c.e.now()
	if c.since.IsZero() {
		c.since = now
	}
	c.tell(account.Pause{Reason: reason, Since: c.since, Next: now.Add(wait), Until: now.Add(wait)})
}

// pause waits before the next look. It fails with SpreadingTooLong, and what
// was said last, when ten minutes are over.
func (c *change) pause(ctx context.Context, reason account.PauseReason, said error) error {
	now := c.e.now()
	if c.until.IsZero() {
		c.until = time.Now().Add(spreadLimit)
	}
	if c.since.IsZero() {
		c.since = now
	}
	left := time.Until(c.until)
	if left <= 0 {
		if said == nil {
			return &account.Problem{Kind: account.SpreadingTooLong}
		}
		return kind(account.SpreadingTooLong, changeProblem(said, ""))
	}
	wait := pauses[min(c.paused, len(pauses)-1)]
	c.paused++
	wait = min(wait*4/5+rand.N(wait*2/5), left)
	c.tell(account.Pause{Reason: reason, Since: c.since, Next: now.Add(wait), Until: now.Add(left)})
	return rest.Rested(ctx, wait)
}

func (c *change) get(ctx context.Context, path string, into any) error {
	return rest.Patiently(ctx, func() error {
		_, err := c.q.rest.GetJSON(ctx, c.q.root+path, c.q.bearer, into)
		return err
	})
}

// collect reads a collection.
func collect[T any](ctx context.Context, c *change, path string) (all rest.Collected[T], err error) {
	err = rest.Patiently(ctx, func() (err error) {
		all, err = rest.Collect[T](ctx, c.q.rest, c.q.root+path, c.q.bearer, mostPages)
		return err
	})
	return all, err
}

// write makes a change. Where it does no harm to make it twice, ctx is
// rest.Idempotent.
func (c *change) write(ctx context.Context, w rest.Write, path string, into any) (a rest.Answer, err error) {
	w.Address = c.q.root + path
	err = rest.Patiently(ctx, func() (err error) {
		a, err = c.q.rest.WriteJSON(rest.Uncut(ctx), w, c.q.bearer, into)
		return err
	})
	return a, err
}

// upsert changes what is at path or makes it.
func (c *change) upsert(ctx context.Context, path string, body, into any) (rest.Answer, error) {
	return c.write(rest.Idempotent(ctx), rest.Write{Method: http.MethodPatch, Body: body, CreateIfMissing: true}, path, into)
}

// plain is a create that makes two when it is made twice, or is refused then.
type plain struct {
	path  string
	body  any
	into  any
	needs string                   // the directory role that would do
	on    []string                 // ids of what was made just before
	there func(*rest.Refusal) bool // it is there already
	look  func(context.Context) (found bool, err error)
}

// create makes it, once: what may have been made is looked for before it is
// made again. It tells whether it was made here.
func (c *change) create(ctx context.Context, p plain) (made bool, err error) {
	unsure := 0
	for {
		a, err := c.write(ctx, rest.Write{Method: http.MethodPost, Body: p.body}, p.path, p.into)
		var said *rest.Refusal
		switch refused := errors.As(err, &said); {
		case err == nil:
			return true, nil
		case a.Status == http.StatusCreated: // and its body cannot be read
			return true, c.seen(ctx, p)
		case refused && p.there(said):
			return unsure > 0, c.seen(ctx, p)
		case refused && notSpread(said, p.on...):
			if err := c.pause(ctx, account.PrincipalSpreads, err); err != nil {
				return false, err
			}
			continue
		case refused || !account.KindOf(err).MayPass() || unsure == mostUnsure:
			return false, changeProblem(err, p.needs)
		}
		unsure++
		if err := c.letRecover(ctx, err); err != nil {
			return false, err
		}
		switch found, err := p.look(ctx); {
		case found:
			return true, nil
		case err != nil && !gone(err):
			return false, changeProblem(err, p.needs) // it is not known, and not made again
		}
	}
}

const mostUnsure = 3

// letRecover waits after an answer that was lost or a 5xx, as long as was asked.
func (c *change) letRecover(ctx context.Context, err error) error {
	wait := account.AsProblem(err).Wait
	if wait == 0 {
		return c.pause(ctx, account.AnswerLost, err)
	}
	c.heldBack(wait, true)
	return rest.Rested(ctx, wait)
}

// seen waits until what is there is shown.
func (c *change) seen(ctx context.Context, p plain) error {
	for {
		found, err := p.look(ctx)
		switch {
		case found:
			return nil
		case err != nil && !gone(err):
			return changeProblem(err, p.needs)
		}
		if err := c.pause(ctx, account.MadeUnseen, err); err != nil {
			return err
		}
	}
}

// see waits until an app or enterprise app that is there is shown.
func see[T any](ctx context.Context, c *change, reason account.PauseReason, look func() (T, error)) (T, error) {
	for {
		is, err := look()
		if !gone(err) {
			return found(is, err, cloudAppAdministrator)
		}
		if err := c.pause(ctx, reason, err); err != nil {
			return is, err
		}
	}
}

// found is what a look found, nothing where Graph shows nothing. needs is the
// directory role that would do.
func found[T any](is T, err error, needs string) (T, error) {
	var none T
	switch {
	case gone(err):
		return none, nil
	case err != nil:
		return none, changeProblem(err, needs)
	}
	return is, nil
}

const absent = "does not exist or one of its queried reference-property objects are not present"

// gone tells whether Graph does not show an object.
func gone(err error) bool {
	var r *rest.Refusal
	return errors.As(err, &r) && r.Status == http.StatusNotFound && r.Has("Request_ResourceNotFound")
}

// notSpread tells whether a refusal is one of those that Graph gives while what
// was made just before has not reached all of it: these texts and no others.
// made are the ids of what that is. Graph has only general codes for it, so
// that the text has to be read, as other clients do. Source:
// github.com/microsoftgraph/msgraph-bicep-types/issues/193,
// github.com/manicminer/hamilton and learn.microsoft.com/graph/errors.
func notSpread(r *rest.Refusal, made ...string) bool {
	text := strings.ToLower(r.Text)
	names := false
	for _, id := range made {
		names = names || id != "" && strings.Contains(text, "'"+strings.ToLower(id)+"'")
	}
	switch r.Status {
	case http.StatusBadRequest, http.StatusForbidden:
		switch {
		case strings.HasPrefix(text, "when using this permission, the backing application of the service principal being created must in the local tenant"):
			return true
		case r.Status == http.StatusForbidden:
			return false
		case strings.Contains(text, "of the service principal does not reference a valid application object"):
			return names
		}
		return strings.TrimSuffix(text, ".") == "not a valid reference update"
	case http.StatusNotFound:
		return r.Has("Request_ResourceNotFound") && names && strings.Contains(text, absent)
	}
	return false
}

// conflicting tells whether a refusal says that it is there already.
func conflicting(r *rest.Refusal) bool {
	if r.Status != http.StatusBadRequest && r.Status != http.StatusConflict {
		return false
	}
	return r.Has("ConflictingObjects") || r.Has("ObjectConflict") || r.Has("Request_MultipleObjectsWithSameKeyValue") ||
		strings.HasPrefix(strings.ToLower(r.Text), "a conflicting object with one or more of the specified property values is present")
}

// changeProblem classifies why a change was not made. needs is the directory
// role that would have done.
func changeProblem(err error, needs string) *account.Problem {
	var r *rest.Refusal
	if !errors.As(err, &r) {
		return account.AsProblem(err)
	}
	switch {
	case r.Has("Authorization_IdentityNotFound"):
		return r.Problem(account.IdentitySpreading)
	case r.Status == http.StatusUnauthorized:
		return r.Problem(account.SignInOver)
	case r.Has("CredentialInvalidLifetimeAsPerAppPolicy"), r.Has("KeyCredentialsInvalidEndDate"):
		p := r.Problem(account.PolicyLife)
		p.Left = lifeIn(r.Text)
		return p
	case r.Has("CredentialTypeNotAllowedAsPerAppPolicy"):
		return r.Problem(account.PolicyAuthority)
	case r.Has("Directory_QuotaExceeded"):
		return r.Problem(account.QuotaReached)
	case r.Status == http.StatusForbidden:
		p := r.Problem(account.RightMissing)
		p.Subject = needs
		return p
	}
	return r.Problem(account.Unexpected)
}

var daysInText = account.Lazily(`\bP(\d{1,4})D\b|\b(\d{1,4}) days?\b`)

// lifeIn is the number of days in a text, 0 where it tells none.
func lifeIn(text string) time.Duration {
	m := daysInText().FindStringSubmatch(text)
	if m == nil {
		return 0
	}
	days, _ := strconv.Atoi(m[1] + m[2]) // digits: one of the two is empty
	return time.Duration(days) * 24 * time.Hour
}

// needed refuses ids that are none before they get into an address.
func needed(ids ...account.ObjectID) error {
	for _, id := range ids {
		if !account.IsGUID(string(id)) {
			return &account.Problem{Kind: account.InputNotID}
		}
	}
	return nil
}
