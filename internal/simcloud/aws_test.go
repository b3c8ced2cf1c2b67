package simcloud_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// amazon is a world with an AWS account in it, and the vendor's clients.
type amazon struct {
	*world
	account *simaws.Account
	config  aws.Config
}

// signs signs by the world's clock and not by the machine's.
type signs struct{ w *world }

func (s signs) SignHTTP(ctx context.Context, creds aws.Credentials, r *http.Request, hash, service, region string, _ time.Time, opts ...func(*v4.SignerOptions)) error {
	return v4.NewSigner().SignHTTP(ctx, creds, r, hash, service, region, s.w.clock.Now(), opts...)
}

func newAmazon(t *testing.T) *amazon {
	w := newWorld(t, account.Global)
	a := w.cloud.AWS().AddAccount(simaws.AccountSpec{Number: "111122223333", Organization: simaws.Management})
	key := a.AddUser("ada", true)
	return &amazon{w, a, aws.Config{
		Region: "eu-west-1", HTTPClient: w.cloud.Client(), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: key.ID, SecretAccessKey: key.Secret}, nil
		}),
	}}
}

func (a *amazon) sts() *sts.Client {
	return sts.NewFromConfig(a.config, func(o *sts.Options) { o.HTTPSignerV4 = signs{a.world} })
}

func (a *amazon) formation() *cloudformation.Client {
	return cloudformation.NewFromConfig(a.config, func(o *cloudformation.Options) { o.HTTPSignerV4 = signs{a.world} })
}

// refused is the code and the status of a refusal as the vendor's client reads it.
func refused(err error) (code string, status int) {
	var e smithy.APIError
	var r interface{ HTTPStatusCode() int }
	if errors.As(err, &e) {
		code = e.ErrorCode()
	}
	if errors.As(err, &r) {
		status = r.HTTPStatusCode()
	}
	return code, status
}

// TestAWSIsReachedByItsNames holds that the vendor's own client gets through.
func TestAWSIsReachedByItsNames(t *testing.T) {
	a := newAmazon(t)
	who, err := a.sts().GetCallerIdentity(t.Context(), nil)
	if err != nil || aws.ToString(who.Arn) != "arn:aws:iam::111122223333:user/ada" {
		t.Fatalf("%+v, %v", who, err)
	}
	r := a.cloud.Requests()
	last := r[len(r)-1]
	if last.Host != "sts.eu-west-1.amazonaws.com" || last.Action != "sts:GetCallerIdentity" || last.Status != http.StatusOK {
		t.Errorf("the record has %+v", last)
	}
}

// TestFaultsOfAWSAreInItsShapes holds that a status reaches the vendor's clients
// as an error of the service they asked.
func TestFaultsOfAWSAreInItsShapes(t *testing.T) {
	a := newAmazon(t)
	for name, f := range map[string]struct {
		action string
		call   func() error
		code   map[int]string
	}{
		"Query": {"sts:GetCallerIdentity", func() error { _, err := a.sts().GetCallerIdentity(t.Context(), nil); return err }, map[int]string{429: "Throttling", 503: "ServiceUnavailable", 403: "AccessDenied"}},
		"REST": {"rolesanywhere:ListProfiles", func() error {
			_, err := rolesanywhere.NewFromConfig(a.config, func(o *rolesanywhere.Options) { o.HTTPSignerV4 = signs{a.world} }).ListProfiles(t.Context(), nil)
			return err
		}, map[int]string{429: "ThrottlingException", 500: "InternalServerException", 403: "AccessDeniedException"}},
		"JSON": {"organizations:DescribeOrganization", func() error {
			_, err := organizations.NewFromConfig(a.config, func(o *organizations.Options) { o.HTTPSignerV4 = signs{a.world} }).DescribeOrganization(t.Context(), nil)
			return err
		}, map[int]string{429: "TooManyRequestsException", 500: "ServiceException"}},
	} {
		for status, want := range f.code {
			a.cloud.Inject(simcloud.Fault{Match: simcloud.Action(f.action), Times: 1, Status: status})
			if code, got := refused(f.call()); code != want || got != status {
				t.Errorf("%s, %d: got %s, %d, want %s", name, status, code, got, want)
			}
			if err := f.call(); err != nil {
				t.Errorf("%s after the fault: %v", name, err)
			}
		}
	}
}

// TestActionPicksOneCallOfAWS holds that a fault meets the action it names and
// no other at the same host, and that it leaves the body alone.
func TestActionPicksOneCallOfAWS(t *testing.T) {
	a := newAmazon(t)
	a.cloud.Inject(simcloud.Fault{Match: simcloud.Action("cloudformation:DeleteStack"), Status: 503})
	if _, err := a.formation().DescribeStacks(t.Context(), nil); err != nil {
		t.Errorf("another action: %v", err)
	}
	if _, err := a.formation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String("x")}); err == nil {
		t.Error("the action met no fault")
	}
}

// TestLostAnswerOfAWSWasCarriedOut holds that a create whose answer is lost was
// made, and that one lost before was not.
func TestLostAnswerOfAWSWasCarriedOut(t *testing.T) {
	const template = `{"Resources":{"Role":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"R","AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}}}}}`
	for drop, want := range map[simcloud.Drop]int{simcloud.Before: 0, simcloud.After: 1} {
		a := newAmazon(t)
		a.cloud.Inject(simcloud.Fault{Match: simcloud.Action("cloudformation:CreateStack"), Drop: drop, Times: 1})
		in := &cloudformation.CreateStackInput{StackName: aws.String("x"), TemplateBody: aws.String(template), Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}, ClientRequestToken: aws.String("once")}
		if _, err := a.formation().CreateStack(t.Context(), in); err == nil {
			t.Errorf("drop %d: the answer came", drop)
		}
		if got := len(a.account.Stacks("eu-west-1")); got != want {
			t.Errorf("drop %d: %d stacks, want %d", drop, got, want)
		}
		if _, err := a.formation().CreateStack(t.Context(), in); err != nil {
			t.Errorf("drop %d, asked again: %v", drop, err)
		}
		if got := len(a.account.Stacks("eu-west-1")); got != 1 {
			t.Errorf("drop %d, asked again: %d stacks", drop, got)
		}
	}
}

// TestAWSGoesByTheServicesClock holds that an offset reaches its signatures and
// its Date header, by which a client tells what is wrong.
func TestAWSGoesByTheServicesClock(t *testing.T) {
	a := newAmazon(t)
	a.cloud.SetClock(6 * time.Minute)
	_, err := a.sts().GetCallerIdentity(t.Context(), nil)
	if code, _ := refused(err); code != "SignatureDoesNotMatch" || !strings.Contains(err.Error(), "Signature expired: ") {
		t.Errorf("with a clock that is off: %v", err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://sts.amazonaws.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := a.cloud.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if want := a.clock.Now().Add(6 * time.Minute).UTC().Format(http.TimeFormat); resp.Header.Get("Date") != want {
		t.Errorf("Date is %s, want %s", resp.Header.Get("Date"), want)
	}
}

// TestHTMLAndSlowBodyReachAWSToo holds that the faults of the way there are the
// same for every cloud.
func TestHTMLAndSlowBodyReachAWSToo(t *testing.T) {
	a := newAmazon(t)
	a.cloud.Inject(simcloud.Fault{Match: simcloud.Host("sts.eu-west-1.amazonaws.com"), HTML: true, Status: 403, Times: 1})
	if _, err := a.sts().GetCallerIdentity(t.Context(), nil); err == nil {
		t.Error("a page of a proxy passed for an answer")
	}
	a.cloud.Inject(simcloud.Fault{Match: simcloud.Host("sts.eu-west-1.amazonaws.com"), SlowBody: true, Times: 1})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := a.sts().GetCallerIdentity(ctx, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a body that stalls: %v", err)
	}
}
