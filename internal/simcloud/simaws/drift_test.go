package simaws_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/organizations"
	"github.com/aws/aws-sdk-go-v2/service/rolesanywhere"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// TestLinkedRoleReadsItsOwnLink holds that everything that tells of drift can be
// read with the session itself, without an administrator.
func TestLinkedRoleReadsItsOwnLink(t *testing.T) {
	w, ca, s := linked(t)
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
	ctx, name := t.Context(), aws.String(stackName)
	st := must[*cloudformation.DescribeStacksOutput](t)(who.formation().DescribeStacks(ctx, &cloudformation.DescribeStacksInput{StackName: name}))
	must[*cloudformation.DescribeStackEventsOutput](t)(who.formation().DescribeStackEvents(ctx, &cloudformation.DescribeStackEventsInput{StackName: st.Stacks[0].StackId}))
	must[*cloudformation.DescribeStackResourcesOutput](t)(who.formation().DescribeStackResources(ctx, &cloudformation.DescribeStackResourcesInput{StackName: name}))
	must[*cloudformation.GetTemplateOutput](t)(who.formation().GetTemplate(ctx, &cloudformation.GetTemplateInput{StackName: name}))
	must[*rolesanywhere.ListProfilesOutput](t)(who.anywhere().ListProfiles(ctx, nil))
	a := must[*rolesanywhere.ListTrustAnchorsOutput](t)(who.anywhere().ListTrustAnchors(ctx, nil)).TrustAnchors
	must[*rolesanywhere.GetTrustAnchorOutput](t)(who.anywhere().GetTrustAnchor(ctx, &rolesanywhere.GetTrustAnchorInput{TrustAnchorId: a[0].TrustAnchorId}))
	must[*organizations.DescribeOrganizationOutput](t)(who.organizations().DescribeOrganization(ctx, nil))
	must[*organizations.ListAccountsOutput](t)(who.organizations().ListAccounts(ctx, nil))
	_, err := who.formation().DeleteStack(ctx, &cloudformation.DeleteStackInput{StackName: name})
	wantError(t, err, "AccessDenied", "is not authorized to perform: cloudformation:DeleteStack on resource: arn:aws:cloudformation:eu-west-1:111122223333:stack/xops360-link/* because no identity-based policy allows the cloudformation:DeleteStack action")
}

// TestAdministratorLetsTheLinkDrift holds what is done behind a link's back.
func TestAdministratorLetsTheLinkDrift(t *testing.T) {
	w, ca, s := linked(t)
	a, p := w.account, s.Outputs["ProfileARN"]
	w.must(a.SetProfilePolicies(region, p, "", "SecurityAudit"))
	if got := a.Profiles(region)[0]; !slices.Equal(got.Managed, []string{"arn:aws:iam::aws:policy/SecurityAudit"}) || got.SessionPolicy != "" {
		t.Errorf("profile %+v", got)
	}
	w.must(a.SetProfilePolicies(region, p, `{"Statement":{"Effect":"Allow","Action":"iam:ListAccountAliases","Resource":"*"}}`))
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
	must[*iam.ListAccountAliasesOutput](t)(who.iam().ListAccountAliases(t.Context(), nil))
	_, err := who.iam().GetAccountSummary(t.Context(), nil)
	wantError(t, err, "AccessDenied", "because no session policy allows the iam:GetAccountSummary action")

	w.must(a.SetProfilePolicies(region, p, "")) // nothing limits the sessions any more
	w.must(a.Attach("XopsReadOnly", "AdministratorAccess"))
	who, _ = w.session(w.request(ca.leaf(t, newKey(t)), s))
	must[*iam.DeleteRolePolicyOutput](t)(who.iam().DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: aws.String("XopsReadOnly"), PolicyName: aws.String("DenyDataReads")}))
	if err := a.DeleteInline("XopsReadOnly", "DenyDataReads"); err == nil {
		t.Error("an inline policy is deleted twice")
	}
	j := w.cloud.Journal()
	if last := j[len(j)-1]; last.Action != "iam:DeleteRolePolicy" || !strings.HasPrefix(last.Who, "arn:aws:sts::111122223333:assumed-role/XopsReadOnly/") {
		t.Errorf("journal ends with %+v", last)
	}
	a.EndSessions("XopsReadOnly")
	_, err = who.sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "InvalidClientTokenId", "")

	m := w.cloud.AddAccount(simaws.AccountSpec{Number: member, Organization: simaws.Member})
	key := m.AddUser("ada", true)
	w.must(m.AttachSCP(`{"Statement":{"Effect":"Deny","Action":"iam:List*","Resource":"*"}}`))
	_, err = w.as(key).iam().ListAccountAliases(t.Context(), nil)
	wantError(t, err, "AccessDenied", "is not authorized to perform: iam:ListAccountAliases on resource: * with an explicit deny in a service control policy")
	m.DetachSCPs()
	must[*iam.ListAccountAliasesOutput](t)(w.as(key).iam().ListAccountAliases(t.Context(), nil))
	must[*iam.ListAccountAliasesOutput](t)(w.as(w.admin).iam().ListAccountAliases(t.Context(), nil))
}
