package aws

import (
	"crypto"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// world is an AWS account, an administrator's profile for it, and the program.
// Its clock is the bubble's.
type world struct {
	t       *testing.T
	ahead   time.Duration // this machine's clock
	cloud   *simaws.Cloud
	account *simaws.Account
	desk    *desk
	env     map[string]string
	aws     *AWS
	target  account.AWSTarget
	ca, key crypto.Signer
}

const home, number = "eu-west-1", "111122223333"

// inWorld runs a test in a bubble with an account that nothing is linked to.
func inWorld(t *testing.T, spec simaws.AccountSpec, test func(*world)) {
	t.Helper()
	env := homeWith(t, "", "")
	synctest.Test(t, func(t *testing.T) { test(newWorld(t, env, spec)) })
}

// newWorld is an account that nothing is linked to; it belongs in a bubble.
func newWorld(t *testing.T, env map[string]string, spec simaws.AccountSpec) *world {
	t.Helper()
	w := &world{t: t, cloud: simaws.New(time.Now), env: env, ca: newKey(t), key: newKey(t)}
	spec.Number = number
	w.account = w.cloud.AddAccount(spec)
	w.desk = &desk{cloud: w.cloud, now: time.Now}
	w.aws = at(t, w.desk, w.clock, w.env)
	k := w.account.AddUser("kim", true)
	w.env["AWS_ACCESS_KEY_ID"], w.env["AWS_SECRET_ACCESS_KEY"] = k.ID, k.Secret
	return w
}

func (w *world) clock() time.Time { return time.Now().Add(w.ahead) }

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// certify makes the link's certificates.
func (w *world) certify() {
	w.t.Helper()
	l, err := w.target.Link, error(nil)
	w.target.Authority, err = w.aws.Authority(w.ca, l, time.Now())
	w.must(err)
	w.target.Leaf, err = w.aws.Leaf(w.target.Authority, w.ca, w.key.Public(), l, time.Now())
	w.must(err)
}

func (w *world) signIn() *Administrator {
	w.t.Helper()
	admin, err := w.aws.SignIn(w.t.Context(), Environment, w.target.Link.Region)
	w.must(err)
	return admin
}

func silent(account.Pause) {}

// inLinked runs a test in a bubble with an account that is linked.
func inLinked(t *testing.T, spec simaws.AccountSpec, test func(*world)) {
	t.Helper()
	inWorld(t, spec, func(w *world) {
		w.target.Link = account.AWSLink{
			Type: account.AWSManagement, Account: number, Region: home, Method: account.ByCertificate, Tag: "9f3a61c2",
		}
		if spec.Partition == "aws-us-gov" {
			w.target.Link.Region = "us-gov-west-1"
		}
		w.certify()
		l := &w.target.Link
		template, err := w.aws.Template(*l, w.target.Authority)
		w.must(err)
		s, _, err := w.signIn().CreateStack(w.t.Context(), l.StackName(), template, silent)
		w.must(err)
		l.Role, l.Anchor, l.Profile, l.Stack, l.StackID = s.Role, s.Anchor, s.Profile, s.Name, s.ID
		test(w)
	})
}

func (w *world) verify() account.Report {
	w.t.Helper()
	return w.aws.Verify(w.t.Context(), w.target, w.key)
}

// want looks how a check ended, and gives it.
func (w *world) want(r account.Report, n account.CheckName, state account.CheckState, kind account.Kind) account.Check {
	w.t.Helper()
	c, ok := r.Check(n)
	got := account.Kind("")
	if c.Problem != nil {
		got = c.Problem.Kind
	}
	if !ok || c.State != state || got != kind {
		w.t.Errorf("%s: %s %q (%v; %q), want %s %q", n, c.State, got, c.Problem, c.Detail, state, kind)
	}
	return c
}

func (w *world) wantDetail(c account.Check, text string) {
	w.t.Helper()
	if !slices.ContainsFunc(c.Detail, func(line string) bool { return strings.Contains(line, text) }) {
		w.t.Errorf("%s: %q does not say %q", c.Name, c.Detail, text)
	}
}
