package aws

import (
	"context"
	"net/http"
	"net/url"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// capability is what CloudFormation wants to be told before it makes a role that
// has a name. Source: docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html.
const capability = "CAPABILITY_NAMED_IAM"

// PlanStack is what CreateStack would send: one call, whose body is the template.
func (a *Administrator) PlanStack(template string) []account.PlannedChange {
	return []account.PlannedChange{{
		Name: "stack", Method: http.MethodPost, Path: cloudformation.host(a.region) + " CreateStack", Body: template,
	}}
}

// FindStack looks for a stack by its name or id; the zero stack where there is none.
func (a *Administrator) FindStack(ctx context.Context, name string) (account.AWSStack, []account.Evidence, error) {
	s, e, err := a.caller().stack(ctx, name)
	return s, made(e), err
}

// StackTemplate is the template that the stack has. AWSGone where there is no stack.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_GetTemplate.html.
func (a *Administrator) StackTemplate(ctx context.Context, name string) (string, []account.Evidence, error) {
	var got struct {
		Body string `xml:"GetTemplateResult>TemplateBody"`
	}
	e, err := a.caller().form(rest.Idempotent(ctx), cloudformation, "GetTemplate", url.Values{"StackName": {name}, "TemplateStage": {"Original"}}, &got)
	if notThere(err) {
		err = &account.Problem{Kind: account.AWSGone, Subject: account.Clean(name, 128)}
	}
	if err == nil && got.Body == "" {
		err = formMisfit()
	}
	return got.Body, made(e), err
}

// stack reads a stack; one that was deleted is found by its id alone.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html.
func (c caller) stack(ctx context.Context, name string) (account.AWSStack, account.Evidence, error) {
	var got struct {
		Stacks []struct {
			ID      account.ARN `xml:"StackId"`
			Name    string      `xml:"StackName"`
			Status  string      `xml:"StackStatus"`
			Reason  string      `xml:"StackStatusReason"`
			Outputs []struct {
				Key   string `xml:"OutputKey"`
				Value string `xml:"OutputValue"`
			} `xml:"Outputs>member"`
		} `xml:"DescribeStacksResult>Stacks>member"`
	}
	e, err := c.form(rest.Idempotent(ctx), cloudformation, "DescribeStacks", url.Values{"StackName": {name}}, &got)
	switch {
	case notThere(err):
		return account.AWSStack{}, e, nil
	case err != nil:
		return account.AWSStack{}, e, err
	case len(got.Stacks) != 1 || !isARN(got.Stacks[0].ID):
		return account.AWSStack{}, e, formMisfit()
	}
	found := got.Stacks[0]
	s := account.AWSStack{
		ID: found.ID, Name: account.Clean(found.Name, 128), Status: account.Clean(found.Status, 60),
		Reason: rest.Text(found.Reason, longestText),
	}
	for _, o := range found.Outputs {
		arn, err := account.ParseARN(o.Value)
		if err != nil {
			continue
		}
		switch o.Key {
		case roleOutput:
			s.Role = arn
		case anchorOutput:
			s.Anchor = arn
		case profileOutput:
			s.Profile = arn
		}
	}
	return s, e, nil
}

// notThere tells whether CloudFormation says that there is no such stack, which it
// has no code of its own for.
func notThere(err error) bool { return saysOfStack(err, "does not exist") }

// saysOfStack tells whether CloudFormation refused with that text.
func saysOfStack(err error, text string) bool {
	if err == nil {
		return false
	}
	p := account.AsProblem(err)
	return p.Code == "ValidationError" && holdsAny(p.Message, text)
}

// event is something that happened to one resource of a stack.
type event struct {
	Resource string `xml:"LogicalResourceId"`
	Physical string `xml:"PhysicalResourceId"`
	Kind     string `xml:"ResourceType"`
	Status   string `xml:"ResourceStatus"`
	Reason   string `xml:"ResourceStatusReason"`
}

// events are what happened to a stack, the newest first, as far as one page goes.
// Source: docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackEvents.html.
func (c caller) events(ctx context.Context, name string) ([]event, account.Evidence, error) {
	var got struct {
		Events []event `xml:"DescribeStackEventsResult>StackEvents>member"`
	}
	e, err := c.form(rest.Idempotent(ctx), cloudformation, "DescribeStackEvents", url.Values{"StackName": {name}}, &got)
	return got.Events, e, err
}
