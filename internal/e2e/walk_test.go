//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
	"github.com/axiomio/xops-onboard/internal/ptytest"
	"github.com/axiomio/xops-onboard/internal/simcloud"
)

var (
	walks    = flag.Int("walks", 0, "how many walks of new seeds TestWalks makes besides those of its list")
	walkSeed = flag.Uint64("walk-seed", 0, "the seed of the only walk that TestWalks makes")
)

// seeds are walks that are always made. Those with a comment found something.
var seeds = []uint64{
	1, 2, 3, 4,
	3090334, // a signal was lost while a text was about to be shown on the normal screen
}

// TestWalks has somebody use the program at random, screens and commands, while
// the network is bad, the administrator does things in the portal, and the process is
// killed. After each run what has to hold is read by other means; in the end
// everything is finished or taken back, and nothing is left over. The seed of a
// walk that fails is printed with what it did.
func TestWalks(t *testing.T) {
	t.Parallel()
	all := seeds
	if *walkSeed != 0 {
		all = []uint64{*walkSeed}
	}
	for range *walks {
		all = append(all, rand.Uint64()>>40)
	}
	var told faultCount
	t.Cleanup(func() { told.tell(t, "walk") })
	for _, seed := range all {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			t.Cleanup(func() { told.add("a random walk", "all", t.Failed()) })
			walkOf(t, seed)
		})
	}
}

func walkOf(t *testing.T, seed uint64) {
	m := at(t, keyringtest.Unlocked(t))
	w := &walk{machine: m, r: rand.New(rand.NewPCG(seed, 7)), left: map[string]bool{}, typed: map[string]bool{}, secrets: map[string]string{}}
	defer func() {
		if t.Failed() || testing.Verbose() {
			t.Logf("walk of seed %d:\n%s", seed, strings.Join(w.steps, "\n"))
		}
	}()
	m.tenant.SetReplication(0)
	w.upn = m.admin(simcloud.GlobalAdministrator)
	w.opened = m.browser()
	m.inAzure(w.upn)
	w.amazon = m.inAWS()
	phrase := filepath.Join(m.home, "phrase")
	m.do(os.WriteFile(phrase, []byte("correct horse battery staple\n"), 0o600))
	m.extra = append(m.extra, "XOPS_PASSPHRASE_FILE="+phrase)
	if w.r.IntN(2) == 0 { // with a good network, so that there is something to live with
		w.command(w.adds(names[0])...)
	}
	for range 4 + w.r.IntN(4) {
		w.between()
		if w.r.IntN(100) < 55 {
			w.command(w.commandLine()...)
		} else {
			w.screens()
		}
		w.holds()
		if t.Failed() {
			return
		}
	}
	w.settle()
}

// walk is one person's way through the program.
type walk struct {
	*machine
	amazon
	r       *rand.Rand
	steps   []string
	upn     string
	opened  func() string
	typed   map[string]bool   // codes and pages of a sign-in that the administrator saw
	left    map[string]bool   // apps and stacks that a removal left where they were
	secrets map[string]string // private keys that were in the keyring at any time
	killed  bool              // the screens that ran last
}

func (w *walk) step(format string, args ...any) {
	w.steps = append(w.steps, fmt.Sprintf(format, args...))
}

func (w *walk) fails(format string, args ...any) {
	w.t.Helper()
	w.t.Errorf(format, args...)
}

// one of them.
func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// between two runs, and in them, the network changes and the administrator does
// something.
func (w *walk) between() {
	switch n := w.r.IntN(10); {
	case n < 4:
		w.cloud.ClearFaults()
		w.step("  the network is good")
	case n < 7:
		w.trouble()
	case n < 9:
		w.portal()
	}
}

// trouble is something that happens to one of the next calls of the product.
func (w *walk) trouble() {
	later, times := int64(w.r.IntN(30)), 1+w.r.IntN(3)
	f := one(w.r,
		simcloud.Fault{Status: 503}, simcloud.Fault{Status: 429, RetryAfter: "1"}, simcloud.Fault{Drop: simcloud.Before}, simcloud.Fault{Drop: simcloud.After},
		simcloud.Fault{HTML: true}, simcloud.Fault{Latency: 300 * time.Millisecond}, simcloud.Fault{Latency: 8 * time.Second}, simcloud.Fault{Status: 500},
	)
	var seen atomic.Int64
	f.Times = times
	f.Match = func(r *http.Request) bool { return !simcloud.ByPerson(r) && seen.Add(1) > later }
	w.cloud.Inject(f)
	w.step("  trouble after %d calls, %d times: status %d, lost %d, page %v, late %v", later, times, f.Status, f.Drop, f.HTML, f.Latency)
}

// portal is something that the administrator does there, as somebody who follows
// what the screens say, or changes their mind.
func (w *walk) portal() {
	what := one(w.r, "upload", "upload", "role", "role", "consent", "consent", "azure", "stack", "stack", "revoke", "unrole", "secret")
	w.step("  in the portal: %s: %v", what, w.act(what))
}

func (w *walk) act(what string) error {
	apps := w.tenant.Apps()
	if len(apps) == 0 && what != "stack" {
		return nil
	}
	var app simcloud.AppState
	if len(apps) > 0 {
		app = one(w.r, apps...)
		for _, a := range apps { // the one that a screen is about, mostly
			if a.ClientID == w.client && w.r.IntN(4) > 0 {
				app = a
			}
		}
	}
	switch what {
	case "upload":
		return w.uploads(app)
	case "role":
		return w.tenant.AssignGlobalReader(app.ClientID)
	case "unrole":
		return w.tenant.RemoveGlobalReader(app.ClientID)
	case "consent":
		if err := w.tenant.AddPermission(app.ClientID, simcloud.Application, "AccessReview.Read.All"); err != nil {
			return err
		}
		return w.tenant.GrantConsent(app.ClientID)
	case "revoke":
		return w.tenant.RevokeConsent(app.ClientID)
	case "secret":
		return w.tenant.AddSecret(app.ClientID, "of another team")
	case "azure":
		return w.assigns(app)
	}
	return w.stacks()
}

// uploads uploads the newest certificate that lies there, to an app that a person made.
func (w *walk) uploads(a simcloud.AppState) error {
	files := w.certificates()
	if len(files) == 0 || a.UniqueName != "" {
		return nil
	}
	slices.SortFunc(files, func(x, y string) int {
		i, _ := os.Stat(x)
		j, _ := os.Stat(y)
		return i.ModTime().Compare(j.ModTime())
	})
	pem, err := os.ReadFile(files[len(files)-1])
	if err != nil {
		return err
	}
	return w.tenant.Upload(a.ClientID, pem)
}

// assigns assigns the roles in Azure that a person's app needs.
func (w *walk) assigns(a simcloud.AppState) error {
	if a.UniqueName != "" || a.PrincipalID == "" {
		return nil
	}
	for _, have := range w.tenant.AzureAssignments() {
		if have.Principal == a.PrincipalID {
			return nil
		}
	}
	for _, role := range []account.AzureRole{account.AzureReader, account.AzureKeyVaultReader} {
		w.tenant.AssignAzureRole(w.tenant.RootGroup(), role, a.PrincipalID)
	}
	return nil
}

// stacks makes the stack of a template that lies there, or updates it.
func (w *walk) stacks() error {
	for _, dir := range []string{"Downloads", "work"} {
		files, _ := filepath.Glob(filepath.Join(w.home, dir, "xops360-link-*.json"))
		for _, file := range files {
			template, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			name := strings.TrimSuffix(filepath.Base(file), ".json")
			if _, err := w.UploadTemplate(awsRegion, name, string(template)); err == nil {
				w.left[name] = true // what a person made stays
				return nil
			}
		}
	}
	return nil
}

var names = []string{"Contoso", "Northwind", "Fabrikam O'Neil", "Adatum"}

// commandLine is a command that somebody may type.
func (w *walk) commandLine() []string {
	known := w.ledger().records
	name, other := one(w.r, names...), one(w.r, names...)
	if len(known) > 0 && w.r.IntN(10) > 0 {
		name = one(w.r, known...).Name
	}
	signed := one(w.r, []string{"--sign-in", "device-code"}, []string{"--sign-in", "browser"}, []string{"--profile", "admin"}, nil)
	if e := w.named(name); e.Provider == "aws" && w.r.IntN(6) > 0 {
		signed = one(w.r, []string{"--profile", "admin"}, nil)
	} else if w.r.IntN(6) > 0 {
		signed = []string{"--sign-in", one(w.r, "device-code", "browser")}
	}
	with := func(args ...string) []string { return append(append(args, signed...), "--json") }
	if len(known) == 0 || len(known) < 3 && w.r.IntN(3) == 0 {
		return w.adds(other)
	}
	return one(w.r,
		[]string{"list", "--json"}, []string{"drafts", "--json"}, []string{"verify", "--all", "--json"}, []string{"verify", name, "--json"},
		[]string{"rotate", name, "--json"}, []string{"rotate", name, "--json"}, with("rotate", name), []string{"rotate", "--due", "200d", "--json"},
		[]string{"rename", name, other, "--json"}, []string{"certificate", name, "--certificate-out", "-"},
		[]string{"move-key", name, "--to", "file", "--json"}, []string{"move-key", name, "--to", "keyring", "--json"},
		with("resume", name, "--yes"), with("resume", name, "--yes"), with("undo", name, "--yes"),
		[]string{"resume", name, "--yes", "--json"}, []string{"undo", name, "--yes", "--json"},
		with("remove", name, "--yes"), []string{"remove", name, "--yes", "--json"}, []string{"credentials", name, "--scope", "graph"},
	)
}

// adds is a command that links an account.
func (w *walk) adds(name string) []string {
	microsoft := []string{"add", "microsoft", "--automatic", "--name", name, "--tenant", "contoso.com", "--sign-in", "browser", "--yes", "--json"}
	aws := []string{"add", "aws", "--automatic", "--name", name, "--type", "management", "--region", awsRegion, "--profile", "admin", "--yes", "--json"}
	return one(w.r, microsoft, microsoft, aws,
		[]string{"add", "azure", "--automatic", "--name", name, "--tenant", "contoso.com", "--sign-in", "device-code", "--yes", "--json"},
		[]string{"add", "microsoft", "--name", name, "--tenant", "contoso.com", "--client", w.registered(), "--yes", "--json"},
		[]string{"add", "aws", "--name", name, "--type", "management", "--region", awsRegion, "--yes", "--json"},
		append(slices.Clone(aws), "--drop-ca"), append(slices.Clone(microsoft), "--plan"),
	)
}

func (w *walk) registered() string {
	w.client = w.tenant.Register("Xops 360 - by hand").ClientID
	return w.client
}

func (w *walk) named(name string) entry {
	for _, e := range w.ledger().records {
		if e.Name == name {
			return e
		}
	}
	return entry{}
}

// The times a run may take: a busy machine, a call that is late, and what the program
// says it holds its end for.
const (
	runLimit = 40 * time.Second
	endLimit = 30 * time.Second
)

// command runs a command, to its end or until it is killed or told to stop.
func (w *walk) command(args ...string) {
	w.t.Helper()
	end, sig := runLimit, os.Signal(os.Interrupt)
	if w.r.IntN(3) == 0 {
		end, sig = time.Duration(w.r.IntN(1500))*time.Millisecond, one[os.Signal](w.r, syscall.SIGKILL, syscall.SIGKILL, os.Interrupt, syscall.SIGTERM)
	}
	w.note(args)
	code, out := w.run(end, sig, args...)
	w.step("%s: %d", strings.Join(args, " "), code)
	if !slices.Contains([]int{-1, 0, 1, 2, 3, 4, 5, 6, 130}, code) {
		w.fails("%v ended with %d\n%s", args, code, out)
	}
}

// note remembers what a removal leaves: without a sign-in what is in the cloud stays.
func (w *walk) note(args []string) {
	if args[0] != "remove" || slices.Contains(args, "--sign-in") || slices.Contains(args, "--profile") {
		return
	}
	w.leaves(w.named(args[1]))
}

func (w *walk) leaves(e entry) {
	w.left[e.client()] = true
	if e.AWS != nil {
		w.left["xops360-link-"+e.AWS.Tag] = true
	}
}

// run runs a command whose sign-ins an administrator answers.
func (w *walk) run(end time.Duration, sig os.Signal, args ...string) (code int, out []byte) {
	w.t.Helper()
	cmd := w.machine.command(args...)
	var both output
	cmd.Stdout, cmd.Stderr = &both, &both
	w.do(cmd.Start())
	over := make(chan struct{})
	go func() { _ = cmd.Wait(); close(over) }()
	late, look := time.After(end), time.NewTicker(20*time.Millisecond)
	defer look.Stop()
	told := false
	for {
		select {
		case <-over:
			if out = both.all(); trouble(out) {
				w.fails("%v fell over:\n%s", args, out)
			}
			w.drawn(strings.Join(args, " "), out)
			return cmd.ProcessState.ExitCode(), out
		case <-look.C:
			w.answers(string(both.all()))
		case <-late:
			if told {
				_ = cmd.Process.Signal(syscall.SIGQUIT) // with all its goroutines
				<-over
				w.fails("%v does not end %v after %v\n%s", args, endLimit, sig, both.all())
				return -1, both.all()
			}
			told, late = true, time.After(endLimit)
			w.step("  %v after %v", sig, end)
			_ = cmd.Process.Signal(sig)
		}
	}
}

// answers has the administrator sign in where the text asks for it.
func (w *walk) answers(text string) {
	for _, prompt := range append(between(text, `"userCode":"`, `"`), between(text, `"url":"`, `"`)...) {
		prompt = strings.ReplaceAll(prompt, `\u0026`, "&")
		if w.typed[prompt] {
			continue
		}
		w.typed[prompt] = true
		ada := w.tenant.Browser(w.upn)
		ada.Consent = simcloud.AcceptForEveryone
		ctx, cancel := context.WithTimeout(w.t.Context(), endLimit)
		// The program may be killed meanwhile, or the page be a fault's.
		if strings.HasPrefix(prompt, "https://login.") {
			_, _ = ada.Open(ctx, prompt)
		} else if len(prompt) == 9 {
			_, _ = ada.EnterCode(ctx, prompt)
		}
		cancel()
	}
}

// between are the texts between two marks.
func between(text, from, to string) (all []string) {
	for _, part := range strings.Split(text, from)[1:] {
		if found, _, ends := strings.Cut(part, to); ends {
			all = append(all, found)
		}
	}
	return all
}

// output is what a command wrote so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) all() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.b.Bytes())
}

// fallen is what a program says from where it fell over.
func fallen(b []byte) string {
	at := slices.MinFunc(marks, func(x, y string) int { return last(b, x) - last(b, y) })
	return string(b[last(b, at):])
}

func last(b []byte, mark string) int {
	if i := bytes.Index(b, []byte(mark)); i >= 0 {
		return i
	}
	return len(b)
}

// marks are what a Go program that falls over has in its last words.
var marks = []string{"panic", "goroutine ", "runtime error", "DATA RACE"}

// trouble tells whether a program says that it fell over.
func trouble(b []byte) bool {
	return slices.ContainsFunc(marks, func(s string) bool { return bytes.Contains(b, []byte(s)) })
}

// drawn holds that what was written has no piece of a key in it.
func (w *walk) drawn(what string, b []byte) {
	for _, s := range lying(w.secrets) {
		if bytes.Contains(b, s) {
			w.fails("%s has %d bytes of a private key in it", what, len(s))
		}
	}
}

// holds reads what is there, and holds what has to be so at any time.
func (w *walk) holds() {
	w.t.Helper()
	l := w.ledger()
	for id, v := range l.ring {
		w.secrets[id] = v
	}
	l.owned(w.fails)
	l.single(w.tenant.Apps(), w.tenant.Principals(), w.assigned(), w.left, w.fails)
	w.stacked(l)
	secrets := lying(w.secrets)
	for path, b := range w.files() {
		w.clean(path, b, secrets)
		if path != w.file && bytes.Contains(b, []byte(w.secret)) {
			w.fails("%s has the administrator's secret in it", path)
		}
	}
}

// stacked holds that each stack has an owner here, and each trust anchor a stack.
func (w *walk) stacked(l ledger) {
	w.t.Helper()
	n := 0
	for _, s := range w.Stacks(awsRegion) {
		if s.Gone() {
			continue
		}
		n++
		if !w.left[s.Name] && !slices.ContainsFunc(l.records, func(e entry) bool { return e.AWS != nil && "xops360-link-"+e.AWS.Tag == s.Name }) {
			w.fails("nobody here knows of the stack %s, %s", s.Name, s.Status)
		}
	}
	if a := len(w.Anchors(awsRegion)); a > n {
		w.fails("%d trust anchors of %d stacks", a, n)
	}
}

// screens uses the screens for a while.
func (w *walk) screens() {
	w.t.Helper()
	before := w.ledger().records
	w.step("screens, with %d accounts and drafts", len(before))
	s := w.start()
	w.killed = false
	w.begins(s, len(before) > 0)
	for range 10 + w.r.IntN(30) {
		if w.over(s) {
			break
		}
		w.presses(s)
		w.quiet(s)
	}
	w.leave(s)
	now := w.ledger().records
	for _, e := range before { // the screens offer to leave what is in the cloud
		if !slices.ContainsFunc(now, func(x entry) bool { return x.ID == e.ID }) {
			w.leaves(e)
		}
	}
}

func (w *walk) over(s *ptytest.Screen) bool {
	select {
	case <-s.Over():
		return true
	default:
		return false
	}
}

// begins waits for the first page, which is the cloud selection only where nothing is there.
func (w *walk) begins(s *ptytest.Screen, known bool) {
	w.t.Helper()
	const selection = "Which cloud do you want to link first?"
	s.SeeWithin(patience, "Xops 360")
	w.quiet(s)
	if is := strings.Contains(s.Text(), selection); is == known {
		w.fails("with records here: %v, the first page is\n%s", known, s.Picture())
	}
}

// quiet waits until the screen has been the same for a moment, as somebody does who
// reads; not for long, as some things turn.
func (w *walk) quiet(s *ptytest.Screen) {
	was, same, look := "", 0, time.NewTicker(15*time.Millisecond)
	defer look.Stop()
	for range 20 {
		select {
		case <-s.Over():
			return
		case <-look.C:
		}
		if now := s.Text(); now != was {
			was, same = now, 0
		} else if same++; same == 3 {
			return
		}
	}
}

// leave ends the screens, in one of the ways in which they end.
func (w *walk) leave(s *ptytest.Screen) {
	w.t.Helper()
	how := one(w.r, "ctrl+c", "ctrl+c", "kill", "kill", "terminate", "hang up", "interrupt")
	w.step("  ends by %s", how)
	switch how {
	case "kill":
		w.kills(s)
	case "terminate":
		s.Signal(syscall.SIGTERM)
	case "hang up":
		s.Signal(syscall.SIGHUP)
	case "interrupt":
		s.Signal(os.Interrupt)
	default:
		s.Press("ctrl+c")
	}
	if !w.ended(s, how) {
		picture := s.Picture()
		s.Signal(syscall.SIGQUIT) // with all its goroutines
		_ = s.Wait()
		w.fails("the screens do not end %v after %s\n%s\n%.20000s", endLimit, how, picture, fallen(s.Recording()))
		return
	}
	if !w.killed {
		s.Restored()
	}
	if b := s.Recording(); trouble(b) {
		w.fails("the screens fell over\n%s\n%.6000s", s.Picture(), fallen(b))
	} else {
		w.drawn("the screen", b)
	}
}

// ended waits for the screens' end. ctrl+c where something is being changed stops
// that, and the page asks what then: it is pressed again.
func (w *walk) ended(s *ptytest.Screen, how string) bool {
	again, late := time.NewTicker(6*time.Second), time.After(endLimit)
	defer again.Stop()
	for {
		select {
		case <-s.Over():
			return true
		case <-again.C:
			if how == "ctrl+c" {
				s.Press("ctrl+c")
			}
		case <-late:
			return false
		}
	}
}

// presses does one thing before the screen: mostly what it asks for, else what it
// offers, or something that nobody would.
func (w *walk) presses(s *ptytest.Screen) {
	text := s.Text()
	switch n := w.r.IntN(100); {
	case n < 60 && w.guided(s, text):
	case n < 76:
		if keys := offered(text); len(keys) > 0 {
			k := one(w.r, keys...)
			w.step("  %s", k)
			s.Press(k)
			return
		}
		s.Press("enter")
	case n < 83:
		k := one(w.r, "enter", "esc", "up", "down", "tab", "shift+tab", "1", "2", "3", "?", "space", "left", "end")
		w.step("  %s", k)
		s.Press(k)
	case n < 87:
		w.step("  types")
		s.Type(one(w.r, names...))
		s.Press(one(w.r, "enter", "tab"))
	case n < 90:
		what := one(w.r, "nonsense\x07 \x1b]0;title\x07\r\n{\u202e}", strings.Repeat("long ", 20_000), w.tenant.ID(), "\x00\x01\x02\xff\xfe")
		w.step("  pastes %d bytes", len(what))
		s.Paste(what)
	case n < 93:
		size := one(w.r, [2]int{80, 24}, [2]int{64, 16}, [2]int{20, 5}, [2]int{1, 1}, [2]int{200, 60}, [2]int{80, 24})
		w.step("  resized to %v", size)
		s.Resize(size[0], size[1])
	case n < 96:
		w.between()
	case n < 99:
		s.Blur()
		s.Background(w.r.IntN(2) == 0)
		s.Focus()
	default:
		w.step("  killed")
		w.kills(s)
	}
}

// kills ends the screens without a chance to do anything about it.
func (w *walk) kills(s *ptytest.Screen) {
	w.killed = w.killed || !w.over(s)
	s.Signal(syscall.SIGKILL)
	_ = s.Wait()
}

// offered are the keys of the key line that can be pressed, without those that end
// or stop the program.
func offered(text string) (keys []string) {
	lines := strings.Split(text, "\n")
	for part := range strings.SplitSeq(lines[len(lines)-1], " · ") {
		key, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		switch {
		case key == "↑↓":
			keys = append(keys, "up", "down")
		case key == "enter", key == "esc", key == "tab", key == "shift+tab", key == "ctrl+y", len(key) == 1:
			keys = append(keys, key)
		}
	}
	return keys
}

// guided does what the page asks for, where this knows it.
func (w *walk) guided(s *ptytest.Screen, text string) bool {
	for _, g := range guides {
		if strings.Contains(text, g.on) {
			w.step("  at %q", g.on)
			g.do(w, s)
			return true
		}
	}
	return false
}

// guides are pages, and what somebody does there who wants to be done.
var guides = []struct {
	on string
	do func(*walk, *ptytest.Screen)
}{
	{"Which cloud do you want", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2", "3"), "enter") }},
	{"Type this code", func(w *walk, s *ptytest.Screen) {
		s.Press("c")
		w.quiet(s)
		w.answers(`"userCode":"` + s.Clip() + `"`)
		for range 20 { // the program asks every five seconds
			if w.quiet(s); !strings.Contains(s.Text(), "Type this code") {
				break
			}
		}
	}},
	{"Your browser has the sign-in page", func(w *walk, s *ptytest.Screen) {
		pages := strings.Fields(w.opened())
		for _, p := range pages {
			w.answers(`"url":"` + p + `"`)
		}
	}},
	{"Use a device code", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2"), "enter") }},
	{"Sign in and let the wizard do it", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "1", "2"), "enter") }},
	{"Which tenant?", func(w *walk, s *ptytest.Screen) { s.Press("ctrl+u"); s.Type("contoso.com"); s.Press("enter") }},
	{"Name the account", func(w *walk, s *ptytest.Screen) { s.Press("ctrl+u"); s.Type(one(w.r, names...)); s.Press("enter") }},
	{"Name and home region", func(w *walk, s *ptytest.Screen) {
		s.Press("ctrl+u")
		s.Type(one(w.r, names...))
		s.Press("tab", "ctrl+u")
		s.Type(awsRegion)
		s.Press("enter")
	}},
	{"Register the application", func(w *walk, s *ptytest.Screen) { w.registered(); s.Press("enter") }},
	{"Copy the identifiers", func(w *walk, s *ptytest.Screen) {
		if w.client == "" {
			w.registered()
		}
		s.Paste(w.tenant.OverviewPage(w.client) + "\n" + w.tenant.Initial())
		w.quiet(s)
		s.Press("enter")
	}},
	{"Upload the certificate", func(w *walk, s *ptytest.Screen) { _ = w.act("upload"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Assign Global Reader", func(w *walk, s *ptytest.Screen) { _ = w.act("role"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Add the API permission", func(w *walk, s *ptytest.Screen) { _ = w.act("consent"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Assign Reader in Azure", func(w *walk, s *ptytest.Screen) { _ = w.act("azure"); s.Press("r"); w.quiet(s); s.Press("enter") }},
	{"Create the stack", func(w *walk, s *ptytest.Screen) { _ = w.stacks(); s.Press("enter") }},
	{"Bring back the Outputs", func(w *walk, s *ptytest.Screen) {
		table := "Key\tValue\n"
		if all := w.Stacks(awsRegion); len(all) > 0 {
			for key, value := range all[0].Outputs {
				table += key + "\t" + value + "\n"
			}
		}
		s.Paste(table)
		w.quiet(s)
		s.Press("enter")
	}},
	{"to throw it away", func(w *walk, s *ptytest.Screen) { s.Type(one(w.r, names...)); s.Press("enter") }},
	{"Take back ", func(w *walk, s *ptytest.Screen) { s.Press("b") }},
	{"Throw Con", func(w *walk, s *ptytest.Screen) { s.Press(one(w.r, "enter", "enter", "up", "x")) }},
	{"Go on where", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Type yes", func(w *walk, s *ptytest.Screen) { s.Type("yes"); s.Press("enter") }},
	{"Enter goes", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Is this the right", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
	{"Enter creates it", func(w *walk, s *ptytest.Screen) { s.Press("enter") }},
}

// settle ends what was begun, with a good network: each draft is gone on with or
// taken back, each account kept or removed. Then there is exactly what is linked.
func (w *walk) settle() {
	w.t.Helper()
	w.cloud.ClearFaults()
	w.later()
	w.step("everything is finished")
	for range 3 {
		for _, e := range w.ledger().records {
			w.finish(e)
			w.holds()
			if w.t.Failed() {
				return
			}
		}
	}
	w.exact()
}

// finish goes on with an entry, or takes it back.
func (w *walk) finish(e entry) {
	w.t.Helper()
	signed := []string{"--sign-in", "browser"}
	if e.Provider == "aws" {
		signed = []string{"--profile", "admin"}
	}
	if e.Way == "by-hand" {
		signed = nil
	}
	does := func(want int, args ...string) bool {
		w.t.Helper()
		w.note(args)
		code, out := w.run(2*time.Minute, os.Interrupt, args...)
		w.step("%s: %d", strings.Join(args, " "), code)
		if code != want && want >= 0 {
			w.fails("%v: %d, want %d\n%s", args, code, want, out)
		}
		return code == 0
	}
	removes := func(verb string) {
		args := []string{verb, e.Name, "--yes", "--json"}
		if e.Made.Application+e.Made.Stack+e.Made.Adopt != "" || e.Way == "automatic" {
			args = append(args, signed...)
		}
		does(0, args...)
	}
	switch {
	case e.Leaving:
		removes("remove")
	case e.draft && e.Way == "automatic" && e.Name != "" && (e.tenant() != "" || e.AWS != nil) && w.r.IntN(2) == 0:
		want := 0
		if e.AWS != nil && slices.ContainsFunc(w.ledger().records, func(x entry) bool { return !x.draft && x.AWS != nil }) {
			want = -1 // of an account that is linked already it is refused
		}
		if !does(want, append([]string{"resume", e.Name, "--yes", "--json"}, signed...)...) {
			removes("undo")
		}
	case e.draft:
		removes("undo")
	case e.Moving != "":
		does(0, "move-key", e.Name, "--to", e.Key.Store, "--json")
	case w.r.IntN(2) == 0:
		removes("remove")
	case e.Next != nil || e.Last != nil || len(e.Abandoned) > 0:
		if !does(-1, "rotate", e.Name, "--json") {
			removes("remove")
		}
	default:
		does(-1, "verify", e.Name, "--json")
	}
}

// exact holds that no more is left than what is linked.
func (w *walk) exact() {
	w.t.Helper()
	l := w.ledger()
	var keys, clients []string
	for _, e := range l.records {
		if e.draft || e.Next != nil || e.Last != nil || e.Moving != "" || len(e.Abandoned) > 0 {
			w.fails("%s is not finished: %+v", e.Name, e)
		}
		for _, k := range e.all() {
			if k.Stored {
				keys = append(keys, k.ID)
			}
		}
		clients = append(clients, e.client())
	}
	if n := len(l.ring) + len(l.aged); n != len(keys) {
		w.fails("%d keys in the stores, and %d in use", n, len(keys))
	}
	for _, a := range w.tenant.Apps() {
		if strings.HasPrefix(a.UniqueName, uniquePrefix) && !slices.Contains(clients, a.ClientID) && !w.left[a.ClientID] {
			w.fails("left in the tenant: %+v", a)
		}
	}
	for _, d := range w.tenant.Deleted() {
		w.fails("left among the deleted: %+v", d)
	}
}
