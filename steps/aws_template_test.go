package steps

import (
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/ui/kit"
)

// templates counts how often a template is made.
type templates struct {
	link.AWS
	made int
}

func (t *templates) Template(l account.AWSLink, authority account.Certificate) (string, error) {
	t.made++
	return "stack " + l.StackName() + authority.PEM, nil
}

// TestTemplateIsMadeOnce holds that neither a key nor a frame makes a template, and
// that another authority does.
func TestTemplateIsMadeOnce(t *testing.T) {
	aws := &templates{}
	ops := link.New(t.Context(), link.Ports{AWS: aws, Now: time.Now})
	defer ops.Close()
	e := Env{Ops: ops, Now: time.Now, session: &session{}}
	d := account.Draft{Name: "Production", Provider: account.AWS, Link: account.AWSLink{Region: "eu-west-1", Tag: "5f3c1a70"}}
	plan := newAWSPlan(e, d, true)
	plan.raw = true
	stack := awsStackStop.Screen(e, d)
	for range 3 {
		plan.Offers()
		plan.View(kit.Size{Width: 76, Height: 20}, kit.Theme{})
		stack.Offers()
	}
	if aws.made != 2 {
		t.Errorf("two pages made %d templates", aws.made)
	}
	plan.Update(Answer[awsPrepared]{Value: awsPrepared{account.Draft{Authority: &account.Key{Certificate: account.Certificate{PEM: "PEM"}}, Link: d.Link}}})
	if got := plan.template(); !strings.HasSuffix(got, "PEM") || aws.made != 3 {
		t.Errorf("with an authority: %q, made %d", got, aws.made)
	}
}
