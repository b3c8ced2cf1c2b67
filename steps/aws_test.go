package steps_test

import (
	"bufio"
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
	"github.com/axiomio/xops-onboard/keystore"
	"github.com/axiomio/xops-onboard/link"
	"github.com/axiomio/xops-onboard/registry"
	"github.com/axiomio/xops-onboard/steps"
)

// amazon is a simulated AWS account, its administrator's credentials in the
// environment, and the program's own AWS client over it.
type amazon struct {
	*world
	cloud   *simcloud.Cloud
	account *simaws.Account
	shell   map[string]string
}

const (
	number = "111122223333"
	other  = "444455556666"
	region = "eu-west-1"
)

var backspace = tea.KeyPressMsg{Code: tea.KeyBackspace}

// inAWS runs f in a bubble of time with a management account.
func inAWS(t *testing.T, spec simaws.AccountSpec, f func(t *testing.T, a *amazon)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := &amazon{world: newWorld(t), cloud: simcloud.New(time.Now)}
		a.cloud.AWS().SetResourceTime(5 * time.Second)
		a.cloud.AWS().SetSpreading(20 * time.Second)
		if spec.Number == "" {
			spec.Number = number
		}
		a.account = a.cloud.AWS().AddAccount(spec)
		key := a.account.AddUser("ada", true)
		a.shell = map[string]string{"AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": key.Secret, "AWS_REGION": region}
		c, err := rest.New(rest.Options{Transport: a.cloud.Client().Transport, Version: "test"})
		if err != nil {
			t.Fatal(err)
		}
		keys, files := keystore.Memory()
		a.reg = registry.Memory()
		ports := link.Ports{Keys: keys, Registry: a.reg, Save: files, Now: time.Now, AWS: amazonClient{aws.New(c, time.Now, func(n string) string { return a.shell[n] })}}
		a.env.Ops = link.New(t.Context(), ports)
		t.Cleanup(a.env.Ops.Close)
		f(t, a)
	})
}

// amazonClient is aws as operations know it, as main wires it.
type amazonClient struct{ *aws.AWS }

func (c amazonClient) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	admin, err := c.AWS.SignIn(ctx, profile, region)
	if err != nil {
		return nil, err
	}
	return admin, nil
}

// walks a wizard over every provider's route.
func (a *amazon) walk(t *testing.T, d account.Draft) *walker {
	t.Helper()
	k := &walker{Wizard: steps.NewWizard(t.Context(), a.env, steps.Routes, d), t: t}
	t.Cleanup(k.Close)
	k.run(k.Init())
	return k
}

// named goes to the choice of who creates the stack.
func (a *amazon) named(t *testing.T) *walker {
	t.Helper()
	k := a.walk(t, account.Draft{})
	k.at("cloud")
	k.send(letter('1'), enter)
	k.at("aws-type")
	k.reads("Link the management account first.")
	k.send(enter)
	k.at("name")
	k.send(paste("Production"), enter)
	k.at("aws-method")
	return k
}

// stacks are those that are not deleted.
func (a *amazon) stacks() (out []simaws.StackState) {
	for _, s := range a.account.Stacks(region) {
		if !s.Gone() {
			out = append(out, s)
		}
	}
	return out
}

func (a *amazon) accounts(t *testing.T) []account.Account {
	t.Helper()
	c, err := a.reg.Contents(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []account.Account
	for _, r := range c.Accounts {
		acc, err := a.reg.Account(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, acc)
	}
	return out
}

// empty holds that nothing is left in the account.
func (a *amazon) empty(t *testing.T) {
	t.Helper()
	if s, r, n, p := a.stacks(), a.account.Roles(), a.account.Anchors(region), a.account.Profiles(region); len(s)+len(r)+len(n)+len(p) != 0 {
		t.Errorf("left in AWS: %d stacks, %d roles, %d anchors, %d profiles", len(s), len(r), len(n), len(p))
	}
}

func management() simaws.AccountSpec {
	return simaws.AccountSpec{Alias: "contoso", Organization: simaws.Management}
}

// TestAWSAutomatic signs in with a profile, shows the plan and makes no stack
// before the yes; in the end the account is linked with its own key.
func TestAWSAutomatic(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter)
		k.at("way")
		k.send(enter)
		k.at("signin")
		k.reads("Environment variables, eu-west-1")
		k.send(enter)
		k.reads("1111-2222-3333")
		k.reads("contoso")
		k.reads("arn:aws:iam::111122223333:user/ada")
		k.send(enter)
		k.at("plan")
		k.reads("Only a certificate with the name xops360-wizard-5f3c1a70 can take it.")
		k.reads(", SHA-256 ")
		k.reads("Security teams may have an alert")
		k.send(letter('m'))
		k.reads("POST cloudformation.eu-west-1.amazonaws.com CreateStack")
		if n := len(a.stacks()); n != 0 {
			t.Fatalf("%d stacks before the yes", n)
		}
		k.send(enter)
		k.at("apply")
		k.reads("Linked. Enter goes on.")
		k.send(enter)
		k.at("connected")
		k.reads("arn:aws:iam::111122223333:role/XopsReadOnly")
		k.reads("xops-onboard rotate Production")
		all := a.accounts(t)
		if len(all) != 1 || all[0].Made.Stack != "xops360-link-5f3c1a70" || !all[0].Authority.Stored || all[0].AWS().Account != number {
			t.Errorf("linked %+v", all)
		}
	})
}

// TestAWSByHand makes the keys and the template, uploads it, and brings the whole
// table of the Outputs back.
func TestAWSByHand(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, letter('2'), enter)
		k.at("aws-template")
		k.reads("Nothing is made yet.")
		k.send(letter('d'))
		k.reads("is deleted once it has signed")
		k.send(letter('d'), enter)
		k.reads("template written")
		k.send(enter)
		k.at("aws-stack")
		k.reads("/Downloads/xops360-link-5f3c1a70.json")
		d := k.Draft()
		template := steps.AWSTemplate(a.env, d)
		if _, err := a.account.UploadTemplate(region, d.AWS().StackName(), template); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		k.send(enter)
		k.at("aws-outputs")
		k.send(enter)
		k.reads("This is needed to go on.")
		table := "Key Value Description\n"
		for name, value := range a.stacks()[0].Outputs {
			table += name + "\t" + value + "\t-\n"
		}
		k.send(paste(table))
		k.reads("All three agree: account 1111-2222-3333, eu-west-1.")
		k.send(enter)
		k.at("verify")
		k.reads("Linked. Enter goes on.")
		k.send(enter)
		k.at("connected")
		k.reads("Stack xops360-link-5f3c1a70, eu-west-1.")
		if all := a.accounts(t); len(all) != 1 || all[0].Made.Stack != "" {
			t.Errorf("linked %+v", all)
		}
	})
}

// TestAWSOutputsThatDisagree are told apart, and none of them is taken.
func TestAWSOutputsThatDisagree(t *testing.T) {
	t.Parallel()
	const (
		role    = "arn:aws:iam::111122223333:role/XopsReadOnly"
		anchor  = "arn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/8f1c0001-0000-4000-8000-000000000001"
		profile = "arn:aws:rolesanywhere:eu-west-1:111122223333:profile/8f1c0001-0000-4000-8000-000000000002"
	)
	l := account.AWSLink{Tag: "5f3c1a70", Region: region}
	for name, tt := range map[string]struct {
		text string
		kind account.Kind
	}{
		"nothing":           {" ", account.InputEmpty},
		"no ARN":            {"hello", account.InputNotARN},
		"one is missing":    {role + "\n" + anchor, account.InputOutputsOpen},
		"another region":    {role + " " + strings.Replace(anchor, "eu-west-1", "us-east-1", 1) + " " + profile, account.InputOutputsRegion},
		"another partition": {strings.Replace(role, "aws:iam", "aws-us-gov:iam", 1) + " " + anchor + " " + profile, account.InputOutputsRegion},
		"two accounts":      {strings.Replace(role, number, other, 1) + " " + anchor + " " + profile, account.InputOutputsAccount},
		"another role":      {strings.Replace(role, "XopsReadOnly", "Admin", 1) + " " + anchor + " " + profile, account.InputNotRole},
		"all three":         {role + "," + profile + ";" + anchor, ""},
	} {
		got, err := steps.ReadOutputs(l, tt.text)
		if account.KindOf(err) != tt.kind {
			t.Errorf("%s: %v, want %q", name, err, tt.kind)
		}
		if whole := got.Role != ""; whole != (tt.kind == "") {
			t.Errorf("%s: it has %+v", name, got)
		}
	}
	l.Account = other
	if _, err := steps.ReadOutputs(l, role+" "+anchor+" "+profile); account.KindOf(err) != account.InputOutputsAccount {
		t.Errorf("another account than the link's: %v", err)
	}
}

// TestAWSWrongAccount stops before anything is made: of a member where the
// management account was chosen, and where the environment sends elsewhere.
func TestAWSWrongAccount(t *testing.T) {
	inAWS(t, simaws.AccountSpec{Organization: simaws.Member}, func(t *testing.T, a *amazon) {
		a.cloud.AWS().AddAccount(simaws.AccountSpec{Number: "999988887777", Organization: simaws.Management})
		k := a.named(t)
		k.send(enter, enter)
		k.at("signin")
		k.send(enter)
		k.reads("is a member of an organization, not its management account")
		a.shell["AWS_ENDPOINT_URL"] = "https://elsewhere.example"
		k.send(enter)
		k.reads("would send your AWS credentials somewhere else than to AWS")
		k.at("signin")
		a.empty(t)
		if d := k.Draft(); d.Key().Stored {
			t.Errorf("a key was made: %+v", d.Keys)
		}
	})
}

// TestAWSStoppedStackIsFound stops while CloudFormation is at work, and goes on with
// the very stack: there is never another.
func TestAWSStoppedStackIsFound(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, enter, enter, enter)
		k.at("plan")
		f := &follower{walker: k, msgs: make(chan tea.Msg, 64)}
		f.press(enter)
		f.sleep(2 * time.Second)
		f.press(esc)
		f.sleep(2 * time.Second)
		k.reads("Stopped. A stack that was begun goes on in AWS")
		f.press(enter)
		f.sleep(5 * time.Minute)
		k.reads("Linked. Enter goes on.")
		if all := a.account.Stacks(region); len(all) != 1 {
			t.Errorf("%d stacks, want the one", len(all))
		}
	})
}

// TestAWSBegunStays has the plan and the name of a draft whose stack was begun show
// what is kept, and takes no other answer.
func TestAWSBegunStays(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, enter, enter, enter)
		k.at("plan")
		f := &follower{walker: k, msgs: make(chan tea.Msg, 64)}
		f.press(enter)
		f.sleep(2 * time.Second)
		f.press(esc)
		f.sleep(2 * time.Second)
		k.reads("Stopped.")
		k.Close()
		c, _ := a.reg.Contents(t.Context())
		d, err := a.reg.Draft(t.Context(), c.Drafts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		on := a.walk(t, d)
		on.at("signin")
		on.send(enter, enter)
		on.at("plan")
		on.send(letter('d'))
		on.reads("The authority's key is kept in the key store")
		d.Trail = []string{"cloud", "aws-type"}
		on = a.walk(t, d)
		on.at("name")
		on.send(tab, tea.KeyPressMsg{Code: tea.KeyDown}, paste("-x"))
		on.reads("The stack was begun in this region")
		on.send(enter)
		if got := on.Draft().AWS().Region; got != region {
			t.Errorf("the region is %q", got)
		}
	})
}

// TestAWSInterruptedStaysItsWay has somebody whose rights do not reach sign in again
// after a stack was begun; nobody makes it by hand besides.
func TestAWSInterruptedStaysItsWay(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		key := a.account.AddUser("kim", false, "sts:*", "iam:List*", "organizations:*")
		a.shell["AWS_ACCESS_KEY_ID"], a.shell["AWS_SECRET_ACCESS_KEY"] = key.ID, key.Secret
		k := a.named(t)
		k.send(enter, enter, enter, enter)
		k.at("plan")
		k.send(enter)
		k.at("apply")
		k.reads("Sign in and go on")
		k.send(enter)
		k.at("signin")
		k.reads("Environment variables")
		if strings.Contains(k.page(), "Do it by hand instead") {
			t.Errorf("by hand, where a stack may be building:\n%s", k.page())
		}
	})
}

// TestAWSTakenBack stops while the stack is made, and takes everything back.
func TestAWSTakenBack(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		if err := a.account.CreateRole(account.AWSRoleName, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`); err != nil {
			t.Fatal(err)
		}
		k := a.named(t)
		k.send(enter, enter, enter, enter)
		k.at("plan")
		k.send(enter)
		k.at("apply")
		k.reads("XopsReadOnly is there already, and is not this draft's.")
		k.reads("Take everything back")
		k.send(letter('3'), enter)
		k.at("takeback")
		k.reads("Taken back.")
		if roles := a.account.Roles(); len(roles) != 1 || len(a.stacks()) != 0 {
			t.Errorf("in AWS are %d roles and %+v; the role that was there stays", len(roles), a.stacks())
		}
		if c, err := a.reg.Contents(t.Context()); err != nil || len(c.Drafts)+len(c.Accounts) != 0 {
			t.Errorf("left here: %+v, %v", c, err)
		}
	})
}

// TestAWSByProfile is a quick look: nothing is made, and no key.
func TestAWSByProfile(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(letter('2'), enter)
		k.at("aws-profile")
		k.reads("Environment variables")
		k.send(enter)
		k.reads("External id")
		k.send(paste("arn:aws:iam::111122223333:user/ada"), enter)
		k.reads("This ARN is of something else")
		k.send(esc, enter)
		for range 40 {
			k.send(backspace)
		}
		k.send(paste("arn:aws-cn:iam::111122223333:role/Audit"), enter)
		k.reads("This role is of partition aws-cn, and the home region is eu-west-1.")
		k.send(esc, enter)
		k.at("aws-profile")
		for range 40 {
			k.send(backspace)
		}
		k.send(enter)
		k.at("verify")
		k.reads("Linked. Enter goes on.")
		k.send(enter)
		k.at("connected")
		k.reads("Nothing was made in AWS.")
		a.empty(t)
		if all := a.accounts(t); len(all) != 1 || all[0].Key.ID != "" {
			t.Errorf("linked %+v", all)
		}
	})
}

// TestAWSRotates signs another leaf with the authority, without any call that
// changes AWS.
func TestAWSRotates(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, enter, enter, enter, enter)
		k.reads("Linked. Enter goes on.")
		acc, changes := a.accounts(t)[0], len(a.cloud.AWS().Journal())
		r := &walker{Wizard: steps.NewWizard(t.Context(), a.env, steps.Rotating, steps.OfAccount(acc)), t: t}
		t.Cleanup(r.Close)
		r.run(r.Init())
		r.reads("The link's authority signs a new certificate")
		r.send(enter)
		r.at("rotate")
		r.reads("The new key is in use, and the old one is gone.")
		now := a.accounts(t)[0]
		if now.Key.ID == acc.Key.ID || now.Key.Certificate.SHA256 == acc.Key.Certificate.SHA256 || now.Begun() != "" {
			t.Errorf("rotated %+v", now)
		}
		if n := len(a.cloud.AWS().Journal()); n != changes {
			t.Errorf("%d changes of AWS", n-changes)
		}
	})
}

// TestAWSRotatesByStack gives an account whose authority's key was dropped another
// one, by a profile that updates the stack and by a person who does.
func TestAWSRotatesByStack(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, enter, enter, enter, letter('d'))
		k.send(enter)
		k.reads("Linked. Enter goes on.")
		rotating := func() (*walker, account.Account) {
			acc := a.accounts(t)[0]
			if acc.Authority.Stored {
				t.Fatal("the authority's key is kept")
			}
			r := &walker{Wizard: steps.NewWizard(t.Context(), a.env, steps.Rotating, steps.OfAccount(acc)), t: t}
			t.Cleanup(r.Close)
			r.run(r.Init())
			r.reads("The key of its authority signs no more")
			return r, acc
		}
		another := func(was account.Account) {
			now := a.accounts(t)[0]
			if now.Key.ID == was.Key.ID || now.Authority.ID == was.Authority.ID || now.Authority.Stored || now.Begun() != "" {
				t.Errorf("rotated %+v", now)
			}
			if s := a.stacks(); len(s) != 1 || s[0].Status != "UPDATE_COMPLETE" {
				t.Errorf("stacks %+v", s)
			}
		}

		r, was := rotating()
		r.send(enter)
		r.at("signin")
		r.reads("Environment variables")
		r.send(enter)
		r.reads("ada")
		r.send(enter)
		r.at("rotate")
		r.reads("The new key is in use, and the old one is gone.")
		another(was)
	})
}

// TestAWSRenewsItsAuthority offers another authority from 60 days before the one
// that signs ends, beside a rotation that changes nothing in AWS.
func TestAWSRenewsItsAuthority(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, enter, enter, enter, enter)
		k.reads("Linked. Enter goes on.")
		was := a.accounts(t)[0]
		time.Sleep(time.Until(was.Authority.Certificate.NotAfter) - account.AuthorityExpiring + time.Hour)
		r := &walker{Wizard: steps.NewWizard(t.Context(), a.env, steps.Rotating, steps.OfAccount(was)), t: t}
		t.Cleanup(r.Close)
		r.run(r.Init())
		for _, text := range []string{"Its authority ends on " + steps.Day(was.Authority.Certificate.NotAfter), "The link's authority signs a new certificate", "AWS takes the old key until the stack is updated"} {
			r.reads(text)
		}
		r.send(letter('2'), enter)
		r.at("signin")
		r.reads("Environment variables")
		r.send(enter)
		r.reads("ada")
		r.send(enter)
		r.at("rotate")
		r.reads("The new key is in use, and the old one is gone.")
		now := a.accounts(t)[0]
		if now.Key.ID == was.Key.ID || now.Authority.ID == was.Authority.ID || !now.Authority.Stored || now.Begun() != "" {
			t.Errorf("rotated %+v", now)
		}
		if s := a.stacks(); len(s) != 1 || s[0].Status != "UPDATE_COMPLETE" {
			t.Errorf("stacks %+v", s)
		}
	})
}

// TestAWSHandOver has all that somebody else needs, and no secret.
func TestAWSHandOver(t *testing.T) {
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		k := a.named(t)
		k.send(enter, letter('2'), enter, enter, enter)
		k.at("aws-stack")
		var text string
		for _, o := range k.Step().Offers() {
			if o.Kind == steps.HandOver {
				text = o.Text()
			}
		}
		for _, want := range []string{"xops360-link-5f3c1a70", "console.aws.amazon.com/cloudformation", "AWS::IAM::Role", "tab Outputs", "support@axiomio.com"} {
			if !strings.Contains(text, want) {
				t.Errorf("it lacks %q", want)
			}
		}
		if strings.Contains(text, "PRIVATE KEY") || strings.Contains(text, a.shell["AWS_SECRET_ACCESS_KEY"]) {
			t.Error("it has a secret")
		}
	})
}

// TestPlainAWS walks both roads in lines.
func TestPlainAWS(t *testing.T) {
	talk := func(t *testing.T, a *amazon, typed ...string) (string, error) {
		var out bytes.Buffer
		p := steps.Plain{Env: a.env, In: bufio.NewReader(strings.NewReader(strings.Join(typed, "\n") + "\n")), Out: &out}
		_, err := p.Run(t.Context(), steps.Routes, account.Draft{})
		return out.String(), err
	}
	inAWS(t, management(), func(t *testing.T, a *amazon) {
		said, err := talk(t, a, "1", "2", "1", "Production", "", "1", "1", "1", "2", "no")
		if err != steps.ErrLater || !strings.Contains(said, "Nothing was changed in AWS.") || len(a.stacks()) != 0 {
			t.Fatalf("%v\n%s", err, said)
		}
		c, _ := a.reg.Contents(t.Context())
		d, err := a.reg.Draft(t.Context(), c.Drafts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		p := steps.Plain{Env: a.env, In: bufio.NewReader(strings.NewReader("1\n2\nyes\n")), Out: &out}
		if _, err := p.Run(t.Context(), steps.Routes, d); err != nil {
			t.Fatalf("%v\n%s", err, out.String())
		}
		for _, want := range []string{"Account: 1111-2222-3333 (contoso)", "Possible with it:", "Stack: waiting, CloudFormation is making the", "Stack: done.", "Production is connected.", "AWS Role ARN: arn:aws:iam::111122223333:role/XopsReadOnly", "xops-onboard credentials Production"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is not said:\n%s", want, out.String())
			}
		}
		if all := a.accounts(t); len(all) != 1 || all[0].Authority.Stored {
			t.Errorf("linked %+v; the authority's key was to go", all)
		}
	})
}
