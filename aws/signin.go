package aws

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/url"
	"sync"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/rest"
)

// usual is the region where none is named.
const usual = account.AWSRegion("us-east-1")

// signInLimit bounds a whole sign-in.
const signInLimit = 90 * time.Second

// Administrator is whose profile is used, and what can be done in the account with
// it. The credentials live in here alone until Forget. It may be used from any
// goroutine; changes of a stack are to be made one at a time.
type Administrator struct {
	aws     *AWS
	region  account.AWSRegion
	who     account.AWSCaller
	renewal string

	mu        sync.Mutex
	keys      sdk.Credentials
	forgotten bool
}

// SignIn uses a profile of the AWS configuration files once, or the environment's
// credentials under the name Environment, and asks who that is; for region, or
// where it is empty for the one that the profile names, else us-east-1. It fails
// before any call with AWSEndpoint where the environment or the profile would send
// calls elsewhere, with AWSNoProfile and AWSNoCredentials, and with AWSSignInOver
// whose Subject is the command that renews the session. Nothing is written.
func (a *AWS) SignIn(ctx context.Context, profile string, region account.AWSRegion) (*Administrator, error) {
	ctx, cancel := context.WithTimeout(ctx, signInLimit)
	defer cancel()
	if region != "" {
		if _, err := account.ParseAWSRegion(string(region)); err != nil {
			return nil, err
		}
	}
	s, _, err := a.named(ctx, profile, cmp.Or(region, usual))
	if err != nil {
		return nil, err
	}
	admin := &Administrator{aws: a, region: cmp.Or(region, s.region, usual), renewal: s.renewal, keys: s.keys}
	c := admin.caller()
	if admin.who, _, err = c.identity(ctx); err != nil {
		return nil, renewed(err, s.renewal)
	}
	var all sync.WaitGroup
	all.Go(func() { admin.who.Alias, _, _ = c.alias(ctx) }) // a name for people, if one may read it
	var master read[account.AWSAccount]
	all.Go(func() { master.value, _, master.err = c.master(ctx) })
	all.Wait()
	admin.who.Management = isManagement(admin.who.Account, master)
	return admin, nil
}

// Caller is who it is.
func (a *Administrator) Caller() account.AWSCaller { return a.who }

// Forget drops the credentials. What is asked afterwards fails with AWSSignInOver.
func (a *Administrator) Forget() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.keys, a.forgotten = sdk.Credentials{}, true
}

// Format writes who it is, for every verb.
func (a *Administrator) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, "administrator "+a.who.ARN)
}

func (a *Administrator) caller() caller {
	return caller{a.aws, a.region, func() (sdk.Credentials, error) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.forgotten {
			return sdk.Credentials{}, &account.Problem{Kind: account.AWSSignInOver, Subject: a.renewal}
		}
		return a.keys, nil
	}}
}

// identity asks who is calling, which needs no right and cannot be denied.
// Source: docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html.
func (c caller) identity(ctx context.Context) (account.AWSCaller, account.Evidence, error) {
	var got struct {
		Account string `xml:"GetCallerIdentityResult>Account"`
		ARN     string `xml:"GetCallerIdentityResult>Arn"`
	}
	e, err := c.form(rest.Idempotent(ctx), sts, "GetCallerIdentity", nil, &got)
	if err != nil {
		return account.AWSCaller{}, e, err
	}
	number, err := account.ParseAWSAccount(got.Account)
	if err != nil || got.ARN == "" {
		return account.AWSCaller{}, e, formMisfit()
	}
	return account.AWSCaller{Account: number, ARN: rest.Text(got.ARN, longestText), Management: account.Unknown}, e, nil
}

// alias asks for the account's alias; most have none.
func (c caller) alias(ctx context.Context) (string, account.Evidence, error) {
	var got struct {
		Aliases []string `xml:"ListAccountAliasesResult>AccountAliases>member"`
	}
	e, err := c.form(rest.Idempotent(ctx), iam, "ListAccountAliases", url.Values{}, &got)
	if err != nil || len(got.Aliases) == 0 {
		return "", e, err
	}
	return rest.Text(got.Aliases[0], 63), e, nil
}

// master asks which account manages the account's organization; "" where it is in
// none. Source: docs.aws.amazon.com/organizations/latest/APIReference/API_DescribeOrganization.html.
func (c caller) master(ctx context.Context) (account.AWSAccount, account.Evidence, error) {
	var got struct {
		Organization struct {
			Master string `json:"MasterAccountId"`
		}
	}
	e, err := c.json(rest.Idempotent(ctx), organizations, "AWSOrganizationsV20161128", "DescribeOrganization", object{}, &got)
	if err != nil && account.AsProblem(err).Code == "AWSOrganizationsNotInUseException" {
		return "", e, nil
	}
	if err != nil {
		return "", e, err
	}
	number, err := account.ParseAWSAccount(got.Organization.Master)
	if err != nil {
		return "", e, formMisfit()
	}
	return number, e, nil
}

// isManagement tells whether an account is its organization's management account.
// One that is in no organization stands for itself, as such an account does.
func isManagement(number account.AWSAccount, master read[account.AWSAccount]) account.CheckState {
	switch {
	case !master.ok():
		return account.Unknown
	case master.value == number, master.value == "":
		return account.Holds
	}
	return account.Missing
}
