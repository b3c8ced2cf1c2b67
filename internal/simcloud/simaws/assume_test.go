package simaws_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

func trust(principal, actions, condition string) string {
	if condition != "" {
		condition = `,"Condition":` + condition
	}
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + principal + `"},"Action":[` + actions + `]` + condition + `}]}`
}

const onlyAssume = `"sts:AssumeRole"`

func assume(t testing.TB, c caller, in *sts.AssumeRoleInput) (caller, error) {
	t.Helper()
	if in.RoleSessionName == nil {
		in.RoleSessionName = aws.String("xops360")
	}
	out, err := c.sts().AssumeRole(t.Context(), in)
	if err != nil {
		return c, err
	}
	c.creds = aws.Credentials{AccessKeyID: *out.Credentials.AccessKeyId, SecretAccessKey: *out.Credentials.SecretAccessKey, SessionToken: *out.Credentials.SessionToken}
	return c, nil
}

// TestExternalIDIsAsked holds the condition that protects a shared principal, and
// that the caller's own account is not asked for more than it needs.
func TestExternalIDIsAsked(t *testing.T) {
	w := newWorld(t)
	other := w.cloud.AddAccount(simaws.AccountSpec{Number: member})
	w.must(other.CreateRole("Xops", trust(w.account.ARN(), onlyAssume, `{"StringEquals":{"sts:ExternalId":"secret-ish"}}`)))
	const role = "arn:aws:iam::444455556666:role/Xops"
	admin := w.as(w.admin)
	for _, external := range []*string{nil, aws.String("other"), aws.String("SECRET-ISH")} {
		_, err := assume(t, admin, &sts.AssumeRoleInput{RoleArn: aws.String(role), ExternalId: external})
		wantError(t, err, "AccessDenied", "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: sts:AssumeRole on resource: "+role)
	}
	who, err := assume(t, admin, &sts.AssumeRoleInput{RoleArn: aws.String(role), ExternalId: aws.String("secret-ish")})
	if err != nil {
		t.Fatal(err)
	}
	got := must[*sts.GetCallerIdentityOutput](t)(who.sts().GetCallerIdentity(t.Context(), nil))
	if aws.ToString(got.Arn) != "arn:aws:sts::444455556666:assumed-role/Xops/xops360" {
		t.Errorf("the caller is %s", aws.ToString(got.Arn))
	}
	_, err = assume(t, w.as(w.account.AddUser("weak", false)), &sts.AssumeRoleInput{RoleArn: aws.String(role), ExternalId: aws.String("secret-ish")})
	wantError(t, err, "AccessDenied", "sts:AssumeRole")
	_, err = assume(t, admin, &sts.AssumeRoleInput{RoleArn: aws.String(role + "No")})
	wantError(t, err, "AccessDenied", "is not authorized to perform: sts:AssumeRole on resource: "+role+"No")
}

// TestTrustNamesPeopleByWhoTheyAre holds that naming a user is enough within an
// account, and that whoever comes to have a name later is not trusted.
func TestTrustNamesPeopleByWhoTheyAre(t *testing.T) {
	w := newWorld(t)
	weak := w.as(w.account.AddUser("weak", false))
	w.must(w.account.CreateRole("Direct", trust("arn:aws:iam::111122223333:user/weak", onlyAssume, "")))
	w.must(w.account.CreateRole("ByAccount", trust(number, onlyAssume, "")))
	if _, err := assume(t, weak, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/Direct")}); err != nil {
		t.Error(err)
	}
	_, err := assume(t, weak, &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/ByAccount")})
	wantError(t, err, "AccessDenied", "sts:AssumeRole")

	if err := w.account.CreateRole("Nobody", trust("arn:aws:iam::111122223333:role/Missing", onlyAssume, "")); err == nil || !strings.Contains(err.Error(), `MalformedPolicyDocument: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/Missing"`) {
		t.Errorf("a principal that is not there: %v", err)
	}
	w.must(w.account.CreateRole("Manager", trust(number, onlyAssume, "")))
	w.must(w.account.CreateRole("Member", trust("arn:aws:iam::111122223333:role/Manager", onlyAssume, "")))
	manager, err := assume(t, w.as(w.admin), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/Manager")})
	if err != nil {
		t.Fatal(err)
	}
	in := &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/Member")}
	if _, err := assume(t, manager, in); err != nil {
		t.Error(err)
	}
	w.must(w.account.DeleteRole("Manager"))
	w.must(w.account.CreateRole("Manager", trust(number, onlyAssume, "")))
	manager, err = assume(t, w.as(w.admin), &sts.AssumeRoleInput{RoleArn: aws.String("arn:aws:iam::111122223333:role/Manager")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = assume(t, manager, in)
	wantError(t, err, "AccessDenied", "sts:AssumeRole")
	for _, r := range w.account.Roles() {
		if r.Name == "Member" && (strings.Contains(r.Trust, "role/Manager") || !strings.Contains(r.Trust, `"AWS":"AROA`)) {
			t.Errorf("the trust policy still reads %s", r.Trust)
		}
	}
}

// TestSourceIdentityTravels is the trap of role chaining: a session of IAM Roles
// Anywhere carries a source identity and tags, and both sides must let them in.
func TestSourceIdentityTravels(t *testing.T) {
	const memberRole = "arn:aws:iam::444455556666:role/XopsReadOnlyMember"
	const all = `"sts:AssumeRole","sts:SetSourceIdentity","sts:TagSession"`
	for name, c := range map[string]struct {
		inline, session, trust string
		keepTags               bool
		refused                string
	}{
		"everything on both sides":    {all, all, all, false, ""},
		"caller's role may not set":   {`"sts:AssumeRole","sts:TagSession"`, all, all, false, "sts:SetSourceIdentity"},
		"profile may not set":         {all, `"sts:AssumeRole","sts:TagSession"`, all, false, "sts:SetSourceIdentity"},
		"member does not let it set":  {all, all, `"sts:AssumeRole","sts:TagSession"`, false, "sts:SetSourceIdentity"},
		"member does not let it tag":  {all, all, `"sts:AssumeRole","sts:SetSourceIdentity"`, false, "sts:TagSession"},
		"profile may not tag":         {all, `"sts:AssumeRole","sts:SetSourceIdentity"`, all, false, "sts:TagSession"},
		"no tags go along":            {`"sts:AssumeRole","sts:SetSourceIdentity"`, `"sts:AssumeRole","sts:SetSourceIdentity"`, `"sts:AssumeRole","sts:SetSourceIdentity"`, true, ""},
		"profile may not assume":      {all, `"sts:SetSourceIdentity"`, all, false, "sts:AssumeRole"},
		"member trusts somebody else": {all, all, "", false, "sts:AssumeRole"},
	} {
		t.Run(name, func(t *testing.T) {
			document := func(actions string) string {
				return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"arn:aws:iam::*:role/XopsReadOnlyMember"}]}`
			}
			w, ca, s := linked(t, func(tmpl map[string]any) {
				dig(tmpl, "Resources", "Profile", "Properties")["SessionPolicy"] = document(c.session)
				p := dig(tmpl, "Resources", "Role", "Properties")
				p["Policies"] = append(p["Policies"].([]any), map[string]any{"PolicyName": "Members", "PolicyDocument": document(c.inline)})
			})
			w.cloud.SetTransitiveTags(!c.keepTags)
			other := w.cloud.AddAccount(simaws.AccountSpec{Number: member, Organization: simaws.Member})
			doc := trust("arn:aws:iam::111122223333:role/XopsReadOnly", c.trust, `{"StringEquals":{"sts:ExternalId":"x1","aws:SourceIdentity":"CN=`+leafCN+`"}}`)
			if c.trust == "" {
				doc = trust("arn:aws:iam::777788889999:root", all, "")
			}
			w.must(other.CreateRole("XopsReadOnlyMember", doc))
			w.must(other.Attach("XopsReadOnlyMember", "SecurityAudit"))
			who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
			in := &sts.AssumeRoleInput{RoleArn: aws.String(memberRole), ExternalId: aws.String("x1")}
			got, err := assume(t, who, in)
			if c.refused != "" {
				wantError(t, err, "AccessDenied", "is not authorized to perform: "+c.refused+" on resource: "+memberRole)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			must[*iam.GetRoleOutput](t)(got.iam().GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("XopsReadOnlyMember")}))
			sessions := w.cloud.Sessions()
			if last := sessions[len(sessions)-1]; last.SourceIdentity != "CN="+leafCN || last.Account != member {
				t.Errorf("the session is %+v", last)
			}
			in.SourceIdentity = aws.String("other")
			_, err = assume(t, who, in)
			wantError(t, err, "AccessDenied", "sts:SetSourceIdentity")
			in.SourceIdentity, in.DurationSeconds = nil, aws.Int32(3601)
			_, err = assume(t, who, in)
			wantError(t, err, "ValidationError", "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
		})
	}
}

// TestAssumeRoleHoldsToItsModel holds limits, session policies and regions.
func TestAssumeRoleHoldsToItsModel(t *testing.T) {
	w := newWorld(t)
	w.must(w.account.CreateRole("R", trust(number, `"sts:*"`, "")))
	w.must(w.account.Attach("R", "AdministratorAccess"))
	role := aws.String("arn:aws:iam::111122223333:role/R")
	admin := w.as(w.admin)
	for part, in := range map[string]*sts.AssumeRoleInput{
		"1 validation error detected: Value '899' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to 900": {RoleArn: role, DurationSeconds: aws.Int32(899)},
		"The requested DurationSeconds exceeds the MaxSessionDuration set for this role.":                                                                 {RoleArn: role, DurationSeconds: aws.Int32(7200)},
		"at 'externalId' failed to satisfy constraint":                                                                                                    {RoleArn: role, ExternalId: aws.String("a b")},
		"at 'roleSessionName' failed to satisfy constraint":                                                                                               {RoleArn: role, RoleSessionName: aws.String("ä b")},
		"at 'policy' failed to satisfy constraint: Member must have length less than or equal to 2048":                                                    {RoleArn: role, Policy: aws.String(strings.Repeat("x", 2049))},
	} {
		_, err := assume(t, admin, in)
		wantError(t, err, "ValidationError", part)
	}
	_, err := assume(t, admin, &sts.AssumeRoleInput{RoleArn: role, Policy: aws.String("{")})
	wantError(t, err, "MalformedPolicyDocument", "invalid Json")

	w.must(w.account.SetMaxSession("R", 7200))
	who, err := assume(t, admin, &sts.AssumeRoleInput{
		RoleArn: role, DurationSeconds: aws.Int32(7200),
		PolicyArns: []types.PolicyDescriptorType{{Arn: aws.String("arn:aws:iam::aws:policy/SecurityAudit")}, {Arn: aws.String("arn:aws:iam::aws:policy/job-function/ViewOnlyAccess")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	must[*iam.ListAccountAliasesOutput](t)(who.iam().ListAccountAliases(t.Context(), nil))
	_, err = who.iam().DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: aws.String("R")})
	wantError(t, err, "AccessDenied", "because no session policy allows the iam:DeleteRole action")
	w.clock.forward(7200 * time.Second)
	_, err = who.iam().ListAccountAliases(t.Context(), nil)
	wantError(t, err, "ExpiredToken", "")

	w.account.SetSTS(region, false)
	_, err = w.as(w.admin).sts().GetCallerIdentity(t.Context(), nil)
	wantError(t, err, "RegionDisabledException", "STS is not activated in this region for account:111122223333.")
	_, err = assume(t, w.as(w.admin), &sts.AssumeRoleInput{RoleArn: role})
	wantError(t, err, "RegionDisabledException", "")
	w.account.SetSTS(region, true)
	must[*sts.GetCallerIdentityOutput](t)(w.as(w.admin).sts().GetCallerIdentity(t.Context(), nil))
}

func assumeIn(role string) *sts.AssumeRoleInput {
	return &sts.AssumeRoleInput{RoleArn: aws.String(role)}
}
