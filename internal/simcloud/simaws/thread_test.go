package simaws_test

import (
	"encoding/hex"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// TestAdministratorLinksAndTheCertificateGetsIn is the whole thread: who am I, a
// stack, and a session bought with the certificate.
func TestAdministratorLinksAndTheCertificateGetsIn(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	admin := w.as(w.admin)
	who := must[*sts.GetCallerIdentityOutput](t)(admin.sts().GetCallerIdentity(t.Context(), nil))
	if got := aws.ToString(who.Arn); got != "arn:aws:iam::111122223333:user/ada" || aws.ToString(who.Account) != number {
		t.Errorf("the administrator is %s", got)
	}
	out := must[*cloudformation.CreateStackOutput](t)(admin.formation().CreateStack(t.Context(), &cloudformation.CreateStackInput{
		StackName: aws.String("xops360-link"), TemplateBody: aws.String(toJSON(template(ca))),
		Capabilities: []types.Capability{types.CapabilityCapabilityNamedIam}, OnFailure: types.OnFailureRollback,
	}))
	d := must[*cloudformation.DescribeStacksOutput](t)(admin.formation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: out.StackId}))
	if s := d.Stacks[0].StackStatus; s != types.StackStatusCreateComplete {
		t.Fatalf("the stack is %s: %s", s, aws.ToString(d.Stacks[0].StackStatusReason))
	}
	leaf := ca.leaf(t, newKey(t))
	session, got := w.session(w.request(leaf, w.account.Stacks(region)[0]))
	if g := got.CredentialSet[0]; g.SourceIdentity != "CN="+leafCN || g.RoleArn != "arn:aws:iam::111122223333:role/XopsReadOnly" {
		t.Errorf("the session is %+v", g)
	}
	who = must[*sts.GetCallerIdentityOutput](t)(session.sts().GetCallerIdentity(t.Context(), nil))
	if want := "arn:aws:sts::111122223333:assumed-role/XopsReadOnly/" + hex.EncodeToString(leaf.cert.SerialNumber.Bytes()); aws.ToString(who.Arn) != want {
		t.Errorf("the session's caller is %s, want %s", aws.ToString(who.Arn), want)
	}
}
