package cli_test

import (
	"context"
	"crypto"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/cli"
	"github.com/axiomio/xops-onboard/link"
)

// noProfiles is AWS on a machine that has no profile; who is asked for more than
// that fails.
type noProfiles struct{ link.AWS }

func (noProfiles) Profiles(context.Context) ([]account.AWSNamed, error) { return nil, nil }

func (noProfiles) SignIn(_ context.Context, profile string, _ account.AWSRegion) (link.AWSAdministrator, error) {
	return nil, &account.Problem{Kind: account.AWSNoProfile, Subject: profile}
}

// Verify finds that the profile's session cannot be had.
func (noProfiles) Verify(context.Context, account.AWSTarget, crypto.Signer) account.Report {
	denied := &account.Problem{Kind: account.AWSDenied, Subject: "sts:AssumeRole"}
	return account.Report{Provider: account.AWS, Checks: []account.Check{{Name: account.AWSSession, State: account.Missing, Problem: denied}}}
}

// TestAddAWSNotYet writes the checks and the external id of an account that is not
// linked yet: the role's trust policy needs the one, and who looks after it the others.
func TestAddAWSNotYet(t *testing.T) {
	b := newBench(t)
	args := []string{"add", "aws", "--name", "Quick", "--type", "management", "--region", "eu-west-1", "--method", "profile", "--profile", "admin", "--role-arn", "arn:aws:iam::111122223333:role/Audit", "--yes", "--json"}
	code, out, _ := b.call(args...)
	all := objects(t, out)
	last := all[len(all)-1]
	stack, _ := last["aws"].(map[string]any)
	checks, _ := last["checks"].([]any)
	if id, _ := stack["externalId"].(string); code != cli.NotLinked || last["state"] != "failed" || len(id) < 8 || len(checks) == 0 {
		t.Errorf("code %d, %q", code, out)
	}
}

// TestUndoAWSByHand names the stack that somebody may have made of the template, and
// none where there was no template.
func TestUndoAWSByHand(t *testing.T) {
	for name, tt := range map[string]struct {
		way     account.Way
		made    bool
		outputs string
		says    string
	}{
		"template":           {account.ByHand, true, "", "stack xops360-link-5f3c1a70 in region eu-west-1, with the role XopsReadOnly, the trust anchor and the profile, if it was made"},
		"Outputs":            {account.ByHand, true, "xops360-link-5f3c1a70", "stack xops360-link-5f3c1a70 in region eu-west-1"},
		"no template":        {account.ByHand, false, "", ""},
		"automatic, no call": {account.Automatic, true, "", ""},
	} {
		b := newBench(t)
		d := account.Draft{
			ID: manualID, Name: "Production", Provider: account.AWS, Way: tt.way,
			Link: account.AWSLink{Type: account.AWSManagement, Region: "eu-west-1", Method: account.ByCertificate, Tag: "5f3c1a70", Stack: tt.outputs},
		}
		if tt.made {
			d.Keys = []account.Key{{ID: "5f3c1a70-0000-4000-8000-000000000002", Store: account.Keyring, Stored: true, Certificate: account.Certificate{PEM: "PEM"}}}
		}
		b.do(b.registry.SaveDraft(b.t.Context(), d))
		code, out, errs := b.call("undo", "Production", "--yes")
		if code != cli.Done || tt.says == "" && strings.Contains(out, "stack") || !strings.Contains(out, tt.says) {
			t.Errorf("%s: %d, %q, %q", name, code, out, errs)
		}
	}
}

// TestAddAWSWrongUsage says what is wrong with flags, and does nothing.
func TestAddAWSWrongUsage(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		says string
	}{
		"type":             {[]string{"--type", "member"}, "--type: it is management or linked"},
		"method":           {[]string{"--method", "key"}, "--method: it is certificate or profile"},
		"region":           {[]string{"--region", "Ireland"}, "--region: This is not a region."},
		"role":             {[]string{"--method", "profile", "--role-arn", "arn:aws:iam::111122223333:user/x"}, "--role-arn: This ARN is of something else"},
		"role elsewhere":   {[]string{"--name", "P", "--region", "eu-west-1", "--method", "profile", "--role-arn", "arn:aws-cn:iam::111122223333:role/x"}, "--role-arn: This role is of partition aws-cn, and the home region is eu-west-1."},
		"role by itself":   {[]string{"--role-arn", "arn:aws:iam::111122223333:role/x"}, "--role-arn goes with --method profile"},
		"platform":         {[]string{"--platform-principal", "x"}, "--platform-principal: This is not an ARN."},
		"store":            {[]string{"--key-store", "tpm"}, "--key-store: it is keyring or file"},
		"plan alone":       {[]string{"--plan"}, "--plan goes with --automatic"},
		"two ways":         {[]string{"--automatic", "--outputs", "x"}, "--outputs brings back"},
		"profile and CA":   {[]string{"--method", "profile", "--drop-ca"}, "--method profile makes nothing in AWS"},
		"profile and key":  {[]string{"--method", "profile", "--key-store", "file"}, "--key-store and --platform-principal go with a certificate"},
		"late to drop":     {[]string{"--outputs", "-", "--drop-ca"}, "--drop-ca goes with the run that makes the keys"},
		"by hand":          {[]string{"--name", "P", "--type", "management", "--yes", "--profile", "admin"}, "--profile goes with --automatic"},
		"nobody to ask":    {[]string{"--name", "P", "--json"}, "--type, --automatic, or --yes are missing"},
		"no profile named": {[]string{"--name", "P", "--type", "management", "--automatic", "--yes"}, "--profile is missing"},
		"linked first":     {[]string{"--name", "P", "--type", "linked", "--yes"}, "Link the management account first."},
		"not there":        {[]string{"--name", "P", "--type", "management", "--automatic", "--profile", "nobody", "--plan"}, "There is no profile nobody"},
		"no template":      {[]string{"--name", "P", "--type", "management", "--outputs", "-"}, "has no template yet"},
	} {
		b := newBench(t)
		code, out, errs := b.call(append([]string{"add", "aws"}, tt.args...)...)
		if code != cli.WrongUsage || !strings.Contains(errs, tt.says) {
			t.Errorf("%s: code %d, %q %q", name, code, out, errs)
		}
		if c := b.contents(); len(c.Drafts)+len(c.Accounts) != 0 || len(b.keys) != 0 {
			t.Errorf("%s: there are %+v and %d keys", name, c, len(b.keys))
		}
	}
}

// TestAddAWSAsksTheRest opens the screens where a person can be asked, behind what
// the flags told.
func TestAddAWSAsksTheRest(t *testing.T) {
	for want, args := range map[string][]string{
		"cloud":                              {},
		"cloud aws-type":                     {"--type", "management"},
		"cloud aws-type name":                {"--type", "management", "--name", "P"},
		"cloud aws-type name aws-method way": {"--type", "management", "--name", "P", "--automatic"},
	} {
		b := newBench(t)
		b.terminal = true
		code, _, errs := b.call(append([]string{"add", "aws"}, args...)...)
		if code != cli.Done || b.ran == nil || b.ran.Draft == nil {
			t.Errorf("%s: code %d, ran %+v, %q", want, code, b.ran, errs)
			continue
		}
		d := b.ran.Draft
		if got := strings.Join(d.Trail, " "); got != want || d.Provider != account.AWS || len(d.AWS().Tag) != 8 || d.AWS().ExternalID == "" {
			t.Errorf("trail %q, want %q; %+v", got, want, d.Link)
		}
	}
}

// TestAddAWSWhatStands refuses flags that a draft cannot take any more, instead of
// passing them over.
func TestAddAWSWhatStands(t *testing.T) {
	stored := []account.Key{{ID: "5f3c1a70-0000-4000-8000-000000000002", Store: account.Keyring, Stored: true}}
	begun := []account.Entry{{Change: link.TheStack, Begun: time.Now()}}
	for says, tt := range map[string]struct {
		draft account.Draft
		args  []string
	}{
		"the key of P is in the other store already": {account.Draft{Way: account.ByHand, Keys: stored}, []string{"add", "aws", "--name", "P", "--key-store", "file", "--yes"}},
		"P was begun with --automatic":               {account.Draft{Way: account.Automatic}, []string{"add", "aws", "--name", "P", "--outputs", "-"}},
		"--drop-ca: P has begun without it":          {account.Draft{Way: account.Automatic, Journal: begun}, []string{"add", "aws", "--name", "P", "--automatic", "--profile", "admin", "--drop-ca", "--yes"}},
		"--type: P has begun with \"management\"":    {account.Draft{Way: account.Automatic, Journal: begun}, []string{"add", "aws", "--name", "P", "--automatic", "--profile", "admin", "--type", "linked", "--yes"}},
		"--profile goes with --automatic":            {account.Draft{Way: account.ByHand}, []string{"resume", "P", "--profile", "admin", "--yes"}},
	} {
		b := newBench(t)
		d := tt.draft
		d.ID, d.Name, d.Provider = manualID, "P", account.AWS
		d.Link = account.AWSLink{Type: account.AWSManagement, Region: "eu-west-1", Method: account.ByCertificate, Tag: "5f3c1a70"}
		b.do(b.registry.SaveDraft(b.t.Context(), d))
		if code, out, errs := b.call(tt.args...); code != cli.WrongUsage || !strings.Contains(errs, says) {
			t.Errorf("%s: %d, %q %q", says, code, out, errs)
		}
	}
}

// TestAddAWSKeepsWhatItSays says that the draft is kept where it is, and only there.
func TestAddAWSKeepsWhatItSays(t *testing.T) {
	for name, tt := range map[string]struct {
		args []string
		kept bool
	}{
		"no such profile": {[]string{"--automatic", "--profile", "nobody", "--yes"}, true},
		"plan":            {[]string{"--automatic", "--profile", "nobody", "--plan"}, false},
		"no template":     {[]string{"--outputs", "-"}, false},
	} {
		b := newBench(t)
		_, _, errs := b.call(append([]string{"add", "aws", "--name", "P", "--type", "management"}, tt.args...)...)
		if drafts := b.contents().Drafts; len(drafts) == 1 != tt.kept || strings.Contains(errs, "The draft is kept") != tt.kept {
			t.Errorf("%s: %d drafts, %q", name, len(drafts), errs)
		}
	}
}

// TestAddAWSNeverOfAnother refuses a name that an account of another provider has.
func TestAddAWSNeverOfAnother(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now().Add(time.Hour))
	for _, more := range [][]string{{"--yes"}, {"--automatic", "--plan"}} {
		code, out, errs := b.call(append([]string{"add", "aws", "--name", "Contoso", "--type", "management"}, more...)...)
		if code != cli.WrongUsage || !strings.Contains(errs, "Contoso is an account of Microsoft; another account needs another --name") {
			t.Errorf("%v: %d, %q %q", more, code, out, errs)
		}
	}
}

// linkedAWS is an AWS account that is linked, made by the program or by hand.
func (b *bench) linkedAWS(made bool) account.Account {
	b.t.Helper()
	a := account.Account{
		ID: "5f3c1a70-0000-4000-8000-000000000001", Name: "Production", Provider: account.AWS,
		Key:  account.Key{ID: "5f3c1a70-0000-4000-8000-000000000002", Store: account.Keyring, Bits: 256, Stored: true, Certificate: account.Certificate{PEM: "PEM", NotAfter: time.Now().Add(-time.Hour)}},
		Link: account.AWSLink{Type: account.AWSManagement, Account: "111122223333", Region: "eu-west-1", Method: account.ByCertificate, Tag: "5f3c1a70", Stack: "xops360-link-5f3c1a70", File: "/home/ada/xops360-link-5f3c1a70.json"},
	}
	if made {
		a.Made.Stack, a.Made.By = "xops360-link-5f3c1a70", "arn:aws:iam::111122223333:user/ada"
	}
	d := account.Draft{ID: a.ID, Name: a.Name, Provider: a.Provider, Keys: []account.Key{a.Key}, Link: a.Link, Made: a.Made}
	b.do(b.registry.SaveDraft(b.t.Context(), d))
	b.do(b.registry.Finish(b.t.Context(), a))
	b.keys[a.Key.ID] = true
	return a
}

// byProfile is an AWS account that is used with a profile, and has no key.
func (b *bench) byProfile() account.Account {
	b.t.Helper()
	a := account.Account{
		ID: "5f3c1a70-0000-4000-8000-000000000003", Name: "Quick", Provider: account.AWS,
		Link: account.AWSLink{Type: account.AWSManagement, Account: "111122223333", Region: "eu-west-1", Method: account.ByProfile, Tag: "5f3c1a70", Named: "admin", ExternalID: "external-id"},
	}
	b.do(b.registry.SaveDraft(b.t.Context(), account.Draft{ID: a.ID, Name: a.Name, Provider: a.Provider, Link: a.Link}))
	b.do(b.registry.Finish(b.t.Context(), a))
	return a
}

// TestAWSWithoutAKey refuses what is done with a key, and prints the certificate of
// an account that has one.
func TestAWSWithoutAKey(t *testing.T) {
	b := newBench(t)
	b.byProfile()
	for _, args := range [][]string{{"rotate", "Quick"}, {"certificate", "Quick"}, {"certificate", "Quick", "--certificate-out", "-"}, {"move-key", "Quick", "--to", "file"}} {
		code, out, errs := b.call(args...)
		if code != cli.WrongUsage || out != "" || !strings.Contains(errs, "Quick is used with a profile and has no key of its own") || len(b.saved) != 0 {
			t.Errorf("%v: %d, %q %q, saved %v", args, code, out, errs, b.saved)
		}
	}
	b.linkedAWS(false)
	if code, out, _ := b.call("certificate", "Production", "--certificate-out", "-"); code != cli.Done || out != "PEM" {
		t.Errorf("certificate: %d, %q", code, out)
	}
}

// TestRemoveAWS names the stack that stays, and takes a profile where it is to go.
func TestRemoveAWS(t *testing.T) {
	for _, made := range []bool{true, false} {
		b := newBench(t)
		b.linkedAWS(made)
		code, out, errs := b.call("remove", "Production", "--sign-in", "browser", "--yes")
		if code != cli.WrongUsage || !strings.Contains(errs, "of an AWS account it is --profile") {
			t.Errorf("--sign-in: %d, %q %q", code, out, errs)
		}
		code, out, _ = b.call("remove", "Production", "--yes")
		if code != cli.Done || !strings.Contains(out, "stack xops360-link-5f3c1a70 in region eu-west-1") || !strings.Contains(out, "template file") || strings.Contains(out, "app registration") {
			t.Errorf("removed: %d, %q", code, out)
		}
		if c := b.contents(); len(c.Accounts)+len(c.Drafts) != 0 || len(b.keys) != 0 {
			t.Errorf("left: %+v, %d keys", c, len(b.keys))
		}
	}
	b := newBench(t)
	b.linkedAWS(true)
	if code, _, errs := b.call("remove", "Production", "--profile", "nobody", "--yes"); code != cli.WrongUsage || !strings.Contains(errs, "There is no profile nobody") || len(b.contents().Accounts) != 1 {
		t.Errorf("without the profile: %d, %q", code, errs)
	}
}

// TestCredentials refuses what it cannot do, and prints nothing then.
func TestCredentials(t *testing.T) {
	b := newBench(t)
	b.linked("Contoso", time.Now().Add(time.Hour))
	for _, args := range [][]string{{"credentials"}, {"credentials", "nobody"}, {"credentials", "Contoso", "--scope", "mail"}} {
		code, out, errs := b.call(args...)
		if code != cli.WrongUsage || out != "" {
			t.Errorf("%v: %d, %q %q", args, code, out, errs)
		}
	}
}

// TestRotateAWS is by an administrator only where the authority's key is gone, and
// goes on after the leaf has run out; what lists accounts knows them.
func TestRotateAWS(t *testing.T) {
	b := newBench(t)
	b.linkedAWS(true)
	for says, args := range map[string][]string{
		"of an AWS account it is --profile": {"--sign-in", "browser"},
		"what --sign-in or --profile does":  {"--certificate-out", ".", "--profile", "admin"},
		"There is no profile nobody":        {"--profile", "nobody"},
	} {
		if code, _, errs := b.call(append([]string{"rotate", "Production"}, args...)...); code != cli.WrongUsage || !strings.Contains(errs, says) {
			t.Errorf("%v: %d, %q", args, code, errs)
		}
	}
	code, _, errs := b.call("rotate", "Production")
	if code != cli.NotAllowed || !strings.Contains(errs, "its key is not kept any more") || strings.Contains(errs, "has expired") {
		t.Errorf("without its authority's key: %d, %q", code, errs)
	}
	if a, err := b.registry.Account(t.Context(), b.contents().Accounts[0].ID); err != nil || a.Begun() != "" || len(b.keys) != 1 {
		t.Errorf("it left %q and %d keys, %v", a.Begun(), len(b.keys), err)
	}
	_, out, _ := b.call("list")
	if !slices.Contains(strings.Split(out, ", "), "key expired") || !strings.Contains(out, "Production: AWS 111122223333") {
		t.Errorf("listed as %q", out)
	}
}

// TestRotateAWSBeforeItsAuthorityEnds takes an administrator's profile where the
// authority still signs only once it ends soon.
func TestRotateAWSBeforeItsAuthorityEnds(t *testing.T) {
	for left, says := range map[time.Duration]string{
		account.AuthorityExpiring + time.Hour: "takes neither --profile nor --certificate-out",
		account.AuthorityExpiring - time.Hour: "There is no profile nobody",
	} {
		b := newBench(t)
		a := b.linkedAWS(true)
		a.Authority = &account.Key{ID: "5f3c1a70-0000-4000-8000-000000000003", Store: account.Keyring, Bits: 256, Stored: true, Certificate: account.Certificate{PEM: "PEM", NotAfter: time.Now().Add(left)}}
		_, err := b.registry.ChangeAccount(t.Context(), a.ID, func(account.Account) (account.Account, error) { return a, nil })
		b.do(err)
		if code, _, errs := b.call("rotate", "Production", "--profile", "nobody"); code != cli.WrongUsage || !strings.Contains(errs, says) {
			t.Errorf("%v before the end: %d, %q", left, code, errs)
		}
	}
}

// TestResumeAWS goes on with an AWS draft by a profile, and never speaks of a
// tenant.
func TestResumeAWS(t *testing.T) {
	b := newBench(t)
	b.do(b.registry.SaveDraft(b.t.Context(), account.Draft{
		ID: manualID, Name: "Production", Provider: account.AWS, Way: account.Automatic, Trail: []string{"cloud", "aws-type", "name", "aws-method", "way"},
		Link: account.AWSLink{Type: account.AWSManagement, Region: "eu-west-1", Method: account.ByCertificate, Tag: "5f3c1a70"},
	}))
	for says, args := range map[string][]string{
		"--profile":                         {"--yes"},
		"There is no profile nobody":        {"--profile", "nobody", "--yes"},
		"of an AWS account it is --profile": {"--sign-in", "browser", "--yes"},
		"--adopt is for apps of tenants":    {"--adopt", "da3f5dbb-f86c-4f44-98c7-aab0c86cd4b5", "--yes"},
	} {
		code, _, errs := b.call(append([]string{"resume", "Production"}, args...)...)
		if code != cli.WrongUsage || !strings.Contains(errs, says) || strings.Contains(errs, "has no tenant") {
			t.Errorf("%v: %d, %q", args, code, errs)
		}
	}
	b.terminal = true
	if code, _, _ := b.call("resume", "Production"); code != cli.Done || b.ran == nil || b.ran.Draft == nil || b.ran.Draft.Provider != account.AWS {
		t.Errorf("on a terminal: %d, %+v", code, b.ran)
	}
}
