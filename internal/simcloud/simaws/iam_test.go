package simaws_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

// TestRoleIsRead holds what a client reads of a linked role.
func TestRoleIsRead(t *testing.T) {
	w, ca, s := linked(t)
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), s))
	c, name := who.iam(), aws.String("XopsReadOnly")
	r := must[*iam.GetRoleOutput](t)(c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: name})).Role
	document, err := url.PathUnescape(aws.ToString(r.AssumeRolePolicyDocument))
	if err != nil || document != w.account.Roles()[0].Trust || !strings.Contains(document, `"aws:SourceArn":"`+s.Outputs["TrustAnchorARN"]+`"`) {
		t.Errorf("trust policy %s, %v", document, err)
	}
	if strings.Contains(aws.ToString(r.AssumeRolePolicyDocument), "+") || aws.ToInt32(r.MaxSessionDuration) != 3600 || !strings.HasPrefix(aws.ToString(r.RoleId), "AROA") || !r.CreateDate.Equal(at) {
		t.Errorf("role %+v", r)
	}
	w.cloud.SetPage(1)
	var attached []string
	for p := iam.NewListAttachedRolePoliciesPaginator(c, &iam.ListAttachedRolePoliciesInput{RoleName: name}); p.HasMorePages(); {
		for _, a := range must[*iam.ListAttachedRolePoliciesOutput](t)(p.NextPage(t.Context())).AttachedPolicies {
			attached = append(attached, aws.ToString(a.PolicyName)+"="+aws.ToString(a.PolicyArn))
		}
	}
	if want := []string{"SecurityAudit=arn:aws:iam::aws:policy/SecurityAudit", "ViewOnlyAccess=arn:aws:iam::aws:policy/job-function/ViewOnlyAccess"}; !slices.Equal(attached, want) {
		t.Errorf("attached %v", attached)
	}
	inline := must[*iam.ListRolePoliciesOutput](t)(c.ListRolePolicies(t.Context(), &iam.ListRolePoliciesInput{RoleName: name})).PolicyNames
	if !slices.Equal(inline, []string{"DenyDataReads"}) {
		t.Errorf("inline %v", inline)
	}
	p := must[*iam.GetRolePolicyOutput](t)(c.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("DenyDataReads")}))
	if text, _ := url.PathUnescape(aws.ToString(p.PolicyDocument)); !strings.Contains(text, `"Effect":"Deny"`) {
		t.Errorf("policy %s", text)
	}
	_, err = c.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String("Other")})
	wantError(t, err, "NoSuchEntity", "The role with name Other cannot be found.")
	_, err = c.GetRolePolicy(t.Context(), &iam.GetRolePolicyInput{RoleName: name, PolicyName: aws.String("Other")})
	wantError(t, err, "NoSuchEntity", "The role policy with name Other cannot be found.")
	alias := must[*iam.ListAccountAliasesOutput](t)(c.ListAccountAliases(t.Context(), nil))
	sum := must[*iam.GetAccountSummaryOutput](t)(c.GetAccountSummary(t.Context(), nil))
	if !slices.Equal(alias.AccountAliases, []string{"contoso"}) || sum.SummaryMap["Roles"] != 1 || sum.SummaryMap["Users"] != 1 {
		t.Errorf("alias %v, summary %v", alias.AccountAliases, sum.SummaryMap)
	}
}

// TestRolesAreMadeAndTakenApart holds the life of a role, its conflicts and what
// cannot be attached.
func TestRolesAreMadeAndTakenApart(t *testing.T) {
	w := newWorld(t)
	c, name := w.as(w.admin).iam(), aws.String("R")
	in := &iam.CreateRoleInput{RoleName: name, AssumeRolePolicyDocument: aws.String(trust(number, onlyAssume, ""))}
	must[*iam.CreateRoleOutput](t)(c.CreateRole(t.Context(), in))
	_, err := c.CreateRole(t.Context(), in)
	wantError(t, err, "EntityAlreadyExists", "Role with name R already exists.")
	audit := aws.String("arn:aws:iam::aws:policy/SecurityAudit")
	must[*iam.AttachRolePolicyOutput](t)(c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: audit}))
	_, err = c.AttachRolePolicy(t.Context(), &iam.AttachRolePolicyInput{RoleName: name, PolicyArn: aws.String("arn:aws:iam::aws:policy/Nothing")})
	wantError(t, err, "NoSuchEntity", "Policy arn:aws:iam::aws:policy/Nothing does not exist or is not attachable.")
	_, err = c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":"s3:*"}]}`)})
	wantError(t, err, "MalformedPolicyDocument", "Policy statement must contain resources.")
	must[*iam.PutRolePolicyOutput](t)(c.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{RoleName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}`)}))
	_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	must[*iam.DetachRolePolicyOutput](t)(c.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: audit}))
	_, err = c.DetachRolePolicy(t.Context(), &iam.DetachRolePolicyInput{RoleName: name, PolicyArn: audit})
	wantError(t, err, "NoSuchEntity", "was not found.")
	_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	must[*iam.DeleteRolePolicyOutput](t)(c.DeleteRolePolicy(t.Context(), &iam.DeleteRolePolicyInput{RoleName: name, PolicyName: aws.String("p")}))
	must[*iam.DeleteRoleOutput](t)(c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name}))
	_, err = c.DeleteRole(t.Context(), &iam.DeleteRoleInput{RoleName: name})
	wantError(t, err, "NoSuchEntity", "")

	var done []string
	for _, change := range w.cloud.Journal() {
		done = append(done, change.Action)
		if change.Who != "arn:aws:iam::111122223333:user/ada" || change.Account != number || change.Via != "" || !change.Time.Equal(at) {
			t.Errorf("journal %+v", change)
		}
	}
	want := "iam:CreateRole iam:AttachRolePolicy iam:PutRolePolicy iam:DetachRolePolicy iam:DeleteRolePolicy iam:DeleteRole"
	if got := strings.Join(done, " "); got != want {
		t.Errorf("journal %s", got)
	}
	_, err = c.CreateUser(t.Context(), &iam.CreateUserInput{UserName: aws.String("x")})
	wantError(t, err, "NotImplemented", "does not play this: iam:CreateUser")
}

// TestPolicyDocumentsAreRead holds what IAM refuses in a document.
func TestPolicyDocumentsAreRead(t *testing.T) {
	w := newWorld(t)
	w.must(w.account.CreateRole("R", trust(number, onlyAssume, "")))
	for document, want := range map[string]string{
		`{`:                             "This policy contains invalid Json",
		`[]`:                            "Syntax errors in policy.",
		`{"Version":"2013-01-01"}`:      "Syntax errors in policy.",
		`{"Statement":[]}`:              "Syntax errors in policy.",
		`{"Statement":{"Effect":"No"}}`: "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Foo":1}}`:                                                                                           "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Resource":"*"}}`:                                                                                                                   "Policy statement must contain actions.",
		`{"Statement":{"Effect":"Allow","Action":"all","Resource":"*"}}`:                                                                                                    "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}}`:                                                                                              `Resource bucket must be in ARN format or "*".`,
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"}}`:                                                                                   "Policy document should not specify a principal.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringIs":{"a":"b"}}}}`:                                                                "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":["s3:*",1],"Resource":"*"}}`:                                                                                               "Syntax errors in policy.",
		`{"Statement":[{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"s3:*","Resource":"*"}]}`:                           "must be unique",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"}}`:                                                                                 "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"StringEquals":{"aws:RequestedRegion":["eu-west-1"]},"Null":{"aws:SourceIp":"true"}}}}`: "",
	} {
		err := w.account.PutInline("R", "p", document)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", document, err, want)
		}
	}
	for document, want := range map[string]string{
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`:                                                        "Missing required field Principal",
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"}}`:                         "Has prohibited field Resource",
		`{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Principal":"*"}}`:                                          "AssumeRole policy may only specify STS AssumeRole actions.",
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"rolesanywhere"}}}`:                `Invalid principal in policy: "SERVICE":"rolesanywhere"`,
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"ada"}}}`:                              `Invalid principal in policy: "AWS":"ada"`,
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Who":"ada"}}}`:                              "Syntax errors in policy.",
		`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":"arn:aws:iam::999988887777:role/x"}}}`: "",
	} {
		err := w.account.SetTrust("R", document)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %s", document, err, want)
		}
	}
	if err := w.account.SetTrust("R", `{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"AWS":["`+strings.Repeat(`111122223333","`, 150)+`111122223333"]}}}`); err == nil || !strings.Contains(err.Error(), "LimitExceeded: Cannot exceed quota for ACLSizePerRole: 2048") {
		t.Errorf("too long: %v", err)
	}
}

// TestSimulatorSaysWhy holds the matrix: allowed, denied by a policy of the role,
// granted by nothing, and forbidden by the organization; page by page.
func TestSimulatorSaysWhy(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	w.account = w.cloud.AddAccount(simaws.AccountSpec{Number: member, Organization: simaws.Member})
	if _, err := w.account.UploadTemplate(region, "link", toJSON(template(ca))); err != nil {
		t.Fatal(err)
	}
	w.must(w.account.AttachSCP(`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"guardduty:*","Resource":"*"},{"Effect":"Deny","Action":"eks:*","Resource":"*","Condition":{"StringNotEquals":{"aws:RequestedRegion":"eu-west-1"}}}]}`))
	who, _ := w.session(w.request(ca.leaf(t, newKey(t)), w.account.Stacks(region)[0]))
	want := map[string]string{
		"ec2:DescribeInstances": "allowed", "iam:ListRoles": "allowed", "kms:GetKeyRotationStatus": "allowed", "organizations:ListAccounts": "allowed",
		"s3:GetObject": "explicitDeny", "rds:DownloadDBLogFilePortion": "explicitDeny", "cognito-idp:ListUsersInGroup": "explicitDeny",
		"ec2:TerminateInstances": "implicitDeny", "iam:CreateUser": "implicitDeny", "s3:DeleteBucket": "implicitDeny", "kms:ScheduleKeyDeletion": "implicitDeny",
		"secretsmanager:GetSecretValue": "implicitDeny", "sts:AssumeRole": "implicitDeny",
		"guardduty:ListDetectors": "explicitDeny", "eks:ListClusters": "allowed",
	}
	var actions []string
	for a := range want {
		actions = append(actions, a)
	}
	slices.Sort(actions)
	w.cloud.SetPage(4)
	role := "arn:aws:iam::444455556666:role/XopsReadOnly"
	got, pages := map[string]string{}, 0
	for p := iam.NewSimulatePrincipalPolicyPaginator(who.iam(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(role), ActionNames: actions}); p.HasMorePages(); pages++ {
		for _, e := range must[*iam.SimulatePrincipalPolicyOutput](t)(p.NextPage(t.Context())).EvaluationResults {
			name := aws.ToString(e.EvalActionName)
			got[name] = string(e.EvalDecision)
			if org := e.OrganizationsDecisionDetail; org == nil || org.AllowedByOrganizations != (name != "guardduty:ListDetectors") {
				t.Errorf("%s: the organization says %+v", name, org)
			}
			if e.EvalDecision != types.PolicyEvaluationDecisionTypeImplicitDeny && len(e.MatchedStatements) == 0 && name != "guardduty:ListDetectors" {
				t.Errorf("%s: nothing matched", name)
			}
		}
	}
	if pages != 4 {
		t.Errorf("%d pages", pages)
	}
	for a, d := range want {
		if got[a] != d {
			t.Errorf("%s is %s, want %s", a, got[a], d)
		}
	}
	c := who.iam()
	_, err := c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(role + "No"), ActionNames: actions})
	wantError(t, err, "NoSuchEntity", "")
	_, err = c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:sts::444455556666:assumed-role/XopsReadOnly/x"), ActionNames: actions})
	wantError(t, err, "InvalidInput", "")
	_, err = c.SimulatePrincipalPolicy(t.Context(), &iam.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String(role), ActionNames: []string{"DescribeInstances"}})
	wantError(t, err, "InvalidInput", "")
}
