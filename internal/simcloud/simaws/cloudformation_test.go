package simaws_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

var named = []types.Capability{types.CapabilityCapabilityNamedIam}

const stackName = "xops360-link"

func create(t testing.TB, c caller, tmpl any, token string) (string, error) {
	t.Helper()
	in := &cloudformation.CreateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(tmpl)), Capabilities: named, OnFailure: types.OnFailureRollback}
	if token != "" {
		in.ClientRequestToken = aws.String(token)
	}
	out, err := c.formation().CreateStack(t.Context(), in)
	if err != nil {
		return "", err
	}
	return aws.ToString(out.StackId), nil
}

func status(t testing.TB, c caller, name string) types.Stack {
	t.Helper()
	return must[*cloudformation.DescribeStacksOutput](t)(c.formation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(name)})).Stacks[0]
}

// events are the events of a stack, oldest first, in short.
func events(t testing.TB, c caller, name string) []string {
	t.Helper()
	var all []string
	for p := cloudformation.NewDescribeStackEventsPaginator(c.formation(), &cloudformation.DescribeStackEventsInput{StackName: aws.String(name)}); p.HasMorePages(); {
		for _, e := range must[*cloudformation.DescribeStackEventsOutput](t)(p.NextPage(t.Context())).StackEvents {
			s := aws.ToString(e.LogicalResourceId) + " " + string(e.ResourceStatus)
			if why := aws.ToString(e.ResourceStatusReason); why != "" {
				s += " " + why
			}
			all = append(all, s)
		}
	}
	slices.Reverse(all)
	return all
}

// TestStackIsMadeStepByStep holds the progress that a client shows, by the clock.
func TestStackIsMadeStepByStep(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	w.cloud.SetResourceTime(10 * time.Second)
	w.cloud.SetPage(2)
	c := w.as(w.admin)
	id, err := create(t, c, template(ca), "once")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"Anchor", "Role", "Profile"} {
		got := events(t, c, id)
		if s := status(t, c, id); s.StackStatus != types.StackStatusCreateInProgress || len(s.Outputs) != 0 || got[len(got)-1] != want+" CREATE_IN_PROGRESS" {
			t.Errorf("after %d s: %s, %v", i*10, s.StackStatus, got)
		}
		w.clock.forward(10 * time.Second)
	}
	want := []string{
		"xops360-link CREATE_IN_PROGRESS User Initiated", "Anchor CREATE_IN_PROGRESS", "Anchor CREATE_COMPLETE", "Role CREATE_IN_PROGRESS", "Role CREATE_COMPLETE",
		"Profile CREATE_IN_PROGRESS", "Profile CREATE_COMPLETE", "xops360-link CREATE_COMPLETE",
	}
	if got := events(t, c, stackName); !slices.Equal(got, want) {
		t.Errorf("events %q", got)
	}
	s := status(t, c, stackName)
	got := map[string]string{}
	for _, o := range s.Outputs {
		got[aws.ToString(o.OutputKey)] = aws.ToString(o.OutputValue)
	}
	a := w.account
	if s.StackStatus != types.StackStatusCreateComplete || aws.ToString(s.StackId) != id || !slices.Equal(s.Capabilities, named) ||
		got["AWSRoleARN"] != a.Roles()[0].ARN || got["TrustAnchorARN"] != a.Anchors(region)[0].ARN || got["ProfileARN"] != a.Profiles(region)[0].ARN {
		t.Errorf("%s %v", s.StackStatus, got)
	}
	if p := a.Profiles(region)[0]; !p.Enabled || p.Duration != time.Hour || !slices.Equal(p.Roles, []string{a.Roles()[0].ARN}) || len(p.Managed) != 2 || !a.Anchors(region)[0].Enabled {
		t.Errorf("profile %+v", p)
	}
	resources := must[*cloudformation.DescribeStackResourcesOutput](t)(c.formation().DescribeStackResources(t.Context(), &cloudformation.DescribeStackResourcesInput{StackName: aws.String(id)})).StackResources
	if len(resources) != 3 || aws.ToString(resources[1].PhysicalResourceId) != "XopsReadOnly" || aws.ToString(resources[0].ResourceType) != "AWS::RolesAnywhere::TrustAnchor" {
		t.Errorf("resources %+v", resources)
	}
	body := must[*cloudformation.GetTemplateOutput](t)(c.formation().GetTemplate(t.Context(), &cloudformation.GetTemplateInput{StackName: aws.String(stackName)})).TemplateBody
	if aws.ToString(body) != toJSON(template(ca)) {
		t.Error("the template comes back as another")
	}
	var actions []string
	for _, change := range w.cloud.Journal() {
		actions = append(actions, change.Via+" "+change.Action)
		if change.Who != "arn:aws:iam::111122223333:user/ada" {
			t.Errorf("%s was made by %s", change.Action, change.Who)
		}
	}
	wantActions := " cloudformation:CreateStack|cloudformation iam:CreateServiceLinkedRole|cloudformation rolesanywhere:CreateTrustAnchor|cloudformation iam:CreateRole|" +
		"cloudformation iam:AttachRolePolicy|cloudformation iam:AttachRolePolicy|cloudformation iam:PutRolePolicy|cloudformation rolesanywhere:CreateProfile"
	if got := strings.Join(actions, "|"); got != wantActions {
		t.Errorf("journal %s", got)
	}
}

// TestSameRequestTwiceIsOneStack holds what a client token is for.
func TestSameRequestTwiceIsOneStack(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	c := w.as(w.admin)
	id := must[string](t)(create(t, c, template(ca), "once"))
	again, err := create(t, c, template(ca), "once")
	if err != nil || again != id {
		t.Errorf("again: %s, %v", again, err)
	}
	_, err = create(t, c, template(ca), "twice")
	wantError(t, err, "AlreadyExistsException", "Stack [xops360-link] already exists")
	_, err = create(t, c, template(newCA(t, caCN)), "once")
	wantError(t, err, "TokenAlreadyExistsException", "")
	if n := len(w.account.Stacks(region)); n != 1 {
		t.Errorf("%d stacks", n)
	}
}

// TestRightsAreAskedForEachResource holds that the stack uses the caller's
// rights, one by one, and is taken back where one is missing.
func TestRightsAreAskedForEachResource(t *testing.T) {
	all := []string{
		"cloudformation:*", "iam:CreateRole", "iam:GetRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:PassRole", "iam:DetachRolePolicy", "iam:DeleteRolePolicy",
		"iam:DeleteRole", "iam:CreateServiceLinkedRole", "rolesanywhere:CreateTrustAnchor", "rolesanywhere:GetTrustAnchor", "rolesanywhere:DeleteTrustAnchor",
		"rolesanywhere:CreateProfile", "rolesanywhere:GetProfile", "rolesanywhere:DeleteProfile",
	}
	for missing, at := range map[string]string{
		"": "", "iam:CreateRole": "Role", "iam:GetRole": "Role", "iam:AttachRolePolicy": "Role", "iam:PutRolePolicy": "Role", "iam:PassRole": "Profile",
		"iam:CreateServiceLinkedRole": "Anchor", "rolesanywhere:CreateTrustAnchor": "Anchor", "rolesanywhere:GetTrustAnchor": "Anchor", "rolesanywhere:CreateProfile": "Profile",
		"rolesanywhere:GetProfile": "Profile",
	} {
		t.Run(missing, func(t *testing.T) {
			w, ca := newWorld(t), newCA(t, caCN)
			c := w.as(w.account.AddUser("bob", false, slices.DeleteFunc(slices.Clone(all), func(a string) bool { return a == missing })...))
			id := must[string](t)(create(t, c, template(ca), ""))
			if missing == "" {
				if s := status(t, c, id); s.StackStatus != types.StackStatusCreateComplete {
					t.Errorf("%s: %q", s.StackStatus, events(t, c, id))
				}
				return
			}
			s, got := status(t, c, id), strings.Join(events(t, c, id), "\n")
			want := fmt.Sprintf(`%s CREATE_FAILED Resource handler returned message: "User: arn:aws:iam::111122223333:user/bob is not authorized to perform: %s on resource: `, at, missing)
			if s.StackStatus != types.StackStatusRollbackComplete || !strings.Contains(got, want) || !strings.Contains(got, "HandlerErrorCode: AccessDenied)") ||
				!strings.Contains(got, "xops360-link ROLLBACK_IN_PROGRESS The following resource(s) failed to create: ["+at+"]. Rollback requested by user.") {
				t.Errorf("%s:\n%s", s.StackStatus, got)
			}
			if a := w.account; len(a.Roles())+len(a.Anchors(region))+len(a.Profiles(region)) != 0 {
				t.Errorf("left behind: %v %v %v", a.Roles(), a.Anchors(region), a.Profiles(region))
			}
		})
	}
	t.Run("cloudformation", func(t *testing.T) {
		w, ca := newWorld(t), newCA(t, caCN)
		_, err := create(t, w.as(w.account.AddUser("bob", false, all[1:]...)), template(ca), "")
		wantError(t, err, "AccessDenied", "is not authorized to perform: cloudformation:CreateStack on resource: arn:aws:cloudformation:eu-west-1:111122223333:stack/xops360-link/*")
	})
	t.Run("service control policy", func(t *testing.T) {
		w, ca := newWorld(t), newCA(t, caCN)
		w.account = w.cloud.AddAccount(simaws.AccountSpec{Number: member, Organization: simaws.Member})
		w.must(w.account.AttachSCP(`{"Statement":{"Effect":"Deny","Action":"rolesanywhere:*","Resource":"*"}}`))
		c := w.as(w.account.AddUser("ada", true))
		id := must[string](t)(create(t, c, template(ca), ""))
		if got := strings.Join(events(t, c, id), "\n"); !strings.Contains(got, "rolesanywhere:CreateTrustAnchor on resource: arn:aws:rolesanywhere:eu-west-1:444455556666:trust-anchor/* with an explicit deny in a service control policy") {
			t.Errorf("%s", got)
		}
	})
}

// TestFailedStackStandsInTheWay holds ROLLBACK_COMPLETE: neither updated nor made
// anew until it is deleted.
func TestFailedStackStandsInTheWay(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	c := w.as(w.admin)
	w.must(w.account.CreateRole("XopsReadOnly", trust(number, onlyAssume, "")))
	id := must[string](t)(create(t, c, template(ca), ""))
	if got := strings.Join(events(t, c, id), "\n"); !strings.Contains(got, `Role CREATE_FAILED Resource handler returned message: "Resource of type 'AWS::IAM::Role' with identifier 'XopsReadOnly' already exists." (RequestToken: `) || !strings.Contains(got, "HandlerErrorCode: AlreadyExists)") {
		t.Errorf("%s", got)
	}
	if len(w.account.Roles()) != 1 || len(w.account.Anchors(region)) != 0 {
		t.Error("the role of before is gone, or the anchor is left")
	}
	_, err := create(t, c, template(ca), "")
	wantError(t, err, "AlreadyExistsException", "")
	_, err = c.formation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(template(ca))), Capabilities: named})
	wantError(t, err, "ValidationError", "is in ROLLBACK_COMPLETE state and can not be updated.")
	w.must(w.account.DeleteRole("XopsReadOnly"))
	must[*cloudformation.DeleteStackOutput](t)(c.formation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(stackName)}))
	must[string](t)(create(t, c, template(ca), ""))
	if s := status(t, c, stackName); s.StackStatus != types.StackStatusCreateComplete {
		t.Errorf("then %s", s.StackStatus)
	}
	if s := status(t, c, id); s.StackStatus != types.StackStatusDeleteComplete {
		t.Errorf("the first is %s by its id", s.StackStatus)
	}
}

// TestOnFailure holds the other two endings of a failed create.
func TestOnFailure(t *testing.T) {
	for on, want := range map[types.OnFailure]types.StackStatus{types.OnFailureDoNothing: types.StackStatusCreateFailed, types.OnFailureDelete: types.StackStatusDeleteComplete} {
		w, ca := newWorld(t), newCA(t, caCN)
		w.must(w.account.CreateRole("XopsReadOnly", trust(number, onlyAssume, "")))
		out := must[*cloudformation.CreateStackOutput](t)(w.as(w.admin).formation().CreateStack(t.Context(), &cloudformation.CreateStackInput{
			StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(template(ca))), Capabilities: named, OnFailure: on,
		}))
		if s := status(t, w.as(w.admin), aws.ToString(out.StackId)); s.StackStatus != want {
			t.Errorf("%s: %s", on, s.StackStatus)
		}
	}
}

// TestUpdateChangesWhatIsNew holds a CA that is added to its anchor, a role whose
// policies change, and that an update without changes is refused.
func TestUpdateChangesWhatIsNew(t *testing.T) {
	w, ca, s := linked(t)
	c, other := w.as(w.admin), newCA(t, caCN)
	update := func(tmpl map[string]any) error {
		_, err := c.formation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(tmpl)), Capabilities: named})
		return err
	}
	wantError(t, update(template(ca)), "ValidationError", "No updates are to be performed.")
	tmpl := template(ca)
	dig(tmpl, "Resources", "Anchor", "Properties", "Source", "SourceData")["X509CertificateData"] = ca.pem() + other.pem()
	w.must(update(tmpl))
	a := w.account
	if n := a.Anchors(region)[0]; n.ARN != s.Outputs["TrustAnchorARN"] || len(n.Certificates) != 2 || a.Stacks(region)[0].Status != "UPDATE_COMPLETE" {
		t.Errorf("%s, anchor with %d certificates", a.Stacks(region)[0].Status, len(n.Certificates))
	}
	w.session(w.request(ca.leaf(t, newKey(t)), s))
	w.session(w.request(other.leaf(t, newKey(t)), s))

	dig(tmpl, "Resources", "Anchor", "Properties", "Source", "SourceData")["X509CertificateData"] = ca.pem() + other.pem() + newCA(t, "third").pem()
	w.must(update(tmpl))
	if got := strings.Join(events(t, c, stackName), "\n"); a.Stacks(region)[0].Status != "UPDATE_ROLLBACK_COMPLETE" || !strings.Contains(got, "Anchor UPDATE_FAILED Resource handler returned message: \"The certificate bundle has more than 2 certificates") {
		t.Errorf("%s\n%s", a.Stacks(region)[0].Status, got)
	}

	tmpl = template(ca)
	p := dig(tmpl, "Resources", "Role", "Properties")
	p["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/SecurityAudit"}
	p["Policies"] = []any{map[string]any{"PolicyName": "New", "PolicyDocument": map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}}}}
	p["MaxSessionDuration"] = 7200
	dig(tmpl, "Resources", "Profile", "Properties")["Enabled"] = false
	w.must(update(tmpl))
	r := a.Roles()[0]
	if len(r.Managed) != 1 || len(r.Inline) != 1 || r.Inline["New"] == "" || r.MaxSession != 2*time.Hour || a.Profiles(region)[0].Enabled || len(a.Anchors(region)[0].Certificates) != 1 {
		t.Errorf("role %+v, profile %+v", r, a.Profiles(region)[0])
	}

	p["RoleName"] = "XopsOther"
	w.must(update(tmpl))
	if got := a.Roles(); len(got) != 1 || got[0].Name != "XopsOther" || a.Stacks(region)[0].Outputs["AWSRoleARN"] != got[0].ARN || a.Profiles(region)[0].Roles[0] != got[0].ARN {
		t.Errorf("a role with another name: %+v, %v", got, a.Stacks(region)[0])
	}
	delete(dig(tmpl, "Resources"), "Profile")
	delete(dig(tmpl, "Outputs"), "ProfileARN")
	w.must(update(tmpl))
	if len(a.Profiles(region)) != 0 || a.Stacks(region)[0].Outputs["ProfileARN"] != "" {
		t.Errorf("a resource that is no longer declared: %+v", a.Profiles(region))
	}
}

// TestUpdateIsTakenBack holds that what was changed before a failure is changed back.
func TestUpdateIsTakenBack(t *testing.T) {
	w, ca, s := linked(t)
	w.must(w.account.CreateRole("Taken", trust(number, onlyAssume, "")))
	tmpl := template(ca)
	dig(tmpl, "Resources", "Anchor", "Properties")["Name"] = "other"
	dig(tmpl, "Resources", "Role", "Properties")["RoleName"] = "Taken"
	c := w.as(w.admin)
	_, err := c.formation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(tmpl)), Capabilities: named})
	w.must(err)
	a := w.account
	if st := a.Stacks(region)[0]; st.Status != "UPDATE_ROLLBACK_COMPLETE" || st.Template != toJSON(template(ca)) || a.Anchors(region)[0].Name != "xops360-4f2a" || len(a.Roles()) != 2 {
		t.Errorf("%s, anchor %s, %d roles", st.Status, a.Anchors(region)[0].Name, len(a.Roles()))
	}
	w.session(w.request(ca.leaf(t, newKey(t)), s))

	// What was made on the way to a failure goes again.
	dig(tmpl, "Resources", "Role", "Properties")["RoleName"] = "New"
	dig(tmpl, "Resources", "Profile", "Properties")["DurationSeconds"] = 43201
	_, err = c.formation().UpdateStack(t.Context(), &cloudformation.UpdateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(tmpl)), Capabilities: named})
	w.must(err)
	if a.Stacks(region)[0].Status != "UPDATE_ROLLBACK_COMPLETE" || slices.ContainsFunc(a.Roles(), func(r simaws.RoleState) bool { return r.Name == "New" }) {
		t.Errorf("%s, roles %v", a.Stacks(region)[0].Status, a.Roles())
	}
	w.session(w.request(ca.leaf(t, newKey(t)), s))
}

// TestDeleteTakesEverythingAway holds the one step that removes a link, drift
// that stands in its way, and drift that does not.
func TestDeleteTakesEverythingAway(t *testing.T) {
	w, _, s := linked(t)
	c, a := w.as(w.admin), w.account
	remove := func() {
		must[*cloudformation.DeleteStackOutput](t)(c.formation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(stackName)}))
	}
	w.must(a.Attach("XopsReadOnly", "AdministratorAccess"))
	w.must(a.DeleteProfile(region, s.Outputs["ProfileARN"]))
	remove()
	if got := status(t, c, stackName); got.StackStatus != types.StackStatusDeleteFailed || !strings.Contains(strings.Join(events(t, c, stackName), "\n"), "Role DELETE_FAILED Resource handler returned message: \"Cannot delete entity, must detach all policies first.") {
		t.Errorf("%s: %q", got.StackStatus, events(t, c, stackName))
	}
	w.must(a.Detach("XopsReadOnly", "AdministratorAccess"))
	w.cloud.SetResourceTime(5 * time.Second)
	remove()
	remove() // once more changes nothing
	if got := status(t, c, stackName); got.StackStatus != types.StackStatusDeleteInProgress {
		t.Errorf("%s", got.StackStatus)
	}
	w.clock.forward(time.Minute)
	_, err := c.formation().DescribeStacks(t.Context(), &cloudformation.DescribeStacksInput{StackName: aws.String(stackName)})
	wantError(t, err, "ValidationError", "Stack with id xops360-link does not exist")
	if got := status(t, c, s.ID); got.StackStatus != types.StackStatusDeleteComplete || got.DeletionTime == nil {
		t.Errorf("by its id: %s", got.StackStatus)
	}
	if len(a.Roles())+len(a.Anchors(region))+len(a.Profiles(region)) != 0 || !a.Stacks(region)[0].Gone() {
		t.Errorf("left: %v %v %v", a.Roles(), a.Anchors(region), a.Profiles(region))
	}
	remove() // none there is no failure
}

// TestStackIsDeletedWhileItIsMade holds that a create can be broken off.
func TestStackIsDeletedWhileItIsMade(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	w.cloud.SetResourceTime(10 * time.Second)
	c := w.as(w.admin)
	id := must[string](t)(create(t, c, template(ca), ""))
	w.clock.forward(25 * time.Second)
	must[*cloudformation.DeleteStackOutput](t)(c.formation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(id)}))
	w.clock.forward(time.Hour)
	if s := status(t, c, id); s.StackStatus != types.StackStatusDeleteComplete || len(w.account.Roles())+len(w.account.Anchors(region))+len(w.account.Profiles(region)) != 0 {
		t.Errorf("%s: %q", s.StackStatus, events(t, c, id))
	}
}

// TestStacksAreListedByPage holds paging, and that another region knows nothing.
func TestStacksAreListedByPage(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"a", "b", "c"} {
		if _, err := w.account.UploadTemplate(region, name, `{"Resources":{"Role":{"Type":"AWS::IAM::Role","Properties":{"AssumeRolePolicyDocument":`+trust(number, onlyAssume, "")+`}}}}`); err != nil {
			t.Fatal(err)
		}
	}
	w.cloud.SetPage(2)
	var got []string
	for p := cloudformation.NewDescribeStacksPaginator(w.as(w.admin).formation(), nil); p.HasMorePages(); {
		for _, s := range must[*cloudformation.DescribeStacksOutput](t)(p.NextPage(t.Context())).Stacks {
			got = append(got, aws.ToString(s.StackName))
		}
	}
	if !slices.Equal(got, []string{"c", "b", "a"}) {
		t.Errorf("stacks %v", got)
	}
	out := must[*cloudformation.DescribeStacksOutput](t)(w.as(w.admin).in("us-east-1").formation().DescribeStacks(t.Context(), nil))
	if len(out.Stacks) != 0 || !strings.HasPrefix(w.account.Roles()[0].Name, "a-Role-") {
		t.Errorf("elsewhere %v; roles %v", out.Stacks, w.account.Roles())
	}
}

// TestTemplatesAreRead holds what CloudFormation refuses before it makes anything.
func TestTemplatesAreRead(t *testing.T) {
	w := newWorld(t)
	c := w.as(w.admin)
	role := `"Role":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"R","AssumeRolePolicyDocument":` + trust(number, onlyAssume, "") + `}}`
	try := func(body string, caps []types.Capability) error {
		_, err := c.formation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("x"), TemplateBody: aws.String(body), Capabilities: caps})
		return err
	}
	for body, want := range map[string]string{
		`{"Resources":`:                          "Template format error: JSON not well-formed. (line 1, column ",
		`{}`:                                     "At least one Resources member must be defined.",
		`{"Resources":{` + role + `},"Extra":1}`: "Invalid template property or properties [Extra]",
		`{"AWSTemplateFormatVersion":"2011-01-01","Resources":{` + role + `}}`:                                          "unsupported value for AWSTemplateFormatVersion",
		`{"Resources":{"A":{"Type":"AWS::RolesAnywhere::Anchor"}}}`:                                                     "Template format error: Unrecognized resource types: [AWS::RolesAnywhere::Anchor]",
		`{"Resources":{"A":{"Properties":{}}}}`:                                                                         "[/Resources/A] Every Resources object must contain a Type member.",
		`{"Resources":{"A-B":{"Type":"AWS::IAM::Role"}}}`:                                                               "Resource name A-B is non alphanumeric",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Propertys":{}}}}`:                                                  "Invalid template resource property 'Propertys'",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Ref":"B"}}}}}`:                           "Unresolved resource dependencies [B] in the Resources block of the template",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Fn::GetAtt":["B","Arn"]}}}}}`:            "instance of Fn::GetAtt references undefined resource B",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Fn::GetAtt":"A.Arn"}}}}}`:                "every Fn::GetAtt object requires two non-empty parameters",
		`{"Resources":{` + role + `},"Outputs":{"O":{"Value":{"Fn::GetAtt":["Role","ARN"]}}}}`:                          "resource Role does not support attribute type ARN in Fn::GetAtt",
		`{"Resources":{` + role + `},"Outputs":{"O":{"Value":{"Fn::Sub":"${Nothing}"}}}}`:                               "Unresolved resource dependencies [Nothing] in the Outputs block of the template",
		`{"Resources":{` + role + `},"Outputs":{"O":{"Description":"d"}}}`:                                              "must contain a Value object",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Fn::Concat":["a","b"]}}}}}`:              "Encountered unsupported function: Fn::Concat Supported functions are: [",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Fn::Join":["a"]}}}}}`:                    "every Fn::Join object requires two parameters",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":null}}}}`:                                  "'null' values are not allowed",
		`{"Resources":{"A":{"Type":"AWS::IAM::Role","DependsOn":"B"},"B":{"Type":"AWS::IAM::Role","DependsOn":["A"]}}}`: "Circular dependency between resources: [A, B]",
		`{"Resources":{` + role + `},"Description":"` + strings.Repeat("x", 1025) + `"}`:                                "'Description' length is greater than 1024",
		`{"Resources":{` + role + `},"Description":"` + strings.Repeat("x", 51200) + `"}`:                               "at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to 51200",
	} {
		wantError(t, try(body, named), "ValidationError", want)
	}
	for _, body := range []string{"Resources: {}", `{"Parameters":{},"Resources":{` + role + `}}`, `{"Resources":{"A":{"Type":"AWS::S3::Bucket"}}}`, `{"Resources":{"A":{"Type":"AWS::IAM::Role","Properties":{"RoleName":{"Fn::Select":[0,["a"]]}}}}}`} {
		wantError(t, try(body, named), "NotImplemented", "The simulated cloud does not play this")
	}
	wantError(t, try(`{"Resources":{`+role+`}}`, nil), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
	wantError(t, try(`{"Resources":{`+role+`}}`, []types.Capability{types.CapabilityCapabilityIam}), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]")
	wantError(t, try(strings.Replace(`{"Resources":{`+role+`}}`, `"RoleName":"R",`, "", 1), nil), "InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_IAM]")
	_, err := c.formation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String("a_b"), TemplateBody: aws.String(`{"Resources":{` + role + `}}`), Capabilities: named})
	wantError(t, err, "ValidationError", "Value 'a_b' at 'stackName' failed to satisfy constraint")
	if n := len(w.account.Stacks(region)); n != 0 {
		t.Errorf("%d stacks were made", n)
	}
}

// TestPropertiesAreLookedAtWhenAResourceIsMade holds what a resource's own type refuses.
func TestPropertiesAreLookedAtWhenAResourceIsMade(t *testing.T) {
	for want, change := range map[string]func(tmpl map[string]any){
		"Properties validation failed for resource Anchor with message:\n[#: extraneous key [Names] is not permitted]": func(m map[string]any) { dig(m, "Resources", "Anchor", "Properties")["Names"] = "x" },
		"[#: required key [Name] not found]":                    func(m map[string]any) { delete(dig(m, "Resources", "Anchor", "Properties"), "Name") },
		"[#/Enabled: expected type: Boolean, found: String]":    func(m map[string]any) { dig(m, "Resources", "Anchor", "Properties")["Enabled"] = "yes" },
		"[#/RoleArns: expected type: JSONArray, found: String]": func(m map[string]any) { dig(m, "Resources", "Profile", "Properties")["RoleArns"] = "x" },
		"[#/SessionPolicy: expected type: String, found: JSONObject]": func(m map[string]any) {
			dig(m, "Resources", "Profile", "Properties")["SessionPolicy"] = map[string]any{}
		},
		"Incorrect basic constraints for CA certificate (Service: RolesAnywhere, Status Code: 400": func(m map[string]any) {
			ca := newCA(t, caCN)
			dig(m, "Resources", "Anchor", "Properties", "Source", "SourceData")["X509CertificateData"] = ca.leaf(t, newKey(t)).pem()
		},
		"Policy arn:aws:iam::aws:policy/None does not exist or is not attachable. (Service: Iam, Status Code: 404": func(m map[string]any) {
			dig(m, "Resources", "Role", "Properties")["ManagedPolicyArns"] = []any{"arn:aws:iam::aws:policy/None"}
		},
		"Value 'PEM' at 'source.sourceType' failed to satisfy constraint": func(m map[string]any) {
			dig(m, "Resources", "Anchor", "Properties", "Source")["SourceType"] = "PEM"
		},
		"Member must have value less than or equal to 43200": func(m map[string]any) { dig(m, "Resources", "Profile", "Properties")["DurationSeconds"] = 43201 },
	} {
		w, ca := newWorld(t), newCA(t, caCN)
		tmpl := template(ca)
		change(tmpl)
		c := w.as(w.admin)
		id := must[string](t)(create(t, c, tmpl, ""))
		if got := strings.Join(events(t, c, id), "\n"); !strings.Contains(got, want) || status(t, c, id).StackStatus != types.StackStatusRollbackComplete {
			t.Errorf("want %s\ngot %s", want, got)
		}
	}
}

// TestWhatIsKeptIsKept holds DeletionPolicy and termination protection.
func TestWhatIsKeptIsKept(t *testing.T) {
	w, ca := newWorld(t), newCA(t, caCN)
	tmpl := template(ca)
	dig(tmpl, "Resources", "Anchor")["DeletionPolicy"] = "Retain"
	c := w.as(w.admin)
	must[*cloudformation.CreateStackOutput](t)(c.formation().CreateStack(t.Context(), &cloudformation.CreateStackInput{StackName: aws.String(stackName), TemplateBody: aws.String(toJSON(tmpl)), Capabilities: named, EnableTerminationProtection: aws.Bool(true)}))
	_, err := c.formation().DeleteStack(t.Context(), &cloudformation.DeleteStackInput{StackName: aws.String(stackName)})
	wantError(t, err, "ValidationError", "cannot be deleted while TerminationProtection is enabled")
	w.must(w.account.DeleteStack(region, stackName))
	if a := w.account; len(a.Anchors(region)) != 1 || len(a.Roles()) != 0 || !a.Stacks(region)[0].Gone() {
		t.Errorf("%d anchors, %d roles, %s", len(a.Anchors(region)), len(a.Roles()), a.Stacks(region)[0].Status)
	}
}
