package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/steps"
)

// profiled gives a command --profile, which is the sign-in of AWS.
func (l *line) profiled(cmd *cobra.Command, profile *string) {
	cmd.Flags().StringVar(profile, "profile", "", "of an AWS account: the AWS profile to use; environment for the credentials of the environment")
	completes(cmd, "profile", l.profiles)
}

// signInAWS uses a profile once, and holds that it is of an account that the draft
// can be linked to, or was.
func (l *line) signInAWS(ctx context.Context, w World, v *voice, d account.Draft, profile string) (link.AWSAdministrator, error) {
	v.say("Using profile %s once. Its credentials stay in this program's memory and are dropped after the changes.", profile)
	admin, err := w.Env.Ops.Ports().AWS.SignIn(ctx, profile, d.AWS().Region)
	if err != nil {
		return nil, ended(ctx, err)
	}
	v.says(steps.CallerLines(admin.Caller()))
	w.Env.Known = w.Known.Accounts
	if refuse := steps.AWSRefused(w.Env, d, admin.Caller()); refuse != "" {
		admin.Forget()
		return nil, &outcome{err: errors.New(refuse), code: NotAllowed, hint: "Nothing was changed."}
	}
	return admin, nil
}

// stackLeft is the stack that an AWS account or draft has, for who looks for it. Of one
// that somebody makes of a template it is known only by its Outputs that it is there.
func stackLeft(d account.Draft) (out []stay) {
	l := d.AWS()
	known := l.Stack != "" || d.Made.Stack != ""
	templated := d.Way == account.ByHand && d.Key().Certificate.Made()
	if l.Method == account.ByProfile || l.Tag == "" || !known && !templated && !link.Bound(d) {
		return nil
	}
	p := l.StackPage()
	s := stay{
		What: "stack " + l.StackName() + " in region " + string(l.Region) + ", with the role " + account.AWSRoleName + ", the trust anchor and the profile",
		ID:   string(l.StackID), Menu: p.Menu(""), URL: p.URL,
	}
	if !known && l.Role == "" && !d.Leaving {
		s.What += ", if it was made"
	}
	return []stay{s}
}

// awsFiles are the templates that were written for somebody to upload.
func awsFiles(d account.Draft) []stay {
	if file := d.AWS().File; file != "" {
		return []stay{{What: "template file " + file}}
	}
	return nil
}

// linkedAWS is an AWS account as commands write it.
type linkedAWS struct {
	Type       account.AWSType    `json:"type"`
	Account    account.AWSAccount `json:"account,omitempty"`
	Alias      string             `json:"alias,omitempty"`
	Region     account.AWSRegion  `json:"region,omitempty"`
	Method     account.AWSMethod  `json:"method"`
	Role       account.ARN        `json:"roleArn,omitempty"`
	Anchor     account.ARN        `json:"anchorArn,omitempty"`
	Profile    account.ARN        `json:"profileArn,omitempty"` // of IAM Roles Anywhere
	Stack      string             `json:"stack,omitempty"`
	Named      string             `json:"configProfile,omitempty"` // of the AWS configuration files, of method profile
	ExternalID string             `json:"externalId,omitempty"`
	Template   string             `json:"templatePath,omitempty"`
	Authority  string             `json:"authoritySha256,omitempty"`
	Renewable  bool               `json:"renewable"` // the authority's key is kept
}

func toStack(d account.Draft) *linkedAWS {
	l := d.AWS()
	out := &linkedAWS{
		Type: l.Type, Account: l.Account, Alias: l.Alias, Region: l.Region, Method: l.Method,
		Role: l.Role, Anchor: l.Anchor, Profile: l.Profile, Named: l.Named, Template: l.File,
	}
	if l.Method == account.ByProfile || l.Platform.Principal != "" {
		out.ExternalID = l.ExternalID
	}
	if l.Method != account.ByProfile {
		out.Stack = l.StackName()
	}
	if d.Authority != nil {
		out.Authority, out.Renewable = d.Authority.Certificate.SHA256, d.Authority.Stored
	}
	return out
}

// whereMade is where that is.
func whereMade(d account.Draft) string {
	if d.Provider == account.AWS {
		return "AWS account " + string(d.AWS().Account)
	}
	return "tenant " + string(d.Microsoft().Tenant)
}

// signsFor holds that the sign-in is the provider's.
func signsFor(d account.Draft, way account.SignInWay, profile string) error {
	switch aws := d.Provider == account.AWS; {
	case aws && way != "":
		return usage{errors.New("--sign-in is for tenants; of an AWS account it is --profile")}
	case !aws && profile != "":
		return usage{errors.New("--profile is for AWS accounts; of a tenant it is --sign-in")}
	}
	return nil
}

// takeBackAWS deletes the stack that a draft made, and then the draft.
func (l *line) takeBackAWS(ctx context.Context, w World, d account.Draft, profile string) error {
	v := l.voice(w)
	admin, err := l.signInAWS(ctx, w, v, d, profile)
	if err != nil {
		return err
	}
	defer admin.Forget()
	if _, _, err := v.follow(ctx, w.Env.Ops.TakeBack(d.ID, link.Signed{AWS: admin})); err != nil {
		return err
	}
	v.result(steps.TakenBackLines(nil), result{State: "taken-back", Stays: awsFiles(d)})
	return nil
}
