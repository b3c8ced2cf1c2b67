package cells_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/link"
)

// full is an administrator in whose account a quota is reached where a role of
// that name is there.
type full struct{ link.AWSAdministrator }

func (f full) CreateStack(ctx context.Context, name, template string, tell func(account.Pause)) (account.AWSStack, []account.Evidence, error) {
	s, calls, err := f.AWSAdministrator.CreateStack(ctx, name, template, tell)
	if account.KindOf(err) == account.AWSNameTaken {
		err = &account.Problem{Kind: account.QuotaReached}
	}
	return s, calls, err
}

// TestAWSStackThatFailed takes back what CloudFormation took and rolled back: it
// is there, whatever the reason of its failure was.
func TestAWSStackThatFailed(t *testing.T) {
	for _, quota := range []bool{false, true} {
		inBubble(t, false, func(c *cell) {
			c.inAmazon()
			c.must(c.amazon.CreateRole(account.AWSRoleName, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`))
			p := c.process(trouble{})
			err := c.connectAWSBy(p, func(a link.AWSAdministrator) link.AWSAdministrator {
				if quota {
					return full{a}
				}
				return a
			})
			want := account.AWSNameTaken
			if quota {
				want = account.QuotaReached
			}
			if account.KindOf(err) != want {
				t.Errorf("it ended %v, want %s", err, want)
			}
			d, err := c.reg.Draft(c.t.Context(), c.id)
			c.must(err)
			if d.Made.Stack != d.AWS().StackName() {
				t.Errorf("on record is the stack %q", d.Made.Stack)
			}
			c.must(c.amazon.DeleteRole(account.AWSRoleName))
			c.vanish()
		})
	}
}

// TestAWSStackOfAnother is neither deleted nor taken for ours, though it has the
// name; what was begun here can be taken back where it is known that nothing was
// made of it.
func TestAWSStackOfAnother(t *testing.T) {
	const theirs = `{"Resources":{"Role":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}}}}}`
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		_, err := c.amazon.UploadTemplate(home, "xops360-link-4f2a9c10", theirs)
		c.must(err)
		if err := c.connectAWS(c.process(trouble{})); account.KindOf(err) != account.AWSNameTaken {
			t.Errorf("it ended %v", err)
		}
		d, err := c.reg.Draft(c.t.Context(), c.id)
		c.must(err)
		lost := d
		lost.Journal = append([]account.Entry(nil), d.Journal...)
		lost.Journal[len(lost.Journal)-1].Failed = string(account.Offline)
		c.must(c.reg.SaveDraft(c.t.Context(), lost))
		back := func() error {
			p := c.process(trouble{})
			admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
			c.must(err)
			return p.end(p.ops.TakeBack(c.id, link.Signed{AWS: admin}))
		}
		if err := back(); account.KindOf(err) != account.AWSStackOther {
			t.Errorf("where ours may be there: %v", err)
		}
		d, err = c.reg.Draft(c.t.Context(), c.id)
		c.must(err)
		d.Journal = d.Journal[:len(d.Journal)-1]
		d.Journal[len(d.Journal)-1].Failed = string(account.AWSNameTaken)
		c.must(c.reg.SaveDraft(c.t.Context(), d))
		if err := back(); err != nil {
			t.Errorf("where it is known that ours was not made: %v", err)
		}
		if s := c.amazon.Stacks(home); len(s) != 1 || s[0].Status != "CREATE_IN_PROGRESS" {
			t.Errorf("the other stack: %+v", s)
		}
		if n := c.ring.count(); n != 0 {
			t.Errorf("%d keys are left", n)
		}
	})
}

// connectAWSBy is connectAWS with an administrator that is changed before.
func (c *cell) connectAWSBy(p *running, change func(link.AWSAdministrator) link.AWSAdministrator) error {
	d := account.Draft{
		ID: p.id, Name: "Contoso", Provider: account.AWS, Way: account.Automatic,
		Link: account.AWSLink{Type: account.AWSManagement, Region: home, Method: account.ByCertificate, Tag: "4f2a9c10"},
	}
	d, err := p.ops.SaveAnswers(p.ctx, d)
	c.must(err)
	admin, err := p.ops.Ports().AWS.SignIn(p.ctx, aws.Environment, home)
	c.must(err)
	return p.end(p.ops.ConnectAWS(d.ID, change(admin), link.AWSWish{
		Key: account.KeyID(uuid.NewString()), Authority: account.KeyID(uuid.NewString()), Store: account.Keyring,
	}))
}

// TestAWSStopDuringTheUpdate ends a rotation soon, though CloudFormation takes its
// time; the next run goes on with what is there.
func TestAWSStopDuringTheUpdate(t *testing.T) {
	inBubble(t, false, func(c *cell) {
		c.inAmazon()
		c.drops = true
		c.must(c.connectAWS(c.process(trouble{})))
		c.cloud.AWS().SetResourceTime(5 * time.Minute)
		p := c.process(trouble{})
		op, err := c.byStack(p)
		c.must(err)
		var stopped time.Time
		for {
			e, err := op.Next(context.WithoutCancel(p.ctx))
			if err != nil {
				if account.KindOf(err) != account.Cancelled || time.Since(stopped) > 5*time.Second {
					t.Errorf("%s after the stop: %v", time.Since(stopped), err)
				}
				break
			}
			if e.Step == link.TheAdding && e.State == link.Pausing && stopped.IsZero() {
				stopped = time.Now()
				op.Stop()
			}
		}
		p.stop()
		p.ops.Close()
		p = c.process(trouble{})
		op, err = c.byStack(p)
		c.must(err)
		if err := p.end(op); account.KindOf(err) != account.AWSStackBusy { // the update is under way
			c.must(err)
		}
		time.Sleep(20 * time.Minute)
		p = c.process(trouble{})
		op, err = c.byStack(p)
		c.must(err)
		c.must(p.end(op))
		if a, err := c.reg.Account(c.t.Context(), c.id); err != nil || a.Begun() != "" || c.ring.count() != 1 {
			t.Errorf("begun %q, %d keys, %v", a.Begun(), c.ring.count(), err)
		}
	})
}
