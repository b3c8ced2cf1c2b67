package ui_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/aws"
	"github.com/axiomio/xops-onboard/internal/rest"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
	"github.com/axiomio/xops-onboard/link"
)

const (
	awsNumber = "111122223333"
	awsRegion = "eu-west-1"
	awsStack  = "xops360-link-5f3c1a70" // by the first of the ids
)

// amazon is aws as operations know it, as main wires it.
type amazon struct{ *aws.AWS }

func (a amazon) SignIn(ctx context.Context, profile string, region account.AWSRegion) (link.AWSAdministrator, error) {
	admin, err := a.AWS.SignIn(ctx, profile, region)
	if err != nil {
		return nil, err
	}
	return admin, nil
}

// aws is the program's client for AWS, with what the person's shell has.
func (w *world) aws(c *rest.Client) link.AWS {
	return amazon{aws.New(c, w.clock.Now, func(name string) string { return w.shell[name] })}
}

// inAWS gives the person a management account and its administrator's credentials
// in the environment.
func (w *world) inAWS() *simaws.Account {
	return w.accountInAWS(simaws.Management)
}

func (w *world) accountInAWS(o simaws.Organization) *simaws.Account {
	a := w.cloud.AWS().AddAccount(simaws.AccountSpec{Number: awsNumber, Alias: "contoso", Organization: o})
	key := a.AddUser("ada", true)
	w.keys.real = true // those of other screens are of RSA
	w.shell = map[string]string{"AWS_ACCESS_KEY_ID": key.ID, "AWS_SECRET_ACCESS_KEY": key.Secret, "AWS_REGION": awsRegion}
	return a
}

// toMethod goes to how the account is to be read.
func (w *world) toMethod() *person {
	p := w.start(80, 24)
	p.See("Which cloud do you want to link first?")
	p.Press("up", "up", "enter")
	p.See("Select AWS Account Type")
	p.Press("enter")
	p.See("Name and home region", awsRegion)
	p.Type("Production")
	p.Press("enter")
	p.See("How is the account to be read?")
	return p
}

// toWay goes to who creates the stack.
func (w *world) toWay() *person {
	p := w.toMethod()
	p.Press("enter")
	p.See("The keyring is ready")
	return p
}

// toProfiles goes to the profiles of the sign-in.
func (w *world) toProfiles() *person {
	p := w.toWay()
	p.Press("enter")
	p.See("AWS sign-in")
	return p
}

// toPlan goes to the plan, signed in, with both keys made.
func (w *world) toPlan() *person {
	p := w.toProfiles()
	p.See("Environment variables")
	p.Press("enter")
	p.See("Is this the right account?")
	p.Press("enter")
	p.See("› Plan", "1 stack. Enter creates it", "SHA-256")
	return p
}

// toTemplate goes to the template of who makes the stack in the console.
func (w *world) toTemplate() *person {
	p := w.toWay()
	p.Press("2", "enter")
	p.See("› Template", "Nothing is made yet.")
	return p
}

// toOutputs goes to where the Outputs come back.
func (w *world) toOutputs() *person {
	p := w.toTemplate()
	p.Press("enter")
	p.reads("template written")
	p.Press("enter")
	p.See("› Create the stack", awsStack)
	p.Press("enter")
	p.See("Bring back the Outputs")
	return p
}

// linkedAWS links an account automatically, and shows that it is.
func (w *world) linkedAWS() *person {
	w.inAWS()
	p := w.toPlan()
	p.Press("enter")
	p.See("Linked. Enter goes on.")
	p.Press("enter")
	p.See("Production is connected")
	return p
}

// awsScreens are the screens of AWS, as screens.
var awsScreens = []screen{
	{"aws-type", func(w *world) *person {
		p := w.start(80, 24)
		p.See("Which cloud do you want to link first?")
		p.Press("up", "up", "enter")
		p.See("Link the management account first.")
		return p
	}},
	{"aws-name", func(w *world) *person {
		p := w.start(80, 24)
		p.See("Which cloud do you want to link first?")
		p.Press("up", "up", "enter", "enter")
		p.See("us-east-1")
		p.Press("enter")
		p.See("This is needed to go on.")
		return p
	}},
	{"aws-region", func(w *world) *person {
		p := w.start(80, 24)
		p.See("Which cloud do you want to link first?")
		p.Press("up", "up", "enter", "enter")
		p.See("us-east-1")
		p.Type("Production")
		p.Press("tab", "down")
		p.See("› us-east-2", "us-gov-east-1")
		return p
	}},
	{"aws-method", func(w *world) *person { w.inAWS(); return w.toMethod() }},
	{"aws-way", func(w *world) *person { w.inAWS(); return w.toWay() }},
	{"aws-way-no-keyring", func(w *world) *person {
		w.inAWS()
		w.keys.set(account.Keyring, account.StoreNoBus, false)
		p := w.toMethod()
		p.Press("enter")
		p.reads("You will be asked")
		return p
	}},
	{"aws-profiles", func(w *world) *person {
		w.inAWS()
		p := w.toProfiles()
		p.See("Environment variables")
		return p
	}},
	{"aws-endpoint", func(w *world) *person {
		w.inAWS()
		p := w.toProfiles()
		p.See("Environment variables")
		w.shell["AWS_ENDPOINT_URL"] = "https://elsewhere.example"
		p.Press("enter")
		p.reads("Nothing was sent.")
		return p
	}},
	{"aws-signin-over", func(w *world) *person {
		a := w.inAWS()
		p := w.toProfiles()
		p.See("Environment variables")
		a.Deactivate(w.shell["AWS_ACCESS_KEY_ID"])
		p.Press("enter")
		p.reads("AWS does not know this access key.")
		return p
	}},
	{"aws-wrong-type", func(w *world) *person {
		w.cloud.AWS().AddAccount(simaws.AccountSpec{Number: "999988887777", Organization: simaws.Management})
		w.accountInAWS(simaws.Member)
		p := w.toProfiles()
		p.See("Environment variables")
		p.Press("enter")
		p.reads("is a member of an organization")
		return p
	}},
	{"aws-caller", func(w *world) *person {
		w.inAWS()
		p := w.toProfiles()
		p.See("Environment variables")
		p.Press("enter")
		p.See("Is this the right account?", "1111-2222-3333")
		return p
	}},
	{"aws-template", func(w *world) *person { w.inAWS(); return w.toTemplate() }},
	{"aws-template-raw", func(w *world) *person {
		w.inAWS()
		p := w.toTemplate()
		p.Press("m")
		p.See("AWSTemplateFormatVersion")
		return p
	}},
	{"aws-stack", func(w *world) *person {
		w.inAWS()
		p := w.toTemplate()
		p.Press("enter")
		p.reads("template written")
		p.Press("enter")
		p.See("› Create the stack", awsStack)
		return p
	}},
	{"aws-stack-ssh", func(w *world) *person {
		w.inAWS()
		w.place.Remote, w.place.Host = true, "ada@192.0.2.1"
		p := w.toTemplate()
		p.Press("enter")
		p.reads("template written")
		p.Press("enter")
		p.reads("scp ada@192.0.2.1:", "p shows the template alone")
		return p
	}},
	{"aws-outputs", func(w *world) *person { w.inAWS(); return w.toOutputs() }},
	{"aws-outputs-region", func(w *world) *person {
		w.inAWS()
		p := w.toOutputs()
		p.Paste("AWSRoleARN\tarn:aws:iam::111122223333:role/XopsReadOnly\nTrustAnchorARN\tarn:aws:rolesanywhere:us-east-1:111122223333:trust-anchor/8f1c0001-0000-4000-8000-000000000001\n")
		p.reads("These are of us-east-1, and the home region is eu-west-1.")
		return p
	}},
	{"aws-outputs-agree", func(w *world) *person {
		w.inAWS()
		p := w.toOutputs()
		p.Paste(strings.Join([]string{
			"AWSRoleARN\tarn:aws:iam::111122223333:role/XopsReadOnly",
			"TrustAnchorARN\tarn:aws:rolesanywhere:eu-west-1:111122223333:trust-anchor/8f1c0001-0000-4000-8000-000000000001",
			"ProfileARN\tarn:aws:rolesanywhere:eu-west-1:111122223333:profile/8f1c0001-0000-4000-8000-000000000002",
		}, "\n"))
		p.reads("All three agree")
		return p
	}},
	{"aws-profile", func(w *world) *person {
		w.inAWS()
		p := w.toMethod()
		p.Press("2", "enter")
		p.See("Use my AWS profile", "Environment variables")
		return p
	}},
	{"aws-profile-role", func(w *world) *person {
		w.inAWS()
		p := w.toMethod()
		p.Press("2", "enter")
		p.See("Use my AWS profile", "Environment variables")
		p.Press("enter")
		p.See("External id")
		return p
	}},
	{"aws-apply", func(w *world) *person {
		w.inAWS()
		w.cloud.AWS().SetResourceTime(time.Minute) // the clock stands
		p := w.toPlan()
		p.Press("enter")
		p.reads("CloudFormation is making the trust anchor")
		return p
	}},
	{"aws-apply-taken", func(w *world) *person {
		a := w.inAWS()
		w.portal(a.CreateRole(account.AWSRoleName, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}`))
		p := w.toPlan()
		p.Press("enter")
		p.reads("is not this draft's", "Take everything back")
		return p
	}},
	{"aws-connected", func(w *world) *person { return w.linkedAWS() }},
	{"aws-remove", func(w *world) *person {
		p := w.linkedAWS()
		p.Press("enter")
		p.See("1 connected")
		p.Press("enter")
		p.See("Checked just now.", awsStack)
		p.Press("x")
		p.See("Remove it here and in AWS")
		p.Press("enter")
		p.See("Goes in AWS", "Stays in AWS")
		return p
	}},
	{"aws-rotate", func(w *world) *person {
		p := w.linkedAWS()
		p.Press("enter")
		p.See("1 connected")
		p.Press("r")
		p.See("The link's authority signs a new certificate")
		return p
	}},
	{"aws-rotate-dropped", func(w *world) *person {
		p := w.droppedAWS()
		p.Press("r")
		p.See("A profile of the account updates the stack")
		return p
	}},
}

// droppedAWS is Home with an account whose authority's key was dropped.
func (w *world) droppedAWS() *person {
	w.inAWS()
	p := w.toPlan()
	p.Press("d")
	p.reads("is deleted once it has signed")
	p.Press("enter")
	p.See("Linked. Enter goes on.")
	p.Press("enter")
	p.See("Production is connected")
	p.Press("enter")
	p.See("1 connected")
	return p
}

// TestAWSFromFirstStartToRemoval links, rotates, and removes the account with its
// stack; nothing is left in AWS, and nobody keeps a key.
func TestAWSFromFirstStartToRemoval(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.inAWS()
	p := w.toPlan()
	p.Press("enter")
	p.See("Linked. Enter goes on.")
	p.Press("enter")
	p.See("Production is connected", "arn:aws:iam::111122223333:role/XopsReadOnly")
	p.Press("enter")
	p.See("1 connected")
	p.Press("r")
	p.See("The link's authority signs a new certificate")
	p.Press("enter")
	p.reads("The new key is in use, and the old one is gone.")
	p.Press("enter")
	p.See("1 connected")
	p.Press("enter")
	p.See("Checked just now.", awsStack)
	p.Press("x")
	p.See("Remove it here and in AWS")
	p.Press("enter")
	p.See("Type Production to remove it")
	p.Type("Production")
	p.Press("enter")
	p.See("Environment variables")
	p.Press("enter")
	p.See("Is this the right account?")
	p.Press("enter")
	p.reads("Taken back.")
	p.Press("enter")
	p.See("Which cloud do you want to link first?")
	for _, s := range a.Stacks(awsRegion) {
		if !s.Gone() {
			t.Errorf("left: %s, %s", s.Name, s.Status)
		}
	}
	if n, m := len(a.Roles()), len(a.Anchors(awsRegion)); n+m != 0 {
		t.Errorf("left: %d roles, %d anchors", n, m)
	}
	if accounts, drafts := w.rows(); accounts+drafts != 0 {
		t.Errorf("left: %d accounts, %d drafts", accounts, drafts)
	}
	if ids, err := w.keys.Keys.List(t.Context(), account.Keyring); err != nil || len(ids) != 0 {
		t.Errorf("keys left: %v, %v", ids, err)
	}
}

// TestHomeRotatesNoProfile says of an account by a profile that it has no key, instead
// of opening a page that gives it another.
func TestHomeRotatesNoProfile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.inAWS()
	d := account.Draft{ID: "5f3c1a70-0000-4000-8000-000000000003", Name: "Quick", Provider: account.AWS, Link: account.AWSLink{Type: account.AWSManagement, Account: "111122223333", Region: "eu-west-1", Method: account.ByProfile, Tag: "5f3c1a70", Named: "environment"}}
	if err := w.reg.SaveDraft(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if err := w.reg.Finish(t.Context(), d.Account(today)); err != nil {
		t.Fatal(err)
	}
	p := w.start(80, 24)
	p.See("1 connected", "Quick")
	p.Press("r")
	p.See("Quick is used with a profile and has no key of its own.")
}
