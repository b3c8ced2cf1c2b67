//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud/simaws"
)

const (
	awsNumber = "111122223333"
	awsRegion = "eu-west-1"
)

// amazon is the machine's AWS account, and the secret key of its administrator,
// which is in a profile of the configuration files alone.
type amazon struct {
	*simaws.Account
	secret string
	file   string // that has it
}

// inAWS gives the person a management account and a profile "admin" of it.
func (m *machine) inAWS() amazon {
	m.t.Helper()
	a := m.cloud.AWS().AddAccount(simaws.AccountSpec{Number: awsNumber, Alias: "contoso", Organization: simaws.Management})
	key := a.AddUser("ada", true)
	dir := filepath.Join(m.home, ".aws")
	m.do(os.MkdirAll(dir, 0o700))
	file := filepath.Join(dir, "credentials")
	m.do(os.WriteFile(file, []byte("[admin]\naws_access_key_id = "+key.ID+"\naws_secret_access_key = "+key.Secret+"\nregion = "+awsRegion+"\n"), 0o600))
	return amazon{a, key.Secret, file}
}

// empty holds that nothing of ours is left in the account.
func (m *machine) empty(a amazon) {
	m.t.Helper()
	for _, s := range a.Stacks(awsRegion) {
		if !s.Gone() {
			m.t.Errorf("left: stack %s, %s", s.Name, s.Status)
		}
	}
	if r, n, p := a.Roles(), a.Anchors(awsRegion), a.Profiles(awsRegion); len(r)+len(n)+len(p) != 0 {
		m.t.Errorf("left: %d roles, %d trust anchors, %d profiles", len(r), len(n), len(p))
	}
}

// quiet holds that no file but the person's own has the administrator's secret, an
// access key of a session, or a private key.
func (m *machine) quiet(a amazon, keys [][]byte) {
	m.t.Helper()
	for path, b := range m.files() {
		if path == a.file || strings.HasSuffix(path, ".keyring") {
			continue
		}
		if bytes.Contains(b, []byte(a.secret)) {
			m.t.Errorf("%s has the administrator's secret in it", path)
		}
		if bytes.Contains(b, []byte("ASIA")) {
			m.t.Errorf("%s has the key of a session in it", path)
		}
		m.clean(path, b, keys)
	}
}

// curves are the private keys of the keyring in the forms in which they could lie
// about.
func (m *machine) curves() (all [][]byte) {
	m.t.Helper()
	cmd := exec.Command("secret-tool", "search", "--all", "service", "xops-onboard")
	cmd.Env = m.environment()
	out, err := cmd.Output()
	m.do(err)
	for line := range strings.Lines(string(out)) {
		value, is := strings.CutPrefix(strings.TrimSpace(line), "secret = ")
		if !is {
			continue
		}
		parts := strings.Split(value, ".")
		if len(parts) != 4 || parts[0] != "xops2" || parts[1] != "ec" {
			m.t.Fatalf("the keyring's value has another form: %d parts", len(parts))
		}
		der, err := base64.RawURLEncoding.DecodeString(parts[3])
		m.do(err)
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		m.do(err)
		raw, err := parsed.(*ecdsa.PrivateKey).Bytes()
		m.do(err)
		all = append(all, []byte(parts[3][:64]), raw, []byte(hex.EncodeToString(raw)), []byte(base64.StdEncoding.EncodeToString(raw)))
	}
	if len(all) == 0 {
		m.t.Fatal("the keyring has no key")
	}
	return all
}

// toAWS goes from the first page to how the account is to be read.
func (m *machine) toAWS(s *ptytest.Screen) {
	m.t.Helper()
	s.See("Which cloud do you want to link first?")
	s.Press("1", "enter")
	s.See("Select AWS Account Type")
	s.Press("enter")
	s.See("Name and home region", "us-east-1")
	s.Type("Production")
	s.Press("tab")
	s.Press("ctrl+u")
	s.Type(awsRegion)
	s.Press("enter")
	s.See("How is the account to be read?")
	s.Press("enter")
	s.SeeWithin(patience, "The keyring is ready")
}

// TestAWSByHand is from the first start to Connected with a template that is
// uploaded in the console, and Home at the next start.
func TestAWSByHand(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	opened := m.browser()
	a := m.inAWS()
	s := m.start()
	m.toAWS(s)
	s.Press("2", "enter")
	s.See("Nothing is made yet.")
	s.Press("enter")
	s.SeeWithin(patience, "template written")
	s.Press("enter")
	s.See("Create the stack", "Upload a template file")
	s.Press("o")
	s.See("Opened in your browser")
	if want := "https://eu-west-1.console.aws.amazon.com/cloudformation/home?region=eu-west-1#/stacks/create"; strings.TrimSpace(opened()) != want {
		t.Errorf("opened %q, want %q", opened(), want)
	}
	files, err := filepath.Glob(filepath.Join(m.home, "Downloads", "xops360-link-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("templates %v, %v", files, err)
	}
	template, err := os.ReadFile(files[0])
	m.do(err)
	name := strings.TrimSuffix(filepath.Base(files[0]), ".json")
	_, err = a.UploadTemplate(awsRegion, name, string(template))
	m.do(err)
	s.Press("enter")
	s.See("Bring back the Outputs")
	table := "Key\tValue\n"
	for key, value := range a.Stacks(awsRegion)[0].Outputs {
		table += key + "\t" + value + "\n"
	}
	s.Paste(table)
	s.See("All three agree")
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Production is connected", "arn:aws:iam::111122223333:role/XopsReadOnly")
	keys := m.curves()
	m.clean("argv or environment", process(strconv.Itoa(s.PID()), "cmdline", "environ"), keys)
	s.Press("enter")
	s.See("Home", "1 connected")
	s.Press("ctrl+c")
	s.Restored()
	again := m.start()
	again.See("Home", "Production")
	again.Press("ctrl+c")
	again.Restored()
	if n := m.keys(); n != 2 {
		t.Errorf("%d items in the keyring, want 2", n)
	}
	m.quiet(a, keys)
	m.clean("what was drawn", s.Recording(), keys)
}

// TestAWSAutomatic is one profile that is used once; the credentials of the account
// are taken by an AWS SDK, and its removal leaves nothing.
func TestAWSAutomatic(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	a := m.inAWS()
	s := m.start()
	m.toAWS(s)
	s.Press("1", "enter")
	s.See("admin, access key, eu-west-1")
	s.Press("enter")
	s.SeeWithin(patience, "Is this the right account?", "1111-2222-3333", "contoso")
	s.Press("enter")
	s.SeeWithin(patience, "1 stack. Enter creates it", "SHA-256")
	m.empty(a)
	s.Press("enter")
	s.SeeWithin(patience, "Linked. Enter goes on.")
	s.Press("enter")
	s.See("Production is connected")
	keys := m.curves()
	s.Press("enter")
	s.See("1 connected")
	s.Press("ctrl+c")
	s.Restored()

	m.takenBySDK()
	m.quiet(a, keys)

	m.silent("rotate", "Production")
	m.silent("verify", "Production")
	m.silent("remove", "Production", "--profile", "admin", "--yes")
	m.empty(a)
	if n := m.keys(); n != 0 {
		t.Errorf("%d items in the keyring, want none", n)
	}
	m.quiet(a, keys)
}

// takenBySDK has the AWS SDK take the account's credentials from the program as a
// credential_process, and ask AWS who that is.
func (m *machine) takenBySDK() {
	m.t.Helper()
	process := processcreds.NewProviderCommand(processcreds.NewCommandBuilderFunc(func(ctx context.Context) (*exec.Cmd, error) {
		cmd := m.command("credentials", "Production")
		return cmd, nil
	}))
	got, err := process.Retrieve(m.t.Context())
	if err != nil {
		m.t.Fatalf("the SDK does not take them: %v", err)
	}
	if left := time.Until(got.Expires); !got.CanExpire || left < 50*time.Minute || left > time.Hour {
		m.t.Errorf("they end in %v", left)
	}
	client := sts.New(sts.Options{
		Region: awsRegion, HTTPClient: m.cloud.Client(),
		Credentials: sdk.CredentialsProviderFunc(func(context.Context) (sdk.Credentials, error) { return got, nil }),
	})
	who, err := client.GetCallerIdentity(m.t.Context(), nil)
	if err != nil || !strings.HasPrefix(sdk.ToString(who.Arn), "arn:aws:sts::111122223333:assumed-role/XopsReadOnly/") {
		m.t.Errorf("they are whose? %+v, %v", who, err)
	}
}

// silent runs a command that has to end well.
func (m *machine) silent(args ...string) {
	m.t.Helper()
	if out, err := m.command(args...).CombinedOutput(); err != nil {
		m.t.Errorf("%v: %v\n%s", args, err, out)
	}
}

// TestAWSCommands links on the command line, and says what it will not do.
func TestAWSCommands(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	a := m.inAWS()
	whole := []string{"add", "aws", "--automatic", "--name", "Production", "--type", "management", "--region", awsRegion, "--profile", "admin", "--json"}

	var elsewhere atomic.Int64
	trap := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer trap.Close()
	m.extra = append(m.extra, "AWS_ENDPOINT_URL="+trap.URL)
	out, err := m.command(append(whole, "--yes")...).Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), `"kind":"aws-endpoint"`) || elsewhere.Load() != 0 {
		t.Errorf("with AWS_ENDPOINT_URL: %v, %d calls elsewhere\n%s", err, elsewhere.Load(), out)
	}
	if n := len(m.cloud.AWS().Sessions()); n != 0 {
		t.Errorf("%d sessions before any call was to be made", n)
	}
	m.extra = m.extra[:len(m.extra)-1]

	out, err = m.command(append(whole, "--plan")...).Output()
	m.do(err)
	if !strings.Contains(string(out), `"state":"planned"`) || !strings.Contains(string(out), "made with the keys") {
		t.Errorf("the plan: %s", out)
	}
	m.empty(a)

	out, err = m.command(append(whole, "--yes")...).Output()
	m.do(err)
	var last struct {
		State   string
		Account struct {
			AWS struct{ Account, Stack string }
		}
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	m.do(json.Unmarshal([]byte(lines[len(lines)-1]), &last))
	if last.State != "linked" || last.Account.AWS.Account != awsNumber || !strings.HasPrefix(last.Account.AWS.Stack, "xops360-link-") {
		t.Errorf("linked as %+v", last)
	}

	terminal := ptytest.Start(t, m.command("credentials", "Production"), 80, 24)
	if code := terminal.ExitCode(); code != 2 {
		t.Errorf("to a terminal it ends with %d", code)
	}
	if strings.Contains(terminal.Text(), "SecretAccessKey") || !strings.Contains(terminal.Text(), "--show") {
		t.Errorf("to a terminal it says\n%s", terminal.Text())
	}
	shown := ptytest.Start(t, m.command("credentials", "Production", "--show"), 80, 24)
	if code := shown.ExitCode(); code != 0 || !strings.Contains(shown.Text(), "SecretAccessKey") {
		t.Errorf("with --show: %d\n%s", code, shown.Text())
	}
	m.silent("remove", "Production", "--profile", "admin", "--yes")
	m.empty(a)
}

// TestAWSDroppedAuthority rotates an account whose authority's key was dropped: by
// a profile that updates the stack, and by a person who does with the template.
func TestAWSDroppedAuthority(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	a := m.inAWS()
	m.silent("add", "aws", "--automatic", "--name", "Production", "--type", "management", "--region", awsRegion, "--profile", "admin", "--drop-ca", "--yes")
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want the leaf's alone", n)
	}
	out, err := m.command("rotate", "Production").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "Go on with --profile or --certificate-out") || m.keys() != 1 {
		t.Errorf("without an administrator: %v, %d keys\n%s", err, m.keys(), out)
	}
	m.silent("rotate", "Production", "--profile", "admin")
	m.silent("verify", "Production")
	if s := a.Stacks(awsRegion)[0]; s.Status != "UPDATE_COMPLETE" || m.keys() != 1 {
		t.Errorf("the stack is %s, %d keys", s.Status, m.keys())
	}

	out, err = m.command("rotate", "Production", "--certificate-out", ".").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 3 || !strings.Contains(string(out), "Update the stack xops360-link-") {
		t.Errorf("%v\n%s", err, out)
	}
	m.silent("verify", "Production") // the old key
	files, err := filepath.Glob(filepath.Join(m.home, "work", "xops360-link-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("templates %v, %v\n%s", files, err, out)
	}
	template, err := os.ReadFile(files[0])
	m.do(err)
	m.do(a.UpdateTemplate(awsRegion, strings.TrimSuffix(filepath.Base(files[0]), ".json"), string(template)))
	m.silent("rotate", "Production")
	m.silent("verify", "Production")
	if n := m.keys(); n != 1 {
		t.Errorf("%d items in the keyring, want the leaf's alone", n)
	}
	m.silent("remove", "Production", "--profile", "admin", "--yes")
	m.empty(a)
}

// TestAWSOutputsCommand is by hand on the command line: a template, and the Outputs
// of the stack that somebody made of it.
func TestAWSOutputsCommand(t *testing.T) {
	t.Parallel()
	m := at(t, keyringtest.Unlocked(t))
	a := m.inAWS()
	cmd := m.command("add", "aws", "--name", "Production", "--type", "management", "--region", awsRegion, "--yes")
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 3 {
		t.Fatalf("%v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(m.home, "work", "xops360-link-*.json"))
	if err != nil || len(files) != 1 {
		t.Fatalf("templates %v, %v\n%s", files, err, out)
	}
	template, err := os.ReadFile(files[0])
	m.do(err)
	name := strings.TrimSuffix(filepath.Base(files[0]), ".json")
	_, err = a.UploadTemplate(awsRegion, name, string(template))
	m.do(err)
	var outputs strings.Builder
	for key, value := range a.Stacks(awsRegion)[0].Outputs {
		outputs.WriteString(key + " " + value + "\n")
	}
	cmd = m.command("add", "aws", "--name", "Production", "--outputs", "-")
	cmd.Stdin = strings.NewReader(outputs.String())
	out, err = cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Production is connected.") {
		t.Fatalf("%v\n%s", err, out)
	}
	// What a person made stays, and is named.
	out, err = m.command("remove", "Production", "--yes").CombinedOutput()
	if err != nil || !strings.Contains(string(out), name) {
		t.Errorf("%v\n%s", err, out)
	}
	if n := len(a.Roles()); n != 1 {
		t.Errorf("%d roles, want the one that a person made", n)
	}
	m.do(a.DeleteStack(awsRegion, name))
	m.empty(a)
}
