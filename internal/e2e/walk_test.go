//go:build linux

package e2e_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/axiomio/xops-onboard/account"
	"github.com/axiomio/xops-onboard/internal/keyringtest"
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
	w := newWalk(t)
	w.r = rand.New(rand.NewPCG(seed, 7))
	defer func() {
		if t.Failed() || testing.Verbose() {
			t.Logf("walk of seed %d:\n%s", seed, strings.Join(w.steps, "\n"))
		}
	}()
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
	r      *rand.Rand
	steps  []string
	upn    string
	opened func() string
	typed  map[string]bool // codes and pages of a sign-in that the administrator saw
	left   map[string]bool // apps and stacks that a removal left where they were
	killed bool            // the screens that ran last
}

// newWalk is a machine with a keyring, a tenant with subscriptions, an AWS account, and
// somebody who administers all of it.
func newWalk(t *testing.T) *walk {
	t.Helper()
	m := at(t, keyringtest.Unlocked(t))
	w := &walk{machine: m, left: map[string]bool{}, typed: map[string]bool{}}
	m.debug = debugs(t)
	m.tenant.SetReplication(0)
	w.upn, w.opened = m.admin(simcloud.GlobalAdministrator), m.browser()
	m.inAzure(w.upn)
	w.amazon = m.inAWS()
	phrase := filepath.Join(m.home, "phrase")
	m.do(os.WriteFile(phrase, []byte(passphrase+"\n"), 0o600))
	m.hoard.text("passphrase", passphrase)
	m.mayHave[phrase], m.mayHave[w.file] = "passphrase", "secret access key"
	m.extra = append(m.extra, "XOPS_PASSPHRASE_FILE="+phrase)
	return w
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

// holds reads what is there, and holds what has to be so at any time.
func (w *walk) holds() {
	w.t.Helper()
	l := w.ledger()
	l.owned(w.fails)
	l.single(w.tenant.Apps(), w.tenant.Principals(), w.assigned(), w.left, w.fails)
	w.stacked(l)
	begun := time.Now()
	w.keepsSecrets(l.ring)
	w.step("  searched %d processes for %d secrets in %v", len(w.watched), len(w.hoard.known), time.Since(begun))
	w.logged()
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
