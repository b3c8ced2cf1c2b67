package aws

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// CreateStack makes the stack and waits until it is whole, telling how far each
// resource is. The request carries a token that follows from the template, so that
// it may be repeated when its answer is lost. A stack of that name with the very
// template is the one that was begun before, and is waited for; another is
// AWSNameTaken. AWSStackFailed, or a kind that says more, has the first reason in
// Message; the stack that CloudFormation rolled back is still there then. A stack
// that is returned is there, or may be, whatever the error is: from when
// CloudFormation took the request it is ours, and none is returned of another.
// Leaving ends the waiting and not CloudFormation's work.
func (a *Administrator) CreateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error) {
	c := a.caller()
	begun := c.aws.now()
	form := url.Values{
		"StackName": {name}, "TemplateBody": {template}, "Capabilities.member.1": {capability}, "OnFailure": {"ROLLBACK"},
		"ClientRequestToken": {requestToken(template)},
	}
	id, trail, err := c.change(ctx, "CreateStack", form)
	if err != nil && account.AsProblem(err).Kind == account.AWSNameTaken {
		var e []account.Evidence
		id, e, err = a.begunBefore(ctx, name, template, err)
		trail = append(trail, e...)
	}
	if err != nil {
		return account.AWSStack{}, trail, err
	}
	w := wait{caller: c, id: id, name: name, begun: begun, tell: tell, done: created, trail: trail}
	s, err := w.until(ctx)
	return s, w.trail, err
}

// begunBefore is the id of the stack that has the name, if it has the template too.
// By its id: a stack that takes the name meanwhile is another.
func (a *Administrator) begunBefore(ctx context.Context, name, template string, taken error) (account.ARN, []account.Evidence, error) {
	s, trail, err := a.FindStack(ctx, name)
	if err != nil {
		return "", trail, err
	}
	if !s.Found() { // it went between two calls
		return "", trail, &account.Problem{Kind: account.AWSGone, Subject: account.Clean(name, 128)}
	}
	there, e, err := a.StackTemplate(ctx, string(s.ID))
	trail = append(trail, e...)
	if err != nil {
		return "", trail, err
	}
	if there != template {
		p := *account.AsProblem(taken)
		p.Subject = account.Clean(name, 128)
		return "", trail, &p
	}
	return s.ID, trail, nil
}

// UpdateStack puts a template in the place of the stack's, as CreateStack. One that
// has it already is no error.
func (a *Administrator) UpdateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error) {
	c := a.caller()
	begun := c.aws.now()
	id, trail, err := c.change(ctx, "UpdateStack", url.Values{
		"StackName": {name}, "TemplateBody": {template}, "Capabilities.member.1": {capability}, "ClientRequestToken": {requestToken(template)},
	})
	switch {
	case notThere(err):
		return account.AWSStack{}, trail, &account.Problem{Kind: account.AWSGone, Subject: account.Clean(name, 128)}
	case saysOfStack(err, "no updates are to be performed"):
		s, e, err := a.FindStack(ctx, name)
		return s, append(trail, e...), err
	case err != nil:
		return account.AWSStack{}, trail, err
	}
	w := wait{caller: c, id: id, name: name, begun: begun, tell: tell, done: updated, trail: trail}
	s, err := w.until(ctx)
	return s, w.trail, err
}

// DeleteStack deletes the stack and waits until it is gone. None there is no error.
// An update that is under way is waited for first: until it is over CloudFormation
// deletes nothing.
func (a *Administrator) DeleteStack(ctx context.Context, name string, tell func(account.Pause)) ([]account.Evidence, error) {
	c := a.caller()
	begun := c.aws.now()
	s, trail, err := a.FindStack(ctx, name)
	if err != nil || !s.Found() || s.Status == deleted {
		return trail, err
	}
	w := wait{caller: c, id: s.ID, name: name, begun: begun, tell: tell, done: ended, trail: trail}
	if strings.HasPrefix(s.Status, "UPDATE_") {
		s, err = w.until(ctx)
		if err != nil || !s.Found() {
			return w.trail, err
		}
	}
	// By its id: a stack that took the name meanwhile is another. The call tells
	// nothing but that it was taken.
	e, err := c.form(rest.Idempotent(rest.Uncut(ctx)), cloudformation, "DeleteStack", url.Values{"StackName": {string(s.ID)}}, &struct{}{})
	w.trail = append(w.trail, made(e)...)
	if err != nil {
		return w.trail, stackBusy(err)
	}
	w.done = deleted
	_, err = w.until(ctx)
	return w.trail, err
}

// How a change of a stack ends well.
const (
	created = "CREATE_COMPLETE"
	updated = "UPDATE_COMPLETE"
	deleted = "DELETE_COMPLETE"
	ended   = "" // in whatever way
)

// change sends a change of a stack, and gives the stack's id. It is waited for once
// it was sent: whether it was made is known then. With its token it may be
// repeated. A token that an earlier change used, of a stack that is gone or with
// a template that has come back, is left out: names keep a stack from being made
// twice, and an update that is made twice changes nothing.
func (c caller) change(ctx context.Context, action string, form url.Values) (account.ARN, []account.Evidence, error) {
	var got struct {
		Created account.ARN `xml:"CreateStackResult>StackId"`
		Updated account.ARN `xml:"UpdateStackResult>StackId"`
	}
	e, err := c.form(rest.Idempotent(rest.Uncut(ctx)), cloudformation, action, form, &got)
	trail := made(e)
	if err != nil && account.AsProblem(err).Code == "TokenAlreadyExistsException" {
		form.Del("ClientRequestToken")
		e, err = c.form(rest.Uncut(ctx), cloudformation, action, form, &got)
		trail = append(trail, made(e)...)
	}
	id := got.Created + got.Updated
	if err == nil && !isARN(id) {
		id, err = "", formMisfit()
	}
	return id, trail, stackBusy(err)
}

// isARN tells whether what AWS named something by is an ARN, and nothing else.
func isARN(a account.ARN) bool {
	read, err := account.ParseARN(string(a))
	return err == nil && read == a
}

// stackBusy names the stack's state where another change of it is under way, which
// CloudFormation has no code of its own for: "… is in UPDATE_IN_PROGRESS state and
// can not be updated", "… cannot be deleted while in status UPDATE_IN_PROGRESS".
func stackBusy(err error) error {
	if !saysOfStack(err, "_IN_PROGRESS") {
		return err
	}
	p := *account.AsProblem(err)
	p.Kind = account.AWSStackBusy
	for _, word := range strings.Fields(p.Message) {
		if strings.HasSuffix(word, "_IN_PROGRESS") {
			p.Subject = word
		}
	}
	return &p
}

// requestToken follows from a template, and from nothing else.
func requestToken(template string) string {
	sum := sha256.Sum256([]byte(template))
	return "xops360-" + hex.EncodeToString(sum[:20])
}

// How often a stack is looked at, and for how long. Three resources take a minute
// or two.
const (
	lookFirst = 3 * time.Second
	lookLast  = 10 * time.Second
	buildMost = 20 * time.Minute
)

// wait is the waiting for CloudFormation to be done with a stack.
type wait struct {
	caller
	id    account.ARN
	name  string
	begun time.Time // by this machine's clock
	tell  func(account.Pause)
	done  string // the status that is waited for
	trail []account.Evidence
}

// until looks until the stack is as it should be, or has failed. A look that is
// not answered is made again. With an error it returns the stack as it was seen
// last, of one that was never seen its id and its name: it is there all the same.
func (w *wait) until(ctx context.Context) (account.AWSStack, error) {
	told := account.Pause{Since: w.begun, Until: w.begun.Add(buildMost)}
	seen := account.AWSStack{ID: w.id, Name: w.name}
	for every := lookFirst; ; every = min(every*5/4, lookLast) {
		s, e, err := w.stack(ctx, string(w.id))
		w.trail = append(w.trail, made(e)...)
		if s.Found() {
			seen = s
		}
		told.Reason = account.StackBuilds
		switch {
		case err != nil && !account.Passing(err):
			return seen, err
		case err != nil:
			told.Reason = account.AnswerLost
		case !s.Found() && (w.done == deleted || w.done == ended):
			return s, nil
		case !s.Found():
			return s, &account.Problem{Kind: account.AWSGone, Subject: w.name}
		case s.Status == w.done, w.done == created && s.Status == updated:
			return s, nil
		case !strings.HasSuffix(s.Status, "_IN_PROGRESS") && w.done == ended:
			return s, nil
		case !strings.HasSuffix(s.Status, "_IN_PROGRESS"):
			return w.failed(ctx, s)
		default:
			told.Detail = w.atWork(ctx, s)
		}
		now := w.aws.now()
		if !now.Before(told.Until) {
			return seen, &account.Problem{Kind: account.AWSStackBusy, Subject: seen.Status, Err: err}
		}
		told.Next = now.Add(every)
		w.tell(told)
		select {
		case <-ctx.Done():
			return seen, &account.Problem{Kind: account.Cancelled, Err: ctx.Err()}
		case <-time.After(every):
		}
	}
}

// atWork is the resource that the newest event is about: "Role: CREATE_IN_PROGRESS".
func (w *wait) atWork(ctx context.Context, s account.AWSStack) string {
	events, e, err := w.events(ctx, string(w.id))
	w.trail = append(w.trail, made(e)...)
	if err != nil || len(events) == 0 || events[0].Physical == string(w.id) {
		return s.Status
	}
	return account.Clean(events[0].Resource+": "+events[0].Status, 120)
}

// failed is why: the reason of the first resource that failed since this change
// began. What failed after it was only cancelled.
func (w *wait) failed(ctx context.Context, s account.AWSStack) (account.AWSStack, error) {
	events, e, err := w.events(ctx, string(w.id))
	w.trail = append(w.trail, made(e)...)
	resource, reason := "", s.Reason
	if err == nil {
		// The newest first: the oldest of this change comes last. The change began
		// with the stack's own newest event that says so.
		for _, x := range events {
			if strings.HasSuffix(x.Status, "_FAILED") && x.Reason != "" {
				resource, reason = x.named(), rest.Text(x.Reason, longestText)
			}
			if x.Physical == string(w.id) && x.begins() {
				break
			}
		}
	}
	s.Reason = reason
	return s, stackProblem(w.name, resource, reason)
}

// named is the resource's own name, where it has got one.
func (e event) named() string {
	if e.Kind == "AWS::IAM::Role" {
		return account.AWSRoleName
	}
	return account.Clean(e.Resource, 100)
}

// begins tells whether the event is the beginning of a change of the whole stack.
func (e event) begins() bool {
	switch e.Status {
	case "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS":
		return true
	}
	return false
}
