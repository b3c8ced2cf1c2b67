//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy/player"
)

// TestScript runs the scripts of testdata/script: the built program on a machine
// each, against a tenant of its own behind the proxy. They know beside the
// commands of testscript:
//
//	xops [-code N] [-in FILE] [-admin NAME] [-interrupt TEXT] ARGS…
//	    run the program; it has to end with that code, else 0. -in: answers on a
//	    pipe. -admin: that person signs in wherever the program asks for it.
//	    -interrupt: told to stop when it has written that
//	[!] portal VERB…     what a person does in the portal (internal/simproxy/player)
//	azure                subscriptions, over which ada may assign roles
//	aws account|upload FILE|update FILE|outputs|delete
//	                     an AWS account, and what a person does in its console
//	tenant               what is in the tenant, and in AWS; "nothing" for nothing
//	here                 what is kept on the machine; "nothing" for nothing
//	keyring KIND         a session with a keyring: unlocked, locked or none
//	[!] json PATH REGEXP the last line of stdout as JSON has that there
//	take NAME FILE REGEXP  an environment variable from the first group
//
// A machine begins without a keyring and with a file for XOPS_PASSPHRASE_FILE,
// which is $PHRASE; $PROXY is the way to the cloud.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.RunT(scripts{t}, testscript.Params{
		Dir: filepath.Join("testdata", "script"), Setup: scene,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"xops": xops, "portal": inPortal, "azure": onAzure, "aws": onAWS, "tenant": tenant,
			"here": here, "keyring": keyring, "json": lastJSON, "take": take,
		},
	})
}

// scripts gives each script the test that it is.
type scripts struct{ *testing.T }

func (s scripts) Run(name string, f func(testscript.T)) {
	s.T.Run(name, func(t *testing.T) { f(scripts{t}) })
}

func (s scripts) Verbose() bool { return testing.Verbose() }

type machineKey struct{}

// scripted is the machine of a script.
type scripted struct {
	*machine
	admin *player.Player
	aws   *amazon
	opens bool // the session's keyring
}

func of(ts *testscript.TestScript) *scripted { return ts.Value(machineKey{}).(*scripted) }

// scene is the machine before the first line of a script.
func scene(env *testscript.Env) error {
	m := at(env.T().(scripts).T, nil)
	m.tenant.SetReplication(0)
	phrase := filepath.Join(m.home, "phrase")
	if err := os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600); err != nil {
		return err
	}
	env.Values[machineKey{}] = &scripted{machine: m, admin: player.New(m.cloud, m.tenant, m.proxy)}
	env.Vars = append(env.Vars, m.environment()...)
	env.Vars = append(env.Vars, "PHRASE="+phrase, "PROXY="+m.proxy.URL(), "CA="+m.proxy.CAFile(), "TENANT="+m.tenant.ID(), "XOPS_PASSPHRASE_FILE="+phrase)
	return nil
}

// told are the variables that a script may set for the program.
var told = []string{
	"ACCESSIBLE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_REGION", "AWS_SECRET_ACCESS_KEY",
	"BROWSER", "NO_COLOR", "SSH_CONNECTION", "TERM", "XOPS_HOME", "XOPS_PASSPHRASE_FILE",
}

// environment is what the program finds: the machine's, as the script has changed it.
func (s *scripted) environment(ts *testscript.TestScript) (env []string) {
	names := slices.Clone(told)
	for _, v := range s.machine.environment() {
		name, _, _ := strings.Cut(v, "=")
		names = append(names, name)
	}
	for _, n := range names {
		if v := ts.Getenv(n); v != "" {
			env = append(env, n+"="+v)
		}
	}
	return env
}

// xops runs the program.
func xops(ts *testscript.TestScript, neg bool, args []string) {
	s, code, in := of(ts), 0, ""
	w := &watch{do: map[*regexp.Regexp]func(string) error{}}
	cmd := exec.Command(binary)
	for len(args) > 1 && strings.HasPrefix(args[0], "-") {
		switch value := args[1]; args[0] {
		case "-code":
			n, err := strconv.Atoi(value)
			ts.Check(err)
			code = n
		case "-in":
			in = ts.ReadFile(value)
			cmd.Stdin = strings.NewReader(in)
		case "-admin":
			w.do[askedFor] = func(what string) error { return s.signsIn(value, what) }
		case "-interrupt":
			w.do[regexp.MustCompile("()"+value)] = func(string) error { return cmd.Process.Signal(os.Interrupt) }
		default:
			args = append([]string{"", ""}, args...) // a flag of the program's own
		}
		if args[0] == "" {
			args = args[2:]
			break
		}
		args = args[2:]
	}
	if neg {
		ts.Fatalf("it ends with a code; write xops -code N")
	}
	var out, errs bytes.Buffer
	cmd.Args = append(cmd.Args, args...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), s.environment(ts)
	cmd.Stdout, cmd.Stderr = &copied{w, &out}, &copied{w, &errs}
	ts.Check(cmd.Start())
	late := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
	_ = cmd.Wait()
	_, _ = ts.Stdout().Write(out.Bytes())
	_, _ = ts.Stderr().Write(errs.Bytes())
	switch got := cmd.ProcessState.ExitCode(); {
	case !late.Stop():
		ts.Fatalf("it did not end\n%s\n%s", out.String(), errs.String())
	case w.err != nil:
		ts.Fatalf("%v\n%s\n%s", w.err, out.String(), errs.String())
	case got != code:
		ts.Fatalf("it ended with %d, want %d\n%s\n%s", got, code, out.String(), errs.String())
	}
}

// askedFor is a sign-in that the program asks for: a device's code, or a page that
// a browser is to open.
var askedFor = regexp.MustCompile(`(?:"userCode":"|type this code: )([A-Z0-9]+)|(https://[^\s"]+/authorize\?[^\s"]+)`)

// signsIn signs a person in, who consents for everyone.
func (s *scripted) signsIn(who, what string) error {
	b := s.tenant.Browser(who + "@contoso.com")
	b.Consent = simcloud.AcceptForEveryone
	if strings.HasPrefix(what, "https://") {
		_, err := b.Open(s.t.Context(), strings.ReplaceAll(what, `\u0026`, "&"))
		return err
	}
	l, err := b.EnterCode(s.t.Context(), what)
	if err == nil && strings.Contains(l.Shown, "didn't work") {
		err = errors.New(l.Shown)
	}
	return err
}

// watch does something once for each text that a program writes.
type watch struct {
	do   map[*regexp.Regexp]func(string) error
	mu   sync.Mutex
	done []string
	err  error
}

// copied is one of the program's outputs, as it is watched.
type copied struct {
	*watch
	all *bytes.Buffer
}

func (c *copied) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, err := c.all.Write(b)
	for what, do := range c.do {
		for _, m := range what.FindAllStringSubmatch(c.all.String(), -1) {
			text := strings.Join(m[1:], "")
			if slices.Contains(c.done, text) {
				continue
			}
			c.done = append(c.done, text)
			c.err = errors.Join(c.err, do(text))
		}
	}
	return n, err
}

// inPortal is what a person does there.
func inPortal(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts)
	if len(args) == 0 {
		ts.Fatalf("portal VERB…")
	}
	if args[0] == "upload" && len(args) > 2 {
		args[2] = ts.MkAbs(args[2])
	}
	answer, err := s.admin.Carry(args)
	if (err != nil) != neg {
		ts.Fatalf("portal: %s, %v", answer, err)
	}
	fmt.Fprintln(ts.Stdout(), answer)
}

func onAzure(ts *testscript.TestScript, _ bool, _ []string) { of(ts).inAzure("ada@contoso.com") }

// onAWS is what a person does in the console of AWS.
func onAWS(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	if len(args) == 0 {
		ts.Fatalf("aws VERB")
	}
	if args[0] == "account" {
		a := s.inAWS()
		s.aws = &a
		return
	}
	name := ""
	if len(args) > 1 {
		name = strings.TrimSuffix(filepath.Base(args[1]), ".json")
	}
	var err error
	switch args[0] {
	case "upload":
		_, err = s.aws.UploadTemplate(awsRegion, name, ts.ReadFile(args[1]))
	case "update":
		err = s.aws.UpdateTemplate(awsRegion, name, ts.ReadFile(args[1]))
	case "delete":
		err = s.aws.DeleteStack(awsRegion, name)
	case "outputs":
		for key, value := range s.aws.Stacks(awsRegion)[0].Outputs {
			fmt.Fprintln(ts.Stdout(), key, value)
		}
	default:
		ts.Fatalf("aws: there is no %s", args[0])
	}
	ts.Check(err)
}

// tenant writes what is there, and in AWS.
func tenant(ts *testscript.TestScript, _ bool, _ []string) {
	s, lines := of(ts), []string(nil)
	if apps, err := s.admin.Carry([]string{"apps"}); err != nil {
		ts.Fatalf("%v", err)
	} else if apps != "none" {
		lines = append(lines, apps)
	}
	for _, d := range s.tenant.Deleted() {
		lines = append(lines, "deleted "+d.Kind+" "+d.Name)
	}
	for _, a := range s.assigned() {
		lines = append(lines, fmt.Sprintf("azure %s on %s", a.Role, a.Scope))
	}
	if s.aws != nil {
		for _, k := range s.aws.Stacks(awsRegion) {
			if !k.Gone() {
				lines = append(lines, "stack "+k.Name+" "+k.Status)
			}
		}
		for _, r := range s.aws.Roles() {
			lines = append(lines, "role "+r.Name)
		}
	}
	listed(ts, lines)
}

// here writes what the program keeps on the machine: how many accounts, drafts and
// keys, and certificate files and templates.
func here(ts *testscript.TestScript, _ bool, _ []string) {
	s, kept := of(ts), map[string]int{}
	var lines []string
	for path, b := range s.files() {
		if filepath.Ext(path) == ".age" && filepath.Base(path) != "identity.age" {
			kept["keys"]++
		}
		var r struct{ Draft, Account json.RawMessage }
		name, is := strings.CutSuffix(filepath.Base(path), ".json")
		switch {
		case !is || uuid.Validate(name) != nil || filepath.Base(filepath.Dir(path)) != "accounts" || json.Unmarshal(b, &r) != nil:
		case r.Account != nil:
			kept["accounts"]++
		case r.Draft != nil:
			kept["drafts"]++
		}
	}
	if s.opens {
		kept["keys"] += s.keys()
	}
	for _, what := range []string{"accounts", "drafts", "keys"} {
		if kept[what] > 0 {
			lines = append(lines, fmt.Sprintf("%s %d", what, kept[what]))
		}
	}
	for _, dir := range []string{ts.MkAbs("."), filepath.Join(s.home, "Downloads")} {
		for _, form := range []string{"*.cer", "xops360-*.json"} {
			found, err := filepath.Glob(filepath.Join(dir, form))
			ts.Check(err)
			for _, f := range found {
				lines = append(lines, "file "+filepath.Base(f))
			}
		}
	}
	listed(ts, lines)
}

func listed(ts *testscript.TestScript, lines []string) {
	if len(lines) == 0 {
		lines = []string{"nothing"}
	}
	fmt.Fprintln(ts.Stdout(), strings.Join(lines, "\n"))
}

// keyring gives the machine a session.
func keyring(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	kinds := map[string]func(testing.TB) *keyringtest.Session{
		"unlocked": keyringtest.Unlocked, "locked": keyringtest.Locked, "none": keyringtest.NoService,
	}
	if len(args) != 1 || kinds[args[0]] == nil {
		ts.Fatalf("keyring unlocked|locked|none")
	}
	s.ring, s.opens = kinds[args[0]](s.t), args[0] == "unlocked"
	for _, v := range s.machine.environment() {
		name, value, _ := strings.Cut(v, "=")
		ts.Setenv(name, value)
	}
	ts.Setenv("XOPS_PASSPHRASE_FILE", "")
}

// lastJSON looks into the last line of the output.
func lastJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("json PATH REGEXP")
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile("stdout")), "\n")
	last := lines[len(lines)-1]
	var v any
	if err := json.Unmarshal([]byte(last), &v); err != nil {
		ts.Fatalf("no JSON: %v\n%s", err, last)
	}
	for name := range strings.SplitSeq(args[0], ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[name]
		case []any:
			n, err := strconv.Atoi(name)
			if v = nil; err == nil && n < len(x) {
				v = x[n]
			}
		default:
			v = nil
		}
	}
	text := ""
	switch x := v.(type) {
	case nil:
	case string:
		text = x
	default:
		b, err := json.Marshal(x)
		ts.Check(err)
		text = string(b)
	}
	if regexp.MustCompile(args[1]).MatchString(text) == neg {
		ts.Fatalf("json: %s is %q in\n%s", args[0], text, last)
	}
}

// take keeps what a text has.
func take(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("take NAME FILE REGEXP")
	}
	m := regexp.MustCompile(args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) != 2 {
		ts.Fatalf("take: nothing matches %s", args[2])
	}
	ts.Setenv(args[0], m[1])
}
