//go:build linux

package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
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

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
	"github.com/axiomio/xops-onboard/internal/simproxy/player"
)

// TestScript runs the scripts of testdata/script: the built program on a machine
// each, against a tenant of its own behind the proxy. They know beside the
// commands of testscript:
//
//	xops [-code N] [-in FILE] [-talk FILE] [-admin NAME] [-interrupt TEXT] ARGS…
//	    run the program; it has to end with that code, else 0. -in: what is on its
//	    standard input, a pipe. -talk: the same as a talk, whose lines are texts to
//	    wait for, answers that begin with >, and portal VERB…
//	    -admin: that person signs in wherever the program asks for it.
//	    -interrupt: told to stop when it has written that
//	[!] portal VERB…     what a person does in the portal (internal/simproxy/player)
//	azure [roles]        subscriptions, over which ada may assign roles; roles there
//	                     for every app
//	aws account|upload FILE|update FILE|outputs|delete
//	                     an AWS account, and what a person does in its console
//	tenant               what is in the tenant, and in AWS; "nothing" for nothing
//	here                 what is kept on the machine; "nothing" for nothing
//	keyring KIND         a session with a keyring: unlocked, locked or none; lock locks it
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

// called is one run of the program.
type called struct {
	code      int
	in        string
	talk      string
	admin     string
	interrupt string
	args      []string
}

// read takes the words of a line apart: our own flags come first.
func read(ts *testscript.TestScript, args []string) (r called) {
	flags := flag.NewFlagSet("xops", flag.ContinueOnError)
	flags.IntVar(&r.code, "code", 0, "")
	for name, to := range map[string]*string{"in": &r.in, "talk": &r.talk, "admin": &r.admin, "interrupt": &r.interrupt} {
		flags.StringVar(to, name, "", "")
	}
	// A flag of the program's own is no flag of ours.
	own := 0
	for own+1 < len(args) && flags.Lookup(strings.TrimPrefix(args[own], "-")) != nil && !strings.HasPrefix(args[own], "--") {
		own += 2
	}
	ts.Check(flags.Parse(args[:own]))
	r.args = args[own:]
	return r
}

// xops runs the program.
func xops(ts *testscript.TestScript, neg bool, args []string) {
	s, r := of(ts), read(ts, args)
	if neg {
		ts.Fatalf("it ends with a code; write xops -code N")
	}
	cmd := exec.Command(binary, r.args...)
	cmd.Dir, cmd.Env = ts.MkAbs("."), s.environment(ts)
	w := &watch{do: map[*regexp.Regexp]func(string) error{}}
	if r.admin != "" {
		w.do[askedFor] = func(what string) error { return s.signsIn(r.admin, what) }
	}
	if r.interrupt != "" {
		w.do[regexp.MustCompile("("+r.interrupt+")")] = func(string) error { return cmd.Process.Signal(os.Interrupt) }
	}
	heard := &lines{t: s.t, more: make(chan struct{}, 1)}
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&copied{w, &out}, heard), io.MultiWriter(&copied{w, &errs}, heard)
	talks := func() {}
	switch {
	case r.in != "":
		cmd.Stdin = strings.NewReader(ts.ReadFile(r.in))
	case r.talk != "":
		in, err := cmd.StdinPipe()
		ts.Check(err)
		heard.in = in
		talks = func() { s.talks(ts, heard, ts.ReadFile(r.talk)); _ = in.Close() }
	}
	ts.Check(cmd.Start())
	late := time.AfterFunc(2*patience, func() { _ = cmd.Process.Kill() })
	talks()
	_ = cmd.Wait()
	_, _ = ts.Stdout().Write(out.Bytes())
	_, _ = ts.Stderr().Write(errs.Bytes())
	if slices.Contains(r.args, "--json") {
		promised(s.t, out.String())
	}
	switch got := cmd.ProcessState.ExitCode(); {
	case !late.Stop():
		ts.Fatalf("it did not end")
	case w.err != nil:
		ts.Fatalf("%v", w.err)
	case got != r.code:
		ts.Fatalf("it ended with %d, want %d\n%s\n%s", got, r.code, out.String(), errs.String())
	}
}

// talks waits for texts, and answers.
func (s *scripted) talks(ts *testscript.TestScript, heard *lines, talk string) {
	for line := range strings.Lines(talk) {
		line = os.Expand(strings.TrimSuffix(line, "\n"), ts.Getenv)
		words := strings.Fields(line)
		if answer, is := strings.CutPrefix(line, ">"); is {
			_, err := io.WriteString(heard.in, strings.TrimPrefix(answer, " ")+"\n")
			ts.Check(err)
		} else if len(words) > 1 && words[0] == "portal" {
			_, err := s.does(ts, words[1:])
			ts.Check(err)
		} else if line != "" {
			heard.see(line)
		}
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
	if len(args) == 0 {
		ts.Fatalf("portal VERB…")
	}
	answer, err := of(ts).does(ts, args)
	if (err != nil) != neg {
		ts.Fatalf("portal: %s, %v", answer, err)
	}
	fmt.Fprintln(ts.Stdout(), answer)
}

// does carries out a verb of the portal. A file that is uploaded may be named by a
// pattern, which one file here or among the downloads has.
func (s *scripted) does(ts *testscript.TestScript, words []string) (string, error) {
	if words[0] == "upload" && len(words) == 3 {
		var found []string
		for _, dir := range []string{ts.MkAbs("."), filepath.Join(s.home, "Downloads")} {
			name := words[2]
			if !filepath.IsAbs(name) {
				name = filepath.Join(dir, name)
			}
			some, err := filepath.Glob(name)
			if err != nil {
				return "", err
			}
			found = append(found, some...)
		}
		if found = slices.Compact(found); len(found) != 1 {
			return "", fmt.Errorf("the files %s are %v, and it takes one", words[2], found)
		}
		words = []string{words[0], words[1], found[0]}
	}
	return s.admin.Carry(words)
}

// onAzure gives the tenant subscriptions, and with roles lets every app read them.
func onAzure(ts *testscript.TestScript, _ bool, args []string) {
	s := of(ts)
	if len(args) == 0 {
		s.inAzure("ada@contoso.com")
		return
	}
	for _, p := range s.tenant.Principals() {
		for _, role := range []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader} {
			s.tenant.AssignAzureRole(s.tenant.RootGroup(), role, p.ID)
		}
	}
}

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
	switch {
	case len(args) == 1 && args[0] == "lock" && s.ring != nil:
		s.ring.Lock()
		return
	case len(args) != 1 || kinds[args[0]] == nil:
		ts.Fatalf("keyring unlocked|locked|none|lock")
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
	m := regexp.MustCompile("(?m)" + args[2]).FindStringSubmatch(ts.ReadFile(args[1]))
	if len(m) != 2 {
		ts.Fatalf("take: nothing matches %s", args[2])
	}
	ts.Setenv(args[0], m[1])
}
